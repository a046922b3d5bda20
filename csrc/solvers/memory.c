/* Limited memory over a factor (see memory.h). */
#include "memory.h"

#include <string.h>

fgd_memory fgd_memory_in(double *work, ptrdiff_t size) {
  return (fgd_memory){.step = work, .change = work + FGD_MEMORY * size, .inverse = work + 2 * FGD_MEMORY * size,
                      .size = size};
}

void fgd_remember(fgd_memory *m, const double *w, const double *w_old, const double *g, const double *g_old) {
  ptrdiff_t k = m->count % FGD_MEMORY, n = m->size;
  double *s = m->step + k * n, *y = m->change + k * n;
  for (ptrdiff_t j = 0; j < n; j++) s[j] = w[j] - w_old[j], y[j] = g[j] - g_old[j];
  double product = fgd_dot(n, s, y);
  if (!(product > 0)) return;
  m->inverse[k] = 1 / product;
  m->count++;
}

void fgd_memory_solve(const fgd_memory *m, const fgd_factor *F, double damping, const double *g, double *q, double *u) {
  ptrdiff_t n = m->size, oldest = m->count > FGD_MEMORY ? m->count - FGD_MEMORY : 0;
  double alpha[FGD_MEMORY];
  memcpy(q, g, (size_t)n * sizeof *q);
  for (ptrdiff_t i = m->count - 1; i >= oldest; i--) {
    ptrdiff_t k = i % FGD_MEMORY;
    alpha[k] = m->inverse[k] * fgd_dot(n, m->step + k * n, q);
    for (ptrdiff_t j = 0; j < n; j++) q[j] -= alpha[k] * m->change[k * n + j];
  }
  fgd_factor_solve(F, damping, q, u);
  for (ptrdiff_t i = oldest; i < m->count; i++) {
    ptrdiff_t k = i % FGD_MEMORY;
    double beta = m->inverse[k] * fgd_dot(n, m->change + k * n, u);
    for (ptrdiff_t j = 0; j < n; j++) u[j] += (alpha[k] - beta) * m->step[k * n + j];
  }
}
