// What a batch shares: everything of the circuit that depends on the weights only, as plain tables.
//
// The circuit on n wires: RY(x_i) on |0..0>, then for each layer RZ(w0) RY(w1) RZ(w2) on every wire and the ring of
// CNOTs (i, i+1 mod n). Wire 0 is the most significant bit of an amplitude's index. What the sweep makes of it:
//
// * The state after the rotations of layer 0 is a product; it is built directly.
// * In later layers the RZ of all wires are one diagonal, the RY of all wires one real transform, the ring a
//   permutation. So a layer is: permute and multiply by `phase` (one pass), rotate real and imaginary parts alike.
// * RY(θ) is [[1, -t], [t, 1]] cos θ/2 with t = tan θ/2, or [[k, -1], [1, k]] sin θ/2 with k = cot θ/2, whichever is
//   bounded by 1: two multiply-adds for each pair. The cosines and sines are collected in `phase`.
// * The last ring turns Z_0 into the parity of wires 1..n-1, so it is not applied, nor are the last layer's RZ(w2) and
//   its rotation of wire 0: ⟨Z_0⟩ does not depend on them and their derivatives are exactly zero.
//
// Plain data, no templates of the standard library, every function inlined: it is shared by translation units compiled
// for different instruction sets, and a function of one must never be linked into another.
#pragma once

#include <cstdint>

#define SHARPBITS_INLINE inline __attribute__((always_inline))

namespace sharpbits {

// The rotation of one wire in layer 0 and its derivatives: row-major 2x2 matrices, (re, im) pairs.
template <class T>
struct FirstRotation {
  T matrix[8];
  T derivative[3][8];
};

template <class T>
struct Circuit {
  int wires;
  int layers;
  // Wires [0, high_wires) are the rows, the others the columns of a state seen as a matrix.
  int high_wires;
  // The first wire that the observable depends on: 1, or 0 where there is no ring.
  int first_observed;
  const FirstRotation<T>* first;  // [wires]
  // RY of layers 1..layers-1: tan or cot of half the angle, and which of both; [layers, wires].
  const T* slope;
  const std::uint8_t* is_cot;
  // Diagonals between layer l-1 and layer l with the factors of layer l's RY, by the index before the ring;
  // [layers, 2^wires], layer 0 unused.
  const T* phase_re;
  const T* phase_im;
  // The ring maps index (h, l) to ring_high[h] ^ ring_low[l].
  const std::uint32_t* ring_high;
  const std::uint32_t* ring_low;
  // (-1)^(number of set bits).
  const T* parity_high;
  const T* parity_low;
  // parity_high without wire 0 where there is a ring: the observable's part on the rows.
  const T* observable_high;
  // Zero, or NaN where a weight is not finite, used or not.
  T taint;

  SHARPBITS_INLINE std::int64_t size() const { return std::int64_t{1} << wires; }
  SHARPBITS_INLINE std::int64_t rows() const { return std::int64_t{1} << high_wires; }
  SHARPBITS_INLINE std::int64_t columns() const { return std::int64_t{1} << (wires - high_wires); }
};

// Up to `lanes` samples: where their angles are and where their results go.
template <class T>
struct Block {
  const T* angles;      // [count, wires]
  std::int64_t count;
  T* value;             // [count]
  T* weights_jacobian;  // [count, layers * wires * 3], or null where values suffice
  T* angles_jacobian;   // [count, wires], likewise
  T* scratch;           // scratch_size numbers, aligned to 64 bytes
};

// The sweep over one block, for one instruction set, and how many samples such a block holds.
template <class T>
struct Kernel {
  void (*run)(const Circuit<T>&, const Block<T>&);
  int lanes;
};

// `wide` has a block's samples in vector lanes, `narrow` has one sample in a block.
struct Kernels {
  Kernel<float> wide_f32, narrow_f32;
  Kernel<double> wide_f64, narrow_f64;
};

const Kernels& kernels_baseline();
#ifdef SHARPBITS_X86_64
const Kernels& kernels_avx2();
const Kernels& kernels_avx512();
#endif

// Numbers of scratch memory for a block of `lanes` samples: three states, their margins, and vectors by wire.
SHARPBITS_INLINE std::int64_t scratch_size(int wires, int layers, int lanes) {
  const std::int64_t high = std::int64_t{1} << (wires / 2), low = std::int64_t{1} << (wires - wires / 2);
  const std::int64_t states = 6 * (std::int64_t{1} << wires);
  const std::int64_t margins = 2 * 2 * (high + low) + 2 * (high + low) + 2 * (high + low);
  const std::int64_t by_wire = 7 * wires + std::int64_t{3} * layers * wires;
  return (states + margins + by_wire) * lanes;
}

}  // namespace sharpbits
