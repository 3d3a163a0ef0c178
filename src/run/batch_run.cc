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
#include <nlohmann/json.hpp>
#include <random>

#include "engines/record_file.h"
#include "run/ledger.h"
#include "sql/ledger_sql.h"
#include "sql/render.h"

namespace lyceum {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string UtcNow(const char* format) {
  const std::time_t now = std::time(nullptr);
  return fmt::format(fmt::runtime(format), fmt::gmtime(now));
}

/// Sorts by time, tells runs of one second apart.
std::string NewRunId() {
  std::random_device random;
  return fmt::format("{}-{:08x}", UtcNow("{:%Y%m%dT%H%M%SZ}"), random());
}

/// `1 row`, `2 rows`.
std::string Count(int64_t number, const char* noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

double Percent(int64_t part, int64_t whole) { return whole == 0 ? 0 : 100.0 * part / whole; }

std::string Quoted(const std::vector<std::string>& names) {
  std::vector<std::string> quoted;
  for (const std::string& name : names) quoted.push_back("'" + name + "'");
  return fmt::format("{}", fmt::join(quoted, ", "));
}

}  // namespace

Result<std::map<std::string, std::vector<DeliveredFile>>> FingerprintFiles(const Spec& spec,
                                                                           const Inbox& inbox,
                                                                           Days date) {
  std::map<std::string, std::vector<DeliveredFile>> files;
  for (const Dataset& dataset : spec.datasets) {
    for (const FoundFile& found : inbox.For(dataset, date)) {
      ASSIGN_OR_RETURN(FileFingerprint fingerprint, FingerprintFile(found.path));
      files[dataset.name].push_back({found.relative, found.base_name, std::move(fingerprint)});
    }
  }
  return files;
}

BatchRun::BatchRun(Session* session, const Inbox& inbox, Days date)
    : session_(*session),
      spec_(session->spec_),
      inbox_(inbox),
      date_(date),
      names_(session->warehouse_->dialect(), session->options_.target.schema, NewRunId()) {
  record_.run_id = names_.run_id();
  record_.pipeline = spec_.pipeline;
  record_.target = session->options_.target.name;
  record_.batch_date = date;
  record_.started_at = UtcNow("{:%Y-%m-%dT%H:%M:%SZ}");
  record_.directory = session->run_root_ + "/" + names_.run_id();
}

RunRecord BatchRun::Go() {
  const auto start = Clock::now();
  record_.status = Run();
  if (record_.status.code() == ErrorCode::kInterrupted && session_.stop_ != ErrorCode::kOk) {
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

Status BatchRun::Run() {
  session_.progress_.Enter("hashing files", 0, 0);
  RETURN_IF_ERROR(PlanIt());
  RETURN_IF_ERROR(Stopped());
  RETURN_IF_ERROR(Execute(RenderRunRow(names_, Row("running"))));
  registered_ = true;
  RETURN_IF_ERROR(CheckDelivered());
  RETURN_IF_ERROR(FindVanished());
  RETURN_IF_ERROR(LoadDatasets());
  RETURN_IF_ERROR(CheckLedger());
  if (!record_.gate_reasons.empty()) {
    RETURN_IF_ERROR(RecordClosedGate());
    return GateClosed("the quality gate is closed; nothing was published");
  }
  if (!plan_.publishes()) {
    record_.state = RunState::kUnchanged;
    std::vector<Statement> statements = RenderQuality(names_, date_, QualityRows());
    statements.push_back(RenderForgetRun(names_));
    statements.push_back(RenderRunRow(names_, Row("unchanged")));
    return InTransaction(statements);
  }
  RETURN_IF_ERROR(Publish());
  record_.state = RunState::kPublished;
  return Status::Ok();
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
  plan_ = BuildPlan(spec_, input_);
  bool header_only_found = false;
  RETURN_IF_ERROR(OpenFiles(&header_only_found));
  if (header_only_found) plan_ = BuildPlan(spec_, input_);
  RETURN_IF_ERROR(CheckPlan(plan_));
  record_.ignored_files = inbox_.ignored;
  for (const NearMiss& miss : inbox_.near_misses) {
    Warn(fmt::format("'{}' is not read: it looks like dataset '{}' but {}", miss.relative,
                     miss.dataset, miss.why));
  }
  for (const DatasetPlan& plan : plan_.datasets) {
    DatasetRecord record;
    record.dataset = plan.dataset->name;
    record.table = plan.table.name;
    record.action = plan.action;
    record.why = plan.why;
    if (plan.action == DatasetAction::kMissing) {
      Warn(fmt::format("no file of dataset '{}' for {}; expected {}", plan.dataset->name,
                       FormatDate(date_), Quoted(plan.dataset->files)));
    }
    for (const DeliveredFile& file : plan.identical) {
      Warn(fmt::format("'{}' is not read: '{}' has the same name and bytes", file.relative,
                       plan.files.front().relative));
    }
    const auto loaded = loaded_.find(plan.dataset->name);
    if (plan.action == DatasetAction::kLoad && loaded != loaded_.end()) loaded->second.plan = &plan;
    for (const DeliveredFile& file : plan.files) {
      record.files.push_back({file.relative, file.content_id(), file.fingerprint.bytes, {}, 0, ""});
    }
    record_.datasets.push_back(std::move(record));
  }
  return Status::Ok();
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
      Warn(fmt::format("dataset '{}' has no record below its header; its current content stays",
                       plan.dataset->name));
      RETURN_IF_ERROR(session_.engine_->Discard(plan.dataset->name));
      continue;
    }
    loaded_[plan.dataset->name] = std::move(loaded);
  }
  return Status::Ok();
}

/// A file of the current content that is neither delivered nor renamed closes the gate, and so does
/// one that had rows and is now header-only.
Status BatchRun::FindVanished() {
  for (const DatasetPlan& plan : plan_.datasets) {
    const bool changes =
        plan.action == DatasetAction::kLoad || plan.action == DatasetAction::kSnapshot;
    if (!changes || !plan.current) continue;
    ASSIGN_OR_RETURN(const std::vector<CurrentFile> current,
                     ReadCurrentFiles(session_.warehouse_.get(), *plan.dataset, date_,
                                      plan.current->delivery_id));
    for (const CurrentFile& old : current) {
      if (old.rows_read == 0) continue;
      const auto same = [&](const DeliveredFile& file) {
        return file.base_name == old.base_name || file.content_id() == old.content_id;
      };
      const auto found = std::find_if(plan.files.begin(), plan.files.end(), same);
      if (found == plan.files.end()) {
        record_.gate_reasons.push_back(
            fmt::format("dataset '{}': file '{}' was published for {} and is gone",
                        plan.dataset->name, old.base_name, FormatDate(date_)));
        continue;
      }
      const auto loaded = loaded_.find(plan.dataset->name);
      if (loaded == loaded_.end()) continue;
      const OpenedFile& opened = loaded->second.opened[found - plan.files.begin()];
      if (!opened.has_records && opened.fault.empty()) {
        record_.gate_reasons.push_back(
            fmt::format("dataset '{}': file '{}' had {} and is now only a header",
                        plan.dataset->name, old.base_name, Count(old.rows_read, "row")));
      }
    }
  }
  return Status::Ok();
}

/// Datasets that must not be missing are there.
Status BatchRun::CheckDelivered() const {
  for (const DatasetPlan& plan : plan_.datasets) {
    if (plan.action != DatasetAction::kMissing || plan.dataset->on_missing != OnMissing::kFail) {
      continue;
    }
    return Unavailable(fmt::format("no file of dataset '{}' for {}; expected {}",
                                   plan.dataset->name, FormatDate(date_),
                                   Quoted(plan.dataset->files)));
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
  loaded->load.plan = loaded->plan;
  loaded->load.batch_date = date_;
  for (const Step& step : plan_.steps) {
    if (const auto* read = std::get_if<ReadStep>(&step); read && read->dataset == &dataset) {
      loaded->load.read = *read;
    } else if (const auto* keep = std::get_if<DeduplicateStep>(&step);
               keep && keep->dataset == &dataset) {
      loaded->load.deduplicate = *keep;
    } else if (const auto* stage = std::get_if<StageStep>(&step);
               stage && stage->dataset == &dataset) {
      loaded->load.stage = *stage;
    } else if (const auto* quarantine = std::get_if<QuarantineStep>(&step);
               quarantine && quarantine->dataset == &dataset) {
      loaded->load.quarantine = *quarantine;
    }
  }
  ASSIGN_OR_RETURN(loaded->outcome, session_.engine_->Load(loaded->load, names_));
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
  RETURN_IF_ERROR(StageDataset(loaded));
  return session_.engine_->Discard(dataset.name);
}

Status BatchRun::StageDataset(Loaded* loaded) {
  Warehouse& warehouse = *session_.warehouse_;
  const DatasetRecord& record = *RecordOf(loaded->plan->dataset->name);
  if (record.Total().quarantined > 0 || record.conflicts > 0) {
    RETURN_IF_ERROR(warehouse.Stage(names_.Private("quarantine"), loaded->outcome.quarantined));
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

void BatchRun::JudgeRules(const Loaded& loaded, DatasetRecord* record) {
  for (size_t i = 0; i < loaded.load.read.rules.size(); ++i) {
    const Rule& rule = loaded.load.read.rules[i];
    RuleRecord result{rule.reason, rule.severity, loaded.outcome.rows_judged,
                      loaded.outcome.rule_failures[i], RuleOutcome::kPassed};
    if (result.failed > 0 && rule.severity == RuleSeverity::kFail) {
      result.outcome = RuleOutcome::kFailed;
      record_.gate_reasons.push_back(
          fmt::format("dataset '{}': rule '{}' has severity fail and {} "
                      "it",
                      record->dataset, rule.reason,
                      Count(result.failed, "row") + (result.failed == 1 ? " breaks" : " break")));
    } else if (result.failed > 0) {
      result.outcome = RuleOutcome::kWarned;
    }
    if (result.failed > 0 && rule.severity == RuleSeverity::kWarn) {
      Warn(fmt::format("dataset '{}': {} ({}, loaded all the same)", record->dataset, rule.reason,
                       Count(result.failed, "row")));
    }
    record->rules.push_back(std::move(result));
  }
}

void BatchRun::JudgeThresholds(const Dataset& dataset, const DatasetRecord& record) {
  const RowCounts total = record.Total();
  const double percent = Percent(total.quarantined, total.read);
  const Thresholds& limits = dataset.thresholds;
  const bool unreadable = std::any_of(record.files.begin(), record.files.end(),
                                      [](const FileRecord& file) { return !file.fault.empty(); });
  if (unreadable) {
    // The gate is closed already, by the file itself.
  } else if (total.read > 0 && total.quarantined == total.read) {
    record_.gate_reasons.push_back(
        fmt::format("dataset '{}': every row was quarantined", dataset.name));
  } else if (limits.fail_above_percent && percent > *limits.fail_above_percent) {
    record_.gate_reasons.push_back(
        fmt::format("dataset '{}': {:.1f}% of its rows were quarantined, more than {:g}%",
                    dataset.name, percent, *limits.fail_above_percent));
  } else if (limits.warn_above_percent && percent > *limits.warn_above_percent) {
    Warn(fmt::format("dataset '{}': {} of {} quarantined ({:.1f}%)", dataset.name,
                     total.quarantined, Count(total.read, "row"), percent));
  }
  for (const auto& [column, rows] : record.unknown_columns) {
    if (dataset.unknown_columns == UnknownColumns::kIgnore) continue;
    const std::string text = fmt::format("dataset '{}': column '{}' is not in the spec ({})",
                                         dataset.name, column, Count(rows, "row"));
    if (dataset.unknown_columns == UnknownColumns::kFail) {
      record_.gate_reasons.push_back(text);
    } else {
      Warn(text);
    }
  }
}

Status BatchRun::CheckLedger() const {
  for (const DatasetRecord& dataset : record_.datasets) {
    for (const FileRecord& file : dataset.files) {
      if (file.rows.balances()) continue;
      return Internal(fmt::format(
          "the row ledger of '{}' does not balance: {} read, {} loaded, {} duplicates, {} "
          "quarantined; nothing was published",
          file.file, file.rows.read, file.rows.loaded, file.rows.duplicates,
          file.rows.quarantined));
    }
  }
  return Status::Ok();
}

RunRow BatchRun::Row(const std::string& state) const {
  RunRow row;
  row.pipeline = spec_.pipeline;
  row.batch_date = date_;
  row.state = state;
  row.started_at = record_.started_at.substr(0, 10) + " " + record_.started_at.substr(11, 8);
  if (state == "running") return row;
  row.ended_at = UtcNow("{:%Y-%m-%d %H:%M:%S}");
  row.exit_code = state == "gate_closed" ? 2 : 0;
  row.message = fmt::format("{}", fmt::join(record_.gate_reasons, "\n"));
  return row;
}

bool BatchRun::IsHeaderOnly(const std::string& dataset) const {
  const std::vector<std::string>& names = input_.header_only;
  return std::find(names.begin(), names.end(), dataset) != names.end();
}

std::vector<QualityRow> BatchRun::QualityRows() const {
  std::vector<QualityRow> rows;
  for (const DatasetRecord& dataset : record_.datasets) {
    for (const RuleRecord& rule : dataset.rules) {
      rows.push_back({dataset.dataset, rule.rule, SeverityName(rule.severity),
                      RuleOutcomeName(rule.outcome), rule.judged, rule.failed});
    }
    if (IsHeaderOnly(dataset.dataset)) {
      rows.push_back({dataset.dataset, "delivery is empty", "warn", "warned", 0, 0});
    }
  }
  return rows;
}

Status BatchRun::RecordClosedGate() {
  std::vector<Statement> statements = {RenderDropUnpublished(names_, date_)};
  if (quarantine_staged_) statements.push_back(RenderQuarantineInsert(names_, "not_published"));
  std::vector<FaultRow> faults;
  for (const auto& [name, loaded] : loaded_) {
    for (size_t i = 0; i < loaded.opened.size(); ++i) {
      const OpenedFile& opened = loaded.opened[i];
      if (opened.fault.empty()) continue;
      const DeliveredFile& file = loaded.plan->files[i];
      faults.push_back({name, file.relative, file.content_id(),
                        nlohmann::json::array({"file: " + opened.fault}).dump(), opened.raw_text,
                        opened.fault_line, opened.fault_offset, file.fingerprint.bytes,
                        loaded.plan->dataset->dated()});
    }
  }
  for (Statement& statement : RenderFaults(names_, date_, faults)) {
    statements.push_back(std::move(statement));
  }
  for (Statement& statement : RenderQuality(names_, date_, QualityRows())) {
    statements.push_back(std::move(statement));
  }
  statements.push_back(RenderForgetRun(names_));
  statements.push_back(RenderRunRow(names_, Row("gate_closed")));
  return InTransaction(statements);
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

Status BatchRun::InTransaction(const std::vector<Statement>& statements) {
  RETURN_IF_ERROR(Execute(Statement{"begin", "BEGIN"}));
  if (Status status = Execute(statements); !status.ok()) {
    (void)session_.warehouse_->Execute({"roll back", "ROLLBACK"});
    return status;
  }
  return Execute(Statement{"commit", "COMMIT"});
}

Status BatchRun::Publish() {
  session_.progress_.Enter("publishing", static_cast<int>(loaded_.size()),
                           static_cast<int>(loaded_.size()));
  RETURN_IF_ERROR(Stopped());
  RETURN_IF_ERROR(Execute(Statement{"begin", "BEGIN"}));
  if (Status status = PublishInTransaction(); !status.ok()) {
    (void)session_.warehouse_->Execute({"roll back", "ROLLBACK"});
    return status;
  }
  return Execute(Statement{"commit", "COMMIT"});
}

/// The plan was made from a ledger read before the lock; under it, it must still be true.
Status BatchRun::CheckNothingMoved() {
  ASSIGN_OR_RETURN(const LedgerState now, ReadLedger(session_.warehouse_.get()));
  for (const DatasetPlan& plan : plan_.datasets) {
    const auto found = now.find({plan.dataset->name, date_});
    const std::string current = found == now.end() ? "" : found->second.delivery_id;
    if (current == (plan.current ? plan.current->delivery_id : "")) continue;
    return Unavailable(fmt::format("another run published '{}' for {} meanwhile; run again",
                                   plan.dataset->name, FormatDate(date_)));
  }
  return Status::Ok();
}

Status BatchRun::PublishInTransaction() {
  RETURN_IF_ERROR(CheckNothingMoved());
  std::vector<std::string> changed_facts;
  for (const Dimension& dimension : spec_.dimensions) {
    ResolveDimensionStep step;
    step.table = DimensionTable(spec_, dimension);
    step.dimension = &dimension;
    RETURN_IF_ERROR(Execute(RenderUses(step, names_)));
  }
  for (const Step& step : plan_.steps) {
    RETURN_IF_ERROR(Stopped());
    if (const auto* fact = std::get_if<ResolveFactStep>(&step)) {
      changed_facts.push_back(fact->table.name);
      const Fact& spec = *spec_.FindFact(fact->table.name);
      RETURN_IF_ERROR(Execute(RenderResolveFact(*fact, names_, date_, bounds_[spec.dataset])));
    } else if (const auto* resolve = std::get_if<ResolveDimensionStep>(&step)) {
      RETURN_IF_ERROR(Execute(RenderResolveDimension(*resolve, names_, date_)));
    } else if (const auto* dimension = std::get_if<ApplyDimensionStep>(&step)) {
      RETURN_IF_ERROR(Execute(RenderApplyDimension(*dimension, names_, date_)));
    } else if (const auto* apply = std::get_if<ApplyFactStep>(&step)) {
      RETURN_IF_ERROR(Execute(RenderApplyFact(*apply, names_, date_)));
    } else if (const auto* mart = std::get_if<RefreshMartStep>(&step)) {
      ASSIGN_OR_RETURN(const std::vector<Statement> statements,
                       RenderRefreshMart(*mart, spec_, names_, changed_facts));
      RETURN_IF_ERROR(Execute(statements));
    } else if (const auto* swap = std::get_if<SwapStagingStep>(&step)) {
      RETURN_IF_ERROR(Execute(RenderSwapStaging(*swap, names_)));
    } else if (std::get_if<RecordStep>(&step)) {
      RETURN_IF_ERROR(WriteLedger());
    }
  }
  return Status::Ok();
}

Status BatchRun::WriteLedger() {
  const std::string now = UtcNow("{:%Y-%m-%d %H:%M:%S}");
  for (const DatasetPlan& plan : plan_.datasets) {
    const bool changes =
        plan.action == DatasetAction::kLoad || plan.action == DatasetAction::kSnapshot;
    if (!changes) continue;
    std::vector<FileRow> files;
    const DatasetRecord& record = *RecordOf(plan.dataset->name);
    for (size_t i = 0; i < record.files.size(); ++i) {
      const FileRecord& file = record.files[i];
      files.push_back({file.file, plan.files[i].base_name, file.content_id, file.bytes,
                       file.rows.read, file.rows.loaded, file.rows.duplicates,
                       file.rows.quarantined, file.empty_lines});
    }
    const DateBounds& bounds = bounds_[plan.dataset->name];
    RETURN_IF_ERROR(
        Execute(RenderLedger(names_, plan, date_, now, files, bounds.first, bounds.last)));
  }
  RETURN_IF_ERROR(Execute(RenderDropUnpublished(names_, date_)));
  if (quarantine_staged_) RETURN_IF_ERROR(Execute(RenderQuarantineInsert(names_, "open")));
  RETURN_IF_ERROR(Execute(RenderQuality(names_, date_, QualityRows())));
  RETURN_IF_ERROR(Execute(RenderForgetRun(names_)));
  return Execute(RenderRunRow(names_, Row("published")));
}

/// Frees engine and warehouse of everything private to this run. Failures are left to the next run.
void BatchRun::CleanUp() {
  Warehouse& warehouse = *session_.warehouse_;
  for (const auto& [name, loaded] : loaded_) (void)session_.engine_->Discard(name);
  for (const std::string& table : temporary_tables_) {
    (void)warehouse.Execute({"clean up", fmt::format("DROP TABLE IF EXISTS {}", table)});
  }
  std::vector<std::string> tables = {"quarantine"};
  for (const DatasetPlan& plan : plan_.datasets) {
    if (!plan.table.name.empty()) tables.push_back(plan.table.name);
  }
  for (const std::string& table : tables) {
    const bool staged = table == "quarantine" ? quarantine_staged_ : !loaded_.empty();
    if (!staged) continue;
    (void)warehouse.Execute(
        {"clean up", fmt::format("DROP TABLE IF EXISTS {}", names_.Private(table))});
  }
  if (registered_ && record_.state == RunState::kFailed) {
    RunRow row = Row("failed");
    row.exit_code = record_.ExitCode();
    row.message = record_.status.message();
    (void)InTransaction({RenderForgetRun(names_), RenderRunRow(names_, row)});
  }
}

}  // namespace lyceum
