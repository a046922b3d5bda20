/* Which columns depend on the others, and the shortest coefficients that predict the same. */
#ifndef FGD_RANK_H
#define FGD_RANK_H

#include "arena.h"
#include "factor.h"

typedef struct {
  ptrdiff_t d, size, rank;  /* size = d + intercept; rank counts the intercept's column as well */
  ptrdiff_t *order;         /* size: the columns kept (rank of them), then the dependent ones */
  double *L;                /* size x size: after fgd_rank_find row k >= rank holds in its first `rank` places
                               how the k-th column in order follows from those kept */
  double *scale;            /* size: equilibrates the Gram */
  double *work;             /* 2 size */
} fgd_rank;

/* Relative conditional variance below which a column counts as a combination of the others. */
double fgd_rank_tolerance(ptrdiff_t size);

void fgd_rank_layout(fgd_rank *R, ptrdiff_t d, ptrdiff_t size, fgd_arena *a);
/* From H, the Gram (lower triangle) of centred, scaled columns.  F lends its L and work. */
void fgd_rank_find(fgd_rank *R, fgd_factor *F);
/* Do some of the rows show already that no column depends on others?  H is their share in a Gram whose diagonal is 1,
 * which is only larger by what the other rows add, so that no pivot of it is smaller.  float will do for H. */
int fgd_rank_full(fgd_rank *R, const fgd_factor *F);
/* The same predictions with the kept columns alone: w (size, scaled coordinates). */
void fgd_rank_eliminate(const fgd_rank *R, double *w);
/* w minus what is left of it over the rows of that Gram: r = H w there is made smaller through the kept columns. */
void fgd_rank_correct(const fgd_rank *R, const fgd_factor *F, const double *r, double *w);
/* The same predictions with the smallest |unit * w|_2 over the coefficients; F's matrices are used up.
 * unit[j] takes coordinate j to the user's units (NULL: they are the user's). */
void fgd_rank_shortest(const fgd_rank *R, fgd_factor *F, const double *unit, double *w);

#endif
