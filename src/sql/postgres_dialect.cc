// PostgreSQL 15's facts. Source where none is named: its manual of version 15, checked by the tests
// that run every statement on a server.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sql/dialect.h"

namespace lyceum {
namespace {

std::string TypeText(const Type& type) {
  switch (type.kind) {
    case TypeKind::kInteger:
      return "INTEGER";
    case TypeKind::kBigint:
      return "BIGINT";
    case TypeKind::kDecimal:
      return fmt::format("NUMERIC({},{})", type.precision, type.scale);
    case TypeKind::kDouble:
      return "DOUBLE PRECISION";
    case TypeKind::kBoolean:
      return "BOOLEAN";
    case TypeKind::kText:
      return "VARCHAR";
    case TypeKind::kDate:
      return "DATE";
    case TypeKind::kTimestamp:
      return "TIMESTAMP";
  }
  return "";
}

std::string Call(std::string_view name, const std::vector<std::string>& arguments) {
  const std::string list = fmt::format("{}", fmt::join(arguments, ", "));
  if (name == "trim") return fmt::format("btrim({}, ' ' || chr(9))", list);
  if (name == "days_between") return fmt::format("(({}) - ({}))", arguments[1], arguments[0]);
  // strpos finds an empty text at 1, so it is contained in every text.
  if (name == "contains") return fmt::format("(strpos({}) > 0)", list);
  if (name == "ends_with") {
    return fmt::format("(right({0}, length({1})) = ({1}))", arguments[0], arguments[1]);
  }
  for (std::string_view same : {"length", "starts_with"}) {
    if (name == same) return fmt::format("{}({})", name, list);
  }
  return SharedCall(name, arguments);
}

/// `/` between numerics keeps few digits and rounds; div() is exact.
std::string Quotient(std::string_view a, std::string_view b) {
  return fmt::format("div({}, {})", a, b);
}

/// Text is ordered by the database's locale, which may be any.
std::string OrderedText(std::string_view value) { return fmt::format("({} COLLATE \"C\")", value); }

}  // namespace

const Dialect& PostgresDialect() {
  static const Dialect dialect = [] {
    Dialect d;
    d.name = "postgresql";
    d.max_identifier_bytes = 63;  // NAMEDATALEN
    d.type_name = TypeText;
    d.call = Call;
    d.ordered_text = OrderedText;
    d.wide_integer = "NUMERIC(38,0)";
    d.quotient = Quotient;
    d.now = "CAST(clock_timestamp() AT TIME ZONE 'UTC' AS TIMESTAMP)";
    d.has_indexes = true;
    // Filled once and read a few times: a crash of the server may empty them, which the count of
    // staged rows in the publish transaction notices.
    d.private_table = "UNLOGGED TABLE";
    return d;
  }();
  return dialect;
}

}  // namespace lyceum
