/* The micro-kernel for one packed type: E double or float, ES its suffix, V its vector of LANES. */
#define PANEL (PANEL_VECS * LANES)
#define V_load JOIN(V, load)
#define V_store JOIN(V, store)
#define V_set JOIN(V, set)

/* sum[r][.] = sum_{i < k} a[i][r] b[i][.] over `panels` panels of b (a constant, at most GROUP). */
INLINE void JOIN(product, ES)(int panels, ptrdiff_t k, const E *a, const E *b, ptrdiff_t stride,
                              ahead *next, V sum[TILE][TILE_VECS]) {
  UNROLL for (int r = 0; r < TILE; r++)
    UNROLL for (int v = 0; v < panels * PANEL_VECS; v++) sum[r][v] = (V){0};
  for (ptrdiff_t i = 0; i < k; i++, a += PANEL, b += PANEL) {
    if (next && i % CHUNK == 0) look_ahead(next);
    V y[TILE_VECS];
    UNROLL for (int v = 0; v < panels * PANEL_VECS; v++)
      y[v] = V_load(b + v / PANEL_VECS * stride + v % PANEL_VECS * LANES);
    UNROLL for (int r = 0; r < TILE; r++) {
      V x = V_set(a[r]);
      UNROLL for (int v = 0; v < panels * PANEL_VECS; v++) sum[r][v] += x * y[v];
    }
  }
}

INLINE void JOIN(tile_of, ES)(int panels, ptrdiff_t k, const E *a, const E *b, ptrdiff_t stride,
                              ahead *next, E *out) {
  V sum[TILE][TILE_VECS];
  JOIN(product, ES)(panels, k, a, b, stride, next, sum);
  UNROLL for (int r = 0; r < TILE; r++)
    UNROLL for (int v = 0; v < panels * PANEL_VECS; v++)
      V_store(out + (r * TILE_VECS + v) * LANES, sum[r][v]);
}
static void JOIN(tile, ES)(ptrdiff_t panels, ptrdiff_t k, const E *a, const E *b, ptrdiff_t stride,
                           ahead *next, E *out) {
  BY_PANELS(panels, JOIN(tile_of, ES), k, a, b, stride, next, out)
}

/* G[a*ldg + b] += factor * sum_{i < k} B[i][a] B[i][b]   (j0 <= a < j1, b <= a); `next`, if any, is read
 * ahead meanwhile. */
static void JOIN(update, ES)(ptrdiff_t k, const E *packed, ptrdiff_t stride, ptrdiff_t j0, ptrdiff_t j1,
                             double factor, double *G, ptrdiff_t ldg, ahead *next) {
  if (next) {
    ptrdiff_t tiles = 0;
    for (ptrdiff_t b = 0; b < j1; b += GROUP * PANEL)
      tiles += (j1 - most(b, j0 - j0 % TILE) + TILE - 1) / TILE;
    next->share = next->runs * next->steps * CHUNK / (tiles * k) + 1;
  }
  E sums[TILE * TILE_VECS * LANES] __attribute__((aligned(64)));
  for (ptrdiff_t b = 0; b < j1; b += GROUP * PANEL) {
    for (ptrdiff_t a = most(b, j0 - j0 % TILE); a < j1; a += TILE) {
      ptrdiff_t panels = least(GROUP, (a + TILE - b + PANEL - 1) / PANEL);
      JOIN(tile, ES)(panels, k, packed + a / PANEL * stride + a % PANEL, packed + b / PANEL * stride,
                     stride, next, sums);
      for (ptrdiff_t row = most(a, j0); row < least(a + TILE, j1); row++) {
        const E *from = sums + (row - a) * TILE_VECS * LANES;
        double *to = G + row * ldg + b;
        ptrdiff_t n = least(panels * PANEL, row + 1 - b);
        for (ptrdiff_t j = 0; j < n; j += W)
          store_upto(to + j, load_upto(to + j, n - j) + factor * JOIN(load, ES)(from + j), n - j);
      }
    }
  }
}
