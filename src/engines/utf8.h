#pragma once

#include <cstddef>
#include <string_view>

namespace lyceum {

/// Returns the length of the UTF-8 character that `bytes` (not empty) starts with, 0 if it starts
/// with none: overlong forms, surrogates and code points above U+10FFFF are none.
size_t Utf8CharacterLength(std::string_view bytes);

/// True if all of `bytes` is UTF-8. Fast: many bytes at once.
bool IsUtf8(std::string_view bytes);

/// True if `bytes` is UTF-8 without NUL.
bool IsCleanText(std::string_view bytes);

}  // namespace lyceum
