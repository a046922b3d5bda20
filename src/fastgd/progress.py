"""A progress bar on standard error, for ``progress=True``."""

import math
import sys


class Bar:
    """Counts iterations, or the digits gained on the way to ``tol`` where a gap is known."""

    width = 24

    def __init__(self, solver, tol, max_iter, stream=None):
        self.solver, self.tol, self.max_iter = solver, tol, max_iter
        self.stream = stream if stream is not None else sys.stderr
        self.drawn = False
        self.last = -math.inf

    def __call__(self, event):
        if event.seconds - self.last < 0.1 and event.iteration != self.max_iter:
            return
        self.last = event.seconds
        done = event.iteration / self.max_iter if self.max_iter else 0.0
        if 0 < event.gap < math.inf and event.cost > 0:
            digits = math.log(event.gap / event.cost) / math.log(self.tol)
            done = max(done, digits) if self.tol < 1 else done
        self.draw(min(max(done, 0.0), 1.0), event)

    def draw(self, done, event):
        filled = round(done * self.width)
        bar = "#" * filled + "." * (self.width - filled)
        gap = f", gap {event.gap:.1e}" if event.gap < math.inf else ""
        self.stream.write(
            f"\r{self.solver} [{bar}] iteration {event.iteration}, cost {event.cost:.6g}{gap}, "
            f"{event.passes} passes, {event.seconds:.1f} s "
        )
        self.stream.flush()
        self.drawn = True

    def close(self, fit=None):
        if fit is not None:
            self.draw(1.0 if fit.converged else 0.0, _final(fit))
        if self.drawn:
            self.stream.write("\n")
            self.stream.flush()


class _final:
    """The finished fit, in the words of an iteration."""

    def __init__(self, fit):
        self.iteration, self.passes, self.seconds = fit.n_iter, fit.n_passes, fit.seconds
        self.cost, self.gap = fit.cost, fit.gap
