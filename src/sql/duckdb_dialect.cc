// DuckDB 1.5's facts. Source where none is named: DuckDB's documentation of 1.5, checked by the
// tests that run every function on the library.

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
      return fmt::format("DECIMAL({},{})", type.precision, type.scale);
    case TypeKind::kDouble:
      return "DOUBLE";
    case TypeKind::kBoolean:
      return "BOOLEAN";
    case TypeKind::kText:
      return "VARCHAR";  // DuckDB ignores a length, so none is promised
    case TypeKind::kDate:
      return "DATE";
    case TypeKind::kTimestamp:
      return "TIMESTAMP";
  }
  return "";
}

std::string Call(std::string_view name, const std::vector<std::string>& arguments) {
  const std::string list = fmt::format("{}", fmt::join(arguments, ", "));
  // trim(x) alone would take other white space on some engines.
  if (name == "trim") return fmt::format("trim({}, ' ' || chr(9))", list);
  if (name == "days_between") {
    return fmt::format("CAST(({}) - ({}) AS INTEGER)", arguments[1], arguments[0]);
  }
  // Counts code points.
  if (name == "length") return fmt::format("CAST(length({}) AS INTEGER)", list);
  for (std::string_view same : {"starts_with", "ends_with", "contains"}) {
    if (name == same) return fmt::format("{}({})", name, list);
  }
  return SharedCall(name, arguments);
}

std::string FullMatch(std::string_view value, std::string_view pattern) {
  return fmt::format("regexp_full_match({}, {})", value, QuoteText(DuckDbDialect(), pattern));
}

/// `//` is whole division of integers only: between decimals it rounds.
std::string Quotient(std::string_view a, std::string_view b) {
  return fmt::format("({} // {})", a, b);
}

/// DuckDB would try every compression on every 120,000 rows, which costs more than writing them.
/// Measured on 2 million rows: hex digits of a hash hardly compress, so keys that are all different
/// are stored as they are; keys that come again and again are halved by FSST; a dictionary pays as
/// long as it fits into a block of 256 KiB.
std::string KeyStorage(int64_t different) {
  constexpr int64_t kFitsIntoBlock = 2000;
  if (different == kAllDifferent) return " USING COMPRESSION uncompressed";
  if (different > 2 * kFitsIntoBlock) return " USING COMPRESSION fsst";
  if (different < kFitsIntoBlock) return " USING COMPRESSION dictionary";
  return "";
}

std::string KeyOf(std::string_view columns) { return fmt::format("lyceum_key({})", columns); }

std::string CheckedArithmetic(BinaryOp op, std::string_view left, std::string_view right) {
  return fmt::format("TRY({} {} {})", left, OperatorText(op), right);
}

}  // namespace

const Dialect& DuckDbDialect() {
  static const Dialect dialect = [] {
    Dialect d;
    d.name = "duckdb";
    d.max_identifier_bytes = 63;  // DuckDB has no limit; PostgreSQL's keeps names portable
    d.one_writer = true;          // the process that attached the file for writing holds its lock
    d.backslash_escapes = false;  // standard strings
    d.type_name = TypeText;
    d.call = Call;
    d.full_match = FullMatch;
    d.wide_integer = "HUGEINT";
    d.narrow_decimals = true;  // typeof(a * a) of decimal(18,6) is decimal(18,12)
    d.quotient = Quotient;
    d.checked_arithmetic = CheckedArithmetic;
    d.bytes_function = "strlen";
    d.private_views = true;
    d.key_of = KeyOf;
    d.key_storage = KeyStorage;
    return d;
  }();
  return dialect;
}

}  // namespace lyceum
