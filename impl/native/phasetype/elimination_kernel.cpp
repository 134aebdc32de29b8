// Replay of a recorded elimination for a group of θ at once, compiled once for each instruction set.
//
// A block of the tape, a strongly connected component, is read, eliminated and solved before the next one, from the last
// block to the first: a row's edges lead to its own block and to those that are solved already. So a chain without
// cycles never holds more than one row's weights, and the whole costs one pass over the edges.
//
// Elimination is Grassmann's, Taksar's and Heyman's (Operations Research 33 (1985) 1107): the pivot, the weight by which
// a vertex is left, is the sum of the weights that remain, never 1 - q. Nothing is subtracted, so every number is right
// to a few roundings, however stiff the chain. Compiled without contraction to fused multiply-adds: the bits are the
// same for one θ and for many, and on every processor.
#include <algorithm>

#include "elimination_weights.hpp"

namespace sharpbits::elimination::SHARPBITS_ISA {
namespace {

template <class V>
class Replay {
 public:
  Replay(const Tape& tape, const Weights& weights, const Program& program)
      : tape_(tape), program_(program), weights_(tape, weights, program.discrete) {
    std::int64_t most_edges = 0, most_places = 0, most_lower = 0, most_upper = 0;
    for (std::int64_t b = 0; b < tape.blocks; ++b) {
      const std::int64_t begin = tape.block_offsets[b], end = tape.block_offsets[b + 1];
      std::int64_t edges = 0;
      for (std::int64_t p = begin; p < end; ++p) edges += degree(p);
      most_edges = std::max(most_edges, edges);
      most_places = std::max(most_places, end - begin);
      most_lower = std::max(most_lower, tape.lower_offsets[end] - tape.lower_offsets[begin]);
      most_upper = std::max(most_upper, tape.upper_offsets[end] - tape.upper_offsets[begin]);
    }
    edge_.allocate(most_edges);
    lower_.allocate(most_lower);
    upper_.allocate(most_upper);
    for (Buffer<V>* one : {&work_, &exit_, &inverse_, &stay_, &side_}) one->allocate(most_places);
    row_.allocate(most_places + 1);
    // One place more holds 0: where an absorbing state is.
    solution_.allocate(program.solves * (tape.places + 1));
    for (std::int64_t t = 0; t < program.term_offsets[program.solves]; ++t)
      if (term(t)[0] == kStepProduct && stepped_.empty()) stepped_.allocate(program.solves * tape.places);
  }

  void run(const Results& results, std::int64_t first, std::int64_t count) {
    weights_.take(first, count);
    std::fill(stuck_, stuck_ + Lanes<V>::count, std::int64_t{kDone});
    for (std::int64_t b = tape_.blocks; b-- > 0;) {
      begin_ = tape_.block_offsets[b];
      end_ = tape_.block_offsets[b + 1];
      eliminate();
      for (std::int64_t s = 0; s < program_.solves; ++s) {
        solve(s);
        if (!stepped_.empty()) step(s);
      }
    }
    for (int lane = 0; lane < count; ++lane) {
      results.status[first + lane] = weights_.refused(lane) ? std::int64_t{kRefused} : stuck_[lane];
      double* values = results.values + (first + lane) * program_.solves * program_.outputs;
      for (std::int64_t s = 0; s < program_.solves; ++s)
        for (std::int64_t o = 0; o < program_.outputs; ++o)
          *values++ = Lanes<V>::at(solution(s)[program_.output_place[o]], lane);
    }
  }

 private:
  std::int64_t degree(std::int64_t p) const {
    return tape_.edge_offsets[tape_.order[p] + 1] - tape_.edge_offsets[tape_.order[p]];
  }
  const std::int64_t* term(std::int64_t t) const { return program_.terms + 5 * t; }
  V* solution(std::int64_t s) const { return solution_.data() + s * (tape_.places + 1); }
  V* stepped(std::int64_t s) const { return stepped_.data() + s * tape_.places; }
  double multiplier(std::int64_t column, std::int32_t vertex) const {
    return column < 0 ? 0.0 : program_.multipliers[column * tape_.vertices + vertex];
  }
  const std::int32_t* targets(std::int64_t p) const { return tape_.edge_place + tape_.edge_offsets[tape_.order[p]]; }

  // Read the block's weights and eliminate its vertices.
  void eliminate() {
    V* upper = upper_.data();
    V* lower = lower_.data();
    std::int64_t edge = 0;
    for (std::int64_t p = begin_; p < end_; ++p) {
      const std::int32_t* lower_places = tape_.lower + tape_.lower_offsets[p];
      const std::int32_t* upper_places = tape_.upper + tape_.upper_offsets[p];
      const std::int64_t lowers = tape_.lower_offsets[p + 1] - tape_.lower_offsets[p];
      const std::int64_t uppers = tape_.upper_offsets[p + 1] - tape_.upper_offsets[p];
      for (std::int64_t e = 0; e < lowers; ++e) work_[lower_places[e] - begin_] = V{};
      for (std::int64_t e = 0; e < uppers; ++e) work_[upper_places[e] - begin_] = V{};

      const std::int64_t edges = degree(p);
      row_[p - begin_] = edge;
      V* weight = edge_.data() + edge;
      edge += edges;
      weights_.write(tape_.order[p], weight);
      const std::int32_t* target = targets(p);
      V exit{}, moves{};
      for (std::int64_t e = 0; e < edges; ++e) {
        const std::int64_t q = target[e];
        if (q == p) continue;
        moves += weight[e];
        if (q >= end_)
          exit += weight[e];
        else
          work_[q - begin_] = weight[e];
      }
      for (std::int64_t e = 0; e < lowers; ++e) {
        const std::int64_t k = lower_places[e];
        const V factor = work_[k - begin_] * inverse_[k - begin_];
        *lower++ = factor;
        exit += factor * exit_[k - begin_];
        const std::int64_t stop = tape_.upper_offsets[k + 1], shift = tape_.upper_offsets[begin_];
        // What leads back to p itself lands at work_[p], which nobody reads.
        for (std::int64_t f = tape_.upper_offsets[k]; f < stop; ++f)
          work_[tape_.upper[f] - begin_] += factor * upper_[f - shift];
      }
      V leaving = exit;
      for (std::int64_t e = 0; e < uppers; ++e) {
        *upper = work_[upper_places[e] - begin_];
        leaving += *upper++;
      }
      exit_[p - begin_] = exit;
      inverse_[p - begin_] = inverted(leaving, tape_.order[p]);
      if (program_.discrete) stay_[p - begin_] = Lanes<V>::select(moves < 1.0, 1.0 - moves, V{});
    }
    row_[end_ - begin_] = edge;
  }

  // 1 / x. A vertex that is never left gets 0 and is told of; whether anything leads there is for the caller to see.
  V inverted(V x, std::int32_t vertex) {
    if (!Lanes<V>::all(x > 0.0))
      for (int lane = 0; lane < Lanes<V>::count; ++lane)
        if (!(Lanes<V>::at(x, lane) > 0.0)) {
          stuck_[lane] = vertex;
          Lanes<V>::at(x, lane) = std::numeric_limits<double>::infinity();
        }
    return 1.0 / x;
  }

  void solve(std::int64_t s) {
    V* x = solution(s);
    const std::int64_t lower_shift = tape_.lower_offsets[begin_], upper_shift = tape_.upper_offsets[begin_];
    for (std::int64_t p = begin_; p < end_; ++p) {
      V side = right_hand_side(s, p);
      const std::int32_t* target = targets(p);
      const V* weight = edge_.data() + row_[p - begin_];
      const std::int64_t edges = row_[p - begin_ + 1] - row_[p - begin_];
      for (std::int64_t e = 0; e < edges; ++e)
        if (target[e] >= end_) side += weight[e] * x[target[e]];
      for (std::int64_t e = tape_.lower_offsets[p]; e < tape_.lower_offsets[p + 1]; ++e)
        side += lower_[e - lower_shift] * side_[tape_.lower[e] - begin_];
      side_[p - begin_] = side;
    }
    for (std::int64_t p = end_; p-- > begin_;) {
      V side = side_[p - begin_];
      for (std::int64_t e = tape_.upper_offsets[p]; e < tape_.upper_offsets[p + 1]; ++e)
        side += upper_[e - upper_shift] * x[tape_.upper[e]];
      x[p] = side * inverse_[p - begin_];
    }
  }

  V right_hand_side(std::int64_t s, std::int64_t p) const {
    const std::int32_t vertex = tape_.order[p];
    V side{};
    for (std::int64_t t = program_.term_offsets[s]; t < program_.term_offsets[s + 1]; ++t) {
      const std::int64_t* one = term(t);
      const double a = multiplier(one[1], vertex);
      switch (one[0]) {
        case kProduct: side += one[3] < 0 ? V{} + a : a * solution(one[3])[p]; break;
        case kStepProduct: side += a * stepped(one[3])[p]; break;
        case kSquareField: side += square_field(one, p, a, multiplier(one[2], vertex)); break;
      }
    }
    return side;
  }

  V square_field(const std::int64_t* one, std::int64_t p, double a, double b) const {
    const V* u = solution(one[3]);
    const V* v = solution(one[4]);
    const std::int32_t* target = targets(p);
    const V* weight = edge_.data() + row_[p - begin_];
    const std::int64_t edges = row_[p - begin_ + 1] - row_[p - begin_];
    V sum = program_.discrete ? stay_[p - begin_] * (a * b) : V{};
    for (std::int64_t e = 0; e < edges; ++e)
      if (target[e] != p) sum += weight[e] * ((u[target[e]] - u[p]) + a) * ((v[target[e]] - v[p]) + b);
    return sum;
  }

  // P x over the block's rows: where one step leads on average.
  void step(std::int64_t s) {
    const V* x = solution(s);
    for (std::int64_t p = begin_; p < end_; ++p) {
      const std::int32_t* target = targets(p);
      const V* weight = edge_.data() + row_[p - begin_];
      const std::int64_t edges = row_[p - begin_ + 1] - row_[p - begin_];
      V sum = stay_[p - begin_] * x[p];
      for (std::int64_t e = 0; e < edges; ++e)
        if (target[e] != p) sum += weight[e] * x[target[e]];
      stepped(s)[p] = sum;
    }
  }

  const Tape& tape_;
  const Program& program_;
  RowWeights<V> weights_;
  std::int64_t begin_ = 0, end_ = 0;
  Buffer<V> edge_, lower_, upper_;                 // of the block: weights, multipliers, what remains of rows
  Buffer<V> work_, exit_, inverse_, stay_, side_;  // of the block, by place
  Buffer<std::int64_t> row_;                       // where a row's weights begin in edge_
  Buffer<V> solution_, stepped_;                   // by solve and place
  std::int64_t stuck_[8];
};

// Rows [first, first + count): eight at a time; what is left over one by one where it is few.
void replay(const Tape& tape, const Weights& weights, const Program& program, const Results& results, std::int64_t first,
            std::int64_t count) {
  constexpr std::int64_t lanes = Lanes<Wide>::count, few = 2;
  const std::int64_t stop = first + count;
  if (count > few) {
    Replay<Wide> wide(tape, weights, program);
    for (; stop - first > few; first += std::min(lanes, stop - first)) wide.run(results, first, std::min(lanes, stop - first));
  }
  if (first < stop) {
    Replay<double> narrow(tape, weights, program);
    for (; first < stop; ++first) narrow.run(results, first, 1);
  }
}

}  // namespace
}  // namespace sharpbits::elimination::SHARPBITS_ISA

namespace sharpbits::elimination {

#define SHARPBITS_NAME2(isa) kernels_##isa
#define SHARPBITS_NAME(isa) SHARPBITS_NAME2(isa)

const Kernels& SHARPBITS_NAME(SHARPBITS_ISA)() {
  static const Kernels kernels{SHARPBITS_ISA::replay};
  return kernels;
}

}  // namespace sharpbits::elimination
