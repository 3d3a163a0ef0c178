#pragma once

#include <functional>
#include <vector>

#include "base/status.h"
#include "sql/names.h"
#include "warehouses/warehouse.h"

namespace lyceum {

/// Runs statements in one transaction; rolls back if any of them, or the COMMIT, fails.
Status Transact(Warehouse* warehouse, const std::vector<Statement>& statements);

/// Runs statements in one transaction, after the writers' lock where there is one; rolls back if
/// any fails.
Status InTransaction(const Names& names, Warehouse* warehouse,
                     const std::vector<Statement>& statements);

/// Whether a transaction that ended with `status` may succeed if it is done again: it met another
/// writer (kConflict), or the server went away (kConnectionLost).
bool MayRepeat(const Status& status);

/// Calls `attempt`, and calls it again after growing pauses while MayRepeat says so, eight times in
/// all (up to half a minute). What it does must be the same done twice, since a lost connection may
/// hide a COMMIT that happened.
Status Retrying(const std::function<Status()>& attempt);

/// Waits a little before try number `attempt` (from 1), longer each time and never twice the same,
/// so that two writers which collided do not collide again.
void PauseBefore(int attempt);

}  // namespace lyceum
