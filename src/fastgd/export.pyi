from argparse import ArgumentParser, Namespace
from os import PathLike
from typing import Any, Literal, TypeAlias

from .estimators import LogisticRegression, LogisticRegressionCV
from .result import FitResult

_Model: TypeAlias = FitResult | LogisticRegression | LogisticRegressionCV

def c(model: _Model, name: str = "score") -> str: ...
def python(model: _Model, name: str = "score") -> str: ...
def register() -> None: ...
def onnx(
    model: _Model,
    path: str | PathLike[str] | None = None,
    *,
    dtype: Any = None,
    zipmap: bool | Literal["columns"] = False,
) -> Any: ...
def add_arguments(parser: ArgumentParser) -> None: ...
def run(args: Namespace) -> int: ...
