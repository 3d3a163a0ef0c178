#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lyceum {

/// Writes `size` bytes as 2 * `size` lower-case hex digits to `out`.
void WriteHex(const uint8_t* bytes, size_t size, char* out);
std::string Hex(std::string_view bytes);
/// The value of a digit of either case; -1 if it is none.
int HexDigit(char c);
/// The bytes of hex digits. REQUIRES: an even number of digits, and nothing else.
std::string Unhex(std::string_view digits);

/// Undoes the `%41` of a URL; a `+` is a plus. What is no escape stays, and `well_formed`, if
/// given, says whether there was any such `%`.
std::string DecodePercent(std::string_view text, bool* well_formed = nullptr);

}  // namespace lyceum
