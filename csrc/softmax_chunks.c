/* Chunks of rows (see softmax_chunks.h). */
#include "softmax_chunks.h"

#include <string.h>

#include "blocks.h"

#define CHUNK_BYTES (4 << 20) /* of residuals */
#define MOST_TOGETHER 8       /* classes in a group: with that many an entry of X touches one or two cache lines */

void fgd_softmax_chunks_layout(fgd_softmax *o, fgd_arena *a) {
  ptrdiff_t K = o->K, pairs = (K + 2 * MOST_TOGETHER - 1) / (2 * MOST_TOGETHER), rows = 65536 / K / 64 * 64;
  rows = rows < 64 ? 64 : rows > 512 ? 512 : rows;
  fgd_design_cut(&o->design, rows);
  o->together = (K + 2 * pairs - 1) / (2 * pairs); /* an even number of groups, about alike */
  o->chunk = CHUNK_BYTES / (ptrdiff_t)sizeof(double) / (K * rows);
  if (o->chunk < 4) o->chunk = 4;
  if (o->chunk > o->design.parts) o->chunk = o->design.parts;
  o->residual = fgd_take_doubles(a, o->chunk * rows * K);
  o->lines = fgd_take_doubles(a, K * o->p->X.d);
}

/* One group's sums over the chunk. */
static void group_item(void *arg, ptrdiff_t item, int worker) {
  fgd_softmax *o = arg;
  const fgd_design *D = &o->design;
  ptrdiff_t d = o->p->X.d, first = item * o->together, m = o->K - first < o->together ? o->K - first : o->together;
  ptrdiff_t begin = o->from * D->part, last = begin + o->chunk * D->part, end = last < o->p->X.n ? last : o->p->X.n;
  double *g = o->lines + first * d;
  if (o->from == 0) memset(g, 0, (size_t)(m * d) * sizeof *g);
  for (ptrdiff_t part = begin; part < end; part += D->part)
    for (ptrdiff_t i = part, stop = end - part < D->part ? end : part + D->part; i < stop; i += D->block) {
      if (fgd_team_stopped(o->team, worker)) return;
      ptrdiff_t rows = fgd_block_rows(D, i, stop);
      fgd_design_gradient_many(D, i, rows, m, o->residual + (i - begin) * o->K + first * rows, g);
    }
}

typedef struct {
  fgd_softmax *o;
  fgd_task task;
  void *job;
} chunked;

static void chunk_item(void *arg, ptrdiff_t item, int worker) {
  const chunked *c = arg;
  c->task(c->job, c->o->from + item, worker);
}

fgd_status fgd_softmax_run_by_chunks(fgd_softmax *o, fgd_task task, void *job) {
  chunked c = {o, task, job};
  ptrdiff_t parts = o->design.parts, groups = (o->K + o->together - 1) / o->together;
  fgd_status status = FGD_OK;
  for (ptrdiff_t from = 0; from < parts && !status; from += o->chunk) {
    o->from = from;
    status = fgd_team_run(o->team, chunk_item, &c, parts - from < o->chunk ? parts - from : o->chunk);
    if (!status) status = fgd_team_run(o->team, group_item, o, groups);
  }
  o->from = -1;
  return status;
}
