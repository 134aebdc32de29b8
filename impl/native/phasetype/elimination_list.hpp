// The operations of a trace written out one by one, each a product added to a number, with what depends on what.
#pragma once

#include <cstdint>

#include "elimination_replay.hpp"

namespace sharpbits::elimination {

// Which operations: those that eliminate, those that solve for a right-hand side, those that solve the transposed system.
enum List : std::int64_t { kEliminate = 0, kSolve = 1, kSolveTransposed = 2 };

// Where to write `value[to] += value[a] · value[b]`; in place of b, -1: `value[to] = 1 / value[a]`. The level of an
// operation is above those of all that its operands come from: operations of one level do not depend on one another.
// Of solving, a is a number of the elimination and b one of the solution.
struct Operations {
  std::int32_t* to;
  std::int32_t* a;
  std::int32_t* b;
  std::int32_t* level;
};

// Numbers of the elimination: 1, the edges' weights, entries of lower rows and their factors, of upper rows, then of each
// place exit, sum, inverse. Of a solution: right-hand side, sum, result of each place.
std::int64_t elimination_numbers(const Tape& tape);
std::int64_t solution_numbers(const Tape& tape);

// Write a list, or (null) only count it. `levels` has a zero for each number that is written to.
std::int64_t list_operations(const Tape& tape, List what, const Operations* out, std::int32_t* levels);

}  // namespace sharpbits::elimination
