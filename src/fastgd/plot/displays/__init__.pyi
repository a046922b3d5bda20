from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "CalibrationDisplay",
    "CoefficientsDisplay",
    "ConvergenceDisplay",
    "DecisionBoundaryDisplay",
    "PathDisplay",
    "PrecisionRecallDisplay",
    "RocCurveDisplay",
]

_Axes: TypeAlias = Any  # of matplotlib, which need not be installed
_Reals: TypeAlias = NDArray[np.float64]
_OfCurves: TypeAlias = Any  # of one curve, or a list of them

class _Display:
    title: str | None
    ax_: _Axes
    figure_: Any
    line_: Any
    def plot(self, ax: _Axes | None = None) -> Self: ...

class ConvergenceDisplay(_Display):
    names: list[str]
    passes: list[NDArray[Any]]
    cost: list[_Reals]
    gap: list[_Reals]
    null_cost: float | None
    def __init__(
        self,
        *,
        names: list[str],
        passes: list[NDArray[Any]],
        cost: list[_Reals],
        gap: list[_Reals],
        null_cost: float | None = None,
        title: str | None = None,
    ) -> None: ...
    @classmethod
    def from_results(
        cls,
        results: Any,
        *,
        names: Sequence[str] | None = None,
        title: str | None = None,
        ax: _Axes | None = None,
    ) -> Self: ...

class CoefficientsDisplay(_Display):
    names: list[str]
    coef: _Reals
    low: _Reals | None
    high: _Reals | None
    equations: list[str]
    reference: str | None
    xlabel: str
    most: int
    shown: NDArray[np.intp]
    def __init__(
        self,
        *,
        names: Iterable[str],
        coef: _Reals,
        low: _Reals | None = None,
        high: _Reals | None = None,
        equations: Iterable[str] = ("",),
        reference: str | None = None,
        xlabel: str = "coefficient",
        title: str | None = None,
        most: int = 25,
    ) -> None: ...
    @classmethod
    def from_summary(
        cls,
        summary: Any,
        *,
        scale: ArrayLike | None = None,
        level: float | None = None,
        most: int = 25,
        title: str | None = None,
        ax: _Axes | None = None,
    ) -> Self: ...
    @classmethod
    def from_result(
        cls,
        fit: Any,
        *,
        names: Sequence[str] | None = None,
        scale: ArrayLike | None = None,
        most: int = 25,
        title: str | None = None,
        ax: _Axes | None = None,
    ) -> Self: ...

class PathDisplay(_Display):
    values: _Reals
    coef: _Reals
    names: list[str]
    scores: _Reals | None
    chosen: float | None
    xlabel: str
    ylabel: str
    scoring: str
    most: int
    def __init__(
        self,
        *,
        values: ArrayLike,
        coef: _Reals,
        names: Iterable[str],
        scores: _Reals | None = None,
        chosen: float | None = None,
        xlabel: str = "C",
        ylabel: str = "coefficient",
        scoring: str = "score",
        title: str | None = None,
        most: int = 7,
    ) -> None: ...
    @classmethod
    def from_results(
        cls,
        results: Iterable[Any],
        *,
        names: Sequence[str] | None = None,
        scale: ArrayLike | None = None,
        most: int = 7,
        title: str | None = None,
        ax: _Axes | None = None,
    ) -> Self: ...
    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        names: Sequence[str] | None = None,
        scale: ArrayLike | None = None,
        most: int = 7,
        title: str | None = None,
        ax: _Axes | None = None,
    ) -> Self: ...

class _Curves(_Display):
    curves: list[dict[str, Any]]
    name: str | None
    skipped: list[str]
    def __init__(
        self,
        curves: Iterable[Mapping[str, Any]],
        *,
        name: str | None = None,
        skipped: Iterable[str] = (),
        title: str | None = None,
    ) -> None: ...
    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        pos_label: Any = None,
        name: str | None = None,
        title: str | None = None,
        ax: _Axes | None = None,
        **options: Any,
    ) -> Self: ...
    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        y_score: ArrayLike,
        *,
        classes: Sequence[Any] | None = None,
        sample_weight: ArrayLike | None = None,
        pos_label: Any = None,
        name: str | None = None,
        title: str | None = None,
        ax: _Axes | None = None,
        **options: Any,
    ) -> Self: ...

class RocCurveDisplay(_Curves):
    @property
    def fpr(self) -> _OfCurves: ...
    @property
    def tpr(self) -> _OfCurves: ...
    @property
    def roc_auc(self) -> _OfCurves: ...

class PrecisionRecallDisplay(_Curves):
    @property
    def precision(self) -> _OfCurves: ...
    @property
    def recall(self) -> _OfCurves: ...
    @property
    def average_precision(self) -> _OfCurves: ...

class CalibrationDisplay(_Curves):
    @property
    def prob_true(self) -> _OfCurves: ...
    @property
    def prob_pred(self) -> _OfCurves: ...
    @property
    def low(self) -> _OfCurves: ...
    @property
    def high(self) -> _OfCurves: ...

class DecisionBoundaryDisplay(_Display):
    x: _Reals
    y: _Reals
    probabilities: _Reals
    classes: list[Any]
    points: _Reals | None
    labels: NDArray[Any] | None
    names: tuple[str, str]
    surface_: Any
    def __init__(
        self,
        *,
        x: _Reals,
        y: _Reals,
        probabilities: _Reals,
        classes: Iterable[Any],
        points: _Reals | None = None,
        labels: NDArray[Any] | None = None,
        names: tuple[str, str] = ("x0", "x1"),
        title: str | None = None,
    ) -> None: ...
    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike | None = None,
        *,
        names: Sequence[str] | None = None,
        grid: int = 200,
        title: str | None = None,
        ax: _Axes | None = None,
    ) -> Self: ...
