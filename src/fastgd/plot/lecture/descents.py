"""Ways down: a descent's path on contour lines and on the surface, several learning rates."""

import numpy as np

from ..canvas import contours, hill, legend, new_figure, note
from ..picture import Picture, drawing
from ..sampling import grid, heights, pair, span
from ..style import BLACK, COLOURS, GREEN, LINES, MARKERS, VERMILION, axes
from ..words import number

STATUSES = "converged", "max_iter", "diverged", "edge"
HIGH, LOW = 1e2, 1e-18  # of the first value: what learning rates are drawn between


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
    lang, ax
        As for `secants`.

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
        hill(ax, xs, ys, zs)
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
