"""One fold: a vector of weights, 0 for the rows held out, and the fits along the path."""

import numpy as np

from ..functional import fit_path
from . import solving


def path(estimator, X, code, train, weight, offset):
    """The fits of one fold, each from the one before: coefficients (n_cs, lines, d),
    intercepts (n_cs, lines), iterations, and the results that are not certified."""
    held = np.bincount(np.arange(X.shape[0])[train], minlength=X.shape[0]).astype(np.float64)
    if weight is not None:
        held *= weight
    total = held.sum()
    order = np.argsort(estimator.Cs_, kind="stable")
    l2 = np.where(estimator.Cs_ == np.inf, 0.0, 1.0 / (estimator.Cs_ * total))[order]
    by_class = np.bincount(code, weights=held, minlength=len(estimator.classes_))
    classes = np.arange(len(estimator.classes_))
    results = []
    if by_class.all() and estimator.max_iter != 0:
        options = solving.options(estimator, X, classes, held, offset)
        results = fit_path(X, code, l2[l2 > 0], **options)
    for value in l2[len(results) :]:
        init = (results[-1].coef, results[-1].intercept) if results else None
        results.append(solving.solve(estimator, X, code, classes, held, offset, value, init))
    results = [results[k] for k in np.argsort(order)]
    return (
        np.array([np.atleast_2d(result.coef) for result in results]),
        np.array([np.atleast_1d(result.intercept) for result in results]),
        [result.n_iter for result in results],
        [result for result in results if not solving.arrived(result)],
    )
