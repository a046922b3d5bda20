/* Accelerated gradient descent: Nesterov's extrapolation (1983), restarted when the momentum points uphill
 * (O'Donoghue and Candes, 2015), with the step found by backtracking. */
#include <math.h>
#include <string.h>

#include "solver.h"

/* Every so many iterations a longer step is tried and tested against the cost; in between the step is trusted. */
#define TEST_EVERY 10
#define LONGER 1.6

size_t fgd_agd_work(ptrdiff_t size) { return (size_t)(3 * size) * sizeof(double); }

fgd_status fgd_agd(fgd_run *run, double *work) {
  const fgd_oracle *oracle = run->oracle;
  ptrdiff_t n = oracle->size;
  double *x = run->w, *g = run->g, *y = work, *next = work + n, *last = work + 2 * n;
  double t = 1, f, fx;
  fgd_status status;
  run->outcome = FGD_MAX_ITER;
  run->step = run->learning_rate;
  memcpy(y, x, (size_t)n * sizeof *y);
  memcpy(last, x, (size_t)n * sizeof *last);
  for (; run->iteration < run->max_iter; ) {
    if ((status = oracle->value_grad(oracle->self, y, &f, g))) return status;
    if (!isfinite(f)) return FGD_NOT_FINITE;
    double squared = fgd_dot(n, g, g);
    int test = run->iteration % TEST_EVERY == 0;
    if (test && run->iteration) run->step *= LONGER;
    for (;;) {
      for (ptrdiff_t j = 0; j < n; j++) next[j] = y[j] - run->step * g[j];
      if (!test) break;
      if ((status = oracle->value_grad(oracle->self, next, &fx, NULL))) return status;
      if (fx <= f - 0.5 * run->step * squared + 1e-15 * fabs(f) || run->step * squared < 1e-18) break;
      run->step *= 0.5;
    }
    double uphill = 0;
    for (ptrdiff_t j = 0; j < n; j++) uphill += g[j] * (next[j] - x[j]);
    memcpy(last, x, (size_t)n * sizeof *last);
    memcpy(x, next, (size_t)n * sizeof *x);
    run->iteration++;
    double later = 0.5 * (1 + sqrt(1 + 4 * t * t)), momentum = uphill > 0 ? 0 : (t - 1) / later;
    t = uphill > 0 ? 1 : later;
    for (ptrdiff_t j = 0; j < n; j++) y[j] = x[j] + momentum * (x[j] - last[j]);
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
