/* A loss, as four loops over margins.  Arguments as in the pointwise kernels of kernels.h. */
#ifndef FGD_LOSS_H
#define FGD_LOSS_H

#include "fastgd.h"

typedef struct {
  double (*value)(ptrdiff_t n, const double *z, const double *y, const double *s, int s_step, double *r);
  void (*curvature)(ptrdiff_t n, const double *z, const double *s, int s_step, double *q);
  double (*line)(ptrdiff_t n, const double *z0, const double *z1, double t, const double *y, const double *s,
                 int s_step, double *slope);
  double (*dual)(ptrdiff_t n, const double *z, const double *dz, const double *q, const double *s, int s_step);
  double max_curvature; /* of the loss of one sample with respect to its margin */
} fgd_loss_kernels;

fgd_loss_kernels fgd_loss_of(fgd_loss loss, const fgd_kernels *kernels);

#endif
