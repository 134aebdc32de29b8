// Numbers below 1e-308 count as zero while this object lives: arithmetic on them is up to a hundred times slower.
#pragma once

#include <cstdint>

#ifdef SHARPBITS_X86_64
#include <xmmintrin.h>
#endif

namespace sharpbits {

class FlushDenormals {
 public:
#if defined(SHARPBITS_X86_64)
  FlushDenormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | kFlushResults | kFlushOperands); }
  ~FlushDenormals() { _mm_setcsr(before_); }

 private:
  static constexpr unsigned kFlushResults = 0x8000, kFlushOperands = 0x0040;
  unsigned before_;
#elif defined(__aarch64__)
  FlushDenormals() {
    asm volatile("mrs %0, fpcr" : "=r"(before_));
    asm volatile("msr fpcr, %0" ::"r"(before_ | kFlush));
  }
  ~FlushDenormals() { asm volatile("msr fpcr, %0" ::"r"(before_)); }

 private:
  static constexpr std::uint64_t kFlush = std::uint64_t{1} << 24;
  std::uint64_t before_;
#else
  FlushDenormals() {}
#endif
 public:
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;
};

}  // namespace sharpbits
