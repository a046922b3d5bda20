/* The fit of K classes (see multinomial.h): memory laid out, coordinates found, a solver called. */
#include "multinomial.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "cone.h"
#include "rank.h"
#include "softmax.h"
#include "softmax_basis.h"
#include "softmax_rough.h"
#include "softmax_rows.h"
#include "softmax_stages.h"
#include "softmax_turn.h"
#include "softmax_weights.h"
#include "solvers/solver.h"

typedef struct {
  fgd_softmax o;
  fgd_gram_plan gram;
  fgd_rank rank;
  fgd_factor factor;
  fgd_softmax_rows dual;
  fgd_rows_oracle by_rows;
  fgd_team team;
  const fgd_guest *guest;
  int64_t began;
  int unpenalised;             /* some column has no penalty: the cost may fall for ever */
  int find_rank;               /*   and a Gram is formed: dependent columns must be found */
  ptrdiff_t rank_found;        /* of X, -1 if not looked for */
  fgd_rank whole;              /* of all coordinates, over the pairs that are in play */
  double *from, *cone, *Q, *R; /* size, work and size x size: the projection onto the cone of directions; or NULL */
  int settled;                 /*   it has said all that there is to say */
  uint8_t *rests;              /* size: coordinates that these can do without */
  double *direction;           /* a row of `size` for each stage, standard coordinates; parts no margins by over 1 */
  ptrdiff_t stage_rows[FGD_MAX_STAGES];
  double *beta, *Hv, *parts;   /* size, size, K: work */
  int stages;
  double *mean, *sd, *scale;   /* d each */
  double *G;                   /* Gram of d + 1 columns */
  double *diagonal;            /* d + 1: the preconditioner where there is no factor */
  const double *dividend;      /*   what it divides */
  double *divided;
  ptrdiff_t *rows, sample;     /* the rows that the factor is made from */
  double *q;                   /*   and their weights */
  double *lines, *solving;     /* (K - 1)(d + 1) each: right-hand sides, class after class, and work */
  double *line;                /* d + 1: one class's coordinates */
  double *intercept, *coef;    /* K; K (d + 1) */
  double *w, *g, *trial, *solver_work;
} fitting;

#define FACTOR_SIDE 2048  /* up to so many columns the preconditioner is a Cholesky factor */
#define ENOUGH_ROWS 2     /* for each coefficient, to know the Hessian by: a class is curved in few of them */
#define MOST_BINDING 1024 /* coordinates up to which newton-cg looks for directions by projection */
#define TOGETHER 8        /* classes whose right-hand sides are solved for together */

static ptrdiff_t columns(const fgd_problem *p) { return p->X.d + (p->fit_intercept ? 1 : 0); }

static size_t layout(fitting *f, const fgd_problem *p, const fgd_options *opt, int workers, void *work) {
  fgd_arena a = {work, 0};
  ptrdiff_t d = p->X.d, K = p->classes, side = columns(p);
  int newton = opt->solver == FGD_NEWTON, first_order = opt->solver == FGD_GD || opt->solver == FGD_AGD;
  int dual = opt->solver == FGD_DUAL;
  f->sample = 0;
  if (!newton && !first_order && !dual && side <= FACTOR_SIDE) f->sample = p->X.n < 8 * side ? p->X.n : 8 * side;
  fgd_softmax_layout(&f->o, p, newton || dual ? FGD_KEEP : FGD_KEEP_SMALL, workers, &a);
  f->mean = fgd_take_doubles(&a, d);
  f->sd = fgd_take_doubles(&a, d);
  f->scale = fgd_take_doubles(&a, d);
  f->line = fgd_take_doubles(&a, side);
  f->intercept = fgd_take_doubles(&a, K);
  f->coef = fgd_take_doubles(&a, K * (d + 1));
  f->w = fgd_take_doubles(&a, f->o.size);
  f->g = fgd_take_doubles(&a, f->o.size);
  f->trial = fgd_take_doubles(&a, f->o.size);
  f->unpenalised = f->stages = f->settled = 0;
  for (ptrdiff_t j = 0; j < d && !f->unpenalised; j++) f->unpenalised = (p->l2 ? p->l2[j] : p->l2_all) == 0;
  f->find_rank = newton && f->unpenalised;
  f->rests = NULL;
  f->rank_found = -1;
  f->solver_work = fgd_take(&a, dual ? fgd_dual_work(p->X.n, K) : fgd_solver_work(opt->solver, f->o.size));
  if (f->sample) {
    fgd_gram_plan_layout(&f->gram, &f->o.design, f->sample, p->fit_intercept, 0, workers, &a);
    fgd_factor_layout(&f->factor, f->o.design.kernels, side, &a);
    f->rows = fgd_take(&a, (size_t)f->sample * sizeof *f->rows);
    f->q = fgd_take_doubles(&a, f->sample);
    f->lines = fgd_take_doubles(&a, (K - 1) * side);
    f->solving = fgd_take_doubles(&a, (K - 1) * 64);
  } else if (!newton && !first_order && !dual) {
    f->diagonal = fgd_take_doubles(&a, d + 1);
  }
  if (dual) fgd_softmax_rows_layout(&f->dual, &f->o, workers, &a);
  if (newton) {
    fgd_gram_plan_layout(&f->gram, &f->o.design, p->X.n, p->fit_intercept, 1, workers, &a);
    f->G = fgd_take_doubles(&a, side * side);
    fgd_factor_layout(&f->factor, f->o.design.kernels, f->o.size, &a);
    if (f->find_rank) {
      fgd_rank_layout(&f->rank, d, side, &a);
      fgd_rank_layout(&f->whole, f->o.penalised, f->o.size, &a);
      f->rests = fgd_take(&a, (size_t)f->o.size);
    }
  }
  if (f->unpenalised && !first_order) {
    fgd_softmax_layout_stages(&f->o, &a);
    f->direction = fgd_take_doubles(&a, FGD_MAX_STAGES * f->o.size);
    f->beta = fgd_take_doubles(&a, f->o.size);
    f->Hv = fgd_take_doubles(&a, f->o.size);
    f->parts = fgd_take_doubles(&a, K);
  }
  f->cone = NULL;
  if (f->unpenalised && (newton || (opt->solver == FGD_NEWTON_CG && f->o.size <= MOST_BINDING))) {
    f->cone = fgd_take(&a, fgd_cone_work(f->o.size));
    f->from = fgd_take_doubles(&a, f->o.size);
    f->Q = newton ? f->factor.H : fgd_take_doubles(&a, f->o.size * f->o.size);
    f->R = newton ? f->factor.L : fgd_take_doubles(&a, f->o.size * f->o.size);
  }
  return a.used;
}

size_t fgd_multinomial_work(const fgd_problem *p, const fgd_options *o, int n_threads) {
  fitting f;
  return layout(&f, p, o, n_threads, NULL);
}

/* --- the oracle ---------------------------------------------------------------------- */

/* Coordinates left out after separation have no derivatives. */
static void let_rest(const fitting *f, double *g) {
  for (ptrdiff_t i = 0; g && f->rests && f->o.stages && i < f->o.size; i++) g[i] = f->rests[i] ? 0 : g[i];
}

static fgd_status oracle_value_grad(void *self, const double *w, double *cost, double *g) {
  fitting *f = self;
  fgd_status status = fgd_softmax_value_grad(&f->o, w, cost, g);
  let_rest(f, g);
  return status;
}
static void oracle_accept(void *self) { fgd_softmax_accept(&((fitting *)self)->o); }
static fgd_status oracle_hess_vec(void *self, const double *v, double *Hv) {
  fitting *f = self;
  fgd_status status = fgd_softmax_hess_vec(&f->o, v, Hv);
  let_rest(f, Hv);
  return status;
}
static fgd_status oracle_hess_vec_rough(void *self, const double *v, double *Hv) {
  fgd_softmax *o = &((fitting *)self)->o;
  return o->rough ? fgd_softmax_hess_vec_rough(o, v, Hv) : fgd_softmax_hess_vec(o, v, Hv);
}
static void oracle_thin(void *self, int stride) { ((fitting *)self)->o.stride = stride; }
static fgd_status oracle_line(void *self, double t, double *f, double *slope) {
  return fgd_softmax_line(&((fitting *)self)->o, t, f, slope);
}
static fgd_status oracle_dual(void *self, int direct, double *f) {
  return fgd_softmax_dual(&((fitting *)self)->o, direct, f);
}

static ptrdiff_t place(const fgd_softmax *o, ptrdiff_t a, ptrdiff_t j) {
  ptrdiff_t d = o->p->X.d;
  return j < d ? a * d + j : o->penalised + a;
}

/* H += share * G in the place of the coordinates a and b, lower triangles throughout. */
static void add_block(const fgd_softmax *o, ptrdiff_t a, ptrdiff_t b, double share, const double *G, double *H) {
  ptrdiff_t side = columns(o->p), n = o->size;
  for (ptrdiff_t i = 0; i < side; i++)
    for (ptrdiff_t j = 0; j < side; j++) {
      ptrdiff_t row = place(o, a, i), column = place(o, b, j);
      if (a == b && j > i) break;
      double g = share * (j <= i ? G[i * side + j] : G[j * side + i]);
      H[row >= column ? row * n + column : column * n + row] += g;
    }
}

/* The Hessian is a sum over pairs of classes: (e_k - e_l)(e_k - e_l)' times the Gram with weights p_k p_l. */
static fgd_status gram_of_pairs(fitting *f, double *H) {
  fgd_softmax *o = &f->o;
  ptrdiff_t K = o->K;
  fgd_status status = FGD_OK;
  memset(H, 0, (size_t)(o->size * o->size) * sizeof *H);
  for (ptrdiff_t k = 1; k < K && !status; k++)
    for (ptrdiff_t l = 0; l < k && !status; l++) {
      if ((status = fgd_softmax_pair(o, k, l))) break;
      status = fgd_design_gram(&f->gram, NULL, o->p->X.n, o->q, f->G);
      for (ptrdiff_t a = 0; a < K - 1; a++) {
        double ta = fgd_softmax_basis(K, k, a) - fgd_softmax_basis(K, l, a);
        for (ptrdiff_t b = 0; b <= a && ta != 0; b++) {
          double tb = fgd_softmax_basis(K, k, b) - fgd_softmax_basis(K, l, b);
          if (tb != 0) add_block(o, a, b, ta * tb, f->G, H);
        }
      }
    }
  for (ptrdiff_t i = 0; i < o->size && f->rests && o->stages; i++)
    for (ptrdiff_t j = 0; j <= i; j++)
      if (f->rests[i] || f->rests[j]) H[i * o->size + j] = 0;
  return status;
}

static fgd_status oracle_gram(void *self, double *H) {
  fitting *f = self;
  fgd_softmax *o = &f->o;
  fgd_status status = fgd_softmax_curvature(o);
  if (!status) status = gram_of_pairs(f, H);
  for (ptrdiff_t i = 0; i < o->penalised; i++) H[i * (o->size + 1)] += o->lambda[i];
  return status;
}

/* Rows of a stratified sample, the same in every run. */
static void take_sample(fitting *f) {
  uint64_t state = 1;
  double n = (double)f->o.p->X.n, m = (double)f->sample;
  for (ptrdiff_t k = 0; k < f->sample; k++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    double u = (double)(state >> 11) * 0x1p-53;
    f->rows[k] = f->sample == f->o.p->X.n ? k : (ptrdiff_t)(((double)k + u) * (n / m));
  }
}

/* All classes share one preconditioner: the Hessian that they would have if every row's curvature were the same in all
 * directions, of which the mean curvature is left. */
static fgd_status oracle_prepare(void *self, int anew) {
  fitting *f = self;
  fgd_softmax *o = &f->o;
  ptrdiff_t side = columns(o->p);
  fgd_status status = fgd_softmax_curvature(o);
  if (!status) status = fgd_softmax_spread(o);
  if (status || !anew) return status;
  if (!f->sample) return fgd_softmax_diagonal(o, f->diagonal);
  double each = (double)o->p->X.n / (double)f->sample;
  for (ptrdiff_t k = 0; k < f->sample; k++) f->q[k] = each * o->q[f->rows[k]];
  status = fgd_design_gram(&f->gram, f->rows, f->sample, f->q, f->factor.H);
  /* Of a rare column the sample hardly knows that it varies.  Over all rows every column varies by 1, mostly where
   * curvature is the mean one. */
  double mean = 0;
  for (ptrdiff_t k = 0; k < f->sample; k++) mean += f->q[k];
  for (ptrdiff_t j = 0; j < o->p->X.d; j++) {
    double *own = &f->factor.H[j * (side + 1)];
    if (f->scale[j] > 0) *own = fmax(*own, mean);
    *own += o->lambda[j];
  }
  fgd_factor_make(&f->factor, 0);
  return status;
}

static void solve_lines(void *arg, ptrdiff_t item, int worker) {
  fitting *f = arg;
  (void)worker;
  ptrdiff_t side = f->factor.size, from = item * TOGETHER, lines = f->o.K - 1 - from;
  fgd_factor_solve_many(&f->factor, lines < TOGETHER ? lines : TOGETHER, f->lines + from * side,
                        f->solving + from * 64);
}

/* One class's line by the diagonal that all share. */
static void divide_line(void *arg, ptrdiff_t a, int worker) {
  const fitting *f = arg;
  (void)worker;
  for (ptrdiff_t j = 0, side = columns(f->o.p); j < side; j++) {
    ptrdiff_t i = place(&f->o, a, j);
    f->divided[i] = f->diagonal[j] > 0 ? f->dividend[i] / f->diagonal[j] : 0;
  }
}

static void oracle_precondition(void *self, const double *r, double *s) {
  fitting *f = self;
  const fgd_softmax *o = &f->o;
  ptrdiff_t side = columns(o->p), lines = o->K - 1;
  if (!f->sample) {
    f->dividend = r;
    f->divided = s;
    fgd_team_run(&f->team, divide_line, f, lines);
    return;
  }
  for (ptrdiff_t a = 0; a < lines; a++)
    for (ptrdiff_t j = 0; j < side; j++) f->lines[a * side + j] = r[place(o, a, j)];
  fgd_team_run(&f->team, solve_lines, f, (lines + TOGETHER - 1) / TOGETHER);
  for (ptrdiff_t a = 0; a < lines; a++)
    for (ptrdiff_t j = 0; j < side; j++) /* a column without curvature has a pivot of 1 in the factor */
      s[place(o, a, j)] = f->factor.H[j * (side + 1)] > 0 ? f->lines[a * side + j] : 0;
}

static double oracle_scale_of(void *self, ptrdiff_t i) {
  fitting *f = self;
  return f->scale[i % f->o.p->X.d];
}

static int report(const fgd_run *run) {
  fitting *f = run->self;
  fgd_event e = {.iteration = run->iteration, .passes = f->o.passes, .cost = run->cost, .gap = run->gap,
                 .gradient_norm = f->o.gradient_norm, .step = run->step, .coef = f->coef,
                 .seconds = (double)(fgd_clock() - f->began) * 1e-9};
  fgd_softmax_export(&f->o, run->w, f->coef);
  return f->guest->observe(f->guest->context, &e);
}

/* --- coordinates ----------------------------------------------------------------------- */

static void standard(fitting *f) {
  for (ptrdiff_t j = 0; j < f->o.p->X.d; j++) f->scale[j] = f->sd[j] > 0 ? 1 / f->sd[j] : 0;
  fgd_softmax_set_coordinates(&f->o, f->mean, f->scale);
}

/* What rank.h does to one model, done to each of the K - 1. */
static void each_line(fitting *f, void (*turn)(fitting *, double *)) {
  const fgd_softmax *o = &f->o;
  ptrdiff_t side = columns(o->p);
  for (ptrdiff_t a = 0; a < o->K - 1; a++) {
    for (ptrdiff_t j = 0; j < side; j++) f->line[j] = f->w[place(o, a, j)];
    turn(f, f->line);
    for (ptrdiff_t j = 0; j < side; j++) f->w[place(o, a, j)] = f->line[j];
  }
}
static void eliminate(fitting *f, double *w) { fgd_rank_eliminate(&f->rank, w); }
static void shortest(fitting *f, double *w) {
  double *unit = f->coef; /* free until the point is exported */
  for (ptrdiff_t j = 0; j < f->o.p->X.d; j++) unit[j] = f->sd[j] > 0 ? 1 / f->sd[j] : 1;
  fgd_rank_shortest(&f->rank, &f->factor, unit, w);
}

/* Columns that follow from others are left out until the end. */
static fgd_status leave_out_dependent(fitting *f) {
  ptrdiff_t side = columns(f->o.p);
  fgd_status status = fgd_softmax_shares(&f->o);
  if (!status) status = fgd_design_gram(&f->gram, NULL, f->o.p->X.n, f->o.q, f->G);
  if (status) return status;
  for (ptrdiff_t i = 0; i < f->o.p->X.d; i++)
    f->G[i * (side + 1)] += f->o.p->l2 ? f->o.p->l2[i] * f->scale[i] * f->scale[i] : 0;
  fgd_factor lent = f->factor;
  lent.size = side;
  lent.H = f->G;
  fgd_rank_find(&f->rank, &lent);
  f->rank_found = f->rank.rank - f->o.p->fit_intercept;
  each_line(f, eliminate);
  for (ptrdiff_t k = f->rank.rank; k < side; k++)
    if (f->rank.order[k] < f->o.p->X.d) f->scale[f->rank.order[k]] = 0;
  fgd_softmax_set_coordinates(&f->o, f->mean, f->scale);
  return FGD_OK;
}

/* --- separation ------------------------------------------------------------------------ */

/* A direction of K lines that sum to zero proves that the cost falls for ever if on every row the classes of its label
 * lie highest among all that are in play, and some pair of row and class clearly lower: in the limit that class has
 * probability 0 there.  Such pairs are set aside, which leaves the infimum as it was, and the fit goes on with the rest,
 * where another direction may be found: a stage each.  A row with no class but its own left is fitted perfectly. */

#define REMOTE 1e-8        /* probabilities so small are suspected, too, unless that proves too much */
#define RATHER_REMOTE 1e-4 /* the same where no curvature tells */
#define POLISH 4           /* corrections that bring what the other pairs are moved by down to rounding */

/* Penalised columns take no part in a direction. */
static void keep_out(const fitting *f, double *v) {
  const fgd_softmax *o = &f->o;
  for (ptrdiff_t i = 0; i < o->penalised; i++)
    if (o->lambda[i] > 0 || f->scale[i % o->p->X.d] == 0) v[i] = 0;
}

/* Is beta a witness? */
static fgd_status try_direction(fitting *f, int *found) {
  fgd_softmax *o = &f->o;
  ptrdiff_t pairs, rows;
  double size;
  keep_out(f, f->beta);
  fgd_status status = fgd_softmax_witness(o, f->beta, (uint8_t)(o->stages + 1), &pairs, &rows, &size);
  *found = !status && pairs > 0;
  if (!*found) return status;
  double *direction = f->direction + o->stages * o->size;
  for (ptrdiff_t i = 0; i < o->size; i++) direction[i] = f->beta[i] / size;
  f->stage_rows[o->stages] = rows;
  return FGD_OK;
}

/* The coordinates that the pairs in play can do without, from the Gram of all of them alike. */
static fgd_status find_whole_rank(fitting *f) {
  fgd_softmax *o = &f->o;
  double *H = f->factor.H;
  fgd_status status = gram_of_pairs(f, H);
  for (ptrdiff_t i = 0; i < o->penalised; i++)
    if (o->lambda[i] > 0) H[i * (o->size + 1)] += 1;
  if (!status) fgd_rank_find(&f->whole, &f->factor);
  return status;
}

/* The part of v in the null space of that Gram, which moves none of the pairs that are not suspected. */
static fgd_status try_null_part(fitting *f, const double *v, double sign, int *found) {
  fgd_softmax *o = &f->o;
  memcpy(f->beta, v, (size_t)o->size * sizeof *v);
  fgd_rank_shortest(&f->whole, &f->factor, NULL, f->beta);
  for (ptrdiff_t i = 0; i < o->size; i++) f->beta[i] = sign * (v[i] - f->beta[i]);
  fgd_status status = try_direction(f, found);
  for (int k = 0; k < POLISH && !status && !*found; k++) {
    if ((status = fgd_softmax_hess_vec(o, f->beta, f->Hv))) break;
    fgd_rank_correct(&f->whole, &f->factor, f->Hv, f->beta);
    status = try_direction(f, found);
  }
  return status;
}

/* The coordinates that the pairs in play can do without rest from now on, and w is turned accordingly. */
static fgd_status leave_out_free(fitting *f, double *w) {
  fgd_status status = fgd_softmax_alike(&f->o);
  if (!status) status = find_whole_rank(f);
  if (status) return status;
  fgd_rank_eliminate(&f->whole, w);
  for (ptrdiff_t k = f->whole.rank; k < f->whole.size; k++) f->rests[f->whole.order[k]] = 1;
  return FGD_OK;
}

/* Mark what is suspected at the step u, and make the others' classes alike. */
static fgd_status suspect(fitting *f, const double *u, double remote, ptrdiff_t *suspects, int *interior) {
  fgd_softmax *o = &f->o;
  fgd_status status = fgd_softmax_curvature(o);
  if (!status) status = fgd_softmax_hess_vec(o, u, f->Hv);
  if (!status) status = fgd_softmax_suspect(o, (uint8_t)(o->stages + 1), remote, suspects, interior);
  return status || *interior ? status : fgd_softmax_alike(o);
}

/* The parts of step and point along which only suspects are moved. */
static fgd_status try_null_parts(fitting *f, const double *u, const double *w, int *found) {
  fgd_status status = find_whole_rank(f);
  if (!status) status = try_null_part(f, u, -1, found);
  return status || *found ? status : try_null_part(f, w, 1, found);
}

/* The point itself and the step, where all classes part; else those parts of them. */
static fgd_status try_suspects(fitting *f, const double *u, const double *w, int *found, int *interior) {
  fgd_softmax *o = &f->o;
  uint8_t mark = (uint8_t)(o->stages + 1);
  ptrdiff_t suspects, fewer;
  fgd_status status;
  if ((status = suspect(f, u, REMOTE, &suspects, interior))) return status;
  if (*interior) {
    *interior = suspects == 0;
    fgd_softmax_unmark(o, mark);
    return FGD_OK;
  }
  memcpy(f->beta, w, (size_t)o->size * sizeof *w);
  if ((status = try_direction(f, found))) return status;
  if (!*found) {
    for (ptrdiff_t i = 0; i < o->size; i++) f->beta[i] = -u[i];
    status = try_direction(f, found);
  }
  if (!status && !*found && suspects > 0) status = try_null_parts(f, u, w, found);
  if (!status && !*found) { /* were too many suspected? */
    fgd_softmax_unmark(o, mark);
    status = suspect(f, u, 0, &fewer, interior);
    if (!status && fewer > 0 && fewer < suspects) status = try_null_parts(f, u, w, found);
  }
  if (!status && !*found) fgd_softmax_unmark(o, mark);
  return status;
}

/* --- the same by projection ---------------------------------------------------------------- */

/* All directions are a cone, and gradients lean into it: minus the gradient where the classes in play are alike moves,
 * in all, any pair that a direction moves the right way.  So its projection onto the cone is a direction, and 0 only if
 * there is none.  This takes no curvature, which near the limit tells one small probability from another no more, but
 * some passes for each pair that binds.  It has the last word, once in a fit. */

#define CLEARLY 1e-10 /* a pair noted before the last step is opposed still, if by such an angle */
#define NOTHING 1e-14 /* what is left of a vector when it has become rounding */

/* Into beta the vector nearest to `from` that moves no pair in play the wrong way, and those set aside as far as
 * fgd_softmax_opponents says. */
static fgd_status approach(fitting *f, const double *from, double enough, int from_point, int *done) {
  fgd_softmax *o = &f->o;
  ptrdiff_t size = o->size, worst;
  double *n = f->trial, start = sqrt(fgd_dot(size, from, from));
  fgd_cone cone;
  fgd_status status;
  *done = 0;
  fgd_cone_begin(&cone, size, from, f->beta, f->Q, f->R, f->cone);
  for (ptrdiff_t left = 20 * size + 100; left > 0; left--) {
    double length = sqrt(fgd_dot(size, f->beta, f->beta)), aim;
    if (enough < 0 && !(length > NOTHING * start)) break; /* only the origin is left */
    if ((status = fgd_softmax_opponents(o, f->beta, enough, from_point, &worst))) return status;
    if ((*done = worst < 0)) break;
    int moved = 0;
    for (ptrdiff_t k = 0; k <= o->design.parts; k++) {
      ptrdiff_t part = k == 0 ? worst : k - 1;
      if ((k > 0 && part == worst) || !fgd_softmax_opponent(o, part, f->line, n, &aim)) continue;
      keep_out(f, n);
      double of = sqrt(fgd_dot(size, n, n));
      if (!(of > 0)) continue;
      for (ptrdiff_t i = 0; i < size; i++) n[i] /= of;
      length = sqrt(fgd_dot(size, f->beta, f->beta));
      if (k > 0 && !(fgd_dot(size, n, f->beta) - aim / of < -CLEARLY * length)) continue;
      moved |= fgd_cone_add(&cone, n, aim / of);
    }
    if (!moved) break;
  }
  return FGD_OK;
}

/* A stage more. */
static fgd_status project(fitting *f, int *found) {
  fgd_softmax *o = &f->o;
  double *from = f->from, *zero = f->trial, cost;
  fgd_status status;
  *found = 0;
  memset(zero, 0, (size_t)o->size * sizeof *zero);
  if ((status = fgd_softmax_value_grad(o, zero, &cost, from))) return status;
  keep_out(f, from);
  for (ptrdiff_t i = 0; i < o->size; i++) from[i] = -from[i];
  if ((status = approach(f, from, -INFINITY, 0, found)) || !*found) return status;
  return try_direction(f, found);
}

/* Stage after stage, until nothing is found any more. */
static fgd_status exhaust(fitting *f) {
  fgd_softmax *o = &f->o;
  fgd_status status = FGD_OK;
  int found = 1;
  while (!status && found && o->stages < FGD_MAX_STAGES) {
    status = project(f, &found);
    o->stages += found;
  }
  fgd_softmax_unmark(o, (uint8_t)(o->stages + 1));
  return status;
}

static ptrdiff_t pairs_aside(const fgd_softmax *o) {
  ptrdiff_t pairs = 0;
  for (ptrdiff_t i = 0; i < o->p->X.n * o->K; i++) pairs += o->stage[i] > 0;
  return pairs;
}

/* One stage in place of all, if one direction parts all the pairs that they set aside: the shortest that does. */
static fgd_status merge(fitting *f) {
  fgd_softmax *o = &f->o;
  ptrdiff_t pairs = pairs_aside(o);
  int found;
  double *from = f->from;
  memset(from, 0, (size_t)o->size * sizeof *from);
  fgd_status status = approach(f, from, 1, 0, &found);
  if (status || !found) return status;
  o->stages = 0;
  for (ptrdiff_t i = 0; i < o->p->X.n * o->K; i++) o->stage[i] = o->stage[i] > 0;
  status = try_direction(f, &found);
  if (status || (o->stages = found && pairs_aside(o) == pairs)) return status;
  fgd_softmax_unmark(o, 1);
  return exhaust(f);
}

/* The last word: all the stages that there are, as few as may be. */
static fgd_status settle(fitting *f, int *found) {
  fgd_softmax *o = &f->o;
  fgd_status status;
  int before = o->stages, full;
  f->settled = 1;
  *found = 0;
  do {
    if ((status = exhaust(f))) return status;
    *found |= o->stages > before;
    full = o->stages == FGD_MAX_STAGES;
    if (*found && o->stages > 1 && (status = merge(f))) return status;
    before = o->stages;
  } while (full && o->stages < FGD_MAX_STAGES);
  return FGD_OK;
}

/* Cheap looks first, as often as the solver asks. */
static fgd_status oracle_separate(void *self, const double *u, double *w, int *found, int *interior) {
  fitting *f = self;
  fgd_softmax *o = &f->o;
  fgd_status status;
  *found = 0;
  if ((*interior = f->settled) || o->stages == FGD_MAX_STAGES) return FGD_OK;
  if ((status = try_suspects(f, u, w, found, interior)) || *interior) return status;
  if (*found) o->stages++;
  else if ((status = settle(f, found))) return status;
  return *found ? leave_out_free(f, w) : FGD_OK;
}

/* Without a Gram: the point, or those of its lines that part their own class from all others. */
static fgd_status oracle_part(void *self, const double *w, int *found) {
  fitting *f = self;
  fgd_softmax *o = &f->o;
  ptrdiff_t d = o->p->X.d;
  fgd_status status;
  *found = 0;
  if (o->stages == FGD_MAX_STAGES) return FGD_OK;
  memcpy(f->beta, w, (size_t)o->size * sizeof *w);
  if ((status = try_direction(f, found))) return status;
  if (!*found) {
    fgd_softmax_unmark(o, (uint8_t)(o->stages + 1));
    if ((status = fgd_softmax_own_lines(o, f->beta, f->parts))) return status;
    fgd_softmax_export(o, f->beta, f->coef);
    for (ptrdiff_t k = 0; k < o->K; k++)
      if (!(f->parts[k] > 0)) {
        memset(f->coef + k * d, 0, (size_t)d * sizeof *f->coef);
        f->coef[o->K * d + k] = 0;
      }
    fgd_softmax_import(o, f->coef, f->beta);
    if ((status = try_direction(f, found))) return status;
  }
  if (*found) o->stages++;
  else fgd_softmax_unmark(o, (uint8_t)(o->stages + 1));
  return FGD_OK;
}

/* How far apart a pair set aside must be for what it costs to be a small part of the target. */
static double enough_of(const fitting *f, const fgd_run *run) {
  double enough = -log(0.01 * run->target / (double)(f->o.K - 1));
  return enough > 1 ? fmin(enough, 700) : 1;
}

/* Pairs were set aside: go so far along their directions that what they still cost is a small part of the target. */
static fgd_status go_along(fitting *f, fgd_run *run) {
  fgd_softmax *o = &f->o;
  double enough = enough_of(f, run);
  fgd_status status;
  o->stages = 0;
  if ((status = fgd_softmax_value_grad(o, run->w, &run->cost, run->g))) return status;
  for (int k = f->stages; k > 0; k--) {
    const double *beta = f->direction + (k - 1) * o->size;
    double t;
    fgd_softmax_accept(o);
    if ((status = fgd_softmax_reach(o, beta, (uint8_t)k, enough, &t))) return status;
    for (ptrdiff_t i = 0; i < o->size; i++) run->w[i] += t * beta[i];
    if ((status = fgd_softmax_value_grad(o, run->w, &run->cost, run->g))) return status;
  }
  return FGD_OK;
}

/* The same by the shortest way there is. */
static fgd_status go_straight(fitting *f, fgd_run *run) {
  fgd_softmax *o = &f->o;
  int done;
  double *from = f->from;
  for (ptrdiff_t i = 0; i < o->size; i++) from[i] = -run->w[i];
  keep_out(f, from);
  o->stages = 0;
  fgd_status status = fgd_softmax_value_grad(o, run->w, &run->cost, run->g);
  if (status) return status;
  fgd_softmax_accept(o);
  if ((status = approach(f, from, enough_of(f, run), 1, &done))) return status;
  for (ptrdiff_t i = 0; i < o->size; i++) run->w[i] += f->beta[i];
  return fgd_softmax_value_grad(o, run->w, &run->cost, run->g);
}

/* Where no Hessian is formed: once the fit has ended, are some pairs so remote that a direction may part them?  Then it
 * goes on with the rest. */
static fgd_status newton_cg(fitting *f, fgd_run *run) {
  fgd_softmax *o = &f->o;
  ptrdiff_t suspects;
  int interior, found;
  fgd_status status = fgd_newton_cg(run, f->solver_work);
  if (status || !f->cone || run->outcome == FGD_STOPPED) return status;
  memset(f->trial, 0, (size_t)o->size * sizeof *f->trial);
  if ((status = fgd_softmax_curvature(o)) || (status = fgd_softmax_hess_vec(o, f->trial, f->Hv))) return status;
  if ((status = fgd_softmax_suspect(o, (uint8_t)(o->stages + 1), RATHER_REMOTE, &suspects, &interior))) return status;
  fgd_softmax_unmark(o, (uint8_t)(o->stages + 1));
  if (suspects == 0 || (status = settle(f, &found))) return status;
  if (!found) return fgd_softmax_value_grad(o, run->w, &run->cost, run->g);
  ((fgd_oracle *)run->oracle)->part = NULL;
  return fgd_newton_cg(run, f->solver_work);
}

/* The last chance of a solver that does not ask on its way: if every row is fitted perfectly, that is all. */
static fgd_status look_for_complete(fitting *f, fgd_run *run) {
  fgd_softmax *o = &f->o;
  int found;
  double cost;
  fgd_status status = oracle_part(f, run->w, &found);
  if (status || !found) return status;
  if ((status = fgd_softmax_value_grad(o, run->w, &cost, NULL))) return status;
  if (cost == 0) {
    run->cost = run->gap = 0;
    run->estimate = 0;
    run->outcome = FGD_CONVERGED;
  } else {
    fgd_softmax_unmark(o, (uint8_t)o->stages--);
  }
  return FGD_OK;
}

/* Every coordinate takes part again, with the smallest coefficients in the user's units. */
static fgd_status take_back(fitting *f) {
  fgd_softmax *o = &f->o;
  ptrdiff_t d = o->p->X.d;
  standard(f);
  if (!o->stages) {
    if (f->find_rank) each_line(f, shortest);
    return FGD_OK;
  }
  memset(f->rests, 0, (size_t)o->size);
  fgd_status status = fgd_softmax_alike(o);
  if (!status) status = find_whole_rank(f);
  if (status) return status;
  for (ptrdiff_t i = 0; i < o->size; i++) f->trial[i] = i < o->penalised && f->sd[i % d] > 0 ? 1 / f->sd[i % d] : 1;
  fgd_rank_shortest(&f->whole, &f->factor, f->trial, f->w);
  return FGD_OK;
}

/* The point that is handed back, once pairs were set aside: the coefficients that the rest does not need are the
 * smallest in the user's units.  In columns of very different size these may put pairs so far on the wrong side that
 * the way back along the directions is lost in rounding; then the shortest way is taken from the rest's own fit. */
static fgd_status finish(fitting *f, fgd_run *run) {
  fgd_softmax *o = &f->o;
  double rest = run->cost, *before = f->solver_work;
  f->stages = o->stages;
  memcpy(before, run->w, (size_t)o->size * sizeof *before);
  fgd_status status = f->find_rank ? take_back(f) : FGD_OK;
  if (!status) status = go_along(f, run);
  if (!status && f->cone && !(run->cost - rest <= run->target)) {
    memcpy(run->w, before, (size_t)o->size * sizeof *before);
    status = go_straight(f, run);
  }
  if (run->cost > rest) run->gap += run->cost - rest;
  if (run->outcome == FGD_CONVERGED || run->outcome == FGD_STALLED) run->outcome = FGD_SEPARATED;
  return status;
}

/* --- the fit ----------------------------------------------------------------------------- */

/* The null model, or init where that costs less: with all probabilities 0 or 1 no curvature is left to go by. */
static fgd_status start(fitting *f, const fgd_options *opt, fgd_run *run) {
  fgd_softmax *o = &f->o;
  if (opt->init) {
    double cost;
    fgd_softmax_import(o, opt->init, f->trial);
    fgd_status status = fgd_softmax_value_grad(o, f->trial, &cost, NULL);
    if (status) return status;
    if (opt->solver == FGD_GD || opt->solver == FGD_AGD || cost <= run->null_cost)
      memcpy(f->w, f->trial, (size_t)o->size * sizeof *f->w);
  }
  return f->find_rank ? leave_out_dependent(f) : FGD_OK;
}

/* From the null model, whose margins take no pass, or from the start in hand. */
static fgd_status by_rows(fitting *f, const fgd_options *opt, fgd_run *run) {
  fgd_softmax *o = &f->o;
  fgd_status status;
  if (opt->init) {
    if ((status = fgd_softmax_value_grad(o, run->w, &run->cost, NULL))) return status;
    fgd_softmax_accept(o);
  } else {
    run->cost = run->null_cost;
    if ((status = fgd_softmax_rows_null(&f->dual, f->intercept))) return status;
  }
  f->by_rows = fgd_softmax_rows_oracle(&f->dual, f->intercept);
  ((fgd_oracle *)run->oracle)->rows = &f->by_rows;
  return fgd_dual(run, f->solver_work);
}

static fgd_status run_solver(fitting *f, const fgd_options *opt, fgd_run *run) {
  fgd_softmax *o = &f->o;
  const fgd_problem *p = o->p;
  ptrdiff_t d = p->X.d;
  fgd_status status;
  if (opt->solver != FGD_GD || opt->learning_rate <= 0)
    if ((status = fgd_softmax_moments(o, f->mean, f->sd))) return status;
  memset(f->coef, 0, (size_t)(o->K * (d + 1)) * sizeof *f->coef);
  if (opt->solver != FGD_GD) {
    standard(f);
    memcpy(f->coef + o->K * d, f->intercept, (size_t)o->K * sizeof *f->coef);
  }
  fgd_softmax_import(o, f->coef, f->w);
  if ((status = start(f, opt, run))) return status;
  if (opt->solver == FGD_DUAL) return by_rows(f, opt, run);
  if (opt->solver == FGD_NEWTON) {
    status = fgd_newton(run, &f->factor, f->solver_work);
    if (status) return status;
    return o->stages ? finish(f, run) : take_back(f);
  }
  if (opt->solver == FGD_NEWTON_CG || opt->solver == FGD_LBFGS) {
    if (f->sample) take_sample(f);
    if (!o->rough) ((fgd_oracle *)run->oracle)->thin = NULL;
    status = opt->solver == FGD_LBFGS ? fgd_lbfgs(run, f->solver_work) : newton_cg(f, run);
    if (!status && f->unpenalised && !o->stages) status = look_for_complete(f, run);
    return status || !o->stages ? status : finish(f, run);
  }
  /* The curvature of the loss of one sample is at most 1/2 (Boehning, 1992). */
  double trace = p->fit_intercept, strongest = 0;
  for (ptrdiff_t j = 0; j < d; j++) {
    trace += opt->solver == FGD_AGD ? 0 : f->sd[j] * f->sd[j] + f->mean[j] * f->mean[j];
    strongest = fmax(strongest, o->lambda[j]);
  }
  if (opt->solver == FGD_AGD) run->learning_rate = 1 / (0.5 + strongest);
  else if (opt->learning_rate <= 0) run->learning_rate = trace + strongest > 0 ? 1 / (0.5 * trace + strongest) : 1;
  return opt->solver == FGD_GD ? fgd_gd(run, f->solver_work) : fgd_agd(run, f->solver_work);
}

/* For each stage its direction, in the user's units and for columns of standard deviation 1. */
static void give_directions(fitting *f, double *directions, fgd_result *result) {
  ptrdiff_t each = f->o.K * (f->o.p->X.d + 1);
  result->stages = f->stages;
  for (int k = 0; k < f->stages; k++) {
    const double *direction = f->direction + k * f->o.size;
    result->separated_rows[k] = f->stage_rows[k];
    fgd_softmax_export(&f->o, direction, directions + 2 * k * each);
    fgd_softmax_set_coordinates(&f->o, NULL, NULL);
    fgd_softmax_export(&f->o, direction, directions + (2 * k + 1) * each);
    standard(f);
  }
}

fgd_status fgd_multinomial_fit(const fgd_problem *p, const fgd_options *opt, const fgd_guest *guest, double *coef,
                               double *directions, fgd_result *result, void *work) {
  fitting f;
  f.guest = guest;
  f.began = fgd_clock() - (int64_t)(opt->before.seconds * 1e9);
  layout(&f, p, opt, guest->n_threads, work);
  if (f.rests) memset(f.rests, 0, (size_t)f.o.size);
  fgd_team_start(&f.team, guest);
  fgd_softmax_begin(&f.o, &f.team);
  f.gram.team = &f.team;
  f.gram.shift = f.mean;
  f.gram.scale = f.scale;

  f.o.passes = opt->before.passes;
  double null_cost = NAN;
  fgd_status status = fgd_softmax_null(&f.o, f.intercept, &null_cost);
  fgd_oracle oracle = {.self = &f, .size = f.o.size, .penalised = f.o.penalised, .lambda = f.o.lambda,
                       .value_grad = oracle_value_grad, .accept = oracle_accept, .gram = oracle_gram,
                       .hess_vec = oracle_hess_vec,
                       .hess_vec_rough = oracle_hess_vec_rough, .line = oracle_line, .dual = oracle_dual,
                       .prepare = oracle_prepare, .precondition = oracle_precondition,
                       .scale_of = oracle_scale_of};
  if (f.unpenalised) oracle.separate = oracle_separate, oracle.part = oracle_part;
  ptrdiff_t side = columns(p), most = side > 0 ? p->X.n / (ENOUGH_ROWS * p->classes * side) : 0;
  if (f.sample && most > 1) oracle.thin = oracle_thin, oracle.most_stride = most < 8 ? (int)most : 8;
  fgd_run run = {.oracle = &oracle, .max_iter = opt->max_iter, .iteration = opt->before.iterations,
                 .learning_rate = opt->learning_rate, .null_cost = null_cost, .report = guest->observe ? report : NULL, .self = &f,
                 .w = f.w, .g = f.g, .gap = INFINITY,
                 .target = opt->tol * fmax(null_cost, 1e3 * DBL_EPSILON * (1 + fabs(null_cost)))};
  run.enough = FGD_DEEP * run.target;
  if (!status) status = run_solver(&f, opt, &run);

  *result = (fgd_result){.outcome = run.outcome, .cost = run.cost, .null_cost = null_cost, .gap = run.gap,
                         .gradient_norm = f.o.gradient_norm, .step = run.step, .iterations = run.iteration,
                         .passes = f.o.passes, .n_threads = f.team.workers, .target = run.target,
                         .rank = f.rank_found, .estimate = run.estimate};
  if (!status) {
    fgd_softmax_export(&f.o, f.w, coef);
    give_directions(&f, directions, result);
  }
  fgd_team_stop(&f.team);
  result->seconds = (double)(fgd_clock() - f.began) * 1e-9;
  return status;
}

/* --- single evaluations ----------------------------------------------------------------------- */

size_t fgd_softmax_cost_work(const fgd_problem *p, int n_threads) {
  fgd_arena a = {NULL, 0};
  fgd_softmax o;
  fgd_softmax_layout(&o, p, FGD_KEEP_NOT, n_threads, &a);
  return a.used;
}

/* Cost and gradient at coef, or (v) the Hessian's product. */
static fgd_status evaluate(const fgd_problem *p, const fgd_guest *guest, const double *coef, const double *v,
                           double *cost, double *out, void *work) {
  fgd_arena a = {work, 0};
  fgd_softmax o;
  fgd_team team;
  fgd_softmax_layout(&o, p, FGD_KEEP_NOT, guest->n_threads, &a);
  fgd_team_start(&team, guest);
  fgd_softmax_begin(&o, &team);
  fgd_status status = v ? fgd_softmax_product(&o, coef, v, out) : fgd_softmax_cost(&o, coef, cost, out);
  fgd_team_stop(&team);
  return status;
}

fgd_status fgd_softmax_cost_at(const fgd_problem *p, const fgd_guest *guest, const double *coef, double *cost,
                               double *grad, void *work) {
  return evaluate(p, guest, coef, NULL, cost, grad, work);
}

fgd_status fgd_softmax_hessian_vector(const fgd_problem *p, const fgd_guest *guest, const double *coef,
                                      const double *v, double *Hv, void *work) {
  return evaluate(p, guest, coef, v, NULL, Hv, work);
}

/* --- predictions --------------------------------------------------------------------------- */

typedef struct {
  fgd_design design;
  fgd_team team;
  ptrdiff_t K;
  const double *coef;
  double *out, *scratch, *across;
  const double *across_or_lines;
} margins_job;

static size_t margins_layout(margins_job *job, const fgd_matrix *X, ptrdiff_t K, int workers, void *work) {
  fgd_arena a = {work, 0};
  fgd_design_init_many(&job->design, X, K);
  job->K = K;
  job->scratch = fgd_take_doubles(&a, job->design.block * K * workers);
  job->across = fgd_take_doubles(&a, fgd_design_is_across(&job->design) ? K * X->d : 0);
  return a.used;
}

size_t fgd_softmax_margins_work(const fgd_matrix *X, ptrdiff_t K, int n_threads) {
  margins_job job;
  return margins_layout(&job, X, K, n_threads, NULL);
}

static void margins_part(void *arg, ptrdiff_t part, int worker) {
  margins_job *job = arg;
  const fgd_design *D = &job->design;
  ptrdiff_t n = D->X->n, K = job->K, end = (part + 1) * D->part < n ? (part + 1) * D->part : n;
  double *z = job->scratch + worker * D->block * K;
  const double *intercept = job->coef + K * D->X->d;
  for (ptrdiff_t first = part * D->part; first < end && !fgd_team_stopped(&job->team, worker); first += D->block) {
    ptrdiff_t rows = end - first < D->block ? end - first : D->block;
    for (ptrdiff_t k = 0; k < K; k++)
      for (ptrdiff_t i = 0; i < rows; i++) z[k * rows + i] = intercept[k];
    fgd_design_margins_many(D, first, rows, K, job->across_or_lines, z);
    for (ptrdiff_t i = 0; i < rows; i++)
      for (ptrdiff_t k = 0; k < K; k++) job->out[(first + i) * K + k] = z[k * rows + i];
  }
}

fgd_status fgd_softmax_margins(const fgd_matrix *X, const fgd_guest *guest, ptrdiff_t K, const double *coef,
                               double *out, void *work) {
  margins_job job;
  margins_layout(&job, X, K, guest->n_threads, work);
  job.coef = job.across_or_lines = coef;
  job.out = out;
  fgd_team_start(&job.team, guest);
  if (fgd_design_is_across(&job.design)) {
    for (ptrdiff_t k = 0; k < K; k++)
      for (ptrdiff_t j = 0; j < X->d; j++) job.across[j * K + k] = coef[k * X->d + j];
    job.across_or_lines = job.across;
  }
  fgd_status status = fgd_team_run(&job.team, margins_part, &job, job.design.parts);
  fgd_team_stop(&job.team);
  return status;
}
