"""X, y and weights on their way in.

What the hot paths skip: a plain NumPy array or CSR matrix is not looked at by scikit-learn's
validation, since the core looks at everything anyhow. Only where the core refuses it, or where it
is anything else (a frame, a list, another dtype, names of columns to compare), scikit-learn's own
validation runs, and it is its message that the user sees; of a frame with the column at fault.
"""

from contextlib import contextmanager, suppress

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_feature_names,
    _check_sample_weight,
    assert_all_finite,
    check_consistent_length,
    column_or_1d,
    validate_data,
)

from .. import frames
from ..errors import DataError
from ..functional import in_names
from .parameters import NARROW


def take(estimator, X, y):
    """X and y for the core, and whether scikit-learn has looked at them already."""
    if (
        type(y) is np.ndarray
        and y.ndim == 1
        and (y.dtype.kind in "biuUS" or (y.dtype.kind == "f" and integral(y)))
        and read_in_place(estimator, X, reset=True) is not None
    ):
        return X, y, False
    if y is None:
        raise ValueError(
            f"This {type(estimator).__name__} estimator requires y to be passed, but the target y "
            "is None"
        )
    return *validated(estimator, X, y), True


def read_in_place(estimator, X, *, reset):
    """X as the core can read it; None if scikit-learn's validation must look at it."""
    if type(X) in (np.ndarray, np.memmap):
        if X.ndim != 2 or X.dtype.kind not in "fbiu" or 0 in X.shape:
            return None
    elif not (
        issparse(X) and X.format == "csr" and len(X.shape) == 2 and X.dtype.char in "df"
        and 0 not in X.shape
        and not (estimator.solver in NARROW and 8 in (X.indices.itemsize, X.indptr.itemsize))
    ):  # fmt: skip
        return None
    if reset:
        estimator.__dict__.pop("feature_names_in_", None)
        estimator.__dict__.pop("coding_", None)
        estimator.n_features_in_ = X.shape[1]
        return X
    if X.shape[1] != estimator.n_features_in_ or hasattr(estimator, "feature_names_in_"):
        return None
    if hasattr(estimator, "coding_"):
        return None
    return X


def validated(estimator, X, y, unseen="error"):
    """X, and y unless it is None, looked at by scikit-learn."""
    keywords = {
        "accept_sparse": "csr",
        "accept_large_sparse": estimator.solver not in NARROW,
        "dtype": "numeric",
    }
    X = frames.computed(X)
    if y is None:
        with column_named(estimator, X):
            if hasattr(estimator, "coding_"):
                return design(estimator, X, unseen)
            return as_numbers(validate_data(estimator, X, reset=False, **keywords))
    estimator.__dict__.pop("coding_", None)
    name, y = getattr(y, "name", None), column(y, "y")
    try:
        with column_named(estimator, X):
            matrix, y = validate_data(estimator, X, y, **keywords)
        X = as_numbers(matrix)
    except Exception:  # some of polars' are its own
        frame = frames.read(X)
        if frame is None or not frame.has_levels():
            raise
        _check_feature_names(estimator, X, reset=True)
        estimator.n_features_in_ = len(frame.names)
        estimator.coding_ = frames.learn(frame)
        X = design(estimator, X)
        y = column_or_1d(y, warn=True)
        assert_all_finite(y, input_name="y")
        check_consistent_length(X, y)
        frames.warn_of_target(frame, y, name)
    else:
        if hasattr(estimator, "feature_names_in_") and type(matrix) is np.ndarray:
            frames.warn_of_target_in(matrix, estimator.feature_names_in_.tolist(), y, name)
    check_classification_targets(y)
    return X, y


def column(values, name):
    """What scikit-learn may not read, a column of these libraries, as an array."""
    if type(values).__module__.partition(".")[0] in ("polars", "pyarrow", "duckdb", "_duckdb"):
        return frames.target(values, name)[0]
    return values


@contextmanager
def column_named(estimator, X):
    """Where scikit-learn refuses a frame for a cell or for the order of columns, say which too."""
    try:
        yield
    except ValueError as error:
        text, more = str(error), None
        with suppress(DataError, ImportError):  # of a frame that cannot be read
            frame = frames.read(X)
            if frame is not None and text.startswith("Input X contains"):
                more = frame.not_finite()
            elif frame is not None and "must be in the same order" in text:
                pairs = zip(frame.names, estimator.feature_names_in_, strict=True)
                more = next(
                    f"X: column {i}, counting from 0, is {found!r}, where the fit had {wanted!r}"
                    for i, (found, wanted) in enumerate(pairs)
                    if found != wanted
                )
        if more is None:
            raise
        # its own text comes first and unchanged: code and its checks look for that
        raise ValueError(text + "\n" * (text[-1] != "\n") + str(more)) from None


def design(estimator, X, unseen="error"):
    """The features of a frame with texts or categories, which scikit-learn would refuse."""
    frame = frames.read(X)
    if frame is None:
        raise TypeError(
            f"X must be a frame, found {type(X).__name__}: the model was fitted on columns of "
            "texts or categories, which go by their names"
        )
    _check_feature_names(estimator, X, reset=False)
    matrix, _ = frames.design(frame, estimator.coding_, unseen)
    with frame.explained(matrix, estimator.coding_):
        assert_all_finite(matrix)
    return matrix


@contextmanager
def explained(estimator, X, y, looked_at):
    """Where the core refuses the data, let scikit-learn say so if it can."""
    try:
        yield
    except (TypeError, ValueError):
        if not looked_at:
            validated(estimator, X, y)
        raise


def by_row(sample_weight, X):
    """A weight for each row, also where one number stands for all; or None."""
    if sample_weight is None:
        return None
    return _check_sample_weight(column(sample_weight, "sample_weight"), X, dtype=np.float64)


def weights(estimator, y, sample_weight):
    """Weights `by_row`, those of the classes in them; or None."""
    if estimator.class_weight is None:
        return sample_weight
    classes, code = coded(y)
    if isinstance(estimator.class_weight, dict):
        strange = [label for label in estimator.class_weight if label not in classes]
        if strange and len(estimator.class_weight) - len(strange) < len(classes):
            raise ValueError(
                f"class_weight must have labels of y as keys: {strange} are none of "
                f"classes={classes.tolist()}"
            )
        by_class = np.array([estimator.class_weight.get(label, 1.0) for label in classes.tolist()])
    else:
        count = np.bincount(code, weights=sample_weight, minlength=len(classes))
        by_class = np.ones(len(classes))  # where no row counts
        np.divide(count.sum(), len(classes) * count, by_class, where=count > 0)
    weight = by_class[code]
    return weight if sample_weight is None else weight * sample_weight


def coded(y):
    """The classes, sorted, and the place of each row's among them."""
    if y.dtype.kind in "biuf":
        low, high = y.min(), y.max()
        second = y == high
        if low < high and (second | (y == low)).all():  # two classes: nothing to sort
            return np.array([low, high], y.dtype), second.astype(np.intp)
    return np.unique(y, return_inverse=True)


def total(weight, X):
    total = float(X.shape[0] if weight is None else weight.sum())
    if total == 0:
        raise ValueError("sample weights, times those of the classes, are zero for every row")
    return total


def refuse_one_class(estimator, y):
    raise ValueError(
        f"{type(estimator).__name__} needs rows of at least 2 classes, but y holds one class only: "
        f"{y[0]!r}"
    )


def refuse_for_liblinear(estimator, X, n_classes):
    """What scikit-learn's liblinear refuses, since code may count on that."""
    if estimator.solver != "liblinear":
        return
    if n_classes > 2:
        raise ValueError(
            "The 'liblinear' solver does not support multiclass classification "
            f"({n_classes} classes): take another solver, or OneVsRestClassifier"
        )
    if X.max() > 1e30:
        raise ValueError("solver='liblinear' takes no values above 1e30: take another solver")


def named(estimator, result, given, X):
    """The result, which keeps the names of the features, and how they were come by."""
    if hasattr(estimator, "coding_"):
        result.coding, result.names = estimator.coding_, estimator.coding_.features
    elif hasattr(estimator, "feature_names_in_"):
        result.names = estimator.feature_names_in_.tolist()
    if result.names is not None:
        result.message = in_names(result.message, result.separation, result.names)
    result.bytes_copied += copied(given, X)
    return result


def copied(given, X):
    """How many bytes it took to make the array `X` of what was given."""
    if given is X or issparse(X):
        return 0
    if not isinstance(given, np.ndarray):
        frame = frames.read(given) if hasattr(type(given), "__array__") else None
        found = None if frame is None else frame.numbers(frame.names[0])
        given = np.empty(0) if found is None else found[0]
    return 0 if np.may_share_memory(given, X) else X.nbytes


def as_numbers(X):
    """Frames of several types may come out of scikit-learn's validation as objects."""
    return X.astype(np.float64) if X.dtype == object else X


def integral(y):
    """Whether floats are class labels rather than measurements."""
    return bool((y == np.trunc(y)).all())
