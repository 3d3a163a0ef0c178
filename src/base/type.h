#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/limits.h"

namespace lyceum {

enum class TypeKind { kInteger, kBigint, kDecimal, kDouble, kBoolean, kText, kDate, kTimestamp };

/// A column type. It has one domain on every engine and warehouse:
/// integer 32 bits, bigint 64 bits, decimal(p,s) with 1 <= p <= 38 and 0 <= s <= p, double without
/// NaN and infinities, text at most 65,535 UTF-8 bytes without NUL, date and timestamp
/// (microseconds, no zone) from year 1 to 9999.
struct Type {
  TypeKind kind = TypeKind::kText;
  int precision = 0;  ///< decimal only: digits in all
  int scale = 0;      ///< decimal only: digits after the point
  bool operator==(const Type&) const = default;
};

/// Spells a type as specs do: `integer`, `decimal(5,2)`.
std::string TypeName(const Type& type);

/// The same with its article, for messages: `an integer`, `a decimal(5,2)`.
std::string TypeWithArticle(const Type& type);

/// Reads a type as specs spell it; nullopt if it is none.
std::optional<Type> ParseTypeName(std::string_view text);

inline bool IsNumeric(const Type& type) {
  return type.kind == TypeKind::kInteger || type.kind == TypeKind::kBigint ||
         type.kind == TypeKind::kDecimal || type.kind == TypeKind::kDouble;
}

}  // namespace lyceum
