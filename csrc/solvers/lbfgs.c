/* Limited-memory BFGS (Liu and Nocedal, 1989).  The full step costs the one pass that its gradient needs; if it goes
 * too far, the step is found on the kept margins.  Certified by conjugate gradients at the end. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "cg.h"
#include "line.h"

#define MEMORY 10

size_t fgd_lbfgs_work(ptrdiff_t size) {
  return (size_t)((2 * MEMORY + FGD_CG_VECTORS + 4) * size) * sizeof(double);
}

typedef struct {
  double *s[MEMORY], *y[MEMORY]; /* steps and changes of the gradient, a ring */
  double sy[MEMORY];
  double *scaled;                /* a vector in the preconditioner */
  ptrdiff_t n, taken;            /* taken: pairs ever stored */
} history;

/* u = B g, B being the approximate inverse Hessian: the two-loop recursion from the scaled preconditioner. */
static void direction(const history *h, const fgd_oracle *oracle, const double *g, double *u) {
  double alpha[MEMORY], gamma = 1;
  ptrdiff_t from = h->taken > MEMORY ? h->taken - MEMORY : 0;
  memcpy(u, g, (size_t)h->n * sizeof *u);
  for (ptrdiff_t k = h->taken; k-- > from;) {
    ptrdiff_t i = k % MEMORY;
    alpha[i] = fgd_dot(h->n, h->s[i], u) / h->sy[i];
    for (ptrdiff_t j = 0; j < h->n; j++) u[j] -= alpha[i] * h->y[i][j];
  }
  if (h->taken > 0) {
    ptrdiff_t i = (h->taken - 1) % MEMORY;
    oracle->precondition(oracle->self, h->y[i], h->scaled);
    gamma = h->sy[i] / fgd_dot(h->n, h->y[i], h->scaled);
  }
  oracle->precondition(oracle->self, u, h->scaled);
  for (ptrdiff_t j = 0; j < h->n; j++) u[j] = gamma * h->scaled[j];
  for (ptrdiff_t k = from; k < h->taken; k++) {
    ptrdiff_t i = k % MEMORY;
    double beta = alpha[i] - fgd_dot(h->n, h->y[i], u) / h->sy[i];
    for (ptrdiff_t j = 0; j < h->n; j++) u[j] += beta * h->s[i][j];
  }
}

fgd_status fgd_lbfgs(fgd_run *run, double *work) {
  const fgd_oracle *oracle = run->oracle;
  ptrdiff_t n = oracle->size;
  double *w = run->w, *g = run->g, *u = work, *trial = work + n, *gt = work + 2 * n, before = INFINITY;
  history h = {.n = n, .scaled = work + 3 * n};
  fgd_cg c;
  fgd_status status;
  int made;
  fgd_cg_layout(&c, n, work + 4 * n);
  for (int k = 0; k < MEMORY; k++) {
    h.s[k] = work + (4 + FGD_CG_VECTORS + 2 * k) * n;
    h.y[k] = h.s[k] + n;
  }
  if (!run->ready) {
    if ((status = oracle->value_grad(oracle->self, w, &run->cost, g))) return status;
    if (!isfinite(run->cost)) return FGD_NOT_FINITE;
    oracle->accept(oracle->self);
  }
  if ((status = oracle->prepare(oracle->self, FGD_PREPARE_ANEW, 0, &made))) return status;
  for (;;) {
    direction(&h, oracle, g, u);
    double slope0 = -fgd_dot(n, g, u), decrease, ft;
    if (!(slope0 < 0 && slope0 >= -DBL_MAX)) { /* pairs that rounding has spoilt: begin a new history */
      h.taken = 0;
      direction(&h, oracle, g, u);
      slope0 = -fgd_dot(n, g, u);
    }
    decrease = -0.5 * slope0;
    int last = run->iteration >= run->max_iter;
    int tiny = !(decrease > 1e-3 * DBL_EPSILON * run->cost);
    int near = decrease <= run->enough && decrease <= 0.1 * before;
    if (near || run->cost <= run->target || tiny || last) {
      before = decrease; /* if the certificate fails, ask again a digit later */
      if ((status = oracle->prepare(oracle->self, FGD_PREPARE_ANEW, 0, &made))) return status;
      fgd_cg_begin(&c, oracle, g);
      if ((status = fgd_cg_certify(&c, run, g, &run->gap, &run->estimate))) return status;
      run->outcome = run->gap <= run->target ? FGD_CONVERGED : last ? FGD_MAX_ITER : FGD_STALLED;
      if (run->outcome != FGD_STALLED || tiny) return FGD_OK;
    }
    if ((status = fgd_full_step(run, u, &slope0, trial, &ft, gt))) return status;
    if (!isfinite(ft)) {
      run->outcome = FGD_STALLED;
      return FGD_OK;
    }
    run->step = 1;
    if (!(ft <= run->cost + FGD_SUFFICIENT * slope0 || fabs(fgd_dot(n, gt, u)) <= 0.5 * fabs(slope0))) {
      double t;
      if ((status = fgd_shorten(run, u, slope0, &t))) return status;
      run->step = t;
      for (ptrdiff_t j = 0; j < n; j++) trial[j] = w[j] - t * u[j];
      if ((status = oracle->value_grad(oracle->self, trial, &ft, gt))) return status;
      if (!(ft <= run->cost + FGD_SLACK * fabs(run->cost))) { /* no length served: what is remembered misleads */
        int forget = h.taken > 0;
        h.taken = 0;
        if ((status = oracle->prepare(oracle->self, FGD_PREPARE_ANEW, 0, &made))) return status;
        if (forget) continue;
        fgd_cg_begin(&c, oracle, g);
        if ((status = fgd_cg_certify(&c, run, g, &run->gap, &run->estimate))) return status;
        run->outcome = run->gap <= run->target ? FGD_CONVERGED : FGD_STALLED;
        return FGD_OK;
      }
    }
    ptrdiff_t slot = h.taken % MEMORY;
    for (ptrdiff_t j = 0; j < n; j++) {
      h.s[slot][j] = trial[j] - w[j];
      h.y[slot][j] = gt[j] - g[j];
    }
    h.sy[slot] = fgd_dot(n, h.s[slot], h.y[slot]);
    if (h.sy[slot] > 0) h.taken++;
    memcpy(w, trial, (size_t)n * sizeof *w);
    memcpy(g, gt, (size_t)n * sizeof *g);
    run->cost = ft;
    oracle->accept(oracle->self);
    run->iteration++;
    if (run->report && run->report(run)) {
      run->outcome = FGD_STOPPED;
      return FGD_OK;
    }
  }
}
