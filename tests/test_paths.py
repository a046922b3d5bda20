"""Every path that `auto` may take: the laws of the solution, the same bits, starts that pay."""

import warnings
from dataclasses import dataclass, field

import numpy as np
import pytest
from problems import as_layout, correlated
from tolerances import EPS, assert_same_bits

import fastgd
from fastgd import reference


@dataclass
class Path:
    """Data that `auto` takes one way, and what it calls that way."""

    solver: str
    X: np.ndarray
    y: np.ndarray
    layout: str = "C"
    l2: float = 0.01
    loss: str = "auto"
    options: dict = field(default_factory=dict)

    def fit(self, X=None, y=None, **options):
        X, y = self.X if X is None else X, self.y if y is None else y
        options = {"l2": self.l2, "loss": self.loss, "tol": 1e-11, **self.options, **options}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", fastgd.ConvergenceWarning)
            return fastgd.fit(as_layout(X, self.layout), y, **options)


def classes(rng, X, K):
    """Labels that depend on the columns, each class with some rows."""
    Z = (X - X.mean(axis=0)) @ rng.standard_normal((X.shape[1], K))
    Z = 2 * Z / Z.std()
    codes = (Z + rng.gumbel(size=Z.shape)).argmax(axis=1)
    codes[:K] = range(K)
    return codes


def text(rng, n, d):
    """Few entries a row."""
    return rng.exponential(1, (n, d)) * (rng.random((n, d)) < 0.05)


def sampled(rng):
    problem = correlated(rng, 20_000, 24)
    return Path("sampled", problem.X + 2, problem.y)


def newton(rng):
    problem = correlated(rng, 1000, 12)
    return Path("newton", problem.X + 2, problem.y)


def dual(rng):
    X = rng.standard_normal((200, 401)) + 1
    return Path("dual", X, classes(rng, X, 2), l2=0.1)


def softmax_dual(rng):
    X = rng.standard_normal((200, 801)) + 1
    return Path("dual", X, classes(rng, X, 4), l2=0.1)


def newton_cg(rng):
    X = rng.standard_normal((1600, 2001)) + 1
    return Path("newton-cg", X, classes(rng, X, 2), l2=0.1)


def sparse(rng):
    X = text(rng, 1500, 2100)
    return Path("newton-cg", X, classes(rng, X, 2), "CSR int32", l2=1e-3)


def softmax(rng):
    problem = correlated(rng, 3000, 5)
    return Path("newton", problem.X, classes(rng, problem.X, 4))


def softmax_cg(rng):
    X = (rng.standard_normal((3000, 70)) + 1).astype(np.float32)
    return Path("newton-cg", X, classes(rng, X, 6))


def softmax_sparse(rng):
    X = text(rng, 1500, 400)
    return Path("newton-cg", X, classes(rng, X, 5), "CSR int64", l2=1e-3)


def squared(rng):
    problem = correlated(rng, 2000, 10)
    y = problem.X @ rng.standard_normal(10) + rng.standard_normal(2000)
    return Path("newton", problem.X, y, loss="squared_error")


PATHS = (
    sampled, newton, dual, newton_cg, sparse,
    softmax, softmax_dual, softmax_cg, softmax_sparse, squared,
)  # fmt: skip


@pytest.fixture(params=PATHS, ids=lambda make: make.__name__)
def path(request, rng):
    return request.param(rng)


def assert_same_model(path, one, other):
    """The same cost as far as both are certified, and margins as near as that allows: with a
    penalty the cost rises by half of l2 times the squared distance of the coefficients at least."""
    assert one.converged and other.converged
    room = one.gap + other.gap + 64 * EPS * (1 + one.cost)
    assert abs(one.cost - other.cost) <= room
    distance = 2 * np.sqrt(2 * room / path.l2)
    assert np.linalg.norm(one.coef - other.coef) <= distance


def test_auto_takes_this_path(path):
    fit = path.fit()
    assert fit.solver == path.solver
    assert fit.converged
    assert fit.gap_kind == "dual"


def test_from_few_numbers_no_rows_are_drawn(rng):
    problem = correlated(rng, 20_000, 6)
    assert fastgd.fit(problem.X, problem.y).solver == "newton"


def test_a_weight_of_two_is_the_row_twice(path, rng):
    weight = rng.integers(1, 3, len(path.y))
    rows = np.repeat(np.arange(len(path.y)), weight)
    weighted = path.fit(sample_weight=weight.astype(float))
    assert_same_model(path, weighted, path.fit(path.X[rows], path.y[rows]))


def test_a_weight_of_zero_is_the_row_dropped(path, rng):
    kept = rng.random(len(path.y)) < 0.95
    kept[:10] = True
    weighted = path.fit(sample_weight=kept.astype(float))
    assert_same_model(path, weighted, path.fit(path.X[kept], path.y[kept]))


def test_columns_given_twice_and_halved(path):
    d, plain = path.X.shape[1], path.fit()
    twice = path.fit(np.hstack([path.X, path.X]) / 2, l2=path.l2 / 2)
    assert twice.converged
    halves = twice.coef[..., :d], twice.coef[..., d:]
    room = plain.gap + twice.gap + 64 * EPS * (1 + plain.cost)
    assert abs(plain.cost - twice.cost) <= room
    distance = 2 * np.sqrt(2 * room / path.l2)
    assert np.linalg.norm((halves[0] + halves[1]) / 2 - plain.coef) <= distance
    assert np.linalg.norm(halves[0] - halves[1]) <= 4 * distance


def test_units_of_columns(path):
    units = 2.0 ** (np.arange(path.X.shape[1]) % 3 * 10 - 10)  # no rounding, in float32 neither
    scaled = path.fit((path.X * units).astype(path.X.dtype), l2=path.l2 * units**2)
    scaled.coef = scaled.coef * units
    assert_same_model(path, path.fit(), scaled)


def test_order_of_rows(path, rng):
    rows = rng.permutation(len(path.y))
    assert_same_model(path, path.fit(), path.fit(path.X[rows], path.y[rows]))


def test_order_of_classes(path):
    plain = path.fit()
    if path.loss == "squared_error":
        turned = path.fit(y=-path.y)
        turned.coef = -turned.coef
    elif plain.coef.ndim == 1:
        turned = path.fit(y=1 - path.y)
        turned.coef = -turned.coef
    else:
        K = len(plain.classes)
        turned = path.fit(y=(path.y + 1) % K)
        turned.coef = np.roll(turned.coef, -1, axis=0)
    assert_same_model(path, plain, turned)


@pytest.mark.parametrize("make", [sampled, newton, softmax, squared])
@pytest.mark.parametrize("unit", [1e-8, 1e8])
def test_units_do_not_change_unpenalised_predictions(rng, make, unit):
    """By less than 1e-8, columns one after the other, one of them a sum of others."""
    path = make(rng)
    X = np.column_stack([path.X, path.X[:, 0] + path.X[:, 1]])
    options = {"l2": 0.0, "tol": 1e-14}
    plain = path.fit(X, **options)

    def predict(fit, X):
        return fit.predict(X) if path.loss == "squared_error" else fit.predict_proba(X)

    assert plain.rank == path.X.shape[1]
    for j in range(X.shape[1]):
        scaled = X.copy()
        scaled[:, j] *= unit
        fit = path.fit(scaled, **options)
        assert fit.rank == plain.rank
        np.testing.assert_allclose(predict(fit, scaled), predict(plain, X), rtol=0, atol=1e-8)


def test_the_same_bits_for_any_number_of_threads(path):
    n = len(path.y)
    while len(path.y) * path.X.shape[1] < 150_000:  # worth two threads
        path.X, path.y = np.vstack([path.X, path.X]), np.concatenate([path.y, path.y])
    rng = np.random.default_rng(n)
    options = {"sample_weight": rng.random(len(path.y)), "tol": 1e-8, "record": True}
    fits = [path.fit(n_threads=t, **options) for t in (1, 2, 3, 7)]
    assert {fit.solver for fit in fits} <= {path.solver, "sampled"}
    assert fits[1].n_threads == 2
    assert_same_bits(fits)


def test_a_warm_start_pays(path):
    """From the optimum, and from that of a penalty a tenth larger."""
    cold = path.fit(tol=1e-8)
    again = path.fit(tol=1e-8, init=(cold.coef, cold.intercept))
    near = path.fit(tol=1e-8, l2=1.1 * path.l2)
    warm = path.fit(tol=1e-8, init=(near.coef, near.intercept))
    assert again.converged and warm.converged
    if path.solver == "dual":  # whose steps cost no pass
        assert again.n_iter < cold.n_iter
        assert warm.n_iter <= cold.n_iter
    elif path.loss != "squared_error":  # which takes one step from anywhere
        assert again.n_passes < cold.n_passes
        assert warm.n_passes <= cold.n_passes
    assert again.cost <= cold.cost * (1 + 4 * EPS)


def test_probabilities_are_those_of_the_model(path):
    fit = path.fit()
    z = path.X.astype(float) @ fit.coef.T + fit.intercept
    found = fit.decision_function(as_layout(path.X, path.layout))
    np.testing.assert_allclose(found, z, atol=1e-11 * np.abs(z).max())
    if z.ndim == 1 and path.loss == "auto":
        p = fit.predict_proba(as_layout(path.X, path.layout))[:, 1]
        np.testing.assert_allclose(p, reference.sigmoid(found), rtol=1e-12)
