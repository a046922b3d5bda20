"""What a fit from the command line reports, and that its numbers are true."""

import csv
import json

import numpy as np
import pytest
from command_line import EXAMPLE, fitted, predictions, write

from fastgd import commands, files, targets

pytest.importorskip("pyarrow")


def test_malignant_is_the_positive_class(run, tmp_path):
    outcome = fitted(run, EXAMPLE, "diagnosis", "--save", tmp_path / "m")
    assert outcome["target"]["classes"] == ["B", "M"]
    assert outcome["target"]["counts"] == [357, 212]
    assert outcome["target"]["positive"] == "M"
    rows = list(csv.DictReader(EXAMPLE.open()))
    predicted = predictions(run, tmp_path / "m", EXAMPLE)
    malignant = np.array([row["diagnosis"] == "M" for row in rows])
    p = np.array([float(row["p_M"]) for row in predicted])
    assert p[malignant].mean() > 0.9
    assert p[~malignant].mean() < 0.1
    assert outcome["held_out"]["model"]["accuracy"] > 0.95


def test_example_is_that_of_scikit_learn():
    datasets = pytest.importorskip("sklearn.datasets")
    expected = datasets.load_breast_cancer()
    with EXAMPLE.open() as file:
        header, *rows = csv.reader(file)
    assert header == ["diagnosis", *(name.replace(" ", "_") for name in expected.feature_names)]
    assert np.array_equal([[float(cell) for cell in row[1:]] for row in rows], expected.data)
    malignant = expected.target == list(expected.target_names).index("malignant")
    assert np.array_equal([row[0] == "M" for row in rows], malignant)


def test_report_says_what_was_done(run, people):
    code, out, err = run("fit", people[0], "--target", "bought")
    assert code == 0
    assert err == ""
    for text in (
        "400 rows, 6 columns, separated by semicolons",
        "2 rows without a target",
        "the positive class is yes",
        "numeric    1 column: age",
        "age: 40 missing numbers by the median",
        "and an indicator column added",
        "town: 4 levels, against Rome; 16 missing cells as a level",
        "id: integers distinct in every row",
        "note: text with 398 levels in 398 rows (over half)",
        "planet: constant (Earth)",
        "features   5 from 2 columns",
        "= 1/n (the default), on standardised numeric columns",
        "null cost",
        "final cost",
        "gap",
        "passes",
        "seconds",
        "converged  yes",
        "always yes",
        "null model",
        "accuracy",
        "log loss",
        "ROC AUC",
        "Coefficients (all) for bought = yes",
        "raw   per sd",
        "town=(missing)",
        "age=(missing)",
        "intercept",
    ):
        assert text in out
    assert max(map(len, out.splitlines())) <= 100


def test_numbers_of_the_outcome(run, people):
    outcome = fitted(run, people[0], "bought")
    data, fit = outcome["data"], outcome["fit"]
    assert data["rows"] == 400
    assert data["rows_without_target"] == 2
    assert data["rows_fitted"] + data["rows_held_out"] == 398
    assert abs(data["rows_held_out"] - 398 / 5) <= 1
    assert fit["l2"] == 1 / data["rows_fitted"]
    assert fit["l2_is_default"]
    assert fit["converged"]
    assert fit["status"] == "converged"
    assert 0 <= fit["gap"] <= 1e-8 * fit["null_cost"]
    assert fit["cost"] < fit["null_cost"]
    assert [item["name"] for item in outcome["coefficients"]] == [
        "age",
        "age=(missing)",
        "town=Bern",
        "town=Oslo",
        "town=(missing)",
    ]
    scores = outcome["held_out"]
    assert scores["model"]["accuracy"] > scores["majority_class"]["accuracy"]
    assert scores["model"]["log_loss"] < scores["null_model"]["log_loss"]
    assert scores["model"]["roc_auc"] > 0.6
    assert scores["null_model"]["roc_auc"] == 0.5


def test_solution_minimises_the_stated_cost(run, tmp_path):
    """The cost written, from raw coefficients: mean log loss and l2/2 (coefficient sd)^2."""
    outcome = fitted(run, EXAMPLE, "diagnosis", "--test-size", 0, "--l2", 0.01)
    with EXAMPLE.open() as file:
        rows = list(csv.reader(file))[1:]
    x = np.array([row[1:] for row in rows], dtype=float)
    y = np.array([row[0] == "M" for row in rows], dtype=float)
    raw = np.array([item["raw"] for item in outcome["coefficients"]])
    per_sd = np.array([item["per_sd"] for item in outcome["coefficients"]])
    assert np.allclose(per_sd, raw * x.std(axis=0), rtol=1e-12)
    z = x @ raw + outcome["intercept"]
    cost = np.mean(np.logaddexp(0, z) - y * z) + 0.005 * np.sum(per_sd**2)
    assert outcome["fit"]["cost"] == pytest.approx(cost, rel=1e-12)
    residual = 1 / (1 + np.exp(-z)) - y
    gradient = (x / x.std(axis=0)).T @ residual / len(y) + 0.01 * per_sd
    assert np.abs(gradient).max() < 1e-4
    rate = y.mean()
    null = -rate * np.log(rate) - (1 - rate) * np.log(1 - rate)
    assert outcome["fit"]["null_cost"] == pytest.approx(null, rel=1e-12)


def test_scores_against_scikit_learn(run, people, tmp_path):
    metrics = pytest.importorskip("sklearn.metrics")
    scores = fitted(run, people[0], "bought", "--save", tmp_path / "m")["held_out"]
    rows = [row for row in people[1] if row["bought"]]
    kept = tmp_path / "kept.csv"
    write(kept, rows)
    predicted = predictions(run, tmp_path / "m", kept)
    y = np.array([row["bought"] == "yes" for row in people[1] if row["bought"]])
    table = files.read(people[0])
    target = targets.read_target(table, "bought")
    test = np.isin(target.rows, targets.split(target, 0.2, 0)[1])
    p = np.array([float(row["p_yes"]) for row in predicted])
    assert scores["model"] == {
        "log_loss": pytest.approx(metrics.log_loss(y[test], p[test]), rel=1e-12),
        "accuracy": pytest.approx(metrics.accuracy_score(y[test], p[test] > 0.5), rel=1e-12),
        "roc_auc": pytest.approx(metrics.roc_auc_score(y[test], p[test]), rel=1e-12),
    }
    rate = np.full(test.sum(), y[~test].mean())
    expected = metrics.log_loss(y[test], rate)
    assert scores["null_model"]["log_loss"] == pytest.approx(expected, rel=1e-12)


def test_units_do_not_matter_when_standardised(run, people, tmp_path):
    rows = [{**row, "age": row["age"] and float(row["age"]) * 1000} for row in people[1]]
    write(tmp_path / "milli.csv", rows)

    def ages(*options):
        return [
            fitted(run, path, "bought", "--tol", 1e-13, *options)["coefficients"][0]["per_sd"]
            for path in (people[0], tmp_path / "milli.csv")
        ]

    per_sd, milli = ages()
    assert milli == pytest.approx(per_sd, rel=1e-5)
    per_sd, milli = ages("--l2", 100, "--no-standardize")
    assert abs(milli) > 1.2 * abs(per_sd)
    code, out, _ = run("fit", people[0], "--target", "bought", "--no-standardize")
    assert code == 0
    assert "on columns in their own units" in out


def test_no_penalty_and_no_held_out_rows(run, people):
    code, out, err = run("fit", people[0], "--target", "bought", "--l2", 0, "--test-size", 0)
    assert (code, err) == (0, "")
    assert "none (l2 = 0)" in out
    assert "398 rows to fit, none held out" in out
    assert "Scores" not in out
    assert fitted(run, people[0], "bought", "--test-size", 0)["held_out"] is None


def test_seed_chooses_the_rows_and_the_same_seed_the_same(run, people):
    def loss(seed):
        return fitted(run, people[0], "bought", "--seed", seed)["held_out"]["model"]["log_loss"]

    assert loss(0) == loss(0) != loss(1)


def test_more_classes(run, flowers):
    metrics = pytest.importorskip("sklearn.metrics")
    folder, rows = flowers
    outcome = fitted(run, folder / "flowers.csv", "kind")
    assert outcome["target"]["classes"] == ["daisy", "rose", "tulip"]
    assert outcome["target"]["positive"] is None
    assert np.shape(outcome["intercept"]) == (3,)
    assert all(np.shape(item["raw"]) == (3,) for item in outcome["coefficients"])
    scores = outcome["held_out"]
    y = np.array([row["kind"] for row in rows])
    target = targets.read_target(files.read(folder / "flowers.csv"), "kind")
    test = targets.split(target, 0.2, 0)[1]
    predicted = predictions(run, folder / "m", folder / "flowers.csv")
    p = np.array([[float(row[f"p_{k}"]) for k in target.classes] for row in predicted])
    assert np.allclose(p.sum(axis=1), 1, rtol=1e-15)
    labels = [row["predicted"] for row in predicted]
    assert scores["model"] == {
        "log_loss": pytest.approx(metrics.log_loss(y[test], p[test]), rel=1e-12),
        "accuracy": pytest.approx(np.mean(y[test] == np.array(labels)[test]), rel=1e-12),
        "roc_auc": pytest.approx(
            metrics.roc_auc_score(y[test], p[test], multi_class="ovr"), rel=1e-12
        ),
    }
    expected = metrics.confusion_matrix(y[test], np.array(labels)[test])
    assert np.array_equal(scores["confusion"], expected)
    assert scores["majority_class"]["label"] == "rose"
    text = run("fit", folder / "flowers.csv", "--target", "kind")[1]
    assert "Coefficients per sd (all) for kind" in text
    assert "mean of one class against the rest" in text
    assert max(map(len, text.splitlines())) <= 100


def test_soft_labels(run, tmp_path):
    path = tmp_path / "soft.csv"
    write(path, [{"p": p, "x": x % 6} for x, p in enumerate([0.1, 0.3, 0.2, 0.6, 0.8, 1] * 5)])
    outcome = fitted(run, path, "p", "--save", tmp_path / "m")
    assert outcome["target"]["soft"]
    assert set(outcome["held_out"]["model"]) == {"log_loss"}
    code, out, _ = run("fit", path, "--target", "p")
    assert code == 0
    assert "probabilities (soft labels)" in out
    header, first, *_ = run("predict", tmp_path / "m", path)[1].splitlines()
    assert header == "p_0,p_1,predicted"
    assert first.endswith(",0")


def test_positive_class(run, people):
    plain = fitted(run, people[0], "bought")
    turned = fitted(run, people[0], "bought", "--positive", "no")
    assert turned["target"]["positive"] == "no"
    assert turned["target"]["classes"] == ["yes", "no"]
    for one, other in zip(plain["coefficients"], turned["coefficients"], strict=True):
        assert one["per_sd"] == pytest.approx(-other["per_sd"], rel=1e-4, abs=1e-6)
    assert turned["held_out"]["model"]["roc_auc"] == plain["held_out"]["model"]["roc_auc"]
    assert turned["held_out"]["confusion"] == [
        row[::-1] for row in plain["held_out"]["confusion"][::-1]
    ]
    text = run("fit", people[0], "--target", "bought", "--positive", "no")[1]
    assert "the positive class is no" in text


def test_choices_of_columns(run, people):
    outcome = fitted(
        run, people[0], "bought", "--drop", "age", "--keep", "id", "--reference", "town=Oslo"
    )
    assert [item["name"] for item in outcome["data"]["numeric"]] == ["id"]
    assert outcome["data"]["categorical"][0]["reference"] == "Oslo"
    assert {"name": "age", "reason": "by wish (--drop)"} in outcome["data"]["left_out"]
    assert [item["name"] for item in outcome["coefficients"]] == [
        "id",
        "town=Bern",
        "town=Rome",
        "town=(missing)",
    ]


def test_warnings_are_spoken(run, tmp_path):
    rows = [{"y": "no yes".split()[i % 2], "x": i % 5, "z": "ab"[i % 2]} for i in range(40)]
    rows[7]["x"] = "?"
    write(tmp_path / "d.csv", rows)
    code, out, err = run("fit", tmp_path / "d.csv", "--target", "y", "--json")
    assert code == 0
    assert err.count("fastgd: warning: ") == 2
    assert "column 'x' holds numbers, but also '?'" in err
    assert "column 'z' says the same as the target 'y' in every row" in err
    assert [f"fastgd: warning: {text}" for text in json.loads(out)["warnings"]] == err.splitlines()


def test_not_converged_is_code_3_with_results_written(run, people, tmp_path):
    code, out, err = run(
        "fit", people[0], "--target", "bought", "--max-iter", 1, "--save", tmp_path / "m"
    )
    assert code == 3
    assert "converged  no, max_iter" in out
    assert "Coefficients" in out
    assert "step limit after 1 iteration and " in err
    assert "raise --max-iter" in err
    assert run("info", tmp_path / "m")[0] == 0


def test_separated_is_code_3(run, people, monkeypatch):
    outcome = fitted(run, people[0], "bought")
    outcome["fit"]["status"] = "separated"
    outcome["kept"] = {}
    monkeypatch.setattr(commands, "fit_file", lambda args: outcome)
    code, out, err = run("fit", people[0], "--target", "bought")
    assert code == 3, err
    assert "converged  yes, separated" in out


def test_separated_data_are_spoken_of_by_name(run, tmp_path):
    rows = [{"y": "mno"[i % 3], "x": i % 7, "c": "uvv"[i % 3]} for i in range(60)]
    write(tmp_path / "d.csv", rows)
    code, out, err = run("fit", tmp_path / "d.csv", "--target", "y", "--l2", 0, "--test-size", 0)
    assert code == 3
    words = " ".join(out.split())
    for text in (words, err):
        assert "class m can be told from others by moving along columns c=u, so the cost" in text
    assert "converged yes, separated" in words
    two = [row for row in rows if row["y"] != "o"]
    write(tmp_path / "d.csv", two)
    argv = ["fit", tmp_path / "d.csv", "--target", "y", "--l2", 0, "--save", tmp_path / "m"]
    code, out, err = run(*argv)
    assert code == 3
    assert "by moving along columns c=v, so the cost" in err or "columns c=u, so" in err
    assert "accuracy                 1.0000" in out
    assert run("evaluate", tmp_path / "m", tmp_path / "d.csv")[0] == 0
    lines = run("predict", tmp_path / "m", tmp_path / "d.csv")[1].splitlines()
    assert lines[1:3] == ["1,0,m", "0,1,n"]  # the limit
