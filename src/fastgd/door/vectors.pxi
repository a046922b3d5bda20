# Vectors, tables and numbers.


cdef vector(value, str name, Py_ssize_t length, str unit):
    """A contiguous double array of that length, finite."""
    cdef View view
    cdef ptrdiff_t bad
    if type(value) is not ndarray or value.dtype.char != "d" or not value.dtype.isnative:
        if isinstance(value, np.ma.MaskedArray) and np.ma.getmaskarray(value).any():
            raise ValueError(f"{name} has masked cells; fill or drop them")
        array = np.asarray(value)
        if array.dtype.kind not in "fbiu":
            raise TypeError(f"{name} must hold real numbers, found dtype {array.dtype}")
        value = array.astype(float64)
    if value.ndim != 1 or value.shape[0] != length:
        raise ValueError(f"{name} must have shape ({length},), one number for each {unit}, found {value.shape}")
    view = View(value)
    if view.buffer.strides[0] != 8 or <uintptr_t>view.buffer.buf % 8:
        value = value.copy()
        view = View(value)
    bad = fgd_first_not_finite(length, <const double *>view.buffer.buf)
    if bad >= 0:
        raise ValueError(f"{name}[{bad}] is {value[bad]}; {name} must be finite")
    return value


cdef table(value, str name, Py_ssize_t rows, Py_ssize_t columns):
    """A contiguous double array of that shape, finite."""
    array = np.asarray(value)
    if array.ndim != 2 or array.shape[0] != rows or array.shape[1] != columns:
        raise ValueError(f"{name} must have shape ({rows}, {columns}), found {array.shape}")
    try:
        return vector(array.reshape(-1), name, rows * columns, "cell").reshape(rows, columns)
    except ValueError:
        for i, j in np.argwhere(~np.isfinite(array)):
            raise ValueError(f"{name}[{i}, {j}] is {array[i, j]}; {name} must be finite") from None
        raise


cdef double number(value, str name) except? -1:
    cdef double x
    try:
        x = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, found {value!r}") from None
    if not math.isfinite(x):
        raise ValueError(f"{name} must be finite, found {x}")
    return x


cdef split(point, Py_ssize_t K, Py_ssize_t d):
    """Coefficients (K, d) and intercepts (K,) from the core's one array of both."""
    return point[:K * d].reshape(K, d), point[K * d:]
