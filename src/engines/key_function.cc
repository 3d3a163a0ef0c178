#include "engines/key_function.h"

#include <string>
#include <vector>

#include "base/hex.h"
#include "base/sha256.h"
#include "engines/duckdb_vector.h"

namespace lyceum {
namespace {

void ComputeKeys(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  const std::vector<VectorReader> arguments = ReadersOf(input);
  for (const VectorReader& argument : arguments) {
    // A double has no one text, so no key holds one.
    if (IsCellType(argument.type()) && argument.type() != DUCKDB_TYPE_DOUBLE) continue;
    duckdb_scalar_function_set_error(info, "lyceum_key: unsupported argument type");
    return;
  }
  thread_local Sha256 hash;
  std::string encoding;
  uint8_t digest[32];
  char hex[64];
  for (idx_t row = 0; row < duckdb_data_chunk_get_size(input); ++row) {
    encoding.clear();
    for (const VectorReader& argument : arguments) AppendCell(argument.Read(row), &encoding);
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
