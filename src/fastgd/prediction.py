"""From coefficients and rows to margins and probabilities."""

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


def chances(z, code):
    """The probability that margins give to the class that was seen.

    Parameters
    ----------
    z : ndarray of shape (n, 1), or (n, K)
    code : ndarray of int, shape (n,)
        The place of each row's class, 0 .. K - 1.

    Returns
    -------
    ndarray of shape (n,)
    """
    if z.shape[1] == 1:
        return _core.sigmoid(np.where(code == 1, z[:, 0], -z[:, 0]))
    return _core.softmax(z)[np.arange(len(code)), code]
