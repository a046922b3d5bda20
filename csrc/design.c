/* X as the solvers need it (see design.h). */
#include "design.h"

#include <math.h>
#include <string.h>

static const size_t element_size[FGD_DTYPES] = {sizeof(double), sizeof(float), sizeof(uint8_t)};

static ptrdiff_t clamp(ptrdiff_t x, ptrdiff_t low, ptrdiff_t high) { return x < low ? low : x > high ? high : x; }
static ptrdiff_t at_least_one(ptrdiff_t x) { return x > 1 ? x : 1; }

static const void *element(const fgd_matrix *X, ptrdiff_t i, ptrdiff_t j) {
  ptrdiff_t at = X->layout == FGD_C_ORDER ? i * X->ld + j : j * X->ld + i;
  return (const char *)X->data + at * (ptrdiff_t)element_size[X->dtype];
}

static const void *row_pointers(const fgd_matrix *X, ptrdiff_t i) {
  return (const char *)X->indptr + i * (X->index == FGD_I32 ? 4 : 8);
}

static ptrdiff_t entries_before(const fgd_matrix *X, ptrdiff_t i) {
  const void *p = row_pointers(X, i);
  return X->index == FGD_I32 ? (ptrdiff_t) * (const int32_t *)p : (ptrdiff_t) * (const int64_t *)p;
}

/* Row partials cost a pass over P * d numbers at the end; there are only as many as stay small
 * beside X itself and inside the cache.  P depends on the shape alone, never on the threads. */
static void choose_parts(fgd_design *D, ptrdiff_t m) {
  ptrdiff_t n = D->X->n, d = at_least_one(D->X->d);
  ptrdiff_t entries = D->X->layout == FGD_CSR ? entries_before(D->X, n) - entries_before(D->X, 0) : n * d;
  ptrdiff_t parts = clamp(FGD_PARTIAL_BYTES / (ptrdiff_t)sizeof(double) / (m * d), 4, 64);
  parts = clamp(parts, 1, at_least_one(entries / (8 * d)));
  parts = clamp(parts, 1, at_least_one((entries + 8 * n) / 8192));
  D->part = ((n + parts - 1) / parts + 63) / 64 * 64;
  if (D->part == 0) D->part = 64;
  D->parts = at_least_one((n + D->part - 1) / D->part);
}

void fgd_design_init(fgd_design *D, const fgd_matrix *X) { fgd_design_init_many(D, X, 1); }

void fgd_design_init_many(fgd_design *D, const fgd_matrix *X, ptrdiff_t m) {
  D->X = X;
  D->kernels = fgd_kernels_active();
  ptrdiff_t row = at_least_one(X->d) * (ptrdiff_t)element_size[X->dtype];
  switch (X->layout) {
    case FGD_C_ORDER: D->block = clamp(16384 / row / 16 * 16, 32, FGD_MAX_BLOCK); break;
    case FGD_F_ORDER: D->block = clamp(262144 / row / 64 * 64, 128, 512); break;
    case FGD_CSR: D->block = 256; break;
  }
  choose_parts(D, m);
}

int fgd_design_is_across(const fgd_design *D) { return D->X->layout == FGD_CSR; }

ptrdiff_t fgd_design_bytes(const fgd_design *D) {
  const fgd_matrix *X = D->X;
  ptrdiff_t each = (ptrdiff_t)element_size[X->dtype];
  if (X->layout != FGD_CSR) return X->n * X->d * each;
  return (entries_before(X, X->n) - entries_before(X, 0)) * (each + (X->index == FGD_I32 ? 4 : 8));
}

static const fgd_csr_kernels *csr_of(const fgd_design *D) { return &D->kernels->csr[D->X->dtype][D->X->index]; }

#define FETCH_ROWS 8
#define FETCH_BYTES 4096 /* so far ahead */

void fgd_design_margins_only(const fgd_design *D, ptrdiff_t first, ptrdiff_t rows, const double *w, double *z) {
  const fgd_matrix *X = D->X;
  ptrdiff_t row = X->ld * (ptrdiff_t)fgd_design_element(D);
  if (X->layout != FGD_C_ORDER || X->ld > X->d + 8 || row > FETCH_BYTES) {
    fgd_design_margins(D, first, rows, w, z);
    return;
  }
  const char *ahead = (const char *)X->data + first * row + FETCH_BYTES, *end = (const char *)X->data + X->n * row;
  for (ptrdiff_t i = 0; i < rows; i += FETCH_ROWS, ahead += FETCH_ROWS * row) {
    for (ptrdiff_t at = 0; at < FETCH_ROWS * row && ahead + at < end; at += 64) __builtin_prefetch(ahead + at);
    fgd_design_margins(D, first + i, rows - i < FETCH_ROWS ? rows - i : FETCH_ROWS, w, z + i);
  }
}

void fgd_design_margins(const fgd_design *D, ptrdiff_t first, ptrdiff_t rows, const double *w, double *z) {
  fgd_design_margins_many(D, first, rows, 1, w, z);
}

void fgd_design_gradient(const fgd_design *D, ptrdiff_t first, ptrdiff_t rows, const double *r, double *g) {
  fgd_design_gradient_many(D, first, rows, 1, r, g);
}

void fgd_design_margins_many(const fgd_design *D, ptrdiff_t first, ptrdiff_t rows, ptrdiff_t m, const double *w,
                             double *z) {
  const fgd_matrix *X = D->X;
  switch (X->layout) {
    case FGD_C_ORDER:
      D->kernels->dense[X->dtype].dot(rows, X->d, element(X, first, 0), X->ld, m, w, X->d, z, rows);
      break;
    case FGD_F_ORDER:
      D->kernels->dense[X->dtype].axpy(X->d, rows, element(X, first, 0), X->ld, m, w, X->d, z, rows);
      break;
    case FGD_CSR:
      if (m == 1) csr_of(D)->dot(rows, X->data, X->indices, row_pointers(X, first), 1, w, 0, z, 0);
      else csr_of(D)->dot_across(rows, X->data, X->indices, row_pointers(X, first), m, w, z, rows);
      break;
  }
}

void fgd_design_squares(const fgd_design *D, ptrdiff_t first, ptrdiff_t rows, const double *B, const double *c,
                        float *out) {
  const fgd_matrix *X = D->X;
  const fgd_dense_kernels *k = &D->kernels->dense[X->dtype];
  if (X->layout == FGD_C_ORDER) k->squares_along(rows, X->d, element(X, first, 0), X->ld, B, c, out);
  else k->squares_across(X->d, rows, element(X, first, 0), X->ld, B, c, out);
}

void fgd_design_gradient_many(const fgd_design *D, ptrdiff_t first, ptrdiff_t rows, ptrdiff_t m, const double *r,
                              double *g) {
  const fgd_matrix *X = D->X;
  switch (X->layout) {
    case FGD_C_ORDER:
      D->kernels->dense[X->dtype].axpy(rows, X->d, element(X, first, 0), X->ld, m, r, rows, g, X->d);
      break;
    case FGD_F_ORDER:
      D->kernels->dense[X->dtype].dot(X->d, rows, element(X, first, 0), X->ld, m, r, rows, g, X->d);
      break;
    case FGD_CSR:
      if (m == 1) csr_of(D)->axpy(rows, X->data, X->indices, row_pointers(X, first), 1, r, 0, g, 0);
      else csr_of(D)->axpy_across(rows, X->data, X->indices, row_pointers(X, first), m, r, rows, g);
      break;
  }
}

int fgd_design_is_rough(const fgd_design *D) {
  return D->X->layout != FGD_CSR && D->kernels->rough[D->X->dtype].dot != NULL;
}

void fgd_design_margins_rough(const fgd_design *D, ptrdiff_t first, ptrdiff_t rows, ptrdiff_t m, const float *centre,
                              const float *w, double *z) {
  const fgd_matrix *X = D->X;
  const fgd_rough_kernels *kernels = &D->kernels->rough[X->dtype];
  if (X->layout == FGD_C_ORDER)
    kernels->dot(rows, X->d, element(X, first, 0), X->ld, centre, 1, m, w, X->d, 1, z, rows);
  else
    kernels->axpy(X->d, rows, element(X, first, 0), X->ld, centre, 0, m, w, X->d, 1, z, rows);
}

void fgd_design_gradient_rough(const fgd_design *D, ptrdiff_t first, ptrdiff_t rows, ptrdiff_t m, const float *centre,
                               const float *r, double factor, double *g) {
  const fgd_matrix *X = D->X;
  const fgd_rough_kernels *kernels = &D->kernels->rough[X->dtype];
  if (X->layout == FGD_C_ORDER)
    kernels->axpy(rows, X->d, element(X, first, 0), X->ld, centre, 1, m, r, rows, factor, g, X->d);
  else
    kernels->dot(X->d, rows, element(X, first, 0), X->ld, centre, 0, m, r, rows, factor, g, X->d);
}

void fgd_design_moments(const fgd_design *D, ptrdiff_t first, ptrdiff_t rows, const double *w, const double *c,
                        double *s1, double *s2, double *row) {
  const fgd_matrix *X = D->X;
  switch (X->layout) {
    case FGD_C_ORDER:
      D->kernels->dense[X->dtype].moments_across(rows, X->d, element(X, first, 0), X->ld, w, c, s1, s2);
      break;
    case FGD_F_ORDER:
      D->kernels->dense[X->dtype].moments_along(X->d, rows, element(X, first, 0), X->ld, w, c, s1, s2);
      break;
    case FGD_CSR:
      D->kernels->csr[X->dtype][X->index].moments(rows, X->data, X->indices, row_pointers(X, first), w, s1, s2,
                                                  row);
      break;
  }
}

static double value_at(const fgd_matrix *X, ptrdiff_t at) {
  switch (X->dtype) {
    case FGD_F64: return ((const double *)X->data)[at];
    case FGD_F32: return ((const float *)X->data)[at];
    default: return ((const uint8_t *)X->data)[at];
  }
}

void fgd_design_magnitudes(const fgd_design *D, ptrdiff_t first, ptrdiff_t rows, const double *w, double *z) {
  const fgd_matrix *X = D->X;
  for (ptrdiff_t i = first; i < first + rows; i++) {
    double sum = 0;
    if (X->layout == FGD_CSR) {
      for (ptrdiff_t e = entries_before(X, i), end = entries_before(X, i + 1); e < end; e++) {
        ptrdiff_t j = X->index == FGD_I32 ? ((const int32_t *)X->indices)[e] : ((const int64_t *)X->indices)[e];
        sum += fabs(value_at(X, e) * w[j]);
      }
    } else {
      ptrdiff_t rs = X->layout == FGD_C_ORDER ? X->ld : 1, cs = X->layout == FGD_C_ORDER ? 1 : X->ld;
      for (ptrdiff_t j = 0; j < X->d; j++) sum += fabs(value_at(X, i * rs + j * cs) * w[j]);
    }
    z[i - first] = sum;
  }
}

void fgd_design_middle(const fgd_design *D, double *c) {
  const fgd_matrix *X = D->X;
  memset(c, 0, (size_t)X->d * sizeof *c);
  if (X->layout == FGD_CSR) return;
  ptrdiff_t sample = clamp(X->n, 1, 8);
  double share = 1.0 / (double)sample;
  for (ptrdiff_t k = 0; k < sample; k++) fgd_design_gradient(D, X->n * k / sample, 1, &share, c);
}

size_t fgd_design_element(const fgd_design *D) { return element_size[D->X->dtype]; }

#define AHEAD 6 /* rows between a fetch and its use */
#define COPY_COLUMNS(type)                                              \
  for (ptrdiff_t j = 0; j < X->d; j++) {                                \
    const type *x = element(X, 0, j);                                   \
    type *to = (type *)out + j;                                         \
    for (ptrdiff_t i = 0; i < count; i++) to[i * X->d] = x[rows[i]];    \
  }

void fgd_design_copy(const fgd_design *D, const ptrdiff_t *rows, ptrdiff_t count, void *out) {
  const fgd_matrix *X = D->X;
  size_t length = (size_t)X->d * element_size[X->dtype];
  if (X->layout == FGD_C_ORDER) {
    for (ptrdiff_t i = 0; i < count; i++) {
      const char *ahead = element(X, rows[i + AHEAD < count ? i + AHEAD : i], 0);
      for (size_t at = 0; at < length; at += 64) __builtin_prefetch(ahead + at);
      memcpy((char *)out + (size_t)i * length, element(X, rows[i], 0), length);
    }
  } else if (X->dtype == FGD_F64) {
    COPY_COLUMNS(double)
  } else if (X->dtype == FGD_F32) {
    COPY_COLUMNS(float)
  } else {
    COPY_COLUMNS(uint8_t)
  }
}

/* --- weighted Gram --------------------------------------------------------------- */

/* Rows that go through the double-precision kernel by way of a small dense copy. */
static ptrdiff_t widened_rows(ptrdiff_t d) { return clamp(65536 / at_least_one(d), 32, 512); }

static int needs_widening(const fgd_gram_plan *g) {
  return g->D->X->layout == FGD_CSR || (g->exact && g->D->X->dtype != FGD_F64);
}

#define WIDEN(type)                                                                              \
  for (ptrdiff_t i = 0; i < count; i++) {                                                        \
    ptrdiff_t row = rows ? rows[i] : first + i;                                                  \
    const type *x = element(X, row, 0);                                                          \
    ptrdiff_t step = X->layout == FGD_C_ORDER ? 1 : X->ld;                                       \
    for (ptrdiff_t j = 0; j < X->d; j++) out[i * X->d + j] = (double)x[j * step];                \
  }

static void widen(const fgd_design *D, ptrdiff_t first, ptrdiff_t count, const ptrdiff_t *rows, double *out) {
  const fgd_matrix *X = D->X;
  if (X->layout == FGD_CSR) {
    memset(out, 0, (size_t)(count * X->d) * sizeof *out);
    for (ptrdiff_t i = 0; i < count; i++)
      D->kernels->csr[X->dtype][X->index].densify(1, X->data, X->indices,
                                                  row_pointers(X, rows ? rows[i] : first + i), out + i * X->d, X->d);
  } else if (X->dtype == FGD_F32) {
    WIDEN(float)
  } else {
    WIDEN(uint8_t)
  }
}

void fgd_gram_plan_layout(fgd_gram_plan *g, const fgd_design *D, ptrdiff_t count, int ones, int exact, int workers,
                          fgd_arena *a) {
  ptrdiff_t d = D->X->d, size = d + (ones ? 1 : 0), square = at_least_one(size * size);
  g->D = D;
  g->ones = ones;
  g->exact = exact;
  /* Few columns: many row partials.  Many: one sum whose rows are shared out, in strips of equal area. */
  ptrdiff_t slots = FGD_PARTIAL_BYTES / (ptrdiff_t)sizeof(double) / square;
  g->slots = slots < 4 ? 1 : clamp(slots, 1, 32);
  g->slots = clamp(g->slots, 1, at_least_one(count / 128));
  g->strips = g->slots > 1 || size < 64 ? 1 : 16;
  g->partial = fgd_take_doubles(a, (g->slots - 1) * square);
  size_t packing = (D->kernels->gram_work(size) + 63) & ~(size_t)63;
  g->work_each = packing;
  if (needs_widening(g)) g->work_each += ((size_t)(widened_rows(d) * d) * sizeof(double) + 63) & ~(size_t)63;
  g->work = fgd_take(a, g->work_each * (size_t)workers);
}

typedef struct {
  const fgd_gram_plan *plan;
  const ptrdiff_t *rows;
  ptrdiff_t count;
  const double *q;
  double *G;
} gram_job;

static void gram_item(void *arg, ptrdiff_t item, int worker) {
  const gram_job *job = arg;
  const fgd_gram_plan *g = job->plan;
  const fgd_design *D = g->D;
  const fgd_matrix *X = D->X;
  ptrdiff_t slot = item / g->strips, strip = item % g->strips, d = X->d, size = d + (g->ones ? 1 : 0);
  ptrdiff_t j0 = 0, j1 = size;
  if (g->strips > 1) {
    j0 = (ptrdiff_t)((double)size * sqrt((double)strip / (double)g->strips)) / 16 * 16;
    if (strip + 1 < g->strips) j1 = (ptrdiff_t)((double)size * sqrt((double)(strip + 1) / (double)g->strips)) / 16 * 16;
  }
  ptrdiff_t from = job->count * slot / g->slots, to = job->count * (slot + 1) / g->slots;
  double *G = slot ? g->partial + (slot - 1) * size * size : job->G;
  memset(G + j0 * size, 0, (size_t)((j1 - j0) * size) * sizeof *G);

  char *work = g->work + (size_t)worker * g->work_each;
  int copy = needs_widening(g);
  double *wide = (double *)(work + ((D->kernels->gram_work(size) + 63) & ~(size_t)63));
  fgd_gram_source src = {.X = X->data, .rs = X->layout == FGD_F_ORDER ? 1 : X->ld,
                         .cs = X->layout == FGD_F_ORDER ? X->ld : 1, .d = d, .shift = g->shift,
                         .scale = g->scale, .ones = g->ones};
  int dtype = X->dtype;
  if (copy) src.X = wide, src.rs = d, src.cs = 1, dtype = FGD_F64;
  /* Pieces keep the poll frequent: about a million products each. */
  ptrdiff_t piece = copy ? widened_rows(d) : clamp(4000000 / at_least_one(size * size), 1, 64) * 512;
  for (ptrdiff_t i = from; i < to && !fgd_team_stopped(g->team, worker); i += piece) {
    ptrdiff_t k = to - i < piece ? to - i : piece;
    const ptrdiff_t *rows = job->rows ? job->rows + i : NULL;
    if (copy) widen(D, i, k, rows, wide);
    D->kernels->gram[dtype].gram(&src, copy ? 0 : i, k, copy ? NULL : rows, job->q + i, j0, j1, G, size, work);
  }
}

fgd_status fgd_design_gram(const fgd_gram_plan *g, const ptrdiff_t *rows, ptrdiff_t count, const double *q,
                           double *G) {
  ptrdiff_t size = g->D->X->d + (g->ones ? 1 : 0);
  gram_job job = {g, rows, count, q, G};
  fgd_status status = fgd_team_run(g->team, gram_item, &job, g->slots * g->strips);
  for (ptrdiff_t slot = 1; slot < g->slots; slot++) {
    const double *part = g->partial + (slot - 1) * size * size;
    for (ptrdiff_t a = 0; a < size; a++)
      for (ptrdiff_t b = 0; b <= a; b++) G[a * size + b] += part[a * size + b];
  }
  return status;
}
