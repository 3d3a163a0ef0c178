#include "sql/spark_typing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <vector>

#include "base/type.h"
#include "sql/dialect.h"

namespace lyceum {
namespace {

/// The whole of the text does.
std::string Matches(const std::string& text, const std::string& pattern) {
  return SparkMatches(text, "\\A" + pattern + "\\z");
}

std::string IntegerPattern(bool zero_fraction) {
  return zero_fraction ? R"([+-]?[0-9]+(?:\.0+)?)" : "[+-]?[0-9]+";
}

constexpr char kDoublePattern[] = R"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)";

std::string Integer(const SourceColumn& column, const std::string& text, const char* type) {
  const std::string digits =
      column.allow_zero_fraction ? fmt::format("substring_index({}, '.', 1)", text) : text;
  return fmt::format("CASE WHEN {} THEN try_cast({} AS {}) END",
                     Matches(text, IntegerPattern(column.allow_zero_fraction)), digits, type);
}

std::string Decimal(const Type& type, const std::string& text) {
  std::string pattern = fmt::format("[+-]?(?=[0-9])0*+[0-9]{{0,{}}}", type.precision - type.scale);
  if (type.scale > 0) pattern += fmt::format(R"((?:\.[0-9]{{1,{}}})?)", type.scale);
  return fmt::format("CASE WHEN {} THEN try_cast({} AS {}) END", Matches(text, pattern), text,
                     SparkDialect().type_name(type));
}

/// Java reads too large a number as infinite and too small a one as zero; both are outside the
/// range. Every cast is a try_cast: what a CASE repeats Spark computes once, before the conditions.
std::string Double(const std::string& text) {
  return fmt::format(
      "CASE WHEN {0} AND abs(try_cast({1} AS DOUBLE)) < CAST('Infinity' AS DOUBLE) AND "
      "(try_cast({1} AS DOUBLE) <> 0 OR NOT (regexp_replace({1}, '[eE].*', '') RLIKE '[1-9]')) "
      "THEN try_cast({1} AS DOUBLE) END",
      Matches(text, kDoublePattern), text);
}

std::string Words(const std::vector<std::string>& words) {
  std::vector<std::string> folded;
  for (const std::string& word : words) folded.push_back(RenderSparkFolded(SparkText(word)));
  return fmt::format("{}", fmt::join(folded, ", "));
}

std::string Boolean(const SourceColumn& column, const std::string& text) {
  return fmt::format("CASE WHEN {0} IN ({1}) THEN TRUE WHEN {0} IN ({2}) THEN FALSE END",
                     RenderSparkFolded(text), Words(column.true_values),
                     Words(column.false_values));
}

/// A date or timestamp format taken apart: its pattern, and where each part stands.
struct Format {
  std::string pattern;
  int width = 0;  ///< in characters
  bool ends_in_seconds = false;
  /// Position of the parts y, M, d, H, m, s, from 1, and their widths; 0 if there is none.
  std::array<int, 6> at{};
  std::array<int, 6> digits{};
};

void AddLiteral(std::string_view literal, Format* format) {
  for (char c : literal) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = std::isalnum(byte) || byte >= 0x80;
    format->pattern += plain ? std::string(1, c) : fmt::format("\\x{:02X}", byte);
    if ((byte & 0xC0) != 0x80) ++format->width;
  }
  format->ends_in_seconds = false;
}

Format TakeApart(const std::string& pattern) {
  constexpr std::string_view kParts = "yMdHms";
  Format format;
  for (size_t i = 0; i < pattern.size();) {
    const char c = pattern[i];
    const size_t part = kParts.find(c);
    if (c == '\'') {
      const size_t close = pattern.find('\'', i + 1);
      AddLiteral(std::string_view(pattern).substr(i + 1, close - i - 1), &format);
      i = close + 1;
    } else if (part != std::string_view::npos) {
      int digits = 0;
      while (i < pattern.size() && pattern[i] == c) ++digits, ++i;
      format.at[part] = format.width + 1;
      format.digits[part] = digits;
      format.pattern += fmt::format("[0-9]{{{}}}", digits);
      format.width += digits;
      format.ends_in_seconds = c == 's';
    } else {
      AddLiteral(std::string_view(pattern).substr(i, 1), &format);
      ++i;
    }
  }
  return format;
}

std::string Part(const Format& format, size_t part, const std::string& text, int width) {
  if (format.at[part] == 0) return fmt::format("'{:0>{}}'", "", width);
  const std::string digits =
      fmt::format("substring({}, {}, {})", text, format.at[part], format.digits[part]);
  return format.digits[part] == width ? digits : fmt::format("lpad({}, {}, '0')", digits, width);
}

std::string DateText(const Format& format, const std::string& text) {
  return fmt::format("concat({}, '-', {}, '-', {})", Part(format, 0, text, 4),
                     Part(format, 1, text, 2), Part(format, 2, text, 2));
}

std::string HasYear(const Format& format, const std::string& text) {
  return fmt::format("{} <> '0000'", Part(format, 0, text, 4));
}

std::string FirstOf(const std::vector<std::string>& values) {
  return values.size() == 1 ? values[0] : fmt::format("coalesce({})", fmt::join(values, ", "));
}

std::string Date(const SourceColumn& column, const std::string& text) {
  std::vector<std::string> values;
  for (const std::string& pattern : column.formats) {
    const Format format = TakeApart(pattern);
    values.push_back(fmt::format("CASE WHEN {} AND {} THEN try_cast({} AS DATE) END",
                                 Matches(text, format.pattern), HasYear(format, text),
                                 DateText(format, text)));
  }
  return FirstOf(values);
}

/// The moment of a text with an offset, in `timezone`; `base` is the moment as written.
std::string WithOffset(const std::string& base, const std::string& offset,
                       const std::string& timezone) {
  const std::string hours = fmt::format("try_cast(substring({}, 2, 2) AS BIGINT)", offset);
  const std::string minutes = fmt::format(
      "try_cast(CASE length({0}) WHEN 3 THEN '0' WHEN 5 THEN substring({0}, 4, 2) ELSE "
      "substring({0}, 5, 2) END AS BIGINT)",
      offset);
  const std::string seconds = fmt::format(
      "CASE WHEN {0} IN ('Z', 'z') THEN 0 WHEN {1} > 59 OR {2} * 60 + {1} > {3} THEN NULL ELSE "
      "({2} * 3600 + {1} * 60) * CASE WHEN startswith({0}, '-') THEN -1 ELSE 1 END END",
      offset, minutes, hours, kMaxOffsetHours * 60);
  std::string moment = fmt::format(
      "timestamp_micros(unix_micros(CAST({} AS TIMESTAMP)) - ({}) * 1000000)", base, seconds);
  if (timezone != "UTC") {
    moment = fmt::format("from_utc_timestamp({}, {})", moment, SparkText(timezone));
  }
  // An offset may lead out of the years that exist.
  return fmt::format("CASE WHEN year({0}) BETWEEN 1 AND 9999 THEN CAST({0} AS TIMESTAMP_NTZ) END",
                     moment);
}

std::string Timestamp(const SourceColumn& column, const std::string& text,
                      const std::string& timezone) {
  std::vector<std::string> values;
  for (const std::string& pattern : column.formats) {
    const Format format = TakeApart(pattern);
    const std::string until_seconds =
        fmt::format("{}, ' ', {}, ':', {}, ':', {}", DateText(format, text),
                    Part(format, 3, text, 2), Part(format, 4, text, 2), Part(format, 5, text, 2));
    const std::string plain = fmt::format("try_cast(concat({}) AS TIMESTAMP_NTZ)", until_seconds);
    values.push_back(fmt::format("CASE WHEN {} AND {} THEN {} END", Matches(text, format.pattern),
                                 HasYear(format, text), plain));
    if (!format.ends_in_seconds) continue;
    // Behind the seconds a fraction and an offset may stand.
    const std::string rest = fmt::format("substring({}, {})", text, format.width + 1);
    const std::string fraction =
        fmt::format(R"(substring(regexp_extract({}, '\\A(\\.[0-9]+)', 1), 1, 7))", rest);
    const std::string offset = fmt::format(R"(regexp_extract({}, '([Zz+-][0-9:]*)\\z', 1))", rest);
    const std::string base =
        fmt::format("try_cast(concat({}, {}) AS TIMESTAMP_NTZ)", until_seconds, fraction);
    values.push_back(fmt::format(
        "CASE WHEN {} AND {} THEN CASE WHEN {} = '' THEN {} ELSE {} END END",
        Matches(text,
                format.pattern + R"((?:\.[0-9]{1,6}0*)?(?:[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)"),
        HasYear(format, text), offset, base, WithOffset(base, offset, timezone)));
  }
  return FirstOf(values);
}

bool HasRange(const Type& type) {
  return type.kind == TypeKind::kInteger || type.kind == TypeKind::kBigint ||
         type.kind == TypeKind::kDouble;
}

}  // namespace

std::string SparkText(std::string_view text) { return QuoteText(SparkDialect(), text); }

std::string SparkMatches(const std::string& text, std::string_view pattern) {
  return fmt::format("{} RLIKE {}", text, SparkText(pattern));
}

std::string RenderSparkFolded(const std::string& text) { return SharedCall("lower_ascii", {text}); }

std::string RenderSparkValue(const SourceColumn& column, const std::string& text,
                             const std::string& timezone) {
  switch (column.type.kind) {
    case TypeKind::kInteger:
      return Integer(column, text, "INT");
    case TypeKind::kBigint:
      return Integer(column, text, "BIGINT");
    case TypeKind::kDecimal:
      return Decimal(column.type, text);
    case TypeKind::kDouble:
      return Double(text);
    case TypeKind::kBoolean:
      return Boolean(column, text);
    case TypeKind::kText:
      return fmt::format(
          "CASE WHEN octet_length({0}) <= {1} AND NOT contains({0}, '\\u0000') "
          "THEN {0} END",
          text, kMaxTextBytes);
    case TypeKind::kDate:
      return Date(column, text);
    case TypeKind::kTimestamp:
      return Timestamp(column, text, timezone);
  }
  return "NULL";
}

std::string RenderSparkTypeReason(const SourceColumn& column, const std::string& text) {
  const auto reason = [&](const std::string& why) {
    return SparkText(fmt::format("\"{}: {}\"", column.name, why));
  };
  if (column.type.kind == TypeKind::kText) {
    return fmt::format("CASE WHEN octet_length({}) > {} THEN {} ELSE {} END", text, kMaxTextBytes,
                       reason(fmt::format("longer than {} bytes", kMaxTextBytes)),
                       reason("contains a NUL byte"));
  }
  const std::string not_of_type = reason(fmt::format("not {}", TypeWithArticle(column.type)));
  if (!HasRange(column.type)) return not_of_type;
  const std::string pattern = column.type.kind == TypeKind::kDouble
                                  ? kDoublePattern
                                  : IntegerPattern(column.allow_zero_fraction);
  return fmt::format("CASE WHEN {} THEN {} ELSE {} END", Matches(text, pattern),
                     reason(fmt::format("outside the range of {}", TypeName(column.type))),
                     not_of_type);
}

}  // namespace lyceum
