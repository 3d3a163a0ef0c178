// Whether targets can be reached and laid out as written.

#include <fmt/format.h>

#include <algorithm>

#include "base/redact.h"
#include "spec/checks.h"

namespace lyceum {
namespace {

/// Schemas and catalogs that warehouses have of their own; `lyceum_warehouse` is what the DuckDB
/// file is attached as. PostgreSQL and Redshift keep all of `pg_*`.
constexpr std::string_view kSystemSchemas[] = {"information_schema", "lyceum_warehouse", "memory",
                                               "system", "temp"};

class TargetChecks : public SpecChecks {
 public:
  using SpecChecks::SpecChecks;

  void Run() {
    std::vector<std::string> names;
    for (const Target& target : spec_.targets) {
      names.push_back(target.name);
      TargetIsReachable(target);
      for (const auto& [table, layout] : target.tables) LayoutFits(target, table, layout);
      CheckSchema(target);
    }
    const bool known = spec_.default_target.empty() ||
                       std::find(names.begin(), names.end(), spec_.default_target) != names.end();
    if (!known) {
      diagnostics_.UnknownName(SpanAt({"default_target"}, {1, 1, 1}), "target",
                               spec_.default_target, names);
    }
  }

 private:
  void CheckSchema(const Target& target) {
    const Span span = SpanAt({"targets", target.name, "schema"}, target.span);
    const std::string& schema = target.schema;
    if (schema == "lyceum") {
      diagnostics_.Error(span, "schema 'lyceum' is for the bookkeeping; choose another");
      return;
    }
    const bool taken = std::find(std::begin(kSystemSchemas), std::end(kSystemSchemas), schema) !=
                           std::end(kSystemSchemas) ||
                       schema.rfind("pg_", 0) == 0;
    if (taken) {
      diagnostics_.Error(
          span, fmt::format("schema '{}' belongs to the warehouse itself; choose another", schema));
    }
  }

  void TargetIsReachable(const Target& target) {
    const auto begins = [](const std::string& text, std::initializer_list<std::string_view> with) {
      return text.empty() || text[0] == '$' ||
             std::any_of(with.begin(), with.end(),
                         [&](std::string_view start) { return text.rfind(start, 0) == 0; });
    };
    const Span url = SpanAt({"targets", target.name, "url"}, target.span);
    if (target.type == "postgresql" && !begins(target.url, {"postgresql://", "postgres://"})) {
      diagnostics_.Error(url, "expected 'postgresql://user@host/database', or a '${VARIABLE}'");
    }
    if (target.type == "redshift" && !begins(target.url, {"redshift://"})) {
      diagnostics_.Error(url, "expected 'redshift://user@host:5439/database', or a '${VARIABLE}'");
    }
    if (HoldsPassword(target.url)) {
      diagnostics_.Error(url, "a password stands in the spec; write it as '${VARIABLE}'");
    }
    if (!begins(target.stage, {"s3://"})) {
      diagnostics_.Error(SpanAt({"targets", target.name, "stage"}, target.span),
                         "expected 's3://bucket/prefix', or a '${VARIABLE}'");
    }
  }

  void LayoutFits(const Target& target, const std::string& table, const TableLayout& layout) {
    const std::vector<std::string> columns = TableColumns(table);
    if (columns.empty()) {
      std::vector<std::string> names;
      for (const Dimension& dimension : spec_.dimensions) names.push_back(dimension.name);
      for (const Fact& fact : spec_.facts) names.push_back(fact.name);
      for (const Mart& mart : spec_.marts) names.push_back(mart.name);
      if (spec_.calendar) names.push_back(spec_.calendar->table);
      diagnostics_.UnknownName(layout.span, "table", table, names);
      return;
    }
    const auto at = [&](std::string_view key) {
      return SpanAt({"targets", target.name, "tables", table, key}, layout.span);
    };
    const bool by_key = layout.diststyle == "key";
    if (by_key && layout.distkey.empty()) {
      diagnostics_.Error(at("diststyle"), "'diststyle: key' needs 'distkey'");
    }
    if (!by_key && layout.diststyle && !layout.distkey.empty()) {
      diagnostics_.Error(at("distkey"), "'distkey' goes with 'diststyle: key' only");
    }
    std::vector<std::string> used = layout.sortkey.value_or(std::vector<std::string>());
    for (size_t i = 0; i < used.size(); ++i) {
      if (std::count(used.begin(), used.begin() + static_cast<ptrdiff_t>(i), used[i]) == 0)
        continue;
      diagnostics_.Error(at("sortkey"), fmt::format("column '{}' stands here twice", used[i]));
    }
    if (!layout.distkey.empty()) used.push_back(layout.distkey);
    for (const std::string& column : used) {
      if (std::find(columns.begin(), columns.end(), column) != columns.end()) continue;
      diagnostics_.Error(layout.span, fmt::format("table '{}' has no column '{}'{}", table, column,
                                                  SuggestName(column, columns)));
    }
  }

  /// Names of all columns of a table of the star schema; empty if there is no such table.
  std::vector<std::string> TableColumns(const std::string& table) const {
    std::vector<std::string> columns;
    const auto add_dataset = [&](const std::string& name) {
      const Dataset* dataset = spec_.FindDataset(name);
      if (!dataset) return;
      for (const SourceColumn& column : dataset->columns) columns.push_back(column.name);
      for (const DerivedColumn& column : dataset->derived) columns.push_back(column.name);
    };
    const auto add_references = [&](const std::vector<Reference>& references) {
      for (const Reference& reference : references) columns.push_back(reference.surrogate_key);
    };
    if (const Dimension* dimension = spec_.FindDimension(table)) {
      add_dataset(dimension->dataset);
      if (dimension->dataset.empty()) columns = dimension->key;
      add_references(dimension->references);
      columns.push_back(dimension->surrogate_key);
    } else if (const Fact* fact = spec_.FindFact(table)) {
      add_dataset(fact->dataset);
      add_references(fact->references);
      columns.insert(columns.end(), {"date_key", "batch_date", fact->event_key});
    } else if (spec_.calendar && spec_.calendar->table == table) {
      columns.push_back("date_key");
    }
    for (const Mart& mart : spec_.marts) {
      if (mart.name != table) continue;
      columns = mart.group_by;
      for (const Measure& measure : mart.measures) columns.push_back(measure.name);
    }
    return columns;
  }
};

}  // namespace

void CheckTargets(const YamlNode& root, std::string_view document, Spec* spec,
                  Diagnostics* diagnostics) {
  TargetChecks(root, document, spec, diagnostics).Run();
}

}  // namespace lyceum
