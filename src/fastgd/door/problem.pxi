# The problem: X, labels, weights, offset and penalty.


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
                places = sorted({scan.fraction, scan.outside})
                raise ValueError(
                    " and ".join(f"y[{i}] is {y[i]}" for i in places) + ": neither "
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
