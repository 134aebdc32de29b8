// Vectors of doubles and what moves numbers between their lanes.
#pragma once

#include <utility>

#include "chain.hpp"

#define SHARPBITS_INLINE inline __attribute__((always_inline))

namespace sharpbits::phasetype::SHARPBITS_ISA {

constexpr int kLanes = SHARPBITS_VECTOR_BYTES / static_cast<int>(sizeof(double));
constexpr int kBlock = kRun * kLanes;

typedef double Vec __attribute__((vector_size(SHARPBITS_VECTOR_BYTES)));

// Lane l of the result is lane l + First of the two vectors side by side.
template <int First, int... I>
SHARPBITS_INLINE Vec window(Vec low, Vec high, std::integer_sequence<int, I...>) {
  return __builtin_shufflevector(low, high, (First + I)...);
}

// Shift towards the last lane, filling with the last lanes of `fill`.
template <int Places>
SHARPBITS_INLINE Vec shift_up(Vec fill, Vec v) {
  return window<kLanes - Places>(fill, v, std::make_integer_sequence<int, kLanes>());
}

// Shift towards the first lane, filling with the first lanes of `fill`.
template <int Places>
SHARPBITS_INLINE Vec shift_down(Vec v, Vec fill) {
  return window<Places>(v, fill, std::make_integer_sequence<int, kLanes>());
}

SHARPBITS_INLINE double sum_of_lanes(Vec v) {
  if constexpr (kLanes == 8) v += shift_down<4>(v, v);
  v += shift_down<2>(v, v);
  return v[0] + v[1];
}

}  // namespace sharpbits::phasetype::SHARPBITS_ISA
