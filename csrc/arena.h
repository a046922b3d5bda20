/* One block of memory, handed in by the caller, cut into arrays.  With base NULL the
 * same cuts only measure: layout functions run twice, once to say how much is needed. */
#ifndef FGD_ARENA_H
#define FGD_ARENA_H

#include <stddef.h>

typedef struct {
  char *base;
  size_t used;
} fgd_arena;

static inline void *fgd_take(fgd_arena *a, size_t bytes) {
  void *p = a->base ? a->base + a->used : NULL;
  a->used += (bytes + 63) & ~(size_t)63;
  return p;
}

static inline double *fgd_take_doubles(fgd_arena *a, ptrdiff_t count) {
  return fgd_take(a, (size_t)count * sizeof(double));
}

#endif
