#pragma once

#include <duckdb.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "engines/row.h"

namespace lyceum {

/// Limits of an embedded DuckDB. All are always set: DuckDB's own defaults take 80% of the memory
/// and spill beside the database file.
struct DuckDbOptions {
  int threads = 0;                      ///< 0: one per core
  std::string memory_limit = "640MiB";  ///< of DuckDB's buffers; readers add about 2 MiB per thread
  std::string temp_directory;           ///< spilled data; "" forbids spilling
  bool reveals_values = false;          ///< messages may quote values: the user asked for them
  bool reports_progress = false;        ///< Progress() works; keeping count costs some time
};

/// One embedded DuckDB with an in-memory main database, to which warehouses attach files, and one
/// connection. Not thread-safe, except Interrupt() and Progress().
/// Statements end with kInterrupted after Interrupt(), kUnavailable for I/O, lock, memory and disk
/// errors, kOutOfRange for numbers that do not fit their type, and kInternal for anything else:
/// Lyceum's own SQL is at fault then.
class DuckDb {
 public:
  static Result<std::unique_ptr<DuckDb>> Open(const DuckDbOptions& options);
  ~DuckDb();
  DuckDb(const DuckDb&) = delete;
  DuckDb& operator=(const DuckDb&) = delete;

  /// Runs one statement and drops its rows.
  Status Execute(const std::string& sql);
  /// Runs one statement and returns its rows as text.
  Result<RowSet> Query(const std::string& sql);
  /// Runs one statement and hands out its rows while they are produced. Types beyond those of Cell
  /// arrive as its nearest number, or as text. `columns`, if given, receives the column names
  /// before the first row.
  Status Scan(const std::string& sql, const RowSink& sink,
              std::vector<std::string>* columns = nullptr);

  /// Ends the running statement, from any thread.
  void Interrupt();
  /// Share done of the running statement, 0 to 1, or -1 if unknown. From any thread.
  double Progress();

  /// Lyceum's functions are registered through it; the DuckDb stays the owner.
  duckdb_connection connection() const { return connection_; }

 private:
  DuckDb() = default;
  Status Run(const std::string& sql, duckdb_result* result, bool streaming);
  Status ErrorOf(duckdb_result* result) const;

  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
  bool reveals_values_ = false;
};

}  // namespace lyceum
