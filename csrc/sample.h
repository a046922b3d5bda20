/* Some rows of X, drawn at random and copied side by side: a small objective of their own that stands for all rows.
 *
 * A row is drawn with a probability that grows with its leverage, its share in the Hessian, so that the only rows
 * which know a rare column are always there, and counts the more the less likely it was.  Whether it is drawn
 * depends on its number and on how often was drawn before, not on threads. */
#ifndef FGD_SAMPLE_H
#define FGD_SAMPLE_H

#include "coordinates.h"
#include "solvers/solver.h"

typedef struct {
  fgd_objective *o;              /* of all rows */
  fgd_objective own;             /* of those drawn */
  fgd_problem p;
  fgd_grams grams;
  fgd_start start;               /* their moments, d each */
  double *scale, *gradient;      /* d; size */
  int workers, fixed;            /* fixed: the curvatures are given, not to be taken from margins */
  fgd_rank *rank;                /* where separation is asked for: of the columns; work space */
  fgd_factor *factor;            /*   and the solver's */
  ptrdiff_t size[FGD_DRAW_AGAIN];     /* rows of each kind of draw; those that are left over have weight 0 */
  double leverage, residual;     /* sums over all rows at the last draw but the first */
  float *chance;                 /* n: of being drawn; afterwards 0 for those that were not */
  ptrdiff_t *rows, *counts;      /* which ones; how many before each part of all rows */
  double *sums;                  /* two for each part */
  void *X;
  double *y, *weight, *offset, *chance_of; /* of the rows drawn */
  char *block;                   /* memory for what depends on the size */
  uint64_t draws;
} fgd_sample;

void fgd_sample_layout(fgd_sample *s, fgd_objective *o, int workers, fgd_arena *a);
/* Draw at the current point, whose leverages are known. */
fgd_status fgd_sample_draw(fgd_sample *s, fgd_draw kind);
/* The next pass over all rows will find their leverages: with the factor F in all rows' coordinates, ... */
void fgd_sample_project(fgd_sample *s, const fgd_factor *F);
/* ... or, before anything is known, from a draw by weight and label and its moments.  F's matrices are used up.  The
 * rows drawn are fitted too, unless w (size, the null model) is NULL: coef (d) and intercept, in the user's coordinates,
 * if *fitted.  work: fgd_newton's. */
fgd_status fgd_sample_first_look(fgd_sample *s, fgd_factor *F, const fgd_start *null, double *w, double *work,
                                 double *coef, double *intercept, int *fitted);
/* The share of the rows of the first look in the Gram of all, in the coordinates of all. */
fgd_status fgd_sample_shares(fgd_sample *s, double *H);
/* The oracle of the rows drawn. */
fgd_oracle fgd_sample_oracle(fgd_sample *s);

#endif
