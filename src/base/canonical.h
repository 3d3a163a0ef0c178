#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/type.h"

namespace lyceum {

/// The one typed encoding behind surrogate keys, event keys and digests: a type letter, the length
/// of the canonical text in bytes, `:`, the text, `;` - or `n;` for null. `i2:42;t5:login;`.
/// Letters: i integer and bigint, m decimal, f double (digests only), b boolean, t text, d date,
/// s timestamp. All functions append to `out`.
void AppendNull(std::string* out);
void AppendInteger(int64_t value, std::string* out);
/// `unscaled` is value * 10^scale. Trailing zeros after the point are dropped: 1.50 is `1.5`, 2.00
/// `2`.
void AppendDecimal(__int128 unscaled, int scale, std::string* out);
/// The IEEE 754 bits as 16 hex digits, with -0 as 0.
void AppendDouble(double value, std::string* out);
void AppendBoolean(bool value, std::string* out);
void AppendText(std::string_view value, std::string* out);
void AppendDate(int32_t days, std::string* out);
void AppendTimestamp(int64_t micros, std::string* out);

/// Prints a decimal as written text: `-1.50` for unscaled -150 and scale 2.
std::string FormatDecimal(__int128 unscaled, int scale);

}  // namespace lyceum
