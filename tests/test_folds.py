"""The fits of folds side by side are those of each fold by itself."""

import numpy as np
import pytest
import scipy.sparse
from tolerances import EPS, assert_exact

import fastgd
from fastgd.functional import fit_folds, fit_path

CS = np.logspace(-4, 4, 9)


def dealt(n, n_folds, rng=None):
    """The fold that leaves each row out: stretches of rows, or (rng) any rows."""
    held = (np.arange(n) * n_folds // n).astype(np.uint8)
    if rng is not None:
        rng.shuffle(held)
    return held


def penalties(held, n_folds, weight=None):
    weight = np.ones(len(held)) if weight is None else weight
    return 1 / (CS * np.array([[weight[held != k].sum()] for k in range(n_folds)]))


def labels(X, strength, rng):
    z = X @ (rng.normal(size=X.shape[1]) * strength / X.shape[1] ** 0.5)
    return (z + rng.logistic(size=len(X)) > 0).astype(int)


def slack(X, y, fit, weight):
    """How far rounding can move the cost of this model: of margins, of one size and sign, and of
    a sum of so many terms."""
    terms = np.abs(X) @ np.abs(fit.coef) + abs(fit.intercept)
    wrong = np.abs(fit.predict_proba(X)[:, 1] - y)
    return EPS * (64 * fit.cost + weight @ (wrong * terms) / weight.sum())


def assert_as_alone(X, y, held, l2, found, at_least=None, **options):
    """Each fit that was found against the fold's own: both are certified, so neither's cost may
    lie below what the other's certificate leaves open."""
    weight = options.pop("sample_weight", None)
    for k, (line, fits) in enumerate(zip(l2, found, strict=True)):
        own = (held != k) * (1.0 if weight is None else weight)
        assert len(fits) >= (len(line) if at_least is None else at_least)
        singles = fit_path(X, y, line, sample_weight=own, **options)
        for value, fit, single in zip(line, fits, singles, strict=False):
            assert fit.converged and fit.gap_kind == "dual" and fit.l2 == value
            assert fit.null_cost == pytest.approx(single.null_cost, rel=1e-13)
            rounding = slack(X, y, fit, own)
            assert fit.cost - fit.gap <= single.cost + rounding
            assert single.cost - single.gap <= fit.cost + rounding
            cost, g, g0 = fastgd.cost_and_gradient(
                X, y, fit.coef, fit.intercept, l2=value, sample_weight=own
            )
            assert fit.cost == pytest.approx(cost, rel=1e-13, abs=rounding)
            norm = np.linalg.norm(np.append(g, g0 * options.get("fit_intercept", True)))
            # a gradient near the optimum is a difference of sums of this size
            assert fit.gradient_norm == pytest.approx(
                norm, rel=1e-6, abs=1e-13 * float(np.abs(X).max())
            )


@pytest.mark.parametrize("kind", ["float64", "F order", "float32", "uint8"])
@pytest.mark.parametrize("shuffled", [False, True])
def test_same_optima_certified(kind, shuffled, rng):
    X = rng.normal(size=(15_000, 12)) * np.logspace(-1, 1, 12) + 1
    y = labels(X, 0.5, rng)
    if kind == "uint8":
        X = np.clip(10 * X + 100, 0, 255).astype(np.uint8)
    elif kind == "F order":
        X = np.asfortranarray(X)
    else:
        X = X.astype(kind)
    held = dealt(len(y), 5, rng if shuffled else None)
    l2 = penalties(held, 5)
    assert_as_alone(X, y, held, l2, fit_folds(X, y, held, l2))


@pytest.mark.parametrize("options", [{"fit_intercept": False}, {"tol": 1e-4}])
@pytest.mark.parametrize("n_folds", [2, 7, 32])
def test_options(options, n_folds, rng):
    X = rng.normal(size=(12_000, 6)) + 0.5
    y, held = labels(X, 2, rng), dealt(12_000, n_folds, rng)
    weight = 10 ** rng.uniform(-3, 3, 12_000) * (rng.random(12_000) < 0.9)
    l2 = penalties(held, n_folds, weight)
    found = fit_folds(X, y, held, l2, sample_weight=weight, **options)
    assert_as_alone(X, y, held, l2, found, sample_weight=weight, **options)


def test_rows_that_no_fold_leaves_out(rng):
    X = rng.normal(size=(12_000, 6))
    y, held = labels(X, 2, rng), dealt(12_000, 4, rng)
    held[rng.random(12_000) < 0.5] = 4
    l2 = penalties(held, 4)
    assert_as_alone(X, y, held, l2, fit_folds(X, y, held, l2))


def rare(n, rng):
    levels = np.zeros((n, 7))
    for j, count in enumerate([1, 2, 5, 20, 100, 1000, 5000]):
        levels[rng.choice(n, count, replace=False), j] = 1
    return np.hstack([rng.normal(size=(n, 4)), levels])


UGLY = {
    "rare levels": lambda n, rng: rare(n, rng),
    "heavy tails": lambda n, rng: rng.standard_t(1.2, (n, 8)),
    "scales": lambda n, rng: (
        rng.normal(size=(n, 9)) * np.logspace(-8, 8, 9) + np.logspace(-5, 5, 9)
    ),
    "far from 0": lambda n, rng: rng.normal(size=(n, 8)) + 1e5,
    "collinear": lambda n, rng: rng.normal(size=(n, 3)) @ np.eye(3, 9, 0) + np.eye(1, 9, 8),
    "of one fold alone": lambda n, rng: np.c_[rng.normal(size=(n, 4)), np.arange(n) < n // 5],
}


@pytest.mark.parametrize("name", UGLY)
@pytest.mark.parametrize("strength", [1, 30])
@pytest.mark.parametrize("by_class", [False, True])
def test_ugly_data(name, strength, by_class, rng):
    n = 12_000
    X = UGLY[name](n, rng)
    y = labels((X - X.mean(axis=0)) / np.where(X.std(axis=0) > 0, X.std(axis=0), 1), strength, rng)
    if by_class:
        order = np.argsort(y, kind="stable")
        X, y = np.ascontiguousarray(X[order]), y[order]
    held = dealt(n, 5, rng if by_class or strength == 1 else None)
    l2 = penalties(held, 5)
    # those that go slowly are left to others, but not from the start
    assert_as_alone(X, y, held, l2, fit_folds(X, y, held, l2), at_least=1)


def test_bound_where_curvatures_fall_on_the_way():
    """A rare level whose rows go from a chance of 1e-12 to none: the optimum is seven times as far
    as the Hessian tells, and so is what a residual of 1e-6 of the bound, in its norm, leaves open.
    Found by a random search, of whose draws this repeats those that matter."""
    rng = np.random.default_rng(101604)
    n, d, n_folds = (int(rng.integers(*span)) for span in [(10_000, 20_000), (1, 13), (2, 9)])
    rng.normal(size=(n, d)), rng.standard_t(1.5, (n, d))
    X = (rng.random((n, d)) < 10 ** rng.uniform(-4, -0.3, d)).astype(float)
    rng.integers(0, 4, (n, d)), rng.lognormal(0, 2, (n, d)), rng.integers(5), rng.random()
    X = X * 10 ** rng.uniform(-6, 6, d) + 10 ** rng.uniform(-3, 3, d)
    rng.random()
    z = (X - X.mean(axis=0)) / X.std(axis=0) @ rng.normal(size=d)
    z = z * 10 ** rng.uniform(-1, 1.5) / d**0.5 + rng.normal() * 2
    y = (z + rng.logistic(size=n) > 0).astype(int)
    rng.random()
    if rng.random() < 0.3:
        order = np.argsort(y, kind="stable")
        X, y = X[order], y[order]
    held = dealt(n, n_folds)
    if rng.random() < 0.6:
        rng.shuffle(held)
    kept = n - np.bincount(held)
    l2 = np.array([1 / (np.logspace(-4, rng.uniform(-2, 9), 6) * rows) for rows in kept])
    found = fit_folds(X, y, held, l2, tol=100 * 10 ** rng.uniform(-11, -2))
    assert_as_alone(X, y, held, l2, found, at_least=1, tol=1e-10)


def test_bits_do_not_depend_on_threads(rng):
    X = rare(20_000, rng)
    y, held = labels(X, 3, rng), dealt(20_000, 5, rng)
    l2 = penalties(held, 5)
    first, *others = (fit_folds(X, y, held, l2, n_threads=k) for k in (1, 2, 3, 7))
    for found in others:
        assert [len(fits) for fits in found] == [len(fits) for fits in first]
        for fits, same in zip(found, first, strict=True):
            for fit, expected in zip(fits, same, strict=True):
                for what in "coef", "intercept", "cost", "gap", "gradient_norm", "n_passes":
                    assert_exact(getattr(fit, what), getattr(expected, what))


def test_a_pass_serves_all_folds(rng):
    """Not the time, which is noisy: a fold takes as many passes as by itself, but shares them."""
    X = rng.normal(size=(20_000, 10))
    y, held = labels(X, 2, rng), dealt(20_000, 5, rng)
    l2 = penalties(held, 5)
    found = fit_folds(X, y, held, l2)
    alone = fit_path(X, y, l2[0], sample_weight=(held != 0).astype(float))
    assert sum(f.n_passes for f in found[0]) <= 1.3 * sum(f.n_passes for f in alone)
    assert sum(f.n_passes for f in found[0][-3:]) <= 3


@pytest.mark.parametrize("kind", ["few rows", "three classes", "CSR", "one fold", "many folds"])
def test_nothing_to_share(kind, rng):
    n = 500 if kind == "few rows" else 12_000
    X = rng.normal(size=(n, 5))
    y, n_folds = labels(X, 1, rng), {"one fold": 1, "many folds": 33}.get(kind, 3)
    if kind == "three classes":
        y = rng.integers(0, 3, n)
    if kind == "CSR":
        X = scipy.sparse.csr_array(X)
    found = fit_folds(X, y, dealt(n, n_folds), np.ones((n_folds, 4)))
    assert found == [[]] * n_folds


def test_not_finite(rng):
    X = rng.normal(size=(12_000, 5))
    y, held = labels(X, 1, rng), dealt(12_000, 3)
    X[7_000, 3] = np.nan
    with pytest.raises(ValueError, match=r"X\[7000, 3\] is nan"):
        fit_folds(X, y, held, penalties(held, 3))


# --- as LogisticRegressionCV asks for them ----------------------------------------------


class Splits:
    """Splitters of every kind, by name."""

    @staticmethod
    def stratified(n, rng):
        return 4

    @staticmethod
    def shuffled(n, rng):
        from sklearn.model_selection import StratifiedKFold

        return StratifiedKFold(4, shuffle=True, random_state=0)

    @staticmethod
    def overlapping(n, rng):
        from sklearn.model_selection import ShuffleSplit

        return ShuffleSplit(3, test_size=0.4, random_state=0)

    @staticmethod
    def partial(n, rng):
        from sklearn.model_selection import PredefinedSplit

        return PredefinedSplit(rng.integers(-1, 3, n))

    @staticmethod
    def by_hand(n, rng):
        """Rows named twice, and rows in neither part."""
        rows = rng.permutation(n)
        return [(np.r_[rows[:5000], rows[:1000]], rows[5000:9000]), (rows[4000:], rows[:4000])]


@pytest.mark.parametrize("kind", ["stratified", "shuffled", "overlapping", "partial", "by_hand"])
def test_cross_validation_is_that_of_the_folds_by_themselves(kind, monkeypatch, rng):
    pytest.importorskip("sklearn")
    from fastgd.estimators import folds

    X = rare(12_000, rng)
    y = labels(X, 3, rng)
    weight = rng.random(12_000)
    side_by_side = []

    def watched(*args, **options):
        side_by_side.extend(fit_folds(*args, **options))
        return side_by_side

    options = {"Cs": [1e-3, 0.1, np.inf, 10.0], "cv": getattr(Splits, kind)(12_000, rng)}
    monkeypatch.setattr(folds, "fit_folds", watched)
    with pytest.warns(fastgd.SeparationWarning):  # C = inf, and one row has a level of its own
        model = fastgd.LogisticRegressionCV(**options).fit(X, y, sample_weight=weight)
    shared = {"stratified": 4, "shuffled": 4, "partial": 3}
    assert len(side_by_side) == shared.get(kind, 0)
    assert all(len(fits) == 3 for fits in side_by_side)

    monkeypatch.setattr(folds, "fit_folds", lambda X, y, held, l2, **options: [[] for _ in l2])
    with pytest.warns(fastgd.SeparationWarning):
        alone = fastgd.LogisticRegressionCV(**options).fit(X, y, sample_weight=weight)
    finite = np.isfinite(options["Cs"])
    assert model.C_ == alone.C_
    np.testing.assert_allclose(
        model.scores_[..., finite], alone.scores_[..., finite], rtol=0, atol=1e-5
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_scores_where_a_level_is_rare_in_training_and_common_in_the_rows_left_out(seed):
    """The cost hardly knows the coefficient of such a level; the scores do."""
    pytest.importorskip("sklearn")
    from sklearn.metrics import log_loss
    from sklearn.model_selection import StratifiedKFold

    rng, n = np.random.default_rng(seed), 12_000
    levels, late = np.minimum(rng.geometric(0.3, n), 12), np.arange(n) > 0.8 * n
    new = late & (rng.random(n) < 0.3) | (np.arange(n) % (n // 6) == 5)
    X = np.column_stack([rng.normal(size=(n, 4)), np.eye(13)[levels], new])
    z = X[:, :4] @ [1.0, -0.5, 0.3, 0.0] + 0.4 * levels - 1.5
    y = (z + rng.logistic(size=n) > 0).astype(int)
    y[new & ~late] = 1
    model = fastgd.LogisticRegressionCV(Cs=CS, cv=5).fit(X, y)
    for k, (train, test) in enumerate(StratifiedKFold(5).split(X, y)):
        for i, C in enumerate(CS):
            options = {"l2": 1 / (C * len(train)), "tol": 1e-14, "solver": "newton"}
            fit = fastgd.fit(X[train], y[train], **options)
            score = -log_loss(y[test], fit.predict_proba(X[test]))
            assert model.scores_[k, 0, i] == pytest.approx(score, rel=0, abs=5e-5)


def test_what_is_given_up_is_finished_alone(monkeypatch, rng):
    pytest.importorskip("sklearn")
    from fastgd.estimators import folds

    X = rng.normal(size=(12_000, 5))
    y = labels(X, 2, rng)
    whole = fastgd.LogisticRegressionCV(Cs=6, cv=4).fit(X, y)

    def some(*args, **options):
        return [fits[:k] for k, fits in enumerate(fit_folds(*args, **options))]

    monkeypatch.setattr(folds, "fit_folds", some)
    model = fastgd.LogisticRegressionCV(Cs=6, cv=4).fit(X, y)
    assert model.n_iter_.shape == (4, 1, 6)
    np.testing.assert_allclose(model.scores_, whole.scores_, rtol=0, atol=1e-5)
    np.testing.assert_allclose(model.coefs_paths_, whole.coefs_paths_, rtol=0, atol=1e-3)
