"""Pictures of the lecture, from the derivative to the gradient: secants and tangent, the error of a
difference, a function beside its derivative, hillside, gradient and slopes by direction.

Functions of one variable are called with a float, those of two with a vector. What is measured
(tables, derivatives, gradients) is handed in; nothing here computes it anew.
"""

import math

import numpy as np

from .picture import (
    Picture,
    contours,
    drawing,
    few_ticks,
    grid,
    heights,
    legend,
    limits,
    listed,
    new_figure,
    note,
    pair,
    panels,
    span,
)
from .style import COLOURS, LINES, MARKERS, axes
from .words import number

BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK = COLOURS[:7]


# --- one variable ----------------------------------------------------------------------


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
        for k, (x, y, s) in enumerate(zip(points, at, there, strict=True)):
            marker = MARKERS[k % 7]
            piece = np.array([x - half, x + half])
            upper_ax.plot(piece, y + s * (piece - x), color=BLACK, lw=2.4, zorder=4)
            upper_ax.plot(x, y, marker, color=BLACK, ms=8, zorder=5)
            lower_ax.plot([x, x], [0, s], ":", color=BLACK, lw=1.4)
            lower_ax.plot(x, s, marker, color=BLACK, ms=8, zorder=5)
            right = x > low + 0.75 * (high - low)
            place = dict(ha="right" if right else "left", va="center")
            gap = -10 if right else 10
            note(upper_ax, say("slope_at", slope=number(s)), (x, y), (gap, -4), **place)
            note(lower_ax, say("value_at", value=number(s)), (x, s), (gap, -4), **place)
        for ax in (upper_ax, lower_ax):
            legend(ax, loc="best")
        lower_ax.set_xlabel(x_name)
        lower_ax.set_ylabel(say("slope"))
        pairs = [
            say("pair", slope=number(s), x=f"{x_name} = {number(x)}")
            for x, s in zip(told, slopes, strict=True)
        ]
        alt = say("derivative_alt", pairs=say("comma").join(listed(pairs)))
        return Picture([upper_ax, lower_ax], alt, points=told, slopes=slopes)


# --- two variables -----------------------------------------------------------------------


def legs(gradient, *, direction=None, names=("x", "y"), lang="en", ax=None):
    """The partial derivatives as legs and the gradient as hypotenuse of a right triangle.

    Parameters
    ----------
    gradient : array_like of shape (2,)
        The two partial derivatives at a point.
    direction : float, optional
        A direction in degrees; the gradient's projection on it is drawn: the slope there.
    names : (str, str)
        Names of the variables.
    lang, ax
        As for `secants`.

    Returns
    -------
    Picture
        With `values`: `length`, `angle` in degrees and, with a direction, `projection`.
    """
    dx, dy = pair(gradient, "gradient")
    length, angle = math.hypot(dx, dy), math.degrees(math.atan2(dy, dx))
    if not length:
        raise ValueError("gradient must not be zero: it has no direction to draw")
    with drawing(lang) as say:
        ax = axes(ax, width=6.4, height=5.4)
        ax.set_aspect("equal")
        tip = dict(angles="xy", scale_units="xy", scale=1, width=0.009, zorder=4)
        ax.quiver(0, 0, dx, 0, color=BLUE, **tip)
        ax.quiver(dx, 0, 0, dy, color=GREEN, **tip)
        ax.quiver(0, 0, dx, dy, color=VERMILION, **{**tip, "width": 0.013, "zorder": 5})
        below, beyond = math.copysign(1, dy or 1), math.copysign(1, dx or 1)
        note(
            ax,
            say("partial", name=names[0], value=number(dx)),
            (dx / 2, 0),
            (0, -8 * below),
            ha="center",
            va="top" if below > 0 else "bottom",
            color=BLUE,
            fontsize="medium",
        )
        note(
            ax,
            say("partial", name=names[1], value=number(dy)),
            (dx, dy / 2),
            (10 * beyond, 0),
            ha="left" if beyond > 0 else "right",
            va="center",
            color=GREEN,
            fontsize="medium",
        )
        normal = np.array([-dy, dx]) / length  # away from the right angle
        normal *= -1 if normal[0] * dx > 0 else 1
        note(
            ax,
            say("gradient_length", length=number(length, 5)),
            (dx / 2, dy / 2),
            tuple(12 * normal),
            ha="right" if normal[0] < 0 else "left",
            va="bottom" if normal[1] > 0 else "top",
            color=VERMILION,
            fontsize="medium",
        )
        corner = 0.06 * length
        ax.plot(
            [dx - beyond * corner] * 2 + [dx],
            [0, below * corner, below * corner],
            color=BLACK,
            lw=1,
        )
        _arc(ax, angle, 0.22 * length, say("angle", angle=number(angle)))
        alt = say(
            "legs_alt",
            dx=number(dx),
            dy=number(dy),
            length=number(length, 5),
            angle=number(angle),
        )
        numbers = {"length": length, "angle": angle}
        points = np.array([[0, 0], [dx, 0], [dx, dy]])
        if direction is not None:
            foot = _projection(ax, (dx, dy), float(direction), say)
            numbers["projection"] = foot[2]
            points = np.vstack([points, foot[:2]])
            alt += say("legs_projection_alt", angle=number(direction), slope=number(foot[2], 5))
        low, high = points.min(axis=0), points.max(axis=0)
        room = 0.38 if direction is None else 0.62  # for the texts on the right
        ax.set_xlim(low[0] - 0.3 * length, high[0] + room * length)
        ax.set_ylim(low[1] - 0.16 * length, high[1] + 0.14 * length)
        ax.set_xlabel(names[0])
        ax.set_ylabel(names[1])
        return Picture(ax, alt, **numbers)


def _arc(ax, angle, radius, label):
    turn = np.radians(np.linspace(0, angle, 60))
    ax.plot(radius * np.cos(turn), radius * np.sin(turn), color=BLACK, lw=1.2, zorder=3)
    middle = math.radians(angle / 2)
    note(ax, label, (1.12 * radius * math.cos(middle), 1.12 * radius * math.sin(middle)),
         ha="left", va="center")  # fmt: skip


def _projection(ax, gradient, direction, say):
    """The gradient's shadow on a direction: (x, y) of its foot, and its length with a sign."""
    unit = np.array([math.cos(math.radians(direction)), math.sin(math.radians(direction))])
    slope = float(np.dot(gradient, unit))
    foot = slope * unit
    length = math.hypot(*gradient)
    ray = np.array([[0, 0], unit * max(abs(slope), 0.5 * length) * 1.12])
    ax.plot(*ray.T, "--", color=PURPLE, lw=1.4, zorder=3)
    ax.plot([0, foot[0]], [0, foot[1]], color=PURPLE, lw=4, alpha=0.7, zorder=3)
    ax.plot([gradient[0], foot[0]], [gradient[1], foot[1]], ":", color=BLACK, lw=1.4, zorder=3)
    ax.plot(*foot, "D", color=PURPLE, ms=7, zorder=6)
    text = say("projection", angle=number(direction), slope=number(slope, 5))
    note(ax, text, ray[1], (6, 2), ha="left", va="bottom", color=PURPLE, fontsize="medium")
    return np.array([*foot, slope])


def hillside(f, gradient, x, *, xlim=None, ylim=None, names=("x", "y"), lang="en"):
    """The graph of a function of two variables as a hillside, and its map with uphill arrows.

    Parameters
    ----------
    f : callable
        A function of one vector of two numbers.
    gradient : callable
        Its gradient: a vector of two for a vector of two.
    x : array_like of shape (2,)
        The point whose slopes are drawn.
    xlim, ylim : (float, float), optional
        The region; 2 to each side of `x` if not given.
    names : (str, str)
        Names of the variables.
    lang : {"en", "zh"}
        Language of the labels.

    Returns
    -------
    Picture
        With two axes (the first in three dimensions), and `values`: `gradient`, `length`, `angle`.
    """
    x = np.array(pair(x, "x"))
    xlim = span(xlim or (x[0] - 2, x[0] + 2), "xlim")
    ylim = span(ylim or (x[1] - 2, x[1] + 2), "ylim")
    slope = np.array(pair(gradient(x.copy()), "gradient"))
    length, angle = math.hypot(*slope), math.degrees(math.atan2(slope[1], slope[0]))
    xs, ys, zs = grid(f, xlim, ylim, 61)
    height = float(f(x.copy()))
    with drawing(lang) as say:
        figure = new_figure(10.4, 4.8)
        left = figure.add_subplot(1, 2, 1, projection="3d", computed_zorder=False)
        right = figure.add_subplot(1, 2, 2)
        left.plot_surface(xs, ys, zs, cmap="cividis", alpha=0.75, lw=0, zorder=1)
        reach = 0.32 * min(xlim[1] - xlim[0], ylim[1] - ylim[0])
        looks = [
            (np.array([1.0, 0.0]), slope[0], BLUE, "--", say("along", name=names[0], slope="{}")),
            (np.array([0.0, 1.0]), slope[1], BLACK, ":", say("along", name=names[1], slope="{}")),
        ]
        if length:
            looks.append((slope / length, length, VERMILION, "-", say("steepest", slope="{}")))
        for unit, s, colour, line, label in looks:
            t = np.array([-reach, reach])
            left.plot(
                x[0] + t * unit[0],
                x[1] + t * unit[1],
                height + s * t,
                color=colour,
                ls=line,
                lw=2.6,
                zorder=5,
                label=label.format(number(s)),
            )
        left.plot([x[0]], [x[1]], [height], "o", color=BLACK, ms=7, zorder=6)
        left.set(xlabel=names[0], ylabel=names[1], title=say("hill"), xlim=xlim, ylim=ylim)
        few_ticks(left)
        legend(left, loc="upper left", fontsize="small", bbox_to_anchor=(-0.12, 1.0))
        contours(right, xs, ys, zs)
        _arrows(right, gradient, xlim, ylim)
        right.plot(*x, "o", color=BLACK, ms=8, zorder=6)
        if length:
            tip = x + slope / length * 0.6 * reach
            right.quiver(
                *x, *(tip - x), angles="xy", scale_units="xy", scale=1, color=VERMILION,
                width=0.013, zorder=6,
            )  # fmt: skip
            text = f"({number(slope[0])}, {number(slope[1])})"
            inward = -6 if tip[0] > np.mean(xlim) else 6
            note(right, text, (x + tip) / 2, (inward, 6), color=VERMILION, fontsize="medium",
                 ha="right" if inward < 0 else "left")  # fmt: skip
        right.set(xlabel=names[0], ylabel=names[1], title=say("map"), xlim=xlim, ylim=ylim)
        right.set_aspect("equal")
        alt = say(
            "hillside_alt",
            x=number(x[0]),
            y=number(x[1]),
            dx=number(slope[0]),
            dy=number(slope[1]),
            x_name=names[0],
            y_name=names[1],
            length=number(length, 5),
            angle=number(angle),
        )
        return Picture([left, right], alt, gradient=slope, length=length, angle=angle)


def _arrows(ax, gradient, xlim, ylim):
    """Arrows of the gradient on a coarse grid, all of readable length."""
    u, v = np.meshgrid(np.linspace(*xlim, 10)[1:-1], np.linspace(*ylim, 10)[1:-1])
    field = np.array([pair(gradient(np.array(p)), "gradient") for p in zip(u.flat, v.flat,
                      strict=True)])  # fmt: skip
    size = np.hypot(*field.T)
    top = size.max()
    if not (math.isfinite(top) and top > 0):
        return
    # lengths by the square root: the longest would hide the others
    shown = field / np.where(size > 0, size, 1)[:, None] * np.sqrt(size / top)[:, None]
    pitch = u[0, 1] - u[0, 0]
    ax.quiver(
        u.ravel(),
        v.ravel(),
        *(shown * pitch * 0.9).T,
        angles="xy",
        scale_units="xy",
        scale=1,
        width=0.005,
        color="0.15",
        zorder=4,
    )


def polar(gradient, *, slope=None, lang="en", ax=None):
    """The slope in each direction as a polar curve: two circles, one uphill, one downhill.

    Parameters
    ----------
    gradient : array_like of shape (2,)
        The two partial derivatives at a point.
    slope : callable, optional
        The slope in the direction of a vector of two, such as
        ``lambda v: calculus.directional_derivative(f, x, v)``; 24 directions are drawn as dots on
        the curve.
    lang : {"en", "zh"}
        Language of the labels.
    ax : matplotlib.projections.polar.PolarAxes, optional
        Where to draw; a new figure if not given.

    Returns
    -------
    Picture
        With `values`: `length`, `angle` in degrees and, with `slope`, `directions` and `measured`.
    """
    dx, dy = pair(gradient, "gradient")
    length, turn = math.hypot(dx, dy), math.atan2(dy, dx)
    if not length:
        raise ValueError("gradient must not be zero: all slopes are 0")
    numbers = {"length": length, "angle": math.degrees(turn)}
    with drawing(lang) as say:
        own = ax is None
        if own:
            [ax] = panels(5.8, 6.4, subplot_kw={"projection": "polar"})
        elif getattr(ax, "name", "") != "polar":
            raise ValueError("ax must be polar: plt.subplots(subplot_kw={'projection': 'polar'})")
        for kind, middle, line, hatch, colour in (
            ("uphill", turn, "-", None, VERMILION),
            ("downhill", turn + math.pi, "--", "///", BLUE),
        ):
            t = np.linspace(middle - math.pi / 2, middle + math.pi / 2, 181)
            r = length * np.maximum(np.cos(t - middle), 0)
            ax.plot(t, r, ls=line, color=colour, lw=2.2, label=say(kind))
            ax.fill(t, r, facecolor=(colour, 0.1), edgecolor=(colour, 0.35), hatch=hatch, lw=0)
        ax.annotate(
            "",
            (turn, length),
            (0, 0),
            arrowprops=dict(arrowstyle="-|>", color=VERMILION, lw=2.6, mutation_scale=18),
        )
        note(ax, say("steepest", slope=number(length, 5)), (turn, length),
             (16 * math.cos(turn), 16 * math.sin(turn)), ha="center",
             color=VERMILION, fontsize="medium")  # fmt: skip
        level = [turn + math.pi / 2, turn - math.pi / 2]
        ax.plot(level, [1.12 * length] * 2, ":", color=BLACK, lw=1.6, label=say("level"))
        if slope is not None:
            angles = np.radians(np.arange(0, 360, 15))
            found = np.array([float(slope(np.array([math.cos(a), math.sin(a)]))) for a in angles])
            ax.plot(angles, np.abs(found), "o", color=BLACK, ms=5, label=say("measured"), zorder=5)
            numbers |= {"directions": np.degrees(angles), "measured": found}
        ax.set_rmax(1.12 * length)
        ax.set_rlabel_position(math.degrees(turn) + 75)
        ax.grid(alpha=0.4)
        if own:
            ax.figure.suptitle(say("polar"))
            ax.figure.legend(loc="outside lower center", ncols=4, edgecolor="none")
        else:
            ax.set_title(say("polar"))
            legend(ax, loc="lower center", bbox_to_anchor=(0.5, -0.25), ncols=2)
        alt = say(
            "polar_alt",
            length=number(length, 5),
            angle=number(math.degrees(turn)),
            least=number(-length, 5),
        )
        return Picture(ax, alt, **numbers)
