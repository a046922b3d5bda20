"""What one extra makes possible on its own: run in an environment with it and nothing else.

    python tests/alone.py EXTRA      EXTRA as in pyproject.toml; "" for none

.ci/run does so for each.  Not collected by pytest, whose environment has all of them.
"""

import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import fastgd

EXAMPLE = Path(__file__).parents[1] / "examples" / "breast_cancer.csv"
X = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]])
Y = np.array([0, 1, 0, 1, 0, 1])


def command(*argv):
    """Run ``fastgd``; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "fastgd", *map(str, argv)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def missing(act, extra):
    """`act` must say which extra it lacks."""
    try:
        act()
    except ImportError as error:
        assert f"fastgd[{extra}]" in str(error), error
    else:
        raise AssertionError(f"nothing said that fastgd[{extra}] is missing")


def nothing():
    assert not importlib.util.find_spec("sklearn")
    assert fastgd.datasets.load("iris").X.shape == (150, 4)
    assert abs(fastgd.calculus.derivative(lambda x: x * x, 2.0) - 4) < 1e-9
    assert "dw" in str(fastgd.explain(X, Y, [0.5], 0.0))
    missing(lambda: fastgd.LogisticRegression, "sklearn")
    missing(lambda: fastgd.LogisticRegressionCV, "sklearn")
    missing(lambda: fastgd.plot.RocCurveDisplay.from_predictions(Y, X[:, 0]).plot(), "plot")


def everything():
    for act in (cli, onnx, sklearn, report):
        act()


def bench():
    """Whoever is installed is measured."""
    lines = command("bench", "--peers", "--quick", "--seconds", "0.2")
    for package in ("glum", "cyanure", "skglm", "statsmodels", "scikit-learn"):
        assert package in lines, lines


def cli():
    assert "converged  yes" in command("fit", EXAMPLE, "--target", "diagnosis")


def sklearn():
    assert fastgd.LogisticRegression().fit(X, Y).result_.converged


def plot():
    figure = fastgd.plot.RocCurveDisplay.from_predictions(Y, X[:, 0]).figure_
    with tempfile.TemporaryDirectory() as directory:
        figure.savefig(Path(directory) / "roc.png")
        assert (Path(directory) / "roc.png").stat().st_size > 1000
    notebooks()


def notebooks():
    """The course's notebooks run from top to bottom, in both languages."""
    import matplotlib

    matplotlib.use("Agg")
    with tempfile.TemporaryDirectory() as directory:
        paths = command("learn", "--export", directory).split()
        assert len(paths) == 24
        for path in paths:
            cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
            code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
            assert code
            names = {"__name__": "__main__"}
            for number, text in enumerate(code):
                exec(compile(text, f"{path}, code cell {number + 1}", "exec"), names)


def report():
    with tempfile.TemporaryDirectory() as directory:
        page = Path(directory) / "report.html"
        command("fit", EXAMPLE, "--target", "diagnosis", "--report", page)
        assert "<svg" in page.read_text(encoding="utf-8")


def tables():
    import polars  # any of the libraries that narwhals knows

    frame = polars.DataFrame({"x": X[:, 0], "kind": list("aabbab")})
    fit = fastgd.fit(frame, polars.Series(["no", "yes"] * 3), l2=0.1)
    assert fit.converged and fit.names == ["x", "kind=b"], fit.names
    assert fit.predict(frame[::-1, ::-1]).tolist() == fit.predict(frame).tolist()[::-1]


def onnx():
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "model.onnx"
        fastgd.export.onnx(fastgd.LogisticRegression().fit(X, Y), path)
        assert path.stat().st_size > 100


CHECKS = {
    "": nothing,
    "all": everything,
    "bench": bench,
    "cli": cli,
    "onnx": onnx,
    "plot": plot,
    "report": report,
    "sklearn": sklearn,
    "tables": tables,
}

if __name__ == "__main__":
    assert fastgd.fit(X, Y, l2=0.1).converged
    CHECKS[sys.argv[1]]()
    print(f"[{sys.argv[1]}] alone: ok")
