// A run of one batch date: find and hash the files, plan, load every changed dataset into private
// tables, judge the gate, then publish everything in one transaction or record why not. Until the
// publish transaction nothing that anybody reads has changed, so a crash needs no repair: the next
// run drops what this one left.

#include "run/batch_run.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <set>

#include "base/parallel.h"
#include "engines/record_file.h"
#include "run/ledger.h"
#include "run/remote_input.h"
#include "run/transaction.h"
#include "sql/ledger_sql.h"
#include "sql/render.h"
#include "sql/staging_sql.h"

namespace lyceum {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The time now in UTC, `yyyy-MM-dd HH:mm:ss.ffffff`: two runs of one second have an order.
std::string UtcTimestamp() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  std::string text =
      FormatTimestamp(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
  text[10] = ' ';
  return text;
}

/// Sorts by time, tells runs of one second apart.
std::string NewRunId() {
  std::random_device random;
  return fmt::format("{:%Y%m%dT%H%M%SZ}-{:08x}", fmt::gmtime(std::time(nullptr)), random());
}

/// Lines in one text of at most 60,000 bytes, since Redshift's columns end at 65,535; the run's
/// JSON has them all.
std::string CutLines(const std::vector<std::string>& lines) {
  constexpr size_t kMost = 60'000;
  std::string text;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (text.size() + lines[i].size() > kMost) {
      return text + fmt::format("... and {} more", lines.size() - i);
    }
    text += lines[i] + (i + 1 < lines.size() ? "\n" : "");
  }
  return text;
}

std::string NoFileText(const Dataset& dataset, Days date) {
  std::vector<std::string> quoted;
  for (const std::string& name : dataset.files) quoted.push_back("'" + name + "'");
  return fmt::format("no file of dataset '{}' for {}; expected {}", dataset.name, FormatDate(date),
                     fmt::join(quoted, ", "));
}

}  // namespace

Result<std::map<std::string, std::vector<DeliveredFile>>> FingerprintFiles(const Spec& spec,
                                                                           const Inbox& inbox,
                                                                           Days date) {
  std::map<std::string, std::vector<DeliveredFile>> files;
  std::set<std::string> wanted;
  for (const Dataset& dataset : spec.datasets) {
    for (const FoundFile& found : inbox.For(dataset, date)) wanted.insert(found.path);
  }
  if (inbox.remote) inbox.remote->KeepOnly(wanted);
  for (const Dataset& dataset : spec.datasets) {
    for (const FoundFile& found : inbox.For(dataset, date)) {
      if (const auto listed = inbox.on_cluster.find(found.path); listed != inbox.on_cluster.end()) {
        FileFingerprint fingerprint;
        fingerprint.path = listed->second.path;
        fingerprint.bytes = listed->second.bytes;
        fingerprint.content_id = listed->second.content_id;
        files[dataset.name].push_back({found.relative, found.base_name, std::move(fingerprint)});
        continue;
      }
      FileFingerprint fingerprint;
      fingerprint.path = found.path;
      if (inbox.remote) {
        ASSIGN_OR_RETURN(fingerprint.path, inbox.remote->Fetch(found.path));
      }
      files[dataset.name].push_back({found.relative, found.base_name, std::move(fingerprint)});
    }
  }
  std::vector<FileFingerprint*> here;
  for (auto& [dataset, delivered] : files) {
    for (DeliveredFile& file : delivered) {
      if (file.fingerprint.content_id.empty()) here.push_back(&file.fingerprint);
    }
  }
  RETURN_IF_ERROR(ForEachInParallel(here.size(), [&here](size_t i) -> Status {
    ASSIGN_OR_RETURN(*here[i], FingerprintFile(std::string(here[i]->path)));
    return Status::Ok();
  }));
  return files;
}

std::vector<std::string> DeliveryWarnings(const Inbox& inbox, const Plan& plan) {
  std::vector<std::string> warnings;
  for (const NearMiss& miss : inbox.near_misses) {
    warnings.push_back(fmt::format("'{}' is not read: it looks like dataset '{}' but {}",
                                   miss.relative, miss.dataset, miss.why));
  }
  for (const DatasetPlan& dataset : plan.datasets) {
    if (dataset.action != DatasetAction::kMissing) continue;
    warnings.push_back(NoFileText(*dataset.dataset, plan.batch_date));
  }
  return warnings;
}

BatchRun::BatchRun(Session* session, const Inbox& inbox, Days date)
    : session_(*session),
      spec_(session->spec_),
      inbox_(inbox),
      date_(date),
      names_(session->warehouse_->dialect(), session->options_.target.schema, NewRunId()),
      engine_names_(DuckDbDialect(), session->options_.target.schema, names_.run_id()) {
  record_.run_id = names_.run_id();
  record_.pipeline = spec_.pipeline;
  record_.target = session->options_.target.name;
  record_.batch_date = date;
  started_at_ = UtcTimestamp();
  record_.started_at = started_at_.substr(0, 10) + "T" + started_at_.substr(11, 8) + "Z";
  record_.directory = session->run_root_ + "/" + names_.run_id();
}

RunRecord BatchRun::Go() {
  const auto start = Clock::now();
  record_.status = Run();
  // An interrupted statement may fail in many ways.
  const bool stopped = !record_.status.ok() && session_.stop_ != ErrorCode::kOk &&
                       record_.status.code() != ErrorCode::kGateClosed;
  if (stopped) {
    record_.status = {session_.stop_, "stopped by a signal; nothing of this run was published"};
  }
  if (!record_.status.ok()) {
    record_.state =
        record_.status.code() == ErrorCode::kGateClosed ? RunState::kGateClosed : RunState::kFailed;
  }
  CleanUp();
  record_.seconds = SecondsSince(start);
  return std::move(record_);
}

Status BatchRun::Stopped() const {
  if (session_.stop_ == ErrorCode::kOk) return Status::Ok();
  return {ErrorCode::kInterrupted, "stopped by a signal"};
}

/// Plans and loads again if other runs published meanwhile what the plan was made from.
Status BatchRun::Run() {
  constexpr int kAttempts = 3;
  for (int attempt = 1;; ++attempt) {
    const Status status = Attempt();
    if (status.code() != ErrorCode::kStale || attempt == kAttempts) return status;
    StartOver();
  }
}

Status BatchRun::Attempt() {
  Warehouse* warehouse = session_.warehouse_.get();
  session_.progress_.Enter("hashing files", 0, 0);
  const auto start = Clock::now();
  RETURN_IF_ERROR(PlanIt());
  record_.phases.hash += SecondsSince(start);
  RETURN_IF_ERROR(Stopped());
  if (!registered_) {
    RETURN_IF_ERROR(Retrying([&] {
      std::vector<Statement> statements = RenderForgetRun(names_);
      statements.push_back(RenderRunRow(names_, Row("running")));
      return InTransaction(names_, warehouse, statements);
    }));
    registered_ = true;
  }
  RETURN_IF_ERROR(CheckDelivered());
  RETURN_IF_ERROR(FindVanished());
  RETURN_IF_ERROR(LoadDatasets());
  RETURN_IF_ERROR(CheckLedger());
  RETURN_IF_ERROR(session_.UploadRunFiles());
  if (!record_.gate_reasons.empty()) return CloseGate();
  if (!plan_.publishes()) {
    record_.state = RunState::kUnchanged;
    return Retrying([&] {
      std::vector<Statement> statements = RenderForgetRun(names_);
      for (Statement& quality : RenderQuality(names_, date_, QualityRows())) {
        statements.push_back(std::move(quality));
      }
      statements.push_back(RenderRunRow(names_, Row("unchanged")));
      return InTransaction(names_, warehouse, statements);
    });
  }
  const auto publish_start = Clock::now();
  const Status published = Publish();
  record_.phases.publish += SecondsSince(publish_start);
  if (published.code() == ErrorCode::kOutOfRange) return CloseGate();
  RETURN_IF_ERROR(published);
  record_.state = RunState::kPublished;
  return Status::Ok();
}

Status BatchRun::CloseGate() {
  RETURN_IF_ERROR(RecordClosedGate());
  return GateClosed("the quality gate is closed; nothing was published");
}

/// Forgets what the last attempt planned and loaded.
void BatchRun::StartOver() {
  DropPrivate();
  loaded_.clear();
  bounds_.clear();
  input_ = PlanInput();
  record_.datasets.clear();
  record_.gate_reasons.clear();
  record_.warnings.clear();
  quarantine_staged_ = false;
  quarantine_queries_.clear();
}

DatasetRecord* BatchRun::RecordOf(const std::string& dataset) {
  for (DatasetRecord& record : record_.datasets) {
    if (record.dataset == dataset) return &record;
  }
  return nullptr;
}

Status BatchRun::PlanIt() {
  input_.run_id = names_.run_id();
  input_.batch_date = date_;
  input_.force = session_.options_.force;
  ASSIGN_OR_RETURN(input_.files, FingerprintFiles(spec_, inbox_, date_));
  ASSIGN_OR_RETURN(input_.ledger, ReadLedger(session_.warehouse_.get()));
  ASSIGN_OR_RETURN(input_.mart_hashes, ReadMartHashes(session_.warehouse_.get()));
  ASSIGN_OR_RETURN(
      const SchemaChanges schema,
      CompareSchema(spec_, names_, session_.options_.target.layouts, session_.warehouse_.get()));
  input_.table_changes = schema.notes;
  plan_ = BuildPlan(spec_, input_);
  bool header_only_found = false;
  RETURN_IF_ERROR(OpenFiles(&header_only_found));
  if (header_only_found) plan_ = BuildPlan(spec_, input_);
  RETURN_IF_ERROR(CheckPlan(plan_));
  record_.ignored_files = inbox_.ignored;
  const auto& calendar = spec_.calendar;
  if (calendar && (date_ < calendar->from || date_ > calendar->to)) {
    Warn(fmt::format(
        "the batch date {} lies outside the calendar ({} to {}); static files delivered "
        "for it go on deciding their members",
        FormatDate(date_), FormatDate(calendar->from), FormatDate(calendar->to)));
  }
  for (std::string& warning : DeliveryWarnings(inbox_, plan_)) Warn(std::move(warning));
  for (const DatasetPlan& plan : plan_.datasets) {
    DatasetRecord record;
    record.dataset = plan.dataset->name;
    record.table = plan.table.name;
    record.action = plan.action;
    record.why = plan.why;
    for (const DeliveredFile& file : plan.identical) {
      const auto same =
          std::find_if(plan.files.begin(), plan.files.end(), [&file](const DeliveredFile& read) {
            return read.base_name == file.base_name && read.content_id() == file.content_id();
          });
      Warn(fmt::format("'{}' is not read: '{}' has the same name and bytes", file.relative,
                       same->relative));
    }
    WarnOfNewerSnapshot(plan);
    const auto loaded = loaded_.find(plan.dataset->name);
    if (plan.action == DatasetAction::kLoad && loaded != loaded_.end()) loaded->second.plan = &plan;
    for (const DeliveredFile& file : plan.files) {
      record.files.push_back({file.relative, file.content_id(), file.fingerprint.bytes, {}, 0, ""});
    }
    record_.datasets.push_back(std::move(record));
  }
  return Status::Ok();
}

/// A snapshot that is older than the newest one changes only members that the newer one lacks.
void BatchRun::WarnOfNewerSnapshot(const DatasetPlan& plan) {
  if (!TableFedBy(spec_, *plan.dataset).dimension) return;
  if (plan.action != DatasetAction::kLoad && plan.action != DatasetAction::kSnapshot) return;
  Days newest = date_;
  std::string newest_id = plan.delivery_id;
  for (const auto& [key, content] : input_.ledger) {
    if (key.first != plan.dataset->name || key.second <= newest) continue;
    newest = key.second;
    newest_id = content.delivery_id;
  }
  if (newest_id == plan.delivery_id) return;
  Warn(
      fmt::format("dataset '{}': the snapshot of {} is newer and goes on deciding its members; run "
                  "that date too if the correction is for it",
                  plan.dataset->name, FormatDate(newest)));
}

/// Opens what is to be loaded. A dataset whose files hold no record is taken out of the plan.
Status BatchRun::OpenFiles(bool* header_only_found) {
  for (const DatasetPlan& plan : plan_.datasets) {
    if (plan.action != DatasetAction::kLoad) continue;
    RETURN_IF_ERROR(Stopped());
    session_.progress_.Enter(fmt::format("opening {}", plan.dataset->name), 0, 0);
    Loaded loaded;
    ASSIGN_OR_RETURN(loaded.opened, session_.engine_->Open(plan));
    const bool header_only =
        std::all_of(loaded.opened.begin(), loaded.opened.end(),
                    [](const OpenedFile& file) { return !file.has_records && file.fault.empty(); });
    if (header_only) {
      input_.header_only.push_back(plan.dataset->name);
      *header_only_found = true;
      Warn(
          fmt::format("dataset '{}' has no record; its current content stays", plan.dataset->name));
      RETURN_IF_ERROR(session_.engine_->Discard(plan.dataset->name));
      continue;
    }
    loaded_[plan.dataset->name] = std::move(loaded);
  }
  return Status::Ok();
}

/// Datasets that must not be missing are there.
Status BatchRun::CheckDelivered() const {
  for (const DatasetPlan& plan : plan_.datasets) {
    if (plan.action != DatasetAction::kMissing || plan.dataset->on_missing != OnMissing::kFail) {
      continue;
    }
    return Unavailable(NoFileText(*plan.dataset, date_));
  }
  return Status::Ok();
}

Status BatchRun::LoadDatasets() {
  int done = 0;
  for (const DatasetPlan& plan : plan_.datasets) {
    const auto loaded = loaded_.find(plan.dataset->name);
    if (plan.action != DatasetAction::kLoad || loaded == loaded_.end()) continue;
    RETURN_IF_ERROR(Stopped());
    session_.progress_.Enter(fmt::format("loading {}", plan.dataset->name), done++,
                             static_cast<int>(loaded_.size()));
    const auto start = Clock::now();
    RETURN_IF_ERROR(LoadDataset(&loaded->second));
    RecordOf(plan.dataset->name)->seconds = SecondsSince(start);
  }
  return Status::Ok();
}

Status BatchRun::LoadDataset(Loaded* loaded) {
  const Dataset& dataset = *loaded->plan->dataset;
  loaded->load = LoadOf(plan_, *loaded->plan);
  const auto start = Clock::now();
  ASSIGN_OR_RETURN(loaded->outcome, session_.engine_->Load(loaded->load, engine_names_));
  record_.phases.load += SecondsSince(start);
  DatasetRecord* record = RecordOf(dataset.name);
  record->reasons = loaded->outcome.reasons;
  record->conflicts = loaded->outcome.conflicts;
  record->unknown_columns = loaded->outcome.unknown_keys;
  for (size_t i = 0; i < record->files.size(); ++i) {
    FileRecord& file = record->files[i];
    const OpenedFile& opened = loaded->opened[i];
    file.rows = loaded->outcome.files[i];
    file.empty_lines = opened.empty_lines;
    if (!opened.fault.empty()) {
      file.fault = opened.fault;
      file.rows = {1, 0, 0, 1};
      ++record->reasons[fmt::format("file: {}", opened.fault)];
      record_.gate_reasons.push_back(
          fmt::format("dataset '{}': file '{}' {}", dataset.name, file.file, opened.fault));
    }
    for (const std::string& column : opened.unknown_columns) {
      record->unknown_columns[column] += file.rows.read;
    }
  }
  JudgeRules(*loaded, record);
  JudgeThresholds(dataset, *record);
  const auto stage_start = Clock::now();
  RETURN_IF_ERROR(StageDataset(loaded));
  record_.phases.stage += SecondsSince(stage_start);
  if (names_.dialect().private_views) return Status::Ok();
  return session_.engine_->Discard(dataset.name);
}

Status BatchRun::StageDataset(Loaded* loaded) {
  Warehouse& warehouse = *session_.warehouse_;
  const DatasetRecord& record = *RecordOf(loaded->plan->dataset->name);
  if (record.Total().quarantined > 0 || record.conflicts > 0) {
    StagedRows rows = loaded->outcome.quarantined;
    if (names_.dialect().private_views) {
      // A view cannot be added to, so it is made anew with the rows of one dataset more.
      quarantine_queries_.push_back(rows.query);
      rows.query = fmt::format("{}", fmt::join(quarantine_queries_, "\nUNION ALL "));
    }
    RETURN_IF_ERROR(warehouse.Stage(names_.Private("quarantine"), rows));
    quarantine_staged_ = true;
  }
  // Behind a closed gate nothing is published, so accepted rows need not travel.
  if (!loaded->outcome.staged || !record_.gate_reasons.empty()) return Status::Ok();
  const TableSchema& table = loaded->plan->table;
  RETURN_IF_ERROR(warehouse.Stage(names_.Private(table.name), *loaded->outcome.staged));
  if (table.kind != TableKind::kFact) return Status::Ok();
  ASSIGN_OR_RETURN(const RowSet bounds, warehouse.Query(fmt::format(
                                            "SELECT min({0}), max({0}) FROM {1}",
                                            names_.Column(kDateKey), names_.Private(table.name))));
  if (bounds.rows[0][0]) {
    bounds_[loaded->plan->dataset->name] = {ParseBatchDate(*bounds.rows[0][0]),
                                            ParseBatchDate(*bounds.rows[0][1])};
  }
  return Status::Ok();
}

RunRow BatchRun::Row(const std::string& state) const {
  RunRow row;
  row.pipeline = spec_.pipeline;
  row.batch_date = date_;
  row.state = state;
  row.started_at = started_at_;
  if (state == "running") return row;
  row.ended_at = UtcTimestamp();
  row.exit_code = state == "gate_closed" ? 2 : 0;
  row.message = CutLines(record_.gate_reasons);
  return row;
}

bool BatchRun::IsHeaderOnly(const std::string& dataset) const {
  const std::vector<std::string>& names = input_.header_only;
  return std::find(names.begin(), names.end(), dataset) != names.end();
}

Status BatchRun::Execute(const Statement& statement) {
  constexpr std::string_view kCreate = "CREATE TEMP TABLE ";
  if (statement.sql.rfind(kCreate, 0) == 0) {
    const size_t end = statement.sql.find(' ', kCreate.size());
    temporary_tables_.push_back(statement.sql.substr(kCreate.size(), end - kCreate.size()));
  }
  return session_.warehouse_->Execute(statement);
}

Status BatchRun::Execute(const std::vector<Statement>& statements) {
  for (const Statement& statement : statements) RETURN_IF_ERROR(Execute(statement));
  return Status::Ok();
}

/// Frees engine and warehouse of what this run made for itself. Failures are left to the next run.
void BatchRun::DropPrivate() {
  Warehouse& warehouse = *session_.warehouse_;
  std::vector<Statement> drops;
  for (const std::string& table : temporary_tables_) {
    drops.push_back({"clean up", fmt::format("DROP TABLE IF EXISTS {}", table)});
  }
  temporary_tables_.clear();
  if (quarantine_staged_) {
    drops.push_back(RenderDropPrivate(names_.Private("quarantine"), names_));
  }
  for (const DatasetPlan& plan : plan_.datasets) {
    if (plan.table.name.empty() || loaded_.empty()) continue;
    drops.push_back(RenderDropPrivate(names_.Private(plan.table.name), names_));
  }
  if (!drops.empty()) (void)InTransaction(names_, &warehouse, drops);
  for (const auto& [name, loaded] : loaded_) (void)session_.engine_->Discard(name);
}

void BatchRun::CleanUp() {
  DropPrivate();
  if (registered_ && record_.state == RunState::kFailed) {
    RunRow row = Row("failed");
    row.exit_code = record_.ExitCode();
    row.message = CutLines({record_.status.message()});
    (void)Retrying([&] {
      std::vector<Statement> statements = RenderForgetRun(names_);
      statements.push_back(RenderRunRow(names_, row));
      return InTransaction(names_, session_.warehouse_.get(), statements);
    });
  }
}

}  // namespace lyceum
