"""The estimators: scikit-learn's protocol, and the numbers of fastgd.fit."""

import copy
import inspect
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest
import scipy.sparse
import scipy.special
import sklearn
from sklearn import config_context, linear_model, metrics
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris, make_classification
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    StratifiedKFold,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from tolerances import assert_exact

import fastgd
from fastgd import estimators, progress
from fastgd.prediction import log_losses

LR, CV = fastgd.LogisticRegression, fastgd.LogisticRegressionCV
NEW = tuple(int(v) for v in sklearn.__version__.split(".")[:2]) >= (1, 9)
SOLVERS = ["auto", "lbfgs", "liblinear", "newton-cg", "newton-cholesky", "sag", "saga"]

pytestmark = pytest.mark.filterwarnings("default:::sklearn")


@parametrize_with_checks([LR(), CV()])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def binary(n):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(n, 4))
    return X, (X[:, 0] - X[:, 1] + rng.logistic(size=n) > 0).astype(int)


@pytest.fixture
def data():
    return binary(300)


@pytest.fixture
def iris():
    X, y = load_iris(return_X_y=True)
    return np.ascontiguousarray(X), y


# --- parameters ---------------------------------------------------------------------------


PAIRS = [("LogisticRegression", ["l2"]), ("LogisticRegressionCV", [])]


@pytest.mark.skipif(not NEW, reason="other parameters before scikit-learn 1.9")
@pytest.mark.parametrize(("name", "more"), PAIRS)
def test_parameters_are_scikit_learns(name, more):
    ours, theirs = (
        list(inspect.signature(getattr(package, name)).parameters.values())
        for package in (fastgd, linear_model)
    )
    assert sorted(p.name for p in ours) == sorted([*(p.name for p in theirs), *more])
    assert [(p.name, p.kind) for p in ours if p.name not in more] == [
        (p.name, p.kind) for p in theirs
    ]
    changed = {p.name for p in theirs if p.default != getattr(getattr(fastgd, name)(), p.name)}
    assert changed <= {
        "tol", "solver", "max_iter", "l1_ratios", "scoring", "use_legacy_attributes",
    }  # fmt: skip


def test_C_is_the_penalty_of_fit(data):
    X, y = data
    model = LR(C=3.0).fit(X, y)
    fit = fastgd.fit(X, y, l2=1 / (3.0 * len(y)))
    assert_exact(model.coef_[0], fit.coef)
    assert model.intercept_[0] == fit.intercept
    assert model.l2_ == 1 / (3.0 * len(y))
    assert model.n_iter_.shape == (1,) and model.n_iter_[0] == fit.n_iter
    assert_exact(LR(l2=1 / (3.0 * len(y))).fit(X, y).coef_, model.coef_)
    by_column = LR(l2=[0.0, 0.1, 0.2, 0.3]).fit(X, y)
    assert_exact(by_column.coef_[0], fastgd.fit(X, y, l2=[0.0, 0.1, 0.2, 0.3]).coef)


def test_weights_of_rows_and_classes(data, rng):
    X, y = data
    sample_weight = rng.integers(0, 3, len(y)).astype(float)
    model = LR(C=2.0, class_weight={0: 1.0, 1: 2.5}).fit(X, y, sample_weight)
    weight = sample_weight * np.where(y == 1, 2.5, 1.0)
    assert model.l2_ == pytest.approx(1 / (2.0 * weight.sum()), rel=1e-14)
    fit = fastgd.fit(X, y, l2=model.l2_, sample_weight=weight)
    assert_exact(model.coef_[0], fit.coef)
    more = LR(C=2.0, class_weight={0: 1.0, 1: 2.5, 7: 9.0}).fit(X, y, sample_weight)
    assert_exact(more.coef_, model.coef_)  # labels that y lacks do no harm where all have weights
    repeated = LR(class_weight="balanced").fit(
        X.repeat(sample_weight.astype(int), axis=0), y.repeat(sample_weight.astype(int))
    )
    balanced = LR(class_weight="balanced").fit(X, y, sample_weight)
    np.testing.assert_allclose(balanced.coef_, repeated.coef_, rtol=1e-10)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"C": 0.0}, "'C' parameter"),
        ({"C": -1.0}, "'C' parameter"),
        ({"l1_ratio": 0.5}, "no L1 penalty yet, got l1_ratio=0.5"),
        ({"l1_ratio": 1}, "no L1 penalty yet, got l1_ratio=1"),
        ({"l1_ratio": 1, "solver": "saga"}, "no L1 penalty yet"),
        ({"dual": True}, "dual=True"),
        ({"dual": True, "solver": "liblinear"}, "dual=True"),
        ({"intercept_scaling": 2.0}, "intercept_scaling must be 1"),
        ({"solver": "bfgs"}, "'solver' parameter"),
        ({"l2": 0.1, "C": 2.0}, "give l2 or C, not both"),
        ({"C": np.inf, "solver": "liblinear"}, "liblinear"),
        ({"n_jobs": 0}, "n_jobs must be"),
        ({"class_weight": {0: 1, 7: 2}}, "class_weight must have labels of y"),
        ({"max_iter": -1}, "'max_iter' parameter"),
    ],
)
def test_what_cannot_be_done(data, parameters, message):
    with pytest.raises(ValueError, match=message):
        LR(**parameters).fit(*data)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("l1_ratios", [(1,), (0.5,), (0.0, 1.0)])
def test_l1_is_refused_by_cross_validation_too(data, solver, l1_ratios):
    with pytest.raises(ValueError, match="no L1 penalty yet, got l1_ratios="):
        CV(solver=solver, l1_ratios=l1_ratios).fit(*data)


@pytest.mark.parametrize("penalty", ["l1", "elasticnet"])
def test_l1_by_its_old_name_is_refused(data, penalty):
    with (
        pytest.warns(FutureWarning, match="'penalty' was deprecated"),
        pytest.raises(ValueError, match="no L1 penalty yet"),
    ):
        LR(penalty=penalty, l1_ratio={"l1": 1, "elasticnet": 0.5}[penalty]).fit(*data)


def test_penalty_is_translated(data):
    X, y = data
    with pytest.warns(FutureWarning, match="'penalty' was deprecated"):
        assert_exact(LR(penalty="l2").fit(X, y).coef_, LR().fit(X, y).coef_)
    with pytest.warns(FutureWarning, match="'penalty' was deprecated"):
        none = LR(penalty=None).fit(X, y)
    with pytest.warns(FutureWarning, match="'l1_ratio=None' was deprecated"):
        LR(l1_ratio=None).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        infinite = LR(C=np.inf).fit(X, y)
    assert none.l2_ == infinite.l2_ == 0.0
    assert_exact(none.coef_, infinite.coef_)
    assert_exact(infinite.coef_[0], fastgd.fit(X, y).coef)


@pytest.mark.parametrize("solver", SOLVERS)
def test_solvers(data, iris, solver):
    X, y = data
    model, best = LR(solver=solver).fit(X, y), LR(tol=1e-12).fit(X, y)
    ran = {"lbfgs": "lbfgs"}.get(solver, "newton")
    assert model.result_.solver == ran
    assert model.result_.converged and model.result_.gap_kind == "dual"
    np.testing.assert_allclose(model.coef_, best.coef_, rtol=1e-6)
    if solver == "liblinear":
        with pytest.raises(ValueError, match="does not support multiclass"):
            LR(solver=solver).fit(*iris)
    else:
        np.testing.assert_allclose(
            LR(solver=solver).fit(*iris).coef_, LR(tol=1e-12).fit(*iris).coef_, rtol=1e-4
        )


def test_newton_cg_forms_no_hessian_of_many_columns(rng):
    X = scipy.sparse.random(200, 3000, density=0.01, format="csr", rng=rng)
    y = rng.integers(0, 2, 200)
    assert LR(solver="newton-cg").fit(X, y).result_.solver == "newton-cg"


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("classes", [2, 3])
def test_max_iter_is_the_iterate_of_a_longer_fit(iris, solver, classes):
    X, y = iris
    if classes == 2:
        y = y == 1
    elif solver == "liblinear":
        pytest.skip("two classes only")
    seen = []
    fastgd.fit(
        X, y, l2=1 / 150, solver=estimators.SOLVERS[solver], tol=1e-15,
        callback=lambda event: seen.append((event.coef.copy(), np.copy(event.intercept))) and None,
    )  # fmt: skip
    for i in range(1, 4):
        with pytest.warns(sklearn.exceptions.ConvergenceWarning, match="raise max_iter"):
            model = LR(solver=solver, max_iter=i, tol=1e-15).fit(X, y)
        assert model.n_iter_.tolist() == [i]
        assert_exact(model.coef_, np.atleast_2d(seen[i - 1][0]))
        assert_exact(model.intercept_, np.atleast_1d(seen[i - 1][1]))
    with pytest.warns(fastgd.ConvergenceWarning):
        none = LR(solver=solver, max_iter=0).fit(X, y)
    assert none.n_iter_.tolist() == [0]
    assert not none.coef_.any() and not none.intercept_.any()
    np.testing.assert_allclose(none.predict_proba(X), 1 / classes, rtol=1e-15)


def test_n_jobs_means_threads(data, monkeypatch):
    X, y = data
    monkeypatch.setattr(fastgd.threads, "most", lambda: 4)
    asked = {n: fastgd.threads.from_jobs(n) for n in (None, 1, 3, -1, -2, -4, -9)}
    assert asked == {None: None, 1: 1, 3: 3, -1: 4, -2: 3, -4: 1, -9: 1}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        models = [LR(n_jobs=n).fit(X, y) for n in (None, 1, 2, -1)]
    for model in models:
        assert_exact(model.coef_, models[0].coef_)
    assert models[1].result_.n_threads == 1 and models[2].result_.n_threads == 2


@pytest.mark.parametrize("verbose", [0, 1])
def test_verbose_asks_for_the_bar(data, monkeypatch, verbose):
    asked = []
    monkeypatch.setattr(progress, "watch", lambda *args: asked.append(args))
    LR(verbose=verbose).fit(*data)
    assert len(asked) == verbose


@pytest.mark.parametrize(
    "name",
    ["LogisticRegression", "LogisticRegressionCV", "ConvergenceWarning", "SeparationWarning"],
)
def test_pickles_name_the_package_not_the_file(name):
    found = pickle.loads(b"cfastgd.estimators\n" + name.encode() + b"\n.")  # as of old
    assert found is getattr(estimators, name)
    assert found.__module__ == "fastgd.estimators"


# --- data ---------------------------------------------------------------------------------


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


# --- the guest ----------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", [LR(C=2.0), CV(Cs=3, cv=2)])
def test_pickles_copies_and_clones(data, estimator):
    X, y = data
    fitted = clone(estimator).fit(X, y)
    for twin in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):
        assert_exact(twin.predict_proba(X), fitted.predict_proba(X))
        assert twin.result_.gap == fitted.result_.gap
    assert clone(fitted).get_params() == estimator.get_params()
    assert not hasattr(clone(fitted), "coef_")


def test_a_pickle_does_not_grow_with_n():
    sizes = [len(pickle.dumps(LR().fit(*binary(n)))) for n in (300, 3000)]
    assert abs(sizes[0] - sizes[1]) < 100


def test_skops(data, tmp_path):
    io = pytest.importorskip("skops.io")
    X, y = data
    model = LR().fit(X, y)
    io.dump(model, tmp_path / "model.skops")
    trusted = io.get_untrusted_types(file=tmp_path / "model.skops")
    assert all(name.startswith("fastgd.") for name in trusted)
    loaded = io.load(tmp_path / "model.skops", trusted=trusted)
    assert_exact(loaded.predict_proba(X), model.predict_proba(X))
    assert loaded.result_.gap == model.result_.gap


def test_calibration_and_grid_search(data):
    X, y = data
    assert CalibratedClassifierCV(LR()).fit(X, y).score(X, y) > 0.6
    search = GridSearchCV(LR(), {"C": [0.1, 10.0]}, scoring="neg_log_loss").fit(X, y)
    assert search.best_score_ > -0.7


def test_sparsify(iris):
    X, y = iris
    model = LR().fit(X, y)
    before = model.predict_proba(X)
    assert scipy.sparse.issparse(model.sparsify().coef_)
    assert_exact(model.predict_proba(X), before)
    assert isinstance(model.densify().coef_, np.ndarray)
    assert_exact(model.predict_proba(X), before)


def test_warm_start(data):
    X, y = data
    model = LR(warm_start=True, C=1.0).fit(X, y)
    n_iter = model.n_iter_[0]
    again = model.fit(X, y)
    assert again.n_iter_[0] < n_iter
    np.testing.assert_allclose(again.coef_, LR().fit(X, y).coef_, rtol=1e-6)


def test_warnings_are_scikit_learns_too(data):
    X, y = data
    with pytest.warns(sklearn.exceptions.ConvergenceWarning, match="raise max_iter") as record:
        LR(max_iter=1, tol=1e-12).fit(X, y)
    assert len(record) == 1 and record[0].filename == __file__
    assert issubclass(record[0].category, fastgd.ConvergenceWarning)
    with pytest.warns(fastgd.SeparationWarning, match="separated") as record:
        model = LR(C=np.inf).fit(X, X[:, 0] > 0)
    assert len(record) == 1 and record[0].filename == __file__
    assert issubclass(record[0].category, sklearn.exceptions.ConvergenceWarning)
    assert model.result_.status == "separated"
    assert np.isfinite(model.decision_function(X)).all()
    assert_exact(model.predict(X), model.result_.predict(X))


def test_summary_is_that_of_the_result(data):
    X, y = data
    model = LR(C=np.inf).fit(X, y)
    assert str(model.summary(X, y)) == str(model.result_.summary(X, y))


@pytest.mark.parametrize("estimator", [LR, CV])
def test_summary_takes_what_that_of_the_result_takes(data, estimator, rng):
    X, y = data
    rows = {"sample_weight": rng.integers(1, 4, len(y)), "offset": rng.normal(size=len(y))}
    wanted = inspect.signature(fastgd.FitResult.summary)
    assert inspect.signature(estimator.summary) == wanted
    model = estimator().fit(X, y, **rows)
    options = {**rows, "groups": np.arange(len(y)) // 5, "level": 0.9, "reference": 1}
    options |= {"weights": "sampling", "small_sample": True, "n_threads": 1, "cov_type": "cluster"}
    assert set(options) | {"self", "X", "y"} == set(wanted.parameters)
    assert str(model.summary(X, y, **options)) == str(model.result_.summary(X, y, **options))


@pytest.mark.parametrize("class_weight", ["balanced", {0: 2, 1: 3}])
def test_summary_knows_the_weights_of_classes(data, class_weight):
    X, y = data
    y = (y != y[0]).astype(int)
    weight = np.random.default_rng(0).integers(1, 4, len(y)).astype(float)
    model = LR(C=np.inf, class_weight=class_weight).fit(X, y, weight)
    count = np.bincount(y, weights=weight)
    by_class = count.sum() / (2 * count) if class_weight == "balanced" else np.array([2.0, 3.0])
    fit = fastgd.fit(X, y, sample_weight=weight * by_class[y])
    found = model.summary(X, y, sample_weight=weight, weights="sampling")
    wanted = fit.summary(X, y, sample_weight=weight * by_class[y], weights="sampling")
    np.testing.assert_allclose(found.bse, wanted.bse, rtol=1e-9)


def test_without_scikit_learn():
    code = """if True:
        import sys
        sys.modules["sklearn"] = None
        import fastgd
        from fastgd import *
        assert fit([[1.0], [2.0], [3.0], [4.0]], [0, 1, 0, 1]).converged
        for name in ("LogisticRegression", "LogisticRegressionCV"):
            assert name in dir(fastgd)
            try:
                getattr(fastgd, name)
            except ImportError as error:
                assert 'pip install "fastgd[sklearn]"' in str(error), error
            else:
                raise AssertionError(name)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# --- callbacks ----------------------------------------------------------------------------


class Recorder:
    """A callback of scikit-learn 1.9 that stops after some iterations."""

    def __init__(self, stop_after=None):
        self.stop_after = stop_after
        self.calls = []
        self.models = []

    def setup(self, estimator, context):
        self.calls.append("setup")

    def teardown(self, estimator, context):
        self.calls.append("teardown")

    def on_fit_task_begin(self, estimator, context, *, X=None, fitted_estimator=None):
        self.calls.append("begin")

    def on_fit_task_end(self, estimator, context, *, X=None, fitted_estimator=None):
        self.calls.append("end")
        if context.parent is not None and fitted_estimator is not None:
            self.models.append((fitted_estimator.coef_, fitted_estimator.predict(X)))
        return self.stop_after is not None and len(self.models) >= self.stop_after


@pytest.mark.skipif(not NEW, reason="callbacks came with scikit-learn 1.9")
@pytest.mark.parametrize("solver", ["auto", "lbfgs", "newton-cg", "newton-cholesky"])
def test_callbacks(iris, solver):
    recorder = Recorder()
    model = LR(solver=solver).set_callbacks(recorder).fit(*iris)
    assert recorder.calls.count("setup") == recorder.calls.count("teardown") == 1
    assert recorder.calls[0] == "setup" and recorder.calls[-1] == "teardown"
    assert recorder.calls.count("begin") == recorder.calls.count("end") == 2 + model.n_iter_[0]
    assert len(recorder.models) == model.n_iter_[0]
    assert_exact(recorder.models[-1][0], model.coef_)
    assert_exact(recorder.models[-1][1], model.predict(iris[0]))
    assert_exact(LR(solver=solver).fit(*iris).coef_, model.coef_)


@pytest.mark.skipif(not NEW, reason="callbacks came with scikit-learn 1.9")
def test_a_callback_stops_the_fit(iris):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # that it has not converged need not be said
        model = LR().set_callbacks(Recorder(stop_after=2)).fit(*iris)
    assert model.n_iter_[0] == 2 and model.result_.status == "callback"


@pytest.mark.skipif(not NEW, reason="callbacks came with scikit-learn 1.9")
def test_callbacks_are_torn_down_after_an_error(data):
    recorder = Recorder()
    with pytest.raises(ValueError, match="NaN"):
        LR().set_callbacks(recorder).fit(np.full((4, 2), np.nan), [0, 1, 0, 1])
    assert recorder.calls.count("setup") == recorder.calls.count("teardown")
    recorder = Recorder()
    CV(Cs=2, cv=2).set_callbacks(recorder).fit(*data)
    assert recorder.calls == ["setup", "begin", "end", "teardown"]


# --- cross-validation ---------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("scoring", ["neg_log_loss", "accuracy", "roc_auc", "neg_brier_score"])
@pytest.mark.parametrize("weighted", [False, True])
def test_scores_are_those_of_a_grid_search(scoring, weighted, rng):
    X, y = make_classification(240, 6, random_state=0, flip_y=0.2)
    weight = rng.integers(1, 4, len(y)).astype(float) if weighted else None
    ours = CV(Cs=5, cv=4, scoring=scoring).fit(X, y, sample_weight=weight)
    scorer = metrics.get_scorer(scoring)
    scores = np.empty((4, 1, 5))
    for i, (train, test) in enumerate(StratifiedKFold(4).split(X, y)):
        w = (None, None) if weight is None else (weight[train], weight[test])
        for k, C in enumerate(np.logspace(-4, 4, 5)):
            model = linear_model.LogisticRegression(C=C, tol=1e-12, solver="newton-cholesky")
            model.fit(X[train], y[train], w[0])
            scores[i, 0, k] = scorer(model, X[test], y[test], sample_weight=w[1])
            np.testing.assert_allclose(
                ours.coefs_paths_[i, 0, k, 0], [*model.coef_[0], *model.intercept_],
                rtol=1e-4, atol=1e-6,
            )  # fmt: skip
    np.testing.assert_allclose(ours.scores_, scores, atol=1e-6)
    best = scores.sum(axis=0)[0].argmax()
    assert ours.C_ == ours.Cs_[best]
    assert_exact(ours.Cs_, np.logspace(-4, 4, 5))
    total = len(y) if weight is None else weight.sum()
    fit = fastgd.fit(X, y, l2=1 / (ours.C_ * total), sample_weight=weight)
    np.testing.assert_allclose(ours.coef_[0], fit.coef, rtol=1e-5, atol=1e-8)
    assert ours.l2_ == 1 / (ours.C_ * total)
    copied = 0 if scoring != "neg_brier_score" else X.nbytes
    assert ours.result_.bytes_copied == copied


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("metric", "options"),
    [
        (metrics.roc_auc_score, {}),
        (metrics.roc_auc_score, {"response_method": "predict_proba"}),
        (metrics.roc_auc_score, {"response_method": ("decision_function", "predict_proba")}),
        (metrics.accuracy_score, {}),
        (metrics.accuracy_score, {"greater_is_better": False}),
        (metrics.log_loss, {"response_method": "predict_proba"}),
        (metrics.log_loss, {"response_method": "predict_proba", "greater_is_better": False}),
    ],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_scorers_of_known_metrics_are_asked_as_they_were_made(metric, options, weighted, data, rng):
    X, y = data
    weight = rng.integers(1, 4, len(y)).astype(float) if weighted else None
    chosen = {"Cs": 5, "cv": 4, "scoring": metrics.make_scorer(metric, **options)}
    ours = CV(**chosen, tol=1e-12).fit(X, y, sample_weight=weight)
    more = {"use_legacy_attributes": False} if NEW else {}
    theirs = linear_model.LogisticRegressionCV(
        **chosen, solver="newton-cholesky", tol=1e-12, l1_ratios=(0.0,), **more
    ).fit(X, y, sample_weight=weight)
    scores = theirs.scores_ if NEW else theirs.scores_[1].swapaxes(1, 2)
    np.testing.assert_allclose(ours.scores_, scores, atol=1e-6)
    assert ours.C_ == theirs.C_


@pytest.mark.skipif(not NEW, reason="older ones take margins for probabilities")
def test_a_scorer_of_margins_that_are_no_probabilities_is_refused(data):
    scorer = metrics.make_scorer(metrics.log_loss, response_method="decision_function")
    for cv in (CV, linear_model.LogisticRegressionCV):
        with pytest.raises(ValueError, match="y_pro"):
            cv(Cs=2, cv=2, scoring=scorer).fit(*data)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("scoring", ["neg_log_loss", "accuracy"])
@pytest.mark.parametrize("sparse", [False, True])
def test_scores_of_three_classes(iris, scoring, sparse):
    X, y = iris
    cv = KFold(3, shuffle=True, random_state=0)
    ours = CV(Cs=4, scoring=scoring, cv=cv).fit(scipy.sparse.csr_array(X) if sparse else X, y)
    assert ours.scores_.shape == ours.n_iter_.shape == (3, 1, 4)
    assert ours.coefs_paths_.shape == (3, 1, 4, 3, 5) and ours.coef_.shape == (3, 4)
    assert isinstance(ours.C_, float) and ours.l1_ratio_ == 0.0
    search = GridSearchCV(
        linear_model.LogisticRegression(tol=1e-12, solver="newton-cholesky"),
        {"C": ours.Cs_}, cv=cv, scoring=scoring,
    ).fit(X, y)  # fmt: skip
    np.testing.assert_allclose(
        ours.scores_.mean(axis=(0, 1)), search.cv_results_["mean_test_score"], atol=1e-5
    )
    assert ours.C_ == search.best_params_["C"]
    assert ours.score(X, y) == metrics.get_scorer(scoring)(ours, X, y)


def test_the_order_of_Cs_does_not_matter(data):
    one = CV(Cs=[0.01, 1.0, 100.0], cv=3).fit(*data)
    other = CV(Cs=[100.0, 0.01, 1.0], cv=3).fit(*data)
    assert_exact(one.scores_, other.scores_[..., [1, 2, 0]])
    assert_exact(one.coefs_paths_, other.coefs_paths_[:, :, [1, 2, 0]])
    with pytest.raises(ValueError, match=r"Cs must be positive, found 0\.0"):
        CV(Cs=[1.0, 0.0]).fit(*data)


def test_the_best_of_each_fold_without_refit(data):
    model = CV(Cs=3, cv=3, refit=False).fit(*data)
    best = model.scores_[:, 0].argmax(axis=1)
    assert model.C_ == model.Cs_[best].mean()
    chosen = model.coefs_paths_[np.arange(3), 0, best].mean(axis=0)
    assert_exact(model.coef_, np.ascontiguousarray(chosen[:, :-1]))
    assert_exact(model.intercept_, chosen[:, -1])
    assert not hasattr(model, "result_")


def test_without_refit_nothing_is_left_of_an_earlier_one(data, tmp_path):
    model = CV(Cs=3, cv=3).fit(*data)
    assert model.l2_ == model.result_.l2
    model.set_params(refit=False).fit(*data)
    assert not hasattr(model, "result_") and not hasattr(model, "l2_")
    with pytest.raises(ValueError, match="has a summary with refit=True only"):
        model.summary(*data)
    model.save(tmp_path / "model")
    assert vars(fastgd.load(tmp_path / "model")).keys() == vars(model).keys()


def test_legacy_attributes(iris):
    X, y = iris
    new = CV(Cs=2, cv=3).fit(X, y)
    old = CV(Cs=2, cv=3, use_legacy_attributes=True).fit(X, y)
    assert list(old.scores_) == list(old.coefs_paths_) == [0, 1, 2]
    assert_exact(old.C_, np.full(3, new.C_))
    assert_exact(old.scores_[1], new.scores_[:, 0])
    assert_exact(old.coefs_paths_[2], new.coefs_paths_[:, 0, :, 2])
    assert old.n_iter_.shape == (1, 3, 2)
    given = clone(old).set_params(l1_ratios=[0.0]).fit(X, y == 1)
    assert list(given.scores_) == [True] and given.n_iter_.shape == (1, 3, 2, 1)
    assert given.coefs_paths_[True].shape == (3, 2, 1, 5)


def loaded(model, folder):
    model.save(folder / "model")
    return fastgd.load(folder / "model")


@pytest.mark.skipif(not NEW, reason="other parameters before scikit-learn 1.9")
@pytest.mark.parametrize("ratios", [{}, {"l1_ratios": (0,)}, {"l1_ratios": (0.0,)}])
@pytest.mark.parametrize("classes", [2, 3])
def test_legacy_shapes_are_scikit_learns_also_of_copies(classes, ratios, tmp_path):
    X, y = make_classification(60, 6, n_informative=4, n_classes=classes, random_state=0)
    chosen = {"Cs": 2, "cv": 3, "scoring": "accuracy", "use_legacy_attributes": True, **ratios}
    theirs = linear_model.LogisticRegressionCV(**chosen).fit(X, y)
    model = CV(**chosen).fit(X, y)
    copies = [clone(model), pickle.loads(pickle.dumps(model)), copy.deepcopy(model)]
    copies += [clone(clone(model)), loaded(model, tmp_path)]
    copies += [loaded(clone(model).fit(X, y), tmp_path)]
    for ours in [model, *copies]:
        ours.fit(X, y)
        for name in ("n_iter_", "C_", "l1_ratio_", "l1_ratios_"):
            assert getattr(ours, name).shape == getattr(theirs, name).shape, name
        for name in ("scores_", "coefs_paths_"):
            shapes = [{k: v.shape for k, v in getattr(m, name).items()} for m in (ours, theirs)]
            assert shapes[0] == shapes[1], name


@pytest.mark.parametrize("n_folds", [2, 3, 7])
@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_folds_are_those_of_scikit_learn(n_classes, n_folds, rng):
    for n in rng.integers(n_classes * n_folds, 300, 20):
        code = np.concatenate([np.repeat(np.arange(n_classes), n_folds), np.zeros(n, np.intp)])
        code[n_classes * n_folds :] = rng.choice(n_classes, n, p=rng.dirichlet(np.ones(n_classes)))
        rng.shuffle(code)
        ours = list(estimators.folds.stratified(code, np.bincount(code), n_folds))
        theirs = list(StratifiedKFold(n_folds).split(code, code))
        assert len(ours) == len(theirs) == n_folds
        for mine, other in zip(ours, theirs, strict=True):
            assert_exact(mine[0], other[0])
            assert_exact(mine[1], other[1])


def test_unusual_folds_are_left_to_scikit_learn(data):
    X, y = data
    with pytest.raises(ValueError, match="n_splits=200 cannot be greater"):
        CV(cv=200).fit(X, y)
    with config_context(skip_parameter_validation=True):
        with pytest.raises(ValueError, match="requires at least one train/test split"):
            CV(cv=1).fit(X, y)
    with pytest.raises(ValueError, match="y contains infinity"):
        CV().fit(X, np.where(y == 1, np.inf, 0.0))


@pytest.mark.parametrize("Cs", [[], [[1.0, 2.0]], ["a"], np.ones((2, 0)), [None, [1.0]]])
def test_strengths_that_are_none(data, Cs):
    with pytest.raises(ValueError, match="Cs must be an integer or a list of positive numbers"):
        CV(Cs=Cs).fit(*data)


ROWS = np.arange(300)


@pytest.mark.parametrize(
    ("cv", "message"),
    [
        ([], "cv gives no folds"),
        ([(ROWS, ROWS[:0])], "fold 0 of cv, counting from 0, has no rows to hold out"),
        ([(ROWS[:150], ROWS[150:]), (ROWS > 300, ROWS >= 0)], "fold 1 .* no rows to train on"),
        ([(ROWS[:0], ROWS)], "fold 0 .* no rows to train on"),
    ],
)
@pytest.mark.parametrize("weight", [None, 2.0])
@pytest.mark.parametrize("scoring", ["neg_log_loss", "neg_brier_score"])
def test_folds_without_rows(data, cv, message, weight, scoring):
    with pytest.raises(ValueError, match=message):
        CV(Cs=2, cv=cv, scoring=scoring).fit(*data, weight)


def test_folds_trained_on_rows_without_weight(data):
    X, y = data
    folds = [(ROWS[:150], ROWS[150:]), (ROWS[150:], ROWS[:150])]
    with pytest.raises(ValueError, match=r"fold 1 of cv, .* trains on rows of weight 0 alone"):
        CV(Cs=2, cv=folds).fit(X, y, (ROWS < 150).astype(float))


def test_rows_named_twice_count_twice(data):
    X, y = data
    train, test = np.r_[0:250, 0:60, 10:20], np.arange(250, 300)
    model = CV(Cs=[0.5], cv=[(train, test)], tol=1e-12).fit(X, y)
    fold = LR(C=0.5, tol=1e-12).fit(X[train], y[train])
    np.testing.assert_allclose(model.coefs_paths_[0, 0, 0, 0, :4], fold.coef_[0], rtol=1e-7)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_log_losses_are_scikit_learns(n_classes, weighted, rng):
    code = rng.integers(0, n_classes, 400)
    weight = rng.random(400) if weighted else None
    lines = 1 if n_classes == 2 else n_classes
    z = rng.normal(size=(400, 5, lines)) * np.array([0.0, 1.0, 30.0, 1e3, 1e6])[:, None]
    found = log_losses(z, code, weight, np.finfo(float).eps)
    both = np.concatenate([np.zeros_like(z), z], axis=2) if lines == 1 else z
    p = scipy.special.softmax(both, axis=2)
    for k in range(5):
        wanted = metrics.log_loss(code, p[:, k], sample_weight=weight)
        assert found[k] == pytest.approx(wanted, rel=1e-13)


@pytest.mark.parametrize(
    "y",
    [
        np.array([3.0, -1.0, -1.0, 3.0]),
        np.array([True, False, True]),
        np.array([7, 7, 250], np.uint8),
        np.array([2, 0, 1, 1]),
        np.array([5, 5]),
        np.array(["b", "a", "b"]),
    ],
)
def test_codes_of_labels(y):
    for found, wanted in zip(
        estimators.data.coded(y), np.unique(y, return_inverse=True), strict=True
    ):
        assert found.dtype == wanted.dtype
        assert (found == wanted).all()


def test_groups_and_scorers_parameters_are_routed(data, rng):
    X, y = data
    groups, weight = rng.integers(0, 6, len(y)), rng.random(len(y))
    with config_context(enable_metadata_routing=True):
        model = CV(
            Cs=3,
            cv=GroupKFold(3).set_split_request(groups=True),
            scoring=metrics.get_scorer("accuracy").set_score_request(sample_weight=True),
        ).set_fit_request(sample_weight=True)
        model.fit(X, y, groups=groups, sample_weight=weight)
    folds = list(GroupKFold(3).split(X, y, groups))
    direct = CV(Cs=3, cv=folds, scoring="accuracy").fit(X, y, sample_weight=weight)
    assert_exact(model.scores_, direct.scores_)
    with pytest.raises(ValueError, match="enable_metadata_routing=True"):
        CV(cv=GroupKFold(3)).fit(X, y, groups=groups)


def test_offset_in_cross_validation(data, rng):
    X, y = data
    offset = rng.normal(size=len(y))
    model = CV(Cs=2, cv=2).fit(X, y, offset=offset)
    for i, (train, test) in enumerate(StratifiedKFold(2).split(X, y)):
        fold = LR(C=1e4).fit(X[train], y[train], offset=offset[train])
        loss = metrics.log_loss(y[test], fold.predict_proba(X[test], offset[test]))
        assert model.scores_[i, 0, 1] == pytest.approx(-loss, rel=1e-6)
    with pytest.raises(ValueError, match="offset goes with scoring"):
        CV(Cs=2, cv=2, scoring="neg_brier_score").fit(X, y, offset=offset)


def test_a_scorer_may_look_at_the_rows(data):
    X, y = data
    seen = []

    def scorer(model, X_test, y_test):
        seen.append((X_test.shape, model.C))
        return model.score(X_test, y_test)

    model = CV(Cs=[0.1, 10.0], cv=3, scoring=scorer).fit(X, y)
    assert seen == [((100, 4), 0.1), ((100, 4), 10.0)] * 3
    assert_exact(model.scores_, CV(Cs=[0.1, 10.0], cv=3, scoring="accuracy").fit(X, y).scores_)


def test_one_warning_for_all_fits(data):
    with pytest.warns(sklearn.exceptions.ConvergenceWarning) as record:
        CV(Cs=3, cv=3, max_iter=1, tol=1e-12).fit(*data)
    assert len(record) == 1 and record[0].filename == __file__


@pytest.mark.parametrize("texts", [False, True])
def test_messages_about_frames_name_their_columns(rng, texts):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"noise": rng.normal(size=60), "age": rng.normal(size=60)})
    if texts:
        frame["town"] = [*"uvw"] * 20
    y = pd.Series((frame["age"] > 0).astype(int), name="old")
    model = fastgd.LogisticRegression(C=np.inf)
    with pytest.warns(fastgd.SeparationWarning, match="moving along columns age, "):
        model.fit(frame, y)
    assert "moving along columns age, " in model.result_.message
    for model in (fastgd.LogisticRegression(), fastgd.LogisticRegressionCV(Cs=2, cv=2)):
        with pytest.warns(UserWarning, match="X has a column 'late' that is equal to y"):
            model.fit(frame.assign(late=y.astype(float)), y)
        with pytest.warns(UserWarning, match="X has a column 'old', which is also the name of y"):
            model.fit(frame.assign(old=1 - y), y)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model.fit(frame, y)
