"""Pictures: what they show, from which numbers, and that nothing is told by colour alone."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
from tolerances import assert_exact, assert_within

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

import fastgd  # noqa: E402
from fastgd import plot  # noqa: E402
from fastgd.functional import fit_path  # noqa: E402
from fastgd.plot import curves, style  # noqa: E402


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


# --- curves


def assert_sums(actual, expected, terms):
    """Sums of as many terms of size 1, and ratios of such, that were taken in another order."""
    actual, expected = np.atleast_1d(actual, expected)
    finite = np.isfinite(expected)
    assert_exact(actual[~finite], expected[~finite])
    eps = np.finfo(float).eps
    bound = 4 * terms * eps * np.maximum(1, np.abs(expected[finite]))
    assert_within(actual[finite], expected[finite], bound)


def random_scores(rng, n=300, *, levels=None):
    y = rng.random(n) < 0.4
    score = y + rng.normal(size=n)
    if levels:
        score = np.round(score * levels) / levels  # ties
    return y, score, rng.integers(0, 4, n).astype(float)


@pytest.mark.parametrize("levels", [None, 1, 4])
@pytest.mark.parametrize("weighted", [False, True])
def test_curves_are_those_of_scikit_learn(rng, levels, weighted):
    metrics = pytest.importorskip("sklearn.metrics")
    y, score, weight = random_scores(rng, levels=levels)
    w = weight if weighted else None
    fpr, tpr, thresholds, auc = curves.roc(y, score, w)
    kept = weight > 0 if weighted else np.ones(len(y), bool)  # a row of weight 0 is none
    wk = weight[kept] if weighted else None
    theirs = metrics.roc_curve(y[kept], score[kept], sample_weight=wk, drop_intermediate=False)
    for ours, other in zip((fpr, tpr, thresholds), theirs, strict=True):
        assert_sums(ours, other, terms=len(y))
    assert_sums(auc, metrics.roc_auc_score(y, score, sample_weight=w), terms=len(y))
    precision, recall, thresholds, average, share = curves.precision_recall(y, score, w)
    theirs = metrics.precision_recall_curve(y[kept], score[kept], sample_weight=wk)
    assert_sums(precision[::-1], theirs[0], terms=len(y))
    assert_sums(recall[::-1], theirs[1], terms=len(y))
    assert_exact(thresholds[:0:-1], theirs[2])
    theirs = metrics.average_precision_score(y, score, sample_weight=w)
    assert_sums(average, theirs, terms=len(y))
    assert_sums(share, np.average(y, weights=w), terms=len(y))


@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
def test_calibration_is_that_of_scikit_learn(rng, strategy):
    theirs = pytest.importorskip("sklearn.calibration").calibration_curve
    y, score, _ = random_scores(rng)
    p = 1 / (1 + np.exp(-score))
    observed, predicted, low, high, share = curves.calibration(y, p, n_bins=7, strategy=strategy)
    other = theirs(y, p, n_bins=7, strategy=strategy)
    assert_sums(observed, other[0], terms=len(y))
    assert_sums(predicted, other[1], terms=len(y))
    assert (low >= 0).all() and (high <= 1 + 1e-15).all() and (low <= observed).all()
    assert (observed <= high).all() and share.sum() == pytest.approx(1, rel=1e-12)


def test_interval_of_wilson_is_that_of_statsmodels(rng):
    wilson = pytest.importorskip("statsmodels.stats.proportion").proportion_confint
    y = np.repeat([True, False], [3, 17])
    _, _, low, high, _ = curves.calibration(y, np.full(20, 0.3), level=1.959963984540054)
    expected = wilson(3, 20, method="wilson")
    assert [low[0], high[0]] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
def test_weight_two_is_a_row_twice(rng, strategy):
    y, score, weight = random_scores(rng, levels=4)
    p = 1 / (1 + np.exp(-score))
    times = weight.astype(int)
    for a, b in zip(
        curves.roc(y, p, weight), curves.roc(y.repeat(times), p.repeat(times)), strict=True
    ):
        assert_sums(a, b, terms=4 * len(y))
    a = curves.calibration(y, p, weight, strategy="uniform")
    b = curves.calibration(y.repeat(times), p.repeat(times), strategy="uniform")
    for k in 0, 1, 4:
        assert_sums(a[k], b[k], terms=4 * len(y))
    assert curves.calibration(y, p, weight, strategy=strategy)[4].sum() == pytest.approx(1)


def test_all_scores_equal_is_a_guess():
    y = [0, 1, 1, 0, 0]
    fpr, tpr, _, auc = curves.roc(y, np.zeros(5))
    assert (fpr.tolist(), tpr.tolist(), auc) == ([0, 1], [0, 1], 0.5)
    assert curves.precision_recall(y, np.zeros(5))[3] == 0.4


def test_infinite_scores_rank_last_and_first():
    assert curves.roc([0, 0, 1, 1], [-np.inf, 0, 0, np.inf])[3] == 7 / 8


@pytest.mark.parametrize(
    ("y", "score", "weight", "said"),
    [
        ([1, 1, 1], [0.1, 0.2, 0.3], None, "both classes, found 1"),
        ([0, 1, 1], [0.1, np.nan, np.nan], None, "2 missing values, the first in row 1"),
        ([0, 1, 2], [0.1, 0.2, 0.3], None, "3 classes"),
        ([0, 1], [0.1, 0.2, 0.3], None, r"found \(2,\) and \(3,\)"),
        ([0, 1, 1], [0.1, 0.2, 0.3], [1, -1, 1], "not negative"),
        ([0, 1, 1], [0.1, 0.2, 0.3], [1, 1], r"shape \(3,\)"),
        ([0, 1, 1], [0.1, 0.2, 0.3], [1, 0, 0], "both classes, found 0"),
        ([], [], None, "no row"),
    ],
)
def test_what_no_curve_is_of(y, score, weight, said):
    with pytest.raises(ValueError, match=said):
        curves.roc(y, score, weight)


def test_probabilities_are_asked_for():
    with pytest.raises(ValueError, match=r"\[0, 1\], found -1 to 2"):
        curves.calibration([0, 1], [-1.0, 2.0])
    with pytest.raises(ValueError, match="strategy must be"):
        curves.calibration([0, 1], [0.0, 1.0], strategy="even")


def test_a_million_points_are_thinned_and_look_the_same(rng):
    p = rng.random(1_000_000)
    y = rng.random(len(p)) < p
    for x, v in (curves.roc(y, p)[:2], curves.precision_recall(y, p)[1::-1]):
        a, b = curves.thin(x, v)
        assert len(a) <= 4 * (curves.CELLS + 1) < len(x)
        assert (a[0], b[0], a[-1], b[-1]) == (x[0], v[0], x[-1], v[-1])
        assert (b.min(), b.max()) == (v.min(), v.max())
        # at every place both curves reach as high and as low
        cell = (x * curves.CELLS).astype(int)
        of = (a * curves.CELLS).astype(int)
        for reach, start in ((np.maximum, -np.inf), (np.minimum, np.inf)):
            full, thinned = np.full((2, curves.CELLS + 1), start)
            reach.at(full, cell, v)
            reach.at(thinned, of, b)
            assert_exact(full, thinned)
    few = np.linspace(0, 1, 50)
    assert curves.thin(few, few)[0] is few


# --- displays


@pytest.fixture(scope="module")
def flowers():
    """Three classes, four features: nothing but NumPy."""
    rng = np.random.default_rng(7)
    y = np.repeat(["one", "three", "two"], 50)
    X = rng.normal(size=(150, 4)) + 1.2 * (y == "two")[:, None] * [1, 0, 2, 0]
    return X - (y == "one")[:, None] * [0, 1.5, 0, 0.5], y


def painted(display):
    """Draw, and return how many pixels are not paper; a text outside would be seen there."""
    figure = display.figure_
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3]
    assert (pixels[:, -1] == 255).all() and (pixels[0] == 255).all()  # nothing is cut off
    return int((pixels != 255).any(axis=-1).sum())


def test_convergence_of_several_solvers(flowers):
    X, y = flowers
    y = y == "one"
    fits = [
        fastgd.fit(X, y, l2=0.01, solver=solver, record=True, tol=1e-4)
        for solver in ("newton", "lbfgs")
    ]
    with pytest.warns(fastgd.ConvergenceWarning):
        fits.append(fastgd.fit(X, y, l2=0.01, solver="gd", record=True, max_iter=300))
    shown = plot.ConvergenceDisplay.from_results(fits, title="three")
    assert shown.names == ["newton", "lbfgs", "gd"] and painted(shown) > 5000
    best = fastgd.fit(X, y, l2=0.01, tol=1e-12).cost
    for fit, gap, (cost, line) in zip(fits, shown.gap, shown.line_, strict=True):
        m = len(fit.history["cost"])
        assert_exact(cost.get_ydata()[:m], fit.history["cost"])
        assert (gap[:m] >= fit.history["cost"] - best - 1e-15).all()  # a bound, for gd too
        assert_exact(line.get_ydata(), gap)
        # the end is there too, with the passes of its certificate
        assert (cost.get_xdata()[-1], cost.get_ydata()[-1]) == (fit.n_passes, fit.cost)
    assert fits[0].n_passes > fits[0].history["passes"][-1]
    assert fits[0].gap == shown.gap[0][-1]
    assert shown.ax_[0].get_xscale() == "log" and shown.ax_[1].get_yscale() == "log"
    looks = {(line.get_linestyle(), line.get_marker()) for line, _ in shown.line_}
    assert len(looks) == 3


def test_convergence_without_a_certificate_and_of_another_problem(flowers):
    X, y = flowers
    with pytest.warns(fastgd.ConvergenceWarning):
        alone = fastgd.fit(X, y == "one", l2=0.01, solver="gd", record=True, max_iter=30)
    shown = plot.ConvergenceDisplay.from_results(alone)
    assert shown.line_[0][1] is None and painted(shown) > 2000
    other = fastgd.fit(X, y == "one", l2=0.02, record=True)
    shown = plot.ConvergenceDisplay.from_results({"a": alone, "b": other})
    assert [gap is None for _, gap in shown.line_] == [True, False]
    with pytest.raises(ValueError, match="record=True"):
        plot.ConvergenceDisplay.from_results(fastgd.fit(X, y == "one"))


def test_coefficients_of_a_summary(flowers):
    X, y = flowers
    fit = fastgd.fit(X, y == "one")
    fit.names = ["a", "<b>", "$x^2$", "a very long name " * 5]
    s = fit.summary(X, y == "one")
    shown = plot.CoefficientsDisplay.from_summary(s)
    assert_exact(shown.coef[:, 0], s.params[1:])
    assert_exact(shown.low[:, 0], s.conf_int()[1:, 0])
    assert set(shown.shown) == {0, 1, 2, 3} and painted(shown) > 2000
    assert np.argmax(np.abs(s.params[1:])) == shown.shown[0]
    scaled = plot.CoefficientsDisplay.from_summary(s, scale=X.std(axis=0), level=0.5, most=2)
    assert_exact(scaled.coef[:, 0], s.params[1:] * X.std(axis=0))
    assert (scaled.high < shown.high * X.std(axis=0)[:, None]).all()
    assert "the 2 largest of 4" in scaled.ax_.get_title(loc="left")
    hollow = [line for line in scaled.ax_.lines if line.get_markerfacecolor() == style.PAPER]
    assert hollow  # what might be 0 is told by the marker


def test_coefficients_of_several_classes(flowers):
    X, y = flowers
    fit = fastgd.fit(X, y, l2=0.01)
    shown = plot.CoefficientsDisplay.from_summary(fit.summary(X, y))
    assert shown.coef.shape == (4, 2) and shown.equations == ["three", "two"]
    assert shown.ax_.get_legend().get_title().get_text() == "against one"
    assert "penalty" in shown.ax_.get_xlabel() and painted(shown) > 2000
    shown = plot.CoefficientsDisplay.from_result(fit)
    assert_exact(shown.coef, fit.coef.T)
    assert shown.low is None and len(shown.line_) == 3 and painted(shown) > 1000


@pytest.mark.filterwarnings("ignore::fastgd.SeparationWarning")
def test_infinite_coefficients_are_arrows(rng):
    X = np.column_stack([np.repeat([0.0, 1.0], 40), rng.normal(size=80)])
    y = np.concatenate([rng.random(40) < 0.5, np.ones(40, bool)])
    fit = fastgd.fit(X, y)
    assert fit.status == "separated"
    for shown in (
        plot.CoefficientsDisplay.from_summary(fit.summary(X, y)),
        plot.CoefficientsDisplay.from_result(fit),
    ):
        assert shown.coef[0, 0] == np.inf and np.isfinite(shown.coef[1, 0])
        [arrow] = [x for x in shown.ax_.lines if x.get_marker() == ">" and len(x.get_xdata())]
        assert arrow.get_xdata()[0] == shown.ax_.get_xlim()[1]
        assert "separated" in shown.ax_.get_title(loc="left") and painted(shown) > 1000
    three = fastgd.fit(X, np.where(X[:, 0] == 1, 2, y * 1))
    assert three.status == "separated"
    assert np.isinf(plot.CoefficientsDisplay.from_result(three).coef[0]).any()


def test_no_room_is_left_for_arrows_that_are_not_there(flowers):
    X, y = flowers
    figure = plot.CoefficientsDisplay.from_result(fastgd.fit(X, y == "one")).figure_
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3]
    low = np.flatnonzero((pixels != 255).any(axis=(1, 2))).max()
    assert len(pixels) - low < 0.1 * figure.dpi


def test_an_aliased_coefficient_is_a_cross(rng):
    X = rng.normal(size=(60, 2))
    X = np.column_stack([X, X.sum(axis=1)])
    y = rng.random(60) < 0.5
    shown = plot.CoefficientsDisplay.from_summary(fastgd.fit(X, y).summary(X, y))
    assert np.isnan(shown.coef[2, 0]) and 2 in shown.shown
    assert "not determined" in shown.ax_.get_title(loc="left")


def test_many_features_and_no_feature(rng):
    fit = fastgd.fit(rng.normal(size=(400, 200)), rng.random(400) < 0.5, l2=0.1)
    shown = plot.CoefficientsDisplay.from_result(fit, names=[f"f{j}" * 30 for j in range(200)])
    assert len(shown.shown) == 25 and painted(shown) > 5000
    with pytest.raises(ValueError, match="names must be 200, found 1"):
        plot.CoefficientsDisplay.from_result(fit, names=["a"])
    empty = fastgd.fit(np.empty((4, 0)), [0, 1, 0, 1])
    assert len(plot.CoefficientsDisplay.from_result(empty).shown) == 0


def test_path_of_fits(flowers):
    X, y = flowers
    values = np.logspace(1, -4, 8)
    fits = fit_path(X, y == "one", values)
    shown = plot.PathDisplay.from_results(fits, names=list("abcd"), scale=X.std(axis=0))
    assert_exact(shown.values, values[::-1])
    assert_exact(shown.coef[0], fits[-1].coef * X.std(axis=0))
    assert painted(shown) > 2000 and shown.ax_.get_xscale() == "log"
    shown = plot.PathDisplay.from_results(fit_path(X, y, values), most=2)
    assert_sums(shown.coef[-1], np.linalg.norm(fits_coef(X, y, values[0]), axis=0), terms=100)
    assert "2 smaller" in shown.ax_.get_title(loc="left")
    with pytest.raises(ValueError, match="found none"):
        plot.PathDisplay.from_results([])


def fits_coef(X, y, l2):
    return fit_path(X, y, [l2])[0].coef


@pytest.mark.parametrize("classes", [2, 3])
def test_path_of_cross_validation(flowers, classes):
    pytest.importorskip("sklearn")
    X, y = flowers
    y = y if classes == 3 else y == "one"
    cv = fastgd.LogisticRegressionCV(Cs=6).fit(X, y)
    shown = plot.PathDisplay.from_estimator(cv)
    assert shown.chosen == cv.C_ and shown.chosen in shown.values
    assert shown.scores.shape == (5, 6) and shown.coef.shape == (6, 4)
    best = shown.values[shown.scores.mean(axis=0).argmax()]
    assert best == shown.chosen and shown.scoring == "neg_log_loss" and painted(shown) > 2000


@pytest.mark.parametrize(
    "name", ["RocCurveDisplay", "PrecisionRecallDisplay", "CalibrationDisplay"]
)
def test_curves_of_fits_and_estimators(name, flowers):
    X, y = flowers
    display = getattr(plot, name)
    fit = fastgd.fit(X, y == "one", l2=0.01)
    one = display.from_estimator(fit, X, y == "one")
    two = display.from_predictions(y == "one", fit.predict_proba(X)[:, 1], name="two")
    for key in one.curves[0]:
        if key != "name":
            assert_exact(one.curves[0][key], two.curves[0][key])
    assert one.name == "newton" and painted(one) > 1000
    other = display.from_estimator(fit, X, y == "one", pos_label=False, ax=two.ax_)
    assert other.ax_ is two.ax_ and other.figure_ is two.figure_
    three = fastgd.fit(X, y, l2=0.01)
    many = display.from_estimator(three, X, y)
    assert [curve["name"] for curve in many.curves] == ["one", "three", "two"]
    assert len({line.get_linestyle() for line in many.line_}) == 3 and painted(many) > 1000
    some = display.from_predictions(
        y[y != "two"], three.predict_proba(X[y != "two"]), classes=three.classes
    )
    assert some.skipped == ["two"] and "two" in some.ax_.get_title(loc="left")
    with pytest.raises(ValueError, match="two classes"):
        display.from_predictions(y[:50], three.predict_proba(X[:50]), classes=three.classes)
    with pytest.raises(ValueError, match="none of the model's: 'four'"):
        display.from_predictions(["four"] * 150, three.predict_proba(X), classes=three.classes)
    with pytest.raises(ValueError, match="a column for each of the classes one, three, two"):
        display.from_predictions(y, np.ones((150, 4)))
    with pytest.raises(ValueError, match="found 'x'"):
        display.from_estimator(three, X, y, pos_label="x")


def test_a_line_joins_bins_of_enough_rows():
    p = np.repeat([0.05, 0.15, 0.55, 0.95], [40, 30, 2, 30])
    y = np.concatenate([np.arange(n) < k for n, k in ((40, 2), (30, 5), (2, 1), (30, 29))])
    shown = plot.CalibrationDisplay.from_predictions(y, p)
    assert np.isnan(shown.line_.get_ydata()).tolist() == [False, False, True, False]
    [alone] = [x for x in shown.ax_.lines if x.get_linestyle() == "None"]
    assert_exact(alone.get_ydata(), shown.prob_true[2:3])
    low, high = shown.ax_.get_xlim()
    bars = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in shown.ax_.patches]
    assert len(bars) == 4 and all(low < left and right < high for left, right in bars)
    edge = plot.CalibrationDisplay.from_predictions([0, 1], [0.0, 1.0])
    assert edge.ax_.get_xlim()[1] > edge.ax_.patches[1].get_x() + edge.ax_.patches[1].get_width()


def test_scikit_learn_shows_the_same_curve(flowers):
    metrics = pytest.importorskip("sklearn.metrics")
    X, y = flowers
    model = fastgd.LogisticRegression().fit(X, y == "one")
    ours = plot.RocCurveDisplay.from_estimator(model, X, y == "one")
    theirs = metrics.RocCurveDisplay.from_estimator(model, X, y == "one")
    assert ours.name == "LogisticRegression"
    assert_sums(ours.roc_auc, theirs.roc_auc, terms=len(y))


def test_many_classes_have_a_curve_each(rng):
    y = np.arange(400) % 20
    p = rng.dirichlet(np.ones(20), 400)
    shown = plot.RocCurveDisplay.from_predictions(y, p)
    assert len(shown.line_) == len(shown.roc_auc) == 20 and painted(shown) > 2000
    assert len({x.get_color() for x in shown.line_}) == 7  # the dashes tell the rest apart


def test_a_legend_leaves_room_for_the_curves(rng):
    y, p = np.arange(400) % 62, rng.dirichlet(np.ones(62), 400)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib's, that nothing is left for the axes
        shown = plot.RocCurveDisplay.from_predictions(y, p, title="T")
        assert painted(shown) > 2000
    assert len(shown.line_) == 62 and len(shown.ax_.get_legend().get_texts()) == 20
    title = shown.ax_.get_title(loc="left") or shown.ax_.get_title()
    assert title == "T\n20 of 62 classes named"


@pytest.mark.parametrize("classes", [2, 3])
def test_decisions_in_the_plane(flowers, classes):
    X, y = flowers
    y = y if classes == 3 else y == "one"
    fit = fastgd.fit(X[:, 1:3], y, l2=0.01)
    shown = plot.DecisionBoundaryDisplay.from_estimator(fit, X[:, 1:3], y, names=("a", "b"))
    assert shown.probabilities.shape == (200, 200, classes)
    at = np.array([[shown.x[30], shown.y[120]]])
    assert_sums(shown.probabilities[120, 30], fit.predict_proba(at)[0], terms=10)
    assert len(set(shown.surface_.hatches)) == classes
    assert len({line.get_marker() for line in shown.line_}) == classes
    assert sum(len(line.get_xdata()) for line in shown.line_) == 150 and painted(shown) > 9000
    with pytest.raises(ValueError, match=r"\(n, 2\), found \(150, 4\)"):
        plot.DecisionBoundaryDisplay.from_estimator(fit, X)
    with pytest.raises(ValueError, match="row 1 is not"):
        plot.DecisionBoundaryDisplay.from_estimator(fit, [[0, 1], [np.nan, 2]])


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_decisions_of_frames(flowers, library):
    X, y = flowers
    module = pytest.importorskip(library)
    frame = getattr(module, "DataFrame", getattr(module, "table", None))
    frame = frame({"a": X[:, 1].copy(), "b": X[:, 2].copy()})
    fit = fastgd.fit(frame, y, l2=0.01)
    shown = plot.DecisionBoundaryDisplay.from_estimator(fit, frame, y)
    plain = plot.DecisionBoundaryDisplay.from_estimator(fit, X[:, 1:3], y)
    assert shown.names == ("a", "b")
    assert_sums(shown.probabilities, plain.probabilities, terms=10)


def test_decisions_of_what_is_no_plane(flowers):
    X, y = flowers
    fit = fastgd.fit(X[:, 1:3], y, l2=0.01)
    with pytest.raises(ValueError, match="X must hold numbers"):
        plot.DecisionBoundaryDisplay.from_estimator(fit, [["u", 1.0], ["v", 2.0]])
    with pytest.raises(ValueError, match="grid must be 2 at least, found 1"):
        plot.DecisionBoundaryDisplay.from_estimator(fit, X[:, 1:3], grid=1)


def test_columns_of_texts_have_several_coefficients(flowers):
    pd = pytest.importorskip("pandas")
    pytest.importorskip("sklearn")
    X, y = flowers
    frame = pd.DataFrame({"a": X[:, 1], "kind": [*"uvw"] * 50})
    names = ["a", "kind=v", "kind=w"]
    cv = fastgd.LogisticRegressionCV(Cs=3).fit(frame, y == "one")
    assert plot.CoefficientsDisplay.from_result(cv).names == names
    shown = plot.PathDisplay.from_estimator(cv)
    assert shown.names == names and shown.coef.shape == (3, 3)


def test_what_no_picture_is_of(flowers):
    X, y = flowers
    fit = fastgd.fit(X, y, l2=0.01)
    with pytest.raises(ValueError, match="results must be one fit or more"):
        plot.ConvergenceDisplay.from_results([])
    with pytest.raises(TypeError, match="must be a fitted LogisticRegressionCV, found FitResult"):
        plot.PathDisplay.from_estimator(fit)
    for draw in (
        plot.CoefficientsDisplay.from_result,
        lambda fit, **o: plot.PathDisplay.from_results([fit], **o),
    ):
        with pytest.raises(ValueError, match=r"scale must be of shape \(4,\), found \(2,\)"):
            draw(fit, scale=[1.0, 2.0])
    with pytest.raises(ValueError, match="y_true has no row of pos_label 'z'"):
        plot.RocCurveDisplay.from_predictions(["p", "q"], [0.1, 0.2], pos_label="z")


def test_a_scatter_is_thinned(rng):
    X = rng.normal(size=(50_000, 2))
    y = X[:, 0] + rng.normal(size=50_000) > 0
    shown = plot.DecisionBoundaryDisplay.from_estimator(fastgd.fit(X, y), X, y)
    assert 1500 < sum(len(line.get_xdata()) for line in shown.line_) <= 2002


@pytest.mark.parametrize("width", [3.2, 12])
def test_narrow_and_wide(flowers, width):
    X, y = flowers
    fit = fastgd.fit(X, y == "one", l2=0.01, record=True)
    from matplotlib import pyplot

    for display, data in (
        (plot.CoefficientsDisplay.from_result, (fit,)),
        (plot.RocCurveDisplay.from_estimator, (fit, X, y == "one")),
        (plot.CalibrationDisplay.from_estimator, (fit, X, y == "one")),
    ):
        ax = pyplot.figure(figsize=(width, 3), layout="constrained").subplots()
        assert painted(display(*data, ax=ax)) > 1000
