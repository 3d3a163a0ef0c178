#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "report/style.h"
#include "run/verify.h"
#include "spec/spec.h"

namespace lyceum {

/// What a warehouse has published, date by date.
struct WarehouseStatus {
  struct Date {
    Days date = 0;
    std::vector<BatchStatus> batches;  ///< one per dataset
    int64_t loaded = 0;
    int64_t quarantined = 0;
    /// Datasets that were loaded under another spec than the one given; empty without a spec.
    std::vector<std::string> stale;
  };
  std::string target;
  bool spec_known = false;  ///< `stale` means something
  std::vector<Date> dates;  ///< ascending
  std::vector<Days> holes;  ///< days between the first and the last date without any batch
};

/// Groups `batches` by date and finds the holes. `spec` may be null.
WarehouseStatus SummarizeStatus(const std::vector<BatchStatus>& batches, const std::string& target,
                                const Spec* spec);

/// One line per date, holes in their places, then totals.
std::string RenderStatus(const WarehouseStatus& status, const Style& style);

}  // namespace lyceum
