"""The summary against live fits of statsmodels; its tests, references, and what it refuses."""

import pickle
import re
import warnings

import numpy as np
import pytest
import scipy.sparse
from inference_data import anes, binomial, close, data, logit, sm

import fastgd


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


@pytest.mark.parametrize(
    ("hypothesis", "value", "match"),
    [
        ("x0", [1, 2], r"value must be a number or have shape \(1,\), one for .*, found \(2,\)"),
        (["x0", "x1"], np.ones((2, 1)), r"shape \(2,\), .*, found \(2, 1\)"),
        ("x0", np.nan, "value must be finite, found nan"),
        (["x0", "x1"], [0, np.inf], "value must be finite, found inf"),
        ([0, np.nan, 0, 0, 0], 0, "hypothesis must be finite, found nan"),
        (np.eye(5)[:2] * [1, 0, 0, 0, 0], 0, "hypothesis has a row of zeros"),
    ],
)
def test_hypotheses_that_are_none(hypothesis, value, match):
    X, y = data()
    with pytest.raises(ValueError, match=match):
        fastgd.fit(X, y).summary(X, y).wald_test(hypothesis, value)


def test_wald_of_a_column_called_as_the_intercept():
    pandas = pytest.importorskip("pandas")
    X, y = data()
    frame = pandas.DataFrame(X, columns=["a", "intercept", "b", "c"])
    s = fastgd.fit(frame, y).summary(frame, y)
    with pytest.raises(ValueError, match="names 'intercept', as 2 parameters are called; rename"):
        s.wald_test(["a", "intercept"])
    close(s.wald_test([0, 0, 1, 0, 0]).statistic, s.tvalues[2] ** 2)
    s = fastgd.fit(frame, y, fit_intercept=False).summary(frame, y)
    close(s.wald_test("intercept").statistic, s.tvalues[1] ** 2)


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
    few, o = X[:, :2], np.random.default_rng(4).normal(size=len(y))
    for labels, given in [(y, {"offset": o}), (np.r_[y[:390], 1 - y[390:]], {})]:
        other = fastgd.fit(few, labels, **given).summary(few, labels, **given)
        with pytest.raises(ValueError, match="same rows, labels, weights and offset: the null"):
            s.lr_test(other)
    bare = fastgd.fit(X, y, fit_intercept=False).summary(X, y)  # has another null model
    close(s.lr_test(bare).statistic, 2 * (s.llf - bare.llf), rtol=1e-9)


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


def test_threads_leave_no_trace():
    X, y = data(n=20_000, d=9)
    fit = fastgd.fit(X, y)
    a, b = (fit.summary(X, y, n_threads=k) for k in (1, 3))
    assert a.cov_params().tobytes() == b.cov_params().tobytes()
    assert a.get_margeff().margeff_se.tobytes() == b.get_margeff().margeff_se.tobytes()


def test_no_columns():
    y = np.arange(20) % 3 == 0
    s = fastgd.fit(np.empty((20, 0)), y).summary(np.empty((20, 0)), y)
    close(s.bse, np.sqrt(1 / (7 * 13 / 20)), rtol=1e-9)
    assert re.search("likelihood ratio +0 on 0 df", str(s))


def test_no_parameters():
    X, y = np.empty((20, 0)), np.arange(20) % 3 == 0
    fit = fastgd.fit(X, y, fit_intercept=False)
    with pytest.raises(ValueError, match="X has no columns and the model no intercept: nothing"):
        fit.summary(X, y)


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
    """Nothing else that the core does with the rows of X is asked for."""
    calls = []
    for name in dir(fastgd._core):
        function = getattr(fastgd._core, name)
        if not callable(function) or isinstance(function, type) or name.startswith("_"):
            continue

        def counted(*args, name=name, function=function, **options):
            calls.extend([name] * any(arg is X for arg in args))
            return function(*args, **options)

        monkeypatch.setattr(fastgd._core, name, counted)
    X, y = data()
    fit = fastgd.fit(X, y)
    del calls[:]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit.summary(X, y)
    assert calls == ["margins_and_sums", "gram"]
