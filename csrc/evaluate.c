/* Entry points of fastgd.h that look once: cost and derivatives at a point, margins, probabilities, a Gram. */
#include <string.h>

#include "blocks.h"
#include "objective.h"

typedef struct {
  fgd_objective o;
  fgd_team team;
  double *theta, *v, *g;
} evaluation;

static size_t evaluation_layout(evaluation *e, const fgd_problem *p, int workers, void *work) {
  fgd_arena a = {work, 0};
  fgd_objective_layout(&e->o, p, 0, workers, &a);
  e->theta = fgd_take_doubles(&a, e->o.size);
  e->v = fgd_take_doubles(&a, e->o.size);
  e->g = fgd_take_doubles(&a, e->o.size);
  return a.used;
}

size_t fgd_cost_work(const fgd_problem *p, int n_threads) {
  evaluation e;
  return evaluation_layout(&e, p, n_threads, NULL);
}

/* At this point, with threads at hand until the end. */
static void begin(evaluation *e, const fgd_problem *p, const fgd_guest *guest, const double *coef, double intercept,
                  void *work) {
  evaluation_layout(e, p, guest->n_threads, work);
  fgd_team_start(&e->team, guest);
  fgd_objective_begin(&e->o, &e->team);
  fgd_objective_import(&e->o, coef, intercept, e->theta);
}

/* What was found by coordinate is handed over, if anybody wants it. */
static void end(evaluation *e, double *out, double *out_intercept) {
  const fgd_problem *p = e->o.p;
  fgd_team_stop(&e->team);
  if (!out) return;
  memcpy(out, e->g, (size_t)p->X.d * sizeof *out);
  *out_intercept = p->fit_intercept ? e->g[p->X.d] : 0;
}

fgd_status fgd_cost(const fgd_problem *p, const fgd_guest *guest, const double *coef, double intercept, double *cost,
                    double *grad, double *grad_intercept, void *work) {
  evaluation e;
  begin(&e, p, guest, coef, intercept, work);
  fgd_status status = fgd_objective_value_grad(&e.o, e.theta, cost, grad ? e.g : NULL);
  end(&e, grad, grad_intercept);
  return status;
}

size_t fgd_hessian_vector_work(const fgd_problem *p, int n_threads) { return fgd_cost_work(p, n_threads); }

fgd_status fgd_hessian_vector(const fgd_problem *p, const fgd_guest *guest, const double *coef, double intercept,
                              const double *v, double v_intercept, double *Hv, double *Hv_intercept, void *work) {
  evaluation e;
  begin(&e, p, guest, coef, intercept, work);
  fgd_objective_import(&e.o, v, v_intercept, e.v);
  fgd_status status = fgd_objective_hess_vec(&e.o, e.theta, e.v, e.g);
  end(&e, Hv, Hv_intercept);
  return status;
}

typedef struct {
  fgd_design design;
  fgd_team team;
  const double *coef, *offset, *weight;
  double intercept, *out;
  double *sums, *rows; /* 2 d for each part and 2 blocks for each worker; or NULL */
  int not_finite; /* some margin was, where they are not kept to be looked at */
} margins_job;

/* Third derivatives of the log loss and weights, times their rows. */
static void sums_block(margins_job *job, ptrdiff_t first, ptrdiff_t rows, double *sums, double *scratch) {
  const double one = 1;
  double *third = scratch, *p = scratch + FGD_MAX_BLOCK;
  const fgd_kernels *kernels = job->design.kernels;
  const double *s = job->weight ? job->weight + first : &one;
  kernels->logistic_curvature(rows, job->out + first, s, job->weight != NULL, third);
  kernels->sigmoid(rows, job->out + first, p);
  for (ptrdiff_t k = 0; k < rows; k++) third[k] *= 1 - 2 * p[k];
  fgd_design_gradient(&job->design, first, rows, third, sums);
  for (ptrdiff_t k = 0; k < rows; k++) p[k] = job->weight ? s[k] : 1;
  fgd_design_gradient(&job->design, first, rows, p, sums + job->design.X->d);
}

static void margins_part(void *arg, ptrdiff_t part, int worker) {
  margins_job *job = arg;
  double *sums = job->sums ? job->sums + part * 2 * job->design.X->d : NULL;
  if (sums) memset(sums, 0, (size_t)(2 * job->design.X->d) * sizeof *sums);
  FGD_FOR_FIRST_ROWS(&job->design, &job->team, part, worker, i, end) {
    ptrdiff_t rows = fgd_block_rows(&job->design, i, end);
    for (ptrdiff_t k = i; k < i + rows; k++) job->out[k] = job->intercept + (job->offset ? job->offset[k] : 0);
    if (!sums) {
      fgd_design_margins_only(&job->design, i, rows, job->coef, job->out + i);
      continue;
    }
    fgd_design_margins(&job->design, i, rows, job->coef, job->out + i);
    sums_block(job, i, rows, sums, job->rows + worker * 2 * FGD_MAX_BLOCK);
  }
}

fgd_status fgd_margins(const fgd_matrix *X, const fgd_guest *guest, const double *coef, double intercept,
                       const double *offset, double *out) {
  margins_job job = {.coef = coef, .offset = offset, .intercept = intercept, .out = out};
  fgd_design_init(&job.design, X);
  fgd_team_start(&job.team, guest);
  fgd_status status = fgd_team_run(&job.team, margins_part, &job, job.design.parts);
  fgd_team_stop(&job.team);
  return status;
}

static size_t margins_layout(margins_job *job, const fgd_matrix *X, int workers, void *work) {
  fgd_arena a = {work, 0};
  fgd_design_init_many(&job->design, X, 2);
  job->sums = fgd_take_doubles(&a, job->design.parts * 2 * X->d);
  job->rows = fgd_take_doubles(&a, (ptrdiff_t)workers * 2 * FGD_MAX_BLOCK);
  return a.used;
}

size_t fgd_margins_sums_work(const fgd_matrix *X, int n_threads) {
  margins_job job;
  return margins_layout(&job, X, n_threads, NULL);
}

fgd_status fgd_margins_sums(const fgd_matrix *X, const fgd_guest *guest, const double *coef, double intercept,
                            const double *offset, const double *weight, double *out, double *sums, void *work) {
  margins_job job = {.coef = coef, .offset = offset, .weight = weight, .intercept = intercept, .out = out};
  margins_layout(&job, X, guest->n_threads, work);
  fgd_team_start(&job.team, guest);
  fgd_status status = fgd_team_run(&job.team, margins_part, &job, job.design.parts);
  fgd_team_stop(&job.team);
  for (ptrdiff_t j = 0; j < 2 * X->d; j++) {
    sums[j] = 0;
    for (ptrdiff_t part = 0; part < job.design.parts; part++) sums[j] += job.sums[part * 2 * X->d + j];
  }
  return status;
}

/* Margins of a block, and both probabilities while they are in cache: each from its own side, so that the smaller one
 * keeps its digits. */
static void probabilities_part(void *arg, ptrdiff_t part, int worker) {
  margins_job *job = arg;
  double z[FGD_MAX_BLOCK], p[FGD_MAX_BLOCK], *out = job->out;
  const fgd_kernels *kernels = job->design.kernels;
  FGD_FOR_FIRST_ROWS(&job->design, &job->team, part, worker, i, end) {
    ptrdiff_t rows = fgd_block_rows(&job->design, i, end);
    for (ptrdiff_t k = 0; k < rows; k++) z[k] = job->intercept + (job->offset ? job->offset[i + k] : 0);
    fgd_design_margins_only(&job->design, i, rows, job->coef, z);
    if (fgd_first_not_finite(rows, z) >= 0) __atomic_store_n(&job->not_finite, 1, __ATOMIC_RELAXED);
    kernels->sigmoid(rows, z, p);
    for (ptrdiff_t k = 0; k < rows; k++) out[2 * (i + k) + 1] = p[k], z[k] = -z[k];
    kernels->sigmoid(rows, z, p);
    for (ptrdiff_t k = 0; k < rows; k++) out[2 * (i + k)] = p[k];
  }
}

fgd_status fgd_probabilities(const fgd_matrix *X, const fgd_guest *guest, const double *coef, double intercept,
                             const double *offset, double *out) {
  margins_job job = {.coef = coef, .offset = offset, .intercept = intercept, .out = out};
  fgd_design_init(&job.design, X);
  fgd_team_start(&job.team, guest);
  fgd_status status = fgd_team_run(&job.team, probabilities_part, &job, job.design.parts);
  fgd_team_stop(&job.team);
  return status ? status : job.not_finite ? FGD_NOT_FINITE : FGD_OK;
}

typedef struct {
  fgd_design design;
  fgd_gram_plan plan;
  double *shift, *scale;
} gram_call;

static size_t gram_layout(gram_call *c, const fgd_matrix *X, ptrdiff_t count, int ones, int workers, void *work) {
  fgd_arena a = {work, 0};
  fgd_design_init(&c->design, X);
  c->shift = fgd_take_doubles(&a, X->d);
  c->scale = fgd_take_doubles(&a, X->d);
  fgd_gram_plan_layout(&c->plan, &c->design, count, ones, ones || X->dtype == FGD_F64, workers, &a);
  return a.used;
}

size_t fgd_gram_work(const fgd_matrix *X, ptrdiff_t count, int ones, int n_threads) {
  gram_call c;
  return gram_layout(&c, X, count, ones, n_threads, NULL);
}

fgd_status fgd_gram(const fgd_matrix *X, const fgd_guest *guest, const ptrdiff_t *rows, ptrdiff_t count,
                    const double *q, const double *shift, const double *scale, int ones, double *G, void *work) {
  gram_call c;
  fgd_team team;
  gram_layout(&c, X, count, ones, guest->n_threads, work);
  for (ptrdiff_t j = 0; j < X->d; j++) c.shift[j] = shift ? shift[j] : 0, c.scale[j] = scale ? scale[j] : 1;
  fgd_team_start(&team, guest);
  c.plan.team = &team;
  c.plan.shift = c.shift;
  c.plan.scale = c.scale;
  fgd_status status = fgd_design_gram(&c.plan, rows, count, q, G);
  fgd_team_stop(&team);
  return status;
}
