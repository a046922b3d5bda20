"""The elementwise functions, one margin at a time: relative accuracy over the whole range."""

import numpy as np
import pytest
from problems import SIZES
from tolerances import EPS, TINY, assert_exact, assert_ulp, assert_within, needs_long_double

import fastgd
from fastgd import reference

pytestmark = [pytest.mark.kernels, needs_long_double]

MARGINS = np.array([0.0, 1e-300, 1e-9, 0.3, 0.44, 1.0, 4.85, 17.6, 37.0, 100.0, 690.0, 700.0])
MARGINS = np.concatenate([MARGINS, -MARGINS])


def both_signs(z):
    return np.concatenate([z, -z])


def around(z):
    """Each number with its four neighbours."""
    one = np.spacing(z)
    return np.concatenate([z - 2 * one, z - one, z, z + one, z + 2 * one])


def one_row(function, z, y, **keywords):
    """Call `function` on a row of margin `z`; a second one, of the other class, weighs nothing."""
    X, labels = np.array([[z], [0.0]]), np.array([y, 1 - y])
    weights = [1.0, 0.0]
    return function(X, labels, [1.0], 0.0, loss="log_loss", sample_weight=weights, **keywords)


@pytest.mark.parametrize("most", [0.35, 1.5, 6.0, 45.0, 708.0])
def test_sigmoid_at_random(isa, rng, most):
    z = rng.uniform(-most, most, 50_000)
    assert_ulp(fastgd.sigmoid(z), reference.sigmoid(z.astype(np.longdouble)), 2)


def test_sigmoid_of_every_magnitude(isa, rng):
    z = both_signs(10 ** rng.uniform(-323, 308, 20_000))
    assert_ulp(fastgd.sigmoid(z), reference.sigmoid(z.astype(np.longdouble)), 2)


@pytest.mark.parametrize("between", [0.0, 0.5])
def test_sigmoid_at_multiples_of_log_2(isa, between):
    """There the argument's reduction changes its integer, or loses most digits."""
    z = both_signs(around((np.arange(1077) + between) * np.log(2)))
    assert_ulp(fastgd.sigmoid(z), reference.sigmoid(z.astype(np.longdouble)), 2)


def test_sigmoid_where_it_underflows(isa, rng):
    z = np.append(rng.uniform(-746, -708, 20_000), around(np.array([-745.0, -740.0, -708.4])))
    p = fastgd.sigmoid(z)
    assert_ulp(p, reference.sigmoid(z.astype(np.longdouble)), 2)
    assert np.all(p[z > -745] > 0)


def test_sigmoid_of_every_nan(isa):
    bits = np.array([0x7FF8 << 48, 0xFFF8 << 48, 0x7FF0 << 48 | 1, 0xFFFF << 48 | 0xFFF], np.uint64)
    for width in SIZES:
        assert np.all(np.isnan(fastgd.sigmoid(np.resize(bits, width).view(np.float64))))


def test_same_bits_at_any_place(isa, rng):
    z = rng.standard_normal(97 + 17) * np.resize([1e-3, 1, 30, 300, 800], 97 + 17)
    p = fastgd.sigmoid(z)
    for start in range(17):
        for size in SIZES:
            assert_exact(fastgd.sigmoid(z[start : start + size]), p[start : start + size])


def test_neighbours_do_not_matter(isa, rng):
    z = rng.standard_normal(33)
    p = fastgd.sigmoid(z)
    for neighbour in (np.nan, np.inf, -np.inf, -744.0, 1e308):
        mixed = np.where(np.arange(33) % 2, z, neighbour)
        assert_exact(fastgd.sigmoid(mixed)[1::2], p[1::2])


def test_sigmoid_of_float32_is_that_of_float64(isa, rng):
    z = (rng.standard_normal(65) * 50).astype(np.float32)
    assert_exact(fastgd.sigmoid(z), fastgd.sigmoid(z.astype(np.float64)))


@pytest.mark.parametrize("y", [0.0, 1.0, 0.25, 1e-20, 1 - 2**-53])
def test_loss_of_one_row(isa, y):
    """A row that is fitted well costs next to nothing, and that is known to the last digits."""
    for z in both_signs(np.array([*MARGINS, 1e3, 1e300])):
        m = np.longdouble(z)
        against = y if z < 0 else 1 - np.longdouble(y)
        exact = np.log1p(np.exp(-abs(m))) + against * abs(m)
        assert_ulp(one_row(fastgd.cost, z, y), exact, 4)


@pytest.mark.parametrize("y", [0.0, 1.0])
def test_residual_of_one_row(isa, y):
    """sigma(z) - y does not cancel: at z = 40 a row of class 1 still pulls, by exp(-40)."""
    sign = -1 if y else 1
    for z in MARGINS:
        exact = sign * reference.sigmoid(np.longdouble(sign * z))
        _, _, pull = one_row(fastgd.cost_and_gradient, z, y)
        assert_ulp(pull, exact, 3)


def test_curvature_of_one_row(isa):
    for z in MARGINS:
        m = np.longdouble(z)
        exact = reference.sigmoid(m) * reference.sigmoid(-m)
        _, curvature = one_row(fastgd.hessian_vector, z, 1.0, v=[0.0], v0=1.0)
        assert_ulp(curvature, exact, 6)


@pytest.mark.parametrize("n", [1, 7, 511, 512, 513, 20_000])
@pytest.mark.parametrize("weighted", [False, True])
def test_rows_of_a_summary(isa, rng, n, weighted):
    """Every row to a few units in the last place, and the sum of losses as good as a sum in pairs:
    its error does not grow with n. Labels and shares; some rows without weight."""
    z = rng.normal(size=n) * np.resize([1, 30, 0.01, 700], n)
    t = np.where(rng.random(n) < 0.3, rng.random(n), rng.integers(0, 2, n))
    s = rng.integers(0, 3, n) * rng.random(n) if weighted else np.ones(n)
    p, q, r, total = fastgd._core.log_loss_rows(z, t, s)
    m, y, weight = (a.astype(np.longdouble) for a in (z, t, s))
    one, other = reference.sigmoid(m), reference.sigmoid(-m)
    assert_ulp(p, one, 2)
    assert_ulp(q, weight * one * other, 8)
    assert_within(r, y * other - (1 - y) * one, 8 * EPS * (y * other + (1 - y) * one) + EPS * TINY)
    loss = np.where(m < 0, y, 1 - y) * abs(m) + np.log1p(np.exp(-abs(m)))
    assert_within(total, np.sum(weight * loss), 80 * EPS * np.sum(weight * loss))


def test_rows_of_a_summary_must_be_finite():
    one = np.ones(3)
    for k, name in enumerate("zts"):
        given = [one, one, one]
        given[k] = np.array([1.0, 1.0, np.inf])
        with pytest.raises(ValueError, match=rf"{name}\[2\] is inf"):
            fastgd._core.log_loss_rows(*given)
