/* X by its rows, where every column has a penalty: it is met only through K = X inv(Lambda) X', the Gram of the rows
 * (n x n), so that data with many more columns than rows cost no more than that (see solvers/dual.c). */
#ifndef FGD_ROWS_H
#define FGD_ROWS_H

#include "objective.h"

typedef struct {
  fgd_team *team;
  const fgd_kernels *kernels;
  ptrdiff_t n, d;
  fgd_row_gram_plan plan;
  double *factor;     /* d: scale / sqrt(lambda), 0 for constant columns */
  double *K, *B;      /* n x n: the Gram; the factor of I + S K S */
  double *root;       /* n: S, the roots of the curvatures */
  void *work;         /* of the factorisation */
  double *solving;    /* of the solves, several lines */
  const double *from; /* of the product in hand, or of the solve */
  double *to;
  ptrdiff_t lines;
} fgd_rows;

/* For up to so many lines. */
void fgd_rows_layout(fgd_rows *R, const fgd_design *D, ptrdiff_t lines, int workers, fgd_arena *a);
/* One pass: K, from columns (x - shift) * scale whose penalties are lambda (d each). */
fgd_status fgd_rows_form(fgd_rows *R, fgd_team *team, const double *shift, const double *scale, const double *lambda,
                         int intercept);
/* sum_j lean_j^2 / lambda_j */
double fgd_rows_lean(ptrdiff_t d, const double *lean, const double *lambda);
/* As in fgd_rows_oracle, for several lines of n numbers. */
fgd_status fgd_rows_product(fgd_rows *R, ptrdiff_t lines, const double *a, double *Ka);
double fgd_rows_spread(const fgd_rows *R, ptrdiff_t lines, const double *a);
fgd_status fgd_rows_solve(fgd_rows *R, ptrdiff_t lines, double *x);
/* The factor for curvatures q (n). */
fgd_status fgd_rows_factor(fgd_rows *R, const double *q, double *rounding);

/* Verbs of fgd_rows_oracle for one line. */
void fgd_rows_margins(const fgd_objective *o, double *x);
void fgd_rows_move(fgd_objective *o, double t, const double *dz);
fgd_status fgd_rows_dual(fgd_objective *o, const double *shift, double *f);
fgd_status fgd_rows_combine(fgd_objective *o, const double *a, const double *b, double *w);

#endif
