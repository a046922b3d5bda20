"""The same numbers by a loop, by NumPy and by the compiled core, side by side with their times."""

import math
import time
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from . import functional, reference, trace

__all__ = ["Race", "Way", "race", "race_product"]


class Way(NamedTuple):
    """One way to compute."""

    name: str
    """``"loop"``, ``"NumPy"`` or ``"compiled"``."""
    result: np.ndarray
    """What it found."""
    seconds: float
    """The fastest of its runs."""


@dataclass(frozen=True, repr=False, eq=False)
class Race:
    """Several ways to the same numbers.

    Attributes
    ----------
    what : str
        What is computed.
    ways : list of Way
        From the slowest kind to the fastest.
    """

    what: str
    ways: list[Way]

    def __getitem__(self, name):
        for way in self.ways:
            if way.name == name:
                return way
        raise KeyError(f"no way {name!r}; there are {', '.join(w.name for w in self.ways)}")

    @property
    def max_difference(self):
        """The largest difference between the results of two ways, as a share of the largest
        number in them."""
        results = np.array([way.result for way in self.ways])
        largest = np.abs(results).max()
        return float(np.ptp(results, axis=0).max() / largest) if largest else 0.0

    def __repr__(self):
        first = self.ways[0].seconds
        lines = [self.what]
        for way in self.ways:
            lines.append(f"{way.name:<10}{_time(way.seconds):>12}{first / way.seconds:>10.3g} x")
        return "\n".join([*lines, f"largest relative difference {self.max_difference:.1e}"])


def race(X, y, coef, intercept=0.0, *, seconds=0.2, n_threads=None):
    """Compute the gradient of the logistic cost by a loop, by NumPy and by the compiled core.

    Parameters
    ----------
    X, y, coef, intercept, n_threads
        As for `fastgd.explain`.
    seconds : float
        How long each way may be repeated; the fastest run counts. The loop runs at least once.

    Returns
    -------
    Race
        With the ways ``"loop"``, ``"NumPy"`` and ``"compiled"``; each result holds the derivatives
        with respect to coefficients and intercept, shape (d + 1,).

    Raises
    ------
    ValueError, TypeError
        As for `fastgd.explain`.
    """
    passed = trace.explain(X, y, coef, intercept, n_threads=n_threads)
    X, y, w, b = passed.X, passed.y, passed.w, passed.b
    seconds = _seconds(seconds)
    rows, labels, weights = X.tolist(), y.tolist(), w.tolist()

    data, options = trace.for_core(X, y)

    def compiled():
        _, dw, db = functional.cost_and_gradient(*data, w, b, **options, n_threads=n_threads)
        return np.append(dw, db)

    def vectorised():
        dz = reference.sigmoid(X @ w + b) - y
        return np.append(X.T @ dz, dz.sum()) / len(y)

    n, d = X.shape
    return Race(
        f"gradient of the cost, {n} samples, {d} features",
        [
            _timed("loop", lambda: _loop(rows, labels, weights, b), seconds),
            _timed("NumPy", vectorised, seconds),
            _timed("compiled", compiled, seconds),
        ],
    )


def race_product(size=1_000_000, *, seconds=0.2, seed=0):
    """Add up the products of two vectors of random numbers, by a loop and by NumPy.

    Parameters
    ----------
    size : int
        How many numbers, at least 1.
    seconds : float
        As for `race`.
    seed : int
        Of the random numbers, which are uniform in [0, 1).

    Returns
    -------
    Race
        With the ways ``"loop"`` and ``"NumPy"``; each result has the shape (1,).

    Raises
    ------
    ValueError, TypeError
        If `size` is no positive whole number.
    """
    if isinstance(size, bool) or not hasattr(size, "__index__"):
        raise TypeError(f"size must be a whole number, found {size!r}")
    if size < 1:
        raise ValueError(f"size must be at least 1, found {size}")
    seconds = _seconds(seconds)
    a, b = np.random.default_rng(seed).random((2, size))
    pairs = a.tolist(), b.tolist()

    def loop():
        total = 0.0
        for x, y in zip(*pairs, strict=True):
            total += x * y
        return [total]

    return Race(
        f"sum of {size} products",
        [_timed("loop", loop, seconds), _timed("NumPy", lambda: [a @ b], seconds)],
    )


def _loop(rows, labels, w, b):
    """The course's loop over m samples, with accumulators that are divided by m at the end."""
    m, n_x = len(rows), len(w)
    dw, db = [0.0] * n_x, 0.0
    for x, y in zip(rows, labels, strict=True):
        z = b
        for j in range(n_x):
            z += w[j] * x[j]
        e = math.exp(-abs(z))  # never more than 1, so that nothing overflows
        a = (1.0 if z >= 0 else e) / (1.0 + e)
        dz = a - y
        for j in range(n_x):
            dw[j] += x[j] * dz
        db += dz
    for j in range(n_x):
        dw[j] /= m
    return [*dw, db / m]


def _timed(name, compute, seconds):
    best, begun = math.inf, time.perf_counter()
    while True:
        begin = time.perf_counter()
        result = compute()
        end = time.perf_counter()
        best = min(best, end - begin)
        if end - begun >= seconds:
            return Way(name, np.array(result, float), best)


def _seconds(seconds):
    if not (isinstance(seconds, int | float) and 0 <= seconds < math.inf):
        raise ValueError(f"seconds must be a number that is not negative, found {seconds!r}")
    return seconds


def _time(seconds):
    for unit, size in (("s", 1), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} us"
