"""The worked cases run as plain scripts, and each ends in a picture."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("plot_*.py"))
NEEDS = {
    "plot_birth_weights": ["matplotlib"],
    "plot_pipeline_swap": ["matplotlib", "sklearn", "pandas", "statsmodels"],
    "plot_file_to_report": ["matplotlib", "pyarrow"],
}
RUN = """
import runpy, sys
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
shown = []
plt.show = lambda *args, **kwargs: shown.append([plt.figure(n) for n in plt.get_fignums()])
runpy.run_path(sys.argv[1], run_name="__main__")
assert len(shown) == 1 and len(shown[0]) == 1, shown
[figure] = shown[0]
figure.canvas.draw()
assert all(ax.has_data() and ax.get_xlabel() and ax.get_title() for ax in figure.axes)
figure.savefig(sys.argv[2])
"""


def test_every_example_is_known_here():
    assert [path.stem for path in SCRIPTS] == sorted(NEEDS)
    text = (EXAMPLES / "README.md").read_text("utf-8")
    assert all(f"`{path.name}`" in text for path in [*SCRIPTS, *EXAMPLES.glob("*.csv")])


@pytest.mark.slow
@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_example(path, tmp_path):
    for module in NEEDS[path.stem]:
        pytest.importorskip(module)
    if path.stem == "plot_file_to_report":
        usage = [sys.executable, "-m", "fastgd", "fit", "--help"]
        if "--report" not in subprocess.run(usage, capture_output=True, text=True).stdout:
            pytest.skip("this fastgd fit has no --report")
    picture = tmp_path / "picture.png"
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", RUN, str(path), str(picture)],
        capture_output=True, text=True, encoding="utf-8", cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert done.stdout and picture.stat().st_size > 10_000
