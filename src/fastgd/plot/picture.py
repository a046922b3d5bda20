"""What every picture of the lecture is made with: axes, roles of colours, and the `Picture` that
is handed back."""

import math
from contextlib import contextmanager

import numpy as np

from . import fonts, style
from .words import number, speaker


class Picture:
    """A drawn picture, with its finding in words.

    Printed it says `alt`, so that a notebook shows the sentence under the picture.

    Attributes
    ----------
    figure_ : matplotlib.figure.Figure
    ax_ : matplotlib.axes.Axes, or list of them
        Where it was drawn; a list where there are several panels.
    alt : str
        One sentence that says what the picture shows, with the numbers.
    values : dict
        The numbers drawn, by name.
    """

    def __init__(self, ax, alt, **values):
        several = isinstance(ax, list)
        self.ax_, self.alt, self.values = ax, alt, values
        self.figure_ = (ax[0] if several else ax).figure
        for panel in ax if several else [ax]:
            panel.tick_params(labelfontfamily=fonts.families())
        from matplotlib.text import Text

        fonts.look(text.get_text() for text in self.figure_.findobj(Text))

    def __repr__(self):
        return self.alt

    def save(self, path, **options):
        """Write the picture to a file; `options` are those of matplotlib's ``savefig``.

        A PNG carries `alt` in its metadata, under the key ``Description``."""
        options = {"dpi": 150, **options}
        if str(path).lower().endswith(".png"):
            options.setdefault("metadata", {"Description": self.alt})
        self.figure_.savefig(path, **options)


@contextmanager
def drawing(lang):
    """Texts made inside have fonts with every character; the user's settings come back after."""
    say = speaker(lang)
    style.matplotlib()  # the message where there is none
    with style.context(font_family=fonts.families(), axes_unicode_minus=True):
        yield say


def panels(width, height, **subplots):
    """Several axes of a new figure, as a flat list; `subplots` as for ``Figure.subplots``."""
    return [*style.axes(width=width, height=height, squeeze=False, **subplots).flat]


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


def heights(f, points):
    """``f`` at each point, a float or a vector; NaN where it is not defined."""
    out = np.full(len(points), math.nan)
    with np.errstate(all="ignore"):
        for i, point in enumerate(points):
            try:
                out[i] = f(point.copy() if isinstance(point, np.ndarray) else float(point))
            except (ValueError, ArithmeticError):  # outside its domain
                continue
    out[~np.isfinite(out)] = math.nan
    return out


def grid(f, xlim, ylim, n):
    """``f`` of a vector of two, on a grid: x (n, n), y (n, n) and the values."""
    x, y = np.meshgrid(np.linspace(*xlim, n), np.linspace(*ylim, n))
    points = np.column_stack([x.ravel(), y.ravel()])
    return x, y, heights(f, points).reshape(x.shape)


def listed(items, last=6):
    """Of a long list only the first and the last ones."""
    items = list(items)
    return items if len(items) <= last else [*items[: last - 1], "...", items[-1]]


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


def few_ticks(ax):
    """In three dimensions: as many numbers as there is room for, seen from a corner."""
    from matplotlib.ticker import MaxNLocator

    for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
        axis.set_major_locator(MaxNLocator(4))
    ax.view_init(elev=28, azim=-125)


def new_figure(width, height):
    from matplotlib import pyplot

    return pyplot.figure(figsize=(width, height), layout="constrained")


def pair(vector, name):
    """Two finite floats."""
    array = np.asarray(vector, float)
    if array.shape != (2,) or not np.isfinite(array).all():
        raise ValueError(f"{name} must hold two finite numbers, found {array}")
    return float(array[0]), float(array[1])


def span(ends, name):
    """The ends of an interval."""
    low, high = pair(ends, name)
    if not low < high:
        raise ValueError(f"{name} must run from a smaller to a larger number, found {ends}")
    return low, high


def limits(values, margin):
    """Limits that hold the finite ones of `values`, with a margin."""
    values = np.asarray(values, float)
    values = values[np.isfinite(values)]
    low, high = values.min(), values.max()
    wide = (high - low) or max(1.0, abs(high))
    return low - margin * wide, high + margin * wide
