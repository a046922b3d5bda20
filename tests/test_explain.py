"""A pass written out, its graph, and the same by other ways; rows 8 and 9 of the lecture."""

import math
import subprocess
import sys

import numpy as np
import pytest
from tolerances import EPS, assert_exact

import fastgd
from fastgd import calculus, reference, timing, trace

NAN, INF = math.nan, math.inf


@pytest.fixture
def problem(rng):
    X = rng.standard_normal((40, 3))
    return X, np.arange(40) % 2, rng.standard_normal(3), 0.3


# --- row 7: the loss of one, the cost of all --------------------------------------------


def bends(values):
    """Second differences, as shares of the largest value."""
    return np.diff(values, 2) / np.abs(values).max()


def test_cost_is_the_mean_loss_and_minus_the_log_likelihood(problem):
    X, y, w, b = problem
    found = fastgd.explain(X, y, w, b)
    assert found.J == pytest.approx(found.loss.mean(), rel=1e-14)
    likelihood = np.prod(np.where(y == 1, found.a, 1 - found.a))
    assert math.exp(-found.m * found.J) == pytest.approx(likelihood, rel=1e-10)


def test_log_loss_is_convex_on_a_slice_and_squared_error_of_a_sigmoid_is_not():
    data = fastgd.datasets.load("breast_cancer")
    x = data.X[:, :1] - data.X[:, 0].mean()
    slice_ = np.linspace(-5, 5, 201)
    log_loss = [fastgd.cost(x, data.y, [w]) for w in slice_]
    squared = [np.mean((fastgd.sigmoid(x[:, 0] * w) - data.y) ** 2) / 2 for w in slice_]
    assert bends(log_loss).min() > -1e-14
    assert bends(squared).min() < -1e-3 and bends(squared).max() > 1e-3


# --- row 8: the computation graph -------------------------------------------------------


def lecture_graph():
    return fastgd.Graph({"a": 5, "b": 3, "c": 2}, {"u": "b * c", "v": "a + u", "J": "3 * v"})


def test_graph_of_the_lecture():
    graph = lecture_graph()
    assert {node.name: node.value for node in graph} == {
        "a": 5, "b": 3, "c": 2, "u": 6, "v": 11, "J": 33,
    }  # fmt: skip
    assert graph.derivatives == {"J": 1, "v": 3, "u": 3, "a": 3, "b": 6, "c": 9}
    assert graph["u"].inputs == ("b", "c") and graph["u"].partials == (2, 3)
    assert graph["u"].formula == "b * c" and graph.output.name == "J" and len(graph) == 6
    slopes = calculus.gradient(lambda v: 3 * (v[0] + v[1] * v[2]), [5, 3, 2])
    np.testing.assert_allclose(slopes, [3, 6, 9], rtol=1e-12)


@pytest.mark.parametrize(
    "formula",
    [
        "x * y + x",
        "x - y * x / 2",
        "exp(-x) * sigmoid(y)",
        "ln(x) + log(y) + sqrt(x * y)",
        "x ** 2 + 2 * y ** 3",
        "x ** y",
        "2 ** x / +y",
        "x",
        "x - x + y",
    ],
)
def test_graph_by_differences(formula):
    at = [1.3, 0.7]
    graph = fastgd.Graph({"x": at[0], "y": at[1]}, {"f": formula, "g": "f * f + x"})

    def g(v):
        return fastgd.Graph({"x": v[0], "y": v[1]}, {"f": formula, "g": "f * f + x"})["g"].value

    slopes = [graph["x"].derivative, graph["y"].derivative]
    np.testing.assert_allclose(slopes, calculus.gradient(g, at), rtol=1e-9, atol=1e-12)


def test_sigmoid_of_a_graph_does_not_overflow():
    for z in -1000, 1000:
        graph = fastgd.Graph({"z": z}, {"a": "sigmoid(z)"})
        assert graph["a"].value == (z > 0) and graph["z"].derivative == 0


@pytest.mark.parametrize(
    ("given", "formulas", "words"),
    [
        ({"a": 1}, {}, "formulas is empty"),
        ({"a": 1}, {"b": "c + 1"}, "no 'c' yet; there are a"),
        ({"a": 1}, {"b": "c", "c": "a"}, "no 'c' yet"),
        ({"a": 1}, {"a": "a + 1"}, "already"),
        ({"exp": 1}, {"a": "1"}, "already"),
        ({"a b": 1}, {"c": "1"}, "name"),
        ({"a": 1}, {"b": "a +"}, "cannot be read"),
        ({"a": 1}, {"b": "a ^ 2"}, r"\*\*"),
        ({"a": 1}, {"b": "tan(a)"}, "tan"),
        ({"a": 1}, {"b": "__import__('os')"}, "not known"),
        ({"a": 1}, {"b": "a.real"}, "not known"),
        ({"a": 1}, {"b": "a if a else 2"}, "not known"),
        ({"a": 1}, {"b": "True"}, "not known"),
        ({"a": 0}, {"b": "1 / a"}, "not finite"),
        ({"a": 0}, {"b": "ln(a)"}, "b = ln"),
        ({"a": -1}, {"b": "sqrt(a)"}, "b = sqrt"),
        ({"a": -1}, {"b": "a ** 0.5"}, "no real number"),
        ({"a": 1000}, {"b": "exp(a)"}, "not finite"),
        ({"a": NAN}, {"b": "a"}, "not finite"),
    ],
)
def test_bad_graph(given, formulas, words):
    with pytest.raises(ValueError, match=words):
        fastgd.Graph(given, formulas)


@pytest.mark.parametrize("value", ["5", None, [1], 1j, np.array([1.0, 2.0])])
def test_bad_value_of_a_graph(value):
    with pytest.raises(TypeError, match="value of a"):
        fastgd.Graph({"a": value}, {"b": "a"})


@pytest.mark.parametrize("arguments", [([1], {"b": "a"}), ({"a": 1}, "b = a")])
def test_graph_wants_two_dicts(arguments):
    with pytest.raises(TypeError, match="must be a dict"):
        fastgd.Graph(*arguments)


def test_text_of_a_graph():
    text = repr(lecture_graph())
    assert "dJ/d" in text and text.count("\n") == 6
    page = lecture_graph()._repr_html_()
    assert page.count("<tr>") == 7 and "<td>b * c</td>" in page
    with pytest.raises(KeyError, match="no node 'z'; there are a, b"):
        lecture_graph()["z"]


# --- row 9: one neuron, forward and backward -------------------------------------------------


def test_one_sample_by_hand():
    found = fastgd.explain([[1.0, 2.0], [0.5, -1.0]], [1, 0], [0.1, -0.2], 0.3, sample=0)
    z = 0.1 - 0.4 + 0.3
    a = 1 / (1 + math.exp(-z))
    assert found.z[0] == pytest.approx(z, abs=EPS)
    assert found.a[0] == pytest.approx(a, rel=4 * EPS)
    assert found.loss[0] == pytest.approx(-math.log(a), rel=4 * EPS)
    assert found.da[0] == pytest.approx(-1 / a, rel=4 * EPS)
    assert found.dz[0] == pytest.approx(a - 1, rel=4 * EPS)
    np.testing.assert_allclose(found.dw_one, [a - 1, 2 * (a - 1)], rtol=8 * EPS)
    assert found.db_one == pytest.approx(a - 1, rel=8 * EPS)


@pytest.mark.parametrize("soft", [False, True])
def test_all_samples_against_the_reference(problem, soft, rng):
    X, y, w, b = problem
    y = rng.random(len(y)) if soft else y
    found = fastgd.explain(X, y, w, b)
    cost, dw, db = reference.cost_and_gradient(X, y, w, b)
    assert found.J == pytest.approx(cost, rel=1e-14)
    np.testing.assert_allclose([*found.dw, found.db], [*dw, db], rtol=1e-12)
    np.testing.assert_allclose(found.a, reference.sigmoid(X @ w + b), rtol=1e-14)
    np.testing.assert_allclose(found.dz, found.a - y, rtol=1e-12, atol=1e-16)
    np.testing.assert_allclose(found.da * found.a * (1 - found.a), found.dz, rtol=1e-10)
    assert found.loss.mean() == pytest.approx(found.J, rel=1e-14)
    np.testing.assert_allclose(found.dw_sum / found.m, found.dw, rtol=1e-12)
    assert found.db_sum / found.m == pytest.approx(found.db, rel=1e-12)


def test_accumulators_of_a_loop(problem):
    X, y, w, b = problem
    found = fastgd.explain(X, y, w, b)
    J, dw, db = 0.0, np.zeros(3), 0.0
    for i in range(len(y)):
        one = fastgd.explain(X, y, w, b, sample=i)
        J += one.loss[i]
        dw += one.dw_one
        db += one.db_one
    np.testing.assert_allclose(dw, found.dw_sum, rtol=1e-12)
    np.testing.assert_allclose([J, *dw, db], found.m * np.array([found.J, *found.dw, found.db]))


def test_all_samples_by_differences(problem):
    X, y, w, b = problem
    found = fastgd.explain(X, y, w, b)
    check = calculus.check_gradient(
        lambda v: reference.cost(X, y, v[:3], v[3]), [*found.dw, found.db], [*w, b]
    )
    assert check.ok and check.resolved.all()
    loss = calculus.derivative(lambda z: reference.log_loss(y[2], z), float(found.z[2]))
    assert loss == pytest.approx(found.dz[2], rel=1e-9)
    loss = calculus.derivative(lambda a: -math.log(1 - a), float(found.a[2]))  # y[2] is 0
    assert loss == pytest.approx(found.da[2], rel=1e-9)


def test_steps(problem):
    X, y, w, b = problem
    found = fastgd.explain(X, y, w, b, sample=-1, learning_rate=0.1)
    steps = {}
    for name, ours, formula, shape, one, all_ in found.steps:
        steps.setdefault(name, (ours, formula, shape, one, all_))  # the update comes later
        if shape and all_ is not None:
            assert np.shape(all_) == shape, name
    assert {"m, n_x", "X", "y", "w", "b", "z", "a", "L", "J", "da", "dz", "dw", "db", "alpha"} <= {
        *steps
    }
    assert found.sample == 39 and steps["z"][3] == found.z[39]
    assert steps["J"][4] == found.J and steps["J"][3] == found.loss[39]
    assert steps["db"][4] == found.db and steps["alpha"][4] == 0.1
    updates = found.steps[-2:]
    assert_exact(updates[0].all, w - 0.1 * found.dw)
    assert updates[1].all == b - 0.1 * found.db
    after = reference.fit(X, y, learning_rate=0.1, n_iter=1, init=(w, b))
    np.testing.assert_allclose([*updates[0].all, updates[1].all], [*after.coef, after.intercept])
    ours = eval(steps["da"][0], {"y": y, "a": found.a})  # the expressions are Python
    np.testing.assert_allclose(ours, found.da)
    np.testing.assert_allclose(eval(steps["sum of dw"][0], {"X": X, "y": y, "a": found.a}),
                               found.dw_sum)  # fmt: skip


def test_graph_of_the_neuron(problem):
    X, y, w, b = problem
    found = fastgd.explain(X, y, w, b, sample=4)
    given = {"y": y[4], "b": b}
    for j in range(3):
        given |= {f"x{j + 1}": X[4, j], f"w{j + 1}": w[j]}
    same = fastgd.Graph(
        given,
        {
            "z": "w1 * x1 + w2 * x2 + w3 * x3 + b",
            "a": "sigmoid(z)",
            "L": "-(y * ln(a) + (1 - y) * ln(1 - a))",
        },
    )
    for node in found.graph:
        assert node.value == pytest.approx(same[node.name].value, rel=1e-12)
        assert node.derivative == pytest.approx(same[node.name].derivative, rel=1e-10)
        assert set(node.inputs) == set(same[node.name].inputs)
    assert found.graph["w2"].derivative == pytest.approx(found.dw_one[1], rel=1e-12)
    assert found.graph.output.name == "L"


def test_graph_of_many_features_stays_small(rng):
    X, w = rng.standard_normal((5, 30)), rng.standard_normal(30)
    found = fastgd.explain(X, [0, 1, 0, 1, 1], w, 0.5, sample=2)
    z = found.graph["z"]
    total = sum(
        p * found.graph[name].value
        for name, p in zip(z.inputs, z.partials, strict=True)
        if name[0] != "w"
    )
    assert total == pytest.approx(found.z[2], rel=1e-12)
    assert len(found.graph) < 15 and "27" in found.graph["rest"].formula
    largest = f"w{np.argmax(np.abs(w * X[2])) + 1}"
    assert largest in z.inputs


def test_saturated_rows_print_no_nan():
    X = np.array([[50.0], [-800.0], [50.0], [-800.0], [800.0], [0.0]])
    found = fastgd.explain(X, [1, 0, 0, 1, 0, 1], [1.0], sample=2)
    for values in found.a, found.loss, found.dz, found.dw:
        assert np.isfinite(values).all()
    np.testing.assert_allclose(found.da[[0, 1]], [-1, 1])
    assert found.da[2] == pytest.approx(math.exp(50), rel=1e-12)
    assert found.da[3] == -INF and found.da[4] == INF  # beyond the largest number
    np.testing.assert_array_equal(found.dz[1:5], [0, 1, -1, 1])
    assert found.dz[0] == pytest.approx(-math.exp(-50), rel=1e-12)
    text = repr(found)
    assert "nan" not in text and "divide by zero" in text and "row 2" in text
    assert "nan" not in repr(found.graph)
    assert found.graph["w1"].derivative == pytest.approx(50)
    calm = fastgd.explain(X / 100, [1, 0, 0, 1, 0, 1], [1.0])
    assert "divide" not in repr(calm) and len(calm.notes) == 1


@pytest.mark.parametrize("label", [0, 1])
def test_a_single_sample_and_a_single_class(label, problem):
    X, _, w, b = problem
    for rows in X[:1], X:
        found = fastgd.explain(rows, np.full(len(rows), label), w, b)
        cost, dw, db = reference.cost_and_gradient(rows, np.full(len(rows), label), w, b)
        np.testing.assert_allclose(
            [found.J, *found.dw, found.db], [cost, *dw, db], rtol=1e-11, atol=1e-17
        )


@pytest.mark.parametrize(
    "labels", [["no", "yes"], [-1, 1], [3.0, 7.0], [False, True], np.array([1, 2], np.uint8)]
)
def test_labels_of_any_kind(labels, problem):
    X, y, w, b = problem
    found = fastgd.explain(X, np.asarray(labels)[y], w, b)
    assert_exact(found.y, y.astype(float))
    assert found.J == fastgd.cost(X, np.asarray(labels)[y], w, b)


def test_no_features():
    found = fastgd.explain(np.empty((2, 0)), [0, 1], [], 0.0)
    assert found.J == pytest.approx(math.log(2)) and found.dw.shape == (0,) and repr(found)


# --- text and HTML -----------------------------------------------------------------------------


def test_text_names_both_worlds(problem):
    X, y, w, b = problem
    text = repr(fastgd.explain(X, y, w, b, sample=7, learning_rate=0.5))
    for word in ("n_x", "alpha", "dw", "grad_coef", "sample 7", "(40, 3) (3, 40)", "(40,) (1, 40)"):
        assert word in text
    assert "(40, 40)" in text  # what a column minus a vector would be


def test_html_is_escaped(problem):
    X, y, w, b = problem
    found = fastgd.explain(X, y, w, b, feature_names=["<b>", "&", "c"])
    page = found._repr_html_()
    assert page.count("<tr>") == len(found.steps) + 1 and "<b>" not in page
    assert "log1p(exp(z)) - y * z" in page and found.feature_names[0] == "<b>"
    assert "&lt;b&gt;" in page


def test_names_of_a_frame(problem):
    pandas = pytest.importorskip("pandas")
    X, y, w, b = problem
    frame = pandas.DataFrame(X, columns=["age", "height", "weight"])
    found = fastgd.explain(frame, pandas.Series(y), w, b)
    assert found.feature_names == ["age", "height", "weight"]
    assert_exact(found.X, X)
    assert "x1 is age, x2 is height, x3 is weight" in repr(found)


# --- bad input -----------------------------------------------------------------------------------

GOOD = {"X": [[1.0, 2.0], [3.0, 4.0]], "y": [0, 1], "coef": [0.1, 0.2], "intercept": 0.0}


@pytest.mark.parametrize(
    ("name", "value", "error", "words"),
    [
        ("X", [1.0, 2.0], ValueError, r"X.reshape\(1, -1\)"),
        ("X", np.ones((2, 2, 2)), ValueError, "two dimensions"),
        ("X", np.empty((0, 2)), ValueError, "no rows"),
        ("X", [[1.0, NAN], [3.0, 4.0]], ValueError, r"X\[0, 1\] is nan"),
        ("X", [["a", "b"], ["c", "d"]], TypeError, "real numbers"),
        ("X", [[1.0], [1.0, 2.0]], ValueError, "X is no array"),
        ("X", [[1j, 0], [0, 0]], TypeError, "complex"),
        ("X", [[1e200, 0], [1, 1]], ValueError, "overflows"),
        ("X", np.ma.masked_equal([[1.0, 2.0], [3.0, 4.0]], 2), ValueError, "X has masked cells"),
        ("y", np.ma.masked_equal([0, 1], 0), ValueError, "y has masked cells"),
        ("y", [[0], [1]], ValueError, r"y.ravel\(\)"),
        ("y", [0, 1, 1], ValueError, r"\(2,\).*\(3,\)"),
        ("y", [0.5, 1.5], ValueError, r"outside \[0, 1\]"),
        ("y", [NAN, 1.0], ValueError, r"y\[0\]"),
        ("y", [3, 3], ValueError, "one class only"),
        ("y", ["a", "a"], ValueError, "one class only"),
        ("y", [1j, 0], TypeError, "complex"),
        ("coef", [[0.1], [0.2]], ValueError, r"coef.ravel\(\)"),
        ("coef", [0.1], ValueError, r"coef.*\(2,\).*\(1,\)"),
        ("coef", [0.1, INF], ValueError, r"coef\[1\] is inf"),
        ("coef", None, TypeError, "coef"),
        ("intercept", [0.0], ValueError, "intercept"),
        ("intercept", NAN, ValueError, "intercept"),
        ("intercept", "0", TypeError, "intercept"),
        ("sample", 2, IndexError, "rows 0 to 1"),
        ("sample", -3, IndexError, "sample = -3"),
        ("sample", 0.5, TypeError, "sample"),
        ("sample", True, TypeError, "sample"),
        ("learning_rate", 0, ValueError, "learning_rate"),
        ("learning_rate", -1, ValueError, "learning_rate"),
        ("feature_names", ["a"], ValueError, "feature_names has 1 names, but X has 2"),
    ],
)
def test_bad_input(name, value, error, words):
    arguments = GOOD | {name: value}
    if words == "overflows":
        arguments["coef"] = [1e200, 0]
    with pytest.raises(error, match=words):
        fastgd.explain(**arguments)


def test_three_classes_and_sparse():
    import scipy.sparse

    with pytest.raises(ValueError, match="two classes, but y has 3"):
        fastgd.explain(np.ones((3, 1)), [0, 1, 2], [1.0])
    with pytest.raises(TypeError, match=r"X.toarray\(\)"):
        fastgd.explain(scipy.sparse.csr_array(np.eye(2)), [0, 1], [1.0, 1.0])


# --- the same by a loop, by NumPy and compiled --------------------------------------------------


def test_race(problem):
    X, y, w, b = problem
    found = fastgd.race(X, y, w, b, seconds=0)
    assert [way.name for way in found.ways] == ["loop", "NumPy", "compiled"]
    _, dw, db = reference.cost_and_gradient(X, y, w, b)
    for way in found.ways:
        np.testing.assert_allclose(way.result, [*dw, db], rtol=1e-11)
        assert way.seconds > 0 and way.name in repr(found)
    assert found.max_difference < 1e-14
    assert found["loop"] is found.ways[0]
    with pytest.raises(KeyError, match="no way 'gpu'; there are loop, NumPy, compiled"):
        found["gpu"]


def test_race_notices_a_difference():
    ways = [timing.Way(n, np.array(r), 1.0) for n, r in (("a", [1.0, 2.0]), ("b", [1.0, 1.0]))]
    assert timing.Race("", ways).max_difference == 0.5


def test_race_of_products():
    found = fastgd.race_product(1000, seconds=0)
    again = fastgd.race_product(1000, seconds=0)
    assert found.max_difference <= 1000 * EPS
    assert_exact(found["loop"].result, again["loop"].result)
    a, b = np.random.default_rng(0).random((2, 1000))
    assert found["NumPy"].result == pytest.approx([math.fsum(a * b)], rel=1e-12)


@pytest.mark.slow
def test_vectorised_is_faster():
    """Of a million products, and by far more than any noise."""
    found = fastgd.race_product()
    assert found["loop"].seconds > 5 * found["NumPy"].seconds


@pytest.mark.parametrize(
    ("size", "error"), [(0, ValueError), (-1, ValueError), (1e6, TypeError), (True, TypeError)]
)
def test_bad_size(size, error):
    with pytest.raises(error, match="size"):
        fastgd.race_product(size)


@pytest.mark.parametrize("seconds", [-1, NAN, INF, "1", None])
def test_bad_seconds(seconds):
    with pytest.raises(ValueError, match="seconds"):
        fastgd.race_product(10, seconds=seconds)
    with pytest.raises(ValueError, match="seconds"):
        fastgd.race(**GOOD, seconds=seconds)


# --- names ---------------------------------------------------------------------------------------


def test_explain_is_the_function_however_it_is_imported():
    code = (
        "import fastgd.trace, fastgd; from fastgd import explain; print(fastgd.explain is explain"
    )
    code += ", callable(explain), explain is fastgd.trace.explain)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"] * 3
    assert fastgd.explain is trace.explain
