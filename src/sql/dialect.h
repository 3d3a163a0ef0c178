#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/type.h"
#include "expr/expr.h"

namespace lyceum {

/// How many different keys a column holds that no two rows share.
inline constexpr int64_t kAllDifferent = std::numeric_limits<int64_t>::max();

/// What one SQL system speaks, as facts with reasons (in its <name>_dialect.cc). Code never
/// branches on `name`; it asks a fact. Only the functions below build identifiers and literals.
struct Dialect {
  std::string name;
  /// Longest identifier in bytes that is not cut.
  size_t max_identifier_bytes = 0;
  /// A file lock admits one writing process, so there is no table to lock and whatever an earlier
  /// run left is dead.
  bool one_writer = false;
  /// What stands around a quoted identifier, and is doubled inside.
  char name_quote = '"';
  /// Spells a string literal where doubling quotes is not all that it takes; may be nullptr.
  std::string (*text_literal)(std::string_view text) = nullptr;
  /// A backslash in a string literal is an escape, so it is doubled.
  bool backslash_escapes = false;
  /// Spells a column type in DDL.
  std::string (*type_name)(const Type& type) = nullptr;
  /// Spells the type of a private staging table's column, where it differs; may be nullptr.
  std::string (*staged_type_name)(const Type& type) = nullptr;
  /// Spells an expression call of the language's function `name` over rendered arguments; "" if the
  /// dialect has no rendering with exactly that meaning.
  std::string (*call)(std::string_view name, const std::vector<std::string>& arguments) = nullptr;
  /// Spells a rendered text so that `=` compares exactly, or `<` compares by bytes; nullptr where
  /// they do so anyway.
  std::string (*equal_text)(std::string_view value) = nullptr;
  std::string (*ordered_text)(std::string_view value) = nullptr;
  /// Undoes equal_text; set if that is.
  std::string (*plain_text)(std::string_view value) = nullptr;
  /// Spells "the rendered text `value` matches the whole of `pattern`", which is as in specs;
  /// engines only.
  std::string (*full_match)(std::string_view value, std::string_view pattern) = nullptr;
  /// Arithmetic of decimals of at most 18 digits overflows beyond 18, whatever its result's type,
  /// so an operand is widened first.
  bool narrow_decimals = false;
  /// A type that holds integers of 38 digits, for exact sums.
  const char* wide_integer = nullptr;
  /// Spells the whole part of a / b for rendered wide integers, neither negative.
  std::string (*quotient)(std::string_view a, std::string_view b) = nullptr;
  /// Spells `left op right`, both rendered, such that an overflow is null; engines only, nullptr
  /// elsewhere. Each operation is guarded by itself: engines compute a part that occurs twice
  /// before any guard around the whole.
  std::string (*checked_arithmetic)(BinaryOp op, std::string_view left,
                                    std::string_view right) = nullptr;
  /// Counts the bytes of a rendered text; engines only.
  const char* bytes_function = nullptr;
  /// The warehouse's time in UTC; nullptr where one process writes, so that nobody asks for it.
  const char* now = nullptr;
  /// Tables have indexes, which look-ups by batch date, day and key need.
  bool has_indexes = false;
  /// Tables are laid out by DISTSTYLE, DISTKEY and SORTKEY.
  bool has_layout = false;
  /// The engine is in the same process and reads what it loaded in place, so that a run's private
  /// tables are temporary views of the engine's rows, and `staging_*` are views of the published
  /// ones: a row is written once.
  bool private_views = false;
  /// Spells the surrogate key of rendered columns, in an engine that is at hand where the warehouse
  /// is; nullptr elsewhere.
  std::string (*key_of)(std::string_view columns) = nullptr;
  /// Spells what follows a key's type in DDL, by how many different keys the column may hold;
  /// nullptr where the warehouse finds out itself.
  std::string (*key_storage)(int64_t different) = nullptr;
  /// What CREATE says for a run's private tables.
  const char* private_table = "TABLE";
};

/// Spells calls of the functions that have one spelling in all dialects; "" for the others.
std::string SharedCall(std::string_view name, const std::vector<std::string>& arguments);

const Dialect& DuckDbDialect();
const Dialect& PostgresDialect();
const Dialect& RedshiftDialect();
/// Spark SQL 3.5 and newer, an engine only: it publishes nothing.
const Dialect& SparkDialect();

/// Quotes an identifier. REQUIRES: no NUL byte in `name` (specs refuse it).
std::string QuoteName(const Dialect& dialect, std::string_view name);
/// Quotes a string literal.
std::string QuoteText(const Dialect& dialect, std::string_view text);
/// Spells a typed literal from the canonical text of its type (`2025-06-01`, `1.50`, `true`).
std::string TypedLiteral(const Dialect& dialect, const Type& type, std::string_view canonical);

/// Renders an expression of the spec's language. Columns appear as quoted names. An unsupported
/// function is an error, never a guess.
Result<std::string> RenderExpression(const Dialect& dialect, const Expr& expr);

/// Renders, for an engine, an expression that is null on rows where evaluating it fails.
/// Evaluation fails if an arithmetic operation overflows, unless it stands in a branch of CASE or
/// an argument of coalesce that is not reached; AND, OR and IN reach all their parts.
Result<std::string> RenderSafeExpression(const Dialect& dialect, const Expr& expr);
/// Renders a check, never null, that is true exactly on rows where evaluating `expr` fails.
/// REQUIRES: CanFail(expr).
Result<std::string> RenderEvaluationFails(const Dialect& dialect, const Expr& expr);

}  // namespace lyceum
