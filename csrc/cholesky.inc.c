/* Cholesky factors of symmetric matrices, lower triangle, row-major, and solves with them.
 *
 * BLOCK columns at a time are copied into packed panels (gemm.inc.c) with rows as lanes, factored
 * there from left to right on the micro-kernel, copied back, and taken off the rest of the matrix.
 * Rows of a panel are as many as the rows of a tile. */
#define ROWS (PANEL_VECS * W)
#define BLOCK 64
_Static_assert(ROWS == TILE && BLOCK % ROWS == 0, "the factor's tiles must cover whole panels");

static size_t cholesky_work(ptrdiff_t n) {
  return sizeof(double) * (size_t)(up_to(n, ROWS) * (least(up_to(n, ROWS), BLOCK) + 1));
}

/* Panel p of a block, from A[r*ld + c] to panel[c*ROWS + r] and back, for `rows` rows of `columns` columns,
 * as far as they lie in the lower triangle: row r has `in_row` elements from column c on. */
INLINE ptrdiff_t panel_width(ptrdiff_t p, ptrdiff_t columns) {
  return least((p + 1) * ROWS, up_to(columns, ROWS));
}
INLINE ptrdiff_t in_row(ptrdiff_t p, ptrdiff_t r, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t c) {
  return r < rows ? most(least(p * ROWS + r + 1, columns) - c, 0) : 0;
}
INLINE void pack_panel(ptrdiff_t p, ptrdiff_t rows, ptrdiff_t columns, const double *A, ptrdiff_t ld,
                       double *panel) {
  UNROLL for (int v = 0; v < PANEL_VECS; v++)
    for (ptrdiff_t c = 0; c < panel_width(p, columns); c += W) {
      vd x[W];
      UNROLL for (int r = 0; r < W; r++)
        x[r] = load_upto(A + (v * W + r) * ld + c, in_row(p, v * W + r, rows, columns, c));
      vd_transpose(x);
      UNROLL for (int j = 0; j < W; j++) vd_store(panel + (c + j) * ROWS + v * W, x[j]);
    }
}
INLINE void unpack_panel(ptrdiff_t p, ptrdiff_t rows, ptrdiff_t columns, const double *panel, double *A,
                         ptrdiff_t ld) {
  UNROLL for (int v = 0; v < PANEL_VECS; v++)
    for (ptrdiff_t c = 0; c < panel_width(p, columns); c += W) {
      vd x[W];
      UNROLL for (int j = 0; j < W; j++) x[j] = vd_load(panel + (c + j) * ROWS + v * W);
      vd_transpose(x);
      UNROLL for (int r = 0; r < W; r++)
        store_upto(A + (v * W + r) * ld + c, x[r], in_row(p, v * W + r, rows, columns, c));
    }
}

/* The block on the diagonal, where a panel has k columns of the factor already: its n next ones, in
 * registers. The reciprocals of their diagonal go to `inverse`.  Returns 0, or c + 1 if pivot c is bad. */
static ptrdiff_t factor_corner(ptrdiff_t n, ptrdiff_t k, double *panel, double *inverse) {
  vd x[TILE][TILE_VECS];
  double *at = panel + k * ROWS;
  product_f64(1, k, panel, panel, 0, NULL, x);
  UNROLL for (int c = 0; c < ROWS; c++)
    UNROLL for (int v = 0; v < PANEL_VECS; v++) x[c][v] = vd_load(at + c * ROWS + v * W) - x[c][v];
  UNROLL for (int c = 0; c < ROWS; c++) {
    if (c == n) break;
    double pivot = x[c][c / W][c % W];
    if (!(pivot > 0)) return c + 1;
    double root = __builtin_sqrt(pivot);
    inverse[c] = 1 / root;
    UNROLL for (int v = 0; v < PANEL_VECS; v++) {
      x[c][v] *= inverse[c];
      vd_store(at + c * ROWS + v * W, x[c][v]);
    }
    at[c * ROWS + c] = root;
    UNROLL for (int r = c + 1; r < ROWS; r++)
      UNROLL for (int v = 0; v < PANEL_VECS; v++) x[r][v] -= x[c][r / W][r % W] * x[c][v];
  }
  return 0;
}

/* The same columns of the rows below, `panels` panels of them at b, once the corner of panel a is done. */
INLINE void solve_below_of(int panels, ptrdiff_t k, const double *a, const double *inverse, double *b,
                           ptrdiff_t stride) {
  vd x[TILE][TILE_VECS];
  product_f64(panels, k, a, b, stride, NULL, x);
  a += k * ROWS;
  b += k * ROWS;
  UNROLL for (int c = 0; c < ROWS; c++) {
    UNROLL for (int v = 0; v < panels * PANEL_VECS; v++) {
      double *to = b + v / PANEL_VECS * stride + v % PANEL_VECS * W + c * ROWS;
      x[c][v] = (vd_load(to) - x[c][v]) * inverse[c];
      vd_store(to, x[c][v]);
    }
    UNROLL for (int r = c + 1; r < ROWS; r++)
      UNROLL for (int v = 0; v < panels * PANEL_VECS; v++) x[r][v] += a[c * ROWS + r] * x[c][v];
  }
}
static void solve_below(ptrdiff_t panels, ptrdiff_t k, const double *a, const double *inverse, double *b,
                        ptrdiff_t stride) {
  BY_PANELS(panels, solve_below_of, k, a, inverse, b, stride)
}

static int cholesky(ptrdiff_t n, double *A, ptrdiff_t ld, void *work) {
  double *packed = work;
  for (ptrdiff_t k = 0; k < n; k += BLOCK, A += BLOCK * (ld + 1)) {
    ptrdiff_t rows = n - k, columns = least(rows, BLOCK), stride = up_to(columns, ROWS) * ROWS;
    ptrdiff_t panels = (rows + ROWS - 1) / ROWS, corners = (columns + ROWS - 1) / ROWS;
    double inverse[ROWS] = {0};
    for (ptrdiff_t p = 0; p < panels; p++)
      pack_panel(p, rows - p * ROWS, columns, A + p * ROWS * ld, ld, packed + p * stride);
    for (ptrdiff_t c = 0; c < corners; c++) {
      double *panel = packed + c * stride;
      ptrdiff_t bad = factor_corner(least(ROWS, columns - c * ROWS), c * ROWS, panel, inverse);
      if (bad) return (int)(k + c * ROWS + bad);
      for (ptrdiff_t p = c + 1; p < panels; p += GROUP)
        solve_below(least(GROUP, panels - p), c * ROWS, panel, inverse, packed + p * stride, stride);
    }
    for (ptrdiff_t p = 0; p < panels; p++)
      unpack_panel(p, rows - p * ROWS, columns, packed + p * stride, A + p * ROWS * ld, ld);
    if (rows > BLOCK)
      update_f64(BLOCK, packed + corners * stride, stride, 0, rows - BLOCK, -1, A + BLOCK * (ld + 1), ld,
                 NULL);
  }
  return 0;
}

/* Solves take W rows at a time: the triangle on the diagonal in registers (`below`: its rows without the
 * diagonal; returned: the reciprocals of the diagonal), the rectangle to the left of it by vectors. */
INLINE vd load_triangle(ptrdiff_t k, const double *L, ptrdiff_t ld, vd below[W]) {
  vd diagonal = vd_set(1);
  UNROLL for (int r = 0; r < W; r++) {
    below[r] = (vd){0};
    if (r >= k) continue;
    below[r] = load_part_f64(L + r * ld, r);
    diagonal[r] = L[r * ld + r];
  }
  return 1 / diagonal;
}

static void forward_solve(ptrdiff_t n, const double *L, ptrdiff_t ld, double *b) {
  for (ptrdiff_t i = 0; i < n; i += W) {
    ptrdiff_t k = least(W, n - i);
    vd sum[W] = {0}, below[W];
    for (ptrdiff_t j = 0; j < i; j += W) {
      vd x = vd_load(b + j);
      UNROLL for (int r = 0; r < W; r++)
        if (r < k) sum[r] += vd_load(L + (i + r) * ld + j) * x;
    }
    vd inverse = load_triangle(k, L + i * ld + i, ld, below);
    vd_transpose(below);
    vd x = load_upto(b + i, k) - vd_sums(sum);
    UNROLL for (int c = 0; c < W; c++) x -= x[c] * inverse[c] * below[c];
    store_upto(b + i, x * inverse, k);
  }
}

static void backward_solve(ptrdiff_t n, const double *L, ptrdiff_t ld, double *b) {
  for (ptrdiff_t i = up_to(n, W) - W; i >= 0; i -= W) {
    ptrdiff_t k = least(W, n - i);
    vd below[W], inverse = load_triangle(k, L + i * ld + i, ld, below), x = load_upto(b + i, k);
    UNROLL for (int c = W - 1; c >= 0; c--) x -= x[c] * inverse[c] * below[c];
    x *= inverse;
    store_upto(b + i, x, k);
    for (ptrdiff_t j = 0; j < i; j += W) {
      vd rest = vd_load(b + j);
      UNROLL for (int r = 0; r < W; r++)
        if (r < k) rest -= x[r] * vd_load(L + (i + r) * ld + j);
      vd_store(b + j, rest);
    }
  }
}

static void cholesky_solve(ptrdiff_t n, const double *L, ptrdiff_t ld, double *b) {
  forward_solve(n, L, ld, b);
  backward_solve(n, L, ld, b);
}

INLINE double inner(ptrdiff_t n, const double *x, const double *y) {
  vd sum = {0};
  for (ptrdiff_t j = 0; j < n; j += W) sum += load_upto(x + j, n - j) * load_upto(y + j, n - j);
  return vd_sum(sum);
}

INLINE void swap(double *a, double *b) {
  double t = *a;
  *a = *b;
  *b = t;
}

static ptrdiff_t cholesky_pivoted(ptrdiff_t n, double *A, ptrdiff_t ld, double tol, ptrdiff_t *perm,
                                  void *work) {
  double *pivot = work;   /* what is left of the diagonal */
  for (ptrdiff_t i = 0; i < n; i++) perm[i] = i, pivot[i] = A[i * ld + i];
  for (ptrdiff_t k = 0; k < n; k++) {
    ptrdiff_t best = k;
    for (ptrdiff_t i = k + 1; i < n; i++) {   /* a NaN is taken, so that it shows */
      int tie = pivot[i] == pivot[best] && perm[i] < perm[best];
      if (pivot[i] > pivot[best] || pivot[i] != pivot[i] || tie) best = i;
    }
    if (pivot[best] <= tol) return k;
    double *row = A + k * ld, *other = A + best * ld;
    if (best != k) {   /* rows and columns k and best change places */
      ptrdiff_t taken = perm[best];
      perm[best] = perm[k], perm[k] = taken;
      swap(pivot + k, pivot + best);
      for (ptrdiff_t j = 0; j < k; j++) swap(row + j, other + j);
      for (ptrdiff_t j = k + 1; j < best; j++) swap(A + j * ld + k, other + j);
      for (ptrdiff_t i = best + 1; i < n; i++) swap(A + i * ld + k, A + i * ld + best);
    }
    row[k] = __builtin_sqrt(pivot[k]);
    for (ptrdiff_t i = k + 1; i < n; i++) {
      double *below = A + i * ld;
      below[k] = (below[k] - inner(k, below, row)) / row[k];
      pivot[i] -= below[k] * below[k];
    }
  }
  return n;
}
#undef ROWS
#undef BLOCK
