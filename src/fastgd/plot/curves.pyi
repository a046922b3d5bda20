from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

CELLS: int

_Reals: TypeAlias = NDArray[np.float64]

def checked(
    y_true: ArrayLike,
    y_score: ArrayLike,
    sample_weight: ArrayLike | None = None,
    pos_label: Any = None,
) -> tuple[NDArray[np.bool_], _Reals, _Reals]: ...
def roc(
    y_true: ArrayLike,
    y_score: ArrayLike,
    sample_weight: ArrayLike | None = None,
    pos_label: Any = None,
) -> tuple[_Reals, _Reals, _Reals, float]: ...
def precision_recall(
    y_true: ArrayLike,
    y_score: ArrayLike,
    sample_weight: ArrayLike | None = None,
    pos_label: Any = None,
) -> tuple[_Reals, _Reals, _Reals, float, float]: ...
def calibration(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    sample_weight: ArrayLike | None = None,
    pos_label: Any = None,
    *,
    n_bins: int = 10,
    strategy: Literal["uniform", "quantile"] = "uniform",
    level: float = 1.96,
) -> tuple[_Reals, _Reals, _Reals, _Reals, _Reals]: ...
def thin(x: _Reals, y: _Reals, cells: int = 1000) -> tuple[_Reals, _Reals]: ...
