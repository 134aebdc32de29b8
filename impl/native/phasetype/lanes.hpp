// Vectors of doubles and what moves numbers between their lanes.
#pragma once

#include <utility>

#include "chain.hpp"

#define SHARPBITS_INLINE inline __attribute__((always_inline))

namespace sharpbits::phasetype::SHARPBITS_ISA {

constexpr int kLanes = SHARPBITS_VECTOR_BYTES / static_cast<int>(sizeof(double));
constexpr int kBlock = kRun * kLanes;

typedef double Vec __attribute__((vector_size(SHARPBITS_VECTOR_BYTES)));
typedef double LooseVec __attribute__((vector_size(SHARPBITS_VECTOR_BYTES), aligned(sizeof(double))));  // anywhere

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

// One stage of a square's transposition: of rows r and r + Size, blocks of Size lanes off the diagonal change places.
template <int Size, int... I>
SHARPBITS_INLINE void exchange_blocks(Vec* rows, std::integer_sequence<int, I...>) {
  for (int r = 0; r < kLanes; ++r) {
    if (r & Size) continue;
    const Vec a = rows[r], b = rows[r + Size];
    rows[r] = __builtin_shufflevector(a, b, (I & Size ? kLanes + I - Size : I)...);
    rows[r + Size] = __builtin_shufflevector(a, b, (I & Size ? kLanes + I : I + Size)...);
  }
}
template <int Size>
SHARPBITS_INLINE void exchange(Vec* rows) {
  exchange_blocks<Size>(rows, std::make_integer_sequence<int, kLanes>());
}

// Lanes a[i] + a[i + Size] and b[i] + b[i + Size], in blocks of Size lanes of either.
template <int Size, int... I>
SHARPBITS_INLINE Vec folded(Vec a, Vec b, std::integer_sequence<int, I...>) {
  return __builtin_shufflevector(a, b, (I & Size ? kLanes + I - Size : I)...) +
         __builtin_shufflevector(a, b, (I & Size ? kLanes + I : I + Size)...);
}

// The sum of the lanes of each of kLanes vectors, side by side.
SHARPBITS_INLINE Vec sums_of_lanes(const Vec* rows) {
  constexpr auto kAll = std::make_integer_sequence<int, kLanes>();
  Vec pairs[kLanes / 2], fours[kLanes / 4];
  for (int r = 0; r < kLanes / 2; ++r) pairs[r] = folded<1>(rows[2 * r], rows[2 * r + 1], kAll);
  for (int r = 0; r < kLanes / 4; ++r) fours[r] = folded<2>(pairs[2 * r], pairs[2 * r + 1], kAll);
  if constexpr (kLanes == 8) return folded<4>(fours[0], fours[1], kAll);
  return fours[0];
}

// Rows and columns of a square exchanged: halves, then quarters, then single lanes.
SHARPBITS_INLINE void transpose(Vec* rows) {
  if constexpr (kLanes == 8) exchange<4>(rows);
  exchange<2>(rows);
  exchange<1>(rows);
}

}  // namespace sharpbits::phasetype::SHARPBITS_ISA
