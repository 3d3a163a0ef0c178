#include "engines/seen_filter.h"

#include <algorithm>
#include <bit>

namespace lyceum {
namespace {

constexpr uint64_t kHashesPerWord = 4;
constexpr uint64_t kMostWords = uint64_t{1} << 25;

}  // namespace

SeenFilter::SeenFilter(uint64_t expected)
    : mask_(std::min(std::bit_ceil(expected / kHashesPerWord + 1), kMostWords) - 1),
      words_(new std::atomic<uint64_t>[mask_ + 1]()) {}

void SeenFilter::Note(const uint64_t* hashes, size_t count, bool* seen) {
  // Words lie anywhere in memory, so they are fetched while others are worked on.
  constexpr size_t kAhead = 16;
  for (size_t i = 0; i < std::min(kAhead, count); ++i) __builtin_prefetch(WordOf(hashes[i]), 1);
  for (size_t i = 0; i < count; ++i) {
    if (i + kAhead < count) __builtin_prefetch(WordOf(hashes[i + kAhead]), 1);
    uint64_t bits = 0;
    for (int shift = 0; shift < 30; shift += 6) bits |= uint64_t{1} << (hashes[i] >> shift & 63);
    const uint64_t before = WordOf(hashes[i])->fetch_or(bits, std::memory_order_relaxed);
    seen[i] = (before & bits) == bits;
  }
}

}  // namespace lyceum
