/* Threads that live as long as one call.  The caller is worker 0 and works too; the
 * others wait between tasks, spinning for a moment, then asleep.  A task is split into
 * items that any worker may take: whatever an item computes must depend on the item
 * alone, never on the worker, so that results do not depend on how many there are. */
#ifndef FGD_TEAM_H
#define FGD_TEAM_H

#include <stddef.h>
#include <stdint.h>

#include "fastgd.h"

#ifdef _WIN32
#include <windows.h>
typedef HANDLE fgd_thread;
typedef SRWLOCK fgd_mutex;
typedef CONDITION_VARIABLE fgd_signal;
#else
#include <pthread.h>
typedef pthread_t fgd_thread;
typedef pthread_mutex_t fgd_mutex;
typedef pthread_cond_t fgd_signal;
#endif

#define FGD_MAX_THREADS 256

typedef void (*fgd_task)(void *arg, ptrdiff_t item, int worker);

typedef struct fgd_team fgd_team;
typedef struct {
  fgd_team *team;
  int number;
} fgd_worker;

struct fgd_team {
  int workers;                /* the caller included */
  const fgd_guest *guest;
  int64_t polled;             /* when poll was last called, ns */
  int stop;                   /* atomic: poll said stop */
  fgd_task task;
  void *arg;
  ptrdiff_t items, next;      /* next: atomic */
  int epoch, working, asleep; /* atomic: tasks begun; workers still at this one; workers asleep */
  int closing;
  fgd_mutex mutex;
  fgd_signal wake, done;
  fgd_thread threads[FGD_MAX_THREADS];
  fgd_worker worker[FGD_MAX_THREADS];
};

/* Start up to guest->n_threads - 1 threads; if one cannot start, go on with fewer. */
void fgd_team_start(fgd_team *team, const fgd_guest *guest);
/* Run items 0 .. items-1; returns FGD_OK, or FGD_INTERRUPTED (then items may be missing). */
fgd_status fgd_team_run(fgd_team *team, fgd_task task, void *arg, ptrdiff_t items);
void fgd_team_stop(fgd_team *team);
/* To be asked every few microseconds inside an item: nonzero means leave it. */
int fgd_team_stopped(fgd_team *team, int worker);

int64_t fgd_clock(void); /* nanoseconds, monotonic */

#endif
