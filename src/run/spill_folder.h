#pragma once

#include <memory>
#include <string>

#include "base/status.h"

namespace lyceum {

/// A folder of this process alone for spilled data, gone when the process is. It holds a locked
/// file; a folder whose lock is free was left by a process that died, and the next one removes it.
class SpillFolder {
 public:
  /// Makes a folder below `parent`, which is created if it is missing, and removes what dead
  /// processes left there. Nothing else below `parent` is touched. A `parent` that was made is
  /// removed at the end if it is empty.
  static Result<std::unique_ptr<SpillFolder>> Make(const std::string& parent);
  ~SpillFolder();
  SpillFolder(const SpillFolder&) = delete;
  SpillFolder& operator=(const SpillFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  SpillFolder(std::string path, int lock, bool made_parent)
      : path_(std::move(path)), lock_(lock), made_parent_(made_parent) {}

  std::string path_;
  int lock_;
  bool made_parent_;
};

}  // namespace lyceum
