/* X by its rows (see rows.h). */
#include "rows.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "factor.h"

#define TOGETHER 64     /* lines of K that a worker takes at once */
#define MOST_SOLVED 8   /* lines that a worker solves for at once */
#define ALONE (1 << 18) /* products that are done sooner than others are woken */

void fgd_rows_layout(fgd_rows *R, const fgd_design *D, ptrdiff_t lines, int workers, fgd_arena *a) {
  ptrdiff_t n = D->X->n;
  R->kernels = D->kernels;
  R->n = n;
  R->d = D->X->d;
  fgd_row_gram_plan_layout(&R->plan, D, workers, a);
  R->factor = fgd_take_doubles(a, R->d);
  R->K = fgd_take_doubles(a, n * n);
  R->B = fgd_take_doubles(a, n * n);
  R->root = fgd_take_doubles(a, n);
  R->work = fgd_take(a, R->kernels->cholesky_work(n));
  R->solving = fgd_take_doubles(a, lines > 1 ? lines * FGD_FACTOR_BLOCK : 0);
}

double fgd_rows_lean(ptrdiff_t d, const double *lean, const double *lambda) {
  double sum = 0;
  for (ptrdiff_t j = 0; j < d; j++) sum += lambda[j] > 0 ? lean[j] * lean[j] / lambda[j] : 0;
  return sum;
}

fgd_status fgd_rows_form(fgd_rows *R, fgd_team *team, const double *shift, const double *scale, const double *lambda,
                         int intercept) {
  ptrdiff_t n = R->n;
  for (ptrdiff_t j = 0; j < R->d; j++) R->factor[j] = lambda[j] > 0 ? scale[j] / sqrt(lambda[j]) : 0;
  R->team = R->plan.team = team;
  R->plan.shift = shift;
  R->plan.factor = R->factor;
  fgd_status status = fgd_design_row_gram(&R->plan, R->K);
  if (status || !intercept) return status;
  /* What the intercept can do as well, centring has taken away: K would be singular.  A constant in its place changes
   * K a for no a whose sum is 0. */
  double mean = 0;
  for (ptrdiff_t i = 0; i < n; i++) mean += R->K[i * (n + 1)] / (double)n;
  for (ptrdiff_t i = 0; i < n * n; i++) R->K[i] += mean;
  return FGD_OK;
}

static ptrdiff_t line_end(ptrdiff_t item, ptrdiff_t n) { return (item + 1) * TOGETHER < n ? (item + 1) * TOGETHER : n; }

static void product_item(void *arg, ptrdiff_t item, int worker) {
  const fgd_rows *R = arg;
  ptrdiff_t n = R->n, first = item * TOGETHER, count = line_end(item, n) - first;
  (void)worker;
  for (ptrdiff_t k = 0; k < R->lines; k++) memset(R->to + k * n + first, 0, (size_t)count * sizeof *R->to);
  R->kernels->dense[FGD_F64].dot(count, n, R->K + first * n, n, R->lines, R->from, n, R->to + first, n);
}

/* Tasks of lines by K or its factor. */
static fgd_status share(fgd_rows *R, fgd_task task, ptrdiff_t items) {
  if (R->n * R->n * R->lines > ALONE) return fgd_team_run(R->team, task, R, items);
  for (ptrdiff_t item = 0; item < items; item++) task(R, item, 0);
  return FGD_OK;
}

fgd_status fgd_rows_product(fgd_rows *R, ptrdiff_t lines, const double *a, double *Ka) {
  R->lines = lines;
  R->from = a;
  R->to = Ka;
  return share(R, product_item, (R->n + TOGETHER - 1) / TOGETHER);
}

double fgd_rows_spread(const fgd_rows *R, ptrdiff_t lines, const double *a) {
  ptrdiff_t n = R->n;
  double squares = 0;
  for (ptrdiff_t k = 0; k < lines; k++) {
    double sum = 0;
    for (ptrdiff_t i = 0; i < n; i++) sum += fabs(a[k * n + i]) * sqrt(R->K[i * (n + 1)]);
    squares += sum * sum;
  }
  return squares;
}

static void shrink_item(void *arg, ptrdiff_t item, int worker) {
  const fgd_rows *R = arg;
  ptrdiff_t n = R->n;
  (void)worker;
  for (ptrdiff_t i = item * TOGETHER; i < line_end(item, n); i++) {
    for (ptrdiff_t j = 0; j <= i; j++) R->B[i * n + j] = R->root[i] * R->K[i * n + j] * R->root[j];
    R->B[i * n + i] += 1;
  }
}

fgd_status fgd_rows_factor(fgd_rows *R, const double *q, double *rounding) {
  ptrdiff_t n = R->n;
  for (ptrdiff_t i = 0; i < n; i++) R->root[i] = sqrt(q[i]);
  fgd_status status = fgd_team_run(R->team, shrink_item, R, (n + TOGETHER - 1) / TOGETHER);
  if (status) return status;
  *rounding = R->kernels->cholesky(n, R->B, n, R->work) ? INFINITY : 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    double pivot = R->B[i * (n + 1)], own = 1 + R->root[i] * R->K[i * (n + 1)] * R->root[i];
    *rounding = fmax(*rounding, 8 * DBL_EPSILON * own / (pivot * pivot));
  }
  return FGD_OK;
}

static void by_root(const fgd_rows *R, ptrdiff_t lines, double *x) {
  for (ptrdiff_t k = 0; k < lines; k++)
    for (ptrdiff_t i = 0; i < R->n; i++) x[k * R->n + i] *= R->root[i];
}

/* Lines that are solved for together, in groups about alike. */
static ptrdiff_t groups(ptrdiff_t lines) { return (lines + MOST_SOLVED - 1) / MOST_SOLVED; }

static void solve_group(void *arg, ptrdiff_t item, int worker) {
  const fgd_rows *R = arg;
  ptrdiff_t n = R->n, count = groups(R->lines), first = R->lines * item / count;
  ptrdiff_t lines = R->lines * (item + 1) / count - first;
  double *x = R->to + first * n;
  fgd_factor F = {.kernels = R->kernels, .size = n, .L = R->B};
  (void)worker;
  by_root(R, lines, x);
  if (lines == 1) R->kernels->cholesky_solve(n, R->B, n, x);
  else fgd_factor_solve_many(&F, lines, x, R->solving + first * FGD_FACTOR_BLOCK);
  by_root(R, lines, x);
}

fgd_status fgd_rows_solve(fgd_rows *R, ptrdiff_t lines, double *x) {
  R->lines = lines;
  R->to = x;
  return share(R, solve_group, groups(lines));
}

/* --- one line ------------------------------------------------------------------------ */

void fgd_rows_margins(const fgd_objective *o, double *x) {
  for (ptrdiff_t i = 0; i < o->p->X.n; i++) x[i] = o->z[i] - (o->p->offset ? o->p->offset[i] : 0);
}

void fgd_rows_move(fgd_objective *o, double t, const double *dz) {
  for (ptrdiff_t i = 0; i < o->p->X.n; i++) o->zt[i] = o->z[i] - t * dz[i];
}

fgd_status fgd_rows_dual(fgd_objective *o, const double *shift, double *f) {
  fgd_status status = fgd_objective_shares(o);
  for (ptrdiff_t i = 0; i < o->p->X.n; i++) o->zt[i] = o->q[i] > 0 ? shift[i] / o->q[i] : 0;
  return status ? status : fgd_objective_dual(o, 1, f);
}

fgd_status fgd_rows_combine(fgd_objective *o, const double *a, const double *b, double *w) {
  ptrdiff_t d = o->p->X.d;
  fgd_status status = fgd_objective_combine(o, a, w);
  for (ptrdiff_t j = 0; j < d; j++) w[j] = o->lambda[j] > 0 ? w[j] / o->lambda[j] : 0;
  if (o->p->fit_intercept) w[d] = *b;
  return status;
}
