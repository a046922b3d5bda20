"""Separation among more than two classes: a class that is excluded on some rows in the limit."""

import numpy as np
import pytest
from problems import LAYOUTS, as_layout
from test_separation import columns, quiet

import fastgd

EPS = np.finfo(float).eps
K = 3


def spanning(rng, d, labels):
    """Rows that span the space, each of them with every label: they allow no direction at all."""
    rows = rng.standard_normal((d + 1, d))
    return np.vstack([rows] * len(labels)), np.repeat(labels, d + 1)


def easy(rng, labels=(0, 1, 2)):
    """Not separable, although most rows may go where a linear rule sends them."""
    n, d = rng.integers(12, 60), rng.integers(1, 5)
    X, y = spanning(rng, d, labels)
    more = columns(rng, n, d)
    labels = np.array(labels)
    if rng.random() < 0.5:
        codes = rng.integers(0, len(labels), n)
    else:
        codes = (more @ rng.standard_normal((d, len(labels)))).argmax(axis=1)
    return np.vstack([X, more]), np.r_[y, labels[codes]]


def complete(rng):
    """Every row on its own side; a few columns carry the margins."""
    while True:
        n, d = rng.integers(12, 60), rng.integers(1, 5)
        X = columns(rng, n, d)
        scores = X / np.abs(X).max(axis=0).clip(1e-300) @ rng.standard_normal((d, K))
        y = scores.argmax(axis=1)
        if len(set(y)) == K:
            scores[range(n), y] += 0.05 * (1e-3 + rng.random())
            return np.column_stack([X, scores]), y, n


def one_class(rng):
    """Class 0 lies apart from two that are mixed."""
    X, y = easy(rng, (1, 2))
    few = rng.integers(2, 20)
    X = np.vstack([X, rng.standard_normal((few, X.shape[1]))])
    apart = np.r_[-np.abs(rng.standard_normal(len(y))), 0.1 + np.abs(rng.standard_normal(few))]
    return np.column_stack([X, apart]), np.r_[y, np.zeros(few, int)], len(X)


def one_level(rng):
    """A level of a factor where one class or two never occur."""
    X, y = easy(rng)
    few = rng.integers(1, 7)
    level = np.r_[np.zeros(len(X)), np.ones(few)]
    X = np.column_stack([np.vstack([X, rng.standard_normal((few, X.shape[1]))]), level])
    labels = rng.permutation(K)[: rng.integers(1, 3)]
    return X, np.r_[y, rng.choice(labels, few)], few


def shuffled(rng, X, y, *rest):
    order = rng.permutation(len(X))
    return X[order], y[order], *rest


def check_witness(fit, X, y):
    """Each direction lifts the label to the top of the classes left, and on the rows counted above
    some of them; no row sees its label fall behind."""
    left = np.ones((len(X), len(fit.classes)), bool)
    codes = np.searchsorted(fit.classes, y)
    separation = fit.separation
    for W, b, rows in zip(
        separation.direction, separation.intercept, separation.rows, strict=True
    ):
        T = X @ W.T + b
        apart = T[range(len(X)), codes][:, None] - T
        rounding = 1e-9 * (1 + np.abs(X) @ np.abs(W).max(axis=0) + np.abs(b).max())[:, None]
        moved = left & (apart > 1e-7)
        assert np.all(apart[left] >= -np.broadcast_to(rounding, apart.shape)[left])
        assert np.all(np.abs(apart)[left & ~moved] <= 1e-8 + rounding.max())
        assert (moved.any(axis=1) & left.all(axis=1)).sum() == rows
        left &= ~moved
    return left


@pytest.mark.parametrize("part", range(4))
def test_no_false_alarm(part):
    rng = np.random.default_rng([1, part])
    for k in range(500):
        X, y = shuffled(rng, *easy(rng))
        fit = fastgd.fit(X, y)
        assert fit.status == "converged", (part, k, fit.message)
        assert fit.separation is None


@pytest.mark.parametrize("kind", [complete, one_class, one_level])
@pytest.mark.parametrize("part", range(2))
def test_separation_is_found(part, kind):
    rng = np.random.default_rng([2, part])
    for k in range(250):
        X, y, rows = shuffled(rng, *kind(rng))
        fit = quiet(X, y)
        assert fit.status == "separated", (k, fit.message)
        assert fit.converged, (k, fit.message)
        assert fit.separation.rows.sum() == rows, k
        check_witness(fit, X, y)
