#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "engines/duckdb_client.h"
#include "plan/dataset_load.h"
#include "sql/names.h"
#include "sql/render.h"

namespace lyceum {

/// Rows that an engine has ready for a warehouse.
struct StagedRows {
  std::vector<TableColumn> columns;
  std::string query;  ///< SELECT on the embedded database, columns in order
  /// Of a fact, if the engine can tell which rows are new; see BatchDifference.
  std::optional<BatchDifference> difference = std::nullopt;
  /// s3:// folder whose Parquet files hold exactly these rows and columns, with decimals of 38
  /// digits; "" if there is none.
  std::string parquet;
};

/// What opening a delivered file told, before any row is judged.
struct OpenedFile {
  std::string fault;  ///< why the whole file cannot be read as records; "" if it can
  int64_t fault_line = 0;
  uint64_t fault_offset = 0;
  std::string raw_text;  ///< if there is a fault: the file's first 32 KiB, escaped
  bool has_records = false;
  int64_t empty_lines = 0;
  uint64_t text_bytes = 0;  ///< decompressed
  std::vector<std::string> unknown_columns;
};

/// The ledger line of one file.
struct RowCounts {
  int64_t read = 0;
  int64_t loaded = 0;
  int64_t duplicates = 0;
  int64_t quarantined = 0;
  void Add(const RowCounts& other) {
    read += other.read;
    loaded += other.loaded;
    duplicates += other.duplicates;
    quarantined += other.quarantined;
  }
  bool balances() const { return read == loaded + duplicates + quarantined; }
};

/// What loading one dataset gave.
struct LoadOutcome {
  std::vector<RowCounts> files;  ///< as DatasetPlan::files
  int64_t rows_judged = 0;
  std::vector<int64_t> rule_failures;      ///< as ReadStep::rules
  std::map<std::string, int64_t> reasons;  ///< rejected rows per reason, all reasons of each row
  std::map<std::string, int64_t> unknown_keys;  ///< JSON keys that no column matches
  int64_t conflicts = 0;                        ///< duplicates that differ from the row kept
  std::optional<StagedRows> staged;             ///< nullopt if the dataset feeds no table
  StagedRows quarantined;                       ///< rejected rows and conflicts
};

/// Where files become typed, judged, deduplicated and keyed rows. Not thread-safe, except
/// Interrupt() and Progress(). Loaded rows stay in the engine until Discard().
class Engine {
 public:
  virtual ~Engine() = default;

  /// Opens and indexes the files of a dataset; describes each, in order.
  virtual Result<std::vector<OpenedFile>> Open(const DatasetPlan& plan) = 0;
  /// Runs the load of an opened dataset. kUnavailable if a file changed meanwhile.
  virtual Result<LoadOutcome> Load(const DatasetLoad& load, const Names& names) = 0;
  /// Frees what Open and Load of this dataset hold.
  virtual Status Discard(const std::string& dataset) = 0;
  virtual void Interrupt() = 0;
  /// Share of the running statement that is done, 0 to 1; -1 if unknown.
  virtual double Progress() = 0;
};

struct EngineOptions {
  std::string timezone = "UTC";
  std::string spool_directory;        ///< decompressed files
  std::string long_record_directory;  ///< complete bytes of quarantined records over 32 KiB
};

/// The embedded engine. `database` has the key function and must outlive it.
Result<std::unique_ptr<Engine>> MakeDuckDbEngine(DuckDb* database, const EngineOptions& options);

class RecordFile;
/// Describes a file that was opened, with the head of its text if it cannot be read as records.
OpenedFile DescribeFile(const RecordFile& file);

/// The columns of quarantine records, in the order of lyceum.quarantine.
std::vector<TableColumn> QuarantineColumns();

}  // namespace lyceum
