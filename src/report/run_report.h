#pragma once

#include <string>
#include <vector>

#include "base/calendar.h"
#include "report/style.h"
#include "run/record.h"
#include "spec/spec.h"

namespace lyceum {

struct RunReportOptions {
  Style style;
  /// Adds the run's directory, why each dataset was loaded or not, and every file.
  bool verbose = false;
  /// How the user named the target, as arguments: `spec.yaml --target local`, already quoted.
  std::string target_arguments;
  /// Tells which datasets are dated, for the next command; may be null.
  const Spec* spec = nullptr;
};

/// What one run did, for people: the table of files, reasons, warnings, the gate, the ledger line,
/// throughput and the next command to type. Names, counts and reasons only, never row values.
std::string RenderRun(const RunRecord& record, const RunReportOptions& options);

/// The one line that stands for a run where there is no room for more: in backfills and with
/// --quiet.
std::string RenderRunLine(const RunRecord& record, const Style& style);

/// The table over all dates of a backfill, the days without files, and the sum.
std::string RenderBackfill(const std::vector<RunRecord>& runs,
                           const std::vector<Days>& days_without, const RunReportOptions& options);

/// `2025-06-03, 2025-06-05 to 2025-06-09` for days in ascending order.
std::string FormatDays(const std::vector<Days>& days);

/// Rows of all datasets together.
RowCounts TotalRows(const RunRecord& record);
/// False if this run did not count the dataset's rows: it was not loaded, or the run ended before.
bool RowsKnown(const RunRecord& record, const DatasetRecord& dataset);

}  // namespace lyceum
