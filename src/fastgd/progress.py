"""A progress bar on standard error, for ``progress=True``."""

import math
import shutil
import sys

WIDTH = 24  # of the bar
PAUSE = 0.1  # seconds between two pictures


class Bar:
    """Counts iterations, or the digits gained on the way to ``tol`` where a gap is known.

    On a terminal the line is drawn anew ten times a second; elsewhere only the last one is written.
    """

    def __init__(self, solver, tol, max_iter, stream=None):
        self.solver, self.tol, self.max_iter = solver, tol, max_iter
        self.stream = stream if stream is not None else sys.stderr
        self.live = self.stream.isatty()
        self.start = None  # the first cost that was seen, near the null model's
        self.done = 0.0
        self.next = 0.0
        self.drawn = 0  # characters on the line

    def __call__(self, event):
        if self.start is None:
            self.start = event.cost
        if self.max_iter:
            self.done = max(self.done, event.iteration / self.max_iter)
        if 0 < event.gap < self.start and 0 < self.tol < 1:
            self.done = max(self.done, math.log(event.gap / self.start) / math.log(self.tol))
        if self.live and event.seconds >= self.next:
            self.next = event.seconds + PAUSE
            self.draw(event.iteration, event.passes, event)

    def draw(self, iteration, passes, state):
        """Write the line, on a terminal over the last one; `state` has cost, gap and seconds."""
        bar = "#" * round(min(self.done, 1.0) * WIDTH)
        gap = f", gap {state.gap:.1e}" if state.gap < math.inf else ""
        line = (
            f"{self.solver} [{bar:.<{WIDTH}}] iteration {iteration}, cost {state.cost:.6g}{gap}, "
            f"{passes} passes, {state.seconds:.1f} s"
        )
        if self.live:  # a line that wraps could not be drawn over
            line = line[: shutil.get_terminal_size().columns - 1]
            self.stream.write("\r")
        self.stream.write(line.ljust(self.drawn))
        self.stream.flush()
        self.drawn = len(line)

    def close(self, fit=None):
        """End the line, after showing how the fit ended if it did."""
        if fit is not None:
            self.solver = fit.solver
            self.done = 1.0 if fit.converged else self.done
            self.draw(fit.n_iter, fit.n_passes, fit)
        if self.drawn:
            self.stream.write("\n")
            self.stream.flush()
