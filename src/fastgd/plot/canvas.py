"""What the pictures of the lecture are drawn on and with: panels, notes, legends, surfaces."""

import numpy as np

from . import style
from .words import number


def panels(width, height, **subplots):
    """Several axes of a new figure, as a flat list; `subplots` as for ``Figure.subplots``."""
    return [*style.axes(width=width, height=height, squeeze=False, **subplots).flat]


def new_figure(width, height):
    """An empty figure, for panels of several kinds."""
    from matplotlib import pyplot

    return pyplot.figure(figsize=(width, height), layout="constrained")


def legend(ax, **options):
    """A legend without a frame that hides nothing."""
    ax.legend(**{"edgecolor": "none", **options})


def halo():
    """What keeps a text readable over lines."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=3, foreground="white")]


def note(ax, text, at, offset=(0, 0), **options):
    """A text beside a point, moved by `offset` in points, readable over lines."""
    options = {"fontsize": "small", "path_effects": halo(), "zorder": 10, **options}
    return ax.annotate(text, at, xytext=offset, textcoords="offset points", **options)


def limits(values, margin):
    """Limits that hold the finite ones of `values`, with a margin."""
    values = np.asarray(values, float)
    values = values[np.isfinite(values)]
    low, high = values.min(), values.max()
    wide = (high - low) or max(1.0, abs(high))
    return low - margin * wide, high + margin * wide


def contours(ax, xs, ys, zs, levels=12, labels=True):
    """Contour lines with their heights, over pale bands."""
    zs = np.ma.masked_invalid(zs)
    ax.grid(False)
    ax.contourf(xs, ys, zs, levels, cmap="Blues", alpha=0.55, zorder=0)
    lines = ax.contour(xs, ys, zs, levels, colors="0.45", linewidths=0.8, zorder=1)
    if labels:
        for text in ax.clabel(lines, fmt=number, fontsize="x-small"):
            text.set_path_effects(halo())
    return lines


def hill(ax, xs, ys, zs, bent=None):
    """A surface; where it bends down it is dotted too."""
    ax.plot_surface(xs, ys, zs, cmap="cividis", alpha=0.75, lw=0, zorder=1)
    if bent is not None and bent.any():
        every = (slice(None, None, 3),) * 2
        there = bent[every]
        ax.plot(xs[every][there], ys[every][there], zs[every][there], ".", color=style.BLACK, ms=3,
                zorder=3)  # fmt: skip
    few_ticks(ax)


def few_ticks(ax):
    """In three dimensions: as many numbers as there is room for, seen from a corner."""
    from matplotlib.ticker import MaxNLocator

    for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
        axis.set_major_locator(MaxNLocator(4))
    ax.view_init(elev=28, azim=-125)
