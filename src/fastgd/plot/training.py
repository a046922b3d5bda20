"""Pictures of what is minimised and of the way down: contours and surfaces with a path, learning
rates, cost curves, the learning curve, the boundary as it moves, solvers side by side."""

import math
from pathlib import Path

import numpy as np

from .picture import (
    Picture,
    contours,
    drawing,
    few_ticks,
    grid,
    halo,
    heights,
    legend,
    listed,
    new_figure,
    note,
    pair,
    panels,
    span,
)
from .style import COLOURS, HATCHES, LINES, MARKERS, axes
from .words import number

BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK = COLOURS[:7]
STATUSES = "converged", "max_iter", "diverged", "edge"
HIGH, LOW = 1e2, 1e-18  # of the first value: what learning rates are drawn between


# --- paths on a function of two variables ----------------------------------------------


def contour(
    f, path=None, *, xlim=None, ylim=None, minimum=None, names=("x", "y"), lang="en", ax=None
):
    """Contour lines of a function of two variables, and the path of a descent on them.

    Parameters
    ----------
    f : callable
        A function of one vector of two numbers.
    path : Descent, or array_like of shape (k + 1, 2), optional
        From ``fastgd.gradient_descent`` (the attributes `path`, `values` and `status` are read), or
        the points alone. Where it leaves the picture an arrow says so.
    xlim, ylim : (float, float), optional
        The region; around the path's first points if not given.
    minimum : array_like of shape (2,), optional
        A point to mark as the minimum.
    names : (str, str)
        Names of the variables.
    lang : {"en", "zh"}
        Language of the labels.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if not given.

    Returns
    -------
    Picture
        With `values`: `path`, `start`, `end`, or `low` and `high` without a path.
    """
    points = _points(path)
    xlim, ylim = _region(points, minimum, xlim, ylim)
    xs, ys, zs = grid(f, xlim, ylim, 81)
    with drawing(lang) as say:
        ax = axes(ax, width=6.2, height=5.2)
        contours(ax, xs, ys, zs)
        if points is not None:
            _draw_path(ax, points, xlim, ylim, say)
        if minimum is not None:
            at = pair(minimum, "minimum")
            ax.plot(*at, "*", color=GREEN, ms=15, mec="white", zorder=6, label=say("minimum"))
        ax.set(xlabel=names[0], ylabel=names[1], xlim=xlim, ylim=ylim)
        if ax.get_legend_handles_labels()[1]:
            legend(ax, loc="best", fontsize="small")
        return _path_picture(ax, f, path, points, zs, say)


def surface(f, path=None, *, xlim=None, ylim=None, names=("x", "y"), lang="en", ax=None):
    """The graph of a function of two variables in three dimensions, and the path of a descent.

    Parameters
    ----------
    f, path, xlim, ylim, names, lang
        As for `contour`.
    ax : Axes in three dimensions, optional
        Where to draw; a new figure if not given.

    Returns
    -------
    Picture
        As for `contour`.
    """
    points = _points(path)
    xlim, ylim = _region(points, None, xlim, ylim)
    xs, ys, zs = grid(f, xlim, ylim, 61)
    with drawing(lang) as say:
        if ax is None:
            ax = new_figure(6.6, 5.4).add_subplot(projection="3d", computed_zorder=False)
        elif getattr(ax, "name", "") != "3d":
            raise ValueError("ax must be in 3d: plt.subplots(subplot_kw={'projection': '3d'})")
        _hill(ax, xs, ys, zs)
        if points is not None:
            inside = _inside(points, xlim, ylim)
            there = points[: np.argmin(inside)] if not inside.all() else points
            # a little above the surface, which would swallow half of the line
            lift = heights(f, there) + 0.01 * (np.nanmax(zs) - np.nanmin(zs))
            ax.plot(*there.T, lift, "-o", color=BLACK, ms=4, lw=1.8, zorder=5,
                    label=say("path", n=len(points) - 1))  # fmt: skip
            ax.plot(*there[:1].T, lift[:1], "s", color=VERMILION, ms=9, zorder=6,
                    label=say("start"))  # fmt: skip
            if inside.all():
                ax.plot(*there[-1:].T, lift[-1:], "D", color=VERMILION, ms=8, zorder=6,
                        label=say("end"))  # fmt: skip
            legend(ax, loc="upper left", fontsize="small")
        ax.set(xlabel=names[0], ylabel=names[1], xlim=xlim, ylim=ylim)
        return _path_picture(ax, f, path, points, zs, say)


def _points(path):
    if path is None:
        return None
    points = np.asarray(getattr(path, "path", path), float)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ValueError(f"path must have the shape (steps + 1, 2), found {points.shape}")
    return points


def _region(points, minimum, xlim, ylim):
    """The limits given, or those that hold the first points, the last ones if they are near, and
    the minimum."""
    if points is None:
        known = np.array([[-2.0, -2.0], [2.0, 2.0]])
    else:
        finite = points[np.isfinite(points).all(axis=1)]
        first = finite[:4]
        reach = 2 * np.ptp(first, axis=0).max() + 1e-12
        near = (np.abs(finite - first.mean(axis=0)) <= reach).all(axis=1)
        known = np.vstack([first, finite[near]])
        known = known if minimum is None else np.vstack([known, pair(minimum, "minimum")])
    low, high = known.min(axis=0), known.max(axis=0)
    margin = 0.3 * max((high - low).max(), 1e-9) if points is not None else 0
    made = [(low[i] - margin, high[i] + margin) for i in (0, 1)]
    return span(xlim or made[0], "xlim"), span(ylim or made[1], "ylim")


def _inside(points, xlim, ylim):
    x, y = points.T
    with np.errstate(invalid="ignore"):
        return (x >= xlim[0]) & (x <= xlim[1]) & (y >= ylim[0]) & (y <= ylim[1])


def _draw_path(ax, points, xlim, ylim, say, small=False):
    """Line, start, end; where it leaves the region an arrow and a word."""
    inside = _inside(points, xlim, ylim)
    gone = not inside.all()
    size = 3.5 if small else 5
    shown = points[: np.argmin(inside) + 1] if gone else points
    ax.plot(*shown.T, "-o", color=BLACK, ms=size, lw=1.4 if small else 1.8, zorder=4, clip_on=True,
            label=say("path", n=len(points) - 1))  # fmt: skip
    ax.plot(*points[0], "s", color=VERMILION, ms=1.8 * size, mec="white", zorder=6,
            label=say("start"))  # fmt: skip
    if not gone:
        ax.plot(*points[-1], "D", color=VERMILION, ms=1.5 * size, mec="white", zorder=6,
                label=say("end"))  # fmt: skip
    elif len(shown) > 1:
        start, end = shown[-2], np.clip(np.nan_to_num(shown[-1]), -1e150, 1e150)
        way = end - start
        limits = np.array([xlim, ylim])
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = (np.where(way > 0, limits[:, 1], limits[:, 0]) - start) / way
        out = start + way * np.nanmin(np.where(way == 0, np.nan, shares))
        ax.annotate(
            "", out, start,
            arrowprops=dict(arrowstyle="-|>", color=BLACK, lw=1.8, mutation_scale=18), zorder=5,
        )  # fmt: skip
        if not small:
            right = out[0] > np.mean(xlim)
            up = out[1] > np.mean(ylim)
            note(ax, say("leaves"), out, (-8 if right else 8, -12 if up else 12),
                 ha="right" if right else "left", va="top" if up else "bottom")  # fmt: skip


def _path_picture(ax, f, path, points, zs, say):
    if points is None:
        low, high = np.nanmin(zs), np.nanmax(zs)
        alt = say("contour_alt", low=number(low), high=number(high))
        return Picture(ax, alt, low=low, high=high)
    values = np.asarray(getattr(path, "values", heights(f, points)), float)
    first, last = values[0], values[-1]
    status = getattr(path, "status", "max_iter")
    alt = say(
        "path_alt" if last < first else "path_rise_alt",
        start=", ".join(_near(v, points) for v in points[0]),
        end=", ".join(_near(v, points) for v in points[-1]),
        n=len(points) - 1,
        first=number(first),
        last=number(last, 3),
        status=say(status),
    )
    return Picture(ax, alt, path=points, start=points[0], end=points[-1])


def _near(value, scale):
    """A coordinate; 0 where it is nothing beside the start of a path."""
    return number(0 if abs(value) < 1e-4 * np.abs(scale[0]).max() else value)


def _hill(ax, xs, ys, zs, bent=None):
    """A surface; where it bends down it is dotted too."""
    ax.plot_surface(xs, ys, zs, cmap="cividis", alpha=0.75, lw=0, zorder=1)
    if bent is not None and bent.any():
        every = (slice(None, None, 3),) * 2
        there = bent[every]
        ax.plot(xs[every][there], ys[every][there], zs[every][there], ".", color=BLACK, ms=3,
                zorder=3)  # fmt: skip
    few_ticks(ax)


def learning_rates(descents, f=None, *, xlim=None, ylim=None, names=("x", "y"), lang="en"):
    """Descents with several learning rates: the value by steps, and each path on its own map.

    Those that diverge are drawn too: up to 100 times the first value, where an arrow says that they
    go on.

    Parameters
    ----------
    descents : sequence of Descent
        From ``fastgd.gradient_descent``; the attributes `path`, `values`, `status`, `n_iter` and
        `learning_rate` are read.
    f : callable, optional
        The function of one vector of two numbers, for the maps; without it there are none.
    xlim, ylim : (float, float), optional
        The region of the maps; around the first descent's path if not given.
    names : (str, str)
        Names of the variables.
    lang : {"en", "zh"}
        Language of the labels.

    Returns
    -------
    Picture
        With the axes of the values first, then the maps, and `values`: `rates`, `last`, `status`.

    Raises
    ------
    ValueError
        If there are no descents.
    """
    descents = list(descents)
    if not descents:
        raise ValueError("descents must hold one descent or more")
    with drawing(lang) as say:
        maps = len(descents) if f is not None else 0
        columns = min(max(maps, 1), 5)
        rows = -(-maps // columns)
        figure = new_figure(max(6.4, 2.3 * columns), 3.8 + 2.5 * rows)
        cells = figure.add_gridspec(rows + 1, columns, height_ratios=[1] * rows + [1.5])
        below = figure.add_subplot(cells[rows, :])
        _values_by_step(below, descents, say)
        all_axes = [below]
        if maps:
            xlim, ylim = _shared_region(descents, xlim, ylim)
            xs, ys, zs = grid(f, xlim, ylim, 61)
        for k in range(maps):
            ax = figure.add_subplot(cells[k // columns, k % columns])
            contours(ax, xs, ys, zs, labels=False)
            _draw_path(ax, _points(descents[k]), xlim, ylim, say, small=True)
            title = f"{say('rate', rate=number(descents[k].learning_rate))}\n"
            ax.set_title(title + say(_status(descents[k])), fontsize="small")
            ax.set(xlim=xlim, ylim=ylim, xlabel=names[0], ylabel=names[1] if k == 0 else "")
            ax.tick_params(labelsize="x-small")
            if 0.2 < (ylim[1] - ylim[0]) / (xlim[1] - xlim[0]) < 5:
                ax.set_aspect("equal")
            all_axes.append(ax)
        items = [
            say(
                "rate_item",
                rate=number(d.learning_rate),
                value=number(d.values[-1], 3),
                status=say(_status(d)),
                n=d.n_iter,
            )
            for d in descents
        ]
        return Picture(
            all_axes,
            say("rates_alt", list=say("semicolon").join(items)),
            rates=[d.learning_rate for d in descents],
            last=[float(d.values[-1]) for d in descents],
            status=[d.status for d in descents],
        )


def _status(descent):
    return descent.status if descent.status in STATUSES else "max_iter"


def _shared_region(descents, xlim, ylim):
    """Around the starts and everything near 1.5 times as far from the best end known."""
    if xlim and ylim:
        return span(xlim, "xlim"), span(ylim, "ylim")
    starts = np.array([_points(d)[0] for d in descents])
    best = _points(min(descents, key=lambda d: np.nan_to_num(d.values[-1], nan=np.inf)))[-1]
    reach = 1.5 * max(np.abs(starts - best).max(), 1e-9)
    made = [(best[i] - reach, best[i] + reach) for i in (0, 1)]
    return span(xlim or made[0], "xlim"), span(ylim or made[1], "ylim")


def _values_by_step(ax, descents, say):
    """One line for each learning rate, on a logarithmic axis if all values are positive or 0."""
    first = max(abs(float(d.values[0])) for d in descents) or 1.0
    every = np.concatenate([np.asarray(d.values, float) for d in descents])
    every = every[np.isfinite(every)]
    logarithmic = (every >= 0).all()
    lowest = every[every > 0].min(initial=first)
    if logarithmic:
        low, high = max(LOW * first, min(lowest, 0.1 * first)), HIGH * first
        ax.set_yscale("log")
    else:
        low, high = every.min(), every.min() + 3 * (first - every.min() or 1.0)
    for k, d in enumerate(descents):
        values = np.nan_to_num(np.asarray(d.values, float), nan=np.inf)
        steps = np.arange(len(values))
        out = np.flatnonzero(values > high)
        stop = out[0] + 1 if len(out) else len(values)
        shown = np.clip(values[:stop], low, high)
        label = f"{say('rate', rate=number(d.learning_rate))}: {say(_status(d))}"
        ax.plot(steps[:stop], shown, ls=LINES[k % 7], color=COLOURS[k % 7], marker=MARKERS[k % 7],
                markevery=0.08, ms=6, lw=1.8, label=label, zorder=3)  # fmt: skip
        if len(out):
            ax.annotate(
                "", (steps[stop - 1], high), (steps[stop - 1], high / 4 if logarithmic else
                high - 0.15 * (high - low)),
                arrowprops=dict(arrowstyle="-|>", color=COLOURS[k % 7], lw=2.4, mutation_scale=20),
                zorder=4,
            )  # fmt: skip
    if logarithmic:
        ax.set_ylim(low / 3, high * 1.5)
    longest = max(len(d.values) for d in descents) - 1
    ax.set_xlim(-0.01 * longest, max(longest, 1) * 1.02)
    ax.set(xlabel=say("iteration"), ylabel=say("value"))
    legend(ax, loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize="small")


# --- costs ------------------------------------------------------------------------------


def cost_curves(costs, interval, *, axis=None, quantity="cost", lang="en"):
    """Costs along a line, one panel each, and where they bend down.

    Parameters
    ----------
    costs : dict of str: callable
        Functions of one number. The names ``"log_loss"`` and ``"squared_error"`` (with a sigmoid)
        are written out in the language of the picture, others as they are.
    interval : (float, float)
        From where to where.
    axis : str, optional
        What the number is; the weight `w` if not given.
    quantity : {"cost", "loss"}
        What is drawn: the cost of all samples or the loss of one.
    lang : {"en", "zh"}
        Language of the labels.

    Returns
    -------
    Picture
        With `values`: for each name the triple (place of the lowest value, lowest value, share of
        the interval on which it bends down).
    """
    low, high = span(interval, "interval")
    t, found, parts = np.linspace(low, high, 401), {}, []
    with drawing(lang) as say:
        every = panels(5.2 * len(costs), 4.4, ncols=len(costs))
        for k, (ax, (name, f)) in enumerate(zip(every, costs.items(), strict=True)):
            title = say(name) if name in ("log_loss", "squared_error") else name
            curve = heights(f, t)
            bent = _bends_down(curve)
            ax.plot(t, curve, color=COLOURS[k % 7], ls=LINES[k % 2], lw=2.4, zorder=3)
            if bent.any():
                top = np.nanmax(curve) * 1.05
                ax.fill_between(t, min(0, np.nanmin(curve)), top, where=bent, facecolor="0.93",
                                edgecolor="0.6", hatch=HATCHES[1], lw=0, zorder=1,
                                label=say("not_convex"))  # fmt: skip
                legend(ax, loc="upper center", fontsize="small")
            place = int(np.nanargmin(curve))
            ax.plot(t[place], curve[place], "v", color=BLACK, ms=8, zorder=5)
            text = say("lowest", value=number(curve[place], 3), t=number(t[place], 3))
            side = _align((t[place] - low) / (high - low))
            note(ax, text, (t[place], curve[place]), (0, 10), ha=side, va="bottom")
            ax.set(title=title, xlabel=axis or say("weight"), ylabel=say(quantity))
            ax.set_xlim(low, high)
            share = float(bent.mean())
            found[name] = float(t[place]), float(curve[place]), share
            key = "bent_part" if share else "convex_part"
            parts.append(say(key, name=title, share=number(100 * share, 2)))
        alt = say("curves_alt", parts=say("semicolon").join(parts))
        return Picture(every, alt[:1].upper() + alt[1:], **found)


def _align(share):
    """How a text is aligned at this share of the width, so that it stays inside."""
    return "left" if share < 0.25 else "right" if share > 0.75 else "center"


def _bends_down(curve):
    """Where second differences are negative by more than rounding."""
    second = np.zeros(len(curve))
    second[1:-1] = curve[2:] - 2 * curve[1:-1] + curve[:-2]
    second = np.nan_to_num(second)
    noise = 64 * np.finfo(float).eps * np.nanmax(np.abs(curve))
    bent = second < -max(noise, 1e-6 * np.abs(second).max())
    bent[0], bent[-1] = bent[1], bent[-2]
    return bent


def cost_surfaces(costs, xlim, ylim, *, names=None, lang="en"):
    """Costs over two parameters, one surface each; dots where they bend down in some direction.

    Parameters
    ----------
    costs : dict of str: callable
        As for `cost_curves`, but functions of one vector of two numbers.
    xlim, ylim : (float, float)
        The region.
    names : (str, str), optional
        What the two numbers are; weight `w` and bias `b` if not given.
    lang : {"en", "zh"}
        Language of the labels.

    Returns
    -------
    Picture
        With `values`: for each name (place of the lowest value on the grid, lowest value, share of
        the area on which it bends down).
    """
    xlim, ylim = span(xlim, "xlim"), span(ylim, "ylim")
    found, parts = {}, []
    with drawing(lang) as say:
        names = names or (say("weight"), say("bias"))
        figure = new_figure(5.6 * len(costs), 5)
        every = []
        for k, (name, f) in enumerate(costs.items()):
            title = say(name) if name in ("log_loss", "squared_error") else name
            ax = figure.add_subplot(1, len(costs), k + 1, projection="3d", computed_zorder=False)
            xs, ys, zs = grid(f, xlim, ylim, 61)
            bent = _bends_down_2d(zs)
            _hill(ax, xs, ys, zs, bent)
            low = np.unravel_index(np.nanargmin(zs), zs.shape)
            at, value, share = (float(xs[low]), float(ys[low])), float(zs[low]), float(bent.mean())
            ax.plot([at[0]], [at[1]], [value], "*", color=VERMILION, ms=14, mec="white", zorder=6)
            ax.set(title=title, xlabel=names[0], ylabel=names[1], zlabel=say("cost"))
            if bent.any():
                ax.plot([], [], [], ".", color=BLACK, label=say("not_convex"))
                legend(ax, loc="upper right", fontsize="small")
            every.append(ax)
            found[name] = at, value, share
            key = "surface_part" if share else "surface_convex_part"
            shown = dict(value=number(value, 3), x=number(at[0], 3), y=number(at[1], 3))
            parts.append(
                say(key, name=title, share=number(100 * share, 2), **shown)
            )
        alt = say("curves_alt", parts=say("semicolon").join(parts))
        return Picture(every, alt[:1].upper() + alt[1:], **found)


def _bends_down_2d(zs):
    """Where the smaller eigenvalue of the second differences (scaled to the grid) is negative."""
    across = np.zeros_like(zs)
    down, mixed = across.copy(), across.copy()
    down[1:-1] = zs[2:] - 2 * zs[1:-1] + zs[:-2]
    across[:, 1:-1] = zs[:, 2:] - 2 * zs[:, 1:-1] + zs[:, :-2]
    mixed[1:-1, 1:-1] = (zs[2:, 2:] - zs[2:, :-2] - zs[:-2, 2:] + zs[:-2, :-2]) / 4
    size = np.hypot((across - down) / 2, mixed)
    least = np.nan_to_num((across + down) / 2 - size)
    least[[0, -1]], least[:, [0, -1]] = 0, 0  # the edge has no second differences
    # the mixed one is off by the fourth differences: a thousandth of the curvature is nothing
    nothing = 1e-3 * np.abs(np.nan_to_num((across + down) / 2 + size)).max()
    return least < -max(nothing, 64 * np.finfo(float).eps * np.nanmax(np.abs(zs)))


# --- training ------------------------------------------------------------------------------


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
    lang : {"en", "zh"}
        Language of the labels.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if not given.

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


def boundaries(X, y, lines=None, *, names=("x1", "x2"), classes=None, lang="en", ax=None):
    """Samples of two classes in two columns, and the lines that part them.

    Parameters
    ----------
    X : array_like of shape (n, 2)
    y : array_like of shape (n,)
        Two different labels.
    lines : dict of str: (coef, intercept), optional
        The boundary ``coef[0] x1 + coef[1] x2 + intercept = 0`` of each model, by its name; the
        side where the sum is positive counts as the second class.
    names : (str, str)
        Names of the columns.
    classes : (str, str), optional
        Names of the classes, in the order of the sorted labels.
    lang : {"en", "zh"}
        Language of the labels.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if not given.

    Returns
    -------
    Picture
        With `values`: `right`, for each line how many samples are on the right side.
    """
    X, codes, labels = _samples(X, y, classes)
    lines = {name: (_weights(w), float(np.ravel(b)[0])) for name, (w, b) in (lines or {}).items()}
    right = {name: _right(X, codes, w, b) for name, (w, b) in lines.items()}
    with drawing(lang) as say:
        ax = axes(ax, width=6.6, height=5)
        xlim, ylim = _scatter(ax, X, codes, labels, names)
        for k, (name, (w, b)) in enumerate(lines.items()):
            share = say("right_of", correct=right[name], n=len(X))
            at = _line(w, b, xlim, ylim)
            ax.plot(*(at if at is not None else ([], [])), color=COLOURS[(k + 2) % 7],
                    ls=LINES[k % 7], lw=2.2, zorder=5, label=f"{name}: {share}")  # fmt: skip
        legend(ax, loc="best", fontsize="small")
        if lines:
            items = [say("line_item", name=k, right=right[k]) for k in lines]
            alt = say("boundaries_alt", n=len(X), list=say("semicolon").join(items))
        else:
            counts = [
                say("count_item", count=int(np.sum(codes == c)), name=labels[c]) for c in (0, 1)
            ]
            alt = say("points_alt", n=len(X), counts=say("comma").join(counts))
        return Picture(ax, alt, right=right)


def _samples(X, y, classes):
    X, y = np.asarray(X, float), np.asarray(y)
    if X.ndim != 2 or X.shape[1] != 2 or len(X) != len(y):
        raise ValueError(
            f"X must have two columns and y one label for each row, found the shapes {X.shape} "
            f"and {y.shape}"
        )
    labels, codes = np.unique(y, return_inverse=True)
    if len(labels) != 2:
        raise ValueError(f"y must hold two different labels, found {len(labels)}")
    return X, codes, [str(name) for name in (labels if classes is None else classes)]


def _weights(w):
    return np.array(pair(np.ravel(w), "coef"))


def _right(X, codes, w, b):
    """How many samples are on the right side of a line."""
    return int(np.sum((X @ w + b > 0) == (codes == 1)))


def _scatter(ax, X, codes, labels, names):
    """Samples by marker and colour; the limits that hold them with a margin."""
    low, high = X.min(axis=0), X.max(axis=0)
    margin = 0.06 * np.where(high > low, high - low, 1)
    size = float(np.clip(4000 / len(X), 8, 36))
    for c, (marker, colour) in enumerate((("o", BLUE), ("^", VERMILION))):
        there = X[codes == c]
        ax.scatter(*there.T, s=size, marker=marker, facecolor=(colour, 0.35), edgecolor=colour,
                   lw=0.7, label=labels[c], zorder=2)  # fmt: skip
    limits = [(low[i] - margin[i], high[i] + margin[i]) for i in (0, 1)]
    ax.set(xlabel=names[0], ylabel=names[1], xlim=limits[0], ylim=limits[1])
    return limits


def _line(w, b, xlim, ylim):
    """The two points where a line crosses a rectangle, as xs and ys; None if it does not."""
    ends = []
    for along, across, i in ((xlim, ylim, 1), (ylim, xlim, 0)):
        if w[i]:
            for t in along:
                s = -(b + w[1 - i] * t) / w[i]
                if across[0] <= s <= across[1]:
                    ends.append((t, s) if i == 1 else (s, t))
    if len(ends) < 2:
        return None
    ends = np.array(ends)
    far = np.argmax(np.abs(ends - ends[0]).sum(axis=1))
    return np.array([ends[0], ends[far]]).T


class Animation(Picture):
    """A picture that moves, and a still of it: `figure_` and `ax_` are the still's.

    Attributes
    ----------
    figure_, ax_, alt, values
        As of `Picture`.
    frames : list of int
        Which of the models the frames show.
    """

    def __init__(self, ax, alt, frames, draw, **values):
        super().__init__(ax, alt, **values)
        self.frames, self._draw = frames, draw

    def save(self, path, *, seconds=6.0, dpi=80, **options):
        """Write the moving picture as a GIF, and the still beside it as a PNG of the same name.

        Parameters
        ----------
        path : path-like
            Ends in ``.gif``; with any other ending the still alone is written, as by
            `Picture.save`.
        seconds : float
            How long one round takes; the last frame stays for two seconds more.
        dpi : float
            Dots per inch of the GIF; 80 make it 512 wide.
        **options
            For the still, as in `Picture.save`.

        Returns
        -------
        pathlib.Path
            Of the still.

        Raises
        ------
        ModuleNotFoundError
            If Pillow is not installed.
        """
        path = Path(path)
        still = path.with_suffix(".png") if path.suffix.lower() == ".gif" else path
        super().save(still, **options)
        if still == path:
            return still
        images = self._images(dpi)
        # one palette for all, of the last frame, which has everything on it
        palette = images[-1].quantize(48)
        images = [image.quantize(palette=palette, dither=0) for image in images]
        pause = max(20, round(1000 * seconds / len(images)))
        images[0].save(
            path,
            save_all=True,
            append_images=images[1:],
            duration=[pause] * (len(images) - 1) + [pause + 2000],
            loop=0,
            comment=self.alt.encode(),
        )
        return still

    def _images(self, dpi):
        try:
            from PIL import Image
        except ModuleNotFoundError:
            raise ModuleNotFoundError(
                'moving pictures need Pillow: pip install "fastgd[plot]"', name="PIL"
            ) from None
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        images = []
        for update in self._draw(lambda w, h: Figure(figsize=(w, h), dpi=dpi)):
            canvas = FigureCanvasAgg(update)
            canvas.draw()
            images.append(Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB"))
        return images


def moving_boundary(
    X, y, models, *, iterations=None, names=("x1", "x2"), classes=None, frames=40, lang="en"
):
    """The boundary between two classes as it moves while a model is trained.

    Parameters
    ----------
    X, y, names, classes, lang
        As for `boundaries`.
    models : sequence of (coef, intercept)
        The models, one for each iteration, in order; a ``callback`` of ``fastgd.fit`` gets them.
    iterations : sequence of int, optional
        The number of each model's iteration; 0, 1, 2, ... if not given.
    frames : int
        How many of the models to show at most: the first and the last, and more of the early ones,
        where the boundary moves most.

    Returns
    -------
    Animation
        A still with the boundary at some iterations; ``save("boundary.gif")`` writes the moving
        picture and, beside it, the still. With `values`: `right`, for each model how many samples
        are on the right side.
    """
    X, codes, labels = _samples(X, y, classes)
    models = [(_weights(w), float(np.ravel(b)[0])) for w, b in models]
    if len(models) < 2:
        raise ValueError(f"models must hold two models or more, found {len(models)}")
    numbers = list(range(len(models)) if iterations is None else iterations)
    if len(numbers) != len(models):
        raise ValueError(f"iterations has {len(numbers)} entries for {len(models)} models")
    right = [_right(X, codes, w, b) for w, b in models]
    shown = _spaced(len(models), frames)

    def draw(figure):
        """Each frame's figure, the same one drawn anew."""
        with drawing(lang) as say:
            figure = figure(6.4, 4.8)
            figure.set_layout_engine("constrained")
            ax = figure.add_subplot()
            xlim, ylim = _scatter(ax, X, codes, labels, names)
            [line] = ax.plot([], [], color=BLACK, lw=2.4, zorder=5)
            none = ax.text(0.5, 0.03, "", transform=ax.transAxes, ha="center", zorder=6,
                           path_effects=halo())  # fmt: skip
            title = ax.set_title("")
            legend(ax, loc=_corner(X, xlim, ylim), fontsize="small")
            sides = []
            for k in shown:
                for side in sides:
                    side.remove()
                w, b = models[k]
                at = _line(w, b, xlim, ylim)
                line.set_data(at if at is not None else ([], []))
                none.set_text(say("no_boundary") if at is None else "")
                sides = _shade(ax, w, b, xlim, ylim)
                share = say("right_of", correct=right[k], n=len(X))
                title.set_text(say("frame", k=numbers[k], right=share))
                yield figure

    some = _spaced(len(models), 5)
    with drawing(lang) as say:
        ax = axes(width=6.6, height=5)
        xlim, ylim = _scatter(ax, X, codes, labels, names)
        for j, k in enumerate(some):
            at = _line(*models[k], xlim, ylim)
            share = say("right_of", correct=right[k], n=len(X))
            final = k == some[-1]
            ax.plot(
                *(at if at is not None else ([], [])),
                color=BLACK if final else COLOURS[(j + 2) % 6],
                ls="-" if final else LINES[1 + j % 6],
                lw=3 if final else 1.8,
                zorder=5,
                label=say("after", k=numbers[k], right=share),
            )
        legend(ax, loc="best", fontsize="small")
        alt = say("boundary_alt", n=numbers[-1] - numbers[0], first=right[0], last=right[-1],
                  total=len(X))  # fmt: skip
        return Animation(ax, alt, shown, draw, right=right)


def _corner(X, xlim, ylim):
    """The corner with the fewest samples, for a legend that stays where it is."""
    x, y = (X[:, 0] - xlim[0]) / np.ptp(xlim), (X[:, 1] - ylim[0]) / np.ptp(ylim)
    sides = {"upper": y > 0.75, "lower": y < 0.25}, {"right": x > 0.7, "left": x < 0.3}
    crowd = {f"{v} {h}": np.sum(a & b) for v, a in sides[0].items() for h, b in sides[1].items()}
    return min(crowd, key=crowd.get)


def _spaced(n, most):
    """At most `most` of the numbers below `n`: the first, the last, and more of the small ones."""
    if n <= most:
        return list(range(n))
    wanted = np.expm1(np.linspace(0, math.log(n), most))
    found = sorted({0, n - 1, *(round(float(t)) for t in wanted)} & set(range(n)))
    rest = (k for k in range(n) if k not in set(found))
    while len(found) < most:  # where the early ones fell together
        found.append(next(rest))
    return sorted(found)


def _shade(ax, w, b, xlim, ylim):
    """The two sides of a line: one dotted, both tinted."""
    x, y = np.meshgrid(np.linspace(*xlim, 120), np.linspace(*ylim, 120))
    z = w[0] * x + w[1] * y + b
    if not np.any(z):
        return []
    made = ax.contourf(x, y, z, [-np.inf, 0, np.inf], colors=[BLUE, VERMILION], alpha=0.1, zorder=0)
    return [made]


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
    lang : {"en", "zh"}
        Language of the labels.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if not given.

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
    reached = {}
    with drawing(lang) as say:
        ax = axes(ax, width=6.8, height=4.6)
        for k, (name, (passes, costs)) in enumerate(runs.items()):
            gaps = np.maximum(costs - best, floor)
            end = np.flatnonzero(gaps <= floor)  # nothing is left to be seen after that
            stop = end[0] + 1 if len(end) else len(gaps)
            below = np.flatnonzero(costs - best <= level)
            reached[name] = int(passes[below[0]]) if len(below) else None
            text = (
                say("pass_item", name=name, passes=reached[name])
                if len(below)
                else say("not_reached", name=name, passes=int(passes[-1]))
            )
            ax.plot(passes[:stop], gaps[:stop], ls=LINES[k % 7], color=COLOURS[k % 7],
                    marker=MARKERS[k % 7], markevery=0.08, label=text, zorder=3)  # fmt: skip
        ax.axhline(level, color="0.4", ls=":", lw=1.4)
        ax.set(xscale="log", yscale="log", xlabel=say("passes"), ylabel=say("gap"))
        ax.set_ylim(floor / 2, 4 * start)
        note(ax, say("reaches", target=number(level, 2)), (ax.get_xlim()[1], level), (-4, 3),
             ha="right", va="bottom", color="0.25")  # fmt: skip
        legend(ax, loc="upper right")
        items = [
            say("pass_item", name=name, passes=n)
            if n is not None
            else say("not_reached", name=name, passes=int(runs[name][0][-1]))
            for name, n in reached.items()
        ]
        alt = say("convergence_alt", target=number(level, 2), list=say("comma").join(listed(items)))
        return Picture(ax, alt, passes=reached)
