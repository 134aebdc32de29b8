// Replay of a recorded elimination: what the caller hands over, in plain arrays, and the kernels for each processor.
#pragma once

#include <cstdint>

namespace sharpbits::elimination {

// A trace, and the edges it is for. Blocks are strongly connected components in topological order, or one for all.
struct Tape {
  std::int64_t vertices, edges, places, blocks;
  const std::int64_t* edge_offsets;   // [vertices + 1]
  const std::int32_t* edge_place;     // [edges] the place of each edge's target; `places` where it is absorbing
  const std::int32_t* order;          // [places] the vertex at each place
  const std::int64_t* block_offsets;  // [blocks + 1]
  const std::int64_t* lower_offsets;  // [places + 1]
  const std::int32_t* lower;
  const std::int64_t* upper_offsets;
  const std::int32_t* upper;
};

// The edges' weights for a batch of parameters: base + coefficients·θ, base · exp(coefficients·θ), or as given.
struct Weights {
  std::int64_t batch, parameters, log_linear;
  const double* base;          // [edges]
  const double* coefficients;  // [edges, parameters]
  const double* theta;         // [batch, parameters]
  const double* given;         // [batch, edges], or null
};

// What is added to a right-hand side at vertex i, for earlier solutions u, v and columns a, b of `multipliers`.
enum Term : std::int64_t {
  kProduct = 0,      // a_i · u_i; without a first solution a_i
  kStepProduct = 1,  // a_i · Σ_j P_ij u_j, P the matrix of steps of discrete time
  kSquareField = 2,  // Σ_j w_ij (u_j - u_i + a_i) (v_j - v_i + b_i), the chance to stay being an edge; a, b ≥ 0: given
};

// Solutions of A x = rhs one after another, where A is diag(Σ_j w_ij) - w without what stays; each rhs is a sum of terms.
struct Program {
  std::int64_t solves, discrete, outputs;
  const std::int64_t* term_offsets;  // [solves + 1]
  const std::int64_t* terms;         // [terms, 5]: what, column a, column b, solution u, solution v; -1 for none
  const double* multipliers;         // [columns, vertices]
  const std::int32_t* output_place;  // [outputs]; `places` gives 0
};

struct Results {
  double* values;        // [batch, solves, outputs]
  std::int64_t* status;  // [batch]: kDone, kRefused, or the first vertex that is never left
};

enum Status : std::int64_t { kDone = -1, kRefused = -2 };

// Replay rows [first, first + count) of the batch.
using ReplayKernel = void (*)(const Tape&, const Weights&, const Program&, const Results&, std::int64_t first,
                              std::int64_t count);
struct Kernels {
  ReplayKernel replay;
};

const Kernels& kernels_baseline();
const Kernels& kernels_avx2();
const Kernels& kernels_avx512();

// What a processor may have, and the best that this one has.
enum InstructionSet : std::int64_t { kBest = 0, kBaseline = 1, kAvx2 = 2, kAvx512 = 3 };

// The kernels of an instruction set; null where this processor lacks it.
inline const Kernels* kernels_of(std::int64_t set) {
#ifdef SHARPBITS_X86_64
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq");
  const bool avx2 = __builtin_cpu_supports("avx2");
  if (set == kBest) set = avx512 ? kAvx512 : avx2 ? kAvx2 : kBaseline;
  if (set == kAvx512) return avx512 ? &kernels_avx512() : nullptr;
  if (set == kAvx2) return avx2 ? &kernels_avx2() : nullptr;
#endif
  return set == kBest || set == kBaseline ? &kernels_baseline() : nullptr;
}

}  // namespace sharpbits::elimination
