#include "run/session.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "engines/key_function.h"
#include "engines/spark_engine.h"
#include "engines/spark_results.h"
#include "run/batch_run.h"
#include "run/ledger.h"
#include "run/schema_update.h"
#include "run/transaction.h"
#include "sql/ledger_sql.h"
#include "sql/render.h"

namespace lyceum {
namespace {

namespace fs = std::filesystem;

Status MakeFolder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) {
    return Unavailable(fmt::format("cannot create folder '{}': {}", path, error.message()));
  }
  return Status::Ok();
}

/// A condition on lyceum.runs that holds for runs which no longer work. Where several processes
/// write, one that began over a day ago, by the warehouse's clock, is taken for dead.
std::string IsOver(const Dialect& dialect) {
  if (dialect.one_writer) return "TRUE";
  return fmt::format("(state <> 'running' OR started_at <= {} - INTERVAL '24 hours')", dialect.now);
}

/// Drops the private tables of runs that are over. A table is private if its name holds the end of
/// the id of a run in the ledger; others that look alike are somebody's own.
Status ClearLeftovers(const Names& names, Warehouse* warehouse) {
  ASSIGN_OR_RETURN(auto tables, ReadTableNames(names, names.schema(), warehouse));
  std::erase_if(tables, [](const auto& table) { return table.first.rfind("ld_", 0) != 0; });
  std::vector<Statement> statements;
  if (!tables.empty()) {
    ASSIGN_OR_RETURN(const RowSet runs,
                     warehouse->Query(fmt::format("SELECT run_id FROM {} WHERE {}",
                                                  names.Book("runs"), IsOver(names.dialect()))));
    std::set<std::string> over;
    for (const auto& row : runs.rows) over.insert(PrivateTable(*row[0], ""));
    for (const auto& [table, is_view] : tables) {
      if (over.count(table.substr(0, PrivateTablePrefixBytes())) == 0) continue;
      statements.push_back(
          {"drop what a dead run left", fmt::format("DROP TABLE IF EXISTS {}", names.Star(table))});
    }
  }
  ASSIGN_OR_RETURN(const RowSet count, warehouse->Query(fmt::format(
                                           "SELECT count(*) FROM {} WHERE state = 'running' AND {}",
                                           names.Book("runs"), IsOver(names.dialect()))));
  if (count.rows[0][0] != "0") {
    statements.push_back({"mark dead runs",
                          fmt::format("UPDATE {} SET state = 'died' WHERE state = 'running' AND {}",
                                      names.Book("runs"), IsOver(names.dialect()))});
  }
  return statements.empty() ? Status::Ok() : InTransaction(names, warehouse, statements);
}

/// What a warehouse works with; both may be null for reading from a server.
struct Tools {
  DuckDb* database = nullptr;
  ObjectStore* store = nullptr;
};

Result<std::unique_ptr<Warehouse>> ConnectWarehouse(const Tools& tools, bool read_only,
                                                    const ResolvedTarget& target) {
  const ServerOptions server{target.url, target.name, target.schema, read_only};
  switch (target.kind) {
    case TargetKind::kDuckDb:
      return OpenDuckDbWarehouse(tools.database, target.path, target.schema, read_only);
    case TargetKind::kPostgres:
      return OpenPostgresWarehouse(tools.database, server);
    case TargetKind::kRedshift:
      return OpenRedshiftWarehouse(tools.database, tools.store,
                                   {server, target.stage, target.iam_role});
  }
  return Internal("a target of no kind");
}

/// Opens the warehouse of a target. If the target names no schema, the one that the star tables
/// stand in is taken; another than theirs is refused.
Result<std::unique_ptr<Warehouse>> OpenWarehouse(const Tools& tools, bool read_only,
                                                 ResolvedTarget* target) {
  const bool given = !target->schema.empty();
  if (!given) target->schema = target->DefaultSchema();
  ASSIGN_OR_RETURN(auto warehouse, ConnectWarehouse(tools, read_only, *target));
  ASSIGN_OR_RETURN(const bool ours, HasBookkeeping(warehouse.get()));
  if (!ours) return warehouse;
  ASSIGN_OR_RETURN(const std::string schema, ReadStarSchema(warehouse.get()));
  if (schema.empty() || schema == target->schema) return warehouse;
  if (given) {
    return BadSpec(fmt::format("the tables of '{}' stand in schema '{}', not in '{}'", target->name,
                               schema, target->schema));
  }
  target->schema = schema;
  warehouse.reset();
  return ConnectWarehouse(tools, read_only, *target);
}

/// A target opened for reading, as far as it is there.
struct Found {
  std::unique_ptr<ReadSession> session;  ///< null if there is no database yet
  bool ours = false;                     ///< it holds Lyceum's tables
};

Result<Found> OpenIfThere(const ResolvedTarget& target) {
  Found found;
  std::error_code error;
  if (target.kind == TargetKind::kDuckDb && !fs::exists(target.path, error)) return found;
  ASSIGN_OR_RETURN(found.session, ReadSession::OpenAny(target));
  ASSIGN_OR_RETURN(found.ours, HasBookkeeping(&found.session->warehouse()));
  return found;
}

}  // namespace

void Progress::Enter(std::string phase, int done, int total) {
  const std::lock_guard<std::mutex> lock(mutex_);
  view_ = {std::move(phase), done, total};
}

Progress::View Progress::view() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return view_;
}

Session::~Session() {
  engine_.reset();
  warehouse_.reset();
  store_.reset();
  database_.reset();
}

Result<std::unique_ptr<Session>> Session::Open(const Spec& spec, const SessionOptions& options) {
  RETURN_IF_ERROR(CheckRunnable(options.engine));
  RETURN_IF_ERROR(CheckSpecRuns(spec, options.engine));
  std::unique_ptr<Session> session(new Session(spec, options));
  session->run_root_ =
      options.run_directory.empty() ? options.target.DefaultRunDirectory() : options.run_directory;
  const bool remote = IsObjectUrl(session->run_root_);
  std::string spill_parent = options.temp_directory;
  if (spill_parent.empty()) {
    spill_parent = remote ? fs::temp_directory_path().string() : session->run_root_;
  }
  // Before anything is made beside it: a mistyped path must not grow folders.
  if (options.target.kind == TargetKind::kDuckDb) {
    RETURN_IF_ERROR(CheckDuckDbFolder(options.target.path));
  }
  ASSIGN_OR_RETURN(session->spill_, SpillFolder::Make(spill_parent));
  session->options_.temp_directory = session->spill_->path();
  if (remote) {
    session->remote_root_ = session->run_root_;
    while (session->remote_root_.back() == '/') session->remote_root_.pop_back();
    session->run_root_ = session->spill_->path() + "/runs";
  }
  DuckDbOptions duckdb;
  duckdb.threads = options.threads;
  duckdb.memory_limit = options.memory_limit;
  duckdb.reports_progress = options.live_progress;
  duckdb.temp_directory = session->options_.temp_directory;
  ASSIGN_OR_RETURN(session->database_, DuckDb::Open(duckdb));
  // A publish to DuckDB computes keys too, whatever engine loaded the rows.
  RETURN_IF_ERROR(RegisterKeyFunction(session->database_->connection()));
  if (options.target.kind == TargetKind::kRedshift || !session->remote_root_.empty()) {
    RETURN_IF_ERROR(session->OpenStore());
  }
  ASSIGN_OR_RETURN(session->warehouse_,
                   OpenWarehouse({session->database_.get(), session->store_.get()},
                                 /*read_only=*/false, &session->options_.target));
  const ResolvedTarget& target = session->options_.target;
  RETURN_IF_ERROR(session->OpenEngine());
  const Names names(target.dialect(), target.schema, "");
  RETURN_IF_ERROR(Retrying([&] { return EnsureBookkeeping(names, session->warehouse_.get()); }));
  RETURN_IF_ERROR(CompareSchema(spec, names, target.layouts, session->warehouse_.get()).status());
  RETURN_IF_ERROR(Retrying([&] { return ClearLeftovers(names, session->warehouse_.get()); }));
  return session;
}

/// Makes S3 reachable from the embedded database.
Status Session::OpenStore() {
  if (store_) return Status::Ok();
  ASSIGN_OR_RETURN(store_, ObjectStore::Open(database_.get()));
  return Status::Ok();
}

Status Session::OpenEngine() {
  EngineOptions common;
  common.timezone = spec_.timezone;
  common.spool_directory = options_.temp_directory;
  common.long_record_directory = run_root_ + "/records";
  const ResolvedEngine& chosen = options_.engine;
  if (chosen.kind == EngineKind::kDuckDb) {
    ASSIGN_OR_RETURN(engine_, MakeDuckDbEngine(database_.get(), common));
    return Status::Ok();
  }
  if (chosen.kind == EngineKind::kResults) {
    if (IsObjectUrl(chosen.results)) RETURN_IF_ERROR(OpenStore());
    engine_ = MakeResultsEngine(database_.get(), common, chosen.results);
    return Status::Ok();
  }
  SparkEngineOptions spark;
  spark.engine = common;
  spark.name = chosen.name;
  spark.run_directory = !chosen.run_directory.empty() ? chosen.run_directory
                        : !remote_root_.empty()       ? remote_root_
                                                      : run_root_;
  spark.cluster_run_directory = !chosen.cluster_run_directory.empty()
                                    ? chosen.cluster_run_directory
                                    : ClusterDirectory(spark.run_directory);
  spark.settings.assign(chosen.settings.begin(), chosen.settings.end());
  if (IsObjectUrl(spark.run_directory)) {
    RETURN_IF_ERROR(OpenStore());
  } else {
    // A folder whose lock tells later runs whether its session is dead.
    ASSIGN_OR_RETURN(results_, SpillFolder::Make(spark.run_directory));
    const fs::path folder = results_->path();
    std::error_code error;
    // The cluster may run as somebody else.
    fs::permissions(folder, fs::status(spark.run_directory, error).permissions(), error);
    spark.run_directory = folder.string();
    spark.cluster_run_directory += "/" + folder.filename().string();
  }
  ASSIGN_OR_RETURN(std::unique_ptr<SparkClient> client,
                   SparkClient::Open(chosen.address, chosen.name));
  ASSIGN_OR_RETURN(engine_, MakeSparkEngine(std::move(client), database_.get(), spark));
  return Status::Ok();
}

/// Copies what this session wrote below its run directory and did not copy yet.
Status Session::UploadRunFiles() {
  if (remote_root_.empty()) return Status::Ok();
  std::error_code error;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(run_root_, error)) {
    if (!entry.is_regular_file(error)) continue;
    const std::string relative = fs::relative(entry.path(), run_root_, error).generic_string();
    if (uploaded_.count(relative) > 0) continue;
    RETURN_IF_ERROR(store_->Upload(entry.path().string(), remote_root_ + "/" + relative));
    uploaded_.insert(relative);
  }
  return Status::Ok();
}

std::string Session::ShownDirectory(const std::string& directory) const {
  const bool below = !remote_root_.empty() && directory.rfind(run_root_, 0) == 0;
  return below ? remote_root_ + directory.substr(run_root_.size()) : directory;
}

RunRecord Session::Run(const Inbox& inbox, Days date) {
  RunRecord record = BatchRun(this, inbox, date).Go();
  if (Status status = MakeFolder(record.directory); !status.ok()) {
    record.warnings.push_back(status.message());
    record.directory.clear();
  }
  return record;
}

void Session::Interrupt(ErrorCode code) {
  stop_ = code;
  const std::lock_guard<std::mutex> lock(interrupt_mutex_);
  if (committing_) return;
  engine_->Interrupt();
  warehouse_->Interrupt();
}

Session::CommitScope::CommitScope(Session* session) : session_(session) {
  const std::lock_guard<std::mutex> lock(session_->interrupt_mutex_);
  session_->committing_ = true;
}

Session::CommitScope::~CommitScope() {
  const std::lock_guard<std::mutex> lock(session_->interrupt_mutex_);
  session_->committing_ = false;
}

double Session::StatementProgress() {
  const double engine = engine_->Progress();
  return engine >= 0 ? engine : database_->Progress();
}

Result<std::unique_ptr<ReadSession>> ReadSession::Open(const ResolvedTarget& target) {
  ASSIGN_OR_RETURN(auto session, OpenAny(target));
  ASSIGN_OR_RETURN(const bool ours, HasBookkeeping(session->warehouse_.get()));
  if (ours) return session;
  return Unavailable(
      fmt::format("'{}' holds no Lyceum warehouse; `lyceum run` creates one", target.name));
}

Result<std::unique_ptr<ReadSession>> ReadSession::OpenAny(const ResolvedTarget& target) {
  auto session = std::make_unique<ReadSession>();
  session->target_ = target;
  if (target.kind == TargetKind::kDuckDb) {
    DuckDbOptions options;
    ASSIGN_OR_RETURN(session->spill_, SpillFolder::Make(fs::temp_directory_path().string()));
    options.temp_directory = session->spill_->path();
    options.reveals_values = true;
    ASSIGN_OR_RETURN(session->database_, DuckDb::Open(options));
    // People see rows in the order in which their query would give them elsewhere.
    RETURN_IF_ERROR(session->database_->Execute("SET preserve_insertion_order = true"));
  }
  ASSIGN_OR_RETURN(session->warehouse_, OpenWarehouse({session->database_.get()},
                                                      /*read_only=*/true, &session->target_));
  if (session->database_) {
    // A query reads this warehouse and nothing else: no files, no settings.
    RETURN_IF_ERROR(session->database_->Execute("SET enable_external_access = false"));
    RETURN_IF_ERROR(session->database_->Execute("SET lock_configuration = true"));
  }
  return session;
}

ReadSession::~ReadSession() {
  warehouse_.reset();
  database_.reset();
}

Result<PlannedDate> PlanDate(const Spec& spec, const SessionOptions& options, const Inbox& inbox,
                             Days date) {
  PlanInput input;
  input.run_id = "plan";
  input.batch_date = date;
  input.force = options.force;
  ASSIGN_OR_RETURN(input.files, FingerprintFiles(spec, inbox, date));
  ResolvedTarget target = options.target;
  ASSIGN_OR_RETURN(const Found found, OpenIfThere(target));
  if (found.session) target = found.session->target();
  if (target.schema.empty()) target.schema = target.DefaultSchema();
  const Names names(target.dialect(), target.schema, "");
  Warehouse* warehouse = found.session ? &found.session->warehouse() : nullptr;
  SchemaChanges schema;
  if (found.ours) {
    ASSIGN_OR_RETURN(input.ledger, ReadLedger(warehouse));
    ASSIGN_OR_RETURN(input.mart_hashes, ReadMartHashes(warehouse));
    ASSIGN_OR_RETURN(schema, CompareSchema(spec, names, target.layouts, warehouse));
  } else {
    ASSIGN_OR_RETURN(schema, NewSchema(spec, names, target.layouts, warehouse));
  }
  input.table_changes = schema.notes;
  Plan plan = BuildPlan(spec, input);
  RETURN_IF_ERROR(CheckPlan(plan));
  std::vector<std::string> warnings = DeliveryWarnings(inbox, plan);
  return PlannedDate{std::move(plan), std::move(target), std::move(schema), !found.ours,
                     std::move(warnings)};
}

}  // namespace lyceum
