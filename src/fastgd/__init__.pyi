from . import calculus, datasets, export, plot, reference, report
from ._version import __version__
from .descent import Descent, gradient_descent
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
from .graph import Graph
from .result import FitResult
from .saved import load
from .separation import Separation
from .timing import race, race_product
from .trace import Trace, explain

__all__ = [
    "ConvergenceWarning",
    "DataError",
    "Descent",
    "FitResult",
    "Graph",
    "Iteration",
    "LogisticRegression",
    "LogisticRegressionCV",
    "Separation",
    "SeparationWarning",
    "Trace",
    "__version__",
    "calculus",
    "cost",
    "cost_and_gradient",
    "datasets",
    "explain",
    "export",
    "fit",
    "gradient_descent",
    "hessian_vector",
    "load",
    "plot",
    "race",
    "race_product",
    "reference",
    "report",
    "show_config",
    "sigmoid",
]

def __dir__() -> list[str]: ...
