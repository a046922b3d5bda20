from typing import Self

import numpy as np
from numpy.typing import NDArray

LIMIT: float
MOVED: float

class Separation:
    direction: NDArray[np.float64]
    intercept: NDArray[np.float64]
    rows: NDArray[np.int64]
    columns: list[list[int]]
    classes: list[list[int]]

    def __init__(
        self,
        direction: NDArray[np.float64],
        intercept: NDArray[np.float64],
        rows: NDArray[np.int64],
        columns: list[list[int]],
        classes: list[list[int]],
    ) -> None: ...
    def signs(self, at: int = 0) -> NDArray[np.float64]: ...
    @classmethod
    def from_core(
        cls, directions: NDArray[np.float64], intercepts: NDArray[np.float64], rows: list[int]
    ) -> Self: ...
    @staticmethod
    def limit(
        t: NDArray[np.float64], z: NDArray[np.float64], undecided: NDArray[np.bool]
    ) -> None: ...
