/* Sums over X where a point's lines lie across (CSR).
 *
 * Sums over X of K lines do not fit the cache where d is large, and a copy for each part would be worse.  So rows are
 * taken in chunks: first each part's residuals are found and stored, then each group of classes sums up its own over
 * all rows of the chunk, in their order. */
#ifndef FGD_SOFTMAX_CHUNKS_H
#define FGD_SOFTMAX_CHUNKS_H

#include "softmax_state.h"

/* Cuts the design's parts, too. */
void fgd_softmax_chunks_layout(fgd_softmax *o, fgd_arena *a);
/* Run over all parts, which leave their residuals; the sums over X are left in o->lines. */
fgd_status fgd_softmax_run_by_chunks(fgd_softmax *o, fgd_task task, void *job);

#endif
