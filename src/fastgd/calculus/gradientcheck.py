"""A gradient that somebody has derived beside the one that finite differences find."""

from dataclasses import dataclass

import numpy as np

from .functions import check_callable, vector
from .gradients import smooth


@dataclass(frozen=True, repr=False, eq=False)
class GradientCheck:
    """A gradient beside finite differences, component by component.

    Attributes
    ----------
    given, numeric : ndarray of shape (p,)
        The gradient to be checked, and the one found by differences.
    noise : ndarray of shape (p,)
        How far `numeric` may be off: the error of the differences.
    relative_error : ndarray of shape (p,)
        ``|given - numeric| / max(|given|, |numeric|)``: each component by its own size, 0 where
        both are 0.
    resolved : ndarray of bool, shape (p,)
        Whether the differences are sharp enough to judge the component: `noise` within `tol` of it.
    agrees : ndarray of bool, shape (p,)
        Whether the two differ by no more than `tol` of the component and the noise.
    tol : float
    """

    given: np.ndarray
    numeric: np.ndarray
    noise: np.ndarray
    relative_error: np.ndarray
    resolved: np.ndarray
    agrees: np.ndarray
    tol: float

    @property
    def ok(self):
        """Whether every component agrees. One that is lost in noise cannot disagree by less than
        the noise: `resolved` and the text tell."""
        return bool(self.agrees.all())

    def __bool__(self):
        return self.ok

    def __repr__(self):
        wrong, blurred = np.sum(~self.agrees), np.sum(self.agrees & ~self.resolved)
        lines = [f"{'component':>9}{'given':>18}{'differences':>18}{'relative error':>16}"]
        order = np.lexsort([-self.relative_error, self.agrees])  # the worst ones first
        for i in np.sort(order[:20]):
            verdict = "" if self.agrees[i] else "  WRONG"
            if self.agrees[i] and not self.resolved[i]:
                verdict = f"  not resolved: differences are good to {self.noise[i]:.1g}"
            lines.append(
                f"{i:>9}{self.given[i]:>18.10g}{self.numeric[i]:>18.10g}"
                f"{self.relative_error[i]:>16.1e}{verdict}"
            )
        if len(order) > 20:
            lines.append(f"... and {len(order) - 20} more that agree no less")
        last = f"{wrong} of {len(order)} components are wrong" if wrong else "the gradient is right"
        if blurred:
            last += f"; {blurred} too small to be judged"
        return "\n".join([*lines, f"{last} (tolerance {self.tol:g})"])


def check_gradient(f, grad, x, *, tol=1e-6):
    """Compare a gradient that you derived with finite differences.

    Parameters
    ----------
    f : callable
        A function of one vector that returns one number.
    grad : callable, or array_like of shape (p,)
        What should be its gradient: a function of the vector, or the gradient at `x`.
    x : array_like of shape (p,)
        The point.
    tol : float
        How large a relative error may be, in each component by its own size.

    Returns
    -------
    GradientCheck
        True if the gradient is right; it prints as a table with a verdict.

    Raises
    ------
    ValueError, TypeError
        As for `gradient`; also if the gradient has another shape than `x`, or is not real or not
        finite.

    Notes
    -----
    Each component is judged by its own size, so that a small one beside large ones counts as much.
    Steps are chosen as in `derivative`. Where the function's own rounding hides a component, only a
    difference beyond that noise can be called wrong, and the text says so.

    Examples
    --------
    >>> from fastgd import calculus
    >>> bool(calculus.check_gradient(lambda v: v @ v, lambda v: 2 * v, [1.0, -3.0]))
    True
    """
    check_callable(f)
    x = vector(x)
    if not (isinstance(tol, int | float) and 0 < tol < 1):
        raise ValueError(f"tol must lie between 0 and 1, found {tol!r}")
    given = given_gradient(grad, x) if callable(grad) else np.asarray(grad)
    if given.shape != x.shape:
        raise ValueError(f"grad has the shape {given.shape}, wanted: that of x, {x.shape}")
    given = vector(given, "grad")
    found = smooth(f, x)
    numeric = np.array([slope.value for slope in found])
    noise = np.array([10 * slope.error for slope in found])
    size = np.maximum(np.abs(given), np.abs(numeric))
    apart = np.abs(given - numeric)
    relative = np.divide(apart, size, out=np.zeros_like(apart), where=size > 0)
    resolved = (noise <= tol * size) | (size == 0)
    agrees = apart <= tol * size + noise
    return GradientCheck(given, numeric, noise, relative, resolved, agrees, float(tol))


def given_gradient(gradient, x):
    """The user's gradient at a vector, as a new array of its shape; NaN outside the domain."""
    given = x.copy()
    try:
        with np.errstate(all="ignore"):
            found = np.asarray(gradient(given))
    except ArithmeticError:
        return np.full(x.shape, np.nan)
    if not np.array_equal(given, x, equal_nan=True):
        raise ValueError("the gradient changes its argument in place; let it work on a copy")
    if found.dtype.kind not in "fiub":
        raise TypeError(f"the gradient must be real numbers, found {found.dtype}")
    if found.shape != x.shape and not found.size == x.size == 1:
        raise ValueError(f"the gradient has the shape {found.shape}, wanted: that of x, {x.shape}")
    return found.astype(float).reshape(x.shape)
