"""The bar that ``progress=True`` draws on standard error."""

import io
import math
import re
from types import SimpleNamespace

import pytest
from problems import random_rows
from tolerances import assert_exact

import fastgd
from fastgd.progress import WIDTH, Bar

LINE = re.compile(r"(\w+) \[(#*)(\.*)\] iteration (\d+), cost ([\d.e-]+).*, (\d+) passes, [\d.]+ s")


class Terminal(io.StringIO):
    def isatty(self):
        return True


def event(iteration, *, gap=math.inf, seconds=0.0, cost=0.5):
    return SimpleNamespace(
        iteration=iteration, passes=iteration + 1, cost=cost, gap=gap, seconds=seconds
    )


def ended(n_iter, *, converged, gap=math.inf, solver="gd"):
    return SimpleNamespace(
        n_iter=n_iter, n_passes=n_iter + 2, cost=0.25, gap=gap, seconds=1.25, solver=solver,
        converged=converged,
    )  # fmt: skip


@pytest.fixture
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")


def filled(text):
    """How many places of the bar are filled, in each picture of it."""
    pictures = [LINE.search(part) for part in text.split("\r") if part.strip()]
    assert all(len(p[2]) + len(p[3]) == WIDTH for p in pictures)
    return [len(p[2]) for p in pictures]


def test_counts_iterations_where_no_gap_is_known(wide):
    stream = Terminal()
    bar = Bar("gd", 1e-8, 100, stream)
    for k in 25, 50, 75:
        bar(event(k, seconds=k))
    bar.close(ended(100, converged=False))
    assert filled(stream.getvalue()) == [6, 12, 18, 18]
    assert stream.getvalue().endswith("1.2 s\n")


def test_counts_digits_where_a_gap_is_known_and_never_goes_back(wide):
    stream = Terminal()
    bar = Bar("newton", 1e-8, 200, stream)
    bar(event(1, seconds=1, cost=1.0))
    bar(event(2, seconds=2, gap=1e-4))
    bar(event(3, seconds=3, gap=1e-2))
    bar.close(ended(4, converged=True, gap=1e-12, solver="newton"))
    assert filled(stream.getvalue()) == [0, 12, 12, 24]
    assert "gap 1.0e-12" in stream.getvalue()


def test_is_drawn_ten_times_a_second_at_most(wide):
    stream = Terminal()
    bar = Bar("gd", 1e-8, 1000, stream)
    for k in range(1, 1001):
        bar(event(k, seconds=k / 1000))
    assert 9 <= stream.getvalue().count("\r") <= 11


def test_shorter_line_hides_the_longer_one(wide):
    stream = Terminal()
    bar = Bar("gd", 1e-8, 10, stream)
    bar(event(5, cost=0.123456))
    bar.close(ended(6, converged=False))  # cost 0.25
    first, last = stream.getvalue().rstrip("\n").split("\r")[1:]
    assert len(first) == len(last) and last.endswith("s    ")


def test_fits_into_a_narrow_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    stream = Terminal()
    bar = Bar("gd", 1e-8, 10, stream)
    bar(event(5))
    bar.close(ended(10, converged=False))
    assert all(len(line) == 39 for line in stream.getvalue().rstrip("\n").split("\r")[1:])


def test_elsewhere_only_the_last_line_is_written():
    stream = io.StringIO()
    bar = Bar("auto", 1e-8, 10, stream)
    for k in range(1, 11):
        bar(event(k, seconds=k))
    assert stream.getvalue() == ""
    bar.close(ended(10, converged=False))
    assert stream.getvalue() == (
        "gd [########################] iteration 10, cost 0.25, 12 passes, 1.2 s\n"
    )


def test_an_interrupted_line_is_ended_and_nothing_is_added(wide):
    stream = Terminal()
    bar = Bar("gd", 1e-8, 10, stream)
    bar(event(5))
    bar.close()
    assert filled(stream.getvalue()) == [12] and stream.getvalue().count("\n") == 1
    silent = Terminal()
    Bar("gd", 1e-8, 10, silent).close()
    assert silent.getvalue() == ""


@pytest.mark.parametrize("tol", [0.0, 1.0, 2.0])
def test_any_tolerance(tol, wide):
    stream = Terminal()
    bar = Bar("newton", tol, 0, stream)
    bar(event(1, gap=1e-3))
    assert filled(stream.getvalue()) == [0]


@pytest.mark.parametrize(("solver", "used"), [("gd", "gd"), ("auto", "newton"), ("agd", "agd")])
@pytest.mark.filterwarnings("ignore::fastgd.ConvergenceWarning")
def test_a_short_fit_shows_one_line(solver, used, rng, capsys):
    problem = random_rows(rng, 60)
    shown = fastgd.fit(problem.X, problem.y, l2=0.1, solver=solver, progress=True)
    quiet = fastgd.fit(problem.X, problem.y, l2=0.1, solver=solver)
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    line = LINE.fullmatch(err.rstrip("\n"))
    assert line[1] == used and int(line[4]) == shown.n_iter and int(line[6]) == shown.n_passes
    assert float(line[5]) == pytest.approx(shown.cost, rel=1e-5)
    assert_exact(shown.coef, quiet.coef)
