// Dates are counted with the era method: years start on 1 March, so that the leap day is the last
// day of a year, and 400 years (an era) always have 146,097 days.

#include "base/calendar.h"

#include <fmt/format.h>

namespace lyceum {
namespace {

constexpr int kDaysPerEra = 146097;
/// Days from 0000-03-01 to 1970-01-01.
constexpr int kEpochOffset = 719468;
constexpr int64_t kMicrosPerSecond = 1000000;
constexpr int64_t kMicrosPerDay = 86400 * kMicrosPerSecond;

bool IsLeapYear(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int DaysInMonth(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeapYear(year) ? 29 : kDays[month - 1];
}

/// Writes the last `digits` digits of a number that is not negative.
void WriteDigits(int64_t value, int digits, char* out) {
  for (int i = digits; i-- > 0; value /= 10) out[i] = static_cast<char>('0' + value % 10);
}

constexpr size_t kDateBytes = 10;

/// REQUIRES: a year from 0 to 9999.
void WriteDate(const Civil& civil, char* out) {
  WriteDigits(civil.year, 4, out);
  out[4] = out[7] = '-';
  WriteDigits(civil.month, 2, out + 5);
  WriteDigits(civil.day, 2, out + 8);
}

/// Reads exactly `text` as a number; nullopt if a byte is no digit.
std::optional<int> ParseDigits(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

std::optional<Days> DaysFromCivil(int year, int month, int day) {
  if (year < 1 || year > 9999 || month < 1 || month > 12) return std::nullopt;
  if (day < 1 || day > DaysInMonth(year, month)) return std::nullopt;
  const int shifted_year = month <= 2 ? year - 1 : year;
  const int era = shifted_year / 400;
  const int year_of_era = shifted_year % 400;
  const int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * kDaysPerEra + day_of_era - kEpochOffset;
}

Civil CivilFromDays(Days days) {
  const int shifted = days + kEpochOffset;
  const int era = (shifted >= 0 ? shifted : shifted - (kDaysPerEra - 1)) / kDaysPerEra;
  const int day_of_era = shifted - era * kDaysPerEra;
  const int year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int shifted_month = (5 * day_of_year + 2) / 153;
  const int day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const int month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

std::string FormatDate(Days days) {
  const Civil civil = CivilFromDays(days);
  if (civil.year < 0 || civil.year > 9999) {
    return fmt::format("{:04}-{:02}-{:02}", civil.year, civil.month, civil.day);
  }
  char text[kDateBytes];
  WriteDate(civil, text);
  return {text, sizeof(text)};
}

namespace {

/// Days since the epoch, and microseconds of the day.
std::pair<int64_t, int64_t> SplitTimestamp(int64_t micros) {
  int64_t days = micros / kMicrosPerDay;
  int64_t rest = micros % kMicrosPerDay;
  if (rest < 0) {
    rest += kMicrosPerDay;
    --days;
  }
  return {days, rest};
}

}  // namespace

bool WriteTimestamp(int64_t micros, char out[kTimestampBytes]) {
  const auto [days, rest] = SplitTimestamp(micros);
  const Civil civil = CivilFromDays(static_cast<Days>(days));
  if (civil.year < 0 || civil.year > 9999) return false;
  const int64_t seconds = rest / kMicrosPerSecond;
  WriteDate(civil, out);
  out[10] = 'T';
  WriteDigits(seconds / 3600, 2, out + 11);
  out[13] = out[16] = ':';
  WriteDigits(seconds / 60 % 60, 2, out + 14);
  WriteDigits(seconds % 60, 2, out + 17);
  out[19] = '.';
  WriteDigits(rest % kMicrosPerSecond, 6, out + 20);
  return true;
}

std::string FormatTimestamp(int64_t micros) {
  char text[kTimestampBytes];
  if (WriteTimestamp(micros, text)) return {text, sizeof(text)};
  const auto [days, rest] = SplitTimestamp(micros);
  const int64_t seconds = rest / kMicrosPerSecond;
  return fmt::format("{}T{:02}:{:02}:{:02}.{:06}", FormatDate(static_cast<Days>(days)),
                     seconds / 3600, seconds / 60 % 60, seconds % 60, rest % kMicrosPerSecond);
}

std::optional<Days> ParseBatchDate(std::string_view text) {
  if (text.size() == 10) {
    if (text[4] != '-' || text[7] != '-') return std::nullopt;
  } else if (text.size() != 8) {
    return std::nullopt;
  }
  const size_t gap = text.size() == 10 ? 1 : 0;
  const std::optional<int> year = ParseDigits(text.substr(0, 4));
  const std::optional<int> month = ParseDigits(text.substr(4 + gap, 2));
  const std::optional<int> day = ParseDigits(text.substr(6 + 2 * gap, 2));
  if (!year || !month || !day) return std::nullopt;
  return DaysFromCivil(*year, *month, *day);
}

}  // namespace lyceum
