/* Limited memory over a factor or a preconditioner (see memory.h): the two-loop recursion. */
#include "memory.h"

#include <float.h>
#include <string.h>

fgd_memory fgd_memory_in(double *work, ptrdiff_t size, ptrdiff_t most) {
  return (fgd_memory){
      .step = work, .change = work + most * size, .product = work + 2 * most * size, .size = size, .most = most};
}

void fgd_remember(fgd_memory *m, const double *w, const double *w_old, const double *g, const double *g_old) {
  ptrdiff_t k = m->count % m->most, n = m->size;
  double *s = m->step + k * n, *y = m->change + k * n;
  for (ptrdiff_t j = 0; j < n; j++) s[j] = w[j] - w_old[j], y[j] = g[j] - g_old[j];
  double product = fgd_dot(n, s, y);
  if (!(product > 0)) return;
  m->product[k] = product;
  m->count++;
}

static ptrdiff_t oldest(const fgd_memory *m) { return m->count > m->most ? m->count - m->most : 0; }

static void backward(const fgd_memory *m, const double *g, double *q, double *alpha) {
  ptrdiff_t n = m->size;
  memcpy(q, g, (size_t)n * sizeof *q);
  for (ptrdiff_t i = m->count - 1; i >= oldest(m); i--) {
    ptrdiff_t k = i % m->most;
    alpha[k] = fgd_dot(n, m->step + k * n, q) / m->product[k];
    for (ptrdiff_t j = 0; j < n; j++) q[j] -= alpha[k] * m->change[k * n + j];
  }
}

static void forward(const fgd_memory *m, const double *alpha, double *u) {
  ptrdiff_t n = m->size;
  for (ptrdiff_t i = oldest(m); i < m->count; i++) {
    ptrdiff_t k = i % m->most;
    double beta = fgd_dot(n, m->change + k * n, u) / m->product[k];
    for (ptrdiff_t j = 0; j < n; j++) u[j] += (alpha[k] - beta) * m->step[k * n + j];
  }
}

void fgd_memory_solve(const fgd_memory *m, const fgd_factor *F, double damping, const double *g, double *q, double *u) {
  double alpha[FGD_MEMORY];
  backward(m, g, q, alpha);
  fgd_factor_solve(F, damping, q, u);
  forward(m, alpha, u);
}

double fgd_memory_direction(fgd_memory *m, const fgd_oracle *oracle, const double *g, double *q, double *u) {
  double alpha[FGD_MEMORY], gamma = 1;
  ptrdiff_t n = m->size;
  backward(m, g, q, alpha);
  if (m->count > 0) {
    ptrdiff_t k = (m->count - 1) % m->most;
    oracle->precondition(oracle->self, m->change + k * n, u);
    gamma = m->product[k] / fgd_dot(n, m->change + k * n, u);
  }
  oracle->precondition(oracle->self, q, u);
  for (ptrdiff_t j = 0; j < n; j++) u[j] *= gamma;
  forward(m, alpha, u);
  double slope = -fgd_dot(n, g, u);
  if ((slope < 0 && slope >= -DBL_MAX) || m->count == 0) return slope;
  m->count = 0;
  return fgd_memory_direction(m, oracle, g, q, u);
}
