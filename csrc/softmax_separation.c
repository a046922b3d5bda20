/* Separation of K classes (see softmax_separation.h). */
#include "softmax_separation.h"

#include <math.h>
#include <string.h>

#include "cone.h"
#include "softmax.h"
#include "softmax_stages.h"
#include "softmax_turn.h"

#define REMOTE 1e-8        /* probabilities so small are suspected, too, unless that proves too much */
#define RATHER_REMOTE 1e-4 /* the same where no curvature tells */
#define POLISH 4           /* corrections that bring what the other pairs are moved by down to rounding */

void fgd_softmax_separation_layout(fgd_softmax_separation *s, fgd_softmax *o, fgd_softmax_hessian *hessian,
                                   fgd_factor *factor, int project, fgd_arena *a) {
  s->o = o;
  s->hessian = hessian;
  s->factor = factor;
  s->stages = s->settled = 0;
  fgd_softmax_layout_stages(o, a);
  s->direction = fgd_take_doubles(a, FGD_MAX_STAGES * o->size);
  s->beta = fgd_take_doubles(a, o->size);
  s->Hv = fgd_take_doubles(a, o->size);
  s->parts = fgd_take_doubles(a, o->K);
  s->rests = NULL;
  if (hessian) {
    fgd_rank_layout(&s->whole, o->penalised, o->size, a);
    s->rests = fgd_take(a, (size_t)o->size);
  }
  s->cone = NULL;
  if (project) {
    s->cone = fgd_take(a, fgd_cone_work(o->size));
    s->from = fgd_take_doubles(a, o->size);
    s->Q = factor ? factor->H : fgd_take_doubles(a, o->size * o->size);
    s->R = factor ? factor->L : fgd_take_doubles(a, o->size * o->size);
  }
}

void fgd_softmax_separation_begin(fgd_softmax_separation *s, double *trial, double *line, double *coef) {
  s->trial = trial;
  s->line = line;
  s->coef = coef;
  if (!s->hessian) return;
  memset(s->rests, 0, (size_t)s->o->size);
  s->hessian->rests = s->rests;
}

/* Penalised columns take no part in a direction. */
static void keep_out(const fgd_softmax_separation *s, double *v) {
  const fgd_softmax *o = s->o;
  for (ptrdiff_t i = 0; i < o->penalised; i++)
    if (o->lambda[i] > 0 || o->scale[i % o->p->X.d] == 0) v[i] = 0;
}

/* Is beta a witness? */
static fgd_status try_direction(fgd_softmax_separation *s, int *found) {
  fgd_softmax *o = s->o;
  ptrdiff_t pairs, rows;
  double size;
  keep_out(s, s->beta);
  fgd_status status = fgd_softmax_witness(o, s->beta, (uint8_t)(o->stages + 1), &pairs, &rows, &size);
  *found = !status && pairs > 0;
  if (!*found) return status;
  double *direction = s->direction + o->stages * o->size;
  for (ptrdiff_t i = 0; i < o->size; i++) direction[i] = s->beta[i] / size;
  s->rows[o->stages] = rows;
  return FGD_OK;
}

/* The coordinates that the pairs in play can do without, from the Gram of all of them alike. */
static fgd_status find_whole_rank(fgd_softmax_separation *s) {
  fgd_softmax *o = s->o;
  double *H = s->factor->H;
  fgd_status status = fgd_softmax_hessian_form(s->hessian, 1, H);
  for (ptrdiff_t i = 0; i < o->penalised; i++)
    if (o->lambda[i] > 0) H[i * (o->size + 1)] += 1;
  if (!status) fgd_rank_find(&s->whole, s->factor);
  return status;
}

/* The part of v in the null space of that Gram, which moves none of the pairs that are not suspected. */
static fgd_status try_null_part(fgd_softmax_separation *s, const double *v, double sign, int *found) {
  fgd_softmax *o = s->o;
  memcpy(s->beta, v, (size_t)o->size * sizeof *v);
  fgd_rank_shortest(&s->whole, s->factor, NULL, s->beta);
  for (ptrdiff_t i = 0; i < o->size; i++) s->beta[i] = sign * (v[i] - s->beta[i]);
  fgd_status status = try_direction(s, found);
  for (int k = 0; k < POLISH && !status && !*found; k++) {
    if ((status = fgd_softmax_hess_vec(o, s->beta, s->Hv))) break;
    fgd_rank_correct(&s->whole, s->factor, s->Hv, s->beta);
    status = try_direction(s, found);
  }
  return status;
}

/* The coordinates that the pairs in play can do without rest from now on, and w is turned accordingly. */
static fgd_status leave_out_free(fgd_softmax_separation *s, double *w) {
  fgd_status status = fgd_softmax_alike(s->o);
  if (!status) status = find_whole_rank(s);
  if (status) return status;
  fgd_rank_eliminate(&s->whole, w);
  for (ptrdiff_t k = s->whole.rank; k < s->whole.size; k++) s->rests[s->whole.order[k]] = 1;
  return FGD_OK;
}

/* Mark what is suspected at the step u, and make the others' classes alike. */
static fgd_status suspect(fgd_softmax_separation *s, const double *u, double remote, ptrdiff_t *suspects,
                          int *interior) {
  fgd_softmax *o = s->o;
  fgd_status status = fgd_softmax_curvature(o);
  if (!status) status = fgd_softmax_hess_vec(o, u, s->Hv);
  if (!status) status = fgd_softmax_suspect(o, (uint8_t)(o->stages + 1), remote, suspects, interior);
  return status || *interior ? status : fgd_softmax_alike(o);
}

/* The parts of step and point along which only suspects are moved. */
static fgd_status try_null_parts(fgd_softmax_separation *s, const double *u, const double *w, int *found) {
  fgd_status status = find_whole_rank(s);
  if (!status) status = try_null_part(s, u, -1, found);
  return status || *found ? status : try_null_part(s, w, 1, found);
}

/* The point itself and the step, where all classes part; else those parts of them. */
static fgd_status try_suspects(fgd_softmax_separation *s, const double *u, const double *w, int *found, int *interior) {
  fgd_softmax *o = s->o;
  uint8_t mark = (uint8_t)(o->stages + 1);
  ptrdiff_t suspects, fewer;
  fgd_status status;
  if ((status = suspect(s, u, REMOTE, &suspects, interior))) return status;
  if (*interior) {
    *interior = suspects == 0;
    fgd_softmax_unmark(o, mark);
    return FGD_OK;
  }
  memcpy(s->beta, w, (size_t)o->size * sizeof *w);
  if ((status = try_direction(s, found))) return status;
  if (!*found) {
    for (ptrdiff_t i = 0; i < o->size; i++) s->beta[i] = -u[i];
    status = try_direction(s, found);
  }
  if (!status && !*found && suspects > 0) status = try_null_parts(s, u, w, found);
  if (!status && !*found) { /* were too many suspected? */
    fgd_softmax_unmark(o, mark);
    status = suspect(s, u, 0, &fewer, interior);
    if (!status && fewer > 0 && fewer < suspects) status = try_null_parts(s, u, w, found);
  }
  if (!status && !*found) fgd_softmax_unmark(o, mark);
  return status;
}

/* --- the same by projection ---------------------------------------------------------------- */

/* All directions are a cone, and gradients lean into it: minus the gradient where the classes in play are alike moves,
 * in all, any pair that a direction moves the right way.  So its projection onto the cone is a direction, and 0 only if
 * there is none.  This takes no curvature, which near the limit tells one small probability from another no more, but
 * some passes for each pair that binds.  It has the last word, once in a fit. */

#define CLEARLY 1e-10 /* a pair noted before the last step is opposed still, if by such an angle */
#define NOTHING 1e-14 /* what is left of a vector when it has become rounding */

/* Into beta the vector nearest to `from` that moves no pair in play the wrong way, and those set aside as far as
 * fgd_softmax_opponents says. */
static fgd_status approach(fgd_softmax_separation *s, const double *from, double enough, int from_point, int *done) {
  fgd_softmax *o = s->o;
  ptrdiff_t size = o->size, worst;
  double *n = s->trial, start = sqrt(fgd_dot(size, from, from));
  fgd_cone cone;
  fgd_status status;
  *done = 0;
  fgd_cone_begin(&cone, size, from, s->beta, s->Q, s->R, s->cone);
  for (ptrdiff_t left = 20 * size + 100; left > 0; left--) {
    double length = sqrt(fgd_dot(size, s->beta, s->beta)), aim;
    if (enough < 0 && !(length > NOTHING * start)) break; /* only the origin is left */
    if ((status = fgd_softmax_opponents(o, s->beta, enough, from_point, &worst))) return status;
    if ((*done = worst < 0)) break;
    int moved = 0;
    for (ptrdiff_t k = 0; k <= o->design.parts; k++) {
      ptrdiff_t part = k == 0 ? worst : k - 1;
      if ((k > 0 && part == worst) || !fgd_softmax_opponent(o, part, s->line, n, &aim)) continue;
      keep_out(s, n);
      double of = sqrt(fgd_dot(size, n, n));
      if (!(of > 0)) continue;
      for (ptrdiff_t i = 0; i < size; i++) n[i] /= of;
      length = sqrt(fgd_dot(size, s->beta, s->beta));
      if (k > 0 && !(fgd_dot(size, n, s->beta) - aim / of < -CLEARLY * length)) continue;
      moved |= fgd_cone_add(&cone, n, aim / of);
    }
    if (!moved) break;
  }
  return FGD_OK;
}

/* A stage more. */
static fgd_status project(fgd_softmax_separation *s, int *found) {
  fgd_softmax *o = s->o;
  double *from = s->from, *zero = s->trial, cost;
  fgd_status status;
  *found = 0;
  memset(zero, 0, (size_t)o->size * sizeof *zero);
  if ((status = fgd_softmax_value_grad(o, zero, &cost, from))) return status;
  keep_out(s, from);
  for (ptrdiff_t i = 0; i < o->size; i++) from[i] = -from[i];
  if ((status = approach(s, from, -INFINITY, 0, found)) || !*found) return status;
  return try_direction(s, found);
}

/* Stage after stage, until nothing is found any more. */
static fgd_status exhaust(fgd_softmax_separation *s) {
  fgd_softmax *o = s->o;
  fgd_status status = FGD_OK;
  int found = 1;
  while (!status && found && o->stages < FGD_MAX_STAGES) {
    status = project(s, &found);
    o->stages += found;
  }
  fgd_softmax_unmark(o, (uint8_t)(o->stages + 1));
  return status;
}

static ptrdiff_t pairs_aside(const fgd_softmax *o) {
  ptrdiff_t pairs = 0;
  for (ptrdiff_t i = 0; i < o->p->X.n * o->K; i++) pairs += o->stage[i] > 0;
  return pairs;
}

/* One stage in place of all, if one direction parts all the pairs that they set aside: the shortest that does. */
static fgd_status merge(fgd_softmax_separation *s) {
  fgd_softmax *o = s->o;
  ptrdiff_t pairs = pairs_aside(o);
  int found;
  double *from = s->from;
  memset(from, 0, (size_t)o->size * sizeof *from);
  fgd_status status = approach(s, from, 1, 0, &found);
  if (status || !found) return status;
  o->stages = 0;
  for (ptrdiff_t i = 0; i < o->p->X.n * o->K; i++) o->stage[i] = o->stage[i] > 0;
  status = try_direction(s, &found);
  if (status || (o->stages = found && pairs_aside(o) == pairs)) return status;
  fgd_softmax_unmark(o, 1);
  return exhaust(s);
}

/* The last word: all the stages that there are, as few as may be. */
fgd_status fgd_softmax_settle(fgd_softmax_separation *s, int *found) {
  fgd_softmax *o = s->o;
  fgd_status status;
  int before = o->stages, full;
  s->settled = 1;
  *found = 0;
  do {
    if ((status = exhaust(s))) return status;
    *found |= o->stages > before;
    full = o->stages == FGD_MAX_STAGES;
    if (*found && o->stages > 1 && (status = merge(s))) return status;
    before = o->stages;
  } while (full && o->stages < FGD_MAX_STAGES);
  return FGD_OK;
}

/* Cheap looks first, as often as the solver asks. */
fgd_status fgd_softmax_separate(fgd_softmax_separation *s, const double *u, double *w, int *found, int *interior) {
  fgd_softmax *o = s->o;
  fgd_status status;
  *found = 0;
  if ((*interior = s->settled) || o->stages == FGD_MAX_STAGES) return FGD_OK;
  if ((status = try_suspects(s, u, w, found, interior)) || *interior) return status;
  if (*found) o->stages++;
  else if ((status = fgd_softmax_settle(s, found))) return status;
  return *found ? leave_out_free(s, w) : FGD_OK;
}

/* Without a Gram: the point, or those of its lines that part their own class from all others. */
fgd_status fgd_softmax_part(fgd_softmax_separation *s, const double *w, int *found) {
  fgd_softmax *o = s->o;
  ptrdiff_t d = o->p->X.d;
  fgd_status status;
  *found = 0;
  if (o->stages == FGD_MAX_STAGES) return FGD_OK;
  memcpy(s->beta, w, (size_t)o->size * sizeof *w);
  if ((status = try_direction(s, found))) return status;
  if (!*found) {
    fgd_softmax_unmark(o, (uint8_t)(o->stages + 1));
    if ((status = fgd_softmax_own_lines(o, s->beta, s->parts))) return status;
    fgd_softmax_export(o, s->beta, s->coef);
    for (ptrdiff_t k = 0; k < o->K; k++)
      if (!(s->parts[k] > 0)) {
        memset(s->coef + k * d, 0, (size_t)d * sizeof *s->coef);
        s->coef[o->K * d + k] = 0;
      }
    fgd_softmax_import(o, s->coef, s->beta);
    if ((status = try_direction(s, found))) return status;
  }
  if (*found) o->stages++;
  else fgd_softmax_unmark(o, (uint8_t)(o->stages + 1));
  return FGD_OK;
}

/* Where no curvature was asked for on the way: are there pairs so remote that a direction may part them? */
fgd_status fgd_softmax_remote(fgd_softmax_separation *s, ptrdiff_t *suspects) {
  fgd_softmax *o = s->o;
  uint8_t mark = (uint8_t)(o->stages + 1);
  int interior;
  memset(s->trial, 0, (size_t)o->size * sizeof *s->trial);
  fgd_status status = fgd_softmax_curvature(o);
  if (!status) status = fgd_softmax_hess_vec(o, s->trial, s->Hv);
  if (!status) status = fgd_softmax_suspect(o, mark, RATHER_REMOTE, suspects, &interior);
  if (!status) fgd_softmax_unmark(o, mark);
  return status;
}

/* --- the way to the limit --------------------------------------------------------------------- */

fgd_status fgd_softmax_take_back(fgd_softmax_separation *s, double *unit, double *w) {
  memset(s->rests, 0, (size_t)s->o->size);
  fgd_status status = fgd_softmax_alike(s->o);
  if (!status) status = find_whole_rank(s);
  if (!status) fgd_rank_shortest(&s->whole, s->factor, unit, w);
  return status;
}

/* How far apart a pair set aside must be for what it costs to be a small part of the target. */
static double enough_of(const fgd_softmax *o, double target) {
  double enough = -log(0.01 * target / (double)(o->K - 1));
  return enough > 1 ? fmin(enough, 700) : 1;
}

fgd_status fgd_softmax_go_along(fgd_softmax_separation *s, double target, double *w, double *cost, double *g) {
  fgd_softmax *o = s->o;
  fgd_status status;
  o->stages = 0;
  if ((status = fgd_softmax_value_grad(o, w, cost, g))) return status;
  for (int k = s->stages; k > 0; k--) {
    const double *beta = s->direction + (k - 1) * o->size;
    double t;
    fgd_softmax_accept(o);
    if ((status = fgd_softmax_reach(o, beta, (uint8_t)k, enough_of(o, target), &t))) return status;
    for (ptrdiff_t i = 0; i < o->size; i++) w[i] += t * beta[i];
    if ((status = fgd_softmax_value_grad(o, w, cost, g))) return status;
  }
  return FGD_OK;
}

fgd_status fgd_softmax_go_straight(fgd_softmax_separation *s, double target, double *w, double *cost, double *g) {
  fgd_softmax *o = s->o;
  int done;
  double *from = s->from;
  for (ptrdiff_t i = 0; i < o->size; i++) from[i] = -w[i];
  keep_out(s, from);
  o->stages = 0;
  fgd_status status = fgd_softmax_value_grad(o, w, cost, g);
  if (status) return status;
  fgd_softmax_accept(o);
  if ((status = approach(s, from, enough_of(o, target), 1, &done))) return status;
  for (ptrdiff_t i = 0; i < o->size; i++) w[i] += s->beta[i];
  return fgd_softmax_value_grad(o, w, cost, g);
}
