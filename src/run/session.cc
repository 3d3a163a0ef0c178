#include "run/session.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "run/batch_run.h"
#include "run/ledger.h"
#include "sql/ledger_sql.h"
#include "sql/render.h"

namespace lyceum {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDuckDbScheme = "duckdb:";

std::vector<std::string> TargetNames(const Spec* spec) {
  std::vector<std::string> names;
  if (spec) {
    for (const Target& target : spec->targets) names.push_back(target.name);
  }
  return names;
}

Status MakeFolder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) {
    return Unavailable(fmt::format("cannot create folder '{}': {}", path, error.message()));
  }
  return Status::Ok();
}

/// DuckDB admits one writing process, so whatever a run left in the file, its run is dead.
Status ClearLeftovers(const Names& names, Warehouse* warehouse) {
  ASSIGN_OR_RETURN(
      const RowSet tables,
      warehouse->Query(fmt::format(
          "SELECT table_name FROM information_schema.tables WHERE table_schema = {} AND "
          "table_name LIKE 'ld!_________!_%' ESCAPE '!' AND table_catalog = "
          "current_database()",
          names.Text(names.schema()))));
  for (const auto& row : tables.rows) {
    RETURN_IF_ERROR(warehouse->Execute(
        {"drop what a dead run left", fmt::format("DROP TABLE {}", names.Star(*row[0]))}));
  }
  ASSIGN_OR_RETURN(const RowSet dead,
                   warehouse->Query("SELECT count(*) FROM lyceum.runs WHERE state = 'running'"));
  if (dead.rows[0][0] == "0") return Status::Ok();
  return warehouse->Execute(
      {"mark dead runs", "UPDATE lyceum.runs SET state = 'died' WHERE state = 'running'"});
}

/// Whoever holds the warehouse's lock may drop what dead sessions spilled beside it.
void ClearSpill(const std::string& run_root) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(run_root, error)) {
    const bool spill = entry.path().filename().string().rfind("tmp-", 0) == 0;
    if (spill) fs::remove_all(entry.path(), error);
  }
}

}  // namespace

Result<ResolvedTarget> ResolveTarget(const Spec* spec, const std::string& name_or_url) {
  ResolvedTarget target;
  if (name_or_url.rfind(kDuckDbScheme, 0) == 0) {
    target.name = name_or_url;
    target.path = name_or_url.substr(kDuckDbScheme.size());
    if (target.path.empty()) {
      return BadSpec("'duckdb:' lacks a path; write 'duckdb:warehouse.duckdb'");
    }
    return target;
  }
  std::string name = name_or_url;
  if (name.empty() && spec) name = spec->default_target;
  if (name.empty()) return BadSpec("no target; give --target NAME or --target duckdb:PATH");
  if (spec) {
    for (const Target& candidate : spec->targets) {
      if (candidate.name != name) continue;
      target.name = name;
      ASSIGN_OR_RETURN(target.path, ExpandEnvironment(candidate.path));
      ASSIGN_OR_RETURN(target.schema, ExpandEnvironment(candidate.schema));
      return target;
    }
    return BadSpec(
        fmt::format("the spec has no target '{}'{}", name, SuggestName(name, TargetNames(spec))));
  }
  return BadSpec(fmt::format(
      "'{}' names a target of a spec, but no spec is given; give the spec, or --target duckdb:PATH",
      name));
}

void Progress::Enter(std::string phase, int done, int total) {
  const std::lock_guard<std::mutex> lock(mutex_);
  view_ = {std::move(phase), done, total};
}

Progress::View Progress::view() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return view_;
}

Session::~Session() {
  std::error_code error;
  engine_.reset();
  warehouse_.reset();
  database_.reset();
  if (!options_.temp_directory.empty()) fs::remove_all(options_.temp_directory, error);
}

Result<std::unique_ptr<Session>> Session::Open(const Spec& spec, const SessionOptions& options) {
  std::unique_ptr<Session> session(new Session(spec, options));
  session->run_root_ =
      options.run_directory.empty() ? options.target.path + ".runs" : options.run_directory;
  const std::string temp_root =
      options.temp_directory.empty() ? session->run_root_ : options.temp_directory;
  // A folder of this process alone, so that two sessions do not clear each other's spill.
  session->options_.temp_directory = fmt::format("{}/tmp-{}", temp_root, getpid());
  DuckDbOptions duckdb;
  duckdb.threads = options.threads;
  duckdb.memory_limit = options.memory_limit;
  duckdb.temp_directory = session->options_.temp_directory;
  ASSIGN_OR_RETURN(session->database_, DuckDb::Open(duckdb));
  ASSIGN_OR_RETURN(session->warehouse_,
                   OpenDuckDbWarehouse(session->database_.get(), options.target.path,
                                       options.target.schema, /*read_only=*/false));
  if (options.temp_directory.empty()) ClearSpill(session->run_root_);
  RETURN_IF_ERROR(MakeFolder(session->options_.temp_directory));
  EngineOptions engine;
  engine.timezone = spec.timezone;
  engine.spool_directory = session->options_.temp_directory;
  engine.long_record_directory = session->run_root_ + "/records";
  ASSIGN_OR_RETURN(session->engine_, MakeDuckDbEngine(session->database_.get(), engine));
  const Names names(session->warehouse_->dialect(), options.target.schema, "");
  RETURN_IF_ERROR(EnsureTables(spec, names, session->warehouse_.get()));
  RETURN_IF_ERROR(ClearLeftovers(names, session->warehouse_.get()));
  return session;
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
  warehouse_->Interrupt();
}

double Session::StatementProgress() { return database_->Progress(); }

Result<std::unique_ptr<ReadSession>> ReadSession::Open(const ResolvedTarget& target) {
  auto session = std::make_unique<ReadSession>();
  session->target_ = target;
  DuckDbOptions options;
  options.temp_directory =
      fmt::format("{}/lyceum-{}", fs::temp_directory_path().string(), getpid());
  ASSIGN_OR_RETURN(session->database_, DuckDb::Open(options));
  // People see rows in the order in which their query would give them elsewhere.
  RETURN_IF_ERROR(session->database_->Execute("SET preserve_insertion_order = true"));
  ASSIGN_OR_RETURN(session->warehouse_, OpenDuckDbWarehouse(session->database_.get(), target.path,
                                                            target.schema, /*read_only=*/true));
  // A query reads this warehouse and nothing else: no files, no settings.
  RETURN_IF_ERROR(session->database_->Execute("SET enable_external_access = false"));
  RETURN_IF_ERROR(session->database_->Execute("SET lock_configuration = true"));
  ASSIGN_OR_RETURN(const bool ours, HasBookkeeping(session->warehouse_.get()));
  if (!ours) {
    return Unavailable(
        fmt::format("'{}' holds no Lyceum warehouse; `lyceum run` creates one", target.path));
  }
  return session;
}

ReadSession::~ReadSession() {
  warehouse_.reset();
  database_.reset();
}

Result<Plan> PlanDate(const Spec& spec, const SessionOptions& options, const Inbox& inbox,
                      Days date) {
  PlanInput input;
  input.run_id = "plan";
  input.batch_date = date;
  input.force = options.force;
  ASSIGN_OR_RETURN(input.files, FingerprintFiles(spec, inbox, date));
  std::error_code error;
  if (fs::exists(options.target.path, error)) {
    ASSIGN_OR_RETURN(auto session, ReadSession::Open(options.target));
    ASSIGN_OR_RETURN(input.ledger, ReadLedger(&session->warehouse()));
    ASSIGN_OR_RETURN(input.mart_hashes, ReadMartHashes(&session->warehouse()));
  }
  Plan plan = BuildPlan(spec, input);
  RETURN_IF_ERROR(CheckPlan(plan));
  return plan;
}

}  // namespace lyceum
