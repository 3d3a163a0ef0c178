#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "base/status.h"
#include "run/target.h"
#include "warehouses/warehouse.h"

namespace lyceum {

/// Row count and order-free digest of one table: the sum modulo 2^128 of the first 128 bits of the
/// SHA-256 of each row's canonical encoding, as 32 hex digits.
struct TableDigest {
  std::string table;
  int64_t rows = 0;
  std::string digest;
};

/// One comparison of the ledger with what the tables hold.
struct LedgerCheck {
  std::string what;  ///< `fact_quiz 2025-06-01: rows loaded = rows in the fact + rows waiting`
  int64_t expected = 0;
  int64_t found = 0;
  bool ok() const { return expected == found; }
};

struct Verification {
  std::vector<TableDigest> tables;
  std::vector<LedgerCheck> checks;
  bool ok() const;
};

/// Digests every table of the star schema, the waiting rows and the open quarantine, and checks the
/// ledger against them. With `date`, only what belongs to that batch date (facts, waiting rows,
/// quarantine) or day (marts); dimensions whole. `schema` is where the star tables live.
Result<Verification> Verify(Warehouse* warehouse, const std::string& schema,
                            std::optional<Days> date);

/// As Verify, on sessions of its own. Where others may publish meanwhile, a publish that changes
/// tables makes it start again: a snapshot of rows holds no table that was made after it.
Result<Verification> VerifyTarget(const ResolvedTarget& target, std::optional<Days> date);

/// One published batch date of a dataset, for `status`.
struct BatchStatus {
  Days date = 0;
  std::string dataset;
  std::string run_id;
  std::string spec_hash;
  std::string published_at;
  /// The files carry the batch date. False for static files, whose rows are the same on every date
  /// that they were delivered to.
  bool dated = false;
  int64_t loaded = 0;
  int64_t quarantined = 0;
};
Result<std::vector<BatchStatus>> ReadBatches(Warehouse* warehouse);

/// How the last run of a batch date ended, in words of lyceum.runs: `published`, `gate_closed`, ...
struct LastRun {
  Days date = 0;
  std::string state;
};
Result<std::vector<LastRun>> ReadLastRuns(Warehouse* warehouse);

/// Filters of `quarantine list` and `quarantine show`.
struct QuarantineFilter {
  std::string dataset;
  /// Records of static files belong to every date that their content is current for, or, if it was
  /// not published, to the date of the run.
  std::optional<Days> date;
  std::string state = "open";  ///< "" for all
  std::string kind;            ///< rejected, conflict, "" for both
  std::string file;
  std::string reason;     ///< part of a reason
  std::string record_id;  ///< a prefix of it
  int64_t limit = 0;      ///< 0: all
};

struct QuarantineRecord {
  std::string record_id, run_id, dataset, batch_date, file, content_id, raw_text, stored_as;
  std::string kind, state;
  /// The date asked for; else the batch date, or the newest date of a static file's content.
  std::string shown_date;
  std::vector<std::string> reasons;
  std::optional<int64_t> line, element, byte_offset, byte_length;
};
Result<std::vector<QuarantineRecord>> ReadQuarantine(Warehouse* warehouse,
                                                     const QuarantineFilter& filter);

}  // namespace lyceum
