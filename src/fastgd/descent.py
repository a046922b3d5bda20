"""Gradient descent on any function, step by step, with the whole path kept.

This is the rule as it is taught: ``x -= learning_rate * gradient(x)``, over and over. To fit a
logistic regression there is `fastgd.fit`.
"""

import math
from dataclasses import dataclass

import numpy as np

from . import calculus

__all__ = ["Descent", "gradient_descent"]

# A path has run away when its gradient is this many times that of the first steps, and it is higher
# than at the start or as many times as far away. One that leaves a plateau or a saddle has not.
FAR = 1e8


@dataclass(frozen=True, repr=False, eq=False)
class Descent:
    """The path of a gradient descent.

    Attributes
    ----------
    path : ndarray of shape (k + 1, p)
        The points: the start, and one for each of the k steps.
    values : ndarray of shape (k + 1,)
        The function at them.
    gradients : ndarray of shape (k + 1, p)
        Its gradient at them.
    status : str
        ``"converged"``: the gradient has vanished, up to `tol`; ``"max_iter"``: the steps were used
        up; ``"edge"``: the path met a bound, or a place where the function or its gradient is not
        defined; ``"diverged"``: the path runs away.
    message : str
        The same in a sentence, with numbers.
    learning_rate, momentum : float
    bounds : ndarray of shape (p, 2), or None
        The lowest and highest value allowed of each component.
    """

    path: np.ndarray
    values: np.ndarray
    gradients: np.ndarray
    status: str
    message: str
    learning_rate: float
    momentum: float
    bounds: np.ndarray | None = None

    @property
    def x(self):
        """The last point, shape (p,)."""
        return self.path[-1]

    @property
    def value(self):
        """The function at the last point."""
        return float(self.values[-1])

    @property
    def converged(self):
        """Whether `status` is ``"converged"``."""
        return self.status == "converged"

    @property
    def n_iter(self):
        """How many steps were taken."""
        return len(self.path) - 1

    def __repr__(self):
        lines = [f"{'step':>6}{'f(x)':>18}{'|gradient|':>14}   x"]
        last = self.n_iter
        shown = range(last + 1) if last < 10 else [*range(5), None, *range(last - 2, last + 1)]
        for k in shown:
            if k is None:
                lines.append(f"{'...':>6}")
                continue
            point = ", ".join(f"{v:.8g}" for v in self.path[k][:6])
            point += ", ..." if self.path.shape[1] > 6 else ""
            size = np.linalg.norm(self.gradients[k])
            lines.append(f"{k:>6}{self.values[k]:>18.10g}{size:>14.4g}   ({point})")
        return "\n".join([*lines, f"{self.status}: {self.message}"])


def gradient_descent(
    f,
    x0,
    gradient=None,
    *,
    learning_rate,
    momentum=0.0,
    bounds=None,
    max_iter=100,
    tol=1e-8,
):
    """Walk down a function against its gradient.

    Each step is ``v = momentum * v - learning_rate * gradient(x)``, ``x = x + v``. In a valley
    whose curvature is at most ``L`` it goes down for any learning rate below ``2 / L`` (without
    momentum); at ``2 / L`` it may hop from side to side for ever, beyond it runs away.

    Parameters
    ----------
    f : callable
        A function that returns one number: of one vector of shape (p,), or of one number if `x0` is
        one.
    x0 : array_like of shape (p,), or float
        Where to start.
    gradient : callable, optional
        Its gradient, a function of the same argument; by default `fastgd.calculus.gradient`, which
        takes some hundred evaluations of `f` for each component.
    learning_rate : float
        The factor of the gradient, positive; in units of `x` squared per unit of `f`.
    momentum : float
        The share of the last step that is taken again, at least 0 and below 1.
    bounds : sequence of p pairs (low, high), optional
        The box to stay in; None or an infinity means no bound. A step that would leave it is cut
        short at the edge, and the path ends there.
    max_iter : int
        Most steps, at least 0.
    tol : float
        The path has converged when the gradient's length is at most `tol` times the largest on the
        path; 0 asks for a gradient of exactly zero.

    Returns
    -------
    Descent
        All points, values and gradients, and how it ended. A path that diverges is kept as far as
        its numbers are finite.

    Raises
    ------
    ValueError
        If `f` is not defined at `x0`, returns anything but one number or changes its argument; if
        `gradient` has the wrong shape; if `x0` lies outside `bounds`; if a parameter is out of
        range.
    TypeError
        If something is no real number or no function.

    Notes
    -----
    Where the gradient vanishes there may be a minimum or a saddle; a path that starts exactly
    on the ridge of a saddle stays on it.

    Examples
    --------
    >>> import fastgd
    >>> def valley(v):
    ...     return v[0] ** 2 + 2 * v[1] ** 2
    >>> def slope(v):
    ...     return [2 * v[0], 4 * v[1]]
    >>> fastgd.gradient_descent(valley, [1, 1], slope, learning_rate=0.25, max_iter=1).x
    array([0.5, 0. ])
    """
    calculus.check_callable(f)
    if gradient is not None:
        calculus.check_callable(gradient, "gradient")
    rate = calculus.scalar(learning_rate, "learning_rate")
    if rate <= 0:
        hint = "; a negative one would climb" if rate < 0 else "; with 0 nothing would move"
        raise ValueError(f"learning_rate must be positive, found {rate:g}{hint}")
    momentum = calculus.scalar(momentum, "momentum")
    if not 0 <= momentum < 1:
        raise ValueError(f"momentum must be at least 0 and below 1, found {momentum:g}")
    tol = calculus.scalar(tol, "tol")
    if tol < 0:
        raise ValueError(f"tol must not be negative, found {tol:g}")
    if isinstance(max_iter, bool) or not hasattr(max_iter, "__index__"):
        raise TypeError(f"max_iter must be a whole number, found {max_iter!r}")
    if max_iter < 0:
        raise ValueError(f"max_iter must not be negative, found {max_iter}")

    if np.ndim(x0) == 0:
        x = np.array([calculus.scalar(x0, "x0")])
        value, slope = _on_numbers(f), gradient and _on_numbers(gradient)
    else:
        x, value, slope = calculus.vector(x0, "x0"), f, gradient
    box = _box(bounds, x)
    return _walk(value, slope, x, rate, momentum, box, int(max_iter), tol)


def _walk(f, gradient, x, rate, momentum, box, max_iter, tol):
    at, worst = f"learning rate {rate:g}", "the limit is 2 / L, L the largest curvature"
    path, values, gradients = [x], [float(calculus.defined(f, x))], [_slope(f, gradient, x)]
    if not np.isfinite(gradients[0]).all():
        raise ValueError(f"gradient is not finite at x0 = {calculus.shown_point(x)}")
    largest = np.linalg.norm(gradients[0])
    early = largest
    v = np.zeros_like(x)

    def ended(status, message):
        arrays = np.array(path), np.array(values), np.array(gradients)
        return Descent(*arrays, status, message, rate, momentum, box)

    for k in range(max_iter + 1):
        size = np.linalg.norm(gradients[-1])
        largest = max(largest, size)
        if k < 3:
            early = max(early, size)
        if _vanished(gradients[-1], path[-1], values[-1], tol * largest, gradient is None):
            return ended(
                "converged",
                f"after {_steps(k)} the gradient has the length {size:.2g}: "
                "flat here, as at a minimum or a saddle",
            )
        far = np.linalg.norm(path[-1]) > FAR * max(1, np.linalg.norm(path[0]))
        if size > FAR * early and (far or values[-1] > values[0]):
            return ended("diverged", f"the path runs away ({at}); {worst}: take a smaller one")
        if k == max_iter:
            break
        with np.errstate(over="ignore", invalid="ignore"):
            v = momentum * v - rate * gradients[-1]
            x = path[-1] + v
        if not np.isfinite(x).all():
            return ended("diverged", f"step {k + 1} overflows ({at}); {worst}: take a smaller one")
        outside = box is not None and ((x < box[:, 0]) | (x > box[:, 1])).any()
        if outside:
            x, side = _cut(path[-1], v, box)
        found = calculus.call(f, x)
        if math.isnan(found):
            return ended(
                "edge",
                f"step {k + 1} leaves the domain of f: it is not defined at "
                f"x = {calculus.shown_point(x)}; set bounds, or take a smaller learning rate",
            )
        slope = _slope(f, gradient, x) if math.isfinite(found) else np.full(x.shape, np.nan)
        if math.isinf(found) or np.isinf(slope).any():
            return ended("diverged", f"f or its gradient overflows at step {k + 1} ({at}); {worst}")
        if np.isnan(slope).any():
            return ended(
                "edge",
                f"step {k + 1} leads to x = {calculus.shown_point(x)}, where the gradient of f "
                "is not defined",
            )
        path.append(x)
        values.append(found)
        gradients.append(slope)
        if outside:
            return ended("edge", f"step {k + 1} meets the edge of the bounds at {side}")

    if max_iter and values[-1] > values[0] and values[-1] == max(values):
        return ended(
            "diverged", f"f is higher after {_steps(max_iter)} than at the start ({at}); {worst}"
        )
    return ended(
        "max_iter",
        f"{_steps(max_iter)} taken, and the gradient still has the length "
        f"{np.linalg.norm(gradients[-1]):.2g} ({at})",
    )


def _steps(k):
    return f"{k} step" if k == 1 else f"{k} steps"


def _vanished(g, x, value, allowed, numeric):
    """Whether the gradient is as good as zero. One found by differences never quite is: there
    it is enough that going as far as x is long would not change the rounding of f."""
    if np.linalg.norm(g) <= allowed:
        return True
    return numeric and np.abs(g) @ np.abs(x) <= np.finfo(float).eps * abs(value) / 4


def _slope(f, gradient, x):
    """The gradient at x; NaN where it is not defined."""
    if gradient is not None:
        return calculus.given_gradient(gradient, x)
    try:
        return calculus.gradient(f, x)
    except calculus.NoGradientError:
        return np.full(x.shape, np.nan)


def _on_numbers(f):
    """A function of one number as a function of a vector with one component."""
    return lambda x: f(float(x[0]))


def _cut(x, v, box):
    """The point where the way from x along v leaves the box, and the side it meets, as text."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ways = np.where(v > 0, (box[:, 1] - x) / v, np.where(v < 0, (box[:, 0] - x) / v, np.inf))
    i = int(np.argmin(ways))
    cut = np.clip(x + ways[i] * v, box[:, 0], box[:, 1])
    cut[i] = box[i, int(v[i] > 0)]
    return cut, f"x[{i}] = {cut[i]:g}"


def _box(bounds, x):
    """Bounds as an array of shape (p, 2), or None."""
    if bounds is None:
        return None
    wanted = f"wanted: {len(x)} pairs (low, high), one for each component of x0"
    try:
        pairs = [tuple(pair) for pair in bounds]
        box = np.array(
            [
                [-np.inf if low is None else low, np.inf if high is None else high]
                for low, high in pairs
            ],
            dtype=float,
        )
    except (TypeError, ValueError):
        raise ValueError(f"bounds = {bounds!r}; {wanted}") from None
    if box.shape != (len(x), 2):
        raise ValueError(f"bounds has {len(box)} pairs; {wanted}")
    if np.isnan(box).any() or (box[:, 0] > box[:, 1]).any():
        i = int(np.argmax(~(box[:, 0] <= box[:, 1])))
        raise ValueError(f"bounds[{i}] is ({box[i, 0]:g}, {box[i, 1]:g}); wanted: low <= high")
    outside = (x < box[:, 0]) | (x > box[:, 1])
    if outside.any():
        i = int(np.argmax(outside))
        raise ValueError(
            f"x0 must lie within bounds, but x0[{i}] = {x[i]:g} is not in "
            f"[{box[i, 0]:g}, {box[i, 1]:g}]"
        )
    return box
