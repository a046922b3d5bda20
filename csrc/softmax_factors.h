/* A factor for each class: of its own block of the Hessian, from rows drawn by the class's curvature there. */
#ifndef FGD_SOFTMAX_FACTORS_H
#define FGD_SOFTMAX_FACTORS_H

#include "factor.h"
#include "softmax_state.h"

#define FGD_FACTORS_TOGETHER 4 /* classes that are worked on side by side */

typedef struct {
  fgd_softmax *o;
  ptrdiff_t most;      /* rows that a class draws; 0: there is no room for factors */
  ptrdiff_t price;     /* products with the Hessian that take as long as making them */
  ptrdiff_t spent;     /* products so far */
  int made;
  float *spread;       /* n: how far a row is from the mean, squared, */
  double *projection;  /*   as estimated by these (8 (d + 1)) */
  double *before;      /* parts + 1 lines of K: curvatures times lengths in all rows before a part of them */
  double *so_far;      /* a worker's K: places of a row, */
  ptrdiff_t *drawn;    /*   and rows drawn by then */
  ptrdiff_t *rows;     /* K times `most`, */
  double *q;           /*   and what they count; */
  ptrdiff_t *count;    /*   of each class so many, */
  double *total;       /*   which count so much together */
  const double *of_rest; /* see fgd_softmax_factors_make */
  ptrdiff_t first, together;
  fgd_factor factor[FGD_FACTORS_TOGETHER];
  fgd_gram_plan gram;
  char *packed;        /* K factors, */
  size_t each;         /*   of so many bytes */
  double *lines, *work;
} fgd_softmax_factors;

void fgd_softmax_factors_layout(fgd_softmax_factors *F, fgd_softmax *o, int workers, fgd_arena *a);
/* At the base; two passes where its probabilities are not kept.  most: of each column's curvature in the mean class, at
 * most so much may be in rows that are not drawn; or NULL. */
fgd_status fgd_softmax_factors_make(fgd_softmax_factors *F, const double *most);
void fgd_softmax_factors_apply(fgd_softmax_factors *F, const double *r, double *s);

#endif
