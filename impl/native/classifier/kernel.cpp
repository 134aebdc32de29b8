// The sweep for one instruction set: compiled once for each, with SHARPBITS_ISA and SHARPBITS_VECTOR_BYTES defined.
#include "sweep.hpp"

#define SHARPBITS_JOIN_(a, b) a##b
#define SHARPBITS_JOIN(a, b) SHARPBITS_JOIN_(a, b)

namespace sharpbits {

const Kernels& SHARPBITS_JOIN(kernels_, SHARPBITS_ISA)() {
  namespace isa = SHARPBITS_ISA;
  constexpr int kBytes = SHARPBITS_VECTOR_BYTES;
  static constexpr Kernels kKernels{
      {isa::sweep<float, kBytes>, kBytes / 4},
      {isa::sweep<float, 0>, 1},
      {isa::sweep<double, kBytes>, kBytes / 8},
      {isa::sweep<double, 0>, 1},
  };
  return kKernels;
}

}  // namespace sharpbits
