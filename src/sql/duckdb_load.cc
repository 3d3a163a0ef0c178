// The load of a dataset as DuckDB statements: read and judge every row once, keep the first row of
// each identity, collect what is rejected. A row's judgement is a bit per rule, so that good rows
// cost a comparison with zero and reasons are spelled only for bad ones.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/position.h"
#include "sql/render.h"

namespace lyceum {
namespace {

/// Rules per mask column: bits of a BIGINT without its sign, with one to spare.
constexpr size_t kBitsPerMask = 62;

std::string MaskColumn(size_t index) { return fmt::format("_failed{}", index); }

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

const DerivedColumn* FindDerived(const Dataset& dataset, const std::string& name) {
  for (const DerivedColumn& derived : dataset.derived) {
    if (derived.name == name) return &derived;
  }
  return nullptr;
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
  ASSIGN_OR_RETURN(const std::string sql, RenderExpression(names.dialect(), rule.expression));
  if (!CanFail(rule.expression)) return fmt::format("NOT ({})", sql);
  return fmt::format("({} OR TRY(NOT ({})))", names.dialect().evaluation_fails(sql), sql);
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
      fails = fmt::format("NOT {}", names.dialect().full_match(names.Column(rule.columns[0]),
                                                               names.Text(rule.pattern)));
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
      ASSIGN_OR_RETURN(const std::string sql,
                       RenderExpression(names.dialect(), derived->expression));
      fails = names.dialect().evaluation_fails(sql);
      break;
    }
    case RuleType::kTextFits:
      // strlen counts bytes.
      fails = fmt::format("strlen({}) > 65535", names.Column(rule.columns[0]));
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

/// True exactly on rows of the read table that load or are duplicates.
std::string Good(const std::vector<Rule>& rules, const Names& names) {
  return fmt::format("{} IS NULL AND {}", names.Column("_bad"),
                     NoRuleRejects(RowRules(rules), names));
}

/// A reason as a JSON string. Reasons hold checked names and fixed words only, so nothing in them
/// needs escaping; see spec/.
std::string JsonReason(const Rule& rule) { return fmt::format("\"{}\"", rule.reason); }

std::string BitTest(size_t rule, const Names& names) {
  return fmt::format("({} & {}) <> 0", names.Column(MaskColumn(rule / kBitsPerMask)),
                     uint64_t{1} << (rule % kBitsPerMask));
}

std::string Reasons(const std::vector<Rule>& rows, const Names& names) {
  std::vector<std::string> parts = {names.Column("_reasons")};
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!Rejects(rows[i])) continue;
    parts.push_back(fmt::format("CASE WHEN {} THEN {} END", BitTest(i, names),
                                names.Text(JsonReason(rows[i]))));
  }
  return fmt::format("'[' || concat_ws(',', {}) || ']'", fmt::join(parts, ", "));
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

std::vector<std::string> Without(const std::vector<std::string>& from,
                                 const std::vector<std::string>& what) {
  std::vector<std::string> rest;
  for (const std::string& name : from) {
    if (std::find(what.begin(), what.end(), name) == what.end()) rest.push_back(name);
  }
  return rest;
}

/// The SELECT that picks the first row of each identity.
std::string KeptQuery(const DeduplicateStep& step, const Names& names) {
  const std::string& dataset = step.dataset->name;
  const std::string read = names.Temp("read", dataset);
  const std::string good = Good(step.rules, names);
  const std::vector<std::string> all = DatasetColumns(*step.dataset);
  const std::vector<std::string> identity = step.table.Identity();
  const std::string pos = names.Column("_pos");
  if (identity.empty()) {
    return fmt::format("SELECT {}, {} FROM {} WHERE {}", names.List(all), pos, read, good);
  }
  const std::vector<std::string> source = SourceColumns(*step.dataset);
  if (Without(source, identity).empty()) {
    // The identity decides every column, so one aggregate does: no second look at the rows.
    std::vector<std::string> columns;
    for (const std::string& column : all) {
      const bool grouped = std::find(source.begin(), source.end(), column) != source.end();
      columns.push_back(grouped ? names.Column(column)
                                : fmt::format("any_value({0}) AS {0}", names.Column(column)));
    }
    return fmt::format("SELECT {}, min({}) AS {} FROM {} WHERE {} GROUP BY {}",
                       fmt::join(columns, ", "), pos, pos, read, good, names.List(source));
  }
  return fmt::format(
      "SELECT {0}, {1} FROM {2} WHERE {3} AND {1} IN (SELECT min({1}) FROM {2} WHERE {3} GROUP BY "
      "{4})",
      names.List(all), pos, read, good, names.List(identity));
}

/// Losing duplicates that differ from the kept row, with the columns in which they do.
std::string ConflictQuery(const DeduplicateStep& step, const Names& names,
                          const std::vector<std::string>& others) {
  const std::string& dataset = step.dataset->name;
  std::vector<std::string> differs, reasons;
  for (const std::string& column : others) {
    const std::string test = fmt::format("l.{0} IS DISTINCT FROM k.{0}", names.Column(column));
    differs.push_back(test);
    reasons.push_back(fmt::format(
        "CASE WHEN {} THEN {} END", test,
        names.Text(fmt::format("\"{}: differs from the kept row of the same identity\"", column))));
  }
  const std::string pos = names.Column("_pos");
  return fmt::format(
      "SELECT l.{0} AS {0}, '[' || concat_ws(',', {1}) || ']' AS reasons FROM (SELECT * FROM {2} "
      "WHERE {3} AND {0} NOT IN (SELECT {0} FROM {4})) AS l JOIN {4} AS k ON {5} WHERE {6}",
      pos, fmt::join(reasons, ", "), names.Temp("read", dataset), Good(step.rules, names),
      names.Temp("kept", dataset), names.Equal(step.table.Identity(), "l", "k"),
      fmt::join(differs, " OR "));
}

/// Rows that repeat a value which a `unique` rule wants once: a bit per rule, in order.
std::string RepeatedQuery(const std::vector<Rule>& unique, const std::string& dataset,
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
                     names.Column("_repeats"), fmt::join(bits, " + "), names.Temp("kept", dataset));
}

std::string UniqueReasons(const std::vector<Rule>& unique, const Names& names) {
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

/// The source columns outside the identity. Derived columns differ only where these do.
std::vector<std::string> FreeColumns(const DeduplicateStep& step) {
  if (step.table.Identity().empty()) return {};
  return Without(SourceColumns(*step.dataset), step.table.Identity());
}

}  // namespace

Result<std::vector<Statement>> RenderRead(const ReadStep& step, const Names& names,
                                          const std::string& source) {
  const std::vector<Rule> rows = RowRules(step.rules);
  std::string from = fmt::format("SELECT * FROM lyceum_read({})", source);
  for (const DerivedColumn& derived : step.dataset->derived) {
    ASSIGN_OR_RETURN(std::string sql, RenderExpression(names.dialect(), derived.expression));
    if (CanFail(derived.expression)) sql = fmt::format("TRY({})", sql);
    from = fmt::format("SELECT *, CAST({} AS {}) AS {}\n  FROM ({})", sql,
                       names.dialect().type_name(derived.type), names.Column(derived.name), from);
  }
  std::vector<std::string> masks;
  for (size_t start = 0; start < rows.size(); start += kBitsPerMask) {
    std::vector<std::string> bits;
    for (size_t i = start; i < std::min(rows.size(), start + kBitsPerMask); ++i) {
      ASSIGN_OR_RETURN(const std::string fails, RuleFails(*step.dataset, rows[i], names));
      bits.push_back(
          fmt::format("CASE WHEN {} THEN {} ELSE 0 END", fails, uint64_t{1} << (i - start)));
    }
    masks.push_back(
        fmt::format("  CAST(CASE WHEN {} = '*' THEN 0 ELSE\n    {}\n  END AS BIGINT) AS {}",
                    names.Column("_bad"), fmt::join(bits, "\n    + "),
                    names.Column(MaskColumn(start / kBitsPerMask))));
  }
  const std::string mask_list = masks.empty() ? "" : fmt::format(",\n{}", fmt::join(masks, ",\n"));
  return std::vector<Statement>{
      {fmt::format("read and type every row of '{}', judge its rules", step.dataset->name),
       fmt::format("CREATE TEMP TABLE {} AS\nSELECT *{}\nFROM ({})",
                   names.Temp("read", step.dataset->name), mask_list, from)}};
}

Result<std::vector<Statement>> RenderDeduplicate(const DeduplicateStep& step, const Names& names) {
  const std::string& dataset = step.dataset->name;
  std::vector<Statement> statements;
  statements.push_back({fmt::format("keep the first row of each identity in '{}'", dataset),
                        fmt::format("CREATE TEMP TABLE {} AS\n{}", names.Temp("kept", dataset),
                                    KeptQuery(step, names))});
  if (const auto others = FreeColumns(step); !others.empty()) {
    statements.push_back(
        {fmt::format("find duplicates in '{}' that differ from the row kept", dataset),
         fmt::format("CREATE TEMP TABLE {} AS\n{}", names.Temp("conflict", dataset),
                     ConflictQuery(step, names, others))});
  }
  const std::vector<Rule> unique = UniqueRules(step.rules);
  if (!unique.empty()) {
    statements.push_back(
        {fmt::format("find values in '{}' that must be unique and are not", dataset),
         fmt::format("CREATE TEMP TABLE {} AS\n{}", names.Temp("repeated", dataset),
                     RepeatedQuery(unique, dataset, names))});
    statements.push_back(
        {"take them out of the accepted rows",
         fmt::format("DELETE FROM {0} WHERE {1} IN (SELECT {1} FROM {2} WHERE ({3} & {4}) <> 0)",
                     names.Temp("kept", dataset), names.Column("_pos"),
                     names.Temp("repeated", dataset), names.Column("_repeats"),
                     RejectingBits(unique))});
  }
  return statements;
}

std::vector<TableColumn> StagedColumns(const TableSchema& table) {
  std::vector<TableColumn> columns;
  for (const TableColumn& column : table.columns) {
    if (column.role != ColumnRole::kInferred) columns.push_back(column);
  }
  return columns;
}

Result<std::string> RenderStageQuery(const StageStep& step, const Names& names) {
  const auto key_of = [&](const std::vector<std::string>& columns) {
    return fmt::format("lyceum_key({})", names.List(columns));
  };
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
        std::vector<std::string> nulls;
        for (const std::string& part : from) {
          nulls.push_back(fmt::format("{} IS NULL", names.Column(part)));
        }
        select.push_back(fmt::format("CASE WHEN {} THEN NULL ELSE {} END AS {}",
                                     fmt::join(nulls, " OR "), key_of(from), name));
        break;
      }
      default:
        return Internal(fmt::format("column '{}' cannot be staged", column.name));
    }
  }
  return fmt::format("SELECT {}\nFROM {}", fmt::join(select, ",\n  "),
                     names.Temp("kept", step.dataset->name));
}

std::string RenderRuleCounts(const ReadStep& step, const Names& names) {
  std::vector<std::string> counts;
  size_t row = 0, unique = 0;
  for (const Rule& rule : step.rules) {
    if (rule.type == RuleType::kUnique) {
      counts.push_back(fmt::format("(SELECT count(*) FROM {} WHERE ({} & {}) <> 0)",
                                   names.Temp("repeated", step.dataset->name),
                                   names.Column("_repeats"), uint64_t{1} << unique++));
    } else {
      counts.push_back(fmt::format("count(*) FILTER (WHERE {})", BitTest(row++, names)));
    }
  }
  counts.push_back("count(*)");
  return fmt::format("SELECT unnest([{}]) FROM {}", fmt::join(counts, ", "),
                     names.Temp("read", step.dataset->name));
}

Result<std::vector<Statement>> RenderQuarantine(const QuarantineStep& step, const Names& names,
                                                const std::string& source, Days batch_date,
                                                const std::vector<DeliveredFile>& files) {
  const std::string& dataset = step.dataset->name;
  const std::string pos = names.Column("_pos");
  const DeduplicateStep deduplicate{step.dataset, step.table, step.rules};
  const std::vector<Rule> unique = UniqueRules(step.rules);
  std::string rejected = fmt::format(
      "SELECT {}, 'rejected' AS kind, {} AS reasons FROM {} WHERE NOT ({})", pos,
      Reasons(RowRules(step.rules), names), names.Temp("read", dataset), Good(step.rules, names));
  if (!unique.empty()) {
    rejected += fmt::format("\nUNION ALL SELECT {}, 'rejected', {} FROM {} WHERE ({} & {}) <> 0",
                            pos, UniqueReasons(unique, names), names.Temp("repeated", dataset),
                            names.Column("_repeats"), RejectingBits(unique));
  }
  if (!FreeColumns(deduplicate).empty()) {
    rejected += fmt::format("\nUNION ALL SELECT {}, 'conflict', reasons FROM {}", pos,
                            names.Temp("conflict", dataset));
  }
  std::vector<std::string> file_rows;
  for (size_t i = 0; i < files.size(); ++i) {
    file_rows.push_back(fmt::format("({}, {}, {})", i, names.Text(files[i].relative),
                                    names.Text(files[i].content_id())));
  }
  const std::string date =
      step.dataset->dated() ? names.Date(batch_date) : std::string("CAST(NULL AS DATE)");
  std::vector<Statement> statements;
  // Sorted, so that looking the records up again walks each file forward once.
  statements.push_back({fmt::format("list the rows of '{}' that do not load", dataset),
                        fmt::format("CREATE TEMP TABLE {} AS\nSELECT * FROM (\n{}\n) ORDER BY {}",
                                    names.Temp("rejected", dataset), rejected, pos)});
  statements.push_back(
      {"find their raw text again",
       fmt::format("CREATE TEMP TABLE {} AS\nSELECT {}, kind, reasons, lyceum_record({}, {}) AS "
                   "record FROM {}",
                   names.Temp("raw", dataset), pos, source, pos, names.Temp("rejected", dataset))});
  statements.push_back(
      {"give each its id",
       fmt::format(
           "CREATE TEMP TABLE {quarantined} AS\n"
           "SELECT lyceum_key({dataset}, {date}, raw_sha256, occurrence) AS record_id,\n"
           "  {run} AS run_id, {dataset} AS dataset, {date} AS batch_date,\n"
           "  {delivery} AS delivery_id, f.file AS file, f.content_id AS content_id, line,\n"
           "  element, ({pos} & {offset_mask}) AS byte_offset, byte_length, raw_text, stored_as,\n"
           "  reasons, kind, 'open' AS state\n"
           "FROM (SELECT {pos}, kind, reasons, record.line AS line, record.element AS element,\n"
           "    record.length AS byte_length, record.raw_text AS raw_text,\n"
           "    record.raw_sha256 AS raw_sha256, record.stored_as AS stored_as,\n"
           "    row_number() OVER (PARTITION BY record.raw_sha256 ORDER BY {pos}) AS occurrence\n"
           "  FROM {raw}) AS r\n"
           "JOIN (VALUES {files}) AS f(file_index, file, content_id)\n"
           "  ON f.file_index = (r.{pos} >> {offset_bits})",
           fmt::arg("quarantined", names.Temp("quarantined", dataset)),
           fmt::arg("dataset", names.Text(dataset)), fmt::arg("date", date),
           fmt::arg("run", names.Text(names.run_id())),
           fmt::arg("delivery", names.Text(step.delivery_id)), fmt::arg("pos", pos),
           fmt::arg("offset_mask", kOffsetMask), fmt::arg("offset_bits", kOffsetBits),
           fmt::arg("raw", names.Temp("raw", dataset)),
           fmt::arg("files", fmt::join(file_rows, ", ")))});
  return statements;
}

}  // namespace lyceum
