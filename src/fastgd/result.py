"""What a fit returns."""

import functools
import math
from contextlib import contextmanager

import numpy as np

from . import _core, fitparts, inference, modelfile, threads
from .inference.rows import check_size
from .inputs import array_of, frame_of
from .prediction import margins, probabilities


def _read_again(design, X, *columns):
    """Arrays of X, by the `design` of its model where it is a frame, and of columns; for a summary,
    which keeps none of them."""
    names = ("y", "sample_weight", "offset")[-len(columns) :]
    X = X if frame_of(X) is None else design(X)
    return (X, *(array_of(values, name) for values, name in zip(columns, names, strict=True)))


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
        The learning rate (``gd``, ``agd``), else the last share of a full step.
    seconds : float
        Inside the compiled core.
    solver : str
        The one that ran last: of those that `fit` takes, or ``"sampled"`` or ``"dual"``.
    isa : str
        The instruction set.
    n_threads, bytes_copied : int
    rank : int or None
        Number of linearly independent columns (centred, with an intercept): of d, those whose
        variance is not explained by the others to within ``1e-13 * max(d, 10)``. None where every
        column is penalised and it does not matter.
    history : dict of ndarrays or None
        With ``record=True``: ``cost``, ``gap``, ``gradient_norm``, ``step``, ``seconds``,
        ``passes``, an entry for each iteration.
    loss : {"log_loss", "softmax", "squared_error"}
        The one that was minimised: ``"auto"`` has been resolved.
    l2, fit_intercept, n_samples, n_features
        As given to the fit.
    names : list of str or None
        Of the features, where they have names; kept with the model.
    coding : Coding or None
        Of a model fitted on a frame: how its columns became features; kept with the model.
    """

    __slots__ = (
        *fitparts.FORMAT_FIELDS,
        "classes",
        "coding",
        "coef",
        "history",
        "names",
        "separation",
    )

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
        frame = frame_of(X)
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
        if type(X) is not np.ndarray and (frame := frame_of(X)) is not None:
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
        if type(X) is not np.ndarray and (frame := frame_of(X)) is not None:
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
        array([3.388, 1.825])
        """
        n_threads = threads.check(n_threads)
        names = self.names
        y, sample_weight = array_of(y, "y"), array_of(sample_weight, "sample_weight")
        offset, groups = array_of(offset, "offset"), array_of(groups, "groups")
        if (frame := frame_of(X)) is not None:
            names = frame.names if names is None else names
            X = self.design(X)
        if self.loss == "log_loss" and self.separation is None:
            z, sums = _core.margins_and_sums(
                X, self.coef, self.intercept, offset, sample_weight, n_threads, threads.most
            )
        else:
            z, sums = self.decision_function(X, offset, n_threads=n_threads), None
        check_size(len(z), self.n_samples)
        model = inference.Model(
            coef=self.coef,
            intercept=self.intercept,
            loss=self.loss,
            classes=self.classes,
            l2=self.l2,
            fit_intercept=self.fit_intercept,
            null_cost=self.null_cost,
            gap=self.gap,
            cost=self.cost,
            outcome=self._outcome(),
            diverging=None if self.separation is None else self.separation.signs,
        )
        return inference.summarize(
            model,
            X,
            y,
            z,
            sums,
            sample_weight=sample_weight,
            offset=offset,
            cov_type=cov_type,
            groups=groups,
            small_sample=small_sample,
            level=level,
            reference=reference,
            weights=weights,
            names=names,
            n_threads=n_threads,
            most_threads=threads.most,
            reads=functools.partial(_read_again, self.design),
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
        return fitparts.pack(self)

    @classmethod
    def from_parts(cls, meta, arrays):
        """The result whose `parts` these are.

        Raises
        ------
        ValueError
            If they are no such parts, or do not belong together: whatever is returned can predict.
        """
        try:
            return cls(**fitparts.unpack(meta, arrays))
        except (AttributeError, KeyError, OverflowError, TypeError) as error:
            raise ValueError(f"a part is missing or of another kind: {error!r:.200}") from None
