/* One instruction set's table of kernels.  Compiled once per instruction set with
 * -DFGD_ISA=<name> and that set's -march; the templates below are included once per
 * element type. */
#include "kernels.h"

#include "simd.inc.h"

#include "pointwise.inc.c"
#include "draw.inc.c"
#include "softmax.inc.c"

#define T double
#define S f64
#include "dense.inc.c"
#undef T
#undef S
#define T float
#define S f32
#include "dense.inc.c"
#undef T
#undef S
#define T uint8_t
#define S u8
#include "dense.inc.c"
#undef T
#undef S

#define T double
#define S f64
#define I int32_t
#define IS i32
#include "csr.inc.c"
#undef I
#undef IS
#define I int64_t
#define IS i64
#include "csr.inc.c"
#undef T
#undef S
#define T float
#define S f32
#include "csr.inc.c"
#undef I
#undef IS
#define I int32_t
#define IS i32
#include "csr.inc.c"
#undef I
#undef IS
#undef T
#undef S

#include "gemm.inc.c"
#include "cholesky.inc.c"

#define T double
#define S f64
#define E double
#define ES f64
#include "squares.inc.c"
#undef E
#undef ES
#undef T
#undef S
#define T float
#define S f32
#define E float
#define ES f32
#include "squares.inc.c"
#include "rough.inc.c"
#undef T
#undef S
#define T uint8_t
#define S u8
#include "squares.inc.c"
#include "rough.inc.c"
#undef E
#undef ES
#undef T
#undef S

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)

#define DENSE(s) {dot_##s, axpy_##s, moments_across_##s, moments_along_##s, squares_along_##s, squares_across_##s}
#define CSR(s, i) {csr_dot_##s##_##i, csr_axpy_##s##_##i, csr_moments_##s##_##i, csr_densify_##s##_##i, \
                   csr_dot_across_##s##_##i, \
                   csr_axpy_across_##s##_##i}

const fgd_kernels PASTE(fgd_kernels_, FGD_ISA) = {
    .name = TEXT(FGD_ISA),
    .dense = {DENSE(f64), DENSE(f32), DENSE(u8)},
    .csr = {{CSR(f64, i32), CSR(f64, i64)}, {CSR(f32, i32), CSR(f32, i64)}},
    .rough = {{NULL, NULL}, {rough_dot_f32, rough_axpy_f32}, {rough_dot_u8, rough_axpy_u8}},
    .gram = {{gram_f64}, {gram_f32}, {gram_u8}},
    .gram_float = {{gram_f64_f32}, {gram_f32}, {gram_u8}},
    .gram_work = gram_work,
    .sigmoid = sigmoid,
    .logistic = logistic,
    .logistic_curvature = logistic_curvature,
    .logistic_line = logistic_line,
    .logistic_dual = logistic_dual,
    .draw = draw,
    .softmax = softmax,
    .softmax_probabilities = softmax_probabilities,
    .softmax_tilt = softmax_tilt,
    .softmax_dual = softmax_dual,
    .cholesky = cholesky,
    .cholesky_work = cholesky_work,
    .cholesky_solve = cholesky_solve,
    .forward_solve = forward_solve,
    .backward_solve = backward_solve,
    .cholesky_pivoted = cholesky_pivoted,
};
