/* The point nearest to a given one among those that satisfy all constraints n'v >= b (b = 0 throughout: its projection
 * onto their cone).  They are brought one after the other, as they are found to be violated (Goldfarb and Idnani,
 * 1983). Those that bind are kept as rows with an orthogonal factor, never as a Gram, so that nearly equal ones are
 * told apart to rounding. */
#ifndef FGD_CONE_H
#define FGD_CONE_H

#include <stddef.h>

typedef struct {
  ptrdiff_t size, binding;
  const double *from;        /* size: what is projected */
  double *v;                 /* size: onto the constraints so far */
  double *Q, *R;             /* size x size each: N' = Q R, the rows of Q are orthonormal */
  double *multiplier, *b;    /* size each: of the binding constraints; multipliers are at least 0 */
  double *fixed;             /* size: may not go any more */
  double *rest, *share, *by; /* size each: work */
} fgd_cone;

static inline size_t fgd_cone_work(ptrdiff_t size) { return (size_t)(6 * size) * sizeof(double); }

/* Q and R: size x size numbers each; work: fgd_cone_work(size). */
void fgd_cone_begin(fgd_cone *C, ptrdiff_t size, const double *from, double *v, double *Q, double *R, double *work);
/* One constraint more, n of length 1, which v violates.  0: it only seems to, by rounding. */
int fgd_cone_add(fgd_cone *C, const double *n, double b);

#endif
