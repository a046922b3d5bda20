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
#define ALL_ROWS 8            /* up to so many a column none are drawn, but all taken */
#define FLOOR 0.1             /* a column's curvature, as a share of the mean: the rows drawn may miss a rare one */
#define FARTHEST 1e30f        /* from the mean, squared, that a row may seem to be */
#define ALIKE 0.1             /* of the chances, that all rows have alike */
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
  ptrdiff_t most = n > ALL_ROWS * side && each * side < n ? each * side : n;
  size_t bytes = (size_t)K * (F->each + (size_t)most * (sizeof *F->rows + sizeof *F->q));
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
  F->q = fgd_take_doubles(a, K * F->most);
  F->count = fgd_take(a, (size_t)K * sizeof *F->count);
  F->total = fgd_take_doubles(a, K);
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
    for (ptrdiff_t i = 0; i < rows; i++) spread[i] = spread[i] < FARTHEST ? spread[i] : FARTHEST; /* overflows, too */
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

/* What the block's rows have of a class's curvature, into b->t. */
static void curvature_of(const fgd_softmax_block *b, const double *p) {
  for (ptrdiff_t i = 0; i < b->rows; i++) b->t[i] = b->s[b->s_step ? i : 0] * p[i] * (1 - p[i]);
}

static void add_up(void *arg, ptrdiff_t part, int worker) {
  fgd_softmax_factors *F = arg;
  const fgd_softmax *o = F->o;
  double *sums = F->before + (part + 1) * o->K;
  memset(sums, 0, (size_t)o->K * sizeof *sums);
  FGD_FOR_BLOCKS(o, part, worker) {
    const double *p = fgd_softmax_base_of(o, &b, b.z);
    for (ptrdiff_t k = 0; k < o->K; k++) {
      curvature_of(&b, p + k * b.rows);
      for (ptrdiff_t i = 0; i < b.rows; i++) b.t[i] *= row_length(F, b.first + i);
      sums[k] += fgd_sum(b.t, b.rows);
    }
  }
}

/* A class's rows make a line of length 1: of all but ALIKE of it each has its share by curvature and length, and all
 * have the same of the rest, for directions in which only rows of little curvature lie. */
static double all_rows(const fgd_softmax_factors *F, ptrdiff_t k) {
  return F->before[F->o->design.parts * F->o->K + k];
}
static double on_the_line(double share, double rows) { return (1 - ALIKE) * share + ALIKE * rows; }

/* Where a part's rows begin on it; beyond the last part: infinity. */
static double begin_of(const fgd_softmax_factors *F, ptrdiff_t k, ptrdiff_t part) {
  const fgd_softmax *o = F->o;
  if (part == o->design.parts) return INFINITY;
  double all = all_rows(F, k);
  return on_the_line(all > 0 ? F->before[part * o->K + k] / all : 0,
                     (double)(part * o->design.part) / (double)o->p->X.n);
}

/* The line is cut into `most` pieces of one length; a place in the j-th. */
static double place(const fgd_softmax_factors *F, ptrdiff_t k, ptrdiff_t j) {
  if (j >= F->most) return INFINITY;
  return ((double)j + fgd_uniform((uint64_t)k << 40, j)) / (double)F->most;
}

/* The first place that is not before x. */
static ptrdiff_t first_from(const fgd_softmax_factors *F, ptrdiff_t k, double x) {
  ptrdiff_t j = (ptrdiff_t)(x * (double)F->most) - 2;
  for (j = j > 0 ? j : 0; place(F, k, j) < x; j++) {}
  return j;
}

/* The rows in these places, of those that are in the part, and what each of them stands for. */
static void draw(void *arg, ptrdiff_t part, int worker) {
  fgd_softmax_factors *F = arg;
  const fgd_softmax *o = F->o;
  ptrdiff_t K = o->K, *drawn = F->drawn + worker * K;
  double *so_far = F->so_far + worker * K, n = (double)o->p->X.n, m = (double)F->most;
  for (ptrdiff_t k = 0; k < K; k++) {
    so_far[k] = begin_of(F, k, part);
    drawn[k] = first_from(F, k, so_far[k]);
  }
  FGD_FOR_BLOCKS(o, part, worker) {
    const double *p = fgd_softmax_base_of(o, &b, b.z);
    ptrdiff_t ends = b.first + b.rows == fgd_part_end(&o->design, part);
    for (ptrdiff_t k = 0; k < K; k++) {
      ptrdiff_t j = drawn[k], *rows = F->rows + k * F->most;
      double *q = F->q + k * F->most, end = begin_of(F, k, part + 1), all = all_rows(F, k);
      double sum = so_far[k], next = place(F, k, j);
      curvature_of(&b, p + k * b.rows);
      for (ptrdiff_t i = 0; i < b.rows; i++) {
        double share = on_the_line(all > 0 ? b.t[i] * row_length(F, b.first + i) / all : 0, 1 / n);
        sum += share;
        if (ends && i == b.rows - 1) sum = end; /* sums in another order may be a little less */
        for (; next < sum && next < end; next = place(F, k, ++j)) {
          rows[j] = b.first + i;
          q[j] = b.t[i] / (m * share);
        }
      }
      drawn[k] = j;
      so_far[k] = sum;
    }
  }
}

/* All rows instead. */
static void take(void *arg, ptrdiff_t part, int worker) {
  fgd_softmax_factors *F = arg;
  const fgd_softmax *o = F->o;
  FGD_FOR_BLOCKS(o, part, worker) {
    const double *p = fgd_softmax_base_of(o, &b, b.z);
    for (ptrdiff_t k = 0; k < o->K; k++) {
      curvature_of(&b, p + k * b.rows);
      memcpy(F->q + k * F->most + b.first, b.t, (size_t)b.rows * sizeof *b.t);
      for (ptrdiff_t i = 0; i < b.rows; i++) F->rows[k * F->most + b.first + i] = b.first + i;
    }
  }
}

static fgd_status draw_rows(fgd_softmax_factors *F) {
  fgd_softmax *o = F->o;
  ptrdiff_t parts = o->design.parts, K = o->K, all = F->most == o->p->X.n;
  if (!o->base.kept) o->passes += all ? 1 : 2;
  if (all) return fgd_team_run(o->team, take, F, parts);
  fgd_status status = F->made ? FGD_OK : measure(F);
  if (!status) status = fgd_team_run(o->team, add_up, F, parts);
  if (status) return status;
  memset(F->before, 0, (size_t)K * sizeof *F->before);
  memset(F->q, 0, (size_t)(K * F->most) * sizeof *F->q);
  for (ptrdiff_t k = K; k < (parts + 1) * K; k++) F->before[k] += F->before[k - K];
  return fgd_team_run(o->team, draw, F, parts);
}

/* --- factors ---------------------------------------------------------------------------- */

/* Rows that were drawn several times stand once. */
static void count_rows(void *arg, ptrdiff_t k, int worker) {
  fgd_softmax_factors *F = arg;
  (void)worker;
  ptrdiff_t count = 0, *rows = F->rows + k * F->most;
  double *q = F->q + k * F->most;
  for (ptrdiff_t j = 0; j < F->most; j++) {
    if (!(q[j] > 0)) continue;
    if (count && rows[count - 1] == rows[j]) {
      q[count - 1] += q[j];
    } else {
      rows[count] = rows[j];
      q[count++] = q[j];
    }
  }
  F->count[k] = count;
  F->total[k] = fgd_sum(q, count);
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
  double mean = fgd_sum(F->total, o->K) / (double)o->K, least = FLOOR * fmax(F->total[k], LEAST * mean);
  double share = mean > 0 ? least / mean : 0; /* of what the mean class has */
  for (ptrdiff_t j = 0; j < d; j++) {
    double *own = &factor->H[j * (side + 1)];
    if (o->scale[j] > 0) *own = fmax(*own, F->of_rest ? fmin(least, share * F->of_rest[j]) : least);
    *own += o->lambda[j];
  }
  fgd_factor_make(factor, 0);
  pack(side, factor, F->packed + (size_t)k * F->each);
}

fgd_status fgd_softmax_factors_make(fgd_softmax_factors *F, const double *most) {
  fgd_softmax *o = F->o;
  F->of_rest = most;
  fgd_status status = draw_rows(F);
  if (!status) status = fgd_team_run(o->team, count_rows, F, o->K);
  for (F->first = 0; F->first < o->K && !status; F->first += F->together) {
    ptrdiff_t slots = o->K - F->first < F->together ? o->K - F->first : F->together;
    for (ptrdiff_t slot = 0; slot < slots && !status; slot++) {
      ptrdiff_t k = F->first + slot, at = k * F->most;
      status = fgd_design_gram(&F->gram, F->rows + at, F->count[k], F->q + at, F->factor[slot].H);
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
