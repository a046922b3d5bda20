/* Random draws that depend on nothing but a seed and a row's number: Steele, Lea and Flood's SplitMix64. */
static ptrdiff_t draw(ptrdiff_t n, float *chance, double factor, uint64_t seed, ptrdiff_t first) {
  int64_t found = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    uint64_t x = (seed + (uint64_t)(first + i)) * 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    double u = (double)(int64_t)((x ^ x >> 31) >> 12) * 0x1p-52, c = factor * chance[i];
    c = c < 1 ? c : 1;
    int64_t drawn = u < c;
    chance[i] = drawn ? (float)c : 0;
    found += drawn;
  }
  return found;
}
