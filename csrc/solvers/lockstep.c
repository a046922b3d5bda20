/* Newton's method for several folds side by side, on Hessians of one sample (compare sampled.c).
 *
 * A pass over X costs little more for five points than for one.  Curvatures are those of the folds' mean, for all: they
 * differ from a fold's own by little, limited memory makes up for some of it, and the certificate holds with any. */
#include <string.h>

#include "line.h"
#include "memory.h"

#define SLOW 0.3     /* a decrease over this share of the one before is slow, */
#define PATIENCE 5   /*   and so many slow or failed steps are too many */
#define MOST 20      /* passes for one penalty */
#define ENOUGH 1e-2  /* a fold ends at a gap of this share of the target, */
#define REACH 5e-5   /*   and where no score of the rows it leaves out can be off by more */
#define MANY 6       /* after so many passes for one penalty, or a slow step, a fold goes by its own curvatures; */
#define WORN 7       /*   and after so many the rows drawn serve no longer: the next penalty has others */

typedef struct {
  fgd_run run;             /* w and g with the penalty */
  fgd_memory memory;
  double loss, *slope;     /* without: at w; its gradient */
  double lower, damping, before;
  double predicted, scaled; /* decrease of the step on its way; its square in units of the Hessian's diagonal */
  ptrdiff_t passes, done;  /* for this penalty; penalties finished */
  int poor, open, own;     /* slow or failed steps; not finished; goes by its own curvatures */
} fold;

size_t fgd_lockstep_work(ptrdiff_t count, ptrdiff_t size) {
  size_t numbers = (size_t)count * (size_t)(FGD_MEMORY_WORK(size, FGD_MEMORY) + 5 * size + 1) + (size_t)(3 * size);
  return numbers * sizeof(double) + (size_t)count * (sizeof(fold) + sizeof(ptrdiff_t));
}

/* Cost and gradient with the penalty, from those of the loss. */
static double with_penalty(const fgd_folds_oracle *o, double l2, const double *w, double loss, const double *slope,
                           double *g) {
  double sum = 0;
  memcpy(g, slope, (size_t)o->size * sizeof *g);
  for (ptrdiff_t j = 0; j < o->penalised; j++) {
    double force = l2 * o->unit[j] * w[j];
    sum += force * w[j];
    g[j] += force;
  }
  return loss + 0.5 * sum;
}

/* The next penalty, from where the last one left it. */
static void open_fold(const fgd_folds_oracle *o, fold *f, double l2) {
  f->run.cost = with_penalty(o, l2, f->run.w, f->loss, f->slope, f->run.g);
  f->run.gap = f->before = INFINITY;
  f->lower = -INFINITY;
  f->own = f->own && f->passes > 2;
  f->run.iteration = f->passes = 0;
  f->damping = 0;
  f->poor = 0;
  f->memory.count = 0;
  f->open = 1;
}

/* At its current point: is the fold finished (*arrived), or else what is its trial?  It is given up if there is none
 * (f->open).  work: 3 size numbers. */
static fgd_status turn(const fgd_folds_oracle *o, ptrdiff_t which, fold *f, fgd_factor *F, double *trial, double *work,
                       int *arrived) {
  ptrdiff_t n = o->size;
  double *u = work, *r = work + n, *v = work + 2 * n;
  const double *g = f->run.g;
  *arrived = 0;
  fgd_factor_solve(F, 0, g, u);
  double decrease = 0.5 * fgd_dot(n, g, u);
  if (decrease <= ENOUGH * f->run.target || f->poor) {
    double gap;
    fgd_status status = fgd_certify(o->sample, F, f->run.cost, g, u, r, v, &gap);
    if (status) return status;
    f->lower = fmax(f->lower, f->run.cost - gap);
    f->run.gap = fmin(fmin(gap, f->run.cost), fgd_above(f->run.cost, f->lower));
    *arrived = f->run.gap <= ENOUGH * f->run.target && o->reach(o->self, which) <= REACH;
    if (*arrived) return FGD_OK;
  }
  if (decrease > SLOW * f->before) f->poor++;
  f->before = decrease;
  if (f->damping > 0) fgd_factor_make(F, f->damping);
  fgd_memory_solve(&f->memory, F, f->damping, g, r, u);
  double slope = -fgd_dot(n, g, u);
  if (!(slope < 0)) {
    f->memory.count = 0;
    fgd_memory_solve(&f->memory, F, f->damping, g, r, u);
    slope = -fgd_dot(n, g, u);
  }
  f->predicted = -0.5 * slope;
  f->scaled = 0;
  for (ptrdiff_t j = 0; j < n; j++) f->scaled += F->H[j * n + j] * u[j] * u[j];
  int rounding = !(f->predicted > 1e3 * DBL_EPSILON * f->run.cost);
  f->open = !rounding && f->poor < PATIENCE && f->passes < MOST;
  for (ptrdiff_t j = 0; j < n; j++) trial[j] = f->run.w[j] - u[j];
  return FGD_OK;
}

/* The trial becomes the current point if it is better; else the next step is shorter. */
static int take(const fgd_folds_oracle *o, fold *f, double l2, const double *trial, double loss, const double *slope,
                double *g) {
  size_t bytes = (size_t)o->size * sizeof *g;
  double cost = with_penalty(o, l2, trial, loss, slope, g);
  f->passes++;
  if (!(cost <= f->run.cost - FGD_SUFFICIENT * f->predicted)) {
    /* a parabola's minimum on the way, told to the next step as damping */
    double rise = cost - f->run.cost, t = fmin(fmax(f->predicted / (rise + 2 * f->predicted), 0.1), 0.5);
    double told = f->scaled > 0 ? (1 / t - 1) * 2 * f->predicted / f->scaled : 0;
    f->damping = fmax(told, 2 * f->damping);
    f->before = INFINITY;
    f->poor++;
    return 0;
  }
  double ratio = (f->run.cost - cost) / f->predicted;
  if (ratio < 0.25) f->damping = f->damping > 0 ? 4 * f->damping : 1e-3;
  else if (ratio > 0.75) f->damping = f->damping > 1e-9 ? f->damping / 8 : 0;
  fgd_remember(&f->memory, trial, f->run.w, g, f->run.g);
  memcpy(f->run.w, trial, bytes);
  memcpy(f->run.g, g, bytes);
  memcpy(f->slope, slope, bytes);
  f->loss = loss;
  f->run.cost = cost;
  f->run.iteration++;
  return 1;
}

fgd_status fgd_lockstep(const fgd_lockstep_run *all, fgd_factor *F, double *work) {
  const fgd_folds_oracle *o = all->oracle;
  ptrdiff_t n = o->size, count = o->count, m = count;
  size_t line = (size_t)n * sizeof(double);
  double *w = work, *trial = w + count * n, *slopes = trial + count * n, *slope = slopes + count * n;
  double *g = slope + count * n, *loss = g + count * n, *scratch = loss + count, *memory = scratch + 3 * n;
  fold *folds = (fold *)(memory + count * FGD_MEMORY_WORK(n, FGD_MEMORY));
  ptrdiff_t *which = (ptrdiff_t *)(folds + count);
  int moved = 1, fine = 0, worn = 0;
  for (ptrdiff_t k = 0; k < count; k++) {
    folds[k] = (fold){.run = {.w = w + k * n, .g = g + k * n, .target = fgd_target(all->tol, o->null_cost[k]),
                              .outcome = FGD_CONVERGED},
                      .slope = slope + k * n, .memory = fgd_memory_in(memory + k * FGD_MEMORY_WORK(n, FGD_MEMORY), n, FGD_MEMORY)};
    memcpy(folds[k].run.w, all->w, line);
    which[k] = k;
  }
  fgd_status status = o->values(o->self, m, which, w, loss, slope);
  for (ptrdiff_t k = 0; k < count; k++) folds[k].loss = loss[k];

  for (ptrdiff_t p = 0; p < all->penalties && !status; p++) {
    for (ptrdiff_t k = 0; k < count; k++)
      if (folds[k].done == p) {
        open_fold(o, &folds[k], all->l2[k * all->penalties + p]);
        folds[k].passes = p == 0;
      }
    int fresh = 0;
    do {
      if (worn && !fresh) {
        if ((status = o->draw(o->self, w, F))) return status;
        for (ptrdiff_t k = 0; k < count; k++) folds[k].passes += folds[k].open;
        fresh = moved = 1;
      }
      worn = 0;
      if (moved && (status = o->look(o->self, w, fine))) return status;
      moved = 0;
      m = 0;
      for (ptrdiff_t k = 0; k < count; k++) {
        fold *f = &folds[k];
        if (!f->open) continue;
        double l2 = all->l2[k * all->penalties + p];
        if ((status = o->view(o->self, k, l2, f->own, F->H))) return status;
        fgd_factor_make(F, 0);
        if (!fine && fgd_factor_least(F) < FGD_COARSE) {
          fine = 1;
          if ((status = o->look(o->self, w, fine)) || (status = o->view(o->self, k, l2, f->own, F->H))) return status;
          fgd_factor_make(F, 0);
        }
        int arrived;
        if ((status = turn(o, k, f, F, trial + m * n, scratch, &arrived))) return status;
        if (arrived) {
          all->found(all->self, k, p, &f->run, f->passes);
          f->done++;
          f->open = 0;
        }
        if (f->open) which[m++] = k;
      }
      if (m > 0 && (status = o->values(o->self, m, which, trial, loss, slopes))) return status;
      for (ptrdiff_t i = 0; i < m; i++) {
        ptrdiff_t k = which[i];
        double l2 = all->l2[k * all->penalties + p];
        fold *f = &folds[k];
        moved |= take(o, f, l2, trial + i * n, loss[i], slopes + i * n, scratch);
        if (f->poor || f->passes > MANY) f->own = 1;
        if (f->poor >= PATIENCE - 1) worn = 1;
      }
    } while (m > 0);
    for (ptrdiff_t k = 0; k < count; k++)
      if (folds[k].passes >= WORN + (p == 0)) worn = 1;
  }
  return status;
}
