"""Predictions for the rows of a file, and where they are written."""

import csv
import io
import json
import re
import subprocess
import sys

import numpy as np
import pytest
from command_line import fitted, predictions, write

import fastgd
from fastgd import files
from fastgd.tablemodel import TableModel

pa = pytest.importorskip("pyarrow")
pc = pytest.importorskip("pyarrow.csv")
pq = pytest.importorskip("pyarrow.parquet")


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
        predicted = predictions(run, tmp_path / "m", path)
        p = [[float(row[f"p_{label}"]) for label in model.fit.classes] for row in predicted]
        assert np.array_equal(p, expected)
        labels = model.fit.predict(model.coding.design(files.read(path)))
        assert [row["predicted"] for row in predicted] == labels.tolist()


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


def test_missing_columns_at_prediction(run, model, tmp_path):
    write(tmp_path / "new.csv", [{"Age": 40, "city": "Rome"}])
    code, out, err = run("predict", model, tmp_path / "new.csv")
    assert (code, out) == (1, "")
    assert "the model needs columns 'age', 'town'; the file has Age, city" in err
    assert "is 'Age' meant for 'age'?" in err


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


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".parquet"])
def test_output(run, people, model, tmp_path, ending):
    path = tmp_path / f"out{ending}"
    code, out, err = run("predict", model, people[0], "--output", path, "--append")
    assert (code, err) == (0, "")
    counts = re.fullmatch(r"400 rows predicted \(no: (\d+), yes: (\d+)\), written to .*\n", out)
    found = pq.read_table(path) if ending == ".parquet" else pc.read_csv(path)
    assert found.column_names == [*people[1][0], "p_no", "p_yes", "predicted"]
    plain = predictions(run, model, people[0])
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
    plain = predictions(run, model, people[0])
    assert [
        {key: str(float(row[key])) if key[:2] == "p_" else row[key] for key in row} for row in plain
    ] == [{key: str(value) for key, value in row.items()} for row in outcome["predictions"]]
    assert outcome["command"] == "predict"
    assert outcome["rows"] == 400


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


ALLOWED = 50e6  # bytes of memory that a large file may take beyond a small one


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
