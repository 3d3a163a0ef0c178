#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "spec/spec.h"

namespace lyceum {

/// Drops spaces and tabs at both ends; no other character is blank.
std::string_view TrimBlanks(std::string_view text);

class TimeZone;

enum class Typed { kOk, kNotOfType, kOutOfRange };

/// `[+-]?[0-9]+` within 32 or 64 bits; with `zero_fraction` a point and zeros may follow.
Typed ParseInteger(std::string_view text, bool zero_fraction, int32_t* value);
Typed ParseBigint(std::string_view text, bool zero_fraction, int64_t* value);

/// `[+-]?[0-9]+[.[0-9]+]` with at most `scale` digits after the point and `precision - scale`
/// before it, leading zeros aside. `value` becomes the number times 10^scale.
Typed ParseDecimal(std::string_view text, int precision, int scale, __int128* value);

/// `[+-]?` digits, optional point and digits, optional exponent; finite.
Typed ParseDouble(std::string_view text, double* value);

/// A date or timestamp format, taken apart once.
class DateFormat {
 public:
  explicit DateFormat(const std::string& pattern);

  /// Reads a prefix of `text`; returns its length, or 0 if the text does not begin so. `days` and
  /// `seconds` (of the day) receive the value.
  size_t Match(std::string_view text, int32_t* days, int32_t* seconds) const;
  bool ends_in_seconds() const { return ends_in_seconds_; }

 private:
  struct Part {
    char token;        ///< y M d H m s, or 0 for literal text
    std::string text;  ///< literal
    int width;
  };
  std::vector<Part> parts_;
  bool ends_in_seconds_ = false;
};

/// The whole text in one of the formats, tried in order.
Typed ParseDate(std::string_view text, const std::vector<DateFormat>& formats, int32_t* days);

/// As ParseDate; behind seconds a fraction (more than six digits only if they are zeros) and an
/// offset
/// (`Z`, `+02`, `+0200`, `+02:00`) may follow. A value with offset is converted to `zone` (nullptr:
/// UTC).
Typed ParseTimestamp(std::string_view text, const std::vector<DateFormat>& formats,
                     const TimeZone* zone, int64_t* micros);

}  // namespace lyceum
