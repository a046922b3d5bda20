/* Products in float (see softmax_rough.h). */
#include "softmax_rough.h"

#include <math.h>
#include <string.h>

#include "softmax_pass.h"
#include "softmax_turn.h"

void fgd_softmax_rough_layout(fgd_softmax *o, fgd_arena *a) {
  ptrdiff_t d = o->p->X.d, K = o->K;
  if (!fgd_design_is_rough(&o->design)) return;
  o->centre = fgd_take(a, (size_t)d * sizeof *o->centre);
  o->direction = fgd_take(a, (size_t)(K * d) * sizeof *o->direction);
  o->rough_intercept = fgd_take_doubles(a, K);
}

void fgd_softmax_rough_find(fgd_softmax *o) {
  o->rough = o->centre != NULL && o->scale != NULL;
  for (ptrdiff_t j = 0; o->rough && j < o->p->X.d; j++) {
    double scale = o->scale[j], most = 1e15;
    if (scale > 0 && !(scale < most && scale * most > 1 && fabs(o->shift[j]) < most)) o->rough = 0;
    o->centre[j] = (float)o->shift[j];
  }
}

static int is_skipped(const fgd_softmax *o, ptrdiff_t part, ptrdiff_t first) {
  return (first - part * o->design.part) / o->design.block % o->stride != 0;
}

/* All rows over those that are not skipped. */
static double thinned(const fgd_softmax *o) {
  ptrdiff_t taken = 0;
  for (ptrdiff_t part = 0; part < o->design.parts; part++)
    for (ptrdiff_t first = part * o->design.part, end = fgd_part_end(&o->design, part); first < end;
         first += o->design.block)
      if (!is_skipped(o, part, first)) taken += fgd_block_rows(&o->design, first, end);
  return (double)o->p->X.n / (double)taken;
}

static void rough_part(void *arg, ptrdiff_t part, int worker) {
  fgd_softmax *o = arg;
  fgd_softmax_sums s = fgd_softmax_sums_of(o, part);
  double n = (double)o->p->X.n; /* shares of rows come near 1 */
  memset(s.g, 0, (size_t)o->slot * sizeof *s.g);
  FGD_FOR_BLOCKS(o, part, worker) {
    if (is_skipped(o, part, b.first)) continue;
    float *r = (float *)b.t;
    fgd_softmax_bare_margins(o, &b, o->rough_intercept, 0, b.dz);
    fgd_design_margins_rough(&o->design, b.first, b.rows, o->K, o->centre, o->direction, b.dz);
    o->design.kernels->softmax_tilt(b.rows, o->K, fgd_softmax_base_of(o, &b, b.z), b.dz, b.s, b.s_step, b.r);
    for (ptrdiff_t i = 0; i < b.rows * o->K; i++) r[i] = (float)(n * b.r[i]);
    fgd_design_gradient_rough(&o->design, b.first, b.rows, o->K, o->centre, r, 1 / n, s.g);
    for (ptrdiff_t k = 0; k < o->K; k++) s.r[k] += fgd_sum(b.r + k * b.rows, b.rows);
  }
}

fgd_status fgd_softmax_hess_vec_rough(fgd_softmax *o, const double *v, double *Hv) {
  ptrdiff_t d = o->p->X.d;
  double *coef = o->trial.coef;
  fgd_softmax_export(o, v, coef);
  for (ptrdiff_t k = 0; k < o->K; k++) {
    double b = coef[o->K * d + k];
    for (ptrdiff_t j = 0; j < d; j++) {
      o->direction[k * d + j] = (float)coef[k * d + j];
      b += (double)o->centre[j] * coef[k * d + j];
    }
    o->rough_intercept[k] = b;
  }
  fgd_status status = fgd_softmax_run(o, rough_part, o, 1);
  o->passes++;
  if (status) return status;
  fgd_softmax_sums s = fgd_softmax_sums_of(o, 0);
  double share = thinned(o);
  for (ptrdiff_t k = 0; k < o->K; k++) {
    s.r[k] *= share;
    for (ptrdiff_t j = 0; j < d; j++) s.g[k * d + j] = share * s.g[k * d + j] + (double)o->centre[j] * s.r[k];
  }
  fgd_softmax_turn(o, v, Hv, NULL);
  return FGD_OK;
}
