// Spark SQL's facts, 3.5 and 4.x, under the session settings of SparkSettings(): ANSI mode, UTC, no
// variable substitution, no loss of scale. Source where none is named: Spark's SQL reference,
// checked by the tests that run every function on a server.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "spec/pattern_subset.h"
#include "sql/dialect.h"

namespace lyceum {
namespace {

std::string TypeText(const Type& type) {
  switch (type.kind) {
    case TypeKind::kInteger:
      return "INT";
    case TypeKind::kBigint:
      return "BIGINT";
    case TypeKind::kDecimal:
      return fmt::format("DECIMAL({},{})", type.precision, type.scale);
    case TypeKind::kDouble:
      return "DOUBLE";
    case TypeKind::kBoolean:
      return "BOOLEAN";
    case TypeKind::kText:
      return "STRING";
    case TypeKind::kDate:
      return "DATE";
    case TypeKind::kTimestamp:
      return "TIMESTAMP_NTZ";  // TIMESTAMP is an instant
  }
  return "";
}

/// `''` inside a literal is one quote in 4.x and none in 3.5, so a backslash escapes it. `;` is
/// spelled out because spark-sql cuts files at it, `$` because `${...}` is replaced.
std::string TextLiteral(std::string_view text) {
  std::string literal = "'";
  for (char c : text) {
    switch (c) {
      case '\'':
      case '\\':
        literal += '\\';
        literal += c;
        break;
      case '\n':
        literal += "\\n";
        break;
      case '\r':
        literal += "\\r";
        break;
      case '\t':
        literal += "\\t";
        break;
      case ';':
        literal += "\\u003B";
        break;
      case '$':
        literal += "\\u0024";
        break;
      default:
        literal += c;
    }
  }
  return literal + '\'';
}

std::string Call(std::string_view name, const std::vector<std::string>& arguments) {
  const std::string list = fmt::format("{}", fmt::join(arguments, ", "));
  if (name == "trim") return fmt::format("trim(BOTH ' \\t' FROM {})", list);
  if (name == "days_between") return fmt::format("datediff({}, {})", arguments[1], arguments[0]);
  if (name == "length") return fmt::format("length({})", list);  // counts code points
  if (name == "starts_with") return fmt::format("startswith({})", list);
  if (name == "ends_with") return fmt::format("endswith({})", list);
  if (name == "contains") return fmt::format("contains({})", list);
  return SharedCall(name, arguments);
}

/// `\s` is `[\t\n\f\r ]` for RE2; Java adds the vertical tab.
std::string SpaceClass(bool negated, bool inside) {
  // The members are ranges, because classes inside classes are read differently by Java's versions.
  const std::string members = negated ? R"(\x00-\x08\x0B\x0E-\x1F!-\x{10FFFF})" : R"(\t\n\f\r\x20)";
  return inside ? members : fmt::format("[{}]", members);
}

/// A pattern of the checked subset as Java reads it with the same meaning.
std::string JavaPattern(std::string_view pattern) {
  std::string java;
  bool inside = false, behind_set = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      const char next = pattern[++i];
      if (next == 's' || next == 'S') {
        java += SpaceClass(next == 'S', inside);
      } else {
        java += {c, next};
      }
      behind_set = std::string_view("dwsDWS").find(next) != std::string_view::npos;
      continue;
    }
    // Behind a set a `-` is itself; the members of a set that was written out would make a range.
    if (inside && c == '-' && behind_set) java += '\\';
    if (c == '[') inside = true;
    if (c == ']') inside = false;
    behind_set = false;
    java += c;
  }
  return java;
}

/// `(?d)` lets `.` match all but a line feed, as RE2 does. Java takes frames of its stack for every
/// turn of a repeated group, and a stack that overflows ends the executor. A stack of 1 MiB was
/// seen to last for 1,660 turns of `(a|b)*` and 780 of three groups in each other.
std::string FullMatch(std::string_view value, std::string_view pattern) {
  constexpr int kFrames = 1200;
  const std::string match = fmt::format(
      "({} RLIKE {})", value, TextLiteral(fmt::format("(?d)\\A(?:{})\\z", JavaPattern(pattern))));
  const int depth = CostOf(pattern).repeated_depth;
  if (depth == 0) return match;
  const int most = kFrames / (depth + 1);
  return fmt::format(
      "(CASE WHEN length({}) > {} THEN CAST(raise_error({}) AS BOOLEAN) ELSE {} END)", value, most,
      TextLiteral(fmt::format("a value of more than {} characters meets a pattern that repeats a "
                              "group, which Spark cannot match; write the pattern without one, or "
                              "run it on the embedded engine",
                              most)),
      match);
}

std::string CheckedArithmetic(BinaryOp op, std::string_view left, std::string_view right) {
  const char* function = op == BinaryOp::kAdd        ? "try_add"
                         : op == BinaryOp::kSubtract ? "try_subtract"
                                                     : "try_multiply";
  return fmt::format("{}({}, {})", function, left, right);
}

}  // namespace

const Dialect& SparkDialect() {
  static const Dialect dialect = [] {
    Dialect d;
    d.name = "spark";
    d.name_quote = '`';
    d.text_literal = TextLiteral;
    d.type_name = TypeText;
    d.call = Call;
    d.full_match = FullMatch;
    d.checked_arithmetic = CheckedArithmetic;
    d.bytes_function = "octet_length";
    return d;
  }();
  return dialect;
}

}  // namespace lyceum
