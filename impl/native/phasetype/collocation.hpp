// Expectations h(t) = alpha exp(Q t) e, states alpha exp(Q t), and their derivatives where uniformization would take
// too many steps, because rates are far apart: by implicit steps whose number grows with the logarithm of the rates.
//
// Method: p' = p Q is solved on steps [s, s + h] by collocation at the Radau points c_1 .. c_v = 1 (v = 13): a polynomial
// of degree v for every state, with p' = p Q at these points. Its coefficients solve v linear equations coupled by the
// method's matrix A; with A's real Schur form they are 6 complex and one real equation x (z - Q) = b, one after the
// other, each by elimination without subtractions. A product with Q is never formed: it follows from the equations.
//
// Error: the residual p' - p Q is c_v Q w(x), x = (t - s)/h, w(x) = (x - c_1) .. (x - c_v), c_v the polynomial's leading
// coefficient. exp(Q t) does not increase the sum of absolute values; with that, integrating by parts,
//   |p(t) - exact|_1 <= |c_v|_1 (|w(x)| + |w(0)| + total variation of w),
// however large Q is, and the errors of steps add up at most. The step h is chosen so that this is below `tolerance` / 100
// for each step, or 1.4e-14 where that is less, which is what rounding makes of the bound. Some hundred steps lead from
// 1e-11 to 1e3. The bound is some hundred times the true error.
//
// Back: the adjoint of each step solves the transposed equations; steps are computed again from their beginnings.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "elimination.hpp"
#include "handling.hpp"
#include "question.hpp"
#include "radau.hpp"

namespace sharpbits::phasetype {

class Collocation {
 public:
  static constexpr int kPoints = RadauTable::kPoints;

  Collocation(const EliminationPlan& plan, const double* weights, const RadauTable& table, const Question& question)
      : plan_(plan), weights_(weights), table_(table), question_(question), n_(plan.vertices), states_(plan.states),
        functional_(n_), real_(plan, weights) {
    for (std::int32_t i = 0; i < n_; ++i) functional_[i] = question.functional[plan.vertex[i]];
    for (int row = 0; row < kPoints;) {
      const bool pair = row + 1 < kPoints && table.triangular[(row + 1) * kPoints + row] != 0;
      blocks_.push_back({row, pair ? 2 : 1});
      row += pair ? 2 : 1;
    }
  }

  // value[count], slope[count] or null, state[state_count, vertices].
  void forward(double* value, double* slope, double* state) {
    walk([&](double begin, double width, bool last, const double* before, const double* stages) {
      double at[kPoints + 1];
      for (int i = 0; i <= kPoints; ++i) at[i] = dot(functional_.data(), i ? stages + (i - 1) * n_ : before);
      for_times(question_.times, question_.count, begin, width, last, [&](std::int64_t j, double x) {
        double basis[kPoints + 1], derivative[kPoints + 1];
        table_.lagrange(x, basis, derivative);
        double sum = 0, rise = 0;
        for (int i = 0; i <= kPoints; ++i) sum += basis[i] * at[i], rise += derivative[i] * at[i];
        value[j] = sum;
        if (slope) slope[j] = rise / width;
      });
      for_times(question_.state_times, question_.state_count, begin, width, last, [&](std::int64_t s, double x) {
        double basis[kPoints + 1], derivative[kPoints + 1];
        table_.lagrange(x, basis, derivative);
        for (std::int32_t i = 0; i < n_; ++i) {
          double sum = basis[0] * before[i];
          for (int k = 0; k < kPoints; ++k) sum += basis[k + 1] * stages[k * n_ + i];
          state[s * n_ + plan_.vertex[i]] = sum;
        }
      });
    });
  }

  // Adds the pulled back cotangents to by_weight[weights], by_start and by_functional[vertices].
  void backward(const double* value_cotangent, const double* state_cotangent, double* by_weight, double* by_start,
                double* by_functional) {
    std::vector<double> begins, widths;
    std::vector<std::unique_ptr<double[]>> starts;
    walk([&](double begin, double width, bool, const double* before, const double*) {
      begins.push_back(begin), widths.push_back(width);
      starts.emplace_back(new double[static_cast<std::size_t>(n_)]);
      std::copy_n(before, n_, starts.back().get());
    });
    AlignedArray stages(kPoints * std::int64_t{n_}), given(kPoints * std::int64_t{n_}), later(n_), before(n_),
        functional(n_);
    for (std::size_t step = widths.size(); step-- > 0;) {
      const double width = widths[step];
      const bool last = step + 1 == widths.size();
      const double* start = starts[step].get();
      factorise(width);
      solve_stages(start, width, stages.data());
      // Cotangents of the values at the points, and of the value at the beginning.
      given.clear();
      before.clear();
      for (std::int32_t i = 0; i < n_; ++i) given[(kPoints - 1) * std::int64_t{n_} + i] = later[i];
      double along[kPoints + 1] = {};
      for_times(question_.times, question_.count, begins[step], width, last, [&](std::int64_t j, double x) {
        double basis[kPoints + 1], derivative[kPoints + 1];
        table_.lagrange(x, basis, derivative);
        for (int k = 0; k <= kPoints; ++k) along[k] += basis[k] * value_cotangent[j];
      });
      for (std::int32_t i = 0; i < n_; ++i) {
        before[i] += along[0] * functional_[i];
        functional[i] += along[0] * start[i];
        for (int k = 0; k < kPoints; ++k) {
          given[k * std::int64_t{n_} + i] += along[k + 1] * functional_[i];
          functional[i] += along[k + 1] * stages[k * std::int64_t{n_} + i];
        }
      }
      for_times(question_.state_times, question_.state_count, begins[step], width, last, [&](std::int64_t s, double x) {
        double basis[kPoints + 1], derivative[kPoints + 1];
        table_.lagrange(x, basis, derivative);
        for (std::int32_t i = 0; i < n_; ++i) {
          const double cotangent = state_cotangent[s * n_ + plan_.vertex[i]];
          before[i] += basis[0] * cotangent;
          for (int k = 0; k < kPoints; ++k) given[k * std::int64_t{n_} + i] += basis[k + 1] * cotangent;
        }
      });
      pull_back_step(width, stages.data(), given.data(), before.data(), by_weight);
      std::swap(later, before);
    }
    for (std::int32_t i = 0; i < n_; ++i) {
      by_start[plan_.vertex[i]] += later[i];
      by_functional[plan_.vertex[i]] += functional[i];
    }
  }

 private:
  struct BlockOfRows {
    int row, size;
  };

  double dot(const double* a, const double* b) const {
    double sum = 0;
    for (std::int32_t i = 0; i < n_; ++i) sum += a[i] * b[i];
    return sum;
  }

  // Calls body(index, place in the step) for every time in [begin, begin + width), or up to its end.
  template <class Body>
  static void for_times(const double* times, std::int64_t count, double begin, double width, bool last,
                        const Body& body) {
    for (std::int64_t j = 0; j < count; ++j)
      if (times[j] >= begin && (last || times[j] < begin + width)) body(j, std::min((times[j] - begin) / width, 1.0));
  }

  // Take steps from 0 to the largest time; visit(begin, width, last, values before, values at the points) each.
  template <class Visit>
  void walk(const Visit& visit) {
    double end = 0, fastest = 0;
    for (std::int64_t j = 0; j < question_.count; ++j) end = std::max(end, question_.times[j]);
    for (std::int64_t s = 0; s < question_.state_count; ++s) end = std::max(end, question_.state_times[s]);
    for (std::int32_t i = 0; i < states_; ++i) fastest = std::max(fastest, leaving(i));
    AlignedArray before(n_), stages(kPoints * std::int64_t{n_});
    for (std::int32_t i = 0; i < n_; ++i) before[i] = question_.start[plan_.vertex[i]];
    const double allowed = question_.tolerance / 100;
    double begin = 0, width = fastest > 0 ? std::min(end, 1 / fastest) : end;
    for (;;) {
      const bool last = begin + width >= end;
      if (last) width = end - begin;
      if (!(width > 0)) width = std::max(end, 1e-300);  // all times are 0
      factorise(width);
      solve_stages(before.data(), width, stages.data());
      const double bound = leading_size(before.data(), stages.data()) * table_.variation;
      const double floor = rounding() * size(before.data());
      if (!(bound <= 1e300)) return visit(begin, width, true, before.data(), stages.data());  // NaN, to be seen
      if (bound > std::max(allowed, floor)) {
        width *= std::max(0.1, 0.9 * std::pow(std::max(allowed, floor) / bound, 1.0 / kPoints));
        continue;
      }
      // A bound that is rounding says nothing about the step.
      const double growth = bound <= floor ? 2 : 0.9 * std::pow(allowed / bound, 1.0 / kPoints);
      visit(begin, width, last, before.data(), stages.data());
      if (last) return;
      begin += width;
      std::copy_n(stages.data() + (kPoints - 1) * std::int64_t{n_}, n_, before.data());
      width *= std::clamp(growth, 0.5, 4.0);
    }
  }

  double leaving(std::int32_t i) const {
    double sum = 0;
    const auto add = [&](const std::int32_t* offsets, const std::int32_t* edge) {
      for (std::int32_t e = offsets[i]; e < offsets[i + 1]; ++e) sum += weights_[edge[e]];
    };
    add(plan_.inner_offsets, plan_.inner_edge);
    add(plan_.outer_offsets, plan_.outer_edge);
    add(plan_.end_offsets, plan_.end_edge);
    return sum;
  }

  // What rounding leaves of a bound: no smaller step makes it smaller.
  double rounding() const {
    double sum = 0;
    for (int i = 0; i <= kPoints; ++i) sum += std::fabs(table_.leading[i]);
    return std::numeric_limits<double>::epsilon() * sum * table_.variation;
  }

  double size(const double* state) const {
    double sum = 0;
    for (std::int32_t i = 0; i < n_; ++i) sum += std::fabs(state[i]);
    return sum;
  }

  double leading_size(const double* before, const double* stages) const {
    double size = 0;
    for (std::int32_t i = 0; i < n_; ++i) {
      double sum = table_.leading[0] * before[i];
      for (int k = 0; k < kPoints; ++k) sum += table_.leading[k + 1] * stages[k * std::int64_t{n_} + i];
      size += std::fabs(sum);
    }
    return size;
  }

  // The eigenvalue of a block, of positive imaginary part; for a transposed block the same.
  Complex eigenvalue(const BlockOfRows& block) const {
    const double* t = table_.triangular;
    const double a = t[block.row * kPoints + block.row];
    if (block.size == 1) return a;
    return {a, std::sqrt(-t[block.row * kPoints + block.row + 1] * t[(block.row + 1) * kPoints + block.row])};
  }

  // One elimination for each block; kept, for the way back needs them twice.
  void factorise(double width) {
    if (width == width_) return;
    width_ = width;
    factors_.clear();
    for (const BlockOfRows& block : blocks_) {
      const Complex z = reciprocal(eigenvalue(block) * width);
      if (block.size == 1) {
        real_.factorise(z.re);
      } else {
        factors_.push_back(std::make_unique<Elimination<Complex>>(plan_, weights_));
        factors_.back()->factorise(z);
      }
    }
  }

  // Rows x of one block with x = right + width S x Q (or, transposed, columns with S' and Q x); `right` becomes what
  // width x Q is. S is the block of T, or of its transpose.
  void solve_block(const BlockOfRows& block, const Elimination<Complex>* factor, bool column, double* right, double* x) {
    const double* t = table_.triangular + block.row * kPoints + block.row;
    const Complex scale = reciprocal(eigenvalue(block) * width_);
    if (block.size == 1) {
      for (std::int32_t i = 0; i < states_; ++i) x[i] = scale.re * right[i];
      column ? real_.solve(x) : real_.solve_row(x);
      for (std::int32_t i = 0; i < states_; ++i) right[i] = (x[i] - right[i]) / t[0];
      return;
    }
    const double a = t[0], b = column ? t[kPoints] : t[1], c = column ? t[1] : t[kPoints];
    const double frequency = std::sqrt(-b * c);
    double *right2 = right + states_, *x2 = x + states_;
    row_.resize(static_cast<std::size_t>(states_));
    for (std::int32_t i = 0; i < states_; ++i)
      row_[i] = scale * Complex(0.5 * right[i] / b, -0.5 * right2[i] / frequency);
    column ? factor->solve(row_.data()) : factor->solve_row(row_.data());
    const double determinant = a * a - b * c;
    for (std::int32_t i = 0; i < states_; ++i) {
      x[i] = 2 * b * row_[i].re;
      x2[i] = -2 * frequency * row_[i].im;
      const double first = x[i] - right[i], second = x2[i] - right2[i];
      right[i] = (a * first - b * second) / determinant;
      right2[i] = (a * second - c * first) / determinant;
    }
  }

  // The values at the points of all states, from those before.
  void solve_stages(const double* before, double width, double* stages) {
    const double *u = table_.vectors, *t = table_.triangular;
    transformed_.resize(static_cast<std::size_t>(kPoints) * states_);
    moved_.resize(transformed_.size());
    std::size_t pair = factors_.size();
    for (std::size_t number = blocks_.size(); number-- > 0;) {
      const BlockOfRows& block = blocks_[number];
      for (int row = block.row; row < block.row + block.size; ++row) {
        double sum = 0;
        for (int k = 0; k < kPoints; ++k) sum += u[k * kPoints + row];
        double* right = moved_.data() + static_cast<std::size_t>(row) * states_;
        for (std::int32_t i = 0; i < states_; ++i) right[i] = sum * before[i];
        for (int k = block.row + block.size; k < kPoints; ++k) {
          const double factor = t[row * kPoints + k];
          const double* other = moved_.data() + static_cast<std::size_t>(k) * states_;
          for (std::int32_t i = 0; i < states_; ++i) right[i] += factor * other[i];
        }
      }
      const std::size_t place = static_cast<std::size_t>(block.row) * states_;
      const Elimination<Complex>* factor = block.size == 2 ? factors_[--pair].get() : nullptr;
      solve_block(block, factor, false, moved_.data() + place, transformed_.data() + place);
    }
    multiply(u, false, transformed_.data(), states_, stages, n_);
    // What has been absorbed by the time of each point.
    AlignedArray flow(kPoints * std::int64_t{n_ - states_});
    for (int k = 0; k < kPoints; ++k)
      for (std::int32_t i = 0; i < states_; ++i)
        for (std::int32_t e = plan_.end_offsets[i]; e < plan_.end_offsets[i + 1]; ++e)
          flow[k * std::int64_t{n_ - states_} + plan_.end_state[e] - states_] +=
              stages[k * std::int64_t{n_} + i] * weights_[plan_.end_edge[e]];
    for (int row = 0; row < kPoints; ++row)
      for (std::int32_t i = states_; i < n_; ++i) {
        double sum = 0;
        for (int k = 0; k < kPoints; ++k)
          sum += table_.matrix[row * kPoints + k] * flow[k * std::int64_t{n_ - states_} + i - states_];
        stages[row * std::int64_t{n_} + i] = before[i] + width * sum;
      }
  }

  // result[row] = sum_k m[row, k] given[k], or with m transposed, over `states_` numbers; rows are `spacing` apart.
  void multiply(const double* m, bool transposed, const double* given, std::int64_t given_spacing, double* result,
                std::int64_t spacing) const {
    for (int row = 0; row < kPoints; ++row) {
      double* to = result + row * spacing;
      std::fill_n(to, states_, 0.0);
      for (int k = 0; k < kPoints; ++k) {
        const double factor = transposed ? m[k * kPoints + row] : m[row * kPoints + k];
        const double* from = given + k * given_spacing;
        for (std::int32_t i = 0; i < states_; ++i) to[i] += factor * from[i];
      }
    }
  }

  // The adjoint of a step. `given` are cotangents of the values at the points; it is used up.
  void pull_back_step(double width, const double* stages, double* given, double* before, double* by_weight) {
    const double *u = table_.vectors, *t = table_.triangular, *m = table_.matrix;
    const std::int64_t n = n_;
    // Absorbing states first: their values are integrals of what flows in. z = width A' (their cotangents).
    AlignedArray z(kPoints * n);
    for (std::int32_t i = states_; i < n_; ++i)
      for (int k = 0; k < kPoints; ++k) {
        before[i] += given[k * n + i];
        double sum = 0;
        for (int row = 0; row < kPoints; ++row) sum += m[row * kPoints + k] * given[row * n + i];
        z[k * n + i] = width * sum;
      }
    for (int k = 0; k < kPoints; ++k)
      for (std::int32_t i = 0; i < states_; ++i)
        for (std::int32_t e = plan_.end_offsets[i]; e < plan_.end_offsets[i + 1]; ++e)
          given[k * n + i] += weights_[plan_.end_edge[e]] * z[k * n + plan_.end_state[e]];
    // The transposed equations, from the first block on.
    std::vector<double> right(static_cast<std::size_t>(kPoints) * states_);
    multiply(u, true, given, n, right.data(), states_);
    std::size_t pair = 0;
    for (const BlockOfRows& block : blocks_) {
      for (int row = block.row; row < block.row + block.size; ++row) {
        double* to = right.data() + static_cast<std::size_t>(row) * states_;
        for (int k = 0; k < block.row; ++k) {
          const double factor = t[k * kPoints + row];
          const double* other = right.data() + static_cast<std::size_t>(k) * states_;
          for (std::int32_t i = 0; i < states_; ++i) to[i] += factor * other[i];
        }
      }
      const std::size_t place = static_cast<std::size_t>(block.row) * states_;
      const Elimination<Complex>* factor = block.size == 2 ? factors_[pair++].get() : nullptr;
      solve_block(block, factor, true, right.data() + place, transformed_.data() + place);
    }
    std::vector<double>& y = moved_;
    multiply(u, false, transformed_.data(), states_, y.data(), states_);
    for (int k = 0; k < kPoints; ++k)
      for (std::int32_t i = 0; i < states_; ++i) before[i] += y[static_cast<std::size_t>(k) * states_ + i];
    multiply(m, true, y.data(), states_, z.data(), n);
    for (int k = 0; k < kPoints; ++k)
      for (std::int32_t i = 0; i < states_; ++i) z[k * n + i] *= width;
    const auto along = [&](std::int32_t i, std::int32_t j, bool leaves) {
      double sum = 0;
      for (int k = 0; k < kPoints; ++k) sum += stages[k * n + i] * (z[k * n + j] - (leaves ? z[k * n + i] : 0));
      return sum;
    };
    for (std::int32_t i = 0; i < states_; ++i) {
      for (std::int32_t e = plan_.inner_offsets[i]; e < plan_.inner_offsets[i + 1]; ++e)
        by_weight[plan_.inner_edge[e]] += along(i, plan_.inner_state[e], true);
      for (std::int32_t e = plan_.outer_offsets[i]; e < plan_.outer_offsets[i + 1]; ++e)
        by_weight[plan_.outer_edge[e]] += along(i, plan_.outer_state[e], plan_.outer_leaves[e]);
      for (std::int32_t e = plan_.end_offsets[i]; e < plan_.end_offsets[i + 1]; ++e)
        by_weight[plan_.end_edge[e]] += along(i, plan_.end_state[e], true);
    }
  }

  const EliminationPlan& plan_;
  const double* weights_;
  const RadauTable& table_;
  const Question& question_;
  std::int32_t n_, states_;
  AlignedArray functional_;
  Elimination<double> real_;
  std::vector<BlockOfRows> blocks_;
  std::vector<std::unique_ptr<Elimination<Complex>>> factors_;
  double width_ = -1;
  std::vector<double> transformed_, moved_;
  std::vector<Complex> row_;
};

}  // namespace sharpbits::phasetype
