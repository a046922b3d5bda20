"""Fits of several penalties in one call are those of one call each."""

import numpy as np
import pytest
import scipy.sparse
from problems import random_problem
from tolerances import assert_exact

import fastgd
from fastgd.functional import fit_path

L2 = np.logspace(0, -7, 8)


def problem(n, d, rng):
    X = rng.normal(size=(n, d)) * np.logspace(-1, 2, d) + 3
    z = (X - 3) @ (rng.normal(size=d) / np.logspace(-1, 2, d))
    return X, (z + rng.logistic(size=n) > 0).astype(int)


@pytest.mark.parametrize("solver", ["auto", "newton", "newton-cg", "lbfgs"])
@pytest.mark.parametrize("shape", [(500, 6), (20_000, 12)])
@pytest.mark.parametrize("weighted", [False, True])
def test_same_optima_certified(solver, shape, weighted, rng):
    X, y = problem(*shape, rng)
    options = {"solver": solver}
    if weighted:
        options["sample_weight"] = (rng.random(len(y)) < 0.8).astype(float)
        options["offset"] = rng.normal(size=len(y))
    fits = fit_path(X, y, L2, **options)
    for l2, fit in zip(L2, fits, strict=True):
        single = fastgd.fit(X, y, l2=l2, **options)
        assert fit.converged and fit.l2 == l2 and fit.solver == single.solver
        assert fit.null_cost == single.null_cost
        # each is within its gap of the optimum
        assert fit.cost - fit.gap <= single.cost * (1 + 1e-14)
        assert single.cost - single.gap <= fit.cost * (1 + 1e-14)
        there, gradient, _ = fastgd.cost_and_gradient(
            X, y, fit.coef, fit.intercept, l2=l2,
            sample_weight=options.get("sample_weight"), offset=options.get("offset"),
        )  # fmt: skip
        assert fit.cost == pytest.approx(there, rel=1e-12)
        scale = np.abs(X).max(axis=0)
        assert np.abs(gradient / scale).max() < 1e-4
    spent = sum(fit.n_passes for fit in fits)
    assert spent < sum(fastgd.fit(X, y, l2=l2, **options).n_passes for l2 in L2)


@pytest.mark.parametrize("shape", [(500, 6), (20_000, 12)])
def test_the_same_bits_for_any_number_of_threads(shape, rng):
    X, y = problem(*shape, rng)
    paths = [fit_path(X, y, L2, n_threads=n) for n in (1, 2, 3, 7)]
    for path in paths[1:]:
        for fit, first in zip(path, paths[0], strict=True):
            assert_exact(fit.coef, first.coef)
            assert (fit.intercept, fit.cost, fit.gap) == (first.intercept, first.cost, first.gap)


def test_sparse_rows_and_squared_error(rng):
    X, y = problem(400, 5, rng)
    X[rng.random(X.shape) < 0.5] = 0
    dense = fit_path(X, y, L2)
    for fit, other in zip(fit_path(scipy.sparse.csr_array(X), y, L2), dense, strict=True):
        np.testing.assert_allclose(fit.coef, other.coef, rtol=1e-6, atol=1e-9)
    for l2, fit in zip(L2, fit_path(X, y + 0.5, L2, loss="squared_error"), strict=True):
        single = fastgd.fit(X, y + 0.5, l2=l2, loss="squared_error")
        np.testing.assert_allclose(fit.coef, single.coef, rtol=1e-7)


def test_more_classes_start_from_the_last_point(rng):
    X, y = problem(400, 5, rng)
    y = y + (X[:, 0] > 3.1)
    for l2, fit in zip(L2, fit_path(X, y, L2), strict=True):
        assert fit.converged and fit.coef.shape == (3, 5)
        np.testing.assert_allclose(fit.cost, fastgd.fit(X, y, l2=l2).cost, rtol=1e-9)


def test_rising_penalties_and_one_alone(rng):
    X, y = problem(500, 6, rng)
    for fit, l2 in zip(fit_path(X, y, L2[::-1]), L2[::-1], strict=True):
        assert fit.converged and fit.cost == pytest.approx(fastgd.fit(X, y, l2=l2).cost, rel=1e-10)
    [one] = fit_path(X, y, [0.1])
    assert_exact(one.coef, fastgd.fit(X, y, l2=0.1).coef)
    assert fit_path(X, y, []) == []


def test_max_iter_holds_for_each(rng):
    X, y = problem(500, 6, rng)
    fits = fit_path(X, y, L2, max_iter=1, tol=1e-14)
    assert [fit.n_iter for fit in fits] == [1] * len(L2)


@pytest.mark.parametrize("seed", range(100))
def test_certificates_on_any_problem(seed):
    problem = random_problem(np.random.default_rng(seed), l2=0.1)
    options = {**problem.options, "loss": problem.loss}
    for l2, fit in zip(L2, fit_path(problem.X, problem.y, L2, **_without(options)), strict=True):
        best = fastgd.fit(problem.X, problem.y, tol=1e-13, **{**options, "l2": l2})
        assert fit.converged
        assert fit.cost - fit.gap <= best.cost + 1e-14 * abs(best.cost)


def _without(options):
    return {name: value for name, value in options.items() if name != "l2"}


@pytest.mark.parametrize("l2", [[0.1, 0.0], [-1.0], [np.nan], [np.inf]])
def test_bad_penalties(l2, rng):
    with pytest.raises(ValueError, match="l2 must be a positive number"):
        fit_path(*problem(50, 2, rng), l2)
