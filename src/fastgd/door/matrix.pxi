# X, dense or CSR, in place where that can be.


cdef size_of(double count):
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"


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
