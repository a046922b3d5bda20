"""The summary of separated classes: what is infinite, and what the other rows say."""

import re

import numpy as np
import pytest
import scipy.optimize
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
    # the second column alone tells the class apart, whatever the first says
    for s in (found, fit.summary(X, y, reference=2)):
        apart = s.params if s is not found else s.params[:, 1:]
        assert np.isinf(apart[2]).all() and np.isnan(apart[1]).all()


def test_a_level_of_one_class():
    """It tells nothing of the other two classes."""
    rng = np.random.default_rng(5)
    X, y = rng.normal(size=(120, 1)), rng.integers(0, 3, 120)
    y[:10] = 2
    X = np.column_stack([X, np.arange(120) < 10])
    with pytest.warns(fastgd.SeparationWarning):
        fit = fastgd.fit(X, y)
    s = fit.summary(X, y)
    assert np.isnan(s.params[2, 0]) and s.params[2, 1] == np.inf
    assert "1: x1 is not determined: the cost comes as near its infimum at any value" in str(s)
    assert re.search(r"x1 +not determined\n +class 2", str(s)) and "infinite" in s.notes[5]
    assert list(fit.summary(X, y, reference=2).params[2]) == [-np.inf, -np.inf]
    assert s.n_params == 6 and np.isfinite(s.bse[:2]).all()
    with pytest.raises(ValueError, match="1: x1 cannot be tested: not determined"):
        s.wald_test("x1")
    # rows of no weight prove nothing
    w = np.r_[np.ones(120), 0.0]
    with pytest.warns(fastgd.SeparationWarning):
        more = np.vstack([X, [[0, 1]]]), np.append(y, 1)
        again = fastgd.fit(*more, sample_weight=w).summary(*more, sample_weight=w)
    np.testing.assert_array_equal(np.isnan(again.params), np.isnan(s.params))


def where_it_may_go(X, y, fit):
    """Of each parameter of a fit of K classes: infinite, NaN, or 0 if it is finite, by linear
    programs over the directions that raise no cost in the limit."""
    n, K, p = len(y), len(fit.classes), fit.predict_proba(X)
    A, code = np.column_stack([np.ones(n), X]), np.searchsorted(fit.classes, y)
    grow, settle = [], []
    for i in range(n):
        for k in np.delete(np.arange(K), code[i]):
            line = np.zeros((K, A.shape[1]))
            line[code[i]], line[k] = A[i], -A[i]
            (grow if p[i, k] == 0 else settle).append(line[1:].ravel())
    size = (K - 1) * A.shape[1]
    grow, settle = np.reshape(grow, (-1, size)), np.reshape(settle, (-1, size))
    found = np.zeros(size)
    for i, one in enumerate(np.eye(size)):
        low, high = (
            sign * scipy.optimize.linprog(
                sign * one, -grow, np.zeros(len(grow)), settle, np.zeros(len(settle)), (-1, 1)
            ).fun
            for sign in (1, -1)
        )  # fmt: skip
        down, up = low < -1e-6, high > 1e-6
        found[i] = np.nan if down and up else np.inf if up else -np.inf if down else 0
    return found


@pytest.mark.filterwarnings("ignore::fastgd.SeparationWarning")
@pytest.mark.parametrize("kind", ["complete", "level", "level and more"])
def test_infinite_is_what_is_so_in_all_directions(kind):
    seen = set()
    for seed in range(12):
        rng = np.random.default_rng(seed)
        K, n, d = rng.integers(2, 5), rng.integers(20, 60), rng.integers(1, 4)
        X, y = rng.normal(size=(n, d)), rng.integers(0, K, n)
        if kind == "complete":
            y = (X @ rng.normal(size=(d, K))).argmax(axis=1)
        else:
            level = np.arange(n) < rng.integers(2, 9)
            y[level] = rng.choice(rng.permutation(K)[: rng.integers(1, K)], level.sum())
            X = np.column_stack([X, level])
            if kind == "level and more":
                X = np.column_stack([X, np.where(level, rng.normal(size=n), 0)])
        fit = fastgd.fit(X, y)
        if fit.separation is not None:
            found, wanted = fit.summary(X, y).params.ravel("F"), where_it_may_go(X, y, fit)
            np.testing.assert_array_equal(np.where(np.isfinite(found), 0, found), wanted)
            seen |= set(np.where(np.isnan(wanted), 7, wanted).tolist())
    assert seen >= {7.0, np.inf, -np.inf}


def test_many_levels_of_one_class():
    """Each is asked about alone: all together are too many unknowns."""
    level = np.random.default_rng(0).integers(0, 300, 6000)
    X = np.eye(300)[level][:, 1:]
    y = np.where(level % 2, level % 4 == 1, np.arange(6000) % 3 == 0).astype(int)
    with pytest.warns(fastgd.SeparationWarning):
        s = fastgd.fit(X, y).summary(X, y)
    places = np.arange(300)
    wanted = np.where(places % 4 == 1, np.inf, -np.inf)
    np.testing.assert_array_equal(s.params[1::2], wanted[1::2])
    assert np.isfinite(s.params[::2]).all()


def test_more_unknowns_than_are_asked_about():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(150, 200)), np.arange(150) % 2
    with pytest.warns(fastgd.SeparationWarning):
        s = fastgd.fit(X, y).summary(X, y)
    assert np.isnan(s.params).all()
    assert any("too many rows or parameters" in why for why in s.notes.values())


def test_many_levels_of_one_of_three_classes():
    """Where no Hessian is formed: the fit does not know how many columns are independent."""
    level = np.random.default_rng(0).integers(0, 120, 3000)
    X = np.eye(120)[level][:, 1:]
    y = np.where(level % 2, level % 3, np.arange(3000) % 3)
    with pytest.warns(fastgd.SeparationWarning):
        fit = fastgd.fit(X, y)
    s = fit.summary(X, y)
    assert s.n_params == 240 and np.isfinite(s.params[::2]).all()
    places = np.arange(1, 120, 2)
    wanted = {0: (-np.inf, -np.inf), 1: (np.inf, np.nan), 2: (np.nan, np.inf)}
    np.testing.assert_array_equal(s.params[1::2], [wanted[k % 3] for k in places])
