/* The pointwise kernels of the logistic loss.
 *
 * Everything rests on e = exp(-|z|), which never overflows:
 *   sigma(|z|) = 1 / (1 + e),  sigma(-|z|) = e / (1 + e),  log(1 + exp(-|z|)) = log1p(e).
 * The polynomials are minimax fits (Remez); errors are given in units of 2^-53 of
 * the result.  What an element gives does not depend on its place in the array:
 * the last, partial vector goes through the same operations, padded with zeros.
 */

/* c[0] + c[1] x + ... + c[count-1] x^(count-1) for a constant count > 4: four terms at a time, each
 * four in the shape of a tree, since one long chain of products would have to be waited for; the
 * lowest terms one by one, since that rounds least. */
INLINE vd terms_2(vd x, const double *c, int count) {
  return count > 1 ? c[1] * x + c[0] : vd_set(c[0]);
}
INLINE vd terms_4(vd x, vd x2, const double *c, int count) {
  return count > 2 ? terms_2(x, c + 2, count - 2) * x2 + terms_2(x, c, 2) : terms_2(x, c, count);
}
INLINE vd polynomial(vd x, const double *c, int count) {
  vd x2 = x * x, x4 = x2 * x2;
  int k = (count - 1) & ~3;
  vd sum = terms_4(x, x2, c + k, count - k);
  UNROLL
  for (k -= 4; k > 0; k -= 4) sum = sum * x4 + terms_4(x, x2, c + k, 4);
  return ((sum * x2 + terms_2(x, c + 2, 2)) * x + c[1]) * x + c[0];
}

/* exp(-a) for a >= 0, with gradual underflow, 0 from 746 on; NaN for NaN; *low is what rounding lost.
 * exp(-a) = 2^k exp(r), |r| <= log(2)/2.  The sum with a large constant rounds to the integer k and
 * leaves k + 1023 + 64 in the low bits, which shifted become the number 2^(k + 64). */
INLINE vd exp_minus_parts(vd a, vd *low) {
  static const double c[] = {/* (exp(r) - 1 - r) / r^2; error 0.03 */
      0x1.000000000000bp-1, 0x1.5555555555561p-3, 0x1.5555555550040p-5, 0x1.111111110d625p-7,
      0x1.6c16c185a3c6bp-10, 0x1.a01a01bae95c7p-13, 0x1.a019969d84a8bp-16, 0x1.71dddfbd440ccp-19,
      0x1.28b03fdf16e34p-22, 0x1.af859c4cf5e36p-26};
  const double shift = 0x1.8p52 + 1023 + 64;
  const double ln2_hi = 0x1.62e42fefa4p-1, ln2_lo = -0x1.8432a1b0e2634p-43;   /* k * ln2_hi is exact */
  a = vd_min(a, 746);
  vd shifted = shift - a * 0x1.71547652b82fep0;
  vd k = shifted - shift;
  vd r = -a - k * ln2_hi - k * ln2_lo;
  vd scale = (vd)((vu)shifted << 52);
  vd tail = r * r * polynomial(r, c, 10) + r;
  vd e = scale * tail + scale;
  *low = (scale - e + scale * tail) * 0x1p-64;
  return e * 0x1p-64;
}
INLINE vd exp_minus(vd a) {
  vd low;
  return exp_minus_parts(a, &low);
}

/* log(1 + e) for 0 <= e <= 1. */
INLINE vd log1p_unit(vd e) {
  static const double c[] = {/* log(1 + e) / e - 1 in powers of e - 1/2; error 0.07 */
      -0x1.833704d019ed0p-3, -0x1.2773a5da90bd5p-2, 0x1.0f95b3dc0a0e3p-3, -0x1.1540afd54ca16p-4,
      0x1.2bec9fba5a2adp-5, -0x1.50abf6ca7a854p-6, 0x1.83c50b0879fb4p-7, -0x1.c72c644b03ca8p-8,
      0x1.0f1192e6d355bp-8, -0x1.469c5043603dcp-9, 0x1.8d3f6c52ed0fdp-10, -0x1.e6fd3b4249152p-11,
      0x1.2c771cbf5f94bp-11, -0x1.740d3147d3bbep-12, 0x1.cf4ff7d1e22fap-13, -0x1.2a0a36713582fp-13,
      0x1.7a80bc4ed7cddp-14, -0x1.77c57c306dda4p-15, 0x1.bdb25059088d0p-16, -0x1.420a552d0128dp-15,
      0x1.b1005e21598bfp-16};
  return e * polynomial(e - 0.5, c, 21) + e;
}

/* sigma(z). What e and 1 + e lost to rounding is made good to first order, with 1 / (1 + e) to 6 %;
 * without that the error reaches 2.1 ulp. */
INLINE vd sigmoid_of(vd z) {
  vd e_low, e = exp_minus_parts(vd_abs(z), &e_low), d = 1 + e, d_low = 1 - d + e + e_low;
  vi negative = (vi)z < 0;
  vd p = vd_select(negative, e, vd_set(1)) / d;
  vd p_low = vd_select(negative, e_low, vd_set(0)) - p * d_low;
  return p_low * (16 / 17.0 - 8 / 17.0 * e) + p;
}

/* sigma(z) (1 - sigma(z)) */
INLINE vd curvature_of(vd z) {
  vd e = exp_minus(vd_abs(z)), d = 1 + e;
  return e / (d * d);
}

/* With e = exp(-|z|), returns the loss log1p(e) + (1-y) max(z, 0) + y max(-z, 0); writes
 * s (sigma(z) - y), taken as the difference of (1-y) sigma(z) and y sigma(-z), so that nothing cancels
 * for y = 0 or 1. */
INLINE vd logistic_of(vd z, vd e, vd y, vd s, vd *residual) {
  vi negative = (vi)z < 0;
  vd against = vd_select(negative, y, 1 - y), agreeing = vd_select(negative, 1 - y, y);
  vd difference = s * (against - agreeing * e);
  *residual = vd_select(negative, -difference, difference) / (1 + e);
  return against * vd_abs(z) + log1p_unit(e);
}

/* The contribution x h(delta / x), h(t) = (1 + t) log(1 + t) - t, of a probability x that becomes
 * moved = x + delta, to the divergence KL(moved || x); x = exp(-beyond) / inverse, beyond >= 0.
 *
 * moved / x = 2^k (1 + f) exp(beyond) with 1 + f in [sqrt(1/2), sqrt(2)), and with g = f / (2 + f)
 * log(1 + f) = 2 g + 2 g^3 R(g^2). Near 1, where f = t, the terms of first order are cancelled on
 * paper: h = t g (1 + g (1 + g) R). Elsewhere h is no small difference and is taken as it stands. */
INLINE vd divergence_of(vd delta, vd moved, vd inverse, vd beyond) {
  static const double c[] = {/* R(x) = (atanh(g) / g - 1) / x, x = g^2 <= 0.0295; error 0.01 */
      0x1.5555555555592p-2, 0x1.999999997fd7bp-3, 0x1.24924941f4d2ep-3, 0x1.c71c52061ea12p-4,
      0x1.74663f9f5e20ap-4, 0x1.39a1a712f1209p-4, 0x1.2f063502597d9p-4};
  const double ln2 = 0x1.62e42fefa39efp-1;
  const uint64_t half_root = 0x3fe6a09e667f3bcd, one = 0x3ff0000000000000, integer = 0x4330000000000000;
  vd t = delta * inverse, ratio = vd_select(beyond > 0, moved * inverse, vd_max(1 + t, 0));
  vu bits = (vu)ratio + (one - half_root);
  vd k = (vd)(bits >> 52 | integer) - (0x1p52 + 1023);
  vd fraction = (vd)((bits & (((uint64_t)1 << 52) - 1)) + half_root) - 1;
  vi near = (k == 0) & (beyond == 0);
  vd f = vd_select(near, t, fraction), g = f / (2 + f);
  vd tail = g * polynomial(g * g, c, 7);
  vd by_series = delta * g * (tail * g + tail + 1);
  vd by_log = moved * (k * ln2 + beyond + 2 * g * (g * tail + 1)) - delta;
  return vd_select(near, by_series, by_log);
}

/* With e = exp(-|z|), s KL(p' || p) for p = sigma(z), p' = p - (q / s) dz. The smaller of p and 1 - p
 * gains delta, the larger loses it. A smaller one too close to zero to be divided by is stood in for
 * by sigma(-690), and its logarithm set right. Weights of 0 give 0 (q is 0 as well). */
INLINE vd dual_of(vd z, vd e, vd dz, vd q, vd s) {
  const double deepest = 690, e_deepest = 0x1.745367beacec7p-996;   /* exp(-690) */
  vd a = vd_abs(z), shallow = vd_max(e, e_deepest), d = 1 + shallow;
  vd reciprocal = 1 / (shallow * d), larger = shallow * reciprocal, smaller = e * larger;
  vd inverse = d * d * reciprocal;
  vd step = q / vd_select(s == 0, vd_set(1), s) * dz, delta = vd_select((vi)z < 0, -step, step);
  vd grown = smaller + delta, shrunk = larger - delta;
  vi outside = (grown < -1e-12 * smaller - 1e-300) | (shrunk < -1e-12 * larger);
  grown = vd_max(grown, 0);
  shrunk = vd_max(shrunk, 0);
  vd divergence = divergence_of(delta, grown, inverse, vd_max(a - deepest, 0)) +
                  divergence_of(-delta, shrunk, d, vd_set(0));
  return vd_select(outside & (s > 0), vd_set(__builtin_inf()), s * divergence);
}

/* A weight common to all elements is written out W times, so that it is read like the others. */
INLINE const double *weights(const double *s, int s_step, double *common) {
  if (s_step) return s;
  for (int lane = 0; lane < W; lane++) common[lane] = *s;
  return common;
}

/* Exponentials are taken for a block of elements before anything is done with them: the chain of
 * operations from z to the loss is too long for a processor to work on enough vectors at once. */
enum { BLOCK = 128 };

INLINE void exp_block(ptrdiff_t n, const double *z, double *e) {
  for (ptrdiff_t i = 0; i < n; i += W) vd_store(e + i, exp_minus(vd_abs(load_upto(z + i, n - i))));
}

INLINE ptrdiff_t shorter(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

static void sigmoid(ptrdiff_t n, const double *z, double *out) {
  for (ptrdiff_t i = 0; i < n; i += W) store_upto(out + i, sigmoid_of(load_upto(z + i, n - i)), n - i);
}

static double logistic(ptrdiff_t n, const double *z, const double *y, const double *s, int s_step,
                       double *r) {
  double common[W], e[BLOCK];
  vd sum = {0}, residual;
  ptrdiff_t step = s_step != 0;
  s = weights(s, s_step, common);
  for (ptrdiff_t begin = 0; begin < n; begin += BLOCK) {
    ptrdiff_t end = shorter(begin + BLOCK, n);
    exp_block(end - begin, z + begin, e);
    for (ptrdiff_t i = begin; i < end; i += W) {
      ptrdiff_t k = end - i;
      vd w = load_upto(s + i * step, k);
      sum += w * logistic_of(load_upto(z + i, k), vd_load(e + i - begin), load_upto(y + i, k), w, &residual);
      store_upto(r + i, residual, k);
    }
  }
  return vd_sum(sum);
}

static void logistic_curvature(ptrdiff_t n, const double *z, const double *s, int s_step, double *q) {
  double common[W];
  ptrdiff_t step = s_step != 0;
  s = weights(s, s_step, common);
  for (ptrdiff_t i = 0; i < n; i += W) {
    store_upto(q + i, load_upto(s + i * step, n - i) * curvature_of(load_upto(z + i, n - i)), n - i);
  }
}

static double logistic_line(ptrdiff_t n, const double *z0, const double *z1, double t, const double *y,
                            const double *s, int s_step, double *slope) {
  double z[BLOCK], r[BLOCK], sum = 0;
  vd sum_slope = {0};
  for (ptrdiff_t begin = 0; begin < n; begin += BLOCK) {
    ptrdiff_t m = shorter(n - begin, BLOCK);
    const double *from = z0 + begin, *to = z1 + begin;
    for (ptrdiff_t i = 0; i < m; i++) z[i] = from[i] + t * (to[i] - from[i]);
    sum += logistic(m, z, y + begin, s_step ? s + begin : s, s_step, r);
    for (ptrdiff_t i = 0; i < m; i += W) {
      sum_slope += load_upto(r + i, m - i) * (load_upto(to + i, m - i) - load_upto(from + i, m - i));
    }
  }
  *slope = vd_sum(sum_slope);
  return sum;
}

static double logistic_dual(ptrdiff_t n, const double *z, const double *dz, const double *q,
                            const double *s, int s_step) {
  double common[W], e[BLOCK];
  vd sum = {0};
  ptrdiff_t step = s_step != 0;
  s = weights(s, s_step, common);
  for (ptrdiff_t begin = 0; begin < n; begin += BLOCK) {
    ptrdiff_t end = shorter(begin + BLOCK, n);
    exp_block(end - begin, z + begin, e);
    for (ptrdiff_t i = begin; i < end; i += W) {
      ptrdiff_t k = end - i;
      sum += dual_of(load_upto(z + i, k), vd_load(e + i - begin), load_upto(dz + i, k), load_upto(q + i, k),
                     load_upto(s + i * step, k));
    }
  }
  return vd_sum(sum);
}
