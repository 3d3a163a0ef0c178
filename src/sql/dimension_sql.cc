// How a dimension follows its snapshots and the facts. A member's attributes come from the greatest
// snapshot date that has it; a key that rows use and no snapshot delivers is a placeholder; a key
// with neither is gone. Only keys of the old and new snapshot, and keys whose use changes, are
// looked at.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sql/render.h"
#include "sql/staged_columns.h"

namespace lyceum {
namespace {

/// The parts of the statements that all functions below share.
struct DimensionNames {
  DimensionNames(const ResolveDimensionStep& step, const Names& names)
      : name(step.table.name),
        dimension(names.Star(name)),
        versions(names.Book(VersionsTable(name))),
        staged(names.Private(name)),
        uses(names.Temp("uses", name)),
        rank(names.Temp("rank", name)),
        fresh(names.Temp("fresh", name)),
        lost(names.Temp("lost", name)),
        winner(names.Temp("winner", name)),
        need(names.Temp("need", name)),
        change(names.Temp("change", name)),
        gone(names.Temp("gone", name)),
        sk(names.Column(step.table.NameOf(ColumnRole::kSurrogateKey))),
        literal(names.Text(name)) {
    for (const TableColumn& column : StagedColumns(step.table))
      staged_columns.push_back(column.name);
    columns = names.List(staged_columns);
  }

  std::string name, dimension, versions, staged, uses;
  std::string rank, fresh, lost, winner, need, change, gone;
  std::string sk, literal, columns;
  std::vector<std::string> staged_columns;
};

bool ContentChanges(const ResolveDimensionStep& step) {
  return step.action == DatasetAction::kLoad || step.action == DatasetAction::kSnapshot;
}

bool Loads(const ResolveDimensionStep& step) { return step.action == DatasetAction::kLoad; }

bool Replaces(const ResolveDimensionStep& step) {
  return !step.old_delivery_id.empty() && step.old_delivery_id != step.delivery_id;
}

bool HasPlaceholders(const ResolveDimensionStep& step) {
  return !step.table.NameOf(ColumnRole::kInferred).empty();
}

Statement CreateTemp(std::string purpose, const std::string& table, const std::string& query) {
  return {std::move(purpose), fmt::format("CREATE TEMP TABLE {} AS\n{}", table, query)};
}

/// Decides the winning snapshot of each key of the old and new content.
void ResolveContent(const ResolveDimensionStep& step, const DimensionNames& t, const Names& names,
                    Days batch_date, std::vector<Statement>* out) {
  const std::string fresh_id = names.Text(step.delivery_id);
  const std::string old_id = names.Text(step.old_delivery_id);
  out->push_back(
      CreateTemp(fmt::format("rank the snapshots of '{}' by their greatest date", t.name), t.rank,
                 fmt::format("SELECT delivery_id, max(snapshot_date) AS snapshot_date FROM\n"
                             "  (SELECT delivery_id, snapshot_date FROM {} WHERE dataset = {} AND "
                             "snapshot_date <> {}\n"
                             "   UNION ALL SELECT {}, {}) AS s\nGROUP BY delivery_id",
                             names.Book("snapshots"), names.Text(step.dimension->dataset),
                             names.Date(batch_date), names.Varchar(step.delivery_id, 64),
                             names.Date(batch_date))));
  out->push_back(CreateTemp("members of the new snapshot", t.fresh,
                            Loads(step) ? fmt::format("SELECT {} FROM {}", t.sk, t.staged)
                                        : fmt::format("SELECT {} FROM {} WHERE delivery_id = {}",
                                                      t.sk, t.versions, fresh_id)));
  out->push_back(
      CreateTemp("members that the replaced snapshot decided", t.lost,
                 fmt::format("SELECT member_key AS {} FROM {} WHERE dimension = {} AND {}", t.sk,
                             names.Book("members"), t.literal,
                             Replaces(step) ? fmt::format("delivery_id = {}", old_id) : "1 = 0")));
  out->push_back(CreateTemp(
      "the snapshot that decides each of them now", t.winner,
      fmt::format(
          "SELECT {sk}, delivery_id FROM (SELECT c.{sk}, c.delivery_id, row_number() OVER\n"
          "    (PARTITION BY c.{sk} ORDER BY r.snapshot_date DESC) AS place\n"
          "  FROM (SELECT {sk}, {fresh_typed} AS delivery_id FROM {fresh}\n"
          "    UNION SELECT member_key, delivery_id FROM {members} WHERE dimension = {literal}\n"
          "      AND member_key IN (SELECT {sk} FROM {fresh})\n"
          "    UNION SELECT {sk}, delivery_id FROM {versions} WHERE delivery_id <> {fresh_id}\n"
          "      AND {sk} IN (SELECT {sk} FROM {lost})) AS c\n"
          "  JOIN {rank} AS r ON r.delivery_id = c.delivery_id\n"
          // A key that the replaced snapshot decided competes with its version there only if that
          // content is still current for another date; the join with the ranking sees to it.
          ") AS p WHERE place = 1",
          fmt::arg("sk", t.sk), fmt::arg("fresh_id", fresh_id),
          fmt::arg("fresh_typed", names.Varchar(step.delivery_id, 64)), fmt::arg("fresh", t.fresh),
          fmt::arg("members", names.Book("members")), fmt::arg("literal", t.literal),
          fmt::arg("versions", t.versions), fmt::arg("lost", t.lost), fmt::arg("rank", t.rank))));
}

/// Rows of members whose deciding snapshot changed, or is the one that loads now.
std::string RealRows(const ResolveDimensionStep& step, const DimensionNames& t,
                     const Names& names) {
  const std::string fresh_id = names.Text(step.delivery_id);
  const std::string select = names.List(t.staged_columns, "v.");
  std::string from_versions = fmt::format(
      "SELECT {0}, FALSE AS {1} FROM {2} AS v JOIN {3} AS w ON w.{4} = v.{4} AND w.delivery_id = "
      "v.delivery_id WHERE ",
      select, names.Column(kIsInferred), t.versions, t.winner, t.sk);
  if (!Loads(step)) {
    return from_versions + fmt::format("v.delivery_id = {0} OR v.{1} IN (SELECT {1} FROM {2})",
                                       fresh_id, t.sk, t.lost);
  }
  from_versions += fmt::format("v.delivery_id <> {0} AND v.{1} IN (SELECT {1} FROM {2})", fresh_id,
                               t.sk, t.lost);
  return fmt::format(
      "SELECT {0}, FALSE AS {1} FROM {2} AS v JOIN {3} AS w ON w.{4} = v.{4} WHERE w.delivery_id = "
      "{5}\nUNION ALL {6}",
      select, names.Column(kIsInferred), t.staged, t.winner, t.sk, fresh_id, from_versions);
}

/// `key AS key, NULL AS attribute, ...` for a placeholder, key parts spelled by `key_part`.
template <typename KeyPart>
std::string PlaceholderColumns(const ResolveDimensionStep& step, const Names& names,
                               const std::string& sk, KeyPart key_part) {
  std::vector<std::string> select;
  for (const TableColumn& column : StagedColumns(step.table)) {
    const std::string name = names.Column(column.name);
    if (column.in_identity()) {
      select.push_back(fmt::format("{} AS {}", key_part(name), name));
    } else if (column.role == ColumnRole::kSurrogateKey) {
      select.push_back(fmt::format("{} AS {}", sk, name));
    } else {
      select.push_back(
          fmt::format("CAST(NULL AS {}) AS {}", names.dialect().type_name(column.type), name));
    }
  }
  if (HasPlaceholders(step)) {
    select.push_back(fmt::format("TRUE AS {}", names.Column(kIsInferred)));
  }
  return fmt::format("{}", fmt::join(select, ", "));
}

/// `NOT EXISTS` rather than `NOT IN`: PostgreSQL has no anti join for the latter.
std::string Lacks(const std::string& key, const std::string& table, const DimensionNames& t) {
  return fmt::format("NOT EXISTS (SELECT 1 FROM {0} AS x WHERE x.{1} = {2})", table, t.sk, key);
}

/// Keys in use that no snapshot delivers and the dimension does not have yet.
std::string NewPlaceholders(const ResolveDimensionStep& step, const DimensionNames& t,
                            const Names& names) {
  const std::string key = "u." + t.sk;
  std::string query = fmt::format(
      "SELECT {0} FROM {1} AS u JOIN {2} AS n ON n.{3} = u.{3} WHERE n.uses > 0 AND {4}",
      PlaceholderColumns(step, names, key, [](const std::string& name) { return "u." + name; }),
      t.uses, t.need, t.sk, Lacks(key, t.dimension, t));
  if (ContentChanges(step)) query += " AND " + Lacks(key, t.winner, t);
  return query + fmt::format(" GROUP BY {}, {}", key, names.List(step.dimension->key, "u."));
}

/// Members that lost their last snapshot and are still in use.
std::string Withdrawn(const ResolveDimensionStep& step, const DimensionNames& t,
                      const Names& names) {
  const std::string key = "d." + t.sk;
  return fmt::format(
      "SELECT {0} FROM {1} AS d JOIN {2} AS n ON n.{3} = d.{3} WHERE n.uses > 0 AND d.{3} IN "
      "(SELECT {3} FROM {4}) AND {5}",
      PlaceholderColumns(step, names, key, [](const std::string& name) { return "d." + name; }),
      t.dimension, t.need, t.sk, t.lost, Lacks(key, t.winner, t));
}

/// Members to delete: unused placeholders, and withdrawn members that nothing uses.
std::string GoneQuery(const ResolveDimensionStep& step, const DimensionNames& t,
                      const Names& names) {
  std::string unused = fmt::format(
      "SELECT d.{0} AS {0} FROM {1} AS d JOIN {2} AS n ON n.{0} = d.{0} WHERE n.uses <= 0", t.sk,
      t.dimension, t.need);
  if (HasPlaceholders(step)) unused += fmt::format(" AND d.{}", names.Column(kIsInferred));
  if (!ContentChanges(step)) return unused;
  const std::string key = "l." + t.sk;
  return fmt::format(
      "{} AND {}\nUNION SELECT {} FROM {} AS l WHERE {} AND {}", unused,
      Lacks("d." + t.sk, t.winner, t), key, t.lost, Lacks(key, t.winner, t),
      Lacks(key, fmt::format("(SELECT {} FROM {} WHERE uses > 0)", t.sk, t.need), t));
}

/// Counts how the changed rows use the dimensions that they refer to.
void AddUses(const ResolveDimensionStep& step, const DimensionNames& t, const Names& names,
             std::vector<Statement>* out) {
  for (const Reference& reference : step.references) {
    const std::string key = names.Column(reference.surrogate_key);
    const std::string members = names.List(reference.columns);
    out->push_back(
        {fmt::format("count how '{}' changes the use of '{}'", t.name, reference.dimension),
         fmt::format("INSERT INTO {uses}\nSELECT {key}, {members}, count(*) FROM {change}\n"
                     "WHERE {key} IS NOT NULL GROUP BY {key}, {members}\n"
                     "UNION ALL SELECT {key}, {members}, -count(*) FROM {dimension} WHERE {key} IS "
                     "NOT NULL\n"
                     "  AND {sk} IN (SELECT {sk} FROM {change} UNION ALL SELECT {sk} FROM {gone})\n"
                     "GROUP BY {key}, {members}",
                     fmt::arg("uses", names.Temp("uses", reference.dimension)),
                     fmt::arg("key", key), fmt::arg("members", members),
                     fmt::arg("change", t.change), fmt::arg("dimension", t.dimension),
                     fmt::arg("sk", t.sk), fmt::arg("gone", t.gone))});
  }
}

/// Keeps the ledger of snapshots, versions and winners.
void ApplyContent(const ApplyDimensionStep& step, const DimensionNames& t, const Names& names,
                  Days batch_date, PublishPart* part) {
  const ResolveDimensionStep& resolved = step.resolved;
  const std::string fresh_id = names.Text(resolved.delivery_id);
  const std::string dataset = names.Text(resolved.dimension->dataset);
  part->remove.push_back(
      {"forget who decided the members of both snapshots",
       fmt::format("DELETE FROM {} WHERE dimension = {} AND (member_key IN (SELECT {} FROM "
                   "{}) OR member_key IN (SELECT {} FROM {}))",
                   names.Book("members"), t.literal, t.sk, t.fresh, t.sk, t.lost)});
  part->add.push_back(
      {"note who decides them now",
       fmt::format("INSERT INTO {} (dimension, member_key, delivery_id)\nSELECT {}, {}, "
                   "delivery_id FROM {}",
                   names.Book("members"), names.Varchar(t.name, 256), t.sk, t.winner)});
  if (step.old_delivery_ends && Replaces(resolved)) {
    part->remove.push_back({"drop the rows of the replaced snapshot",
                            fmt::format("DELETE FROM {} WHERE delivery_id = {}", t.versions,
                                        names.Text(resolved.old_delivery_id))});
  }
  if (Loads(resolved)) {
    part->remove.push_back(
        {"drop an earlier load of this snapshot",
         fmt::format("DELETE FROM {} WHERE delivery_id = {}", t.versions, fresh_id)});
    part->add.push_back(
        {"keep the rows of this snapshot",
         fmt::format("INSERT INTO {0} (delivery_id, {1})\nSELECT {2}, {1} FROM {3}", t.versions,
                     t.columns, names.Varchar(resolved.delivery_id, 64), t.staged)});
  }
  part->remove.push_back({"replace what this date delivered",
                          fmt::format("DELETE FROM {} WHERE dataset = {} AND snapshot_date = {}",
                                      names.Book("snapshots"), dataset, names.Date(batch_date))});
  part->add.push_back(
      {"note what this date delivers",
       fmt::format("INSERT INTO {} (dataset, snapshot_date, delivery_id) VALUES ({}, {}, {})",
                   names.Book("snapshots"), dataset, names.Date(batch_date), fresh_id)});
}

}  // namespace

std::string VersionsTable(const std::string& dimension) { return "versions_" + dimension; }

PublishPart RenderUses(const ResolveDimensionStep& step, const Names& names) {
  const DimensionNames t(step, names);
  PublishPart part;
  std::vector<std::string> columns = {fmt::format("{} VARCHAR(64)", t.sk)};
  for (const std::string& key : step.dimension->key) {
    columns.push_back(fmt::format("{} {}", names.Column(key),
                                  names.dialect().type_name(step.table.Find(key)->type)));
  }
  part.resolve.push_back(
      {fmt::format("collect how the use of '{}' changes", t.name),
       fmt::format("CREATE TEMP TABLE {} ({}, uses BIGINT)", t.uses, fmt::join(columns, ", "))});
  return part;
}

PublishPart RenderResolveDimension(const ResolveDimensionStep& step, const Names& names,
                                   Days batch_date) {
  const DimensionNames t(step, names);
  PublishPart part;
  std::vector<Statement>& statements = part.resolve;
  if (ContentChanges(step)) ResolveContent(step, t, names, batch_date, &statements);
  std::string affected = fmt::format("SELECT {} FROM {}", t.sk, t.uses);
  if (ContentChanges(step)) {
    affected += fmt::format(" UNION ALL SELECT {} FROM {}", t.sk, t.lost);
  }
  statements.push_back(CreateTemp(
      fmt::format("uses of each member of '{}' after this publish", t.name), t.need,
      fmt::format(
          "SELECT {0}, CAST(sum(uses) AS BIGINT) AS uses FROM (SELECT {0}, uses FROM {1}\n"
          "  UNION ALL SELECT member_key, uses FROM {2} WHERE dimension = {3} AND member_key "
          "IN\n    ({4})) AS u\nGROUP BY {0}",
          t.sk, t.uses, names.Book("uses"), t.literal, affected)));
  std::string change = NewPlaceholders(step, t, names);
  if (ContentChanges(step)) {
    change = fmt::format("{}\nUNION ALL {}\nUNION ALL {}", RealRows(step, t, names), change,
                         Withdrawn(step, t, names));
  }
  statements.push_back(CreateTemp("members that come or change", t.change, change));
  statements.push_back(CreateTemp("members that go", t.gone, GoneQuery(step, t, names)));
  AddUses(step, t, names, &statements);
  return part;
}

PublishPart RenderApplyDimension(const ApplyDimensionStep& step, const Names& names,
                                 Days batch_date) {
  const DimensionNames t(step.resolved, names);
  std::vector<std::string> set;
  for (const std::string& column : step.resolved.table.Names()) {
    if (names.Column(column) == t.sk) continue;
    set.push_back(fmt::format("{0} = {1}.{0}", names.Column(column), t.change));
  }
  const std::vector<std::string> all = step.resolved.table.Names();
  PublishPart part;
  part.remove.push_back({fmt::format("delete members of '{}' that go", t.name),
                         fmt::format("DELETE FROM {0} WHERE {1} IN (SELECT {1} FROM {2})",
                                     t.dimension, t.sk, t.gone)});
  part.add.push_back({fmt::format("merge members of '{}', real and placeholder", t.name),
                      fmt::format("MERGE INTO {0} USING {1} ON {0}.{2} = {1}.{2}\n"
                                  "WHEN MATCHED THEN UPDATE SET {3}\n"
                                  "WHEN NOT MATCHED THEN INSERT ({4}) VALUES ({5})",
                                  t.dimension, t.change, t.sk, fmt::join(set, ", "),
                                  names.List(all), names.List(all, t.change + "."))});
  part.remove.push_back(
      {"replace their use counts",
       fmt::format("DELETE FROM {} WHERE dimension = {} AND member_key IN (SELECT "
                   "{} FROM {})",
                   names.Book("uses"), t.literal, t.sk, t.need)});
  part.add.push_back(
      {"keep use counts above zero",
       fmt::format(
           "INSERT INTO {} (dimension, member_key, uses)\nSELECT {}, {}, uses FROM {} WHERE "
           "uses > 0",
           names.Book("uses"), names.Varchar(t.name, 256), t.sk, t.need)});
  if (ContentChanges(step.resolved)) ApplyContent(step, t, names, batch_date, &part);
  return part;
}

}  // namespace lyceum
