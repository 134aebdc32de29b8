#include "elimination_list.hpp"

#include <algorithm>
#include <vector>

namespace sharpbits::elimination {
namespace {

// Numbers of the elimination, by their place in its array.
class Numbers {
 public:
  explicit Numbers(const Tape& tape)
      : lower_(1 + tape.edges), factor_(lower_ + tape.lower_offsets[tape.places]),
        upper_(factor_ + tape.lower_offsets[tape.places]), exit_(upper_ + tape.upper_offsets[tape.places]),
        sum_(exit_ + tape.places), inverse_(sum_ + tape.places), count_(inverse_ + tape.places) {}

  static std::int64_t one() { return 0; }
  static std::int64_t weight(std::int64_t edge) { return 1 + edge; }
  std::int64_t lower(std::int64_t entry) const { return lower_ + entry; }
  std::int64_t factor(std::int64_t entry) const { return factor_ + entry; }
  std::int64_t upper(std::int64_t entry) const { return upper_ + entry; }
  std::int64_t exit(std::int64_t place) const { return exit_ + place; }
  std::int64_t sum(std::int64_t place) const { return sum_ + place; }
  std::int64_t inverse(std::int64_t place) const { return inverse_ + place; }
  std::int64_t count() const { return count_; }

 private:
  std::int64_t lower_, factor_, upper_, exit_, sum_, inverse_, count_;
};

// Takes operations one by one; all that an operand comes from must have been taken before.
class Writer {
 public:
  Writer(const Operations* out, std::int32_t* levels, bool of_solution) : out_(out), levels_(levels), of_solution_(of_solution) {}

  void add(std::int64_t to, std::int64_t a, std::int64_t b) {
    if (out_) {
      // While solving, numbers of the elimination are there from the start.
      std::int32_t before = of_solution_ ? 0 : levels_[a];
      if (b >= 0) before = std::max(before, levels_[b]);
      levels_[to] = std::max(levels_[to], before + 1);
      out_->to[count_] = static_cast<std::int32_t>(to);
      out_->a[count_] = static_cast<std::int32_t>(a);
      out_->b[count_] = static_cast<std::int32_t>(b);
    }
    ++count_;
  }

  // An operation is done with the last one of its number: by then all of their operands are there.
  std::int64_t finish() {
    if (out_)
      for (std::int64_t i = 0; i < count_; ++i) out_->level[i] = levels_[out_->to[i]];
    return count_;
  }

 private:
  const Operations* out_;
  std::int32_t* levels_;
  bool of_solution_;
  std::int64_t count_ = 0;
};

template <class Body>
void each_edge(const Tape& tape, std::int64_t place, const Body& body) {
  const std::int64_t vertex = tape.order[place];
  for (std::int64_t e = tape.edge_offsets[vertex]; e < tape.edge_offsets[vertex + 1]; ++e) body(e, tape.edge_place[e]);
}

template <class Body>
void each(const std::int64_t* offsets, const std::int32_t* columns, std::int64_t row, const Body& body) {
  for (std::int64_t e = offsets[row]; e < offsets[row + 1]; ++e) body(e, columns[e]);
}

void eliminate(const Tape& tape, Writer& writer) {
  const Numbers number(tape);
  std::vector<std::int64_t> entry(static_cast<std::size_t>(tape.places));  // of the row that is due, by place
  for (std::int64_t b = 0; b < tape.blocks; ++b)
    for (std::int64_t p = tape.block_offsets[b]; p < tape.block_offsets[b + 1]; ++p) {
      each(tape.lower_offsets, tape.lower, p, [&](std::int64_t e, std::int64_t k) { entry[k] = number.lower(e); });
      each(tape.upper_offsets, tape.upper, p, [&](std::int64_t e, std::int64_t j) { entry[j] = number.upper(e); });
      each_edge(tape, p, [&](std::int64_t e, std::int64_t q) {
        if (q != p) writer.add(q < tape.block_offsets[b + 1] ? entry[q] : number.exit(p), number.weight(e), number.one());
      });
      each(tape.lower_offsets, tape.lower, p, [&](std::int64_t e, std::int64_t k) {
        writer.add(number.factor(e), number.lower(e), number.inverse(k));
        writer.add(number.exit(p), number.factor(e), number.exit(k));
        each(tape.upper_offsets, tape.upper, k, [&](std::int64_t f, std::int64_t j) {
          if (j != p) writer.add(entry[j], number.factor(e), number.upper(f));
        });
      });
      writer.add(number.sum(p), number.exit(p), number.one());
      each(tape.upper_offsets, tape.upper, p,
           [&](std::int64_t e, std::int64_t) { writer.add(number.sum(p), number.upper(e), number.one()); });
      writer.add(number.inverse(p), number.sum(p), -1);
    }
}

void solve(const Tape& tape, Writer& writer) {
  const Numbers number(tape);
  const std::int64_t sum = tape.places, result = 2 * tape.places;  // the right-hand side is at 0
  for (std::int64_t b = tape.blocks; b-- > 0;) {
    const std::int64_t begin = tape.block_offsets[b], end = tape.block_offsets[b + 1];
    for (std::int64_t p = begin; p < end; ++p) {
      each_edge(tape, p, [&](std::int64_t e, std::int64_t q) {
        if (q >= end && q < tape.places) writer.add(p, number.weight(e), result + q);
      });
      each(tape.lower_offsets, tape.lower, p, [&](std::int64_t e, std::int64_t k) { writer.add(p, number.factor(e), k); });
    }
    for (std::int64_t p = end; p-- > begin;) {
      writer.add(sum + p, number.one(), p);
      each(tape.upper_offsets, tape.upper, p,
           [&](std::int64_t e, std::int64_t j) { writer.add(sum + p, number.upper(e), result + j); });
      writer.add(result + p, number.inverse(p), sum + p);
    }
  }
}

// The same in reverse, every operation from its result to its operand.
void solve_transposed(const Tape& tape, Writer& writer) {
  const Numbers number(tape);
  const std::int64_t sum = tape.places, result = 2 * tape.places;
  for (std::int64_t b = 0; b < tape.blocks; ++b) {
    const std::int64_t begin = tape.block_offsets[b], end = tape.block_offsets[b + 1];
    for (std::int64_t p = begin; p < end; ++p) {
      writer.add(sum + p, number.inverse(p), p);
      each(tape.upper_offsets, tape.upper, p, [&](std::int64_t e, std::int64_t j) { writer.add(j, number.upper(e), sum + p); });
    }
    for (std::int64_t p = end; p-- > begin;) {
      writer.add(result + p, number.one(), sum + p);
      each(tape.lower_offsets, tape.lower, p,
           [&](std::int64_t e, std::int64_t k) { writer.add(result + k, number.factor(e), result + p); });
      each_edge(tape, p, [&](std::int64_t e, std::int64_t q) {
        if (q >= end && q < tape.places) writer.add(q, number.weight(e), result + p);
      });
    }
  }
}

}  // namespace

std::int64_t elimination_numbers(const Tape& tape) { return Numbers(tape).count(); }

std::int64_t solution_numbers(const Tape& tape) { return 3 * tape.places; }

std::int64_t list_operations(const Tape& tape, List what, const Operations* out, std::int32_t* levels) {
  Writer writer(out, levels, what != kEliminate);
  if (what == kEliminate) eliminate(tape, writer);
  if (what == kSolve) solve(tape, writer);
  if (what == kSolveTransposed) solve_transposed(tape, writer);
  return writer.finish();
}

}  // namespace sharpbits::elimination
