"""Slopes of a function of several variables: along one of them, along all, in any direction."""

import math

import numpy as np

from .functions import call, check_callable, defined, shown_point, vector
from .slopes import slopes


class NoGradientError(ValueError):
    """A partial derivative does not exist."""


def partial(f, x, i):
    """The partial derivative of `f` with respect to component `i`: the others are held fixed.

    Parameters
    ----------
    f : callable
        A function of one vector that returns one number.
    x : array_like of shape (p,)
        The point.
    i : int
        Which component, from 0; negative ones count from the end.

    Returns
    -------
    Derivative
        In units of `f` per unit of ``x[i]``.

    Raises
    ------
    ValueError, TypeError
        As for `derivative`; also if `f` changes its argument.
    IndexError
        If there is no component `i`.

    Examples
    --------
    >>> from fastgd import calculus
    >>> calculus.partial(lambda v: v[0] ** 2 + 2 * v[1] ** 2, [1, 1], 1)
    4
    """
    check_callable(f)
    x = vector(x)
    if isinstance(i, bool) or not hasattr(i, "__index__"):
        raise TypeError(f"i must be a whole number, found {i!r}")
    if not -len(x) <= i < len(x):
        raise IndexError(f"i = {i}, but x has the components 0 to {len(x) - 1}")
    return _partials(f, x, [range(len(x))[i]])[0]


def gradient(f, x):
    """The gradient: the vector of the partial derivatives, in the direction of steepest ascent.

    Parameters
    ----------
    f : callable
        A function of one vector that returns one number.
    x : array_like of shape (p,)
        The point.

    Returns
    -------
    ndarray of shape (p,)

    Raises
    ------
    ValueError
        As for `partial`; also if a partial derivative does not exist: the message gives the slopes
        from both sides.
    TypeError
        As for `partial`.

    Examples
    --------
    >>> from fastgd import calculus
    >>> calculus.gradient(lambda v: v[0] ** 2 + 2 * v[1] ** 2, [1, 1]).round(9)
    array([2., 4.])
    """
    check_callable(f)
    x = vector(x)
    return np.array([slope.value for slope in smooth(f, x)])


def directional_derivative(f, x, direction):
    """The slope of `f` at `x` when one walks in a given direction.

    It is the gradient's projection on the direction, which is scaled to length 1 first: the slope
    is per unit of way, and depends on where `direction` points, not on how long it is.

    Parameters
    ----------
    f : callable
        A function of one vector that returns one number.
    x : array_like of shape (p,)
        The point.
    direction : array_like of shape (p,)
        Not zero.

    Returns
    -------
    Derivative

    Raises
    ------
    ValueError, TypeError
        As for `partial`; also if `direction` is zero or of another shape than `x`.

    Examples
    --------
    >>> from fastgd import calculus
    >>> calculus.directional_derivative(lambda v: v[0] ** 2 + 2 * v[1] ** 2, [1, 1], [3, 3])
    4.242640687
    """
    check_callable(f)
    x, direction = vector(x), vector(direction, "direction")
    if direction.shape != x.shape:
        raise ValueError(f"direction has {len(direction)} components, but x has {len(x)}")
    longest = np.abs(direction).max()
    if not longest:
        raise ValueError("direction must not be zero: it points nowhere")
    unit = direction / longest  # first, so that squares neither overflow nor vanish
    unit /= np.linalg.norm(unit)
    value = defined(f, x)
    return slopes([lambda t: call(f, x + t * unit)], [0.0], [np.abs(x).max()], value)[0]


def smooth(f, x):
    """All partial derivatives, each of which must exist."""
    found = _partials(f, x, range(len(x)))
    for i, slope in enumerate(found):
        if not math.isfinite(slope):
            raise NoGradientError(f"f has no gradient at {shown_point(x)}: along x[{i}] {slope}")
    return found


def _partials(f, x, which):
    value = defined(f, x)

    def along(i):
        def line(t):
            moved = x.copy()
            moved[i] = t
            return call(f, moved)

        return line

    points = [float(x[i]) for i in which]
    return slopes([along(i) for i in which], points, np.abs(points), value)
