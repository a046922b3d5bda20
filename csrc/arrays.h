/* What the door asks of the caller's arrays: are they finite, which two labels do they hold. */
#ifndef FGD_ARRAYS_H
#define FGD_ARRAYS_H

#include <stddef.h>
#include <stdint.h>

/* Position of the first NaN or infinity among n doubles (float: of the first among n floats), or -1. */
ptrdiff_t fgd_first_not_finite(ptrdiff_t n, const double *x);
ptrdiff_t fgd_first_not_finite_float(ptrdiff_t n, const float *x);
/* Position of the first negative number, or -1. */
ptrdiff_t fgd_first_negative(ptrdiff_t n, const double *x);

/* Are indptr (n + 1) and indices of a CSR matrix with `entries` stored values and d columns in range? */
int fgd_csr_in_range(ptrdiff_t n, ptrdiff_t d, ptrdiff_t entries, int wide, const void *indices, const void *indptr);

typedef struct {
  ptrdiff_t low, high;   /* positions of the first smallest and the first largest value */
  ptrdiff_t third;       /* of the first value that equals neither, or -1 */
  ptrdiff_t not_finite;  /* of the first NaN or infinity, or -1; then nothing else is filled in */
  ptrdiff_t fraction;    /* of the first value that is no integer, or -1 */
  ptrdiff_t outside;     /* of the first value not in [0, 1], or -1 */
} fgd_label_scan;

/* Look at n labels `stride` bytes apart, of the type that `format` (a struct-module character) names; code[i]
 * becomes 1 where the label is the largest value, else 0.  Returns 0 for a format it does not know. */
int fgd_scan_labels(char format, ptrdiff_t n, const void *y, ptrdiff_t stride, uint8_t *code, fgd_label_scan *scan);

/* The same for elements of `width` bytes that are only told apart (strings): low is the first, high the first that
 * differs from it. */
void fgd_scan_bytes(ptrdiff_t n, const void *y, ptrdiff_t stride, size_t width, uint8_t *code, fgd_label_scan *scan);

#endif
