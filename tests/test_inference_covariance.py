"""Covariances: sandwiches, clusters, weights, penalties."""

import numpy as np
import pytest
from inference_data import anes, binomial, close, data, logit, sandwich, sm

import fastgd


@pytest.mark.parametrize("kind", ["HC0", "HC1"])
def test_robust(kind):
    X, y = data()
    live = logit(X, y, cov_type=kind)  # for statsmodels' Logit and GLM HC1 is HC0
    s = fastgd.fit(X, y).summary(X, y, cov_type=kind)
    assert s.factor == (1 if kind == "HC0" else 400 / 395)
    close(s.bse, live.bse * np.sqrt(s.factor), rtol=1e-7)
    close(s.cov_params(), live.cov_params() * s.factor, rtol=1e-6, atol=1e-12)
    glm = sm().GLM(y, sm().add_constant(X), family=sm().families.Binomial())
    close(glm.fit(tol=1e-14, cov_type=kind).bse, live.bse, rtol=1e-7)


def test_robust_as_stata():
    X, y = data()
    fit = fastgd.fit(X, y)
    plain, stata = (fit.summary(X, y, cov_type=kind) for kind in ("HC0", "stata"))
    close(stata.bse, plain.bse * np.sqrt(400 / 399), rtol=1e-12)
    assert "1.00251" in str(stata)


@pytest.mark.parametrize("labels", [int, str])
@pytest.mark.parametrize("small", [False, True])
def test_clusters(small, labels):
    X, y = data()
    groups = np.random.default_rng(1).integers(0, 23, len(y))
    live = logit(X, y, cov_type="cluster", cov_kwds={"groups": groups, "use_correction": small})
    s = fastgd.fit(X, y).summary(
        X, y, cov_type="cluster", groups=groups.astype(labels), small_sample=small
    )
    factor = 1 if small else 23 / 22  # statsmodels: both corrections or none
    close(s.bse, live.bse * np.sqrt(factor), rtol=1e-7)
    assert s.groups == 23 and "23 clusters" in str(s)


def test_clusters_of_one_row_are_the_robust_covariance():
    X, y = data()
    fit = fastgd.fit(X, y)
    each = fit.summary(X, y, groups=np.arange(len(y)))
    close(each.bse, fit.summary(X, y, cov_type="stata").bse, rtol=1e-10)


@pytest.mark.parametrize("weights", ["frequency", "sampling"])
def test_clusters_without_weight_are_none(weights):
    X, y = data(n=200)
    groups, w = np.arange(200.0) // 10, np.ones(200)
    w[:95] = 0
    groups[:9] = np.nan  # whose cluster a row without weight is in does not matter
    some = fastgd.fit(X, y, sample_weight=w).summary(
        X, y, sample_weight=w, groups=groups, weights=weights
    )
    rest = fastgd.fit(X[95:], y[95:]).summary(X[95:], y[95:], groups=groups[95:], weights=weights)
    assert some.groups == rest.groups == 11
    close(some.bse, rest.bse, rtol=1e-6)


@pytest.mark.parametrize(
    ("labels", "match"),
    [
        ([np.nan, 1.0], r"groups has 200 missing labels, the first \(nan\) in row 0, counting"),
        (["a", None], r"groups has 200 missing labels, the first \(None\) in row 1, counting"),
        (["a", np.nan, 3.0, "b"], r"groups has 100 missing labels, the first \(nan\) in row 1"),
        ([1, "a"], "groups mixes labels that have no order: int and str; make them of one kind"),
        ([np.datetime64("2020-01-01"), np.datetime64("NaT")], r"the first \(NaT\) in row 1"),
    ],
)
def test_groups_that_are_none(labels, match):
    X, y = data()
    strange = any(isinstance(label, str) for label in labels)
    listed = labels * (400 // len(labels))
    for groups in (listed, np.array(listed, dtype=object if strange else None)):
        with pytest.raises(ValueError, match=match):
            fastgd.fit(X, y).summary(X, y, groups=groups)


@pytest.mark.parametrize("kind", ["HC0", "cluster"])
def test_robust_with_several_classes(kind):
    X, y = anes()
    groups = np.arange(len(y)) % 31
    options = {"cov_type": kind}
    if kind == "cluster":
        options["cov_kwds"] = {"groups": groups, "use_correction": False}
    live = sm().MNLogit(y, sm().add_constant(X)).fit(disp=0, method="newton", tol=1e-12, **options)
    s = fastgd.fit(X, y).summary(X, y, cov_type=kind, groups=groups if kind == "cluster" else None)
    close(s.bse / np.sqrt(s.factor), live.bse, rtol=1e-6)
    close(s.cov_params() / s.factor, live.cov_params(), rtol=1e-5, atol=1e-10)


@pytest.mark.parametrize("kind", ["nonrobust", "HC0", "HC1", "stata", "cluster"])
def test_frequencies_are_rows(kind):
    X, y = data(n=150)
    s = np.random.default_rng(2).integers(0, 4, 150)
    again = np.repeat(np.arange(150), s)
    groups = np.arange(150) % 7 if kind == "cluster" else None
    one = fastgd.fit(X, y, sample_weight=s).summary(
        X, y, sample_weight=s, cov_type=kind, groups=groups
    )
    other = fastgd.fit(X[again], y[again]).summary(
        X[again], y[again], cov_type=kind, groups=None if groups is None else groups[again]
    )
    close(one.bse, other.bse, rtol=1e-7)
    for name in ("nobs", "llf", "bic", "llnull"):
        close(getattr(one, name), getattr(other, name))


def test_sampling_weights_know_no_scale():
    X, y = data(n=100)
    w = np.random.default_rng(2).random(100) + 0.1
    fit = fastgd.fit(X, y, sample_weight=w)
    one = fit.summary(X, y, sample_weight=w, weights="sampling")
    close(one.bse, fit.summary(X, y, sample_weight=1e6 * w, weights="sampling").bse, rtol=1e-9)
    assert one.cov_type == "HC0" and one.nobs == 100 and "robust" in str(one)
    live = binomial(X, y, freq_weights=w)
    A = sm().add_constant(X)
    bread = np.linalg.inv(A.T @ (A * (w * live.fittedvalues * (1 - live.fittedvalues))[:, None]))
    scores = A * (w * (y - live.fittedvalues))[:, None]
    close(one.bse, np.sqrt(np.diag(bread @ scores.T @ scores @ bread)), rtol=1e-6)


@pytest.mark.parametrize("l2", [0.01, np.array([0.0, 0.1, 1e-3, 0.2])])
def test_penalty(l2):
    X, y = data()
    fit, errors, effective = sandwich(X, y, l2)
    s = fit.summary(X, y)
    close(s.bse, errors, rtol=1e-6)
    close(s.aic, 2 * effective - 2 * s.llf, rtol=1e-9)
    assert np.isnan(s.tvalues).all() and np.isnan(s.pvalues).all()
    assert "[0.025" not in str(s) and "biased" in str(s) and "effective" in str(s)
    close(np.diff(s.conf_int())[:, 0], 2 * 1.959963984540054 * errors, rtol=1e-6)
    with pytest.raises(ValueError, match="l2=0"):
        s.wald_test("x0")


def test_penalty_with_several_classes():
    """Two classes by softmax: half the penalty of the contrast."""
    X, y = data()
    two = fastgd.fit(X, y, l2=0.01).summary(X, y)
    soft = fastgd.fit(X, y, l2=0.02, loss="softmax").summary(X, y)
    close(soft.params, two.params, rtol=1e-5)
    close(soft.bse, two.bse, rtol=1e-5)
    close(soft.aic, two.aic, rtol=1e-6)
    X, y = anes()
    fit = fastgd.fit(X, y, l2=0.1)
    a, b = fit.summary(X, y), fit.summary(X, y, reference=4)
    close(a.bse[:, 3], b.bse[:, 0], rtol=1e-6)
    close(a.aic, b.aic, rtol=1e-9)


def test_more_columns_than_rows():
    X, y = np.random.default_rng(0).normal(size=(30, 60)), np.arange(30) % 2
    _, errors, effective = sandwich(X, y, 0.1)
    s = fastgd.fit(X, y, l2=0.1).summary(X, y)
    close(s.bse, errors, rtol=1e-6)
    close(s.n_params, effective, rtol=1e-8)
