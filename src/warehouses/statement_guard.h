#pragma once

#include <set>
#include <string>
#include <string_view>

#include "base/status.h"
#include "sql/dialect.h"

namespace lyceum {

/// Watches the statements of one session and refuses a sequence that Redshift would break on, or
/// that would break a promise, before it is sent. It runs on every warehouse, so that a mistake
/// shows on the engine where tests are cheapest.
///
/// Inside a transaction:
/// - no TRUNCATE, VACUUM, ANALYZE, ALTER TABLE APPEND or ALTER COLUMN: the first commits on
///   Redshift, the others are refused there;
/// - LOCK only as the first statement, since the snapshot is taken by the one after it, and before
///   any change where several processes write;
/// - no DELETE, UPDATE or MERGE of a table after an INSERT into it: two such transactions deadlock
///   on Redshift.
/// Anywhere: no alias on the target of DELETE and MERGE, one statement per call.
class StatementGuard {
 public:
  explicit StatementGuard(const Dialect& dialect) : dialect_(dialect) {}

  /// kInternal says which rule `sql` breaks. Otherwise takes note of it as sent.
  Status Check(std::string_view sql);

 private:
  Status CheckInTransaction(std::string_view verb, const std::string& table);

  const Dialect& dialect_;
  bool in_transaction_ = false;
  bool first_ = false;  ///< the next statement is the first of its transaction
  bool locked_ = false;
  std::set<std::string> inserted_;  ///< tables that this transaction inserted into
};

}  // namespace lyceum
