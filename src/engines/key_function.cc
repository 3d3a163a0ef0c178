#include "engines/key_function.h"

#include <string>
#include <vector>

#include "base/canonical.h"
#include "base/sha256.h"

namespace lyceum {
namespace {

/// Appends the encoding of one row of one argument vector.
class Argument {
 public:
  explicit Argument(duckdb_vector vector)
      : data_(duckdb_vector_get_data(vector)), validity_(duckdb_vector_get_validity(vector)) {
    duckdb_logical_type type = duckdb_vector_get_column_type(vector);
    type_ = duckdb_get_type_id(type);
    if (type_ == DUCKDB_TYPE_DECIMAL) {
      storage_ = duckdb_decimal_internal_type(type);
      scale_ = duckdb_decimal_scale(type);
    }
    duckdb_destroy_logical_type(&type);
  }

  bool supported() const {
    switch (type_) {
      case DUCKDB_TYPE_BOOLEAN:
      case DUCKDB_TYPE_INTEGER:
      case DUCKDB_TYPE_BIGINT:
      case DUCKDB_TYPE_DECIMAL:
      case DUCKDB_TYPE_VARCHAR:
      case DUCKDB_TYPE_DATE:
      case DUCKDB_TYPE_TIMESTAMP:
        return true;
      default:
        return false;
    }
  }

  void Append(idx_t row, std::string* out) const {
    if (validity_ && !duckdb_validity_row_is_valid(validity_, row)) return AppendNull(out);
    switch (type_) {
      case DUCKDB_TYPE_BOOLEAN:
        return AppendBoolean(At<bool>(row), out);
      case DUCKDB_TYPE_INTEGER:
        return AppendInteger(At<int32_t>(row), out);
      case DUCKDB_TYPE_BIGINT:
        return AppendInteger(At<int64_t>(row), out);
      case DUCKDB_TYPE_DECIMAL:
        return AppendDecimal(Unscaled(row), scale_, out);
      case DUCKDB_TYPE_DATE:
        return AppendDate(At<int32_t>(row), out);
      case DUCKDB_TYPE_TIMESTAMP:
        return AppendTimestamp(At<int64_t>(row), out);
      default: {
        auto* text = static_cast<duckdb_string_t*>(data_) + row;
        return AppendText({duckdb_string_t_data(text), duckdb_string_t_length(*text)}, out);
      }
    }
  }

 private:
  template <typename T>
  T At(idx_t row) const {
    return static_cast<const T*>(data_)[row];
  }

  __int128 Unscaled(idx_t row) const {
    switch (storage_) {
      case DUCKDB_TYPE_SMALLINT:
        return At<int16_t>(row);
      case DUCKDB_TYPE_INTEGER:
        return At<int32_t>(row);
      case DUCKDB_TYPE_BIGINT:
        return At<int64_t>(row);
      default: {
        const auto value = At<duckdb_hugeint>(row);
        return static_cast<__int128>(value.upper) << 64 |
               static_cast<unsigned __int128>(value.lower);
      }
    }
  }

  void* data_;
  uint64_t* validity_;
  duckdb_type type_;
  duckdb_type storage_ = DUCKDB_TYPE_INVALID;
  int scale_ = 0;
};

void ComputeKeys(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  std::vector<Argument> arguments;
  for (idx_t i = 0; i < duckdb_data_chunk_get_column_count(input); ++i) {
    arguments.emplace_back(duckdb_data_chunk_get_vector(input, i));
    if (!arguments.back().supported()) {
      duckdb_scalar_function_set_error(info, "lyceum_key: unsupported argument type");
      return;
    }
  }
  thread_local Sha256 hash;
  std::string encoding;
  uint8_t digest[32];
  char hex[64];
  for (idx_t row = 0; row < duckdb_data_chunk_get_size(input); ++row) {
    encoding.clear();
    for (const Argument& argument : arguments) argument.Append(row, &encoding);
    hash.Update(encoding);
    hash.Finish(digest);
    WriteHex(digest, sizeof digest, hex);
    duckdb_vector_assign_string_element_len(output, row, hex, sizeof hex);
  }
}

}  // namespace

Status RegisterKeyFunction(duckdb_connection connection) {
  duckdb_scalar_function function = duckdb_create_scalar_function();
  duckdb_scalar_function_set_name(function, "lyceum_key");
  duckdb_logical_type any = duckdb_create_logical_type(DUCKDB_TYPE_ANY);
  duckdb_logical_type text = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
  duckdb_scalar_function_set_varargs(function, any);
  duckdb_scalar_function_set_return_type(function, text);
  // Nulls are part of a key's encoding, so DuckDB must not skip them.
  duckdb_scalar_function_set_special_handling(function);
  duckdb_scalar_function_set_function(function, ComputeKeys);
  const duckdb_state state = duckdb_register_scalar_function(connection, function);
  duckdb_destroy_logical_type(&any);
  duckdb_destroy_logical_type(&text);
  duckdb_destroy_scalar_function(&function);
  if (state == DuckDBError) return Internal("cannot register function 'lyceum_key'");
  return Status::Ok();
}

}  // namespace lyceum
