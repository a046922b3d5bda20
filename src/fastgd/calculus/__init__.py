"""Slopes of any Python function: difference quotients, derivatives, partials, gradients.

A function of one variable is called with a Python ``float``, so that ``math.exp`` will do; a
function of several is called with one vector, a new array each time. Accuracy comes from
`scipy.differentiate`; what is added is doubt. SciPy takes points on both sides and finds slope 0
for ``|x|`` at 0, so here the slopes from the left and from the right are found as well, each with
several sizes of step, and a derivative is reported only where they agree.

Nothing here knows logistic regression, or any other part of fastgd.
"""

from .derivatives import derivative, derivative_function
from .elementary import RULES, Rule, rules
from .functions import (  # noqa: F401 - what takes functions elsewhere asks for the same
    ComplexError,
    OutsideError,
    call,
    check_callable,
    defined,
    evaluated,
    number,
    scalar,
    shown_point,
    vector,
)
from .gradientcheck import GradientCheck, check_gradient, given_gradient  # noqa: F401
from .gradients import NoGradientError, directional_derivative, gradient, partial  # noqa: F401
from .quotients import DifferenceTable, difference_table
from .slopes import Derivative, shown  # noqa: F401

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
