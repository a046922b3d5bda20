/* Conjugate gradients for H u = g with the oracle's Hessian-vector products and preconditioner. */
#ifndef FGD_CG_H
#define FGD_CG_H

#include "solver.h"

typedef struct {
  double *u, *r, *s, *p, *Hp; /* size each: solution, residual, preconditioned residual, direction, its image */
  double rs, rs0;             /* r's now and at the start */
  double radius;             /* u stays within it in the norm of the preconditioner (Steihaug, 1983); may be infinite */
  double uMu, uMp, pMp;
  int edge;                   /* u has come to the radius */
  ptrdiff_t products;         /* since fgd_cg_begin */
} fgd_cg;

#define FGD_CG_VECTORS 5

void fgd_cg_layout(fgd_cg *c, ptrdiff_t size, double *work);
/* u = 0, r = g; the oracle is prepared at the current point. */
void fgd_cg_begin(fgd_cg *c, const fgd_oracle *oracle, const double *g);
/* Go on from the residual at hand, the preconditioner having changed. */
void fgd_cg_restart(fgd_cg *c, const fgd_oracle *oracle);
/* Until the preconditioned residual is `relative` of the first, or (residual > 0) 1/2 |r|^2 in the inverse penalty is
 * below `residual`, or after `most` products.  May be called again to go on. */
fgd_status fgd_cg_run(fgd_cg *c, const fgd_oracle *oracle, double relative, double residual, ptrdiff_t most);
/* Share of the cost: a predicted decrease that rounding hides. */
#define FGD_CG_TINY (1e3 * DBL_EPSILON)
/* Share of the target: the predicted decrease at which a certificate is asked for. */
#define FGD_CG_ENOUGH 0.1
/* Solve on until the certificate is tight, and give it.  *estimate: columns without penalty leave a residual that only
 * its size in the preconditioner vouches for. */
fgd_status fgd_cg_certify(fgd_cg *c, const fgd_run *run, const double *g, double *gap, int *estimate);

#endif
