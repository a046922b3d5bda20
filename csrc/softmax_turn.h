/* Points and gradients between theta's coordinates and the user's, a tile of columns at a time, by all threads. */
#ifndef FGD_SOFTMAX_TURN_H
#define FGD_SOFTMAX_TURN_H

#include "softmax_state.h"

void fgd_softmax_turn_layout(fgd_softmax *o, fgd_arena *a);

/* theta to the user's coordinates and back. */
void fgd_softmax_export(const fgd_softmax *o, const double *theta, double *coef);
void fgd_softmax_import(const fgd_softmax *o, const double *coef, double *theta);

/* The point becomes theta, or the user's coef; returns the penalty there (of theta). */
double fgd_softmax_point_set(const fgd_softmax *o, fgd_softmax_point *point, const double *theta, int direction);
void fgd_softmax_point_take(const fgd_softmax *o, fgd_softmax_point *point, const double *coef, int direction);

/* The joined sums over X to a gradient, with lambda v (v NULL: without); returns the length of the user's, if that of
 * coef is wanted. */
double fgd_softmax_turn(fgd_softmax *o, const double *v, double *g, const double *coef);

#endif
