/* design x softmax x penalty (see softmax.h). */
#include "softmax.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "objective.h"
#include "softmax_basis.h"
#include "softmax_chunks.h"
#include "softmax_pass.h"
#include "softmax_rough.h"
#include "softmax_turn.h"
#include "softmax_weights.h"

#define UNBALANCED 3          /* logarithm of how many times too often a class may be predicted */
#define MOST_ROUNDS 4         /* of moving the intercepts */
#define KEPT_BYTES (16 << 20) /* margins of a point are kept up to this size, or half that of X */

static void point_layout(fgd_softmax_point *point, ptrdiff_t coefs, ptrdiff_t margins, fgd_arena *a) {
  point->coef = fgd_take_doubles(a, coefs);
  point->kept = margins ? fgd_take_doubles(a, margins) : NULL;
}

void fgd_softmax_layout(fgd_softmax *o, const fgd_problem *p, int keep, int workers, fgd_arena *a) {
  ptrdiff_t n = p->X.n, d = p->X.d, K = p->classes;
  memset(o, 0, sizeof *o);
  o->p = p;
  o->K = K;
  o->workers = workers;
  fgd_design_init_many(&o->design, &p->X, K);
  o->penalised = (K - 1) * d;
  o->size = o->penalised + (p->fit_intercept ? K - 1 : 0);
  o->lambda = fgd_take_doubles(a, o->penalised);
  o->share = fgd_take_doubles(a, 3 * K);
  ptrdiff_t margins = n * K, bytes = margins * (ptrdiff_t)sizeof(double);
  int small = bytes <= KEPT_BYTES || bytes <= fgd_design_bytes(&o->design) / 2;
  if (keep == FGD_KEEP_NOT || (keep == FGD_KEEP_SMALL && !small)) margins = 0;
  fgd_softmax_rough_layout(o, a);
  point_layout(&o->current, K * (d + 1), margins, a);
  point_layout(&o->trial, K * (d + 1), margins, a);
  point_layout(&o->base, K * (d + 1), margins, a);
  fgd_softmax_weights_layout(o, a);
  o->across = fgd_design_is_across(&o->design);
  if (o->across) fgd_softmax_chunks_layout(o, a);
  fgd_softmax_pass_layout(o, a);
  fgd_softmax_turn_layout(o, a);
}

void fgd_softmax_begin(fgd_softmax *o, fgd_team *team) {
  o->team = team;
  if (o->stage) memset(o->stage, 0, (size_t)(o->p->X.n * o->K));
  o->passes = 0;
  o->stride = 1;
  o->from = -1;
  if (o->row) memset(o->row, 0, (size_t)(o->p->X.d * o->workers) * sizeof *o->row);
  o->each = fgd_weight_scale(o->p, o->weight_scale);
  fgd_softmax_set_coordinates(o, NULL, NULL);
}

void fgd_softmax_set_coordinates(fgd_softmax *o, const double *shift, const double *scale) {
  ptrdiff_t d = o->p->X.d;
  o->shift = shift;
  o->scale = scale;
  for (ptrdiff_t i = 0; i < o->penalised; i++) {
    ptrdiff_t j = i % d;
    o->lambda[i] = scale ? fgd_softmax_l2(o, j) * scale[j] * scale[j] : fgd_softmax_l2(o, j);
  }
  fgd_softmax_rough_find(o);
}

/* --- parts of a pass ------------------------------------------------------------------- */

typedef struct {
  fgd_softmax *o;
  int gradient;
  const double *intercept; /* K: of a null model */
  double t;                /* place on the line */
  int direct;              /* the dual's step is the trial's margins, not what leads to them */
  const double *moved;     /* K: by which the intercepts are moved in the end; or NULL: margins are formed anew */
} passing;

/* Of the trial; those that are kept need only move to a place on the line to them. */
static const double *trial_margins(const passing *job, const fgd_softmax_block *b) {
  const fgd_softmax *o = job->o;
  if (!job->moved || !o->trial.kept) return fgd_softmax_fresh_margins(o, b, &o->trial, b->z);
  const double *from = o->current.kept + b->first * o->K;
  double *z = o->trial.kept + b->first * o->K;
  for (ptrdiff_t k = 0, i = 0; k < o->K; k++)
    for (ptrdiff_t end = i + b->rows; i < end; i++) z[i] = from[i] + job->t * (z[i] - from[i]) + job->moved[k];
  return z;
}

static void value_part(void *arg, ptrdiff_t part, int worker) {
  passing *job = arg;
  fgd_softmax *o = job->o;
  fgd_softmax_sums s = fgd_softmax_sums_of(o, part);
  memset(s.g, 0, (size_t)o->slot * sizeof *s.g);
  FGD_FOR_BLOCKS(o, part, worker) {
    *s.f += fgd_softmax_value_of(o, &b, trial_margins(job, &b));
    if (job->gradient) fgd_softmax_add_gradient(o, &b, s);
  }
}

static void hess_vec_part(void *arg, ptrdiff_t part, int worker) {
  fgd_softmax *o = arg;
  fgd_softmax_sums s = fgd_softmax_sums_of(o, part);
  memset(s.g, 0, (size_t)o->slot * sizeof *s.g);
  FGD_FOR_BLOCKS(o, part, worker) {
    const double *dz = fgd_softmax_fresh_margins(o, &b, &o->trial, b.dz);
    o->design.kernels->softmax_tilt(b.rows, o->K, fgd_softmax_base_of(o, &b, b.z), dz, b.s, b.s_step, b.r);
    fgd_softmax_add_gradient(o, &b, s);
  }
}

static void curvature_part(void *arg, ptrdiff_t part, int worker) {
  fgd_softmax *o = arg;
  FGD_FOR_BLOCKS(o, part, worker) {
    ptrdiff_t at = b.first * o->K;
    o->design.kernels->softmax_probabilities(b.rows, o->K, o->current.kept + at, o->base.kept + at);
  }
}

static void line_part(void *arg, ptrdiff_t part, int worker) {
  passing *job = arg;
  fgd_softmax *o = job->o;
  fgd_softmax_sums s = fgd_softmax_sums_of(o, part);
  memset(s.r, 0, (size_t)(o->slot - o->sums) * sizeof *s.r);
  FGD_FOR_BLOCKS(o, part, worker) {
    const double *z0 = fgd_softmax_margins_of(o, &b, &o->current, b.z),
                 *z1 = fgd_softmax_margins_of(o, &b, &o->trial, b.dz);
    ptrdiff_t count = b.rows * o->K;
    for (ptrdiff_t i = 0; i < count; i++) b.t[i] = z0[i] + job->t * (z1[i] - z0[i]);
    *s.f += fgd_softmax_value_of(o, &b, b.t);
    double slope[4] = {0};
    for (ptrdiff_t i = 0; i < count; i++) slope[i % 4] += b.r[i] * (z1[i] - z0[i]);
    *s.slope += (slope[0] + slope[1]) + (slope[2] + slope[3]);
  }
}

static void dual_part(void *arg, ptrdiff_t part, int worker) {
  passing *job = arg;
  fgd_softmax *o = job->o;
  fgd_softmax_sums s = fgd_softmax_sums_of(o, part);
  memset(s.r, 0, (size_t)(o->slot - o->sums) * sizeof *s.r);
  FGD_FOR_BLOCKS(o, part, worker) {
    const double *z = fgd_softmax_margins_of(o, &b, &o->current, b.z),
                 *dz = fgd_softmax_margins_of(o, &b, &o->trial, b.dz);
    if (!job->direct) {
      for (ptrdiff_t i = 0; i < b.rows * o->K; i++) b.t[i] = z[i] - dz[i];
      dz = b.t;
    }
    *s.f += o->design.kernels->softmax_dual(b.rows, o->K, z, fgd_softmax_base_of(o, &b, b.r), dz, b.s, b.s_step);
  }
}

/* --- the null model -------------------------------------------------------------------- */

/* Shares of the classes into r; cost and predicted shares at given intercepts, without X, behind them. */
static void null_part(void *arg, ptrdiff_t part, int worker) {
  passing *job = arg;
  fgd_softmax *o = job->o;
  fgd_softmax_sums s = fgd_softmax_sums_of(o, part);
  memset(s.r, 0, (size_t)(o->slot - o->sums) * sizeof *s.g);
  FGD_FOR_BLOCKS(o, part, worker) {
    fgd_softmax_bare_margins(o, &b, job->intercept, 1, b.z);
    *s.f += fgd_softmax_value_of(o, &b, b.z);
    for (ptrdiff_t k = 0; k < o->K; k++) {
      const double *y = b.y + k * b.rows;
      for (ptrdiff_t i = 0; i < b.rows; i++) s.r[k] += b.s[b.s_step ? i : 0] * y[i];
      s.r[o->K + k] += fgd_sum(b.r + k * b.rows, b.rows);
    }
  }
}

/* What some rows' offsets average to, taken back: where they are large, all probabilities would be 0 or 1 without. */
static void middle_offset(const fgd_softmax *o, double *intercept) {
  const fgd_problem *p = o->p;
  ptrdiff_t K = o->K, count = p->X.n < 4096 ? p->X.n : 4096;
  double mean = 0;
  memset(intercept, 0, (size_t)K * sizeof *intercept);
  if (!p->offset || !p->fit_intercept) return;
  for (ptrdiff_t i = 0; i < count; i++)
    for (ptrdiff_t k = 0; k < K; k++) intercept[k] -= p->offset[p->X.n * i / count * K + k] / (double)count;
  for (ptrdiff_t k = 0; k < K; k++) mean += intercept[k] / (double)K;
  for (ptrdiff_t k = 0; k < K; k++) intercept[k] -= mean;
}

fgd_status fgd_softmax_null(fgd_softmax *o, double *intercept, double *cost) {
  const fgd_problem *p = o->p;
  ptrdiff_t K = o->K;
  fgd_softmax_sums s = fgd_softmax_sums_of(o, 0);
  passing job = {.o = o, .intercept = intercept};
  fgd_status status;
  double reach = 1;
  middle_offset(o, intercept);
  if ((status = fgd_softmax_run(o, null_part, &job, 0))) return status;
  *cost = *s.f;
  memcpy(o->share, s.r, (size_t)K * sizeof *s.r);
  if (!p->fit_intercept) return FGD_OK;
  for (ptrdiff_t k = 0; k < K; k++)
    if (!(s.r[k] > 0)) return FGD_ONE_CLASS;
  /* Each intercept moves by the logarithm of the class's share over its predicted one (iterative scaling): without an
   * offset the first step is exact, with one the cost falls with every step. */
  for (int step = 0; step < 1000; step++) {
    double before = *cost, mean = 0;
    for (ptrdiff_t k = 0; k < K; k++) {
      double predicted = s.r[K + k] + s.r[k];
      intercept[k] += predicted > 0 ? log(s.r[k] / predicted) : reach;
      mean += intercept[k] / (double)K;
    }
    for (ptrdiff_t k = 0; k < K; k++) intercept[k] -= mean;
    reach *= 2;
    if ((status = fgd_softmax_run(o, null_part, &job, 0))) return status;
    *cost = *s.f;
    if (!p->offset || !(*cost < before * (1 - 1e-12))) break;
  }
  return FGD_OK;
}

/* --- the oracle ------------------------------------------------------------------------ */

fgd_status fgd_softmax_value_grad(fgd_softmax *o, const double *theta, double *f, double *g) {
  passing job = {.o = o, .gradient = g != NULL};
  double penalty = fgd_softmax_point_set(o, &o->trial, theta, 0);
  fgd_status status = fgd_softmax_run(o, value_part, &job, g != NULL);
  o->passes++;
  if (status) return status;
  *f = *fgd_softmax_sums_of(o, 0).f + penalty;
  if (g) o->gradient_norm = fgd_softmax_turn(o, theta, g, o->trial.coef);
  return FGD_OK;
}

/* A class that hardly counts may get an intercept with which it is predicted many times too often or too seldom, and
 * no search along a line sees it.  As in the null model, each class's is moved by the logarithm of what it is off: the
 * cost falls.  Returns whether there was a need to. */
static int balance(const fgd_softmax *o, double *theta, double *moved) {
  ptrdiff_t K = o->K;
  const double *off = fgd_softmax_sums_of(o, 0).r;
  double *line = moved + K, mean = 0;
  int need = 0;
  for (ptrdiff_t k = 0; k < K; k++) {
    double predicted = fmax(o->share[k] + off[k], DBL_MIN);
    moved[k] = log(o->share[k] / predicted);
    need |= fabs(moved[k]) > UNBALANCED;
    mean += moved[k] / (double)K;
  }
  if (!need) return 0;
  for (ptrdiff_t k = 0; k < K; k++) moved[k] -= mean;
  fgd_softmax_basis_gather(K, 1, moved, 1, line, 1);
  for (ptrdiff_t a = 0; a < K - 1; a++) theta[o->penalised + a] += line[a];
  return 1;
}

fgd_status fgd_softmax_along(fgd_softmax *o, double t, double *theta, double *f, double *g) {
  ptrdiff_t K = o->K;
  double *moved = o->share + K;
  passing job = {.o = o, .gradient = 1, .t = t, .moved = moved};
  memset(moved, 0, (size_t)K * sizeof *moved);
  double penalty = fgd_softmax_point_set(o, &o->trial, theta, 0);
  for (int round = 0;; round++) {
    fgd_status status = fgd_softmax_run(o, value_part, &job, 1);
    o->passes++;
    if (status) return status;
    if (round == MOST_ROUNDS || !o->p->fit_intercept || !balance(o, theta, moved)) break;
    for (ptrdiff_t k = 0; k < K; k++) o->trial.coef[K * o->p->X.d + k] += moved[k];
    job.t = 1;
  }
  *f = *fgd_softmax_sums_of(o, 0).f + penalty;
  o->gradient_norm = fgd_softmax_turn(o, theta, g, o->trial.coef);
  return FGD_OK;
}

/* The sums in the first slot, with the penalty's part added. */
static void raw(const fgd_softmax *o, const double *v, double *g) {
  ptrdiff_t d = o->p->X.d;
  fgd_softmax_sums s = fgd_softmax_sums_of(o, 0);
  for (ptrdiff_t k = 0; k < o->K; k++) {
    ptrdiff_t step;
    const double *line = fgd_softmax_sums_line(o, k, &step);
    for (ptrdiff_t j = 0; j < d; j++) g[k * d + j] = line[j * step] + fgd_softmax_l2(o, j) * v[k * d + j];
    g[o->K * d + k] = s.r[k];
  }
}

fgd_status fgd_softmax_cost(fgd_softmax *o, const double *coef, double *f, double *g) {
  ptrdiff_t d = o->p->X.d;
  passing job = {.o = o, .gradient = g != NULL};
  fgd_softmax_point_take(o, &o->trial, coef, 0);
  fgd_status status = fgd_softmax_run(o, value_part, &job, g != NULL);
  *f = *fgd_softmax_sums_of(o, 0).f;
  for (ptrdiff_t i = 0; i < o->K * d; i++) *f += 0.5 * fgd_softmax_l2(o, i % d) * coef[i] * coef[i];
  if (g) raw(o, coef, g);
  return status;
}

fgd_status fgd_softmax_product(fgd_softmax *o, const double *coef, const double *v, double *Hv) {
  fgd_softmax_point_take(o, &o->base, coef, 0);
  fgd_softmax_point_take(o, &o->trial, v, 1);
  fgd_status status = fgd_softmax_run(o, hess_vec_part, o, 1);
  raw(o, v, Hv);
  return status;
}

void fgd_softmax_accept(fgd_softmax *o) {
  fgd_softmax_point point = o->current;
  o->current = o->trial;
  o->trial = point;
}

fgd_status fgd_softmax_curvature(fgd_softmax *o) {
  if (o->base.kept) return fgd_team_run(o->team, curvature_part, o, o->design.parts);
  memcpy(o->base.coef, o->current.coef, (size_t)(o->K * (o->p->X.d + 1)) * sizeof(double));
  return FGD_OK;
}

fgd_status fgd_softmax_hess_vec(fgd_softmax *o, const double *v, double *Hv) {
  fgd_softmax_point_set(o, &o->trial, v, 1);
  fgd_status status = fgd_softmax_run(o, hess_vec_part, o, 1);
  o->passes++;
  if (!status) fgd_softmax_turn(o, v, Hv, NULL);
  return status;
}

fgd_status fgd_softmax_line(fgd_softmax *o, double t, double *f, double *slope) {
  passing job = {.o = o, .t = t};
  fgd_status status = fgd_softmax_run(o, line_part, &job, 0);
  *f = *fgd_softmax_sums_of(o, 0).f;
  *slope = *fgd_softmax_sums_of(o, 0).slope;
  return status;
}

fgd_status fgd_softmax_dual(fgd_softmax *o, int direct, double *f) {
  passing job = {.o = o, .direct = direct};
  fgd_status status = fgd_softmax_run(o, dual_part, &job, 0);
  *f = *fgd_softmax_sums_of(o, 0).f;
  return status;
}
