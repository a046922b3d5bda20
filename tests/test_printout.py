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
        "test_file": None,
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
        "rows": 9,
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
        "majority_class": {
            "label": "yes",
            "accuracy": 0.5,
            "log_loss": float("inf"),
            "roc_auc": 0.5,
        },
        "null_model": {"accuracy": 0.5, "log_loss": 0.7, "roc_auc": 0.5},
        "classes": ["no", "yes"],
        "confusion": [[10, 0], [1, 123]],
        "file": None,
        "rows_fitted": 9,
    },
    "refit": None,
    "saved": "m.fgd",
    "report": "r.html",
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
  log loss                 0.1000         inf      0.7000
  ROC AUC                       -      0.5000      0.5000

Counts by class and prediction  no  yes
  no                            10    0
  yes                            1  123

Coefficients (all) for y = yes    raw   per sd
  c=v                            -100  -0.5000
  x                             0.001   0.2500
  c=w                               1   0.1250
  intercept                      -1.5

Saved to m.fgd: this model, fitted on 9 rows, the one that was scored.

Report written to r.html."""


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
    assert "and 488 more" in " ".join(text.split())


def test_names_of_two_lines_and_of_wide_characters():
    outcome = copy.deepcopy(OUTCOME)
    for item, name in zip(outcome["coefficients"], ["net\nprice", "年収", "Café"], strict=False):
        item["name"] = name
    lines = printout.fit_text(outcome).splitlines()
    table = [line for line in lines if any(name in line for name in ("net price", "年収", "Café"))]
    assert len(table) == 3
    # the last column ends in the same place on a terminal, where each of 年収 takes two columns
    ends = [len(line) + line.count("年") + line.count("収") for line in table]
    marks = [line.count("\u0301") for line in table]
    assert len({end - mark for end, mark in zip(ends, marks, strict=True)}) == 1


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


def more_classes():
    outcome = copy.deepcopy(OUTCOME)
    outcome["target"].update(classes=["a", "b", "c"], counts=[3, 4, 5], positive=None)
    outcome["held_out"].update(classes=["a", "b", "c"], confusion=[[1, 0, 0], [0, 2, 3], [0, 0, 4]])
    outcome["intercept"] = [1.0, -2.5, 1.5]
    outcome["coefficients"] = [
        {"name": "x", "raw": [1.0, 2.0, -3.0], "per_sd": [0.25, 0.5, -0.75]},
        {"name": "c=v", "raw": [1.0, 0.0, -1.0], "per_sd": [1.5, 0.0, -1.5]},
    ]
    return outcome


def test_more_than_two_classes():
    text = printout.fit_text(more_classes())
    assert "  target     y: 3 classes: a (3), b (4), c (5)\n" in text
    assert "  ROC AUC, mean of one class against the rest       -" in text
    counts, coefficients = text.split("\n\n")[3:5]
    assert counts == (
        "Counts by class and prediction  a  b  c\n"
        "  a                             1  0  0\n"
        "  b                             0  2  3\n"
        "  c                             0  0  4"
    )
    assert coefficients == (
        "Coefficients per sd (all) for y       a       b        c\n"
        "  c=v                            1.5000  0.0000  -1.5000\n"
        "  x                              0.2500  0.5000  -0.7500\n"
        "  intercept (raw units)               1    -2.5      1.5"
    )


def test_coefficients_of_a_separated_fit_are_marked():
    for outcome in OUTCOME, more_classes():
        outcome = copy.deepcopy(outcome)
        outcome["fit"]["status"] = "separated"
        coefficients = printout.fit_text(outcome).split("\n\n")[4].splitlines()
        assert coefficients[1] == "  (on the way to a limit that is not finite)"
        assert coefficients[2].startswith("  c=v ")


def test_many_classes_are_not_all_shown():
    outcome = more_classes()
    labels = [f"class number {k}" for k in range(20)]
    outcome["target"].update(classes=labels, counts=[1] * 20)
    outcome["held_out"].update(classes=labels, confusion=[[1] * 20] * 20)
    outcome["intercept"] = [0.0] * 20
    outcome["coefficients"] = [{"name": "x", "raw": [1.0] * 20, "per_sd": [1.0] * 20}]
    text = printout.fit_text(outcome)
    assert "20 classes: class number 0 (1)" in text
    assert "and 8 more" in text
    assert "Counts by class" not in text
    assert "and 12 classes more (--json has all)" in text
    assert max(map(len, text.splitlines())) <= 160


def test_which_model_is_saved():
    outcome = copy.deepcopy(OUTCOME)
    outcome["refit"] = {"rows_scored": 9, "scored_good": True}
    outcome["data"]["rows_fitted"] = outcome["fit"]["rows"] = 11
    text = printout.fit_text(outcome)
    assert "split      9 rows to fit, 2 held out" in text
    assert "refit      on all 11 rows, after the fit on 9 was scored" in text
    assert "Scores on 2 held-out rows, by the fit on 9   model" in text
    said = "Saved to m.fgd: this model, fitted on 11 rows; the scores are those of the fit on 9."
    assert f"\n{said}\n" in text
    outcome["refit"]["scored_good"] = False
    words = " ".join(printout.fit_text(outcome).split())
    assert "was scored (which did not converge, or is separated)" in words


def test_scores_on_another_file():
    outcome = copy.deepcopy(OUTCOME)
    outcome["data"].update(test_file="b.csv", rows_held_out=30, rows=12, rows_fitted=11)
    outcome["held_out"].update(file="b.csv", rows=30, rows_fitted=9)
    text = printout.fit_text(outcome)
    assert "split      11 rows to fit, 30 of b.csv for scoring" in text
    assert "Scores on 30 rows of b.csv   model" in text


def test_parquet_has_no_separator():
    outcome = copy.deepcopy(OUTCOME)
    outcome["data"]["separator"] = None
    assert "read       12 rows, 4 columns\n" in printout.fit_text(outcome)


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
