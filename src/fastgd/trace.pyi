from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .graph import Graph

__all__ = ["Step", "Trace", "explain"]

_Reals: TypeAlias = NDArray[np.float64]

MOST: int

class Step(NamedTuple):
    name: str
    ours: str
    formula: str
    shape: tuple[int, ...]
    one: Any
    all: Any

@dataclass(frozen=True, repr=False, eq=False)
class Trace:
    sample: int
    m: int
    n_x: int
    X: _Reals
    y: _Reals
    w: _Reals
    b: float
    z: _Reals
    a: _Reals
    loss: _Reals
    J: float
    da: _Reals
    dz: _Reals
    dw_sum: _Reals
    db_sum: float
    dw: _Reals
    db: float
    dw_one: _Reals
    db_one: float
    learning_rate: float | None
    feature_names: list[str]
    steps: list[Step]
    graph: Graph
    notes: list[str]

def explain(
    X: ArrayLike,
    y: ArrayLike,
    coef: ArrayLike,
    intercept: float = 0.0,
    sample: int = 0,
    *,
    learning_rate: float | None = None,
    feature_names: Sequence[str] | None = None,
    n_threads: int | None = None,
) -> Trace: ...
def for_core(X: _Reals, y: _Reals) -> tuple[tuple[_Reals, _Reals], dict[str, Any]]: ...
