"""What each row says, by its label and margin, before X is looked at again."""

import math
from typing import NamedTuple

import numpy as np

from .. import _core

FAR = 1e300  # a margin that stands for an infinite one


class Rows(NamedTuple):
    """What is known of each row, and the log-likelihood of all."""

    residual: np.ndarray  # (n, lines): label minus prediction
    p: np.ndarray  # (n, lines)
    information: dict  # weights of the Gram of each pair of lines, with its sign
    loss: float  # the sum over rows
    saturated: float  # the log-likelihood of the best any model can do


def rows_of(loss, classes, reference, y, z, s):
    """The rows with targets `y`, margins `z` and weights `s`, seen from the class `reference`."""
    if loss == "squared_error":
        r = targets(y, len(z)) - z
        return Rows(r[:, None], z[:, None], {(0, 0): (s, 1)}, weighted(s, r * r) / 2, math.nan)
    if loss == "log_loss":
        return _of_two_classes(classes, reference, y, z, s)
    return _of_classes(classes, reference, y, z, s)


def _of_two_classes(classes, reference, y, z, s):
    t, soft = labels(y, classes, len(z))
    if side(reference, classes) < 0:
        z, t = -z, 1 - t
    infinite, wrong = np.isinf(z), False
    if infinite.any():
        wrong = bool(((s > 0) & infinite & (t != (z > 0))).any())
        z = np.clip(z, -FAR, FAR)
    p, q, r, total = _core.log_loss_rows(z, t, s)
    saturated = weighted(s, entropy(t) + entropy(1 - t)) if soft else 0.0
    information = {(0, 0): (q, 1)}
    return Rows(r[:, None], p[:, None], information, math.inf if wrong else total, saturated)


def _of_classes(classes, reference, y, z, s):
    p = _core.softmax(z)
    t = _shares_of_classes(y, classes, len(z))
    top = z.max(axis=1, keepdims=True)
    log_p = z - top - np.log(np.exp(z - top).sum(axis=1, keepdims=True))
    total = -weighted(s, times(t, log_p).sum(axis=1))
    saturated = weighted(s, entropy(t).sum(axis=1))
    others = [k for k, label in enumerate(classes.tolist()) if label != reference]
    information = {}
    for a, k in enumerate(others):
        for b, j in enumerate(others[: a + 1]):
            if a == b:
                rest = np.delete(p, k, axis=1).sum(axis=1)
                information[a, a] = s * p[:, k] * rest, 1
            else:
                information[a, b] = s * p[:, k] * p[:, j], -1
    return Rows((t - p)[:, others], p[:, others], information, total, saturated)


# --- are these the rows of the fit ----------------------------------------------------


def check_size(n, fitted):
    if n != fitted:
        raise ValueError(f"X has {n} rows, but the model was fitted on {fitted}")


def check_same(given, what, here, there):
    """Refuse what was `given` if a number that it leads to is not that of the fit."""
    if not abs(here - there) <= 1e-6 * (1e-3 + abs(there)):
        raise ValueError(
            f"{given} are not those of the fit: {what} was {there:.6g} there and is {here:.6g} here"
        )


def margins(summary, X, offset):
    """Of a summary's model; after separation those of its finite coefficients."""
    ask = _core.margins if summary._coef.ndim == 1 else _core.softmax_margins
    return ask(X, summary._coef, summary._intercept, offset, None, lambda: 1)


def sureness(p, s, total):
    """The mean of the probabilities under themselves, from those of all classes but one, whichever:
    it tells rows apart without their labels."""
    return weighted(s, (p * p).sum(axis=1) + (1 - p.sum(axis=1)) ** 2) / total


# --- weights and labels -------------------------------------------------------------


def shares(sample_weight, n, weights):
    """What each row counts, and all of them together."""
    if sample_weight is None:
        return np.ones(n), float(n)
    s = np.asarray(sample_weight, dtype=float)
    if s.shape != (n,):
        raise ValueError(f"sample_weight must have shape ({n},), found {s.shape}")
    if not np.isfinite(s).all() or (s < 0).any() or not s.any():
        raise ValueError("sample_weight must be finite, not negative, and not zero for every row")
    if weights == "sampling":
        present = float(np.count_nonzero(s))
        return s * (present / s.sum()), present
    return s, float(s.sum())


def side(reference, classes):
    """Of two classes: 1, or -1 if margins are to be seen from the second."""
    return -1.0 if reference == classes.tolist()[1] else 1.0


def targets(y, n):
    y = np.asarray(y, dtype=float)
    if y.shape != (n,):
        raise ValueError(f"y must have shape ({n},), one target for each row of X, found {y.shape}")
    return y


def labels(y, classes, n):
    """Shares of the second class, and whether any is a fraction."""
    y = np.asarray(y)
    if y.shape != (n,):
        raise ValueError(f"y must have shape ({n},), one label for each row of X, found {y.shape}")
    one = y == classes[1]
    strange = ~(one | (y == classes[0]))
    if strange.any():
        at = int(np.flatnonzero(strange)[0])
        if y.dtype.kind == "f" and classes.tolist() == [0, 1] and ((y >= 0) & (y <= 1)).all():
            return y.astype(float), True
        raise ValueError(
            f"y[{at}] is {y[at]!s}; the model was fitted on the classes {classes[0]!s} and "
            f"{classes[1]!s}"
        )
    return one.astype(float), False


def _shares_of_classes(y, classes, n):
    y, K = np.asarray(y), len(classes)
    if y.ndim == 2:
        if y.shape != (n, K):
            raise ValueError(f"y must have shape ({n}, {K}), found {y.shape}")
        return y.astype(float)
    if y.shape != (n,):
        raise ValueError(f"y must have shape ({n},), one label for each row of X, found {y.shape}")
    codes = np.minimum(np.searchsorted(classes, y), K - 1)
    strange = np.flatnonzero(classes[codes] != y)
    if strange.size:
        raise ValueError(f"y[{strange[0]}] is {y[strange[0]]!s}, no class the model was fitted on")
    t = np.zeros((n, K))
    t[np.arange(n), codes] = 1
    return t


# --- sums ---------------------------------------------------------------------------


def weighted(s, terms):
    """Their sum, in pairs. Not ``s @ terms``: the threads that BLAS wakes for it go on spinning,
    and hold a processor that the next fit could use."""
    return float(times(s, terms).sum())


def times(share, terms):
    """Their product, where nothing of something infinite is nothing."""
    return np.multiply(share, terms, out=np.zeros_like(terms), where=share > 0)


def entropy(t):
    """``t log t``: of a share of a label, what no model can explain."""
    return t * np.log(t, out=np.zeros_like(t), where=t > 0)
