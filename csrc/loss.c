/* The losses: log loss by the vector kernels, half the squared error by plain loops. */
#include "loss.h"

static double squared(ptrdiff_t n, const double *z, const double *y, const double *s, int s_step, double *r) {
  double f = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    double e = z[i] - y[i];
    r[i] = s[s_step ? i : 0] * e;
    f += 0.5 * r[i] * e;
  }
  return f;
}

static void squared_curvature(ptrdiff_t n, const double *z, const double *s, int s_step, double *q) {
  (void)z;
  for (ptrdiff_t i = 0; i < n; i++) q[i] = s[s_step ? i : 0];
}

static double squared_line(ptrdiff_t n, const double *z0, const double *z1, double t, const double *y,
                           const double *s, int s_step, double *slope) {
  double f = 0, df = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    double dz = z1[i] - z0[i], e = z0[i] + t * dz - y[i], r = s[s_step ? i : 0] * e;
    f += 0.5 * r * e;
    df += r * dz;
  }
  *slope = df;
  return f;
}

/* The conjugate of half a square is half a square: any shift of the prediction is dual feasible. */
static double squared_dual(ptrdiff_t n, const double *z, const double *dz, const double *q, const double *s,
                           int s_step) {
  (void)z;
  double f = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    double w = s[s_step ? i : 0], shift = q[i] * dz[i];
    if (w > 0) f += 0.5 * shift * shift / w;
  }
  return f;
}

fgd_loss_kernels fgd_loss_of(fgd_loss loss, const fgd_kernels *kernels) {
  if (loss == FGD_SQUARED_ERROR)
    return (fgd_loss_kernels){squared, squared_curvature, squared_line, squared_dual, 1.0};
  return (fgd_loss_kernels){kernels->logistic, kernels->logistic_curvature, kernels->logistic_line,
                            kernels->logistic_dual, 0.25};
}
