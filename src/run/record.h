#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/calendar.h"
#include "base/status.h"
#include "engines/engine.h"
#include "plan/plan.h"

namespace lyceum {

/// How a run of one batch date ended.
enum class RunState {
  kPublished,
  kUnchanged,   ///< nothing to publish: everything delivered is published already, or nothing came
  kGateClosed,  ///< nothing published, the reasons are recorded
  kFailed,
  kPlanned,  ///< --dry-run
};

/// The ledger line of one file.
struct FileRecord {
  std::string file;  ///< path below --input
  std::string content_id;
  uint64_t bytes = 0;
  RowCounts rows;
  int64_t empty_lines = 0;
  std::string fault;  ///< why the whole file is quarantined; "" if it is not
};

enum class RuleOutcome { kPassed, kWarned, kFailed };

/// How often one rule failed.
struct RuleRecord {
  std::string rule;  ///< its reason, such as `quiz_score: not in range 0 to 100`
  RuleSeverity severity = RuleSeverity::kQuarantine;
  int64_t judged = 0;
  int64_t failed = 0;
  RuleOutcome outcome = RuleOutcome::kPassed;
};

/// How a publish moved a fact's rows between the fact and its waiting rows, because batches share
/// event keys.
struct RowMoves {
  int64_t waiting = 0;   ///< loaded rows of this date that wait behind an earlier date
  int64_t demoted = 0;   ///< rows of later dates that wait behind this one from now on
  int64_t promoted = 0;  ///< rows of other dates that wait no longer
  bool any() const { return waiting + demoted + promoted > 0; }
};

/// What happened to one dataset.
struct DatasetRecord {
  std::string dataset;
  std::string table;  ///< that it feeds; "" if none
  DatasetAction action = DatasetAction::kMissing;
  std::string why;
  std::vector<FileRecord> files;
  std::vector<RuleRecord> rules;
  std::map<std::string, int64_t> reasons;          ///< quarantined rows per reason
  std::map<std::string, int64_t> unknown_columns;  ///< rows that have them
  RowMoves moves;
  int64_t conflicts = 0;  ///< duplicates that differ from the row kept; counted as duplicates
  double seconds = 0;

  RowCounts Total() const;
};

/// Where the time of a run went.
struct PhaseSeconds {
  double hash = 0;     ///< finding, fetching and hashing files, planning
  double load = 0;     ///< reading, typing, judging, deduplicating, keying
  double stage = 0;    ///< bringing rows to the warehouse
  double publish = 0;  ///< the publish transaction
};

/// Everything that one run of one batch date did. Holds counts, columns, reasons and positions,
/// never a row's values.
struct RunRecord {
  std::string run_id;
  std::string pipeline;
  std::string target;  ///< as people may see it: no password
  Days batch_date = 0;
  std::string started_at;  ///< UTC, yyyy-MM-ddTHH:mm:ssZ
  double seconds = 0;
  PhaseSeconds phases;
  RunState state = RunState::kFailed;
  Status status;  ///< why it failed, or why the gate is closed
  std::vector<DatasetRecord> datasets;
  std::vector<std::string> gate_reasons;
  std::vector<std::string> warnings;
  std::vector<std::string> ignored_files;
  std::string directory;  ///< of the run's files; "" if there is none

  int ExitCode() const;
  uint64_t BytesRead() const;
};

/// Maps a status to the exit code of design.md.
int ExitCodeOf(const Status& status);

const char* RunStateName(RunState state);
const char* RuleOutcomeName(RuleOutcome outcome);
const char* SeverityName(RuleSeverity severity);
const char* ActionName(DatasetAction action);

}  // namespace lyceum
