from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["NAMES", "Dataset", "load"]

HERE: Path
NAMES: tuple[str, ...]

class Dataset(NamedTuple):
    X: NDArray[np.float64]
    y: NDArray[np.integer[Any]]
    feature_names: list[str]
    class_names: list[str]
    description: str

def load(name: Literal["breast_cancer", "iris"]) -> Dataset: ...
