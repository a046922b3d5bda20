"""The gap is a bound on the distance from the optimum: never below it, and close to it."""

import warnings

import numpy as np
import problems
import pytest
from problems import as_layout
from tolerances import EPS, cost_rounding, needs_long_double

import fastgd
from fastgd import reference

pytestmark = needs_long_double

PENALTIES = 0.0, 1e-10, 1.0


def gap_and_truth(problem, best, solver="newton", **options):
    """Fit, and return the result, its true gap, and how well rounding lets the latter be known."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fastgd.ConvergenceWarning)
        fit = fastgd.fit(problem.X, problem.y, **problem.options, solver=solver, **options)
    true = float(problem.cost(fit.coef, fit.intercept) - best)
    rounding = cost_rounding(problem.X, problem.y, fit.coef, fit.intercept, **problem.objective)
    return fit, true, rounding


@pytest.mark.parametrize("part", range(10))
def test_a_thousand_problems(part):
    rng = np.random.default_rng(part)
    for k in range(100):
        problem = problems.random_problem(rng, l2=PENALTIES[k % 3])
        _, _, best = problem.optimum()
        for max_iter in 1, 2, 4, None:
            fit, true, rounding = gap_and_truth(problem, best, max_iter=max_iter)
            assert fit.gap >= 0
            assert fit.gap >= true * (1 - 1e-9) - rounding, (part, k, max_iter, fit.gap, true)
        assert fit.converged, (part, k, fit.message)
        assert fit.gap_kind == "dual"
        assert fit.gap <= 10 * max(true, 0) + rounding, (part, k, fit.gap, true)


@pytest.mark.parametrize("solver", ["newton-cg", "lbfgs"])
def test_solvers_without_a_gram(solver):
    """Their residual enters the bound exactly where all columns are penalised."""
    rng = np.random.default_rng(11)
    for k in range(300):
        problem = problems.random_problem(rng, l2=(1e-10, 1e-4, 1.0)[k % 3])
        _, _, best = problem.optimum()
        for max_iter in 1, 3, None:
            fit, true, rounding = gap_and_truth(problem, best, solver, max_iter=max_iter)
            assert fit.gap >= true * (1 - 1e-9) - rounding, (k, max_iter, fit.gap, true)
            assert fit.gap_kind == ("dual" if fit.gap < np.inf else "none")
        assert fit.converged, (k, fit.message)


@pytest.mark.parametrize("l2", [0.0, 1e-3])
@pytest.mark.parametrize("make", problems.UGLY)
def test_ugly_data(rng, make, l2):
    problem = make(rng)
    if l2:  # in the units of the columns
        problem.l2 = l2 * problem.X.var(axis=0)
    _, _, best = problem.optimum()
    for max_iter in 1, 2, 3, 5, 8, None:
        fit, true, rounding = gap_and_truth(problem, best, max_iter=max_iter)
        assert fit.gap >= true * (1 - 1e-9) - rounding
    assert fit.converged
    assert fit.gap <= 10 * max(true, 0) + rounding


@pytest.mark.parametrize("make", [problems.random_rows, problems.near_separated])
def test_gap_of_every_iterate_in_the_history(rng, make):
    problem = make(rng, 400)
    _, _, best = problem.optimum()
    fit = fastgd.fit(problem.X, problem.y, record=True)
    true = fit.history["cost"] - float(best)
    assert len(true) == fit.n_iter
    assert np.all(fit.history["gap"] >= true * (1 - 1e-9) - 64 * EPS)
    assert fit.gap <= fit.history["gap"][-1]
    assert fit.gap < 1e-8 < true[0]


@pytest.mark.parametrize("l2", PENALTIES)
def test_float32_data(rng, l2):
    problem = problems.random_rows(rng, 500, 5)
    means = np.array([0, 10, 1e3, 1e4, 0])
    problem.X = (problem.X + means).astype(np.float32)
    problem.l2 = l2
    _, _, best = problem.optimum()
    fit, true, rounding = gap_and_truth(problem, best)
    assert fit.converged
    assert true * (1 - 1e-9) - rounding <= fit.gap <= 10 * max(true, 0) + rounding


@pytest.mark.parametrize("l2", PENALTIES)
def test_squared_error(rng, l2):
    for _ in range(30):
        problem = problems.known_solution(rng, 50, 4, weights=True, loss="squared_error")
        problem.l2 = l2
        _, _, best = problem.optimum()
        fit, true, rounding = gap_and_truth(problem, best)
        assert fit.converged
        assert true * (1 - 1e-9) - rounding <= fit.gap <= 10 * max(true, 0) + rounding


@pytest.mark.parametrize("solver", ["gd", "agd"])
def test_solvers_without_a_certificate_claim_nothing(rng, solver):
    problem = problems.random_rows(rng, 200)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fastgd.ConvergenceWarning)
        fit = fastgd.fit(problem.X, problem.y, solver=solver, max_iter=500)
    assert fit.gap == np.inf
    assert fit.gap_kind == "none"
    assert not fit.converged
    assert fit.status == "max_iter"


@pytest.mark.parametrize("tol", [1e-2, 1e-5, 1e-8, 1e-12])
def test_converged_means_the_gap_is_within_tol(rng, tol):
    problem = problems.correlated(rng, 1000, 8)
    fit = fastgd.fit(problem.X, problem.y, tol=tol)
    limit = tol * max(fit.null_cost, 1e3 * EPS * (1 + abs(fit.cost)))
    assert fit.converged
    assert fit.gap <= limit
    with pytest.warns(fastgd.ConvergenceWarning):
        early = fastgd.fit(problem.X, problem.y, tol=tol, max_iter=0, init=(np.ones(8), 1.0))
    assert not early.converged
    assert early.gap > limit


# --- every kind of problem on every path -----------------------------------------

# How far above the true gap one may be at the end of a fit.  With a Gram it is known to rounding,
# mostly many digits below the target.  Conjugate gradients stop once the part of the bound that
# their residual makes is small beside the target: so much of it may be added.
LOOSE, REST = 10, 0.2
KINDS = [(kind, shape, layout) for kind in ("log_loss", "softmax", "squared_error")
         for shape in ("tall", "wide") for layout in ("dense", "CSR")]  # fmt: skip


def draw(rng, kind, shape):
    """A small problem: any weights, offset, units, rare and constant columns, at times soft
    labels.  Wide means more columns than rows."""
    n, d, K = int(rng.integers(10, 50)), int(rng.integers(1, 6)), int(rng.integers(2, 5))
    if shape == "wide":
        n = int(rng.integers(6, 11))
        most = 3 * n if kind == "softmax" else n + 8  # twice as many columns: a path of their own
        d, K = int(rng.integers(n + 1, most)), min(K, 3)
    Z = rng.standard_normal((n, d)) + rng.standard_normal(d)
    for j in range(d):
        match rng.integers(8):
            case 0:
                Z[:, j] = rng.random(n) < 0.15
            case 1:
                Z[:, j] = rng.choice([0.0, 3.0])
    s = None
    if rng.random() < 0.5:
        s = rng.gamma(0.7, size=n) * (rng.random(n) < 0.9)
        s[:K] = 0.1 + rng.random(K)  # no class without a row
    lines = K if kind == "softmax" else 1
    o = rng.standard_normal((n, lines)) if rng.random() < 0.3 else np.zeros((n, lines))
    z = Z @ rng.standard_normal((d, lines)) / np.sqrt(d) + o
    if kind == "softmax":
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        y = np.array([rng.multinomial(1, row) for row in p]).astype(float)
        y[:K] = np.eye(K)
        if rng.random() < 0.3:
            y = rng.dirichlet(np.ones(K) / 2, n)
    elif kind == "log_loss":
        p = reference.sigmoid(z[:, 0])
        y = (rng.random(n) < p).astype(float)
        y[:2] = 0, 1
        if rng.random() < 0.3:
            y = rng.beta(1 + 3 * p, 4 - 3 * p)
    else:
        y = z[:, 0] + rng.standard_normal(n)
    if kind != "softmax":
        o = o[:, 0]
    units = 10.0 ** rng.integers(-8, 9, d) if rng.random() < 0.3 else np.ones(d)
    l2 = 10.0 ** rng.choice([-6, -4, -2, 0]) * units**2
    make = problems.SoftmaxProblem if kind == "softmax" else problems.Problem
    return make(
        Z * units, y, s, o if o.any() else None, l2=l2, loss=kind,
        fit_intercept=bool(rng.random() < 0.8), name=f"{kind} {shape}",
    )  # fmt: skip


def rounding_of(problem, fit):
    """How well costs can be told apart there."""
    if problem.loss != "softmax":
        return cost_rounding(problem.X, problem.y, fit.coef, fit.intercept, **problem.objective)
    n, d = problem.X.shape
    s = np.ones(n) if problem.sample_weight is None else problem.sample_weight
    along = np.abs(problem.X) @ np.abs(fit.coef).T + np.abs(fit.intercept)
    if problem.offset is not None:
        along = along + np.abs(problem.offset)
    # margins, each a sum of d + 2 terms, then a sum over rows of terms no larger than they
    return float((d + n + 16) * EPS * (1 + (s / s.sum()) @ along.max(axis=1)))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize(("kind", "shape", "layout"), KINDS)
def test_four_thousand_more(kind, shape, layout, part):
    """With a thousand in `test_a_thousand_problems`: five thousand, each on every path."""
    rng = np.random.default_rng([KINDS.index((kind, shape, layout)), part])
    asked = certified = 0
    for k in range(84):
        problem = draw(rng, kind, shape)
        _, _, best = problem.optimum()
        X = as_layout(problem.X, "CSR int32") if layout == "CSR" else problem.X
        for solver in "newton", "newton-cg", "auto":
            for max_iter in (None,) if solver == "auto" else (1, 3, None):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", fastgd.ConvergenceWarning)
                    fit = fastgd.fit(
                        X, problem.y, **problem.options, solver=solver, max_iter=max_iter
                    )
                true = float(problem.cost(fit.coef, fit.intercept) - best)
                rounding = rounding_of(problem, fit)
                where = part, k, solver, max_iter, fit.gap, true, rounding
                assert true >= -rounding, where
                assert fit.gap >= true * (1 - 1e-9) - rounding, where
                assert fit.gap_kind == ("dual" if fit.gap < np.inf else "none"), where
                limit = 1e-8 * max(fit.null_cost, 1e3 * EPS * (1 + abs(fit.cost)))
                assert fit.converged == (fit.gap <= limit), where
                if max_iter is None and solver != "newton-cg":
                    assert fit.converged, (*where, fit.message)
                if fit.converged:
                    assert fit.gap <= LOOSE * max(true, 0) + rounding + REST * limit, where
                    certified += solver == "newton-cg"
        asked += 1
    # in units from 1e-8 to 1e8, conjugate gradients may end short, and say so
    assert certified >= 0.95 * asked


@pytest.mark.parametrize("part", range(2))
@pytest.mark.parametrize("layout", ["dense", "CSR"])
def test_wide_soft_labels_without_a_penalty(part, layout):
    """Rows enough in columns to fit every label: the infimum is the labels' own entropy."""
    rng = np.random.default_rng(part)
    for k in range(40):
        n = int(rng.integers(5, 12))
        X = rng.standard_normal((n, n + int(rng.integers(1, 6))))
        y = rng.uniform(0.02, 0.98, n)
        fit = fastgd.fit(as_layout(X, "CSR int32") if layout == "CSR" else X, y)
        infimum = -np.mean(y * np.log(y) + (1 - y) * np.log1p(-y))
        assert fit.converged, (k, fit.message)
        assert -8 * EPS <= fit.cost - infimum <= fit.gap + 8 * EPS
        assert fit.rank == n - 1


# --- what once went wrong ----------------------------------------------------------


@pytest.mark.parametrize("l2", [0.0, 1e-3])
@pytest.mark.parametrize("K", [2, 3])
@pytest.mark.parametrize("far", [1e5, 1e7, 1e9])
def test_a_sparse_column_far_from_its_mean_is_not_constant(rng, far, K, l2):
    X = rng.standard_normal((200, 3))
    codes = rng.integers(0, K, 200)
    X[:, 0] += codes + far
    X[:, 1] *= rng.random(200) < 0.5
    dense = fastgd.fit(X, codes, l2=l2)
    sparse = fastgd.fit(as_layout(X, "CSR int32"), codes, l2=l2)
    assert dense.converged and sparse.converged
    assert dense.rank == sparse.rank
    rounding = 8 * EPS * far * np.abs(dense.coef).max()  # of margins
    assert abs(dense.cost - sparse.cost) <= dense.gap + sparse.gap + rounding


@pytest.mark.parametrize("layout", ["C", "F", "CSR int32"])
@pytest.mark.parametrize("loss", ["log_loss", "softmax", "squared_error"])
@pytest.mark.parametrize("solver", ["auto", "newton-cg"])
def test_columns_whose_squares_are_lost(rng, solver, loss, layout):
    """They are never dropped in silence: named without a penalty, worth nothing with one."""
    X = rng.standard_normal((100, 3))
    y = np.arange(100) % 2 + 0.0
    if loss == "softmax":
        y = np.eye(2)[y.astype(int)]
    others = fastgd.fit(np.delete(X, 1, axis=1), y, loss=loss, l2=1e-3)
    for unit in 1e-150, 1e-160, 1e-200, 1e-310:
        M = as_layout(X * [1, unit, 1], layout)
        if unit < 1e-150:
            with pytest.raises(ValueError, match=r"X\[:, 1\] holds nothing larger than"):
                fastgd.fit(M, y, loss=loss, solver=solver)
        fit = fastgd.fit(M, y, loss=loss, l2=1e-3, solver=solver)
        assert fit.converged
        assert abs(fit.cost - others.cost) <= fit.gap + others.gap + 8 * EPS


@pytest.mark.parametrize("solver", ["newton", "newton-cg", "lbfgs"])
@pytest.mark.parametrize("l2", [0.0, 1e-3])
@pytest.mark.parametrize("K", [2, 3])
@pytest.mark.parametrize("size", [1e2, 1e3, 1e4, 1e6])
def test_offsets_that_leave_no_curvature(rng, size, K, l2, solver):
    """Rows far out on both sides: a bound is a bound, and no step ends above the null model."""
    for _ in range(8):
        X = rng.standard_normal((150, 3))
        codes = rng.integers(0, K, 150)
        o = size * rng.standard_normal(150 if K == 2 else (150, K))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fits = [fastgd.fit(X, codes, offset=o, l2=l2, solver=s) for s in (solver, "lbfgs")]
        fit, best = fits[0], min(fit.cost for fit in fits)
        assert fit.cost <= fit.null_cost * (1 + 8 * EPS)
        assert fit.gap >= (fit.cost - best) * (1 - 1e-9) - 64 * EPS * size


@pytest.mark.parametrize("size", [1e2, 1e5])
def test_one_row_alone_answers_for_the_intercepts(size):
    """It answers for one difference of three classes: the other must not be taken as settled."""
    for seed in range(40, 60):
        rng = np.random.default_rng(seed)
        n, d = int(rng.integers(20, 400)), int(rng.integers(1, 8))
        X, codes = rng.normal(size=(n, d)), rng.integers(0, 3, n)
        o = rng.normal(size=(n, 3)) * size
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fits = [
                fastgd.fit(X, codes, offset=o, l2=1e-3, solver=solver)
                for solver in ("newton", "newton-cg", "lbfgs")
            ]
        best = min(fit.cost for fit in fits)
        for fit in fits:
            assert fit.gap >= (fit.cost - best) * (1 - 1e-9) - 64 * EPS * size, (seed, fit)


@pytest.mark.parametrize("K", [2, 3])
@pytest.mark.parametrize("size", [1e2, 1e5, 1e8])
def test_a_constant_offset_goes_into_the_intercept(rng, size, K):
    X = rng.standard_normal((150, 3))
    codes = rng.integers(0, K, 150)
    o = np.full(150, size) if K == 2 else np.tile([size, 0, -size / 2], (150, 1))
    plain, fit = fastgd.fit(X, codes), fastgd.fit(X, codes, offset=o)
    assert fit.converged
    assert fit.null_cost == pytest.approx(plain.null_cost, rel=1e-9 + 4 * EPS * size)
    assert fit.cost == pytest.approx(plain.cost, rel=1e-9 + 4 * EPS * size)


@pytest.mark.parametrize("solver", ["newton", "newton-cg", "lbfgs"])
def test_neither_columns_nor_intercept_of_three_classes(solver):
    fit = fastgd.fit(np.zeros((5, 0)), [0, 1, 1, 2, 1], fit_intercept=False, solver=solver)
    assert fit.converged
    assert fit.cost == pytest.approx(np.log(3), rel=4 * EPS)
