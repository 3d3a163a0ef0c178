// From files to records. A file whose every record is one physical line is split and read by many
// tasks; whether it is such a file one look at its lines tells. The others are cut by one task
// each.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sql/dialect.h"
#include "sql/spark_load.h"
#include "sql/spark_patterns.h"
#include "sql/spark_typing.h"

namespace lyceum {
namespace {

/// A header is read whole; of JSON the first bytes tell enough.
constexpr size_t kHeaderBytes = 16 << 20;
constexpr size_t kHeadBytes = 64 * 1024;

const char* CutName(WholeCut cut) {
  switch (cut) {
    case WholeCut::kQuotedNewlines:
      return "quoted";
    case WholeCut::kReturns:
      return "returns";
    case WholeCut::kJsonArray:
      return "elements";
  }
  return "";
}

std::string Latin(const std::string& bytes) {
  return fmt::format("decode({}, 'ISO-8859-1')", bytes);
}

std::string FromLatin(const std::string& text) {
  return fmt::format("encode({}, 'ISO-8859-1')", text);
}

std::string Head(const Dataset& dataset, const std::string& bytes) {
  return fmt::format("hex(substring({}, 1, {}))", bytes,
                     dataset.format == FileFormat::kCsv ? kHeaderBytes : kHeadBytes);
}

/// Whether a line's bytes begin with a complete element; CSV has none.
std::string Complete(const Dataset& dataset, const std::string& bytes) {
  if (dataset.format == FileFormat::kCsv) return "TRUE";
  return SparkMatches(fmt::format("CAST({} AS STRING)", bytes),
                      fmt::format(R"(\A{}{})", kJsonBlanks, JsonElementOutline()));
}

/// Rows of VALUES: the index of each file and its path.
std::string PathRows(const SparkLoad& load, const std::vector<size_t>& files) {
  std::vector<std::string> rows;
  for (size_t file : files) {
    rows.push_back(fmt::format("({}, {})", file, SparkText(load.files[file].path)));
  }
  return fmt::format("{}", fmt::join(rows, ", "));
}

/// Cuts files at line feeds and at every CR that ends a line by itself.
std::string ReturnsQuery(const SparkLoad& load, const std::vector<size_t>& files,
                         const Names& names) {
  return fmt::format(
      "SELECT _file, CAST(0 AS BIGINT) AS _block, n - 1 AS _mid, n AS _line,\n"
      "  CAST(NULL AS BIGINT) AS _element, {} AS _bytes\n"
      "FROM (SELECT _file, part, CAST(row_number() OVER (PARTITION BY _file ORDER BY block, mid, "
      "sub) AS BIGINT) AS n\n"
      "  FROM (SELECT _file, block, mid, posexplode(split({}, '\\r', -1)) AS (sub, part)\n"
      "    FROM ({})))",
      FromLatin("part"), Latin(SparkLineBytes()), SparkLines(load, files, names));
}

/// Joins the lines of quoted fields again. A line maps "inside quotes before it" to "inside quotes
/// behind it"; running through these maps tells where each line starts.
std::string QuotedQuery(const SparkLoad& load, const std::vector<size_t>& files,
                        const Names& names) {
  const char delimiter = load.dataset->delimiter;
  std::string query = SparkLines(load, files, names);
  query = fmt::format("SELECT _file, block, mid, {} AS line FROM ({})",
                      Latin("CAST(value AS BINARY)"), query);
  query = fmt::format(
      "SELECT *, CASE WHEN NOT contains(line, '\"') THEN 0 WHEN {} THEN 1 ELSE 0 END AS outside,\n"
      "  CASE WHEN NOT contains(line, '\"') THEN 1 WHEN {} THEN 1 ELSE 0 END AS inside\n"
      "FROM ({})",
      SparkMatches("line", CsvOpensQuote(delimiter)), SparkMatches("line", CsvStaysOpen(delimiter)),
      query);
  query = fmt::format(
      "SELECT *, row_number() OVER w AS n,\n"
      "  sum(CASE WHEN outside = 1 AND inside = 0 THEN 1 ELSE 0 END) OVER w AS turns\n"
      "FROM ({}) WINDOW w AS (PARTITION BY _file ORDER BY block, mid)",
      query);
  // The state behind the last line that decides it, turned as often as lines turned it since.
  query = fmt::format(
      "SELECT *, last_value(CASE WHEN outside = inside THEN outside + 2 * turns END, true) OVER (\n"
      "    PARTITION BY _file ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS "
      "decided,\n"
      "  lag(turns, 1, 0) OVER (PARTITION BY _file ORDER BY n) AS turned\n"
      "FROM ({})",
      query);
  query = fmt::format(
      "SELECT *, pmod(coalesce(decided, 0) + turned - floor(coalesce(decided, 0) / 2), 2) AS "
      "before\nFROM ({})",
      query);
  query = fmt::format(
      "SELECT *, sum(CASE WHEN before = 0 THEN 1 ELSE 0 END) OVER (PARTITION BY _file ORDER BY n) "
      "AS run,\n"
      "  CASE WHEN before = 0 THEN outside ELSE inside END AS behind\nFROM ({})",
      query);
  query = fmt::format(
      "SELECT _file, run, max_by(behind, n) AS behind,\n"
      "  array_join(transform(array_sort(collect_list(struct(n, line))), x -> x.line), '\\n') AS "
      "text\n"
      "FROM ({}) GROUP BY _file, run",
      query);
  query = fmt::format(
      "SELECT _file, run, behind, posexplode(CASE WHEN text = '' THEN array('') ELSE "
      "regexp_extract_all(text, {}, 0) END) AS (sub, record)\nFROM ({})",
      SparkText(CsvRecordInText(delimiter)), query);
  query = fmt::format(
      "SELECT _file, run, sub, behind, CASE WHEN behind = 1 THEN record\n"
      "  WHEN endswith(record, '\\r\\n') THEN left(record, length(record) - 2)\n"
      "  WHEN endswith(record, '\\r') OR endswith(record, '\\n') THEN left(record, "
      "length(record) - 1)\n  ELSE record END AS record\nFROM ({})",
      query);
  return fmt::format(
      "SELECT _file, CAST(0 AS BIGINT) AS _block,\n"
      "  CAST((row_number() OVER w) - 1 AS BIGINT) AS _mid,\n"
      "  CAST(1 + (sum(lines) OVER w) - lines AS BIGINT) AS _line,\n"
      "  CAST(NULL AS BIGINT) AS _element, {} AS _bytes, behind AS _open\n"
      "FROM (SELECT *, regexp_count(record, '\\r\\n|\\r|\\n') + 1 AS lines\n  FROM ({}))\n"
      "WINDOW w AS (PARTITION BY _file ORDER BY run, sub)",
      FromLatin("record"), query);
}

/// Cuts arrays into their elements. The last row of a file is what stands behind them.
std::string ElementsQuery(const SparkLoad& load, const std::vector<size_t>& files,
                          const Names& names) {
  const std::string item = SparkText(JsonItem());
  std::string query = fmt::format(
      "SELECT /*+ BROADCAST(f) */ f._file, CAST(w.value AS BINARY) AS bytes\n"
      "FROM {} AS w JOIN (VALUES {}) AS f(_file, path) ON w.path = f.path",
      names.Temp("whole", load.dataset->name), PathRows(load, files));
  query = fmt::format(
      "SELECT _file, decode(CASE WHEN substring(bytes, 1, 3) = X'EFBBBF' THEN substring(bytes, 4) "
      "ELSE bytes END, 'ISO-8859-1') AS text\nFROM ({})",
      query);
  query = fmt::format(
      "SELECT _file, regexp_count(left(text, locate('[', text)), '\\r\\n|\\r|\\n') AS "
      "lines_before,\n"
      "  substring(text, locate('[', text) + 1) AS body\nFROM ({})",
      query);
  query = fmt::format("SELECT *, regexp_extract_all(body, {}, 0) AS items\nFROM ({})", item, query);
  // The count has its own level: what stands beside explode() is copied for every element.
  query = fmt::format("SELECT *, size(items) AS elements\nFROM ({})", query);
  query = fmt::format(
      "SELECT _file, lines_before, elements, posexplode(concat(items, "
      "array(substring(body, CAST(1 + aggregate(items, 0L, (sum, x) -> sum + length(x)) AS "
      "INT))))) AS (at, item)\n"
      "FROM ({})",
      query);
  query = fmt::format(
      "SELECT *, lines_before + sum(regexp_count(item, '\\r\\n|\\r|\\n')) OVER (PARTITION BY _file "
      "ORDER BY at) - regexp_count(item, '\\r\\n|\\r|\\n') AS lines_above\nFROM ({})",
      query);
  return fmt::format(
      "SELECT _file, CAST(0 AS BIGINT) AS _block, CAST(at AS BIGINT) AS _mid,\n"
      "  CAST(1 + lines_above + regexp_count(regexp_extract(item, {0}, 1), '\\r\\n|\\r|\\n') AS "
      "BIGINT) AS _line,\n"
      "  CAST(at AS BIGINT) AS _element,\n"
      "  CASE WHEN at < elements THEN {1} END AS _bytes,\n"
      "  CASE WHEN at < elements THEN regexp_extract(item, {0}, 3)\n"
      "    WHEN item RLIKE '\\\\A[ \\t\\r\\n]*\\\\z' THEN 'blank'\n"
      "    WHEN item RLIKE '\\\\A[ \\t\\r\\n]*][ \\t\\r\\n]*\\\\z' THEN 'end'\n"
      "    WHEN item RLIKE '\\\\A[ \\t\\r\\n]*]' THEN 'end and text' ELSE 'text' END AS _after\n"
      "FROM ({2})",
      item, FromLatin(fmt::format("regexp_extract(item, {}, 2)", item)), query);
}

}  // namespace

const std::vector<SparkSetting>& SparkSettings() {
  static const std::vector<SparkSetting> settings = {
      {"spark.sql.ansi.enabled", "true", "an overflow is found, not wrapped"},
      {"spark.sql.session.timeZone", "UTC", "nothing depends on the cluster's zone"},
      {"spark.sql.timestampType", "TIMESTAMP_LTZ", "TIMESTAMP is an instant"},
      {"spark.sql.caseSensitive", "false", "names are those of the spec"},
      {"spark.sql.variable.substitute", "false", "a dollar in a text is text"},
      {"spark.sql.parser.escapedStringLiterals", "false", "a backslash escapes"},
      {"spark.sql.storeAssignmentPolicy", "ANSI", "nothing is cut when it is written"},
      {"spark.sql.decimalOperations.allowPrecisionLoss", "false",
       "products keep all digits after the point"},
      {"spark.sql.parquet.inferTimestampNTZ.enabled", "true", "timestamps have no zone"},
      {"spark.sql.parquet.writeLegacyFormat", "false", "timestamps are microseconds"},
      {"spark.sql.parquet.compression.codec", "snappy", "every warehouse reads it"},
      {"spark.sql.parquet.datetimeRebaseModeInWrite", "CORRECTED",
       "the calendar goes on as it is before 1582"},
      {"spark.sql.parquet.datetimeRebaseModeInRead", "CORRECTED", "so it is read"},
      {"spark.sql.legacy.timeParserPolicy", "CORRECTED", "so it is printed"},
      {"spark.sql.analyzer.maxIterations", "1000", "derived columns may stand on many others"},
      {"spark.sql.optimizer.maxIterations", "1000", "derived columns may stand on many others"},
      {"spark.sql.files.ignoreCorruptFiles", "false", "an unreadable file must not vanish"},
      {"spark.sql.files.ignoreMissingFiles", "false", "nor one that somebody deletes"},
  };
  return settings;
}

std::string SparkLineBytes() {
  return R"(CASE WHEN endswith(value, '\r')
      THEN substring(CAST(value AS BINARY), 1, octet_length(value) - 1)
      ELSE CAST(value AS BINARY) END)";
}

std::string RenderSparkIsEmpty(const Dataset& dataset, const std::string& bytes) {
  if (dataset.format == FileFormat::kCsv) return fmt::format("octet_length({}) = 0", bytes);
  return SparkMatches(fmt::format("CAST({} AS STRING)", bytes), R"(\A[ \t\r\n]*\z)");
}

std::string SparkLines(const SparkLoad& load, const std::vector<size_t>& files,
                       const Names& names) {
  return fmt::format(
      "SELECT /*+ BROADCAST(f) */ f._file, l.block, l.mid, l.value\n"
      "FROM {} AS l JOIN (VALUES {}) AS f(_file, path) ON l.path = f.path",
      names.Temp("lines", load.dataset->name), PathRows(load, files));
}

std::vector<Statement> RenderSparkViews(const SparkLoad& load,
                                        const std::vector<std::string>& paths, const Names& names) {
  const std::string& dataset = load.dataset->name;
  std::vector<Statement> statements;
  std::vector<std::string> lines, whole;
  for (size_t i = 0; i < paths.size(); ++i) {
    const SparkFile& file = load.files[i];
    if (file.faulty) continue;
    const bool array =
        load.dataset->format == FileFormat::kJson && file.source == RecordSource::kWhole;
    const auto add = [&](const char* kind, const char* option, const std::string& columns,
                         std::vector<std::string>* parts) {
      const std::string view = names.Temp(kind, fmt::format("{}_{}", dataset, i));
      statements.push_back(
          {fmt::format("file {} of '{}'", i + 1, dataset),
           fmt::format("CREATE OR REPLACE TEMPORARY VIEW {} USING text OPTIONS (path {}, {})", view,
                       SparkText(paths[i]), option)});
      parts->push_back(
          fmt::format("SELECT {} AS path, {} FROM {}", SparkText(file.path), columns, view));
    };
    add("text", "lineSep '\\n'",
        "input_file_block_start() AS block, monotonically_increasing_id() AS mid, value", &lines);
    if (array) add("document", "wholetext 'true'", "value", &whole);
  }
  const auto unite = [&](const char* what, const char* purpose,
                         const std::vector<std::string>& parts) {
    if (parts.empty()) return;
    statements.push_back(
        {purpose, fmt::format("CREATE OR REPLACE TEMPORARY VIEW {} AS\n{}",
                              names.Temp(what, dataset), fmt::join(parts, "\nUNION ALL "))});
  };
  unite("lines", "the lines of all files, in the order of each file", lines);
  unite("whole", "the text of files that are read whole", whole);
  return statements;
}

std::string RenderSparkInspection(const SparkLoad& load, const Names& names) {
  const bool csv = load.dataset->format == FileFormat::kCsv;
  const std::string opens =
      csv ? fmt::format("CASE WHEN contains(value, '\"') THEN {} ELSE FALSE END",
                        SparkMatches("value", CsvOpensQuote(load.dataset->delimiter)))
          : "FALSE";
  std::string query = fmt::format("SELECT path, block, mid, value, {} AS bytes\nFROM {}",
                                  SparkLineBytes(), names.Temp("lines", load.dataset->name));
  query = fmt::format(
      "SELECT path, block, mid, octet_length(value) AS size, bytes, {} AS empty, {} AS opens,\n"
      "  contains(CAST(bytes AS STRING), '\\r') AS returns, endswith(value, '\\r') AS "
      "ends_in_return\n"
      "FROM ({})",
      RenderSparkIsEmpty(*load.dataset, "bytes"), opens, query);
  query = fmt::format(
      "SELECT path, count(*) AS lines, count_if(empty) AS empty_lines, sum(size + 1) AS size,\n"
      "  min_by(bytes, struct(block, mid)) FILTER (WHERE NOT empty) AS first,\n"
      "  max_by(bytes, struct(block, mid)) FILTER (WHERE NOT empty) AS last,\n"
      "  max_by(empty, struct(block, mid)) AS ends_empty,\n"
      "  max_by(ends_in_return, struct(block, mid)) AS ends_in_return,\n"
      "  count_if(opens) AS opens, count_if(returns) AS returns\nFROM ({}) GROUP BY path",
      query);
  return fmt::format(
      "SELECT path, lines, empty_lines, size, {} AS head, {} AS first_complete, {} AS "
      "last_complete, ends_empty, opens, returns, ends_in_return\nFROM ({})",
      Head(*load.dataset, "first"), Complete(*load.dataset, "first"),
      Complete(*load.dataset, "last"), query);
}

std::string RenderSparkHead(const SparkLoad& load, size_t file, const Names& names) {
  constexpr int kLines = 1000;
  return fmt::format(
      "SELECT hex(substring(CAST(value AS BINARY), 1, {})) FROM ({}) ORDER BY block, mid LIMIT {}",
      kMaxRawTextBytes, SparkLines(load, {file}, names), kLines);
}

std::vector<Statement> RenderSparkRecords(const SparkLoad& load, WholeCut cut,
                                          const std::vector<size_t>& files, const Names& names) {
  std::string query;
  switch (cut) {
    case WholeCut::kQuotedNewlines:
      query = QuotedQuery(load, files, names);
      break;
    case WholeCut::kReturns:
      query = ReturnsQuery(load, files, names);
      break;
    case WholeCut::kJsonArray:
      query = ElementsQuery(load, files, names);
      break;
  }
  return SparkTable(load, CutName(cut), "cut whole files into records", query, names);
}

Statement RenderSparkRecordsView(const SparkLoad& load, const std::vector<WholeCut>& cuts,
                                 const Names& names) {
  std::vector<std::string> parts;
  for (WholeCut cut : cuts) {
    parts.push_back(fmt::format("SELECT _file, _block, _mid, _line, _element, _bytes FROM {}{}",
                                names.Temp(CutName(cut), load.dataset->name),
                                cut == WholeCut::kJsonArray ? " WHERE _bytes IS NOT NULL" : ""));
  }
  return {"the records of all files that were cut",
          fmt::format("CREATE OR REPLACE TEMPORARY VIEW {} AS\n{}",
                      names.Temp("records", load.dataset->name), fmt::join(parts, "\nUNION ALL "))};
}

std::string RenderSparkCutLines(const SparkLoad& load, WholeCut cut, const Names& names) {
  const bool quoted = cut == WholeCut::kQuotedNewlines;
  std::string query = fmt::format(
      "SELECT _file, count(*) AS lines, count_if(empty) AS empty_lines,\n"
      "  min_by(_bytes, _mid) FILTER (WHERE NOT empty) AS first,\n"
      "  max_by(_bytes, _mid) FILTER (WHERE NOT empty) AS last,\n"
      "  max_by(empty, _mid) AS ends_empty, max({}) AS open_line\n"
      "FROM (SELECT *, {} AS empty FROM {}) GROUP BY _file",
      quoted ? "CASE WHEN _open = 1 THEN _line END" : "CAST(NULL AS BIGINT)",
      RenderSparkIsEmpty(*load.dataset, "_bytes"), names.Temp(CutName(cut), load.dataset->name));
  return fmt::format(
      "SELECT _file, lines, empty_lines, {}, {}, {}, ends_empty, coalesce(open_line, 0)\nFROM ({})",
      Head(*load.dataset, "first"), Complete(*load.dataset, "first"),
      Complete(*load.dataset, "last"), query);
}

std::string RenderSparkCutArrays(const SparkLoad& load, const Names& names) {
  return fmt::format(
      "SELECT _file, count(_bytes), min(CASE WHEN _bytes IS NOT NULL AND _after <> ',' THEN _mid "
      "END),\n"
      "  min_by(_after, _mid) FILTER (WHERE _bytes IS NOT NULL AND _after <> ','),\n"
      "  max_by(_after, _mid), max(_line)\n"
      "FROM {} GROUP BY _file",
      names.Temp(CutName(WholeCut::kJsonArray), load.dataset->name));
}

std::vector<Statement> SparkTable(const SparkLoad& load, const std::string& what,
                                  const std::string& purpose, const std::string& query,
                                  const Names& names) {
  const std::string folder = SparkText(load.folder + "/" + what);
  return {{purpose, fmt::format("INSERT OVERWRITE DIRECTORY {} USING parquet\n{}", folder, query)},
          {"name the rows written",
           fmt::format("CREATE OR REPLACE TEMPORARY VIEW {} USING parquet OPTIONS (path {})",
                       names.Temp(what, load.dataset->name), folder)}};
}

}  // namespace lyceum
