"""What the user gives, a function and a point: checked, called, and refused in words."""

import math

import numpy as np

OUTSIDE = ValueError, ArithmeticError  # what functions raise outside their domain


def check_callable(f, name="f"):
    if not callable(f):
        raise TypeError(f"{name} must be a function, found {type(f).__name__}")


def scalar(x, name="x"):
    """A finite real number given by the user, as a float."""
    if x is None or isinstance(x, str | bytes):
        raise TypeError(f"{name} must be a real number, found {x!r}")
    array = reals(x, name)
    if array.shape:
        raise ValueError(f"{name} must be one number, found an array of shape {array.shape}")
    return float(array)


def vector(x, name="x"):
    """A vector of finite numbers given by the user, as a new float64 array of shape (p,)."""
    array = reals(x, name)
    if array.ndim != 1 or not array.size:
        raise ValueError(
            f"{name} must be a vector of one number or more, found an array of shape {array.shape}"
        )
    return array


def reals(x, name):
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


class ComplexError(TypeError):
    """A function returned a complex number."""


class OutsideError(ValueError):
    """A function raised an error of arithmetic: the point is outside its domain."""


def call(f, x):
    """``f(x)`` as a float; NaN where `x` is outside its domain, also where powers of negative
    numbers make it complex there.

    `x` is a float, or an array, of which `f` gets a copy. Raises TypeError or ValueError where `f`
    returns something else than one number or changes its argument."""
    try:
        return number(evaluated(f, x), "f")
    except (ComplexError, OutsideError):
        return math.nan


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
