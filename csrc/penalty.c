/* The quadratic penalty (see penalty.h). */
#include "penalty.h"

double fgd_penalty(ptrdiff_t d, const double *lambda, const double *w, double *g) {
  double f = 0;
  for (ptrdiff_t j = 0; j < d; j++) f += lambda[j] * w[j] * w[j];
  if (g) fgd_penalty_product(d, lambda, w, g);
  return 0.5 * f;
}

void fgd_penalty_product(ptrdiff_t d, const double *lambda, const double *v, double *out) {
  for (ptrdiff_t j = 0; j < d; j++) out[j] += lambda[j] * v[j];
}
