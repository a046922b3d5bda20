/* Separation of K classes (see softmax_separation.h): a pair of a row and a class that is not its label is set aside once the
 * class is excluded there in the limit. */
#ifndef FGD_SOFTMAX_STAGES_H
#define FGD_SOFTMAX_STAGES_H

#include "softmax_state.h"

/* What the rest needs. */
void fgd_softmax_layout_stages(fgd_softmax *o, fgd_arena *a);
/* All classes in play become alike at the base of hess_vec and pair; needs kept margins. */
fgd_status fgd_softmax_alike(fgd_softmax *o);
/* Mark the pairs whose dual point nearly leaves (0, 1) under the step whose margins are the trial's, and those whose
 * probability is below `remote`; *interior: no dual point does. */
fgd_status fgd_softmax_suspect(fgd_softmax *o, uint8_t mark, double remote, ptrdiff_t *suspects, int *interior);
/* Does v move no pair in play (or marked) the wrong way by more than rounding, and some clearly the right way?  Those
 * then carry the mark, and no others.  *pairs: how many; *rows: in how many rows not touched before; *size: the
 * farthest.  The trial's margins are lost. */
fgd_status fgd_softmax_witness(fgd_softmax *o, const double *v, uint8_t mark, ptrdiff_t *pairs, ptrdiff_t *rows,
                               double *size);
/* Which pairs in play does v move the wrong way by more than rounding, and which that were set aside by less than
 * `enough`, or (from_point) than they are short of being so far apart at the current point?  In each part (of
 * design.parts) the worst is noted; *worst: the part of the worst of all, or -1.  The trial's margins are lost. */
fgd_status fgd_softmax_opponents(fgd_softmax *o, const double *v, double enough, int from_point, ptrdiff_t *worst);
/* The pair noted for that part, if any (else 0), as n (size): n'v is how far any v moves it the right way, which is to
 * be at least *aim.  x: d, work. */
int fgd_softmax_opponent(const fgd_softmax *o, ptrdiff_t part, double *x, double *n, double *aim);
void fgd_softmax_unmark(fgd_softmax *o, uint8_t mark);
/* parts[k] (K): does class k's own line of v have one sign on the rows of that class, and the other on all the rest? */
fgd_status fgd_softmax_own_lines(fgd_softmax *o, const double *v, double *parts);
/* How far the current point must go along v until every pair set aside by that stage is `enough` apart; all pairs are
 * to be in play. */
fgd_status fgd_softmax_reach(fgd_softmax *o, const double *v, uint8_t mark, double enough, double *t);

#endif
