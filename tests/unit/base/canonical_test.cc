#include "base/canonical.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

#include "base/calendar.h"

namespace lyceum {
namespace {

// Digits up to the 38th do not fit any literal of C++.
__int128 Int128(const std::string& digits) {
  __int128 value = 0;
  const bool negative = digits[0] == '-';
  for (size_t i = negative; i < digits.size(); ++i) value = value * 10 + (digits[i] - '0');
  return negative ? -value : value;
}

constexpr int64_t kMicrosPerSecond = 1000000;
constexpr int64_t kMicrosPerDay = 86400 * kMicrosPerSecond;

template <typename Append, typename... Values>
std::string Encode(Append append, Values... values) {
  std::string out;
  append(values..., &out);
  return out;
}

TEST(Canonical, Null) { EXPECT_EQ(Encode(AppendNull), "n;"); }

TEST(Canonical, Integer) {
  EXPECT_EQ(Encode(AppendInteger, 42), "i2:42;");
  EXPECT_EQ(Encode(AppendInteger, 0), "i1:0;");
  EXPECT_EQ(Encode(AppendInteger, -7), "i2:-7;");
  EXPECT_EQ(Encode(AppendInteger, std::numeric_limits<int64_t>::max()), "i19:9223372036854775807;");
  EXPECT_EQ(Encode(AppendInteger, std::numeric_limits<int64_t>::min()),
            "i20:-9223372036854775808;");
}

TEST(Canonical, Decimal) {
  const struct {
    const char* unscaled;
    int scale;
    const char* encoded;
    const char* written;
  } cases[] = {
      {"150", 2, "m3:1.5;", "1.50"},
      {"-150", 2, "m4:-1.5;", "-1.50"},
      {"200", 2, "m1:2;", "2.00"},
      {"200", 0, "m3:200;", "200"},
      {"10", 2, "m3:0.1;", "0.10"},
      {"0", 0, "m1:0;", "0"},
      {"0", 2, "m1:0;", "0.00"},
      {"-5", 3, "m6:-0.005;", "-0.005"},
      {"5", 6, "m8:0.000005;", "0.000005"},
      {"99999999999999999999999999999999999999", 0, "m38:99999999999999999999999999999999999999;",
       "99999999999999999999999999999999999999"},
      {"-99999999999999999999999999999999999999", 2,
       "m40:-999999999999999999999999999999999999.99;", "-999999999999999999999999999999999999.99"},
      {"99999999999999999999999999999999999999", 38,
       "m40:0.99999999999999999999999999999999999999;", "0.99999999999999999999999999999999999999"},
      {"1", 38, "m40:0.00000000000000000000000000000000000001;",
       "0.00000000000000000000000000000000000001"},
      {"-10000000000000000000000000000000000000", 37, "m2:-1;",
       "-1.0000000000000000000000000000000000000"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Encode(AppendDecimal, Int128(c.unscaled), c.scale), c.encoded) << c.written;
    EXPECT_EQ(FormatDecimal(Int128(c.unscaled), c.scale), c.written);
  }
}

TEST(Canonical, DecimalOfTheLeast128BitNumber) {
  const auto least = static_cast<__int128>(static_cast<unsigned __int128>(1) << 127);
  EXPECT_EQ(FormatDecimal(least, 0), "-170141183460469231731687303715884105728");
}

TEST(Canonical, Double) {
  EXPECT_EQ(Encode(AppendDouble, 1.0), "f16:3ff0000000000000;");
  EXPECT_EQ(Encode(AppendDouble, 0.1), "f16:3fb999999999999a;");
  EXPECT_EQ(Encode(AppendDouble, -2.5), "f16:c004000000000000;");
  EXPECT_EQ(Encode(AppendDouble, 0.0), "f16:0000000000000000;");
  EXPECT_EQ(Encode(AppendDouble, -0.0), "f16:0000000000000000;");
  EXPECT_EQ(Encode(AppendDouble, std::numeric_limits<double>::denorm_min()),
            "f16:0000000000000001;");
  EXPECT_EQ(Encode(AppendDouble, std::numeric_limits<double>::max()), "f16:7fefffffffffffff;");
}

TEST(Canonical, Boolean) {
  EXPECT_EQ(Encode(AppendBoolean, true), "b4:true;");
  EXPECT_EQ(Encode(AppendBoolean, false), "b5:false;");
}

TEST(Canonical, TextCountsBytes) {
  EXPECT_EQ(Encode(AppendText, "login"), "t5:login;");
  EXPECT_EQ(Encode(AppendText, ""), "t0:;");
  EXPECT_EQ(Encode(AppendText, "ß"), "t2:ß;");
  EXPECT_EQ(Encode(AppendText, "a😀"), "t5:a😀;");
  EXPECT_EQ(Encode(AppendText, "n;t1:x;"), "t7:n;t1:x;;");
  EXPECT_EQ(Encode(AppendText, "a\n\t'"), "t4:a\n\t';");
  EXPECT_EQ(Encode(AppendText, std::string_view("\0b", 2)), std::string("t2:\0b;", 6));
}

TEST(Canonical, Date) {
  EXPECT_EQ(Encode(AppendDate, 0), "d10:1970-01-01;");
  EXPECT_EQ(Encode(AppendDate, kFirstDay), "d10:0001-01-01;");
  EXPECT_EQ(Encode(AppendDate, kLastDay), "d10:9999-12-31;");
  EXPECT_EQ(Encode(AppendDate, -1), "d10:1969-12-31;");
  EXPECT_EQ(Encode(AppendDate, 11016), "d10:2000-02-29;");
}

TEST(Canonical, Timestamp) {
  EXPECT_EQ(Encode(AppendTimestamp, 0), "s26:1970-01-01T00:00:00.000000;");
  EXPECT_EQ(Encode(AppendTimestamp, -1), "s26:1969-12-31T23:59:59.999999;");
  EXPECT_EQ(Encode(AppendTimestamp, -kMicrosPerDay), "s26:1969-12-31T00:00:00.000000;");
  EXPECT_EQ(Encode(AppendTimestamp, -kMicrosPerSecond / 2), "s26:1969-12-31T23:59:59.500000;");
  EXPECT_EQ(Encode(AppendTimestamp, kFirstDay * kMicrosPerDay), "s26:0001-01-01T00:00:00.000000;");
  EXPECT_EQ(Encode(AppendTimestamp, (kLastDay + 1) * kMicrosPerDay - 1),
            "s26:9999-12-31T23:59:59.999999;");
}

TEST(Canonical, AppendsToWhatIsThere) {
  std::string out;
  AppendInteger(42, &out);
  AppendText("login", &out);
  AppendNull(&out);
  EXPECT_EQ(out, "i2:42;t5:login;n;");
}

}  // namespace
}  // namespace lyceum
