#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace lyceum {

/// Writes all bytes of a record that is too long for the quarantine table to `directory`/`name`,
/// and waits until they are on disk. Thread-safe. kUnavailable: the disk failed.
Status StoreLongRecord(const std::string& directory, const std::string& name,
                       std::string_view bytes);

}  // namespace lyceum
