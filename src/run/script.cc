// Renders a whole plan as a script to read: the same steps and renderers as a run, with
// placeholders for what only a run learns.

#include <fmt/format.h>

#include <iterator>

#include "run/session.h"
#include "sql/publish_sql.h"
#include "sql/render.h"

namespace lyceum {
namespace {

/// Renders the load steps one by one; the publish steps are rendered together at the first of them.
class ScriptWriter {
 public:
  ScriptWriter(const PlannedDate& planned, const Names& engine)
      : plan_(planned.plan), schema_(planned.schema), engine_(engine) {}

  Status operator()(const ReadStep& step) {
    return Add("read " + step.dataset->name, RenderRead(step, engine_, "$" + step.dataset->name));
  }
  Status operator()(const DeduplicateStep& step) {
    return Add("deduplicate " + step.dataset->name, RenderDeduplicate(step, engine_));
  }
  Status operator()(const StageStep& step) {
    ASSIGN_OR_RETURN(const std::string query, RenderStageQuery(step, engine_));
    return Add("stage " + step.table.name,
               std::vector<Statement>{{"write accepted rows with their keys to a private table",
                                       fmt::format("CREATE TABLE {} AS\n{}",
                                                   engine_.Private(step.table.name), query)}});
  }
  Status operator()(const QuarantineStep& step) {
    return Add("quarantine " + step.dataset->name,
               RenderQuarantine(step, engine_, "$" + step.dataset->name, plan_.batch_date,
                                FilesOf(step.dataset)));
  }
  Status operator()(const GateStep&) {
    return Add("gate",
               std::vector<Statement>{
                   {"compares failures with the thresholds; closed, nothing below runs", ""}});
  }
  template <typename PublishStep>
  Status operator()(const PublishStep&) {
    return Status::Ok();
  }

  Status Publish(const Names& names) {
    std::vector<Statement> start = {{"one transaction from here on", "BEGIN"}};
    for (Statement& statement : RenderLock(names)) start.push_back(std::move(statement));
    RETURN_IF_ERROR(Add("publish", std::move(start)));
    ASSIGN_OR_RETURN(std::vector<StepStatement> statements, RenderPublish(plan_, Facts(), names));
    script_.insert(script_.end(), std::make_move_iterator(statements.begin()),
                   std::make_move_iterator(statements.end()));
    return Add("publish", std::vector<Statement>{{"all or nothing", "COMMIT"}});
  }

  std::vector<StepStatement> Take() { return std::move(script_); }

 private:
  Status Add(const std::string& step, Result<std::vector<Statement>> statements) {
    if (!statements.ok()) return statements.status();
    for (Statement& statement : *statements) script_.push_back({step, std::move(statement)});
    return Status::Ok();
  }

  std::vector<DeliveredFile> FilesOf(const Dataset* dataset) const {
    for (const DatasetPlan& plan : plan_.datasets) {
      if (plan.dataset == dataset) return plan.files;
    }
    return {};
  }

  /// What only a run learns: the script shows the widest bounds, the calendar, and leaves out the
  /// ledger lines of files, whose counts are not known.
  PublishFacts Facts() const {
    PublishFacts facts;
    facts.define = schema_.define;
    facts.schema_rows = schema_.rows;
    facts.quarantine_staged = true;
    facts.run.pipeline = plan_.spec->pipeline;
    facts.run.batch_date = plan_.batch_date;
    facts.run.state = "published";
    facts.run.exit_code = 0;
    if (!plan_.spec->calendar) return facts;
    for (const Fact& fact : plan_.spec->facts) {
      facts.bounds[fact.dataset] = {plan_.spec->calendar->from, plan_.spec->calendar->to};
    }
    return facts;
  }

  const Plan& plan_;
  const SchemaChanges& schema_;
  const Names& engine_;
  std::vector<StepStatement> script_;
};

}  // namespace

Result<std::vector<StepStatement>> RenderScript(const PlannedDate& planned) {
  const Plan& plan = planned.plan;
  const ResolvedTarget& target = planned.target;
  const Names engine(DuckDbDialect(), target.schema, plan.run_id);
  ScriptWriter writer(planned, engine);
  for (const Step& step : plan.steps) RETURN_IF_ERROR(std::visit(writer, step));
  if (plan.publishes()) {
    RETURN_IF_ERROR(writer.Publish(Names(target.dialect(), target.schema, plan.run_id)));
  }
  return writer.Take();
}

}  // namespace lyceum
