"""Separation without a penalty: found where it is, never where it is not, and certified."""

import warnings

import numpy as np
import pytest
from problems import LAYOUTS, as_layout

import fastgd

EPS = np.finfo(float).eps


def columns(rng, n, d):
    """Columns as tables have them: continuous, counts, levels, raw units."""
    X = rng.standard_normal((n, d))
    kind = rng.integers(4)
    if kind == 1:
        X = rng.integers(0, 2, (n, d)).astype(float)
    elif kind == 2:
        X = np.round(2 * X)
    elif kind == 3:
        X *= 10.0 ** rng.uniform(-6, 6, d)
    return X


def easy(rng):
    """Not separable: d + 1 rows that span the space stand there with both labels."""
    n, d = rng.integers(12, 60), rng.integers(1, 6)
    both = rng.standard_normal((d + 1, d))
    X = np.vstack([both, both, columns(rng, n, d)])
    y = np.r_[np.zeros(d + 1, int), np.ones(d + 1, int), rng.integers(0, 2, n)]
    steep = rng.random() < 0.5
    if steep:  # nearly separated otherwise
        y[2 * (d + 1) :] = X[2 * (d + 1) :] @ rng.standard_normal(d) > 0
    return X, y


def separated(rng):
    """Complete separation by a plane, or of a few rows only; returns how many rows."""
    if rng.random() < 0.5:
        n, d = rng.integers(12, 60), rng.integers(1, 6)
        X = columns(rng, n, d)
        z = (X / np.abs(X).max(axis=0).clip(1e-300)) @ rng.standard_normal(d)
        y = (np.argsort(np.argsort(z)) >= n // 2).astype(int)
        z = np.where(y == 1, z, -z)
        gap = np.ptp(z) * 0.05 * rng.random()
        X = np.column_stack([X, np.where(y == 1, 1, -1) * (gap + np.abs(z))])
        return X, y, n
    # a level that only one class has, beside rows with both labels
    X, y = easy(rng)
    few = rng.integers(1, 5)
    level = np.r_[np.zeros(len(X)), np.ones(few)]
    X = np.column_stack([np.vstack([X, rng.standard_normal((few, X.shape[1]))]), level])
    order = rng.permutation(len(X))
    return X[order], np.r_[y, np.full(few, rng.integers(2))][order], few


def quiet(X, y, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fastgd.SeparationWarning)
        return fastgd.fit(X, y, **options)


@pytest.mark.parametrize("part", range(4))
def test_no_false_alarm(part):
    rng = np.random.default_rng([1, part])
    for k in range(500):
        X, y = easy(rng)
        fit = fastgd.fit(X, y)
        assert fit.status == "converged", (part, k, fit.message)
        assert fit.separation is None


@pytest.mark.parametrize("part", range(4))
def test_separation_is_found(part):
    rng = np.random.default_rng([2, part])
    for k in range(500):
        X, y, rows = separated(rng)
        fit = quiet(X, y)
        assert fit.status == "separated", (part, k, fit.message)
        assert fit.converged, (part, k, fit.message)
        assert fit.separation.rows.sum() == rows, (part, k)
        check_witness(fit, X, y)


def check_witness(fit, X, y):
    """Every direction moves its rows to the side of their label, and no row that is left."""
    left = np.ones(len(X), bool)
    for w, b, rows in zip(
        fit.separation.direction, fit.separation.intercept, fit.separation.rows, strict=True
    ):
        t = np.where(y == fit.classes[1], 1, -1) * (X @ w + b)
        scale = 1e-9 * (1 + np.abs(X) @ np.abs(w) + abs(b))
        moved = left & (np.abs(t) > 1e-7)
        assert moved.sum() == rows
        assert np.all(t[moved] > 0)
        assert np.all(np.abs(t[left & ~moved]) <= 1e-8 + scale[left & ~moved])
        left &= ~moved


@pytest.fixture
def quasi(rng):
    """Three rows of one level, all of class 1, among 400 that overlap."""
    X = rng.standard_normal((400, 3))
    y = (X[:, 0] + rng.standard_normal(400) > 0).astype(int)
    level = np.zeros(400)
    level[:3] = 1
    y[:3] = 1
    return np.column_stack([X, level]), y


def tables(rng, n, one_label):
    """Rows with both labels all over, some of them far from the middle; and a rare level whose rows
    have one label only, or one row of them another."""
    d = int(rng.integers(1, 10))
    kinds = [
        rng.normal,
        lambda size: rng.standard_t(2, size),
        lambda size: rng.lognormal(size=size),
    ]
    X = kinds[rng.integers(3)](size=(n, d))
    level = np.zeros(n)
    rows = rng.choice(n, int(rng.integers(2, 60)), replace=False)
    level[rows] = 1
    z = X / X.std(axis=0) @ rng.normal(size=d) * 10 ** rng.uniform(-1, 1) + rng.normal()
    y = (z + rng.logistic(size=n) > 0).astype(int)
    y[rows] = label = rng.integers(2)
    y[rng.choice(np.flatnonzero(level == 0), 40, replace=False)] = np.arange(40) % 2
    if not one_label:
        y[rows[0]] = 1 - label
    X = np.column_stack([X, level])
    return (X * 10 ** rng.uniform(-4, 4, d + 1) if rng.random() < 0.5 else X), y, len(rows)


@pytest.mark.parametrize("n", [2_000, 15_000])
def test_a_rare_level_of_one_label(n):
    """Where there are many rows, the first fits, of a few, may send it so far that its rows show no
    curvature and no gradient any more."""
    for seed in range(80):
        X, y, rows = tables(np.random.default_rng([3, seed]), n, one_label=True)
        fit = quiet(X, y)
        assert fit.status == "separated" and fit.converged, (seed, fit.message)
        assert fit.separation.rows[0] == rows, (seed, fit.message)
        along = np.abs(fit.separation.direction[0] * X.std(axis=0))
        assert along[:-1].max() <= 1e-9 * along[-1], seed


@pytest.mark.parametrize("n", [2_000, 15_000])
def test_a_rare_level_of_both_labels(n):
    for seed in range(80):
        X, y, _ = tables(np.random.default_rng([3, seed]), n, one_label=False)
        fit = fastgd.fit(X, y)
        assert fit.status == "converged" and fit.separation is None, (seed, fit.message)


def test_the_rest_is_fitted_as_if_alone(quasi):
    X, y = quasi
    with pytest.warns(fastgd.SeparationWarning, match=r"3 of 400 rows.*columns 3\b.*l2") as caught:
        fit = fastgd.fit(X, y)
    assert len(caught) == 1
    alone = fastgd.fit(X[3:, :3], y[3:])
    assert fit.separation.columns == [[3]]
    np.testing.assert_allclose(fit.coef[:3], alone.coef, rtol=1e-6)
    infimum = alone.cost * 397 / 400
    assert infimum <= fit.cost + 4 * EPS
    assert fit.cost - infimum <= fit.gap + 4 * EPS
    assert fit.gap <= 1e-8
    assert fit.cost == pytest.approx(fastgd.cost(X, y, fit.coef, fit.intercept), rel=1e-12)


def test_predictions_are_the_limit(quasi, tmp_path):
    X, y = quasi
    fit = quiet(X, y)
    new = np.array([[0.3, 0.1, -0.2, 0.0], [-9.0, 0.0, 0.0, 1.0]])
    z = fit.decision_function(new)
    assert np.isfinite(z[0])
    assert z[1] == np.inf
    np.testing.assert_array_equal(fit.predict_proba(new)[1], [0.0, 1.0])
    assert fit.predict(new)[1] == 1
    fit.save(tmp_path / "model")
    again = fastgd.load(tmp_path / "model")
    np.testing.assert_array_equal(again.decision_function(new), z)
    assert again.separation.columns == fit.separation.columns


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout_weights_and_threads(quasi, layout):
    X, y = quasi
    weights = np.linspace(0, 2, 400)
    weights[:3] = 1
    fits = [
        quiet(as_layout(X, layout), y, sample_weight=weights, n_threads=threads)
        for threads in (1, 2, 3)
    ]
    for fit in fits:
        assert fit.status == "separated"
        assert fit.separation.rows.tolist() == [3]
        np.testing.assert_array_equal(fit.coef, fits[0].coef)


def test_a_row_without_weight_neither_separates_nor_hinders(quasi):
    X, y = quasi
    weights = np.ones(400)
    weights[:3] = 0
    assert fastgd.fit(X, y, sample_weight=weights).status == "converged"
    y[0] = 0  # opposes the level, but does not count
    weights[1:3] = 1
    assert quiet(X, y, sample_weight=weights).separation.rows.tolist() == [2]


def test_a_penalty_ends_it(quasi):
    X, y = quasi
    fit = fastgd.fit(X, y, l2=1e-6)
    assert fit.status == "converged"
    assert fit.separation is None


def test_a_penalty_on_the_column_that_separates_is_enough(quasi):
    X, y = quasi
    fit = fastgd.fit(X, y, l2=[0, 0, 0, 1e-6])
    assert fit.status == "converged"
    fit = quiet(X, y, l2=[1e-3, 1e-3, 1e-3, 0])
    assert fit.separation.columns == [[3]]
    # the classes part completely, but only along a column with a penalty
    fit = fastgd.fit(X[:, :2], (X[:, 0] > 0).astype(int), l2=[1e-6, 0])
    assert fit.status == "converged"


def test_without_a_tolerance_the_coefficients_stay_finite(rng):
    X = rng.standard_normal((60, 2))
    for y in X[:, 0] > 0, np.digitize(X[:, 0], [-0.5, 0.5]):
        fit = quiet(X, y, tol=0)
        assert fit.status == "separated"
        assert np.isfinite(fit.coef).all()
        assert fit.cost < 1e-300


def test_soft_labels_are_never_fitted_perfectly(quasi):
    X, y = quasi
    soft = np.clip(y.astype(float), 0.01, 0.99)
    assert fastgd.fit(X, soft).status == "converged"


def test_columns_that_only_the_separated_rows_need(rng):
    """All levels of a factor, collinear with the intercept, one of them pure."""
    level = rng.integers(0, 4, 300)
    y = (rng.random(300) < 0.4).astype(int)
    y[level == 2] = 0
    X = np.eye(4)[level]
    fit = quiet(X, y)
    assert fit.status == "separated"
    assert fit.converged
    assert fit.separation.rows.tolist() == [(level == 2).sum()]
    p = fit.predict_proba(np.eye(4))[:, 1]
    for k in 0, 1, 3:
        assert p[k] == pytest.approx(y[level == k].mean(), rel=1e-6)
    assert p[2] == 0


def test_rows_without_a_column_that_moves():
    """Indicators without an intercept, from a passenger list: some rows have only columns that the
    direction leaves alone, so what rounding makes of those coefficients must not count."""
    cells = """
        0000000000 1 2; 0000000010 1 3; 0010000000 1 1; 0100000000 0 1; 0100000100 0 3;
        0100000100 1 1; 1000000000 0 1; 1000000010 0 1; 1000000010 1 1; 1100000100 0 5;
        1100000100 1 1; 1100001000 0 4"""
    levels, labels, counts = zip(*(cell.split() for cell in cells.split(";")), strict=True)
    X = np.array([[float(c) for c in row] for row in levels]).repeat([int(k) for k in counts], 0)
    y = np.array([int(c) for c in labels]).repeat([int(k) for k in counts])
    for seed in range(12):
        order = np.random.default_rng(seed).permutation(len(y))
        fit = quiet(X[order], y[order], fit_intercept=False)
        assert fit.status == "separated", seed
        assert fit.separation.rows.tolist() == [6]  # 0010000000, 0100000000, 1100001000


@pytest.mark.parametrize("solver", ["newton-cg", "lbfgs"])
def test_complete_separation_is_seen_without_a_gram(rng, solver):
    X = rng.standard_normal((80, 2500))
    y = rng.integers(0, 2, 80)
    with pytest.warns(fastgd.SeparationWarning, match="80 of 80 rows"):
        fit = fastgd.fit(X, y, solver=solver)
    assert fit.status == "separated"
    assert fit.converged
    check_witness(fit, X, y)
    np.testing.assert_array_equal(fit.predict_proba(X)[:, 1], y)
