from os import PathLike
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .coding import Coding
from .functional import _Frame, _Matrix
from .inference import Summary
from .separation import Separation

class FitResult:
    coef: NDArray[np.float64]
    intercept: float | NDArray[np.float64]
    classes: NDArray[Any] | None
    loss: Literal["log_loss", "softmax", "squared_error"]
    l2: float | NDArray[np.float64]
    fit_intercept: bool
    n_samples: int
    n_features: int
    cost: float
    null_cost: float
    gap: float
    gap_kind: Literal["dual", "estimate", "none"]
    gradient_norm: float
    converged: bool
    status: Literal["converged", "separated", "max_iter", "diverged", "callback", "stalled"]
    message: str
    n_iter: int
    n_passes: int
    seconds: float
    solver: Literal["newton", "sampled", "dual", "newton-cg", "lbfgs", "gd", "agd"]
    isa: str
    n_threads: int
    bytes_copied: int
    rank: int | None
    step: float
    history: dict[str, NDArray[np.float64]] | None
    names: list[str] | None
    coding: Coding | None
    separation: Separation | None

    def __init__(self, **fields: Any) -> None: ...
    def __getstate__(self) -> dict[str, Any]: ...
    def __setstate__(self, state: dict[str, Any]) -> None: ...
    def design(
        self, X: _Frame, *, unseen: Literal["error", "ignore"] = "error"
    ) -> NDArray[Any]: ...
    def decision_function(
        self,
        X: _Matrix,
        offset: ArrayLike | None = None,
        *,
        unseen: Literal["error", "ignore"] = "error",
        n_threads: int | None = None,
    ) -> NDArray[np.float64]: ...
    def predict_proba(
        self,
        X: _Matrix,
        offset: ArrayLike | None = None,
        *,
        unseen: Literal["error", "ignore"] = "error",
        n_threads: int | None = None,
    ) -> NDArray[np.float64]: ...
    def predict(
        self,
        X: _Matrix,
        offset: ArrayLike | None = None,
        *,
        unseen: Literal["error", "ignore"] = "error",
        n_threads: int | None = None,
    ) -> NDArray[Any]: ...
    def summary(
        self,
        X: _Matrix,
        y: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
        cov_type: Literal["nonrobust", "HC0", "HC1", "stata", "cluster"] = "nonrobust",
        groups: ArrayLike | None = None,
        level: float = 0.95,
        reference: Any = None,
        weights: Literal["frequency", "sampling"] = "frequency",
        small_sample: bool = False,
        n_threads: int | None = None,
    ) -> Summary: ...
    def save(self, path: str | PathLike[str]) -> None: ...
    def parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]: ...
    @classmethod
    def from_parts(cls, meta: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Self: ...
