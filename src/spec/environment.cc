#include <fmt/format.h>

#include <cstdlib>

#include "spec/spec.h"

namespace lyceum {

Result<std::string> ExpandEnvironment(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (text[i] != '$') {
      out += text[i++];
      continue;
    }
    if (i + 1 < text.size() && text[i + 1] == '$') {
      out += '$';
      i += 2;
      continue;
    }
    const size_t close = text.find('}', i);
    if (i + 1 >= text.size() || text[i + 1] != '{' || close == std::string_view::npos) {
      return BadSpec("a '$' stands alone; write '${NAME}' for a variable, '$$' for a dollar");
    }
    const std::string_view inside = text.substr(i + 2, close - i - 2);
    const size_t dash = inside.find(":-");
    const std::string name(inside.substr(0, dash));
    const char* value = std::getenv(name.c_str());
    if (value && *value) {
      out += value;
    } else if (dash != std::string_view::npos) {
      out += inside.substr(dash + 2);
    } else {
      return BadSpec(
          fmt::format("environment variable '{0}' is {1}; set it, or write '${{{0}:-default}}'",
                      name, value ? "empty" : "not set"));
    }
    i = close + 1;
  }
  return out;
}

}  // namespace lyceum
