/* Pairs set aside by the stages of separation (see softmax_stages.h). */
#include "softmax_stages.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "softmax_basis.h"
#include "softmax_pass.h"
#include "softmax_turn.h"

#define CERTAIN 0.2 /* a pair is suspected if the step shrinks its probability below this share */
#define CLEAR                                                                                                         \
  1e6               /* roundings by which a pair must be moved to be set aside: its way to the limit must not disturb \
                       the rest, */
#define FAR 1e-7    /*   and this share of what the farthest is moved by, as in predictions */
#define NEARLY 1e-3 /* share of how far apart a pair should be that it may fall short of */

void fgd_softmax_layout_stages(fgd_softmax *o, fgd_arena *a) {
  o->stage = fgd_take(a, (size_t)(o->p->X.n * o->K));
  o->widest = fgd_take_doubles(a, o->p->X.d);
}

typedef struct {
  fgd_softmax *o;
  uint8_t mark;   /* of a stage, */
  double enough;  /*   what its pairs must be moved by, or be apart */
  double remote;  /* a probability */
  int from_point; /*   or that less what they are apart there */
  double most;    /* the largest number that an intercept is a sum of */
} marking;

/* Run over all parts; then the first slot's n numbers from r on are joined: added, or (largest) the greatest taken. */
static fgd_status run_marks(marking *job, fgd_task task, ptrdiff_t n, int largest) {
  fgd_softmax *o = job->o;
  fgd_status status = fgd_team_run(o->team, task, job, o->design.parts);
  double *to = fgd_softmax_sums_of(o, 0).r;
  for (ptrdiff_t k = 1; k < o->design.parts; k++) {
    const double *from = fgd_softmax_sums_of(o, k).r;
    for (ptrdiff_t j = 0; j < n; j++) to[j] = j >= n - largest ? fmax(to[j], from[j]) : to[j] + from[j];
  }
  return status;
}

static void alike_part(void *arg, ptrdiff_t part, int worker) {
  fgd_softmax *o = arg;
  FGD_FOR_BLOCKS(o, part, worker) {
    const uint8_t *stage = fgd_softmax_stage_of(o, &b);
    double *p = o->base.kept + b.first * o->K;
    for (ptrdiff_t i = 0; i < b.rows; i++) {
      double in_play = 0;
      for (ptrdiff_t k = 0; k < o->K; k++) in_play += !stage[k * b.rows + i];
      for (ptrdiff_t k = 0; k < o->K; k++) p[k * b.rows + i] = stage[k * b.rows + i] ? 0 : 1 / in_play;
    }
  }
}

fgd_status fgd_softmax_alike(fgd_softmax *o) { return fgd_team_run(o->team, alike_part, o, o->design.parts); }

enum { SUSPECTS, OUTSIDE, SUSPECT_SUMS };

static void suspect_part(void *arg, ptrdiff_t part, int worker) {
  marking *job = arg;
  fgd_softmax *o = job->o;
  double *sum = fgd_softmax_sums_of(o, part).r;
  memset(sum, 0, SUSPECT_SUMS * sizeof *sum);
  FGD_FOR_BLOCKS(o, part, worker) {
    const double *dz = fgd_softmax_margins_of(o, &b, &o->trial, b.dz), *p = fgd_softmax_base_of(o, &b, b.z);
    uint8_t *stage = fgd_softmax_stage_of(o, &b);
    fgd_softmax_take_labels(o, &b);
    for (ptrdiff_t i = 0; i < b.rows; i++) {
      double mean = 0;
      for (ptrdiff_t k = 0; k < o->K; k++) mean += p[k * b.rows + i] * dz[k * b.rows + i];
      for (ptrdiff_t at = i; at < b.rows * o->K && b.s[b.s_step ? i : 0] > 0; at += b.rows)
        if (!stage[at]) {
          int outside = !(1 - dz[at] + mean >= CERTAIN);
          sum[OUTSIDE] += outside;
          if (b.y[at] == 0 && (outside || p[at] < job->remote)) stage[at] = job->mark, sum[SUSPECTS]++;
        }
    }
  }
}

fgd_status fgd_softmax_suspect(fgd_softmax *o, uint8_t mark, double remote, ptrdiff_t *suspects, int *interior) {
  marking job = {.o = o, .mark = mark, .remote = remote};
  fgd_status status = run_marks(&job, suspect_part, SUSPECT_SUMS, 0);
  const double *sum = fgd_softmax_sums_of(o, 0).r;
  *suspects = (ptrdiff_t)sum[SUSPECTS];
  *interior = sum[OUTSIDE] == 0;
  return status;
}

/* Where the labels of row i lie among margins t: their least and greatest. */
static void label_range(const fgd_softmax *o, const fgd_softmax_block *b, const double *t, ptrdiff_t i, double *low,
                        double *high) {
  *low = INFINITY;
  *high = -INFINITY;
  for (ptrdiff_t at = i; at < b->rows * o->K; at += b->rows)
    if (b->y[at] > 0) *low = fmin(*low, t[at]), *high = fmax(*high, t[at]);
}

static double rounding_unit(const fgd_softmax *o) { return 8 * DBL_EPSILON * (double)(o->p->X.d + 8); }

enum { PAIRS, ROWS, OPPOSED, FARTHEST, WITNESS_SUMS };

/* Once a pair is moved the wrong way there is no more to see: whatever has been marked is unmarked in the end. */
static void witness_part(void *arg, ptrdiff_t part, int worker) {
  marking *job = arg;
  fgd_softmax *o = job->o;
  double *sum = fgd_softmax_sums_of(o, part).r, unit = rounding_unit(o);
  memset(sum, 0, WITNESS_SUMS * sizeof *sum);
  FGD_FOR_BLOCKS(o, part, worker) {
    const double *t = fgd_softmax_fresh_margins(o, &b, &o->trial, b.dz);
    double *rounding = b.t;
    uint8_t *stage = fgd_softmax_stage_of(o, &b);
    fgd_softmax_take_labels(o, &b);
    fgd_design_magnitudes(&o->design, b.first, b.rows, o->widest, rounding);
    for (ptrdiff_t i = 0; i < b.rows; i++) {
      if (!(b.s[b.s_step ? i : 0] > 0)) continue;
      double low, high, least = unit * (rounding[i] + job->most);
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

/* v becomes the trial, and the magnitudes known by which its margins are rounded. */
static void set_direction(marking *job, const double *v) {
  fgd_softmax *o = job->o;
  ptrdiff_t d = o->p->X.d, K = o->K;
  const double *coef = o->trial.coef;
  fgd_softmax_point_set(o, &o->trial, v, 1);
  memset(o->widest, 0, (size_t)d * sizeof *o->widest);
  for (ptrdiff_t k = 0; k < K; k++) {
    double most = fabs(coef[K * d + k]);
    for (ptrdiff_t j = 0; j < d; j++) {
      double w = coef[fgd_softmax_coef_at(o, k, j)];
      o->widest[j] = fmax(o->widest[j], fabs(w));
      if (o->shift) most += fabs(o->shift[j] * w); /* the intercept is itself such a sum */
    }
    job->most = fmax(job->most, most);
  }
}

fgd_status fgd_softmax_witness(fgd_softmax *o, const double *v, uint8_t mark, ptrdiff_t *pairs, ptrdiff_t *rows,
                               double *size) {
  marking job = {.o = o, .mark = mark};
  set_direction(&job, v);
  const double *sum = fgd_softmax_sums_of(o, 0).r;
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

enum { AGAINST, WHERE, BEHIND, BEFORE, SHORT_OF, OPPONENT_SUMS };

/* The pair that the trial moves the wrong way by the most roundings, or (set aside) not as far as it should. */
static void opponent_part(void *arg, ptrdiff_t part, int worker) {
  marking *job = arg;
  fgd_softmax *o = job->o;
  double *worst = fgd_softmax_sums_of(o, part).r, unit = rounding_unit(o);
  memset(worst, 0, OPPONENT_SUMS * sizeof *worst);
  FGD_FOR_BLOCKS(o, part, worker) {
    const double *t = fgd_softmax_fresh_margins(o, &b, &o->trial, b.dz), *z = NULL;
    const uint8_t *stage = fgd_softmax_stage_of(o, &b);
    if (job->from_point) z = fgd_softmax_margins_of(o, &b, &o->current, b.z);
    fgd_softmax_take_labels(o, &b);
    for (ptrdiff_t i = 0; i < b.rows; i++) {
      if (!(b.s[b.s_step ? i : 0] > 0)) continue;
      double least = -1, low, high, z_low = 0, z_high = 0;
      label_range(o, &b, t, i, &low, &high);
      if (z) label_range(o, &b, z, i, &z_low, &z_high);
      for (ptrdiff_t k = 0, at = i; k < o->K; k++, at += b.rows) {
        double aim = stage[at] ? job->enough - (z ? z_high - z[at] : 0) : 0, short_of = aim - (low - t[at]);
        if (!(short_of > 0)) continue;
        if (least < 0) {
          fgd_design_magnitudes(&o->design, b.first + i, 1, o->widest, &least);
          least = unit * (least + job->most);
        }
        if (!(short_of > fmax(least, stage[at] ? NEARLY * job->enough : 0) && short_of > worst[AGAINST] * least))
          continue;
        worst[AGAINST] = least > 0 ? short_of / least : INFINITY;
        worst[WHERE] = (double)(b.first + i);
        worst[BEFORE] = (double)k;
        worst[SHORT_OF] = aim;
        for (ptrdiff_t l = 0; l < o->K; l++)
          if (b.y[l * b.rows + i] > 0 && t[l * b.rows + i] == low) worst[BEHIND] = (double)l;
      }
    }
  }
}

fgd_status fgd_softmax_opponents(fgd_softmax *o, const double *v, double enough, int from_point, ptrdiff_t *worst) {
  marking job = {.o = o, .enough = enough, .from_point = from_point};
  set_direction(&job, v);
  fgd_status status = fgd_team_run(o->team, opponent_part, &job, o->design.parts);
  double most = 0;
  *worst = -1;
  for (ptrdiff_t k = 0; k < o->design.parts; k++)
    if (fgd_softmax_sums_of(o, k).r[AGAINST] > most) most = fgd_softmax_sums_of(o, k).r[AGAINST], *worst = k;
  o->passes++;
  return status;
}

int fgd_softmax_opponent(const fgd_softmax *o, ptrdiff_t part, double *x, double *n, double *aim) {
  ptrdiff_t d = o->p->X.d, K = o->K;
  const double *pair = fgd_softmax_sums_of(o, part).r, one = 1;
  if (!(pair[AGAINST] > 0)) return 0;
  memset(x, 0, (size_t)d * sizeof *x);
  fgd_design_gradient(&o->design, (ptrdiff_t)pair[WHERE], 1, &one, x);
  for (ptrdiff_t a = 0; a < K - 1; a++) {
    double along = fgd_softmax_basis(K, (ptrdiff_t)pair[BEHIND], a) - fgd_softmax_basis(K, (ptrdiff_t)pair[BEFORE], a);
    for (ptrdiff_t j = 0; j < d; j++)
      n[a * d + j] = along * (x[j] - (o->shift ? o->shift[j] : 0)) * (o->scale ? o->scale[j] : 1);
    if (o->p->fit_intercept) n[o->penalised + a] = along;
  }
  *aim = pair[SHORT_OF];
  return 1;
}

void fgd_softmax_unmark(fgd_softmax *o, uint8_t mark) {
  for (ptrdiff_t i = 0; i < o->p->X.n * o->K; i++) o->stage[i] = o->stage[i] == mark ? 0 : o->stage[i];
}

/* r[k]: rows that class k's own line does not part. */
static void own_lines_part(void *arg, ptrdiff_t part, int worker) {
  marking *job = arg;
  fgd_softmax *o = job->o;
  fgd_softmax_sums s = fgd_softmax_sums_of(o, part);
  memset(s.r, 0, (size_t)o->K * sizeof *s.r);
  FGD_FOR_BLOCKS(o, part, worker) {
    const double *t = fgd_softmax_fresh_margins(o, &b, &o->trial, b.dz);
    const uint8_t *stage = fgd_softmax_stage_of(o, &b);
    fgd_softmax_take_labels(o, &b);
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
  marking job = {.o = o};
  fgd_softmax_point_set(o, &o->trial, v, 1);
  fgd_status status = run_marks(&job, own_lines_part, o->K, 0);
  o->passes++;
  for (ptrdiff_t k = 0; k < o->K; k++) parts[k] = fgd_softmax_sums_of(o, 0).r[k] == 0;
  return status;
}

static void reach_part(void *arg, ptrdiff_t part, int worker) {
  marking *job = arg;
  fgd_softmax *o = job->o;
  double *reach = fgd_softmax_sums_of(o, part).r;
  *reach = 0;
  FGD_FOR_BLOCKS(o, part, worker) {
    const double *t = fgd_softmax_fresh_margins(o, &b, &o->trial, b.dz),
                 *z = fgd_softmax_margins_of(o, &b, &o->current, b.z);
    const uint8_t *stage = fgd_softmax_stage_of(o, &b);
    fgd_softmax_take_labels(o, &b);
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
  marking job = {.o = o, .mark = mark, .enough = enough};
  fgd_softmax_point_set(o, &o->trial, v, 1);
  fgd_status status = run_marks(&job, reach_part, 1, 1);
  o->passes++;
  *t = *fgd_softmax_sums_of(o, 0).r;
  return status;
}
