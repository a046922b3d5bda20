"""Slopes of a function of one variable: secants and tangent, the error of a difference, a function
beside its derivative.

Functions are called with a float. What is measured (tables, derivatives) is handed in; nothing here
computes it anew.
"""

import math

import numpy as np

from ..canvas import legend, limits, note, panels
from ..picture import Picture, drawing
from ..sampling import heights, span
from ..style import BLACK, BLUE, LINES, MARKERS, VERMILION, axes
from ..words import listed, number


def secants(f, table, *, steps=None, name="f", lang="en", ax=None):
    """Secants through two points of a graph as they turn into the tangent, with a small triangle.

    Parameters
    ----------
    f : callable
        The function of one number that `table` is about.
    table : DifferenceTable
        From ``fastgd.calculus.difference_table(f, x, steps)``; the attributes `x`, `value`,
        `steps`, `rises`, `forward` and `derivative` are read.
    steps : sequence of float, optional
        Which steps of the table to draw; the widest four that can be told apart if not given. One
        small step is drawn magnified: the picture shows the surroundings of `x` at its scale.
    name : str
        What the function is called.
    lang : {"en", "zh"}
        Language of the labels.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if not given.

    Returns
    -------
    Picture
        With `values`: `steps` and `slopes` of the secants drawn, `tangent`, and the `triangle` as
        (step, rise).

    Raises
    ------
    ValueError
        If a step is not in the table.
    """
    all_steps = np.asarray(table.steps, float)
    usable = np.flatnonzero(np.isfinite(table.forward))
    if steps is None:
        rows = usable[all_steps[usable] >= all_steps.max() / 30]
        rows = rows[np.argsort(-all_steps[rows])][:4]
    else:
        rows = np.array([_row(all_steps, h) for h in np.atleast_1d(steps)], int)
        rows = rows[np.argsort(-all_steps[rows])]
    if not len(rows):
        raise ValueError("table has no step at which the difference is defined")
    x, value, derivative = float(table.x), float(table.value), table.derivative
    widest = all_steps[rows[0]]
    view = np.array([x - 0.9 * widest, x + 1.5 * widest])
    with drawing(lang) as say:
        ax = axes(ax)
        t = np.linspace(*view, 301)
        curve = heights(f, t)
        ax.plot(t, curve, color="0.62", lw=6, label=say("function", name=name), zorder=3)
        for k, row in enumerate(rows):
            h, slope = all_steps[row], table.forward[row]
            ax.plot(
                view,
                value + slope * (view - x),
                color=BLUE,
                ls=LINES[1 + k % 3],
                lw=1.6,
                zorder=5,
                marker=MARKERS[k % 7],
                markevery=[],
                label=say("secant", h=number(h), slope=number(slope, 6)),
            )
            ax.plot(x + h, value + table.rises[row], MARKERS[k % 7], color=BLUE, ms=7, zorder=5)
        for slope, side, label in _tangents(derivative):
            reach = {"both": view, "left": (view[0], x), "right": (x, view[1])}[side]
            reach = np.array(reach)
            ax.plot(
                reach,
                value + slope * (reach - x),
                color=VERMILION,
                lw=2.2,
                label=say(label, slope=number(slope, 6)),
                zorder=4,
            )
        h, rise = widest, float(table.rises[rows[0]])
        ax.fill(
            [x, x + h, x + h], [value, value, value + rise], color=BLUE, alpha=0.12, lw=0, zorder=1
        )
        ax.plot([x, x + h, x + h], [value, value, value + rise], color=BLUE, lw=1, zorder=2)
        note(
            ax,
            say("run", h=number(h)),
            (x + h / 2, value),
            (0, -4 if rise >= 0 else 4),
            ha="center",
            va="top" if rise >= 0 else "bottom",
        )
        note(ax, say("rise", rise=number(rise, 6)), (x + h, value + rise / 2), (6, 0), va="center")
        ax.plot(x, value, "o", color=BLACK, ms=8, zorder=6)
        ax.set_xlim(view)
        ax.set_ylim(limits([*curve, value, value + rise], 0.08))
        legend(ax, loc="best", fontsize="small")
        return Picture(
            ax,
            _secants_alt(table, rows, say),
            steps=all_steps[rows],
            slopes=np.asarray(table.forward)[rows],
            tangent=float(derivative),
            triangle=(h, rise),
        )


def _row(steps, h):
    found = np.flatnonzero(np.isclose(steps, h, rtol=1e-9, atol=0))
    if not len(found):
        raise ValueError(f"steps: {h:g} is not in the table, which has {list(steps)}")
    return found[0]


def _tangents(derivative):
    """(slope, side, label) of what can be drawn."""
    if math.isfinite(derivative):
        return [(float(derivative), "both", "tangent")]
    sides = [
        (float(getattr(derivative, side, math.nan)), side, f"{side}_slope")
        for side in ("left", "right")
    ]
    return [(slope, side, label) for slope, side, label in sides if math.isfinite(slope)]


def _secants_alt(table, rows, say):
    x, derivative = number(table.x), table.derivative
    if not math.isfinite(derivative):
        sides = (getattr(derivative, side, math.nan) for side in ("left", "right"))
        left, right = (number(slope) for slope in sides)
        return say("no_tangent_alt", x=x, left=left, right=right)
    slopes = np.asarray(table.forward)[rows]
    if np.allclose(slopes, float(derivative), rtol=1e-6, atol=1e-9):
        return say("straight_alt", x=x, slope=number(derivative, 6))
    return say(
        "secants_alt",
        x=x,
        first=number(table.steps[rows[0]]),
        last=number(table.steps[rows[-1]]),
        slope_first=number(slopes[0], 6),
        slope_last=number(slopes[-1], 6),
        slope=number(derivative, 6),
    )


def difference_error(table, *, lang="en", ax=None):
    """The error of difference quotients against the step, both on logarithmic axes.

    Forward and central differences first gain as the step shrinks, in proportion to ``h`` and
    ``h^2``, and then lose to rounding, in proportion to ``1 / h``.

    Parameters
    ----------
    table : DifferenceTable
        The attributes `steps`, `forward`, `central` and `derivative` are read.
    lang, ax
        As for `secants`.

    Returns
    -------
    Picture
        With `values`: `forward` and `central`, the errors in the order of the table's steps, and
        `best`, for each the pair (step, error).

    Raises
    ------
    ValueError
        If the table's derivative is not finite: there is nothing to compare with.
    """
    if not math.isfinite(table.derivative):
        raise ValueError("table.derivative must be finite: without it there is no error to draw")
    steps = np.asarray(table.steps, float)
    errors = {
        kind: np.abs(np.asarray(getattr(table, kind), float) - float(table.derivative))
        for kind in ("forward", "central")
    }
    seen = np.concatenate([e[np.isfinite(e) & (e > 0)] for e in errors.values()])
    floor = seen.min() / 5 if len(seen) else 1e-17
    order, best = np.argsort(steps), {}
    with drawing(lang) as say:
        ax = axes(ax)
        ax.set(xscale="log", yscale="log", xlabel=say("step"), ylabel=say("error_of_slope"))
        looks = {"forward": (BLUE, "-", "o"), "central": (VERMILION, "--", "s")}
        for kind, error in errors.items():
            colour, line, marker = looks[kind]
            there = order[np.isfinite(error[order])]
            shown = np.where(error > 0, error, floor)
            # of several that are equal the widest step
            place = there[::-1][np.argmin(error[there[::-1]])]
            best[kind] = float(steps[place]), float(error[place])
            least = say("best_step", error=number(error[place], 2), h=number(steps[place]))
            ax.plot(steps[there], shown[there], ls=line, marker=marker, color=colour, lw=1.8,
                    ms=6, label=f"{say(kind)} ({least})")  # fmt: skip
            none = there[error[there] == 0]
            if len(none):
                ax.plot(steps[none], shown[none], marker, mfc="white", mec=colour, ms=6,
                        label=say("exact", count=len(none)), ls="none", zorder=4)  # fmt: skip
            ax.plot(steps[place], shown[place], marker, color=colour, ms=14, alpha=0.35, zorder=2)
        low, high = ax.get_ylim()
        ax.set_ylim(low / 8, high * 300)  # with room for the legend
        _guides(ax, steps, errors, best, say)
        legend(ax, loc="upper center", fontsize="small")
        return Picture(
            ax,
            say(
                "error_alt",
                forward_h=number(best["forward"][0]),
                forward=number(best["forward"][1], 2),
                central_h=number(best["central"][0]),
                central=number(best["central"][1], 2),
            ),
            best=best,
            **errors,
        )


def _guides(ax, steps, errors, best, say):
    """Thin lines with the slopes that theory promises, through a point of each curve."""
    for kind, power, label in (("forward", 1, "\u221d h"), ("central", 2, "\u221d h\u00b2")):
        falling = (steps > best[kind][0]) & (steps <= 0.1) & (errors[kind] > 0)
        if np.count_nonzero(falling) < 2:
            continue
        row = np.flatnonzero(falling)[np.argmax(steps[falling])]
        h = np.array([steps[row] / 300 ** (1 / power), steps[row]])
        line = errors[kind][row] * (h / steps[row]) ** power * (3 if power == 1 else 0.2)
        ax.plot(h, line, ":", color="0.45", lw=1.4)
        if power == 1:
            note(ax, label, (h[0], line[0]), (-2, 2), color="0.3", ha="right", va="bottom")
        else:
            note(ax, label, (h[0], line[0]), (4, -2), color="0.3", ha="left", va="top")
    error = errors["forward"]
    rising = (steps < best["forward"][0]) & (error > 0)
    if np.count_nonzero(rising) >= 2:
        ax.text(0.02, 0.04, say("rounding"), transform=ax.transAxes, color="0.3", fontsize="small")


def derivative(
    f, slope, interval, *, points=(), name="f(x)", slope_name="f\u2032(x)", x_name="x", lang="en"
):
    """A function above its derivative: the slope of the one is the height of the other.

    Parameters
    ----------
    f : callable
        A function of one number.
    slope : callable
        Its derivative, of one number, such as ``calculus.derivative_function(f)``.
    interval : (float, float)
        From where to where.
    points : sequence of float
        Where to draw a piece of the tangent in the upper panel, and its slope in the lower one.
    name, slope_name, x_name : str
        What the functions and their variable are called.
    lang : {"en", "zh"}
        Language of the labels.

    Returns
    -------
    Picture
        With two axes, and `values`: `points` and `slopes` there.
    """
    low, high = span(interval, "interval")
    points = np.atleast_1d(np.asarray(points, float))
    t = np.linspace(low, high, 241)
    curve, lower = heights(f, t), heights(slope, t)
    at, there = heights(f, points), heights(slope, points)
    if np.isfinite(lower).any():  # what rounding leaves of 0
        there = np.where(np.abs(there) < 1e-9 * np.nanmax(np.abs(lower)), 0, there)
    if not len(points):  # something to say even so
        finite = np.flatnonzero(np.isfinite(lower))[[0, -1]]
        told, slopes = t[finite], lower[finite]
    else:
        told, slopes = points, there
    with drawing(lang) as say:
        upper_ax, lower_ax = panels(6.4, 6, nrows=2, sharex=True)
        upper_ax.plot(t, curve, color=BLUE, lw=2.2, label=say("function", name=name))
        lower_ax.plot(
            t, lower, color=VERMILION, lw=2.2, ls="--", label=say("derivative_of", name=slope_name)
        )
        lower_ax.axhline(0, color="0.6", lw=0.8)
        half = 0.09 * (high - low)
        bend = np.gradient(lower, t)
        for k, (x, y, s) in enumerate(zip(points, at, there, strict=True)):
            marker = MARKERS[k % 7]
            piece = np.array([x - half, x + half])
            upper_ax.plot(piece, y + s * (piece - x), color=BLACK, lw=2.4, zorder=4)
            upper_ax.plot(x, y, marker, color=BLACK, ms=8, zorder=5)
            lower_ax.plot([x, x], [0, s], ":", color=BLACK, lw=1.4)
            lower_ax.plot(x, s, marker, color=BLACK, ms=8, zorder=5)
            _note_off(upper_ax, say("slope_at", slope=number(s)), (x, y), s, curve, t)
            rise = np.interp(x, t, bend)
            _note_off(lower_ax, say("value_at", value=number(s)), (x, s), rise, lower, t)
        for ax in (upper_ax, lower_ax):
            ax.margins(y=0.14)  # with room for the notes
            legend(ax, loc="best")
        lower_ax.set_xlabel(x_name)
        lower_ax.set_ylabel(say("slope"))
        pairs = [
            say("pair", slope=number(s), x=f"{x_name} = {number(x)}")
            for x, s in zip(told, slopes, strict=True)
        ]
        alt = say("derivative_alt", pairs=say("comma").join(listed(pairs)))
        return Picture([upper_ax, lower_ax], alt, points=told, slopes=slopes)


def _note_off(ax, text, at, rise, curve, t):
    """A text beside a point of a curve over `t`, off the line that rises through it."""
    wide = t[-1] - t[0]
    if not abs(rise) * wide > 0.1 * np.nanmax(curve) - 0.1 * np.nanmin(curve):  # level
        note(ax, text, at, (0, 8), ha="center", va="bottom")
        return
    left = at[0] > t[0] + 0.75 * wide
    up = (rise > 0) == left
    note(ax, text, at, (-8 if left else 8, 4 if up else -4),
         ha="right" if left else "left", va="bottom" if up else "top")  # fmt: skip
