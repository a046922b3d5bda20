/* Dependent columns (see rank.h), by Cholesky with diagonal pivoting on the equilibrated Gram. */
#include "rank.h"

#include <math.h>
#include <string.h>

double fgd_rank_tolerance(ptrdiff_t size) { return 1e-13 * (double)(size > 10 ? size : 10); }

void fgd_rank_layout(fgd_rank *R, ptrdiff_t d, ptrdiff_t size, fgd_arena *a) {
  R->d = d;
  R->size = R->rank = size;
  R->order = fgd_take(a, (size_t)size * sizeof *R->order);
  R->L = fgd_take_doubles(a, size * size);
  R->scale = fgd_take_doubles(a, size);
  R->work = fgd_take_doubles(a, 2 * size);
}

/* The intercept's column comes out twice as long as the others, to be taken first: it is never left out. */
static void equilibrated(const double *H, ptrdiff_t n, ptrdiff_t d, double *scale, double *to) {
  for (ptrdiff_t i = 0; i < n; i++) scale[i] = H[i * n + i] > 0 ? (i < d ? 1 : 2) / sqrt(H[i * n + i]) : 0;
  for (ptrdiff_t i = 0; i < n; i++)
    for (ptrdiff_t j = 0; j <= i; j++) to[i * n + j] = H[i * n + j] * scale[i] * scale[j];
}

/* Mostly nothing depends on anything: an ordinary factorisation shows it much sooner. */
static int independent(fgd_rank *R, const fgd_factor *F, double above) {
  ptrdiff_t n = R->size;
  double least = 1;
  R->rank = n;
  for (ptrdiff_t i = 0; i < n; i++) R->order[i] = i;
  equilibrated(F->H, n, R->d, R->scale, R->L);
  if (F->kernels->cholesky(n, R->L, n, F->work) != 0) return 0;
  for (ptrdiff_t i = 0; i < n; i++) least = fmin(least, R->L[i * n + i] * R->L[i * n + i]);
  return least > above;
}

int fgd_rank_full(fgd_rank *R, const fgd_factor *F) {
  for (ptrdiff_t i = 0; i < R->size; i++)
    if (!(F->H[i * (R->size + 1)] > 1e-6)) return 0;
  return independent(R, F, 1e-3);
}

void fgd_rank_find(fgd_rank *R, fgd_factor *F) {
  ptrdiff_t n = R->size;
  double *scale = R->scale;
  if (independent(R, F, 1e-8)) return;
  equilibrated(F->H, n, R->d, scale, R->L);
  R->rank = F->kernels->cholesky_pivoted(n, R->L, n, fgd_rank_tolerance(n), R->order, F->work);
  /* Row k of L is (l21, ..): column k = l21 inv(L11) of the kept ones, in equilibrated coordinates. */
  for (ptrdiff_t k = R->rank; k < n; k++) {
    double *c = R->L + k * n;
    F->kernels->backward_solve(R->rank, R->L, n, c);
    double own = scale[R->order[k]];
    for (ptrdiff_t b = 0; b < R->rank; b++) c[b] *= own > 0 ? scale[R->order[b]] / own : 0;
  }
}

void fgd_rank_eliminate(const fgd_rank *R, double *w) {
  for (ptrdiff_t k = R->rank; k < R->size; k++) {
    const double *c = R->L + k * R->size;
    double *own = &w[R->order[k]];
    for (ptrdiff_t b = 0; b < R->rank; b++) w[R->order[b]] += c[b] * *own;
    *own = 0;
  }
}

void fgd_rank_correct(const fgd_rank *R, const fgd_factor *F, const double *r, double *w) {
  double *x = R->work;
  for (ptrdiff_t b = 0; b < R->rank; b++) x[b] = r[R->order[b]] * R->scale[R->order[b]];
  F->kernels->cholesky_solve(R->rank, R->L, R->size, x);
  for (ptrdiff_t b = 0; b < R->rank; b++) w[R->order[b]] -= x[b] * R->scale[R->order[b]];
}

/* Null directions: e_k - sum_b c_kb e_b.  In the user's units N = unit * that; w + N t is shortest where
 * N'N t = -N' (unit w). */
static double squared_unit(const double *unit, ptrdiff_t j) { return unit ? unit[j] * unit[j] : 1; }

void fgd_rank_shortest(const fgd_rank *R, fgd_factor *F, const double *unit, double *w) {
  ptrdiff_t n = R->size, r = R->rank, m = n - r, d = R->d;
  double *t = R->work, *A = F->H;
  if (m == 0) return;
  for (ptrdiff_t k = 0; k < m; k++) {
    const double *ck = R->L + (r + k) * n;
    double uk = squared_unit(unit, R->order[r + k]);
    t[k] = -uk * w[R->order[r + k]];
    for (ptrdiff_t b = 0; b < r; b++) {
      ptrdiff_t j = R->order[b];
      if (j < d) t[k] += ck[b] * squared_unit(unit, j) * w[j];
    }
    for (ptrdiff_t l = 0; l <= k; l++) {
      const double *cl = R->L + (r + l) * n;
      double sum = l == k ? uk : 0;
      for (ptrdiff_t b = 0; b < r; b++) {
        ptrdiff_t j = R->order[b];
        if (j < d) sum += ck[b] * cl[b] * squared_unit(unit, j);
      }
      A[k * m + l] = sum;
    }
  }
  fgd_factor small = *F;
  small.size = m;
  fgd_factor_make(&small, 0);
  double *x = R->work + n; /* m of it */
  fgd_factor_solve(&small, 0, t, x);
  for (ptrdiff_t k = 0; k < m; k++) {
    const double *c = R->L + (r + k) * n;
    w[R->order[r + k]] += x[k];
    for (ptrdiff_t b = 0; b < r; b++) w[R->order[b]] -= c[b] * x[k];
  }
}
