# Memory for the core, and of arrays that it reads and writes.


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


cdef class Memory:
    """A block for the core, aligned to 64 bytes, freed with the object. NumPy asks for it, and for huge pages where it is
    large: a page at a time, the system would take as long to clear it as a pass over X."""

    cdef View view
    cdef void *base

    def __cinit__(self, size_t size):
        try:
            self.view = View(np.empty(size + 64, np.uint8))
        except MemoryError:
            raise MemoryError(f"the fit needs {size / 2**20:.1f} MiB of work space") from None
        self.base = <void *>((<uintptr_t>self.view.buffer.buf + 63) & ~<uintptr_t>63)
