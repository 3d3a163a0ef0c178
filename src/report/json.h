#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "plan/plan.h"
#include "report/backfill_report.h"
#include "report/status_report.h"
#include "run/record.h"
#include "run/verify.h"
#include "spec/spec.h"
#include "sql/publish_sql.h"

namespace lyceum {

// The versioned JSON of everything that `--output json` prints. A schema's name changes when a
// field goes or changes its meaning; new fields may come. Null means unknown, 0 means exactly none.
// No row values, except in QuarantineJson with raw text.

/// `lyceum.run.v1`: one run, as written to run.json and printed by `run`.
std::string RunJson(const RunRecord& record);
/// Writes run.json into the run's directory, whole or not at all. Ok without a directory.
Status WriteRunFile(const RunRecord& record);
/// `lyceum.backfill.v1`.
std::string BackfillJson(const BackfillRecord& backfill);
/// `lyceum.plan.v1`.
std::string PlanJson(const Plan& plan);
/// `lyceum.sql.v1`.
std::string ScriptJson(const Plan& plan, const std::vector<StepStatement>& script);
/// `lyceum.verify.v1`.
std::string VerificationJson(const Verification& verification);
/// `lyceum.status.v1`.
std::string StatusJson(const WarehouseStatus& status);
/// `lyceum.quarantine.v1`; `more` says that a limit cut the list.
std::string QuarantineJson(const std::vector<QuarantineRecord>& records, bool with_raw_text,
                           bool more);
/// `lyceum.validate.v1`; `spec` is null if there are errors.
std::string ValidationJson(const std::string& file, const Diagnostics& diagnostics,
                           const Spec* spec);

}  // namespace lyceum
