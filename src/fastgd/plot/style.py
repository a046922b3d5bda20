"""How pictures look: colours that everybody can tell apart, and never colour alone.

Colours are those of Okabe and Ito (2008, *Color Universal Design*), without their yellow, which is
too pale for a line on white paper. Whatever has a colour here has a marker, a line style or a hatch
of its own too, so that a picture can be read in print and without colours.
"""

from contextlib import contextmanager
from contextvars import ContextVar

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK = COLOURS
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES = ("-", "--", "-.", ":", (0, (7, 2)), (0, (4, 1, 1, 1, 1, 1)), (0, (1, 1)))
HATCHES = ("", "////", "....", "\\\\\\\\", "xxxx", "----", "++++")
INK, FAINT, PAPER = "#222222", "#767676", "#FFFFFF"  # text, what is beside the point, ground
SIZE = (6.4, 4.4)  # inches
RC = {
    "axes.axisbelow": True,
    "axes.edgecolor": FAINT,
    "axes.facecolor": PAPER,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 11,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "figure.facecolor": PAPER,
    "font.size": 10.5,
    "grid.color": "#E3E3E3",
    "grid.linewidth": 0.8,
    "hatch.linewidth": 0.6,
    "legend.fontsize": 10,
    "legend.framealpha": 0.9,
    "lines.linewidth": 2.0,
    "lines.markersize": 6,
    "savefig.facecolor": PAPER,
    "svg.fonttype": "path",  # the same on a machine without the font
    "text.color": INK,
    "xtick.color": INK,
    "xtick.labelsize": 10,
    "ytick.color": INK,
    "ytick.labelsize": 10,
}


def matplotlib():
    """The package, with the words for who has not got it.

    Raises
    ------
    ModuleNotFoundError
        That says what to install.
    """
    try:
        import matplotlib
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            'pictures need matplotlib: pip install "fastgd[plot]"', name="matplotlib"
        ) from None
    return matplotlib


@contextmanager
def context(**more):
    """Matplotlib's settings are ours inside, and what they were afterwards.

    Parameters
    ----------
    **more
        Settings beside `RC`, with ``_`` for ``.``'s first occurrence, as in ``svg_hashsalt="x"``.
    """
    more = {name.replace("_", ".", 1): value for name, value in more.items()}
    found = matplotlib()
    with found.rc_context({**RC, **more}):
        yield
        interactive = found.is_interactive()
    # A notebook's backend, loaded with the first figure, turns this on: later ones need it.
    found.interactive(interactive)


_detached = ContextVar("detached", default=False)


@contextmanager
def detached():
    """New figures are none of pyplot's inside: for files, where there is no window to open."""
    token = _detached.set(True)
    try:
        yield
    finally:
        _detached.reset(token)


def axes(ax=None, *, width=SIZE[0], height=SIZE[1], **subplot):
    """The axes to draw in: those given, as they are, or those of a new figure in our style.

    Parameters
    ----------
    ax : matplotlib Axes, optional
    width, height : float
        Of a new figure, in inches.
    **subplot
        For ``Figure.subplots``: ``nrows``, ``ncols``, ``sharex``, ...

    Returns
    -------
    Axes, or an array of them where `subplot` asks for several

    Raises
    ------
    ModuleNotFoundError
        If matplotlib is not installed.
    """
    if ax is not None:
        return ax
    with context():
        if _detached.get():
            from matplotlib.figure import Figure as figure
        else:
            from matplotlib.pyplot import figure
        return figure(figsize=(width, height), layout="constrained").subplots(**subplot)


def mark(i, *, marker=True):
    """What tells the `i`-th of several lines from the others: 49 pairs of a colour and a dash.

    Parameters
    ----------
    i : int
        From 0.
    marker : bool
        Whether points are marked too.

    Returns
    -------
    dict
        Arguments of ``Axes.plot``.
    """
    n = len(COLOURS)
    found = {"color": COLOURS[i % n], "linestyle": LINES[(i + i // n) % n], "linewidth": 2.0}
    if marker:
        found |= {"marker": MARKERS[i % n], "markersize": 6}
    return found


def legend(ax, **options):
    """A legend in our style, for the axes' labelled lines; none where fewer than two have a label.

    Parameters
    ----------
    ax : matplotlib Axes
    **options
        For ``Axes.legend``; ``least=1`` asks for a legend of one line too.
    """
    least = options.pop("least", 2)
    if len(ax.get_legend_handles_labels()[1]) >= least:
        narrow = ax.bbox.width < 3.2 * ax.figure.dpi
        size = {"fontsize": 8, "handlelength": 1.8} if narrow else {"fontsize": 10}
        options = {"framealpha": 0.9, "handlelength": 2.8, **size, **options}
        return ax.legend(**options)
    return None


def short(name, longest=32):
    """A name on one line, the middle of a long one left out, with no mark-up in it.

    Parameters
    ----------
    name : object
    longest : int
        Characters.

    Returns
    -------
    str
        Matplotlib takes text between dollar signs for mathematics; they are written as such.
    """
    name = " ".join(str(name).split())
    if len(name) > longest:
        half = (longest - 3) // 2
        name = f"{name[: longest - 3 - half]}...{name[-half:]}"
    return name.replace("$", r"\$")
