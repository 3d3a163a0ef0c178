#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/count.h"
#include "plan/plan.h"

namespace lyceum {
namespace {

/// Describes a step in one line. A step without case does not compile.
struct StepText {
  std::string operator()(const ReadStep& step) const {
    return fmt::format("read        {}: {} columns, {} rules", step.dataset->name,
                       step.dataset->columns.size(), step.rules.size());
  }
  std::string operator()(const DeduplicateStep& step) const {
    return fmt::format("deduplicate {}: first row of each ({})", step.dataset->name,
                       fmt::join(step.table.Identity(), ", "));
  }
  std::string operator()(const StageStep& step) const {
    return fmt::format("stage       {}: {} columns, {} references", step.table.name,
                       step.table.columns.size(), step.references.size());
  }
  std::string operator()(const QuarantineStep& step) const {
    return fmt::format("quarantine  {}: raw text and all reasons", step.dataset->name);
  }
  std::string operator()(const GateStep&) const {
    return "gate        thresholds of all datasets; closed, nothing below happens";
  }
  std::string operator()(const ResolveFactStep& step) const {
    return fmt::format("resolve     {}: overlaps with other batches{}", step.table.name,
                       step.date_in_identity ? ", bounded by date" : "");
  }
  std::string operator()(const ResolveDimensionStep& step) const {
    const bool content =
        step.action == DatasetAction::kLoad || step.action == DatasetAction::kSnapshot;
    return fmt::format("resolve     {}: {}placeholders", step.table.name,
                       content ? "snapshot and " : "");
  }
  std::string operator()(const ApplyDimensionStep& step) const {
    return fmt::format("merge       {}", step.resolved.table.name);
  }
  std::string operator()(const ApplyFactStep& step) const {
    return fmt::format("replace     {}: {}insert the batch", step.resolved.table.name,
                       step.resolved.current ? "delete the old batch, " : "");
  }
  std::string operator()(const RefreshMartStep& step) const {
    return fmt::format("refresh     {}: {}", step.table.name,
                       step.whole ? "whole" : "touched dates");
  }
  std::string operator()(const SwapStagingStep& step) const {
    return fmt::format("swap        staging_{}", step.table.name);
  }
  std::string operator()(const RecordStep&) const {
    return "record      ledger, quality results, quarantine";
  }
};

}  // namespace

std::string ExplainPlan(const Plan& plan) {
  std::string text = fmt::format("plan of {} for batch date {}\n\ndatasets\n", plan.spec->pipeline,
                                 FormatDate(plan.batch_date));
  for (const DatasetPlan& dataset : plan.datasets) {
    const char* action = dataset.action == DatasetAction::kLoad       ? "load"
                         : dataset.action == DatasetAction::kSnapshot ? "add date"
                         : dataset.action == DatasetAction::kSkip     ? "skip"
                                                                      : "missing";
    text += fmt::format("  {:<8}  {}{} ({})\n", action, dataset.dataset->name,
                        dataset.table.name.empty() ? "" : " -> " + dataset.table.name, dataset.why);
    if (dataset.current) {
      text += fmt::format("            published now: {} loaded, {} quarantined\n",
                          FormatCount(dataset.current->rows_loaded, "row"),
                          FormatCount(dataset.current->rows_quarantined));
    }
    for (const DeliveredFile& file : dataset.files) {
      text +=
          fmt::format("            {}  {}  {}\n", file.relative,
                      FormatCount(file.fingerprint.bytes, "byte"), file.content_id().substr(0, 12));
    }
    for (const DeliveredFile& file : dataset.identical) {
      text +=
          fmt::format("            {}  not read: same name and bytes as another\n", file.relative);
    }
  }
  if (!plan.publishes()) return text + "\nnothing to publish\n";
  if (!plan.table_changes.empty()) {
    text += "\ntables\n";
    for (const std::string& change : plan.table_changes) text += fmt::format("  {}\n", change);
  }
  text += "\nsteps\n";
  for (const Step& step : plan.steps) text += "  " + std::visit(StepText{}, step) + "\n";
  return text;
}

}  // namespace lyceum
