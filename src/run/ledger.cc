#include "run/ledger.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/sha256.h"
#include "run/transaction.h"
#include "sql/ledger_sql.h"
#include "sql/render.h"

namespace lyceum {
namespace {

std::optional<Days> DateOf(const std::optional<std::string>& text) {
  return text ? ParseBatchDate(*text) : std::nullopt;
}

template <typename Enum, typename NameOf>
Enum FromName(const std::string& name, Enum last, NameOf name_of) {
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    if (name == name_of(static_cast<Enum>(i))) return static_cast<Enum>(i);
  }
  return last;
}

}  // namespace

Result<LedgerState> ReadLedger(Warehouse* warehouse) {
  ASSIGN_OR_RETURN(
      const RowSet set,
      warehouse->Query("SELECT dataset, batch_date, delivery_id, content_hash, "
                       "spec_hash, first_date, last_date, coalesce(loaded, 0), "
                       "coalesce(quarantined, 0) FROM lyceum.batches AS b LEFT JOIN\n"
                       "  (SELECT dataset AS d, delivery_id AS i, batch_date AS day,\n"
                       "     sum(rows_loaded) AS loaded, sum(rows_quarantined) AS quarantined\n"
                       "   FROM lyceum.files GROUP BY dataset, delivery_id, batch_date) AS f\n"
                       "  ON f.d = b.dataset AND f.i = b.delivery_id AND (f.day IS NULL OR f.day "
                       "= b.batch_date)"));
  LedgerState ledger;
  for (const auto& row : set.rows) {
    CurrentContent content{*row[2],
                           *row[3],
                           *row[4],
                           DateOf(row[5]),
                           DateOf(row[6]),
                           std::stoll(*row[7]),
                           std::stoll(*row[8])};
    ledger[{*row[0], *DateOf(row[1])}] = std::move(content);
  }
  return ledger;
}

Result<std::map<std::string, std::string>> ReadMartHashes(Warehouse* warehouse) {
  ASSIGN_OR_RETURN(const RowSet set,
                   warehouse->Query("SELECT table_name, definition_hash FROM lyceum.marts"));
  std::map<std::string, std::string> hashes;
  for (const auto& row : set.rows) hashes[*row[0]] = *row[1];
  return hashes;
}

Result<std::vector<CurrentFile>> ReadCurrentFiles(Warehouse* warehouse, const Dataset& dataset,
                                                  Days date, const std::string& delivery_id) {
  const Names names(warehouse->dialect(), "", "");
  const std::string which = dataset.dated()
                                ? fmt::format("batch_date = {}", names.Date(date))
                                : fmt::format("delivery_id = {}", names.Text(delivery_id));
  ASSIGN_OR_RETURN(const RowSet set,
                   warehouse->Query(fmt::format("SELECT base_name, content_id, rows_read FROM "
                                                "lyceum.files WHERE dataset = {} AND {}",
                                                names.Text(dataset.name), which)));
  std::vector<CurrentFile> files;
  for (const auto& row : set.rows) files.push_back({*row[0], *row[1], std::stoll(*row[2])});
  return files;
}

Result<std::map<std::string, bool>> ReadTableNames(const Names& names, const std::string& schema,
                                                   Warehouse* warehouse) {
  const std::string literal = names.Text(schema);
  // On servers information_schema hides what a role may not read, so that a missing grant would
  // look like a missing table. DuckDB lists the tables of all attached files.
  const std::string sql =
      names.dialect().one_writer
          ? fmt::format(
                "SELECT table_name, table_type = 'VIEW' FROM information_schema.tables WHERE "
                "table_schema = {} "
                "AND table_catalog = current_database()",
                literal)
          : fmt::format(
                "SELECT tablename, FALSE FROM pg_tables WHERE schemaname = {0} UNION ALL "
                "SELECT viewname, TRUE FROM pg_views WHERE schemaname = {0}",
                literal);
  ASSIGN_OR_RETURN(const RowSet set, warehouse->Query(sql));
  std::map<std::string, bool> tables;
  for (const auto& row : set.rows) tables[*row[0]] = row[1] == "true";
  return tables;
}

Result<bool> HasBookkeeping(Warehouse* warehouse) {
  const Names names(warehouse->dialect(), "", "");
  ASSIGN_OR_RETURN(const auto tables, ReadTableNames(names, "lyceum", warehouse));
  return tables.count("tables") > 0;
}

Result<std::vector<DescribedTable>> ReadTables(Warehouse* warehouse) {
  ASSIGN_OR_RETURN(const RowSet set,
                   warehouse->Query("SELECT table_name, kind, column_name, type, keyed_as, role, "
                                    "identity_position, refers_to, dataset FROM lyceum.tables "
                                    "ORDER BY table_name, position"));
  std::vector<DescribedTable> tables;
  for (const auto& row : set.rows) {
    if (tables.empty() || tables.back().schema.name != *row[0]) {
      DescribedTable table;
      table.schema.name = *row[0];
      table.schema.kind = FromName(*row[1], TableKind::kCalendar, TableKindName);
      table.dataset = row[8].value_or("");
      tables.push_back(std::move(table));
    }
    TableColumn column;
    column.name = *row[2];
    column.type = ParseTypeName(*row[3]).value_or(Type{});
    column.keyed_as = ParseTypeName(*row[4]).value_or(Type{});
    column.role = FromName(*row[5], ColumnRole::kCalendar, ColumnRoleName);
    column.identity_position = std::stoi(*row[6]);
    column.refers_to = row[7].value_or("");
    tables.back().schema.columns.push_back(std::move(column));
  }
  return tables;
}

Result<std::string> ReadStarSchema(Warehouse* warehouse) {
  ASSIGN_OR_RETURN(const RowSet set,
                   warehouse->Query("SELECT max(table_schema) FROM lyceum.tables"));
  return set.rows[0][0].value_or("");
}

namespace {

Result<bool> SchemaExists(const std::string& schema, const Names& names, Warehouse* warehouse) {
  // CREATE SCHEMA IF NOT EXISTS needs a privilege even where it does nothing.
  ASSIGN_OR_RETURN(const RowSet set, warehouse->Query(fmt::format(
                                         "SELECT count(*) FROM pg_namespace WHERE nspname = {}",
                                         names.Text(schema))));
  return set.rows[0][0] != "0";
}

}  // namespace

Status EnsureBookkeeping(const Names& names, Warehouse* warehouse) {
  ASSIGN_OR_RETURN(const bool exists, HasBookkeeping(warehouse));
  std::vector<Statement> statements;
  for (const std::string& schema : {names.schema(), std::string("lyceum")}) {
    ASSIGN_OR_RETURN(const bool there, SchemaExists(schema, names, warehouse));
    if (!there) statements.push_back(RenderSchema(schema, names));
  }
  if (!exists) {
    for (Statement& statement : RenderBookkeepingTables(names)) {
      statements.push_back(std::move(statement));
    }
  }
  if (statements.empty()) return Status::Ok();
  // Without the writers' lock: on the first run its table does not exist yet.
  return Transact(warehouse, statements);
}

}  // namespace lyceum
