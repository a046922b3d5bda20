/* Threads that live as long as one call (see team.h). */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#include "team.h"

#include <time.h>

#define POLL_NS 20000000 /* between two calls of poll */
#define SPIN_NS 50000    /* busy waiting before sleep */

int fgd_team_fail_at = -1;

#define load(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define store(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define add(p, v) __atomic_fetch_add(p, v, __ATOMIC_ACQ_REL)

#if defined(__x86_64__) || defined(_M_X64)
#define pause_cpu() __builtin_ia32_pause()
#else
#define pause_cpu() ((void)0)
#endif

/* --- the platform ------------------------------------------------------------ */

#ifdef _WIN32

static void *run_worker(void *arg);
static DWORD WINAPI entry(LPVOID arg) {
  run_worker(arg);
  return 0;
}
static int thread_start(fgd_thread *t, void *arg) {
  *t = CreateThread(NULL, 0, entry, arg, 0, NULL);
  return *t ? 0 : -1;
}
static void thread_join(fgd_thread t) {
  WaitForSingleObject(t, INFINITE);
  CloseHandle(t);
}
static void sync_init(fgd_team *t) {
  InitializeSRWLock(&t->mutex);
  InitializeConditionVariable(&t->wake);
  InitializeConditionVariable(&t->done);
}
static void sync_destroy(fgd_team *t) { (void)t; }
static void lock(fgd_mutex *m) { AcquireSRWLockExclusive(m); }
static void unlock(fgd_mutex *m) { ReleaseSRWLockExclusive(m); }
static void wait_on(fgd_signal *s, fgd_mutex *m) { SleepConditionVariableSRW(s, m, INFINITE, 0); }
static void wait_until(fgd_signal *s, fgd_mutex *m, int64_t ns) {
  SleepConditionVariableSRW(s, m, (DWORD)(ns / 1000000) + 1, 0);
}
static void notify(fgd_signal *s) { WakeAllConditionVariable(s); }

int64_t fgd_clock(void) {
  LARGE_INTEGER c, f;
  QueryPerformanceCounter(&c);
  QueryPerformanceFrequency(&f);
  return (int64_t)((double)c.QuadPart * 1e9 / (double)f.QuadPart);
}

int fgd_processors(void) {
  DWORD_PTR mine, all;
  int k = 0;
  if (GetProcessAffinityMask(GetCurrentProcess(), &mine, &all))
    for (; mine; mine &= mine - 1) k++;
  return k ? k : 1;
}

#else

#include <errno.h>
#include <sched.h>
#include <unistd.h>

static void *run_worker(void *arg);
static int thread_start(fgd_thread *t, void *arg) { return pthread_create(t, NULL, run_worker, arg); }
static void thread_join(fgd_thread t) { pthread_join(t, NULL); }
static void sync_init(fgd_team *t) {
  pthread_mutex_init(&t->mutex, NULL);
  pthread_cond_init(&t->wake, NULL);
  pthread_cond_init(&t->done, NULL);
}
static void sync_destroy(fgd_team *t) {
  pthread_mutex_destroy(&t->mutex);
  pthread_cond_destroy(&t->wake);
  pthread_cond_destroy(&t->done);
}
static void lock(fgd_mutex *m) { pthread_mutex_lock(m); }
static void unlock(fgd_mutex *m) { pthread_mutex_unlock(m); }
static void wait_on(fgd_signal *s, fgd_mutex *m) { pthread_cond_wait(s, m); }
static void wait_until(fgd_signal *s, fgd_mutex *m, int64_t ns) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  t.tv_nsec += (long)ns;
  while (t.tv_nsec >= 1000000000) t.tv_nsec -= 1000000000, t.tv_sec++;
  pthread_cond_timedwait(s, m, &t);
}
static void notify(fgd_signal *s) { pthread_cond_broadcast(s); }

int64_t fgd_clock(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int fgd_processors(void) {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  long k = sysconf(_SC_NPROCESSORS_ONLN);
  return k > 0 ? (int)k : 1;
}

#endif

/* --- the team ------------------------------------------------------------------ */

int fgd_team_stopped(fgd_team *team, int worker) {
  if (worker == 0 && team->guest->poll) {
    int64_t now = fgd_clock();
    if (now - team->polled >= POLL_NS) {
      if (team->guest->poll(team->guest->context)) store(&team->stop, 1);
      team->polled = fgd_clock();
    }
  }
  return load(&team->stop);
}

static void take_items(fgd_team *team, int worker) {
  for (ptrdiff_t i; (i = add(&team->next, 1)) < team->items && !fgd_team_stopped(team, worker);)
    team->task(team->arg, i, worker);
}

static void *run_worker(void *arg) {
  fgd_worker *me = arg;
  fgd_team *team = me->team;
  for (int seen = 0;; seen++) {
    int64_t since = fgd_clock();
    while (load(&team->epoch) == seen && fgd_clock() - since < SPIN_NS) pause_cpu();
    if (load(&team->epoch) == seen) {
      lock(&team->mutex);
      add(&team->asleep, 1);
      while (load(&team->epoch) == seen) wait_on(&team->wake, &team->mutex);
      add(&team->asleep, -1);
      unlock(&team->mutex);
    }
    if (load(&team->closing)) return NULL;
    take_items(team, me->number);
    if (add(&team->working, -1) == 1) {
      lock(&team->mutex);
      notify(&team->done);
      unlock(&team->mutex);
    }
  }
}

static void begin_epoch(fgd_team *team) {
  /* The lock orders the new epoch against a worker that is just going to sleep. */
  lock(&team->mutex);
  add(&team->epoch, 1);
  if (load(&team->asleep)) notify(&team->wake);
  unlock(&team->mutex);
}

void fgd_team_start(fgd_team *team, const fgd_guest *guest) {
  team->guest = guest;
  team->polled = fgd_clock();
  team->workers = 1;
  team->stop = team->epoch = team->working = team->asleep = team->closing = 0;
  int want = guest->n_threads < FGD_MAX_THREADS ? guest->n_threads : FGD_MAX_THREADS;
  if (want <= 1) return;
  sync_init(team);
  for (int k = 1; k < want; k++) {
    team->worker[k] = (fgd_worker){team, k};
    if (fgd_team_fail_at >= 0 && k > fgd_team_fail_at) break;
    if (thread_start(&team->threads[k], &team->worker[k])) break;
    team->workers++;
  }
  if (team->workers == 1) sync_destroy(team);
}

fgd_status fgd_team_run(fgd_team *team, fgd_task task, void *arg, ptrdiff_t items) {
  team->task = task;
  team->arg = arg;
  team->items = items;
  team->next = 0;
  if (team->workers == 1 || items == 1) {
    take_items(team, 0);
  } else {
    store(&team->working, team->workers - 1);
    begin_epoch(team);
    take_items(team, 0);
    int64_t since = fgd_clock();
    while (load(&team->working) && fgd_clock() - since < SPIN_NS) pause_cpu();
    while (load(&team->working)) {
      lock(&team->mutex);
      if (load(&team->working)) wait_until(&team->done, &team->mutex, POLL_NS);
      unlock(&team->mutex);
      fgd_team_stopped(team, 0);
    }
  }
  return load(&team->stop) ? FGD_INTERRUPTED : FGD_OK;
}

void fgd_team_stop(fgd_team *team) {
  if (team->workers == 1) return;
  store(&team->closing, 1);
  begin_epoch(team);
  for (int k = 1; k < team->workers; k++) thread_join(team->threads[k]);
  sync_destroy(team);
}
