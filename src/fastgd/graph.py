"""A computation graph: values forward, derivatives backward by the chain rule.

It is small enough to be read, and made for numbers that can be followed by eye.
"""

import ast
import html
import math
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

__all__ = ["Graph", "Node"]


@dataclass(frozen=True)
class Node:
    """One quantity of a computation.

    Attributes
    ----------
    name : str
    formula : str
        How it is computed from its inputs; empty for a number that was given.
    value : float
        The number itself.
    derivative : float
        That of the last node with respect to this one, all paths between them added up.
    inputs : tuple of str
        Names of the nodes that the formula uses.
    partials : tuple of float
        For each input, the derivative of this node with respect to it alone.
    """

    name: str
    formula: str
    value: float
    derivative: float
    inputs: tuple[str, ...] = ()
    partials: tuple[float, ...] = ()


class Graph:
    """A computation of numbers, taken forward and backward once.

    Forward each formula is evaluated in its turn. Backward, from the last node to the first, each
    node hands its derivative to its inputs, times its partial derivative with respect to them: the
    chain rule. An input that is used twice gets the sum.

    Parameters
    ----------
    given : dict of str to float
        The numbers to start from.
    formulas : dict of str to str
        Name and formula of each node, in the order of computation; the last one is what is
        differentiated. A formula is written in Python with names of earlier nodes, numbers,
        ``+ - * / **``, ``exp``, ``ln`` (or ``log``), ``sqrt`` and ``sigmoid``.

    Attributes
    ----------
    nodes : tuple of Node
        Given numbers first, then the formulas, in order.

    Raises
    ------
    ValueError
        If a formula cannot be read, names what is not there (yet), or is not defined at its
        numbers.
    TypeError
        If a given value is no real number.

    Examples
    --------
    >>> import fastgd
    >>> graph = fastgd.Graph({"a": 5, "b": 3, "c": 2}, {"u": "b * c", "v": "a + u", "J": "3 * v"})
    >>> graph["J"].value, graph["c"].derivative
    (33.0, 9.0)
    """

    def __init__(self, given, formulas):
        values, found = {}, {}
        for name, argument in ("given", given), ("formulas", formulas):
            if not hasattr(argument, "items"):
                kind = type(argument).__name__
                raise TypeError(f"{name} must be a dict, {{name: value}}, found {kind}")
        for name, value in given.items():
            _check_name(name, values)
            if isinstance(value, str | bytes) or np.ndim(value) or not hasattr(value, "__float__"):
                raise TypeError(f"the value of {name} must be a real number, found {value!r}")
            values[name] = float(value)
        if not formulas:
            raise ValueError("formulas is empty: there is nothing to differentiate")
        for name, formula in formulas.items():
            _check_name(name, values)
            values[name], found[name] = _evaluate(name, formula, values)
        derivatives = dict.fromkeys(values, 0.0)
        derivatives[name] = 1.0
        for name in reversed(found):
            for source, partial in found[name].items():
                derivatives[source] += derivatives[name] * partial
        self._keep(
            Node(
                name,
                formulas.get(name, ""),
                value,
                derivatives[name],
                tuple(found.get(name, ())),
                tuple(found.get(name, {}).values()),
            )
            for name, value in values.items()
        )

    @classmethod
    def of_nodes(cls, nodes):
        """A graph of nodes that were computed elsewhere, inputs before those that use them."""
        self = cls.__new__(cls)
        self._keep(nodes)
        return self

    def _keep(self, nodes):
        self.nodes = tuple(nodes)
        self._named = {node.name: node for node in self.nodes}

    def __getitem__(self, name):
        if name not in self._named:
            raise KeyError(f"no node {name!r}; there are {', '.join(self._named)}")
        return self._named[name]

    def __iter__(self):
        return iter(self.nodes)

    def __len__(self):
        return len(self.nodes)

    @property
    def output(self):
        """The last node, whose derivatives these are."""
        return self.nodes[-1]

    @property
    def derivatives(self):
        """The derivative of the last node with respect to each node, by name."""
        return {node.name: node.derivative for node in self.nodes}

    def _rows(self):
        yield "node", "formula", "value", f"d{self.output.name}/d..."
        for node in self.nodes:
            yield node.name, node.formula, f"{node.value:.8g}", f"{node.derivative:.8g}"

    def __repr__(self):
        rows = list(self._rows())
        w = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            f"{name:<{w[0]}}  {formula:<{w[1]}}  {value:>{w[2]}}  {slope:>{w[3]}}"
            for name, formula, value, slope in rows
        )

    def _repr_html_(self):
        head, *body = self._rows()
        lines = ["".join(f"<th>{html.escape(cell)}</th>" for cell in head)]
        lines += ["".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in body]
        return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


# --- formulas -------------------------------------------------------------------------


def _sigmoid(x):
    e = math.exp(-abs(x))
    return (1 if x >= 0 else e) / (1 + e)


def _sigmoid_slope(x):
    return _sigmoid(x) * _sigmoid(-x)


_FUNCTIONS = MappingProxyType(  # value and derivative
    {
        "exp": (math.exp, math.exp),
        "ln": (math.log, lambda x: 1 / x),
        "log": (math.log, lambda x: 1 / x),
        "sqrt": (math.sqrt, lambda x: 0.5 / math.sqrt(x)),
        "sigmoid": (_sigmoid, _sigmoid_slope),
    }
)


def _check_name(name, known):
    if not (isinstance(name, str) and name.isidentifier()):
        raise ValueError(f"a node needs a name like x or w1, found {name!r}")
    if name in known or name in _FUNCTIONS:
        taken = "a node" if name in known else "a function"
        raise ValueError(f"{name!r} is the name of {taken} already")


def _evaluate(name, formula, values):
    """The value of a formula, and its partial derivative with respect to each name in it."""
    try:
        tree = ast.parse(formula.strip(), mode="eval").body
    except (SyntaxError, AttributeError):
        raise ValueError(f"the formula of {name} cannot be read: {formula!r}") from None
    try:
        value, partials = _visit(tree, values)
        finite = all(map(math.isfinite, (value, *partials.values())))
    except ArithmeticError:
        finite = False
    except ValueError as error:
        raise ValueError(f"{name} = {formula}: {error}") from None
    if not finite:
        raise ValueError(f"{name} = {formula}: not finite, or not differentiable, at these values")
    return value, partials


def _visit(tree, values):
    match tree:
        case ast.Constant(value=int() | float()) if not isinstance(tree.value, bool):
            return float(tree.value), {}
        case ast.Name(id=name):
            if name not in values:
                raise ValueError(f"there is no {name!r} yet; there are {', '.join(values)}")
            return values[name], {name: 1.0}
        case ast.UnaryOp(op=ast.USub()):
            value, partials = _visit(tree.operand, values)
            return -value, _scaled(partials, -1)
        case ast.UnaryOp(op=ast.UAdd()):
            return _visit(tree.operand, values)
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
            value, partials = _visit(argument, values)
            f, slope = _FUNCTIONS[name]
            return f(value), _scaled(partials, slope(value))
        case ast.BinOp():
            return _operation(tree.op, *_visit(tree.left, values), *_visit(tree.right, values))
    raise ValueError(
        f"{ast.unparse(tree)!r} is not known here; use + - * / ** and {', '.join(_FUNCTIONS)}"
    )


def _operation(op, a, da, b, db):
    match op:
        case ast.Add():
            return a + b, _sum(da, db)
        case ast.Sub():
            return a - b, _sum(da, _scaled(db, -1))
        case ast.Mult():
            return a * b, _sum(_scaled(da, b), _scaled(db, a))
        case ast.Div():
            return a / b, _sum(_scaled(da, 1 / b), _scaled(db, -a / b / b))
        case ast.Pow():
            value = a**b
            if isinstance(value, complex):
                raise ValueError(f"{a:g} to the power {b:g} is no real number")
            slope = b * a ** (b - 1) if b else 0.0
            return value, _sum(_scaled(da, slope), _scaled(db, value * math.log(a)) if db else {})
    raise ValueError("only + - * / ** are known between numbers (a power is **, not ^)")


def _scaled(partials, factor):
    return {name: factor * partial for name, partial in partials.items()}


def _sum(first, second):
    total = dict(first)
    for name, partial in second.items():
        total[name] = total.get(name, 0.0) + partial
    return total
