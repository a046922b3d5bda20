"""``fastgd bench --peers``: fastgd beside the other packages that fit the same model.

All minimise the mean log loss (of more than two classes: the cross-entropy) and ``l2 / 2``
times the squared coefficients, ``l2 = 1 / (C n)``, the intercept free.  Each gets the data in
the layout it is fastest with, converted beforehand,
and climbs a ladder of iterations, or of tolerances where it counts none, up to the first rung
that comes as near the optimum as wanted: the time of that rung is what is compared, so that
nobody pays for digits that were not asked for.  fastgd alone must prove that it is there.
"""

import json
import math
import os
import time
import warnings
from functools import partial
from itertools import cycle, product
from operator import itemgetter

import numpy as np
import scipy.sparse

import fastgd

from . import bench
from . import threads as _threads
from .contenders import CONTENDERS, ITERATIONS, convert, limited, sensible, version

TARGETS = 1e-3, 1e-6  # of J - J*, relative to J*
NOTE = """\
Time (in brackets: in plain reads of X on one thread) until (J - J*) / J* is as small as the
column says, and how many times fastgd's, which includes the proof; '-': not within the limit."""
SIZES = (60, 4), (569, 30), (200_000, 54), (4000, 1000)


# --- measuring -------------------------------------------------------------------


def _climb(fit, ladder, judge, seconds):
    """Return a list of (rung, seconds, excess, claim), up to the last target or the limit."""
    path = []
    for rung in ladder:
        if path:
            growth = rung / path[-1][0] if ladder is ITERATIONS else 1
            stands_still = growth > 1 and {step[2] for step in path[-5:]} == {path[-1][2]}
            if path[-1][1] * growth > seconds or (stands_still and len(path) > 4):
                break
        begin = time.perf_counter()
        found = fit(rung)
        taken = time.perf_counter() - begin
        if taken < 0.05:
            taken = min(taken, *bench.fastest(partial(fit, rung), seconds=0.02))
        path.append((rung, taken, *judge(*found)))
        if path[-1][3] <= TARGETS[-1]:
            break
    return path


def _measure_one(contender, X, y, l2, threads, seconds, judge):
    """Return the layout of one contender, its path, and the first steps at each target."""
    ladder, best = contender.ladder, math.inf
    for candidate in sensible(contender.layouts, X):
        trial = contender.prepare(contender.solver, convert(X, candidate), y, l2, threads)
        trial(ladder[0])  # imports, compiles
        with limited(threads):
            (taken,) = bench.fastest(partial(trial, ladder[2]), seconds=0.02)
        if taken < best:
            layout, fit, best = candidate, trial, taken
        if taken > seconds:  # no time to try the others
            break
    with limited(threads):
        path = _climb(fit, ladder, judge, seconds)
        reached = []
        for target in TARGETS:
            step = next((step[:3] for step in path if step[3] <= target), None)
            if step:
                again = bench.fastest(partial(fit, step[0]), seconds=min(0.5, seconds / 10))
                step = (step[0], min(step[1], *again), step[2])
            reached.append(step)
        # who is fast at a later target was so at this one
        reached = [
            min(filter(None, reached[k:]), key=itemgetter(1), default=None)
            for k in range(len(TARGETS))
        ]
    return {"layout": layout, "path": [step[:3] for step in path], "reached": reached}


def measure(name, X, y, *, C=1.0, n_threads=None, seconds=60.0, contenders=None):
    """Measure every installed contender on one problem.

    Parameters
    ----------
    name : str
        What to call the problem.
    X : numpy.ndarray or CSR matrix, shape (n, d)
        Data, float64.
    y : numpy.ndarray, shape (n,)
        Zeros and ones, or 0 to K - 1 for K classes.
    C : float
        The penalty is ``l2 = 1 / (C n)``.
    n_threads : int, optional
        Threads for everyone; all processors by default.
    seconds : float
        A contender climbs no further when the next fit would take longer.
    contenders : sequence of Contender, optional
        Who takes part; all by default.

    Returns
    -------
    dict
        The problem: its name, l2, the time of one read, the lowest cost `best` and its certified
        `gap`; and `rows`, one for each contender: contender, layout, the `path` of steps (rung,
        seconds, excess), the step that `reached` each of `TARGETS` (or None), why it failed.
        An excess is ``(J - J*) / J*``.
    """
    threads = n_threads or _threads.most()
    l2 = 1 / (C * len(y))
    optimum = fastgd.fit(X, y, l2=l2, tol=1e-13, n_threads=n_threads)

    def judge(coef, intercept, gap=0.0):
        cost = fastgd.cost(X, y, np.array(coef), np.array(intercept)[()], l2=l2)
        excess = (cost - optimum.cost) / optimum.cost
        return excess, max(excess, gap / optimum.cost)  # what it is, what may be claimed

    rows, several = [], y.max() > 1
    for contender in CONTENDERS if contenders is None else contenders:
        if not version(contender.package) or (several and not contender.several):
            continue
        row = {"contender": contender.name, "layout": "", "path": [], "reached": [None, None]}
        try:
            with warnings.catch_warnings():  # a fit of three iterations has not converged
                warnings.simplefilter("ignore")
                row |= _measure_one(contender, X, y, l2, threads, seconds, judge)
        except Exception as error:  # whatever a peer raises is its result
            row["failed"] = f"{type(error).__name__}: {error}"
        rows.append(row)
    parts = (X.data, X.indices, X.indptr) if scipy.sparse.issparse(X) else (X,)
    return {
        "problem": name,
        "shape": X.shape,
        "l2": l2,
        "read": bench.fastest(bench.plain_read(*parts), seconds=0.2)[0],
        "best": optimum.cost,
        "gap": optimum.gap,
        "rows": rows,
    }


# --- showing ---------------------------------------------------------------------


def _seconds(row, k):
    """Return the time to the k-th target, infinite if it was not reached."""
    return row["reached"][k][1] if row["reached"][k] else math.inf


def _text(taken, read):
    return f"{bench.duration(taken)} ({taken / read:.3g})" if taken < math.inf else "-"


def _times(theirs, ours):
    return f"{theirs / ours:.3g}" if max(theirs, ours) < math.inf else "-"


def table(found):
    """Return the text on one problem: a line about it, and a Markdown table, the fastest first."""
    read, ours = found["read"], found["rows"][0]
    cells = [
        [
            row["contender"],
            row["layout"],
            *(_text(_seconds(row, k), read) for k in range(len(TARGETS))),
            *(_times(_seconds(row, k), _seconds(ours, k)) for k in range(len(TARGETS))),
            row.get("failed", "")[:60] or f"{min(step[2] for step in row['path']):.0e}",
        ]
        for row in sorted(found["rows"], key=lambda row: (_seconds(row, 1), _seconds(row, 0)))
    ]
    header = ["contender", "layout", *(f"to {target:.0e}" for target in TARGETS)]
    return (
        f"## {found['problem']}\n\nOne read {bench.duration(read)}; J* = {found['best']:.10g}, "
        f"certified to {found['gap'] / found['best']:.0e} of it.\n\n"
        + bench.markdown([*header, "ratio", "ratio", "least (J - J*) / J*"], cells)
    )


def summary(problems):
    """Return a Markdown table of all problems: fastgd and the fastest of the others."""
    cells = []
    for found in problems:
        ours, *others = found["rows"]
        cells.append([found["problem"]])
        for k in range(len(TARGETS)):
            peer = min(others, key=lambda row: _seconds(row, k))
            taken, theirs = _seconds(ours, k), _seconds(peer, k)
            name = f"{peer['contender']} " if theirs < math.inf else ""
            texts = _text(taken, found["read"]), name + _text(theirs, found["read"])
            cells[-1] += [*texts, _times(theirs, taken)]
    header = ["problem"]
    for target in TARGETS:
        header += [f"fastgd to {target:.0e}", "fastest peer", "ratio"]
    return bench.markdown(header, cells)


def draw(problems, path):
    """Draw J - J* against time, one field per problem, into a file."""
    figure_class = bench.import_figure()
    colors = "#0072B2 #D55E00 #009E73 #CC79A7 #E69F00 #56B4E9 #999933".split()
    looks = zip(product(("-", "--", ":"), colors), cycle("s^vDPX<>*phdH81"), strict=False)
    styles = {CONTENDERS[0].name: {"color": "#000000", "marker": "o", "lw": 2, "ms": 8}}
    for contender, ((dash, color), marker) in zip(CONTENDERS[1:], cycle(looks), strict=False):
        look = {"color": color, "linestyle": dash, "marker": marker, "lw": 1, "ms": 5}
        styles[contender.name] = look
    columns = min(3, len(problems))
    height = math.ceil(len(problems) / columns)
    figure = figure_class(figsize=(5 * columns + 2.5, 3.6 * height), layout="constrained")
    fields = figure.subplots(height, columns, squeeze=False).ravel()
    lines = {}
    for axes, found in zip(fields, problems, strict=False):
        said = {"color": "0.35", "fontsize": "small", "va": "bottom"}
        for target in TARGETS:
            axes.axhline(target, color="0.5", linewidth=0.8, linestyle=":")
            where = axes.get_yaxis_transform()
            axes.text(0.07, target, f"wanted: {target:.0e}", transform=where, **said)
        axes.axvline(found["read"], color="0.5", linewidth=0.8)
        where = axes.get_xaxis_transform()
        axes.text(found["read"], 0.03, " one read of X", rotation=90, transform=where, **said)
        for row in found["rows"]:
            name = row["contender"]
            x = [step[1] for step in row["path"]]
            y = [max(step[2], 1e-14) for step in row["path"]]
            (lines[name],) = axes.loglog(x, y, label=name, **styles[name])
        axes.set(title=found["problem"], xlabel="seconds", ylabel="(J - J*) / J*", ylim=(3e-15, 10))
    for axes in fields[len(problems) :]:
        axes.remove()
    figure.legend(handles=list(lines.values()), loc="outside right upper", fontsize="small")
    figure.savefig(path)


# --- the command -----------------------------------------------------------------


def standardized(X):
    """Return X with columns of deviation 1 and, unless it is sparse, of mean 0."""
    n, d = X.shape
    mean = np.ravel(X.mean(axis=0))
    if scipy.sparse.issparse(X):
        squares = np.bincount(X.indices, (X.data - mean[X.indices]) ** 2, minlength=d)
        zeros = n - np.bincount(X.indices, minlength=d)
        deviation = np.sqrt((squares + zeros * mean**2) / n)
    else:
        deviation = X.std(axis=0)
    deviation[deviation <= 1e-12 * np.abs(mean)] = 1.0  # constant
    if scipy.sparse.issparse(X):
        return scipy.sparse.csr_matrix(X @ scipy.sparse.diags(1 / deviation))
    return (X - mean) / deviation


def sparse(n, d, filled=0.01):
    """Return a random CSR matrix, and labels 0.0 and 1.0 that it explains."""
    rng = np.random.default_rng([n, d])
    X = scipy.sparse.random(n, d, density=filled, format="csr", random_state=rng)
    p = fastgd.sigmoid(X @ rng.standard_normal(d))
    return X, (rng.random(n) < p).astype(float)


def problems(args):
    """Yield name, X and y of what is to be measured."""
    for path in args.data or []:
        X, y = bench.from_file(path, args.target, several=True)
        name = "{} {} x {}".format(os.path.splitext(os.path.basename(path))[0], *X.shape)
        name += ", CSR" * scipy.sparse.issparse(X) + ", standardised" * args.standardize
        yield name, standardized(X) if args.standardize else X, y
    if not args.data:
        for n, d in bench.QUICK if args.quick else SIZES:
            yield f"{n} x {d}", *bench.synthetic(n, d)
        if not args.quick:
            yield "5000 x 8000, CSR", *sparse(5000, 8000)


def run(args):
    """Run ``fastgd bench --peers`` with parsed arguments; return the exit code."""
    facts = bench.machine(args.threads)
    facts["packages"] = {
        name: version(name) for name in dict.fromkeys(c.package for c in CONTENDERS)
    }
    if not args.json:
        names = (f"{name} {number or '-'}" for name, number in facts["packages"].items())
        print(f"{bench.machine_text(facts)}\n{', '.join(names)}; {time.strftime('%Y-%m-%d')}\n")
    found = []
    for name, X, y in problems(args):
        found.append(measure(name, X, y, C=args.C, n_threads=args.threads, seconds=args.seconds))
        if not args.json:
            print(table(found[-1]), end="\n\n", flush=True)
    if args.plot:
        draw(found, args.plot)
    if args.json:
        print(json.dumps({"machine": facts, "problems": found}, indent=2))
    else:
        print(summary(found), NOTE, sep="\n\n")
    return 0
