// Any bytes as an expression: no crash; what parses prints to a text that parses to the same print,
// and renders.

#include <cstdlib>

#include "sql/dialect.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using lyceum::TypeKind;
  static const std::vector<lyceum::ScopeColumn> scope = {
      {"i", {TypeKind::kInteger}}, {"b", {TypeKind::kBigint}},   {"m", {TypeKind::kDecimal, 9, 3}},
      {"d", {TypeKind::kDouble}},  {"t", {TypeKind::kText}},     {"y", {TypeKind::kBoolean}},
      {"c", {TypeKind::kDate}},    {"s", {TypeKind::kTimestamp}}};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  lyceum::Diagnostics diagnostics;
  const lyceum::Expr expr = lyceum::ParseExpression(text, {1, 1}, scope, &diagnostics);
  if ((expr != nullptr) == diagnostics.has_errors()) abort();
  if (!expr) return 0;
  if (!lyceum::RenderExpression(lyceum::DuckDbDialect(), expr).ok()) abort();
  const std::string printed = lyceum::PrintExpression(expr);
  lyceum::Diagnostics again;
  const lyceum::Expr twice = lyceum::ParseExpression(printed, {1, 1}, scope, &again);
  // Printing adds brackets, so a tree near the limit of depth may not come back.
  if (twice && lyceum::PrintExpression(twice) != printed) abort();
  return 0;
}
