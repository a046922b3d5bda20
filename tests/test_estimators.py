"""The estimators: scikit-learn's protocol and parameters, and the numbers of fastgd.fit."""

import inspect
import pickle
import warnings

import numpy as np
import pytest
import scipy.sparse
import scipy.special
import sklearn
from estimators_data import CV, LR, NEW, SOLVERS
from sklearn import linear_model
from sklearn.utils.estimator_checks import parametrize_with_checks
from tolerances import assert_exact

import fastgd
from fastgd import estimators, progress

pytestmark = pytest.mark.filterwarnings("default:::sklearn")


@parametrize_with_checks([LR(), CV()])
def test_scikit_learns_checks(estimator, check):
    check(estimator)


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
