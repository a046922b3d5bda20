"""Wide dense data, every column penalised: one number for each row, certified on X itself."""

import tracemalloc
import warnings
from dataclasses import replace

import numpy as np
import problems
import pytest
from problems import Problem, SoftmaxProblem, as_layout
from test_certificate import rounding_of
from test_fit import assert_solves
from tolerances import EPS, assert_exact, assert_same_bits, cost_rounding, needs_long_double

import fastgd
from fastgd import reference

N, D = 24, 70


def plain(rng, n=N, d=D):
    return replace(problems.random_rows(rng, n, d), l2=0.02)


def off_origin(rng):
    """Columns a thousand deviations off their origin."""
    problem = plain(rng)
    return replace(problem, X=problem.X + 1e3, name="off origin")


def units(rng):
    """Columns from 1e-8 to 1e8, each penalised in its own units."""
    problem = plain(rng)
    scale = 10.0 ** rng.integers(-8, 9, D)
    return replace(problem, X=(problem.X + 3) * scale, l2=0.02 * scale**2, name="units")


def mixed_units(rng):
    """The same with one penalty for all: two columns make up nearly all of the rows' Gram, and what
    the others add to it drowns in its rounding."""
    problem = plain(rng)
    scale = np.ones(D)
    scale[:4] = 1e8, 1e8, 1e-8, 1e-8
    return replace(problem, X=problem.X * scale, l2=0.02, name="mixed units")


def weights_offset_soft(rng):
    X = rng.standard_normal((N, D)) + rng.standard_normal(D)
    s = rng.gamma(1, size=N) * (rng.random(N) < 0.8)
    return Problem(
        X, rng.random(N), s, rng.standard_normal(N), l2=rng.random(D) + 1e-3,
        name="weights, offset, soft labels",
    )  # fmt: skip


def no_intercept(rng):
    problem = weights_offset_soft(rng)
    return replace(problem, fit_intercept=False, name="no intercept")


def duplicated_rows(rng):
    """Rows that come twice, some of them with both classes."""
    problem = plain(rng, N // 2)
    y = np.concatenate([problem.y, problem.y])
    y[:3] = 1 - y[:3]
    return replace(problem, X=np.tile(problem.X, (2, 1)), y=y, name="duplicated rows")


def constant_columns(rng):
    problem = plain(rng)
    problem.X[:, :10] = 0
    problem.X[:, 10:15] = 1e6
    return problem


def weak_penalty(rng):
    """Separable many times over: only the penalty holds the coefficients."""
    return replace(plain(rng), l2=1e-9, name="weak penalty")


def strong_penalty(rng):
    return replace(plain(rng), l2=1e6, name="strong penalty")


def squared_error(rng):
    X = rng.standard_normal((N, D)) + 5
    y = rng.standard_normal(N) * 1e3
    return Problem(X, y, rng.random(N), rng.standard_normal(N), 0.1, "squared_error")


def two_rows(rng):
    return Problem(rng.standard_normal((2, 5)), np.array([0.0, 1.0]), l2=0.1, name="two rows")


def as_many_rows_as_columns(rng):
    return plain(rng, 40, 40)


WIDE = (
    plain, off_origin, units, weights_offset_soft, no_intercept, duplicated_rows, constant_columns,
    weak_penalty, strong_penalty, squared_error, two_rows, as_many_rows_as_columns,
)  # fmt: skip


def quiet(problem, X=None, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fastgd.ConvergenceWarning)
        X = problem.X if X is None else X
        return fastgd.fit(X, problem.y, **problem.options, **options)


def gap_rounding(problem, fit):
    return cost_rounding(problem.X, problem.y, fit.coef, fit.intercept, **problem.objective)


@needs_long_double
@pytest.mark.parametrize("make", WIDE)
def test_the_optimum_and_a_bound_that_holds(isa, rng, make):
    problem = make(rng)
    _, _, best = problem.optimum()
    for max_iter in None, 0, 1, 2, 3, 5:
        fit = quiet(problem, max_iter=max_iter)
        assert fit.solver == "dual" and fit.isa == isa
        true = float(problem.cost(fit.coef, fit.intercept) - best)
        assert fit.gap >= true * (1 - 1e-9) - gap_rounding(problem, fit), max_iter
        assert fit.gap_kind == "dual"
        assert fit.converged == (fit.gap <= 1e-8 * fit.null_cost)
        if max_iter is None:
            assert fit.status == "converged"
            assert fit.n_passes <= 6
            assert_solves(problem, fit.coef, fit.intercept, fit.gap)


@needs_long_double
@pytest.mark.parametrize("make", [*WIDE, mixed_units])
def test_the_gradient_vanishes(rng, make):
    """Beside what the gradient is a difference of: residuals times X."""
    problem = make(rng)
    fit = fastgd.fit(problem.X, problem.y, **problem.options)
    assert fit.converged
    g, g0 = (
        reference.cost_and_gradient(
            problem.X.astype(np.longdouble), problem.y, fit.coef, fit.intercept,
            **problem.objective,
        )[1:]
    )  # fmt: skip
    # a gap bounds the gradient in the norm of the inverse Hessian, which is below X'X / n + l2
    s = np.ones(len(problem.y)) if problem.sample_weight is None else problem.sample_weight
    top = (s / s.sum()) @ problem.X.astype(float) ** 2 + problem.l2
    assert np.all(np.abs(g) <= np.sqrt(2 * 1e-8 * fit.null_cost * top))
    if problem.fit_intercept:
        assert abs(g0) <= np.sqrt(2 * 1e-8 * fit.null_cost)


@needs_long_double
def test_units_that_drown_each_other(rng):
    """Another solver goes on from there, and counts on."""
    for _ in range(5):
        problem = mixed_units(rng)
        steps = []
        fit = fastgd.fit(
            problem.X, problem.y, **problem.options, record=True,
            callback=lambda it, steps=steps: steps.append(it.iteration),
        )  # fmt: skip
        other = fastgd.fit(problem.X, problem.y, **problem.options, solver="newton")
        assert fit.solver == "newton" and fit.n_passes > other.n_passes
        assert steps == list(range(1, fit.n_iter + 1))
        assert np.all(np.diff(fit.history["passes"]) > 0)
        assert fit.converged and other.converged
        assert_solves(problem, fit.coef, fit.intercept, fit.gap)


@pytest.mark.parametrize("l2", [1e-9, 1e-5, 1e-3])
@pytest.mark.parametrize(("n", "d", "classes"), [(5, 10, 2), (12, 40, 2), (50, 60, 2), (20, 80, 3)])
def test_units_of_every_column(n, d, classes, l2, rng):
    """A step of which rounding leaves a millionth, or makes a loss, ends it."""
    for _ in range(10):
        X = rng.normal(size=(n, d)) * 10.0 ** rng.integers(-7, 8, d)
        y = rng.permutation(np.arange(n) % classes)
        fit = fastgd.fit(X, y, l2=l2)
        other = fastgd.fit(X, y, l2=l2, solver="newton")
        assert fit.converged and fit.gap_kind == "dual"
        assert fit.cost - fit.gap <= other.cost and other.cost - other.gap <= fit.cost
        assert fit.cost <= fit.null_cost
        assert fit.cost == pytest.approx(
            fastgd.cost(X, y, fit.coef, fit.intercept, l2=l2), rel=1e-9, abs=1e-13
        )


@needs_long_double
@pytest.mark.parametrize("power", [4, 5, 6, 7])
def test_units_that_nearly_do(rng, power):
    """Steps go on from the true margins where the rows' Gram is not good enough at first."""
    problem = plain(rng)
    scale = np.where(np.arange(D) < 4, 10.0**power, 1.0)
    problem = replace(problem, X=problem.X * scale)
    fit = fastgd.fit(problem.X, problem.y, **problem.options)
    assert fit.converged
    assert_solves(problem, fit.coef, fit.intercept, fit.gap)


@needs_long_double
@pytest.mark.parametrize("make", [plain, weights_offset_soft, weak_penalty, squared_error])
def test_every_bound_in_the_history(rng, make):
    problem = make(rng)
    _, _, best = problem.optimum()
    fit = fastgd.fit(problem.X, problem.y, **problem.options, record=True)
    silent = fastgd.fit(problem.X, problem.y, **problem.options)
    assert_exact(fit.coef, silent.coef)
    assert len(fit.history["cost"]) == fit.n_iter
    true = fit.history["cost"] - float(best)
    rounding = gap_rounding(problem, fit)
    assert np.all(fit.history["gap"] >= true * (1 - 1e-9) - 4 * rounding)
    assert np.isfinite(fit.history["gap"]).all()


def test_the_observer_sees_the_users_units(rng):
    problem = weights_offset_soft(rng)
    seen = []

    def look(it):
        seen.append((it.coef.copy(), it.intercept, it.cost, it.gradient_norm))
        return len(seen) == 2

    fit = fastgd.fit(problem.X, problem.y, **problem.options, callback=look)
    assert fit.status == "callback" and len(seen) == fit.n_iter == 2
    for coef, intercept, cost, norm in seen:
        again, g, g0 = fastgd.cost_and_gradient(
            problem.X, problem.y, coef, intercept, **problem.objective
        )
        assert cost == pytest.approx(again, rel=1e-12)
        assert norm == pytest.approx(np.sqrt(g @ g + g0**2), rel=1e-6)
    assert_exact(fit.coef, seen[-1][0])


@needs_long_double
@pytest.mark.parametrize("order", ["C", "F", "row-strided"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "uint8"])
def test_every_type_and_order(isa, rng, dtype, order):
    X = (rng.standard_normal((N, D)) * 20 + 100).clip(0, 255).astype(dtype)
    y = rng.integers(0, 2, N).astype(float)
    problem = Problem(X, y, l2=5.0)
    fit = fastgd.fit(as_layout(X, order), y, l2=5.0)
    assert fit.solver == "dual" and fit.isa == isa
    assert fit.converged and fit.bytes_copied == 0
    assert_solves(problem, fit.coef, fit.intercept, fit.gap)


@pytest.mark.parametrize("shape", [(7, 3000), (72, 1500), (130, 400), (150, 150)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_the_same_bits_for_any_number_of_threads(isa, rng, shape, order):
    problem = plain(rng, *shape)
    X = as_layout(problem.X, order)
    fits = [quiet(problem, X, record=True, n_threads=t) for t in (1, 2, 3, 7, 2)]
    assert {fit.solver for fit in fits} == {"dual"}
    assert_same_bits(fits)


def test_so_many_rows_that_the_gram_is_cut_otherwise(rng):
    """Lines of the rows' Gram instead of partial sums."""
    problem = plain(rng, 800, 900)
    fits = [quiet(problem, n_threads=t) for t in (1, 3)]
    other = quiet(problem, solver="newton-cg", tol=1e-10)
    for fit in fits:
        assert fit.solver == "dual" and fit.converged
        assert_exact(fit.coef, fits[0].coef)
        assert -other.gap <= fit.cost - other.cost + 64 * EPS <= fit.gap + 128 * EPS


@pytest.mark.parametrize("make", [plain, weights_offset_soft, no_intercept, squared_error, units])
def test_a_start_near_the_optimum(rng, make):
    problem = make(rng)
    cold = fastgd.fit(problem.X, problem.y, **problem.options)
    start = cold.coef + 1e-6 * np.abs(cold.coef) * rng.standard_normal(D), cold.intercept
    warm = fastgd.fit(problem.X, problem.y, **problem.options, init=start)
    assert warm.converged and warm.solver == "dual"
    assert abs(warm.cost - cold.cost) <= warm.gap + cold.gap + 64 * EPS * cold.cost
    assert warm.n_iter <= 1 or warm.n_iter < cold.n_iter


@pytest.mark.parametrize("far", [1.0, 1e3, 1e8])
def test_a_start_far_away(rng, far):
    problem = plain(rng)
    start = far * rng.standard_normal(D), far
    fit = fastgd.fit(problem.X, problem.y, **problem.options, init=start)
    cold = fastgd.fit(problem.X, problem.y, **problem.options)
    assert fit.converged
    assert abs(fit.cost - cold.cost) <= fit.gap + cold.gap + 64 * EPS


def test_nothing_of_columns_squared_is_held(rng):
    """A matrix of columns by columns would take 3.2 GB."""
    problem = plain(rng, 50, 20_000)
    tracemalloc.start()
    try:
        fit = fastgd.fit(problem.X, problem.y, **problem.options, n_threads=1)
        held = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert fit.solver == "dual" and fit.converged
    assert problem.X.nbytes / 10 < held < 3 * problem.X.nbytes


@pytest.mark.parametrize("place", [(0, 0), (11, 33), (N - 1, D - 1)])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_not_finite(rng, place, value):
    problem = plain(rng)
    problem.X[place] = value
    with pytest.raises(ValueError, match=rf"X\[{place[0]}, {place[1]}\] is"):
        fastgd.fit(problem.X, problem.y, **problem.options)


# --- several classes: a number for each row and class --------------------------------


def of_classes(make, rng, K=3):
    """The same columns, weights and penalty with K classes, soft labels where they were soft."""
    problem = make(rng)
    n = len(problem.y)
    if np.isin(problem.y, [0, 1]).all():
        Z = (problem.X - problem.X.mean(axis=0)) / (problem.X.std(axis=0) + 1e-300)
        Z = Z @ rng.standard_normal((len(Z.T), K))
        codes = (Z / Z.std() + rng.gumbel(size=(n, K))).argmax(axis=1)
        codes[:K] = range(K)
        y = np.eye(K)[codes]
    else:
        y = rng.dirichlet(np.ones(K), n)
    s = problem.sample_weight
    if s is not None:
        s[:K] = 0.1 + rng.random(K)  # no class without a row
    o = None if problem.offset is None else rng.standard_normal((n, K))
    return SoftmaxProblem(
        problem.X, y, s, o, problem.l2, "softmax", problem.fit_intercept, problem.name
    )  # fmt: skip


SEVERAL = [make for make in WIDE if make not in (squared_error, two_rows, as_many_rows_as_columns)]


@needs_long_double
@pytest.mark.parametrize("make", SEVERAL)
def test_several_classes(isa, rng, make):
    problem = of_classes(make, rng)
    _, _, best = problem.optimum()
    for max_iter in None, 0, 1, 2, 3, 5:
        fit = quiet(problem, max_iter=max_iter)
        assert fit.solver == "dual" and fit.isa == isa
        true = float(problem.cost(fit.coef, fit.intercept) - best)
        rounding = rounding_of(problem, fit)
        assert -rounding <= true <= fit.gap * (1 + 1e-9) + rounding, max_iter
        assert fit.gap_kind == "dual"
        assert fit.converged == (fit.gap <= 1e-8 * fit.null_cost)
        assert np.abs(fit.coef.sum(axis=0)).max() <= 1e-14 * np.abs(fit.coef).max()
        if max_iter is None:
            assert fit.status == "converged"
            assert fit.n_passes <= 6
            assert fit.gap <= 10 * max(true, 0) + rounding + 1e-9 * fit.null_cost


@needs_long_double
@pytest.mark.parametrize("make", [plain, weights_offset_soft, no_intercept, weak_penalty])
def test_every_bound_in_the_history_of_several_classes(rng, make):
    problem = of_classes(make, rng, 4)
    _, _, best = problem.optimum()
    fit, silent = quiet(problem, record=True), quiet(problem)
    assert fit.solver == "dual"
    assert_exact(fit.coef, silent.coef)
    assert len(fit.history["cost"]) == fit.n_iter
    true = fit.history["cost"] - float(best)
    assert np.all(fit.history["gap"] >= true * (1 - 1e-9) - 4 * rounding_of(problem, fit))
    assert np.isfinite(fit.history["gap"]).all()


@needs_long_double
def test_units_of_several_classes_that_drown_each_other(rng):
    """Another solver goes on from there, counts on, and its bound is a bound."""
    problem = of_classes(mixed_units, rng)
    _, _, best = problem.optimum()
    steps = []
    fit = quiet(problem, callback=lambda it: steps.append(it.iteration))
    assert fit.solver != "dual"
    assert steps == list(range(1, fit.n_iter + 1))
    true = float(problem.cost(fit.coef, fit.intercept) - best)
    assert true <= fit.gap * (1 + 1e-9) + rounding_of(problem, fit)


@pytest.mark.parametrize("order", ["C", "F", "row-strided"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "uint8"])
def test_every_type_and_order_of_several_classes(isa, rng, dtype, order):
    X = (rng.standard_normal((N, D)) * 20 + 100).clip(0, 255).astype(dtype)
    y = np.arange(N) % 4
    fit = fastgd.fit(as_layout(X, order), y, l2=5.0)
    other = fastgd.fit(X.astype(float), y, l2=5.0, solver="newton-cg", tol=1e-12)
    assert fit.solver == "dual" and fit.isa == isa
    assert fit.converged and fit.bytes_copied == 0
    assert -other.gap <= fit.cost - other.cost + 64 * EPS <= fit.gap + 128 * EPS


@pytest.mark.parametrize("shape", [(7, 3000), (72, 1500), (130, 400), (450, 900)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_the_same_bits_of_several_classes_for_any_number_of_threads(isa, rng, shape, order):
    X = as_layout(rng.standard_normal(shape) + 1, order)
    y = np.arange(shape[0]) % 5
    fits = [fastgd.fit(X, y, l2=0.1, record=True, n_threads=t) for t in (1, 2, 3, 7, 2)]
    assert {fit.solver for fit in fits} == {"dual"}
    assert_same_bits(fits)


@pytest.mark.parametrize("make", [plain, weights_offset_soft, no_intercept, units])
def test_a_start_of_several_classes(rng, make):
    """Near the optimum it pays, and far away it does no harm."""
    problem = of_classes(make, rng)
    cold = quiet(problem)
    near = cold.coef + 1e-6 * np.abs(cold.coef) * rng.standard_normal(cold.coef.shape)
    warm = quiet(problem, init=(near, cold.intercept))
    away = quiet(problem, init=(1e3 * rng.standard_normal(cold.coef.shape), np.arange(3.0)))
    level = quiet(problem, init=(0 * near, np.array([0.1, 0.0, -0.1])))
    for fit in warm, away, level:
        assert fit.converged and fit.solver == "dual"
        assert abs(fit.cost - cold.cost) <= fit.gap + cold.gap + 64 * EPS * cold.cost
    assert warm.n_iter < cold.n_iter


@pytest.mark.parametrize("place", [(0, 0), (11, 33), (N - 1, D - 1)])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_not_finite_among_several_classes(rng, place, value):
    problem = of_classes(plain, rng)
    problem.X[place] = value
    with pytest.raises(ValueError, match=rf"X\[{place[0]}, {place[1]}\] is"):
        fastgd.fit(problem.X, problem.y, **problem.options)


def test_many_classes_and_few_rows(rng):
    """More classes than rows of most of them."""
    X = rng.standard_normal((60, 300))
    y = np.arange(60) % 25
    fit = fastgd.fit(X, y, l2=1e-3)
    other = fastgd.fit(X, y, l2=1e-3, solver="newton-cg", tol=1e-12)
    assert fit.solver == "dual" and fit.converged
    assert -other.gap <= fit.cost - other.cost + 64 * EPS <= fit.gap + 128 * EPS


def test_what_is_not_for_it(rng):
    """A column without a penalty, sparse X, more rows than that: the other solvers."""
    problem = plain(rng)
    l2 = np.full(D, 0.02)
    l2[3] = 0
    assert quiet(replace(problem, l2=l2)).solver == "newton"
    assert quiet(problem, as_layout(problem.X, "CSR int32")).solver == "newton"
    assert quiet(plain(rng, 200, 20)).solver == "newton"
    several = of_classes(plain, rng)
    assert quiet(several).solver == "dual"
    assert quiet(replace(several, l2=l2)).solver == "newton"
    assert quiet(several, as_layout(several.X, "CSR int32")).solver == "newton"
    # there are products with the rows' Gram at each step: it pays for twice as many columns
    assert quiet(of_classes(lambda rng: plain(rng, 35, 70), rng)).solver == "dual"
    assert quiet(of_classes(lambda rng: plain(rng, 36, 70), rng)).solver == "newton"
