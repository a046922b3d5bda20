/* A symmetric positive (semi)definite system kept with its Cholesky factor. */
#ifndef FGD_FACTOR_H
#define FGD_FACTOR_H

#include "arena.h"
#include "kernels.h"

typedef struct {
  const fgd_kernels *kernels;
  ptrdiff_t size;
  double *H;    /* size x size, lower triangle: the matrix */
  double *L;    /* the same: factor of H + (damping + jitter) diag H */
  double *work; /* of the factorisation */
  double *r;    /* size: residual */
  double jitter;
  int coarse;   /* H was summed in float */
} fgd_factor;

void fgd_factor_layout(fgd_factor *F, const fgd_kernels *kernels, ptrdiff_t size, fgd_arena *a);
/* Factor H + damping * diag H; a relative jitter is added where rounding makes the pivots fail. */
void fgd_factor_make(fgd_factor *F, double damping);
#define FGD_COARSE 1e-4 /* a least pivot below may be the rounding of sums in float */
/* The smallest pivot, as a share of its column's own entry in H; 0 with a jitter. */
double fgd_factor_least(const fgd_factor *F);
/* x = inv(H + damping diag H) b, refined once or more against that matrix. */
void fgd_factor_solve(const fgd_factor *F, double damping, const double *b, double *x);
/* m right-hand sides at once, `size` numbers each, one behind the other, in place and without refinement; work: m times
 * FGD_FACTOR_BLOCK numbers. */
#define FGD_FACTOR_BLOCK 64
void fgd_factor_solve_many(const fgd_factor *F, ptrdiff_t m, double *b, double *work);
/* y = H x */
void fgd_factor_product(const fgd_factor *F, const double *x, double *y);

double fgd_dot(ptrdiff_t n, const double *x, const double *y);

#endif
