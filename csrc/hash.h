/* Numbers that look random and depend on nothing but a seed and a count: Steele, Lea and Flood's SplitMix64. */
#ifndef FGD_HASH_H
#define FGD_HASH_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t fgd_hash(uint64_t seed, ptrdiff_t k) {
  uint64_t x = (seed + (uint64_t)k) * 0x9e3779b97f4a7c15;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

/* In [0, 1). */
static inline double fgd_uniform(uint64_t seed, ptrdiff_t k) { return (double)(fgd_hash(seed, k) >> 11) * 0x1p-53; }

#endif
