// Recording: which operations eliminate the vertices of a pattern, and in which order.
#pragma once

#include <cstdint>
#include <vector>

namespace sharpbits::elimination {

// A sparse square pattern in compressed rows; entries on the diagonal are ignored.
struct Pattern {
  std::int64_t size;
  const std::int64_t* offsets;  // [size + 1]
  const std::int32_t* targets;  // [offsets[size]], ascending within a row
};

// The elimination of a pattern. A place is a position in the order; row p is of the vertex eliminated p-th. `lower` are
// the places before p whose elimination touches row p, `upper` those that row p still has edges to when its turn comes.
struct Recording {
  std::vector<std::int32_t> order;          // [size] vertex at each place
  std::vector<std::int64_t> lower_offsets;  // [size + 1]
  std::vector<std::int32_t> lower;          // ascending within a row, as is upper
  std::vector<std::int64_t> upper_offsets;
  std::vector<std::int32_t> upper;
};

// Eliminate in the given order, or (null) in Markowitz's: the vertex with the least parents * children next, of equals
// the one of least number. Cost: of order the multiplications of one replay.
Recording record(const Pattern& pattern, const std::int32_t* order);

// Number components so that every edge leads to the same or a later one (Kahn); equal input gives equal numbers.
// `component[vertex]` is replaced by its new number. Returns false where that cannot be: there is a cycle of components.
bool sort_topologically(const Pattern& pattern, std::int64_t components, std::int32_t* component);

}  // namespace sharpbits::elimination
