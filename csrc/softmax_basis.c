/* The vectors that sum to zero (see softmax_basis.h). */
#include "softmax_basis.h"

#include <math.h>

/* The basis: the first K - 1 columns of the reflection that takes the last unit vector to (1, .., 1) / sqrt(K). */
static double reflection(ptrdiff_t K) { return 1 / ((double)K - sqrt((double)K)); }

double fgd_softmax_basis(ptrdiff_t K, ptrdiff_t k, ptrdiff_t a) {
  return k == K - 1 ? 1 / sqrt((double)K) : (k == a ? 1 : 0) - reflection(K);
}

void fgd_softmax_basis_spread(ptrdiff_t K, ptrdiff_t m, const double *theta, ptrdiff_t ldt, double *full,
                              ptrdiff_t ld) {
  double c = reflection(K), last = 1 / sqrt((double)K);
  for (ptrdiff_t j = 0; j < m; j++) full[(K - 1) * ld + j] = 0;
  for (ptrdiff_t a = 0; a < K - 1; a++)
    for (ptrdiff_t j = 0; j < m; j++) full[(K - 1) * ld + j] += theta[a * ldt + j];
  for (ptrdiff_t a = 0; a < K - 1; a++)
    for (ptrdiff_t j = 0; j < m; j++) full[a * ld + j] = theta[a * ldt + j] - c * full[(K - 1) * ld + j];
  for (ptrdiff_t j = 0; j < m; j++) full[(K - 1) * ld + j] *= last;
}

void fgd_softmax_basis_gather(ptrdiff_t K, ptrdiff_t m, const double *full, ptrdiff_t ld, double *theta,
                              ptrdiff_t ldt) {
  double c = reflection(K), last = 1 / sqrt((double)K);
  double *sum = theta + (K - 2) * ldt; /* its last line serves meanwhile */
  for (ptrdiff_t j = 0; j < m; j++) sum[j] = full[j];
  for (ptrdiff_t a = 1; a < K - 1; a++)
    for (ptrdiff_t j = 0; j < m; j++) sum[j] += full[a * ld + j];
  for (ptrdiff_t j = 0; j < m; j++) sum[j] = last * full[(K - 1) * ld + j] - c * sum[j];
  for (ptrdiff_t a = 0; a < K - 1; a++)
    for (ptrdiff_t j = 0; j < m; j++) theta[a * ldt + j] = full[a * ld + j] + sum[j];
}
