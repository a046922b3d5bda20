"""Slopes of any function; the numbers of rows 1 to 5 of the lecture."""

import cmath
import copy
import math
import pickle

import numpy as np
import pytest

import fastgd
from fastgd import calculus

NAN = math.nan


def bowl(v):
    return v[0] ** 2 + 2 * v[1] ** 2


# --- row 1: slope belongs to a line, derivative to a point ----------------------------


def test_line_has_the_same_slope_everywhere():
    for x in 2, 5:
        table = calculus.difference_table(lambda a: 3 * a, x, [0.001])
        assert table.rises == pytest.approx([0.003], rel=1e-10)
        assert table.forward == pytest.approx([3], rel=1e-10)
        assert table.derivative == pytest.approx(3, rel=1e-13)


def test_square_has_another_slope_at_every_point():
    for x, quotient, limit in (2, 4.001, 4), (5, 10.001, 10):
        table = calculus.difference_table(lambda a: a**2, x, [0.001])
        assert table.forward == pytest.approx([quotient], rel=1e-10)
        assert table.derivative == pytest.approx(limit, rel=1e-13)


# --- row 2: the derivative function and the rules ---------------------------------------


def test_derivative_function():
    slope = calculus.derivative_function(lambda a: a**2)
    assert slope(5) == pytest.approx(10, rel=1e-13)
    x = np.array([[-1.0, 0.0], [2.0, 5.0]])
    np.testing.assert_allclose(slope(x), 2 * x, rtol=1e-13, atol=1e-13)


def test_derivative_function_of_arrays_leaves_gaps():
    assert np.isnan(calculus.derivative_function(math.log)([-1.0, 0.0])).all()
    np.testing.assert_allclose(
        calculus.derivative_function(abs)([-2.0, 0.0, 2.0]), [-1, NAN, 1], rtol=1e-12
    )


def test_elementary_derivatives():
    assert calculus.derivative(lambda a: a**3, 2) == pytest.approx(12, rel=1e-13)
    assert calculus.derivative(math.log, 2) == pytest.approx(0.5, rel=1e-12)
    assert calculus.derivative(math.exp, 1) == pytest.approx(math.e, rel=1e-12)


@pytest.mark.parametrize("z", [-30.0, -4.0, 0.0, 0.3, 4.0])
def test_slope_of_the_sigmoid(z):
    a = fastgd.sigmoid(z)
    assert calculus.derivative(fastgd.sigmoid, z) == pytest.approx(a * (1 - a), rel=1e-9)


@pytest.mark.parametrize("rule", calculus.rules(), ids=lambda rule: rule.name)
def test_rules(rule):
    assert rule.check() < 1e-12
    assert rule in calculus.RULES
    assert rule.formula in repr(calculus.rules())


def test_a_wrong_rule_is_found():
    cube = next(rule for rule in calculus.RULES if rule.name == "cube")
    assert cube._replace(derivative=lambda x: 2 * x**2).check() > 0.1


# --- row 3: the step shrinks, until rounding takes over ----------------------------------


def test_error_against_step():
    steps = 10.0 ** -np.arange(1, 13)
    table = calculus.difference_table(math.exp, 1, steps)
    forward, central = table.forward_error, table.central_error
    # while the formula's error leads, ten times the step is ten times the error, or a hundred
    np.testing.assert_allclose(forward[:4] / forward[1:5], 10, rtol=0.05)
    np.testing.assert_allclose(central[:3] / central[1:4], 100, rtol=0.05)
    # best near the root and the cube root of the rounding, and worse again beyond
    assert 1e-9 <= steps[np.argmin(forward)] <= 1e-6
    assert 1e-7 <= steps[np.argmin(central)] <= 1e-4
    assert forward[-1] > 100 * forward.min() and central[-1] > 1e4 * central.min()
    assert len(table) == 12 and f"{table.forward[3]:.12g}" in repr(table)


def test_a_step_that_vanishes_shows_slope_zero():
    table = calculus.difference_table(lambda a: 3 * a, 2, [1e-17])
    assert table.rises == [0] and table.forward == [0] and table.derivative == pytest.approx(3)


def test_difference_table_at_the_edge_of_the_domain():
    table = calculus.difference_table(math.log, 0.5, [1.0, 0.1])
    np.testing.assert_allclose(table.forward, [math.log(3), 10 * math.log(1.2)])
    assert np.isnan(table.central[0]) and table.central[1] == pytest.approx(2, rel=0.02)
    assert "nan" in repr(table)


@pytest.mark.parametrize("steps", [[0.1, 0], [-0.1], [], [NAN], [[0.1]], ["a"]])
def test_bad_steps(steps):
    with pytest.raises((ValueError, TypeError), match="steps"):
        calculus.difference_table(math.exp, 1, steps)


# --- rows 4 and 5: partial derivatives and the gradient -----------------------------------


def test_partial_derivatives():
    assert calculus.partial(bowl, [1, 1], 0) == pytest.approx(2, rel=1e-13)
    assert calculus.partial(bowl, [1, 1], 1) == pytest.approx(4, rel=1e-13)
    assert calculus.partial(bowl, (1, 1), -1) == calculus.partial(bowl, (1, 1), 1)


def test_gradient_has_a_length_an_angle_and_projections():
    g = calculus.gradient(bowl, [1, 1])
    np.testing.assert_allclose(g, [2, 4], rtol=1e-13)
    assert math.hypot(*g) == pytest.approx(4.4721, abs=5e-5)
    assert math.degrees(math.atan2(g[1], g[0])) == pytest.approx(63.43, abs=5e-3)
    assert calculus.directional_derivative(bowl, [1, 1], [1, 1]) == pytest.approx(4.2426, abs=5e-5)


def test_directional_derivative_is_the_projection():
    g = calculus.gradient(bowl, [1, 1])
    for angle in np.linspace(0, 2 * math.pi, 9):
        u = np.array([math.cos(angle), math.sin(angle)])
        slope = calculus.directional_derivative(bowl, [1, 1], u)
        assert slope == pytest.approx(g @ u, abs=1e-12)
        assert slope <= math.hypot(*g) + 1e-12  # the gradient is the steepest way
    steepest = calculus.directional_derivative(bowl, [1, 1], g)
    assert steepest == pytest.approx(math.hypot(*g), rel=1e-12)


@pytest.mark.parametrize("length", [1e-300, 1e-3, 7.0, 1e300])
def test_length_of_the_direction_does_not_matter(length):
    slope = calculus.directional_derivative(bowl, [1, 1], [length, length])
    assert slope == pytest.approx(6 / math.sqrt(2), rel=1e-12)


def test_gradient_of_the_logistic_cost(rng):
    X, y = rng.standard_normal((50, 4)), np.arange(50) % 2
    w = rng.standard_normal(4)
    check = calculus.check_gradient(
        lambda v: fastgd.cost(X, y, v), lambda v: fastgd.cost_and_gradient(X, y, v)[1], w
    )
    assert check.ok and check.resolved.all() and check.relative_error.max() < 1e-9


# --- where there is no derivative, and where it is hard to find ----------------------------


@pytest.mark.parametrize(
    ("f", "x", "left", "right", "status"),
    [
        (abs, 0, -1, 1, "kink"),
        (lambda a: max(a, 0), 0, 0, 1, "kink"),
        (lambda a: a * a + 1e-6 * abs(a), 0, -1e-6, 1e-6, "kink"),
        (lambda a: float(a >= 0), 0, math.inf, 0, "jump"),
        (math.sqrt, 0, NAN, math.inf, "vertical"),
        (lambda a: a**0.5, 0, NAN, math.inf, "vertical"),  # complex on the left
        (np.cbrt, 0, math.inf, math.inf, "vertical"),
        (lambda a: abs(a) ** 0.5, 0, -math.inf, math.inf, "vertical"),
        (math.acos, 1, -math.inf, NAN, "vertical"),
    ],
)
def test_no_derivative(f, x, left, right, status):
    slope = calculus.derivative(f, x)
    assert slope.status == status
    np.testing.assert_allclose([slope.left, slope.right], [left, right], rtol=1e-9)
    assert not math.isfinite(slope)
    assert "no derivative" in str(slope)


def test_slope_on_one_side_of_an_edge():
    def f(x):
        if x < 0:
            raise ValueError("x must not be negative")
        return (x + 1) ** 2

    slope = calculus.derivative(f, 0)
    assert slope.status == "edge" and slope == pytest.approx(2, rel=1e-9)
    assert math.isnan(slope.left) and slope.right == slope.value


@pytest.mark.parametrize(
    ("f", "x", "exact"),
    [
        (math.log, 1e-9, 1e9),
        (abs, 1e-9, 1.0),
        (lambda a: abs(a - 1e-5), 0, -1.0),
        (lambda a: abs(a) ** 1.5, 0, 0.0),
        (lambda a: math.sin(1000 * a), 0.3, 1000 * math.cos(300)),
        (lambda a: math.sin(32 * math.pi * a), 0, 32 * math.pi),  # its period is a power of two
        (lambda a: a**3, 1e8, 3e16),
        (lambda a: a**2, 1e-6, 2e-6),
        (math.cos, 0, 0.0),
        (lambda a: 7, 3, 0.0),
        (math.tan, 1.57, 1 / math.cos(1.57) ** 2),
        (lambda a: 1 / a, 1e-3, -1e6),
        (lambda a: math.exp(-((1e6 * a) ** 2)), 1e-6, -2e6 / math.e),
        (lambda a: fastgd.sigmoid(1e8 * a), 0, 2.5e7),
        (math.exp, 700, math.exp(700)),
        (lambda a: 1e-200 * a, 1e250, 1e-200),
        (lambda a: math.exp(-1 / a**2) if a else 0, 0, 0.0),
    ],
)
def test_hard_functions(f, x, exact):
    slope = calculus.derivative(f, x)
    assert slope.status == "ok"
    assert abs(slope - exact) <= 1e-9 * abs(exact) + 1e-12
    assert abs(slope - exact) <= 100 * slope.error + 1e-15 * abs(exact)


def random_wave(rng):
    """A smooth function of any size and width, and its slope."""
    height, wide, far = 10 ** rng.uniform(-6, 6), 10 ** rng.uniform(-4, 4), 10 ** rng.uniform(-6, 6)
    if rng.random() < 0.5:
        return (
            lambda x: far + height * math.sin(wide * x),
            lambda x: height * wide * math.cos(wide * x),
        )
    return (
        lambda x: far + height * math.atan(wide * x),
        lambda x: height * wide / (1 + (wide * x) ** 2),
    )


def test_no_false_alarm_on_smooth_functions(rng):
    """Rounding may leave a slope uncertain, but never makes a kink of it."""
    certain = 0
    for _ in range(150):
        f, exact = random_wave(rng)
        x = rng.normal() * 10 ** rng.uniform(-5, 3)
        slope = calculus.derivative(f, x)
        assert slope.status in ("ok", "uncertain"), (slope, x)
        assert abs(slope - exact(x)) <= 100 * slope.error + 1e-12 * abs(exact(x)), (slope, x)
        certain += slope.status == "ok"
    assert certain > 135


def test_every_kink_is_seen(rng):
    for _ in range(100):
        wide, sharp = 10 ** rng.uniform(-2, 2), 10 ** rng.uniform(-3, 3)
        at = rng.choice([0, 1]) * rng.normal() * 10 ** rng.uniform(-3, 3)
        slope = calculus.derivative(lambda x: math.sin(wide * x) + sharp * abs(x - at), at)  # noqa: B023
        assert slope.status == "kink"
        smooth = wide * math.cos(wide * at)
        size = sharp + wide
        assert slope.left == pytest.approx(smooth - sharp, abs=1e-6 * size)
        assert slope.right == pytest.approx(smooth + sharp, abs=1e-6 * size)


def test_single_precision_is_recognised():
    slope = calculus.derivative(lambda a: np.float32(math.sin(a)), 1)
    assert slope.status == "ok" and slope == pytest.approx(math.cos(1), abs=3e-6)


def test_a_restless_function_is_uncertain():
    slope = calculus.derivative(lambda a: a * math.sin(1 / a) if a else 0, 0)
    assert slope.status == "uncertain" and "perhaps" in str(slope) and slope.error > 0.1


def test_a_derivative_is_a_float():
    slope = calculus.derivative(lambda a: a**3, 2)
    assert isinstance(slope, float) and slope.value == float(slope) and str(slope) == "12"
    for other in copy.copy(slope), pickle.loads(pickle.dumps(slope)):
        assert (other, other.error, other.status) == (slope, slope.error, "ok")


def test_other_numbers():
    from fractions import Fraction

    assert calculus.derivative(lambda a: Fraction(a) ** 2, 3) == pytest.approx(6, rel=1e-12)
    assert calculus.derivative(lambda a: np.array(a**2), np.int8(3)) == pytest.approx(6)


# --- bad functions and points ------------------------------------------------------------


def changes_its_argument(v):
    v *= 2
    return v.sum()


@pytest.mark.parametrize(
    ("f", "error", "words"),
    [
        (lambda x: None, TypeError, "None.*return"),
        (lambda x: [x, x], ValueError, r"\(2,\).*one number"),
        (lambda x: np.array([x]), ValueError, r"\(1,\).*one number"),
        (lambda x: [[x], [x, x]], TypeError, "list"),
        (lambda x: "3", TypeError, "text"),
        (cmath.sqrt, TypeError, "complex"),
        (lambda x: NAN, ValueError, "not defined at x = 2"),
        (lambda x: math.inf, ValueError, "infinite at x = 2"),
        (lambda x: math.log(-x), ValueError, "not defined at x = 2"),
        (lambda x: 1 / (x - 2), ValueError, "not defined at x = 2"),
        (3, TypeError, "f must be a function, found int"),
    ],
)
@pytest.mark.parametrize("tool", [calculus.derivative, calculus.difference_table])
def test_bad_function_of_a_number(tool, f, error, words):
    with pytest.raises(error, match=words):
        tool(f, 2)


def test_mistakes_in_a_function_come_through():
    with pytest.raises(AttributeError, match="nothing"):
        calculus.derivative(lambda x: x.nothing, 2)
    with pytest.raises(TypeError, match=r"missing.*'y'") as error:
        calculus.partial(lambda x, y: x * y, [1, 1], 0)
    assert "vector of shape (2,): f(v), not f(x, y)" in error.value.__notes__[0]
    with pytest.raises(TypeError, match="subscriptable") as error:
        calculus.derivative(lambda v: v[0], 1)
    assert error.value.__notes__ == ["f was called with one number"]
    with pytest.raises(ValueError, match="mismatch") as error:
        calculus.gradient(lambda v: v @ np.ones(3), [1.0, 2.0])
    assert isinstance(error.value.__cause__.__cause__, ValueError)  # NumPy's own


TOOLS = {
    "partial": lambda f, x: calculus.partial(f, x, 0),
    "gradient": calculus.gradient,
    "directional_derivative": lambda f, x: calculus.directional_derivative(f, x, np.ones(len(x))),
    "check_gradient": lambda f, x: calculus.check_gradient(f, np.ones(len(x)), x),
}
every_tool = pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)


@every_tool
@pytest.mark.parametrize(
    ("f", "error", "words"),
    [
        (changes_its_argument, ValueError, "changes its argument"),
        (lambda v: v, ValueError, r"shape \(2,\)"),
        (lambda v: v[:1], ValueError, r"shape \(1,\)"),
        (lambda v: None, TypeError, "None"),
        (lambda v: 1j * v[0], TypeError, "complex"),
        (lambda v: v[0] * NAN, ValueError, "not defined at x = "),
        (lambda v: np.log(-v[0]), ValueError, "not defined"),
        ("f", TypeError, "f must be a function, found str"),
    ],
)
def test_bad_function_of_a_vector(tool, f, error, words):
    with pytest.raises(error, match=words):
        tool(f, [1.0, 2.0])


@every_tool
@pytest.mark.parametrize(
    "x", [[NAN, 1], [math.inf, 1], [[1, 2]], [], ["a"], [1j, 2], [[1], [1, 2]], [None, 1]]
)
def test_bad_vector(tool, x):
    with pytest.raises((ValueError, TypeError), match=r"\bx\b"):
        tool(bowl, x)


@pytest.mark.parametrize("x", [NAN, math.inf, [1.0], "1", None, 1j])
def test_bad_number(x):
    with pytest.raises((ValueError, TypeError), match=r"\bx\b"):
        calculus.derivative(math.exp, x)


def test_the_points_array_is_left_alone():
    x = np.array([1.0, 1.0])
    x.flags.writeable = False
    calculus.gradient(bowl, x)
    np.testing.assert_array_equal(x, 1)


@pytest.mark.parametrize(
    ("i", "error"), [(2, IndexError), (-3, IndexError), (0.0, TypeError), (True, TypeError)]
)
def test_bad_component(i, error):
    with pytest.raises(error, match=r"\bi\b"):
        calculus.partial(bowl, [1, 1], i)


@pytest.mark.parametrize("direction", [[0, 0], [1], [1, NAN], [[1, 0]]])
def test_bad_direction(direction):
    with pytest.raises(ValueError, match="direction"):
        calculus.directional_derivative(bowl, [1, 1], direction)


def test_gradient_at_a_kink_names_the_component():
    with pytest.raises(ValueError, match=r"x\[1\].*-1 from the left, 1 from the right"):
        calculus.gradient(lambda v: v[0] + abs(v[1]), [1.0, 0.0])


# --- check_gradient -----------------------------------------------------------------------


def test_a_right_gradient_is_right():
    check = calculus.check_gradient(bowl, lambda v: [2 * v[0], 4 * v[1]], [1, 1])
    assert check and check.ok and check.agrees.all() and "is right" in repr(check)


def test_a_wrong_component_is_named():
    check = calculus.check_gradient(bowl, lambda v: [2 * v[0], 2 * v[1]], [1, 1])
    assert not check and check.agrees.tolist() == [True, False]
    assert check.relative_error[1] == pytest.approx(0.5) and "WRONG" in repr(check)


@pytest.mark.parametrize("scale", [1e-150, 1e-8, 1.0, 1e8, 1e150])
@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_check_depends_on_no_scale(scale, unit):
    def f(v):
        return scale * bowl(np.asarray(v) / unit)

    right = np.array([2.0, 4.0]) * scale / unit
    x = np.array([unit, unit])
    assert calculus.check_gradient(f, right, x).ok
    assert not calculus.check_gradient(f, right * [1, 1.0001], x).ok


def test_a_tiny_component_beside_large_ones_counts():
    def f(v):
        return v[0] ** 2 + 1e-6 * v[1]

    assert calculus.check_gradient(f, [2.0, 1e-6], [1, 1]).ok
    check = calculus.check_gradient(f, [2.0, 1.1e-6], [1, 1])
    assert not check.ok and check.agrees.tolist() == [True, False]
    assert not calculus.check_gradient(f, [2.0, 0.0], [1, 1]).ok


def test_a_component_lost_in_rounding_is_called_so():
    def f(v):
        return 1e6 + v[0] + 1e-12 * v[1]

    check = calculus.check_gradient(f, [1.0, 1e-12], [1, 1])
    assert check.ok and check.resolved.tolist() == [True, False]
    assert "not resolved" in repr(check) and "too small" in repr(check)
    assert not calculus.check_gradient(f, [1.0, 1e-3], [1, 1]).ok  # beyond the noise


def test_zeros_agree():
    check = calculus.check_gradient(lambda v: 5.0, [0.0, 0.0], [1, 1])
    assert check.ok and (check.relative_error == 0).all() and check.resolved.all()


@pytest.mark.parametrize(
    ("grad", "error"),
    [
        ([1.0], ValueError),
        (lambda v: [[1.0, 2.0]], ValueError),
        (lambda v: 1.0, ValueError),
        ([NAN, 1.0], ValueError),
        (lambda v: [1j, 2.0], TypeError),
        (lambda v: np.multiply(v, 2, out=v), ValueError),
    ],
)
def test_bad_gradient(grad, error):
    with pytest.raises(error, match="grad"):
        calculus.check_gradient(bowl, grad, [1.0, 1.0])


@pytest.mark.parametrize("tol", [0, 1, -1e-6, "a", NAN])
def test_bad_tolerance(tol):
    with pytest.raises(ValueError, match="tol"):
        calculus.check_gradient(bowl, [2.0, 4.0], [1, 1], tol=tol)
