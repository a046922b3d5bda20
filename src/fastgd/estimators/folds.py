"""Folds: which rows are held out, and the fits along the path of all others."""

from numbers import Integral

import numpy as np
from sklearn.model_selection import check_cv

from ..functional import fit_folds, fit_path
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
    found = list(check_cv(cv, y, classifier=True).split(X, y, **params))  # warns, or refuses
    refuse_empty(found, X.shape[0])
    return found


def refuse_empty(split, n):
    """What scikit-learn lets pass: no folds, and folds without rows."""
    if not split:
        raise ValueError("cv gives no folds; at least one pair of rows (train, test) is wanted")
    for k, (train, test) in enumerate(split):
        for rows, what in ((train, "train on"), (test, "hold out")):
            if not np.arange(n)[rows].size:
                raise ValueError(f"fold {k} of cv, counting from 0, has no rows to {what}")


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


def paths(estimator, X, code, split, weight, offset):
    """The fits of all folds: for each what `path` gives."""
    n, order = X.shape[0], np.argsort(estimator.Cs_, kind="stable")
    held = np.full(n, min(len(split), 255), np.uint8)
    for k, (_, test) in enumerate(split[:255]):
        held[test] = k
    apart, totals = len(split) <= 255, []  # apart: a fold leaves out its own rows and no others
    for k, (train, _) in enumerate(split):
        counts = times(train, n)
        apart = apart and np.array_equal(counts, held != k)
        if weight is not None:
            counts *= weight
        apart = apart and all_count(code, counts, len(estimator.classes_))
        totals.append(counts.sum())
        if totals[k] == 0:
            raise ValueError(f"fold {k} of cv, counting from 0, trains on rows of weight 0 alone")
    l2 = 1.0 / (estimator.Cs_[order] * np.array(totals)[:, None])  # C = inf: 0
    begun = [[]] * len(split)
    classes = np.arange(len(estimator.classes_))
    options = solving.options(estimator, X, classes, weight, offset)
    if apart and offset is None and (options["solver"], options["max_iter"]) == ("auto", None):
        common = ("fit_intercept", "sample_weight", "tol", "n_threads")
        positive = l2[:, : np.count_nonzero(estimator.Cs_ < np.inf)]
        begun = fit_folds(X, code, held, positive, **{name: options[name] for name in common})
    found = []
    for line, fits, (train, _) in zip(l2, begun, split, strict=True):
        results = path(estimator, X, code, line, fits, train, weight, offset)
        found.append(as_arrays([results[k] for k in np.argsort(order)]))
    return found


def path(estimator, X, code, l2, results, train, weight, offset):
    """The fits of one fold, the penalties in falling order, of which the first may be there."""
    if len(results) == len(l2):
        return results
    held = times(train, X.shape[0])
    if weight is not None:
        held *= weight
    classes = np.arange(len(estimator.classes_))
    if all_count(code, held, len(classes)) and estimator.max_iter != 0:
        options = solving.options(estimator, X, classes, held, offset)
        left = l2[len(results) : np.count_nonzero(l2)]
        results = results + fit_path(X, code, left, init=point(results), **options)
    for value in l2[len(results) :]:
        start = point(results)
        result = solving.solve(estimator, X, code, classes, held, offset, value, start)
        results = [*results, result]
    return results


def point(results):
    """Where the next fit starts."""
    return (results[-1].coef, results[-1].intercept) if results else None


def as_arrays(results):
    """Coefficients (n_cs, lines, d), intercepts (n_cs, lines), iterations, and the results that
    are not certified."""
    return (
        np.array([np.atleast_2d(result.coef) for result in results]),
        np.array([np.atleast_1d(result.intercept) for result in results]),
        [result.n_iter for result in results],
        [result for result in results if not solving.arrived(result)],
    )
