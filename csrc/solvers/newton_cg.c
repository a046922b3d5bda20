/* Truncated Newton: each step solves for the Newton direction by conjugate gradients, only as well as it pays (Dembo,
 * Eisenstat and Steihaug, 1982), for problems whose Hessian is too large to be formed. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "approach.h"
#include "cg.h"
#include "line.h"

#define SLIGHT 0.05 /* share of the target: a decrease of that is no step worth solving for, only the certificate */
#define ASTRAY 8    /* steps in a row to the edge of the trust region, and it is given up */
#define PATIENCE 10 /* steps that fail at any length, one after the other */

size_t fgd_newton_cg_work(ptrdiff_t size) { return (size_t)((FGD_CG_VECTORS + 2) * size) * sizeof(double); }

/* The certificate has solved for a Newton step better than any step before: for one pass it brings many more digits, and
 * the lower bound holds on. */
static fgd_status finish(fgd_run *run, const fgd_cg *c, double *trial, double *gt) {
  const fgd_oracle *oracle = run->oracle;
  ptrdiff_t n = oracle->size;
  double lower = run->cost - run->gap, f;
  for (ptrdiff_t j = 0; j < n; j++) trial[j] = run->w[j] - c->u[j];
  fgd_status status = oracle->value_grad(oracle->self, trial, &f, gt);
  if (status) return status;
  if (!(f <= run->cost)) /* nothing to gain but rounding */
    return oracle->value_grad(oracle->self, run->w, &run->cost, run->g);
  memcpy(run->w, trial, (size_t)n * sizeof *trial);
  memcpy(run->g, gt, (size_t)n * sizeof *gt);
  run->cost = f;
  run->gap = fmin(run->gap, fgd_above(f, lower));
  run->step = 1;
  oracle->accept(oracle->self);
  run->iteration++;
  if (run->report && run->report(run)) run->outcome = FGD_STOPPED;
  return FGD_OK;
}

fgd_status fgd_newton_cg(fgd_run *run, double *work) {
  const fgd_oracle *oracle = run->oracle;
  ptrdiff_t n = oracle->size;
  double *w = run->w, *g = run->g, *trial = work, *gt = work + n, forcing = 0.3, before = INFINITY, radius = INFINITY;
  double stretch = 1; /* how many times the preconditioner's the decrease was that the last solve found */
  fgd_cg c;
  fgd_status status;
  double doubted = INFINITY; /* a certificate failed at ten times this predicted decrease: ask again when it is this */
  int failed = 0, edges = 0, closing = 0, made, stride = oracle->thin ? oracle->most_stride : 1;
  double asked = run->null_cost; /* separation was last looked for at this cost, */
  double prepared = INFINITY;    /*   and a preconditioner made */
  fgd_cg_layout(&c, n, work + 2 * n);
  c.products = 0;
  if (!run->ready) {
    if ((status = oracle->value_grad(oracle->self, w, &run->cost, g))) return status;
    if (!isfinite(run->cost)) return FGD_NOT_FINITE;
    oracle->accept(oracle->self);
  }
  if (oracle->along) {
    if ((status = fgd_approach(run, work + (FGD_CG_VECTORS + 2) * n, &prepared))) return status;
    if (run->outcome == FGD_STOPPED) return FGD_OK;
  }
  for (;;) {
    if (oracle->part && run->cost <= 0.5 * asked) {
      int found;
      if ((status = oracle->part(oracle->self, w, &found))) return status;
      if (found) {
        if ((status = oracle->value_grad(oracle->self, w, &run->cost, g))) return status;
        oracle->accept(oracle->self);
        before = radius = prepared = INFINITY;
      }
      asked = run->cost;
    }
    int astray = edges == ASTRAY;
    fgd_prepare how = astray                               ? FGD_PREPARE_FADED
                      : run->cost > FGD_CHANGED * prepared ? FGD_PREPARE_KEEP
                                                           : FGD_PREPARE_ANEW;
    if ((status = oracle->prepare(oracle->self, how, c.products, &made))) return status;
    if (made) prepared = run->cost;
    if (oracle->thin) oracle->thin(oracle->self, stride);
    fgd_cg_begin(&c, oracle, g);
    c.radius = astray && !failed ? INFINITY : radius;
    double slope0 = 0, decrease = 0.5 * c.rs0 * stretch, length = 0;
    int last = run->iteration >= run->max_iter, tiny = 0, slight = decrease <= fmin(SLIGHT * run->target, doubted);
    if (!slight) {
      if ((status = fgd_cg_run(&c, oracle, stride > 1 ? 0.2 : forcing, 0, 250))) return status;
      slope0 = -fgd_dot(n, g, c.u), decrease = -0.5 * slope0, length = sqrt(c.uMu);
      stretch = fmax(1, decrease / (0.5 * c.rs0));
      tiny = decrease <= FGD_CG_TINY * run->cost;
    }
    int edge = c.edge;
    if ((decrease <= fmin(FGD_CG_ENOUGH * run->target, doubted) && !edge) || run->cost <= run->target || tiny || last) {
      if (oracle->thin) oracle->thin(oracle->self, stride = 1);
      if ((status = oracle->prepare(oracle->self, FGD_PREPARE_LAST, 0, &made))) return status;
      if (made) fgd_cg_restart(&c, oracle);
      if ((status = fgd_cg_certify(&c, run, g, &run->gap, &run->estimate))) return status;
      run->outcome = run->gap <= run->target ? FGD_CONVERGED : last ? FGD_MAX_ITER : FGD_STALLED;
      if (run->outcome == FGD_CONVERGED && !last && run->cost > run->target) return finish(run, &c, trial, gt);
      doubted = 0.1 * decrease;
      slope0 = -fgd_dot(n, g, c.u), decrease = -0.5 * slope0;
      length = c.uMu > 0 ? sqrt(c.uMu) : INFINITY; /* intercepts alone may have been moved, which it does not know */
      tiny = decrease <= FGD_CG_TINY * run->cost;
      if (run->outcome != FGD_STALLED || (tiny && closing++)) return FGD_OK;
      if (tiny) { /* too little to be seen in the cost, but not in the gap */
        if ((status = finish(run, &c, trial, gt)) || run->outcome == FGD_STOPPED) return status;
        continue;
      }
    }

    double ft, predicted = 0.5 * (fgd_dot(n, c.r, c.u) - slope0);
    if ((status = fgd_full_step(run, c.u, &slope0, trial, &ft, gt))) return status;
    if (!isfinite(ft)) {
      run->outcome = FGD_STALLED;
      return FGD_OK;
    }
    run->step = 1;
    int flat = fabs(fgd_dot(n, gt, c.u)) <= 1e-3 * fabs(slope0);
    if (!(ft <= run->cost + FGD_SLACK * fabs(run->cost) && (flat || ft <= run->cost - FGD_SUFFICIENT * predicted))) {
      double t;
      if ((status = fgd_shorten(run, c.u, slope0, &t))) return status;
      run->step = t;
      for (ptrdiff_t j = 0; j < n; j++) trial[j] = w[j] - t * c.u[j];
      if ((status = oracle->value_grad(oracle->self, trial, &ft, gt))) return status;
      if (!(ft <= run->cost + FGD_SLACK * fabs(run->cost))) { /* no length served */
        if (++failed < PATIENCE) {
          radius = 0.01 * fmin(length, radius);
          continue;
        }
        fgd_cg_begin(&c, oracle, g);
        if ((status = fgd_cg_certify(&c, run, g, &run->gap, &run->estimate))) return status;
        run->outcome = run->gap <= run->target ? FGD_CONVERGED : FGD_STALLED;
        return FGD_OK;
      }
    }
    failed = 0;
    /* A trust region in the norm of the preconditioner: far from the optimum the curvature fades on the way, and a
     * direction solved for too well leads astray.  But where rows far out had most of it, each step to the edge frees
     * a few of them at most: there whole directions are searched along, by preconditioners of that moment. */
    if (!astray) edges = edge ? edges + 1 : 0;
    double ratio = run->step < 1 ? 0 : (run->cost - ft) / predicted;
    if (run->step < 1) radius = run->step * length;
    else if (ratio < 0.25 && !tiny) radius = 0.5 * length;
    else if (isinf(radius) || (edge && (ratio > 0.75 || tiny))) radius = 3 * length;
    memcpy(w, trial, (size_t)n * sizeof *w);
    memcpy(g, gt, (size_t)n * sizeof *g);
    run->cost = ft;
    oracle->accept(oracle->self);
    run->iteration++;
    if (run->report && run->report(run)) {
      run->outcome = FGD_STOPPED;
      return FGD_OK;
    }
    /* Solve the better, the faster the predicted decreases shrink. */
    if (decrease > 0.3 * before && stride > 1) stride = (stride + 1) / 2;
    if (isfinite(before)) forcing = fmin(0.3, fmax(1e-3, 0.5 * sqrt(decrease / before)));
    before = decrease;
  }
}
