"""Text made of outcomes: alignment, wrapping, what is shown of large models."""

import copy

from fastgd import printout

OUTCOME = {
    "data": {
        "file": "a.csv",
        "separator": "\t",
        "rows": 12,
        "columns": 4,
        "rows_without_target": 1,
        "rows_fitted": 9,
        "rows_held_out": 2,
        "test_size": 0.2,
        "seed": 7,
        "numeric": [{"name": "x", "missing": 1, "median": 2.5, "indicator": False}],
        "categorical": [
            {
                "name": "c",
                "missing": 0,
                "levels": 3,
                "reference": "u",
                "levels_only_held_out": ["p", "q", "r", "s"],
            }
        ],
        "left_out": [{"name": "id", "reason": "integers distinct in every row"}],
        "features": 3,
    },
    "target": {
        "name": "y",
        "classes": ["no", "yes"],
        "counts": [5, 6],
        "soft": False,
        "positive": "yes",
    },
    "fit": {
        "l2": 0.5,
        "l2_is_default": False,
        "standardized": True,
        "null_cost": 0.68,
        "cost": 0.5,
        "gap": 1.25e-12,
        "gap_kind": "dual",
        "solver": "newton",
        "threads": 1,
        "isa": "v3",
        "passes": 5,
        "iterations": 1,
        "seconds": 0.01,
        "converged": True,
        "status": "converged",
        "message": "",
    },
    "intercept": -1.5,
    "coefficients": [
        {"name": "x", "raw": 0.001, "per_sd": 0.25},
        {"name": "c=v", "raw": -100.0, "per_sd": -0.5},
        {"name": "c=w", "raw": 1.0, "per_sd": 0.125},
    ],
    "held_out": {
        "rows": 2,
        "model": {"accuracy": 1.0, "log_loss": 0.1, "roc_auc": None},
        "majority_class": {"label": "yes", "accuracy": 0.5, "log_loss": None, "roc_auc": 0.5},
        "null_model": {"accuracy": 0.5, "log_loss": 0.7, "roc_auc": 0.5},
    },
    "saved": "m.fgd",
    "seconds_total": 0.5,
}

TEXT = """\
Data
  file       a.csv
  read       12 rows, 4 columns, separated by tabs
  dropped    1 row without a target
  split      9 rows to fit, 2 held out for scoring (20 % of each class, seed 7)
  target     y: no (5), yes (6); the positive class is yes
  numeric    1 column: x
  filled     x: 1 missing number by the median 2.5
  category   c: 3 levels, against u; p, q, r and 1 more not among the rows to fit, taken
             as u
  left out   id: integers distinct in every row
  features   3 from 2 columns

Fit
  penalty    l2 = 0.5, on standardised numeric columns
  null cost  0.68
  final cost 0.5 (mean log loss and penalty)
  gap        1.2e-12: the lowest possible cost is at most this much lower
  solver     newton, 1 thread, instruction set v3
  passes     5 over the data, in 1 iteration
  seconds    0.01 (0.5 with reading and scoring)
  converged  yes

Scores on 2 held-out rows   model  always yes  null model
  accuracy                 1.0000      0.5000      0.5000
  log loss                 0.1000           -      0.7000
  ROC AUC                       -      0.5000      0.5000

Coefficients (all) for y = yes    raw   per sd
  c=v                            -100  -0.5000
  x                             0.001   0.2500
  c=w                               1   0.1250
  intercept                      -1.5

Saved to m.fgd: this model, fitted on 9 rows."""


def test_whole_report():
    assert printout.fit_text(OUTCOME) == TEXT


def test_large_models_show_the_largest_coefficients():
    outcome = copy.deepcopy(OUTCOME)
    outcome["coefficients"] = [
        {"name": f"feature {i}", "raw": 1.0, "per_sd": (-1) ** i * i} for i in range(50)
    ]
    outcome["data"]["numeric"] = [{"name": f"feature {i}", "missing": 0} for i in range(500)]
    text = printout.fit_text(outcome)
    assert "Coefficients (10 largest of 50)" in text
    assert "feature 49   " in text
    assert "feature 40 " in text
    assert "feature 39 " not in text
    assert "and 470 more" in " ".join(text.split())


def test_what_did_not_converge():
    outcome = copy.deepcopy(OUTCOME)
    outcome["fit"].update(
        l2=0, gap=float("inf"), converged=False, status="max_iter", message="stopped after 1."
    )
    text = printout.fit_text(outcome)
    assert "penalty    none (l2 = 0)" in text
    assert "final cost 0.5 (mean log loss)" in text
    assert "gap        no finite bound" in text
    assert "converged  no, max_iter: stopped after 1." in text


def test_long_words_are_not_cut():
    outcome = copy.deepcopy(OUTCOME)
    outcome["data"]["file"] = "folder/" * 30 + "a.csv"
    assert outcome["data"]["file"] in printout.fit_text(outcome)


def test_configuration():
    text = printout.config_text({"version": "1.2", "isas": ["v3", "v1"], "other": 3})
    first, second, third = text.splitlines()
    assert first.split() == ["fastgd", "version", "1.2"]
    assert second.endswith("processor  v3, v1")
    assert third.split() == ["other", "3"]
