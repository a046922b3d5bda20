/* The fit of K classes (see multinomial.h): memory laid out, coordinates found, a solver called. */
#include "multinomial.h"

#include <math.h>
#include <string.h>

#include "rank.h"
#include "softmax.h"
#include "softmax_hessian.h"
#include "softmax_preconditioner.h"
#include "softmax_rough.h"
#include "softmax_rows.h"
#include "softmax_separation.h"
#include "softmax_stages.h"
#include "softmax_turn.h"
#include "softmax_weights.h"
#include "solvers/approach.h"
#include "solvers/solver.h"

typedef struct {
  fgd_softmax o;
  fgd_softmax_hessian hessian; /* newton's, */
  fgd_factor factor;           /*   and its factor */
  fgd_softmax_preconditioner preconditioner;
  fgd_softmax_rows dual;
  fgd_rows_oracle by_rows;
  fgd_team team;
  const fgd_guest *guest;
  int64_t began;
  int unpenalised;             /* some column has no penalty: the cost may fall for ever, */
  fgd_softmax_separation s;    /*   as this finds out; */
  int approach;                /* newton-cg begins with other steps */
  int find_rank;               /*   and where a Gram is formed, dependent columns must be found */
  fgd_rank rank;
  ptrdiff_t rank_found;        /* of X, -1 if not looked for */
  double *mean, *sd, *scale;   /* d each */
  double *line;                /* d + 1: one class's coordinates */
  double *intercept, *coef;    /* K; K (d + 1) */
  double *w, *g, *trial, *solver_work;
} fitting;

#define ENOUGH_ROWS 2     /* for each coefficient, to know the Hessian by: a class is curved in few of them */
#define MOST_BINDING 1024 /* coordinates up to which newton-cg and lbfgs look for directions by projection */

static size_t layout(fitting *f, const fgd_problem *p, const fgd_options *opt, int workers, void *work) {
  fgd_arena a = {work, 0};
  ptrdiff_t d = p->X.d, K = p->classes;
  *f = (fitting){.rank_found = -1};
  int newton = opt->solver == FGD_NEWTON, dual = opt->solver == FGD_DUAL;
  int products = opt->solver == FGD_NEWTON_CG || opt->solver == FGD_LBFGS;
  fgd_softmax_layout(&f->o, p, newton || dual ? FGD_KEEP : FGD_KEEP_SMALL, workers, &a);
  ptrdiff_t side = fgd_softmax_side(&f->o);
  f->mean = fgd_take_doubles(&a, d);
  f->sd = fgd_take_doubles(&a, d);
  f->scale = fgd_take_doubles(&a, d);
  f->line = fgd_take_doubles(&a, side);
  f->intercept = fgd_take_doubles(&a, K);
  f->coef = fgd_take_doubles(&a, K * (d + 1));
  f->w = fgd_take_doubles(&a, f->o.size);
  f->g = fgd_take_doubles(&a, f->o.size);
  f->trial = fgd_take_doubles(&a, f->o.size);
  for (ptrdiff_t j = 0; j < d && !f->unpenalised; j++) f->unpenalised = (p->l2 ? p->l2[j] : p->l2_all) == 0;
  f->find_rank = newton && f->unpenalised;
  if (products) fgd_softmax_preconditioner_layout(&f->preconditioner, &f->o, workers, &a);
  f->approach = opt->solver == FGD_NEWTON_CG && !f->unpenalised && f->preconditioner.sample;
  size_t more = f->approach ? fgd_approach_work(f->o.size) : 0;
  f->solver_work = fgd_take(&a, dual ? fgd_dual_work(p->X.n, K) : fgd_solver_work(opt->solver, f->o.size) + more);
  if (dual) fgd_softmax_rows_layout(&f->dual, &f->o, workers, &a);
  if (newton) {
    fgd_softmax_hessian_layout(&f->hessian, &f->o, workers, &a);
    fgd_factor_layout(&f->factor, f->o.design.kernels, f->o.size, &a);
  }
  if (f->find_rank) fgd_rank_layout(&f->rank, d, side, &a);
  if (f->unpenalised && (newton || products))
    fgd_softmax_separation_layout(&f->s, &f->o, newton ? &f->hessian : NULL, newton ? &f->factor : NULL,
                                  newton || (products && f->o.size <= MOST_BINDING), &a);
  return a.used;
}

size_t fgd_multinomial_work(const fgd_problem *p, const fgd_options *o, int n_threads) {
  fitting f;
  return layout(&f, p, o, n_threads, NULL);
}

/* --- the oracle ---------------------------------------------------------------------- */

/* Coordinates left out after separation have no derivatives. */
static void let_rest(const fitting *f, double *g) {
  const uint8_t *rests = f->o.stages ? f->s.rests : NULL;
  for (ptrdiff_t i = 0; g && rests && i < f->o.size; i++) g[i] = rests[i] ? 0 : g[i];
}

static fgd_status oracle_value_grad(void *self, const double *w, double *cost, double *g) {
  fitting *f = self;
  fgd_status status = fgd_softmax_value_grad(&f->o, w, cost, g);
  let_rest(f, g);
  return status;
}
static fgd_status oracle_along(void *self, double t, double *w, double *cost, double *g) {
  return fgd_softmax_along(&((fitting *)self)->o, t, w, cost, g);
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

static fgd_status hessian(fitting *f, int fine, double *H) {
  fgd_softmax *o = &f->o;
  fgd_status status = fgd_softmax_curvature(o);
  if (!status) status = fgd_softmax_hessian_form(&f->hessian, fine, H);
  for (ptrdiff_t i = 0; i < o->penalised; i++) H[i * (o->size + 1)] += o->lambda[i];
  return status;
}
static fgd_status oracle_gram(void *self, double *H) { return hessian(self, 0, H); }
static fgd_status oracle_gram_fine(void *self, double *H) { return hessian(self, 1, H); }
static fgd_status oracle_prepare(void *self, fgd_prepare how, ptrdiff_t products, int *made) {
  return fgd_softmax_preconditioner_prepare(&((fitting *)self)->preconditioner, how, products, made);
}
static void oracle_precondition(void *self, const double *r, double *s) {
  fitting *f = self;
  fgd_softmax_preconditioner_apply(&f->preconditioner, r, s);
  let_rest(f, s);
}
static fgd_status oracle_intercepts(void *self, int anew, const double *r, double *s) {
  return fgd_softmax_preconditioner_intercepts(&((fitting *)self)->preconditioner, anew, r, s);
}
static fgd_status oracle_separate(void *self, const double *u, double *w, int *found, int *interior) {
  return fgd_softmax_separate(&((fitting *)self)->s, u, w, found, interior);
}
static fgd_status oracle_part(void *self, const double *w, int *found) {
  return fgd_softmax_part(&((fitting *)self)->s, w, found);
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
  ptrdiff_t side = fgd_softmax_side(o);
  for (ptrdiff_t a = 0; a < o->K - 1; a++) {
    for (ptrdiff_t j = 0; j < side; j++) f->line[j] = f->w[fgd_softmax_place(o, a, j)];
    turn(f, f->line);
    for (ptrdiff_t j = 0; j < side; j++) f->w[fgd_softmax_place(o, a, j)] = f->line[j];
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
  ptrdiff_t side = fgd_softmax_side(&f->o);
  fgd_status status = fgd_softmax_shares(&f->o);
  if (!status) status = fgd_design_gram(&f->hessian.grams.fine, NULL, f->o.p->X.n, f->o.q, f->hessian.G);
  if (status) return status;
  for (ptrdiff_t i = 0; i < f->o.p->X.d; i++)
    f->hessian.G[i * (side + 1)] += f->o.p->l2 ? f->o.p->l2[i] * f->scale[i] * f->scale[i] : 0;
  fgd_factor lent = f->factor;
  lent.size = side;
  lent.H = f->hessian.G;
  fgd_rank_find(&f->rank, &lent);
  f->rank_found = f->rank.rank - f->o.p->fit_intercept;
  each_line(f, eliminate);
  for (ptrdiff_t k = f->rank.rank; k < side; k++)
    if (f->rank.order[k] < f->o.p->X.d) f->scale[f->rank.order[k]] = 0;
  fgd_softmax_set_coordinates(&f->o, f->mean, f->scale);
  return FGD_OK;
}

/* --- after the solver -------------------------------------------------------------------- */

/* Where no Hessian is formed: once the fit has ended, are some pairs so remote that a direction may part them?  Then it
 * goes on with the rest. */
static fgd_status by_products(fitting *f, fgd_run *run, fgd_status (*solver)(fgd_run *, double *)) {
  ptrdiff_t suspects;
  int found;
  fgd_status status = solver(run, f->solver_work);
  if (status || !f->s.cone || run->outcome == FGD_STOPPED) return status;
  if ((status = fgd_softmax_remote(&f->s, &suspects)) || suspects == 0) return status;
  if ((status = fgd_softmax_settle(&f->s, &found))) return status;
  if (!found) return fgd_softmax_value_grad(&f->o, run->w, &run->cost, run->g);
  ((fgd_oracle *)run->oracle)->part = NULL;
  return solver(run, f->solver_work);
}

/* The last chance of a solver that does not ask on its way: if every row is fitted perfectly, that is all. */
static fgd_status look_for_complete(fitting *f, fgd_run *run) {
  fgd_softmax *o = &f->o;
  int found;
  double cost;
  fgd_status status = fgd_softmax_part(&f->s, run->w, &found);
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
static fgd_status take_back(fitting *f, fgd_run *run) {
  fgd_softmax *o = &f->o;
  ptrdiff_t d = o->p->X.d;
  double *kept = f->solver_work;
  standard(f);
  if (!o->stages) {
    if (!f->find_rank || f->rank.rank == f->rank.size) return FGD_OK;
    memcpy(kept, run->w, (size_t)o->size * sizeof *kept);
    each_line(f, shortest);
    return fgd_confirm(run, kept);
  }
  for (ptrdiff_t i = 0; i < o->size; i++) f->trial[i] = i < o->penalised && f->sd[i % d] > 0 ? 1 / f->sd[i % d] : 1;
  return fgd_softmax_take_back(&f->s, f->trial, f->w);
}

/* The point that is handed back, once pairs were set aside: the coefficients that the rest does not need are the
 * smallest in the user's units.  In columns of very different size these may put pairs so far on the wrong side that
 * the way back along the directions is lost in rounding; then the shortest way is taken from the rest's own fit. */
static fgd_status finish(fitting *f, fgd_run *run) {
  fgd_softmax *o = &f->o;
  double rest = run->cost, *before = f->solver_work;
  f->s.stages = o->stages;
  memcpy(before, run->w, (size_t)o->size * sizeof *before);
  fgd_status status = f->find_rank ? take_back(f, run) : FGD_OK;
  if (!status) status = fgd_softmax_go_along(&f->s, run->target, run->w, &run->cost, run->g);
  if (!status && f->s.cone && !(run->cost - rest <= run->target)) {
    memcpy(run->w, before, (size_t)o->size * sizeof *before);
    status = fgd_softmax_go_straight(&f->s, run->target, run->w, &run->cost, run->g);
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
    return o->stages ? finish(f, run) : take_back(f, run);
  }
  if (opt->solver == FGD_NEWTON_CG || opt->solver == FGD_LBFGS) {
    fgd_softmax_preconditioner_begin(&f->preconditioner);
    if (!o->rough) ((fgd_oracle *)run->oracle)->thin = NULL;
    status = by_products(f, run, opt->solver == FGD_LBFGS ? fgd_lbfgs : fgd_newton_cg);
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
  result->stages = f->s.stages;
  for (int k = 0; k < f->s.stages; k++) {
    const double *direction = f->s.direction + k * f->o.size;
    result->separated_rows[k] = f->s.rows[k];
    fgd_softmax_export(&f->o, direction, directions + 2 * k * each);
    fgd_softmax_set_coordinates(&f->o, NULL, NULL);
    fgd_softmax_export(&f->o, direction, directions + (2 * k + 1) * each);
    standard(f);
  }
}

fgd_status fgd_multinomial_fit(const fgd_problem *p, const fgd_options *opt, const fgd_guest *guest, double *coef,
                               double *directions, fgd_result *result, void *work) {
  fitting f;
  int64_t began = fgd_clock();
  layout(&f, p, opt, guest->n_threads, work);
  f.guest = guest;
  f.began = began - (int64_t)(opt->before.seconds * 1e9);
  fgd_team_start(&f.team, guest);
  fgd_softmax_begin(&f.o, &f.team);
  fgd_grams_begin(&f.hessian.grams, &f.team, f.mean, f.scale);
  fgd_gram_plan *plans[] = {&f.preconditioner.gram, &f.preconditioner.own.gram};
  for (int k = 0; k < 2; k++) {
    plans[k]->team = &f.team;
    plans[k]->shift = f.mean;
    plans[k]->scale = f.scale;
  }
  if (f.s.o) fgd_softmax_separation_begin(&f.s, f.trial, f.line, f.coef);

  f.o.passes = opt->before.passes;
  double null_cost = NAN;
  fgd_status status = fgd_softmax_null(&f.o, f.intercept, &null_cost);
  fgd_oracle oracle = {.self = &f, .size = f.o.size, .penalised = f.o.penalised, .lambda = f.o.lambda,
                       .value_grad = oracle_value_grad, .accept = oracle_accept, .gram = oracle_gram,
                       .gram_fine = oracle_gram_fine, .hess_vec = oracle_hess_vec,
                       .hess_vec_rough = oracle_hess_vec_rough, .line = oracle_line, .dual = oracle_dual,
                       .prepare = oracle_prepare, .precondition = oracle_precondition,
                       .scale_of = oracle_scale_of};
  int products = opt->solver == FGD_NEWTON_CG || opt->solver == FGD_LBFGS;
  if (products && !f.unpenalised && f.preconditioner.cross) oracle.intercepts = oracle_intercepts;
  if (f.approach) oracle.along = oracle_along;
  if (f.unpenalised) oracle.separate = oracle_separate, oracle.part = oracle_part;
  ptrdiff_t side = fgd_softmax_side(&f.o), most = side > 0 ? p->X.n / (ENOUGH_ROWS * p->classes * side) : 0;
  if (f.preconditioner.sample && most > 1 && !f.approach) oracle.thin = oracle_thin, oracle.most_stride = most < 8 ? (int)most : 8;
  fgd_run run = {.oracle = &oracle, .max_iter = opt->max_iter, .iteration = opt->before.iterations,
                 .learning_rate = opt->learning_rate, .null_cost = null_cost, .self = &f,
                 .report = guest->observe ? report : NULL, .w = f.w, .g = f.g, .gap = INFINITY,
                 .target = fgd_target(opt->tol, null_cost)};
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
