"""Rows that are scored: held out, in a file of their own, after a refit."""

import json
import tracemalloc

import numpy as np
import pytest
from command_line import fitted, write

from fastgd import files, targets

pa = pytest.importorskip("pyarrow")
pc = pytest.importorskip("pyarrow.csv")
pq = pytest.importorskip("pyarrow.parquet")


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
