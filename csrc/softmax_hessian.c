/* The whole Hessian of K classes (see softmax_hessian.h). */
#include "softmax_hessian.h"

#include <string.h>

#include "softmax_basis.h"
#include "softmax_weights.h"

void fgd_softmax_hessian_layout(fgd_softmax_hessian *h, fgd_softmax *o, int workers, fgd_arena *a) {
  ptrdiff_t side = fgd_softmax_side(o);
  h->o = o;
  h->rests = NULL;
  fgd_grams_layout(&h->grams, &o->design, o->p->X.n, o->p->fit_intercept, workers, a);
  h->G = fgd_take_doubles(a, side * side);
}

/* H += share * G in the place of the coordinates a and b, lower triangles throughout. */
static void add_block(const fgd_softmax *o, ptrdiff_t a, ptrdiff_t b, double share, const double *G, double *H) {
  ptrdiff_t side = fgd_softmax_side(o), n = o->size;
  for (ptrdiff_t i = 0; i < side; i++)
    for (ptrdiff_t j = 0; j < side; j++) {
      ptrdiff_t row = fgd_softmax_place(o, a, i), column = fgd_softmax_place(o, b, j);
      if (a == b && j > i) break;
      double g = share * (j <= i ? G[i * side + j] : G[j * side + i]);
      H[row >= column ? row * n + column : column * n + row] += g;
    }
}

/* The Hessian is a sum over pairs of classes: (e_k - e_l)(e_k - e_l)' times the Gram with weights p_k p_l. */
fgd_status fgd_softmax_hessian_form(fgd_softmax_hessian *h, int fine, double *H) {
  fgd_softmax *o = h->o;
  ptrdiff_t K = o->K;
  fgd_status status = FGD_OK;
  memset(H, 0, (size_t)(o->size * o->size) * sizeof *H);
  for (ptrdiff_t k = 1; k < K && !status; k++)
    for (ptrdiff_t l = 0; l < k && !status; l++) {
      if ((status = fgd_softmax_pair(o, k, l))) break;
      status = fgd_design_gram(fine ? &h->grams.fine : &h->grams.coarse, NULL, o->p->X.n, o->q, h->G);
      for (ptrdiff_t a = 0; a < K - 1; a++) {
        double ta = fgd_softmax_basis(K, k, a) - fgd_softmax_basis(K, l, a);
        for (ptrdiff_t b = 0; b <= a && ta != 0; b++) {
          double tb = fgd_softmax_basis(K, k, b) - fgd_softmax_basis(K, l, b);
          if (tb != 0) add_block(o, a, b, ta * tb, h->G, H);
        }
      }
    }
  for (ptrdiff_t i = 0; i < o->size && h->rests && o->stages; i++)
    for (ptrdiff_t j = 0; j <= i; j++)
      if (h->rests[i] || h->rests[j]) H[i * o->size + j] = 0;
  return status;
}
