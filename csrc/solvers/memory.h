/* What steps taken told of the Hessian, for a factor that knows it roughly: limited memory (Nocedal, 1980). */
#ifndef FGD_MEMORY_H
#define FGD_MEMORY_H

#include "solver.h"

#define FGD_MEMORY 10
/* Numbers that it takes. */
#define FGD_MEMORY_WORK(size) (2 * FGD_MEMORY * (size) + FGD_MEMORY)

typedef struct {
  double *step, *change; /* FGD_MEMORY lines of `size`: steps and what they changed the gradient by */
  double *inverse;       /* 1 / the product of both */
  ptrdiff_t size, count; /* ever added */
} fgd_memory;

/* An empty one. */
fgd_memory fgd_memory_in(double *work, ptrdiff_t size);
void fgd_remember(fgd_memory *m, const double *w, const double *w_old, const double *g, const double *g_old);
/* u = (the quasi-Newton inverse built on the factor's) g; q: size numbers of work */
void fgd_memory_solve(const fgd_memory *m, const fgd_factor *F, double damping, const double *g, double *q, double *u);

#endif
