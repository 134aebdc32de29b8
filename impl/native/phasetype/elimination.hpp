// (z + Q-matrix's negative) x = b on the transient states, for real or complex z, by Gaussian elimination without a
// subtraction (Grassmann, Taksar, Heyman 1985): where the pivot would be z + rates - what was eliminated, it is the sum
// of the rates that are left and of what ends the chain, z among it. For real z every number is positive and exact to a
// few units in the last place of itself, however far apart the rates are.
//
// Strongly connected components are solved one after the other, so only edges within a component make new ones. Their
// pattern and an order that keeps them few come from Python (sharpbits/phasetype/elimination_plan.py).
#pragma once

#include <cstdint>
#include <vector>

namespace sharpbits::phasetype {

struct EliminationPlan {
  std::int32_t vertices, states, components, weights, outer_edges, ends, lower, upper;
  const std::int32_t* vertex;     // [vertices]: transient ones in the order of elimination, then absorbing ones
  const std::int32_t* component;  // [components + 1]: offsets into the states
  // By state: edges within the component, to later components, and to absorbing states (numbered behind the others);
  // places in the weights; and whether an edge to a later component leaves its state, or only adds to the other.
  const std::int32_t *inner_offsets, *inner_state, *inner_edge;
  const std::int32_t *outer_offsets, *outer_state, *outer_edge, *outer_leaves;
  const std::int32_t *end_offsets, *end_state, *end_edge;
  // The pattern behind the elimination: earlier and later states of the component, ascending.
  const std::int32_t *lower_offsets, *lower_state;
  const std::int32_t *upper_offsets, *upper_state;

  static constexpr std::int32_t kVersion = 1, kHeader = 10;

  // Returns whether the array has the length that its header says.
  bool read(const std::int32_t* array, std::int64_t length) {
    if (length < kHeader || array[0] != kVersion) return false;
    vertices = array[1], states = array[2], components = array[3], weights = array[4];
    const std::int64_t n = states, inner = array[5];
    outer_edges = array[6], ends = array[7], lower = array[8], upper = array[9];
    if (length != kHeader + vertices + components + 1 + 5 * (n + 1) + 2 * inner + 3 * std::int64_t{outer_edges} +
                      2 * std::int64_t{ends} + lower + upper)
      return false;
    const std::int32_t* next = array + kHeader;
    const auto take = [&next](std::int64_t count) {
      const std::int32_t* taken = next;
      next += count;
      return taken;
    };
    vertex = take(vertices);
    component = take(std::int64_t{components} + 1);
    inner_offsets = take(n + 1), inner_state = take(inner), inner_edge = take(inner);
    outer_offsets = take(n + 1), outer_state = take(outer_edges), outer_edge = take(outer_edges);
    outer_leaves = take(outer_edges);
    end_offsets = take(n + 1), end_state = take(ends), end_edge = take(ends);
    lower_offsets = take(n + 1), lower_state = take(lower);
    upper_offsets = take(n + 1), upper_state = take(upper);
    return true;
  }
};

// A complex number whose product is four multiplications: no case of infinities is looked at.
struct Complex {
  double re = 0, im = 0;
  Complex() = default;
  Complex(double real) : re(real) {}  // NOLINT: a real number is one
  Complex(double real, double imaginary) : re(real), im(imaginary) {}
  Complex& operator+=(Complex other) {
    re += other.re, im += other.im;
    return *this;
  }
};
inline Complex operator*(Complex a, Complex b) { return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }
inline Complex operator*(Complex a, double b) { return {a.re * b, a.im * b}; }
inline Complex operator*(double a, Complex b) { return b * a; }
inline Complex operator+(Complex a, Complex b) { return a += b; }
inline Complex operator-(Complex a, Complex b) { return {a.re - b.re, a.im - b.im}; }
inline Complex reciprocal(Complex a) {
  // Smith's method: no intermediate overflows.
  if ((a.re < 0 ? -a.re : a.re) >= (a.im < 0 ? -a.im : a.im)) {
    const double ratio = a.im / a.re, size = a.re + a.im * ratio;
    return {1 / size, -ratio / size};
  }
  const double ratio = a.re / a.im, size = a.re * ratio + a.im;
  return {ratio / size, -1 / size};
}
inline double reciprocal(double a) { return 1 / a; }

template <class Scalar>
class Elimination {
 public:
  Elimination(const EliminationPlan& plan, const double* weights)
      : plan_(plan), weights_(weights), lower_(plan.lower), upper_(plan.upper), inverse_(plan.states), end_(plan.states),
        work_(plan.states) {}

  void factorise(Scalar z) {
    for (std::int32_t i = 0; i < plan_.states; ++i) {
      const std::int32_t *lower = plan_.lower_state, *upper = plan_.upper_state;
      for (std::int32_t p = plan_.lower_offsets[i]; p < plan_.lower_offsets[i + 1]; ++p) work_[lower[p]] = Scalar();
      for (std::int32_t p = plan_.upper_offsets[i]; p < plan_.upper_offsets[i + 1]; ++p) work_[upper[p]] = Scalar();
      for (std::int32_t e = plan_.inner_offsets[i]; e < plan_.inner_offsets[i + 1]; ++e)
        work_[plan_.inner_state[e]] += weights_[plan_.inner_edge[e]];
      Scalar end = z;
      for (std::int32_t e = plan_.outer_offsets[i]; e < plan_.outer_offsets[i + 1]; ++e)
        if (plan_.outer_leaves[e]) end += weights_[plan_.outer_edge[e]];
      for (std::int32_t e = plan_.end_offsets[i]; e < plan_.end_offsets[i + 1]; ++e) end += weights_[plan_.end_edge[e]];
      for (std::int32_t p = plan_.lower_offsets[i]; p < plan_.lower_offsets[i + 1]; ++p) {
        const std::int32_t k = lower[p];
        const Scalar share = work_[k] * inverse_[k];
        lower_[p] = share;
        for (std::int32_t q = plan_.upper_offsets[k]; q < plan_.upper_offsets[k + 1]; ++q)
          if (upper[q] != i) work_[upper[q]] += share * upper_[q];
        end += share * end_[k];
      }
      Scalar pivot = end;
      for (std::int32_t p = plan_.upper_offsets[i]; p < plan_.upper_offsets[i + 1]; ++p) {
        upper_[p] = work_[upper[p]];
        pivot += upper_[p];
      }
      end_[i] = end;
      inverse_[i] = reciprocal(pivot);
    }
  }

  // x, given b; both [states], in place.
  void solve(Scalar* x) const {
    for (std::int32_t c = plan_.components; c-- > 0;) {
      const std::int32_t begin = plan_.component[c], end = plan_.component[c + 1];
      for (std::int32_t i = begin; i < end; ++i) {
        Scalar sum = x[i];
        for (std::int32_t e = plan_.outer_offsets[i]; e < plan_.outer_offsets[i + 1]; ++e)
          sum += weights_[plan_.outer_edge[e]] * x[plan_.outer_state[e]];
        for (std::int32_t p = plan_.lower_offsets[i]; p < plan_.lower_offsets[i + 1]; ++p)
          sum += lower_[p] * x[plan_.lower_state[p]];
        x[i] = sum;
      }
      for (std::int32_t i = end; i-- > begin;) {
        Scalar sum = x[i];
        for (std::int32_t p = plan_.upper_offsets[i]; p < plan_.upper_offsets[i + 1]; ++p)
          sum += upper_[p] * x[plan_.upper_state[p]];
        x[i] = sum * inverse_[i];
      }
    }
  }

  // The row y, y (z - Q) = c, in place.
  void solve_row(Scalar* y) const {
    for (std::int32_t c = 0; c < plan_.components; ++c) {
      const std::int32_t begin = plan_.component[c], end = plan_.component[c + 1];
      for (std::int32_t i = begin; i < end; ++i) {
        const Scalar value = y[i] * inverse_[i];
        y[i] = value;
        for (std::int32_t p = plan_.upper_offsets[i]; p < plan_.upper_offsets[i + 1]; ++p)
          y[plan_.upper_state[p]] += upper_[p] * value;
      }
      for (std::int32_t i = end; i-- > begin;) {
        const Scalar value = y[i];
        for (std::int32_t p = plan_.lower_offsets[i]; p < plan_.lower_offsets[i + 1]; ++p)
          y[plan_.lower_state[p]] += lower_[p] * value;
        for (std::int32_t e = plan_.outer_offsets[i]; e < plan_.outer_offsets[i + 1]; ++e)
          y[plan_.outer_state[e]] += weights_[plan_.outer_edge[e]] * value;
      }
    }
  }

  const EliminationPlan& plan() const { return plan_; }

 private:
  const EliminationPlan& plan_;
  const double* weights_;
  std::vector<Scalar> lower_, upper_, inverse_, end_, work_;
};

}  // namespace sharpbits::phasetype
