#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "engines/duckdb_client.h"
#include "engines/engine.h"
#include "engines/object_store.h"
#include "engines/row.h"
#include "sql/names.h"

namespace lyceum {

/// Where the star schema and the bookkeeping live: one session on one database. Not thread-safe,
/// except Interrupt(); one per run. Transactions are statements (BEGIN, COMMIT, ROLLBACK); where
/// several processes write, one that changes anything locks first (see RenderLock).
/// Codes: kConflict, kConnectionLost, kUnavailable and kInterrupted as ErrorCode says. After a
/// failed statement inside a transaction the caller must roll back; after kConnectionLost the next
/// BEGIN opens a new session, without the temporary tables of the old one.
class Warehouse {
 public:
  virtual ~Warehouse() = default;

  virtual const Dialect& dialect() const = 0;
  /// Runs one statement and drops its rows.
  virtual Status Execute(const Statement& statement) = 0;
  /// Runs one query with a small result.
  virtual Result<RowSet> Query(const std::string& sql) = 0;
  /// Runs one query and hands out its rows while they arrive.
  virtual Status Scan(const std::string& sql, const RowSink& sink,
                      std::vector<std::string>* columns = nullptr) = 0;
  /// Brings rows of the engine into the private table `table`, creating it if it is missing.
  /// Outside any transaction. Where the dialect has private_views, they stay with the engine, which
  /// must keep them for as long as the private table is used.
  virtual Status Stage(const std::string& table, const StagedRows& rows) = 0;
  /// Ends the running statement, from any thread.
  virtual void Interrupt() = 0;
};

/// kUnavailable if the folder of a DuckDB file does not exist.
Status CheckDuckDbFolder(const std::string& path);

/// Opens a DuckDB file as warehouse, attached to the engine's database, which must outlive it.
/// `schema` becomes the default schema. kUnavailable if another process has the file open (the
/// message names it), or the file is no DuckDB database; with `read_only`, also if it does not
/// exist.
Result<std::unique_ptr<Warehouse>> OpenDuckDbWarehouse(DuckDb* database, const std::string& path,
                                                       const std::string& schema, bool read_only);

/// A server that speaks PostgreSQL's protocol.
struct ServerOptions {
  std::string url;     ///< as libpq reads it; may hold a password
  std::string name;    ///< what messages call it
  std::string schema;  ///< becomes the search path
  bool read_only = false;
};

/// Connects to PostgreSQL. `engine` holds the rows that Stage() reads and must outlive the
/// warehouse; it may be null if nothing is staged. kUnavailable says why there is no connection, or
/// that the server is older than 15.
Result<std::unique_ptr<Warehouse>> OpenPostgresWarehouse(DuckDb* engine,
                                                         const ServerOptions& options);

struct RedshiftOptions {
  ServerOptions server;
  std::string stage;     ///< `s3://bucket/prefix`
  std::string iam_role;  ///< `default`, or an ARN
};

/// Connects to Amazon Redshift. `engine` and `store` as for PostgreSQL's engine: needed for Stage()
/// only, and outliving the warehouse. kUnavailable also if the server is no Redshift.
Result<std::unique_ptr<Warehouse>> OpenRedshiftWarehouse(DuckDb* engine, ObjectStore* store,
                                                         const RedshiftOptions& options);

}  // namespace lyceum
