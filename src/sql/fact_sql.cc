// How one batch date of a fact is replaced. For every event key that the old or the new rows of the
// batch hold, the row with the smallest batch date is in the fact and the others wait. So a publish
// may demote rows of later batches (this one brings their key earlier), and promote waiting rows
// (this one gave their key up). All of it is computed into temporary tables before the first
// DELETE.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "sql/render.h"
#include "sql/staged_columns.h"
#include "sql/staging_sql.h"

namespace lyceum {
namespace {

std::string Bounded(const Names& names, const DateBounds& bounds) {
  if (!bounds.first) return " AND 1 = 0";
  return fmt::format(" AND {} BETWEEN {} AND {}", names.Column(kDateKey), names.Date(*bounds.first),
                     names.Date(*bounds.last));
}

DateBounds OldBounds(const ResolveFactStep& step) {
  if (!step.current) return {};
  return {step.current->first_date, step.current->last_date};
}

DateBounds Union(const DateBounds& a, const DateBounds& b) {
  if (!a.first) return b;
  if (!b.first) return a;
  return {std::min(*a.first, *b.first), std::max(*a.last, *b.last)};
}

/// The parts of the statements that all functions below share.
struct FactNames {
  FactNames(const ResolveFactStep& step, const Names& names)
      : fact(names.Star(step.table.name)),
        waiting(names.Book(WaitingTable(step.table.name))),
        staged(names.Private(step.table.name)),
        old_rows(names.Temp("old", step.table.name)),
        old_waiting(names.Temp("oldwait", step.table.name)),
        other(names.Temp("other", step.table.name)),
        first(names.Temp("first", step.table.name)),
        late(names.Temp("late", step.table.name)),
        demoted(names.Temp("demoted", step.table.name)),
        promoted(names.Temp("promoted", step.table.name)),
        touched(names.Temp("touched", step.table.name)),
        key(names.Column(step.table.NameOf(ColumnRole::kEventKey))),
        batch(names.Column(kBatchDate)),
        date(names.Column(kDateKey)),
        columns(names.List(step.table.Names())) {}

  std::string fact, waiting, staged;
  std::string old_rows, old_waiting, other, first, late, demoted, promoted, touched;
  std::string key, batch, date, columns;
};

Statement CreateTemp(std::string purpose, const std::string& table, const std::string& query) {
  return {std::move(purpose), fmt::format("CREATE TEMP TABLE {} AS\n{}", table, query)};
}

/// Rows of other batches that share a key with the old or new rows of this one.
std::string OtherQuery(const FactNames& t, const std::string& table, int in_fact,
                       const std::string& day, const std::string& bound) {
  return fmt::format(
      "SELECT {key}, {batch}, {in_fact} AS in_fact FROM {table}\n"
      "WHERE {batch} <> {day}{bound} AND {key} IN (SELECT {key} FROM {staged} UNION ALL\n"
      "  SELECT {key} FROM {old_rows} UNION ALL SELECT {key} FROM {old_waiting})",
      fmt::arg("key", t.key), fmt::arg("batch", t.batch), fmt::arg("in_fact", in_fact),
      fmt::arg("table", table), fmt::arg("day", day), fmt::arg("bound", bound),
      fmt::arg("staged", t.staged), fmt::arg("old_rows", t.old_rows),
      fmt::arg("old_waiting", t.old_waiting));
}

/// Decides which rows of this batch wait, which of later batches do, and which wait no longer.
void ResolveOverlaps(const FactNames& t, const std::string& day, const std::string& bound,
                     const std::string& old_bound, std::vector<Statement>* out) {
  const auto add = [&](std::string purpose, const std::string& table, const std::string& query) {
    out->push_back(CreateTemp(std::move(purpose), table, query));
  };
  add("rows of this batch that wait now", t.old_waiting,
      fmt::format("SELECT {}, {} FROM {} WHERE {} = {}{}", t.key, t.date, t.waiting, t.batch, day,
                  old_bound));
  add("rows of other batches with the same event keys", t.other,
      fmt::format("{}\nUNION ALL {}", OtherQuery(t, t.fact, 1, day, bound),
                  OtherQuery(t, t.waiting, 0, day, bound)));
  add("the smallest other batch date of each key", t.first,
      fmt::format("SELECT {0}, min({1}) AS {1} FROM {2} GROUP BY {0}", t.key, t.batch, t.other));
  add("new rows that wait behind an earlier batch", t.late,
      fmt::format("SELECT {0} FROM {1} WHERE {2} < {3} AND {0} IN (SELECT {0} FROM {4})", t.key,
                  t.first, t.batch, day, t.staged));
  add("rows of later batches that wait behind this one", t.demoted,
      fmt::format("SELECT {columns} FROM {fact} WHERE {batch} > {day}{bound} AND {key} IN\n"
                  "  (SELECT {key} FROM {other} WHERE in_fact = 1 AND {batch} > {day}\n"
                  "   AND {key} IN (SELECT {key} FROM {staged}))",
                  fmt::arg("columns", t.columns), fmt::arg("fact", t.fact),
                  fmt::arg("batch", t.batch), fmt::arg("day", day), fmt::arg("bound", bound),
                  fmt::arg("key", t.key), fmt::arg("other", t.other),
                  fmt::arg("staged", t.staged)));
  add("waiting rows that this batch no longer holds back", t.promoted,
      fmt::format("SELECT {columns} FROM {waiting} WHERE {batch} <> {day}{bound} AND EXISTS\n"
                  "  (SELECT 1 FROM {first} WHERE {first}.{key} = {waiting}.{key}\n"
                  "   AND {first}.{batch} = {waiting}.{batch})\n"
                  "  AND NOT EXISTS (SELECT 1 FROM {other} WHERE {other}.{key} = {waiting}.{key}\n"
                  "   AND {other}.{batch} = {waiting}.{batch} AND {other}.in_fact = 1)\n"
                  "  AND NOT ({batch} > {day} AND {key} IN (SELECT {key} FROM {staged}))",
                  fmt::arg("columns", t.columns), fmt::arg("waiting", t.waiting),
                  fmt::arg("batch", t.batch), fmt::arg("day", day), fmt::arg("bound", bound),
                  fmt::arg("first", t.first), fmt::arg("key", t.key), fmt::arg("other", t.other),
                  fmt::arg("staged", t.staged)));
}

/// The staged rows that do not wait.
std::string Entering(const FactNames& t, bool may_overlap) {
  if (!may_overlap) return fmt::format("{} AS s WHERE TRUE", t.staged);
  return fmt::format("{0} AS s WHERE NOT EXISTS (SELECT 1 FROM {1} AS l WHERE l.{2} = s.{2})",
                     t.staged, t.late, t.key);
}

/// Adds, per member that the fact's references name, how many rows use it more or less.
void AddUses(const ResolveFactStep& step, const FactNames& t, const Names& names, bool may_overlap,
             std::vector<Statement>* statements) {
  for (const Reference& reference : step.references) {
    const std::string key = names.Column(reference.surrogate_key);
    const std::string members = names.List(reference.columns);
    std::string known;
    for (const std::string& column : reference.columns) {
      known += fmt::format(" AND {} IS NOT NULL", names.Column(column));
    }
    const bool key_follows = KeyFollows(reference, step.table, names);
    const auto count = [&](const std::string& from, const char* sign) {
      if (key_follows) {
        // Members are compared by their own columns, which are shorter than their keys.
        return fmt::format(
            "SELECT {0}, {1}, {2}uses FROM (SELECT {1}, count(*) AS uses FROM {3}{4} "
            "GROUP BY {1}) AS u",
            names.dialect().key_of(members), members, sign, from, known);
      }
      return fmt::format("SELECT {0}, {1}, {2}count(*) FROM {3}{4} GROUP BY {0}, {1}", key, members,
                         sign, from, known);
    };
    std::vector<std::string> counts = {count(Entering(t, may_overlap), "")};
    if (step.current) counts.push_back(count(t.old_rows + " WHERE TRUE", "-"));
    if (may_overlap) {
      counts.push_back(count(t.promoted + " WHERE TRUE", ""));
      counts.push_back(count(t.demoted + " WHERE TRUE", "-"));
    }
    statements->push_back(
        {fmt::format("count how '{}' changes the use of '{}'", step.table.name,
                     reference.dimension),
         fmt::format("INSERT INTO {}\n{}", names.Temp("uses", reference.dimension),
                     fmt::join(counts, "\nUNION ALL "))});
  }
}

/// Finds the rows of the batch that differ from those that the fact holds of it. From here on the
/// private table shows only those that are new, and the old rows are only those that go.
void ResolveDifference(const ResolveFactStep& step, const FactNames& t, const Names& names,
                       const std::string& day, const BatchDifference& difference,
                       std::vector<Statement>* out) {
  const std::string differs = DifferenceTable(step.table, names);
  const std::vector<std::string> columns = ComparedColumns(step.table);
  std::vector<std::string> same;
  for (const std::string& column : columns) {
    same.push_back(fmt::format("s.{0} IS NOT DISTINCT FROM f.{0}", names.Column(column)));
  }
  const std::string pos = names.Column("_pos");
  out->push_back(CreateTemp(
      "rows that are new, and rows that are there no more", differs,
      fmt::format("SELECT s.{pos} AS pos, f.rowid AS row FROM (SELECT {pos}, {columns} FROM "
                  "({compared})) AS s\n"
                  "FULL JOIN (SELECT rowid, {columns} FROM {fact} WHERE {batch} = {day}{bound}) AS "
                  "f\n"
                  "  ON {same}\nWHERE s.{pos} IS NULL OR f.rowid IS NULL",
                  fmt::arg("pos", pos), fmt::arg("columns", names.List(columns)),
                  fmt::arg("compared", difference.compared), fmt::arg("fact", t.fact),
                  fmt::arg("batch", t.batch), fmt::arg("day", day),
                  fmt::arg("bound", Bounded(names, OldBounds(step))),
                  fmt::arg("same", fmt::join(same, " AND ")))));
  out->push_back(CreateTemp(
      fmt::format("rows of this batch that leave '{}'", step.table.name), t.old_rows,
      fmt::format("SELECT {} FROM {} WHERE rowid IN (SELECT row FROM {} WHERE row IS NOT NULL)",
                  t.columns, t.fact, differs)));
  out->push_back(RenderPrivateView(t.staged, difference.changed));
}

bool Meet(const DateBounds& a, const DateBounds& b) {
  return a.first && b.first && *a.first <= *b.last && *b.first <= *a.last;
}

}  // namespace

bool MayOverlap(const ResolveFactStep& step, const DateBounds& staged,
                const std::vector<DateBounds>& others) {
  // Equal identities have equal dates only where the identity holds the date.
  if (!step.date_in_identity) return !others.empty();
  const DateBounds own = Union(OldBounds(step), staged);
  return std::any_of(others.begin(), others.end(),
                     [&](const DateBounds& other) { return Meet(own, other); });
}

std::string WaitingTable(const std::string& fact) { return "waiting_" + fact; }

PublishPart RenderResolveFact(const ResolveFactStep& step, const Names& names, Days batch_date,
                              const DateBounds& staged, bool may_overlap,
                              const BatchDifference* difference) {
  const FactNames t(step, names);
  const std::string day = names.Date(batch_date);
  const DateBounds old = OldBounds(step);
  PublishPart part;
  std::vector<std::string> touched = {t.staged};
  // Other batches may promote and demote rows of this one, so old rows are looked at there too.
  if (difference) {
    touched.push_back(t.old_rows);
    ResolveDifference(step, t, names, day, *difference, &part.resolve);
  } else if (step.current || may_overlap) {
    touched.push_back(t.old_rows);
    part.resolve.push_back(CreateTemp(
        fmt::format("rows of this batch that '{}' holds now", step.table.name), t.old_rows,
        fmt::format("SELECT {} FROM {} WHERE {} = {}{}", t.columns, t.fact, t.batch, day,
                    Bounded(names, old))));
  }
  if (may_overlap) {
    touched.insert(touched.end(), {t.demoted, t.promoted});
    const std::string bound = step.date_in_identity ? Bounded(names, Union(old, staged)) : "";
    ResolveOverlaps(t, day, bound, Bounded(names, old), &part.resolve);
  }
  std::vector<std::string> dates;
  for (const std::string& table : touched) {
    dates.push_back(fmt::format("SELECT {} FROM {}", t.date, table));
  }
  part.resolve.push_back(CreateTemp(
      "dates that change", t.touched,
      fmt::format("SELECT DISTINCT {} FROM ({}) AS d", t.date, fmt::join(dates, " UNION ALL "))));
  AddUses(step, t, names, may_overlap, &part.resolve);
  return part;
}

PublishPart RenderApplyFact(const ApplyFactStep& apply, const Names& names, Days batch_date,
                            bool may_overlap, const BatchDifference* difference) {
  const ResolveFactStep& step = apply.resolved;
  const FactNames t(step, names);
  const std::string day = names.Date(batch_date);
  const std::string old_bound = Bounded(names, OldBounds(step));
  PublishPart part;
  if (difference) {
    part.remove.push_back(
        {fmt::format("take the rows that changed out of '{}'", step.table.name),
         fmt::format("DELETE FROM {} WHERE rowid IN (SELECT row FROM {} WHERE row IS NOT NULL)",
                     t.fact, DifferenceTable(step.table, names))});
  } else if (step.current) {
    part.remove.push_back(
        {fmt::format("take the old batch out of '{}'", step.table.name),
         fmt::format("DELETE FROM {} WHERE {} = {}{}", t.fact, t.batch, day, old_bound)});
  }
  part.add.push_back({fmt::format("put the new batch into '{}'", step.table.name),
                      fmt::format("INSERT INTO {0} ({1})\nSELECT {1} FROM {2}", t.fact, t.columns,
                                  Entering(t, may_overlap))});
  if (!may_overlap) return part;
  part.remove.push_back(
      {"take out rows that now wait",
       fmt::format("DELETE FROM {0} WHERE {1} > {2} AND {3} IN (SELECT {3} FROM {4}) AND {5} IN "
                   "(SELECT {5} FROM {4})",
                   t.fact, t.batch, day, t.key, t.demoted, t.date)});
  if (step.current) {
    part.remove.push_back(
        {"take the old batch out of the waiting rows",
         fmt::format("DELETE FROM {} WHERE {} = {}{}", t.waiting, t.batch, day, old_bound)});
  }
  part.remove.push_back(
      {"release rows that wait no longer",
       fmt::format("DELETE FROM {0} WHERE EXISTS (SELECT 1 FROM {1} WHERE {1}.{2} = {0}.{2} AND "
                   "{1}.{3} = {0}.{3})",
                   t.waiting, t.promoted, t.key, t.batch)});
  part.add.push_back(
      {"put in released rows",
       fmt::format("INSERT INTO {0} ({1})\nSELECT {1} FROM {2}", t.fact, t.columns, t.promoted)});
  part.add.push_back(
      {"let rows wait",
       fmt::format("INSERT INTO {waiting} ({columns}, reason)\n"
                   "SELECT {columns}, {overlap} FROM {staged} AS s WHERE EXISTS (SELECT 1 FROM "
                   "{late} AS l WHERE l.{key} = s.{key})\n"
                   "UNION ALL SELECT {columns}, {overlap} FROM {demoted}",
                   fmt::arg("waiting", t.waiting), fmt::arg("columns", t.columns),
                   fmt::arg("overlap", names.Varchar("overlap", 32)), fmt::arg("staged", t.staged),
                   fmt::arg("late", t.late), fmt::arg("key", t.key),
                   fmt::arg("demoted", t.demoted))});
  return part;
}

}  // namespace lyceum
