/* A pass over the rows of K classes: blocks with their labels, weights and margins; parts with their sums. */
#ifndef FGD_SOFTMAX_PASS_H
#define FGD_SOFTMAX_PASS_H

#include "blocks.h"
#include "softmax_state.h"

typedef struct {
  double *g, *r, *f, *slope; /* K lines of d; K, and K more; and one each */
} fgd_softmax_sums;

typedef struct {
  ptrdiff_t first, rows;
  const double *y, *s; /* labels, once they are taken; weights */
  int s_step;
  double *z, *dz, *r, *t; /* of the worker, to write to: K lines each */
} fgd_softmax_block;

/* After the design's parts are known. */
void fgd_softmax_pass_layout(fgd_softmax *o, fgd_arena *a);

fgd_softmax_sums fgd_softmax_sums_of(const fgd_softmax *o, ptrdiff_t part);
/* The block that begins at row `first` and does not reach beyond `end`. */
fgd_softmax_block fgd_softmax_block_at(const fgd_softmax *o, ptrdiff_t first, ptrdiff_t end, int worker);

/* What follows is done with each block b of the part. */
#define FGD_FOR_BLOCKS(o, part, worker) FGD_FOR_BLOCKS_OF(fgd_softmax_block, fgd_softmax_block_at, o, part, worker)

static inline uint8_t *fgd_softmax_stage_of(const fgd_softmax *o, const fgd_softmax_block *b) {
  return o->stage + b->first * o->K;
}

/* b->y becomes lines of zeros and ones; soft labels are divided by their sum, which is 1 up to rounding. */
void fgd_softmax_take_labels(const fgd_softmax *o, const fgd_softmax_block *b);
/* Margins of K intercepts and the offset, without X. */
void fgd_softmax_bare_margins(const fgd_softmax *o, const fgd_softmax_block *b, const double *intercept, int offset,
                              double *z);
/* A pass over the block: margins of a point, into where they are kept, else into z. */
double *fgd_softmax_fresh_margins(const fgd_softmax *o, const fgd_softmax_block *b, const fgd_softmax_point *point,
                                  double *z);
/* The same as they are kept, if they are. */
const double *fgd_softmax_margins_of(const fgd_softmax *o, const fgd_softmax_block *b, const fgd_softmax_point *point,
                                     double *z);
/* Probabilities at the base, as they are kept, else into p. */
const double *fgd_softmax_base_of(const fgd_softmax *o, const fgd_softmax_block *b, double *p);

/* The block's labels are taken; its cost at margins z, whose residuals become b->r. */
double fgd_softmax_value_of(const fgd_softmax *o, const fgd_softmax_block *b, const double *z);
void fgd_softmax_add_gradient(const fgd_softmax *o, const fgd_softmax_block *b, fgd_softmax_sums s);

/* Run over all parts and leave the joined sums in the first one; over_X: those of the gradient, too. */
fgd_status fgd_softmax_run(fgd_softmax *o, fgd_task task, void *job, int over_X);

#endif
