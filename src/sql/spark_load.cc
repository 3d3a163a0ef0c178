// What follows the reading: one pass ranks the rows of each identity and says in what the losers
// differ; the first ones are staged with their keys, and what does not load is quarantined.

#include "sql/spark_load.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/position.h"
#include "sql/dialect.h"
#include "sql/row_rules.h"
#include "sql/spark_typing.h"
#include "sql/staged_columns.h"

namespace lyceum {
namespace {

/// One of the language's canonical encodings (base/canonical.h) of a value that is not null.
std::string Encoding(const Type& type, const std::string& value) {
  std::string text = fmt::format("CAST({} AS STRING)", value);
  char letter = 't';
  switch (type.kind) {
    case TypeKind::kInteger:
    case TypeKind::kBigint:
      letter = 'i';
      break;
    case TypeKind::kDecimal:
      letter = 'm';
      if (type.scale > 0) text = fmt::format("rtrim('.', rtrim('0', {}))", text);
      break;
    case TypeKind::kBoolean:
      letter = 'b';
      break;
    case TypeKind::kDate:
      letter = 'd';
      break;
    case TypeKind::kTimestamp:
      letter = 's';
      text = fmt::format("date_format({}, 'yyyy-MM-dd\\'T\\'HH:mm:ss.SSSSSS')", value);
      break;
    case TypeKind::kDouble:
    case TypeKind::kText:
      text = value;
      break;
  }
  return fmt::format("concat('{}', octet_length({}), ':', {}, '\\u003B')", letter, text, text);
}

/// One escaped character or byte of `bytes` each. Bytes are told apart in hex, where UTF-8 is a
/// regular language.
std::string EscapedParts(const std::string& bytes) {
  constexpr char kCharacter[] =
      "C2[AB][0-9A-F]|(?:C[3-9A-F]|D[0-9A-F])[89AB][0-9A-F]"
      "|E0[AB][0-9A-F][89AB][0-9A-F]|ED[89][0-9A-F][89AB][0-9A-F]"
      "|E[1-9A-CEF][89AB][0-9A-F][89AB][0-9A-F]"
      "|F0[9AB][0-9A-F](?:[89AB][0-9A-F]){2}|F[1-3](?:[89AB][0-9A-F]){3}"
      "|F48[0-9A-F](?:[89AB][0-9A-F]){2}|[0-9A-F]{2}";
  return fmt::format(
      "transform(regexp_extract_all(hex({}), {}, 0), c -> CASE WHEN c = '5C' THEN '\\\\\\\\'\n"
      "    WHEN length(c) > 2 OR c BETWEEN '20' AND '7E' THEN CAST(unhex(c) AS STRING)\n"
      "    ELSE concat('\\\\x', lower(c)) END)",
      bytes, SparkText(kCharacter));
}

/// EscapeBytes() of engines/record_file.h over a rendered BINARY.
std::string Escaped(const std::string& bytes) {
  return fmt::format("array_join({}, '')", EscapedParts(bytes));
}

/// The escaped text, cut before `most` bytes.
std::string EscapedUpTo(const std::string& bytes, size_t most) {
  const std::string parts = fmt::format("slice({}, 1, {})", EscapedParts(bytes), most);
  return fmt::format(
      "array_join(slice({0}, 1, aggregate({0}, named_struct('size', 0, 'count', 0),\n"
      "    (sum, part) -> named_struct('size', sum.size + octet_length(part), 'count',\n"
      "      sum.count + CASE WHEN sum.size + octet_length(part) <= {1} THEN 1 ELSE 0 END),\n"
      "    sum -> sum.count)), '')",
      parts, most);
}

/// `what` with the dataset's name in place of `{}`.
std::string Purpose(const SparkLoad& load, std::string_view what) {
  return fmt::format(fmt::runtime(what), fmt::format("'{}'", load.dataset->name));
}

std::string RankedQuery(const DeduplicateStep& step, const Names& names) {
  const std::string columns = names.List(DatasetColumns(*step.dataset));
  const std::vector<std::string> identity = step.table.Identity();
  const std::string read = names.Temp("read", step.dataset->name);
  const std::string good = RenderGood(step.rules, names);
  if (identity.empty()) {
    return fmt::format(
        "SELECT {}, _pos, 1 AS _rank, CAST(NULL AS STRING) AS _differs\nFROM {} "
        "WHERE {}",
        columns, read, good);
  }
  std::vector<std::string> differs, reasons;
  for (const std::string& column : FreeColumns(step)) {
    differs.push_back(fmt::format("NOT ({0} <=> first_value({0}) OVER w)", names.Column(column)));
    reasons.push_back(fmt::format("CASE WHEN {} THEN {} END", differs.back(),
                                  names.Text(ConflictReason(column))));
  }
  const std::string conflict =
      differs.empty() ? "CAST(NULL AS STRING)"
                      : fmt::format("CASE WHEN {} THEN concat('[', concat_ws(',', {}), ']') END",
                                    fmt::join(differs, " OR "), fmt::join(reasons, ", "));
  return fmt::format(
      "SELECT {}, _pos, row_number() OVER w AS _rank, {} AS _differs\nFROM {}\nWHERE {}\n"
      "WINDOW w AS (PARTITION BY {} ORDER BY _pos)",
      columns, conflict, read, good, names.List(identity));
}

/// The accepted rows.
std::string KeptRows(const Dataset& dataset, const std::vector<Rule>& unique, const Names& names) {
  const std::string ranked = names.Temp("ranked", dataset.name);
  if (unique.empty()) return fmt::format("{} WHERE _rank = 1", ranked);
  return fmt::format(
      "{} AS r LEFT ANTI JOIN (SELECT _pos FROM {} WHERE (_repeats & {}) <> 0) AS x ON r._pos = "
      "x._pos WHERE r._rank = 1",
      ranked, names.Temp("repeated", dataset.name), RejectingBits(unique));
}

std::vector<Statement> RenderSparkDeduplicate(const SparkLoad& load, const DeduplicateStep& step,
                                              const Names& names) {
  std::vector<Statement> statements =
      SparkTable(load, "ranked", Purpose(load, "rank the rows of each identity in {}"),
                 RankedQuery(step, names), names);
  const std::vector<Rule> unique = UniqueRules(step.rules);
  if (!unique.empty()) {
    AppendStatements(
        SparkTable(
            load, "repeated",
            fmt::format("find values in '{}' that must be unique and are not", load.dataset->name),
            RenderRepeated(unique,
                           fmt::format("(SELECT * FROM {} WHERE _rank = 1)",
                                       names.Temp("ranked", load.dataset->name)),
                           names),
            names),
        &statements);
  }
  return statements;
}

Result<std::vector<Statement>> RenderSparkStage(const SparkLoad& load, const StageStep& step,
                                                const std::vector<Rule>& rules,
                                                const Names& names) {
  const auto key_of = [&](const std::vector<std::string>& columns) {
    std::vector<std::pair<Type, std::string>> values;
    for (const std::string& column : columns) {
      values.emplace_back(step.table.Find(column)->keyed_as, names.Column(column));
    }
    return RenderSparkKey(values);
  };
  ASSIGN_OR_RETURN(const std::vector<std::string> items, RenderStagedItems(step, names, key_of));
  const std::string rows = fmt::format("SELECT {}\nFROM {}", fmt::join(items, ",\n  "),
                                       KeptRows(*step.dataset, UniqueRules(rules), names));
  std::vector<std::string> columns;
  for (const TableColumn& column : StagedColumns(step.table)) {
    const std::string name = names.Column(column.name);
    // 38 digits are the only decimals that Spark writes in the fixed length that Redshift reads.
    columns.push_back(
        column.type.kind == TypeKind::kDecimal
            ? fmt::format("CAST({0} AS DECIMAL(38,{1})) AS {0}", name, column.type.scale)
            : name);
  }
  return SparkTable(load, "staged", Purpose(load, "give the accepted rows of {} their keys"),
                    fmt::format("SELECT {}\nFROM ({})", fmt::join(columns, ", "), rows), names);
}

std::vector<Statement> RenderSparkQuarantine(const SparkLoad& load, const DatasetLoad& steps,
                                             const Names& names) {
  const QuarantineStep& step = steps.quarantine;
  const std::string& dataset = step.dataset->name;
  const std::string read = names.Temp("read", dataset);
  const std::vector<Rule> unique = UniqueRules(step.rules);
  std::string rows = fmt::format(
      "SELECT _pos, _file, _at, _element, _raw, 'rejected' AS kind, {} AS reasons\n"
      "FROM {} WHERE NOT ({})",
      RenderReasons(RowRules(step.rules), names), read, RenderGood(step.rules, names));
  std::vector<std::string> others;
  if (!unique.empty()) {
    others.push_back(fmt::format(
        "SELECT _pos, 'rejected' AS kind, {} AS reasons FROM {} WHERE (_repeats & {}) <> 0",
        RenderUniqueReasons(unique, names), names.Temp("repeated", dataset),
        RejectingBits(unique)));
  }
  if (!FreeColumns(steps.deduplicate).empty()) {
    others.push_back(fmt::format(
        "SELECT _pos, 'conflict' AS kind, _differs AS reasons FROM {} WHERE _rank > 1 AND _differs "
        "IS NOT NULL",
        names.Temp("ranked", dataset)));
  }
  if (!others.empty()) {
    rows += fmt::format(
        "\nUNION ALL\nSELECT r._pos, r._file, r._at, r._element, r._raw, x.kind, x.reasons\n"
        "FROM {} AS r JOIN ({}) AS x ON r._pos = x._pos",
        read, fmt::join(others, "\nUNION ALL "));
  }
  rows = fmt::format("SELECT *, sha2(_raw, 256) AS raw_sha256, {} AS escaped\nFROM ({})",
                     Escaped("_raw"), rows);
  rows = fmt::format(
      "SELECT *, row_number() OVER (PARTITION BY raw_sha256 ORDER BY _pos) AS occurrence\n"
      "FROM ({})",
      rows);
  const std::string date =
      step.dataset->dated() ? names.Date(steps.batch_date) : std::string("CAST(NULL AS DATE)");
  const std::string record_id = RenderSparkKey({{Type{TypeKind::kText}, names.Text(dataset)},
                                                {Type{TypeKind::kDate}, date},
                                                {Type{TypeKind::kText}, "raw_sha256"},
                                                {Type{TypeKind::kBigint}, "occurrence"}});
  const std::string is_long = fmt::format("octet_length(escaped) > {}", kMaxRawTextBytes);
  // Where a record starts in bytes only one reader of a whole file could tell; its line tells too.
  return SparkTable(
      load, "quarantined",
      Purpose(load, "list the rows of {} that do not load, with raw text and reasons"),
      fmt::format(
          "SELECT {} AS record_id, {} AS run_id, {} AS dataset, {} AS batch_date,\n"
          "  {} AS delivery_id, f.file, f.content_id, _at AS line, _element AS element,\n"
          "  CAST(NULL AS BIGINT) AS byte_offset, CAST(octet_length(_raw) AS BIGINT) AS "
          "byte_length,\n"
          "  CASE WHEN {} THEN {} ELSE escaped END AS raw_text,\n"
          "  CASE WHEN {} THEN concat(raw_sha256, '.record') END AS stored_as,\n"
          "  reasons, kind, 'open' AS state, _file, CASE WHEN {} THEN _raw END AS long_record\n"
          "FROM (SELECT /*+ BROADCAST(f) */ * FROM ({}) AS r\n"
          "  JOIN (VALUES {}) AS f(file_index, file, content_id) ON f.file_index = r._file) AS f",
          record_id, names.Text(names.run_id()), names.Text(dataset), date,
          names.Text(step.delivery_id), is_long, EscapedUpTo("_raw", kMaxRawTextBytes), is_long,
          is_long, rows, RenderFileRows(steps.plan->files, names)),
      names);
}

std::vector<Statement> RenderSparkCounts(const SparkLoad& load, const DatasetLoad& steps,
                                         const Names& names) {
  const ReadStep& step = steps.read;
  const Dataset& dataset = *load.dataset;
  const std::string read = names.Temp("read", dataset.name);
  const std::string ranked = names.Temp("ranked", dataset.name);
  const std::string quarantined = names.Temp("quarantined", dataset.name);
  const std::string file = fmt::format("CAST(shiftright(_pos, {}) AS INT)", kOffsetBits);
  const auto per_file = [](const char* what, const std::string& of, const std::string& from) {
    return fmt::format(
        "SELECT '{}' AS what, {} AS place, CAST(NULL AS STRING) AS name, count(*) AS records\n"
        "  FROM {} GROUP BY {}",
        what, of, from, of);
  };
  std::vector<std::string> parts = {
      per_file("read", "_file", read),
      per_file(
          "loaded", file,
          fmt::format("(SELECT _pos FROM {})", KeptRows(dataset, UniqueRules(step.rules), names))),
      per_file("duplicate", file, fmt::format("{} WHERE _rank > 1", ranked)),
      per_file("quarantined", "_file", fmt::format("{} WHERE kind = 'rejected'", quarantined)),
      fmt::format(
          "SELECT 'rule', place, NULL, records FROM (SELECT posexplode(array({})) AS (place, "
          "records)\n  FROM {})",
          fmt::join(RuleCounts(step, names), ", "), read),
      fmt::format("SELECT 'reason', NULL, reason, count(*)\n"
                  "  FROM (SELECT explode(from_json(reasons, 'array<string>')) AS reason FROM {} "
                  "WHERE kind = 'rejected') GROUP BY reason",
                  quarantined),
      fmt::format("SELECT 'conflict', NULL, NULL, count(*) FROM {} WHERE kind = 'conflict'",
                  quarantined),
      fmt::format("SELECT 'delivery', NULL, {}, CAST(0 AS BIGINT)",
                  SparkText(steps.quarantine.delivery_id)),
      fmt::format("SELECT 'date', NULL, {}, CAST(0 AS BIGINT)",
                  SparkText(FormatDate(steps.batch_date)))};
  if (dataset.format == FileFormat::kJson) {
    parts.push_back(
        fmt::format("SELECT * FROM (SELECT 'unknown', NULL, {} AS name, count(*)\n  FROM (SELECT "
                    "explode(_unknown) AS name FROM {}) GROUP BY 3 ORDER BY 3 LIMIT {})",
                    RenderSparkShownName("name"), read, kMaxUnknownKeys));
  }
  return SparkTable(load, "counts", Purpose(load, "count what became of the rows of {}"),
                    fmt::format("{}", fmt::join(parts, "\nUNION ALL ")), names);
}

}  // namespace

std::string RenderSparkKey(const std::vector<std::pair<Type, std::string>>& values) {
  std::vector<std::string> parts;
  for (const auto& [type, value] : values) {
    // Inside a text `;` is spelled out, so that spark-sql does not cut the statement there.
    parts.push_back(fmt::format("coalesce({}, 'n\\u003B')", Encoding(type, value)));
  }
  return fmt::format("sha2(concat({}), 256)", fmt::join(parts, ", "));
}

std::string RenderSparkShownName(const std::string& name) {
  const std::string bytes = fmt::format("CAST({} AS BINARY)", name);
  return fmt::format("CASE WHEN octet_length({0}) <= {1} THEN {0} ELSE concat({2}, '...') END",
                     Escaped(bytes), kMaxShownNameBytes, EscapedUpTo(bytes, kMaxShownNameBytes));
}

Result<std::vector<Statement>> RenderSparkLoad(const SparkLoad& load, const DatasetLoad& steps,
                                               const Names& names) {
  ASSIGN_OR_RETURN(std::vector<Statement> statements, RenderSparkRead(load, steps.read, names));
  AppendStatements(RenderSparkDeduplicate(load, steps.deduplicate, names), &statements);
  AppendStatements(RenderSparkQuarantine(load, steps, names), &statements);
  if (steps.stage) {
    ASSIGN_OR_RETURN(std::vector<Statement> staged,
                     RenderSparkStage(load, *steps.stage, steps.read.rules, names));
    AppendStatements(std::move(staged), &statements);
  }
  // Last, so that results without counts are results half written.
  AppendStatements(RenderSparkCounts(load, steps, names), &statements);
  return statements;
}

}  // namespace lyceum
