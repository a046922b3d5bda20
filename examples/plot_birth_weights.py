"""
A published table, number for number
====================================

Hosmer and Lemeshow's study of low birth weights (*Applied Logistic Regression*, 1989) is the data
set on which logistic regression is taught. Statistics packages print its table of odds ratios in
their manuals. Here it is fitted in the units as they were measured, pounds and years, without any
scaling, and each odds ratio is compared with the published one.
"""

# %%
# The data
# --------
# 189 births, and what was known of the mothers. Race gets a column for each level but the first.

import csv
import inspect
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import fastgd

here = Path(inspect.currentframe().f_code.co_filename).resolve().parent  # in a gallery too
with open(here / "birth_weights.csv", encoding="utf-8", newline="") as file:
    births = list(csv.DictReader(file))

names = ["age", "lwt", "race_black", "race_other", "smoke", "ptl", "ht", "ui"]
for birth in births:
    for level in ("black", "other"):
        birth[f"race_{level}"] = birth["race"] == level
X = np.array([[float(birth[name]) for name in names] for birth in births])
low = np.array([int(birth["low"]) for birth in births])
print(f"{len(births)} births, {low.sum()} of them below 2500 g")

# %%
# The fit
# -------
# Without a penalty, as in the book. The certificate says how far from the optimum it can be.

fit = fastgd.fit(X, low)
fit.names = names
print(fit)
summary = fit.summary(X, low)
print(summary)

# %%
# The published table
# -------------------
# Odds ratios and 95 % intervals as printed, to seven digits, in Stata's manual of ``logistic``.

published = {
    "age": (0.9732636, 0.9061578, 1.045339),
    "lwt": (0.9849634, 0.9716834, 0.9984249),
    "race_black": (3.534767, 1.259736, 9.918406),
    "race_other": (2.368079, 1.001356, 5.600207),
    "smoke": (2.517698, 1.147676, 5.523162),
    "ptl": (1.719161, 0.8721455, 3.388787),
    "ht": (6.249602, 1.611152, 24.24199),
    "ui": (2.1351, 0.8677528, 5.2534),
}
ratio = np.exp(fit.coef)
interval = np.exp(np.asarray(summary.conf_int())[1:])  # without the intercept
print(f"{'':12}{'here':>11}{'published':>11}{'interval here':>24}{'published':>24}")
for name, found, (lower, upper) in zip(names, ratio, interval, strict=True):
    value, least, most = published[name]
    print(
        f"{name:12}{found:11.7g}{value:11.7g}"
        f"{f'{lower:.7g} to {upper:.7g}':>24}{f'{least:.7g} to {most:.7g}':>24}"
    )
    here_and_there = zip((found, lower, upper), published[name], strict=True)
    assert all(abs(ours / theirs - 1) < 1e-6 for ours, theirs in here_and_there), name
print("odds ratios and intervals agree with the published ones to seven digits")

# %%
# The picture
# -----------
# Odds ratios on a logarithmic scale: what lies right of 1 makes a low birth weight more likely.
# An interval that leaves 1 out is evidence at the level of 5 %, be it by less than a picture shows.

labels = {
    "age": "age, a year more", "lwt": "weight, 10 pounds more", "race_black": "black, not white",
    "race_other": "other race, not white", "smoke": "smoker", "ptl": "premature labours, one more",
    "ht": "hypertension", "ui": "uterine irritability",
}  # fmt: skip
unit = np.array([10.0 if name == "lwt" else 1.0 for name in names])
order = np.argsort(ratio**unit)
apart = np.maximum(np.log(interval[:, 0]), -np.log(interval[:, 1])) * unit  # > 0: 1 is left out
figure, ax = plt.subplots(figsize=(8, 4.5), layout="constrained")
ax.axvline(1, color="0.6", linewidth=1)
for place, j in enumerate(order):
    least, most = interval[j] ** unit[j]
    clear = apart[j] > 0
    colour = "#0072B2" if clear else "0.45"
    ax.plot([least, most], [place, place], color=colour, linewidth=2)
    ax.plot(ratio[j] ** unit[j], place, "o" if clear else "s", color=colour, markersize=8,
            markerfacecolor=colour if clear else "white", markeredgewidth=2)  # fmt: skip
    value, *_ = published[names[j]]
    ax.plot(value ** unit[j], place, "|", color="#D55E00", markersize=18, markeredgewidth=2)
ax.plot([], [], "o-", color="#0072B2", label="fastgd, interval leaves 1 out")
ax.plot([], [], "s-", color="0.45", markerfacecolor="white", label="fastgd, interval holds 1")
ax.plot([], [], "|", color="#D55E00", markersize=14, markeredgewidth=2, label="published")
ax.legend(loc="lower right", frameon=False)
ax.set_xscale("log")
ticks = [0.5, 1, 2, 5, 10, 20]
ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
ax.minorticks_off()
ax.set_yticks(range(len(order)), [labels[names[j]] for j in order])
ax.set_xlabel("odds ratio of a birth weight below 2500 g, with 95 % interval")
near = int(np.argmin(np.where(apart > 0, apart, np.inf)))
end = min(interval[near] ** unit[near], key=lambda value: abs(np.log(value)))
figure.supxlabel(
    f"Nearest to 1 of those that leave it out: {labels[names[near]]}, whose interval reaches to "
    f"{end:.4f}.\nWeight: what was published is the ratio of one pound; here is its tenth power.",
    fontsize="small", x=0.01, ha="left",
)  # fmt: skip
ax.set_title("Low birth weights, 189 births: here and as published")
ax.spines[["top", "right"]].set_visible(False)
plt.show()
