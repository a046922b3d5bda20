/* K classes by rows (see softmax_rows.h). */
#include "softmax_rows.h"

#include <math.h>
#include <string.h>

#include "softmax.h"
#include "softmax_basis.h"
#include "softmax_pass.h"
#include "softmax_turn.h"
#include "softmax_weights.h"

void fgd_softmax_rows_layout(fgd_softmax_rows *R, fgd_softmax *o, int workers, fgd_arena *a) {
  R->o = o;
  R->lean = fgd_take_doubles(a, o->p->X.d);
  fgd_rows_layout(&R->rows, &o->design, o->K, workers, a);
}

/* --- between lines of n numbers and blocks ------------------------------------------- */

typedef struct {
  fgd_softmax *o;
  const double *x; /* K lines of n, in and out */
  double *out;
  double t;
  int trial;
} lining;

static void take_lines(const fgd_softmax *o, const fgd_softmax_block *b, const double *lines, double *x) {
  for (ptrdiff_t k = 0; k < o->K; k++)
    memcpy(x + k * b->rows, lines + k * o->p->X.n + b->first, (size_t)b->rows * sizeof *x);
}

static void give_lines(const fgd_softmax *o, const fgd_softmax_block *b, const double *x, double *lines) {
  for (ptrdiff_t k = 0; k < o->K; k++)
    memcpy(lines + k * o->p->X.n + b->first, x + k * b->rows, (size_t)b->rows * sizeof *x);
}

static double *begin_cost(const fgd_softmax *o, ptrdiff_t part) {
  fgd_softmax_sums s = fgd_softmax_sums_of(o, part);
  memset(s.r, 0, (size_t)(o->slot - o->sums) * sizeof *s.r);
  return s.f;
}

static void null_part(void *arg, ptrdiff_t part, int worker) {
  lining *job = arg;
  fgd_softmax *o = job->o;
  FGD_FOR_BLOCKS(o, part, worker) fgd_softmax_bare_margins(o, &b, job->x, 1, o->current.kept + b.first * o->K);
}

static void residuals_part(void *arg, ptrdiff_t part, int worker) {
  lining *job = arg;
  fgd_softmax *o = job->o;
  double *f = begin_cost(o, part);
  FGD_FOR_BLOCKS(o, part, worker) {
    *f += fgd_softmax_value_of(o, &b, (job->trial ? o->trial.kept : o->current.kept) + b.first * o->K);
    give_lines(o, &b, b.r, job->out);
  }
}

static void margins_part(void *arg, ptrdiff_t part, int worker) {
  lining *job = arg;
  fgd_softmax *o = job->o;
  ptrdiff_t K = o->K;
  FGD_FOR_BLOCKS(o, part, worker) {
    memcpy(b.z, o->current.kept + b.first * K, (size_t)(b.rows * K) * sizeof *b.z);
    for (ptrdiff_t i = 0; i < b.rows && o->p->offset; i++)
      for (ptrdiff_t k = 0; k < K; k++) b.z[k * b.rows + i] -= o->p->offset[(b.first + i) * K + k];
    give_lines(o, &b, b.z, job->out);
  }
}

static void move_part(void *arg, ptrdiff_t part, int worker) {
  lining *job = arg;
  fgd_softmax *o = job->o;
  FGD_FOR_BLOCKS(o, part, worker) {
    const double *z = o->current.kept + b.first * o->K;
    double *moved = o->trial.kept + b.first * o->K;
    take_lines(o, &b, job->x, b.dz);
    for (ptrdiff_t i = 0; i < b.rows * o->K; i++) moved[i] = z[i] - job->t * b.dz[i];
  }
}

static void bend_part(void *arg, ptrdiff_t part, int worker) {
  lining *job = arg;
  fgd_softmax *o = job->o;
  FGD_FOR_BLOCKS(o, part, worker) {
    take_lines(o, &b, job->x, b.dz);
    o->design.kernels->softmax_tilt(b.rows, o->K, o->base.kept + b.first * o->K, b.dz, b.s, b.s_step, b.r);
    give_lines(o, &b, b.r, job->out);
  }
}

/* A shift is s p dz for some dz, whose mean over p is 0. */
static void dual_part(void *arg, ptrdiff_t part, int worker) {
  lining *job = arg;
  fgd_softmax *o = job->o;
  double *f = begin_cost(o, part);
  FGD_FOR_BLOCKS(o, part, worker) {
    const double *p = o->base.kept + b.first * o->K;
    take_lines(o, &b, job->x, b.dz);
    for (ptrdiff_t k = 0; k < o->K; k++)
      for (ptrdiff_t i = 0; i < b.rows; i++) {
        double q = b.s[b.s_step ? i : 0] * p[k * b.rows + i], *dz = b.dz + k * b.rows + i;
        *dz = q > 0 ? *dz / q : 0;
      }
    *f += o->design.kernels->softmax_dual(b.rows, o->K, o->current.kept + b.first * o->K, p, b.dz, b.s, b.s_step);
  }
}

static void combine_part(void *arg, ptrdiff_t part, int worker) {
  lining *job = arg;
  fgd_softmax *o = job->o;
  fgd_softmax_sums s = fgd_softmax_sums_of(o, part);
  memset(s.g, 0, (size_t)o->slot * sizeof *s.g);
  FGD_FOR_BLOCKS(o, part, worker) {
    take_lines(o, &b, job->x, b.r);
    fgd_softmax_add_gradient(o, &b, s);
  }
}

/* --- the oracle ---------------------------------------------------------------------- */

#define ALONE (1 << 15) /* numbers that are gone through sooner than others are woken */

static fgd_status every_part(fgd_task task, lining job) {
  if (job.o->p->X.n * job.o->K <= ALONE) {
    for (ptrdiff_t part = 0; part < job.o->design.parts; part++) task(&job, part, 0);
    return FGD_OK;
  }
  return fgd_team_run(job.o->team, task, &job, job.o->design.parts);
}

static fgd_status rows_form(void *self) {
  fgd_softmax_rows *R = self;
  fgd_softmax *o = R->o;
  o->passes++;
  return fgd_rows_form(&R->rows, o->team, o->shift, o->scale, o->lambda, o->p->fit_intercept);
}

static fgd_status rows_product(void *self, const double *a, double *Ka) {
  fgd_softmax_rows *R = self;
  return fgd_rows_product(&R->rows, R->o->K, a, Ka);
}

static double rows_spread(void *self, const double *a) {
  const fgd_softmax_rows *R = self;
  return fgd_rows_spread(&R->rows, R->o->K, a);
}

static fgd_status rows_factor(void *self, double *rounding) {
  fgd_softmax_rows *R = self;
  fgd_status status = fgd_softmax_spread(R->o);
  return status ? status : fgd_rows_factor(&R->rows, R->o->q, rounding);
}

static fgd_status rows_solve(void *self, ptrdiff_t lines, double *x) {
  return fgd_rows_solve(&((fgd_softmax_rows *)self)->rows, lines, x);
}

static fgd_status rows_look(void *self) { return fgd_softmax_curvature(((fgd_softmax_rows *)self)->o); }

static fgd_status rows_bend(void *self, const double *dz, double *out) {
  return every_part(bend_part, (lining){.o = ((fgd_softmax_rows *)self)->o, .x = dz, .out = out});
}

static fgd_status rows_residuals(void *self, int trial, double *f, double *r) {
  fgd_softmax *o = ((fgd_softmax_rows *)self)->o;
  lining job = {.o = o, .trial = trial, .out = r};
  fgd_status status = fgd_softmax_run(o, residuals_part, &job, 0);
  *f = *fgd_softmax_sums_of(o, 0).f;
  return status;
}

static void rows_margins(void *self, double *x) {
  every_part(margins_part, (lining){.o = ((fgd_softmax_rows *)self)->o, .out = x});
}

static void rows_move(void *self, double t, const double *dz) {
  every_part(move_part, (lining){.o = ((fgd_softmax_rows *)self)->o, .x = dz, .t = t});
}

static fgd_status rows_dual(void *self, const double *shift, double *f) {
  fgd_softmax *o = ((fgd_softmax_rows *)self)->o;
  lining job = {.o = o, .x = shift};
  fgd_status status = fgd_softmax_run(o, dual_part, &job, 0);
  *f = *fgd_softmax_sums_of(o, 0).f;
  return status;
}

static fgd_status rows_combine(void *self, const double *a, const double *b, double *w) {
  fgd_softmax *o = ((fgd_softmax_rows *)self)->o;
  lining job = {.o = o, .x = a};
  fgd_status status = fgd_softmax_run(o, combine_part, &job, 1);
  o->passes++;
  if (status) return status;
  fgd_softmax_turn(o, NULL, w, NULL);
  for (ptrdiff_t j = 0; j < o->penalised; j++) w[j] = o->lambda[j] > 0 ? w[j] / o->lambda[j] : 0;
  if (o->p->fit_intercept) fgd_softmax_basis_gather(o->K, 1, b, 1, w + o->penalised, 1);
  return FGD_OK;
}

static void rows_intercepts(void *self, const double *w, double *b) {
  const fgd_softmax *o = ((fgd_softmax_rows *)self)->o;
  if (o->p->fit_intercept) fgd_softmax_basis_spread(o->K, 1, w + o->penalised, 1, b, 1);
  else memset(b, 0, (size_t)o->K * sizeof *b);
}

fgd_rows_oracle fgd_softmax_rows_oracle(fgd_softmax_rows *R, const double *intercept) {
  const fgd_softmax *o = R->o;
  for (ptrdiff_t j = 0; j < o->p->X.d; j++) R->lean[j] = 1 + fabs(o->shift[j]) * o->scale[j];
  return (fgd_rows_oracle){.self = R, .n = o->p->X.n, .lines = o->K, .intercept = intercept,
                           .lean = fgd_rows_lean(o->p->X.d, R->lean, o->lambda), .form = rows_form,
                           .product = rows_product, .spread = rows_spread, .factor = rows_factor,
                           .solve = rows_solve, .look = rows_look, .bend = rows_bend, .residuals = rows_residuals,
                           .margins = rows_margins, .move = rows_move, .dual = rows_dual, .combine = rows_combine,
                           .intercepts = rows_intercepts};
}

fgd_status fgd_softmax_rows_null(fgd_softmax_rows *R, const double *intercept) {
  return every_part(null_part, (lining){.o = R->o, .x = intercept});
}
