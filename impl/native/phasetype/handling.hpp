// What the handlers share: arguments and results as float64, rows of a batch over threads.
#pragma once

#include <cmath>
#include <exception>
#include <limits>
#include <mutex>
#include <string>
#include <type_traits>
#include <vector>

#include "aligned.hpp"
#include "flush_denormals.hpp"
#include "parallel.hpp"
#include "rows.hpp"
#include "xla/ffi/api/ffi.h"

namespace sharpbits::phasetype {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// A refusal in words; empty where all went well.
using Refusal = std::string;

// An argument: float64 is read where it lies, float32 is widened; all arithmetic is in float64.
template <class T>
struct Argument {
  const T* data;
  std::int64_t length;  // of a row
  std::vector<std::int64_t> rows;

  const double* row(std::int64_t r, AlignedArray& space) const {
    const T* from = data + rows[static_cast<std::size_t>(r)] * length;
    if constexpr (std::is_same_v<T, double>) {
      return from;
    } else {
      space = AlignedArray(length);
      std::copy_n(from, length, space.data());
      return space.data();
    }
  }
};

// Where a row's results go: float64 in place, float32 by way of a widened copy.
template <class T>
class Output {
 public:
  Output(T* data, std::int64_t length) : data_(data), length_(length) {
    if constexpr (!std::is_same_v<T, double>) space_ = AlignedArray(length);
  }
  double* data() {
    if constexpr (std::is_same_v<T, double>)
      return data_;
    else
      return space_.data();
  }
  void store() {
    if constexpr (!std::is_same_v<T, double>)
      for (std::int64_t i = 0; i < length_; ++i) data_[i] = static_cast<T>(space_[i]);
  }
  void fill(double number) { std::fill_n(data(), length_, number); }

 private:
  T* data_;
  std::int64_t length_;
  AlignedArray space_;
};

// Runs body(row) for every row, over threads; the first refusal is the result. No exception may leave a handler.
template <class Body>
xla::ffi::Error for_each_row(xla::ffi::ThreadPool& pool, std::int64_t threads, std::int64_t rows, const Body& body) {
  namespace ffi = xla::ffi;
  std::mutex mutex;
  Refusal first_refusal;
  const auto guarded = [&](std::int64_t row) {
    const FlushDenormals flush;
    Refusal refusal;
    try {
      refusal = body(row);
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& exception) {
      refusal = std::string("sharpbits: ") + exception.what();
    }
    if (refusal.empty()) return;
    const std::lock_guard<std::mutex> lock(mutex);
    if (first_refusal.empty()) first_refusal = refusal;
  };
  const std::int64_t available = threads > 0 ? threads : pool.num_threads();
  if (!for_each_piece(pool, available - 1, rows, guarded))
    return ffi::Error(ffi::ErrorCode::kResourceExhausted, "sharpbits: no memory for the states of the chain");
  if (!first_refusal.empty()) return ffi::Error(ffi::ErrorCode::kInvalidArgument, first_refusal);
  return ffi::Error::Success();
}

}  // namespace sharpbits::phasetype
