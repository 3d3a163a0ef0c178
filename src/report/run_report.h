#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/calendar.h"
#include "report/style.h"
#include "report/table.h"
#include "run/record.h"

namespace lyceum {

struct RunReportOptions {
  Style style;
  /// Adds the run's directory, why each dataset was loaded or not, and every file.
  bool verbose = false;
  /// How the user named the target, as arguments: `spec.yaml --target local`, already quoted.
  std::string target_arguments;
};

/// What one run did, for people: the table of files, reasons, warnings, the gate, the ledger line,
/// throughput and the next command to type. Names, counts and reasons only, never row values.
std::string RenderRun(const RunRecord& record, const RunReportOptions& options);

/// With --quiet: the errors, and one line that stands for the run.
std::string RenderRunLine(const RunRecord& record, const Style& style);

/// `2025-06-03, 2025-06-05 to 2025-06-09` for days in ascending order.
std::string FormatDays(const std::vector<Days>& days);

/// Rows of all datasets together.
RowCounts TotalRows(const RunRecord& record);
/// False if this run did not count the dataset's rows: it was not loaded, or the run ended before.
bool RowsKnown(const RunRecord& record, const DatasetRecord& dataset);
/// True for a run that published files which other dates had published before, and no rows.
bool OnlyStatic(const RunRecord& record);

// Parts that a run's and a backfill's report share.

const char* StateText(const RunRecord& record);
Ink StateInk(RunState state);
/// A count that deserves a look if it is not zero.
TableCell Notable(int64_t count);
/// Four cells. What was accepted and not published counts as loaded nowhere.
void AppendCounts(const RowCounts& rows, bool published, std::vector<TableCell>* cells);
/// `read 8 = loaded 3 + duplicates 1 + quarantined 4`, with another word for loaded.
std::string LedgerText(const RowCounts& rows, std::string_view accepted);
/// The ledger line with a mark that says whether all is well.
std::string RenderLedger(const RowCounts& rows, bool published, const Style& style);
std::string RenderWarnings(const std::vector<std::string>& warnings, const Style& style);
/// `error: ` and `subject` before each.
std::string RenderErrors(const std::vector<std::string>& errors, const std::string& subject,
                         const Style& style);
std::string RenderNext(const std::string& command, const Style& style);

}  // namespace lyceum
