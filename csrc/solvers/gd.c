/* Gradient descent, the plain rule: w -= alpha dJ/dw, b -= alpha dJ/db. */
#include <math.h>
#include <string.h>

#include "solver.h"

/* A cost this many times the null model's, or above the start this many times in a row, is running away. */
#define RUNAWAY 1e3
#define ABOVE_START 100

size_t fgd_gd_work(ptrdiff_t size) { return (size_t)(2 * size) * sizeof(double); }

fgd_status fgd_gd(fgd_run *run, double *work) {
  const fgd_oracle *oracle = run->oracle;
  ptrdiff_t n = oracle->size;
  double *best = work, best_cost = INFINITY, start = 0;
  fgd_status status;
  run->outcome = FGD_MAX_ITER;
  run->step = run->learning_rate;
  for (int above = 0;; run->iteration++) {
    if ((status = oracle->value_grad(oracle->self, run->w, &run->cost, run->g))) return status;
    if (run->iteration == 0) {
      if (!isfinite(run->cost)) return FGD_NOT_FINITE;
      start = run->cost > run->null_cost ? run->cost : run->null_cost;
    }
    if (run->cost < best_cost) {
      best_cost = run->cost;
      memcpy(best, run->w, (size_t)n * sizeof *best);
    }
    above = run->cost > start ? above + 1 : 0;
    if (!(run->cost <= RUNAWAY * start) || above > ABOVE_START) {
      run->outcome = FGD_DIVERGED;
      memcpy(run->w, best, (size_t)n * sizeof *best);
      return oracle->value_grad(oracle->self, run->w, &run->cost, run->g);
    }
    if (run->iteration > 0 && run->report && run->report(run)) {
      run->outcome = FGD_STOPPED;
      return FGD_OK;
    }
    if (run->iteration == run->max_iter) return FGD_OK;
    for (ptrdiff_t j = 0; j < n; j++) run->w[j] -= run->learning_rate * run->g[j];
  }
}
