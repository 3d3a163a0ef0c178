#include "engines/duckdb_client.h"

#include <fmt/format.h>

#include <cstring>

#include "base/calendar.h"
#include "base/canonical.h"

namespace lyceum {
namespace {

/// DuckDB's text may name SQL that the user never wrote; the first line says what happened.
std::string FirstLine(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

ErrorCode CodeOf(duckdb_error_type type) {
  switch (type) {
    case DUCKDB_ERROR_INTERRUPT:
      return ErrorCode::kInterrupted;
    case DUCKDB_ERROR_IO:
    case DUCKDB_ERROR_OUT_OF_MEMORY:
    case DUCKDB_ERROR_TRANSACTION:
    case DUCKDB_ERROR_PERMISSION:
    case DUCKDB_ERROR_CONNECTION:
    case DUCKDB_ERROR_NETWORK:
    case DUCKDB_ERROR_FATAL:
      return ErrorCode::kUnavailable;
    default:
      return ErrorCode::kInternal;
  }
}

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

__int128 Wide(duckdb_hugeint value) {
  return static_cast<__int128>(value.upper) << 64 | static_cast<unsigned __int128>(value.lower);
}

/// How to read one vector of a chunk.
struct ColumnReader {
  duckdb_type type = DUCKDB_TYPE_INVALID;
  duckdb_type storage = DUCKDB_TYPE_INVALID;  ///< decimal only
  int scale = 0;
  void* data = nullptr;
  uint64_t* validity = nullptr;

  template <typename T>
  T At(idx_t row) const {
    return static_cast<const T*>(data)[row];
  }

  DecimalValue Decimal(idx_t row) const {
    switch (storage) {
      case DUCKDB_TYPE_SMALLINT:
        return {At<int16_t>(row), scale};
      case DUCKDB_TYPE_INTEGER:
        return {At<int32_t>(row), scale};
      case DUCKDB_TYPE_BIGINT:
        return {At<int64_t>(row), scale};
      default:
        return {Wide(At<duckdb_hugeint>(row)), scale};
    }
  }

  Cell Read(idx_t row) const {
    if (validity && !duckdb_validity_row_is_valid(validity, row)) return std::monostate{};
    switch (type) {
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
        auto* text = static_cast<duckdb_string_t*>(data) + row;
        return std::string_view(duckdb_string_t_data(text), duckdb_string_t_length(*text));
      }
    }
  }
};

std::vector<ColumnReader> ReadersOf(duckdb_data_chunk chunk) {
  std::vector<ColumnReader> readers(duckdb_data_chunk_get_column_count(chunk));
  for (idx_t i = 0; i < readers.size(); ++i) {
    duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, i);
    duckdb_logical_type type = duckdb_vector_get_column_type(vector);
    readers[i].type = duckdb_get_type_id(type);
    if (readers[i].type == DUCKDB_TYPE_DECIMAL) {
      readers[i].storage = duckdb_decimal_internal_type(type);
      readers[i].scale = duckdb_decimal_scale(type);
    }
    duckdb_destroy_logical_type(&type);
    readers[i].data = duckdb_vector_get_data(vector);
    readers[i].validity = duckdb_vector_get_validity(vector);
  }
  return readers;
}

/// Owns a result for the time of a scan.
struct ResultHolder {
  duckdb_result result{};
  ~ResultHolder() { duckdb_destroy_result(&result); }
};

struct TextOf {
  std::optional<std::string> operator()(std::monostate) const { return std::nullopt; }
  std::optional<std::string> operator()(int64_t value) const { return fmt::format("{}", value); }
  std::optional<std::string> operator()(const DecimalValue& value) const {
    return FormatDecimal(value.unscaled, value.scale);
  }
  std::optional<std::string> operator()(double value) const { return fmt::format("{}", value); }
  std::optional<std::string> operator()(bool value) const { return value ? "true" : "false"; }
  std::optional<std::string> operator()(std::string_view value) const { return std::string(value); }
  std::optional<std::string> operator()(DateValue value) const { return FormatDate(value.days); }
  std::optional<std::string> operator()(TimestampValue value) const {
    return FormatTimestamp(value.micros);
  }
};

}  // namespace

Result<std::unique_ptr<DuckDb>> DuckDb::Open(const DuckDbOptions& options) {
  const std::string version = duckdb_library_version();
  if (version.rfind("v1.5", 0) != 0) {
    return Unavailable(fmt::format("Lyceum needs DuckDB 1.5, but libduckdb.so is {}", version));
  }
  duckdb_config config = nullptr;
  duckdb_create_config(&config);
  duckdb_set_config(config, "autoinstall_known_extensions", "false");
  duckdb_set_config(config, "autoload_known_extensions", "false");
  duckdb_set_config(config, "temp_directory", options.temp_directory.c_str());
  std::unique_ptr<DuckDb> self(new DuckDb);
  char* error = nullptr;
  const bool failed = duckdb_open_ext(nullptr, &self->database_, config, &error) == DuckDBError ||
                      duckdb_connect(self->database_, &self->connection_) == DuckDBError;
  duckdb_destroy_config(&config);
  if (failed) {
    const std::string message = error ? FirstLine(error) : "cannot connect";
    duckdb_free(error);
    return Unavailable(fmt::format("cannot start DuckDB: {}", message));
  }
  if (options.threads > 0) {
    RETURN_IF_ERROR(self->Execute(fmt::format("SET threads = {}", options.threads)));
  }
  if (Status status = self->Execute(fmt::format("SET memory_limit = '{}'", options.memory_limit));
      !status.ok()) {
    return BadSpec(fmt::format("'{}' is no memory limit; expected a size such as '800MB' or '2GiB'",
                               options.memory_limit));
  }
  for (const char* setting :
       {// Readers emit rows in any order; every table carries what its order needs.
        "SET preserve_insertion_order = false", "SET enable_progress_bar = true",
        "SET enable_progress_bar_print = false",
        // Times are stored without zone; nothing may depend on the machine's zone.
        "SET TimeZone = 'UTC'"}) {
    RETURN_IF_ERROR(self->Execute(setting));
  }
  return self;
}

DuckDb::~DuckDb() {
  if (connection_) duckdb_disconnect(&connection_);
  if (database_) duckdb_close(&database_);
}

Status DuckDb::Run(const std::string& sql, duckdb_result* result, bool streaming) {
  duckdb_state state;
  if (streaming) {
    duckdb_prepared_statement prepared = nullptr;
    state = duckdb_prepare(connection_, sql.c_str(), &prepared);
    if (state == DuckDBError) {
      const std::string message = FirstLine(duckdb_prepare_error(prepared));
      duckdb_destroy_prepare(&prepared);
      return Internal(message);
    }
    state = duckdb_execute_prepared_streaming(prepared, result);
    duckdb_destroy_prepare(&prepared);
  } else {
    state = duckdb_query(connection_, sql.c_str(), result);
  }
  if (state == DuckDBSuccess) return Status::Ok();
  const char* message = duckdb_result_error(result);
  return {CodeOf(duckdb_result_error_type(result)), FirstLine(message ? message : "unknown error")};
}

Status DuckDb::Execute(const std::string& sql) {
  ResultHolder holder;
  return Run(sql, &holder.result, /*streaming=*/false);
}

Status DuckDb::Scan(const std::string& sql, const RowSink& sink,
                    std::vector<std::string>* columns) {
  ResultHolder holder;
  RETURN_IF_ERROR(Run(sql, &holder.result, /*streaming=*/true));
  const idx_t num_columns = duckdb_column_count(&holder.result);
  bool readable = true;
  if (columns) columns->clear();
  for (idx_t i = 0; i < num_columns; ++i) {
    if (columns) columns->push_back(duckdb_column_name(&holder.result, i));
    readable = readable && IsCellType(duckdb_column_type(&holder.result, i));
  }
  if (!readable) {
    std::vector<std::string> names;
    return Scan(fmt::format("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ({})", sql), sink, &names);
  }
  std::vector<Cell> row(num_columns);
  while (duckdb_data_chunk chunk = duckdb_fetch_chunk(holder.result)) {
    const idx_t num_rows = duckdb_data_chunk_get_size(chunk);
    const std::vector<ColumnReader> readers = ReadersOf(chunk);
    Status status;
    for (idx_t r = 0; r < num_rows && status.ok(); ++r) {
      for (idx_t c = 0; c < num_columns; ++c) row[c] = readers[c].Read(r);
      status = sink(row);
    }
    duckdb_destroy_data_chunk(&chunk);
    RETURN_IF_ERROR(status);
    if (num_rows == 0) break;
  }
  if (const char* error = duckdb_result_error(&holder.result)) {
    return {CodeOf(duckdb_result_error_type(&holder.result)), FirstLine(error)};
  }
  return Status::Ok();
}

Result<RowSet> DuckDb::Query(const std::string& sql) {
  RowSet set;
  RETURN_IF_ERROR(Scan(
      sql,
      [&set](const std::vector<Cell>& row) {
        auto& text = set.rows.emplace_back();
        for (const Cell& cell : row) text.push_back(std::visit(TextOf{}, cell));
        return Status::Ok();
      },
      &set.columns));
  return set;
}

void DuckDb::Interrupt() { duckdb_interrupt(connection_); }

double DuckDb::Progress() {
  const double percent = duckdb_query_progress(connection_).percentage;
  return percent < 0 ? -1 : percent / 100;
}

}  // namespace lyceum
