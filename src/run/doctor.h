#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "engines/object_store.h"
#include "run/target.h"
#include "warehouses/pg_client.h"
#include "warehouses/warehouse.h"

namespace lyceum {

enum class CheckOutcome {
  kOk,
  kFailed,   ///< `detail` says what to do
  kSkipped,  ///< could not be tried; `detail` says why
  kAnswer,   ///< a question about the system, settled: `detail` is the answer
};

/// One thing that `lyceum doctor` looked at.
struct DoctorCheck {
  std::string what;
  CheckOutcome outcome = CheckOutcome::kOk;
  std::string detail;
};

/// Checks that a target can be loaded: connection, version, privileges, staging of every column
/// type, MERGE, lock; on Redshift the bucket and the role too, and then the list of questions that
/// only a cluster can answer. Works in a scratch schema of its own, which it drops; nothing else is
/// touched. Never fails itself.
std::vector<DoctorCheck> Diagnose(const ResolvedTarget& target);

/// Answers what documentation leaves open about Redshift, on the scratch schema `schema`; `stage`
/// is a folder below the target's stage. Each check is of kind kAnswer or kSkipped.
std::vector<DoctorCheck> AskRedshift(const ResolvedTarget& target, const std::string& schema,
                                     DuckDb* engine, ObjectStore* store);

/// True if no check failed.
bool Healthy(const std::vector<DoctorCheck>& checks);

}  // namespace lyceum
