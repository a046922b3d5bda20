"""Pictures of the lecture: the numbers drawn, the finding in words, both languages, every glyph."""

import io
import itertools
import math
import re
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

import fastgd  # noqa: E402
from fastgd import calculus, plot  # noqa: E402
from fastgd.graph import Graph  # noqa: E402
from fastgd.plot import fonts, words  # noqa: E402

CHINESE = not fonts.missing("成本函数损失权重偏置学习率")
needs_chinese = pytest.mark.skipif(not CHINESE, reason="no font with Chinese characters here")
LANGUAGES = ["en", pytest.param("zh", marks=needs_chinese)]
HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    from matplotlib import pyplot

    pyplot.close("all")


def square(a):
    return a**2


def valley(v):
    return v[0] ** 2 + 2 * v[1] ** 2


def slope(v):
    return np.array([2 * v[0], 4 * v[1]])


def descend(rate, steps=50):
    start = [1.0, 1.0]
    return fastgd.gradient_descent(valley, start, slope, learning_rate=rate, max_iter=steps)


def two_columns():
    data = fastgd.datasets.load("breast_cancer")
    X = data.X[:, :2]
    return (X - X.mean(axis=0)) / X.std(axis=0), np.asarray(data.y)


def losses():
    X, y = two_columns()

    def squared_error(v):
        return np.mean((fastgd.sigmoid(X @ v) - y) ** 2) / 2

    return {"log_loss": lambda v: fastgd.cost(X, y, v), "squared_error": squared_error}


def along(f):
    return lambda t: f(np.array([t, 0.0]))


def models_of_a_fit(steps=30):
    X, y = two_columns()
    models = [(np.zeros(2), 0.0)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fastgd.ConvergenceWarning)
        fit = fastgd.fit(X, y, solver="gd", learning_rate=0.5, max_iter=steps, record=True,
            callback=lambda e: models.append((e.coef.copy(), e.intercept)))  # fmt: skip
    return X, y, models, fit


def solvers():
    X, y = two_columns()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fastgd.ConvergenceWarning)
        return {s: fastgd.fit(X, y, solver=s, record=True, max_iter=300) for s in ("gd", "auto")}


EXAMPLE = {"a": 5, "b": 3, "c": 2}, {"u": "b*c", "v": "a+u", "J": "3*v"}
PICTURES = {
    "secants": lambda lang: plot.secants(
        square, calculus.difference_table(square, 2, [2, 1, 0.5, 0.001]), lang=lang
    ),
    "kink": lambda lang: plot.secants(abs, calculus.difference_table(abs, 0, [1]), lang=lang),
    "difference_error": lambda lang: plot.difference_error(
        calculus.difference_table(math.exp, 1, 10.0 ** -np.arange(0, 15)), lang=lang
    ),
    "derivative": lambda lang: plot.derivative(
        square, calculus.derivative_function(square), (-3, 3), points=[-1, 2], lang=lang
    ),
    "legs": lambda lang: plot.legs([2, 4], direction=45, lang=lang),
    "hillside": lambda lang: plot.hillside(valley, slope, [1, 1], lang=lang),
    "polar": lambda lang: plot.polar([2, 4], lang=lang),
    "contour": lambda lang: plot.contour(valley, descend(0.1), minimum=(0, 0), lang=lang),
    "surface": lambda lang: plot.surface(valley, descend(0.1), lang=lang),
    "learning_rates": lambda lang: plot.learning_rates(
        [descend(rate) for rate in (0.01, 0.25, 0.6)], valley, lang=lang
    ),
    "cost_curves": lambda lang: plot.cost_curves(
        {name: along(f) for name, f in losses().items()}, (-8, 8), lang=lang
    ),
    "cost_surfaces": lambda lang: plot.cost_surfaces(losses(), (-8, 8), (-8, 8), lang=lang),
    "computation_graph": lambda lang: plot.computation_graph(Graph(*EXAMPLE), lang=lang),
    "learning_curve": lambda lang: plot.learning_curve(descend(0.1), best=0, lang=lang),
    "boundaries": lambda lang: plot.boundaries(*two_columns(), {"A": ([1, 0], 0)}, lang=lang),
    "points": lambda lang: plot.boundaries(*two_columns(), lang=lang),
    "moving_boundary": lambda lang: plot.moving_boundary(*models_of_a_fit()[:3], lang=lang),
    "convergence": lambda lang: plot.convergence(solvers(), lang=lang),
}


# --- every picture


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", PICTURES)
def test_draws_says_what_it_shows_and_lacks_no_glyph(name, lang, tmp_path, request):
    if lang == "zh":
        request.getfixturevalue("chinese")
    before = dict(matplotlib.rcParams)
    with plot.strict():
        picture = PICTURES[name](lang)
        picture.save(tmp_path / "picture.png", dpi=40)
    assert dict(matplotlib.rcParams) == before
    assert (tmp_path / "picture.png").stat().st_size > 2000
    assert repr(picture) == picture.alt and re.search(r"\d", picture.alt)
    assert picture.alt.endswith("。" if lang == "zh" else ".")
    assert bool(HAN.search(picture.alt)) == (lang == "zh")
    texts = picture.figure_.findobj(matplotlib.text.Text)
    assert bool(HAN.search("".join(t.get_text() for t in texts))) == (lang == "zh" and
        name != "points")  # fmt: skip
    said = picture.alt + "".join(t.get_text() for t in texts)
    assert not re.search(r"\{[a-z_]*\}", said)  # nothing was left to be filled in


def test_both_languages_say_every_entry_with_the_same_numbers():
    fields = [set(re.findall(r"\{(\w+)\}", text)) for pair in words.WORDS.values() for text in pair]
    assert fields[::2] == fields[1::2] and len(fields) > 100
    chinese = "".join(zh for _, zh in words.WORDS.values())
    assert all(term in chinese for term in ("成本函数", "损失函数", "权重", "偏置", "学习率"))
    with pytest.raises(ValueError, match="lang must be 'en' or 'zh', found 'de'"):
        plot.legs([2, 4], lang="de")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.0, "3"),
        (0.003, "0.003"),
        (-2.5, "\u22122.5"),
        (1e-8, "10\u207b\u2078"),
        (6.6e-9, "6.6\u00d710\u207b\u2079"),
        (123456.0, "123456"),
        (-0.0, "0"),
        (math.inf, "\u221e"),
        (math.nan, "?"),
    ],
)
def test_numbers_as_one_reads_them(value, text):
    assert words.number(value) == text


def test_a_missing_glyph_is_a_hint_and_in_a_build_an_error(monkeypatch):
    monkeypatch.setattr(fonts, "installed", lambda: ("DejaVu Sans",))
    with matplotlib.rc_context({"font.family": ["DejaVu Sans"]}):
        with pytest.warns(plot.FontWarning, match="install Noto Sans CJK SC"):
            plot.legs([2, 4], lang="zh")
        with plot.strict(), pytest.raises(plot.FontWarning, match="no installed font"):
            plot.legs([2, 4], lang="zh")
        with plot.strict():
            plot.legs([2, 4], lang="en")


def test_matplotlibs_own_warning_is_an_error_too():
    figure = matplotlib.figure.Figure()
    figure.text(0.5, 0.5, "\u6743", family=["DejaVu Sans"])
    with plot.strict(), pytest.raises(UserWarning, match="Glyph"):
        figure.savefig(io.BytesIO())


# --- rows 1 to 5


def test_secants_turn_into_the_tangent():
    table = calculus.difference_table(square, 2, [2, 1, 0.5, 0.001])
    picture = plot.secants(square, table)
    assert picture.values["slopes"] == pytest.approx([6, 5, 4.5], rel=1e-12)
    assert picture.values["tangent"] == pytest.approx(4, rel=1e-9)
    assert picture.values["triangle"] == (2, 12)
    drawn = {line.get_label(): line.get_xydata() for line in picture.ax_.lines}
    [(_, tangent)] = [(k, v) for k, v in drawn.items() if k.startswith("tangent")]
    (x0, y0), (x1, y1) = tangent
    assert (y1 - y0) / (x1 - x0) == pytest.approx(4, rel=1e-9)
    assert y0 + 4 * (2 - x0) == pytest.approx(4, rel=1e-9)  # through (2, 4)
    small = plot.secants(square, table, steps=[0.001])
    assert small.values["slopes"] == pytest.approx([4.001], rel=1e-9)
    assert "4.001" in small.alt and "slope 4" in small.alt


def test_a_line_has_one_slope_and_a_kink_two():
    table = calculus.difference_table(lambda a: 3 * a, 2, [0.001])
    line = plot.secants(lambda a: 3 * a, table)
    assert line.values["triangle"] == pytest.approx((0.001, 0.003), rel=1e-9)
    assert "slope is 3" in line.alt
    kink = plot.secants(abs, calculus.difference_table(abs, 0, [1, 0.5]))
    assert "\u22121 from the left and 1 from the right" in kink.alt
    with pytest.raises(ValueError, match=r"steps: 0\.7 is not in the table"):
        plot.secants(abs, calculus.difference_table(abs, 0, [1]), steps=[0.7])


def test_errors_of_differences_are_those_of_the_table():
    table = calculus.difference_table(math.exp, 1, 10.0 ** -np.arange(0, 15))
    picture = plot.difference_error(table)
    for kind in ("forward", "central"):
        error = np.abs(getattr(table, kind) - float(table.derivative))
        assert picture.values[kind] == pytest.approx(error)
        step, least = picture.values["best"][kind]
        assert least == error.min() and error[table.steps == step] == least
        assert words.number(least, 2) in picture.alt
    assert picture.values["best"]["central"][1] < picture.values["best"]["forward"][1]
    assert picture.ax_.get_xscale() == picture.ax_.get_yscale() == "log"
    with pytest.raises(ValueError, match=r"derivative must be finite"):
        plot.difference_error(calculus.difference_table(abs, 0, [1]))


def test_exact_differences_are_drawn_though_their_logarithm_is_not():
    exact = SimpleNamespace(
        steps=np.array([1.0, 0.5]),
        forward=np.array([3.0, 3.0]),
        central=np.array([3.0, 3.5]),
        derivative=3.0,
    )
    picture = plot.difference_error(exact)
    labels = picture.ax_.get_legend_handles_labels()[1]
    assert "exact (2 steps)" in labels and "exact (1 steps)" in labels


def test_height_of_the_derivative_is_the_slope():
    cube = calculus.derivative_function(lambda a: a**3)
    picture = plot.derivative(lambda a: a**3, cube, (-2.5, 2.5), points=[-1, 0, 2], x_name="a")
    assert picture.values["slopes"] == pytest.approx([3, 0, 12], abs=1e-9)
    assert "12 at a = 2" in picture.alt and "0 at a = 0" in picture.alt
    picture.figure_.canvas.draw()
    for ax, lines in zip(picture.ax_, (4, 1), strict=True):  # no note hides a line
        for text in ax.texts:
            box = text.get_window_extent()
            for line in ax.lines[:lines]:
                ends = ax.transData.transform(line.get_xydata())
                for a, b in itertools.pairwise(ends):
                    along = a + np.linspace(0, 1, 50)[:, None] * (b - a)
                    assert not any(box.contains(*point) for point in along)
    log = plot.derivative(math.log, lambda a: 1 / a, (-1, 3))  # not defined below 0
    assert np.isfinite(log.values["slopes"]).all()


def test_legs_and_hypotenuse():
    picture = plot.legs([2, 4], direction=45)
    assert picture.values["length"] == pytest.approx(math.sqrt(20))
    assert picture.values["angle"] == pytest.approx(math.degrees(math.atan2(4, 2)))
    assert picture.values["projection"] == pytest.approx(6 / math.sqrt(2))
    assert all(text in picture.alt for text in ("4.4721", "63.43", "4.2426"))
    for bad in ([0, 0], [1, 2, 3], [1, math.nan]):
        with pytest.raises(ValueError, match="gradient must"):
            plot.legs(bad)


def test_slopes_by_direction_lie_on_the_polar_curve():
    picture = plot.polar([2, 4], slope=lambda v: calculus.directional_derivative(valley, [1, 1], v))
    turn = np.radians(picture.values["directions"])
    assert picture.values["measured"] == pytest.approx(2 * np.cos(turn) + 4 * np.sin(turn))
    [uphill, *_] = picture.ax_.lines
    assert uphill.get_ydata().max() == pytest.approx(math.sqrt(20))
    assert "4.4721" in picture.alt and "63.43" in picture.alt


def test_hillside_takes_the_gradient_at_the_point():
    picture = plot.hillside(valley, slope, [1, 1])
    assert list(picture.values["gradient"]) == [2, 4]
    assert "63.43" in picture.alt and len(picture.ax_) == 2


# --- rows 6 and 7


def test_contour_shows_the_whole_path():
    walk = descend(0.1)
    picture = plot.contour(valley, walk)
    drawn = [line.get_xydata() for line in picture.ax_.lines]
    assert any(xy.shape == walk.path.shape and np.array_equal(xy, walk.path) for xy in drawn)
    assert list(picture.values["start"]) == [1, 1]
    assert np.array_equal(picture.values["end"], walk.path[-1])
    assert "50 steps" in picture.alt and "from 3 to" in picture.alt


def test_a_path_that_leaves_is_drawn_up_to_the_edge_and_says_so():
    walk = descend(0.6)
    picture = plot.contour(valley, walk, xlim=(-2, 2), ylim=(-2, 2))
    assert "diverges" in picture.alt
    texts = [t.get_text() for t in picture.ax_.texts]
    assert "leaves the picture" in texts
    arrows = [t.xy for t in picture.ax_.texts if t.get_text() == ""]
    assert any(abs(y) == pytest.approx(2) for _, y in arrows)
    alone = plot.contour(valley, walk.path, xlim=(-2, 2), ylim=(-2, 2))
    assert np.array_equal(alone.values["path"], walk.path)
    with pytest.raises(ValueError, match=r"path must have the shape"):
        plot.contour(valley, np.zeros((3, 3)))


def test_a_path_with_numbers_beyond_all_bounds_is_drawn(tmp_path):
    path = np.array([[1.0, 1.0], [-1e100, 1e200], [1e300, math.inf]])
    picture = plot.contour(valley, path, xlim=(-2, 2), ylim=(-2, 2))
    picture.save(tmp_path / "far.png", dpi=40)
    assert (tmp_path / "far.png").exists()


def test_learning_rates_keep_the_one_that_diverges():
    rates = (0.01, 0.1, 0.25, 0.5, 0.6)
    walks = [descend(rate) for rate in rates]
    picture = plot.learning_rates(walks, valley)
    assert picture.values["rates"] == list(rates)
    assert picture.values["status"] == [walk.status for walk in walks]
    assert len(picture.ax_) == 6
    lines = picture.ax_[0].lines
    assert len(lines) == 5
    low, high = picture.ax_[0].get_ylim()
    for line in lines:
        assert low <= line.get_ydata().min() and line.get_ydata().max() <= high
    assert len({line.get_linestyle() for line in lines} | {line.get_marker() for line in lines}) > 5
    assert len(lines[4].get_ydata()) < len(walks[4].values)  # cut where it leaves
    assert "0.6: 8.2" in picture.alt and "diverges" in picture.alt
    with pytest.raises(ValueError, match="one descent or more"):
        plot.learning_rates([])


def test_learning_rates_of_a_function_with_negative_values():
    walk = fastgd.gradient_descent(lambda v: valley(v) - 5, [1.0, 1.0], slope, learning_rate=0.1)
    picture = plot.learning_rates([walk])
    assert picture.ax_[0].get_yscale() == "linear"
    assert picture.values["last"] == [pytest.approx(-5)]


def test_log_loss_is_convex_and_squared_error_is_not():
    curves = plot.cost_curves({name: along(f) for name, f in losses().items()}, (-8, 8))
    surfaces = plot.cost_surfaces(losses(), (-8, 8), (-8, 8))
    for picture in (curves, surfaces):
        assert picture.values["log_loss"][2] == 0 < 0.2 < picture.values["squared_error"][2] < 1
        assert "convex" in picture.alt
    t = np.linspace(-8, 8, 401)
    place, lowest, _ = curves.values["log_loss"]
    heights = [along(losses()["log_loss"])(v) for v in t]
    assert lowest == min(heights) and place == t[np.argmin(heights)]


def test_the_edge_of_a_picture_is_no_minimum():
    costs = {"falls": lambda w: -w, "rises": lambda w: w, "bowl": lambda w: (w - 1) ** 2}
    costs["flat"] = lambda w: 1.0
    picture = plot.cost_curves(costs, (0, 3))
    said = [ax.texts[0].get_text().partition(":")[0] for ax in picture.ax_]
    assert said == ["still falling", "still falling", "lowest", "lowest"]
    marks = [[line for line in ax.lines if line.get_marker() == "v"] for ax in picture.ax_]
    assert [len(found) for found in marks] == [0, 0, 1, 1]
    assert not marks[2][0].get_clip_on()


def test_a_saddle_bends_down_everywhere_and_a_bowl_nowhere():
    picture = plot.cost_surfaces(
        {"saddle": lambda v: v[0] * v[1], "bowl": valley, "plane": sum}, (-1, 1), (-1, 1)
    )
    shares = {name: share for name, (_, _, share) in picture.values.items()}
    assert shares["saddle"] > 0.9 and shares["bowl"] == shares["plane"] == 0


# --- rows 8 and 9


def test_graph_shows_values_and_derivatives():
    picture = plot.computation_graph(Graph(*EXAMPLE))
    values = {name: value for name, (value, _) in picture.values.items()}
    slopes = {name: slope for name, (_, slope) in picture.values.items()}
    assert values == {"a": 5, "b": 3, "c": 2, "u": 6, "v": 11, "J": 33}
    assert slopes == {"a": 3, "b": 6, "c": 9, "u": 3, "v": 3, "J": 1}
    texts = [t.get_text() for t in picture.ax_.texts]
    assert {"33", "11", "\u2202J/\u2202c = 9", "\u2202J/\u2202b = 6"} <= set(texts)
    assert "J = 33" in picture.alt and "c 9" in picture.alt
    assert texts.count("") == 10  # five arrows forward, five back


def test_boxes_do_not_overlap():
    X, y = two_columns()
    trace = fastgd.explain(X, y, [-3.0, 0.9], 0.7)
    for graph in (Graph(*EXAMPLE), trace.graph):
        ax = plot.computation_graph(graph).ax_
        boxes = [box.get_window_extent() for box in ax.patches if hasattr(box, "get_boxstyle")]
        assert len(boxes) == len(graph.nodes)
        for i, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[:i])


def test_graph_names_what_is_wrong_with_it():
    def node(name, *inputs):
        return SimpleNamespace(name=name, formula="", value=1, derivative=None, inputs=inputs)

    assert plot.computation_graph([node("a"), node("b", "a")]).values["b"] == (1, None)
    with pytest.raises(ValueError, match=r"inputs \['x'\] are no nodes"):
        plot.computation_graph([node("a", "x")])
    with pytest.raises(ValueError, match="in a circle"):
        plot.computation_graph([node("a", "b"), node("b", "a")])


# --- rows 0, 10 and 11


def test_learning_curve_of_a_fit_begins_after_its_first_iteration():
    *_, fit = models_of_a_fit()
    picture = plot.learning_curve(fit)
    [line] = picture.ax_.lines
    assert np.array_equal(line.get_ydata(), fit.history["cost"])
    assert line.get_xdata()[0] == 1 and line.get_xdata()[-1] == fit.n_iter
    assert f"in {fit.n_iter} iterations" in picture.alt
    walk = descend(0.6, 5)
    assert "lowest" in plot.learning_curve(walk.values).alt  # it rises
    X, y = two_columns()
    with pytest.raises(ValueError, match="record=True"):
        plot.learning_curve(fastgd.fit(X, y))


def test_boundaries_count_the_right_side():
    X = np.array([[0.0, 0], [1, 0], [2, 0], [3, 0]])
    picture = plot.boundaries(
        X, list("aabb"), {"all": ([1, 0], -1.5), "half": ([-1, 0], 0.5), "none": ([-1, 0], 1.5)}
    )
    assert picture.values["right"] == {"all": 4, "half": 1, "none": 0}
    [line, *_] = picture.ax_.lines
    assert np.allclose(line.get_xdata(), 1.5)
    assert "all: 4" in picture.alt
    with pytest.raises(ValueError, match="two different labels, found 3"):
        plot.boundaries(X, [0, 1, 2, 2])
    with pytest.raises(ValueError, match="two columns"):
        plot.boundaries(np.zeros((4, 3)), [0, 0, 1, 1])


def test_moving_boundary_is_a_small_gif_with_a_still_beside_it(tmp_path):
    image = pytest.importorskip("PIL.Image")
    X, y, models, fit = models_of_a_fit(60)
    picture = plot.moving_boundary(X, y, models, frames=8)
    still = picture.save(tmp_path / "boundary.gif", dpi=50)
    assert still == tmp_path / "boundary.png" and still.stat().st_size > 2000
    assert 2000 < (tmp_path / "boundary.gif").stat().st_size < 2_000_000
    with image.open(tmp_path / "boundary.gif") as gif:
        assert gif.n_frames == len(picture.frames) == 8
    with image.open(still) as png:
        assert png.text["Description"] == picture.alt
    assert picture.frames[0] == 0 and picture.frames[-1] == len(models) - 1
    said = [text.get_text() for text in picture.ax_.get_legend().get_texts()]
    assert any(text.startswith("after 0 iterations: ") for text in said), said
    w, b = models[-1]
    assert picture.values["right"][-1] == np.sum((X @ w + b > 0) == (y == np.unique(y)[1]))
    assert f"over {fit.n_iter} iterations" in picture.alt
    assert str(picture.values["right"][-1]) in picture.alt
    other = picture.save(tmp_path / "still.svg")
    assert other.exists() and not (tmp_path / "still.png").exists()


def test_convergence_counts_passes_to_the_same_gap():
    fits = solvers()
    picture = plot.convergence(fits, target=1e-6)
    best = min(fit.history["cost"].min() for fit in fits.values())
    start = max(fit.history["cost"][0] for fit in fits.values()) - best
    for name, fit in fits.items():
        there = fit.history["cost"] - best <= 1e-6 * start
        assert picture.values["passes"][name] == (fit.history["passes"][there][0])
    assert picture.values["passes"]["auto"] < picture.values["passes"]["gd"]
    assert f"auto: {picture.values['passes']['auto']} passes" in picture.alt
    strict = plot.convergence({"gd": fits["gd"]}, target=1e-6, best=best - start)
    assert strict.values["passes"] == {"gd": None} and "not within" in strict.alt
    with pytest.raises(ValueError, match=r"fits\['x'\] has no history"):
        plot.convergence({"x": SimpleNamespace(history=None)})


# --- guests


@pytest.mark.parametrize("name", ["secants", "difference_error", "legs", "contour", "boundaries"])
def test_draws_where_it_is_told(name):
    from matplotlib import pyplot

    ax = pyplot.figure().subplots()
    table = calculus.difference_table(square, 2, [1, 0.1])
    arguments = {
        "secants": (square, table),
        "difference_error": (table,),
        "legs": ([2, 4],),
        "contour": (valley,),
        "boundaries": two_columns(),
    }[name]
    picture = getattr(plot, name)(*arguments, ax=ax)
    assert picture.ax_ is ax and picture.figure_ is ax.figure
    assert len(pyplot.get_fignums()) == 1


def test_wrong_kinds_of_axes_are_named():
    from matplotlib import pyplot

    ax = pyplot.figure().subplots()
    with pytest.raises(ValueError, match="ax must be polar"):
        plot.polar([2, 4], ax=ax)
    with pytest.raises(ValueError, match="ax must be in 3d"):
        plot.surface(valley, ax=ax)
