/* The table of kernels: everything that is worth compiling once per instruction
 * set.  kernels.c is compiled with -DFGD_ISA=v1, v3, v4 or neon and defines one
 * table, fgd_kernels_<ISA>; dispatch.c picks one at import.
 *
 * Kernels see raw arrays: no threads, no labels, no centring, no intercept.  All
 * sums are taken in double registers whatever the element type, and no product
 * is skipped because a factor is zero, so that a NaN always shows in the result.
 */
#ifndef FGD_KERNELS_H
#define FGD_KERNELS_H

#include <stddef.h>
#include <stdint.h>

enum { FGD_F64, FGD_F32, FGD_U8, FGD_DTYPES };
enum { FGD_I32, FGD_I64, FGD_INDEXES };

/* A dense block is a set of `lines`, each `len` contiguous elements, `ld` elements
 * apart: rows in C order, columns in Fortran order.  With that, C order and Fortran
 * order are served by the same two products.  `m` is the number of vectors taken at
 * once; vector k starts at v + k*ldv, its result at out + k*ldo. */
typedef struct {
  /* out[k][i] += sum_j M[i*ld + j] * v[k][j]      (i < lines, j < len, k < m) */
  void (*dot)(ptrdiff_t lines, ptrdiff_t len, const void *M, ptrdiff_t ld, ptrdiff_t m,
              const double *v, ptrdiff_t ldv, double *out, ptrdiff_t ldo);
  /* out[k][j] += sum_i v[k][i] * M[i*ld + j]      (i < lines, j < len, k < m) */
  void (*axpy)(ptrdiff_t lines, ptrdiff_t len, const void *M, ptrdiff_t ld, ptrdiff_t m,
               const double *v, ptrdiff_t ldv, double *out, ptrdiff_t ldo);
  /* With t = M[i*ld + j] - c[j]:  s1[j] += sum_i w[i] t,  s2[j] += sum_i w[i] t^2.
   * c, s1, s2 have length len, w length lines. */
  void (*moments_across)(ptrdiff_t lines, ptrdiff_t len, const void *M, ptrdiff_t ld,
                         const double *w, const double *c, double *s1, double *s2);
  /* With t = M[i*ld + j] - c[i]:  s1[i] += sum_j w[j] t,  s2[i] += sum_j w[j] t^2.
   * c, s1, s2 have length lines, w length len. */
  void (*moments_along)(ptrdiff_t lines, ptrdiff_t len, const void *M, ptrdiff_t ld,
                        const double *w, const double *c, double *s1, double *s2);
  /* Squared length of eight products with each line, or each place along the lines; B has 8 numbers for each element
   * (line), c has 8.  In double for doubles, in float for the rest: the length is an estimate.
   *   along:  out[i] = sum_{k<8} (c[k] + sum_j M[i*ld + j] B[8*j + k])^2    (i < lines)
   *   across: out[j] = sum_{k<8} (c[k] + sum_i M[i*ld + j] B[8*i + k])^2    (j < len) */
  void (*squares_along)(ptrdiff_t lines, ptrdiff_t len, const void *M, ptrdiff_t ld, const double *B,
                        const double *c, float *out);
  void (*squares_across)(ptrdiff_t lines, ptrdiff_t len, const void *M, ptrdiff_t ld, const double *B,
                         const double *c, float *out);
} fgd_dense_kernels;

/* The same two products in float, each sum over at most a few thousand terms, then times `factor` in double.  Every
 * element enters as M[i*ld + j] - centre[j] (along: centre has length len) or - centre[i] (length lines).  Float and
 * uint8; NULL for double. */
typedef struct {
  void (*dot)(ptrdiff_t lines, ptrdiff_t len, const void *M, ptrdiff_t ld, const float *centre, int along,
              ptrdiff_t m, const float *v, ptrdiff_t ldv, double factor, double *out, ptrdiff_t ldo);
  void (*axpy)(ptrdiff_t lines, ptrdiff_t len, const void *M, ptrdiff_t ld, const float *centre, int along,
               ptrdiff_t m, const float *v, ptrdiff_t ldv, double factor, double *out, ptrdiff_t ldo);
} fgd_rough_kernels;

/* Rows of a CSR matrix: row i holds entries indptr[i] .. indptr[i+1]-1 of data and
 * indices (absolute positions).  Unsorted and duplicate columns are allowed. */
typedef struct {
  /* out[k][i] += sum_e data[e] * v[k][indices[e]] over the entries e of row i (i < rows, k < m) */
  void (*dot)(ptrdiff_t rows, const void *data, const void *indices, const void *indptr, ptrdiff_t m,
              const double *v, ptrdiff_t ldv, double *out, ptrdiff_t ldo);
  /* out[k][indices[e]] += v[k][i] * data[e] */
  void (*axpy)(ptrdiff_t rows, const void *data, const void *indices, const void *indptr, ptrdiff_t m,
               const double *v, ptrdiff_t ldv, double *out, ptrdiff_t ldo);
  /* s1[c] += w[i] x_ic,  s2[c] += w[i] x_ic^2, x_ic being the sum of the entries of row i in column c; `row` holds a
   * zero for each column, before and after. */
  void (*moments)(ptrdiff_t rows, const void *data, const void *indices, const void *indptr,
                  const double *w, double *s1, double *s2, double *row);
  /* out[i*ld + c] += data[e]: the rows written out, onto zeros that the caller laid */
  void (*densify)(ptrdiff_t rows, const void *data, const void *indices, const void *indptr,
                  double *out, ptrdiff_t ld);
  /* dot and axpy with m vectors whose numbers for one column lie side by side, so that an entry of X touches few cache
   * lines: out[k*ldo + i] += sum_e data[e] * v[indices[e]*m + k];  out[indices[e]*m + k] += r[k*ldr + i] * data[e] */
  void (*dot_across)(ptrdiff_t rows, const void *data, const void *indices, const void *indptr, ptrdiff_t m,
                     const double *v, double *out, ptrdiff_t ldo);
  void (*axpy_across)(ptrdiff_t rows, const void *data, const void *indices, const void *indptr, ptrdiff_t m,
                      const double *r, ptrdiff_t ldr, double *out);
} fgd_csr_kernels;

/* Where a weighted Gram takes its rows: element (i, j) is X[i*rs + j*cs], one of rs
 * and cs being 1, and enters as (x - shift[j]) * scale[j].  With `ones`, a column of
 * ones follows as column d. */
typedef struct {
  const void *X;
  ptrdiff_t rs, cs, d;
  const double *shift, *scale;   /* d each */
  int ones;
} fgd_gram_source;

typedef struct {
  /* For j0 <= a < j1 and 0 <= b <= a:
   *   G[a*ldg + b] += sum_{i < count} q[i] xt(r_i, a) xt(r_i, b)
   * with r_i = rows ? rows[i] : first + i, and q[i] >= 0 belonging to the i-th listed row.
   * Elements of G with a < b inside the 16-wide blocks on the diagonal may be overwritten
   * with anything finite.  float64 is summed in double; float32 and uint8 in float within
   * blocks of at most 512 rows, in double across them. */
  void (*gram)(const fgd_gram_source *src, ptrdiff_t first, ptrdiff_t count, const ptrdiff_t *rows,
               const double *q, ptrdiff_t j0, ptrdiff_t j1, double *G, ptrdiff_t ldg, void *work);
} fgd_gram_kernels;

typedef struct {
  const char *name;                               /* "v1", "v3", "v4", "neon" */
  fgd_dense_kernels dense[FGD_DTYPES];
  fgd_rough_kernels rough[FGD_DTYPES];
  fgd_csr_kernels csr[2][FGD_INDEXES];            /* [FGD_F64 or FGD_F32][index type] */
  fgd_gram_kernels gram[FGD_DTYPES];
  fgd_gram_kernels gram_float[FGD_DTYPES];        /* the same, float64 too in float within blocks */
  size_t (*gram_work)(ptrdiff_t d);               /* bytes of `work` (64-byte aligned), any dtype; d counts the ones */

  /* Pointwise, all arrays of length n.  `s` is read at s[i * (s_step != 0)]: one number for all
   * (s_step 0) or one each (s_step 1); y in [0, 1]; sums in a fixed order. */
  void (*sigmoid)(ptrdiff_t n, const double *z, double *out);
  /* returns sum s L(y, z); writes r = s (sigma(z) - y) */
  double (*logistic)(ptrdiff_t n, const double *z, const double *y, const double *s, int s_step, double *r);
  /* q = s sigma(z) (1 - sigma(z)) */
  void (*logistic_curvature)(ptrdiff_t n, const double *z, const double *s, int s_step, double *q);
  /* along z0 + t (z1 - z0): returns sum s L, and in *slope the derivative with respect to t */
  double (*logistic_line)(ptrdiff_t n, const double *z0, const double *z1, double t, const double *y,
                          const double *s, int s_step, double *slope);
  /* with p = sigma(z) and p' = p - (q/s) dz: returns sum s KL(p' || p), +inf if some p' with s > 0
   * leaves [0, 1]; q is s times a curvature, as logistic_curvature writes it (maybe elsewhere). */
  double (*logistic_dual)(ptrdiff_t n, const double *z, const double *dz, const double *q,
                          const double *s, int s_step);

  /* The same for K classes.  z, y and the others are K lines of n numbers, one behind the other; every row of y and of
   * q lies in the simplex.  softmax: returns sum s (-sum_k y_k log p_k), writes r = s (p - y).  softmax_tilt:
   * r_k = s p_k (dz_k - sum_j p_j dz_j), for given p.  softmax_dual: with p = softmax(z) and
   * p'_k = p_k - q_k (dz_k - sum_j q_j dz_j), returns sum s KL(p' || p), +inf if some p' with s > 0 is negative. */
  double (*softmax)(ptrdiff_t n, ptrdiff_t K, const double *z, const double *y, const double *s, int s_step, double *r);
  void (*softmax_probabilities)(ptrdiff_t n, ptrdiff_t K, const double *z, double *p);
  void (*softmax_tilt)(ptrdiff_t n, ptrdiff_t K, const double *p, const double *dz, const double *s, int s_step,
                       double *r);
  double (*softmax_dual)(ptrdiff_t n, ptrdiff_t K, const double *z, const double *q, const double *dz, const double *s,
                         int s_step);

  /* Poisson sampling: entry i, of row `first` + i, becomes min(1, factor chance[i]) with that probability, else 0.
   * Returns how many were drawn.  `seed` and the row decide, nothing else. */
  ptrdiff_t (*draw)(ptrdiff_t n, float *chance, double factor, uint64_t seed, ptrdiff_t first);

  /* Cholesky, in place on the lower triangle of a row-major n x n matrix A (leading dimension ld). The
   * strict upper triangle is neither read nor written. Returns 0, or j + 1 if pivot j is not positive. */
  int (*cholesky)(ptrdiff_t n, double *A, ptrdiff_t ld, void *work);
  size_t (*cholesky_work)(ptrdiff_t n);
  /* b := inv(L L^T) b, b := inv(L) b, b := inv(L)^T b, for the factor that cholesky left in A */
  void (*cholesky_solve)(ptrdiff_t n, const double *L, ptrdiff_t ld, double *b);
  void (*forward_solve)(ptrdiff_t n, const double *L, ptrdiff_t ld, double *b);
  void (*backward_solve)(ptrdiff_t n, const double *L, ptrdiff_t ld, double *b);
  /* Diagonally pivoted Cholesky of a positive semidefinite A, P^T A P = L L^T; stops when every
   * remaining pivot is <= tol. perm[k] is the column taken k-th (n entries). Returns the rank; rows
   * k of the lower triangle then hold L in pivoted order, rank columns of it. */
  ptrdiff_t (*cholesky_pivoted)(ptrdiff_t n, double *A, ptrdiff_t ld, double tol, ptrdiff_t *perm, void *work);
} fgd_kernels;

extern const fgd_kernels fgd_kernels_v1, fgd_kernels_v3, fgd_kernels_v4, fgd_kernels_neon;

#endif
