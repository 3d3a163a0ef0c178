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
  /// A backslash in a string literal is an escape, so it is doubled.
  bool backslash_escapes = false;
  /// Spells a column type in DDL.
  std::string (*type_name)(const Type& type) = nullptr;
  /// Spells an expression call of the language's function `name` over rendered arguments; "" if the
  /// dialect has no rendering with exactly that meaning.
  std::string (*call)(std::string_view name, const std::vector<std::string>& arguments) = nullptr;
  /// Spells "text `value` matches the whole of `pattern`", both rendered.
  std::string (*full_match)(std::string_view value, std::string_view pattern) = nullptr;
  /// A type that holds integers of 38 digits, for exact sums.
  const char* wide_integer = nullptr;
  /// Spells the whole part of a / b for rendered wide integers, neither negative.
  std::string (*quotient)(std::string_view a, std::string_view b) = nullptr;
  /// Spells a check that is true where evaluating the rendered expression fails on a row, instead
  /// of failing the statement; nullptr if the dialect cannot.
  std::string (*evaluation_fails)(std::string_view expression) = nullptr;
};

const Dialect& DuckDbDialect();
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
