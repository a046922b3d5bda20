/* The quadratic penalty 1/2 sum_j lambda_j w_j^2, in whatever coordinates lambda is given. */
#ifndef FGD_PENALTY_H
#define FGD_PENALTY_H

#include <stddef.h>

/* Returns the penalty; adds its gradient to g (d), unless g is NULL. */
double fgd_penalty(ptrdiff_t d, const double *lambda, const double *w, double *g);
/* Adds lambda_j v_j to out. */
void fgd_penalty_product(ptrdiff_t d, const double *lambda, const double *v, double *out);

#endif
