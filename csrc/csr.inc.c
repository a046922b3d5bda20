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

#undef NAME
