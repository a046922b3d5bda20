/* The weighted Gram of a source of type T (suffix S), packed as E: double as double, float and
 * uint8 as float. */
#define take JOIN(take, S)
#define take_part JOIN(take_part, S)
#define STRIP 16   /* rows packed together: each cache line of X is fetched once */

/* What each column needs, from the workspace: xt = ((x - hi) - lo) * scale * rest + one, with hi + lo the shift
 * (the difference of floats is then as good as that of doubles) and scale * rest the scale. */

/* One panel of `n` rows that start at row[.] (already at the panel's first column), `left` columns of them present. */
INLINE void JOIN(pack_rows, S)(int whole, const T *const *row, ptrdiff_t n, ptrdiff_t at, ptrdiff_t left,
                               const E *column, ptrdiff_t columns, const E *root, E *out) {
  UNROLL for (int v = 0; v < PANEL_VECS; v++) {
    const E *c = column + v * LANES;
    V hi = V_load(c), lo = V_load(c + columns), scale = V_load(c + 2 * columns), one = V_load(c + 3 * columns);
    ptrdiff_t k = least(most(left - v * LANES, 0), LANES);
    for (ptrdiff_t i = 0; i < n; i++) {
      const T *p = row[i] + at + v * LANES;
      V x = (whole ? take(p) : take_part(p, k)) - hi;
      if (sizeof(E) < sizeof(double)) x -= lo;
      x = whole ? x * scale : x * scale + one;
      V_store(out + i * PANEL + v * LANES, x * V_set(root[i]));
    }
  }
}

/* The same for columns that are contiguous: LANES rows at a time are turned. */
INLINE void JOIN(pack_columns, S)(int whole, const T *X, ptrdiff_t ld, ptrdiff_t n, ptrdiff_t left,
                                  const E *column, ptrdiff_t columns, const E *root, E *out) {
  for (ptrdiff_t i = 0; i < n; i += LANES) {
    V weight = V_load(root + i);
    UNROLL for (int v = 0; v < PANEL_VECS; v++) {
      const E *c = column + v * LANES;
      V x[LANES];
      UNROLL for (int j = 0; j < LANES; j++) {
        const T *p = X + (v * LANES + j) * ld + i;
        if (whole || v * LANES + j < left) x[j] = n - i < LANES ? take_part(p, n - i) : take(p);
        else x[j] = (V){0};
        x[j] -= V_set(c[j]);
        if (sizeof(E) < sizeof(double)) x[j] -= V_set(c[columns + j]);
        x[j] *= V_set(c[2 * columns + j]);
        if (!whole) x[j] += V_set(c[3 * columns + j]);
        x[j] *= weight;
      }
      JOIN(V, transpose)(x);
      UNROLL for (int j = 0; j < LANES; j++) V_store(out + (i + j) * PANEL + v * LANES, x[j]);
    }
  }
}

static void JOIN(pack, S)(const fgd_gram_source *src, ptrdiff_t first, ptrdiff_t n, const ptrdiff_t *rows,
                          const E *column, ptrdiff_t columns, const E *root, E *packed) {
  const T *X = src->X;
  if (!rows && src->rs == 1) {
    for (ptrdiff_t j = 0; j < columns; j += PANEL, packed += KC * PANEL) {
      const T *at = X + j * src->cs + first;
      if (j + PANEL <= src->d) JOIN(pack_columns, S)(1, at, src->cs, n, PANEL, column + j, columns, root, packed);
      else JOIN(pack_columns, S)(0, at, src->cs, n, src->d - j, column + j, columns, root, packed);
    }
    return;
  }
  for (ptrdiff_t i0 = 0; i0 < n; i0 += STRIP) {
    const T *row[STRIP], *copied[STRIP];
    T copy[STRIP * PANEL];
    ptrdiff_t m = least(STRIP, n - i0);
    for (ptrdiff_t i = 0; i < m; i++) {
      row[i] = X + (rows ? rows[i0 + i] : first + i0 + i) * src->rs;
      copied[i] = copy + i * PANEL;
    }
    for (ptrdiff_t j = 0; j < columns; j += PANEL) {
      const T *const *from = row;
      ptrdiff_t at = j, left = least(src->d - j, PANEL);
      if (src->cs != 1) {
        for (ptrdiff_t c = 0; c < left; c++)
          for (ptrdiff_t i = 0; i < m; i++) copy[i * PANEL + c] = row[i][(j + c) * src->cs];
        from = copied, at = 0;
      }
      E *out = packed + j * KC + i0 * PANEL;
      if (left == PANEL) JOIN(pack_rows, S)(1, from, m, at, left, column + j, columns, root + i0, out);
      else JOIN(pack_rows, S)(0, from, m, at, left, column + j, columns, root + i0, out);
    }
  }
}

/* What the block of n rows at `first` or `rows` occupies of X. */
static ahead JOIN(extent, S)(const fgd_gram_source *src, ptrdiff_t first, ptrdiff_t n, const ptrdiff_t *rows,
                             ptrdiff_t columns) {
  const T *X = src->X;
  ptrdiff_t row = columns * (ptrdiff_t)sizeof(T), stride = src->rs * (ptrdiff_t)sizeof(T);
  if (src->cs != 1)   /* a list of rows in Fortran order is left to chance */
    return (ahead){.base = (const char *)(X + first), .stride = src->cs * (ptrdiff_t)sizeof(T),
                   .bytes = n * (ptrdiff_t)sizeof(T), .count = rows ? 0 : columns};
  if (rows) return (ahead){.base = (const char *)X, .stride = stride, .bytes = row, .count = n, .rows = rows};
  if (stride - row < LINE)
    return (ahead){.base = (const char *)(X + first * src->rs), .bytes = n * stride, .count = n > 0};
  return (ahead){.base = (const char *)(X + first * src->rs), .stride = stride, .bytes = row, .count = n};
}

static void JOIN(gram, S)(const fgd_gram_source *src, ptrdiff_t first, ptrdiff_t count, const ptrdiff_t *rows,
                          const double *q, ptrdiff_t j0, ptrdiff_t j1, double *G, ptrdiff_t ldg, void *work) {
  if (j0 >= j1) return;
  ptrdiff_t columns = up_to(j1, PANEL);
  E *column = work, *packed = column + 4 * columns, *root = packed + columns * KC;
  memset(column, 0, 4 * (size_t)columns * sizeof(E));
  for (ptrdiff_t j = 0; j < least(src->d, columns); j++) {
    column[j] = (E)src->shift[j];
    column[columns + j] = (E)(src->shift[j] - column[j]);
    column[2 * columns + j] = (E)src->scale[j];
  }
  if (src->d < columns && src->ones) column[3 * columns + src->d] = 1;
  for (ptrdiff_t i = 0; i < count; i += KC) {
    ptrdiff_t n = least(KC, count - i);
    double peak = JOIN(roots, ES)(n, q + i, root);
    JOIN(pack, S)(src, first + i, n, rows ? rows + i : NULL, column, columns, root, packed);
    ahead next = JOIN(extent, S)(src, first + i + n, least(KC, count - i - n), rows ? rows + i + n : NULL,
                                 least(src->d, columns));
    JOIN(update, ES)(n, packed, KC * PANEL, j0, j1, peak, G, ldg, next.count > 0 ? &next : NULL);
  }
}
#undef take
#undef take_part
#undef STRIP
