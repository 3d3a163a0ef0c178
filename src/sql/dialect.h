#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/type.h"
#include "expr/expr.h"

namespace lyceum {

/// What one SQL system speaks, as facts with reasons (in its <name>_dialect.cc). Code never
/// branches on `name`; it asks a fact. Only the functions below build identifiers and literals.
struct Dialect {
  std::string name;
  /// Longest identifier in bytes that is not cut.
  size_t max_identifier_bytes = 0;
  /// A file lock admits one writing process, so there is no table to lock and whatever an earlier
  /// run left is dead.
  bool one_writer = false;
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
  /// Spells "text `value` matches the whole of `pattern`", both rendered; engines only.
  std::string (*full_match)(std::string_view value, std::string_view pattern) = nullptr;
  /// Arithmetic of decimals of at most 18 digits overflows beyond 18, whatever its result's type,
  /// so an operand is widened first.
  bool narrow_decimals = false;
  /// A type that holds integers of 38 digits, for exact sums.
  const char* wide_integer = nullptr;
  /// Spells the whole part of a / b for rendered wide integers, neither negative.
  std::string (*quotient)(std::string_view a, std::string_view b) = nullptr;
  /// Spells a check that is true where evaluating the rendered expression fails on a row, instead
  /// of failing the statement; engines only.
  std::string (*evaluation_fails)(std::string_view expression) = nullptr;
  /// The warehouse's time in UTC; nullptr where one process writes, so that nobody asks for it.
  const char* now = nullptr;
  /// Tables have indexes, which look-ups by batch date, day and key need.
  bool has_indexes = false;
  /// Tables are laid out by DISTSTYLE, DISTKEY and SORTKEY.
  bool has_layout = false;
  /// What CREATE says for a run's private tables.
  const char* private_table = "TABLE";
};

/// Spells calls of the functions that have one spelling in all dialects; "" for the others.
std::string SharedCall(std::string_view name, const std::vector<std::string>& arguments);

const Dialect& DuckDbDialect();
const Dialect& PostgresDialect();
const Dialect& RedshiftDialect();
/// All dialects of this build, in the order of the documentation.
const std::vector<const Dialect*>& AllDialects();

/// Quotes an identifier. REQUIRES: no NUL byte in `name` (specs refuse it).
std::string QuoteName(const Dialect& dialect, std::string_view name);
/// Quotes a string literal.
std::string QuoteText(const Dialect& dialect, std::string_view text);
/// Spells a typed literal from the canonical text of its type (`2025-06-01`, `1.50`, `true`).
std::string TypedLiteral(const Dialect& dialect, const Type& type, std::string_view canonical);

/// Renders an expression of the spec's language. Columns appear as quoted names. An unsupported
/// function is an error, never a guess.
Result<std::string> RenderExpression(const Dialect& dialect, const Expr& expr);

}  // namespace lyceum
