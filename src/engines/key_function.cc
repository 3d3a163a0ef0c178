#include "engines/key_function.h"

#include <memory>
#include <string>
#include <vector>

#include "base/hex.h"
#include "base/sha256.h"
#include "engines/duckdb_vector.h"

namespace lyceum {
namespace {

constexpr size_t kHexBytes = 64;

/// Keys of members that were asked for before: a reference to a member costs a look-up, not a hash.
/// One per thread.
class MemberKeys {
 public:
  MemberKeys() : slots_(new Slot[size_t{1} << kSlotBits]) {}

  struct Slot {
    int64_t number = 0;
    bool used = false;
    uint64_t chunk = 0;  ///< of rows in which the key stands already
    uint32_t place = 0;  ///< where
    char hex[kHexBytes];
  };

  Slot& Find(int64_t number) {
    // Multiplicative hashing: the golden ratio spreads numbers that follow each other.
    return slots_[static_cast<uint64_t>(number) * 0x9E3779B97F4A7C15u >> (64 - kSlotBits)];
  }
  uint64_t NextChunk() { return ++chunk_; }

 private:
  static constexpr int kSlotBits = 15;
  std::unique_ptr<Slot[]> slots_;  ///< the last seen of each slot
  uint64_t chunk_ = 0;
};

/// What a thread keeps from one chunk of rows to the next.
struct KeyState {
  Sha256 hash;
  std::string encoding;
  MemberKeys members;

  void HexOf(std::string_view text, char* hex) {
    uint8_t digest[32];
    hash.Update(text);
    hash.Finish(digest);
    WriteHex(digest, sizeof digest, hex);
  }
};

bool IsWhole(duckdb_type type) { return type == DUCKDB_TYPE_INTEGER || type == DUCKDB_TYPE_BIGINT; }

/// Keys of one whole number. Each key of a chunk is written once; rows point to it.
void ComputeMemberKeys(const VectorReader& argument, idx_t count, KeyState* state,
                       duckdb_vector output) {
  const uint64_t chunk = state->members.NextChunk();
  duckdb_selection_vector places = duckdb_create_selection_vector(count);
  sel_t* const place = duckdb_selection_vector_get_data_ptr(places);
  uint32_t written = 0;
  for (idx_t row = 0; row < count; ++row) {
    const Cell cell = argument.Read(row);
    const auto* number = std::get_if<int64_t>(&cell);
    MemberKeys::Slot null_slot;
    MemberKeys::Slot& slot = number ? state->members.Find(*number) : null_slot;
    if (!slot.used || !number || slot.number != *number) {
      state->encoding.clear();
      AppendCell(cell, &state->encoding);
      state->HexOf(state->encoding, slot.hex);
      slot.number = number ? *number : 0;
      slot.used = true;
      slot.chunk = 0;
    }
    if (slot.chunk != chunk) {
      duckdb_unsafe_vector_assign_string_element_len(output, written, slot.hex, kHexBytes);
      slot.chunk = chunk;
      slot.place = written++;
    }
    place[row] = slot.place;
  }
  if (written < count) duckdb_slice_vector(output, places, count);
  duckdb_destroy_selection_vector(places);
}

void ComputeKeys(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  const std::vector<VectorReader> arguments = ReadersOf(input);
  for (const VectorReader& argument : arguments) {
    // A double has no one text, so no key holds one.
    if (IsCellType(argument.type()) && argument.type() != DUCKDB_TYPE_DOUBLE) continue;
    duckdb_scalar_function_set_error(info, "lyceum_key: unsupported argument type");
    return;
  }
  thread_local KeyState state;
  const idx_t count = duckdb_data_chunk_get_size(input);
  if (arguments.size() == 1 && IsWhole(arguments[0].type())) {
    return ComputeMemberKeys(arguments[0], count, &state, output);
  }
  for (idx_t row = 0; row < count; ++row) {
    state.encoding.clear();
    for (const VectorReader& argument : arguments) {
      AppendCell(argument.Read(row), &state.encoding);
    }
    char hex[kHexBytes];
    state.HexOf(state.encoding, hex);
    duckdb_unsafe_vector_assign_string_element_len(output, row, hex, sizeof hex);
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
