"""The command line as a user meets it: what is written where, and the exit codes."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fastgd
from fastgd import cli, commands, files, targets

pytest.importorskip("pyarrow")

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
    assert "warning" in err
    assert run("info", tmp_path / "m")[0] == 0


def test_separated_is_code_3(run, people, monkeypatch):
    outcome = fitted(run, people[0], "bought")
    outcome["fit"]["status"] = "separated"
    monkeypatch.setattr(commands, "fit_file", lambda args: outcome)
    code, out, _ = run("fit", people[0], "--target", "bought")
    assert code == 3
    assert "converged  yes, separated" in out


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
    assert "without table columns" in err


def test_saved_model_is_an_ordinary_model_too(model):
    fit = fastgd.load(model)
    assert fit.coef.shape == (5,)
    assert fit.converged


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
        "heavy = {'pyarrow', 'scipy', 'rich', 'fastgd.tables', 'fastgd.bench'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "[]\n"
