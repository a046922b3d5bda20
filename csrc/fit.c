/* The entry points of fastgd.h that fit: memory laid out, team started, problem put in coordinates, solver called. */
#include <math.h>
#include <string.h>

#include "folds.h"
#include "multinomial.h"
#include "penalty.h"
#include "rows.h"
#include "sample.h"
#include "separation.h"
#include "solvers/solver.h"

typedef struct {
  fgd_objective o;
  fgd_start start;
  fgd_coordinates coordinates;
  fgd_separation separation;
  fgd_sample sample;
  fgd_rows rows;
  fgd_rows_oracle by_rows;
  fgd_factor factor;
  fgd_team team;
  const fgd_guest *guest;
  int64_t began;
  int warm, stages;            /* warm: not at the null model */
  ptrdiff_t rank;              /* of X, -1 if not looked for */
  double *w, *g, *solver_work; /* size, size, the solver's */
  double *diagonal;            /* size: the preconditioner of the solvers without a Gram */
  double *dual_work;
  double *coef;                /* d: for the observer */
  fgd_oracle oracle, drawn;    /* of all rows; of those drawn */
  fgd_run run;
} fitting;

/* Only where some column has no penalty, and only the log loss, which falls for ever. */
static int may_separate(const fitting *f) {
  return f->coordinates.unpenalised && f->o.p->loss == FGD_LOG_LOSS;
}

static size_t fit_layout(fitting *f, const fgd_problem *p, const fgd_options *opt, int workers, void *work) {
  fgd_arena a = {work, 0};
  ptrdiff_t d = p->X.d;
  int sampled = opt->solver == FGD_SAMPLED, newton = opt->solver == FGD_NEWTON || sampled;
  int first_order = opt->solver == FGD_GD || opt->solver == FGD_AGD;
  int moments = opt->solver != FGD_GD || opt->learning_rate <= 0;
  int needs = (first_order ? 0 : FGD_NEEDS_TRIAL | FGD_NEEDS_CURVATURE) | (moments ? FGD_NEEDS_MOMENTS : 0);
  if (sampled) needs |= FGD_NEEDS_LEVERAGE;
  fgd_objective_layout(&f->o, p, needs, workers, &a);
  ptrdiff_t size = f->o.size;
  f->start.mean = fgd_take_doubles(&a, d);
  f->start.sd = fgd_take_doubles(&a, d);
  fgd_coordinates_layout(&f->coordinates, &f->o, &f->start, newton, workers, &a);
  f->w = fgd_take_doubles(&a, size);
  f->g = fgd_take_doubles(&a, size);
  f->coef = fgd_take_doubles(&a, d);
  f->warm = f->stages = 0;
  f->rank = -1;
  f->solver_work = fgd_take(&a, fgd_solver_work(opt->solver, size));
  f->diagonal = fgd_take_doubles(&a, first_order || newton || opt->solver == FGD_DUAL ? 0 : size);
  if (sampled) fgd_sample_layout(&f->sample, &f->o, workers, &a);
  if (opt->solver == FGD_DUAL) {
    fgd_rows_layout(&f->rows, &f->o.design, 1, workers, &a);
    f->dual_work = fgd_take(&a, fgd_dual_work(p->X.n, 1));
  }
  if (newton) {
    fgd_factor_layout(&f->factor, f->o.design.kernels, size, &a);
  }
  if (!first_order && may_separate(f)) fgd_separation_layout(&f->separation, &f->coordinates, &a);
  return a.used;
}

size_t fgd_fit_work(const fgd_problem *p, const fgd_options *o, int n_threads) {
  fitting f;
  if (p->loss == FGD_SOFTMAX) return fgd_multinomial_work(p, o, n_threads);
  return fit_layout(&f, p, o, n_threads, NULL);
}

/* The oracle: the objective's functions under the names that solvers know. */
static fgd_status oracle_value_grad(void *self, const double *w, double *f, double *g) {
  return fgd_objective_value_grad(&((fitting *)self)->o, w, f, g);
}
static void oracle_accept(void *self) { fgd_objective_accept(&((fitting *)self)->o); }
static fgd_status oracle_hess_vec(void *self, const double *v, double *Hv) {
  return fgd_objective_hess_vec(&((fitting *)self)->o, NULL, v, Hv);
}
static fgd_status oracle_line(void *self, double t, double *f, double *slope) {
  return fgd_objective_line(&((fitting *)self)->o, t, f, slope);
}
static fgd_status oracle_dual(void *self, int direct, double *f) {
  return fgd_objective_dual(&((fitting *)self)->o, direct, f);
}

static fgd_status hessian(fitting *f, int fine, double *H) {
  fgd_status status = fgd_objective_curvature(&f->o);
  return status ? status : fgd_coordinates_hessian(&f->coordinates, fine, H);
}
static fgd_status oracle_gram(void *self, double *H) { return hessian(self, 0, H); }
static fgd_status oracle_gram_fine(void *self, double *H) { return hessian(self, 1, H); }
static fgd_status oracle_prepare(void *self, fgd_prepare how, ptrdiff_t products, int *made) {
  (void)products;
  fitting *f = self;
  *made = how == FGD_PREPARE_ANEW || how == FGD_PREPARE_FADED;
  fgd_status status = how == FGD_PREPARE_LAST ? FGD_OK : fgd_objective_curvature(&f->o);
  return status || !*made ? status : fgd_objective_diagonal(&f->o, f->diagonal);
}
static void oracle_precondition(void *self, const double *r, double *s) {
  const fitting *f = self;
  for (ptrdiff_t j = 0; j < f->o.size; j++) s[j] = f->diagonal[j] > 0 ? r[j] / f->diagonal[j] : 0;
}
static double oracle_scale_of(void *self, ptrdiff_t j) { return ((fitting *)self)->coordinates.scale[j]; }
static fgd_status oracle_separate(void *self, const double *u, double *w, int *found, int *interior) {
  fitting *f = self;
  return fgd_separate(&f->separation, &f->factor, u, w, found, interior);
}

static fgd_status oracle_draw(void *self, fgd_draw kind) { return fgd_sample_draw(&((fitting *)self)->sample, kind); }
static void oracle_find_leverages(void *self, const fgd_factor *F) {
  fgd_sample_project(&((fitting *)self)->sample, F);
}

static fgd_status rows_form(void *self) {
  fitting *f = self;
  f->o.passes++;
  return fgd_rows_form(&f->rows, &f->team, f->o.shift, f->o.scale, f->o.lambda, f->o.p->fit_intercept);
}
static fgd_status rows_product(void *self, const double *a, double *Ka) {
  return fgd_rows_product(&((fitting *)self)->rows, 1, a, Ka);
}
static double rows_spread(void *self, const double *a) { return fgd_rows_spread(&((fitting *)self)->rows, 1, a); }
static fgd_status rows_factor(void *self, double *rounding) {
  fitting *f = self;
  fgd_status status = fgd_objective_curvature(&f->o);
  return status ? status : fgd_rows_factor(&f->rows, f->o.q, rounding);
}
static fgd_status rows_solve(void *self, ptrdiff_t lines, double *x) {
  return fgd_rows_solve(&((fitting *)self)->rows, lines, x);
}
static fgd_status rows_residuals(void *self, int trial, double *f, double *r) {
  return fgd_objective_residuals(&((fitting *)self)->o, trial, f, r);
}
static void rows_margins(void *self, double *x) { fgd_rows_margins(&((fitting *)self)->o, x); }
static void rows_move(void *self, double t, const double *dz) { fgd_rows_move(&((fitting *)self)->o, t, dz); }
static fgd_status rows_dual(void *self, const double *shift, double *f) {
  return fgd_rows_dual(&((fitting *)self)->o, shift, f);
}
static fgd_status rows_combine(void *self, const double *a, const double *b, double *w) {
  return fgd_rows_combine(&((fitting *)self)->o, a, b, w);
}
static void rows_intercepts(void *self, const double *w, double *b) {
  const fgd_problem *p = ((fitting *)self)->o.p;
  *b = p->fit_intercept ? w[p->X.d] : 0;
}
static const fgd_rows_oracle rows_oracle = {.lines = 1, .form = rows_form, .product = rows_product,
                                            .spread = rows_spread, .factor = rows_factor, .solve = rows_solve,
                                            .residuals = rows_residuals, .margins = rows_margins, .move = rows_move,
                                            .dual = rows_dual, .combine = rows_combine,
                                            .intercepts = rows_intercepts};

static int report(const fgd_run *run) {
  fitting *f = run->self;
  fgd_event e = {.iteration = run->iteration, .passes = f->o.passes, .cost = run->cost, .gap = run->gap,
                 .gradient_norm = f->o.gradient_norm, .step = run->step, .coef = f->coef,
                 .seconds = (double)(fgd_clock() - f->began) * 1e-9};
  e.intercept = fgd_objective_export(&f->o, run->w, f->coef);
  return f->guest->observe(f->guest->context, &e);
}

/* The loss and its gradient g, in the user's coordinates, become the cost and its gradient in those of the solver. */
static void turn(fitting *f, double loss, fgd_run *run) {
  ptrdiff_t d = f->o.p->X.d;
  double residual = f->o.p->fit_intercept ? f->g[d] : 0;
  for (ptrdiff_t j = 0; j < d; j++) f->g[j] = (f->g[j] - f->start.mean[j] * residual) * f->coordinates.scale[j];
  run->cost = loss + fgd_penalty(d, f->o.lambda, run->w, f->g);
}

/* Columns that follow from others are left out until the end. */
static fgd_status leave_out_dependent(fitting *f, int sampled, fgd_run *run) {
  ptrdiff_t d = f->o.p->X.d, size = f->o.size;
  double *H = f->factor.H;
  if (sampled) {
    fgd_status status = fgd_sample_shares(&f->sample, H);
    if (status) return status;
    if (fgd_rank_full(&f->coordinates.rank, &f->factor)) {
      f->rank = d;
      return FGD_OK;
    }
  }
  /* At the null model without offset all rows have the same curvature: its Hessian serves. */
  int null_start = !f->warm && !f->o.p->offset;
  fgd_status status = null_start ? fgd_objective_curvature(&f->o) : fgd_objective_shares(&f->o);
  if (status || (status = fgd_coordinates_hessian(&f->coordinates, 1, H))) return status;
  fgd_coordinates_find_dependent(&f->coordinates, &f->factor);
  f->rank = f->coordinates.rank.rank - f->o.p->fit_intercept;
  fgd_coordinates_leave_out(&f->coordinates, run->w);
  run->gram_ready = null_start;
  for (ptrdiff_t j = 0; j < d; j++)
    if (f->coordinates.scale[j] == 0) {
      f->g[j] = 0;
      for (ptrdiff_t i = 0; i < size; i++) H[i > j ? i * size + j : j * size + i] = 0;
    }
  return FGD_OK;
}

static void null_model(const fitting *f, double *w) {
  memset(w, 0, (size_t)f->o.size * sizeof *w);
  if (f->o.p->fit_intercept) w[f->o.p->X.d] = f->start.intercept;
}

/* The first pass, at the point coef, intercept, unless that is worse than the null model: there all probabilities may
 * be 0 or 1, and no curvature is left to go by.  *kept: it was not. */
static fgd_status start_at(fitting *f, fgd_run *run, const double *coef, double intercept, int *kept) {
  double loss;
  int same = 1;
  fgd_status status = fgd_objective_moments(&f->o, &f->start, coef, intercept, &loss, f->g);
  *kept = 0;
  if (status) return status;
  fgd_coordinates_standard(&f->coordinates);
  fgd_objective_import(&f->o, coef, intercept, run->w);
  turn(f, loss, run);
  for (ptrdiff_t j = 0; j < f->o.p->X.d; j++) same &= f->coordinates.scale[j] > 0 || coef[j] == 0;
  if (!same) { /* a column left out adds nothing to the margins of w */
    if ((status = fgd_objective_value_grad(&f->o, run->w, &run->cost, run->g))) return status;
    fgd_objective_accept(&f->o);
  }
  *kept = run->cost <= f->start.cost;
  if (*kept) return FGD_OK;
  null_model(f, run->w);
  status = fgd_objective_value_grad(&f->o, run->w, &run->cost, run->g);
  fgd_objective_accept(&f->o);
  return status;
}

/* At the null model, where the user says, or at the optimum of some rows, in centred and scaled coordinates. */
static fgd_status start_second_order(fitting *f, const fgd_options *opt, fgd_run *run) {
  const double *coef = opt->init;
  double intercept = coef ? coef[f->o.p->X.d] : 0, loss;
  int kept = 0, fitted;
  fgd_status status = FGD_OK;
  if (opt->solver == FGD_SAMPLED) {
    status = fgd_sample_first_look(&f->sample, &f->factor, &f->start, coef ? NULL : f->w, f->solver_work, f->coef,
                                   &intercept, &fitted);
    if (status) return status;
    if (fitted) coef = f->coef;
  }
  if (coef) {
    status = start_at(f, run, coef, intercept, &kept);
    if (status == FGD_NOT_FINITE) coef = NULL; /* was it the point, or X? */
  }
  if (!coef) {
    null_model(f, run->w);
    if ((status = fgd_objective_moments(&f->o, &f->start, NULL, f->start.intercept, &loss, f->g))) return status;
    fgd_coordinates_standard(&f->coordinates);
    turn(f, loss, run);
  }
  if (status) return status;
  run->ready = 1;
  f->warm = kept;
  run->warm = kept && opt->init;
  return f->coordinates.find_rank ? leave_out_dependent(f, opt->solver == FGD_SAMPLED, run) : FGD_OK;
}

/* Columns that follow from others take part again, with the smallest coefficients in the user's units. */
static fgd_status take_back(fitting *f, fgd_run *run) {
  const fgd_rank *R = &f->coordinates.rank;
  double *kept = f->solver_work;
  int same = !f->coordinates.find_rank || R->rank == R->size;
  memcpy(kept, run->w, (size_t)f->o.size * sizeof *kept);
  fgd_coordinates_shortest(&f->coordinates, &f->factor, run->w);
  return same || f->o.stages ? FGD_OK : fgd_confirm(run, kept);
}

/* Rows were set aside: go so far along their directions that what they still cost is a small part of the target. */
static fgd_status go_along(fitting *f, fgd_run *run) {
  double rest = run->cost;
  f->stages = f->o.stages;
  fgd_status status = fgd_separation_go(&f->separation, 0.01 * run->target, run->w);
  if (!status) status = fgd_objective_value_grad(&f->o, run->w, &run->cost, run->g);
  if (run->cost > rest) run->gap += run->cost - rest;
  if (run->outcome == FGD_CONVERGED || run->outcome == FGD_STALLED) run->outcome = FGD_SEPARATED;
  return status;
}

static fgd_status run_solver(fitting *f, const fgd_options *opt, fgd_run *run) {
  fgd_status status;
  ptrdiff_t d = f->o.p->X.d;
  double loss;
  memset(f->w, 0, (size_t)f->o.size * sizeof *f->w);
  if (f->o.p->fit_intercept && opt->solver != FGD_GD) f->w[d] = f->start.intercept;
  switch (opt->solver) {
    case FGD_NEWTON:
    case FGD_SAMPLED:
      if ((status = start_second_order(f, opt, run))) return status;
      status = opt->solver == FGD_SAMPLED ? fgd_sampled(run, &f->factor, f->solver_work)
                                          : fgd_newton(run, &f->factor, f->solver_work);
      if (status || (status = take_back(f, run))) return status;
      return f->o.stages ? go_along(f, run) : FGD_OK;
    case FGD_DUAL:
      if ((status = start_second_order(f, opt, run))) return status;
      f->by_rows.intercept = &f->start.intercept;
      f->by_rows.lean = fgd_rows_lean(d, f->coordinates.lean, f->o.lambda);
      return fgd_dual(run, f->dual_work);
    case FGD_NEWTON_CG:
    case FGD_LBFGS: {
      if ((status = start_second_order(f, opt, run))) return status;
      status = opt->solver == FGD_LBFGS ? fgd_lbfgs(run, f->solver_work) : fgd_newton_cg(run, f->solver_work);
      if (status || !may_separate(f) || run->outcome != FGD_CONVERGED || run->cost > run->target) return status;
      int found;
      if ((status = fgd_separated_completely(&f->separation, run->w, &found))) return status;
      if (found) f->stages = 1, run->outcome = FGD_SEPARATED;
      return FGD_OK;
    }
    case FGD_AGD: {
      if ((status = fgd_objective_moments(&f->o, &f->start, NULL, f->start.intercept, &loss, f->g))) return status;
      fgd_coordinates_standard(&f->coordinates);
      double strongest = 0;
      for (ptrdiff_t j = 0; j < d; j++) strongest = fmax(strongest, f->o.lambda[j]);
      run->learning_rate = 1 / (f->o.loss.max_curvature + strongest);
      break;
    }
    case FGD_GD:
      if (opt->learning_rate <= 0) {
        if ((status = fgd_objective_moments(&f->o, &f->start, NULL, f->start.intercept, &loss, f->g))) return status;
        double trace = f->o.p->fit_intercept, strongest = 0;
        for (ptrdiff_t j = 0; j < d; j++) {
          trace += f->start.sd[j] * f->start.sd[j] + f->start.mean[j] * f->start.mean[j];
          strongest = fmax(strongest, f->o.lambda[j]);
        }
        double curvature = f->o.loss.max_curvature * trace + strongest;
        run->learning_rate = curvature > 0 ? 1 / curvature : 1;
      }
      break;
  }
  if (opt->init) fgd_objective_import(&f->o, opt->init, opt->init[d], f->w);
  return opt->solver == FGD_GD ? fgd_gd(run, f->solver_work) : fgd_agd(run, f->solver_work);
}

/* The optimum of another penalty, from that of the last: cost and gradient change by the penalty alone, without a
 * pass, and margins and leverages are those at hand. */
static fgd_status go_on(fitting *f, const fgd_options *opt, fgd_run *run, fgd_problem *p, double l2) {
  ptrdiff_t d = p->X.d;
  fgd_objective *o = &f->o;
  double before = fgd_penalty(d, o->lambda, run->w, NULL);
  for (ptrdiff_t j = 0; j < d; j++) run->g[j] -= o->lambda[j] * run->w[j];
  p->l2_all = l2;
  if (opt->solver == FGD_SAMPLED) f->sample.p.l2_all = l2;
  fgd_objective_set_coordinates(o, o->shift, o->scale);
  run->cost += fgd_penalty(d, o->lambda, run->w, run->g) - before;
  o->gradient_norm = fgd_objective_norm(o, run->g);
  run->iteration = 0;
  run->gap = INFINITY;
  run->ready = run->warm = 1;
  run->gram_ready = run->estimate = 0;
  switch (opt->solver) {
    case FGD_SAMPLED: return fgd_sampled(run, &f->factor, f->solver_work);
    case FGD_NEWTON_CG: return fgd_newton_cg(run, f->solver_work);
    case FGD_LBFGS: return fgd_lbfgs(run, f->solver_work);
    default: return fgd_newton(run, &f->factor, f->solver_work);
  }
}

/* Everything before the first pass: the team is at work then, and is stopped by the caller. */
static fgd_status begin(fitting *f, const fgd_problem *p, const fgd_options *opt, const fgd_guest *guest, void *work) {
  f->guest = guest;
  f->began = fgd_clock() - (int64_t)(opt->before.seconds * 1e9);
  fit_layout(f, p, opt, guest->n_threads, work);
  fgd_team_start(&f->team, guest);
  fgd_objective_begin(&f->o, &f->team);
  fgd_coordinates_begin(&f->coordinates, &f->team);

  f->o.passes = opt->before.passes;
  fgd_status status = fgd_objective_null(&f->o, &f->start.intercept, &f->start.cost);
  f->oracle = (fgd_oracle){.self = f, .size = f->o.size, .penalised = p->X.d, .lambda = f->o.lambda,
                           .lean = f->coordinates.lean, .value_grad = oracle_value_grad, .accept = oracle_accept,
                           .gram = oracle_gram, .gram_fine = oracle_gram_fine, .hess_vec = oracle_hess_vec,
                           .line = oracle_line, .dual = oracle_dual, .prepare = oracle_prepare,
                           .precondition = oracle_precondition, .scale_of = oracle_scale_of,
                           .separate = may_separate(f) ? oracle_separate : NULL};
  if (opt->solver == FGD_SAMPLED) {
    f->drawn = fgd_sample_oracle(&f->sample);
    f->drawn.lean = f->coordinates.lean;
    f->sample.rank = &f->coordinates.rank;
    f->sample.factor = &f->factor;
    f->oracle.draw = oracle_draw;
    f->oracle.sample = &f->drawn;
    f->oracle.find_leverages = oracle_find_leverages;
  }
  if (opt->solver == FGD_DUAL) {
    f->by_rows = rows_oracle;
    f->by_rows.self = f;
    f->by_rows.n = p->X.n;
    f->oracle.rows = &f->by_rows;
  }
  f->run = (fgd_run){.oracle = &f->oracle, .max_iter = opt->max_iter, .iteration = opt->before.iterations,
                     .learning_rate = opt->learning_rate, .null_cost = f->start.cost,
                     .report = guest->observe ? report : NULL, .self = f, .w = f->w, .g = f->g, .gap = INFINITY,
                     .target = fgd_target(opt->tol, f->start.cost)};
  f->run.enough = FGD_DEEP * f->run.target;
  return status;
}

/* One fit, or `count` of them, for the penalties l2. */
static fgd_status fit_all(const fgd_problem *given, const fgd_options *opt, const fgd_guest *guest, ptrdiff_t count,
                          const double *l2, double *coef, double *directions, fgd_result *results, void *work) {
  fitting f;
  fgd_problem own = *given, *p = &own;
  const fgd_run *run = &f.run;
  if (l2) own.l2 = NULL, own.l2_all = l2[0];
  fgd_status status = begin(&f, p, opt, guest, work);
  f.run.deep = l2 != NULL; /* the scores of paths are compared, which are off by a root of the gap */
  for (ptrdiff_t k = 0; k < count && !status; k++) {
    if (k > 0) f.o.passes = 0;
    status = k == 0 ? run_solver(&f, opt, &f.run) : go_on(&f, opt, &f.run, p, l2[k]);
    results[k] = (fgd_result){.outcome = run->outcome, .cost = run->cost, .null_cost = f.start.cost, .gap = run->gap,
                              .gradient_norm = f.o.gradient_norm, .step = run->step, .iterations = run->iteration,
                              .passes = f.o.passes, .n_threads = f.team.workers,
                              .target = run->target, .stages = f.stages,
                              .rank = f.rank, .estimate = run->estimate};
    if (!status) results[k].intercept = fgd_objective_export(&f.o, f.w, coef + k * p->X.d);
    results[k].seconds = (double)(fgd_clock() - f.began) * 1e-9;
    f.began = fgd_clock();
  }
  for (int k = 0; k < f.stages && !status; k++) {
    results[0].separated_rows[k] = f.separation.rows[k];
    double *out = directions + 2 * k * (p->X.d + 1), *standard = f.separation.direction + k * f.o.size;
    out[p->X.d] = fgd_objective_export(&f.o, standard, out);
    memcpy(out + p->X.d + 1, standard, (size_t)f.o.size * sizeof *out);
  }
  fgd_team_stop(&f.team);
  return status;
}

fgd_status fgd_fit(const fgd_problem *p, const fgd_options *opt, const fgd_guest *guest, double *coef,
                   double *directions, fgd_result *result, void *work) {
  if (p->loss == FGD_SOFTMAX) return fgd_multinomial_fit(p, opt, guest, coef, directions, result, work);
  return fit_all(p, opt, guest, 1, NULL, coef, directions, result, work);
}

fgd_status fgd_fit_path(const fgd_problem *p, const fgd_options *opt, const fgd_guest *guest, ptrdiff_t count,
                        const double *l2, double *coef, fgd_result *results, void *work) {
  return fit_all(p, opt, guest, count, l2, coef, NULL, results, work);
}

/* --- folds --------------------------------------------------------------------------------- */

#define LEADER 1e-4 /* tol of the fit of all rows from which all folds start */

typedef struct {
  fitting f;
  fgd_folds folds;
  void *lockstep_work;
  ptrdiff_t penalties, *done, before; /* before: passes that the fit of all rows took */
  double *coef;
  fgd_result *results;
} folds_fit;

static size_t folds_layout(folds_fit *all, const fgd_problem *p, const fgd_options *opt, ptrdiff_t folds, int workers,
                           void *work) {
  fgd_arena a = {work, fit_layout(&all->f, p, opt, workers, work)};
  fgd_folds_layout(&all->folds, &all->f.o, &all->f.sample, folds, workers, &a);
  all->lockstep_work = fgd_take(&a, fgd_lockstep_work(folds, all->f.o.size));
  return a.used;
}

size_t fgd_fit_folds_work(const fgd_problem *p, const fgd_options *opt, ptrdiff_t folds, int n_threads) {
  folds_fit all;
  return folds_layout(&all, p, opt, folds, n_threads, NULL);
}

static void fold_found(void *self, ptrdiff_t fold, ptrdiff_t penalty, const fgd_run *run, ptrdiff_t passes) {
  folds_fit *all = self;
  fitting *f = &all->f;
  ptrdiff_t at = fold * all->penalties + penalty;
  all->results[at] = (fgd_result){.outcome = run->outcome, .cost = run->cost, .gap = run->gap, .target = run->target,
                                  .null_cost = all->folds.null_cost[fold], .step = 1, .rank = -1,
                                  .gradient_norm = fgd_objective_norm(&f->o, run->g), .iterations = run->iteration,
                                  .passes = passes + (penalty == 0 ? all->before : 0), .n_threads = f->team.workers,
                                  .seconds = (double)(fgd_clock() - f->began) * 1e-9,
                                  .intercept = fgd_objective_export(&f->o, run->w, all->coef + at * f->o.p->X.d)};
  all->done[fold]++;
}

fgd_status fgd_fit_folds(const fgd_problem *given, const uint8_t *held, ptrdiff_t folds, const fgd_options *opt,
                         const fgd_guest *guest, ptrdiff_t penalties, const double *l2, double *coef,
                         fgd_result *results, ptrdiff_t *done, void *work) {
  folds_fit all = {.penalties = penalties, .done = done, .coef = coef, .results = results};
  fitting *f = &all.f;
  fgd_problem own = *given;
  fgd_options loose = *opt;
  own.l2 = NULL;
  own.l2_all = 0;
  for (ptrdiff_t k = 0; k < folds; k++) own.l2_all += l2[k * penalties] / (double)folds, done[k] = 0;
  loose.tol = fmax(opt->tol, LEADER);
  folds_layout(&all, &own, &loose, folds, guest->n_threads, work);
  fgd_status status = begin(f, &own, &loose, guest, work);
  if (!status) status = fgd_folds_begin(&all.folds, held);
  if (!status) status = run_solver(f, &loose, &f->run);
  if (!status && f->run.outcome == FGD_CONVERGED) status = fgd_folds_draw(&all.folds, f->coordinates.lean);
  if (!status && f->run.outcome == FGD_CONVERGED) {
    all.before = f->o.passes;
    fgd_folds_oracle oracle = fgd_folds_oracle_of(&all.folds);
    fgd_lockstep_run run = {.oracle = &oracle, .tol = opt->tol, .penalties = penalties, .l2 = l2, .w = f->w,
                            .found = fold_found, .self = &all};
    status = fgd_lockstep(&run, &f->factor, all.lockstep_work);
  }
  fgd_team_stop(&f->team);
  return status;
}
