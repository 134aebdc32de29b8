// What XLA calls: shapes, the models of a vmapped call, the split of a batch over threads.
#include <algorithm>
#include <exception>
#include <string>

#include "instruction_set.hpp"
#include "parallel.hpp"
#include "tables.hpp"
#include "xla/ffi/api/ffi.h"

namespace sharpbits {
namespace {

namespace ffi = xla::ffi;

// Which samples share a block; the attribute `layout` of the call.
enum Layout : std::int64_t { kAuto = 0, kWide = 1, kNarrow = 2 };

// Below about this many amplitude rotations (some 15 µs) waking a second thread costs more than it saves.
constexpr double kWorkForAThread = 40e3;

template <class T>
struct Arrays {
  const T* weights;
  const T* angles;
  T* value;
  T* weights_jacobian;  // null where only values are wanted
  T* angles_jacobian;
};

const Kernels& kernels_here() {
#ifdef SHARPBITS_X86_64
  static const Kernels& chosen = best_kernels<Kernels>(kernels_avx512, kernels_avx2, kernels_baseline);
#else
  static const Kernels& chosen = kernels_baseline();
#endif
  return chosen;
}

const Kernel<float>& wide(const Kernels& kernels, float) { return kernels.wide_f32; }
const Kernel<double>& wide(const Kernels& kernels, double) { return kernels.wide_f64; }
const Kernel<float>& narrow(const Kernels& kernels, float) { return kernels.narrow_f32; }
const Kernel<double>& narrow(const Kernels& kernels, double) { return kernels.narrow_f64; }

// A block of samples in lanes takes as long as a full one, and its states must stay in cache to be worth it; the limits
// are measured (perf/README.md). The choice depends on sizes only, never on the number of threads.
template <class T>
const Kernel<T>& choose_kernel(int wires, std::int64_t samples, std::int64_t layout) {
  constexpr std::int64_t kSecondLevelCache = std::int64_t{1} << 20, kLastLevelCache = std::int64_t{16} << 20;
  const Kernels& kernels = kernels_here();
  const Kernel<T>& in_lanes = wide(kernels, T());
  const std::int64_t states = (std::int64_t{6} << wires) * in_lanes.lanes * static_cast<std::int64_t>(sizeof(T));
  const std::int64_t enough = states <= kSecondLevelCache ? 2 : in_lanes.lanes / 2;
  const bool worth_it = states <= kLastLevelCache && samples >= enough;
  return layout == kWide || (layout == kAuto && worth_it) ? in_lanes : narrow(kernels, T());
}

// A batch of one model.
template <class T>
ffi::Error run_model(ffi::ThreadPool& pool, std::int64_t threads, std::int64_t layout, const Arrays<T>& arrays, int layers,
                     int wires, std::int64_t samples) {
  const Tables<T> tables(arrays.weights, wires, layers);
  const Kernel<T>& kernel = choose_kernel<T>(wires, samples, layout);
  const std::size_t scratch = sizeof(T) * static_cast<std::size_t>(scratch_size(wires, layers, kernel.lanes));
  const std::int64_t blocks = (samples + kernel.lanes - 1) / kernel.lanes;
  const double work = static_cast<double>(tables.circuit().size()) * wires * std::max(1, layers - 1) *
                      static_cast<double>(blocks * kernel.lanes);
  const auto useful = static_cast<std::int64_t>(work / kWorkForAThread);
  const std::int64_t available = threads > 0 ? threads : pool.num_threads();
  const std::int64_t parameters = std::int64_t{3} * layers * wires;
  const auto run_block = [&](std::int64_t i) {
    const std::int64_t first = i * kernel.lanes;
    const Block<T> block{
        arrays.angles + first * wires,
        std::min<std::int64_t>(kernel.lanes, samples - first),
        arrays.value + first,
        arrays.weights_jacobian ? arrays.weights_jacobian + first * parameters : nullptr,
        arrays.angles_jacobian ? arrays.angles_jacobian + first * wires : nullptr,
        static_cast<T*>(ScratchMemory::of_this_thread().at_least(scratch)),
    };
    kernel.run(tables.circuit(), block);
  };
  if (for_each_piece(pool, std::min(available, useful) - 1, blocks, run_block)) return ffi::Error::Success();
  return ffi::Error(ffi::ErrorCode::kResourceExhausted, "sharpbits: a state of " + std::to_string(wires) + " wires needs " +
                                                            std::to_string(scratch >> 20) + " MiB for each thread");
}

// Leading dimensions are those of jax.vmap, each of full length or 1; without them there is one model.
template <class T>
ffi::Error run_models(ffi::ThreadPool& pool, std::int64_t threads, std::int64_t layout, ffi::Span<const std::int64_t> weights,
                      ffi::Span<const std::int64_t> angles, const Arrays<T>& arrays) {
  if (weights.size() < 3 || angles.size() + 1 != weights.size() || weights[weights.size() - 1] != 3 ||
      weights[weights.size() - 2] != angles[angles.size() - 1])
    return ffi::Error::InvalidArgument("sharpbits: weights [..., layers, wires, 3] and angles [..., samples, wires] do not fit");
  const std::size_t mapped = weights.size() - 3;
  const int layers = static_cast<int>(weights[mapped]), wires = static_cast<int>(weights[mapped + 1]);
  if (wires < 1 || wires > 30) return ffi::Error::InvalidArgument("sharpbits: 1 to 30 wires");
  const std::int64_t samples = angles[mapped];
  const std::int64_t parameters = std::int64_t{3} * layers * wires;
  std::int64_t models = 1, weight_sets = 1;
  for (std::size_t d = 0; d < mapped; ++d) {
    models *= std::max(weights[d], angles[d]);
    weight_sets *= weights[d];
  }
  if (models == 0 || samples == 0) return ffi::Error::Success();
  if (weight_sets == 1)  // mapped over samples only: one model with a larger batch
    return run_model(pool, threads, layout, arrays, layers, wires, samples * models);
  for (std::int64_t model = 0; model < models; ++model) {
    std::int64_t rest = model, weight_set = 0, angle_set = 0, weight_stride = 1, angle_stride = 1;
    for (std::size_t d = mapped; d-- > 0;) {
      const std::int64_t length = std::max(weights[d], angles[d]), place = rest % length;
      rest /= length;
      weight_set += weights[d] > 1 ? place * weight_stride : 0;
      angle_set += angles[d] > 1 ? place * angle_stride : 0;
      weight_stride *= weights[d];
      angle_stride *= angles[d];
    }
    const std::int64_t first = model * samples;
    const Arrays<T> of_model{
        arrays.weights + weight_set * parameters,
        arrays.angles + angle_set * samples * wires,
        arrays.value + first,
        arrays.weights_jacobian ? arrays.weights_jacobian + first * parameters : nullptr,
        arrays.angles_jacobian ? arrays.angles_jacobian + first * wires : nullptr,
    };
    const ffi::Error error = run_model(pool, threads, layout, of_model, layers, wires, samples);
    if (error.failure()) return error;
  }
  return ffi::Error::Success();
}

// No exception may leave a handler.
template <class T>
ffi::Error guarded(ffi::ThreadPool& pool, std::int64_t threads, std::int64_t layout, ffi::Span<const std::int64_t> weights,
                   ffi::Span<const std::int64_t> angles, const Arrays<T>& arrays) {
  try {
    return run_models(pool, threads, layout, weights, angles, arrays);
  } catch (const std::bad_alloc&) {
    return ffi::Error(ffi::ErrorCode::kResourceExhausted, "sharpbits: no memory for the tables of the circuit");
  } catch (const std::exception& exception) {
    return ffi::Error(ffi::ErrorCode::kInternal, std::string("sharpbits: ") + exception.what());
  }
}

template <ffi::DataType Type>
ffi::Error value(ffi::ThreadPool pool, std::int64_t threads, std::int64_t layout, ffi::Buffer<Type> weights,
                 ffi::Buffer<Type> angles, ffi::Result<ffi::Buffer<Type>> z) {
  using T = ffi::NativeType<Type>;
  const Arrays<T> arrays{weights.typed_data(), angles.typed_data(), z->typed_data(), nullptr, nullptr};
  return guarded(pool, threads, layout, weights.dimensions(), angles.dimensions(), arrays);
}

template <ffi::DataType Type>
ffi::Error value_and_jacobian(ffi::ThreadPool pool, std::int64_t threads, std::int64_t layout, ffi::Buffer<Type> weights,
                              ffi::Buffer<Type> angles, ffi::Result<ffi::Buffer<Type>> z,
                              ffi::Result<ffi::Buffer<Type>> by_weights, ffi::Result<ffi::Buffer<Type>> by_angles) {
  using T = ffi::NativeType<Type>;
  const Arrays<T> arrays{weights.typed_data(), angles.typed_data(), z->typed_data(), by_weights->typed_data(),
                         by_angles->typed_data()};
  return guarded(pool, threads, layout, weights.dimensions(), angles.dimensions(), arrays);
}

template <ffi::DataType Type>
auto bind_value() {
  return ffi::Ffi::Bind()
      .Ctx<ffi::ThreadPool>()
      .Attr<std::int64_t>("threads")
      .Attr<std::int64_t>("layout")
      .template Arg<ffi::Buffer<Type>>()
      .template Arg<ffi::Buffer<Type>>()
      .template Ret<ffi::Buffer<Type>>();
}

template <ffi::DataType Type>
auto bind_value_and_jacobian() {
  return bind_value<Type>().template Ret<ffi::Buffer<Type>>().template Ret<ffi::Buffer<Type>>();
}

}  // namespace
}  // namespace sharpbits

#pragma GCC visibility push(default)

XLA_FFI_DEFINE_HANDLER_SYMBOL(sharpbits_fused_value_f32, sharpbits::value<xla::ffi::F32>,
                               sharpbits::bind_value<xla::ffi::F32>());
XLA_FFI_DEFINE_HANDLER_SYMBOL(sharpbits_fused_value_f64, sharpbits::value<xla::ffi::F64>,
                               sharpbits::bind_value<xla::ffi::F64>());
XLA_FFI_DEFINE_HANDLER_SYMBOL(sharpbits_fused_value_and_jacobian_f32,
                               sharpbits::value_and_jacobian<xla::ffi::F32>,
                               sharpbits::bind_value_and_jacobian<xla::ffi::F32>());
XLA_FFI_DEFINE_HANDLER_SYMBOL(sharpbits_fused_value_and_jacobian_f64,
                               sharpbits::value_and_jacobian<xla::ffi::F64>,
                               sharpbits::bind_value_and_jacobian<xla::ffi::F64>());
#pragma GCC visibility pop
