"""fastgd: logistic regression by gradient methods at memory speed, with a certified optimum."""

import importlib
import os

from . import _core
from ._version import __version__
from .errors import ConvergenceWarning, DataError, SeparationWarning
from .functional import (
    Iteration,
    cost,
    cost_and_gradient,
    fit,
    hessian_vector,
    show_config,
    sigmoid,
)
from .result import FitResult
from .saved import load
from .separation import Separation

__all__ = [
    "ConvergenceWarning",
    "DataError",
    "Descent",
    "FitResult",
    "Graph",
    "Iteration",
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

if os.environ.get("FASTGD_ISA"):
    _core.set_isa(os.environ["FASTGD_ISA"])


# What is imported when it is first asked for.
_MODULES = ("calculus", "datasets", "export", "plot", "reference", "report")
_LECTURE = {  # name: module
    "Descent": "descent",
    "Graph": "graph",
    "Trace": "trace",
    "explain": "trace",
    "gradient_descent": "descent",
    "race": "timing",
    "race_product": "timing",
}
_ESTIMATORS = ("LogisticRegression", "LogisticRegressionCV")  # not in __all__: need scikit-learn


def __getattr__(name):
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name in _LECTURE:
        return getattr(importlib.import_module(f".{_LECTURE[name]}", __name__), name)
    if name in _ESTIMATORS:
        return getattr(importlib.import_module(".estimators", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*__all__, *_ESTIMATORS])
