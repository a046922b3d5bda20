/* Separation of K classes: without a penalty the cost may fall for ever along a direction that no row opposes.
 *
 * A direction of K lines that sum to zero proves it if on every row the classes of its label lie highest among all that
 * are in play, and some pair of row and class clearly lower: in the limit that class has probability 0 there.  Such
 * pairs are set aside, which leaves the infimum as it was, and the fit goes on with the rest, where another direction
 * may be found: a stage each.  A row with no class but its own left is fitted perfectly. */
#ifndef FGD_SOFTMAX_SEPARATION_H
#define FGD_SOFTMAX_SEPARATION_H

#include "factor.h"
#include "rank.h"
#include "softmax_hessian.h"

typedef struct {
  fgd_softmax *o;
  fgd_softmax_hessian *hessian;   /* or NULL: none is formed; nor is there a factor then */
  fgd_factor *factor;             /*   whose matrices are used up by every look */
  fgd_rank whole;                 /* of all coordinates, over the pairs that are in play */
  uint8_t *rests;                 /* size: coordinates that these can do without; or NULL */
  double *from, *cone, *Q, *R;    /* size, work and size x size: the projection onto the cone of directions; or NULL */
  int settled;                    /*   it has said all that there is to say */
  double *direction;              /* a row of `size` for each stage, standard coordinates; parts no margins by over 1 */
  ptrdiff_t rows[FGD_MAX_STAGES]; /* touched first by each stage */
  int stages;                     /* that there were, once all pairs are in play again */
  double *beta, *Hv, *parts;      /* size, size, K: work */
  double *trial, *line, *coef;    /* size, d, K (d + 1): lent */
} fgd_softmax_separation;

/* project: the projection can be asked for. */
void fgd_softmax_separation_layout(fgd_softmax_separation *s, fgd_softmax *o, fgd_softmax_hessian *hessian,
                                   fgd_factor *factor, int project, fgd_arena *a);
void fgd_softmax_separation_begin(fgd_softmax_separation *s, double *trial, double *line, double *coef);

/* As `separate` in solvers/solver.h: cheap looks first, as often as the solver asks; the projection has the last word,
 * once.  Coordinates that the rest can do without rest from then on. */
fgd_status fgd_softmax_separate(fgd_softmax_separation *s, const double *u, double *w, int *found, int *interior);
/* As `part` there, without a Hessian: the point, or those of its lines that part their own class from all others. */
fgd_status fgd_softmax_part(fgd_softmax_separation *s, const double *w, int *found);
/* Pairs that a fit which has ended leaves so remote that a direction may part them. */
fgd_status fgd_softmax_remote(fgd_softmax_separation *s, ptrdiff_t *suspects);
/* The projection: all the stages that there are, as few as may be.  The margins kept are lost. */
fgd_status fgd_softmax_settle(fgd_softmax_separation *s, int *found);

/* Every coordinate takes part again, and w becomes the shortest in the user's units (size: `unit` takes it there) for
 * the pairs in play. */
fgd_status fgd_softmax_take_back(fgd_softmax_separation *s, double *unit, double *w);
/* All pairs are in play again, and w goes so far along the directions that what those set aside still cost is a small
 * part of the target; or by the shortest way there is.  Cost and gradient there. */
fgd_status fgd_softmax_go_along(fgd_softmax_separation *s, double target, double *w, double *cost, double *g);
fgd_status fgd_softmax_go_straight(fgd_softmax_separation *s, double target, double *w, double *cost, double *g);

#endif
