"""What a fit says about the population: standard errors, tests, intervals, effects.

Takes arrays, never a result. Everything is computed on implicitly centred and scaled columns and
carried back to the user's units at the end, so that columns far from zero or in odd units lose no
digits. In these coordinates ``a_i = (1, (x_i - shift) * scale)``, the information is
``I = sum_i s_i q_i a_i a_i'`` and the Hessian ``H = I + penalty``.

Sources: McCullagh and Nelder, *Generalized Linear Models* (1989); for sandwiches White,
Econometrica 50 (1982), and Liang and Zeger, Biometrika 73 (1986); for the effective degrees of
freedom and ``inv(H) I inv(H)`` Gray, JASA 87 (1992).
"""

import math
from typing import NamedTuple

import numpy as np

from . import _core, summarytext

COVARIANCES = ("nonrobust", "HC0", "HC1", "stata", "cluster")
CHUNK = 1 << 16  # numbers of X that pass through NumPy at a time
SHIFT_ROWS = 1024  # rows that a shift and a scale are taken from; any near the middle will do
LARGEST = 20_000  # parameters whose covariance is formed


class Test(NamedTuple):
    """A test of a hypothesis: its statistic, degrees of freedom and p-value."""

    __test__ = False  # pytest: no test of ours

    statistic: float
    df: int
    pvalue: float

    def __str__(self):
        p = summarytext.probability(self.pvalue, "= ")
        return f"chi2({self.df}) = {self.statistic:.6g}, p {p}"


# --- the door ---------------------------------------------------------------------


def summarize(
    X,
    y,
    z,
    sums,
    coef,
    intercept,
    *,
    loss,
    classes,
    l2,
    fit_intercept,
    null_cost,
    gap,
    sample_weight=None,
    offset=None,
    cov_type="nonrobust",
    groups=None,
    small_sample=False,
    level=0.95,
    reference=None,
    weights="frequency",
    names=None,
    diverging=None,
    rank=None,
    cost=None,
    outcome="",
    n_threads=None,
    most_threads,
):
    """The `Summary` of a model, from the data it was fitted on and its margins there.

    Parameters
    ----------
    X : array or CSR matrix of shape (n, d)
    y : array of shape (n,), or (n, K)
    z : ndarray of shape (n,), or (n, K)
        Margins, offset included; infinite where the classes are separated.
    sums : ndarray of shape (2, d), or None
        Of the rows times third derivatives of the log loss and weights, and times weights: what
        marginal effects need. None: there will be none.
    coef, intercept, loss, classes, l2, fit_intercept
        The model.
    diverging : callable, optional
        After separation: of the number of the reference class, where each parameter goes, seen
        from there, the intercept last: the sign of its infinity, or 0; (lines, d + 1).
    rank : int, optional
        Of the columns; needed after separation.
    null_cost : float
        Of the model without columns.
    gap : float
        How far the cost is from the optimum at most.
    cost : float, optional
        Of the fit: tells data that it was not made on.
    outcome : str
        How the fit ended, to be printed.
    most_threads : callable
        How many threads to use at most, where `n_threads` is None.

    The others as for `FitResult.summary`.

    Returns
    -------
    Summary

    Raises
    ------
    ValueError, TypeError
        Naming the argument, what was found, and what is wanted.
    """
    if cov_type not in COVARIANCES:
        known = ", ".join(repr(name) for name in COVARIANCES)
        raise ValueError(f"cov_type must be one of {known}, found {cov_type!r}")
    if weights not in ("frequency", "sampling"):
        raise ValueError(f"weights must be 'frequency' or 'sampling', found {weights!r}")
    _check_level(level)
    if groups is not None:
        if cov_type not in ("nonrobust", "cluster"):
            raise ValueError(f"groups go with cov_type='cluster', found cov_type={cov_type!r}")
        cov_type = "cluster"
    elif cov_type == "cluster":
        raise ValueError("cov_type='cluster' needs groups, one label for each row of X")
    if weights == "sampling" and cov_type == "nonrobust":
        cov_type = "HC0"
    X = _sliceable(X)
    n, d = X.shape
    m = d + bool(fit_intercept)
    if loss == "squared_error" and reference is not None:
        raise ValueError("reference is a class; a model of the squared error has none")
    lines = len(classes) - 1 if loss == "softmax" else 1
    if lines * m > LARGEST:
        raise ValueError(
            f"the summary of {lines * m} parameters needs a matrix of their square; at most "
            f"{LARGEST} are possible"
        )
    s, total = _shares(sample_weight, n, weights)
    if loss != "squared_error":
        reference = _reference(reference, classes)
    rows = _rows(loss, classes, reference, y, z, s)
    if cost is not None:
        _check_cost(rows.loss, total, cost, coef, l2)

    out = Summary()
    out.loss, out.cov_type, out.weights, out.level = loss, cov_type, weights, float(level)
    out.outcome, out.l2, out.fit_intercept = outcome, l2, bool(fit_intercept)
    out.penalized = bool(np.any(np.asarray(l2) > 0))
    out.names = (["intercept"] if fit_intercept else []) + _column_names(names, d)
    out.reference = reference
    out.equations = None
    if loss != "squared_error":
        out.equations = [c for c in classes.tolist() if c != reference]
    out._coef, out._intercept, out._classes = coef, intercept, classes

    out._shift, out._scale = _coordinates(X, fit_intercept)

    def gram(q):
        G = _core.gram(X, q, out._shift, out._scale, n_threads, most_threads)
        # the core has the intercept last
        return np.roll(G, 1, (0, 1)) if fit_intercept else G[:d, :d]

    information = _blocks(lines, m, rows.information, gram)
    H = information + np.diag(_penalty(l2, lines, d, fit_intercept, out._scale, total).ravel())
    if lines > 1 and out.penalized:  # of coefficients that sum to zero, seen from the reference
        each = _penalty(l2, 1, d, fit_intercept, out._scale, total)[0]
        H -= np.kron(np.ones((lines, lines)), np.diag(each)) / (lines + 1)
    elif loss == "softmax" and out.penalized:
        H = (H + information) / 2

    theta = _contrasts(coef, intercept, loss, classes, reference)
    theta = theta if fit_intercept else theta[:, 1:]
    signs = np.zeros(lines * m)
    if diverging is not None:
        # in the order of the parameters, seen from the reference
        moved = diverging(classes.tolist().index(reference))
        signs = (np.roll(moved, 1, axis=1) if fit_intercept else moved[:, :d]).ravel()
    order = np.argsort(signs != 0, kind="stable")
    kept, bread = _inverse(H, order)
    aliased = np.setdiff1d(np.flatnonzero(signs == 0), kept)
    out._kept = kept
    v = out._to_scaled(theta).ravel()
    follow = bread[np.ix_(kept, kept)] @ H[np.ix_(kept, aliased)]
    v[kept] += follow @ v[aliased]
    v[aliased] = 0
    effective = float(np.sum(bread * information)) if out.penalized else float(len(kept))
    if diverging is not None:  # infinite ones count: rows set aside tell of them alone
        effective = float(lines * (rank + bool(fit_intercept)))
    out.df_model = effective - lines * bool(fit_intercept)
    out.nobs, out.rows = total, n
    out.df_resid = total - effective
    out.n_params = effective

    out.scale, factor = 1.0, 1.0
    if loss == "squared_error":
        if out.df_resid <= 0:
            raise ValueError(
                f"{total:g} observations leave no residual degrees of freedom for "
                f"{effective:g} parameters: there is no estimate of the variance"
            )
        out.scale = 2 * rows.loss / out.df_resid
    # near the optimum n gap = e' H e / 2, and no e_j is above sqrt(e' H e) standard errors
    out.distance = math.sqrt(2 * total * max(gap, 0.0) / out.scale) if out.scale > 0 else math.nan
    if cov_type == "nonrobust":
        meat = information * out.scale
    else:
        if cov_type == "cluster":
            codes, count = _codes(groups, n)
            out.groups = count
            scores = _sums(X, rows.residual * s[:, None], codes, count, out)
            meat = scores.T @ scores
            factor = count / (count - 1)
            if small_sample:
                factor *= (total - 1) / (total - effective)
        else:
            power = s if weights == "frequency" else s * s
            meat = _blocks(lines, m, _squares(rows.residual, power), gram)
            if cov_type == "HC1":
                if total <= effective:
                    raise ValueError(
                        f"cov_type='HC1' needs more observations than parameters, found {total:g} "
                        f"and {effective:g}"
                    )
                factor = total / (total - effective)
            elif cov_type == "stata":
                factor = total / (total - 1)
    out.factor = factor
    if cov_type == "nonrobust" and not out.penalized:
        out._cov = bread * out.scale
    else:
        out._cov = bread @ meat @ bread * factor
    out._bread = bread

    raw = out._to_raw(v.reshape(lines, m, 1))[:, :, 0].ravel()
    raw[signs != 0] = np.inf * signs[signs != 0]
    raw[aliased] = np.nan
    out._absent = (signs != 0) | ~np.isin(np.arange(lines * m), kept)
    out._flat = raw
    out._estimate = v
    out.notes = _reasons(out, signs, aliased, kept, follow)

    if loss == "squared_error":
        out.deviance, out.null_deviance = 2 * rows.loss, 2 * null_cost * total
        out.llf, out.llnull = (
            -total / 2 * (math.log(2 * math.pi * rss / total) + 1) if rss > 0 else math.inf
            for rss in (out.deviance, out.null_deviance)
        )
    else:
        out.llf, out.llnull = 0.0 - rows.loss, 0.0 - null_cost * total
        out.deviance = 2 * (rows.saturated - out.llf)
        out.null_deviance = 2 * (rows.saturated - out.llnull)
    out._effects = None
    if sums is not None:
        out._effects = _effects(sums, rows, s, sample_weight, offset, out)
    return out


def _check_level(level):
    if not (isinstance(level, (int, float)) and 0 < level < 1):
        raise ValueError(f"level must lie between 0 and 1, found {level!r}")
    return level


def _shares(sample_weight, n, weights):
    """What each row counts, and all of them together."""
    if sample_weight is None:
        return np.ones(n), float(n)
    s = np.asarray(sample_weight, dtype=float)
    if s.shape != (n,):
        raise ValueError(f"sample_weight must have shape ({n},), found {s.shape}")
    if not np.isfinite(s).all() or (s < 0).any() or not s.any():
        raise ValueError("sample_weight must be finite, not negative, and not zero for every row")
    if weights == "sampling":
        present = float(np.count_nonzero(s))
        return s * (present / s.sum()), present
    return s, float(s.sum())


def _reference(reference, classes):
    if reference is None:
        return classes.tolist()[0]
    for label in classes.tolist():
        if label == reference:
            return label
    shown = ", ".join(str(c) for c in classes[:5].tolist()) + (", ..." if len(classes) > 5 else "")
    raise ValueError(f"reference must be one of the classes ({shown}), found {reference!r}")


def _side(reference, classes):
    """Of two classes: 1, or -1 if margins are to be seen from the second."""
    return -1.0 if reference == classes.tolist()[1] else 1.0


def _sliceable(X):
    """X, so that rows can be taken from it."""
    if not hasattr(X, "tocsr"):
        return np.asarray(X)
    return X if X.format == "csr" else X.tocsr()


def _column_names(names, d):
    return [str(name) for name in names] if names is not None else [f"x{j}" for j in range(d)]


def _check_cost(loss, total, cost, coef, l2):
    """Whether these are the rows that the model was fitted on: its cost tells."""
    here = loss / total + float(np.sum(np.asarray(l2) * np.square(coef))) / 2
    if not abs(here - cost) <= 1e-6 * (1e-3 + abs(cost)):
        raise ValueError(
            f"X, y, sample_weight or offset are not those of the fit: the cost was {cost:.6g} "
            f"there and is {here:.6g} here"
        )


# --- rows ---------------------------------------------------------------------------


class Rows(NamedTuple):
    """What is known of each row before X is looked at again."""

    residual: np.ndarray  # (n, lines): label minus prediction
    p: np.ndarray  # (n, lines)
    information: dict  # weights of the Gram of each pair of lines, with its sign
    loss: float  # the sum over rows
    saturated: float  # the log-likelihood of the best any model can do


def _rows(loss, classes, reference, y, z, s):
    if loss == "squared_error":
        r = _targets(y, len(z)) - z
        return Rows(r[:, None], z[:, None], {(0, 0): (s, 1)}, _weighted(s, r * r) / 2, math.nan)
    if loss == "log_loss":
        t, soft = _labels(y, classes, len(z))
        if _side(reference, classes) < 0:
            z, t = -z, 1 - t
        p, other = _core.sigmoid(z), _core.sigmoid(-z)
        q = s * p * other
        if soft:
            r = t * other - (1 - t) * p
            up, down = _times(t, np.logaddexp(0, -z)), _times(1 - t, np.logaddexp(0, z))
            total = _weighted(s, up + down)
            saturated = _weighted(s, _entropy(t) + _entropy(1 - t))
        else:
            one = t > 0
            r = np.where(one, other, -p)
            # -log of the probability of the label; 1 - |r| from its own side
            right = np.where(one, p, other)
            with np.errstate(divide="ignore"):
                terms = np.where(right > 0.5, -np.log1p(-np.abs(r)), -np.log(right))
            tiny = right < 1e-300
            if tiny.any():
                terms[tiny] = np.where(one[tiny], -z[tiny], z[tiny])
            total, saturated = _weighted(s, terms), 0.0
        return Rows(r[:, None], p[:, None], {(0, 0): (q, 1)}, total, saturated)
    p = _core.softmax(z)
    t = _shares_of_classes(y, classes, len(z))
    top = z.max(axis=1, keepdims=True)
    log_p = z - top - np.log(np.exp(z - top).sum(axis=1, keepdims=True))
    total = -_weighted(s, _times(t, log_p).sum(axis=1))
    saturated = _weighted(s, _entropy(t).sum(axis=1))
    others = [k for k, label in enumerate(classes.tolist()) if label != reference]
    information = {}
    for a, k in enumerate(others):
        for b, j in enumerate(others[: a + 1]):
            if a == b:
                rest = np.delete(p, k, axis=1).sum(axis=1)
                information[a, a] = s * p[:, k] * rest, 1
            else:
                information[a, b] = s * p[:, k] * p[:, j], -1
    return Rows((t - p)[:, others], p[:, others], information, total, saturated)


def _weighted(s, terms):
    """Their sum, in pairs.  Not ``s @ terms``: the threads that BLAS wakes for it go on spinning, and
    hold a processor that the next fit could use."""
    return float((s * terms).sum())


def _times(share, terms):
    """Their product, where nothing of something infinite is nothing."""
    return np.multiply(share, terms, out=np.zeros_like(terms), where=share > 0)


def _entropy(t):
    return t * np.log(t, out=np.zeros_like(t), where=t > 0)


def _targets(y, n):
    y = np.asarray(y, dtype=float)
    if y.shape != (n,):
        raise ValueError(f"y must have shape ({n},), one target for each row of X, found {y.shape}")
    return y


def _labels(y, classes, n):
    """Shares of the second class, and whether any is a fraction."""
    y = np.asarray(y)
    if y.shape != (n,):
        raise ValueError(f"y must have shape ({n},), one label for each row of X, found {y.shape}")
    one = y == classes[1]
    strange = ~(one | (y == classes[0]))
    if strange.any():
        at = int(np.flatnonzero(strange)[0])
        if y.dtype.kind == "f" and classes.tolist() == [0, 1] and ((y >= 0) & (y <= 1)).all():
            return y.astype(float), True
        raise ValueError(
            f"y[{at}] is {y[at]!s}; the model was fitted on the classes {classes[0]!s} and "
            f"{classes[1]!s}"
        )
    return one.astype(float), False


def _shares_of_classes(y, classes, n):
    y, K = np.asarray(y), len(classes)
    if y.ndim == 2:
        if y.shape != (n, K):
            raise ValueError(f"y must have shape ({n}, {K}), found {y.shape}")
        return y.astype(float)
    if y.shape != (n,):
        raise ValueError(f"y must have shape ({n},), one label for each row of X, found {y.shape}")
    codes = np.minimum(np.searchsorted(classes, y), K - 1)
    strange = np.flatnonzero(classes[codes] != y)
    if strange.size:
        raise ValueError(f"y[{strange[0]}] is {y[strange[0]]!s}, no class the model was fitted on")
    t = np.zeros((n, K))
    t[np.arange(n), codes] = 1
    return t


def _squares(residual, power):
    """Weights of the Grams whose sum is that of products of residuals: of sums and of each."""
    found = {}
    for a in range(residual.shape[1]):
        found[a, a] = power * residual[:, a] ** 2, 1
        for b in range(a):
            # a Gram has no negative weights: 4 ab = (a + b)^2 - (a - b)^2
            plus = power * (residual[:, a] + residual[:, b]) ** 2 / 4
            minus = power * (residual[:, a] - residual[:, b]) ** 2 / 4
            found[a, b] = plus, 1, minus, -1
    return found


# --- matrices -----------------------------------------------------------------------


def _coordinates(X, fit_intercept):
    """A point near the middle of each column and a length near its spread, from a few rows."""
    n, d = X.shape
    rows = X[:: max(1, n // SHIFT_ROWS)][: 2 * SHIFT_ROWS]
    rows = np.asarray(rows.toarray() if hasattr(rows, "tocsr") else rows, dtype=float)
    shift = np.zeros(d)
    if fit_intercept and d:
        low, high = rows.min(axis=0), rows.max(axis=0)
        shift = np.where(low == high, low, low + (rows - low).mean(axis=0))
    spread = np.abs(rows - shift).max(axis=0, initial=0.0)
    scale = 1 / np.where(spread > 0, spread, 1.0)
    return shift, scale


def _blocks(lines, m, pairs, gram):
    """The symmetric matrix whose blocks are Grams with these weights."""
    whole = np.empty((lines, m, lines, m))
    for (a, b), weighted in pairs.items():
        block = sum(
            sign * gram(q) for q, sign in zip(weighted[::2], weighted[1::2], strict=True)
        )
        whole[a, :, b], whole[b, :, a] = block, block
    return whole.reshape(lines * m, lines * m)


def _penalty(l2, lines, d, fit_intercept, scale, total):
    each = np.broadcast_to(np.asarray(l2, dtype=float), (d,)) * scale**2 * total
    if fit_intercept:
        each = np.concatenate([[0.0], each])
    return np.tile(each, (lines, 1))


def _contrasts(coef, intercept, loss, classes, reference):
    """A line (intercept, coefficients) for each class but the reference, seen from it."""
    if loss != "softmax":
        line = np.concatenate([[intercept], coef])[None, :]
        return line * _side(reference, classes) if loss == "log_loss" else line
    both = np.column_stack([intercept, coef])
    at = classes.tolist().index(reference)
    return np.delete(both, at, axis=0) - both[at]


def _inverse(H, order):
    """The columns, taken in this order, that do not follow from those before; the inverse of H on
    them, zero elsewhere."""
    size = len(H)
    diagonal = np.diag(H)
    present = diagonal > 0
    unit = np.zeros(size)
    unit[present] = 1 / np.sqrt(diagonal[present])
    A = H * unit * unit[:, None]
    A = A[np.ix_(order, order)]
    least = 1e-13 * max(10, size)  # as csrc/rank.c
    kept = np.arange(size)
    try:
        L = np.linalg.cholesky(A)
        plain = bool((np.diag(L) ** 2 > least).all())
    except np.linalg.LinAlgError:
        plain = False
    if not plain:
        L, kept = np.zeros((size, size)), []
        for j in range(size):
            k = len(kept)
            column = A[j:, j] - L[j:, :k] @ L[j, :k]
            if column[0] > least:
                L[j:, k] = column / math.sqrt(column[0])
                kept.append(j)
        kept = np.array(kept, dtype=int)
        L = L[np.ix_(kept, np.arange(len(kept)))]
    chosen = order[kept]
    half = np.linalg.solve(L, np.diag(unit[chosen])) if len(chosen) else np.empty((0, 0))
    inverse = np.zeros((size, size))
    inverse[np.ix_(chosen, chosen)] = half.T @ half
    return np.sort(chosen), inverse


def _pieces(X):
    """Slices of rows that pass through NumPy one at a time."""
    step = max(1, CHUNK // max(1, X.shape[1]))
    for first in range(0, X.shape[0], step):
        yield slice(first, min(first + step, X.shape[0]))


def _piece(X, rows, summary):
    """These rows as the parameters see them: (rows, m)."""
    part = X[rows]
    part = np.asarray(part.toarray() if hasattr(part, "tocsr") else part, dtype=float)
    part = (part - summary._shift) * summary._scale
    if summary.fit_intercept:
        part = np.concatenate([np.ones((len(part), 1)), part], axis=1)
    return part


def _only_zeros_and_ones(X):
    """For each column whether it holds nothing else."""
    only = np.ones(X.shape[1], bool)
    for rows in _pieces(X):
        part = X[rows]
        part = part.toarray() if hasattr(part, "tocsr") else part
        only &= ((part == 0) | (part == 1)).all(axis=0)
    return only


def _codes(groups, n):
    groups = np.asarray(groups)
    if groups.shape != (n,):
        raise ValueError(
            f"groups must have shape ({n},), one label for each row of X, found {groups.shape}"
        )
    found, codes = np.unique(groups, return_inverse=True)
    if len(found) < 2:
        raise ValueError("groups has one group only; a cluster covariance needs two or more")
    return codes, len(found)


def _sums(X, residual, codes, count, summary):
    """Scores of each group: (count, lines * m)."""
    from scipy.sparse import csr_array

    lines, m = residual.shape[1], summary.fit_intercept + X.shape[1]
    out = np.zeros((lines, count, m))
    for rows in _pieces(X):
        a = _piece(X, rows, summary)
        here, local = np.unique(codes[rows], return_inverse=True)
        for k in range(lines):
            at = local, np.arange(len(a))
            out[k, here] += csr_array((residual[rows, k], at), (len(here), len(a))) @ a
    return out.transpose(1, 0, 2).reshape(count, lines * m)


def _effects(sums, rows, s, sample_weight, offset, summary):
    """What marginal effects need: mean slope, its derivative, the mean row and offset."""
    total = summary.nobs
    q, _ = rows.information[0, 0]
    third = q * (1 - 2 * rows.p[:, 0])
    given = total if sample_weight is None else float(np.sum(sample_weight))
    # seen from the other class margins and third derivatives have the other sign
    sides = np.array([_side(summary.reference, summary._classes), 1.0])
    whole = np.array([third.sum(), total])
    means = sums * (sides / given)[:, None]
    means = (means - np.outer(whole / total, summary._shift)) * summary._scale
    if summary.fit_intercept:
        means = np.column_stack([whole / total, means])
    mean_offset = 0.0 if offset is None else _weighted(s, np.asarray(offset, dtype=float)) / total
    return float(q.sum()) / total, means[0], means[1], sides[0] * mean_offset


def _reasons(out, signs, aliased, kept, follow):
    """Why a parameter has no standard error: a sentence by its place."""
    m, notes, separated = len(out.names), {}, bool(signs.any())
    for i in np.flatnonzero(signs):
        notes[int(i)] = "infinite: the classes are separated along it"
    v = np.abs(follow)
    for column, i in enumerate(aliased):
        parts = [
            out.names[k % m]
            for k, weight in zip(kept, v[:, column], strict=True)
            if weight > 1e-6 * max(v[:, column].max(), 1e-300) and v[:, column].max() > 0
        ]
        if parts in ([], ["intercept"]):
            why = "aliased: the column is constant"
            if separated:
                why = "unknown: rows that are not separated tell nothing of it"
        else:
            shown = ", ".join(parts[:4])
            shown += f" and {len(parts) - 4} more" if len(parts) > 4 else ""
            why = f"aliased: follows from {shown}"
        notes[int(i)] = why
    return notes


# --- the summary --------------------------------------------------------------------


class Summary:
    """Estimates of a model and how sure they are; read it with ``print``.

    Arrays of parameters have the intercept first, shape (d + 1,), or for K > 2 classes
    (d + 1, K - 1), a column for each class but the reference. It holds neither ``X`` nor anything
    else as long as the data.

    Attributes
    ----------
    names : list of str
        Of the parameters.
    equations : list or None
        The classes that the parameters (each column of them) speak for; None for squared error.
    reference
        The class they are seen from.
    params, bse, tvalues, pvalues : ndarray
        Estimates, in margin per unit of each column, standard errors, their ratio (z, or for
        squared error t), and two-sided p-values. NaN where there is none; ``notes`` says why. With
        a penalty ``tvalues`` and ``pvalues`` are NaN throughout.
    llf, llnull : float
        Log-likelihoods, in nats, of the model and of the null model (intercept and offset).
        Fractions are taken as shares of rows: binomial coefficients are left out.
    aic, bic : float
        With the effective degrees of freedom ``tr(inv(H) I)`` where there is a penalty.
    nobs, n_params, df_model, df_resid : float
        Observations, (effective) parameters, those without intercepts, and what is left.
    deviance, null_deviance : float
        Twice the distance from the saturated model, for squared error the sum of squares.
    llr, llr_pvalue : float
        Likelihood ratio against the null model.
    prsquared, cox_snell, nagelkerke : float
        R squared of McFadden, of Cox and Snell, and of Nagelkerke.
    rsquared, scale : float
        For squared error: R squared, and the estimate of the variance (1 else).
    distance : float
        About how many standard errors the estimates may be from the optimum.
    cov_type, factor
        The kind of covariance and the factor it was multiplied with.
    groups : int or None
        How many clusters.
    notes : dict of int to str
        Why a parameter, by its place in ``params.ravel("F")``, has no standard error.
    """

    groups = None

    # --- estimates

    def _shape(self, flat):
        m = len(self.names)
        return flat.copy() if len(flat) == m else flat.reshape(-1, m).T.copy()

    def _to_scaled(self, theta):
        """Parameters, a line each, on centred and scaled columns."""
        theta = np.array(theta, dtype=float)
        if self.fit_intercept:
            theta[:, 0] += theta[:, 1:] @ self._shift
            theta[:, 1:] /= self._scale
            return theta
        return theta / self._scale

    def _to_raw(self, V):
        """The way back: V has shape (lines, m, any)."""
        V = np.array(V, dtype=float)
        first = int(self.fit_intercept)
        V[:, first:] *= self._scale[:, None]
        if first:
            V[:, 0] -= np.einsum("j,ljr->lr", self._shift, V[:, 1:])
        return V

    def _carried(self, rows):
        """Linear functions of the parameters, a row each, as functions of the scaled ones."""
        m = len(self.names)
        rows = np.asarray(rows, dtype=float).reshape(len(rows), -1, m).copy()
        if self.fit_intercept:
            rows[:, :, 1:] -= rows[:, :, :1] * self._shift
            rows[:, :, 1:] *= self._scale
        else:
            rows *= self._scale
        return rows.reshape(len(rows), -1)

    def _errors(self):
        m, size = len(self.names), len(self._cov)
        variance = np.empty(size)
        lines = size // m
        C = self._cov.reshape(lines, m, lines, m)
        for k in range(lines):
            block = C[k, :, k]
            half = self._to_raw(block[None])[0]
            variance[k * m : (k + 1) * m] = np.diag(self._to_raw(half.T[None])[0])
        with np.errstate(invalid="ignore"):
            errors = np.sqrt(variance)
        errors[self._absent] = np.nan
        return errors

    @property
    def params(self):
        return self._shape(self._flat)

    @property
    def bse(self):
        return self._shape(self._errors())

    @property
    def tvalues(self):
        if self.penalized:
            return self._shape(np.full(len(self._flat), np.nan))
        with np.errstate(invalid="ignore", divide="ignore"):
            return self._shape(self._flat / self._errors())

    @property
    def pvalues(self):
        return _two_sided(self.tvalues, self._t_df())

    def _t_df(self):
        return self.df_resid if self.loss == "squared_error" else math.inf

    def conf_int(self, level=None):
        """Intervals ``params -+ quantile * bse``.

        Parameters
        ----------
        level : float, optional
            By default that of the summary. (``alpha`` of statsmodels is ``1 - level``.)

        Returns
        -------
        ndarray of the shape of ``params`` and an axis of 2
            With a penalty they are those of a biased estimate: they cover the coefficients that
            the penalty aims at.
        """
        level = self.level if level is None else _check_level(level)
        with np.errstate(invalid="ignore"):
            reach = _quantile(level, self._t_df()) * self.bse
            return np.stack([self.params - reach, self.params + reach], axis=-1)

    def cov_params(self):
        """The covariance of the parameters, equation by equation.

        Returns
        -------
        ndarray of shape (m, m), m = params.size
            In the order of ``params.ravel("F")``; NaN where there is no standard error.
        """
        m, size = len(self.names), len(self._cov)
        half = self._to_raw(self._cov.reshape(size // m, m, size)).reshape(size, size)
        cov = self._to_raw(half.T.reshape(size // m, m, size)).reshape(size, size)
        cov = (cov + cov.T) / 2
        cov[self._absent], cov[:, self._absent] = np.nan, np.nan
        return cov

    def odds_ratios(self, level=None):
        """``exp`` of the estimates and of their intervals: (..., 3), ratio, low, high."""
        if self.loss == "squared_error":
            raise ValueError("a model of the squared error has no odds")
        with np.errstate(over="ignore"):
            return np.exp(np.concatenate([self.params[..., None], self.conf_int(level)], axis=-1))

    # --- how well it fits

    @property
    def aic(self):
        return 2 * (self.n_params - self.llf)

    @property
    def bic(self):
        return self.n_params * math.log(self.nobs) - 2 * self.llf

    @property
    def llr(self):
        return 2 * (self.llf - self.llnull)

    @property
    def llr_pvalue(self):
        return math.nan if self.penalized else _chi2(self.llr, self.df_model)

    @property
    def prsquared(self):
        return 1 - self.llf / self.llnull if self.llnull else math.nan

    @property
    def cox_snell(self):
        return -math.expm1(-self.llr / self.nobs)

    @property
    def nagelkerke(self):
        most = -math.expm1(2 * self.llnull / self.nobs)
        return self.cox_snell / most if most else math.nan

    @property
    def rsquared(self):
        if self.loss != "squared_error":
            raise AttributeError("rsquared is for squared error; see prsquared")
        return 1 - self.deviance / self.null_deviance if self.null_deviance else math.nan

    # --- tests

    def wald_test(self, hypothesis, value=0.0):
        """Wald's chi-squared test that ``hypothesis @ params.ravel("F") == value``.

        Parameters
        ----------
        hypothesis : str, list of str, or array of shape (r, m) or (m,)
            Names of parameters that are zero together (in all equations), or linear functions.
        value : float or array of shape (r,)

        Returns
        -------
        Test
            Statistic, degrees of freedom (the rank of the hypothesis), p-value.
        """
        if self.penalized:
            raise ValueError(
                "estimates with a penalty are biased, so that the test has not the size it claims; "
                "fit with l2=0"
            )
        R = self._functions(hypothesis)
        if (R[:, self._absent] != 0).any():
            i = int(np.flatnonzero((R != 0).any(axis=0) & self._absent)[0])
            name, why = summarytext.label(self, i), self.notes.get(i, "aliased")
            raise ValueError(f"{name} cannot be tested: {why}")
        free = ~self._absent
        distance = R[:, free] @ self._flat[free] - value
        carried = self._carried(R)
        cov = carried @ self._cov @ carried.T
        unit = 1 / np.sqrt(np.maximum(np.diag(cov), 1e-300))
        values, vectors = np.linalg.eigh(cov * unit * unit[:, None])
        good = values > 1e-12 * len(values)
        along = (vectors.T @ (distance * unit))[good]
        statistic, df = float(np.sum(along**2 / values[good])), int(good.sum())
        return Test(statistic, df, _chi2(statistic, df))

    def _functions(self, hypothesis):
        m, size = len(self.names), len(self._flat)
        if isinstance(hypothesis, str):
            hypothesis = [hypothesis]
        if len(hypothesis) and all(isinstance(name, str) for name in hypothesis):
            unknown = [name for name in hypothesis if name not in self.names]
            if unknown:
                raise ValueError(f"hypothesis names {unknown[0]!r}, which is no parameter")
            places = [self.names.index(name) for name in hypothesis]
            return np.eye(size)[[k + i for k in range(0, size, m) for i in places]]
        R = np.atleast_2d(np.asarray(hypothesis, dtype=float))
        if R.ndim != 2 or R.shape[1] != size or not len(R):
            raise ValueError(f"hypothesis must have shape (r, {size}), found {R.shape}")
        return R

    def lr_test(self, restricted=None):
        """Likelihood ratio test of this model against one that it contains.

        Parameters
        ----------
        restricted : Summary, optional
            Of a fit on the same rows with fewer columns; by default the null model.

        Returns
        -------
        Test
        """
        if self.penalized or (restricted is not None and restricted.penalized):
            raise ValueError("likelihoods with a penalty are not maxima; fit with l2=0")
        if restricted is None:
            return Test(self.llr, round(self.df_model), self.llr_pvalue)
        if restricted.nobs != self.nobs or restricted.loss != self.loss:
            raise ValueError(
                f"the models are not of the same rows: {self.nobs:g} observations here, "
                f"{restricted.nobs:g} there"
            )
        df = round(self.n_params - restricted.n_params)
        statistic = 2 * (self.llf - restricted.llf)
        if df <= 0 or statistic < -1e-6 * (1 + abs(self.llf)):
            raise ValueError(
                f"the other model has {restricted.n_params:g} parameters and log-likelihood "
                f"{restricted.llf:.6g}, this one {self.n_params:g} and {self.llf:.6g}: it is "
                "not contained in this one"
            )
        return Test(statistic, df, _chi2(statistic, df))

    # --- what rows are needed for

    def get_margeff(self, at="overall", dummy=False, *, X=None, sample_weight=None, offset=None):
        """Effects on the probability of the class (of each, for K > 2), by the delta method.

        Parameters
        ----------
        at : {"overall", "mean"}
            The mean of the effects at all rows, or the effect at the mean row.
        dummy : bool
            For columns that hold only 0 and 1 the change from 0 to 1, not the slope.
        X, sample_weight, offset
            The rows of the fit again: needed for `dummy` and for K > 2 classes, since the summary
            keeps none.

        Returns
        -------
        MarginalEffects
            Without the intercept.
        """
        if self.loss == "squared_error":
            raise ValueError("get_margeff is for classes; effects on a target are the coefficients")
        if at not in ("overall", "mean"):
            raise ValueError(f"at must be 'overall' or 'mean', found {at!r}")
        if (dummy or self.loss == "softmax") and X is None:
            call = "dummy=True" if dummy else "more than two classes"
            raise ValueError(
                f"get_margeff with {call} needs X again (and sample_weight and offset, if given to "
                "the fit): the summary keeps no rows"
            )
        if X is not None:
            X = _sliceable(X)
            if X.ndim != 2 or X.shape[1] != len(self._shift):
                raise ValueError(f"X must have {len(self._shift)} columns, found shape {X.shape}")
        if self.loss == "softmax":
            return self._effects_of_classes(at, dummy, X, sample_weight, offset)
        if self._effects is None:
            raise ValueError("estimates are infinite: the classes are separated; effects are none")
        first = int(self.fit_intercept)
        slope, derivative, middle, mean_offset = self._effects
        v = self._estimate
        w = v[first:] * self._scale
        if at == "mean":
            z = float(middle @ v) + mean_offset
            p = float(_core.sigmoid(z))
            slope = p * float(_core.sigmoid(-z))
            derivative = slope * (1 - 2 * p) * middle
        effect = slope * w
        jacobian = np.outer(w, derivative)
        jacobian[:, first:] += np.diag(slope * self._scale)
        if dummy:
            self._discrete(at, X, sample_weight, offset, effect, jacobian)
        variance = np.einsum("ij,jk,ik->i", jacobian, self._cov, jacobian)
        se = np.sqrt(np.maximum(variance, 0))
        absent = self._absent[first:]
        effect[absent], se[absent] = np.nan, np.nan
        return MarginalEffects(self, at, self.equations, effect, se)

    def _effects_of_classes(self, at, dummy, X, sample_weight, offset):
        """Effects on the probability of each class, from rows that pass through NumPy."""
        labels, first = self._classes.tolist(), int(self.fit_intercept)
        n, K, m = X.shape[0], len(labels), len(self.names)
        s, total = _shares(sample_weight, n, self.weights)
        o = np.zeros((n, K)) if offset is None else np.asarray(offset, dtype=float)
        W = np.zeros((K, m))  # a line for each class, that of the reference zero
        others = [k for k, label in enumerate(labels) if label != self.reference]
        W[others] = self._estimate.reshape(K - 1, m)
        w = W[:, first:] * self._scale
        d = w.shape[1]
        pieces = ((_piece(X, rows, self), s[rows], o[rows]) for rows in _pieces(X))
        if at == "mean":
            middle = sum(weight @ a for a, weight, _ in pieces) / total
            pieces = [(middle[None, :], np.ones(1), (s @ o / total)[None, :])]
            total = 1.0
        found = np.flatnonzero(_only_zeros_and_ones(X)) if dummy else np.empty(0, int)
        smooth = np.setdiff1d(np.arange(d), found)
        effect, jacobian = np.zeros((K, d)), np.zeros((K, d, K - 1, m))
        for a, weight, shift in pieces:
            z = a @ W.T + shift
            p = _core.softmax(z)
            away = w - (p @ w)[:, None, :]  # (rows, K, d): slopes of the margins from their mean
            effect += np.einsum("i,ik,ikj->kj", weight, p, away)
            for k in range(K):
                for line, other in enumerate(others):
                    mixed = weight * p[:, k] * ((k == other) - p[:, other])
                    both = weight * p[:, k] * p[:, other]
                    U = mixed[:, None] * away[:, k] - both[:, None] * away[:, other]
                    jacobian[k, :, line] += U.T @ a
                    jacobian[k, smooth, line, first + smooth] += mixed.sum() * self._scale[smooth]
        if found.size:
            effect[:, found], jacobian[:, found] = 0, 0
            if at != "mean":
                pieces = ((_piece(X, rows, self), s[rows], o[rows]) for rows in _pieces(X))
            for a, weight, shift in pieces:
                z = a @ W.T + shift
                for j in found:
                    c = first + j
                    for x, sign in ((1.0, 1), (0.0, -1)):
                        value = (x - self._shift[j]) * self._scale[j]
                        p = _core.softmax(z + (value - a[:, c])[:, None] * W[:, c])
                        effect[:, j] += sign * (weight @ p)
                        for k in range(K):
                            for line, other in enumerate(others):
                                mixed = weight * p[:, k] * ((k == other) - p[:, other])
                                step = mixed @ a
                                step[c] = value * mixed.sum()
                                jacobian[k, j, line] += sign * step
        jacobian = jacobian.reshape(K, d, -1) / total
        variance = np.einsum("kji,il,kjl->kj", jacobian, self._cov, jacobian, optimize=True)
        se = np.sqrt(np.maximum(variance, 0))
        absent = self._absent.reshape(K - 1, m)[:, first:].any(axis=0)
        effect, se = effect.T / total, se.T
        effect[absent], se[absent] = np.nan, np.nan
        return MarginalEffects(self, at, labels, effect, se)

    def _discrete(self, at, X, sample_weight, offset, effect, jacobian):
        """For columns of 0 and 1 alone: the effect of the step, into the arrays."""
        n, first, v = X.shape[0], int(self.fit_intercept), self._estimate
        s, total = _shares(sample_weight, n, self.weights)
        o = np.zeros(n) if offset is None else np.asarray(offset, dtype=float)
        side = _side(self.reference, self._classes)
        found = np.flatnonzero(_only_zeros_and_ones(X))
        low = -self._shift * self._scale
        high = (1 - self._shift) * self._scale
        if at == "mean":
            blocks = [(self._effects[2][None, :], np.ones(1), np.array([side * self._effects[3]]))]
            total = 1.0
        else:
            blocks = ((_piece(X, rows, self), s[rows], o[rows]) for rows in _pieces(X))
        effect[found], jacobian[found] = 0, 0
        for a, weight, shift in blocks:
            z = a @ v + shift * side
            for j in found:
                k = j + first
                for value, sign in ((high[j], 1), (low[j], -1)):
                    zj = z + (value - a[:, k]) * v[k]
                    p = _core.sigmoid(zj)
                    q = weight * p * _core.sigmoid(-zj)
                    effect[j] += sign * float(weight @ p) / total
                    line = q @ a
                    line[k] = value * q.sum()
                    jacobian[j] += sign * line / total

    def influence(self, X, y, *, sample_weight=None, offset=None):
        """Residuals, leverages and Cook's distances of rows: one pass.

        Parameters
        ----------
        X, y, sample_weight, offset
            The rows that the model was fitted on.

        Returns
        -------
        Influence
            Two classes or squared error. A row with a weight counts as one observation of that
            weight, as a binomial count does.
        """
        if self.loss == "softmax":
            raise ValueError("influence is for two classes and for squared error")
        X = _sliceable(X)
        n, d = X.shape
        if d != len(self._shift):
            raise ValueError(f"X has {d} columns, but the model was fitted on {len(self._shift)}")
        s, _ = _shares(sample_weight, n, self.weights)
        z = _core.margins(X, self._coef, self._intercept, offset, None, lambda: 1)
        rows = _rows(self.loss, self._classes, self.reference, y, z, s)
        r, q = rows.residual[:, 0], rows.information[0, 0][0] / self.scale
        if self.loss == "squared_error":
            curvature = np.ones(n)
            deviance = s * r * r
        else:
            p = rows.p[:, 0]
            flip = _side(self.reference, self._classes)
            side = z * flip
            curvature = p * _core.sigmoid(-side)
            t, _ = _labels(y, self._classes, n)
            t = t if flip > 0 else 1 - t
            deviance = _times(t, np.logaddexp(0, -side)) + _times(1 - t, np.logaddexp(0, side))
            deviance = 2 * s * np.maximum(deviance + _entropy(t) + _entropy(1 - t), 0)
        leverage = np.empty(n)
        hat = self._bread * self.scale
        for part in _pieces(X):
            a = _piece(X, part, self)
            leverage[part] = np.einsum("ij,ij->i", a @ hat, a) * q[part]
        with np.errstate(divide="ignore", invalid="ignore"):
            pearson = np.sqrt(s) * r / np.sqrt(curvature)
            cook = (
                pearson**2 / self.scale * leverage / (1 - leverage) ** 2 / max(self.n_params, 1)
            )
        return Influence(r, pearson, np.sign(r) * np.sqrt(deviance), leverage, cook)

    # --- to be read

    def to_frame(self):
        """The table of parameters as a pandas data frame (pandas must be installed).

        Returns
        -------
        pandas.DataFrame
            Index: names, or (class, name) for K > 2 classes; columns as statsmodels names them.
        """
        import pandas

        flat = [a.ravel("F") for a in (self.params, self.bse, self.tvalues, self.pvalues)]
        interval = self.conf_int()
        if interval.ndim == 3:
            interval = interval.transpose(1, 0, 2).reshape(-1, 2)
        index = self.names
        if len(self._flat) > len(self.names):
            index = pandas.MultiIndex.from_product([self.equations, self.names])
        columns = {"coef": flat[0], "std err": flat[1], summarytext.letter(self): flat[2]}
        columns[f"P>|{summarytext.letter(self)}|"] = flat[3]
        if not self.penalized:
            low, high = summarytext.ends(self.level)
            columns[low], columns[high] = interval[:, 0], interval[:, 1]
        return pandas.DataFrame(columns, index=index)

    def __str__(self):
        return summarytext.text(self)

    __repr__ = __str__

    def _repr_html_(self):
        return summarytext.page(self)



class MarginalEffects:
    """Effects of the columns on a probability, or on that of each class.

    Attributes
    ----------
    names : list of str
    classes : list
        The class, or the K classes, whose probability it is.
    at : {"overall", "mean"}
    margeff, margeff_se, tvalues, pvalues : ndarray of shape (d,), or (d, K)
    """

    def __init__(self, summary, at, classes, margeff, margeff_se):
        self.names = summary.names[int(summary.fit_intercept) :]
        self.at, self.level = at, summary.level
        self.margeff, self.margeff_se = margeff, margeff_se
        self.classes = classes
        with np.errstate(invalid="ignore", divide="ignore"):
            self.tvalues = margeff / margeff_se
        if summary.penalized:
            self.tvalues = np.full(margeff.shape, np.nan)
        self.pvalues = _two_sided(self.tvalues, math.inf)

    def conf_int(self, level=None):
        """Intervals: the shape of ``margeff`` and an axis of 2."""
        level = self.level if level is None else _check_level(level)
        reach = _quantile(level, math.inf) * self.margeff_se
        return np.stack([self.margeff - reach, self.margeff + reach], axis=-1)

    def to_frame(self):
        """As a pandas data frame (pandas must be installed)."""
        import pandas

        low, high = summarytext.ends(self.level)
        interval = self.conf_int()
        arrays = [self.margeff, self.margeff_se, self.tvalues, self.pvalues]
        arrays += [interval[..., 0], interval[..., 1]]
        names = ["dy/dx", "std err", "z", "P>|z|", low, high]
        index = self.names
        if self.margeff.ndim == 2:
            index = pandas.MultiIndex.from_product([self.classes, self.names])
        columns = {name: a.ravel("F") for name, a in zip(names, arrays, strict=True)}
        return pandas.DataFrame(columns, index=index)

    def __str__(self):
        return summarytext.effects_text(self)

    __repr__ = __str__

    def _repr_html_(self):
        return summarytext.effects_page(self)


class Influence(NamedTuple):
    """What single rows do to a fit: arrays of shape (n,), named as in statsmodels."""

    resid_response: np.ndarray
    resid_pearson: np.ndarray
    resid_deviance: np.ndarray
    hat_matrix_diag: np.ndarray
    cooks_distance: np.ndarray


# --- small things -------------------------------------------------------------------


def _two_sided(t, df):
    from scipy import special

    t = np.abs(t)
    return 2 * special.ndtr(-t) if math.isinf(df) else 2 * special.stdtr(df, -t)


def _quantile(level, df):
    from scipy import special

    upper = (1 + level) / 2
    return float(special.ndtri(upper) if math.isinf(df) else special.stdtrit(df, upper))


def _chi2(statistic, df):
    from scipy import special

    return float(special.chdtrc(df, max(statistic, 0.0))) if df > 0 else math.nan
