// Renders a whole plan as a script to read: the same steps and renderers as a run, with
// placeholders for what only a run learns.

#include <fmt/format.h>

#include <iterator>

#include "run/session.h"
#include "sql/publish_sql.h"
#include "sql/render.h"
#include "sql/staged_columns.h"
#include "sql/staging_sql.h"

namespace lyceum {
namespace {

/// Renders the load steps one by one; the publish steps are rendered together at the first of them.
class ScriptWriter {
 public:
  ScriptWriter(const PlannedDate& planned, const Names& engine)
      : plan_(planned.plan),
        target_(planned.target),
        schema_(planned.schema),
        engine_(engine),
        warehouse_(target_.dialect(), target_.schema, plan_.run_id) {}

  Status operator()(const ReadStep& step) {
    return Add("read " + step.dataset->name, RenderRead(step, engine_, "$" + step.dataset->name));
  }
  Status operator()(const DeduplicateStep& step) {
    return Add("deduplicate " + step.dataset->name, RenderDeduplicate(step, engine_));
  }
  Status operator()(const StageStep& step) {
    ASSIGN_OR_RETURN(const std::string query, RenderStageQuery(step, engine_));
    return Add("stage " + step.table.name,
               Staging(step.table.name, StagedColumns(step.table), query));
  }
  Status operator()(const QuarantineStep& step) {
    RETURN_IF_ERROR(Add("quarantine " + step.dataset->name,
                        RenderQuarantine(step, engine_, "$" + step.dataset->name, plan_.batch_date,
                                         FilesOf(step.dataset))));
    return Add(
        "quarantine " + step.dataset->name,
        Staging("quarantine", QuarantineColumns(),
                fmt::format("SELECT * FROM {}", engine_.Temp("quarantined", step.dataset->name))));
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

  Status Bookkeeping() {
    std::vector<Statement> statements = {RenderSchema(target_.schema, warehouse_),
                                         RenderSchema("lyceum", warehouse_)};
    for (Statement& statement : RenderBookkeepingTables(warehouse_)) {
      statements.push_back(std::move(statement));
    }
    return Add("bookkeeping, once", std::move(statements));
  }

  Status Publish() {
    const Names& names = warehouse_;
    std::vector<Statement> start = {{"one transaction from here on", "BEGIN"}};
    for (Statement& statement : RenderLock(names)) start.push_back(std::move(statement));
    RETURN_IF_ERROR(Add("publish", std::move(start)));
    ASSIGN_OR_RETURN(std::vector<StepStatement> statements, RenderPublish(plan_, Facts(), names));
    script_.insert(script_.end(), std::make_move_iterator(statements.begin()),
                   std::make_move_iterator(statements.end()));
    return Add(
        "publish",
        std::vector<Statement>{
            {"a run adds a line per file to lyceum.files here, with counts that only it knows", ""},
            {"all or nothing", "COMMIT"}});
  }

  std::vector<StepStatement> Take() { return std::move(script_); }

 private:
  Status Add(const std::string& step, Result<std::vector<Statement>> statements) {
    if (!statements.ok()) return statements.status();
    for (Statement& statement : *statements) script_.push_back({step, std::move(statement)});
    return Status::Ok();
  }

  /// How the rows of a query on the engine come into a private table of the warehouse.
  std::vector<Statement> Staging(const std::string& table, const std::vector<TableColumn>& columns,
                                 const std::string& query) {
    const std::string name = warehouse_.Private(table);
    const std::string folder = fmt::format("{}/$stage/{}", target_.stage, table);
    if (warehouse_.dialect().private_views) {
      // A view cannot be added to, so it is made anew with the rows of one dataset more.
      std::vector<std::string>& queries = queries_[table];
      queries.push_back(query);
      return {RenderPrivateView(name, fmt::format("{}", fmt::join(queries, "\nUNION ALL ")))};
    }
    std::vector<Statement> statements = {
        {"create its private table", RenderPrivateTable(name, columns, warehouse_)}};
    switch (target_.kind) {
      case TargetKind::kDuckDb:
        break;
      case TargetKind::kPostgres:
        statements.push_back({"send it the rows of this query", query});
        statements.push_back({"as", RenderBinaryCopy(name, columns, warehouse_)});
        break;
      case TargetKind::kRedshift:
        statements.push_back({"write the rows to S3", RenderParquetFiles(columns, query, folder)});
        statements.push_back(
            {"load them", RenderParquetCopy(name, folder + "/manifest.json", target_.iam_role)});
        break;
    }
    return statements;
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
    facts.staging_tables = schema_.staging_tables;
    facts.run.pipeline = plan_.spec->pipeline;
    facts.run.batch_date = plan_.batch_date;
    facts.run.state = "published";
    facts.run.exit_code = 0;
    if (!plan_.spec->calendar) return facts;
    for (const Fact& fact : plan_.spec->facts) {
      facts.bounds[fact.dataset] = {plan_.spec->calendar->from, plan_.spec->calendar->to};
      facts.others[fact.dataset] = {facts.bounds[fact.dataset]};
    }
    return facts;
  }

  const Plan& plan_;
  const ResolvedTarget& target_;
  const SchemaChanges& schema_;
  const Names& engine_;
  const Names warehouse_;
  std::vector<StepStatement> script_;
  std::map<std::string, std::vector<std::string>> queries_;  ///< of private tables that are views
};

}  // namespace

Result<std::vector<StepStatement>> RenderScript(const PlannedDate& planned) {
  const Plan& plan = planned.plan;
  const Names engine(DuckDbDialect(), planned.target.schema, plan.run_id);
  ScriptWriter writer(planned, engine);
  if (planned.new_warehouse && plan.publishes()) RETURN_IF_ERROR(writer.Bookkeeping());
  for (const Step& step : plan.steps) RETURN_IF_ERROR(std::visit(writer, step));
  if (plan.publishes()) RETURN_IF_ERROR(writer.Publish());
  return writer.Take();
}

}  // namespace lyceum
