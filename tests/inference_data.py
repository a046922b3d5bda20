"""Data for standard errors, and who says what they are: statsmodels, plain linear algebra."""

import functools

import numpy as np
import pytest

import fastgd


def close(actual, expected, rtol=1e-6, atol=0.0):
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol)


def data(n=400, d=4, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * 10.0 ** np.arange(-1, d - 1) + np.arange(d)
    X[:, -1] = rng.random(n) < 0.3
    eta = (X - X.mean(axis=0)) / X.std(axis=0) @ rng.normal(size=d) * 0.7
    return X, (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(int)


def anes():
    loaded = sm().datasets.anes96.load()
    return np.array(loaded.exog, dtype=float), np.asarray(loaded.endog).astype(int)


@functools.cache
def birth_weights():
    """Stored results of a textbook's data, its columns and labels."""
    stored = glm_results().Lbw()
    return stored, stored.exog.drop(columns="const").astype(float), np.asarray(stored.endog)


def sm():
    return pytest.importorskip("statsmodels.api")


def glm_results():
    return pytest.importorskip("statsmodels.genmod.tests.results.results_glm")


def discrete_results():
    return pytest.importorskip("statsmodels.discrete.tests.results.results_discrete")


def first(values):
    """Statsmodels' parameters with the constant, last there, put first."""
    return np.roll(np.asarray(values), 1, axis=0)


def logit(X, y, **options):
    return sm().Logit(y, sm().add_constant(X)).fit(disp=0, method="newton", tol=1e-13, **options)


def binomial(X, y, **options):
    family = sm().families.Binomial()
    return sm().GLM(y, sm().add_constant(X), family=family, **options).fit(tol=1e-14)


def sandwich(X, y, l2):
    """Standard errors by plain linear algebra, and effective degrees of freedom."""
    fit = fastgd.fit(X, y, l2=l2)
    A = np.column_stack([np.ones(len(y)), X])
    p = fit.predict_proba(X)[:, 1]
    information = A.T @ (A * (p * (1 - p))[:, None])
    penalty = np.concatenate([[0], np.broadcast_to(l2, X.shape[1])]) * len(y)
    inverse = np.linalg.inv(information + np.diag(penalty))
    return fit, np.sqrt(np.diag(inverse @ information @ inverse)), np.trace(inverse @ information)
