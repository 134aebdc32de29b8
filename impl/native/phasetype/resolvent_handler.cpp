// What XLA calls for (z - Q)^-1 b and b (z - Q)^-1: shapes, types, rows over threads.
#include <complex>
#include <map>
#include <utility>

#include "elimination.hpp"
#include "handling.hpp"

namespace sharpbits::phasetype {
namespace {

namespace ffi = xla::ffi;

inline void convert(double from, double& to) { to = from; }
inline void convert(float from, double& to) { to = from; }
template <class T>
void convert(std::complex<T> from, Complex& to) {
  to = {static_cast<double>(from.real()), static_cast<double>(from.imag())};
}
template <class T>
void store(double from, T& to) {
  to = static_cast<T>(from);
}
template <class T>
void store(Complex from, std::complex<T>& to) {
  to = {static_cast<T>(from.re), static_cast<T>(from.im)};
}

template <class Scalar>
bool is_nan(Scalar number) {
  if constexpr (std::is_same_v<Scalar, double>)
    return number != number;
  else
    return number.re != number.re || number.im != number.im;
}

// Real is the type of the weights, Type that of everything else; `row` asks for b (z - Q)^-1.
template <ffi::DataType Real, ffi::DataType Type>
ffi::Error resolve(ffi::ThreadPool pool, std::int64_t row, std::int64_t threads, ffi::Buffer<ffi::S32> plan_array,
                   ffi::Buffer<Real> weights, ffi::Buffer<Type> z, ffi::Buffer<Type> b, ffi::Result<ffi::Buffer<Type>> x) {
  using T = ffi::NativeType<Type>;
  using Scalar = std::conditional_t<Real == Type, double, Complex>;
  EliminationPlan plan;
  if (!plan.read(plan_array.typed_data(), static_cast<std::int64_t>(plan_array.element_count())))
    return ffi::Error::InvalidArgument("sharpbits: the plan of the elimination is damaged");
  const Dimensions result = x->dimensions();
  const auto fits = [&](Dimensions dimensions, std::int64_t length) {
    return rows_fit(dimensions, 1, result, 1) && dimensions[dimensions.size() - 1] == length;
  };
  if (!fits(weights.dimensions(), plan.weights) || !fits(z.dimensions(), 1) || !fits(b.dimensions(), plan.vertices) ||
      !fits(result, plan.vertices))
    return ffi::Error::InvalidArgument("sharpbits: the shapes of the arguments do not fit the chain");
  const Argument<ffi::NativeType<Real>> weight{weights.typed_data(), plan.weights, rows_of(weights.dimensions(), result, 1)};
  const std::vector<std::int64_t> z_rows = rows_of(z.dimensions(), result, 1), b_rows = rows_of(b.dimensions(), result, 1);
  // Rows with the same weights and the same z share one elimination.
  std::map<std::pair<std::int64_t, std::int64_t>, std::vector<std::int64_t>> alike;
  for (std::size_t r = 0; r < b_rows.size(); ++r)
    alike[{weight.rows[r], z_rows[r]}].push_back(static_cast<std::int64_t>(r));
  std::vector<std::vector<std::int64_t>> groups;
  for (auto& group : alike) groups.push_back(std::move(group.second));
  return for_each_row(pool, threads, static_cast<std::int64_t>(groups.size()), [&](std::int64_t g) -> Refusal {
    const std::vector<std::int64_t>& rows = groups[static_cast<std::size_t>(g)];
    AlignedArray space;
    const double* weights_here = weight.row(rows[0], space);
    bool valid = true;
    for (std::int32_t e = 0; e < plan.weights; ++e) valid &= weights_here[e] >= 0 && weights_here[e] <= 1e300;
    Scalar z_here;
    convert(z.typed_data()[z_rows[static_cast<std::size_t>(rows[0])]], z_here);
    Elimination<Scalar> elimination(plan, weights_here);
    if (valid) elimination.factorise(z_here);
    std::vector<Scalar> states(plan.states);
    for (const std::int64_t r : rows) {
      const T* from = b.typed_data() + b_rows[static_cast<std::size_t>(r)] * plan.vertices;
      T* to = x->typed_data() + r * plan.vertices;
      std::copy_n(from, plan.vertices, to);  // absorbing states have what they were given
      for (std::int32_t i = 0; i < plan.states; ++i) convert(from[plan.vertex[i]], states[i]);
      if (row)
        elimination.solve_row(states.data());
      else
        elimination.solve(states.data());
      for (std::int32_t i = 0; i < plan.states; ++i)
        store(valid && !is_nan(z_here) ? states[i] : Scalar(kNaN), to[plan.vertex[i]]);
    }
    return {};
  });
}

template <ffi::DataType Real, ffi::DataType Type>
auto bind_resolve() {
  return ffi::Ffi::Bind()
      .Ctx<ffi::ThreadPool>()
      .template Attr<std::int64_t>("row")
      .template Attr<std::int64_t>("threads")
      .template Arg<ffi::Buffer<ffi::S32>>()
      .template Arg<ffi::Buffer<Real>>()
      .template Arg<ffi::Buffer<Type>>()
      .template Arg<ffi::Buffer<Type>>()
      .template Ret<ffi::Buffer<Type>>();
}

}  // namespace
}  // namespace sharpbits::phasetype

#pragma GCC visibility push(default)
#define SHARPBITS_RESOLVE(bits, real, type)                                                                    \
  XLA_FFI_DEFINE_HANDLER_SYMBOL(sharpbits_phasetype_resolve_##bits,                                            \
                                (sharpbits::phasetype::resolve<xla::ffi::real, xla::ffi::type>),               \
                                (sharpbits::phasetype::bind_resolve<xla::ffi::real, xla::ffi::type>()))
SHARPBITS_RESOLVE(f32, F32, F32);
SHARPBITS_RESOLVE(f64, F64, F64);
SHARPBITS_RESOLVE(c64, F32, C64);
SHARPBITS_RESOLVE(c128, F64, C128);
#pragma GCC visibility pop
