"""The functions of fastgd: evaluate the logistic cost and its derivatives, and fit it."""

import functools
import math
import warnings
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np

from . import _core, threads
from .errors import ConvergenceWarning, SeparationWarning
from .inputs import array_of, arrays_of
from .result import FitResult
from .separation import Separation


def sigmoid(z, out=None):
    """The logistic function ``1 / (1 + exp(-z))``, right to 2 units in the last place.

    Parameters
    ----------
    z : array_like of real numbers, any shape
        Margins, also called log-odds; infinities are allowed.
    out : ndarray of float64, optional
        Where to put the result: C-contiguous, of the shape of `z`; may be `z` itself.

    Returns
    -------
    ndarray of float64 of the shape of `z`, or a scalar for a scalar

    Raises
    ------
    TypeError, ValueError
        If `out` is not such an array.

    Examples
    --------
    >>> import fastgd
    >>> fastgd.sigmoid([-1000.0, 0.0, 1000.0])
    array([0. , 0.5, 1. ])
    """
    return _core.sigmoid(z, out)


def cost(
    X,
    y,
    coef,
    intercept=0.0,
    *,
    loss="auto",
    l2=0.0,
    sample_weight=None,
    offset=None,
    n_threads=None,
):
    """The cost ``J = sum_i s_i L(y_i, x_i @ coef + intercept + o_i) + sum_j l2_j coef_j**2 / 2``.

    ``L`` is the log loss ``log(1 + exp(z)) - y z``, or half the squared error; ``s`` are the sample
    weights divided by their sum.

    Parameters
    ----------
    X : array of shape (n, d), or frame
        float64, float32, uint8 or bool in C or Fortran order (rows may be strided), or a SciPy CSR
        matrix of float64 or float32: read in place. Other real types are copied to float64.
        Or a table of numbers of pandas, polars, PyArrow or DuckDB, its columns in their order.
    y : array of shape (n,)
        Classes of any sortable kind, two (the larger one counts as 1) or more; or soft labels:
        floats in [0, 1] of which at least one is a fraction, or of shape (n, K) with
        ``loss="softmax"``; any numbers for squared error.
    coef : array of shape (d,), or (K, d) for K > 2 classes
        Coefficients, in margin per unit of each column.
    intercept : float, or array of shape (K,)
    loss : {"auto", "log_loss", "softmax", "squared_error"}
        ``"auto"`` means the log loss for two classes and softmax cross-entropy for more; targets
        that are neither classes nor soft labels are an error, never silently regressed on.
    l2 : float or array of shape (d,)
        Penalty on the squared coefficients; the intercept is not penalised.
    sample_weight : array of shape (n,), optional
        Not negative, not all zero.
    offset : array of shape (n,), or (n, K), optional
        Added to the margins.
    n_threads : int, optional
        By default as many as the work is worth and the process may use. The result has the same
        bits for any number.

    Returns
    -------
    float
        In nats for the log loss, in squared units of `y` for the squared error.

    Raises
    ------
    ValueError, TypeError
        Naming the argument, what was found, and what is wanted.

    References
    ----------
    Hastie, Tibshirani, Friedman, *The Elements of Statistical Learning*, section 4.4.1.
    """
    X, y = arrays_of(X, y)
    value, _, _ = _core.cost(
        X,
        y,
        coef,
        intercept,
        loss,
        l2,
        sample_weight,
        offset,
        threads.check(n_threads),
        threads.most,
        False,
    )
    return value


def cost_and_gradient(
    X,
    y,
    coef,
    intercept=0.0,
    *,
    loss="auto",
    l2=0.0,
    sample_weight=None,
    offset=None,
    n_threads=None,
):
    """The cost and its gradient, from one pass over `X`.

    Parameters and errors as for `cost`.

    Returns
    -------
    cost : float
    grad_coef : ndarray of the shape of `coef`
        Derivatives with respect to the coefficients, penalty included.
    grad_intercept : float, or ndarray of shape (K,)
    """
    X, y = arrays_of(X, y)
    return _core.cost(
        X,
        y,
        coef,
        intercept,
        loss,
        l2,
        sample_weight,
        offset,
        threads.check(n_threads),
        threads.most,
        True,
    )


def hessian_vector(
    X,
    y,
    coef,
    intercept,
    v,
    v0,
    *,
    loss="auto",
    l2=0.0,
    sample_weight=None,
    offset=None,
    n_threads=None,
):
    """The Hessian of the cost at ``(coef, intercept)`` times the vector ``(v, v0)``, in one pass.

    Parameters
    ----------
    v : array of the shape of `coef`
    v0 : float, or array of shape (K,)
        The vector's component along the intercept.

    The others, and errors, as for `cost`.

    Returns
    -------
    Hv : ndarray of the shape of `coef`
    Hv0 : float, or ndarray of shape (K,)
    """
    X, y = arrays_of(X, y)
    return _core.hessian_vector(
        X,
        y,
        coef,
        intercept,
        v,
        v0,
        loss,
        l2,
        sample_weight,
        offset,
        threads.check(n_threads),
        threads.most,
    )


@dataclass(slots=True)
class Iteration:
    """What a callback is told after each iteration.

    Attributes
    ----------
    iteration : int
        From 1.
    cost : float
    gap : float
        Upper bound on ``cost - inf cost``, infinite where none is known.
    gradient_norm : float
        Euclidean norm of the cost's gradient, in the units of the columns as given.
    step : float
        The learning rate (``gd``, ``agd``), else the share of a full step.
    seconds : float
        Since the fit began.
    passes : int
        Over ``X``, so far.
    coef : ndarray of shape (d,), or (K, d) for K > 2 classes
        In the units of the columns as given.
    intercept : float, or ndarray of shape (K,)
    """

    iteration: int
    cost: float
    gap: float
    gradient_norm: float
    step: float
    seconds: float
    passes: int
    coef: np.ndarray
    intercept: float | np.ndarray


HISTORY = ("cost", "gap", "gradient_norm", "step", "seconds", "passes")


def _observer(record, callback, bar):
    """One function for the core to call, or None if nobody listens; and the lists it fills."""
    lists = {name: [] for name in HISTORY} if record else None
    if not record and callback is None and bar is None:
        return None, None

    def observe(*values):
        event = Iteration(*values)
        if lists is not None:
            for name, so_far in lists.items():
                so_far.append(getattr(event, name))
        if bar is not None:
            bar(event)
        return callback is not None and bool(callback(event))

    return observe, lists


def _counted(number, noun):
    plural = "es" if noun.endswith("s") else "s"
    return f"{number} {noun}{'' if number == 1 else plural}"


def _message(raw, tol, chosen_step, separation, names=None):
    scale = max(raw["null_cost"], 1e3 * np.finfo(float).eps * (1 + abs(raw["null_cost"])))
    steps = f"after {_counted(raw['n_iter'], 'iteration')} and {_counted(raw['n_passes'], 'pass')}"
    match raw["status"]:
        case "converged":
            text = f"converged {steps}: gap {raw['gap']:.2g} <= {tol:.2g} * {scale:.3g}"
        case "callback":
            text = f"stopped by the callback {steps}"
        case "diverged":
            text = (
                f"the cost ran away with learning_rate={raw['step']:.3g}, stopped {steps}; the "
                "best iterate is returned: try a smaller learning_rate, or scale the columns"
            )
        case "separated":
            rows, columns = separation.rows.sum(), separation.columns[0]
            shown = [str(j if names is None else names[j]) for j in columns[:5]]
            named = ", ".join(shown) + (", ..." if len(columns) > 5 else "")
            told = raw["classes"][separation.classes[0]]
            what = f"{rows} of {raw['n_samples']} rows can be fitted perfectly"
            if 0 < len(told) < len(raw["classes"]):
                some = ", ".join(str(c) for c in told[:5]) + (", ..." if len(told) > 5 else "")
                what = f"in {rows} of {raw['n_samples']} rows class {some} can be told from others"
            short = raw["gap"] > raw["target"]
            certified = "not certified, the gap is above tol:" if short else "certified"
            text = (
                f"the classes are separated: {what} by moving along columns {named}, so the cost "
                f"has no minimum. Its infimum is {certified} {steps}, gap {raw['gap']:.2g}; "
                "predictions are those of the limit, the coefficients along the way. A small "
                "penalty, such as l2=1/n, gives finite ones"
            )
        case "stalled":
            text = (
                f"no step lowers the cost any more {steps}, yet gap {raw['gap']:.2g} is above tol"
            )
        case _:
            text = f"step limit {steps}"
            if raw["gap"] < math.inf:
                text += f", gap {raw['gap']:.2g} > {tol:.2g} * {scale:.3g}: raise max_iter"
            else:
                text += f"; solver {raw['solver']!r} gives no certificate of the distance left"
    if chosen_step:
        text += (
            f"; step {raw['step']:.3g} = 1 / L with L = c (1 + sum_j mean x_j^2) + max l2 "
            "(c = 1/4 for the log loss, 1 for squared error), a bound on the curvature"
        )
    return f"{text}. {raw['note']}." if raw["note"] else f"{text}."


def _number(value, name, low, *, strict, wanted):
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be {wanted}, found {value!r}") from None
    if not math.isfinite(number) or number < low or (strict and number == low):
        raise ValueError(f"{name} must be {wanted}, found {value!r}")
    return number


def _check_options(solver, l1, learning_rate, tol, max_iter, init, callback):
    if solver not in ("auto", *_core.SOLVERS):
        known = ", ".join(repr(name) for name in ("auto", *_core.SOLVERS))
        raise ValueError(f"solver must be one of {known}, found {solver!r}")
    if _number(l1, "l1", 0, strict=False, wanted="a number that is not negative") > 0:
        raise ValueError("l1 > 0 is not available yet; use l2")
    if learning_rate is not None:
        if solver != "gd":
            raise ValueError(
                f"learning_rate goes with solver='gd'; solver={solver!r} finds its own step"
            )
        _number(learning_rate, "learning_rate", 0, strict=True, wanted="a positive number")
    _number(tol, "tol", 0, strict=False, wanted="a number that is not negative")
    if max_iter is not None:
        if isinstance(max_iter, bool) or not hasattr(max_iter, "__index__"):
            raise TypeError(f"max_iter must be None or an integer, found {max_iter!r}")
        if max_iter < 0:
            raise ValueError(f"max_iter must not be negative, found {max_iter!r}")
    if callback is not None and not callable(callback):
        raise TypeError(f"callback must be callable, found {type(callback).__name__}")
    if init is not None:
        if isinstance(init, FitResult):
            return init.coef, init.intercept
        if not (isinstance(init, tuple) and len(init) == 2):
            raise TypeError(
                f"init must be a pair (coef, intercept) or a FitResult, found {type(init).__name__}"
            )
    return init


def _warns(quietly):
    """The same fit with a warning if it did not get there. Its signature is that of `quietly`, so
    that the options stand in one place."""

    @functools.wraps(quietly)
    def loudly(X, y, **options):
        result = quietly(X, y, **options)
        warn_unless_converged(result, ConvergenceWarning, SeparationWarning, stacklevel=3)
        return result

    return loudly


@_warns
def fit(
    X,
    y,
    *,
    loss="auto",
    l2=0.0,
    l1=0.0,
    fit_intercept=True,
    sample_weight=None,
    offset=None,
    missing="error",
    solver="auto",
    learning_rate=None,
    tol=1e-8,
    max_iter=None,
    init=None,
    n_threads=None,
    record=False,
    callback=None,
    progress=False,
):
    """Minimise the cost of `cost` over the coefficients and the intercept.

    The columns may be in any units, collinear or constant: nothing need be scaled. Without a
    penalty and with several optima, the one with the smallest Euclidean norm of the coefficients
    is returned.

    Parameters
    ----------
    X : array or CSR matrix as for `cost`, or frame
        A table of pandas, polars, PyArrow or DuckDB (with narwhals, extra ``tables``). Numbers are
        taken as they are, booleans as 0 and 1; texts and categories get a 0/1 feature for each
        level but the most frequent, called ``column=level``. The result has the names and codes
        other frames in the same way. Columns of one type that lie in memory as those of a matrix
        do (single-block pandas, one column of Arrow) are read in place, see ``bytes_copied``.
    y : array as for `cost`, or a series or one-column frame of these libraries
    loss, l2, sample_weight, offset, n_threads
        As for `cost`.
    l1 : float
        Reserved; must be 0.
    fit_intercept : bool
    missing : {"error", "impute"}
        Missing cells (null, NaN) of a frame are an error that names row and column; or a missing
        number becomes the column's median, with a 0/1 feature ``column=(missing)`` beside it, and a
        missing text or category is a level of its own.
    solver : {"auto", "newton", "newton-cg", "lbfgs", "gd", "agd"}
        ``"newton"``: Newton's method with exact Hessians and trust region, certified (Levenberg,
        1944; the certificate is weak duality, see ARCHITECTURE.md). ``"newton-cg"``: the Hessian
        is never formed, steps come from conjugate gradients (Dembo, Eisenstat and Steihaug, 1982),
        of K classes far from the optimum from limited-memory BFGS.
        ``"lbfgs"``: limited memory (Liu and Nocedal, 1989). Both certify by conjugate gradients;
        without a penalty their gap is an estimate. ``"gd"``: the plain rule
        ``w -= learning_rate * dJ/dw``, ``b -= learning_rate * dJ/db``, from zero. ``"agd"``:
        Nesterov's accelerated gradient (1983) with restart (O'Donoghue and Candes, 2015) and
        backtracking, on implicitly standardised columns. ``"auto"``: ``"newton"`` up to 2000
        columns (of K classes while ``K * (d + 1) <= 300``), ``"newton-cg"`` beyond, but for tall
        and wide data. Tall (the log loss, over 300 rows for each column and at least 400 000
        numbers, dense or CSR of up to 256 columns): Newton's method on Hessians of drawn rows
        (``fit.solver`` is ``"sampled"``), no less certified; ``"newton"`` goes on where that goes
        slowly. Wide (dense, at most 1500 rows and 1.5 for each column, of K classes 0.5, every
        column penalised): Newton's method on one number for each row, or for each row and class
        (``"dual"``; Rasmussen and Williams, 2006, section 3.4); the solver for data that are not
        wide goes on where rounding ends it.
    learning_rate : float, optional
        For ``"gd"``. By default ``1 / L`` with ``L = (1 + sum_j mean x_j^2) / 4 + max l2`` (for
        squared error without the 1/4), a bound on the curvature.
    tol : float
        The fit has converged once ``gap <= tol * max(J0, 1e3 eps (1 + |J0|))``, with ``J0`` the
        cost of the null model.
    max_iter : int, optional
        By default 1000 for ``"lbfgs"``, ``"gd"`` and ``"agd"``, 200 for the others.
    init : tuple (coef, intercept) or FitResult, optional
        Where to start. The second-order solvers do not use a start that costs more than the
        null model.
    record : bool
        Keep the history.
    callback : callable, optional
        Called with an `Iteration` after each iteration; a true return stops the fit.
    progress : bool
        Draw a bar on standard error, if that is a terminal, of a fit that takes over half a second:
        cost, gap, passes, and the time left by the digits gained so far. By ``rich`` if installed.

    Returns
    -------
    FitResult

    Raises
    ------
    ValueError, TypeError
        Naming the argument, what was found, and what is wanted.
    DataError
        For a frame, naming the column: missing cells, dates, nested or mixed values, text that is
        no category (over 1000 levels, or distinct in more than half of the rows).
    KeyboardInterrupt
        Within 0.1 s of Ctrl-C.

    Warns
    -----
    ConvergenceWarning
        Once, if the fit is not certified to be within `tol` of the optimum; not if a callback
        stopped it.
    SeparationWarning
        Once, if without a penalty some rows can be fitted perfectly, so that there is no finite
        optimum; ``status`` is then ``"separated"``.
    UserWarning
        If a column of a frame has the name or the values of `y`, or the index of `y` that of `X`
        in another order.

    Examples
    --------
    >>> import fastgd
    >>> import numpy as np
    >>> X = np.array([[0.5], [1.0], [1.5], [2.0], [2.5], [3.0]])
    >>> fit = fastgd.fit(X, [0, 0, 1, 0, 1, 1])
    >>> fit.converged
    True
    """
    start = _check_options(solver, l1, learning_rate, tol, max_iter, init, callback)
    X, y, coding, copied, explained = _take(X, y, missing)
    sample_weight, offset = array_of(sample_weight, "sample_weight"), array_of(offset, "offset")
    bar = None
    if progress:
        from .progress import watch

        bar = watch(solver, tol, max_iter or (1000 if solver in ("lbfgs", "gd", "agd") else 200))
    observer, lists = _observer(record, callback, bar)
    try:
        with explained:
            raw = _core.fit(
                X,
                y,
                loss,
                l2,
                fit_intercept,
                sample_weight,
                offset,
                solver,
                learning_rate,
                tol,
                max_iter,
                start,
                threads.check(n_threads),
                threads.most,
                observer,
            )
    except BaseException:
        if bar is not None:
            bar.close()
        raise
    if copied:
        raw["bytes_copied"] += copied
        raw["note"] = f"The columns of X were copied ({copied / 1e6:.3g} MB) into one array"
    chosen_step = raw["solver"] == "gd" and learning_rate is None
    result = _result(raw, l2, fit_intercept, tol, chosen_step, coding)
    if lists is not None:
        if lists["gap"]:
            lists["gap"][-1] = result.gap
        result.history = {name: np.array(values) for name, values in lists.items()}
    if bar is not None:
        bar.close(result)
    return result


# `fit` without its warnings, for callers who have their own: see `warn_unless_converged`.
fit_quietly = fit.__wrapped__


def _take(X, y, missing):
    """X and y as arrays; of a frame its coding, the bytes copied, and what words the core's
    complaints about cells in terms of columns."""
    name = frame = None
    if type(X) is not np.ndarray or type(y) is not np.ndarray:
        # not imported before there may be one
        from . import frames

        frames.warn_of_order(X, y)
        y, name = frames.target(y)
        frame = frames.read(X)
    if frame is None:
        if missing != "error":
            raise ValueError(
                f"missing={missing!r} goes with a frame, whose columns have names; found X of type "
                f"{type(X).__name__}"
            )
        return X, y, None, 0, nullcontext()
    coding = frames.learn(frame, missing)
    frames.warn_of_target(frame, y, name)
    X, copied = frames.design(frame, coding)
    return X, y, coding, copied, frame.explained(X, coding)


def penalty(l2):
    """l2 as a result keeps it: a Python float, or an array of floats of its own."""
    return float(l2) if np.ndim(l2) == 0 else np.array(l2, dtype=float)


def _result(raw, l2, fit_intercept, tol, chosen_step, coding=None):
    """The FitResult of what the core returns."""
    separation = raw.pop("separation")
    if separation is not None:
        separation = Separation.from_core(*separation)
    names = None if coding is None else coding.features
    message = _message(raw, tol, chosen_step, separation, names)
    del raw["note"], raw["target"]
    return FitResult(
        **raw,
        separation=separation,
        message=message,
        coding=coding,
        names=names,
        isa=_core.isa(),
        l2=penalty(l2),
        fit_intercept=bool(fit_intercept),
        n_features=raw["coef"].shape[-1],
    )


def in_names(text, separation, features, classes=()):
    """What a fit of arrays says, with names of separated columns and classes for their numbers.

    Parameters
    ----------
    text : str
        Its message, or its warning.
    separation : Separation or None
        Of the fit.
    features, classes : sequence of str
        The names; without any, classes remain as they are.

    Returns
    -------
    str
    """
    if separation is None:
        return text
    for before, numbers, names in (
        ("columns ", separation.columns[0][:5], features),
        ("class ", separation.classes[0][:5], classes),
    ):
        if numbers and len(names):
            shown = ", ".join(names[j] for j in numbers)
            text = text.replace(before + ", ".join(map(str, numbers)), before + shown)
    return text


def fit_path(
    X,
    y,
    l2,
    *,
    loss="auto",
    fit_intercept=True,
    sample_weight=None,
    offset=None,
    solver="auto",
    tol=1e-8,
    max_iter=None,
    init=None,
    n_threads=None,
):
    """`fit_quietly` for several penalties, each from where the one before ended.

    With two classes the margins, moments and drawn rows of one fit serve the next, so that a fit
    costs no more passes than it has iterations.

    Parameters
    ----------
    l2 : sequence of positive floats
        Best in falling order.

    The others as for `fit`.

    Returns
    -------
    list of FitResult
    """
    l2 = [_number(value, "l2", 0, strict=True, wanted="a positive number") for value in l2]
    if not l2:
        return []
    _check_options(solver, 0.0, None, tol, max_iter, None, None)
    n_threads = threads.check(n_threads)
    options = [fit_intercept, sample_weight, offset, solver, None, tol, max_iter]
    found = None
    if solver not in ("gd", "agd"):
        found = _core.fit(X, y, loss, l2[0], *options, init, n_threads, threads.most, None, l2)
    if found is None:
        found, start = [], init
        for value in l2:
            raw = _core.fit(X, y, loss, value, *options, start, n_threads, threads.most, None)
            start = raw["coef"], raw["intercept"]
            found.append(raw)
    pairs = zip(found, l2, strict=True)
    return [_result(raw, value, fit_intercept, tol, False) for raw, value in pairs]


def fit_folds(X, y, held, l2, *, fit_intercept=True, sample_weight=None, tol=1e-8, n_threads=None):
    """The fits of several folds, side by side: one pass over X serves all of them.

    Parameters
    ----------
    held : uint8 array of shape (n,)
        The fold that leaves the row out, the number of folds if none does. Each fold must keep
        rows of both classes that count.
    l2 : array of shape (n_folds, n_penalties)
        Positive; best in falling order.

    The others as for `fit`.

    Returns
    -------
    list of lists of FitResult
        For each fold its first fits, certified all; the others are for `fit_path`. None at all
        where there is nothing to share, and where data are not as those that this is made for: two
        classes, dense, of many more rows than columns.
    """
    n_threads = threads.check(n_threads)
    found = _core.fit_folds(
        X, y, held, len(l2), l2, fit_intercept, sample_weight, tol, n_threads, threads.most
    )
    if found is None:
        return [[] for _ in l2]
    return [
        [_result(raw, line[k], fit_intercept, tol, False) for k, raw in enumerate(raws)]
        for raws, line in zip(found, l2.tolist(), strict=True)
    ]


def warn_unless_converged(result, not_converged, separated, stacklevel):
    """Warn once, with the category given, of a fit that did not get there."""
    if result.separation is not None:
        warnings.warn(result.message, separated, stacklevel=stacklevel)
    elif not result.converged and result.status != "callback":
        warnings.warn(result.message, not_converged, stacklevel=stacklevel)


def show_config():
    """What this build and this machine use.

    Returns
    -------
    dict
        ``version``; ``isa``, the instruction set in use, and ``isas``, those available (the
        environment variable ``FASTGD_ISA`` chooses one at import); ``processors`` this process may
        run on; ``n_threads``, the most a call uses by default; ``numpy``, its version.
    """
    from ._version import __version__

    return {
        "version": __version__,
        "isa": _core.isa(),
        "isas": list(_core.isas()),
        "processors": _core.processors(),
        "n_threads": threads.most(),
        "numpy": np.__version__,
    }
