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
  /// processes left there. Nothing else below `parent` is touched.
  static Result<std::unique_ptr<SpillFolder>> Make(const std::string& parent);
  ~SpillFolder();
  SpillFolder(const SpillFolder&) = delete;
  SpillFolder& operator=(const SpillFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  SpillFolder(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::string path_;
  int lock_;
};

}  // namespace lyceum
