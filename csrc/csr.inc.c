/* Products with the rows of a CSR matrix (see kernels.h), for element type T with suffix S and index
 * type I with suffix IS. */
#define NAME(verb) PASTE(PASTE(PASTE(csr_##verb##_, S), _), IS)

/* out[k] += the row's product with each of K vectors, K a constant where this is inlined.  Four
 * accumulators each, taken in turn, hide the latency of the sums.  Gather instructions were measured
 * slower than loads one by one; the empty asm keeps the compiler from using them. */
INLINE void NAME(dot_row)(int K, ptrdiff_t n, const T *data, const I *indices, const double *v, ptrdiff_t ldv,
                          double *out, ptrdiff_t ldo) {
  double acc[4][4] = {{0}};
  ptrdiff_t e = 0;
  for (; e + 4 <= n; e += 4) {
    __asm__("" : "+r"(indices));
    UNROLL for (int x = 0; x < 4; x++) {
      double a = (double)data[e + x];
      const double *p = v + indices[e + x];
      UNROLL for (int k = 0; k < K; k++) acc[k][x] += a * p[k * ldv];
    }
  }
  for (; e < n; e++) {
    UNROLL for (int k = 0; k < K; k++) acc[k][0] += (double)data[e] * v[k * ldv + indices[e]];
  }
  UNROLL for (int k = 0; k < K; k++) out[k * ldo] += (acc[k][0] + acc[k][1]) + (acc[k][2] + acc[k][3]);
}

static void NAME(dot)(ptrdiff_t rows, const void *data, const void *indices, const void *indptr, ptrdiff_t m,
                      const double *v, ptrdiff_t ldv, double *out, ptrdiff_t ldo) {
  const I *start = indptr;
  for (ptrdiff_t i = 0; i < rows; i++) {
    ptrdiff_t n = start[i + 1] - start[i];
    const T *a = (const T *)data + start[i];
    const I *c = (const I *)indices + start[i];
    ptrdiff_t k = 0;
    for (; k + 4 <= m; k += 4) NAME(dot_row)(4, n, a, c, v + k * ldv, ldv, out + k * ldo + i, ldo);
    for (; k < m; k++) NAME(dot_row)(1, n, a, c, v + k * ldv, ldv, out + k * ldo + i, ldo);
  }
}

/* One addition at a time, since a column may come twice in a row. */
INLINE void NAME(axpy_row)(int K, ptrdiff_t n, const T *data, const I *indices, const double *v,
                           ptrdiff_t ldv, double *out, ptrdiff_t ldo) {
  double b[4];
  UNROLL for (int k = 0; k < K; k++) b[k] = v[k * ldv];
  for (ptrdiff_t e = 0; e < n; e++) {
    UNROLL for (int k = 0; k < K; k++) out[k * ldo + indices[e]] += b[k] * (double)data[e];
  }
}

static void NAME(axpy)(ptrdiff_t rows, const void *data, const void *indices, const void *indptr, ptrdiff_t m,
                       const double *v, ptrdiff_t ldv, double *out, ptrdiff_t ldo) {
  const I *start = indptr;
  for (ptrdiff_t i = 0; i < rows; i++) {
    ptrdiff_t n = start[i + 1] - start[i];
    const T *a = (const T *)data + start[i];
    const I *c = (const I *)indices + start[i];
    ptrdiff_t k = 0;
    for (; k + 4 <= m; k += 4) NAME(axpy_row)(4, n, a, c, v + k * ldv + i, ldv, out + k * ldo, ldo);
    for (; k < m; k++) NAME(axpy_row)(1, n, a, c, v + k * ldv + i, ldv, out + k * ldo, ldo);
  }
}

static void NAME(moments)(ptrdiff_t rows, const void *data, const void *indices, const void *indptr,
                          const double *w, double *s1, double *s2, double *row) {
  const T *a = data;
  const I *c = indices, *start = indptr;
  for (ptrdiff_t i = 0; i < rows; i++) {
    for (ptrdiff_t e = start[i]; e < start[i + 1]; e++) row[c[e]] += (double)a[e];
    for (ptrdiff_t e = start[i]; e < start[i + 1]; e++) {
      double t = row[c[e]], wt = w[i] * t;
      row[c[e]] = 0; /* whatever stands here again counts for nothing */
      s1[c[e]] += wt;
      s2[c[e]] += wt * t;
    }
  }
}

static void NAME(densify)(ptrdiff_t rows, const void *data, const void *indices, const void *indptr,
                          double *out, ptrdiff_t ld) {
  const T *a = data;
  const I *c = indices, *start = indptr;
  for (ptrdiff_t i = 0; i < rows; i++) {
    for (ptrdiff_t e = start[i]; e < start[i + 1]; e++) out[i * ld + c[e]] += (double)a[e];
  }
}

/* The same products with m vectors whose numbers for one column lie side by side: v[c*m + k], out[c*m + k]. */
#define ACROSS 4 /* register columns at a time */
INLINE void NAME(dot_strip)(int C, ptrdiff_t last, ptrdiff_t n, const T *data, const I *indices, ptrdiff_t m,
                            const double *v, double *out, ptrdiff_t ldo) {
  vd acc[ACROSS];
  double lanes[ACROSS * W];
  UNROLL for (int x = 0; x < C; x++) acc[x] = (vd){0};
  for (ptrdiff_t e = 0; e < n; e++) {
    vd a = vd_set((double)data[e]);
    const double *from = v + (ptrdiff_t)indices[e] * m;
    UNROLL for (int x = 0; x < C; x++) acc[x] += a * load_upto(from + x * W, x < C - 1 ? W : last);
  }
  UNROLL for (int x = 0; x < C; x++) vd_store(lanes + x * W, acc[x]);
  for (ptrdiff_t k = 0; k < (C - 1) * W + last; k++) out[k * ldo] += lanes[k];
}

INLINE void NAME(axpy_strip)(int C, ptrdiff_t last, ptrdiff_t n, const T *data, const I *indices, ptrdiff_t m,
                             const double *r, ptrdiff_t ldr, double *out) {
  vd b[ACROSS];
  double lanes[ACROSS * W] = {0};
  for (ptrdiff_t k = 0; k < (C - 1) * W + last; k++) lanes[k] = r[k * ldr];
  UNROLL for (int x = 0; x < C; x++) b[x] = vd_load(lanes + x * W);
  for (ptrdiff_t e = 0; e < n; e++) {
    vd a = vd_set((double)data[e]);
    double *to = out + (ptrdiff_t)indices[e] * m;
    UNROLL for (int x = 0; x < C; x++) {
      ptrdiff_t k = x < C - 1 ? W : last;
      store_upto(to + x * W, load_upto(to + x * W, k) + a * b[x], k);
    }
  }
}

#define BY_STRIPS(f, m, ...)                                                                \
  for (ptrdiff_t k = 0; k < (m); k += ACROSS * W) {                                         \
    ptrdiff_t left = (m) - k, last = (left - 1) % W + 1;                                    \
    if (left > 3 * W) f(4, left < 4 * W ? last : W, __VA_ARGS__);                           \
    else if (left > 2 * W) f(3, last, __VA_ARGS__);                                         \
    else if (left > W) f(2, last, __VA_ARGS__);                                             \
    else f(1, last, __VA_ARGS__);                                                           \
  }

static void NAME(dot_across)(ptrdiff_t rows, const void *data, const void *indices, const void *indptr, ptrdiff_t m,
                             const double *v, double *out, ptrdiff_t ldo) {
  const I *start = indptr;
  for (ptrdiff_t i = 0; i < rows; i++) {
    ptrdiff_t n = start[i + 1] - start[i];
    const T *a = (const T *)data + start[i];
    const I *c = (const I *)indices + start[i];
    BY_STRIPS(NAME(dot_strip), m, n, a, c, m, v + k, out + k * ldo + i, ldo)
  }
}

static void NAME(axpy_across)(ptrdiff_t rows, const void *data, const void *indices, const void *indptr, ptrdiff_t m,
                              const double *r, ptrdiff_t ldr, double *out) {
  const I *start = indptr;
  for (ptrdiff_t i = 0; i < rows; i++) {
    ptrdiff_t n = start[i + 1] - start[i];
    const T *a = (const T *)data + start[i];
    const I *c = (const I *)indices + start[i];
    BY_STRIPS(NAME(axpy_strip), m, n, a, c, m, r + k * ldr + i, ldr, out + k)
  }
}
#undef BY_STRIPS
#undef ACROSS
#undef NAME
