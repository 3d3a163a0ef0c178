#pragma once

#include <cstdint>
#include <string>

namespace lyceum {

/// What a delivered file was when it was first read. Two reads that differ mean that somebody wrote
/// to it meanwhile.
struct FileFingerprint {
  std::string path;  ///< as opened
  std::string
      content_id;      ///< SHA-256 of the delivered bytes (of the compressed ones for .gz, .zst)
  uint64_t bytes = 0;  ///< size as delivered
  uint64_t device = 0, inode = 0;
  int64_t modified_ns = 0, changed_ns = 0;
  int64_t taken_ns = 0;  ///< when it was read; 0 if unknown
};

}  // namespace lyceum
