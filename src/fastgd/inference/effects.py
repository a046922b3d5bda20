"""Marginal effects: how far the columns move the probability of a class, by the delta method.

They take a summary, known by its attributes.
"""

import math
from typing import NamedTuple

import numpy as np

from .. import _core, summarytext
from .coordinates import only_zeros_and_ones, pieces, sliceable
from .distributions import check_level, quantile, two_sided
from .rows import check_same, check_size, margins, shares, side, sureness, weighted


class Means(NamedTuple):
    """Of all rows of a fit of two classes: what their mean effects and the mean row need."""

    slope: float  # of the probability
    derivative: np.ndarray  # (m,): of the slope, with respect to the parameters
    row: np.ndarray  # (m,): on scaled columns
    offset: float


def means_of(sums, rows, s, total, sample_weight, offset, coordinates, flip):
    """The means, from two sums over rows in the user's units, as `summarize` takes them; `flip` is
    -1 where margins are seen from the second class."""
    q, _ = rows.information[0, 0]
    third = q * (1 - 2 * rows.p[:, 0])
    given = total if sample_weight is None else float(np.sum(sample_weight))
    # seen from the other class margins and third derivatives have the other sign
    sides = np.array([flip, 1.0])
    whole = np.array([third.sum(), total])
    means = sums * (sides / given)[:, None]
    means = (means - np.outer(whole / total, coordinates.shift)) * coordinates.scale
    if coordinates.first:
        means = np.column_stack([whole / total, means])
    mean_offset = 0.0 if offset is None else weighted(s, np.asarray(offset, dtype=float)) / total
    return Means(float(q.sum()) / total, means[0], means[1], flip * mean_offset)


def marginal(summary, at, dummy, X, sample_weight, offset):
    """`Summary.get_margeff`."""
    if summary.loss == "squared_error":
        raise ValueError("get_margeff is for classes; effects on a target are the coefficients")
    if at not in ("overall", "mean"):
        raise ValueError(f"at must be 'overall' or 'mean', found {at!r}")
    if (dummy or summary.loss == "softmax") and X is None:
        call = "dummy=True" if dummy else "more than two classes"
        raise ValueError(
            f"get_margeff with {call} needs X again (and sample_weight and offset, if given to "
            "the fit): the summary keeps no rows"
        )
    if summary.loss == "log_loss" and summary._means is None:
        raise ValueError("estimates are infinite: the classes are separated; effects are none")
    s = total = None
    if X is not None:
        X, d = sliceable(X), len(summary._estimate.coordinates.shift)
        if X.ndim != 2 or X.shape[1] != d:
            raise ValueError(f"X must have {d} columns, found shape {X.shape}")
        check_size(X.shape[0], summary.rows)
        s, total = shares(sample_weight, X.shape[0], summary.weights)
        z = margins(summary, X, offset)
        p = _core.softmax(z)[:, 1:] if z.ndim == 2 else _core.sigmoid(z)[:, None]
        here = sureness(p, s, total)
        if not math.isnan(summary._sureness):
            given = "X, sample_weight or offset"
            check_same(given, "the mean of squared probabilities", here, summary._sureness)
    if summary.loss == "softmax":
        return _of_classes(summary, at, dummy, X, s, total, offset)
    return _of_two_classes(summary, at, dummy, X, s, total, offset)


def _of_two_classes(summary, at, dummy, X, s, total, offset):
    estimate, means = summary._estimate, summary._means
    first, scale = estimate.coordinates.first, estimate.coordinates.scale
    w = estimate.scaled[first:] * scale
    slope, derivative = means.slope, means.derivative
    if at == "mean":
        z = float(means.row @ estimate.scaled) + means.offset
        p = float(_core.sigmoid(z))
        slope = p * float(_core.sigmoid(-z))
        derivative = slope * (1 - 2 * p) * means.row
    effect = slope * w
    jacobian = np.outer(w, derivative)
    jacobian[:, first:] += np.diag(slope * scale)
    if dummy:
        _discrete(summary, at, X, s, total, offset, effect, jacobian)
    variance = np.einsum("ij,jk,ik->i", jacobian, estimate.cov, jacobian)
    se = np.sqrt(np.maximum(variance, 0))
    absent = estimate.absent[first:]
    effect[absent], se[absent] = np.nan, np.nan
    return MarginalEffects(summary, at, summary.equations, effect, se)


def _discrete(summary, at, X, s, total, offset, effect, jacobian):
    """For columns of 0 and 1 alone: the effect of the step, into the arrays."""
    coordinates, v = summary._estimate.coordinates, summary._estimate.scaled
    found = np.flatnonzero(only_zeros_and_ones(X))
    low = -coordinates.shift * coordinates.scale
    high = (1 - coordinates.shift) * coordinates.scale
    if at == "mean":
        blocks = [(summary._means.row[None, :], np.ones(1), np.array([summary._means.offset]))]
        total = 1.0
    else:
        o = np.zeros(X.shape[0]) if offset is None else np.asarray(offset, dtype=float)
        o = o * side(summary.reference, summary._classes)
        blocks = ((coordinates.piece(X, rows), s[rows], o[rows]) for rows in pieces(X))
    effect[found], jacobian[found] = 0, 0
    for a, weight, moved in blocks:
        z = a @ v + moved
        for j in found:
            k = j + coordinates.first
            for value, sign in ((high[j], 1), (low[j], -1)):
                zj = z + (value - a[:, k]) * v[k]
                p = _core.sigmoid(zj)
                q = weight * p * _core.sigmoid(-zj)
                effect[j] += sign * float(weight @ p) / total
                line = q @ a
                line[k] = value * q.sum()
                jacobian[j] += sign * line / total


def _of_classes(summary, at, dummy, X, s, total, offset):
    """Effects on the probability of each class, from rows that pass through NumPy."""
    estimate, coordinates = summary._estimate, summary._estimate.coordinates
    labels, first, scale = summary._classes.tolist(), coordinates.first, coordinates.scale
    n, K, m = X.shape[0], len(labels), coordinates.size
    o = np.zeros((n, K)) if offset is None else np.asarray(offset, dtype=float)
    W = np.zeros((K, m))  # a line for each class, that of the reference zero
    others = [k for k, label in enumerate(labels) if label != summary.reference]
    W[others] = estimate.by_equation()
    w = W[:, first:] * scale
    d = w.shape[1]

    def blocks():
        return ((coordinates.piece(X, rows), s[rows], o[rows]) for rows in pieces(X))

    parts = blocks()
    if at == "mean":
        middle = sum(weight @ a for a, weight, _ in parts) / total
        parts = [(middle[None, :], np.ones(1), (s @ o / total)[None, :])]
        total = 1.0
    found = np.flatnonzero(only_zeros_and_ones(X)) if dummy else np.empty(0, int)
    smooth = np.setdiff1d(np.arange(d), found)
    effect, jacobian = np.zeros((K, d)), np.zeros((K, d, K - 1, m))
    for a, weight, moved in parts:
        z = a @ W.T + moved
        p = _core.softmax(z)
        away = w - (p @ w)[:, None, :]  # (rows, K, d): slopes of the margins from their mean
        effect += np.einsum("i,ik,ikj->kj", weight, p, away)
        for k in range(K):
            for line, other in enumerate(others):
                mixed = weight * p[:, k] * ((k == other) - p[:, other])
                both = weight * p[:, k] * p[:, other]
                U = mixed[:, None] * away[:, k] - both[:, None] * away[:, other]
                jacobian[k, :, line] += U.T @ a
                jacobian[k, smooth, line, first + smooth] += mixed.sum() * scale[smooth]
    if found.size:
        effect[:, found], jacobian[:, found] = 0, 0
        for a, weight, moved in parts if at == "mean" else blocks():
            z = a @ W.T + moved
            for j in found:
                c = first + j
                for x, sign in ((1.0, 1), (0.0, -1)):
                    value = (x - coordinates.shift[j]) * scale[j]
                    p = _core.softmax(z + (value - a[:, c])[:, None] * W[:, c])
                    effect[:, j] += sign * (weight @ p)
                    for k in range(K):
                        for line, other in enumerate(others):
                            mixed = weight * p[:, k] * ((k == other) - p[:, other])
                            step = mixed @ a
                            step[c] = value * mixed.sum()
                            jacobian[k, j, line] += sign * step
    jacobian = jacobian.reshape(K, d, -1) / total
    variance = np.einsum("kji,il,kjl->kj", jacobian, estimate.cov, jacobian, optimize=True)
    se = np.sqrt(np.maximum(variance, 0))
    absent = estimate.absent.reshape(K - 1, m)[:, first:].any(axis=0)
    effect, se = effect.T / total, se.T
    effect[absent], se[absent] = np.nan, np.nan
    return MarginalEffects(summary, at, labels, effect, se)


class MarginalEffects:
    """Effects of the columns on a probability, or on that of each class.

    Attributes
    ----------
    names : list of str
    classes : list
        The class, or the K classes, whose probability it is.
    at : {"overall", "mean"}
    margeff, margeff_se, tvalues, pvalues : ndarray of shape (d,), or (d, K)
    """

    def __init__(self, summary, at, classes, margeff, margeff_se):
        self.names = summary.names[int(summary.fit_intercept) :]
        self.at, self.level = at, summary.level
        self.margeff, self.margeff_se = margeff, margeff_se
        self.classes = classes
        with np.errstate(invalid="ignore", divide="ignore"):
            self.tvalues = margeff / margeff_se
        if summary.penalized:
            self.tvalues = np.full(margeff.shape, np.nan)
        self.pvalues = two_sided(self.tvalues, math.inf)

    def conf_int(self, level=None):
        """Intervals: the shape of ``margeff`` and an axis of 2."""
        level = self.level if level is None else check_level(level)
        reach = quantile(level, math.inf) * self.margeff_se
        return np.stack([self.margeff - reach, self.margeff + reach], axis=-1)

    def to_frame(self):
        """As a pandas data frame (pandas must be installed)."""
        import pandas

        low, high = summarytext.ends(self.level)
        interval = self.conf_int()
        arrays = [self.margeff, self.margeff_se, self.tvalues, self.pvalues]
        arrays += [interval[..., 0], interval[..., 1]]
        names = ["dy/dx", "std err", "z", "P>|z|", low, high]
        index = self.names
        if self.margeff.ndim == 2:
            index = pandas.MultiIndex.from_product([self.classes, self.names])
        columns = {name: a.ravel("F") for name, a in zip(names, arrays, strict=True)}
        return pandas.DataFrame(columns, index=index)

    def __str__(self):
        return summarytext.effects_text(self)

    __repr__ = __str__

    def _repr_html_(self):
        return summarytext.effects_page(self)
