from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .functional import _Matrix

OUTCOMES: tuple[str, ...]
SOLVERS: dict[str, int]

def isas() -> tuple[str, ...]: ...
def isa() -> str: ...
def set_isa(name: str | None) -> None: ...
def processors() -> int: ...
def fail_threads(k: int) -> None: ...
def sigmoid(z: ArrayLike, out: NDArray[np.float64] | None = None) -> Any: ...
def log_loss(
    z: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64] | None
) -> float: ...
def cost(
    X: _Matrix,
    y: ArrayLike,
    coef: ArrayLike,
    intercept: float,
    loss: str,
    l2: ArrayLike,
    sample_weight: ArrayLike | None,
    offset: ArrayLike | None,
    n_threads: int | None,
    most_threads: Callable[[], int],
    gradient: bool,
) -> tuple[float, Any, Any]: ...
def hessian_vector(
    X: _Matrix,
    y: ArrayLike,
    coef: ArrayLike,
    intercept: float,
    v: ArrayLike,
    v_intercept: float,
    loss: str,
    l2: ArrayLike,
    sample_weight: ArrayLike | None,
    offset: ArrayLike | None,
    n_threads: int | None,
    most_threads: Callable[[], int],
) -> tuple[NDArray[np.float64], float]: ...
def margins(
    X: _Matrix,
    coef: NDArray[np.float64],
    intercept: float,
    offset: ArrayLike | None,
    n_threads: int | None,
    most_threads: Callable[[], int],
) -> NDArray[np.float64]: ...
def probabilities(
    X: _Matrix,
    coef: NDArray[np.float64],
    intercept: float,
    offset: ArrayLike | None,
    n_threads: int | None,
    most_threads: Callable[[], int],
) -> NDArray[np.float64]: ...
def margins_and_sums(
    X: _Matrix,
    coef: NDArray[np.float64],
    intercept: float,
    offset: ArrayLike | None,
    weight: ArrayLike | None,
    n_threads: int | None,
    most_threads: Callable[[], int],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
def gram(
    X: _Matrix,
    q: ArrayLike,
    shift: ArrayLike,
    scale: ArrayLike,
    n_threads: int | None,
    most_threads: Callable[[], int],
) -> NDArray[np.float64]: ...
def softmax_margins(
    X: _Matrix,
    coef: NDArray[np.float64],
    intercept: NDArray[np.float64],
    offset: ArrayLike | None,
    n_threads: int | None,
    most_threads: Callable[[], int],
) -> NDArray[np.float64]: ...
def softmax(z: NDArray[np.float64]) -> NDArray[np.float64]: ...
def log_loss_rows(
    z: NDArray[np.float64], t: NDArray[np.float64], s: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float]: ...
def fit(
    X: _Matrix,
    y: ArrayLike,
    loss: str,
    l2: ArrayLike,
    fit_intercept: bool,
    sample_weight: ArrayLike | None,
    offset: ArrayLike | None,
    solver: str,
    learning_rate: float | None,
    tol: float,
    max_iter: int | None,
    init: tuple[ArrayLike, float] | None,
    n_threads: int | None,
    most_threads: Callable[[], int],
    observer: Callable[..., bool] | None,
    path: ArrayLike | None = None,
) -> Any: ...
def fit_folds(
    X: _Matrix,
    y: ArrayLike,
    held: NDArray[np.uint8],
    folds: int,
    l2: NDArray[np.float64],
    fit_intercept: bool,
    sample_weight: ArrayLike | None,
    tol: float,
    n_threads: int | None,
    most_threads: Callable[[], int],
) -> list[list[Any]] | None: ...
def bench_gram(
    X: _Matrix, q: ArrayLike, rows: ArrayLike | None, n_threads: int
) -> NDArray[np.float64]: ...
def bench_cholesky(A: ArrayLike) -> NDArray[np.float64]: ...
