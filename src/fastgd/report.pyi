from os import PathLike
from typing import Any

from numpy.typing import ArrayLike

from .functional import _Matrix
from .result import FitResult

STYLE: str

def write(
    path: str | PathLike[str],
    fit: FitResult,
    X: _Matrix,
    y: ArrayLike,
    *,
    title: str | None = None,
    names: list[str] | None = None,
    scored: dict[str, Any] | None = None,
    outcome: dict[str, Any] | None = None,
) -> None: ...
def write_outcome(path: str | PathLike[str], outcome: dict[str, Any]) -> None: ...
def page(
    fit: FitResult,
    X: _Matrix,
    y: ArrayLike,
    *,
    title: str | None = None,
    names: list[str] | None = None,
    scored: dict[str, Any] | None = None,
    outcome: dict[str, Any] | None = None,
) -> str: ...
