"""What is minimised: costs along a line and over two parameters, and where they bend down."""

import numpy as np

from ..canvas import hill, legend, new_figure, note, panels
from ..picture import Picture, drawing
from ..sampling import grid, heights, span
from ..style import BLACK, COLOURS, HATCHES, LINES, VERMILION
from ..words import number


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
        for k, (name, (title, f)) in enumerate(_titled(costs, say).items()):
            ax = every[k]
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
            falls = place in (0, len(t) - 1) and curve[place] < curve[abs(place - 1)]
            if not falls:
                ax.plot(t[place], curve[place], "v", color=BLACK, ms=8, zorder=5, clip_on=False)
            text = say(
                "falling" if falls else "lowest",
                value=number(curve[place], 3), t=number(t[place], 3),
            )  # fmt: skip
            side = _align((t[place] - low) / (high - low))
            note(ax, text, (t[place], curve[place]), (0, 10), ha=side, va="bottom")
            ax.set(title=title, xlabel=axis or say("weight"), ylabel=say(quantity))
            ax.set_xlim(low, high)
            share = float(bent.mean())
            found[name] = float(t[place]), float(curve[place]), share
            key = "bent_part" if share else "convex_part"
            parts.append(say(key, name=title, share=number(100 * share, 2)))
        return Picture(every, _sentence(parts, say), **found)


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
        for k, (name, (title, f)) in enumerate(_titled(costs, say).items()):
            ax = figure.add_subplot(1, len(costs), k + 1, projection="3d", computed_zorder=False)
            xs, ys, zs = grid(f, xlim, ylim, 61)
            bent = _bends_down_2d(zs)
            hill(ax, xs, ys, zs, bent)
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
            parts.append(
                say(key, name=title, value=number(value, 3), x=number(at[0], 3),
                    y=number(at[1], 3), share=number(100 * share, 2))
            )  # fmt: skip
        return Picture(every, _sentence(parts, say), **found)


def _titled(costs, say):
    """(title, function) by name; the names that the lecture knows are written out."""
    known = "log_loss", "squared_error"
    return {name: (say(name) if name in known else name, f) for name, f in costs.items()}


def _sentence(parts, say):
    """What is found of each cost, as one sentence."""
    text = say("curves_alt", parts=say("semicolon").join(parts))
    return text[:1].upper() + text[1:]


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
