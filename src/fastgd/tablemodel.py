"""A model of a table's columns: a fit, how columns are coded for it, and what was known then.

That is what ``fastgd fit --save`` writes and the other commands read: an ordinary model file, with
an entry ``table`` in its metadata.
"""

import math
from dataclasses import dataclass

import numpy as np

from . import modelfile
from .coding import Coding
from .errors import DataError
from .result import FitResult


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
        What `scores.held_out` found after the fit.
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
        return self.fit.decision_function(design), self.fit.predict_proba(design)

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
            raise DataError(f"{path}: a model without table columns; fastgd fit --save writes them")
        try:
            coding = Coding.from_dict(known["coding"])
            fit = FitResult.from_parts(metadata, arrays)
            target = known["target"]
            missing = tuple(known.get("missing", ()))
            labels = target["classes"]
            count = len(labels)
            shape = (len(coding.features),) if count == 2 else (count, len(coding.features))
            if {type(text) for text in (*labels, *missing)} != {str} or count < 2:
                raise ValueError("the classes are no texts")
            if fit.coef.dtype != np.float64 or fit.coef.shape != shape:
                raise ValueError("the coefficients do not match the columns")
            if np.shape(fit.intercept) != shape[:-1] or not np.isfinite(fit.intercept).all():
                raise ValueError("the intercept is none")
            if fit.loss != ("log_loss" if count == 2 else "softmax"):
                raise ValueError(f"its loss is {fit.loss!r}")
            target.setdefault("fitted", target["counts"])
            if len(target["counts"]) != count or len(target["fitted"]) != count:
                raise ValueError("the counts do not match the classes")
            if not all(map(math.isfinite, target["fitted"])) or sum(target["fitted"]) <= 0:
                raise ValueError("no row was fitted")
            model = cls(fit, coding, target, known["penalty"], missing, known["held_out"])
            model.facts()  # whatever is missing shows here
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise DataError(f"{path}: damaged model: {error}") from None
        return model
