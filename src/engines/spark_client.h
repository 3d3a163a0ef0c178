#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "engines/row.h"
#include "engines/spark_url.h"

namespace lyceum {

/// A read of files with options that SQL cannot say, and what is selected of it.
struct SparkFileView {
  std::string name;    ///< of the temporary view; replaced if it exists
  std::string format;  ///< text, binaryFile, parquet
  std::vector<std::pair<std::string, std::string>> options;
  std::vector<std::string> paths;
  /// SQL expressions over the file's columns and `_metadata`, each with its `AS` name.
  std::vector<std::string> select;
};

/// One session on a Spark Connect server, 3.5 or newer. Not thread-safe, except Interrupt() and
/// Progress(). The session is kept alive while this lives, and released at its end.
///
/// Every statement runs as a reattachable operation: a cut connection is attached again, and a
/// statement whose start is unknown is sent again under the same operation id, so that it never
/// runs twice. Statements end with
/// - kInterrupted after Interrupt(),
/// - kUnavailable if the server cannot be reached, refuses us, loses the session or an executor, or
///   fails at reading or writing,
/// - kInternal for anything else: Lyceum's own SQL is at fault then.
/// Messages hold the error class, the SQLSTATE and the part of the statement that they point to;
/// never a value of a row, and no token.
class SparkClient {
 public:
  /// `name` is what messages call the server.
  static Result<std::unique_ptr<SparkClient>> Open(const SparkAddress& address,
                                                   const std::string& name);
  virtual ~SparkClient() = default;

  /// Of the server: `4.1.1`.
  virtual const std::string& version() const = 0;
  /// Sets session settings.
  virtual Status Configure(const std::vector<std::pair<std::string, std::string>>& settings) = 0;
  /// Runs one statement, a command or a query, and drops its rows.
  virtual Status Execute(const std::string& sql) = 0;
  /// Runs one query and returns its rows as text, as CellText() spells them.
  virtual Result<RowSet> Query(const std::string& sql) = 0;
  virtual Status CreateView(const SparkFileView& view) = 0;
  /// The error class of the last statement that failed (`FAILED_READ_FILE.NO_HINT`), "" if the
  /// server gave none.
  virtual const std::string& last_error_class() const = 0;

  /// Ends the running statement and every later one, from any thread.
  virtual void Interrupt() = 0;
  /// Share done of the running statement, 0 to 1, never falling; -1 if unknown. From any thread.
  virtual double Progress() = 0;
};

/// False in a build without gRPC; SparkClient::Open then says how to get it.
bool HasSparkClient();

}  // namespace lyceum
