#include "report/json.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "report/run_report.h"

namespace lyceum {
namespace {

using Json = nlohmann::ordered_json;

/// File names may hold bytes that are no UTF-8; JSON cannot.
std::string Dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json TextOrNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json NumberOrNull(const std::optional<int64_t>& number) {
  return number ? Json(*number) : Json(nullptr);
}

Json Rounded(double seconds) { return std::round(seconds * 1000) / 1000; }

Json Rows(const RowCounts& rows) {
  return {{"read", rows.read},
          {"loaded", rows.loaded},
          {"duplicates", rows.duplicates},
          {"quarantined", rows.quarantined}};
}

Json DayList(const std::vector<Days>& days) {
  Json list = Json::array();
  for (Days day : days) list.push_back(FormatDate(day));
  return list;
}

Json FileJson(const FileRecord& file, bool known) {
  Json json = {{"file", file.file},
               {"content_id", TextOrNull(file.content_id)},
               {"bytes", file.bytes},
               {"rows", known ? Rows(file.rows) : Json(nullptr)},
               {"empty_lines", known ? Json(file.empty_lines) : Json(nullptr)},
               {"fault", TextOrNull(file.fault)}};
  return json;
}

Json DatasetJson(const RunRecord& record, const DatasetRecord& dataset) {
  const bool known = RowsKnown(record, dataset);
  Json files = Json::array();
  for (const FileRecord& file : dataset.files) files.push_back(FileJson(file, known));
  Json rules = Json::array();
  for (const RuleRecord& rule : dataset.rules) {
    rules.push_back({{"rule", rule.rule},
                     {"severity", SeverityName(rule.severity)},
                     {"judged", rule.judged},
                     {"failed", rule.failed},
                     {"outcome", RuleOutcomeName(rule.outcome)}});
  }
  Json json = {{"dataset", dataset.dataset},
               {"table", TextOrNull(dataset.table)},
               {"action", ActionName(dataset.action)},
               {"why", TextOrNull(dataset.why)},
               {"seconds", known ? Rounded(dataset.seconds) : Json(nullptr)},
               {"rows", known ? Rows(dataset.Total()) : Json(nullptr)},
               {"conflicts", known ? Json(dataset.conflicts) : Json(nullptr)},
               {"files", std::move(files)},
               {"rules", std::move(rules)}};
  const auto counts = [&](const std::map<std::string, int64_t>& map) {
    return known ? Json(map) : Json(nullptr);
  };
  // Rows move when a run publishes, and only then.
  const RowMoves& moves = dataset.moves;
  json["moves"] = known && record.state == RunState::kPublished ? Json{{"waiting", moves.waiting},
                                                                       {"demoted", moves.demoted},
                                                                       {"promoted", moves.promoted}}
                                                                : Json(nullptr);
  json["reasons"] = counts(dataset.reasons);
  json["unknown_columns"] = counts(dataset.unknown_columns);
  return json;
}

Json RunObject(const RunRecord& record) {
  const RowCounts rows = TotalRows(record);
  bool any_known = false;
  Json datasets = Json::array();
  for (const DatasetRecord& dataset : record.datasets) {
    any_known = any_known || RowsKnown(record, dataset);
    datasets.push_back(DatasetJson(record, dataset));
  }
  // A run that found nothing to load read exactly nothing; one that failed before, nobody knows.
  const bool known = any_known || record.state == RunState::kUnchanged;
  const bool timed = any_known && record.seconds > 0;
  const double bytes = static_cast<double>(record.BytesRead());
  return {
      {"schema", "lyceum.run.v1"},
      {"lyceum_version", LYCEUM_VERSION},
      {"run_id", record.run_id},
      {"pipeline", record.pipeline},
      {"target", record.target},
      {"batch_date", FormatDate(record.batch_date)},
      {"started_at", record.started_at},
      {"seconds", Rounded(record.seconds)},
      {"phases",
       {{"hash", Rounded(record.phases.hash)},
        {"load", Rounded(record.phases.load)},
        {"stage", Rounded(record.phases.stage)},
        {"publish", Rounded(record.phases.publish)}}},
      {"state", RunStateName(record.state)},
      // Of a run that published nothing, the rows counted as loaded were accepted only.
      {"published", record.state == RunState::kPublished},
      {"exit_code", record.ExitCode()},
      {"message", TextOrNull(record.status.message())},
      {"rows", known ? Rows(rows) : Json(nullptr)},
      {"balances", known ? Json(rows.balances()) : Json(nullptr)},
      {"bytes_read", known ? Json(record.BytesRead()) : Json(nullptr)},
      {"rows_per_second",
       timed ? Json(std::round(static_cast<double>(rows.read) / record.seconds)) : Json(nullptr)},
      {"bytes_per_second", timed ? Json(std::round(bytes / record.seconds)) : Json(nullptr)},
      {"datasets", std::move(datasets)},
      {"gate_reasons", record.gate_reasons},
      {"warnings", record.warnings},
      {"ignored_files", record.ignored_files},
      {"directory", TextOrNull(record.directory)}};
}

Json Step(const char* step, const char* kind, const std::string& name) {
  return {{"step", step}, {kind, name}};
}

/// Names a step and what it works on. A step without case does not compile.
struct StepJson {
  Json operator()(const ReadStep& s) const { return Step("read", "dataset", s.dataset->name); }
  Json operator()(const DeduplicateStep& s) const {
    return Step("deduplicate", "dataset", s.dataset->name);
  }
  Json operator()(const StageStep& s) const { return Step("stage", "table", s.table.name); }
  Json operator()(const QuarantineStep& s) const {
    return Step("quarantine", "dataset", s.dataset->name);
  }
  Json operator()(const GateStep&) const { return {{"step", "gate"}}; }
  Json operator()(const ResolveFactStep& s) const {
    return Step("resolve_fact", "table", s.table.name);
  }
  Json operator()(const ResolveDimensionStep& s) const {
    return Step("resolve_dimension", "table", s.table.name);
  }
  Json operator()(const ApplyDimensionStep& s) const {
    return Step("apply_dimension", "table", s.resolved.table.name);
  }
  Json operator()(const ApplyFactStep& s) const {
    return Step("apply_fact", "table", s.resolved.table.name);
  }
  Json operator()(const RefreshMartStep& s) const {
    Json json = Step("refresh_mart", "table", s.table.name);
    json["whole"] = s.whole;
    return json;
  }
  Json operator()(const SwapStagingStep& s) const {
    return Step("swap_staging", "table", s.table.name);
  }
  Json operator()(const RecordStep&) const { return {{"step", "record"}}; }
};

Json DeliveredFiles(const std::vector<DeliveredFile>& files) {
  Json list = Json::array();
  for (const DeliveredFile& file : files) {
    list.push_back({{"file", file.relative},
                    {"content_id", file.content_id()},
                    {"bytes", file.fingerprint.bytes}});
  }
  return list;
}

}  // namespace

std::string RunJson(const RunRecord& record) { return Dump(RunObject(record)); }

Status WriteRunFile(const RunRecord& record) {
  if (record.directory.empty()) return Status::Ok();
  const std::filesystem::path path = std::filesystem::path(record.directory) / "run.json";
  std::filesystem::path temporary = path;
  temporary += ".tmp";
  {
    std::ofstream file(temporary, std::ios::binary);
    file << RunJson(record);
    file.close();
    if (!file) return Unavailable(fmt::format("cannot write '{}'", temporary.string()));
  }
  std::error_code error;
  std::filesystem::rename(temporary, path, error);
  if (error) {
    return Unavailable(fmt::format("cannot write '{}': {}", path.string(), error.message()));
  }
  return Status::Ok();
}

std::string BackfillJson(const BackfillRecord& backfill) {
  Json list = Json::array();
  RowCounts published;
  for (const RunRecord& run : backfill.runs) {
    list.push_back(RunObject(run));
    if (run.state == RunState::kPublished) published.Add(TotalRows(run));
  }
  return Dump({{"schema", "lyceum.backfill.v1"},
               {"rows_published", Rows(published)},
               {"runs", std::move(list)},
               {"days_without_files", DayList(backfill.days_without)},
               {"days_not_attempted", DayList(backfill.days_left)}});
}

std::string PlanJson(const Plan& plan) {
  Json datasets = Json::array();
  for (const DatasetPlan& dataset : plan.datasets) {
    datasets.push_back({{"dataset", dataset.dataset->name},
                        {"table", TextOrNull(dataset.table.name)},
                        {"action", ActionName(dataset.action)},
                        {"why", dataset.why},
                        {"files", DeliveredFiles(dataset.files)},
                        {"identical_files", DeliveredFiles(dataset.identical)},
                        {"content_hash", dataset.content_hash},
                        {"spec_hash", dataset.spec_hash}});
  }
  Json steps = Json::array();
  for (const auto& step : plan.steps) steps.push_back(std::visit(StepJson{}, step));
  return Dump({{"schema", "lyceum.plan.v1"},
               {"pipeline", plan.spec->pipeline},
               {"batch_date", FormatDate(plan.batch_date)},
               {"publishes", plan.publishes()},
               {"datasets", std::move(datasets)},
               {"steps", std::move(steps)}});
}

std::string ScriptJson(const Plan& plan, const std::vector<StepStatement>& script) {
  Json statements = Json::array();
  for (const StepStatement& statement : script) {
    statements.push_back({{"step", statement.step},
                          {"purpose", statement.statement.purpose},
                          {"sql", statement.statement.sql}});
  }
  return Dump({{"schema", "lyceum.sql.v1"},
               {"pipeline", plan.spec->pipeline},
               {"batch_date", FormatDate(plan.batch_date)},
               {"statements", std::move(statements)}});
}

std::string VerificationJson(const Verification& verification) {
  Json tables = Json::array();
  for (const TableDigest& table : verification.tables) {
    tables.push_back({{"table", table.table}, {"rows", table.rows}, {"digest", table.digest}});
  }
  Json ledger = Json::array();
  for (const LedgerCheck& check : verification.checks) {
    ledger.push_back({{"check", check.what},
                      {"expected", check.expected},
                      {"found", check.found},
                      {"ok", check.ok()}});
  }
  return Dump({{"schema", "lyceum.verify.v1"},
               {"tables", std::move(tables)},
               {"ledger", std::move(ledger)},
               {"ok", verification.ok()}});
}

std::string StatusJson(const WarehouseStatus& status) {
  Json dates = Json::array(), unpublished = Json::array();
  for (const WarehouseStatus::Date& date : status.dates) {
    if (!date.unpublished_run.empty()) {
      unpublished.push_back({{"date", FormatDate(date.date)}, {"last_run", date.unpublished_run}});
    }
    if (date.batches.empty()) continue;
    Json datasets = Json::array();
    for (const BatchStatus& batch : date.batches) {
      const bool stale = std::count(date.stale.begin(), date.stale.end(), batch.dataset) > 0;
      datasets.push_back({{"dataset", batch.dataset},
                          {"run_id", batch.run_id},
                          {"published_at", batch.published_at},
                          {"dated", batch.dated},
                          {"loaded", batch.loaded},
                          {"quarantined", batch.quarantined},
                          {"spec_hash", batch.spec_hash},
                          {"stale", status.spec_known ? Json(stale) : Json(nullptr)}});
    }
    dates.push_back({{"date", FormatDate(date.date)},
                     {"loaded", date.loaded},
                     {"quarantined", date.quarantined},
                     {"datasets", std::move(datasets)}});
  }
  return Dump({{"schema", "lyceum.status.v1"},
               {"target", status.target},
               {"dates", std::move(dates)},
               {"unpublished", std::move(unpublished)},
               {"holes", DayList(status.holes)}});
}

std::string QuarantineJson(const std::vector<QuarantineRecord>& records, bool with_raw_text,
                           bool more) {
  Json list = Json::array();
  for (const QuarantineRecord& record : records) {
    Json json = {{"record_id", record.record_id},
                 {"dataset", record.dataset},
                 {"batch_date", TextOrNull(record.batch_date)},
                 {"shown_date", TextOrNull(record.shown_date)},
                 {"file", record.file},
                 {"content_id", record.content_id},
                 {"line", NumberOrNull(record.line)},
                 {"element", NumberOrNull(record.element)},
                 {"byte_offset", NumberOrNull(record.byte_offset)},
                 {"byte_length", NumberOrNull(record.byte_length)},
                 {"kind", record.kind},
                 {"state", record.state},
                 {"run_id", record.run_id},
                 {"reasons", record.reasons}};
    if (with_raw_text) {
      json["raw_text"] = record.raw_text;
      json["stored_as"] = TextOrNull(record.stored_as);
    }
    list.push_back(std::move(json));
  }
  return Dump({{"schema", "lyceum.quarantine.v1"}, {"records", std::move(list)}, {"more", more}});
}

std::string ValidationJson(const std::string& file, const Diagnostics& diagnostics,
                           const Spec* spec) {
  Json items = Json::array();
  int64_t errors = 0, warnings = 0;
  for (const Diagnostic& item : diagnostics.items()) {
    const bool error = item.level == DiagnosticLevel::kError;
    ++(error ? errors : warnings);
    const bool placed = item.span.line > 0;
    items.push_back({{"level", error ? "error" : "warning"},
                     {"line", placed ? Json(item.span.line) : Json(nullptr)},
                     {"column", placed ? Json(item.span.column) : Json(nullptr)},
                     {"length", placed ? Json(item.span.length) : Json(nullptr)},
                     {"message", item.message}});
  }
  Json counts = nullptr;
  if (spec) {
    counts = {{"datasets", spec->datasets.size()},
              {"dimensions", spec->dimensions.size()},
              {"facts", spec->facts.size()},
              {"marts", spec->marts.size()}};
  }
  return Dump({{"schema", "lyceum.validate.v1"},
               {"file", file},
               {"ok", spec != nullptr},
               {"errors", errors},
               {"warnings", warnings},
               {"pipeline", spec ? Json(spec->pipeline) : Json(nullptr)},
               {"counts", std::move(counts)},
               {"diagnostics", std::move(items)}});
}

}  // namespace lyceum
