from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

__all__ = ["LANGUAGES", "Cell", "Chapter", "chapters", "notebook", "play", "read"]

_Language: TypeAlias = Literal["en", "zh"]
_Path: TypeAlias = str | PathLike[str]

HOME: Path
LANGUAGE: str
LANGUAGES: tuple[str, ...]
HINTS: dict[str, str]

class Cell(NamedTuple):
    code: bool
    text: str
    options: dict[str, Any]
    @property
    def alt(self) -> str | None: ...

class Chapter(NamedTuple):
    number: int
    title: str
    lang: _Language
    path: Path

def chapters(lang: _Language = "en") -> list[Chapter]: ...
def chapter(number: int, lang: _Language = "en") -> Chapter: ...
def read(path: _Path) -> list[Cell]: ...
def speaking(lang: _Language) -> str: ...
def notebook(cells: list[Cell], lang: _Language = "en") -> dict[str, Any]: ...
def write(one: Chapter, folder: _Path) -> Path: ...
def play(
    path: _Path,
    show: Callable[[str], Any] = print,
    picture: Callable[[Any], Any] | None = None,
) -> dict[str, Any]: ...
def run_cell(text: str, names: dict[str, Any], where: str = "cell") -> Any: ...
def add_arguments(parser: ArgumentParser) -> None: ...
def check(parser: ArgumentParser, args: Namespace) -> None: ...
def run(args: Namespace) -> int: ...
