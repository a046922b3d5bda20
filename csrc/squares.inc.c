/* Squared lengths of eight products with every line (see kernels.h), for element type T with suffix S, summed in type E
 * with suffix ES: double for doubles, float for what has no more digits. */
#define PART (VB / sizeof(E) < 8 ? VB / sizeof(E) : 8)   /* lanes of a register of the eight products, */
#define PARTS (8 / PART)                                 /*   and how many such there are */
#define LANES (VB / sizeof(E))                           /* places at a time across the lines, */
#define STRIPS (VREGS == 32 && sizeof(E) == 4 ? 2 : 1)   /*   so many times, */
#define LINES (VREGS == 32 && sizeof(E) == 4 ? 16 : 8)   /* and registers of sums along them: conversions of B count */
#define PRODUCTS PASTE(products_, S)
#define PLACES PASTE(places_, S)
#define TAKE_SOME(p, k) ((k) == LANES ? PASTE(take_, S)(p) : PASTE(take_part_, S)(p, k))

typedef E PRODUCTS __attribute__((vector_size(PART * sizeof(E))));
typedef E PLACES __attribute__((vector_size(VB)));
typedef double PASTE(wide_, S) __attribute__((vector_size(PART * 8), aligned(8), may_alias));

INLINE PRODUCTS PASTE(products_of_, S)(const double *p) {
  return __builtin_convertvector(*(const PASTE(wide_, S) *)p, PRODUCTS);
}

INLINE float PASTE(sum_of_squares_, S)(const PRODUCTS *x) {
  PRODUCTS sum = x[0] * x[0];
  UNROLL for (size_t v = 1; v < PARTS; v++) sum += x[v] * x[v];
  E lanes[PART] __attribute__((aligned(VB)));
  memcpy(lanes, &sum, sizeof lanes);
  vd all = PASTE(load_, ES)(lanes);
  UNROLL for (size_t i = W; i < PART; i += W) all += PASTE(load_, ES)(lanes + i);
  return (float)vd_sum(all);
}

INLINE void PASTE(squares_tile_, S)(int R, ptrdiff_t len, const T *M, ptrdiff_t ld, const double *B, const double *c,
                                    float *out) {
  PRODUCTS acc[16];
  UNROLL for (size_t x = 0; x < R * PARTS; x++) acc[x] = PASTE(products_of_, S)(c + x % PARTS * PART);
  for (ptrdiff_t j = 0; j < len; j++, B += 8) {
    PRODUCTS b[PARTS];
    UNROLL for (size_t v = 0; v < PARTS; v++) b[v] = PASTE(products_of_, S)(B + v * PART);
    UNROLL for (int r = 0; r < R; r++)
      UNROLL for (size_t v = 0; v < PARTS; v++) acc[r * PARTS + v] += b[v] * (E)M[r * ld + j];
  }
  UNROLL for (int r = 0; r < R; r++) out[r] = PASTE(sum_of_squares_, S)(acc + r * PARTS);
}

static void PASTE(squares_along_, S)(ptrdiff_t lines, ptrdiff_t len, const void *data, ptrdiff_t ld, const double *B,
                                     const double *c, float *out) {
  enum { AT_ONCE = LINES / PARTS };
  const T *M = data;
  for (; lines >= AT_ONCE; lines -= AT_ONCE, M += AT_ONCE * ld, out += AT_ONCE)
    PASTE(squares_tile_, S)(AT_ONCE, len, M, ld, B, c, out);
  for (; lines; lines--, M += ld, out++) PASTE(squares_tile_, S)(1, len, M, ld, B, c, out);
}

/* A register for each of the eight products and each strip of places, the last of `last` places. */
INLINE void PASTE(squares_strips_, S)(int C, ptrdiff_t last, ptrdiff_t lines, const T *M, ptrdiff_t ld, const double *B,
                                      const double *c, float *out) {
  PLACES acc[16];
  UNROLL for (int x = 0; x < 8 * C; x++) acc[x] = (PLACES){0} + (E)c[x % 8];
  for (ptrdiff_t i = 0; i < lines; i++, B += 8, M += ld) {
    PLACES a[2];
    E b[8];
    UNROLL for (size_t v = 0; v < 8; v += PART) {
      PRODUCTS part = PASTE(products_of_, S)(B + v);
      memcpy(b + v, &part, sizeof part);
    }
    UNROLL for (int x = 0; x < C; x++) a[x] = TAKE_SOME(M + x * LANES, x < C - 1 ? (ptrdiff_t)LANES : last);
    UNROLL for (int x = 0; x < 8 * C; x++) acc[x] += a[x / 8] * b[x % 8];
  }
  UNROLL for (int x = 0; x < C; x++) {
    PLACES sum = {0};
    UNROLL for (int v = 0; v < 8; v++) sum += acc[8 * x + v] * acc[8 * x + v];
    ptrdiff_t k = x < C - 1 ? (ptrdiff_t)LANES : last;
    for (ptrdiff_t i = 0; i < k; i++) out[x * LANES + i] = (float)sum[i];
  }
}

static void PASTE(squares_across_, S)(ptrdiff_t lines, ptrdiff_t len, const void *data, ptrdiff_t ld, const double *B,
                                      const double *c, float *out) {
  const T *M = data;
  ptrdiff_t all = STRIPS * LANES;
  for (; len >= all; len -= all, M += all, out += all)
    PASTE(squares_strips_, S)(STRIPS, LANES, lines, M, ld, B, c, out);
  for (; len > 0; len -= LANES, M += LANES, out += LANES)
    PASTE(squares_strips_, S)(1, len < (ptrdiff_t)LANES ? len : (ptrdiff_t)LANES, lines, M, ld, B, c, out);
}

#undef PART
#undef PARTS
#undef LANES
#undef STRIPS
#undef LINES
#undef PRODUCTS
#undef PLACES
#undef TAKE_SOME
