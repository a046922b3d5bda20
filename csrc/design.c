/* X as the solvers need it (see design.h). */
#include "design.h"

#include <math.h>
#include <string.h>

#define CSR_BLOCK 256 /* rows */

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
  parts = clamp(parts, 1, at_least_one(entries / ((D->X->layout == FGD_CSR ? 2 : 8) * d)));
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
    case FGD_CSR: D->block = CSR_BLOCK; break;
  }
  choose_parts(D, m);
}

void fgd_design_cut(fgd_design *D, ptrdiff_t rows) {
  D->part = rows;
  D->parts = at_least_one((D->X->n + rows - 1) / rows);
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
  enum { PRODUCTS = 8 };
  const fgd_matrix *X = D->X;
  const fgd_dense_kernels *k = &D->kernels->dense[X->dtype];
  if (X->layout == FGD_CSR) {
    double z[PRODUCTS * CSR_BLOCK];
    for (ptrdiff_t p = 0; p < PRODUCTS; p++)
      for (ptrdiff_t i = 0; i < rows; i++) z[p * rows + i] = c[p];
    csr_of(D)->dot_across(rows, X->data, X->indices, row_pointers(X, first), PRODUCTS, B, z, rows);
    for (ptrdiff_t i = 0; i < rows; i++) {
      double sum = 0;
      for (ptrdiff_t p = 0; p < PRODUCTS; p++) sum += z[p * rows + i] * z[p * rows + i];
      out[i] = (float)sum;
    }
  } else if (X->layout == FGD_C_ORDER) k->squares_along(rows, X->d, element(X, first, 0), X->ld, B, c, out);
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

static ptrdiff_t index_at(const fgd_matrix *X, ptrdiff_t at) {
  return X->index == FGD_I32 ? ((const int32_t *)X->indices)[at] : ((const int64_t *)X->indices)[at];
}

void fgd_design_magnitudes(const fgd_design *D, ptrdiff_t first, ptrdiff_t rows, const double *w, double *z) {
  const fgd_matrix *X = D->X;
  for (ptrdiff_t i = first; i < first + rows; i++) {
    double sum = 0;
    if (X->layout == FGD_CSR) {
      for (ptrdiff_t e = entries_before(X, i), end = entries_before(X, i + 1); e < end; e++)
        sum += fabs(value_at(X, e) * w[index_at(X, e)]);
    } else {
      ptrdiff_t rs = X->layout == FGD_C_ORDER ? X->ld : 1, cs = X->layout == FGD_C_ORDER ? 1 : X->ld;
      for (ptrdiff_t j = 0; j < X->d; j++) sum += fabs(value_at(X, i * rs + j * cs) * w[j]);
    }
    z[i - first] = sum;
  }
}

void fgd_design_moments_about(const fgd_design *D, ptrdiff_t first, ptrdiff_t rows, const double *w, const double *c,
                              double *count, double *s1, double *s2, double *row) {
  const fgd_matrix *X = D->X;
  for (ptrdiff_t i = first; i < first + rows; i++) {
    ptrdiff_t begin = entries_before(X, i), end = entries_before(X, i + 1);
    for (ptrdiff_t e = begin; e < end; e++) row[index_at(X, e)] += value_at(X, e);
    for (ptrdiff_t e = begin; e < end; e++) {
      ptrdiff_t j = index_at(X, e);
      if (isnan(row[j])) continue; /* an entry given twice counts once */
      double t = row[j] - c[j], wt = w[i - first] * t;
      row[j] = NAN;
      count[j] += 1;
      s1[j] += wt;
      s2[j] += wt * t;
    }
    for (ptrdiff_t e = begin; e < end; e++) row[index_at(X, e)] = 0;
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

int fgd_design_copied(const fgd_design *D) { return D->X->layout == FGD_CSR ? FGD_F64 : D->X->dtype; }
size_t fgd_design_element(const fgd_design *D) { return element_size[fgd_design_copied(D)]; }

/* --- copies of rows ------------------------------------------------------------- */

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
  if (X->layout == FGD_CSR) {
    widen(D, 0, count, rows, out);
  } else if (X->layout == FGD_C_ORDER) {
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

void fgd_grams_layout(fgd_grams *g, const fgd_design *D, ptrdiff_t count, int ones, int workers, fgd_arena *a) {
  size_t before = a->used;
  fgd_gram_plan_layout(&g->coarse, D, count, ones, 0, workers, a);
  size_t coarse = a->used;
  a->used = before;
  fgd_gram_plan_layout(&g->fine, D, count, ones, 1, workers, a);
  if (a->used < coarse) a->used = coarse;
}

void fgd_grams_begin(fgd_grams *g, fgd_team *team, const double *shift, const double *scale) {
  fgd_gram_plan *plans[] = {&g->coarse, &g->fine};
  for (int k = 0; k < 2; k++) {
    plans[k]->team = team;
    plans[k]->shift = shift;
    plans[k]->scale = scale;
  }
}

/* Strips of a triangle that have the same area. */
static ptrdiff_t strip_begin(ptrdiff_t size, ptrdiff_t strip, ptrdiff_t strips) {
  if (strip == strips) return size;
  return (ptrdiff_t)((double)size * sqrt((double)strip / (double)strips)) / 16 * 16;
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
  ptrdiff_t j0 = strip_begin(size, strip, g->strips), j1 = strip_begin(size, strip + 1, g->strips);
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
  const fgd_gram_kernels *kernels = (g->exact ? D->kernels->gram : D->kernels->gram_float) + dtype;
  for (ptrdiff_t i = from; i < to && !fgd_team_stopped(g->team, worker); i += piece) {
    ptrdiff_t k = to - i < piece ? to - i : piece;
    const ptrdiff_t *rows = job->rows ? job->rows + i : NULL;
    if (copy) widen(D, i, k, rows, wide);
    kernels->gram(&src, copy ? 0 : i, k, copy ? NULL : rows, job->q + i, j0, j1, G, size, work);
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

/* --- Gram of the rows --------------------------------------------------------------- */

#define ROW_GRAM_BYTES (16 << 20) /* all partials of it together */

void fgd_row_gram_plan_layout(fgd_row_gram_plan *g, const fgd_design *D, int workers, fgd_arena *a) {
  ptrdiff_t n = D->X->n, square = at_least_one(n * n);
  g->D = D;
  /* Few rows: partials over columns.  Many: one sum whose lines are shared out. */
  g->slots = ROW_GRAM_BYTES / (ptrdiff_t)sizeof(double) / square;
  g->slots = g->slots < 4 ? 1 : clamp(g->slots, 1, 16);
  g->slots = clamp(g->slots, 1, at_least_one(D->X->d / 128));
  g->strips = g->slots > 1 || n < 64 ? 1 : 16;
  g->block = clamp(32768 / at_least_one(n) / 128 * 128, 128, 512);
  g->partial = fgd_take_doubles(a, (g->slots - 1) * square);
  g->ones = fgd_take_doubles(a, n + (n > g->block ? n : g->block));
  g->work_each = ((size_t)(n * g->block) * sizeof(double) + 63) & ~(size_t)63;
  g->work_each += (D->kernels->gram_work(n) + 63) & ~(size_t)63;
  g->work = fgd_take(a, g->work_each * (size_t)workers);
}

/* The first `rows` rows of some columns, centred and scaled, stored in the order that X has. */
#define CENTRE(type)                                                                                      \
  if (X->layout == FGD_C_ORDER) {                                                                         \
    for (ptrdiff_t i = 0; i < rows; i++) {                                                                \
      const type *x = element(X, i, first);                                                               \
      for (ptrdiff_t j = 0; j < columns; j++) out[i * columns + j] = ((double)x[j] - shift[j]) * factor[j]; \
    }                                                                                                     \
  } else {                                                                                                \
    for (ptrdiff_t j = 0; j < columns; j++) {                                                             \
      const type *x = element(X, 0, first + j);                                                           \
      for (ptrdiff_t i = 0; i < rows; i++) out[j * rows + i] = ((double)x[i] - shift[j]) * factor[j];     \
    }                                                                                                     \
  }

static void centre(const fgd_row_gram_plan *g, ptrdiff_t first, ptrdiff_t columns, ptrdiff_t rows, double *out) {
  const fgd_matrix *X = g->D->X;
  const double *shift = g->shift + first, *factor = g->factor + first;
  if (X->dtype == FGD_F64) {
    CENTRE(double)
  } else if (X->dtype == FGD_F32) {
    CENTRE(float)
  } else {
    CENTRE(uint8_t)
  }
}

typedef struct {
  const fgd_row_gram_plan *plan;
  double *K;
} row_gram_job;

static void row_gram_item(void *arg, ptrdiff_t item, int worker) {
  const row_gram_job *job = arg;
  const fgd_row_gram_plan *g = job->plan;
  const fgd_matrix *X = g->D->X;
  ptrdiff_t n = X->n, d = X->d, slot = item / g->strips, strip = item % g->strips;
  ptrdiff_t i0 = strip_begin(n, strip, g->strips), i1 = strip_begin(n, strip + 1, g->strips);
  double *K = slot ? g->partial + (slot - 1) * n * n : job->K;
  memset(K + i0 * n, 0, (size_t)((i1 - i0) * n) * sizeof *K);
  double *block = (double *)(g->work + (size_t)worker * g->work_each);
  char *packing = (char *)block + (((size_t)(n * g->block) * sizeof *block + 63) & ~(size_t)63);
  ptrdiff_t to = d * (slot + 1) / g->slots;
  for (ptrdiff_t j = d * slot / g->slots; j < to && !fgd_team_stopped(g->team, worker); j += g->block) {
    ptrdiff_t columns = to - j < g->block ? to - j : g->block;
    centre(g, j, columns, i1, block);
    /* To the kernel, which sums over rows, the rows of X are columns. */
    fgd_gram_source src = {.X = block, .rs = 1, .cs = columns, .d = i1, .shift = g->ones, .scale = g->ones + n};
    if (X->layout == FGD_F_ORDER) src.rs = i1, src.cs = 1;
    g->D->kernels->gram[FGD_F64].gram(&src, 0, columns, NULL, g->ones + n, i0, i1, K, n, packing);
  }
}

fgd_status fgd_design_row_gram(const fgd_row_gram_plan *g, double *K) {
  ptrdiff_t n = g->D->X->n, most = n > g->block ? n : g->block;
  row_gram_job job = {g, K};
  for (ptrdiff_t i = 0; i < n + most; i++) g->ones[i] = i < n ? 0 : 1;
  fgd_status status = fgd_team_run(g->team, row_gram_item, &job, g->slots * g->strips);
  for (ptrdiff_t slot = 1; slot < g->slots; slot++) {
    const double *part = g->partial + (slot - 1) * n * n;
    for (ptrdiff_t a = 0; a < n; a++)
      for (ptrdiff_t b = 0; b <= a; b++) K[a * n + b] += part[a * n + b];
  }
  for (ptrdiff_t a = 0; a < n; a++)
    for (ptrdiff_t b = 0; b < a; b++) K[b * n + a] = K[a * n + b];
  return status;
}
