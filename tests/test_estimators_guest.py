"""The estimators among scikit-learn's tools: pickles, searches, summaries, callbacks."""

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
from estimators_data import CV, LR, NEW, binary
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import (
    GridSearchCV,
)
from tolerances import assert_exact

import fastgd

pytestmark = pytest.mark.filterwarnings("default:::sklearn")


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
