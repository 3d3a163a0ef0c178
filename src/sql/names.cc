#include "sql/names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iterator>

namespace lyceum {

void AppendStatements(std::vector<Statement> from, std::vector<Statement>* to) {
  to->insert(to->end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

void PublishPart::Append(PublishPart other) {
  AppendStatements(std::move(other.resolve), &resolve);
  AppendStatements(std::move(other.remove), &remove);
  AppendStatements(std::move(other.add), &add);
  AppendStatements(std::move(other.swap), &swap);
}

std::string Names::Varchar(std::string_view text, int bytes) const {
  return fmt::format("CAST({} AS VARCHAR({}))", Text(text), bytes);
}

std::string Names::Temp(std::string_view what, std::string_view of) const {
  return Column(fmt::format("_{}_{}", what, of));
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
