/* Conjugate gradients on the Hessian, a pass for each product, and the certificate from them. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "cg.h"

#define LONG_WAY 10 /* times what the residual may cost: the dual point of the solution so far is looked at first */

void fgd_cg_layout(fgd_cg *c, ptrdiff_t size, double *work) {
  c->u = work;
  c->r = work + size;
  c->s = work + 2 * size;
  c->p = work + 3 * size;
  c->Hp = work + 4 * size;
}

/* 1/2 |r|^2 in the inverse of the penalty: what the residual of a solve adds to the certificate, exactly. */
static double residual_cost(const fgd_oracle *oracle, const double *r) {
  double sum = 0;
  for (ptrdiff_t j = 0; j < oracle->penalised; j++)
    if (r[j] != 0) sum += r[j] * r[j] / oracle->lambda[j];
  return 0.5 * sum;
}

static int all_penalised(const fgd_oracle *oracle) {
  for (ptrdiff_t j = 0; j < oracle->penalised; j++)
    if (!(oracle->lambda[j] > 0) && oracle->scale_of(oracle->self, j) > 0) return 0;
  return 1;
}

/* Hp: where conjugate gradients go astray by rounding, residuals are taken anew in the end. */
static fgd_status product(fgd_cg *c, const fgd_oracle *oracle) {
  c->products++;
  return (oracle->hess_vec_rough ? oracle->hess_vec_rough : oracle->hess_vec)(oracle->self, c->p, c->Hp);
}

/* Begin again from the residual at hand. */
void fgd_cg_restart(fgd_cg *c, const fgd_oracle *oracle) {
  oracle->precondition(oracle->self, c->r, c->s);
  memcpy(c->p, c->s, (size_t)oracle->size * sizeof *c->p);
  c->rs = c->pMp = fgd_dot(oracle->size, c->r, c->s);
  c->uMp = 0;
}

void fgd_cg_begin(fgd_cg *c, const fgd_oracle *oracle, const double *g) {
  memset(c->u, 0, (size_t)oracle->size * sizeof *c->u);
  memcpy(c->r, g, (size_t)oracle->size * sizeof *c->r);
  fgd_cg_restart(c, oracle);
  c->rs0 = c->rs;
  c->uMu = 0;
  c->radius = INFINITY;
  c->edge = 0;
  c->products = 0;
}

fgd_status fgd_cg_run(fgd_cg *c, const fgd_oracle *oracle, double relative, double residual, ptrdiff_t most) {
  ptrdiff_t n = oracle->size;
  double gained = 0;
  fgd_status status;
  for (ptrdiff_t k = 1; most > 0 && c->rs > relative * relative * c->rs0 && c->rs > DBL_MIN; most--, k++) {
    if (residual > 0 && residual_cost(oracle, c->r) <= residual) break;
    if ((status = product(c, oracle))) return status;
    double curved = fgd_dot(n, c->p, c->Hp);
    if (!(curved > 0)) break;
    double alpha = c->rs / curved, next = c->uMu + alpha * (2 * c->uMp + alpha * c->pMp);
    if (next > c->radius * c->radius) {
      double room = c->radius * c->radius - c->uMu;
      alpha = room / (c->uMp + sqrt(c->uMp * c->uMp + c->pMp * room));
      next = c->radius * c->radius;
      c->edge = 1;
    }
    double gain = alpha * c->rs;
    gained += gain;
    c->uMu = next;
    for (ptrdiff_t j = 0; j < n; j++) {
      c->u[j] += alpha * c->p[j];
      c->r[j] -= alpha * c->Hp[j];
    }
    if (c->edge) break;
    oracle->precondition(oracle->self, c->r, c->s);
    double rs = fgd_dot(n, c->r, c->s), beta = rs / c->rs;
    c->rs = rs;
    c->uMp = beta * (c->uMp + alpha * c->pMp);
    c->pMp = rs + beta * beta * c->pMp;
    for (ptrdiff_t j = 0; j < n; j++) c->p[j] = c->s[j] + beta * c->p[j];
    /* Residuals may stay large long after the model's decrease has been found (Nash and Sofer, 1990). */
    if (residual == 0 && (double)k * gain <= relative * gained) break;
  }
  return FGD_OK;
}

/* The equation's residual, taken anew, into r. */
static fgd_status take_residual(fgd_cg *c, const fgd_oracle *oracle, const double *g) {
  fgd_status status = oracle->hess_vec(oracle->self, c->u, c->r);
  for (ptrdiff_t j = 0; j < oracle->size; j++) c->r[j] = g[j] - c->r[j];
  return status;
}

/* s = the preconditioned residual of the intercepts alone; returns r's. */
static double intercepts_only(fgd_cg *c, const fgd_oracle *oracle) {
  ptrdiff_t n = oracle->size, d = oracle->penalised;
  memcpy(c->Hp + d, c->r + d, (size_t)(n - d) * sizeof *c->r);
  memset(c->Hp, 0, (size_t)d * sizeof *c->Hp);
  oracle->precondition(oracle->self, c->Hp, c->s);
  return fgd_dot(n - d, c->r + d, c->s + d);
}

/* The same by the intercepts' own Hessian where there is one (anew: not that of the last call), for a preconditioner may
 * think that rows answer for them which do not: *left is the larger of the two. */
static fgd_status measure(fgd_cg *c, const fgd_oracle *oracle, int anew, double *left) {
  ptrdiff_t n = oracle->size, d = oracle->penalised;
  *left = intercepts_only(c, oracle);
  if (!oracle->intercepts) return FGD_OK;
  fgd_status status = oracle->intercepts(oracle->self, anew, c->r + d, c->s + d);
  *left = fmax(*left, fgd_dot(n - d, c->r + d, c->s + d));
  return status;
}

/* Intercepts carry no penalty: their equations must hold to rounding.  By their own Hessian where there is one, else by
 * conjugate gradients on them alone; *left is the square of what they leave: vast where hardly any row answers for an
 * intercept, infinite where more is left than rounding explains. */
static fgd_status settle(fgd_cg *c, const fgd_run *run, const double *g, double *left) {
  const fgd_oracle *oracle = run->oracle;
  ptrdiff_t n = oracle->size, d = oracle->penalised;
  fgd_status status = take_residual(c, oracle, g);
  for (int k = 0; k < 4 && n > d && !status; k++) {
    double rs;
    if ((status = measure(c, oracle, k == 0, &rs))) return status;
    if (rs <= 1e-28 * run->cost) break;
    if (oracle->intercepts) { /* exact up to rounding */
      for (ptrdiff_t j = d; j < n; j++) c->u[j] += c->s[j];
      status = take_residual(c, oracle, g);
      continue;
    }
    memset(c->p, 0, (size_t)d * sizeof *c->p);
    memcpy(c->p + d, c->s + d, (size_t)(n - d) * sizeof *c->p);
    for (ptrdiff_t step = 0; step < 2 * (n - d) && rs > 1e-28 * run->cost; step++) {
      if ((status = product(c, oracle))) return status;
      double curved = fgd_dot(n - d, c->p + d, c->Hp + d), alpha = rs / curved;
      if (!(curved > 0)) break;
      for (ptrdiff_t j = 0; j < n; j++) c->r[j] -= alpha * c->Hp[j];
      for (ptrdiff_t j = d; j < n; j++) c->u[j] += alpha * c->p[j];
      double next = intercepts_only(c, oracle);
      for (ptrdiff_t j = d; j < n; j++) c->p[j] = c->s[j] + next / rs * c->p[j];
      rs = next;
    }
    status = take_residual(c, oracle, g);
  }
  *left = 0;
  if (n > d && !status) status = measure(c, oracle, 0, left);
  for (ptrdiff_t j = d; j < n; j++)
    if (!(fabs(c->r[j]) <= 1e-10 * sqrt(2 * run->cost))) *left = INFINITY;
  return status;
}

/* Until the residual's part in the certificate is small, and the intercepts' equations hold. */
static fgd_status solve_on(fgd_cg *c, const fgd_run *run, const double *g, int rigorous, double part, double *left) {
  const fgd_oracle *oracle = run->oracle;
  fgd_status status;
  for (int round = 0; round < 5; round++) {
    if (round > 0) fgd_cg_restart(c, oracle);
    if (round > 0 && !rigorous && c->rs <= 1e-12 * c->rs0) break;
    if ((status = fgd_cg_run(c, oracle, 1e-7, rigorous ? part : 0, 500))) return status;
    if ((status = settle(c, run, g, left))) return status;
    if (rigorous ? residual_cost(oracle, c->r) <= 2 * part : !oracle->hess_vec_rough) break;
  }
  return FGD_OK;
}

fgd_status fgd_cg_certify(fgd_cg *c, const fgd_run *run, const double *g, double *gap, int *estimate) {
  const fgd_oracle *oracle = run->oracle;
  *estimate = 0;
  *gap = run->cost; /* no loss and no penalty is negative */
  if (*gap <= run->target) return FGD_OK;
  ptrdiff_t n = oracle->size, d = oracle->penalised;
  fgd_status status;
  double bound, rest, left;
  int rigorous = all_penalised(oracle);
  /* The residual's part should be small beside the target, and no larger than the gap itself, within reason; but no
   * better than what is left of the target asks for, where that is much. */
  double model = 0.5 * fgd_dot(n, g, c->u), part = fmin(0.02 * run->target, fmax(model, 1e-5 * run->target));
  part = fmax(part, 0.09 * run->target - 2 * model);
  if (c->edge) fgd_cg_restart(c, oracle);
  c->radius = INFINITY;
  c->edge = 0;
  /* Is there anything to be had?  Unless another step is out of the question. */
  int early = run->iteration < run->max_iter && model > FGD_CG_TINY * run->cost;
  if (rigorous && early && residual_cost(oracle, c->r) > LONG_WAY * part) {
    if ((status = oracle->hess_vec(oracle->self, c->u, c->Hp))) return status;
    if ((status = oracle->dual(oracle->self, 1, &bound)) || !isfinite(bound)) return status;
  }
  if ((status = solve_on(c, run, g, rigorous, part, &left))) return status;
  if ((status = oracle->dual(oracle->self, 1, &bound))) return status;
  /* What is left of an equation that no curvature answers for has no bound. */
  oracle->precondition(oracle->self, c->r, c->s);
  for (ptrdiff_t j = rigorous ? d : 0; j < n; j++)
    if (c->r[j] != 0 && c->s[j] == 0 && (j >= d || oracle->scale_of(oracle->self, j) > 0)) return FGD_OK;
  if (rigorous) {
    for (ptrdiff_t j = 0; j < d; j++) {
      double both = oracle->lambda[j] * c->u[j] + c->r[j];
      if (both != 0) bound += 0.5 * both * both / oracle->lambda[j];
    }
    bound = (sqrt(bound) + sqrt(0.5 * left)) * (sqrt(bound) + sqrt(0.5 * left));
    if (bound < *gap) *gap = bound;
  } else {
    oracle->precondition(oracle->self, c->r, c->s);
    rest = 0.5 * fabs(fgd_dot(n, c->r, c->s));
    for (ptrdiff_t j = 0; j < d; j++) bound += 0.5 * oracle->lambda[j] * c->u[j] * c->u[j];
    bound = (sqrt(bound) + sqrt(rest)) * (sqrt(bound) + sqrt(rest));
    if (bound < *gap) *gap = bound, *estimate = 1;
  }
  return FGD_OK;
}
