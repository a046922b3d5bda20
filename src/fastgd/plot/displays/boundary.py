"""The plane of two features, as a fit or an estimator decides on it."""

import math

import numpy as np

from .. import style
from .display import Display, predicted

MOST_POINTS = 2000  # of a scatter


class DecisionBoundaryDisplay(Display):
    """The plane of two features: which class is predicted where, and how surely.

    Parameters
    ----------
    x, y : ndarray of shape (g,)
        The grid.
    probabilities : ndarray of shape (g, g, K)
        A line of the grid for each of `y`.
    classes : sequence of labels
    points : ndarray of shape (n, 2), optional
    labels : ndarray of shape (n,), optional
    names : pair of str
    title : str, optional

    Attributes
    ----------
    ax_, figure_
    surface_ : the filled contours
    line_ : list of the points' artists, one for each class
    """

    def __init__(
        self, *, x, y, probabilities, classes, points=None, labels=None, names=("x0", "x1"),
        title=None,
    ):  # fmt: skip
        self.x, self.y, self.probabilities, self.classes = x, y, probabilities, list(classes)
        self.points, self.labels, self.names, self.title = points, labels, names, title

    @classmethod
    def from_estimator(cls, estimator, X, y=None, *, names=None, grid=200, title=None, ax=None):
        """Draw the decisions of a fit or an estimator of two features.

        Parameters
        ----------
        estimator : object
            With ``predict_proba`` and ``classes`` or ``classes_``.
        X : array of shape (n, 2), or a frame
            The rows tell how far the plane reaches.
        y : array of shape (n,), optional
            With it the rows are drawn.
        names : pair of str, optional
        grid : int
            Points along each axis.
        title : str, optional
        ax : Axes, optional

        Raises
        ------
        ValueError
            If there are not two features, or one is not finite or no number.
        """
        columns = getattr(X, "column_names", getattr(X, "columns", None))  # of PyArrow, of others
        if names is None:
            names = getattr(estimator, "names", None) if columns is None else columns
        if grid < 2:
            raise ValueError(f"grid must be 2 at least, found {grid}")
        try:
            points = np.asarray(X, dtype=float)
        except ValueError as error:
            raise ValueError(f"X must hold numbers: {error}") from None
        if points.ndim != 2 or points.shape[1] != 2 or not len(points):
            raise ValueError(f"X must be of shape (n, 2), found {points.shape}")
        if not np.isfinite(points).all():
            row = int((~np.isfinite(points)).any(axis=1).argmax())
            raise ValueError(f"X must be finite; row {row} is not")
        low, high = points.min(axis=0), points.max(axis=0)
        edge = np.where(high > low, 0.06 * (high - low), 1.0)
        x, z = np.linspace(low - edge, high + edge, grid).T
        plane = np.stack(np.meshgrid(x, z), axis=-1).reshape(-1, 2)
        if columns is not None:
            frame = getattr(type(X), "from_pydict", type(X))
            plane = frame(dict(zip(columns, plane.T, strict=True)))
        probabilities, classes = predicted(estimator, plane)
        return cls(
            x=x, y=z, probabilities=probabilities.reshape(grid, grid, -1), classes=classes,
            points=points, labels=None if y is None else np.asarray(y),
            names=("x0", "x1") if names is None else tuple(names), title=title,
        ).plot(ax)  # fmt: skip

    def plot(self, ax=None):
        """Draw into the axes given, or into a new figure."""
        if ax is None:
            ax = style.axes(width=6.4, height=5.2)
        self._take(ax)
        best = self.probabilities.argmax(axis=-1)
        self._draw_regions(ax, best)
        if len(self.classes) == 2:
            self._draw_levels(ax)
        else:
            self._draw_borders(ax, best)
        self.line_ = []
        if self.labels is not None:
            self._draw_points(ax)
            style.legend(ax, loc="best", title="class")
        ax.grid(visible=False)
        ax.set_xlabel(style.short(self.names[0]))
        ax.set_ylabel(style.short(self.names[1]))
        self._entitle(ax)
        return self

    def _draw_regions(self, ax, best):
        n, k = len(style.COLOURS), len(self.classes)
        with style.context():
            self.surface_ = ax.contourf(
                self.x, self.y, best, levels=np.arange(k + 1) - 0.5, alpha=0.18,
                colors=[style.COLOURS[i % n] for i in range(k)],
                hatches=[style.HATCHES[i % n] for i in range(k)],
            )  # fmt: skip

    def _draw_levels(self, ax):
        """Of two classes: where the probability is a half, and how fast it leaves that."""
        p = self.probabilities[..., 1]
        for levels, dash, width in ([0.5], "-", 2.0), ([0.1, 0.25, 0.75, 0.9], "--", 1.0):
            levels = [level for level in levels if p.min() < level < p.max()]
            if levels:
                lines = ax.contour(
                    self.x, self.y, p, levels=levels, colors=style.INK, linestyles=dash,
                    linewidths=width,
                )  # fmt: skip
                ax.clabel(lines, fmt="%.2g", fontsize=9)

    def _draw_borders(self, ax, best):
        """Of K classes: where each is as probable as the next."""
        for i in range(len(self.classes)):
            if (best == i).any() and (best != i).any():
                others = np.delete(self.probabilities, i, axis=-1).max(axis=-1)
                ax.contour(
                    self.x, self.y, self.probabilities[..., i] - others, levels=[0],
                    colors=style.INK, linewidths=1.5,
                )  # fmt: skip

    def _draw_points(self, ax):
        n, every = len(style.COLOURS), math.ceil(len(self.labels) / MOST_POINTS)
        for i, label in enumerate(self.classes):
            rows = self.points[self.labels == label][::every]
            self.line_ += ax.plot(
                rows[:, 0], rows[:, 1], style.MARKERS[i % n], color=style.COLOURS[i % n],
                markersize=5, markeredgecolor=style.PAPER, markeredgewidth=0.6,
                label=style.short(label, 24),
            )  # fmt: skip
