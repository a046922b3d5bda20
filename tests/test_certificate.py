"""The gap is a bound on the distance from the optimum: never below it, and close to it."""

import warnings

import numpy as np
import problems
import pytest
from tolerances import EPS, cost_rounding, needs_long_double

import fastgd

pytestmark = needs_long_double

PENALTIES = 0.0, 1e-10, 1.0


def gap_and_truth(problem, best, solver="newton", **options):
    """Fit, and return the result, its true gap, and how well rounding lets the latter be known."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fastgd.ConvergenceWarning)
        fit = fastgd.fit(problem.X, problem.y, **problem.options, solver=solver, **options)
    true = float(problem.cost(fit.coef, fit.intercept) - best)
    rounding = cost_rounding(problem.X, problem.y, fit.coef, fit.intercept, **problem.objective)
    return fit, true, rounding


@pytest.mark.parametrize("part", range(10))
def test_a_thousand_problems(part):
    rng = np.random.default_rng(part)
    for k in range(100):
        problem = problems.random_problem(rng, l2=PENALTIES[k % 3])
        _, _, best = problem.optimum()
        for max_iter in 1, 2, 4, None:
            fit, true, rounding = gap_and_truth(problem, best, max_iter=max_iter)
            assert fit.gap >= 0
            assert fit.gap >= true * (1 - 1e-9) - rounding, (part, k, max_iter, fit.gap, true)
        assert fit.converged, (part, k, fit.message)
        assert fit.gap_kind == "dual"
        assert fit.gap <= 10 * max(true, 0) + rounding, (part, k, fit.gap, true)


@pytest.mark.parametrize("solver", ["newton-cg", "lbfgs"])
def test_solvers_without_a_gram(solver):
    """Their residual enters the bound exactly where all columns are penalised."""
    rng = np.random.default_rng(11)
    for k in range(300):
        problem = problems.random_problem(rng, l2=(1e-10, 1e-4, 1.0)[k % 3])
        _, _, best = problem.optimum()
        for max_iter in 1, 3, None:
            fit, true, rounding = gap_and_truth(problem, best, solver, max_iter=max_iter)
            assert fit.gap >= true * (1 - 1e-9) - rounding, (k, max_iter, fit.gap, true)
            assert fit.gap_kind == ("dual" if fit.gap < np.inf else "none")
        assert fit.converged, (k, fit.message)


@pytest.mark.parametrize("l2", [0.0, 1e-3])
@pytest.mark.parametrize("make", problems.UGLY)
def test_ugly_data(rng, make, l2):
    problem = make(rng)
    if l2:  # in the units of the columns
        problem.l2 = l2 * problem.X.var(axis=0)
    _, _, best = problem.optimum()
    for max_iter in 1, 2, 3, 5, 8, None:
        fit, true, rounding = gap_and_truth(problem, best, max_iter=max_iter)
        assert fit.gap >= true * (1 - 1e-9) - rounding
    assert fit.converged
    assert fit.gap <= 10 * max(true, 0) + rounding


@pytest.mark.parametrize("make", [problems.random_rows, problems.near_separated])
def test_gap_of_every_iterate_in_the_history(rng, make):
    problem = make(rng, 400)
    _, _, best = problem.optimum()
    fit = fastgd.fit(problem.X, problem.y, record=True)
    true = fit.history["cost"] - float(best)
    assert len(true) == fit.n_iter
    assert np.all(fit.history["gap"] >= true * (1 - 1e-9) - 64 * EPS)
    assert fit.gap <= fit.history["gap"][-1]
    assert fit.gap < 1e-8 < true[0]


@pytest.mark.parametrize("l2", PENALTIES)
def test_float32_data(rng, l2):
    problem = problems.random_rows(rng, 500, 5)
    means = np.array([0, 10, 1e3, 1e4, 0])
    problem.X = (problem.X + means).astype(np.float32)
    problem.l2 = l2
    _, _, best = problem.optimum()
    fit, true, rounding = gap_and_truth(problem, best)
    assert fit.converged
    assert true * (1 - 1e-9) - rounding <= fit.gap <= 10 * max(true, 0) + rounding


@pytest.mark.parametrize("l2", PENALTIES)
def test_squared_error(rng, l2):
    for _ in range(30):
        problem = problems.known_solution(rng, 50, 4, weights=True, loss="squared_error")
        problem.l2 = l2
        _, _, best = problem.optimum()
        fit, true, rounding = gap_and_truth(problem, best)
        assert fit.converged
        assert true * (1 - 1e-9) - rounding <= fit.gap <= 10 * max(true, 0) + rounding


@pytest.mark.parametrize("solver", ["gd", "agd"])
def test_solvers_without_a_certificate_claim_nothing(rng, solver):
    problem = problems.random_rows(rng, 200)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fastgd.ConvergenceWarning)
        fit = fastgd.fit(problem.X, problem.y, solver=solver, max_iter=500)
    assert fit.gap == np.inf
    assert fit.gap_kind == "none"
    assert not fit.converged
    assert fit.status == "max_iter"


@pytest.mark.parametrize("tol", [1e-2, 1e-5, 1e-8, 1e-12])
def test_converged_means_the_gap_is_within_tol(rng, tol):
    problem = problems.correlated(rng, 1000, 8)
    fit = fastgd.fit(problem.X, problem.y, tol=tol)
    limit = tol * max(fit.null_cost, 1e3 * EPS * (1 + abs(fit.cost)))
    assert fit.converged
    assert fit.gap <= limit
    with pytest.warns(fastgd.ConvergenceWarning):
        early = fastgd.fit(problem.X, problem.y, tol=tol, max_iter=0, init=(np.ones(8), 1.0))
    assert not early.converged
    assert early.gap > limit
