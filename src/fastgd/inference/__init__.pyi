from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..functional import _Matrix

__all__ = [
    "CHUNK",
    "COVARIANCES",
    "LARGEST",
    "SHIFT_ROWS",
    "Influence",
    "MarginalEffects",
    "Model",
    "Rows",
    "Summary",
    "Test",
    "summarize",
]

_Covariance = Literal["nonrobust", "HC0", "HC1", "stata", "cluster"]
_Array = NDArray[np.float64]

COVARIANCES: tuple[str, ...]
CHUNK: int
SHIFT_ROWS: int
LARGEST: int

class Test(NamedTuple):
    statistic: float
    df: int
    pvalue: float

class Rows(NamedTuple):
    residual: _Array
    p: _Array
    information: dict[tuple[int, int], tuple[_Array, int]]
    loss: float
    saturated: float

class Influence(NamedTuple):
    resid_response: _Array
    resid_pearson: _Array
    resid_deviance: _Array
    hat_matrix_diag: _Array
    cooks_distance: _Array

@dataclass(frozen=True)
class Model:
    coef: _Array
    intercept: float | _Array
    loss: Literal["log_loss", "softmax", "squared_error"]
    classes: NDArray[Any] | None
    l2: float | _Array
    fit_intercept: bool
    null_cost: float
    gap: float
    cost: float | None = None
    outcome: str = ""
    diverging: Callable[[int], _Array] | None = None

def summarize(
    model: Model,
    X: _Matrix,
    y: ArrayLike,
    z: _Array,
    sums: _Array | None,
    *,
    sample_weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    cov_type: _Covariance = "nonrobust",
    groups: ArrayLike | None = None,
    small_sample: bool = False,
    level: float = 0.95,
    reference: Any = None,
    weights: Literal["frequency", "sampling"] = "frequency",
    names: list[str] | None = None,
    n_threads: int | None = None,
    most_threads: Callable[[], int],
    reads: Callable[..., tuple[Any, ...]] | None = None,
) -> Summary: ...

class Summary:
    names: list[str]
    equations: list[Any] | None
    reference: Any
    loss: Literal["log_loss", "softmax", "squared_error"]
    l2: float | _Array
    fit_intercept: bool
    penalized: bool
    level: float
    outcome: str
    weights: Literal["frequency", "sampling"]
    cov_type: _Covariance
    factor: float
    groups: int | None
    notes: dict[int, str]
    rows: int
    nobs: float
    n_params: float
    df_model: float
    df_resid: float
    scale: float
    distance: float
    llf: float
    llnull: float
    deviance: float
    null_deviance: float

    params: _Array
    bse: _Array
    tvalues: _Array
    pvalues: _Array
    aic: float
    bic: float
    llr: float
    llr_pvalue: float
    prsquared: float
    cox_snell: float
    nagelkerke: float
    rsquared: float

    def __init__(self, **fields: Any) -> None: ...
    def conf_int(self, level: float | None = None) -> _Array: ...
    def cov_params(self) -> _Array: ...
    def odds_ratios(self, level: float | None = None) -> _Array: ...
    def wald_test(
        self, hypothesis: str | list[str] | ArrayLike, value: ArrayLike = 0.0
    ) -> Test: ...
    def lr_test(self, restricted: Summary | None = None) -> Test: ...
    def get_margeff(
        self,
        at: Literal["overall", "mean"] = "overall",
        dummy: bool = False,
        *,
        X: _Matrix | None = None,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
    ) -> MarginalEffects: ...
    def influence(
        self,
        X: _Matrix,
        y: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
    ) -> Influence: ...
    def to_frame(self) -> Any: ...

class MarginalEffects:
    names: list[str]
    at: Literal["overall", "mean"]
    level: float
    classes: list[Any]
    margeff: _Array
    margeff_se: _Array
    tvalues: _Array
    pvalues: _Array

    def __init__(
        self, summary: Summary, at: str, classes: list[Any], margeff: _Array, margeff_se: _Array
    ) -> None: ...
    def conf_int(self, level: float | None = None) -> _Array: ...
    def to_frame(self) -> Any: ...
