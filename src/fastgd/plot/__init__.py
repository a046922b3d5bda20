"""Pictures of fits, of what they predict, and of the lecture; needs matplotlib once one is drawn.

Names only: each is imported when it is first asked for, and matplotlib when something is drawn.
"""

import importlib

_HOMES = {  # name: the module it lives in
    "CalibrationDisplay": "displays",
    "CoefficientsDisplay": "displays",
    "ConvergenceDisplay": "displays",
    "DecisionBoundaryDisplay": "displays",
    "PathDisplay": "displays",
    "PrecisionRecallDisplay": "displays",
    "RocCurveDisplay": "displays",
    # the lecture
    "Animation": "animation",
    "boundaries": "lecture.boundary",
    "computation_graph": "lecture.graph",
    "contour": "lecture.descents",
    "convergence": "lecture.training",
    "cost_curves": "lecture.costs",
    "cost_surfaces": "lecture.costs",
    "derivative": "lecture.slopes",
    "difference_error": "lecture.slopes",
    "FontWarning": "fonts",
    "hillside": "lecture.gradients",
    "language": "words",
    "learning_curve": "lecture.training",
    "learning_rates": "lecture.descents",
    "legs": "lecture.gradients",
    "moving_boundary": "lecture.boundary",
    "Picture": "picture",
    "polar": "lecture.gradients",
    "secants": "lecture.slopes",
    "strict": "fonts",
    "surface": "lecture.descents",
}
_MODULES = ("curves", "displays", "style")

__all__ = [*sorted(_HOMES), *_MODULES]


def __getattr__(name):
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name in _HOMES:
        return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
