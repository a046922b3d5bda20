/* Products of a block of dense lines with several vectors, in float: twice as fast as in double, for directions of
 * which six digits do (see kernels.h).  For element type T with suffix S.
 *
 * A tile of R lines or C register columns by up to SIDE vectors stays in registers.  Each sum takes its terms in an
 * order of its own, whatever its neighbours. */
#define TAKE PASTE(take_, S)
#define TAKE_PART PASTE(take_part_, S)
#define TAKE_SOME(p, k) ((k) == WF ? TAKE(p) : TAKE_PART(p, k))
#define VF_SOME(p, k) ((k) == WF ? vf_load(p) : take_part_f32(p, k))

#define SIDE (VREGS == 32 ? 6 : 4)
#define LINES (VREGS == 32 ? 4 : 2)

/* f(K, ...) for m vectors in as few and as even groups as there may be; K a constant for f. */
#define BY_GROUPS(f, m, v, ldv, out, ldo, ...)                              \
  for (ptrdiff_t groups = ((m) + SIDE - 1) / SIDE, g = 0; g < groups; g++) { \
    ptrdiff_t from = (m) * g / groups, count = (m) * (g + 1) / groups - from; \
    const float *vg = (v) + from * (ldv);                                   \
    double *to = (out) + from * (ldo);                                      \
    switch (count) {                                                        \
      case 1: f(1, vg, ldv, to, ldo, __VA_ARGS__); break;                   \
      case 2: f(2, vg, ldv, to, ldo, __VA_ARGS__); break;                   \
      case 3: f(3, vg, ldv, to, ldo, __VA_ARGS__); break;                   \
      case 4: f(4, vg, ldv, to, ldo, __VA_ARGS__); break;                   \
      case 5: f(5, vg, ldv, to, ldo, __VA_ARGS__); break;                   \
      default: f(SIDE, vg, ldv, to, ldo, __VA_ARGS__);                      \
    }                                                                       \
  }

/* One step of k <= WF elements along R lines. */
INLINE void PASTE(rough_dot_step_, S)(int R, int K, ptrdiff_t k, const T *M, ptrdiff_t ld, const float *centre,
                                      int along, const float *v, ptrdiff_t ldv, vf *acc) {
  vf x[4];
  UNROLL for (int r = 0; r < R; r++)
    x[r] = TAKE_SOME(M + r * ld, k) - (along ? VF_SOME(centre, k) : vf_set(centre[r]));
  UNROLL for (int c = 0; c < K; c++) {
    vf b = VF_SOME(v + c * ldv, k);
    UNROLL for (int r = 0; r < R; r++) acc[c * R + r] += x[r] * b;
  }
}

INLINE void PASTE(rough_dot_tile_, S)(int R, int K, ptrdiff_t len, const T *M, ptrdiff_t ld, const float *centre,
                                      int along, const float *v, ptrdiff_t ldv, double factor, double *out,
                                      ptrdiff_t ldo) {
  vf acc[24];
  UNROLL for (int x = 0; x < R * K; x++) acc[x] = (vf){0};
  ptrdiff_t j = 0;
  for (; j + WF <= len; j += WF)
    PASTE(rough_dot_step_, S)(R, K, WF, M + j, ld, centre + (along ? j : 0), along, v + j, ldv, acc);
  if (j < len)
    PASTE(rough_dot_step_, S)(R, K, len - j, M + j, ld, centre + (along ? j : 0), along, v + j, ldv, acc);
  UNROLL for (int c = 0; c < K; c++)
    UNROLL for (int r = 0; r < R; r++) {
      float lanes[WF] __attribute__((aligned(VB)));
      vf_store(lanes, acc[c * R + r]);
      out[c * ldo + r] += factor * vd_sum(load_f32(lanes) + load_f32(lanes + W));
    }
}

INLINE void PASTE(rough_dot_group_, S)(int K, const float *v, ptrdiff_t ldv, double *out, ptrdiff_t ldo,
                                       ptrdiff_t lines, ptrdiff_t len, const T *M, ptrdiff_t ld, const float *centre,
                                       int along, double factor) {
  ptrdiff_t i = 0;
  for (; i + LINES <= lines; i += LINES)
    PASTE(rough_dot_tile_, S)(LINES, K, len, M + i * ld, ld, centre + (along ? 0 : i), along, v, ldv, factor, out + i,
                              ldo);
  for (; i < lines; i++)
    PASTE(rough_dot_tile_, S)(1, K, len, M + i * ld, ld, centre + (along ? 0 : i), along, v, ldv, factor, out + i, ldo);
}

static void PASTE(rough_dot_, S)(ptrdiff_t lines, ptrdiff_t len, const void *M, ptrdiff_t ld, const float *centre,
                                 int along, ptrdiff_t m, const float *v, ptrdiff_t ldv, double factor, double *out,
                                 ptrdiff_t ldo) {
  if (along) {
    BY_GROUPS(PASTE(rough_dot_group_, S), m, v, ldv, out, ldo, lines, len, M, ld, centre, 1, factor)
  } else {
    BY_GROUPS(PASTE(rough_dot_group_, S), m, v, ldv, out, ldo, lines, len, M, ld, centre, 0, factor)
  }
}

/* C register columns, the last of `last` elements, over all lines. */
INLINE void PASTE(rough_axpy_tile_, S)(int K, int C, ptrdiff_t last, ptrdiff_t lines, const T *M, ptrdiff_t ld,
                                       const float *centre, int along, const float *v, ptrdiff_t ldv, double factor,
                                       double *out, ptrdiff_t ldo) {
  vf acc[24], middle[4];
  UNROLL for (int x = 0; x < K * C; x++) acc[x] = (vf){0};
  UNROLL for (int c = 0; c < C; c++) middle[c] = along ? VF_SOME(centre + c * WF, c < C - 1 ? WF : last) : (vf){0};
  for (ptrdiff_t i = 0; i < lines; i++) {
    vf x[4];
    UNROLL for (int c = 0; c < C; c++)
      x[c] = TAKE_SOME(M + i * ld + c * WF, c < C - 1 ? WF : last) - (along ? middle[c] : vf_set(centre[i]));
    UNROLL for (int k = 0; k < K; k++) {
      vf b = vf_set(v[k * ldv + i]);
      UNROLL for (int c = 0; c < C; c++) acc[k * C + c] += x[c] * b;
    }
  }
  UNROLL for (int k = 0; k < K; k++)
    UNROLL for (int c = 0; c < C; c++) {
      float lanes[WF] __attribute__((aligned(VB)));
      vf_store(lanes, acc[k * C + c]);
      double *to = out + k * ldo + c * WF;
      ptrdiff_t n = c < C - 1 ? WF : last;
      for (ptrdiff_t j = 0; j < n; j += W)
        store_upto(to + j, load_upto(to + j, n - j) + factor * load_f32(lanes + j), n - j);
    }
}

INLINE void PASTE(rough_axpy_group_, S)(int K, const float *v, ptrdiff_t ldv, double *out, ptrdiff_t ldo,
                                        ptrdiff_t lines, ptrdiff_t len, const T *M, ptrdiff_t ld, const float *centre,
                                        int along, double factor) {
  ptrdiff_t j = 0;
  for (; j + LINES * WF <= len; j += LINES * WF)
    PASTE(rough_axpy_tile_, S)(K, LINES, WF, lines, M + j, ld, centre + (along ? j : 0), along, v, ldv, factor,
                               out + j, ldo);
  for (; j + WF <= len; j += WF)
    PASTE(rough_axpy_tile_, S)(K, 1, WF, lines, M + j, ld, centre + (along ? j : 0), along, v, ldv, factor, out + j,
                               ldo);
  if (j < len)
    PASTE(rough_axpy_tile_, S)(K, 1, len - j, lines, M + j, ld, centre + (along ? j : 0), along, v, ldv, factor,
                               out + j, ldo);
}

static void PASTE(rough_axpy_, S)(ptrdiff_t lines, ptrdiff_t len, const void *M, ptrdiff_t ld, const float *centre,
                                  int along, ptrdiff_t m, const float *v, ptrdiff_t ldv, double factor, double *out,
                                  ptrdiff_t ldo) {
  if (along) {
    BY_GROUPS(PASTE(rough_axpy_group_, S), m, v, ldv, out, ldo, lines, len, M, ld, centre, 1, factor)
  } else {
    BY_GROUPS(PASTE(rough_axpy_group_, S), m, v, ldv, out, ldo, lines, len, M, ld, centre, 0, factor)
  }
}

#undef TAKE
#undef TAKE_PART
#undef TAKE_SOME
#undef VF_SOME
#undef SIDE
#undef LINES
#undef BY_GROUPS
