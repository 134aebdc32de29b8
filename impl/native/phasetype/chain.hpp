// A Markov chain in discrete time, u[k+1] = u[k] P, laid out for computing many steps at once.
//
// States are renumbered so that an edge never leads to an earlier strongly connected component, absorbing states last
// (sharpbits/phasetype/plan.py). Then a component needs only the components before it, and all the steps of a block can
// be computed for one state before the next state is looked at: the steps are what vector lanes hold. A sparse product
// per step would gather single numbers from memory; here an edge costs one multiply-add for a whole vector of steps.
//
// "Arranged" is the order of steps in a state's block: lane l of vector v is step l * kRun + v.
//
// Plain data, no templates of the standard library, every function inlined or in a namespace of its own: it is shared by
// translation units compiled for different instruction sets, and a function of one must never be linked into another.
#pragma once

#include <cstdint>

namespace sharpbits::phasetype {

// Steps that a lane computes one after the other; a block has kRun * lanes steps.
constexpr int kRun = 4;

// The edges that meet in a state, those from other components first.
struct Side {
  const std::int32_t* offsets;   // [states + 1]
  const std::int32_t* inner;     // [states]: where the edges within the state's own component begin
  const std::int32_t* neighbour; // [edges]
  const double* weight;          // [edges]: probability of the step
};

// The edges within components of several states, the states of a component in groups of a vector's lanes, the last one
// filled up with states that nothing enters and leaves: slot s of a group is one edge of each of its states, or weight 0.
struct Inner {
  const std::int64_t* offsets;    // [groups + 1], into slots
  const std::int32_t* neighbour;  // [slots, lanes]: counted within the component
  const double* weight;           // [slots, lanes]
};

// What multiplies a state's own value: 1 - leaving, leaving = high + low to twice the precision, and powers of it.
struct Stay {
  double leaving_high, leaving_low;
  double once, run, run2, run4;  // to the powers 1, kRun, 2 kRun, 4 kRun
  // What the products of these powers lack, by their rounding, of the power kRun * lanes. Without it the mass of a state
  // would change by half a unit in the last place at every block, always in the same direction.
  double lacking;
};

struct Chain {
  std::int32_t states;
  std::int32_t transient;  // the first that are not absorbing
  std::int32_t components;
  const std::int32_t* component;  // [components + 1]: offsets into the states
  std::int32_t largest_component;
  Side in, out;
  const Stay* stay;  // [states]
  Inner inner_in, inner_out;
  const std::int32_t* group;  // [components]: the first group of each that has several states
  // [groups, lanes]: as `stay` has them.
  const double *leaving_high, *leaving_low;
};

// One block of steps forward: u. All blocks and vectors are aligned to 64 bytes.
struct ForwardBlock {
  double* carry;  // [states]: u before the block, afterwards u behind it
  double* u;      // [states, block]: every u[k] of the block, arranged
  double* tile;   // scratch: (block + 2) * largest_component numbers, that rounded up to whole vectors
  // Linear functionals of u, added to totals[k] by step; null where not wanted.
  const double* functional;
  double* total;  // [block], in order of steps
  const double* second_functional;
  double* second_total;
  // Sums over k of step_weights[s, k] u[k], each spread over lanes: added to sums[s, state, lane].
  std::int32_t sums;
  const double* sum_weights;  // [sums, block], arranged
  double* sum;
};

// One block of steps back: y[k] = source[k] + P y[k+1], source[k] = functional * weight[k] + sum_s row[s] * sum_weights[s, k].
struct BackwardBlock {
  double* carry;  // [states]: y behind the block, afterwards y before it
  const double* u;  // [states, block] of the same steps, arranged
  double* y;        // [states, block]: y[k+1], arranged
  double* tile;
  const double* functional;
  const double* weight;  // [block], in order of steps
  std::int32_t sums;
  const double* row;          // [sums, states]
  const double* sum_weights;  // [sums, block], arranged
  // Sums over k, added to: u[k, i] y[k+1, j] for each edge i -> j in order of `out`, u[k, i] y[k+1, i], u[k, i] weight[k].
  double* by_edge;
  double* by_state;
  double* by_functional;
};

// What is compiled for each instruction set.
struct Kernels {
  int lanes;
  // Components [first, last) of a block; components must come in order, forward or back.
  void (*forward)(const Chain&, const ForwardBlock&, std::int32_t first, std::int32_t last);
  void (*backward)(const Chain&, const BackwardBlock&, std::int32_t first, std::int32_t last);
  // total[j] += scale[j] * sum_i coefficient[i] ratio[j]^i, i < block; count is a multiple of 8, arrays aligned.
  void (*polynomials)(std::int64_t count, const double* ratio, const double* scale, const double* coefficient, double* total);
  // total[i] = coefficient[i] * sum_j scale[j] ratio[j]^i: its transpose.
  void (*power_sums)(std::int64_t count, const double* ratio, const double* scale, const double* coefficient, double* total);
};

const Kernels& kernels_baseline();
#ifdef SHARPBITS_X86_64
const Kernels& kernels_avx2();
const Kernels& kernels_avx512();
#endif

}  // namespace sharpbits::phasetype
