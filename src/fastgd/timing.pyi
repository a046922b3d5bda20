from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Race", "Way", "race", "race_product"]

class Way(NamedTuple):
    name: str
    result: NDArray[np.float64]
    seconds: float

class Race:
    what: str
    ways: list[Way]
    def __getitem__(self, name: str) -> Way: ...
    max_difference: float

def race(
    X: ArrayLike,
    y: ArrayLike,
    coef: ArrayLike,
    intercept: float = 0.0,
    *,
    seconds: float = 0.2,
    n_threads: int | None = None,
) -> Race: ...
def race_product(size: int = 1000000, *, seconds: float = 0.2, seed: int = 0) -> Race: ...
