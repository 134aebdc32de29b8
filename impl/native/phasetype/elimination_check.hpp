// What arrays that come from elsewhere must be before a kernel may trust them.
#pragma once

#include <cstdint>

#include "elimination_record.hpp"
#include "elimination_replay.hpp"

namespace sharpbits::elimination {

enum Fault : std::int64_t { kSound = 0, kOffsets = 1, kRange = 2, kSequence = 3, kOrder = 4, kBlocks = 5 };

struct Finding {
  std::int64_t fault, where;
};

// Offsets that rise from 0 to `edges`; targets that are vertices, ascend in each row and are not the row itself.
Finding check_pattern(std::int64_t size, const std::int64_t* offsets, const std::int64_t* targets, std::int64_t edges);

// Blocks that rise to the number of places; an order of distinct vertices; rows of ascending places, lower ones before
// and upper ones behind the row, all in its block.
Finding check_tape(const Tape& tape, std::int64_t lower_size, std::int64_t upper_size);

// The first row of a sound tape that lacks an operation that its pattern needs, or has none of its edges; else -1.
std::int64_t first_incomplete_row(const Pattern& pattern, const Tape& tape);

}  // namespace sharpbits::elimination
