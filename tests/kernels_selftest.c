/* Every kernel of one table against plain loops, in C alone: for sanitizers and for
 * processors that are only emulated.  Compile together with csrc/kernels.c, both with
 * the same -DFGD_ISA=<name>:
 *
 *   cc -Icsrc -DFGD_ISA=v1 csrc/kernels.c tests/kernels_selftest.c -lm && ./a.out
 *
 * Bounds are those of error analysis, not of experience: a sum of n products, computed
 * in any order, is within (n + 1) eps sum |terms| of any other.  Each array ends where
 * its block of memory ends, for the sanitizer, and starts at no multiple of a vector. */
#include "kernels.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
static const fgd_kernels *const K = &PASTE(fgd_kernels_, FGD_ISA);

static const ptrdiff_t sizes[] = {0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 97, 1030};
enum { SIZES = sizeof sizes / sizeof *sizes, SMALL = SIZES - 1 };
static const size_t element[FGD_DTYPES] = {sizeof(double), sizeof(float), 1};
static const char *const dtype_name[FGD_DTYPES] = {"f64", "f32", "u8"};
static const double eps = DBL_EPSILON;

/* ---- arrays, numbers, complaints ---- */

static char *blocks[64];
static int n_blocks;

static void *fresh(ptrdiff_t n, size_t size) {
  char *block = malloc((size_t)(n + 1) * size);
  if (!block || n_blocks == 64) abort();
  blocks[n_blocks++] = block;
  return block + size;
}

static void release(void) {
  while (n_blocks) free(blocks[--n_blocks]);
}

static double uniform(void) { /* in [-1, 1) */
  static uint64_t x = 88172645463325252u;
  x ^= x << 13, x ^= x >> 7, x ^= x << 17;
  return (double)(int64_t)x * 0x1p-63;
}

static ptrdiff_t below(ptrdiff_t n) { return (ptrdiff_t)((uniform() + 1) / 2 * (double)n) % n; }

static double *numbers(ptrdiff_t n, double centre, double spread) {
  double *x = fresh(n, sizeof *x);
  for (ptrdiff_t i = 0; i < n; i++) x[i] = centre + spread * uniform();
  return x;
}

static double *copy(const double *x, ptrdiff_t n) {
  double *y = fresh(n, sizeof *y);
  return n ? memcpy(y, x, (size_t)n * sizeof *y) : y;
}

static void *elements(int dtype, ptrdiff_t n) {
  void *M = fresh(n, element[dtype]);
  for (ptrdiff_t i = 0; i < n; i++) {
    if (dtype == FGD_F64) ((double *)M)[i] = uniform();
    if (dtype == FGD_F32) ((float *)M)[i] = (float)uniform();
    if (dtype == FGD_U8) ((uint8_t *)M)[i] = (uint8_t)below(256);
  }
  return M;
}

static double at(int dtype, const void *M, ptrdiff_t i) {
  return dtype == FGD_F64   ? ((const double *)M)[i]
         : dtype == FGD_F32 ? ((const float *)M)[i]
                            : ((const uint8_t *)M)[i];
}

static void *indexes(int type, ptrdiff_t n) { return fresh(n, type == FGD_I32 ? 4 : 8); }

static void put_index(int type, void *a, ptrdiff_t i, ptrdiff_t value) {
  if (type == FGD_I32)
    ((int32_t *)a)[i] = (int32_t)value;
  else
    ((int64_t *)a)[i] = value;
}

static ptrdiff_t index_at(int type, const void *a, ptrdiff_t i) {
  return type == FGD_I32 ? ((const int32_t *)a)[i] : (ptrdiff_t)((const int64_t *)a)[i];
}

static long checks, failures;
static char what[128]; /* the case at hand */

static void check(int ok, const char *name, ptrdiff_t i, double got, double want, double bound) {
  checks++;
  if (ok) return;
  if (failures++ < 20)
    printf("%s %s: %s[%td] is %.17g, not %.17g (bound %.3g)\n", K->name, what, name, i, got, want, bound);
}

static void near(const char *name, ptrdiff_t i, double got, double want, double bound) {
  check(fabs(got - want) <= bound, name, i, got, want, bound);
}

static void same(const char *name, ptrdiff_t i, double got, double want) {
  check(got == want || (isnan(got) && isnan(want)), name, i, got, want, 0);
}

/* A sum that knows its own error. */
typedef struct {
  double value, size;
  ptrdiff_t terms;
} sum;
static void add(sum *s, double term) { s->value += term, s->size += fabs(term), s->terms++; }
static void near_sum(const char *name, ptrdiff_t i, double got, sum s) {
  near(name, i, got, s.value, (double)(s.terms + 3) * eps * s.size);
}

static void *workspace(size_t bytes) {
  char *p = fresh((ptrdiff_t)bytes + 64, 1);
  return p + (-(uintptr_t)p & 63);
}

/* ---- dense ---- */

static void dense_products(int dtype, ptrdiff_t lines, ptrdiff_t len, ptrdiff_t m) {
  const fgd_dense_kernels *k = &K->dense[dtype];
  ptrdiff_t ld = len + 3, size = lines ? (lines - 1) * ld + len : 0;
  ptrdiff_t ldl = lines + 2, ldn = len + 2; /* apart: vectors over the lines, over the elements of a line */
  void *M = elements(dtype, size);
  double *u = numbers((m - 1) * ldl + lines, 0, 1), *v = numbers((m - 1) * ldn + len, 0, 1);
  double *along = copy(u, (m - 1) * ldl + lines), *across = copy(v, (m - 1) * ldn + len);
  snprintf(what, sizeof what, "dense %s %td x %td, m = %td", dtype_name[dtype], lines, len, m);
  k->dot(lines, len, M, ld, m, v, ldn, along, ldl);
  k->axpy(lines, len, M, ld, m, u, ldl, across, ldn);
  for (ptrdiff_t r = 0; r < m; r++) {
    for (ptrdiff_t i = 0; i < ldl && r * ldl + i < (m - 1) * ldl + lines; i++) {
      sum s = {0};
      add(&s, u[r * ldl + i]);
      if (i < lines)
        for (ptrdiff_t j = 0; j < len; j++) add(&s, at(dtype, M, i * ld + j) * v[r * ldn + j]);
      near_sum("dot", r * ldl + i, along[r * ldl + i], s);
    }
    for (ptrdiff_t j = 0; j < ldn && r * ldn + j < (m - 1) * ldn + len; j++) {
      sum s = {0};
      add(&s, v[r * ldn + j]);
      if (j < len)
        for (ptrdiff_t i = 0; i < lines; i++) add(&s, at(dtype, M, i * ld + j) * u[r * ldl + i]);
      near_sum("axpy", r * ldn + j, across[r * ldn + j], s);
    }
  }
  release();
}

static void dense_moments(int dtype, ptrdiff_t lines, ptrdiff_t len, int across) {
  const fgd_dense_kernels *k = &K->dense[dtype];
  ptrdiff_t ld = len + 1, size = lines ? (lines - 1) * ld + len : 0;
  ptrdiff_t n = across ? lines : len, d = across ? len : lines;
  void *M = elements(dtype, size);
  double *w = numbers(n, 1, 1), *c = numbers(d, 0.5, 1), *a1 = numbers(d, 0, 1), *a2 = numbers(d, 0, 1);
  double *s1 = copy(a1, d), *s2 = copy(a2, d);
  snprintf(what, sizeof what, "dense %s %td x %td", dtype_name[dtype], lines, len);
  (across ? k->moments_across : k->moments_along)(lines, len, M, ld, w, c, s1, s2);
  for (ptrdiff_t j = 0; j < d; j++) {
    sum first = {0}, second = {0};
    add(&first, a1[j]), add(&second, a2[j]);
    for (ptrdiff_t i = 0; i < n; i++) {
      double t = at(dtype, M, across ? i * ld + j : j * ld + i) - c[j];
      add(&first, w[i] * t), add(&second, w[i] * t * t);
    }
    near_sum("first moment", j, s1[j], first);
    near_sum("second moment", j, s2[j], second);
  }
  release();
}

/* Eight products at a time, in double for doubles and float for the rest, squared and summed, in float at the end. */
static void dense_squares(int dtype, ptrdiff_t lines, ptrdiff_t len, int across) {
  const fgd_dense_kernels *k = &K->dense[dtype];
  ptrdiff_t ld = len + 1, size = lines ? (lines - 1) * ld + len : 0;
  ptrdiff_t n = across ? len : lines, d = across ? lines : len;
  void *M = elements(dtype, size);
  double *B = numbers(8 * d, 0, 1), *c = numbers(8, 0, 1);
  float *out = workspace((size_t)(n + 1) * sizeof *out);
  double precision = dtype == FGD_F64 ? eps : FLT_EPSILON;
  out[n] = 7;
  snprintf(what, sizeof what, "dense %s %td x %td", dtype_name[dtype], lines, len);
  (across ? k->squares_across : k->squares_along)(lines, len, M, ld, B, c, out);
  for (ptrdiff_t i = 0; i < n; i++) {
    double want = 0, bound = 0;
    for (ptrdiff_t r = 0; r < 8; r++) {
      sum s = {0};
      add(&s, c[r]);
      for (ptrdiff_t j = 0; j < d; j++) add(&s, at(dtype, M, across ? j * ld + i : i * ld + j) * B[8 * j + r]);
      want += s.value * s.value;
      bound += 4 * (double)(d + 4) * precision * s.size * s.size;
    }
    near("squares", i, out[i], want, bound + 0x1p-23 * want);
  }
  same("squares, beyond", n, out[n], 7);
  release();
}

/* Drawn with the chance that was asked for; which ones depends on the row and not on where an array begins. */
static void draws(void) {
  enum { N = 20000 };
  float *chance = workspace(N * sizeof *chance), *part = workspace(N * sizeof *part);
  snprintf(what, sizeof what, "draw");
  for (ptrdiff_t i = 0; i < N; i++) chance[i] = part[i] = (float)(i % 4) / 4;
  ptrdiff_t found = K->draw(N, chance, 2, 77, 0), each[4] = {0}, again = 0;
  for (ptrdiff_t i = 0, step; i < N; i += step) {
    step = 1 + i % 37 < N - i ? 1 + i % 37 : N - i;
    again += K->draw(step, part + i, 2, 77, i);
  }
  same("count", 0, (double)again, (double)found);
  for (ptrdiff_t i = 0; i < N; i++) {
    same("place", i, part[i], chance[i]);
    if (chance[i] > 0) each[i % 4]++, same("chance", i, chance[i], i % 4 == 1 ? 0.5 : 1);
  }
  same("never", 0, (double)each[0], 0);
  near("half of them", 1, (double)each[1], N / 8.0, 5 * sqrt(N / 16.0));
  same("always", 2, (double)each[2], N / 4.0);
  same("above 1", 3, (double)each[3], N / 4.0);
  same("total", 0, (double)(each[1] + each[2] + each[3]), (double)found);
  release();
}

/* A NaN shows, whatever it is multiplied with. */
static void dense_nan(int dtype) {
  for (ptrdiff_t place = 0; place < 21; place++) {
    ptrdiff_t lines = 3, len = 7;
    void *M = elements(dtype, 21);
    if (dtype == FGD_F64) ((double *)M)[place] = NAN;
    if (dtype == FGD_F32) ((float *)M)[place] = NAN;
    double *zero = numbers(7, 0, 0), *along = numbers(3, 0, 0), *across = numbers(7, 0, 0);
    K->dense[dtype].dot(lines, len, M, len, 1, zero, len, along, lines);
    K->dense[dtype].axpy(lines, len, M, len, 1, zero, lines, across, len);
    snprintf(what, sizeof what, "dense %s, NaN at %td", dtype_name[dtype], place);
    for (ptrdiff_t i = 0; i < lines; i++) same("dot", i, along[i], i == place / len ? NAN : 0);
    for (ptrdiff_t j = 0; j < len; j++) same("axpy", j, across[j], j == place % len ? NAN : 0);
    release();
  }
}

/* ---- CSR ---- */

static void csr(int dtype, int type, ptrdiff_t rows, ptrdiff_t cols, ptrdiff_t m) {
  const fgd_csr_kernels *k = &K->csr[dtype][type];
  ptrdiff_t skipped = 2, entries = skipped; /* the block starts in the middle of a matrix */
  void *indptr = indexes(type, rows + 1);
  for (ptrdiff_t i = 0; i <= rows; i++) {
    put_index(type, indptr, i, entries);
    if (i < rows && cols) entries += below(3) ? below(2 * cols) : 0;
  }
  void *data = elements(dtype, entries), *indices = indexes(type, entries);
  for (ptrdiff_t e = 0; e < entries; e++) put_index(type, indices, e, cols ? below(cols) : 0);
  ptrdiff_t ldr = rows + 1, ldc = cols + 1;
  ptrdiff_t nr = (m - 1) * ldr + rows, nc = (m - 1) * ldc + cols;
  double *u = numbers(nr, 0, 1), *v = numbers(nc, 0, 1), *w = numbers(rows, 1, 1);
  double *along = copy(u, nr), *across = copy(v, nc);
  double *s1 = numbers(cols, 0, 0), *s2 = numbers(cols, 0, 0), *full = numbers(rows * ldc, 0, 0);
  sum *want_across = fresh(nc, sizeof(sum)), *want1 = fresh(cols, sizeof(sum)),
      *want2 = fresh(cols, sizeof(sum));
  sum *want_full = fresh(rows * ldc, sizeof(sum));
  for (ptrdiff_t j = 0; j < nc; j++) want_across[j] = (sum){v[j], fabs(v[j]), 1};
  for (ptrdiff_t j = 0; j < cols; j++) want1[j] = want2[j] = (sum){0};
  for (ptrdiff_t j = 0; j < rows * ldc; j++) want_full[j] = (sum){0};
  snprintf(what, sizeof what, "csr %s i%d %td x %td, m = %td", dtype_name[dtype], type == FGD_I32 ? 32 : 64,
           rows, cols, m);
  k->dot(rows, data, indices, indptr, m, v, ldc, along, ldr);
  k->axpy(rows, data, indices, indptr, m, u, ldr, across, ldc);
  double *row = numbers(cols, 0, 0);
  k->moments(rows, data, indices, indptr, w, s1, s2, row);
  k->densify(rows, data, indices, indptr, full, ldc);
  for (ptrdiff_t i = 0; i < rows; i++) {
    ptrdiff_t begin = index_at(type, indptr, i), end = index_at(type, indptr, i + 1);
    for (ptrdiff_t r = 0; r < m; r++) {
      sum s = {0};
      add(&s, u[r * ldr + i]);
      for (ptrdiff_t e = begin; e < end; e++) {
        ptrdiff_t c = index_at(type, indices, e);
        add(&s, at(dtype, data, e) * v[r * ldc + c]);
        add(&want_across[r * ldc + c], at(dtype, data, e) * u[r * ldr + i]);
      }
      near_sum("dot", r * ldr + i, along[r * ldr + i], s);
    }
    for (ptrdiff_t e = begin; e < end; e++) {
      ptrdiff_t c = index_at(type, indices, e);
      double x = at(dtype, data, e);
      add(&want1[c], w[i] * x), add(&want_full[i * ldc + c], x);
      for (ptrdiff_t f = begin; f < end; f++) /* a column may occur several times in a row */
        if (index_at(type, indices, f) == c) add(&want2[c], w[i] * x * at(dtype, data, f));
    }
  }
  for (ptrdiff_t j = 0; j < nc; j++) near_sum("axpy", j, across[j], want_across[j]);
  for (ptrdiff_t j = 0; j < cols; j++) near_sum("first moment", j, s1[j], want1[j]);
  for (ptrdiff_t j = 0; j < cols; j++) near_sum("second moment", j, s2[j], want2[j]);
  for (ptrdiff_t j = 0; j < rows * ldc; j++) near_sum("densify", j, full[j], want_full[j]);
  release();
}

/* ---- weighted Gram ---- */

static void gram(int dtype, int narrow, ptrdiff_t count, ptrdiff_t d, int ones, int fortran, int listed) {
  ptrdiff_t n = count + 5, D = d + ones, ldg = D + 3;
  ptrdiff_t rs = fortran ? 1 : d + 1, cs = fortran ? n + 1 : 1;
  void *X = elements(dtype, n && d ? (n - 1) * rs + (d - 1) * cs + 1 : 0);
  double centre = dtype == FGD_U8 ? 128 : 0.5;
  double *shift = numbers(d, centre, 0.5), *scale = numbers(d, 1, 0.5), *q = numbers(count, 1, 1);
  ptrdiff_t *rows = fresh(count, sizeof *rows);
  for (ptrdiff_t i = 0; i < count; i++) rows[i] = listed ? below(n) : i + 3;
  fgd_gram_source source = {X, rs, cs, d, shift, scale, ones};
  void *work = workspace(K->gram_work(D));
  const fgd_gram_kernels *kernel = narrow ? &K->gram_float[dtype] : &K->gram[dtype];
  int exact = dtype == FGD_F64 && !narrow;
  double precision = exact ? eps : FLT_EPSILON;
  double terms = exact || count < 512 ? (double)count : 512;
  double *before = numbers(D * ldg, 0, 1);
  for (ptrdiff_t j0 = 0; j0 < D; j0 += 32)
    for (ptrdiff_t j1 = j0 + 16;; j1 += 48) {
      if (j1 > D) j1 = D;
      double *G = copy(before, D * ldg);
      snprintf(what, sizeof what, "gram %s%s, %td rows, d = %td + %d, %s%s, panel %td to %td", dtype_name[dtype],
               narrow ? " in float" : "", count, d, ones, fortran ? "F" : "C", listed ? ", listed" : "", j0, j1);
      kernel->gram(&source, 3, count, listed ? rows : NULL, q, j0, j1, G, ldg, work);
      for (ptrdiff_t a = 0; a < D; a++)
        for (ptrdiff_t b = 0; b < ldg; b++) {
          double got = G[a * ldg + b], start = before[a * ldg + b];
          if (a < j0 || a >= j1 || b >= D || b / 16 > a / 16) {
            same("untouched", a * ldg + b, got, start);
          } else if (b > a) {
            check(isfinite(got), "finite", a * ldg + b, got, start, 0);
          } else {
            double want = start, size = fabs(start);
            for (ptrdiff_t i = 0; i < count; i++) {
              double xa = 1, xb = 1, ma = 1, mb = 1;
              if (a < d) {
                double x = at(dtype, X, rows[i] * rs + a * cs);
                xa = (x - shift[a]) * scale[a], ma = (fabs(x) + fabs(shift[a])) * scale[a];
              }
              if (b < d) {
                double x = at(dtype, X, rows[i] * rs + b * cs);
                xb = (x - shift[b]) * scale[b], mb = (fabs(x) + fabs(shift[b])) * scale[b];
              }
              want += q[i] * xa * xb, size += q[i] * ma * mb;
            }
            near("G", a * ldg + b, got, want, (terms + 16) * precision * size);
          }
        }
      free(blocks[--n_blocks]); /* G */
      if (j1 == D) break;
    }
  release();
}

/* ---- pointwise ---- */

static double ulp(double x) { return nextafter(fabs(x), INFINITY) - fabs(x); }

static long double sigma(long double z) { return 1 / (1 + expl(-z)); }
static long double softplus(long double z) { return (z > 0 ? z : 0) + log1pl(expl(-fabsl(z))); }

static double *margins(ptrdiff_t n) {
  static const double special[] = {0,     1e-300, -1e-300, 5e-324, 36,    -36,   700,   -700,
                                   709.5, -709.5, -744,    1000,   -1000, 1e300, -1e300};
  double *z = numbers(n, 0, 1);
  for (ptrdiff_t i = 0; i < n; i++) z[i] *= i % 3 ? 5 : 50;
  for (ptrdiff_t i = 0; i < 15 && 2 * i + 1 < n; i++) z[2 * i + 1] = special[i];
  return z;
}

static void sigmoid(ptrdiff_t n) {
  double *z = margins(n), *out = numbers(n, 0, 0);
  snprintf(what, sizeof what, "sigmoid of %td", n);
  K->sigmoid(n, z, out);
  for (ptrdiff_t i = 0; i < n; i++)
    near("sigma", i, out[i], (double)sigma(z[i]), 2 * ulp((double)sigma(z[i])));
  release();
}

static void sigmoid_limits(void) {
  double *z = numbers(9, 0, 0), *out = numbers(9, 0, 0);
  z[0] = z[8] = INFINITY, z[1] = z[6] = -INFINITY, z[2] = z[5] = NAN;
  snprintf(what, sizeof what, "sigmoid at the limits");
  K->sigmoid(9, z, out);
  for (ptrdiff_t i = 0; i < 9; i++)
    same("sigma", i, out[i], isnan(z[i]) ? NAN : isinf(z[i]) ? z[i] > 0 : 0.5);
  release();
}

static void logistic(ptrdiff_t n, int s_step) {
  double *z = margins(n), *y = numbers(n, 0.5, 0.5), *s = numbers(s_step ? n : 1, 1, 1),
         *r = numbers(n, 0, 0);
  double *q = numbers(n, 0, 0), *z1 = numbers(n, 0, 0), t = 0.75, slope;
  for (ptrdiff_t i = 0; i < n; i++) y[i] = i % 4 == 0 ? 0 : i % 4 == 1 ? 1 : y[i];
  for (ptrdiff_t i = 0; i < n; i++) z1[i] = z[i] * (1 + uniform()) + uniform();
  snprintf(what, sizeof what, "logistic of %td, s_step = %d", n, s_step);
  double cost = K->logistic(n, z, y, s, s_step, r);
  K->logistic_curvature(n, z, s, s_step, q);
  double cost_at = K->logistic_line(n, z, z1, t, y, s, s_step, &slope);
  sum total = {0};
  double want_at = 0, size_at = 0, want_slope = 0, size_slope = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    double si = s[s_step ? i : 0];
    long double p = sigma(z[i]), dz = (long double)z1[i] - z[i], zt = z[i] + t * dz;
    add(&total, (double)(si * softplus(z[i]))), add(&total, -si * y[i] * z[i]);
    near("r", i, r[i], (double)(si * (p - y[i])), 4 * eps * si * (double)(p + y[i]));
    double curvature = (double)(si * p * sigma(-z[i]));
    near("q", i, q[i], curvature, 8 * ulp(curvature));
    want_at += (double)(si * (softplus(zt) - y[i] * zt));
    size_at += si * ((double)softplus(zt) + fabs(z[i]) + fabs((double)dz) + 1);
    want_slope += (double)(si * (sigma(zt) - y[i]) * dz);
    size_slope += si * fabs((double)dz) * (2 + fabs(z[i]) + fabs((double)dz));
  }
  near_sum("cost", 0, cost, total);
  near("cost on the line", 0, cost_at, want_at, (double)(n + 16) * eps * size_at);
  near("slope", 0, slope, want_slope, (double)(n + 16) * eps * size_slope);
  if (n) {
    z[n - 1] = NAN;
    same("cost of NaN", 0, K->logistic(n, z, y, s, s_step, r), NAN);
  }
  release();
}

static void dual(ptrdiff_t n, int s_step) {
  double *z = numbers(n, 0, 20), *dz = numbers(n, 0, 1), *s = numbers(s_step ? n : 1, 1, 1),
         *q = numbers(n, 1, 1);
  double want = 0, size = 0;
  snprintf(what, sizeof what, "dual of %td, s_step = %d", n, s_step);
  if (s_step && n > 1) s[1] = q[1] = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    double si = s[s_step ? i : 0];
    if (si == 0) continue;
    long double p = sigma(z[i]), o = sigma(-z[i]), half = (p < o ? p : o) / 2;
    dz[i] *= (double)(half * si) / q[i] * (i % 5 ? 1 : 1e-6); /* p' stays within half of p from 0 and 1 */
    long double delta = (long double)q[i] / si * dz[i];
    long double left = (p - delta) * log1pl(-delta / p), right = (o + delta) * log1pl(delta / o);
    want += (double)(si * (left + right));
    size += (double)(si * (fabsl(left) + fabsl(right) + fabsl(delta)));
  }
  near("KL", 0, K->logistic_dual(n, z, dz, q, s, s_step), want, (double)(n + 32) * eps * size);
  for (ptrdiff_t i = 0; i < n; i += 7) {
    if (s[s_step ? i : 0] == 0) continue;
    double kept = dz[i];
    dz[i] = (i % 2 ? 1.5 : -1.5) * s[s_step ? i : 0] / q[i]; /* p' = p -+ 1.5 */
    same("infeasible", i, K->logistic_dual(n, z, dz, q, s, s_step), INFINITY);
    dz[i] = kept;
  }
  release();
}

/* ---- Cholesky ---- */

/* A = B B^T + ridge I in the lower triangle, NaN above it, where nothing may be read. */
static double *positive(ptrdiff_t n, ptrdiff_t rank, double ridge, ptrdiff_t ld) {
  double *A = numbers(n * ld, NAN, 0), *B = numbers(n * rank, 0, 1);
  for (ptrdiff_t i = 0; i < n; i++)
    for (ptrdiff_t j = 0; j <= i; j++) {
      A[i * ld + j] = i == j ? ridge : 0;
      for (ptrdiff_t k = 0; k < rank; k++) A[i * ld + j] += B[i * rank + k] * B[j * rank + k];
    }
  return A;
}

/* r = b - op(L) x, with the sum of the terms' sizes */
static sum residual(ptrdiff_t n, const double *L, ptrdiff_t ld, int transposed, ptrdiff_t i, const double *x,
                    double b) {
  sum s = {0};
  add(&s, b);
  for (ptrdiff_t j = transposed ? i : 0; j < (transposed ? n : i + 1); j++)
    add(&s, -L[transposed ? j * ld + i : i * ld + j] * x[j]);
  return s;
}

static void cholesky(ptrdiff_t n) {
  ptrdiff_t ld = n + 3;
  double *A = positive(n, n, 0.5, ld), *L = copy(A, n * ld), *b = numbers(n, 0, 1);
  void *work = workspace(K->cholesky_work(n));
  snprintf(what, sizeof what, "cholesky of order %td", n);
  same("pivot", 0, K->cholesky(n, L, ld, work), 0);
  for (ptrdiff_t i = 0; i < n; i++)
    for (ptrdiff_t j = 0; j < ld; j++) {
      if (j > i) {
        same("above", i * ld + j, L[i * ld + j], NAN);
        continue;
      }
      sum s = {0};
      for (ptrdiff_t k = 0; k <= j; k++) add(&s, L[i * ld + k] * L[j * ld + k]);
      near("L L^T", i * ld + j, s.value, A[i * ld + j], (double)(n + 3) * eps * s.size);
    }
  double *x = copy(b, n), *f = copy(b, n);
  K->forward_solve(n, L, ld, f);
  for (ptrdiff_t i = 0; i < n; i++) near_sum("forward", i, 0, residual(n, L, ld, 0, i, f, b[i]));
  double *g = copy(f, n);
  K->backward_solve(n, L, ld, g);
  for (ptrdiff_t i = 0; i < n; i++) near_sum("backward", i, 0, residual(n, L, ld, 1, i, g, f[i]));
  K->cholesky_solve(n, L, ld, x);
  for (ptrdiff_t i = 0; i < n; i++) same("solve", i, x[i], g[i]);
  for (ptrdiff_t bad = 0; bad < n; bad += n / 3 + 1) {
    double *Z = copy(A, n * ld);
    Z[bad * ld + bad] = -1;
    same("bad pivot", bad, K->cholesky(n, Z, ld, work), (double)(bad + 1));
  }
  release();
}

static void pivoted(ptrdiff_t n, ptrdiff_t rank) {
  ptrdiff_t ld = n + 1, *perm = fresh(n, sizeof *perm), *seen = fresh(n, sizeof *seen);
  double *A = positive(n, rank, 0, ld), *L = copy(A, n * ld);
  void *work = workspace(K->cholesky_work(n));
  double largest = 0;
  for (ptrdiff_t i = 0; i < n; i++) largest = fmax(largest, A[i * ld + i]), seen[i] = 0;
  double tol = 100 * (double)n * eps * largest;
  snprintf(what, sizeof what, "pivoted cholesky of order %td, rank %td", n, rank);
  ptrdiff_t found = K->cholesky_pivoted(n, L, ld, tol, perm, work);
  same("rank", 0, (double)found, (double)rank);
  for (ptrdiff_t k = 0; k < n; k++) {
    int valid = perm[k] >= 0 && perm[k] < n && !seen[perm[k]];
    check(valid, "perm", k, (double)perm[k], (double)k, 0);
    if (valid) seen[perm[k]] = 1;
  }
  for (ptrdiff_t i = 0; i < n && !failures; i++)
    for (ptrdiff_t j = 0; j < ld; j++) {
      if (j > i) {
        same("above", i * ld + j, L[i * ld + j], NAN);
        continue;
      }
      ptrdiff_t a = perm[i] > perm[j] ? perm[i] : perm[j], b = perm[i] > perm[j] ? perm[j] : perm[i];
      sum s = {0};
      for (ptrdiff_t k = 0; k <= j && k < found; k++) add(&s, L[i * ld + k] * L[j * ld + k]);
      near("L L^T", i * ld + j, s.value, A[a * ld + b],
           (double)(n + 3) * eps * s.size + (j < found ? 0 : tol));
    }
  release();
}

int main(void) {
  static const ptrdiff_t many[] = {1, 2, 3, 4, 5, 8, 9, 11}, counts[] = {0, 1, 7, 17, 65, 1030};
  for (int dtype = 0; dtype < FGD_DTYPES; dtype++) {
    for (int a = 0; a < SIZES; a++)
      for (int b = 0; b < SIZES; b++) {
        if (a == SMALL && b == SMALL) continue; /* large by small is enough */
        int few = a < 10 && b < 10;
        for (int m = 0; m < (few ? 8 : 2); m++) dense_products(dtype, sizes[a], sizes[b], many[m]);
        dense_moments(dtype, sizes[a], sizes[b], 0);
        dense_moments(dtype, sizes[a], sizes[b], 1);
        dense_squares(dtype, sizes[a], sizes[b], 0);
        dense_squares(dtype, sizes[a], sizes[b], 1);
      }
    if (dtype != FGD_U8) dense_nan(dtype);
    for (int a = 0; a < 6; a++)
      for (int b = 0; b < SMALL; b++)
        for (int flags = 0; flags < 8; flags++)
          for (int narrow = 0; narrow <= (dtype == FGD_F64) && sizes[b] + (flags & 1); narrow++)
            if (counts[a] < 1000 || sizes[b] < 32)
              gram(dtype, narrow, counts[a], sizes[b], flags & 1, flags >> 1 & 1, flags >> 2);
  }
  for (int dtype = 0; dtype < 2; dtype++)
    for (int type = 0; type < FGD_INDEXES; type++)
      for (int a = 0; a < SMALL; a += 2)
        for (int b = 0; b < SMALL; b += 3)
          for (int m = 0; m < 8; m += 3) csr(dtype, type, sizes[a], sizes[b], many[m]);
  for (int a = 0; a < SIZES; a++) {
    sigmoid(sizes[a]);
    for (int s_step = 0; s_step < 2; s_step++) logistic(sizes[a], s_step), dual(sizes[a], s_step);
  }
  sigmoid_limits();
  draws();
  for (int a = 0; a < SMALL; a++)
    cholesky(sizes[a]), pivoted(sizes[a], sizes[a] * 2 / 3), pivoted(sizes[a], sizes[a]);
  cholesky(200);
  printf("%s: %ld checks, %ld failures\n", K->name, checks, failures);
  return failures != 0;
}
