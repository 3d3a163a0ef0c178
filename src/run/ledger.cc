#include "run/ledger.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

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

/// What the warehouse has, as far as a new spec must fit it.
struct Published {
  std::vector<DescribedTable> tables;
  std::map<std::string, std::string> hashes;  ///< of marts and the calendar
  std::set<std::string> datasets;             ///< with published batches
  std::optional<Days> first_date, last_date;  ///< of all fact rows
};

Result<Published> ReadPublished(Warehouse* warehouse) {
  Published published;
  ASSIGN_OR_RETURN(published.tables, ReadTables(warehouse));
  ASSIGN_OR_RETURN(published.hashes, ReadMartHashes(warehouse));
  ASSIGN_OR_RETURN(const LedgerState ledger, ReadLedger(warehouse));
  for (const auto& [key, content] : ledger) {
    published.datasets.insert(key.first);
    if (!content.first_date) continue;
    published.first_date = std::min(published.first_date.value_or(kLastDay), *content.first_date);
    published.last_date = std::max(published.last_date.value_or(kFirstDay), *content.last_date);
  }
  return published;
}

/// Compares the tables of a spec with those of the warehouse: collects the statements that bring
/// the warehouse up to the spec, and what no statement can bring.
class SchemaUpdate {
 public:
  SchemaUpdate(const Spec& spec, const Names& names, const Published& published)
      : spec_(spec), names_(names), published_(published) {}

  Status Collect() {
    for (const TableSchema& table : StarTables(spec_)) Table(table);
    for (const DescribedTable& old : published_.tables) Removed(old.schema);
    if (spec_.calendar) Calendar(*spec_.calendar);
    if (breaks_.empty()) return Status::Ok();
    return BadSpec(
        fmt::format("the spec no longer fits the tables in the warehouse:\n  {}\nload into a new "
                    "target, or put "
                    "the old definition back",
                    fmt::join(breaks_, "\n  ")));
  }

  std::vector<Statement> Take() { return std::move(statements_); }

 private:
  void Add(std::vector<Statement> more) {
    for (Statement& statement : more) statements_.push_back(std::move(statement));
  }

  void Break(const std::string& table, const std::string& why) {
    breaks_.push_back(fmt::format("'{}': {}", table, why));
  }

  const DescribedTable* Old(const std::string& table) const {
    for (const DescribedTable& old : published_.tables) {
      if (old.schema.name == table) return &old;
    }
    return nullptr;
  }

  void Table(const TableSchema& table) {
    const std::string dataset = DatasetOf(spec_, table.name);
    const DescribedTable* old = Old(table.name);
    if (!old) {
      // Rows that were loaded before there was a table for them are in no table.
      if (published_.datasets.count(dataset) > 0) {
        return Break(table.name,
                     fmt::format("is new, but dataset '{}' was published without it", dataset));
      }
      return Create(table, dataset);
    }
    if (old->dataset != dataset) {
      return Break(table.name,
                   fmt::format("was fed by dataset '{}', now by '{}'", old->dataset, dataset));
    }
    const SchemaChange change = Compare(old->schema, table);
    if (change.breaks.empty() && !change.differs) return;
    if (table.kind == TableKind::kMart) {
      Drop(table.name);
      return Create(table, dataset);
    }
    if (!change.breaks.empty()) {
      return Break(table.name, fmt::format("{}", fmt::join(change.breaks, ", ")));
    }
    for (const TableColumn& column : change.new_columns) {
      Add(RenderAddColumn(table, column, names_));
    }
    Add(RenderTableRows(names_, table, dataset));
  }

  void Create(const TableSchema& table, const std::string& dataset) {
    Add(RenderCreateTable(table, names_));
    Add(RenderTableRows(names_, table, dataset));
  }

  /// Marts and calendars are derived, so they can go.
  void Drop(const std::string& table) { Add(RenderDropTable(names_, table)); }

  void Removed(const TableSchema& old) {
    for (const TableSchema& table : StarTables(spec_)) {
      if (table.name == old.name) return;
    }
    if (old.kind == TableKind::kMart || old.kind == TableKind::kCalendar) return Drop(old.name);
    Break(old.name, "is gone from the spec");
  }

  void Calendar(const CalendarTable& calendar) {
    const bool holds = !published_.first_date || (calendar.from <= *published_.first_date &&
                                                  *published_.last_date <= calendar.to);
    if (!holds) {
      return Break(
          calendar.table,
          fmt::format("ends {} to {}, but dates from {} to {} are published",
                      FormatDate(calendar.from), FormatDate(calendar.to),
                      FormatDate(*published_.first_date), FormatDate(*published_.last_date)));
    }
    const std::string hash = CalendarHash(calendar);
    const auto built = published_.hashes.find(calendar.table);
    if (built != published_.hashes.end() && built->second == hash) return;
    Add(RenderCalendar(calendar, names_));
    Add(RenderDefinition(names_, calendar.table, hash));
  }

  const Spec& spec_;
  const Names& names_;
  const Published& published_;
  std::vector<Statement> statements_;
  std::vector<std::string> breaks_;
};

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
  Published published;
  if (exists) {
    ASSIGN_OR_RETURN(published, ReadPublished(warehouse));
  } else {
    statements = RenderBookkeepingTables(names);
  }
  SchemaUpdate update(spec, names, published);
  RETURN_IF_ERROR(update.Collect());
  for (Statement& statement : update.Take()) statements.push_back(std::move(statement));
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
