#include "base/count.h"

#include <fmt/format.h>

namespace lyceum {

std::string FormatCount(int64_t number) {
  std::string digits = fmt::format("{}", number);
  const size_t first = number < 0 ? 1 : 0;
  for (size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string FormatCount(int64_t number, std::string_view noun) {
  return fmt::format("{} {}{}", FormatCount(number), noun, number == 1 ? "" : "s");
}

}  // namespace lyceum
