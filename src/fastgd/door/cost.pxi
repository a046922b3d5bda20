# The cost and its derivatives at a point.


cdef joined(coef, intercept, Problem problem, names=("coef", "intercept")):
    """Coefficients (K, d) and intercepts (K,) as the core's one array; one intercept stands for all."""
    cdef Py_ssize_t K = problem.p.classes
    if np.ndim(intercept) == 0:
        intercept = np.full(K, number(intercept, names[1]))
    return np.append(table(coef, names[0], K, problem.p.X.d), vector(intercept, names[1], K, "class"))


cdef softmax_cost(Problem problem, coef, intercept, n_threads, most_threads, bint gradient):
    cdef View point = View(joined(coef, intercept, problem)), result
    cdef Py_ssize_t K = problem.p.classes, d = problem.p.X.d
    cdef double value
    cdef double *g = NULL
    cdef fgd_status status
    cdef Guest guest = Guest(threads_for(n_threads, K * pass_time(&problem.p.X), most_threads))
    if gradient:
        grad = np.empty(K * (d + 1))
        result = View(grad)
        g = <double *>result.buffer.buf
    cdef Memory memory = Memory(fgd_softmax_cost_work(&problem.p, guest.g.n_threads))
    with nogil:
        status = fgd_softmax_cost_at(&problem.p, &guest.g, <const double *>point.buffer.buf, &value, g, memory.base)
    guest.check(status, problem.X)
    if not math.isfinite(value):
        raise problem.X.explain_not_finite()
    return (value, *split(grad, K, d)) if gradient else (value, None, None)


cdef softmax_hessian_vector(Problem problem, coef, intercept, v, v_intercept, n_threads, most_threads):
    cdef View point = View(joined(coef, intercept, problem))
    cdef View direction = View(joined(v, v_intercept, problem, ("v", "v0"))), result
    cdef Py_ssize_t K = problem.p.classes, d = problem.p.X.d
    cdef fgd_status status
    cdef Guest guest = Guest(threads_for(n_threads, 2 * K * pass_time(&problem.p.X), most_threads))
    product = np.empty(K * (d + 1))
    result = View(product)
    cdef Memory memory = Memory(fgd_softmax_cost_work(&problem.p, guest.g.n_threads))
    with nogil:
        status = fgd_softmax_hessian_vector(&problem.p, &guest.g, <const double *>point.buffer.buf,
                                            <const double *>direction.buffer.buf, <double *>result.buffer.buf,
                                            memory.base)
    guest.check(status, problem.X)
    if not np.isfinite(product).all():
        raise problem.X.explain_not_finite()
    return split(product, K, d)


def cost(X, y, coef, intercept, loss, l2, sample_weight, offset, n_threads, most_threads, bint gradient):
    """(cost, grad_coef, grad_intercept), the last two None without gradient."""
    cdef Problem problem = Problem(X, y, loss, l2, sample_weight, offset, True)
    if problem.p.classes:
        return softmax_cost(problem, coef, intercept, n_threads, most_threads, gradient)
    cdef View point, result
    cdef double value, b = number(intercept, "intercept"), gb = 0
    cdef fgd_status status
    cdef double *g = NULL
    cdef Guest guest = Guest(threads_for(n_threads, pass_time(&problem.p.X), most_threads))
    coef = vector(coef, "coef", problem.p.X.d, "column of X")
    point = View(coef)
    if gradient:
        grad = np.empty(problem.p.X.d)
        result = View(grad)
        g = <double *>result.buffer.buf
    cdef Memory memory = Memory(fgd_cost_work(&problem.p, guest.g.n_threads))
    with nogil:
        status = fgd_cost(&problem.p, &guest.g, <const double *>point.buffer.buf, b, &value, g, &gb, memory.base)
    guest.check(status, problem.X)
    if not math.isfinite(value):
        raise problem.X.explain_not_finite()
    return (value, grad, gb) if gradient else (value, None, None)


def hessian_vector(X, y, coef, intercept, v, v_intercept, loss, l2, sample_weight, offset, n_threads,
                   most_threads):
    cdef Problem problem = Problem(X, y, loss, l2, sample_weight, offset, True)
    if problem.p.classes:
        return softmax_hessian_vector(problem, coef, intercept, v, v_intercept, n_threads, most_threads)
    cdef View point, direction, result
    cdef double b = number(intercept, "intercept"), vb = number(v_intercept, "v0"), hb = 0
    cdef fgd_status status
    cdef Guest guest = Guest(threads_for(n_threads, 2 * pass_time(&problem.p.X), most_threads))
    point = View(vector(coef, "coef", problem.p.X.d, "column of X"))
    direction = View(vector(v, "v", problem.p.X.d, "column of X"))
    product = np.empty(problem.p.X.d)
    result = View(product)
    cdef Memory memory = Memory(fgd_hessian_vector_work(&problem.p, guest.g.n_threads))
    with nogil:
        status = fgd_hessian_vector(&problem.p, &guest.g, <const double *>point.buffer.buf, b,
                                    <const double *>direction.buffer.buf, vb, <double *>result.buffer.buf, &hb,
                                    memory.base)
    guest.check(status, problem.X)
    if not math.isfinite(hb) or not np.isfinite(product).all():
        raise problem.X.explain_not_finite()
    return product, hb
