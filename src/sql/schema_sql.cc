// DDL of the star schema and of the bookkeeping in schema `lyceum`.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sql/render.h"
#include "sql/staged_columns.h"
#include "sql/staging_sql.h"

namespace lyceum {
namespace {

/// A bookkeeping table and its columns as DDL. Bookkeeping names are ours, so types stand here
/// literally; all three warehouses read them.
struct BookTable {
  const char* name;
  const char* columns;
};

constexpr BookTable kBookTables[] = {
    // Writers lock it first; it has no rows.
    {kWriterLock, "nothing INTEGER"},
    // One row per run, written when it starts and when it ends.
    {"runs",
     "run_id VARCHAR(64), pipeline VARCHAR(256), batch_date DATE, state VARCHAR(32),"
     " exit_code INTEGER, started_at TIMESTAMP, ended_at TIMESTAMP, lyceum_version VARCHAR(64),"
     " message VARCHAR(65535)"},
    // The current content of each (dataset, batch date).
    {"batches",
     "dataset VARCHAR(256), batch_date DATE, delivery_id VARCHAR(64), content_hash VARCHAR(64),"
     " spec_hash VARCHAR(64), run_id VARCHAR(64), published_at TIMESTAMP, first_date DATE,"
     " last_date DATE"},
    // The row ledger, a line per file. Static files have no batch date: one line per delivery.
    {"files",
     "delivery_id VARCHAR(64), dataset VARCHAR(256), batch_date DATE, run_id VARCHAR(64),"
     " file VARCHAR(4096), base_name VARCHAR(4096), content_id VARCHAR(64), bytes BIGINT,"
     " rows_read BIGINT, rows_loaded BIGINT, rows_duplicate BIGINT, rows_quarantined BIGINT,"
     " empty_lines BIGINT"},
    {"quality_results",
     "run_id VARCHAR(64), dataset VARCHAR(256), batch_date DATE, rule VARCHAR(4096),"
     " severity VARCHAR(16), rows_judged BIGINT, rows_failed BIGINT, outcome VARCHAR(16)"},
    {"quarantine",
     "record_id VARCHAR(64), run_id VARCHAR(64), dataset VARCHAR(256), batch_date DATE,"
     " delivery_id VARCHAR(64), file VARCHAR(4096), content_id VARCHAR(64), line BIGINT,"
     " element BIGINT, byte_offset BIGINT, byte_length BIGINT, raw_text VARCHAR(65535),"
     " stored_as VARCHAR(256), reasons VARCHAR(65535), kind VARCHAR(16), state VARCHAR(16)"},
    // Which contents are current for which snapshot dates, and who decides each member.
    {"snapshots", "dataset VARCHAR(256), snapshot_date DATE, delivery_id VARCHAR(64)"},
    {"members", "dimension VARCHAR(256), member_key VARCHAR(64), delivery_id VARCHAR(64)"},
    // How many fact and dimension rows use each member.
    {"uses", "dimension VARCHAR(256), member_key VARCHAR(64), uses BIGINT"},
    // Definition of each mart and calendar as it was last built.
    {"marts", "table_name VARCHAR(256), definition_hash VARCHAR(64)"},
    // The star schema as it stands: what `verify` digests, and what a changed spec is compared
    // with.
    {"tables",
     "table_name VARCHAR(256), kind VARCHAR(16), position INTEGER, column_name VARCHAR(256),"
     " type VARCHAR(64), keyed_as VARCHAR(64), role VARCHAR(32), identity_position INTEGER,"
     " refers_to VARCHAR(4096), dataset VARCHAR(256), table_schema VARCHAR(256)"},
};

using TypeSpelling = std::string (*)(const Type& type);

/// Keys are 64 hex digits; where a length costs memory in queries, their columns say so.
std::string ColumnType(const TableColumn& column, TypeSpelling type_name, const Names& names) {
  const bool key = column.role == ColumnRole::kEventKey ||
                   column.role == ColumnRole::kReferenceKey ||
                   column.role == ColumnRole::kSurrogateKey ||
                   (column.role == ColumnRole::kGroup && !column.refers_to.empty());
  return key && names.dialect().has_layout ? "VARCHAR(64)" : type_name(column.type);
}

/// What a column's DDL says about storing its keys.
std::string KeyStorage(const TableColumn& column, const MemberCounts& members, const Names& names) {
  if (!names.dialect().key_storage) return "";
  if (column.role == ColumnRole::kEventKey || column.role == ColumnRole::kSurrogateKey) {
    return names.dialect().key_storage(kAllDifferent);
  }
  const auto count = members.find(column.refers_to.substr(0, column.refers_to.find('(')));
  return count == members.end() ? "" : names.dialect().key_storage(count->second);
}

std::string ColumnList(const std::vector<TableColumn>& columns, TypeSpelling type_name,
                       const Names& names, const MemberCounts& members = {}) {
  std::vector<std::string> list;
  for (const TableColumn& column : columns) {
    list.push_back(fmt::format("{} {}{}", names.Column(column.name),
                               ColumnType(column, type_name, names),
                               KeyStorage(column, members, names)));
  }
  return fmt::format("{}", fmt::join(list, ", "));
}

/// Statements that let PostgreSQL find a day, a batch and a key without reading the history.
void AddIndexes(const std::string& table, const std::vector<std::string>& columns,
                const Names& names, std::vector<Statement>* statements) {
  if (!names.dialect().has_indexes) return;
  for (const std::string& column : columns) {
    statements->push_back({"find its rows without reading all",
                           fmt::format("CREATE INDEX ON {} ({})", table, names.Column(column))});
  }
}

std::vector<std::string> IndexedColumns(const TableSchema& table) {
  switch (table.kind) {
    case TableKind::kFact:
      return {kBatchDate, kDateKey};
    case TableKind::kDimension:
      return {table.NameOf(ColumnRole::kSurrogateKey)};
    case TableKind::kMart:
    case TableKind::kCalendar:
      return {kDateKey};
  }
  return {};
}

/// Bookkeeping that grows with members or records, and the columns by which it is looked up.
struct BookIndex {
  const char* table;
  const char* column;
};
constexpr BookIndex kBookIndexes[] = {
    {"members", "member_key"}, {"uses", "member_key"}, {"quarantine", "batch_date"}};

/// How the columns of large bookkeeping tables are stored: by how many different values they hold.
struct BookStorage {
  const char* table;
  const char* column;
  int64_t different;
};
constexpr BookStorage kBookStorage[] = {
    {"members", "member_key VARCHAR(64)", kAllDifferent},
    {"uses", "member_key VARCHAR(64)", kAllDifferent},
    {"quarantine", "record_id VARCHAR(64)", kAllDifferent},
    {"quarantine", "run_id VARCHAR(64)", 1},
    {"quarantine", "dataset VARCHAR(256)", 1},
    {"quarantine", "delivery_id VARCHAR(64)", 1},
    {"quarantine", "file VARCHAR(4096)", 1},
    {"quarantine", "content_id VARCHAR(64)", 1},
    {"quarantine", "stored_as VARCHAR(256)", 1},
    {"quarantine", "reasons VARCHAR", 1},
    {"quarantine", "kind VARCHAR(16)", 1},
    {"quarantine", "state VARCHAR(16)", 1},
};

void AddStorage(std::string_view table, const Names& names, std::string* columns) {
  if (!names.dialect().key_storage) return;
  for (const BookStorage& storage : kBookStorage) {
    if (table != storage.table) continue;
    const std::string_view column = storage.column;
    columns->insert(columns->find(column) + column.size(),
                    names.dialect().key_storage(storage.different));
  }
}

}  // namespace

std::string RenderTableDefinition(const std::string& qualified_name,
                                  const std::vector<TableColumn>& columns, const Names& names) {
  return fmt::format("CREATE TABLE IF NOT EXISTS {} ({})", qualified_name,
                     ColumnList(columns, names.dialect().type_name, names));
}

std::string RenderPrivateTable(const std::string& qualified_name,
                               const std::vector<TableColumn>& columns, const Names& names) {
  const Dialect& dialect = names.dialect();
  const TypeSpelling type_name =
      dialect.staged_type_name ? dialect.staged_type_name : dialect.type_name;
  return fmt::format("CREATE {} IF NOT EXISTS {} ({})", dialect.private_table, qualified_name,
                     ColumnList(columns, type_name, names));
}

Statement RenderSchema(const std::string& schema, const Names& names) {
  return {fmt::format("create schema '{}'", schema),
          fmt::format("CREATE SCHEMA IF NOT EXISTS {}", names.Column(schema))};
}

std::vector<Statement> RenderBookkeepingTables(const Names& names) {
  std::vector<Statement> statements;
  for (const BookTable& table : kBookTables) {
    std::string columns = table.columns;
    // Only Redshift needs a greatest length.
    constexpr std::string_view kLongest = "VARCHAR(65535)";
    for (size_t at = columns.find(kLongest); !names.dialect().has_layout && at != std::string::npos;
         at = columns.find(kLongest)) {
      columns.replace(at, kLongest.size(), "VARCHAR");
    }
    AddStorage(table.name, names, &columns);
    // Not `IF NOT EXISTS`: tables of somebody else's schema `lyceum` are not ours.
    statements.push_back(
        {"bookkeeping", fmt::format("CREATE TABLE {} ({})", names.Book(table.name), columns)});
  }
  for (const BookIndex& index : kBookIndexes) {
    AddIndexes(names.Book(index.table), {index.column}, names, &statements);
  }
  return statements;
}

std::vector<Statement> RenderCreateTable(const TableSchema& table, const Names& names,
                                         const TableLayout* layout, const MemberCounts& members) {
  const std::string attributes =
      names.dialect().has_layout ? RenderLayout(table, layout, names) : "";
  // Not `IF NOT EXISTS`: a table of this name that is not Lyceum's must not be filled.
  std::vector<Statement> statements = {
      {fmt::format("create '{}'", table.name),
       fmt::format("CREATE TABLE {} ({}){}", names.Star(table.name),
                   ColumnList(table.columns, names.dialect().type_name, names, members),
                   attributes)}};
  AddIndexes(names.Star(table.name), IndexedColumns(table), names, &statements);
  if (table.kind == TableKind::kFact) {
    const std::string waiting = names.Book(WaitingTable(table.name));
    std::string definition = RenderTableDefinition(waiting, table.columns, names);
    definition.insert(definition.size() - 1, ", reason VARCHAR(32)");
    statements.push_back({"rows of it that wait", definition + attributes});
    AddIndexes(waiting, IndexedColumns(table), names, &statements);
  }
  if (table.kind == TableKind::kDimension && !table.NameOf(ColumnRole::kInferred).empty()) {
    const std::string versions = names.Book(VersionsTable(table.name));
    std::vector<TableColumn> columns = StagedColumns(table);
    TableColumn delivery;
    delivery.name = "delivery_id";
    columns.insert(columns.begin(), delivery);
    statements.push_back(
        {"versions of its members", RenderTableDefinition(versions, columns, names)});
    AddIndexes(versions, {"delivery_id"}, names, &statements);
  }
  return statements;
}

std::vector<Statement> RenderAddColumn(const TableSchema& table, const TableColumn& column,
                                       const Names& names) {
  std::vector<std::string> tables = {names.Star(table.name)};
  if (table.kind == TableKind::kFact) tables.push_back(names.Book(WaitingTable(table.name)));
  const bool versions =
      table.kind == TableKind::kDimension && !table.NameOf(ColumnRole::kInferred).empty();
  if (versions) tables.push_back(names.Book(VersionsTable(table.name)));
  std::vector<Statement> statements;
  for (const std::string& name : tables) {
    statements.push_back({fmt::format("add column '{}'", column.name),
                          fmt::format("ALTER TABLE {} ADD COLUMN {}", name,
                                      ColumnList({column}, names.dialect().type_name, names))});
  }
  return statements;
}

PublishPart RenderCalendar(const CalendarTable& calendar, const Names& names) {
  // Days are counted by crossing digits: warehouses have no number series in common.
  const std::string digits =
      "(SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4"
      " UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL"
      " SELECT 9)";
  const int num_days = calendar.to - calendar.from + 1;
  std::string number = "d0.n";
  std::string from = digits + " AS d0";
  int place = 1;
  for (int64_t reach = 10; reach < num_days; reach *= 10, ++place) {
    number += fmt::format(" + {} * d{}.n", reach, place);
    from += fmt::format("\n  CROSS JOIN {} AS d{}", digits, place);
  }
  const std::string star = names.Star(calendar.table);
  PublishPart part;
  part.remove = {{"empty the calendar", fmt::format("DELETE FROM {}", star)}};
  part.add = {
      {"fill the calendar",
       fmt::format(
           "INSERT INTO {}\nSELECT day, EXTRACT(YEAR FROM day), EXTRACT(QUARTER FROM day),\n"
           "  EXTRACT(MONTH FROM day), EXTRACT(DAY FROM day), EXTRACT(WEEK FROM day),\n"
           // Sunday is 0; Redshift has no ISODOW.
           "  MOD(CAST(EXTRACT(DOW FROM day) AS INTEGER) + 6, 7) + 1,\n"
           "  MOD(CAST(EXTRACT(DOW FROM day) AS INTEGER) + 6, 7) >= 5\n"
           "FROM (SELECT {} + n AS day FROM (SELECT {} AS n FROM {}) AS s WHERE n < {}) AS t",
           star, names.Date(calendar.from), number, from, num_days)}};
  return part;
}

}  // namespace lyceum
