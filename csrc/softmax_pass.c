/* Passes over blocks and parts of the rows (see softmax_pass.h). */
#include "softmax_pass.h"

#include <string.h>

#include "softmax_chunks.h"

enum { SCRATCH = 5 }; /* K lines of a block that a worker has: margins, directions, residuals, labels, work */

#define NO_MARGIN (-1e300) /* of a class that is out of play: all that is added is lost, its probability is 0 */

static ptrdiff_t block_size(const fgd_softmax *o) { return o->K * ((o->design.block + 7) / 8 * 8); }
static ptrdiff_t scratch_each(const fgd_softmax *o) { return SCRATCH * block_size(o) + block_size(o) / o->K; }

void fgd_softmax_pass_layout(fgd_softmax *o, fgd_arena *a) {
  o->sums = o->across ? 0 : o->K * o->p->X.d;
  o->slot = (o->sums + 2 * o->K + 2 + 7) / 8 * 8;
  o->partial = fgd_take_doubles(a, o->slot * o->design.parts);
  o->scratch = fgd_take_doubles(a, scratch_each(o) * o->workers);
}

fgd_softmax_sums fgd_softmax_sums_of(const fgd_softmax *o, ptrdiff_t part) {
  double *slot = o->partial + part * o->slot;
  return (fgd_softmax_sums){slot, slot + o->sums, slot + o->slot - 2, slot + o->slot - 1};
}

/* The rows of a user's array of K numbers a row, as K lines. */
static void transpose(ptrdiff_t rows, ptrdiff_t K, const double *from, double *to) {
  for (ptrdiff_t k = 0; k < K; k++)
    for (ptrdiff_t i = 0; i < rows; i++) to[k * rows + i] = from[i * K + k];
}

void fgd_softmax_take_labels(const fgd_softmax *o, const fgd_softmax_block *b) {
  ptrdiff_t K = o->K, first = b->first, rows = b->rows;
  double *y = (double *)b->y;
  if (o->p->y_class) {
    memset(y, 0, (size_t)(rows * K) * sizeof *y);
    for (ptrdiff_t i = 0; i < rows; i++) y[o->p->y_class[first + i] * rows + i] = 1;
    return;
  }
  transpose(rows, K, o->p->y_value + first * K, y);
  for (ptrdiff_t i = 0; i < rows; i++) {
    double sum = 0;
    for (ptrdiff_t k = 0; k < K; k++) sum += y[k * rows + i];
    for (ptrdiff_t k = 0; k < K; k++) y[k * rows + i] /= sum;
  }
}

fgd_softmax_block fgd_softmax_block_at(const fgd_softmax *o, ptrdiff_t first, ptrdiff_t end, int worker) {
  const fgd_problem *p = o->p;
  ptrdiff_t size = block_size(o), rows = fgd_block_rows(&o->design, first, end);
  double *own = o->scratch + worker * scratch_each(o), *s = own + SCRATCH * size;
  fgd_softmax_block b = {.first = first, .rows = rows, .s = &o->each};
  b.z = own, b.dz = own + size, b.r = own + 2 * size, b.y = own + 3 * size, b.t = own + 4 * size;
  if (o->from >= 0) b.r = o->residual + (first - o->from * o->design.part) * o->K;
  if (p->weight) {
    for (ptrdiff_t i = 0; i < rows; i++) s[i] = p->weight[first + i] * o->weight_scale[0] * o->weight_scale[1];
    b.s = s;
    b.s_step = 1;
  }
  return b;
}

void fgd_softmax_bare_margins(const fgd_softmax *o, const fgd_softmax_block *b, const double *intercept, int offset,
                              double *z) {
  ptrdiff_t rows = b->rows, K = o->K;
  if (offset && o->p->offset) transpose(rows, K, o->p->offset + b->first * K, z);
  else memset(z, 0, (size_t)(rows * K) * sizeof *z);
  for (ptrdiff_t k = 0; k < K; k++)
    for (ptrdiff_t i = 0; i < rows; i++) z[k * rows + i] += intercept[k];
  if (!offset || !o->stages) return;
  const uint8_t *stage = fgd_softmax_stage_of(o, b);
  for (ptrdiff_t i = 0; i < rows * K; i++) z[i] = stage[i] ? NO_MARGIN : z[i];
}

double *fgd_softmax_fresh_margins(const fgd_softmax *o, const fgd_softmax_block *b, const fgd_softmax_point *point,
                                  double *z) {
  if (point->kept) z = point->kept + b->first * o->K;
  fgd_softmax_bare_margins(o, b, point->coef + o->K * o->p->X.d, !point->direction, z);
  fgd_design_margins_many(&o->design, b->first, b->rows, o->K, point->coef, z);
  return z;
}

const double *fgd_softmax_margins_of(const fgd_softmax *o, const fgd_softmax_block *b, const fgd_softmax_point *point,
                                     double *z) {
  return point->kept ? point->kept + b->first * o->K : fgd_softmax_fresh_margins(o, b, point, z);
}

const double *fgd_softmax_base_of(const fgd_softmax *o, const fgd_softmax_block *b, double *p) {
  if (o->base.kept) return o->base.kept + b->first * o->K;
  fgd_softmax_fresh_margins(o, b, &o->base, p);
  o->design.kernels->softmax_probabilities(b->rows, o->K, p, p);
  return p;
}

double fgd_softmax_value_of(const fgd_softmax *o, const fgd_softmax_block *b, const double *z) {
  fgd_softmax_take_labels(o, b);
  return o->design.kernels->softmax(b->rows, o->K, z, b->y, b->s, b->s_step, b->r);
}

void fgd_softmax_add_gradient(const fgd_softmax *o, const fgd_softmax_block *b, fgd_softmax_sums s) {
  if (!o->across) fgd_design_gradient_many(&o->design, b->first, b->rows, o->K, b->r, s.g);
  for (ptrdiff_t k = 0; k < o->K; k++) s.r[k] += fgd_sum(b->r + k * b->rows, b->rows);
}

fgd_status fgd_softmax_run(fgd_softmax *o, fgd_task task, void *job, int over_X) {
  fgd_status status = over_X && o->across ? fgd_softmax_run_by_chunks(o, task, job)
                                          : fgd_team_run(o->team, task, job, o->design.parts);
  fgd_join(o->partial, o->slot, o->design.parts, over_X ? 0 : o->sums, o->slot);
  return status;
}
