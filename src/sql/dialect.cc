#include "sql/dialect.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lyceum {

std::string SharedCall(std::string_view name, const std::vector<std::string>& arguments) {
  constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
  const std::string list = fmt::format("{}", fmt::join(arguments, ", "));
  // upper() and lower() change more than ASCII, follow the locale, and not alike (ß, İ).
  if (name == "lower_ascii") return fmt::format("translate({}, '{}', '{}')", list, kUpper, kLower);
  if (name == "upper_ascii") return fmt::format("translate({}, '{}', '{}')", list, kLower, kUpper);
  // concat() skips nulls; || does not.
  if (name == "concat") return fmt::format("({})", fmt::join(arguments, " || "));
  if (name == "date") return fmt::format("CAST({} AS DATE)", list);
  if (name == "year" || name == "month" || name == "day" || name == "hour") {
    return fmt::format("CAST(EXTRACT({} FROM {}) AS INTEGER)", name, list);
  }
  for (std::string_view same : {"coalesce", "nullif", "abs"}) {
    if (name == same) return fmt::format("{}({})", name, list);
  }
  return "";
}

std::string QuoteName(const Dialect& dialect, std::string_view name) {
  const char quote = dialect.name_quote;
  std::string quoted(1, quote);
  for (char c : name) {
    if (c == quote) quoted += quote;
    quoted += c;
  }
  return quoted + quote;
}

std::string QuoteText(const Dialect& dialect, std::string_view text) {
  if (dialect.text_literal) return dialect.text_literal(text);
  std::string quoted = "'";
  for (char c : text) {
    if (c == '\'' || (c == '\\' && dialect.backslash_escapes)) quoted += c;
    quoted += c;
  }
  return quoted + '\'';
}

std::string TypedLiteral(const Dialect& dialect, const Type& type, std::string_view canonical) {
  switch (type.kind) {
    case TypeKind::kText:
      return QuoteText(dialect, canonical);
    case TypeKind::kBoolean:
      return canonical == "true" ? "TRUE" : "FALSE";
    case TypeKind::kInteger:
    case TypeKind::kBigint:
      // A sign binds tighter than what may stand around the literal only inside parentheses.
      return canonical[0] == '-' ? fmt::format("({})", canonical) : std::string(canonical);
    default:
      return fmt::format("CAST({} AS {})", QuoteText(dialect, canonical), dialect.type_name(type));
  }
}

}  // namespace lyceum
