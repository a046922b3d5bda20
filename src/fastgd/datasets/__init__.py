"""Two small sets of real data, so that nothing need be downloaded: `load` reads them.

Beside each ``name.csv`` stands ``name.md``: what the columns mean, the source, the licence.
"""

import difflib
from pathlib import Path
from typing import NamedTuple

import numpy as np

__all__ = ["NAMES", "Dataset", "load"]

HERE = Path(__file__).parent
NAMES = ("breast_cancer", "iris")
"""What `load` knows."""


class Dataset(NamedTuple):
    """Real data: n samples, d features, K classes."""

    X: np.ndarray
    """float64, shape (n, d), in C order."""
    y: np.ndarray
    """int64, shape (n,): the class of each sample, 0 to K - 1."""
    feature_names: list[str]
    """The d names of the columns of `X`, with their units where they have one."""
    class_names: list[str]
    """The K names of the classes."""
    description: str
    """What was measured, the source and the licence."""

    def __repr__(self):
        n, d = self.X.shape
        title = self.description.partition(":")[0]
        return f"{title}: X ({n}, {d}), y ({n},), classes {', '.join(self.class_names)}"


def load(name):
    """Read one of the sets of data that come with fastgd.

    Parameters
    ----------
    name : {"breast_cancer", "iris"}

    Returns
    -------
    Dataset
        With new arrays, which may be changed. Classes are numbered in the order in which they first
        appear in the file, as scikit-learn numbers them.

    Raises
    ------
    ValueError
        If there is no such set.

    Examples
    --------
    >>> from fastgd import datasets
    >>> X, y, *_ = datasets.load("iris")
    >>> X.shape, y.shape
    ((150, 4), (150,))
    """
    if not isinstance(name, str) or name not in NAMES:
        near = difflib.get_close_matches(str(name).lower().replace(" ", "_"), NAMES, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"name must be one of {', '.join(map(repr, NAMES))}, found {name!r}{hint}")
    cells = np.loadtxt(HERE / f"{name}.csv", dtype=str, delimiter=",", encoding="utf-8")
    classes = cells[1:, -1]
    _, first = np.unique(classes, return_index=True)
    class_names = classes[np.sort(first)].tolist()
    return Dataset(
        X=cells[1:, :-1].astype(float),
        y=np.argmax(classes[:, None] == np.array(class_names), axis=1),
        feature_names=cells[0, :-1].tolist(),
        class_names=class_names,
        description=(HERE / f"{name}.md").read_text(encoding="utf-8"),
    )
