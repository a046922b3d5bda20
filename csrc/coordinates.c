/* Centred, scaled, independent columns (see coordinates.h). */
#include "coordinates.h"

#include <math.h>

void fgd_coordinates_layout(fgd_coordinates *c, fgd_objective *o, fgd_start *start, int newton, int workers,
                            fgd_arena *a) {
  const fgd_problem *p = o->p;
  ptrdiff_t d = p->X.d;
  c->o = o;
  c->start = start;
  c->scale = fgd_take_doubles(a, d);
  c->unit = fgd_take_doubles(a, d + 1);
  c->lean = fgd_take_doubles(a, d + 1);
  c->unpenalised = 0;
  for (ptrdiff_t j = 0; j < d && !c->unpenalised; j++) c->unpenalised = (p->l2 ? p->l2[j] : p->l2_all) == 0;
  c->find_rank = newton && c->unpenalised;
  if (!newton) return;
  fgd_grams_layout(&c->grams, &o->design, p->X.n, p->fit_intercept, workers, a);
  if (c->find_rank) fgd_rank_layout(&c->rank, d, o->size, a);
}

void fgd_coordinates_begin(fgd_coordinates *c, fgd_team *team) {
  fgd_grams_begin(&c->grams, team, c->start->mean, c->scale);
}

void fgd_coordinates_standard(fgd_coordinates *c) {
  for (ptrdiff_t j = 0; j < c->o->p->X.d; j++) {
    c->scale[j] = c->start->sd[j] > 0 ? 1 / c->start->sd[j] : 0;
    c->unit[j] = c->start->sd[j] > 0 ? c->scale[j] : 1;
    c->lean[j] = 1 + fabs(c->start->mean[j]) * c->scale[j];
  }
  c->unit[c->o->p->X.d] = c->lean[c->o->p->X.d] = 1;
  fgd_objective_set_coordinates(c->o, c->start->mean, c->scale);
}

fgd_status fgd_coordinates_gram(const fgd_coordinates *c, double *H) {
  return fgd_design_gram(&c->grams.fine, NULL, c->o->p->X.n, c->o->q, H);
}

fgd_status fgd_coordinates_hessian(const fgd_coordinates *c, int fine, double *H) {
  const fgd_objective *o = c->o;
  fgd_status status = fgd_design_gram(fine ? &c->grams.fine : &c->grams.coarse, NULL, o->p->X.n, o->q, H);
  for (ptrdiff_t j = 0; j < o->p->X.d; j++) H[j * o->size + j] += o->lambda[j];
  return status;
}

void fgd_coordinates_find_dependent(fgd_coordinates *c, fgd_factor *F) { fgd_rank_find(&c->rank, F); }

void fgd_coordinates_leave_out(fgd_coordinates *c, double *w) {
  fgd_rank_eliminate(&c->rank, w);
  for (ptrdiff_t k = c->rank.rank; k < c->rank.size; k++)
    if (c->rank.order[k] < c->rank.d) c->scale[c->rank.order[k]] = 0;
  fgd_objective_set_coordinates(c->o, c->start->mean, c->scale);
}

void fgd_coordinates_shortest(fgd_coordinates *c, fgd_factor *F, double *w) {
  fgd_coordinates_standard(c);
  if (c->find_rank) fgd_rank_shortest(&c->rank, F, c->unit, w);
}
