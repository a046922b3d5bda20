from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Model",
    "certificate",
    "cost",
    "cost_and_gradient",
    "fit",
    "fit_newton",
    "hessian_vector",
    "sigmoid",
]

_Loss: TypeAlias = Literal["log_loss", "squared_error"]
_Reals: TypeAlias = NDArray[np.floating[Any]]
_Real: TypeAlias = np.floating[Any]

LOSSES: dict[str, tuple[Callable[..., Any], ...]]

class Model(NamedTuple):
    coef: _Reals
    intercept: float | _Real
    costs: _Reals

def sigmoid(z: ArrayLike) -> _Reals: ...
def log_loss(y: ArrayLike, z: ArrayLike) -> _Reals: ...
def squared_error(y: ArrayLike, z: ArrayLike) -> _Reals: ...
def cost(
    X: ArrayLike,
    y: ArrayLike,
    coef: ArrayLike,
    intercept: float | _Real = 0.0,
    *,
    loss: _Loss = "log_loss",
    l2: ArrayLike = 0.0,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
) -> _Real: ...
def cost_and_gradient(
    X: ArrayLike,
    y: ArrayLike,
    coef: ArrayLike,
    intercept: float | _Real = 0.0,
    *,
    loss: _Loss = "log_loss",
    l2: ArrayLike = 0.0,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
) -> tuple[_Real, _Reals, _Real]: ...
def hessian_vector(
    X: ArrayLike,
    y: ArrayLike,
    coef: ArrayLike,
    intercept: float | _Real,
    v: ArrayLike,
    v0: float | _Real,
    *,
    loss: _Loss = "log_loss",
    l2: ArrayLike = 0.0,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
) -> tuple[_Reals, _Real]: ...
def fit(
    X: ArrayLike,
    y: ArrayLike,
    *,
    learning_rate: float,
    n_iter: int,
    loss: _Loss = "log_loss",
    l2: ArrayLike = 0.0,
    fit_intercept: bool = True,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    init: tuple[ArrayLike, float | _Real] | None = None,
    record: bool = False,
) -> Model: ...
def fit_newton(
    X: ArrayLike,
    y: ArrayLike,
    *,
    n_iter: int = 100,
    loss: _Loss = "log_loss",
    l2: ArrayLike = 0.0,
    fit_intercept: bool = True,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    init: tuple[ArrayLike, float | _Real] | None = None,
) -> Model: ...
def certificate(
    X: ArrayLike,
    y: ArrayLike,
    coef: ArrayLike,
    intercept: float | _Real = 0.0,
    *,
    loss: _Loss = "log_loss",
    l2: ArrayLike = 0.0,
    fit_intercept: bool = True,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
) -> float | _Real: ...
