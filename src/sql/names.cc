#include "sql/names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lyceum {

std::string Names::Temp(std::string_view what, std::string_view of) const {
  return Column(fmt::format("{}_{}", what, of));
}

std::string Names::List(const std::vector<std::string>& columns, std::string_view prefix) const {
  std::vector<std::string> quoted;
  for (const std::string& column : columns) quoted.push_back(std::string(prefix) + Column(column));
  return fmt::format("{}", fmt::join(quoted, ", "));
}

std::string Names::Equal(const std::vector<std::string>& columns, std::string_view left,
                         std::string_view right) const {
  std::vector<std::string> terms;
  for (const std::string& column : columns) {
    terms.push_back(fmt::format("{}.{} = {}.{}", left, Column(column), right, Column(column)));
  }
  return fmt::format("{}", fmt::join(terms, " AND "));
}

}  // namespace lyceum
