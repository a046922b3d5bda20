"""``fastgd bench``: it runs, says on what, and its figures are those of the programs named."""

import argparse
import json
from functools import partial

import numpy as np
import pytest
import scipy.sparse

from fastgd import bench, peers, reference
from fastgd.errors import DataError


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(bench, "QUICK", ((100, 4), (300, 7)))


def run(*arguments, command=bench):
    parser = argparse.ArgumentParser()
    bench.add_arguments(parser)
    return command.run(parser.parse_args(["--quick", *arguments]))


@pytest.fixture
def contenders(monkeypatch):
    """fastgd and scikit-learn only: what else is installed differs."""
    pytest.importorskip("sklearn")
    names = "fastgd", "scikit-learn lbfgs", "scikit-learn newton-cholesky"
    few = [contender for contender in peers.CONTENDERS if contender.name in names]
    monkeypatch.setattr(peers, "CONTENDERS", few)
    return few


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
    path.write_text("x,kind\n" + "\n".join(f"{k % 7},{'abc'[k % 3]}" for k in range(60)))
    with pytest.raises(DataError, match="'kind' has 3 classes; wanted 2"):
        run("--data", str(path), "--target", "kind")


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


@pytest.mark.parametrize("sparse", [False, True])
def test_peers_minimise_the_same_cost(sparse, contenders):
    X, y = bench.synthetic(150, 5)
    X = scipy.sparse.csr_matrix(X * (X > 0)) if sparse else X
    found = peers.measure("small", X, y, C=2.0, n_threads=1, seconds=0.5)
    assert found["l2"] == pytest.approx(1 / 300)
    X = X.toarray() if sparse else X
    optimum = reference.fit_newton(X, y, l2=found["l2"])
    cost = reference.cost(X, y, optimum.coef, optimum.intercept, l2=found["l2"])
    assert found["best"] == pytest.approx(cost, rel=1e-12)
    assert 0 <= found["gap"] <= 1e-12
    assert found["read"] > 0
    assert [row["contender"] for row in found["rows"]] == [c.name for c in contenders]
    rounding = 8 * np.finfo(float).eps
    for row in found["rows"]:
        assert "failed" not in row
        assert all(taken > 0 and excess >= -rounding for _, taken, excess in row["path"])
        for target, step in zip(peers.TARGETS, row["reached"], strict=True):
            rung, taken, excess = step
            assert excess <= target
            assert any(rung == r and 0 < taken <= t and excess == e for r, t, e in row["path"])
            if row is not found["rows"][0]:  # fastgd must prove it, too
                assert taken <= next(t for _, t, e in row["path"] if e <= target)
        assert row["reached"][0][1] <= row["reached"][1][1]


def test_peers_of_several_classes_minimise_the_cross_entropy(contenders):
    X, _ = bench.synthetic(150, 5)
    y = np.random.default_rng(0).integers(0, 3, 150).astype(float)
    taking_part = [*contenders, contenders[1]._replace(several=False)]
    found = peers.measure("three", X, y, n_threads=1, seconds=0.5, contenders=taking_part)
    assert [row["contender"] for row in found["rows"]] == [c.name for c in contenders]
    for row in found["rows"]:
        assert "failed" not in row and row["reached"][1][2] <= peers.TARGETS[1]
        assert all(excess >= -8 * np.finfo(float).eps for *_, excess in row["path"])


def test_peers_that_fail_or_are_missing_do_not_stop_the_others(contenders):
    def broken(solver, X, y, l2, threads):
        raise MemoryError("too large")

    ours, peer, *_ = contenders
    taking_part = [ours, peer._replace(prepare=broken), peer._replace(package="no-such-package")]
    found = peers.measure("small", *bench.synthetic(60, 3), seconds=0.1, contenders=taking_part)
    assert len(found["rows"]) == 2
    assert found["rows"][1]["failed"] == "MemoryError: too large"
    assert "too large" in peers.table(found)
    assert peers.summary([found]).splitlines()[-1].split("|")[-2].strip() == "-"


def test_peers_stop_at_the_time_limit():
    climb = partial(peers._climb, lambda rung: [rung], peers.ITERATIONS)
    assert len(climb(lambda rung: (1 / rung, 1 / rung), 0.0)) == 1
    assert len(climb(lambda rung: (1.0, 1.0), 9.0)) == 5  # gets no further
    path = climb(lambda rung: (1e-6 / rung, 1e-4 / rung), 9.0)
    assert [rung for rung, *_ in path][-2:] == [91, 128]  # the first that may claim 1e-6


def test_solvers_of_the_peers_plot_are_told_apart(tmp_path, monkeypatch):
    figure = pytest.importorskip("matplotlib.figure").Figure
    drawn = []

    class Kept(figure):
        def savefig(self, *args, **options):
            drawn.append(self)
            super().savefig(*args, **options)

    monkeypatch.setattr(bench, "import_figure", lambda: Kept)
    rows = [
        {"contender": contender.name, "path": [(1, 0.01 * (k + 1), 1e-4)]}
        for k, contender in enumerate(peers.CONTENDERS)
    ]
    peers.draw([{"problem": "made", "read": 1e-3, "rows": rows}], tmp_path / "paths.png")
    [axes] = drawn[0].axes
    names = {contender.name for contender in peers.CONTENDERS}
    said = " ".join(text.get_text() for text in axes.texts)
    assert "one read of X" in said and "1e-03" in said and "1e-06" in said
    ours, *others = [line for line in axes.lines if line.get_label() in names]
    assert len({(x.get_color(), x.get_linestyle()) for x in (ours, *others)}) == len(rows)
    assert len({x.get_marker() for x in (ours, *others)}) == len(rows)
    assert ours.get_markersize() > max(x.get_markersize() for x in others)


def test_peers_command(tmp_path, capsys, contenders):
    pytest.importorskip("matplotlib")
    X = scipy.sparse.random(80, 6, density=0.4, format="csr", random_state=0)
    arrays = {"data": X.data, "indices": X.indices, "indptr": X.indptr, "shape": X.shape}
    y = np.random.default_rng(0).integers(0, 2, 80)
    one, two, plot = (str(tmp_path / name) for name in ("one.npz", "two.npz", "paths.png"))
    np.savez(one, X=X.toarray(), y=y)
    np.savez(two, y=y, **arrays)
    options = ["--data", one, two, "--standardize", "--threads", "1", "--seconds", "0.5"]
    assert run(*options, "--plot", plot, command=peers) == 0
    out, _ = capsys.readouterr()
    assert "scikit-learn " + peers.version("scikit-learn") in out
    assert out.count("| scikit-learn lbfgs ") >= 2
    assert "## two 80 x 6, CSR, standardised" in out
    with open(plot, "rb") as file:
        assert file.read(4) == b"\x89PNG"
    assert run(*options, "--json", command=peers) == 0
    first, second = json.loads(capsys.readouterr().out)["problems"]
    assert first["shape"] == second["shape"] == [80, 6]
    # the same columns but for a shift, which the intercept takes up
    assert first["best"] == pytest.approx(second["best"], rel=1e-10)
    with pytest.raises(DataError, match="--peers"):
        run("--data", two)


def test_standardized_columns():
    X = np.random.default_rng(0).standard_normal((40, 4)) * [1, 1e-6, 1e6, 0] + [5, 1, 0, 3]
    scaled = peers.standardized(X)
    assert np.abs(scaled[:, :3].mean(axis=0)).max() < 1e-9
    assert scaled[:, :3].std(axis=0) == pytest.approx(np.ones(3))
    assert not scaled[:, 3].any()
    sparse = scipy.sparse.csr_matrix(X * (X > 0))
    assert peers.standardized(sparse).toarray().std(axis=0)[:3] == pytest.approx(np.ones(3))
