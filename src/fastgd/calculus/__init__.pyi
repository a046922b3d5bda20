from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

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

_Reals: TypeAlias = NDArray[np.float64]
_OfNumber: TypeAlias = Callable[[float], Any]
_OfVector: TypeAlias = Callable[[_Reals], Any]
_Status: TypeAlias = Literal["ok", "edge", "kink", "vertical", "jump", "uncertain"]

class Derivative(float):
    error: float
    left: float
    right: float
    status: _Status
    def __new__(
        cls,
        value: float,
        error: float = 0.0,
        left: float | None = None,
        right: float | None = None,
        status: _Status = "ok",
    ) -> Derivative: ...
    value: float

class DifferenceTable:
    x: float
    value: float
    steps: _Reals
    rises: _Reals
    forward: _Reals
    central: _Reals
    derivative: Derivative
    forward_error: _Reals
    central_error: _Reals
    def __len__(self) -> int: ...

class GradientCheck:
    given: _Reals
    numeric: _Reals
    noise: _Reals
    relative_error: _Reals
    resolved: NDArray[np.bool_]
    agrees: NDArray[np.bool_]
    tol: float
    ok: bool
    def __bool__(self) -> bool: ...

class ComplexError(TypeError): ...
class NoGradientError(ValueError): ...
class OutsideError(ValueError): ...

class Rule(NamedTuple):
    name: str
    formula: str
    slope: str
    f: _OfNumber
    derivative: Callable[[float], float]
    points: tuple[float, ...]
    def check(self) -> float: ...

RULES: tuple[Rule, ...]

def difference_table(
    f: _OfNumber,
    x: float,
    steps: ArrayLike = (1, 0.1, 0.01, 0.001, 0.0001, 1e-06, 1e-08, 1e-10, 1e-12),
) -> DifferenceTable: ...
def derivative(f: _OfNumber, x: float) -> Derivative: ...
def derivative_function(f: _OfNumber) -> Callable[[Any], Any]: ...
def partial(f: _OfVector, x: ArrayLike, i: int) -> Derivative: ...
def gradient(f: _OfVector, x: ArrayLike) -> _Reals: ...
def directional_derivative(f: _OfVector, x: ArrayLike, direction: ArrayLike) -> Derivative: ...
def check_gradient(
    f: _OfVector, grad: _OfVector | ArrayLike, x: ArrayLike, *, tol: float = 1e-06
) -> GradientCheck: ...
def rules() -> tuple[Rule, ...]: ...
def shown(value: float, error: float = 0.0) -> str: ...
def shown_point(x: float | _Reals) -> str: ...
@overload
def call(f: _OfNumber, x: float) -> float: ...
@overload
def call(f: _OfVector, x: _Reals) -> float: ...
def evaluated(f: Callable[..., Any], x: float | _Reals) -> Any: ...
def defined(f: Callable[..., Any], x: float | _Reals) -> float | np.floating[Any]: ...
def number(found: object, name: str) -> float: ...
def scalar(x: object, name: str = "x") -> float: ...
def vector(x: object, name: str = "x") -> _Reals: ...
def check_callable(f: object, name: str = "f") -> None: ...
def given_gradient(gradient: _OfVector, x: _Reals) -> _Reals: ...
