/* Turning points and gradients (see softmax_turn.h). */
#include "softmax_turn.h"

#include <math.h>
#include <string.h>

#include "penalty.h"
#include "softmax_basis.h"

/* Columns that are turned at a time: K lines of them stay in cache, and are long enough for pages to count little. */
static ptrdiff_t tile_length(ptrdiff_t K) { return 4096 / K < 16 ? 16 : 4096 / K > 128 ? 128 : 4096 / K; }
static ptrdiff_t tiles(const fgd_softmax *o) { return (o->p->X.d + o->tile - 1) / o->tile; }

void fgd_softmax_turn_layout(fgd_softmax *o, fgd_arena *a) {
  o->tile = tile_length(o->K);
  o->tiled = fgd_take_doubles(a, tiles(o) * (o->K + 1));
  o->turned = fgd_take_doubles(a, o->K * o->tile * o->workers);
}

typedef struct {
  fgd_softmax *o;
  const double *theta; /* the point, or what the penalty's product is taken with */
  double *coef;        /* in the user's coordinates */
  double *g;           /* in theta's */
  int across, norm;
} turning;

/* A point's coefficients; what its shift takes from each intercept, and the penalty, as the tile's sums. */
static void export_tile(void *arg, ptrdiff_t item, int worker) {
  const turning *job = arg;
  fgd_softmax *o = job->o;
  ptrdiff_t d = o->p->X.d, K = o->K, tile = o->tile, first = item * tile, m = d - first < tile ? d - first : tile;
  double *line = o->turned + worker * K * tile, *sum = o->tiled + item * (K + 1);
  fgd_softmax_basis_spread(K, m, job->theta + first, d, line, tile);
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
    const double *from = fgd_softmax_sums_line(o, k, &step) + first * step;
    double *x = line + k * tile;
    for (ptrdiff_t j = 0; j < m; j++) x[j] = from[j * step];
    if (job->norm)
      for (ptrdiff_t j = 0; j < m; j++) {
        double w = job->coef[fgd_softmax_coef_at(o, k, first + j)], g = x[j] + fgd_softmax_l2(o, first + j) * w;
        *sum += g * g;
      }
    if (o->shift)
      for (ptrdiff_t j = 0; j < m; j++) x[j] -= o->shift[first + j] * residual[k];
    if (o->scale)
      for (ptrdiff_t j = 0; j < m; j++) x[j] *= o->scale[first + j];
  }
  fgd_softmax_basis_gather(K, m, line, tile, job->g + first, d);
  for (ptrdiff_t a = 0; a < K - 1 && job->theta; a++)
    fgd_penalty_product(m, o->lambda + first, job->theta + a * d + first, job->g + a * d + first);
}

/* Returns the penalty.  Nothing stops a turning half way: an item is a matter of microseconds. */
static double export_to(const fgd_softmax *o, const double *theta, double *coef, int across) {
  ptrdiff_t K = o->K, d = o->p->X.d;
  double *b = coef + K * d, penalty = 0;
  turning job = {.o = (fgd_softmax *)o, .theta = theta, .coef = coef, .across = across};
  fgd_team_run(o->team, export_tile, &job, tiles(o));
  if (o->p->fit_intercept) fgd_softmax_basis_spread(K, 1, theta + o->penalised, 1, b, 1);
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
  fgd_softmax_basis_gather(K, d, coef, d, theta, d);
  if (o->p->fit_intercept) fgd_softmax_basis_gather(K, 1, coef + K * d, 1, b, 1);
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

double fgd_softmax_point_set(const fgd_softmax *o, fgd_softmax_point *point, const double *theta, int direction) {
  point->direction = direction;
  return export_to(o, theta, point->coef, o->across);
}

void fgd_softmax_point_take(const fgd_softmax *o, fgd_softmax_point *point, const double *coef, int direction) {
  ptrdiff_t d = o->p->X.d;
  point->direction = direction;
  memcpy(point->coef, coef, (size_t)(o->K * (d + 1)) * sizeof *coef);
  if (o->across) turn_over(o->K, d, coef, point->coef);
}

double fgd_softmax_turn(fgd_softmax *o, const double *v, double *g, const double *coef) {
  const double *residual = o->partial + o->sums;
  turning job = {.o = o, .theta = v, .g = g, .coef = (double *)coef, .norm = coef != NULL};
  double square = 0;
  fgd_team_run(o->team, turn_tile, &job, tiles(o));
  if (o->p->fit_intercept) fgd_softmax_basis_gather(o->K, 1, residual, 1, g + o->penalised, 1);
  for (ptrdiff_t k = 0; k < o->K && o->p->fit_intercept; k++) square += residual[k] * residual[k];
  for (ptrdiff_t t = 0; t < tiles(o); t++) square += o->tiled[t * (o->K + 1)];
  return sqrt(square);
}
