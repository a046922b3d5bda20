"""Separation among more than two classes: a class that is excluded on some rows in the limit."""

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse
from problems import LAYOUTS, as_layout
from test_separation import columns, quiet

import fastgd

EPS = np.finfo(float).eps
K = 3


def spanning(rng, d, labels):
    """Rows that span the space, each of them with every label: they allow no direction at all."""
    rows = rng.standard_normal((d + 1, d))
    return np.vstack([rows] * len(labels)), np.repeat(labels, d + 1)


def easy(rng, labels=(0, 1, 2), *, steep=None):
    """Not separable, although (steep) most rows may go where a linear rule sends them."""
    n, d = rng.integers(12, 60), rng.integers(1, 5)
    X, y = spanning(rng, d, labels)
    more = columns(rng, n, d)
    labels = np.array(labels)
    if rng.random() < 0.5 if steep is None else not steep:
        codes = rng.integers(0, len(labels), n)
    else:
        codes = (more @ rng.standard_normal((d, len(labels)))).argmax(axis=1)
    return np.vstack([X, more]), np.r_[y, labels[codes]]


def complete(rng):
    """Every row on its own side; a few columns carry the margins."""
    while True:
        n, d = rng.integers(12, 60), rng.integers(1, 5)
        X = columns(rng, n, d)
        scores = X / np.abs(X).max(axis=0).clip(1e-300) @ rng.standard_normal((d, K))
        y = scores.argmax(axis=1)
        if len(set(y)) == K:
            scores[range(n), y] += 0.05 * (1e-3 + rng.random())
            return np.column_stack([X, scores]), y, n


def one_class(rng):
    """Class 0 lies apart from two that are mixed."""
    X, y = easy(rng, (1, 2), steep=False)
    few = rng.integers(2, 20)
    X = np.vstack([X, rng.standard_normal((few, X.shape[1]))])
    apart = np.r_[-np.abs(rng.standard_normal(len(y))), 0.1 + np.abs(rng.standard_normal(few))]
    return np.column_stack([X, apart]), np.r_[y, np.zeros(few, int)], len(X)


def one_level(rng):
    """A level of a factor where one class or two never occur."""
    X, y = easy(rng)
    few = rng.integers(1, 7)
    level = np.r_[np.zeros(len(X)), np.ones(few)]
    X = np.column_stack([np.vstack([X, rng.standard_normal((few, X.shape[1]))]), level])
    labels = rng.permutation(K)[: rng.integers(1, 3)]
    return X, np.r_[y, rng.choice(labels, few)], few


def narrow(rng):
    """Classes by a linear rule, in columns of any size; a few rows near the borders, or twins of
    rows, have the label of the class beyond, save where two classes are left in peace. So some
    classes can be parted, wholly or in part, and others only nearly."""
    n, d, classes = rng.integers(30, 301), rng.integers(2, 9), rng.integers(3, 6)
    X = rng.standard_normal((n, d))
    kind = rng.integers(5)
    if kind == 1:
        X = np.round(2 * X)
    elif kind == 2:
        X = np.round(X, 1)
    elif kind == 3:
        first = rng.integers(d)
        X[:, first:] = rng.integers(0, 2, (n, d - first))
    elif kind == 4:
        levels = min(d, rng.integers(2, 5))
        X[:, :levels] = np.eye(levels)[rng.integers(0, levels, n)]
    scores = X @ (rng.standard_normal((d, classes)) * (rng.random((d, 1)) < 0.7))
    scores += 0.3 * rng.standard_normal(classes)
    order = np.sort(scores, axis=1)
    y, beyond = scores.argmax(axis=1), np.argsort(scores, axis=1)[:, -2]
    peace = rng.choice(classes, 2, replace=False) if rng.random() < 0.6 else []
    crosses = ~(np.isin(y, peace) & np.isin(beyond, peace))
    near = np.argsort(order[:, -1] - order[:, -2])
    if rng.random() < 0.7:
        near = near[rng.random(n) < rng.choice([0.05, 0.2])]
    near = near[: rng.integers(0, 6)]
    near = near[crosses[near]]
    y[near] = beyond[near]
    if rng.random() < 0.5:
        twins = rng.choice(n, rng.integers(1, 2 * d))
        twins = twins[crosses[twins]]
        away = 10 ** rng.uniform(-5, -1) * (rng.random() < 0.7)
        X = np.vstack([X, X[twins] + away * rng.standard_normal((len(twins), d))])
        y = np.r_[y, beyond[twins]]
    if rng.random() < 0.8:
        X *= 10.0 ** rng.uniform(-6, 6, d)
    if rng.random() < 0.3:  # far from 0
        X += np.abs(X).max(axis=0) * 10.0 ** rng.uniform(-1, 2, d) * rng.standard_normal(d)
    order = rng.permutation(len(X))
    return X[order], y[order]


def limit_pairs(X, y):
    """Which pairs of a row and a class does some direction part? By a linear program, which finds
    all at once: maximise the sum of s over 0 <= s <= 1, each pair being moved by s or more. None
    where that program can hardly tell: it fails, its direction is long, or leaves the other pairs
    alone only up to its tolerance."""
    A = (X - X.mean(axis=0)) / np.ptp(X, axis=0).clip(1e-300)
    A = np.column_stack([A, np.ones(len(X))])
    codes = np.unique(y, return_inverse=True)[1]
    classes, p = codes.max() + 1, A.shape[1]
    row, other = np.nonzero(np.arange(classes) != codes[:, None])
    D = np.zeros((len(row), classes, p))
    D[range(len(row)), codes[row]] = A[row]
    D[range(len(row)), other] = -A[row]
    D = D.reshape(len(row), -1)
    D /= np.linalg.norm(D, axis=1, keepdims=True)
    found = scipy.optimize.linprog(
        np.r_[np.zeros(classes * p), -np.ones(len(D))],
        A_ub=scipy.sparse.hstack([scipy.sparse.csr_array(-D), scipy.sparse.eye_array(len(D))]),
        b_ub=np.zeros(len(D)),
        bounds=[(None, None)] * (classes * p) + [(0, 1)] * len(D),
    )
    if found.status != 0:
        return None
    direction, moved = found.x[: classes * p], found.x[classes * p :] > 0.5
    if moved.any():
        rest = D[~moved]
        for _ in range(2 if len(rest) else 0):
            direction -= np.linalg.lstsq(rest, rest @ direction, rcond=1e-12)[0]
        length = np.abs(direction).max()
        left_alone = np.all(np.abs(rest @ direction) <= 1e-13 * length)
        if length > 1e6 or not left_alone or not np.all(D[moved] @ direction > 0.5):
            return None
    pairs = np.zeros((len(X), classes), bool)
    pairs[row, other] = moved
    return pairs


def narrow_problems(*seed, count):
    """Yield a number, rows, labels and the pairs that can be parted; 3 classes or more each."""
    unclear = 0
    for k in range(count):
        X, y = narrow(np.random.default_rng([*seed, k]))
        if len(set(y)) < 3:
            continue
        pairs = limit_pairs(X, y)
        if pairs is None:
            unclear += 1
        else:
            yield k, X, y, pairs
    assert unclear <= 0.05 * count


def shuffled(rng, X, y, *rest):
    order = rng.permutation(len(X))
    return X[order], y[order], *rest


def check_witness(fit, X, y, *, by_stage=True):
    """Each direction lifts the label to the top of the classes left, and on the rows counted above
    some of them; no row sees its label fall behind. (Not by_stage: what is moved, but little beside
    its rounding or the rest, may be counted by a later one.)"""
    left = np.ones((len(X), len(fit.classes)), bool)
    codes = np.searchsorted(fit.classes, y)
    separation = fit.separation
    for W, b, rows in zip(separation.direction, separation.intercept, separation.rows, strict=True):
        T = X @ W.T + b
        apart = T[range(len(X)), codes][:, None] - T
        rounding = 1e-9 * (1 + np.abs(X) @ np.abs(W).max(axis=0) + np.abs(b).max())[:, None]
        moved = left & (apart > 1e-7)
        assert np.all(apart[left] >= -np.broadcast_to(rounding, apart.shape)[left])
        if by_stage:
            assert np.all(np.abs(apart)[left & ~moved] <= 1e-8 + rounding.max())
            assert (moved.any(axis=1) & left.all(axis=1)).sum() == rows
        left &= ~moved
    assert (~left).any(axis=1).sum() == separation.rows.sum()
    return left


@pytest.mark.parametrize("part", range(4))
def test_no_false_alarm(part):
    rng = np.random.default_rng([1, part])
    for k in range(500):
        X, y = shuffled(rng, *easy(rng))
        fit = fastgd.fit(X, y)
        assert fit.status == "converged", (part, k, fit.message)
        assert fit.separation is None


@pytest.mark.parametrize("kind", [complete, one_class, one_level])
@pytest.mark.parametrize("part", range(2))
def test_separation_is_found(part, kind):
    rng = np.random.default_rng([2, part])
    for k in range(334):  # 2004 in all
        X, y, rows = shuffled(rng, *kind(rng))
        fit = quiet(X, y)
        assert fit.status == "separated", (k, fit.message)
        assert fit.converged, (k, fit.message)
        assert fit.separation.rows.sum() == rows, k
        check_witness(fit, X, y)


def check_pairs(fit, X, y, pairs, k):
    """Neither a pair too few nor one too many."""
    left = np.ones(pairs.shape, bool)
    if fit.separation is not None:
        left = check_witness(fit, X, y, by_stage=False)
    np.testing.assert_array_equal(~left, pairs, err_msg=f"{k}: {fit.message}")


@pytest.mark.parametrize(
    "part", [0, *(pytest.param(part, marks=pytest.mark.slow) for part in range(1, 9))]
)
@pytest.mark.filterwarnings("ignore::fastgd.errors.ConvergenceWarning")
def test_narrow_separation_is_found_pair_by_pair(part):
    """250 problems and, slowly, 2000 more. One in 250 may end short of the optimum of the pairs
    that are left, which are nearly separated."""
    short = 0
    for k, X, y, pairs in narrow_problems(3, part, count=250):
        fit = quiet(X, y)
        check_pairs(fit, X, y, pairs, k)
        short += not fit.converged
    assert short <= 1


@pytest.mark.filterwarnings("ignore::fastgd.errors.ConvergenceWarning")
def test_narrow_separation_is_found_without_a_hessian():
    """What is left then, ill-conditioned, may end short of its optimum."""
    for k, X, y, pairs in narrow_problems(4, count=100):
        check_pairs(quiet(X, y, solver="newton-cg"), X, y, pairs, k)


@pytest.fixture
def quasi(rng):
    """Six rows of a level where class 2 never occurs, among 300 that overlap."""
    X = rng.standard_normal((300, 2))
    y = (X[:, :1] * [0.0, 1.0, -1.0] + rng.gumbel(size=(300, K))).argmax(axis=1)
    level = np.zeros(300)
    level[:6] = 1
    y[:6] = [0, 1, 0, 1, 1, 0]
    return np.column_stack([X, level]), y


def reduced_infimum(X, y, rows=6):
    """The infimum by the log loss alone, where class 2 has no part on the first rows: these enter
    the cost as rows of two classes, which soft-max regression of three with an offset is."""
    offset = np.zeros((len(X), K))
    offset[:rows, 2] = -1e3
    fit = fastgd.fit(X, y, offset=offset, tol=1e-12)
    assert fit.separation is None
    assert fit.converged
    return fit.cost


def test_the_rest_is_fitted_as_if_alone(quasi):
    X, y = quasi
    with pytest.warns(fastgd.SeparationWarning, match=r"6 of 300 rows class c .*columns 2\b.*l2"):
        fit = fastgd.fit(X, np.array(["a", "b", "c"])[y])
    assert fit.converged
    assert fit.separation.columns == [[2]]
    assert fit.separation.classes == [[2]]
    assert fit.gap_kind == "dual"
    infimum = reduced_infimum(X, y)
    assert abs(fit.cost - infimum) <= fit.gap + 1e-12 + 4 * EPS
    assert fit.gap <= 1e-8
    assert fit.cost == pytest.approx(fastgd.cost(X, y, fit.coef, fit.intercept), rel=1e-12)
    np.testing.assert_allclose(fit.coef.sum(axis=0), 0, atol=1e-12 * np.abs(fit.coef).max())


@pytest.mark.parametrize("max_iter", [3, 5, 8, None])
def test_the_gap_bounds_the_distance_from_the_infimum(quasi, max_iter):
    X, y = quasi
    with pytest.warns((fastgd.SeparationWarning, fastgd.ConvergenceWarning)):
        fit = fastgd.fit(X, y, max_iter=max_iter)
    assert fit.cost - reduced_infimum(X, y) <= fit.gap + 1e-12


def test_predictions_are_the_limit(quasi, tmp_path):
    X, y = quasi
    fit = quiet(X, y)
    new = np.array([[0.3, 0.1, 0.0], [-9.0, 0.0, 1.0]])
    z, p = fit.decision_function(new), fit.predict_proba(new)
    assert np.isfinite(z[0]).all()
    assert np.isfinite(z[1, :2]).all()
    assert z[1, 2] == -np.inf
    assert p[1, 2] == 0
    assert p[1, 0] == pytest.approx(1 / (1 + np.exp(z[1, 1] - z[1, 0])), rel=1e-12)
    assert p[0].min() > 0
    assert fit.predict(new)[1] in (0, 1)
    # without a penalty the probabilities of each class add up to its rows, within each level, too
    full = fit.predict_proba(X)
    np.testing.assert_allclose(full.sum(axis=0), np.bincount(y), rtol=1e-6)
    np.testing.assert_allclose(full[:6].sum(axis=0), [3, 3, 0], rtol=1e-5)
    fit.save(tmp_path / "model")
    again = fastgd.load(tmp_path / "model")
    np.testing.assert_array_equal(again.decision_function(new), z)
    assert again.separation.columns == fit.separation.columns
    assert again.separation.classes == [[2]]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_layout_weights_and_threads(quasi, layout):
    X, y = quasi
    weights = np.linspace(0, 2, 300)
    weights[:6] = 1
    fits = [
        quiet(as_layout(X, layout), y, sample_weight=weights, n_threads=threads)
        for threads in (1, 2, 3, 7)
    ]
    for fit in fits:
        assert fit.status == "separated"
        assert fit.converged
        assert fit.separation.rows.tolist() == [6]
        for name in "coef", "intercept", "cost", "gap", "n_passes":
            np.testing.assert_array_equal(getattr(fit, name), getattr(fits[0], name))
        np.testing.assert_array_equal(fit.separation.direction, fits[0].separation.direction)


def test_a_row_without_weight_neither_separates_nor_hinders(quasi):
    X, y = quasi
    y[0] = 2  # opposes the level, but does not count
    weights = np.ones(300)
    weights[0] = 0
    assert quiet(X, y, sample_weight=weights).separation.rows.tolist() == [5]
    assert fastgd.fit(X, y).status == "converged"


def test_soft_labels(quasi):
    X, y = quasi
    soft = np.full((300, K), 0.05)
    soft[range(300), y] = 0.9
    assert fastgd.fit(X, soft, loss="softmax").status == "converged"
    soft[:6] = [0.3, 0.7, 0.0]
    fit = quiet(X, soft, loss="softmax")
    assert fit.status == "separated"
    assert fit.converged
    assert fit.separation.rows.tolist() == [6]
    np.testing.assert_allclose(fit.predict_proba(X)[:6].mean(axis=0), [0.3, 0.7, 0], atol=1e-5)


def test_a_penalty_ends_it(quasi):
    X, y = quasi
    assert fastgd.fit(X, y, l2=1e-6).separation is None
    # on the column that separates is enough, on the others it changes nothing
    assert fastgd.fit(X, y, l2=[0, 0, 1e-6]).status == "converged"
    fit = quiet(X, y, l2=[1e-3, 1e-3, 0])
    assert fit.status == "separated"
    assert fit.converged
    assert fit.separation.columns == [[2]]


def test_an_offset_is_overcome(quasi, rng):
    X, y = quasi
    fit = quiet(X, y, offset=rng.standard_normal((300, K)))
    assert fit.status == "separated"
    assert fit.separation.rows.tolist() == [6]


def test_stage_after_stage(quasi):
    """Among the rows of a level that class 2 leaves, a level within it is pure."""
    X, y = quasi
    inner = np.zeros(300)
    inner[:2] = 1
    y[:2] = 0
    fit = quiet(np.column_stack([X, inner]), y)
    assert fit.converged
    p = fit.predict_proba(np.column_stack([X, inner]))
    np.testing.assert_array_equal(p[:2], [[1, 0, 0]] * 2)
    assert np.all(p[2:6, 2] == 0)
    np.testing.assert_allclose(p[2:6, :2].sum(axis=0), np.bincount(y[2:6]), rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "rows", "classes"), [("iris", 150, [[0]]), ("wine", 178, [[0, 1, 2]])]
)
@pytest.mark.parametrize("solver", ["auto", "newton-cg", "lbfgs"])
def test_well_known_sets(name, rows, classes, solver):
    datasets = pytest.importorskip("sklearn.datasets")
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    fit = quiet(X, y, solver=solver)
    assert fit.status == "separated"
    assert fit.converged
    assert fit.separation.rows.tolist() == [rows]
    assert fit.separation.classes == classes
    check_witness(fit, X, y)
    if name == "iris":  # the other two species overlap: what is left is their own fit
        two = fastgd.fit(X[y > 0], y[y > 0])
        np.testing.assert_allclose(fit.cost, two.cost * 100 / 150, rtol=1e-7)
        np.testing.assert_allclose(
            fit.predict_proba(X[y > 0])[:, 1:], two.predict_proba(X[y > 0]), atol=1e-4
        )
        assert np.all(fit.predict_proba(X)[:50, 0] == 1)


def test_digits_without_a_hessian():
    datasets = pytest.importorskip("sklearn.datasets")
    X, y = datasets.load_digits(return_X_y=True)
    with pytest.warns(fastgd.SeparationWarning, match="1797 of 1797 rows can be fitted perfectly"):
        fit = fastgd.fit(X, y)
    assert fit.solver == "newton-cg"
    assert fit.status == "separated"
    assert fit.converged
    assert fit.cost <= fit.gap <= 1e-9
    check_witness(fit, X, y)
    np.testing.assert_array_equal(fit.predict(X), y)
    np.testing.assert_array_equal(fit.coef, quiet(X, y, n_threads=3).coef)


def test_lbfgs_sees_complete_separation(rng):
    X, y, rows = complete(rng)
    fit = quiet(X, y, solver="lbfgs")
    assert fit.status == "separated"
    assert fit.converged
    assert fit.separation.rows.tolist() == [rows]
