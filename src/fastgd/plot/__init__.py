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
    "Animation": "training",
    "boundaries": "training",
    "computation_graph": "graph",
    "contour": "training",
    "convergence": "training",
    "cost_curves": "training",
    "cost_surfaces": "training",
    "derivative": "lecture",
    "difference_error": "lecture",
    "FontWarning": "fonts",
    "hillside": "lecture",
    "language": "words",
    "learning_curve": "training",
    "learning_rates": "training",
    "legs": "lecture",
    "moving_boundary": "training",
    "Picture": "picture",
    "polar": "lecture",
    "secants": "lecture",
    "strict": "fonts",
    "surface": "training",
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
