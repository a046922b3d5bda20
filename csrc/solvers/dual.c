/* Newton's method for data with fewer rows than columns, every column penalised: n unknowns instead of d.
 *
 * At the optimum w = inv(Lambda) X' a, with one number for each row, the dual variable a = s (y - p), and the sum of a
 * is 0 if there is an intercept (Kimeldorf and Wahba, 1970).  Among such w the Newton step u = inv(Lambda) X' e from
 * margins with residuals r and curvatures D = S^2 solves
 *     (I + D K) e + D u0 = a + r,    sum e = sum a,    K = X inv(Lambda) X'
 * by a Cholesky factor of I + S K S, whose eigenvalues are at least 1 however dependent the rows are (Rasmussen and
 * Williams, 2006, section 3.4).  X is read to form K, to map a back, and to evaluate what came out: the certificate
 * belongs to these margins, not to K's.  If the rounding of K has led astray, steps go on from the true margins. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "line.h"

#define VECTORS 9
#define MOST_IDLE 8       /* steps in a row that do not halve the predicted decrease: time to look at X */
#define MOST_ROUNDING 0.1 /* then rounds of steps from the true margins gain a digit each */

typedef struct {
  fgd_run *run;
  const fgd_rows_oracle *rows;
  void *self;
  int intercept;
  double *a, *r, *Ka;     /* the point: w = inv(Lambda) X' a; the loss's derivatives there; its margins, X w */
  double *rt;             /* r at the trial */
  double *e, *Ke, e0;     /* the step: a - e, intercept - e0 */
  double *shift;          /* what the step takes off the residuals: a + r - e */
  double *ones;           /* S inv(I + S K S) S 1 */
  double *x;
  double loss, penalty, decrease, rounding;
} dual;

size_t fgd_dual_work(ptrdiff_t n) { return (size_t)(VECTORS * n) * sizeof(double); }

static double sum_of(ptrdiff_t n, const double *x) {
  double sum = 0;
  for (ptrdiff_t i = 0; i < n; i++) sum += x[i];
  return sum;
}

/* Factor at the current point. */
static fgd_status factor(dual *s) {
  fgd_status status = s->rows->factor(s->self, &s->rounding);
  for (ptrdiff_t i = 0; i < s->rows->n; i++) s->ones[i] = 1;
  if (!status) s->rows->solve(s->self, s->ones);
  return status;
}

/* The step from the current point by the last factor; x = K (a + r). */
static fgd_status solve(dual *s) {
  ptrdiff_t n = s->rows->n;
  memcpy(s->shift, s->x, (size_t)n * sizeof *s->x);
  s->rows->solve(s->self, s->shift);
  s->e0 = 0;
  if (s->intercept) {
    double all = sum_of(n, s->ones);
    if (all > 0) s->e0 = (sum_of(n, s->r) - sum_of(n, s->shift)) / all;
  }
  for (ptrdiff_t i = 0; i < n; i++) {
    s->shift[i] += s->e0 * s->ones[i];
    s->e[i] = s->a[i] + s->r[i] - s->shift[i];
  }
  s->decrease = 0.5 * (fgd_dot(n, s->e, s->x) + s->e0 * sum_of(n, s->r));
  return s->rows->product(s->self, s->e, s->Ke);
}

static fgd_status direction(dual *s) {
  for (ptrdiff_t i = 0; i < s->rows->n; i++) s->e[i] = s->a[i] + s->r[i];
  fgd_status status = s->rows->product(s->self, s->e, s->x);
  return status ? status : solve(s);
}

/* a - e is a feasible point of the dual if p' = p - shift / s is: a bound as in certificate.c, where u' Lambda u is
 * e' K e, and noise for what is rounded in K and in X' a. */
static fgd_status certify(dual *s) {
  ptrdiff_t n = s->rows->n;
  double bound, spread = s->rows->spread(s->self, s->e);
  fgd_status status = s->rows->dual(s->self, s->shift, &bound);
  bound += 0.5 * fmax(fgd_dot(n, s->e, s->Ke), 0) + (double)n * DBL_EPSILON * spread * spread;
  double noise = 16 * DBL_EPSILON * DBL_EPSILON * s->run->cost * s->rows->lean, root = sqrt(bound) + sqrt(noise);
  s->run->gap = isnan(root) ? s->run->cost : fmin(root * root, s->run->cost); /* no loss is negative */
  return status;
}

/* Where a leads by X itself: cost, gradient and margins. */
static fgd_status verify(dual *s, int take) {
  fgd_run *run = s->run;
  const fgd_oracle *oracle = run->oracle;
  double cost;
  fgd_status status = s->rows->combine(s->self, s->a, run->w);
  if (!status) status = oracle->value_grad(oracle->self, run->w, &cost, run->g);
  if (status || !take) return status;
  if (!isfinite(cost)) return FGD_NOT_FINITE;
  run->cost = cost;
  oracle->accept(oracle->self);
  if ((status = s->rows->residuals(s->self, 0, &s->loss, s->r))) return status;
  s->penalty = cost - s->loss;
  s->rows->margins(s->self, s->Ka);
  for (ptrdiff_t i = 0; i < s->rows->n && s->intercept; i++) s->Ka[i] -= run->w[oracle->penalised];
  return FGD_OK;
}

/* At the null model, or a step of Newton's method from the margins of the start that the user gave: its w need be no
 * combination of rows. */
static fgd_status begin(dual *s, int warm) {
  fgd_run *run = s->run;
  const fgd_oracle *oracle = run->oracle;
  ptrdiff_t n = s->rows->n;
  double b = s->intercept ? run->w[oracle->penalised] : 0;
  fgd_status status;
  memset(s->a, 0, (size_t)n * sizeof *s->a);
  if ((status = s->rows->residuals(s->self, 0, &s->loss, s->r))) return status;
  if (warm) {
    if ((status = factor(s)) || (status = s->rows->product(s->self, s->r, s->x))) return status;
    s->rows->margins(s->self, s->Ka);
    for (ptrdiff_t i = 0; i < n; i++) s->x[i] += s->Ka[i] -= b;
    if ((status = solve(s))) return status;
    for (ptrdiff_t i = 0; i < n; i++) s->x[i] = s->Ka[i] + s->Ke[i] + s->e0; /* to - K e, which is K a */
    s->rows->move(s->self, 1, s->x);
    if ((status = s->rows->residuals(s->self, 1, &s->loss, s->rt))) return status;
    s->penalty = 0.5 * fgd_dot(n, s->e, s->Ke);
    if (s->loss + s->penalty <= run->null_cost) {
      for (ptrdiff_t i = 0; i < n; i++) {
        s->a[i] = -s->e[i];
        s->Ka[i] = -s->Ke[i];
        s->r[i] = s->rt[i];
      }
      if (s->intercept) run->w[oracle->penalised] -= s->e0;
      oracle->accept(oracle->self);
      run->cost = s->loss + s->penalty;
      return FGD_OK;
    }
    for (ptrdiff_t i = 0; i < n; i++) s->x[i] = s->Ka[i] + b - s->rows->intercept;
    if (s->intercept) run->w[oracle->penalised] = s->rows->intercept;
    s->rows->move(s->self, 1, s->x);
    oracle->accept(oracle->self);
    if ((status = s->rows->residuals(s->self, 0, &s->loss, s->r))) return status;
    run->cost = run->null_cost;
  }
  memset(s->Ka, 0, (size_t)n * sizeof *s->Ka);
  s->penalty = 0;
  return FGD_OK;
}

/* Try the step, or a part of it; afterwards the current point is the better one. */
static fgd_status step(dual *s, int *full) {
  fgd_run *run = s->run;
  const fgd_oracle *oracle = run->oracle;
  ptrdiff_t n = s->rows->n;
  double slope0 = -2 * s->decrease, t = 1, loss, along = fgd_dot(n, s->Ka, s->e), curve = fgd_dot(n, s->e, s->Ke);
  fgd_status status;
  for (ptrdiff_t i = 0; i < n; i++) s->x[i] = s->Ke[i] + s->e0;
  for (;;) {
    s->rows->move(s->self, t, s->x);
    if ((status = s->rows->residuals(s->self, 1, &loss, s->rt))) return status;
    double cost = loss + s->penalty - t * along + 0.5 * t * t * curve;
    double slope = t * curve - along - fgd_dot(n, s->rt, s->x);
    int tiny = s->decrease <= 1e3 * DBL_EPSILON * run->cost; /* the cost's rounding: slopes decide */
    if (t < 1 || cost <= run->cost - FGD_SUFFICIENT * s->decrease || (tiny && fabs(slope) <= 0.9 * fabs(slope0))) {
      run->cost = cost;
      break;
    }
    fgd_penalty_line p = {s->penalty, -along, curve};
    if ((status = fgd_shorten_along(run, p, slope0, &t))) return status;
  }
  s->loss = loss;
  s->penalty = run->cost - loss;
  for (ptrdiff_t i = 0; i < n; i++) {
    s->a[i] -= t * s->e[i];
    s->Ka[i] -= t * s->Ke[i];
    s->r[i] = s->rt[i];
  }
  if (s->intercept) run->w[oracle->penalised] -= t * s->e0;
  oracle->accept(oracle->self);
  run->step = t;
  run->iteration++;
  *full = t == 1;
  return FGD_OK;
}

fgd_status fgd_dual(fgd_run *run, double *work) {
  const fgd_oracle *oracle = run->oracle;
  const fgd_rows_oracle *rows = oracle->rows;
  ptrdiff_t n = rows->n;
  dual s = {.run = run, .rows = rows, .self = oracle->self, .intercept = oracle->size > oracle->penalised};
  double **vectors[VECTORS] = {&s.a, &s.r, &s.Ka, &s.rt, &s.e, &s.Ke, &s.shift, &s.ones, &s.x};
  double left = INFINITY, best = INFINITY; /* the gap at the last look at X; the least predicted decrease since */
  for (int k = 0; k < VECTORS; k++) *vectors[k] = work + k * n;
  int warm = 0, fresh = 1, idle = 0;
  for (ptrdiff_t j = 0; j < oracle->penalised && !warm; j++) warm = run->w[j] != 0;
  fgd_status status = rows->form(s.self);
  if (status || (status = begin(&s, warm)) || (status = factor(&s)) || (status = direction(&s))) return status;
  for (;;) {
    int exact = s.rounding <= MOST_ROUNDING, last = run->iteration >= run->max_iter, full;
    int deep = idle >= MOST_IDLE || !exact || !(s.decrease > fmax(run->enough, 1e-20 * run->cost));
    if (deep || last) {
      if ((status = verify(&s, 1)) || (status = direction(&s)) || (status = certify(&s))) return status;
      run->outcome = run->gap <= run->target ? FGD_CONVERGED : last ? FGD_MAX_ITER : FGD_STALLED;
      if (run->outcome != FGD_STALLED || !exact || !(run->gap < 0.25 * left)) return FGD_OK;
      left = run->gap;
      best = INFINITY;
      fresh = idle = 0;
    }
    if (!fresh && ((status = factor(&s)) || (status = direction(&s)))) return status;
    double before = s.decrease;
    if ((status = step(&s, &full)) || (status = direction(&s))) return status;
    if (run->report) {
      if ((status = certify(&s)) || (status = verify(&s, 0))) return status;
      if (run->report(run)) {
        run->outcome = FGD_STOPPED;
        return FGD_OK;
      }
    }
    /* While steps shrink as they should the factor serves on: it costs far more than the rest of a step. */
    fresh = full && s.decrease <= 0.1 * before;
    idle = s.decrease < 0.5 * best ? 0 : idle + 1;
    best = fmin(best, s.decrease);
  }
}
