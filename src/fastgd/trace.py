"""One forward and one backward pass of logistic regression, written out: `explain`.

The module is not called ``explain``, since that name in the package is the function.
"""

import html
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from . import functional, reference
from .graph import Graph, Node

__all__ = ["Step", "Trace", "explain"]

MOST = 4  # features with nodes of their own in the graph


class Step(NamedTuple):
    """One quantity, under the course's name and under ours."""

    name: str
    """What the course calls it."""
    ours: str
    """The expression in Python, for all samples at once."""
    formula: str
    """The course's formula."""
    shape: tuple[int, ...]
    """Shape of `all`; the course writes ``(m,)`` as ``(1, m)`` and turns ``X`` on its side."""
    one: object
    """Its value for the chosen sample alone; None where there is none."""
    all: object
    """Its value for all samples; None where there is none."""


@dataclass(frozen=True, repr=False, eq=False)
class Trace:
    """A pass written out: it prints as a table, and shows as one in notebooks.

    Attributes
    ----------
    sample : int
        Which sample was chosen.
    m, n_x : int
        Number of samples (our n) and of features (our d).
    X, y : ndarray of shape (n, d) and (n,)
        The data, labels coded 0 and 1.
    w, b : ndarray of shape (d,), float
        Coefficients and intercept.
    z, a, loss : ndarray of shape (n,)
        Margin, probability and log loss of each sample.
    J : float
        The cost: the mean of `loss`.
    da, dz : ndarray of shape (n,)
        Derivatives of a sample's loss with respect to its `a` and `z`.
    dw_sum, db_sum : ndarray of shape (d,), float
        What the loop over the samples has added up, before it is divided by m.
    dw, db : ndarray of shape (d,), float
        Derivatives of the cost.
    dw_one, db_one : ndarray of shape (d,), float
        Derivatives of the loss of the chosen sample.
    learning_rate : float or None
        The course's alpha.
    feature_names : list of str
    steps : list of Step
        All of these in the order of computation: (name, ours, formula, shape, one, all).
    graph : Graph
        The computation graph of the chosen sample, with values and derivatives.
    notes : list of str
        What one should know about these numbers.
    """

    sample: int
    m: int
    n_x: int
    X: np.ndarray
    y: np.ndarray
    w: np.ndarray
    b: float
    z: np.ndarray
    a: np.ndarray
    loss: np.ndarray
    J: float
    da: np.ndarray
    dz: np.ndarray
    dw_sum: np.ndarray
    db_sum: float
    dw: np.ndarray
    db: float
    dw_one: np.ndarray
    db_one: float
    learning_rate: float | None
    feature_names: list[str]
    steps: list[Step]
    graph: Graph
    notes: list[str]

    def _rows(self):
        yield ("course", "formula", "ours", "shape (course)", f"sample {self.sample}", "all")
        for step in self.steps:
            shape = _shown_shape(step.shape, self.m, self.n_x)
            yield (step.name, step.formula, step.ours, shape, _shown(step.one), _shown(step.all))

    def __repr__(self):
        rows = list(self._rows())
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        lines.insert(1, "-" * max(map(len, lines)))
        return "\n".join([*lines, *self.notes])

    def _repr_html_(self):
        head, *body = ([html.escape(cell) for cell in row] for row in self._rows())
        lines = ["".join(f'<th scope="col">{cell}</th>' for cell in head)]
        lines += ["".join(f"<td>{cell}</td>" for cell in row) for row in body]
        table = "".join(f"<tr>{line}</tr>" for line in lines)
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        return f"<table>{table}</table>{notes}"


def explain(
    X,
    y,
    coef,
    intercept=0.0,
    sample=0,
    *,
    learning_rate=None,
    feature_names=None,
    n_threads=None,
):
    """Write out one forward and one backward pass of logistic regression.

    Each quantity of the course (z, a, J, da, dz, dw, db) appears with its formula, its shape and
    its value: for one sample, and for all. Costs, gradients and sigmoids come from the compiled
    core that does the real work.

    Parameters
    ----------
    X : array_like of shape (n, d)
        One row for each sample. The course lays it on its side: its X is ``(n_x, m)``.
    y : array_like of shape (n,)
        Two classes, the larger of which counts as 1, or soft labels in [0, 1].
    coef : array_like of shape (d,)
        The course's ``w``.
    intercept : float
        The course's ``b``.
    sample : int
        Which sample is shown alone; negative ones count from the end.
    learning_rate : float, optional
        The course's ``alpha``: adds the update of ``w`` and ``b`` at the end.
    feature_names : sequence of d str, optional
        By default the columns of a data frame, else x1, x2, ...
    n_threads : int, optional
        As for `fastgd.cost`.

    Returns
    -------
    Trace

    Raises
    ------
    ValueError
        If shapes do not fit, with a hint where a column ``(n, 1)`` was given for ``(n,)``; if there
        are more than two classes; if a number is not finite.
    TypeError
        If something is no real number.
    IndexError
        If there is no such sample.

    Notes
    -----
    Where ``a`` is 0 or 1 in rounding, ``-y/a + (1-y)/(1-a)`` would divide by zero; here ``1 - a``
    is taken as ``sigmoid(-z)``, a term whose factor is 0 is left out, and `notes` says so. ``dz =
    a - y`` is not affected: that the two factors cancel is what makes the log loss a good partner
    of the sigmoid.

    Examples
    --------
    >>> import fastgd
    >>> trace = fastgd.explain([[1.0, 2.0], [3.0, 0.0]], [0, 1], [0.0, 0.0])
    >>> trace.dz
    array([ 0.5, -0.5])
    """
    names = getattr(X, "columns", None) if feature_names is None else feature_names
    X = _matrix(X)
    n, d = X.shape
    default = [f"x{j + 1}" for j in range(d)]
    names = default if names is None else [str(name) for name in names]
    if len(names) != d:
        raise ValueError(f"feature_names has {len(names)} names, but X has {d} columns")
    y = _labels(y, n)
    w = _vector(coef, "coef", d, "column of X")
    b = _number(intercept, "intercept")
    if isinstance(sample, bool) or not hasattr(sample, "__index__"):
        raise TypeError(f"sample must be a whole number, found {sample!r}")
    if not -n <= sample < n:
        raise IndexError(f"sample = {sample}, but X has the rows 0 to {n - 1}")
    i = range(n)[sample]
    rate = None if learning_rate is None else _number(learning_rate, "learning_rate")
    if rate is not None and rate <= 0:
        raise ValueError(f"learning_rate must be positive, found {rate:g}")

    with np.errstate(over="ignore", invalid="ignore"):
        z = X @ w + b
    if not np.isfinite(z).all():
        i = int(np.argmin(np.isfinite(z)))
        raise ValueError(f"the margin X[{i}] @ coef + intercept overflows: scale X or coef")
    a, rest = functional.sigmoid(z), functional.sigmoid(-z)
    loss = reference.log_loss(y, z)
    data, options = for_core(X, y)
    J, dw, db = functional.cost_and_gradient(*data, w, b, **options, n_threads=n_threads)
    data, options = for_core(X[i : i + 1], y[i : i + 1])
    _, dw_one, db_one = functional.cost_and_gradient(*data, w, b, **options)
    da = _over(1 - y, rest) - _over(y, a)
    dz = np.where(y > 0.5, (1 - y) - rest, a - y)  # the same, without cancellation
    dw_sum, db_sum = X.T @ dz, float(dz.sum())

    steps = [
        Step("m, n_x", "n, d = X.shape", "", (), None, f"{n}, {d}"),
        Step("X", "X", "", (n, d), X[i], X),
        Step("y", "y", "", (n,), y[i], y),
        Step("w", "coef", "", (d,), None, w),
        Step("b", "intercept", "", (), None, b),
        Step("z", "X @ coef + intercept", "w.x + b", (n,), z[i], z),
        Step("a", "fastgd.sigmoid(z)", "1 / (1 + exp(-z))", (n,), a[i], a),
        Step("L", "log1p(exp(z)) - y * z", "-(y ln a + (1-y) ln(1-a))", (n,), loss[i], loss),
        Step("J", "fastgd.cost(X, y, coef, intercept)", "sum of L / m", (), loss[i], J),
        Step("da", "-y / a + (1 - y) / (1 - a)", "-y/a + (1-y)/(1-a)", (n,), da[i], da),
        Step("dz", "a - y", "da a (1-a) = a - y", (n,), dz[i], dz),
        Step("sum of dw", "X.T @ (a - y)", "dw += x dz", (d,), X[i] * dz[i], dw_sum),
        Step("sum of db", "(a - y).sum()", "db += dz", (), dz[i], db_sum),
        Step("dw", "grad_coef", "sum of dw / m", (d,), dw_one, dw),
        Step("db", "grad_intercept", "sum of db / m", (), db_one, db),
    ]
    if rate is not None:
        new_w = w - rate * dw_one, w - rate * dw
        new_b = b - rate * db_one, b - rate * db
        steps += [
            Step("alpha", "learning_rate", "", (), None, rate),
            Step("w", "coef -= learning_rate * grad_coef", "w - alpha dw", (d,), *new_w),
            Step("b", "intercept -= learning_rate * grad_intercept", "b - alpha db", (), *new_b),
        ]

    notes = [
        f"z, a and y have the shape ({n},). A column ({n}, 1) minus a vector ({n},) would be "
        f"an array ({n}, {n}): keep all of them one-dimensional."
    ]
    saturated = np.flatnonzero((a == 1) | (a == 0))
    if len(saturated):
        k = i if i in saturated else int(saturated[0])
        notes.append(
            f"In {len(saturated)} of {n} rows a is 0 or 1 in rounding (row {k}: z = {z[k]:.4g}), "
            "and -y/a + (1-y)/(1-a) would divide by zero. There 1 - a is taken as sigmoid(-z), "
            f"{rest[k]:.3g} in row {k}, and a term whose factor is 0 is left out; dz = a - y needs "
            "neither."
        )
    if not np.isfinite(da).all():
        notes.append(
            "An infinite da is a true slope beyond the largest number (|z| > 709); dz stays finite."
        )
    chosen = _leading(w * X[i])
    graph = _graph(X[i], y[i], w, b, z[i], a[i], loss[i], da[i], dz[i], rest[i], chosen)
    if names != default:
        more = "" if len(chosen) == d else f"; {d - len(chosen)} more features"
        notes.insert(0, ", ".join(f"x{j + 1} is {names[j]}" for j in chosen) + more + ".")
    return Trace(
        i, n, d, X, y, w, b, z, a, loss, J, da, dz, dw_sum, db_sum, dw, db, dw_one, db_one,
        rate, names, steps, graph, notes,
    )  # fmt: skip


def for_core(X, y):
    """Data and options as the compiled core wants them: labels of a single class, and a single
    sample has no more, get a row of the other class, with weight 0."""
    if y.min() < y.max() or y[0] not in (0, 1):
        return (X, y), {"loss": "log_loss"}
    weights = np.append(np.ones(len(y)), 0.0)
    data = np.vstack([X, X[:1]]), np.append(y, 1 - y[0])
    return data, {"loss": "log_loss", "sample_weight": weights}


def _over(numerator, denominator):
    """The quotient, 0 where the numerator is 0, infinite where it overflows."""
    with np.errstate(over="ignore", divide="ignore"):
        return np.divide(
            numerator, denominator, out=np.zeros_like(denominator), where=numerator != 0
        )


def _leading(products):
    """The features that get nodes of their own: all, or those that move the margin most."""
    if len(products) <= MOST:
        return np.arange(len(products))
    return np.sort(np.argsort(-np.abs(products), kind="stable")[: MOST - 1])


def _graph(x, y, w, b, z, a, loss, da, dz, rest, chosen):
    """The neuron of one sample; the features that are not chosen are taken together."""
    nodes, inputs, partials, terms = [], [], [], []
    for j in chosen:
        nodes.append(Node(f"x{j + 1}", "", float(x[j]), float(dz * w[j])))
        nodes.append(Node(f"w{j + 1}", "", float(w[j]), float(dz * x[j])))
        inputs += [f"x{j + 1}", f"w{j + 1}"]
        partials += [float(w[j]), float(x[j])]
        terms.append(f"w{j + 1} x{j + 1}")
    if len(chosen) < len(x):
        left_out = np.delete(np.arange(len(x)), chosen)
        others = float(w[left_out] @ x[left_out])
        count = len(x) - len(chosen)
        nodes.append(Node("rest", f"w.x of {count} more", others, float(dz)))
        inputs.append("rest")
        partials.append(1.0)
        terms.append("rest")
    nodes.append(Node("b", "", float(b), float(dz)))
    nodes.append(Node("z", " + ".join([*terms, "b"]), float(z), float(dz), (*inputs, "b"),
                      (*partials, 1.0)))  # fmt: skip
    nodes.append(Node("a", "sigmoid(z)", float(a), float(da), ("z",), (float(a * rest),)))
    nodes.append(Node("y", "", float(y), float(-z)))
    partials = float(da), float(-z)
    nodes.append(Node("L", "-(y ln a + (1-y) ln(1-a))", float(loss), 1.0, ("a", "y"), partials))
    return Graph.of_nodes(nodes)


# --- what the user gives ---------------------------------------------------------------


def _array(value, name):
    if hasattr(value, "tocsr"):
        raise TypeError(f"{name} is sparse; explain shows dense rows: pass {name}.toarray()")
    if np.ma.is_masked(value):
        raise ValueError(f"{name} has masked cells; drop those rows")
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} is no array: {error}") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold real numbers, found dtype {array.dtype}")
    return array.astype(float)


def _matrix(X):
    X = _array(X, "X")
    if X.ndim != 2:
        raise ValueError(
            f"X must have two dimensions, rows (samples) and columns, found the shape {X.shape}"
            + ("; one sample is X.reshape(1, -1)" if X.ndim == 1 else "")
        )
    if not len(X):
        raise ValueError("X has no rows")
    if not np.isfinite(X).all():
        i, j = np.argwhere(~np.isfinite(X))[0]
        raise ValueError(f"X[{i}, {j}] is {X[i, j]}; X must be finite")
    return X


def _vector(value, name, length, what):
    array = _array(value, name)
    _check_shape(array, name, length, what)
    if not np.isfinite(array).all():
        i = int(np.argmin(np.isfinite(array)))
        raise ValueError(f"{name}[{i}] is {array[i]}; {name} must be finite")
    return array


def _check_shape(array, name, length, what):
    if array.shape != (length,):
        hint = ""
        if array.shape in ((length, 1), (1, length)):
            hint = f"; {name}.ravel() has it"
        raise ValueError(
            f"{name} must have the shape ({length},), one number for each {what}, "
            f"found {array.shape}{hint}"
        )


def _number(value, name):
    array = _array(value, name)
    if array.shape or not math.isfinite(array):
        raise ValueError(f"{name} must be one finite number, found {value!r}")
    return float(array)


def _labels(y, n):
    """Labels as numbers from 0 to 1."""
    if np.ma.is_masked(y):
        raise ValueError("y has masked cells; drop those rows")
    y = np.asarray(y)
    _check_shape(y, "y", n, "row of X")
    if y.dtype.kind == "c":
        raise TypeError("y must hold labels or real numbers, found complex numbers")
    if y.dtype.kind == "f":
        if not np.isfinite(y).all():
            i = int(np.argmin(np.isfinite(y)))
            raise ValueError(f"y[{i}] is {y[i]}; y must be finite")
        if (y != np.round(y)).any():
            if y.min() < 0 or y.max() > 1:
                raise ValueError("y has values outside [0, 1]: neither classes nor soft labels")
            return y.astype(float)
    try:
        classes = np.unique(y)
    except TypeError:
        raise TypeError("y mixes types that cannot be sorted") from None
    if len(classes) > 2:
        raise ValueError(f"explain shows two classes, but y has {len(classes)}")
    if len(classes) == 2:
        return (y == classes[1]).astype(float)
    if y.dtype.kind not in "fiub" or classes[0] not in (0, 1):
        raise ValueError(f"y has one class only ({classes[0]!s}); code it as 0 or 1")
    return y.astype(float)


# --- text ---------------------------------------------------------------------------------


def _shown_shape(shape, m, n_x):
    """Our shape, and the course's where it is another."""
    if shape == ():
        return ""
    ours = f"({shape[0]},)" if len(shape) == 1 else f"{shape}"
    theirs = {2: (n_x, m), 1: (1, m) if shape == (m,) else (n_x, 1)}[len(shape)]
    return f"{ours} ({theirs[0]}, {theirs[1]})"


def _shown(value):
    if value is None or isinstance(value, str):
        return value or ""
    array = np.asarray(value)
    if array.ndim == 0:
        return f"{float(array):.6g}"
    flat = array.ravel()
    text = ", ".join(f"{v:.4g}" for v in flat[:3])
    return f"[{text}{', ...' if len(flat) > 3 else ''}]"
