"""Who else fits logistic regression with an L2 penalty, and how each is asked for the same model.

A function here takes a solver's name and the data, prepares what its package wants and returns a
fit: from a rung of the contender's ladder to coefficients, intercept and, if there is a
certificate, the gap.  Packages are imported inside: none of them need be installed.
"""

import contextlib
import importlib.metadata
import math
from typing import NamedTuple

import numpy as np
import scipy.sparse

import fastgd

ITERATIONS = sorted({round(2 ** (k / 2)) for k in range(41)})
TOLERANCES = [10 ** (-k / 2) for k in range(2, 27)]


def _fastgd(solver, X, y, l2, threads):
    def fit(tol):
        found = fastgd.fit(X, y, l2=l2, solver=solver or "auto", tol=tol, n_threads=threads)
        return found.coef, found.intercept, found.gap

    return fit


def _estimator(make):
    """Turn a function that makes an estimator in scikit-learn's manner into one as above."""

    def prepare(solver, X, y, l2, threads):
        def fit(rung):
            found = make(solver, rung, l2, y, threads).fit(X, y)
            if y.max() > 1:
                coef = np.asarray(found.coef_)
                across = coef.shape[1] != X.shape[1]  # cyanure's are: a column for each class
                return coef.T if across else coef, np.ravel(found.intercept_)
            return np.ravel(found.coef_), np.ravel(found.intercept_)[0]

        return fit

    return prepare


@_estimator
def _sklearn(solver, rung, l2, y, threads):
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(
        C=1 / (l2 * len(y)), solver=solver, tol=1e-16, max_iter=rung, random_state=0
    )


@_estimator
def _sklearnex(solver, rung, l2, y, threads):
    from sklearnex.linear_model import LogisticRegression

    return LogisticRegression(C=1 / (l2 * len(y)), solver=solver, tol=1e-16, max_iter=rung)


@_estimator
def _glum(solver, rung, l2, y, threads):
    from glum import GeneralizedLinearRegressor

    return GeneralizedLinearRegressor(
        family="binomial", alpha=l2, solver=solver, max_iter=rung, gradient_tol=1e-16
    )


@_estimator
def _cyanure(solver, rung, l2, y, threads):
    from cyanure.estimators import Classifier

    return Classifier(
        loss="multiclass-logistic" if y.max() > 1 else "logistic", penalty="l2", lambda_1=l2,
        solver=solver, max_iter=rung, tol=1e-16, n_threads=threads, verbose=False,
    )  # fmt: skip


@_estimator
def _skglm(solver, rung, l2, y, threads):
    from skglm import GeneralizedLinearEstimator, datafits, penalties, solvers

    # all columns at once: without an L1 penalty there is no working set to look for
    inner = {"max_pn_iter": 1} if solver == "ProxNewton" else {"max_epochs": 10}
    climber = getattr(solvers, solver)(p0=10**9, max_iter=rung, tol=1e-16, **inner)
    return GeneralizedLinearEstimator(datafits.Logistic(), penalties.L1_plus_L2(l2, 0.0), climber)


def _liblinear(solver, X, y, l2, threads):
    from liblinear import liblinear, liblinearutil

    # its cost is ours times C n; -R leaves the intercept, here a column of ones, free
    problem = liblinear.problem(y, X, bias=1)
    options = f"-s 0 -c {1 / (l2 * len(y))!r} -B 1 -R -q"

    def fit(tol):
        model = liblinearutil.train(problem, f"{options} -e {tol!r}")
        w = np.ctypeslib.as_array(model.w, (X.shape[1] + 1,)) * (2 * model.get_labels()[0] - 1)
        return w[:-1], w[-1]

    return fit


def _statsmodels(solver, X, y, l2, threads):
    from statsmodels.base._penalized import PenalizedMixin
    from statsmodels.base._penalties import L2
    from statsmodels.discrete.discrete_model import Logit

    class Penalized(PenalizedMixin, Logit):
        pass

    n, d = X.shape
    ridge = L2(np.r_[np.full(d, l2 / 2), 0.0])
    X = np.hstack([X, np.ones((n, 1))])
    model = Penalized(y, X, penal=ridge, pen_weight=n)

    def fit(rung):
        w = model.fit(
            method=solver, maxiter=rung, start_params=np.zeros(d + 1), disp=0,
            skip_hessian=True, warn_convergence=False,
        ).params  # fmt: skip
        return w[:-1], w[-1]

    return fit


class Contender(NamedTuple):
    package: str  # as it is installed
    solver: str
    prepare: object
    layouts: tuple  # that it accepts
    ladder: list = ITERATIONS
    several: bool = False  # whether it fits more than two classes by their cross-entropy

    @property
    def name(self):
        return f"{self.package} {self.solver}".strip()


_ANY = "C", "F", "csr"
_ROWS = "C", "csr"
_COLUMNS = "F", "csc"
_TABMAT = "C", "F", "csc", "split"
CONTENDERS = [
    Contender("fastgd", "", _fastgd, ("as it is",), TOLERANCES, several=True),
    Contender("scikit-learn", "lbfgs", _sklearn, _ANY, several=True),
    Contender("scikit-learn", "newton-cg", _sklearn, _ANY, several=True),
    Contender("scikit-learn", "newton-cholesky", _sklearn, _ANY, several=True),
    Contender("scikit-learn", "sag", _sklearn, _ROWS, several=True),
    Contender("scikit-learn", "saga", _sklearn, _ROWS, several=True),
    Contender("scikit-learn-intelex", "lbfgs", _sklearnex, _ANY, several=True),
    Contender("glum", "irls-ls", _glum, _TABMAT),
    Contender("glum", "lbfgs", _glum, _TABMAT),
    Contender("liblinear-official", "", _liblinear, ("csr",), TOLERANCES),
    Contender("cyanure", "auto", _cyanure, _ROWS, several=True),
    Contender("cyanure", "qning-miso", _cyanure, _ROWS, several=True),
    Contender("statsmodels", "newton", _statsmodels, ("C",)),
    Contender("statsmodels", "lbfgs", _statsmodels, ("C",)),
    Contender("skglm", "ProxNewton", _skglm, _COLUMNS),
    Contender("skglm", "AndersonCD", _skglm, _COLUMNS),
]


def version(package):
    """Return the version of an installed package, or None."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def convert(X, layout):
    """Return X, dense or CSR, in one of the layouts named above."""
    if layout == "as it is":
        return X
    if layout == "split":  # glum's own: nearly empty columns sparse, the others dense
        import tabmat

        return tabmat.from_csc(scipy.sparse.csc_matrix(X), threshold=0.1)
    if layout in ("csr", "csc"):
        return getattr(scipy.sparse, f"{layout}_matrix")(X)
    return np.asarray(X.toarray() if scipy.sparse.issparse(X) else X, order=layout)


def sensible(layouts, X):
    """Return those layouts that someone might prefer for a matrix filled like this one."""
    filled = (X.nnz if scipy.sparse.issparse(X) else np.count_nonzero(X)) / math.prod(X.shape)
    kept = [k for k in layouts if (filled >= 0.02 if k in "CF" else filled <= 0.5)]
    return kept or layouts[:1]


@contextlib.contextmanager
def limited(count):
    """Hold the pools of libraries already loaded to so many threads."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(ImportError):
            from threadpoolctl import threadpool_limits

            stack.enter_context(threadpool_limits(count))
        with contextlib.suppress(ImportError):
            from daal4py import daalinit

            daalinit(count)
        yield
