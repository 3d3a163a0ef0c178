#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "engines/row.h"

struct pg_conn;
struct pg_result;
struct pg_cancel;

namespace lyceum {

struct PgOptions {
  std::string url;   ///< as libpq reads it; may hold a password
  std::string name;  ///< what messages call the server
  /// A word that `version()` must have, checked before anything else is sent; "" for none.
  std::string version_word;
  /// Statements that every new connection runs first.
  std::vector<std::string> session;
};

/// One connection to a server that speaks PostgreSQL's protocol: PostgreSQL or Redshift. Not
/// thread-safe, except Interrupt().
///
/// Codes: kConflict for serialisation failures and deadlocks, kConnectionLost when the connection
/// breaks or cannot be opened again, kInterrupted after Interrupt(), kUnavailable for what an
/// administrator can mend (privileges, disk, memory, limits), kInternal otherwise: Lyceum's own SQL
/// is at fault. Messages hold the server's primary message only, since details may hold row values.
/// After kConnectionLost the next statement outside a transaction opens a new connection;
/// temporary tables are gone then.
class PgClient {
 public:
  static Result<std::unique_ptr<PgClient>> Open(const PgOptions& options);
  ~PgClient();
  PgClient(const PgClient&) = delete;
  PgClient& operator=(const PgClient&) = delete;

  /// Runs one statement and drops its rows. BEGIN, COMMIT and ROLLBACK are understood.
  Status Execute(const std::string& sql);
  /// Runs one query and returns its rows as text.
  Result<RowSet> Query(const std::string& sql);
  /// Runs one query and hands out its rows while they arrive. More than one statement is an error.
  Status Scan(const std::string& sql, const RowSink& sink, std::vector<std::string>* columns);

  /// Begins a `COPY ... FROM STDIN`. Then CopyData any number of times, then CopyEnd, which commits
  /// the rows to the transaction, or ends the COPY with an error if `abort` says why.
  Status CopyBegin(const std::string& sql);
  Status CopyData(std::string_view data);
  Status CopyEnd(const std::optional<std::string>& abort);

  /// PQserverVersion: 150018 for 15.18; Redshift says 80002.
  int server_version() const;
  const std::string& name() const { return options_.name; }

  /// Ends the running statement, from any thread.
  void Interrupt();

 private:
  explicit PgClient(const PgOptions& options) : options_(options) {}
  Status Connect();
  void Disconnect();
  Status EnsureConnected();
  Status Run(const std::string& sql);
  Status ScanConnected(const std::string& sql, const RowSink& sink,
                       std::vector<std::string>* columns);
  Status StatusOf(pg_result* result);
  void Cancel();

  PgOptions options_;
  pg_conn* connection_ = nullptr;
  bool in_transaction_ = false;
  bool connected_before_ = false;
  std::atomic<bool> interrupted_{false};
  std::mutex cancel_mutex_;
  pg_cancel* cancel_ = nullptr;  ///< guarded by cancel_mutex_
};

}  // namespace lyceum
