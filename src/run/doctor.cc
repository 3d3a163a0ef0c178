#include "run/doctor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <utility>

#include "engines/duckdb_client.h"
#include "run/ledger.h"
#include "run/spill_folder.h"
#include "sql/publish_sql.h"
#include "sql/render.h"

namespace lyceum {
namespace {

namespace fs = std::filesystem;

/// One value of every type, at the edges of the domain where that matters.
struct Sample {
  const char* column;
  Type type;
  const char* sql;       ///< on the engine
  const char* expected;  ///< as people read it
};

constexpr Sample kSamples[] = {
    {"whole", {TypeKind::kInteger}, "CAST(-2147483648 AS INTEGER)", "-2147483648"},
    {"large", {TypeKind::kBigint}, "9223372036854775807", "9223372036854775807"},
    {"exact",
     {TypeKind::kDecimal, 20, 4},
     "CAST('-1234567890123456.7890' AS DECIMAL(20,4))",
     "-1234567890123456.7890"},
    {"real",
     {TypeKind::kDouble},
     "CAST(0.1 AS DOUBLE) + CAST(0.2 AS DOUBLE)",
     "0.30000000000000004"},
    {"truth", {TypeKind::kBoolean}, "TRUE", "true"},
    {"words", {TypeKind::kText}, "'Zoë \\ ''x'' 🎓'", "Zoë \\ 'x' 🎓"},
    {"day", {TypeKind::kDate}, "DATE '9999-12-31'", "9999-12-31"},
    {"moment",
     {TypeKind::kTimestamp},
     "TIMESTAMP '2024-02-29 23:59:59.123456'",
     "2024-02-29T23:59:59.123456"},
};

/// Runs the checks of one target in order; what depends on a failed one is left out.
class Doctor {
 public:
  explicit Doctor(const ResolvedTarget& target) : target_(target) {
    std::random_device random;
    schema_ = fmt::format("lyceum_doctor_{:08x}", random());
    if (target_.schema.empty()) target_.schema = target_.DefaultSchema();
  }

  std::vector<DoctorCheck> Run() {
    std::error_code error;
    const bool new_file = target_.kind == TargetKind::kDuckDb && !fs::exists(target_.path, error);
    Look();
    warehouse_.reset();
    if (new_file) fs::remove(target_.path, error);
    return std::move(checks_);
  }

 private:
  void Look() {
    if (Engine() && Store() && Connection()) {
      if (Scratch()) {
        Statements();
        Stages();
        if (target_.kind == TargetKind::kRedshift) {
          for (DoctorCheck& check : AskRedshift(target_, schema_, engine_.get(), store_.get())) {
            checks_.push_back(std::move(check));
          }
        }
        DropScratch();
      }
      Bookkeeping();
    }
  }

  bool Note(std::string what, const Status& status, std::string detail = "") {
    const CheckOutcome outcome = status.ok() ? CheckOutcome::kOk : CheckOutcome::kFailed;
    checks_.push_back(
        {std::move(what), outcome, status.ok() ? std::move(detail) : status.message()});
    return status.ok();
  }

  bool Engine() {
    auto spill = SpillFolder::Make(fs::temp_directory_path().string());
    if (!Note("folder for spilled data", spill.status())) return false;
    spill_ = std::move(*spill);
    DuckDbOptions options;
    options.temp_directory = spill_->path();
    auto engine = DuckDb::Open(options);
    if (!Note("embedded engine", engine.status(),
              fmt::format("DuckDB {}", duckdb_library_version()))) {
      return false;
    }
    engine_ = std::move(*engine);
    return true;
  }

  bool Store() {
    if (target_.kind != TargetKind::kRedshift) return true;
    auto store = ObjectStore::Open(engine_.get());
    if (!Note("S3: extension and credentials", store.status())) return false;
    store_ = std::move(*store);
    const std::string probe = fmt::format("{}/{}/probe.txt", target_.stage, schema_);
    if (!Note("S3: write to the stage", store_->Write(probe, "lyceum"), target_.stage)) {
      return false;
    }
    const auto listed = store_->List(fmt::format("{}/{}", target_.stage, schema_));
    if (!Note("S3: list the stage", listed.status())) return false;
    const std::string copy = spill_->path() + "/probe.txt";
    return Note(
        "S3: read from the stage", store_->Download(probe, copy),
        "what doctor writes there stays; let a lifecycle rule delete the stage's old files");
  }

  /// COPY from Parquet takes no region, so the bucket must lie in the cluster's. A host of AWS
  /// names it; whether the bucket lies there, the COPY below tells.
  void Region() {
    const size_t host = target_.url.find(".redshift");
    if (target_.kind != TargetKind::kRedshift || host == std::string::npos) return;
    const size_t dot = target_.url.rfind('.', host - 1);
    if (dot == std::string::npos || target_.url.find("amazonaws.com", host) == std::string::npos) {
      return;
    }
    const std::string region = target_.url.substr(dot + 1, host - dot - 1);
    const std::string ours = ObjectStore::Region();
    Note("S3: region",
         region == ours ? Status::Ok()
                        : Unavailable(fmt::format(
                              "the cluster is in '{}', AWS_REGION says '{}'; COPY needs the "
                              "stage in the cluster's region",
                              region, ours)),
         region);
  }

  bool Connection() {
    const ServerOptions server{target_.url, target_.name, target_.schema, /*read_only=*/false};
    Result<std::unique_ptr<Warehouse>> warehouse = Internal("");
    switch (target_.kind) {
      case TargetKind::kDuckDb:
        // The schema of the target may not be there yet, and doctor makes none that stays.
        warehouse = OpenDuckDbWarehouse(engine_.get(), target_.path, "main", false);
        break;
      case TargetKind::kPostgres:
        warehouse = OpenPostgresWarehouse(engine_.get(), server);
        break;
      case TargetKind::kRedshift:
        warehouse = OpenRedshiftWarehouse(engine_.get(), store_.get(),
                                          {server, target_.stage, target_.iam_role});
        break;
    }
    Region();
    if (!Note("connection", warehouse.status(), target_.name)) return false;
    warehouse_ = std::move(*warehouse);
    const auto version = warehouse_->Query("SELECT version()");
    if (!Note("version", version.status(), version.ok() ? version->rows[0][0].value_or("") : "")) {
      return false;
    }
    return true;
  }

  bool Scratch() {
    const Names names(target_.dialect(), schema_, "");
    const Status status = warehouse_->Execute(RenderSchema(schema_, names));
    if (status.ok()) return Note("privilege to create schemas", status);
    const auto ours = HasBookkeeping(warehouse_.get());
    if (ours.ok() && *ours) {
      // What runs need stands already; only these checks have nowhere to work.
      checks_.push_back({"privilege to create schemas", CheckOutcome::kSkipped,
                         "none, so what needs a scratch schema was not checked"});
      return false;
    }
    return Note("privilege to create schemas",
                {status.code(), fmt::format("{}; grant CREATE on the database", status.message())});
  }

  /// A run renames and drops tables, which only their owner may.
  void Owner() {
    if (target_.kind == TargetKind::kDuckDb) return;
    const Names names(target_.dialect(), target_.schema, "");
    const auto foreign = warehouse_->Query(fmt::format(
        "SELECT COUNT(*) FROM pg_tables WHERE schemaname IN ({}, 'lyceum') AND (schemaname = "
        "'lyceum' OR tablename IN (SELECT table_name FROM {})) AND tableowner <> current_user",
        names.Text(target_.schema), names.Book("tables")));
    if (!foreign.ok()) return;
    const std::string count = foreign->rows[0][0].value_or("0");
    Note("owner of Lyceum's tables",
         count == "0" ? Status::Ok()
                      : Unavailable(fmt::format(
                            "{} of them belong to somebody else; load as their owner", count)));
  }

  /// Every statement shape of a publish, in one transaction.
  void Statements() {
    const Names names(target_.dialect(), schema_, "");
    const std::string real = names.Star("real_table"), lock = names.Star("lock_table");
    Status status = warehouse_->Execute({"create", fmt::format("CREATE TABLE {} (k VARCHAR(64), "
                                                               "v INTEGER)",
                                                               real)});
    if (status.ok()) {
      status =
          warehouse_->Execute({"create", fmt::format("CREATE TABLE {} (nothing INTEGER)", lock)});
    }
    if (!Note("privilege to create tables", status)) return;
    std::vector<Statement> publish = {{"begin", "BEGIN"}};
    if (!target_.dialect().one_writer) {
      publish.push_back({"lock", fmt::format("LOCK TABLE {}", lock)});
    }
    publish.insert(
        publish.end(),
        {{"temporary table",
          "CREATE TEMP TABLE _doctor AS SELECT CAST('a' AS VARCHAR(64)) AS k, 1 AS v"},
         {"delete", fmt::format("DELETE FROM {} WHERE k IN (SELECT k FROM _doctor)", real)},
         {"merge",
          fmt::format("MERGE INTO {0} USING _doctor ON {0}.k = _doctor.k WHEN MATCHED THEN "
                      "UPDATE SET v = _doctor.v WHEN NOT MATCHED THEN INSERT (k, v) VALUES "
                      "(_doctor.k, _doctor.v)",
                      real)},
         {"rename", fmt::format("ALTER TABLE {} RENAME TO {}", real, names.Column("renamed"))},
         {"commit", "COMMIT"}});
    for (const Statement& statement : publish) {
      if (status = warehouse_->Execute(statement); !status.ok()) break;
    }
    if (!status.ok()) (void)warehouse_->Execute({"roll back", "ROLLBACK"});
    Note("lock, temporary table, DELETE, MERGE and RENAME in one transaction", status);
  }

  /// Stages one row of all types as a run does, and reads it back.
  void Stages() {
    const Names names(target_.dialect(), schema_, "");
    StagedRows rows;
    std::vector<std::string> select, columns;
    for (const Sample& sample : kSamples) {
      TableColumn column;
      column.name = sample.column;
      column.type = column.keyed_as = sample.type;
      rows.columns.push_back(column);
      columns.push_back(sample.column);
      select.push_back(fmt::format("{} AS {}", sample.sql, sample.column));
    }
    rows.query = fmt::format("SELECT {}", fmt::join(select, ", "));
    std::string table = names.Private("staged");
    Status staged = warehouse_->Stage(table, rows);
    if (staged.ok() && names.dialect().private_views) {
      const std::string view = std::exchange(table, names.Star("published"));
      staged = warehouse_->Execute(
          {"publish", fmt::format("CREATE TABLE {} AS SELECT * FROM {}", table, view)});
    }
    if (!Note("staging of a row with every type", staged)) return;
    const auto back =
        warehouse_->Query(fmt::format("SELECT {} FROM {}", names.List(columns), table));
    if (!Note("reading it back", back.status())) return;
    std::vector<std::string> wrong;
    for (size_t i = 0; i < std::size(kSamples); ++i) {
      const std::string found = back->rows.empty() ? "" : back->rows[0][i].value_or("null");
      if (found != kSamples[i].expected) {
        wrong.push_back(fmt::format("{} is '{}', not '{}'", TypeName(kSamples[i].type), found,
                                    kSamples[i].expected));
      }
    }
    Note("every type comes back as it went",
         wrong.empty() ? Status::Ok() : Internal(fmt::format("{}", fmt::join(wrong, "; "))));
  }

  void DropScratch() {
    const Names names(target_.dialect(), schema_, "");
    Note("scratch schema dropped",
         warehouse_->Execute(
             {"drop", fmt::format("DROP SCHEMA {} CASCADE", names.Column(schema_))}));
  }

  void Bookkeeping() {
    const auto ours = HasBookkeeping(warehouse_.get());
    if (!Note("Lyceum's tables", ours.status(),
              ours.ok() && *ours ? "there" : "none yet; the first run creates them")) {
      return;
    }
    if (!*ours) return;
    Owner();
    const auto schema = ReadStarSchema(warehouse_.get());
    if (schema.ok() && !schema->empty() && *schema != target_.schema) {
      Note("schema", BadSpec(fmt::format("the tables stand in '{}', the target says '{}'", *schema,
                                         target_.schema)));
    }
  }

  ResolvedTarget target_;
  std::string schema_;  ///< of the scratch tables
  std::unique_ptr<SpillFolder> spill_;
  std::unique_ptr<DuckDb> engine_;
  std::unique_ptr<ObjectStore> store_;
  std::unique_ptr<Warehouse> warehouse_;
  std::vector<DoctorCheck> checks_;
};

}  // namespace

std::vector<DoctorCheck> Diagnose(const ResolvedTarget& target) { return Doctor(target).Run(); }

bool Healthy(const std::vector<DoctorCheck>& checks) {
  return std::none_of(checks.begin(), checks.end(), [](const DoctorCheck& check) {
    return check.outcome == CheckOutcome::kFailed;
  });
}

}  // namespace lyceum
