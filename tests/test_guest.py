"""A well-behaved guest: fork, threads, Ctrl-C, other people's pools, memory, floating-point mode.

What changes or ends a process runs in one of its own.
"""

import json
import os
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import problems
import pytest
from tolerances import assert_exact

import fastgd

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
PROCESSORS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def run(code, *, timeout=60, **environment):
    """Run Python code beside the tests' own modules; return what it prints, read as JSON."""
    drop = "FASTGD_NUM_THREADS", "OMP_NUM_THREADS", "FASTGD_ISA"
    env = {k: v for k, v in os.environ.items() if k not in drop} | environment
    env["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(Path(__file__).parent), os.environ.get("PYTHONPATH")])
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=timeout, env=env
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


PROBLEM = """
import json, numpy as np, fastgd, problems
problem = problems.correlated(np.random.default_rng(0), 60_000, 20)
X, y = problem.X, problem.y
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_fit_in_a_forked_child():
    code = f"""{PROBLEM}
import os, signal
before = fastgd.fit(X, y, n_threads=2)
child = os.fork()
if child == 0:
    signal.alarm(30)
    after = fastgd.fit(X, y, n_threads=2)
    same = after.coef.tobytes() == before.coef.tobytes() and after.n_threads == 2
    os._exit(0 if same else 1)
_, status = os.waitpid(child, 0)
again = fastgd.fit(X, y, n_threads=2)
print(json.dumps([status, before.n_threads, again.coef.tobytes() == before.coef.tobytes()]))
"""
    assert run(code) == [0, 2, True]


def test_twelve_fits_at_once(rng):
    made = [problems.correlated(rng, 20_000, 5 + k) for k in range(12)]
    alone = [fastgd.fit(p.X, p.y, n_threads=2) for p in made]
    with ThreadPoolExecutor(12) as pool:
        for _ in range(3):
            together = list(pool.map(lambda p: fastgd.fit(p.X, p.y, n_threads=2), made))
            for one, other in zip(alone, together, strict=True):
                assert_exact(one.coef, other.coef)
                assert_exact(one.gap, other.gap)


def test_other_python_threads_run_meanwhile(rng):
    problem = problems.correlated(rng, 100_000, 20)
    ticks, stop = [], threading.Event()

    def tick():
        while not stop.wait(0.005):
            ticks.append(time.perf_counter())

    ticker = threading.Thread(target=tick)
    ticker.start()
    begin = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fastgd.ConvergenceWarning)
        fastgd.fit(problem.X, problem.y, solver="gd", learning_rate=0.1, max_iter=300, n_threads=1)
    end = time.perf_counter()
    stop.set()
    ticker.join()
    during = [t for t in ticks if begin < t < end]
    assert end - begin > 0.1, "too fast to show anything"
    assert len(during) >= (end - begin) / 0.05


# Interrupts itself from a thread while the fit runs; prints the delays, the memory and the
# number of threads before and after, and whether the next fit is right.
INTERRUPTED = """
import gc, json, os, signal, threading, time, tracemalloc, numpy as np, fastgd, problems
problem = problems.correlated(np.random.default_rng(0), {n}, {d})
X, y = problem.X, problem.y
small = fastgd.fit(X[:2000, :20], y[:2000])
sent = []

def send():
    sent.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)

def state():
    gc.collect()  # every byte of the core is Python's, so that all of it is counted
    threads = open('/proc/self/status').read().split('Threads:')[1].split()[0]
    return [tracemalloc.get_traced_memory()[0], int(threads)]

tracemalloc.start()
delays, states = [], []
for k in range(8):
    timer = threading.Timer(0.1 + 0.013 * k, send)
    timer.start()
    try:
        while True:  # until the signal comes, whatever the speed of one fit
            fastgd.fit(X, y, {options}, n_threads=2)
    except KeyboardInterrupt:
        delays.append(time.perf_counter() - sent[-1])
    timer.join()
    states.append(state())
again = fastgd.fit(X[:2000, :20], y[:2000])
print(json.dumps([delays, states, again.coef.tobytes() == small.coef.tobytes()]))
"""


@linux
@pytest.mark.parametrize(
    ("n", "d", "options"),
    [
        (1_000_000, 20, "solver='gd', learning_rate=1e-3, max_iter=10**6"),
        (1_000_000, 20, "solver='agd', max_iter=10**6, tol=0"),
        (200_000, 100, "solver='newton', tol=0"),
        (2_000, 900, "solver='newton', tol=0, l2=1e-6"),
        (700, 1_000, "l2=1e-6, tol=0"),
        (300, 20, "solver='gd', learning_rate=1e-3, max_iter=10**9"),
    ],
)
def test_ctrl_c(n, d, options):
    code = INTERRUPTED.format(n=n, d=d, options=options)
    delays, states, same = run(code, PYTHONWARNINGS="ignore")
    assert len(delays) == 8, "no interrupt was seen"
    assert sorted(delays)[5] < 0.1, delays  # a busy machine may spoil two of the eight
    memory, threads = zip(*states, strict=True)
    assert threads[-1] == threads[0]
    assert memory[-1] - memory[1] < 2**16  # bytes: far less than the workspace of one fit
    assert same


def test_callback_that_raises(rng):
    problem = problems.correlated(rng, 20_000, 10)

    def fail(*_):
        raise RuntimeError("my own")

    for solver in "gd", "agd", "newton", "newton-cg", "lbfgs":
        with pytest.raises(RuntimeError, match="my own"):
            fastgd.fit(problem.X, problem.y, solver=solver, callback=fail)
    assert fastgd.fit(problem.X, problem.y).converged


@pytest.mark.skipif(PROCESSORS < 2, reason="one processor")
def test_automatic_number_of_threads():
    code = f"{PROBLEM}print(json.dumps([fastgd.fit(X, y).n_threads, fastgd.fit(X[:9], y[:9], l2=1)"
    code += ".n_threads]))"
    assert run(code) == [PROCESSORS, 1]
    assert run(code, OMP_NUM_THREADS="1") == [1, 1]
    assert run(code, FASTGD_NUM_THREADS="1") == [1, 1]
    assert run(code, FASTGD_NUM_THREADS="2", OMP_NUM_THREADS="1") == [2, 1]
    assert run(code, FASTGD_NUM_THREADS="nonsense") == [PROCESSORS, 1]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity")
def test_affinity_is_respected():
    code = f"""import os
os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
{PROBLEM}
print(json.dumps(fastgd.fit(X, y).n_threads))"""
    assert run(code) == 1


def test_worker_of_joblib_does_not_oversubscribe():
    code = f"""{PROBLEM}
import joblib
def threads(_):
    return fastgd.fit(X, y).n_threads
if __name__ == "__main__":
    with joblib.parallel_config("loky", n_jobs={PROCESSORS}):
        print(json.dumps(joblib.Parallel()(joblib.delayed(threads)(k) for k in range(4))))
"""
    assert run(code) == [1, 1, 1, 1]


@pytest.mark.parametrize("k", [0, 1, 2])
def test_threads_that_cannot_start(rng, k):
    problem = problems.correlated(rng, 60_000, 20)
    expected = fastgd.fit(problem.X, problem.y, n_threads=4)
    fastgd._core.fail_threads(k)
    try:
        fit = fastgd.fit(problem.X, problem.y, n_threads=4)
    finally:
        fastgd._core.fail_threads(-1)
    assert fit.n_threads == k + 1
    assert_exact(fit.coef, expected.coef)
    assert_exact(fit.gap, expected.gap)


# The most memory that each call needed beyond what was there before, in bytes, for a matrix of
# one type and layout after the other.
MEMORY = """
import json, re, warnings, numpy as np, fastgd, problems
warnings.simplefilter("ignore")

def status(name):
    return 1024 * int(re.search(name + r":\\s+(\\d+)", open("/proc/self/status").read())[1])

def peak(call):
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    before = status("VmRSS")
    call()
    return status("VmHWM") - before

n, d = {n}, {d}
rng = np.random.default_rng(0)
y = (rng.random(n) < 0.5).astype({target!r})
s = rng.random(n)
l2 = np.full(d, 1e-3)
tiny = np.arange(40).reshape(20, 2) ** 2.0
table = {{}}
for dtype in problems.DTYPES:
    for layout in problems.LAYOUTS:
        if not problems.is_native(dtype, layout):
            continue
        X = rng.integers(0, 2, (n, d), dtype=np.uint8)
        M = problems.as_layout(X.astype(dtype) if dtype != "uint8" else X, layout)
        del X
        size = M.data.nbytes + M.indices.nbytes if layout.startswith("CSR") else n * d * M.itemsize
        w = np.zeros(d)
        calls = {{
            "cost_and_gradient": lambda: fastgd.cost_and_gradient(
                M, y, w, l2=l2, sample_weight=s, n_threads=2),
            "hessian_vector": lambda: fastgd.hessian_vector(
                M, y, w, 0.0, w, 0.0, l2=l2, sample_weight=s, n_threads=2),
        }}
        for solver in "gd", "agd", "newton":
            limit = {{}} if solver == "newton" else {{"max_iter": 3}}
            calls[solver] = lambda solver=solver, limit=limit: fastgd.fit(
                M, y, l2=l2, sample_weight=s, solver=solver, n_threads=2, **limit)
            fastgd.fit(tiny, np.arange(20) % 2, l2=0.1, solver=solver, n_threads=2, **limit)
        for name, call in calls.items():
            table[f"{{dtype}} {{layout}} {{name}}"] = size, peak(call)
print(json.dumps(table))
"""


@linux
@pytest.mark.parametrize(
    ("n", "d", "target"),
    [
        (100_000, 60, "int64"),
        (100_000, 60, "float64"),
        (100_000, 60, "bool"),
        (100_000, 60, "U3"),
        (10_000, 400, "int64"),
    ],
)
def test_no_copy_of_the_matrix_and_little_else(n, d, target):
    table = run(MEMORY.format(n=n, d=d, target=target), timeout=120)
    assert len(table) == 13 * 5
    slack = 2**18  # pages of the interpreter, stacks of the threads
    for name, (size, used) in table.items():
        allowed = 2 * 2**20 + 64 * 8 * d
        if name.endswith(("gd", "newton")):
            allowed += 32 * n + 24 * d**2
        assert used <= allowed + slack, (name, used, allowed)
        if n * d * 8 == size:
            assert used < size / 2, (name, used, size)


def test_instruction_set_from_the_environment():
    code = "import json, fastgd; print(json.dumps(fastgd.show_config()))"
    best = run(code)
    assert best["isa"] == best["isas"][0] == fastgd._core.isas()[0]
    for name in best["isas"]:
        assert run(code, FASTGD_ISA=name)["isa"] == name
    code = """
import json
try:
    import fastgd
except ValueError as error:
    print(json.dumps(str(error)))
"""
    assert "'v9'" in run(code, FASTGD_ISA="v9")


def test_floating_point_mode_is_left_alone():
    code = """
import json, numpy as np, fastgd
tiny = np.array([5e-324, 2.3e-308])
fastgd.fit(np.arange(9.0)[:, None], [0, 1, 0, 1, 0, 1, 0, 1, 0])
print(json.dumps([float(tiny[0]) > 0, float((tiny * 0.5)[1]) > 0, 5e-324 * 1.0 > 0]))
"""
    assert run(code) == [True, True, True]


@linux
def test_repeated_calls_leak_nothing():
    code = f"""{PROBLEM}
import warnings
warnings.simplefilter("ignore")
def memory():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
def work():
    for solver in "gd", "agd", "newton":
        options = {{"max_iter": 3, "record": True, "callback": lambda *_: None}}
        fastgd.fit(X[:500], y[:500], solver=solver, **options)
    fastgd.cost_and_gradient(X[:500], y[:500], np.zeros(20))
    fastgd.sigmoid(y)
    for bad in (X[:400], X[:500] * np.nan, X[:500].astype(complex)):
        try:
            fastgd.fit(bad, y[:500])
        except (ValueError, TypeError):
            pass
for _ in range(100):
    work()
before = memory()
for _ in range(400):
    work()
print(json.dumps(memory() - before))
"""
    assert run(code) < 400_000  # a leak of one workspace, or of one array, would be tens of MB


def test_arrays_may_be_dropped_while_nothing_holds_them(rng):
    """References are given back: the arrays die with their last name."""
    X, y = rng.standard_normal((50, 3)), rng.integers(0, 2, 50)
    counts = sys.getrefcount(X), sys.getrefcount(y)
    fit = fastgd.fit(X, y, l2=0.1)
    fastgd.cost_and_gradient(X, y, fit.coef, fit.intercept)
    fit.predict_proba(X)
    with pytest.raises(ValueError, match="y"):
        fastgd.fit(X, y[:-1])
    assert (sys.getrefcount(X), sys.getrefcount(y)) == counts
    assert fastgd.cost(X, y, fit.coef) > 0


def test_results_own_their_arrays(rng):
    X, y = rng.standard_normal((50, 3)), rng.integers(0, 2, 50)
    first = fastgd.fit(X, y, l2=0.1, record=True)
    coef = first.coef.copy()
    second = fastgd.fit(X + 1, 1 - y, l2=0.1)
    assert_exact(first.coef, coef)
    assert not np.shares_memory(first.coef, second.coef)
