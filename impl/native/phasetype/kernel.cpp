// The arithmetic for one instruction set: compiled once for each, with SHARPBITS_ISA and SHARPBITS_VECTOR_BYTES defined.
#include "polynomials.hpp"
#include "sweep.hpp"

#define SHARPBITS_JOIN_(a, b) a##b
#define SHARPBITS_JOIN(a, b) SHARPBITS_JOIN_(a, b)

namespace sharpbits::phasetype {

const Kernels& SHARPBITS_JOIN(kernels_, SHARPBITS_ISA)() {
  namespace isa = SHARPBITS_ISA;
  static constexpr Kernels kKernels{isa::kLanes, isa::forward, isa::backward, isa::polynomials, isa::power_sums};
  return kKernels;
}

}  // namespace sharpbits::phasetype
