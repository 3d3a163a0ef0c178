#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lyceum {

/// A civil date of the proleptic Gregorian calendar, as days since 1970-01-01.
using Days = int32_t;

inline constexpr Days kFirstDay = -719162;  ///< 0001-01-01
inline constexpr Days kLastDay = 2932896;   ///< 9999-12-31

/// Returns the day number, or nullopt if the date does not exist (2025-02-30) or lies outside the
/// years 1 to 9999.
std::optional<Days> DaysFromCivil(int year, int month, int day);

struct Civil {
  int year;
  int month;
  int day;
};
Civil CivilFromDays(Days days);

/// Prints `yyyy-MM-dd`.
std::string FormatDate(Days days);
/// The bytes of a timestamp's canonical text, `yyyy-MM-ddTHH:mm:ss.ffffff`.
inline constexpr size_t kTimestampBytes = 26;
/// Writes it to `out`; false, with nothing written, if the year has not four digits.
bool WriteTimestamp(int64_t micros, char out[kTimestampBytes]);
/// Prints `yyyy-MM-ddTHH:mm:ss.ffffff`, the canonical text of keys and digests.
/// `micros` counts microseconds since 1970-01-01T00:00:00, without zone.
std::string FormatTimestamp(int64_t micros);

/// Reads `yyyy-MM-dd` or `yyyyMMdd`, nothing else.
std::optional<Days> ParseBatchDate(std::string_view text);

}  // namespace lyceum
