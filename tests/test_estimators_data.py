"""What the estimators read: arrays in place, frames, metadata; bad data, weights and classes."""

import numpy as np
import pytest
import scipy.sparse
import scipy.special
import sklearn
from estimators_data import CV, LR
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tolerances import assert_exact

import fastgd
from fastgd import estimators

pytestmark = pytest.mark.filterwarnings("default:::sklearn")


@pytest.mark.parametrize("dtype", ["float64", "float32", "uint8", "bool"])
@pytest.mark.parametrize("order", ["C", "F", "csr"])
def test_arrays_are_read_in_place(dtype, order, rng, monkeypatch):
    if order == "csr" and dtype in ("uint8", "bool"):
        pytest.skip("values of CSR matrices are floats")
    X = (4 * rng.random((200, 5))).astype(dtype)
    y = (rng.random(200) < 0.5).astype(int)
    X = scipy.sparse.csr_array(X) if order == "csr" else np.asarray(X, order=order)
    monkeypatch.setattr(estimators.data, "validate_data", None)  # nobody scans
    model = LR().fit(X, y)
    assert model.result_.bytes_copied == 0 and model.n_features_in_ == 5
    wanted = np.float32 if dtype == "float32" else np.float64
    assert model.coef_.dtype == model.intercept_.dtype == wanted
    assert model.predict_proba(X).dtype == model.decision_function(X).dtype == wanted
    if dtype == "float32":
        assert model.predict_proba(X.astype(np.float64)).dtype == np.float64


def test_memory_maps_are_read_in_place(data, tmp_path, monkeypatch):
    X, y = data
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    monkeypatch.setattr(estimators.data, "validate_data", None)  # nobody scans
    model = LR().fit(mapped, y)
    assert model.result_.bytes_copied == 0
    assert_exact(model.predict_proba(mapped), LR().fit(X, y).predict_proba(X))


def test_predictions_are_those_of_the_attributes(iris):
    X, y = iris
    model = LR(C=np.inf, solver="newton-cholesky", max_iter=3)
    with pytest.warns(fastgd.ConvergenceWarning):
        model.fit(X, y)
    z = X @ model.coef_.T + model.intercept_
    np.testing.assert_allclose(model.decision_function(X), z, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(model.predict_log_proba(X), np.log(model.predict_proba(X)))
    assert (model.predict(X) == model.classes_[z.argmax(axis=1)]).all()
    assert model.score(X, y) == np.mean(model.predict(X) == y)
    model.coef_[:] = 0
    model.intercept_[:] = [0.0, 1.0, 0.0]
    assert (model.predict(X) == 1).all()


def test_offset(data, rng):
    X, y = data
    offset = rng.normal(size=len(y))
    model = LR().fit(X, y, offset=offset)
    fit = fastgd.fit(X, y, l2=1 / len(y), offset=offset)
    assert_exact(model.coef_[0], fit.coef)
    assert_exact(model.predict_proba(X, offset), fit.predict_proba(X, offset))
    assert_exact(model.predict(X, offset), fit.predict(X, offset))
    assert_exact(model.decision_function(X, offset), fit.decision_function(X, offset))
    assert model.score(X, y, offset=offset) == np.mean(fit.predict(X, offset) == y)


def test_both_kinds_of_metadata_are_routed(data, rng):
    X, y = data
    offset, weight = rng.normal(size=len(y)), rng.random(len(y))
    with config_context(enable_metadata_routing=True):
        model = (
            LR()
            .set_fit_request(sample_weight=True, offset=True)
            .set_predict_request(offset=False)
            .set_score_request(sample_weight=True, offset=True)
        )
        search = GridSearchCV(model, {"C": [1.0]}, cv=2).fit(
            X, y, sample_weight=weight, offset=offset
        )
        assert_exact(
            search.best_estimator_.coef_, LR().fit(X, y, sample_weight=weight, offset=offset).coef_
        )
        routed = cross_validate(
            model, X, y, cv=2, params={"sample_weight": weight, "offset": offset}
        )
    scores = []
    for train, test in StratifiedKFold(2).split(X, y):
        fitted = LR().fit(X[train], y[train], weight[train], offset[train])
        scores.append(fitted.score(X[test], y[test], weight[test], offset[test]))
    np.testing.assert_allclose(routed["test_score"], scores)


def test_frames_keep_their_names(data):
    pandas = pytest.importorskip("pandas")
    X, y = data
    frame = pandas.DataFrame(X, columns=["a", "b", "c", "d"])
    model = LR().fit(frame, pandas.Series(np.where(y == 1, "yes", "no")))
    assert model.feature_names_in_.tolist() == model.result_.names == ["a", "b", "c", "d"]
    assert CV(Cs=1, cv=2).fit(frame, y).result_.names == ["a", "b", "c", "d"]
    assert model.classes_.tolist() == ["no", "yes"]
    np.testing.assert_allclose(model.predict_proba(frame), LR().fit(X, y).predict_proba(X))
    with pytest.warns(UserWarning, match="feature names"):
        model.predict(X)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[["b", "a", "c", "d"]])
    assert not hasattr(model.fit(X, y), "feature_names_in_")
    pipeline = make_pipeline(StandardScaler(), LR()).set_output(transform="pandas")
    assert pipeline.fit(frame, y)[-1].feature_names_in_.tolist() == ["a", "b", "c", "d"]


@pytest.mark.parametrize("estimator", [LR(), CV(Cs=2, cv=2)])
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda X, y: (np.where(X == X[3, 2], np.nan, X), y), ValueError, "contains NaN"),
        (lambda X, y: (np.where(X == X[3, 2], np.inf, X), y), ValueError, "contains infinity"),
        (lambda X, y: (X[:, :0], y), ValueError, r"0 feature\(s\)"),
        (lambda X, y: (X[:0], y[:0]), ValueError, r"0 sample\(s\)"),
        (lambda X, y: (X[0], y), ValueError, "Expected 2D array"),
        (lambda X, y: (X, y[:-1]), ValueError, "inconsistent numbers of samples"),
        (lambda X, y: (X, None), ValueError, "requires y to be passed"),
        (lambda X, y: (X, y + 0.25), ValueError, "Unknown label type: continuous"),
        (lambda X, y: (X, np.where(y > 0, np.nan, 0.0)), ValueError, "contains NaN"),
        (lambda X, y: (X, np.ones(len(y))), ValueError, "one class only"),
        (lambda X, y: (X + 1j, y), ValueError, "Complex data not supported"),
        (lambda X, y: (X.astype(str), y.astype(str)), ValueError, "dtype='numeric'"),
    ],
)
def test_bad_data_is_refused_in_scikit_learns_words(data, estimator, change, error, message):
    with pytest.raises(error, match=message):
        clone(estimator).fit(*change(*data))


def test_bad_weights(data):
    X, y = data
    with pytest.raises(ValueError, match=r"sample_weight.shape == \(3,\), expected \(300,\)"):
        LR().fit(X, y, [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="weights must not be negative"):
        LR().fit(X, y, np.where(np.arange(300) == 7, -1.0, 1.0))
    for class_weight in (None, "balanced"):
        with pytest.raises(ValueError, match=r"is -1\.0; weights must not be negative"):
            LR(class_weight=class_weight).fit(X, y, np.where(y == 1, -1.0, 0.0))
    with pytest.raises(ValueError, match=r"zero (for every row|number)"):
        LR().fit(X, y, np.zeros(300))


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("estimator", [LR(), CV(Cs=2, cv=2)])
def test_one_weight_for_all_rows(classes, estimator):
    X, y = make_classification(60, 6, n_informative=4, n_classes=classes, random_state=0)
    filled = clone(estimator).fit(X, y, np.full(60, 2.0))
    for weight in (2.0, 2, np.float32(2)):
        model = clone(estimator).fit(X, y, weight)
        assert_exact(model.coef_, filled.coef_)
        assert model.l2_ == filled.l2_
        wanted = filled.summary(X, y, sample_weight=np.full(60, 2.0))
        assert str(model.summary(X, y, sample_weight=weight)) == str(wanted)


def test_bad_data_at_prediction(data):
    X, y = data
    model = LR().fit(X, y)
    with pytest.raises(ValueError, match="X has 3 features, but LogisticRegression is expecting 4"):
        model.predict(X[:, :3])
    with pytest.raises(ValueError, match="contains NaN"):
        model.predict_proba(np.full((2, 4), np.nan))
    with pytest.raises(ValueError, match=r"offset must have shape \(300,\)"):
        model.predict(X, offset=[0.0])
    with pytest.raises(sklearn.exceptions.NotFittedError):
        LR().predict(X)


def test_one_class_left_by_the_weights_is_predicted_everywhere(data):
    X, y = data
    model = LR().fit(X, y, (y == 1).astype(float))
    assert not model.coef_.any() and (model.predict_proba(X)[:, 0] < 1e-15).all()
    assert model.result_.converged and "only one class" in model.result_.message


def test_a_class_that_no_row_has_is_never_predicted(iris):
    X, y = iris
    model = LR(class_weight={0: 1.0, 1: 2.0, 2: 0.0}).fit(X, y)
    assert set(model.predict(X)) == {0, 1}
    assert (model.predict_proba(X)[:, 2] < 1e-12).all()
    left = y < 2
    two = fastgd.fit(X[left], y[left], l2=model.l2_ / 2, sample_weight=1.0 + y[left])
    np.testing.assert_allclose(model.coef_[1] - model.coef_[0], two.coef, rtol=1e-6)
    np.testing.assert_allclose(model.coef_.sum(axis=0), 0, atol=1e-12)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("estimator", [LR(), CV(Cs=2, cv=2)])
def test_balanced_weights_where_a_class_has_none(classes, estimator):
    X, y = make_classification(90, 6, n_informative=4, n_classes=classes, random_state=0)
    weight = np.where(y == 1, 0.0, 1.0 + np.arange(90) % 3)
    count = np.bincount(y, weights=weight)
    by_class = {k: count.sum() / (classes * count[k]) if count[k] else 1.0 for k in range(classes)}
    model = clone(estimator).set_params(class_weight="balanced").fit(X, y, weight)
    given = clone(estimator).set_params(class_weight=by_class).fit(X, y, weight)
    assert_exact(model.coef_, given.coef_)
    assert model.l2_ == given.l2_ and 1 not in model.predict(X)
    assert str(model.result_) and model.predict_proba(X)[:, 1].max() < 1e-12
