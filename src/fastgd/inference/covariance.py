"""Sums over rows in scaled coordinates: information, penalty, the filling of a sandwich; their
inverses."""

import math

import numpy as np

from .coordinates import pieces

COVARIANCES = ("nonrobust", "HC0", "HC1", "stata", "cluster")


def blocks(lines, m, pairs, gram):
    """The symmetric matrix whose blocks are Grams with these weights."""
    whole = np.empty((lines, m, lines, m))
    for (a, b), weighted in pairs.items():
        block = sum(sign * gram(q) for q, sign in zip(weighted[::2], weighted[1::2], strict=True))
        whole[a, :, b], whole[b, :, a] = block, block
    return whole.reshape(lines * m, lines * m)


def penalty(l2, coordinates, total, loss, lines):
    """What the penalty adds to the information, of parameters seen from the reference class."""
    each = np.broadcast_to(np.asarray(l2, dtype=float), coordinates.scale.shape)
    each = np.concatenate([np.zeros(coordinates.first), each * coordinates.scale**2 * total])
    shared = np.eye(lines)
    if loss == "softmax":  # it is a penalty on coefficients that sum to zero over all classes
        shared -= 1 / (lines + 1)
    return np.kron(shared, np.diag(each))


def squares(residual, power):
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


def clusters(groups, s):
    """The number of each row's group, and how many there are. Rows of weight 0 are no part of any:
    theirs is 0, and their scores are nothing."""
    # of a list NumPy would make one kind, texts of numbers and of None
    groups = np.asarray(groups, None if hasattr(groups, "dtype") else object)
    if groups.shape != s.shape:
        raise ValueError(
            f"groups must have shape {s.shape}, one label for each row of X, found {groups.shape}"
        )
    present = np.flatnonzero(s)
    groups = groups[present]
    gaps = groups != groups  # NaN and NaT; NumPy would make one group of them all
    if groups.dtype == object:
        gaps = [bool(gap) or label is None for gap, label in zip(gaps, groups, strict=True)]
    if np.any(gaps):
        first = int(np.argmax(gaps))
        raise ValueError(
            f"groups has {np.sum(gaps)} missing labels, the first ({groups[first]!s}) in row "
            f"{present[first]}, counting from 0; a label is wanted for each row of X"
        )
    try:
        found, inverse = np.unique(groups, return_inverse=True)
    except TypeError:
        kinds = " and ".join(sorted({type(label).__name__ for label in groups.tolist()}))
        raise ValueError(
            f"groups mixes labels that have no order: {kinds}; make them of one kind"
        ) from None
    if len(found) < 2:
        raise ValueError("groups has one group only; a cluster covariance needs two or more")
    codes = np.zeros(len(s), int)
    codes[present] = inverse
    return codes, len(found)


def scores(X, residual, codes, count, coordinates):
    """Scores of each group: (count, lines * m)."""
    from scipy.sparse import csr_array

    lines, m = residual.shape[1], coordinates.size
    out = np.zeros((lines, count, m))
    for rows in pieces(X):
        a = coordinates.piece(X, rows)
        here, local = np.unique(codes[rows], return_inverse=True)
        for k in range(lines):
            at = local, np.arange(len(a))
            out[k, here] += csr_array((residual[rows, k], at), (len(here), len(a))) @ a
    return out.transpose(1, 0, 2).reshape(count, lines * m)


def inverse(H, order):
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
