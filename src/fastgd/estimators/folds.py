"""One fold: a vector of weights, 0 for the rows held out, and the fits along the path."""

from numbers import Integral

import numpy as np
from sklearn.model_selection import check_cv

from ..functional import fit_path
from . import solving


def split(estimator, X, y, code, params):
    """Rows to train on and rows held out, as numbers, for each fold."""
    cv, count = estimator.cv, np.bincount(code)
    if cv is None:
        cv = max(2, min(5, int(count.max())))
    if (
        isinstance(cv, Integral)
        and 2 <= cv <= count.min()
        and not params
        and len(code) == X.shape[0]
        and (y.dtype.kind != "f" or np.isfinite(estimator.classes_).all())
    ):
        return list(stratified(code, count, cv))
    return list(check_cv(cv, y, classifier=True).split(X, y, **params))  # warns, or refuses


def stratified(code, count, n_folds):
    """The folds of scikit-learn's `StratifiedKFold`, which takes longer than all else here.

    Deal out the classes of all rows like cards, those of one class after those of another, in the
    order in which classes appear: so many rows of a class a fold gets, but of the rows themselves
    the first fold gets the first, the second the next.
    """
    of_class = [np.flatnonzero(code == k) for k in range(len(count))]
    of_class.sort(key=lambda rows: rows[0])
    dealt = np.cumsum([0, *map(len, of_class)])[:, None]  # cards before each class, and all
    cards = (dealt + n_folds - 1 - np.arange(n_folds)) // n_folds  # how many of them each fold got
    shares = np.diff(cards, axis=0)
    parts = [np.split(rows, np.cumsum(s)) for rows, s in zip(of_class, shares, strict=True)]
    for k in range(n_folds):
        held_out = np.zeros(len(code), bool)
        for part in parts:
            held_out[part[k]] = True
        yield np.flatnonzero(~held_out), np.flatnonzero(held_out)


def times(train, n):
    """How often each of n rows is trained on, as floats."""
    rows, held = np.arange(n)[train], np.zeros(n)
    held[rows] = 1.0
    if np.count_nonzero(held) < len(rows):  # some are named more than once
        held = np.bincount(rows, minlength=n).astype(np.float64)
    return held


def all_count(code, held, n_classes):
    """Whether every class has rows with weight; mostly a thousand rows are enough to see it."""
    steps = (len(code) // 1000 + 1, 1)
    return any(np.bincount(code[::k], held[::k], n_classes).all() for k in steps)


def path(estimator, X, code, train, weight, offset):
    """The fits of one fold, each from the one before: coefficients (n_cs, lines, d),
    intercepts (n_cs, lines), iterations, and the results that are not certified."""
    held = times(train, X.shape[0])
    if weight is not None:
        held *= weight
    total = held.sum()
    order = np.argsort(estimator.Cs_, kind="stable")
    l2 = np.where(estimator.Cs_ == np.inf, 0.0, 1.0 / (estimator.Cs_ * total))[order]
    classes = np.arange(len(estimator.classes_))
    results = []
    if all_count(code, held, len(classes)) and estimator.max_iter != 0:
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
