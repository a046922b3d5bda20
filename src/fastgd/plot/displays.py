"""Pictures of fits and of what they predict, in scikit-learn's Display convention.

Each display is made by a ``from_...`` class method, holds the numbers that it shows as attributes,
and draws itself by ``plot(ax=None)``, after which ``ax_`` and ``figure_`` are there. Results are
known by their attributes alone: whatever has them will do.
"""

import math

import numpy as np

from . import curves, style

MOST_POINTS = 2000  # of a scatter


class _Display:
    """What all have in common: where they are drawn."""

    def _take(self, ax):
        self.ax_ = ax
        self.figure_ = np.ravel(ax)[0].figure


def _title(ax, text):
    if text:
        ax.set_title(text, loc="left", fontsize=12, color=style.INK)


def _rounded(number):
    return f"{number:.3f}" if number < 0.9995 or number == 1 else f"{number:.6f}"


# ---------------------------------------------------------------- how a fit converged


class ConvergenceDisplay(_Display):
    """Cost and distance from the optimum against passes over the data.

    Parameters
    ----------
    names : list of str
    passes, cost, gap : list of ndarrays
        One of each for each fit, an entry for an iteration. Gaps that are not finite are not drawn.
    null_cost : float, optional
    title : str, optional

    Attributes
    ----------
    ax_ : ndarray of two Axes
    figure_ : Figure
    line_ : list of pairs of lines: of the cost, of the gap (None where none is known)
    """

    def __init__(self, *, names, passes, cost, gap, null_cost=None, title=None):
        self.names, self.passes, self.cost, self.gap = names, passes, cost, gap
        self.null_cost, self.title = null_cost, title

    @classmethod
    def from_results(cls, results, *, names=None, title=None, ax=None):
        """Draw one or several fits that were made with ``record=True``.

        What one fit has certified, ``cost - gap``, bounds the costs of all fits of the same problem
        from below. So the distance drawn is a rigorous bound for every iterate, of solvers without
        a certificate too.

        Parameters
        ----------
        results : FitResult, or a sequence of them, or a dict of names to them
        names : sequence of str, optional
            By default the solvers'.
        title : str, optional
        ax : two Axes, optional

        Raises
        ------
        ValueError
            If a fit has no history.
        """
        if isinstance(results, dict):
            names, results = list(results), list(results.values())
        elif hasattr(results, "history"):
            results = [results]
        results = list(results)
        names = [fit.solver for fit in results] if names is None else list(names)
        if len(names) != len(results):
            raise ValueError(f"names must be {len(results)}, found {len(names)}")
        for name, fit in zip(names, results, strict=True):
            if fit.history is None or not len(fit.history["cost"]):
                raise ValueError(f"the fit {name!r} has no history: fit with record=True")
        gaps = []
        for fit in results:
            floors = [other.cost - other.gap for other in results if _same_problem(fit, other)]
            gap = np.minimum(fit.history["gap"], fit.history["cost"] - max(floors))
            gap[-1] = min(gap[-1], fit.gap)
            gaps.append(np.maximum(gap, np.finfo(float).eps * abs(fit.cost)))  # rounding
        return cls(
            names=names,
            passes=[np.asarray(fit.history["passes"]) for fit in results],
            cost=[np.asarray(fit.history["cost"]) for fit in results],
            gap=gaps,
            null_cost=max((fit.null_cost for fit in results), default=None),
            title=title,
        ).plot(ax)

    def plot(self, ax=None):
        """Draw into two axes, or into a new figure."""
        if ax is None:
            ax = style.axes(width=6.4, height=5.6, nrows=2, sharex=True)
        self._take(ax)
        top, bottom = ax
        self.line_ = []
        for i, name in enumerate(self.names):
            look = style.mark(i)
            look["markevery"] = max(1, len(self.passes[i]) // 12)
            [cost] = top.plot(self.passes[i], self.cost[i], label=style.short(name), **look)
            known = np.isfinite(self.gap[i])
            gap = None
            if known.any():
                [gap] = bottom.plot(self.passes[i][known], self.gap[i][known], **look)
            self.line_.append((cost, gap))
        ends = [passes[-1] for passes in self.passes]
        if max(ends) > 20 * min(ends):
            top.set_xscale("log")
            bottom.set_xscale("log")
        else:
            for each in ax:
                each.xaxis.get_major_locator().set_params(integer=True)
        if self.null_cost is not None and max(c.max() for c in self.cost) <= 3 * self.null_cost:
            top.axhline(self.null_cost, color=style.FAINT, linestyle=":", linewidth=1.2)
            top.annotate(
                "null model", (1, self.null_cost), (-4, -4), textcoords="offset points",
                xycoords=("axes fraction", "data"), ha="right", va="top", color=style.FAINT,
                fontsize=9.5,
            )  # fmt: skip
        top.set_ylabel("cost")
        bottom.set_ylabel("above the optimum, at most")
        bottom.set_xlabel("passes over the data")
        if any(gap is not None for _, gap in self.line_):
            bottom.set_yscale("log")
        else:
            bottom.set_yticks([])
            bottom.text(
                0.5, 0.5, "no certificate: the distance is not known",
                transform=bottom.transAxes, ha="center", va="center", color=style.FAINT,
            )  # fmt: skip
        style.legend(top)
        _title(top, self.title)
        return self


def _same_problem(a, b):
    """Whether two fits minimise the same cost, as far as their results tell."""
    return (
        (a.loss, a.n_samples, a.n_features) == (b.loss, b.n_samples, b.n_features)
        and math.isclose(a.null_cost, b.null_cost, rel_tol=1e-9)
        and np.shape(a.l2) == np.shape(b.l2)
        and np.allclose(a.l2, b.l2, rtol=1e-12, atol=0)
    )


# ---------------------------------------------------------------- coefficients


class CoefficientsDisplay(_Display):
    """Coefficients as points, with intervals where they are known.

    A point is hollow where its interval holds 0. An infinite coefficient, of a separated fit, is an
    arrow at the edge of the picture.

    Parameters
    ----------
    names : list of str, length d
    coef : ndarray of shape (d, m)
        A column for each equation; infinite ones have a sign, NaN is drawn as a cross at 0.
    low, high : ndarray of shape (d, m), optional
    equations : list of str, length m
    xlabel, title : str, optional
    most : int
        How many names to show, the largest ones.

    Attributes
    ----------
    ax_, figure_
    shown : ndarray of int
        Which names are drawn, from the top.
    line_ : list of the points' artists, one for each equation
    """

    def __init__(
        self, *, names, coef, low=None, high=None, equations=("",), xlabel="coefficient",
        title=None, most=25,
    ):  # fmt: skip
        self.names, self.coef, self.low, self.high = list(names), coef, low, high
        self.equations, self.xlabel, self.title, self.most = list(equations), xlabel, title, most

    @classmethod
    def from_summary(cls, summary, *, scale=None, level=None, most=25, title=None, ax=None):
        """Draw what a summary has estimated, with its intervals; the intercept is left out.

        Parameters
        ----------
        summary : Summary
        scale : array of shape (d,), optional
            What each feature's coefficients are multiplied by, e.g. its standard deviation, so that
            they can be compared.
        level : float, optional
            Of the intervals, by default the summary's.
        most : int
        title : str, optional
        ax : Axes, optional
        """
        skip = int(summary.fit_intercept)
        names = summary.names[skip:]
        shape = (len(summary.names), -1)
        coef = summary.params.reshape(shape)[skip:].copy()
        ends = summary.conf_int() if level is None else summary.conf_int(level)
        low = ends[..., 0].reshape(shape)[skip:].copy()
        high = ends[..., 1].reshape(shape)[skip:].copy()
        for i, why in summary.notes.items():
            row, column = i % len(summary.names) - skip, i // len(summary.names)
            if row >= 0:
                far = math.copysign(math.inf, coef[row, column])
                coef[row, column] = far if "infinite" in why else np.nan
        scale = np.ones(len(names)) if scale is None else np.asarray(scale, dtype=float)
        level = summary.level if level is None else level
        label = "coefficient" if (scale == 1).all() else "coefficient per standard deviation"
        label += f", {100 * level:g} % interval"
        if summary.penalized:
            label += "\n(the penalty biases towards zero)"
        equations = [""]
        if coef.shape[1] > 1:
            equations = [f"{one} against {summary.reference}" for one in summary.equations]
        scale = scale[:, None]
        return cls(
            names=names, coef=coef * scale, low=low * scale, high=high * scale,
            equations=equations, xlabel=label, title=title, most=most,
        ).plot(ax)  # fmt: skip

    @classmethod
    def from_result(cls, fit, *, names=None, scale=None, most=25, title=None, ax=None):
        """Draw the coefficients of a fit, without intervals: those take the data (`from_summary`).

        Parameters
        ----------
        fit : FitResult, or an estimator that has a ``result_``
        names : sequence of str, optional
            Of the features; by default the fit's, else x0, x1, ...
        scale, most, title, ax
            As for `from_summary`.

        Raises
        ------
        ValueError
            If there are not as many names as features.
        """
        if not hasattr(fit, "coef"):
            if names is None:
                names = getattr(fit, "feature_names_in_", None)
            fit = fit.result_
        coef = np.array(np.atleast_2d(fit.coef).T, dtype=float)
        names = fit.names if names is None else names
        names = [f"x{j}" for j in range(len(coef))] if names is None else list(names)
        if len(names) != len(coef):
            raise ValueError(f"names must be {len(coef)}, found {len(names)}")
        if fit.separation is not None:
            found = fit.separation
            for one, columns in list(zip(found.direction, found.columns, strict=True))[::-1]:
                one = np.atleast_2d(one).T  # the first direction outruns the others
                moved = np.abs(one) > 1e-6 * np.abs(one).max(axis=1, keepdims=True)
                moved &= np.isin(np.arange(len(one)), columns)[:, None]
                coef[moved] = np.copysign(math.inf, one[moved])
        scale = np.ones(len(names)) if scale is None else np.asarray(scale, dtype=float)
        label = "coefficient" if (scale == 1).all() else "coefficient per standard deviation"
        equations = [""] if coef.shape[1] == 1 else [str(label) for label in fit.classes]
        return cls(
            names=names, coef=coef * scale[:, None], equations=equations, xlabel=label,
            title=title, most=most,
        ).plot(ax)  # fmt: skip

    def plot(self, ax=None):
        """Draw into the axes given, or into a new figure as tall as it takes."""
        size = np.nan_to_num(np.abs(self.coef), nan=-1.0, posinf=math.inf).max(axis=1, initial=-1)
        self.shown = np.argsort(-size, kind="stable")[: self.most]
        equations = min(self.coef.shape[1], len(style.COLOURS))
        rows = max(1, len(self.shown))
        if ax is None:
            step = 0.27 if equations == 1 else 0.14 + 0.12 * equations
            width = 6.8 if equations == 1 else 8.0
            ax = style.axes(width=width, height=min(40, 1.3 + step * rows))
        self._take(ax)
        values = [self.coef[self.shown]]
        values += [ends[self.shown] for ends in (self.low, self.high) if ends is not None]
        finite = np.concatenate([v[np.isfinite(v)] for v in values])
        reach = float(np.abs(finite).max(initial=0)) or 1.0
        low, high = min(0.0, finite.min(initial=0)), max(0.0, finite.max(initial=0))
        low, high = low - 0.08 * reach, high + 0.08 * reach
        ax.axvline(0, color=style.FAINT, linewidth=1)
        self.line_ = []
        for k in range(equations):
            look = style.mark(k)
            place = np.arange(rows, dtype=float)[: len(self.shown)]
            place += (k - (equations - 1) / 2) * 0.7 / equations
            self.line_.append(self._draw(ax, place, k, look, low, high))
        ax.set_xlim(low, high)
        ax.set_ylim(rows - 0.5, -0.5)
        ax.set_yticks(range(len(self.shown)), [style.short(self.names[j]) for j in self.shown])
        ax.grid(axis="y", visible=equations == 1)
        ax.set_xlabel(self.xlabel)
        notes = []
        if len(self.shown) < len(self.names):
            notes.append(f"the {len(self.shown)} largest of {len(self.names)}")
        if equations < self.coef.shape[1]:
            notes.append(f"the first {equations} of {self.coef.shape[1]} classes")
        if np.isinf(self.coef[self.shown]).any():
            notes.append("arrows: infinite, the classes are separated")
        if np.isnan(self.coef[self.shown]).any():
            notes.append("crosses: follows from other columns")
        _title(ax, "\n".join(filter(None, [self.title, *notes])))
        if equations > 1:  # beside the axes: it would hide points within
            style.legend(ax, loc="upper left", bbox_to_anchor=(1.01, 1.0))
        if not len(finite):
            ax.set_xticks([0])
        return self

    def _draw(self, ax, place, k, look, low, high):
        coef = self.coef[self.shown, k]
        colour, marker = look["color"], look["marker"]
        known = np.isfinite(coef)
        holds_zero = np.zeros(len(coef), bool)
        if self.low is not None:
            a, b = self.low[self.shown, k], self.high[self.shown, k]
            drawn = known & np.isfinite(a) & np.isfinite(b)
            holds_zero = drawn & (a <= 0) & (b >= 0)
            ax.hlines(
                place[drawn], a[drawn], b[drawn], color=colour, linewidth=1.8,
                linestyle=look["linestyle"],
            )  # fmt: skip
        [points] = ax.plot(
            coef[known & ~holds_zero], place[known & ~holds_zero], marker, color=colour,
            label=style.short(self.equations[k], 24),
        )  # fmt: skip
        hollow = {"markerfacecolor": style.PAPER, "markeredgewidth": 1.5}
        ax.plot(coef[holds_zero], place[holds_zero], marker, color=colour, **hollow)
        for sign, arrow, edge in (1, ">", high), (-1, "<", low):
            out = np.isinf(coef) & (np.sign(coef) == sign)
            ax.plot(
                np.full(out.sum(), edge), place[out], arrow, color=colour, markersize=11,
                clip_on=False, zorder=5,
            )  # fmt: skip
        missing = np.isnan(coef)
        ax.plot(np.zeros(missing.sum()), place[missing], "x", color=colour)
        return points


# ---------------------------------------------------------------- regularisation paths


class PathDisplay(_Display):
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
        coef, ylabel = _sizes(np.array([np.atleast_2d(fit.coef) for fit in results]))
        if names is None:
            names = results[0].names or [f"x{j}" for j in range(coef.shape[1])]
        if scale is not None:
            coef, ylabel = coef * np.asarray(scale), f"{ylabel}, scaled"
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
        paths, scores = estimator.coefs_paths_, estimator.scores_
        if isinstance(paths, dict):  # the attributes of before scikit-learn 1.8
            paths = np.stack(list(paths.values()), axis=-2)
            scores = next(iter(scores.values()))
        paths, scores = np.asarray(paths), np.asarray(scores)
        n_values, d = len(estimator.Cs_), estimator.n_features_in_
        paths = paths.reshape(paths.shape[0], -1, n_values, *paths.shape[-2:])[:, 0]
        coef, ylabel = _sizes(paths.mean(axis=0)[..., :d])
        if names is None:
            names = getattr(estimator, "feature_names_in_", [f"x{j}" for j in range(d)])
        if scale is not None:
            coef, ylabel = coef * np.asarray(scale), f"{ylabel}, scaled"
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
        top = np.ravel(ax)[0]
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
        last = np.ravel(ax)[-1]
        if self.scores is not None:
            mean = self.scores.mean(axis=0)
            error = self.scores.std(axis=0, ddof=min(1, len(self.scores) - 1))
            error = error / math.sqrt(len(self.scores))
            last.fill_between(
                self.values, mean - error, mean + error, color=style.COLOURS[0], alpha=0.2,
                linewidth=0, label="one standard error",
            )  # fmt: skip
            last.plot(self.values, mean, **style.mark(0), label=f"mean of {len(self.scores)} folds")
            last.set_ylabel(self.scoring)
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
        note = f"grey: {more} smaller coefficients" if more > 0 else ""
        _title(top, "\n".join(filter(None, [self.title, note])))
        return self


def _sizes(coef):
    """Of coefficients (m, lines, d) those of one line, or their size over the classes' lines."""
    if coef.shape[1] == 1:
        return coef[:, 0], "coefficient"
    return np.sqrt(np.square(coef).sum(axis=1)), "size over the classes"


# ---------------------------------------------------------------- labels and scores


def _scores_of(estimator, X):
    """Probabilities (n, K) by a fit or an estimator, and its classes."""
    classes = getattr(estimator, "classes_", None)
    classes = getattr(estimator, "classes", None) if classes is None else classes
    return np.asarray(estimator.predict_proba(X)), classes


def _name_of(estimator):
    """Our fits are told apart by their solver, estimators by their class."""
    return estimator.solver if hasattr(estimator, "gap") else type(estimator).__name__


def _against_rest(y_true, y_score, classes, pos_label):
    """Yield (name, labels, scores, positive label), one for each curve to draw."""
    y, score = np.asarray(y_true), np.asarray(y_score, dtype=float)
    if score.ndim == 1:
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


class _Curves(_Display):
    """A curve for two classes, or one for each of K against the rest.

    Attributes
    ----------
    curves : list of dict
        ``name`` and the numbers of each curve.
    skipped : list of str
        Classes of K without a row, or with all of them.
    ax_, figure_
    line_ : a line, or a list of K of them
    """

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
        score, classes = _scores_of(estimator, X)
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
            curve = cls._curve(y, score, sample_weight, positive, **options)
            found.append({"name": label, **curve})
        if not found:
            raise ValueError("y_true must hold two classes at least")
        return cls(found, name=name, skipped=skipped, title=title).plot(ax)

    def _numbers(self, key):
        values = [curve[key] for curve in self.curves]
        return values[0] if len(values) == 1 else values

    def _label(self, curve, score):
        label = curve["name"] if curve["name"] is not None else self.name
        return f"{style.short(label, 24)} ({score})" if label else score

    def _finish(self, ax, xlabel, ylabel, **legend):
        ax.set(xlabel=xlabel, ylabel=ylabel, xlim=(-0.01, 1.01), ylim=(-0.01, 1.02))
        ax.set_aspect("equal")
        lines = len(self.curves)
        if lines > 7:
            legend = {"loc": "center left", "bbox_to_anchor": (1.02, 0.5), "fontsize": 8.5}
            legend["ncols"] = math.ceil(lines / 18)
        style.legend(ax, least=1, **legend)
        note = ""
        if self.skipped:
            some = ", ".join(style.short(label, 16) for label in self.skipped[:5])
            more = ", ..." if len(self.skipped) > 5 else ""
            note = f"no curve for {some}{more}: rows of one kind"
        _title(ax, "\n".join(filter(None, [self.title, note])))


def _square(ax):
    return style.axes(width=5.4, height=5.4) if ax is None else ax


class RocCurveDisplay(_Curves):
    """True positives against false ones at every threshold.

    Attributes
    ----------
    fpr, tpr : ndarray of shape (t + 1,), or a list of K of them
    roc_auc : float, or a list of K
    ax_, figure_, line_
    """

    fpr = property(lambda self: self._numbers("fpr"))
    tpr = property(lambda self: self._numbers("tpr"))
    roc_auc = property(lambda self: self._numbers("auc"))

    @staticmethod
    def _curve(y, score, weight, pos_label):
        fpr, tpr, thresholds, auc = curves.roc(y, score, weight, pos_label)
        return {"fpr": fpr, "tpr": tpr, "thresholds": thresholds, "auc": auc}

    def plot(self, ax=None):
        """Draw into the axes given, or into a new figure."""
        ax = _square(ax)
        self._take(ax)
        ax.plot([0, 1], [0, 1], color=style.FAINT, linestyle=":", linewidth=1.2)
        lines = []
        for i, curve in enumerate(self.curves):
            x, y = curves.thin(curve["fpr"], curve["tpr"])
            label = self._label(curve, f"AUC {_rounded(curve['auc'])}")
            lines += ax.plot(x, y, label=label, **style.mark(i, marker=False))
        self.line_ = lines[0] if len(lines) == 1 else lines
        self._finish(ax, "false positive rate", "true positive rate", loc="lower right")
        return self


class PrecisionRecallDisplay(_Curves):
    """Precision against recall at every threshold.

    Attributes
    ----------
    precision, recall : ndarray of shape (t + 1,), or a list of K of them
    average_precision : float, or a list of K
    ax_, figure_, line_
    """

    precision = property(lambda self: self._numbers("precision"))
    recall = property(lambda self: self._numbers("recall"))
    average_precision = property(lambda self: self._numbers("average"))

    @staticmethod
    def _curve(y, score, weight, pos_label):
        found = curves.precision_recall(y, score, weight, pos_label)
        return dict(
            zip(("precision", "recall", "thresholds", "average", "share"), found, strict=True)
        )

    def plot(self, ax=None):
        """Draw into the axes given, or into a new figure; a guess's precision is dotted."""
        ax = _square(ax)
        self._take(ax)
        lines = []
        if len(self.curves) == 1:
            share = self.curves[0]["share"]
            ax.axhline(share, color=style.FAINT, linestyle=":", linewidth=1.2)
        for i, curve in enumerate(self.curves):
            x, y = curves.thin(curve["recall"], curve["precision"])
            label = self._label(curve, f"AP {_rounded(curve['average'])}")
            look = style.mark(i, marker=False)
            lines += ax.plot(x, y, drawstyle="steps-pre", label=label, **look)
        self.line_ = lines[0] if len(lines) == 1 else lines
        self._finish(ax, "recall", "precision", loc="lower left")
        return self


class CalibrationDisplay(_Curves):
    """Shares observed against probabilities predicted.

    Options of the class methods beside those of all curves: ``n_bins=10`` and
    ``strategy="uniform"`` or ``"quantile"``, as for `fastgd.plot.curves.calibration`.

    Attributes
    ----------
    prob_true, prob_pred : ndarray of shape (b,), or a list of K of them
    low, high : ndarray of shape (b,), or a list
        Intervals of 95 % of `prob_true`.
    ax_, figure_, line_
    """

    prob_true = property(lambda self: self._numbers("observed"))
    prob_pred = property(lambda self: self._numbers("predicted"))
    low = property(lambda self: self._numbers("low"))
    high = property(lambda self: self._numbers("high"))

    @staticmethod
    def _curve(y, score, weight, pos_label, **options):
        found = curves.calibration(y, score, weight, pos_label, **options)
        return dict(zip(("observed", "predicted", "low", "high", "share"), found, strict=True))

    def plot(self, ax=None):
        """Draw into the axes given, or into a new figure."""
        ax = _square(ax)
        self._take(ax)
        ax.plot([0, 1], [0, 1], color=style.FAINT, linestyle=":", linewidth=1.2)
        lines = []
        for i, curve in enumerate(self.curves):
            look = style.mark(i)
            x, y = curve["predicted"], curve["observed"]
            if len(self.curves) == 1:
                ax.vlines(x, curve["low"], curve["high"], color=look["color"], linewidth=1.4)
                ax.bar(
                    x,
                    curve["share"],
                    width=0.04,
                    color="#D9D9D9",
                    edgecolor=style.FAINT,
                    linewidth=0.8,
                    zorder=0,
                    label="share of the rows",
                )
            label = curve["name"] if curve["name"] is not None else self.name
            lines += ax.plot(x, y, label=label and style.short(label, 24), **look)
        self.line_ = lines[0] if len(lines) == 1 else lines
        self._finish(ax, "predicted probability", "share observed", loc="best")
        return self


# ---------------------------------------------------------------- two features


class DecisionBoundaryDisplay(_Display):
    """The plane of two features: which class is predicted where, and how surely.

    Parameters
    ----------
    x, y : ndarray of shape (g,)
        The grid.
    probabilities : ndarray of shape (g, g, K)
        A line of the grid for each of `y`.
    classes : sequence of labels
    points : ndarray of shape (n, 2), optional
    labels : ndarray of shape (n,), optional
    names : pair of str
    title : str, optional

    Attributes
    ----------
    ax_, figure_
    surface_ : the filled contours
    line_ : list of the points' artists, one for each class
    """

    def __init__(
        self, *, x, y, probabilities, classes, points=None, labels=None, names=("x0", "x1"),
        title=None,
    ):  # fmt: skip
        self.x, self.y, self.probabilities, self.classes = x, y, probabilities, list(classes)
        self.points, self.labels, self.names, self.title = points, labels, names, title

    @classmethod
    def from_estimator(cls, estimator, X, y=None, *, names=None, grid=200, title=None, ax=None):
        """Draw the decisions of a fit or an estimator of two features.

        Parameters
        ----------
        estimator : object
            With ``predict_proba`` and ``classes`` or ``classes_``.
        X : array of shape (n, 2), or a frame
            The rows tell how far the plane reaches.
        y : array of shape (n,), optional
            With it the rows are drawn.
        names : pair of str, optional
        grid : int
            Points along each axis.
        title : str, optional
        ax : Axes, optional

        Raises
        ------
        ValueError
            If there are not two features, or one is not finite.
        """
        if names is None:
            names = getattr(X, "columns", None)
            names = getattr(estimator, "names", None) if names is None else names
        points = np.asarray(X, dtype=float)
        if points.ndim != 2 or points.shape[1] != 2 or not len(points):
            raise ValueError(f"X must be of shape (n, 2), found {points.shape}")
        if not np.isfinite(points).all():
            row = int((~np.isfinite(points)).any(axis=1).argmax())
            raise ValueError(f"X must be finite; row {row} is not")
        low, high = points.min(axis=0), points.max(axis=0)
        edge = np.where(high > low, 0.06 * (high - low), 1.0)
        x, z = np.linspace(low - edge, high + edge, grid).T
        plane = np.stack(np.meshgrid(x, z), axis=-1).reshape(-1, 2)
        if hasattr(X, "columns"):
            plane = type(X)(plane, columns=X.columns)
        probabilities, classes = _scores_of(estimator, plane)
        return cls(
            x=x, y=z, probabilities=probabilities.reshape(grid, grid, -1), classes=classes,
            points=points, labels=None if y is None else np.asarray(y),
            names=("x0", "x1") if names is None else tuple(names), title=title,
        ).plot(ax)  # fmt: skip

    def plot(self, ax=None):
        """Draw into the axes given, or into a new figure."""
        if ax is None:
            ax = style.axes(width=6.4, height=5.2)
        self._take(ax)
        best = self.probabilities.argmax(axis=-1)
        n, k = len(style.COLOURS), len(self.classes)
        with style.context():
            self.surface_ = ax.contourf(
                self.x, self.y, best, levels=np.arange(k + 1) - 0.5, alpha=0.18,
                colors=[style.COLOURS[i % n] for i in range(k)],
                hatches=[style.HATCHES[i % n] for i in range(k)],
            )  # fmt: skip
        if k == 2:
            p = self.probabilities[..., 1]
            for levels, dash, width in ([0.5], "-", 2.0), ([0.1, 0.25, 0.75, 0.9], "--", 1.0):
                levels = [level for level in levels if p.min() < level < p.max()]
                if levels:
                    lines = ax.contour(
                        self.x, self.y, p, levels=levels, colors=style.INK, linestyles=dash,
                        linewidths=width,
                    )  # fmt: skip
                    ax.clabel(lines, fmt="%.2g", fontsize=9)
        else:
            for i in range(k):
                if (best == i).any() and (best != i).any():
                    others = np.delete(self.probabilities, i, axis=-1).max(axis=-1)
                    ax.contour(
                        self.x, self.y, self.probabilities[..., i] - others, levels=[0],
                        colors=style.INK, linewidths=1.5,
                    )  # fmt: skip
        self.line_ = []
        if self.labels is not None:
            every = math.ceil(len(self.labels) / MOST_POINTS)
            for i, label in enumerate(self.classes):
                rows = self.points[self.labels == label][::every]
                self.line_ += ax.plot(
                    rows[:, 0], rows[:, 1], style.MARKERS[i % n], color=style.COLOURS[i % n],
                    markersize=5, markeredgecolor=style.PAPER, markeredgewidth=0.6,
                    label=style.short(label, 24),
                )  # fmt: skip
            style.legend(ax, loc="best", title="class")
        ax.grid(visible=False)
        ax.set_xlabel(style.short(self.names[0]))
        ax.set_ylabel(style.short(self.names[1]))
        _title(ax, self.title)
        return self
