/* What steps taken told of the Hessian, for a factor that knows it roughly or a preconditioner: limited memory
 * (Nocedal, 1980; Liu and Nocedal, 1989). */
#ifndef FGD_MEMORY_H
#define FGD_MEMORY_H

#include "solver.h"

#define FGD_MEMORY 10 /* steps that are remembered at most */
/* Numbers that `most` of them take. */
#define FGD_MEMORY_WORK(size, most) (2 * (most) * (size) + (most))

typedef struct {
  double *step, *change;       /* `most` lines of `size`: steps and what they changed the gradient by */
  double *product;             /*   of both */
  ptrdiff_t size, most, count; /* ever added */
} fgd_memory;

/* An empty one. */
fgd_memory fgd_memory_in(double *work, ptrdiff_t size, ptrdiff_t most);
void fgd_remember(fgd_memory *m, const double *w, const double *w_old, const double *g, const double *g_old);
/* u = (the quasi-Newton inverse built on the factor's) g; q: size numbers of work */
void fgd_memory_solve(const fgd_memory *m, const fgd_factor *F, double damping, const double *g, double *q, double *u);
/* The same, built on the oracle's preconditioner, scaled as the last step tells.  Returns the slope along -u.  If
 * rounding has spoilt what is remembered it is forgotten. */
double fgd_memory_direction(fgd_memory *m, const fgd_oracle *oracle, const double *g, double *q, double *u);

#endif
