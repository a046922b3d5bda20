from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any

COLOURS: tuple[str, ...]
BLUE: str
VERMILION: str
GREEN: str
PURPLE: str
ORANGE: str
SKY: str
BLACK: str
MARKERS: tuple[str, ...]
LINES: tuple[str | tuple[int, tuple[int, ...]], ...]
HATCHES: tuple[str, ...]
INK: str
FAINT: str
PAPER: str
SIZE: tuple[float, float]
RC: dict[str, Any]

def matplotlib() -> ModuleType: ...
def context(**more: Any) -> AbstractContextManager[None]: ...
def detached() -> AbstractContextManager[None]: ...
def axes(
    ax: Any | None = None, *, width: float = 6.4, height: float = 4.4, **subplot: Any
) -> Any: ...
def mark(i: int, *, marker: bool = True) -> dict[str, Any]: ...
def legend(ax: Any, **options: Any) -> Any | None: ...
def short(name: object, longest: int = 32) -> str: ...
