#include "plan/star.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace lyceum {
namespace {

const Type kKeyType{TypeKind::kText};
const Type kDateType{TypeKind::kDate};

TableColumn Column(std::string name, Type type, ColumnRole role) {
  return {std::move(name), type, type, role, 0, ""};
}

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The place of `name` in `names`, from 1; 0 if it is not there.
int PositionIn(const std::vector<std::string>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? 0 : static_cast<int>(found - names.begin()) + 1;
}

void AddDatasetColumns(const Dataset& dataset, const std::vector<std::string>& identity,
                       TableSchema* table) {
  for (const SourceColumn& source : dataset.columns) {
    TableColumn column = Column(source.name, source.type, ColumnRole::kSource);
    if (source.store_as_double) column.type = Type{TypeKind::kDouble};
    column.identity_position = PositionIn(identity, source.name);
    table->columns.push_back(column);
  }
  for (const DerivedColumn& derived : dataset.derived) {
    TableColumn column = Column(derived.name, derived.type, ColumnRole::kDerived);
    column.identity_position = PositionIn(identity, derived.name);
    table->columns.push_back(column);
  }
}

void AddReferences(const std::vector<Reference>& references, TableSchema* table) {
  for (const Reference& reference : references) {
    TableColumn column = Column(reference.surrogate_key, kKeyType, ColumnRole::kReferenceKey);
    column.refers_to =
        fmt::format("{}({})", reference.dimension, fmt::join(reference.columns, ", "));
    table->columns.push_back(std::move(column));
  }
}

/// The columns of a dimension without dataset have the types of the facts that use it.
Type KeyTypeFromFacts(const Spec& spec, const Dimension& dimension, size_t position) {
  for (const std::string& name : dimension.members_from) {
    const Fact* fact = spec.FindFact(name);
    for (const Reference& reference : fact->references) {
      if (reference.dimension != dimension.name) continue;
      return *ColumnType(*spec.FindDataset(fact->dataset), reference.columns[position]);
    }
  }
  return kKeyType;
}

Rule Implied(RuleType type, const std::string& column, std::string_view why) {
  Rule rule;
  rule.type = type;
  rule.columns = {column};
  rule.reason = fmt::format("{}: {}", column, why);
  return rule;
}

/// True if the text can be longer than those it is made of.
bool Grows(const Expr& expression) {
  return (expression->kind == ExprKind::kCall && expression->text == "concat") ||
         std::any_of(expression->children.begin(), expression->children.end(), Grows);
}

Rule ImpliedCalendarRange(const CalendarTable& calendar, const std::string& column,
                          const Type& type) {
  Rule rule;
  rule.type = RuleType::kRange;
  rule.columns = {column};
  rule.min = FormatDate(calendar.from);
  rule.max = FormatDate(calendar.to);
  rule.bounds_are_dates = type.kind == TypeKind::kTimestamp;
  rule.reason = fmt::format("{}: outside the calendar {} to {}", column, *rule.min, *rule.max);
  return rule;
}

}  // namespace

const TableColumn* TableSchema::Find(std::string_view column) const {
  for (const TableColumn& candidate : columns) {
    if (candidate.name == column) return &candidate;
  }
  return nullptr;
}

std::vector<std::string> TableSchema::Names() const {
  std::vector<std::string> names;
  for (const TableColumn& column : columns) names.push_back(column.name);
  return names;
}

std::vector<std::string> TableSchema::NamesOf(ColumnRole role) const {
  std::vector<std::string> names;
  for (const TableColumn& column : columns) {
    if (column.role == role) names.push_back(column.name);
  }
  return names;
}

std::vector<std::string> TableSchema::Identity() const {
  std::vector<std::string> names;
  for (const TableColumn& column : columns) {
    if (!column.in_identity()) continue;
    names.resize(std::max(names.size(), static_cast<size_t>(column.identity_position)));
    names[column.identity_position - 1] = column.name;
  }
  return names;
}

std::string TableSchema::NameOf(ColumnRole role) const {
  for (const TableColumn& column : columns) {
    if (column.role == role) return column.name;
  }
  return "";
}

TableSchema DimensionTable(const Spec& spec, const Dimension& dimension) {
  TableSchema table{dimension.name, TableKind::kDimension, {}};
  if (!dimension.dataset.empty()) {
    AddDatasetColumns(*spec.FindDataset(dimension.dataset), dimension.key, &table);
  } else {
    for (size_t i = 0; i < dimension.key.size(); ++i) {
      TableColumn column =
          Column(dimension.key[i], KeyTypeFromFacts(spec, dimension, i), ColumnRole::kSource);
      column.identity_position = static_cast<int>(i) + 1;
      table.columns.push_back(column);
    }
  }
  AddReferences(dimension.references, &table);
  table.columns.push_back(Column(dimension.surrogate_key, kKeyType, ColumnRole::kSurrogateKey));
  if (!dimension.dataset.empty()) {
    table.columns.push_back(Column(kIsInferred, {TypeKind::kBoolean}, ColumnRole::kInferred));
  }
  return table;
}

TableSchema FactTable(const Spec& spec, const Fact& fact) {
  TableSchema table{fact.name, TableKind::kFact, {}};
  AddDatasetColumns(*spec.FindDataset(fact.dataset), fact.identity, &table);
  table.columns.push_back(Column(kDateKey, kDateType, ColumnRole::kDateKey));
  table.columns.back().refers_to = fact.date_column;
  table.columns.push_back(Column(kBatchDate, kDateType, ColumnRole::kBatchDate));
  table.columns.push_back(Column(fact.event_key, kKeyType, ColumnRole::kEventKey));
  AddReferences(fact.references, &table);
  return table;
}

TableSchema MartTable(const Spec& spec, const Mart& mart) {
  TableSchema table{mart.name, TableKind::kMart, {}};
  const TableSchema fact = FactTable(spec, *spec.FindFact(mart.measures.front().fact));
  for (const std::string& name : mart.group_by) {
    TableColumn column = *fact.Find(name);
    column.role = name == kDateKey ? ColumnRole::kDateKey : ColumnRole::kGroup;
    if (name == kDateKey) column.refers_to.clear();
    column.identity_position = static_cast<int>(table.columns.size()) + 1;
    table.columns.push_back(column);
  }
  for (const Measure& measure : mart.measures) {
    table.columns.push_back(Column(measure.name, measure.result, ColumnRole::kMeasure));
  }
  return table;
}

TableSchema CalendarSchema(const CalendarTable& calendar) {
  TableSchema table{calendar.table, TableKind::kCalendar, {}};
  table.columns.push_back(Column(kDateKey, kDateType, ColumnRole::kDateKey));
  for (const char* name : {"year", "quarter", "month", "day", "iso_week", "iso_weekday"}) {
    table.columns.push_back(Column(name, {TypeKind::kInteger}, ColumnRole::kCalendar));
  }
  table.columns.push_back(Column("is_weekend", {TypeKind::kBoolean}, ColumnRole::kCalendar));
  return table;
}

std::vector<TableSchema> StarTables(const Spec& spec) {
  std::vector<TableSchema> tables;
  if (spec.calendar) tables.push_back(CalendarSchema(*spec.calendar));
  for (const Dimension& dimension : spec.dimensions) {
    tables.push_back(DimensionTable(spec, dimension));
  }
  for (const Fact& fact : spec.facts) tables.push_back(FactTable(spec, fact));
  for (const Mart& mart : spec.marts) tables.push_back(MartTable(spec, mart));
  return tables;
}

FedTable TableFedBy(const Spec& spec, const Dataset& dataset) {
  FedTable fed;
  for (const Dimension& dimension : spec.dimensions) {
    if (dimension.dataset == dataset.name) fed.dimension = &dimension;
  }
  for (const Fact& fact : spec.facts) {
    if (fact.dataset == dataset.name) fed.fact = &fact;
  }
  return fed;
}

const Type* ColumnType(const Dataset& dataset, std::string_view name) {
  for (const SourceColumn& column : dataset.columns) {
    if (column.name == name) return &column.type;
  }
  for (const DerivedColumn& column : dataset.derived) {
    if (column.name == name) return &column.type;
  }
  return nullptr;
}

std::vector<Rule> RulesOf(const Spec& spec, const Dataset& dataset) {
  std::vector<std::string> required;
  std::vector<Rule> rules;
  const FedTable fed = TableFedBy(spec, dataset);
  if (fed.dimension) required = fed.dimension->key;
  if (fed.fact) {
    required = fed.fact->identity;
    if (!Contains(required, fed.fact->date_column)) required.push_back(fed.fact->date_column);
  }
  for (const std::string& column : required) {
    rules.push_back(Implied(RuleType::kNotNull, column, "is null"));
  }
  if (fed.fact && spec.calendar) {
    const std::string& column = fed.fact->date_column;
    rules.push_back(ImpliedCalendarRange(*spec.calendar, column, *ColumnType(dataset, column)));
  }
  for (const DerivedColumn& derived : dataset.derived) {
    if (CanFail(derived.expression)) {
      rules.push_back(Implied(RuleType::kComputable, derived.name,
                              "cannot be computed, a number is too large"));
    }
    if (derived.type.kind == TypeKind::kText && Grows(derived.expression)) {
      rules.push_back(Implied(RuleType::kTextFits, derived.name, "longer than 65535 bytes"));
    }
  }
  for (const Rule& rule : dataset.rules) {
    const bool implied = rule.type == RuleType::kNotNull && Contains(required, rule.columns[0]);
    if (!implied) rules.push_back(rule);
  }
  return rules;
}

}  // namespace lyceum
