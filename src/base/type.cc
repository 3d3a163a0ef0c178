#include "base/type.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace lyceum {
namespace {

struct NamedKind {
  std::string_view name;
  TypeKind kind;
};

constexpr std::array<NamedKind, 7> kPlainKinds = {{
    {"integer", TypeKind::kInteger},
    {"bigint", TypeKind::kBigint},
    {"double", TypeKind::kDouble},
    {"boolean", TypeKind::kBoolean},
    {"text", TypeKind::kText},
    {"date", TypeKind::kDate},
    {"timestamp", TypeKind::kTimestamp},
}};

constexpr int kMaxPrecision = 38;
/// Redshift's limit (r_Numeric_types201).
constexpr int kMaxScale = 37;

std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// Reads digits only: no sign, nothing before or after.
std::optional<int> ParseCount(std::string_view text) {
  text = TrimBlanks(text);
  if (text.empty() || text[0] == '-') return std::nullopt;
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string TypeName(const Type& type) {
  if (type.kind == TypeKind::kDecimal) {
    return fmt::format("decimal({},{})", type.precision, type.scale);
  }
  for (const NamedKind& plain : kPlainKinds) {
    if (plain.kind == type.kind) return std::string(plain.name);
  }
  return "";
}

std::string TypeWithArticle(const Type& type) {
  return (type.kind == TypeKind::kInteger ? "an " : "a ") + TypeName(type);
}

std::optional<Type> ParseTypeName(std::string_view text) {
  for (const NamedKind& plain : kPlainKinds) {
    if (plain.name == text) return Type{plain.kind};
  }
  constexpr std::string_view kPrefix = "decimal(";
  if (text.substr(0, kPrefix.size()) != kPrefix || text.back() != ')') return std::nullopt;
  const std::string_view inside = text.substr(kPrefix.size(), text.size() - kPrefix.size() - 1);
  const size_t comma = inside.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const std::optional<int> precision = ParseCount(inside.substr(0, comma));
  const std::optional<int> scale = ParseCount(inside.substr(comma + 1));
  if (!precision || !scale) return std::nullopt;
  if (*precision < 1 || *precision > kMaxPrecision || *scale > *precision || *scale > kMaxScale) {
    return std::nullopt;
  }
  return Type{TypeKind::kDecimal, *precision, *scale};
}

}  // namespace lyceum
