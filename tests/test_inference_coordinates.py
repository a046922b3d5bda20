"""Columns far from zero, of odd units, rare or dependent: nothing is lost in the sums."""

import numpy as np
import pytest
import scipy.sparse
from inference_data import anes, close, data, logit
from problems import DTYPES, LAYOUTS, SIZES, as_layout, is_native

import fastgd


@pytest.mark.parametrize("kind", ["nonrobust", "HC0", "cluster"])
@pytest.mark.parametrize("order", ["C", "F", "CSR"])
def test_columns_far_from_zero(kind, order):
    """Deviations of 1, means of 1e6: the slopes' errors do not change with the mean."""
    rng = np.random.default_rng(3)
    near, means = rng.integers(-3, 4, size=(500, 3)).astype(float), np.array([1e6, -3e6, 2e6])
    y = rng.random(500) < 1 / (1 + np.exp(-near @ [0.5, -0.3, 0.1]))
    far = near + means
    far = scipy.sparse.csr_array(far) if order == "CSR" else np.asarray(far, order=order)
    options = {"cov_type": kind}
    if kind == "cluster":
        options["groups"] = np.arange(500) % 20
    a = fastgd.fit(near, y).summary(near, y, **options)
    b = fastgd.fit(near + means, y).summary(far, y, **options)
    close(b.bse[1:], a.bse[1:], rtol=1e-8)
    close(b.tvalues[1:], a.tvalues[1:], rtol=1e-7)
    # the intercept: the same linear function of the near model
    R = np.concatenate([[1.0], [-1e6, 3e6, -2e6]])
    close(b.bse[0], np.sqrt(R @ a.cov_params() @ R), rtol=1e-8)
    test = b.wald_test(np.array([[1.0, 1e6, -3e6, 2e6]]))
    close(test.statistic, a.wald_test("intercept").statistic, rtol=1e-6)
    close(b.get_margeff().margeff_se, a.get_margeff().margeff_se, rtol=1e-6)
    close(b.get_margeff("mean").margeff_se, a.get_margeff("mean").margeff_se, rtol=1e-6)


@pytest.mark.parametrize("order", ["C", "F", "CSR"])
def test_columns_far_from_zero_with_several_classes(order):
    rng = np.random.default_rng(3)
    near, means = rng.integers(-3, 4, size=(500, 2)).astype(float), np.array([1e6, -3e6])
    y = rng.integers(0, 3, 500)
    far = near + means
    far = scipy.sparse.csr_array(far) if order == "CSR" else np.asarray(far, order=order)
    fit = fastgd.fit(near, y)
    moved = fastgd.fit(near, y)
    moved.intercept = fit.intercept - fit.coef @ means
    for kind in ("nonrobust", "HC0"):
        a, b = fit.summary(near, y, cov_type=kind), moved.summary(far, y, cov_type=kind)
        close(b.bse[1:], a.bse[1:], rtol=1e-8)
    close(b.get_margeff(X=far).margeff_se, a.get_margeff(X=near).margeff_se, rtol=1e-6)


def test_units():
    X, y = data()
    unit = np.array([1e-8, 1e8, 1e-8, 1e8])
    for kind in ("nonrobust", "HC0"):
        a = fastgd.fit(X, y).summary(X, y, cov_type=kind)
        b = fastgd.fit(X * unit, y).summary(X * unit, y, cov_type=kind)
        close(b.bse[1:] * unit, a.bse[1:], rtol=1e-8)
        close(b.bse[0], a.bse[0], rtol=1e-8)


@pytest.mark.parametrize("dtype", ["float32", "uint8", "bool"])
def test_element_types(dtype):
    X = np.random.default_rng(5).integers(0, 2 if dtype == "bool" else 200, (300, 3))
    y = np.random.default_rng(6).random(300) < 0.4
    a = fastgd.fit(X.astype(float), y).summary(X.astype(float), y)
    b = fastgd.fit(X.astype(dtype), y).summary(X.astype(dtype), y)
    close(b.bse, a.bse, rtol=1e-9)


def test_rare_level():
    """A column that the rows looked at first are all alike in."""
    rng = np.random.default_rng(8)
    X = np.zeros((5000, 2))
    X[:, 0] = rng.normal(size=5000)
    X[rng.choice(5000, 9, replace=False), 1] = 1e7
    y = rng.random(5000) < 0.5
    y[X[:, 1] > 0] = np.arange(9) % 2
    s = fastgd.fit(X, y).summary(X, y)
    close(s.bse[2] * 1e7, logit(X / [1, 1e7], y).bse[2], rtol=1e-7)


@pytest.mark.kernels
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_margins_and_sums(layout, dtype):
    if not is_native(dtype, layout):
        pytest.skip("CSR holds floats")
    rng = np.random.default_rng(7)
    for d in SIZES:
        n = 2 * d + 3000 // d
        X = rng.integers(0, 4, (n, d)).astype(dtype)
        exact = X.astype(np.longdouble)
        given = as_layout(X, layout)
        w, o, s = rng.normal(size=d) / d, rng.normal(size=n), rng.random(n)
        for weight in (None, s):
            z, sums = fastgd._core.margins_and_sums(given, w, 0.3, o, weight, 2, None)
            weight = np.ones(n) if weight is None else weight
            expected = exact @ w + 0.3 + o
            close(z, expected.astype(float), rtol=1e-12, atol=1e-12)
            p = 1 / (1 + np.exp(-expected))
            third = weight * p * (1 - p) * (1 - 2 * p)
            close(sums[0], (third @ exact).astype(float), rtol=0, atol=1e-14 * n * 4)
            close(sums[1], (weight @ exact).astype(float), rtol=1e-13)
        shift, scale = rng.random(d), 1 + rng.random(d)
        G = fastgd._core.gram(given, s, shift, scale, 2, None)
        a = np.column_stack([(exact - shift) * scale, np.ones(n)])
        close(G, ((a * s[:, None]).T @ a).astype(float), rtol=0, atol=1e-14 * n * 64)


def test_aliased_columns():
    X, y = data()
    full = np.column_stack([X[:, 0], np.full(len(y), 7.0), X[:, 1], X[:, 0] - 2 * X[:, 1], X[:, 2]])
    s = fastgd.fit(full, y).summary(full, y)
    lean = fastgd.fit(X[:, :3], y).summary(X[:, :3], y)
    kept = [0, 1, 3, 5]
    close(s.params[kept], lean.params, rtol=1e-6)
    close(s.bse[kept], lean.bse, rtol=1e-6)
    assert np.isnan(s.bse[[2, 4]]).all() and np.isnan(s.params[[2, 4]]).all()
    assert s.notes == {
        2: "aliased: the column is constant",
        4: "aliased: follows from x0, x2",
    }
    assert "x3 is aliased: follows from x0, x2." in str(s)
    close((s.aic, s.df_resid), (lean.aic, lean.df_resid), rtol=1e-9)
    with pytest.raises(ValueError, match="x3 cannot be tested: aliased"):
        s.wald_test("x3")
    assert np.isnan(s.get_margeff().margeff[[1, 3]]).all()
    close(s.get_margeff().margeff_se[[0, 2, 4]], lean.get_margeff().margeff_se, rtol=1e-6)


def test_aliased_columns_of_several_classes():
    X, y = anes()
    full = np.column_stack([X, X[:, 0] + X[:, 1]])
    s = fastgd.fit(full, y).summary(full, y)
    close(s.bse[:6], fastgd.fit(X, y).summary(X, y).bse, rtol=1e-6)
    assert np.isnan(s.bse[6]).all()
