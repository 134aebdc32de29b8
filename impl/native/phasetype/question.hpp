// What one evaluation of a chain is given: at which times, from which start, of which functional.
#pragma once

#include <cstdint>

namespace sharpbits::phasetype {

// Every array is in the order of the vertices, times in the user's.
struct Question {
  const double* start;       // alpha [vertices]
  const double* functional;  // e [vertices]
  const double* times;       // [count]
  std::int64_t count;
  const double* state_times;  // [state_count]
  std::int64_t state_count;
  double tolerance;
  double most_steps;
};

}  // namespace sharpbits::phasetype
