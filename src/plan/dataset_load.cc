#include "plan/dataset_load.h"

namespace lyceum {

DatasetLoad LoadOf(const Plan& plan, const DatasetPlan& dataset) {
  DatasetLoad load;
  load.plan = &dataset;
  load.batch_date = plan.batch_date;
  const auto take = [&](const auto& step, auto* into) {
    if (step.dataset == dataset.dataset) *into = step;
  };
  for (const Step& step : plan.steps) {
    if (const auto* read = std::get_if<ReadStep>(&step)) take(*read, &load.read);
    if (const auto* keep = std::get_if<DeduplicateStep>(&step)) take(*keep, &load.deduplicate);
    if (const auto* stage = std::get_if<StageStep>(&step)) take(*stage, &load.stage);
    if (const auto* reject = std::get_if<QuarantineStep>(&step)) take(*reject, &load.quarantine);
  }
  return load;
}

}  // namespace lyceum
