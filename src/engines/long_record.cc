#include "engines/long_record.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "engines/text_file.h"

namespace lyceum {

Status StoreLongRecord(const std::string& directory, const std::string& name,
                       std::string_view bytes) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  const std::string path = directory + "/" + name;
  if (std::filesystem::exists(path, error)) return Status::Ok();
  // Equal records may be stored by several threads at once; each writes a file of its own.
  static std::atomic<uint64_t> number{0};
  const std::string part = fmt::format("{}.{}.{}.part", path, getpid(), number.fetch_add(1));
  const auto fail = [&] {
    return Unavailable(fmt::format("cannot write '{}': {}", part, ErrnoText(errno)));
  };
  FileDescriptor file(open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (file.get() < 0) return fail();
  while (!bytes.empty()) {
    const ssize_t put = write(file.get(), bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail();
    bytes.remove_prefix(static_cast<size_t>(put));
  }
  if (fsync(file.get()) != 0 || rename(part.c_str(), path.c_str()) != 0) return fail();
  FileDescriptor folder(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() >= 0) fsync(folder.get());
  return Status::Ok();
}

}  // namespace lyceum
