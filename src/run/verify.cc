#include "run/verify.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "run/ledger.h"
#include "run/session.h"
#include "sql/render.h"

namespace lyceum {
namespace {

/// Adds up the digest of one table from its rows, in any order. A sum, never XOR: doubled rows
/// would cancel out.
class RowDigest {
 public:
  void Add(const std::vector<Cell>& row) {
    encoding_.clear();
    for (const Cell& cell : row) AppendCell(cell, &encoding_);
    uint8_t digest[32];
    hash_.Update(encoding_);
    hash_.Finish(digest);
    unsigned __int128 value = 0;
    for (int i = 0; i < 16; ++i) value = value << 8 | digest[i];
    sum_ += value;
    ++rows_;
  }
  int64_t rows() const { return rows_; }
  std::string Hex() const {
    return fmt::format("{:016x}{:016x}", static_cast<uint64_t>(sum_ >> 64),
                       static_cast<uint64_t>(sum_));
  }

 private:
  Sha256 hash_;
  std::string encoding_;
  unsigned __int128 sum_ = 0;
  int64_t rows_ = 0;
};

Result<TableDigest> Digest(Warehouse* warehouse, const std::string& name, const std::string& sql) {
  RowDigest digest;
  RETURN_IF_ERROR(warehouse->Scan(sql, [&digest](const std::vector<Cell>& row) {
    digest.Add(row);
    return Status::Ok();
  }));
  return TableDigest{name, digest.rows(), digest.Hex()};
}

/// Digests the open quarantine. A file counts by its name, not its path: where an inbox lies is no
/// part of what it holds.
Result<TableDigest> DigestQuarantine(Warehouse* warehouse, const std::string& and_date) {
  constexpr size_t kFile = 2;
  RowDigest digest;
  std::vector<Cell> named;
  RETURN_IF_ERROR(warehouse->Scan(
      fmt::format("SELECT dataset, batch_date, file, raw_text, reasons FROM lyceum.quarantine "
                  "WHERE state = 'open'{}",
                  and_date),
      [&](const std::vector<Cell>& row) {
        named = row;
        if (const auto* file = std::get_if<std::string_view>(&row[kFile])) {
          named[kFile] = file->substr(file->rfind('/') + 1);
        }
        digest.Add(named);
        return Status::Ok();
      }));
  return TableDigest{"quarantine", digest.rows(), digest.Hex()};
}

/// Reads two numbers per row and notes them as a check named by the row's first columns.
Status AddChecks(Warehouse* warehouse, const std::string& sql, const std::string& what,
                 std::vector<LedgerCheck>* checks) {
  ASSIGN_OR_RETURN(const RowSet set, warehouse->Query(sql));
  for (const auto& row : set.rows) {
    const std::string subject = row[0].value_or("");
    checks->push_back({subject.empty() ? what : fmt::format("{}: {}", subject, what),
                       std::stoll(row[1].value_or("0")), std::stoll(row[2].value_or("0"))});
  }
  return Status::Ok();
}

/// Compares the ledger with the tables. Everything is counted from the tables anew.
class LedgerAudit {
 public:
  LedgerAudit(Warehouse* warehouse, const Names& names, std::optional<Days> date,
              std::vector<LedgerCheck>* checks)
      : warehouse_(warehouse), names_(names), checks_(checks) {
    if (date) and_date_ = fmt::format(" AND batch_date = {}", names.Date(*date));
    whole_ = !date;
  }

  Status Files() {
    RETURN_IF_ERROR(
        Add(fmt::format("SELECT dataset || coalesce(' ' || CAST(batch_date AS VARCHAR(10)), ''), "
                        "sum(rows_read), sum(rows_loaded + rows_duplicate + "
                        "rows_quarantined) FROM lyceum.files WHERE TRUE{} GROUP BY "
                        "dataset, batch_date, delivery_id ORDER BY 1",
                        and_date_),
            "rows read = loaded + duplicates + quarantined"));
    return Add(
        fmt::format(
            "SELECT dataset || coalesce(' ' || CAST(batch_date AS VARCHAR(10)), ''), sum(listed), "
            "sum(kept) FROM\n"
            "  (SELECT dataset, batch_date, delivery_id, rows_quarantined AS listed, 0 AS kept\n"
            "   FROM lyceum.files WHERE TRUE{0}\n"
            "   UNION ALL SELECT dataset, batch_date, delivery_id, 0, 1 FROM lyceum.quarantine\n"
            "   WHERE kind = 'rejected' AND state = 'open'{0}) AS q\n"
            "GROUP BY dataset, batch_date, delivery_id ORDER BY 1",
            and_date_),
        "rows quarantined = open quarantine records");
  }

  Status Fact(const DescribedTable& table) {
    const std::string fact = names_.Star(table.schema.name);
    const std::string waiting = names_.Book(WaitingTable(table.schema.name));
    RETURN_IF_ERROR(Add(
        fmt::format(
            "SELECT {0} || ' ' || CAST(batch_date AS VARCHAR(10)), sum(listed), sum(kept) FROM\n"
            "  (SELECT batch_date, rows_loaded AS listed, 0 AS kept FROM lyceum.files\n"
            "   WHERE dataset = {1}{2}\n"
            "   UNION ALL SELECT batch_date, 0, count(*) FROM {3} WHERE TRUE{2}\n"
            "   GROUP BY batch_date\n"
            "   UNION ALL SELECT batch_date, 0, count(*) FROM {4} WHERE TRUE{2}\n"
            "   GROUP BY batch_date) AS r\nGROUP BY batch_date ORDER BY batch_date",
            names_.Text(table.schema.name), names_.Text(table.dataset), and_date_, fact, waiting),
        "rows loaded = rows in the fact + rows waiting"));
    if (!whole_) return Status::Ok();
    const std::string key = names_.Column(table.schema.NameOf(ColumnRole::kEventKey));
    RETURN_IF_ERROR(Add(fmt::format("SELECT {}, count(*), count(DISTINCT {}) FROM {}",
                                    names_.Text(table.schema.name), key, fact),
                        "rows = distinct event keys"));
    return Add(fmt::format("SELECT {0}, 0, count(*) FROM {1} AS w WHERE NOT EXISTS (SELECT 1 FROM "
                           "{2} AS f WHERE f.{3} = w.{3} AND f.batch_date < w.batch_date)",
                           names_.Text(table.schema.name), waiting, fact, key),
               "rows waiting behind no earlier batch");
  }

  Status Dimension(const DescribedTable& table, const std::vector<DescribedTable>& all) {
    if (!whole_) return Status::Ok();
    const std::string name = names_.Text(table.schema.name);
    const std::string star = names_.Star(table.schema.name);
    const std::string sk = names_.Column(table.schema.NameOf(ColumnRole::kSurrogateKey));
    std::vector<std::string> recount;
    for (const DescribedTable& user : all) {
      for (const TableColumn& column : user.schema.columns) {
        const bool refers = column.role == ColumnRole::kReferenceKey &&
                            column.refers_to.rfind(table.schema.name + "(", 0) == 0;
        if (!refers) continue;
        recount.push_back(
            fmt::format("SELECT {0} AS member_key, count(*) AS uses FROM {1} WHERE {0} IS NOT NULL "
                        "GROUP BY {0}",
                        names_.Column(column.name), names_.Star(user.schema.name)));
      }
    }
    if (recount.empty()) {
      recount.push_back("SELECT member_key, uses FROM lyceum.uses WHERE 1 = 0");
    }
    RETURN_IF_ERROR(
        Add(fmt::format("SELECT {0}, 0, count(*) FROM (SELECT member_key FROM\n"
                        "  (SELECT member_key, uses FROM lyceum.uses WHERE dimension = {0}\n"
                        "   UNION ALL SELECT member_key, -uses FROM ({1}) AS c) AS u\n"
                        "GROUP BY member_key HAVING sum(uses) <> 0) AS w",
                        name, fmt::join(recount, " UNION ALL ")),
            "members whose use count differs from the rows that use them"));
    RETURN_IF_ERROR(
        Add(fmt::format("SELECT {0}, (SELECT count(*) FROM (SELECT member_key FROM "
                        "lyceum.members WHERE dimension = {0} UNION SELECT member_key "
                        "FROM lyceum.uses WHERE dimension = {0}) AS k), count(*) FROM {1}",
                        name, star),
            "members delivered or in use = rows"));
    if (table.dataset.empty()) return Status::Ok();
    RETURN_IF_ERROR(
        Add(fmt::format("SELECT {0}, (SELECT count(*) FROM lyceum.members WHERE dimension "
                        "= {0}), count(*) FROM {1} WHERE NOT {2}",
                        name, star, names_.Column(kIsInferred)),
            "members delivered = rows that are no placeholders"));
    return Add(fmt::format("SELECT {0}, (SELECT sum(rows_loaded) FROM lyceum.files WHERE dataset = "
                           "{1} AND delivery_id IN (SELECT delivery_id FROM lyceum.snapshots)), "
                           "count(*) FROM {2}",
                           name, names_.Text(table.dataset),
                           names_.Book(VersionsTable(table.schema.name))),
               "rows loaded = versions kept");
  }

 private:
  Status Add(const std::string& sql, const std::string& what) {
    return AddChecks(warehouse_, sql, what, checks_);
  }

  Warehouse* warehouse_;
  const Names& names_;
  std::vector<LedgerCheck>* checks_;
  std::string and_date_;
  bool whole_ = true;
};

std::string DateFilter(const DescribedTable& table, const Names& names, std::optional<Days> date) {
  if (!date) return "";
  if (table.schema.kind == TableKind::kFact) {
    return fmt::format(" WHERE {} = {}", names.Column(kBatchDate), names.Date(*date));
  }
  if (table.schema.kind == TableKind::kMart) {
    return fmt::format(" WHERE {} = {}", names.Column(kDateKey), names.Date(*date));
  }
  return "";
}

std::string Like(const Names& names, const std::string& part) {
  std::string escaped;
  for (char c : part) {
    if (c == '%' || c == '_' || c == '!') escaped += '!';
    escaped += c;
  }
  return fmt::format("{} ESCAPE '!'", names.Text("%" + escaped + "%"));
}

/// The condition that finds a date's records in lyceum.quarantine AS q.
std::string BelongsTo(const std::string& date) {
  return fmt::format(
      "(q.batch_date = {0} OR (q.batch_date IS NULL AND q.state = 'not_published' AND q.run_id IN\n"
      "  (SELECT run_id FROM lyceum.runs WHERE batch_date = {0}))\n"
      "OR (q.batch_date IS NULL AND q.state <> 'not_published' AND EXISTS\n"
      "  (SELECT 1 FROM lyceum.batches AS d WHERE d.dataset = q.dataset\n"
      "   AND d.delivery_id = q.delivery_id AND d.batch_date = {0})))",
      date);
}

std::optional<int64_t> Number(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return std::stoll(*text);
}

}  // namespace

bool Verification::ok() const {
  return std::all_of(checks.begin(), checks.end(), [](const LedgerCheck& c) { return c.ok(); });
}

Result<Verification> Verify(Warehouse* warehouse, const std::string& schema,
                            std::optional<Days> date) {
  const Names names(warehouse->dialect(), schema, "");
  ASSIGN_OR_RETURN(const std::vector<DescribedTable> tables, ReadTables(warehouse));
  Verification result;
  LedgerAudit audit(warehouse, names, date, &result.checks);
  RETURN_IF_ERROR(audit.Files());
  for (const DescribedTable& table : tables) {
    const std::string columns = names.List(table.schema.Names());
    const std::string filter = DateFilter(table, names, date);
    ASSIGN_OR_RETURN(
        TableDigest digest,
        Digest(warehouse, table.schema.name,
               fmt::format("SELECT {} FROM {}{}", columns, names.Star(table.schema.name), filter)));
    result.tables.push_back(std::move(digest));
    if (table.schema.kind == TableKind::kDimension) {
      RETURN_IF_ERROR(audit.Dimension(table, tables));
    }
    if (table.schema.kind != TableKind::kFact) continue;
    RETURN_IF_ERROR(audit.Fact(table));
    const std::string waiting = WaitingTable(table.schema.name);
    ASSIGN_OR_RETURN(digest, Digest(warehouse, waiting,
                                    fmt::format("SELECT {}, reason FROM {}{}", columns,
                                                names.Book(waiting), filter)));
    result.tables.push_back(std::move(digest));
  }
  ASSIGN_OR_RETURN(
      TableDigest quarantine,
      DigestQuarantine(warehouse,
                       date ? fmt::format(" AND batch_date = {}", names.Date(*date)) : ""));
  result.tables.push_back(std::move(quarantine));
  return result;
}

namespace {

/// What tells two states of the star's tables apart.
Result<std::string> Definitions(Warehouse* warehouse) {
  ASSIGN_OR_RETURN(const std::vector<DescribedTable> tables, ReadTables(warehouse));
  ASSIGN_OR_RETURN(const auto hashes, ReadMartHashes(warehouse));
  std::string text;
  for (const DescribedTable& table : tables) {
    text += fmt::format("{}({})\n", table.schema.name, fmt::join(table.schema.Names(), ","));
  }
  for (const auto& [table, hash] : hashes) text += fmt::format("{} {}\n", table, hash);
  return text;
}

}  // namespace

Result<Verification> VerifyTarget(const ResolvedTarget& target, std::optional<Days> date) {
  constexpr int kAttempts = 5;
  for (int attempt = 1;; ++attempt) {
    ASSIGN_OR_RETURN(const auto session, ReadSession::Open(target));
    Warehouse* warehouse = &session->warehouse();
    ASSIGN_OR_RETURN(const std::string before, Definitions(warehouse));
    auto verification = Verify(warehouse, session->target().schema, date);
    if (warehouse->dialect().one_writer || attempt == kAttempts) return verification;
    ASSIGN_OR_RETURN(const auto later, ReadSession::Open(target));
    ASSIGN_OR_RETURN(const std::string after, Definitions(&later->warehouse()));
    if (before == after) return verification;
  }
}

Result<std::vector<BatchStatus>> ReadBatches(Warehouse* warehouse) {
  ASSIGN_OR_RETURN(
      const RowSet set,
      warehouse->Query(
          "SELECT b.batch_date, b.dataset, b.run_id, b.spec_hash, CAST(b.published_at AS VARCHAR), "
          "coalesce(sum(f.rows_loaded), 0), coalesce(sum(f.rows_quarantined), 0),\n"
          "  max(CASE WHEN f.batch_date IS NULL THEN 0 ELSE 1 END)\n"
          "FROM lyceum.batches AS b LEFT JOIN lyceum.files AS f ON f.dataset = b.dataset\n"
          "  AND f.delivery_id = b.delivery_id AND (f.batch_date IS NULL OR f.batch_date = "
          "b.batch_date)\n"
          "GROUP BY b.batch_date, b.dataset, b.run_id, b.spec_hash, b.published_at\n"
          "ORDER BY b.batch_date, b.dataset"));
  std::vector<BatchStatus> batches;
  for (const auto& row : set.rows) {
    batches.push_back({*ParseBatchDate(*row[0]), *row[1], *row[2], *row[3],
                       row[4].value_or("").substr(0, 19), *row[7] == "1", std::stoll(*row[5]),
                       std::stoll(*row[6])});
  }
  return batches;
}

Result<std::vector<LastRun>> ReadLastRuns(Warehouse* warehouse) {
  ASSIGN_OR_RETURN(
      const RowSet set,
      warehouse->Query("SELECT batch_date, state FROM\n"
                       "  (SELECT batch_date, state, row_number() OVER (PARTITION BY batch_date\n"
                       "   ORDER BY started_at DESC, run_id DESC) AS age FROM lyceum.runs) AS r\n"
                       "WHERE age = 1 ORDER BY batch_date"));
  std::vector<LastRun> runs;
  for (const auto& row : set.rows) runs.push_back({*ParseBatchDate(*row[0]), *row[1]});
  return runs;
}

Result<std::vector<QuarantineRecord>> ReadQuarantine(Warehouse* warehouse,
                                                     const QuarantineFilter& filter) {
  const Names names(warehouse->dialect(), "", "");
  std::vector<std::string> where = {"TRUE"};
  const auto equal = [&](const char* column, const std::string& value) {
    if (!value.empty()) where.push_back(fmt::format("q.{} = {}", column, names.Text(value)));
  };
  equal("dataset", filter.dataset);
  equal("state", filter.state);
  equal("kind", filter.kind);
  if (filter.date) where.push_back(BelongsTo(names.Date(*filter.date)));
  if (!filter.file.empty()) {
    where.push_back(fmt::format("q.file LIKE {}", Like(names, filter.file)));
  }
  if (!filter.reason.empty()) {
    where.push_back(fmt::format("q.reasons LIKE {}", Like(names, filter.reason)));
  }
  if (!filter.record_id.empty()) {
    where.push_back(fmt::format("substr(q.record_id, 1, {}) = {}", filter.record_id.size(),
                                names.Text(filter.record_id)));
  }
  const std::string newest =
      "coalesce(q.batch_date, CASE WHEN q.state = 'not_published' THEN r.run_date ELSE b.newest "
      "END)";
  std::string sql = fmt::format(
      "SELECT q.record_id, q.run_id, q.dataset, q.batch_date, q.file, q.content_id, q.raw_text,\n"
      "  q.stored_as, q.kind, q.state, {}, q.reasons, q.line, q.element, q.byte_offset,\n"
      "  q.byte_length\nFROM lyceum.quarantine AS q\n"
      "LEFT JOIN (SELECT dataset, delivery_id, max(batch_date) AS newest FROM lyceum.batches\n"
      "  GROUP BY dataset, delivery_id) AS b\n"
      "  ON b.dataset = q.dataset AND b.delivery_id = q.delivery_id\n"
      "LEFT JOIN (SELECT run_id, max(batch_date) AS run_date FROM lyceum.runs GROUP BY run_id) AS "
      "r\n"
      "  ON r.run_id = q.run_id\n"
      "WHERE {}\nORDER BY q.batch_date, q.dataset, q.file, q.byte_offset, q.run_id",
      filter.date ? names.Date(*filter.date) : newest, fmt::join(where, " AND "));
  if (filter.limit > 0) sql += fmt::format(" LIMIT {}", filter.limit);
  ASSIGN_OR_RETURN(const RowSet set, warehouse->Query(sql));
  std::vector<QuarantineRecord> records;
  for (const auto& row : set.rows) {
    QuarantineRecord record;
    std::string* fields[] = {&record.record_id,  &record.run_id,    &record.dataset,
                             &record.batch_date, &record.file,      &record.content_id,
                             &record.raw_text,   &record.stored_as, &record.kind,
                             &record.state,      &record.shown_date};
    for (size_t i = 0; i < std::size(fields); ++i) *fields[i] = row[i].value_or("");
    const auto reasons = nlohmann::json::parse(row[11].value_or("[]"), nullptr, false);
    for (const auto& reason : reasons) {
      if (reason.is_string()) record.reasons.push_back(reason.get<std::string>());
    }
    record.line = Number(row[12]);
    record.element = Number(row[13]);
    record.byte_offset = Number(row[14]);
    record.byte_length = Number(row[15]);
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace lyceum
