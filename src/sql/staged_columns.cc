#include "sql/staged_columns.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace lyceum {

std::vector<TableColumn> StagedColumns(const TableSchema& table) {
  std::vector<TableColumn> columns;
  for (const TableColumn& column : table.columns) {
    if (column.role != ColumnRole::kInferred) columns.push_back(column);
  }
  return columns;
}

std::string RenderReferenceKey(const std::vector<std::string>& columns, const std::string& key,
                               const Names& names) {
  std::vector<std::string> nulls;
  for (const std::string& column : columns) {
    nulls.push_back(fmt::format("{} IS NULL", names.Column(column)));
  }
  return fmt::format("CASE WHEN {} THEN NULL ELSE {} END", fmt::join(nulls, " OR "), key);
}

bool KeyFollows(const Reference& reference, const TableSchema& table, const Names& names) {
  if (!names.dialect().key_of) return false;
  return std::all_of(reference.columns.begin(), reference.columns.end(),
                     [&table](const std::string& name) {
                       const TableColumn* column = table.Find(name);
                       return column && column->type == column->keyed_as;
                     });
}

Result<std::vector<std::string>> RenderStagedItems(const StageStep& step, const Names& names,
                                                   const RenderKeyOf& key_of) {
  std::vector<std::string> select;
  size_t reference = 0;
  for (const TableColumn& column : StagedColumns(step.table)) {
    const std::string name = names.Column(column.name);
    switch (column.role) {
      case ColumnRole::kSource:
      case ColumnRole::kDerived:
        select.push_back(column.type == column.keyed_as
                             ? name
                             : fmt::format("CAST({0} AS {1}) AS {0}", name,
                                           names.dialect().type_name(column.type)));
        break;
      case ColumnRole::kDateKey:
        select.push_back(
            fmt::format("CAST({} AS DATE) AS {}", names.Column(step.date_column), name));
        break;
      case ColumnRole::kBatchDate:
        select.push_back(fmt::format("{} AS {}", names.Date(step.batch_date), name));
        break;
      case ColumnRole::kEventKey:
      case ColumnRole::kSurrogateKey:
        select.push_back(fmt::format("{} AS {}", key_of(step.identity), name));
        break;
      case ColumnRole::kReferenceKey: {
        const std::vector<std::string>& from = step.references[reference++].columns;
        select.push_back(
            fmt::format("{} AS {}", RenderReferenceKey(from, key_of(from), names), name));
        break;
      }
      default:
        return Internal(fmt::format("column '{}' cannot be staged", column.name));
    }
  }
  return select;
}

}  // namespace lyceum
