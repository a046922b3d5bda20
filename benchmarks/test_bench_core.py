"""The core under pytest-benchmark: ``pytest benchmarks --benchmark-enable``."""

import warnings

import contenders
import numpy as np
import problems
import pytest
from numpy.testing import assert_allclose

import fastgd
from fastgd import bench, reference

SIZES = (100, 4), (569, 30), (10_000, 20), (100_000, 20)
FUNCTIONS = {"fastgd": fastgd.cost_and_gradient, "numpy": reference.cost_and_gradient}


def note_reads(benchmark, X):
    """Put the time in plain reads of the data beside the time in seconds."""
    if benchmark.stats:  # absent where benchmarks only run once, as tests
        (read,) = bench.fastest(bench.plain_read(X), seconds=0.05)
        benchmark.extra_info["reads"] = benchmark.stats.stats.min / read


@pytest.mark.parametrize(("n", "d"), SIZES)
@pytest.mark.parametrize("contender", FUNCTIONS)
def test_cost_and_gradient(benchmark, contender, n, d):
    benchmark.group = f"cost_and_gradient {n} x {d}"
    X, y = bench.synthetic(n, d)
    w = np.random.default_rng(0).standard_normal(d) / np.sqrt(d)
    value, gradient, _ = benchmark(FUNCTIONS[contender], X, y, w, 0.5, l2=0.01)
    exact, exact_gradient, _ = reference.cost_and_gradient(X, y, w, 0.5, l2=0.01)
    assert value == pytest.approx(exact, rel=1e-12)
    assert_allclose(gradient, exact_gradient, atol=1e-12)
    note_reads(benchmark, X)


@pytest.mark.parametrize("dtype", ["float64", "float32", "uint8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_types_and_orders(benchmark, dtype, order):
    benchmark.group = "cost_and_gradient 60000 x 100"
    X, y = problems.dense(60_000, 100, dtype, order)
    w = np.random.default_rng(0).standard_normal(100) / (1000 if dtype == "uint8" else 10)
    value, _, _ = benchmark(fastgd.cost_and_gradient, X, y, w, 0.5)
    assert value == pytest.approx(reference.cost(X.astype(float), y, w, 0.5), rel=1e-12)
    note_reads(benchmark, X)


@pytest.mark.parametrize("contender", ["fastgd", "numpy"])
def test_gradient_descent(benchmark, contender):
    benchmark.group = "gd, 1000 steps, 569 x 30"
    X, y = problems.breast_cancer()
    start, rate = (np.zeros(30), 0.0), 0.1

    def ours():
        return fastgd.fit(X, y, solver="gd", learning_rate=rate, max_iter=1000, init=start)

    def theirs():
        return reference.fit(X, y, learning_rate=rate, n_iter=1000, init=start)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fastgd.ConvergenceWarning)
        model = benchmark({"fastgd": ours, "numpy": theirs}[contender])
    assert_allclose(model.coef, theirs().coef, rtol=1e-9)


@pytest.mark.parametrize("contender", ["fastgd", "numpy", "sklearn"])
@pytest.mark.parametrize(("n", "d"), SIZES)
def test_fit(benchmark, contender, n, d):
    benchmark.group = f"fit {n} x {d}"
    X, y = bench.synthetic(n, d)
    fits = {
        "fastgd": contenders.fastgd_fit,
        "numpy": contenders.numpy_newton,
        "sklearn": lambda *args: contenders.sklearn_fit(*args, tol=1e-8),
    }
    model = benchmark(fits[contender], X, y, 1 / n)
    best = contenders.numpy_newton(X, y, 1 / n)
    above, _ = contenders.excess(X, y, 1 / n, [model, best])
    assert above <= 1e-8
    benchmark.extra_info["J - J*"] = above
    note_reads(benchmark, X)
