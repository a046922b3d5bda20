/* Vectors of the widest width the instruction set offers, as compiler vector
 * types: + - * / and comparisons are written as operators, and only what the
 * language cannot say (partial loads, conversions, lane sums) is spelled per
 * instruction set.  Included by kernels.c alone, once per instruction set;
 * everything is static, or the linker might keep a copy that was compiled for
 * a newer processor than the one at hand.
 *
 *   vd   W doubles      vi   W int64      (a comparison of vd yields vi)
 *   load_T(p)           W elements of type T (f64, f32, u8) as doubles
 *   load_part_T(p, k)   the first k <= W of them, zero beyond, nothing read beyond
 */
#ifndef FGD_SIMD_INC_H
#define FGD_SIMD_INC_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define VB 64
#elif defined(__AVX2__)
#define VB 32
#else
#define VB 16
#endif
#define W (VB / 8)       /* lanes of double */
#define WF (VB / 4)      /* lanes of float */

#if defined(__AVX512F__) || defined(__aarch64__)
#define VREGS 32         /* vector registers */
#else
#define VREGS 16
#endif

/* PASTE(dot_, S) is dot_f64 where S is f64: names of the templates' functions */
#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

typedef double vd __attribute__((vector_size(VB)));
typedef int64_t vi __attribute__((vector_size(VB)));
typedef uint64_t vu __attribute__((vector_size(VB)));          /* for shifts and wrapping sums of bits */
typedef float vf __attribute__((vector_size(VB)));
typedef double vd_any __attribute__((vector_size(VB), aligned(8), may_alias));
typedef float vf_any __attribute__((vector_size(VB), aligned(4), may_alias));
typedef float vh __attribute__((vector_size(VB / 2)));          /* W floats */
typedef float vh_any __attribute__((vector_size(VB / 2), aligned(4), may_alias));
typedef uint8_t vb __attribute__((vector_size(W)));             /* W bytes */

INLINE vd vd_set(double x) { return x - (vd){0}; }
INLINE vf vf_set(float x) { return x - (vf){0}; }
INLINE vd vd_load(const double *p) { return *(const vd_any *)p; }
INLINE void vd_store(double *p, vd x) { *(vd_any *)p = x; }
INLINE vf vf_load(const float *p) { return *(const vf_any *)p; }
INLINE void vf_store(float *p, vf x) { *(vf_any *)p = x; }
INLINE vd vd_abs(vd x) { return (vd)((vi)x & INT64_MAX); }

/* mask ? a : b, lane by lane (a lane of the mask is all ones or zero). */
INLINE vd vd_select(vi mask, vd a, vd b) {
#if VB == 64
  return (vd)_mm512_mask_blend_pd(_mm512_movepi64_mask((__m512i)mask), (__m512d)b, (__m512d)a);
#elif VB == 32
  return (vd)_mm256_blendv_pd((__m256d)b, (__m256d)a, (__m256d)mask);
#else
  return (vd)((mask & (vi)a) | (~mask & (vi)b));
#endif
}

/* The smaller, the larger of x and c; NaN where x is NaN (c is not). */
#if VB == 64
INLINE vd vd_min(vd x, double c) { return (vd)_mm512_min_pd((__m512d)vd_set(c), (__m512d)x); }
INLINE vd vd_max(vd x, double c) { return (vd)_mm512_max_pd((__m512d)vd_set(c), (__m512d)x); }
#elif VB == 32
INLINE vd vd_min(vd x, double c) { return (vd)_mm256_min_pd((__m256d)vd_set(c), (__m256d)x); }
INLINE vd vd_max(vd x, double c) { return (vd)_mm256_max_pd((__m256d)vd_set(c), (__m256d)x); }
#else
INLINE vd vd_min(vd x, double c) { return vd_select(x > c, vd_set(c), x); }
INLINE vd vd_max(vd x, double c) { return vd_select(x < c, vd_set(c), x); }
#endif

INLINE vd load_f64(const double *p) { return vd_load(p); }

#if VB == 64
INLINE vd load_f32(const float *p) { return (vd)_mm512_cvtps_pd(_mm256_loadu_ps(p)); }
/* by way of int64: the conversion from int32 must move half of its operand to other lanes */
INLINE vd load_u8(const uint8_t *p) {
  return (vd)_mm512_cvtepi64_pd(_mm512_cvtepu8_epi64(_mm_loadl_epi64((const __m128i *)p)));
}
INLINE vd load_part_f64(const double *p, ptrdiff_t k) {
  return (vd)_mm512_maskz_loadu_pd((__mmask8)((1u << k) - 1), p);
}
INLINE vd load_part_f32(const float *p, ptrdiff_t k) {
  return (vd)_mm512_cvtps_pd(_mm256_maskz_loadu_ps((__mmask8)((1u << k) - 1), p));
}
INLINE vd load_part_u8(const uint8_t *p, ptrdiff_t k) {
  __m128i b = _mm_maskz_loadu_epi8((__mmask16)((1u << k) - 1), p);
  return (vd)_mm512_cvtepi32_pd(_mm256_cvtepu8_epi32(b));
}
INLINE void store_part(double *p, vd x, ptrdiff_t k) {
  _mm512_mask_storeu_pd(p, (__mmask8)((1u << k) - 1), (__m512d)x);
}
#else
#if VB == 32
INLINE vd load_f32(const float *p) { return (vd)_mm256_cvtps_pd(_mm_loadu_ps(p)); }
INLINE vd load_u8(const uint8_t *p) {
  int32_t four;
  memcpy(&four, p, 4);
  return (vd)_mm256_cvtepi32_pd(_mm_cvtepu8_epi32(_mm_cvtsi32_si128(four)));
}
INLINE vd load_part_f64(const double *p, ptrdiff_t k) {
  return (vd)_mm256_maskload_pd(p, (__m256i)((vi){0, 1, 2, 3} < (vi){k, k, k, k}));
}
INLINE vd load_part_f32(const float *p, ptrdiff_t k) {
  __m128i mask = _mm_cmplt_epi32(_mm_setr_epi32(0, 1, 2, 3), _mm_set1_epi32((int)k));
  return (vd)_mm256_cvtps_pd(_mm_maskload_ps(p, mask));
}
INLINE vd load_part_u8(const uint8_t *p, ptrdiff_t k) {
  uint32_t four = 0; /* first, middle and last byte: up to three, without a loop */
  if (k == 4) return load_u8(p);
  if (k > 0) four = p[0] | (uint32_t)p[k / 2] << 8 * (k / 2) | (uint32_t)p[k - 1] << 8 * (k - 1);
  return load_u8((const uint8_t *)&four);
}
#else
#ifdef __x86_64__
INLINE vd load_f32(const float *p) {
  return (vd)_mm_cvtps_pd(_mm_castsi128_ps(_mm_loadl_epi64((const __m128i *)p)));
}
INLINE vd load_u8(const uint8_t *p) {
  return (vd)_mm_cvtepi32_pd(_mm_cvtsi64_si128(p[0] | (int64_t)p[1] << 32));
}
#else
INLINE vd load_f32(const float *p) { return __builtin_convertvector(*(const vh_any *)p, vd); }
INLINE vd load_u8(const uint8_t *p) { return (vd){(double)p[0], (double)p[1]}; }
#endif
#define FGD_LOAD_PART(T, S)                                                \
  INLINE vd load_part_##S(const T *p, ptrdiff_t k) {                       \
    return (vd){k > 0 ? (double)p[0] : 0, k > 1 ? (double)p[1] : 0};       \
  }
FGD_LOAD_PART(double, f64)
FGD_LOAD_PART(float, f32)
FGD_LOAD_PART(uint8_t, u8)
#undef FGD_LOAD_PART
#endif
INLINE void store_part(double *p, vd x, ptrdiff_t k) {
  for (ptrdiff_t i = 0; i < k; i++) p[i] = x[i];
}
#endif

/* 2 W doubles as floats */
INLINE vf vf_narrow(vd low, vd high) {
#if VB == 64
  return (vf)_mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps((__m512d)low)), _mm512_cvtpd_ps((__m512d)high),
                                1);
#elif VB == 32
  return (vf)_mm256_insertf128_ps(_mm256_castps128_ps256(_mm256_cvtpd_ps((__m256d)low)),
                                  _mm256_cvtpd_ps((__m256d)high), 1);
#else
  return (vf){(float)low[0], (float)low[1], (float)high[0], (float)high[1]};
#endif
}

/* The first k of W doubles, or all if k >= W: what the last turn of a loop over vectors wants. */
INLINE vd load_upto(const double *p, ptrdiff_t k) { return k < W ? load_part_f64(p, k) : vd_load(p); }
INLINE void store_upto(double *p, vd x, ptrdiff_t k) {
  if (k < W) store_part(p, x, k);
  else vd_store(p, x);
}

/* Sum of the lanes, always in the same order. */
INLINE double vd_sum(vd x) {
#if VB == 64
  __m256d h = _mm512_castpd512_pd256((__m512d)x) + _mm512_extractf64x4_pd((__m512d)x, 1);
  __m128d q = _mm256_castpd256_pd128(h) + _mm256_extractf128_pd(h, 1);
  return q[0] + q[1];
#elif VB == 32
  __m128d q = _mm256_castpd256_pd128((__m256d)x) + _mm256_extractf128_pd((__m256d)x, 1);
  return q[0] + q[1];
#else
  return x[0] + x[1];
#endif
}

/* Asks for the cache lines that begin within `bytes` from p on; p may point anywhere. */
INLINE void fetch(const void *p, size_t bytes) {
  UNROLL for (size_t x = 63; x < bytes + 63; x += 64) __builtin_prefetch((const char *)p + x);
}

/* Lane i is vd_sum(x[i]), to the bit. */
INLINE vd vd_sums(const vd x[W]) {
#if VB == 64
#define FOLD(a, b, low, high)                                \
  (_mm512_shuffle_f64x2((__m512d)(a), (__m512d)(b), low) +   \
   _mm512_shuffle_f64x2((__m512d)(a), (__m512d)(b), high))
  __m512d even = FOLD(FOLD(x[0], x[2], 0x44, 0xEE), FOLD(x[4], x[6], 0x44, 0xEE), 0x88, 0xDD);
  __m512d odd = FOLD(FOLD(x[1], x[3], 0x44, 0xEE), FOLD(x[5], x[7], 0x44, 0xEE), 0x88, 0xDD);
#undef FOLD
  return (vd)(_mm512_unpacklo_pd(even, odd) + _mm512_unpackhi_pd(even, odd));
#elif VB == 32
#define FOLD(a, b)                                              \
  (_mm256_permute2f128_pd((__m256d)(a), (__m256d)(b), 0x20) +   \
   _mm256_permute2f128_pd((__m256d)(a), (__m256d)(b), 0x31))
  __m256d even = FOLD(x[0], x[2]), odd = FOLD(x[1], x[3]);
#undef FOLD
  return (vd)(_mm256_unpacklo_pd(even, odd) + _mm256_unpackhi_pd(even, odd));
#else
  return (vd){x[0][0], x[1][0]} + (vd){x[0][1], x[1][1]};
#endif
}

/* x[r][c] becomes x[c][r], W x W or WF x WF lanes: in step h the blocks of h lanes off the
 * diagonal change places. */
#define LOW(n, h, j) ((j) & (h) ? (n) + (j) - (h) : (j))
#define HIGH(n, h, j) ((j) & (h) ? (n) + (j) : (j) + (h))
#define LANES2(F, n, h) F(n, h, 0), F(n, h, 1)
#define LANES4(F, n, h) LANES2(F, n, h), F(n, h, 2), F(n, h, 3)
#define LANES8(F, n, h) LANES4(F, n, h), F(n, h, 4), F(n, h, 5), F(n, h, 6), F(n, h, 7)
#define LANES16(F, n, h)                                                                       \
  LANES8(F, n, h), F(n, h, 8), F(n, h, 9), F(n, h, 10), F(n, h, 11), F(n, h, 12), F(n, h, 13), \
      F(n, h, 14), F(n, h, 15)
#define EXCHANGE(V, n, h)                                           \
  UNROLL for (int r = 0; r < n; r++) {                              \
    if (r & h) continue;                                            \
    V a = x[r], b = x[r + h];                                       \
    x[r] = __builtin_shufflevector(a, b, LANES##n(LOW, n, h));      \
    x[r + h] = __builtin_shufflevector(a, b, LANES##n(HIGH, n, h)); \
  }
#if VB == 64
INLINE void vd_transpose(vd x[W]) {
  EXCHANGE(vd, 8, 1) EXCHANGE(vd, 8, 2) EXCHANGE(vd, 8, 4)
}
INLINE void vf_transpose(vf x[WF]) {
  EXCHANGE(vf, 16, 1) EXCHANGE(vf, 16, 2) EXCHANGE(vf, 16, 4) EXCHANGE(vf, 16, 8)
}
#elif VB == 32
INLINE void vd_transpose(vd x[W]) { EXCHANGE(vd, 4, 1) EXCHANGE(vd, 4, 2) }
INLINE void vf_transpose(vf x[WF]) { EXCHANGE(vf, 8, 1) EXCHANGE(vf, 8, 2) EXCHANGE(vf, 8, 4) }
#else
INLINE void vd_transpose(vd x[W]) { EXCHANGE(vd, 2, 1) }
INLINE void vf_transpose(vf x[WF]) { EXCHANGE(vf, 4, 1) EXCHANGE(vf, 4, 2) }
#endif
#undef LOW
#undef HIGH
#undef LANES2
#undef LANES4
#undef LANES8
#undef LANES16
#undef EXCHANGE

#endif
