"""Whole fits at default settings on data made in place: what is promised, and what peers take.

    python benchmarks/fits.py              all rows, as a Markdown table
    python benchmarks/fits.py --list       the names of the groups of rows
    python benchmarks/fits.py tall probe   some of them

Penalty 1/n where nothing else is said.  Beside peers the time is that to (J - J*) / J* = 1e-6, or
1e-3 for `probe`, as in `fastgd bench --peers`; fastgd's includes the proof.
"""

import sys

import numpy as np
import problems
from compare import Row, main

import fastgd
from fastgd import bench, peers
from fastgd.bench import duration, fastest, plain_read


def timed(X, y, **options):
    """Return time, read and the fit."""
    l2 = 1 / len(y)
    fit = fastgd.fit(X, y, l2=l2, **options)
    time, read = fastest(lambda: fastgd.fit(X, y, l2=l2, **options), plain_read(X), seconds=2)
    return time, read, fit


def in_reads(what, X, y, limit):
    time, read, fit = timed(X, y)
    note = f"{duration(time)}; {fit.solver}, {fit.n_passes} passes, {fit.status}, gap {fit.gap:.0e}"
    return Row(f"fit, {what}", time / read, limit, "{:.1f} reads", note=note)


def tall():
    yield in_reads("200000 x 54, correlated", *problems.tall(), 15)


def near_separable():
    yield in_reads("490000 x 116, near-separable, raw", *problems.near_separable(), 70)


def million():
    X, y = bench.synthetic(1_000_000, 50)
    yield in_reads("1000000 x 50", X, y, 8)
    double, _, _ = timed(X, y)
    single, _, fit = timed(X.astype(np.float32), y)
    yield Row(
        "fit, 1000000 x 50, float32 against float64", double / single, 1.5, "{:.2f} times",
        at_least=True, note=f"{duration(single)}; {fit.status}, gap {fit.gap:.0e}",
    )  # fmt: skip


def growth():
    for name, make in ("smooth", bench.synthetic), ("one-hot", problems.levels):
        passes = []
        for n in 10**5, 10**6, 10**7:
            X, y = make(n, 20)
            fit = fastgd.fit(X, y, l2=1 / n)
            assert fit.converged
            passes.append(fit.n_passes)
        yield Row(
            f"passes, {name}, 1e5, 1e6, 1e7 x 20: spread", max(passes) - min(passes), 2, "{:.0f}",
            note=", ".join(map(str, passes)),
        )  # fmt: skip


def small():
    for (X, y), limit in (problems.breast_cancer(), 250.0), (problems.tiny(), 40.0):
        time, _, fit = timed(X, y)
        yield Row("fit, {} x {}".format(*X.shape), 1e6 * time, limit, "{:.0f} µs", note=fit.message)


# On more columns than rows one answer of theirs takes minutes.
SLOW = "scikit-learn sag", "scikit-learn saga"


def beside_peers(what, X, y, limit, target=1, C=1.0, names=None, seconds=20.0):
    """The fastest peer's time over fastgd's."""
    names = names or [c.name for c in peers.CONTENDERS if c.name not in SLOW]
    taking_part = [c for c in peers.CONTENDERS if c.name in names]
    found = peers.measure(what, X, y, C=C, seconds=seconds, contenders=taking_part)
    ours, *others = found["rows"]
    best = min(others, key=lambda row: peers._seconds(row, target))
    theirs, time = peers._seconds(best, target), peers._seconds(ours, target)
    note = f"{duration(time)}; {best['contender']} {duration(theirs)}"
    return Row(f"fit, {what}", theirs / time, limit, "{:.1f} times", at_least=True, note=note)


def wide():
    yield beside_peers("72 x 7129, expression", *problems.expression(), 4)


def wide_classes():
    for n, d, K in (72, 7129, 3), (200, 20_000, 5), (1000, 5000, 10):
        X, y = problems.expression_of_classes(n, d, K)
        yield beside_peers(f"{n} x {d}, {K} classes", X, y, 4)


def text():
    yield beside_peers("25000 x 45000, text, C = 10", *problems.text(), 4, C=10.0)


def clicks():
    X, y = problems.clicks()
    names = "fastgd", "scikit-learn newton-cg", "scikit-learn lbfgs", "liblinear-official"
    yield beside_peers("1000000 x 1000000, ten ones a row", X, y, 1, names=names, seconds=60.0)


def probe():
    X, y = problems.embeddings()
    names = "fastgd", "scikit-learn lbfgs"
    yield beside_peers("100000 x 768, 100 classes, float32", X, y, 8, 0, names=names, seconds=60.0)


GROUPS = {
    "tall": tall,
    "near-separable": near_separable,
    "million": million,
    "growth": growth,
    "small": small,
    "wide": wide,
    "wide-classes": wide_classes,
    "text": text,
    "clicks": clicks,
    "probe": probe,
}


if __name__ == "__main__":
    sys.exit(main(GROUPS, __doc__))
