"""The parameters of a model and how sure they are, on scaled columns and in the user's units."""

from typing import NamedTuple

import numpy as np

from .coordinates import Coordinates


class Estimate(NamedTuple):
    """Of all equations one behind the other, each with its intercept first."""

    coordinates: Coordinates
    scaled: np.ndarray  # (size,): on scaled columns; 0 where there is no error
    raw: np.ndarray  # (size,): in the user's units; infinite or NaN where there is no error
    absent: np.ndarray  # (size,): whether there is no error
    bread: np.ndarray  # (size, size): the inverse Hessian, on scaled columns as the next
    cov: np.ndarray

    def by_equation(self):
        """The scaled ones, a line for each equation."""
        return self.scaled.reshape(-1, self.coordinates.size)

    def errors(self):
        """Standard errors in the user's units."""
        m, size = self.coordinates.size, len(self.cov)
        variance = np.empty(size)
        lines = size // m
        C = self.cov.reshape(lines, m, lines, m)
        for k in range(lines):
            half = self.coordinates.to_raw(C[k, :, k][None])[0]
            variance[k * m : (k + 1) * m] = np.diag(self.coordinates.to_raw(half.T[None])[0])
        with np.errstate(invalid="ignore"):
            errors = np.sqrt(variance)
        errors[self.absent] = np.nan
        return errors

    def covariance(self):
        """In the user's units."""
        m, size = self.coordinates.size, len(self.cov)
        to_raw = self.coordinates.to_raw
        half = to_raw(self.cov.reshape(size // m, m, size)).reshape(size, size)
        cov = to_raw(half.T.reshape(size // m, m, size)).reshape(size, size)
        cov = (cov + cov.T) / 2
        cov[self.absent], cov[:, self.absent] = np.nan, np.nan
        return cov

    def wald(self, R, value):
        """Wald's statistic of ``R @ raw == value`` and its degrees of freedom."""
        free = ~self.absent
        distance = R[:, free] @ self.raw[free] - value
        carried = self.coordinates.carried(R)
        cov = carried @ self.cov @ carried.T
        unit = 1 / np.sqrt(np.maximum(np.diag(cov), 1e-300))
        values, vectors = np.linalg.eigh(cov * unit * unit[:, None])
        good = values > 1e-12 * len(values)
        along = (vectors.T @ (distance * unit))[good]
        return float(np.sum(along**2 / values[good])), int(good.sum())
