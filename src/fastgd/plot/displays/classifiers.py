"""How well a classifier ranks and how far its probabilities can be believed: ROC, precision and
recall, calibration."""

import numpy as np

from .. import curves, style
from .display import Display, predicted

NAMED = 20  # curves that a legend names at most
JOINED = 0.5  # an interval as long as that says too little for a line to go through its bin
BAR = 0.04  # the width of a bar


class _Curves(Display):
    """A curve for two classes, or one for each of K against the rest.

    A subclass says by which function of `curves` it is measured, what that returns, what the axes
    are called and where the legend stands, and draws one curve.

    Attributes
    ----------
    curves : list of dict
        ``name`` and the numbers of each curve.
    skipped : list of str
        Classes of K without a row, or with all of them.
    ax_, figure_
    line_ : a line, or a list of K of them
    """

    _margin = 0.01  # beside [0, 1]

    def __init__(self, curves, *, name=None, skipped=(), title=None):
        self.curves, self.name = list(curves), name
        self.skipped, self.title = list(skipped), title

    @classmethod
    def from_estimator(
        cls, estimator, X, y, *, sample_weight=None, pos_label=None, name=None, title=None, ax=None,
        **options,
    ):  # fmt: skip
        """Draw how a fit or an estimator predicts these rows.

        Parameters
        ----------
        estimator : object
            With ``predict_proba`` and ``classes`` or ``classes_``.
        X : array of shape (n, d)
        y : array of shape (n,)
        sample_weight : array of shape (n,), optional
        pos_label : label, optional
            The positive class, by default the second of two; of K > 2 each has a curve.
        name, title : str, optional
        ax : Axes, optional
        """
        score, classes = predicted(estimator, X)
        name = _name_of(estimator) if name is None else name
        return cls.from_predictions(
            y, score, classes=classes, sample_weight=sample_weight, pos_label=pos_label, name=name,
            title=title, ax=ax, **options,
        )  # fmt: skip

    @classmethod
    def from_predictions(
        cls, y_true, y_score, *, classes=None, sample_weight=None, pos_label=None, name=None,
        title=None, ax=None, **options,
    ):  # fmt: skip
        """Draw labels against scores.

        Parameters
        ----------
        y_true : array of shape (n,)
        y_score : array of shape (n,), or (n, K)
            Probabilities, or anything that grows with them.
        classes : sequence of labels, optional
            Of the columns of `y_score`, by default those in `y_true`, sorted.
        sample_weight, pos_label, name, title, ax
            As for `from_estimator`.

        Raises
        ------
        ValueError
            As `fastgd.plot.curves.checked` does.
        """
        found, skipped = [], []
        for label, y, score, positive in _against_rest(y_true, y_score, classes, pos_label):
            if label is not None and (y.all() or not y.any()):
                skipped.append(label)
                continue
            numbers = cls._measure(y, score, sample_weight, positive, **options)
            found.append({"name": label, **dict(zip(cls._keys, numbers, strict=True))})
        if not found:
            raise ValueError("y_true must hold two classes at least")
        return cls(found, name=name, skipped=skipped, title=title).plot(ax)

    def plot(self, ax=None):
        """Draw into the axes given, or into a new figure."""
        ax = style.axes(ax, width=5.4, height=5.4)
        self._take(ax)
        self._draw_guess(ax)
        lines = []
        for i, curve in enumerate(self.curves):
            lines += self._draw_curve(ax, i, curve)
        self.line_ = lines[0] if len(lines) == 1 else lines
        self._finish(ax)
        return self

    def _draw_guess(self, ax):
        """What a guess would look like."""
        ax.plot([0, 1], [0, 1], color=style.FAINT, linestyle=":", linewidth=1.2)

    def _numbers(self, key):
        values = [curve[key] for curve in self.curves]
        return values[0] if len(values) == 1 else values

    def _label(self, curve, score=None):
        """A curve's name with its score in brackets, or the one of the two that there is."""
        name = curve["name"] if curve["name"] is not None else self.name
        name = name and style.short(name, 24)
        return f"{name} ({score})" if name and score else name or score

    def _finish(self, ax):
        xlabel, ylabel = self._axes
        ax.set(xlabel=xlabel, ylabel=ylabel, ylim=(-0.01, 1.02))
        ax.set_xlim(-self._margin, 1 + self._margin)
        ax.set_aspect("equal")
        lines, legend = len(self.curves), {"loc": self._corner}
        if lines > 7:
            legend = {"loc": "center left", "bbox_to_anchor": (1.02, 0.5), "fontsize": 8.5}
        notes = []
        if lines > NAMED:  # more would leave no room for the curves
            legend["handles"] = ax.get_legend_handles_labels()[0][:NAMED]
            notes.append(f"{NAMED} of {lines} classes named")
        style.legend(ax, least=1, **legend)
        if self.skipped:
            some = ", ".join(style.short(label, 16) for label in self.skipped[:5])
            more = ", ..." if len(self.skipped) > 5 else ""
            notes.append(f"no curve for {some}{more}: rows of one kind")
        self._entitle(ax, *notes)


class RocCurveDisplay(_Curves):
    """True positives against false ones at every threshold.

    Attributes
    ----------
    fpr, tpr : ndarray of shape (t + 1,), or a list of K of them
    roc_auc : float, or a list of K
    ax_, figure_, line_
    """

    _measure, _keys = staticmethod(curves.roc), ("fpr", "tpr", "thresholds", "auc")
    _axes, _corner = ("false positive rate", "true positive rate"), "lower right"

    fpr = property(lambda self: self._numbers("fpr"))
    tpr = property(lambda self: self._numbers("tpr"))
    roc_auc = property(lambda self: self._numbers("auc"))

    def _draw_curve(self, ax, i, curve):
        x, y = curves.thin(curve["fpr"], curve["tpr"])
        label = self._label(curve, f"AUC {_rounded(curve['auc'])}")
        return ax.plot(x, y, label=label, **style.mark(i, marker=False))


class PrecisionRecallDisplay(_Curves):
    """Precision against recall at every threshold; a guess's precision is dotted.

    Attributes
    ----------
    precision, recall : ndarray of shape (t + 1,), or a list of K of them
    average_precision : float, or a list of K
    ax_, figure_, line_
    """

    _measure = staticmethod(curves.precision_recall)
    _keys = "precision", "recall", "thresholds", "average", "share"
    _axes, _corner = ("recall", "precision"), "lower left"

    precision = property(lambda self: self._numbers("precision"))
    recall = property(lambda self: self._numbers("recall"))
    average_precision = property(lambda self: self._numbers("average"))

    def _draw_guess(self, ax):
        if len(self.curves) == 1:  # each class has a share of its own
            share = self.curves[0]["share"]
            ax.axhline(share, color=style.FAINT, linestyle=":", linewidth=1.2)

    def _draw_curve(self, ax, i, curve):
        x, y = curves.thin(curve["recall"], curve["precision"])
        label = self._label(curve, f"AP {_rounded(curve['average'])}")
        look = style.mark(i, marker=False)
        return ax.plot(x, y, drawstyle="steps-pre", label=label, **look)


class CalibrationDisplay(_Curves):
    """Shares observed against probabilities predicted.

    A line joins bins whose interval is shorter than 0.5; the others, of few rows, stand alone.

    Options of the class methods beside those of all curves: ``n_bins=10`` and
    ``strategy="uniform"`` or ``"quantile"``, as for `fastgd.plot.curves.calibration`.

    Attributes
    ----------
    prob_true, prob_pred : ndarray of shape (b,), or a list of K of them
    low, high : ndarray of shape (b,), or a list
        Intervals of 95 % of `prob_true`.
    ax_, figure_, line_
    """

    _measure = staticmethod(curves.calibration)
    _keys = "observed", "predicted", "low", "high", "share"
    _axes, _corner = ("predicted probability", "share observed"), "best"
    _margin = BAR / 2 + 0.01

    prob_true = property(lambda self: self._numbers("observed"))
    prob_pred = property(lambda self: self._numbers("predicted"))
    low = property(lambda self: self._numbers("low"))
    high = property(lambda self: self._numbers("high"))

    def _draw_curve(self, ax, i, curve):
        look = style.mark(i)
        x, y = curve["predicted"], curve["observed"]
        if len(self.curves) == 1:
            ax.vlines(x, curve["low"], curve["high"], color=look["color"], linewidth=1.4)
            ax.bar(
                x, curve["share"], width=BAR, color="#D9D9D9", edgecolor=style.FAINT,
                linewidth=0.8, zorder=0, label="share of the rows",
            )  # fmt: skip
        known = curve["high"] - curve["low"] < JOINED
        ax.plot(x[~known], y[~known], **{**look, "linestyle": ""})
        return ax.plot(x, np.where(known, y, np.nan), label=self._label(curve), **look)


def _name_of(estimator):
    """Our fits are told apart by their solver, estimators by their class."""
    return estimator.solver if hasattr(estimator, "gap") else type(estimator).__name__


def _against_rest(y_true, y_score, classes, pos_label):
    """Yield (name, labels, scores, positive label), one for each curve to draw."""
    y, score = np.asarray(y_true), np.asarray(y_score, dtype=float)
    if score.ndim == 1:
        if pos_label is not None and not (y == pos_label).any():
            raise ValueError(f"y_true has no row of pos_label {pos_label!r}")
        yield None, y, score, pos_label
        return
    classes = np.unique(y) if classes is None else np.asarray(classes)
    if score.ndim != 2 or score.shape[1] != len(classes):
        raise ValueError(
            f"y_score must be of shape (n,) or (n, {len(classes)}), a column for each of the "
            f"classes {', '.join(map(str, classes[:5]))}{', ...' if len(classes) > 5 else ''}; "
            f"found {score.shape}"
        )
    unknown = y[~np.isin(y, classes)]
    if len(unknown):
        raise ValueError(
            f"y_true has a class that is none of the model's: {unknown[:1].tolist()[0]!r}"
        )
    if pos_label is not None or len(classes) == 2:
        pos_label = classes[-1] if pos_label is None else pos_label
        if pos_label not in classes:
            raise ValueError(f"pos_label must be one of the classes, found {pos_label!r}")
        yield None, y == pos_label, score[:, classes == pos_label][:, 0], True
        return
    for k, label in enumerate(classes):
        yield str(label), y == label, score[:, k], True


def _rounded(number):
    return f"{number:.3f}" if number < 0.9995 or number == 1 else f"{number:.6f}"
