/* X as the solvers need it: products with blocks of rows, in any layout, and Grams of
 * the implicitly centred and scaled columns.  The only file that asks how X is stored. */
#ifndef FGD_DESIGN_H
#define FGD_DESIGN_H

#include "arena.h"
#include "fastgd.h"
#include "team.h"

typedef struct {
  const fgd_matrix *X;
  const fgd_kernels *kernels;
  ptrdiff_t block;       /* rows that are taken from memory once and used while in cache */
  ptrdiff_t parts, part; /* row partials of a gradient: how many, rows each */
} fgd_design;

#define FGD_MAX_BLOCK 1024
#define FGD_PARTIAL_BYTES (2 << 20) /* all row partials of a sum together */

void fgd_design_init(fgd_design *D, const fgd_matrix *X);
/* The same for products with m vectors at once. */
void fgd_design_init_many(fgd_design *D, const fgd_matrix *X, ptrdiff_t m);
/* Parts of so many rows, a multiple of 64, where their sums do not grow with d. */
void fgd_design_cut(fgd_design *D, ptrdiff_t rows);
/* What X takes in memory, in bytes. */
ptrdiff_t fgd_design_bytes(const fgd_design *D);

/* Blocks: rows first .. first+rows-1, all sums accumulated onto what is there.
 *   margins   z[i]  += x_i . w        gradient   g += sum_i r[i] x_i
 *   squares   out[i] = sum_{k<8} (c[k] + x_i . B[.., k])^2, not accumulated; B has 8 numbers for each column
 *   moments   s1 += sum_i w[i] (x_i - c),  s2 += sum_i w[i] (x_i - c)^2  (CSR: c must be 0,
 *             and `row` hold d zeros, before and after; else it is not used) */
void fgd_design_margins(const fgd_design *D, ptrdiff_t first, ptrdiff_t rows, const double *w, double *z);
/* The same where no gradient follows, whose kernel is the one that fetches ahead. */
void fgd_design_margins_only(const fgd_design *D, ptrdiff_t first, ptrdiff_t rows, const double *w, double *z);
void fgd_design_squares(const fgd_design *D, ptrdiff_t first, ptrdiff_t rows, const double *B, const double *c,
                        float *out);
void fgd_design_gradient(const fgd_design *D, ptrdiff_t first, ptrdiff_t rows, const double *r, double *g);
/* The same with m vectors at once: w and g are m lines of d numbers, or (CSR) d lines of m, z and r m lines of
 * `rows`. */
int fgd_design_is_across(const fgd_design *D); /* d lines of m */
void fgd_design_margins_many(const fgd_design *D, ptrdiff_t first, ptrdiff_t rows, ptrdiff_t m, const double *w,
                             double *z);
void fgd_design_gradient_many(const fgd_design *D, ptrdiff_t first, ptrdiff_t rows, ptrdiff_t m, const double *r,
                              double *g);
/* The same in float, for columns x - centre, where fgd_design_is_rough says that there is such a kernel; the margins of
 * w, the gradient times `factor`. */
int fgd_design_is_rough(const fgd_design *D);
void fgd_design_margins_rough(const fgd_design *D, ptrdiff_t first, ptrdiff_t rows, ptrdiff_t m, const float *centre,
                              const float *w, double *z);
void fgd_design_gradient_rough(const fgd_design *D, ptrdiff_t first, ptrdiff_t rows, ptrdiff_t m, const float *centre,
                               const float *r, double factor, double *g);
void fgd_design_moments(const fgd_design *D, ptrdiff_t first, ptrdiff_t rows, const double *w,
                        const double *c, double *s1, double *s2, double *row);
/* CSR, slowly: s1 and s2 over the entries that are there, about c (d), and their count; row: d zeros, left so. */
void fgd_design_moments_about(const fgd_design *D, ptrdiff_t first, ptrdiff_t rows, const double *w, const double *c,
                              double *count, double *s1, double *s2, double *row);

/*   magnitudes   z[i] = sum_j |x_ij w_j|, slowly: for the few times when rounding must be told from zero */
void fgd_design_magnitudes(const fgd_design *D, ptrdiff_t first, ptrdiff_t rows, const double *w, double *z);

/* The `count` rows listed, one after the other in C order, as elements of X's own type (CSR: of double). */
void fgd_design_copy(const fgd_design *D, const ptrdiff_t *rows, ptrdiff_t count, void *out);
int fgd_design_copied(const fgd_design *D);
size_t fgd_design_element(const fgd_design *D); /* their size */

/* A point near the middle of the columns (d), from a few rows; 0 for CSR. */
void fgd_design_middle(const fgd_design *D, double *c);

/* Lower triangle of G (size x size, size = d + ones) = sum_i q[i] xt_i xt_i', xt = (x - shift) * scale
 * and a one behind if `ones`.  rows NULL: all rows; else `count` of them, q in their order.  exact:
 * products in double for every element type. */
typedef struct {
  const fgd_design *D;
  fgd_team *team;
  const double *shift, *scale;
  int ones, exact;
  double *partial; /* slots of size x size */
  ptrdiff_t slots, strips;
  char *work; /* per worker: packing space and a widened block */
  size_t work_each;
} fgd_gram_plan;

void fgd_gram_plan_layout(fgd_gram_plan *g, const fgd_design *D, ptrdiff_t count, int ones, int exact, int workers,
                          fgd_arena *a);
fgd_status fgd_design_gram(const fgd_gram_plan *g, const ptrdiff_t *rows, ptrdiff_t count, const double *q,
                           double *G);

/* Two of them in the same memory, for one at a time: with products in float and in double. */
typedef struct {
  fgd_gram_plan coarse, fine;
} fgd_grams;

void fgd_grams_layout(fgd_grams *g, const fgd_design *D, ptrdiff_t count, int ones, int workers, fgd_arena *a);
void fgd_grams_begin(fgd_grams *g, fgd_team *team, const double *shift, const double *scale);

/* K (n x n, both triangles) = sum_j xt_j xt_j' over the columns, xt_j = (x_j - shift[j]) * factor[j]; X is dense.
 * Products and sums in double for every element type. */
typedef struct {
  const fgd_design *D;
  fgd_team *team;
  const double *shift, *factor; /* d each */
  double *partial;              /* slots of n x n */
  double *ones;                 /* n zeros, then as many ones as rows or a block of columns */
  ptrdiff_t slots, strips, block;
  char *work;                   /* per worker: a block of columns and packing space */
  size_t work_each;
} fgd_row_gram_plan;

void fgd_row_gram_plan_layout(fgd_row_gram_plan *g, const fgd_design *D, int workers, fgd_arena *a);
fgd_status fgd_design_row_gram(const fgd_row_gram_plan *g, double *K);

#endif
