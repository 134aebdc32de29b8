// Which copy of a package's kernels is for the processor that this runs on.
#pragma once

namespace sharpbits {

#ifdef SHARPBITS_X86_64
template <class Kernels>
const Kernels& best_kernels(const Kernels& (*avx512)(), const Kernels& (*avx2)(), const Kernels& (*baseline)()) {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) return avx512();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return avx2();
  return baseline();
}
#endif

}  // namespace sharpbits
