"""The command line as a user meets it: what is written where, and the exit codes."""

import csv
import gzip
import io
import json
import re
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import fastgd
from fastgd import cli, commands, files, targets
from fastgd.tablemodel import TableModel

pa = pytest.importorskip("pyarrow")
pc = pytest.importorskip("pyarrow.csv")
pq = pytest.importorskip("pyarrow.parquet")

ALLOWED = 50e6  # bytes of memory that a large file may take beyond a small one
EXAMPLE = Path(__file__).parent.parent / "examples" / "breast_cancer.csv"


@pytest.fixture
def run(capsys):
    """Run the command in this process; return (exit code, standard output, standard error)."""

    def run(*argv):
        code = cli.main([str(item) for item in argv])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def process():
    """Run the command in a process of its own."""

    def process(*argv, **options):
        return subprocess.run(
            [sys.executable, "-m", "fastgd", *map(str, argv)],
            capture_output=True,
            text=True,
            timeout=120,
            **options,
        )

    return process


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """A file with all that the coding handles, and its rows."""
    rng = np.random.default_rng(5)
    rows = []
    for i in range(400):
        age = rng.normal(40, 10)
        town = str(rng.choice(["Rome", "Oslo", "Bern"], p=[0.5, 0.3, 0.2]))
        logit = (age - 40) / 10 + (town == "Oslo") + rng.logistic()
        rows.append(
            {
                "id": i,
                "age": "" if i % 10 == 3 else f"{age:.2f}",
                "town": "" if i % 25 == 7 else town,
                "note": f"note {i}",
                "planet": "Earth",
                "bought": "" if i in (20, 31) else ("no", "yes")[logit > 0],
            }
        )
    path = tmp_path_factory.mktemp("people") / "people.csv"
    write(path, rows)
    return path, rows


def write(path, rows, separator=";"):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], delimiter=separator)
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def model(people, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "people.fgd"
    assert cli.main(["fit", str(people[0]), "--target", "bought", "--save", str(path)]) == 0
    return path


def fitted(run, path, target, *options):
    code, out, err = run("fit", path, "--target", target, "--json", *options)
    assert code == 0, err
    return json.loads(out)


# ---------------------------------------------------------------- fit


def test_malignant_is_the_positive_class(run, tmp_path):
    outcome = fitted(run, EXAMPLE, "diagnosis", "--save", tmp_path / "m")
    assert outcome["target"]["classes"] == ["B", "M"]
    assert outcome["target"]["counts"] == [357, 212]
    assert outcome["target"]["positive"] == "M"
    rows = list(csv.DictReader(EXAMPLE.open()))
    predicted = list(csv.DictReader(io.StringIO(run("predict", tmp_path / "m", EXAMPLE)[1])))
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
    predicted = list(csv.DictReader(io.StringIO(run("predict", tmp_path / "m", kept)[1])))
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


def test_export_writes_a_function(run, model):
    code, out, err = run("export", model, "--to", "python")
    assert (code, err) == (0, "")
    names = {}
    exec(out, names)
    d = fastgd.load(model).n_features
    assert sum(names["score"]([0.5] * d)) == pytest.approx(1, abs=1e-12)
    code, out, err = run("export", model, "--to", "onnx")
    assert (code, out) == (1, "") and "--output" in err


# ---------------------------------------------------------------- predict, info


def test_predictions_keep_the_order_and_need_no_target(run, people, model, tmp_path):
    whole = run("predict", model, people[0])
    assert whole[0] == 0
    assert whole[2] == ""
    header, *lines = whole[1].splitlines()
    assert header == "p_no,p_yes,predicted"
    assert len(lines) == 400
    p_no, p_yes, predicted = zip(*(line.split(",") for line in lines), strict=True)
    assert np.allclose(np.array(p_no, float) + np.array(p_yes, float), 1, rtol=1e-15)
    assert list(predicted) == [("no", "yes")[float(p) > 0.5] for p in p_yes]
    rows = [{"town": row["town"], "age": row["age"]} for row in reversed(people[1])]
    write(tmp_path / "new.csv", rows, "|")
    assert run("predict", model, tmp_path / "new.csv")[1].splitlines()[1:] == lines[::-1]


def test_predictions_are_those_of_the_coefficients(run, people, model):
    outcome = json.loads(run("info", model, "--json")[1])
    raw = {item["name"]: item["raw"] for item in outcome["coefficients"]}
    median = outcome["coding"]["columns"][0]["median"]
    lines = run("predict", model, people[0])[1].splitlines()[1:]
    for row, line in zip(people[1], lines, strict=True):
        z = outcome["intercept"] + raw["age"] * float(row["age"] or median)
        z += raw["age=(missing)"] * (row["age"] == "")
        z += raw.get(f"town={row['town'] or '(missing)'}", 0)
        assert float(line.split(",")[1]) == pytest.approx(1 / (1 + np.exp(-z)), rel=1e-12)


def test_labels_with_separators_are_quoted(run, tmp_path):
    rows = [{"y": ("a,b", 'say "c"')[x % 7 > 3], "x": x % 7} for x in range(70)]
    rows[0]["y"], rows[6]["y"] = rows[6]["y"], rows[0]["y"]  # not separated
    write(tmp_path / "d.csv", rows)
    assert run("fit", tmp_path / "d.csv", "--target", "y", "--save", tmp_path / "m")[0] == 0
    lines = list(csv.reader(io.StringIO(run("predict", tmp_path / "m", tmp_path / "d.csv")[1])))
    assert lines[0] == ["p_a,b", 'p_say "c"', "predicted"]
    assert {line[2] for line in lines[1:]} == {"a,b", 'say "c"'}


def test_unseen_level(run, model, tmp_path):
    write(tmp_path / "new.csv", [{"age": 40, "town": "Rome"}, {"age": 40, "town": "Atlantis"}])
    code, out, err = run("predict", model, tmp_path / "new.csv")
    assert (code, out) == (1, "")
    assert "column 'town' holds 'Atlantis' (first in data row 2), not seen" in err
    assert "--unseen ignore" in err
    code, out, err = run("predict", model, tmp_path / "new.csv", "--unseen", "ignore")
    assert code == 0
    assert "1 row taken as 'Rome', the reference level" in err
    _, rome, atlantis = out.splitlines()
    assert rome == atlantis


def test_missing_columns_at_prediction(run, model, tmp_path):
    write(tmp_path / "new.csv", [{"Age": 40, "city": "Rome"}])
    code, out, err = run("predict", model, tmp_path / "new.csv")
    assert (code, out) == (1, "")
    assert "the model needs columns 'age', 'town'; the file has Age, city" in err
    assert "is 'Age' meant for 'age'?" in err


def test_info(run, model):
    code, out, err = run("info", model)
    assert (code, err) == (0, "")
    for text in ("bought: no (", "positive class is yes", "age", "town", "Scores on", "intercept"):
        assert text in out
    assert json.loads(run("info", model, "--json")[1])["target"]["name"] == "bought"


def test_info_of_the_installation(run):
    code, out, err = run("info")
    assert (code, err) == (0, "")
    assert fastgd.__version__ in out
    assert isinstance(json.loads(run("info", "--json")[1]), dict)


def test_models_that_are_none(run, model, people, tmp_path):
    code, _, err = run("predict", people[0], people[0])
    assert code == 1
    assert "not a fastgd model" in err
    cut = tmp_path / "cut"
    cut.write_bytes(model.read_bytes()[:-5])
    code, _, err = run("predict", cut, people[0])
    assert code == 1
    assert "cut short" in err
    plain = tmp_path / "plain"
    fastgd.fit(np.arange(9.0)[:, None] % 4, np.arange(9) % 2, l2=1.0).save(plain)
    code, _, err = run("predict", plain, people[0])
    assert code == 1
    assert "fitted on an array, whose columns have no names" in err
    code, _, err = run("evaluate", plain, people[0])
    assert code == 1
    assert "saved from Python, which does not know its target" in err


@pytest.mark.parametrize("estimator", [False, True])
@pytest.mark.parametrize("classes", [2, 3])
def test_models_saved_from_python_predict_files(run, rng, tmp_path, estimator, classes):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(
        {"x": rng.normal(size=60), "flag": rng.random(60) < 0.4, "town": [*"uvw"] * 20}
    )
    y = rng.integers(0, classes, 60)
    if estimator:
        pytest.importorskip("sklearn")
        model = fastgd.LogisticRegression().fit(frame, y)
    else:
        model = fastgd.fit(frame, y, l2=0.1)
    model.save(tmp_path / "m")
    frame.iloc[:, ::-1].to_csv(tmp_path / "x.csv", index=False)  # flag is written True, False
    pq.write_table(pa.Table.from_pandas(frame), tmp_path / "x.parquet")
    for name in ("x.csv", "x.parquet"):
        code, out, err = run("predict", tmp_path / "m", tmp_path / name)
        assert (code, err) == (0, "")
        header, *lines = out.splitlines()
        assert header.split(",") == [*(f"p_{k}" for k in range(classes)), "predicted"]
        cells = np.array([line.split(",") for line in lines], dtype=float)
        assert np.array_equal(cells[:, :-1], model.predict_proba(frame))
        assert np.array_equal(cells[:, -1], model.predict(frame))
    frame.loc[7, "x"] = None
    frame.to_csv(tmp_path / "x.csv", index=False)
    code, _, err = run("predict", tmp_path / "m", tmp_path / "x.csv")
    assert code == 1
    assert "column 'x' has no value in data row 8, and the model was fitted without" in err
    fastgd.fit(frame[["flag"]], rng.normal(size=60), loss="squared_error").save(tmp_path / "m")
    code, _, err = run("predict", tmp_path / "m", tmp_path / "x.csv")
    assert code == 1
    assert "a model of loss 'squared_error' has no classes to predict" in err


def test_numbers_may_be_written_as_booleans(run, tmp_path):
    rows = [{"x": i % 3 % 2, "z": i % 7, "y": "pq"[i // 2 % 2]} for i in range(40)]
    write(tmp_path / "a.csv", rows)
    write(tmp_path / "b.csv", [{**row, "x": ("FALSE", "TRUE")[row["x"]]} for row in rows])
    fitted(run, tmp_path / "a.csv", "y", "--save", tmp_path / "m")
    found = [run("predict", tmp_path / "m", tmp_path / name) for name in ("a.csv", "b.csv")]
    assert found[0] == found[1] and found[0][0] == 0
    write(tmp_path / "b.csv", [{**row, "x": ("FALSE", "yes")[row["x"]]} for row in rows])
    err = run("predict", tmp_path / "m", tmp_path / "b.csv")[2]
    assert "column 'x' must hold numbers, found 'FALSE' in data row 1" in err


def test_saved_model_is_an_ordinary_model_too(model):
    fit = fastgd.load(model)
    assert fit.coef.shape == (5,)
    assert fit.converged


# ---------------------------------------------------------------- what is scored, what is saved


@pytest.fixture(scope="module")
def flowers(tmp_path_factory):
    """A file with three classes, and a Parquet file with the same content."""
    rng = np.random.default_rng(8)
    kinds = rng.choice(["rose", "tulip", "daisy"], 300, p=[0.5, 0.3, 0.2])
    place = {"rose": (1.0, 0.0), "tulip": (0.0, 1.0), "daisy": (-1.0, 0.0)}
    rows = [
        {
            "kind": kind,
            "height": round(place[kind][0] + rng.normal(), 3),
            "width": "" if i % 17 == 0 else round(place[kind][1] + rng.normal(), 3),
            "soil": rng.choice(["clay", "sand", "unknown"]),
        }
        for i, kind in enumerate(kinds)
    ]
    folder = tmp_path_factory.mktemp("flowers")
    write(folder / "flowers.csv", rows, ",")
    table = pc.read_csv(folder / "flowers.csv")
    pq.write_table(table, folder / "flowers.parquet")
    argv = ["fit", f"{folder}/flowers.csv", "--target", "kind", "--save", f"{folder}/m"]
    assert cli.main(argv) == 0
    return folder, rows


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
    out = run("predict", folder / "m", folder / "flowers.csv")[1]
    predicted = list(csv.DictReader(io.StringIO(out)))
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


@pytest.mark.parametrize("target", ["kind", "soil"])
def test_csv_and_parquet_are_the_same_to_fit(run, flowers, target):
    outcomes = [fitted(run, flowers[0] / f"flowers.{end}", target) for end in ("csv", "parquet")]
    assert outcomes[0]["coefficients"] == outcomes[1]["coefficients"]
    assert outcomes[0]["held_out"] == outcomes[1]["held_out"]
    assert outcomes[1]["data"]["separator"] is None


@pytest.mark.parametrize("name", ["people", "flowers"])
def test_predictions_on_the_training_file_are_those_of_the_fit(
    run, people, flowers, tmp_path, name, monkeypatch
):
    """To the last digit, whatever the batches."""
    path, target = people[0], "bought"
    if name == "flowers":
        path, target = flowers[0] / "flowers.csv", "kind"
    run("fit", path, "--target", target, "--save", tmp_path / "m")
    model = TableModel.load(tmp_path / "m")
    expected = model.fit.predict_proba(model.coding.design(files.read(path)))
    for rows in (1, 7, len(expected) - 1, 1 << 14):
        monkeypatch.setattr(TableModel, "batch_rows", rows)
        predicted = list(csv.DictReader(io.StringIO(run("predict", tmp_path / "m", path)[1])))
        p = [[float(row[f"p_{label}"]) for label in model.fit.classes] for row in predicted]
        assert np.array_equal(p, expected)
        labels = model.fit.predict(model.coding.design(files.read(path)))
        assert [row["predicted"] for row in predicted] == labels.tolist()


def test_evaluate_is_what_fit_said(run, people, flowers, tmp_path):
    """On the rows held out, in a file of their own."""
    for path, target, rows in (
        (people[0], "bought", people[1]),
        (flowers[0] / "flowers.csv", "kind", flowers[1]),
    ):
        outcome = fitted(run, path, target, "--save", tmp_path / "m")
        found = targets.read_target(files.read(path), target)
        write(tmp_path / "held_out.csv", [rows[i] for i in targets.split(found, 0.2, 0)[1]])
        code, out, err = run("evaluate", tmp_path / "m", tmp_path / "held_out.csv", "--json")
        assert (code, err) == (0, "")
        evaluated = json.loads(out)
        assert evaluated["command"] == "evaluate"
        assert {**evaluated["scores"], "file": None} == outcome["held_out"]
        text = run("evaluate", tmp_path / "m", tmp_path / "held_out.csv")[1]
        assert f"Scores on {outcome['held_out']['rows']} rows of" in text
        assert "Counts by class and prediction" in text


def test_evaluate_takes_eight_bytes_a_row(run, tmp_path):
    """The margins, for the exact area under the ROC curve; labels and probabilities go at once."""
    rows, times = 1000, 300
    rng = np.random.default_rng(3)
    lines = [f"{x:.3f},{int(x > rng.normal())}\n" for x in rng.normal(size=rows)]
    few, many = tmp_path / "few.csv", tmp_path / "many.csv"
    few.write_text("x,y\n" + "".join(lines))
    with many.open("w") as file:
        file.write("x,y\n")
        file.writelines("".join(lines) for _ in range(times))
    assert run("fit", few, "--target", "y", "--save", tmp_path / "m")[0] == 0

    def peak(path):
        tracemalloc.start()
        code, out, _ = run("evaluate", tmp_path / "m", path, "--json")
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert code == 0
        return found, json.loads(out)["scores"]

    peak(few)  # imports and caches
    (small, one), (large, other) = peak(few), peak(many)
    assert other["rows"] == times * rows
    assert other["model"] == pytest.approx(one["model"], rel=1e-12)
    assert large - small < 16 * times * rows  # that is 8, and the batch in hand


def test_evaluate_needs_the_target(run, people, model, tmp_path):
    rows = [{k: v for k, v in row.items() if k != "bought"} for row in people[1]]
    write(tmp_path / "new.csv", rows)
    code, out, err = run("evaluate", model, tmp_path / "new.csv")
    assert (code, out) == (1, "")
    assert "no column 'bought'" in err
    write(tmp_path / "new.csv", [{**row, "bought": ""} for row in people[1]])
    assert "target 'bought' has no values" in run("evaluate", model, tmp_path / "new.csv")[2]
    write(tmp_path / "new.csv", [{**row, "bought": "perhaps"} for row in people[1]])
    err = run("evaluate", model, tmp_path / "new.csv")[2]
    assert "'bought' holds 'perhaps' (first in data row 1), not among the classes" in err
    outcome = json.loads(run("evaluate", model, people[0], "--json")[1])
    assert outcome["rows"] == 400
    assert outcome["rows_without_target"] == 2
    assert outcome["scores"]["rows"] == 398


def test_a_file_to_score_on(run, people, tmp_path):
    half = people[1][:200], people[1][200:]
    for name, rows in zip("ab", half, strict=True):
        write(tmp_path / f"{name}.csv", rows)
    outcome = fitted(
        run, tmp_path / "a.csv", "bought", "--test", tmp_path / "b.csv", "--save", tmp_path / "m"
    )
    assert outcome["data"]["rows_fitted"] == outcome["fit"]["rows"] == 198
    assert outcome["data"]["rows_held_out"] == 200
    evaluated = json.loads(run("evaluate", tmp_path / "m", tmp_path / "b.csv", "--json")[1])
    assert outcome["held_out"] == evaluated["scores"]
    write(tmp_path / "b.csv", [{**row, "town": "Atlantis"} for row in half[1]])
    argv = ["fit", tmp_path / "a.csv", "--target", "bought", "--test", tmp_path / "b.csv"]
    code, out, err = run(*argv)
    assert (code, out) == (1, "")
    assert "column 'town' holds 'Atlantis'" in err
    code, out, err = run(*argv, "--unseen", "ignore")
    assert code == 0
    assert "200 rows taken as 'Rome'" in err
    assert "198 rows to fit, 200 of" in out


def test_refit_saves_the_model_of_all_rows(run, people, tmp_path):
    plain = fitted(run, people[0], "bought", "--save", tmp_path / "plain")
    refit = fitted(run, people[0], "bought", "--refit", "--save", tmp_path / "refit")
    whole = fitted(run, people[0], "bought", "--test-size", 0)
    assert refit["held_out"] == plain["held_out"]  # of the model of the training rows
    assert refit["coefficients"] == whole["coefficients"] != plain["coefficients"]
    assert refit["fit"]["l2"] == 1 / 398
    saved = json.loads(run("info", tmp_path / "refit", "--json")[1])
    assert saved["coefficients"] == whole["coefficients"]
    text = run("fit", people[0], "--target", "bought", "--refit", "--save", tmp_path / "m")[1]
    n = plain["fit"]["rows"]
    assert f"refit      on all 398 rows, after the fit on {n} was scored" in text
    assert text.endswith(f"fitted on 398 rows; the scores are those of the fit on {n}.\n")
    assert f"held-out rows, by the fit on {n} " in run("info", tmp_path / "refit")[1]
    text = run("fit", people[0], "--target", "bought", "--save", tmp_path / "m")[1]
    assert text.endswith(f"this model, fitted on {n} rows, the one that was scored.\n")


def test_refit_adds_the_file_to_score_on(run, people, tmp_path):
    # as though the two files were one; what the types of Parquet hold is the same table
    rows = people[1]
    write(tmp_path / "a.csv", rows[:200])
    late = [{**row, "town": "Atlantis"} for row in rows[380:]]
    write(tmp_path / "b.csv", [*rows[200:380], *late])
    write(tmp_path / "both.csv", [*rows[:380], *late])
    cells = pc.read_csv(tmp_path / "b.csv", parse_options=pc.ParseOptions(delimiter=";"))
    pq.write_table(cells.drop_columns(["planet"]), tmp_path / "b.parquet")
    whole = fitted(run, tmp_path / "both.csv", "bought", "--test-size", 0)
    for name in ("b.csv", "b.parquet"):
        options = ["--test", tmp_path / name, "--unseen", "ignore"]
        plain = fitted(run, tmp_path / "a.csv", "bought", *options)
        refit = fitted(run, tmp_path / "a.csv", "bought", *options, "--refit")
        assert refit["held_out"] == plain["held_out"]
        assert refit["coefficients"] == whole["coefficients"] != plain["coefficients"]
        assert refit["target"] == whole["target"]
        assert refit["fit"]["rows"] == 398
        assert refit["data"]["left_out"] == plain["data"]["left_out"]
        assert refit["data"]["rows_without_target"] == plain["data"]["rows_without_target"] == 2
    argv = ["--target", "bought", *options, "--refit", "--save", tmp_path / "m"]
    text = run("fit", tmp_path / "a.csv", *argv)[1]
    assert "refit      on all 398 rows, after the fit on 198 was scored" in text
    assert text.endswith("fitted on 398 rows; the scores are those of the fit on 198.\n")


def test_refit_joins_decimal_commas_with_numbers(run, tmp_path):
    rows = [{"x": f"{i % 7},5", "y": "pq"[(i + i % 3) % 2]} for i in range(40)]
    write(tmp_path / "a.csv", rows[:20])
    write(tmp_path / "both.csv", rows)
    later = {"x": [i % 7 + 0.5 for i in range(20, 40)], "y": [row["y"] for row in rows[20:]]}
    pq.write_table(pa.table(later), tmp_path / "b.parquet")
    argv = ["--decimal", ","]
    whole = fitted(run, tmp_path / "both.csv", "y", *argv, "--test-size", 0)
    argv += ["--test", tmp_path / "b.parquet", "--refit"]
    assert fitted(run, tmp_path / "a.csv", "y", *argv)["coefficients"] == whole["coefficients"]


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


def test_a_model_remembers_what_is_missing(run, people, tmp_path):
    rows = [{**row, "age": row["age"] or "-1"} for row in people[1]]
    write(tmp_path / "minus.csv", rows)
    argv = ["fit", tmp_path / "minus.csv", "--target", "bought", "--save", tmp_path / "m"]
    assert run(*argv, "--na", "-1")[0] == 0
    plain = fitted(run, people[0], "bought")
    saved = json.loads(run("info", tmp_path / "m", "--json")[1])
    assert saved["coefficients"] == plain["coefficients"]
    assert saved["missing"] == ["-1"]
    assert "missing    -1, beside empty" in run("info", tmp_path / "m")[1]
    here = run("predict", tmp_path / "m", tmp_path / "minus.csv")
    assert here[0] == 0
    assert here[1] == run("predict", tmp_path / "m", people[0])[1]


def test_formats(run, people, tmp_path):
    """The same table in other clothes."""
    expected = fitted(run, people[0], "bought")["coefficients"]
    text = people[0].read_text()
    comma = "\n".join(
        ";".join(cell.replace(".", ",") for cell in line.split(";")) for line in text.splitlines()
    )
    for name, data, options in (
        ("a.csv", comma.encode(), ["--decimal", ","]),
        ("b.csv", text.encode("utf-8-sig"), []),
        ("c.csv", text.encode("utf-16"), []),
        ("d.csv", text.replace("Bern", "Bärn").encode("latin-1"), ["--encoding", "latin-1"]),
        ("e.csv.gz", gzip.compress(text.encode()), []),
        ("f.csv.zst", zstd(text.encode()), []),
        ("g.csv", text.replace(";", "!").encode(), ["--sep", "!"]),
    ):
        (tmp_path / name).write_bytes(data)
        found = fitted(run, tmp_path / name, "bought", *options)["coefficients"]
        assert [item["raw"] for item in found] == [item["raw"] for item in expected], name


def zstd(data):
    buffer = pa.BufferOutputStream()
    with pa.CompressedOutputStream(buffer, "zstd") as stream:
        stream.write(data)
    return buffer.getvalue().to_pybytes()


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


# ---------------------------------------------------------------- predictions out


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".parquet"])
def test_output(run, people, model, tmp_path, ending):
    path = tmp_path / f"out{ending}"
    code, out, err = run("predict", model, people[0], "--output", path, "--append")
    assert (code, err) == (0, "")
    counts = re.fullmatch(r"400 rows predicted \(no: (\d+), yes: (\d+)\), written to .*\n", out)
    found = pq.read_table(path) if ending == ".parquet" else pc.read_csv(path)
    assert found.column_names == [*people[1][0], "p_no", "p_yes", "predicted"]
    plain = list(csv.DictReader(io.StringIO(run("predict", model, people[0])[1])))
    assert found["p_yes"].to_pylist() == [float(row["p_yes"]) for row in plain]
    predicted = found["predicted"].to_pylist()
    assert predicted == [row["predicted"] for row in plain]
    assert (str(predicted.count("no")), str(predicted.count("yes"))) == counts.groups()
    assert found["note"].to_pylist() == [row["note"] for row in people[1]]
    if ending != ".parquet":
        assert found["id"].to_pylist() == list(range(400))
    code, out, _ = run("predict", model, people[0], "--output", path, "--json")
    assert code == 0
    outcome = json.loads(out)
    assert outcome["rows"] == sum(outcome["predicted"].values()) == 400
    assert outcome["output"] == str(path)


def test_appended_inputs_are_as_they_were(run, flowers, model, tmp_path):
    (tmp_path / "new.csv").write_text('age;town;more\n 40 ; Rome;"a,b ""c"""\nNA;;\n')
    out = run("predict", model, tmp_path / "new.csv", "--append")[1]
    rows = list(csv.reader(io.StringIO(out)))
    assert rows[0] == ["age", "town", "more", "p_no", "p_yes", "predicted"]
    assert [row[:3] for row in rows[1:]] == [[" 40 ", " Rome", 'a,b "c"'], ["NA", "", ""]]
    path = tmp_path / "out.parquet"
    source = flowers[0] / "flowers.parquet"
    assert run("predict", flowers[0] / "m", source, "--append", "--output", path)[0] == 0
    before, after = pq.read_table(source), pq.read_table(path)
    assert after.select(before.column_names).equals(before)


def test_predictions_as_json(run, people, model):
    code, out, err = run("predict", model, people[0], "--json")
    assert (code, err) == (0, "")
    outcome = json.loads(out)
    plain = list(csv.DictReader(io.StringIO(run("predict", model, people[0])[1])))
    assert [
        {key: str(float(row[key])) if key[:2] == "p_" else row[key] for key in row} for row in plain
    ] == [{key: str(value) for key, value in row.items()} for row in outcome["predictions"]]
    assert outcome["command"] == "predict"
    assert outcome["rows"] == 400


def test_unseen_levels_in_many_batches_are_one_warning(run, people, model, tmp_path, monkeypatch):
    monkeypatch.setattr(TableModel, "batch_rows", 50)
    rows = [dict(row) for row in people[1]]
    for row in rows[60::100]:
        row["town"] = "Ys"
    write(tmp_path / "new.csv", rows)
    code, out, err = run("predict", model, tmp_path / "new.csv", "--unseen", "ignore")
    assert (code, len(out.splitlines())) == (0, 401)
    assert err.count("\n") == 1
    assert "holds 'Ys' (first in data row 61)" in err
    assert "4 rows taken as 'Rome'" in err
    output = tmp_path / "out.csv"
    code, out, err = run("predict", model, tmp_path / "new.csv", "--output", output)
    assert (code, out) == (1, "")
    assert "first in data row 61" in err
    assert not output.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--output", "absent/o.csv"], "there is no directory absent"),
        (["--output", "data.csv"], "would overwrite data.csv, which is read"),
        (["--append"], "--append: data.csv has a column 'p_no' already"),
    ],
)
def test_outputs_that_cannot_be(run, model, tmp_path, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "data.csv", [{"age": 4, "town": "Rome", "p_no": 3}])
    code, out, err = run("predict", model, "data.csv", *options)
    assert (code, out) == (1, "")
    assert message in err


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_predictions_are_streamed_in_bounded_memory(people, model, tmp_path):
    """The memory that a large file takes beyond a small one is a fraction of the file."""
    header, *lines = people[0].read_text().splitlines()
    wide = "\n".join(line + ";" + "x" * 200 for line in lines) + "\n"
    large = tmp_path / "large.csv"
    with large.open("w") as file:
        file.write(header + ";wide\n")
        for _ in range(20):
            file.write(wide * 40)
    assert large.stat().st_size > 70e6 > ALLOWED
    script = (
        "import sys; from fastgd import cli; code = cli.main(sys.argv[1:]); "
        "text = open('/proc/self/status').read(); "
        "print(text.split('VmHWM:')[1].split()[0], file=sys.stderr); sys.exit(code)"
    )

    def peak(path, output):
        argv = ["predict", str(model), str(path), "--output", str(output)]
        done = subprocess.run(
            [sys.executable, "-c", script, *argv], capture_output=True, text=True, check=True
        )
        return 1024 * int(done.stderr)

    small = peak(people[0], tmp_path / "small.csv")
    assert peak(large, tmp_path / "out.csv") - small < ALLOWED
    first = (tmp_path / "small.csv").read_bytes().splitlines()
    with (tmp_path / "out.csv").open("rb") as file:
        assert [line.rstrip() for _, line in zip(range(401), file, strict=False)] == first
        assert sum(1 for _ in file) == 20 * 40 * 400 - 400


# ---------------------------------------------------------------- manners


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", [], "the file is empty"),
        ("y,a\n", [], "only a header line"),
        ("y,a\n1,2\n0\n", [], "line 3: 1 cell, but the header has 2"),
        ("y,a\n1,2\n1,3\n", [], "target 'y' has one class only (1)"),
        ("Y,a\n1,2\n0,3\n", [], "no column 'y'; did you mean 'Y'?"),
        ("y,a\nu,1\nv,2\nw,3\n", [], "3 different values in 3 rows (u, v, w)"),
        ("y,a\n0.5,1\n7,2\n", [], "target 'y' holds numbers from 0.5 to 7"),
        ("y,a\n0,1\n1,1\n", [], "no column can be a feature; a: constant (1)"),
        ("y,a\n0,1\n1,2.5\n", ["--save", "absent/m"], "there is no directory absent"),
        ("y,a\n0,1\n1,2.5\n", ["--save", "data.csv"], "would overwrite data.csv, which is read"),
    ],
)
def test_data_errors(run, tmp_path, monkeypatch, text, options, message):
    monkeypatch.chdir(tmp_path)
    Path("data.csv").write_text(text)
    code, out, err = run("fit", "data.csv", "--target", "y", *options)
    assert (code, out) == (1, "")
    assert message in err
    assert err.startswith("fastgd: ")
    assert err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]


def test_absent_file(run):
    code, out, err = run("fit", "absent.csv", "--target", "y")
    assert (code, out, err) == (1, "", "fastgd: absent.csv: No such file or directory\n")


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["frobnicate"],
        ["fit", "x.csv"],
        ["fit", "x.csv", "--target", "y", "--l2", "-1"],
        ["fit", "x.csv", "--target", "y", "--l2", "nan"],
        ["fit", "x.csv", "--target", "y", "--test-size", "1"],
        ["fit", "x.csv", "--target", "y", "--seed", "-1"],
        ["fit", "x.csv", "--target", "y", "--tol", "0"],
        ["fit", "x.csv", "--target", "y", "--threads", "0"],
        ["fit", "x.csv", "--target", "y", "--sep", "::"],
        ["predict", "m"],
        ["predict", "m", "x.csv", "--unseen", "guess"],
        ["predict", "m", "x.csv", "--output", "x.txt"],
        ["evaluate", "m"],
        ["evaluate", "m", "x.csv", "--sep", ",", "--decimal", ","],
        ["fit", "x.csv", "--target", "y", "--sep", ",", "--decimal", ","],
        ["fit", "x.csv", "--target", "y", "--decimal", ";"],
        ["fit", "x.csv", "--target", "y", "--encoding", "klingon"],
        ["fit", "x.csv", "--target", "y", "--encoding", "base64"],
        ["fit", "x.csv", "--target", "y", "--test", "z.csv", "--test-size", "0.1"],
        ["fit", "x.csv", "--target", "y", "--refit", "--test-size", "0"],
        ["fit", "x.csv", "--target", "y", "--save", "m", "--report", "./m"],
        ["fit", "x.csv", "--target", "y", "--save", ""],
        ["fit", "x.csv", "--target", "y", "--test", ""],
        ["fit", "x.csv", "--target", "y", "--report", ""],
    ],
)
def test_usage_errors(run, argv):
    code, out, err = run(*argv)
    assert (code, out) == (2, "")
    assert "usage: fastgd" in err


@pytest.mark.parametrize("argv", [["--help"], ["fit", "--help"], ["bench", "--help"]])
def test_help(run, argv):
    code, out, err = run(*argv)
    assert (code, err) == (0, "")
    assert out.startswith("usage: fastgd")


def test_version(run):
    assert run("--version") == (0, f"fastgd {fastgd.__version__}\n", "")


def test_messages_stay_short(run, tmp_path):
    long = "x" * 100_000
    rows = [{"x": i % 5, "c": "uv"[i % 2], "y": "pq"[i // 2 % 2]} for i in range(40)]
    write(tmp_path / "a.csv", rows)
    fitted(run, tmp_path / "a.csv", "y", "--save", tmp_path / "m")
    write(
        tmp_path / "b.csv",
        [{**row, "c": long if i == 7 else row["c"]} for i, row in enumerate(rows)],
    )
    write(
        tmp_path / "c.csv",
        [{**row, "x": long if i == 7 else row["x"]} for i, row in enumerate(rows)],
    )
    write(
        tmp_path / "d.csv",
        [{**row, "y": long if i == 7 else row["y"]} for i, row in enumerate(rows)],
    )
    for argv in (
        ["predict", tmp_path / "m", tmp_path / "b.csv"],
        ["predict", tmp_path / "m", tmp_path / "b.csv", "--unseen", "ignore"],
        ["predict", tmp_path / "m", tmp_path / "c.csv"],
        ["evaluate", tmp_path / "m", tmp_path / "d.csv"],
        *(["fit", tmp_path / f"{name}.csv", "--target", "y"] for name in "bcd"),
        ["fit", tmp_path / "b.csv", "--target", "y", "--seed", 1],
        ["fit", tmp_path / "c.csv", "--target", "y", "--reference", "x=9"],
    ):
        _, out, err = run(*argv)
        assert 0 < len(out) + len(err) < 4000


def test_a_separator_that_is_not_there_is_named(run, people):
    err = run("fit", people[0], "--target", "bought", "--sep", "|")[2]
    assert "its only column is 'id;age;town;note;planet;bought', read with the separator '|'" in err


def test_standard_input_has_a_name(run, monkeypatch):
    def given(text):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))
        return run("fit", "-", "--target", "y")

    assert given(b"")[2] == "fastgd: standard input: the file is empty\n"
    assert "fastgd: standard input: no column 'y'" in given(b"a,b\n1,2\n")[2]
    text = b"x,y\n" + b"1,p\n2,q\n3,p\n3,q\n1,q\n" * 8
    assert "  file       standard input\n" in given(text)[1]


def test_interrupt(run, monkeypatch):
    def interrupt(args):
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "fit_file", interrupt)
    assert run("fit", "x.csv", "--target", "y") == (130, "", "fastgd: interrupted\n")


def test_traceback_only_with_debug(run, monkeypatch):
    def fail(args):
        raise RuntimeError("surprise")

    monkeypatch.setattr(commands, "fit_file", fail)
    code, out, err = run("fit", "x.csv", "--target", "y")
    assert (code, out) == (1, "")
    assert err == "fastgd: internal error: RuntimeError('surprise') (--debug shows where)\n"
    with pytest.raises(RuntimeError, match="surprise"):
        cli.main(["fit", "x.csv", "--target", "y", "--debug"])


def test_without_pyarrow_the_message_says_what_to_install(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    code, out, err = run("fit", EXAMPLE, "--target", "diagnosis")
    assert (code, out) == (1, "")
    assert 'pip install "fastgd[cli]"' in err


def test_broken_pipe_is_quiet(people, model):
    """The reader closes after the first line, as `| head -1` does."""
    command = [sys.executable, "-m", "fastgd", "predict", str(model), str(people[0])]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
    ) as child:
        child.stdout.close()
        assert child.stderr.read() == b""
        assert child.wait(timeout=60) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
@pytest.mark.parametrize("command", ["fit", "predict", "info"])
def test_a_full_disk_is_said(people, model, command):
    argv = {
        "fit": ["fit", str(people[0]), "--target", "bought"],
        "predict": ["predict", str(model), str(people[0])],
        "info": ["info"],
    }[command]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "fastgd", *argv], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 1
    assert done.stderr == "fastgd: cannot write the output: No space left on device\n"


def test_closed_standard_error(run, monkeypatch):
    # print would take standard output instead
    monkeypatch.setattr(cli.sys, "stderr", None)
    assert run("info", "absent.fgd")[:2] == (1, "")


def test_closed_standard_output(run, people, model, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    argv = ["predict", str(model), str(people[0])]
    assert cli.main(argv) == 1
    assert cli.main([*argv, "--output", str(tmp_path / "o.csv")]) == 0
    assert (tmp_path / "o.csv").exists()


def test_codes_of_a_process(process, people, tmp_path):
    done = process("fit", people[0], "--target", "bought", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["target"]["positive"] == "yes"
    failed = process("fit", tmp_path / "absent.csv", "--target", "bought")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "Traceback" not in failed.stderr
    assert process("fit").returncode == 2


def test_standard_input_is_a_file_too(process, people, run):
    with people[0].open() as file:
        piped = process("fit", "-", "--target", "bought", "--json", stdin=file)
    assert piped.returncode == 0
    expected = fitted(run, people[0], "bought")
    assert json.loads(piped.stdout)["coefficients"] == expected["coefficients"]


def test_importing_the_command_line_is_light():
    script = (
        "import sys, fastgd.cli; "
        "heavy = {'pyarrow', 'scipy', 'rich', 'fastgd.commands', 'fastgd.bench'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "[]\n"
