// What must hold across the parts of a spec, as an ordered list of named checks. Each reports all
// its problems; later ones tolerate what earlier ones found.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/redact.h"
#include "spec/spec_reader.h"

namespace lyceum {
namespace {

constexpr std::string_view kBatchDateToken = "{batch_date}";

/// Columns that Lyceum adds to tables of its own or of the user.
const std::vector<std::string> kReservedColumns = {"date_key",    "batch_date", "is_inferred",
                                                   "delivery_id", "reason",     "uses"};

/// Schemas and catalogs that warehouses have of their own; `lyceum_warehouse` is what the DuckDB
/// file is attached as. PostgreSQL and Redshift keep all of `pg_*`.
constexpr std::string_view kSystemSchemas[] = {"information_schema", "lyceum_warehouse", "memory",
                                               "system", "temp"};

/// Rows that a sum must have room for: ten billion.
constexpr int kRowDigits = 10;
/// Digits of the widest integers that every warehouse adds up and divides without overflow, where
/// the rounding of an average doubles them once.
constexpr int kSumDigits = 37;

std::string Lower(std::string_view text) {
  std::string lower;
  for (char c : text) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const size_t begin = lower.find_first_not_of(" \t");
  if (begin == std::string::npos) return "";
  return lower.substr(begin, lower.find_last_not_of(" \t") - begin + 1);
}

struct ColumnInfo {
  std::string name;
  Type type;
  bool stored_as_double = false;
};

std::vector<ColumnInfo> ColumnsOf(const Dataset& dataset) {
  std::vector<ColumnInfo> columns;
  for (const SourceColumn& column : dataset.columns) {
    columns.push_back({column.name, column.type, column.store_as_double});
  }
  for (const DerivedColumn& column : dataset.derived) columns.push_back({column.name, column.type});
  return columns;
}

/// True if a key of type `key` holds every value of a reference's column. integer and bigint are
/// encoded alike.
bool FitsKey(const Type& column, const Type& key) {
  return column == key || (column.kind == TypeKind::kInteger && key.kind == TypeKind::kBigint);
}

class Checker {
 public:
  Checker(const YamlNode& root, std::string_view document, Spec* spec, Diagnostics* diagnostics)
      : root_(root), document_(document), spec_(*spec), diagnostics_(*diagnostics) {}

  void Run() {
    TableNamesAreUnique();
    for (const Dataset& dataset : spec_.datasets) {
      PatternsAgree(dataset);
      ColumnNamesAreUnique(dataset);
    }
    DatasetsFeedOneTable();
    for (const Dimension& dimension : spec_.dimensions) CheckDimension(dimension);
    for (const Fact& fact : spec_.facts) CheckFact(fact);
    SortDimensions();
    for (Mart& mart : spec_.marts) CheckMart(&mart);
    TargetsAreKnown();
  }

 private:
  const YamlNode* At(std::initializer_list<std::string_view> path) const {
    const YamlNode* node = &root_;
    for (std::string_view key : path) {
      node = node->Find(key);
      if (!node) return nullptr;
    }
    return node;
  }
  Span SpanAt(std::initializer_list<std::string_view> path, Span otherwise) const {
    const YamlNode* node = At(path);
    return node ? node->span : otherwise;
  }
  Span ItemSpan(std::initializer_list<std::string_view> path, size_t index, Span otherwise) const {
    const YamlNode* node = At(path);
    return node && index < node->items.size() ? node->items[index].span : otherwise;
  }

  void TableNamesAreUnique() {
    std::set<std::string> seen;
    const auto check = [&](const std::string& name, Span span) {
      if (!seen.insert(name).second) {
        diagnostics_.Error(span, fmt::format("table '{}' is defined twice", name));
      }
      for (std::string_view prefix : {"staging_", "waiting_", "versions_", "ld_"}) {
        if (name.rfind(prefix, 0) != 0) continue;
        diagnostics_.Error(span,
                           fmt::format("table '{}' begins with '{}', which is for Lyceum's own "
                                       "tables",
                                       name, prefix));
      }
    };
    if (spec_.calendar) {
      check(spec_.calendar->table, SpanAt({"calendar", "table"}, spec_.calendar->span));
    }
    for (const Dimension& dimension : spec_.dimensions) check(dimension.name, dimension.span);
    for (const Fact& fact : spec_.facts) check(fact.name, fact.span);
    for (const Mart& mart : spec_.marts) check(mart.name, mart.span);
  }

  void PatternsAgree(const Dataset& dataset) {
    for (size_t i = 0; i < dataset.files.size(); ++i) {
      const std::string& pattern = dataset.files[i];
      const Span span = ItemSpan({"datasets", dataset.name, "files"}, i, dataset.span);
      const size_t token = pattern.find(kBatchDateToken);
      const bool twice = token != std::string::npos &&
                         pattern.find(kBatchDateToken, token + 1) != std::string::npos;
      if (pattern.empty() || pattern[0] == '/' || pattern.find("..") != std::string::npos) {
        diagnostics_.Error(span, "a pattern is a path below --input, without leading '/' and '..'");
      } else if (twice) {
        diagnostics_.Error(span, "'{batch_date}' stands in the pattern twice");
      } else if ((token != std::string::npos) != dataset.dated()) {
        diagnostics_.Error(span,
                           "either all patterns of a dataset hold '{batch_date}' or none does");
      }
    }
  }

  void ColumnNamesAreUnique(const Dataset& dataset) {
    std::set<std::string> names;
    if (dataset.columns.empty()) {
      diagnostics_.Error(dataset.span, fmt::format("dataset '{}' has no columns", dataset.name));
    }
    for (const SourceColumn& column : dataset.columns) {
      std::vector<std::string> all = column.aliases;
      all.insert(all.begin(), column.name);
      for (size_t i = 0; i < all.size(); ++i) {
        const Span span =
            i == 0 ? column.span
                   : ItemSpan({"datasets", dataset.name, "columns", column.name, "aliases"}, i - 1,
                              column.span);
        if (!names.insert(Lower(all[i])).second) {
          diagnostics_.Error(
              span, fmt::format("two columns of '{}' are called '{}'", dataset.name, all[i]));
        }
      }
      RefuseReserved(column.name, column.span);
    }
    for (const DerivedColumn& column : dataset.derived) {
      const bool clash =
          std::any_of(dataset.columns.begin(), dataset.columns.end(),
                      [&](const SourceColumn& source) { return source.name == column.name; });
      if (clash) {
        diagnostics_.Error(column.span, fmt::format("two columns of '{}' are called '{}'",
                                                    dataset.name, column.name));
      }
      RefuseReserved(column.name, column.span);
    }
  }

  void RefuseReserved(const std::string& name, Span span) {
    if (std::find(kReservedColumns.begin(), kReservedColumns.end(), name) ==
        kReservedColumns.end()) {
      return;
    }
    diagnostics_.Error(span, fmt::format("column name '{}' is Lyceum's own; choose another, and "
                                         "list '{}' under aliases",
                                         name, name));
  }

  void DatasetsFeedOneTable() {
    for (const Dataset& dataset : spec_.datasets) {
      std::vector<std::string> fed;
      Span last = dataset.span;
      for (const Dimension& dimension : spec_.dimensions) {
        if (dimension.dataset != dataset.name) continue;
        fed.push_back(dimension.name);
        last = SpanAt({"dimensions", dimension.name, "dataset"}, dimension.span);
      }
      for (const Fact& fact : spec_.facts) {
        if (fact.dataset != dataset.name) continue;
        fed.push_back(fact.name);
        last = SpanAt({"facts", fact.name, "dataset"}, fact.span);
      }
      if (fed.size() > 1) {
        diagnostics_.Error(last, fmt::format("dataset '{}' feeds {}; it may feed one table only",
                                             dataset.name, fmt::join(fed, " and ")));
      } else if (fed.empty()) {
        diagnostics_.Warning(dataset.span,
                             fmt::format("dataset '{}' feeds no table", dataset.name));
      }
    }
  }

  const Dataset* FindDataset(const std::string& name, Span span) {
    if (const Dataset* dataset = spec_.FindDataset(name)) return dataset;
    std::vector<std::string> names;
    for (const Dataset& dataset : spec_.datasets) names.push_back(dataset.name);
    diagnostics_.UnknownName(span, "dataset", name, names);
    return nullptr;
  }

  const ColumnInfo* FindColumn(const std::vector<ColumnInfo>& columns, const std::string& name,
                               Span span) {
    std::vector<std::string> names;
    for (const ColumnInfo& column : columns) {
      if (column.name == name) return &column;
      names.push_back(column.name);
    }
    diagnostics_.UnknownName(span, "column", name, names);
    return nullptr;
  }

  /// Columns of a key: they exist, are not doubles, and stand there once.
  void CheckKey(const std::vector<ColumnInfo>& columns, const std::vector<std::string>& key,
                std::initializer_list<std::string_view> path, Span otherwise) {
    std::set<std::string> seen;
    for (size_t i = 0; i < key.size(); ++i) {
      const Span span = ItemSpan(path, i, otherwise);
      const ColumnInfo* column = FindColumn(columns, key[i], span);
      if (column && column->type.kind == TypeKind::kDouble) {
        diagnostics_.Error(span, fmt::format("column '{}' is a double, which no key may hold; read "
                                             "it as decimal",
                                             key[i]));
      }
      if (!seen.insert(key[i]).second) {
        diagnostics_.Error(span, fmt::format("column '{}' stands here twice", key[i]));
      }
    }
  }

  void CheckDimension(const Dimension& dimension) {
    const bool has_dataset = !dimension.dataset.empty();
    if (has_dataset == !dimension.members_from.empty()) {
      diagnostics_.Error(dimension.span, fmt::format("dimension '{}' takes either 'dataset' or "
                                                     "'members_from'",
                                                     dimension.name));
      return;
    }
    if (!has_dataset) return CheckMembersFrom(dimension);
    const Span span = SpanAt({"dimensions", dimension.name, "dataset"}, dimension.span);
    const Dataset* dataset = FindDataset(dimension.dataset, span);
    if (!dataset) return FindDimensions("dimensions", dimension.name, dimension.references);
    const std::vector<ColumnInfo> columns = ColumnsOf(*dataset);
    CheckKey(columns, dimension.key, {"dimensions", dimension.name, "key"}, dimension.span);
    std::set<std::string> taken;
    for (const ColumnInfo& column : columns) taken.insert(column.name);
    TakeName(dimension.surrogate_key,
             SpanAt({"dimensions", dimension.name, "surrogate_key"}, dimension.span), &taken);
    CheckReferences("dimensions", dimension.name, dimension.references, columns, &taken);
  }

  void CheckMembersFrom(const Dimension& dimension) {
    if (!dimension.references.empty()) {
      diagnostics_.Error(dimension.span, fmt::format("dimension '{}' has no columns of its own to "
                                                     "refer with",
                                                     dimension.name));
    }
    std::set<std::string> taken;
    for (size_t i = 0; i < dimension.key.size(); ++i) {
      const Span span = ItemSpan({"dimensions", dimension.name, "key"}, i, dimension.span);
      RefuseReserved(dimension.key[i], span);
      if (!taken.insert(dimension.key[i]).second) {
        diagnostics_.Error(span, fmt::format("column '{}' stands here twice", dimension.key[i]));
      }
    }
    TakeName(dimension.surrogate_key,
             SpanAt({"dimensions", dimension.name, "surrogate_key"}, dimension.span), &taken);
    MemberTypesAgree(dimension);
    for (size_t i = 0; i < dimension.members_from.size(); ++i) {
      const Span span = ItemSpan({"dimensions", dimension.name, "members_from"}, i, dimension.span);
      const Fact* fact = FindFact(dimension.members_from[i], span);
      if (!fact) continue;
      const bool refers = std::any_of(
          fact->references.begin(), fact->references.end(),
          [&](const Reference& reference) { return reference.dimension == dimension.name; });
      if (!refers) {
        diagnostics_.Error(
            span, fmt::format("fact '{}' has no reference to '{}'", fact->name, dimension.name));
      }
    }
    for (const Fact& fact : spec_.facts) {
      for (const Reference& reference : fact.references) {
        const auto& list = dimension.members_from;
        if (reference.dimension == dimension.name &&
            std::find(list.begin(), list.end(), fact.name) == list.end()) {
          diagnostics_.Error(dimension.span,
                             fmt::format("fact '{}' refers to '{}'; list it under members_from",
                                         fact.name, dimension.name));
        }
      }
    }
  }

  /// Every reference to a dimension without a dataset has the types of the first one.
  void MemberTypesAgree(const Dimension& dimension) {
    std::vector<std::optional<ColumnInfo>> first(dimension.key.size());
    std::string first_fact;
    for (const Fact& fact : spec_.facts) {
      const Dataset* dataset = spec_.FindDataset(fact.dataset);
      if (!dataset) continue;
      const std::vector<ColumnInfo> columns = ColumnsOf(*dataset);
      const YamlNode* list = At({"facts", fact.name, "references"});
      for (size_t r = 0; r < fact.references.size(); ++r) {
        const Reference& reference = fact.references[r];
        if (reference.dimension != dimension.name ||
            reference.columns.size() != dimension.key.size()) {
          continue;
        }
        if (first_fact.empty()) first_fact = fact.name;
        for (size_t i = 0; i < reference.columns.size(); ++i) {
          const auto column =
              std::find_if(columns.begin(), columns.end(),
                           [&](const ColumnInfo& c) { return c.name == reference.columns[i]; });
          if (column == columns.end()) continue;
          if (!first[i]) first[i] = *column;
          if (first[i]->type == column->type) continue;
          diagnostics_.Error(
              list->items[r].Find("columns")->items[i].span,
              fmt::format("column '{}' is {}, but '{}' of '{}' gives '{}' as {}; all references to "
                          "a dimension without a dataset have one type",
                          column->name, TypeName(column->type), first[i]->name, first_fact,
                          dimension.name, TypeName(first[i]->type)));
        }
      }
    }
  }

  const Fact* FindFact(const std::string& name, Span span) {
    if (const Fact* fact = spec_.FindFact(name)) return fact;
    std::vector<std::string> names;
    for (const Fact& fact : spec_.facts) names.push_back(fact.name);
    diagnostics_.UnknownName(span, "fact", name, names);
    return nullptr;
  }

  void TakeName(const std::string& name, Span span, std::set<std::string>* taken) {
    RefuseReserved(name, span);
    if (!taken->insert(name).second) {
      diagnostics_.Error(span, fmt::format("the table already has a column '{}'", name));
    }
  }

  void CheckFact(const Fact& fact) {
    const Span span = SpanAt({"facts", fact.name, "dataset"}, fact.span);
    if (!spec_.calendar) {
      diagnostics_.Error(fact.span, "a spec with facts needs a 'calendar'");
    }
    const Dataset* dataset = FindDataset(fact.dataset, span);
    if (!dataset) return FindDimensions("facts", fact.name, fact.references);
    if (!dataset->files.empty() && !dataset->dated()) {
      diagnostics_.Error(span, fmt::format("dataset '{}' has no '{}' in its file patterns, so it "
                                           "cannot feed a fact",
                                           dataset->name, kBatchDateToken));
    }
    const std::vector<ColumnInfo> columns = ColumnsOf(*dataset);
    CheckKey(columns, fact.identity, {"facts", fact.name, "identity"}, fact.span);
    const Span date_span = SpanAt({"facts", fact.name, "date_column"}, fact.span);
    const ColumnInfo* date = FindColumn(columns, fact.date_column, date_span);
    if (date && date->type.kind != TypeKind::kDate && date->type.kind != TypeKind::kTimestamp) {
      diagnostics_.Error(date_span, fmt::format("column '{}' is {}, expected date or timestamp",
                                                fact.date_column, TypeName(date->type)));
    }
    std::set<std::string> taken;
    for (const ColumnInfo& column : columns) taken.insert(column.name);
    TakeName(fact.event_key, SpanAt({"facts", fact.name, "event_key"}, fact.span), &taken);
    CheckReferences("facts", fact.name, fact.references, columns, &taken);
  }

  void CheckReferences(std::string_view section, const std::string& table,
                       const std::vector<Reference>& references,
                       const std::vector<ColumnInfo>& columns, std::set<std::string>* taken) {
    const YamlNode* list = At({section, table, "references"});
    for (size_t i = 0; i < references.size(); ++i) {
      const Reference& reference = references[i];
      const YamlNode& node = list->items[i];
      const auto place = [&](std::string_view key) {
        const YamlNode* value = node.Find(key);
        return value ? value->span : node.span;
      };
      TakeName(reference.surrogate_key, place("surrogate_key"), taken);
      if (reference.unknown != UnknownMember::kInfer) {
        diagnostics_.Error(place("unknown"),
                           "this version knows only 'infer': an unknown member gets a placeholder "
                           "row; leave 'unknown' out or write 'infer'");
      }
      if (const Dimension* dimension = FindDimension(reference, place("dimension"))) {
        CheckReferenceColumns(reference, *dimension, node, columns);
      }
    }
  }

  const Dimension* FindDimension(const Reference& reference, Span span) {
    if (const Dimension* found = spec_.FindDimension(reference.dimension)) return found;
    std::vector<std::string> names;
    for (const Dimension& candidate : spec_.dimensions) names.push_back(candidate.name);
    diagnostics_.UnknownName(span, "dimension", reference.dimension, names);
    return nullptr;
  }

  /// All that can be said of references from columns that nobody knows.
  void FindDimensions(std::string_view section, const std::string& table,
                      const std::vector<Reference>& references) {
    const YamlNode* list = At({section, table, "references"});
    for (size_t i = 0; i < references.size(); ++i) {
      const YamlNode* place = list->items[i].Find("dimension");
      FindDimension(references[i], place ? place->span : list->items[i].span);
    }
  }

  void CheckReferenceColumns(const Reference& reference, const Dimension& dimension,
                             const YamlNode& node, const std::vector<ColumnInfo>& columns) {
    const YamlNode* list = node.Find("columns");
    if (!list) return;
    if (reference.columns.size() != dimension.key.size()) {
      diagnostics_.Error(list->span, fmt::format("the key of '{}' is ({}): {} columns, got {}",
                                                 dimension.name, fmt::join(dimension.key, ", "),
                                                 dimension.key.size(), reference.columns.size()));
      return;
    }
    const Dataset* dataset = spec_.FindDataset(dimension.dataset);
    for (size_t i = 0; i < reference.columns.size(); ++i) {
      const ColumnInfo* column = FindColumn(columns, reference.columns[i], list->items[i].span);
      if (!column || !dataset) continue;
      for (const ColumnInfo& key : ColumnsOf(*dataset)) {
        if (key.name != dimension.key[i] || FitsKey(column->type, key.type)) continue;
        if (column->type.kind == TypeKind::kBigint && key.type.kind == TypeKind::kInteger) {
          diagnostics_.Error(list->items[i].span,
                             fmt::format("column '{}' is bigint, but '{}' of '{}' is integer; make "
                                         "the key bigint, so that it holds every member",
                                         column->name, key.name, dimension.name));
          continue;
        }
        diagnostics_.Error(
            list->items[i].span,
            fmt::format("column '{}' is {}, but '{}' of '{}' is {}", column->name,
                        TypeName(column->type), key.name, dimension.name, TypeName(key.type)));
      }
    }
  }

  /// Puts every dimension behind those it refers to; names a cycle.
  void SortDimensions() {
    std::vector<Dimension> sorted;
    std::set<std::string> done;
    std::vector<std::string> trail;
    for (const Dimension& dimension : spec_.dimensions) Visit(dimension, &trail, &done, &sorted);
    if (sorted.size() == spec_.dimensions.size()) spec_.dimensions = std::move(sorted);
  }

  void Visit(const Dimension& dimension, std::vector<std::string>* trail,
             std::set<std::string>* done, std::vector<Dimension>* sorted) {
    if (done->count(dimension.name) > 0) return;
    const auto open = std::find(trail->begin(), trail->end(), dimension.name);
    if (open != trail->end()) {
      diagnostics_.Error(dimension.span,
                         fmt::format("dimensions refer to each other in a circle: "
                                     "{} -> {}",
                                     fmt::join(open, trail->end(), " -> "), dimension.name));
      return;
    }
    trail->push_back(dimension.name);
    for (const Reference& reference : dimension.references) {
      if (const Dimension* next = spec_.FindDimension(reference.dimension)) {
        Visit(*next, trail, done, sorted);
      }
    }
    trail->pop_back();
    if (done->insert(dimension.name).second) sorted->push_back(dimension);
  }

  /// The output columns of a fact, with the types that marts count them as.
  std::vector<ColumnInfo> FactColumns(const Fact& fact) const {
    std::vector<ColumnInfo> columns;
    if (const Dataset* dataset = spec_.FindDataset(fact.dataset)) columns = ColumnsOf(*dataset);
    columns.push_back({"date_key", {TypeKind::kDate}});
    columns.push_back({"batch_date", {TypeKind::kDate}});
    columns.push_back({fact.event_key, {TypeKind::kText}});
    for (const Reference& reference : fact.references) {
      columns.push_back({reference.surrogate_key, {TypeKind::kText}});
    }
    return columns;
  }

  void CheckMart(Mart* mart) {
    const YamlNode* node = At({"marts", mart->name});
    std::vector<const Fact*> facts;
    if (mart->measures.empty()) {
      diagnostics_.Error(mart->span, fmt::format("mart '{}' has no measures", mart->name));
    }
    for (Measure& measure : mart->measures) {
      const YamlNode& place = *node->Find("measures")->Find(measure.name);
      const YamlNode* fact_node = place.Find("fact");
      const Fact* fact = FindFact(measure.fact, fact_node ? fact_node->span : measure.span);
      if (!fact) continue;
      if (std::find(facts.begin(), facts.end(), fact) == facts.end()) facts.push_back(fact);
      CheckMeasure(*fact, place, &measure);
      const auto& group = mart->group_by;
      if (std::find(group.begin(), group.end(), measure.name) != group.end()) {
        diagnostics_.Error(measure.span,
                           fmt::format("the table already has a column '{}'", measure.name));
      }
      RefuseReserved(measure.name, measure.span);
      constexpr std::string_view kCountSuffix = "__count";
      if (measure.name.size() > kCountSuffix.size() &&
          measure.name.compare(measure.name.size() - kCountSuffix.size(), kCountSuffix.size(),
                               kCountSuffix) == 0) {
        diagnostics_.Error(measure.span,
                           "names that end with '__count' are for Lyceum's own counts; choose "
                           "another");
      }
    }
    CheckGroup(*mart, facts);
  }

  void CheckGroup(const Mart& mart, const std::vector<const Fact*>& facts) {
    const auto& group = mart.group_by;
    if (std::find(group.begin(), group.end(), "date_key") == group.end()) {
      diagnostics_.Error(SpanAt({"marts", mart.name, "group_by"}, mart.span),
                         "'group_by' lacks date_key, by which a mart is kept up to date");
    }
    for (size_t i = 0; i < group.size(); ++i) {
      const Span span = ItemSpan({"marts", mart.name, "group_by"}, i, mart.span);
      if (std::find(group.begin(), group.begin() + static_cast<ptrdiff_t>(i), group[i]) !=
          group.begin() + static_cast<ptrdiff_t>(i)) {
        diagnostics_.Error(span, fmt::format("column '{}' stands here twice", group[i]));
        continue;
      }
      std::optional<Type> type;
      for (const Fact* fact : facts) {
        const std::vector<ColumnInfo> columns = FactColumns(*fact);
        const auto found = std::find_if(columns.begin(), columns.end(),
                                        [&](const ColumnInfo& c) { return c.name == group[i]; });
        if (found == columns.end()) {
          diagnostics_.Error(span,
                             fmt::format("fact '{}' has no column '{}'", fact->name, group[i]));
        } else if (found->stored_as_double || found->type.kind == TypeKind::kDouble) {
          diagnostics_.Error(span, "a mart cannot group by a double");
        } else if (type && *type != found->type) {
          diagnostics_.Error(span, fmt::format("column '{}' is {} in one fact and {} in another",
                                               group[i], TypeName(*type), TypeName(found->type)));
        } else {
          type = found->type;
        }
      }
    }
  }

  void CheckMeasure(const Fact& fact, const YamlNode& node, Measure* measure) {
    const Dataset* dataset = spec_.FindDataset(fact.dataset);
    if (!dataset) return;
    const std::vector<ColumnInfo> columns = ColumnsOf(*dataset);
    if (const YamlNode* where = node.Find("where")) {
      std::vector<ScopeColumn> scope;
      for (const ColumnInfo& column : columns) scope.push_back({column.name, column.type});
      measure->where =
          ParseExpression(where->scalar, PlaceInScalar(*where, document_, 0), scope, &diagnostics_);
      if (measure->where && measure->where->type.kind != TypeKind::kBoolean) {
        diagnostics_.Error(where->span, fmt::format("expected a condition, got {}",
                                                    TypeName(measure->where->type)));
      } else if (measure->where && CanFail(measure->where)) {
        diagnostics_.Error(where->span,
                           "the condition may overflow; compute the number as a derived column");
      }
    }
    measure->result = {TypeKind::kBigint};
    const YamlNode* column_node = node.Find("column");
    if (measure->type == MeasureType::kCount) {
      if (column_node) diagnostics_.Error(column_node->span, "a count takes no 'column'");
      return;
    }
    if (!column_node) {
      diagnostics_.Error(node.span, "sum and average need key 'column'");
      return;
    }
    const ColumnInfo* column = FindColumn(columns, measure->column, column_node->span);
    if (!column) return;
    const Type& type = column->type;
    const bool exact = type.kind == TypeKind::kInteger || type.kind == TypeKind::kBigint ||
                       type.kind == TypeKind::kDecimal;
    if (!exact) {
      diagnostics_.Error(column_node->span,
                         fmt::format("column '{}' is {}; marts add up integer, bigint and decimal "
                                     "only, so that every engine gives the same digits",
                                     measure->column, TypeName(type)));
      return;
    }
    CheckRoom(*measure, type, column_node->span);
    measure->result = ResultType(measure->type, type);
  }

  /// Marts add up decimals as integers of 38 digits: whole values, once more times 10^scale while
  /// they are scaled. A sum keeps room for its decimals, an average for four.
  void CheckRoom(const Measure& measure, const Type& type, Span span) {
    if (type.kind != TypeKind::kDecimal) return;
    const bool sum = measure.type == MeasureType::kSum;
    const int room = kSumDigits - kRowDigits;
    const int most = !sum ? std::min(room - std::max(0, 4 - type.scale), 38 - type.scale)
                     : type.scale == 0 ? room + 1
                                       : room - type.scale;
    if (type.precision <= most) return;
    const std::string narrower =
        most > type.scale ? fmt::format("; expected at most decimal({},{})", most, type.scale)
                          : std::string("; read it with fewer digits behind the point");
    diagnostics_.Error(span,
                       fmt::format("column '{}' is {}, too wide for an exact {}{}", measure.column,
                                   TypeName(type), sum ? "sum" : "average", narrower));
  }

  static Type ResultType(MeasureType measure, const Type& type) {
    const int whole = type.kind == TypeKind::kInteger  ? 10
                      : type.kind == TypeKind::kBigint ? 19
                                                       : type.precision - type.scale;
    if (measure == MeasureType::kAverage) {
      // More than four decimals may round up to one more digit before the point.
      const int carry = type.kind == TypeKind::kDecimal && type.scale > 4 ? 1 : 0;
      return {TypeKind::kDecimal, std::min(38, whole + carry + 4), 4};
    }
    if (type.kind != TypeKind::kDecimal) return {TypeKind::kBigint};
    return {TypeKind::kDecimal, 38, type.scale};
  }

  void TargetsAreKnown() {
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

  const YamlNode& root_;
  std::string_view document_;
  Spec& spec_;
  Diagnostics& diagnostics_;
};

template <typename Part>
const Part* FindByName(const std::vector<Part>& parts, std::string_view name) {
  for (const Part& part : parts) {
    if (part.name == name) return &part;
  }
  return nullptr;
}

}  // namespace

bool Dataset::dated() const {
  return !files.empty() && files[0].find(kBatchDateToken) != std::string::npos;
}

const Dataset* Spec::FindDataset(std::string_view name) const { return FindByName(datasets, name); }
const Dimension* Spec::FindDimension(std::string_view name) const {
  return FindByName(dimensions, name);
}
const Fact* Spec::FindFact(std::string_view name) const { return FindByName(facts, name); }

void CheckSpec(const YamlNode& root, std::string_view document, Spec* spec,
               Diagnostics* diagnostics) {
  Checker(root, document, spec, diagnostics).Run();
}

}  // namespace lyceum
