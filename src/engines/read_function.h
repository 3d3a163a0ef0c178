#pragma once

#include <duckdb.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/position.h"
#include "base/status.h"
#include "engines/record_file.h"
#include "engines/seen_filter.h"
#include "engines/time_zone.h"
#include "spec/spec.h"

namespace lyceum {

/// The files of one dataset in one batch, in rank order (base name by bytes, then content id), and
/// what reading them counted. Owned by the engine; must outlive every statement that reads it.
struct Delivery {
  const Dataset* dataset = nullptr;
  /// Where timestamps with an offset are converted to; null for UTC. See SetTimezone.
  std::shared_ptr<const TimeZone> zone;
  std::vector<std::shared_ptr<const RecordFile>> files;
  /// Folder for the complete bytes of records longer than 32 KiB; created when first needed.
  std::string long_record_directory;

  /// Finds the zone by its IANA name; kBadSpec if there is none.
  Status SetTimezone(const std::string& name);
  /// Keeps the first failure. Thread-safe.
  void Fail(const Status& status);

  /// Identities that came before, and records that were looked up; the engine makes them as large
  /// as the files need.
  std::unique_ptr<SeenFilter> identities = std::make_unique<SeenFilter>(0);
  std::unique_ptr<SeenFilter> records = std::make_unique<SeenFilter>(0);

  /// Counted by the scan, per file (index as in `files`).
  std::vector<std::atomic<int64_t>> records_read;
  /// JSON: keys that match no spec column, with the number of records that have them. CSV columns
  /// come from FileColumns.
  std::mutex mutex;
  std::map<std::string, int64_t> unknown_keys;
  /// First I/O error met by a scan or a record look-up, so that the engine can tell it from an
  /// error of DuckDB; ok otherwise.
  Status failure;
};

/// Registers in the database of `connection`:
/// - table function `lyceum_read(delivery UBIGINT)`, where the argument is the address of a
/// Delivery.
///   Columns: one per source column of the dataset with its type (null where the value is null or
///   could not be typed), then `_pos BIGINT`, `_bad VARCHAR` and `_reasons VARCHAR`. For a good row
///   the last two are null. `_bad` is `*` if the row's structure is broken (all columns are null
///   then), else `,0,3,` with the ordinals of the columns whose text has another type. `_reasons`
///   holds the reasons as the inside of a JSON array: `"quiz_score: not a decimal(5,2)","..."`.
///   Scans run on all threads of the database, in any order of rows, streaming, chunk by chunk.
/// - scalar function `lyceum_record(delivery UBIGINT, pos BIGINT)` ->
///   STRUCT(line BIGINT, element BIGINT, length BIGINT, raw_text VARCHAR, raw_sha256 VARCHAR,
///   stored_as VARCHAR, again BOOLEAN): the record again, its text escaped and cut to 32 KiB, the
///   hash of all its bytes, and the name of the file in long_record_directory that holds all of
///   them if it was cut (synced to disk before the function returns), else null. `element` is null
///   for CSV. `again` is true if a record with the same bytes may have been looked up before.
/// - scalar function `lyceum_seen(delivery UBIGINT, hash UBIGINT)` -> BOOLEAN: notes the hash of an
///   identity and tells whether it may have come before; see SeenFilter.
Status RegisterReadFunctions(duckdb_connection connection);

}  // namespace lyceum
