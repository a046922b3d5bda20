# cython: language_level=3
# What the core offers: fastgd.h, as far as the door needs it.

from libc.stddef cimport ptrdiff_t
from libc.stdint cimport int32_t, uint8_t


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
    enum: FGD_MAX_FOLDS
    size_t fgd_fit_folds_work(const fgd_problem *, const fgd_options *, ptrdiff_t, int) nogil
    fgd_status fgd_fit_folds(const fgd_problem *, const uint8_t *, ptrdiff_t, const fgd_options *, const fgd_guest *,
                             ptrdiff_t, const double *, double *, fgd_result *, ptrdiff_t *, void *) nogil
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
