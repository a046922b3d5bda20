"""The reference must be right on its own: nothing here uses the compiled core."""

import numpy as np
import problems
import pytest
from scipy.special import expit
from tolerances import EPS, assert_ulp, assert_within, needs_long_double

from fastgd import reference

LOSSES = "log_loss", "squared_error"


def anything(rng, loss, n=40, d=3):
    """A model on a problem with weights, offset, soft labels and a penalty per column."""
    X = problems.random_matrix(rng, n, d).astype(np.longdouble)
    w, b = problems.random_model(rng, X)
    keywords = {
        "loss": loss,
        "l2": rng.random(d),
        "sample_weight": rng.random(n),
        "offset": rng.standard_normal(n),
    }
    return X, problems.random_targets(rng, n, loss, soft=True), w, b, keywords


@needs_long_double
def test_sigmoid_is_exact_to_rounding():
    z = np.concatenate([np.linspace(-750, 750, 3001), np.linspace(-1, 1, 999), [0.0, -0.0]])
    exact = reference.sigmoid(z.astype(np.longdouble))
    assert_ulp(reference.sigmoid(z), exact, 3)
    normal = z > -708  # SciPy writes zero for what is smaller than the smallest normal number
    np.testing.assert_allclose(reference.sigmoid(z)[normal], expit(z[normal]), rtol=8 * EPS)


def test_sigmoid_limits():
    z = np.array([-np.inf, -1e308, 0, 1e308, np.inf, np.nan])
    np.testing.assert_array_equal(reference.sigmoid(z), [0, 0, 0.5, 1, 1, np.nan])


def test_cost_of_nothing_is_one_bit(rng):
    X = rng.standard_normal((20, 3))
    y = problems.random_targets(rng, 20)
    assert reference.cost(X, y, np.zeros(3)) == pytest.approx(np.log(2), rel=4 * EPS)


def test_cost_of_large_margins_is_the_margin():
    X = np.array([[1e3], [-1e3], [1e3], [-1e3]])
    y = np.array([1.0, 0.0, 0.0, 1.0])
    assert reference.cost(X, y, [1.0]) == 500
    assert reference.cost(1e300 * X, y, [1.0]) == 5e302


@needs_long_double
@pytest.mark.parametrize("loss", LOSSES)
def test_gradient_by_finite_differences(rng, loss):
    X, y, w, b, keywords = anything(rng, loss)
    value, g, g0 = reference.cost_and_gradient(X, y, w, b, **keywords)
    assert value == reference.cost(X, y, w, b, **keywords)
    h = np.longdouble(1e-6)
    for j, derivative in enumerate([*g, g0]):
        step = h * np.eye(len(w) + 1)[j]
        ahead = reference.cost(X, y, w + step[:-1], b + step[-1], **keywords)
        behind = reference.cost(X, y, w - step[:-1], b - step[-1], **keywords)
        assert (ahead - behind) / (2 * h) == pytest.approx(derivative, rel=1e-10, abs=1e-11)


@needs_long_double
@pytest.mark.parametrize("loss", LOSSES)
def test_hessian_by_finite_differences(rng, loss):
    X, y, w, b, keywords = anything(rng, loss)
    v, v0 = rng.standard_normal(len(w)), rng.standard_normal()
    H, H0 = reference.hessian_vector(X, y, w, b, v, v0, **keywords)
    h = np.longdouble(1e-6)
    _, ahead, ahead0 = reference.cost_and_gradient(X, y, w + h * v, b + h * v0, **keywords)
    _, behind, behind0 = reference.cost_and_gradient(X, y, w - h * v, b - h * v0, **keywords)
    np.testing.assert_allclose(H, (ahead - behind) / (2 * h), rtol=1e-10, atol=1e-11)
    assert H0 == pytest.approx((ahead0 - behind0) / (2 * h), rel=1e-10, abs=1e-11)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("l2", [0.0, 1e-3])
def test_gradient_vanishes_at_the_known_solution(rng, loss, l2):
    problem = problems.known_solution(rng, 60, 4, l2=l2, weights=True, offset=True, loss=loss)
    _, g, g0 = reference.cost_and_gradient(
        problem.X, problem.y, problem.coef, problem.intercept, **problem.objective
    )
    bound = 60 * EPS * np.abs(problem.X).mean(axis=0) * (1 + np.abs(problem.y).max())
    assert_within(g, 0, bound)
    assert abs(g0) <= 60 * EPS * (1 + np.abs(problem.y).max())


@needs_long_double
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("l2", [0.0, 1e-3])
def test_newton_finds_the_known_solution(rng, loss, l2):
    problem = problems.known_solution(rng, 60, 4, l2=l2, weights=True, offset=True, loss=loss)
    w, b, _ = problem.optimum()
    np.testing.assert_allclose(w.astype(float), problem.coef, rtol=1e-12, atol=1e-13)
    assert float(b) == pytest.approx(problem.intercept, rel=1e-12, abs=1e-13)


@needs_long_double
@pytest.mark.parametrize("make", problems.UGLY)
def test_newton_solves_ugly_data(rng, make):
    problem = make(rng)
    w, b, J = problem.optimum()  # asserts its own certificate
    assert J <= problem.cost(np.zeros(len(w)), 0.0)
    assert J == problem.cost(w, b) or abs(J - problem.cost(w, b)) < 1e-17


def test_fit_is_the_rule_written_out(rng):
    X, y, w, b, keywords = anything(rng, "log_loss")
    X = X.astype(float)
    model = reference.fit(X, y, learning_rate=0.3, n_iter=25, init=(w, b), record=True, **keywords)
    for k in range(25):
        value, g, g0 = reference.cost_and_gradient(X, y, w, b, **keywords)
        assert model.costs[k] == pytest.approx(value, rel=1e-14)
        w, b = w - 0.3 * g, b - 0.3 * g0
    np.testing.assert_allclose(model.coef, w, rtol=1e-12)
    assert model.intercept == pytest.approx(b, rel=1e-12)
    assert len(model.costs) == 26
    unrecorded = reference.fit(X, y, learning_rate=0.3, n_iter=25, **keywords)
    assert len(unrecorded.costs) == 0


def test_fit_without_intercept_leaves_it_alone(rng):
    problem = problems.random_rows(rng, 50)
    for model in (
        reference.fit(problem.X, problem.y, learning_rate=0.5, n_iter=9, fit_intercept=False),
        reference.fit_newton(problem.X, problem.y, fit_intercept=False),
    ):
        assert model.intercept == 0
        assert np.all(model.coef != 0)


def test_only_ratios_of_weights_matter(rng):
    X, y, w, b, keywords = anything(rng, "log_loss")
    s = keywords.pop("sample_weight")
    value = reference.cost(X, y, w, b, sample_weight=s, **keywords)
    for factor in 1e300, 1e-300:
        scaled = reference.cost(X, y, w, b, sample_weight=s * factor, **keywords)
        assert scaled == pytest.approx(value, rel=4 * EPS)


def test_precision_follows_X(rng):
    problem = problems.random_rows(rng, 50)
    for dtype in np.float32, np.float64, np.longdouble:
        X = problem.X.astype(dtype)
        value, g, g0 = reference.cost_and_gradient(X, problem.y, np.ones(3), 0.5)
        assert value.dtype == g.dtype == g0.dtype == dtype
    assert reference.cost((problem.X > 0).astype(np.uint8), problem.y, np.ones(3)).dtype == float


@needs_long_double
@pytest.mark.parametrize("l2", [0.0, 1e-10, 1.0])
def test_certificate_bounds_the_gap(rng, l2):
    ratios = []
    for _ in range(30):
        problem = problems.random_problem(rng, l2=l2)
        _, _, J = problem.optimum()
        X = problem.X.astype(np.longdouble)
        for n_iter in 0, 1, 2, 3, 5:
            model = reference.fit_newton(X, problem.y, n_iter=n_iter, **problem.options)
            gap = reference.certificate(X, problem.y, *model[:2], **problem.options)
            true = problem.cost(*model[:2]) - J
            assert gap >= true * (1 - 1e-9) - 1e-18
            if np.isfinite(gap) and true > 1e-15:
                ratios.append(gap / true)
    assert len(ratios) > 60
    assert np.median(ratios) < 1.01


def test_certificate_of_squared_error_is_the_gap(rng):
    problem = problems.known_solution(rng, 50, 3, l2=0.01, weights=True, loss="squared_error")
    w, b = problem.coef + 0.1, problem.intercept - 0.2
    true = problem.cost(w, b) - problem.cost(problem.coef, problem.intercept)
    gap = reference.certificate(problem.X, problem.y, w, b, **problem.options)
    assert gap == pytest.approx(float(true), rel=1e-12)
