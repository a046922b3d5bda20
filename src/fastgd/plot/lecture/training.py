"""How training goes: the cost by iterations, and solvers side by side."""

import numpy as np

from ..canvas import legend, note
from ..picture import Picture, drawing
from ..style import BLUE, COLOURS, LINES, MARKERS, VERMILION, axes
from ..words import listed, number


def learning_curve(run, *, best=None, logarithmic=False, lang="en", ax=None):
    """The cost by iterations.

    Parameters
    ----------
    run : FitResult, Descent, or array_like of shape (k + 1,)
        A fit made with ``record=True`` (its `history` is read), a descent (its `values`), or the
        costs.
    best : float, optional
        The smallest cost that is possible, drawn as a level.
    logarithmic : bool
        Whether the cost's axis is logarithmic.
    lang, ax
        As for `secants`.

    Returns
    -------
    Picture
        With `values`: `costs` and `half`, the iteration after which half of the way was made.
    """
    steps, costs = _costs(run)
    if costs.ndim != 1 or len(costs) < 2 or not np.isfinite(costs[0]):
        raise ValueError(f"run must hold two costs or more, found an array of shape {costs.shape}")
    n, first, last = int(steps[-1]), costs[0], costs[-1]
    goal = last if best is None else float(best)
    half = int(steps[np.argmax(costs <= (first + goal) / 2)])
    with drawing(lang) as say:
        ax = axes(ax)
        ax.plot(steps, costs, "-o", color=BLUE, ms=4, markevery=max(1, n // 25), label=say("cost"))
        if best is not None:
            ax.axhline(best, color=VERMILION, ls="--", lw=1.6,
                       label=say("best_known", value=number(best)))  # fmt: skip
        if logarithmic:
            ax.set_yscale("log")
        ax.set(xlabel=say("iteration"), ylabel=say("cost"), title=say("learning_curve"))
        note(ax, number(first), (steps[0], first), (8, 0), va="center")
        note(ax, number(last), (n, last), (0, 8), ha="right")
        legend(ax, loc="upper right")
        if last < first and np.nanargmin(costs) >= len(costs) - 2:
            alt = say("curve_alt", first=number(first), last=number(last), n=n, half=half)
        else:
            lowest = int(np.nanargmin(costs))
            alt = say("curve_rise_alt", first=number(first), last=number(last), n=n,
                      lowest=number(costs[lowest]), best=int(steps[lowest]))  # fmt: skip
        return Picture(ax, alt, costs=costs, half=half)


def _costs(run):
    """Iterations and costs: a fit's history begins after the first one."""
    history = getattr(run, "history", None)
    if history is None and hasattr(run, "history"):
        raise ValueError("run has no history: fit with record=True")
    first = 0 if history is None else 1
    costs = np.asarray(getattr(run, "values", run) if history is None else history["cost"], float)
    return np.arange(first, first + costs.size), costs


def convergence(fits, *, target=1e-8, best=None, lang="en", ax=None):
    """Solvers side by side on one problem: passes over the data until the same gap.

    Parameters
    ----------
    fits : dict of str: FitResult
        Fits of the same problem made with ``record=True``, by name; `history` is read.
    target : float
        How near to the smallest cost, as a share of the cost at the start.
    best : float, optional
        The smallest cost; the smallest that any of the fits met if not given.
    lang, ax
        As for `secants`.

    Returns
    -------
    Picture
        With `values`: `passes`, for each fit the passes until the target was reached, or None.
    """
    runs = {}
    for name, fit in fits.items():
        history = getattr(fit, "history", None)
        if history is None:
            raise ValueError(f"fits[{name!r}] has no history: fit with record=True")
        runs[name] = np.asarray(history["passes"], float), np.asarray(history["cost"], float)
    if not runs:
        raise ValueError("fits must hold one fit or more")
    best = min(np.nanmin(c) for _, c in runs.values()) if best is None else float(best)
    start = max(c[0] for _, c in runs.values()) - best or 1.0
    level = target * start
    floor = max(1e-16 * max(abs(best), start), 1e-3 * level)
    reached = {name: _passes_until(level, *run, best) for name, run in runs.items()}
    with drawing(lang) as say:
        texts = {
            name: say("not_reached", name=name, passes=int(runs[name][0][-1]))
            if passes is None
            else say("pass_item", name=name, passes=passes)
            for name, passes in reached.items()
        }
        ax = axes(ax, width=6.8, height=4.6)
        for k, (name, (passes, costs)) in enumerate(runs.items()):
            gaps = np.maximum(costs - best, floor)
            end = np.flatnonzero(gaps <= floor)  # nothing is left to be seen after that
            stop = end[0] + 1 if len(end) else len(gaps)
            ax.plot(passes[:stop], gaps[:stop], ls=LINES[k % 7], color=COLOURS[k % 7],
                    marker=MARKERS[k % 7], markevery=0.08, label=texts[name], zorder=3)  # fmt: skip
        ax.axhline(level, color="0.4", ls=":", lw=1.4)
        ax.set(xscale="log", yscale="log", xlabel=say("passes"), ylabel=say("gap"))
        ax.set_ylim(floor / 2, 4 * start)
        note(ax, say("reaches", target=number(level, 2)), (ax.get_xlim()[1], level), (-4, 3),
             ha="right", va="bottom", color="0.25")  # fmt: skip
        legend(ax, loc="upper right")
        items = say("comma").join(listed(texts.values()))
        alt = say("convergence_alt", target=number(level, 2), list=items)
        return Picture(ax, alt, passes=reached)


def _passes_until(level, passes, costs, best):
    """The passes after which a cost is within `level` of the best, or None."""
    below = np.flatnonzero(costs - best <= level)
    return int(passes[below[0]]) if len(below) else None
