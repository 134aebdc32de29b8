// A block of steps, one component after the other: along the edges for u, against them for y.
//
// A state alone: x[k+1] = d x[k] + s[k] with s known from earlier states, for all k of the block. Each lane runs through
// its kRun steps from zero, a scan over the lanes (Kogge-Stone) finds what each lane starts with, d^v of which is added.
// Several states that reach each other: step by step, in a tile where the states of one step are neighbours.
#pragma once

#include "lanes.hpp"

namespace sharpbits::phasetype::SHARPBITS_ISA {

struct Steps {
  Vec v[kRun];
};

SHARPBITS_INLINE const Vec* block_of(const double* blocks, std::int64_t state) {
  return reinterpret_cast<const Vec*>(blocks + state * kBlock);
}

SHARPBITS_INLINE Vec* block_of(double* blocks, std::int64_t state) {
  return reinterpret_cast<Vec*>(blocks + state * kBlock);
}

// Where a step of a block, in order, stands in memory.
SHARPBITS_INLINE int place(int step) { return step % kRun * kLanes + step / kRun; }

// From order of steps to order in memory.
SHARPBITS_INLINE Steps arranged(const double* in_order) {
  Steps steps;
  for (int v = 0; v < kRun; ++v)
    for (int lane = 0; lane < kLanes; ++lane) steps.v[v][lane] = in_order[lane * kRun + v];
  return steps;
}

SHARPBITS_INLINE void add_in_order(const Steps& steps, double* in_order) {
  for (int v = 0; v < kRun; ++v)
    for (int lane = 0; lane < kLanes; ++lane) in_order[lane * kRun + v] += steps.v[v][lane];
}

SHARPBITS_INLINE double dot(const Vec* a, const Vec* b) {
  Vec total = a[0] * b[0];
  for (int v = 1; v < kRun; ++v) total += a[v] * b[v];
  return sum_of_lanes(total);
}

// Turns the sources s of a state into its values before each step; returns the value behind the block.
SHARPBITS_INLINE double run_forward(const Stay& stay, double carry, Steps& steps) {
  Vec run{};
  for (int v = 0; v < kRun; ++v) {
    const Vec source = steps.v[v];
    steps.v[v] = run;
    run = stay.once * run + source;
  }
  Vec start{};
  start[kLanes - 1] = carry;
  start = shift_up<1>(start, run);
  const Vec zero{};
  start += stay.run * shift_up<1>(zero, start);
  start += stay.run2 * shift_up<2>(zero, start);
  if constexpr (kLanes == 8) start += stay.run4 * shift_up<4>(zero, start);
  const double behind = stay.run * start[kLanes - 1] + (run[kLanes - 1] + stay.lacking * carry);
  for (int v = 0; v < kRun; ++v) {
    steps.v[v] += start;
    start *= stay.once;
  }
  return behind;
}

// The same against time: the values behind each step.
SHARPBITS_INLINE double run_backward(const Stay& stay, double carry, Steps& steps) {
  Vec run{};
  for (int v = kRun - 1; v >= 0; --v) {
    const Vec source = steps.v[v];
    steps.v[v] = run;
    run = stay.once * run + source;
  }
  Vec start{};
  start[0] = carry;
  start = shift_down<1>(run, start);
  const Vec zero{};
  start += stay.run * shift_down<1>(start, zero);
  start += stay.run2 * shift_down<2>(start, zero);
  if constexpr (kLanes == 8) start += stay.run4 * shift_down<4>(start, zero);
  const double before = stay.run * start[0] + (run[0] + stay.lacking * carry);
  for (int v = kRun - 1; v >= 0; --v) {
    steps.v[v] += start;
    start *= stay.once;
  }
  return before;
}

// The steps of a component of several states. `blocks` holds their sources and is given their values. In the tile the
// states of one step are neighbours; there is room behind them to fill up a vector.
template <bool Backward>
void run_component(const Chain& chain, const Inner& edges, std::int32_t component, double* carry, double* blocks,
                   double* tile) {
  const std::int32_t first = chain.component[component], size = chain.component[component + 1] - first;
  const std::int64_t groups = (size + kLanes - 1) / kLanes, width = groups * kLanes, begin = chain.group[component];
  double* now = tile + kBlock * width;
  double* next = now + width;
  const auto turn = [&](const auto& of_square) {
    for (std::int64_t group = 0; group < groups; ++group) {
      const std::int64_t state = group * kLanes, held = size - state < kLanes ? size - state : kLanes;
      for (int v = 0; v < kRun; ++v) of_square(v, state, held);
    }
  };
  const auto in_tile = [&](int v, int lane, std::int64_t state) {
    return reinterpret_cast<Vec*>(tile + (lane * kRun + v) * width + state);
  };
  turn([&](int v, std::int64_t state, std::int64_t held) {
    Vec square[kLanes]{};
    for (std::int64_t i = 0; i < held; ++i) square[i] = block_of(blocks, first + state + i)[v];
    transpose(square);
    for (int lane = 0; lane < kLanes; ++lane) *in_tile(v, lane, state) = square[lane];
  });
  for (std::int64_t i = 0; i < width; ++i) now[i] = i < size ? carry[first + i] : 0;
  for (int count = 0; count < kBlock; ++count) {
    double* row = tile + (Backward ? kBlock - 1 - count : count) * width;
    for (std::int64_t group = 0; group < groups; ++group) {
      Vec& here = reinterpret_cast<Vec*>(row)[group];
      Vec gained = here;
      for (std::int64_t slot = edges.offsets[begin + group]; slot < edges.offsets[begin + group + 1]; ++slot) {
        const std::int32_t* neighbour = edges.neighbour + slot * kLanes;
        Vec from;
        for (int lane = 0; lane < kLanes; ++lane) from[lane] = now[neighbour[lane]];
        gained += reinterpret_cast<const Vec*>(edges.weight)[slot] * from;
      }
      // Rounded by the size of the value, not always in one direction, as a product with 1 - leaving would be.
      const Vec value = reinterpret_cast<const Vec*>(now)[group];
      const Vec high = reinterpret_cast<const Vec*>(chain.leaving_high)[begin + group];
      const Vec low = reinterpret_cast<const Vec*>(chain.leaving_low)[begin + group];
      here = value;
      reinterpret_cast<Vec*>(next)[group] = (value - high * value) + (gained - low * value);
    }
    double* const swapped = now;
    now = next;
    next = swapped;
  }
  turn([&](int v, std::int64_t state, std::int64_t held) {
    Vec square[kLanes];
    for (int lane = 0; lane < kLanes; ++lane) square[lane] = *in_tile(v, lane, state);
    transpose(square);
    for (std::int64_t i = 0; i < held; ++i) block_of(blocks, first + state + i)[v] = square[i];
  });
  for (std::int32_t i = 0; i < size; ++i) carry[first + i] = now[i];
}

template <bool Second, bool Sums>
void forward_components(const Chain& chain, const ForwardBlock& block, std::int32_t first, std::int32_t last) {
  const Side& side = chain.in;
  Steps total{}, second_total{};
  const auto observe = [&](std::int32_t state, const Vec* u) {
    if (block.functional)
      for (int v = 0; v < kRun; ++v) total.v[v] += block.functional[state] * u[v];
    if constexpr (Second)
      for (int v = 0; v < kRun; ++v) second_total.v[v] += block.second_functional[state] * u[v];
    if constexpr (Sums)
      for (std::int32_t s = 0; s < block.sums; ++s) {
        const Vec* weights = reinterpret_cast<const Vec*>(block.sum_weights + std::int64_t{s} * kBlock);
        Vec& sum = reinterpret_cast<Vec*>(block.sum)[std::int64_t{s} * chain.states + state];
        for (int v = 0; v < kRun; ++v) sum += weights[v] * u[v];
      }
  };
  for (std::int32_t component = first; component < last; ++component) {
    const std::int32_t begin = chain.component[component], end = chain.component[component + 1];
    for (std::int32_t state = begin; state < end; ++state) {
      Steps steps{};
      for (std::int32_t e = side.offsets[state]; e < side.inner[state]; ++e) {
        const Vec* from = block_of(block.u, side.neighbour[e]);
        const double weight = side.weight[e];
        for (int v = 0; v < kRun; ++v) steps.v[v] += weight * from[v];
      }
      if (end - begin == 1) block.carry[state] = run_forward(chain.stay[state], block.carry[state], steps);
      Vec* u = block_of(block.u, state);
      for (int v = 0; v < kRun; ++v) u[v] = steps.v[v];
      if (end - begin == 1) observe(state, u);
    }
    if (end - begin == 1) continue;
    run_component<false>(chain, chain.inner_in, component, block.carry, block.u, block.tile);
    for (std::int32_t state = begin; state < end; ++state) observe(state, block_of(block.u, state));
  }
  if (block.functional) add_in_order(total, block.total);
  if constexpr (Second) add_in_order(second_total, block.second_total);
}

inline void forward(const Chain& chain, const ForwardBlock& block, std::int32_t first, std::int32_t last) {
  if (block.second_functional)
    return block.sums ? forward_components<true, true>(chain, block, first, last)
                      : forward_components<true, false>(chain, block, first, last);
  return block.sums ? forward_components<false, true>(chain, block, first, last)
                    : forward_components<false, false>(chain, block, first, last);
}

inline void backward(const Chain& chain, const BackwardBlock& block, std::int32_t first, std::int32_t last) {
  const Side& side = chain.out;
  const Steps weight = arranged(block.weight);
  for (std::int32_t component = last - 1; component >= first; --component) {
    const std::int32_t begin = chain.component[component], end = chain.component[component + 1];
    const bool alone = end - begin == 1;
    for (std::int32_t state = begin; state < end; ++state) {
      const Vec* before = block_of(block.u, state);
      Steps steps;
      for (int v = 0; v < kRun; ++v) steps.v[v] = block.functional[state] * weight.v[v];
      for (std::int32_t s = 0; s < block.sums; ++s) {
        const Vec* weights = reinterpret_cast<const Vec*>(block.sum_weights + std::int64_t{s} * kBlock);
        const double row = block.row[std::int64_t{s} * chain.states + state];
        for (int v = 0; v < kRun; ++v) steps.v[v] += row * weights[v];
      }
      const Vec u[kRun] = {before[0], before[1], before[2], before[3]};
      const auto along = [&](std::int32_t e) {
        const Vec* to = block_of(static_cast<const double*>(block.y), side.neighbour[e]);
        const double probability = side.weight[e];
        Vec product{};
        for (int v = 0; v < kRun; ++v) {
          const Vec y = to[v];
          steps.v[v] += probability * y;
          product += u[v] * y;
        }
        return product;
      };
      std::int32_t e = side.offsets[state];
      for (; e + kLanes <= side.inner[state]; e += kLanes) {
        Vec products[kLanes];
        for (int lane = 0; lane < kLanes; ++lane) products[lane] = along(e + lane);
        *reinterpret_cast<LooseVec*>(block.by_edge + e) += sums_of_lanes(products);
      }
      for (; e < side.inner[state]; ++e) block.by_edge[e] += sum_of_lanes(along(e));
      if (alone) block.carry[state] = run_backward(chain.stay[state], block.carry[state], steps);
      Vec* y = block_of(block.y, state);
      for (int v = 0; v < kRun; ++v) y[v] = steps.v[v];
    }
    if (!alone) run_component<true>(chain, chain.inner_out, component, block.carry, block.y, block.tile);
    for (std::int32_t state = begin; state < end; ++state) {
      const Vec* u = block_of(block.u, state);
      block.by_state[state] += dot(u, block_of(static_cast<const double*>(block.y), state));
      block.by_functional[state] += dot(u, weight.v);
      for (std::int32_t e = side.inner[state]; e < side.offsets[state + 1]; ++e)
        block.by_edge[e] += dot(u, block_of(static_cast<const double*>(block.y), side.neighbour[e]));
    }
  }
}

}  // namespace sharpbits::phasetype::SHARPBITS_ISA
