"""Coefficients as points, with their intervals."""

import math

import numpy as np

from .. import style
from .display import Display, scales


class CoefficientsDisplay(Display):
    """Coefficients as points, with intervals where they are known.

    A point is hollow where its interval holds 0. An infinite coefficient, of a separated fit, is an
    arrow at the edge of the picture.

    Parameters
    ----------
    names : list of str, length d
    coef : ndarray of shape (d, m)
        A column for each equation; infinite ones have a sign, NaN is drawn as a cross at 0.
    low, high : ndarray of shape (d, m), optional
    equations : list of str, length m
    reference : str, optional
        The class that they are seen from.
    xlabel, title : str, optional
    most : int
        How many names to show, the largest ones.

    Attributes
    ----------
    ax_, figure_
    shown : ndarray of int
        Which names are drawn, from the top.
    line_ : list of the points' artists, one for each equation
    """

    def __init__(
        self, *, names, coef, low=None, high=None, equations=("",), reference=None,
        xlabel="coefficient", title=None, most=25,
    ):  # fmt: skip
        self.names, self.coef, self.low, self.high = list(names), coef, low, high
        self.reference = reference
        self.equations, self.xlabel, self.title, self.most = list(equations), xlabel, title, most

    @classmethod
    def from_summary(cls, summary, *, scale=None, level=None, most=25, title=None, ax=None):
        """Draw what a summary has estimated, with its intervals; the intercept is left out.

        Parameters
        ----------
        summary : Summary
        scale : array of shape (d,), optional
            What each feature's coefficients are multiplied by, e.g. its standard deviation, so that
            they can be compared.
        level : float, optional
            Of the intervals, by default the summary's.
        most : int
        title : str, optional
        ax : Axes, optional
        """
        skip = int(summary.fit_intercept)
        names = summary.names[skip:]
        shape = (len(summary.names), -1)
        coef = summary.params.reshape(shape)[skip:].copy()
        ends = summary.conf_int() if level is None else summary.conf_int(level)
        low = ends[..., 0].reshape(shape)[skip:].copy()
        high = ends[..., 1].reshape(shape)[skip:].copy()
        for i, why in summary.notes.items():
            row, column = i % len(summary.names) - skip, i // len(summary.names)
            if row >= 0:
                far = math.copysign(math.inf, coef[row, column])
                coef[row, column] = far if why.startswith("infinite") else np.nan
        scale, label = _scaled(scale, len(names))
        level = summary.level if level is None else level
        if np.isfinite(low).any():
            label += f", {100 * level:g} % interval"
        if summary.penalized:
            label += "\n(the penalty biases towards zero)"
        equations, reference = [""], None
        if coef.shape[1] > 1:
            equations, reference = [*map(str, summary.equations)], str(summary.reference)
        return cls(
            names=names, coef=coef * scale, low=low * scale, high=high * scale,
            equations=equations, reference=reference, xlabel=label, title=title, most=most,
        ).plot(ax)  # fmt: skip

    @classmethod
    def from_result(cls, fit, *, names=None, scale=None, most=25, title=None, ax=None):
        """Draw the coefficients of a fit, without intervals: those take the data (`from_summary`).

        Parameters
        ----------
        fit : FitResult, or an estimator that has a ``result_``
        names : sequence of str, optional
            Of the features; by default the fit's, else x0, x1, ...
        scale, most, title, ax
            As for `from_summary`.

        Raises
        ------
        ValueError
            If there are not as many names as features.
        """
        if not hasattr(fit, "coef"):
            if names is None and fit.result_.names is None:
                names = getattr(fit, "feature_names_in_", None)
            fit = fit.result_
        coef = np.array(np.atleast_2d(fit.coef).T, dtype=float)
        names = fit.names if names is None else names
        names = [f"x{j}" for j in range(len(coef))] if names is None else list(names)
        if len(names) != len(coef):
            raise ValueError(f"names must be {len(coef)}, found {len(names)}")
        if fit.separation is not None:
            found = fit.separation
            for one, columns in list(zip(found.direction, found.columns, strict=True))[::-1]:
                one = np.atleast_2d(one).T  # the first direction outruns the others
                moved = np.abs(one) > 1e-6 * np.abs(one).max(axis=1, keepdims=True)
                moved &= np.isin(np.arange(len(one)), columns)[:, None]
                coef[moved] = np.copysign(math.inf, one[moved])
        scale, label = _scaled(scale, len(names))
        equations = [""] if coef.shape[1] == 1 else [str(one) for one in fit.classes]
        return cls(
            names=names, coef=coef * scale, equations=equations, xlabel=label,
            title=title, most=most,
        ).plot(ax)  # fmt: skip

    def plot(self, ax=None):
        """Draw into the axes given, or into a new figure as tall as it takes."""
        size = np.nan_to_num(np.abs(self.coef), nan=-1.0, posinf=math.inf).max(axis=1, initial=-1)
        self.shown = np.argsort(-size, kind="stable")[: self.most]
        equations = min(self.coef.shape[1], len(style.COLOURS))
        rows = max(1, len(self.shown))
        if ax is None:
            step = 0.27 if equations == 1 else 0.14 + 0.12 * equations
            width = 6.8 if equations == 1 else 8.0
            ax = style.axes(width=width, height=min(40, 1.3 + step * rows))
        self._take(ax)
        values = [self.coef[self.shown]]
        values += [ends[self.shown] for ends in (self.low, self.high) if ends is not None]
        finite = np.concatenate([v[np.isfinite(v)] for v in values])
        reach = float(np.abs(finite).max(initial=0)) or 1.0
        low, high = min(0.0, finite.min(initial=0)), max(0.0, finite.max(initial=0))
        low, high = low - 0.08 * reach, high + 0.08 * reach
        ax.axvline(0, color=style.FAINT, linewidth=1)
        self.line_ = []
        for k in range(equations):
            look = style.mark(k)
            place = np.arange(rows, dtype=float)[: len(self.shown)]
            place += (k - (equations - 1) / 2) * 0.7 / equations
            self.line_.append(self._draw(ax, place, k, look, low, high))
        ax.set_xlim(low, high)
        ax.set_ylim(rows - 0.5, -0.5)
        ax.set_yticks(range(len(self.shown)), [style.short(self.names[j]) for j in self.shown])
        ax.grid(axis="y", visible=equations == 1)
        ax.set_xlabel(self.xlabel)
        notes = []
        if len(self.shown) < len(self.names):
            notes.append(f"the {len(self.shown)} largest of {len(self.names)}")
        if equations < self.coef.shape[1]:
            notes.append(f"the first {equations} of {self.coef.shape[1]} classes")
        if np.isinf(self.coef[self.shown]).any():
            notes.append("arrows: infinite, the classes are separated")
        if np.isnan(self.coef[self.shown]).any():
            notes.append("crosses: not determined by the data")
        self._entitle(ax, *notes)
        if equations > 1:  # beside the axes: it would hide points within
            against = (
                None if self.reference is None else f"against {style.short(self.reference, 24)}"
            )
            style.legend(ax, loc="upper left", bbox_to_anchor=(1.01, 1.0), title=against)
        if not len(finite):
            ax.set_xticks([0])
        return self

    def _draw(self, ax, place, k, look, low, high):
        coef = self.coef[self.shown, k]
        colour, marker = look["color"], look["marker"]
        known = np.isfinite(coef)
        holds_zero = np.zeros(len(coef), bool)
        if self.low is not None:
            a, b = self.low[self.shown, k], self.high[self.shown, k]
            drawn = known & np.isfinite(a) & np.isfinite(b)
            holds_zero = drawn & (a <= 0) & (b >= 0)
            ax.hlines(
                place[drawn], a[drawn], b[drawn], color=colour, linewidth=1.8,
                linestyle=look["linestyle"],
            )  # fmt: skip
        [points] = ax.plot(
            coef[known & ~holds_zero], place[known & ~holds_zero], marker, color=colour,
            label=style.short(self.equations[k], 24),
        )  # fmt: skip
        hollow = {"markerfacecolor": style.PAPER, "markeredgewidth": 1.5}
        ax.plot(coef[holds_zero], place[holds_zero], marker, color=colour, **hollow)
        for sign, arrow, edge in (1, ">", high), (-1, "<", low):
            out = np.isinf(coef) & (np.sign(coef) == sign)
            if out.any():  # the layout makes room for what is not clipped, be it empty
                ax.plot(
                    np.full(out.sum(), edge), place[out], arrow, color=colour, markersize=11,
                    clip_on=False, zorder=5,
                )  # fmt: skip
        missing = np.isnan(coef)
        ax.plot(np.zeros(missing.sum()), place[missing], "x", color=colour)
        return points


def _scaled(scale, d):
    """What each of d features is multiplied by, shape (d, 1), and what comes of it in words."""
    scale = scales(scale, d)
    label = "coefficient" if (scale == 1).all() else "coefficient per standard deviation"
    return scale[:, None], label
