"""Who is measured against whom: each minimises the same cost and returns a model of it.

The cost is `fastgd.cost` with the log loss, a penalty `l2` on every coefficient and none on
the intercept: scikit-learn's with ``C = 1 / (n l2)``.
"""

import warnings
from typing import NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

import fastgd
from fastgd import reference


class Model(NamedTuple):
    coef: np.ndarray
    intercept: float


def fastgd_fit(X, y, l2, **options):
    """Return fastgd's own result, which carries a certificate."""
    return fastgd.fit(X, y, l2=l2, **options)


def numpy_newton(X, y, l2):
    """Newton's method in plain NumPy."""
    model = reference.fit_newton(X, y, l2=l2)
    return Model(model.coef, float(model.intercept))


def sklearn_fit(X, y, l2, solver="newton-cholesky", tol=1e-4):
    """scikit-learn's estimator with one of its solvers."""
    estimator = LogisticRegression(C=1 / (len(y) * l2), solver=solver, tol=tol, max_iter=1000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        estimator.fit(X, y)
    return Model(estimator.coef_[0], float(estimator.intercept_[0]))


def excess(X, y, l2, models):
    """Return by how much the cost of each model exceeds the least, in float64."""
    costs = [reference.cost(X, y, m.coef, m.intercept, l2=l2) for m in models]
    return [float(cost - min(costs)) for cost in costs]


def loosest(X, y, l2, solver, best, enough):
    """Return the largest tolerance at which a scikit-learn solver comes within `enough` of the
    cost of the model `best`, so that it is not made to do more than it must."""
    for tol in 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8, 1e-10:
        model = sklearn_fit(X, y, l2, solver, tol)
        if excess(X, y, l2, [model, best])[0] <= enough:
            return tol
    raise RuntimeError(f"{solver} does not reach {enough}")
