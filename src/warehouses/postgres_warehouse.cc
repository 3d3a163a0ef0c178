// PostgreSQL 15 or newer. Rows are staged by COPY in binary form, outside the publish transaction,
// into unlogged private tables; the publish then is SQL inside the server. A server that crashes
// empties unlogged tables, which the count of staged rows under the lock notices.

#include <fmt/format.h>

#include "sql/staging_sql.h"
#include "warehouses/pg_copy.h"
#include "warehouses/server_warehouse.h"

namespace lyceum {
namespace {

constexpr int kLeastVersion = 150000;  // MERGE
/// Large enough that a call costs nothing, small enough to stay in the processor's cache.
constexpr size_t kCopyBytes = 256 * 1024;

class PostgresWarehouse : public ServerWarehouse {
 public:
  PostgresWarehouse(std::unique_ptr<PgClient> client, DuckDb* engine)
      : ServerWarehouse(PostgresDialect(), std::move(client), engine) {}

  Status Stage(const std::string& table, const StagedRows& rows) override {
    crash_point_.Pass();
    Status status = client_->Execute("BEGIN");
    if (status.ok()) status = CopyRows(table, rows);
    crash_point_.Pass();
    if (status.ok()) status = client_->Execute("COMMIT");
    if (!status.ok()) (void)client_->Execute("ROLLBACK");
    return Explain(status, "stage rows");
  }

 private:
  Status CopyRows(const std::string& table, const StagedRows& rows) {
    const Names names(dialect(), "", "");
    RETURN_IF_ERROR(client_->Execute(RenderPrivateTable(table, rows.columns, names)));
    RETURN_IF_ERROR(client_->CopyBegin(RenderBinaryCopy(table, rows.columns, names)));
    PgBinaryRows encoder(rows.columns);
    const auto send = [&]() {
      const Status status = client_->CopyData(encoder.buffer());
      encoder.Clear();
      return status;
    };
    Status status = engine_->Scan(rows.query, [&](const std::vector<Cell>& row) {
      RETURN_IF_ERROR(encoder.Add(row));
      return encoder.buffer().size() < kCopyBytes ? Status::Ok() : send();
    });
    if (status.ok()) {
      encoder.Finish();
      status = send();
    }
    const Status end =
        client_->CopyEnd(status.ok() ? std::nullopt : std::optional<std::string>("given up"));
    // What the server says tells more than "the connection was lost".
    const bool servers = !status.ok() && status.code() == ErrorCode::kConnectionLost && !end.ok();
    return status.ok() || servers ? end : status;
  }
};

}  // namespace

Result<std::unique_ptr<Warehouse>> OpenPostgresWarehouse(DuckDb* engine,
                                                         const ServerOptions& options) {
  PgOptions pg;
  pg.url = options.url;
  pg.name = options.name;
  pg.version_word = "PostgreSQL";
  pg.session = {"SET client_min_messages TO warning", "SET TimeZone TO 'UTC'",
                "SET DateStyle TO 'ISO, YMD'", "SET extra_float_digits TO 1",
                "SET standard_conforming_strings TO on",
                // Hash joins of a day's keys should not spill; a server gives 4 MB by default.
                "SET work_mem TO '64MB'",
                fmt::format("SET search_path TO {}", QuoteName(PostgresDialect(), options.schema))};
  if (options.read_only) {
    pg.session.push_back("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  }
  ASSIGN_OR_RETURN(auto client, PgClient::Open(pg));
  if (client->server_version() < kLeastVersion) {
    return Unavailable(
        fmt::format("'{}' is not PostgreSQL 15 or newer; Lyceum needs its MERGE", options.name));
  }
  return std::unique_ptr<Warehouse>(std::make_unique<PostgresWarehouse>(std::move(client), engine));
}

}  // namespace lyceum
