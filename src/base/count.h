#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lyceum {

/// Prints a count with thousands separators: `1,234,567`.
std::string FormatCount(int64_t number);
/// `1 row`, `1,200 rows`.
std::string FormatCount(int64_t number, std::string_view noun);

}  // namespace lyceum
