#include "engines/typing.h"

#include <gtest/gtest.h>

#include "base/calendar.h"
#include "base/canonical.h"
#include "engines/time_zone.h"

namespace lyceum {
namespace {

struct TypingCase {
  const char* type;
  const char* text;
  const char* expected;  ///< canonical text; "!" not of the type, "range" outside it
};

std::string Outcome(Typed typed, const std::string& value) {
  return typed == Typed::kOk ? value : typed == Typed::kOutOfRange ? "range" : "!";
}

std::string ReadNumber(const std::string& type, std::string_view text) {
  int32_t i = 0;
  int64_t b = 0;
  double d = 0;
  __int128 m = 0;
  Typed typed = Typed::kNotOfType;
  if (type == "integer" || type == "integer0") {
    typed = ParseInteger(text, type == "integer0", &i);
    return Outcome(typed, std::to_string(i));
  }
  if (type == "bigint") {
    typed = ParseBigint(text, false, &b);
    return Outcome(typed, std::to_string(b));
  }
  if (type == "double") {
    typed = ParseDouble(text, &d);
    char shown[64];
    snprintf(shown, sizeof shown, "%.17g", d);
    return Outcome(typed, shown);
  }
  const int scale = type == "decimal(5,2)" ? 2 : 0;
  typed = ParseDecimal(text, scale == 2 ? 5 : 38, scale, &m);
  return Outcome(typed, FormatDecimal(m, scale));
}

std::string Read(const std::string& type, const std::string& text) {
  const std::string_view trimmed = TrimBlanks(text);
  const std::vector<DateFormat> dates = {DateFormat("yyyy-MM-dd"), DateFormat("dd-MM-yyyy")};
  const std::vector<DateFormat> times = {DateFormat("yyyy-MM-dd HH:mm:ss"),
                                         DateFormat("yyyy-MM-dd'T'HH:mm:ss"),
                                         DateFormat("dd/MM/yyyy HH:mm")};
  if (type == "date") {
    int32_t days = 0;
    const Typed typed = ParseDate(trimmed, dates, &days);
    return Outcome(typed, FormatDate(days));
  }
  if (type.rfind("timestamp", 0) != 0) return ReadNumber(type, trimmed);
  const std::string zone = type == "timestamp" ? "UTC" : type.substr(10);
  int64_t micros = 0;
  const auto found = FindTimezone(zone);
  const Typed typed = ParseTimestamp(trimmed, times, found->get(), &micros);
  return Outcome(typed, FormatTimestamp(micros));
}

TEST(Typing, Table) {
  const TypingCase cases[] = {
      {"integer", "0", "0"},
      {"integer", "+5", "5"},
      {"integer", "-007", "-7"},
      {"integer", " \t12 ", "12"},
      {"integer", "2147483647", "2147483647"},
      {"integer", "-2147483648", "-2147483648"},
      {"integer", "2147483648", "range"},
      {"integer", "99999999999999999999999999", "range"},
      {"integer", "12.0", "!"},
      {"integer", "1e3", "!"},
      {"integer", "0x1F", "!"},
      {"integer", "1_000", "!"},
      {"integer", "1,000", "!"},
      {"integer", "+", "!"},
      {"integer", "--1", "!"},
      {"integer",
       "\xC2\xA0"
       "1",
       "!"},
      {"integer", "\xD9\xA1", "!"},
      {"integer0", "12.0", "12"},
      {"integer0", "12.000", "12"},
      {"integer0", "12.", "!"},
      {"integer0", "12.5", "!"},
      {"bigint", "9223372036854775807", "9223372036854775807"},
      {"bigint", "9223372036854775808", "range"},
      {"bigint", "-9223372036854775808", "-9223372036854775808"},
      {"decimal(5,2)", "100", "100.00"},
      {"decimal(5,2)", "-0.5", "-0.50"},
      {"decimal(5,2)", "000999.99", "999.99"},
      {"decimal(5,2)", "1000", "!"},
      {"decimal(5,2)", "1.234", "!"},
      {"decimal(5,2)", "1.230", "!"},
      {"decimal(5,2)", ".5", "!"},
      {"decimal(5,2)", "5.", "!"},
      {"decimal(5,2)", "1e1", "!"},
      {"decimal(38,0)", "99999999999999999999999999999999999999",
       "99999999999999999999999999999999999999"},
      {"decimal(38,0)", "999999999999999999999999999999999999999", "!"},
      {"double", "1.5", "1.5"},
      {"double", "-1e3", "-1000"},
      {"double", "+.5", "0.5"},
      {"double", "1e400", "range"},
      {"double", "+-5", "!"},
      {"double", "-+5", "!"},
      {"double", "--5", "!"},
      {"double", "-0.5", "-0.5"},
      {"double", "-", "!"},
      {"double", "1e", "!"},
      {"double", "-inf", "!"},
      {"double", "nan", "!"},
      {"double", "inf", "!"},
      {"double", "0x10", "!"},
      {"double", "1.5x", "!"},
      {"date", "2025-06-01", "2025-06-01"},
      {"date", "01-06-2025", "2025-06-01"},
      {"date", "2024-02-29", "2024-02-29"},
      {"date", "2025-02-29", "!"},
      {"date", "2025-02-30", "!"},
      {"date", "0001-01-01", "0001-01-01"},
      {"date", "9999-12-31", "9999-12-31"},
      {"date", "0000-01-01", "!"},
      {"date", "2025-6-1", "!"},
      {"date", "2025-06-01 10:00:00", "!"},
      {"date", "2025-06-01x", "!"},
      {"timestamp", "2025-06-01 10:20:30", "2025-06-01T10:20:30.000000"},
      {"timestamp", "2025-06-01T10:20:30", "2025-06-01T10:20:30.000000"},
      {"timestamp", "2025-06-01 10:20:30.5", "2025-06-01T10:20:30.500000"},
      {"timestamp", "2025-06-01 10:20:30.123456", "2025-06-01T10:20:30.123456"},
      {"timestamp", "2025-06-01 10:20:30.1234560", "2025-06-01T10:20:30.123456"},
      {"timestamp", "2025-06-01 10:20:30.1234567", "!"},
      {"timestamp", "2025-06-01 10:20:30.", "!"},
      {"timestamp", "2025-06-01T10:20:30Z", "2025-06-01T10:20:30.000000"},
      {"timestamp", "2025-06-01T00:20:30+02:00", "2025-05-31T22:20:30.000000"},
      {"timestamp", "2025-06-01T00:20:30+0200", "2025-05-31T22:20:30.000000"},
      {"timestamp", "2025-06-01T00:20:30-02", "2025-06-01T02:20:30.000000"},
      {"timestamp", "2025-06-01T00:20:30+2", "!"},
      {"timestamp", "2025-06-01T00:20:30+19:00", "!"},
      {"timestamp", "2025-06-01 24:00:00", "!"},
      {"timestamp", "2025-06-01 10:60:00", "!"},
      {"timestamp", "2025-06-01 10:20:60", "!"},
      {"timestamp", "2025-06-01", "!"},
      {"timestamp", "01/06/2025 10:20", "2025-06-01T10:20:00.000000"},
      {"timestamp", "01/06/2025 10:20Z", "!"},
      {"timestamp", "0001-01-01 00:00:00+01:00", "!"},
      {"timestamp Asia/Kolkata", "2025-06-01T20:00:00Z", "2025-06-02T01:30:00.000000"},
      {"timestamp Asia/Kolkata", "2025-06-01 20:00:00", "2025-06-01T20:00:00.000000"},
      {"timestamp Europe/Berlin", "2025-01-01T00:00:00Z", "2025-01-01T01:00:00.000000"},
      {"timestamp Europe/Berlin", "2025-07-01T00:00:00Z", "2025-07-01T02:00:00.000000"},
      {"timestamp Europe/Berlin", "2050-01-01T00:00:00Z", "2050-01-01T01:00:00.000000"},
      {"timestamp Europe/Berlin", "2050-07-01T00:00:00Z", "2050-07-01T02:00:00.000000"},
      {"timestamp America/New_York", "2099-07-01T00:00:00Z", "2099-06-30T20:00:00.000000"},
      {"timestamp America/New_York", "2099-12-01T00:00:00Z", "2099-11-30T19:00:00.000000"},
      {"timestamp Australia/Sydney", "2040-01-01T00:00:00Z", "2040-01-01T11:00:00.000000"},
      {"timestamp Australia/Sydney", "2040-07-01T00:00:00Z", "2040-07-01T10:00:00.000000"},
      {"timestamp Asia/Tokyo", "2040-07-01T00:00:00Z", "2040-07-01T09:00:00.000000"},
  };
  for (const TypingCase& test : cases) {
    EXPECT_EQ(Read(test.type, test.text), test.expected) << test.type << " of " << test.text;
  }
}

TEST(FindTimezone, NamesWhatIsWrong) {
  EXPECT_EQ(FindTimezone("Mars/Olympus").status().message(),
            "'Mars/Olympus' is no time zone of this machine; expected an IANA name such as "
            "'Europe/Berlin'");
}

}  // namespace
}  // namespace lyceum
