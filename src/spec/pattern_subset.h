#pragma once

#include <string>
#include <string_view>

namespace lyceum {

/// Checks that RE2 and Java read `pattern` alike: literals, `.`, classes, groups, `|`, `* + ?
/// {n,m}` and their lazy forms, escapes of punctuation, \d \w \s and their negations. Returns "" or
/// what is wrong, and sets `offset` to the byte where.
std::string CheckPattern(std::string_view pattern, size_t* offset);

}  // namespace lyceum
