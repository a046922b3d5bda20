"""Every figure that fastgd promises, measured as a ratio within one run.

    python benchmarks/compare.py              all rows, as a Markdown table
    python benchmarks/compare.py --list       the names of the groups of rows
    python benchmarks/compare.py gram csr     some of them

No more than 4 GiB of memory are needed at a time.
"""

import argparse
import re
import subprocess
import sys
import warnings
from typing import NamedTuple

import contenders
import numpy as np
import problems
import scipy.linalg.lapack
from threadpoolctl import threadpool_limits

import fastgd
from fastgd import _core, reference
from fastgd.bench import duration, fastest, machine, machine_text, markdown, plain_read


class Row(NamedTuple):
    """One line of the table; `reached` compares `value` with `wanted`."""

    what: str
    value: float
    wanted: float
    form: str = "{:.2f} reads"
    at_least: bool = False
    note: str = ""

    @property
    def reached(self):
        return self.value >= self.wanted if self.at_least else self.value <= self.wanted

    @property
    def cells(self):
        sign = "≥" if self.at_least else "≤"
        wanted = f"{sign} " + self.form.format(self.wanted)
        return [
            self.what, wanted, self.form.format(self.value), "yes" if self.reached else "no",
            self.note,
        ]  # fmt: skip


HEADER = ["what", "must reach", "measured", "reached", "beside it"]
TALL = (2_000_000, 54), (500_000, 200), (100_000, 1000)


# --- one pass --------------------------------------------------------------------


def one_pass(X, y, n_threads):
    """Return a call of cost_and_gradient at some point."""
    d = X.shape[1]
    w = np.random.default_rng(3).standard_normal(d) / np.sqrt(d)
    w /= 256 if X.dtype == np.uint8 else 1
    return lambda: fastgd.cost_and_gradient(X, y, w, 0.1, n_threads=n_threads)


def passes(shapes, order, limits):
    """Passes in reads; `limits` gives for d and each number of threads what must be reached."""
    for n, d in shapes:
        for dtype in "float64", "float32":
            X, y = problems.dense(n, d, dtype, order)
            two, one, read, read_two = fastest(
                one_pass(X, y, 2), one_pass(X, y, 1), plain_read(X), plain_read(X, threads=2),
                seconds=2,
            )  # fmt: skip
            for threads, time in ((2, two), (1, one)):
                if (limit := limits(d, threads)) is not None:
                    yield Row(
                        f"pass, {dtype}, {n} x {d}, {order} order, threads: {threads}",
                        time / read, limit,
                        note=f"{duration(time)}; plain read {duration(read)}, on two threads "
                        f"{duration(read_two)}",
                    )  # fmt: skip


def dense_c():
    yield from passes(TALL, "C", lambda d, threads: {2: 1.0, 1: 1.7}[threads])


def dense_f():
    yield from passes(TALL, "F", lambda d, threads: {2: 1.0 if d < 500 else 1.4}.get(threads))


def narrow():
    yield from passes([(4_000_000, 20)], "C", lambda d, threads: {2: 1.2}.get(threads))


def uint8():
    X, y = problems.dense(60_000, 784, "uint8")
    wide = X.astype(np.float32)
    times = fastest(one_pass(X, y, 2), one_pass(wide, y, 2), plain_read(X), seconds=2)
    yield Row(
        "pass, uint8, 60000 x 784, over float32", times[0] / times[1], 0.5, "{:.2f}",
        note=f"{duration(times[0])} and {duration(times[1])}; plain read {duration(times[2])}",
    )  # fmt: skip


def csr():
    for dtype in "float64", "float32":
        X, y = problems.sparse(dtype=dtype)
        call = one_pass(X, y, 2)
        read = plain_read(X.data, X.indices)
        time, read = fastest(call, read, seconds=2)
        yield Row(
            f"pass, CSR {dtype}, int32, 25000 x 45000, {X.nnz} entries", time / read, 4.0,
            note=f"{duration(time)}; plain read {duration(read)}",
        )  # fmt: skip


# --- Gram and Cholesky -----------------------------------------------------------


def gram():
    for dtype in "float64", "float32":
        A = problems.fill(np.empty((3000, 3000), dtype))
        for d in 30, 54, 100, 200:
            n = 40_000_000 // d // 10
            X, _ = problems.dense(n, d, dtype)
            q = np.random.default_rng(4).random(n)
            rows = np.flatnonzero(np.random.default_rng(5).random(n) < 0.5)
            part = q[rows].copy()
            calls = (
                lambda X=X, q=q: _core.bench_gram(X, q, None, 2),
                lambda X=X, part=part, rows=rows: _core.bench_gram(X, part, rows, 2),
            )
            whole, listed, product = fastest(*calls, lambda A=A: A @ A, seconds=5, settle=0.5)
            machine_rate = 2 * len(A) ** 3 / product
            for what, time, count in (("all", whole, n), ("half the", listed, len(rows))):
                rate = count * d**2 / time
                yield Row(
                    f"weighted Gram, {dtype}, d = {d}, {what} rows", 100 * rate / machine_rate, 60,
                    "{:.0f} % of A @ A", at_least=True,
                    note=f"{rate / 1e9:.0f} of {machine_rate / 1e9:.0f} GF/s (n d² flops)",
                )  # fmt: skip


def cholesky():
    n = 1000
    B = np.random.default_rng(6).standard_normal((n, n))
    A = B @ B.T + n * np.eye(n)
    F = np.asfortranarray(A)
    with threadpool_limits(1):
        ours, lapack, copy, tril = fastest(
            lambda: _core.bench_cholesky(A),
            lambda: scipy.linalg.lapack.dpotrf(F, lower=1, clean=0, overwrite_a=0),
            lambda: A.copy(), lambda: np.tril(A),
            seconds=2,
        )  # fmt: skip
    # both copy the matrix first; ours also clears the upper triangle afterwards
    ours, lapack = ours - copy - tril, lapack - copy
    assert np.allclose(_core.bench_cholesky(A), np.linalg.cholesky(A), rtol=1e-10, atol=1e-10)
    yield Row(
        f"Cholesky, d = {n}, one thread", 100 * lapack / ours, 50, "{:.0f} % of LAPACK's rate",
        at_least=True, note=f"{n**3 / 3 / ours / 1e9:.0f} of {n**3 / 3 / lapack / 1e9:.0f} GF/s",
    )  # fmt: skip


# --- against NumPy ---------------------------------------------------------------


def numpy_pass():
    for n, d in TALL:
        X, y = problems.dense(n, d)
        w = np.random.default_rng(3).standard_normal(d) / np.sqrt(d)
        ours, theirs = fastest(
            lambda X=X, y=y, w=w: fastgd.cost_and_gradient(X, y, w, 0.1),
            lambda X=X, y=y, w=w: reference.cost_and_gradient(X, y, w, 0.1),
            seconds=3, settle=0.5,
        )  # fmt: skip
        yield Row(
            f"pass, {n} x {d}, against NumPy", theirs / ours, 4.0 if d < 1000 else 1.8,
            "{:.1f} times", at_least=True, note=f"{duration(ours)} and {duration(theirs)}",
        )  # fmt: skip


def gd():
    X, y = problems.breast_cancer()
    start = np.zeros(30), 0.0

    def ours():
        return fastgd.fit(X, y, solver="gd", learning_rate=0.1, max_iter=1000, init=start)

    def theirs():
        return reference.fit(X, y, learning_rate=0.1, n_iter=1000, init=start)

    difference = np.abs(ours().coef - theirs().coef).max()
    fast, slow = fastest(ours, theirs, seconds=2, settle=0.5)
    yield Row(
        "gd, 1000 iterations, 569 x 30, against NumPy", slow / fast, 10, "{:.1f} times",
        at_least=True,
        note=f"{duration(fast)} and {duration(slow)}; coefficients differ by {difference:.0e}",
    )  # fmt: skip


# --- whole fits ------------------------------------------------------------------


def newton():
    X, y = problems.tall()
    n, d = X.shape
    l2 = 1 / n
    best = contenders.fastgd_fit(X, y, l2, tol=1e-13)
    tol = contenders.loosest(X, y, l2, "newton-cholesky", best, 1e-8 * best.null_cost)
    ours, theirs, read = fastest(
        lambda: contenders.fastgd_fit(X, y, l2),
        lambda: contenders.sklearn_fit(X, y, l2, tol=tol),
        plain_read(X),
        seconds=5, settle=0.5,
    )  # fmt: skip
    fit = contenders.fastgd_fit(X, y, l2)
    assert fit.converged
    peer = contenders.sklearn_fit(X, y, l2, tol=tol)
    above = contenders.excess(X, y, l2, [fit, peer, best])
    accuracy = f"J - J*: {above[0]:.0e} (certified {fit.gap:.0e}), {fit.n_passes} passes"
    yield Row(f"newton to gap <= 1e-8, {n} x {d}", ours / read, 40, note=accuracy)
    yield Row(
        f"newton, {n} x {d}, against scikit-learn's newton-cholesky", theirs / ours, 5,
        "{:.1f} times", at_least=True,
        note=f"{duration(ours)} and {duration(theirs)} (tol={tol:.0e}, J - J*: {above[1]:.0e})",
    )  # fmt: skip


def small():
    for (X, y), limit in ((problems.breast_cancer(), 400.0), (problems.tiny(), 60.0)):
        n, d = X.shape
        fit = fastgd.fit(X, y, l2=1 / n)
        assert fit.converged
        (time,) = fastest(lambda X=X, y=y, n=n: fastgd.fit(X, y, l2=1 / n), seconds=1)
        yield Row(f"fit, {n} x {d}, l2 = 1/n", 1e6 * time, limit, "{:.0f} µs", note=fit.message)
    X, y = problems.tiny(100)
    w = np.zeros(4)
    (time,) = fastest(lambda: fastgd.cost_and_gradient(X, y, w, 0.1), seconds=1)
    yield Row("cost_and_gradient, 100 x 4, a call", 1e6 * time, 3.0, "{:.2f} µs")


# --- memory ----------------------------------------------------------------------

PEAK = """
import re, numpy as np, fastgd, problems
def status(name):
    return 1024 * int(re.search(name + r":\\s+(\\d+)", open("/proc/self/status").read())[1])
X, y = problems.dense({n}, {d})
w = np.zeros({d})
def call(X, y, w):
    {call}
call(X[:50], y[:50], w)
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")
before = status("VmRSS")
call(X, y, w)
print(status("VmHWM") - before)
"""


def memory():
    calls = {
        "cost_and_gradient": "fastgd.cost_and_gradient(X, y, w, n_threads=2)",
        "fit": "fastgd.fit(X, y, l2=1e-3, n_threads=2)",
    }
    for n, d in (1_000_000, 54), (100_000, 500):
        for name, call in calls.items():
            code = PEAK.format(n=n, d=d, call=call)
            done = subprocess.run(
                [sys.executable, "-c", code], cwd=sys.path[0], capture_output=True, text=True,
                check=True,
            )  # fmt: skip
            allowed = 2**21 + 64 * 8 * d + (32 * n + 24 * d**2 if name == "fit" else 0)
            yield Row(
                f"memory of {name} beyond its inputs, {n} x {d}", int(done.stdout) / 2**20,
                allowed / 2**20, "{:.1f} MiB", note=f"X itself: {n * d * 8 / 2**20:.0f} MiB",
            )  # fmt: skip


GROUPS = {
    "dense-c": dense_c,
    "dense-f": dense_f,
    "narrow": narrow,
    "uint8": uint8,
    "csr": csr,
    "gram": gram,
    "cholesky": cholesky,
    "numpy": numpy_pass,
    "gd": gd,
    "newton": newton,
    "small": small,
    "memory": memory,
}


def main(groups, description):
    """Print the table of the groups named on the command line; return the exit code."""
    parser = argparse.ArgumentParser(description=re.split(r"\n\n", description)[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="groups of rows; default: all")
    parser.add_argument("--list", action="store_true", help="list the groups and stop")
    args = parser.parse_args()
    if args.list:
        print(*groups, sep="\n")
        return 0
    unknown = [name for name in args.names if name not in groups]
    if unknown:
        parser.error(f"no group {unknown[0]}; there are {', '.join(groups)}")
    warnings.simplefilter("ignore", fastgd.ConvergenceWarning)
    rows = []
    for name in args.names or groups:
        print(f"{name} ...", file=sys.stderr)
        rows += groups[name]()
    print(machine_text(machine()), end="\n\n")
    print(markdown(HEADER, [row.cells for row in rows]))
    return 0


if __name__ == "__main__":
    sys.exit(main(GROUPS, __doc__))
