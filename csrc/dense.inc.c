/* Products with a block of dense lines (see kernels.h), for element type T with suffix S.
 *
 * Memory is read once if dot and axpy follow each other on a block that stays in cache. Measured best:
 * C order, rows of 16 KiB in all but at least 32 of them: axpy fetches the next block while it works on
 * this one, so both must fit beside each other. Fortran order, 256 KiB in all, 128 to 512 rows: axpy is
 * the one that reads memory, and fetches a few columns ahead. The next block must follow in memory. */
#define LOAD PASTE(load_, S)
#define LOAD_PART PASTE(load_part_, S)
#define LOAD_SOME(p, k) ((k) == W ? LOAD(p) : LOAD_PART(p, k))

/* Tiles: R lines by K vectors, all constants where a tile is inlined. */
#define DOT_LINES (VREGS == 32 ? 4 : 3)      /* lines at a time with several vectors */
#define AXPY_ALONE (VREGS == 32 ? 8 : 4)     /* register columns of a strip with one vector */
#define AXPY_SHARED (VREGS == 32 ? 4 : 2)    /* and with up to four */
#define FETCH_AHEAD 8192                     /* bytes between a fetch and its use, lines being far apart */

/* One step of k <= W elements along R lines: acc[c*R + r] += M[r] * v[c]. */
INLINE void PASTE(dot_step_, S)(int R, int K, ptrdiff_t k, const T *M, ptrdiff_t ld, const double *v,
                                ptrdiff_t ldv, vd *acc) {
  vd b[4];
  UNROLL for (int c = 0; c < K; c++) b[c] = k == W ? vd_load(v + c * ldv) : load_part_f64(v + c * ldv, k);
  UNROLL for (int r = 0; r < R; r++) {
    vd a = LOAD_SOME(M + r * ld, k);
    UNROLL for (int c = 0; c < K; c++) acc[c * R + r] += a * b[c];
  }
}

/* A line's sum has one accumulator per lane, whatever R and K: the same bits in any company. */
INLINE void PASTE(dot_tile_, S)(int R, int K, ptrdiff_t len, const T *M, ptrdiff_t ld, const double *v,
                                ptrdiff_t ldv, double *out, ptrdiff_t ldo) {
  vd acc[16];
  UNROLL for (int x = 0; x < R * K; x++) acc[x] = vd_set(0);
  ptrdiff_t j = 0;
  for (; j + W <= len; j += W) PASTE(dot_step_, S)(R, K, W, M + j, ld, v + j, ldv, acc);
  if (j < len) PASTE(dot_step_, S)(R, K, len - j, M + j, ld, v + j, ldv, acc);

  double sum[16];
  int x = 0;
  UNROLL for (; x + W <= R * K; x += W) vd_store(sum + x, vd_sums(acc + x));
  UNROLL for (; x < R * K; x++) sum[x] = vd_sum(acc[x]);
  UNROLL for (int c = 0; c < K; c++) {
    UNROLL for (int r = 0; r < R; r++) out[c * ldo + r] += sum[c * R + r];
  }
}

/* R lines against all m vectors, four at a time: the lines stay in cache. */
INLINE void PASTE(dot_lines_, S)(int R, ptrdiff_t len, const T *M, ptrdiff_t ld, ptrdiff_t m, const double *v,
                                 ptrdiff_t ldv, double *out, ptrdiff_t ldo) {
  for (; m >= 4; m -= 4, v += 4 * ldv, out += 4 * ldo)
    PASTE(dot_tile_, S)(R, 4, len, M, ld, v, ldv, out, ldo);
  if (m == 3) PASTE(dot_tile_, S)(R, 3, len, M, ld, v, ldv, out, ldo);
  if (m == 2) PASTE(dot_tile_, S)(R, 2, len, M, ld, v, ldv, out, ldo);
  if (m == 1) PASTE(dot_tile_, S)(R, 1, len, M, ld, v, ldv, out, ldo);
}

/* One vector and several are apart, and out of line, lest the compiler run out of registers for addresses. */
static __attribute__((noinline)) void PASTE(dot_alone_, S)(ptrdiff_t lines, ptrdiff_t len, const T *M,
                                                           ptrdiff_t ld, const double *v, double *out) {
  for (; lines >= 8; lines -= 8, M += 8 * ld, out += 8) PASTE(dot_tile_, S)(8, 1, len, M, ld, v, 0, out, 0);
  for (; lines >= 2; lines -= 2, M += 2 * ld, out += 2) PASTE(dot_tile_, S)(2, 1, len, M, ld, v, 0, out, 0);
  if (lines) PASTE(dot_tile_, S)(1, 1, len, M, ld, v, 0, out, 0);
}

static void PASTE(dot_, S)(ptrdiff_t lines, ptrdiff_t len, const void *data, ptrdiff_t ld, ptrdiff_t m,
                           const double *v, ptrdiff_t ldv, double *out, ptrdiff_t ldo) {
  const T *M = data;
  if (m == 1) {
    PASTE(dot_alone_, S)(lines, len, M, ld, v, out);
    return;
  }
  for (; lines >= DOT_LINES; lines -= DOT_LINES, M += DOT_LINES * ld, out += DOT_LINES)
    PASTE(dot_lines_, S)(DOT_LINES, len, M, ld, m, v, ldv, out, ldo);
  for (; lines; lines--, M += ld, out++) PASTE(dot_lines_, S)(1, len, M, ld, m, v, ldv, out, ldo);
}

/* One line: acc[k*C + c] += v[k] * (register column c of M); the last column has `last` elements. */
INLINE void PASTE(axpy_step_, S)(int K, int C, ptrdiff_t last, const T *M, const double *v, ptrdiff_t ldv,
                                 vd *acc) {
  vd b[4];
  UNROLL for (int k = 0; k < K; k++) b[k] = vd_set(v[k * ldv]);
  UNROLL for (int c = 0; c < C; c++) {
    vd a = LOAD_SOME(M + c * W, c < C - 1 ? W : last);
    UNROLL for (int k = 0; k < K; k++) acc[k * C + c] += a * b[k];
  }
}

/* K vectors by C register columns, held in registers over all lines; a single vector has a second set
 * for the odd lines, or narrow strips would wait for each sum.  With each line the same strip is fetched
 * `ahead` lines on, and another `wrap` elements on from where that passes the last line; a cache line that
 * began before the strip came with the strip to its left. */
INLINE void PASTE(axpy_tile_, S)(int K, int C, ptrdiff_t last, ptrdiff_t lines, const T *M, ptrdiff_t ld,
                                 const double *v, ptrdiff_t ldv, double *out, ptrdiff_t ldo, ptrdiff_t ahead,
                                 ptrdiff_t wrap) {
  vd acc[2][16];
  UNROLL for (int x = 0; x < K * C; x++) acc[0][x] = acc[1][x] = vd_set(0);
  ptrdiff_t i = 0;
  for (; i + 2 <= lines; i += 2) {
    UNROLL for (int odd = 0; odd < 2; odd++) {
      const T *line = M + (i + odd) * ld;
      fetch(line + ahead * ld + (i + odd + ahead < lines ? 0 : wrap), C * W * sizeof(T));
      PASTE(axpy_step_, S)(K, C, last, line, v + i + odd, ldv, acc[K == 1 && odd]);
    }
  }
  if (i < lines) PASTE(axpy_step_, S)(K, C, last, M + i * ld, v + i, ldv, acc[0]);
  UNROLL for (int k = 0; k < K; k++) {
    UNROLL for (int c = 0; c < C; c++) {
      double *o = out + k * ldo + c * W;
      vd sum = acc[0][k * C + c];
      if (K == 1) sum += acc[1][c];
      if (c < C - 1 || last == W) vd_store(o, vd_load(o) + sum);
      else store_part(o, load_part_f64(o, last) + sum, last);
    }
  }
}

/* K vectors over the whole length.  What to fetch: lines that lie close together have just been read by
 * dot, so what follows the block comes next; lines far apart are being read now, strip after strip. */
INLINE void PASTE(axpy_strips_, S)(int K, ptrdiff_t lines, ptrdiff_t len, const T *M, ptrdiff_t ld,
                                   const double *v, ptrdiff_t ldv, double *out, ptrdiff_t ldo) {
  const int C = K == 1 ? AXPY_ALONE : AXPY_SHARED;
  ptrdiff_t ahead = lines, wrap = 0;
  if (ld >= 2 * len) {
    ptrdiff_t reach = FETCH_AHEAD / (C * W * (ptrdiff_t)sizeof(T));
    ahead = reach < lines ? reach : lines;
    wrap = C * W - lines * ld;
  }
  for (; len >= C * W; len -= C * W, M += C * W, out += C * W)
    PASTE(axpy_tile_, S)(K, C, W, lines, M, ld, v, ldv, out, ldo, ahead, wrap);
  if (len == 0) return;
  ptrdiff_t last = (len - 1) % W + 1;
#define STRIP(n) \
  case n: if (C >= n) PASTE(axpy_tile_, S)(K, n, last, lines, M, ld, v, ldv, out, ldo, ahead, wrap); break
  switch ((len + W - 1) / W) {
    STRIP(1);
    STRIP(2);
    STRIP(3);
    STRIP(4);
    STRIP(5);
    STRIP(6);
    STRIP(7);
    STRIP(8);
  }
#undef STRIP
}

static void PASTE(axpy_, S)(ptrdiff_t lines, ptrdiff_t len, const void *data, ptrdiff_t ld, ptrdiff_t m,
                            const double *v, ptrdiff_t ldv, double *out, ptrdiff_t ldo) {
  const T *M = data;
  for (; m >= 4; m -= 4, v += 4 * ldv, out += 4 * ldo)
    PASTE(axpy_strips_, S)(4, lines, len, M, ld, v, ldv, out, ldo);
  if (m == 3) PASTE(axpy_strips_, S)(3, lines, len, M, ld, v, ldv, out, ldo);
  if (m == 2) PASTE(axpy_strips_, S)(2, lines, len, M, ld, v, ldv, out, ldo);
  if (m == 1) PASTE(axpy_strips_, S)(1, lines, len, M, ld, v, ldv, out, ldo);
}

/* Deviations from c: C register columns, the last of `last` elements, over all lines. */
INLINE void PASTE(moments_across_tile_, S)(int C, ptrdiff_t last, ptrdiff_t lines, const T *M, ptrdiff_t ld,
                                           const double *w, const double *c, double *s1, double *s2) {
  vd centre[4], a1[4], a2[4];
  UNROLL for (int x = 0; x < C; x++) {
    centre[x] = load_part_f64(c + x * W, x < C - 1 ? W : last);
    a1[x] = a2[x] = vd_set(0);
  }
  for (ptrdiff_t i = 0; i < lines; i++, M += ld) {
    vd b = vd_set(w[i]);
    UNROLL for (int x = 0; x < C; x++) {
      vd t = LOAD_SOME(M + x * W, x < C - 1 ? W : last) - centre[x], bt = b * t;
      a1[x] += bt;
      a2[x] += bt * t;
    }
  }
  UNROLL for (int x = 0; x < C; x++) {
    ptrdiff_t k = x < C - 1 ? W : last;
    store_part(s1 + x * W, load_part_f64(s1 + x * W, k) + a1[x], k);
    store_part(s2 + x * W, load_part_f64(s2 + x * W, k) + a2[x], k);
  }
}

static void PASTE(moments_across_, S)(ptrdiff_t lines, ptrdiff_t len, const void *data, ptrdiff_t ld,
                                      const double *w, const double *c, double *s1, double *s2) {
  const T *M = data;
  for (; len >= 4 * W; len -= 4 * W, M += 4 * W, c += 4 * W, s1 += 4 * W, s2 += 4 * W)
    PASTE(moments_across_tile_, S)(4, W, lines, M, ld, w, c, s1, s2);
  if (len == 0) return;
  ptrdiff_t last = (len - 1) % W + 1;
  switch ((len + W - 1) / W) {
    case 1: PASTE(moments_across_tile_, S)(1, last, lines, M, ld, w, c, s1, s2); break;
    case 2: PASTE(moments_across_tile_, S)(2, last, lines, M, ld, w, c, s1, s2); break;
    case 3: PASTE(moments_across_tile_, S)(3, last, lines, M, ld, w, c, s1, s2); break;
    default: PASTE(moments_across_tile_, S)(4, last, lines, M, ld, w, c, s1, s2); break;
  }
}

/* k <= W elements along R lines; beyond k the weight is zero and so is the sum. */
INLINE void PASTE(moments_along_step_, S)(int R, ptrdiff_t k, const T *M, ptrdiff_t ld, const double *w,
                                          const vd *centre, vd *a1, vd *a2) {
  vd b = k == W ? vd_load(w) : load_part_f64(w, k);
  UNROLL for (int r = 0; r < R; r++) {
    vd t = LOAD_SOME(M + r * ld, k) - centre[r], bt = b * t;
    a1[r] += bt;
    a2[r] += bt * t;
  }
}

INLINE void PASTE(moments_along_tile_, S)(int R, ptrdiff_t len, const T *M, ptrdiff_t ld, const double *w,
                                          const double *c, double *s1, double *s2) {
  vd centre[4], a1[4], a2[4];
  UNROLL for (int r = 0; r < R; r++) {
    centre[r] = vd_set(c[r]);
    a1[r] = a2[r] = vd_set(0);
  }
  ptrdiff_t j = 0;
  for (; j + W <= len; j += W) PASTE(moments_along_step_, S)(R, W, M + j, ld, w + j, centre, a1, a2);
  if (j < len) PASTE(moments_along_step_, S)(R, len - j, M + j, ld, w + j, centre, a1, a2);
  UNROLL for (int r = 0; r < R; r++) {
    s1[r] += vd_sum(a1[r]);
    s2[r] += vd_sum(a2[r]);
  }
}

static void PASTE(moments_along_, S)(ptrdiff_t lines, ptrdiff_t len, const void *data, ptrdiff_t ld,
                                     const double *w, const double *c, double *s1, double *s2) {
  const T *M = data;
  ptrdiff_t i = 0;
  for (; i + 4 <= lines; i += 4)
    PASTE(moments_along_tile_, S)(4, len, M + i * ld, ld, w, c + i, s1 + i, s2 + i);
  for (; i < lines; i++) PASTE(moments_along_tile_, S)(1, len, M + i * ld, ld, w, c + i, s1 + i, s2 + i);
}

#undef LOAD
#undef LOAD_PART
#undef LOAD_SOME
#undef DOT_LINES
#undef AXPY_ALONE
#undef AXPY_SHARED
#undef FETCH_AHEAD
