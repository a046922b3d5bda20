"""What needs rows again: marginal effects, influence."""

import pickle

import numpy as np
import pytest
from inference_data import anes, binomial, close, data, discrete_results, logit, sm

import fastgd


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


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("weights", ["frequency", "sampling"])
@pytest.mark.parametrize("dummy", [False, True])
def test_effects_of_other_rows_are_refused(classes, weights, dummy):
    X, _ = data()
    rng = np.random.default_rng(4)
    y = rng.integers(0, classes, 400)
    w, o = rng.integers(1, 4, 400), rng.normal(size=400 if classes == 2 else (400, 3))
    given = {"sample_weight": w, "offset": o}
    s = fastgd.fit(X, y, **given).summary(X, y, weights=weights, **given)
    assert np.isfinite(s.get_margeff(dummy=dummy, X=X, **given).margeff).all()
    with pytest.raises(ValueError, match="X has 50 rows, but the model was fitted on 400"):
        s.get_margeff(dummy=dummy, X=X[:50], sample_weight=w[:50], offset=o[:50])
    message = "X, sample_weight or offset are not those of the fit: the mean of squared prob"
    for other in ({"X": X[::-1]}, {"sample_weight": None}, {"offset": None}, {"offset": 1.01 * o}):
        with pytest.raises(ValueError, match=message):
            s.get_margeff(dummy=dummy, **{"X": X, **given, **other})
    with pytest.raises(ValueError, match="offset must have"):
        s.get_margeff(dummy=dummy, X=X, sample_weight=w, offset=o[:9])


def test_effects_of_a_robust_covariance():
    X, y = data()
    live = logit(X, y, cov_type="HC0").get_margeff()
    found = fastgd.fit(X, y).summary(X, y, cov_type="HC0").get_margeff()
    close(found.margeff_se, live.margeff_se, rtol=1e-6)


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


def test_influence_of_other_rows_is_refused(rng):
    X = rng.normal(size=(80, 2))
    y = (X[:, 0] + rng.logistic(size=80) > 0).astype(int)
    weight = rng.integers(1, 4, 80).astype(float)
    s = fastgd.fit(X, y, sample_weight=weight).summary(X, y, sample_weight=weight)
    s.influence(X, y, sample_weight=weight)
    with pytest.raises(ValueError, match="50 rows, but the model was fitted on 80"):
        s.influence(X[:50], y[:50], sample_weight=weight[:50])
    for rows in ({}, {"sample_weight": weight, "offset": np.ones(80)}):
        with pytest.raises(ValueError, match="not those of the fit: the log-likelihood was"):
            s.influence(X, y, **rows)


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
