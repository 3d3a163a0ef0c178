// A key that the table of fields declares but nobody reads is a promise of the reference page that
// the program breaks in silence. So each key is taken out of a spec that has them all, and the
// structs must then differ.

#include "spec/fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "spec/spec_reader.h"

namespace lyceum {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(std::string(LYCEUM_SOURCE_DIR) + "/" + path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

using Texts = std::vector<std::string>;

/// Prints every member of the structs that a key can set.
class Printer {
 public:
  std::string Print(const Spec& spec) {
    Add(spec.pipeline, spec.timezone, spec.default_target, spec.default_engine);
    for (const Target& target : spec.targets) {
      Add(target.name, target.type, target.path, target.url, target.schema, target.stage,
          target.iam_role);
      for (const auto& [table, layout] : target.tables) {
        Add(table, layout.diststyle.value_or("-"), layout.distkey,
            layout.sortkey.value_or(Texts{"-"}));
      }
    }
    for (const DeclaredEngine& engine : spec.engines) {
      Add(engine.name, engine.type, engine.url, engine.run_directory, engine.cluster_run_directory);
      for (const auto& [key, value] : engine.settings) Add(key, value);
    }
    for (const Dataset& dataset : spec.datasets) PrintDataset(dataset);
    if (spec.calendar) Add(spec.calendar->table, spec.calendar->from, spec.calendar->to);
    for (const Dimension& dimension : spec.dimensions) {
      Add(dimension.name, dimension.dataset, dimension.members_from, dimension.key,
          dimension.surrogate_key);
      PrintReferences(dimension.references);
    }
    for (const Fact& fact : spec.facts) {
      Add(fact.name, fact.dataset, fact.identity, fact.event_key, fact.date_column);
      PrintReferences(fact.references);
    }
    for (const Mart& mart : spec.marts) {
      Add(mart.name, mart.group_by);
      for (const Measure& measure : mart.measures) {
        Add(measure.name, static_cast<int>(measure.type), measure.fact, measure.column,
            measure.where ? PrintExpression(measure.where) : "-");
      }
    }
    return text_.str();
  }

 private:
  void PrintDataset(const Dataset& dataset) {
    Add(dataset.name, dataset.files, static_cast<int>(dataset.format), dataset.delimiter,
        dataset.quoted_newlines, dataset.null_tokens, static_cast<int>(dataset.unknown_columns),
        static_cast<int>(dataset.on_missing), dataset.thresholds.warn_above_percent.value_or(-1),
        dataset.thresholds.fail_above_percent.value_or(-1));
    for (const SourceColumn& column : dataset.columns) {
      Add(column.name, TypeName(column.type), column.aliases, column.formats, column.optional,
          column.allow_zero_fraction, column.true_values, column.false_values,
          column.store_as_double);
    }
    for (const DerivedColumn& column : dataset.derived) {
      Add(column.name, TypeName(column.type),
          column.expression ? PrintExpression(column.expression) : "-");
    }
    for (const Rule& rule : dataset.rules) {
      Add(static_cast<int>(rule.type), static_cast<int>(rule.severity), rule.reason, rule.columns,
          rule.min.value_or("-"), rule.max.value_or("-"), rule.values, rule.pattern,
          rule.expression ? PrintExpression(rule.expression) : "-");
    }
  }

  void PrintReferences(const std::vector<Reference>& references) {
    for (const Reference& reference : references) {
      Add(reference.dimension, reference.columns, reference.surrogate_key,
          static_cast<int>(reference.unknown));
    }
  }

  template <typename... Values>
  void Add(const Values&... values) {
    (AddOne(values), ...);
    text_ << "\n";
  }
  template <typename Value>
  void AddOne(const Value& value) {
    text_ << value << "|";
  }
  void AddOne(const Texts& texts) { text_ << fmt::format("[{}]|", fmt::join(texts, ",")); }

  std::ostringstream text_;
};

std::string ReadAndPrint(const YamlNode& root, std::string_view document) {
  Diagnostics diagnostics;
  Spec spec = ReadSpec(root, document, &diagnostics);
  CheckSpec(root, document, &spec, &diagnostics);
  return Printer().Print(spec);
}

/// Takes the first key at `path` (`datasets.*.rules[].min`) out of the tree; false if there is
/// none.
bool Remove(YamlNode* node, std::string_view path) {
  const size_t end = std::min(path.find('.'), path.size());
  std::string_view part = path.substr(0, end);
  const std::string_view rest = end < path.size() ? path.substr(end + 1) : "";
  if (part == "*") {
    for (auto& [name, value] : node->entries) {
      if (Remove(&value, rest)) return true;
    }
    return false;
  }
  const bool list = part.size() > 2 && part.substr(part.size() - 2) == "[]";
  if (list) part.remove_suffix(2);
  for (auto entry = node->entries.begin(); entry != node->entries.end(); ++entry) {
    if (entry->key.scalar != part) continue;
    if (rest.empty()) {
      node->entries.erase(entry);
      return true;
    }
    if (!list) return Remove(&entry->value, rest);
    for (YamlNode& item : entry->value.items) {
      if (Remove(&item, rest)) return true;
    }
  }
  return false;
}

TEST(Fields, EveryKeyIsRead) {
  const std::string document = ReadFile("tests/unit/spec/every_key.yaml");
  Diagnostics diagnostics;
  const std::optional<YamlNode> root = ParseYaml(document, &diagnostics);
  ASSERT_TRUE(root) << RenderDiagnostics(diagnostics, "every_key.yaml", document);
  const std::string whole = ReadAndPrint(*root, document);
  for (const Field& field : AllFields()) {
    if (field.path == "lyceum") continue;  // checked by the shape, kept by nobody
    YamlNode without = *root;
    ASSERT_TRUE(Remove(&without, field.path)) << "every_key.yaml lacks " << field.path;
    EXPECT_NE(whole, ReadAndPrint(without, document)) << "nobody reads " << field.path;
  }
}

}  // namespace
}  // namespace lyceum
