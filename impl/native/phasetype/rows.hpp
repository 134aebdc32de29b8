// The rows of a vmapped call: every array has the mapped axes in front, each of full length or 1.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "xla/ffi/api/ffi.h"

namespace sharpbits::phasetype {

using Dimensions = xla::ffi::Span<const std::int64_t>;

inline std::int64_t product(Dimensions dimensions, std::size_t count) {
  std::int64_t total = 1;
  for (std::size_t d = 0; d < count; ++d) total *= dimensions[d];
  return total;
}

// Which row of an array belongs to each row of the results, whose last `result_own` axes are a row's own.
inline std::vector<std::int64_t> rows_of(Dimensions array, Dimensions result, std::size_t result_own) {
  const std::size_t mapped = result.size() - result_own;
  const std::int64_t count = product(result, mapped);
  std::vector<std::int64_t> row(static_cast<std::size_t>(count), 0);
  for (std::int64_t r = 0; r < count; ++r) {
    std::int64_t rest = r, stride = 1;
    for (std::size_t d = mapped; d-- > 0;) {
      const std::int64_t place = rest % result[d], length = array[d];
      rest /= result[d];
      if (length > 1) row[static_cast<std::size_t>(r)] += place * stride;
      stride *= length;
    }
  }
  return row;
}

// Whether the mapped axes of an array are those of the result, or 1.
inline bool rows_fit(Dimensions array, std::size_t own, Dimensions result, std::size_t result_own) {
  if (array.size() < own || result.size() < result_own || array.size() - own != result.size() - result_own) return false;
  for (std::size_t d = 0; d + own < array.size(); ++d)
    if (array[d] != 1 && array[d] != result[d]) return false;
  return true;
}

}  // namespace sharpbits::phasetype
