#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"

namespace lyceum {

/// Owns a file descriptor.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor();
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

/// Says an errno as the end of a message: `permission denied`.
std::string ErrnoText(int error);

/// `cannot read 'x': permission denied`, kUnavailable.
Status CannotRead(const std::string& path, int error);

/// `'x' changed while it was read; run again when nobody writes to it`, kUnavailable.
Status ChangedWhileRead(const std::string& path);

/// Opens a regular file for reading. Directories, pipes and devices are refused, and never waited
/// for. `info` receives what fstat says about the open file.
Result<FileDescriptor> OpenRegularFile(const std::string& path, struct stat* info);

/// Reads up to `size` bytes at `offset`, fewer only at the end of the file. Returns -1 with errno
/// set after an error. Nothing here maps files into memory: a mapped file that shrinks kills the
/// process.
int64_t ReadAt(int fd, uint64_t offset, size_t size, char* out);

/// The text that records are found in: a delivered file, or what came out of a compressed one.
/// Threads may share it.
class TextFile {
 public:
  TextFile() = default;
  TextFile(FileDescriptor descriptor, std::string path, uint64_t size)
      : descriptor_(std::move(descriptor)), path_(std::move(path)), size_(size) {}

  /// Reads exactly `size` bytes; kUnavailable if the file has become shorter.
  Status Read(uint64_t offset, size_t size, char* out) const;
  uint64_t size() const { return size_; }
  const std::string& path() const { return path_; }  ///< of the delivered file, for messages

 private:
  FileDescriptor descriptor_;
  std::string path_;
  uint64_t size_ = 0;
};

/// Reads a text front to back in blocks. What a block's reader leaves over stands at the front of
/// the next block, so that it can ask for one more byte before it decides.
class BlockReader {
 public:
  BlockReader(const TextFile* text, uint64_t offset, size_t block_bytes)
      : text_(text), offset_(offset), block_bytes_(block_bytes), next_(offset) {}

  /// Drops the first `consumed` bytes of the block and reads more after the rest.
  Status Next(size_t consumed);

  const char* data() const { return buffer_.data(); }
  size_t size() const { return size_; }
  uint64_t offset() const { return offset_; }  ///< of the block's first byte
  bool at_end() const { return next_ == text_->size(); }

 private:
  const TextFile* text_;
  uint64_t offset_;
  size_t block_bytes_;
  uint64_t next_;  ///< first byte not read yet
  std::vector<char> buffer_;
  size_t size_ = 0;
};

}  // namespace lyceum
