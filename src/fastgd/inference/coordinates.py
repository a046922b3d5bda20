"""Columns centred and scaled, which exist nowhere in memory, and the way to and from them."""

from typing import NamedTuple

import numpy as np

CHUNK = 1 << 16  # numbers of X that pass through NumPy at a time
SHIFT_ROWS = 1024  # rows that a shift and a scale are taken from; any near the middle will do


class Coordinates(NamedTuple):
    """Parameters on these columns belong to ``(1, (x - shift) * scale)``, without an intercept to
    ``x * scale``."""

    shift: np.ndarray  # (d,)
    scale: np.ndarray  # (d,)
    first: int  # the place of the first column's parameter: 1 behind an intercept, or 0

    @classmethod
    def of(cls, X, fit_intercept):
        """A point near the middle of each column and a length near its spread, from a few rows."""
        n, d = X.shape
        rows = X[:: max(1, n // SHIFT_ROWS)][: 2 * SHIFT_ROWS]
        rows = np.asarray(rows.toarray() if hasattr(rows, "tocsr") else rows, dtype=float)
        shift = np.zeros(d)
        if fit_intercept and d:
            low, high = rows.min(axis=0), rows.max(axis=0)
            shift = np.where(low == high, low, low + (rows - low).mean(axis=0))
        spread = np.abs(rows - shift).max(axis=0, initial=0.0)
        scale = 1 / np.where(spread > 0, spread, 1.0)
        return cls(shift, scale, int(bool(fit_intercept)))

    @property
    def size(self):
        """How many parameters an equation has."""
        return self.first + len(self.shift)

    def to_scaled(self, theta):
        """Parameters, a line each, on centred and scaled columns."""
        theta = np.array(theta, dtype=float)
        if self.first:
            theta[:, 0] += theta[:, 1:] @ self.shift
            theta[:, 1:] /= self.scale
            return theta
        return theta / self.scale

    def to_raw(self, V):
        """The way back: V has shape (lines, m, any)."""
        V = np.array(V, dtype=float)
        V[:, self.first :] *= self.scale[:, None]
        if self.first:
            V[:, 0] -= np.einsum("j,ljr->lr", self.shift, V[:, 1:])
        return V

    def carried(self, rows):
        """Linear functions of the parameters, a row each, as functions of the scaled ones."""
        rows = np.asarray(rows, dtype=float).reshape(len(rows), -1, self.size).copy()
        if self.first:
            rows[:, :, 1:] -= rows[:, :, :1] * self.shift
            rows[:, :, 1:] *= self.scale
        else:
            rows *= self.scale
        return rows.reshape(len(rows), -1)

    def piece(self, X, rows):
        """These rows as the parameters see them: (rows, m)."""
        part = (dense(X, rows) - self.shift) * self.scale
        return np.concatenate([np.ones((len(part), 1)), part], axis=1) if self.first else part


def sliceable(X):
    """X, so that rows can be taken from it."""
    if not hasattr(X, "tocsr"):
        return np.asarray(X)
    return X if X.format == "csr" else X.tocsr()


def pieces(X):
    """Slices of rows that pass through NumPy one at a time."""
    step = max(1, CHUNK // max(1, X.shape[1]))
    for first in range(0, X.shape[0], step):
        yield slice(first, min(first + step, X.shape[0]))


def dense(X, rows):
    """These rows as an array of floats."""
    part = X[rows]
    return np.asarray(part.toarray() if hasattr(part, "tocsr") else part, dtype=float)


def only_zeros_and_ones(X):
    """For each column whether it holds nothing else."""
    only = np.ones(X.shape[1], bool)
    for rows in pieces(X):
        part = dense(X, rows)
        only &= ((part == 0) | (part == 1)).all(axis=0)
    return only
