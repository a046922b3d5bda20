from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Descent", "gradient_descent"]

class Descent:
    path: NDArray[np.float64]
    values: NDArray[np.float64]
    gradients: NDArray[np.float64]
    status: Literal["converged", "max_iter", "edge", "diverged"]
    message: str
    learning_rate: float
    momentum: float
    bounds: NDArray[np.float64] | None = None
    x: NDArray[np.float64]
    value: float
    converged: bool
    n_iter: int

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
