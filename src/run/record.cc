#include "run/record.h"

namespace lyceum {

RowCounts DatasetRecord::Total() const {
  RowCounts total;
  for (const FileRecord& file : files) total.Add(file.rows);
  return total;
}

int ExitCodeOf(const Status& status) {
  switch (status.code()) {
    case ErrorCode::kOk:
      return 0;
    case ErrorCode::kBadSpec:
      return 3;
    case ErrorCode::kGateClosed:
    case ErrorCode::kOutOfRange:
      return 2;
    case ErrorCode::kUnavailable:
    case ErrorCode::kConflict:
    case ErrorCode::kConnectionLost:
    case ErrorCode::kStale:
    case ErrorCode::kInternal:
      return 1;
    case ErrorCode::kInterrupted:
      return 130;
    case ErrorCode::kTerminated:
      return 143;
  }
  return 1;
}

int RunRecord::ExitCode() const { return ExitCodeOf(status); }

uint64_t RunRecord::BytesRead() const {
  uint64_t bytes = 0;
  for (const DatasetRecord& dataset : datasets) {
    if (dataset.action != DatasetAction::kLoad) continue;
    for (const FileRecord& file : dataset.files) bytes += file.bytes;
  }
  return bytes;
}

const char* RunStateName(RunState state) {
  switch (state) {
    case RunState::kPublished:
      return "published";
    case RunState::kUnchanged:
      return "unchanged";
    case RunState::kGateClosed:
      return "gate_closed";
    case RunState::kFailed:
      return "failed";
    case RunState::kPlanned:
      return "planned";
  }
  return "";
}

const char* RuleOutcomeName(RuleOutcome outcome) {
  switch (outcome) {
    case RuleOutcome::kPassed:
      return "passed";
    case RuleOutcome::kWarned:
      return "warned";
    case RuleOutcome::kFailed:
      return "failed";
  }
  return "";
}

const char* SeverityName(RuleSeverity severity) {
  switch (severity) {
    case RuleSeverity::kQuarantine:
      return "quarantine";
    case RuleSeverity::kWarn:
      return "warn";
    case RuleSeverity::kFail:
      return "fail";
  }
  return "";
}

const char* ActionName(DatasetAction action) {
  switch (action) {
    case DatasetAction::kLoad:
      return "load";
    case DatasetAction::kSnapshot:
      return "snapshot";
    case DatasetAction::kSkip:
      return "skip";
    case DatasetAction::kMissing:
      return "missing";
  }
  return "";
}

}  // namespace lyceum
