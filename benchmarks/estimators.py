"""Cross-validation, prediction and inference: what is promised, beside who does the same.

    python benchmarks/estimators.py                        all rows, as a Markdown table
    python benchmarks/estimators.py --list                 the names of the groups of rows
    python benchmarks/estimators.py folds predict          some of them
    python benchmarks/estimators.py folds FILE.npz ...     folds of other data too, X and y

Columns are standardised for the folds.  Peers run once each; sag and saga are left out.
"""

import sys
import warnings

import numpy as np
import problems
from compare import Row, main

import fastgd
from fastgd import bench, peers
from fastgd.bench import duration, fastest, plain_read


def folds():
    """10 penalties x 5 folds, and the refit."""
    yield from folds_of("200000 x 54", *problems.tall())
    for file in FILES:
        X, y = bench.from_file(file, None)
        yield from folds_of("{} {} x {}".format(file.rpartition("/")[2], *X.shape), X, y)


def folds_of(what, X, y):
    from sklearn.linear_model import LogisticRegressionCV

    options = {"Cs": 10, "cv": 5, "scoring": "neg_log_loss", "l1_ratios": (0.0,)}
    X = peers.standardized(X)

    def theirs(**more):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return LogisticRegressionCV(use_legacy_attributes=False, **options, **more).fit(X, y)

    def once(**more):
        (time,) = fastest(lambda: theirs(**more), seconds=1e-3)
        return time

    exact = theirs(solver="newton-cholesky", tol=1e-12, max_iter=1000)
    ours = fastgd.LogisticRegressionCV(**options).fit(X, y)
    (time,) = fastest(lambda: fastgd.LogisticRegressionCV(**options).fit(X, y), seconds=2)
    other = once()
    off = np.abs(ours.scores_ - exact.scores_).max()
    same = "the same" if ours.C_ == exact.C_ else "another"
    yield Row(
        f"folds, {what}, against scikit-learn's default", other / time, 15, "{:.1f} times",
        at_least=True,
        note=f"{duration(time)} and {duration(other)}; scores within {off:.0e}, {same} C_",
    )  # fmt: skip
    times = {name: once(solver=name) for name in ("newton-cholesky", "newton-cg", "liblinear")}
    best = min(times, key=times.get)
    yield Row(
        f"folds, {what}, against its fastest solver", times[best] / time, 5, "{:.1f} times",
        at_least=True, note=f"{best}, {duration(times[best])}",
    )  # fmt: skip


def overhead():
    """What the estimator takes beside the fit."""
    X, y = bench.synthetic(500, 50)
    model = fastgd.LogisticRegression()
    alone, within = fastest(
        lambda: fastgd.fit(X, y, l2=1 / len(y)), lambda: model.fit(X, y), seconds=2
    )
    more = 1e6 * (within - alone)
    yield Row("estimator over fit, 500 x 50", more, 150, "{:.0f} µs", note=duration(alone))


def predict():
    X, y = bench.synthetic(500, 50)
    fit, model = fastgd.fit(X, y, l2=1 / len(y)), fastgd.LogisticRegression().fit(X, y)
    row = X[:1]
    for what, one, limit in ("result", fit, 5.0), ("estimator", model, 15.0):
        (time,) = fastest(lambda one=one: one.predict_proba(row), seconds=0.5)
        yield Row(f"predict_proba of one row, {what}", 1e6 * time, limit, "{:.1f} µs")
    X, y = bench.synthetic(1_000_000, 50)
    fit = fastgd.fit(X, y, l2=1 / len(y))
    time, read = fastest(lambda: fit.predict_proba(X), plain_read(X), seconds=2)
    yield Row("predict_proba, 1000000 x 50", time / read, 1.2, note=duration(time))


def inference():
    import statsmodels.api

    X, y = problems.tall()
    design = statsmodels.api.add_constant(X)

    def theirs():
        return str(statsmodels.api.Logit(y, design).fit(disp=0).summary())

    def ours():
        return str(fastgd.fit(X, y).summary(X, y))

    # the threads of a BLAS spin on for a while
    time, other = fastest(ours, theirs, seconds=5, settle=0.5)
    yield Row(
        "fit and printed summary, 200000 x 54, against statsmodels' Logit", other / time, 20,
        "{:.1f} times", at_least=True, note=f"{duration(time)} and {duration(other)}",
    )  # fmt: skip


GROUPS = {f.__name__: f for f in (folds, overhead, predict, inference)}
FILES = [name for name in sys.argv[1:] if name.endswith(".npz")]

if __name__ == "__main__":
    sys.argv = [name for name in sys.argv if name not in FILES]
    sys.exit(main(GROUPS, __doc__))
