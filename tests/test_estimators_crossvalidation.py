"""LogisticRegressionCV: folds, scores, what is kept of them."""

import copy
import pickle
import warnings

import numpy as np
import pytest
import scipy.sparse
import scipy.special
import sklearn
from estimators_data import CV, LR, NEW
from sklearn import config_context, linear_model, metrics
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    StratifiedKFold,
)
from tolerances import assert_exact

import fastgd
from fastgd import estimators
from fastgd.prediction import log_losses

pytestmark = pytest.mark.filterwarnings("default:::sklearn")


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
