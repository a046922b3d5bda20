"""``fastgd bench``: fastgd beside plain NumPy, in the same run, on this machine.

Times of two programs mean something only side by side, and against what the machine can do.
So every call alternates with its counterpart from `fastgd.reference` and with *one read*: the
sum of the matrix taken as integers, on one thread, which is about as fast as memory (or the
cache, for small matrices) delivers it.  Of each the fastest run counts.  Accuracy stands
beside speed: what a fit's cost lies above the best one known.
"""

import json
import math
import os
import platform
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import fastgd

from . import _core, arguments, reference
from .errors import DataError

QUICK = (100, 4), (569, 30), (10_000, 20)
SIZES = *QUICK, (100_000, 20), (200_000, 54), (2_000_000, 20)


# --- measuring -------------------------------------------------------------------


def fastest(*calls, seconds=0.5, settle=0.0):
    """Time the calls in turn, again and again; return the shortest time of each.

    Parameters
    ----------
    *calls : callable
        Each without arguments.
    seconds : float
        How long to go on; calls that last longer than that run once or twice.
    settle : float
        Seconds to wait before each turn: the threads of a BLAS go on spinning for tenths
        of a second after a product, and would take a processor from whoever comes next.

    Returns
    -------
    list of float
        Seconds.
    """
    best = [math.inf] * len(calls)
    begun = time.perf_counter()
    rounds = passed = 0
    while passed < seconds or (rounds < 2 and passed < 4 * seconds):
        for k, call in enumerate(calls):
            # a short call is timed many times over between two looks at the others
            repeats = 1 if best[k] > 1e-3 else max(3, min(1000, int(2e-3 / best[k])))
            time.sleep(settle)
            for _ in range(repeats):
                begin = time.perf_counter()
                call()
                best[k] = min(best[k], time.perf_counter() - begin)
        rounds += 1
        passed = time.perf_counter() - begun
    return best


def as_integers(array):
    """Return the memory of a contiguous array (either order) as one row of int64."""
    flat = (array if array.flags.c_contiguous else array.T).reshape(-1).view(np.uint8)
    return flat[: len(flat) // 8 * 8].view(np.int64)


def plain_read(*arrays, threads=1):
    """Return a callable that reads the arrays once, each thread its share."""
    views = [as_integers(array) for array in arrays]
    if threads == 1:
        return lambda: [view.sum() for view in views]
    parts = [part for view in views for part in np.array_split(view, threads)]
    pool = ThreadPoolExecutor(threads)
    return lambda: list(pool.map(np.sum, parts))


def machine(n_threads=None):
    """Return what the figures depend on: processor, instruction set, threads, memory speed.

    Parameters
    ----------
    n_threads : int, optional
        Threads that fastgd is to use; all by default.

    Returns
    -------
    dict
        Names, and the speed of a plain read in bytes per second on one and on two threads.
    """
    processor = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [
                line.split(":", 1)[1].strip() for line in file if line.startswith("model name")
            ]
        processor = names[0] if names else processor
    block = np.ones(2**25)  # 256 MiB: beyond any cache
    one, two = fastest(plain_read(block), plain_read(block, threads=2), seconds=0.5)
    return {
        "processor": processor,
        "processors": _core.processors(),
        "instruction_set": _core.isa(),
        "threads": n_threads or _core.processors(),
        "read_one_thread": block.nbytes / one,
        "read_two_threads": block.nbytes / two,
        "fastgd": fastgd.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def machine_text(facts):
    """Return the machine's description in two lines."""
    return (
        f"{facts['processor']}, {facts['processors']} processors, instruction set "
        f"{facts['instruction_set']}, {facts['threads']} threads; plain read "
        f"{facts['read_one_thread'] / 1e9:.1f} GB/s on one thread, "
        f"{facts['read_two_threads'] / 1e9:.1f} GB/s on two\n"
        f"fastgd {facts['fastgd']}, NumPy {facts['numpy']}, Python {facts['python']}, "
        f"{facts['system']}"
    )


# --- showing ---------------------------------------------------------------------


def duration(seconds):
    """Return a time with three digits and its unit."""
    unit, size = next(
        ((unit, size) for unit, size in (("s", 1), ("ms", 1e-3)) if seconds >= size), ("µs", 1e-6)
    )
    return f"{seconds / size:.3g} {unit}"


def markdown(header, rows):
    """Return an aligned Markdown table; cells are strings."""
    widths = [max(len(row[k]) for row in [header, *rows]) for k in range(len(header))]

    def line(cells):
        return "| " + " | ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)) + " |"

    rule = "|" + "|".join("-" * (w + 2) for w in widths) + "|"
    return "\n".join([line(header), rule, *map(line, rows)])


def row_cells(row):
    """Return one measurement as the cells of the table."""
    return [
        row["problem"],
        row["what"],
        duration(row["fastgd"]),
        duration(row["reference"]),
        f"{row['reference'] / row['fastgd']:.1f}",
        f"{row['fastgd'] / row['read']:.3g}",
        f"{row['excess']:.1e}",
        f"{row['reference_excess']:.1e}",
    ]


HEADER = ["problem", "what", "fastgd", "NumPy", "times faster", "reads", "J - J*", "NumPy's"]


def import_figure():
    """Return matplotlib's Figure, or say what to install."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ModuleNotFoundError(
            "--plot needs matplotlib: pip install 'fastgd[plot]'", name="matplotlib"
        ) from None
    return Figure


def draw(rows, path):
    """Draw the times of all measurements side by side, into a file."""
    figure = import_figure()(figsize=(9, 0.8 + 0.42 * len(rows)), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(rows))[::-1]
    for key, shift, color in (("reference", -0.19, "0.65"), ("fastgd", 0.19, "C0")):
        label = "NumPy" if key == "reference" else "fastgd"
        times = [row[key] for row in rows]
        axes.barh(places + shift, times, 0.36, color=color, label=label)
    axes.scatter([row["read"] for row in rows], places, marker="|", color="k", label="one read")
    axes.set_xscale("log")
    axes.set_yticks(places, [f"{row['problem']}  {row['what']}" for row in rows])
    axes.set_xlabel("seconds")
    axes.legend()
    figure.savefig(path)


# --- what is measured ------------------------------------------------------------


def synthetic(n, d):
    """Return correlated columns and noisy classes, shapes (n, d) and (n,)."""
    rng = np.random.default_rng([n, d])
    mix = np.eye(d) + 0.3 * rng.standard_normal((d, d)) / np.sqrt(d)
    X = np.empty((n, d))
    for start in range(0, n, 65536):  # so that no copy of X is needed
        part = X[start : start + 65536]
        part[...] = rng.standard_normal(part.shape) @ mix
    p = reference.sigmoid(X @ rng.standard_normal(d) / np.sqrt(d))
    return X, (rng.random(n) < p).astype(float)


def from_file(path, target, several=False):
    """Return matrix and labels of an ``.npz`` file or a CSV or Parquet file.

    The arrays of an ``.npz`` file are X and y; of CSR data they are data, indices, indptr,
    shape and y.  With `several`, they may have more than two classes, numbered from 0.
    """
    if path.endswith(".npz"):
        with np.load(path) as data:
            sparse = "indptr" in data
            wanted = ("data", "indices", "indptr", "shape", "y") if sparse else ("X", "y")
            missing = [name for name in wanted if name not in data]
            if missing:
                raise DataError(
                    f"--data {path}: no array {missing[0]}; wanted {' and '.join(wanted)}"
                )
            y = data["y"]
            if sparse:
                import scipy.sparse

                parts = tuple(data[name] for name in wanted[:3])
                X = scipy.sparse.csr_matrix(parts, shape=tuple(data["shape"]))
            else:
                X = data["X"]
        classes, code = np.unique(y, return_inverse=True)
        if len(classes) < 2 or (len(classes) > 2 and not several):
            wanted = "two or more" if several else "2"
            raise DataError(f"--data {path}: y has {len(classes)} classes; wanted {wanted}")
        return X.astype(np.float64), code.astype(float)
    if target is None:
        raise DataError(f"--data {path}: --target COLUMN is needed for a CSV or Parquet file")
    from . import coding, files, targets

    table = files.read(path)
    column = targets.read_target(table, target)
    found = len(column.classes or "01")
    if found > 2 and not several:
        raise DataError(f"--data {path}: {target!r} has {found} classes; wanted 2")
    learned = coding.learn(table, target, column.rows, column.rows)
    return learned.design(table, column.rows), column.values[column.rows].astype(float)


def measure(name, X, y, *, n_threads=None, seconds=0.5):
    """Measure one pass, gradient descent and a whole fit on one problem.

    Parameters
    ----------
    name : str
        What to call the problem.
    X : numpy.ndarray, shape (n, d)
        Data.
    y : numpy.ndarray, shape (n,)
        Zeros and ones.
    n_threads : int, optional
        Threads for fastgd.
    seconds : float
        How long each measurement may repeat.

    Returns
    -------
    list of dict
        For each: problem, what, seconds (fastgd, reference, read), and what the cost lies above
        the best known (excess, reference_excess); for the pass, the difference of the costs.
    """
    n, d = X.shape
    l2 = X.var(axis=0) / n  # 1/n on standardised columns
    w = np.random.default_rng(0).standard_normal(d) / np.sqrt((X**2).sum(axis=0) / n + 1) / d
    read = plain_read(X)

    def compare(what, ours, theirs, excess):
        times = fastest(ours, theirs, read, seconds=seconds)
        names = "fastgd", "reference", "read", "excess", "reference_excess"
        return {"problem": name, "what": what, **dict(zip(names, [*times, *excess], strict=True))}

    def one_pass():
        return fastgd.cost_and_gradient(X, y, w, 0.1, l2=l2, n_threads=n_threads)

    def reference_pass():
        return reference.cost_and_gradient(X, y, w, 0.1, l2=l2)

    # a step that a bound on the curvature allows, the same for both
    rate = 4 / (np.sum(X**2) / n + 1 + 4 * l2.max())
    start = np.zeros(d), 0.0

    def descent():
        return fastgd.fit(
            X, y, l2=l2, solver="gd", learning_rate=rate, max_iter=100, init=start,
            n_threads=n_threads,
        )  # fmt: skip

    def reference_descent():
        return reference.fit(X, y, l2=l2, learning_rate=rate, n_iter=100, init=start)

    def newton():
        return fastgd.fit(X, y, l2=l2, n_threads=n_threads)

    def reference_newton():
        return reference.fit_newton(X, y, l2=l2)

    def cost(model):
        return reference.cost(X, y, model.coef, model.intercept, l2=l2)

    costs = [cost(f()) for f in (descent, reference_descent, newton, reference_newton)]
    costs = np.array(costs) - min(costs)
    difference = abs(one_pass()[0] - reference_pass()[0])
    return [
        compare("cost_and_gradient", one_pass, reference_pass, (difference, 0.0)),
        compare("gd, 100 steps", descent, reference_descent, costs[:2]),
        compare("fit to the optimum", newton, reference_newton, costs[2:]),
    ]


# --- the command -----------------------------------------------------------------


def add_arguments(parser):
    """Add the options of ``fastgd bench`` to an argparse parser."""
    positive = arguments.number("a number above 0", lambda value: value > 0)
    parser.add_argument("--quick", action="store_true", help="small sizes only, in a few seconds")
    parser.add_argument(
        "--data",
        metavar="FILE",
        nargs="+",
        help="measure on these files too (with --peers: only): .npz with X and y, or CSV",
    )
    parser.add_argument("--target", metavar="COLUMN", help="the column to predict, for a table")
    parser.add_argument(
        "--threads", type=arguments.whole(1), metavar="N", help="threads (default: all)"
    )
    parser.add_argument("--json", action="store_true", help="write one JSON object, not a table")
    parser.add_argument("--plot", metavar="FILE", help="draw the times into this file as well")
    peers = parser.add_argument_group("fastgd beside other packages")
    peers.add_argument(
        "--peers",
        action="store_true",
        help="measure time and J - J* of every package installed that fits the same model; "
        "an .npz file may hold CSR data: data, indices, indptr, shape and y",
    )
    peers.add_argument("--standardize", action="store_true", help="scale the columns of --data")
    peers.add_argument("--C", type=positive, default=1.0, help="penalty 1/(C n) (default: 1)")
    peers.add_argument(
        "--seconds",
        type=positive,
        default=60.0,
        metavar="S",
        help="a contender whose next fit would take longer stops (default: 60)",
    )


def run(args):
    """Run ``fastgd bench`` with parsed arguments; return the exit code."""
    given = [(path, *from_file(path, args.target)) for path in args.data or []]
    for path, X, _ in given:
        if not isinstance(X, np.ndarray):
            raise DataError(f"--data {path}: CSR data are for --peers")
    facts = machine(args.threads)
    rows = []
    options = {"n_threads": args.threads, "seconds": 0.1 if args.quick else 1.0}
    with warnings.catch_warnings():  # a hundred steps of gradient descent are no solution
        warnings.simplefilter("ignore", fastgd.ConvergenceWarning)
        for n, d in QUICK if args.quick else SIZES:
            rows += measure(f"{n} x {d}", *synthetic(n, d), **options)
        for path, X, y in given:
            name = "{} ({} x {})".format(os.path.basename(path), *X.shape)
            rows += measure(name, X, y, **options)
    if args.plot:
        draw(rows, args.plot)
    if args.json:
        print(json.dumps({"machine": facts, "rows": rows}, indent=2))
        return 0
    print(machine_text(facts), end="\n\n")
    print(markdown(HEADER, list(map(row_cells, rows))), end="\n\n")
    print(
        "reads: time in plain reads of X on one thread. J - J*: what the cost lies above the\n"
        "best one found (for cost_and_gradient: the difference between the two)."
    )
    return 0
