#include "elimination_check.hpp"

#include <vector>

namespace sharpbits::elimination {
namespace {

bool rises(const std::int64_t* offsets, std::int64_t rows, std::int64_t end) {
  if (offsets[0] != 0 || offsets[rows] != end) return false;
  for (std::int64_t i = 0; i < rows; ++i)
    if (offsets[i] > offsets[i + 1]) return false;
  return true;
}

// Whether a row ascends within [first, end).
bool ascends(const std::int32_t* row, std::int64_t count, std::int64_t first, std::int64_t end) {
  for (std::int64_t e = 0; e < count; ++e) {
    if (row[e] < first || row[e] >= end) return false;
    first = row[e] + std::int64_t{1};
  }
  return true;
}

}  // namespace

Finding check_pattern(std::int64_t size, const std::int64_t* offsets, const std::int64_t* targets, std::int64_t edges) {
  if (!rises(offsets, size, edges)) return {kOffsets, 0};
  for (std::int64_t e = 0; e < edges; ++e)
    if (targets[e] < 0 || targets[e] >= size) return {kRange, e};
  for (std::int64_t i = 0; i < size; ++i)
    for (std::int64_t e = offsets[i]; e < offsets[i + 1]; ++e)
      if (targets[e] == i || (e > offsets[i] && targets[e] <= targets[e - 1])) return {kSequence, e};
  return {kSound, 0};
}

Finding check_tape(const Tape& tape, std::int64_t lower_size, std::int64_t upper_size) {
  if (!rises(tape.block_offsets, tape.blocks, tape.places)) return {kBlocks, 0};
  if (!rises(tape.lower_offsets, tape.places, lower_size) || !rises(tape.upper_offsets, tape.places, upper_size))
    return {kOffsets, 0};
  std::vector<char> seen(static_cast<std::size_t>(tape.vertices), 0);
  for (std::int64_t b = 0; b < tape.blocks; ++b)
    for (std::int64_t p = tape.block_offsets[b]; p < tape.block_offsets[b + 1]; ++p) {
      const std::int64_t vertex = tape.order[p];
      if (vertex < 0 || vertex >= tape.vertices || seen[vertex]) return {kOrder, p};
      seen[vertex] = 1;
      const std::int64_t lower = tape.lower_offsets[p], upper = tape.upper_offsets[p];
      if (!ascends(tape.lower + lower, tape.lower_offsets[p + 1] - lower, tape.block_offsets[b], p) ||
          !ascends(tape.upper + upper, tape.upper_offsets[p + 1] - upper, p + 1, tape.block_offsets[b + 1]))
        return {kSequence, p};
    }
  return {kSound, 0};
}

std::int64_t first_incomplete_row(const Pattern& pattern, const Tape& tape) {
  const auto size = static_cast<std::size_t>(pattern.size);
  std::vector<std::int64_t> place(size, -1), row_with(size, -1);
  for (std::int64_t p = 0; p < tape.places; ++p) place[tape.order[p]] = p;
  for (std::int64_t b = 0; b < tape.blocks; ++b)
    for (std::int64_t p = tape.block_offsets[b]; p < tape.block_offsets[b + 1]; ++p) {
      row_with[p] = p;  // what would come back to the row itself is left out
      for (std::int64_t e = tape.lower_offsets[p]; e < tape.lower_offsets[p + 1]; ++e) row_with[tape.lower[e]] = p;
      for (std::int64_t e = tape.upper_offsets[p]; e < tape.upper_offsets[p + 1]; ++e) row_with[tape.upper[e]] = p;
      for (std::int64_t e = pattern.offsets[tape.order[p]]; e < pattern.offsets[tape.order[p] + 1]; ++e) {
        const std::int64_t q = place[pattern.targets[e]];
        if (q < 0 || q >= tape.block_offsets[b + 1]) continue;
        if (q < tape.block_offsets[b] || row_with[q] != p) return p;
      }
      for (std::int64_t e = tape.lower_offsets[p]; e < tape.lower_offsets[p + 1]; ++e)
        for (std::int64_t f = tape.upper_offsets[tape.lower[e]]; f < tape.upper_offsets[tape.lower[e] + 1]; ++f)
          if (row_with[tape.upper[f]] != p) return p;
    }
  return -1;
}

}  // namespace sharpbits::elimination
