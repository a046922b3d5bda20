/* The whole Hessian of K classes, from a weighted Gram of X for each pair of them. */
#ifndef FGD_SOFTMAX_HESSIAN_H
#define FGD_SOFTMAX_HESSIAN_H

#include "softmax_state.h"

typedef struct {
  fgd_softmax *o;
  fgd_grams grams;
  double *G;            /* Gram of X's columns and the intercept's */
  const uint8_t *rests; /* size, or NULL: coordinates without curvature, once pairs have been set aside */
} fgd_softmax_hessian;

void fgd_softmax_hessian_layout(fgd_softmax_hessian *h, fgd_softmax *o, int workers, fgd_arena *a);
/* With the weights that the base of hess_vec and pair has, and no penalty: H (size x size), lower triangle; in
 * double only if fine. */
fgd_status fgd_softmax_hessian_form(fgd_softmax_hessian *h, int fine, double *H);

#endif
