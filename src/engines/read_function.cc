#include "engines/read_function.h"

#include <fmt/format.h>

#include <cstring>

#include "base/hex.h"
#include "base/sha256.h"
#include "engines/long_record.h"
#include "engines/row_typer.h"
#include "engines/text_file.h"
#include "engines/typing.h"

namespace lyceum {
namespace {

/// A chunk of one file, to be claimed by a thread.
struct Work {
  size_t file;
  size_t chunk;
};

CsvShape ShapeOf(const Dataset& dataset) { return {dataset.delimiter, dataset.quoted_newlines}; }

duckdb_logical_type LogicalType(const Type& type) {
  switch (type.kind) {
    case TypeKind::kInteger:
      return duckdb_create_logical_type(DUCKDB_TYPE_INTEGER);
    case TypeKind::kBigint:
      return duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    case TypeKind::kDecimal:
      return duckdb_create_decimal_type(static_cast<uint8_t>(type.precision),
                                        static_cast<uint8_t>(type.scale));
    case TypeKind::kDouble:
      return duckdb_create_logical_type(DUCKDB_TYPE_DOUBLE);
    case TypeKind::kBoolean:
      return duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);
    case TypeKind::kText:
      return duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
    case TypeKind::kDate:
      return duckdb_create_logical_type(DUCKDB_TYPE_DATE);
    case TypeKind::kTimestamp:
      return duckdb_create_logical_type(DUCKDB_TYPE_TIMESTAMP);
  }
  return nullptr;
}

/// Shared by the threads of one scan.
struct Scan {
  std::vector<Work> work;
  std::atomic<size_t> next{0};
};

/// One thread's part of a scan.
struct ThreadScan {
  explicit ThreadScan(Delivery* delivery) : delivery(delivery), typer(*delivery) {}
  ~ThreadScan() {
    const std::lock_guard<std::mutex> lock(delivery->mutex);
    for (const auto& [key, count] : typer.unknown_keys()) delivery->unknown_keys[key] += count;
  }

  Delivery* delivery;
  RowTyper typer;
  std::unique_ptr<RecordCursor> cursor;
  size_t file = 0;
};

template <typename T>
void Delete(void* data) {
  delete static_cast<T*>(data);
}

void Bind(duckdb_bind_info info) {
  duckdb_value value = duckdb_bind_get_parameter(info, 0);
  auto* delivery = reinterpret_cast<Delivery*>(duckdb_get_uint64(value));
  duckdb_destroy_value(&value);
  for (const SourceColumn& column : delivery->dataset->columns) {
    duckdb_logical_type type = LogicalType(column.type);
    duckdb_bind_add_result_column(info, column.name.c_str(), type);
    duckdb_destroy_logical_type(&type);
  }
  duckdb_logical_type bigint = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
  duckdb_logical_type text = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
  duckdb_bind_add_result_column(info, "_pos", bigint);
  duckdb_bind_add_result_column(info, "_bad", text);
  duckdb_bind_add_result_column(info, "_reasons", text);
  duckdb_destroy_logical_type(&bigint);
  duckdb_destroy_logical_type(&text);
  duckdb_bind_set_bind_data(info, delivery, nullptr);
}

void Init(duckdb_init_info info) {
  auto* delivery = static_cast<Delivery*>(duckdb_init_get_bind_data(info));
  auto* scan = new Scan;
  for (size_t file = 0; file < delivery->files.size(); ++file) {
    delivery->records_read[file] = 0;
    for (size_t chunk = 0; chunk < delivery->files[file]->chunks().size(); ++chunk) {
      scan->work.push_back({file, chunk});
    }
  }
  duckdb_init_set_max_threads(info, std::max<size_t>(1, scan->work.size()));
  duckdb_init_set_init_data(info, scan, Delete<Scan>);
}

void LocalInit(duckdb_init_info info) {
  auto* delivery = static_cast<Delivery*>(duckdb_init_get_bind_data(info));
  duckdb_init_set_init_data(info, new ThreadScan(delivery), Delete<ThreadScan>);
}

/// Claims the next chunk; false if none is left.
Result<bool> Claim(Scan* scan, ThreadScan* thread) {
  const size_t index = scan->next.fetch_add(1);
  if (index >= scan->work.size()) return false;
  const Work work = scan->work[index];
  if (!thread->cursor || thread->file != work.file) {
    thread->file = work.file;
    thread->cursor = std::make_unique<RecordCursor>(thread->delivery->files[work.file],
                                                    ShapeOf(*thread->delivery->dataset));
  }
  RETURN_IF_ERROR(thread->cursor->Load(work.chunk));
  return true;
}

void Read(duckdb_function_info info, duckdb_data_chunk output) {
  auto* scan = static_cast<Scan*>(duckdb_function_get_init_data(info));
  auto* thread = static_cast<ThreadScan*>(duckdb_function_get_local_init_data(info));
  const idx_t capacity = duckdb_vector_size();
  thread->typer.Begin(output);
  idx_t row = 0;
  int64_t of_file = 0;
  const auto count = [&] {
    if (of_file > 0) thread->delivery->records_read[thread->file] += of_file;
    of_file = 0;
  };
  while (row < capacity) {
    if (thread->cursor && thread->cursor->Next()) {
      thread->typer.Write(*thread->cursor, thread->file, row++);
      ++of_file;
      continue;
    }
    count();
    const Result<bool> claimed = Claim(scan, thread);
    if (!claimed.ok()) {
      thread->delivery->Fail(claimed.status());
      duckdb_function_set_error(info, claimed.status().message().c_str());
      return;
    }
    if (!*claimed) {
      thread->cursor.reset();
      break;
    }
  }
  count();
  duckdb_data_chunk_set_size(output, row);
}

// ---- lyceum_record

/// The vectors of one STRUCT result.
struct RecordVectors {
  explicit RecordVectors(duckdb_vector output) {
    for (idx_t i = 0; i < 7; ++i) child[i] = duckdb_struct_vector_get_child(output, i);
  }
  void Number(idx_t field, idx_t row, int64_t value) {
    static_cast<int64_t*>(duckdb_vector_get_data(child[field]))[row] = value;
  }
  void Text(idx_t field, idx_t row, std::string_view value) {
    duckdb_unsafe_vector_assign_string_element_len(child[field], row, value.data(), value.size());
  }
  void Null(idx_t field, idx_t row) {
    duckdb_vector_ensure_validity_writable(child[field]);
    duckdb_validity_set_row_invalid(duckdb_vector_get_validity(child[field]), row);
  }
  void Flag(idx_t field, idx_t row, bool value) {
    static_cast<bool*>(duckdb_vector_get_data(child[field]))[row] = value;
  }
  duckdb_vector child[7];
};

/// The cursor of one thread's look-ups in one query: positions come sorted, so that it walks
/// forward.
struct LookUpState {
  std::unique_ptr<RecordCursor> cursor;
};

void InitLookUp(duckdb_init_info info) {
  duckdb_scalar_function_init_set_state(info, new LookUpState, Delete<LookUpState>);
}

Status LookUp(const Delivery& delivery, int64_t position, LookUpState* state, RecordVectors* out,
              idx_t row) {
  const auto& file = delivery.files[static_cast<size_t>(position >> kOffsetBits)];
  if (!state->cursor || state->cursor->file() != file.get()) {
    state->cursor = std::make_unique<RecordCursor>(file, ShapeOf(*delivery.dataset));
  }
  const RecordCursor& cursor = *state->cursor;
  RETURN_IF_ERROR(state->cursor->Seek(static_cast<uint64_t>(position & kOffsetMask)));
  const std::string_view bytes = cursor.bytes();
  thread_local Sha256 sha256;
  uint8_t digest[32];
  sha256.Update(bytes);
  sha256.Finish(digest);
  char hash[2 * sizeof digest];
  WriteHex(digest, sizeof digest, hash);
  uint64_t start = 0;
  bool again = false;
  std::memcpy(&start, digest, sizeof start);
  delivery.records->Note(&start, 1, &again);
  bool whole = true;
  const std::string shown = EscapeBytesUpTo(bytes, kMaxRawTextBytes, &whole);
  out->Number(0, row, cursor.line());
  if (file->layout() == Layout::kJsonArray) {
    out->Number(1, row, cursor.element());
  } else {
    out->Null(1, row);
  }
  out->Number(2, row, static_cast<int64_t>(bytes.size()));
  out->Text(3, row, shown);
  out->Text(4, row, {hash, sizeof hash});
  out->Flag(6, row, again);
  if (whole) {
    out->Null(5, row);
    return Status::Ok();
  }
  const std::string name = std::string(hash, sizeof hash) + ".record";
  out->Text(5, row, name);
  return StoreLongRecord(delivery.long_record_directory, name, bytes);
}

void Record(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  const auto* address =
      static_cast<uint64_t*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(input, 0)));
  const auto* position =
      static_cast<int64_t*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(input, 1)));
  auto* state = static_cast<LookUpState*>(duckdb_scalar_function_get_state(info));
  RecordVectors vectors(output);
  for (idx_t row = 0; row < duckdb_data_chunk_get_size(input); ++row) {
    auto* delivery = reinterpret_cast<Delivery*>(address[row]);
    if (Status status = LookUp(*delivery, position[row], state, &vectors, row); !status.ok()) {
      delivery->Fail(status);
      duckdb_scalar_function_set_error(info, status.message().c_str());
      return;
    }
  }
}

// ---- lyceum_seen

void Seen(duckdb_function_info, duckdb_data_chunk input, duckdb_vector output) {
  const auto* address =
      static_cast<uint64_t*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(input, 0)));
  const auto* hash =
      static_cast<uint64_t*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(input, 1)));
  auto* seen = static_cast<bool*>(duckdb_vector_get_data(output));
  const idx_t count = duckdb_data_chunk_get_size(input);
  // One scan reads one delivery.
  if (count > 0) reinterpret_cast<Delivery*>(address[0])->identities->Note(hash, count, seen);
}

Status RegisterSeen(duckdb_connection connection) {
  duckdb_logical_type ubigint = duckdb_create_logical_type(DUCKDB_TYPE_UBIGINT);
  duckdb_logical_type boolean = duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);
  duckdb_scalar_function function = duckdb_create_scalar_function();
  duckdb_scalar_function_set_name(function, "lyceum_seen");
  duckdb_scalar_function_add_parameter(function, ubigint);
  duckdb_scalar_function_add_parameter(function, ubigint);
  duckdb_scalar_function_set_return_type(function, boolean);
  // Its answer depends on what came before.
  duckdb_scalar_function_set_volatile(function);
  duckdb_scalar_function_set_function(function, Seen);
  const duckdb_state state = duckdb_register_scalar_function(connection, function);
  duckdb_destroy_scalar_function(&function);
  duckdb_destroy_logical_type(&ubigint);
  duckdb_destroy_logical_type(&boolean);
  if (state == DuckDBError) return Internal("cannot register function 'lyceum_seen'");
  return Status::Ok();
}

Status RegisterRead(duckdb_connection connection) {
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, "lyceum_read");
  duckdb_logical_type address = duckdb_create_logical_type(DUCKDB_TYPE_UBIGINT);
  duckdb_table_function_add_parameter(function, address);
  duckdb_destroy_logical_type(&address);
  duckdb_table_function_set_bind(function, Bind);
  duckdb_table_function_set_init(function, Init);
  duckdb_table_function_set_local_init(function, LocalInit);
  duckdb_table_function_set_function(function, Read);
  const duckdb_state state = duckdb_register_table_function(connection, function);
  duckdb_destroy_table_function(&function);
  if (state == DuckDBError) return Internal("cannot register function 'lyceum_read'");
  return Status::Ok();
}

Status RegisterRecord(duckdb_connection connection) {
  duckdb_logical_type address = duckdb_create_logical_type(DUCKDB_TYPE_UBIGINT);
  duckdb_logical_type bigint = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
  duckdb_logical_type text = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
  duckdb_logical_type boolean = duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);
  duckdb_logical_type members[] = {bigint, bigint, bigint, text, text, text, boolean};
  const char* names[] = {"line",       "element",   "length", "raw_text",
                         "raw_sha256", "stored_as", "again"};
  duckdb_logical_type result = duckdb_create_struct_type(members, names, 7);
  duckdb_scalar_function function = duckdb_create_scalar_function();
  duckdb_scalar_function_set_name(function, "lyceum_record");
  duckdb_scalar_function_add_parameter(function, address);
  duckdb_scalar_function_add_parameter(function, bigint);
  duckdb_scalar_function_set_return_type(function, result);
  duckdb_scalar_function_set_init(function, InitLookUp);
  duckdb_scalar_function_set_function(function, Record);
  const duckdb_state state = duckdb_register_scalar_function(connection, function);
  duckdb_destroy_scalar_function(&function);
  for (duckdb_logical_type* type : {&address, &bigint, &text, &boolean, &result}) {
    duckdb_destroy_logical_type(type);
  }
  if (state == DuckDBError) return Internal("cannot register function 'lyceum_record'");
  return Status::Ok();
}

}  // namespace

Status Delivery::SetTimezone(const std::string& name) {
  ASSIGN_OR_RETURN(zone, FindTimezone(name));
  return Status::Ok();
}

void Delivery::Fail(const Status& status) {
  const std::lock_guard<std::mutex> lock(mutex);
  if (failure.ok()) failure = status;
}

Status RegisterReadFunctions(duckdb_connection connection) {
  RETURN_IF_ERROR(RegisterRead(connection));
  RETURN_IF_ERROR(RegisterSeen(connection));
  return RegisterRecord(connection);
}

}  // namespace lyceum
