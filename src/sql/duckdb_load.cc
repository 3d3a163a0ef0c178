// The load of a dataset as DuckDB statements: read and judge every row once, find the rows that are
// not the first of their identity, collect what is rejected. A row's judgement is a bit per rule,
// so that good rows cost a comparison with zero and reasons are spelled only for bad ones. Rows are
// written once: what is accepted is a view, since nearly all rows are.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/position.h"
#include "sql/render.h"
#include "sql/row_rules.h"
#include "sql/staged_columns.h"

namespace lyceum {
namespace {

/// Good rows that are not the first of their identity, each with the position of the row that is.
/// Only rows whose hash may have come twice are compared.
std::string DuplicateQuery(const DeduplicateStep& step, const Names& names) {
  const std::string identity = names.List(step.table.Identity());
  return fmt::format(
      "SELECT {pos}, {first} FROM (SELECT {pos}, min({pos}) OVER (PARTITION BY {identity}) AS "
      "{first}\n"
      "  FROM {read} WHERE {good} AND hash({identity}) IN (SELECT hash FROM {twins}))\n"
      "WHERE {pos} <> {first}",
      fmt::arg("pos", names.Column("_pos")), fmt::arg("first", names.Column("_first")),
      fmt::arg("identity", identity), fmt::arg("read", names.Temp("read", step.dataset->name)),
      fmt::arg("good", RenderGood(step.rules, names)),
      fmt::arg("twins", names.Temp("twins", step.dataset->name)));
}

/// Good rows that are no duplicates, before `unique` is judged.
std::string FirstRows(const DeduplicateStep& step, const Names& names) {
  const std::string& dataset = step.dataset->name;
  std::string from = names.Temp("read", dataset);
  if (!step.table.Identity().empty()) {
    from += fmt::format(" ANTI JOIN {} USING ({})", names.Temp("duplicate", dataset),
                        names.Column("_pos"));
  }
  return fmt::format("SELECT {}, {} FROM {} WHERE {}", names.List(DatasetColumns(*step.dataset)),
                     names.Column("_pos"), from, RenderGood(step.rules, names));
}

/// Losing duplicates that differ from the kept row, with the columns in which they do.
std::string ConflictQuery(const DeduplicateStep& step, const Names& names,
                          const std::vector<std::string>& others) {
  const std::string& dataset = step.dataset->name;
  std::vector<std::string> differs, reasons;
  for (const std::string& column : others) {
    const std::string test = fmt::format("l.{0} IS DISTINCT FROM k.{0}", names.Column(column));
    differs.push_back(test);
    reasons.push_back(
        fmt::format("CASE WHEN {} THEN {} END", test, names.Text(ConflictReason(column))));
  }
  return fmt::format(
      "SELECT l.{pos} AS {pos}, '[' || concat_ws(',', {reasons}) || ']' AS reasons FROM "
      "{duplicate} "
      "AS d\n"
      "  JOIN {read} AS l ON l.{pos} = d.{pos} JOIN {read} AS k ON k.{pos} = d.{first} WHERE "
      "{differs}",
      fmt::arg("pos", names.Column("_pos")), fmt::arg("reasons", fmt::join(reasons, ", ")),
      fmt::arg("duplicate", names.Temp("duplicate", dataset)),
      fmt::arg("read", names.Temp("read", dataset)), fmt::arg("first", names.Column("_first")),
      fmt::arg("differs", fmt::join(differs, " OR ")));
}

}  // namespace

Result<std::vector<Statement>> RenderRead(const ReadStep& step, const Names& names,
                                          const std::string& source) {
  ASSIGN_OR_RETURN(const std::string judged,
                   RenderJudgement(*step.dataset, step.rules,
                                   fmt::format("SELECT * FROM lyceum_read({})", source), names));
  std::string query = judged;
  if (const std::string identity = names.List(step.table.Identity()); !identity.empty()) {
    query = fmt::format(
        "SELECT *, CASE WHEN {} THEN lyceum_seen({}, hash({})) ELSE FALSE END AS {}\nFROM ({})",
        RenderGood(step.rules, names), source, identity, names.Column("_seen"), judged);
  }
  return std::vector<Statement>{
      {fmt::format("read and type every row of '{}', judge its rules", step.dataset->name),
       fmt::format("CREATE TEMP TABLE {} AS\n{}", names.Temp("read", step.dataset->name), query)}};
}

Result<std::vector<Statement>> RenderDeduplicate(const DeduplicateStep& step, const Names& names) {
  const std::string& dataset = step.dataset->name;
  const std::string identity = names.List(step.table.Identity());
  std::vector<Statement> statements;
  const auto add = [&](std::string purpose, const char* what, const std::string& query) {
    statements.push_back({std::move(purpose), fmt::format("CREATE TEMP TABLE {} AS\n{}",
                                                          names.Temp(what, dataset), query)});
  };
  if (!identity.empty()) {
    add(fmt::format("find identities in '{}' that may occur twice", dataset), "twins",
        fmt::format("SELECT hash({}) AS hash FROM {} WHERE {}", identity,
                    names.Temp("read", dataset), names.Column("_seen")));
    add(fmt::format("find the rows of '{}' that are not the first of their identity", dataset),
        "duplicate", DuplicateQuery(step, names));
    if (const auto others = FreeColumns(step); !others.empty()) {
      add(fmt::format("find duplicates in '{}' that differ from the row kept", dataset), "conflict",
          ConflictQuery(step, names, others));
    }
  }
  std::string kept = FirstRows(step, names);
  const std::vector<Rule> unique = UniqueRules(step.rules);
  if (!unique.empty()) {
    add(fmt::format("find values in '{}' that must be unique and are not", dataset), "repeated",
        RenderRepeated(unique, "(" + kept + ")", names));
    kept += fmt::format(" AND {0} NOT IN (SELECT {0} FROM {1} WHERE ({2} & {3}) <> 0)",
                        names.Column("_pos"), names.Temp("repeated", dataset),
                        names.Column("_repeats"), RejectingBits(unique));
  }
  statements.push_back(
      {fmt::format("the accepted rows of '{}'", dataset),
       fmt::format("CREATE TEMP VIEW {} AS\n{}", names.Temp("kept", dataset), kept)});
  return statements;
}

namespace {

/// The staged columns of the rows of `from`.
Result<std::string> StagedFrom(const StageStep& step, const Names& names, const std::string& from) {
  ASSIGN_OR_RETURN(const std::vector<std::string> items,
                   RenderStagedItems(step, names, [&](const std::vector<std::string>& columns) {
                     return names.dialect().key_of(names.List(columns));
                   }));
  return fmt::format("SELECT {}\nFROM {}", fmt::join(items, ",\n  "), from);
}

bool IsKey(const TableColumn& column) {
  return column.role == ColumnRole::kEventKey || column.role == ColumnRole::kSurrogateKey ||
         column.role == ColumnRole::kReferenceKey;
}

}  // namespace

Result<std::string> RenderStageQuery(const StageStep& step, const Names& names) {
  return StagedFrom(step, names, names.Temp("kept", step.dataset->name));
}

std::vector<std::string> ComparedColumns(const TableSchema& table) {
  std::vector<std::string> columns;
  for (const TableColumn& column : StagedColumns(table)) {
    if (!IsKey(column)) columns.push_back(column.name);
  }
  return columns;
}

std::string DifferenceTable(const TableSchema& table, const Names& names) {
  return names.Temp("differs", table.name);
}

Result<BatchDifference> RenderDifference(const StageStep& step, const Names& names) {
  const std::string kept = names.Temp("kept", step.dataset->name);
  const std::string pos = names.Column("_pos");
  BatchDifference difference;
  // Not only the compared columns: what a query does not use costs nothing.
  ASSIGN_OR_RETURN(const std::string all, StagedFrom(step, names, kept));
  difference.compared =
      fmt::format("SELECT {}, {}", pos, all.substr(std::string("SELECT ").size()));
  ASSIGN_OR_RETURN(
      difference.changed,
      StagedFrom(
          step, names,
          fmt::format("(SELECT * FROM {0} WHERE {1} IN (SELECT pos FROM {2} WHERE pos IS NOT "
                      "NULL))",
                      kept, pos, DifferenceTable(step.table, names))));
  return difference;
}

Result<std::vector<Statement>> RenderQuarantine(const QuarantineStep& step, const Names& names,
                                                const std::string& source, Days batch_date,
                                                const std::vector<DeliveredFile>& files) {
  const std::string& dataset = step.dataset->name;
  const std::string pos = names.Column("_pos");
  const DeduplicateStep deduplicate{step.dataset, step.table, step.rules};
  const std::vector<Rule> unique = UniqueRules(step.rules);
  std::string rejected =
      fmt::format("SELECT {}, 'rejected' AS kind, {} AS reasons FROM {} WHERE NOT ({})", pos,
                  RenderReasons(RowRules(step.rules), names), names.Temp("read", dataset),
                  RenderGood(step.rules, names));
  if (!unique.empty()) {
    rejected +=
        fmt::format("\nUNION ALL SELECT {}, 'rejected', {} FROM {} WHERE ({} & {}) <> 0", pos,
                    RenderUniqueReasons(unique, names), names.Temp("repeated", dataset),
                    names.Column("_repeats"), RejectingBits(unique));
  }
  if (!FreeColumns(deduplicate).empty()) {
    rejected += fmt::format("\nUNION ALL SELECT {}, 'conflict', reasons FROM {}", pos,
                            names.Temp("conflict", dataset));
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
  // Most records are there once; only of those that may come again the occurrences are counted.
  const std::string raw = names.Temp("raw", dataset);
  const std::string again =
      fmt::format("(SELECT record.raw_sha256 FROM {} WHERE record.again)", raw);
  statements.push_back(
      {"give each its id",
       fmt::format(
           "CREATE TEMP VIEW {quarantined} AS\n"
           "SELECT lyceum_key({dataset}, {date}, record.raw_sha256, occurrence) AS record_id,\n"
           "  {run} AS run_id, {dataset} AS dataset, {date} AS batch_date,\n"
           "  {delivery} AS delivery_id, f.file AS file, f.content_id AS content_id,\n"
           "  record.line AS line, record.element AS element, ({pos} & {offset_mask}) AS "
           "byte_offset,\n"
           "  record.length AS byte_length, record.raw_text AS raw_text,\n"
           "  record.stored_as AS stored_as, reasons, kind, 'open' AS state\n"
           "FROM (SELECT *, CAST(1 AS BIGINT) AS occurrence FROM {raw}\n"
           "    WHERE record.raw_sha256 NOT IN {again}\n"
           "  UNION ALL SELECT *, row_number() OVER (PARTITION BY record.raw_sha256 ORDER BY "
           "{pos})\n"
           "    FROM {raw} WHERE record.raw_sha256 IN {again}) AS r\n"
           "JOIN (VALUES {files}) AS f(file_index, file, content_id)\n"
           "  ON f.file_index = (r.{pos} >> {offset_bits})",
           fmt::arg("quarantined", names.Temp("quarantined", dataset)),
           fmt::arg("dataset", names.Text(dataset)), fmt::arg("date", date),
           fmt::arg("run", names.Text(names.run_id())),
           fmt::arg("delivery", names.Text(step.delivery_id)), fmt::arg("pos", pos),
           fmt::arg("offset_mask", kOffsetMask), fmt::arg("offset_bits", kOffsetBits),
           fmt::arg("raw", raw), fmt::arg("again", again),
           fmt::arg("files", RenderFileRows(files, names)))});
  return statements;
}

}  // namespace lyceum
