"""Problems with known answers, ugly data, and the optimum in extended precision."""

from dataclasses import dataclass, field, replace

import numpy as np
import scipy.optimize
import scipy.sparse

from fastgd import reference

DTYPES = ("float64", "float32", "uint8")
LAYOUTS = ("C", "F", "row-strided", "CSR int32", "CSR int64")
# Sizes around the widths of vectors and the unrolling of loops.
SIZES = (1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 97)


@dataclass
class Problem:
    """One fit: the arrays, and the options that belong to the objective."""

    X: np.ndarray
    y: np.ndarray
    sample_weight: np.ndarray | None = None
    offset: np.ndarray | None = None
    l2: float | np.ndarray = 0.0
    loss: str = "log_loss"
    fit_intercept: bool = True
    coef: np.ndarray | None = None  # the solution, where known
    intercept: float | None = None
    name: str = field(default="", compare=False)

    @property
    def objective(self):
        """Keyword arguments of `fastgd.cost` and its like."""
        names = "loss", "l2", "sample_weight", "offset"
        return {name: getattr(self, name) for name in names}

    @property
    def options(self):
        """Keyword arguments of `fastgd.fit`."""
        return {**self.objective, "fit_intercept": self.fit_intercept}

    def cost(self, coef, intercept):
        """Return the cost in long double."""
        X = self.X.astype(np.longdouble)
        return reference.cost(X, self.y, coef, intercept, **self.objective)

    @property
    def is_separated(self):
        """Whether some direction lowers the unpenalised log loss for ever, by a linear program:
        it must have no row on the wrong side, and some row on the right one."""
        scale = np.abs(self.X).max(axis=0)
        A = self.X / np.where(scale > 0, scale, 1)
        if self.fit_intercept:
            A = np.column_stack([A, np.ones(len(A))])
        counts = np.ones(len(A), bool) if self.sample_weight is None else self.sample_weight > 0
        # a soft label stands for a row of either class
        sides = np.vstack([A[counts & (self.y > 0)], -A[counts & (self.y < 1)]])
        found = scipy.optimize.linprog(
            -sides.sum(axis=0), A_ub=np.vstack([-sides, sides]),
            b_ub=np.repeat([0.0, 1.0], len(sides)), bounds=(None, None),
        )  # fmt: skip
        assert found.status == 0
        return -found.fun > 1e-6

    def optimum(self):
        """Solve by Newton's method in long double: coefficients, intercept, cost.

        The cost is exact to about 1e-18: that of the last few steps is within their
        rounding, and the certificate at the end is asserted to be no larger."""
        X = self.X.astype(np.longdouble)
        model = reference.fit_newton(X, self.y, **self.options)
        gap = reference.certificate(X, self.y, model.coef, model.intercept, **self.options)
        assert gap <= 1e-17 * max(1, model.costs[-1]), f"{self.name}: not solved, gap {gap}"
        return model.coef, model.intercept, model.costs[-1]


def as_layout(X, layout):
    """Return the matrix in one of `LAYOUTS`."""
    X = np.asarray(X)
    if layout == "C":
        return np.ascontiguousarray(X)
    if layout == "F":
        return np.asfortranarray(X)
    if layout == "row-strided":
        wide = np.full((len(X), X.shape[1] + 3), 77, X.dtype)
        wide[:, 1:-2] = X
        return wide[:, 1:-2]
    if layout.startswith("CSR"):
        S = scipy.sparse.csr_array(X)
        for name in "indices", "indptr":
            setattr(S, name, getattr(S, name).astype(layout.split()[1]))
        return S
    raise ValueError(layout)


def is_native(dtype, layout):
    """Whether fastgd reads this combination in place."""
    return not (dtype == "uint8" and layout.startswith("CSR"))


def random_matrix(rng, n, d, dtype="float64"):
    """Return a matrix of the given type, one entry in three zero."""
    X = rng.standard_normal((n, d))
    if dtype == "uint8":
        X = rng.integers(0, 256, (n, d))
    return (X * (rng.random((n, d)) < 2 / 3)).astype(dtype)


def random_model(rng, X):
    """Return coefficients that give margins of a few units, and an intercept."""
    scale = np.sqrt(np.sum(np.square(X, dtype=np.float64), axis=0) + 1)
    w = rng.standard_normal(X.shape[1]) / scale * np.sqrt(len(X) / max(1, X.shape[1]))
    return 2 * w, rng.standard_normal()


def random_targets(rng, n, loss="log_loss", soft=False):
    """Return 0 and 1, probabilities or, for the squared error, any numbers."""
    if loss == "squared_error":
        return rng.standard_normal(n) * 3
    return rng.random(n) if soft else rng.integers(0, 2, n).astype(np.float64)


def known_solution(rng, n, d, *, l2=0.0, weights=False, offset=False, loss="log_loss"):
    """Return a problem whose solution was chosen beforehand.

    With ``p`` the predictions of the chosen model, ``y = p + r`` makes the gradient
    ``-A' s r + l2 w`` vanish for any ``r`` with ``A' s r = l2 w``: the smallest such one,
    plus noise made orthogonal to the columns.
    """
    X = rng.standard_normal((n, d)) + rng.standard_normal(d)
    w, b = rng.standard_normal(d) / np.sqrt(d), 0.3 * rng.standard_normal()
    s = rng.gamma(2, size=n) if weights else np.ones(n)
    o = 0.5 * rng.standard_normal(n) if offset else np.zeros(n)
    if loss == "log_loss":
        # margins within 3, so that there is room on either side of every prediction
        size = np.abs(X @ w + b + o).max() / 3
        w, b, o = w / max(1, size), b / max(1, size), o / max(1, size)
    p = reference.LOSSES[loss][1](X @ w + b + o)
    A = np.column_stack([X, np.ones(n)]) * (s / s.sum())[:, None]
    target = np.append(l2 * w, 0)
    r = np.linalg.lstsq(A.T, target, rcond=None)[0]
    noise = rng.uniform(-1, 1, n)
    noise -= A @ np.linalg.lstsq(A, noise, rcond=None)[0]
    room = np.minimum(p, 1 - p) if loss == "log_loss" else np.ones(n)
    assert np.all(np.abs(r) < room), "the penalty is too large for soft labels to exist"
    noise *= 0.999 * np.min((room - np.abs(r)) / np.abs(noise))  # inside [0, 1] after rounding too
    return Problem(
        X, p + r + noise, s if weights else None, o if offset else None,
        l2=l2, loss=loss, coef=w, intercept=b, name="known solution",
    )  # fmt: skip


def random_problem(rng, *, l2=0.0):
    """Return a small problem of any kind: weights (a few zero), offset, soft labels, with or
    without an intercept, columns in any units and off their origin, at times rare.  Without
    a penalty it is one that has a solution."""
    while (problem := _draw(rng, l2)) and l2 == 0 and problem.is_separated:
        pass
    return problem


def _draw(rng, l2):
    n, d = int(rng.integers(20, 90)), int(rng.integers(1, 6))
    Z = rng.standard_normal((n, d)) + rng.standard_normal(d)
    for j in range(d):
        if rng.random() < 0.2:
            Z[:, j] = rng.random(n) < 0.2
    o = rng.standard_normal(n) if rng.random() < 0.3 else None
    z = Z @ rng.standard_normal(d) + rng.standard_normal() + (0 if o is None else o)
    p = reference.sigmoid(z)
    y = rng.beta(1 + 3 * p, 4 - 3 * p) if rng.random() < 0.4 else (rng.random(n) < p).astype(float)
    s = None
    if rng.random() < 0.5:
        s = rng.gamma(1, size=n) * (rng.random(n) < 0.9)
    kept = y if s is None else y[s > 0]
    if kept.min() == kept.max():  # both classes, whatever the draw
        y[:2] = 0, 1
        s = None
    scale = 10.0 ** rng.integers(-8, 9, d) if rng.random() < 0.3 else np.ones(d)
    # the penalty in the column's own units: the same problem, whatever the units
    return Problem(
        Z * scale, y, s, o, l2=l2 * scale**2, fit_intercept=bool(rng.random() < 0.8), name="random",
    )  # fmt: skip


def rare_levels(rng, n=3000):
    """One-hot columns down to a handful of ones, each level with both classes."""
    X = np.zeros((n, 12))
    for j in range(12):
        rows = rng.permutation(n)[: max(6, n >> j)]
        X[rows, j] = 1
    y = (rng.random(n) < 0.3).astype(float)
    for j in range(12):
        rows = np.flatnonzero(X[:, j])
        y[rows[0]], y[rows[1]] = 0, 1
    return Problem(X, y, name="rare levels")


def collinear(rng, n=500):
    """A column that is the sum of two others, and one given twice."""
    X = rng.standard_normal((n, 4))
    X = np.column_stack([X, X[:, 0] + X[:, 1], X[:, 2]])
    y = (rng.random(n) < reference.sigmoid(X[:, 0] - X[:, 3])).astype(float)
    return Problem(X, y, name="collinear")


def constant_columns(rng, n=500):
    """Columns of zeros, of ones and of a large constant beside ordinary ones."""
    X = rng.standard_normal((n, 3))
    X = np.column_stack([np.zeros(n), X, np.ones(n), np.full(n, 1e6)])
    y = (rng.random(n) < reference.sigmoid(X[:, 1])).astype(float)
    return Problem(X, y, name="constant columns")


def raw_units(rng, n=500):
    """Columns from 1e-8 to 1e8, some a thousand deviations off their origin."""
    Z = rng.standard_normal((n, 5))
    scale = np.array([1e-8, 1e-4, 1.0, 1e4, 1e8])
    X = (Z + np.array([0.0, 1e3, 0.0, 1e3, 3.0])) * scale
    y = (rng.random(n) < reference.sigmoid(Z @ [1, -1, 0.5, 2, -0.5])).astype(float)
    return Problem(X, y, name="raw units")


def sorted_rows(rng, n=2000):
    """All rows of one class first, in order of the first column."""
    X = rng.standard_normal((n, 6))
    y = (rng.random(n) < reference.sigmoid(2 * X[:, 0] - 1)).astype(float)
    order = np.lexsort((X[:, 0], y))
    return Problem(X[order], y[order], name="sorted rows")


def near_separated(rng, n=600):
    """Two classes that only three rows of six hundred keep from being separated."""
    X = rng.standard_normal((n, 3))
    y = (X @ [1, -2, 0.5] > 0).astype(float)
    flip = rng.choice(n, 3, replace=False)
    y[flip] = 1 - y[flip]
    return Problem(X, y, name="near-separated")


def few_positives(rng, n=4000):
    """One positive in a thousand, columns with heavy tails."""
    X = rng.standard_t(3, (n, 4))
    y = np.zeros(n)
    y[rng.choice(n, 4, replace=False)] = 1
    return Problem(X, y, name="few positives", l2=1e-3)


def duplicated_rows(rng, n=50):
    """Fifty rows, each twenty times."""
    problem = random_rows(rng, n)
    return replace(
        problem, X=np.repeat(problem.X, 20, 0), y=np.repeat(problem.y, 20), name="duplicated rows"
    )


def random_rows(rng, n, d=3):
    """Plain, well-conditioned, not separated for n of thirty and more."""
    X = rng.standard_normal((n, d))
    y = (rng.random(n) < reference.sigmoid(X[:, 0])).astype(float)
    return Problem(X, y, name="plain")


UGLY = (
    rare_levels, collinear, constant_columns, raw_units, sorted_rows, near_separated,
    few_positives, duplicated_rows,
)  # fmt: skip


def correlated(rng, n, d, dtype="float64"):
    """Correlated columns and noisy classes: the tall problem that benchmarks use, small."""
    X = rng.standard_normal((n, d)) @ (np.eye(d) + 0.3 * rng.standard_normal((d, d)) / np.sqrt(d))
    z = X @ (rng.standard_normal(d) / np.sqrt(d))
    y = (rng.random(n) < reference.sigmoid(z)).astype(float)
    return Problem(X.astype(dtype), y, name="correlated")


@dataclass
class SoftmaxProblem(Problem):
    """The same for K classes: soft labels `y` and offset of shape (n, K), coefficients (K, d)."""

    loss: str = "softmax"

    @property
    def is_separated(self):
        raise NotImplementedError

    def _parts(self):
        """Centred and scaled columns and a one in long double, shares of the weights, the
        penalty in these coordinates, and what the columns were moved and divided by."""
        X = self.X.astype(np.longdouble)
        s = np.ones(len(X)) if self.sample_weight is None else self.sample_weight
        s = s.astype(np.longdouble) / np.max(s)
        s /= s.sum()
        mean = s @ X if self.fit_intercept else np.zeros(X.shape[1], np.longdouble)
        sd = np.sqrt(s @ (X - mean) ** 2)
        sd[sd <= len(X) * np.finfo(np.longdouble).eps * np.abs(mean)] = np.inf  # constant
        B = (X - mean) / sd
        if self.fit_intercept:
            B = np.column_stack([B, np.ones(len(B), np.longdouble)])
        penalty = np.zeros(B.shape[1], np.longdouble)
        penalty[: X.shape[1]] = self.l2 / sd**2
        return B, s, penalty, mean, sd

    def _cost(self, Z, s):
        top = Z.max(axis=1, keepdims=True)
        logs = top[:, 0] + np.log(np.exp(Z - top).sum(axis=1))
        return s @ (logs - (self.y * Z).sum(axis=1))

    def cost(self, coef, intercept):
        """Return the cost in long double."""
        _, s, _, mean, _ = self._parts()
        W = np.asarray(coef, np.longdouble).T
        # an intercept cancels the columns' means: together first, so that no digit is lost
        Z = (self.X.astype(np.longdouble) - mean) @ W + (mean @ W + intercept)
        if self.offset is not None:
            Z = Z + self.offset
        return self._cost(Z, s) + np.sum(np.broadcast_to(self.l2, len(W)) @ W**2) / 2

    def optimum(self):
        """Solve by Newton's method, gradients in long double: coefficients, intercept, cost.

        The cost is that of a model, so never below the infimum, and the steps end where
        they promise less than long double can show."""
        B, s, penalty, mean, sd = self._parts()
        (n, p), K = B.shape, self.y.shape[1]
        o = np.zeros((n, K)) if self.offset is None else self.offset
        B64, s64 = B.astype(float), s.astype(float)
        V = np.zeros((p, K), np.longdouble)
        best, damping = self._cost(B @ V + o, s), 0.0
        for _ in range(300):
            Z = B @ V + o
            P = np.exp(Z - Z.max(axis=1, keepdims=True))
            P /= P.sum(axis=1, keepdims=True)
            G = B.T @ (s[:, None] * (P - self.y)) + penalty[:, None] * V
            q = P.astype(float)
            M = np.einsum("na,ab->nab", q, np.eye(K)) - q[:, :, None] * q[:, None, :]
            H = np.einsum("n,nab,ni,nj->aibj", s64, M, B64, B64, optimize=True)
            H[range(K), :, range(K), :] += np.diag(penalty.astype(float)) + damping * np.eye(p)
            g = G.T.ravel().astype(float)
            u = np.linalg.pinv(H.reshape(K * p, K * p), rcond=1e-14, hermitian=True) @ g
            W = V - u.reshape(K, p).T
            trial = self._cost(B @ W + o, s) + np.sum(penalty @ W**2) / 2
            if trial > best:  # Levenberg: a shorter step, the other way round the bend
                if damping > 1e3:
                    break
                damping = max(1e-6, 10 * damping)
                continue
            fell, V, best = best - trial, W, trial
            if damping <= 1e-5 and fell <= 1e-18 * (1 + best):
                break
            damping = damping / 10 if damping > 1e-9 else 0.0
        W = V[: len(sd)] / sd[:, None]
        b = V[-1] - mean @ W if self.fit_intercept else np.zeros(K)
        return W.T, b, best
