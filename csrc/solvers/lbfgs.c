/* Limited-memory BFGS (Liu and Nocedal, 1989).  The full step costs the one pass that its gradient needs; if it goes
 * too far, the step is found on the kept margins.  Certified by conjugate gradients at the end. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "cg.h"
#include "line.h"
#include "memory.h"

size_t fgd_lbfgs_work(ptrdiff_t size) {
  return (size_t)((FGD_CG_VECTORS + 4) * size + FGD_MEMORY_WORK(size, FGD_MEMORY)) * sizeof(double);
}

fgd_status fgd_lbfgs(fgd_run *run, double *work) {
  const fgd_oracle *oracle = run->oracle;
  ptrdiff_t n = oracle->size;
  double *w = run->w, *g = run->g, *u = work, *trial = work + n, *gt = work + 2 * n, before = INFINITY;
  double *q = work + 3 * n;
  fgd_memory m = fgd_memory_in(work + (4 + FGD_CG_VECTORS) * n, n, FGD_MEMORY);
  fgd_cg c;
  fgd_status status;
  int made;
  fgd_cg_layout(&c, n, work + 4 * n);
  if (!run->ready) {
    if ((status = oracle->value_grad(oracle->self, w, &run->cost, g))) return status;
    if (!isfinite(run->cost)) return FGD_NOT_FINITE;
    oracle->accept(oracle->self);
  }
  if ((status = oracle->prepare(oracle->self, FGD_PREPARE_ANEW, 0, &made))) return status;
  for (;;) {
    double slope0 = fgd_memory_direction(&m, oracle, g, q, u), decrease = -0.5 * slope0, ft;
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
        int forget = m.count > 0;
        m.count = 0;
        if ((status = oracle->prepare(oracle->self, FGD_PREPARE_ANEW, 0, &made))) return status;
        if (forget) continue;
        fgd_cg_begin(&c, oracle, g);
        if ((status = fgd_cg_certify(&c, run, g, &run->gap, &run->estimate))) return status;
        run->outcome = run->gap <= run->target ? FGD_CONVERGED : FGD_STALLED;
        return FGD_OK;
      }
    }
    fgd_remember(&m, trial, w, gt, g);
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
