"""Loads scikit-learn's test_logistic.py with fastgd's estimators in place of its own."""

import functools
import importlib.util
import sys
from pathlib import Path

import sklearn
import sklearn.linear_model

import fastgd

VERSION = "1.9"  # the one whose tests and whose list these are

REASONS = {
    "array-api": "array API",
    "l1": "L1 and elastic net: refused, and that is asserted in test_estimators.py",
    "liblinear": "liblinear's penalised intercept, and its dual problem",
    "path": "_logistic_regression_path, a function of scikit-learn's own",
    "message": "the text of a message",
    "n-jobs": "n_jobs, which means threads here",
    "callbacks": "callbacks tied to lbfgs",
}


def read_list():
    """{test: reason}; a line is a test's name, with its parameters or without, and a reason."""
    found = {}
    text = Path(__file__).with_name("sklearn_deselected.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, reason = line.rsplit(maxsplit=1)
            found[name] = reason
    return found


DESELECTED = read_list()


def here():
    """Whether the list is for the scikit-learn that is installed."""
    return sklearn.__version__.startswith(VERSION + ".")


def is_deselected(name):
    return name in DESELECTED or name.partition("[")[0] in DESELECTED


@functools.cache
def ours():
    """The module, which has imported our classes under the names of scikit-learn's."""
    spec = importlib.util.find_spec("sklearn.linear_model.tests.test_logistic")
    spec = importlib.util.spec_from_file_location("sklearn_test_logistic", spec.origin)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    names = ("LogisticRegression", "LogisticRegressionCV")
    theirs = {name: getattr(sklearn.linear_model, name) for name in names}
    try:
        for name in names:
            setattr(sklearn.linear_model, name, getattr(fastgd, name))
        spec.loader.exec_module(module)
    finally:
        for name, estimator in theirs.items():
            setattr(sklearn.linear_model, name, estimator)
    return module
