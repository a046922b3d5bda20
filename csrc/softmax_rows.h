/* The objective of K classes by its rows: the verbs of fgd_rows_oracle, a line for each class (see solvers/dual.c).
 * Margins are kept (FGD_KEEP). */
#ifndef FGD_SOFTMAX_ROWS_H
#define FGD_SOFTMAX_ROWS_H

#include "rows.h"
#include "softmax_state.h"
#include "solvers/solver.h"

typedef struct {
  fgd_softmax *o;
  fgd_rows rows;
  double *lean; /* d: 1 + |mean| / sd, as in coordinates.h */
} fgd_softmax_rows;

void fgd_softmax_rows_layout(fgd_softmax_rows *R, fgd_softmax *o, int workers, fgd_arena *a);
/* In standard coordinates; intercept: K, the null model's. */
fgd_rows_oracle fgd_softmax_rows_oracle(fgd_softmax_rows *R, const double *intercept);
/* The current margins become those of K intercepts and the offset. */
fgd_status fgd_softmax_rows_null(fgd_softmax_rows *R, const double *intercept);

#endif
