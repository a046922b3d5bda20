/* Evaluations of K classes at given coefficients, without a fit: cost, gradient, products with the Hessian, margins. */
#include "fastgd.h"
#include "softmax.h"

size_t fgd_softmax_cost_work(const fgd_problem *p, int n_threads) {
  fgd_arena a = {NULL, 0};
  fgd_softmax o;
  fgd_softmax_layout(&o, p, FGD_KEEP_NOT, n_threads, &a);
  return a.used;
}

/* Cost and gradient at coef, or (v) the Hessian's product. */
static fgd_status evaluate(const fgd_problem *p, const fgd_guest *guest, const double *coef, const double *v,
                           double *cost, double *out, void *work) {
  fgd_arena a = {work, 0};
  fgd_softmax o;
  fgd_team team;
  fgd_softmax_layout(&o, p, FGD_KEEP_NOT, guest->n_threads, &a);
  fgd_team_start(&team, guest);
  fgd_softmax_begin(&o, &team);
  fgd_status status = v ? fgd_softmax_product(&o, coef, v, out) : fgd_softmax_cost(&o, coef, cost, out);
  fgd_team_stop(&team);
  return status;
}

fgd_status fgd_softmax_cost_at(const fgd_problem *p, const fgd_guest *guest, const double *coef, double *cost,
                               double *grad, void *work) {
  return evaluate(p, guest, coef, NULL, cost, grad, work);
}

fgd_status fgd_softmax_hessian_vector(const fgd_problem *p, const fgd_guest *guest, const double *coef, const double *v,
                                      double *Hv, void *work) {
  return evaluate(p, guest, coef, v, NULL, Hv, work);
}

/* --- margins ----------------------------------------------------------------------------- */

typedef struct {
  fgd_design design;
  fgd_team team;
  ptrdiff_t K;
  const double *coef;
  double *out, *scratch, *across;
  const double *across_or_lines;
} margins_job;

static size_t margins_layout(margins_job *job, const fgd_matrix *X, ptrdiff_t K, int workers, void *work) {
  fgd_arena a = {work, 0};
  fgd_design_init_many(&job->design, X, K);
  job->K = K;
  job->scratch = fgd_take_doubles(&a, job->design.block * K * workers);
  job->across = fgd_take_doubles(&a, fgd_design_is_across(&job->design) ? K * X->d : 0);
  return a.used;
}

size_t fgd_softmax_margins_work(const fgd_matrix *X, ptrdiff_t K, int n_threads) {
  margins_job job;
  return margins_layout(&job, X, K, n_threads, NULL);
}

static void margins_part(void *arg, ptrdiff_t part, int worker) {
  margins_job *job = arg;
  const fgd_design *D = &job->design;
  ptrdiff_t n = D->X->n, K = job->K, end = (part + 1) * D->part < n ? (part + 1) * D->part : n;
  double *z = job->scratch + worker * D->block * K;
  const double *intercept = job->coef + K * D->X->d;
  for (ptrdiff_t first = part * D->part; first < end && !fgd_team_stopped(&job->team, worker); first += D->block) {
    ptrdiff_t rows = end - first < D->block ? end - first : D->block;
    for (ptrdiff_t k = 0; k < K; k++)
      for (ptrdiff_t i = 0; i < rows; i++) z[k * rows + i] = intercept[k];
    fgd_design_margins_many(D, first, rows, K, job->across_or_lines, z);
    for (ptrdiff_t i = 0; i < rows; i++)
      for (ptrdiff_t k = 0; k < K; k++) job->out[(first + i) * K + k] = z[k * rows + i];
  }
}

fgd_status fgd_softmax_margins(const fgd_matrix *X, const fgd_guest *guest, ptrdiff_t K, const double *coef,
                               double *out, void *work) {
  margins_job job;
  margins_layout(&job, X, K, guest->n_threads, work);
  job.coef = job.across_or_lines = coef;
  job.out = out;
  fgd_team_start(&job.team, guest);
  if (fgd_design_is_across(&job.design)) {
    for (ptrdiff_t k = 0; k < K; k++)
      for (ptrdiff_t j = 0; j < X->d; j++) job.across[j * K + k] = coef[k * X->d + j];
    job.across_or_lines = job.across;
  }
  fgd_status status = fgd_team_run(&job.team, margins_part, &job, job.design.parts);
  fgd_team_stop(&job.team);
  return status;
}
