#include "sql/publish_sql.h"

#include <fmt/format.h>

namespace lyceum {
namespace {

/// Renders the publish steps of a plan one by one. Load steps are no part of a publish.
class PublishRenderer {
 public:
  PublishRenderer(const Plan& plan, const PublishFacts& facts, const Names& names)
      : plan_(plan), facts_(facts), names_(names) {}

  Status Render() {
    RETURN_IF_ERROR(Add("tables", facts_.schema_rows));
    for (const Dimension& dimension : plan_.spec->dimensions) {
      ResolveDimensionStep uses;
      uses.table = DimensionTable(*plan_.spec, dimension);
      uses.dimension = &dimension;
      RETURN_IF_ERROR(Add("resolve " + dimension.name, RenderUses(uses, names_)));
    }
    for (const Step& step : plan_.steps) RETURN_IF_ERROR(std::visit(*this, step));
    return Status::Ok();
  }

  std::vector<StepStatement> Take() {
    std::vector<StepStatement> all;
    for (const Statement& statement : facts_.define) all.push_back({"tables", statement});
    for (auto phase :
         {&PublishPart::resolve, &PublishPart::remove, &PublishPart::add, &PublishPart::swap}) {
      for (auto& [step, part] : parts_) {
        for (Statement& statement : part.*phase) all.push_back({step, std::move(statement)});
      }
    }
    return all;
  }

  Status operator()(const ReadStep&) { return Status::Ok(); }
  Status operator()(const DeduplicateStep&) { return Status::Ok(); }
  Status operator()(const StageStep&) { return Status::Ok(); }
  Status operator()(const QuarantineStep&) { return Status::Ok(); }
  Status operator()(const GateStep&) { return Status::Ok(); }
  Status operator()(const ResolveFactStep& step) {
    changed_facts_.push_back(step.table.name);
    return Add("resolve " + step.table.name,
               RenderResolveFact(step, names_, plan_.batch_date,
                                 BoundsOf(plan_.spec->FindFact(step.table.name)->dataset),
                                 FactMayOverlap(*plan_.spec, facts_, step),
                                 DifferenceOf(*plan_.spec, facts_, step)));
  }
  Status operator()(const ResolveDimensionStep& step) {
    return Add("resolve " + step.table.name,
               RenderResolveDimension(step, names_, plan_.batch_date));
  }
  Status operator()(const ApplyDimensionStep& step) {
    return Add("merge " + step.resolved.table.name,
               RenderApplyDimension(step, names_, plan_.batch_date));
  }
  Status operator()(const ApplyFactStep& step) {
    return Add("replace " + step.resolved.table.name,
               RenderApplyFact(step, names_, plan_.batch_date,
                               FactMayOverlap(*plan_.spec, facts_, step.resolved),
                               DifferenceOf(*plan_.spec, facts_, step.resolved)));
  }
  Status operator()(const RefreshMartStep& step) {
    ASSIGN_OR_RETURN(PublishPart part,
                     RenderRefreshMart(step, *plan_.spec, names_, changed_facts_));
    return Add("refresh " + step.table.name, std::move(part));
  }
  Status operator()(const SwapStagingStep& step) {
    const std::string staging = "staging_" + step.table.name;
    StagingSwap swap{plan_.batch_date, "", facts_.staging_tables.count(staging) > 0};
    for (const DatasetPlan& dataset : plan_.datasets) {
      if (dataset.table.name == step.table.name) swap.delivery_id = dataset.delivery_id;
    }
    return Add("swap " + staging, RenderSwapStaging(step, names_, swap));
  }
  Status operator()(const RecordStep&) {
    for (const DatasetPlan& dataset : plan_.datasets) {
      const bool changes =
          dataset.action == DatasetAction::kLoad || dataset.action == DatasetAction::kSnapshot;
      if (!changes) continue;
      const auto files = facts_.files.find(dataset.dataset->name);
      const DateBounds bounds = BoundsOf(dataset.dataset->name);
      RETURN_IF_ERROR(
          Add("record " + dataset.dataset->name,
              RenderLedger(names_, dataset, plan_.batch_date, facts_.run.ended_at,
                           files == facts_.files.end() ? std::vector<FileRow>() : files->second,
                           bounds.first, bounds.last)));
    }
    PublishPart part;
    part.remove = RenderForgetRun(names_);
    part.remove.insert(part.remove.begin(), RenderDropUnpublished(names_, plan_.batch_date));
    if (facts_.quarantine_staged) part.add.push_back(RenderQuarantineInsert(names_, "open"));
    for (Statement& statement : RenderQuality(names_, plan_.batch_date, facts_.quality)) {
      part.add.push_back(std::move(statement));
    }
    part.add.push_back(RenderRunRow(names_, facts_.run));
    return Add("record", std::move(part));
  }

 private:
  Status Add(std::string step, PublishPart part) {
    parts_.emplace_back(std::move(step), std::move(part));
    return Status::Ok();
  }

  DateBounds BoundsOf(const std::string& dataset) const {
    const auto found = facts_.bounds.find(dataset);
    return found == facts_.bounds.end() ? DateBounds{} : found->second;
  }

  const Plan& plan_;
  const PublishFacts& facts_;
  const Names& names_;
  std::vector<std::string> changed_facts_;
  std::vector<std::pair<std::string, PublishPart>> parts_;
};

}  // namespace

bool FactMayOverlap(const Spec& spec, const PublishFacts& facts, const ResolveFactStep& step) {
  const std::string& dataset = spec.FindFact(step.table.name)->dataset;
  const auto bounds = facts.bounds.find(dataset);
  const auto others = facts.others.find(dataset);
  return MayOverlap(step, bounds == facts.bounds.end() ? DateBounds{} : bounds->second,
                    others == facts.others.end() ? std::vector<DateBounds>{} : others->second);
}

const BatchDifference* DifferenceOf(const Spec& spec, const PublishFacts& facts,
                                    const ResolveFactStep& step) {
  // A column of this name hides DuckDB's own, by which rows are found again.
  if (!step.current || step.table.Find("rowid") || FactMayOverlap(spec, facts, step)) {
    return nullptr;
  }
  const auto found = facts.differences.find(spec.FindFact(step.table.name)->dataset);
  return found == facts.differences.end() ? nullptr : &found->second;
}

std::vector<Statement> RenderLock(const Names& names) {
  if (names.dialect().one_writer) return {};
  return {{"wait for other writers", fmt::format("LOCK TABLE {}", names.Book(kWriterLock))}};
}

Result<std::vector<StepStatement>> RenderPublish(const Plan& plan, const PublishFacts& facts,
                                                 const Names& names) {
  PublishRenderer renderer(plan, facts, names);
  RETURN_IF_ERROR(renderer.Render());
  return renderer.Take();
}

}  // namespace lyceum
