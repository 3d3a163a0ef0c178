#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/status.h"

namespace lyceum {

/// A time zone of the machine's zone files. Immutable; threads may share it.
class TimeZone {
 public:
  ~TimeZone();
  /// Turns seconds since 1970 in UTC into seconds since 1970 on the zone's clocks.
  int64_t ToLocal(int64_t utc_seconds) const;

 private:
  struct Rules;
  explicit TimeZone(std::unique_ptr<const Rules> rules);
  friend Result<std::shared_ptr<const TimeZone>> FindTimezone(const std::string& name);

  std::unique_ptr<const Rules> rules_;
};

/// Finds a time zone by its IANA name; nullptr for UTC. kBadSpec if there is none of that name.
Result<std::shared_ptr<const TimeZone>> FindTimezone(const std::string& name);

}  // namespace lyceum
