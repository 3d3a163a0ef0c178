#include "run/ledger.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/sha256.h"
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

std::string CalendarHash(const CalendarTable& calendar) {
  return Sha256Hex(fmt::format("calendar 1 {} {}", calendar.from, calendar.to));
}

/// The dataset that feeds a table; "" for marts, calendars and `members_from` dimensions.
std::string DatasetOf(const Spec& spec, const std::string& table) {
  if (const Dimension* dimension = spec.FindDimension(table)) return dimension->dataset;
  if (const Fact* fact = spec.FindFact(table)) return fact->dataset;
  return "";
}

/// What became of a table's definition between two specs.
struct SchemaChange {
  std::vector<std::string> breaks;       ///< why it needs a rebuild
  std::vector<TableColumn> new_columns;  ///< may be added
  bool differs = false;
};

SchemaChange Compare(const TableSchema& old_table, const TableSchema& new_table) {
  SchemaChange change;
  for (const TableColumn& column : old_table.columns) {
    const TableColumn* now = new_table.Find(column.name);
    if (!now) {
      change.breaks.push_back(fmt::format("column '{}' is gone", column.name));
    } else if (now->type != column.type || now->keyed_as != column.keyed_as) {
      change.breaks.push_back(fmt::format("column '{}' changed from {} to {}", column.name,
                                          TypeName(column.keyed_as), TypeName(now->keyed_as)));
    } else if (now->role != column.role) {
      change.breaks.push_back(fmt::format("column '{}' changed from {} to {}", column.name,
                                          ColumnRoleName(column.role), ColumnRoleName(now->role)));
    } else if (now->refers_to != column.refers_to) {
      change.breaks.push_back(fmt::format("column '{}' referred to {}, now to {}", column.name,
                                          column.refers_to, now->refers_to));
    } else if (now->identity_position != column.identity_position) {
      change.breaks.push_back(fmt::format("column '{}' changed its place in the {}", column.name,
                                          new_table.kind == TableKind::kFact ? "identity" : "key"));
    }
  }
  for (const TableColumn& column : new_table.columns) {
    if (old_table.Find(column.name)) continue;
    if (column.in_identity() || column.role != ColumnRole::kSource) {
      const bool plain = !column.in_identity() && column.role == ColumnRole::kDerived;
      if (!plain) {
        change.breaks.push_back(fmt::format("column '{}' is new and part of a key", column.name));
        continue;
      }
    }
    change.new_columns.push_back(column);
  }
  change.differs = !change.new_columns.empty() || old_table.Names() != new_table.Names();
  return change;
}

/// A mart is derived: a changed one is dropped and built anew.
Statement DropMart(const Names& names, const std::string& mart) {
  return {fmt::format("drop changed mart '{}'", mart),
          fmt::format("DROP TABLE IF EXISTS {}", names.Star(mart))};
}

void Append(std::vector<Statement> more, std::vector<Statement>* statements) {
  for (Statement& statement : more) statements->push_back(std::move(statement));
}

Status CollectChanges(const Spec& spec, const Names& names,
                      const std::vector<DescribedTable>& described,
                      const std::map<std::string, std::string>& hashes,
                      std::vector<Statement>* statements) {
  std::vector<std::string> breaks;
  for (const TableSchema& table : StarTables(spec)) {
    const auto old = std::find_if(described.begin(), described.end(), [&](const auto& candidate) {
      return candidate.schema.name == table.name;
    });
    if (old == described.end()) {
      Append(RenderCreateTable(table, names), statements);
      Append(RenderTableRows(names, table, DatasetOf(spec, table.name)), statements);
      continue;
    }
    const SchemaChange change = Compare(old->schema, table);
    if (change.breaks.empty() && !change.differs) continue;
    if (table.kind == TableKind::kMart) {
      statements->push_back(DropMart(names, table.name));
      Append(RenderCreateTable(table, names), statements);
    } else if (!change.breaks.empty()) {
      breaks.push_back(fmt::format("'{}': {}", table.name, fmt::join(change.breaks, ", ")));
      continue;
    }
    for (const TableColumn& column : change.new_columns) {
      if (table.kind != TableKind::kMart) Append(RenderAddColumn(table, column, names), statements);
    }
    Append(RenderTableRows(names, table, DatasetOf(spec, table.name)), statements);
  }
  if (!breaks.empty()) {
    return BadSpec(
        fmt::format("the spec no longer fits the tables in the warehouse:\n  {}\nload into a new "
                    "target, or put "
                    "the old definition back",
                    fmt::join(breaks, "\n  ")));
  }
  if (spec.calendar) {
    const auto built = hashes.find(spec.calendar->table);
    if (built == hashes.end() || built->second != CalendarHash(*spec.calendar)) {
      Append(RenderCalendar(*spec.calendar, names), statements);
      statements->push_back({"note the calendar's range",
                             fmt::format("DELETE FROM {} WHERE table_name = {}",
                                         names.Book("marts"), names.Text(spec.calendar->table))});
      statements->push_back(
          {"note the calendar's range",
           fmt::format("INSERT INTO {} (table_name, definition_hash) VALUES ({}, {})",
                       names.Book("marts"), names.Text(spec.calendar->table),
                       names.Text(CalendarHash(*spec.calendar)))});
    }
  }
  return Status::Ok();
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

Result<bool> HasBookkeeping(Warehouse* warehouse) {
  ASSIGN_OR_RETURN(const RowSet set,
                   warehouse->Query("SELECT count(*) FROM information_schema.tables WHERE "
                                    "table_schema = 'lyceum' AND table_name = 'tables'"));
  return set.rows[0][0] != "0";
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

Status EnsureTables(const Spec& spec, const Names& names, Warehouse* warehouse) {
  ASSIGN_OR_RETURN(const bool exists, HasBookkeeping(warehouse));
  std::vector<Statement> statements;
  std::vector<DescribedTable> described;
  std::map<std::string, std::string> hashes;
  if (exists) {
    ASSIGN_OR_RETURN(described, ReadTables(warehouse));
    ASSIGN_OR_RETURN(hashes, ReadMartHashes(warehouse));
  } else {
    statements = RenderBookkeepingTables(names);
  }
  RETURN_IF_ERROR(CollectChanges(spec, names, described, hashes, &statements));
  if (statements.empty()) return Status::Ok();
  RETURN_IF_ERROR(warehouse->Execute({"begin", "BEGIN"}));
  for (const Statement& statement : statements) {
    if (Status status = warehouse->Execute(statement); !status.ok()) {
      (void)warehouse->Execute({"roll back", "ROLLBACK"});
      return status;
    }
  }
  return warehouse->Execute({"commit", "COMMIT"});
}

}  // namespace lyceum
