"""Fonts that have every character of a picture, and a clear word where none has.

Nothing here changes the user's settings: `families` is the user's own font first, then what is
installed of `FONTS`, and a picture's texts are given that list.
"""

import warnings
from contextlib import contextmanager
from functools import cache

FONTS = (
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Microsoft YaHei",
    "PingFang SC",
    "Noto Sans CJK JP",  # how matplotlib before 3.11 calls the whole Noto collection
)
# what their files are called, where matplotlib's list is older than the fonts
FILES = "notosanscjk", "msyh", "pingfang"
HINT = (
    "install Noto Sans CJK SC (Debian and Ubuntu: the package fonts-noto-cjk; elsewhere from "
    "https://github.com/notofonts/noto-cjk) and start Python anew, or draw with lang='en'"
)


class FontWarning(UserWarning):
    """No installed font has some character of a picture."""


@cache
def installed():
    """Those of `FONTS` that are here."""
    from matplotlib import font_manager

    manager = font_manager.fontManager
    known = {font.name for font in manager.ttflist}
    if known.isdisjoint(FONTS[1:]):  # the list is made once and kept: look for newer files
        for path in font_manager.findSystemFonts():
            if any(name in path.lower() for name in FILES):
                try:
                    manager.addfont(path)
                except (OSError, RuntimeError):  # a broken file is as good as none
                    continue
        known = {font.name for font in manager.ttflist}
    return tuple(name for name in FONTS if name in known)


def families():
    """The list of font families for a picture's texts."""
    import matplotlib

    own = [name for name in matplotlib.rcParams["font.family"] if name not in installed()]
    return [*own, *installed()]


def missing(text):
    """The characters of `text` that no font of `families` has, each once, in order."""
    odd = dict.fromkeys(c for c in text if c > "\x7f")
    return "".join(c for c in odd if not _has(c, tuple(families())))


@cache
def _has(character, names):
    from matplotlib import font_manager

    for name in names:
        wanted = font_manager.FontProperties(family=[name])
        try:
            path = font_manager.findfont(wanted, fallback_to_default=False)
        except ValueError:  # the user's settings name a font that is not here
            continue
        if font_manager.get_font(path).get_char_index(ord(character)):
            return True
    return False


def look(texts):
    """Warn once if `texts` hold characters that would be drawn as empty boxes."""
    lost = missing("".join(texts))
    if lost:
        some = lost[:10] + ("..." if len(lost) > 10 else "")
        warnings.warn(
            f"no installed font has the characters {some}: {HINT}", FontWarning, stacklevel=4
        )


@contextmanager
def strict():
    """Where a missing character is an error: for builds, whose pictures nobody may look at.

    Examples
    --------
    >>> from fastgd.plot import strict
    >>> with strict():
    ...     pass  # draw and save here
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", FontWarning)
        warnings.filterwarnings("error", message=r"Glyph \d+ .*missing from")
        yield
