"""The functions of fastgd in plain NumPy, written to be read.

A model is a vector of coefficients ``w`` (one per column of ``X``) and an intercept
``b``.  It gives every row the margin ``z = X w + b + o`` (``o`` is the offset, usually
absent) and pays the cost

    J(w, b) = sum_i s_i L(y_i, z_i) / sum_i s_i  +  1/2 sum_j l2_j w_j**2

with the sample weights ``s`` (usually all one).  The loss ``L`` is one of

    log_loss        log(1 + exp(z)) - y z      with y in [0, 1]
    squared_error   (z - y)**2 / 2

The penalty ``l2`` is one number or one per column; the intercept is never penalised.
Everything is computed in the precision of ``X``: float32, float64 or long double (other
types count as float64), by expressions that neither overflow nor lose digits.

The formulas: Hastie, Tibshirani, Friedman, *The Elements of Statistical Learning*,
section 4.4, for cost, gradient and Newton's method; the certificate is Fenchel duality,
Boyd and Vandenberghe, *Convex Optimization*, section 5.7.
"""

from typing import NamedTuple

import numpy as np

__all__ = [
    "Model",
    "certificate",
    "cost",
    "cost_and_gradient",
    "fit",
    "fit_newton",
    "hessian_vector",
    "sigmoid",
]


class Model(NamedTuple):
    """What the two fits return: the parameters, and the cost at every step."""

    coef: np.ndarray
    """Coefficients, shape (d,)."""
    intercept: float
    """Intercept, 0 if none was fitted."""
    costs: np.ndarray
    """Cost before the first step and after each one, empty if not recorded."""


def sigmoid(z):
    """Return the probability ``1 / (1 + exp(-z))`` that belongs to each margin.

    Parameters
    ----------
    z : array_like, any shape
        Margins, also called log-odds; infinities are allowed.

    Returns
    -------
    numpy.ndarray, shape of `z`
        Probabilities in [0, 1].
    """
    z = np.asarray(z)
    e = np.exp(-np.abs(z))  # never more than 1, so that nothing overflows
    return np.where(z >= 0, 1, e) / (1 + e)


def log_loss(y, z):
    """Return ``log(1 + exp(z)) - y z`` for each row; shapes (n,)."""
    return np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z)))


def squared_error(y, z):
    """Return ``(z - y)**2 / 2`` for each row; shapes (n,)."""
    return (z - y) ** 2 / 2


# For each loss: the loss itself, the prediction p(z) with dL/dz = p - y, and the
# curvature dp/dz as a function of p.
LOSSES = {
    "log_loss": (log_loss, sigmoid, lambda p: p * (1 - p)),
    "squared_error": (squared_error, lambda z: z, np.ones_like),
}


def cost(X, y, coef, intercept=0.0, *, loss="log_loss", l2=0.0, sample_weight=None, offset=None):
    """Return the cost ``J(w, b)`` of the module's docstring.

    Parameters
    ----------
    X : array_like, shape (n, d)
        One row per sample, one column per feature.
    y : array_like, shape (n,)
        Targets: 0, 1 or a probability between for the log loss, any number for the
        squared error.
    coef : array_like, shape (d,)
        Coefficients ``w``.
    intercept : float
        Intercept ``b``.
    loss : {"log_loss", "squared_error"}
        Which loss.
    l2 : float or array_like, shape (d,)
        Penalty, not negative.
    sample_weight : array_like, shape (n,), optional
        Weights ``s``, not negative, not all zero; only their ratios matter.
    offset : array_like, shape (n,), optional
        Known part ``o`` of every margin.

    Returns
    -------
    float
        The cost.
    """
    X, y, w, s = _prepare(X, y, coef, sample_weight)
    value = LOSSES[loss][0]
    z = _margins(X, w, intercept, offset)
    return s @ value(y, z) + np.sum(l2 * w * w) / 2


def cost_and_gradient(
    X, y, coef, intercept=0.0, *, loss="log_loss", l2=0.0, sample_weight=None, offset=None
):
    """Return the cost and its derivatives with respect to coefficients and intercept.

    Both losses have the derivative ``dL/dz = p - y``, where ``p`` is the prediction, and
    ``dz/dw_j = x_j``, ``dz/db = 1``; the chain rule does the rest.  Parameters are those
    of `cost`.

    Returns
    -------
    cost : float
        ``J``.
    grad_coef : numpy.ndarray, shape (d,)
        ``dJ/dw``.
    grad_intercept : float
        ``dJ/db``.
    """
    X, y, w, s = _prepare(X, y, coef, sample_weight)
    value, predict, _ = LOSSES[loss]
    z = _margins(X, w, intercept, offset)
    r = s * (predict(z) - y)
    return s @ value(y, z) + np.sum(l2 * w * w) / 2, X.T @ r + l2 * w, r.sum()


def hessian_vector(
    X, y, coef, intercept, v, v0, *, loss="log_loss", l2=0.0, sample_weight=None, offset=None
):
    """Return the second derivative of the cost times the vector ``(v, v0)``.

    Parameters
    ----------
    v : array_like, shape (d,)
        The part of the vector that belongs to the coefficients.
    v0 : float
        The part that belongs to the intercept.

    The other parameters are those of `cost`; `y` plays no part in the result.

    Returns
    -------
    product_coef : numpy.ndarray, shape (d,)
        Rows of the product that belong to the coefficients.
    product_intercept : float
        The row that belongs to the intercept.
    """
    X, y, w, s = _prepare(X, y, coef, sample_weight)
    _, predict, curvature = LOSSES[loss]
    v = np.asarray(v, X.dtype)
    t = s * curvature(predict(_margins(X, w, intercept, offset))) * (X @ v + v0)
    return X.T @ t + l2 * v, t.sum()


def fit(
    X, y, *, learning_rate, n_iter, loss="log_loss", l2=0.0, fit_intercept=True,
    sample_weight=None, offset=None, init=None, record=False,
):  # fmt: skip
    """Fit by gradient descent: ``w -= a dJ/dw``, ``b -= a dJ/db``, over and over.

    Parameters
    ----------
    learning_rate : float
        The step ``a``.
    n_iter : int
        How many steps.
    fit_intercept : bool
        Whether ``b`` moves.
    init : (coef, intercept), optional
        Where to start; zeros by default.
    record : bool
        Whether to note the cost at every step.

    The other parameters are those of `cost`.

    Returns
    -------
    Model
        Coefficients, intercept and recorded costs.
    """
    coef, b = (np.zeros(np.shape(X)[1]), 0.0) if init is None else init
    X, y, w, s = _prepare(X, y, coef, sample_weight)
    w, b = w.copy(), X.dtype.type(b)
    predict = LOSSES[loss][1]
    setting = {"loss": loss, "l2": l2, "sample_weight": sample_weight, "offset": offset}
    costs = [cost(X, y, w, b, **setting)] if record else []
    for _ in range(n_iter):
        r = s * (predict(_margins(X, w, b, offset)) - y)
        w -= learning_rate * (r @ X + l2 * w)
        if fit_intercept:
            b -= learning_rate * r.sum()
        if record:
            costs.append(cost(X, y, w, b, **setting))
    return Model(w, b, np.array(costs))


def fit_newton(
    X, y, *, n_iter=100, loss="log_loss", l2=0.0, fit_intercept=True,
    sample_weight=None, offset=None, init=None,
):  # fmt: skip
    """Fit by Newton's method, halving each step until the cost goes down.

    The step solves ``H u = g``, with ``g`` the gradient and ``H`` the matrix of second
    derivatives.  The iteration ends when a step promises about the rounding of the
    cost, when none lowers it, or after `n_iter` steps.  Parameters are those of `fit`.

    Returns
    -------
    Model
        Coefficients, intercept and the cost at every step.
    """
    coef, b = (np.zeros(np.shape(X)[1]), 0.0) if init is None else init
    setting = {"loss": loss, "l2": l2, "sample_weight": sample_weight, "offset": offset}
    w = np.array(coef, _prepare(X, y, coef, sample_weight)[0].dtype)
    costs = [cost(X, y, w, b, **setting)]
    for _ in range(n_iter):
        u, u0, promise, _, _ = _newton_step(X, y, w, b, fit_intercept, **setting)
        if promise <= 100 * np.finfo(w.dtype).eps * costs[-1]:  # the cost could hardly show it
            w, b = w - u, b - u0
            break
        for halvings in range(60):
            t = 0.5**halvings
            trial = cost(X, y, w - t * u, b - t * u0, **setting)
            if trial < costs[-1]:
                break
        else:
            break
        w, b = w - t * u, b - t * u0
        costs.append(trial)
    return Model(w, b, np.array(costs))


def certificate(
    X, y, coef, intercept=0.0, *, loss="log_loss", l2=0.0, fit_intercept=True,
    sample_weight=None, offset=None,
):  # fmt: skip
    """Return an upper bound on ``J(w, b) - min J``, infinite if none is found.

    The cost of any model is at least the value of the dual problem at any feasible
    dual point.  Such a point is one prediction ``p'`` per row under which the gradient's
    unpenalised part vanishes; the distance between the two values is then

        sum_i s_i D(p'_i, p_i) / sum_i s_i  +  1/2 sum_j l2_j u_j**2

    with ``D`` the Kullback-Leibler divergence of two coins, or half the squared
    difference for the squared error.  Newton's step ``(u, u0)`` offers the point
    ``p' = p - p (1 - p) (X u + u0)``, feasible if all of it lies in [0, 1].

    Parameters are those of `cost` and `fit`.

    Returns
    -------
    float
        The bound, rigorous up to the rounding of the linear solve.
    """
    u, _, _, p, change = _newton_step(
        X, y, coef, intercept, fit_intercept,
        loss=loss, l2=l2, sample_weight=sample_weight, offset=offset,
    )  # fmt: skip
    s = _shares(len(p), sample_weight, p.dtype)
    penalty = np.sum(l2 * u**2) / 2
    if loss == "squared_error":
        return s @ change**2 / 2 + penalty
    moved = p - change
    if not np.all((moved >= 0) & (moved <= 1)):
        return np.inf
    return s @ (_divergence(p, -change) + _divergence(1 - p, change)) + penalty


def _divergence(p, change):
    """Return ``a log(a / p) - (a - p)`` for ``a = p + change >= 0``, with ``0 log 0 = 0``."""
    x = np.divide(change, p, out=np.zeros_like(p), where=p > 0)
    small = np.abs(x) < 1e-3  # where the two terms would cancel, the Taylor series
    series = x * x * (1 / 2 - x * (1 / 6 - x * (1 / 12 - x / 20)))
    safe = np.where(small | (x <= -1), 0, x)
    return p * np.where(small, series, np.where(x <= -1, 1, (1 + x) * np.log1p(safe) - x))


def _newton_step(X, y, coef, intercept, fit_intercept, *, loss, l2, sample_weight, offset):
    """Return ``u``, ``u0`` with ``H (u, u0) = g``, the decrease of cost that they promise, the
    predictions, and by how much each prediction changes, to first order, along the step."""
    X, y, w, s = _prepare(X, y, coef, sample_weight)
    _, predict, curvature = LOSSES[loss]
    p = predict(_margins(X, w, intercept, offset))
    q = curvature(p)
    # An intercept makes the origin of every column arbitrary; the mean keeps the digits.
    mean = s @ X if fit_intercept else np.zeros_like(w)
    A = np.column_stack([X - mean, np.ones_like(p)]) if fit_intercept else X.copy()
    rounding = len(X) * np.finfo(X.dtype).eps * np.abs(mean)
    A[:, : len(w)][:, np.all(np.abs(X - mean) <= rounding, axis=0)] = 0  # a constant column
    penalty = np.zeros(A.shape[1], X.dtype)
    penalty[: len(w)] = l2
    g = A.T @ (s * (p - y))
    g[: len(w)] += penalty[: len(w)] * w
    H = A.T @ (A * (s * q)[:, None]) + np.diag(penalty)
    u = _solve(H, g)
    u0 = u[-1] - mean @ u[:-1] if fit_intercept else 0.0
    return u[: len(w)], u0, g @ u / 2, p, q * (A @ u)


def _solve(H, g):
    """Solve ``H u = g`` for a positive semidefinite ``H``, whatever the units of the
    columns: the matrix is scaled to a unit diagonal, and directions along which it is
    zero but for rounding are left alone.  Repeating with the remainder recovers the
    digits lost to the condition of ``H``, as far as the precision of ``H`` allows."""
    scale = np.sqrt(np.diag(H))
    scale = np.where(scale > 0, scale, 1)
    C = (H / scale[:, None] / scale).astype(np.float64)
    inverse = np.linalg.pinv(C, rcond=len(C) * 1e-15, hermitian=True)
    u = np.zeros_like(g)
    for _ in range(4):
        u += inverse @ ((g - H @ u) / scale) / scale
    return u


def _prepare(X, y, coef, sample_weight):
    """Return the arrays in the precision of `X`, the weights as shares of their sum."""
    X = np.asarray(X)
    if X.dtype.kind != "f":
        X = X.astype(np.float64)
    w = np.asarray(coef, X.dtype)
    return X, np.asarray(y, X.dtype), w, _shares(len(X), sample_weight, X.dtype)


def _shares(n, sample_weight, dtype):
    """Return the weights divided by their sum, shape (n,)."""
    if sample_weight is None:
        return np.full(n, dtype.type(1) / n)
    s = np.asarray(sample_weight, dtype)
    s = s / s.max()  # so that the sum of very large weights stays finite
    return s / s.sum()


def _margins(X, w, intercept, offset):
    """Return ``z = X w + b + o``, shape (n,)."""
    z = X @ w + X.dtype.type(intercept)
    return z if offset is None else z + np.asarray(offset, X.dtype)
