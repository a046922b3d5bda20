/* The preconditioner of K classes (see softmax_preconditioner.h). */
#include "softmax_preconditioner.h"

#include <math.h>
#include <string.h>

#include "hash.h"
#include "softmax.h"
#include "softmax_basis.h"
#include "softmax_pass.h"
#include "softmax_weights.h"

#define FACTOR_SIDE 2048 /* up to so many columns it is a Cholesky factor */
#define TOGETHER 8       /* classes whose right-hand sides are solved for together */
#define MOST_CROSS 256   /* up to so many classes the intercepts' own Hessian is formed */
#define AGAIN 8          /* times their price in products, and factors are made anew at curvatures much the same */
#define UNEVEN 10        /* times the mean class's curvature that one of them may have in a column */
#define LAST_PRICE 10    /* products that a certificate takes many more of without factors for each class */

void fgd_softmax_preconditioner_layout(fgd_softmax_preconditioner *P, fgd_softmax *o, int workers, fgd_arena *a) {
  ptrdiff_t n = o->p->X.n, side = fgd_softmax_side(o), lines = o->K - 1;
  P->o = o;
  P->cross = NULL;
  P->faded = 0;
  if (o->p->fit_intercept && o->K <= MOST_CROSS) {
    fgd_factor_layout(&P->intercepts, o->design.kernels, lines, a);
    P->cross = fgd_take_doubles(a, (o->design.parts + 2) * o->K * o->K);
  }
  P->sample = side > FACTOR_SIDE ? 0 : n < 8 * side ? n : 8 * side;
  P->diagonal = fgd_take_doubles(a, side);
  if (!P->sample) return;
  fgd_gram_plan_layout(&P->gram, &o->design, P->sample, o->p->fit_intercept, 0, workers, a);
  fgd_factor_layout(&P->factor, o->design.kernels, side, a);
  P->rows = fgd_take(a, (size_t)P->sample * sizeof *P->rows);
  P->q = fgd_take_doubles(a, P->sample);
  P->lines = fgd_take_doubles(a, lines * side);
  P->solving = fgd_take_doubles(a, lines * FGD_FACTOR_BLOCK);
  if (!o->p->fit_intercept || o->K <= MOST_CROSS) fgd_softmax_factors_layout(&P->own, o, workers, a);
}

/* Rows of a stratified sample, the same in every run. */
void fgd_softmax_preconditioner_begin(fgd_softmax_preconditioner *P) {
  double n = (double)P->o->p->X.n, m = (double)P->sample;
  for (ptrdiff_t k = 0; k < P->sample; k++)
    P->rows[k] = P->sample == P->o->p->X.n ? k : (ptrdiff_t)(((double)k + fgd_uniform(1, k)) * (n / m));
}

/* The Hessian that all classes would have if every row's curvature were the same in all directions, of which the mean
 * curvature is left.  most: as fgd_softmax_factors_make. */
static fgd_status prepare_shared(fgd_softmax_preconditioner *P, const double *most) {
  fgd_softmax *o = P->o;
  ptrdiff_t side = fgd_softmax_side(o);
  fgd_status status = fgd_softmax_spread(o);
  if (status) return status;
  if (!P->sample) return fgd_softmax_diagonal(o, P->diagonal);
  double each = (double)o->p->X.n / (double)P->sample;
  for (ptrdiff_t k = 0; k < P->sample; k++) P->q[k] = each * o->q[P->rows[k]];
  status = fgd_design_gram(&P->gram, P->rows, P->sample, P->q, P->factor.H);
  /* Of a rare column the sample hardly knows that it varies.  Over all rows every column varies by 1, mostly where
   * curvature is the mean one, unless that has faded. */
  double mean = 0;
  for (ptrdiff_t k = 0; k < P->sample; k++) mean += P->q[k];
  for (ptrdiff_t j = 0; j < o->p->X.d; j++) {
    double *own = &P->factor.H[j * (side + 1)];
    if (o->scale[j] > 0) *own = fmax(*own, most ? fmin(mean, most[j]) : mean);
    *own += o->lambda[j];
  }
  fgd_factor_make(&P->factor, 0);
  return status;
}

/* Factors for each class are made once as many products have been spent as they cost, so that in the worst case twice
 * the time is spent that would have been with those alone, or without. */
static int own_pay(const fgd_softmax_preconditioner *P, fgd_prepare how) {
  const fgd_softmax_factors *own = &P->own;
  if (!own->most) return 0;
  if (own->made && how == FGD_PREPARE_LAST) return 0;
  if (own->made && how == FGD_PREPARE_KEEP) return own->spent >= AGAIN * own->price;
  return own->spent >= own->price || (how == FGD_PREPARE_LAST && own->price <= LAST_PRICE);
}

/* What rows that are not drawn may have of a column's curvature: all classes together, and that several times over, for
 * one of them. */
static fgd_status find_most(fgd_softmax_preconditioner *P) {
  fgd_status status = fgd_softmax_spread(P->o);
  if (!status) status = fgd_softmax_diagonal(P->o, P->diagonal);
  for (ptrdiff_t j = 0; j < P->o->p->X.d; j++) P->diagonal[j] *= UNEVEN;
  return status;
}

fgd_status fgd_softmax_preconditioner_prepare(fgd_softmax_preconditioner *P, fgd_prepare how, ptrdiff_t products,
                                              int *made) {
  fgd_status status = how == FGD_PREPARE_LAST ? FGD_OK : fgd_softmax_curvature(P->o);
  P->own.spent += products;
  int anew = how == FGD_PREPARE_ANEW || how == FGD_PREPARE_FADED;
  int own = own_pay(P, how), shared = !own && anew && !P->own.made;
  *made = own || shared;
  if (how == FGD_PREPARE_FADED) P->faded = P->sample > 0;
  if (!status && *made && P->faded) status = find_most(P);
  const double *most = P->faded ? P->diagonal : NULL;
  if (!status && own) status = fgd_softmax_factors_make(&P->own, most);
  if (!status && shared) status = prepare_shared(P, most);
  return status;
}

static void solve_lines(void *arg, ptrdiff_t item, int worker) {
  fgd_softmax_preconditioner *P = arg;
  (void)worker;
  ptrdiff_t side = P->factor.size, from = item * TOGETHER, lines = P->o->K - 1 - from;
  fgd_factor_solve_many(&P->factor, lines < TOGETHER ? lines : TOGETHER, P->lines + from * side,
                        P->solving + from * FGD_FACTOR_BLOCK);
}

/* One class's line by the diagonal that all share. */
static void divide_line(void *arg, ptrdiff_t a, int worker) {
  const fgd_softmax_preconditioner *P = arg;
  (void)worker;
  for (ptrdiff_t j = 0, side = fgd_softmax_side(P->o); j < side; j++) {
    ptrdiff_t i = fgd_softmax_place(P->o, a, j);
    P->divided[i] = P->diagonal[j] > 0 ? P->dividend[i] / P->diagonal[j] : 0;
  }
}

void fgd_softmax_preconditioner_apply(fgd_softmax_preconditioner *P, const double *r, double *s) {
  const fgd_softmax *o = P->o;
  ptrdiff_t side = fgd_softmax_side(o), lines = o->K - 1;
  if (P->own.made) {
    fgd_softmax_factors_apply(&P->own, r, s);
    return;
  }
  if (!P->sample) {
    P->dividend = r;
    P->divided = s;
    fgd_team_run(o->team, divide_line, P, lines);
    return;
  }
  for (ptrdiff_t a = 0; a < lines; a++)
    for (ptrdiff_t j = 0; j < side; j++) P->lines[a * side + j] = r[fgd_softmax_place(o, a, j)];
  fgd_team_run(o->team, solve_lines, P, (lines + TOGETHER - 1) / TOGETHER);
  for (ptrdiff_t a = 0; a < lines; a++)
    for (ptrdiff_t j = 0; j < side; j++) /* a column without curvature has a pivot of 1 in the factor */
      s[fgd_softmax_place(o, a, j)] = P->factor.H[j * (side + 1)] > 0 ? P->lines[a * side + j] : 0;
}

/* --- the intercepts -------------------------------------------------------------------- */

/* sum_i s_i p_ik p_il */
static void cross_part(void *arg, ptrdiff_t part, int worker) {
  const fgd_softmax_preconditioner *P = arg;
  const fgd_softmax *o = P->o;
  ptrdiff_t K = o->K;
  double *C = P->cross + part * K * K;
  memset(C, 0, (size_t)(K * K) * sizeof *C);
  FGD_FOR_BLOCKS(o, part, worker) {
    const double *p = fgd_softmax_base_of(o, &b, b.z);
    for (ptrdiff_t k = 0; k < K; k++) {
      for (ptrdiff_t i = 0; i < b.rows; i++) b.t[i] = b.s[b.s_step ? i : 0] * p[k * b.rows + i];
      for (ptrdiff_t l = 0; l <= k; l++) C[k * K + l] += fgd_dot(b.rows, b.t, p + l * b.rows);
    }
  }
}

fgd_status fgd_softmax_preconditioner_intercepts(fgd_softmax_preconditioner *P, int anew, const double *r, double *s) {
  fgd_softmax *o = P->o;
  ptrdiff_t K = o->K, square = K * K;
  if (anew) {
    double *C = P->cross, *full = C + o->design.parts * square, *half = full + square;
    fgd_status status = fgd_team_run(o->team, cross_part, P, o->design.parts);
    if (status) return status;
    if (!o->base.kept) o->passes++;
    fgd_join(C, square, o->design.parts, 0, square);
    for (ptrdiff_t k = 0; k < K; k++) {
      double all = 0; /* a class's weight, less what it shares with itself */
      for (ptrdiff_t l = 0; l < K; l++) {
        double both = C[l <= k ? k * K + l : l * K + k];
        full[k * K + l] = -both;
        if (l != k) all += both;
      }
      full[k * K + k] = all;
    }
    fgd_softmax_basis_gather(K, K, full, K, half, K);
    for (ptrdiff_t a = 0; a < K - 1; a++)
      for (ptrdiff_t k = 0; k < K; k++) full[k * (K - 1) + a] = half[a * K + k];
    fgd_softmax_basis_gather(K, K - 1, full, K - 1, P->intercepts.H, K - 1);
    fgd_factor_make(&P->intercepts, 0);
  }
  fgd_factor_solve(&P->intercepts, 0, r, s);
  return FGD_OK;
}
