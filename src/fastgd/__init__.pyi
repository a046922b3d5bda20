from . import export, reference
from ._version import __version__
from .errors import ConvergenceWarning, DataError, SeparationWarning
from .estimators import LogisticRegression, LogisticRegressionCV
from .functional import (
    Iteration,
    cost,
    cost_and_gradient,
    fit,
    hessian_vector,
    show_config,
    sigmoid,
)
from .result import FitResult, Separation
from .saved import load

__all__ = [
    "ConvergenceWarning",
    "DataError",
    "FitResult",
    "Iteration",
    "LogisticRegression",
    "LogisticRegressionCV",
    "Separation",
    "SeparationWarning",
    "__version__",
    "cost",
    "cost_and_gradient",
    "export",
    "fit",
    "hessian_vector",
    "load",
    "reference",
    "show_config",
    "sigmoid",
]

def __dir__() -> list[str]: ...
