#pragma once

#include <memory>
#include <string>
#include <vector>

#include "warehouses/crash_point.h"
#include "warehouses/pg_client.h"
#include "warehouses/statement_guard.h"
#include "warehouses/warehouse.h"

namespace lyceum {

/// What PostgreSQL and Redshift share: one client of PostgreSQL's protocol whose statements pass
/// the guard. Each stages rows in its own way.
class ServerWarehouse : public Warehouse {
 public:
  const Dialect& dialect() const override { return dialect_; }
  Status Execute(const Statement& statement) override;
  Result<RowSet> Query(const std::string& sql) override { return client_->Query(sql); }
  Status Scan(const std::string& sql, const RowSink& sink,
              std::vector<std::string>* columns) override {
    return client_->Scan(sql, sink, columns);
  }
  void Interrupt() override;

 protected:
  ServerWarehouse(const Dialect& dialect, std::unique_ptr<PgClient> client, DuckDb* engine)
      : dialect_(dialect), client_(std::move(client)), engine_(engine), guard_(dialect) {}

  /// Puts the purpose of a statement before the message of its failure.
  static Status Explain(const Status& status, const std::string& purpose);

  const Dialect& dialect_;
  std::unique_ptr<PgClient> client_;
  DuckDb* engine_;  ///< may be null if nothing is staged
  CrashPoint crash_point_;

 private:
  StatementGuard guard_;
};

}  // namespace lyceum
