"""What a fit returns."""

import math
import re
from contextlib import contextmanager

import numpy as np

from . import _core, inference, modelfile, threads

FORMAT_FIELDS = (
    "intercept",
    "loss",
    "l2",
    "fit_intercept",
    "n_samples",
    "n_features",
    "cost",
    "null_cost",
    "gap",
    "gap_kind",
    "gradient_norm",
    "converged",
    "status",
    "message",
    "n_iter",
    "n_passes",
    "seconds",
    "solver",
    "isa",
    "n_threads",
    "bytes_copied",
    "rank",
    "step",
)


# What a field of a model file may be; None, where a model has no such number.
_REAL = ("cost", "gap", "gradient_norm", "l2", "null_cost", "seconds", "step")
_COUNT = ("bytes_copied", "n_features", "n_iter", "n_passes", "n_samples", "n_threads", "rank")
_TEXT = ("gap_kind", "isa", "loss", "message", "solver", "status")
_FLAG = ("converged", "fit_intercept")
_LOSSES = ("log_loss", "softmax", "squared_error")
_HISTORY = ("cost", "gap", "gradient_norm", "passes", "seconds", "step")
_MOST_LABELS = 2**26  # bytes that the labels of a model may take

LIMIT = 1e-7  # a margin that a direction of separation moves by less does not move
MOVED = 1e-6  # nor does it move a column, beside its strongest


def _told_apart(lines):
    """Return the numbers of the rows of `lines` that differ from the value most of them share."""
    near = MOVED * np.abs(lines).max()
    same = [np.flatnonzero(np.abs(lines - line).max(axis=1) <= near) for line in lines]
    sizes = np.array([len(s) for s in same])
    most = sizes.max()
    shared = (sizes == most).sum() == most > 1  # one such group
    return [k for k in range(len(lines)) if not (shared and sizes[k] == most)]


class Separation:
    """The proof that the cost has no minimum: directions along which it falls for ever.

    Moving the coefficients along ``direction[k]`` and the intercept along ``intercept[k]`` raises
    the margins of ``rows[k]`` rows on the side of their label, by at most 1 for each unit, and
    leaves those of all rows not counted in ``rows[:k + 1]`` as they are.

    With more than two classes it raises the margin of a row's label over that of some other
    classes, which are excluded there in the limit, and leaves the label level with all classes
    that are neither excluded by it nor by ``direction[:k]``. ``rows[k]`` counts the rows where no
    class was excluded before.

    Attributes
    ----------
    direction : ndarray of shape (stages, d), or (stages, K, d)
        In the units of the columns as given.
    intercept : ndarray of shape (stages,), or (stages, K)
    rows : ndarray of int, shape (stages,)
    columns : list of lists of int
        For each stage the columns that the direction moves, the strongest (per standard deviation)
        first.
    classes : list of lists of int
        For each stage the classes, by number, that the direction tells apart from the others: those
        whose lines differ from the line that most classes share. Empty for two classes.
    """

    __slots__ = ("classes", "columns", "direction", "intercept", "rows")

    def __init__(self, direction, intercept, rows, columns, classes):
        self.direction, self.intercept, self.rows = direction, intercept, rows
        self.columns, self.classes = columns, classes

    @classmethod
    def from_core(cls, directions, intercepts, rows):
        """From the core's two forms of each direction, of shape (stages, 2, d) or (.., K, d)."""
        columns, classes = [], []
        for lines, b in zip(directions[:, 1], intercepts[:, 1], strict=True):
            standard = np.abs(lines).reshape(-1, lines.shape[-1]).max(axis=0)
            moved = np.flatnonzero(standard > MOVED * standard.max(initial=0.0))
            columns.append([int(j) for j in moved[np.argsort(-standard[moved], kind="stable")]])
            classes.append(_told_apart(np.column_stack([lines, b])) if lines.ndim == 2 else [])
        rows = np.array(rows)
        return cls(directions[:, 0].copy(), intercepts[:, 0].copy(), rows, columns, classes)

    @staticmethod
    def limit(t, z, undecided):
        """Carry margins `z`, (n,) or (n, K), to infinity where the margins `t` of a direction
        tell apart what is `undecided` so far; all three are as `z`, the last two change."""
        if z.ndim == 1:
            moved = undecided & (np.abs(t) > LIMIT)
            z[moved] = np.copysign(np.inf, t[moved])
            undecided &= ~moved
        else:
            best = np.where(undecided, t, -np.inf).max(axis=1, keepdims=True)
            undecided &= t >= best - LIMIT
            z[~undecided] = -np.inf

    def signs(self, at=0):
        """Where each parameter goes, seen from class number `at`: the sign of its infinity, or 0.

        Returns
        -------
        ndarray of shape (1, d + 1), or (K - 1, d + 1)
            A line for each other class, the intercept last.
        """
        found = 0.0
        stages = zip(self.direction, self.intercept, self.columns, strict=True)
        for w, b, columns in stages:
            lines = np.column_stack([np.atleast_2d(w), np.atleast_1d(b)])
            if len(lines) == 1:  # of two classes: the margin of the second over the first
                lines = np.vstack([np.zeros_like(lines), lines])
            near = MOVED * np.abs(lines).max(axis=0)
            near[-1] = MOVED  # a direction moves margins by up to 1
            step = np.delete(lines, at, axis=0) - lines[at]
            step = np.where(np.abs(step) > near, np.sign(step), 0)
            still = np.setdiff1d(np.arange(len(near) - 1), columns)
            step[:, still] = 0
            found = np.where(found == 0, step, found)  # the first direction outruns the others
        return found

    def __repr__(self):
        return f"Separation({self.rows.sum()} rows, columns {self.columns})"


def margins(X, coef, intercept, offset=None, n_threads=None):
    """``X @ coef.T + intercept + offset``, in one pass.

    Parameters
    ----------
    X : array or CSR matrix of shape (n, d)
    coef : ndarray of float64, shape (d,) or (K, d)
        C-contiguous. The K lines may belong to the classes of one model, or to several models.
    intercept : float, or ndarray of shape (K,)
    offset : array of shape (n,), or (n, K), optional
    n_threads : int, optional

    Returns
    -------
    ndarray of shape (n,), or (n, K)
    """
    ask = _core.margins if coef.ndim == 1 else _core.softmax_margins
    return ask(X, coef, intercept, offset, threads.check(n_threads), threads.most)


def probabilities(X, coef, intercept, offset=None, n_threads=None):
    """Probabilities of the classes: of two, where `coef` is of shape (d,), or of its K lines.

    Parameters as for `margins`.

    Returns
    -------
    ndarray of shape (n, 2), or (n, K)
    """
    if coef.ndim == 2:
        return _core.softmax(margins(X, coef, intercept, offset, n_threads))
    n_threads = threads.check(n_threads)
    return _core.probabilities(X, coef, intercept, offset, n_threads, threads.most)


def chances(z, code):
    """The probability that margins give to the class that was seen.

    Parameters
    ----------
    z : ndarray of shape (n, 1), or (n, K)
    code : ndarray of int, shape (n,)
        The place of each row's class, 0 .. K - 1.

    Returns
    -------
    ndarray of shape (n,)
    """
    if z.shape[1] == 1:
        return _core.sigmoid(np.where(code == 1, z[:, 0], -z[:, 0]))
    return _core.softmax(z)[np.arange(len(code)), code]


def _frame(X):
    """X as a `frames.Frame`, or None if it is none. Frames are imported when one may be there."""
    if type(X) is np.ndarray:
        return None
    from . import frames

    return frames.read(X)


def _array(values, name):
    """A series of any library as an array; anything else as it is."""
    if values is None or type(values) is np.ndarray:
        return values
    from . import frames

    return frames.target(values, name)[0]


class FitResult:
    """Coefficients of a fitted model, and how good they are.

    Attributes
    ----------
    coef : ndarray of shape (d,), or (K, d) for K > 2 classes
        Coefficients, in the units of the columns as given.
    intercept : float, or ndarray of shape (K,)
    classes : ndarray of shape (2,) or (K,), or None
        The labels, sorted; ``predict_proba`` has a column for each. ``[0, 1]`` for soft labels,
        None for squared error.
    cost, null_cost : float
        The cost at the solution and at the null model (intercept, offset and weights only).
    gap : float
        Upper bound on ``cost - inf cost``; infinite where the solver gives no certificate.
    gap_kind : {"dual", "estimate", "none"}
    gradient_norm : float
        Euclidean norm of the cost's gradient, in the units of the columns as given.
    converged : bool
        Whether ``gap <= tol * max(null_cost, 1e3 * eps * (1 + |null_cost|))``.
    status : {"converged", "separated", "max_iter", "diverged", "callback", "stalled"}
        ``"separated"``: there is no finite optimum; ``gap`` is the distance to the infimum, and
        predictions are those of the limit.
    separation : Separation or None
        With status ``"separated"``, the witness.
    message : str
        One sentence on how the fit ended, and what had to be copied.
    n_iter, n_passes : int
        Iterations, and passes over ``X`` (without those for Gram matrices, but that of ``"dual"``).
    step : float
        The learning rate (``gd``, ``agd``) or the last share of a full step (``newton``).
    seconds : float
        Inside the compiled core.
    solver, isa : str
    n_threads, bytes_copied : int
    rank : int or None
        Number of linearly independent columns (centred, with an intercept): of d, those whose
        variance is not explained by the others to within ``1e-13 * max(d, 10)``. None where every
        column is penalised and it does not matter.
    history : dict of ndarrays or None
        With ``record=True``: ``cost``, ``gap``, ``gradient_norm``, ``step``, ``seconds``,
        ``passes``, an entry for each iteration.
    loss : {"log_loss", "squared_error"}
    l2, fit_intercept, n_samples, n_features
        As given to the fit.
    names : list of str or None
        Of the features, where they have names; kept with the model.
    coding : Coding or None
        Of a model fitted on a frame: how its columns became features; kept with the model.
    """

    __slots__ = (*FORMAT_FIELDS, "classes", "coding", "coef", "history", "names", "separation")

    def __init__(self, **fields):
        for name in self.__slots__:
            setattr(self, name, fields.get(name))

    def __repr__(self):
        state = "converged" if self.converged else f"not converged ({self.status})"
        return (
            f"FitResult({self.n_samples} x {self.n_features}, {state}: cost {self.cost:.6g}, "
            f"gap {self.gap:.2g}, {self.n_passes} passes, {self.seconds:.3g} s)"
        )

    def __getstate__(self):
        return {name: getattr(self, name) for name in self.__slots__}

    def __setstate__(self, state):
        self.__init__(**state)

    def design(self, X, *, unseen="error"):
        """The matrix of features that the model sees in a frame.

        Parameters
        ----------
        X : frame
            Of any of the libraries that `fit` takes. It must have the columns that the model was
            fitted on, in any order; others are not looked at.
        unseen : {"error", "ignore"}
            What to do with levels of texts and categories, missing cells included, that the fit
            did not see; ignored, they count as the column's reference level, with a warning.

        Returns
        -------
        ndarray of shape (n, d)
            A column for each of ``names``. A view of the frame's memory where that can be.

        Raises
        ------
        DataError
            Naming the column: missing or renamed columns, unseen levels, cells of another kind.
        TypeError
            If `X` is no frame.
        """
        frame = _frame(X)
        if frame is None:
            raise TypeError(f"X must be a frame, found {type(X).__name__}")
        with self._coded(frame, unseen) as matrix:
            return matrix

    @contextmanager
    def _coded(self, frame, unseen):
        """The design matrix of a frame; while it is in use, complaints name its columns."""
        from . import frames

        coding = self.coding or frames.plain(frame, self.names)
        matrix, _ = frames.design(frame, coding, unseen)
        with frame.explained(matrix, coding):
            yield matrix

    def decision_function(self, X, offset=None, *, unseen="error", n_threads=None):
        """``X @ coef + intercept + offset``; after separation its limit, which may be infinite.

        Parameters
        ----------
        X : array or CSR matrix of shape (n, d), or frame
            A frame is coded as the one that the model was fitted on, see `design`; an array holds
            the features themselves.
        offset : array of shape (n,), or (n, K), optional
        unseen : {"error", "ignore"}
            For frames, as for `design`.
        n_threads : int, optional

        Returns
        -------
        ndarray of shape (n,), or (n, K) margins of K > 2 classes

        Raises
        ------
        ValueError
            If ``X`` has another number of columns than the model, or is not finite.
        DataError
            For frames, as for `design`.
        """
        if type(X) is not np.ndarray and (frame := _frame(X)) is not None:
            with self._coded(frame, unseen) as matrix:
                return self.decision_function(matrix, offset, n_threads=n_threads)
        z = margins(X, self.coef, self.intercept, offset, n_threads)
        if self.separation is not None:
            # in the limit a row goes where the first direction that moves it goes
            undecided = np.ones(z.shape, bool)
            for k, w in enumerate(self.separation.direction):
                t = margins(X, w, self.separation.intercept[k], None, n_threads)
                self.separation.limit(t, z, undecided)
        return z

    def predict_proba(self, X, offset=None, *, unseen="error", n_threads=None):
        """Probability of each class, in the order of ``classes``.

        Parameters and errors as for `decision_function`.

        Returns
        -------
        ndarray of shape (n, 2), or (n, K)

        Raises
        ------
        ValueError
            For a model of the squared error, too.
        """
        if self.loss not in ("log_loss", "softmax"):
            raise ValueError(f"a model fitted with loss={self.loss!r} has no class probabilities")
        if type(X) is not np.ndarray and (frame := _frame(X)) is not None:
            with self._coded(frame, unseen) as matrix:
                return self.predict_proba(matrix, offset, n_threads=n_threads)
        if self.separation is None:
            return probabilities(X, self.coef, self.intercept, offset, n_threads)
        z = self.decision_function(X, offset, n_threads=n_threads)
        if self.loss == "softmax":
            return _core.softmax(z)
        return np.stack([_core.sigmoid(-z), _core.sigmoid(z)], axis=1)

    def predict(self, X, offset=None, *, unseen="error", n_threads=None):
        """The more probable class of each row, or the fitted value for squared error.

        Parameters and errors as for `decision_function`. A tie goes to the first class.

        Returns
        -------
        ndarray of shape (n,)
        """
        z = self.decision_function(X, offset, unseen=unseen, n_threads=n_threads)
        if self.loss == "softmax":
            return self.classes[z.argmax(axis=1)]
        return z if self.classes is None else self.classes[(z > 0).view(np.int8)]

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
        """Standard errors, tests and intervals, from the data that the model was fitted on.

        Parameters
        ----------
        X, y, sample_weight, offset
            As given to the fit; other data are an error.
        cov_type : {"nonrobust", "HC0", "HC1", "stata", "cluster"}
            The inverse information, or a sandwich (White, 1982): ``"HC0"`` as it is, ``"HC1"``
            times ``n / (n - k)``, ``"stata"`` times ``n / (n - 1)``, ``"cluster"`` with scores
            summed over `groups` (Liang and Zeger, 1986), times ``G / (G - 1)``. Scores of a row
            that stands for s observations count s times.
        groups : array of shape (n,), optional
            Labels of clusters; implies ``"cluster"``.
        level : float
            Of the intervals.
        reference : label, optional
            The class that the others are compared with; by default the first.
        weights : {"frequency", "sampling"}
            Whether a weight is a number of equal rows (n is their sum) or the inverse of a chance
            to be drawn (n counts rows, and ``"nonrobust"`` becomes ``"HC0"``).
        small_sample : bool
            For ``"cluster"``: times ``(n - 1) / (n - k)`` as well, as statsmodels does.
        n_threads : int, optional

        Returns
        -------
        Summary
            It does not keep the data.

        Raises
        ------
        ValueError, TypeError
            Naming the argument, what was found, and what is wanted.

        Examples
        --------
        >>> import fastgd
        >>> import numpy as np
        >>> X = np.array([[0.5], [1.0], [1.5], [2.0], [2.5], [3.0]])
        >>> y = [0, 0, 1, 0, 1, 1]
        >>> fastgd.fit(X, y).summary(X, y).bse.round(3)
        array([3.337, 1.821])
        """
        n_threads = threads.check(n_threads)
        names = self.names
        y, sample_weight = _array(y, "y"), _array(sample_weight, "sample_weight")
        offset, groups = _array(offset, "offset"), _array(groups, "groups")
        if (frame := _frame(X)) is not None:
            names = frame.names if names is None else names
            X = self.design(X)
        if self.loss == "log_loss" and self.separation is None:
            z, sums = _core.margins_and_sums(
                X, self.coef, self.intercept, offset, sample_weight, n_threads, threads.most
            )
        else:
            z, sums = self.decision_function(X, offset, n_threads=n_threads), None
        if len(z) != self.n_samples:
            raise ValueError(f"X has {len(z)} rows, but the model was fitted on {self.n_samples}")
        diverging = None
        if self.separation is not None:
            diverging = self.separation.signs
        return inference.summarize(
            X,
            y,
            z,
            sums,
            self.coef,
            self.intercept,
            loss=self.loss,
            classes=self.classes,
            l2=self.l2,
            fit_intercept=self.fit_intercept,
            sample_weight=sample_weight,
            offset=offset,
            cov_type=cov_type,
            groups=groups,
            small_sample=small_sample,
            level=level,
            reference=reference,
            weights=weights,
            names=names,
            diverging=diverging,
            rank=self.rank,
            null_cost=self.null_cost,
            gap=self.gap,
            cost=self.cost,
            outcome=self._outcome(),
            n_threads=n_threads,
            most_threads=threads.most,
        )

    def _outcome(self):
        """Status and gap, in words that are the same on every machine."""
        if self.gap <= 1e-8 * self.null_cost:
            near = "at most 1e-8 of the null cost"
        else:
            near = "unknown" if math.isinf(self.gap) else f"{self.gap:.0e}"
        state = self.status if self.converged else f"not converged ({self.status})"
        return f"{state}, gap {near} ({self.gap_kind})"

    def save(self, path):
        """Write the model to a file that `fastgd.load` reads (safetensors layout, no pickle).

        Parameters
        ----------
        path : str or path-like
            An existing file is replaced, whole or not at all.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        modelfile.write(path, *self.parts())

    def parts(self):
        """Metadata and arrays for a model file: what `from_parts` needs."""
        meta = {name: getattr(self, name) for name in FORMAT_FIELDS}
        if not math.isfinite(self.gap):
            meta["gap"] = None  # JSON has no infinity
        meta["kind"] = "fit"
        arrays = {"coef": self.coef}
        if isinstance(self.intercept, np.ndarray):
            arrays["intercept"] = self.intercept
            meta["intercept"] = None
        if isinstance(self.l2, np.ndarray):
            arrays["l2"] = self.l2
            meta["l2"] = None
        if self.names is not None:
            meta["names"] = [str(name) for name in self.names]
        if self.coding is not None:
            meta["coding"] = self.coding.to_dict()
        if self.classes is not None:
            meta["classes"], meta["classes_dtype"] = labels_to_json(self.classes)
        if self.separation is not None:
            arrays["separation.direction"] = self.separation.direction
            arrays["separation.intercept"] = self.separation.intercept
            arrays["separation.rows"] = self.separation.rows
            meta["separation_columns"] = self.separation.columns
            meta["separation_classes"] = self.separation.classes
        for name, values in (self.history or {}).items():
            arrays[f"history.{name}"] = np.asarray(values)
        return meta, arrays

    @classmethod
    def from_parts(cls, meta, arrays):
        """The result whose `parts` these are.

        Raises
        ------
        ValueError
            If they are no such parts, or do not belong together: whatever is returned can predict.
        """
        try:
            return cls(**_fields(meta, arrays))
        except (AttributeError, KeyError, OverflowError, TypeError) as error:
            raise ValueError(f"a part is missing or of another kind: {error!r:.200}") from None


def _fields(meta, arrays):
    """The fields of a result, from the parts that a file holds, checked."""
    for names, kinds in (
        (_REAL, (int, float)), (_COUNT, (int,)), (_TEXT, (str,)), (_FLAG, (bool,)),
    ):  # fmt: skip
        for name in names:
            _demand(meta.get(name) is None or type(meta[name]) in kinds, name)
    for name in _COUNT:
        _demand(meta.get(name) is None or 0 <= meta[name] < 2**63, name)
    fields = {name: meta.get(name) for name in FORMAT_FIELDS}
    fields |= {name: float(fields[name]) for name in _REAL if fields[name] is not None}
    fields["gap"] = math.inf if fields["gap"] is None else fields["gap"]
    coef = fields["coef"] = arrays["coef"]
    d = fields["n_features"]
    _demand(coef.dtype == np.float64 and coef.ndim in (1, 2) and coef.shape[-1] == d, "coef")
    _demand(np.isfinite(coef).all(), "coef")
    fields["intercept"] = _intercept(meta, arrays, coef)
    if "l2" in arrays:
        fields["l2"] = arrays["l2"]
        _demand(fields["l2"].dtype == np.float64 and fields["l2"].shape == (d,), "l2")
    loss = fields["loss"]
    _demand(loss in _LOSSES and (loss == "softmax") == (coef.ndim == 2), "loss")
    names = fields["names"] = meta.get("names")
    _demand(names is None or _list_of(names, str, d), "names")
    # the command line keeps the coding with what else it knows of the table
    coding = meta.get("coding") or (meta.get("table") or {}).get("coding")
    if coding is not None:
        from .coding import Coding

        fields["coding"] = Coding.from_dict(coding)
        _demand(len(fields["coding"].features) == d, "coding")
    _demand((meta.get("classes") is None) == (loss == "squared_error"), "classes")
    if meta.get("classes") is not None:
        fields["classes"] = labels_from_json(meta["classes"], meta["classes_dtype"])
        _demand(len(fields["classes"]) == (2 if coef.ndim == 1 else len(coef)), "classes")
    if "separation.direction" in arrays:
        fields["separation"] = _separation(meta, arrays, coef)
    history = {k.partition(".")[2]: v for k, v in arrays.items() if k.startswith("history.")}
    for name, values in history.items():
        length = history["cost"].shape[:1]
        _demand(name in _HISTORY and values.shape == length and length, f"history.{name}")
    fields["history"] = history or None
    return fields


def _intercept(meta, arrays, coef):
    if coef.ndim == 1:
        intercept = meta["intercept"]
        _demand(type(intercept) in (int, float) and "intercept" not in arrays, "intercept")
        intercept = float(intercept)
    else:
        intercept = arrays["intercept"]
        _demand(intercept.dtype == np.float64 and intercept.shape == coef.shape[:1], "intercept")
    _demand(np.isfinite(intercept).all(), "intercept")
    return intercept


def _separation(meta, arrays, coef):
    direction, intercept, rows = (
        arrays[f"separation.{name}"] for name in ("direction", "intercept", "rows")
    )
    stages = len(rows) if rows.ndim == 1 else 0
    columns = meta["separation_columns"]
    classes = meta.get("separation_classes", [[]] * stages)
    _demand(
        stages > 0
        and rows.dtype == np.int64
        and direction.dtype == intercept.dtype == np.float64
        and direction.shape == (stages, *coef.shape)
        and intercept.shape == (stages, *coef.shape[:-1])
        and np.isfinite(direction).all()
        and np.isfinite(intercept).all()
        and _lists_of_numbers(columns, stages, coef.shape[-1])
        and _lists_of_numbers(classes, stages, len(coef) if coef.ndim == 2 else 0),
        "separation",
    )
    return Separation(direction, intercept, rows, columns, classes)


def _demand(good, name):
    if not good:
        raise ValueError(f"{name} is missing, impossible, or does not fit the other parts")


def _list_of(value, kind, length):
    return isinstance(value, list) and len(value) == length and {type(v) for v in value} <= {kind}


def _lists_of_numbers(value, length, below):
    """Whether these are `length` lists of integers in [0, below)."""
    return _list_of(value, list, length) and all(
        type(number) is int and 0 <= number < below for numbers in value for number in numbers
    )


def labels_to_json(labels):
    """Labels as a list and the text of their dtype, from which `labels_from_json` makes them.

    Parameters
    ----------
    labels : ndarray of shape (k,)
        Strings, numbers or bools, or an array of such objects.

    Raises
    ------
    ValueError
        If they cannot be told without loss.
    """
    values, dtype = labels.tolist(), labels.dtype.newbyteorder("<").str
    try:
        back = labels_from_json(values, dtype)
    except ValueError as error:
        raise ValueError(f"labels of dtype {labels.dtype} cannot be stored: {error}") from None
    if back.tolist() != values:
        raise ValueError(f"labels of dtype {labels.dtype} cannot be stored without loss")
    return values, dtype


def labels_from_json(values, dtype):
    """Labels as they were before `labels_to_json`; nothing is allocated before it is checked.

    Raises
    ------
    ValueError
        If this is no list of labels of that kind, or labels are equal.
    """
    kinds = {
        "b": {bool}, "i": {int}, "u": {int}, "f": {int, float}, "U": {str},
        "O": {str, int, float, bool, type(None)},
    }  # fmt: skip
    try:
        plain = isinstance(dtype, str) and re.fullmatch(r"[<>|][biufUO]\d{0,10}", dtype)
        dtype = np.dtype(dtype) if plain else None
        good = (
            isinstance(values, list)
            and {type(value) for value in values} <= kinds[dtype.kind]
            and len(set(values)) == len(values)
            and dtype.itemsize * len(values) <= _MOST_LABELS
        )
        labels = np.array(values, dtype=dtype).astype(dtype.newbyteorder("=")) if good else None
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError, SyntaxError):
        labels = None
    if labels is None or labels.ndim != 1:
        raise ValueError("classes or names are no list of different labels of one kind")
    return labels
