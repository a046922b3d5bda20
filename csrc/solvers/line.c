/* The search along a step (see line.h). */
#include "line.h"

#include <math.h>

#define SHRINK 700 /* eighths of any double that leave nothing */

static fgd_penalty_line penalty_along(const fgd_oracle *o, const double *w, const double *u) {
  fgd_penalty_line p = {0};
  for (ptrdiff_t j = 0; j < o->penalised; j++) {
    p.at0 += 0.5 * o->lambda[j] * w[j] * w[j];
    p.slope -= o->lambda[j] * w[j] * u[j];
    p.curve += o->lambda[j] * u[j] * u[j];
  }
  return p;
}

fgd_status fgd_shorten(const fgd_run *run, const double *u, double slope0, double *t) {
  return fgd_shorten_along(run, penalty_along(run->oracle, run->w, u), slope0, t);
}

fgd_status fgd_shorten_along(const fgd_run *run, fgd_penalty_line p, double slope0, double *t_out) {
  const fgd_oracle *oracle = run->oracle;
  double low = 0, high = 1, low_slope = slope0, high_slope = NAN, t = 0.5;
  for (int k = 0; k < 40; k++) {
    double f, slope;
    fgd_status status = oracle->line(oracle->self, t, &f, &slope);
    if (status) return status;
    f += p.at0 + t * (p.slope + 0.5 * t * p.curve);
    slope += p.slope + t * p.curve;
    if (fabs(slope) <= 0.2 * fabs(slope0) && f <= run->cost + FGD_SUFFICIENT * t * slope0) break;
    if (slope > 0 || !(f <= run->cost)) high = t, high_slope = slope;
    else low = t, low_slope = slope;
    double width = high - low;
    t = isfinite(high_slope) && high_slope > 0 ? low - low_slope * width / (high_slope - low_slope) : low + 0.5 * width;
    if (!(t > low + 0.1 * width)) t = low + 0.1 * width;
    if (!(t < high - 0.1 * width)) t = high - 0.1 * width;
  }
  *t_out = t;
  return FGD_OK;
}

fgd_status fgd_full_step(const fgd_run *run, double *u, double *slope0, double *trial, double *f, double *g) {
  const fgd_oracle *oracle = run->oracle;
  double room = 1e3 * (1 + run->cost);
  for (int k = 0; k < SHRINK && fabs(*slope0) <= DBL_MAX; k++) {
    for (ptrdiff_t j = 0; j < oracle->size; j++) trial[j] = run->w[j] - u[j];
    fgd_status status = oracle->value_grad(oracle->self, trial, f, g);
    if (status || *f <= 1e3 * room) return status;
    /* So far that margins overflow, or that a search along them would never come back; far out a cost grows in
     * proportion to the step at least. */
    double factor = isfinite(*f) ? room / *f : 0.125;
    for (ptrdiff_t j = 0; j < oracle->size; j++) u[j] *= factor;
    *slope0 *= factor;
  }
  *f = INFINITY;
  return FGD_OK;
}
