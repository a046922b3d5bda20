/* The weighted Gram of a source of type T, packed as E: float and uint8 as float, double as either.  S is the suffix of
 * T, or of both where E is less than T; `take_less` yields LANES source elements less `near`, or the first k of them
 * and whatever a zero gives. */
#define take_less JOIN(take_less, S)
#define take_less_part JOIN(take_less_part, S)
#define STRIP 16   /* rows packed together: each cache line of X is fetched once */

/* Packing turns x into ((x - near) * scale + rest) * root[row].  `column` holds near, scale and rest of
 * each column: near is the shift as E, and rest makes up for what that rounds off, so that a difference of
 * floats is as good as one of doubles.  The column of ones has rest = 1 and the others 0.  A panel is
 * `whole` if X has all its columns; else it has `left` of them. */

/* n rows of a panel, which begin at row[.] + at. */
INLINE void JOIN(pack_rows, S)(int whole, const T *const *row, ptrdiff_t n, ptrdiff_t at, ptrdiff_t left,
                               const E *column, ptrdiff_t columns, const E *root, E *out) {
  UNROLL for (int v = 0; v < PANEL_VECS; v++) {
    const E *c = column + v * LANES;
    V near = V_load(c), scale = V_load(c + columns), rest = V_load(c + 2 * columns);
    ptrdiff_t k = least(most(left - v * LANES, 0), LANES);
    for (ptrdiff_t i = 0; i < n; i++) {
      const T *p = row[i] + at + v * LANES;
      V x = whole ? take_less(p, near) : take_less_part(p, k, near);
      V_store(out + i * PANEL + v * LANES, (x * scale + rest) * V_set(root[i]));
    }
  }
}

/* The same where columns are contiguous, ld apart: LANES rows at a time are transposed. */
INLINE void JOIN(pack_columns, S)(int whole, const T *X, ptrdiff_t ld, ptrdiff_t n, ptrdiff_t left,
                                  const E *column, ptrdiff_t columns, const E *root, E *out) {
  for (ptrdiff_t i = 0; i < n; i += LANES) {
    V weight = V_load(root + i);
    UNROLL for (int v = 0; v < PANEL_VECS; v++) {
      const E *c = column + v * LANES;
      V x[LANES];
      UNROLL for (int j = 0; j < LANES; j++) {
        const T *p = X + (v * LANES + j) * ld + i;
        V near = V_set(c[j]);
        if (whole || v * LANES + j < left) x[j] = n - i < LANES ? take_less_part(p, n - i, near) : take_less(p, near);
        else x[j] = (V){0};
        x[j] = (x[j] * V_set(c[columns + j]) + V_set(c[2 * columns + j])) * weight;
      }
      JOIN(V, transpose)(x);
      UNROLL for (int j = 0; j < LANES; j++) V_store(out + (i + j) * PANEL + v * LANES, x[j]);
    }
  }
}

static void JOIN(pack, S)(const fgd_gram_source *src, ptrdiff_t first, ptrdiff_t n, const ptrdiff_t *rows,
                          const E *column, ptrdiff_t columns, const E *root, E *packed, T *copy) {
  const T *X = src->X;
  if (src->cs != 1) {
    for (ptrdiff_t j = 0; j < columns; j += PANEL, packed += KC * PANEL) {
      ptrdiff_t left = least(src->d - j, PANEL), ld = rows ? KC : src->cs;
      const T *at = rows ? copy : X + j * src->cs + first;
      if (rows)
        for (ptrdiff_t c = 0; c < left; c++)
          for (ptrdiff_t i = 0; i < n; i++) copy[c * KC + i] = X[(j + c) * src->cs + rows[i]];
      if (left == PANEL) JOIN(pack_columns, S)(1, at, ld, n, PANEL, column + j, columns, root, packed);
      else JOIN(pack_columns, S)(0, at, ld, n, left, column + j, columns, root, packed);
    }
    return;
  }
  for (ptrdiff_t i0 = 0; i0 < n; i0 += STRIP) {
    const T *row[STRIP];
    ptrdiff_t m = least(STRIP, n - i0);
    for (ptrdiff_t i = 0; i < m; i++) row[i] = X + (rows ? rows[i0 + i] : first + i0 + i) * src->rs;
    for (ptrdiff_t j = 0; j < columns; j += PANEL) {
      ptrdiff_t left = least(src->d - j, PANEL);
      E *out = packed + j * KC + i0 * PANEL;
      if (left == PANEL) JOIN(pack_rows, S)(1, row, m, j, left, column + j, columns, root + i0, out);
      else JOIN(pack_rows, S)(0, row, m, j, left, column + j, columns, root + i0, out);
    }
  }
}

/* What the block of n rows at `first` or `rows` occupies of X. */
static ahead JOIN(extent, S)(const fgd_gram_source *src, ptrdiff_t first, ptrdiff_t n, const ptrdiff_t *rows,
                             ptrdiff_t columns) {
  const char *X = (const char *)((const T *)src->X + (rows ? 0 : first * src->rs));
  ptrdiff_t rs = src->rs * (ptrdiff_t)sizeof(T), cs = src->cs * (ptrdiff_t)sizeof(T);
  ptrdiff_t width = columns * (ptrdiff_t)sizeof(T), lines = (width + LINE - 2) / LINE;
  if (src->cs != 1) {
    if (rows) return (ahead){.base = X, .run = cs, .runs = columns, .step = rs, .steps = n, .list = rows};
    return (ahead){.base = X, .run = cs, .runs = columns, .step = LINE, .steps = n * rs / LINE + 1};
  }
  if (!rows && rs - width < LINE)   /* all of it */
    return (ahead){.base = X, .runs = 1, .step = LINE, .steps = n * rs / LINE + 1};
  /* first a line of every row, then the next; `lines` lines may lie across one more */
  return (ahead){.base = X, .run = (width + lines - 1) / most(lines, 1), .runs = lines + 1,
                 .step = rs, .steps = n, .list = rows};
}

static void JOIN(gram, S)(const fgd_gram_source *src, ptrdiff_t first, ptrdiff_t count, const ptrdiff_t *rows,
                          const double *q, ptrdiff_t j0, ptrdiff_t j1, double *G, ptrdiff_t ldg, void *work) {
  if (j0 >= j1) return;
  ptrdiff_t columns = up_to(j1, PANEL);
  E *column = work, *packed = column + 3 * columns, *root = packed + columns * KC;
  memset(column, 0, 3 * (size_t)columns * sizeof(E));
  for (ptrdiff_t j = 0; j < least(src->d, columns); j++) {
    column[j] = (E)src->shift[j];
    column[columns + j] = (E)src->scale[j];
    column[2 * columns + j] = (E)((column[j] - src->shift[j]) * src->scale[j]);
  }
  if (src->d < columns && src->ones) column[2 * columns + src->d] = 1;
  for (ptrdiff_t i = 0; i < count; i += KC) {
    ptrdiff_t n = least(KC, count - i);
    double peak = JOIN(roots, ES)(n, q + i, root);
    JOIN(pack, S)(src, first + i, n, rows ? rows + i : NULL, column, columns, root, packed,
                  (T *)(root + KC));
    ahead next = JOIN(extent, S)(src, first + i + n, least(KC, count - i - n), rows ? rows + i + n : NULL,
                                 least(src->d, columns));
    JOIN(update, ES)(n, packed, KC * PANEL, j0, j1, peak, G, ldg, i + n < count ? &next : NULL);
  }
}
#undef take_less
#undef take_less_part
#undef STRIP
