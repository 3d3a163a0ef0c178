// The publish transaction: everything of a batch date appears together, or nothing does.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "run/batch_run.h"
#include "run/ledger.h"

namespace lyceum {

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

}  // namespace lyceum
