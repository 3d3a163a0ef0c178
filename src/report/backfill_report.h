#pragma once

#include <string>
#include <vector>

#include "base/calendar.h"
#include "report/run_report.h"
#include "run/record.h"

namespace lyceum {

/// What a backfill did with its range of dates.
struct BackfillRecord {
  std::vector<RunRecord> runs;
  std::vector<Days> days_without;  ///< no file of a dated dataset; ran if a static one came
  std::vector<Days> days_left;     ///< not attempted, since the last run ended the backfill
};

/// The table over all dates, what kept dates from loading, the warnings of all, the sum of what was
/// published, and the next command to type. Runs that failed or closed the gate are assumed to be
/// shown one by one, and so are all with `options.verbose`.
std::string RenderBackfill(const BackfillRecord& backfill, const RunReportOptions& options);

/// With --quiet: the errors, and one last line.
std::string RenderBackfillLine(const BackfillRecord& backfill, const Style& style);

}  // namespace lyceum
