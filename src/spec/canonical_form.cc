// The canonical text of what can change rows. Its hash tells whether a batch must be loaded again,
// so everything that matters is in it, and nothing else.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/sha256.h"
#include "spec/spec.h"

namespace lyceum {
namespace {

/// Raised when Lyceum itself gives other rows for the same spec and files.
constexpr int kSemanticsVersion = 1;

/// Length and text, so that no value can be mistaken for the next one.
std::string Text(std::string_view text) { return fmt::format("{}:{}", text.size(), text); }

std::string List(std::vector<std::string> texts, bool sorted = false) {
  if (sorted) std::sort(texts.begin(), texts.end());
  for (std::string& text : texts) text = Text(text);
  return fmt::format("[{}]", fmt::join(texts, ","));
}

std::string Optional(const std::optional<std::string>& text) { return text ? Text(*text) : "-"; }

std::string ColumnForm(const SourceColumn& column) {
  return fmt::format(
      "column {} {} aliases={} formats={} optional={} zero={} true={} false={} "
      "double={}\n",
      Text(column.name), TypeName(column.type), List(column.aliases, true), List(column.formats),
      column.optional, column.allow_zero_fraction, List(column.true_values, true),
      List(column.false_values, true), column.store_as_double);
}

std::string RuleForm(const Rule& rule) {
  return fmt::format("rule {} {} {} columns={} min={} max={} values={} pattern={} expression={}\n",
                     static_cast<int>(rule.type), static_cast<int>(rule.severity),
                     Text(rule.reason), List(rule.columns), Optional(rule.min), Optional(rule.max),
                     List(rule.values, true), Text(rule.pattern),
                     rule.expression ? PrintExpression(rule.expression) : "-");
}

std::string ReferenceForm(const Spec& spec, const Reference& reference) {
  const Dimension* dimension = spec.FindDimension(reference.dimension);
  return fmt::format("reference {} {} {} {} key={}\n", Text(reference.dimension),
                     List(reference.columns), Text(reference.surrogate_key),
                     static_cast<int>(reference.unknown), dimension ? List(dimension->key) : "-");
}

std::string TableForm(const Spec& spec, const Dataset& dataset) {
  std::string form;
  for (const Dimension& dimension : spec.dimensions) {
    if (dimension.dataset != dataset.name) continue;
    form += fmt::format("dimension {} key={} sk={}\n", Text(dimension.name), List(dimension.key),
                        Text(dimension.surrogate_key));
    for (const Reference& reference : dimension.references) form += ReferenceForm(spec, reference);
  }
  for (const Fact& fact : spec.facts) {
    if (fact.dataset != dataset.name) continue;
    form += fmt::format("fact {} identity={} key={} date={}\n", Text(fact.name),
                        List(fact.identity), Text(fact.event_key), Text(fact.date_column));
    if (spec.calendar) {
      form += fmt::format("calendar {} {}\n", spec.calendar->from, spec.calendar->to);
    }
    for (const Reference& reference : fact.references) form += ReferenceForm(spec, reference);
  }
  return form;
}

}  // namespace

std::string CanonicalDataset(const Spec& spec, const Dataset& dataset) {
  std::string form = fmt::format(
      "semantics {}\ndataset {}\nfiles {}\nformat {} delimiter={} quoted_newlines={} nulls={} "
      "unknown={}\ntimezone {}\n",
      kSemanticsVersion, Text(dataset.name), List(dataset.files, true),
      static_cast<int>(dataset.format), static_cast<int>(dataset.delimiter),
      dataset.quoted_newlines, List(dataset.null_tokens, true),
      static_cast<int>(dataset.unknown_columns), Text(spec.timezone));
  for (const SourceColumn& column : dataset.columns) form += ColumnForm(column);
  for (const DerivedColumn& column : dataset.derived) {
    form += fmt::format("derived {} {} {}\n", Text(column.name), TypeName(column.type),
                        PrintExpression(column.expression));
  }
  for (const Rule& rule : dataset.rules) form += RuleForm(rule);
  return form + TableForm(spec, dataset);
}

std::string SpecHash(const Spec& spec, const Dataset& dataset) {
  return Sha256Hex(CanonicalDataset(spec, dataset));
}

std::string MartHash(const Spec& spec, const Mart& mart) {
  std::string form = fmt::format("semantics {}\nmart {} group={}\n", kSemanticsVersion,
                                 Text(mart.name), List(mart.group_by));
  for (const Measure& measure : mart.measures) {
    form +=
        fmt::format("measure {} {} {} {} {} {}\n", Text(measure.name),
                    static_cast<int>(measure.type), Text(measure.fact), Text(measure.column),
                    TypeName(measure.result), measure.where ? PrintExpression(measure.where) : "-");
    const Fact* fact = spec.FindFact(measure.fact);
    const Dataset* dataset = fact ? spec.FindDataset(fact->dataset) : nullptr;
    if (!dataset) continue;
    for (const SourceColumn& column : dataset->columns) {
      if (column.name == measure.column) form += ColumnForm(column);
    }
  }
  return Sha256Hex(form);
}

}  // namespace lyceum
