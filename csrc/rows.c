/* The objective by its rows (see rows.h). */
#include "rows.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define TOGETHER 64 /* lines of K that a worker takes at once */

void fgd_rows_layout(fgd_rows *R, fgd_objective *o, int workers, fgd_arena *a) {
  ptrdiff_t n = o->p->X.n;
  R->o = o;
  fgd_row_gram_plan_layout(&R->plan, &o->design, workers, a);
  R->factor = fgd_take_doubles(a, o->p->X.d);
  R->K = fgd_take_doubles(a, n * n);
  R->B = fgd_take_doubles(a, n * n);
  R->root = fgd_take_doubles(a, n);
  R->work = fgd_take(a, o->design.kernels->cholesky_work(n));
}

double fgd_rows_lean(const fgd_rows *R, const double *lean) {
  const fgd_objective *o = R->o;
  double sum = 0;
  for (ptrdiff_t j = 0; j < o->p->X.d; j++) sum += o->lambda[j] > 0 ? lean[j] * lean[j] / o->lambda[j] : 0;
  return sum;
}

fgd_status fgd_rows_form(fgd_rows *R) {
  fgd_objective *o = R->o;
  for (ptrdiff_t j = 0; j < o->p->X.d; j++) R->factor[j] = o->lambda[j] > 0 ? o->scale[j] / sqrt(o->lambda[j]) : 0;
  R->plan.team = o->team;
  R->plan.shift = o->shift;
  R->plan.factor = R->factor;
  o->passes++;
  fgd_status status = fgd_design_row_gram(&R->plan, R->K);
  if (status || !o->p->fit_intercept) return status;
  /* What the intercept can do as well, centring has taken away: K would be singular.  A constant in its place changes
   * K a for no a whose sum is 0. */
  ptrdiff_t n = o->p->X.n;
  double mean = 0;
  for (ptrdiff_t i = 0; i < n; i++) mean += R->K[i * (n + 1)] / (double)n;
  for (ptrdiff_t i = 0; i < n * n; i++) R->K[i] += mean;
  return FGD_OK;
}

static ptrdiff_t line_end(ptrdiff_t item, ptrdiff_t n) { return (item + 1) * TOGETHER < n ? (item + 1) * TOGETHER : n; }

static void product_item(void *arg, ptrdiff_t item, int worker) {
  const fgd_rows *R = arg;
  ptrdiff_t n = R->o->p->X.n, first = item * TOGETHER, lines = line_end(item, n) - first;
  (void)worker;
  memset(R->to + first, 0, (size_t)lines * sizeof *R->to);
  R->o->design.kernels->dense[FGD_F64].dot(lines, n, R->K + first * n, n, 1, R->from, n, R->to + first, lines);
}

fgd_status fgd_rows_product(fgd_rows *R, const double *a, double *Ka) {
  R->from = a;
  R->to = Ka;
  return fgd_team_run(R->o->team, product_item, R, (R->o->p->X.n + TOGETHER - 1) / TOGETHER);
}

double fgd_rows_spread(const fgd_rows *R, const double *a) {
  ptrdiff_t n = R->o->p->X.n;
  double sum = 0;
  for (ptrdiff_t i = 0; i < n; i++) sum += fabs(a[i]) * sqrt(R->K[i * (n + 1)]);
  return sum;
}

static void shrink_item(void *arg, ptrdiff_t item, int worker) {
  const fgd_rows *R = arg;
  ptrdiff_t n = R->o->p->X.n;
  (void)worker;
  for (ptrdiff_t i = item * TOGETHER; i < line_end(item, n); i++) {
    for (ptrdiff_t j = 0; j <= i; j++) R->B[i * n + j] = R->root[i] * R->K[i * n + j] * R->root[j];
    R->B[i * n + i] += 1;
  }
}

fgd_status fgd_rows_factor(fgd_rows *R, double *rounding) {
  fgd_objective *o = R->o;
  ptrdiff_t n = o->p->X.n;
  fgd_status status = fgd_objective_curvature(o);
  for (ptrdiff_t i = 0; i < n; i++) R->root[i] = sqrt(o->q[i]);
  if (!status) status = fgd_team_run(o->team, shrink_item, R, (n + TOGETHER - 1) / TOGETHER);
  if (status) return status;
  *rounding = o->design.kernels->cholesky(n, R->B, n, R->work) ? INFINITY : 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    double pivot = R->B[i * (n + 1)], own = 1 + R->root[i] * R->K[i * (n + 1)] * R->root[i];
    *rounding = fmax(*rounding, 8 * DBL_EPSILON * own / (pivot * pivot));
  }
  return FGD_OK;
}

void fgd_rows_solve(const fgd_rows *R, double *x) {
  ptrdiff_t n = R->o->p->X.n;
  for (ptrdiff_t i = 0; i < n; i++) x[i] *= R->root[i];
  R->o->design.kernels->cholesky_solve(n, R->B, n, x);
  for (ptrdiff_t i = 0; i < n; i++) x[i] *= R->root[i];
}

void fgd_rows_margins(const fgd_rows *R, double *x) {
  const fgd_objective *o = R->o;
  for (ptrdiff_t i = 0; i < o->p->X.n; i++) x[i] = o->z[i] - (o->p->offset ? o->p->offset[i] : 0);
}

void fgd_rows_move(fgd_rows *R, double t, const double *dz) {
  const fgd_objective *o = R->o;
  for (ptrdiff_t i = 0; i < o->p->X.n; i++) o->zt[i] = o->z[i] - t * dz[i];
}

fgd_status fgd_rows_dual(fgd_rows *R, const double *shift, double *f) {
  fgd_objective *o = R->o;
  fgd_status status = fgd_objective_shares(o);
  for (ptrdiff_t i = 0; i < o->p->X.n; i++) o->zt[i] = o->q[i] > 0 ? shift[i] / o->q[i] : 0;
  return status ? status : fgd_objective_dual(o, 1, f);
}

fgd_status fgd_rows_combine(fgd_rows *R, const double *a, double *w) {
  const fgd_objective *o = R->o;
  fgd_status status = fgd_objective_combine(R->o, a, w);
  for (ptrdiff_t j = 0; j < o->p->X.d; j++) w[j] = o->lambda[j] > 0 ? w[j] / o->lambda[j] : 0;
  return status;
}
