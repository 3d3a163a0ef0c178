#include "engines/duckdb_client.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstring>

#include "engines/duckdb_vector.h"

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
    case DUCKDB_ERROR_OUT_OF_RANGE:
    case DUCKDB_ERROR_CONVERSION:
    case DUCKDB_ERROR_DECIMAL:
      return ErrorCode::kOutOfRange;
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

/// Casts a column to the nearest type that a cell can hold: numbers stay numbers.
std::string AsCellType(const std::string& column, duckdb_type type) {
  if (IsCellType(type)) return column;
  switch (type) {
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
      return fmt::format("CAST({} AS BIGINT)", column);
    case DUCKDB_TYPE_UBIGINT:
      return fmt::format("CAST({} AS HUGEINT)", column);
    case DUCKDB_TYPE_FLOAT:
      // By its text, so that 0.1 stays 0.1.
      return fmt::format("CAST(CAST({} AS VARCHAR) AS DOUBLE)", column);
    default:
      return fmt::format("CAST({} AS VARCHAR)", column);
  }
}

/// Owns a result for the time of a scan.
struct ResultHolder {
  duckdb_result result{};
  ~ResultHolder() { duckdb_destroy_result(&result); }
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
  self->reveals_values_ = options.reveals_values;
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
        "SET preserve_insertion_order = false",
        options.reports_progress ? "SET enable_progress_bar = true"
                                 : "SET enable_progress_bar = false",
        "SET enable_progress_bar_print = false",
        // Each thread of a load leaves a row group that is not full. Merging them at the next
        // checkpoint writes their rows a second time; groups that are empty go anyway.
        "SET max_vacuum_tasks = 0",
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
  return ErrorOf(result);
}

/// REQUIRES: `result` is that of a statement that failed.
Status DuckDb::ErrorOf(duckdb_result* result) const {
  const char* text = duckdb_result_error(result);
  const duckdb_error_type type = duckdb_result_error_type(result);
  const ErrorCode code = CodeOf(type);
  // These messages quote the value, which may be personal.
  if (code == ErrorCode::kOutOfRange && !reveals_values_) {
    return {code, "a number does not fit its type"};
  }
  std::string message = FirstLine(text ? text : "unknown error");
  if (type == DUCKDB_ERROR_OUT_OF_MEMORY) message += "; raise --memory-limit";
  return {code, std::move(message)};
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
  std::vector<std::string> names, casts;
  for (idx_t i = 0; i < num_columns; ++i) {
    const duckdb_type type = duckdb_column_type(&holder.result, i);
    if (columns) columns->push_back(duckdb_column_name(&holder.result, i));
    readable = readable && IsCellType(type);
    names.push_back(fmt::format("c{}", i));
    casts.push_back(AsCellType(names.back(), type));
  }
  if (!readable) {
    // Columns go by position, for names may occur twice. The statement may end in a comment.
    return Scan(fmt::format("SELECT {} FROM ({}\n) AS q({})", fmt::join(casts, ", "), sql,
                            fmt::join(names, ", ")),
                sink);
  }
  std::vector<Cell> row(num_columns);
  while (duckdb_data_chunk chunk = duckdb_fetch_chunk(holder.result)) {
    const idx_t num_rows = duckdb_data_chunk_get_size(chunk);
    const std::vector<VectorReader> readers = ReadersOf(chunk);
    Status status;
    for (idx_t r = 0; r < num_rows && status.ok(); ++r) {
      for (idx_t c = 0; c < num_columns; ++c) row[c] = readers[c].Read(r);
      status = sink(row);
    }
    duckdb_destroy_data_chunk(&chunk);
    RETURN_IF_ERROR(status);
    if (num_rows == 0) break;
  }
  if (duckdb_result_error(&holder.result)) return ErrorOf(&holder.result);
  return Status::Ok();
}

Result<RowSet> DuckDb::Query(const std::string& sql) {
  RowSet set;
  RETURN_IF_ERROR(Scan(sql, TextRows(&set), &set.columns));
  return set;
}

void DuckDb::Interrupt() { duckdb_interrupt(connection_); }

double DuckDb::Progress() {
  const double percent = duckdb_query_progress(connection_).percentage;
  return percent < 0 ? -1 : percent / 100;
}

}  // namespace lyceum
