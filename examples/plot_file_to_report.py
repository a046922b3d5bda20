"""
A file to a report, from the command line
=========================================

569 tumours in a CSV file, measured under the microscope, with the diagnosis. One command codes the
columns, holds a fifth of the rows out, fits, scores, and writes a page that can be sent by mail.
"""

# %%
# The command
# -----------
# ``fastgd fit`` reads the file as it is. ``--report`` writes the page, one HTML file with its
# pictures inside; ``--json`` gives us the same figures to go on with.

import inspect
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

here = Path(inspect.currentframe().f_code.co_filename).resolve().parent  # in a gallery too
folder = Path(tempfile.mkdtemp())
command = [
    "fastgd", "fit", "breast_cancer.csv", "--target", "diagnosis",
    "--report", str(folder / "report.html"), "--save", str(folder / "model"), "--json",
]  # fmt: skip
print("$", *(Path(word).name if word.startswith(str(folder)) else word for word in command))
done = subprocess.run(
    [sys.executable, "-m", *command], cwd=here, stdout=subprocess.PIPE, text=True, encoding="utf-8"
)
if done.returncode:  # its reason stands on standard error
    raise SystemExit(f"fastgd fit ended with exit code {done.returncode}")
outcome = json.loads(done.stdout)

# %%
# What it says
# ------------

data, fit, scores = outcome["data"], outcome["fit"], outcome["held_out"]
print(f"{data['rows_fitted']} rows fitted, {scores['rows']} held out")
print(f"{fit['status']} after {fit['passes']} passes: cost {fit['cost']:.6f}, gap {fit['gap']:.1e}")
print(f"accuracy {scores['model']['accuracy']:.3f} on the rows held out, ", end="")
print(f"{scores['majority_class']['accuracy']:.3f} by always saying the more frequent class")
print(f"area under the ROC curve {scores['model']['roc_auc']:.4f}")

page = (folder / "report.html").read_text(encoding="utf-8")
print(f"the report: {len(page) // 1024} KiB in one file, {page.count('<svg')} pictures inside")
assert "<svg" in page and "http-equiv" not in page

# %%
# The picture
# -----------
# The measurements that move the diagnosis most, per standard deviation, so that lengths and areas
# can be compared. The coefficients have a penalty; their sizes are shares of a joint effort, not
# effects of one measurement alone.

coefficients = sorted(outcome["coefficients"], key=lambda item: -abs(item["per_sd"]))[:14][::-1]
values = np.array([item["per_sd"] for item in coefficients])
up, down = "#D55E00", "#0072B2"
figure, ax = plt.subplots(figsize=(8, 5), layout="constrained")
bars = ax.barh(range(len(values)), values, color=np.where(values > 0, up, down), height=0.6)
for bar in np.array(bars, dtype=object)[values < 0]:
    bar.set_hatch("//")
    bar.set_edgecolor("white")
ax.axvline(0, color="0.3", linewidth=1)
ax.set_yticks(range(len(values)), [item["name"].replace("_", " ") for item in coefficients])
ax.set_xlabel(
    f"log odds of {outcome['target']['positive']} (malignant) for a standard deviation more"
)
ax.set_title(
    f"What tells tumours apart: {scores['model']['accuracy']:.1%} of {scores['rows']} held out are "
    "right"
)
ax.spines[["top", "right", "left"]].set_visible(False)
ax.tick_params(axis="y", length=0)
plt.show()
