// Expectations h(t) = alpha exp(Q t) e, states alpha exp(Q t), and their exact derivatives, by uniformization.
//
// Forward: h(t) = sum_k weight(k, t) u[k] e, one sequence u[k] for all times, ended as soon as a bound of what is left
// out falls below `tolerance` times the sum, for every time. All terms are of one sign where e is: the error is relative.
//
// Back: with y[k] = weight[k] e + P y[k+1], weight[k] = sum_t cotangent(t) weight(k, t), the derivative by the weight of
// edge i -> j is sum_k u[k, i] (y[k+1, j] - y[k+1, i]) / rate, the one by alpha is y[0], the one by e sum_k weight[k] u[k].
// u is computed again from at most `kKept` states kept on the way forward. Cost: one forward, one backward and one
// product for each edge, whatever the number of times and of parameters. The rate counts as a constant: the value
// does not depend on it.
#pragma once

#include <cstdio>
#include <cstring>

#include "handling.hpp"
#include "question.hpp"
#include "step_weights.hpp"
#include "uniformized.hpp"

namespace sharpbits::phasetype {

// States kept on the way forward, every `stride` blocks, for the way back: doubles as bytes, in the order of the plan.
struct Checkpoints {
  static constexpr std::int64_t kKept = 64;
  unsigned char* states = nullptr;  // [kKept, vertices * 8]
  std::int64_t blocks = 0, stride = 1;

  void keep(std::int64_t block, const double* state, std::int64_t n) {
    if (block % stride) return;
    const std::size_t bytes = sizeof(double) * static_cast<std::size_t>(n);
    if (block / stride == kKept) {
      for (std::size_t slot = 1; 2 * slot < kKept; ++slot)
        std::memcpy(states + slot * bytes, states + 2 * slot * bytes, bytes);
      stride *= 2;
    }
    std::memcpy(states + static_cast<std::size_t>(block / stride) * bytes, state, bytes);
  }
  void fetch(std::int64_t block, double* state, std::int64_t n) const {
    const std::size_t bytes = sizeof(double) * static_cast<std::size_t>(n);
    std::memcpy(state, states + static_cast<std::size_t>(block / stride) * bytes, bytes);
  }
};

template <class Weights>
class Uniformization {
 public:
  Uniformization(const Kernels& kernels, const Uniformized& chain, const Question& question)
      : kernels_(kernels), block_(kRun * kernels.lanes), source_(chain), chain_(chain.chain()), n_(chain_.states),
        question_(question), times_(kernels, question.times, question.count, chain.rate()),
        state_times_(kernels, question.state_times, question.state_count, chain.rate()), functional_(n_), carry_(n_),
        tile_((block_ + 2) * ((chain_.largest_component + std::int64_t{kernels.lanes} - 1) / kernels.lanes * kernels.lanes)), sum_weights_(question.state_count * block_) {
    for (std::int64_t i = 0; i < n_; ++i) functional_[i] = question.functional[source_.plan().order[i]];
    for (std::int64_t i = 0; i < chain_.transient; ++i) most_ = std::max(most_, std::fabs(functional_[i]));
  }

  // value[count], slope[count] (the derivative by time) or null, state[state_count, vertices]; checkpoints may be null.
  Refusal forward(double* value, double* slope, double* state, Checkpoints* checkpoints) {
    const std::int64_t padded = (times_.count() + 7) / 8 * 8, sums = state_times_.count();
    AlignedArray total(padded), slope_total(padded), block_total(block_), block_slope(block_);
    AlignedArray slope_functional(slope ? n_ : 0), sum(sums * n_ * kernels_.lanes);
    if (slope) apply_generator(slope_functional.data());
    double* u = scratch(block_);
    set_start();
    ForwardBlock block{carry_.data(), u, tile_.data(), functional_.data(), block_total.data(),
                       slope ? slope_functional.data() : nullptr, block_slope.data(), static_cast<std::int32_t>(sums),
                       sum_weights_.data(), sum.data()};
    for (std::int64_t count = 0;; ++count) {
      const double step = static_cast<double>(count) * block_;
      if (step > question_.most_steps) return too_many_steps();
      times_.enter(step);
      state_times_.enter(step);
      arrange_sum_weights();
      if (checkpoints) checkpoints->keep(count, carry_.data(), n_);
      block_total.clear();
      block_slope.clear();
      kernels_.forward(chain_, block, 0, chain_.components);
      times_.add(block_total.data(), total.data());
      if (slope) times_.add(block_slope.data(), slope_total.data());
      if (!finished(total.data())) continue;
      if (checkpoints) checkpoints->blocks = count + 1;
      break;
    }
    const double absorbed = absorbed_value();
    for (std::int64_t j = 0; j < times_.count(); ++j) {
      const double behind = absorbed != 0 ? times_.probability_behind(j) * absorbed : 0;
      value[times_.original(j)] = total[j] + behind;
      if (slope) slope[times_.original(j)] = source_.rate() * slope_total[j];
    }
    for (std::int64_t s = 0; s < sums; ++s) {
      double* row = state + state_times_.original(s) * n_;
      const double behind = state_times_.probability_behind(s);
      for (std::int64_t i = 0; i < n_; ++i) {
        double here = 0;
        for (int lane = 0; lane < kernels_.lanes; ++lane) here += sum[(s * n_ + i) * kernels_.lanes + lane];
        row[source_.plan().order[i]] = here + (i >= chain_.transient ? behind * carry_[i] : 0);
      }
    }
    return {};
  }

  // The cotangents of value and state, pulled back to by_weight[weights], by_start and by_functional[vertices].
  void backward(const Checkpoints& checkpoints, const double* value_cotangent, const double* state_cotangent,
                double* by_weight, double* by_start, double* by_functional) {
    const Plan& plan = source_.plan();
    const std::int64_t sums = state_times_.count();
    step_weights_ = AlignedArray(checkpoints.blocks * block_);
    AlignedArray factor((times_.count() + 7) / 8 * 8), row(sums * n_);
    for (std::int64_t j = 0; j < times_.count(); ++j) factor[j] = value_cotangent[times_.original(j)];
    for (std::int64_t count = 0; count < checkpoints.blocks; ++count) {
      times_.enter(static_cast<double>(count) * block_);
      times_.transpose(factor.data(), step_weights_.data() + count * block_);
    }
    for (std::int64_t s = 0; s < sums; ++s)
      for (std::int64_t i = 0; i < n_; ++i)
        row[s * n_ + i] = state_cotangent[state_times_.original(s) * n_ + plan.order[i]];
    AlignedArray y(n_ * block_), behind(n_), by_edge(plan.edges), by_state(n_), functional_sum(n_);
    // What is behind the last block is the absorbing states' alone, and they are where they were.
    add_behind(factor.data(), row.data(), checkpoints.blocks, behind.data(), functional_sum.data());
    back_ = {behind.data(), nullptr, y.data(), tile_.data(), functional_.data(), nullptr, static_cast<std::int32_t>(sums),
             row.data(), sum_weights_.data(), by_edge.data(), by_state.data(), functional_sum.data()};
    for (std::int64_t first = (checkpoints.blocks - 1) / checkpoints.stride * checkpoints.stride; first >= 0;
         first -= checkpoints.stride) {
      checkpoints.fetch(first, carry_.data(), n_);
      back_through(first, std::min(first + checkpoints.stride, checkpoints.blocks));
    }
    const double unit = source_.rate() > 0 ? 1 / source_.rate() : 0;
    std::fill_n(by_weight, plan.weights, 0.0);
    for (std::int64_t i = 0; i < n_; ++i) {
      by_start[plan.order[i]] = behind[i];
      by_functional[plan.order[i]] = functional_sum[i];
      for (std::int32_t e = plan.out_offsets[i]; e < plan.out_offsets[i + 1]; ++e)
        by_weight[plan.out_edge[e]] = unit * (by_edge[e] - (plan.leaves[e] ? by_state[i] : 0));
    }
  }

 private:
  // Blocks of u for one stretch of the way back; beyond this they are computed again from further kept states.
  static constexpr std::int64_t kStretchBytes = std::int64_t{64} << 20;

  double* scratch(std::int64_t steps) {
    const std::size_t states = static_cast<std::size_t>(std::max<std::int64_t>(n_, 1));
    return static_cast<double*>(
        ScratchMemory::of_this_thread().at_least(sizeof(double) * states * static_cast<std::size_t>(steps)));
  }

  void set_start() {
    for (std::int64_t i = 0; i < n_; ++i) carry_[i] = question_.start[source_.plan().order[i]];
  }

  // Q e / rate: what the functional gains in a step.
  void apply_generator(double* result) const {
    for (std::int64_t i = 0; i < n_; ++i) {
      double gain = 0;
      for (std::int32_t e = chain_.out.offsets[i]; e < chain_.out.offsets[i + 1]; ++e)
        gain += chain_.out.weight[e] *
                (functional_[chain_.out.neighbour[e]] - (source_.plan().leaves[e] ? functional_[i] : 0));
      result[i] = gain;
    }
  }

  void arrange_sum_weights() {
    if (state_times_.count() == 0) return;
    AlignedArray weights(block_);
    for (std::int64_t s = 0; s < state_times_.count(); ++s) {
      state_times_.weights(s, weights.data());
      for (int step = 0; step < block_; ++step)
        sum_weights_[s * block_ + step % kRun * kernels_.lanes + step / kRun] = weights[step];
    }
  }

  double transient_mass() const {
    double mass = 0;
    for (std::int64_t i = 0; i < chain_.transient; ++i) mass += std::fabs(carry_[i]);
    return mass;
  }

  double absorbed_value() const {
    double value = 0;
    for (std::int64_t i = chain_.transient; i < n_; ++i) value += carry_[i] * functional_[i];
    return value;
  }

  // Whether what lies behind this block changes no result.
  bool finished(const double* total) const {
    constexpr double kNothing = 1e-290;
    const double mass = transient_mass(), value = absorbed_value();
    if (!(mass == mass)) return true;
    if (source_.growth() == 1) {
      const bool states_done = state_times_.count() == 0 || mass <= kNothing;
      if (states_done && (mass <= kNothing || mass * most_value() <= 1e-18 * std::fabs(value))) return true;
    }
    const double left = mass * most_value() + std::fabs(value);
    for (std::int64_t j = times_.count() - 1; j >= 0; --j) {
      const double bound = times_.bound_behind(j, source_.growth()) * left;
      if (bound > question_.tolerance * std::fabs(total[j]) && bound > kNothing * left) return false;
    }
    for (std::int64_t s = state_times_.count() - 1; s >= 0; --s)
      if (state_times_.bound_behind(s, source_.growth()) > question_.tolerance / 2) return false;
    return true;
  }
  double most_value() const {
    double most = most_;
    for (std::int64_t i = chain_.transient; i < n_; ++i) most = std::max(most, std::fabs(functional_[i]));
    return most;
  }

  Refusal too_many_steps() const {
    const double largest = std::max(times_.largest_mean(), state_times_.largest_mean());
    const auto number = [](double x) {
      char text[32];
      std::snprintf(text, sizeof text, "%.3g", x);
      return std::string(text);
    };
    return "sharpbits: the chain moves up to " + number(largest) + " times until the largest time, and it is not " +
           "absorbed after the " + number(question_.most_steps) + " steps that max_steps allows (states: " +
           std::to_string(n_) + ", largest rate: " + number(source_.rate()) + ")";
  }

  // What the absorbing states' share behind the last block gives to the derivatives.
  void add_behind(const double* factor, const double* row, std::int64_t blocks, double* behind, double* functional_sum) {
    times_.enter(static_cast<double>(blocks - 1) * block_);
    state_times_.enter(static_cast<double>(blocks - 1) * block_);
    double weight = 0;
    for (std::int64_t j = 0; j < times_.count(); ++j) weight += factor[j] * times_.probability_behind(j);
    for (std::int64_t i = chain_.transient; i < n_; ++i) {
      behind[i] = weight * functional_[i];
      for (std::int64_t s = 0; s < state_times_.count(); ++s)
        behind[i] += state_times_.probability_behind(s) * row[s * n_ + i];
    }
    absorbed_weight_ = weight;
    functional_sum_ = functional_sum;
  }

  // The way back through blocks [first, last); carry_ is the state before them.
  void back_through(std::int64_t first, std::int64_t last) {
    const std::int64_t bytes = std::int64_t{8} * block_ * std::max<std::int64_t>(n_, 1);
    const std::int64_t direct = std::max<std::int64_t>(1, kStretchBytes / bytes);
    if (last - first > direct) {
      // Stretches of equal length, each from a state of its own.
      const std::int64_t length = std::max(direct, (last - first + Checkpoints::kKept - 1) / Checkpoints::kKept);
      const std::int64_t parts = (last - first + length - 1) / length;
      AlignedArray starts(parts * n_);
      for (std::int64_t part = 0; part < parts; ++part) {
        std::memcpy(starts.data() + part * n_, carry_.data(), sizeof(double) * n_);
        if (part + 1 < parts) recompute(first + part * length, first + (part + 1) * length, scratch(block_), 0);
      }
      for (std::int64_t part = parts - 1; part >= 0; --part) {
        std::memcpy(carry_.data(), starts.data() + part * n_, sizeof(double) * n_);
        back_through(first + part * length, std::min(first + (part + 1) * length, last));
      }
      return;
    }
    double* u = scratch(block_ * (last - first));
    recompute(first, last, u, n_ * block_);
    if (last * block_ == step_weights_.size())  // behind the last block of all
      for (std::int64_t i = chain_.transient; i < n_; ++i) functional_sum_[i] += absorbed_weight_ * carry_[i];
    for (std::int64_t count = last - 1; count >= first; --count) {
      state_times_.enter(static_cast<double>(count) * block_);
      arrange_sum_weights();
      back_.u = u + (count - first) * n_ * block_;
      back_.weight = step_weights_.data() + count * block_;
      kernels_.backward(chain_, back_, 0, chain_.components);
    }
  }

  // Blocks [first, last) of u from the state in carry_, each `spacing` numbers behind the one before.
  void recompute(std::int64_t first, std::int64_t last, double* u, std::int64_t spacing) {
    ForwardBlock block{carry_.data(), u, tile_.data(), nullptr, nullptr, nullptr, nullptr, 0, nullptr, nullptr};
    for (std::int64_t count = first; count < last; ++count, block.u += spacing)
      kernels_.forward(chain_, block, 0, chain_.components);
  }

  const Kernels& kernels_;
  int block_;
  const Uniformized& source_;
  Chain chain_;
  std::int64_t n_;
  const Question& question_;
  Weights times_, state_times_;
  AlignedArray functional_, carry_, tile_, sum_weights_, step_weights_;
  double most_ = 0, absorbed_weight_ = 0;
  double* functional_sum_ = nullptr;
  BackwardBlock back_{};
};

}  // namespace sharpbits::phasetype
