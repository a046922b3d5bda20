"""After separation: which estimates are infinite whatever direction proves it, and which are open.

A cost that has no minimum comes near its infimum if and only if the margins of all pairs that were
set aside (a row's label over a class excluded there) grow beyond bounds, and those of all other
pairs settle. So an estimate grows beyond bounds each time if and only if, up to what settles, it is
a sum of such margins with coefficients that are not negative (Farkas); where neither it nor its
negative is one, the cost comes as near its infimum at any value of it, and the direction that the
fit found moved it by chance.
"""

import numpy as np

from .coordinates import CHUNK
from .covariance import inverse

NEAR = 1e-6  # share of a function that a sum may miss
NOTHING = 1e-9  # share of a function that is rounding
MOST = 1 << 24  # numbers, of margins that are different, that are looked at
WIDEST = 100  # unknowns of one question


def still(H, bread, kept):
    """Directions, a column each, that move nothing but what was set aside: a parameter for which H
    knows no error moves by 1, those `kept` make up for it; and which parameters these are."""
    free = np.setdiff1d(np.arange(len(H)), kept)
    Z = np.zeros((len(H), len(free)))
    Z[free, np.arange(len(free))] = 1
    Z[kept] = -bread[np.ix_(kept, kept)] @ H[np.ix_(kept, free)]
    return Z, free


def infinite(X, z, s, coordinates, signs, Z, free):
    """Which parameters are infinite for sure, whether that is known of all, and how many parameters
    the rows set aside tell of.

    Parameters
    ----------
    X : array or CSR matrix of shape (n, d)
    z : ndarray of shape (n, lines + 1)
        Margins of the classes, the reference first; -inf where a class was set aside.
    s : ndarray of shape (n,)
        Weights.
    coordinates : Coordinates
    signs : ndarray of shape (lines * m,)
        Where the direction found moves each parameter, in the user's units.
    Z, free
        As `still` returns them.

    Returns
    -------
    forced : ndarray of bool, shape (lines * m,)
    sure : bool
        False if there were more rows or parameters than are looked at: others may be infinite too.
    rank : int
    """
    moved = np.flatnonzero(signs)
    M, sure = _margins(X, z, s, coordinates, Z)
    # A column that follows from others everywhere rests, those that move nothing first
    order = np.argsort(signs[free] == 0, kind="stable")
    alone, _ = inverse(M.T @ M, order)
    led = np.union1d(alone, np.flatnonzero(signs[free]))
    functions = np.zeros((len(moved), len(signs)))
    functions[np.arange(len(moved)), moved] = signs[moved]
    G = _unit(coordinates.carried(functions) @ Z[:, led])
    found, all_asked = _sums(_unit(M[:, led]), G)
    forced = np.zeros(len(signs), bool)
    forced[moved[found]] = True
    return forced, sure and all_asked, len(alone)


def _margins(X, z, s, coordinates, Z):
    """What the directions do to the margins of the pairs set aside, a line for each that is
    different; and whether these are all."""
    found, new, many = [np.empty((0, Z.shape[1]))], 0, CHUNK
    for steps in _steps(X, z, s, coordinates, Z):
        found.append(np.round(_unit(steps), 12))
        new += steps.size
        if new >= many:  # levels are few lines, however many their rows
            found, new = [np.unique(np.concatenate(found), axis=0)], 0
            many = max(CHUNK, found[0].size)
            if many > MOST:
                return found[0], False
    return np.unique(np.concatenate(found), axis=0), True


def _steps(X, z, s, coordinates, Z):
    lines, r = z.shape[1] - 1, Z.shape[1]
    apart = np.isneginf(z) & (s > 0)[:, None]
    at = np.flatnonzero(apart.any(axis=1))
    few = max(1, CHUNK // max((lines + 1) * r, X.shape[1], 1))
    for rows in np.split(at, range(few, len(at), few)):
        moved = np.zeros((len(rows), lines + 1, r))
        a = coordinates.piece(X, rows)
        moved[:, 1:] = (a @ Z.reshape(lines, -1, r)).transpose(1, 0, 2)
        # the directions move all classes that are left as they move the label
        left = moved[np.arange(len(rows)), z[rows].argmax(axis=1)]
        yield (left[:, None] - moved)[apart[rows]]


def _unit(lines):
    """The lines at length 1, without what is rounding."""
    size = np.linalg.norm(lines, axis=1, keepdims=True)
    lines = lines / np.where(size > 0, size, 1)
    return np.where(np.abs(lines) > NOTHING, lines, 0)


def _sums(M, G):
    """Which lines of G are sums of lines of M with coefficients that are not negative, and whether
    all were asked about: lines that share no unknown are apart."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    one = csr_array((M != 0).astype(float))
    _, part = connected_components(one.T @ one, directed=False)
    found, asked = np.zeros(len(G), bool), np.ones(len(G), bool)
    of_functions = [np.unique(part[g != 0]) for g in G]
    for parts in {tuple(parts) for parts in of_functions}:
        unknowns = np.isin(part, parts)
        same = np.array([tuple(own) == parts for own in of_functions])
        near = M[:, unknowns][M[:, unknowns].any(axis=1)]
        if unknowns.sum() > WIDEST:
            asked[same] = False
        elif near.size:
            found[same] = _in_cone(near, G[same][:, unknowns])
    return found, bool(asked.all())


def _in_cone(M, G):
    """`_sums` of lines that belong together: by projection, on ever more of the lines of M."""
    from scipy.optimize import nnls

    found, out = np.zeros(len(G), bool), np.zeros(len(G), bool)
    chosen = np.union1d(M.argmin(axis=0), M.argmax(axis=0))
    for i, g in enumerate(G):
        while not out[i]:
            try:
                weight, size = nnls(M[chosen].T, g)
            except RuntimeError:  # it has gone in circles
                break
            if size <= NEAR:
                found[i] = True
                break
            rest = (g - weight @ M[chosen]) / size
            ahead = M @ rest
            ahead[chosen] = 0
            if ahead.max() <= NOTHING:
                out |= G @ rest > NEAR  # minus the rest is a direction that moves these back
                out[i] = True
            else:
                worst = np.argsort(-ahead)[: M.shape[1]]
                chosen = np.union1d(chosen, worst[ahead[worst] > NOTHING])
    return found
