// Renders a whole plan as a script to read: the same steps and renderers as a run, with
// placeholders for what only a run learns.

#include <fmt/format.h>

#include "run/session.h"
#include "sql/ledger_sql.h"
#include "sql/render.h"

namespace lyceum {
namespace {

/// Renders steps one by one; a step without case does not compile.
class ScriptWriter {
 public:
  ScriptWriter(const Plan& plan, const Names& names) : plan_(plan), names_(names) {}

  Status Write() {
    const auto first_publish = [](const Step& step) {
      return std::holds_alternative<ResolveFactStep>(step) ||
             std::holds_alternative<ResolveDimensionStep>(step);
    };
    bool publishing = false;
    for (const Step& step : plan_.steps) {
      if (!publishing && first_publish(step)) {
        publishing = true;
        Add("publish", {{"one transaction from here on", "BEGIN"}});
        for (const Dimension& dimension : plan_.spec->dimensions) {
          ResolveDimensionStep uses;
          uses.table = DimensionTable(*plan_.spec, dimension);
          uses.dimension = &dimension;
          Add("publish", RenderUses(uses, names_));
        }
      }
      RETURN_IF_ERROR(std::visit(*this, step));
    }
    if (publishing) Add("publish", {{"all or nothing", "COMMIT"}});
    return Status::Ok();
  }

  Status operator()(const ReadStep& step) {
    return AddResult("read " + step.dataset->name,
                     RenderRead(step, names_, "$" + step.dataset->name));
  }
  Status operator()(const DeduplicateStep& step) {
    return AddResult("deduplicate " + step.dataset->name, RenderDeduplicate(step, names_));
  }
  Status operator()(const StageStep& step) {
    ASSIGN_OR_RETURN(const std::string query, RenderStageQuery(step, names_));
    Add("stage " + step.table.name,
        {{"write accepted rows with their keys to a private table",
          fmt::format("CREATE TABLE {} AS\n{}", names_.Private(step.table.name), query)}});
    return Status::Ok();
  }
  Status operator()(const QuarantineStep& step) {
    return AddResult("quarantine " + step.dataset->name,
                     RenderQuarantine(step, names_, "$" + step.dataset->name, plan_.batch_date,
                                      FilesOf(step.dataset)));
  }
  Status operator()(const GateStep&) {
    Add("gate", {{"compares failures with the thresholds; closed, nothing below runs", ""}});
    return Status::Ok();
  }
  Status operator()(const ResolveFactStep& step) {
    changed_facts_.push_back(step.table.name);
    Add("resolve " + step.table.name,
        RenderResolveFact(step, names_, plan_.batch_date, BoundsOf(step)));
    return Status::Ok();
  }
  Status operator()(const ResolveDimensionStep& step) {
    Add("resolve " + step.table.name, RenderResolveDimension(step, names_, plan_.batch_date));
    return Status::Ok();
  }
  Status operator()(const ApplyDimensionStep& step) {
    Add("apply " + step.resolved.table.name, RenderApplyDimension(step, names_, plan_.batch_date));
    return Status::Ok();
  }
  Status operator()(const ApplyFactStep& step) {
    Add("apply " + step.resolved.table.name, RenderApplyFact(step, names_, plan_.batch_date));
    return Status::Ok();
  }
  Status operator()(const RefreshMartStep& step) {
    return AddResult("refresh " + step.table.name,
                     RenderRefreshMart(step, *plan_.spec, names_, changed_facts_));
  }
  Status operator()(const SwapStagingStep& step) {
    Add("swap staging_" + step.table.name, RenderSwapStaging(step, names_));
    return Status::Ok();
  }
  Status operator()(const RecordStep&) {
    for (const DatasetPlan& plan : plan_.datasets) {
      const bool changes =
          plan.action == DatasetAction::kLoad || plan.action == DatasetAction::kSnapshot;
      if (!changes) continue;
      // The lines of `files` hold counts that only a run knows; their statements are left out.
      Add("record " + plan.dataset->name,
          RenderLedger(names_, plan, plan_.batch_date, "", {}, std::nullopt, std::nullopt));
    }
    Add("record",
        {RenderDropUnpublished(names_, plan_.batch_date), RenderQuarantineInsert(names_, "open")});
    return Status::Ok();
  }

  std::vector<ScriptStatement> Take() { return std::move(script_); }

 private:
  void Add(const std::string& step, std::vector<Statement> statements) {
    for (Statement& statement : statements) script_.push_back({step, std::move(statement)});
  }

  Status AddResult(const std::string& step, Result<std::vector<Statement>> statements) {
    if (!statements.ok()) return statements.status();
    Add(step, std::move(*statements));
    return Status::Ok();
  }

  std::vector<DeliveredFile> FilesOf(const Dataset* dataset) const {
    for (const DatasetPlan& plan : plan_.datasets) {
      if (plan.dataset == dataset) return plan.files;
    }
    return {};
  }

  /// A run bounds look-ups by the dates that it staged. They are not known here, so the script
  /// shows the widest bounds: the calendar.
  DateBounds BoundsOf(const ResolveFactStep&) const {
    if (!plan_.spec->calendar) return {};
    return {plan_.spec->calendar->from, plan_.spec->calendar->to};
  }

  const Plan& plan_;
  const Names& names_;
  std::vector<std::string> changed_facts_;
  std::vector<ScriptStatement> script_;
};

}  // namespace

Result<std::vector<ScriptStatement>> RenderScript(const Plan& plan, const Dialect& dialect,
                                                  const std::string& schema) {
  const Names names(dialect, schema, plan.run_id);
  ScriptWriter writer(plan, names);
  RETURN_IF_ERROR(writer.Write());
  return writer.Take();
}

}  // namespace lyceum
