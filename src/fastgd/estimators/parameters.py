"""The parameters: what they may be, and what scikit-learn's names mean here."""

import inspect
import warnings
from numbers import Integral, Real

import numpy as np
import sklearn
from sklearn.utils._param_validation import (
    Hidden,
    Interval,
    StrOptions,
    validate_parameter_constraints,
)

# scikit-learn's names of solvers, and who solves here.
SOLVERS = {
    "auto": "auto",
    "lbfgs": "lbfgs",
    "liblinear": "auto",
    "newton-cg": "newton",
    "newton-cholesky": "newton",
    "sag": "auto",
    "saga": "auto",
}
WIDE = 2000  # from so many coefficients on "newton-cg" forms no Hessian
NARROW = ("liblinear", "sag", "saga")  # refuse CSR with indices of 64 bits, as in scikit-learn

CONSTRAINTS = {
    "penalty": [
        StrOptions({"l1", "l2", "elasticnet"}),
        None,
        Hidden(StrOptions({"deprecated"})),
    ],
    "C": [Interval(Real, 0, None, closed="right")],
    "l1_ratio": [Interval(Real, 0, 1, closed="both"), None],
    "dual": ["boolean"],
    "tol": [Interval(Real, 0, None, closed="left")],
    "fit_intercept": ["boolean"],
    "intercept_scaling": [Interval(Real, 0, None, closed="neither")],
    "class_weight": [dict, StrOptions({"balanced"}), None],
    "random_state": ["random_state"],
    "solver": [StrOptions(set(SOLVERS))],
    "max_iter": [Interval(Integral, 0, None, closed="left"), None],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "n_jobs": [None, Integral],
    "l2": [Interval(Real, 0, None, closed="left"), "array-like", None],
}


def check(estimator):
    """Refuse what cannot be done. What stands at its default is not looked at."""
    changed = {
        name: value
        for name, default in defaults(type(estimator)).items()
        if (value := getattr(estimator, name)) is not default
    }
    if not changed:
        return
    if not sklearn.get_config()["skip_parameter_validation"]:
        validate_parameter_constraints(
            estimator._parameter_constraints, changed, caller_name=type(estimator).__name__
        )
    if estimator.dual:
        raise ValueError(
            f"Solver {estimator.solver} supports only dual=False, got dual=True: fastgd solves the "
            "primal problem, whose optimum is the same"
        )
    if estimator.intercept_scaling != 1:
        raise ValueError(
            f"intercept_scaling must be 1, got {estimator.intercept_scaling}: no solver of fastgd "
            "penalises the intercept, so there is nothing to make up for"
        )


def defaults(cls, known={}):  # noqa: B006  a cache
    if cls not in known:
        known[cls] = {
            name: parameter.default
            for name, parameter in inspect.signature(cls.__init__).parameters.items()
            if name != "self"
        }
    return known[cls]


def translated_penalty(penalty, C, l1_ratio, name, c_name):
    """C, with scikit-learn's former parameter `penalty` in it. `l1_ratio` is a number or None."""
    if penalty == "deprecated":
        if l1_ratio is None:
            warnings.warn(
                f"'{name}=None' was deprecated in version 1.8 of scikit-learn, whose 1.10 refuses "
                "it; 0 means the same",
                FutureWarning,
                stacklevel=4,
            )
        share = l1_ratio or 0.0
    else:
        warnings.warn(
            "'penalty' was deprecated in version 1.8 of scikit-learn, whose 1.10 has none: instead "
            f"of 'l2', 'l1' and 'elasticnet' give {name} 0, 1 or what lies between, instead of "
            f"None give {c_name} np.inf",
            FutureWarning,
            stacklevel=4,
        )
        if penalty == "elasticnet" and l1_ratio is None:
            raise ValueError(f"{name} must be given with penalty='elasticnet', got None")
        if penalty != "elasticnet" and l1_ratio is not None and 0 < l1_ratio < 1:
            warnings.warn(
                f"l1_ratio parameter is only used when penalty is 'elasticnet'. Got "
                f"(penalty={penalty})",
                stacklevel=4,
            )
        if (penalty == "l2" and l1_ratio != 0) or (penalty == "l1" and l1_ratio != 1):
            warnings.warn(
                f"Inconsistent values: penalty={penalty} with {name}={l1_ratio}; penalty counts",
                stacklevel=4,
            )
        if penalty is None:
            if C != 1.0:
                warnings.warn(
                    f"Setting penalty=None will ignore the C that was given ({C})", stacklevel=4
                )
            C = np.inf
        share = {"l1": 1.0, "elasticnet": l1_ratio}.get(penalty, 0.0)
    if share > 0:
        got = f"penalty={penalty!r}" if penalty == "l1" else f"{name}={share:g}"
        raise ValueError(
            f"fastgd has no L1 penalty yet, got {got}: leave {name} at 0, or use "
            "scikit-learn's estimator with solver='saga'"
        )
    return C
