/* What the objective of K classes keeps (see softmax.h), and where each number lies. */
#ifndef FGD_SOFTMAX_STATE_H
#define FGD_SOFTMAX_STATE_H

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
  double *share;                  /* K: of the rows, by weight; and 2 K more, to work in */
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

static inline double fgd_softmax_l2(const fgd_softmax *o, ptrdiff_t j) {
  return o->p->l2 ? o->p->l2[j] : o->p->l2_all;
}

/* Coordinates of one of theta's K - 1 lines: columns, and the intercept if there is one; and where they stand. */
static inline ptrdiff_t fgd_softmax_side(const fgd_softmax *o) { return o->p->X.d + (o->p->fit_intercept ? 1 : 0); }
static inline ptrdiff_t fgd_softmax_place(const fgd_softmax *o, ptrdiff_t line, ptrdiff_t j) {
  return j < o->p->X.d ? line * o->p->X.d + j : o->penalised + line;
}

/* Where a point keeps the coefficient of class k and column j. */
static inline ptrdiff_t fgd_softmax_coef_at(const fgd_softmax *o, ptrdiff_t k, ptrdiff_t j) {
  return o->across ? j * o->K + k : k * o->p->X.d + j;
}

/* Where the sums of class k begin, and how far apart they are: K lines, or groups of classes side by side. */
static inline double *fgd_softmax_sums_line(const fgd_softmax *o, ptrdiff_t k, ptrdiff_t *step) {
  ptrdiff_t d = o->p->X.d;
  *step = 1;
  if (!o->across) return o->partial + k * d;
  ptrdiff_t first = k / o->together * o->together;
  *step = first + o->together < o->K ? o->together : o->K - first;
  return o->lines + first * d + (k - first);
}

#endif
