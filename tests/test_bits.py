"""The same bits for any number of threads, run after run."""

import warnings

import numpy as np
import problems
import pytest
from problems import DTYPES, LAYOUTS, as_layout
from tolerances import assert_exact

import fastgd

THREADS = 1, 2, 3, 7, 1, 2
NATIVE = [(t, order) for t in DTYPES for order in LAYOUTS if problems.is_native(t, order)]
# Tall, and wide enough that sums are split over columns and not over rows.
SHAPES = (40_000, 20), (3_000, 400), (600, 5_000)


def make(rng, n, d, dtype, layout):
    """A large problem with weights and offset, so that every branch of a pass is taken."""
    X = problems.random_matrix(rng, n, d, dtype)
    y = (rng.random(n) < 0.4).astype(float)
    options = {"sample_weight": rng.random(n), "offset": rng.standard_normal(n), "l2": 0.01}
    return as_layout(X, layout), y, options


def assert_same(results):
    """Each result is a tuple of numbers and arrays; all are the first one, bit for bit."""
    first, *others = results
    for other in others:
        for a, b in zip(first, other, strict=True):
            assert_exact(a, b)


def facts(fit):
    """Everything about a fit that must not depend on threads or time."""
    numbers = fit.coef, fit.intercept, fit.cost, fit.null_cost, fit.gap, fit.gradient_norm
    history = [fit.history[k] for k in ("cost", "gap", "gradient_norm", "step", "passes")]
    return *numbers, fit.n_iter, fit.n_passes, *history


@pytest.mark.parametrize(("n", "d"), SHAPES)
@pytest.mark.parametrize(("dtype", "layout"), NATIVE)
def test_passes(rng, dtype, layout, n, d):
    M, y, options = make(rng, n, d, dtype, layout)
    w, v = rng.standard_normal((2, d)) / (100 if dtype == "uint8" else 1) / np.sqrt(d)
    assert_same(
        fastgd.cost_and_gradient(M, y, w, 0.5, n_threads=t, **options)
        + fastgd.hessian_vector(M, y, w, 0.5, v, 0.1, n_threads=t, **options)
        for t in THREADS
    )


@pytest.mark.parametrize("solver", ["gd", "agd", "newton", "newton-cg", "lbfgs", "auto"])
@pytest.mark.parametrize(
    ("n", "d", "dtype", "layout"),
    [
        (40_000, 20, "float64", "C"),
        (40_000, 20, "float64", "F"),
        (40_000, 20, "float32", "C"),
        (40_000, 20, "uint8", "row-strided"),
        (40_000, 20, "float64", "CSR int32"),
        (3_000, 200, "float64", "C"),
        (3_000, 200, "float32", "F"),
        (3_000, 200, "float32", "CSR int64"),
    ],
)
def test_fits(rng, solver, n, d, dtype, layout):
    M, y, options = make(rng, n, d, dtype, layout)
    limit = {"max_iter": 20} if solver.endswith("gd") else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fastgd.ConvergenceWarning)
        fits = [
            fastgd.fit(M, y, solver=solver, record=True, n_threads=t, **limit, **options)
            for t in THREADS
        ]
    assert_same([facts(fit) for fit in fits])
    assert fits[0].n_threads == 1
    assert fits[1].n_threads == 2, "the problem is too small to show anything"


def test_every_instruction_set_has_its_bits(isa, rng):
    M, y, options = make(rng, 40_000, 20, "float64", "C")
    fits = [fastgd.fit(M, y, record=True, n_threads=t, **options) for t in THREADS]
    assert {fit.isa for fit in fits} == {isa}
    assert_same([facts(fit) for fit in fits])


def test_predictions(rng):
    M, y, options = make(rng, 40_000, 20, "float64", "C")
    fits = [fastgd.fit(M, y, n_threads=t, **options) for t in (1, 2)]
    assert_same([(fit.decision_function(M), fit.predict_proba(M), fit.predict(M)) for fit in fits])
