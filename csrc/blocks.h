/* A pass over the rows: parts, which any worker may take and whose sums are added in their order, and the blocks
 * of each. */
#ifndef FGD_BLOCKS_H
#define FGD_BLOCKS_H

#include "design.h"

/* The first row behind the part. */
static inline ptrdiff_t fgd_part_end(const fgd_design *D, ptrdiff_t part) {
  ptrdiff_t end = (part + 1) * D->part;
  return end < D->X->n ? end : D->X->n;
}

/* How many rows the block has that begins at row `first` and does not reach beyond `end`. */
static inline ptrdiff_t fgd_block_rows(const fgd_design *D, ptrdiff_t first, ptrdiff_t end) {
  return end - first < D->block ? end - first : D->block;
}

/* What follows is done for the first row of each block of the part, whose end is `end`, until the team stops. */
#define FGD_FOR_FIRST_ROWS(D, team, part, worker, first, end)             \
  for (ptrdiff_t first = (part) * (D)->part, end = fgd_part_end(D, part); \
       first < end && !fgd_team_stopped(team, worker); first += (D)->block)

/* The same with each block b = at(o, first, end, worker) of an objective. */
#define FGD_FOR_BLOCKS_OF(block, at, o, part, worker)                     \
  FGD_FOR_FIRST_ROWS(&(o)->design, (o)->team, part, worker, first_, end_) \
  for (block b = at(o, first_, end_, worker), *once_ = &b; once_; once_ = NULL)

/* In four sums side by side. */
static inline double fgd_sum(const double *x, ptrdiff_t n) {
  double s[4] = {0};
  ptrdiff_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (int k = 0; k < 4; k++) s[k] += x[i + k];
  for (; i < n; i++) s[0] += x[i];
  return (s[0] + s[1]) + (s[2] + s[3]);
}

/* Numbers begin .. end-1 of the slots of all parts, part after part, are added to those of the first. */
static inline void fgd_join(double *slots, ptrdiff_t slot, ptrdiff_t parts, ptrdiff_t begin, ptrdiff_t end) {
  for (ptrdiff_t k = 1; k < parts; k++)
    for (ptrdiff_t j = begin; j < end; j++) slots[j] += slots[k * slot + j];
}

#endif
