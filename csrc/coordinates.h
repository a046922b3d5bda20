/* The coordinates that Newton's method works in: columns centred and scaled, without a copy, and those left out that
 * follow from others.  Made from the moments; taken back at the end to the shortest coefficients in the user's
 * units. */
#ifndef FGD_COORDINATES_H
#define FGD_COORDINATES_H

#include "objective.h"
#include "rank.h"

typedef struct {
  fgd_objective *o;
  fgd_start *start;
  fgd_grams grams;
  fgd_rank rank;
  int unpenalised;       /* some column has no penalty */
  int find_rank;         /*   and a Gram is formed: dependent ones must be found */
  double *scale, *unit;  /* d: 1 / sd, with 0 for columns left out; d + 1: 1 / sd of all, 1 for constants */
  double *lean;          /* d + 1: 1 + |mean| / sd, by which rounding in X' r outgrows that of centred columns */
} fgd_coordinates;

void fgd_coordinates_layout(fgd_coordinates *c, fgd_objective *o, fgd_start *start, int newton, int workers,
                            fgd_arena *a);
void fgd_coordinates_begin(fgd_coordinates *c, fgd_team *team);

/* Every column takes part. */
void fgd_coordinates_standard(fgd_coordinates *c);
/* H (lower triangle) = Gram weighted by the objective's q, in double. */
fgd_status fgd_coordinates_gram(const fgd_coordinates *c, double *H);
/* The same with the penalty; in double only if fine. */
fgd_status fgd_coordinates_hessian(const fgd_coordinates *c, int fine, double *H);
/* Find the columns that depend on others over the rows in play, from H = F->H as fgd_coordinates_gram leaves it for
 * the standard coordinates, ... */
void fgd_coordinates_find_dependent(fgd_coordinates *c, fgd_factor *F);
/* ... and leave them out: w keeps its predictions on those rows. */
void fgd_coordinates_leave_out(fgd_coordinates *c, double *w);
/* Every column takes part again, with the smallest coefficients in the user's units. */
void fgd_coordinates_shortest(fgd_coordinates *c, fgd_factor *F, double *w);

#endif
