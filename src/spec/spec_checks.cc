// What all groups of checks share.

#include <fmt/format.h>

#include <algorithm>

#include "spec/checks.h"

namespace lyceum {
namespace {

/// Columns that Lyceum adds to tables of its own or of the user.
const std::vector<std::string> kReservedColumns = {"date_key",    "batch_date", "is_inferred",
                                                   "delivery_id", "reason",     "uses"};

}  // namespace

std::vector<ColumnInfo> ColumnsOf(const Dataset& dataset) {
  std::vector<ColumnInfo> columns;
  for (const SourceColumn& column : dataset.columns) {
    columns.push_back({column.name, column.type, column.store_as_double});
  }
  for (const DerivedColumn& column : dataset.derived) columns.push_back({column.name, column.type});
  return columns;
}

const YamlNode* SpecChecks::At(std::initializer_list<std::string_view> path) const {
  const YamlNode* node = &root_;
  for (std::string_view key : path) {
    node = node->Find(key);
    if (!node) return nullptr;
  }
  return node;
}

Span SpecChecks::SpanAt(std::initializer_list<std::string_view> path, Span otherwise) const {
  const YamlNode* node = At(path);
  return node ? node->span : otherwise;
}

Span SpecChecks::ItemSpan(std::initializer_list<std::string_view> path, size_t index,
                          Span otherwise) const {
  const YamlNode* node = At(path);
  return node && index < node->items.size() ? node->items[index].span : otherwise;
}

void SpecChecks::RefuseReserved(const std::string& name, Span span) {
  if (std::find(kReservedColumns.begin(), kReservedColumns.end(), name) == kReservedColumns.end()) {
    return;
  }
  diagnostics_.Error(span, fmt::format("column name '{}' is Lyceum's own; choose another, and "
                                       "list '{}' under aliases",
                                       name, name));
}

const Fact* SpecChecks::FindFact(const std::string& name, Span span) {
  if (const Fact* fact = spec_.FindFact(name)) return fact;
  std::vector<std::string> names;
  for (const Fact& fact : spec_.facts) names.push_back(fact.name);
  diagnostics_.UnknownName(span, "fact", name, names);
  return nullptr;
}

const ColumnInfo* SpecChecks::FindColumn(const std::vector<ColumnInfo>& columns,
                                         const std::string& name, Span span) {
  std::vector<std::string> names;
  for (const ColumnInfo& column : columns) {
    if (column.name == name) return &column;
    names.push_back(column.name);
  }
  diagnostics_.UnknownName(span, "column", name, names);
  return nullptr;
}

}  // namespace lyceum
