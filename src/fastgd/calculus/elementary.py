"""The table of elementary derivatives and rules, each with an example on which it is checked."""

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

from .derivatives import derivative


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
