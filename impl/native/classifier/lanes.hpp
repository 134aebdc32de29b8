// A number of each sample of a block: a vector of GCC's vector extension, or a plain number for one sample.
#pragma once

#include "circuit.hpp"

namespace sharpbits::SHARPBITS_ISA {

template <class T, int Bytes>
struct Lanes {
  typedef T Vec __attribute__((vector_size(Bytes)));
  static constexpr int count = Bytes / static_cast<int>(sizeof(T));
};

template <class T>
struct Lanes<T, 0> {
  typedef T Vec;
  static constexpr int count = 1;
};

// Real and imaginary parts apart, a row for each amplitude.
template <class Vec>
struct Planes {
  Vec* __restrict__ re;
  Vec* __restrict__ im;
};

}  // namespace sharpbits::SHARPBITS_ISA
