#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace lyceum {

/// Tells of 64-bit hashes whether they may have come before: a Bloom filter of which one hash
/// touches one word. A hash that came before is always seen; one that did not is seen by mistake
/// about once in a thousand. Threads may share it.
class SeenFilter {
 public:
  /// For about `expected` hashes; more of them only make mistakes more frequent. 16 bits each, at
  /// most 256 MiB.
  explicit SeenFilter(uint64_t expected);

  /// Notes `count` hashes one after the other; `seen` receives of each whether it may have been
  /// noted before.
  void Note(const uint64_t* hashes, size_t count, bool* seen);

 private:
  /// The upper half of a hash chooses its word, five times six lower bits the bits in it.
  std::atomic<uint64_t>* WordOf(uint64_t hash) const { return &words_[hash >> 32 & mask_]; }

  uint64_t mask_;  ///< words - 1, where the number of words is a power of two
  std::unique_ptr<std::atomic<uint64_t>[]> words_;
};

}  // namespace lyceum
