"""What users hand in, as arrays. Frames are imported when one may be there, not before."""

import numpy as np


def frame_of(X):
    """X as a `frames.Frame`, or None if it is none."""
    if type(X) is np.ndarray:
        return None
    from . import frames

    return frames.read(X)


def array_of(values, name):
    """A series of any library as an array; anything else as it is."""
    if values is None or type(values) is np.ndarray:
        return values
    from . import frames

    return frames.target(values, name)[0]


def arrays_of(X, y):
    """X and y as arrays where they are columns of numbers, labels, of some library."""
    if type(X) is np.ndarray and type(y) is np.ndarray:
        return X, y
    from . import frames

    y, _ = frames.target(y)
    if (frame := frames.read(X)) is not None:
        X, _ = frames.design(frame, frames.plain(frame))
    return X, y
