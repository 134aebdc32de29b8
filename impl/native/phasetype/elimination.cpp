// What Python calls through ctypes: plain C functions that return 0, or say that there is no memory.
#include <algorithm>
#include <limits>
#include <memory>
#include <new>

#include "elimination_check.hpp"
#include "elimination_list.hpp"
#include "elimination_record.hpp"
#include "elimination_replay.hpp"
#include "elimination_threads.hpp"

namespace sharpbits::elimination {
namespace {

enum Outcome : int { kSuccess = 0, kNoMemory = 1, kCycle = 2, kUnsupported = 3 };

// Entries of the matrix that one vector passes over; below, starting a thread costs more than it saves.
constexpr double kWorkForAThread = 1e5;

template <class Body>
int guarded(const Body& body) {
  try {
    return body();
  } catch (const std::exception&) {  // bad_alloc, or length_error of a vector that cannot be as long
    return kNoMemory;
  }
}

}  // namespace
}  // namespace sharpbits::elimination

using namespace sharpbits::elimination;

extern "C" {
#pragma GCC visibility push(default)

// Record; `handle` is to be given to `..._take`, with arrays of the sizes that this returns.
int sharpbits_elimination_record(const Pattern* pattern, const std::int32_t* order, Recording** handle,
                                 std::int64_t* lower, std::int64_t* upper) {
  return guarded([&] {
    auto found = std::make_unique<Recording>(record(*pattern, order));
    *lower = static_cast<std::int64_t>(found->lower.size());
    *upper = static_cast<std::int64_t>(found->upper.size());
    *handle = found.release();
    return kSuccess;
  });
}

// Copy a recording into arrays, and forget it.
int sharpbits_elimination_take(Recording* handle, std::int32_t* order, std::int64_t* lower_offsets, std::int32_t* lower,
                                std::int64_t* upper_offsets, std::int32_t* upper) {
  const std::unique_ptr<Recording> found(handle);
  std::copy(found->order.begin(), found->order.end(), order);
  std::copy(found->lower_offsets.begin(), found->lower_offsets.end(), lower_offsets);
  std::copy(found->lower.begin(), found->lower.end(), lower);
  std::copy(found->upper_offsets.begin(), found->upper_offsets.end(), upper_offsets);
  std::copy(found->upper.begin(), found->upper.end(), upper);
  return kSuccess;
}

int sharpbits_elimination_check_pattern(std::int64_t size, const std::int64_t* offsets, const std::int64_t* targets,
                                        std::int64_t edges, Finding* finding) {
  *finding = check_pattern(size, offsets, targets, edges);
  return kSuccess;
}

int sharpbits_elimination_check_tape(const Tape* tape, std::int64_t lower, std::int64_t upper, Finding* finding) {
  return guarded([&] {
    *finding = check_tape(*tape, lower, upper);
    return kSuccess;
  });
}

int sharpbits_elimination_check_complete(const Pattern* pattern, const Tape* tape, std::int64_t* row) {
  return guarded([&] {
    *row = first_incomplete_row(*pattern, *tape);
    return kSuccess;
  });
}

int sharpbits_elimination_sort(const Pattern* pattern, std::int64_t components, std::int32_t* component) {
  return guarded([&] { return sort_topologically(*pattern, components, component) ? kSuccess : kCycle; });
}

// Count the operations of a list and the numbers that it is about; with `operations`, write them. Returns that there is no
// memory where a number does not fit 32 bits.
int sharpbits_elimination_list(const Tape* tape, std::int64_t what, const Operations* operations, std::int32_t* levels,
                               std::int64_t* count, std::int64_t* numbers) {
  return guarded([&]() -> int {
    *numbers = what == kEliminate ? elimination_numbers(*tape) : solution_numbers(*tape);
    if (std::max(elimination_numbers(*tape), solution_numbers(*tape)) > std::numeric_limits<std::int32_t>::max())
      return kNoMemory;
    *count = list_operations(*tape, static_cast<List>(what), operations, levels);
    return kSuccess;
  });
}

int sharpbits_elimination_replay(const Tape* tape, const Weights* weights, const Program* program,
                                 const Results* results, std::int64_t threads, std::int64_t instruction_set) {
  return guarded([&]() -> int {
    const Kernels* kernels = kernels_of(instruction_set);
    if (!kernels) return kUnsupported;
    if (!weights->batch) return kSuccess;
    const std::int64_t vectors = (weights->batch + 7) / 8;
    const double work = static_cast<double>(vectors) * static_cast<double>(program->solves + 1) *
                        static_cast<double>(tape->edges + tape->lower_offsets[tape->places] + tape->upper_offsets[tape->places]);
    const std::int64_t useful = std::clamp<std::int64_t>(static_cast<std::int64_t>(work / kWorkForAThread), 1, threads);
    // Pieces of whole vectors, as many as there are threads: scratch memory is made once for each.
    in_pieces(useful, weights->batch, 8 * ((vectors + useful - 1) / useful), [&](std::int64_t first, std::int64_t count) {
      kernels->replay(*tape, *weights, *program, *results, first, count);
    });
    return kSuccess;
  });
}

#pragma GCC visibility pop
}
