// One row: each time by the method that is cheaper for it, whatever the other times are.
//
// Uniformization takes about rate * time steps and its errors are relative; collocation takes some hundred implicit steps
// at any rate, its errors are absolute. Times up to a limit that depends on the chain's size alone go by the first.
#pragma once

#include <algorithm>
#include <vector>

#include "collocation.hpp"
#include "uniformization.hpp"

namespace sharpbits::phasetype {

class Evaluation {
 public:
  // Without a plan of elimination (null), and in discrete time, everything is uniformization.
  Evaluation(const Kernels& kernels, const Uniformized& chain, const Question& question, bool discrete,
             const EliminationPlan* elimination, const double* weights, const double* radau)
      : kernels_(kernels), chain_(chain), question_(question), discrete_(discrete), elimination_(elimination),
        weights_(weights), radau_(radau) {
    const double limit = discrete || !elimination ? 1e300 : most_steps() / std::max(chain.rate(), 1e-300);
    for (std::int64_t j = 0; j < question.count; ++j)
      (question.times[j] <= limit ? few_ : many_).time(question.times[j], j);
    for (std::int64_t s = 0; s < question.state_count; ++s)
      (question.state_times[s] <= limit ? few_ : many_).state_time(question.state_times[s], s);
  }

  Refusal forward(double* value, double* slope, double* state, Checkpoints* checkpoints) {
    const std::int64_t n = chain_.plan().states;
    const auto in = [&](const Part& part, const auto& method) -> Refusal {
      std::vector<double> values(part.times.size()), slopes(slope ? part.times.size() : 0);
      AlignedArray states(static_cast<std::int64_t>(part.state_times.size()) * n);
      const Refusal refusal = method(values.data(), slope ? slopes.data() : nullptr, states.data());
      for (std::size_t j = 0; j < values.size(); ++j) {
        value[part.place[j]] = values[j];
        if (slope) slope[part.place[j]] = slopes[j];
      }
      for (std::size_t s = 0; s < part.state_times.size(); ++s)
        std::copy_n(states.data() + static_cast<std::int64_t>(s) * n, n, state + part.state_place[s] * n);
      return refusal;
    };
    if (!few_.empty()) {
      const Question question = few_.of(question_);
      const Refusal refusal = in(few_, [&](auto... results) {
        return discrete_ ? Uniformization<StepTimes>(kernels_, chain_, question).forward(results..., checkpoints)
                         : Uniformization<PoissonWeights>(kernels_, chain_, question).forward(results..., checkpoints);
      });
      if (!refusal.empty()) return refusal;
    }
    if (!many_.empty()) {
      const Question question = many_.of(question_);
      return in(many_, [&](auto... results) {
        const RadauTable table(radau_);
        Collocation(*elimination_, weights_, table, question).forward(results...);
        return Refusal();
      });
    }
    return {};
  }

  void backward(const Checkpoints& checkpoints, const double* value_cotangent, const double* state_cotangent,
                double* by_weight, double* by_start, double* by_functional) {
    const std::int64_t n = chain_.plan().states;
    const auto cotangents = [&](const Part& part, const auto& method) {
      std::vector<double> values(part.times.size());
      AlignedArray states(static_cast<std::int64_t>(part.state_times.size()) * n);
      for (std::size_t j = 0; j < values.size(); ++j) values[j] = value_cotangent[part.place[j]];
      for (std::size_t s = 0; s < part.state_times.size(); ++s)
        std::copy_n(state_cotangent + part.state_place[s] * n, n, states.data() + static_cast<std::int64_t>(s) * n);
      method(values.data(), states.data());
    };
    std::fill_n(by_weight, chain_.plan().weights, 0.0);
    std::fill_n(by_start, n, 0.0);
    std::fill_n(by_functional, n, 0.0);
    if (!few_.empty()) {
      const Question question = few_.of(question_);
      cotangents(few_, [&](const double* values, const double* states) {
        if (discrete_)
          Uniformization<StepTimes>(kernels_, chain_, question)
              .backward(checkpoints, values, states, by_weight, by_start, by_functional);
        else
          Uniformization<PoissonWeights>(kernels_, chain_, question)
              .backward(checkpoints, values, states, by_weight, by_start, by_functional);
      });
    }
    if (!many_.empty()) {
      const Question question = many_.of(question_);
      cotangents(many_, [&](const double* values, const double* states) {
        const RadauTable table(radau_);
        Collocation(*elimination_, weights_, table, question)
            .backward(values, states, by_weight, by_start, by_functional);
      });
    }
  }

 private:
  // Some of the times, and where they stand among all.
  struct Part {
    std::vector<double> times, state_times;
    std::vector<std::int64_t> place, state_place;

    void time(double time, std::int64_t j) { times.push_back(time), place.push_back(j); }
    void state_time(double time, std::int64_t s) { state_times.push_back(time), state_place.push_back(s); }
    bool empty() const { return times.empty() && state_times.empty(); }
    Question of(Question question) const {
      question.times = times.data(), question.count = static_cast<std::int64_t>(times.size());
      question.state_times = state_times.data(), question.state_count = static_cast<std::int64_t>(state_times.size());
      return question;
    }
  };

  // Up to how many steps uniformization is taken: half a second of them, or as many as take as long as collocation, and
  // not so many that their rounding adds up.
  double most_steps() const {
    const Plan& plan = chain_.plan();
    double inner = 0;
    for (std::int32_t i = 0; i < plan.states; ++i) inner += plan.out_offsets[i + 1] - plan.out_inner[i];
    const double step = 1e-9 * (1.2 * plan.states + 0.2 * plan.edges + 1.5 * inner);
    const double entries = plan.edges + 2.0 * (elimination_->lower + elimination_->upper) + plan.states;
    const double implicit_steps = 150 * 7 * 8e-9 * entries;
    const double accurate = plan.largest_component > 1 ? kAccurateSteps : 10 * kAccurateSteps;
    return std::min({question_.most_steps, accurate, std::max(0.5, implicit_steps) / step});
  }
  // A step rounds by some 4e-17 of what it carries, and in the same direction as long as that hardly changes, which in a
  // cyclic chain may be long: so many steps round by less than half of 1e-12. What is lost of a state alone is known.
  static constexpr double kAccurateSteps = 1e4;

  const Kernels& kernels_;
  const Uniformized& chain_;
  const Question& question_;
  bool discrete_;
  const EliminationPlan* elimination_;
  const double* weights_;
  const double* radau_;
  Part few_, many_;
};

}  // namespace sharpbits::phasetype
