// Amazon Redshift. Rows are staged as Parquet files in S3, with exactly the physical types that
// COPY accepts, and a manifest that is written last; COPY into private tables runs outside the
// publish transaction. Facts about Redshift: see sql/redshift_dialect.cc and docs/redshift.md.

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <random>

#include "engines/object_store.h"
#include "sql/staging_sql.h"
#include "warehouses/server_warehouse.h"

namespace lyceum {
namespace {

/// A name that no other process stages under.
std::string NewFolder() {
  std::random_device random;
  return fmt::format("stage-{:08x}{:08x}", random(), random());
}

/// `"public"."ld_0a1b_fact_quiz"` as part of a key.
std::string KeyOf(const std::string& table) {
  std::string key;
  for (char c : table) {
    if (c != '"') key += c;
  }
  return key;
}

class RedshiftWarehouse : public ServerWarehouse {
 public:
  RedshiftWarehouse(std::unique_ptr<PgClient> client, DuckDb* engine, ObjectStore* store,
                    const RedshiftOptions& options)
      : ServerWarehouse(RedshiftDialect(), std::move(client), engine),
        store_(store),
        iam_role_(options.iam_role),
        folder_(fmt::format("{}/{}", options.stage, NewFolder())) {}

  Status Stage(const std::string& table, const StagedRows& rows) override {
    const Names names(dialect(), "", "");
    crash_point_.Pass();
    RETURN_IF_ERROR(Explain(client_->Execute(RenderPrivateTable(table, rows.columns, names)),
                            "create a private table"));
    crash_point_.Pass();
    const std::string folder = fmt::format("{}/{}-{}", folder_, KeyOf(table), ++staged_);
    ASSIGN_OR_RETURN(const Files files, WriteFiles(rows, folder));
    // COPY of a manifest without rows is not documented.
    if (files.rows == 0) return Status::Ok();
    crash_point_.Pass();
    const std::string manifest = folder + "/manifest.json";
    RETURN_IF_ERROR(store_->Write(manifest, files.manifest));
    crash_point_.Pass();
    return Copy(table, manifest, files.rows);
  }

 private:
  struct Files {
    std::string manifest;
    int64_t rows = 0;
  };

  /// The Parquet files of `rows`: those that a cluster wrote, else new ones in `folder`.
  Result<Files> WriteFiles(const StagedRows& rows, std::string folder) {
    if (rows.parquet.empty()) {
      RETURN_IF_ERROR(engine_->Execute(RenderParquetFiles(rows.columns, rows.query, folder)));
    } else {
      folder = rows.parquet;
    }
    // What lies in S3, not what was sent there.
    ASSIGN_OR_RETURN(const RowSet written, engine_->Query(fmt::format(
                                               "SELECT file_name, num_rows, file_size_bytes FROM "
                                               "parquet_file_metadata({}) ORDER BY file_name",
                                               QuoteText(DuckDbDialect(), folder + "/*.parquet"))));
    Files files;
    auto entries = nlohmann::json::array();
    for (const auto& file : written.rows) {
      // Without `mandatory` a missing file is skipped; for Parquet the length is required.
      entries.push_back({{"url", *file[0]},
                         {"mandatory", true},
                         {"meta", {{"content_length", std::stoll(*file[2])}}}});
      files.rows += std::stoll(*file[1]);
    }
    files.manifest = nlohmann::json{{"entries", entries}}.dump(2);
    return files;
  }

  Status Copy(const std::string& table, const std::string& manifest, int64_t expected) {
    const Status status = client_->Execute(RenderParquetCopy(table, manifest, iam_role_));
    if (!status.ok()) return Explain(ExplainCopy(status), "load staged rows");
    ASSIGN_OR_RETURN(const RowSet count, client_->Query("SELECT pg_last_copy_count()"));
    if (count.rows[0][0] == std::to_string(expected)) return Status::Ok();
    return Unavailable(fmt::format("COPY loaded {} of {} staged rows into {}; run again",
                                   count.rows[0][0].value_or("no"), expected, table));
  }

  /// COPY's own message only says where to look. The view shows a user's own errors; the newest of
  /// this session is the COPY's.
  Status ExplainCopy(const Status& status) {
    if (status.code() == ErrorCode::kConnectionLost || status.code() == ErrorCode::kInterrupted) {
      return status;
    }
    const auto rows = client_->Query(
        "SELECT TRIM(file_name), line_number, TRIM(column_name), TRIM(column_type), error_code, "
        "TRIM(error_message) FROM sys_load_error_detail WHERE session_id = pg_backend_pid() "
        "AND query_id = (SELECT MAX(query_id) FROM sys_load_error_detail WHERE session_id = "
        "pg_backend_pid()) ORDER BY line_number LIMIT 1");
    if (!rows.ok() || rows->rows.empty()) return status;
    const auto& row = rows->rows[0];
    const auto part = [&row](size_t i) { return row[i].value_or(""); };
    return {status.code(),
            fmt::format("COPY failed at '{}', row {}, column '{}' ({}): {} (error {})", part(0),
                        part(1), part(2), part(3), part(5), part(4))};
  }

  ObjectStore* store_;
  std::string iam_role_;
  std::string folder_;
  int staged_ = 0;
};

}  // namespace

Result<std::unique_ptr<Warehouse>> OpenRedshiftWarehouse(DuckDb* engine, ObjectStore* store,
                                                         const RedshiftOptions& options) {
  PgOptions pg;
  pg.url = options.server.url;
  pg.name = options.server.name;
  pg.version_word = "Redshift";
  pg.session = {
      "SET timezone TO 'UTC'",
      // 17 digits bring a double back exactly; 2 is the most that Redshift takes.
      "SET extra_float_digits TO 2",
      // An UPDATE that matches a row twice must fail, not pick one.
      "SET error_on_nondeterministic_update TO true", "SET query_group TO 'lyceum'",
      fmt::format("SET search_path TO {}", QuoteName(RedshiftDialect(), options.server.schema))};
  if (options.server.read_only) pg.session.push_back("BEGIN READ ONLY");
  ASSIGN_OR_RETURN(auto client, PgClient::Open(pg));
  return std::unique_ptr<Warehouse>(
      std::make_unique<RedshiftWarehouse>(std::move(client), engine, store, options));
}

}  // namespace lyceum
