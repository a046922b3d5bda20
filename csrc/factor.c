/* A symmetric system kept with its Cholesky factor (see factor.h). */
#include "factor.h"

#include <string.h>

double fgd_dot(ptrdiff_t n, const double *x, const double *y) {
  double s[4] = {0};
  ptrdiff_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (int k = 0; k < 4; k++) s[k] += x[i + k] * y[i + k];
  for (; i < n; i++) s[0] += x[i] * y[i];
  return (s[0] + s[1]) + (s[2] + s[3]);
}

void fgd_factor_layout(fgd_factor *F, const fgd_kernels *kernels, ptrdiff_t size, fgd_arena *a) {
  F->kernels = kernels;
  F->size = size;
  F->H = fgd_take_doubles(a, size * size);
  F->L = fgd_take_doubles(a, size * size);
  F->work = fgd_take(a, kernels->cholesky_work(size));
  F->r = fgd_take_doubles(a, size);
  F->jitter = F->coarse = 0;
}

void fgd_factor_make(fgd_factor *F, double damping) {
  ptrdiff_t n = F->size;
  for (F->jitter = 0;; F->jitter = F->jitter > 0 ? 100 * F->jitter : 1e-14) {
    for (ptrdiff_t i = 0; i < n; i++) {
      memcpy(F->L + i * n, F->H + i * n, (size_t)(i + 1) * sizeof(double));
      double pivot = F->H[i * n + i];
      F->L[i * n + i] = pivot > 0 ? pivot * (1 + damping + F->jitter) : 1; /* a column without curvature rests */
    }
    if (F->kernels->cholesky(n, F->L, n, F->work) == 0 || F->jitter > 1e6) return;
  }
}

double fgd_factor_least(const fgd_factor *F) {
  double least = F->jitter > 0 ? 0 : 1;
  for (ptrdiff_t i = 0; i < F->size; i++) {
    double pivot = F->L[i * F->size + i], own = F->H[i * F->size + i];
    if (own > 0 && pivot * pivot < least * own) least = pivot * pivot / own;
  }
  return least;
}

void fgd_factor_product(const fgd_factor *F, const double *x, double *y) {
  ptrdiff_t n = F->size;
  memset(y, 0, (size_t)n * sizeof *y);
  for (ptrdiff_t i = 0; i < n; i++) {
    const double *row = F->H + i * n;
    y[i] += fgd_dot(i, row, x) + row[i] * x[i];
    for (ptrdiff_t j = 0; j < i; j++) y[j] += row[j] * x[i];
  }
}

void fgd_factor_solve(const fgd_factor *F, double damping, const double *b, double *x) {
  ptrdiff_t n = F->size;
  memcpy(x, b, (size_t)n * sizeof *x);
  F->kernels->cholesky_solve(n, F->L, n, x);
  /* With a jitter the error of a solve is that jitter over the smallest pivot, not rounding: refine more. */
  for (int k = 0; k < (F->jitter > 0 ? 4 : 1); k++) {
    fgd_factor_product(F, x, F->r);
    for (ptrdiff_t i = 0; i < n; i++) F->r[i] = b[i] - F->r[i] - damping * F->H[i * n + i] * x[i];
    F->kernels->cholesky_solve(n, F->L, n, F->r);
    for (ptrdiff_t i = 0; i < n; i++) x[i] += F->r[i];
  }
}

void fgd_factor_solve_many(const fgd_factor *F, ptrdiff_t m, double *b, double *work) {
  enum { BLOCK = FGD_FACTOR_BLOCK };
  const fgd_dense_kernels *dense = &F->kernels->dense[FGD_F64];
  ptrdiff_t n = F->size, last = (n - 1) / BLOCK * BLOCK;
  for (ptrdiff_t i = 0; i < n; i += BLOCK) { /* work holds minus what the rows above take from these */
    ptrdiff_t rows = n - i < BLOCK ? n - i : BLOCK;
    memset(work, 0, (size_t)(rows * m) * sizeof *work);
    dense->dot(rows, i, F->L + i * n, n, m, b, n, work, rows);
    for (ptrdiff_t k = 0; k < m; k++) {
      for (ptrdiff_t j = 0; j < rows; j++) b[k * n + i + j] -= work[k * rows + j];
      F->kernels->forward_solve(rows, F->L + i * (n + 1), n, b + k * n + i);
    }
  }
  for (ptrdiff_t i = last; i >= 0; i -= BLOCK) {
    ptrdiff_t rows = n - i < BLOCK ? n - i : BLOCK;
    for (ptrdiff_t k = 0; k < m; k++) {
      F->kernels->backward_solve(rows, F->L + i * (n + 1), n, b + k * n + i);
      for (ptrdiff_t j = 0; j < rows; j++) work[k * rows + j] = -b[k * n + i + j];
    }
    dense->axpy(rows, i, F->L + i * n, n, m, work, rows, b, n);
  }
}
