/* The way to near the optimum from far out, in steps of limited-memory BFGS that a good preconditioner makes. */
#ifndef FGD_APPROACH_H
#define FGD_APPROACH_H

#include "solver.h"

/* While the cost is above this share of what it was, so are curvatures: a preconditioner serves on. */
#define FGD_CHANGED 0.95

size_t fgd_approach_work(ptrdiff_t size);
/* run->ready; *prepared: the cost at which the preconditioner that is left was made.  The run goes on from where this
 * leaves it, with an outcome if it was stopped. */
fgd_status fgd_approach(fgd_run *run, double *work, double *prepared);

#endif
