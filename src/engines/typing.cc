#include "engines/typing.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "base/calendar.h"
#include "engines/time_zone.h"

namespace lyceum {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kSecondsPerDay = 86'400;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// Splits a sign off; false if nothing is left.
bool TakeSign(std::string_view* text, bool* negative) {
  *negative = !text->empty() && (*text)[0] == '-';
  if (!text->empty() && ((*text)[0] == '-' || (*text)[0] == '+')) text->remove_prefix(1);
  return !text->empty();
}

size_t CountDigits(std::string_view text) {
  size_t count = 0;
  while (count < text.size() && IsDigit(text[count])) ++count;
  return count;
}

template <typename T>
Typed ParseWhole(std::string_view text, bool zero_fraction, T* value) {
  bool negative = false;
  if (!TakeSign(&text, &negative)) return Typed::kNotOfType;
  const size_t digits = CountDigits(text);
  if (digits == 0) return Typed::kNotOfType;
  if (digits < text.size()) {
    const std::string_view rest = text.substr(digits);
    const bool zeros = zero_fraction && rest.size() > 1 && rest[0] == '.' &&
                       rest.find_first_not_of('0', 1) == std::string_view::npos;
    if (!zeros) return Typed::kNotOfType;
  }
  uint64_t magnitude = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, magnitude);
  if (error != std::errc()) return Typed::kOutOfRange;
  const uint64_t limit = static_cast<uint64_t>(std::numeric_limits<T>::max()) + (negative ? 1 : 0);
  if (magnitude > limit) return Typed::kOutOfRange;
  *value = static_cast<T>(negative ? 0 - magnitude : magnitude);
  return Typed::kOk;
}

int Number(std::string_view text, size_t at, int width) {
  int value = 0;
  for (int i = 0; i < width; ++i) {
    if (!IsDigit(text[at + i])) return -1;
    value = value * 10 + (text[at + i] - '0');
  }
  return value;
}

/// Reads `.ddd` at the front of `text`; false if it holds more than microseconds.
bool TakeFraction(std::string_view* text, int64_t* micros) {
  *micros = 0;
  if (text->empty() || (*text)[0] != '.') return true;
  const size_t digits = CountDigits(text->substr(1));
  if (digits == 0) return false;
  int64_t unit = kMicrosPerSecond / 10;
  for (size_t i = 1; i <= digits; ++i, unit /= 10) {
    const int digit = (*text)[i] - '0';
    if (i > 6 && digit != 0) return false;
    *micros += digit * unit;
  }
  text->remove_prefix(digits + 1);
  return true;
}

/// Reads all of `text` as an offset from UTC.
bool ReadOffset(std::string_view text, int64_t* seconds) {
  if (text == "Z" || text == "z") {
    *seconds = 0;
    return true;
  }
  if (text.size() < 3 || (text[0] != '+' && text[0] != '-')) return false;
  const int hours = Number(text, 1, 2);
  int minutes = 0;
  if (text.size() == 5) {
    minutes = Number(text, 3, 2);
  } else if (text.size() == 6 && text[3] == ':') {
    minutes = Number(text, 4, 2);
  } else if (text.size() != 3) {
    return false;
  }
  if (hours < 0 || minutes < 0 || minutes > 59 || hours * 60 + minutes > kMaxOffsetHours * 60) {
    return false;
  }
  *seconds = (text[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
  return true;
}

}  // namespace

std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

Typed ParseInteger(std::string_view text, bool zero_fraction, int32_t* value) {
  return ParseWhole(text, zero_fraction, value);
}

Typed ParseBigint(std::string_view text, bool zero_fraction, int64_t* value) {
  return ParseWhole(text, zero_fraction, value);
}

Typed ParseDecimal(std::string_view text, int precision, int scale, __int128* value) {
  bool negative = false;
  if (!TakeSign(&text, &negative)) return Typed::kNotOfType;
  const size_t digits = CountDigits(text);
  if (digits == 0) return Typed::kNotOfType;
  std::string_view fraction;
  if (digits < text.size()) {
    if (text[digits] != '.') return Typed::kNotOfType;
    fraction = text.substr(digits + 1);
    if (fraction.empty() || CountDigits(fraction) != fraction.size()) return Typed::kNotOfType;
  }
  std::string_view whole = text.substr(0, digits);
  while (!whole.empty() && whole[0] == '0') whole.remove_prefix(1);
  const bool fits = static_cast<int>(whole.size()) <= precision - scale &&
                    static_cast<int>(fraction.size()) <= scale;
  if (!fits) return Typed::kNotOfType;
  __int128 unscaled = 0;
  for (char c : whole) unscaled = unscaled * 10 + (c - '0');
  for (char c : fraction) unscaled = unscaled * 10 + (c - '0');
  for (int i = static_cast<int>(fraction.size()); i < scale; ++i) unscaled *= 10;
  *value = negative ? -unscaled : unscaled;
  return Typed::kOk;
}

Typed ParseDouble(std::string_view text, double* value) {
  bool negative = false;
  if (!TakeSign(&text, &negative)) return Typed::kNotOfType;
  // from_chars also reads inf and nan, which are words here, and a sign, which is taken.
  if (!IsDigit(text[0]) && text[0] != '.') return Typed::kNotOfType;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  if (end != text.data() + text.size()) return Typed::kNotOfType;
  if (error == std::errc::result_out_of_range) return Typed::kOutOfRange;
  if (error != std::errc() || !std::isfinite(*value)) return Typed::kNotOfType;
  if (negative) *value = -*value;
  return Typed::kOk;
}

DateFormat::DateFormat(const std::string& pattern) {
  for (size_t i = 0; i < pattern.size();) {
    const char c = pattern[i];
    if (c == '\'') {
      const size_t close = pattern.find('\'', i + 1);
      parts_.push_back({0, pattern.substr(i + 1, close - i - 1), 0});
      i = close + 1;
    } else if (std::string_view("yMdHms").find(c) != std::string_view::npos) {
      int width = 0;
      while (i < pattern.size() && pattern[i] == c) ++width, ++i;
      parts_.push_back({c, "", width});
      ends_in_seconds_ = c == 's';
      continue;
    } else {
      parts_.push_back({0, std::string(1, c), 0});
      ++i;
    }
    ends_in_seconds_ = false;
  }
}

size_t DateFormat::Match(std::string_view text, int32_t* days, int32_t* seconds) const {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  size_t at = 0;
  for (const Part& part : parts_) {
    if (part.token == 0) {
      if (text.substr(at, part.text.size()) != part.text) return 0;
      at += part.text.size();
      continue;
    }
    if (at + part.width > text.size()) return 0;
    const int value = Number(text, at, part.width);
    if (value < 0) return 0;
    at += part.width;
    switch (part.token) {
      case 'y':
        year = value;
        break;
      case 'M':
        month = value;
        break;
      case 'd':
        day = value;
        break;
      case 'H':
        hour = value;
        break;
      case 'm':
        minute = value;
        break;
      default:
        second = value;
        break;
    }
  }
  if (hour > 23 || minute > 59 || second > 59) return 0;
  const std::optional<Days> found = DaysFromCivil(year, month, day);
  if (!found) return 0;
  *days = *found;
  *seconds = hour * 3600 + minute * 60 + second;
  return at;
}

Typed ParseDate(std::string_view text, const std::vector<DateFormat>& formats, int32_t* days) {
  int32_t seconds = 0;
  for (const DateFormat& format : formats) {
    if (format.Match(text, days, &seconds) == text.size() && !text.empty()) return Typed::kOk;
  }
  return Typed::kNotOfType;
}

Typed ParseTimestamp(std::string_view text, const std::vector<DateFormat>& formats,
                     const TimeZone* zone, int64_t* micros) {
  for (const DateFormat& format : formats) {
    int32_t days = 0, seconds = 0;
    const size_t used = format.Match(text, &days, &seconds);
    if (used == 0) continue;
    std::string_view rest = text.substr(used);
    int64_t fraction = 0;
    int64_t whole = days * kSecondsPerDay + seconds;
    if (!rest.empty()) {
      if (!format.ends_in_seconds() || !TakeFraction(&rest, &fraction)) continue;
      int64_t offset = 0;
      if (!rest.empty()) {
        if (!ReadOffset(rest, &offset)) continue;
        whole -= offset;
        if (zone) whole = zone->ToLocal(whole);
      }
    }
    const bool known =
        whole >= kFirstDay * kSecondsPerDay && whole < (int64_t{kLastDay} + 1) * kSecondsPerDay;
    if (!known) return Typed::kNotOfType;
    *micros = whole * kMicrosPerSecond + fraction;
    return Typed::kOk;
  }
  return Typed::kNotOfType;
}

}  // namespace lyceum
