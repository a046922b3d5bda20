"""The bar that ``progress=True`` draws on standard error."""

import io
import math
import re
import sys
from types import SimpleNamespace

import pytest
from problems import random_rows
from tolerances import assert_exact

import fastgd
from fastgd.progress import AFTER, WIDTH, Bar, _Plain, watch

LINE = re.compile(
    r"([\w-]+) \[(#*)(\.*)\] iteration (\d+), cost ([\d.e-]+).*, (\d+) passes, [\d.]+ s"
)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def event(iteration, *, gap=math.inf, seconds=1.0, cost=0.5):
    return SimpleNamespace(
        iteration=iteration, passes=iteration + 1, cost=cost, gap=gap, seconds=seconds
    )


def ended(n_iter, *, converged, gap=math.inf, solver="gd"):
    return SimpleNamespace(
        n_iter=n_iter, n_passes=n_iter + 2, cost=0.25, gap=gap, seconds=1.25, solver=solver,
        converged=converged,
    )  # fmt: skip


def plain(solver, tol, max_iter, stream):
    return Bar(solver, tol, max_iter, _Plain(stream))


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
    bar = plain("gd", 1e-8, 100, stream)
    for k in 25, 50, 75:
        bar(event(k, seconds=k))
    bar.close(ended(100, converged=False))
    assert filled(stream.getvalue()) == [6, 12, 18, 18]
    assert stream.getvalue().rstrip(" \n").endswith("1.2 s")


def test_counts_digits_where_a_gap_is_known_and_never_goes_back(wide):
    stream = Terminal()
    bar = plain("newton", 1e-8, 200, stream)
    bar(event(1, seconds=1, cost=1.0))
    bar(event(2, seconds=2, gap=1e-4))
    bar(event(3, seconds=3, gap=1e-2))
    bar.close(ended(4, converged=True, gap=1e-12, solver="newton"))
    assert filled(stream.getvalue()) == [0, 12, 12, 24]
    assert "gap 1.0e-12" in stream.getvalue()


def test_time_left_follows_the_digits_gained_per_second(wide):
    stream = Terminal()
    bar = plain("newton", 1e-8, 200, stream)
    for k in range(1, 5):  # a digit each 10 seconds: 4 of 8 after 40
        bar(event(k, seconds=10.0 * k, cost=1.0, gap=10.0**-k))
    assert stream.getvalue().endswith("40.0 s, about 40 s left")
    bar(event(5, seconds=50.0, cost=1.0, gap=1e-7))  # from 2 digits at 20 s to 7 at 50 s
    assert stream.getvalue().rstrip().endswith("about 6 s left")


def test_time_left_of_a_solver_without_a_gap_is_that_of_its_iterations(wide):
    stream = Terminal()
    bar = plain("gd", 1e-8, 1000, stream)
    bar(event(100, seconds=60.0))
    assert stream.getvalue().endswith("at most 9 min left")
    bar(event(900, seconds=54000.0))
    assert stream.getvalue().rstrip().endswith("at most 1.7 h left")


def test_no_time_is_told_where_nothing_is_gained(wide):
    stream = Terminal()
    bar = plain("newton", 1e-8, 200, stream)
    bar(event(1, cost=1.0))
    bar(event(2, seconds=2.0, gap=1e-3))
    bar(event(3, seconds=9.0, gap=1e-3))
    assert stream.getvalue().count("passes") == 3 and "left" not in stream.getvalue()


def test_is_drawn_ten_times_a_second_at_most_and_not_at_once(wide):
    stream = Terminal()
    bar = plain("gd", 1e-8, 1000, stream)
    for k in range(1, 1001):
        bar(event(k, seconds=AFTER + (k - 500) / 500))
        assert bool(stream.getvalue()) == (k >= 500)
    assert 9 <= stream.getvalue().count("\r") <= 11


def test_shorter_line_hides_the_longer_one(wide):
    stream = Terminal()
    bar = plain("newton", 1e-8, 10, stream)
    bar(event(5, cost=0.123456))
    bar.close(ended(6, converged=False, solver="newton"))  # cost 0.25
    first, last = stream.getvalue().rstrip("\n").split("\r")[1:]
    assert len(first) == len(last) and last.endswith("s    ")


def test_fits_into_a_narrow_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    stream = Terminal()
    bar = plain("gd", 1e-8, 10, stream)
    bar(event(5))
    bar.close(ended(10, converged=False))
    assert all(len(line) == 39 for line in stream.getvalue().rstrip("\n").split("\r")[1:])


def test_nobody_is_told_where_there_is_no_terminal(monkeypatch):
    assert watch("auto", 1e-8, 10, io.StringIO()) is None
    monkeypatch.setattr(sys, "stderr", None)  # as under pythonw
    assert watch("auto", 1e-8, 10) is None


def test_of_a_short_fit_nothing_is_shown():
    stream = Terminal()
    bar = plain("gd", 1e-8, 10, stream)
    bar(event(5, seconds=AFTER / 2))
    bar.close(ended(10, converged=False))
    assert stream.getvalue() == ""


def test_an_interrupted_line_is_ended_and_nothing_is_added(wide):
    stream = Terminal()
    bar = plain("gd", 1e-8, 10, stream)
    bar(event(5))
    bar.close()
    assert filled(stream.getvalue()) == [12] and stream.getvalue().count("\n") == 1


def test_rich_draws_where_it_is_installed(monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    bar = watch("new[/]ton", 1e-8, 200, stream)
    bar(event(3, cost=1.0, gap=1e-3))
    bar(event(4, seconds=2.0, cost=1.0, gap=1e-4))
    bar.close(ended(5, converged=True, gap=1e-9, solver="newton"))
    text = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", stream.getvalue())
    assert "new[/]ton" in text and "gap 1.0e-04, 5 passes, 2.0 s, about 4 s left" in text
    assert text.rstrip().endswith("gap 1.0e-09, 7 passes, 1.2 s")


def test_without_rich_the_bar_is_plain(monkeypatch, wide):
    monkeypatch.setitem(sys.modules, "rich.progress", None)
    stream = Terminal()
    watch("gd", 1e-8, 10, stream)(event(5))
    assert filled(stream.getvalue()) == [12]


@pytest.mark.parametrize("tol", [0.0, 1.0, 2.0])
def test_any_tolerance(tol, wide):
    stream = Terminal()
    bar = plain("newton", tol, 0, stream)
    bar(event(1, gap=1e-3))
    assert filled(stream.getvalue()) == [0]


@pytest.mark.parametrize(("solver", "used"), [("gd", "gd"), ("auto", "newton"), ("agd", "agd")])
@pytest.mark.filterwarnings("ignore::fastgd.ConvergenceWarning")
def test_a_fit_shows_how_it_ended(solver, used, rng, monkeypatch, wide):
    problem = random_rows(rng, 60)
    monkeypatch.setattr("fastgd.progress.AFTER", 0.0)
    monkeypatch.setitem(sys.modules, "rich.progress", None)
    monkeypatch.setattr(sys, "stderr", Terminal())
    shown = fastgd.fit(problem.X, problem.y, l2=0.1, solver=solver, progress=True)
    quiet = fastgd.fit(problem.X, problem.y, l2=0.1, solver=solver)
    text = sys.stderr.getvalue()
    assert text.count("\n") == 1
    line = LINE.match(text.rstrip("\n").split("\r")[-1])
    assert line[1] == used and int(line[4]) == shown.n_iter and int(line[6]) == shown.n_passes
    assert float(line[5]) == pytest.approx(shown.cost, rel=1e-5)
    assert_exact(shown.coef, quiet.coef)


def test_a_fit_that_nobody_watches_is_not_listened_to(rng, capsys, monkeypatch):
    problem = random_rows(rng, 60)
    asked = []
    core = fastgd.functional._core.fit

    def spy(*args):
        asked.append(args[-1])
        return core(*args)

    monkeypatch.setattr("fastgd.functional._core.fit", spy)
    fastgd.fit(problem.X, problem.y, l2=0.1, progress=True)  # standard error is captured
    assert asked == [None] and capsys.readouterr() == ("", "")
