# Grams of X; for benchmarks, its triangle alone and the Cholesky.


def gram(X, q, shift, scale, n_threads, most_threads):
    """The symmetric sum over rows of q t t', t = ((x - shift) * scale, 1), of size d + 1."""
    cdef Matrix matrix = Matrix(X)
    cdef ptrdiff_t n = matrix.m.n, d = matrix.m.d
    cdef fgd_status status
    cdef Guest guest = Guest(threads_for(n_threads, <double>n * <double>(d + 1) * <double>(d + 1) / 20, most_threads))
    cdef View weights = View(vector(q, "q", n, "row of X"))
    cdef View shifts = View(vector(shift, "shift", d, "column of X"))
    cdef View scales = View(vector(scale, "scale", d, "column of X"))
    G = np.zeros((d + 1, d + 1))
    cdef View result = View(G)
    cdef Memory memory = Memory(fgd_gram_work(&matrix.m, n, 1, guest.g.n_threads))
    with nogil:
        status = fgd_gram(&matrix.m, &guest.g, NULL, n, <const double *>weights.buffer.buf,
                          <const double *>shifts.buffer.buf, <const double *>scales.buffer.buf, 1,
                          <double *>result.buffer.buf, memory.base)
    guest.check(status, matrix)
    if not np.isfinite(G).all():
        raise matrix.explain_not_finite()
    return np.tril(G) + np.tril(G, -1).T


def bench_gram(X, q, rows, int n_threads):
    """Lower triangle of X[rows]' diag(q) X[rows]; rows None: all of X."""
    cdef Matrix matrix = Matrix(X)
    cdef ptrdiff_t d = matrix.m.d, count = matrix.m.n
    cdef View chosen = None, result
    cdef const ptrdiff_t *list_ = NULL
    cdef Guest guest = Guest(n_threads)
    cdef fgd_status status
    if rows is not None:
        rows = np.ascontiguousarray(rows, dtype=np.intp)
        count = rows.shape[0]
        chosen = View(rows)
        list_ = <const ptrdiff_t *>chosen.buffer.buf
        if count and not (0 <= rows.min() and rows.max() < matrix.m.n):
            raise ValueError("rows must lie in 0 .. n - 1")
    cdef View weights = View(vector(q, "q", count, "row"))
    G = np.zeros((d, d))
    result = View(G)
    cdef Memory memory = Memory(fgd_gram_work(&matrix.m, count, 0, n_threads))
    with nogil:
        status = fgd_gram(&matrix.m, &guest.g, list_, count, <const double *>weights.buffer.buf,
                          NULL, NULL, 0, <double *>result.buffer.buf, memory.base)
    guest.check(status, matrix)
    return np.tril(G)


def bench_cholesky(A):
    """Lower factor of a symmetric positive definite matrix, by the core's own blocked Cholesky."""
    L = np.array(A, dtype=float64, order="C")
    cdef View view = View(L)
    cdef ptrdiff_t n = L.shape[0]
    cdef int failed
    cdef Memory memory = Memory(fgd_kernels_active().cholesky_work(n))
    with nogil:
        failed = fgd_kernels_active().cholesky(n, <double *>view.buffer.buf, n, memory.base)
    if failed:
        raise ValueError(f"A is not positive definite: pivot {failed - 1}")
    return np.tril(L)
