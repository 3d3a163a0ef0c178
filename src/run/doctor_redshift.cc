// What documentation leaves open about Redshift, as statements to try on a scratch schema. Most are
// questions that Lyceum avoids; the answers tell what may be relaxed. A few it relies on.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <thread>

#include "run/doctor.h"
#include "sql/staging_sql.h"

namespace lyceum {
namespace {

/// A question, what must be there first, and the statement that answers it. `{s}` is the scratch
/// schema.
struct Question {
  const char* what;
  std::vector<const char*> setup;
  const char* statement;
  bool relied_on = false;  ///< loading needs it: a refusal is a failed check, not an answer
};

const std::vector<Question>& Questions() {
  static const std::vector<Question> questions = {
      {"alias inside a DELETE's subquery",
       {"CREATE TABLE {s}.q1 (k INTEGER)"},
       "DELETE FROM {s}.q1 WHERE k IN (SELECT x.k FROM {s}.q1 AS x)"},
      {"alias in DELETE ... USING",
       {"CREATE TABLE {s}.q2 (k INTEGER)", "CREATE TABLE {s}.q2s (k INTEGER)"},
       "DELETE FROM {s}.q2 USING {s}.q2s AS x WHERE {s}.q2.k = x.k"},
      {"REMOVE DUPLICATES with duplicate keys in the source",
       {"CREATE TABLE {s}.q3 (k INTEGER, v INTEGER)", "CREATE TABLE {s}.q3s (k INTEGER, v INTEGER)",
        "INSERT INTO {s}.q3s VALUES (1, 1), (1, 2)"},
       "MERGE INTO {s}.q3 USING {s}.q3s ON {s}.q3.k = {s}.q3s.k REMOVE DUPLICATES"},
      {"MERGE with duplicate keys in the source, none in the target",
       {"CREATE TABLE {s}.q4 (k INTEGER, v INTEGER)", "CREATE TABLE {s}.q4s (k INTEGER, v INTEGER)",
        "INSERT INTO {s}.q4s VALUES (1, 1), (1, 2)"},
       "MERGE INTO {s}.q4 USING {s}.q4s ON {s}.q4.k = {s}.q4s.k WHEN MATCHED THEN UPDATE SET v = "
       "{s}.q4s.v WHEN NOT MATCHED THEN INSERT (k, v) VALUES ({s}.q4s.k, {s}.q4s.v)"},
      {"temporary table LIKE one with IDENTITY, INCLUDING DEFAULTS",
       {"CREATE TABLE {s}.q5 (id BIGINT IDENTITY(1, 1), v INTEGER)"},
       "CREATE TEMP TABLE _doctor_q5 (LIKE {s}.q5 INCLUDING DEFAULTS)"},
      {"several statements in one call", {}, "SELECT 1; SELECT 2"},
      {"exact division of bigints truncates",
       {},
       "SELECT 1 / CASE WHEN CAST(7 AS BIGINT) / CAST(2 AS BIGINT) = 3 THEN 1 ELSE 0 END",
       /*relied_on=*/true},
      {"decimals of 38 digits are summed and rescaled as marts do",
       {"CREATE TABLE {s}.q6 (v BIGINT)", "INSERT INTO {s}.q6 VALUES (4611686018427387903)"},
       "SELECT CAST(CAST(SUM(v) AS DECIMAL(33, 0)) * 0.0001 AS DECIMAL(38, 4)) FROM {s}.q6",
       /*relied_on=*/true},
      {"trailing blanks count once CHR(1) is appended",
       {},
       "SELECT 1 / CASE WHEN ('a ' || CHR(1)) <> ('a' || CHR(1)) THEN 1 ELSE 0 END",
       /*relied_on=*/true},
      {"IS DISTINCT FROM", {}, "SELECT 1 WHERE 1 IS DISTINCT FROM 2"},
      {"isolation level of the databases (1 snapshot, 2 serializable)",
       {},
       "SELECT * FROM stv_db_isolation_level"},
  };
  return questions;
}

std::string InSchema(std::string_view sql, const std::string& schema) {
  return fmt::format(fmt::runtime(sql), fmt::arg("s", "\"" + schema + "\""));
}

class Inquiry {
 public:
  Inquiry(const ResolvedTarget& target, std::string schema, DuckDb* engine, ObjectStore* store,
          std::unique_ptr<PgClient> client)
      : target_(target),
        schema_(std::move(schema)),
        engine_(engine),
        store_(store),
        client_(std::move(client)) {}

  std::vector<DoctorCheck> Run() {
    for (const Question& question : Questions()) Ask(question);
    Collide();
    Parquet("Parquet decimal of 9 digits (INT32) into DECIMAL(9,2)", "DECIMAL(9,2)",
            "CAST(1.25 AS DECIMAL(9,2))", "");
    Parquet("Parquet decimal of 18 digits (INT64) into DECIMAL(18,2)", "DECIMAL(18,2)",
            "CAST(1.25 AS DECIMAL(18,2))", "");
    Parquet("Parquet decimal of 20 digits (16 bytes) into DECIMAL(20,2)", "DECIMAL(20,2)",
            "CAST(1.25 AS DECIMAL(20,2))", "");
    Parquet("Parquet TIMESTAMPTZ into TIMESTAMPTZ", "TIMESTAMPTZ",
            "CAST('2025-06-01 10:00:00+00' AS TIMESTAMPTZ)", "");
    Parquet("column list with FORMAT PARQUET", "INTEGER", "CAST(1 AS INTEGER)", " (v)");
    checks_.push_back({"LOCK by somebody who does not own the table", CheckOutcome::kSkipped,
                       "needs a second user: GRANT on lyceum.writer_lock, then run as that user"});
    return std::move(checks_);
  }

 private:
  void Answer(const char* what, const Status& status, const std::string& found = "") {
    if (status.code() == ErrorCode::kConnectionLost) {
      checks_.push_back({what, CheckOutcome::kSkipped, status.message()});
      return;
    }
    checks_.push_back({what, CheckOutcome::kAnswer,
                       !status.ok()    ? fmt::format("refused: {}", status.message())
                       : found.empty() ? "accepted"
                                       : fmt::format("accepted: {}", found)});
  }

  void Ask(const Question& question) {
    for (const char* setup : question.setup) {
      if (Status status = client_->Execute(InSchema(setup, schema_)); !status.ok()) {
        checks_.push_back({question.what, CheckOutcome::kSkipped, status.message()});
        return;
      }
    }
    const std::string sql = InSchema(question.statement, schema_);
    if (sql.rfind("SELECT", 0) != 0 || sql.find(';') != std::string::npos) {
      return Answer(question.what, client_->Execute(sql));
    }
    const auto rows = client_->Query(sql);
    std::vector<std::string> values;
    if (rows.ok()) {
      for (const auto& row : rows->rows) {
        for (const auto& value : row) values.push_back(value.value_or("null"));
      }
    }
    if (question.relied_on) {
      checks_.push_back({question.what, rows.ok() ? CheckOutcome::kOk : CheckOutcome::kFailed,
                         rows.status().message()});
      return;
    }
    Answer(question.what, rows.status(), fmt::format("{}", fmt::join(values, ", ")));
  }

  /// What a DELETE says that waited for another transaction's DELETE of the same row.
  void Collide() {
    constexpr char kWhat[] = "second of two transactions that delete the same row";
    auto other = PgClient::Open({target_.url, target_.name, "Redshift", {}});
    Status status = other.status();
    for (const char* setup : {"CREATE TABLE {s}.c1 (k INTEGER)", "INSERT INTO {s}.c1 VALUES (1)",
                              "BEGIN", "DELETE FROM {s}.c1 WHERE k = 1"}) {
      if (status.ok()) status = client_->Execute(InSchema(setup, schema_));
    }
    // The other session takes its snapshot now, while the row is still there for it.
    if (status.ok()) status = (*other)->Execute("BEGIN");
    if (status.ok())
      status = (*other)->Query(InSchema("SELECT COUNT(*) FROM {s}.c1", schema_)).status();
    if (!status.ok()) {
      checks_.push_back({kWhat, CheckOutcome::kSkipped, status.message()});
      return;
    }
    Status second;
    std::thread waits(
        [&] { second = (*other)->Execute(InSchema("DELETE FROM {s}.c1 WHERE k = 1", schema_)); });
    std::this_thread::sleep_for(std::chrono::seconds(1));
    (void)client_->Execute("COMMIT");
    waits.join();
    (void)(*other)->Execute("ROLLBACK");
    Answer(kWhat, second);
  }

  /// Tries COPY of one Parquet file with one column.
  void Parquet(const char* what, const std::string& type, const std::string& value,
               const std::string& column_list) {
    const int number = ++files_;
    const std::string folder = fmt::format("{}/{}/question-{}", target_.stage, schema_, number);
    const std::string table = fmt::format("\"{}\".p{}", schema_, number);
    Status status = engine_->Execute(fmt::format(
        "COPY (SELECT {} AS v) TO '{}' (FORMAT parquet, FILE_SIZE_BYTES 1000000)", value, folder));
    Result<RowSet> written = Internal("");
    if (status.ok()) {
      written = engine_->Query(fmt::format(
          "SELECT file_name, file_size_bytes FROM parquet_file_metadata('{}/*.parquet')", folder));
      status = written.status();
    }
    if (status.ok()) {
      status = store_->Write(
          folder + "/manifest.json",
          fmt::format("{{\"entries\": [{{\"url\": \"{}\", \"mandatory\": true, \"meta\": "
                      "{{\"content_length\": {}}}}}]}}",
                      *written->rows[0][0], *written->rows[0][1]));
    }
    if (status.ok()) status = client_->Execute(fmt::format("CREATE TABLE {} (v {})", table, type));
    if (!status.ok()) {
      checks_.push_back({what, CheckOutcome::kSkipped, status.message()});
      return;
    }
    Answer(what, client_->Execute(RenderParquetCopy(table + column_list, folder + "/manifest.json",
                                                    target_.iam_role)));
  }

  const ResolvedTarget& target_;
  std::string schema_;
  DuckDb* engine_;
  ObjectStore* store_;
  std::unique_ptr<PgClient> client_;
  int files_ = 0;
  std::vector<DoctorCheck> checks_;
};

}  // namespace

std::vector<DoctorCheck> AskRedshift(const ResolvedTarget& target, const std::string& schema,
                                     DuckDb* engine, ObjectStore* store) {
  // A client of its own: the warehouse's guard refuses some of these statements on purpose.
  auto client = PgClient::Open({target.url, target.name, "Redshift", {}});
  if (!client.ok()) {
    return {{"questions about Redshift", CheckOutcome::kSkipped, client.status().message()}};
  }
  return Inquiry(target, schema, engine, store, std::move(*client)).Run();
}

}  // namespace lyceum
