"""Fits as the estimators ask for them: options, classes without weight, warnings."""

import numpy as np
from sklearn.exceptions import ConvergenceWarning as SklearnConvergenceWarning

from .. import errors, threads
from ..functional import fit_quietly, penalty, warn_unless_converged
from ..result import FitResult
from .parameters import SOLVERS, WIDE

EPS = np.finfo(np.float64).eps
# The intercept's share in the margin of a class that no row has: its optimum is at minus infinity.
# scikit-learn's metrics see no probability below EPS either.
NEVER = float(np.log(EPS))


class ConvergenceWarning(errors.ConvergenceWarning, SklearnConvergenceWarning):
    """As `fastgd.ConvergenceWarning`, and for those who filter scikit-learn's."""

    __module__ = __package__  # where users and pickles find it


class SeparationWarning(errors.SeparationWarning, SklearnConvergenceWarning):
    """As `fastgd.SeparationWarning`, and for those who filter scikit-learn's."""

    __module__ = __package__  # where users and pickles find it


def options(estimator, X, classes, weight, offset):
    """What all fits of an estimator have in common."""
    solver = SOLVERS[estimator.solver]
    lines = 1 if classes is None else len(classes)
    if estimator.solver == "newton-cg" and X.shape[1] * lines > WIDE:
        solver = "newton-cg"
    return {
        "fit_intercept": estimator.fit_intercept,
        "sample_weight": weight,
        "offset": offset,
        "solver": solver,
        "tol": estimator.tol,
        "max_iter": estimator.max_iter,
        "n_threads": threads.from_jobs(estimator.n_jobs),
    }


def solve(estimator, X, y, classes, weight, offset, l2, init=None, callback=None):
    """The fit of one penalty, where every class has rows that count or may be left out."""
    chosen = options(estimator, X, classes, weight, offset)
    chosen |= {"l2": l2, "init": init, "callback": callback, "progress": bool(estimator.verbose)}
    if estimator.max_iter == 0:
        chosen["solver"] = "gd"  # none of its steps is taken: it stays where it starts, at 0
    if weight is None or classes is None or not estimator.fit_intercept:
        return fit_quietly(X, y, **chosen)
    code = np.searchsorted(classes, y)
    left = np.flatnonzero(np.bincount(code, weights=weight, minlength=len(classes)) > 0)
    if len(left) == len(classes) or len(left) < 1 or weight.min() < 0:  # which the core refuses
        return fit_quietly(X, y, **chosen)
    return with_classes_left_out(X, code, classes, left, chosen)


def with_classes_left_out(X, code, classes, left, options):
    """The fit where only the classes `left` have rows that count.

    The others' optimal coefficients are 0 and their intercepts minus infinity; they get NEVER.
    """
    K, d = len(classes), X.shape[1]
    coef, intercept = np.zeros((K, d)), np.full(K, NEVER)
    if len(left) == 1:
        result = FitResult(
            loss="log_loss" if K == 2 else "softmax", cost=0.0, null_cost=0.0, gap=EPS,
            gap_kind="dual", gradient_norm=EPS, converged=True, status="separated", n_iter=0,
            n_passes=0, seconds=0.0, solver="none", n_threads=1, bytes_copied=0,
            message="only one class has rows that count: it is predicted everywhere",
            l2=penalty(options["l2"]), fit_intercept=True, n_features=d, n_samples=X.shape[0],
        )  # fmt: skip
        intercept[left] = 0.0
    else:
        place = np.zeros(K, np.int64)
        place[left] = np.arange(len(left))
        init = options["init"]
        if init is not None:
            options["init"] = init[0][left], init[1][left]
        offset = options["offset"]
        if offset is not None:
            options["offset"] = np.asarray(offset)[:, left]
        result = fit_quietly(X, place[code], loss="softmax", **options)
        coef[left] = result.coef
        intercept[left] = result.intercept
    if K == 2:
        result.coef, result.intercept = coef[1] - coef[0], float(intercept[1] - intercept[0])
    else:
        result.coef, result.intercept = coef, intercept
    result.classes = classes
    return result


def arrived(result):
    return result.converged and result.separation is None


def warn(result):
    warn_unless_converged(result, ConvergenceWarning, SeparationWarning, stacklevel=5)
