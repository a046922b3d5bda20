"""Pictures: what they show, from which numbers, and that nothing is told by colour alone."""

import subprocess
import sys

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

from fastgd import plot  # noqa: E402
from fastgd.plot import style  # noqa: E402


@pytest.fixture(autouse=True)
def close_figures():
    yield
    from matplotlib import pyplot

    pyplot.close("all")


# --- style


def luminance(colour):
    """Relative luminance as the Web Content Accessibility Guidelines define it."""
    rgb = np.array(matplotlib.colors.to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(a, b):
    low, high = sorted([luminance(a), luminance(b)])
    return (high + 0.05) / (low + 0.05)


def test_text_stands_out_from_the_paper():
    assert contrast(style.INK, style.PAPER) >= 7
    assert contrast(style.FAINT, style.PAPER) >= 4.5
    assert all(contrast(colour, style.PAPER) >= 2 for colour in style.COLOURS)


def test_nothing_is_told_by_colour_alone():
    marks = [style.mark(i) for i in range(7)]
    for key in "color", "linestyle", "marker":
        assert len({m[key] for m in marks}) == 7
    assert len(set(style.HATCHES)) == len(style.COLOURS) == 7
    assert len({(m["color"], m["linestyle"]) for m in map(style.mark, range(49))}) == 49


def test_axes_are_those_given_or_new_ones_in_our_style():
    from matplotlib import pyplot

    own = pyplot.figure().subplots()
    assert style.axes(own) is own
    before = dict(matplotlib.rcParams)
    new = style.axes(width=3, height=2)
    assert tuple(new.figure.get_size_inches()) == (3, 2) and not new.spines["top"].get_visible()
    assert style.axes(nrows=2, sharex=True).shape == (2,)
    assert dict(matplotlib.rcParams) == before


def test_names_are_cut_in_the_middle_and_are_no_mathematics():
    assert style.short("a\nb") == "a b"
    cut = style.short("x" * 50 + "y" * 50)
    assert len(cut) == 32 and cut.startswith("xx") and cut.endswith("yy")
    assert style.short("$x^2$ paid in $") == r"\$x^2\$ paid in \$"


def test_matplotlib_is_imported_when_something_is_drawn():
    code = (
        "import sys, fastgd.plot as p; p.style; names = set(sys.modules)\n"
        "assert not {'matplotlib', 'sklearn'} & names, 'too early'\n"
        "sys.modules['matplotlib'] = None\n"
        "try: p.style.axes()\n"
        "except ModuleNotFoundError as e: print(e)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith('pip install "fastgd[plot]"')


def test_the_package_names_what_it_has():
    assert set(plot.__all__) == set(dir(plot))
    with pytest.raises(AttributeError, match="nothing"):
        _ = plot.nothing
