// What XLA calls for expectations and states of a chain at given times: shapes, types, rows over threads.
#include "evaluation.hpp"
#include "handling.hpp"
#include "instruction_set.hpp"

namespace sharpbits::phasetype {
namespace {

namespace ffi = xla::ffi;

const Kernels& kernels_here() {
#ifdef SHARPBITS_X86_64
  static const Kernels& chosen = best_kernels<Kernels>(kernels_avx512, kernels_avx2, kernels_baseline);
#else
  static const Kernels& chosen = kernels_baseline();
#endif
  return chosen;
}

struct Options {
  std::int64_t discrete;
  double tolerance, most_steps;
  ffi::Span<const double> radau;
  std::int64_t threads;
};

template <ffi::DataType Type>
struct Arguments {
  using T = ffi::NativeType<Type>;
  Plan plan;
  EliminationPlan elimination;
  bool eliminable = false;
  Argument<T> weights, start, functional, times, state_times;
  std::int64_t rows;
};

template <ffi::DataType Type>
ffi::Error read(ffi::Span<const double> radau, ffi::Buffer<ffi::S32> plan, ffi::Buffer<ffi::S32> elimination,
                ffi::Buffer<Type> weights, ffi::Buffer<Type> start, ffi::Buffer<Type> functional,
                ffi::Buffer<Type> times, ffi::Buffer<Type> state_times, Dimensions result, std::size_t own,
                Arguments<Type>& read) {
  if (!read.plan.read(plan.typed_data(), static_cast<std::int64_t>(plan.element_count())))
    return ffi::Error::InvalidArgument("sharpbits: the plan of the chain is damaged");
  read.eliminable = elimination.element_count() > 0;
  if (read.eliminable &&
      (!read.elimination.read(elimination.typed_data(), static_cast<std::int64_t>(elimination.element_count())) ||
       read.elimination.vertices != read.plan.states || read.elimination.weights != read.plan.weights ||
       static_cast<std::int64_t>(radau.size()) != RadauTable::kLength))
    return ffi::Error::InvalidArgument("sharpbits: the plan of the elimination is damaged");
  const auto take = [&](ffi::Buffer<Type> buffer, std::int64_t length, auto& argument) {
    const Dimensions dimensions = buffer.dimensions();
    if (!rows_fit(dimensions, 1, result, own)) return false;
    const std::int64_t last = dimensions[dimensions.size() - 1];
    if (length >= 0 && last != length) return false;
    argument = {buffer.typed_data(), last, rows_of(dimensions, result, own)};
    return true;
  };
  if (!take(weights, read.plan.weights, read.weights) || !take(start, read.plan.states, read.start) ||
      !take(functional, read.plan.states, read.functional) || !take(times, -1, read.times) ||
      !take(state_times, -1, read.state_times))
    return ffi::Error::InvalidArgument("sharpbits: the shapes of the arguments do not fit the chain");
  read.rows = product(result, result.size() - own);
  return ffi::Error::Success();
}

// The times of a row as the kernel wants them, finite and not negative; what is not so gives NaN.
struct Times {
  AlignedArray value;
  std::vector<std::int64_t> invalid;

  Times(const double* times, std::int64_t count, bool discrete) : value(count) {
    for (std::int64_t j = 0; j < count; ++j) {
      const bool valid = times[j] >= 0 && times[j] < 1e300 && (!discrete || times[j] == std::floor(times[j]));
      value[j] = valid ? times[j] : 0;
      if (!valid) invalid.push_back(j);
    }
  }
};

// The question of one row, with its times made valid.
template <ffi::DataType Type>
class Row {
 public:
  Row(const Arguments<Type>& arguments, const Options& options, std::int64_t row)
      : times(arguments.times.row(row, space_[0]), arguments.times.length, options.discrete),
        state_times(arguments.state_times.row(row, space_[1]), arguments.state_times.length, options.discrete),
        question{arguments.start.row(row, space_[2]),
                 arguments.functional.row(row, space_[3]),
                 times.value.data(),
                 arguments.times.length,
                 state_times.value.data(),
                 arguments.state_times.length,
                 options.tolerance,
                 options.most_steps},
        elimination(arguments.eliminable ? &arguments.elimination : nullptr),
        weights(arguments.weights.row(row, space_[4])),
        chain(arguments.plan, weights, options.discrete, kernels_here().lanes) {}

 private:
  AlignedArray space_[5];

 public:
  const Times times, state_times;
  const Question question;
  const EliminationPlan* const elimination;
  const double* const weights;
  const Uniformized chain;
};

template <ffi::DataType Type>
ffi::Error forward(ffi::ThreadPool& pool, const Options& options, const Arguments<Type>& arguments,
                   ffi::NativeType<Type>* value, ffi::NativeType<Type>* state, ffi::NativeType<Type>* slope,
                   std::uint8_t* kept, std::int32_t* progress) {
  using T = ffi::NativeType<Type>;
  const std::int64_t n = arguments.plan.states;
  const std::int64_t count = arguments.times.length, state_count = arguments.state_times.length;
  return for_each_row(pool, options.threads, arguments.rows, [&](std::int64_t row) -> Refusal {
    const Row<Type> given(arguments, options, row);
    Output<T> values(value + row * count, count), states(state + row * state_count * n, state_count * n);
    Output<T> slopes(slope ? slope + row * count : nullptr, slope ? count : 0);
    Checkpoints checkpoints;
    if (kept) checkpoints.states = kept + row * Checkpoints::kKept * n * std::int64_t{sizeof(double)};
    Refusal refusal;
    if (given.chain.valid()) {
      Evaluation evaluation(kernels_here(), given.chain, given.question, options.discrete, given.elimination,
                            given.weights, options.radau.begin());
      refusal = evaluation.forward(values.data(), slope ? slopes.data() : nullptr, states.data(),
                                   kept ? &checkpoints : nullptr);
    } else {
      values.fill(kNaN), states.fill(kNaN), slopes.fill(kNaN);
    }
    for (const std::int64_t j : given.times.invalid) {
      values.data()[j] = kNaN;
      if (slope) slopes.data()[j] = kNaN;
    }
    for (const std::int64_t s : given.state_times.invalid) std::fill_n(states.data() + s * n, n, kNaN);
    values.store(), states.store(), slopes.store();
    if (kept) {
      progress[2 * row] = static_cast<std::int32_t>(checkpoints.blocks);
      progress[2 * row + 1] = static_cast<std::int32_t>(checkpoints.stride);
    }
    return refusal;
  });
}

template <ffi::DataType Type>
ffi::Error value(ffi::ThreadPool pool, std::int64_t discrete, double tolerance, double most_steps,
                 ffi::Span<const double> radau, std::int64_t threads, ffi::Buffer<ffi::S32> plan,
                 ffi::Buffer<ffi::S32> elimination, ffi::Buffer<Type> weights, ffi::Buffer<Type> start,
                 ffi::Buffer<Type> functional, ffi::Buffer<Type> times, ffi::Buffer<Type> state_times,
                 ffi::Result<ffi::Buffer<Type>> value, ffi::Result<ffi::Buffer<Type>> state) {
  Arguments<Type> arguments;
  const ffi::Error error = read<Type>(radau, plan, elimination, weights, start, functional, times, state_times,
                                      value->dimensions(), 1, arguments);
  if (error.failure()) return error;
  return forward<Type>(pool, {discrete, tolerance, most_steps, radau, threads}, arguments, value->typed_data(),
                       state->typed_data(), nullptr, nullptr, nullptr);
}

template <ffi::DataType Type>
ffi::Error value_kept(ffi::ThreadPool pool, std::int64_t discrete, double tolerance, double most_steps,
                      ffi::Span<const double> radau, std::int64_t threads, ffi::Buffer<ffi::S32> plan,
                      ffi::Buffer<ffi::S32> elimination, ffi::Buffer<Type> weights, ffi::Buffer<Type> start,
                      ffi::Buffer<Type> functional, ffi::Buffer<Type> times, ffi::Buffer<Type> state_times,
                      ffi::Result<ffi::Buffer<Type>> value, ffi::Result<ffi::Buffer<Type>> state,
                      ffi::Result<ffi::Buffer<Type>> slope, ffi::Result<ffi::Buffer<ffi::U8>> kept,
                      ffi::Result<ffi::Buffer<ffi::S32>> progress) {
  Arguments<Type> arguments;
  const ffi::Error error = read<Type>(radau, plan, elimination, weights, start, functional, times, state_times,
                                      value->dimensions(), 1, arguments);
  if (error.failure()) return error;
  return forward<Type>(pool, {discrete, tolerance, most_steps, radau, threads}, arguments, value->typed_data(),
                       state->typed_data(), slope->typed_data(), kept->typed_data(), progress->typed_data());
}

template <ffi::DataType Type>
ffi::Error pull_back(ffi::ThreadPool pool, std::int64_t discrete, double tolerance, double most_steps,
                     ffi::Span<const double> radau, std::int64_t threads, ffi::Buffer<ffi::S32> plan,
                     ffi::Buffer<ffi::S32> elimination, ffi::Buffer<Type> weights, ffi::Buffer<Type> start,
                     ffi::Buffer<Type> functional, ffi::Buffer<Type> times, ffi::Buffer<Type> state_times,
                     ffi::Buffer<ffi::U8> kept, ffi::Buffer<ffi::S32> progress, ffi::Buffer<Type> value_cotangent,
                     ffi::Buffer<Type> state_cotangent, ffi::Result<ffi::Buffer<Type>> by_weights,
                     ffi::Result<ffi::Buffer<Type>> by_start, ffi::Result<ffi::Buffer<Type>> by_functional) {
  using T = ffi::NativeType<Type>;
  const Dimensions result = by_weights->dimensions();
  const Options options{discrete, tolerance, most_steps, radau, threads};
  Arguments<Type> arguments;
  const ffi::Error error =
      read<Type>(radau, plan, elimination, weights, start, functional, times, state_times, result, 1, arguments);
  if (error.failure()) return error;
  if (!rows_fit(kept.dimensions(), 1, result, 1) || !rows_fit(progress.dimensions(), 1, result, 1) ||
      !rows_fit(value_cotangent.dimensions(), 1, result, 1) || !rows_fit(state_cotangent.dimensions(), 2, result, 1))
    return ffi::Error::InvalidArgument("sharpbits: the shapes of the cotangents do not fit the chain");
  const std::int64_t n = arguments.plan.states, m = arguments.plan.weights;
  const Argument<T> value_cotangents{value_cotangent.typed_data(), arguments.times.length,
                                     rows_of(value_cotangent.dimensions(), result, 1)};
  const Argument<T> state_cotangents{state_cotangent.typed_data(), arguments.state_times.length * n,
                                     rows_of(state_cotangent.dimensions(), result, 1)};
  const std::vector<std::int64_t> kept_rows = rows_of(kept.dimensions(), result, 1);
  const std::vector<std::int64_t> progress_rows = rows_of(progress.dimensions(), result, 1);
  return for_each_row(pool, threads, arguments.rows, [&](std::int64_t row) -> Refusal {
    const Row<Type> given(arguments, options, row);
    AlignedArray space[2];
    Output<T> weight(by_weights->typed_data() + row * m, m), start_(by_start->typed_data() + row * n, n);
    Output<T> functional_(by_functional->typed_data() + row * n, n);
    const std::size_t index = static_cast<std::size_t>(row);
    Checkpoints checkpoints;
    checkpoints.states = kept.typed_data() + kept_rows[index] * Checkpoints::kKept * n * std::int64_t{sizeof(double)};
    checkpoints.blocks = progress.typed_data()[2 * progress_rows[index]];
    checkpoints.stride = progress.typed_data()[2 * progress_rows[index] + 1];
    if (given.chain.valid() && checkpoints.blocks >= 0 && checkpoints.stride > 0) {
      Evaluation evaluation(kernels_here(), given.chain, given.question, discrete, given.elimination, given.weights,
                            radau.begin());
      evaluation.backward(checkpoints, value_cotangents.row(row, space[0]), state_cotangents.row(row, space[1]),
                          weight.data(), start_.data(), functional_.data());
    } else {
      weight.fill(kNaN), start_.fill(kNaN), functional_.fill(kNaN);
    }
    weight.store(), start_.store(), functional_.store();
    return {};
  });
}

auto bind_options() {
  return ffi::Ffi::Bind()
      .Ctx<ffi::ThreadPool>()
      .Attr<std::int64_t>("discrete")
      .Attr<double>("tolerance")
      .Attr<double>("most_steps")
      .Attr<ffi::Span<const double>>("radau")
      .Attr<std::int64_t>("threads");
}

template <ffi::DataType Type>
auto bind_arguments() {
  return bind_options()
      .Arg<ffi::Buffer<ffi::S32>>()
      .Arg<ffi::Buffer<ffi::S32>>()
      .template Arg<ffi::Buffer<Type>>()
      .template Arg<ffi::Buffer<Type>>()
      .template Arg<ffi::Buffer<Type>>()
      .template Arg<ffi::Buffer<Type>>()
      .template Arg<ffi::Buffer<Type>>();
}

template <ffi::DataType Type>
auto bind_value() {
  return bind_arguments<Type>().template Ret<ffi::Buffer<Type>>().template Ret<ffi::Buffer<Type>>();
}

template <ffi::DataType Type>
auto bind_value_kept() {
  return bind_value<Type>()
      .template Ret<ffi::Buffer<Type>>()
      .template Ret<ffi::Buffer<ffi::U8>>()
      .template Ret<ffi::Buffer<ffi::S32>>();
}

template <ffi::DataType Type>
auto bind_pull_back() {
  return bind_arguments<Type>()
      .template Arg<ffi::Buffer<ffi::U8>>()
      .template Arg<ffi::Buffer<ffi::S32>>()
      .template Arg<ffi::Buffer<Type>>()
      .template Arg<ffi::Buffer<Type>>()
      .template Ret<ffi::Buffer<Type>>()
      .template Ret<ffi::Buffer<Type>>()
      .template Ret<ffi::Buffer<Type>>();
}

}  // namespace
}  // namespace sharpbits::phasetype

#pragma GCC visibility push(default)
#define SHARPBITS_TRANSIENT(what, bits, type)                                                             \
  XLA_FFI_DEFINE_HANDLER_SYMBOL(sharpbits_phasetype_##what##_##bits, sharpbits::phasetype::what<xla::ffi::type>, \
                                sharpbits::phasetype::bind_##what<xla::ffi::type>())
SHARPBITS_TRANSIENT(value, f32, F32);
SHARPBITS_TRANSIENT(value, f64, F64);
SHARPBITS_TRANSIENT(value_kept, f32, F32);
SHARPBITS_TRANSIENT(value_kept, f64, F64);
SHARPBITS_TRANSIENT(pull_back, f32, F32);
SHARPBITS_TRANSIENT(pull_back, f64, F64);
#pragma GCC visibility pop
