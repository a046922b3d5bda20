/* What limited-memory BFGS remembers (Liu and Nocedal, 1989): the last steps, and how the gradient changed on each. */
#ifndef FGD_HISTORY_H
#define FGD_HISTORY_H

#include "solver.h"

#define FGD_MOST_MEMORY 10

typedef struct {
  double *s[FGD_MOST_MEMORY], *y[FGD_MOST_MEMORY]; /* steps and changes of the gradient, a ring */
  double sy[FGD_MOST_MEMORY];
  double *scaled;             /* a vector in the preconditioner */
  ptrdiff_t n, memory, taken; /* taken: pairs ever stored */
} fgd_history;

static inline size_t fgd_history_work(ptrdiff_t size, ptrdiff_t memory) {
  return (size_t)((2 * memory + 1) * size) * sizeof(double);
}
void fgd_history_layout(fgd_history *h, ptrdiff_t size, ptrdiff_t memory, double *work);

/* u = B g, B being the approximate inverse Hessian: the two-loop recursion from the oracle's preconditioner, scaled.
 * Returns the slope along -u.  If rounding has spoilt the pairs they are forgotten. */
double fgd_history_direction(fgd_history *h, const fgd_oracle *oracle, const double *g, double *u);
/* From w to `to`, the gradient has changed from g to `gt`. */
void fgd_history_add(fgd_history *h, const double *w, const double *to, const double *g, const double *gt);

#endif
