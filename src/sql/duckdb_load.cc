// The load of a dataset as DuckDB statements: read and judge every row once, keep the first row of
// each identity, collect what is rejected. A row's judgement is a bit per rule, so that good rows
// cost a comparison with zero and reasons are spelled only for bad ones.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/position.h"
#include "sql/render.h"
#include "sql/row_rules.h"
#include "sql/staged_columns.h"

namespace lyceum {
namespace {

/// The SELECT that picks the first row of each identity.
std::string KeptQuery(const DeduplicateStep& step, const Names& names) {
  const std::string& dataset = step.dataset->name;
  const std::string read = names.Temp("read", dataset);
  const std::string good = RenderGood(step.rules, names);
  const std::vector<std::string> all = DatasetColumns(*step.dataset);
  const std::vector<std::string> identity = step.table.Identity();
  const std::string pos = names.Column("_pos");
  if (identity.empty()) {
    return fmt::format("SELECT {}, {} FROM {} WHERE {}", names.List(all), pos, read, good);
  }
  const std::vector<std::string> source = SourceColumns(*step.dataset);
  if (FreeColumns(step).empty()) {
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
    reasons.push_back(
        fmt::format("CASE WHEN {} THEN {} END", test, names.Text(ConflictReason(column))));
  }
  const std::string pos = names.Column("_pos");
  return fmt::format(
      "SELECT l.{0} AS {0}, '[' || concat_ws(',', {1}) || ']' AS reasons FROM (SELECT * FROM {2} "
      "WHERE {3} AND {0} NOT IN (SELECT {0} FROM {4})) AS l JOIN {4} AS k ON {5} WHERE {6}",
      pos, fmt::join(reasons, ", "), names.Temp("read", dataset), RenderGood(step.rules, names),
      names.Temp("kept", dataset), names.Equal(step.table.Identity(), "l", "k"),
      fmt::join(differs, " OR "));
}

}  // namespace

Result<std::vector<Statement>> RenderRead(const ReadStep& step, const Names& names,
                                          const std::string& source) {
  ASSIGN_OR_RETURN(const std::string judged,
                   RenderJudgement(*step.dataset, step.rules,
                                   fmt::format("SELECT * FROM lyceum_read({})", source), names));
  return std::vector<Statement>{
      {fmt::format("read and type every row of '{}', judge its rules", step.dataset->name),
       fmt::format("CREATE TEMP TABLE {} AS\n{}", names.Temp("read", step.dataset->name), judged)}};
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
                     RenderRepeated(unique, names.Temp("kept", dataset), names))});
    statements.push_back(
        {"take them out of the accepted rows",
         fmt::format("DELETE FROM {0} WHERE {1} IN (SELECT {1} FROM {2} WHERE ({3} & {4}) <> 0)",
                     names.Temp("kept", dataset), names.Column("_pos"),
                     names.Temp("repeated", dataset), names.Column("_repeats"),
                     RejectingBits(unique))});
  }
  return statements;
}

Result<std::string> RenderStageQuery(const StageStep& step, const Names& names) {
  ASSIGN_OR_RETURN(const std::vector<std::string> items,
                   RenderStagedItems(step, names, [&](const std::vector<std::string>& columns) {
                     return fmt::format("lyceum_key({})", names.List(columns));
                   }));
  return fmt::format("SELECT {}\nFROM {}", fmt::join(items, ",\n  "),
                     names.Temp("kept", step.dataset->name));
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
           fmt::arg("files", RenderFileRows(files, names)))});
  return statements;
}

}  // namespace lyceum
