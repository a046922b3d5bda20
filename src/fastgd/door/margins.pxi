# Margins of a fitted model, and probabilities.


def sigmoid(z, out=None):
    cdef View source, target
    cdef ptrdiff_t n
    array = np.ascontiguousarray(z, dtype=float64)
    if out is None:
        result = np.empty(np.shape(z))
    else:
        if type(out) is not ndarray or out.dtype != float64 or not out.flags.c_contiguous or not out.flags.writeable:
            raise TypeError("out must be a writeable, C-contiguous float64 array")
        if out.shape != np.shape(z):
            raise ValueError(f"out must have the shape of z, {np.shape(z)}, found {out.shape}")
        result = out
    source, target = View(array), View(result)
    n = array.size
    with nogil:
        fgd_kernels_active().sigmoid(n, <const double *>source.buffer.buf, <double *>target.buffer.buf)
    return result if out is not None or result.ndim else result[()]


def log_loss(z, y, weight):
    """The sum of the log losses of margins z, labels y in [0, 1], each times its weight unless that is None."""
    cdef ptrdiff_t n = len(z)
    cdef int each = weight is not None
    cdef View margins = View(vector(z, "z", n, "row"))
    cdef View labels = View(vector(y, "y", n, "row"))
    cdef View weights = View(vector(weight, "weight", n, "row") if each else np.ones(1))
    cdef View residuals = View(np.empty(n))
    cdef double total
    with nogil:
        total = fgd_kernels_active().logistic(n, <const double *>margins.buffer.buf, <const double *>labels.buffer.buf,
                                              <const double *>weights.buffer.buf, each,
                                              <double *>residuals.buffer.buf)
    return total


def softmax(z):
    """Probabilities of each row's classes, from margins (n, K)."""
    cdef View source, target
    cdef ptrdiff_t n = z.shape[0], K = z.shape[1]
    lines = np.ascontiguousarray(z.T)
    out = np.empty((K, n))
    source, target = View(lines), View(out)
    with nogil:
        fgd_kernels_active().softmax_probabilities(n, K, <const double *>source.buffer.buf,
                                                   <double *>target.buffer.buf)
    return np.ascontiguousarray(out.T)


cdef enum:
    SUMMED = 512  # rows whose losses are summed one after the other; such sums are added in pairs


def log_loss_rows(z, t, s):
    """Of rows with margins z, shares t of the second class and weights s: its probability p, the weighted curvature
    s p (1 - p), the residual t - p, and the sum over all rows of s times the log loss."""
    cdef ptrdiff_t i, k, m, n = z.shape[0], blocks = (n + SUMMED - 1) // SUMMED
    cdef double spare[SUMMED]
    cdef double one = 1
    cdef bint alike
    cdef View margins = View(vector(z, "z", n, "row"))
    cdef View targets = View(vector(t, "t", n, "row")), weights = View(vector(s, "s", n, "row"))
    p, q, r, sums = np.empty(n), np.empty(n), np.empty(n), np.empty(blocks)
    cdef View p_view = View(p), q_view = View(q), r_view = View(r), sums_view = View(sums)
    cdef const double *z_at = <const double *>margins.buffer.buf
    cdef const double *t_at = <const double *>targets.buffer.buf
    cdef const double *s_at = <const double *>weights.buffer.buf
    cdef double *p_at = <double *>p_view.buffer.buf
    cdef double *q_at = <double *>q_view.buffer.buf
    cdef double *r_at = <double *>r_view.buffer.buf
    cdef double *sums_at = <double *>sums_view.buffer.buf
    cdef const fgd_kernels *kernels = fgd_kernels_active()
    with nogil:
        for k in range(blocks):
            m = min(SUMMED, n - k * SUMMED)
            kernels.sigmoid(m, z_at, p_at)
            kernels.logistic_curvature(m, z_at, s_at, 1, q_at)
            # residuals have no weight; the sum of losses has
            sums_at[k] = kernels.logistic(m, z_at, t_at, &one, 0, r_at)
            alike = True
            for i in range(m):
                r_at[i] = -r_at[i]
                alike &= s_at[i] == 1
            if not alike:
                sums_at[k] = kernels.logistic(m, z_at, t_at, s_at, 1, spare)
            z_at += m
            t_at += m
            s_at += m
            p_at += m
            q_at += m
            r_at += m
    return p, q, r, float(sums.sum())


cdef class Linear:
    """X, a point and an offset: what margins are made of, checked once."""

    cdef Matrix matrix
    cdef View point, shift
    cdef Guest guest
    cdef const double *coef
    cdef const double *offset

    def __init__(self, X, coef, offset, n_threads, most_threads):
        self.matrix = Matrix(X)
        self.guest = Guest(threads_for(n_threads, pass_time(&self.matrix.m), most_threads))
        if self.matrix.m.d != coef.shape[0]:
            raise ValueError(f"X has {self.matrix.m.d} columns, but the model was fitted on {coef.shape[0]}")
        self.point = View(coef)
        self.coef = <const double *>self.point.buffer.buf
        self.offset = NULL
        if offset is not None:
            self.shift = View(vector(offset, "offset", self.matrix.m.n, "row of X"))
            self.offset = <const double *>self.shift.buffer.buf


def margins(X, coef, intercept, offset, n_threads, most_threads):
    """X coef + intercept + offset, one number for each row."""
    cdef Linear on = Linear(X, coef, offset, n_threads, most_threads)
    cdef double b = intercept
    cdef fgd_status status
    out = np.empty(on.matrix.m.n)
    cdef View result = View(out)
    cdef double *z = <double *>result.buffer.buf
    cdef ptrdiff_t bad
    with nogil:
        status = fgd_margins(&on.matrix.m, &on.guest.g, on.coef, b, on.offset, z)
        bad = fgd_first_not_finite(on.matrix.m.n, z)
    on.guest.check(status, on.matrix)
    if bad >= 0:
        raise on.matrix.explain_not_finite()
    return out


def probabilities(X, coef, intercept, offset, n_threads, most_threads):
    """1 - p and p of each row, p = sigmoid(X coef + intercept + offset)."""
    cdef Linear on = Linear(X, coef, offset, n_threads, most_threads)
    cdef double b = intercept
    cdef fgd_status status
    out = np.empty((on.matrix.m.n, 2))
    cdef View result = View(out)
    with nogil:
        status = fgd_probabilities(&on.matrix.m, &on.guest.g, on.coef, b, on.offset, <double *>result.buffer.buf)
    on.guest.check(status, on.matrix)
    return out


def margins_and_sums(X, coef, intercept, offset, weight, n_threads, most_threads):
    """Margins and, from the same pass, two sums over rows: of x times the third derivative of the log loss there and
    the row's weight; and of x times the weight. Shapes (n,) and (2, d)."""
    cdef Linear on = Linear(X, coef, offset, n_threads, most_threads)
    cdef double b = intercept
    cdef ptrdiff_t bad, n = on.matrix.m.n
    cdef fgd_status status
    cdef View weights = None
    cdef const double *s = NULL
    if weight is not None:
        weights = View(vector(weight, "sample_weight", n, "row of X"))
        s = <const double *>weights.buffer.buf
    out, sums = np.empty(n), np.empty((2, on.matrix.m.d))
    cdef View result = View(out), totals = View(sums)
    cdef double *z = <double *>result.buffer.buf
    cdef Memory memory = Memory(fgd_margins_sums_work(&on.matrix.m, on.guest.g.n_threads))
    with nogil:
        status = fgd_margins_sums(&on.matrix.m, &on.guest.g, on.coef, b, on.offset, s, z,
                                  <double *>totals.buffer.buf, memory.base)
        bad = fgd_first_not_finite(n, z)
    on.guest.check(status, on.matrix)
    if bad >= 0:
        raise on.matrix.explain_not_finite()
    return out, sums


def softmax_margins(X, coef, intercept, offset, n_threads, most_threads):
    """X coef.T + intercept + offset, a row of K numbers for each row of X."""
    cdef Matrix matrix = Matrix(X)
    cdef View point, result
    cdef Py_ssize_t K = coef.shape[0]
    cdef fgd_status status
    cdef Guest guest = Guest(threads_for(n_threads, K * pass_time(&matrix.m), most_threads))
    if matrix.m.d != coef.shape[1]:
        raise ValueError(f"X has {matrix.m.d} columns, but the model was fitted on {coef.shape[1]}")
    point = View(np.concatenate([coef.ravel(), intercept]))
    out = np.empty((matrix.m.n, K))
    result = View(out)
    cdef Memory memory = Memory(fgd_softmax_margins_work(&matrix.m, K, guest.g.n_threads))
    with nogil:
        status = fgd_softmax_margins(&matrix.m, &guest.g, K, <const double *>point.buffer.buf,
                                     <double *>result.buffer.buf, memory.base)
    guest.check(status, matrix)
    if fgd_first_not_finite(matrix.m.n * K, <const double *>result.buffer.buf) >= 0:
        raise matrix.explain_not_finite()
    if offset is not None:
        out += table(offset, "offset", matrix.m.n, K)
    return out
