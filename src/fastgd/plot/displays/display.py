"""What all displays have in common: where they are drawn, under which title, whose predictions."""

import numpy as np

from .. import style


class Display:
    """Something that draws itself, with a `title` or None."""

    def _take(self, ax):
        self.ax_ = ax
        self.figure_ = np.ravel(ax)[0].figure

    def _entitle(self, ax, *notes):
        """The title, and a line for each note that is not empty."""
        text = "\n".join(filter(None, [self.title, *notes]))
        if text:
            ax.set_title(text, loc="left", fontsize=12, color=style.INK)


def predicted(estimator, X):
    """Probabilities (n, K) by a fit or an estimator, and its classes."""
    classes = getattr(estimator, "classes_", None)
    classes = getattr(estimator, "classes", None) if classes is None else classes
    return np.asarray(estimator.predict_proba(X)), classes
