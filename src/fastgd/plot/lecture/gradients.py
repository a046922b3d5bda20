"""Slopes of a function of two variables: the partial derivatives as legs of a triangle, a hillside
and its map, the slope by direction.

Functions are called with a vector. Gradients are handed in; nothing here computes them anew.
"""

import math

import numpy as np

from ..canvas import contours, hill, legend, new_figure, note, panels
from ..picture import Picture, drawing
from ..sampling import grid, pair, span
from ..style import BLACK, BLUE, GREEN, PURPLE, VERMILION, axes
from ..words import number


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
        hill(left, xs, ys, zs)
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
