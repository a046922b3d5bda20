"""Functions as numbers to draw: values at points and on a grid, over regions that are checked."""

import math

import numpy as np


def pair(vector, name):
    """Two finite floats."""
    array = np.asarray(vector, float)
    if array.shape != (2,) or not np.isfinite(array).all():
        raise ValueError(f"{name} must hold two finite numbers, found {array}")
    return float(array[0]), float(array[1])


def span(ends, name):
    """The ends of an interval."""
    low, high = pair(ends, name)
    if not low < high:
        raise ValueError(f"{name} must run from a smaller to a larger number, found {ends}")
    return low, high


def heights(f, points):
    """``f`` at each point, a float or a vector; NaN where it is not defined."""
    out = np.full(len(points), math.nan)
    with np.errstate(all="ignore"):
        for i, point in enumerate(points):
            try:
                out[i] = f(point.copy() if isinstance(point, np.ndarray) else float(point))
            except (ValueError, ArithmeticError):  # outside its domain
                continue
    out[~np.isfinite(out)] = math.nan
    return out


def grid(f, xlim, ylim, n):
    """``f`` of a vector of two, on a grid: x (n, n), y (n, n) and the values."""
    x, y = np.meshgrid(np.linspace(*xlim, n), np.linspace(*ylim, n))
    points = np.column_stack([x.ravel(), y.ravel()])
    return x, y, heights(f, points).reshape(x.shape)
