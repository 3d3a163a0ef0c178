// The DuckDB file is attached to the engine's database, so staged rows are views of the engine's
// and the publish transaction writes to this file only (DuckDB allows one written database per
// transaction; temporary tables do not count). DuckDB locks the file for as long as it is attached:
// that lock is what makes writers take turns. Nothing else in the process may open the file, since
// closing it would drop the lock (POSIX).

#include <fmt/format.h>

#include <filesystem>

#include "sql/staging_sql.h"
#include "warehouses/crash_point.h"
#include "warehouses/statement_guard.h"
#include "warehouses/warehouse.h"

namespace lyceum {
namespace {

constexpr char kCatalog[] = "lyceum_warehouse";

class DuckDbWarehouse : public Warehouse {
 public:
  explicit DuckDbWarehouse(DuckDb* database) : database_(database), guard_(DuckDbDialect()) {}
  ~DuckDbWarehouse() override {
    (void)database_->Execute("ROLLBACK");
    (void)database_->Execute("USE memory");
    (void)database_->Execute(fmt::format("DETACH {}", kCatalog));
  }

  const Dialect& dialect() const override { return DuckDbDialect(); }

  Status Execute(const Statement& statement) override {
    crash_point_.Pass();
    RETURN_IF_ERROR(guard_.Check(statement.sql));
    return Explain(database_->Execute(statement.sql), statement.purpose);
  }

  Result<RowSet> Query(const std::string& sql) override { return database_->Query(sql); }

  Status Scan(const std::string& sql, const RowSink& sink,
              std::vector<std::string>* columns) override {
    return database_->Scan(sql, sink, columns);
  }

  Status Stage(const std::string& table, const StagedRows& rows) override {
    crash_point_.Pass();
    return Explain(database_->Execute(RenderPrivateView(table, rows.query).sql), "stage rows");
  }

  void Interrupt() override { database_->Interrupt(); }

 private:
  static Status Explain(const Status& status, const std::string& purpose) {
    if (status.ok() || status.code() == ErrorCode::kInterrupted) return status;
    return {status.code(), fmt::format("{}: {}", purpose, status.message())};
  }

  DuckDb* database_;
  StatementGuard guard_;
  CrashPoint crash_point_;
};

/// DuckDB's message names the holder: `... held in /usr/bin/x (PID 12) by user ...`.
Status ExplainAttach(const Status& status, const std::string& path) {
  const std::string& text = status.message();
  if (text.find("Could not set lock") != std::string::npos ||
      text.find("Conflicting lock") != std::string::npos) {
    const size_t pid = text.find("PID ");
    const std::string holder =
        pid == std::string::npos
            ? "another process"
            : fmt::format("process {}", text.substr(pid + 4, text.find(')', pid) - pid - 4));
    return Unavailable(fmt::format(
        "'{}' is in use by {}; one writer at a time: wait for it and run again", path, holder));
  }
  if (text.find("not a valid DuckDB database file") != std::string::npos) {
    return Unavailable(fmt::format("'{}' is not a DuckDB database", path));
  }
  return Unavailable(fmt::format("cannot open '{}': {}", path, text));
}

}  // namespace

Status CheckDuckDbFolder(const std::string& path) {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (folder.empty() || std::filesystem::is_directory(folder, error)) return Status::Ok();
  return Unavailable(fmt::format("folder '{}' of the warehouse does not exist", folder.string()));
}

Result<std::unique_ptr<Warehouse>> OpenDuckDbWarehouse(DuckDb* database, const std::string& path,
                                                       const std::string& schema, bool read_only) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (fs::is_directory(path, error)) {
    return Unavailable(fmt::format("'{}' is a directory, expected a DuckDB file", path));
  }
  if (read_only && !fs::exists(path, error)) {
    return Unavailable(fmt::format("there is no warehouse at '{}'; `lyceum run` creates it", path));
  }
  RETURN_IF_ERROR(CheckDuckDbFolder(path));
  if (Status status =
          database->Execute(fmt::format("ATTACH {} AS {}{}", QuoteText(DuckDbDialect(), path),
                                        kCatalog, read_only ? " (READ_ONLY)" : ""));
      !status.ok()) {
    return ExplainAttach(status, path);
  }
  auto warehouse = std::make_unique<DuckDbWarehouse>(database);
  RETURN_IF_ERROR(database->Execute(fmt::format("USE {}", kCatalog)));
  if (!read_only) {
    RETURN_IF_ERROR(database->Execute(
        fmt::format("CREATE SCHEMA IF NOT EXISTS {}", QuoteName(DuckDbDialect(), schema))));
  }
  if (Status status =
          database->Execute(fmt::format("USE {}.{}", kCatalog, QuoteName(DuckDbDialect(), schema)));
      !status.ok()) {
    return Unavailable(fmt::format("'{}' has no schema '{}'", path, schema));
  }
  return std::unique_ptr<Warehouse>(std::move(warehouse));
}

}  // namespace lyceum
