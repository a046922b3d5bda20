/* What a solver sees: an oracle for a cost with quadratic penalty, and the run it is to fill in.
 * It never learns what X is, where it lies, or how many threads read it. */
#ifndef FGD_SOLVER_H
#define FGD_SOLVER_H

#include <float.h>
#include <math.h>

#include "../factor.h"
#include "../fastgd.h"

/* What rows are drawn for: a first look, before there are leverages; a fit of their own, as a start; the Hessian at the
 * current point (so many, or twice as many); and no new rows, but the Hessian at the current point by those that there
 * are. */
typedef enum { FGD_DRAW_FIRST, FGD_DRAW_START, FGD_DRAW_MODEL, FGD_DRAW_DOUBLE, FGD_DRAW_AGAIN } fgd_draw;

/* The same cost as a function of one number for each of the n rows, or of several, one for each class, that sum to zero:
 * where every column has a penalty, w = inv(Lambda) X' a for some a at the optimum, and the margins are K a beside
 * intercept and offset, K = X inv(Lambda) X'.  All arrays are lines of n numbers. */
typedef struct {
  void *self;
  ptrdiff_t n, lines;      /* 1, or as many as classes */
  const double *intercept; /* lines: of the null model */
  double lean;             /* sum lean_j^2 / lambda_j: by which the rounding of X' a counts (see certificate.c) */
  fgd_status (*form)(void *self);                                   /* K: one pass */
  fgd_status (*product)(void *self, const double *a, double *Ka);   /* no pass, as all that follows but combine */
  double (*spread)(void *self, const double *a);                    /* the lines' (sum_i |a_i| sqrt(K_ii))^2, added up */
  /* Factor I + S K S, S^2 the curvatures at the current point (several lines: one for all of them, their mean); then
   * x = S inv(I + S K S) S x for so many lines, known up to *rounding of it: what that of K is multiplied with where
   * rows depend on each other. */
  fgd_status (*factor)(void *self, double *rounding);
  fgd_status (*solve)(void *self, ptrdiff_t lines, double *x);
  /* Several lines, or NULL: the current point is the one where `bend` turns margins dz into what they change the
   * loss's derivatives by (in place where dz is out), and where `factor` and `dual` take their curvatures. */
  fgd_status (*look)(void *self);
  fgd_status (*bend)(void *self, const double *dz, double *out);
  /* Loss at the current or the trial point, and its derivatives r by the margins. */
  fgd_status (*residuals)(void *self, int trial, double *f, double *r);
  /* x = current margins - offset */
  void (*margins)(void *self, double *x);
  /* The trial's margins become current - t dz. */
  void (*move)(void *self, double t, const double *dz);
  /* The loss part of the certificate if the residuals become r - shift; the trial is lost. */
  fgd_status (*dual)(void *self, const double *shift, double *f);
  /* w: inv(Lambda) X' a, and the intercepts b (lines); one pass.  And b of a w. */
  fgd_status (*combine)(void *self, const double *a, const double *b, double *w);
  void (*intercepts)(void *self, const double *w, double *b);
} fgd_rows_oracle;

/* What the preconditioner that there is may be: still good; made at curvatures of long ago; the same, where most of the
 * curvature that columns began with has faded; or, the same point being prepared already, not good enough for the many
 * products of a certificate. */
typedef enum { FGD_PREPARE_KEEP, FGD_PREPARE_ANEW, FGD_PREPARE_FADED, FGD_PREPARE_LAST } fgd_prepare;

typedef struct fgd_oracle fgd_oracle;
struct fgd_oracle {
  void *self;
  ptrdiff_t size;        /* coordinates: d coefficients, then the intercept if there is one */
  ptrdiff_t penalised;   /* d: the first ones may carry a penalty */
  const double *lambda;  /*   this one: 1/2 sum lambda_j w_j^2 */
  const double *lean;    /* size, or NULL for ones: by how much the rounding of g_j outgrows that of a column of mean 0
                            and deviation 1 */
  /* Cost and gradient (or NULL) at w: one pass.  The margins of w become the trial's. */
  fgd_status (*value_grad)(void *self, const double *w, double *f, double *g);
  void (*accept)(void *self); /* the trial becomes the current point */
  /* Or NULL: cost and gradient at w = current + t (trial - current), which becomes the trial: a pass that has margins.
   * Coordinates without penalty may be moved, to where the cost is less. */
  fgd_status (*along)(void *self, double t, double *w, double *f, double *g);
  /* The Hessian at the current point, penalty included, lower triangle; its curvatures are kept. */
  fgd_status (*gram)(void *self, double *H);
  /* The same to the rounding of double, where gram's sums are coarser; or NULL. */
  fgd_status (*gram_fine)(void *self, double *H);
  /* Hv with the curvatures kept: one pass; the margins of v replace the trial's. */
  fgd_status (*hess_vec)(void *self, const double *v, double *Hv);
  /* The same to about six digits, and sooner; the trial's margins are lost.  Or NULL. */
  fgd_status (*hess_vec_rough)(void *self, const double *v, double *Hv);
  /* Let hess_vec_rough look at one in `stride` rows, up to most_stride. */
  void (*thin)(void *self, int stride);
  int most_stride;
  /* Without a pass, from margins.  line: the loss at current + t (trial - current), and its slope.  dual: the loss
   * part of the certificate at the current point for a step u, whose margins are current - trial or (direct)
   * stand in the trial's place. */
  fgd_status (*line)(void *self, double t, double *f, double *slope);
  fgd_status (*dual)(void *self, int direct, double *f);
  /* Keep the curvatures of the current point for hess_vec, and see to a preconditioner for them (*made: there is another
   * than before), now that the last solve has taken so many products.  Then s = inv(M) r, with no pass. */
  fgd_status (*prepare)(void *self, fgd_prepare how, ptrdiff_t products, int *made);
  void (*precondition)(void *self, const double *r, double *s);
  /* Or NULL: s = inv(H) r for the coordinates without penalty, the last ones, alone, at the curvatures kept; anew: that is
   * not the last call's H.  No pass. */
  fgd_status (*intercepts)(void *self, int anew, const double *r, double *s);
  double (*scale_of)(void *self, ptrdiff_t j); /* 0 for a coordinate that nothing depends on */
  /* Or NULL where there is a penalty.  Is the step u from w the way to infinity of some rows?  *interior: no, a
   * finite optimum exists.  *found: they were set aside, and w was turned.  Unless *interior, the factor's matrices
   * are used up and the current point must be evaluated anew. */
  fgd_status (*separate)(void *self, const double *u, double *w, int *found, int *interior);
  /* The same without a factor, or NULL: does w itself show the way to infinity of some rows?  *found: they were set
   * aside, and the current point must be evaluated anew.  The trial is lost either way. */
  fgd_status (*part)(void *self, const double *w, int *found);
  /* Or NULL where rows cannot be drawn: draw some at the current point, by their leverage.  From then on `sample` is
   * an oracle of these rows alone.  After FGD_DRAW_START it has a cost of its own, which is about that of all rows.
   * Otherwise its gram, hess_vec and dual are those of all rows with other curvatures, 0 for rows that were not drawn;
   * they make a certificate for all rows. */
  fgd_status (*draw)(void *self, fgd_draw kind);
  const fgd_oracle *sample;
  /* A sample's: the largest of the trial's margins, of all rows drawn.  Right after a certificate, how far its step would
   * move one. */
  double (*reach)(void *self);
  /* The next value_grad finds the leverages anew, with this factor. */
  void (*find_leverages)(void *self, const fgd_factor *F);
  const fgd_rows_oracle *rows; /* or NULL */
};

/* Several costs of the same rows, folds, that differ in which of them they leave out and in a penalty for all columns
 * alike; in the same coordinates. */
typedef struct {
  void *self;
  ptrdiff_t count, size, penalised;
  const double *unit;      /* penalised: the penalty l2 is l2/2 sum unit_j w_j^2 */
  const double *null_cost; /* count */
  /* Without their penalties, costs f (m) and gradients g (m lines) of the m folds in `which`, at a point each (m lines
   * of w): one pass for all. */
  fgd_status (*values)(void *self, ptrdiff_t m, const ptrdiff_t *which, const double *w, double *f, double *g);
  /* Draw rows at the mean of the folds' points (count lines), with a factor of the Hessian there: one pass. */
  fgd_status (*draw)(void *self, const double *w, const fgd_factor *F);
  /* The rows drawn are looked at from these points of all folds (count lines), which become their current ones: no pass.
   * fine: Hessians, until the next look, to the rounding of double. */
  fgd_status (*look)(void *self, const double *w, int fine);
  /* The rows drawn as one fold sees them with its penalty, which `sample` is the oracle of until the next is asked for,
   * as after FGD_DRAW_MODEL; and its Hessian there (lower triangle).  own: by curvatures at its own point, a Gram for
   * itself. */
  fgd_status (*view)(void *self, ptrdiff_t fold, double l2, int own, double *H);
  /* How far the step that `sample` was last asked to certify would move a margin of a row that the fold leaves out, in the
   * mean: no score of the fold's would change by more. */
  double (*reach)(void *self, ptrdiff_t fold);
  const fgd_oracle *sample;
} fgd_folds_oracle;

/* Share of the target: the predicted decrease at which newton and lbfgs stop, digits for the coefficients. */
#define FGD_DEEP 1e-8

/* What a gap must not exceed: a share of the null model's cost, or of its rounding. */
static inline double fgd_target(double tol, double null_cost) {
  return tol * fmax(null_cost, 1e3 * DBL_EPSILON * (1 + fabs(null_cost)));
}

typedef struct fgd_run fgd_run;
struct fgd_run {
  const fgd_oracle *oracle;
  double target;          /* converged means gap <= target */
  double learning_rate;
  double null_cost;
  double enough;          /* newton, lbfgs: stop when the predicted decrease is no more than this; newton */
  int bare;               /*   without a certificate */
  int deep;               /* newton: there even if it goes slowly; sampled: two digits beyond the target */
  ptrdiff_t max_iter;
  /* Tells the observer of an iterate; nonzero: stop.  NULL where nobody listens. */
  int (*report)(const fgd_run *run);
  void *self;             /* report's */
  /* the point, in and out */
  double *w, *g;          /* size each */
  double cost, gap, step;
  int ready;              /* cost, g and the current margins belong to w already */
  int gram_ready;         /*   and so does H */
  int warm;               /* w is near the optimum already */
  int estimate;           /* gap is an estimate, not a bound */
  ptrdiff_t iteration;
  fgd_outcome outcome;
};

size_t fgd_gd_work(ptrdiff_t size);
fgd_status fgd_gd(fgd_run *run, double *work);
size_t fgd_agd_work(ptrdiff_t size);
fgd_status fgd_agd(fgd_run *run, double *work);
/* `work` lays out the factor, whose H may hold the first Hessian already (run->gram_ready). */
size_t fgd_newton_work(ptrdiff_t size);
fgd_status fgd_newton(fgd_run *run, fgd_factor *F, double *work);
/* Newton's method on Hessians of drawn rows; run->ready, and leverages must be known.  Hands over to fgd_newton where
 * that goes slowly. */
size_t fgd_sampled_work(ptrdiff_t size);
fgd_status fgd_sampled(fgd_run *run, fgd_factor *F, double *work);

/* The fits of all folds along a path of penalties (l2: one line of `penalties` for each fold), side by side and each from
 * where the last penalty left it, so that a pass serves all that are not finished.  All begin at w (size).  Each fit that
 * is certified is handed to `found`, with the passes that it took part in.  A fold that goes slowly is given up. */
typedef struct {
  const fgd_folds_oracle *oracle;
  double tol;
  ptrdiff_t penalties;
  const double *l2, *w;
  void (*found)(void *self, ptrdiff_t fold, ptrdiff_t penalty, const fgd_run *run, ptrdiff_t passes);
  void *self;
} fgd_lockstep_run;
size_t fgd_lockstep_work(ptrdiff_t count, ptrdiff_t size);
fgd_status fgd_lockstep(const fgd_lockstep_run *all, fgd_factor *F, double *work);

/* Newton's method on one number for each row and line; run->ready.  Stalled: what is left is for another solver, from
 * there. */
size_t fgd_dual_work(ptrdiff_t n, ptrdiff_t lines);
fgd_status fgd_dual(fgd_run *run, double *work);

size_t fgd_newton_cg_work(ptrdiff_t size);
fgd_status fgd_newton_cg(fgd_run *run, double *work);
size_t fgd_lbfgs_work(ptrdiff_t size);
fgd_status fgd_lbfgs(fgd_run *run, double *work);

/* Bytes of `work` that a solver wants. */
static inline size_t fgd_solver_work(fgd_solver solver, ptrdiff_t size) {
  switch (solver) {
    case FGD_GD: return fgd_gd_work(size);
    case FGD_AGD: return fgd_agd_work(size);
    case FGD_NEWTON: return fgd_newton_work(size);
    case FGD_NEWTON_CG: return fgd_newton_cg_work(size);
    case FGD_LBFGS: return fgd_lbfgs_work(size);
    case FGD_SAMPLED: return fgd_sampled_work(size);
    case FGD_DUAL: return 0; /* fgd_dual_work: its vectors are as long as there are rows */
  }
  return 0;
}

/* The Hessian at the current point, factored.  *fine: by gram_fine, from the first time on that gram's pivots may be
 * rounding. */
fgd_status fgd_form(const fgd_oracle *oracle, fgd_factor *F, double damping, int *fine);

/* At the current point, whose gradient is g: an upper bound of cost - inf cost, from the solution u (size; taken
 * from g by the factor and refined here) of H u = g, H being the oracle's last Gram.  One pass or two, seldom
 * more.  NaN where F->coarse is too coarse to tell.  r: size numbers of work. */
fgd_status fgd_certify(const fgd_oracle *oracle, const fgd_factor *F, double cost, const double *g, double *u,
                       double *r, double *v, double *gap);

/* Columns that follow from others were given a part of the coefficients, which took run->w from `kept` (size) to where the
 * cost should be the same: so it is there, or w is kept after all.  A column that follows only nearly from others is worth
 * something where these are large.  Cost and gap are those of w; one pass or two. */
fgd_status fgd_confirm(fgd_run *run, const double *kept);

/* What the rounding of g adds to a bound, as the square of a length: sqrt(bound) + sqrt(noise) is the honest root. */
double fgd_noise(const fgd_oracle *oracle, const fgd_factor *F, double cost, const double *u, double *r, double *v);

#endif
