/* The one header that Cython sees: what goes into the core and what comes out.
 *
 * Nothing here allocates, prints or exits.  Functions that need memory say how much
 * through their *_work twin and take one block of at least that many bytes, aligned
 * to 64.  They return an fgd_status.  Sizes are ptrdiff_t throughout.
 */
#ifndef FASTGD_H
#define FASTGD_H

#include <stddef.h>
#include <stdint.h>

#include "arrays.h"
#include "kernels.h"

typedef enum {
  FGD_OK = 0,
  FGD_INTERRUPTED,   /* poll asked to stop */
  FGD_NOT_FINITE,    /* a sum over X, or of a product with X, was NaN or infinite */
  FGD_ONE_CLASS,     /* the weighted labels are all 0 or all 1: the null model has no finite intercept */
  FGD_NO_ISA         /* no such instruction set on this processor */
} fgd_status;

/* What a fit ended with. */
typedef enum {
  FGD_CONVERGED,     /* gap <= tol * scale of the cost */
  FGD_MAX_ITER,      /* the step limit */
  FGD_DIVERGED,      /* the cost ran away: the best iterate is returned */
  FGD_STOPPED,       /* the observer asked to stop */
  FGD_STALLED,       /* no step lowers the cost any more, yet the gap is above tol */
  FGD_SEPARATED      /* no finite optimum: the gap is to the infimum */
} fgd_outcome;

typedef enum { FGD_C_ORDER, FGD_F_ORDER, FGD_CSR } fgd_layout;
typedef enum { FGD_LOG_LOSS, FGD_SQUARED_ERROR, FGD_SOFTMAX } fgd_loss;
typedef enum { FGD_GD, FGD_AGD, FGD_NEWTON, FGD_NEWTON_CG, FGD_LBFGS, FGD_SAMPLED, FGD_DUAL } fgd_solver;

/* X, n by d, where the user keeps it. */
typedef struct {
  fgd_layout layout;
  int dtype;                /* FGD_F64, FGD_F32, FGD_U8; CSR: the first two */
  int index;                /* CSR: FGD_I32 or FGD_I64, for indices and indptr alike */
  ptrdiff_t n, d;
  ptrdiff_t ld;             /* elements from one row (C order) or column (F order) to the next */
  const void *data;         /* dense elements, or the CSR values */
  const void *indices, *indptr;
} fgd_matrix;

typedef struct {
  fgd_matrix X;
  fgd_loss loss;
  const uint8_t *y_code;    /* n labels 0 or 1, or NULL and then */
  const double *y_value;    /*   n numbers: soft labels in [0, 1], or targets of the squared error */
  ptrdiff_t classes;        /* softmax: K of them, at least 2; y_value and offset have n rows of K numbers, and instead
                               of y_code there may be */
  const int32_t *y_class;   /*   n labels 0 .. K-1, or NULL */
  const double *weight;     /* n, or NULL: all alike */
  const double *offset;     /* n, or NULL: none */
  const double *l2;         /* d numbers, or NULL and then */
  double l2_all;            /*   one for all columns */
  int fit_intercept;
} fgd_problem;

/* Called now and then (at most 50 ms apart) on the calling thread; nonzero stops. */
typedef int (*fgd_poll)(void *context);

typedef struct {
  ptrdiff_t iteration, passes;
  double cost, gap, gradient_norm, step, seconds;
  const double *coef;       /* d, in the user's coordinates; softmax: K * d, then K intercepts */
  double intercept;
} fgd_event;

/* Called after each iteration on the calling thread; nonzero stops. */
typedef int (*fgd_observer)(void *context, const fgd_event *event);

typedef struct {
  int n_threads;            /* at least 1 */
  fgd_poll poll;            /* or NULL */
  fgd_observer observe;     /* or NULL */
  void *context;            /* of both */
} fgd_guest;

typedef struct {
  ptrdiff_t iterations, passes;
  double seconds;
} fgd_before;

typedef struct {
  fgd_solver solver;        /* sampled: becomes newton where there is nothing to gain
                               dual: dense X, every column penalised; where it stalls another may go on */
  double learning_rate;     /* gd; <= 0: from the curvature bound */
  double tol;
  ptrdiff_t max_iter;
  const double *init;       /* d + 1 numbers (the last is the intercept; softmax: as coef), or NULL */
  fgd_before before;        /* all 0, or what another solver has done, whose work this one takes up */
} fgd_options;

/* Directions of separation that one fit can find, one after the other. */
#define FGD_MAX_STAGES 8

typedef struct {
  fgd_outcome outcome;
  double intercept, cost, null_cost, gap, gradient_norm, step, seconds;
  double target;     /* converged means gap <= target */
  ptrdiff_t iterations, passes, rank;
  ptrdiff_t separated_rows[FGD_MAX_STAGES]; /* fitted perfectly in the limit (softmax: in part, the first time), by
                                               each of */
  int stages;                               /*   so many directions */
  int estimate;      /* gap is an estimate, not a bound */
  int n_threads;
} fgd_result;



/* The kernel table in use, and how to choose another by name (NULL: the best one). */
const fgd_kernels *fgd_kernels_active(void);
fgd_status fgd_kernels_choose(const char *name);
/* Names of the instruction sets this build and this processor share, best first; NULL beyond the last. */
const char *fgd_kernels_name(int i);

/* Processors this process may run on. */
int fgd_processors(void);
/* For tests: a call can start this many threads and no more (negative: as many as it wants). */
extern int fgd_team_fail_at;

/* One fused pass: cost, and grad (d, or NULL), grad_intercept. */
size_t fgd_cost_work(const fgd_problem *p, int n_threads);
fgd_status fgd_cost(const fgd_problem *p, const fgd_guest *guest, const double *coef, double intercept,
                    double *cost, double *grad, double *grad_intercept, void *work);

/* Hv (d) and Hv_intercept: the Hessian at (coef, intercept) times (v, v_intercept). */
size_t fgd_hessian_vector_work(const fgd_problem *p, int n_threads);
fgd_status fgd_hessian_vector(const fgd_problem *p, const fgd_guest *guest, const double *coef,
                              double intercept, const double *v, double v_intercept, double *Hv,
                              double *Hv_intercept, void *work);

/* The same for softmax: coef, v, grad (or NULL) and Hv are K * d numbers, then K intercepts'. */
size_t fgd_softmax_cost_work(const fgd_problem *p, int n_threads);
fgd_status fgd_softmax_cost_at(const fgd_problem *p, const fgd_guest *guest, const double *coef, double *cost,
                               double *grad, void *work);
fgd_status fgd_softmax_hessian_vector(const fgd_problem *p, const fgd_guest *guest, const double *coef,
                                      const double *v, double *Hv, void *work);

/* out (n) = X coef + intercept + offset (n, or NULL) */
fgd_status fgd_margins(const fgd_matrix *X, const fgd_guest *guest, const double *coef, double intercept,
                       const double *offset, double *out);
/* The same, and from the same pass sums (2 d): of the rows times the third derivatives of the log loss there, weighted,
 * and of the rows times their weights; weight (n, or NULL: 1). */
size_t fgd_margins_sums_work(const fgd_matrix *X, int n_threads);
fgd_status fgd_margins_sums(const fgd_matrix *X, const fgd_guest *guest, const double *coef, double intercept,
                            const double *offset, const double *weight, double *out, double *sums, void *work);
/* out (n rows of 2) = the probabilities of both classes at these margins, in the same pass */
fgd_status fgd_probabilities(const fgd_matrix *X, const fgd_guest *guest, const double *coef, double intercept,
                             const double *offset, double *out);
/* out (n rows of K) = X coef' + intercepts, coef being K * d numbers and then the intercepts. */
size_t fgd_softmax_margins_work(const fgd_matrix *X, ptrdiff_t K, int n_threads);
fgd_status fgd_softmax_margins(const fgd_matrix *X, const fgd_guest *guest, ptrdiff_t K, const double *coef,
                               double *out, void *work);

/* G (size x size, lower triangle) = sum over the rows of q_i t_i t_i', t = (x - shift) * scale; rows NULL: all n of
 * them; q has `count` numbers >= 0; shift and scale d each, or NULL: 0 and 1.  With `ones`, size is d + 1, a 1 stands
 * behind each t, and products are taken in double for every element type; else size is d. */
size_t fgd_gram_work(const fgd_matrix *X, ptrdiff_t count, int ones, int n_threads);
fgd_status fgd_gram(const fgd_matrix *X, const fgd_guest *guest, const ptrdiff_t *rows, ptrdiff_t count,
                    const double *q, const double *shift, const double *scale, int ones, double *G, void *work);

/* The fit; coef has length d, for softmax K * d and then K intercepts.  directions has 2 * FGD_MAX_STAGES rows of
 * d + 1 numbers (the intercept last), for softmax of K (d + 1), as coef: for each stage its direction, which moves no
 * margin (softmax: no two margins apart) by more than 1, and the same for columns of standard deviation 1. */
size_t fgd_fit_work(const fgd_problem *p, const fgd_options *o, int n_threads);
fgd_status fgd_fit(const fgd_problem *p, const fgd_options *o, const fgd_guest *guest, double *coef,
                   double *directions, fgd_result *result, void *work);
/* Fits for the `count` positive penalties l2 (of all columns alike; p's own is not looked at), each from where the last
 * one ended; coef has `count` lines of d.  Two classes or squared error, a solver of second order. */
fgd_status fgd_fit_path(const fgd_problem *p, const fgd_options *o, const fgd_guest *guest, ptrdiff_t count,
                        const double *l2, double *coef, fgd_result *results, void *work);

/* Fits of `folds` folds (2 .. FGD_MAX_FOLDS), each for `penalties` positive ones (of all columns alike; l2 has a line for
 * each fold).  held[i] is the fold that leaves row i out, `folds` if none does.  Two classes (y_code), without offset;
 * the solver is FGD_SAMPLED, without init; every fold has rows of both classes that count.  For each fold the first
 * done[fold] results, and lines of coef (d), are there, all converged: the others are left to fgd_fit_path. */
#define FGD_MAX_FOLDS 32
size_t fgd_fit_folds_work(const fgd_problem *p, const fgd_options *opt, ptrdiff_t folds, int n_threads);
fgd_status fgd_fit_folds(const fgd_problem *p, const uint8_t *held, ptrdiff_t folds, const fgd_options *opt,
                         const fgd_guest *guest, ptrdiff_t penalties, const double *l2, double *coef,
                         fgd_result *results, ptrdiff_t *done, void *work);

#endif
