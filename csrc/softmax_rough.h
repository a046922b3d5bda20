/* The Hessian's products in float on shifted columns, from some blocks of rows alone. */
#ifndef FGD_SOFTMAX_ROUGH_H
#define FGD_SOFTMAX_ROUGH_H

#include "softmax_state.h"

void fgd_softmax_rough_layout(fgd_softmax *o, fgd_arena *a);
/* o->rough: floats serve where neither the columns nor the coefficients come near the ends of their range. */
void fgd_softmax_rough_find(fgd_softmax *o);
/* fgd_softmax_hess_vec to about six digits, from every stride-th block of rows alone; only if o->rough.  No trial is
 * set. */
fgd_status fgd_softmax_hess_vec_rough(fgd_softmax *o, const double *v, double *Hv);

#endif
