"""Standard errors and what follows: statsmodels' stored and live results, laws."""

import pickle
import re
import warnings

import numpy as np
import pytest
import scipy.sparse
from problems import DTYPES, LAYOUTS, SIZES, as_layout, is_native

import fastgd
from fastgd import inference


def sm():
    return pytest.importorskip("statsmodels.api")


def glm_results():
    return pytest.importorskip("statsmodels.genmod.tests.results.results_glm")


def discrete_results():
    return pytest.importorskip("statsmodels.discrete.tests.results.results_discrete")


def first(values):
    """Statsmodels' parameters with the constant, last there, put first."""
    return np.roll(np.asarray(values), 1, axis=0)


def close(actual, expected, rtol=1e-6, atol=0.0):
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol)


def data(n=400, d=4, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * 10.0 ** np.arange(-1, d - 1) + np.arange(d)
    X[:, -1] = rng.random(n) < 0.3
    eta = (X - X.mean(axis=0)) / X.std(axis=0) @ rng.normal(size=d) * 0.7
    return X, (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(int)


def logit(X, y, **options):
    return sm().Logit(y, sm().add_constant(X)).fit(disp=0, method="newton", tol=1e-13, **options)


def binomial(X, y, **options):
    family = sm().families.Binomial()
    return sm().GLM(y, sm().add_constant(X), family=family, **options).fit(tol=1e-14)


# --- stored results -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def birth_weights():
    stored = glm_results().Lbw()
    return stored, stored.exog.drop(columns="const").astype(float), np.asarray(stored.endog)


def test_birth_weights(birth_weights):
    stored, X, y = birth_weights
    s = fastgd.fit(X.to_numpy(), y).summary(X, y)
    assert s.names == ["intercept", *X.columns]
    close(s.params, first(stored.params), atol=1e-8)
    close(s.llf, stored.llf)
    close(s.deviance, stored.deviance)
    close(s.null_deviance, stored.null_deviance)
    close(s.aic, stored.aic_R)
    assert (s.df_resid, s.df_model, s.nobs) == (stored.df_resid, stored.df_model, 189)
    found = s.influence(X, y)
    response, pearson, deviance = (np.asarray(stored.resids)[:, k] for k in (4, 0, 1))
    close(np.sum(found.resid_pearson**2), stored.pearson_chi2, rtol=1e-6)
    close(found.resid_deviance, deviance, atol=1e-6)
    close(found.resid_pearson, pearson, atol=1e-6)
    close(found.resid_response, response, atol=1e-6)


def test_birth_weights_standard_errors_of_stata(birth_weights):
    """Stata's last weights are one step of Newton's before its last estimates: 1.5e-5 off at the
    optimum. At that same point the errors must agree to all digits that are stored."""
    stored, X, y = birth_weights
    X = X.to_numpy()
    A = np.column_stack([np.ones(len(X)), X])
    z = np.log((y + 0.5) / (1.5 - y))  # where iteratively reweighted least squares starts
    for _ in range(3):
        p = 1 / (1 + np.exp(-z))
        q = p * (1 - p)
        theta = np.linalg.solve(A.T @ (A * q[:, None]), A.T @ (q * z + y - p))
        z = A @ theta
    s = inference.summarize(
        X, y, z, None, theta[1:], theta[0], loss="log_loss", classes=np.array([0, 1]), l2=0.0,
        fit_intercept=True, null_cost=np.log(2), gap=0.0, most_threads=lambda: 1,
    )  # fmt: skip
    close(s.bse, first(stored.bse), rtol=0, atol=1e-8)


TABLE = """\
Logistic regression: class 1 against 0
  observations                 189    AIC                       219.448
  parameters                     9    BIC                       248.624
  residual df                  180    likelihood ratio   33.224 on 8 df
  log-likelihood       -100.723996    its p-value                 <1e-4
  null log-likelihood  -117.335998    R2, McFadden              0.14158
  deviance                 201.448    R2, Cox and Snell         0.16120
  null deviance            234.672    R2, Nagelkerke            0.22670

                   coef    std err       z   P>|z|     [0.025      0.975]
  intercept     0.46122     1.2046   0.383  0.7018    -1.8997      2.8222
  age         -0.027100   0.036450  -0.743  0.4572  -0.098542    0.044341
  lwt         -0.015151  0.0069259  -2.188  0.0287  -0.028725  -0.0015763
  race_black     1.2626    0.52641   2.399  0.0165    0.23090      2.2944
  race_other    0.86208    0.43915   1.963  0.0496  0.0013548      1.7228
  smoke         0.92334    0.40083   2.304  0.0212    0.13774      1.7090
  ptl           0.54184    0.34625   1.565  0.1176   -0.13680      1.2205
  ht             1.8325    0.69163   2.650  0.0081    0.47695      3.1881
  ui            0.75851    0.45938   1.651  0.0987   -0.14185      1.6589

Covariance: from the information matrix.
Fit: converged, gap at most 1e-8 of the null cost (dual)."""


def test_birth_weights_in_print(birth_weights):
    _, X, y = birth_weights
    s = fastgd.fit(X.to_numpy(), y).summary(X, y)
    assert str(s) == repr(s) == TABLE


def test_star98_counts():
    stored = glm_results().Star98()
    counts = np.asarray(sm().datasets.star98.load().endog, dtype=float)
    X = np.asarray(sm().datasets.star98.load().exog, dtype=float)
    n = counts.sum(axis=1)
    share = counts[:, 0] / n
    s = fastgd.fit(X, share, sample_weight=n).summary(X, share, sample_weight=n)
    close(s.params, first(stored.params))
    close(s.bse, first(stored.bse))
    close(s.deviance, stored.deviance)
    close(s.null_deviance, stored.null_deviance)
    # binomial coefficients, which a sum over single trials does not have
    from scipy.special import gammaln

    ways = np.sum(gammaln(n + 1) - gammaln(counts[:, 0] + 1) - gammaln(counts[:, 1] + 1))
    close(s.llf + ways, stored.llf)
    found = s.influence(X, share, sample_weight=n)
    close(np.sum(found.resid_pearson**2), stored.pearson_chi2)
    live = sm().GLM(counts, sm().add_constant(X), family=sm().families.Binomial()).fit(tol=1e-14)
    close(found.resid_deviance, live.resid_deviance, rtol=1e-6, atol=1e-8)
    close(found.hat_matrix_diag, live.get_hat_matrix_diag(), rtol=1e-6)


def anes():
    loaded = sm().datasets.anes96.load()
    return np.array(loaded.exog, dtype=float), np.asarray(loaded.endog).astype(int)


def test_anes_seven_classes():
    stored = discrete_results().Anes.mnlogit_basezero
    X, y = anes()
    s = fastgd.fit(X, y).summary(X, y)
    close(s.params, first(stored.params), atol=1e-7)
    close(s.bse, first(stored.bse))
    close(s.tvalues, first(stored.z), rtol=2e-6)
    for name in ("llf", "llnull", "llr", "prsquared", "aic", "bic"):
        close(getattr(s, name), getattr(stored, name))
    assert (s.df_model, s.df_resid) == (stored.df_model, stored.df_resid)
    assert s.equations == [1, 2, 3, 4, 5, 6] and s.reference == 0


def test_spector():
    stored = discrete_results().Spector.logit
    loaded = sm().datasets.spector.load()
    X, y = np.asarray(loaded.exog), np.asarray(loaded.endog)
    s = fastgd.fit(X, y).summary(X, y)
    close(s.params, first(stored.params), rtol=2e-6)
    close(s.bse, first(stored.bse), rtol=2e-6)
    for name in ("llf", "llnull", "llr", "llr_pvalue", "prsquared", "aic", "bic"):
        close(getattr(s, name), getattr(stored, name))
    for name, found in [
        ("margeff_nodummy_dydx", s.get_margeff()),
        ("margeff_nodummy_dydxmean", s.get_margeff(at="mean")),
        ("margeff_dummy_dydx", s.get_margeff(dummy=True, X=X)),
        ("margeff_dummy_dydxmean", s.get_margeff(at="mean", dummy=True, X=X)),
    ]:
        close(found.margeff, getattr(stored, name), atol=1e-6)
        close(found.margeff_se, getattr(stored, name + "_se"), atol=1e-6)


# --- live fits ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_logit(seed):
    X, y = data(seed=seed)
    s, live = fastgd.fit(X, y).summary(X, y), logit(X, y)
    for name in ("params", "bse", "tvalues", "pvalues", "llf", "llnull", "llr", "llr_pvalue"):
        close(getattr(s, name), getattr(live, name), rtol=1e-7, atol=1e-12)
    for name in ("aic", "bic", "nobs", "df_resid", "df_model", "prsquared"):
        close(getattr(s, name), getattr(live, name), rtol=1e-9)
    close(s.conf_int(), live.conf_int(), rtol=1e-7)
    close(s.conf_int(0.9), live.conf_int(alpha=0.1), rtol=1e-7)
    close(s.cov_params(), live.cov_params(), rtol=1e-6, atol=1e-12)
    close(s.odds_ratios()[:, 0], np.exp(live.params), rtol=1e-7)
    close(s.odds_ratios()[:, 1:], np.exp(live.conf_int()), rtol=1e-7)


@pytest.mark.parametrize("kind", ["HC0", "HC1"])
def test_robust(kind):
    X, y = data()
    live = logit(X, y, cov_type=kind)
    s = fastgd.fit(X, y).summary(X, y, cov_type=kind)
    if kind == "HC1" and abs(live.bse[0] / s.bse[0] - 1) > 1e-6:  # statsmodels' Logit ignores it
        close(s.bse, logit(X, y, cov_type="HC0").bse * np.sqrt(400 / 395), rtol=1e-7)
    else:
        close(s.bse, live.bse, rtol=1e-7)
        close(s.cov_params(), live.cov_params(), rtol=1e-6, atol=1e-12)
    assert s.factor == (1 if kind == "HC0" else 400 / 395)


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


@pytest.mark.parametrize("at", ["overall", "mean"])
@pytest.mark.parametrize("dummy", [False, True])
def test_marginal_effects(at, dummy):
    X, y = data()
    live = logit(X, y).get_margeff(at=at, dummy=dummy)
    found = fastgd.fit(X, y).summary(X, y).get_margeff(at=at, dummy=dummy, X=X)
    close(found.margeff, live.margeff, rtol=1e-7)
    close(found.margeff_se, live.margeff_se, rtol=1e-6)
    close(found.pvalues, live.pvalues, rtol=1e-5, atol=1e-12)
    close(found.conf_int(), live.conf_int(), rtol=1e-6, atol=1e-9)
    assert found.names == ["x0", "x1", "x2", "x3"]
    assert "class 1" in str(found) and "<table>" in found._repr_html_()


@pytest.mark.parametrize("reference", [None, 4])
def test_marginal_effects_of_stata(reference):
    """Anes, seven classes; the effects do not depend on the reference."""
    stored = discrete_results().Anes.mnlogit_basezero
    X, y = anes()
    s = fastgd.fit(X, y).summary(X, y, reference=reference)
    vote = np.asarray(sm().datasets.anes96.load().data["vote"])
    more = np.column_stack([X, vote])
    voted = fastgd.fit(more, y).summary(more, y, reference=reference)
    for name, found in [
        ("margeff_dydx_overall", s.get_margeff(X=X)),
        ("margeff_dydx_mean", s.get_margeff("mean", X=X)),
        ("margeff_dydx_dummy_overall", voted.get_margeff(dummy=True, X=more)),
    ]:
        close(found.margeff, getattr(stored, name), atol=1e-6)
        close(found.margeff_se, getattr(stored, name + "_se"), atol=1e-6)
        close(found.margeff.sum(axis=1), 0, atol=1e-12)
        assert found.classes == list(range(7)) and str(found).count("\n  class ") == 7
        assert found.to_frame().shape == (found.margeff.size, 6)


@pytest.mark.parametrize("at", ["overall", "mean"])
@pytest.mark.parametrize("dummy", [False, True])
def test_marginal_effects_of_two_classes_by_softmax(at, dummy):
    X, y = data()
    rng = np.random.default_rng(4)
    o, w = rng.normal(size=400), rng.integers(1, 4, 400)
    given = {"offset": o, "sample_weight": w}
    two = {"offset": np.column_stack([0 * o, o]), "sample_weight": w}
    a = fastgd.fit(X, y, **given).summary(X, y, **given).get_margeff(at, dummy, X=X, **given)
    s = fastgd.fit(X, y, loss="softmax", **two).summary(X, y, **two)
    b = s.get_margeff(at, dummy, X=X, **two)
    close(b.margeff[:, 1], a.margeff, rtol=1e-6)
    close(b.margeff_se[:, 1], a.margeff_se, rtol=1e-6)
    close(b.margeff[:, 0], -a.margeff, rtol=1e-6)


def test_effects_from_the_other_side():
    """Seen from the other class effects have the other sign, with offset and weights too."""
    X, y = data()
    rng = np.random.default_rng(4)
    o, s = rng.normal(size=400), rng.integers(1, 4, 400)
    given = {"offset": o, "sample_weight": s}
    fit = fastgd.fit(X, y, **given)
    for at in ("overall", "mean"):
        for more in ({}, {"dummy": True, "X": X, **given}):
            a, b = (fit.summary(X, y, reference=k, **given).get_margeff(at, **more) for k in (0, 1))
            close(a.margeff, -b.margeff, rtol=1e-9)
            close(a.margeff_se, b.margeff_se, rtol=1e-9)
    # the slope is what a finite difference of mean probabilities says
    h = 1e-5 * X.std(axis=0)[0]
    step = np.array([h, 0, 0, 0])
    up, down = (fit.predict_proba(X + k * step, o)[:, 1] for k in (1, -1))
    found = fit.summary(X, y, **given).get_margeff()
    close(found.margeff[0], s @ (up - down) / s.sum() / (2 * h), rtol=1e-7)
    on, off = (np.column_stack([X[:, :3], np.full(400, k)]) for k in (1.0, 0.0))
    change = fit.predict_proba(on, o)[:, 1] - fit.predict_proba(off, o)[:, 1]
    found = fit.summary(X, y, **given).get_margeff(dummy=True, X=X, **given)
    close(found.margeff[3], s @ change / s.sum(), rtol=1e-9)


def test_effects_of_a_robust_covariance():
    X, y = data()
    live = logit(X, y, cov_type="HC0").get_margeff()
    found = fastgd.fit(X, y).summary(X, y, cov_type="HC0").get_margeff()
    close(found.margeff_se, live.margeff_se, rtol=1e-6)


def test_wald():
    X, y = data()
    s, live = fastgd.fit(X, y).summary(X, y), logit(X, y)
    R = np.array([[0, 1, 0, 0, 0], [0, 0, 0, 1, -2.0]])
    for hypothesis, value, same in [
        (R, 0.0, live.wald_test(R, scalar=True)),
        (R, np.array([0.5, 1]), live.wald_test((R, np.array([0.5, 1])), scalar=True)),
        (["x0", "x2"], 0.0, live.wald_test(np.eye(5)[[1, 3]], scalar=True)),
    ]:
        test = s.wald_test(hypothesis, value)
        close((test.statistic, test.pvalue), (same.statistic, same.pvalue))
        assert test.df == 2
    assert str(s.wald_test("x0")) == f"chi2(1) = {s.tvalues[1] ** 2:.6g}, p <1e-4"


def test_wald_over_equations():
    X, y = anes()
    s = fastgd.fit(X, y).summary(X, y)
    live = sm().MNLogit(y, sm().add_constant(X)).fit(disp=0, method="newton", tol=1e-12)
    R = np.zeros((6, 36))
    R[np.arange(6), np.arange(6) * 6 + 3] = 1
    close(s.wald_test("x2").statistic, live.wald_test(R, scalar=True).statistic, rtol=1e-6)


def test_likelihood_ratio():
    X, y = data()
    s = fastgd.fit(X, y).summary(X, y)
    fewer = fastgd.fit(X[:, :2], y).summary(X[:, :2], y)
    test = s.lr_test(fewer)
    expected = 2 * (logit(X, y).llf - logit(X[:, :2], y).llf)
    close(test.statistic, expected, rtol=1e-8)
    assert test.df == 2 and s.lr_test() == (s.llr, 4, s.llr_pvalue)
    with pytest.raises(ValueError, match="not contained"):
        fewer.lr_test(s)
    with pytest.raises(ValueError, match="same rows"):
        s.lr_test(fastgd.fit(X[:300], y[:300]).summary(X[:300], y[:300]))


def test_influence():
    X, y = data()
    live = binomial(X, y)
    other = live.get_influence()
    found = fastgd.fit(X, y).summary(X, y).influence(X, y)
    close(found.resid_response, live.resid_response, rtol=1e-6, atol=1e-10)
    close(found.resid_pearson, live.resid_pearson, rtol=1e-6)
    close(found.resid_deviance, live.resid_deviance, rtol=1e-6)
    close(found.hat_matrix_diag, other.hat_matrix_diag, rtol=1e-6)
    close(found.cooks_distance, other.cooks_distance[0], rtol=1e-6)
    close(found.hat_matrix_diag.sum(), 5, rtol=1e-9)


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow", "duckdb"])
def test_effects_and_influence_of_frames(library):
    module = pytest.importorskip(library)
    rng = np.random.default_rng(3)
    columns = {"a": rng.normal(size=90), "kind": np.array([*"uvw"] * 30), "b": rng.random(90) < 0.4}
    y = rng.normal(size=90) + columns["a"] + columns["b"] > 0
    w, o = rng.integers(1, 4, 90).astype(float), rng.normal(size=90)
    if library == "duckdb":
        rows = pytest.importorskip("pandas").DataFrame(columns)  # noqa: F841 (duckdb sees it)
        frame = module.sql("select * from rows")
        series, less = list, frame.project("a")
    else:
        frame = (module.table if library == "pyarrow" else module.DataFrame)(columns)
        series = getattr(module, "Series", None) or module.array
        less = frame.select(["a"]) if library == "pyarrow" else frame[["a"]]
    for labels in (y, rng.integers(0, 3, 90)):
        fit = fastgd.fit(frame, labels, l2=0.1)
        X, s = fit.design(frame), fit.summary(frame, labels)
        for dummy in (False, True):
            found = s.get_margeff("mean", dummy, X=frame)
            other = s.get_margeff("mean", dummy, X=X)
            assert np.array_equal(found.margeff, other.margeff) and np.isfinite(found.margeff).all()
    fit = fastgd.fit(frame, series(y.tolist()), sample_weight=series(w), offset=series(o))
    given = {"sample_weight": series(w), "offset": series(o)}
    s = pickle.loads(pickle.dumps(fit.summary(frame, series(y.tolist()), **given)))
    found = s.influence(frame, series(y.tolist()), **given)
    other = s.influence(X, y, sample_weight=w, offset=o)
    assert np.array_equal(found, other)
    found = s.get_margeff(dummy=True, X=frame, **given)
    other = s.get_margeff(dummy=True, X=X, sample_weight=w, offset=o)
    assert np.array_equal(found.margeff_se, other.margeff_se)
    with pytest.raises(fastgd.DataError, match="has no columns 'kind', 'b', which the model"):
        s.influence(less, y)


def test_squared_error():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 3)) + 50
    y = X @ [1.0, -2, 0.1] + rng.normal(size=100)
    s = fastgd.fit(X, y, loss="squared_error").summary(X, y)
    live = sm().OLS(y, sm().add_constant(X)).fit()
    for name in ("params", "bse", "tvalues", "pvalues", "llf", "aic", "bic", "df_resid", "scale"):
        close(getattr(s, name), getattr(live, name), rtol=1e-6, atol=1e-12)
    close((s.rsquared, s.deviance), (live.rsquared, live.ssr), rtol=1e-9)
    close(s.conf_int(), live.conf_int(), rtol=1e-6)
    found, other = s.influence(X, y), live.get_influence()
    close(found.hat_matrix_diag, other.hat_matrix_diag, rtol=1e-6)
    close(found.cooks_distance, other.cooks_distance[0], rtol=1e-6)
    close(
        fastgd.fit(X, y, loss="squared_error").summary(X, y, cov_type="HC1").bse, live.HC1_se,
        rtol=1e-6,
    )  # fmt: skip
    assert "P>|t|" in str(s) and "sigma squared" in str(s)
    with pytest.raises(ValueError, match="no odds"):
        s.odds_ratios()
    with pytest.raises(ValueError, match="residual degrees of freedom"):
        fastgd.fit(X[:4], y[:4], loss="squared_error").summary(X[:4], y[:4])


# --- laws ---------------------------------------------------------------------------------------


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


def test_offset_and_no_intercept():
    X, y = data()
    o = np.random.default_rng(4).normal(size=len(y))
    s = fastgd.fit(X, y, offset=o).summary(X, y, offset=o)
    live = binomial(X, y, offset=o)
    close(s.bse, live.bse, rtol=1e-6)
    close(s.llf, live.llf, rtol=1e-9)
    s = fastgd.fit(X, y, fit_intercept=False).summary(X, y)
    live = sm().Logit(y, X).fit(disp=0, tol=1e-12)
    close(s.bse, live.bse, rtol=1e-7)
    close(s.llnull, -len(y) * np.log(2), rtol=1e-12)
    assert s.names[0] == "x0" and s.df_model == 4


def test_reference_of_two_classes():
    X, y = data()
    a, b = (fastgd.fit(X, y).summary(X, y, reference=k) for k in (0, 1))
    close(a.params, -b.params, rtol=1e-12)
    close(a.bse, b.bse, rtol=1e-9)
    close((a.llf, a.llnull), (b.llf, b.llnull), rtol=1e-12)
    close(a.get_margeff().margeff, -b.get_margeff().margeff, rtol=1e-9)
    close(a.influence(X, y).resid_deviance, -b.influence(X, y).resid_deviance, rtol=1e-9)
    assert (a.equations, b.equations) == ([1], [0])


def test_reference_of_several_classes():
    X, y = anes()
    fit = fastgd.fit(X, y)
    a, b = fit.summary(X, y), fit.summary(X, y, reference=3)
    close(a.params[:, 2], -b.params[:, 0], rtol=1e-9)
    close(a.bse[:, 2], b.bse[:, 0], rtol=1e-8)
    # of two others: a contrast of the first model
    R = np.zeros((1, 36))
    R[0, 6 * 4 + 1], R[0, 6 * 2 + 1] = 1, -1
    close(a.wald_test(R).statistic, b.tvalues[1, 4 - 0] ** 2, rtol=1e-7)


def test_two_classes_by_softmax():
    X, y = data()
    a = fastgd.fit(X, y).summary(X, y)
    b = fastgd.fit(X, y, loss="softmax").summary(X, y)
    close(b.params, a.params, rtol=1e-6)
    close(b.bse, a.bse, rtol=1e-6)
    close((b.aic, b.llr), (a.aic, a.llr), rtol=1e-9)


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


# --- what the core lends ------------------------------------------------------------------------


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


# --- aliased, penalised, separated --------------------------------------------------------------


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


def sandwich(X, y, l2):
    """Standard errors by plain linear algebra, and effective degrees of freedom."""
    fit = fastgd.fit(X, y, l2=l2)
    A = np.column_stack([np.ones(len(y)), X])
    p = fit.predict_proba(X)[:, 1]
    information = A.T @ (A * (p * (1 - p))[:, None])
    penalty = np.concatenate([[0], np.broadcast_to(l2, X.shape[1])]) * len(y)
    inverse = np.linalg.inv(information + np.diag(penalty))
    return fit, np.sqrt(np.diag(inverse @ information @ inverse)), np.trace(inverse @ information)


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


# --- at the door, in print ----------------------------------------------------------------------


def test_other_data_are_refused():
    X, y = data()
    fit = fastgd.fit(X, y)
    with pytest.raises(ValueError, match="not those of the fit"):
        fit.summary(X[::-1], y)
    with pytest.raises(ValueError, match="not those of the fit"):
        fit.summary(X, y, sample_weight=1 + np.arange(400))
    with pytest.raises(ValueError, match="399 rows"):
        fit.summary(X[:-1], y[:-1])
    with pytest.raises(ValueError, match=r"y\[3\] is 2"):
        fit.summary(X, np.where(np.arange(400) == 3, 2, y))
    with pytest.raises(ValueError, match="columns"):
        fit.summary(X[:, :2], y)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"cov_type": "HC9"}, "cov_type must be one of 'nonrobust', 'HC0'"),
        ({"cov_type": "cluster"}, "needs groups"),
        ({"groups": np.zeros(400)}, "one group only"),
        ({"groups": np.zeros(3)}, r"groups must have shape \(400,\)"),
        ({"groups": np.zeros(400), "cov_type": "HC1"}, "groups go with"),
        ({"level": 95}, "level must lie between 0 and 1"),
        ({"reference": "no"}, r"reference must be one of the classes \(0, 1\)"),
        ({"weights": "none"}, "weights must be"),
    ],
)
def test_wrong_arguments(options, match):
    X, y = data()
    with pytest.raises(ValueError, match=match):
        fastgd.fit(X, y).summary(X, y, **options)


def test_keeps_no_rows():
    sizes = []
    for n in (200, 20_000):
        X, y = data(n=n)
        fit = fastgd.fit(X, y)
        s = fit.summary(X, y, cov_type="cluster", groups=np.arange(n) % 11)
        s.influence(X, y), s.get_margeff(dummy=True, X=X)
        sizes.append((len(pickle.dumps(fit)), len(pickle.dumps(s))))
        assert str(pickle.loads(pickle.dumps(s))) == str(s)
    assert abs(sizes[0][0] - sizes[1][0]) < 100 and abs(sizes[0][1] - sizes[1][1]) < 100


def test_labels_and_names_of_any_kind():
    X, y = data()
    label = np.where(y > 0, "<yes>", "no & never")
    names = ["<b>bold</b>", "a" * 80 + "1", "a" * 80 + "2", "x&y"]
    fit = fastgd.fit(X, label)
    fit.names = names
    s = fit.summary(X, label)
    text, page = str(s), s._repr_html_()
    assert "aaa...aaa" in text and "aa1 " in text and "aa2 " in text
    lengths = {len(line) for line in text.split("\n\n")[1].split("\n")[1:]}
    assert len(lengths) == 1 and lengths.pop() < 115
    assert "<b>bold" not in page and "&lt;b&gt;bold" in page and "&lt;yes&gt;" in page
    assert page.count("<tr>") == page.count("</tr>") and page.count("<table>") == 2


@pytest.mark.parametrize("labels", [(0, 1), (0.0, 1.0), (False, True), ("a", "b"), (3, 7)])
@pytest.mark.parametrize("kind", [np.array, list, lambda y: np.array(y, dtype=object)])
def test_labels(labels, kind):
    X, y = data()
    named = [labels[k] for k in y]
    if labels[0] == 0.0 and isinstance(kind(named), np.ndarray) and kind(named).dtype == object:
        named = [int(k) for k in named]  # floats among objects are refused at the door of the fit
    s = fastgd.fit(X, kind(named)).summary(X, kind(named), reference=named[list(y).index(1)])
    close(s.bse, fastgd.fit(X, y).summary(X, y).bse, rtol=1e-10)
    assert s.equations == [labels[0]]


def test_other_formats():
    X, y = data()
    wanted = fastgd.fit(X, y).summary(X, y, cov_type="HC0").bse
    for other in (scipy.sparse.coo_array(X), scipy.sparse.csc_array(X), X.tolist()):
        s = fastgd.fit(X, y).summary(other, y, cov_type="HC0")
        close(s.bse, wanted, rtol=1e-9)
        close(s.influence(other, y).hat_matrix_diag.sum(), 5, rtol=1e-8)


def test_not_converged():
    X, y = data()
    with pytest.warns(fastgd.ConvergenceWarning):
        fit = fastgd.fit(X, y, solver="gd", max_iter=3)
    s = fit.summary(X, y)
    assert "Fit: not converged (max_iter), gap unknown (none)." in str(s)
    close(s.llnull, fastgd.fit(X, y).summary(X, y).llnull, rtol=1e-12)


def test_a_loose_fit_says_how_far_its_estimates_may_be():
    X, y = data(n=40_000)
    best = fastgd.fit(X, y, tol=1e-14, solver="newton").summary(X, y)
    with pytest.warns(fastgd.ConvergenceWarning):
        fit = fastgd.fit(X, y, solver="newton", max_iter=2)
    loose = fit.summary(X, y)
    off = np.abs(loose.params - best.params) / best.bse
    assert 0.01 < loose.distance and off.max() <= 1.1 * loose.distance
    assert f"up to {loose.distance:.1g} standard errors" in str(loose).replace("\n", " ")
    assert best.distance < 1e-2 and "from the optimum" not in str(best)


def test_threads_leave_no_trace():
    X, y = data(n=20_000, d=9)
    fit = fastgd.fit(X, y)
    a, b = (fit.summary(X, y, n_threads=k) for k in (1, 3))
    assert a.cov_params().tobytes() == b.cov_params().tobytes()
    assert a.get_margeff().margeff_se.tobytes() == b.get_margeff().margeff_se.tobytes()


def test_many_columns():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 150))
    y = rng.random(3000) < 0.5
    s = fastgd.fit(X, y).summary(X, y)
    assert len(str(s).split("\n")) < 140 and "... and 31 more: to_frame() has all." in str(s)
    assert len(s.params) == 151


def test_no_columns():
    y = np.arange(20) % 3 == 0
    s = fastgd.fit(np.empty((20, 0)), y).summary(np.empty((20, 0)), y)
    close(s.bse, np.sqrt(1 / (7 * 13 / 20)), rtol=1e-9)
    assert re.search("likelihood ratio +0 on 0 df", str(s))


def test_more_columns_than_rows():
    X, y = np.random.default_rng(0).normal(size=(30, 60)), np.arange(30) % 2
    _, errors, effective = sandwich(X, y, 0.1)
    s = fastgd.fit(X, y, l2=0.1).summary(X, y)
    close(s.bse, errors, rtol=1e-6)
    close(s.n_params, effective, rtol=1e-8)


def test_data_frame():
    pandas = pytest.importorskip("pandas")
    X, y = data()
    fit = fastgd.fit(X, y)
    table = fit.summary(pandas.DataFrame(X, columns=list("abcd")), y).to_frame()
    assert list(table.index) == ["intercept", *"abcd"]
    assert list(table.columns) == ["coef", "std err", "z", "P>|z|", "[0.025", "0.975]"]
    close(table["std err"], fit.summary(X, y).bse, rtol=1e-12)
    assert fit.summary(X, y).get_margeff().to_frame().shape == (4, 6)
    X, y = anes()
    s = fastgd.fit(X, y).summary(X, y)
    table = s.to_frame()
    close(table.loc[(3, "x1"), "coef"], s.params[2, 2], rtol=1e-12)
    close(table.loc[(3, "x1"), "0.975]"], s.conf_int()[2, 2, 1], rtol=1e-12)


def test_soft_labels_of_several_classes():
    X, y = anes()
    shares = np.eye(7)[y]
    a = fastgd.fit(X, y).summary(X, y)
    b = fastgd.fit(X, shares, loss="softmax").summary(X, shares)
    close(a.bse, b.bse, rtol=1e-8)
    with pytest.raises(ValueError, match="needs X again"):
        a.get_margeff()
    with pytest.raises(ValueError, match="influence is for"):
        a.influence(X, y)


def test_one_pass_and_one_gram(monkeypatch):
    calls = []
    original = fastgd._core.gram
    monkeypatch.setattr(
        fastgd._core, "gram", lambda *a: calls.append(1) or original(*a), raising=True
    )
    X, y = data()
    fit = fastgd.fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit.summary(X, y)
    assert len(calls) == 1


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
