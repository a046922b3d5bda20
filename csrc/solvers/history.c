/* What limited-memory BFGS remembers (see history.h). */
#include "history.h"

#include <float.h>
#include <string.h>

void fgd_history_layout(fgd_history *h, ptrdiff_t size, ptrdiff_t memory, double *work) {
  h->n = size;
  h->memory = memory;
  h->taken = 0;
  h->scaled = work;
  for (ptrdiff_t k = 0; k < memory; k++) {
    h->s[k] = work + (1 + 2 * k) * size;
    h->y[k] = h->s[k] + size;
  }
}

static void recursion(const fgd_history *h, const fgd_oracle *oracle, const double *g, double *u) {
  double alpha[FGD_MOST_MEMORY], gamma = 1;
  ptrdiff_t from = h->taken > h->memory ? h->taken - h->memory : 0;
  memcpy(u, g, (size_t)h->n * sizeof *u);
  for (ptrdiff_t k = h->taken; k-- > from;) {
    ptrdiff_t i = k % h->memory;
    alpha[i] = fgd_dot(h->n, h->s[i], u) / h->sy[i];
    for (ptrdiff_t j = 0; j < h->n; j++) u[j] -= alpha[i] * h->y[i][j];
  }
  if (h->taken > 0) {
    ptrdiff_t i = (h->taken - 1) % h->memory;
    oracle->precondition(oracle->self, h->y[i], h->scaled);
    gamma = h->sy[i] / fgd_dot(h->n, h->y[i], h->scaled);
  }
  oracle->precondition(oracle->self, u, h->scaled);
  for (ptrdiff_t j = 0; j < h->n; j++) u[j] = gamma * h->scaled[j];
  for (ptrdiff_t k = from; k < h->taken; k++) {
    ptrdiff_t i = k % h->memory;
    double beta = alpha[i] - fgd_dot(h->n, h->y[i], u) / h->sy[i];
    for (ptrdiff_t j = 0; j < h->n; j++) u[j] += beta * h->s[i][j];
  }
}

double fgd_history_direction(fgd_history *h, const fgd_oracle *oracle, const double *g, double *u) {
  recursion(h, oracle, g, u);
  double slope = -fgd_dot(h->n, g, u);
  if ((slope < 0 && slope >= -DBL_MAX) || h->taken == 0) return slope;
  h->taken = 0;
  recursion(h, oracle, g, u);
  return -fgd_dot(h->n, g, u);
}

void fgd_history_add(fgd_history *h, const double *w, const double *to, const double *g, const double *gt) {
  ptrdiff_t slot = h->taken % h->memory;
  for (ptrdiff_t j = 0; j < h->n; j++) {
    h->s[slot][j] = to[j] - w[j];
    h->y[slot][j] = gt[j] - g[j];
  }
  h->sy[slot] = fgd_dot(h->n, h->s[slot], h->y[slot]);
  if (h->sy[slot] > 0) h->taken++;
}
