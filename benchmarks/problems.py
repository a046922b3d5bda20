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


def near_separable(n=490_000, d=116):
    """Return 16 columns in raw units and four categories, 25 levels down to a few dozen rows each,
    which leave hardly any doubt about the labels."""
    rng = np.random.default_rng(0)
    X = np.zeros((n, d))
    X[:, :16] = rng.standard_normal((n, 16)) * np.exp(3 * rng.standard_normal(16))
    share = np.geomspace(1, 1e-4, 25)
    for first in range(16, d, 25):
        X[np.arange(n), first + rng.choice(25, n, p=share / share.sum())] = 1
    z = X @ (rng.standard_normal(d) / np.maximum(X.std(axis=0), 1))
    z = 12 * (z - np.median(z))
    return X, (rng.random(n) < 1 / (1 + np.exp(-z))).astype(float)


def levels(n, d=20):
    """Return five numbers and three categories of five levels, the rarest in one row of 2000."""
    X, _ = bench.synthetic(n, d)
    rng = np.random.default_rng(1)
    X[:, 5:] = 0
    for first in range(5, d, 5):
        X[np.arange(n), first + rng.choice(5, n, p=[0.6, 0.3, 0.09, 0.0095, 0.0005])] = 1
    p = 1 / (1 + np.exp(-(X @ rng.standard_normal(d))))
    return X, (rng.random(n) < p).astype(float)


def expression(n=72, d=7129):
    """Return gene expression in all but name: many correlated, lognormal columns."""
    rng = np.random.default_rng(4)
    factors = rng.standard_normal((n, 12))
    X = np.exp(0.5 * factors @ rng.standard_normal((12, d)) + rng.standard_normal((n, d)) + 4)
    return X, (factors[:, 0] + 0.5 * rng.standard_normal(n) > 0.3).astype(float)


def expression_of_classes(n, d, K):
    """Return such columns, standardised, and K classes that depend on a few of them."""
    X, _ = expression(n, d)
    rng = np.random.default_rng(5)
    few = np.log(X[:, : 3 * K])
    few = (few - few.mean(axis=0)) / few.std(axis=0)
    y = (few @ rng.standard_normal((3 * K, K)) + rng.gumbel(size=(n, K))).argmax(axis=1)
    y[:K] = range(K)
    return (X - X.mean(axis=0)) / X.std(axis=0), y.astype(float)


def text():
    """Return rows of length 1, CSR, and labels that depend on many columns."""
    X, _ = sparse()
    rng = np.random.default_rng(3)
    p = 1 / (1 + np.exp(-(X @ (2 * rng.standard_normal(X.shape[1])))))
    length = np.sqrt(np.asarray(X.multiply(X).sum(axis=1)).ravel())
    X = scipy.sparse.csr_matrix(scipy.sparse.diags(1 / length) @ X)
    return X, (rng.random(X.shape[0]) < p).astype(float)


def clicks(n=1_000_000, d=1_000_000):
    """Return ten ones in each row of a CSR matrix, a few columns often and most seldom."""
    rng = np.random.default_rng(3)
    columns = np.sort((d * rng.random((n, 10)) ** 4).astype(np.int32), axis=1).ravel()
    starts = np.arange(0, 10 * n + 1, 10, dtype=np.int32)
    X = scipy.sparse.csr_matrix((np.ones(10 * n), columns, starts), shape=(n, d))
    p = 1 / (1 + np.exp(3 - X @ rng.standard_normal(d)))
    return X, (rng.random(n) < p).astype(float)


def embeddings(n=100_000, d=768, K=100):
    """Return float32 columns as of an encoder, and K classes, a fifth of them mislabelled."""
    rng = np.random.default_rng(0)
    mixing = rng.standard_normal((40, d))
    code = rng.integers(0, K, n)
    X = (0.5 * rng.standard_normal((n, 40)) @ mixing).astype(np.float32)
    X += rng.standard_normal((n, d), dtype=np.float32)
    X += (0.5 * rng.standard_normal((K, d))).astype(np.float32)[code]
    return X, np.where(rng.random(n) < 0.2, rng.integers(0, K, n), code).astype(float)


def breast_cancer():
    """Return scikit-learn's bundled data, columns standardised, shape (569, 30)."""
    X, y = load_breast_cancer(return_X_y=True)
    return (X - X.mean(axis=0)) / X.std(axis=0), 1.0 - y


def tiny(n=60, d=4):
    """Return a small problem that is not separated."""
    return bench.synthetic(n, d)
