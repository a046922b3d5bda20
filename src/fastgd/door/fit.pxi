# The fit.


OUTCOMES = ("converged", "max_iter", "diverged", "callback", "stalled", "separated")


cdef bint tall(const fgd_problem *p):
    """Whether it pays to draw rows: so many that a few tell much about all; of CSR they are copied as dense ones."""
    return ((p.X.layout != FGD_CSR or p.X.d <= 256) and p.loss == FGD_LOG_LOSS and p.X.d > 0 and p.X.n > 300 * p.X.d
            and p.X.n >= 10_000)


# Fewer numbers are looked at for exact Hessians sooner than rows are drawn for one fit; for folds it pays before.
MANY = 400_000
# A gap of so much of the cost is rounding, as in the scale of `tol`.
NOTHING = 1e3 * 2.0**-52
# Up to so many rows a Cholesky factor or two of their Gram costs less than many products with X.
MOST_ROWS = 1500


cdef bint wide(const fgd_problem *p) except -1:
    """Whether it pays to work with one number for each row: fewer rows than columns, or not many
    more, and every column penalised. Several classes take conjugate gradients there as well: half as many rows."""
    cdef ptrdiff_t j
    if p.X.layout == FGD_CSR or 2 * p.X.n > (p.X.d if p.classes else 3 * p.X.d) or p.X.n > MOST_ROWS:
        return False
    if not p.l2:
        return p.l2_all > 0
    for j in range(p.X.d):
        if not p.l2[j] > 0:
            return False
    return True


# Up to this many coefficients of all classes together their whole Hessian is formed.
SMALL = 300
SOLVERS = {"gd": FGD_GD, "agd": FGD_AGD, "newton": FGD_NEWTON, "newton-cg": FGD_NEWTON_CG, "lbfgs": FGD_LBFGS}


def fit(X, y, loss, l2, fit_intercept, sample_weight, offset, solver, learning_rate, double tol, max_iter, init,
        n_threads, most_threads, observer, path=None):
    """The fit. Returns a dictionary, the result's fields under their names.

    With a path, penalties, a list of one dictionary for each; None where fits have nothing to share: more classes,
    wide data."""
    cdef Problem problem = Problem(X, y, loss, l2, sample_weight, offset, fit_intercept)
    cdef fgd_options options
    cdef fgd_status status
    cdef View start = None, result
    cdef ptrdiff_t n = problem.p.X.n, d = problem.p.X.d
    cdef double work
    cdef bint sampled = False, dual = False
    memset(&options, 0, sizeof(options))
    cdef ptrdiff_t K = problem.p.classes, lines = max(K, 1), count = 1
    cdef const double *penalties = NULL
    if path is not None:
        if K or (solver == "auto" and wide(&problem.p)):
            return None
        path = np.ascontiguousarray(path, dtype=float64)
        count = path.shape[0]
        penalties = problem.hold(path)
    cdef Memory results = Memory(count * sizeof(fgd_result))
    cdef fgd_result *r = <fgd_result *>results.base
    if solver == "auto":
        solver = "newton" if (K * (d + 1) <= SMALL if K else d <= 2000) else "newton-cg"
        sampled = solver == "newton" and tall(&problem.p) and n * d >= MANY
        dual = wide(&problem.p)
    options.solver = FGD_DUAL if dual else FGD_SAMPLED if sampled else SOLVERS[solver]
    options.learning_rate = -1 if learning_rate is None else learning_rate
    options.tol = tol
    options.max_iter = max_iter if max_iter is not None else (200 if solver in ("newton", "newton-cg") else 1000)
    if init is not None:
        w, b = init
        if K:
            init = np.append(table(w, "init[0]", K, d), vector(b, "init[1]", K, "class"))
        else:
            init = np.append(vector(w, "init[0]", d, "column of X"), number(b, "init[1]"))
        start = View(init)
        options.init = <const double *>start.buffer.buf
    work = 2 * <double>lines * pass_time(&problem.p.X)
    if dual:
        work += <double>n * <double>n * (d + (<double>n if K else 0)) / 20
    elif solver == "newton":
        work += <double>n * <double>d * <double>d * max(1, K * (K - 1) / 2) / 20
    cdef Guest guest = Guest(threads_for(n_threads, work, most_threads), observer, d, K)
    point = np.empty((count, K * (d + 1) if K else d))
    result = View(point)
    # for each stage of separation its direction, and the same for standardised columns
    directions = np.zeros((FGD_MAX_STAGES, 2, lines * (d + 1)))
    cdef View stages = View(directions)
    cdef Memory memory = Memory(fgd_fit_work(&problem.p, &options, guest.g.n_threads))
    with nogil:
        if penalties != NULL:
            status = fgd_fit_path(&problem.p, &options, &guest.g, count, penalties, <double *>result.buffer.buf, r,
                                  memory.base)
        else:
            status = fgd_fit(&problem.p, &options, &guest.g, <double *>result.buffer.buf, <double *>stages.buffer.buf,
                             r, memory.base)
    if dual and status == FGD_OK and OUTCOMES[<int>r.outcome] == "stalled" and r.gap > NOTHING * (1 + r.cost):
        # Rows so nearly dependent that their Gram does not tell them apart: from here by the columns.
        dual = False
        options.solver = SOLVERS[solver]
        options.before.iterations, options.before.passes, options.before.seconds = r.iterations, r.passes, r.seconds
        if r.iterations:
            init = point[0].copy() if K else np.append(point, r.intercept)
            start = View(init)
            options.init = <const double *>start.buffer.buf
        memory = Memory(fgd_fit_work(&problem.p, &options, guest.g.n_threads))
        with nogil:
            status = fgd_fit(&problem.p, &options, &guest.g, <double *>result.buffer.buf, <double *>stages.buffer.buf,
                             r, memory.base)
    guest.check(status, problem.X)
    solver = "dual" if dual else "sampled" if sampled else solver
    if path is not None:
        return [found(problem, &r[k], point[k], None, solver) for k in range(count)]
    return found(problem, r, point[0], directions, solver)


def fit_folds(X, y, held, ptrdiff_t folds, l2, fit_intercept, sample_weight, double tol, n_threads, most_threads):
    """Fits of several folds at once; held: for each row the fold that leaves it out, `folds` if none does; l2: a line of
    penalties for each fold. Returns a list for each fold: the dictionaries of the first so many fits, all converged.
    None where these fits have nothing to share, or not in this way."""
    cdef Problem problem = Problem(X, y, "auto", 1.0, sample_weight, None, fit_intercept)
    cdef fgd_options options
    cdef fgd_status status
    cdef ptrdiff_t n = problem.p.X.n, d = problem.p.X.d, penalties = l2.shape[1]
    if (folds < 2 or folds > FGD_MAX_FOLDS or not penalties or not problem.p.y_code or problem.p.X.layout == FGD_CSR
            or d > 2000 or not tall(&problem.p)):
        return None
    memset(&options, 0, sizeof(options))
    options.solver = FGD_SAMPLED
    options.tol = tol
    options.max_iter = 200
    cdef Guest guest = Guest(threads_for(n_threads, 2 * pass_time(&problem.p.X), most_threads), None, d, 0)
    cdef const double *lines = problem.hold(np.ascontiguousarray(l2, dtype=float64))
    cdef const uint8_t *of_rows = <const uint8_t *>problem.hold(held)
    points = np.empty((folds * penalties, d))
    done = np.zeros(folds, np.intp)
    cdef double *coef = <double *>problem.hold(points)
    cdef ptrdiff_t *finished = <ptrdiff_t *>problem.hold(done)
    cdef Memory results = Memory(folds * penalties * sizeof(fgd_result))
    cdef fgd_result *r = <fgd_result *>results.base
    cdef Memory memory = Memory(fgd_fit_folds_work(&problem.p, &options, folds, guest.g.n_threads))
    with nogil:
        status = fgd_fit_folds(&problem.p, of_rows, folds, &options, &guest.g, penalties, lines, coef, r, finished,
                               memory.base)
    guest.check(status, problem.X)
    return [[found(problem, &r[k * penalties + i], points[k * penalties + i], None, "sampled")
             for i in range(done[k])] for k in range(folds)]


cdef found(Problem problem, const fgd_result *r, point, directions, solver):
    """The result's fields under their names."""
    cdef Py_ssize_t K = problem.p.classes, d = problem.p.X.d, lines = max(K, 1), k
    coef, intercept = split(point, K, d) if K else (point, r.intercept)
    separation = None
    if r.stages:
        shape = [r.stages, 2] + [K] * (K > 0)
        flat = directions[:r.stages]
        separation = (flat[:, :, :lines * d].reshape(shape + [d]), flat[:, :, lines * d:].reshape(shape),
                      [r.separated_rows[k] for k in range(r.stages)])
    return {
        "coef": coef,
        "intercept": intercept,
        "classes": problem.labels(),
        "cost": r.cost,
        "null_cost": r.null_cost,
        "gap": r.gap,
        "gap_kind": "none" if r.gap == INFINITY else "estimate" if r.estimate else "dual",
        "gradient_norm": r.gradient_norm,
        "step": r.step,
        "status": OUTCOMES[<int>r.outcome],
        "converged": r.gap <= r.target,
        "target": r.target,
        "separation": separation,
        "n_iter": r.iterations,
        "n_passes": r.passes,
        "seconds": r.seconds,
        "solver": solver,
        "n_threads": r.n_threads,
        "rank": r.rank if r.rank >= 0 else None,
        "loss": problem.loss,
        "n_samples": problem.p.X.n,
        "bytes_copied": problem.X.bytes_copied,
        "note": problem.X.note,
    }
