// The structure of a chain as Python hands it over: one array of int32 (sharpbits/phasetype/plan.py writes it).
#pragma once

#include <cstdint>

namespace sharpbits::phasetype {

struct Plan {
  std::int32_t states, transient, edges, components, largest_component, weights;
  const std::int32_t* order;      // [states]: vertex at each place
  const std::int32_t* component;  // [components + 1]
  // Edges by where they lead and by where they come from: see Side. `in_edge` and `out_edge` are places in the weights.
  const std::int32_t *in_offsets, *in_inner, *in_neighbour, *in_edge;
  const std::int32_t *out_offsets, *out_inner, *out_neighbour, *out_edge;
  const std::int32_t* leaves;  // [edges], as `out`: 1 where taking the edge leaves the state, 0 where it adds to it

  static constexpr std::int32_t kVersion = 1, kHeader = 7;

  // Returns whether the array has the length that its header says.
  bool read(const std::int32_t* array, std::int64_t length) {
    if (length < kHeader || array[0] != kVersion) return false;
    states = array[1], transient = array[2], edges = array[3], components = array[4], largest_component = array[5];
    weights = array[6];
    const std::int64_t n = states, m = edges;
    if (length != kHeader + n + components + 1 + 2 * (n + 1) + 2 * n + 5 * m) return false;
    const std::int32_t* next = array + kHeader;
    const auto take = [&next](std::int64_t count) {
      const std::int32_t* taken = next;
      next += count;
      return taken;
    };
    order = take(n);
    component = take(std::int64_t{components} + 1);
    in_offsets = take(n + 1), in_inner = take(n), in_neighbour = take(m), in_edge = take(m);
    out_offsets = take(n + 1), out_inner = take(n), out_neighbour = take(m), out_edge = take(m);
    leaves = take(m);
    return true;
  }
};

}  // namespace sharpbits::phasetype
