"""A fit as JSON and named arrays, for a file, and its fields back from them, checked."""

import math

import numpy as np

from .labels import labels_from_json, labels_to_json
from .separation import Separation

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


def pack(fit):
    """The metadata and the arrays of a result."""
    meta = {name: getattr(fit, name) for name in FORMAT_FIELDS}
    if not math.isfinite(fit.gap):
        meta["gap"] = None  # JSON has no infinity
    meta["kind"] = "fit"
    arrays = {"coef": fit.coef}
    if isinstance(fit.intercept, np.ndarray):
        arrays["intercept"] = fit.intercept
        meta["intercept"] = None
    if isinstance(fit.l2, np.ndarray):
        arrays["l2"] = fit.l2
        meta["l2"] = None
    if fit.names is not None:
        meta["names"] = [str(name) for name in fit.names]
    if fit.coding is not None:
        meta["coding"] = fit.coding.to_dict()
    if fit.classes is not None:
        meta["classes"], meta["classes_dtype"] = labels_to_json(fit.classes)
    if fit.separation is not None:
        arrays["separation.direction"] = fit.separation.direction
        arrays["separation.intercept"] = fit.separation.intercept
        arrays["separation.rows"] = fit.separation.rows
        meta["separation_columns"] = fit.separation.columns
        meta["separation_classes"] = fit.separation.classes
    for name, values in (fit.history or {}).items():
        arrays[f"history.{name}"] = np.asarray(values)
    return meta, arrays


def unpack(meta, arrays):
    """The fields of a result, from what `pack` gave or a file holds."""
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
