#pragma once

#include <optional>

#include "plan/plan.h"

namespace lyceum {

/// The steps that load one dataset.
struct DatasetLoad {
  const DatasetPlan* plan = nullptr;
  ReadStep read;
  DeduplicateStep deduplicate;
  std::optional<StageStep> stage;
  QuarantineStep quarantine;
  Days batch_date = 0;
};

/// The steps of `plan` that load `dataset`, one of its datasets.
DatasetLoad LoadOf(const Plan& plan, const DatasetPlan& dataset);

}  // namespace lyceum
