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


def scales(scale, count):
    """What coefficients are multiplied by, a number each."""
    scale = np.ones(count) if scale is None else np.asarray(scale, dtype=float)
    if scale.shape != (count,):
        raise ValueError(f"scale must be of shape ({count},), found {scale.shape}")
    return scale


def predicted(estimator, X):
    """Probabilities (n, K) by a fit or an estimator, and its classes."""
    classes = getattr(estimator, "classes_", None)
    classes = getattr(estimator, "classes", None) if classes is None else classes
    return np.asarray(estimator.predict_proba(X)), classes
