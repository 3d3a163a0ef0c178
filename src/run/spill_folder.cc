#include "run/spill_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "engines/text_file.h"

namespace lyceum {
namespace {

namespace fs = std::filesystem;

constexpr char kPrefix[] = "lyceum-spill-";
constexpr char kLockName[] = "lock";

/// Opens and locks a folder's lock file; -1 if somebody holds it or there is none.
int TakeLock(const fs::path& folder, int flags) {
  const int lock =
      open((folder / kLockName).c_str(), flags | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0) return -1;
  if (flock(lock, LOCK_EX | LOCK_NB) == 0) return lock;
  close(lock);
  return -1;
}

void RemoveDead(const fs::path& parent) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(parent, error)) {
    const bool ours = entry.path().filename().string().rfind(kPrefix, 0) == 0;
    if (!ours || !entry.is_directory(error) || entry.is_symlink(error)) continue;
    // A cluster may write to a folder that was removed, which then has no lock.
    const int lock = TakeLock(entry.path(), O_CREAT);
    if (lock < 0) continue;
    fs::remove_all(entry.path(), error);
    close(lock);
  }
}

}  // namespace

Result<std::unique_ptr<SpillFolder>> SpillFolder::Make(const std::string& parent) {
  std::error_code error;
  bool made = fs::create_directories(parent, error);
  if (error) {
    return Unavailable(fmt::format("cannot create folder '{}': {}", parent, error.message()));
  }
  RemoveDead(parent);
  // Nobody can guess the name, so nobody can stand there first. Another process may take the lock
  // of a folder that is not locked yet, and remove it; the next one is tried then.
  for (int attempt = 0; attempt < 3; ++attempt) {
    std::string path = (fs::path(parent) / (std::string(kPrefix) + "XXXXXX")).string();
    if (!mkdtemp(path.data())) {
      if (errno != ENOENT) break;
      // Another process made the parent, and took it away when it ended.
      made = fs::create_directories(parent, error) || made;
      continue;
    }
    const int lock = TakeLock(path, O_CREAT);
    if (lock < 0) continue;
    // The lock may be that of a folder which the other process removed meanwhile.
    if (fs::exists(fs::path(path) / kLockName, error)) {
      return std::unique_ptr<SpillFolder>(new SpillFolder(path, lock, made));
    }
    close(lock);
  }
  return Unavailable(fmt::format("cannot make a folder in '{}': {}", parent, ErrnoText(errno)));
}

SpillFolder::~SpillFolder() {
  std::error_code error;
  fs::remove_all(path_, error);
  close(lock_);
  // Only if it is empty.
  if (made_parent_) fs::remove(fs::path(path_).parent_path(), error);
}

}  // namespace lyceum
