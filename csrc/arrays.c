/* Checks on the caller's arrays (see arrays.h). */
#include "arrays.h"

#include <math.h>
#include <string.h>

/* x - x is 0 for finite numbers and NaN for the rest; blocks are summed, and only a bad one is searched. */
#define FIRST_NOT_FINITE(name, type)                                      \
  ptrdiff_t name(ptrdiff_t n, const type *x) {                            \
    for (ptrdiff_t i = 0; i < n; i += 1024) {                             \
      ptrdiff_t end = n - i < 1024 ? n : i + 1024, k = i;                 \
      type s[8] = {0};                                                    \
      for (; k + 8 <= end; k += 8)                                        \
        for (int l = 0; l < 8; l++) s[l] += x[k + l] - x[k + l];          \
      for (; k < end; k++) s[0] += x[k] - x[k];                           \
      for (int l = 1; l < 8; l++) s[0] += s[l];                           \
      if (s[0] == 0) continue;                                            \
      for (k = i; k < end; k++)                                           \
        if (!isfinite(x[k])) return k;                                    \
    }                                                                     \
    return -1;                                                            \
  }
FIRST_NOT_FINITE(fgd_first_not_finite, double)
FIRST_NOT_FINITE(fgd_first_not_finite_float, float)

ptrdiff_t fgd_first_negative(ptrdiff_t n, const double *x) {
  for (ptrdiff_t i = 0; i < n; i++)
    if (x[i] < 0) return i;
  return -1;
}

/* Negative indices turn into the largest unsigned ones: one comparison serves both ends. */
#define CSR_IN_RANGE(name, type, utype)                                                                 \
  static int name(ptrdiff_t n, ptrdiff_t d, ptrdiff_t entries, const type *indices, const type *p) {    \
    if (p[0] < 0 || (ptrdiff_t)p[n] > entries) return 0;                                                \
    for (ptrdiff_t i = 0; i < n; i++)                                                                   \
      if (p[i] > p[i + 1]) return 0;                                                                    \
    utype most[16] = {0};                                                                               \
    ptrdiff_t k = p[0], end = p[n];                                                                     \
    for (; k + 16 <= end; k += 16)                                                                      \
      for (int l = 0; l < 16; l++) most[l] = most[l] > (utype)indices[k + l] ? most[l] : (utype)indices[k + l]; \
    for (; k < end; k++) most[0] = most[0] > (utype)indices[k] ? most[0] : (utype)indices[k];           \
    for (int l = 1; l < 16; l++) most[0] = most[0] > most[l] ? most[0] : most[l];                       \
    return p[0] == p[n] || (uint64_t)most[0] < (uint64_t)d;                                             \
  }
CSR_IN_RANGE(csr_in_range_32, int32_t, uint32_t)
CSR_IN_RANGE(csr_in_range_64, int64_t, uint64_t)

int fgd_csr_in_range(ptrdiff_t n, ptrdiff_t d, ptrdiff_t entries, int wide, const void *indices, const void *indptr) {
  return wide ? csr_in_range_64(n, d, entries, indices, indptr) : csr_in_range_32(n, d, entries, indices, indptr);
}

/* Nearly always the labels are two values, side by side in memory: one quick loop codes them and notes whether any
 * other value occurs.  Only then, or for strided labels, they are looked at one by one. */
#define SCAN(name, type, finite, whole)                                                                    \
  static int name##_label(type v) {                                                                        \
    (void)v;                                                                                               \
    return (finite) && (whole);                                                                            \
  }                                                                                                        \
  static int name##_quick(ptrdiff_t n, const type *y, uint8_t *code, fgd_label_scan *s) {                  \
    type low = y[0], high = y[0];                                                                          \
    ptrdiff_t other = 1;                                                                                   \
    while (other < n && y[other] == low) other++;                                                          \
    if (other == n) return 0;                                                                              \
    if (y[other] > low) high = y[other], s->high = other;                                                  \
    else low = y[other], s->low = other;                                                                   \
    unsigned strange = 0;                                                                                  \
    for (ptrdiff_t i = 0; i < n; i++) {                                                                    \
      code[i] = y[i] == high;                                                                              \
      strange |= (unsigned)(y[i] != high) & (unsigned)(y[i] != low);                                       \
    }                                                                                                      \
    return !strange && name##_label(low) && name##_label(high);                                            \
  }                                                                                                        \
  static void name(ptrdiff_t n, const char *y, ptrdiff_t stride, uint8_t *code, fgd_label_scan *s) {       \
    if (stride == sizeof(type) && (uintptr_t)y % sizeof(type) == 0 &&                                      \
        name##_quick(n, (const type *)(const void *)y, code, s))                                           \
      return;                                                                                              \
    *s = (fgd_label_scan){0, 0, -1, -1, -1, -1};                                                           \
    type low, high, v;                                                                                     \
    memcpy(&low, y, sizeof v);                                                                             \
    high = low;                                                                                            \
    for (ptrdiff_t i = 0; i < n; i++) {                                                                    \
      memcpy(&v, y + i * stride, sizeof v);                                                                \
      if (!(finite)) {                                                                                     \
        s->not_finite = i;                                                                                 \
        return;                                                                                            \
      }                                                                                                    \
      if (v < low) low = v, s->low = i;                                                                    \
      if (v > high) high = v, s->high = i;                                                                 \
      if (s->fraction < 0 && !(whole)) s->fraction = i;                                                    \
      if (s->outside < 0 && !((double)v >= 0 && (double)v <= 1)) s->outside = i;                           \
    }                                                                                                      \
    for (ptrdiff_t i = 0; i < n; i++) {                                                                    \
      memcpy(&v, y + i * stride, sizeof v);                                                                \
      code[i] = v == high;                                                                                 \
      if (v != high && v != low && s->third < 0) s->third = i;                                             \
    }                                                                                                      \
  }
SCAN(scan_i8, int8_t, 1, 1)
SCAN(scan_u8, uint8_t, 1, 1)
SCAN(scan_i16, int16_t, 1, 1)
SCAN(scan_u16, uint16_t, 1, 1)
SCAN(scan_i32, int32_t, 1, 1)
SCAN(scan_u32, uint32_t, 1, 1)
SCAN(scan_i64, int64_t, 1, 1)
SCAN(scan_u64, uint64_t, 1, 1)
SCAN(scan_f32, float, isfinite(v), v == truncf(v))
SCAN(scan_f64, double, isfinite(v), v == trunc(v))

int fgd_scan_labels(char format, ptrdiff_t n, const void *y, ptrdiff_t stride, uint8_t *code, fgd_label_scan *scan) {
  *scan = (fgd_label_scan){0, 0, -1, -1, -1, -1};
  switch (format) {
    case 'f': scan_f32(n, y, stride, code, scan); return 1;
    case 'd': scan_f64(n, y, stride, code, scan); return 1;
    case '?': case 'B': scan_u8(n, y, stride, code, scan); return 1;
    case 'b': scan_i8(n, y, stride, code, scan); return 1;
    case 'h': scan_i16(n, y, stride, code, scan); return 1;
    case 'H': scan_u16(n, y, stride, code, scan); return 1;
    case 'i': scan_i32(n, y, stride, code, scan); return 1;
    case 'I': scan_u32(n, y, stride, code, scan); return 1;
    case 'q': scan_i64(n, y, stride, code, scan); return 1;
    case 'Q': scan_u64(n, y, stride, code, scan); return 1;
    case 'l':
      if (sizeof(long) == 8) scan_i64(n, y, stride, code, scan);
      else scan_i32(n, y, stride, code, scan);
      return 1;
    case 'L':
      if (sizeof(long) == 8) scan_u64(n, y, stride, code, scan);
      else scan_u32(n, y, stride, code, scan);
      return 1;
    default: return 0;
  }
}

void fgd_scan_bytes(ptrdiff_t n, const void *y, ptrdiff_t stride, size_t width, uint8_t *code, fgd_label_scan *scan) {
  const char *first = y, *other = NULL;
  *scan = (fgd_label_scan){0, 0, -1, -1, -1, -1};
  for (ptrdiff_t i = 0; i < n; i++) {
    const char *v = first + i * stride;
    code[i] = memcmp(v, first, width) != 0;
    if (!code[i]) continue;
    if (!other) other = v, scan->high = i;
    else if (scan->third < 0 && memcmp(v, other, width) != 0) scan->third = i;
  }
}
