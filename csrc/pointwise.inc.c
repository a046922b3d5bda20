/* The pointwise kernels of the logistic loss.
 *
 * Everything rests on e = exp(-|z|), which never overflows:
 *   sigma(|z|) = 1 / (1 + e),  sigma(-|z|) = e / (1 + e),  log(1 + exp(-|z|)) = log1p(e).
 * The polynomials are minimax fits (Remez); errors are given in units of 2^-53 of
 * the result.  What an element gives does not depend on its place in the array:
 * the last, partial vector goes through the same operations, padded with zeros.
 */

/* Polynomial c[0] + c[1] x + ... + c[count-1] x^(count-1), the even and the odd powers side by side
 * so that two chains of products run at once.  Unrolled: count is a constant. */
INLINE vd polynomial(vd x, const double *c, int count) {
  vd x2 = x * x;
  vd even = vd_set(c[(count - 1) & ~1]), odd = vd_set(c[(count & ~1) - 1]);
  UNROLL
  for (int k = ((count - 1) & ~1) - 2; k >= 0; k -= 2) even = even * x2 + c[k];
  UNROLL
  for (int k = (count & ~1) - 3; k >= 1; k -= 2) odd = odd * x2 + c[k];
  return odd * x + even;
}

/* exp(-a) for a >= 0, with gradual underflow, 0 from 746 on; NaN for NaN; *low is what rounding lost.
 * exp(-a) = 2^k exp(r), |r| <= log(2)/2.  The sum with a large constant rounds to the integer k and
 * leaves k + 1023 + 64 in the low bits, which shifted become the number 2^(k + 64). */
INLINE vd exp_minus(vd a, vd *low) {
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
 * without that the error reaches 2.4 ulp. */
INLINE vd sigmoid_of(vd z) {
  vd e_low, e = exp_minus(vd_abs(z), &e_low), d = 1 + e, d_low = 1 - d + e + e_low;
  vi negative = (vi)z < 0;
  vd p = vd_select(negative, e, vd_set(1)) / d;
  vd p_low = vd_select(negative, e_low, vd_set(0)) - p * d_low;
  return p_low * (16 / 17.0 - 8 / 17.0 * e) + p;
}

/* sigma(z) (1 - sigma(z)) */
INLINE vd curvature_of(vd z) {
  vd e_low, e = exp_minus(vd_abs(z), &e_low), d = 1 + e;
  return e / (d * d);
}

/* Returns the loss log1p(exp(-|z|)) + (1-y) max(z, 0) + y max(-z, 0); writes s (sigma(z) - y), taken as
 * the difference of (1-y) sigma(z) and y sigma(-z), so that nothing cancels for y = 0 or 1. */
INLINE vd logistic_of(vd z, vd y, vd s, vd *residual) {
  vi negative = (vi)z < 0;
  vd a = vd_abs(z), e_low, e = exp_minus(a, &e_low);
  vd against = vd_select(negative, y, 1 - y), agreeing = vd_select(negative, 1 - y, y);
  vd difference = s * (against - agreeing * e);
  *residual = vd_select(negative, -difference, difference) / (1 + e);
  return against * a + log1p_unit(e);
}

/* The contribution x h(delta / x), h(t) = (1 + t) log(1 + t) - t, of a probability x that becomes
 * moved = x + delta, to the divergence KL(moved || x). Given are t = delta / x and
 * ratio = moved / (x exp(beyond)), beyond >= 0.
 *
 * ratio = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), and with g = f / (2 + f)
 * log(1 + f) = 2 g + 2 g^3 R(g^2). Where k = 0 (and f = t) the terms of first order are cancelled on
 * paper: h = t g (1 + g (1 + g) R). Elsewhere h is no small difference and is taken as it stands. */
INLINE vd divergence_of(vd delta, vd t, vd moved, vd ratio, vd beyond) {
  static const double c[] = {/* R(x) = (atanh(g) / g - 1) / x, x = g^2 <= 0.0295; error 0.01 */
      0x1.5555555555592p-2, 0x1.999999997fd7bp-3, 0x1.24924941f4d2ep-3, 0x1.c71c52061ea12p-4,
      0x1.74663f9f5e20ap-4, 0x1.39a1a712f1209p-4, 0x1.2f063502597d9p-4};
  const double ln2 = 0x1.62e42fefa39efp-1;
  const uint64_t half_root = 0x3fe6a09e667f3bcd, one = 0x3ff0000000000000, integer = 0x4330000000000000;
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

/* s KL(p' || p) for p = sigma(z), p' = p - (q / s) dz. The smaller of p and 1 - p, here `small`, gains
 * delta, the larger loses it. A `small` too close to the smallest number to be divided by is stood in
 * for by sigma(-690), and its logarithm set right. Weights of 0 give 0 (q is 0 as well). */
INLINE vd dual_of(vd z, vd dz, vd q, vd s) {
  const double deepest = 690;
  vd a = vd_abs(z), e_low, e = exp_minus(a, &e_low), d = 1 + e;
  vd shallow = vd_min(a, deepest), ratio_e = vd_select(a > deepest, vd_set(0x1.745367beacec7p-996), e);
  vd small = e / d, large = 1 / d, inverse = (1 + ratio_e) / ratio_e;
  vd step = q / vd_select(s == 0, vd_set(1), s) * dz;
  vd delta = vd_select((vi)z < 0, -step, step);
  vd small_moved = small + delta, large_moved = large - delta;
  vi outside = (small_moved < -1e-12 * small - 1e-300) | (large_moved < -1e-12 * large);
  small_moved = vd_max(small_moved, 0);
  large_moved = vd_max(large_moved, 0);
  vd divergence = divergence_of(delta, delta * inverse, small_moved, small_moved * inverse, a - shallow) +
                  divergence_of(-delta, -delta * d, large_moved, large_moved * d, vd_set(0));
  return vd_select(outside & (s > 0), vd_set(__builtin_inf()), s * divergence);
}

/* A weight common to all elements is written out W times, so that it is read like the others. */
INLINE const double *weights(const double *s, int s_step, double *common) {
  if (s_step) return s;
  for (int lane = 0; lane < W; lane++) common[lane] = *s;
  return common;
}

static void sigmoid(ptrdiff_t n, const double *z, double *out) {
  ptrdiff_t i = 0;
  for (; i + W <= n; i += W) vd_store(out + i, sigmoid_of(vd_load(z + i)));
  if (i < n) store_part(out + i, sigmoid_of(load_part_f64(z + i, n - i)), n - i);
}

static double logistic(ptrdiff_t n, const double *z, const double *y, const double *s, int s_step, double *r) {
  double common[W];
  vd sum = {0}, residual;
  ptrdiff_t i = 0, step = s_step != 0;
  s = weights(s, s_step, common);
  for (; i + W <= n; i += W) {
    vd w = vd_load(s + i * step);
    sum += w * logistic_of(vd_load(z + i), vd_load(y + i), w, &residual);
    vd_store(r + i, residual);
  }
  if (i < n) {
    vd w = load_part_f64(s + i * step, n - i);
    sum += w * logistic_of(load_part_f64(z + i, n - i), load_part_f64(y + i, n - i), w, &residual);
    store_part(r + i, residual, n - i);
  }
  return vd_sum(sum);
}

static void logistic_curvature(ptrdiff_t n, const double *z, const double *s, int s_step, double *q) {
  double common[W];
  ptrdiff_t i = 0, step = s_step != 0;
  s = weights(s, s_step, common);
  for (; i + W <= n; i += W) vd_store(q + i, vd_load(s + i * step) * curvature_of(vd_load(z + i)));
  if (i < n) {
    vd w = load_part_f64(s + i * step, n - i);
    store_part(q + i, w * curvature_of(load_part_f64(z + i, n - i)), n - i);
  }
}

static double logistic_line(ptrdiff_t n, const double *z0, const double *z1, double t, const double *y,
                            const double *s, int s_step, double *slope) {
  double common[W];
  vd sum = {0}, sum_slope = {0}, residual;
  ptrdiff_t i = 0, step = s_step != 0;
  s = weights(s, s_step, common);
  for (; i + W <= n; i += W) {
    vd w = vd_load(s + i * step), z = vd_load(z0 + i), dz = vd_load(z1 + i) - z;
    sum += w * logistic_of(z + t * dz, vd_load(y + i), w, &residual);
    sum_slope += residual * dz;
  }
  if (i < n) {
    vd w = load_part_f64(s + i * step, n - i), z = load_part_f64(z0 + i, n - i);
    vd dz = load_part_f64(z1 + i, n - i) - z;
    sum += w * logistic_of(z + t * dz, load_part_f64(y + i, n - i), w, &residual);
    sum_slope += residual * dz;
  }
  *slope = vd_sum(sum_slope);
  return vd_sum(sum);
}

static double logistic_dual(ptrdiff_t n, const double *z, const double *dz, const double *q,
                            const double *s, int s_step) {
  double common[W];
  vd sum = {0};
  ptrdiff_t i = 0, step = s_step != 0;
  s = weights(s, s_step, common);
  for (; i + W <= n; i += W) {
    sum += dual_of(vd_load(z + i), vd_load(dz + i), vd_load(q + i), vd_load(s + i * step));
  }
  if (i < n) {
    sum += dual_of(load_part_f64(z + i, n - i), load_part_f64(dz + i, n - i), load_part_f64(q + i, n - i),
                   load_part_f64(s + i * step, n - i));
  }
  return vd_sum(sum);
}
