#pragma once

#include <string>

#include "base/status.h"

namespace lyceum {

/// What `lyceum query` may run.
struct OneQuery {
  std::string sql;  ///< the statement, without the `;` behind it and what follows
  bool explains = false;
};

/// Checks that `text` is one statement, and one that only reads: it begins with SELECT, WITH, FROM,
/// VALUES, TABLE, SHOW, DESCRIBE, SUMMARIZE, PIVOT, UNPIVOT, EXPLAIN of such a query, or a bracket.
/// Opening the target for reading does not keep a COPY from writing files or an ATTACH from
/// creating them. kBadSpec otherwise.
Result<OneQuery> ReadOneQuery(const std::string& text);

}  // namespace lyceum
