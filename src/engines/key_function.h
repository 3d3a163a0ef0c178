#pragma once

#include <duckdb.h>

#include "base/status.h"

namespace lyceum {

/// Registers `lyceum_key(value, ...) -> VARCHAR` in the database of `connection`: the SHA-256, as
/// lower-case hex, of the canonical encoding (base/canonical.h) of its arguments in their order.
/// Arguments: integer, bigint, decimal, boolean, text, date, timestamp; null is encoded, never
/// skipped. Runs on all threads.
Status RegisterKeyFunction(duckdb_connection connection);

}  // namespace lyceum
