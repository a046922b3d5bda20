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
from .result import FitResult, Separation
from .saved import load

__all__ = [
    "ConvergenceWarning",
    "DataError",
    "FitResult",
    "Iteration",
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

if os.environ.get("FASTGD_ISA"):
    _core.set_isa(os.environ["FASTGD_ISA"])


# What is imported when it is first asked for.
_MODULES = ("export", "reference")
_ESTIMATORS = ("LogisticRegression", "LogisticRegressionCV")  # not in __all__: need scikit-learn


def __getattr__(name):
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name in _ESTIMATORS:
        return getattr(importlib.import_module(".estimators", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*__all__, *_ESTIMATORS])
