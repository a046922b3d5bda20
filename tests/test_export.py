"""Exported models give the probabilities of the models themselves."""

import ctypes
import re
import shutil
import subprocess
import sys
from argparse import ArgumentParser

import numpy as np
import pytest

import fastgd
from fastgd import export

EPS = np.finfo(np.float64).eps
HOSTILE = [
    "*/ int evil;",
    "/* ??/\n\\",
    "a\"b'#\r\n",
    "größe年龄\u202e",
    "\ud800\0",
    "x" * 5000,
    "",
]


def model(rng, classes, d=7, dtype=np.float64, estimator=False, scale=1.0):
    X = rng.normal(size=(200, d)).astype(dtype)
    y = np.argmax(X @ rng.normal(size=(d, classes)) + rng.gumbel(size=(200, classes)), axis=1)
    y = np.array([f"class {k}" for k in range(classes)])[y]
    if estimator:
        fit = fastgd.LogisticRegression().fit(X, y)
        fit.coef_ = (fit.coef_ * scale).astype(dtype)
    else:
        fit = fastgd.fit(X, y, l2=0.01)
        fit.coef = fit.coef * scale
    return fit, X


def tolerance(fit, X):
    """Rounding of the margins, which probabilities inherit at most in full (|dp| <= |dz| p)."""
    coef = fit.coef_ if hasattr(fit, "coef_") else fit.coef
    size = np.abs(X).astype(float) @ np.abs(np.atleast_2d(coef)).T.astype(float)
    return (X.shape[1] + 8) * EPS * (1 + size.max(axis=1, keepdims=True))


def compiled(folder, text, name="score"):
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None or sys.platform == "win32":
        pytest.skip("no C compiler")
    (folder / "score.c").write_text(text, encoding="utf-8")
    flags = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-O2", "-fPIC", "-shared"]
    done = subprocess.run(
        [compiler, *flags, "score.c", "-o", "score.so", "-lm"],
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    function = ctypes.CDLL(str(folder / "score.so"))[name]
    function.restype, function.argtypes = None, [ctypes.c_void_p, ctypes.c_void_p]

    def score(X, classes):
        out = np.full((len(X), classes + 1), -7.0)
        for row, p in zip(np.ascontiguousarray(X, np.float64), out, strict=True):
            function(row.ctypes.data, p.ctypes.data)
        assert (out[:, -1] == -7.0).all()  # nothing is written behind
        return out[:, :-1]

    return score


def loaded(text, name="score"):
    module = {}
    exec(compile(text, "score.py", "exec"), module)
    return lambda X: np.array([module[name](row) for row in X.tolist()])


@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize("estimator", [False, True])
@pytest.mark.parametrize("scale", [1.0, 1e3])
def test_c_and_python(rng, tmp_path, classes, estimator, scale):
    fit, X = model(rng, classes, estimator=estimator, scale=scale)
    expected = fit.predict_proba(X)
    bound = tolerance(fit, X)
    for found in (
        compiled(tmp_path, export.c(fit))(X, classes),
        loaded(export.python(fit))(X),
    ):
        assert np.isfinite(found).all()
        assert (np.abs(found - expected) <= bound * np.maximum(expected, 1e-300) + 1e-300).all()


def test_float32_estimator(rng, tmp_path):
    fit, X = model(rng, 3, dtype=np.float32, estimator=True)
    found = compiled(tmp_path, export.c(fit))(X, 3)
    assert np.abs(found - fit.predict_proba(X.astype(float))).max() <= tolerance(fit, X).max()


def test_estimator_of_a_frame_with_texts(rng, tmp_path):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": rng.normal(size=90), "kind": [*"uvw"] * 30})
    fit = fastgd.LogisticRegression().fit(frame, rng.integers(0, 2, 90))
    text = export.python(fit)
    assert "x[1] kind=v" in text and "x[2] kind=w" in text
    found = loaded(text)(fit.result_.design(frame))
    assert np.abs(found - fit.predict_proba(frame)).max() < 1e-13
    assert "kind=w" in export.c(fit)


def test_names_are_harmless(rng, tmp_path):
    fit, X = model(rng, 2)
    expected = fit.predict_proba(X)
    fit.names = HOSTILE
    fit.classes = np.array(HOSTILE[:2])
    assert np.abs(compiled(tmp_path, export.c(fit))(X, 2) - expected).max() < 1e-13
    text = export.python(fit)
    assert np.abs(loaded(text)(X) - expected).max() < 1e-13
    module = {}
    exec(text, module)
    assert module["score"].classes == HOSTILE[:2]
    assert "x[3] größe年龄" in text and "x" * 100 not in text
    with pytest.raises(ValueError, match="wanted 7 features, got 2"):
        module["score"]([1.0, 2.0])


@pytest.mark.parametrize("classes", [2, 3])
def test_no_features_and_nan(rng, tmp_path, classes):
    X = np.zeros((9, 0))
    fit = fastgd.fit(X, np.arange(9) % classes, l2=0.1)
    assert np.allclose(compiled(tmp_path, export.c(fit))(X, classes), fit.predict_proba(X))
    assert np.allclose(loaded(export.python(fit))(X), fit.predict_proba(X))
    fit, X = model(rng, classes)
    (tmp_path / "nan").mkdir()
    X[0, 3] = np.nan
    assert np.isnan(compiled(tmp_path / "nan", export.c(fit))(X[:1], classes)).all()


@pytest.mark.parametrize(
    "name",
    [
        *("", "1a", "a b", "int", "exp", "expf", "a;", "é", "main", "_Bool", None, "x\n"),
        *("ceilf", "modff", "fabs", "alignas", "static_assert", "lgamma_r", "roundeven"),
    ],
)
def test_names_of_c_functions(rng, name):
    with pytest.raises(ValueError, match="name must be a C identifier"):
        export.c(model(rng, 2)[0], name)


def test_no_name_of_math_h_is_taken(rng):
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("no C compiler, or one that reads another math.h")
    fit, _ = model(rng, 2)
    for options, pattern in [("-E", r"\b([a-z]\w*) *\("), ("-dM -E", r"^#define ([A-Za-z]\w*)")]:
        header = subprocess.run(
            [compiler, "-D_GNU_SOURCE", *options.split(), "-"],
            input="#include <math.h>\n", capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        names = set(re.findall(pattern, header, re.M))
        assert len(names) > 50
        for name in names:
            with pytest.raises(ValueError, match="name must be a C identifier"):
                export.c(fit, name)


@pytest.mark.parametrize("name", ["x", "e", "z", "j", "k", "most", "coef", "probability", "half"])
@pytest.mark.parametrize("classes", [2, 3])
def test_names_that_are_those_of_variables(rng, tmp_path, name, classes):
    fit, X = model(rng, classes)
    expected = fit.predict_proba(X)
    for found in (
        compiled(tmp_path, export.c(fit, name), name)(X, classes),
        loaded(export.python(fit, name), name)(X),
    ):
        assert np.abs(found - expected).max() < 1e-12


@pytest.mark.parametrize(
    "name",
    [
        *("", "1a", "a b", "def", "math", "é", None),
        *("float", "str", "len", "zip", "print", "__debug__", "__builtins__", "__name__"),
    ],
)
def test_names_of_python_functions(rng, name):
    with pytest.raises(ValueError, match="name must be a Python identifier"):
        export.python(model(rng, 2)[0], name)


@pytest.mark.parametrize("to", [export.c, export.python, export.onnx])
def test_what_has_no_such_form_is_refused(rng, to):
    X = rng.normal(size=(30, 2))
    with pytest.raises(ValueError, match="squared_error"):
        to(fastgd.fit(X, X[:, 0] + 0.1, loss="squared_error"))
    with pytest.warns(fastgd.SeparationWarning):
        apart = fastgd.fit(X, X[:, 0] > 0)
    with pytest.raises(ValueError, match="separated"):
        to(apart)
    with pytest.raises(TypeError, match=r"FitResult or a fitted estimator"):
        to(None)


def test_separated_estimator_is_exported(rng, tmp_path):
    X = rng.normal(size=(30, 2))
    with pytest.warns(fastgd.SeparationWarning):
        apart = fastgd.LogisticRegression(C=np.inf).fit(X, X[:, 0] > 0)
    found = compiled(tmp_path, export.c(apart))(X, 2)
    assert np.abs(found - apart.predict_proba(X)).max() < 1e-12


def test_command(rng, tmp_path, capsys):
    fit, _ = model(rng, 2)
    fit.save(tmp_path / "model")
    parser = ArgumentParser()
    export.add_arguments(parser)

    def run(*args):
        return export.run(parser.parse_args([str(tmp_path / "model"), *args]))

    assert run("--to", "c", "--name", "risk") == 0
    assert capsys.readouterr().out == export.c(fit, "risk")
    assert run("--to", "python", "--output", str(tmp_path / "score.py")) == 0
    assert (tmp_path / "score.py").read_text("utf-8") == export.python(fit)


# --- ONNX ---------------------------------------------------------------------------------------


@pytest.fixture
def session():
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("skl2onnx")

    def start(graph):
        options = runtime.SessionOptions()
        options.log_severity_level = 3
        return runtime.InferenceSession(
            graph.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    return start


@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize("estimator", [False, True])
@pytest.mark.parametrize("scale", [1.0, 1e3])
def test_onnx(rng, session, classes, estimator, scale):
    fit, X = model(rng, classes, estimator=estimator, scale=scale)
    label, p = session(export.onnx(fit)).run(None, {"X": X})
    assert p.dtype == np.float64
    expected = fit.predict_proba(X)
    assert (np.abs(p - expected) <= np.maximum(1e-12, 4 * tolerance(fit, X) * expected)).all()
    assert label.tolist() == fit.predict(X).tolist()


@pytest.mark.parametrize("classes", [2, 3])
def test_onnx_in_float32(rng, session, classes):
    fit, X = model(rng, classes, dtype=np.float32, estimator=True)
    label, p = session(export.onnx(fit)).run(None, {"X": X})
    assert p.dtype == np.float32
    bound = 2**29 * tolerance(fit, X)  # eps of float32 instead of float64's
    assert (np.abs(p - fit.predict_proba(X)) <= bound).all()
    sure = np.ptp(np.sort(p, axis=1)[:, -2:], axis=1) > 1e-5
    assert (label == fit.predict(X))[sure].all() and sure.mean() > 0.9


def test_onnx_operators_and_file(rng, session, tmp_path):
    fit, _ = model(rng, 2)
    graph = export.onnx(fit, tmp_path / "model.onnx")
    assert (tmp_path / "model.onnx").read_bytes() == graph.SerializeToString()
    kinds = {node.op_type for node in graph.graph.node}
    assert {"MatMul", "Add", "Sigmoid"} <= kinds
    assert "Softmax" in {n.op_type for n in export.onnx(model(rng, 3)[0]).graph.node}


@pytest.mark.parametrize("zipmap", [True, "columns"])
def test_zipmap(rng, session, zipmap):
    fit, X = model(rng, 2, dtype=np.float32, estimator=True)
    found = session(export.onnx(fit, zipmap=zipmap)).run(None, {"X": X})
    if zipmap is True:
        p = np.array([[row[label] for label in fit.classes_] for row in found[1]])
    else:
        p = np.column_stack([np.ravel(column) for column in found[1:]])
    assert np.abs(p - fit.predict_proba(X)).max() < 1e-5


@pytest.mark.parametrize("labels", [[0, 1, 2], [5, -3, 8], [False, True], [0.0, 1.0, 2.0]])
def test_labels_are_those_of_scikit_learns_converter(rng, session, labels):
    skl2onnx = pytest.importorskip("skl2onnx")
    from sklearn.linear_model import LogisticRegression

    X = rng.normal(size=(90, 2)).astype(np.float32)
    y = np.array(labels)[np.digitize(X[:, 0] + rng.normal(size=90), [-0.5, 0.5][: len(labels) - 1])]
    export.register()
    found = []
    for cls in (LogisticRegression, fastgd.LogisticRegression):
        graph = skl2onnx.to_onnx(cls().fit(X, y), X, options={"zipmap": False})
        found.append(session(graph).run(None, {"X": X}))
    assert found[0][0].dtype == found[1][0].dtype
    assert (found[0][0] == found[1][0]).mean() > 0.97
    assert np.abs(found[0][1] - found[1][1]).max() < 1e-3  # scikit-learn's optimum is not ours


@pytest.mark.parametrize("integers", [False, True])
def test_pipeline(rng, session, integers):
    skl2onnx = pytest.importorskip("skl2onnx")
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X = rng.integers(0, 9, size=(80, 3)) if integers else rng.normal(size=(80, 3))
    y = (X[:, 0] + 3 * rng.normal(size=80) > 4 * integers).astype(int)
    steps = [] if integers else [StandardScaler()]
    pipe = make_pipeline(*steps, fastgd.LogisticRegressionCV(Cs=2, cv=2)).fit(X, y)
    export.register()
    graph = skl2onnx.to_onnx(pipe, X[:1], options={"zipmap": False})
    label, p = session(graph).run(None, {"X": X})
    assert np.abs(p - pipe.predict_proba(X)).max() < (1e-6 if integers else 1e-12)
    assert (label == pipe.predict(X)).all()


@pytest.mark.parametrize("zipmap", [True, "columns", False])
@pytest.mark.parametrize("labels", [[False, True], [5, 7], ["a", "b"]])
def test_labels_among_objects(rng, session, zipmap, labels):
    X = rng.normal(size=(60, 2))
    y = np.array([labels[int(k)] for k in X[:, 0] + rng.normal(size=60) > 0], dtype=object)
    fit = fastgd.fit(X, y, l2=0.1)
    graph = export.onnx(fit, dtype="float32", zipmap=zipmap)
    found = session(graph).run(None, {"X": X.astype(np.float32)})
    assert found[0].tolist() == fit.predict(X).tolist()


def test_dicts_of_float64_are_none(rng, session):
    skl2onnx = pytest.importorskip("skl2onnx")
    from sklearn.ensemble import VotingClassifier
    from sklearn.pipeline import make_pipeline

    fit, X = model(rng, 2)
    with pytest.raises(ValueError, match=r"zipmap=True: .* zipmap=False .* dtype='float32'"):
        export.onnx(fit, zipmap=True)
    found = session(export.onnx(fit, zipmap=True, dtype="float32"))
    [first, *_] = found.run(None, {"X": X.astype(np.float32)})[1]
    assert abs(first["class 1"] - fit.predict_proba(X)[0, 1]) < 1e-5
    _, p, _ = session(export.onnx(fit, zipmap="columns")).run(None, {"X": X})
    assert p.dtype == np.float64 and np.abs(p - fit.predict_proba(X)[:, 0]).max() < 1e-12
    y = X[:, 0] + rng.normal(size=200) > 0
    pipe = make_pipeline(fastgd.LogisticRegression()).fit(X, y)
    with pytest.raises(ValueError, match="zipmap=True"):
        skl2onnx.to_onnx(pipe, X[:1])
    both = [("a", fastgd.LogisticRegression()), ("b", fastgd.LogisticRegression(C=0.1))]
    vote = VotingClassifier(both, voting="soft", flatten_transform=False).fit(X, y)
    graph = skl2onnx.to_onnx(vote, X[:1], options={id(vote): {"zipmap": False}})
    p = session(graph).run(None, {"X": X})[1]
    assert np.abs(p - vote.predict_proba(X)).max() < 1e-12


def test_labels_that_onnx_lacks(rng):
    pytest.importorskip("skl2onnx")
    X = rng.normal(size=(30, 1))
    fit = fastgd.fit(X, np.arange(30) % 2, l2=1.0)
    fit.classes = np.array([0.5, 1.5])
    with pytest.raises(ValueError, match="labels must be strings or whole numbers"):
        export.onnx(fit)
