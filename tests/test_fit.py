"""The fits: the plain rule, the optimum on any data, the laws, what is reported."""

import math
import pickle
import warnings

import numpy as np
import problems
import pytest
from problems import DTYPES, LAYOUTS, as_layout
from tolerances import EPS, Exact, assert_exact, cost_rounding, needs_long_double

import fastgd
from fastgd import modelfile, reference

LOSSES = "log_loss", "squared_error"
SOLVERS = "gd", "agd", "newton", "newton-cg", "lbfgs"


def quiet(X, y, **options):
    """Fit without the warning that the limit of steps came first."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fastgd.ConvergenceWarning)
        return fastgd.fit(X, y, **options)


def assert_solves(problem, coef, intercept, gap):
    """The model is within `gap` of the optimum's cost, and its margins are as close to those of
    the optimum as such a gap allows: half the mean of q dz**2, q the curvature, is the gap."""
    w, b, best = problem.optimum()
    rounding = cost_rounding(problem.X, problem.y, coef, intercept, **problem.objective)
    assert float(problem.cost(coef, intercept) - best) <= gap + rounding
    X = problem.X.astype(np.longdouble)
    n = len(X)
    o = np.zeros(n) if problem.offset is None else problem.offset
    s = np.ones(n) if problem.sample_weight is None else problem.sample_weight
    q = reference.LOSSES[problem.loss][2](reference.LOSSES[problem.loss][1](X @ w + b + o))
    distance = (s / s.sum()) @ (q * (X @ (w - coef) + b - intercept) ** 2) / 2
    assert distance <= 4 * (gap + rounding)


# --- gradient descent is the rule ------------------------------------------------


@needs_long_double
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_gd_is_exactly_the_rule(isa, rng, loss, fit_intercept):
    """Each step adds the rounding of one gradient; a step below 2/L magnifies none of it."""
    X = rng.standard_normal((60, 5)) + 1
    y = problems.random_targets(rng, 60, loss, soft=True)
    w, b = rng.standard_normal(5).astype(np.longdouble), 0.25 * fit_intercept
    options = {
        "loss": loss,
        "l2": rng.random(5) / 10,
        "sample_weight": rng.random(60),
        "offset": rng.standard_normal(60),
    }
    start, rate, error = (w.astype(float), b), 0.05, 0.0
    for k in range(40):
        fit = quiet(
            X, y, solver="gd", learning_rate=rate, max_iter=k, init=start,
            fit_intercept=fit_intercept, **options,
        )  # fmt: skip
        distance = np.sqrt(np.sum((fit.coef - w) ** 2) + (fit.intercept - b) ** 2)
        assert distance <= error + 4 * EPS * np.abs(w).max()
        (g, bound), (g0, bound0) = Exact(X, y, w, b, **options).gradient()
        error += rate * np.sqrt(np.sum(bound**2) + bound0**2) + 4 * EPS * (np.abs(w).max() + abs(b))
        w = w - np.longdouble(rate) * g
        b = b - np.longdouble(rate) * g0 * fit_intercept
        assert fit.n_iter == k
    assert error < 1e-11


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_gd_equals_the_loop_in_numpy(rng, dtype, layout):
    X = problems.random_matrix(rng, 80, 6, dtype)
    y = rng.integers(0, 2, 80)
    scale = 1e-5 if dtype == "uint8" else 0.3
    start = np.zeros(6), 0.0
    fit = quiet(as_layout(X, layout), y, solver="gd", learning_rate=scale, max_iter=200, init=start)
    loop = reference.fit(X.astype(float), y, learning_rate=scale, n_iter=200, init=start)
    np.testing.assert_allclose(fit.coef, loop.coef, rtol=1e-11, atol=1e-15)
    assert fit.intercept == pytest.approx(loop.intercept, rel=1e-11)


@pytest.mark.parametrize("loss", LOSSES)
def test_gd_finds_its_own_step(rng, loss):
    """From a bound on the curvature: the cost falls at every step, and the message names it."""
    problem = problems.known_solution(rng, 200, 5, l2=1e-3, weights=True, loss=loss)
    fit = quiet(problem.X, problem.y, **problem.options, solver="gd", max_iter=3000, record=True)
    costs = fit.history["cost"]
    rounding = cost_rounding(problem.X, problem.y, fit.coef, fit.intercept, **problem.objective)
    assert np.all(np.diff(costs) <= 2 * rounding)
    assert "step" in fit.message or "learning_rate" in fit.message
    best = float(problem.cost(problem.coef, problem.intercept))
    assert 0 <= costs[-1] - best + 4 * EPS <= 1e-9


@pytest.mark.parametrize("rate", [1e4, 1e150, 1e308])
def test_a_learning_rate_too_large(rng, rate):
    problem = problems.random_rows(rng, 100)
    start = np.full(3, 0.1), 0.0
    with pytest.warns(fastgd.ConvergenceWarning, match="learning_rate"):
        fit = fastgd.fit(
            problem.X, problem.y, solver="gd", learning_rate=rate, init=start, max_iter=10_000
        )
    assert fit.status == "diverged"
    assert not fit.converged
    assert "learning_rate" in fit.message
    first = fastgd.cost(problem.X, problem.y, *start)
    assert fit.cost <= first
    assert fit.cost == pytest.approx(fastgd.cost(problem.X, problem.y, fit.coef, fit.intercept))
    assert np.all(np.isfinite(fit.coef))
    assert fit.n_iter < 10_000


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("l2", [0.0, 1e-3])
def test_agd_approaches_the_optimum(rng, loss, l2):
    problem = problems.known_solution(rng, 300, 6, l2=l2, weights=True, offset=True, loss=loss)
    fit = quiet(problem.X, problem.y, **problem.options, solver="agd", max_iter=2000)
    best = float(problem.cost(problem.coef, problem.intercept))
    assert fit.cost - best <= 1e-13 * (1 + best)


def test_agd_is_faster_than_gd(rng):
    problem = problems.random_rows(rng, 400, 4)
    problem.X = problem.X * [1, 1, 0.05, 0.02]
    best = float(problem.optimum()[2])
    excess = [
        quiet(problem.X, problem.y, solver=solver, max_iter=300).cost - best
        for solver in ("gd", "agd")
    ]
    assert excess[1] < excess[0] / 10


# --- Newton finds the optimum on any data ----------------------------------------


@needs_long_double
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("l2", [0.0, 1e-3])
def test_known_solutions(isa, rng, loss, l2):
    for n, d in ((30, 1), (60, 4), (97, 16), (200, 33)):
        problem = problems.known_solution(rng, n, d, l2=l2, weights=True, offset=True, loss=loss)
        fit = fastgd.fit(problem.X, problem.y, **problem.options)
        assert fit.converged
        assert fit.isa == isa
        assert_solves(problem, fit.coef, fit.intercept, fit.gap)


@needs_long_double
@pytest.mark.parametrize("l2", [0.0, 1e-6])
@pytest.mark.parametrize("make", problems.UGLY)
def test_ugly_data(rng, make, l2):
    problem = make(rng)
    problem.l2 = l2 * problem.X.var(axis=0) if l2 else problem.l2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = fastgd.fit(problem.X, problem.y, **problem.options)
    assert fit.converged
    assert fit.status == "converged"
    assert_solves(problem, fit.coef, fit.intercept, fit.gap)


@needs_long_double
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_type_and_layout(isa, rng, dtype, layout):
    X = problems.random_matrix(rng, 300, 7, dtype)
    problem = problems.Problem(X, rng.integers(0, 2, 300).astype(float))
    fit = fastgd.fit(as_layout(X, layout), problem.y)
    assert fit.converged
    assert_solves(problem, fit.coef, fit.intercept, fit.gap)


@pytest.fixture(scope="module")
def birth_weights():
    stored = pytest.importorskip("statsmodels.genmod.tests.results.results_glm")
    data = stored.Lbw()
    columns = "age lwt race_black race_other smoke ptl ht ui".split()
    return data.exog[columns].to_numpy(float), data.endog.to_numpy(), data


# Hosmer and Lemeshow's birth weights in raw units, without penalty: the coefficients to all
# digits, on which R, Stata and statsmodels agree as far as they print them.
BIRTH_WEIGHTS = np.array(
    [
        -0.0271003108862335, -0.0151508184405216, 1.26264728439719, 0.862079161798227,
        0.923344822285272, 0.54183656476304, 1.83251780354859, 0.758513480171182,
    ]
)  # fmt: skip
BIRTH_WEIGHTS_INTERCEPT = 0.46122388641737


@pytest.mark.parametrize("layout", LAYOUTS)
def test_birth_weights(isa, birth_weights, layout):
    X, y, stored = birth_weights
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = fastgd.fit(as_layout(X, layout), y)
    assert fit.converged
    np.testing.assert_allclose(fit.coef, BIRTH_WEIGHTS, rtol=0, atol=1e-6)
    assert fit.intercept == pytest.approx(BIRTH_WEIGHTS_INTERCEPT, rel=0, abs=1e-6)
    assert fit.cost == pytest.approx(-stored.llf / len(y), rel=1e-9)
    assert fit.null_cost == pytest.approx(stored.null_deviance / 2 / len(y), rel=1e-9)
    np.testing.assert_allclose(fit.predict_proba(X)[:, 1], stored.fittedvalues, atol=2e-8)
    assert fit.rank == 8


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize(("mean", "sd"), [(1e4, 0.01), (1e3, 1e-3), (100, 1e-4)])
def test_columns_that_nearly_follow_from_others(mean, sd, classes, rng):
    """Without an intercept and so far from 0 they do; where a coefficient of theirs would not be
    free, they get none."""
    Z = rng.normal(size=(200, 10))
    X = mean + sd * Z
    if classes == 2:
        y = (Z[:, 0] + rng.logistic(size=200) > 0).astype(int)
    else:
        y = np.argmax(Z[:, :3] + rng.gumbel(size=(200, 3)), axis=1)
    fit = fastgd.fit(X, y, fit_intercept=False)
    assert fit.rank < 10 and fit.converged
    assert fit.cost == pytest.approx(fastgd.cost(X, y, fit.coef), rel=1e-9)
    assert np.isfinite(fit.summary(X, y).llf)


@needs_long_double
def test_birth_weights_are_the_published_ones(birth_weights):
    """The digits above against statsmodels' copy of Stata's, and against long double."""
    X, y, stored = birth_weights
    digits = np.append(BIRTH_WEIGHTS, BIRTH_WEIGHTS_INTERCEPT)
    np.testing.assert_allclose(digits, stored.params, rtol=0, atol=1e-8)
    w, b, _ = problems.Problem(X, y).optimum()
    np.testing.assert_allclose(digits, np.append(w, b).astype(float), rtol=2e-14)


def test_star98():
    """Counts k of n as soft labels k / n of weight n, in raw units, against R's glm."""
    stored = pytest.importorskip("statsmodels.genmod.tests.results.results_glm").Star98()
    data = pytest.importorskip("statsmodels.datasets").star98.load()
    above, below = np.asarray(data.endog, float).T
    X, trials = np.asarray(data.exog, float), above + below
    assert X.shape == (303, 20)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = fastgd.fit(X, above / trials, sample_weight=trials)
    assert fit.converged and fit.rank == 20
    coefficients = np.append(fit.coef, fit.intercept)
    np.testing.assert_allclose(coefficients, stored.params, rtol=1e-6)  # 9 digits are stored
    # R counts the ways to draw k of n as well
    ways = sum(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
               for n, k in zip(trials, above, strict=True))  # fmt: skip
    assert ways - fit.cost * trials.sum() == pytest.approx(stored.llf, rel=1e-9)
    saturated = above / trials
    entropy = -trials @ (saturated * np.log(saturated) + (1 - saturated) * np.log1p(-saturated))
    deviances = 2 * (np.array([fit.cost, fit.null_cost]) * trials.sum() - entropy)
    np.testing.assert_allclose(deviances, [stored.deviance, stored.null_deviance], rtol=1e-6)


def test_anes():
    """Seven classes in raw units, against Stata's mlogit with the first one as the base."""
    results = pytest.importorskip("statsmodels.discrete.tests.results.results_discrete")
    stored = results.Anes.mnlogit_basezero
    data = pytest.importorskip("statsmodels.datasets").anes96.load()
    X, y = np.asarray(data.exog, float), np.asarray(data.endog)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = fastgd.fit(X, y)
    assert fit.converged and len(fit.classes) == 7
    coefficients = np.vstack([fit.coef.T, fit.intercept])
    contrast = coefficients[:, 1:] - coefficients[:, :1]
    np.testing.assert_allclose(contrast, stored.params, rtol=1e-5, atol=1e-7)
    assert -fit.cost * len(y) == pytest.approx(stored.llf, rel=1e-9)


def test_glmnet():
    """R's glmnet on nine rows, alpha 0, lambda 1, as scikit-learn's tests quote it."""
    X = np.array([[-4, -3, -2, -1, 0, 1, 2, 3, 4], [0, 0, 1, 0, 1, 1, 1, 0, 0]], float).T
    fit = fastgd.fit(X, [0, 0, 0, 1, 1, 1, 1, 1, 1], l2=1.0)
    np.testing.assert_allclose(fit.coef, [0.44464569182, 0.01457563448], rtol=1e-5)
    assert fit.intercept == pytest.approx(0.89230405539, rel=1e-5)
    fit = fastgd.fit(X, [0, 0, 0, 1, 1, 1, 2, 2, 2], l2=1.0)
    expected = [
        [-0.38023389305, -0.01226499932],
        [-8.164030176e-05, 4.734548012e-02],
        [0.3803155334, -0.0350804808],
    ]
    np.testing.assert_allclose(fit.coef, expected, rtol=1e-5, atol=1e-8)
    intercepts = [-0.12004759652, 2.251747383e-01, -0.1051271418]
    np.testing.assert_allclose(fit.intercept, intercepts, rtol=1e-5)


@needs_long_double
def test_float32_columns_far_off_their_origin(rng):
    """A mean of ten thousand deviations still certifies."""
    Z = rng.standard_normal((2000, 3))
    X = (Z + np.array([1e4, 0, -1e4])).astype(np.float32)
    y = (rng.random(2000) < reference.sigmoid(Z @ [1, 1, 1])).astype(float)
    problem = problems.Problem(X, y)
    fit = fastgd.fit(X, y)
    assert fit.converged
    assert_solves(problem, fit.coef, fit.intercept, fit.gap)


@needs_long_double
@pytest.mark.parametrize("make", [problems.collinear, problems.constant_columns])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_the_shortest_of_several_optima(rng, make, fit_intercept):
    problem = make(rng)
    X = problem.X
    if fit_intercept is False:  # keep the columns' null space, lose the constant ones
        X = X[:, X.std(axis=0) > 0]
    problem.X, problem.fit_intercept = X, fit_intercept
    w, _, _ = problem.optimum()
    centred = X - X.mean(axis=0) if fit_intercept else X
    _, values, directions = np.linalg.svd(centred / np.linalg.norm(X, axis=0).clip(1))
    rank = int(np.sum(values > 1e-10 * values[0]))
    free = (directions[rank:] / np.linalg.norm(X, axis=0).clip(1)).T
    shortest = w.astype(float) - free @ np.linalg.lstsq(free, w.astype(float), rcond=None)[0]
    fit = fastgd.fit(X, problem.y, fit_intercept=fit_intercept)
    assert fit.converged
    assert fit.rank == rank
    np.testing.assert_allclose(fit.coef, shortest, rtol=1e-5, atol=1e-6)


def test_auto_is_newton_up_to_2000_columns(rng):
    y = np.arange(30) % 2
    assert fastgd.fit(rng.standard_normal((30, 5)), y, l2=1).solver == "newton"
    # dense rows with a penalty are another matter: test_wide.py
    wide = fastgd.fit(as_layout(rng.standard_normal((30, 2001)), "CSR int32"), y, l2=1)
    assert wide.solver == "newton-cg"
    assert wide.converged
    assert wide.gap_kind == "dual"


@needs_long_double
@pytest.mark.parametrize("solver", ["newton-cg", "lbfgs"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("l2", [1e-6, 1e-2])
def test_solvers_without_a_gram(rng, solver, layout, l2):
    """Certified without a Hessian: raw units, collinear and constant columns, weights, offset."""
    problem = problems.known_solution(rng, 300, 12, l2=l2, weights=True, offset=True)
    problem.X = np.hstack(
        [problem.X, problem.X[:, :1] * 2, np.full((300, 1), 7.0), problem.X[:, :2] * [1e6, 1e-6]]
    )
    problem.l2 = l2 * np.maximum(problem.X.var(axis=0), 1e-3)
    problem.coef = problem.intercept = None
    _, _, best = problem.optimum()
    X = as_layout(problem.X, layout)
    fit = fastgd.fit(X, problem.y, **problem.options, solver=solver)
    assert fit.converged
    assert fit.gap_kind == "dual"
    assert fit.solver == solver
    true = float(problem.cost(fit.coef, fit.intercept) - best)
    assert -4 * EPS <= true <= fit.gap + 4 * EPS


@pytest.mark.parametrize("solver", ["newton-cg", "lbfgs"])
def test_without_penalty_and_without_gram_the_gap_is_an_estimate(rng, solver):
    problem = problems.correlated(rng, 2000, 8)
    fit = fastgd.fit(problem.X, problem.y, solver=solver)
    exact = fastgd.fit(problem.X, problem.y)
    assert fit.gap_kind == "estimate"
    assert fit.converged
    assert fit.cost - exact.cost <= fit.gap + 4 * EPS


@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_columns(layout):
    y = np.array([0, 1, 1, 1])
    fit = fastgd.fit(as_layout(np.zeros((4, 0)), layout), y)
    assert fit.coef.shape == (0,)
    assert fit.intercept == pytest.approx(math.log(3), rel=1e-6)
    assert fit.cost == pytest.approx(fit.null_cost, rel=1e-12)
    assert fit.converged


@needs_long_double
def test_no_intercept(rng):
    problem = problems.random_rows(rng, 100)
    problem.X, problem.fit_intercept = problem.X + 0.5, False
    fit = fastgd.fit(problem.X, problem.y, fit_intercept=False)
    assert fit.converged
    assert fit.intercept == 0
    assert fit.null_cost == pytest.approx(math.log(2), rel=4 * EPS)
    assert_solves(problem, fit.coef, 0.0, fit.gap)


# --- laws: what must follow from one fit for another -----------------------------


@pytest.fixture(params=[0.0, 1e-2], ids=["no penalty", "l2"])
def law(request, rng):
    problem = problems.random_problem(rng, l2=request.param)
    problem.fit_intercept = True
    scale = np.abs(problem.X).max(axis=0)
    problem.X, problem.l2 = problem.X / scale, problem.l2 / scale**2
    return problem


def solve(problem, **changes):
    options = {**problem.options, **changes}
    X, y = options.pop("X", problem.X), options.pop("y", problem.y)
    fit = fastgd.fit(X, y, loss=options.pop("loss"), **options)
    assert fit.converged
    return fit


@needs_long_double
def test_a_weight_of_two_is_the_row_twice(law):
    n = len(law.y)
    s = np.ones(n) if law.sample_weight is None else law.sample_weight
    doubled = np.where(np.arange(n) % 3 == 0, 2, 1)
    law.sample_weight = s * doubled
    twice = np.repeat(np.arange(n), doubled)
    changes = {"X": law.X[twice], "y": law.y[twice], "sample_weight": s[twice]}
    if law.offset is not None:
        changes["offset"] = law.offset[twice]
    fit = solve(law, **changes)
    assert_solves(law, fit.coef, fit.intercept, fit.gap)


@needs_long_double
def test_a_weight_of_zero_is_the_row_dropped(law):
    n = len(law.y)
    kept = np.arange(n) % 5 != 0
    s = np.ones(n) if law.sample_weight is None else law.sample_weight
    changes = {"X": law.X[kept], "y": law.y[kept], "sample_weight": s[kept]}
    if law.offset is not None:
        changes["offset"] = law.offset[kept]
    if law.l2 is not None and not np.any(law.l2):
        law.l2 = 1e-6  # with fewer rows there might be no solution
    law.sample_weight = s * kept
    fit = solve(law, **changes)
    assert_solves(law, fit.coef, fit.intercept, fit.gap)


@needs_long_double
def test_columns_given_twice_and_halved(law):
    fit = solve(law, X=np.hstack([law.X, law.X]) / 2, l2=np.tile(law.l2, 2) / 2)
    d = law.X.shape[1]
    assert fit.rank == d or np.any(law.l2)
    assert_solves(law, (fit.coef[:d] + fit.coef[d:]) / 2, fit.intercept, fit.gap)
    if np.any(law.l2):  # the halves share evenly
        np.testing.assert_allclose(fit.coef[:d], fit.coef[d:], rtol=1e-4, atol=1e-5)


@needs_long_double
@pytest.mark.parametrize("exponent", [-8, 8])
def test_units_of_columns(law, exponent):
    factor = 10.0 ** (exponent * (np.arange(law.X.shape[1]) % 2))
    fit = solve(law, X=law.X * factor, l2=law.l2 * factor**2)
    assert_solves(law, fit.coef * factor, fit.intercept, fit.gap)


@needs_long_double
def test_origin_of_columns(law):
    shift = np.linspace(-30, 30, law.X.shape[1])
    fit = solve(law, X=law.X + shift)
    assert_solves(law, fit.coef, fit.intercept + shift @ fit.coef, fit.gap)


@needs_long_double
def test_order_of_rows_and_columns(law, rng):
    rows, columns = rng.permutation(len(law.y)), rng.permutation(law.X.shape[1])
    changes = {"X": law.X[rows][:, columns], "y": law.y[rows], "l2": law.l2[columns]}
    for name in "sample_weight", "offset":
        if getattr(law, name) is not None:
            changes[name] = getattr(law, name)[rows]
    fit = solve(law, **changes)
    assert_solves(law, fit.coef[np.argsort(columns)], fit.intercept, fit.gap)


@needs_long_double
def test_classes_exchanged(law):
    offset = None if law.offset is None else -law.offset
    fit = solve(law, y=1 - law.y, offset=offset)
    assert_solves(law, -fit.coef, -fit.intercept, fit.gap)


@needs_long_double
def test_part_of_the_model_as_offset(law, rng):
    part = rng.standard_normal(law.X.shape[1])
    offset = law.X @ part + (0 if law.offset is None else law.offset)
    law.l2 = np.zeros_like(law.l2)
    if law.is_separated:
        law.y = 0.1 + 0.8 * law.y
    fit = solve(law, offset=offset, l2=0.0)
    assert_solves(law, fit.coef + part, fit.intercept, fit.gap)


@needs_long_double
def test_a_soft_label_is_a_row_of_either_class(law):
    s = np.ones(len(law.y)) if law.sample_weight is None else law.sample_weight
    changes = {
        "X": np.vstack([law.X, law.X]),
        "y": np.repeat([1, 0], len(law.y)),
        "sample_weight": np.concatenate([s * law.y, s * (1 - law.y)]),
    }
    if law.offset is not None:
        changes["offset"] = np.tile(law.offset, 2)
    fit = solve(law, **changes)
    assert_solves(law, fit.coef, fit.intercept, fit.gap)


def test_weights_may_have_any_unit(law):
    s = np.linspace(0.5, 1.5, len(law.y))
    one, other = (solve(law, sample_weight=s * factor) for factor in (1.0, 1e-300))
    np.testing.assert_allclose(one.coef, other.coef, rtol=1e-6, atol=1e-8)


# --- what is reported -------------------------------------------------------------


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_a_result_says(rng, solver):
    problem = problems.random_rows(rng, 300, 4)
    fit = quiet(problem.X, problem.y, solver=solver, l2=0.01, max_iter=5)
    assert fit.coef.shape == (4,)
    assert fit.coef.dtype == np.float64
    for name in "intercept", "cost", "null_cost", "gap", "gradient_norm", "seconds":
        assert isinstance(getattr(fit, name), float), name
    for name in "n_iter", "n_passes", "n_threads", "bytes_copied", "n_features", "n_samples":
        assert isinstance(getattr(fit, name), int), name
    assert (fit.n_samples, fit.n_features) == problem.X.shape
    assert fit.solver == solver
    assert fit.loss == "log_loss"
    assert fit.isa in fastgd._core.isas()
    assert fit.l2 == 0.01
    assert fit.fit_intercept is True
    assert fit.bytes_copied == 0
    assert fit.history is None
    assert 0 < fit.n_iter <= 5
    assert fit.n_passes >= fit.n_iter
    assert 0 < fit.seconds < 10
    assert isinstance(fit.message, str)
    exact = Exact(problem.X, problem.y, fit.coef, fit.intercept, l2=0.01)
    value, bound = exact.cost()
    assert abs(fit.cost - value) <= bound
    share = problem.y.mean()
    null = -share * math.log(share) - (1 - share) * math.log(1 - share)
    assert fit.null_cost == pytest.approx(null, rel=1e-9)


@pytest.mark.parametrize("solver", SOLVERS)
def test_gradient_norm_is_that_of_the_users_gradient(rng, solver):
    problem = problems.random_rows(rng, 300, 4)
    X = problem.X * [1, 10, 0.1, 1] + [0, 5, 0, -3]
    fit = quiet(X, problem.y, solver=solver, max_iter=1, l2=0.01, init=(np.full(4, 0.3), -0.5))
    _, g, g0 = fastgd.cost_and_gradient(X, problem.y, fit.coef, fit.intercept, l2=0.01)
    assert fit.gradient_norm == pytest.approx(math.hypot(*g, g0), rel=1e-9)


def test_null_cost_counts_weights_and_offset(rng):
    problem = problems.known_solution(rng, 100, 3, weights=True, offset=True)
    empty = problems.Problem(
        np.zeros((100, 0)), problem.y, problem.sample_weight, problem.offset
    ).optimum()
    fit = fastgd.fit(problem.X, problem.y, **problem.options)
    assert fit.null_cost == pytest.approx(float(empty[2]), rel=1e-9)
    fit = fastgd.fit(problem.X, problem.y, **{**problem.options, "fit_intercept": False})
    zero = fastgd.cost(problem.X, problem.y, np.zeros(3), **problem.objective)
    assert fit.null_cost == pytest.approx(zero, rel=1e-12)


@pytest.mark.parametrize("solver", SOLVERS)
def test_history(rng, solver):
    problem = problems.random_rows(rng, 300, 4)
    options = {"solver": solver, "max_iter": 6, "init": (np.ones(4), 0.5)}
    fit = quiet(problem.X, problem.y, record=True, **options)
    assert set(fit.history) == {"cost", "gap", "gradient_norm", "step", "seconds", "passes"}
    for name, values in fit.history.items():
        assert isinstance(values, np.ndarray), name
        assert values.shape == (fit.n_iter,), name
    assert np.all(np.diff(fit.history["passes"]) > 0)
    assert np.all(np.diff(fit.history["seconds"]) >= 0)
    assert np.all(fit.history["step"] > 0)
    assert fit.history["cost"][-1] == pytest.approx(fit.cost, rel=1e-12)
    assert fit.history["cost"][-1] < fastgd.cost(problem.X, problem.y, np.ones(4), 0.5)
    # what is recorded does not depend on how long the fit goes on, nor the fit on recording
    shorter = quiet(problem.X, problem.y, record=True, **{**options, "max_iter": 3})
    k = shorter.n_iter
    assert_exact(shorter.history["cost"], fit.history["cost"][:k])
    plain = quiet(problem.X, problem.y, **options)
    assert_exact(plain.coef, fit.coef)


@pytest.mark.parametrize("solver", SOLVERS)
def test_limit_of_steps(rng, solver):
    problem = problems.random_rows(rng, 300, 4)
    far = np.full(4, 2.0), 1.0
    for limit in 0, 1, 2:
        with pytest.warns(fastgd.ConvergenceWarning):
            fit = fastgd.fit(problem.X, problem.y, solver=solver, max_iter=limit, init=far)
        assert fit.status == "max_iter"
        assert not fit.converged
        assert fit.n_iter == limit


def test_one_warning_and_no_more(rng):
    problem = problems.random_rows(rng, 300, 4)
    with pytest.warns(fastgd.ConvergenceWarning) as caught:
        fastgd.fit(problem.X, problem.y, max_iter=1, tol=1e-14)
    assert len(caught) == 1
    assert caught[0].filename == __file__  # the user's line, not ours


def test_no_tolerance_at_all_still_ends(rng):
    problem = problems.random_rows(rng, 300, 4)
    with pytest.warns(fastgd.ConvergenceWarning):
        fit = fastgd.fit(problem.X, problem.y, tol=0)
    assert fit.status == "stalled"
    assert fit.gap < 1e-15


@pytest.mark.parametrize("solver", SOLVERS)
def test_start_at_the_optimum(rng, solver):
    problem = problems.random_rows(rng, 300, 4)
    best = fastgd.fit(problem.X, problem.y, l2=0.01, tol=1e-14)
    start = best.coef, best.intercept
    fit = quiet(problem.X, problem.y, l2=0.01, solver=solver, init=start, max_iter=3)
    assert fit.cost <= best.cost * (1 + 4 * EPS)
    np.testing.assert_allclose(fit.coef, best.coef, rtol=1e-6)
    if solver == "newton":
        assert fit.converged
        assert fit.n_iter <= 1


def test_start_far_away(rng):
    """Where every probability is 0 or 1 to rounding there is no curvature to go by."""
    problem = problems.random_rows(rng, 300, 4)
    best = fastgd.fit(problem.X, problem.y)
    for size in 1e2, 1e4, 1e8:
        fit = fastgd.fit(problem.X, problem.y, init=(np.full(4, size), -size))
        assert fit.converged
        assert fit.cost - best.cost <= fit.gap + 4 * EPS


@pytest.mark.parametrize("solver", SOLVERS)
def test_callback_sees_every_step_and_may_stop(rng, solver):
    problem = problems.random_rows(rng, 300, 4)
    seen = []

    def callback(event):
        seen.append((event.iteration, event.cost, event.coef.copy(), event.intercept))
        return len(seen) == 3

    far = np.full(4, 2.0), 1.0
    fit = quiet(
        problem.X, problem.y, solver=solver, tol=1e-14, callback=callback, init=far, max_iter=50
    )
    assert fit.status == "callback"
    assert not fit.converged
    assert fit.n_iter == 3
    assert [iteration for iteration, *_ in seen] == [1, 2, 3]
    for _, cost, coef, intercept in seen:
        assert cost == pytest.approx(fastgd.cost(problem.X, problem.y, coef, intercept), rel=1e-12)
    assert_exact(seen[-1][2], fit.coef)


def test_progress_changes_nothing_and_is_silent_without_a_terminal(rng, capfd):
    problem = problems.random_rows(rng, 300, 4)
    shown = quiet(problem.X, problem.y, solver="gd", max_iter=50, progress=True)
    quiet(problem.X, problem.y, tol=0, progress=True)  # no tolerance to count digits up to
    silent = quiet(problem.X, problem.y, solver="gd", max_iter=50)
    assert capfd.readouterr() == ("", "")
    assert_exact(shown.coef, silent.coef)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["no", "yes"], ["no", "yes"]),
        (["yes", "no"], ["no", "yes"]),
        ([1, 2], [1, 2]),
        ([False, True], [False, True]),
        ([0.0, 1.0], [0.0, 1.0]),
        ([-1.0, 1.0], [-1.0, 1.0]),
    ],
)
def test_classes(rng, labels, classes):
    problem = problems.random_rows(rng, 100)
    y = np.array(labels)[problem.y.astype(int)]
    fit = fastgd.fit(problem.X, y)
    np.testing.assert_array_equal(fit.classes, classes)
    assert fit.classes.dtype == y.dtype
    predicted = fit.predict(problem.X)
    assert predicted.dtype == y.dtype
    positive = fit.decision_function(problem.X) > 0
    np.testing.assert_array_equal(predicted, np.array(classes)[positive.astype(int)])
    sign = 1 if labels == classes else -1
    plain = fastgd.fit(problem.X, problem.y)
    np.testing.assert_allclose(fit.coef, sign * plain.coef, rtol=1e-6, atol=1e-8)


def test_soft_labels_are_between_classes_0_and_1(rng):
    problem = problems.known_solution(rng, 100, 3)
    fit = fastgd.fit(problem.X, problem.y)
    np.testing.assert_array_equal(fit.classes, [0, 1])
    assert fit.loss == "log_loss"


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_predictions(rng, dtype, layout):
    X = problems.random_matrix(rng, 97, 5, dtype)
    fit = fastgd.fit(X, np.arange(97) % 2, l2=0.1)
    new = problems.random_matrix(rng, 33, 5, dtype)
    offset = rng.standard_normal(33)
    for o in None, offset:
        z = new.astype(float) @ fit.coef + fit.intercept + (0 if o is None else o)
        M = as_layout(new, layout)
        np.testing.assert_allclose(fit.decision_function(M, o), z, rtol=1e-12, atol=1e-12)
        p = fit.predict_proba(M, o)
        assert p.shape == (33, 2)
        np.testing.assert_allclose(p[:, 1], reference.sigmoid(z), rtol=1e-11)
        np.testing.assert_allclose(p[:, 0], reference.sigmoid(-z), rtol=1e-11)
        np.testing.assert_array_equal(fit.predict(M, o), (z > 0).astype(int))


def test_squared_error_predicts_numbers(rng):
    problem = problems.known_solution(rng, 50, 3, loss="squared_error")
    fit = fastgd.fit(problem.X, problem.y, loss="squared_error")
    z = problem.X @ fit.coef + fit.intercept
    np.testing.assert_allclose(fit.predict(problem.X), z, rtol=1e-12)
    assert fit.classes is None
    with pytest.raises((ValueError, TypeError, AttributeError), match="squared_error"):
        fit.predict_proba(problem.X)


def test_result_saved_and_loaded(rng, tmp_path):
    problem = problems.random_rows(rng, 100)
    fit = fastgd.fit(problem.X, np.array(["no", "yes"])[problem.y.astype(int)], l2=0.5)
    fit.save(tmp_path / "model")
    again = fastgd.load(tmp_path / "model")
    assert_same_result(again, fit, problem.X)
    assert_same_result(pickle.loads(pickle.dumps(fit)), fit, problem.X)


@pytest.mark.parametrize(
    ("meta", "arrays"),
    [
        ({"kind": "table"}, {}),
        ({"n_features": 7}, {}),
        ({"loss": "hinge"}, {}),
        ({"intercept": None}, {}),
        ({"intercept": "0"}, {}),
        ({"classes": ["a"]}, {}),
        ({"classes_dtype": "nonsense"}, {}),
        ({}, {"coef": np.zeros(0)}),
        ({}, {"coef": np.zeros(2, np.int64)}),
        ({}, {"coef": np.float64(1.0)}),
        ({}, {"intercept": np.zeros(3)}),
        ({}, {"separation.direction": np.zeros((1, 2))}),
    ],
)
def test_damaged_models_are_refused(rng, tmp_path, meta, arrays):
    problem = problems.random_rows(rng, 100)
    fit = fastgd.fit(problem.X, problem.y, l2=0.5)
    old_meta, old_arrays = fit.parts()
    modelfile.write(tmp_path / "model", old_meta | meta, old_arrays | arrays)
    with pytest.raises(ValueError, match=r"model holds (no|a damaged) fit"):
        fastgd.load(tmp_path / "model")


def assert_same_result(again, fit, X):
    for name in "coef", "intercept", "cost", "null_cost", "gap", "classes":
        assert_exact(getattr(again, name), getattr(fit, name))
    for name in "converged", "status", "message", "loss", "n_features", "l2", "fit_intercept":
        assert getattr(again, name) == getattr(fit, name), name
    assert_exact(again.predict_proba(X), fit.predict_proba(X))
    np.testing.assert_array_equal(again.predict(X), fit.predict(X))


def test_a_level_that_the_offset_puts_far_on_the_wrong_side():
    """There is a gradient and no curvature: a full step would lose all margins in rounding."""
    for seed in range(6):
        rng = np.random.default_rng(seed)
        level, y = rng.integers(0, 3, 300), rng.integers(0, 2, 300)
        level[:2], y[:2] = 3, 1
        X = np.column_stack([np.eye(4)[level], rng.standard_normal(300)])
        offset = rng.normal(0, 40, 300)
        offset[:2] = -60, -70
        fit = fastgd.functional.fit_quietly(X, y, offset=offset)
        assert fit.converged, (seed, fit.message)
        cost = fastgd.cost(X, y, fit.coef, fit.intercept, offset=offset)
        assert fit.cost == pytest.approx(cost, rel=1e-12)
        # the two rows can be fitted perfectly, the others say the rest
        rest = fastgd.fit(X[2:], y[2:], offset=offset[2:], tol=1e-12)
        assert fit.cost - rest.cost * 298 / 300 <= fit.gap + 1e-12
