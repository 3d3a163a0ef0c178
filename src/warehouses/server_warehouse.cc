#include "warehouses/server_warehouse.h"

#include <fmt/format.h>

namespace lyceum {

Status ServerWarehouse::Execute(const Statement& statement) {
  crash_point_.Pass();
  RETURN_IF_ERROR(guard_.Check(statement.sql));
  return Explain(client_->Execute(statement.sql), statement.purpose);
}

void ServerWarehouse::Interrupt() {
  client_->Interrupt();
  if (engine_) engine_->Interrupt();
}

Status ServerWarehouse::Explain(const Status& status, const std::string& purpose) {
  const bool plain = status.ok() || status.code() == ErrorCode::kInterrupted ||
                     status.code() == ErrorCode::kConnectionLost;
  if (plain) return status;
  return {status.code(), fmt::format("{}: {}", purpose, status.message())};
}

}  // namespace lyceum
