"""What is to be drawn of labels and scores, by NumPy alone: ROC, precision and recall, calibration.

Ties are one threshold, weights count as so many rows, and a row of weight 0 is none.
"""

import math

import numpy as np

CELLS = 1000  # of an axis: finer than a picture shows


def checked(y_true, y_score, sample_weight=None, pos_label=None):
    """Labels, scores and weights as arrays that the curves can be taken of.

    Parameters
    ----------
    y_true : array_like of shape (n,)
        Two classes; or bools.
    y_score : array_like of shape (n,)
        Grows with the probability of the positive class; may be infinite.
    sample_weight : array_like of shape (n,), optional
    pos_label : label, optional
        The positive class, by default the larger one.

    Returns
    -------
    positive : ndarray of bool, shape (n,)
    score : ndarray of float64, shape (n,)
    weight : ndarray of float64, shape (n,)
        None of them 0.

    Raises
    ------
    ValueError
        If lengths differ, a score is missing, a weight is negative, or a class has no row.
    """
    y, score = np.asarray(y_true), np.asarray(y_score, dtype=float)
    if y.ndim != 1 or score.shape != y.shape:
        raise ValueError(
            f"y_true and y_score must be of one shape (n,), found {y.shape} and {score.shape}"
        )
    if np.isnan(score).any():
        row = int(np.isnan(score).argmax())
        raise ValueError(
            f"y_score has {np.isnan(score).sum()} missing values, the first in row {row}"
        )
    weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    if weight.shape != y.shape:
        raise ValueError(f"sample_weight must be of shape {y.shape}, found {weight.shape}")
    if not (np.isfinite(weight).all() and (weight >= 0).all()):
        raise ValueError("sample_weight must be finite and not negative")
    kept = weight > 0
    y, score, weight = y[kept], score[kept], weight[kept]
    classes = np.unique(y)
    if len(classes) > 2:
        raise ValueError(
            f"y_true has {len(classes)} classes; a curve is of one class against the rest: "
            "give probabilities of shape (n, K)"
        )
    if pos_label is None:
        pos_label = classes[-1] if len(classes) == 2 else None
    positive = y == pos_label if pos_label is not None else np.zeros(len(y), bool)
    if len(classes) < 2 or not positive.any():
        found = ", ".join(repr(c) for c in classes.tolist()) or "no row"
        raise ValueError(f"y_true must hold both classes, found {found}")
    return positive, score, weight


def _counts(positive, score, weight):
    """Weights of true and false positives at each threshold, and the thresholds, falling."""
    order = np.argsort(-score, kind="stable")
    score = score[order]
    last = np.append(score[1:] != score[:-1], True)  # of its ties
    true = np.cumsum(np.where(positive, weight, 0)[order])[last]
    false = np.cumsum(np.where(positive, 0, weight)[order])[last]
    return true, false, score[last]


def roc(y_true, y_score, sample_weight=None, pos_label=None):
    """The receiver operating characteristic.

    Parameters and errors as for `checked`.

    Returns
    -------
    fpr, tpr : ndarray of shape (t + 1,)
        From (0, 0) to (1, 1), a point for each of the t distinct scores.
    thresholds : ndarray of shape (t + 1,)
        The first is infinite.
    auc : float
        By trapezia, which is the chance that a positive row ranks above a negative one, ties
        counting half.
    """
    true, false, thresholds = _counts(*checked(y_true, y_score, sample_weight, pos_label))
    tpr, fpr = np.append(0, true / true[-1]), np.append(0, false / false[-1])
    auc = float(np.sum(np.diff(fpr) * (tpr[1:] + tpr[:-1])) / 2)
    return fpr, tpr, np.append(math.inf, thresholds), auc


def precision_recall(y_true, y_score, sample_weight=None, pos_label=None):
    """Precision and recall at each threshold.

    Parameters and errors as for `checked`.

    Returns
    -------
    precision, recall : ndarray of shape (t + 1,)
        Recall rises from 0, where precision is 1 by convention.
    thresholds : ndarray of shape (t + 1,)
    average : float
        Mean precision, weighed by the gain in recall; nothing is interpolated.
    share : float
        Of positive rows: the precision of a guess.
    """
    true, false, thresholds = _counts(*checked(y_true, y_score, sample_weight, pos_label))
    precision, recall = np.append(1, true / (true + false)), np.append(0, true / true[-1])
    average = float(np.sum(np.diff(recall) * precision[1:]))
    share = float(true[-1] / (true[-1] + false[-1]))
    return precision, recall, np.append(math.inf, thresholds), average, share


def calibration(
    y_true, y_prob, sample_weight=None, pos_label=None, *, n_bins=10, strategy="uniform", level=1.96
):
    """Shares observed beside the probabilities predicted, bin by bin.

    Parameters
    ----------
    y_true, y_prob, sample_weight, pos_label
        As for `checked`; probabilities lie in [0, 1].
    n_bins : int
    strategy : {"uniform", "quantile"}
        Bins of equal width, or of about equally many rows.
    level : float
        Of the intervals, in standard errors.

    Returns
    -------
    observed, predicted : ndarray of shape (b,)
        Of the bins that are not empty.
    low, high : ndarray of shape (b,)
        Wilson's interval of `observed` (1927), n being ``(sum w)**2 / sum w**2``.
    share : ndarray of shape (b,)
        Of the rows, by weight.
    """
    positive, p, weight = checked(y_true, y_prob, sample_weight, pos_label)
    if p.min() < 0 or p.max() > 1:
        raise ValueError(f"y_prob must lie in [0, 1], found {p.min():g} to {p.max():g}")
    if strategy not in ("uniform", "quantile"):
        raise ValueError(f"strategy must be 'uniform' or 'quantile', found {strategy!r}")
    inner = np.arange(1, n_bins) / n_bins
    if strategy == "quantile" and sample_weight is None:
        inner = np.quantile(p, inner)
    elif strategy == "quantile":
        order = np.argsort(p, kind="stable")
        below = np.cumsum(weight[order]) / weight.sum()
        inner = p[order][np.minimum(np.searchsorted(below, inner), len(p) - 1)]
    place = np.searchsorted(inner, p)
    total, squares, hits, sums = (
        np.bincount(place, values, minlength=n_bins)
        for values in (weight, weight**2, weight * positive, weight * p)
    )
    kept = total > 0
    total, squares, hits, sums = total[kept], squares[kept], hits[kept], sums[kept]
    observed, rows = hits / total, total**2 / squares
    middle = (observed + level**2 / (2 * rows)) / (1 + level**2 / rows)
    half = np.sqrt(observed * (1 - observed) / rows + (level / (2 * rows)) ** 2) * level
    half /= 1 + level**2 / rows
    low, high = np.minimum(middle - half, observed), np.maximum(middle + half, observed)
    return observed, sums / total, low, high, total / total.sum()


def thin(x, y, cells=CELLS):
    """Fewer points of a curve over [0, 1] that look the same.

    Of the points within a `cells`-th of the width the first, the last, the highest and the lowest
    stay, so that neither a corner nor a spike is lost.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Rising, in [0, 1].
    y : ndarray of shape (n,)
    cells : int

    Returns
    -------
    x, y : ndarray of shape (m,), m <= 4 (cells + 1)
    """
    if len(x) <= 4 * (cells + 1):
        return x, y
    cell = np.floor(x * cells).astype(np.intp)
    first = np.flatnonzero(np.append(True, cell[1:] != cell[:-1]))
    last = np.append(first[1:], len(x)) - 1
    by_height = np.lexsort((y, cell))  # the runs stay where they are
    kept = np.unique(np.concatenate([first, last, by_height[first], by_height[last]]))
    return x[kept], y[kept]
