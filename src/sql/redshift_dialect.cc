// Amazon Redshift's facts: PostgreSQL's, then what is added, then what is taken away. Sources are
// pages of the Database Developer Guide (r_..., c_...) as read in 2026; docs/redshift.md says which
// of them a test double proves and which wait for a cluster.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sql/dialect.h"

namespace lyceum {
namespace {

std::string TypeText(const Type& type) {
  switch (type.kind) {
    case TypeKind::kDecimal:
      return fmt::format("DECIMAL({},{})", type.precision, type.scale);
    case TypeKind::kText:
      // Bytes, not characters; a plain VARCHAR holds 256 of them (r_Character_types).
      return "VARCHAR(65535)";
    default:
      return PostgresDialect().type_name(type);
  }
}

/// COPY takes decimals from Parquet only in the fixed length that fits their precision, which
/// DuckDB writes for 38 digits alone.
std::string StagedTypeText(const Type& type) {
  if (type.kind == TypeKind::kDecimal) return fmt::format("DECIMAL(38,{})", type.scale);
  return TypeText(type);
}

std::string Call(std::string_view name, const std::vector<std::string>& arguments) {
  // Removed: starts_with, and strpos of an empty text, which is not documented.
  if (name == "starts_with") {
    return fmt::format("(LEN({1}) = 0 OR STRPOS({0}, {1}) = 1)", arguments[0], arguments[1]);
  }
  if (name == "contains") {
    return fmt::format("(LEN({1}) = 0 OR STRPOS({0}, {1}) > 0)", arguments[0], arguments[1]);
  }
  // Texts of one length compare equal only if they are, whatever blanks they end with.
  if (name == "ends_with") {
    return fmt::format("(LEN({0}) >= LEN({1}) AND (LEN({1}) = 0 OR RIGHT({0}, LEN({1})) = ({1})))",
                       arguments[0], arguments[1]);
  }
  if (name == "days_between") {
    return fmt::format("DATEDIFF(day, {}, {})", arguments[0], arguments[1]);
  }
  if (name == "length") return fmt::format("LEN({})", arguments[0]);
  return PostgresDialect().call(name, arguments);
}

/// Integers divide to integers. Decimals round at a scale that the precision dictates, so exact
/// quotients are taken of bigints; a number that does not fit one is an error, never a wrong
/// result.
std::string Quotient(std::string_view a, std::string_view b) {
  return fmt::format("(CAST({} AS BIGINT) / CAST({} AS BIGINT))", a, b);
}

/// Trailing blanks do not count when VARCHARs are compared (r_Character_types). With a last
/// character that sorts before a blank they do, and the order stays that of the bytes.
std::string ExactText(std::string_view value) { return fmt::format("({} || CHR(1))", value); }

std::string PlainText(std::string_view value) {
  return fmt::format("LEFT({0}, LEN({0}) - 1)", value);
}

}  // namespace

const Dialect& RedshiftDialect() {
  static const Dialect dialect = [] {
    Dialect d = PostgresDialect();
    d.name = "redshift";
    // Added.
    d.max_identifier_bytes = 127;  // r_names; longer ones are cut without a word
    d.backslash_escapes = true;    // as PostgreSQL before 9.1; E'...' is not understood
    d.type_name = TypeText;
    d.staged_type_name = StagedTypeText;
    d.call = Call;
    d.equal_text = ExactText;
    d.ordered_text = ExactText;
    d.plain_text = PlainText;
    d.wide_integer = "DECIMAL(38,0)";
    d.quotient = Quotient;
    d.now = "GETDATE()";  // of the statement; sessions run in UTC
    d.has_layout = true;
    // Taken away.
    d.has_indexes = false;      // c_unsupported-postgresql-features
    d.private_table = "TABLE";  // no UNLOGGED
    return d;
  }();
  return dialect;
}

}  // namespace lyceum
