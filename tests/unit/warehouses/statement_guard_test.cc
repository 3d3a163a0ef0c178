#include "warehouses/statement_guard.h"

#include <gtest/gtest.h>

namespace lyceum {
namespace {

struct Sequence {
  const char* what;
  std::vector<const char*> statements;
  const char* message;  ///< of the last statement; "" if all pass
};

void Check(const Dialect& dialect, const std::vector<Sequence>& sequences) {
  for (const Sequence& sequence : sequences) {
    StatementGuard guard(dialect);
    for (size_t i = 0; i < sequence.statements.size(); ++i) {
      const Status status = guard.Check(sequence.statements[i]);
      const bool last = i + 1 == sequence.statements.size();
      EXPECT_EQ(status.message(), last ? sequence.message : "")
          << sequence.what << ": " << sequence.statements[i];
    }
  }
}

TEST(StatementGuard, RefusesWhatRedshiftBreaksOn) {
  Check(RedshiftDialect(),
        {
            {"a publish",
             {"BEGIN", "LOCK TABLE \"lyceum\".\"writer_lock\"",
              "CREATE TEMP TABLE \"_a\" AS SELECT 1", "INSERT INTO \"_a\" SELECT 2",
              "DELETE FROM \"_a\" WHERE 1 = 1",
              "DELETE FROM \"s\".\"t\" WHERE x IN (SELECT x FROM \"_a\")",
              "UPDATE \"s\".\"u\" SET x = 1", "INSERT INTO \"s\".\"t\" (x) SELECT 1",
              "MERGE INTO \"s\".\"d\" USING \"_a\" ON 1 = 1 WHEN MATCHED THEN UPDATE SET x = 1",
              "ALTER TABLE \"s\".\"a\" RENAME TO \"b\"", "COMMIT"},
             ""},
            {"truncate",
             {"BEGIN", "LOCK a", "TRUNCATE t"},
             "a TRUNCATE was not sent: it cannot be part of a transaction"},
            {"vacuum",
             {"BEGIN", "LOCK a", "VACUUM t"},
             "a VACUUM was not sent: it cannot be part of a transaction"},
            {"truncate outside", {"TRUNCATE t"}, ""},
            {"append",
             {"BEGIN", "LOCK a", "ALTER TABLE \"s\".\"t\" APPEND FROM \"u\""},
             "a ALTER TABLE was not sent: Redshift refuses it inside a transaction"},
            {"column type",
             {"BEGIN", "LOCK a", "alter table t alter column c type varchar(9)"},
             "a ALTER TABLE was not sent: Redshift refuses it inside a transaction"},
            {"late lock",
             {"BEGIN", "SELECT 1", "LOCK a"},
             "a LOCK was not sent: it must be the first statement of its transaction"},
            {"no lock",
             {"BEGIN", "DELETE FROM s.t WHERE x = 1"},
             "a DELETE was not sent: its transaction holds no lock"},
            {"a lock that is over",
             {"BEGIN", "LOCK a", "COMMIT", "BEGIN", "INSERT INTO s.t VALUES (1)"},
             "a INSERT was not sent: its transaction holds no lock"},
            {"insert, then delete",
             {"BEGIN", "LOCK a", "INSERT INTO s.t VALUES (1)", "DELETE FROM s.t WHERE x = 1"},
             "a DELETE was not sent: its transaction inserted into S.T before"},
            {"merge, then update",
             {"BEGIN", "LOCK a", "MERGE INTO s.t USING u ON 1 = 1", "UPDATE s.t SET x = 1"},
             "a UPDATE was not sent: its transaction inserted into S.T before"},
            {"insert, then merge",
             {"BEGIN", "LOCK a", "INSERT INTO s.t VALUES (1)", "MERGE INTO s.t USING u ON 1 = 1"},
             "a MERGE was not sent: its transaction inserted into S.T before"},
            {"alias of DELETE",
             {"DELETE FROM \"s\".\"t\" AS x WHERE 1 = 1"},
             "a DELETE was not sent: its target has an alias"},
            {"alias of DELETE without AS",
             {"delete from s.t x"},
             "a DELETE was not sent: its target has an alias"},
            {"alias of MERGE",
             {"MERGE INTO s.t x USING u ON 1 = 1"},
             "a MERGE was not sent: its target has an alias"},
            {"alias of UPDATE",
             {"UPDATE s.t x SET a = 1"},
             "a UPDATE was not sent: its target has an alias"},
            {"two statements",
             {"SELECT 1; DROP TABLE t"},
             "a SELECT was not sent: a call holds one statement"},
            {"a semicolon in a text",
             {"INSERT INTO t VALUES ('a''; drop table t', 'b\\'; --', \"c;\")"},
             ""},
        });
}

TEST(StatementGuard, NeedsNoLockWhereOneProcessWrites) {
  Check(DuckDbDialect(),
        {{"no lock",
          {"BEGIN", "DELETE FROM s.t WHERE x = 1", "INSERT INTO s.t VALUES (1)", "COMMIT"},
          ""},
         {"order",
          {"BEGIN", "INSERT INTO s.t VALUES (1)", "DELETE FROM s.t WHERE x = 1"},
          "a DELETE was not sent: its transaction inserted into S.T before"},
         // A backslash is a character like any other there, so the text ends at the quote.
         {"a backslash",
          {"INSERT INTO t VALUES ('a\\'); DROP TABLE t"},
          "a INSERT was not sent: a call holds one statement"}});
}

}  // namespace
}  // namespace lyceum
