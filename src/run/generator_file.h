#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"

namespace lyceum {

/// Writes one file through a buffer. The file appears under its name, replacing an older one, only
/// in Finish(); until then its name starts with a dot and ends in `.partial`, so that no loader
/// takes a half-written file for a delivery. Not thread-safe.
class OutputFile {
 public:
  /// `path` is the final name; its folder must exist.
  explicit OutputFile(std::string path);
  /// Removes what was written if Finish() did not succeed.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// kUnavailable: the file cannot be created.
  Status Open();
  /// Append here what the file shall hold next.
  std::string* buffer() { return &buffer_; }
  /// Writes the buffer out if it is large. kUnavailable: the disk is full or fails.
  Status Drain() { return buffer_.size() < kBufferBytes ? Status::Ok() : Flush(); }
  /// Writes the rest, closes the file and gives it its name.
  Status Finish();

  uint64_t num_bytes() const { return num_bytes_; }  ///< written so far

 private:
  static constexpr size_t kBufferBytes = 1 << 20;

  Status Flush();
  Status Failure() const;

  std::string path_;
  std::string partial_path_;
  std::string buffer_;
  int descriptor_ = -1;
  uint64_t num_bytes_ = 0;
  bool exists_ = false;  ///< the partial file must be removed
};

}  // namespace lyceum
