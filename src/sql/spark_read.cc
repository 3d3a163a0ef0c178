// One query that types and judges every record. It is built in levels, each a SELECT over the one
// below, so that a value that several columns need is spelled, and computed, once.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "base/position.h"
#include "sql/dialect.h"
#include "sql/row_rules.h"
#include "sql/spark_load.h"
#include "sql/spark_patterns.h"
#include "sql/spark_typing.h"

namespace lyceum {
namespace {

std::string Trimmed(const std::string& text) {
  return fmt::format("trim(BOTH ' \\t' FROM {})", text);
}

/// A reason of the record's structure as a JSON string.
std::string Structure(const std::string& why) { return SparkText(fmt::format("\"{}\"", why)); }

/// Builds the levels for one dataset.
class ReadQuery {
 public:
  ReadQuery(const SparkLoad& load, const Names& names)
      : load_(load), dataset_(*load.dataset), names_(names) {}

  /// The rows as lyceum_read() gives them on the embedded engine, with where they stand.
  std::string Render() {
    query_ = Sources();
    Level("CAST(_bytes AS STRING) AS _text, " + RenderSparkIsEmpty(dataset_, "_bytes") +
          " AS _empty");
    Level(BadBytes() + " AS _bad_bytes");
    if (dataset_.format == FileFormat::kCsv) {
      Csv();
    } else {
      Json();
    }
    Values();
    return Finish();
  }

 private:
  /// Adds a level: all columns so far and more.
  void Level(const std::string& more) {
    query_ = fmt::format("SELECT *, {}\nFROM ({})", more, query_);
  }
  void Level(const std::vector<std::string>& more) {
    Level(fmt::format("{}", fmt::join(more, ",\n  ")));
  }

  static std::string T(size_t column) { return fmt::format("_t{}", column); }
  static std::string V(size_t column) { return fmt::format("_v{}", column); }
  static std::string J(size_t column) { return fmt::format("_j{}", column); }

  std::string Sources() const {
    std::vector<size_t> lines;
    std::vector<std::string> parts;
    bool whole = false;
    std::string cut_files;
    for (size_t i = 0; i < load_.files.size(); ++i) {
      if (load_.files[i].faulty) continue;
      if (load_.files[i].source == RecordSource::kLines) {
        lines.push_back(i);
      } else {
        whole = true;
        cut_files += fmt::format("{}{}", cut_files.empty() ? "" : ", ", i);
      }
    }
    if (!lines.empty()) {
      parts.push_back(
          fmt::format("SELECT _file, block AS _block, mid AS _mid, CAST(NULL AS BIGINT) AS _line,\n"
                      "  CAST(NULL AS BIGINT) AS _element,\n"
                      "  {} AS _bytes\nFROM ({})",
                      SparkLineBytes(), SparkLines(load_, lines, names_)));
    }
    if (whole) {
      parts.push_back(fmt::format(
          "SELECT _file, _block, _mid, _line, _element, _bytes FROM {} WHERE _file IN ({})",
          names_.Temp("records", dataset_.name), cut_files));
    }
    if (parts.empty()) {
      return "SELECT 0 AS _file, 0L AS _block, 0L AS _mid, 0L AS _line, 0L AS _element, X'' AS "
             "_bytes WHERE FALSE";
    }
    return fmt::format("{}", fmt::join(parts, "\nUNION ALL "));
  }

  /// A text that is no UTF-8 changes on its way through Java, where bad bytes become U+FFFD.
  static std::string BadBytes() {
    return fmt::format(
        "nullif(concat_ws(',',\n"
        "    CASE WHEN contains(_text, '\\uFFFD') OR {} THEN\n"
        "      CASE WHEN CAST(regexp_replace(_text, '\\\\A', '') AS BINARY) <> _bytes "
        "THEN {} END END,\n"
        "    CASE WHEN contains(_text, '\\u0000') THEN {} END), '')",
        SparkMatches("_text", "\\x{FFFD}"), Structure("is not valid UTF-8"),
        Structure("contains a NUL byte"));
  }

  // ---- CSV

  void Csv() {
    const char delimiter = dataset_.delimiter;
    const std::string one = SparkText(std::string(1, delimiter));
    Level(fmt::format(
        "CASE WHEN contains(_text, '\"') THEN regexp_extract_all(concat({}, _text), {}, 1)\n"
        "    ELSE split(_text, {}, -1) END AS _fields",
        one, SparkText(CsvFieldInRecord(delimiter)), SparkText(CharacterPattern(delimiter))));
    const std::string count = ByFile([](const SparkFile& file) { return file.num_fields; });
    const std::string proper = fmt::format("\\A\"{}\"?\\z", QuotedBody());
    const std::string open = fmt::format("\\A\"{}\\z", QuotedBody());
    Level(fmt::format(
        "nullif(concat_ws(',', _bad_bytes,\n"
        "    CASE WHEN {} THEN {} END,\n"
        "    CASE WHEN contains(_text, '\"') AND exists(_fields, f -> contains(f, '\"') "
        "AND NOT ({})) THEN {} END,\n"
        "    CASE WHEN size(_fields) <> {} THEN concat('\"has ', size(_fields), ' field', "
        "CASE WHEN size(_fields) = 1 THEN '' ELSE 's' END, ', expected ', {}, '\"') END), '') AS "
        "_structure",
        dataset_.quoted_newlines ? "FALSE"
                                 : fmt::format("contains(_text, '\"') AND {}",
                                               SparkMatches("element_at(_fields, -1)", open)),
        Structure("newline inside quotes"), SparkMatches("f", proper),
        Structure("has a misplaced quote"), count, count));
    std::vector<std::string> fields, texts;
    for (size_t i = 0; i < dataset_.columns.size(); ++i) {
      const std::string index =
          ByFile([i](const SparkFile& file) { return file.field_of_column[i]; });
      fields.push_back(
          fmt::format("CASE WHEN _structure IS NULL THEN get(_fields, {}) END AS {}", index, J(i)));
      const std::string unquoted = fmt::format(
          "CASE WHEN startswith({0}, '\"') THEN replace(substring({0}, 2, length({0}) - 2), "
          "'\"\"', "
          "'\"') ELSE {0} END",
          J(i));
      texts.push_back(fmt::format("{} AS {}", OrNull(Trimmed(unquoted)), T(i)));
    }
    Level(fields);
    Level(texts);
  }

  /// A number that depends on the file, as SQL.
  template <typename Of>
  std::string ByFile(Of of) const {
    std::map<int, std::vector<size_t>> files;
    for (size_t i = 0; i < load_.files.size(); ++i) {
      if (!load_.files[i].faulty) files[of(load_.files[i])].push_back(i);
    }
    if (files.empty()) return "0";
    if (files.size() == 1) return std::to_string(files.begin()->first);
    std::string text = "CASE";
    for (const auto& [value, indices] : files) {
      text += fmt::format(" WHEN _file IN ({}) THEN {}", fmt::join(indices, ", "), value);
    }
    return fmt::format("({} END)", text);
  }

  /// Null tokens become null.
  std::string OrNull(const std::string& text) const {
    const std::vector<std::string>& tokens = dataset_.null_tokens;
    std::string result = text;
    for (const std::string& token : tokens) {
      result = fmt::format("nullif({}, {})", result, SparkText(token));
    }
    return result;
  }

  // ---- JSON

  void Json() {
    Level(fmt::format(
        "CASE WHEN _bad_bytes IS NULL AND startswith(ltrim(' \\t', _text), '{{') THEN trim(BOTH ' "
        "\\t\\r\\n' FROM _text) END AS _object"));
    // Control characters are the marks of what was replaced, and no JSON.
    Level(fmt::format(
        "CASE WHEN NOT ({}) THEN regexp_replace(_object, {}, '\\u0002') END AS _strings",
        SparkMatches("_object", R"([\x00-\x08\x0B\x0C\x0E-\x1F])"), SparkText(JsonString())));
    const std::string brackets =
        "length(_strings) - length(replace(replace(_strings, '{', ''), '[', ''))";
    Level(fmt::format(
        "CASE WHEN {0} > 1 THEN aggregate(sequence(1, least({1}, CAST({0} AS INT))), _strings,\n"
        "    (text, i) -> regexp_replace(text, {2}, '\\u0001')) ELSE _strings END AS _flat",
        brackets, kMaxJsonDepth, SparkText(JsonInnermost())));
    Level(fmt::format("coalesce({}, FALSE) AS _valid", SparkMatches("_flat", JsonObject())));
    const std::string member = SparkText(JsonMember());
    Level(fmt::format(
        "CASE WHEN _valid THEN transform(regexp_extract_all(_object, {0}, 1), key -> {1}) END AS "
        "_keys,\n"
        "  CASE WHEN _valid THEN regexp_extract_all(_object, {0}, 2) END AS _values",
        member, Unescaped("key")));
    Level(fmt::format("transform(_keys, key -> {}) AS _columns", ColumnOfKey("key")));
    Level(
        "CASE WHEN size(_columns) > size(array_distinct(_columns)) THEN get(_keys, "
        "get(filter(sequence(1, size(_columns) - 1), i -> array_position(_columns, "
        "get(_columns, i)) <= i), 0)) END AS _twice");
    Level(
        fmt::format("CASE WHEN _bad_bytes IS NOT NULL THEN _bad_bytes\n"
                    "    WHEN _object IS NULL THEN CASE WHEN _element IS NULL THEN {} ELSE {} END\n"
                    "    WHEN NOT _valid THEN {}\n"
                    "    WHEN _twice IS NOT NULL THEN concat('\"has key \\'', {}, '\\' twice\"') "
                    "END AS _structure",
                    Structure("is not a JSON object"), Structure("array element is not an object"),
                    Structure("is not valid JSON"), ShownInJson("_twice")));
    std::vector<std::string> raw, texts;
    for (size_t i = 0; i < dataset_.columns.size(); ++i) {
      raw.push_back(fmt::format(
          "CASE WHEN _structure IS NULL THEN get(_values, CAST(array_position(_columns, '{}') AS "
          "INT) - 1) END AS {}",
          i, J(i)));
      const std::string text = fmt::format(
          "CASE WHEN {0} = 'null' THEN NULL WHEN startswith({0}, '\"') THEN {1} ELSE {0} END", J(i),
          Unescaped(J(i)));
      texts.push_back(fmt::format("CASE WHEN NOT {} THEN {} END AS {}", IsNested(i),
                                  OrNull(Trimmed(text)), T(i)));
    }
    raw.push_back(
        "CASE WHEN _structure IS NULL THEN array_distinct(transform(filter(_columns, c -> "
        "startswith(c, 'k')), c -> substring(c, 2))) END AS _unknown");
    Level(raw);
    Level(texts);
  }

  static std::string IsNested(size_t column) {
    return fmt::format("(startswith({0}, '{{') OR startswith({0}, '['))", J(column));
  }

  /// The text of a JSON string.
  static std::string Unescaped(const std::string& string) {
    return fmt::format(
        "CASE WHEN contains({0}, '\\\\') THEN from_json(concat('{{\"v\":', {0}, '}}'), 'v STRING')"
        ".v ELSE substring({0}, 2, length({0}) - 2) END",
        string);
  }

  /// The ordinal of the column that a key means; else `k` and the key.
  std::string ColumnOfKey(const std::string& key) const {
    std::string text = "CASE";
    for (size_t i = 0; i < dataset_.columns.size(); ++i) {
      std::vector<std::string> words = {RenderSparkFolded(SparkText(dataset_.columns[i].name))};
      for (const std::string& alias : dataset_.columns[i].aliases) {
        words.push_back(RenderSparkFolded(Trimmed(SparkText(alias))));
      }
      text += fmt::format(" WHEN {} IN ({}) THEN '{}'", RenderSparkFolded(Trimmed(key)),
                          fmt::join(words, ", "), i);
    }
    return fmt::format("{} ELSE concat('k', {}) END", text, key);
  }

  /// A key as messages show it, inside a JSON string.
  static std::string ShownInJson(const std::string& key) {
    return fmt::format("replace(replace({}, '\\\\', '\\\\\\\\'), '\"', '\\\\\"')",
                       RenderSparkShownName(key));
  }

  // ---- values

  void Values() {
    std::vector<std::string> values;
    for (size_t i = 0; i < dataset_.columns.size(); ++i) {
      std::string value = RenderSparkValue(dataset_.columns[i], T(i), load_.timezone);
      const bool plain_boolean = dataset_.format == FileFormat::kJson &&
                                 dataset_.columns[i].type.kind == TypeKind::kBoolean;
      if (plain_boolean) {
        value = fmt::format("CASE WHEN {0} IN ('true', 'false') THEN {0} = 'true' ELSE {1} END",
                            J(i), value);
      }
      values.push_back(fmt::format("{} AS {}", value, V(i)));
    }
    Level(values);
  }

  /// True if the value in this column is there and not of its type.
  std::string Bad(size_t column) const {
    const std::string bad = fmt::format("{} IS NOT NULL AND {} IS NULL", T(column), V(column));
    if (dataset_.format == FileFormat::kCsv) return fmt::format("({})", bad);
    return fmt::format("({} OR {})", bad, IsNested(column));
  }

  std::string Finish() const {
    std::vector<std::string> any, ordinals, reasons, columns;
    for (size_t i = 0; i < dataset_.columns.size(); ++i) {
      const SourceColumn& column = dataset_.columns[i];
      any.push_back(Bad(i));
      ordinals.push_back(fmt::format("CASE WHEN {} THEN '{},' END", Bad(i), i));
      std::string reason = RenderSparkTypeReason(column, T(i));
      if (dataset_.format == FileFormat::kJson) {
        reason = fmt::format("CASE WHEN {} THEN {} ELSE {} END", IsNested(i),
                             Structure(column.name + ": nested value"), reason);
      }
      reasons.push_back(fmt::format("CASE WHEN {} THEN {} END", Bad(i), reason));
      columns.push_back(fmt::format("CAST({} AS {}) AS {}", V(i),
                                    names_.dialect().type_name(column.type),
                                    names_.Column(column.name)));
    }
    const std::string any_bad = fmt::format("{}", fmt::join(any, " OR "));
    return fmt::format(
        "SELECT {},\n"
        "  CASE WHEN _structure IS NOT NULL THEN '*' WHEN {} THEN concat(',', concat_ws('', {})) "
        "END AS _bad,\n"
        "  CASE WHEN _structure IS NOT NULL THEN _structure WHEN {} THEN concat_ws(',', {}) END AS "
        "_reasons,\n"
        "  _file, _block, _mid, _line, _element, _empty, _bytes AS _raw, {} AS _unknown\nFROM ({})",
        fmt::join(columns, ",\n  "), any_bad, fmt::join(ordinals, ", "), any_bad,
        fmt::join(reasons, ",\n    "),
        dataset_.format == FileFormat::kJson ? "_unknown" : "CAST(NULL AS ARRAY<STRING>)", query_);
  }

  const SparkLoad& load_;
  const Dataset& dataset_;
  const Names& names_;
  std::string query_;
};

/// The read rows with their rank. A file's records are numbered from 0, header and empty lines
/// included: block by block, and within a block by the number that reading gave them.
std::string RankedRows(const SparkLoad& load, const Names& names) {
  const std::string& dataset = load.dataset->name;
  std::string rows = fmt::format(
      "SELECT /*+ BROADCAST(b) */ p.*, b.before + p._mid - b.least AS _ordinal, b.header\n"
      "FROM {} AS p JOIN {} AS b ON p._file = b.file AND p._block = b.block",
      names.Temp("parsed", dataset), names.Temp("blocks", dataset));
  const bool csv = load.dataset->format == FileFormat::kCsv;
  return fmt::format(
      "SELECT *, shiftleft(CAST(_file AS BIGINT), {}) + _ordinal AS _pos,\n"
      "  coalesce(_line, _ordinal + 1) AS _at\nFROM ({})\nWHERE NOT _empty{}",
      kOffsetBits, rows, csv ? " AND _ordinal <> header" : "");
}

std::string BlocksQuery(const SparkLoad& load, const Names& names) {
  const std::string blocks = fmt::format(
      "SELECT _file AS file, _block AS block, min(_mid) AS least, count(*) AS records,\n"
      "  min(CASE WHEN NOT _empty THEN _mid END) AS first\nFROM {} GROUP BY _file, _block",
      names.Temp("parsed", load.dataset->name));
  return fmt::format(
      "SELECT file, block, least, before,\n"
      "  min(before + first - least) OVER (PARTITION BY file) AS header\n"
      "FROM (SELECT *, sum(records) OVER (PARTITION BY file ORDER BY block) - records AS before\n"
      "  FROM ({}))",
      blocks);
}

}  // namespace

Result<std::vector<Statement>> RenderSparkRead(const SparkLoad& load, const ReadStep& step,
                                               const Names& names) {
  ASSIGN_OR_RETURN(
      const std::string judged,
      RenderJudgement(*step.dataset, step.rules, ReadQuery(load, names).Render(), names));
  std::vector<Statement> statements = SparkTable(
      load, "parsed",
      fmt::format("read and type every row of '{}', judge its rules", load.dataset->name), judged,
      names);
  AppendStatements(SparkTable(load, "blocks", "number the records of each file",
                              BlocksQuery(load, names), names),
                   &statements);
  statements.push_back(
      {"the rows with their rank",
       fmt::format("CREATE OR REPLACE TEMPORARY VIEW {} AS\n{}",
                   names.Temp("read", load.dataset->name), RankedRows(load, names))});
  return statements;
}

}  // namespace lyceum
