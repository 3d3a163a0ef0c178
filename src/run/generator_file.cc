#include "run/generator_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

namespace lyceum {

OutputFile::OutputFile(std::string path) : path_(std::move(path)) {
  const std::filesystem::path final_path(path_);
  partial_path_ =
      final_path.parent_path() / fmt::format(".{}.partial", final_path.filename().string());
  buffer_.reserve(kBufferBytes + kBufferBytes / 8);
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (exists_) unlink(partial_path_.c_str());
}

Status OutputFile::Open() {
  descriptor_ = open(partial_path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) return Failure();
  exists_ = true;
  return Status::Ok();
}

Status OutputFile::Finish() {
  RETURN_IF_ERROR(Flush());
  // Some file systems report a full disk only now.
  const int closed = close(std::exchange(descriptor_, -1));
  if (closed != 0) return Failure();
  if (rename(partial_path_.c_str(), path_.c_str()) != 0) return Failure();
  exists_ = false;
  return Status::Ok();
}

Status OutputFile::Flush() {
  size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t written = write(descriptor_, buffer_.data() + done, buffer_.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failure();
    done += written;
  }
  num_bytes_ += buffer_.size();
  buffer_.clear();
  return Status::Ok();
}

Status OutputFile::Failure() const {
  return Unavailable(fmt::format("cannot write '{}': {}", path_,
                                 std::error_code(errno, std::generic_category()).message()));
}

}  // namespace lyceum
