/* Matrix products at the speed of arithmetic, on packed panels.
 *
 * A panel holds PANEL columns of a matrix B, row after row: element (i, c) of panel p lies at
 * packed[p * stride + i * PANEL + c].  The same panels serve as vectors and, element by element,
 * as the factor that multiplies a whole vector, so that B^T B needs B packed once.  A tile of TILE
 * by GROUP * PANEL sums stays in registers while it runs down the rows.  Each sum takes its terms
 * in the order of the rows, wherever its tile lies: results do not depend on how work is cut.
 * The tile is as large as the registers allow: 32 of them with AVX-512 and on arm64, else 16. */
#if VB == 64
#define TILE 8
#define PANEL_VECS 1
#define GROUP 3
#elif VB == 32
#define TILE 4
#define PANEL_VECS 1
#define GROUP 3
#elif defined(__aarch64__)
#define TILE 4
#define PANEL_VECS 2
#define GROUP 2
#else
#define TILE 4
#define PANEL_VECS 2
#define GROUP 1
#endif
#define TILE_VECS (GROUP * PANEL_VECS)
#define KC 128   /* rows packed at a time; also how many float products are summed in float */

/* f(panels, ...), the number of panels being a constant for f */
#if GROUP == 3
#define BY_PANELS(panels, f, ...)       \
  switch (panels) {                     \
    case 1: f(1, __VA_ARGS__); break;   \
    case 2: f(2, __VA_ARGS__); break;   \
    default: f(3, __VA_ARGS__);         \
  }
#elif GROUP == 2
#define BY_PANELS(panels, f, ...)       \
  switch (panels) {                     \
    case 1: f(1, __VA_ARGS__); break;   \
    default: f(2, __VA_ARGS__);         \
  }
#else
#define BY_PANELS(panels, f, ...)       \
  (void)(panels);                       \
  f(1, __VA_ARGS__);
#endif

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)

INLINE ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
INLINE ptrdiff_t most(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }
INLINE ptrdiff_t up_to(ptrdiff_t n, ptrdiff_t unit) { return (n + unit - 1) / unit * unit; }

/* The part of X that the next block of rows will be packed from: `runs` runs, each of `steps` addresses.
 * Its cache lines are asked for while the sums of this block are taken, `share` of them every CHUNK rows:
 * memory and arithmetic then work at the same time. */
#define LINE 64
#define CHUNK 16
typedef struct {
  const char *base;
  ptrdiff_t run, runs;         /* bytes from run to run */
  ptrdiff_t step, steps, at;   /* bytes from step to step, or from element to element of the list */
  const ptrdiff_t *list;
  ptrdiff_t share;
} ahead;

INLINE void look_ahead(ahead *f) {
  for (ptrdiff_t i = 0; i < f->share && f->runs; i++) {
    __builtin_prefetch(f->base + (f->list ? f->list[f->at] : f->at) * f->step, 0, 2);
    if (++f->at < f->steps) continue;
    f->at = 0;
    f->runs--;
    f->base += f->run;
  }
}

/* Bytes of gram's workspace: three numbers per column, one per row, the panels, one panel of X as it is (maybe double). */
INLINE size_t gram_bytes(ptrdiff_t columns, ptrdiff_t panel, size_t size) {
  return size * (size_t)(up_to(columns, panel) * (KC + 3) + KC * (panel + 1));
}
static size_t gram_work(ptrdiff_t d) {
  size_t f64 = gram_bytes(d, PANEL_VECS * W, sizeof(double));
  size_t f32 = gram_bytes(d, PANEL_VECS * WF, sizeof(float)) + KC * PANEL_VECS * WF * sizeof(double);
  return f64 > f32 ? f64 : f32;
}

/* q[i] = peak * root[i]^2.  For floats the peak is the largest weight: none overflows, and only those below
 * 1e-38 of it are lost.  A NaN or an infinity ends as NaN. */
static double roots_f64(ptrdiff_t k, const double *q, double *root) {
  for (ptrdiff_t i = 0; i < k; i++) root[i] = __builtin_sqrt(q[i]);
  return 1;
}
static double roots_f32(ptrdiff_t k, const double *q, float *root) {
  vd most_of = vd_set(0x1p-1000);   /* its reciprocal is finite */
  for (ptrdiff_t i = 0; i < k; i += W) {
    vd x = load_upto(q + i, k - i);
    most_of = vd_select(x > most_of, x, most_of);
  }
  double peak = most_of[0];
  for (int j = 1; j < W; j++) peak = most_of[j] > peak ? most_of[j] : peak;
  double inverse = 1 / peak;
  for (ptrdiff_t i = 0; i < k; i++) root[i] = (float)__builtin_sqrt(q[i] * inverse);
  return peak;
}

/* LANES source elements, or the first k of them and zeros, as a vector of the packed type. */
INLINE vd take_f64(const double *p) { return vd_load(p); }
INLINE vd take_part_f64(const double *p, ptrdiff_t k) { return load_part_f64(p, k); }
INLINE vf take_f32(const float *p) { return vf_load(p); }
#if VB == 64
INLINE vf take_u8(const uint8_t *p) {
  return (vf)_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p)));
}
INLINE vf take_part_f32(const float *p, ptrdiff_t k) {
  return (vf)_mm512_maskz_loadu_ps((__mmask16)((1u << k) - 1), p);
}
INLINE vf take_part_u8(const uint8_t *p, ptrdiff_t k) {
  __m128i b = _mm_maskz_loadu_epi8((__mmask16)((1u << k) - 1), p);
  return (vf)_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(b));
}
#else
#if VB == 32
INLINE vf take_u8(const uint8_t *p) {
  return (vf)_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p)));
}
INLINE vf take_part_f32(const float *p, ptrdiff_t k) {
  __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return (vf)_mm256_maskload_ps(p, _mm256_cmpgt_epi32(_mm256_set1_epi32((int)k), lane));
}
#else
INLINE vf take_u8(const uint8_t *p) { return (vf){p[0], p[1], p[2], p[3]}; }
INLINE vf take_part_f32(const float *p, ptrdiff_t k) {
  return (vf){k > 0 ? p[0] : 0, k > 1 ? p[1] : 0, k > 2 ? p[2] : 0, k > 3 ? p[3] : 0};
}
#endif
INLINE vf take_part_u8(const uint8_t *p, ptrdiff_t k) {
  uint8_t byte[WF] = {0};
  for (ptrdiff_t i = 0; i < k; i++) byte[i] = p[i];
  return take_u8(byte);
}
#endif

/* The same less `near`, which packing subtracts at once: a double that is narrowed to float keeps its digits so. */
INLINE vd take_less_f64(const double *p, vd near) { return vd_load(p) - near; }
INLINE vd take_less_part_f64(const double *p, ptrdiff_t k, vd near) { return load_part_f64(p, k) - near; }
INLINE vf take_less_f32(const float *p, vf near) { return take_f32(p) - near; }
INLINE vf take_less_part_f32(const float *p, ptrdiff_t k, vf near) { return take_part_f32(p, k) - near; }
INLINE vf take_less_u8(const uint8_t *p, vf near) { return take_u8(p) - near; }
INLINE vf take_less_part_u8(const uint8_t *p, ptrdiff_t k, vf near) { return take_part_u8(p, k) - near; }

INLINE vf narrow_less(vd low, vd high, vf near) {
  float lanes[WF] __attribute__((aligned(VB)));
  vf_store(lanes, near);
  return vf_narrow(low - load_f32(lanes), high - load_f32(lanes + W));
}
INLINE vf take_less_f64_f32(const double *p, vf near) { return narrow_less(vd_load(p), vd_load(p + W), near); }
INLINE vf take_less_part_f64_f32(const double *p, ptrdiff_t k, vf near) {
  return narrow_less(load_upto(p, k), k > W ? load_upto(p + W, k - W) : (vd){0}, near);
}

#define E double
#define ES f64
#define V vd
#define LANES W
#include "tile.inc.c"
#define T double
#define S f64
#include "gram.inc.c"
#undef T
#undef S
#undef E
#undef ES
#undef V
#undef LANES

#define E float
#define ES f32
#define V vf
#define LANES WF
#include "tile.inc.c"
#define T float
#define S f32
#include "gram.inc.c"
#undef T
#undef S
#define T uint8_t
#define S u8
#include "gram.inc.c"
#undef T
#undef S
#define T double
#define S f64_f32
#include "gram.inc.c"
#undef T
#undef S
#undef E
#undef ES
#undef V
#undef LANES
