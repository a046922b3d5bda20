/* Projection onto a cone (see cone.h). */
#include "cone.h"

#include <math.h>
#include <string.h>

#include "factor.h"

#define DEPENDENT \
  1e-13 /* a constraint follows from those that bind if no more of it is left, for each that it has of them */
#define NO_PART 1e-12 /* such a share of one of them is rounding */
#define BETTER 2      /* one constraint takes another's place if it has so much of it */

void fgd_cone_begin(fgd_cone *C, ptrdiff_t size, const double *from, double *v, double *Q, double *R, double *work) {
  *C = (fgd_cone){.size = size,
                  .from = from,
                  .v = v,
                  .Q = Q,
                  .R = R,
                  .multiplier = work,
                  .rest = work + size,
                  .share = work + 2 * size,
                  .by = work + 3 * size,
                  .b = work + 4 * size,
                  .fixed = work + 5 * size};
  memcpy(v, from, (size_t)size * sizeof *v);
}

/* x less its part in the span of the binding constraints, twice over; share (or NULL): the part by the rows of Q. */
static void take_off(const fgd_cone *C, double *x, double *share) {
  ptrdiff_t n = C->size;
  for (ptrdiff_t j = 0; share && j < C->binding; j++) share[j] = 0;
  for (int again = 0; again < 2; again++)
    for (ptrdiff_t j = 0; j < C->binding; j++) {
      const double *q = C->Q + j * n;
      double along = fgd_dot(n, q, x);
      for (ptrdiff_t i = 0; i < n; i++) x[i] -= along * q[i];
      if (share) share[j] += along;
    }
}

/* The j-th binding constraint goes; rotations make R triangular again. */
static void let_go(fgd_cone *C, ptrdiff_t j) {
  ptrdiff_t n = C->size, last = --C->binding;
  for (ptrdiff_t k = j; k < last; k++) {
    C->multiplier[k] = C->multiplier[k + 1];
    C->b[k] = C->b[k + 1];
    C->fixed[k] = C->fixed[k + 1];
    for (ptrdiff_t i = 0; i <= k + 1; i++) C->R[i * n + k] = C->R[i * n + k + 1];
  }
  for (ptrdiff_t k = j; k < last; k++) {
    double a = C->R[k * n + k], b = C->R[(k + 1) * n + k], length = hypot(a, b), c = a / length, s = b / length;
    if (!(length > 0)) continue;
    for (ptrdiff_t i = k; i < last; i++) {
      double up = C->R[k * n + i], low = C->R[(k + 1) * n + i];
      C->R[k * n + i] = c * up + s * low;
      C->R[(k + 1) * n + i] = c * low - s * up;
    }
    for (ptrdiff_t i = 0; i < n; i++) {
      double up = C->Q[k * n + i], low = C->Q[(k + 1) * n + i];
      C->Q[k * n + i] = c * up + s * low;
      C->Q[(k + 1) * n + i] = c * low - s * up;
    }
  }
}

/* v anew from where it came, lest rounding pile up: its part in that span is what the constraints say. */
static void set_anew(fgd_cone *C) {
  ptrdiff_t n = C->size;
  memcpy(C->v, C->from, (size_t)n * sizeof *C->v);
  take_off(C, C->v, NULL);
  for (ptrdiff_t j = 0; j < C->binding; j++) {
    double along = C->b[j];
    for (ptrdiff_t k = 0; k < j; k++) along -= C->R[k * n + j] * C->by[k];
    C->by[j] = along / C->R[j * n + j];
    for (ptrdiff_t i = 0; i < n; i++) C->v[i] += C->by[j] * C->Q[j * n + i];
  }
}

static void bind(fgd_cone *C, double pull, double b, int fixed) {
  ptrdiff_t n = C->size, last = C->binding++;
  double length = sqrt(fgd_dot(n, C->rest, C->rest));
  for (ptrdiff_t i = 0; i < n; i++) C->Q[last * n + i] = C->rest[i] / length;
  for (ptrdiff_t j = 0; j < last; j++) C->R[j * n + last] = C->share[j], C->R[last * n + j] = 0;
  C->R[last * n + last] = length;
  C->multiplier[last] = pull;
  C->fixed[last] = fixed;
  C->b[last] = b;
  set_anew(C);
}

/* n = sum by_j n_j + rest.  Returns sum |by_j|. */
static double express(fgd_cone *C, const double *n) {
  ptrdiff_t size = C->size;
  double sum = 0;
  memcpy(C->rest, n, (size_t)size * sizeof *n);
  take_off(C, C->rest, C->share);
  for (ptrdiff_t j = C->binding; j-- > 0;) {
    double along = C->share[j];
    for (ptrdiff_t k = j + 1; k < C->binding; k++) along -= C->R[j * size + k] * C->by[k];
    C->by[j] = along / C->R[j * size + j];
    sum += fabs(C->by[j]);
  }
  return sum;
}

/* n is a negative combination of what binds, where b is 0: none of these can ever be more than 0, and all stay.  Among
 * them n takes the place of the one that it tells most about, if that makes them less nearly dependent. */
static int take_place(fgd_cone *C, const double *n, double total) {
  ptrdiff_t most = 0;
  for (ptrdiff_t j = 0; j < C->binding; j++) {
    if (C->b[j] != 0 && fabs(C->by[j]) > NO_PART * total) return 0;
    if (fabs(C->by[j]) > fabs(C->by[most])) most = j;
  }
  if (C->binding == 0 || !(fabs(C->by[most]) > BETTER)) return 0;
  for (ptrdiff_t j = 0; j < C->binding; j++)
    if (fabs(C->by[j]) > NO_PART * total) C->fixed[j] = 1;
  let_go(C, most);
  express(C, n);
  bind(C, 0, 0, 1);
  return 1;
}

int fgd_cone_add(fgd_cone *C, const double *n, double b) {
  ptrdiff_t size = C->size;
  double pull = 0; /* its multiplier */
  for (;;) {
    double total = express(C, n), left = fgd_dot(size, C->rest, C->rest), full = INFINITY, most = INFINITY;
    ptrdiff_t first = -1;
    if (C->binding < size && sqrt(left) > DEPENDENT * (1 + total)) full = fmax(0, b - fgd_dot(size, n, C->v)) / left;
    /* The others' multipliers fall by as much as n has of them. */
    for (ptrdiff_t j = 0; j < C->binding; j++)
      if (C->fixed[j] == 0 && C->by[j] > NO_PART * total && C->multiplier[j] / C->by[j] < most)
        most = C->multiplier[j] / C->by[j], first = j;
    double step = fmin(full, most);
    if (!isfinite(step)) return b == 0 && take_place(C, n, total);
    pull += step;
    for (ptrdiff_t j = 0; j < C->binding; j++) C->multiplier[j] = fmax(0, C->multiplier[j] - step * C->by[j]);
    if (full <= most) {
      bind(C, pull, b, 0);
      return 1;
    }
    if (full < INFINITY)
      for (ptrdiff_t i = 0; i < size; i++) C->v[i] += step * C->rest[i];
    let_go(C, first);
  }
}
