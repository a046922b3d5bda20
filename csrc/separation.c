/* Separation (see separation.h). */
#include "separation.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define CERTAIN 0.2   /* a row is suspected if the step shrinks the chance of the other label below this share */
#define CLEAR 1e6     /* roundings by which a row must be moved to be set aside: its way to the limit must not disturb
                         the rest */
#define POLISH 4      /* corrections that bring the margins of the other rows down to rounding */

void fgd_separation_layout(fgd_separation *s, fgd_coordinates *c, fgd_arena *a) {
  s->o = c->o;
  s->c = c;
  s->direction = fgd_take_doubles(a, FGD_MAX_STAGES * c->o->size);
  s->beta = fgd_take_doubles(a, c->o->size);
  s->Hv = fgd_take_doubles(a, c->o->size);
  c->o->stage = fgd_take(a, (size_t)c->o->p->X.n);
}

static double label(const fgd_problem *p, ptrdiff_t i) { return p->y_code ? p->y_code[i] : p->y_value[i]; }

static int counts(const fgd_objective *o, ptrdiff_t i) {
  return !o->stage[i] && (!o->p->weight || o->p->weight[i] > 0);
}

/* Mark the rows whose dual point nearly leaves (0, 1) under the step with margins A u = zt, or is too near the end to
 * tell. */
static ptrdiff_t suspect(fgd_objective *o, uint8_t mark, int *interior) {
  ptrdiff_t found = 0;
  *interior = 1;
  for (ptrdiff_t i = 0; i < o->p->X.n; i++) {
    if (!counts(o, i)) continue;
    double e = exp(-fabs(o->z[i])), small = e / (1 + e), p = o->z[i] > 0 ? 1 - small : small;
    double q = o->z[i] > 0 ? small : 1 - small; /* 1 - p */
    double one = 1 - q * o->zt[i], zero = 1 + p * o->zt[i], least = one < zero ? one : zero;
    double y = label(o->p, i);
    if (small < FGD_SATURATED && y == (o->z[i] > 0)) {
      *interior = 0;
      o->stage[i] = mark, found++;
    } else if (!(least >= CERTAIN)) {
      *interior = 0;
      if (y == (zero < one ? 1 : 0)) o->stage[i] = mark, found++;
    }
  }
  return found;
}

/* beta, with margins zt, is a witness if it moves no row that counts the wrong way by more than rounding, which stands
 * in z, and some clearly the right way.  Those then carry the mark, and no others.  Returns how many; *size: the
 * farthest. */
static ptrdiff_t witness(fgd_objective *o, uint8_t mark, double *size) {
  ptrdiff_t n = o->p->X.n, rows = 0;
  *size = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    if (o->stage[i] != mark && !counts(o, i)) continue;
    double y = label(o->p, i), t = y > 0.5 ? o->zt[i] : -o->zt[i];
    if (!(t >= -o->z[i]) || (t > o->z[i] && y != 0 && y != 1)) return 0;
  }
  for (ptrdiff_t i = 0; i < n; i++) {
    if (o->stage[i] != mark && !counts(o, i)) continue;
    double t = label(o->p, i) > 0.5 ? o->zt[i] : -o->zt[i];
    o->stage[i] = t > CLEAR * o->z[i] ? mark : 0;
    rows += o->stage[i] == mark;
    *size = fmax(*size, t);
  }
  return rows;
}

/* The columns that depend on others over the rows in play. */
static fgd_status find_dependent(fgd_separation *s, fgd_factor *F, int stages) {
  fgd_objective *o = s->o;
  int before = o->stages;
  o->stages = stages;
  fgd_coordinates_standard(s->c);
  fgd_status status = fgd_objective_shares(o);
  if (!status) status = fgd_coordinates_gram(s->c, F->H);
  for (ptrdiff_t j = 0; j < o->p->X.d; j++) /* what carries a penalty is no way to infinity */
    if (o->lambda[j] > 0) F->H[j * (o->size + 1)] += 1;
  if (!status) fgd_coordinates_find_dependent(s->c, F);
  o->stages = before;
  return status;
}

static fgd_status try_direction(fgd_separation *s, uint8_t mark, ptrdiff_t *rows, double *size) {
  for (ptrdiff_t j = 0; j < s->o->p->X.d; j++)
    if (s->o->lambda[j] > 0) s->beta[j] = 0;
  fgd_status status = fgd_objective_hess_vec(s->o, NULL, s->beta, s->Hv);
  if (!status) status = fgd_objective_roundings(s->o, s->beta);
  if (!status) *rows = witness(s->o, mark, size);
  return status;
}

/* Coefficients that are rounding beside the largest become 0: without an intercept a row may have no other columns, and
 * would then be moved by what no rounding of its own excuses. */
static void clear_rounding(ptrdiff_t size, double *beta) {
  double largest = 0;
  for (ptrdiff_t j = 0; j < size; j++) largest = fmax(largest, fabs(beta[j]));
  for (ptrdiff_t j = 0; j < size; j++)
    if (fabs(beta[j]) <= (double)size * DBL_EPSILON * largest) beta[j] = 0;
}

static void keep_direction(fgd_separation *s, int stage, ptrdiff_t rows, double size) {
  double *direction = s->direction + stage * s->o->size;
  for (ptrdiff_t j = 0; j < s->o->size; j++) direction[j] = s->beta[j] / size;
  s->rows[stage] = rows;
}

fgd_status fgd_separated_completely(fgd_separation *s, const double *w, int *found) {
  fgd_objective *o = s->o;
  ptrdiff_t rows, all = 0;
  double size;
  for (ptrdiff_t i = 0; i < o->p->X.n; i++) all += counts(o, i);
  memcpy(s->beta, w, (size_t)o->size * sizeof *w);
  fgd_status status = try_direction(s, 1, &rows, &size);
  *found = !status && rows == all;
  if (*found) keep_direction(s, 0, rows, size);
  return status;
}

/* The part of `sign` v in the null space of the Gram that find_dependent was given last. */
static fgd_status try_null_space(fgd_separation *s, fgd_factor *F, uint8_t mark, const double *v, double sign,
                                 ptrdiff_t *rows, double *size) {
  ptrdiff_t n = s->o->size;
  fgd_status status = FGD_OK;
  memcpy(s->beta, v, (size_t)n * sizeof *v);
  fgd_rank_shortest(&s->c->rank, F, NULL, s->beta);
  for (ptrdiff_t j = 0; j < n; j++) s->beta[j] = sign * (v[j] - s->beta[j]);
  for (int k = 0; k < POLISH && *rows == 0 && !status; k++) {
    if ((status = try_direction(s, mark, rows, size))) return status;
    if (*rows == 0) {
      fgd_rank_correct(&s->c->rank, F, s->Hv, s->beta);
      clear_rounding(n, s->beta);
    }
  }
  return status;
}

fgd_status fgd_separate(fgd_separation *s, fgd_factor *F, const double *u, double *w, int *found, int *interior) {
  fgd_objective *o = s->o;
  fgd_status status;
  *found = *interior = 0;
  if (o->stages == FGD_MAX_STAGES) return FGD_OK;
  uint8_t mark = (uint8_t)(o->stages + 1);
  if ((status = fgd_objective_hess_vec(o, NULL, u, s->Hv))) return status;
  ptrdiff_t suspects = suspect(o, mark, interior), rows, rank = s->c->rank.rank;
  double size = 1;
  if (*interior) return FGD_OK;

  /* The step itself, where the classes part completely; */
  for (ptrdiff_t j = 0; j < o->size; j++) s->beta[j] = -u[j];
  if ((status = try_direction(s, mark, &rows, &size))) return status;
  if (rows == 0 && suspects > 0) {
    /* else its part in the null space of the Gram of all rows but the suspects: that moves none of them. */
    if ((status = find_dependent(s, F, mark))) return status;
    if (s->c->rank.rank < rank) {
      if ((status = try_null_space(s, F, mark, u, -1, &rows, &size))) return status;
      /* Rows that are far gone do not count in the step, but in the way that led here. */
      if (rows == 0 && (status = try_null_space(s, F, mark, w, 1, &rows, &size))) return status;
    }
  }
  *found = rows > 0;
  if (*found) {
    keep_direction(s, o->stages, rows, size);
    o->stages++;
  } else {
    for (ptrdiff_t i = 0; i < o->p->X.n; i++)
      if (o->stage[i] == mark) o->stage[i] = 0;
  }
  if ((status = find_dependent(s, F, o->stages))) return status;
  fgd_coordinates_leave_out(s->c, w);
  return FGD_OK;
}

fgd_status fgd_separation_go(fgd_separation *s, double cost, double *w) {
  fgd_objective *o = s->o;
  fgd_status status;
  double f, enough = -log(cost);
  int stages = o->stages;
  if (!(enough > 1)) enough = 1;
  if (!(enough < 700)) enough = 700; /* tol = 0 */
  if ((status = fgd_objective_value_grad(o, w, &f, NULL))) return status;
  fgd_objective_accept(o);
  for (int k = stages; k > 0; k--) {
    const double *beta = s->direction + (k - 1) * o->size;
    double t = 0;
    if ((status = fgd_objective_hess_vec(o, NULL, beta, s->Hv))) return status;
    for (ptrdiff_t i = 0; i < o->p->X.n; i++)
      if (o->stage[i] == k) {
        double sign = label(o->p, i) > 0.5 ? 1 : -1;
        t = fmax(t, (enough - sign * o->z[i]) / (sign * o->zt[i]));
      }
    for (ptrdiff_t i = 0; i < o->p->X.n; i++) o->z[i] += t * o->zt[i];
    for (ptrdiff_t j = 0; j < o->size; j++) w[j] += t * beta[j];
  }
  o->stages = 0;
  return FGD_OK;
}
