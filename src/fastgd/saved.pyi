from os import PathLike

from .estimators import LogisticRegression, LogisticRegressionCV
from .result import FitResult

def load(path: str | PathLike[str]) -> FitResult | LogisticRegression | LogisticRegressionCV: ...
