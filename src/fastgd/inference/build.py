"""From arrays to a summary: checks, then each of the parts in turn."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .. import _core
from ..summarytext import OPEN
from .coordinates import Coordinates, sliceable
from .covariance import COVARIANCES, blocks, clusters, inverse, penalty, scores, squares
from .distributions import check_level
from .effects import means_of
from .estimate import Estimate
from .rows import check_same, rows_of, shares, side, sureness
from .separated import infinite, still
from .summary import Summary

LARGEST = 20_000  # parameters whose covariance is formed


@dataclass(frozen=True)
class Model:
    """The model that a summary is of, as a fit leaves it.

    Parameters
    ----------
    coef, intercept, loss, classes, l2, fit_intercept, null_cost, gap, cost
        As of a `FitResult`. `cost` tells data that the fit was not made on; None: no such check.
    outcome : str
        How the fit ended, to be printed.
    diverging : callable, optional
        After separation: of the number of the reference class, where each parameter goes, seen
        from there, the intercept last: the sign of its infinity, or 0; (lines, d + 1).
    """

    coef: np.ndarray
    intercept: float | np.ndarray
    loss: str
    classes: np.ndarray | None
    l2: float | np.ndarray
    fit_intercept: bool
    null_cost: float
    gap: float
    cost: float | None = None
    outcome: str = ""
    diverging: Callable[[int], np.ndarray] | None = None


def summarize(
    model,
    X,
    y,
    z,
    sums,
    *,
    sample_weight=None,
    offset=None,
    cov_type="nonrobust",
    groups=None,
    small_sample=False,
    level=0.95,
    reference=None,
    weights="frequency",
    names=None,
    n_threads=None,
    most_threads,
    reads=None,
):
    """The `Summary` of a model, from the data it was fitted on and its margins there.

    Parameters
    ----------
    model : Model
    X : array or CSR matrix of shape (n, d)
    y : array of shape (n,), or (n, K)
    z : ndarray of shape (n,), or (n, K)
        Margins, offset included; infinite where the classes are separated.
    sums : ndarray of shape (2, d), or None
        Of the rows times third derivatives of the log loss and weights, and times weights: what
        marginal effects need. None: there will be none.
    names : sequence of str, optional
        Of the columns.
    most_threads : callable
        How many threads to use at most, where `n_threads` is None.
    reads : callable, optional
        Makes arrays of X, as a matrix of features, and of columns, where the summary asks for the
        rows again; by default they must be arrays.

    The others as for `FitResult.summary`.

    Returns
    -------
    Summary

    Raises
    ------
    ValueError, TypeError
        Naming the argument, what was found, and what is wanted.
    """
    loss, classes, l2 = model.loss, model.classes, model.l2
    intercepts = int(bool(model.fit_intercept))  # in each equation
    cov_type = _kind(cov_type, groups, weights, level)
    X = sliceable(X)
    n, d = X.shape
    m = d + intercepts
    if m == 0:
        raise ValueError("X has no columns and the model no intercept: nothing to summarize")
    if loss == "squared_error" and reference is not None:
        raise ValueError("reference is a class; a model of the squared error has none")
    lines = len(classes) - 1 if loss == "softmax" else 1
    if lines * m > LARGEST:
        raise ValueError(
            f"the summary of {lines * m} parameters needs a matrix of their square; at most "
            f"{LARGEST} are possible"
        )
    s, total = shares(sample_weight, n, weights)
    equations = None
    if loss != "squared_error":
        reference = _reference(reference, classes)
        equations = [c for c in classes.tolist() if c != reference]
    rows = rows_of(loss, classes, reference, y, z, s)
    if model.cost is not None:
        here = rows.loss / total + float(np.sum(np.asarray(l2) * np.square(model.coef))) / 2
        check_same("X, y, sample_weight or offset", "the cost", here, model.cost)

    coordinates = Coordinates.of(X, model.fit_intercept)

    def gram(q):
        G = _core.gram(X, q, coordinates.shift, coordinates.scale, n_threads, most_threads)
        # the core has the intercept last
        return np.roll(G, 1, (0, 1)) if intercepts else G[:d, :d]

    information = blocks(lines, m, rows.information, gram)
    penalized = bool(np.any(np.asarray(l2) > 0))
    H = information
    if penalized:
        H = H + penalty(l2, coordinates, total, loss, lines)

    theta = _contrasts(model, reference)
    v = coordinates.to_scaled(theta if intercepts else theta[:, 1:]).ravel()
    signs = np.zeros(lines * m)
    if model.diverging is not None:
        # in the order of the parameters, seen from the reference
        at = classes.tolist().index(reference)
        moved = model.diverging(at)
        signs = (np.roll(moved, 1, axis=1) if intercepts else moved[:, :d]).ravel()
    kept, bread, aliased, follow = _without_aliased(H, v, signs)
    raw = coordinates.to_raw(v.reshape(lines, m, 1))[:, :, 0].ravel()
    raw[aliased] = np.nan
    forced, sure, apart = np.zeros(lines * m, bool), True, 0
    if signs.any():
        of_classes = z if z.ndim == 2 else np.column_stack([-z, z])
        first = np.argsort(np.arange(of_classes.shape[1]) != at, kind="stable")
        directions = still(H, bread, kept)
        forced, sure, apart = infinite(X, of_classes[:, first], s, coordinates, signs, *directions)
        raw[signs != 0] = np.nan
        raw[forced] = np.inf * signs[forced]

    effective = float(np.sum(bread * information)) if penalized else float(len(kept))
    if model.diverging is not None:  # infinite ones count: rows set aside tell of them alone
        effective = float(len(kept) + apart)
    df_resid = total - effective
    scale = _variance(rows.loss, total, effective) if loss == "squared_error" else 1.0

    factor, count = 1.0, None
    if cov_type == "nonrobust":
        cov = bread @ information @ bread if penalized else bread
        cov = cov * scale
    else:
        if cov_type == "cluster":
            codes, count = clusters(groups, s)
            of_groups = scores(X, rows.residual * s[:, None], codes, count, coordinates)
            same = np.zeros(lines * m), np.ones(lines * m)
            meat = _core.gram(of_groups, np.ones(count), *same, n_threads, most_threads)[:-1, :-1]
        else:
            power = s if weights == "frequency" else s * s
            meat = blocks(lines, m, squares(rows.residual, power), gram)
        factor = _factor(cov_type, total, effective, count, small_sample)
        cov = bread @ meat @ bread * factor

    absent = (signs != 0) | ~np.isin(np.arange(lines * m), kept)
    means = None
    if sums is not None:
        flip = side(reference, classes)
        means = means_of(sums, rows, s, total, sample_weight, offset, coordinates, flip)
    told = loss != "squared_error" and model.diverging is None
    names = ["intercept"] * intercepts + _column_names(names, d)
    return Summary(
        loss=loss,
        l2=l2,
        fit_intercept=bool(intercepts),
        penalized=penalized,
        names=names,
        equations=equations,
        reference=reference,
        outcome=model.outcome,
        level=float(level),
        weights=weights,
        cov_type=cov_type,
        factor=factor,
        groups=count,
        rows=n,
        nobs=total,
        n_params=effective,
        df_model=effective - lines * intercepts,
        df_resid=df_resid,
        scale=scale,
        # near the optimum n gap = e' H e / 2, and no e_j is above sqrt(e' H e) standard errors
        distance=math.sqrt(2 * total * max(model.gap, 0.0) / scale) if scale > 0 else math.nan,
        notes=_reasons(names, signs, forced, sure, aliased, kept, follow),
        **_likelihoods(loss, rows, total, model.null_cost),
        _estimate=Estimate(coordinates, v, raw, absent, bread, cov),
        _means=means,
        _sureness=sureness(rows.p, s, total) if told else math.nan,
        _classes=classes,
        _coef=model.coef,
        _intercept=model.intercept,
        _reads=reads,
    )


# --- checks -------------------------------------------------------------------------


def _kind(cov_type, groups, weights, level):
    """The covariance that is meant."""
    if cov_type not in COVARIANCES:
        known = ", ".join(repr(name) for name in COVARIANCES)
        raise ValueError(f"cov_type must be one of {known}, found {cov_type!r}")
    if weights not in ("frequency", "sampling"):
        raise ValueError(f"weights must be 'frequency' or 'sampling', found {weights!r}")
    check_level(level)
    if groups is not None:
        if cov_type not in ("nonrobust", "cluster"):
            raise ValueError(f"groups go with cov_type='cluster', found cov_type={cov_type!r}")
        return "cluster"
    if cov_type == "cluster":
        raise ValueError("cov_type='cluster' needs groups, one label for each row of X")
    return "HC0" if weights == "sampling" and cov_type == "nonrobust" else cov_type


def _reference(reference, classes):
    if reference is None:
        return classes.tolist()[0]
    for label in classes.tolist():
        if label == reference:
            return label
    shown = ", ".join(str(c) for c in classes[:5].tolist()) + (", ..." if len(classes) > 5 else "")
    raise ValueError(f"reference must be one of the classes ({shown}), found {reference!r}")


def _column_names(names, d):
    return [str(name) for name in names] if names is not None else [f"x{j}" for j in range(d)]


# --- pieces of the summary ----------------------------------------------------------


def _contrasts(model, reference):
    """A line (intercept, coefficients) for each class but the reference, seen from it."""
    if model.loss != "softmax":
        line = np.concatenate([[model.intercept], model.coef])[None, :]
        return line * side(reference, model.classes) if model.loss == "log_loss" else line
    both = np.column_stack([model.intercept, model.coef])
    at = model.classes.tolist().index(reference)
    return np.delete(both, at, axis=0) - both[at]


def _without_aliased(H, v, signs):
    """The parameters that are kept, the inverse of H on them, those that follow from them, and by
    how much of each. In v the kept ones take over what the others had. Those that go to infinity,
    by their signs, are looked at last."""
    kept, bread = inverse(H, np.argsort(signs != 0, kind="stable"))
    aliased = np.setdiff1d(np.flatnonzero(signs == 0), kept)
    follow = bread[np.ix_(kept, kept)] @ H[np.ix_(kept, aliased)]
    v[kept] += follow @ v[aliased]
    v[aliased] = 0
    return kept, bread, aliased, follow


def _variance(loss, total, effective):
    """Of the residuals of a squared error, estimated."""
    df_resid = total - effective
    if df_resid <= 0:
        raise ValueError(
            f"{total:g} observations leave no residual degrees of freedom for "
            f"{effective:g} parameters: there is no estimate of the variance"
        )
    return 2 * loss / df_resid


def _factor(cov_type, total, effective, count, small_sample):
    """What a sandwich is multiplied with, for a finite number of rows or of clusters."""
    if cov_type == "HC1":
        if total <= effective:
            raise ValueError(
                f"cov_type='HC1' needs more observations than parameters, found {total:g} "
                f"and {effective:g}"
            )
        return total / (total - effective)
    if cov_type == "stata":
        return total / (total - 1)
    if cov_type == "cluster":
        small = (total - 1) / (total - effective) if small_sample else 1.0
        return count / (count - 1) * small
    return 1.0


def _likelihoods(loss, rows, total, null_cost):
    """Log-likelihoods and deviances, by their names in a summary."""
    if loss == "squared_error":
        deviance, null_deviance = 2 * rows.loss, 2 * null_cost * total
        llf, llnull = (
            -total / 2 * (math.log(2 * math.pi * rss / total) + 1) if rss > 0 else math.inf
            for rss in (deviance, null_deviance)
        )
    else:
        llf, llnull = 0.0 - rows.loss, 0.0 - null_cost * total
        deviance, null_deviance = 2 * (rows.saturated - llf), 2 * (rows.saturated - llnull)
    return dict(llf=llf, llnull=llnull, deviance=deviance, null_deviance=null_deviance)


def _reasons(names, signs, forced, sure, aliased, kept, follow):
    """Why a parameter has no standard error: a sentence by its place."""
    m, notes, separated = len(names), {}, bool(signs.any())
    for i in np.flatnonzero(signs):
        why = f"{OPEN}: the cost comes as near its infimum at any value of it"
        if forced[i]:
            why = "infinite: the classes are separated along it"
        elif not sure:
            why = (
                f"{OPEN}: too many rows or parameters are separated to tell whether it is infinite"
            )
        notes[int(i)] = why
    v = np.abs(follow)
    for column, i in enumerate(aliased):
        parts = [
            names[k % m]
            for k, weight in zip(kept, v[:, column], strict=True)
            if weight > 1e-6 * max(v[:, column].max(), 1e-300) and v[:, column].max() > 0
        ]
        if parts in ([], ["intercept"]):
            why = "aliased: the column is constant"
            if separated:
                why = f"{OPEN}: rows that are not separated tell nothing of it"
        else:
            shown = ", ".join(parts[:4])
            shown += f" and {len(parts) - 4} more" if len(parts) > 4 else ""
            why = f"aliased: follows from {shown}"
        notes[int(i)] = why
    return notes
