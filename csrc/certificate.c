/* A rigorous upper bound on the distance of the cost from its infimum.
 *
 * Take any curvatures q~ >= 0 and H~ = sum s q~ a a' + Lambda, solve H~ u = g, and shift the predictions,
 * p' = p - q~ A u.  Then A' s (p' - y) + Lambda (w - u) = 0: p' is a feasible point of the dual, if it lies where the
 * loss has a conjugate (between 0 and 1 for the log loss), and weak duality gives
 *     J - inf J <= sum s KL(p' || p) + 1/2 u' Lambda u.
 * It holds for weights, offsets, soft labels, without penalty, and where the infimum is not attained.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "solvers/solver.h"

/* The gradient itself is known up to its rounding; residuals are at most sqrt(2 cost) in the mean square. */
double fgd_noise(const fgd_oracle *oracle, const fgd_factor *F, double cost, const double *u, double *r, double *v) {
  double rounding = 4 * DBL_EPSILON * sqrt(2 * cost);
  for (ptrdiff_t i = 0; i < oracle->size; i++)
    r[i] = (u[i] < 0 ? -rounding : rounding) * (oracle->lean ? oracle->lean[i] : 1);
  fgd_factor_solve(F, 0, r, v);
  return 0.5 * fabs(fgd_dot(oracle->size, r, v));
}

#define FAINT 1e-10 /* a pivot below this share of its column may be off by so much that it cannot weigh a residual */

/* What a residual r of H u = g may add to a bound: 1/2 r' inv(H) r.  Where H is nearly singular its factor is mostly
 * rounding, and a penalty on every column takes H's place, which is smaller.  v = inv(H) r by the factor. */
static double weigh(const fgd_oracle *oracle, const fgd_factor *F, const double *r, double *v) {
  ptrdiff_t n = oracle->size;
  double by_penalty = 0;
  fgd_factor_solve(F, 0, r, v);
  for (ptrdiff_t i = 0; i < n; i++) /* nothing answers for what is left where there is no curvature */
    if (r[i] != 0 && !(F->H[i * n + i] > 0)) return INFINITY;
  if (fgd_factor_least(F) > FAINT) return 0.5 * fabs(fgd_dot(n, r, v));
  for (ptrdiff_t i = 0; i < oracle->penalised; i++) {
    if (r[i] != 0 && !(oracle->lambda[i] > 0)) return 0.5 * fabs(fgd_dot(n, r, v));
    if (r[i] != 0) by_penalty += r[i] * r[i] / oracle->lambda[i];
  }
  for (ptrdiff_t i = oracle->penalised; i < n; i++) by_penalty += fabs(r[i] * v[i]);
  return 0.5 * by_penalty;
}

/* A residual of this share does not matter, even where curvatures fall so much on the way to the optimum that its own
 * inverse Hessian weighs it many times more. */
#define SETTLED 1e-12
#define REFINED 2
/* A Hessian that was summed in float may be wrong by several times in the directions where it is least, and cannot weigh
 * well: then hardly any residual may be left. */
#define SETTLED_COARSE 1e-20
#define REFINED_COARSE 5

fgd_status fgd_certify(const fgd_oracle *oracle, const fgd_factor *F, double cost, const double *g, double *u,
                       double *r, double *v, double *gap) {
  ptrdiff_t n = oracle->size;
  double model, rest = INFINITY, settled = F->coarse ? SETTLED_COARSE : SETTLED;
  int most = F->coarse ? REFINED_COARSE : REFINED;
  fgd_status status;
  fgd_factor_solve(F, 0, g, u);
  /* H is a sum that was rounded, in a factor that was rounded: what is left of the equation under the exact
   * operator counts as an error of the gradient. */
  for (int k = 0;; k++) {
    if ((status = oracle->hess_vec(oracle->self, u, r))) return status;
    for (ptrdiff_t i = 0; i < n; i++) r[i] = g[i] - r[i];
    rest = weigh(oracle, F, r, v);
    model = 0.5 * fabs(fgd_dot(n, g, u));
    if (rest <= settled * model || k == most) break;
    for (ptrdiff_t i = 0; i < n; i++) u[i] += v[i];
  }
  double bound, noise = fgd_noise(oracle, F, cost, u, r, v);
  if (F->coarse && rest > settled * model && rest > noise) {
    *gap = NAN;
    return FGD_OK;
  }
  if ((status = oracle->dual(oracle->self, 1, &bound))) return status;
  for (ptrdiff_t j = 0; j < oracle->penalised; j++) bound += 0.5 * oracle->lambda[j] * u[j] * u[j];
  /* A residual that stays is one that the factor knows nothing of, and cannot weigh. */
  if (rest > model && rest > noise) rest = INFINITY;
  double root = sqrt(bound) + sqrt(rest) + sqrt(noise);
  *gap = isnan(root) ? INFINITY : root * root;
  return FGD_OK;
}

#define WORTH 0.01 /* share of the target by which the cost may grow unasked */

fgd_status fgd_confirm(fgd_run *run, const double *kept) {
  const fgd_oracle *oracle = run->oracle;
  double before = run->cost, most = WORTH * run->target;
  if (run->gap <= run->target) most = fmin(most, run->target - run->gap); /* what has converged stays so */
  fgd_status status = oracle->value_grad(oracle->self, run->w, &run->cost, run->g);
  if (!status && !(run->cost - before <= most)) {
    memcpy(run->w, kept, (size_t)oracle->size * sizeof *kept);
    status = oracle->value_grad(oracle->self, run->w, &run->cost, run->g);
  }
  if (run->cost > before) run->gap += run->cost - before;
  return status;
}
