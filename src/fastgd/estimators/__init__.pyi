from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from typing import Any, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from . import errors
from .functional import _Matrix
from .inference import Summary
from .result import FitResult

__all__ = [
    "EPS",
    "NARROW",
    "NEVER",
    "SOLVERS",
    "WIDE",
    "ConvergenceWarning",
    "LogisticRegression",
    "LogisticRegressionCV",
    "SeparationWarning",
    "from_parts",
]

class ConvergenceWarning(errors.ConvergenceWarning): ...
class SeparationWarning(errors.SeparationWarning): ...

_Solver: TypeAlias = Literal[
    "auto", "lbfgs", "liblinear", "newton-cg", "newton-cholesky", "sag", "saga"
]
_ClassWeight: TypeAlias = Mapping[Any, float] | Literal["balanced"] | None

SOLVERS: dict[str, str]
NARROW: tuple[str, ...]
WIDE: int
EPS: np.float64
NEVER: float

class _Base(BaseEstimator, ClassifierMixin):
    coef_: Any
    intercept_: NDArray[Any]
    classes_: NDArray[Any]
    n_iter_: NDArray[np.int32]
    n_features_in_: int
    feature_names_in_: NDArray[Any]
    l2_: float | NDArray[np.float64]
    result_: FitResult

    def decision_function(
        self,
        X: _Matrix,
        offset: ArrayLike | None = None,
        *,
        unseen: Literal["error", "ignore"] = "error",
    ) -> NDArray[np.floating]: ...
    def predict_proba(
        self,
        X: _Matrix,
        offset: ArrayLike | None = None,
        *,
        unseen: Literal["error", "ignore"] = "error",
    ) -> NDArray[np.floating]: ...
    def predict_log_proba(
        self,
        X: _Matrix,
        offset: ArrayLike | None = None,
        *,
        unseen: Literal["error", "ignore"] = "error",
    ) -> NDArray[np.floating]: ...
    def predict(
        self,
        X: _Matrix,
        offset: ArrayLike | None = None,
        *,
        unseen: Literal["error", "ignore"] = "error",
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
    def sparsify(self) -> Self: ...
    def densify(self) -> Self: ...

class LogisticRegression(_Base):
    def __init__(
        self,
        penalty: Literal["l1", "l2", "elasticnet", "deprecated"] | None = "deprecated",
        *,
        C: float = 1.0,
        l1_ratio: float | None = 0.0,
        dual: bool = False,
        tol: float = 1e-8,
        fit_intercept: bool = True,
        intercept_scaling: float = 1,
        class_weight: _ClassWeight = None,
        random_state: Any = None,
        solver: _Solver = "auto",
        max_iter: int | None = None,
        verbose: int = 0,
        warm_start: bool = False,
        n_jobs: int | None = None,
        l2: ArrayLike | None = None,
    ) -> None: ...
    def fit(
        self,
        X: _Matrix,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
    ) -> Self: ...
    def score(
        self,
        X: _Matrix,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
    ) -> float: ...

def from_parts(
    meta: dict[str, Any], arrays: dict[str, NDArray[Any]]
) -> LogisticRegression | LogisticRegressionCV: ...

class LogisticRegressionCV(_Base):
    Cs_: NDArray[np.float64]
    l1_ratios_: NDArray[Any]
    C_: Any
    l1_ratio_: Any
    scores_: Any
    coefs_paths_: Any

    def __init__(
        self,
        *,
        Cs: int | ArrayLike = 10,
        l1_ratios: Iterable[float] | None = (0.0,),
        fit_intercept: bool = True,
        cv: Any = None,
        dual: bool = False,
        penalty: Literal["l1", "l2", "elasticnet", "deprecated"] = "deprecated",
        scoring: str | Callable[..., float] | None = "neg_log_loss",
        solver: _Solver = "auto",
        tol: float = 1e-8,
        max_iter: int | None = None,
        class_weight: _ClassWeight = None,
        n_jobs: int | None = None,
        verbose: int = 0,
        refit: bool = True,
        intercept_scaling: float = 1.0,
        random_state: Any = None,
        use_legacy_attributes: bool = False,
    ) -> None: ...
    def fit(
        self,
        X: _Matrix,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
        **params: Any,
    ) -> Self: ...
    def score(
        self,
        X: _Matrix,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        **score_params: Any,
    ) -> float: ...
    def get_metadata_routing(self) -> Any: ...
