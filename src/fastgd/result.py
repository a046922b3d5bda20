"""What a fit returns."""

import math

import numpy as np

from . import _core, modelfile, threads

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


class FitResult:
    """Coefficients of a fitted model, and how good they are.

    Attributes
    ----------
    coef : ndarray of shape (d,)
        Coefficients, in the units of the columns as given.
    intercept : float
    classes : ndarray of shape (2,) or None
        The labels, sorted; ``predict_proba`` has a column for each. ``[0, 1]`` for soft labels,
        None for squared error.
    cost, null_cost : float
        The cost at the solution and at the null model (intercept, offset and weights only).
    gap : float
        Upper bound on ``cost - inf cost``; infinite where the solver gives no certificate.
    gap_kind : {"dual", "none"}
    gradient_norm : float
        Euclidean norm of the cost's gradient, in the units of the columns as given.
    converged : bool
        Whether ``gap <= tol * max(null_cost, 1e3 * eps * (1 + |null_cost|))``.
    status : {"converged", "max_iter", "diverged", "callback", "stalled"}
    message : str
        One sentence on how the fit ended, and what had to be copied.
    n_iter, n_passes : int
        Iterations, and passes over ``X`` (without those for Gram matrices).
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
    """

    __slots__ = (*FORMAT_FIELDS, "coef", "classes", "history", "names")

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

    def decision_function(self, X, offset=None, *, n_threads=None):
        """``X @ coef + intercept + offset``.

        Parameters
        ----------
        X : array or CSR matrix of shape (n, d)
        offset : array of shape (n,), optional
        n_threads : int, optional

        Returns
        -------
        ndarray of shape (n,)

        Raises
        ------
        ValueError
            If ``X`` has another number of columns than the model, or is not finite.
        """
        return _core.margins(
            X, self.coef, self.intercept, offset, threads.check(n_threads), threads.most()
        )

    def predict_proba(self, X, offset=None, *, n_threads=None):
        """Probability of each class, in the order of ``classes``.

        Parameters and errors as for `decision_function`.

        Returns
        -------
        ndarray of shape (n, 2)
        """
        if self.loss != "log_loss":
            raise ValueError(f"a model fitted with loss={self.loss!r} has no class probabilities")
        z = self.decision_function(X, offset, n_threads=n_threads)
        out = np.empty((len(z), 2))
        # each from its own side: 1 - p would lose the digits of a small probability
        out[:, 1] = _core.sigmoid(z)
        out[:, 0] = _core.sigmoid(np.negative(z, out=z), out=z)
        return out

    def predict(self, X, offset=None, *, n_threads=None):
        """The more probable class of each row, or the fitted value for squared error.

        Parameters and errors as for `decision_function`. A tie goes to the first class.

        Returns
        -------
        ndarray of shape (n,)
        """
        z = self.decision_function(X, offset, n_threads=n_threads)
        return z if self.classes is None else self.classes[(z > 0).view(np.int8)]

    def save(self, path):
        """Write the model to a file that `fastgd.load` reads (safetensors layout, no pickle).

        Parameters
        ----------
        path : str or path-like
        """
        modelfile.write(path, *self.parts())

    def parts(self):
        """Metadata and arrays for a model file: what `from_parts` needs."""
        meta = {name: getattr(self, name) for name in FORMAT_FIELDS}
        if not math.isfinite(self.gap):
            meta["gap"] = None  # JSON has no infinity
        meta["kind"] = "fit"
        arrays = {"coef": self.coef}
        if isinstance(self.l2, np.ndarray):
            arrays["l2"] = self.l2
            meta["l2"] = None
        if self.names is not None:
            meta["names"] = list(self.names)
        if self.classes is not None:
            meta["classes"] = self.classes.tolist()
            meta["classes_dtype"] = self.classes.dtype.str
        for name, values in (self.history or {}).items():
            arrays[f"history.{name}"] = np.asarray(values)
        return meta, arrays

    @classmethod
    def from_parts(cls, meta, arrays):
        """The result whose `parts` these are."""
        fields = {name: meta.get(name) for name in FORMAT_FIELDS}
        fields["gap"] = math.inf if meta.get("gap") is None else meta["gap"]
        fields["coef"] = arrays["coef"]
        if "l2" in arrays:
            fields["l2"] = arrays["l2"]
        fields["names"] = meta.get("names")
        if meta.get("classes") is not None:
            fields["classes"] = np.array(meta["classes"], dtype=meta["classes_dtype"])
        history = {k.partition(".")[2]: v for k, v in arrays.items() if k.startswith("history.")}
        fields["history"] = history or None
        return cls(**fields)


def load(path):
    """Read a model that `FitResult.save` wrote.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    FitResult

    Raises
    ------
    ValueError
        If the file is damaged, is no model, or was written in a newer format.
    """
    meta, arrays = modelfile.read(path)
    if meta.get("kind") != "fit" or "coef" not in arrays:
        raise ValueError(f"{path} holds no fit")
    return FitResult.from_parts(meta, arrays)
