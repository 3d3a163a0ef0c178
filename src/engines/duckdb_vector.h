#pragma once

#include <duckdb.h>

#include <vector>

#include "engines/row.h"

namespace lyceum {

/// True if values of this type can be read as a Cell.
bool IsCellType(duckdb_type type);

/// Reads the values of one vector. Valid as long as its chunk.
class VectorReader {
 public:
  explicit VectorReader(duckdb_vector vector);

  /// REQUIRES: IsCellType(type()).
  Cell Read(idx_t row) const;
  duckdb_type type() const { return type_; }

 private:
  template <typename T>
  T At(idx_t row) const {
    return static_cast<const T*>(data_)[row];
  }
  DecimalValue Decimal(idx_t row) const;

  duckdb_type type_ = DUCKDB_TYPE_INVALID;
  duckdb_type storage_ = DUCKDB_TYPE_INVALID;  ///< decimal only
  int scale_ = 0;
  void* data_ = nullptr;
  uint64_t* validity_ = nullptr;
};

/// Readers of all vectors of a chunk, in order.
std::vector<VectorReader> ReadersOf(duckdb_data_chunk chunk);

}  // namespace lyceum
