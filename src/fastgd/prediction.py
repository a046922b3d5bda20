"""From coefficients and rows to margins, probabilities and log losses."""

import math

import numpy as np

from . import _core, threads


def margins(X, coef, intercept, offset=None, n_threads=None):
    """``X @ coef.T + intercept + offset``, in one pass.

    Parameters
    ----------
    X : array or CSR matrix of shape (n, d)
    coef : ndarray of float64, shape (d,) or (K, d)
        C-contiguous. The K lines may belong to the classes of one model, or to several models.
    intercept : float, or ndarray of shape (K,)
    offset : array of shape (n,), or (n, K), optional
    n_threads : int, optional

    Returns
    -------
    ndarray of shape (n,), or (n, K)
    """
    ask = _core.margins if coef.ndim == 1 else _core.softmax_margins
    return ask(X, coef, intercept, offset, threads.check(n_threads), threads.most)


def probabilities(X, coef, intercept, offset=None, n_threads=None):
    """Probabilities of the classes: of two, where `coef` is of shape (d,), or of its K lines.

    Parameters as for `margins`.

    Returns
    -------
    ndarray of shape (n, 2), or (n, K)
    """
    if coef.ndim == 2:
        return _core.softmax(margins(X, coef, intercept, offset, n_threads))
    n_threads = threads.check(n_threads)
    return _core.probabilities(X, coef, intercept, offset, n_threads, threads.most)


def log_losses(z, code, weight, least):
    """Mean log losses of several models on the same rows.

    Parameters
    ----------
    z : ndarray of shape (n, models, 1), or (n, models, K)
        Margins of the second of two classes, or of each class.
    code : ndarray of int, shape (n,)
        The place of each row's class, 0 .. K - 1.
    weight : ndarray of float64, shape (n,), or None
    least : float
        A probability below it counts as this much; positive.

    Returns
    -------
    list of float
    """
    n, models, K = z.shape
    total = float(n if weight is None else weight.sum())
    if total == 0:
        raise ZeroDivisionError("Weights sum to zero, can't be normalized")
    if K > 1:
        rows = np.arange(n)
        seen = (_core.softmax(z[:, k])[rows, code] for k in range(models))
        logs = (np.log(np.maximum(p, least)) for p in seen)
        return [-float((log if weight is None else log * weight).sum()) / total for log in logs]
    farthest = -math.log(least)  # on the right side of 0 the loss is lost in rounding there
    y, line = code.astype(np.float64), np.empty(n)
    losses = []
    for k in range(models):
        np.clip(z[:, k, 0], -farthest, farthest, out=line)
        losses.append(_core.log_loss(line, y, weight) / total)
    return losses
