#include "sql/dialect.h"

#include <fmt/format.h>

namespace lyceum {

const std::vector<const Dialect*>& AllDialects() {
  static const std::vector<const Dialect*> dialects = {&DuckDbDialect(), &PostgresDialect(),
                                                       &RedshiftDialect()};
  return dialects;
}

std::string QuoteName(const Dialect&, std::string_view name) {
  std::string quoted = "\"";
  for (char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string QuoteText(const Dialect& dialect, std::string_view text) {
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
