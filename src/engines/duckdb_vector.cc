#include "engines/duckdb_vector.h"

namespace lyceum {
namespace {

__int128 Wide(duckdb_hugeint value) {
  return static_cast<__int128>(value.upper) << 64 | static_cast<unsigned __int128>(value.lower);
}

}  // namespace

bool IsCellType(duckdb_type type) {
  switch (type) {
    case DUCKDB_TYPE_BOOLEAN:
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_DECIMAL:
    case DUCKDB_TYPE_DOUBLE:
    case DUCKDB_TYPE_VARCHAR:
    case DUCKDB_TYPE_DATE:
    case DUCKDB_TYPE_TIMESTAMP:
      return true;
    default:
      return false;
  }
}

VectorReader::VectorReader(duckdb_vector vector)
    : data_(duckdb_vector_get_data(vector)), validity_(duckdb_vector_get_validity(vector)) {
  duckdb_logical_type type = duckdb_vector_get_column_type(vector);
  type_ = duckdb_get_type_id(type);
  if (type_ == DUCKDB_TYPE_DECIMAL) {
    storage_ = duckdb_decimal_internal_type(type);
    scale_ = duckdb_decimal_scale(type);
  }
  duckdb_destroy_logical_type(&type);
}

DecimalValue VectorReader::Decimal(idx_t row) const {
  switch (storage_) {
    case DUCKDB_TYPE_SMALLINT:
      return {At<int16_t>(row), scale_};
    case DUCKDB_TYPE_INTEGER:
      return {At<int32_t>(row), scale_};
    case DUCKDB_TYPE_BIGINT:
      return {At<int64_t>(row), scale_};
    default:
      return {Wide(At<duckdb_hugeint>(row)), scale_};
  }
}

Cell VectorReader::Read(idx_t row) const {
  if (validity_ && !duckdb_validity_row_is_valid(validity_, row)) return std::monostate{};
  switch (type_) {
    case DUCKDB_TYPE_BOOLEAN:
      return At<bool>(row);
    case DUCKDB_TYPE_TINYINT:
      return static_cast<int64_t>(At<int8_t>(row));
    case DUCKDB_TYPE_SMALLINT:
      return static_cast<int64_t>(At<int16_t>(row));
    case DUCKDB_TYPE_INTEGER:
      return static_cast<int64_t>(At<int32_t>(row));
    case DUCKDB_TYPE_BIGINT:
      return At<int64_t>(row);
    case DUCKDB_TYPE_HUGEINT:
      return DecimalValue{Wide(At<duckdb_hugeint>(row)), 0};
    case DUCKDB_TYPE_DECIMAL:
      return Decimal(row);
    case DUCKDB_TYPE_DOUBLE:
      return At<double>(row);
    case DUCKDB_TYPE_DATE:
      return DateValue{At<int32_t>(row)};
    case DUCKDB_TYPE_TIMESTAMP:
      return TimestampValue{At<int64_t>(row)};
    default: {
      auto* text = static_cast<duckdb_string_t*>(data_) + row;
      return std::string_view(duckdb_string_t_data(text), duckdb_string_t_length(*text));
    }
  }
}

std::vector<VectorReader> ReadersOf(duckdb_data_chunk chunk) {
  std::vector<VectorReader> readers;
  for (idx_t i = 0; i < duckdb_data_chunk_get_column_count(chunk); ++i) {
    readers.emplace_back(duckdb_data_chunk_get_vector(chunk, i));
  }
  return readers;
}

}  // namespace lyceum
