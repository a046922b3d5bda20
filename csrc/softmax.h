/* The cost of K classes: design x softmax x penalty, each verb one fused pass over X, as in objective.h.
 *
 * A point in the user's coordinates is K lines of d coefficients, then K intercepts.  Only differences between classes
 * matter, and the best of all equal points have lines that sum to zero.  So a solver sees theta: K - 1 lines of d
 * coefficients of the columns (x - shift) * scale, then K - 1 intercepts, the coordinates of the user's point in an
 * orthonormal basis of the vectors that sum to zero.  The penalty looks the same in them, and nothing is singular.
 *
 * Margins of two points are remembered: the current one and a trial; and the probabilities at the point (`base`) whose
 * Hessian was asked for.  Where they would take much memory beside X, only the points are, and margins are computed
 * anew in each block. */
#ifndef FGD_SOFTMAX_H
#define FGD_SOFTMAX_H

#include "design.h"

typedef struct {
  double *coef;  /* K lines of d, or (across) d lines of K; then K intercepts */
  double *kept;  /* margins or probabilities, block after block, K lines each; or NULL */
  int direction; /* its margins are without the offset */
} fgd_softmax_point;

typedef struct {
  const fgd_problem *p;
  fgd_team *team;
  fgd_design design;
  ptrdiff_t K, size, penalised;   /* of theta; (K - 1) d */
  double weight_scale[2], each;   /* as in objective.h */
  const double *shift, *scale;    /* d each, or NULL */
  double *lambda;                 /* penalised: the penalty in theta's coordinates */
  int rough;                      /* products in float are possible: */
  float *centre, *direction;      /*   d and K d: what is taken off the columns; a direction */
  double *rough_intercept;        /*   K: its intercepts for columns x - centre */
  int stride;                     /*   of the blocks of rows that they look at */
  fgd_softmax_point current, trial, base;
  double *q;                      /* n: weights of a Gram */
  uint8_t *stage;                 /* n K, blocks as in `kept`, or NULL: classes that a row has been parted from, by the
                                     k-th stage of separation (0: in play) */
  int stages;                     /* so far; 0: all classes are in play everywhere */
  double *widest;                 /* d: the largest of the classes' coefficients, for roundings */
  double *row;                    /* CSR: d zeros per worker, for the moments */
  int workers;
  double *partial;                /* a slot a part: K lines of sums over X, K residuals, K more, cost, slope */
  ptrdiff_t slot, sums;           /*   and how many of them are over X */
  int across;                     /* the numbers of one column lie side by side, and the sums over X elsewhere: */
  ptrdiff_t together;             /*   so many classes in a group, */
  double *lines;                  /*   for each its own, d lines of their classes, */
  double *residual;               /*   and residuals of */
  ptrdiff_t chunk, from;          /*   so many parts, the first of which is this one (or -1) */
  fgd_design coarse;              /* fewer and longer parts, for moments: 3 d sums and one more in each slot */
  double *moments;
  ptrdiff_t moments_slot;
  ptrdiff_t tile;                 /* columns that are turned at a time */
  double *tiled, *turned;         /* K + 1 sums for each tile; K lines of a tile for each worker */
  double *scratch;                /* per worker */
  ptrdiff_t passes;
  double gradient_norm;           /* at the last value_grad, in the user's coordinates */
} fgd_softmax;

/* Margins are kept always, while they are small beside X, or never. */
enum { FGD_KEEP, FGD_KEEP_SMALL, FGD_KEEP_NOT };
void fgd_softmax_layout(fgd_softmax *o, const fgd_problem *p, int keep, int workers, fgd_arena *a);
void fgd_softmax_begin(fgd_softmax *o, fgd_team *team);
void fgd_softmax_set_coordinates(fgd_softmax *o, const double *shift, const double *scale);

/* theta to the user's coordinates and back. */
void fgd_softmax_export(const fgd_softmax *o, const double *theta, double *coef);
void fgd_softmax_import(const fgd_softmax *o, const double *coef, double *theta);

/* The null model's intercepts (K, zero without an intercept) and cost: no pass over X. */
fgd_status fgd_softmax_null(fgd_softmax *o, double *intercept, double *cost);
/* One pass: mean and sd of each column. */
fgd_status fgd_softmax_moments(fgd_softmax *o, double *mean, double *sd);

fgd_status fgd_softmax_value_grad(fgd_softmax *o, const double *theta, double *f, double *g);
/* In the user's coordinates, K (d + 1) numbers each: cost and gradient (or NULL) at any coef; the Hessian there times v
 * (only where margins are kept not). */
fgd_status fgd_softmax_cost(fgd_softmax *o, const double *coef, double *f, double *g);
fgd_status fgd_softmax_product(fgd_softmax *o, const double *coef, const double *v, double *Hv);
void fgd_softmax_accept(fgd_softmax *o);
/* The current point becomes the base of hess_vec, pair and dual. */
fgd_status fgd_softmax_curvature(fgd_softmax *o);
fgd_status fgd_softmax_hess_vec(fgd_softmax *o, const double *v, double *Hv);
/* The same to about six digits, if o->rough, and from every stride-th block of rows alone; sets no trial. */
fgd_status fgd_softmax_hess_vec_rough(fgd_softmax *o, const double *v, double *Hv);
/* Into q, from the base, the weights of a Gram: s_hat p_k p_l for each row, which couples classes k and l; the mean
 * curvature s_hat (1 - sum p_k^2) / (K - 1); s_hat alone. */
fgd_status fgd_softmax_pair(fgd_softmax *o, ptrdiff_t k, ptrdiff_t l);
fgd_status fgd_softmax_spread(fgd_softmax *o);
fgd_status fgd_softmax_shares(fgd_softmax *o);
/* One pass: the diagonal of the Gram with the weights q, in theta's coordinates, d + 1 numbers (intercept last). */
fgd_status fgd_softmax_diagonal(fgd_softmax *o, double *diagonal);
fgd_status fgd_softmax_line(fgd_softmax *o, double t, double *f, double *slope);
fgd_status fgd_softmax_dual(fgd_softmax *o, int direct, double *f);

/* Separation (see multinomial.c): a pair of a row and a class that is not its label is set aside once the class is
 * excluded there in the limit.  fgd_softmax_layout_stages lays out what these need. */
void fgd_softmax_layout_stages(fgd_softmax *o, fgd_arena *a);
/* All classes in play become alike at the base of hess_vec and pair; needs kept margins. */
fgd_status fgd_softmax_alike(fgd_softmax *o);
/* Mark the pairs whose dual point nearly leaves (0, 1) under the step whose margins are the trial's, and those whose
 * probability is below `remote`; *interior: no dual point does. */
fgd_status fgd_softmax_suspect(fgd_softmax *o, uint8_t mark, double remote, ptrdiff_t *suspects, int *interior);
/* Does v move no pair in play (or marked) the wrong way by more than rounding, and some clearly the right way?  Those
 * then carry the mark, and no others.  *pairs: how many; *rows: in how many rows not touched before; *size: the
 * farthest.  The trial's margins are lost. */
fgd_status fgd_softmax_witness(fgd_softmax *o, const double *v, uint8_t mark, ptrdiff_t *pairs, ptrdiff_t *rows,
                               double *size);
void fgd_softmax_unmark(fgd_softmax *o, uint8_t mark);
/* parts[k] (K): does class k's own line of v have one sign on the rows of that class, and the other on all the rest? */
fgd_status fgd_softmax_own_lines(fgd_softmax *o, const double *v, double *parts);
/* How far the current point must go along v until every pair set aside by that stage is `enough` apart; all pairs are to
 * be in play. */
fgd_status fgd_softmax_reach(fgd_softmax *o, const double *v, uint8_t mark, double enough, double *t);
/* Row k (K - 1 numbers) of the basis: class k in theta's coordinates. */
double fgd_softmax_basis(ptrdiff_t K, ptrdiff_t k, ptrdiff_t a);

#endif
