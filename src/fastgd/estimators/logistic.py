"""LogisticRegression: one penalty."""

import numpy as np
from scipy.sparse import issparse
from sklearn import metrics

from . import callbacks, data, solving
from .base import Base
from .parameters import check, translated_penalty


class LogisticRegression(Base):
    """scikit-learn's `LogisticRegression`, solved by `fastgd.fit`, with a certified optimum.

    It minimises ``C * sum_i s_i L_i + |coef|**2 / 2``, the intercept not penalised, which is the
    cost of `fastgd.fit` with ``l2 = 1 / (C * sum_i s_i)``.

    Parameters
    ----------
    penalty : {"l2", None, "l1", "elasticnet"}
        Deprecated, as in scikit-learn 1.8; use `C` and `l1_ratio`.
    C : float
        Inverse strength of the penalty, positive; ``np.inf`` means none.
    l1_ratio : float
        Must be 0: there is no L1 penalty yet.
    dual : bool
        Must be False.
    tol : float
        The fit has converged once ``result_.gap <= tol`` times the cost of the null model; see
        `fastgd.fit`. Relative and without unit, unlike scikit-learn's.
    fit_intercept : bool
    intercept_scaling : float
        Must be 1.
    class_weight : dict, "balanced" or None
        Weights of the classes, multiplied with `sample_weight`. ``"balanced"`` gives all classes
        the same total weight, `sample_weight` included.
    random_state
        Ignored: nothing here is random.
    solver : {"auto", "lbfgs", "newton-cg", "newton-cholesky", "sag", "saga", "liblinear"}
        ``"newton-cholesky"``, and up to 2000 coefficients ``"newton-cg"``, mean the solver
        ``"newton"`` of `fastgd.fit`; ``"sag"``, ``"saga"`` and ``"liblinear"`` mean ``"auto"``.
        ``"liblinear"`` takes two classes only, and here does not penalise the intercept. All reach
        the same optimum; ``result_.solver`` says which ran.
    max_iter : int or None
        None: as many as it takes, within the solver's own limit. With ``max_iter=i`` the result is
        the i-th iterate of a longer fit; 0 leaves all coefficients at 0, or where a warm start is.
    verbose : int
        Positive: a bar on standard error.
    warm_start : bool
        Start from the last fit's coefficients, where they cost less than the null model.
    n_jobs : int or None
        Threads: None as many as the work is worth, -1 all, -2 all but one. No effect on the result.
    l2 : float, array of shape (d,), or None
        The penalty of `fastgd.fit` itself, instead of `C`, which must then be left at 1.0.

    Attributes
    ----------
    coef_ : ndarray of shape (1, d), or (K, d) for K > 2 classes
        float32 if `X` is, else float64.
    intercept_ : ndarray of shape (1,) or (K,)
    classes_ : ndarray of shape (K,)
    n_iter_ : ndarray of int32, shape (1,)
    l2_ : float or ndarray of shape (d,)
        The penalty used: ``(1 - l1_ratio) / (C * sum of weights)``, class weights included.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        If `X` was a frame with such names.
    coding_ : Coding
        If `X` was a frame with columns that scikit-learn refuses, texts and categories that are no
        numbers: they get a feature for each level but the most frequent, see `fastgd.fit`.
        ``coef_`` then has a column for each feature, named by ``result_.names``, and predictions
        need a frame.
    result_ : FitResult
        The certificate, the passes made, the bytes copied, and float64 coefficients.

    Notes
    -----
    Predictions are those of ``coef_`` and ``intercept_``, which may be changed. Of separated
    classes without a penalty, ``result_`` predicts the limit, and the estimator a point so far on
    the way there that it makes no difference to the cost.

    NumPy arrays and CSR matrices are read in place, see `fastgd.cost`.

    Examples
    --------
    >>> import fastgd
    >>> X = [[0.5], [1.0], [1.5], [2.0], [2.5], [3.0]]
    >>> model = fastgd.LogisticRegression().fit(X, ["no", "no", "yes", "no", "yes", "yes"])
    >>> model.predict([[0.0], [4.0]])
    array(['no', 'yes'], dtype='<U3')
    """

    __module__ = __package__  # where users and pickles find it

    def __init__(
        self,
        penalty="deprecated",
        *,
        C=1.0,
        l1_ratio=0.0,
        dual=False,
        tol=1e-8,
        fit_intercept=True,
        intercept_scaling=1,
        class_weight=None,
        random_state=None,
        solver="auto",
        max_iter=None,
        verbose=0,
        warm_start=False,
        n_jobs=None,
        l2=None,
    ):
        self.penalty = penalty
        self.C = C
        self.l1_ratio = l1_ratio
        self.dual = dual
        self.tol = tol
        self.fit_intercept = fit_intercept
        self.intercept_scaling = intercept_scaling
        self.class_weight = class_weight
        self.random_state = random_state
        self.solver = solver
        self.max_iter = max_iter
        self.verbose = verbose
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.l2 = l2

    def fit(self, X, y, sample_weight=None, offset=None):
        """Fit the model.

        Parameters
        ----------
        X : array, frame or sparse matrix of shape (n, d)
            A frame of pandas, polars, PyArrow or DuckDB.
        y : array of shape (n,)
            Labels of any kind that can be sorted.
        sample_weight : array of shape (n,), or a number for all rows, optional
        offset : array of shape (n,), or (n, K), optional
            Added to the margins. Predictions do not know it: give them theirs.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            In scikit-learn's words where it would refuse the same.

        Warns
        -----
        ConvergenceWarning, SeparationWarning
            As `fastgd.fit` does; both are scikit-learn's ``ConvergenceWarning`` too.
        """
        check(self)
        C = self.C
        if self.penalty != "deprecated" or self.l1_ratio != 0:
            C = translated_penalty(self.penalty, C, self.l1_ratio, "l1_ratio", "C")
        if self.l2 is not None and self.C != 1.0:
            raise ValueError(
                f"give l2 or C, not both: got l2={self.l2!r} and C={self.C!r} (l2 = 1 / (C n))"
            )
        if self.solver == "liblinear" and C == np.inf:
            raise ValueError(
                "penalty=None is not supported for the liblinear solver, nor is C=np.inf: take "
                "another solver"
            )
        C = float(C)  # one of float32 would make l2 one too
        if not callbacks.are_registered(self):
            return self._fit(X, y, sample_weight, offset, C, None)
        with callbacks.callback_management_context(self):
            return self._fit(X, y, sample_weight, offset, C, callbacks.Listener(self))

    def _fit(self, X, y, sample_weight, offset, C, listener):
        given = X
        X, y, looked_at = data.take(self, X, y)
        with data.explained(self, X, y, looked_at):
            sample_weight = data.by_row(sample_weight, X)
            weight = data.weights(self, y, sample_weight)
            classes = None
            if weight is not None or listener or self.solver in ("liblinear", "newton-cg"):
                classes = np.unique(y)
                if len(classes) < 2:
                    data.refuse_one_class(self, y)
                data.refuse_for_liblinear(self, X, len(classes))
            if self.l2 is not None:
                l2 = self.l2
            else:
                l2 = 0.0 if C == np.inf else 1.0 / (C * data.total(weight, X))
            init = None
            if self.warm_start and hasattr(self, "coef_"):
                init = point(self)
            callback = None
            if listener:
                self.classes_ = classes
                callback = listener.begin(X, y, sample_weight, init)
            try:
                result = solving.solve(self, X, y, classes, weight, offset, l2, init, callback)
            finally:
                if listener:
                    listener.end()
        self.classes_ = result.classes
        self.l2_ = result.l2
        self.n_iter_ = np.array([result.n_iter], dtype=np.int32)
        self.coef_, self.intercept_ = self._attributes(result.coef, result.intercept, X)
        self.result_ = data.named(self, result, given, X)
        if listener:
            listener.close()
        solving.warn(result)
        return self

    def score(self, X, y, sample_weight=None, offset=None):
        """Accuracy.

        Parameters
        ----------
        X : array, frame or sparse matrix of shape (n, d)
        y : array of shape (n,)
        sample_weight : array of shape (n,), optional
        offset : array of shape (n,), or (n, K), optional

        Returns
        -------
        float
        """
        return metrics.accuracy_score(y, self.predict(X, offset), sample_weight=sample_weight)


def point(estimator):
    """coef_ and intercept_ as `fastgd.fit` takes them."""
    coef, intercept = estimator.coef_, estimator.intercept_
    coef = coef.toarray() if issparse(coef) else np.asarray(coef)
    if coef.shape[0] == 1:
        return coef[0].astype(np.float64), float(intercept[0])
    return coef.astype(np.float64), np.asarray(intercept, np.float64)
