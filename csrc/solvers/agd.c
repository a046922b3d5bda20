/* Accelerated gradient descent: Nesterov's extrapolation (1983), restarted when the momentum points uphill
 * (O'Donoghue and Candes, 2015), with the step found by backtracking.
 *
 * The usual test of a step needs the cost at a second point, and so a second pass.  Here two gradients that are
 * needed anyway tell as much: a step 1/L is short enough along y' - y as long as
 *     |g' - g|^2 <= L <g' - g, y' - y>,
 * which convexity guarantees for every L above the largest curvature; where it fails the step is taken back. */
#include <math.h>
#include <string.h>

#include "solver.h"

#define EASE 0.98 /* L shrinks by this after each good step, so that it can follow the curvature down */
#define MARGIN 1.1

size_t fgd_agd_work(ptrdiff_t size) { return (size_t)(5 * size) * sizeof(double); }

fgd_status fgd_agd(fgd_run *run, double *work) {
  const fgd_oracle *oracle = run->oracle;
  ptrdiff_t n = oracle->size;
  size_t bytes = (size_t)n * sizeof(double);
  double *x = run->w, *g = run->g, *y = work, *last = work + n, *y0 = work + 2 * n, *g0 = work + 3 * n,
         *x0 = work + 4 * n;
  double t = 1, t0 = 1, f, L = 1 / run->learning_rate;
  fgd_status status;
  run->outcome = FGD_MAX_ITER;
  run->step = 1 / L;
  memcpy(y, x, bytes);
  memcpy(last, x, bytes);
  while (run->iteration < run->max_iter) {
    if ((status = oracle->value_grad(oracle->self, y, &f, g))) return status;
    if (run->iteration == 0 && !isfinite(f)) return FGD_NOT_FINITE;
    if (run->iteration > 0) {
      double change = 0, along = 0;
      for (ptrdiff_t j = 0; j < n; j++) {
        double dg = g[j] - g0[j];
        change += dg * dg;
        along += dg * (y[j] - y0[j]);
      }
      if (!(change <= L * along * (1 + 1e-6)) && change > 1e-28) {
        double told = along > 0 ? MARGIN * change / along : INFINITY;
        L = told > 2 * L ? fmin(told, 16 * L) : 2 * L;
        memcpy(g, g0, bytes);
        memcpy(y, y0, bytes);
        memcpy(x, x0, bytes);
        t = t0;
      } else {
        L *= EASE;
      }
    }
    memcpy(y0, y, bytes);
    memcpy(g0, g, bytes);
    memcpy(x0, x, bytes);
    t0 = t;
    run->step = 1 / L;
    double uphill = 0;
    for (ptrdiff_t j = 0; j < n; j++) {
      last[j] = x[j];
      x[j] = y[j] - run->step * g[j];
      uphill += g[j] * (x[j] - last[j]);
    }
    double later = 0.5 * (1 + sqrt(1 + 4 * t * t)), momentum = uphill > 0 ? 0 : (t - 1) / later;
    t = uphill > 0 ? 1 : later;
    for (ptrdiff_t j = 0; j < n; j++) y[j] = x[j] + momentum * (x[j] - last[j]);
    run->iteration++;
    if (run->report) {
      if ((status = oracle->value_grad(oracle->self, x, &run->cost, g))) return status;
      if (run->report(run)) {
        run->outcome = FGD_STOPPED;
        return FGD_OK;
      }
    }
  }
  return oracle->value_grad(oracle->self, x, &run->cost, g);
}
