// Zone files list changes up to 2037 at most ("fat" ones) or up to the last change of the rules
// ("slim" ones), and end with the rule for all later years as a POSIX text. The date library reads
// only the list, so the rule is read here; without it every summer after 2037 would be an hour off.

#include "engines/time_zone.h"

#include <date/tz.h>
#include <fmt/format.h>

// date/ptz.h uses this name unqualified beside std::chrono, which has one of its own since C++20.
namespace date {
template <typename Duration>
using hh_mm_ss_of_date = hh_mm_ss<Duration>;
}
#define hh_mm_ss hh_mm_ss_of_date
#include <date/ptz.h>
#undef hh_mm_ss

#include <fstream>
#include <optional>

namespace lyceum {
namespace {

constexpr const char* kZoneFolder = "/usr/share/zoneinfo/";

/// Nothing later can be reached by a timestamp of ours.
const date::sys_seconds kForever = date::sys_days(date::year(9999) / 12 / 31);

/// Reads the last line of the zone file; nullopt if it is none that changes with the season.
std::optional<Posix::time_zone> LaterRule(const std::string& name) {
  std::ifstream file(kZoneFolder + name, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  if (bytes.size() < 2 || bytes.back() != '\n') return std::nullopt;
  const size_t begin = bytes.rfind('\n', bytes.size() - 2);
  if (begin == std::string::npos) return std::nullopt;
  const std::string rule = bytes.substr(begin + 1, bytes.size() - begin - 2);
  if (rule.find(',') == std::string::npos) return std::nullopt;
  try {
    return Posix::time_zone(rule);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace

struct TimeZone::Rules {
  const date::time_zone* listed = nullptr;
  std::optional<Posix::time_zone> later;  ///< holds after the last listed change
};

TimeZone::TimeZone(std::unique_ptr<const Rules> rules) : rules_(std::move(rules)) {}
TimeZone::~TimeZone() = default;

int64_t TimeZone::ToLocal(int64_t utc_seconds) const {
  const date::sys_seconds instant{std::chrono::seconds(utc_seconds)};
  const date::sys_info info = rules_->listed->get_info(instant);
  if (rules_->later && info.end >= kForever) {
    return utc_seconds + rules_->later->get_info(instant).offset.count();
  }
  return utc_seconds + info.offset.count();
}

Result<std::shared_ptr<const TimeZone>> FindTimezone(const std::string& name) {
  if (name == "UTC") return std::shared_ptr<const TimeZone>();
  try {
    auto rules = std::make_unique<TimeZone::Rules>();
    rules->listed = date::locate_zone(name);
    rules->later = LaterRule(name);
    return std::shared_ptr<const TimeZone>(new TimeZone(std::move(rules)));
  } catch (const std::exception&) {
    return BadSpec(
        fmt::format("'{}' is no time zone of this machine; expected an IANA name such as "
                    "'Europe/Berlin'",
                    name));
  }
}

}  // namespace lyceum
