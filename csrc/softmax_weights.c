/* Weights of Grams, and moments (see softmax_weights.h). */
#include "softmax_weights.h"

#include <string.h>

#include "objective.h"
#include "softmax_pass.h"

void fgd_softmax_weights_layout(fgd_softmax *o, fgd_arena *a) {
  ptrdiff_t d = o->p->X.d;
  o->q = fgd_take_doubles(a, o->p->X.n);
  if (o->p->X.layout == FGD_CSR) o->row = fgd_take_doubles(a, d * o->workers);
  fgd_design_init_many(&o->coarse, &o->p->X, 2);
  o->moments_slot = (3 * d + 1 + 7) / 8 * 8; /* up to three lines of d, and the sum of the weights */
  o->moments = fgd_take_doubles(a, o->moments_slot * o->coarse.parts);
}

typedef struct {
  fgd_softmax *o;
  enum { SHARES, PAIR, SPREAD } weights;
  ptrdiff_t k, l;       /* of a pair */
  const double *centre; /* d: moments are taken about it */
} weighing;

static void weigh_part(void *arg, ptrdiff_t part, int worker) {
  weighing *job = arg;
  fgd_softmax *o = job->o;
  FGD_FOR_BLOCKS(o, part, worker) {
    double *q = o->q + b.first, *share = b.t;
    const double *p = job->weights == SHARES ? NULL : fgd_softmax_base_of(o, &b, b.z);
    for (ptrdiff_t i = 0; i < b.rows; i++) share[i] = 1;
    if (job->weights == PAIR)
      for (ptrdiff_t i = 0; i < b.rows; i++) share[i] = p[job->k * b.rows + i] * p[job->l * b.rows + i];
    if (job->weights == SPREAD) {
      for (ptrdiff_t k = 0; k < o->K; k++)
        for (ptrdiff_t i = 0; i < b.rows; i++) share[i] -= p[k * b.rows + i] * p[k * b.rows + i];
      for (ptrdiff_t i = 0; i < b.rows; i++) share[i] = share[i] > 0 ? share[i] / (double)(o->K - 1) : 0;
    }
    for (ptrdiff_t i = 0; i < b.rows; i++) q[i] = share[i] * b.s[b.s_step ? i : 0];
  }
}

static fgd_status weigh(weighing job) { return fgd_team_run(job.o->team, weigh_part, &job, job.o->design.parts); }

fgd_status fgd_softmax_pair(fgd_softmax *o, ptrdiff_t k, ptrdiff_t l) {
  return weigh((weighing){.o = o, .weights = PAIR, .k = k, .l = l});
}

fgd_status fgd_softmax_spread(fgd_softmax *o) { return weigh((weighing){.o = o, .weights = SPREAD}); }

fgd_status fgd_softmax_shares(fgd_softmax *o) { return weigh((weighing){.o = o, .weights = SHARES}); }

/* Moments with the weights q, and their sum, in the first moments' slot. */
static void moments_part(void *arg, ptrdiff_t part, int worker) {
  weighing *job = arg;
  fgd_softmax *o = job->o;
  const fgd_design *D = &o->coarse;
  ptrdiff_t d = o->p->X.d;
  double *s1 = o->moments + part * o->moments_slot;
  memset(s1, 0, (size_t)o->moments_slot * sizeof *s1);
  FGD_FOR_FIRST_ROWS(D, o->team, part, worker, first, end) {
    ptrdiff_t rows = fgd_block_rows(D, first, end);
    const double *q = o->q + first;
    fgd_design_moments(D, first, rows, q, job->centre, s1, s1 + d, o->row ? o->row + worker * d : NULL);
    s1[3 * d] += fgd_sum(q, rows);
  }
}

static void about_part(void *arg, ptrdiff_t part, int worker) {
  weighing *job = arg;
  fgd_softmax *o = job->o;
  const fgd_design *D = &o->coarse;
  ptrdiff_t d = o->p->X.d;
  double *s1 = o->moments + part * o->moments_slot;
  memset(s1, 0, (size_t)o->moments_slot * sizeof *s1);
  FGD_FOR_FIRST_ROWS(D, o->team, part, worker, first, end) {
    ptrdiff_t rows = fgd_block_rows(D, first, end);
    fgd_design_moments_about(D, first, rows, o->q + first, job->centre, s1 + 2 * d, s1, s1 + d, o->row + worker * d);
  }
}

static fgd_status run_moments(weighing *job, fgd_task task) {
  fgd_softmax *o = job->o;
  fgd_status status = fgd_team_run(o->team, task, job, o->coarse.parts);
  fgd_join(o->moments, o->moments_slot, o->coarse.parts, 0, o->moments_slot);
  o->passes++;
  return status;
}

fgd_status fgd_softmax_moments(fgd_softmax *o, double *mean, double *sd) {
  ptrdiff_t d = o->p->X.d;
  fgd_design_middle(&o->design, mean);
  weighing job = {.o = o, .centre = mean};
  fgd_status status = fgd_softmax_shares(o);
  if (!status) status = run_moments(&job, moments_part);
  if (status || (status = fgd_moments_finish(o->p, o->moments, o->moments + d, mean, sd))) return status;
  if (fgd_moments_doubtful(o->p, mean, sd)) {
    if ((status = run_moments(&job, about_part))) return status;
    fgd_moments_again(o->p, o->moments, mean, sd);
  }
  return FGD_OK;
}

fgd_status fgd_softmax_diagonal(fgd_softmax *o, double *diagonal) {
  ptrdiff_t d = o->p->X.d;
  int sparse = o->p->X.layout == FGD_CSR;
  for (ptrdiff_t j = 0; j < d; j++) diagonal[j] = sparse || !o->shift ? 0 : o->shift[j];
  weighing job = {.o = o, .centre = diagonal};
  fgd_status status = run_moments(&job, moments_part);
  if (status) return status;
  const double *s1 = o->moments, *s2 = s1 + d, total = s1[3 * d];
  for (ptrdiff_t j = 0; j < d; j++) {
    double m = sparse && o->shift ? o->shift[j] : 0, about = s2[j] - m * (2 * s1[j] - m * total);
    diagonal[j] = fgd_curvature_of(about, m, total, o->scale ? o->scale[j] : 1) + o->lambda[j];
  }
  diagonal[d] = total;
  return FGD_OK;
}
