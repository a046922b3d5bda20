"""A drawn picture with its finding in words, and how the texts in it are made."""

from contextlib import contextmanager

from . import fonts, style
from .words import speaker


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
