/* design x loss x penalty: the cost and its derivatives, each from one fused pass over X.
 *
 * A point is theta: d coefficients and, with fit_intercept, the intercept last.  It is
 * given in the objective's coordinates: coefficients of the columns (x - shift) * scale.
 * With shift NULL and scale NULL these are the user's own.
 *
 * The objective remembers the margins of two points: the current one (z) and a trial (zt).
 */
#ifndef FGD_OBJECTIVE_H
#define FGD_OBJECTIVE_H

#include "design.h"
#include "loss.h"

/* What a solver will ask for, so that no memory is laid out in vain. */
enum { FGD_NEEDS_TRIAL = 1, FGD_NEEDS_CURVATURE = 2, FGD_NEEDS_MOMENTS = 4, FGD_NEEDS_LEVERAGE = 8 };
#define FGD_PROJECTIONS 8 /* as many as the kernels take */
/* Where so little of a row's chance is left to the other label, rounding hides whether the row holds its coefficients
 * back or is on its way to infinity. */
#define FGD_SATURATED 1e-10

typedef struct {
  const fgd_problem *p;
  fgd_team *team;
  fgd_design design;
  fgd_loss_kernels loss;
  ptrdiff_t size;                 /* of theta */
  double weight_scale[2];         /* s_hat = s * [0] * [1], in this order: neither over- nor underflows */
  double each;                    /* s_hat of every row when there are no weights */
  const double *shift, *scale;    /* d each, or NULL */
  double *lambda;                 /* penalty in these coordinates, d */
  double *z, *zt, *q;             /* n each: margins of the current and the trial point, curvatures */
  double *coef;                   /* d: a point in the user's coordinates */
  float *leverage;                /* n, or NULL: |inv(R) a_i|^2 of each row, roughly, by random projections */
  double *projection;             /* FGD_PROJECTIONS a column, in the user's coordinates, then as many intercepts */
  int looked;                     /* moments found X finite: blocks of rows without weight need not be read again */
  int project;                    /* the next pass (moments or value_grad) finds the leverages anew */
  double *partial;                /* one slot of `slot` numbers for each part of the rows */
  ptrdiff_t slot;
  int workers;
  double *scratch;                /* per worker */
  double *row;                    /* CSR, moments: d zeros per worker */
  uint8_t *stage;                 /* n, or NULL: rows set aside by the k-th stage of separation (0: in play) */
  int stages;                     /* so far */
  ptrdiff_t passes;
  double gradient_norm;           /* of the cost at the last value_grad, in the user's coordinates */
} fgd_objective;

/* A block of rows with what is known of each: taken from the caller's arrays where they can be read in place. */
typedef struct {
  ptrdiff_t first, rows;
  const double *y, *s;
  int s_step, idle;               /* idle: all weights are 0 */
  double *z, *r, *dz;             /* of the worker, to write to */
} fgd_block;

/* Where the solvers start: the null model and the moments of the columns. */
typedef struct {
  double intercept, cost;         /* of the null model */
  double *mean, *sd;              /* d each; sd is 0 for columns that are constant up to rounding */
} fgd_start;

/* The share of each row is 1/n (returned) or, with weights, s * scale[0] * scale[1] in this order. */
double fgd_weight_scale(const fgd_problem *p, double scale[2]);
/* Mean and sd of each column from its sums s1, s2 about what `mean` holds; FGD_NOT_FINITE if they are not.  Without an
 * intercept the mean is 0, and sd the root mean square about it. */
fgd_status fgd_moments_finish(const fgd_problem *p, const double *s1, const double *s2, double *mean, double *sd);
/* CSR, whose moments are taken about 0: does a column's deviation look too small beside its mean to be known?  If so,
 * mean and sd are mended by s1, s2 and count (d each, one after the other) of fgd_design_moments_about the mean. */
int fgd_moments_doubtful(const fgd_problem *p, const double *mean, const double *sd);
void fgd_moments_again(const fgd_problem *p, const double *s1, double *mean, double *sd);
/* A diagonal entry of the Hessian without penalty from a sum of squares about the mean, as far as that can be known. */
double fgd_curvature_of(double about, double mean, double total, double scale);

void fgd_objective_layout(fgd_objective *o, const fgd_problem *p, int needs, int workers, fgd_arena *a);
/* After layout: the team, weights; coordinates are the user's. */
void fgd_objective_begin(fgd_objective *o, fgd_team *team);
void fgd_objective_set_coordinates(fgd_objective *o, const double *shift, const double *scale);

/* The null model's intercept and cost: margins only, no pass over X. */
fgd_status fgd_objective_null(fgd_objective *o, double *intercept, double *cost);
/* One pass: the columns' moments (mean and sd of `start`; without an intercept sd is the root mean square about 0 and
 * mean is 0), and the loss and its gradient (size) at a point, all in the user's coordinates.  coef NULL: zeros, the
 * null model.  The point's margins become the current ones. */
fgd_status fgd_objective_moments(fgd_objective *o, fgd_start *start, const double *coef, double intercept,
                                 double *loss, double *gradient);

/* Cost and gradient (size, or NULL) at theta, whose margins become the trial's. */
fgd_status fgd_objective_value_grad(fgd_objective *o, const double *theta, double *f, double *g);
/* The trial becomes the current point. */
void fgd_objective_accept(fgd_objective *o);
/* Hv at theta (in the user's coordinates, as these then are), or with theta NULL at the curvatures kept in q.
 * Leaves the margins A v in zt, if there is a zt. */
fgd_status fgd_objective_hess_vec(fgd_objective *o, const double *theta, const double *v, double *Hv);
/* Curvatures at the current point into q. */
fgd_status fgd_objective_curvature(fgd_objective *o);
/* The Hessian's diagonal (size) at the curvatures kept in q. */
fgd_status fgd_objective_diagonal(fgd_objective *o, double *diagonal);
/* The loss part of the cost at current + t (trial - current), and its slope there. */
fgd_status fgd_objective_line(fgd_objective *o, double t, double *f, double *slope);
/* The loss part of the certificate at the current point for the step u: A u is zt (direct) or z - zt. */
fgd_status fgd_objective_dual(fgd_objective *o, int direct, double *f);
/* Up to how much each margin of v may be rounding, into z: the current point's margins are lost. */
fgd_status fgd_objective_roundings(fgd_objective *o, const double *v);
/* Share of each row, s_hat, into q. */
fgd_status fgd_objective_shares(fgd_objective *o);
/* Without a pass, at the current or the trial margins: the loss, and its derivative r (n) by each margin. */
fgd_status fgd_objective_residuals(fgd_objective *o, int trial, double *f, double *r);
/* One pass: out (d) = sum_i a[i] xt_i, xt being the columns in these coordinates. */
fgd_status fgd_objective_combine(fgd_objective *o, const double *a, double *out);

/* The block that begins at row `first` and does not reach beyond `end`. */
fgd_block fgd_objective_block(const fgd_objective *o, ptrdiff_t first, ptrdiff_t end, int worker);

/* theta in the user's coordinates: coef (d); returns the intercept. */
double fgd_objective_export(const fgd_objective *o, const double *theta, double *coef);
/* The length that a gradient in these coordinates has in the user's. */
double fgd_objective_norm(const fgd_objective *o, const double *g);
void fgd_objective_import(const fgd_objective *o, const double *coef, double intercept, double *theta);

#endif
