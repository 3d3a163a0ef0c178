#pragma once

#include <cstddef>
#include <cstdint>

namespace lyceum {

/// A record's position within a delivery: the index of its file, in rank order, and the offset of
/// its first byte. Positions order rows by rank.
inline constexpr int kOffsetBits = 40;
inline constexpr int64_t kOffsetMask = (int64_t{1} << kOffsetBits) - 1;

inline constexpr int64_t PackPosition(size_t file, uint64_t offset) {
  return static_cast<int64_t>(file) << kOffsetBits | static_cast<int64_t>(offset);
}

}  // namespace lyceum
