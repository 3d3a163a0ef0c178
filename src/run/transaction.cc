#include "run/transaction.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

#include "sql/publish_sql.h"

namespace lyceum {
namespace {

/// Pauses of 0.1 to 0.2 s that double: up to half a minute, in which a server restarts.
constexpr int kAttempts = 8;

}  // namespace

Status Transact(Warehouse* warehouse, const std::vector<Statement>& statements) {
  RETURN_IF_ERROR(warehouse->Execute({"begin", "BEGIN"}));
  for (const Statement& statement : statements) {
    if (Status status = warehouse->Execute(statement); !status.ok()) {
      (void)warehouse->Execute({"roll back", "ROLLBACK"});
      return status;
    }
  }
  Status status = warehouse->Execute({"commit", "COMMIT"});
  if (!status.ok()) (void)warehouse->Execute({"roll back", "ROLLBACK"});
  return status;
}

Status InTransaction(const Names& names, Warehouse* warehouse,
                     const std::vector<Statement>& statements) {
  std::vector<Statement> all = RenderLock(names);
  all.insert(all.end(), statements.begin(), statements.end());
  return Transact(warehouse, all);
}

bool MayRepeat(const Status& status) {
  return status.code() == ErrorCode::kConflict || status.code() == ErrorCode::kConnectionLost;
}

void PauseBefore(int attempt) {
  static thread_local std::mt19937 random(std::random_device{}());
  const int least = 100 << std::min(attempt - 1, 6);
  std::uniform_int_distribution<int> pause(least, 2 * least);
  std::this_thread::sleep_for(std::chrono::milliseconds(pause(random)));
}

Status Retrying(const std::function<Status()>& attempt) {
  for (int i = 1;; ++i) {
    Status status = attempt();
    if (!MayRepeat(status) || i == kAttempts) return status;
    PauseBefore(i);
  }
}

}  // namespace lyceum
