"""Files and models for the tests of the command line, and ways to run it."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fastgd import cli

EXAMPLE = Path(__file__).parents[1] / "examples" / "breast_cancer.csv"


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


@pytest.fixture(scope="session")
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


@pytest.fixture(scope="session")
def model(people, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "people.fgd"
    assert cli.main(["fit", str(people[0]), "--target", "bought", "--save", str(path)]) == 0
    return path


def fitted(run, path, target, *options):
    """What ``fastgd fit --json`` says."""
    code, out, err = run("fit", path, "--target", target, "--json", *options)
    assert code == 0, err
    return json.loads(out)


def predictions(run, model, path):
    """The rows that ``fastgd predict`` writes, by the names of their columns."""
    return list(csv.DictReader(io.StringIO(run("predict", model, path)[1])))


@pytest.fixture(scope="session")
def flowers(tmp_path_factory):
    """A file with three classes, and a Parquet file with the same content."""
    pc = pytest.importorskip("pyarrow.csv")
    pq = pytest.importorskip("pyarrow.parquet")
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
