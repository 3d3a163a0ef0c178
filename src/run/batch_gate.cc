// The quality gate of a batch date: what closes it, what only warns, and what is recorded when it
// is closed.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/count.h"
#include "run/batch_run.h"
#include "run/ledger.h"
#include "run/transaction.h"

namespace lyceum {
namespace {

/// What became of each file of the current content: the delivered file with its content, wherever
/// it is now, else one with its name. A delivered file succeeds one file; nullptr: the file is
/// gone.
std::vector<const DeliveredFile*> Successors(const std::vector<CurrentFile>& current,
                                             const std::vector<DeliveredFile>& delivered) {
  std::vector<const DeliveredFile*> successors(current.size(), nullptr);
  std::set<const DeliveredFile*> taken;
  const auto match = [&](auto same) {
    for (size_t i = 0; i < current.size(); ++i) {
      for (const DeliveredFile& file : delivered) {
        if (successors[i] || taken.count(&file) > 0 || !same(current[i], file)) continue;
        successors[i] = &file;
        taken.insert(&file);
      }
    }
  };
  const auto same_name = [](const CurrentFile& old, const DeliveredFile& file) {
    return file.base_name == old.base_name;
  };
  const auto same_content = [](const CurrentFile& old, const DeliveredFile& file) {
    return file.content_id() == old.content_id;
  };
  match([&](const CurrentFile& old, const DeliveredFile& file) {
    return same_name(old, file) && same_content(old, file);
  });
  match(same_content);
  match(same_name);
  return successors;
}

double Percent(int64_t part, int64_t whole) { return whole == 0 ? 0 : 100.0 * part / whole; }

}  // namespace

/// A file of the current content that is neither delivered nor renamed closes the gate, and so does
/// one that had rows and is now header-only.
Status BatchRun::FindVanished() {
  for (const DatasetPlan& plan : plan_.datasets) {
    // A delivery of nothing but headers is recorded as empty, unless files beside it are gone.
    const bool delivers = plan.action == DatasetAction::kLoad ||
                          plan.action == DatasetAction::kSnapshot ||
                          IsHeaderOnly(plan.dataset->name);
    if (!delivers || !plan.current) continue;
    ASSIGN_OR_RETURN(const std::vector<CurrentFile> current,
                     ReadCurrentFiles(session_.warehouse_.get(), *plan.dataset, date_,
                                      plan.current->delivery_id));
    const std::vector<const DeliveredFile*> successors = Successors(current, plan.files);
    for (size_t i = 0; i < current.size(); ++i) {
      const CurrentFile& old = current[i];
      if (old.rows_read == 0) continue;
      if (!successors[i]) {
        record_.gate_reasons.push_back(
            fmt::format("dataset '{}': file '{}' was published for {} and is gone",
                        plan.dataset->name, old.base_name, FormatDate(date_)));
        continue;
      }
      const auto loaded = loaded_.find(plan.dataset->name);
      if (loaded == loaded_.end()) continue;
      const OpenedFile& opened = loaded->second.opened[successors[i] - plan.files.data()];
      if (!opened.has_records && opened.fault.empty()) {
        record_.gate_reasons.push_back(
            fmt::format("dataset '{}': file '{}' had {} and is now only a header",
                        plan.dataset->name, old.base_name, FormatCount(old.rows_read, "row")));
      }
    }
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
      record_.gate_reasons.push_back(fmt::format(
          "dataset '{}': rule '{}' has severity fail and {} "
          "it",
          record->dataset, rule.reason,
          FormatCount(result.failed, "row") + (result.failed == 1 ? " breaks" : " break")));
    } else if (result.failed > 0) {
      result.outcome = RuleOutcome::kWarned;
    }
    if (result.failed > 0 && rule.severity == RuleSeverity::kWarn) {
      Warn(fmt::format("dataset '{}': {} ({}; a warning keeps no row out)", record->dataset,
                       rule.reason, FormatCount(result.failed, "row")));
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
                     FormatCount(total.quarantined), FormatCount(total.read, "row"), percent));
  }
  for (const auto& [column, rows] : record.unknown_columns) {
    if (dataset.unknown_columns == UnknownColumns::kIgnore) continue;
    const std::string text = fmt::format("dataset '{}': column '{}' is not in the spec ({})",
                                         dataset.name, column, FormatCount(rows, "row"));
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
  // First, since it finds the records by the rows of lyceum.runs, this run's too if it is done
  // twice.
  std::vector<Statement> statements = {RenderDropUnpublished(names_, date_)};
  for (Statement& statement : RenderForgetRun(names_)) statements.push_back(std::move(statement));
  if (quarantine_staged_) statements.push_back(RenderQuarantineInsert(names_, "not_published"));
  std::vector<FaultRow> faults;
  for (const auto& [name, loaded] : loaded_) {
    for (size_t i = 0; i < loaded.opened.size(); ++i) {
      const OpenedFile& opened = loaded.opened[i];
      if (opened.fault.empty()) continue;
      const DeliveredFile& file = loaded.plan->files[i];
      faults.push_back({name, file.relative, file.content_id(),
                        nlohmann::json::array({"file: " + opened.fault}).dump(), opened.raw_text,
                        opened.fault_line, 0, opened.text_bytes, loaded.plan->dataset->dated()});
    }
  }
  for (Statement& statement : RenderFaults(names_, date_, faults)) {
    statements.push_back(std::move(statement));
  }
  for (Statement& statement : RenderQuality(names_, date_, QualityRows())) {
    statements.push_back(std::move(statement));
  }
  statements.push_back(RenderRunRow(names_, Row("gate_closed")));
  return Retrying([&] { return InTransaction(names_, session_.warehouse_.get(), statements); });
}

}  // namespace lyceum
