# Guests of the core: threads, interrupts, observers; status codes become exceptions.


cdef class Guest:
    """What the core may ask of Python while it runs without the interpreter's lock."""

    cdef object observer, error
    cdef fgd_guest g
    cdef Py_ssize_t d, lines

    def __init__(self, int n_threads, observer=None, Py_ssize_t d=0, Py_ssize_t lines=0):
        self.observer = observer
        self.error = None
        self.d = d
        self.lines = lines
        self.g.n_threads = n_threads
        self.g.poll = poll
        self.g.observe = NULL
        if observer is not None:
            self.g.observe = observe
        self.g.context = <void *>self

    cdef check(self, fgd_status status, Matrix X):
        if self.error is not None:
            raise self.error
        if status == FGD_NOT_FINITE:
            raise X.explain_not_finite()
        if status == FGD_ONE_CLASS:
            if self.lines:
                raise ValueError("sample_weight leaves a class without rows: those it has all weigh 0")
            raise ValueError("sample_weight leaves one class only: the rows of the other all weigh 0")
        if status != FGD_OK:
            raise RuntimeError(f"the core stopped with status {status}")


cdef int poll(void *context) noexcept with gil:
    guest = <Guest>context
    try:
        PyErr_CheckSignals()
    except BaseException as error:
        guest.error = error
        return 1
    return 0


cdef int observe(void *context, const fgd_event *e) noexcept with gil:
    cdef Guest guest = <Guest>context
    cdef Py_ssize_t j, size = guest.lines * (guest.d + 1) if guest.lines else guest.d
    cdef View view
    try:
        point = np.empty(size)
        view = View(point)
        for j in range(size):
            (<double *>view.buffer.buf)[j] = e.coef[j]
        coef, intercept = split(point, guest.lines, guest.d) if guest.lines else (point, e.intercept)
        return bool(guest.observer(e.iteration, e.cost, e.gap, e.gradient_norm, e.step, e.seconds, e.passes,
                                   coef, intercept))
    except BaseException as error:
        guest.error = error
        return 1


cdef int threads_for(n_threads, double nanoseconds, most) except -1:
    """n_threads as asked, or as many as the work between two waits is worth, of those that `most()` allows."""
    if n_threads is not None:
        return n_threads
    if nanoseconds < 1e5:
        return 1
    return max(1, min(<int>most(), 1 + <int>min(nanoseconds / 1e5, 1e6)))


cdef double pass_time(const fgd_matrix *m):
    """A rough guess, in nanoseconds on one core."""
    return 0.12 * <double>m.n * <double>m.d + 1.5 * <double>m.n
