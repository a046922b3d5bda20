/* The cost of K classes: design x softmax x penalty, each verb one fused pass over X, as in objective.h.
 *
 * A point in the user's coordinates is K lines of d coefficients, then K intercepts.  Only differences between classes
 * matter, and the best of all equal points have lines that sum to zero.  So a solver sees theta: K - 1 lines of d
 * coefficients of the columns (x - shift) * scale, then K - 1 intercepts, the coordinates of the user's point in an
 * orthonormal basis of the vectors that sum to zero.  The penalty looks the same in them, and nothing is singular.
 *
 * Margins of two points are remembered: the current one and a trial; and the probabilities at the point (`base`) whose
 * Hessian was asked for.  Where they would take much memory beside X, only the points are, and margins are computed
 * anew in each block. */
#ifndef FGD_SOFTMAX_H
#define FGD_SOFTMAX_H

#include "softmax_state.h"

/* Margins are kept always, while they are small beside X, or never. */
enum { FGD_KEEP, FGD_KEEP_SMALL, FGD_KEEP_NOT };
void fgd_softmax_layout(fgd_softmax *o, const fgd_problem *p, int keep, int workers, fgd_arena *a);
void fgd_softmax_begin(fgd_softmax *o, fgd_team *team);
void fgd_softmax_set_coordinates(fgd_softmax *o, const double *shift, const double *scale);

/* The null model's intercepts (K, zero without an intercept) and cost: no pass over X. */
fgd_status fgd_softmax_null(fgd_softmax *o, double *intercept, double *cost);

fgd_status fgd_softmax_value_grad(fgd_softmax *o, const double *theta, double *f, double *g);
/* The trial becomes theta = current + t (trial - current), except that intercepts move on where classes would be
 * predicted far too often or too seldom: cost and gradient there. */
fgd_status fgd_softmax_along(fgd_softmax *o, double t, double *theta, double *f, double *g);
/* In the user's coordinates, K (d + 1) numbers each: cost and gradient (or NULL) at any coef; the Hessian there times v
 * (only where margins are kept not). */
fgd_status fgd_softmax_cost(fgd_softmax *o, const double *coef, double *f, double *g);
fgd_status fgd_softmax_product(fgd_softmax *o, const double *coef, const double *v, double *Hv);
void fgd_softmax_accept(fgd_softmax *o);
/* The current point becomes the base of hess_vec, pair and dual. */
fgd_status fgd_softmax_curvature(fgd_softmax *o);
fgd_status fgd_softmax_hess_vec(fgd_softmax *o, const double *v, double *Hv);
fgd_status fgd_softmax_line(fgd_softmax *o, double t, double *f, double *slope);
fgd_status fgd_softmax_dual(fgd_softmax *o, int direct, double *f);

#endif
