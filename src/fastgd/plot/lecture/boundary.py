"""The line between two classes: samples with models' lines, and a line that moves in training."""

import math

import numpy as np

from ..animation import Animation
from ..canvas import halo, legend
from ..picture import Picture, drawing
from ..sampling import pair
from ..style import BLACK, BLUE, COLOURS, LINES, VERMILION, axes


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
    lang, ax
        As for `secants`.

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
            ax.plot(*_line(w, b, xlim, ylim), color=COLOURS[(k + 2) % 7], ls=LINES[k % 7], lw=2.2,
                    zorder=5, label=f"{name}: {share}")  # fmt: skip
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
                line.set_data(at)
                none.set_text("" if at.size else say("no_boundary"))
                sides = _shade(ax, w, b, xlim, ylim)
                share = say("right_of", correct=right[k], n=len(X))
                title.set_text(say("frame", k=numbers[k], right=share))
                yield figure

    some = _spaced(len(models), 5)
    with drawing(lang) as say:
        ax = axes(width=6.6, height=5)
        xlim, ylim = _scatter(ax, X, codes, labels, names)
        for j, k in enumerate(some):
            share = say("right_of", correct=right[k], n=len(X))
            final = k == some[-1]
            ax.plot(
                *_line(*models[k], xlim, ylim),
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
    """The two points where a line crosses a rectangle, as xs and ys; empty if it does not."""
    ends = []
    for along, across, i in ((xlim, ylim, 1), (ylim, xlim, 0)):
        if w[i]:
            for t in along:
                s = -(b + w[1 - i] * t) / w[i]
                if across[0] <= s <= across[1]:
                    ends.append((t, s) if i == 1 else (s, t))
    if len(ends) < 2:
        return np.empty((2, 0))
    ends = np.array(ends)
    far = np.argmax(np.abs(ends - ends[0]).sum(axis=1))
    return np.array([ends[0], ends[far]]).T


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
