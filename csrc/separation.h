/* Separation: without a penalty the cost may fall for ever along a direction that no row opposes.
 *
 * A direction beta with y~ a'beta > 0 on some rows and = 0 on all others (y~ = +1 or -1) proves it: those rows
 * are fitted perfectly in the limit, and the infimum of the cost is that of the other rows alone.  Such rows are
 * set aside, and the fit goes on with the rest, where another direction may be found: a stage each. */
#ifndef FGD_SEPARATION_H
#define FGD_SEPARATION_H

#include "coordinates.h"

typedef struct {
  fgd_objective *o;
  fgd_coordinates *c;
  double *direction;              /* a row of `size` for each stage, standard coordinates; moves no margin by over 1 */
  ptrdiff_t rows[FGD_MAX_STAGES]; /* set aside by each stage */
  double *beta, *Hv;              /* size each: work */
} fgd_separation;

void fgd_separation_layout(fgd_separation *s, fgd_coordinates *c, fgd_arena *a);

/* Is the Newton step u at w (curvatures of the current point kept in q) the way to infinity of some rows?  If so they
 * are set aside, the columns that the rest can do without are left out, and w is turned accordingly: the current point
 * must be evaluated anew.  F's matrices are used up either way unless *interior says that every row's dual point is
 * well inside, which proves that a finite optimum exists and costs one pass alone. */
fgd_status fgd_separate(fgd_separation *s, fgd_factor *F, const double *u, double *w, int *found, int *interior);

/* Is w itself a witness for every row?  Two passes; needs no Gram.  The margins kept are lost. */
fgd_status fgd_separated_completely(fgd_separation *s, const double *w, int *found);

/* w += t_k beta_k for all stages, so far that no row set aside costs more than `cost`; all rows are in play again
 * afterwards.  w in standard coordinates. */
fgd_status fgd_separation_go(fgd_separation *s, double cost, double *w);

#endif
