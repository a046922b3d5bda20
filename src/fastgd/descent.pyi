from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Descent", "gradient_descent"]

@dataclass(frozen=True, repr=False, eq=False)
class Descent:
    path: NDArray[np.float64]
    values: NDArray[np.float64]
    gradients: NDArray[np.float64]
    status: Literal["converged", "max_iter", "edge", "diverged"]
    message: str
    learning_rate: float
    momentum: float
    bounds: NDArray[np.float64] | None = None
    @property
    def x(self) -> NDArray[np.float64]: ...
    @property
    def value(self) -> float: ...
    @property
    def converged(self) -> bool: ...
    @property
    def n_iter(self) -> int: ...

def gradient_descent(
    f: Callable[[Any], Any],
    x0: ArrayLike,
    gradient: Callable[[Any], Any] | None = None,
    *,
    learning_rate: float,
    momentum: float = 0.0,
    bounds: Sequence[tuple[float | None, float | None]] | None = None,
    max_iter: int = 100,
    tol: float = 1e-08,
) -> Descent: ...
