"""What both estimators share: prediction, the summary, saving."""

from typing import ClassVar

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.linear_model._base import LinearClassifierMixin, SparseCoefMixin
from sklearn.utils.validation import check_is_fitted

from .. import modelfile, threads
from ..prediction import margins, probabilities
from . import data, storing
from .callbacks import CallbackSupportMixin
from .parameters import CONSTRAINTS


class Base(CallbackSupportMixin, LinearClassifierMixin, SparseCoefMixin, BaseEstimator):
    """What both estimators share."""

    _parameter_constraints: ClassVar = CONSTRAINTS

    def _ask(self, function, X, offset, unseen):
        """margins or probabilities of the rows of X, by `coef_` and `intercept_` as they are."""
        try:
            coef, intercept = self.coef_, self.intercept_
        except AttributeError:
            check_is_fitted(self)
            raise
        single = coef.dtype == np.float32
        if issparse(coef):
            coef = coef.toarray()
        if coef.shape[0] == 1:
            coef, intercept = coef[0], intercept[0]
        coef = np.ascontiguousarray(coef, np.float64)
        n_threads = threads.from_jobs(self.n_jobs)
        out = None
        if data.read_in_place(self, X, reset=False) is not None:
            try:
                out = function(X, coef, intercept, offset, n_threads)
            except (TypeError, ValueError):
                pass
        if out is None:
            X = data.validated(self, X, None, unseen)
            out = function(X, coef, intercept, offset, n_threads)
        return out.astype(np.float32) if single and X.dtype == np.float32 else out

    def decision_function(self, X, offset=None, *, unseen="error"):
        """Margins ``X @ coef_.T + intercept_ + offset``.

        Parameters
        ----------
        X : array, frame or sparse matrix of shape (n, d)
        offset : array of shape (n,), or (n, K), optional
        unseen : {"error", "ignore"}
            For models with a ``coding_``: what to do with levels that the fit did not see, as for
            `FitResult.design`.

        Returns
        -------
        ndarray of shape (n,), or (n, K)
            float32 if the model and `X` are, else float64.
        """
        return self._ask(margins, X, offset, unseen)

    def predict_proba(self, X, offset=None, *, unseen="error"):
        """Probability of each class, in the order of ``classes_``.

        Parameters as for `decision_function`.

        Returns
        -------
        ndarray of shape (n, K)
        """
        return self._ask(probabilities, X, offset, unseen)

    def predict_log_proba(self, X, offset=None, *, unseen="error"):
        """Logarithms of `predict_proba`.

        Parameters as for `decision_function`.

        Returns
        -------
        ndarray of shape (n, K)
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X, offset, unseen=unseen))

    def predict(self, X, offset=None, *, unseen="error"):
        """The more probable class of each row; a tie goes to the first.

        Parameters as for `decision_function`.

        Returns
        -------
        ndarray of shape (n,)
        """
        z = self.decision_function(X, offset, unseen=unseen)
        return self.classes_[(z > 0).view(np.int8) if z.ndim == 1 else z.argmax(axis=1)]

    def summary(
        self,
        X,
        y,
        *,
        sample_weight=None,
        offset=None,
        cov_type="nonrobust",
        groups=None,
        level=0.95,
        reference=None,
        weights="frequency",
        small_sample=False,
        n_threads=None,
    ):
        """``result_.summary(X, y, ...)``: standard errors and what goes with them.

        Parameters as for `FitResult.summary`. Weights of classes are put into `sample_weight`, as
        in the fit.

        Returns
        -------
        Summary

        Raises
        ------
        ValueError
            Of a model of ``refit=False``, too.
        """
        check_is_fitted(self)
        if not hasattr(self, "result_"):
            raise ValueError(
                f"a {type(self).__name__} has a summary with refit=True only: without it coef_ is "
                "a mean over folds, and the optimum of no fit"
            )
        y = np.asarray(data.column(y, "y"))
        weight = data.weights(self, y, data.by_row(sample_weight, y))
        return self.result_.summary(
            X,
            y,
            sample_weight=weight,
            offset=offset,
            cov_type=cov_type,
            groups=groups,
            level=level,
            reference=reference,
            weights=weights,
            small_sample=small_sample,
            n_threads=n_threads,
        )

    def save(self, path):
        """Write parameters and fit to a file that `fastgd.load` reads; no pickle.

        Parameters that stand at their default are not written: they come back as the default.

        Parameters
        ----------
        path : str or path-like
            An existing file is replaced, whole or not at all.

        Raises
        ------
        sklearn.exceptions.NotFittedError
        TypeError
            Naming a parameter that only pickle could store, such as a splitter given as ``cv``:
            ``set_params`` can replace it, which changes no prediction.
        OSError
            If the file cannot be written.
        """
        check_is_fitted(self)
        modelfile.write(path, *storing.parts(self))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_class = self.solver != "liblinear"
        return tags

    def _attributes(self, coef, intercept, X):
        """coef_ and intercept_ in scikit-learn's shapes; of float32 where X is, but as there not
        for liblinear."""
        single = X.dtype == np.float32 and self.solver != "liblinear"
        dtype = np.float32 if single else np.float64
        return np.array(np.atleast_2d(coef), dtype), np.array(np.atleast_1d(intercept), dtype)
