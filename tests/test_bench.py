"""``fastgd bench``: it runs, says on what, and its figures are those of the two programs."""

import argparse
import json

import numpy as np
import pytest

from fastgd import bench
from fastgd.errors import DataError


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(bench, "QUICK", ((100, 4), (300, 7)))


def run(*arguments):
    parser = argparse.ArgumentParser()
    bench.add_arguments(parser)
    return bench.run(parser.parse_args(["--quick", *arguments]))


def test_table(capsys):
    assert run("--threads", "1") == 0
    out, _ = capsys.readouterr()
    assert "GB/s" in out
    assert ", 1 threads" in out
    lines = [line for line in out.splitlines() if line.startswith("|")]
    assert len(lines) == 2 + 2 * 3
    assert len({len(line) for line in lines}) == 1
    assert "300 x 7" in lines[-1]


def test_json(capsys):
    assert run("--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["machine"]["read_one_thread"] > 1e8
    assert len(found["rows"]) == 6
    for row in found["rows"]:
        assert 0 < row["fastgd"] < 1
        assert 0 < row["reference"] < 10
        assert 0 < row["read"] < 1
        if "gd" not in row["what"]:  # a hundred steps are no solution
            assert 0 <= row["excess"] < 1e-8
            assert 0 <= row["reference_excess"] < 1e-8
        else:
            assert row["excess"] == pytest.approx(row["reference_excess"], rel=1e-6)


def test_plot(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    path = tmp_path / "times.png"
    assert run("--plot", str(path)) == 0
    assert path.read_bytes().startswith(b"\x89PNG")
    assert "300 x 7" in capsys.readouterr().out


def test_npz(tmp_path, capsys):
    rng = np.random.default_rng(0)
    path = tmp_path / "some.npz"
    np.savez(path, X=rng.standard_normal((50, 3)), y=rng.integers(3, 5, 50))
    assert run("--data", str(path)) == 0
    assert "some.npz (50 x 3)" in capsys.readouterr().out
    np.savez(path, X=np.zeros((3, 1)), y=np.arange(3))
    with pytest.raises(DataError, match="3 classes"):
        run("--data", str(path))
    np.savez(path, X=np.zeros((3, 1)))
    with pytest.raises(DataError, match="no array y"):
        run("--data", str(path))


def test_csv(tmp_path, capsys):
    pytest.importorskip("pyarrow")
    path = tmp_path / "some.csv"
    rows = (f"{k % 7},{'ab'[k % 3 > 0]},{'nj'[k % 5 > 2]}" for k in range(60))
    path.write_text("size,kind,sold\n" + "\n".join(rows))
    assert run("--data", str(path), "--target", "sold") == 0
    assert "some.csv (60 x 2)" in capsys.readouterr().out
    with pytest.raises(DataError, match="--target"):
        run("--data", str(path))


@pytest.mark.parametrize("count", ["0", "-1", "many"])
def test_threads_that_are_no_number(count, capsys):
    with pytest.raises(SystemExit):
        run("--threads", count)
    assert "--threads" in capsys.readouterr().err


def test_fastest_counts_the_best_of_each():
    calls = [0, 0]

    def call(k):
        calls[k] += 1

    times = bench.fastest(lambda: call(0), lambda: call(1), seconds=0.01)
    assert len(times) == 2
    assert all(0 < time < 0.01 for time in times)
    assert min(calls) >= 6


@pytest.mark.parametrize(
    ("seconds", "text"), [(2.5, "2.5 s"), (0.0123, "12.3 ms"), (4e-6, "4 µs"), (1e-8, "0.01 µs")]
)
def test_durations(seconds, text):
    assert bench.duration(seconds) == text


def test_plain_read_reads_everything():
    for array in (np.arange(7.0), np.arange(24.0).reshape(4, 6).T, np.arange(9, dtype=np.uint8)):
        whole = array.nbytes // 8 * 8
        expected = np.frombuffer(array.tobytes("A")[:whole], np.int64).sum()
        assert sum(bench.plain_read(array)()) == expected
        assert sum(bench.plain_read(array, threads=2)()) == expected
