/* Passes, samples and Hessians that serve several folds (see folds.h). */
#include "folds.h"

#include <math.h>
#include <string.h>

#include "blocks.h"

#define MISMATCH 2 /* a row's curvature is no more than so many times that at the point of any fold that keeps it */

enum { LINES = 2 }; /* block-long arrays that a worker has for each fold: margins, residuals; and one of shares */

void fgd_folds_layout(fgd_folds *s, fgd_objective *o, fgd_sample *sample, ptrdiff_t count, int workers, fgd_arena *a) {
  ptrdiff_t d = o->p->X.d, most = sample->size[FGD_DRAW_DOUBLE];
  *s = (fgd_folds){.o = o, .sample = sample, .count = count};
  fgd_design_init_many(&s->many, &o->p->X, count);
  s->share = fgd_take_doubles(a, count);
  s->apart = fgd_take_doubles(a, count);
  s->null_cost = fgd_take_doubles(a, count);
  s->unit = fgd_take_doubles(a, d);
  s->points = fgd_take_doubles(a, count * d);
  s->intercepts = fgd_take_doubles(a, count);
  s->slot = (count * (d + 2) + 2 + 7) / 8 * 8;
  s->partial = fgd_take_doubles(a, s->slot * s->many.parts);
  s->scratch_each = (LINES * count + 1) * FGD_MAX_BLOCK;
  s->scratch = fgd_take_doubles(a, s->scratch_each * workers);
  s->rows = fgd_take(a, (size_t)most * sizeof *s->rows);
  s->begin = fgd_take(a, (size_t)(count + 2) * sizeof *s->begin);
  s->group = fgd_take(a, (size_t)most);
  s->weight = fgd_take_doubles(a, most);
  s->curvature = fgd_take_doubles(a, most);
  s->by_group = fgd_take_doubles(a, most);
  s->margins = fgd_take_doubles(a, count * most);
  s->mean = fgd_take_doubles(a, o->size);
  s->grams = fgd_take_doubles(a, (count + 1) * o->size * o->size);
}

/* m points of the solver's, for products with X. */
static void place(fgd_folds *s, ptrdiff_t m, const double *w) {
  ptrdiff_t d = s->o->p->X.d, size = s->o->size;
  for (ptrdiff_t k = 0; k < m; k++) s->intercepts[k] = fgd_objective_export(s->o, w + k * size, s->points + k * d);
}

/* --- all rows ---------------------------------------------------------------------------- */

typedef struct {
  fgd_folds *s;
  ptrdiff_t m;
  const ptrdiff_t *which;
} job;

static void labels_part(void *arg, ptrdiff_t part, int worker) {
  fgd_folds *s = ((job *)arg)->s;
  double *of = s->partial + part * s->slot;
  memset(of, 0, (size_t)(2 * s->count + 2) * sizeof *of);
  FGD_FOR_FIRST_ROWS(&s->many, s->o->team, part, worker, first, end) {
    fgd_block b = fgd_objective_block(s->o, first, end, worker);
    for (ptrdiff_t i = 0; i < b.rows; i++) {
      double share = b.s[b.s_step ? i : 0];
      of[2 * s->held[first + i]] += share;
      of[2 * s->held[first + i] + 1] += share * b.y[i];
    }
  }
}

fgd_status fgd_folds_begin(fgd_folds *s, const uint8_t *held) {
  job labels = {.s = s};
  double all = 0, ones = 0, *of = s->partial;
  s->held = held;
  fgd_status status = fgd_team_run(s->o->team, labels_part, &labels, s->many.parts);
  fgd_join(of, s->slot, s->many.parts, 0, 2 * s->count + 2);
  for (ptrdiff_t k = 0; k <= s->count; k++) all += of[2 * k], ones += of[2 * k + 1];
  for (ptrdiff_t k = 0; k < s->count; k++) {
    double left = all - of[2 * k], p = (ones - of[2 * k + 1]) / left;
    s->share[k] = 1 / left;
    s->apart[k] = of[2 * k] > 0 ? 1 / of[2 * k] : 0;
    s->null_cost[k] = s->o->p->fit_intercept ? -p * log(p) - (1 - p) * log1p(-p) : log(2);
  }
  return status;
}

/* The block's weights, 0 for the rows that the fold leaves out: in `out`, unless there are none. */
static const double *without(const fgd_block *b, const uint8_t *held, uint8_t fold, double *out, int *step) {
  *step = b->s_step;
  if (!memchr(held, fold, (size_t)b->rows)) return b->s;
  const double *s = b->s, each = *s;
  if (*step)
    for (ptrdiff_t i = 0; i < b->rows; i++) out[i] = held[i] == fold ? 0 : s[i];
  else
    for (ptrdiff_t i = 0; i < b->rows; i++) out[i] = held[i] == fold ? 0 : each;
  *step = 1;
  return out;
}

static void values_part(void *arg, ptrdiff_t part, int worker) {
  const job *j = arg;
  fgd_folds *s = j->s;
  ptrdiff_t d = s->o->p->X.d, m = j->m;
  double *g = s->partial + part * s->slot, *f = g + m * d, *sum = f + m;
  double *z = s->scratch + worker * s->scratch_each, *r = z + m * FGD_MAX_BLOCK, *weight = r + m * FGD_MAX_BLOCK;
  memset(g, 0, (size_t)(m * (d + 2)) * sizeof *g);
  FGD_FOR_FIRST_ROWS(&s->many, s->o->team, part, worker, first, end) {
    fgd_block b = fgd_objective_block(s->o, first, end, worker);
    for (ptrdiff_t k = 0; k < m; k++)
      for (ptrdiff_t i = 0; i < b.rows; i++) z[k * b.rows + i] = s->intercepts[k];
    fgd_design_margins_many(&s->many, first, b.rows, m, s->points, z);
    for (ptrdiff_t k = 0; k < m; k++) {
      int step;
      const double *kept = without(&b, s->held + first, (uint8_t)j->which[k], weight, &step);
      f[k] += s->o->loss.value(b.rows, z + k * b.rows, b.y, kept, step, r + k * b.rows);
      sum[k] += fgd_sum(r + k * b.rows, b.rows);
    }
    fgd_design_gradient_many(&s->many, first, b.rows, m, r, g);
  }
}

static fgd_status values(void *self, ptrdiff_t m, const ptrdiff_t *which, const double *w, double *f, double *g) {
  fgd_folds *s = self;
  const fgd_objective *o = s->o;
  ptrdiff_t d = o->p->X.d, size = o->size;
  job all = {.s = s, .m = m, .which = which};
  place(s, m, w);
  fgd_status status = fgd_team_run(o->team, values_part, &all, s->many.parts);
  if (status) return status;
  fgd_join(s->partial, s->slot, s->many.parts, 0, m * (d + 2));
  for (ptrdiff_t k = 0; k < m; k++) {
    const double *raw = s->partial + k * d, share = s->share[which[k]];
    double sum = share * s->partial[m * (d + 1) + k], *own = g + k * size;
    f[k] = share * s->partial[m * d + k];
    for (ptrdiff_t j = 0; j < d; j++) own[j] = (share * raw[j] - o->shift[j] * sum) * o->scale[j];
    if (o->p->fit_intercept) own[d] = sum;
  }
  return FGD_OK;
}

/* --- the rows drawn ---------------------------------------------------------------------- */

/* The rows drawn, group after group. */
static void sort(fgd_folds *s) {
  fgd_sample *sample = s->sample;
  ptrdiff_t size = sample->p.X.n, drawn = sample->counts[s->o->design.parts], at = 0;
  for (ptrdiff_t k = 0; k < size; k++) s->group[k] = k < drawn ? s->held[sample->rows[k]] : (uint8_t)s->count;
  for (ptrdiff_t k = drawn; k < size; k++) sample->chance_of[k] = 1;
  for (ptrdiff_t c = 0; c <= s->count; c++) {
    s->begin[c] = at;
    for (ptrdiff_t k = 0; k < size; k++)
      if (s->group[k] == c) s->rows[at++] = k;
  }
  s->begin[s->count + 1] = at;
}

fgd_status fgd_folds_draw(fgd_folds *s, const double *lean) {
  fgd_sample *sample = s->sample;
  fgd_status status = fgd_sample_draw(sample, FGD_DRAW_DOUBLE);
  if (status) return status;
  sort(s);
  for (ptrdiff_t j = 0; j < s->o->p->X.d; j++) s->unit[j] = s->o->scale[j] * s->o->scale[j];
  s->view = fgd_sample_oracle(sample);
  s->view.lambda = sample->own.lambda;
  s->view.lean = lean;
  return FGD_OK;
}

static fgd_status draw(void *self, const double *w, const fgd_factor *F) {
  fgd_folds *s = self;
  fgd_objective *o = s->o;
  double cost, *mean = s->mean;
  memset(mean, 0, (size_t)o->size * sizeof *mean);
  for (ptrdiff_t k = 0; k < s->count; k++)
    for (ptrdiff_t j = 0; j < o->size; j++) mean[j] += w[k * o->size + j] / (double)s->count;
  fgd_sample_project(s->sample, F);
  fgd_status status = fgd_objective_value_grad(o, mean, &cost, NULL);
  if (status) return status;
  fgd_objective_accept(o);
  s->sample->p.weight = s->sample->weight;
  if ((status = fgd_sample_draw(s->sample, FGD_DRAW_DOUBLE))) return status;
  sort(s);
  return FGD_OK;
}

static void margins_part(void *arg, ptrdiff_t part, int worker) {
  fgd_folds *s = ((job *)arg)->s;
  const fgd_design *D = &s->sample->own.design;
  double *z = s->scratch + worker * s->scratch_each;
  FGD_FOR_FIRST_ROWS(D, s->o->team, part, worker, first, end) {
    ptrdiff_t rows = fgd_block_rows(D, first, end);
    for (ptrdiff_t k = 0; k < s->count; k++)
      for (ptrdiff_t i = 0; i < rows; i++) z[k * rows + i] = s->intercepts[k];
    fgd_design_margins_many(D, first, rows, s->count, s->points, z);
    for (ptrdiff_t k = 0; k < s->count; k++)
      memcpy(s->margins + k * D->X->n + first, z + k * rows, (size_t)rows * sizeof *z);
  }
}

static fgd_status look(void *self, const double *w, int fine) {
  fgd_folds *s = self;
  fgd_sample *sample = s->sample;
  const fgd_objective *o = s->o;
  ptrdiff_t size = sample->p.X.n, square = o->size * o->size;
  double *mean = sample->own.z, *own = sample->own.q, *q = s->curvature;
  job all = {.s = s};
  s->plan = fine ? &sample->grams.fine : &sample->grams.coarse;
  place(s, s->count, w);
  fgd_status status = fgd_team_run(o->team, margins_part, &all, sample->own.design.parts);
  if (status) return status;
  /* The mean of the folds that keep the row.  Where their chance is well inside, that of one may be at its end: with
   * more curvature than its own, no step of its dual point would stay in. */
  memset(mean, 0, (size_t)size * sizeof *mean);
  for (ptrdiff_t k = 0; k < s->count; k++)
    for (ptrdiff_t i = 0; i < size; i++) mean[i] += s->group[i] == k ? 0 : s->margins[k * size + i];
  for (ptrdiff_t i = 0; i < size; i++) mean[i] /= (double)(s->count - (s->group[i] < s->count));
  o->loss.curvature(size, mean, sample->weight, 1, q);
  for (ptrdiff_t k = 0; k < s->count; k++) {
    o->loss.curvature(size, s->margins + k * size, sample->weight, 1, own);
    for (ptrdiff_t i = 0; i < size; i++)
      if (s->group[i] != k && MISMATCH * own[i] < q[i]) q[i] = MISMATCH * own[i];
  }
  for (ptrdiff_t i = 0; i < size; i++) q[i] /= sample->chance_of[i];
  for (ptrdiff_t i = 0; i < size; i++) s->by_group[i] = q[s->rows[i]];
  for (ptrdiff_t c = 0; c <= s->count && !status; c++)
    status = fgd_design_gram(s->plan, s->rows + s->begin[c], s->begin[c + 1] - s->begin[c], s->by_group + s->begin[c],
                             s->grams + c * square);
  return status;
}

static fgd_status view(void *self, ptrdiff_t fold, double l2, int own, double *H) {
  fgd_folds *s = self;
  fgd_sample *sample = s->sample;
  ptrdiff_t n = s->o->size, rows = sample->p.X.n;
  double share = s->share[fold], *z = sample->own.z, *q = sample->own.q;
  fgd_status status = FGD_OK;
  memcpy(z, s->margins + fold * rows, (size_t)rows * sizeof *z);
  if (own) s->o->loss.curvature(rows, z, sample->weight, 1, q);
  for (ptrdiff_t i = 0; i < rows; i++) {
    double part = s->group[i] == fold ? 0 : share;
    s->weight[i] = part * sample->weight[i];
    q[i] = part * (own ? q[i] / sample->chance_of[i] : s->curvature[i]);
  }
  if (own) {
    status = fgd_design_gram(s->plan, NULL, rows, q, H);
  } else {
    memset(H, 0, (size_t)(n * n) * sizeof *H);
    for (ptrdiff_t c = 0; c <= s->count; c++)
      for (ptrdiff_t i = 0; i < n && c != fold; i++)
        for (ptrdiff_t j = 0; j <= i; j++) H[i * n + j] += share * s->grams[(c * n + i) * n + j];
  }
  for (ptrdiff_t j = 0; j < s->o->p->X.d; j++) H[j * n + j] += l2 * s->unit[j];
  sample->p.weight = s->weight;
  sample->p.l2 = NULL;
  sample->p.l2_all = l2;
  fgd_objective_set_coordinates(&sample->own, s->o->shift, s->o->scale);
  return status;
}

static double reach(void *self, ptrdiff_t fold) {
  const fgd_folds *s = self;
  const fgd_sample *sample = s->sample;
  double sum = 0;
  for (ptrdiff_t i = 0; i < sample->p.X.n; i++)
    if (s->group[i] == fold) sum += sample->weight[i] / sample->chance_of[i] * fabs(sample->own.zt[i]);
  return s->apart[fold] * sum;
}

fgd_folds_oracle fgd_folds_oracle_of(fgd_folds *s) {
  return (fgd_folds_oracle){.self = s, .count = s->count, .size = s->o->size, .penalised = s->o->p->X.d,
                            .unit = s->unit, .null_cost = s->null_cost, .values = values, .draw = draw,
                            .look = look, .view = view, .reach = reach, .sample = &s->view};
}
