/* Newton's method for data with fewer rows than columns, every column penalised: n unknowns instead of d, or n for each
 * class.
 *
 * At the optimum w = inv(Lambda) X' a, with one number for each row, the dual variable a = s (y - p), and the sum of a
 * is 0 if there is an intercept (Kimeldorf and Wahba, 1970).  Among such w the Newton step u = inv(Lambda) X' e from
 * margins with residuals r and curvatures D solves
 *     (I + D K) e + D u0 = a + r,    sum e = sum a,    K = X inv(Lambda) X'.
 * One line: D = S^2 is diagonal, and a Cholesky factor of I + S K S, whose eigenvalues are at least 1 however dependent
 * the rows are, solves it (Rasmussen and Williams, 2006, section 3.4).  Several lines: D couples the classes of a row.
 * Conjugate gradients solve it, in the inner product e' K e, where the operator is symmetric, preconditioned by such a
 * factor for the mean curvature of each row.  X is read to form K, to map a back, and to evaluate what came out: the
 * certificate belongs to these margins, not to K's.  If the rounding of K has led astray, steps go on from the true
 * margins. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "line.h"

#define VECTORS 10
#define MORE 6            /* of conjugate gradients */
#define MOST_IDLE 8       /* steps in a row that do not halve the predicted decrease: time to look at X */
#define MOST_ROUNDING 0.1 /* then rounds of steps from the true margins gain a digit each */
#define LEAST 1e-6        /* part of a step that is one */
#define MOST_PRODUCTS 500
#define NEAR 0.1 /* share of the target: so near, steps of several lines are solved for well */

/* Each array has `all` = n lines numbers, line after line, and behind them one for each line's intercept. */
typedef struct {
  fgd_run *run;
  const fgd_rows_oracle *rows;
  void *self;
  ptrdiff_t n, lines, all;
  int intercept;
  double *a, *r, *Ka;  /* the point: w = inv(Lambda) X' a, and intercepts; the loss's derivatives there; X w */
  double *rt;          /* r at the trial */
  double *e, *Ke;      /* the step: a - e, intercepts - those of e */
  double *shift;       /* what the step takes off the residuals: a + r - e */
  double *ones, every; /* S inv(I + S K S) S 1, and its sum */
  double *left, *x;    /* what is left of a + r, and K times that */
  double *Kleft, *z, *p, *Kp, *Hp, *KHp; /* several lines */
  double loss, penalty, decrease, rounding;
} dual;

static size_t vectors(ptrdiff_t lines) { return lines > 1 ? VECTORS + MORE : VECTORS; }

size_t fgd_dual_work(ptrdiff_t n, ptrdiff_t lines) {
  return vectors(lines) * (size_t)(n * lines + lines) * sizeof(double);
}

static double sum_of(ptrdiff_t n, const double *x) {
  double sum = 0;
  for (ptrdiff_t i = 0; i < n; i++) sum += x[i];
  return sum;
}

/* Each line's sum, where there are intercepts. */
static void line_sums(const dual *s, const double *x, double *sums) {
  for (ptrdiff_t k = 0; k < s->lines; k++) sums[k] = s->intercept ? sum_of(s->n, x + k * s->n) : 0;
}

/* out = x and for each line a constant */
static void lifted(const dual *s, const double *x, const double *constants, double *out) {
  for (ptrdiff_t k = 0; k < s->lines; k++)
    for (ptrdiff_t i = k * s->n; i < (k + 1) * s->n; i++) out[i] = (x ? x[i] : 0) + constants[k];
}

/* The current point has changed. */
static fgd_status look(dual *s) { return s->rows->look ? s->rows->look(s->self) : FGD_OK; }

/* Factor at the current point. */
static fgd_status factor(dual *s) {
  fgd_status status = s->rows->factor(s->self, &s->rounding);
  for (ptrdiff_t i = 0; i < s->n; i++) s->ones[i] = 1;
  if (!status) status = s->rows->solve(s->self, 1, s->ones);
  s->every = sum_of(s->n, s->ones);
  return status;
}

/* The step e for a right-hand side and its product with K, by the last factor; shift (maybe e) = rhs - e. */
static fgd_status divide(dual *s, const double *rhs, const double *Krhs, double *shift, double *e) {
  ptrdiff_t n = s->n;
  memcpy(shift, Krhs, (size_t)s->all * sizeof *shift);
  fgd_status status = s->rows->solve(s->self, s->lines, shift);
  for (ptrdiff_t k = 0; k < s->lines; k++) {
    double e0 = 0;
    if (s->intercept && s->every > 0) e0 = (rhs[s->all + k] - sum_of(n, shift + k * n)) / s->every;
    for (ptrdiff_t i = 0; i < n; i++) {
      double *at = shift + k * n + i, taken = *at + e0 * s->ones[i];
      *at = taken;
      e[k * n + i] = rhs[k * n + i] - taken;
    }
    e[s->all + k] = e0;
  }
  return status;
}

/* Ke, and beside it the constants of e. */
static fgd_status product(dual *s, const double *e, double *Ke) {
  memcpy(Ke + s->all, e + s->all, (size_t)s->lines * sizeof *e);
  return s->rows->product(s->self, e, Ke);
}

/* From left and x, by the last factor. */
static fgd_status solve(dual *s) {
  fgd_status status = divide(s, s->left, s->x, s->shift, s->e);
  s->decrease = 0.5 * fgd_dot(s->all + s->lines, s->e, s->x);
  return status ? status : product(s, s->e, s->Ke);
}

/* Conjugate gradients from left and x, until the residual is `relative` of the first, in the preconditioner, or
 * (part > 0) what it adds to the certificate is below that. */
static fgd_status conjugate(dual *s, double relative, double part) {
  ptrdiff_t all = s->all, count = all + s->lines;
  size_t bytes = (size_t)count * sizeof(double);
  double *r = s->left, *Kr = s->Kleft, rs, rs0, gained = 0;
  fgd_status status;
  memset(s->e, 0, bytes);
  memset(s->Ke, 0, bytes);
  memcpy(Kr, s->x, bytes);
  if ((status = divide(s, r, Kr, s->z, s->p)) || (status = product(s, s->p, s->Kp))) return status;
  rs = rs0 = fgd_dot(count, Kr, s->p);
  for (int k = 1; k <= MOST_PRODUCTS && rs > relative * relative * rs0 && rs > DBL_MIN; k++) {
    if (part > 0 && 0.5 * fgd_dot(all, r, Kr) <= part) break;
    lifted(s, s->Kp, s->p + all, s->Hp);
    if ((status = s->rows->bend(s->self, s->Hp, s->Hp))) return status;
    line_sums(s, s->Hp, s->Hp + all);
    if ((status = product(s, s->Hp, s->KHp))) return status;
    for (ptrdiff_t i = 0; i < all; i++) {
      s->Hp[i] += s->p[i];
      s->KHp[i] += s->Kp[i];
    }
    double curved = fgd_dot(count, s->Kp, s->Hp), alpha = rs / curved, gain = alpha * rs;
    if (!(curved > 0)) break;
    gained += gain;
    for (ptrdiff_t i = 0; i < count; i++) {
      s->e[i] += alpha * s->p[i];
      s->Ke[i] += alpha * s->Kp[i];
      r[i] -= alpha * s->Hp[i];
      Kr[i] -= alpha * s->KHp[i];
    }
    if ((status = divide(s, r, Kr, s->Hp, s->z)) || (status = product(s, s->z, s->KHp))) return status;
    double next = fgd_dot(count, Kr, s->z), beta = next / rs;
    rs = next;
    for (ptrdiff_t i = 0; i < count; i++) {
      s->p[i] = s->z[i] + beta * s->p[i];
      s->Kp[i] = s->KHp[i] + beta * s->Kp[i];
    }
    if (part == 0 && (double)k * gain <= relative * gained) break; /* as in cg.c */
  }
  s->decrease = 0.5 * fgd_dot(count, s->e, s->x);
  return FGD_OK;
}

static fgd_status direction(dual *s, double relative, double part) {
  for (ptrdiff_t i = 0; i < s->all; i++) s->left[i] = s->a[i] + s->r[i];
  line_sums(s, s->r, s->left + s->all);
  fgd_status status = product(s, s->left, s->x);
  return status ? status : s->lines == 1 ? solve(s) : conjugate(s, relative, part);
}

/* shift (several lines): what the step takes off the residuals, with intercepts, kept beside z, whose equations hold to
 * rounding, since they have no penalty: conjugate gradients on them alone. */
static fgd_status settle(dual *s, int *settled) {
  ptrdiff_t all = s->all, lines = s->lines;
  double *e0 = s->z + all, *rho = s->Kleft + all, *p = s->p + all, *Mp = s->Hp + all, most = 0;
  fgd_status status;
  memcpy(e0, s->e + all, (size_t)lines * sizeof *e0);
  for (int round = 0;; round++) {
    lifted(s, s->Ke, e0, s->shift);
    if ((status = s->rows->bend(s->self, s->shift, s->shift))) return status;
    line_sums(s, s->r, p);
    line_sums(s, s->shift, rho);
    most = 0;
    for (ptrdiff_t k = 0; k < lines; k++) {
      p[k] = rho[k] = p[k] - rho[k];
      most = fmax(most, fabs(rho[k]));
    }
    double rr = fgd_dot(lines, rho, rho), enough = DBL_EPSILON * DBL_EPSILON * s->run->cost;
    if (rr <= enough || round == 3) break;
    for (ptrdiff_t step = 0; step < 2 * lines && rr > enough; step++) {
      lifted(s, NULL, p, s->Hp);
      if ((status = s->rows->bend(s->self, s->Hp, s->Hp))) return status;
      line_sums(s, s->Hp, Mp);
      double curved = fgd_dot(lines, p, Mp), alpha = rr / curved;
      if (!(curved > 0)) break;
      for (ptrdiff_t k = 0; k < lines; k++) {
        e0[k] += alpha * p[k];
        rho[k] -= alpha * Mp[k];
      }
      double next = fgd_dot(lines, rho, rho);
      for (ptrdiff_t k = 0; k < lines; k++) p[k] = rho[k] + next / rr * p[k];
      rr = next;
    }
  }
  *settled = most <= 1e-10 * sqrt(2 * s->run->cost);
  return FGD_OK;
}

/* a - e is a feasible point of the dual if p' = p - shift / s is: a bound as in certificate.c, where u' Lambda u is
 * e' K e, and noise for what is rounded in K and in X' a.  Several lines: e is what belongs to shift, whatever that is. */
static fgd_status certify(dual *s) {
  double bound, *e = s->e, *Ke = s->Ke;
  fgd_status status;
  int settled = 1;
  if (s->lines > 1) {
    if ((status = settle(s, &settled))) return status;
    e = s->z;
    Ke = s->KHp;
    for (ptrdiff_t i = 0; i < s->all; i++) e[i] = s->a[i] + s->r[i] - s->shift[i];
    if ((status = product(s, e, Ke))) return status;
  }
  status = s->rows->dual(s->self, s->shift, &bound);
  bound += 0.5 * fmax(fgd_dot(s->all, e, Ke), 0) + (double)s->n * DBL_EPSILON * s->rows->spread(s->self, e);
  double noise = 16 * DBL_EPSILON * DBL_EPSILON * (s->run->cost * s->rows->lean + s->rows->spread(s->self, s->a));
  double root = sqrt(bound) + sqrt(noise);
  s->run->gap = isnan(root) || !settled ? s->run->cost : fmin(root * root, s->run->cost); /* no loss is negative */
  return status;
}

/* Where a leads by X itself: cost, gradient and margins. */
static fgd_status verify(dual *s, int take) {
  fgd_run *run = s->run;
  const fgd_oracle *oracle = run->oracle;
  double cost, *b = s->a + s->all;
  fgd_status status = s->rows->combine(s->self, s->a, b, run->w);
  if (!status) status = oracle->value_grad(oracle->self, run->w, &cost, run->g);
  if (status || !take) return status;
  if (!isfinite(cost)) return FGD_NOT_FINITE;
  run->cost = cost;
  oracle->accept(oracle->self);
  if ((status = s->rows->residuals(s->self, 0, &s->loss, s->r)) || (status = look(s))) return status;
  s->penalty = cost - s->loss;
  s->rows->margins(s->self, s->Ka);
  for (ptrdiff_t k = 0; k < s->lines; k++)
    for (ptrdiff_t i = 0; i < s->n && s->intercept; i++) s->Ka[k * s->n + i] -= b[k];
  return FGD_OK;
}

/* At the null model, or a step from the margins of the start that the user gave: its w need be no combination of
 * rows. */
static fgd_status begin(dual *s, int warm) {
  fgd_run *run = s->run;
  const fgd_oracle *oracle = run->oracle;
  ptrdiff_t all = s->all;
  double *b = s->a + all;
  fgd_status status;
  memset(s->a, 0, (size_t)all * sizeof *s->a);
  s->rows->intercepts(s->self, run->w, b);
  if ((status = s->rows->residuals(s->self, 0, &s->loss, s->r)) || (status = look(s))) return status;
  if (warm) {
    memcpy(s->left, s->r, (size_t)all * sizeof *s->r);
    line_sums(s, s->r, s->left + all);
    if ((status = factor(s)) || (status = product(s, s->left, s->x))) return status;
    s->rows->margins(s->self, s->Ka);
    for (ptrdiff_t k = 0; k < s->lines; k++)
      for (ptrdiff_t i = k * s->n; i < (k + 1) * s->n; i++) s->x[i] += s->Ka[i] -= b[k];
    if ((status = solve(s))) return status;
    lifted(s, s->Ke, s->e + all, s->x);
    for (ptrdiff_t i = 0; i < all; i++) s->x[i] += s->Ka[i]; /* to - K e, which is K a */
    s->rows->move(s->self, 1, s->x);
    if ((status = s->rows->residuals(s->self, 1, &s->loss, s->rt))) return status;
    s->penalty = 0.5 * fgd_dot(all, s->e, s->Ke);
    if (s->loss + s->penalty <= run->null_cost) {
      for (ptrdiff_t i = 0; i < all; i++) {
        s->a[i] = -s->e[i];
        s->Ka[i] = -s->Ke[i];
        s->r[i] = s->rt[i];
      }
      for (ptrdiff_t k = 0; k < s->lines && s->intercept; k++) b[k] -= s->e[all + k];
      oracle->accept(oracle->self);
      run->cost = s->loss + s->penalty;
      return look(s);
    }
    for (ptrdiff_t k = 0; k < s->lines; k++) {
      double null = s->intercept ? s->rows->intercept[k] : 0;
      for (ptrdiff_t i = k * s->n; i < (k + 1) * s->n; i++) s->x[i] = s->Ka[i] + b[k] - null;
    }
    memcpy(b, s->rows->intercept, (size_t)(s->intercept ? s->lines : 0) * sizeof *b);
    s->rows->move(s->self, 1, s->x);
    oracle->accept(oracle->self);
    if ((status = s->rows->residuals(s->self, 0, &s->loss, s->r)) || (status = look(s))) return status;
    run->cost = run->null_cost;
  }
  memset(s->Ka, 0, (size_t)all * sizeof *s->Ka);
  s->penalty = 0;
  return FGD_OK;
}

/* Try the step, or a part of it; afterwards the current point is the better one, unless *lost: rounding has made that
 * part, or what it gains, nothing. */
static fgd_status step(dual *s, int *full, int *lost) {
  fgd_run *run = s->run;
  const fgd_oracle *oracle = run->oracle;
  ptrdiff_t all = s->all;
  double slope0 = -2 * s->decrease, t = 1, loss, along = fgd_dot(all, s->Ka, s->e), curve = fgd_dot(all, s->e, s->Ke);
  double *b = s->a + all;
  fgd_status status;
  *lost = 1;
  lifted(s, s->Ke, s->e + all, s->x);
  for (;;) {
    s->rows->move(s->self, t, s->x);
    if ((status = s->rows->residuals(s->self, 1, &loss, s->rt))) return status;
    double cost = loss + s->penalty - t * along + 0.5 * t * t * curve;
    double slope = t * curve - along - fgd_dot(all, s->rt, s->x);
    int tiny = s->decrease <= 1e3 * DBL_EPSILON * run->cost; /* the cost's rounding: slopes decide */
    if (cost <= run->cost - FGD_SUFFICIENT * t * s->decrease || (tiny && fabs(slope) <= 0.9 * fabs(slope0))) {
      run->cost = cost;
      break;
    }
    if (t < 1) return FGD_OK;
    fgd_penalty_line p = {s->penalty, -along, curve};
    if ((status = fgd_shorten_along(run, p, slope0, &t))) return status;
    if (!(t > LEAST)) return FGD_OK;
  }
  *lost = 0;
  s->loss = loss;
  s->penalty = run->cost - loss;
  for (ptrdiff_t i = 0; i < all; i++) {
    s->a[i] -= t * s->e[i];
    s->Ka[i] -= t * s->Ke[i];
    s->r[i] = s->rt[i];
  }
  for (ptrdiff_t k = 0; k < s->lines && s->intercept; k++) b[k] -= t * s->e[all + k];
  oracle->accept(oracle->self);
  run->step = t;
  run->iteration++;
  *full = t == 1;
  return look(s);
}

fgd_status fgd_dual(fgd_run *run, double *work) {
  const fgd_oracle *oracle = run->oracle;
  const fgd_rows_oracle *rows = oracle->rows;
  ptrdiff_t n = rows->n, lines = rows->lines, count = n * lines + lines;
  dual s = {.run = run, .rows = rows, .self = rows->self, .n = n, .lines = lines, .all = n * lines,
            .intercept = oracle->size > oracle->penalised};
  double **arrays[VECTORS + MORE] = {&s.a,    &s.r, &s.Ka,    &s.rt, &s.e, &s.Ke, &s.shift, &s.ones,
                                     &s.left, &s.x,    &s.Kleft, &s.z,  &s.p, &s.Kp, &s.Hp,    &s.KHp};
  double left = INFINITY, best = INFINITY; /* the gap at the last look at X; the least predicted decrease since */
  double forcing = 0.3, near = lines > 1 ? NEAR * run->target : 0;
  for (size_t k = 0; k < vectors(lines); k++) *arrays[k] = work + (ptrdiff_t)k * count;
  int warm = 0, fresh = 1, idle = 0, polished = 0, lost = 0;
  for (ptrdiff_t j = 0; j < oracle->penalised && !warm; j++) warm = run->w[j] != 0;
  fgd_status status = rows->form(s.self);
  if (status || (status = begin(&s, warm)) || (status = factor(&s)) || (status = direction(&s, forcing, 0)))
    return status;
  for (;;) {
    int exact = s.rounding <= MOST_ROUNDING, last = run->iteration >= run->max_iter, full;
    int deep = lost || idle >= MOST_IDLE || !exact || !(s.decrease > fmax(run->enough, 1e-20 * run->cost));
    if (lines > 1 && run->cost <= run->target) deep = 1;
    if (deep || last) {
      double part = fmax(1e-5 * run->target, fmin(0.02 * run->target, s.decrease));
      if ((status = verify(&s, 1)) || (status = direction(&s, 1e-7, part)) || (status = certify(&s))) return status;
      run->outcome = run->gap <= run->target ? FGD_CONVERGED : last ? FGD_MAX_ITER : FGD_STALLED;
      if (near > 0 && polished && exact && !lost && run->outcome == FGD_STALLED) near = 0; /* it was not so near */
      else if (run->outcome != FGD_STALLED || lost || !exact || !(run->gap < 0.25 * left)) return FGD_OK;
      else left = run->gap;
      best = INFINITY;
      fresh = idle = 0;
    }
    if (!fresh && ((status = factor(&s)) || (status = direction(&s, forcing, 0)))) return status;
    polished = s.decrease <= near;
    if (polished && (status = direction(&s, 1e-3, 0))) return status;
    polished = s.decrease <= near;
    double before = s.decrease;
    if ((status = step(&s, &full, &lost))) return status;
    if (lost) continue;
    if ((status = direction(&s, polished ? 0.3 : forcing, 0))) return status;
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
    forcing = fmin(0.3, fmax(1e-3, 0.5 * sqrt(s.decrease / before)));
  }
}
