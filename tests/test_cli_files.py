"""Tables in: formats, standard input, and what is said of files that are none."""

import gzip
import io
import json
from pathlib import Path

import pytest
from command_line import fitted, write

pa = pytest.importorskip("pyarrow")


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


@pytest.mark.parametrize("target", ["kind", "soil"])
def test_csv_and_parquet_are_the_same_to_fit(run, flowers, target):
    outcomes = [fitted(run, flowers[0] / f"flowers.{end}", target) for end in ("csv", "parquet")]
    assert outcomes[0]["coefficients"] == outcomes[1]["coefficients"]
    assert outcomes[0]["held_out"] == outcomes[1]["held_out"]
    assert outcomes[1]["data"]["separator"] is None


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


def test_standard_input_is_a_file_too(process, people, run):
    with people[0].open() as file:
        piped = process("fit", "-", "--target", "bought", "--json", stdin=file)
    assert piped.returncode == 0
    expected = fitted(run, people[0], "bought")
    assert json.loads(piped.stdout)["coefficients"] == expected["coefficients"]


def test_standard_input_has_a_name(run, monkeypatch):
    def given(text):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))
        return run("fit", "-", "--target", "y")

    assert given(b"")[2] == "fastgd: standard input: the file is empty\n"
    assert "fastgd: standard input: no column 'y'" in given(b"a,b\n1,2\n")[2]
    text = b"x,y\n" + b"1,p\n2,q\n3,p\n3,q\n1,q\n" * 8
    assert "  file       standard input\n" in given(text)[1]


def test_absent_file(run):
    code, out, err = run("fit", "absent.csv", "--target", "y")
    assert (code, out, err) == (1, "", "fastgd: absent.csv: No such file or directory\n")


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


def test_a_separator_that_is_not_there_is_named(run, people):
    err = run("fit", people[0], "--target", "bought", "--sep", "|")[2]
    assert "its only column is 'id;age;town;note;planet;bought', read with the separator '|'" in err
