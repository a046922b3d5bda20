/* The pointwise kernels of the softmax loss -sum_k y_k log p_k, p_k = exp(z_k) / sum_j exp(z_j).
 *
 * A block of n rows and K classes is K lines of n numbers, one behind the other, so that vectors hold
 * rows and nothing is summed across lanes.  With m = max z, every row's e_k = exp(z_k - m) never
 * overflows; one of them is 1, and `rest` is the sum of the others, so that 1 - p_k and log p_k keep
 * their digits where p_k is near 1. */

INLINE vd line_at(const double *x, ptrdiff_t n, ptrdiff_t k, ptrdiff_t i) {
  return load_upto(x + k * n + i, n - i);
}

INLINE vd largest_of(ptrdiff_t n, ptrdiff_t K, const double *z, ptrdiff_t i) {
  vd m = line_at(z, n, 0, i);
  for (ptrdiff_t k = 1; k < K; k++) {
    vd x = line_at(z, n, k, i);
    m = vd_select(x > m, x, m);
  }
  return m;
}

/* Writes e_k (unless e is NULL) for the rows from i on and returns their rest. */
INLINE vd rest_of(ptrdiff_t n, ptrdiff_t K, const double *z, ptrdiff_t i, vd m, double *e) {
  vd rest = {0};
  vi seen = {0};
  for (ptrdiff_t k = 0; k < K; k++) {
    vd x = line_at(z, n, k, i), ek = exp_minus(m - x);
    vi top = (x == m) & ~seen;
    seen |= top;
    rest += vd_select(top, vd_set(0), ek);
    if (e) store_upto(e + k * n + i, ek, n - i);
  }
  return rest;
}

/* log(1 + x) for x >= 0, NaN for NaN and infinity. */
INLINE vd log1p_positive(vd x) {
  const double ln2 = 0x1.62e42fefa39efp-1;
  const uint64_t one = 0x3ff0000000000000, integer = 0x4330000000000000, low = ((uint64_t)1 << 52) - 1;
  vd t = 1 + x;
  vd k = (vd)((vu)t >> 52 | integer) - (0x1p52 + 1023);
  vd fraction = vd_select(k == 0, x, (vd)(((vu)t & low) | one) - 1);
  return k * ln2 + log1p_unit(fraction) + (x - x);
}

static double softmax(ptrdiff_t n, ptrdiff_t K, const double *z, const double *y, const double *s, int s_step,
                      double *r) {
  double common[W];
  ptrdiff_t step = s_step != 0;
  vd sum = {0};
  s = weights(s, s_step, common);
  for (ptrdiff_t i = 0; i < n; i += W) {
    vd m = largest_of(n, K, z, i), rest = rest_of(n, K, z, i, m, r), w = load_upto(s + i * step, n - i);
    vd total = 1 + rest, loss = log1p_positive(rest), share = w / total;
    for (ptrdiff_t k = 0; k < K; k++) {
      vd yk = line_at(y, n, k, i), e = line_at(r, n, k, i), others = vd_select(e == 1, rest, total - e);
      loss += yk * (m - line_at(z, n, k, i));
      store_upto(r + k * n + i, share * ((1 - yk) * e - yk * others), n - i);
    }
    sum += w * loss;
  }
  return vd_sum(sum);
}

static void softmax_probabilities(ptrdiff_t n, ptrdiff_t K, const double *z, double *p) {
  for (ptrdiff_t i = 0; i < n; i += W) {
    vd share = 1 / (1 + rest_of(n, K, z, i, largest_of(n, K, z, i), p));
    for (ptrdiff_t k = 0; k < K; k++) store_upto(p + k * n + i, line_at(p, n, k, i) * share, n - i);
  }
}

INLINE vd mean_of(ptrdiff_t n, ptrdiff_t K, const double *p, const double *dz, ptrdiff_t i) {
  vd mean = {0};
  for (ptrdiff_t k = 0; k < K; k++) mean += line_at(p, n, k, i) * line_at(dz, n, k, i);
  return mean;
}

static void softmax_tilt(ptrdiff_t n, ptrdiff_t K, const double *p, const double *dz, const double *s, int s_step,
                         double *r) {
  double common[W];
  ptrdiff_t step = s_step != 0;
  s = weights(s, s_step, common);
  for (ptrdiff_t i = 0; i < n; i += W) {
    vd mean = mean_of(n, K, p, dz, i), w = load_upto(s + i * step, n - i);
    for (ptrdiff_t k = 0; k < K; k++)
      store_upto(r + k * n + i, w * line_at(p, n, k, i) * (line_at(dz, n, k, i) - mean), n - i);
  }
}

/* A probability too close to zero to be divided by is treated as in dual_of. */
static double softmax_dual(ptrdiff_t n, ptrdiff_t K, const double *z, const double *q, const double *dz,
                           const double *s, int s_step) {
  const double deepest = 690, e_deepest = 0x1.745367beacec7p-996; /* exp(-690) */
  double common[W];
  ptrdiff_t step = s_step != 0;
  vd sum = {0};
  s = weights(s, s_step, common);
  for (ptrdiff_t i = 0; i < n; i += W) {
    vd m = largest_of(n, K, z, i), total = 1 + rest_of(n, K, z, i, m, NULL), mean = mean_of(n, K, q, dz, i);
    vd divergence = {0}, w = load_upto(s + i * step, n - i);
    for (ptrdiff_t k = 0; k < K; k++) {
      vd a = m - line_at(z, n, k, i), e = exp_minus(a), p = e / total;
      vd delta = line_at(q, n, k, i) * (mean - line_at(dz, n, k, i)), moved = p + delta;
      vi outside = moved < -1e-12 * p - 1e-300;
      vd part = divergence_of(delta, vd_max(moved, 0), total / vd_max(e, e_deepest), vd_max(a - deepest, 0));
      divergence += vd_select(outside, vd_set(__builtin_inf()), part);
    }
    sum += vd_select(w > 0, w * divergence, vd_set(0));
  }
  return vd_sum(sum);
}
