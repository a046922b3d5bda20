/* Newton's method on sampled Hessians, for many more rows than columns.
 *
 * It starts from the optimum of a small sample.  Every pass over all rows then gives the exact cost and gradient;
 * the Hessian comes from rows drawn anew each time, which costs next to nothing, and limited memory (Nocedal, 1980)
 * makes up for what they miss.  The same rows give the certificate: any curvatures do for that (see certificate.c).
 * Where this goes slowly, exact Hessians take over. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "line.h"
#include "memory.h"

#define SLOW 0.3        /* a decrease over this share of the one before is slow, */
#define GOOD 0.1        /*   one below this share is quick, */
#define PATIENCE 3      /*   and so many slow or failed steps are too many */
#define CLOSE 2e-3      /* share of the first predicted decrease at which a sample's own fit ends, */
#define STALE 0.3       /*   and at which its factor serves on */
#define ENOUGH 0.05     /* stop when the predicted decrease is this share of the target, */
#define DEEP 5e-4       /*   or this one, if digits matter; */
#define REACH 1e-4      /*   exact Hessians go on where a margin of the rows drawn can be off by more */

size_t fgd_sampled_work(ptrdiff_t size) {
  return fgd_newton_work(size) + (size_t)(FGD_MEMORY_WORK(size, FGD_MEMORY) + 5 * size) * sizeof(double);
}

/* A sample's own cost with a linear term, under which its gradient at the current point is that of all rows: then its
 * optimum is off by the share of the way that its Hessian is wrong, not by the noise of its gradient (Shamir, Srebro and
 * Zhang, 2014). */
typedef struct {
  const fgd_oracle *sample;
  double *slope;              /* size */
  double from;                /* slope' w where the term is 0: a cost stays about what it is */
  double current, trial;      /* the term at both points */
} tilted;

static fgd_status tilted_value_grad(void *self, const double *w, double *f, double *g) {
  tilted *t = self;
  ptrdiff_t n = t->sample->size;
  fgd_status status = t->sample->value_grad(t->sample->self, w, f, g);
  *f += t->trial = fgd_dot(n, t->slope, w) - t->from;
  if (g)
    for (ptrdiff_t j = 0; j < n; j++) g[j] += t->slope[j];
  return status;
}
static void tilted_accept(void *self) {
  tilted *t = self;
  t->sample->accept(t->sample->self);
  t->current = t->trial;
}
static fgd_status tilted_gram(void *self, double *H) {
  const fgd_oracle *sample = ((tilted *)self)->sample;
  return sample->gram(sample->self, H);
}
static fgd_status tilted_line(void *self, double at, double *f, double *slope) {
  const tilted *t = self;
  fgd_status status = t->sample->line(t->sample->self, at, f, slope);
  *f += t->current + at * (t->trial - t->current);
  *slope += t->trial - t->current;
  return status;
}

/* The optimum of a sample, tilted: the trial, with its cost and gradient. */
static fgd_status leap(const fgd_run *run, fgd_factor *F, double *trial, double *f, double *gt, double *slope,
                       double *work) {
  const fgd_oracle *oracle = run->oracle;
  ptrdiff_t n = oracle->size;
  fgd_status status = oracle->draw(oracle->self, FGD_DRAW_START);
  if (status) return status;
  tilted t = {.sample = oracle->sample, .slope = slope};
  fgd_oracle model = {.self = &t, .size = n, .penalised = oracle->penalised, .lambda = oracle->lambda,
                      .lean = oracle->lean, .value_grad = tilted_value_grad, .accept = tilted_accept,
                      .gram = tilted_gram, .line = tilted_line};
  if ((status = t.sample->value_grad(t.sample->self, run->w, f, gt))) return status;
  t.sample->accept(t.sample->self);
  for (ptrdiff_t j = 0; j < n; j++) slope[j] = run->g[j] - gt[j];
  t.from = fgd_dot(n, slope, run->w);
  if ((status = t.sample->gram(t.sample->self, F->H))) return status;
  fgd_factor_make(F, 0);
  fgd_factor_solve(F, 0, run->g, trial);
  double decrease = 0.5 * fgd_dot(n, run->g, trial);
  memcpy(trial, run->w, (size_t)n * sizeof *trial);
  memcpy(gt, run->g, (size_t)n * sizeof *gt);
  fgd_run inner = {.oracle = &model, .cost = *f, .null_cost = run->null_cost, .max_iter = 30, .w = trial,
                   .g = gt, .gap = INFINITY, .bare = 1, .ready = 1, .gram_ready = 1,
                   .enough = CLOSE * decrease, .target = STALE * decrease};
  if ((status = fgd_newton(&inner, F, work))) return status;
  return oracle->value_grad(oracle->self, trial, f, gt);
}

/* The trial becomes the current point. */
static void move(fgd_run *run, const double *trial, double f, const double *gt) {
  memcpy(run->w, trial, (size_t)run->oracle->size * sizeof *trial);
  memcpy(run->g, gt, (size_t)run->oracle->size * sizeof *gt);
  run->cost = f;
  run->oracle->accept(run->oracle->self);
}

/* A step by the factor and what is remembered, or a shorter one: the trial, with its cost and gradient.  *moved: it is
 * better than the current point.  u, r: size numbers of work. */
static fgd_status step(fgd_run *run, const fgd_factor *F, fgd_memory *m, double *damping, int *poor, double *trial,
                       double *f, double *gt, double *u, double *r, int *moved) {
  const fgd_oracle *oracle = run->oracle;
  const double *w = run->w, *g = run->g;
  ptrdiff_t n = oracle->size;
  fgd_memory_solve(m, F, *damping, g, r, u);
  double slope0 = -fgd_dot(n, g, u);
  if (!(slope0 < 0)) {
    m->count = 0;
    fgd_memory_solve(m, F, *damping, g, r, u);
    slope0 = -fgd_dot(n, g, u);
  }
  double predicted = -0.5 * slope0;
  *moved = 0;
  if (!(predicted > 1e3 * DBL_EPSILON * run->cost)) return FGD_OK;
  for (ptrdiff_t j = 0; j < n; j++) trial[j] = w[j] - u[j];
  if (*poor) oracle->find_leverages(oracle->self, F);
  fgd_status status = oracle->value_grad(oracle->self, trial, f, gt);
  if (status || !isfinite(*f)) return status;
  run->step = 1;
  *moved = *f <= run->cost - FGD_SUFFICIENT * predicted;
  if (*moved) {
    double ratio = (run->cost - *f) / predicted;
    if (ratio < 0.25) *damping = *damping > 0 ? 4 * *damping : 1e-3;
    else if (ratio > 0.75) *damping = *damping > 1e-9 ? *damping / 8 : 0;
    return FGD_OK;
  }
  double t;
  ++*poor;
  if ((status = fgd_shorten(run, u, slope0, &t))) return status;
  fgd_factor_product(F, u, r);
  double curved = fgd_dot(n, u, r), weight = 0;
  for (ptrdiff_t j = 0; j < n; j++) weight += F->H[j * n + j] * u[j] * u[j];
  double told = weight > 0 ? (1 / t - 1) * curved / weight : 0;
  *damping = fmax(told, 2 * *damping);
  run->step = t;
  for (ptrdiff_t j = 0; j < n; j++) trial[j] = w[j] - t * u[j];
  status = oracle->value_grad(oracle->self, trial, f, gt);
  *moved = *f < run->cost;
  return status;
}

fgd_status fgd_sampled(fgd_run *run, fgd_factor *F, double *work) {
  const fgd_oracle *oracle = run->oracle, *sample = oracle->sample;
  ptrdiff_t n = oracle->size;
  double *newton_work = work, *w = run->w, *g = run->g;
  double *u = work + fgd_newton_work(n) / sizeof(double), *trial = u + n, *gt = trial + n, *r = gt + n, *v = r + n;
  fgd_memory m = fgd_memory_in(v + n, n, FGD_MEMORY);
  double damping = 0, lower = -INFINITY, before = INFINITY, share = run->deep ? DEEP : ENOUGH, ft;
  int poor = 0, good = 0, fine = 0;
  fgd_status status;
  if (!run->warm) {
    if ((status = leap(run, F, trial, &ft, gt, u, newton_work))) return status;
    if (ft < run->cost) move(run, trial, ft, gt);
  }

  while (poor < PATIENCE) {
    /* Near the optimum curvatures change little, and rows that served well serve again. */
    fgd_draw kind = good ? FGD_DRAW_AGAIN : poor ? FGD_DRAW_DOUBLE : FGD_DRAW_MODEL;
    if ((status = oracle->draw(oracle->self, kind))) return status;
    if ((status = fgd_form(sample, F, damping, &fine))) return status;
    fgd_factor_solve(F, damping, g, u);
    double decrease = 0.5 * fgd_dot(n, g, u);
    int last = run->iteration >= run->max_iter, near = decrease <= run->target;
    if (damping > 0 && (near || last)) {
      damping = 0;
      fgd_factor_make(F, 0);
      fgd_factor_solve(F, 0, g, u);
      decrease = 0.5 * fgd_dot(n, g, u);
    }
    if (damping == 0 && (near || last || poor || run->report)) {
      double gap;
      if ((status = fgd_certify(sample, F, run->cost, g, u, r, v, &gap))) return status;
      if (isnan(gap)) { /* its factor does not know these rows' Hessian well enough */
        fine = 1;
        continue;
      }
      lower = fmax(lower, run->cost - gap);
      run->gap = fmin(fmin(gap, run->cost), fgd_above(run->cost, lower)); /* no loss is negative */
      int enough = decrease <= share * run->target, interior = 1;
      int far = run->deep && sample->reach(sample->self) > REACH;
      if ((enough || last || (poor && !run->deep)) && run->gap <= run->target) { /* where it is slow, that will do */
        if (oracle->separate) {
          int found;
          if ((status = sample->separate(sample->self, u, w, &found, &interior))) return status;
        }
        if (!interior || (far && !last)) break;
        run->outcome = FGD_CONVERGED;
        return FGD_OK;
      }
      if (decrease <= share * share * run->target) break;
      if (last) {
        run->outcome = FGD_MAX_ITER;
        return FGD_OK;
      }
    }
    int slow = decrease > SLOW * before;
    if (slow && ++poor == PATIENCE) break;
    good = decrease < GOOD * before && before < INFINITY;
    before = decrease;
    int moved = 0;
    if (slow) { /* the cost is not quadratic on the way that is left: nor is a sample's own */
      if ((status = leap(run, F, trial, &ft, gt, u, newton_work))) return status;
      moved = ft < run->cost;
      run->step = 1;
    }
    if (!moved && (status = step(run, F, &m, &damping, &poor, trial, &ft, gt, u, r, &moved))) return status;
    if (!moved) break;
    fgd_remember(&m, trial, w, gt, g);
    move(run, trial, ft, gt);
    run->iteration++;
    run->gap = fmin(run->cost, fgd_above(run->cost, lower));
    if (run->report && run->report(run)) {
      run->outcome = FGD_STOPPED;
      return FGD_OK;
    }
  }
  run->ready = 1;
  run->gram_ready = 0;
  if ((status = fgd_newton(run, F, newton_work)) || oracle->separate) return status;
  /* what the drawn rows proved holds on, where rounding leaves an exact Hessian nothing to say */
  run->gap = fmin(run->gap, fgd_above(run->cost, lower));
  if (run->outcome == FGD_STALLED && run->gap <= run->target) run->outcome = FGD_CONVERGED;
  return FGD_OK;
}
