// The weights of one row of edges for a group of θ, checked as `sharpbits.phasetype.weights` checks them.
#pragma once

#include <algorithm>

#include "elimination_lanes.hpp"
#include "elimination_replay.hpp"

namespace sharpbits::elimination::SHARPBITS_ISA {

// By how much probabilities may sum to more than 1 (checks.py).
constexpr double kSumTolerance = 1e-12;

template <class V>
class RowWeights {
 public:
  RowWeights(const Tape& tape, const Weights& weights, std::int64_t discrete)
      : tape_(tape), weights_(weights), discrete_(discrete) {
    theta_.allocate(weights.parameters);
  }

  // Take the θ of lanes [first, first + count); lanes from `count` on repeat the last.
  void take(std::int64_t first, std::int64_t count) {
    for (int lane = 0; lane < Lanes<V>::count; ++lane) {
      const std::int64_t row = first + std::min<std::int64_t>(lane, count - 1);
      refused_[lane] = false;
      if (weights_.given)
        given_[lane] = weights_.given + row * tape_.edges;
      else
        for (std::int64_t q = 0; q < weights_.parameters; ++q)
          Lanes<V>::at(theta_[q], lane) = weights_.theta[row * weights_.parameters + q];
    }
  }

  // Write the weights of the edges out of a vertex.
  void write(std::int32_t vertex, V* row) {
    const std::int64_t begin = tape_.edge_offsets[vertex], end = tape_.edge_offsets[vertex + 1];
    V least{}, sum{};
    for (std::int64_t e = begin; e < end; ++e) {
      const V weight = value(e);
      row[e - begin] = weight;
      least = Lanes<V>::select(weight < least, weight, least);
      sum += weight;
    }
    if (!all_finite_and_not_negative(least, sum)) settle(begin, end, row);
    if (discrete_ && !Lanes<V>::all(sum <= 1 + kSumTolerance))
      for (int lane = 0; lane < Lanes<V>::count; ++lane) refused_[lane] |= !(Lanes<V>::at(sum, lane) <= 1 + kSumTolerance);
  }

  bool refused(int lane) const { return refused_[lane]; }

 private:
  V value(std::int64_t e) {
    V weight;
    if (weights_.given) {
      for (int lane = 0; lane < Lanes<V>::count; ++lane) Lanes<V>::at(weight, lane) = given_[lane][e];
      return weight;
    }
    const double* coefficients = weights_.coefficients + e * weights_.parameters;
    V along{};
    for (std::int64_t q = 0; q < weights_.parameters; ++q) along += coefficients[q] * theta_[q];
    if (!weights_.log_linear) return along + weights_.base[e];
    for (int lane = 0; lane < Lanes<V>::count; ++lane)
      Lanes<V>::at(weight, lane) = weights_.base[e] * std::exp(Lanes<V>::at(along, lane));
    return weight;
  }

  // A weight may miss 0 by the rounding of its terms: that is no negative weight.
  void settle(std::int64_t begin, std::int64_t end, V* row) {
    for (std::int64_t e = begin; e < end; ++e)
      for (int lane = 0; lane < Lanes<V>::count; ++lane) {
        double& weight = Lanes<V>::at(row[e - begin], lane);
        if (weight >= 0 && weight <= std::numeric_limits<double>::max()) continue;
        double size = 0;
        if (!weights_.given && !weights_.log_linear) {
          size = std::abs(weights_.base[e]);
          for (std::int64_t q = 0; q < weights_.parameters; ++q)
            size += std::abs(weights_.coefficients[e * weights_.parameters + q] * Lanes<V>::at(theta_[q], lane));
        }
        const double rounding =
            static_cast<double>(weights_.parameters + 1) * std::numeric_limits<double>::epsilon() * size;
        if (!(weight < 0 && weight >= -rounding)) refused_[lane] = true;
        weight = 0;
      }
  }

  const Tape& tape_;
  const Weights& weights_;
  std::int64_t discrete_;
  Buffer<V> theta_;
  const double* given_[8];
  bool refused_[8];
};

}  // namespace sharpbits::elimination::SHARPBITS_ISA
