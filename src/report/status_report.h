#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "report/style.h"
#include "run/verify.h"
#include "spec/spec.h"

namespace lyceum {

/// What a warehouse has published, date by date. Static files are delivered to every date of a
/// backfill and keep their rows, so they neither fill holes nor count as rows of a date.
struct WarehouseStatus {
  struct Date {
    Days date = 0;
    std::vector<BatchStatus> batches;  ///< one per dataset; none if nothing is published
    int64_t dated = 0;                 ///< datasets whose files carry the date; the rows are theirs
    int64_t loaded = 0;
    int64_t quarantined = 0;
    /// Datasets that were loaded under another spec than the one given; empty without a spec.
    std::vector<std::string> stale;
    /// State of the last run of the date, if it published nothing: gate_closed, failed, running.
    std::string unpublished_run;
  };
  std::string target;
  bool spec_known = false;  ///< `stale` means something
  std::vector<Date> dates;  ///< ascending: all with a batch or an unpublished run
  /// Days between the first and the last date with a dated batch that have none.
  std::vector<Days> holes;
};

/// Groups `batches` by date and finds the holes. `spec` may be null.
WarehouseStatus SummarizeStatus(const std::vector<BatchStatus>& batches,
                                const std::vector<LastRun>& runs, const std::string& target,
                                const Spec* spec);

/// One line per date, holes in their places, then static files and totals.
std::string RenderStatus(const WarehouseStatus& status, const Style& style);

}  // namespace lyceum
