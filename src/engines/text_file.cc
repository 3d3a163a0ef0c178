#include "engines/text_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace lyceum {

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) close(fd_);
}

std::string ErrnoText(int error) {
  std::string text = std::generic_category().message(error);
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1]))) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

Status CannotRead(const std::string& path, int error) {
  return Unavailable(fmt::format("cannot read '{}': {}", path, ErrnoText(error)));
}

Status ChangedWhileRead(const std::string& path) {
  return Unavailable(
      fmt::format("'{}' changed while it was read; run again when nobody writes to it", path));
}

namespace {

Status CheckRegular(const std::string& path, const struct stat& info) {
  if (S_ISDIR(info.st_mode)) {
    return Unavailable(fmt::format("'{}' is a directory, expected a file", path));
  }
  if (!S_ISREG(info.st_mode)) {
    return Unavailable(fmt::format("'{}' is no regular file, expected one", path));
  }
  return Status::Ok();
}

}  // namespace

Result<FileDescriptor> OpenRegularFile(const std::string& path, struct stat* info) {
  // Looked at before it is opened, because opening a device can do something, and after, because
  // the name may mean another file by then. O_NONBLOCK keeps a pipe from waiting for its writer.
  if (stat(path.c_str(), info) != 0) return CannotRead(path, errno);
  RETURN_IF_ERROR(CheckRegular(path, *info));
  FileDescriptor descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (descriptor.get() < 0) return CannotRead(path, errno);
  if (fstat(descriptor.get(), info) != 0) return CannotRead(path, errno);
  RETURN_IF_ERROR(CheckRegular(path, *info));
  return descriptor;
}

int64_t ReadAt(int fd, uint64_t offset, size_t size, char* out) {
  size_t done = 0;
  while (done < size) {
    const ssize_t got = pread(fd, out + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return static_cast<int64_t>(done);
}

Status TextFile::Read(uint64_t offset, size_t size, char* out) const {
  const int64_t got = ReadAt(descriptor_.get(), offset, size, out);
  if (got < 0) return CannotRead(path_, errno);
  if (static_cast<size_t>(got) != size) return ChangedWhileRead(path_);
  return Status::Ok();
}

Status BlockReader::Next(size_t consumed) {
  const size_t rest = size_ - consumed;
  if (rest > 0 && consumed > 0) std::memmove(buffer_.data(), buffer_.data() + consumed, rest);
  offset_ += consumed;
  const size_t more = std::min<uint64_t>(block_bytes_, text_->size() - next_);
  if (buffer_.size() < rest + more) buffer_.resize(rest + more);
  RETURN_IF_ERROR(text_->Read(next_, more, buffer_.data() + rest));
  next_ += more;
  size_ = rest + more;
  return Status::Ok();
}

}  // namespace lyceum
