"""The summary of separated classes: what is infinite, and what the other rows say."""

import numpy as np
import pytest
from inference_data import close, data, logit

import fastgd


def test_separated():
    X, y = data(n=200)
    X[:, 3] = 0
    X[:12, 3], y[:12] = 1, 1
    with pytest.warns(fastgd.SeparationWarning):
        fit = fastgd.fit(X, y)
    s = fit.summary(X, y)
    assert s.params[4] == np.inf and np.isnan(s.bse[4]) and "infinite" in s.notes[4]
    rest = fastgd.fit(X[12:, :3], y[12:]).summary(X[12:, :3], y[12:])
    close(s.bse[:4], rest.bse, rtol=1e-5)
    close(s.llf, rest.llf, rtol=1e-6)
    assert (s.df_model, s.df_resid) == (4, 195)
    with pytest.raises(ValueError, match="separated"):
        s.get_margeff()
    assert "separated" in str(s) and "infinite" in str(s)
    with pytest.raises(ValueError, match="infinite"):
        s.wald_test("x3")


def test_separated_levels_beside_an_alias():
    """One-hot columns with an intercept, two levels of one class only, one column far from 0."""
    rng = np.random.default_rng(0)
    level = rng.integers(0, 8, 3000)
    X = np.column_stack([rng.normal(size=3000) * 1e6 + 3e9, np.eye(8)[level]])
    y = np.where(level == 3, 1, np.where(level == 5, 0, rng.random(3000) < 0.4))
    with pytest.warns(fastgd.SeparationWarning):
        fit = fastgd.fit(X, y)
    s = fit.summary(X, y)
    assert (s.params[5], s.params[7]) == (np.inf, -np.inf) and np.isnan(s.params[9])
    assert "x8 is aliased: follows from intercept, x1, x2, x3 and 2 more." in str(s)
    rest = (level != 3) & (level != 5)
    Z = np.column_stack([(X[:, 0] - 3e9) / 1e6, X[:, [1, 2, 3, 5, 7]]])[rest]
    live = logit(Z, y[rest])
    close(s.bse[[2, 3, 4, 6, 8]], live.bse[2:], rtol=1e-6)
    close(s.bse[1] * 1e6, live.bse[1], rtol=1e-6)
    close(s.params[[2, 3, 4, 6, 8]], live.params[2:], rtol=1e-4)


def test_separated_altogether():
    X = np.arange(10.0).reshape(-1, 1)
    y = (X[:, 0] > 4).astype(int)
    with pytest.warns(fastgd.SeparationWarning):
        fit = fastgd.fit(X, y)
    s = fit.summary(X, y)
    assert list(s.params) == [-np.inf, np.inf] and np.isnan(s.bse).all()
    assert "nan" not in str(s).replace("separated", "")
    assert (s.df_model, s.df_resid, s.aic) == (1, 8, 4)
    flipped = fit.summary(X, y, reference=1)
    assert list(flipped.params) == [np.inf, -np.inf]


def test_one_of_three_classes_apart(rng):
    """Its coefficients are infinite; those of the others are what their own rows say."""
    n = 200
    far = rng.normal(size=(50, 2)) + np.array([0, 50])
    X = np.vstack([rng.normal(size=(n, 2)), far])
    y = np.concatenate([rng.random(n) < 1 / (1 + np.exp(-X[:n, 0])), np.full(50, 2)]).astype(int)
    with pytest.warns(fastgd.SeparationWarning):
        fit = fastgd.fit(X, y)
    found, alone = fit.summary(X, y), fastgd.fit(X[:n], y[:n]).summary(X[:n], y[:n])
    assert found.equations == [1, 2]
    np.testing.assert_allclose(found.params[:, 0], alone.params, rtol=1e-6)
    np.testing.assert_allclose(found.bse[:, 0], alone.bse, rtol=1e-6)
    np.testing.assert_allclose(found.llf, alone.llf, rtol=1e-8)
    assert found.params[2, 1] == np.inf and np.isnan(found.bse[:, 1]).all()
    assert "separated" in str(found)
    assert np.isinf(fit.summary(X, y, reference=2).params).all()
