#include "warehouses/pg_client.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <charconv>
#include <cstring>

#include "base/calendar.h"

namespace lyceum {
namespace {

/// Types by their OID in pg_type, which are the same in every PostgreSQL and in Redshift.
enum PgType : Oid {
  kBool = 16,
  kInt8 = 20,
  kInt2 = 21,
  kInt4 = 23,
  kFloat4 = 700,
  kFloat8 = 701,
  kDate = 1082,
  kTimestamp = 1114,
  kNumeric = 1700,
};

/// A message in one line, without its final full stop.
std::string OneLine(std::string_view text) {
  std::string line;
  for (char c : text) {
    if (c == '\n' || c == '\t') c = ' ';
    if (c == ' ' && !line.empty() && line.back() == ' ') continue;
    line += c;
  }
  while (!line.empty() && (line.back() == ' ' || line.back() == '.')) line.pop_back();
  return line;
}

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Redshift reports serialisation failures under XX000, its catch-all, with `1023` as message and
/// the words in the detail, so texts must tell (c_serial_isolation-serializable-isolation-
/// troubleshooting; dbt retries on the same words).
bool IsConflictText(std::string_view message) {
  return Contains(message, "conflict with concurrent transaction") ||
         Contains(message, "Serializable isolation violation") ||
         Contains(message, "deadlock detected");
}

ErrorCode CodeOf(std::string_view sqlstate, std::string_view message) {
  // 23505, 42P06 and 42P07: two loaders created the same schema or table at once. No table of
  // Lyceum has a unique constraint.
  for (std::string_view conflict : {"40001", "40P01", "23505", "42P06", "42P07"}) {
    if (sqlstate == conflict) return ErrorCode::kConflict;
  }
  if (IsConflictText(message)) return ErrorCode::kConflict;
  if (sqlstate == "22003") return ErrorCode::kOutOfRange;
  if (sqlstate.starts_with("57P") || sqlstate.starts_with("08")) return ErrorCode::kConnectionLost;
  const bool mendable = sqlstate.starts_with("53") || sqlstate.starts_with("28") ||
                        sqlstate.starts_with("58") || sqlstate == "42501" || sqlstate == "25006" ||
                        sqlstate == "3D000" || sqlstate == "55P03" || sqlstate == "57014";
  return mendable ? ErrorCode::kUnavailable : ErrorCode::kInternal;
}

struct ResultHolder {
  PGresult* result = nullptr;
  explicit ResultHolder(PGresult* r) : result(r) {}
  ~ResultHolder() { PQclear(result); }
  ResultHolder(const ResultHolder&) = delete;
  ResultHolder& operator=(const ResultHolder&) = delete;
};

/// The least number of 38 digits: one more digit does not fit.
const __int128 kLargest = [] {
  __int128 power = 1;
  for (int i = 0; i < 38; ++i) power *= 10;
  return power / 10;
}();

/// `12.50` as 1250 and scale 2; nullopt if it has more digits than the domain.
std::optional<DecimalValue> ParseDecimal(std::string_view text) {
  DecimalValue value;
  bool negative = false, point = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i == 0 && (c == '-' || c == '+')) {
      negative = c == '-';
    } else if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      // Leading zeros are no digits.
      if (value.unscaled >= kLargest) return std::nullopt;
      value.unscaled = value.unscaled * 10 + (c - '0');
      if (point) ++value.scale;
    } else {
      return std::nullopt;
    }
  }
  if (negative) value.unscaled = -value.unscaled;
  return value;
}

/// `yyyy-MM-dd`; nullopt for `infinity` and dates before the year 1.
std::optional<Days> ParseDay(std::string_view text) {
  return text.size() == 10 && text[4] == '-' ? ParseBatchDate(text) : std::nullopt;
}

/// `yyyy-MM-dd HH:mm:ss[.ffffff]` as microseconds since 1970.
std::optional<int64_t> ParseMicros(std::string_view text) {
  if (text.size() < 19 || text[10] != ' ') return std::nullopt;
  const std::optional<Days> day = ParseDay(text.substr(0, 10));
  if (!day) return std::nullopt;
  const auto number = [&text](size_t at) -> int64_t {
    return (text[at] - '0') * 10 + (text[at + 1] - '0');
  };
  int64_t micros = 0, unit = 100'000;
  for (size_t i = 20; i < text.size(); ++i, unit /= 10) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    micros += (text[i] - '0') * unit;
  }
  const int64_t seconds = int64_t{*day} * 86400 + number(11) * 3600 + number(14) * 60 + number(17);
  return seconds * 1'000'000 + micros;
}

Cell CellOf(Oid type, std::string_view text) {
  switch (type) {
    case kBool:
      return text == "t" || text == "true";
    case kInt2:
    case kInt4:
    case kInt8: {
      int64_t value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error == std::errc() && end == text.data() + text.size()) return value;
      return text;
    }
    case kFloat4:
    case kFloat8: {
      double value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error == std::errc() && end == text.data() + text.size()) return value;
      return text;
    }
    case kNumeric:
      if (const auto value = ParseDecimal(text)) return *value;
      return text;
    case kDate:
      if (const auto day = ParseDay(text)) return DateValue{*day};
      return text;
    case kTimestamp:
      if (const auto micros = ParseMicros(text)) return TimestampValue{*micros};
      return text;
    default:
      return text;
  }
}

}  // namespace

Result<std::unique_ptr<PgClient>> PgClient::Open(const PgOptions& options) {
  std::unique_ptr<PgClient> client(new PgClient(options));
  RETURN_IF_ERROR(client->Connect());
  return client;
}

PgClient::~PgClient() { Disconnect(); }

void PgClient::Disconnect() {
  {
    const std::lock_guard<std::mutex> lock(cancel_mutex_);
    PQfreeCancel(cancel_);
    cancel_ = nullptr;
  }
  PQfinish(connection_);
  connection_ = nullptr;
}

Status PgClient::Connect() {
  Disconnect();
  in_transaction_ = false;
  // The URL comes last in the array, so what it says overrides these.
  const char* keywords[] = {"application_name", "connect_timeout", "keepalives_idle",
                            "client_encoding",  "dbname",          nullptr};
  const char* values[] = {"lyceum", "30", "60", "UTF8", options_.url.c_str(), nullptr};
  connection_ = PQconnectdbParams(keywords, values, /*expand_dbname=*/1);
  if (PQstatus(connection_) != CONNECTION_OK) {
    const std::string why = OneLine(PQerrorMessage(connection_));
    Disconnect();
    // A server that restarts comes back; a password that was refused stays so, and Redshift locks
    // users out who try again.
    const bool again = connected_before_ && !Contains(why, "authentication failed");
    return {again ? ErrorCode::kConnectionLost : ErrorCode::kUnavailable,
            fmt::format("cannot connect to '{}': {}", options_.name, why)};
  }
  connected_before_ = true;
  PQsetNoticeProcessor(
      connection_, [](void*, const char*) {}, nullptr);
  {
    const std::lock_guard<std::mutex> lock(cancel_mutex_);
    cancel_ = PQgetCancel(connection_);
  }
  if (!options_.version_word.empty()) {
    const ResultHolder version(PQexec(connection_, "SELECT version()"));
    if (PQresultStatus(version.result) != PGRES_TUPLES_OK) return StatusOf(version.result);
    const bool known = Contains(PQgetvalue(version.result, 0, 0), options_.version_word);
    if (!known) {
      Disconnect();
      return Unavailable(
          fmt::format("the server of '{}' is no {}", options_.name, options_.version_word));
    }
  }
  for (const std::string& statement : options_.session) RETURN_IF_ERROR(Run(statement));
  return Status::Ok();
}

Status PgClient::EnsureConnected() {
  if (connection_ && PQstatus(connection_) == CONNECTION_OK) return Status::Ok();
  if (in_transaction_) {
    in_transaction_ = false;
    return {ErrorCode::kConnectionLost,
            fmt::format("the connection to '{}' was lost", options_.name)};
  }
  return Connect();
}

/// REQUIRES: `result` is not freed. Describes a result that is no success.
Status PgClient::StatusOf(PGresult* result) {
  const bool broken = PQstatus(connection_) != CONNECTION_OK;
  const char* primary = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : nullptr;
  const char* state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
  if (broken) {
    return {ErrorCode::kConnectionLost,
            fmt::format("the connection to '{}' was lost", options_.name)};
  }
  const std::string message = OneLine(primary ? primary : PQerrorMessage(connection_));
  const std::string sqlstate = state ? state : "";
  const char* detail = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL) : nullptr;
  // Also what a statement_timeout of the role or the database says.
  if (sqlstate == "57014" && interrupted_) return {ErrorCode::kInterrupted, message};
  // Details of other errors may hold row values; this one names tables and views.
  if (sqlstate == "2BP01" && detail) {
    return {ErrorCode::kUnavailable,
            fmt::format("{}: {} (SQLSTATE {})", message, OneLine(detail), sqlstate)};
  }
  if (detail && IsConflictText(detail)) {
    return {ErrorCode::kConflict, "another transaction came between (serialization failure)"};
  }
  return {CodeOf(sqlstate, message),
          sqlstate.empty() ? message : fmt::format("{} (SQLSTATE {})", message, sqlstate)};
}

Status PgClient::Run(const std::string& sql) {
  const ResultHolder holder(PQexec(connection_, sql.c_str()));
  switch (PQresultStatus(holder.result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_EMPTY_QUERY:
      return Status::Ok();
    default:
      return StatusOf(holder.result);
  }
}

Status PgClient::Execute(const std::string& sql) {
  const bool ends = sql == "COMMIT" || sql == "ROLLBACK";
  if (sql == "ROLLBACK" && (!connection_ || PQstatus(connection_) != CONNECTION_OK)) {
    in_transaction_ = false;
    return Status::Ok();
  }
  RETURN_IF_ERROR(EnsureConnected());
  const Status status = Run(sql);
  if (sql.starts_with("BEGIN")) in_transaction_ = status.ok();
  if (ends) in_transaction_ = false;
  // PostgreSQL answers the COMMIT of a failed transaction with success and the tag ROLLBACK; no
  // caller commits after a failure, so it is not looked at.
  if (status.code() == ErrorCode::kConnectionLost) in_transaction_ = false;
  return status;
}

Status PgClient::Scan(const std::string& sql, const RowSink& sink,
                      std::vector<std::string>* columns) {
  RETURN_IF_ERROR(EnsureConnected());
  const Status status = ScanConnected(sql, sink, columns);
  if (status.code() == ErrorCode::kConnectionLost) in_transaction_ = false;
  return status;
}

Status PgClient::ScanConnected(const std::string& sql, const RowSink& sink,
                               std::vector<std::string>* columns) {
  // The extended protocol refuses more than one statement.
  if (PQsendQueryParams(connection_, sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0) == 0) {
    return StatusOf(nullptr);
  }
  PQsetSingleRowMode(connection_);
  Status status;
  std::vector<Cell> row;
  std::vector<Oid> types;
  if (columns) columns->clear();
  while (PGresult* result = PQgetResult(connection_)) {
    const ResultHolder holder(result);
    const ExecStatusType state = PQresultStatus(result);
    if (state == PGRES_COPY_OUT || state == PGRES_COPY_IN || state == PGRES_COPY_BOTH) {
      // Not a query; the connection is of no use until the COPY ends, so it is given up.
      Disconnect();
      return BadSpec("COPY is no query");
    }
    const bool rows = state == PGRES_SINGLE_TUPLE || state == PGRES_TUPLES_OK;
    if (!rows) {
      if (status.ok() && state != PGRES_COMMAND_OK) status = StatusOf(result);
      continue;
    }
    const int num_columns = PQnfields(result);
    if (types.empty()) {
      for (int c = 0; c < num_columns; ++c) {
        types.push_back(PQftype(result, c));
        if (columns) columns->push_back(PQfname(result, c));
      }
      row.resize(types.size());
    }
    for (int r = 0; r < PQntuples(result) && status.ok(); ++r) {
      for (int c = 0; c < num_columns; ++c) {
        const bool null = PQgetisnull(result, r, c) != 0;
        row[c] = null ? Cell()
                      : CellOf(types[c], {PQgetvalue(result, r, c),
                                          static_cast<size_t>(PQgetlength(result, r, c))});
      }
      status = sink(row);
      if (!status.ok()) Cancel();
    }
  }
  if (status.ok() && PQstatus(connection_) != CONNECTION_OK) return StatusOf(nullptr);
  return status;
}

Result<RowSet> PgClient::Query(const std::string& sql) {
  RowSet set;
  RETURN_IF_ERROR(Scan(sql, TextRows(&set), &set.columns));
  return set;
}

Status PgClient::CopyBegin(const std::string& sql) {
  RETURN_IF_ERROR(EnsureConnected());
  const ResultHolder holder(PQexec(connection_, sql.c_str()));
  if (PQresultStatus(holder.result) == PGRES_COPY_IN) return Status::Ok();
  return StatusOf(holder.result);
}

Status PgClient::CopyData(std::string_view data) {
  if (PQputCopyData(connection_, data.data(), static_cast<int>(data.size())) == 1) {
    return Status::Ok();
  }
  // The server may have ended the COPY with an error, which CopyEnd fetches.
  return {ErrorCode::kConnectionLost, OneLine(PQerrorMessage(connection_))};
}

Status PgClient::CopyEnd(const std::optional<std::string>& abort) {
  if (PQputCopyEnd(connection_, abort ? abort->c_str() : nullptr) != 1) return StatusOf(nullptr);
  Status status;
  while (PGresult* result = PQgetResult(connection_)) {
    const ResultHolder holder(result);
    if (PQresultStatus(result) != PGRES_COMMAND_OK && status.ok()) status = StatusOf(result);
  }
  if (status.ok() && PQstatus(connection_) != CONNECTION_OK) return StatusOf(nullptr);
  return status;
}

int PgClient::server_version() const { return connection_ ? PQserverVersion(connection_) : 0; }

void PgClient::Interrupt() {
  interrupted_ = true;
  Cancel();
}

void PgClient::Cancel() {
  const std::lock_guard<std::mutex> lock(cancel_mutex_);
  char error[256];
  if (cancel_) PQcancel(cancel_, error, sizeof error);
}

}  // namespace lyceum
