"""How a fit converged: its cost, and how far it was from the optimum."""

import math

import numpy as np

from .. import style
from .display import Display


class ConvergenceDisplay(Display):
    """Cost and distance from the optimum against passes over the data.

    Parameters
    ----------
    names : list of str
    passes, cost, gap : list of ndarrays
        One of each for each fit, an entry for an iteration, and one for what the passes after the
        last of them have found. Gaps that are not finite are not drawn.
    null_cost : float, optional
    title : str, optional

    Attributes
    ----------
    ax_ : ndarray of two Axes
    figure_ : Figure
    line_ : list of pairs of lines: of the cost, of the gap (None where none is known)
    """

    def __init__(self, *, names, passes, cost, gap, null_cost=None, title=None):
        self.names, self.passes, self.cost, self.gap = names, passes, cost, gap
        self.null_cost, self.title = null_cost, title

    @classmethod
    def from_results(cls, results, *, names=None, title=None, ax=None):
        """Draw one or several fits that were made with ``record=True``.

        What one fit has certified, ``cost - gap``, bounds the costs of all fits of the same problem
        from below. So the distance drawn is a rigorous bound for every iterate, of solvers without
        a certificate too.

        Parameters
        ----------
        results : FitResult, or a sequence of them, or a dict of names to them
        names : sequence of str, optional
            By default the solvers'.
        title : str, optional
        ax : two Axes, optional

        Raises
        ------
        ValueError
            If a fit has no history.
        """
        if isinstance(results, dict):
            names, results = list(results), list(results.values())
        elif hasattr(results, "history"):
            results = [results]
        results = list(results)
        if not results:
            raise ValueError("results must be one fit or more, found none")
        names = [fit.solver for fit in results] if names is None else list(names)
        if len(names) != len(results):
            raise ValueError(f"names must be {len(results)}, found {len(names)}")
        for name, fit in zip(names, results, strict=True):
            if fit.history is None or not len(fit.history["cost"]):
                raise ValueError(f"the fit {name!r} has no history: fit with record=True")
        passes, costs, gaps = zip(*map(_points, results), strict=True)
        gaps = list(gaps)
        for i, fit in enumerate(results):
            floors = [other.cost - other.gap for other in results if _same_problem(fit, other)]
            above = np.maximum(costs[i] - max(floors), np.finfo(float).eps * abs(fit.cost))
            gaps[i] = np.where(gaps[i] > 0, np.minimum(gaps[i], above), above)
        return cls(
            names=names,
            passes=list(passes),
            cost=list(costs),
            gap=gaps,
            null_cost=max(fit.null_cost for fit in results),
            title=title,
        ).plot(ax)

    def plot(self, ax=None):
        """Draw into two axes, or into a new figure."""
        if ax is None:
            ax = style.axes(width=6.4, height=5.6, nrows=2, sharex=True)
        self._take(ax)
        top, bottom = ax
        self.line_ = []
        for i, name in enumerate(self.names):
            look = style.mark(i)
            look["markevery"] = max(1, len(self.passes[i]) // 12)
            [cost] = top.plot(self.passes[i], self.cost[i], label=style.short(name), **look)
            known = np.isfinite(self.gap[i])
            gap = None
            if known.any():
                [gap] = bottom.plot(self.passes[i][known], self.gap[i][known], **look)
            self.line_.append((cost, gap))
        ends = [passes[-1] for passes in self.passes]
        if max(ends) > 20 * min(ends):
            top.set_xscale("log")
            bottom.set_xscale("log")
        else:
            for each in ax:
                each.xaxis.get_major_locator().set_params(integer=True)
        if self.null_cost is not None and max(c.max() for c in self.cost) <= 3 * self.null_cost:
            top.axhline(self.null_cost, color=style.FAINT, linestyle=":", linewidth=1.2)
            top.annotate(
                "null model", (1, self.null_cost), (-4, -4), textcoords="offset points",
                xycoords=("axes fraction", "data"), ha="right", va="top", color=style.FAINT,
                fontsize=9.5,
            )  # fmt: skip
        top.set_ylabel("cost")
        bottom.set_ylabel("above the optimum, at most")
        bottom.set_xlabel("passes over the data")
        if any(gap is not None for _, gap in self.line_):
            bottom.set_yscale("log")
        else:
            bottom.set_yticks([])
            bottom.text(
                0.5, 0.5, "no certificate: the distance is not known",
                transform=bottom.transAxes, ha="center", va="center", color=style.FAINT,
            )  # fmt: skip
        style.legend(top)
        self._entitle(top)
        return self


def _points(fit):
    """Passes, costs and gaps of a fit's iterates, and of its end where that took more passes."""
    found = [np.array(fit.history[key]) for key in ("passes", "cost", "gap")]
    if fit.n_passes > found[0][-1]:
        last = fit.n_passes, fit.cost, fit.gap
        found = [np.append(*both) for both in zip(found, last, strict=True)]
    return found


def _same_problem(a, b):
    """Whether two fits minimise the same cost, as far as their results tell."""
    return (
        (a.loss, a.n_samples, a.n_features) == (b.loss, b.n_samples, b.n_features)
        and math.isclose(a.null_cost, b.null_cost, rel_tol=1e-9)
        and np.shape(a.l2) == np.shape(b.l2)
        and np.allclose(a.l2, b.l2, rtol=1e-12, atol=0)
    )
