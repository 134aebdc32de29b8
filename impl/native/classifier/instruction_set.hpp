// The kernels for the processor that this runs on.
#pragma once

#include "circuit.hpp"

namespace sharpbits {

inline const Kernels& kernels_here() {
#ifdef SHARPBITS_X86_64
  static const Kernels& chosen = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") ? kernels_avx512()
                                 : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")       ? kernels_avx2()
                                                                                                         : kernels_baseline();
  return chosen;
#else
  return kernels_baseline();
#endif
}

}  // namespace sharpbits
