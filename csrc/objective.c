/* design x loss x penalty (see objective.h). */
#include "objective.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "blocks.h"
#include "penalty.h"

/* --- memory ---------------------------------------------------------------------- */

enum { SCRATCH = 5 }; /* block-long arrays a worker has: margins, labels, shares, residuals, directions */

static ptrdiff_t block_length(const fgd_objective *o) { return (o->design.block + 7) / 8 * 8; }
static ptrdiff_t scratch_each(const fgd_objective *o) { return SCRATCH * block_length(o); }

void fgd_objective_layout(fgd_objective *o, const fgd_problem *p, int needs, int workers, fgd_arena *a) {
  ptrdiff_t n = p->X.n, d = p->X.d;
  memset(o, 0, sizeof *o);
  o->p = p;
  fgd_design_init(&o->design, &p->X);
  o->loss = fgd_loss_of(p->loss, o->design.kernels);
  o->size = d + (p->fit_intercept ? 1 : 0);
  o->lambda = fgd_take_doubles(a, d);
  o->coef = fgd_take_doubles(a, d);
  if (needs & FGD_NEEDS_TRIAL) {
    o->z = fgd_take_doubles(a, n);
    o->zt = fgd_take_doubles(a, n);
  }
  if (needs & FGD_NEEDS_CURVATURE) o->q = fgd_take_doubles(a, n);
  /* d sums for a gradient (three times as many for moments), then cost, residual sum, slope */
  o->slot = ((needs & FGD_NEEDS_MOMENTS ? 3 : 1) * d + 3 + 7) / 8 * 8;
  if (needs & FGD_NEEDS_LEVERAGE) {
    o->leverage = fgd_take(a, (size_t)n * sizeof *o->leverage);
    o->projection = fgd_take_doubles(a, FGD_PROJECTIONS * (d + 1));
  }
  o->partial = fgd_take_doubles(a, o->slot * o->design.parts);
  o->scratch = fgd_take_doubles(a, scratch_each(o) * workers);
  if (needs & FGD_NEEDS_MOMENTS && p->X.layout == FGD_CSR) o->row = fgd_take_doubles(a, d * workers);
  o->workers = workers;
}

double fgd_weight_scale(const fgd_problem *p, double scale[2]) {
  ptrdiff_t n = p->X.n;
  const double *s = p->weight;
  if (!s) return 1.0 / (double)n;
  double largest = 0, sum = 0;
  for (ptrdiff_t i = 0; i < n; i++) largest = s[i] > largest ? s[i] : largest;
  int exponent;
  frexp(largest, &exponent);
  /* a power of two, split in two where one double cannot hold it */
  double half = ldexp(1.0, -exponent / 2), rest = ldexp(1.0, -exponent + exponent / 2);
  for (ptrdiff_t i = 0; i < n; i++) sum += s[i] * half * rest;
  scale[0] = half;
  scale[1] = rest / sum;
  return 1.0 / (double)n;
}

void fgd_objective_begin(fgd_objective *o, fgd_team *team) {
  o->team = team;
  o->passes = 0;
  o->looked = 0;
  if (o->stage) memset(o->stage, 0, (size_t)o->p->X.n);
  if (o->row) memset(o->row, 0, (size_t)(o->p->X.d * o->workers) * sizeof *o->row);
  o->each = fgd_weight_scale(o->p, o->weight_scale);
  fgd_objective_set_coordinates(o, NULL, NULL);
}

void fgd_objective_set_coordinates(fgd_objective *o, const double *shift, const double *scale) {
  o->shift = shift;
  o->scale = scale;
  for (ptrdiff_t j = 0; j < o->p->X.d; j++) {
    double l2 = o->p->l2 ? o->p->l2[j] : o->p->l2_all;
    o->lambda[j] = scale ? l2 * scale[j] * scale[j] : l2;
  }
}

double fgd_objective_export(const fgd_objective *o, const double *theta, double *coef) {
  ptrdiff_t d = o->p->X.d;
  double b = o->p->fit_intercept ? theta[d] : 0;
  for (ptrdiff_t j = 0; j < d; j++) coef[j] = o->scale ? theta[j] * o->scale[j] : theta[j];
  if (o->shift)
    for (ptrdiff_t j = 0; j < d; j++) b -= o->shift[j] * coef[j];
  return b;
}

void fgd_objective_import(const fgd_objective *o, const double *coef, double intercept, double *theta) {
  ptrdiff_t d = o->p->X.d;
  for (ptrdiff_t j = 0; j < d; j++) {
    theta[j] = !o->scale ? coef[j] : o->scale[j] > 0 ? coef[j] / o->scale[j] : 0;
    if (o->shift) intercept += o->shift[j] * coef[j];
  }
  if (o->p->fit_intercept) theta[d] = intercept;
}

double fgd_objective_norm(const fgd_objective *o, const double *g) {
  double residual = o->p->fit_intercept ? g[o->p->X.d] : 0, norm = residual * residual;
  for (ptrdiff_t j = 0; j < o->p->X.d; j++) {
    double raw = !o->scale ? g[j] : o->scale[j] > 0 ? g[j] / o->scale[j] : 0;
    if (o->shift) raw += o->shift[j] * residual;
    norm += raw * raw;
  }
  return sqrt(norm);
}

/* --- blocks of rows ---------------------------------------------------------------- */

typedef struct {
  fgd_objective *o;
  const double *w;        /* d: the point or direction, in the user's coordinates */
  double b;               /*   and its intercept */
  const double *at;       /* d: the point where the curvatures are wanted, if they are not kept in q */
  double at_b;
  const double *centre;   /* d: moments are taken about it */
  double t;               /* place on the line */
  double *rows;           /* n: a number for each row */
  int gradient, direct, trial;
  ptrdiff_t joined;       /* sums over X in a slot */
} pass;

/* Where a part of the rows leaves its sums. */
typedef struct {
  double *g, *f, *r, *slope;
} sums;

static sums sums_of(const fgd_objective *o, ptrdiff_t part) {
  double *slot = o->partial + part * o->slot;
  return (sums){slot, slot + o->slot - 3, slot + o->slot - 2, slot + o->slot - 1};
}

fgd_block fgd_objective_block(const fgd_objective *o, ptrdiff_t first, ptrdiff_t end, int worker) {
  const fgd_problem *p = o->p;
  ptrdiff_t size = block_length(o), rows = fgd_block_rows(&o->design, first, end);
  double *own = o->scratch + worker * scratch_each(o);
  fgd_block b = {.first = first, .rows = rows, .z = own, .r = own + 3 * size, .dz = own + 4 * size, .s = &o->each};
  if (p->y_code) {
    const uint8_t *restrict code = p->y_code + first;
    double *restrict y = own + size;
    for (ptrdiff_t i = 0; i < rows; i++) y[i] = code[i];
    b.y = y;
  } else {
    b.y = p->y_value + first;
  }
  if (p->weight || o->stages) {
    double *restrict s = own + 2 * size;
    if (p->weight) {
      const double *restrict weight = p->weight + first;
      double half = o->weight_scale[0], rest = o->weight_scale[1], heaviest = 0;
      for (ptrdiff_t i = 0; i < rows; i++) {
        s[i] = weight[i] * half * rest;
        heaviest = heaviest > weight[i] ? heaviest : weight[i];
      }
      b.idle = heaviest == 0;
    } else {
      for (ptrdiff_t i = 0; i < rows; i++) s[i] = o->each;
    }
    if (o->stages)
      for (ptrdiff_t i = 0; i < rows; i++) s[i] = o->stage[first + i] ? 0 : s[i];
    b.s = s;
    b.s_step = 1;
  }
  return b;
}

static void base_margins(const fgd_objective *o, const fgd_block *b, double intercept, double *z) {
  const double *offset = o->p->offset;
  for (ptrdiff_t i = 0; i < b->rows; i++) z[i] = intercept;
  if (offset)
    for (ptrdiff_t i = 0; i < b->rows; i++) z[i] += offset[b->first + i];
}

#define FOR_BLOCKS(job, part, worker) FGD_FOR_BLOCKS_OF(fgd_block, fgd_objective_block, (job)->o, part, worker)

/* The part's sums, as many as the pass is about: of many columns those not asked for would cost as much again. */
static sums cleared(const pass *job, ptrdiff_t part) {
  sums s = sums_of(job->o, part);
  memset(s.g, 0, (size_t)job->joined * sizeof *s.g);
  *s.f = *s.r = *s.slope = 0;
  return s;
}

static void value_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_objective *o = job->o;
  sums s = cleared(job, part);
  FOR_BLOCKS(job, part, worker) {
    double *z = o->zt ? o->zt + b.first : b.z;
    base_margins(o, &b, job->b, z);
    if (o->looked && b.idle) continue;
    fgd_design_margins(&o->design, b.first, b.rows, job->w, z);
    if (o->project)
      fgd_design_squares(&o->design, b.first, b.rows, o->projection, o->projection + FGD_PROJECTIONS * o->p->X.d,
                         o->leverage + b.first);
    *s.f += o->loss.value(b.rows, z, b.y, b.s, b.s_step, b.r);
    if (job->gradient) {
      fgd_design_gradient(&o->design, b.first, b.rows, b.r, s.g);
      *s.r += fgd_sum(b.r, b.rows);
    }
  }
}

static void hess_vec_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_objective *o = job->o;
  sums s = cleared(job, part);
  FOR_BLOCKS(job, part, worker) {
    double *dz = o->zt ? o->zt + b.first : b.dz;
    const double *q = job->at ? b.r : o->q + b.first;
    if (job->at) {
      base_margins(o, &b, job->at_b, b.z);
      fgd_design_margins(&o->design, b.first, b.rows, job->at, b.z);
      o->loss.curvature(b.rows, b.z, b.s, b.s_step, b.r);
    }
    for (ptrdiff_t i = 0; i < b.rows; i++) dz[i] = job->b;
    if (o->looked && b.idle) continue;
    fgd_design_margins(&o->design, b.first, b.rows, job->w, dz);
    for (ptrdiff_t i = 0; i < b.rows; i++) b.r[i] = q[i] * dz[i];
    fgd_design_gradient(&o->design, b.first, b.rows, b.r, s.g);
    *s.r += fgd_sum(b.r, b.rows);
  }
}

static double *own_row(const fgd_objective *o, int worker) { return o->row ? o->row + worker * o->p->X.d : NULL; }

static void moments_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_objective *o = job->o;
  ptrdiff_t d = o->p->X.d;
  sums s = cleared(job, part);
  FOR_BLOCKS(job, part, worker) {
    double *z = o->z ? o->z + b.first : b.z;
    base_margins(o, &b, job->b, z);
    if (job->w) fgd_design_margins(&o->design, b.first, b.rows, job->w, z);
    if (o->project)
      fgd_design_squares(&o->design, b.first, b.rows, o->projection, o->projection + FGD_PROJECTIONS * o->p->X.d,
                         o->leverage + b.first);
    *s.f += o->loss.value(b.rows, z, b.y, b.s, b.s_step, b.r);
    fgd_design_gradient(&o->design, b.first, b.rows, b.r, s.g);
    *s.r += fgd_sum(b.r, b.rows);
    const double *share = b.s;
    if (!b.s_step) {
      for (ptrdiff_t i = 0; i < b.rows; i++) b.dz[i] = o->each;
      share = b.dz;
    }
    fgd_design_moments(&o->design, b.first, b.rows, share, job->centre, s.g + d, s.g + 2 * d,
                       own_row(o, worker));
  }
}

/* CSR: once the means are known, moments about them. */
static void about_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_objective *o = job->o;
  ptrdiff_t d = o->p->X.d;
  sums s = cleared(job, part);
  FOR_BLOCKS(job, part, worker) {
    for (ptrdiff_t i = 0; i < b.rows; i++) b.dz[i] = b.s[b.s_step ? i : 0];
    fgd_design_moments_about(&o->design, b.first, b.rows, b.dz, job->centre, s.g + 2 * d, s.g, s.g + d,
                             own_row(o, worker));
  }
}

static void diagonal_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_objective *o = job->o;
  ptrdiff_t d = o->p->X.d;
  sums s = cleared(job, part);
  FOR_BLOCKS(job, part, worker) {
    const double *q = o->q + b.first;
    fgd_design_moments(&o->design, b.first, b.rows, q, job->centre, s.g, s.g + d, own_row(o, worker));
    *s.r += fgd_sum(q, b.rows);
  }
}

static void null_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_objective *o = job->o;
  sums s = sums_of(o, part);
  *s.f = *s.r = *s.slope = 0;
  FOR_BLOCKS(job, part, worker) {
    base_margins(o, &b, job->b, b.z);
    *s.f += o->loss.value(b.rows, b.z, b.y, b.s, b.s_step, b.r);
    *s.r += fgd_sum(b.r, b.rows);
    o->loss.curvature(b.rows, b.z, b.s, b.s_step, b.r);
    *s.slope += fgd_sum(b.r, b.rows);
  }
}

static void label_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  sums s = sums_of(job->o, part);
  *s.f = *s.r = *s.slope = 0;
  FOR_BLOCKS(job, part, worker) {
    if (!b.s_step && !job->o->p->offset) {
      double sum = fgd_sum(b.y, b.rows);
      *s.f += *b.s * sum;
      *s.slope += *b.s * ((double)b.rows - sum);
      continue;
    }
    for (ptrdiff_t i = 0; i < b.rows; i++) {
      double share = b.s[b.s_step ? i : 0], offset = job->o->p->offset ? job->o->p->offset[b.first + i] : 0;
      *s.f += share * b.y[i];
      *s.slope += share * (1 - b.y[i]);
      *s.r += share * offset;
    }
  }
}

static void residuals_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_objective *o = job->o;
  sums s = sums_of(o, part);
  *s.f = *s.r = *s.slope = 0;
  const double *z = job->trial ? o->zt : o->z;
  FOR_BLOCKS(job, part, worker)
    *s.f += o->loss.value(b.rows, z + b.first, b.y, b.s, b.s_step, job->rows + b.first);
}

static void combine_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_objective *o = job->o;
  sums s = cleared(job, part);
  FOR_BLOCKS(job, part, worker) {
    fgd_design_gradient(&o->design, b.first, b.rows, job->rows + b.first, s.g);
    *s.r += fgd_sum(job->rows + b.first, b.rows);
  }
}

static void curvature_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_objective *o = job->o;
  FOR_BLOCKS(job, part, worker) o->loss.curvature(b.rows, o->z + b.first, b.s, b.s_step, o->q + b.first);
}

static void shares_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  FOR_BLOCKS(job, part, worker)
    for (ptrdiff_t i = 0; i < b.rows; i++) job->o->q[b.first + i] = b.s[b.s_step ? i : 0];
}

static void roundings_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_objective *o = job->o;
  double unit = 4 * DBL_EPSILON * (double)(o->p->X.d + 8);
  FOR_BLOCKS(job, part, worker) {
    double *z = o->z + b.first;
    fgd_design_magnitudes(&o->design, b.first, b.rows, job->w, z);
    for (ptrdiff_t i = 0; i < b.rows; i++) z[i] = unit * (z[i] + job->t);
  }
}

static void line_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_objective *o = job->o;
  sums s = sums_of(o, part);
  *s.f = *s.slope = 0;
  FOR_BLOCKS(job, part, worker) {
    double slope;
    *s.f += o->loss.line(b.rows, o->z + b.first, o->zt + b.first, job->t, b.y, b.s, b.s_step, &slope);
    *s.slope += slope;
  }
}

static void dual_part(void *arg, ptrdiff_t part, int worker) {
  pass *job = arg;
  fgd_objective *o = job->o;
  sums s = sums_of(o, part);
  *s.f = 0;
  FOR_BLOCKS(job, part, worker) {
    const double *z = o->z + b.first, *zt = o->zt + b.first, *dz = zt;
    if (!job->direct) {
      for (ptrdiff_t i = 0; i < b.rows; i++) b.dz[i] = z[i] - zt[i];
      dz = b.dz;
    }
    *s.f += o->loss.dual(b.rows, z, dz, o->q + b.first, b.s, b.s_step);
  }
}

static void join(const fgd_objective *o, ptrdiff_t begin, ptrdiff_t end) {
  fgd_join(o->partial, o->slot, o->design.parts, begin, end);
}

#define STRETCH 8192 /* sums that one worker joins at a time */
static void join_item(void *arg, ptrdiff_t item, int worker) {
  const pass *job = arg;
  ptrdiff_t begin = item * STRETCH, end = begin + STRETCH < job->joined ? begin + STRETCH : job->joined;
  (void)worker;
  join(job->o, begin, end);
}

/* Run over all parts and leave the joined sums in the first one. */
static fgd_status run(pass *job, fgd_task task, ptrdiff_t sums_count) {
  fgd_objective *o = job->o;
  job->joined = sums_count;
  fgd_status status = fgd_team_run(o->team, task, job, o->design.parts);
  if (sums_count > STRETCH) {
    if (!status) status = fgd_team_run(o->team, join_item, job, (sums_count + STRETCH - 1) / STRETCH);
  } else {
    join(o, 0, sums_count);
  }
  join(o, o->slot - 3, o->slot);
  return status;
}

/* --- the null model ------------------------------------------------------------------ */

fgd_status fgd_objective_null(fgd_objective *o, double *intercept, double *cost) {
  const fgd_problem *p = o->p;
  sums s = sums_of(o, 0);
  pass job = {.o = o};
  double b = 0;
  fgd_status status;
  if (p->fit_intercept) {
    if ((status = run(&job, label_part, 0))) return status;
    if (p->loss == FGD_SQUARED_ERROR) {
      b = *s.f - *s.r;
    } else {
      if (!(*s.f > 0 && *s.slope > 0)) return FGD_ONE_CLASS;
      b = log(*s.f / *s.slope);
      if (p->offset) {
        b -= *s.r;
      } else { /* all margins are b: no need to look at each */
        *intercept = b;
        *cost = (b < 0 ? -b * *s.f : b * *s.slope) + (*s.f + *s.slope) * log1p(exp(-fabs(b)));
        return FGD_OK;
      }
    }
  }
  /* With an offset the intercept solves an equation in one unknown: Newton, kept inside a bracket. */
  double low = -INFINITY, high = INFINITY, reach = 2;
  for (int k = 0; k < 200; k++) {
    job.b = b;
    if ((status = run(&job, null_part, 0))) return status;
    if (!p->fit_intercept || !p->offset || p->loss == FGD_SQUARED_ERROR) break;
    if (*s.r > 0) high = b;
    else low = b;
    /* Newton's step, if it stays within what is known; by and by further out, or to the middle, where it does not or
     * where it is slow. */
    double next = b - *s.r / *s.slope;
    int bracketed = isfinite(low) && isfinite(high);
    if (!bracketed && !(fabs(next - b) <= reach)) next = *s.r > 0 ? b - reach : b + reach;
    if (bracketed && (!(next > low && next < high) || k % 4 == 3)) next = 0.5 * (low + high);
    reach *= 2;
    if (fabs(next - b) <= 4e-16 * (1 + fabs(b))) break;
    b = next;
  }
  *intercept = b;
  *cost = *s.f;
  return FGD_OK;
}

#define NOISE 1e-14     /* a deviation below this share of the mean is the rounding of the mean */
#define NOISE_RAW 1e-7  /*   where it was taken about 0 */
#define LOST 1e-280     /* squares below may have lost digits */
#define HEAVY 1e200     /* a column with this penalty in standard units adds nothing that a cost could show */

fgd_status fgd_moments_finish(const fgd_problem *p, const double *s1, const double *s2, double *mean, double *sd) {
  double noise = p->X.layout == FGD_CSR ? NOISE_RAW : NOISE, finite = 0;
  int lost = 0;
  for (ptrdiff_t j = 0; j < p->X.d; j++) {
    double centre = mean[j], about = s2[j] - s1[j] * s1[j], l2 = p->l2 ? p->l2[j] : p->l2_all;
    if (!p->fit_intercept) about = s2[j] + centre * (2 * s1[j] + centre);
    double squares = p->fit_intercept ? s2[j] : about, sum = p->fit_intercept ? s1[j] : centre + s1[j];
    if (squares < LOST && l2 == 0 && fabs(sum) > 1e-12 * fabs(centre)) lost = 1;
    mean[j] = p->fit_intercept ? centre + s1[j] : 0;
    sd[j] = about > 0 && !(l2 / about > HEAVY) ? sqrt(about) : 0;
    if (p->fit_intercept && sd[j] <= noise * fabs(mean[j])) sd[j] = 0;
    finite += s2[j];
  }
  return isfinite(finite) && !lost ? FGD_OK : FGD_NOT_FINITE;
}

int fgd_moments_doubtful(const fgd_problem *p, const double *mean, const double *sd) {
  if (p->X.layout == FGD_CSR && p->fit_intercept)
    for (ptrdiff_t j = 0; j < p->X.d; j++)
      if (sd[j] < 1e-4 * fabs(mean[j])) return 1;
  return 0;
}

void fgd_moments_again(const fgd_problem *p, const double *s1, double *mean, double *sd) {
  ptrdiff_t d = p->X.d;
  const double *s2 = s1 + d, *count = s2 + d;
  for (ptrdiff_t j = 0; j < d; j++) { /* an entry that is missing is far from such a mean: no digits were lost */
    double about = s2[j] - s1[j] * s1[j], l2 = p->l2 ? p->l2[j] : p->l2_all;
    if (count[j] != (double)p->X.n || !(sd[j] < 1e-4 * fabs(mean[j]))) continue;
    mean[j] += s1[j];
    sd[j] = about > 0 && !(l2 / about > HEAVY) ? sqrt(about) : 0;
    if (sd[j] <= NOISE * fabs(mean[j])) sd[j] = 0;
  }
}

fgd_status fgd_objective_moments(fgd_objective *o, fgd_start *start, const double *coef, double intercept,
                                 double *loss, double *gradient) {
  ptrdiff_t d = o->p->X.d;
  double *centre = o->coef; /* free until a point is exported */
  fgd_design_middle(&o->design, centre);
  pass job = {.o = o, .w = coef, .b = intercept, .centre = centre};
  fgd_status status = run(&job, moments_part, 3 * d);
  o->project = 0;
  if (status) return status;
  o->passes++;
  double norm = 0, residual = *sums_of(o, 0).r;
  *loss = *sums_of(o, 0).f;
  for (ptrdiff_t j = 0; j < d; j++) {
    gradient[j] = o->partial[j];
    double raw = gradient[j];
    if (coef) raw += (o->p->l2 ? o->p->l2[j] : o->p->l2_all) * coef[j];
    norm += raw * raw;
    start->mean[j] = centre[j];
  }
  if (o->p->fit_intercept) gradient[d] = residual, norm += residual * residual;
  o->gradient_norm = sqrt(norm);
  status = fgd_moments_finish(o->p, o->partial + d, o->partial + 2 * d, start->mean, start->sd);
  if (status || !isfinite(norm)) return FGD_NOT_FINITE;
  o->looked = 1;
  if (fgd_moments_doubtful(o->p, start->mean, start->sd)) {
    job.centre = start->mean;
    if ((status = run(&job, about_part, 3 * d))) return status;
    o->passes++;
    fgd_moments_again(o->p, o->partial, start->mean, start->sd);
  }
  return FGD_OK;
}

/* --- the oracle ------------------------------------------------------------------------ */

fgd_status fgd_objective_value_grad(fgd_objective *o, const double *theta, double *f, double *g) {
  ptrdiff_t d = o->p->X.d;
  pass job = {.o = o, .w = o->coef, .gradient = g != NULL};
  job.b = fgd_objective_export(o, theta, o->coef);
  fgd_status status = run(&job, value_part, g ? d : 0);
  o->project = 0;
  o->passes++;
  if (status) return status;
  sums s = sums_of(o, 0);
  *f = *s.f + fgd_penalty(d, o->lambda, theta, NULL);
  if (!g) return FGD_OK;
  double norm = o->p->fit_intercept ? *s.r * *s.r : 0;
  for (ptrdiff_t j = 0; j < d; j++) {
    double l2 = o->p->l2 ? o->p->l2[j] : o->p->l2_all, raw = s.g[j] + l2 * o->coef[j];
    norm += raw * raw;
    g[j] = o->scale ? (s.g[j] - (o->shift ? o->shift[j] * *s.r : 0)) * o->scale[j] : s.g[j];
  }
  fgd_penalty_product(d, o->lambda, theta, g);
  if (o->p->fit_intercept) g[d] = *s.r;
  o->gradient_norm = sqrt(norm);
  return FGD_OK;
}

void fgd_objective_accept(fgd_objective *o) {
  double *z = o->z;
  o->z = o->zt;
  o->zt = z;
}

fgd_status fgd_objective_hess_vec(fgd_objective *o, const double *theta, const double *v, double *Hv) {
  ptrdiff_t d = o->p->X.d;
  pass job = {.o = o, .w = o->coef};
  job.b = fgd_objective_export(o, v, o->coef);
  if (theta) {
    job.at = theta;
    job.at_b = o->p->fit_intercept ? theta[d] : 0;
  }
  fgd_status status = run(&job, hess_vec_part, d);
  o->passes++;
  if (status) return status;
  sums s = sums_of(o, 0);
  for (ptrdiff_t j = 0; j < d; j++)
    Hv[j] = o->scale ? (s.g[j] - (o->shift ? o->shift[j] * *s.r : 0)) * o->scale[j] : s.g[j];
  fgd_penalty_product(d, o->lambda, v, Hv);
  if (o->p->fit_intercept) Hv[d] = *s.r;
  return FGD_OK;
}

double fgd_curvature_of(double about, double mean, double total, double scale) {
  /* What cancelled, or underflowed, is no curvature; that of a column of deviation 1 is about the total. */
  if (about > NOISE * mean * mean * total && about > LOST) return scale * scale * about;
  return scale > 0 ? total : 0;
}

fgd_status fgd_objective_diagonal(fgd_objective *o, double *diagonal) {
  ptrdiff_t d = o->p->X.d;
  int sparse = o->p->X.layout == FGD_CSR;
  double *centre = o->coef;
  for (ptrdiff_t j = 0; j < d; j++) centre[j] = sparse || !o->shift ? 0 : o->shift[j];
  pass job = {.o = o, .centre = centre};
  fgd_status status = run(&job, diagonal_part, 2 * d);
  o->passes++;
  if (status) return status;
  const double *s1 = o->partial, *s2 = s1 + d, total = *sums_of(o, 0).r;
  for (ptrdiff_t j = 0; j < d; j++) {
    double m = sparse && o->shift ? o->shift[j] : 0, about = s2[j] - m * (2 * s1[j] - m * total);
    diagonal[j] = fgd_curvature_of(about, m, total, o->scale ? o->scale[j] : 1) + o->lambda[j];
  }
  if (o->p->fit_intercept) diagonal[d] = total;
  return FGD_OK;
}

fgd_status fgd_objective_curvature(fgd_objective *o) {
  pass job = {.o = o};
  return fgd_team_run(o->team, curvature_part, &job, o->design.parts);
}

fgd_status fgd_objective_shares(fgd_objective *o) {
  pass job = {.o = o};
  return fgd_team_run(o->team, shares_part, &job, o->design.parts);
}

fgd_status fgd_objective_roundings(fgd_objective *o, const double *v) {
  pass job = {.o = o, .w = o->coef};
  job.t = fabs(fgd_objective_export(o, v, o->coef));
  if (o->shift) /* the intercept is itself such a sum */
    for (ptrdiff_t j = 0; j < o->p->X.d; j++) job.t += fabs(o->shift[j] * o->coef[j]);
  o->passes++;
  return fgd_team_run(o->team, roundings_part, &job, o->design.parts);
}

fgd_status fgd_objective_line(fgd_objective *o, double t, double *f, double *slope) {
  pass job = {.o = o, .t = t};
  fgd_status status = run(&job, line_part, 0);
  *f = *sums_of(o, 0).f;
  *slope = *sums_of(o, 0).slope;
  return status;
}

fgd_status fgd_objective_dual(fgd_objective *o, int direct, double *f) {
  pass job = {.o = o, .direct = direct};
  fgd_status status = run(&job, dual_part, 0);
  *f = *sums_of(o, 0).f;
  return status;
}

fgd_status fgd_objective_residuals(fgd_objective *o, int trial, double *f, double *r) {
  pass job = {.o = o, .trial = trial, .rows = r};
  fgd_status status = run(&job, residuals_part, 0);
  *f = *sums_of(o, 0).f;
  return status;
}

fgd_status fgd_objective_combine(fgd_objective *o, const double *a, double *out) {
  ptrdiff_t d = o->p->X.d;
  pass job = {.o = o, .rows = (double *)a};
  fgd_status status = run(&job, combine_part, d);
  o->passes++;
  sums s = sums_of(o, 0);
  for (ptrdiff_t j = 0; j < d; j++)
    out[j] = o->scale ? (s.g[j] - (o->shift ? o->shift[j] * *s.r : 0)) * o->scale[j] : s.g[j];
  return status;
}
