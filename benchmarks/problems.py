"""The problems that the benchmarks run on: large, made in place, the same in every run."""

import numpy as np
import scipy.sparse
from sklearn.datasets import load_breast_cancer

from fastgd import bench


def fill(array):
    """Fill an array with numbers that are as good as random, fast and without a copy of it."""
    rng = np.random.default_rng(0)
    size = min(array.size, 2**21 + 1)  # odd, so that no two rows are the same
    if array.dtype == np.uint8:
        block = rng.integers(0, 256, size, dtype=np.uint8)
    else:
        block = rng.standard_normal(size, dtype=array.dtype)
    flat = array.reshape(-1)
    for start in range(0, array.size, size):
        part = flat[start : start + size]
        part[...] = block[: len(part)]
    return array


def dense(n, d, dtype="float64", order="C"):
    """Return a matrix (n, d) in the given order, and labels 0.0 and 1.0."""
    X = fill(np.empty((n, d) if order == "C" else (d, n), dtype))
    y = (np.random.default_rng(1).random(n) < 0.4).astype(float)
    return X if order == "C" else X.T, y


def sparse(n=25_000, d=45_000, entries=3_400_000, dtype="float64"):
    """Return a CSR matrix like text: a few columns often, most of them seldom."""
    rng = np.random.default_rng(2)
    rows = np.sort(rng.integers(0, n, entries))
    columns = (d * rng.random(entries) ** 3).astype(np.int32)
    order = np.lexsort((columns, rows))
    indptr = np.searchsorted(rows, np.arange(n + 1)).astype(np.int32)
    data = rng.random(entries).astype(dtype)
    X = scipy.sparse.csr_array((data, columns[order], indptr), shape=(n, d))
    return X, (rng.random(n) < 0.4).astype(float)


def tall(n=200_000, d=54):
    """Return the correlated problem on which the peers are measured, columns standardised."""
    X, y = bench.synthetic(n, d)
    X -= X.mean(axis=0)
    X /= X.std(axis=0)
    return X, y


def breast_cancer():
    """Return scikit-learn's bundled data, columns standardised, shape (569, 30)."""
    X, y = load_breast_cancer(return_X_y=True)
    return (X - X.mean(axis=0)) / X.std(axis=0), 1.0 - y


def tiny(n=60, d=4):
    """Return a small problem that is not separated."""
    return bench.synthetic(n, d)
