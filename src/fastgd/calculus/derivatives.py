"""The derivative of a function of one variable: at a point, and as a function."""

import math

import numpy as np

from .functions import call, check_callable, defined, reals, scalar
from .slopes import slopes


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
    return slopes([f], [x], [abs(x)], defined(f, x))[0]


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
        array = reals(x, "x")
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
