/* Which table of kernels: the newest instruction set that both this build and this processor have. */
#include "fastgd.h"

#include <string.h>

#if defined(__x86_64__) || defined(_M_X64)
static int has_v3(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2");
}
static int has_v4(void) {
  return has_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
}
static int has_v1(void) { return 1; }
static const struct {
  const fgd_kernels *table;
  int (*here)(void);
} sets[] = {{&fgd_kernels_v4, has_v4}, {&fgd_kernels_v3, has_v3}, {&fgd_kernels_v1, has_v1}};
#else
static int always(void) { return 1; }
static const struct {
  const fgd_kernels *table;
  int (*here)(void);
} sets[] = {
#if defined(__aarch64__) || defined(_M_ARM64)
    {&fgd_kernels_neon, always}
#else
    {&fgd_kernels_v1, always}
#endif
};
#endif

enum { SETS = sizeof sets / sizeof *sets };

static const fgd_kernels *active;

const char *fgd_kernels_name(int i) {
  for (int k = 0; k < SETS; k++)
    if (sets[k].here() && i-- == 0) return sets[k].table->name;
  return NULL;
}

fgd_status fgd_kernels_choose(const char *name) {
  for (int k = 0; k < SETS; k++)
    if (sets[k].here() && (!name || strcmp(name, sets[k].table->name) == 0)) {
      active = sets[k].table;
      return FGD_OK;
    }
  return FGD_NO_ISA;
}

const fgd_kernels *fgd_kernels_active(void) {
  if (!active) fgd_kernels_choose(NULL);
  return active;
}
