"""What the tests of estimators have in common: the classes, and data for them."""

import numpy as np
import sklearn
from sklearn.datasets import load_iris

import fastgd

LR, CV = fastgd.LogisticRegression, fastgd.LogisticRegressionCV
NEW = tuple(int(v) for v in sklearn.__version__.split(".")[:2]) >= (1, 9)
SOLVERS = ["auto", "lbfgs", "liblinear", "newton-cg", "newton-cholesky", "sag", "saga"]


def binary(n):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(n, 4))
    return X, (X[:, 0] - X[:, 1] + rng.logistic(size=n) > 0).astype(int)


def three_classes():
    X, y = load_iris(return_X_y=True)
    return np.ascontiguousarray(X), y
