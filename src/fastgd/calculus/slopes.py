"""The slope of a function at a point: how it is found, and where there is none."""

import math

import numpy as np

from .functions import call

# Sizes of the first step, as a share of max(1, |x|). None is a power of two: a function whose
# period is one would look constant. The first two are tried first.
STEPS = 0.43 * 16.0 ** np.array([0, -1, 1.7, -2, -4, -6, -8])
NEAR = np.array([0.21, 0.013])  # and as a share of |x| < 1, for functions that change near 0
CLOSE = 1e-6  # relative error of a slope that counts as found


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


def slopes(lines, points, sizes, value):
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
