#include "elimination_record.hpp"

#include <algorithm>
#include <queue>
#include <utility>

namespace sharpbits::elimination {
namespace {

using Vertices = std::vector<std::int32_t>;

// The graph of what is not eliminated yet. Lists keep what is gone until they are next merged; degrees do not count it.
class Remaining {
 public:
  explicit Remaining(const Pattern& pattern)
      : gone_(static_cast<std::size_t>(pattern.size)), children_(gone_.size()), parents_(gone_.size()),
        degree_out_(gone_.size()), degree_in_(gone_.size()) {
    for (std::int32_t i = 0; i < pattern.size; ++i)
      for (std::int64_t e = pattern.offsets[i]; e < pattern.offsets[i + 1]; ++e) {
        const std::int32_t j = pattern.targets[e];
        if (j != i) children_[i].push_back(j), parents_[j].push_back(i);
      }
    for (std::size_t i = 0; i < gone_.size(); ++i) {
      degree_out_[i] = static_cast<std::int64_t>(children_[i].size());
      degree_in_[i] = static_cast<std::int64_t>(parents_[i].size());
    }
  }

  // Markowitz's bound on the edges that eliminating a vertex adds.
  std::int64_t cost(std::int32_t i) const { return degree_out_[i] * degree_in_[i]; }

  // Join every parent of k to every child of k; return both, as they were.
  std::pair<Vertices, Vertices> eliminate(std::int32_t k) {
    gone_[k] = true;
    Vertices parents = std::move(parents_[k]), children = std::move(children_[k]);
    drop_gone(parents);
    drop_gone(children);
    for (const std::int32_t i : parents) --degree_out_[i];
    for (const std::int32_t j : children) --degree_in_[j];
    if (!parents.empty() && !children.empty()) {
      for (const std::int32_t i : parents) merge(children_[i], children, i, degree_out_[i]);
      for (const std::int32_t j : children) merge(parents_[j], parents, j, degree_in_[j]);
    }
    return {std::move(parents), std::move(children)};
  }

 private:
  void drop_gone(Vertices& list) const {
    list.erase(std::remove_if(list.begin(), list.end(), [this](std::int32_t i) { return gone_[i]; }), list.end());
  }

  // list := list without what is gone, and added, but not self.
  void merge(Vertices& list, const Vertices& added, std::int32_t self, std::int64_t& degree) {
    merged_.clear();
    auto a = list.begin();
    for (const std::int32_t b : added) {
      for (; a != list.end() && *a < b; ++a)
        if (!gone_[*a]) merged_.push_back(*a);
      if (a != list.end() && *a == b) ++a;
      if (b != self) merged_.push_back(b);
    }
    for (; a != list.end(); ++a)
      if (!gone_[*a]) merged_.push_back(*a);
    list.assign(merged_.begin(), merged_.end());
    degree = static_cast<std::int64_t>(list.size());
  }

  std::vector<char> gone_;
  std::vector<Vertices> children_, parents_;
  std::vector<std::int64_t> degree_out_, degree_in_;
  Vertices merged_;
};

// The vertex of least cost, of equals that of least number. An entry that was overtaken by a newer cost is passed over.
class Cheapest {
 public:
  explicit Cheapest(std::int64_t size) : now_(static_cast<std::size_t>(size), -1) {}

  void set(std::int32_t i, std::int64_t cost) {
    if (now_[i] == cost) return;
    now_[i] = cost;
    queue_.emplace(cost, i);
  }

  std::int32_t take() {
    for (;;) {
      const auto [cost, i] = queue_.top();
      queue_.pop();
      if (now_[i] != cost) continue;
      now_[i] = kTaken;
      return i;
    }
  }

  bool taken(std::int32_t i) const { return now_[i] == kTaken; }

 private:
  static constexpr std::int64_t kTaken = -2;
  using Entry = std::pair<std::int64_t, std::int32_t>;
  std::vector<std::int64_t> now_;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<Entry>> queue_;
};

}  // namespace

Recording record(const Pattern& pattern, const std::int32_t* order) {
  const auto size = static_cast<std::size_t>(pattern.size);
  Remaining remaining(pattern);
  Cheapest cheapest(pattern.size);
  if (!order)
    for (std::int32_t i = 0; i < pattern.size; ++i) cheapest.set(i, remaining.cost(i));

  Recording found;
  found.order.reserve(size);
  std::vector<Vertices> lower(size), upper(size);  // by vertex; upper holds vertices until all have their places
  for (std::size_t p = 0; p < size; ++p) {
    const std::int32_t k = order ? order[p] : cheapest.take();
    found.order.push_back(k);
    auto [parents, children] = remaining.eliminate(k);
    for (const std::int32_t i : parents) lower[i].push_back(static_cast<std::int32_t>(p));
    if (!order) {
      for (const std::int32_t i : parents) cheapest.set(i, remaining.cost(i));
      for (const std::int32_t j : children) cheapest.set(j, remaining.cost(j));
    }
    upper[k] = std::move(children);
  }

  std::vector<std::int32_t> place(size);
  for (std::size_t p = 0; p < size; ++p) place[found.order[p]] = static_cast<std::int32_t>(p);
  found.lower_offsets.push_back(0);
  found.upper_offsets.push_back(0);
  for (const std::int32_t k : found.order) {
    for (std::int32_t& j : upper[k]) j = place[j];
    std::sort(upper[k].begin(), upper[k].end());
    found.lower.insert(found.lower.end(), lower[k].begin(), lower[k].end());
    found.upper.insert(found.upper.end(), upper[k].begin(), upper[k].end());
    found.lower_offsets.push_back(static_cast<std::int64_t>(found.lower.size()));
    found.upper_offsets.push_back(static_cast<std::int64_t>(found.upper.size()));
  }
  return found;
}

bool sort_topologically(const Pattern& pattern, std::int64_t components, std::int32_t* component) {
  const auto count = static_cast<std::size_t>(components);
  std::vector<std::int64_t> members(count + 1, 0), entering(count, 0);
  for (std::int64_t i = 0; i < pattern.size; ++i) {
    ++members[component[i] + 1];
    for (std::int64_t e = pattern.offsets[i]; e < pattern.offsets[i + 1]; ++e)
      entering[component[pattern.targets[e]]] += component[pattern.targets[e]] != component[i];
  }
  for (std::size_t c = 0; c < count; ++c) members[c + 1] += members[c];
  std::vector<std::int32_t> vertices(static_cast<std::size_t>(pattern.size));
  std::vector<std::int64_t> next(members.begin(), members.end() - 1);
  for (std::int32_t i = 0; i < pattern.size; ++i) vertices[next[component[i]]++] = i;

  std::vector<std::int32_t> sorted, number(count);
  sorted.reserve(count);
  for (std::int32_t c = 0; c < components; ++c)
    if (!entering[c]) sorted.push_back(c);
  for (std::size_t done = 0; done < sorted.size(); ++done) {
    const std::int32_t c = sorted[done];
    number[c] = static_cast<std::int32_t>(done);
    for (std::int64_t at = members[c]; at < members[c + 1]; ++at)
      for (std::int64_t e = pattern.offsets[vertices[at]]; e < pattern.offsets[vertices[at] + 1]; ++e) {
        const std::int32_t to = component[pattern.targets[e]];
        if (to != c && --entering[to] == 0) sorted.push_back(to);
      }
  }
  if (sorted.size() != count) return false;
  for (std::int64_t i = 0; i < pattern.size; ++i) component[i] = number[component[i]];
  return true;
}

}  // namespace sharpbits::elimination
