"""How close is close enough, by the kind of quantity, and nothing else.

exact      bits: what must not depend on threads, order of runs or layout of outputs
ulp        elementwise functions: units in the last place of the exact value
sums       eps times the number of terms times the sum of their magnitudes, where the
           rounding of each term counts too
solutions  the certificate first (a gap that was proved), closeness to a reference second

Exact values are computed in long double, so that they have three digits to spare; where
long double is no wider than double (`EXTENDED` is false) such tests are skipped.
"""

import numpy as np
import pytest

from fastgd import reference

EPS = np.finfo(np.float64).eps
TINY = np.finfo(np.float64).tiny
EXTENDED = np.finfo(np.longdouble).eps < EPS / 1000

needs_long_double = pytest.mark.skipif(not EXTENDED, reason="long double is no wider than double")


def assert_exact(actual, expected):
    """Same type, same shape, same bits (so that 0.0 and -0.0 differ, and NaN equals NaN)."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    assert actual.tobytes() == expected.tobytes()


def assert_same_bits(fits):
    """Fits of the same data, with their histories."""
    for fit in fits[1:]:
        for name in "coef", "intercept", "cost", "gap", "gradient_norm", "n_iter", "n_passes":
            assert_exact(getattr(fit, name), getattr(fits[0], name))
        for name in "cost", "gap", "gradient_norm", "step", "passes":
            assert_exact(fit.history[name], fits[0].history[name])


def assert_ulp(actual, expected, ulps):
    """Each element within `ulps` units in the last place of the long double `expected`.

    The unit of values below the smallest normal number is that number's."""
    actual, expected = np.asarray(actual), np.asarray(expected, np.longdouble)
    assert actual.dtype == np.float64
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(actual[~finite], expected[~finite].astype(np.float64))
    unit = np.spacing(np.maximum(np.abs(expected[finite]).astype(np.float64), TINY))
    error = np.abs(actual[finite] - expected[finite]) / unit
    assert np.all(error <= ulps), f"off by {error.max()} ulp"


def assert_within(actual, expected, bound):
    """``|actual - expected| <= bound`` elementwise, NaN never."""
    error = np.abs(np.asarray(actual, np.longdouble) - expected)
    assert np.all(error <= bound), f"worst error/bound {np.max(error / bound)}"


class Exact:
    """Cost, gradient and Hessian product in long double, each with the error that a sum in
    double may make: every value comes as a pair (value, bound)."""

    def __init__(
        self, X, y, coef, intercept=0.0, *,
        loss="log_loss", l2=0.0, sample_weight=None, offset=None,
    ):  # fmt: skip
        self.X = np.asarray(X).astype(np.longdouble)
        self.args = self.X, y, coef, intercept
        self.keywords = {"loss": loss, "l2": l2, "sample_weight": sample_weight, "offset": offset}
        n, d = self.X.shape
        s = np.ones(n) if sample_weight is None else np.asarray(sample_weight, np.longdouble)
        self.s = s / s.max() / np.sum(s / s.max())
        self.y, self.w = np.asarray(y, np.longdouble), np.asarray(coef, np.longdouble)
        o = np.zeros(n) if offset is None else np.asarray(offset, np.longdouble)
        self.z = self.X @ self.w + intercept + o
        # what the rounding of d + 2 terms can do to a margin
        along = np.abs(self.X) @ np.abs(self.w) + abs(intercept) + np.abs(o)
        self.z_error = (d + 2) * EPS * along
        value, predict, curvature = reference.LOSSES[loss]
        self.value, self.p = value, predict(self.z)
        self.q = curvature(self.p)
        self.third = np.abs(self.q * (1 - 2 * self.p)) if loss == "log_loss" else 0 * self.z
        self.l2 = l2
        self.rounding = (n + 8) * EPS  # of a sum over rows, with a few roundings per term

    def cost(self):
        if self.keywords["loss"] == "log_loss":
            terms = np.maximum(self.z, 0) + np.abs(self.y * self.z) + np.log1p(np.exp(-abs(self.z)))
        else:
            terms = self.value(self.y, self.z)
        penalty = np.sum(self.l2 * self.w**2) / 2
        bound = self.rounding * (self.s @ terms + penalty)
        bound += self.s @ (np.abs(self.p - self.y) * self.z_error + self.z_error**2)
        return reference.cost(*self.args, **self.keywords), bound + len(self.w) * EPS * penalty

    def gradient(self):
        _, g, g0 = reference.cost_and_gradient(*self.args, **self.keywords)
        terms = self.rounding * (np.abs(self.p) + np.abs(self.y)) + self.q * self.z_error
        terms = self.s * (terms + self.z_error**2)
        return (g, np.abs(self.X.T) @ terms + 4 * EPS * np.abs(self.l2 * self.w)), (g0, terms.sum())

    def hessian_vector(self, v, v0):
        h, h0 = reference.hessian_vector(*self.args, v, v0, **self.keywords)
        v = np.asarray(v, np.longdouble)
        along = np.abs(self.X) @ np.abs(v) + abs(v0)
        terms = (self.rounding + (len(v) + 2) * EPS) * self.q * along
        terms = self.s * (terms + (self.third + self.z_error) * self.z_error * along)
        return (h, np.abs(self.X.T) @ terms + 4 * EPS * np.abs(self.l2 * v)), (h0, terms.sum())


def cost_rounding(X, y, coef, intercept, **keywords):
    """Return how far rounding alone can move the cost at this model: a difference of costs,
    or a gap, is known no better."""
    return float(Exact(X, y, coef, intercept, **keywords).cost()[1])
