// Polynomials of many arguments at once: what a block of steps adds to every time's Poisson sum, and the transpose.
#pragma once

#include "lanes.hpp"

namespace sharpbits::phasetype::SHARPBITS_ISA {

inline void polynomials(std::int64_t count, const double* ratio, const double* scale, const double* coefficient,
                        double* total) {
  const Vec* ratios = reinterpret_cast<const Vec*>(ratio);
  const Vec* scales = reinterpret_cast<const Vec*>(scale);
  Vec* totals = reinterpret_cast<Vec*>(total);
  constexpr int kSide = 8 / kLanes * 2;  // chains of multiply-adds side by side
  const std::int64_t vectors = count / kLanes;
  std::int64_t j = 0;
  for (; j + kSide <= vectors; j += kSide) {
    Vec value[kSide];
    for (int c = 0; c < kSide; ++c) value[c] = Vec{} + coefficient[kBlock - 1];
    for (int i = kBlock - 2; i >= 0; --i)
      for (int c = 0; c < kSide; ++c) value[c] = value[c] * ratios[j + c] + coefficient[i];
    for (int c = 0; c < kSide; ++c) totals[j + c] += scales[j + c] * value[c];
  }
  for (; j < vectors; ++j) {
    Vec value = Vec{} + coefficient[kBlock - 1];
    for (int i = kBlock - 2; i >= 0; --i) value = value * ratios[j] + coefficient[i];
    totals[j] += scales[j] * value;
  }
}

inline void power_sums(std::int64_t count, const double* ratio, const double* scale, const double* coefficient,
                       double* total) {
  Vec sums[kBlock]{};
  for (std::int64_t j = 0; j < count / kLanes; ++j) {
    const Vec r = reinterpret_cast<const Vec*>(ratio)[j];
    Vec power = reinterpret_cast<const Vec*>(scale)[j];
    for (int i = 0; i < kBlock; ++i) {
      sums[i] += power;
      power *= r;
    }
  }
  for (int i = 0; i < kBlock; ++i) total[i] = coefficient[i] * sum_of_lanes(sums[i]);
}

}  // namespace sharpbits::phasetype::SHARPBITS_ISA
