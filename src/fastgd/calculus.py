"""Slopes of any Python function: difference quotients, derivatives, partials, gradients.

A function of one variable is called with a Python ``float``, so that ``math.exp`` will do; a
function of several is called with one vector, a new array each time. Accuracy comes from
`scipy.differentiate`; what is added is doubt. SciPy takes points on both sides and finds slope 0
for ``|x|`` at 0, so here the slopes from the left and from the right are found as well, each with
several sizes of step, and a derivative is reported only where they agree.

Nothing here knows logistic regression, or any other part of fastgd.
"""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

__all__ = [
    "RULES",
    "Derivative",
    "DifferenceTable",
    "GradientCheck",
    "Rule",
    "check_gradient",
    "derivative",
    "derivative_function",
    "difference_table",
    "directional_derivative",
    "gradient",
    "partial",
    "rules",
]

# Sizes of the first step, as a share of max(1, |x|). None is a power of two: a function whose
# period is one would look constant. The first two are tried first.
STEPS = 0.43 * 16.0 ** np.array([0, -1, 1.7, -2, -4, -6, -8])
NEAR = np.array([0.21, 0.013])  # and as a share of |x| < 1, for functions that change near 0
CLOSE = 1e-6  # relative error of a slope that counts as found
OUTSIDE = ValueError, ArithmeticError  # what functions raise outside their domain


# --- what is returned ------------------------------------------------------------


class Derivative(float):
    """A slope that knows how it was found; it is a float, NaN where there is no derivative.

    Attributes
    ----------
    value : float
        The slope itself, in units of `f` per unit of `x`.
    error : float
        Estimate of its absolute error.
    left, right : float
        Slopes from the left and from the right, NaN where the function is not defined on that
        side, infinite where the quotients grow for ever.
    status : str
        ``"ok"``; ``"edge"``: the function is defined on one side only, and this is its slope there;
        ``"kink"``: the two sides disagree; ``"vertical"``: the quotients grow without limit;
        ``"jump"``: the function is not continuous; ``"uncertain"``: the quotients do not settle, so
        that `value` is the best guess.
    """

    def __new__(cls, value, error=0.0, left=None, right=None, status="ok"):
        self = super().__new__(cls, value)
        self.error = float(error)
        self.left = float(value if left is None else left)
        self.right = float(value if right is None else right)
        self.status = status
        return self

    def __getnewargs__(self):  # for copy and pickle
        return float(self), self.error, self.left, self.right, self.status

    @property
    def value(self):
        """The slope as a plain float."""
        return float(self)

    def __str__(self):
        sides = f"{shown(self.left)} from the left, {shown(self.right)} from the right"
        return {
            "ok": shown(self, self.error),
            "edge": f"{shown(self, self.error)} (from one side: f ends here)",
            "kink": f"no derivative: slope {sides}",
            "vertical": f"no derivative: the slope grows without limit ({sides})",
            "jump": f"no derivative: f jumps here ({sides})",
            "uncertain": f"perhaps {shown(self, self.error)}: off by up to {self.error:.1g}",
        }[self.status]

    __repr__ = __str__


def shown(value, error=0.0):
    """A number as text, with the digits that its error leaves, ten at most."""
    value = float(value)
    if not math.isfinite(value):
        return {math.inf: "inf", -math.inf: "-inf"}.get(value, "undefined")
    digits = 10
    if error > 0 and value:
        digits = int(np.clip(math.floor(math.log10(abs(value) / error)), 1, 10))
    text = f"{value:.{digits}g}"
    return "0" if float(text) == 0 or abs(value) <= 2 * error else text


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


# --- calling the user's function ---------------------------------------------------


def call(f, x):
    """``f(x)`` as a float; NaN where `x` is outside its domain, also where powers of negative
    numbers make it complex there.

    `x` is a float, or an array, of which `f` gets a copy. Raises TypeError or ValueError where `f`
    returns something else than one number or changes its argument."""
    try:
        return number(evaluated(f, x), "f")
    except (ComplexError, OutsideError):
        return math.nan


class ComplexError(TypeError):
    """A function returned a complex number."""


class OutsideError(ValueError):
    """A function raised an error of arithmetic: the point is outside its domain."""


def evaluated(f, x):
    """Whatever `f` returns; a ValueError or an ArithmeticError, which ``math.log`` raises outside
    its domain, becomes an OutsideError."""
    given = x if isinstance(x, float) else x.copy()
    try:
        with np.errstate(all="ignore"):
            found = f(given)
    except OUTSIDE as error:
        raise OutsideError(str(error)) from error
    except (TypeError, IndexError) as error:
        found = "number" if given is x else f"vector of shape {x.shape}: f(v), not f(x, y)"
        error.add_note(f"f was called with one {found}")
        raise
    if given is not x and not np.array_equal(given, x, equal_nan=True):
        raise ValueError("f changes its argument in place; let it work on a copy (x = x.copy())")
    return found


def number(found, name):
    """`found` as a float, where it is one real number; `name` is the function that returned it."""
    if type(found) is float:
        return found
    if isinstance(found, str | bytes):
        raise TypeError(f"{name} returned text, {found!r}, wanted: a real number")
    if found is None:
        raise TypeError(f"{name} returned None, not a number; does it lack a return?")
    try:
        array = np.asarray(found)
    except ValueError:
        array = np.empty((), object)
    if array.shape:
        raise ValueError(
            f"{name} returned an array of shape {array.shape}, wanted: one number; "
            "a cost must be summed up to a single value"
        )
    if array.dtype.kind == "c":
        raise ComplexError(f"{name} returned the complex number {found}, wanted: a real one")
    if array.dtype.kind not in "fiub":
        try:  # fractions.Fraction, decimal.Decimal, mpmath
            return float(found)
        except (TypeError, ValueError):
            raise TypeError(
                f"{name} returned {type(found).__name__}, wanted: a real number"
            ) from None
    return float(array)


def scalar(x, name="x"):
    """A finite real number given by the user, as a float."""
    if x is None or isinstance(x, str | bytes):
        raise TypeError(f"{name} must be a real number, found {x!r}")
    array = _real(x, name)
    if array.shape:
        raise ValueError(f"{name} must be one number, found an array of shape {array.shape}")
    return float(array)


def vector(x, name="x"):
    """A vector of finite numbers given by the user, as a new float64 array of shape (p,)."""
    array = _real(x, name)
    if array.ndim != 1 or not array.size:
        raise ValueError(
            f"{name} must be a vector of one number or more, found an array of shape {array.shape}"
        )
    return array


def _real(x, name):
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise ValueError(f"{name} is no array of numbers: {error}") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold real numbers, found {array.dtype}")
    array = array.astype(float)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, found {array[~np.isfinite(array)][0]}")
    return array


def check_callable(f, name="f"):
    if not callable(f):
        raise TypeError(f"{name} must be a function, found {type(f).__name__}")


def defined(f, x):
    """``f(x)``, which must be finite, at the point that the user asked for; as a NumPy scalar of
    single precision where `f` works in that, else a float."""
    try:
        found = evaluated(f, x)
    except OutsideError as error:
        raise ValueError(
            f"f is not defined at x = {shown_point(x)} ({error}); choose a point inside its domain"
        ) from error
    value = number(found, "f")
    if not math.isfinite(value):
        found = "is not defined" if math.isnan(value) else "is infinite"
        raise ValueError(f"f {found} at x = {shown_point(x)}; choose a point inside its domain")
    dtype = getattr(found, "dtype", None)
    return dtype.type(found) if dtype in (np.float16, np.float32) else value


def shown_point(x):
    return f"{x:.10g}" if isinstance(x, float) else np.array2string(x, threshold=6)


# --- slopes ------------------------------------------------------------------------


def _slopes(lines, points, sizes, value):
    """The slope of each function ``lines[i]`` of one float at ``points[i]``, where it has
    `value`; ``sizes[i]`` is the size of the numbers that it works with."""
    eps = np.finfo(type(value)).eps
    value = float(value)
    first = [
        _Estimates(*group) for group in _differences(lines, points, sizes, value, eps, STEPS[:2])
    ]
    found = [estimates.settled() for estimates in first]
    rest = [i for i, slope in enumerate(found) if slope is None]
    if rest:
        some = [lines[i] for i in rest], [points[i] for i in rest], [sizes[i] for i in rest]
        for i, group in zip(rest, _differences(*some, value, eps, STEPS), strict=True):
            found[i] = _Estimates(*group).judged(lines[i], points[i], value)
    return found


def _differences(lines, points, sizes, value, eps, steps):
    """For each function its estimates by `scipy.differentiate`: slopes, errors, what rounding may
    do to them, and the steepest secant met; each of shape (steps, 3), from the left, centred, from
    the right."""
    from scipy.differentiate import derivative as differentiate

    at, sizes = np.array(points)[:, None, None], np.array(sizes)[:, None]
    h = steps * np.maximum(sizes, 1)
    near = np.where((sizes > 0) & (sizes < 1), NEAR * sizes, h[:, :2] / 3)
    h = np.hstack([h, near])[:, :, None]
    known = [{} for _ in lines]

    def values(x, i):
        out, i = np.empty(x.shape), np.broadcast_to(i, x.shape)
        for place in np.ndindex(x.shape):
            t, seen = float(x[place]), known[int(i[place])]
            if t not in seen:
                seen[t] = call(lines[int(i[place])], t)
            # the rise, so that a constant has slope 0 whatever the rounding of the formulas
            out[place] = seen[t] - value if math.isfinite(seen[t]) else math.nan
        return out

    with np.errstate(all="ignore"):
        found = differentiate(
            values,
            at,
            args=(np.arange(len(lines))[:, None, None],),
            initial_step=h,
            step_direction=np.array([-1, 0, 1]),
            tolerances={"rtol": 1e-11, "atol": 1e-300},
            maxiter=7,
        )
    for i, seen in enumerate(known):
        t, v = np.array(list(seen)), np.array(list(seen.values()))
        met = (np.abs(t - points[i]) <= h[i]) & np.isfinite(v)  # shape (steps, points)
        heights = np.where(met, np.abs(v), 0).max(axis=1, keepdims=True)
        rises = np.where(met, np.abs(v - value), 0).max(axis=1, keepdims=True) / h[i]
        # what rounding, of f and of x + h, makes of a quotient over the last and smallest step
        noise = 2 * (eps * heights + eps * abs(points[i]) * rises) / h[i] * 2.0 ** found.nit[i]
        yield found.df[i], found.error[i], noise, np.broadcast_to(rises, noise.shape)


class _Estimates:
    """What several steps say about one slope: the best of each side."""

    def __init__(self, slopes, errors, noise, secants):
        errors = np.where(np.isfinite(slopes) & np.isfinite(errors), errors, np.inf)
        best = np.argmin(np.maximum(errors, noise), axis=0), np.arange(3)
        self.found = np.isfinite(errors).any(axis=0)
        self.slope = np.where(self.found, slopes[best], np.nan)
        self.error = np.maximum(errors[best], noise[best])
        # the rounding of the formulas' weighted sums, from one side more than from both
        self.noise = noise[best] * 30
        small = 0.1 * secants[best]  # a slope that is nearly zero need not be known to its digits
        self.good = self.error <= CLOSE * np.maximum(np.abs(self.slope), small) + self.noise
        centred = np.where(np.isfinite(errors[:, 1]), slopes[:, 1], np.nan)
        self.spread = np.nanmax(centred) - np.nanmin(centred) if self.found[1] else np.inf
        self.size = np.nanmax(np.abs(slopes), initial=0)

    def agree(self, i, k):
        """Whether two of the three are the same up to their errors."""
        apart = abs(self.slope[i] - self.slope[k])
        size = max(abs(self.slope[i]), abs(self.slope[k]))
        allowed = 10 * (self.error[i] + self.error[k]) + self.noise[i] + self.noise[k]
        return apart <= CLOSE * size + allowed

    def made(self, i, status, left=None, right=None):
        left = self.slope[0] if left is None else left
        right = self.slope[2] if right is None else right
        return Derivative(self.slope[i], self.error[i], left, right, status)

    def settled(self):
        """The slope, if there is no doubt at all."""
        smooth = self.good.all() and self.agree(0, 2) and self.agree(0, 1)
        steady = self.spread <= CLOSE * abs(self.slope[1]) + 10 * self.noise[1]
        return self.made(1, "ok") if smooth and steady else None

    def judged(self, f, x, value):
        """The slope as far as it can be told."""
        left, right = self.slope[0], self.slope[2]
        kinds = ["ok", "ok"]
        for side, sign in ((0, -1), (2, 1)):
            if self.found[side] and not self.good[side]:
                kinds[side // 2], limit = _growth(f, x, value, sign)
                if limit is not None:
                    left, right = (limit, right) if side == 0 else (left, limit)
        for kind in ("jump", "vertical"):
            if kind in kinds:
                slopes = {s for s, has in ((left, self.found[0]), (right, self.found[2])) if has}
                both = slopes.pop() if len(slopes) == 1 and kind == "vertical" else math.nan
                return Derivative(both, math.inf, left, right, kind)
        if not self.found.any():
            return Derivative(math.nan, math.inf, math.nan, math.nan, "uncertain")
        if not (self.found[0] and self.found[2]):
            side = 0 if self.found[0] else 2
            return self.made(side, "edge" if self.good[side] else "uncertain")
        if self.good[0] and self.good[2]:
            if not self.agree(0, 2):
                return Derivative(math.nan, math.inf, left, right, "kink")
            if self.good[1] and self.agree(0, 1):
                return self.made(1, "ok")
            return self.made(0 if self.error[0] < self.error[2] else 2, "ok")
        # one side does not settle well: the centred slope will do if it lies within the errors
        near = all(self.error[side] <= 1e-4 * self.size and self.agree(side, 1) for side in (0, 2))
        if near and self.good[1]:
            return self.made(1, "ok")
        apart = abs(left - self.slope[1]), abs(right - self.slope[1])
        error = max(self.error.max(), *apart, self.spread)
        return Derivative(self.slope[1], error, left, right, "uncertain")


def _growth(f, x, value, sign):
    """Whether the quotients on one side grow for ever as the step shrinks: a status, a limit."""
    steps = sign * max(1.0, abs(x)) * 10.0 ** -np.array([2, 4, 6, 8, 10, 12])
    quotients = np.array([(call(f, x + h) - value) / h for h in steps])
    if not np.isfinite(quotients).all() or not quotients.all():
        return "ok", None
    factors = quotients[1:] / quotients[:-1]  # 100 at a jump, 10 for a root, 100^(2/3) for a cube's
    if not (factors > 1.5).all():
        return "ok", None
    kind = "jump" if (factors > 90).all() else "vertical"
    return kind, math.copysign(math.inf, quotients[-1])


# --- the public functions ------------------------------------------------------------


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


def derivative(f, x):
    """The derivative of a function of one variable at one point.

    Parameters
    ----------
    f : callable
        A function of one number.
    x : float
        The point.

    Returns
    -------
    Derivative
        A float with an error, the slopes from both sides and a status. Where the sides disagree
        (``|x|`` at 0) it is NaN, and `left` and `right` hold the two slopes.

    Raises
    ------
    ValueError
        If `f` is not defined at `x`, returns an array, or `x` is not finite.
    TypeError
        If `f` returns no real number.

    Notes
    -----
    Finite differences of order 8 by `scipy.differentiate.derivative`, from the left, centred and
    from the right, with steps of several sizes; the ones with the smallest estimated error count.

    Examples
    --------
    >>> import math
    >>> from fastgd import calculus
    >>> calculus.derivative(math.log, 2)
    0.5
    >>> calculus.derivative(abs, 0)
    no derivative: slope -1 from the left, 1 from the right
    """
    check_callable(f)
    x = scalar(x)
    return _slopes([f], [x], [abs(x)], defined(f, x))[0]


def derivative_function(f):
    """The derivative as a function: ``derivative_function(f)(x)`` is the slope of `f` at `x`.

    Parameters
    ----------
    f : callable
        A function of one number.

    Returns
    -------
    callable
        It takes a number and returns a `Derivative`, or an array of any shape and returns an array
        of that shape, NaN where `f` has no derivative or is not defined.

    Examples
    --------
    >>> from fastgd import calculus
    >>> double = calculus.derivative_function(lambda a: a**2)
    >>> double(5)
    10
    """
    check_callable(f)

    def slope(x):
        array = _real(x, "x")
        if not array.shape:
            return derivative(f, array)
        out = np.full(array.shape, np.nan)
        for place, t in np.ndenumerate(array):
            if math.isfinite(call(f, float(t))):
                out[place] = derivative(f, t)
        return out

    name = getattr(f, "__name__", "f")
    slope.__name__ = f"derivative of {name}"
    slope.__doc__ = f"The slope of {name} at a number, or at each number of an array."
    return slope


def partial(f, x, i):
    """The partial derivative of `f` with respect to component `i`: the others are held fixed.

    Parameters
    ----------
    f : callable
        A function of one vector that returns one number.
    x : array_like of shape (p,)
        The point.
    i : int
        Which component, from 0; negative ones count from the end.

    Returns
    -------
    Derivative
        In units of `f` per unit of ``x[i]``.

    Raises
    ------
    ValueError, TypeError
        As for `derivative`; also if `f` changes its argument.
    IndexError
        If there is no component `i`.

    Examples
    --------
    >>> from fastgd import calculus
    >>> calculus.partial(lambda v: v[0] ** 2 + 2 * v[1] ** 2, [1, 1], 1)
    4
    """
    check_callable(f)
    x = vector(x)
    if isinstance(i, bool) or not hasattr(i, "__index__"):
        raise TypeError(f"i must be a whole number, found {i!r}")
    if not -len(x) <= i < len(x):
        raise IndexError(f"i = {i}, but x has the components 0 to {len(x) - 1}")
    return _partials(f, x, [range(len(x))[i]])[0]


def _partials(f, x, which):
    value = defined(f, x)

    def along(i):
        def line(t):
            moved = x.copy()
            moved[i] = t
            return call(f, moved)

        return line

    points = [float(x[i]) for i in which]
    return _slopes([along(i) for i in which], points, np.abs(points), value)


def gradient(f, x):
    """The gradient: the vector of the partial derivatives, in the direction of steepest ascent.

    Parameters
    ----------
    f : callable
        A function of one vector that returns one number.
    x : array_like of shape (p,)
        The point.

    Returns
    -------
    ndarray of shape (p,)

    Raises
    ------
    ValueError
        As for `partial`; also if a partial derivative does not exist: the message gives the slopes
        from both sides.
    TypeError
        As for `partial`.

    Examples
    --------
    >>> from fastgd import calculus
    >>> calculus.gradient(lambda v: v[0] ** 2 + 2 * v[1] ** 2, [1, 1]).round(9)
    array([2., 4.])
    """
    check_callable(f)
    x = vector(x)
    return np.array([slope.value for slope in _smooth(f, x)])


class NoGradientError(ValueError):
    """A partial derivative does not exist."""


def _smooth(f, x):
    """All partial derivatives, each of which must exist."""
    found = _partials(f, x, range(len(x)))
    for i, slope in enumerate(found):
        if not math.isfinite(slope):
            raise NoGradientError(f"f has no gradient at {shown_point(x)}: along x[{i}] {slope}")
    return found


def directional_derivative(f, x, direction):
    """The slope of `f` at `x` when one walks in a given direction.

    It is the gradient's projection on the direction, which is scaled to length 1 first: the slope
    is per unit of way, and depends on where `direction` points, not on how long it is.

    Parameters
    ----------
    f : callable
        A function of one vector that returns one number.
    x : array_like of shape (p,)
        The point.
    direction : array_like of shape (p,)
        Not zero.

    Returns
    -------
    Derivative

    Raises
    ------
    ValueError, TypeError
        As for `partial`; also if `direction` is zero or of another shape than `x`.

    Examples
    --------
    >>> from fastgd import calculus
    >>> calculus.directional_derivative(lambda v: v[0] ** 2 + 2 * v[1] ** 2, [1, 1], [3, 3])
    4.242640687
    """
    check_callable(f)
    x, direction = vector(x), vector(direction, "direction")
    if direction.shape != x.shape:
        raise ValueError(f"direction has {len(direction)} components, but x has {len(x)}")
    longest = np.abs(direction).max()
    if not longest:
        raise ValueError("direction must not be zero: it points nowhere")
    unit = direction / longest  # first, so that squares neither overflow nor vanish
    unit /= np.linalg.norm(unit)
    value = defined(f, x)
    return _slopes([lambda t: call(f, x + t * unit)], [0.0], [np.abs(x).max()], value)[0]


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
    found = _smooth(f, x)
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
    if found.shape != x.shape and found.size != 1:
        raise ValueError(f"the gradient has the shape {found.shape}, wanted: that of x, {x.shape}")
    if found.shape != x.shape and x.shape != (1,):
        raise ValueError(f"the gradient has the shape {found.shape}, wanted: that of x, {x.shape}")
    return found.astype(float).reshape(x.shape)


# --- the table of rules ---------------------------------------------------------------


class Rule(NamedTuple):
    """One line of the table of derivatives, with an example on which it can be checked."""

    name: str
    """What it is called."""
    formula: str
    """The function, as text."""
    slope: str
    """Its derivative, as text."""
    f: Callable[[float], float]
    """The function."""
    derivative: Callable[[float], float]
    """Its derivative by the rule."""
    points: tuple[float, ...]
    """Where the two are compared."""

    def check(self):
        """The largest difference between rule and `derivative`, relative to ``1 + abs(slope)``."""
        return max(
            abs(derivative(self.f, x) - self.derivative(x)) / (1 + abs(self.derivative(x)))
            for x in self.points
        )


def _sigmoid(x):
    return 1 / (1 + math.exp(-x))


_ANY, _POSITIVE = (-2.0, -0.5, 0.0, 1.0, 3.0), (0.1, 1.0, 2.0, 10.0)
RULES = (
    Rule("constant", "c", "0", lambda x: 5.0, lambda x: 0.0, _ANY),
    Rule("line", "c x", "c", lambda x: 3 * x, lambda x: 3.0, _ANY),
    Rule("square", "x^2", "2 x", lambda x: x**2, lambda x: 2 * x, _ANY),
    Rule("cube", "x^3", "3 x^2", lambda x: x**3, lambda x: 3 * x**2, _ANY),
    Rule("power", "x^r", "r x^(r-1)", lambda x: x**2.5, lambda x: 2.5 * x**1.5, _POSITIVE),
    Rule("reciprocal", "1/x", "-1/x^2", lambda x: 1 / x, lambda x: -1 / x**2, _POSITIVE),
    Rule("exponential", "exp(x)", "exp(x)", math.exp, math.exp, _ANY),
    Rule("logarithm", "ln(x)", "1/x", math.log, lambda x: 1 / x, _POSITIVE),
    Rule(
        "sum",
        "g(x) + h(x)",
        "g'(x) + h'(x)",
        lambda x: x**2 + math.exp(x),
        lambda x: 2 * x + math.exp(x),
        _ANY,
    ),
    Rule(
        "product",
        "g(x) h(x)",
        "g'(x) h(x) + g(x) h'(x)",
        lambda x: x**2 * math.exp(x),
        lambda x: 2 * x * math.exp(x) + x**2 * math.exp(x),
        _ANY,
    ),
    Rule(
        "chain",
        "g(h(x))",
        "g'(h(x)) h'(x)",
        lambda x: math.exp(x**2 / 4),
        lambda x: math.exp(x**2 / 4) * x / 2,
        _ANY,
    ),
    Rule(
        "sigmoid",
        "1 / (1 + exp(-x))",
        "s(x) (1 - s(x))",
        _sigmoid,
        lambda x: _sigmoid(x) * (1 - _sigmoid(x)),
        _ANY,
    ),
)


class _Rules(tuple):
    """Rules that print as a table, each with the result of its check."""

    def __repr__(self):
        lines = [f"{'rule':<13}{'function':<26}{'derivative':<26}{'checked to':>10}"]
        lines += [f"{r.name:<13}{r.formula:<26}{r.slope:<26}{_checked(r):>10.0e}" for r in self]
        return "\n".join(lines)


_checked = functools.cache(Rule.check)


def rules():
    """The table of elementary derivatives and rules, each checked by `derivative` when printed.

    Returns
    -------
    tuple of Rule

    Examples
    --------
    >>> from fastgd import calculus
    >>> max(rule.check() for rule in calculus.rules()) < 1e-9
    True
    """
    return _Rules(RULES)
