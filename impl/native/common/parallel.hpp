// Independent pieces of work over XLA's own threads; the caller works too, so it never waits for a busy pool.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>

#include "xla/ffi/api/ffi.h"

namespace sharpbits {

// Memory that a thread keeps from call to call, aligned to 64 bytes; large pieces are given back.
class ScratchMemory {
 public:
  ~ScratchMemory() { std::free(memory_); }

  void* at_least(std::size_t bytes) {
    if (bytes > size_) {
      std::free(memory_);
      size_ = 0;
      memory_ = std::aligned_alloc(64, (bytes + 63) / 64 * 64);
      if (!memory_) throw std::bad_alloc();
      size_ = bytes;
    }
    return memory_;
  }

  void trim() {
    if (size_ <= kKept) return;
    std::free(memory_);
    memory_ = nullptr;
    size_ = 0;
  }

  static ScratchMemory& of_this_thread() {
    thread_local ScratchMemory memory;
    return memory;
  }

 private:
  static constexpr std::size_t kKept = std::size_t{32} << 20;
  void* memory_ = nullptr;
  std::size_t size_ = 0;
};

// Call body(i) for i in [0, count), on this thread and up to `helpers` others. Which thread takes which piece is left
// open; each must write to places of its own. Returns false where a piece ran out of memory.
template <class Body>
bool for_each_piece(xla::ffi::ThreadPool& pool, std::int64_t helpers, std::int64_t count, const Body& body) {
  struct Shared {
    std::atomic<std::int64_t> next{0};
    std::atomic<bool> failed{false};
    std::int64_t finished = 0;
    std::mutex mutex;
    std::condition_variable all_finished;
  };
  // A helper that starts late finds nothing to do; by then `body` may be gone, `shared` is not.
  auto shared = std::make_shared<Shared>();
  auto work = [shared, count, &body] {
    std::int64_t mine = 0;
    for (std::int64_t i; (i = shared->next.fetch_add(1)) < count; ++mine) {
      try {
        body(i);
      } catch (const std::bad_alloc&) {
        shared->failed = true;
      }
    }
    if (mine == 0) return;
    ScratchMemory::of_this_thread().trim();
    const std::lock_guard<std::mutex> lock(shared->mutex);
    shared->finished += mine;
    if (shared->finished == count) shared->all_finished.notify_all();
  };
  for (std::int64_t i = 0; i < helpers && i + 1 < count; ++i) pool.Schedule(decltype(work)(work));
  work();
  std::unique_lock<std::mutex> lock(shared->mutex);
  shared->all_finished.wait(lock, [&] { return shared->finished == count; });
  return !shared->failed;
}

}  // namespace sharpbits
