// How much each step of a chain counts at each time: Poisson probabilities in continuous time, one step in discrete time.
//
// Steps come in blocks of 32 (or 16). Within one, the probabilities of a time with mean x are a first one times products
// of x / k, so what the block adds to the time's sum is a polynomial in x, one multiply-add a step; and many times are
// evaluated side by side in vector lanes. The first one is carried on from block to block and set anew every 1024 steps.
// Probabilities below 1e-300 at the beginning of their block are dropped, nothing else is: errors stay relative.
#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include "aligned.hpp"
#include "chain.hpp"
#include "poisson.hpp"

namespace sharpbits::phasetype {

class PoissonWeights {
 public:
  // rate * times are the means; times must be finite and not negative.
  PoissonWeights(const Kernels& kernels, const double* times, std::int64_t count, double rate)
      : kernels_(kernels), block_(kRun * kernels.lanes), count_(count), padded_((count + 7) / 8 * 8), order_(count),
        mean_(padded_), ratio_(padded_), scale_(padded_), scaled_(padded_), coefficient_(block_), scratch_(block_) {
    std::iota(order_.begin(), order_.end(), 0);
    std::sort(order_.begin(), order_.end(), [&](auto a, auto b) { return times[a] < times[b]; });
    for (std::int64_t j = 0; j < count_; ++j) mean_[j] = rate * times[order_[j]];
    enter(0);
  }

  std::int64_t count() const { return count_; }
  double largest_mean() const { return count_ ? mean_[count_ - 1] : 0; }
  // Which time stands at place j; they are in ascending order.
  std::int64_t original(std::int64_t j) const { return order_[j]; }

  // Go to the block that begins with this step: 0, or the one behind the present block, or any other.
  void enter(double step) {
    const bool next = step == step_ + block_;
    step_ = step;
    set_coefficients();
    if (!next) {
      begin_ = end_ = 0;
      ratio_.clear();
      scale_.clear();
    }
    const bool anew = !next || std::fmod(step, 1024) == 0;
    for (std::int64_t j = begin_; j < end_; ++j)
      scale_[j] = anew ? std::exp(log_poisson(step, mean_[j])) : scale_[j] * power(ratio_[j]) * past_;
    for (; end_ < count_; ++end_) {
      const double logarithm = log_poisson(step, mean_[end_]);
      if (logarithm < kSmallestLogarithm && mean_[end_] > step) break;
      scale_[end_] = std::exp(logarithm);
    }
    for (; begin_ < end_ && scale_[begin_] < kSmallest && mean_[begin_] <= step; ++begin_)
      scale_[begin_] = ratio_[begin_] = 0;
    const double middle = step + block_ / 2;
    for (std::int64_t j = begin_; j < end_; ++j) ratio_[j] = mean_[j] / middle;
    past_ = past();
  }

  // Add the block's part of sum_k weight[k] value[k] to every time's total, in ascending order of time.
  void add(const double* value, double* total) {
    for (int i = 0; i < block_; ++i) scratch_[i] = coefficient_[i] * value[i];
    const std::int64_t first = begin_ / 8 * 8, last = (end_ + 7) / 8 * 8;
    kernels_.polynomials(last - first, ratio_.data() + first, scale_.data() + first, scratch_.data(), total + first);
  }

  // sum_j factor[j] weight[j, k] for every step k of the block; the factors in ascending order of time, padded to 8.
  void transpose(const double* factor, double* value) {
    const std::int64_t first = begin_ / 8 * 8, last = (end_ + 7) / 8 * 8;
    for (std::int64_t j = first; j < last; ++j) scaled_[j] = scale_[j] * factor[j];
    kernels_.power_sums(last - first, ratio_.data() + first, scaled_.data() + first, coefficient_.data(), value);
  }

  // The weights of the time at place j in this block.
  void weights(std::int64_t j, double* weight) const {
    double value = j >= begin_ && j < end_ ? scale_[j] : 0;
    for (int i = 0; i < block_; ++i) {
      weight[i] = value * coefficient_[i];
      value *= ratio_[j];
    }
  }

  // A bound of sum_{k >= k1} weight[k] growth^(k - k1), k1 the first step behind the block: a geometric series.
  double bound_behind(std::int64_t j, double growth) const {
    if (j < begin_) return 0;
    const double behind = step_ + block_, ratio = mean_[j] * growth / (behind + 1);
    if (j >= end_ || ratio >= 1) return 1e300;
    return scale_[j] * power(ratio_[j]) * past_ / (1 - ratio);
  }

  // sum_{k >= k1} weight[k], k1 the first step behind the block.
  double probability_behind(std::int64_t j) const {
    if (j < begin_) return 0;
    if (j >= end_) return 1;
    const double behind = step_ + block_, mean = mean_[j];
    if (mean < behind) {
      double total = 0;
      for (double k = behind, term = std::exp(log_poisson(k, mean)); term > 1e-17 * total; term *= mean / ++k)
        total += term;
      return total;
    }
    double before = 0;
    double k = behind - 1, term = std::exp(log_poisson(k, mean));
    for (; term > 1e-17 * before && k >= 0; term *= k-- / mean) before += term;
    return 1 - before;
  }

 private:
  static constexpr double kSmallest = 1e-300, kSmallestLogarithm = -690;

  // weight[step + i] = scale * coefficient[i] * ratio^i.
  void set_coefficients() {
    const double middle = step_ + block_ / 2;
    coefficient_[0] = 1;
    for (int i = 1; i < block_; ++i) coefficient_[i] = coefficient_[i - 1] * (middle / (step_ + i));
  }
  double past() const {
    const double middle = step_ + block_ / 2;
    return coefficient_[block_ - 1] * (middle / (step_ + block_));
  }
  double power(double ratio) const {
    for (int size = 1; size < block_; size *= 2) ratio *= ratio;
    return ratio;
  }

  const Kernels& kernels_;
  int block_;
  std::int64_t count_, padded_;
  std::vector<std::int64_t> order_;
  AlignedArray mean_, ratio_, scale_, scaled_, coefficient_, scratch_;
  double step_ = -1, past_ = 1;
  std::int64_t begin_ = 0, end_ = 0;  // the times that the block counts for
};

// A time is a number of steps: it has weight 1 at that step.
class StepTimes {
 public:
  StepTimes(const Kernels& kernels, const double* times, std::int64_t count, double)
      : block_(kRun * kernels.lanes), order_(count), time_(count) {
    std::iota(order_.begin(), order_.end(), 0);
    std::sort(order_.begin(), order_.end(), [&](auto a, auto b) { return times[a] < times[b]; });
    for (std::int64_t j = 0; j < count; ++j) time_[j] = times[order_[j]];
    enter(0);
  }

  std::int64_t count() const { return static_cast<std::int64_t>(time_.size()); }
  double largest_mean() const { return time_.empty() ? 0 : time_.back(); }
  std::int64_t original(std::int64_t j) const { return order_[j]; }

  void enter(double step) {
    step_ = step;
    begin_ = std::lower_bound(time_.begin(), time_.end(), step) - time_.begin();
    end_ = std::lower_bound(time_.begin(), time_.end(), step + block_) - time_.begin();
  }

  void add(const double* value, double* total) {
    for (std::int64_t j = begin_; j < end_; ++j) total[j] += value[offset(j)];
  }

  void transpose(const double* factor, double* value) {
    std::fill_n(value, block_, 0.0);
    for (std::int64_t j = begin_; j < end_; ++j) value[offset(j)] += factor[j];
  }

  void weights(std::int64_t j, double* weight) const {
    std::fill_n(weight, block_, 0.0);
    if (j >= begin_ && j < end_) weight[offset(j)] = 1;
  }

  double bound_behind(std::int64_t j, double) const { return j < end_ ? 0 : 1e300; }
  double probability_behind(std::int64_t j) const { return j < end_ ? 0 : 1; }

 private:
  std::int64_t offset(std::int64_t j) const { return static_cast<std::int64_t>(time_[j] - step_); }

  int block_;
  std::vector<std::int64_t> order_;
  std::vector<double> time_;
  double step_ = 0;
  std::int64_t begin_ = 0, end_ = 0;
};

}  // namespace sharpbits::phasetype
