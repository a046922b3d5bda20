/* A weight for each row, of the Grams that make up the Hessian of K classes; and the columns' moments with them. */
#ifndef FGD_SOFTMAX_WEIGHTS_H
#define FGD_SOFTMAX_WEIGHTS_H

#include "softmax_state.h"

void fgd_softmax_weights_layout(fgd_softmax *o, fgd_arena *a);

/* Into q, from the base, the weights of a Gram: s_hat p_k p_l for each row, which couples classes k and l; the mean
 * curvature s_hat (1 - sum p_k^2) / (K - 1); s_hat alone. */
fgd_status fgd_softmax_pair(fgd_softmax *o, ptrdiff_t k, ptrdiff_t l);
fgd_status fgd_softmax_spread(fgd_softmax *o);
fgd_status fgd_softmax_shares(fgd_softmax *o);
/* One pass: the diagonal of the Gram with the weights q, in theta's coordinates, d + 1 numbers (intercept last). */
fgd_status fgd_softmax_diagonal(fgd_softmax *o, double *diagonal);
/* One pass: mean and sd of each column. */
fgd_status fgd_softmax_moments(fgd_softmax *o, double *mean, double *sd);

#endif
