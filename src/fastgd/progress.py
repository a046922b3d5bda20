"""Progress of a long fit on standard error, for ``progress=True``: drawn by rich where it is there.

Nothing is drawn where the stream is no terminal, nor of a fit that is done within half a second.
"""

import math
import shutil
import sys

WIDTH = 24  # of the bar
PAUSE = 0.1  # seconds between two pictures
AFTER = 0.5  # seconds until the first
NO_GAP = ("gd", "agd")  # these count iterations


def watch(solver, tol, max_iter, stream=None):
    """Return a `Bar`, or None where nobody would see it, so that nothing is spent on it.

    Parameters
    ----------
    solver : str
    tol : float
    max_iter : int
    stream : file, optional
        By default standard error.
    """
    stream = sys.stderr if stream is None else stream
    if stream is None or not stream.isatty():
        return None
    try:
        import rich.progress
    except ModuleNotFoundError:
        return Bar(solver, tol, max_iter, _Plain(stream))
    return Bar(solver, tol, max_iter, _Rich(stream, rich.progress))


class Bar:
    """Counts iterations, or the digits gained on the way to ``tol`` where a gap is known.

    Parameters
    ----------
    solver, tol, max_iter
        As for `watch`.
    picture : object
        Its ``draw(solver, share, facts)`` draws, and ``close()`` ends the line.
    """

    def __init__(self, solver, tol, max_iter, picture):
        self.solver, self.tol, self.max_iter, self.picture = solver, tol, max_iter, picture
        self.start = None  # the first cost that was seen, near the null model's
        self.done = 0.0
        self.seen = []  # pairs of seconds and share done, at each gain
        self.next = AFTER
        self.drawn = False

    def __call__(self, event):
        if self.start is None:
            self.start = event.cost
        done = 0.0
        if self.max_iter and (self.solver in NO_GAP or not self.seen):
            done = event.iteration / self.max_iter
        if 0 < event.gap < self.start and 0 < self.tol < 1:
            done = max(done, math.log(event.gap / self.start) / math.log(self.tol))
            if not self.seen or done > self.seen[-1][1]:
                self.seen.append((event.seconds, done))
        self.done = max(self.done, done)
        if event.seconds >= self.next:
            self.next = event.seconds + PAUSE
            self.draw(event.iteration, event.passes, event, self.left(event))

    def left(self, event):
        """Seconds left, or None where nothing tells.

        Digits are gained ever faster by some solvers and ever slower by others: what counts is the
        rate since half of the time had passed.
        """
        if self.solver in NO_GAP and self.max_iter:
            return event.seconds / event.iteration * (self.max_iter - event.iteration)
        earlier = [point for point in self.seen if point[0] <= event.seconds / 2] or self.seen[:1]
        if not earlier or self.done >= 1:
            return None
        seconds, share = earlier[-1]
        if self.seen[-1][1] <= share:
            return None
        return (event.seconds - seconds) * (1 - self.seen[-1][1]) / (self.seen[-1][1] - share)

    def draw(self, iteration, passes, state, left=None):
        """Draw anew; `state` has cost, gap and seconds."""
        facts = [f"iteration {iteration}", f"cost {state.cost:.6g}"]
        if state.gap < math.inf:
            facts.append(f"gap {state.gap:.1e}")
        facts += [f"{passes} passes", f"{state.seconds:.1f} s"]
        if left is not None:
            most = "at most " if self.solver in NO_GAP else "about "
            facts.append(f"{most}{_spoken(left)} left")
        self.picture.draw(self.solver, min(self.done, 1.0), ", ".join(facts))
        self.drawn = True

    def close(self, fit=None):
        """End the line, after showing how the fit ended if it did; of a short fit nothing."""
        if not self.drawn:
            return
        if fit is not None:
            self.solver = fit.solver
            self.done = 1.0 if fit.converged else self.done
            self.draw(fit.n_iter, fit.n_passes, fit)
        self.picture.close()


def _spoken(seconds):
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


class _Plain:
    """A line of ASCII, drawn over the last one."""

    def __init__(self, stream):
        self.stream, self.length = stream, 0

    def draw(self, solver, share, facts):
        line = f"{solver} [{'#' * round(share * WIDTH):.<{WIDTH}}] {facts}"
        line = line[: shutil.get_terminal_size().columns - 1]  # else it could not be drawn over
        self.stream.write("\r" + line.ljust(self.length))
        self.stream.flush()
        self.length = len(line)

    def close(self):
        self.stream.write("\n")
        self.stream.flush()


class _Rich:
    """The same by rich, without the thread that it could draw from."""

    def __init__(self, stream, rich):
        from rich.console import Console

        text = [rich.TextColumn(f"{{task.{what}}}", markup=False) for what in
                ("description", "fields[facts]")]  # fmt: skip
        self.live = rich.Progress(
            text[0],
            rich.BarColumn(bar_width=WIDTH),
            text[1],
            console=Console(file=stream),
            auto_refresh=False,
        )
        self.task = None

    def draw(self, solver, share, facts):
        if self.task is None:
            self.task = self.live.add_task(solver, total=1.0, facts=facts)
            self.live.start()
        self.live.update(self.task, description=solver, completed=share, facts=facts, refresh=True)

    def close(self):
        self.live.stop()
