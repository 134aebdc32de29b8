// The RY of all wires of a layer as one real transform, and their derivatives.
//
// Real and imaginary parts are transformed alike, up to three wires in one pass over memory (radix 8). The inverse is
// the same transform with the rows of each group in reverse order: swapping a pair turns RY(θ) into RY(-θ).
#pragma once

#include "lanes.hpp"

namespace sharpbits::SHARPBITS_ISA {

// Rows are summed in runs of about this length, then the runs: the rounding error grows with the run only.
constexpr std::int64_t kRun = 256;

// Rotate W wires; bit W-1 of Cot is the first of them. `stride` is the distance of rows of the last one, negative to
// rotate backwards.
template <class T, class Vec, int W, unsigned Cot>
void rotate_group(Vec* plane, std::int64_t outer, std::int64_t stride, const T* slope) {
  constexpr int kRows = 1 << W;
  const std::int64_t inner = stride < 0 ? -stride : stride;
  for (std::int64_t o = 0; o < outer; ++o) {
    Vec* base = plane + o * inner * kRows + (stride < 0 ? (kRows - 1) * inner : 0);
#pragma GCC ivdep
    for (std::int64_t j = 0; j < inner; ++j) {
      Vec v[kRows];
#pragma GCC unroll 8
      for (int s = 0; s < kRows; ++s) v[s] = base[j + s * stride];
#pragma GCC unroll 3
      for (int w = 0; w < W; ++w) {
        const int bit = 1 << (W - 1 - w);
        const T t = slope[w];
#pragma GCC unroll 8
        for (int s = 0; s < kRows; ++s) {
          if (s & bit) continue;
          const Vec a = v[s], b = v[s | bit];
          if (Cot & bit) {
            v[s] = t * a - b;
            v[s | bit] = a + t * b;
          } else {
            v[s] = a - t * b;
            v[s | bit] = b + t * a;
          }
        }
      }
#pragma GCC unroll 8
      for (int s = 0; s < kRows; ++s) base[j + s * stride] = v[s];
    }
  }
}

template <class T, class Vec>
using RotateGroup = void (*)(Vec*, std::int64_t, std::int64_t, const T*);

// The instance for these wires' choice of tan or cot.
template <class T, class Vec>
RotateGroup<T, Vec> rotate_group_for(int wires, unsigned cot) {
  static constexpr RotateGroup<T, Vec> kOne[] = {rotate_group<T, Vec, 1, 0>, rotate_group<T, Vec, 1, 1>};
  static constexpr RotateGroup<T, Vec> kTwo[] = {rotate_group<T, Vec, 2, 0>, rotate_group<T, Vec, 2, 1>,
                                                 rotate_group<T, Vec, 2, 2>, rotate_group<T, Vec, 2, 3>};
  static constexpr RotateGroup<T, Vec> kThree[] = {
      rotate_group<T, Vec, 3, 0>, rotate_group<T, Vec, 3, 1>, rotate_group<T, Vec, 3, 2>, rotate_group<T, Vec, 3, 3>,
      rotate_group<T, Vec, 3, 4>, rotate_group<T, Vec, 3, 5>, rotate_group<T, Vec, 3, 6>, rotate_group<T, Vec, 3, 7>};
  return wires == 1 ? kOne[cot] : wires == 2 ? kTwo[cot] : kThree[cot];
}

// Rotate wires [from, n) of a state by layer's RY, or by their inverse; the factors in `phase` are left out.
template <class T, class Vec>
void rotate(const Circuit<T>& circuit, int layer, int from, bool inverse, Planes<Vec> state) {
  const int n = circuit.wires;
  for (int wire = from; wire < n;) {
    const int count = n - wire == 4 ? 2 : n - wire < 3 ? n - wire : 3;
    const T* slope = circuit.slope + layer * n + wire;
    unsigned cot = 0;
    for (int w = 0; w < count; ++w) cot = cot << 1 | circuit.is_cot[layer * n + wire + w];
    const std::int64_t inner = std::int64_t{1} << (n - wire - count);
    const auto group = rotate_group_for<T, Vec>(count, cot);
    group(state.re, std::int64_t{1} << wire, inverse ? -inner : inner, slope);
    group(state.im, std::int64_t{1} << wire, inverse ? -inner : inner, slope);
    wire += count;
  }
}

// ⟨bra|-iY|ket⟩ on W neighbouring wires, real parts: the derivatives by their RY angles.
template <class T, class Vec, int W>
void overlaps_of_group(const Vec* bra, const Vec* ket, std::int64_t outer, std::int64_t inner, Vec* sums) {
  constexpr int kRows = 1 << W;
  Vec run[W] = {};
  std::int64_t length = 0;
  for (std::int64_t o = 0; o < outer; ++o) {
    for (std::int64_t from = 0; from < inner; from += kRun) {
      const std::int64_t until = from + kRun < inner ? from + kRun : inner;
      for (std::int64_t j = from; j < until; ++j) {
        const std::int64_t row = o * inner * kRows + j;
#pragma GCC unroll 2
        for (int w = 0; w < W; ++w) {
          const int bit = 1 << (W - 1 - w);
#pragma GCC unroll 4
          for (int s = 0; s < kRows; ++s) {
            if (s & bit) continue;
            const std::int64_t zero = row + s * inner, one = row + (s | bit) * inner;
            run[w] += bra[one] * ket[zero] - bra[zero] * ket[one];
          }
        }
      }
      length += until - from;
      if (length < kRun && o + 1 < outer) continue;
      for (int w = 0; w < W; ++w) {
        sums[w] += run[w];
        run[w] = Vec{};
      }
      length = 0;
    }
  }
}

// Add the derivatives by the RY angles of wires [from, n), given bra and ket behind (or before) the rotations.
template <class T, class Vec>
void rotation_overlaps(const Circuit<T>& circuit, int from, Planes<Vec> bra, Planes<Vec> ket, Vec* sums) {
  const int n = circuit.wires;
  for (int wire = from; wire < n;) {
    const int count = n - wire >= 2 ? 2 : 1;
    const std::int64_t outer = std::int64_t{1} << wire, inner = std::int64_t{1} << (n - wire - count);
    const auto group = count == 2 ? overlaps_of_group<T, Vec, 2> : overlaps_of_group<T, Vec, 1>;
    group(bra.re, ket.re, outer, inner, sums + wire);
    group(bra.im, ket.im, outer, inner, sums + wire);
    wire += count;
  }
}

// The same where the bra is the ket times the observable, a parity: half the products, and no bra is needed.
template <class T, class Vec, int W>
void parity_overlaps_of_group(const Circuit<T>& circuit, int wire, const Vec* ket, Vec* sums) {
  constexpr int kRows = 1 << W;
  const std::int64_t outer = std::int64_t{1} << wire, inner = std::int64_t{1} << (circuit.wires - wire - W);
  const std::int64_t observed = (std::int64_t{1} << (circuit.wires - circuit.first_observed)) - 1;
  Vec run[W] = {};
  std::int64_t length = 0;
  for (std::int64_t o = 0; o < outer; ++o) {
    for (std::int64_t from = 0; from < inner; from += kRun) {
      const std::int64_t until = from + kRun < inner ? from + kRun : inner;
      for (std::int64_t j = from; j < until; ++j) {
        const std::int64_t row = o * inner * kRows + j;
        const T sign = __builtin_parityll(static_cast<unsigned long long>(row & observed)) ? T(2) : T(-2);
        Vec v[kRows];
#pragma GCC unroll 8
        for (int s = 0; s < kRows; ++s) v[s] = ket[row + s * inner];
#pragma GCC unroll 3
        for (int w = 0; w < W; ++w) {
          const int bit = 1 << (W - 1 - w);
          Vec sum{};
#pragma GCC unroll 8
          for (int s = 0; s < kRows; ++s) {
            if (s & bit) continue;
            const Vec product = v[s] * v[s | bit];
            sum = __builtin_parity(static_cast<unsigned>(s)) ? sum - product : sum + product;
          }
          run[w] += sign * sum;
        }
      }
      length += until - from;
      if (length < kRun && o + 1 < outer) continue;
      for (int w = 0; w < W; ++w) {
        sums[w] += run[w];
        run[w] = Vec{};
      }
      length = 0;
    }
  }
}

// Add the derivatives by the RY angles of the observed wires, given the final state.
template <class T, class Vec>
void parity_overlaps(const Circuit<T>& circuit, Planes<Vec> ket, Vec* sums) {
  const int n = circuit.wires;
  for (int wire = circuit.first_observed; wire < n;) {
    const int count = n - wire == 4 ? 2 : n - wire < 3 ? n - wire : 3;
    const auto group = count == 1   ? parity_overlaps_of_group<T, Vec, 1>
                       : count == 2 ? parity_overlaps_of_group<T, Vec, 2>
                                    : parity_overlaps_of_group<T, Vec, 3>;
    group(circuit, wire, ket.re, sums + wire);
    group(circuit, wire, ket.im, sums + wire);
    wire += count;
  }
}

}  // namespace sharpbits::SHARPBITS_ISA
