// A batch over threads of its own, which end with the call: nothing is left behind for a fork to inherit.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace sharpbits::elimination {

// Call body(first, count) over [0, total) in pieces of `piece`; the first exception is thrown once all have ended.
template <class Body>
void in_pieces(std::int64_t threads, std::int64_t total, std::int64_t piece, const Body& body) {
  std::atomic<std::int64_t> next{0};
  std::exception_ptr failure;
  std::mutex mutex;
  const auto work = [&] {
    try {
      for (std::int64_t first; (first = next.fetch_add(piece)) < total;) body(first, std::min(piece, total - first));
    } catch (...) {
      next = total;
      const std::lock_guard<std::mutex> lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  const std::int64_t pieces = (total + piece - 1) / piece;
  try {
    for (std::int64_t i = 1; i < std::min(threads, pieces); ++i) others.emplace_back(work);
  } catch (const std::exception&) {
    // No more threads are to be had: those there are, and this one, do the work.
  }
  work();
  for (std::thread& one : others) one.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace sharpbits::elimination
