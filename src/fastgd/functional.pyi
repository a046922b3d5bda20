from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, TypedDict, overload, type_check_only

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .result import FitResult
from .separation import Separation

@type_check_only
class _SparseMatrix(Protocol):
    """A SciPy sparse matrix or array of any format."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    def tocsr(self) -> Any: ...

@type_check_only
class _Frame(Protocol):
    """A table of pandas, polars, PyArrow or DuckDB."""

    @property
    def columns(self) -> Any: ...

_Matrix: TypeAlias = ArrayLike | _SparseMatrix | _Frame
_Loss: TypeAlias = Literal["auto", "log_loss", "softmax", "squared_error"]
_Solver: TypeAlias = Literal["auto", "newton", "newton-cg", "lbfgs", "gd", "agd"]

@type_check_only
class _Config(TypedDict):
    version: str
    isa: str
    isas: list[str]
    processors: int
    n_threads: int
    numpy: str

@dataclass(slots=True)
class Iteration:
    iteration: int
    cost: float
    gap: float
    gradient_norm: float
    step: float
    seconds: float
    passes: int
    coef: NDArray[np.float64]
    intercept: float | NDArray[np.float64]

HISTORY: tuple[str, ...]

@overload
def sigmoid(z: float, out: None = None) -> np.float64: ...
@overload
def sigmoid(z: ArrayLike, out: NDArray[np.float64] | None = None) -> NDArray[np.float64]: ...
def cost(
    X: _Matrix,
    y: ArrayLike,
    coef: ArrayLike,
    intercept: ArrayLike = 0.0,
    *,
    loss: _Loss = "auto",
    l2: ArrayLike = 0.0,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    n_threads: int | None = None,
) -> float: ...
def cost_and_gradient(
    X: _Matrix,
    y: ArrayLike,
    coef: ArrayLike,
    intercept: ArrayLike = 0.0,
    *,
    loss: _Loss = "auto",
    l2: ArrayLike = 0.0,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    n_threads: int | None = None,
) -> tuple[float, NDArray[np.float64], float | NDArray[np.float64]]: ...
def hessian_vector(
    X: _Matrix,
    y: ArrayLike,
    coef: ArrayLike,
    intercept: ArrayLike,
    v: ArrayLike,
    v0: ArrayLike,
    *,
    loss: _Loss = "auto",
    l2: ArrayLike = 0.0,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    n_threads: int | None = None,
) -> tuple[NDArray[np.float64], float | NDArray[np.float64]]: ...
def fit(
    X: _Matrix,
    y: ArrayLike,
    *,
    loss: _Loss = "auto",
    l2: ArrayLike = 0.0,
    l1: float = 0.0,
    fit_intercept: bool = True,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    missing: Literal["error", "impute"] = "error",
    solver: _Solver = "auto",
    learning_rate: float | None = None,
    tol: float = 1e-8,
    max_iter: int | None = None,
    init: tuple[ArrayLike, ArrayLike] | FitResult | None = None,
    n_threads: int | None = None,
    record: bool = False,
    callback: Callable[[Iteration], object] | None = None,
    progress: bool = False,
) -> FitResult: ...

fit_quietly = fit

def penalty(l2: ArrayLike) -> float | NDArray[np.float64]: ...
def in_names(
    text: str,
    separation: Separation | None,
    features: Sequence[str],
    classes: Sequence[str] = (),
) -> str: ...
def fit_path(
    X: _Matrix,
    y: ArrayLike,
    l2: Sequence[float],
    *,
    loss: _Loss = "auto",
    fit_intercept: bool = True,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    solver: _Solver = "auto",
    tol: float = 1e-8,
    max_iter: int | None = None,
    init: tuple[ArrayLike, float] | None = None,
    n_threads: int | None = None,
) -> list[FitResult]: ...
def fit_folds(
    X: _Matrix,
    y: ArrayLike,
    held: NDArray[np.uint8],
    l2: NDArray[np.float64],
    *,
    fit_intercept: bool = True,
    sample_weight: ArrayLike | None = None,
    tol: float = 1e-8,
    n_threads: int | None = None,
) -> list[list[FitResult]]: ...
def warn_unless_converged(
    result: FitResult,
    not_converged: type[Warning],
    separated: type[Warning],
    stacklevel: int,
) -> None: ...
def show_config() -> _Config: ...
