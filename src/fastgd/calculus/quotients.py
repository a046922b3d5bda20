"""Difference quotients as the step shrinks: what the derivative is the limit of."""

from dataclasses import dataclass

import numpy as np

from .derivatives import derivative
from .functions import call, check_callable, defined, scalar, vector
from .slopes import Derivative


@dataclass(frozen=True, repr=False, eq=False)
class DifferenceTable:
    """Difference quotients of one function at one point, one row for each step.

    Attributes
    ----------
    x, value : float
        The point, and the function there.
    steps, rises : ndarray of shape (k,)
        The step ``h``, and ``f(x + h) - f(x)``.
    forward, central : ndarray of shape (k,)
        The quotients ``(f(x + h) - f(x)) / h`` and ``(f(x + h) - f(x - h)) / (2 h)``; NaN where the
        function is not defined.
    derivative : Derivative
        What they tend to.
    """

    x: float
    value: float
    steps: np.ndarray
    rises: np.ndarray
    forward: np.ndarray
    central: np.ndarray
    derivative: Derivative

    @property
    def forward_error(self):
        """``|forward - derivative|``, shape (k,)."""
        return np.abs(self.forward - self.derivative.value)

    @property
    def central_error(self):
        """``|central - derivative|``, shape (k,)."""
        return np.abs(self.central - self.derivative.value)

    def __len__(self):
        return len(self.steps)

    def __repr__(self):
        lines = [f"f({self.x:.10g}) = {self.value:.10g}, derivative {self.derivative}"]
        heads = "step", "rise", "forward", "central"
        lines.append("{:>10}{:>17}{:>19}{:>19}".format(*heads))
        for row in zip(self.steps, self.rises, self.forward, self.central, strict=True):
            lines.append("{:>10.3g}{:>17.8g}{:>19.12g}{:>19.12g}".format(*row))
        return "\n".join(lines)


def difference_table(f, x, steps=(1, 0.1, 0.01, 0.001, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12)):
    """Difference quotients of `f` at `x` as the step shrinks.

    The quotient is the slope of the secant through two points of the graph. It tends to the
    derivative, until the step is so small that the rounding of ``f(x + h) - f(x)`` takes over:
    forward quotients are best near ``h = 1e-8``, central ones near ``1e-5``.

    Parameters
    ----------
    f : callable
        A function of one number.
    x : float
        The point.
    steps : array_like of shape (k,), optional
        Steps ``h > 0``, in units of `x`.

    Returns
    -------
    DifferenceTable
        Which prints as a table.

    Raises
    ------
    ValueError, TypeError
        If `f` is not defined at `x`, or does not return one real number; if a step is not positive.

    Examples
    --------
    >>> from fastgd import calculus
    >>> calculus.difference_table(lambda a: 3 * a, 2, [0.001]).forward.round(9)
    array([3.])
    """
    check_callable(f)
    x, steps = scalar(x), vector(np.atleast_1d(np.asarray(steps)), "steps")
    if not (steps > 0).all():
        raise ValueError(f"steps must be positive, found {steps[steps <= 0][0]:g}")
    value = float(defined(f, x))
    after = np.array([call(f, x + float(h)) for h in steps])
    before = np.array([call(f, x - float(h)) for h in steps])
    rises = _finite(after) - value
    central = (_finite(after) - _finite(before)) / (2 * steps)
    return DifferenceTable(x, value, steps, rises, rises / steps, central, derivative(f, x))


def _finite(values):
    return np.where(np.isfinite(values), values, np.nan)
