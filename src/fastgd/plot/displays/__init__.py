"""Pictures of fits and of what they predict, in scikit-learn's Display convention.

Each display is made by a ``from_...`` class method, holds the numbers that it shows as attributes,
and draws itself by ``plot(ax=None)``, after which ``ax_`` and ``figure_`` are there. Results are
known by their attributes alone: whatever has them will do.
"""

from .boundary import DecisionBoundaryDisplay
from .classifiers import CalibrationDisplay, PrecisionRecallDisplay, RocCurveDisplay
from .coefficients import CoefficientsDisplay
from .convergence import ConvergenceDisplay
from .path import PathDisplay

__all__ = [
    "CalibrationDisplay",
    "CoefficientsDisplay",
    "ConvergenceDisplay",
    "DecisionBoundaryDisplay",
    "PathDisplay",
    "PrecisionRecallDisplay",
    "RocCurveDisplay",
]
