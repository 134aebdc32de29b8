// An array of doubles aligned for vectors, zero at first.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace sharpbits::phasetype {

class AlignedArray {
 public:
  AlignedArray() = default;
  explicit AlignedArray(std::int64_t size) : size_(size) {
    const std::size_t bytes = (static_cast<std::size_t>(std::max<std::int64_t>(size, 1)) * sizeof(double) + 63) / 64 * 64;
    memory_.reset(static_cast<double*>(std::aligned_alloc(64, bytes)));
    if (!memory_) throw std::bad_alloc();
    clear();
  }
  void clear() { std::fill_n(memory_.get(), size_, 0.0); }
  std::int64_t size() const { return size_; }
  double* data() { return memory_.get(); }
  const double* data() const { return memory_.get(); }
  double& operator[](std::int64_t i) { return memory_[static_cast<std::size_t>(i)]; }
  const double& operator[](std::int64_t i) const { return memory_[static_cast<std::size_t>(i)]; }

 private:
  struct Free {
    void operator()(double* memory) const { std::free(memory); }
  };
  std::unique_ptr<double[], Free> memory_;
  std::int64_t size_ = 0;
};

}  // namespace sharpbits::phasetype
