// A chain in continuous time seen through a Poisson process (Jensen 1953): u[k+1] = u[k] P with P = I + Q/rate, and the
// state at time t is u[N], N Poisson with mean rate * t. The rate is the largest one at which a state is left. In
// discrete time P is given and the rate is 1.
#pragma once

#include <cmath>
#include <vector>

#include "aligned.hpp"
#include "chain.hpp"
#include "plan.hpp"

namespace sharpbits::phasetype {

// The edges within components, for vectors of so many lanes: see Inner.
class InnerEdges {
 public:
  InnerEdges() = default;
  InnerEdges(const Plan& plan, const std::int32_t* offsets, const std::int32_t* inner, const std::int32_t* neighbour,
             const double* weight, int lanes)
      : offsets_{0} {
    const auto each_group = [&](const auto& visit) {
      for (std::int32_t c = 0; c < plan.components; ++c) {
        const std::int32_t first = plan.component[c], last = plan.component[c + 1];
        if (last - first > 1)
          for (std::int32_t state = first; state < last; state += lanes) visit(first, state, std::min(last, state + lanes));
      }
    };
    each_group([&](std::int32_t, std::int32_t begin, std::int32_t end) {
      std::int32_t slots = 0;
      for (std::int32_t i = begin; i < end; ++i) slots = std::max(slots, offsets[i + 1] - inner[i]);
      offsets_.push_back(offsets_.back() + slots);
    });
    neighbour_.assign(static_cast<std::size_t>(offsets_.back() * lanes), 0);
    weight_ = AlignedArray(offsets_.back() * lanes);
    std::size_t group = 0;
    each_group([&](std::int32_t first, std::int32_t begin, std::int32_t end) {
      const std::int64_t slots = offsets_[group++] * lanes;
      for (std::int32_t i = begin; i < end; ++i)
        for (std::int32_t e = inner[i]; e < offsets[i + 1]; ++e) {
          const std::int64_t at = slots + std::int64_t{e - inner[i]} * lanes + (i - begin);
          neighbour_[static_cast<std::size_t>(at)] = neighbour[e] - first;
          weight_[at] = weight[e];
        }
    });
  }

  Inner inner() const { return {offsets_.data(), neighbour_.data(), weight_.data()}; }

 private:
  std::vector<std::int64_t> offsets_;
  std::vector<std::int32_t> neighbour_;
  AlignedArray weight_;
};

class Uniformized {
 public:
  Uniformized(const Plan& plan, const double* weights, bool discrete, int lanes)
      : plan_(plan), in_weight_(plan.edges), out_weight_(plan.edges), stay_(plan.states) {
    for (std::int32_t i = 0; i < plan.weights; ++i)
      if (!(weights[i] >= 0 && weights[i] <= 1e300)) valid_ = false;
    if (!valid_) return;
    std::vector<long double> leaving(plan.states, 0);
    long double added = 0;  // the most that a state adds to others without being left
    for (std::int32_t i = 0; i < plan.states; ++i) {
      long double extra = 0;
      for (std::int32_t e = plan.out_offsets[i]; e < plan.out_offsets[i + 1]; ++e)
        (plan.leaves[e] ? leaving[i] : extra) += weights[plan.out_edge[e]];
      added = std::max(added, extra);
    }
    const long double largest = *std::max_element(leaving.begin(), leaving.end());
    rate_ = discrete ? 1 : static_cast<double>(largest);
    if (discrete && largest > 1 + 1e-9L) valid_ = false;
    const double unit = rate_ > 0 ? 1 / rate_ : 0;
    growth_ = 1 + static_cast<double>(added) * unit;
    for (std::int32_t e = 0; e < plan.edges; ++e) {
      in_weight_[e] = weights[plan.in_edge[e]] * unit;
      out_weight_[e] = weights[plan.out_edge[e]] * unit;
    }
    for (std::int32_t i = 0; i < plan.states; ++i) {
      // The sum of the probabilities as they were rounded: then no step changes the total.
      long double sum = 0;
      for (std::int32_t e = plan.out_offsets[i]; e < plan.out_offsets[i + 1]; ++e)
        if (plan.leaves[e]) sum += out_weight_[e];
      stay_[i] = stay(sum, lanes);
    }
    arrange_components(lanes);
  }

  // Whether every weight is finite and not negative, and in discrete time no state is left with more than certainty.
  bool valid() const { return valid_; }
  double rate() const { return rate_; }
  // The factor by which a step can at most increase what is left: 1 but for edges that add without leaving.
  double growth() const { return growth_; }
  const Plan& plan() const { return plan_; }

  Chain chain() const {
    return {plan_.states,
            plan_.transient,
            plan_.components,
            plan_.component,
            plan_.largest_component,
            {plan_.in_offsets, plan_.in_inner, plan_.in_neighbour, in_weight_.data()},
            {plan_.out_offsets, plan_.out_inner, plan_.out_neighbour, out_weight_.data()},
            stay_.data(),
            inner_in_.inner(),
            inner_out_.inner(),
            group_.data(),
            leaving_high_.data(),
            leaving_low_.data()};
  }

 private:
  void arrange_components(int lanes) {
    if (plan_.largest_component < 2) return;
    inner_in_ = InnerEdges(plan_, plan_.in_offsets, plan_.in_inner, plan_.in_neighbour, in_weight_.data(), lanes);
    inner_out_ = InnerEdges(plan_, plan_.out_offsets, plan_.out_inner, plan_.out_neighbour, out_weight_.data(), lanes);
    std::int32_t groups = 0;
    for (std::int32_t c = 0; c < plan_.components; ++c) {
      const std::int32_t size = plan_.component[c + 1] - plan_.component[c];
      group_.push_back(groups);
      if (size > 1) groups += (size + lanes - 1) / lanes;
    }
    leaving_high_ = AlignedArray(std::int64_t{groups} * lanes);
    leaving_low_ = AlignedArray(std::int64_t{groups} * lanes);
    for (std::int32_t c = 0; c < plan_.components; ++c) {
      const std::int32_t first = plan_.component[c], size = plan_.component[c + 1] - first;
      if (size < 2) continue;
      for (std::int32_t i = 0; i < size; ++i) {
        const std::int64_t at = std::int64_t{group_[static_cast<std::size_t>(c)]} * lanes + i;
        leaving_high_[at] = stay_[static_cast<std::size_t>(first + i)].leaving_high;
        leaving_low_[at] = stay_[static_cast<std::size_t>(first + i)].leaving_low;
      }
    }
  }

  static Stay stay(long double leaving, int lanes) {
    Stay stay;
    stay.leaving_high = static_cast<double>(leaving);
    stay.leaving_low = static_cast<double>(leaving - stay.leaving_high);
    const auto square = [](long double x) { return x * x; };
    const long double once = 1 - leaving, run = square(square(once)), run2 = square(run), run4 = square(run2);
    static_assert(kRun == 4, "run is the fourth power");
    stay.once = static_cast<double>(once);
    stay.run = static_cast<double>(run);
    stay.run2 = static_cast<double>(run2);
    stay.run4 = static_cast<double>(run4);
    // The products that run_forward multiplies the carried value by.
    const long double made = static_cast<long double>(stay.run) * stay.run * stay.run2 * (lanes == 8 ? stay.run4 : 1);
    stay.lacking = static_cast<double>((lanes == 8 ? square(run4) : run4) - made);
    return stay;
  }

  const Plan& plan_;
  AlignedArray in_weight_, out_weight_;
  std::vector<Stay> stay_;
  InnerEdges inner_in_, inner_out_;
  std::vector<std::int32_t> group_;
  AlignedArray leaving_high_, leaving_low_;
  double rate_ = 0, growth_ = 1;
  bool valid_ = true;
};

}  // namespace sharpbits::phasetype
