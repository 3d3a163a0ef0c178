#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "engines/row.h"
#include "plan/star.h"

namespace lyceum {

/// Encodes rows for PostgreSQL's `COPY ... FROM STDIN (FORMAT BINARY)`.
/// Source of the format: PostgreSQL 15 manual, COPY, "Binary Format", and the receive functions of
/// the types (int4recv, numeric_recv, ...).
class PgBinaryRows {
 public:
  explicit PgBinaryRows(const std::vector<TableColumn>& columns);

  /// Appends one row; kInternal if a cell does not fit its column.
  Status Add(const std::vector<Cell>& row);
  /// Appends what ends the data.
  void Finish();

  /// What is encoded and not taken yet; the first part begins with the header.
  const std::string& buffer() const { return buffer_; }
  void Clear() { buffer_.clear(); }

 private:
  std::vector<TypeKind> types_;
  std::string buffer_;
};

}  // namespace lyceum
