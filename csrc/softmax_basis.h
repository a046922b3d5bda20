/* An orthonormal basis of the vectors over K classes that sum to zero. */
#ifndef FGD_SOFTMAX_BASIS_H
#define FGD_SOFTMAX_BASIS_H

#include <stddef.h>

/* Row k (K - 1 numbers) of the basis: class k in theta's coordinates. */
double fgd_softmax_basis(ptrdiff_t K, ptrdiff_t k, ptrdiff_t a);
/* m coordinates of a kind, K - 1 lines ldt apart, to K lines of m, ld apart; and back. */
void fgd_softmax_basis_spread(ptrdiff_t K, ptrdiff_t m, const double *theta, ptrdiff_t ldt, double *full, ptrdiff_t ld);
void fgd_softmax_basis_gather(ptrdiff_t K, ptrdiff_t m, const double *full, ptrdiff_t ld, double *theta, ptrdiff_t ldt);

#endif
