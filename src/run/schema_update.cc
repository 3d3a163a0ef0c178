#include "run/schema_update.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/sha256.h"
#include "run/ledger.h"
#include "sql/ledger_sql.h"
#include "sql/render.h"

namespace lyceum {
namespace {

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
    } else if (now->refers_to != column.refers_to && now->role == ColumnRole::kDateKey) {
      change.breaks.push_back(fmt::format("column '{}' came from '{}', now from '{}'", column.name,
                                          column.refers_to, now->refers_to));
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
  std::map<std::string, bool> dated;          ///< by dataset: its files carry a batch date
  std::map<std::string, bool> foreign;        ///< what else the star's schema holds; true: a view
  std::optional<Days> first_date, last_date;  ///< of all fact rows
};

/// Tables and views in the schema of the star that Lyceum did not make.
Result<std::map<std::string, bool>> ReadForeign(const Names& names,
                                                const std::vector<DescribedTable>& ours,
                                                Warehouse* warehouse) {
  ASSIGN_OR_RETURN(auto foreign, ReadTableNames(names, names.schema(), warehouse));
  for (const DescribedTable& table : ours) foreign.erase(table.schema.name);
  return foreign;
}

Result<Published> ReadPublished(const Names& names, Warehouse* warehouse) {
  Published published;
  ASSIGN_OR_RETURN(published.tables, ReadTables(warehouse));
  ASSIGN_OR_RETURN(published.hashes, ReadMartHashes(warehouse));
  ASSIGN_OR_RETURN(const LedgerState ledger, ReadLedger(warehouse));
  ASSIGN_OR_RETURN(published.foreign, ReadForeign(names, published.tables, warehouse));
  ASSIGN_OR_RETURN(const RowSet dated,
                   warehouse->Query("SELECT dataset, count(batch_date) FROM lyceum.files GROUP BY "
                                    "dataset"));
  for (const auto& row : dated.rows) published.dated[*row[0]] = row[1] != "0";
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
  SchemaUpdate(const Spec& spec, const Names& names, const Published& published,
               const std::map<std::string, TableLayout>& layouts, const MemberCounts& members)
      : spec_(spec), names_(names), published_(published), layouts_(layouts), members_(members) {}

  Result<SchemaChanges> Collect() {
    for (const TableSchema& table : StarTables(spec_)) Table(table);
    for (const DescribedTable& old : published_.tables) Removed(old.schema);
    if (spec_.calendar) Calendar(*spec_.calendar);
    for (const auto& [table, is_view] : published_.foreign) {
      if (!is_view && table.rfind("staging_", 0) == 0) changes_.staging_tables.insert(table);
    }
    if (breaks_.empty()) return std::move(changes_);
    const bool first = published_.tables.empty();
    return BadSpec(fmt::format("the spec {} the tables in the warehouse:\n  {}\n{}",
                               first ? "does not fit" : "no longer fits",
                               fmt::join(breaks_, "\n  "),
                               first ? "rename them, or choose another schema or database"
                                     : "load into a new target, or put the old definition back"));
  }

 private:
  void Define(std::string note, std::vector<Statement> statements) {
    changes_.notes.push_back(std::move(note));
    for (Statement& statement : statements) changes_.define.push_back(std::move(statement));
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
      if (published_.foreign.count(table.name) > 0) {
        return Break(table.name, fmt::format("stands in schema '{}' already and is not Lyceum's; "
                                             "rename it there or here",
                                             names_.schema()));
      }
      const std::string staging = "staging_" + table.name;
      if (!dataset.empty() && published_.foreign.count(staging) > 0) {
        return Break(staging, fmt::format("stands in schema '{}' already and is not Lyceum's; a "
                                          "publish would replace it, so rename it",
                                          names_.schema()));
      }
      return Create(table, dataset);
    }
    if (old->dataset != dataset) {
      return Break(table.name,
                   fmt::format("was fed by dataset '{}', now by '{}'", old->dataset, dataset));
    }
    const auto dated = published_.dated.find(dataset);
    if (dated != published_.dated.end() && dated->second != spec_.FindDataset(dataset)->dated()) {
      return Break(table.name, fmt::format("dataset '{}' had files {} a batch date, now {}",
                                           dataset, dated->second ? "with" : "without",
                                           dated->second ? "without" : "with"));
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
      Define(fmt::format("add column '{}' to '{}'", column.name, table.name),
             RenderAddColumn(table, column, names_));
    }
    changes_.rows.Append(RenderTableRows(names_, table, dataset));
  }

  void Create(const TableSchema& table, const std::string& dataset) {
    const auto layout = layouts_.find(table.name);
    Define(fmt::format("create '{}'", table.name),
           RenderCreateTable(table, names_, layout == layouts_.end() ? nullptr : &layout->second,
                             members_));
    changes_.rows.Append(RenderTableRows(names_, table, dataset));
  }

  /// Marts and calendars are derived, so they can go.
  void Drop(const std::string& table) {
    PublishPart part = RenderDropTable(names_, table);
    Define(fmt::format("drop '{}'", table), std::move(part.swap));
    part.swap.clear();
    changes_.rows.Append(std::move(part));
  }

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
    changes_.notes.push_back(fmt::format("fill '{}' from {} to {}", calendar.table,
                                         FormatDate(calendar.from), FormatDate(calendar.to)));
    changes_.rows.Append(RenderCalendar(calendar, names_));
    changes_.rows.Append(RenderDefinition(names_, calendar.table, hash));
  }

  const Spec& spec_;
  const Names& names_;
  const Published& published_;
  const std::map<std::string, TableLayout>& layouts_;
  const MemberCounts& members_;
  SchemaChanges changes_;
  std::vector<std::string> breaks_;
};

}  // namespace

Result<SchemaChanges> CompareSchema(const Spec& spec, const Names& names,
                                    const std::map<std::string, TableLayout>& layouts,
                                    Warehouse* warehouse, const MemberCounts& members) {
  ASSIGN_OR_RETURN(const Published published, ReadPublished(names, warehouse));
  return SchemaUpdate(spec, names, published, layouts, members).Collect();
}

Result<SchemaChanges> NewSchema(const Spec& spec, const Names& names,
                                const std::map<std::string, TableLayout>& layouts,
                                Warehouse* warehouse) {
  Published published;
  if (warehouse) {
    ASSIGN_OR_RETURN(published.foreign, ReadForeign(names, {}, warehouse));
  }
  return SchemaUpdate(spec, names, published, layouts, MemberCounts()).Collect();
}

}  // namespace lyceum
