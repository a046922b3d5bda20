/* The objective of penalised columns by its rows: X is met only through K, the Gram of the rows (n x n), so that data
 * with many more columns than rows cost no more than that (see solvers/dual.c). */
#ifndef FGD_ROWS_H
#define FGD_ROWS_H

#include "objective.h"

typedef struct {
  fgd_objective *o;
  fgd_row_gram_plan plan;
  double *factor;     /* d: scale / sqrt(lambda), 0 for constant columns */
  double *K, *B;      /* n x n: the Gram; the factor of I + S K S */
  double *root;       /* n: S, the roots of the curvatures */
  void *work;         /* of the factorisation */
  const double *from; /* of the product in hand */
  double *to;
} fgd_rows;

void fgd_rows_layout(fgd_rows *R, fgd_objective *o, int workers, fgd_arena *a);
/* sum_j lean_j^2 / lambda_j */
double fgd_rows_lean(const fgd_rows *R, const double *lean);
/* The verbs of fgd_rows_oracle. */
fgd_status fgd_rows_form(fgd_rows *R);
fgd_status fgd_rows_product(fgd_rows *R, const double *a, double *Ka);
double fgd_rows_spread(const fgd_rows *R, const double *a);
fgd_status fgd_rows_factor(fgd_rows *R, double *rounding);
void fgd_rows_solve(const fgd_rows *R, double *x);
void fgd_rows_margins(const fgd_rows *R, double *x);
void fgd_rows_move(fgd_rows *R, double t, const double *dz);
fgd_status fgd_rows_dual(fgd_rows *R, const double *shift, double *f);
fgd_status fgd_rows_combine(fgd_rows *R, const double *a, double *w);

#endif
