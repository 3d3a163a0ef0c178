// One judgement for every engine: what differs is spelled by the dialect.

#include "sql/row_rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "sql/dialect.h"

namespace lyceum {
namespace {

/// Rules per mask column: bits of a BIGINT without its sign, with one to spare.
constexpr size_t kBitsPerMask = 62;

std::string MaskColumn(size_t index) { return fmt::format("_failed{}", index); }

const DerivedColumn* FindDerived(const Dataset& dataset, const std::string& name) {
  for (const DerivedColumn& derived : dataset.derived) {
    if (derived.name == name) return &derived;
  }
  return nullptr;
}

/// Derived columns by how many others they stand on, so that each level needs only those before it.
std::vector<std::vector<const DerivedColumn*>> DerivedLevels(const Dataset& dataset) {
  std::map<std::string, size_t> level_of;
  std::vector<std::vector<const DerivedColumn*>> levels;
  for (const DerivedColumn& derived : dataset.derived) {
    std::vector<std::string> used;
    CollectColumns(derived.expression, &used);
    size_t level = 0;
    for (const std::string& column : used) {
      const auto found = level_of.find(column);
      if (found != level_of.end()) level = std::max(level, found->second + 1);
    }
    level_of[derived.name] = level;
    if (levels.size() <= level) levels.resize(level + 1);
    levels[level].push_back(&derived);
  }
  return levels;
}

/// Ordinals of the source columns that a column's value comes from.
void CollectOrdinals(const Dataset& dataset, const std::string& name, std::vector<size_t>* out) {
  if (const DerivedColumn* derived = FindDerived(dataset, name)) {
    std::vector<std::string> used;
    CollectColumns(derived->expression, &used);
    for (const std::string& column : used) CollectOrdinals(dataset, column, out);
    return;
  }
  for (size_t i = 0; i < dataset.columns.size(); ++i) {
    if (dataset.columns[i].name == name) out->push_back(i);
  }
}

/// A condition that is true if none of the rule's inputs failed its type: such a value is not
/// judged by further rules. Empty if the rule passes on null anyway.
std::string InputsTyped(const Dataset& dataset, const Rule& rule, const Names& names) {
  std::vector<std::string> inputs = rule.columns;
  const bool direct = inputs.size() == 1 && !FindDerived(dataset, inputs[0]);
  if (direct && rule.type != RuleType::kNotNull) return "";
  if (rule.type == RuleType::kExpression) CollectColumns(rule.expression, &inputs);
  std::vector<size_t> ordinals;
  for (const std::string& input : inputs) CollectOrdinals(dataset, input, &ordinals);
  std::vector<std::string> bad;
  for (size_t ordinal : ordinals) {
    bad.push_back(fmt::format("contains({}, ',{},')", names.Column("_bad"), ordinal));
  }
  if (bad.empty()) return "";
  return fmt::format("({0} IS NULL OR NOT ({1}))", names.Column("_bad"), fmt::join(bad, " OR "));
}

std::string RangeFails(const Rule& rule, const Type& type, const Names& names) {
  const std::string column = names.Column(rule.columns[0]);
  const std::string value =
      rule.bounds_are_dates ? fmt::format("CAST({} AS DATE)", column) : column;
  const Type bound = rule.bounds_are_dates ? Type{TypeKind::kDate} : type;
  std::vector<std::string> terms;
  if (rule.min) {
    terms.push_back(fmt::format("{} < {}", value, TypedLiteral(names.dialect(), bound, *rule.min)));
  }
  if (rule.max) {
    terms.push_back(fmt::format("{} > {}", value, TypedLiteral(names.dialect(), bound, *rule.max)));
  }
  return fmt::format("({})", fmt::join(terms, " OR "));
}

std::string LengthFails(const Rule& rule, const Names& names) {
  std::vector<std::string> terms;
  const std::string length = fmt::format("length({})", names.Column(rule.columns[0]));
  if (rule.min) terms.push_back(fmt::format("{} < {}", length, *rule.min));
  if (rule.max) terms.push_back(fmt::format("{} > {}", length, *rule.max));
  return fmt::format("({})", fmt::join(terms, " OR "));
}

std::string ValuesFail(const Rule& rule, const Type& type, const Names& names) {
  std::vector<std::string> values;
  for (const std::string& value : rule.values) {
    values.push_back(TypedLiteral(names.dialect(), type, value));
  }
  return fmt::format("{} NOT IN ({})", names.Column(rule.columns[0]), fmt::join(values, ", "));
}

Result<std::string> ExpressionFails(const Rule& rule, const Names& names) {
  const Dialect& dialect = names.dialect();
  ASSIGN_OR_RETURN(const std::string sql, RenderExpression(dialect, rule.expression));
  const std::string broken = fmt::format("NOT ({})", sql);
  if (!CanFail(rule.expression)) return broken;
  ASSIGN_OR_RETURN(const std::string fails, RenderEvaluationFails(dialect, rule.expression));
  return fmt::format("({} OR {})", fails, broken);
}

/// A condition that is true exactly on rows that break the rule.
Result<std::string> RuleFails(const Dataset& dataset, const Rule& rule, const Names& names) {
  const Type* type = rule.columns.empty() ? nullptr : ColumnType(dataset, rule.columns[0]);
  std::string fails;
  switch (rule.type) {
    case RuleType::kNotNull:
      fails = fmt::format("{} IS NULL", names.Column(rule.columns[0]));
      break;
    case RuleType::kRange:
      fails = RangeFails(rule, *type, names);
      break;
    case RuleType::kAcceptedValues:
      fails = ValuesFail(rule, *type, names);
      break;
    case RuleType::kPattern:
      fails = fmt::format("NOT {}",
                          names.dialect().full_match(names.Column(rule.columns[0]), rule.pattern));
      break;
    case RuleType::kLength:
      fails = LengthFails(rule, names);
      break;
    case RuleType::kExpression: {
      ASSIGN_OR_RETURN(fails, ExpressionFails(rule, names));
      break;
    }
    case RuleType::kComputable: {
      const DerivedColumn* derived = FindDerived(dataset, rule.columns[0]);
      ASSIGN_OR_RETURN(fails, RenderEvaluationFails(names.dialect(), derived->expression));
      break;
    }
    case RuleType::kTextFits:
      fails = fmt::format("{}({}) > {}", names.dialect().bytes_function,
                          names.Column(rule.columns[0]), kMaxTextBytes);
      break;
    case RuleType::kUnique:
      return Internal("a unique rule is no row rule");
  }
  const std::string typed = InputsTyped(dataset, rule, names);
  if (typed.empty()) return fails;
  return fmt::format("{} AND {}", fails, typed);
}

bool Rejects(const Rule& rule) { return rule.severity != RuleSeverity::kWarn; }

/// `("_failed0" & 5) = 0`, over all mask columns; the rows it holds for break no rejecting rule.
std::string NoRuleRejects(const std::vector<Rule>& rows, const Names& names) {
  std::vector<std::string> terms;
  for (size_t start = 0; start < rows.size(); start += kBitsPerMask) {
    uint64_t mask = 0;
    for (size_t i = start; i < std::min(rows.size(), start + kBitsPerMask); ++i) {
      if (Rejects(rows[i])) mask |= uint64_t{1} << (i - start);
    }
    if (mask == 0) continue;
    terms.push_back(
        fmt::format("({} & {}) = 0", names.Column(MaskColumn(start / kBitsPerMask)), mask));
  }
  return terms.empty() ? "TRUE" : fmt::format("{}", fmt::join(terms, " AND "));
}

std::vector<std::string> Without(const std::vector<std::string>& from,
                                 const std::vector<std::string>& what) {
  std::vector<std::string> rest;
  for (const std::string& name : from) {
    if (std::find(what.begin(), what.end(), name) == what.end()) rest.push_back(name);
  }
  return rest;
}

/// A reason as a JSON string. Reasons hold checked names and fixed words only, so nothing in them
/// needs escaping; see spec/.
std::string JsonReason(const Rule& rule) { return fmt::format("\"{}\"", rule.reason); }

}  // namespace

std::vector<Rule> RowRules(const std::vector<Rule>& rules) {
  std::vector<Rule> rows;
  std::copy_if(rules.begin(), rules.end(), std::back_inserter(rows),
               [](const Rule& rule) { return rule.type != RuleType::kUnique; });
  return rows;
}

std::vector<Rule> UniqueRules(const std::vector<Rule>& rules) {
  std::vector<Rule> unique;
  std::copy_if(rules.begin(), rules.end(), std::back_inserter(unique),
               [](const Rule& rule) { return rule.type == RuleType::kUnique; });
  return unique;
}

Result<std::string> RenderJudgement(const Dataset& dataset, const std::vector<Rule>& rules,
                                    std::string from, const Names& names) {
  const std::vector<Rule> rows = RowRules(rules);
  for (const auto& level : DerivedLevels(dataset)) {
    std::string columns;
    for (const DerivedColumn* derived : level) {
      ASSIGN_OR_RETURN(const std::string sql,
                       RenderSafeExpression(names.dialect(), derived->expression));
      columns += fmt::format(", CAST({} AS {}) AS {}", sql,
                             names.dialect().type_name(derived->type), names.Column(derived->name));
    }
    from = fmt::format("SELECT *{}\n  FROM ({})", columns, from);
  }
  std::vector<std::string> masks;
  for (size_t start = 0; start < rows.size(); start += kBitsPerMask) {
    std::vector<std::string> bits;
    for (size_t i = start; i < std::min(rows.size(), start + kBitsPerMask); ++i) {
      ASSIGN_OR_RETURN(const std::string fails, RuleFails(dataset, rows[i], names));
      bits.push_back(
          fmt::format("CASE WHEN {} THEN {} ELSE 0 END", fails, uint64_t{1} << (i - start)));
    }
    masks.push_back(
        fmt::format("  CAST(CASE WHEN {} = '*' THEN 0 ELSE\n    {}\n  END AS BIGINT) AS {}",
                    names.Column("_bad"), fmt::join(bits, "\n    + "),
                    names.Column(MaskColumn(start / kBitsPerMask))));
  }
  const std::string mask_list = masks.empty() ? "" : fmt::format(",\n{}", fmt::join(masks, ",\n"));
  return fmt::format("SELECT *{}\nFROM ({})", mask_list, from);
}

std::string RenderGood(const std::vector<Rule>& rules, const Names& names) {
  return fmt::format("{} IS NULL AND {}", names.Column("_bad"),
                     NoRuleRejects(RowRules(rules), names));
}

std::string RenderBroken(size_t rule, const Names& names) {
  return fmt::format("({} & {}) <> 0", names.Column(MaskColumn(rule / kBitsPerMask)),
                     uint64_t{1} << (rule % kBitsPerMask));
}

std::string RenderReasons(const std::vector<Rule>& rows, const Names& names) {
  std::vector<std::string> parts = {names.Column("_reasons")};
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!Rejects(rows[i])) continue;
    parts.push_back(fmt::format("CASE WHEN {} THEN {} END", RenderBroken(i, names),
                                names.Text(JsonReason(rows[i]))));
  }
  return fmt::format("'[' || concat_ws(',', {}) || ']'", fmt::join(parts, ", "));
}

std::string RenderRepeated(const std::vector<Rule>& unique, const std::string& kept,
                           const Names& names) {
  std::vector<std::string> bits;
  const std::string pos = names.Column("_pos");
  for (size_t i = 0; i < unique.size(); ++i) {
    std::vector<std::string> given;
    for (const std::string& column : unique[i].columns) {
      given.push_back(fmt::format("{} IS NOT NULL", names.Column(column)));
    }
    bits.push_back(fmt::format(
        "CASE WHEN {} AND row_number() OVER (PARTITION BY {} ORDER BY {}) > 1 THEN {} ELSE 0 END",
        fmt::join(given, " AND "), names.List(unique[i].columns), pos, uint64_t{1} << i));
  }
  return fmt::format("SELECT {0}, {1} FROM (SELECT {0}, {2} AS {1} FROM {3}) WHERE {1} <> 0", pos,
                     names.Column("_repeats"), fmt::join(bits, " + "), kept);
}

std::string RenderUniqueReasons(const std::vector<Rule>& unique, const Names& names) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < unique.size(); ++i) {
    if (!Rejects(unique[i])) continue;
    parts.push_back(fmt::format("CASE WHEN ({} & {}) <> 0 THEN {} END", names.Column("_repeats"),
                                uint64_t{1} << i, names.Text(JsonReason(unique[i]))));
  }
  return fmt::format("'[' || concat_ws(',', {}) || ']'", fmt::join(parts, ", "));
}

uint64_t RejectingBits(const std::vector<Rule>& unique) {
  uint64_t mask = 0;
  for (size_t i = 0; i < unique.size(); ++i) {
    if (Rejects(unique[i])) mask |= uint64_t{1} << i;
  }
  return mask;
}

std::vector<std::string> RuleCounts(const ReadStep& step, const Names& names) {
  std::vector<std::string> counts;
  size_t row = 0, unique = 0;
  for (const Rule& rule : step.rules) {
    if (rule.type == RuleType::kUnique) {
      counts.push_back(fmt::format("(SELECT count(*) FROM {} WHERE ({} & {}) <> 0)",
                                   names.Temp("repeated", step.dataset->name),
                                   names.Column("_repeats"), uint64_t{1} << unique++));
    } else {
      counts.push_back(fmt::format("count(*) FILTER (WHERE {})", RenderBroken(row++, names)));
    }
  }
  counts.push_back("count(*)");
  return counts;
}

std::vector<std::string> SourceColumns(const Dataset& dataset) {
  std::vector<std::string> columns;
  for (const SourceColumn& column : dataset.columns) columns.push_back(column.name);
  return columns;
}

std::vector<std::string> DatasetColumns(const Dataset& dataset) {
  std::vector<std::string> columns = SourceColumns(dataset);
  for (const DerivedColumn& column : dataset.derived) columns.push_back(column.name);
  return columns;
}

std::vector<std::string> FreeColumns(const DeduplicateStep& step) {
  if (step.table.Identity().empty()) return {};
  return Without(SourceColumns(*step.dataset), step.table.Identity());
}

std::string ConflictReason(const std::string& column) {
  return fmt::format("\"{}: differs from the kept row of the same identity\"", column);
}

}  // namespace lyceum
