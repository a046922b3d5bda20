/* The preconditioner of K classes: a factor for each, or one that all share, of a sampled Gram, or a diagonal where X has
 * many columns. */
#ifndef FGD_SOFTMAX_PRECONDITIONER_H
#define FGD_SOFTMAX_PRECONDITIONER_H

#include "softmax_factors.h"
#include "solvers/solver.h"

typedef struct {
  fgd_softmax *o;
  ptrdiff_t *rows, sample; /* the rows that the factor is made from (0: there is none) */
  double *q;               /*   and their weights, */
  fgd_gram_plan gram;
  fgd_factor factor;
  double *lines, *solving; /* (K - 1)(d + 1) each: right-hand sides, class after class, and work */
  double *diagonal;        /* d + 1: in place of the factor, or a bound of what is put on its diagonal, */
  int faded;               /*   if curvature has faded */
  const double *dividend;  /*   what it divides */
  double *divided;
  fgd_softmax_factors own; /* once they pay: in place of all these */
  fgd_factor intercepts;   /* of the Hessian's K - 1 intercepts, exact, if `cross`: */
  double *cross;           /*   for each part of the rows K x K sums, and as much again twice as work; or NULL */
} fgd_softmax_preconditioner;

void fgd_softmax_preconditioner_layout(fgd_softmax_preconditioner *P, fgd_softmax *o, int workers, fgd_arena *a);
/* Choose the sample. */
void fgd_softmax_preconditioner_begin(fgd_softmax_preconditioner *P);
/* As the oracle's `prepare`. */
fgd_status fgd_softmax_preconditioner_prepare(fgd_softmax_preconditioner *P, fgd_prepare how, ptrdiff_t products,
                                              int *made);
/* Where `cross` is: s = inv(H) r for the Hessian of the intercepts alone (K - 1) at the base, with no pass over X where
 * probabilities are kept.  anew: not that of the last call. */
fgd_status fgd_softmax_preconditioner_intercepts(fgd_softmax_preconditioner *P, int anew, const double *r, double *s);
void fgd_softmax_preconditioner_apply(fgd_softmax_preconditioner *P, const double *r, double *s);

#endif
