"""Gradient descent on any function; the numbers of row 6 of the lecture."""

import math

import numpy as np
import pytest
from tolerances import assert_exact

import fastgd

NAN, INF = math.nan, math.inf


def bowl(v):
    return v[0] ** 2 + 2 * v[1] ** 2


def slope(v):
    return np.array([2 * v[0], 4 * v[1]])


def descend(learning_rate, **options):
    return fastgd.gradient_descent(bowl, [1, 1], slope, learning_rate=learning_rate, **options)


# --- row 6: too small, right, too large ----------------------------------------------------


def test_the_rule():
    found = descend(0.1, max_iter=3)
    x = np.array([1.0, 1.0])
    for k in range(4):
        assert_exact(found.path[k], x)
        assert found.values[k] == bowl(x)
        assert_exact(found.gradients[k], slope(x))
        x = x - 0.1 * slope(x)
    assert_exact(found.x, found.path[3])
    assert (found.value, found.n_iter, found.status) == (bowl(found.x), 3, "max_iter")
    assert (found.learning_rate, found.momentum, found.bounds) == (0.1, 0.0, None)


def test_a_small_learning_rate_is_slow_and_a_good_one_arrives():
    slow, good = descend(0.01), descend(0.1)
    assert slow.status == "max_iter" and not slow.converged and slow.n_iter == 100
    assert slow.x == pytest.approx([0.98**100, 0.96**100], rel=1e-12)
    assert slow.x[0] == pytest.approx(0.1326, abs=5e-5)  # an eighth of the way is left
    assert good.converged and good.n_iter < 100 and np.abs(good.x).max() < 1e-7


def test_a_quarter_puts_y_on_zero_in_one_step():
    found = descend(0.25)
    assert_exact(found.path[1], np.array([0.5, 0.0]))
    assert (found.path[1:, 1] == 0).all() and found.converged


def test_a_half_flips_y_for_ever():
    found = descend(0.5)
    assert found.status == "max_iter"
    assert_exact(found.path[1:, 0], np.zeros(100))
    assert_exact(found.path[:, 1], np.where(np.arange(101) % 2, -1.0, 1.0))


def test_beyond_the_limit_it_diverges_and_keeps_its_path():
    found = descend(0.6)
    assert found.status == "diverged" and "0.6" in found.message and "2 / L" in found.message
    steps = np.arange(len(found.path))
    np.testing.assert_allclose(found.path[:, 1], (-1.4) ** steps, rtol=1e-12)
    assert found.n_iter > 20 and np.isfinite(found.path).all() and np.isfinite(found.values).all()


@pytest.mark.parametrize(("share", "status"), [(0.99, "converged"), (1.01, "diverged")])
def test_the_limit_is_two_over_the_curvature(share, status):
    assert descend(share * 2 / 4, max_iter=5000).status == status


def test_divergence_is_seen_after_few_steps_too():
    found = descend(0.6, max_iter=10)
    assert found.status == "diverged" and found.n_iter == 10


# --- other ways to end -----------------------------------------------------------------------


def test_bounds_stop_at_the_edge():
    found = descend(0.1, bounds=[(0.3, 2), (None, None)])
    assert found.status == "edge" and "x[0] = 0.3" in found.message
    assert found.x[0] == 0.3 and (found.path[:-1, 0] > 0.3).all()
    free = descend(0.1).path
    before = found.n_iter - 1
    assert_exact(found.path[:-1], free[: found.n_iter])
    way = (found.x - free[before]) / (free[before + 1] - free[before])  # a part of the same step
    assert 0 < way[0] < 1 and way[0] == pytest.approx(way[1], rel=1e-9)
    assert_exact(found.bounds, np.array([[0.3, 2], [-INF, INF]]))


def test_a_start_on_the_edge_may_go_inward():
    assert descend(0.1, bounds=[(-1, 1), (-1, 1)]).converged
    found = fastgd.gradient_descent(bowl, [1, 1], slope, learning_rate=0.1, bounds=[(1, 2), (0, 2)])
    assert found.status == "edge" and found.n_iter == 1
    assert_exact(found.x, np.array([1.0, 1.0]))


def test_the_edge_of_the_domain():
    found = fastgd.gradient_descent(math.log, 1, lambda x: 1 / x, learning_rate=0.75)
    assert found.status == "edge" and "domain" in found.message
    np.testing.assert_array_equal(found.path, [[1.0], [0.25]])


def test_overflow_keeps_the_finite_part():
    found = fastgd.gradient_descent(
        lambda x: x**4, 10.0, lambda x: 4 * x**3, learning_rate=1.0, max_iter=1000
    )
    assert found.status == "diverged"
    assert (
        found.n_iter >= 1 and np.isfinite(found.path).all() and np.isfinite(found.gradients).all()
    )


def test_no_bottom():
    found = fastgd.gradient_descent(
        lambda x: -(x**2), 1.0, lambda x: -2 * x, learning_rate=0.5, max_iter=500
    )
    assert found.status == "diverged" and (np.diff(found.values) < 0).all()


def test_local_minima():
    def f(x):
        return x**4 - 3 * x**2 + x

    def g(x):
        return 4 * x**3 - 6 * x + 1

    left = fastgd.gradient_descent(f, -1.5, g, learning_rate=0.05)
    right = fastgd.gradient_descent(f, 1.5, g, learning_rate=0.05)
    assert left.converged and right.converged
    assert g(left.x[0]) == pytest.approx(0, abs=1e-6) and g(right.x[0]) == pytest.approx(
        0, abs=1e-6
    )
    assert left.value < right.value and left.x[0] < 0 < right.x[0]


def test_a_saddle_holds_only_who_starts_on_its_ridge():
    def f(v):
        return v[0] ** 2 - v[1] ** 2 + v[1] ** 4

    def g(v):
        return [2 * v[0], -2 * v[1] + 4 * v[1] ** 3]

    on = fastgd.gradient_descent(f, [1, 0], g, learning_rate=0.1, max_iter=500)
    assert on.converged and on.x[1] == 0 and "saddle" in on.message
    # the gradient on the way down may be any number of times that at the start
    for start in [1, 1e-6], [0, 1e-12]:
        off = fastgd.gradient_descent(f, start, g, learning_rate=0.1, max_iter=500)
        assert off.converged and off.x == pytest.approx([0, math.sqrt(0.5)], abs=1e-6)


def test_convex_functions_have_one_minimum(rng):
    ends = [
        fastgd.gradient_descent(bowl, start, slope, learning_rate=0.2, max_iter=500).x
        for start in rng.standard_normal((5, 2))
    ]
    np.testing.assert_allclose(ends, 0, atol=1e-6)


def test_momentum():
    found = descend(0.1, momentum=0.5, max_iter=3)
    x, v = np.array([1.0, 1.0]), np.zeros(2)
    for k in range(4):
        assert_exact(found.path[k], x)
        v = 0.5 * v - 0.1 * slope(x)
        x = x + v
    assert descend(0.02, momentum=0.8).value < descend(0.02).value
    assert descend(0.3, momentum=0.9, max_iter=1000).converged


def test_gradient_by_differences():
    for start in [1, 1], np.array([1.0, 1.0], np.float32):
        found = fastgd.gradient_descent(bowl, start, learning_rate=0.1)
        exact = descend(0.1)
        assert found.converged and found.n_iter == exact.n_iter
        np.testing.assert_allclose(found.path, exact.path, atol=1e-12)
    assert fastgd.gradient_descent(math.cos, 1, learning_rate=0.5).x == pytest.approx([math.pi])
    flat = fastgd.gradient_descent(math.cos, 0, learning_rate=0.5)
    assert flat.converged and flat.n_iter == 0


def test_a_kink_stops_the_path():
    found = fastgd.gradient_descent(abs, 1.0, learning_rate=0.25)
    assert found.status == "edge" and "gradient" in found.message and found.n_iter == 3


def test_the_logistic_cost_goes_down_as_in_the_core(rng):
    X, y = rng.standard_normal((40, 3)), np.arange(40) % 2
    found = fastgd.gradient_descent(
        lambda v: fastgd.cost(X, y, v[:3], v[3]),
        np.zeros(4),
        lambda v: np.append(*fastgd.cost_and_gradient(X, y, v[:3], v[3])[1:]),
        learning_rate=0.5,
        max_iter=20,
    )
    costs = fastgd.reference.fit(X, y, learning_rate=0.5, n_iter=20, record=True).costs
    np.testing.assert_allclose(found.values, costs, rtol=1e-13)


def test_text():
    text = repr(descend(0.25, max_iter=20))
    assert "max_iter" in text and "..." in text and "(0.5, 0)" in text
    assert repr(descend(0.25, max_iter=2)).count("\n") == 4


# --- bad input ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("learning_rate", 0, ValueError),
        ("learning_rate", -0.1, ValueError),
        ("learning_rate", NAN, ValueError),
        ("learning_rate", INF, ValueError),
        ("learning_rate", "fast", TypeError),
        ("learning_rate", None, TypeError),
        ("learning_rate", [0.1], ValueError),
        ("momentum", 1, ValueError),
        ("momentum", -0.1, ValueError),
        ("max_iter", -1, ValueError),
        ("max_iter", 1.5, TypeError),
        ("max_iter", None, TypeError),
        ("tol", -1, ValueError),
        ("tol", NAN, ValueError),
        ("bounds", [(0, 2)], ValueError),
        ("bounds", [(2, 0), (0, 2)], ValueError),
        ("bounds", [(0, NAN), (0, 2)], ValueError),
        ("bounds", [0, 2], ValueError),
        ("bounds", "edge", ValueError),
        ("bounds", [(2, 3), (0, 2)], ValueError),
    ],
)
def test_bad_option(name, value, error):
    with pytest.raises(error, match=name):
        descend(**{"learning_rate": 0.1, name: value})


def test_no_learning_rate_has_no_default():
    with pytest.raises(TypeError, match="learning_rate"):
        fastgd.gradient_descent(bowl, [1, 1], slope)


@pytest.mark.parametrize("x0", [[], [NAN, 1], ["a", "b"], [[1, 1]], [1j, 1], None])
def test_bad_start(x0):
    with pytest.raises((ValueError, TypeError), match="x0"):
        fastgd.gradient_descent(bowl, x0, slope, learning_rate=0.1)


def in_place(v):
    v *= 2
    return v


@pytest.mark.parametrize(
    ("f", "gradient", "error", "words"),
    [
        (lambda v: v, slope, ValueError, r"f returned.*\(2,\)"),
        (lambda v: None, slope, TypeError, "None"),
        (lambda v: 1j, slope, TypeError, "complex"),
        (lambda v: NAN, slope, ValueError, "not defined at x"),
        (lambda v: in_place(v).sum(), slope, ValueError, "changes its argument"),
        (bowl, lambda v: [1.0], ValueError, r"gradient.*\(1,\)"),
        (bowl, lambda v: 1.0, ValueError, r"gradient.*\(\)"),
        (bowl, lambda v: np.ones((2, 1)), ValueError, r"gradient.*\(2, 1\)"),
        (bowl, lambda v: [1j, 1], TypeError, "gradient"),
        (bowl, lambda v: None, TypeError, "gradient"),
        (bowl, in_place, ValueError, "gradient changes its argument"),
        (bowl, lambda v: [NAN, 1], ValueError, "gradient is not finite"),
        (bowl, [2.0, 4.0], TypeError, "gradient must be a function"),
        (None, slope, TypeError, "f must be a function"),
    ],
)
def test_bad_function(f, gradient, error, words):
    with pytest.raises(error, match=words):
        fastgd.gradient_descent(f, [1.0, 1.0], gradient, learning_rate=0.1)


def test_the_start_is_left_alone():
    x0 = np.ones(2)
    fastgd.gradient_descent(bowl, x0, slope, learning_rate=0.1)
    assert_exact(x0, np.ones(2))
