"""Coefficients along a path of penalties, and what cross-validation says of them."""

import math

import numpy as np

from .. import style
from .display import Display, scales


class PathDisplay(Display):
    """Coefficients along a path of penalties and, where there are some, scores of cross-validation.

    Parameters
    ----------
    values : ndarray of shape (m,)
        The penalties, l2 or C.
    coef : ndarray of shape (m, d)
    names : list of str, length d
    scores : ndarray of shape (folds, m), optional
    chosen : float, optional
        The value that was chosen.
    xlabel, ylabel, scoring, title : str, optional
    most : int
        How many of the largest coefficients have a name and a line of their own.

    Attributes
    ----------
    ax_ : Axes, or with scores an ndarray of two
    figure_
    line_ : list of lines, in the order of `names`
    """

    def __init__(
        self, *, values, coef, names, scores=None, chosen=None, xlabel="C",
        ylabel="coefficient", scoring="score", title=None, most=7,
    ):  # fmt: skip
        self.values, self.coef, self.names = np.asarray(values, dtype=float), coef, list(names)
        self.scores, self.chosen, self.xlabel, self.ylabel = scores, chosen, xlabel, ylabel
        self.scoring, self.title, self.most = scoring, title, most

    @classmethod
    def from_results(cls, results, *, names=None, scale=None, most=7, title=None, ax=None):
        """Draw the fits of a path, e.g. of ``fastgd.functional.fit_path``, against their l2.

        Parameters
        ----------
        results : sequence of FitResult
            Each with one number as its l2.
        names : sequence of str, optional
        scale : array of shape (d,), optional
            What coefficients are multiplied by.
        most, title, ax
            As in the class.
        """
        results = sorted(results, key=lambda fit: float(fit.l2))
        if not results:
            raise ValueError("results must be one fit or more, found none")
        coef, ylabel = _sizes(np.array([np.atleast_2d(fit.coef) for fit in results]), scale)
        if names is None:
            names = results[0].names or [f"x{j}" for j in range(coef.shape[1])]
        values = [float(fit.l2) for fit in results]
        return cls(
            values=values, coef=coef, names=names, xlabel="l2, the strength of the penalty",
            ylabel=ylabel, title=title, most=most,
        ).plot(ax)  # fmt: skip

    @classmethod
    def from_estimator(cls, estimator, *, names=None, scale=None, most=7, title=None, ax=None):
        """Draw what a ``LogisticRegressionCV`` has tried: means over folds, and its choice.

        Parameters
        ----------
        estimator : LogisticRegressionCV, fitted
        names, scale, most, title, ax
            As for `from_results`.
        """
        if not hasattr(estimator, "coefs_paths_"):
            raise TypeError(
                "estimator must be a fitted LogisticRegressionCV, found "
                f"{type(estimator).__name__}; from_results draws fits"
            )
        paths, scores = estimator.coefs_paths_, estimator.scores_
        if isinstance(paths, dict):  # the attributes of before scikit-learn 1.8
            paths = np.stack(list(paths.values()), axis=-2)
            scores = next(iter(scores.values()))
        paths, scores = np.asarray(paths), np.asarray(scores)
        n_values, d = len(estimator.Cs_), estimator.coef_.shape[1]
        paths = paths.reshape(paths.shape[0], -1, n_values, *paths.shape[-2:])[:, 0]
        coef, ylabel = _sizes(paths.mean(axis=0)[..., :d], scale)
        if names is None:
            coding = getattr(estimator, "coding_", None)  # of a frame with texts
            names = coding.features if coding else getattr(estimator, "feature_names_in_", None)
            names = [f"x{j}" for j in range(d)] if names is None else names
        scoring = estimator.scoring
        if scoring is not None and not isinstance(scoring, str):
            scoring = "score"
        return cls(
            values=estimator.Cs_, coef=coef, names=names,
            scores=scores.reshape(len(scores), -1, n_values)[:, 0],
            chosen=float(np.ravel(estimator.C_)[0]), xlabel="C, the inverse of the penalty",
            ylabel=ylabel, scoring=scoring or "accuracy", title=title, most=most,
        ).plot(ax)  # fmt: skip

    def plot(self, ax=None):
        """Draw into the axes given (two where there are scores), or into a new figure."""
        if ax is None:
            if self.scores is None:
                ax = style.axes(width=6.8)
            else:
                ax = style.axes(
                    width=6.8, height=6.4, nrows=2, sharex=True, height_ratios=[3, 2]
                )  # fmt: skip
        self._take(ax)
        top, last = np.ravel(ax)[[0, -1]]
        self._draw_coefficients(top)
        if self.scores is not None:
            self._draw_scores(last)
        for each in np.ravel(ax):
            each.set_xscale("log")
            if self.chosen is not None:
                each.axvline(
                    self.chosen, color=style.INK, linestyle="--", linewidth=1.2,
                    label=f"chosen: {self.chosen:.3g}" if each is last else None,
                )  # fmt: skip
        if last is not top:
            style.legend(last, loc="best")
        last.set_xlabel(self.xlabel)
        more = len(self.names) - self.most
        self._entitle(top, f"grey: {more} smaller coefficients" if more > 0 else "")
        return self

    def _draw_coefficients(self, top):
        """A line for each; the largest have a name, and are named in their order."""
        order = np.argsort(-np.abs(self.coef).max(axis=0, initial=0), kind="stable")
        rank = np.empty(len(order), int)
        rank[order] = np.arange(len(order))
        few = len(self.values) < 40
        self.line_ = []
        for j in range(self.coef.shape[1]):
            look = {"color": "#B0B0B0", "linewidth": 0.8, "zorder": 1}
            if rank[j] < self.most:
                look = {**style.mark(rank[j], marker=few), "zorder": 3, "markersize": 4.5}
                look["label"] = style.short(self.names[j], 24)
            self.line_ += top.plot(self.values, self.coef[:, j], **look)
        handles, labels = top.get_legend_handles_labels()
        places = [rank[self.line_.index(handle)] for handle in handles]
        sort = np.argsort(places)
        if len(labels) > 1:
            top.legend(
                [handles[i] for i in sort], [labels[i] for i in sort], fontsize=9.5,
                handlelength=2.8, loc="center left", bbox_to_anchor=(1.01, 0.5),
            )  # fmt: skip
        top.axhline(0, color=style.FAINT, linewidth=1)
        top.set_ylabel(self.ylabel)

    def _draw_scores(self, last):
        """Means over the folds, in a band of one standard error."""
        mean = self.scores.mean(axis=0)
        error = self.scores.std(axis=0, ddof=min(1, len(self.scores) - 1))
        error = error / math.sqrt(len(self.scores))
        last.fill_between(
            self.values, mean - error, mean + error, color=style.COLOURS[0], alpha=0.2,
            linewidth=0, label="one standard error",
        )  # fmt: skip
        last.plot(self.values, mean, **style.mark(0), label=f"mean of {len(self.scores)} folds")
        last.set_ylabel(self.scoring)


def _sizes(coef, scale):
    """Of coefficients (m, lines, d) those of one line, or their size over the classes' lines, and
    what they are called; multiplied by `scale` if it is given."""
    if coef.shape[1] == 1:
        coef, label = coef[:, 0], "coefficient"
    else:
        coef, label = np.sqrt(np.square(coef).sum(axis=1)), "size over the classes"
    if scale is None:
        return coef, label
    return coef * scales(scale, coef.shape[1]), f"{label}, scaled"
