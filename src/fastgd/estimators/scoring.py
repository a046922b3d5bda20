"""How good a fold's models are on the rows held out."""

import copy
import inspect

import numpy as np
from scipy.sparse import issparse
from sklearn import metrics
from sklearn.utils.validation import _check_method_params

from .. import threads
from ..prediction import log_losses, margins
from .logistic import LogisticRegression
from .solving import EPS


class Scoring:
    """The scores of a path on its fold's test rows."""

    def __init__(self, estimator, X, y, code, offset, params):
        self.estimator, self.X, self.y, self.code = estimator, X, y, code
        self.offset, self.params = offset, params
        self.scorer = estimator._get_scorer()
        self.bytes_copied = 0
        fast = {"neg_log_loss": self.log_loss, "accuracy": self.accuracy}
        if len(estimator.classes_) == 2:
            fast["roc_auc"] = self.auc
        known = [of_margins for name, of_margins in fast.items() if is_called(self.scorer, name)]
        self.on_margins = known[0] if known and set(params) <= {"sample_weight"} else None

    def path(self, coef, intercept, test):
        """A score for each of the models, coef (n_cs, lines, d) and intercept (n_cs, lines)."""
        test = np.arange(self.X.shape[0])[test]
        params = _check_method_params(X=self.X, params=self.params, indices=test)
        if not self.on_margins:
            return self.by_model(coef, intercept, test, params)
        z = self.margins(coef, intercept, test)
        weight = params.get("sample_weight")
        if weight is not None:
            weight = np.asarray(weight, np.float64)
        return self.on_margins(z, self.code[test], weight)

    def margins(self, coef, intercept, test):
        """Margins (test rows, n_cs, lines), from one pass; over as few rows as slicing may give."""
        X, (n_cs, lines, d) = self.X, coef.shape
        first, end = (0, X.shape[0]) if issparse(X) else (test.min(), test.max() + 1)
        z = margins(
            X[first:end],
            coef.reshape(-1, d),
            intercept.ravel(),
            n_threads=threads.from_jobs(self.estimator.n_jobs),
        )
        z = z.take(test - first, axis=0).reshape(len(test), n_cs, lines)
        if self.offset is not None:
            z += np.asarray(self.offset, np.float64)[test].reshape(len(test), 1, -1)
        return z

    def log_loss(self, z, code, weight):
        """Minus the mean log loss, with scikit-learn's bound on how small a probability may be."""
        return [-loss for loss in log_losses(z, code, weight, EPS)]

    def accuracy(self, z, code, weight):
        guess = z[:, :, 0] > 0 if z.shape[2] == 1 else z.argmax(axis=2)
        right = guess == code[:, None]
        return [float(np.average(column, weights=weight)) for column in right.T]

    def auc(self, z, code, weight):
        score = self.scorer._score_func
        return [score(code, column, sample_weight=weight) for column in z[:, :, 0].T]

    def by_model(self, coef, intercept, test, params):
        """As the scorer has it: with a model, and the rows held out."""
        if self.offset is not None:
            raise ValueError(
                "offset goes with scoring 'neg_log_loss', 'accuracy' and 'roc_auc' only: other "
                "scorers ask the model, which does not know the offset of their rows"
            )
        scorer = knowing_all_labels(self.scorer, self.estimator.classes_)
        X, y = self.X[test], self.y[test]
        self.bytes_copied += X.data.nbytes
        model = LogisticRegression(fit_intercept=self.estimator.fit_intercept)
        model.classes_, model.n_features_in_ = self.estimator.classes_, coef.shape[-1]
        scores = []
        for model.C, w, b in zip(self.estimator.Cs_.tolist(), coef, intercept, strict=True):
            model.coef_, model.intercept_ = w, b
            scores.append(scorer(model, X, y, **params))
        return scores


def is_called(scorer, name):
    """Whether this is the scorer that scikit-learn calls so: also by its sign, and by what it asks
    the model."""
    known = metrics.get_scorer(name)
    return type(scorer) is type(known) and all(
        getattr(scorer, part) == getattr(known, part)
        for part in ("_score_func", "_sign", "_kwargs", "_response_method")
    )


def knowing_all_labels(scorer, classes):
    """The scorer, told of all classes, if it can be: the rows held out may lack some."""
    if "labels" not in inspect.signature(getattr(scorer, "_score_func", len)).parameters:
        return scorer
    scorer = copy.copy(scorer)
    known = {"labels": classes}
    if len(classes) == 2 and "pos_label" in inspect.signature(scorer._score_func).parameters:
        known["pos_label"] = classes[1]
    scorer._kwargs = {**known, **scorer._kwargs}
    return scorer
