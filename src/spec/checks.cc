// What must hold across the parts of a spec, as an ordered list of named checks. Each reports all
// its problems; later ones tolerate what earlier ones found.

#include "spec/checks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "spec/spec_reader.h"

namespace lyceum {
namespace {

constexpr std::string_view kBatchDateToken = "{batch_date}";

std::string Lower(std::string_view text) {
  std::string lower;
  for (char c : text) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const size_t begin = lower.find_first_not_of(" \t");
  if (begin == std::string::npos) return "";
  return lower.substr(begin, lower.find_last_not_of(" \t") - begin + 1);
}

/// True if a key of type `key` holds every value of a reference's column. integer and bigint are
/// encoded alike.
bool FitsKey(const Type& column, const Type& key) {
  return column == key || (column.kind == TypeKind::kInteger && key.kind == TypeKind::kBigint);
}

class Checker : public SpecChecks {
 public:
  using SpecChecks::SpecChecks;

  void Run() {
    TableNamesAreUnique();
    for (const Dataset& dataset : spec_.datasets) {
      PatternsAgree(dataset);
      ReasonsFit(dataset);
      ColumnNamesAreUnique(dataset);
    }
    DatasetsFeedOneTable();
    for (const Dimension& dimension : spec_.dimensions) CheckDimension(dimension);
    for (const Fact& fact : spec_.facts) CheckFact(fact);
    SortDimensions();
  }

 private:
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

  /// A row that breaks every rule keeps every reason, and Redshift's columns end at 65,535 bytes.
  void ReasonsFit(const Dataset& dataset) {
    constexpr size_t kMost = 50'000;
    size_t bytes = 0;
    for (const Rule& rule : dataset.rules) bytes += rule.reason.size() + 3;
    if (bytes <= kMost) return;
    diagnostics_.Error(
        dataset.span,
        fmt::format("the rules of '{}' have reasons of {} bytes together; expected at "
                    "most {}; shorten their names",
                    dataset.name, bytes, kMost));
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
  CheckMarts(root, document, spec, diagnostics);
  CheckTargets(root, document, spec, diagnostics);
  CheckEngines(root, document, spec, diagnostics);
}

}  // namespace lyceum
