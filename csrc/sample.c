/* Rows drawn by their leverage (see sample.h). */
#include "sample.h"

#include <math.h>
#include <string.h>

#include "blocks.h"
#include "hash.h"

#define MOST 1e38    /* products may be taken in float, and 0 times infinity is not 0 */
#define INTERIOR 0.2 /* a finite optimum exists if no step shrinks a chance below this share */

static ptrdiff_t smaller(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
static ptrdiff_t larger(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }

/* What depends on the number of rows drawn. */
static size_t layout_own(fgd_sample *s, ptrdiff_t rows, char *base) {
  fgd_arena a = {base, 0};
  s->p.X.n = rows;
  fgd_objective_layout(&s->own, &s->p, FGD_NEEDS_TRIAL | FGD_NEEDS_CURVATURE | FGD_NEEDS_MOMENTS, s->workers, &a);
  fgd_grams_layout(&s->grams, &s->own.design, rows, s->p.fit_intercept, s->workers, &a);
  return a.used;
}

void fgd_sample_layout(fgd_sample *s, fgd_objective *o, int workers, fgd_arena *a) {
  const fgd_problem *p = o->p;
  ptrdiff_t n = p->X.n, d = p->X.d, most = 0;
  s->o = o;
  s->workers = workers;
  s->draws = 0;
  s->size[FGD_DRAW_FIRST] = larger(larger(2000, 60 * d), smaller(n / 100, 500 * d));
  s->size[FGD_DRAW_START] = larger(larger(2000, smaller(120 * d, larger(60 * d, n / 8))), smaller(n / 50, 1000 * d));
  /* The more rows, the fewer steps, and the sooner a certificate; these shares of n cost less than they save. */
  s->size[FGD_DRAW_MODEL] = larger(larger(2000, 60 * d), n / larger(32, d / 4));
  s->size[FGD_DRAW_DOUBLE] = 2 * s->size[FGD_DRAW_MODEL];
  for (int k = 0; k < FGD_DRAW_AGAIN; k++) most = larger(most, s->size[k] = smaller(s->size[k], n));
  s->start.mean = fgd_take_doubles(a, d);
  s->start.sd = fgd_take_doubles(a, d);
  s->scale = fgd_take_doubles(a, d);
  s->gradient = fgd_take_doubles(a, o->size);
  s->chance = fgd_take(a, (size_t)n * sizeof *s->chance);
  s->rows = fgd_take(a, (size_t)most * sizeof *s->rows);
  s->counts = fgd_take(a, (size_t)(o->design.parts + 1) * sizeof *s->counts);
  s->sums = fgd_take_doubles(a, 2 * o->design.parts);
  s->X = fgd_take(a, (size_t)(most * d) * fgd_design_element(&o->design));
  s->y = fgd_take_doubles(a, most);
  s->weight = fgd_take_doubles(a, most);
  s->chance_of = fgd_take_doubles(a, most);
  s->offset = p->offset ? fgd_take_doubles(a, most) : NULL;
  s->p = *p;
  s->p.X.layout = FGD_C_ORDER;
  s->p.X.dtype = fgd_design_copied(&o->design);
  s->p.X.ld = d;
  s->p.X.data = s->X;
  s->p.y_code = NULL;
  s->p.y_value = s->y;
  s->p.weight = s->weight;
  s->p.offset = s->offset;
  size_t bytes = 0, used;
  for (int k = 0; k < FGD_DRAW_AGAIN; k++)
    if ((used = layout_own(s, s->size[k], NULL)) > bytes) bytes = used;
  s->block = fgd_take(a, bytes);
}

/* A random sign. */
static double sign(uint64_t seed, ptrdiff_t k) {
  return fgd_hash(seed, k) & 0x100000000 ? 1 : -1;
}

static double at_most_one(double x) { return x < 1 ? x : 1; }

typedef struct {
  fgd_sample *s;
  fgd_draw kind;
  double factor;             /* of the chances, above 1 being 1 */
  double intercept;          /* of the null model: FGD_DRAW_FIRST, before any margins are known */
} drawing;

#define FOR_BLOCKS(o, part, worker) FGD_FOR_BLOCKS_OF(fgd_block, fgd_objective_block, o, part, worker)

static const double *margins(const drawing *job, const fgd_block *b) {
  const fgd_objective *o = job->s->o;
  if (job->kind != FGD_DRAW_FIRST) return o->z + b->first;
  for (ptrdiff_t i = 0; i < b->rows; i++) b->z[i] = job->intercept;
  if (o->p->offset)
    for (ptrdiff_t i = 0; i < b->rows; i++) b->z[i] += o->p->offset[b->first + i];
  return b->z;
}

/* Into b->r, at most 1 each; their sum. */
static double leverages(const fgd_objective *o, fgd_block *b, const double *z) {
  const float *known = o->leverage + b->first;
  double *restrict r = b->r;
  o->loss.curvature(b->rows, z, b->s, b->s_step, r);
  for (ptrdiff_t i = 0; i < b->rows; i++) r[i] = at_most_one(r[i] * known[i]);
  return fgd_sum(r, b->rows);
}

/* Sums of leverages and of residuals. */
static void sum_part(void *arg, ptrdiff_t part, int worker) {
  drawing *job = arg;
  fgd_sample *s = job->s;
  fgd_objective *o = s->o;
  double leverage = 0, residual = 0;
  FOR_BLOCKS(o, part, worker) {
    const double *z = margins(job, &b);
    if (job->kind != FGD_DRAW_FIRST) {
      leverage += leverages(o, &b, z);
    }
    o->loss.value(b.rows, z, b.y, b.s, b.s_step, b.r);
    for (ptrdiff_t i = 0; i < b.rows; i++) b.r[i] = fabs(b.r[i]);
    residual += fgd_sum(b.r, b.rows);
  }
  s->sums[2 * part] = leverage;
  s->sums[2 * part + 1] = residual;
}

/* Chances that add up to 1: by leverage, once there are leverages; for a fit by residual as well, since the sample's
 * gradient counts too and the rows of a rare class matter most; and some for every row, since leverages are estimates. */
static void mix_part(void *arg, ptrdiff_t part, int worker) {
  drawing *job = arg;
  fgd_sample *s = job->s;
  fgd_objective *o = s->o;
  /* what weight, residual and leverage count, for each kind of draw */
  double each[][3] = {{0.5, 0.5, 0}, {0.25, 0.25, 0.5}, {0.05, 0, 0.95}, {0.05, 0, 0.95}}, *shares = each[job->kind];
  double by_weight = shares[0], by_residual = s->residual > 0 ? shares[1] / s->residual : 0;
  double by_leverage = s->leverage > 0 ? shares[2] / s->leverage : 0;
  double leverage = 0, drawn = 0, factor = job->factor;
  FOR_BLOCKS(o, part, worker) {
    const double *z = margins(job, &b);
    float *restrict chance = s->chance + b.first;
    if (by_leverage > 0) leverage += leverages(o, &b, z);
    else
      for (ptrdiff_t i = 0; i < b.rows; i++) b.r[i] = 0;
    if (by_residual > 0) o->loss.value(b.rows, z, b.y, b.s, b.s_step, b.dz);
    else
      for (ptrdiff_t i = 0; i < b.rows; i++) b.dz[i] = 0;
    for (ptrdiff_t i = 0; i < b.rows; i++) b.r[i] = by_leverage * b.r[i] + by_residual * fabs(b.dz[i]);
    if (b.s_step)
      for (ptrdiff_t i = 0; i < b.rows; i++) b.r[i] += by_weight * b.s[i];
    else
      for (ptrdiff_t i = 0; i < b.rows; i++) b.r[i] += by_weight * *b.s;
    for (ptrdiff_t i = 0; i < b.rows; i++) {
      chance[i] = (float)b.r[i];
      b.dz[i] = at_most_one(factor * b.r[i]);
    }
    drawn += fgd_sum(b.dz, b.rows);
  }
  s->sums[2 * part] = drawn;
  s->sums[2 * part + 1] = leverage;
}

static void count_part(void *arg, ptrdiff_t part, int worker) {
  drawing *job = arg;
  fgd_sample *s = job->s;
  double sum = 0;
  (void)worker;
  for (ptrdiff_t i = part * s->o->design.part, end = fgd_part_end(&s->o->design, part); i < end; i++)
    sum += at_most_one(job->factor * s->chance[i]);
  s->sums[2 * part] = sum;
}

static void pick_part(void *arg, ptrdiff_t part, int worker) {
  drawing *job = arg;
  fgd_sample *s = job->s;
  ptrdiff_t first = part * s->o->design.part, end = fgd_part_end(&s->o->design, part);
  (void)worker;
  s->counts[part + 1] = s->o->design.kernels->draw(end - first, s->chance + first, job->factor, s->draws << 44, first);
}

static void copy_part(void *arg, ptrdiff_t part, int worker) {
  drawing *job = arg;
  fgd_sample *s = job->s;
  fgd_objective *o = s->o;
  ptrdiff_t first = s->counts[part], k = first, most = s->p.X.n;
  FOR_BLOCKS(o, part, worker) {
    for (ptrdiff_t i = 0; i < b.rows && k < most; i++) {
      double chance = s->chance[b.first + i], share = b.s[b.s_step ? i : 0];
      if (!(chance > 0)) continue;
      s->rows[k] = b.first + i;
      s->y[k] = b.y[i];
      s->weight[k] = s->fixed ? share : share / chance;
      if (s->offset) s->offset[k] = o->p->offset[b.first + i];
      s->chance_of[k] = chance;
      k++;
    }
  }
  if (k > first)
    fgd_design_copy(&o->design, s->rows + first, k - first,
                    (char *)s->X + (size_t)(first * o->p->X.d) * fgd_design_element(&o->design));
}

/* Margins and curvatures of the rows drawn, at the current point. */
static void follow(fgd_sample *s) {
  ptrdiff_t size = s->p.X.n, drawn = smaller(s->counts[s->o->design.parts], size);
  double *z = s->own.z, *q = s->own.q;
  for (ptrdiff_t k = 0; k < drawn; k++) z[k] = s->o->z[s->rows[k]];
  for (ptrdiff_t k = drawn; k < size; k++) z[k] = 0;
  s->own.loss.curvature(size, z, s->weight, 1, q);
  for (ptrdiff_t k = 0; k < drawn; k++) q[k] /= s->chance_of[k];
}

static void set_coordinates(fgd_sample *s, const double *shift, const double *scale) {
  fgd_grams_begin(&s->grams, s->o->team, shift, scale);
  fgd_objective_set_coordinates(&s->own, shift, scale);
}

static double total(const fgd_sample *s, int which) {
  double sum = 0;
  for (ptrdiff_t k = 0; k < s->o->design.parts; k++) sum += s->sums[2 * k + which];
  return sum;
}

static fgd_status draw(fgd_sample *s, fgd_draw kind, double intercept) {
  fgd_objective *o = s->o;
  fgd_team *team = o->team;
  ptrdiff_t parts = o->design.parts, d = o->p->X.d;
  drawing job = {.s = s, .kind = kind, .intercept = intercept};
  fgd_status status;
  if (kind == FGD_DRAW_AGAIN) {
    follow(s);
    return FGD_OK;
  }
  s->draws++;
  ptrdiff_t size = s->size[kind];
  s->fixed = kind == FGD_DRAW_MODEL || kind == FGD_DRAW_DOUBLE;
  if (kind == FGD_DRAW_FIRST || kind == FGD_DRAW_START || !(s->leverage > 0)) {
    if ((status = fgd_team_run(team, sum_part, &job, parts))) return status;
    s->leverage = total(s, 0);
    s->residual = total(s, 1);
  }
  /* so many as there is room for, with some to spare: chances above 1 leave more to the others */
  double wanted = (double)size - 3 * sqrt((double)size), sum;
  job.factor = wanted;
  if ((status = fgd_team_run(team, mix_part, &job, parts))) return status;
  s->leverage = total(s, 1);
  for (int k = 0; (sum = total(s, 0)) > 0 && k < 5; k++) {
    double off = wanted / sum;
    job.factor *= off;
    if (off > 0.9 && off < 1.1) break;
    if ((status = fgd_team_run(team, count_part, &job, parts))) return status;
  }
  if ((status = fgd_team_run(team, pick_part, &job, parts))) return status;
  s->counts[0] = 0;
  for (ptrdiff_t k = 0; k < parts; k++) s->counts[k + 1] += s->counts[k];
  for (ptrdiff_t k = 0; k <= parts; k++) s->counts[k] = smaller(s->counts[k], size);
  layout_own(s, size, s->block);
  if ((status = fgd_team_run(team, copy_part, &job, parts))) return status;
  ptrdiff_t drawn = s->counts[parts];
  size_t row = (size_t)d * fgd_design_element(&o->design);
  memset((char *)s->X + (size_t)drawn * row, 0, (size_t)(size - drawn) * row);
  for (ptrdiff_t k = drawn; k < size; k++) {
    s->y[k] = s->weight[k] = 0;
    if (s->offset) s->offset[k] = 0;
  }
  fgd_objective_begin(&s->own, team);
  s->own.weight_scale[0] = s->own.weight_scale[1] = 1; /* they are shares already */
  set_coordinates(s, o->shift, o->scale);
  if (s->fixed) follow(s);
  return FGD_OK;
}

fgd_status fgd_sample_draw(fgd_sample *s, fgd_draw kind) { return draw(s, kind, 0); }

/* --- leverages: |inv(L) a|^2, estimated as the mean of (w' inv(L) a)^2 over random signs w --------------- */

static void project(fgd_sample *s, const fgd_objective *coordinates, const fgd_factor *F) {
  fgd_objective *o = s->o;
  ptrdiff_t d = o->p->X.d, size = o->size;
  double each = 1 / sqrt((double)FGD_PROJECTIONS), *v = F->r, *origin = o->projection + FGD_PROJECTIONS * d;
  for (ptrdiff_t k = 0; k < FGD_PROJECTIONS; k++) {
    for (ptrdiff_t j = 0; j < size; j++) v[j] = each * sign(s->draws, FGD_PROJECTIONS * j + k);
    F->kernels->backward_solve(size, F->L, size, v);
    origin[k] = fgd_objective_export(coordinates, v, o->coef);
    for (ptrdiff_t j = 0; j < d; j++) o->projection[FGD_PROJECTIONS * j + k] = fmax(-MOST, fmin(o->coef[j], MOST));
  }
  o->project = 1;
}

void fgd_sample_project(fgd_sample *s, const fgd_factor *F) { project(s, s->o, F); }

static fgd_status own_gram(fgd_sample *s, const fgd_gram_plan *plan, double *H) {
  fgd_status status = s->fixed ? FGD_OK : fgd_objective_curvature(&s->own);
  if (!status) status = fgd_design_gram(plan, NULL, s->p.X.n, s->own.q, H);
  for (ptrdiff_t j = 0; j < s->p.X.d; j++) H[j * s->own.size + j] += s->own.lambda[j];
  return status;
}

/* The optimum of the rows drawn, as near as matters: it is some d / 2m from that of all rows. */
static fgd_status fit(fgd_sample *s, fgd_factor *F, double null_cost, double *w, double *work) {
  fgd_oracle sample = fgd_sample_oracle(s);
  sample.separate = NULL;
  sample.gram_fine = NULL; /* a start may be rough */
  fgd_run run = {.oracle = &sample, .null_cost = null_cost, .max_iter = 30, .w = w, .g = s->gradient, .gap = INFINITY,
                 .bare = 1, .enough = 1e-3 * null_cost, .target = 0.04 * null_cost};
  return fgd_newton(&run, F, work);
}

fgd_status fgd_sample_first_look(fgd_sample *s, fgd_factor *F, const fgd_start *null, double *w, double *work,
                                 double *coef, double *intercept, int *fitted) {
  fgd_objective *o = s->o;
  ptrdiff_t d = o->p->X.d;
  double loss;
  *fitted = 0;
  fgd_status status = draw(s, FGD_DRAW_FIRST, null->intercept);
  if (status) return status;
  status = fgd_objective_moments(&s->own, &s->start, NULL, null->intercept, &loss, s->gradient);
  if (status) return status == FGD_NOT_FINITE ? FGD_OK : status; /* the pass over all rows will say where */
  for (ptrdiff_t j = 0; j < d; j++) s->scale[j] = s->start.sd[j] > 0 ? 1 / s->start.sd[j] : 0;
  set_coordinates(s, s->start.mean, s->scale);
  if (w) {
    status = fit(s, F, null->cost, w, work);
    if (status && status != FGD_NOT_FINITE) return status;
    *fitted = !status;
    *intercept = fgd_objective_export(&s->own, w, coef);
  }
  if (!*fitted && (status = own_gram(s, &s->grams.coarse, F->H))) return status;
  fgd_factor_make(F, 0.02);
  project(s, &s->own, F);
  /* A row that differs where all of the sample agree is one of few, and to be kept. */
  double *origin = o->projection + FGD_PROJECTIONS * d;
  for (ptrdiff_t j = 0; j < d; j++)
    if (s->scale[j] == 0)
      for (ptrdiff_t k = 0; k < FGD_PROJECTIONS; k++) {
        double mean = s->start.mean[j], unit = fmin(1e6 / fabs(mean), MOST);
        double *B = &o->projection[FGD_PROJECTIONS * j + k];
        *B = unit * sign(s->draws, FGD_PROJECTIONS * j + k);
        origin[k] -= mean * *B;
      }
  return FGD_OK;
}

fgd_status fgd_sample_shares(fgd_sample *s, double *H) {
  for (ptrdiff_t k = 0; k < s->p.X.n; k++) s->own.q[k] = s->weight[k] > 0 ? s->weight[k] * s->chance_of[k] : 0;
  set_coordinates(s, s->o->shift, s->o->scale);
  return fgd_design_gram(&s->grams.coarse, NULL, s->p.X.n, s->own.q, H);
}

/* --- the oracle ------------------------------------------------------------------------------------------ */

static fgd_status sample_value_grad(void *self, const double *w, double *f, double *g) {
  return fgd_objective_value_grad(&((fgd_sample *)self)->own, w, f, g);
}
static void sample_accept(void *self) { fgd_objective_accept(&((fgd_sample *)self)->own); }
static fgd_status sample_gram(void *self, double *H) { return own_gram(self, &((fgd_sample *)self)->grams.coarse, H); }
static fgd_status sample_gram_fine(void *self, double *H) { return own_gram(self, &((fgd_sample *)self)->grams.fine, H); }
static fgd_status sample_hess_vec(void *self, const double *v, double *Hv) {
  return fgd_objective_hess_vec(&((fgd_sample *)self)->own, NULL, v, Hv);
}
static fgd_status sample_line(void *self, double t, double *f, double *slope) {
  return fgd_objective_line(&((fgd_sample *)self)->own, t, f, slope);
}
static fgd_status sample_dual(void *self, int direct, double *f) {
  return fgd_objective_dual(&((fgd_sample *)self)->own, direct, f);
}
static double sample_reach(void *self) {
  const fgd_sample *s = self;
  double most = 0;
  for (ptrdiff_t i = 0; i < s->p.X.n; i++) most = fmax(most, fabs(s->own.zt[i]));
  return most;
}

static int far_gone(double z) { return exp(-fabs(z)) < FGD_SATURATED; }

/* Is there a row that counts whose own label has all the chance?  Its dual point is too near the end to tell. */
static int some_far_gone(const fgd_objective *o) {
  const fgd_problem *p = o->p;
  for (ptrdiff_t i = 0; i < p->X.n; i++) {
    double y = p->y_code ? p->y_code[i] : p->y_value[i];
    if (far_gone(o->z[i]) && y == (o->z[i] > 0) && !(p->weight && p->weight[i] == 0)) return 1;
  }
  return 0;
}

/* Do the other rows drawn leave no direction that moves none of them?  The factor's matrices are used up. */
static fgd_status hold_back(fgd_sample *s, int *all) {
  for (ptrdiff_t k = 0; k < s->p.X.n; k++) s->own.q[k] = far_gone(s->own.z[k]) ? 0 : s->weight[k];
  fgd_status status = fgd_design_gram(&s->grams.coarse, NULL, s->p.X.n, s->own.q, s->factor->H);
  *all = !status && fgd_rank_full(s->rank, s->factor);
  return status;
}

/* Are all dual points well inside?  Those of rows not drawn do not move. */
static fgd_status sample_separate(void *self, const double *u, double *w, int *found, int *interior) {
  fgd_sample *s = self;
  (void)u, (void)w;
  *found = 0;
  *interior = 1;
  for (ptrdiff_t i = 0; i < s->p.X.n; i++) {
    if (!(s->weight[i] > 0)) continue;
    double p = 1 / (1 + exp(-s->own.z[i])), shift = s->own.q[i] / s->weight[i] * s->own.zt[i];
    if (!(shift <= (1 - INTERIOR) * p && -shift <= (1 - INTERIOR) / (1 + exp(s->own.z[i])))) *interior = 0;
  }
  if (!*interior || !some_far_gone(s->o)) return FGD_OK;
  *interior = 0;
  return s->rank->rank == s->rank->size ? hold_back(s, interior) : FGD_OK;
}

fgd_oracle fgd_sample_oracle(fgd_sample *s) {
  return (fgd_oracle){.self = s, .size = s->o->size, .penalised = s->o->p->X.d, .lambda = s->o->lambda,
                      .value_grad = sample_value_grad, .accept = sample_accept, .gram = sample_gram,
                      .gram_fine = sample_gram_fine, .hess_vec = sample_hess_vec, .line = sample_line,
                      .dual = sample_dual, .reach = sample_reach, .separate = sample_separate};
}
