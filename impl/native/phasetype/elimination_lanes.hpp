// A number of each θ of a group: eight side by side in a vector of GCC's extension, or a plain number for one θ.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>

namespace sharpbits::elimination::SHARPBITS_ISA {

typedef double Wide __attribute__((vector_size(64)));

template <class V>
struct Lanes;

template <>
struct Lanes<double> {
  static constexpr int count = 1;
  static double& at(double& x, int) { return x; }
  static bool all(bool mask) { return mask; }
  static double select(bool mask, double yes, double no) { return mask ? yes : no; }
};

template <>
struct Lanes<Wide> {
  static constexpr int count = 8;
  typedef std::int64_t Mask __attribute__((vector_size(64)));
  static double& at(Wide& x, int lane) { return reinterpret_cast<double*>(&x)[lane]; }
  static bool all(Mask mask) {
    std::int64_t every = -1;
    for (int lane = 0; lane < count; ++lane) every &= mask[lane];
    return every != 0;
  }
  static Wide select(Mask mask, Wide yes, Wide no) { return mask ? yes : no; }
};

// Memory of a kernel, zero at first. A class of this namespace: the linker keeps one copy of what instruction sets would
// share, a std::vector of these lanes, and a processor that lacks that set cannot run it.
template <class T>
class Buffer {
 public:
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { ::operator delete(data_, kAlignment); }

  void allocate(std::int64_t size) {
    const std::size_t bytes = sizeof(T) * static_cast<std::size_t>(size);
    data_ = static_cast<T*>(::operator new(bytes, kAlignment));
    std::memset(static_cast<void*>(data_), 0, bytes);
  }

  bool empty() const { return !data_; }
  T* data() const { return data_; }
  T& operator[](std::int64_t i) const { return data_[i]; }

 private:
  static constexpr std::align_val_t kAlignment{64};
  T* data_ = nullptr;
};

template <class V>
bool all_finite_and_not_negative(V least, V sum) {
  return Lanes<V>::all((least >= 0.0) & (sum <= std::numeric_limits<double>::max()));
}

}  // namespace sharpbits::elimination::SHARPBITS_ISA
