/* Newton's method on exact Hessians, damped as in a trust region (Levenberg, 1944), certified at the end.
 *
 * A full step is tried first: it costs the same fused pass that its gradient needs.  If it fails, the cost is
 * searched along the kept margins, without a pass, and the damping grows to what that shorter step tells.
 * Once the predicted decrease is below the target, the last factor serves on: near the optimum a step with a
 * slightly stale Hessian gains as many digits as it needs, at one pass instead of a pass and a Gram. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "line.h"

#define SLOW 0.2        /* a decrease over this share of the one before: not the pace of Newton near an optimum */
#define TOO_BRIGHT 4    /* costs that a step predicts to gain: none is negative, so a quarter at most can come */
#define PATIENCE 20     /* steps that fail at any length, one after the other */

size_t fgd_newton_work(ptrdiff_t size) { return (size_t)(5 * size) * sizeof(double); }

/* g' inv(H) g / 2 with the factor at hand, and the step itself */
static double newton_step(const fgd_factor *F, double damping, const double *g, double *u) {
  fgd_factor_solve(F, damping, g, u);
  return 0.5 * fgd_dot(F->size, g, u);
}

fgd_status fgd_form(const fgd_oracle *oracle, fgd_factor *F, double damping, int *fine) {
  fgd_status status;
  F->coarse = !*fine;
  if (!*fine) {
    if ((status = oracle->gram(oracle->self, F->H))) return status;
    fgd_factor_make(F, damping);
    if (!oracle->gram_fine || fgd_factor_least(F) >= FGD_COARSE) return FGD_OK;
    *fine = 1;
    F->coarse = 0;
  }
  if ((status = oracle->gram_fine(oracle->self, F->H))) return status;
  fgd_factor_make(F, damping);
  return FGD_OK;
}

/* Evaluate the current point anew and factor its Hessian. */
static fgd_status evaluate(fgd_run *run, fgd_factor *F, int *fine) {
  const fgd_oracle *oracle = run->oracle;
  fgd_status status = oracle->value_grad(oracle->self, run->w, &run->cost, run->g);
  if (status) return status;
  oracle->accept(oracle->self);
  return fgd_form(oracle, F, 0, fine);
}

/* Bound the gap at the current point from its Hessian, undamped; no loss is negative, and `lower` bounds the infimum. */
static fgd_status certify(fgd_run *run, fgd_factor *F, double damping, double lower, int *fine, double *work) {
  double *u = work, *r = u + 3 * F->size, *v = r + F->size;
  if (run->bare) return FGD_OK;
  if (damping > 0) fgd_factor_make(F, 0);
  fgd_status status = fgd_certify(run->oracle, F, run->cost, run->g, u, r, v, &run->gap);
  if (!status && isnan(run->gap)) { /* its Hessian must be known better */
    *fine = 1;
    if ((status = fgd_form(run->oracle, F, 0, fine))) return status;
    status = fgd_certify(run->oracle, F, run->cost, run->g, u, r, v, &run->gap);
  }
  run->gap = fmin(fmin(run->gap, run->cost), fgd_above(run->cost, lower));
  run->outcome = run->gap <= run->target ? FGD_CONVERGED : FGD_STALLED;
  return status;
}

fgd_status fgd_newton(fgd_run *run, fgd_factor *F, double *work) {
  const fgd_oracle *oracle = run->oracle;
  ptrdiff_t n = oracle->size;
  double *w = run->w, *g = run->g, *u = work, *trial = u + n, *gt = trial + n, *r = gt + n, *v = r + n;
  double damping = 0, lower = -INFINITY; /* of the infimum */
  double asked = 0.05 * run->null_cost;  /* separation was last looked for at this predicted decrease */
  int slow = 0, failed = 0, stuck = 0; /* stuck: rounding is all that is left to gain */
  int finite = oracle->separate == NULL;   /* an optimum is known to exist */
  int fine = 0;                            /* Hessians are summed in double */
  fgd_status status;
  if (!run->ready) {
    if ((status = oracle->value_grad(oracle->self, w, &run->cost, g))) return status;
    if (!isfinite(run->cost)) return FGD_NOT_FINITE;
    oracle->accept(oracle->self);
  }
  if (run->gram_ready) fgd_factor_make(F, damping);
  else if ((status = fgd_form(oracle, F, damping, &fine))) return status;
  double decrease = newton_step(F, damping, g, u);
  int fresh = 1; /* H belongs to the current point */

  for (;;) {
    double floor = 1e-20 * run->cost;
    int deep = stuck || decrease <= fmax(run->enough, floor) || (slow && !run->deep && decrease <= 0.1 * run->target);
    int last = run->iteration >= run->max_iter;
    if (deep && damping > 0) {
      damping = 0;
      fgd_factor_make(F, 0);
      decrease = newton_step(F, 0, g, u);
      continue;
    }
    if (!finite && damping == 0 && (deep || (slow && fresh && decrease < 0.1 * asked))) {
      int found;
      asked = decrease;
      if ((status = oracle->separate(oracle->self, u, w, &found, &finite))) return status;
      if (!finite) {
        if ((status = evaluate(run, F, &fine))) return status;
        if (found) lower = -INFINITY;
        finite = deep && !found; /* all that could be asked has been */
        asked = found ? 0.05 * run->null_cost : asked;
        fresh = 1;
        slow = 0;
        if (found) stuck = 0;
        decrease = newton_step(F, 0, g, u);
        continue;
      }
    }
    if (run->bare && (deep || last)) return FGD_OK;
    if (deep || last) {
      if ((status = certify(run, F, damping, lower, &fine, work))) return status;
      if (last && run->outcome == FGD_STALLED) run->outcome = FGD_MAX_ITER;
      if (run->outcome == FGD_CONVERGED || last || stuck || (fresh && decrease <= floor)) return FGD_OK;
      if (!fresh) {
        if ((status = fgd_form(oracle, F, 0, &fine))) return status;
        fresh = 1;
        decrease = newton_step(F, 0, g, u);
        continue;
      } /* else the prediction was too bright: go on */
    }

    /* Rows far on the wrong side have a gradient and no curvature.  Unchecked, the step goes so far along the columns
     * that they alone have that all margins are lost in rounding. */
    while (decrease > TOO_BRIGHT * run->cost && damping < 1e6) {
      fgd_factor_make(F, damping = fmax(10 * damping, 1e-6));
      decrease = newton_step(F, damping, g, u);
    }

    double ft, slope0 = -fgd_dot(n, g, u), predicted = decrease;
    if (damping > 0) {
      fgd_factor_product(F, u, r);
      predicted = -slope0 - 0.5 * fgd_dot(n, u, r);
    }
    if ((status = fgd_full_step(run, u, &slope0, trial, &ft, gt))) return status;
    if (!isfinite(ft)) {
      run->outcome = FGD_STALLED;
      return FGD_OK;
    }
    if (run->report && damping == 0) {
      double bound;
      if ((status = oracle->dual(oracle->self, 0, &bound))) return status;
      for (ptrdiff_t j = 0; j < oracle->penalised; j++) bound += 0.5 * oracle->lambda[j] * u[j] * u[j];
      double root = sqrt(bound) + sqrt(fgd_noise(oracle, F, run->cost, u, r, v));
      if (run->cost - root * root > lower) lower = run->cost - root * root;
    }

    run->step = 1;
    /* Below the rounding of the cost, a sum of positive terms, the slope at the trial says what it no longer can. */
    int tiny = predicted <= 1e3 * DBL_EPSILON * run->cost;
    int good = ft <= run->cost - FGD_SUFFICIENT * predicted ||
               (tiny && ft <= run->cost + 1e4 * DBL_EPSILON * fabs(run->cost) &&
                fabs(fgd_dot(n, gt, u)) <= 0.9 * fabs(slope0));
    if (good) {
      double ratio = (run->cost - ft) / predicted;
      if (!tiny && ratio < 0.25) damping = damping > 0 ? 4 * damping : 1e-3;
      else if (tiny || ratio > 0.75) damping = damping > 1e-9 ? damping / 8 : 0;
    } else if (tiny) {
      stuck = fresh || last;
      if (stuck) continue;
      if ((status = fgd_form(oracle, F, damping = 0, &fine))) return status;
      fresh = 1;
      decrease = newton_step(F, 0, g, u);
      continue;
    } else {
      double t;
      if ((status = fgd_shorten(run, u, slope0, &t))) return status;
      fgd_factor_product(F, u, r);
      double curved = fgd_dot(n, u, r), weight = 0;
      for (ptrdiff_t j = 0; j < n; j++) weight += F->H[j * n + j] * u[j] * u[j];
      double told = weight > 0 ? (1 / t - 1) * curved / weight : 0;
      damping = told > 2 * damping ? told : 2 * damping;
      run->step = t;
      for (ptrdiff_t j = 0; j < n; j++) trial[j] = w[j] - t * u[j];
      if ((status = oracle->value_grad(oracle->self, trial, &ft, gt))) return status;
      if (!(ft <= run->cost)) { /* no length served: a shorter step, in another direction */
        stuck = ++failed > PATIENCE || last;
        if (stuck) continue;
        if (!(damping >= 1e-3)) damping = 1e-3;
        fgd_factor_make(F, damping *= 100);
        decrease = newton_step(F, damping, g, u);
        continue;
      }
    }

    memcpy(w, trial, (size_t)n * sizeof *w);
    memcpy(g, gt, (size_t)n * sizeof *g);
    run->cost = ft;
    failed = 0;
    oracle->accept(oracle->self);
    run->iteration++;
    run->gap = fmin(run->cost, fgd_above(run->cost, lower));
    if (run->report && run->report(run)) {
      run->outcome = FGD_STOPPED;
      return FGD_OK;
    }

    double before = decrease;
    int full = damping == 0 && good;
    fresh = 0;
    if (full) {
      decrease = newton_step(F, 0, g, u);
      if (decrease <= run->target && decrease <= 0.1 * before) continue;
    }
    if ((status = fgd_form(oracle, F, damping, &fine))) return status;
    fresh = 1;
    decrease = newton_step(F, damping, g, u);
    slow = full && decrease > SLOW * before;
  }
}
