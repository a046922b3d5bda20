/* design x softmax x penalty (see softmax.h). */
#include "softmax.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "objective.h"
#include "penalty.h"

enum { SCRATCH = 5 }; /* K lines of a block that a worker has: margins, directions, residuals, labels, work */

#define NO_MARGIN (-1e300) /* of a class that is out of play: all that is added is lost, its probability is 0 */
#define CERTAIN 0.2 /* a pair is suspected if the step shrinks its probability below this share */
#define CLEAR 1e6   /* roundings by which a pair must be moved to be set aside: its way to the limit must not disturb
                       the rest, */
#define FAR 1e-7    /*   and this share of what the farthest is moved by, as in predictions */
#define KEPT_BYTES (16 << 20) /* margins of a point are kept up to this size, or half that of X */

static double l2_of(const fgd_softmax *o, ptrdiff_t j) { return o->p->l2 ? o->p->l2[j] : o->p->l2_all; }
static ptrdiff_t block_size(const fgd_softmax *o) { return o->K * ((o->design.block + 7) / 8 * 8); }
static ptrdiff_t scratch_each(const fgd_softmax *o) { return SCRATCH * block_size(o) + block_size(o) / o->K; }

static void point_layout(fgd_softmax_point *point, ptrdiff_t coefs, ptrdiff_t margins, fgd_arena *a) {
  point->coef = fgd_take_doubles(a, coefs);
  point->kept = margins ? fgd_take_doubles(a, margins) : NULL;
}

/* Sums over X of K lines do not fit the cache where d is large, and a copy for each part would be worse.  So rows are
 * taken in chunks: first each part's residuals are found and stored, then each group of classes sums up its own over all
 * rows of the chunk, in their order. */
#define CHUNK_BYTES (4 << 20) /* of residuals */
#define MOST_TOGETHER 8       /* classes in a group: with that many an entry of X touches one or two cache lines */

static void across_layout(fgd_softmax *o, fgd_arena *a) {
  ptrdiff_t K = o->K, pairs = (K + 2 * MOST_TOGETHER - 1) / (2 * MOST_TOGETHER), rows = 65536 / K / 64 * 64;
  rows = rows < 64 ? 64 : rows > 512 ? 512 : rows;
  fgd_design_cut(&o->design, rows);
  o->together = (K + 2 * pairs - 1) / (2 * pairs); /* an even number of groups, about alike */
  o->chunk = CHUNK_BYTES / (ptrdiff_t)sizeof(double) / (K * rows);
  if (o->chunk < 4) o->chunk = 4;
  if (o->chunk > o->design.parts) o->chunk = o->design.parts;
  o->residual = fgd_take_doubles(a, o->chunk * rows * K);
  o->lines = fgd_take_doubles(a, K * o->p->X.d);
}

/* Where a point keeps the coefficient of class k and column j. */
static ptrdiff_t coef_at(const fgd_softmax *o, ptrdiff_t k, ptrdiff_t j) {
  return o->across ? j * o->K + k : k * o->p->X.d + j;
}

/* Where the sums of class k begin, and how far apart they are: K lines, or groups of classes side by side. */
static double *sums_line(const fgd_softmax *o, ptrdiff_t k, ptrdiff_t *step) {
  ptrdiff_t d = o->p->X.d;
  *step = 1;
  if (!o->across) return o->partial + k * d;
  ptrdiff_t first = k / o->together * o->together;
  *step = first + o->together < o->K ? o->together : o->K - first;
  return o->lines + first * d + (k - first);
}

/* Columns that are turned at a time: K lines of them stay in cache, and are long enough for pages to count little. */
static ptrdiff_t tile_length(ptrdiff_t K) { return 4096 / K < 16 ? 16 : 4096 / K > 128 ? 128 : 4096 / K; }
static ptrdiff_t tiles(const fgd_softmax *o) { return (o->p->X.d + o->tile - 1) / o->tile; }

/* Floats serve where neither the columns nor the coefficients come near the ends of their range. */
static void find_rough(fgd_softmax *o) {
  o->rough = o->centre != NULL && o->scale != NULL;
  for (ptrdiff_t j = 0; o->rough && j < o->p->X.d; j++) {
    double scale = o->scale[j], most = 1e15;
    if (scale > 0 && !(scale < most && scale * most > 1 && fabs(o->shift[j]) < most)) o->rough = 0;
    o->centre[j] = (float)o->shift[j];
  }
}

void fgd_softmax_layout(fgd_softmax *o, const fgd_problem *p, int keep, int workers, fgd_arena *a) {
  ptrdiff_t n = p->X.n, d = p->X.d, K = p->classes;
  memset(o, 0, sizeof *o);
  o->p = p;
  o->K = K;
  fgd_design_init_many(&o->design, &p->X, K);
  o->penalised = (K - 1) * d;
  o->size = o->penalised + (p->fit_intercept ? K - 1 : 0);
  o->lambda = fgd_take_doubles(a, o->penalised);
  ptrdiff_t margins = n * K, bytes = margins * (ptrdiff_t)sizeof(double);
  int small = bytes <= KEPT_BYTES || bytes <= fgd_design_bytes(&o->design) / 2;
  if (keep == FGD_KEEP_NOT || (keep == FGD_KEEP_SMALL && !small)) margins = 0;
  if (fgd_design_is_rough(&o->design)) {
    o->centre = fgd_take(a, (size_t)d * sizeof *o->centre);
    o->direction = fgd_take(a, (size_t)(K * d) * sizeof *o->direction);
    o->rough_intercept = fgd_take_doubles(a, K);
  }
  point_layout(&o->current, K * (d + 1), margins, a);
  point_layout(&o->trial, K * (d + 1), margins, a);
  point_layout(&o->base, K * (d + 1), margins, a);
  o->q = fgd_take_doubles(a, n);
  if (p->X.layout == FGD_CSR) o->row = fgd_take_doubles(a, d * workers);
  o->workers = workers;
  fgd_design_init_many(&o->coarse, &p->X, 2);
  o->moments_slot = (3 * d + 1 + 7) / 8 * 8; /* up to three lines of d, and the sum of the weights */
  o->moments = fgd_take_doubles(a, o->moments_slot * o->coarse.parts);
  o->across = fgd_design_is_across(&o->design);
  if (o->across) across_layout(o, a);
  o->sums = o->across ? 0 : K * d;
  o->slot = (o->sums + 2 * K + 2 + 7) / 8 * 8;
  o->partial = fgd_take_doubles(a, o->slot * o->design.parts);
  o->tile = tile_length(K);
  o->tiled = fgd_take_doubles(a, tiles(o) * (K + 1));
  o->turned = fgd_take_doubles(a, K * o->tile * workers);
  o->scratch = fgd_take_doubles(a, scratch_each(o) * workers);
}

void fgd_softmax_layout_stages(fgd_softmax *o, fgd_arena *a) {
  o->stage = fgd_take(a, (size_t)(o->p->X.n * o->K));
  o->widest = fgd_take_doubles(a, o->p->X.d);
}

void fgd_softmax_begin(fgd_softmax *o, fgd_team *team) {
  o->team = team;
  if (o->stage) memset(o->stage, 0, (size_t)(o->p->X.n * o->K));
  o->passes = 0;
  o->stride = 1;
  o->from = -1;
  if (o->row) memset(o->row, 0, (size_t)(o->p->X.d * o->workers) * sizeof *o->row);
  o->each = fgd_weight_scale(o->p, o->weight_scale);
  fgd_softmax_set_coordinates(o, NULL, NULL);
}

void fgd_softmax_set_coordinates(fgd_softmax *o, const double *shift, const double *scale) {
  ptrdiff_t d = o->p->X.d;
  o->shift = shift;
  o->scale = scale;
  for (ptrdiff_t i = 0; i < o->penalised; i++) {
    ptrdiff_t j = i % d;
    o->lambda[i] = scale ? l2_of(o, j) * scale[j] * scale[j] : l2_of(o, j);
  }
  find_rough(o);
}

/* --- the basis of the vectors that sum to zero --------------------------------------- */

/* Its K - 1 columns are those of the reflection that takes the last unit vector to (1, .., 1) / sqrt(K). */
static double reflection(ptrdiff_t K) { return 1 / ((double)K - sqrt((double)K)); }

double fgd_softmax_basis(ptrdiff_t K, ptrdiff_t k, ptrdiff_t a) {
  return k == K - 1 ? 1 / sqrt((double)K) : (k == a ? 1 : 0) - reflection(K);
}

/* m coordinates of a kind to K lines of m, and back. */
static void spread(ptrdiff_t K, ptrdiff_t m, const double *theta, ptrdiff_t ldt, double *full, ptrdiff_t ld) {
  double c = reflection(K), last = 1 / sqrt((double)K);
  for (ptrdiff_t j = 0; j < m; j++) full[(K - 1) * ld + j] = 0;
  for (ptrdiff_t a = 0; a < K - 1; a++)
    for (ptrdiff_t j = 0; j < m; j++) full[(K - 1) * ld + j] += theta[a * ldt + j];
  for (ptrdiff_t a = 0; a < K - 1; a++)
    for (ptrdiff_t j = 0; j < m; j++) full[a * ld + j] = theta[a * ldt + j] - c * full[(K - 1) * ld + j];
  for (ptrdiff_t j = 0; j < m; j++) full[(K - 1) * ld + j] *= last;
}

static void gather(ptrdiff_t K, ptrdiff_t m, const double *full, ptrdiff_t ld, double *theta, ptrdiff_t ldt) {
  double c = reflection(K), last = 1 / sqrt((double)K), *sum = theta + (K - 2) * ldt; /* its last line serves meanwhile */
  for (ptrdiff_t j = 0; j < m; j++) sum[j] = full[j];
  for (ptrdiff_t a = 1; a < K - 1; a++)
    for (ptrdiff_t j = 0; j < m; j++) sum[j] += full[a * ld + j];
  for (ptrdiff_t j = 0; j < m; j++) sum[j] = last * full[(K - 1) * ld + j] - c * sum[j];
  for (ptrdiff_t a = 0; a < K - 1; a++)
    for (ptrdiff_t j = 0; j < m; j++) theta[a * ldt + j] = full[a * ld + j] + sum[j];
}

/* --- points and gradients, a tile of columns at a time ------------------------------- */

typedef struct {
  fgd_softmax *o;
  const double *theta;  /* the point, or what the penalty's product is taken with */
  double *coef;         /* in the user's coordinates */
  double *g;            /* in theta's */
  int across, norm;
} turning;

/* A point's coefficients; what its shift takes from each intercept, and the penalty, as the tile's sums. */
static void export_tile(void *arg, ptrdiff_t item, int worker) {
  const turning *job = arg;
  fgd_softmax *o = job->o;
  ptrdiff_t d = o->p->X.d, K = o->K, tile = o->tile, first = item * tile, m = d - first < tile ? d - first : tile;
  double *line = o->turned + worker * K * tile, *sum = o->tiled + item * (K + 1);
  spread(K, m, job->theta + first, d, line, tile);
  for (ptrdiff_t k = 0; k < K; k++) {
    double *x = line + k * tile, moved = 0;
    if (o->scale)
      for (ptrdiff_t j = 0; j < m; j++) x[j] *= o->scale[first + j];
    if (o->shift)
      for (ptrdiff_t j = 0; j < m; j++) moved += o->shift[first + j] * x[j];
    sum[k] = moved;
    if (job->across)
      for (ptrdiff_t j = 0; j < m; j++) job->coef[(first + j) * K + k] = x[j];
    else memcpy(job->coef + k * d + first, x, (size_t)m * sizeof *x);
  }
  sum[K] = 0;
  for (ptrdiff_t a = 0; a < K - 1; a++) sum[K] += fgd_penalty(m, o->lambda + first, job->theta + a * d + first, NULL);
}

/* The joined sums over X, which are the user's, to a gradient in theta's coordinates; the penalty's part is added. */
static void turn_tile(void *arg, ptrdiff_t item, int worker) {
  const turning *job = arg;
  fgd_softmax *o = job->o;
  ptrdiff_t d = o->p->X.d, K = o->K, tile = o->tile, first = item * tile, m = d - first < tile ? d - first : tile, step;
  double *line = o->turned + worker * K * tile, *sum = o->tiled + item * (K + 1);
  const double *residual = o->partial + o->sums;
  *sum = 0;
  for (ptrdiff_t k = 0; k < K; k++) {
    const double *from = sums_line(o, k, &step) + first * step;
    double *x = line + k * tile;
    for (ptrdiff_t j = 0; j < m; j++) x[j] = from[j * step];
    if (job->norm)
      for (ptrdiff_t j = 0; j < m; j++) {
        double w = job->coef[coef_at(o, k, first + j)], g = x[j] + l2_of(o, first + j) * w;
        *sum += g * g;
      }
    if (o->shift)
      for (ptrdiff_t j = 0; j < m; j++) x[j] -= o->shift[first + j] * residual[k];
    if (o->scale)
      for (ptrdiff_t j = 0; j < m; j++) x[j] *= o->scale[first + j];
  }
  gather(K, m, line, tile, job->g + first, d);
  for (ptrdiff_t a = 0; a < K - 1; a++)
    fgd_penalty_product(m, o->lambda + first, job->theta + a * d + first, job->g + a * d + first);
}

/* Returns the penalty.  Nothing stops a turning half way: an item is a matter of microseconds. */
static double export_to(const fgd_softmax *o, const double *theta, double *coef, int across) {
  ptrdiff_t K = o->K, d = o->p->X.d;
  double *b = coef + K * d, penalty = 0;
  turning job = {.o = (fgd_softmax *)o, .theta = theta, .coef = coef, .across = across};
  fgd_team_run(o->team, export_tile, &job, tiles(o));
  if (o->p->fit_intercept) spread(K, 1, theta + o->penalised, 1, b, 1);
  else memset(b, 0, (size_t)K * sizeof *b);
  for (ptrdiff_t t = 0; t < tiles(o); t++) {
    const double *sum = o->tiled + t * (K + 1);
    for (ptrdiff_t k = 0; k < K; k++) b[k] -= sum[k];
    penalty += sum[K];
  }
  return penalty;
}

void fgd_softmax_export(const fgd_softmax *o, const double *theta, double *coef) { export_to(o, theta, coef, 0); }

void fgd_softmax_import(const fgd_softmax *o, const double *coef, double *theta) {
  ptrdiff_t d = o->p->X.d, K = o->K;
  double *b = theta + o->penalised;
  gather(K, d, coef, d, theta, d);
  if (o->p->fit_intercept) gather(K, 1, coef + K * d, 1, b, 1);
  for (ptrdiff_t a = 0; a < K - 1; a++) {
    double *line = theta + a * d;
    for (ptrdiff_t j = 0; j < d; j++) {
      if (o->shift && o->p->fit_intercept) b[a] += o->shift[j] * line[j];
      if (o->scale) line[j] = o->scale[j] > 0 ? line[j] / o->scale[j] : 0;
    }
  }
}

/* coef[k][j] to across[j][k], in squares that stay in cache. */
static void turn_over(ptrdiff_t lines, ptrdiff_t length, const double *from, double *to) {
  enum { SQUARE = 32 };
  for (ptrdiff_t k0 = 0; k0 < lines; k0 += SQUARE)
    for (ptrdiff_t j0 = 0; j0 < length; j0 += SQUARE)
      for (ptrdiff_t k = k0; k < lines && k < k0 + SQUARE; k++)
        for (ptrdiff_t j = j0; j < length && j < j0 + SQUARE; j++) to[j * lines + k] = from[k * length + j];
}

/* The point becomes theta, or the user's coef; returns the penalty there (of theta). */
static double point_set(const fgd_softmax *o, fgd_softmax_point *point, const double *theta, int direction) {
  point->direction = direction;
  return export_to(o, theta, point->coef, o->across);
}

static void point_take(const fgd_softmax *o, fgd_softmax_point *point, const double *coef, int direction) {
  ptrdiff_t d = o->p->X.d;
  point->direction = direction;
  memcpy(point->coef, coef, (size_t)(o->K * (d + 1)) * sizeof *coef);
  if (o->across) turn_over(o->K, d, coef, point->coef);
}

/* --- blocks of rows ------------------------------------------------------------------ */

typedef struct {
  fgd_softmax *o;
  const double *centre; /* d: moments are taken about it */
  const double *intercept;
  double t;             /* place on the line */
  int gradient, direct;
  fgd_task task;        /* done with the parts of a chunk, */
  ptrdiff_t from;       /*   which begins at this one */
  ptrdiff_t k, l;
  enum { SHARES, PAIR, SPREAD } weights;
  uint8_t mark;         /* of a stage of separation, */
  double enough;        /*   what its pairs must be moved by, or be apart */
} pass;

typedef struct {
  double *g, *r, *f, *slope; /* K lines of d; K; and one each */
} sums;

static sums sums_of(const fgd_softmax *o, ptrdiff_t part) {
  double *slot = o->partial + part * o->slot;
  return (sums){slot, slot + o->sums, slot + o->slot - 2, slot + o->slot - 1};
}

typedef struct {
  ptrdiff_t first, rows;
  const double *y, *s;
  int s_step;
  double *z, *dz, *r, *t;
} block;

/* The rows of a user's array of K numbers a row, as K lines. */
static void transpose(ptrdiff_t rows, ptrdiff_t K, const double *from, double *to) {
  for (ptrdiff_t k = 0; k < K; k++)
    for (ptrdiff_t i = 0; i < rows; i++) to[k * rows + i] = from[i * K + k];
}

/* Labels become lines of zeros and ones; soft labels are divided by their sum, which is 1 up to rounding. */
static void take_labels(const fgd_softmax *o, ptrdiff_t first, ptrdiff_t rows, double *y) {
  ptrdiff_t K = o->K;
  if (o->p->y_class) {
    memset(y, 0, (size_t)(rows * K) * sizeof *y);
    for (ptrdiff_t i = 0; i < rows; i++) y[o->p->y_class[first + i] * rows + i] = 1;
    return;
  }
  transpose(rows, K, o->p->y_value + first * K, y);
  for (ptrdiff_t i = 0; i < rows; i++) {
    double sum = 0;
    for (ptrdiff_t k = 0; k < K; k++) sum += y[k * rows + i];
    for (ptrdiff_t k = 0; k < K; k++) y[k * rows + i] /= sum;
  }
}

static block block_at(const fgd_softmax *o, ptrdiff_t first, ptrdiff_t end, int worker) {
  const fgd_problem *p = o->p;
  ptrdiff_t size = block_size(o), rows = end - first < o->design.block ? end - first : o->design.block;
  double *own = o->scratch + worker * scratch_each(o), *s = own + SCRATCH * size;
  block b = {.first = first, .rows = rows, .z = own, .dz = own + size, .r = own + 2 * size, .y = own + 3 * size,
             .t = own + 4 * size, .s = &o->each};
  if (o->from >= 0) b.r = o->residual + (first - o->from * o->design.part) * o->K;
  if (p->weight) {
    for (ptrdiff_t i = 0; i < rows; i++) s[i] = p->weight[first + i] * o->weight_scale[0] * o->weight_scale[1];
    b.s = s;
    b.s_step = 1;
  }
  return b;
}

static uint8_t *stage_of(const fgd_softmax *o, const block *b) { return o->stage + b->first * o->K; }

/* Margins of K intercepts and the offset, without X. */
static void base_margins(const fgd_softmax *o, const block *b, const double *intercept, int offset, double *z) {
  ptrdiff_t rows = b->rows, K = o->K;
  if (offset && o->p->offset) transpose(rows, K, o->p->offset + b->first * K, z);
  else memset(z, 0, (size_t)(rows * K) * sizeof *z);
  for (ptrdiff_t k = 0; k < K; k++)
    for (ptrdiff_t i = 0; i < rows; i++) z[k * rows + i] += intercept[k];
  if (!offset || !o->stages) return;
  const uint8_t *stage = stage_of(o, b);
  for (ptrdiff_t i = 0; i < rows * K; i++) z[i] = stage[i] ? NO_MARGIN : z[i];
}

/* A pass over the block: margins of a point, into where they are kept, else into z. */
static double *fresh_margins(const fgd_softmax *o, const block *b, const fgd_softmax_point *point, double *z) {
  if (point->kept) z = point->kept + b->first * o->K;
  base_margins(o, b, point->coef + o->K * o->p->X.d, !point->direction, z);
  fgd_design_margins_many(&o->design, b->first, b->rows, o->K, point->coef, z);
  return z;
}

/* The same as they are kept, if they are. */
static const double *margins_of(const fgd_softmax *o, const block *b, const fgd_softmax_point *point, double *z) {
  return point->kept ? point->kept + b->first * o->K : fresh_margins(o, b, point, z);
}

static const double *base_of(const fgd_softmax *o, const block *b, double *p) {
  if (o->base.kept) return o->base.kept + b->first * o->K;
  fresh_margins(o, b, &o->base, p);
  o->design.kernels->softmax_probabilities(b->rows, o->K, p, p);
  return p;
}

static double sum_of(const double *x, ptrdiff_t n) {
  double s[4] = {0};
  ptrdiff_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (int k = 0; k < 4; k++) s[k] += x[i + k];
  for (; i < n; i++) s[0] += x[i];
  return (s[0] + s[1]) + (s[2] + s[3]);
}

static double value_of(const fgd_softmax *o, const block *b, const double *z) {
  take_labels(o, b->first, b->rows, (double *)b->y);
  return o->design.kernels->softmax(b->rows, o->K, z, b->y, b->s, b->s_step, b->r);
}

static void add_gradient(const fgd_softmax *o, const block *b, sums s) {
  if (!o->across) fgd_design_gradient_many(&o->design, b->first, b->rows, o->K, b->r, s.g);
  for (ptrdiff_t k = 0; k < o->K; k++) s.r[k] += sum_of(b->r + k * b->rows, b->rows);
}

static ptrdiff_t part_end(const fgd_softmax *o, ptrdiff_t part) {
  ptrdiff_t end = (part + 1) * o->design.part;
  return end < o->p->X.n ? end : o->p->X.n;
}

#define FOR_BLOCKS(job, part, worker)                                                                      \
  for (ptrdiff_t first_ = (part) * (job)->o->design.part, end_ = part_end((job)->o, part);                 \
       first_ < end_ && !fgd_team_stopped((job)->o->team, worker); first_ += (job)->o->design.block)       \
    for (block b = block_at((job)->o, first_, end_, worker), *once_ = &b; once_; once_ = NULL)

static void value_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_softmax *o = job->o;
  sums s = sums_of(o, part);
  memset(s.g, 0, (size_t)o->slot * sizeof *s.g);
  FOR_BLOCKS(job, part, worker) {
    *s.f += value_of(o, &b, fresh_margins(o, &b, &o->trial, b.z));
    if (job->gradient) add_gradient(o, &b, s);
  }
}

static void hess_vec_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_softmax *o = job->o;
  sums s = sums_of(o, part);
  memset(s.g, 0, (size_t)o->slot * sizeof *s.g);
  FOR_BLOCKS(job, part, worker) {
    const double *dz = fresh_margins(o, &b, &o->trial, b.dz);
    o->design.kernels->softmax_tilt(b.rows, o->K, base_of(o, &b, b.z), dz, b.s, b.s_step, b.r);
    add_gradient(o, &b, s);
  }
}

static int is_skipped(const fgd_softmax *o, ptrdiff_t part, ptrdiff_t first) {
  return (first - part * o->design.part) / o->design.block % o->stride != 0;
}

/* All rows over those that are not skipped. */
static double thinned(const fgd_softmax *o) {
  ptrdiff_t taken = 0;
  for (ptrdiff_t part = 0; part < o->design.parts; part++)
    for (ptrdiff_t first = part * o->design.part, end = part_end(o, part); first < end; first += o->design.block)
      if (!is_skipped(o, part, first)) taken += end - first < o->design.block ? end - first : o->design.block;
  return (double)o->p->X.n / (double)taken;
}

static void rough_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_softmax *o = job->o;
  sums s = sums_of(o, part);
  double n = (double)o->p->X.n; /* shares of rows come near 1 */
  memset(s.g, 0, (size_t)o->slot * sizeof *s.g);
  FOR_BLOCKS(job, part, worker) {
    if (is_skipped(o, part, b.first)) continue;
    float *r = (float *)b.t;
    base_margins(o, &b, o->rough_intercept, 0, b.dz);
    fgd_design_margins_rough(&o->design, b.first, b.rows, o->K, o->centre, o->direction, b.dz);
    o->design.kernels->softmax_tilt(b.rows, o->K, base_of(o, &b, b.z), b.dz, b.s, b.s_step, b.r);
    for (ptrdiff_t i = 0; i < b.rows * o->K; i++) r[i] = (float)(n * b.r[i]);
    fgd_design_gradient_rough(&o->design, b.first, b.rows, o->K, o->centre, r, 1 / n, s.g);
    for (ptrdiff_t k = 0; k < o->K; k++) s.r[k] += sum_of(b.r + k * b.rows, b.rows);
  }
}

/* Moments with the weights q, and their sum, in the first moments' slot. */
static void moments_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_softmax *o = job->o;
  const fgd_design *D = &o->coarse;
  ptrdiff_t d = o->p->X.d, n = o->p->X.n, end = (part + 1) * D->part < n ? (part + 1) * D->part : n;
  double *s1 = o->moments + part * o->moments_slot;
  memset(s1, 0, (size_t)o->moments_slot * sizeof *s1);
  for (ptrdiff_t first = part * D->part; first < end && !fgd_team_stopped(o->team, worker); first += D->block) {
    ptrdiff_t rows = end - first < D->block ? end - first : D->block;
    const double *q = o->q + first;
    fgd_design_moments(D, first, rows, q, job->centre, s1, s1 + d, o->row ? o->row + worker * d : NULL);
    s1[3 * d] += sum_of(q, rows);
  }
}

static void about_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_softmax *o = job->o;
  const fgd_design *D = &o->coarse;
  ptrdiff_t d = o->p->X.d, n = o->p->X.n, end = (part + 1) * D->part < n ? (part + 1) * D->part : n;
  double *s1 = o->moments + part * o->moments_slot;
  memset(s1, 0, (size_t)o->moments_slot * sizeof *s1);
  for (ptrdiff_t first = part * D->part; first < end && !fgd_team_stopped(o->team, worker); first += D->block)
    fgd_design_moments_about(D, first, end - first < D->block ? end - first : D->block, o->q + first, job->centre,
                             s1 + 2 * d, s1, s1 + d, o->row + worker * d);
}

static fgd_status run_moments(pass *job, fgd_task task) {
  fgd_softmax *o = job->o;
  fgd_status status = fgd_team_run(o->team, task, job, o->coarse.parts);
  for (ptrdiff_t k = 1; k < o->coarse.parts; k++)
    for (ptrdiff_t j = 0; j < o->moments_slot; j++) o->moments[j] += o->moments[k * o->moments_slot + j];
  o->passes++;
  return status;
}

/* Shares of the classes into r; cost and predicted shares at given intercepts, without X, behind them. */
static void null_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_softmax *o = job->o;
  sums s = sums_of(o, part);
  memset(s.r, 0, (size_t)(o->slot - o->sums) * sizeof *s.g);
  FOR_BLOCKS(job, part, worker) {
    base_margins(o, &b, job->intercept, 1, b.z);
    *s.f += value_of(o, &b, b.z);
    for (ptrdiff_t k = 0; k < o->K; k++) {
      const double *y = b.y + k * b.rows;
      for (ptrdiff_t i = 0; i < b.rows; i++) s.r[k] += b.s[b.s_step ? i : 0] * y[i];
      s.r[o->K + k] += sum_of(b.r + k * b.rows, b.rows);
    }
  }
}

static void curvature_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_softmax *o = job->o;
  FOR_BLOCKS(job, part, worker)
    o->design.kernels->softmax_probabilities(b.rows, o->K, o->current.kept + b.first * o->K,
                                             o->base.kept + b.first * o->K);
}

static void weigh_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_softmax *o = job->o;
  FOR_BLOCKS(job, part, worker) {
    double *q = o->q + b.first, *share = b.t;
    const double *p = job->weights == SHARES ? NULL : base_of(o, &b, b.z);
    for (ptrdiff_t i = 0; i < b.rows; i++) share[i] = 1;
    if (job->weights == PAIR)
      for (ptrdiff_t i = 0; i < b.rows; i++) share[i] = p[job->k * b.rows + i] * p[job->l * b.rows + i];
    if (job->weights == SPREAD) {
      for (ptrdiff_t k = 0; k < o->K; k++)
        for (ptrdiff_t i = 0; i < b.rows; i++) share[i] -= p[k * b.rows + i] * p[k * b.rows + i];
      for (ptrdiff_t i = 0; i < b.rows; i++) share[i] = share[i] > 0 ? share[i] / (double)(o->K - 1) : 0;
    }
    for (ptrdiff_t i = 0; i < b.rows; i++) q[i] = share[i] * b.s[b.s_step ? i : 0];
  }
}

static void line_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_softmax *o = job->o;
  sums s = sums_of(o, part);
  memset(s.r, 0, (size_t)(o->slot - o->sums) * sizeof *s.r);
  FOR_BLOCKS(job, part, worker) {
    const double *z0 = margins_of(o, &b, &o->current, b.z), *z1 = margins_of(o, &b, &o->trial, b.dz);
    ptrdiff_t count = b.rows * o->K;
    for (ptrdiff_t i = 0; i < count; i++) b.t[i] = z0[i] + job->t * (z1[i] - z0[i]);
    *s.f += value_of(o, &b, b.t);
    double slope[4] = {0};
    for (ptrdiff_t i = 0; i < count; i++) slope[i % 4] += b.r[i] * (z1[i] - z0[i]);
    *s.slope += (slope[0] + slope[1]) + (slope[2] + slope[3]);
  }
}

static void dual_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_softmax *o = job->o;
  sums s = sums_of(o, part);
  memset(s.r, 0, (size_t)(o->slot - o->sums) * sizeof *s.r);
  FOR_BLOCKS(job, part, worker) {
    const double *z = margins_of(o, &b, &o->current, b.z), *dz = margins_of(o, &b, &o->trial, b.dz);
    if (!job->direct) {
      for (ptrdiff_t i = 0; i < b.rows * o->K; i++) b.t[i] = z[i] - dz[i];
      dz = b.t;
    }
    *s.f += o->design.kernels->softmax_dual(b.rows, o->K, z, base_of(o, &b, b.r), dz, b.s, b.s_step);
  }
}

/* One group's sums over the chunk. */
static void group_item(void *arg, ptrdiff_t item, int worker) {
  pass *job = arg;
  fgd_softmax *o = job->o;
  const fgd_design *D = &o->design;
  ptrdiff_t d = o->p->X.d, first = item * o->together, m = o->K - first < o->together ? o->K - first : o->together;
  ptrdiff_t begin = job->from * D->part, last = begin + o->chunk * D->part, end = last < o->p->X.n ? last : o->p->X.n;
  double *g = o->lines + first * d;
  if (job->from == 0) memset(g, 0, (size_t)(m * d) * sizeof *g);
  for (ptrdiff_t part = begin; part < end; part += D->part)
    for (ptrdiff_t i = part, stop = end - part < D->part ? end : part + D->part; i < stop; i += D->block) {
      if (fgd_team_stopped(o->team, worker)) return;
      ptrdiff_t rows = stop - i < D->block ? stop - i : D->block;
      fgd_design_gradient_many(D, i, rows, m, o->residual + (i - begin) * o->K + first * rows, g);
    }
}

static void chunk_item(void *arg, ptrdiff_t item, int worker) {
  pass *job = arg;
  job->task(job, job->from + item, worker);
}

static fgd_status run_by_chunks(pass *job, fgd_task task) {
  fgd_softmax *o = job->o;
  ptrdiff_t parts = o->design.parts, groups = (o->K + o->together - 1) / o->together;
  fgd_status status = FGD_OK;
  job->task = task;
  for (ptrdiff_t from = 0; from < parts && !status; from += o->chunk) {
    job->from = o->from = from;
    status = fgd_team_run(o->team, chunk_item, job, parts - from < o->chunk ? parts - from : o->chunk);
    if (!status) status = fgd_team_run(o->team, group_item, job, groups);
  }
  o->from = -1;
  return status;
}

/* Run over all parts and leave the joined sums in the first one. */
static fgd_status run(pass *job, fgd_task task, int over_X) {
  fgd_softmax *o = job->o;
  fgd_status status = over_X && o->across ? run_by_chunks(job, task)
                                          : fgd_team_run(o->team, task, job, o->design.parts);
  for (ptrdiff_t k = 1; k < o->design.parts; k++) {
    const double *from = o->partial + k * o->slot;
    for (ptrdiff_t j = over_X ? 0 : o->sums; j < o->slot; j++) o->partial[j] += from[j];
  }
  return status;
}

/* --- the null model ------------------------------------------------------------------ */

/* What some rows' offsets average to, taken back: where they are large, all probabilities would be 0 or 1 without. */
static void middle_offset(const fgd_softmax *o, double *intercept) {
  const fgd_problem *p = o->p;
  ptrdiff_t K = o->K, count = p->X.n < 4096 ? p->X.n : 4096;
  double mean = 0;
  memset(intercept, 0, (size_t)K * sizeof *intercept);
  if (!p->offset || !p->fit_intercept) return;
  for (ptrdiff_t i = 0; i < count; i++)
    for (ptrdiff_t k = 0; k < K; k++) intercept[k] -= p->offset[p->X.n * i / count * K + k] / (double)count;
  for (ptrdiff_t k = 0; k < K; k++) mean += intercept[k] / (double)K;
  for (ptrdiff_t k = 0; k < K; k++) intercept[k] -= mean;
}

fgd_status fgd_softmax_null(fgd_softmax *o, double *intercept, double *cost) {
  const fgd_problem *p = o->p;
  ptrdiff_t K = o->K;
  sums s = sums_of(o, 0);
  pass job = {.o = o, .intercept = intercept};
  fgd_status status;
  double reach = 1;
  middle_offset(o, intercept);
  if ((status = run(&job, null_part, 0))) return status;
  *cost = *s.f;
  if (!p->fit_intercept) return FGD_OK;
  for (ptrdiff_t k = 0; k < K; k++)
    if (!(s.r[k] > 0)) return FGD_ONE_CLASS;
  /* Each intercept moves by the logarithm of the class's share over its predicted one (iterative scaling): without an
   * offset the first step is exact, with one the cost falls with every step. */
  for (int step = 0; step < 1000; step++) {
    double before = *cost, mean = 0;
    for (ptrdiff_t k = 0; k < K; k++) {
      double predicted = s.r[K + k] + s.r[k];
      intercept[k] += predicted > 0 ? log(s.r[k] / predicted) : reach;
      mean += intercept[k] / (double)K;
    }
    for (ptrdiff_t k = 0; k < K; k++) intercept[k] -= mean;
    reach *= 2;
    if ((status = run(&job, null_part, 0))) return status;
    *cost = *s.f;
    if (!p->offset || !(*cost < before * (1 - 1e-12))) break;
  }
  return FGD_OK;
}

fgd_status fgd_softmax_moments(fgd_softmax *o, double *mean, double *sd) {
  ptrdiff_t d = o->p->X.d;
  fgd_design_middle(&o->design, mean);
  pass job = {.o = o, .centre = mean};
  fgd_status status = fgd_softmax_shares(o);
  if (!status) status = run_moments(&job, moments_part);
  if (status || (status = fgd_moments_finish(o->p, o->moments, o->moments + d, mean, sd))) return status;
  if (fgd_moments_doubtful(o->p, mean, sd)) {
    if ((status = run_moments(&job, about_part))) return status;
    fgd_moments_again(o->p, o->moments, mean, sd);
  }
  return FGD_OK;
}

/* --- the oracle ------------------------------------------------------------------------ */

/* The joined sums over X to a gradient, with lambda v; returns the length of the user's, if that of coef is wanted. */
static double turn(fgd_softmax *o, const double *v, double *g, const double *coef) {
  const double *residual = o->partial + o->sums;
  turning job = {.o = o, .theta = v, .g = g, .coef = (double *)coef, .norm = coef != NULL};
  double square = 0;
  fgd_team_run(o->team, turn_tile, &job, tiles(o));
  if (o->p->fit_intercept) gather(o->K, 1, residual, 1, g + o->penalised, 1);
  for (ptrdiff_t k = 0; k < o->K && o->p->fit_intercept; k++) square += residual[k] * residual[k];
  for (ptrdiff_t t = 0; t < tiles(o); t++) square += o->tiled[t * (o->K + 1)];
  return sqrt(square);
}

fgd_status fgd_softmax_value_grad(fgd_softmax *o, const double *theta, double *f, double *g) {
  pass job = {.o = o, .gradient = g != NULL};
  double penalty = point_set(o, &o->trial, theta, 0);
  fgd_status status = run(&job, value_part, g != NULL);
  o->passes++;
  if (status) return status;
  *f = *sums_of(o, 0).f + penalty;
  if (g) o->gradient_norm = turn(o, theta, g, o->trial.coef);
  return FGD_OK;
}

/* The sums in the first slot, with the penalty's part added. */
static void raw(const fgd_softmax *o, const double *v, double *g) {
  ptrdiff_t d = o->p->X.d;
  sums s = sums_of(o, 0);
  for (ptrdiff_t k = 0; k < o->K; k++) {
    ptrdiff_t step;
    const double *line = sums_line(o, k, &step);
    for (ptrdiff_t j = 0; j < d; j++) g[k * d + j] = line[j * step] + l2_of(o, j) * v[k * d + j];
    g[o->K * d + k] = s.r[k];
  }
}

fgd_status fgd_softmax_cost(fgd_softmax *o, const double *coef, double *f, double *g) {
  ptrdiff_t d = o->p->X.d;
  pass job = {.o = o, .gradient = g != NULL};
  point_take(o, &o->trial, coef, 0);
  fgd_status status = run(&job, value_part, g != NULL);
  *f = *sums_of(o, 0).f;
  for (ptrdiff_t i = 0; i < o->K * d; i++) *f += 0.5 * l2_of(o, i % d) * coef[i] * coef[i];
  if (g) raw(o, coef, g);
  return status;
}

fgd_status fgd_softmax_product(fgd_softmax *o, const double *coef, const double *v, double *Hv) {
  pass job = {.o = o};
  point_take(o, &o->base, coef, 0);
  point_take(o, &o->trial, v, 1);
  fgd_status status = run(&job, hess_vec_part, 1);
  raw(o, v, Hv);
  return status;
}

void fgd_softmax_accept(fgd_softmax *o) {
  fgd_softmax_point point = o->current;
  o->current = o->trial;
  o->trial = point;
}

fgd_status fgd_softmax_curvature(fgd_softmax *o) {
  pass job = {.o = o};
  if (o->base.kept) return fgd_team_run(o->team, curvature_part, &job, o->design.parts);
  memcpy(o->base.coef, o->current.coef, (size_t)(o->K * (o->p->X.d + 1)) * sizeof(double));
  return FGD_OK;
}

fgd_status fgd_softmax_hess_vec(fgd_softmax *o, const double *v, double *Hv) {
  pass job = {.o = o};
  point_set(o, &o->trial, v, 1);
  fgd_status status = run(&job, hess_vec_part, 1);
  o->passes++;
  if (!status) turn(o, v, Hv, NULL);
  return status;
}

fgd_status fgd_softmax_hess_vec_rough(fgd_softmax *o, const double *v, double *Hv) {
  ptrdiff_t d = o->p->X.d;
  double *coef = o->trial.coef;
  fgd_softmax_export(o, v, coef);
  for (ptrdiff_t k = 0; k < o->K; k++) {
    double b = coef[o->K * d + k];
    for (ptrdiff_t j = 0; j < d; j++) {
      o->direction[k * d + j] = (float)coef[k * d + j];
      b += (double)o->centre[j] * coef[k * d + j];
    }
    o->rough_intercept[k] = b;
  }
  pass job = {.o = o};
  fgd_status status = run(&job, rough_part, 1);
  o->passes++;
  if (status) return status;
  sums s = sums_of(o, 0);
  double share = thinned(o);
  for (ptrdiff_t k = 0; k < o->K; k++) {
    s.r[k] *= share;
    for (ptrdiff_t j = 0; j < d; j++) s.g[k * d + j] = share * s.g[k * d + j] + (double)o->centre[j] * s.r[k];
  }
  turn(o, v, Hv, NULL);
  return FGD_OK;
}

static fgd_status weigh(pass job) { return fgd_team_run(job.o->team, weigh_part, &job, job.o->design.parts); }

fgd_status fgd_softmax_pair(fgd_softmax *o, ptrdiff_t k, ptrdiff_t l) {
  return weigh((pass){.o = o, .weights = PAIR, .k = k, .l = l});
}

fgd_status fgd_softmax_spread(fgd_softmax *o) { return weigh((pass){.o = o, .weights = SPREAD}); }

fgd_status fgd_softmax_shares(fgd_softmax *o) { return weigh((pass){.o = o, .weights = SHARES}); }

fgd_status fgd_softmax_diagonal(fgd_softmax *o, double *diagonal) {
  ptrdiff_t d = o->p->X.d;
  int sparse = o->p->X.layout == FGD_CSR;
  for (ptrdiff_t j = 0; j < d; j++) diagonal[j] = sparse || !o->shift ? 0 : o->shift[j];
  pass job = {.o = o, .centre = diagonal};
  fgd_status status = run_moments(&job, moments_part);
  if (status) return status;
  const double *s1 = o->moments, *s2 = s1 + d, total = s1[3 * d];
  for (ptrdiff_t j = 0; j < d; j++) {
    double m = sparse && o->shift ? o->shift[j] : 0, about = s2[j] - m * (2 * s1[j] - m * total);
    diagonal[j] = fgd_curvature_of(about, m, total, o->scale ? o->scale[j] : 1) + o->lambda[j];
  }
  diagonal[d] = total;
  return FGD_OK;
}

fgd_status fgd_softmax_line(fgd_softmax *o, double t, double *f, double *slope) {
  pass job = {.o = o, .t = t};
  fgd_status status = run(&job, line_part, 0);
  *f = *sums_of(o, 0).f;
  *slope = *sums_of(o, 0).slope;
  return status;
}

fgd_status fgd_softmax_dual(fgd_softmax *o, int direct, double *f) {
  pass job = {.o = o, .direct = direct};
  fgd_status status = run(&job, dual_part, 0);
  *f = *sums_of(o, 0).f;
  return status;
}

/* --- separation ------------------------------------------------------------------------ */

/* Run over all parts; then the first slot's n numbers from r on are joined: added, or (largest) the greatest taken. */
static fgd_status run_marks(pass *job, fgd_task task, ptrdiff_t n, int largest) {
  fgd_softmax *o = job->o;
  fgd_status status = fgd_team_run(o->team, task, job, o->design.parts);
  double *to = sums_of(o, 0).r;
  for (ptrdiff_t k = 1; k < o->design.parts; k++) {
    const double *from = sums_of(o, k).r;
    for (ptrdiff_t j = 0; j < n; j++) to[j] = j >= n - largest ? fmax(to[j], from[j]) : to[j] + from[j];
  }
  return status;
}

static void alike_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_softmax *o = job->o;
  FOR_BLOCKS(job, part, worker) {
    const uint8_t *stage = stage_of(o, &b);
    double *p = o->base.kept + b.first * o->K;
    for (ptrdiff_t i = 0; i < b.rows; i++) {
      double in_play = 0;
      for (ptrdiff_t k = 0; k < o->K; k++) in_play += !stage[k * b.rows + i];
      for (ptrdiff_t k = 0; k < o->K; k++) p[k * b.rows + i] = stage[k * b.rows + i] ? 0 : 1 / in_play;
    }
  }
}

fgd_status fgd_softmax_alike(fgd_softmax *o) {
  pass job = {.o = o};
  return fgd_team_run(o->team, alike_part, &job, o->design.parts);
}

enum { SUSPECTS, OUTSIDE, SUSPECT_SUMS };

static void suspect_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_softmax *o = job->o;
  double *sum = sums_of(o, part).r;
  memset(sum, 0, SUSPECT_SUMS * sizeof *sum);
  FOR_BLOCKS(job, part, worker) {
    const double *dz = margins_of(o, &b, &o->trial, b.dz), *p = base_of(o, &b, b.z);
    uint8_t *stage = stage_of(o, &b);
    take_labels(o, b.first, b.rows, (double *)b.y);
    for (ptrdiff_t i = 0; i < b.rows; i++) {
      double mean = 0;
      for (ptrdiff_t k = 0; k < o->K; k++) mean += p[k * b.rows + i] * dz[k * b.rows + i];
      for (ptrdiff_t at = i; at < b.rows * o->K && b.s[b.s_step ? i : 0] > 0; at += b.rows)
        if (!stage[at]) {
          int outside = !(1 - dz[at] + mean >= CERTAIN);
          sum[OUTSIDE] += outside;
          if (b.y[at] == 0 && (outside || p[at] < job->t)) stage[at] = job->mark, sum[SUSPECTS]++;
        }
    }
  }
}

fgd_status fgd_softmax_suspect(fgd_softmax *o, uint8_t mark, double remote, ptrdiff_t *suspects, int *interior) {
  pass job = {.o = o, .mark = mark, .t = remote};
  fgd_status status = run_marks(&job, suspect_part, SUSPECT_SUMS, 0);
  const double *sum = sums_of(o, 0).r;
  *suspects = (ptrdiff_t)sum[SUSPECTS];
  *interior = sum[OUTSIDE] == 0;
  return status;
}

/* Where the labels of row i lie among margins t: their least and greatest. */
static void label_range(const fgd_softmax *o, const block *b, const double *t, ptrdiff_t i, double *low,
                        double *high) {
  *low = INFINITY;
  *high = -INFINITY;
  for (ptrdiff_t at = i; at < b->rows * o->K; at += b->rows)
    if (b->y[at] > 0) *low = fmin(*low, t[at]), *high = fmax(*high, t[at]);
}

enum { PAIRS, ROWS, OPPOSED, FARTHEST, WITNESS_SUMS };

/* Once a pair is moved the wrong way there is no more to see: whatever has been marked is unmarked in the end. */
static void witness_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_softmax *o = job->o;
  double *sum = sums_of(o, part).r, unit = 8 * DBL_EPSILON * (double)(o->p->X.d + 8);
  memset(sum, 0, WITNESS_SUMS * sizeof *sum);
  FOR_BLOCKS(job, part, worker) {
    const double *t = fresh_margins(o, &b, &o->trial, b.dz);
    double *rounding = b.t;
    uint8_t *stage = stage_of(o, &b);
    take_labels(o, b.first, b.rows, (double *)b.y);
    fgd_design_magnitudes(&o->design, b.first, b.rows, o->widest, rounding);
    for (ptrdiff_t i = 0; i < b.rows; i++) {
      if (!(b.s[b.s_step ? i : 0] > 0)) continue;
      double low, high, least = unit * (rounding[i] + job->t);
      int moved = 0, touched = 0;
      label_range(o, &b, t, i, &low, &high);
      if (!(high - low <= least)) sum[OPPOSED] = 1;
      for (ptrdiff_t at = i; at < b.rows * o->K; at += b.rows) {
        if (stage[at] && stage[at] != job->mark) {
          touched = 1;
          continue;
        }
        double apart = low - t[at];
        if (!(apart >= -least)) sum[OPPOSED] = 1;
        int clear = b.y[at] == 0 && apart > CLEAR * least && apart > job->enough;
        stage[at] = clear ? job->mark : 0;
        sum[PAIRS] += clear;
        moved |= clear;
        sum[FARTHEST] = fmax(sum[FARTHEST], apart);
      }
      sum[ROWS] += moved && !touched;
    }
    if (sum[OPPOSED] > 0) return;
  }
}

fgd_status fgd_softmax_witness(fgd_softmax *o, const double *v, uint8_t mark, ptrdiff_t *pairs, ptrdiff_t *rows,
                               double *size) {
  ptrdiff_t d = o->p->X.d, K = o->K;
  const double *coef = o->trial.coef;
  pass job = {.o = o, .mark = mark};
  point_set(o, &o->trial, v, 1);
  memset(o->widest, 0, (size_t)d * sizeof *o->widest);
  for (ptrdiff_t k = 0; k < K; k++) {
    double most = fabs(coef[K * d + k]);
    for (ptrdiff_t j = 0; j < d; j++) {
      double w = coef[coef_at(o, k, j)];
      o->widest[j] = fmax(o->widest[j], fabs(w));
      if (o->shift) most += fabs(o->shift[j] * w); /* the intercept is itself such a sum */
    }
    job.t = fmax(job.t, most);
  }
  const double *sum = sums_of(o, 0).r;
  job.enough = INFINITY; /* the first look finds how far it goes */
  fgd_status status = run_marks(&job, witness_part, WITNESS_SUMS, 1);
  o->passes++;
  if (!status && !(sum[OPPOSED] > 0)) {
    job.enough = FAR * sum[FARTHEST];
    status = run_marks(&job, witness_part, WITNESS_SUMS, 1);
    o->passes++;
  }
  *pairs = sum[OPPOSED] > 0 ? 0 : (ptrdiff_t)sum[PAIRS];
  *rows = (ptrdiff_t)sum[ROWS];
  *size = sum[FARTHEST];
  return status;
}

void fgd_softmax_unmark(fgd_softmax *o, uint8_t mark) {
  for (ptrdiff_t i = 0; i < o->p->X.n * o->K; i++) o->stage[i] = o->stage[i] == mark ? 0 : o->stage[i];
}

/* r[k]: rows that class k's own line does not part. */
static void own_lines_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_softmax *o = job->o;
  sums s = sums_of(o, part);
  memset(s.r, 0, (size_t)o->K * sizeof *s.r);
  FOR_BLOCKS(job, part, worker) {
    const double *t = fresh_margins(o, &b, &o->trial, b.dz);
    const uint8_t *stage = stage_of(o, &b);
    take_labels(o, b.first, b.rows, (double *)b.y);
    for (ptrdiff_t i = 0; i < b.rows; i++) {
      double in_play = 0;
      for (ptrdiff_t at = i; at < b.rows * o->K; at += b.rows) in_play += !stage[at];
      for (ptrdiff_t k = 0; k < o->K && in_play > 1 && b.s[b.s_step ? i : 0] > 0; k++) {
        ptrdiff_t at = k * b.rows + i;
        if (!stage[at]) s.r[k] += b.y[at] == 0 ? !(t[at] < 0) : !(b.y[at] == 1 && t[at] > 0);
      }
    }
  }
}

fgd_status fgd_softmax_own_lines(fgd_softmax *o, const double *v, double *parts) {
  pass job = {.o = o};
  point_set(o, &o->trial, v, 1);
  fgd_status status = run_marks(&job, own_lines_part, o->K, 0);
  o->passes++;
  for (ptrdiff_t k = 0; k < o->K; k++) parts[k] = sums_of(o, 0).r[k] == 0;
  return status;
}

static void reach_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_softmax *o = job->o;
  double *reach = sums_of(o, part).r;
  *reach = 0;
  FOR_BLOCKS(job, part, worker) {
    const double *t = fresh_margins(o, &b, &o->trial, b.dz), *z = margins_of(o, &b, &o->current, b.z);
    const uint8_t *stage = stage_of(o, &b);
    take_labels(o, b.first, b.rows, (double *)b.y);
    for (ptrdiff_t i = 0; i < b.rows; i++) {
      double low, high, z_low, z_high;
      label_range(o, &b, t, i, &low, &high);
      label_range(o, &b, z, i, &z_low, &z_high);
      for (ptrdiff_t at = i; at < b.rows * o->K; at += b.rows)
        if (stage[at] == job->mark) *reach = fmax(*reach, (job->enough - (z_high - z[at])) / (low - t[at]));
    }
  }
}

fgd_status fgd_softmax_reach(fgd_softmax *o, const double *v, uint8_t mark, double enough, double *t) {
  pass job = {.o = o, .mark = mark, .enough = enough};
  point_set(o, &o->trial, v, 1);
  fgd_status status = run_marks(&job, reach_part, 1, 1);
  o->passes++;
  *t = *sums_of(o, 0).r;
  return status;
}
