/* The search along the way to a trial that went too far, shared by the solvers that try a full step first. */
#ifndef FGD_LINE_H
#define FGD_LINE_H

#include <float.h>
#include <math.h>

#include "solver.h"

/* t in (0, 1) where the slope of the cost along w - t u has nearly vanished, from the margins of the current point and
 * of the trial at t = 1: no pass.  slope0 < 0 is the slope at 0. */
fgd_status fgd_shorten(const fgd_run *run, const double *u, double slope0, double *t);

/* The trial w - u: *f and g (size) there.  Where its cost is past all measure, u and its slope are shrunk until it is
 * not; *f is infinite if no length serves. */
fgd_status fgd_full_step(const fgd_run *run, double *u, double *slope0, double *trial, double *f, double *g);

/* The same where the penalty along the way is known: at0 + slope t + 1/2 curve t^2. */
typedef struct {
  double at0, slope, curve;
} fgd_penalty_line;
fgd_status fgd_shorten_along(const fgd_run *run, fgd_penalty_line p, double slope0, double *t);

/* Share of the predicted decrease that a step must bring. */
#define FGD_SUFFICIENT 1e-4
/* Share of the cost by which a step may seem to raise it: rounding. */
#define FGD_SLACK 1e-9

/* The distance to a lower bound that is known as a number, not as a sum of small terms: up to its rounding. */
static inline double fgd_above(double cost, double lower) {
  return fmax(cost - lower, 0) + 8 * DBL_EPSILON * fabs(cost);
}

#endif
