# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=True
"""The one door between Python and the C core: arrays are looked at once, here.

Whatever passes is a view the core can read in place; what cannot be read in place is
converted, counted and noted. Status codes come back and become exceptions here alone.
"""

from cpython.buffer cimport (
    Py_buffer, PyBUF_FORMAT, PyBUF_STRIDES, PyBuffer_Release, PyObject_CheckBuffer, PyObject_GetBuffer,
)
from cpython.exc cimport PyErr_CheckSignals
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.math cimport INFINITY
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, uint8_t, uintptr_t
from libc.string cimport memset

import math

import numpy as np


cdef extern from "fastgd.h" nogil:
    ctypedef enum fgd_status:
        FGD_OK
        FGD_INTERRUPTED
        FGD_NOT_FINITE
        FGD_ONE_CLASS
        FGD_NO_ISA
    ctypedef enum fgd_layout:
        FGD_C_ORDER
        FGD_F_ORDER
        FGD_CSR
    ctypedef enum fgd_loss:
        FGD_LOG_LOSS
        FGD_SQUARED_ERROR
        FGD_SOFTMAX
    ctypedef enum fgd_solver:
        FGD_GD
        FGD_AGD
        FGD_NEWTON
        FGD_NEWTON_CG
        FGD_LBFGS
        FGD_SAMPLED
        FGD_DUAL
    ctypedef enum fgd_outcome:
        pass
    enum:
        FGD_MAX_STAGES
        FGD_F64
        FGD_F32
        FGD_U8
        FGD_I32
        FGD_I64
    ctypedef struct fgd_matrix:
        fgd_layout layout
        int dtype
        int index
        ptrdiff_t n
        ptrdiff_t d
        ptrdiff_t ld
        const void *data
        const void *indices
        const void *indptr
    ctypedef struct fgd_problem:
        fgd_matrix X
        fgd_loss loss
        const uint8_t *y_code
        const double *y_value
        ptrdiff_t classes
        const int32_t *y_class
        const double *weight
        const double *offset
        const double *l2
        double l2_all
        int fit_intercept
    ctypedef int (*fgd_poll)(void *) noexcept nogil
    ctypedef struct fgd_event:
        ptrdiff_t iteration
        ptrdiff_t passes
        double cost
        double gap
        double gradient_norm
        double step
        double seconds
        const double *coef
        double intercept
    ctypedef int (*fgd_observer)(void *, const fgd_event *) noexcept nogil
    ctypedef struct fgd_guest:
        int n_threads
        fgd_poll poll
        fgd_observer observe
        void *context
    ctypedef struct fgd_before:
        ptrdiff_t iterations
        ptrdiff_t passes
        double seconds
    ctypedef struct fgd_options:
        fgd_solver solver
        double learning_rate
        double tol
        ptrdiff_t max_iter
        const double *init
        fgd_before before
    ctypedef struct fgd_result:
        fgd_outcome outcome
        double intercept
        double cost
        double null_cost
        double gap
        double gradient_norm
        double step
        double seconds
        double target
        ptrdiff_t iterations
        ptrdiff_t passes
        ptrdiff_t rank
        ptrdiff_t separated_rows[8]
        int stages
        int estimate
        int n_threads
    ctypedef struct fgd_kernels:
        const char *name
        void (*sigmoid)(ptrdiff_t, const double *, double *) noexcept nogil
        double (*logistic)(ptrdiff_t, const double *, const double *, const double *, int, double *) noexcept nogil
        void (*logistic_curvature)(ptrdiff_t, const double *, const double *, int, double *) noexcept nogil
        void (*softmax_probabilities)(ptrdiff_t, ptrdiff_t, const double *, double *) noexcept nogil
        int (*cholesky)(ptrdiff_t, double *, ptrdiff_t, void *) noexcept nogil
        size_t (*cholesky_work)(ptrdiff_t) noexcept nogil
    const fgd_kernels *fgd_kernels_active()
    fgd_status fgd_kernels_choose(const char *)
    const char *fgd_kernels_name(int)
    int fgd_processors()
    int fgd_team_fail_at
    size_t fgd_cost_work(const fgd_problem *, int)
    fgd_status fgd_cost(const fgd_problem *, const fgd_guest *, const double *, double, double *, double *,
                        double *, void *)
    size_t fgd_hessian_vector_work(const fgd_problem *, int)
    fgd_status fgd_hessian_vector(const fgd_problem *, const fgd_guest *, const double *, double, const double *,
                                  double, double *, double *, void *)
    size_t fgd_margins_sums_work(const fgd_matrix *, int)
    fgd_status fgd_margins_sums(const fgd_matrix *, const fgd_guest *, const double *, double, const double *,
                                const double *, double *, double *, void *)
    fgd_status fgd_margins(const fgd_matrix *, const fgd_guest *, const double *, double, const double *, double *)
    fgd_status fgd_probabilities(const fgd_matrix *, const fgd_guest *, const double *, double, const double *,
                                 double *)
    size_t fgd_softmax_cost_work(const fgd_problem *, int)
    fgd_status fgd_softmax_cost_at(const fgd_problem *, const fgd_guest *, const double *, double *, double *, void *)
    fgd_status fgd_softmax_hessian_vector(const fgd_problem *, const fgd_guest *, const double *, const double *,
                                          double *, void *)
    size_t fgd_softmax_margins_work(const fgd_matrix *, ptrdiff_t, int)
    fgd_status fgd_softmax_margins(const fgd_matrix *, const fgd_guest *, ptrdiff_t, const double *, double *, void *)
    size_t fgd_gram_work(const fgd_matrix *, ptrdiff_t, int, int)
    fgd_status fgd_gram(const fgd_matrix *, const fgd_guest *, const ptrdiff_t *, ptrdiff_t, const double *,
                        const double *, const double *, int, double *, void *)
    size_t fgd_fit_work(const fgd_problem *, const fgd_options *, int)
    fgd_status fgd_fit(const fgd_problem *, const fgd_options *, const fgd_guest *, double *, double *, fgd_result *,
                       void *)
    fgd_status fgd_fit_path(const fgd_problem *, const fgd_options *, const fgd_guest *, ptrdiff_t, const double *,
                            double *, fgd_result *, void *)


cdef extern from "fastgd.h" nogil:  # by way of arrays.h
    ctypedef struct fgd_label_scan:
        ptrdiff_t low
        ptrdiff_t high
        ptrdiff_t third
        ptrdiff_t not_finite
        ptrdiff_t fraction
        ptrdiff_t outside
    ptrdiff_t fgd_first_not_finite(ptrdiff_t, const double *)
    ptrdiff_t fgd_first_not_finite_float(ptrdiff_t, const float *)
    ptrdiff_t fgd_first_negative(ptrdiff_t, const double *)
    int fgd_csr_in_range(ptrdiff_t, ptrdiff_t, ptrdiff_t, int, const void *, const void *)
    int fgd_scan_labels(char, ptrdiff_t, const void *, ptrdiff_t, uint8_t *, fgd_label_scan *)
    void fgd_scan_bytes(ptrdiff_t, const void *, ptrdiff_t, size_t, uint8_t *, fgd_label_scan *)


cdef object ndarray = np.ndarray
cdef object float64 = np.float64
OUTCOMES = ("converged", "max_iter", "diverged", "callback", "stalled", "separated")


# --- memory -----------------------------------------------------------------------


cdef class Memory:
    """A block for the core, aligned to 64 bytes, freed with the object."""

    cdef void *block
    cdef void *base

    def __cinit__(self, size_t size):
        self.block = PyMem_Malloc(size + 64)
        if self.block == NULL:
            raise MemoryError(f"the fit needs {size / 2**20:.1f} MiB of work space")
        self.base = <void *>((<uintptr_t>self.block + 63) & ~<uintptr_t>63)

    def __dealloc__(self):
        PyMem_Free(self.block)


cdef class View:
    """A held buffer: pins the memory of an array while the core reads or writes it."""

    cdef Py_buffer buffer
    cdef bint held

    def __cinit__(self, array):
        PyObject_GetBuffer(array, &self.buffer, PyBUF_STRIDES | PyBUF_FORMAT)
        self.held = True

    def __dealloc__(self):
        if self.held:
            PyBuffer_Release(&self.buffer)

    cdef char format(self) noexcept:
        """The struct-module character of a plain native type, else 0."""
        cdef const char *f = self.buffer.format
        if f == NULL:
            return b"B"
        return f[0] if f[0] != 0 and f[1] == 0 else 0


cdef size_of(double count):
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"


# --- X ----------------------------------------------------------------------------


cdef class Matrix:
    """X as the core sees it, and what had to be copied for that."""

    cdef fgd_matrix m
    cdef View view, indices, indptr
    cdef readonly object bytes_copied, note

    cdef convert(self, X, why):
        """A C-ordered double copy, noted."""
        copy = np.array(X, dtype=float64, order="C", subok=False)
        self.bytes_copied += copy.nbytes
        self.note = f"X was copied ({size_of(copy.nbytes)}): {why}"
        return copy

    def __init__(self, X):
        self.bytes_copied = 0
        self.note = ""
        if type(X) is not ndarray:
            if X is None:
                raise TypeError("X is None; a table of numbers is wanted")
            if hasattr(X, "tocsr"):
                self.take_csr(X)
                return
            X = self.as_array(X)
        if X.ndim != 2:
            hint = "; for one column use X.reshape(-1, 1)" if X.ndim == 1 else ""
            raise ValueError(f"X must have 2 dimensions (samples, features), found {X.ndim}{hint}")
        if X.shape[0] == 0:
            raise ValueError(f"X has no rows: its shape is {X.shape}")
        kind = X.dtype.kind
        if kind not in "fbiu":
            what = "complex numbers" if kind == "c" else f"dtype {X.dtype}"
            raise TypeError(f"X must hold real numbers, found {what}")
        self.take_dense(X)

    cdef as_array(self, X):
        if isinstance(X, np.ma.MaskedArray) and np.ma.getmaskarray(X).any():
            where = tuple(int(i) for i in np.argwhere(np.ma.getmaskarray(X))[0])
            raise ValueError(f"X has masked cells, the first at {where}; fill or drop them")
        given = isinstance(X, ndarray)
        try:
            X = np.asarray(X)
        except ValueError as error:
            raise ValueError(f"X cannot be read as a table of numbers: {error}") from None
        if not given and X.flags.owndata and X.dtype.kind in "fbiu":
            self.bytes_copied = X.nbytes
            self.note = f"X was copied ({size_of(X.nbytes)}) into an array"
        return X

    cdef take_dense(self, X):
        cdef View view
        cdef Py_ssize_t size, rows, columns
        cdef char f
        view = View(X) if X.dtype.char not in "eg" else None
        f = view.format() if view is not None else 0
        if f != b"d" and f != b"f" and f != b"B" and f != b"?":
            why = f"its type is {X.dtype.name}" if X.dtype.isnative else "its byte order is foreign"
            X = self.convert(X, why if X.flags.aligned else "its elements are not aligned")
            view = View(X)
            f = b"d"
        size = view.buffer.itemsize
        if <uintptr_t>view.buffer.buf % size or view.buffer.strides[0] % size or view.buffer.strides[1] % size:
            X = self.convert(X, "its elements are not aligned")
            view = View(X)
            f = b"d"
            size = 8
        self.m.n, self.m.d = view.buffer.shape[0], view.buffer.shape[1]
        rows, columns = view.buffer.strides[0] // size, view.buffer.strides[1] // size
        if self.m.d == 1 and rows == 1:
            self.m.layout, self.m.ld = FGD_F_ORDER, self.m.n
        elif columns == 1 or self.m.d <= 1:
            self.m.layout, self.m.ld = FGD_C_ORDER, rows
        elif rows == 1 or self.m.n == 1:
            self.m.layout, self.m.ld = FGD_F_ORDER, columns
        else:
            X = self.convert(X, "neither its rows nor its columns are contiguous")
            view = View(X)
            f = b"d"
            self.m.layout, self.m.ld = FGD_C_ORDER, self.m.d
        self.m.dtype = FGD_F64 if f == b"d" else FGD_F32 if f == b"f" else FGD_U8
        self.m.data = view.buffer.buf
        self.view = view

    cdef take_csr(self, X):
        cdef ptrdiff_t entries
        cdef int ok, wide
        if len(X.shape) != 2:
            raise ValueError(f"X must have 2 dimensions (samples, features), found {len(X.shape)}")
        if getattr(X, "format", None) != "csr":
            X = X.tocsr()
            self.count(X.data, f"stored as {getattr(X, 'format', 'another sparse format')}, not as CSR")
        if X.shape[0] == 0:
            raise ValueError(f"X has no rows: its shape is {X.shape}")
        data, indices, indptr = X.data, X.indices, X.indptr
        if data.dtype.kind not in "fbiu":
            raise TypeError(f"X must hold real numbers, found dtype {data.dtype}")
        if data.dtype.char not in "df" or not data.dtype.isnative or not data.flags.c_contiguous:
            data = np.ascontiguousarray(data, dtype=float64)
            self.count(data, f"its values are of type {X.data.dtype}")
        wide = indices.dtype.itemsize == 8 or indptr.dtype.itemsize == 8
        index = np.int64 if wide else np.int32
        for array in (indices, indptr):
            if array.dtype != index:
                self.count(np.empty(0), "its two index arrays are of different types")
                self.bytes_copied += array.size * 8
        indices = np.ascontiguousarray(indices, dtype=index)
        indptr = np.ascontiguousarray(indptr, dtype=index)
        self.view, self.indices, self.indptr = View(data), View(indices), View(indptr)
        self.m.layout = FGD_CSR
        self.m.dtype = FGD_F64 if data.dtype.char == "d" else FGD_F32
        self.m.index = FGD_I64 if wide else FGD_I32
        self.m.n, self.m.d = X.shape
        self.m.data = self.view.buffer.buf
        self.m.indices = self.indices.buffer.buf
        self.m.indptr = self.indptr.buffer.buf
        entries = min(data.shape[0], indices.shape[0])
        with nogil:
            ok = fgd_csr_in_range(self.m.n, self.m.d, entries, self.m.index == FGD_I64, self.m.indices,
                                  self.m.indptr)
        if indptr.shape[0] != X.shape[0] + 1 or not ok:
            raise ValueError(f"X is a damaged CSR matrix: its indices or indptr do not fit its shape {X.shape}")

    cdef count(self, copied, why):
        self.bytes_copied += copied.nbytes
        self.note = f"X was copied in part: {why}"

    cdef explain_not_finite(self):
        """The pass over X was not finite: find the place, or say that it was overflow."""
        cdef ptrdiff_t at
        data = np.asarray(self.view.buffer.obj)
        if self.m.layout == FGD_CSR:
            bad = np.flatnonzero(~np.isfinite(data))
            if bad.size:
                indptr = np.asarray(self.indptr.buffer.obj)
                indices = np.asarray(self.indices.buffer.obj)
                row = int(np.searchsorted(indptr, bad[0], side="right")) - 1
                return ValueError(f"X[{row}, {indices[bad[0]]}] is {data[bad[0]]}; X must be finite")
        elif self.m.dtype != FGD_U8:
            for start in range(0, self.m.n, 4096):
                bad = np.argwhere(~np.isfinite(data[start:start + 4096]))
                if bad.size:
                    i, j = int(bad[0, 0]) + start, int(bad[0, 1])
                    return ValueError(f"X[{i}, {j}] is {data[i, j]}; X must be finite")
        largest = max(abs(float(data.max(initial=0))), abs(float(data.min(initial=0))))
        if self.m.layout == FGD_CSR:
            sizes = np.zeros(self.m.d)
            np.maximum.at(sizes, np.asarray(self.indices.buffer.obj), np.abs(data))
        else:
            sizes = np.abs(data).max(axis=0, initial=0)
        small = np.flatnonzero((sizes > 0) & (sizes < 1e-130))
        if small.size and largest < 1e130:
            return ValueError(
                f"X[:, {small[0]}] holds nothing larger than {sizes[small[0]]:.3g}, whose squares are lost; rescale the column"
            )
        return ValueError(
            f"X is finite, but sums over it overflow (its largest magnitude is {largest:.3g}); rescale the columns"
        )


# --- vectors ------------------------------------------------------------------------


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


# --- the problem ----------------------------------------------------------------------


cdef class Problem:
    """X, labels, weights, offset and penalty, checked once, as the core sees them."""

    cdef fgd_problem p
    cdef Matrix X
    cdef object keep       # arrays that p points into
    cdef object classes    # the labels, sorted; or None as long as nobody asked
    cdef object two        # y, and where its two labels stand first
    cdef readonly object loss

    def __init__(self, X, y, loss, l2, sample_weight, offset, fit_intercept):
        cdef View view
        cdef ptrdiff_t bad
        self.keep = []
        self.X = Matrix(X)
        self.p.X = self.X.m
        self.p.fit_intercept = bool(fit_intercept)
        self.take_labels(y, loss)
        if sample_weight is not None:
            sample_weight = vector(sample_weight, "sample_weight", self.p.X.n, "row of X")
            self.p.weight = self.hold(sample_weight)
            bad = fgd_first_negative(self.p.X.n, self.p.weight)
            if bad >= 0:
                raise ValueError(f"sample_weight[{bad}] is {sample_weight[bad]}; weights must not be negative")
            if not sample_weight.any():
                raise ValueError("sample_weight is zero for every row; at least one row must count")
        if offset is not None:
            if self.p.classes:
                offset = table(offset, "offset", self.p.X.n, self.p.classes)
            else:
                offset = vector(offset, "offset", self.p.X.n, "row of X")
            self.p.offset = self.hold(offset)
        if isinstance(l2, (int, float)) or np.ndim(l2) == 0:
            self.p.l2_all = number(l2, "l2")
            if self.p.l2_all < 0:
                raise ValueError(f"l2 must not be negative, found {l2}")
        else:
            l2 = vector(l2, "l2", self.p.X.d, "column of X")
            self.p.l2 = self.hold(l2)
            bad = fgd_first_negative(self.p.X.d, self.p.l2)
            if bad >= 0:
                raise ValueError(f"l2[{bad}] is {l2[bad]}; penalties must not be negative")

    cdef const double *hold(self, array) except NULL:
        cdef View view = View(array)
        self.keep.append(view)
        # an empty array may have no address; the core never reads it
        return <const double *>view.buffer.buf if view.buffer.buf != NULL else <const double *>self.X.m.data

    cdef take_labels(self, y, loss):
        cdef fgd_label_scan scan
        cdef View view, codes
        cdef Py_ssize_t n = self.p.X.n
        cdef int known
        self.p.classes = 0
        if loss not in ("auto", "log_loss", "softmax", "squared_error"):
            raise ValueError(f"loss must be 'auto', 'log_loss', 'softmax' or 'squared_error', found {loss!r}")
        if type(y) is not ndarray:
            if y is None:
                raise TypeError("y is None; one label for each row of X is wanted")
            if isinstance(y, np.ma.MaskedArray) and np.ma.getmaskarray(y).any():
                raise ValueError("y has masked cells; drop those rows")
            y = np.asarray(y)
        if loss == "softmax" and y.ndim == 2:
            self.take_shares(y)
            return
        if y.ndim != 1 or y.shape[0] != n:
            raise ValueError(f"y must have shape ({n},), one label for each row of X, found {y.shape}")
        if y.dtype.kind == "c":
            raise TypeError("y must hold real numbers or labels, found complex numbers")
        if loss == "squared_error":
            if y.dtype.kind not in "fbiu":
                raise TypeError(f"y must hold numbers for loss='squared_error', found dtype {y.dtype}")
            self.p.loss = FGD_SQUARED_ERROR
            self.loss = "squared_error"
            self.p.y_value = self.hold(vector(y, "y", n, "row of X"))
            return
        self.p.loss = FGD_LOG_LOSS
        self.loss = "log_loss"
        if loss == "softmax":
            self.take_classes(y)
            return
        if y.dtype.kind not in "fbiu":
            self.take_other_labels(y, loss)
            return
        if y.dtype.char in "eg" or not y.dtype.isnative or not y.flags.aligned:
            y = y.astype(float64 if y.dtype.kind == "f" else y.dtype.newbyteorder("="))
        code = np.empty(n, np.uint8)
        view, codes = View(y), View(code)
        known = fgd_scan_labels(view.format(), n, view.buffer.buf, view.buffer.strides[0],
                                <uint8_t *>codes.buffer.buf, &scan)
        if not known:
            raise TypeError(f"y has a type that cannot be read: {y.dtype}")
        if scan.not_finite >= 0:
            raise ValueError(f"y[{scan.not_finite}] is {y[scan.not_finite]}; y must be finite")
        if scan.fraction >= 0:
            if scan.outside >= 0:
                raise ValueError(
                    f"y[{scan.fraction}] is {y[scan.fraction]} and y[{scan.outside}] is {y[scan.outside]}: neither "
                    "class labels nor probabilities in [0, 1]; for a numeric target ask for loss='squared_error'"
                )
            self.classes = np.array([0, 1])
            self.p.y_value = self.hold(vector(y, "y", n, "row of X"))
            return
        if scan.third >= 0:
            self.take_more_classes(y, loss)
            return
        if scan.low == scan.high:
            refuse_classes(y[:1])
        self.two = y, scan.low, scan.high
        self.keep.append(codes)
        self.p.y_code = <const uint8_t *>codes.buffer.buf

    cdef labels(self):
        if self.classes is None and self.two is not None:
            y, low, high = self.two
            self.classes = y[[low, high]]
        return self.classes

    cdef take_more_classes(self, y, loss):
        if loss == "log_loss":
            refuse_classes(np.unique(y))
        self.take_classes(y)

    cdef take_classes(self, y):
        """Labels of K classes, coded 0 .. K - 1 in sorted order."""
        cdef View codes
        if y.dtype.kind == "f" and not np.isfinite(y).all():
            at = int(np.flatnonzero(~np.isfinite(y))[0])
            raise ValueError(f"y[{at}] is {y[at]}; y must be finite")
        if y.dtype.kind == "f" and (y != np.trunc(y)).any():
            at = int(np.flatnonzero(y != np.trunc(y))[0])
            raise ValueError(
                f"y[{at}] is {y[at]}: no class label; soft labels of K classes have the shape (n, K)"
            )
        self.classes, code = np.unique(y, return_inverse=True)
        if len(self.classes) == 1:
            refuse_classes(self.classes)
        if len(self.classes) > 1000 and 2 * len(self.classes) > len(y):
            raise ValueError(
                f"y has {len(self.classes)} different values in {len(y)} rows: a numeric target? then ask for "
                "loss='squared_error'"
            )
        codes = View(np.ascontiguousarray(code, dtype=np.int32))
        self.keep.append(codes)
        self.p.loss = FGD_SOFTMAX
        self.loss = "softmax"
        self.p.classes = len(self.classes)
        self.p.y_class = <const int32_t *>codes.buffer.buf

    cdef take_shares(self, y):
        """Soft labels: a probability for each row and class."""
        n, K = self.p.X.n, y.shape[1]
        if K < 2:
            raise ValueError(f"y has {K} columns; soft labels need one for each class, at least two")
        y = table(y, "y", n, K)
        if (y < 0).any():
            i, j = (int(k) for k in np.argwhere(y < 0)[0])
            raise ValueError(f"y[{i}, {j}] is {y[i, j]}; probabilities must not be negative")
        off = np.abs(y.sum(axis=1) - 1) > 1e-6
        if off.any():
            i = int(np.flatnonzero(off)[0])
            raise ValueError(f"y[{i}] sums to {y[i].sum()}; the probabilities of a row must sum to 1")
        self.classes = np.arange(K)
        self.p.loss = FGD_SOFTMAX
        self.loss = "softmax"
        self.p.classes = K
        self.p.y_value = self.hold(y)

    cdef take_other_labels(self, y, loss):
        """Strings and other labels that can be told apart and sorted."""
        cdef fgd_label_scan scan
        cdef View view, codes
        cdef Py_ssize_t n = y.shape[0], i
        cdef uint8_t *code
        labels = np.empty(n, np.uint8)
        codes = View(labels)
        code = <uint8_t *>codes.buffer.buf
        if y.dtype.kind == "O":
            kinds = {type(v) for v in y}
            if not all(issubclass(k, str) for k in kinds) and not all(issubclass(k, (bool, int)) for k in kinds):
                names = ", ".join(sorted(k.__name__ for k in kinds))
                raise TypeError(f"y must hold labels of one kind (numbers or strings), found {names}")
            one, other = y[0], None
            for i in range(n):
                v = y[i]
                code[i] = v is not one and v != one
                if code[i]:
                    if other is None:
                        other = v
                    elif v is not other and v != other:
                        self.take_more_classes(y, loss)
                        return
            found = [one] if other is None else [one, other]
        elif y.dtype.kind in "US":
            if not y.dtype.isnative:
                y = y.astype(y.dtype.newbyteorder("="))
            view = View(y)
            fgd_scan_bytes(n, view.buffer.buf, view.buffer.strides[0], view.buffer.itemsize, code, &scan)
            if scan.third >= 0:
                self.take_more_classes(y, loss)
                return
            found = [y[0]] if scan.high == 0 else [y[0], y[scan.high]]
        else:
            raise TypeError(f"y must hold numbers or labels, found dtype {y.dtype}")
        if len(found) == 1:
            refuse_classes(found)
        if found[1] < found[0]:
            found = found[::-1]
            for i in range(n):
                code[i] = not code[i]
        self.classes = np.array(found, dtype=y.dtype)
        self.keep.append(codes)
        self.p.y_code = code


cdef refuse_classes(classes):
    if len(classes) == 1:
        raise ValueError(f"y has one class only ({classes[0]!s}); two are needed")
    shown = ", ".join(str(c) for c in classes[:5]) + (", ..." if len(classes) > 5 else "")
    raise ValueError(f"y has {len(classes)} classes ({shown}); loss='log_loss' takes two, loss='softmax' any number")


# --- guests: threads, interrupts, observers ----------------------------------------------


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


cdef split(point, Py_ssize_t K, Py_ssize_t d):
    """Coefficients (K, d) and intercepts (K,) from the core's one array of both."""
    return point[:K * d].reshape(K, d), point[K * d:]


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


# --- the public calls -------------------------------------------------------------------------


def isas():
    """Names of the instruction sets this build and this processor share, best first."""
    names = []
    while fgd_kernels_name(len(names)) != NULL:
        names.append((<bytes>fgd_kernels_name(len(names))).decode())
    return tuple(names)


def isa():
    """The instruction set in use."""
    return (<bytes>fgd_kernels_active().name).decode()


def set_isa(name):
    """Use another instruction set (None: the best one) from now on, in all threads."""
    encoded = name.encode() if name is not None else None
    if fgd_kernels_choose(<const char *>encoded if name is not None else NULL) != FGD_OK:
        raise ValueError(f"instruction set {name!r} is not available here; there are {', '.join(isas())}")


def processors():
    """Processors that this process may run on."""
    return fgd_processors()


def fail_threads(int k):
    """For tests: let the start of every thread after the first k fail; -1 ends it."""
    global fgd_team_fail_at
    fgd_team_fail_at = k


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


cdef bint tall(const fgd_problem *p):
    """Whether it pays to draw rows: so many that a few tell much about all; of CSR they are copied as dense ones."""
    return ((p.X.layout != FGD_CSR or p.X.d <= 256) and p.loss == FGD_LOG_LOSS and p.X.d > 0 and p.X.n > 300 * p.X.d
            and p.X.n >= 10_000)


# A gap of so much of the cost is rounding, as in the scale of `tol`.
NOTHING = 1e3 * 2.0**-52
# Up to so many rows a Cholesky factor or two of their Gram costs less than many products with X.
MOST_ROWS = 1500


cdef bint wide(const fgd_problem *p) except -1:
    """Whether it pays to work with one number for each row: fewer rows than columns, or not many
    more, and every column penalised."""
    cdef ptrdiff_t j
    if p.X.layout == FGD_CSR or p.loss == FGD_SOFTMAX or 2 * p.X.n > 3 * p.X.d or p.X.n > MOST_ROWS:
        return False
    if not p.l2:
        return p.l2_all > 0
    for j in range(p.X.d):
        if not p.l2[j] > 0:
            return False
    return True


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
        sampled = solver == "newton" and tall(&problem.p)
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
        work += <double>n * <double>n * d / 20
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
            init = np.append(point, r.intercept)
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


# --- for benchmarks -----------------------------------------------------------------------------


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
