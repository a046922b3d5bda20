# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=True
"""The one door between Python and the C core: arrays are looked at once, here.

Whatever passes is a view the core can read in place; what cannot be read in place is
converted, counted and noted. Status codes come back and become exceptions here alone.
"""

from cpython.buffer cimport Py_buffer, PyBUF_FORMAT, PyBUF_STRIDES, PyBuffer_Release, PyObject_GetBuffer
from cpython.exc cimport PyErr_CheckSignals
from libc.math cimport INFINITY
from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, uint8_t, uintptr_t
from libc.string cimport memset

import math

import numpy as np

cdef object ndarray = np.ndarray
cdef object float64 = np.float64

# One module, a file for each of its concepts.
include "door/memory.pxi"
include "door/matrix.pxi"
include "door/vectors.pxi"
include "door/problem.pxi"
include "door/guest.pxi"
include "door/machine.pxi"
include "door/margins.pxi"
include "door/cost.pxi"
include "door/gram.pxi"
include "door/fit.pxi"
