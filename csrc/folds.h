/* Folds: fits of the same rows that differ in which of them they leave out.  What they ask of X comes from one pass for
 * all, what they need of Hessians from one sample.  The rows that a fold leaves out are a group of their own: a fold's
 * Hessian is the sum over the groups of all others. */
#ifndef FGD_FOLDS_H
#define FGD_FOLDS_H

#include "sample.h"

typedef struct {
  fgd_objective *o;               /* of all rows: labels, weights, coordinates */
  fgd_sample *sample;
  const uint8_t *held;            /* n: the fold that leaves the row out; `count`: none does */
  ptrdiff_t count;
  fgd_design many;                /* X, for as many points at once */
  double *share, *apart;          /* count: 1 / the part that a fold's rows, and those it leaves out, have in the weight
                                     of all */
  double *null_cost;              /* count */
  double *unit;                   /* d: what a penalty of 1 is in the solver's coordinates */
  double *points, *intercepts;    /* count lines of d, in the user's coordinates; count */
  double *partial;                /* a slot of `slot` numbers for each part of the rows */
  ptrdiff_t slot;
  double *scratch;                /* per worker */
  ptrdiff_t scratch_each;
  /* the rows drawn */
  ptrdiff_t *rows, *begin;        /* their numbers, group after group; where each of count + 1 groups begins */
  uint8_t *group;
  double *weight;                 /* as one fold sees them */
  double *curvature, *by_group;   /* of all folds, in the order of the sample and in that of `rows` */
  double *margins;                /* count lines of them */
  double *mean;                   /* size: of the folds' points */
  const fgd_gram_plan *plan;      /* of the last look */
  double *grams;                  /* count + 1 of size x size */
  fgd_oracle view;                /* of the sample as the fold sees it that was looked at last */
} fgd_folds;

/* After the sample's own layout. */
void fgd_folds_layout(fgd_folds *s, fgd_objective *o, fgd_sample *sample, ptrdiff_t count, int workers, fgd_arena *a);
/* Two classes without offset; every fold must have rows that count: shares and the cost of each null model, from
 * labels and weights. */
fgd_status fgd_folds_begin(fgd_folds *s, const uint8_t *held);
/* The first sample, at the current point of the objective. */
fgd_status fgd_folds_draw(fgd_folds *s, const double *lean);
fgd_folds_oracle fgd_folds_oracle_of(fgd_folds *s);

#endif
