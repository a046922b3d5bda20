"""Tall dense data: Hessians from drawn rows, bounds and bits as good as ever."""

import warnings

import numpy as np
import problems
import pytest
from problems import Problem, as_layout
from test_fit import assert_solves
from tolerances import EPS, assert_same_bits, cost_rounding, needs_long_double

import fastgd
from fastgd import _core, reference

pytestmark = needs_long_double
N = 20_000


@pytest.fixture(autouse=True)
def few_numbers_are_enough(monkeypatch):
    """Rows are drawn from such data only where there are more of them."""
    monkeypatch.setattr(_core, "MANY", 0)


def heavy_tails(rng, n=N):
    """Columns without a variance, their effect bounded; one row in them outweighs thousands."""
    X = rng.standard_t(1.5, (n, 6)) * 10.0 ** np.arange(-3, 3)
    z = np.tanh(X / 10.0 ** np.arange(-3, 3)) @ [1, -1, 0.5, 2, -0.5, 0] - 1
    return Problem(X, (rng.random(n) < reference.sigmoid(z)).astype(float), name="heavy tails")


def few_positives(rng, n=3 * N):
    """One row in a thousand."""
    X = rng.standard_normal((n, 8))
    y = (rng.random(n) < reference.sigmoid(X[:, 0] - 7.5)).astype(float)
    return Problem(X, y, name="0.1 % positives")


def one_hot(rng, n=N):
    """Three categories with levels down to a few rows, beside two numbers in raw units."""
    blocks = [np.column_stack([rng.lognormal(0, 1, n) * 1e3, rng.standard_normal(n) + 40])]
    for levels in 3, 5, 9:
        share = 0.4 ** np.arange(levels)
        blocks.append(np.eye(levels)[rng.choice(levels, n, p=share / share.sum())])
    X = np.column_stack(blocks)
    z = X[:, 2:] @ rng.standard_normal(17) + 1e-4 * X[:, 0] - 1
    y = (rng.random(n) < reference.sigmoid(z)).astype(float)
    for j in range(2, 19):  # each level with both classes
        y[np.flatnonzero(X[:, j])[:2]] = 0, 1
    return Problem(X, y, name="one-hot")


def many_duplicates(rng):
    return problems.duplicated_rows(rng, N // 20)


def weights_offset_soft(rng, n=N):
    X = rng.standard_normal((n, 10)) @ rng.standard_normal((10, 10)) + 5
    o = rng.standard_normal(n)
    p = reference.sigmoid(X @ rng.standard_normal(10) / 5 + o)
    s = rng.gamma(0.3, size=n) * (rng.random(n) < 0.9)
    return Problem(X, rng.beta(1 + 3 * p, 4 - 3 * p), s, o, name="weights, offset, soft labels")


def sized(make):
    """A maker of `problems`, with rows enough."""

    def problem(rng):
        return make(rng, N)

    problem.__name__ = make.__name__
    return problem


TALL = (
    *map(sized, (
        problems.rare_levels, problems.collinear, problems.constant_columns, problems.raw_units,
        problems.sorted_rows, problems.near_separated,
    )),
    heavy_tails, few_positives, one_hot, many_duplicates, weights_offset_soft,
)  # fmt: skip


def penalised(problem, l2):
    """The penalty in the units of the columns, as on standardised ones."""
    problem.l2 = l2 * problem.X.astype(float).var(axis=0)
    return problem


def quiet(problem, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fastgd.ConvergenceWarning)
        return fastgd.fit(problem.X, problem.y, **problem.options, **options)


@pytest.mark.parametrize("l2", [0.0, 1e-8, 1 / N, 1e-2])
@pytest.mark.parametrize("make", TALL)
def test_the_optimum_and_a_bound_that_holds(rng, make, l2):
    problem = make(rng)
    if l2:
        penalised(problem, l2)
    _, _, best = problem.optimum()
    fit = fastgd.fit(problem.X, problem.y, **problem.options)
    assert fit.solver == "sampled"
    assert fit.converged and fit.status == "converged"
    assert_solves(problem, fit.coef, fit.intercept, fit.gap)
    exact = fastgd.fit(problem.X, problem.y, **problem.options, solver="newton")
    assert fit.rank == exact.rank
    for max_iter in 0, 1, 2, 3, None:
        fit = quiet(problem, max_iter=max_iter)
        true = float(problem.cost(fit.coef, fit.intercept) - best)
        rounding = cost_rounding(problem.X, problem.y, fit.coef, fit.intercept, **problem.objective)
        assert fit.gap >= true * (1 - 1e-9) - rounding, (max_iter, fit.gap, true)
        assert fit.converged == (fit.gap <= 1e-8 * fit.null_cost)


@pytest.mark.parametrize("make", [one_hot, heavy_tails, weights_offset_soft])
def test_every_bound_in_the_history(rng, make):
    problem = penalised(make(rng), 1 / N)
    _, _, best = problem.optimum()
    fit = fastgd.fit(problem.X, problem.y, **problem.options, record=True)
    true = fit.history["cost"] - float(best)
    assert np.all(fit.history["gap"] >= true * (1 - 1e-9) - 64 * EPS)
    assert np.isfinite(fit.history["gap"][-1])


@pytest.mark.parametrize("order", ["C", "F", "row-strided"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "uint8"])
def test_every_type_and_order(isa, rng, dtype, order):
    X = (rng.standard_normal((N, 10)) * 20 + 100).clip(0, 255).astype(dtype)
    z = (X - 100.0) @ rng.standard_normal(10) / 40
    y = (rng.random(N) < reference.sigmoid(z)).astype(float)
    problem = penalised(Problem(X, y), 1 / N)
    fit = fastgd.fit(as_layout(X, order), y, l2=problem.l2)
    assert fit.solver == "sampled" and fit.isa == isa
    assert fit.converged
    assert_solves(problem, fit.coef, fit.intercept, fit.gap)


@pytest.mark.parametrize("index", ["int32", "int64"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("make", [one_hot, sized(problems.rare_levels)])
def test_csr_is_drawn_from_too(rng, make, dtype, index):
    problem = make(rng)
    problem.X = problem.X.astype(dtype)
    penalised(problem, 1 / N)
    X = as_layout(problem.X, f"CSR {index}")
    fit = fastgd.fit(X, problem.y, **problem.options)
    assert fit.solver == "sampled" and fit.bytes_copied == 0
    assert fit.converged
    assert_solves(problem, fit.coef, fit.intercept, fit.gap)
    dense = fastgd.fit(problem.X, problem.y, **problem.options)
    assert abs(fit.n_passes - dense.n_passes) <= 2


@pytest.mark.parametrize("l2", [0.0, 1e-4])
@pytest.mark.parametrize("make", [one_hot, weights_offset_soft])
@pytest.mark.parametrize("order", ["C", "F", "CSR int32"])
def test_the_same_bits_for_any_number_of_threads(isa, rng, make, order, l2):
    problem = make(rng)
    X = as_layout(problem.X, order)
    fits = [
        fastgd.fit(X, problem.y, **(problem.options | {"l2": l2}), record=True, n_threads=t)
        for t in (1, 2, 3, 7, 2)
    ]
    assert {fit.solver for fit in fits} == {"sampled"}
    assert_same_bits(fits)


@pytest.mark.parametrize("make", [one_hot, sized(problems.near_separated)])
def test_fewer_passes_than_with_exact_hessians(rng, make):
    problem = penalised(make(rng), 1 / N)
    fit = fastgd.fit(problem.X, problem.y, **problem.options)
    exact = fastgd.fit(problem.X, problem.y, **problem.options, solver="newton")
    assert fit.n_passes <= exact.n_passes <= 30


@pytest.mark.parametrize("make", [sized(problems.random_rows), one_hot])
def test_separated(rng, make):
    """A column that is set in a few rows, all of one class."""
    problem = make(rng)
    rare = np.zeros(len(problem.y))
    rare[rng.choice(np.flatnonzero(problem.y == 1), 7, replace=False)] = 1
    X = np.column_stack([problem.X, rare])
    with pytest.warns(fastgd.errors.SeparationWarning, match="separated: 7 of"):
        fit = fastgd.fit(X, problem.y)
    assert fit.solver == "sampled"
    assert fit.status == "separated" and fit.converged
    kept = rare == 0
    _, _, best = Problem(problem.X[kept], problem.y[kept]).optimum()
    infimum = float(best) * np.mean(kept)
    assert -64 * EPS <= fit.cost - infimum <= fit.gap + 64 * EPS


def test_not_separated_is_not_called_so(rng):
    for _ in range(20):
        n, d = 10_000, int(rng.integers(1, 6))
        X = rng.standard_normal((n, d)) * 10.0 ** rng.integers(-5, 6, d)
        X[:, 0] = rng.random(n) < 0.002
        z = X[:, 1:] @ (rng.standard_normal(d - 1) * 2 / X[:, 1:].std(axis=0))
        y = (rng.random(n) < reference.sigmoid(z)).astype(float)
        y[np.flatnonzero(X[:, 0])[:2]] = 0, 1
        fit = fastgd.fit(X, y)
        assert fit.solver == "sampled"
        assert fit.status == "converged"


def test_a_start_near_the_optimum(rng):
    problem = penalised(one_hot(rng), 1 / N)
    cold = fastgd.fit(problem.X, problem.y, **problem.options)
    warm = fastgd.fit(problem.X, problem.y, **problem.options, init=(cold.coef, cold.intercept))
    assert warm.converged
    assert warm.cost <= cold.cost * (1 + 4 * EPS)
    assert warm.n_passes < cold.n_passes


def test_a_warm_start_costs_no_pass_of_its_own(rng):
    problem = penalised(one_hot(rng), 1 / N)
    deep = fastgd.fit(problem.X, problem.y, **problem.options, tol=1e-12)
    warm = fastgd.fit(problem.X, problem.y, **problem.options, init=(deep.coef, deep.intercept))
    assert warm.converged and warm.n_passes == 1
    far = (100 * rng.standard_normal(problem.X.shape[1]), 50.0)  # worse than the null model
    fit = fastgd.fit(problem.X, problem.y, **problem.options, init=far)
    assert fit.converged
    assert abs(fit.cost - deep.cost) <= fit.gap + deep.gap


def test_columns_left_out_of_a_start(rng):
    """A constant column's coefficient is part of the intercept, and carries a penalty no more."""
    X = np.column_stack([rng.standard_normal((N, 3)), np.full(N, 2.0)])
    y = (rng.random(N) < reference.sigmoid(X[:, 0])).astype(float)
    best = fastgd.fit(X, y, l2=1e-3, tol=1e-12)
    start = best.coef.copy()
    start[3] = 5
    for solver in "auto", "newton", "newton-cg":
        fit = fastgd.fit(X, y, l2=1e-3, solver=solver, init=(start, best.intercept - 10.0))
        assert fit.converged
        assert fit.coef[3] == 0
        assert fit.cost == pytest.approx(best.cost, abs=best.gap + 1e-12)


def test_rows_of_weight_nothing(rng):
    """Whole blocks of them: skipped once they are known to be finite, and no part of the fit."""
    X = rng.standard_normal((N, 5)) + 3
    y = (rng.random(N) < reference.sigmoid(X[:, 0] - X[:, 1])).astype(float)
    s = np.ones(N)
    s[5_000:9_000] = 0
    kept = s > 0
    for options in {"l2": 1e-4}, {"l2": 0.0}, {"l2": 1e-4, "solver": "newton-cg"}:
        fit = fastgd.fit(X, y, sample_weight=s, tol=1e-12, **options)
        alone = fastgd.fit(X[kept], y[kept], tol=1e-12, **options)
        assert fit.cost == pytest.approx(alone.cost, rel=1e-11)
        np.testing.assert_allclose(fit.coef, alone.coef, rtol=1e-4, atol=1e-5)
    X[7_000, 2] = np.nan
    with pytest.raises(ValueError, match=r"X\[7000, 2\]"):
        fastgd.fit(X, y, sample_weight=s)


@pytest.mark.parametrize("noise", [0.0, 1e-5, 1e-4, 1e-2])
@pytest.mark.parametrize("l2", [0.0, 1e-4, 1e-8, 1e-10])
def test_bounds_beside_columns_that_nearly_follow_from_others(rng, noise, l2):
    """What float adds to a Gram is more than these penalties."""
    X = rng.standard_normal((N, 6))
    X = np.column_stack([X, X @ rng.standard_normal((6, 3)) + noise * rng.standard_normal((N, 3))])
    y = (rng.random(N) < reference.sigmoid(X[:, :6] @ rng.standard_normal(6))).astype(float)
    problem = Problem(X, y, l2=l2)
    _, _, best = problem.optimum()
    for tol in 1e-6, 1e-8, 1e-10:
        fit = quiet(problem, tol=tol)
        true = float(problem.cost(fit.coef, fit.intercept) - best)
        rounding = cost_rounding(X, y, fit.coef, fit.intercept, **problem.objective)
        assert fit.gap >= true * (1 - 1e-9) - rounding, (tol, fit.gap, true)
        assert fit.converged == (fit.gap <= tol * fit.null_cost)


def test_a_column_of_one_class_among_many_rows(rng):
    """Hundreds of rows have the column set, most never drawn: there is no finite optimum."""
    X = rng.poisson(0.01, (3 * N, 30)).astype(float)
    y = (rng.random(3 * N) < reference.sigmoid(X @ rng.standard_normal(30) * 2 - 2)).astype(float)
    y[X[:, 6] > 0] = 0
    with pytest.warns(fastgd.errors.SeparationWarning):
        fit = fastgd.fit(X, y)
    assert fit.status == "separated"
    assert fit.separation.rows == np.count_nonzero(X[:, 6])


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("row", [0, 7, N // 2, N - 1])
def test_a_cell_that_is_not_finite(rng, value, row):
    problem = problems.random_rows(rng, N)
    problem.X[row, 1] = value
    with pytest.raises(ValueError, match=rf"X\[{row}, 1\]"):
        fastgd.fit(problem.X, problem.y)


def test_tight_and_loose_tolerances(rng):
    problem = penalised(one_hot(rng), 1e-4)
    _, _, best = problem.optimum()
    for tol in 1e-2, 1e-5, 1e-8, 1e-11, 1e-13:
        fit = fastgd.fit(problem.X, problem.y, **problem.options, tol=tol)
        assert fit.converged
        true = float(problem.cost(fit.coef, fit.intercept) - best)
        assert true - 64 * EPS <= fit.gap <= tol * fit.null_cost


def test_a_callback_stops_it(rng):
    problem = penalised(one_hot(rng), 1e-4)
    fit = fastgd.fit(problem.X, problem.y, **problem.options, callback=lambda event: True)
    assert fit.status == "callback"
    assert fit.n_iter == 1
