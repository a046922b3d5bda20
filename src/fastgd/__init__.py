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
from .result import FitResult, Separation, load

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
    "fit",
    "hessian_vector",
    "load",
    "reference",
    "show_config",
    "sigmoid",
]

if os.environ.get("FASTGD_ISA"):
    _core.set_isa(os.environ["FASTGD_ISA"])


def __getattr__(name):
    if name == "reference":
        return importlib.import_module(".reference", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
