"""scikit-learn's protocol over `fastgd.fit`: parameters, metadata, attributes, and no numerics.

What the hot paths skip: a plain NumPy array or CSR matrix is not looked at by scikit-learn's
validation, since the core looks at everything anyhow. Only where the core refuses it, or where it
is anything else (a frame, a list, another dtype, names of columns to compare), scikit-learn's own
validation runs, and it is its message that the user sees.
"""

import copy
import inspect
import warnings
from contextlib import contextmanager
from numbers import Integral, Real
from typing import ClassVar

import numpy as np

from . import errors, frames, modelfile, threads
from .functional import fit_path, fit_quietly, warn_unless_converged
from .plainparts import pack, unpack
from .prediction import chances, margins, probabilities
from .result import FitResult

try:
    import sklearn
except ImportError as error:
    raise ImportError(
        "fastgd.LogisticRegression and fastgd.LogisticRegressionCV need scikit-learn 1.6 or newer: "
        'pip install "fastgd[sklearn]"'
    ) from error

from scipy.sparse import issparse
from sklearn import metrics
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning as SklearnConvergenceWarning
from sklearn.linear_model._base import LinearClassifierMixin, SparseCoefMixin
from sklearn.model_selection import check_cv
from sklearn.utils import metadata_routing
from sklearn.utils._param_validation import (
    Hidden,
    Interval,
    StrOptions,
    validate_parameter_constraints,
)
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    _raise_for_params,
    _routing_enabled,
    process_routing,
)
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_feature_names,
    _check_method_params,
    _check_sample_weight,
    assert_all_finite,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

try:  # scikit-learn 1.9
    from sklearn.callback import CallbackSupportMixin
    from sklearn.callback._callback_support import callback_management_context
except ImportError:

    class CallbackSupportMixin:
        """What older versions of scikit-learn do not have."""


class ConvergenceWarning(errors.ConvergenceWarning, SklearnConvergenceWarning):
    """As `fastgd.ConvergenceWarning`, and for those who filter scikit-learn's."""


class SeparationWarning(errors.SeparationWarning, SklearnConvergenceWarning):
    """As `fastgd.SeparationWarning`, and for those who filter scikit-learn's."""


# scikit-learn's names of solvers, and who solves here.
SOLVERS = {
    "auto": "auto",
    "lbfgs": "lbfgs",
    "liblinear": "auto",
    "newton-cg": "newton",
    "newton-cholesky": "newton",
    "sag": "auto",
    "saga": "auto",
}
WIDE = 2000  # from so many coefficients on "newton-cg" forms no Hessian
NARROW = ("liblinear", "sag", "saga")  # refuse CSR with indices of 64 bits, as in scikit-learn

DEFAULT_L1_RATIOS = (0.0,)  # told from an equal tuple by identity, see `_legacy_attributes`

EPS = np.finfo(np.float64).eps
# The intercept's share in the margin of a class that no row has: its optimum is at minus infinity.
# scikit-learn's metrics see no probability below EPS either.
NEVER = float(np.log(EPS))


class _Base(CallbackSupportMixin, LinearClassifierMixin, SparseCoefMixin, BaseEstimator):
    """What both estimators share: parameters, data, prediction."""

    _parameter_constraints: ClassVar = {
        "penalty": [
            StrOptions({"l1", "l2", "elasticnet"}),
            None,
            Hidden(StrOptions({"deprecated"})),
        ],
        "C": [Interval(Real, 0, None, closed="right")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both"), None],
        "dual": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "fit_intercept": ["boolean"],
        "intercept_scaling": [Interval(Real, 0, None, closed="neither")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "random_state": ["random_state"],
        "solver": [StrOptions(set(SOLVERS))],
        "max_iter": [Interval(Integral, 0, None, closed="left"), None],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "n_jobs": [None, Integral],
        "l2": [Interval(Real, 0, None, closed="left"), "array-like", None],
    }

    # --- parameters ---------------------------------------------------------------------

    def _check_parameters(self):
        """Refuse what cannot be done. What stands at its default is not looked at."""
        changed = {
            name: value
            for name, default in _defaults(type(self)).items()
            if (value := getattr(self, name)) is not default
        }
        if not changed:
            return
        if not sklearn.get_config()["skip_parameter_validation"]:
            validate_parameter_constraints(
                self._parameter_constraints, changed, caller_name=type(self).__name__
            )
        if self.dual:
            raise ValueError(
                f"Solver {self.solver} supports only dual=False, got dual=True: fastgd solves the "
                "primal problem, whose optimum is the same"
            )
        if self.intercept_scaling != 1:
            raise ValueError(
                f"intercept_scaling must be 1, got {self.intercept_scaling}: no solver of fastgd "
                "penalises the intercept, so there is nothing to make up for"
            )

    def _n_threads(self):
        return threads.from_jobs(self.n_jobs)

    # --- data ---------------------------------------------------------------------------

    def _take_X(self, X, *, reset):
        """X as the core can read it; None if scikit-learn's validation must look at it."""
        if type(X) in (np.ndarray, np.memmap):
            if X.ndim != 2 or X.dtype.kind not in "fbiu" or 0 in X.shape:
                return None
        elif not (
            issparse(X) and X.format == "csr" and len(X.shape) == 2 and X.dtype.char in "df"
            and 0 not in X.shape
            and not (self.solver in NARROW and 8 in (X.indices.itemsize, X.indptr.itemsize))
        ):  # fmt: skip
            return None
        if reset:
            self.__dict__.pop("feature_names_in_", None)
            self.__dict__.pop("coding_", None)
            self.n_features_in_ = X.shape[1]
            return X
        if X.shape[1] != self.n_features_in_ or hasattr(self, "feature_names_in_"):
            return None
        if hasattr(self, "coding_"):
            return None
        return X

    def _validated(self, X, y):
        """X, and y unless it is None, looked at by scikit-learn."""
        keywords = {
            "accept_sparse": "csr",
            "accept_large_sparse": self.solver not in NARROW,
            "dtype": "numeric",
        }
        X = frames.computed(X)
        if y is None:
            if hasattr(self, "coding_"):
                return self._design(X)
            return _as_numbers(validate_data(self, X, reset=False, **keywords))
        self.__dict__.pop("coding_", None)
        if type(y).__module__.partition(".")[0] in ("polars", "pyarrow", "duckdb", "_duckdb"):
            y, _ = frames.target(y)
        try:
            matrix, y = validate_data(self, X, y, **keywords)
            X = _as_numbers(matrix)
        except (TypeError, ValueError):
            frame = frames.read(X)
            if frame is None or not frame.has_levels():
                raise
            _check_feature_names(self, X, reset=True)
            self.n_features_in_ = len(frame.names)
            self.coding_ = frames.learn(frame)
            X = self._design(X)
            y = column_or_1d(y, warn=True)
            assert_all_finite(y, input_name="y")
            check_consistent_length(X, y)
        check_classification_targets(y)
        return X, y

    def _design(self, X):
        """The features of a frame with texts or categories, which scikit-learn would refuse."""
        frame = frames.read(X)
        if frame is None:
            raise TypeError(
                f"X must be a frame, found {type(X).__name__}: the model was fitted on columns of "
                "texts or categories, which go by their names"
            )
        _check_feature_names(self, X, reset=False)
        matrix, _ = frames.design(frame, self.coding_)
        with frame.explained(matrix, self.coding_):
            assert_all_finite(matrix)
        return matrix

    def _take(self, X, y):
        """X and y for the core, and whether scikit-learn has looked at them already."""
        if (
            type(y) is np.ndarray
            and y.ndim == 1
            and (y.dtype.kind in "biuUS" or (y.dtype.kind == "f" and _integral(y)))
            and self._take_X(X, reset=True) is not None
        ):
            return X, y, False
        if y is None:
            raise ValueError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y "
                "is None"
            )
        return *self._validated(X, y), True

    @contextmanager
    def _explained(self, X, y, looked_at):
        """Where the core refuses the data, let scikit-learn say so if it can."""
        try:
            yield
        except (TypeError, ValueError):
            if not looked_at:
                self._validated(X, y)
            raise

    def _weights(self, X, y, sample_weight):
        """Sample weights, those of the classes in them; or None."""
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=np.float64)
        if self.class_weight is None:
            return sample_weight
        classes, code = np.unique(y, return_inverse=True)
        if isinstance(self.class_weight, dict):
            strange = [label for label in self.class_weight if label not in classes]
            if strange and len(self.class_weight) - len(strange) < len(classes):
                raise ValueError(
                    f"class_weight must have labels of y as keys: {strange} are none of "
                    f"classes={list(classes)}"
                )
            by_class = np.array([self.class_weight.get(label, 1.0) for label in classes.tolist()])
        else:
            count = np.bincount(code, weights=sample_weight, minlength=len(classes))
            by_class = count.sum() / (len(classes) * np.maximum(count, np.finfo(float).tiny))
        weight = by_class[code]
        return weight if sample_weight is None else weight * sample_weight

    # --- prediction ---------------------------------------------------------------------

    def _ask(self, function, X, offset):
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
        out = None
        if self._take_X(X, reset=False) is not None:
            try:
                out = function(X, coef, intercept, offset, self._n_threads())
            except (TypeError, ValueError):
                pass
        if out is None:
            X = self._validated(X, None)
            out = function(X, coef, intercept, offset, self._n_threads())
        return out.astype(np.float32) if single and X.dtype == np.float32 else out

    def decision_function(self, X, offset=None):
        """Margins ``X @ coef_.T + intercept_ + offset``.

        Parameters
        ----------
        X : array, frame or sparse matrix of shape (n, d)
        offset : array of shape (n,), or (n, K), optional

        Returns
        -------
        ndarray of shape (n,), or (n, K)
            float32 if the model and `X` are, else float64.
        """
        return self._ask(margins, X, offset)

    def predict_proba(self, X, offset=None):
        """Probability of each class, in the order of ``classes_``.

        Parameters as for `decision_function`.

        Returns
        -------
        ndarray of shape (n, K)
        """
        return self._ask(probabilities, X, offset)

    def predict_log_proba(self, X, offset=None):
        """Logarithms of `predict_proba`.

        Parameters as for `decision_function`.

        Returns
        -------
        ndarray of shape (n, K)
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X, offset))

    def predict(self, X, offset=None):
        """The more probable class of each row; a tie goes to the first.

        Parameters as for `decision_function`.

        Returns
        -------
        ndarray of shape (n,)
        """
        z = self.decision_function(X, offset)
        return self.classes_[(z > 0).view(np.int8) if z.ndim == 1 else z.argmax(axis=1)]

    @available_if(lambda self: hasattr(FitResult, "summary"))
    def summary(self, X, y, *, sample_weight=None, **options):
        """``result_.summary(X, y, ...)``: standard errors and what goes with them.

        Weights of classes are put into `sample_weight`, as in the fit.
        """
        check_is_fitted(self)
        weight = self._weights(X, np.asarray(y), sample_weight)
        return self.result_.summary(X, y, sample_weight=weight, **options)

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
        modelfile.write(path, *_parts(self))

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

    def _named(self, result, given, X):
        """The result, which keeps the names of the features, and how they were come by."""
        if hasattr(self, "coding_"):
            result.coding, result.names = self.coding_, self.coding_.features
        elif hasattr(self, "feature_names_in_"):
            result.names = self.feature_names_in_.tolist()
        result.bytes_copied += _copied(given, X)
        return result

    # --- the fit ------------------------------------------------------------------------

    def _options(self, X, classes, weight, offset):
        """What all fits of an estimator have in common."""
        solver = SOLVERS[self.solver]
        lines = 1 if classes is None else len(classes)
        if self.solver == "newton-cg" and X.shape[1] * lines > WIDE:
            solver = "newton-cg"
        return {
            "fit_intercept": self.fit_intercept,
            "sample_weight": weight,
            "offset": offset,
            "solver": solver,
            "tol": self.tol,
            "max_iter": self.max_iter,
            "n_threads": self._n_threads(),
        }

    def _solve(self, X, y, classes, weight, offset, l2, init=None, callback=None):
        """The fit of one penalty, where every class has rows that count or may be left out."""
        options = self._options(X, classes, weight, offset)
        options |= {"l2": l2, "init": init, "callback": callback, "progress": bool(self.verbose)}
        if self.max_iter == 0:
            options["solver"] = "gd"  # none of its steps is taken: it stays where it starts, at 0
        if weight is None or classes is None or not self.fit_intercept:
            return fit_quietly(X, y, **options)
        code = np.searchsorted(classes, y)
        left = np.flatnonzero(np.bincount(code, weights=weight, minlength=len(classes)) > 0)
        if len(left) == len(classes) or len(left) < 1:
            return fit_quietly(X, y, **options)
        return _with_classes_left_out(X, code, classes, left, options)

    def _warn(self, result):
        warn_unless_converged(result, ConvergenceWarning, SeparationWarning, stacklevel=5)

    def _refuse_one_class(self, y):
        raise ValueError(
            f"{type(self).__name__} needs rows of at least 2 classes, but y holds one class only: "
            f"{y[0]!r}"
        )

    def _refuse_for_liblinear(self, X, n_classes):
        """What scikit-learn's liblinear refuses, since code may count on that."""
        if self.solver != "liblinear":
            return
        if n_classes > 2:
            raise ValueError(
                "The 'liblinear' solver does not support multiclass classification "
                f"({n_classes} classes): take another solver, or OneVsRestClassifier"
            )
        if X.max() > 1e30:
            raise ValueError("solver='liblinear' takes no values above 1e30: take another solver")


def _as_numbers(X):
    """Frames of several types may come out of scikit-learn's validation as objects."""
    return X.astype(np.float64) if X.dtype == object else X


def _copied(given, X):
    """How many bytes it took to make the array `X` of what was given."""
    if given is X or issparse(X):
        return 0
    if not isinstance(given, np.ndarray):
        frame = frames.read(given) if hasattr(type(given), "__array__") else None
        found = None if frame is None else frame.numbers(frame.names[0])
        given = np.empty(0) if found is None else found[0]
    return 0 if np.may_share_memory(given, X) else X.nbytes


def _defaults(cls, known={}):  # noqa: B006  a cache
    if cls not in known:
        known[cls] = {
            name: parameter.default
            for name, parameter in inspect.signature(cls.__init__).parameters.items()
            if name != "self"
        }
    return known[cls]


def _integral(y):
    """Whether floats are class labels rather than measurements."""
    return bool((y == np.trunc(y)).all())


def _with_classes_left_out(X, code, classes, left, options):
    """The fit where only the classes `left` have rows that count.

    The others' optimal coefficients are 0 and their intercepts minus infinity; they get NEVER.
    """
    K, d = len(classes), X.shape[1]
    coef, intercept = np.zeros((K, d)), np.full(K, NEVER)
    if len(left) == 1:
        result = FitResult(
            loss="log_loss" if K == 2 else "softmax", cost=0.0, null_cost=0.0, gap=EPS,
            gap_kind="dual", gradient_norm=EPS, converged=True, status="separated", n_iter=0,
            n_passes=0, seconds=0.0, solver="none", n_threads=1, bytes_copied=0,
            message="only one class has rows that count: it is predicted everywhere",
            l2=options["l2"], fit_intercept=True, n_features=d, n_samples=X.shape[0],
        )  # fmt: skip
        intercept[left] = 0.0
    else:
        place = np.zeros(K, np.int64)
        place[left] = np.arange(len(left))
        init = options["init"]
        if init is not None:
            options["init"] = init[0][left], init[1][left]
        offset = options["offset"]
        if offset is not None:
            options["offset"] = np.asarray(offset)[:, left]
        result = fit_quietly(X, place[code], loss="softmax", **options)
        coef[left] = result.coef
        intercept[left] = result.intercept
    if K == 2:
        result.coef, result.intercept = coef[1] - coef[0], float(intercept[1] - intercept[0])
    else:
        result.coef, result.intercept = coef, intercept
    result.classes = classes
    return result


def _translated_penalty(penalty, C, l1_ratio, name, c_name):
    """C, with scikit-learn's former parameter `penalty` in it. `l1_ratio` is a number or None."""
    if penalty == "deprecated":
        if l1_ratio is None:
            warnings.warn(
                f"'{name}=None' was deprecated in scikit-learn 1.8; 0 means the same",
                FutureWarning,
                stacklevel=4,
            )
        share = l1_ratio or 0.0
    else:
        warnings.warn(
            f"'penalty' was deprecated in scikit-learn 1.8: instead of 'l2', 'l1' and 'elasticnet' "
            f"give {name} 0, 1 or what lies between, instead of None give {c_name} np.inf",
            FutureWarning,
            stacklevel=4,
        )
        if penalty == "elasticnet" and l1_ratio is None:
            raise ValueError(f"{name} must be given with penalty='elasticnet', got None")
        if penalty != "elasticnet" and l1_ratio is not None and 0 < l1_ratio < 1:
            warnings.warn(
                f"l1_ratio parameter is only used when penalty is 'elasticnet'. Got "
                f"(penalty={penalty})",
                stacklevel=4,
            )
        if (penalty == "l2" and l1_ratio != 0) or (penalty == "l1" and l1_ratio != 1):
            warnings.warn(
                f"Inconsistent values: penalty={penalty} with {name}={l1_ratio}; penalty counts",
                stacklevel=4,
            )
        if penalty is None:
            if C != 1.0:
                warnings.warn(
                    f"Setting penalty=None will ignore the C that was given ({C})", stacklevel=4
                )
            C = np.inf
        share = {"l1": 1.0, "elasticnet": l1_ratio}.get(penalty, 0.0)
    if share > 0:
        raise ValueError(
            f"fastgd has no L1 penalty yet, got {name}={share:g}: leave {name} at 0, or use "
            "scikit-learn's estimator with solver='saga'"
        )
    return C


class LogisticRegression(_Base):
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
        ``"newton-cholesky"`` means the solver ``"newton"`` of `fastgd.fit`; ``"sag"``, ``"saga"``
        and ``"liblinear"`` mean ``"auto"``. ``"liblinear"`` takes two classes only, and here does
        not penalise the intercept. All reach the same optimum; ``result_.solver`` says which ran.
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
        If `X` was a frame with columns that scikit-learn refuses, texts and categories of texts:
        they get a feature for each level but the most frequent, see `fastgd.fit`. ``coef_`` then
        has a column for each feature, named by ``result_.names``, and predictions need a frame.
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
        sample_weight : array of shape (n,), optional
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
        self._check_parameters()
        C = self.C
        if self.penalty != "deprecated" or self.l1_ratio != 0:
            C = _translated_penalty(self.penalty, C, self.l1_ratio, "l1_ratio", "C")
        if self.l2 is not None and self.C != 1.0:
            raise ValueError(
                f"give l2 or C, not both: got l2={self.l2!r} and C={self.C!r} (l2 = 1 / (C n))"
            )
        if self.solver == "liblinear" and C == np.inf:
            raise ValueError(
                "penalty=None is not supported for the liblinear solver, nor is C=np.inf: take "
                "another solver"
            )
        if not hasattr(self, "_skl_callbacks") and not hasattr(self, "_parent_callback_ctx"):
            return self._fit(X, y, sample_weight, offset, C, None)
        with callback_management_context(self):
            return self._fit(X, y, sample_weight, offset, C, _Listener(self))

    def _fit(self, X, y, sample_weight, offset, C, listener):
        given = X
        X, y, looked_at = self._take(X, y)
        with self._explained(X, y, looked_at):
            weight = self._weights(X, y, sample_weight)
            classes = None
            if weight is not None or listener or self.solver in ("liblinear", "newton-cg"):
                classes = np.unique(y)
                if len(classes) < 2:
                    self._refuse_one_class(y)
                self._refuse_for_liblinear(X, len(classes))
            if self.l2 is not None:
                l2 = self.l2
            else:
                l2 = 0.0 if C == np.inf else 1.0 / (C * _total(weight, X))
            init = None
            if self.warm_start and hasattr(self, "coef_"):
                init = _point(self)
            callback = None
            if listener:
                self.classes_ = classes
                callback = listener.begin(X, y, sample_weight, init)
            try:
                result = self._solve(X, y, classes, weight, offset, l2, init, callback)
            finally:
                if listener:
                    listener.end()
        self.classes_ = result.classes
        self.l2_ = result.l2
        self.n_iter_ = np.array([result.n_iter], dtype=np.int32)
        self.coef_, self.intercept_ = self._attributes(result.coef, result.intercept, X)
        self.result_ = self._named(result, given, X)
        if listener:
            listener.close()
        self._warn(result)
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


def _total(weight, X):
    total = float(X.shape[0] if weight is None else weight.sum())
    if total == 0:
        raise ValueError("sample weights, times those of the classes, are zero for every row")
    return total


def _point(estimator):
    """coef_ and intercept_ as `fastgd.fit` takes them."""
    coef, intercept = estimator.coef_, estimator.intercept_
    coef = coef.toarray() if issparse(coef) else np.asarray(coef)
    if coef.shape[0] == 1:
        return coef[0].astype(np.float64), float(intercept[0])
    return coef.astype(np.float64), np.asarray(intercept, np.float64)


class _Listener:
    """scikit-learn's callbacks (1.9) told of each iteration: a task for the fit, one for each."""

    def __init__(self, estimator):
        self.estimator = estimator

    def begin(self, X, y, sample_weight, init):
        estimator = self.estimator
        self.data = {"X": X, "y": y}
        if sample_weight is not None:
            self.data["metadata"] = {"sample_weight": sample_weight}
        limit = estimator.max_iter
        # one more than there are iterations: nobody knows which will be the last
        self.fit = estimator._init_callback_context(
            max_subtasks=None if limit is None else max(limit, 1) + 1
        )
        self.fit.call_on_fit_task_begin(estimator=estimator, **self.data)
        if init is None:
            K = len(estimator.classes_)
            shape = (K,) if K > 2 else ()
            init = np.zeros((*shape, X.shape[1])), np.zeros(shape)
        self.iterate(*init)
        return self

    def iterate(self, coef, intercept):
        """Begin the next iteration, from here."""
        self.task = self.fit.subcontext(task_name=f"{self.estimator.solver}-iter")
        self.task.call_on_fit_task_begin(
            estimator=self.estimator, **self.data, **self.reached(coef, intercept)
        )

    def reached(self, coef, intercept):
        coef, intercept = self.estimator._attributes(coef, intercept, self.data["X"])
        return {"reconstruction_attributes": {"coef_": coef, "intercept_": intercept}}

    def __call__(self, event):
        stop = self.task.call_on_fit_task_end(
            estimator=self.estimator,
            **self.data,
            **self.reached(event.coef, event.intercept),
        )
        self.iterate(event.coef, event.intercept)
        return stop

    def end(self):
        """The iteration that was begun and never ran."""
        self.task.call_on_fit_task_end(estimator=self.estimator)

    def close(self):
        self.fit.call_on_fit_task_end(
            estimator=self.estimator, **self.data, reconstruction_attributes={}
        )


class LogisticRegressionCV(_Base):
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
        Must hold zeros only: there is no L1 penalty yet.
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
        The penalty of the refitted model.
    result_ : FitResult
        Of the refitted model; only with ``refit=True``.
    """

    __metadata_request__score: ClassVar = {  # it goes to the scorer, not to `score` itself
        "sample_weight": metadata_routing.UNUSED
    }

    _parameter_constraints: ClassVar = {
        **{
            name: allowed
            for name, allowed in _Base._parameter_constraints.items()
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
        self._check_parameters()
        l1_ratios = self._check_l1_ratios()
        if not hasattr(self, "_skl_callbacks") and not hasattr(self, "_parent_callback_ctx"):
            return self._fit(X, y, sample_weight, offset, params, l1_ratios)
        with callback_management_context(self):
            data = {"X": X, "y": y}
            task = self._init_callback_context(max_subtasks=0)
            task.call_on_fit_task_begin(estimator=self, **data)
            self._fit(X, y, sample_weight, offset, params, l1_ratios)
            task.call_on_fit_task_end(estimator=self, **data, reconstruction_attributes={})
        return self

    def _check_l1_ratios(self):
        l1_ratios = self.l1_ratios
        if l1_ratios is not None:
            strange = [r for r in l1_ratios if not isinstance(r, Real) or not 0 <= r <= 1]
            if strange or len(l1_ratios) == 0:
                raise ValueError(
                    f"l1_ratios must be numbers between 0 and 1, got l1_ratios={l1_ratios!r}"
                )
        if self.penalty != "deprecated" or l1_ratios is None:
            given = None if l1_ratios is None else max(l1_ratios)
            if self.penalty == "l2" and l1_ratios is DEFAULT_L1_RATIOS:
                given = 0
            _translated_penalty(self.penalty, 1.0, given, "l1_ratios", "Cs")
        elif max(l1_ratios) > 0:
            _translated_penalty("deprecated", 1.0, max(l1_ratios), "l1_ratios", "Cs")
        return (0.0,) if l1_ratios is None else tuple(l1_ratios)

    def _fit(self, X, y, sample_weight, offset, params, l1_ratios):
        given = X
        X, y, looked_at = self._take(X, y)
        with self._explained(X, y, looked_at):
            weight = self._weights(X, y, sample_weight)
            classes, code = np.unique(y, return_inverse=True)
            self.classes_ = classes
            if len(classes) < 2:
                self._refuse_one_class(y)
            self._refuse_for_liblinear(X, len(classes))
            Cs = np.logspace(-4, 4, self.Cs) if isinstance(self.Cs, Integral) else self.Cs
            Cs = self.Cs_ = np.array(Cs, dtype=np.float64)
            if not (Cs > 0).all():
                raise ValueError(f"Cs must be positive, found {Cs[~(Cs > 0)][0]}")
            routed = self._routed("fit", params, sample_weight, offset)
            cv = self.cv
            if cv is None:
                cv = max(2, min(5, int(np.bincount(code).max())))
            folds = list(check_cv(cv, y, classifier=True).split(X, y, **routed["split"]))
            score = _Scoring(self, X, y, code, offset, routed["score"])
            paths = [self._path(X, code, train, weight, offset) for train, _ in folds]
            table = [
                score.path(*path[:2], test) for path, (_, test) in zip(paths, folds, strict=True)
            ]
            # folds x l1_ratios x Cs; the l1_ratios are all 0, so their scores are the same
            repeat = (1, len(l1_ratios), 1)
            scores = np.tile(np.array(table)[:, None, :], repeat)
            iterations = np.array([path[2] for path in paths], np.int32)
            coefs = np.array([_joined(*path[:2], self.fit_intercept) for path in paths])
            unfinished = [r for path in paths for r in path[3]]
            if self.refit:
                best = int(scores[:, 0].sum(axis=0).argmax())
                C = float(Cs[best])
                l2 = 0.0 if C == np.inf else 1.0 / (C * _total(weight, X))
                start = coefs[:, best].mean(axis=0)
                init = self._split(start)
                result = self._solve(X, y, classes, weight, offset, l2, init)
                result.bytes_copied += score.bytes_copied
                self.l2_, self.result_ = l2, self._named(result, given, X)
                coef, intercept = result.coef, result.intercept
                unfinished += [] if _arrived(result) else [result]
            else:
                each = scores[:, 0].argmax(axis=1)
                C = float(np.mean(Cs[each]))
                coef, intercept = self._split(coefs[np.arange(len(folds)), each].mean(axis=0))
        self.coef_, self.intercept_ = self._attributes(coef, intercept, X)
        self.C_, self.l1_ratio_, self.l1_ratios_ = C, float(l1_ratios[0]), np.array(l1_ratios)
        self.scores_ = scores
        self.n_iter_ = np.tile(iterations[:, None, :], repeat)
        self.coefs_paths_ = np.tile(coefs[:, None], (*repeat, 1, 1))
        if self.use_legacy_attributes:
            self._legacy_attributes()
        if unfinished:
            self._warn(unfinished[-1])
        return self

    def _path(self, X, code, train, weight, offset):
        """The fits of one fold, each from the one before: coefficients (n_cs, lines, d),
        intercepts (n_cs, lines), iterations, and the results that are not certified."""
        held = np.bincount(np.arange(X.shape[0])[train], minlength=X.shape[0]).astype(np.float64)
        if weight is not None:
            held *= weight
        total = held.sum()
        order = np.argsort(self.Cs_, kind="stable")
        l2 = np.where(self.Cs_ == np.inf, 0.0, 1.0 / (self.Cs_ * total))[order]
        by_class = np.bincount(code, weights=held, minlength=len(self.classes_))
        classes = np.arange(len(self.classes_))
        results = []
        if by_class.all() and self.max_iter != 0:
            options = self._options(X, classes, held, offset)
            results = fit_path(X, code, l2[l2 > 0], **options)
        for value in l2[len(results) :]:
            init = (results[-1].coef, results[-1].intercept) if results else None
            results.append(self._solve(X, code, classes, held, offset, value, init))
        results = [results[k] for k in np.argsort(order)]
        return (
            np.array([np.atleast_2d(result.coef) for result in results]),
            np.array([np.atleast_1d(result.intercept) for result in results]),
            [result.n_iter for result in results],
            [result for result in results if not _arrived(result)],
        )

    def _split(self, joined):
        """coef and intercept, as `fastgd.fit` takes them, of lines that hold both."""
        if self.fit_intercept:
            coef, intercept = joined[:, :-1], joined[:, -1]
        else:
            coef, intercept = joined, np.zeros(len(joined))
        if len(joined) == 1:
            return coef[0], float(intercept[0])
        return np.ascontiguousarray(coef), intercept.copy()

    def _legacy_attributes(self):
        """Attributes as scikit-learn shaped them before 1.10.

        The dimension of l1_ratios was left out where nobody had given any: that is seen from the
        default's own tuple standing there."""
        binary = len(self.classes_) == 2
        names = self.classes_[1:] if binary else self.classes_
        scores = self.scores_.swapaxes(1, 2)
        coefs = self.coefs_paths_.swapaxes(1, 2)  # folds, Cs, l1_ratios, lines, d + 1
        n_iter = self.n_iter_.swapaxes(1, 2)[None]
        if self.l1_ratios is DEFAULT_L1_RATIOS or self.l1_ratios is None:
            scores, coefs, n_iter = scores[:, :, 0], coefs[:, :, 0], n_iter[..., 0]
            self.l1_ratios_ = np.array([None])
        self.scores_ = {name: scores for name in names}
        self.coefs_paths_ = {name: coefs[..., k, :] for k, name in enumerate(names)}
        self.n_iter_ = n_iter
        self.C_ = np.full(len(names), self.C_)
        self.l1_ratio_ = np.full(len(names), self.l1_ratio_)

    # --- scoring and routing ------------------------------------------------------------

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


def _arrived(result):
    return result.converged and result.separation is None


def _joined(coef, intercept, fit_intercept):
    """Coefficients with their intercept last, along the last dimension."""
    return np.concatenate([coef, intercept[..., None]], axis=-1) if fit_intercept else coef


class _Scoring:
    """The scores of a path on its fold's test rows."""

    def __init__(self, estimator, X, y, code, offset, params):
        self.estimator, self.X, self.y, self.code = estimator, X, y, code
        self.offset, self.params = offset, params
        self.scorer = estimator._get_scorer()
        self.bytes_copied = 0
        plain = not getattr(self.scorer, "_kwargs", True) and set(params) <= {"sample_weight"}
        self.on_margins = plain and {
            metrics.log_loss: self.log_loss,
            metrics.accuracy_score: self.accuracy,
            metrics.roc_auc_score: self.auc if len(estimator.classes_) == 2 else None,
        }.get(self.scorer._score_func)

    def path(self, coef, intercept, test):
        """A score for each of the models, coef (n_cs, lines, d) and intercept (n_cs, lines)."""
        test = np.arange(self.X.shape[0])[test]
        params = _check_method_params(X=self.X, params=self.params, indices=test)
        if not self.on_margins:
            return self.by_model(coef, intercept, test, params)
        weight = params.get("sample_weight")
        z = self.margins(coef, intercept, test)
        return [self.on_margins(z[:, k], self.code[test], test, weight) for k in range(z.shape[1])]

    def margins(self, coef, intercept, test):
        """Margins (test rows, n_cs, lines), from one pass; over as few rows as slicing may give."""
        X, (n_cs, lines, d) = self.X, coef.shape
        first, end = (0, X.shape[0]) if issparse(X) else (test.min(), test.max() + 1)
        z = margins(
            X[first:end],
            coef.reshape(-1, d),
            intercept.ravel(),
            n_threads=self.estimator._n_threads(),
        )
        z = z[test - first].reshape(len(test), n_cs, lines)
        if self.offset is not None:
            z += np.asarray(self.offset, np.float64)[test].reshape(len(test), 1, -1)
        return z

    def log_loss(self, z, code, test, weight):
        """Minus the mean log loss, with scikit-learn's bound on how small a probability may be."""
        p = chances(z, code)
        return float(np.average(np.log(np.clip(p, EPS, 1.0)), weights=weight))

    def accuracy(self, z, code, test, weight):
        guess = z[:, 0] > 0 if z.shape[1] == 1 else z.argmax(axis=1)
        return float(np.average(guess == code, weights=weight))

    def auc(self, z, code, test, weight):
        return self.scorer._score_func(code, z[:, 0], sample_weight=weight)

    def by_model(self, coef, intercept, test, params):
        """As the scorer has it: with a model, and the rows held out."""
        if self.offset is not None:
            raise ValueError(
                "offset goes with scoring 'neg_log_loss', 'accuracy' and 'roc_auc' only: other "
                "scorers ask the model, which does not know the offset of their rows"
            )
        scorer = _knowing_all_labels(self.scorer, self.estimator.classes_)
        X, y = self.X[test], self.y[test]
        self.bytes_copied += X.data.nbytes
        model = LogisticRegression(fit_intercept=self.estimator.fit_intercept)
        model.classes_, model.n_features_in_ = self.estimator.classes_, coef.shape[-1]
        scores = []
        for model.C, w, b in zip(self.estimator.Cs_.tolist(), coef, intercept, strict=True):
            model.coef_, model.intercept_ = w, b
            scores.append(scorer(model, X, y, **params))
        return scores


# What `fit` leaves behind, beside `result_`: what all models have, what some have.
_OF_ALL = {"classes_", "coef_", "intercept_", "n_features_in_", "n_iter_"}
_OF_SOME = {"feature_names_in_", "l2_"}
_OF_CV = {"Cs_", "C_", "coefs_paths_", "l1_ratio_", "l1_ratios_", "scores_"}


def _parts(model):
    """Metadata and arrays for a model file."""
    name = type(model).__name__
    if type(model) not in (LogisticRegression, LogisticRegressionCV):
        raise TypeError(f"a {name} cannot be stored: it is no class of fastgd's own")
    arrays = {}
    defaults = _defaults(type(model))
    params = {
        key: pack(value, key, arrays)
        for key, value in model.get_params(deep=False).items()
        if value is not defaults[key]
    }
    allowed = _OF_ALL | _OF_SOME | _OF_CV
    fitted = {key: value for key, value in vars(model).items() if key in allowed}
    if issparse(fitted["coef_"]):
        fitted["coef_"] = fitted["coef_"].toarray()
    meta = {
        "kind": "estimator",
        "class": name,
        "sparse": issparse(model.coef_),
        "params": params,
        "attributes": {key: pack(value, key, arrays) for key, value in fitted.items()},
    }
    if hasattr(model, "result_"):
        meta["result"], of_result = model.result_.parts()
        arrays |= {f"result_.{key}": value for key, value in of_result.items()}
    return meta, arrays


def from_parts(meta, arrays):
    """The estimator that a model file holds, checked: whatever is returned can predict.

    Parameters
    ----------
    meta : dict
    arrays : dict of str to ndarray
        As `modelfile.read` returns them.

    Returns
    -------
    LogisticRegression or LogisticRegressionCV

    Raises
    ------
    ValueError
        If a part is missing, is impossible, or does not fit the others.
    """
    kinds = {cls.__name__: cls for cls in (LogisticRegression, LogisticRegressionCV)}
    try:
        cls = kinds[meta["class"]]
        params = {key: unpack(value, arrays) for key, value in meta["params"].items()}
        strange = set(params) - set(_defaults(cls))
        if strange:
            raise ValueError(f"{cls.__name__} has no parameter {min(strange)!r:.40}")
        model = cls(**params)
        model._check_parameters()
        found = {key: unpack(value, arrays) for key, value in meta["attributes"].items()}
        wanted = _OF_ALL | (_OF_CV if cls is LogisticRegressionCV else set())
        if not wanted <= set(found) <= wanted | _OF_SOME:
            raise ValueError("attributes of the fit are missing, or are no such attributes")
        vars(model).update(found)
        _check_attributes(model)
        if "result" in meta:
            start = "result_."
            of_result = {k[len(start) :]: v for k, v in arrays.items() if k.startswith(start)}
            model.result_ = FitResult.from_parts(meta["result"], of_result)
            if np.atleast_2d(model.result_.coef).shape != model.coef_.shape:
                raise ValueError("result_ does not fit coef_")
        if meta["sparse"] is True:
            model.sparsify()
    except (
        AttributeError, KeyError, OverflowError, RecursionError, TypeError, Warning,
    ) as error:  # fmt: skip
        raise ValueError(f"a part is missing or of another kind: {error!r:.200}") from None
    return model


def _check_attributes(model):
    coef, intercept, classes = model.coef_, model.intercept_, model.classes_
    d, names = model.n_features_in_, getattr(model, "feature_names_in_", None)
    lines = 1 if len(classes) == 2 else len(classes)
    checks = {
        "coef_": coef.dtype in (np.float32, np.float64)
        and type(d) is int
        and coef.shape == (lines, d)
        and np.isfinite(coef).all(),
        "intercept_": intercept.dtype == coef.dtype
        and intercept.shape == (lines,)
        and np.isfinite(intercept).all(),
        "classes_": classes.ndim == 1 and len(classes) >= 2,
        "feature_names_in_": names is None
        or (len(names) == d and all(type(name) is str for name in names.tolist())),
        "n_jobs": model.n_jobs is None or (model.n_jobs != 0 and abs(model.n_jobs) < 2**31),
    }
    for name, good in checks.items():
        if not good:
            raise ValueError(f"{name} is impossible, or does not fit the other parts")


def _knowing_all_labels(scorer, classes):
    """The scorer, told of all classes, if it can be: the rows held out may lack some."""
    if "labels" not in inspect.signature(getattr(scorer, "_score_func", len)).parameters:
        return scorer
    scorer = copy.copy(scorer)
    known = {"labels": classes}
    if len(classes) == 2 and "pos_label" in inspect.signature(scorer._score_func).parameters:
        known["pos_label"] = classes[1]
    scorer._kwargs = {**known, **scorer._kwargs}
    return scorer
