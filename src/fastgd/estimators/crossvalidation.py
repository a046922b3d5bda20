"""LogisticRegressionCV: the penalty chosen by cross-validation."""

from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from sklearn import metrics
from sklearn.utils import metadata_routing
from sklearn.utils._param_validation import Hidden, Interval, StrOptions
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    _raise_for_params,
    _routing_enabled,
    process_routing,
)

from . import callbacks, data, folds, solving
from .base import Base
from .parameters import CONSTRAINTS, check, translated_penalty
from .scoring import Scoring

DEFAULT_L1_RATIOS = (0.0,)  # told by identity from one that was given, see `legacy_attributes`


class LogisticRegressionCV(Base):
    """scikit-learn's `LogisticRegressionCV`: the penalty chosen by cross-validation.

    All folds and all penalties are fitted on one copy of `X`: a fold is a vector of weights, 0 for
    the rows held out. Along the path from the strongest penalty to the weakest each fit starts
    where the last one ended, and one pass yields the margins of a whole path. Log loss, accuracy
    and AUC are scored on these margins; any other scorer is given ``X[test]``, whose bytes are
    counted in ``result_.bytes_copied``.

    Parameters
    ----------
    Cs : int or array of floats
        Inverse strengths of the penalty; an integer means so many from 1e-4 to 1e4.
    l1_ratios : array of floats
        Must hold zeros only: there is no L1 penalty yet. With `use_legacy_attributes` the
        attributes have no dimension of ratios if this is the default.
    fit_intercept : bool
    cv : int, splitter or list of (train, test)
        By default five stratified folds, or fewer where no class has five rows.
    dual : bool
        Must be False.
    penalty : {"l2", "l1", "elasticnet"}
        Deprecated, as in scikit-learn 1.8.
    scoring : str, callable or None
        None means accuracy.
    solver, tol, max_iter, class_weight, n_jobs, verbose, intercept_scaling, random_state
        As for `LogisticRegression`. ``class_weight="balanced"`` looks at all rows, not at each
        fold's.
    refit : bool
        Whether to fit all rows with the best `C`; else coefficients and `C` are the means over
        folds of each fold's best.
    use_legacy_attributes : bool
        Whether to shape attributes as scikit-learn did before 1.10, in dictionaries over classes.

    Attributes
    ----------
    coef_, intercept_, classes_, n_features_in_, feature_names_in_
        As for `LogisticRegression`.
    Cs_ : ndarray of shape (n_cs,)
    l1_ratios_ : ndarray of shape (n_l1_ratios,)
    C_ : float
        The best; the first of several.
    l1_ratio_ : float
    scores_ : ndarray of shape (n_folds, n_l1_ratios, n_cs)
    n_iter_ : ndarray of int32, shape (n_folds, n_l1_ratios, n_cs)
    coefs_paths_ : ndarray of shape (n_folds, n_l1_ratios, n_cs, 1 or K, d + fit_intercept)
        The intercept last.
    l2_ : float
    result_ : FitResult
        The penalty of the refitted model, and its fit; only with ``refit=True``.
    """

    __module__ = __package__  # where users and pickles find it

    __metadata_request__score: ClassVar = {  # it goes to the scorer, not to `score` itself
        "sample_weight": metadata_routing.UNUSED
    }

    _parameter_constraints: ClassVar = {
        **{
            name: allowed
            for name, allowed in CONSTRAINTS.items()
            if name not in ("C", "l1_ratio", "warm_start", "l2")
        },
        "Cs": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "l1_ratios": ["array-like", None],
        "cv": ["cv_object"],
        "scoring": [StrOptions(set(metrics.get_scorer_names())), callable, None],
        "refit": ["boolean"],
        "penalty": [
            StrOptions({"l1", "l2", "elasticnet"}),
            Hidden(StrOptions({"deprecated"})),
        ],
        "use_legacy_attributes": ["boolean"],
    }

    def __init__(
        self,
        *,
        Cs=10,
        l1_ratios=DEFAULT_L1_RATIOS,
        fit_intercept=True,
        cv=None,
        dual=False,
        penalty="deprecated",
        scoring="neg_log_loss",
        solver="auto",
        tol=1e-8,
        max_iter=None,
        class_weight=None,
        n_jobs=None,
        verbose=0,
        refit=True,
        intercept_scaling=1.0,
        random_state=None,
        use_legacy_attributes=False,
    ):
        self.Cs = Cs
        self.l1_ratios = l1_ratios
        self.fit_intercept = fit_intercept
        self.cv = cv
        self.dual = dual
        self.penalty = penalty
        self.scoring = scoring
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.class_weight = class_weight
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.refit = refit
        self.intercept_scaling = intercept_scaling
        self.random_state = random_state
        self.use_legacy_attributes = use_legacy_attributes

    def fit(self, X, y, sample_weight=None, offset=None, **params):
        """Choose the penalty, and fit the model.

        Parameters
        ----------
        X, y, sample_weight, offset
            As for `LogisticRegression.fit`. An offset goes with the scorers that work on margins.
        **params
            For the splitter and the scorer, where metadata routing is enabled: ``groups``, say.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            In scikit-learn's words where it would refuse the same.

        Warns
        -----
        ConvergenceWarning
            Once, if some fit along the paths or the last one is not certified to `tol`.
        """
        _raise_for_params(params, self, "fit")
        check(self)
        l1_ratios = self._check_l1_ratios()
        if not callbacks.are_registered(self):
            return self._fit(X, y, sample_weight, offset, params, l1_ratios)
        with callbacks.callback_management_context(self):
            data = {"X": X, "y": y}
            task = self._init_callback_context(max_subtasks=0)
            task.call_on_fit_task_begin(estimator=self, **data)
            self._fit(X, y, sample_weight, offset, params, l1_ratios)
            task.call_on_fit_task_end(estimator=self, **data, reconstruction_attributes={})
        return self

    # Clones and pickles hold a tuple equal to the default: they are given the default itself.
    def __sklearn_clone__(self):
        clone = super().__sklearn_clone__()
        if self.l1_ratios is DEFAULT_L1_RATIOS:
            clone.l1_ratios = DEFAULT_L1_RATIOS
        return clone

    def __getstate__(self):
        state = super().__getstate__()
        if self.l1_ratios is DEFAULT_L1_RATIOS:
            state = {key: value for key, value in state.items() if key != "l1_ratios"}
        return state

    def __setstate__(self, state):
        super().__setstate__({"l1_ratios": DEFAULT_L1_RATIOS, **state})

    def _check_l1_ratios(self):
        l1_ratios = self.l1_ratios
        if l1_ratios is not None:
            strange = [r for r in l1_ratios if not isinstance(r, Real) or not 0 <= r <= 1]
            if strange or len(l1_ratios) == 0:
                raise ValueError(
                    f"l1_ratios must be numbers between 0 and 1, got l1_ratios={l1_ratios!r}"
                )
        largest = None if l1_ratios is None else max(l1_ratios)
        if self.penalty != "deprecated" or largest != 0:
            translated_penalty(self.penalty, 1.0, largest, "l1_ratios", "Cs")
        return (0.0,) if l1_ratios is None else tuple(l1_ratios)

    def _fit(self, X, y, sample_weight, offset, params, l1_ratios):
        given = X
        X, y, looked_at = data.take(self, X, y)
        with data.explained(self, X, y, looked_at):
            sample_weight = data.by_row(sample_weight, X)
            weight = data.weights(self, y, sample_weight)
            classes, code = data.coded(y)
            self.classes_ = classes
            if len(classes) < 2:
                data.refuse_one_class(self, y)
            data.refuse_for_liblinear(self, X, len(classes))
            Cs = self.Cs_ = strengths(self.Cs)
            routed = self._routed("fit", params, sample_weight, offset)
            split = folds.split(self, X, y, code, routed["split"])
            score = Scoring(self, X, y, code, offset, routed["score"])
            paths = folds.paths(self, X, code, split, weight, offset)
            table = [
                score.path(*path[:2], test) for path, (_, test) in zip(paths, split, strict=True)
            ]
            # folds x l1_ratios x Cs; the l1_ratios are all 0, so their scores are the same
            repeat = (1, len(l1_ratios), 1)
            scores = np.tile(np.array(table)[:, None, :], repeat)
            iterations = np.array([path[2] for path in paths], np.int32)
            coefs = np.array([joined(*path[:2], self.fit_intercept) for path in paths])
            unfinished = [r for path in paths for r in path[3]]
            if self.refit:
                best = int(scores[:, 0].sum(axis=0).argmax())
                C = float(Cs[best])
                l2 = 0.0 if C == np.inf else 1.0 / (C * data.total(weight, X))
                start = coefs[:, best].mean(axis=0)
                init = apart(start, self.fit_intercept)
                result = solving.solve(self, X, y, classes, weight, offset, l2, init)
                result.bytes_copied += score.bytes_copied
                self.l2_, self.result_ = l2, data.named(self, result, given, X)
                coef, intercept = result.coef, result.intercept
                unfinished += [] if solving.arrived(result) else [result]
            else:
                for name in ("l2_", "result_"):  # of an earlier fit
                    self.__dict__.pop(name, None)
                each = scores[:, 0].argmax(axis=1)
                C = float(np.mean(Cs[each]))
                coef, intercept = apart(
                    coefs[np.arange(len(split)), each].mean(axis=0), self.fit_intercept
                )
        self.coef_, self.intercept_ = self._attributes(coef, intercept, X)
        self.C_, self.l1_ratio_, self.l1_ratios_ = C, float(l1_ratios[0]), np.array(l1_ratios)
        self.scores_ = scores
        self.n_iter_ = np.tile(iterations[:, None, :], repeat)
        self.coefs_paths_ = np.tile(coefs[:, None], (*repeat, 1, 1))
        if self.use_legacy_attributes:
            legacy_attributes(self)
        if unfinished:
            solving.warn(unfinished[-1])
        return self

    def _get_scorer(self):
        return metrics.get_scorer(self.scoring or "accuracy")

    def score(self, X, y, sample_weight=None, **score_params):
        """Score the predictions by `scoring`.

        Parameters
        ----------
        X : array, frame or sparse matrix of shape (n, d)
        y : array of shape (n,)
        sample_weight : array of shape (n,), optional
        **score_params
            For the scorer, where metadata routing is enabled.

        Returns
        -------
        float
        """
        _raise_for_params(score_params, self, "score")
        routed = self._routed("score", score_params, sample_weight, None)["score"]
        return self._get_scorer()(self, X, y, **routed)

    def _routed(self, method, params, sample_weight, offset):
        """What the splitter and the scorer are given."""
        given = {"sample_weight": sample_weight} if sample_weight is not None else {}
        if not _routing_enabled():
            return {"split": {}, "score": {**params, **given}}
        if offset is not None:
            given["offset"] = offset
        routed = process_routing(self, method, **params, **given)
        return {
            "split": routed.splitter.split if method == "fit" else {},
            "score": routed.scorer.score,
        }

    def get_metadata_routing(self):
        """Who asks for which metadata: the estimator itself, the splitter, the scorer.

        Returns
        -------
        sklearn.utils.metadata_routing.MetadataRouter
        """
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(
                splitter=self.cv,
                method_mapping=MethodMapping().add(caller="fit", callee="split"),
            )
            .add(
                scorer=self._get_scorer(),
                method_mapping=MethodMapping()
                .add(caller="score", callee="score")
                .add(caller="fit", callee="score"),
            )
        )


def strengths(Cs):
    """Cs as an array of positive doubles."""
    if isinstance(Cs, Integral):
        return np.logspace(-4, 4, Cs)
    try:
        found = np.array(Cs, dtype=np.float64)
    except (TypeError, ValueError):
        found = np.empty(0)
    if found.ndim != 1 or not len(found):
        raise ValueError(f"Cs must be an integer or a list of positive numbers, found {Cs!r:.200}")
    if not (found > 0).all():
        raise ValueError(f"Cs must be positive, found {found[~(found > 0)][0]}")
    return found


def joined(coef, intercept, fit_intercept):
    """Coefficients with their intercept last, along the last dimension."""
    return np.concatenate([coef, intercept[..., None]], axis=-1) if fit_intercept else coef


def apart(joined, fit_intercept):
    """coef and intercept, as `fastgd.fit` takes them, of lines that hold both."""
    if fit_intercept:
        coef, intercept = joined[:, :-1], joined[:, -1]
    else:
        coef, intercept = joined, np.zeros(len(joined))
    if len(joined) == 1:
        return coef[0], float(intercept[0])
    return np.ascontiguousarray(coef), intercept.copy()


def legacy_attributes(estimator):
    """Attributes as scikit-learn shaped them before 1.10, without the dimension of l1_ratios where
    nobody had given any."""
    binary = len(estimator.classes_) == 2
    names = estimator.classes_[1:] if binary else estimator.classes_
    scores = estimator.scores_.swapaxes(1, 2)
    coefs = estimator.coefs_paths_.swapaxes(1, 2)  # folds, Cs, l1_ratios, lines, d + 1
    n_iter = estimator.n_iter_.swapaxes(1, 2)[None]
    if estimator.l1_ratios is None or estimator.l1_ratios is DEFAULT_L1_RATIOS:
        scores, coefs, n_iter = scores[:, :, 0], coefs[:, :, 0], n_iter[..., 0]
        estimator.l1_ratios_ = np.array([None])
    estimator.scores_ = {name: scores for name in names}
    estimator.coefs_paths_ = {name: coefs[..., k, :] for k, name in enumerate(names)}
    estimator.n_iter_ = n_iter
    estimator.C_ = np.full(len(names), estimator.C_)
    estimator.l1_ratio_ = np.full(len(names), estimator.l1_ratio_)
