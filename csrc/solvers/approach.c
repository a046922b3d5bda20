/* The way to near the optimum (see approach.h).
 *
 * Far out a Newton step is worth little more than any direction like it: curvatures fade on its way, and the products
 * that it was solved for with are forgotten at the next point.  Here each pass makes a step, and what it tells of the
 * curvature is remembered.  A step's length is found on the margins: half a pass finds those of the direction, the
 * other half the gradient. */
#include "approach.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "line.h"
#include "memory.h"

#define MEMORY 8
#define MOST_STEPS 40 /* and Newton's method takes over, as it does */
#define NEAR 1e-3     /*   once the predicted decrease is this share of the cost, */
#define FAR_OFF 10    /*   the target being so many times smaller yet; */
#define ENOUGH 0.3    /*   or this share of the target */
#define LOOK 4        /* steps between looks whether the preconditioner should be another */
#define COUNTS 2      /* a step takes as long as so many rough products */
#define LONGEST 3     /* times the direction's own length */
#define SHORT 0.5     /* below it a parabola is not enough to find the length by */

size_t fgd_approach_work(ptrdiff_t size) { return (size_t)(4 * size + FGD_MEMORY_WORK(size, MEMORY)) * sizeof(double); }

static void scale(ptrdiff_t n, double t, double *u) {
  for (ptrdiff_t j = 0; j < n; j++) u[j] *= t;
}

/* Along the way from w by -u, whose end is the trial: the cost and gradient about where it is lowest, which becomes the
 * trial.  *ft is not below run->cost if no length serves. */
static fgd_status search(fgd_run *run, double *u, double slope0, double *trial, double *ft, double *gt) {
  const fgd_oracle *oracle = run->oracle;
  ptrdiff_t n = oracle->size;
  fgd_status status = fgd_full_step(run, u, &slope0, trial, ft, NULL);
  if (status || !isfinite(*ft)) return status;
  double bent = *ft - run->cost - slope0, t = bent > 0 ? fmin(-0.5 * slope0 / bent, LONGEST) : LONGEST;
  run->step = 1;
  for (int k = 0; k < 2; k++) {
    if ((k || t < SHORT) && (status = fgd_shorten(run, u, slope0, &t))) return status;
    run->step *= t;
    slope0 *= t;
    scale(n, t, u);
    for (ptrdiff_t j = 0; j < n; j++) trial[j] = run->w[j] - u[j];
    if ((status = oracle->along(oracle->self, t, trial, ft, gt))) return status;
    if (*ft <= run->cost + FGD_SUFFICIENT * slope0) break;
  }
  return FGD_OK;
}

fgd_status fgd_approach(fgd_run *run, double *work, double *prepared) {
  const fgd_oracle *oracle = run->oracle;
  ptrdiff_t n = oracle->size;
  double *u = work, *trial = work + n, *gt = work + 2 * n, *q = work + 3 * n, ft;
  fgd_memory m = fgd_memory_in(work + 4 * n, n, MEMORY);
  fgd_status status;
  for (int step = 0; step < MOST_STEPS && run->iteration < run->max_iter; step++) {
    if (step % LOOK == 0) {
      int made;
      fgd_prepare how = run->cost > FGD_CHANGED * *prepared ? FGD_PREPARE_KEEP : FGD_PREPARE_ANEW;
      if ((status = oracle->prepare(oracle->self, how, step ? COUNTS * LOOK : 0, &made))) return status;
      if (made) *prepared = run->cost;
    }
    double slope0 = fgd_memory_direction(&m, oracle, run->g, q, u), decrease = -0.5 * slope0;
    if (!(decrease > ENOUGH * run->target && decrease <= DBL_MAX)) break;
    if (decrease <= NEAR * run->cost && decrease > FAR_OFF * run->target) break;
    if ((status = search(run, u, slope0, trial, &ft, gt))) return status;
    if (!(ft < run->cost)) break;
    fgd_remember(&m, trial, run->w, gt, run->g);
    memcpy(run->w, trial, (size_t)n * sizeof *trial);
    memcpy(run->g, gt, (size_t)n * sizeof *gt);
    run->cost = ft;
    oracle->accept(oracle->self);
    run->iteration++;
    if (run->report && run->report(run)) {
      run->outcome = FGD_STOPPED;
      break;
    }
  }
  return FGD_OK;
}
