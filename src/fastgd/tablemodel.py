"""A model of a table's columns: a fit, how columns are coded for it, and what was known then.

That is what ``fastgd fit --save`` writes and the other commands read: an ordinary model file, with
an entry ``table`` in its metadata.
"""

import math
from dataclasses import dataclass

import numpy as np

from . import modelfile
from .coding import Coding, Numeric
from .errors import DataError
from .result import FitResult


def _twice(design):
    """Return a design matrix of one row with that row twice, others as they are.

    A single row is contiguous in C order too, in which the core adds in another sequence: the last
    digit would depend on whether a batch of rows happened to end with one.
    """
    return np.repeat(design, 2, axis=0).copy(order="F") if len(design) == 1 else design


@dataclass(frozen=True)
class TableModel:
    """A fit and all that it takes to apply it to new tables.

    Attributes
    ----------
    fit : FitResult
    coding : Coding
    target : dict
        ``name``, ``classes`` (list of str), ``soft``, ``counts`` of the classes in the file,
        ``fitted`` those among the rows fitted, ``positive`` (None for more than two classes).
    penalty : dict
        ``l2``, ``l2_is_default``, ``standardized``.
    missing : tuple of str
        Cells that mean "missing" beside those that always do.
    scores : dict or None
        What `scores.Tally.beside` found after the fit.
    """

    fit: FitResult
    coding: Coding
    target: dict
    penalty: dict
    missing: tuple = ()
    scores: dict | None = None

    @property
    def classes(self):
        """The labels of the classes, or None for soft labels."""
        return None if self.target["soft"] else self.target["classes"]

    @property
    def columns(self):
        """The names of the columns that prediction needs."""
        return [column.name for column in self.coding.columns]

    def design(self, table, rows=None, *, unseen="error"):
        """Return the design matrix of a table, as `coding` does; cells missing from a column that
        the model cannot fill are a DataError."""
        for column in self.coding.columns:
            unfilled = isinstance(column, Numeric) and column.median is None
            if unfilled and column.name in table.names and table.n_missing(column.name):
                raise DataError(
                    f"{table.source}: column {column.name!r} has no value in data row "
                    f"{table.first_missing(column.name)}, and the model was fitted without missing "
                    "cells (fastgd.fit learns to fill them with missing='impute')"
                )
        return self.coding.design(table, rows, unseen=unseen)

    @property
    def batch_rows(self):
        """How many rows to predict at once, so that their design matrix remains small."""
        return max(1, min(1 << 14, (1 << 20) // max(1, len(self.coding.features))))

    def apply(self, design):
        """Return (margins, probabilities) of the rows of a design matrix.

        Parameters
        ----------
        design : ndarray of shape (n, d)
            From `coding`.

        Returns
        -------
        margins : ndarray of shape (n,), or (n, K) for more than two classes
        probabilities : ndarray of shape (n, K)
        """
        n, design = len(design), _twice(design)
        return self.fit.decision_function(design)[:n], self.fit.predict_proba(design)[:n]

    def probabilities(self, design):
        """Return the second of what `apply` does."""
        return self.fit.predict_proba(_twice(design))[: len(design)]

    def facts(self):
        """Return what there is to say of the model, as a dict for JSON."""
        fit = self.fit
        scales = np.array(self.coding.scales)
        raw, per_sd = fit.coef.T.tolist(), (fit.coef * scales).T.tolist()
        return {
            "target": self.target,
            "fit": {
                "rows": fit.n_samples,
                "features": fit.n_features,
                **self.penalty,
                "solver": fit.solver,
                "threads": fit.n_threads,
                "isa": fit.isa,
                "null_cost": fit.null_cost,
                "cost": fit.cost,
                "gap": fit.gap,
                "gap_kind": fit.gap_kind,
                "passes": fit.n_passes,
                "iterations": fit.n_iter,
                "seconds": fit.seconds,
                "converged": bool(fit.converged),
                "status": fit.status,
                "message": fit.message,
            },
            "intercept": np.asarray(fit.intercept).tolist(),
            "coefficients": [
                {"name": name, "raw": a, "per_sd": b}
                for name, a, b in zip(self.coding.features, raw, per_sd, strict=True)
            ],
            "held_out": self.scores,
        }

    def save(self, path):
        """Write the model to a file; an existing one is replaced, whole or not at all."""
        metadata, arrays = self.fit.parts()
        known = {
            "target": self.target,
            "penalty": self.penalty,
            "missing": list(self.missing),
            "held_out": self.scores,
            "coding": self.coding.to_dict(),
        }
        modelfile.write(path, {**metadata, "table": known}, arrays)

    @classmethod
    def of_saved(cls, model, path):
        """Return what a model saved from Python takes to predict the rows of a file; what else
        there is to say of its target is not known.

        Parameters
        ----------
        model : FitResult or estimator
        path : str
            Where it came from, for messages.

        Raises
        ------
        DataError
            If its columns have no names, or it has no classes.
        """
        fit = getattr(model, "result_", None if hasattr(model, "coef_") else model)
        if fit is None:
            raise DataError(f"{path}: an estimator without a fit of all rows (refit=False)")
        if fit.classes is None:
            raise DataError(f"{path}: a model of loss {fit.loss!r} has no classes to predict")
        if fit.coding is None and fit.names is None:
            raise DataError(
                f"{path}: fitted on an array, whose columns have no names; fit a frame instead, or "
                "give the names (fit.names = [...]) before saving"
            )
        coding = fit.coding or Coding(
            tuple(Numeric(name, None, True, False) for name in fit.names), (), (), ()
        )
        classes = [
            f"{label:.17g}" if isinstance(label, float) else str(label)
            for label in fit.classes.tolist()
        ]
        return cls(fit, coding, {"name": None, "classes": classes, "soft": False}, {})

    @classmethod
    def load(cls, path):
        """Read a model that `save` wrote.

        Raises
        ------
        ValueError
            If the file is damaged, is no model of a table, or was written in a newer format.
        OSError
            If it cannot be read.
        """
        metadata, arrays = modelfile.read(path)
        known = metadata.get("table")
        if known is None:
            raise DataError(
                f"{path}: a model saved from Python, which does not know its target; fastgd "
                "predict reads it, this command those of fastgd fit --save"
            )
        try:
            coding = Coding.from_dict(known["coding"])
            fit = FitResult.from_parts(metadata, arrays)
            target = known["target"]
            missing = tuple(known.get("missing", ()))
            count = _check_target(target)
            _check_penalty(known["penalty"])
            _check_scores(known["held_out"], count)
            shape = (len(coding.features),) if count == 2 else (count, len(coding.features))
            if any(type(text) is not str for text in missing):
                raise ValueError("what means missing is no text")
            if fit.coef.dtype != np.float64 or fit.coef.shape != shape:
                raise ValueError("the coefficients do not match the columns")
            if np.shape(fit.intercept) != shape[:-1] or not np.isfinite(fit.intercept).all():
                raise ValueError("the intercept is none")
            if fit.loss != ("log_loss" if count == 2 else "softmax"):
                raise ValueError(f"its loss is {fit.loss!r}")
            if None in [getattr(fit, name) for name in _SAID]:
                raise ValueError("how the fit ended is not described")
            model = cls(fit, coding, target, known["penalty"], missing, known["held_out"])
            model.facts()  # whatever is missing shows here
        except (AttributeError, LookupError, OverflowError, TypeError, ValueError) as error:
            raise DataError(f"{path}: damaged model: {error}") from None
        return model


# What `TableModel.facts` says of a fit.
_SAID = (
    *("n_samples", "solver", "n_threads", "isa", "null_cost", "cost", "gap", "gap_kind"),
    *("n_passes", "n_iter", "seconds", "converged", "status", "message"),
)


def _check_target(target):
    """Return the number of classes; ValueError if the description is malformed."""
    labels, counts = target["classes"], target["counts"]
    fitted = target.setdefault("fitted", counts)
    if len(labels) < 2 or {type(text) for text in (*labels, target["name"])} != {str}:
        raise ValueError("the classes are no texts")
    if type(target["soft"]) is not bool or target["positive"] not in (labels[1], None):
        raise ValueError("the target is not described")
    if not len(counts) == len(fitted) == len(labels) or not _numbers(*counts, *fitted):
        raise ValueError("the counts do not match the classes")
    if min(fitted) < 0 or sum(fitted) <= 0:
        raise ValueError("no row was fitted")
    if (target["positive"] is None) != (len(labels) > 2) or (target["soft"] and len(labels) > 2):
        raise ValueError("the positive class does not match the classes")
    return len(labels)


def _check_penalty(penalty):
    flags = penalty["l2_is_default"], penalty["standardized"]
    if not _numbers(penalty["l2"]) or {type(flag) for flag in flags} != {bool}:
        raise ValueError("the penalty is not described")


def _check_scores(scores, count):
    if scores is None:
        return
    parts = [scores["model"], scores["null_model"], scores.get("majority_class", {})]
    values = [value for part in parts for key, value in part.items() if key != "label"]
    rows = scores["rows"], scores.get("rows_fitted", 0)
    texts = [part["label"] for part in parts if "label" in part]
    texts += [*scores.get("classes", ()), scores.get("file") or ""]
    if not _numbers(*rows) or any(type(value) not in (int, float, type(None)) for value in values):
        raise ValueError("the scores are no numbers")
    if any(type(text) is not str for text in texts):
        raise ValueError("the scores do not name the classes")
    if "label" not in scores.get("majority_class", {"label": ""}):
        raise ValueError("the scores do not name the most frequent class")
    if "confusion" in scores and "classes" not in scores:
        raise ValueError("the counts of the scores have no classes")
    table = scores.get("confusion", [[0] * count] * count)
    if len(scores.get("classes", [""] * count)) != count:
        raise ValueError("the scores do not match the classes")
    cells = [cell for row in table for cell in row]
    if {len(row) for row in (table, *table)} != {count} or not _numbers(*cells):
        raise ValueError("the counts of the scores do not match the classes")


def _numbers(*values):
    return all(type(value) in (int, float) and math.isfinite(value) for value in values)
