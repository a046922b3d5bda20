from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from os import PathLike
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..calculus import DifferenceTable
from ..descent import Descent
from ..graph import Graph, Node
from ..result import FitResult
from . import curves, displays, style
from .displays import (
    CalibrationDisplay,
    CoefficientsDisplay,
    ConvergenceDisplay,
    DecisionBoundaryDisplay,
    PathDisplay,
    PrecisionRecallDisplay,
    RocCurveDisplay,
)

__all__ = [
    "Animation",
    "CalibrationDisplay",
    "CoefficientsDisplay",
    "ConvergenceDisplay",
    "DecisionBoundaryDisplay",
    "FontWarning",
    "PathDisplay",
    "Picture",
    "PrecisionRecallDisplay",
    "RocCurveDisplay",
    "boundaries",
    "computation_graph",
    "contour",
    "convergence",
    "cost_curves",
    "cost_surfaces",
    "curves",
    "derivative",
    "difference_error",
    "displays",
    "hillside",
    "language",
    "learning_curve",
    "learning_rates",
    "legs",
    "moving_boundary",
    "polar",
    "secants",
    "strict",
    "style",
    "surface",
]

_Axes: TypeAlias = Any  # of matplotlib, which need not be installed
_Language: TypeAlias = Literal["en", "zh"]
_Pair: TypeAlias = tuple[float, float]
_Names: TypeAlias = tuple[str, str]
_OfNumber: TypeAlias = Callable[[float], Any]
_OfVector: TypeAlias = Callable[[NDArray[np.float64]], Any]
_Line: TypeAlias = tuple[ArrayLike, ArrayLike]  # coef, intercept

class FontWarning(UserWarning): ...

class Picture:
    figure_: Any
    ax_: _Axes
    alt: str
    values: dict[str, Any]
    def __init__(self, ax: _Axes, alt: str, **values: Any) -> None: ...
    def save(self, path: str | PathLike[str], **options: Any) -> Any: ...

class Animation(Picture):
    frames: list[int]
    def __init__(
        self,
        ax: _Axes,
        alt: str,
        frames: list[int],
        draw: Callable[[Callable[[float, float], Any]], Iterable[Any]],
        **values: Any,
    ) -> None: ...
    def save(
        self, path: str | PathLike[str], *, seconds: float = 6.0, dpi: float = 80, **options: Any
    ) -> Path: ...

def strict() -> AbstractContextManager[None]: ...
def language() -> _Language: ...
def secants(
    f: _OfNumber,
    table: DifferenceTable,
    *,
    steps: ArrayLike | None = None,
    name: str = "f",
    lang: _Language = "en",
    ax: _Axes | None = None,
) -> Picture: ...
def difference_error(
    table: DifferenceTable, *, lang: _Language = "en", ax: _Axes | None = None
) -> Picture: ...
def derivative(
    f: _OfNumber,
    slope: _OfNumber,
    interval: _Pair,
    *,
    points: ArrayLike = (),
    name: str = "f(x)",
    slope_name: str = "f\u2032(x)",
    x_name: str = "x",
    lang: _Language = "en",
) -> Picture: ...
def legs(
    gradient: ArrayLike,
    *,
    direction: float | None = None,
    names: _Names = ("x", "y"),
    lang: _Language = "en",
    ax: _Axes | None = None,
) -> Picture: ...
def hillside(
    f: _OfVector,
    gradient: _OfVector,
    x: ArrayLike,
    *,
    xlim: _Pair | None = None,
    ylim: _Pair | None = None,
    names: _Names = ("x", "y"),
    lang: _Language = "en",
) -> Picture: ...
def polar(
    gradient: ArrayLike,
    *,
    slope: _OfVector | None = None,
    lang: _Language = "en",
    ax: _Axes | None = None,
) -> Picture: ...
def contour(
    f: _OfVector,
    path: Descent | ArrayLike | None = None,
    *,
    xlim: _Pair | None = None,
    ylim: _Pair | None = None,
    minimum: ArrayLike | None = None,
    names: _Names = ("x", "y"),
    lang: _Language = "en",
    ax: _Axes | None = None,
) -> Picture: ...
def surface(
    f: _OfVector,
    path: Descent | ArrayLike | None = None,
    *,
    xlim: _Pair | None = None,
    ylim: _Pair | None = None,
    names: _Names = ("x", "y"),
    lang: _Language = "en",
    ax: _Axes | None = None,
) -> Picture: ...
def learning_rates(
    descents: Iterable[Descent],
    f: _OfVector | None = None,
    *,
    xlim: _Pair | None = None,
    ylim: _Pair | None = None,
    names: _Names = ("x", "y"),
    lang: _Language = "en",
) -> Picture: ...
def cost_curves(
    costs: Mapping[str, _OfNumber],
    interval: _Pair,
    *,
    axis: str | None = None,
    quantity: Literal["cost", "loss"] = "cost",
    lang: _Language = "en",
) -> Picture: ...
def cost_surfaces(
    costs: Mapping[str, _OfVector],
    xlim: _Pair,
    ylim: _Pair,
    *,
    names: _Names | None = None,
    lang: _Language = "en",
) -> Picture: ...
def learning_curve(
    run: FitResult | Descent | ArrayLike,
    *,
    best: float | None = None,
    logarithmic: bool = False,
    lang: _Language = "en",
    ax: _Axes | None = None,
) -> Picture: ...
def convergence(
    fits: Mapping[str, FitResult],
    *,
    target: float = 1e-08,
    best: float | None = None,
    lang: _Language = "en",
    ax: _Axes | None = None,
) -> Picture: ...
def boundaries(
    X: ArrayLike,
    y: ArrayLike,
    lines: Mapping[str, _Line] | None = None,
    *,
    names: _Names = ("x1", "x2"),
    classes: _Names | None = None,
    lang: _Language = "en",
    ax: _Axes | None = None,
) -> Picture: ...
def moving_boundary(
    X: ArrayLike,
    y: ArrayLike,
    models: Iterable[_Line],
    *,
    iterations: Sequence[int] | None = None,
    names: _Names = ("x1", "x2"),
    classes: _Names | None = None,
    frames: int = 40,
    lang: _Language = "en",
) -> Animation: ...
def computation_graph(
    graph: Graph | Iterable[Node],
    *,
    lang: _Language = "en",
    ax: _Axes | None = None,
) -> Picture: ...
def __dir__() -> list[str]: ...
