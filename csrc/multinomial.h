/* The fit of K classes, called by fit.c. */
#ifndef FGD_MULTINOMIAL_H
#define FGD_MULTINOMIAL_H

#include "fastgd.h"

size_t fgd_multinomial_work(const fgd_problem *p, const fgd_options *o, int n_threads);
fgd_status fgd_multinomial_fit(const fgd_problem *p, const fgd_options *o, const fgd_guest *guest, double *coef,
                               double *directions, fgd_result *result, void *work);

#endif
