/* A factor for each class (see softmax_factors.h).
 *
 * Of the Hessian's blocks, diag(p) - p p' times x x' summed over rows, those of two different classes are small beside
 * those of one and itself: p_k (1 - p_k) x x'.  These are curved in other rows for each class, where that one is in
 * doubt, so that what all classes share says little of any.  A few rows for each column are enough of them. */
#include "softmax_factors.h"

#include <math.h>
#include <string.h>

#include "hash.h"
#include "softmax_basis.h"
#include "softmax_pass.h"

#define KEPT_BYTES (16 << 20) /* factors are kept up to this size, or half that of X */
#define ROWS_A_COLUMN 3       /* at least; more, up to */
#define MOST_A_COLUMN 128     /*   so many, where they take few passes */
#define FLOOR 0.1             /* a column's curvature, as a share of one's of deviation 1: the rows drawn may miss a rare one */
#define LEAST 1e-6            /* a class's curvature, as a share of the mean class's */

/* A packed factor is BLOCK rows after the other: what is left of the diagonal's block in float, then that block. */
enum { BLOCK = 32, PRODUCTS = 8 };

static size_t left_bytes(ptrdiff_t i, ptrdiff_t rows) {
  return ((size_t)(i * rows) * sizeof(float) + 63) & ~(size_t)63;
}
static size_t corner_bytes(ptrdiff_t rows) { return (size_t)(rows * BLOCK) * sizeof(double); }
static ptrdiff_t rows_from(ptrdiff_t i, ptrdiff_t side) { return side - i < BLOCK ? side - i : BLOCK; }

static size_t packed_bytes(ptrdiff_t side) {
  size_t bytes = 0;
  for (ptrdiff_t i = 0; i < side; i += BLOCK)
    bytes += left_bytes(i, rows_from(i, side)) + corner_bytes(rows_from(i, side));
  return bytes;
}

void fgd_softmax_factors_layout(fgd_softmax_factors *F, fgd_softmax *o, int workers, fgd_arena *a) {
  ptrdiff_t n = o->p->X.n, side = fgd_softmax_side(o), K = o->K, each = 4 * n / (side * side);
  F->o = o;
  F->each = packed_bytes(side);
  F->most = F->made = F->spent = 0;
  each = each < ROWS_A_COLUMN ? ROWS_A_COLUMN : each > MOST_A_COLUMN ? MOST_A_COLUMN : each;
  ptrdiff_t most = each * side < n ? each * side : n;
  size_t bytes = (size_t)K * (F->each + (size_t)most * sizeof *F->rows);
  if (bytes > KEPT_BYTES && bytes > (size_t)fgd_design_bytes(&o->design) / 2) return;
  F->most = most;
  F->price = (ptrdiff_t)(0.25 * (double)F->most * (double)side / (double)n);
  if (F->price < 1) F->price = 1;
  F->together = workers < FGD_FACTORS_TOGETHER ? workers : FGD_FACTORS_TOGETHER;
  F->spread = fgd_take(a, (size_t)n * sizeof *F->spread);
  F->projection = fgd_take_doubles(a, PRODUCTS * (o->p->X.d + 1));
  F->before = fgd_take_doubles(a, K * (o->design.parts + 1));
  F->so_far = fgd_take_doubles(a, K * workers);
  F->drawn = fgd_take(a, (size_t)(K * workers) * sizeof *F->drawn);
  F->rows = fgd_take(a, (size_t)(K * F->most) * sizeof *F->rows);
  F->q = fgd_take_doubles(a, F->together * F->most);
  for (ptrdiff_t k = 0; k < F->together; k++) fgd_factor_layout(&F->factor[k], o->design.kernels, side, a);
  fgd_gram_plan_layout(&F->gram, &o->design, F->most, o->p->fit_intercept, 0, workers, a);
  F->packed = fgd_take(a, F->each * (size_t)K);
  F->lines = fgd_take_doubles(a, K * side);
  F->work = fgd_take_doubles(a, K * BLOCK);
}

/* --- rows drawn ------------------------------------------------------------------------- */

static void measure_part(void *arg, ptrdiff_t part, int worker) {
  fgd_softmax_factors *F = arg;
  const fgd_softmax *o = F->o;
  FGD_FOR_FIRST_ROWS(&o->design, o->team, part, worker, first, end) {
    ptrdiff_t rows = fgd_block_rows(&o->design, first, end);
    float *spread = F->spread + first;
    fgd_design_squares(&o->design, first, rows, F->projection, F->projection + PRODUCTS * o->p->X.d, spread);
  }
}

static fgd_status measure(fgd_softmax_factors *F) {
  fgd_softmax *o = F->o;
  ptrdiff_t d = o->p->X.d;
  double *B = F->projection, *c = B + PRODUCTS * d;
  memset(c, 0, PRODUCTS * sizeof *c);
  for (ptrdiff_t j = 0; j < d; j++)
    for (ptrdiff_t k = 0; k < PRODUCTS; k++) {
      B[PRODUCTS * j + k] = (fgd_hash(0, PRODUCTS * j + k) >> 63 ? 1 : -1) * o->scale[j] / sqrt((double)PRODUCTS);
      c[k] -= o->shift[j] * B[PRODUCTS * j + k];
    }
  o->passes++;
  return fgd_team_run(o->team, measure_part, F, o->design.parts);
}

/* A row's share in the curvature of all columns, about, half of it the same for all rows. */
static double row_length(const fgd_softmax_factors *F, ptrdiff_t i) {
  return (double)fgd_softmax_side(F->o) + (double)F->spread[i];
}

/* What the block's rows add to a class's line, into b->t: their curvature in it times the above. */
static void lengths_of(const fgd_softmax_factors *F, const fgd_softmax_block *b, const double *p) {
  for (ptrdiff_t i = 0; i < b->rows; i++) b->t[i] = b->s[b->s_step ? i : 0] * p[i] * (1 - p[i]) * row_length(F, b->first + i);
}

static void add_up(void *arg, ptrdiff_t part, int worker) {
  fgd_softmax_factors *F = arg;
  const fgd_softmax *o = F->o;
  double *sums = F->before + (part + 1) * o->K;
  memset(sums, 0, (size_t)o->K * sizeof *sums);
  FGD_FOR_BLOCKS(o, part, worker) {
    const double *p = fgd_softmax_base_of(o, &b, b.z);
    for (ptrdiff_t k = 0; k < o->K; k++) {
      lengths_of(F, &b, p + k * b.rows);
      sums[k] += fgd_sum(b.t, b.rows);
    }
  }
}

static double length(const fgd_softmax_factors *F, ptrdiff_t k) { return F->before[F->o->design.parts * F->o->K + k]; }

/* All rows of a class make a line that is cut into `most` pieces of one length; a place in the j-th. */
static double place(const fgd_softmax_factors *F, ptrdiff_t k, ptrdiff_t j) {
  if (j >= F->most) return INFINITY;
  return ((double)j + fgd_uniform((uint64_t)k << 40, j)) * (length(F, k) / (double)F->most);
}

/* The rows in these places, of those that are in the part. */
static void draw(void *arg, ptrdiff_t part, int worker) {
  fgd_softmax_factors *F = arg;
  const fgd_softmax *o = F->o;
  ptrdiff_t K = o->K, *drawn = F->drawn + worker * K, last = fgd_part_end(&o->design, part) - 1;
  const double *begin = F->before + part * K, *end = begin + K;
  double *so_far = F->so_far + worker * K;
  for (ptrdiff_t k = 0; k < K; k++) {
    ptrdiff_t j = (ptrdiff_t)(begin[k] / length(F, k) * (double)F->most) - 2;
    for (j = length(F, k) > 0 ? (j > 0 ? j : 0) : F->most; place(F, k, j) < begin[k]; j++) {}
    drawn[k] = j;
    so_far[k] = begin[k];
  }
  FGD_FOR_BLOCKS(o, part, worker) {
    const double *p = fgd_softmax_base_of(o, &b, b.z);
    for (ptrdiff_t k = 0; k < K; k++) {
      ptrdiff_t j = drawn[k], *rows = F->rows + k * F->most;
      double sum = so_far[k], next = place(F, k, j);
      if (part + 1 < o->design.parts && !(next < end[k])) next = INFINITY;
      lengths_of(F, &b, p + k * b.rows);
      for (ptrdiff_t i = 0; i < b.rows; i++)
        for (sum += b.t[i]; next < sum;) {
          rows[j++] = b.first + i;
          next = place(F, k, j);
          if (part + 1 < o->design.parts && !(next < end[k])) next = INFINITY;
        }
      drawn[k] = j;
      so_far[k] = sum;
    }
  }
  for (ptrdiff_t k = 0; k < K; k++) /* sums in another order may end a little earlier */
    for (ptrdiff_t j = drawn[k]; j < F->most && (part + 1 == o->design.parts || place(F, k, j) < end[k]); j++)
      F->rows[k * F->most + j] = last;
}

static fgd_status draw_rows(fgd_softmax_factors *F) {
  fgd_softmax *o = F->o;
  ptrdiff_t parts = o->design.parts, K = o->K;
  fgd_status status = fgd_team_run(o->team, add_up, F, parts);
  if (status) return status;
  memset(F->before, 0, (size_t)K * sizeof *F->before);
  for (ptrdiff_t k = K; k < (parts + 1) * K; k++) F->before[k] += F->before[k - K];
  status = fgd_team_run(o->team, draw, F, parts);
  if (!o->base.kept) o->passes += 2;
  return status;
}

/* --- factors ---------------------------------------------------------------------------- */

/* Rows that were drawn several times stand once. */
static void count_rows(fgd_softmax_factors *F, ptrdiff_t slot) {
  ptrdiff_t k = F->first + slot, count = 0, *rows = F->rows + k * F->most;
  double *q = F->q + slot * F->most, each = length(F, k) / (double)F->most;
  for (ptrdiff_t j = 0; j < F->most && each > 0; j++) {
    if (count && rows[count - 1] == rows[j]) {
      q[count - 1] += each / row_length(F, rows[j]);
    } else {
      rows[count] = rows[j];
      q[count++] = each / row_length(F, rows[j]);
    }
  }
  F->total[slot] = fgd_sum(q, count);
  F->count[slot] = count;
}

static void pack(ptrdiff_t side, const fgd_factor *F, char *to) {
  for (ptrdiff_t i = 0; i < side; i += BLOCK) {
    ptrdiff_t rows = rows_from(i, side);
    float *left = (float *)to;
    double *corner = (double *)(to + left_bytes(i, rows));
    for (ptrdiff_t r = 0; r < rows; r++) {
      const double *row = F->L + (i + r) * side;
      for (ptrdiff_t j = 0; j < i; j++) left[r * i + j] = (float)row[j];
      for (ptrdiff_t j = 0; j < BLOCK; j++) corner[r * BLOCK + j] = j <= r ? row[i + j] : 0;
      if (!(F->H[(i + r) * (side + 1)] > 0)) corner[r * BLOCK + r] = INFINITY; /* no curvature: solutions are 0 there */
    }
    to += left_bytes(i, rows) + corner_bytes(rows);
  }
}

static void factor_class(void *arg, ptrdiff_t slot, int worker) {
  fgd_softmax_factors *F = arg;
  (void)worker;
  const fgd_softmax *o = F->o;
  fgd_factor *factor = &F->factor[slot];
  ptrdiff_t d = o->p->X.d, side = factor->size, k = F->first + slot;
  double all = 0;
  for (ptrdiff_t l = 0; l < o->K; l++) all += length(F, l);
  double mean = all / (double)(2 * side * o->K), least = FLOOR * fmax(F->total[slot], LEAST * mean);
  for (ptrdiff_t j = 0; j < side; j++) {
    double *own = &factor->H[j * (side + 1)];
    if (j == d || o->scale[j] > 0) *own = fmax(*own, least);
    if (j < d) *own += o->lambda[j];
  }
  fgd_factor_make(factor, 0);
  pack(side, factor, F->packed + (size_t)k * F->each);
}

fgd_status fgd_softmax_factors_make(fgd_softmax_factors *F) {
  fgd_softmax *o = F->o;
  fgd_status status = F->made ? FGD_OK : measure(F);
  if (!status) status = draw_rows(F);
  for (F->first = 0; F->first < o->K && !status; F->first += F->together) {
    ptrdiff_t slots = o->K - F->first < F->together ? o->K - F->first : F->together;
    for (ptrdiff_t slot = 0; slot < slots && !status; slot++) {
      count_rows(F, slot);
      status = fgd_design_gram(&F->gram, F->rows + (F->first + slot) * F->most, F->count[slot], F->q + slot * F->most,
                               F->factor[slot].H);
    }
    if (!status) status = fgd_team_run(o->team, factor_class, F, slots);
  }
  F->made = !status;
  return status;
}

/* --- solves ----------------------------------------------------------------------------- */

static void solve_class(void *arg, ptrdiff_t k, int worker) {
  const fgd_softmax_factors *F = arg;
  (void)worker;
  const fgd_kernels *kernels = F->o->design.kernels;
  const fgd_dense_kernels *dense = &kernels->dense[FGD_F32];
  ptrdiff_t side = fgd_softmax_side(F->o);
  double *b = F->lines + k * side, *work = F->work + k * BLOCK;
  const char *at = F->packed + (size_t)k * F->each;
  for (ptrdiff_t i = 0; i < side; i += BLOCK) {
    ptrdiff_t rows = rows_from(i, side);
    memset(work, 0, (size_t)rows * sizeof *work);
    dense->dot(rows, i, at, i, 1, b, side, work, rows);
    for (ptrdiff_t r = 0; r < rows; r++) b[i + r] -= work[r];
    kernels->forward_solve(rows, (const double *)(at + left_bytes(i, rows)), BLOCK, b + i);
    at += left_bytes(i, rows) + corner_bytes(rows);
  }
  for (ptrdiff_t i = (side - 1) / BLOCK * BLOCK; i >= 0; i -= BLOCK) {
    ptrdiff_t rows = rows_from(i, side);
    at -= left_bytes(i, rows) + corner_bytes(rows);
    kernels->backward_solve(rows, (const double *)(at + left_bytes(i, rows)), BLOCK, b + i);
    for (ptrdiff_t r = 0; r < rows; r++) work[r] = -b[i + r];
    dense->axpy(rows, i, at, i, 1, work, rows, b, side);
  }
}

/* The classes' answers, of which the part that sums to zero over them is wanted. */
void fgd_softmax_factors_apply(fgd_softmax_factors *F, const double *r, double *s) {
  const fgd_softmax *o = F->o;
  ptrdiff_t d = o->p->X.d, side = fgd_softmax_side(o);
  fgd_softmax_basis_spread(o->K, d, r, d, F->lines, side);
  if (side > d) fgd_softmax_basis_spread(o->K, 1, r + o->penalised, 1, F->lines + d, side);
  fgd_team_run(o->team, solve_class, F, o->K);
  fgd_softmax_basis_gather(o->K, d, F->lines, side, s, d);
  if (side > d) fgd_softmax_basis_gather(o->K, 1, F->lines + d, side, s + o->penalised, 1);
}
