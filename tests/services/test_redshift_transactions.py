"""Transactions, locks and isolation of the double, with two connections."""
import threading
import time
import unittest

from services.client import SqlError
from services.double_case import DoubleCase


class Background(threading.Thread):
    """Runs statements on one connection; `error` is the first one's, and ends it."""

    def __init__(self, client, *statements):
        super().__init__(daemon=True)
        self._client = client
        self._statements = statements
        self.error = None
        self.start()

    def run(self):
        try:
            for sql in self._statements:
                self._client.query(sql)
        except SqlError as error:
            self.error = error

    def finish(self):
        self.join(20)
        assert not self.is_alive(), "a statement never ended"
        return str(self.error) if self.error else None


class Blocks(DoubleCase):
    def setUp(self):
        super().setUp()
        self.client.query("CREATE TABLE a (k INT)")
        self.client.query("CREATE TABLE b (k INT)")

    def count(self, table):
        return self.connect().value(f"SELECT count(*) FROM {table}")

    def test_truncate_commits(self):
        self.client.query("INSERT INTO b VALUES (1), (2)")
        self.client.query("BEGIN")
        self.client.query("INSERT INTO a VALUES (1)")
        self.client.query("TRUNCATE b")
        self.assertEqual((self.client.tag, self.client.status), ("TRUNCATE TABLE", "I"))
        self.client.query("ROLLBACK")
        self.assertEqual((self.count("a"), self.count("b")), ("1", "0"))

    def test_not_inside_a_block(self):
        for sql, name in (("VACUUM a", "VACUUM"), ("ALTER TABLE a ALTER COLUMN k TYPE VARCHAR(5)",
                                                    "ALTER TABLE ALTER COLUMN"),
                          ("ALTER TABLE a APPEND FROM b", "ALTER TABLE APPEND")):
            self.client.query("BEGIN")
            self.assertEqual(self.refused(sql), f"25001 {name} cannot run inside a transaction block")
            self.client.query("ROLLBACK")
        self.client.query("VACUUM a")
        self.client.query("ANALYZE a PREDICATE COLUMNS")

    def test_ddl_is_transactional(self):
        self.client.query("BEGIN")
        self.client.query("CREATE TABLE c (k INT)")
        self.client.query("DROP TABLE b")
        self.client.query("ALTER TABLE c RENAME TO b")
        self.client.query("ROLLBACK")
        self.assertEqual(self.refused("SELECT k FROM c"), '42P01 relation "c" does not exist')
        self.client.query("SELECT k FROM b")

    def test_changes_after_inserts(self):
        """AWS documents a deadlock between two transactions that insert, then change rows."""
        tail = ("in one transaction deadlocks with another loader; change rows before inserting")
        for sql, name in (("DELETE FROM a WHERE k = 1", "delete"), ("UPDATE a SET k = 2", "update"),
                          ("MERGE INTO a USING b ON a.k = b.k WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (k) "
                           "VALUES (b.k)", "merge"), ("DROP TABLE a", "drop table"), ("TRUNCATE a", "truncate"),
                          ("ALTER TABLE public.a RENAME TO c", "alter table")):
            with self.subTest(sql):
                self.client.query("BEGIN")
                self.client.query("INSERT INTO a VALUES (1)")
                table = "public.a" if "public" in sql else "a"
                self.assertEqual(self.refused(sql), f"0A000 double: {name} on '{table}' after INSERT or COPY into it {tail}")
                self.client.query("ROLLBACK")

    def test_changes_that_cannot_deadlock(self):
        for before in ("DELETE FROM a", "LOCK a", "LOCK public.a"):
            with self.subTest(before):
                self.client.query("BEGIN")
                self.client.query(before)
                self.client.query("INSERT INTO a VALUES (1)")
                self.client.query("DELETE FROM a WHERE k = 1")
                self.client.query("COMMIT")
        self.client.query("BEGIN")
        self.client.query("CREATE TABLE c (k INT)")
        self.client.query("INSERT INTO c VALUES (1)")
        self.client.query("ALTER TABLE c RENAME TO d")
        self.client.query("DELETE FROM d")
        self.client.query("CREATE TEMP TABLE a AS SELECT 1 AS k")
        self.client.query("INSERT INTO a VALUES (1)")
        self.client.query("DELETE FROM a WHERE k = 1")
        self.client.query("DELETE FROM b")
        self.client.query("COMMIT")
        self.assertEqual(self.client.status, "I")

    def test_one_statement_at_a_time_never_deadlocks(self):
        self.client.query("INSERT INTO a VALUES (1)")
        self.client.query("DELETE FROM a")
        self.assertEqual(self.client.tag, "DELETE 1")

    def test_temporary_name_after_rollback(self):
        """A temporary table that was rolled back hides no real one from the checks."""
        self.client.query("BEGIN")
        self.client.query("CREATE TEMP TABLE a AS SELECT 1 AS k")
        self.refused("SELECT now()")
        self.client.query("COMMIT")
        self.assertEqual(self.client.tag, "ROLLBACK")
        for end in ("ROLLBACK", "COMMIT"):
            self.client.query("BEGIN")
            self.client.query("INSERT INTO a VALUES (1)")
            self.assertIn("deadlocks with another loader", self.refused("DELETE FROM a"))
            self.client.query(end)


class TwoConnections(DoubleCase):
    def setUp(self):
        super().setUp()
        self.client.query("CREATE TABLE fact (batch INT, v INT)")
        self.client.query("CREATE TABLE mutex (one INT)")
        self.client.query("INSERT INTO fact VALUES (1, 0), (2, 0)")
        self.other = self.connect()

    def wait_until_blocked(self):
        deadline = time.monotonic() + 10
        while not self.double.admin("SELECT 1 FROM pg_locks WHERE NOT granted"):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)

    def test_a_snapshot_is_taken_at_the_first_statement(self):
        self.client.query("BEGIN")
        self.other.query("INSERT INTO fact VALUES (3, 0)")
        self.assertEqual(self.client.value("SELECT count(*) FROM fact"), "3")
        self.other.query("INSERT INTO fact VALUES (4, 0)")
        self.assertEqual(self.client.value("SELECT count(*) FROM fact"), "3")
        self.client.query("COMMIT")
        self.assertEqual(self.client.value("SELECT count(*) FROM fact"), "4")

    def test_lock_comes_before_the_snapshot(self):
        self.client.query("BEGIN")
        self.client.query("LOCK mutex")
        self.other.query("BEGIN")
        waiting = Background(self.other, "LOCK mutex")
        self.wait_until_blocked()
        self.client.query("INSERT INTO fact VALUES (7, 0)")
        self.client.query("COMMIT")
        self.assertIsNone(waiting.finish())
        self.assertEqual(self.other.value("SELECT count(*) FROM fact"), "3")
        self.other.query("COMMIT")

    def test_two_loaders_with_a_lock(self):
        load = ("BEGIN", "LOCK mutex", "DELETE FROM fact WHERE batch = 7", "INSERT INTO fact VALUES (7, 1), (7, 2), (7, 3)",
                "COMMIT")
        first, second = Background(self.client, *load), Background(self.other, *load)
        self.assertEqual((first.finish(), second.finish()), (None, None))
        self.assertEqual(self.client.value("SELECT count(*) FROM fact WHERE batch = 7"), "3")

    def test_two_loaders_without_a_lock(self):
        """The anomaly that LOCK is for. The first SELECT takes the snapshot, as any check before it would."""
        for client in (self.client, self.other):
            client.query("BEGIN")
            client.query("SELECT count(*) FROM fact")
        self.client.query("DELETE FROM fact WHERE batch = 7")
        self.client.query("INSERT INTO fact VALUES (7, 1)")
        waiting = Background(self.other, "DELETE FROM fact WHERE batch = 7", "INSERT INTO fact VALUES (7, 1)", "COMMIT")
        self.wait_until_blocked()
        self.client.query("COMMIT")
        self.assertIsNone(waiting.finish())
        self.assertEqual(self.client.value("SELECT count(*) FROM fact WHERE batch = 7"), "2")

    def test_conflict(self):
        self.client.query("BEGIN")
        self.client.query("UPDATE fact SET v = 1 WHERE batch = 1")
        self.other.query("BEGIN")
        self.other.query("SELECT count(*) FROM fact")
        waiting = Background(self.other, "UPDATE fact SET v = 2 WHERE batch = 1")
        self.wait_until_blocked()
        self.client.query("COMMIT")
        self.assertEqual(waiting.finish(), "XX000 1023")
        self.assertEqual(waiting.error.detail, "Serializable isolation violation on table - fact, transactions forming the "
                                               "cycle are: 1001, 1002 (pid:1)")
        self.other.query("ROLLBACK")
        self.assertEqual(self.other.value("SELECT v FROM fact WHERE batch = 1"), "1")

    def test_changes_lock_the_whole_table(self):
        self.client.query("BEGIN")
        self.client.query("DELETE FROM fact WHERE batch = 1")
        waiting = Background(self.other, "DELETE FROM fact WHERE batch = 2")
        self.wait_until_blocked()
        self.assertEqual(self.connect().value("SELECT count(*) FROM fact"), "2")  # readers do not wait
        self.client.query("COMMIT")
        self.assertIsNone(waiting.finish())
        self.assertEqual(self.client.value("SELECT count(*) FROM fact"), "0")

    def test_an_insert_waits_for_a_change(self):
        self.client.query("BEGIN")
        self.client.query("DELETE FROM fact")
        waiting = Background(self.other, "INSERT INTO fact VALUES (9, 9)")
        self.wait_until_blocked()
        self.client.query("COMMIT")
        self.assertIsNone(waiting.finish())
        self.assertEqual(self.client.query("SELECT batch FROM fact"), [["9"]])

    def test_inserts_do_not_wait(self):
        self.client.query("BEGIN")
        self.client.query("INSERT INTO fact VALUES (8, 0)")
        self.other.query("INSERT INTO fact VALUES (9, 0)")
        self.client.query("COMMIT")
        self.assertEqual(self.client.value("SELECT count(*) FROM fact"), "4")

    def test_lock_blocks_readers(self):
        self.client.query("BEGIN")
        self.client.query("LOCK fact")
        waiting = Background(self.other, "SELECT count(*) FROM fact")
        self.wait_until_blocked()
        self.client.query("COMMIT")
        self.assertIsNone(waiting.finish())

    def test_views_cannot_be_locked(self):
        self.client.query("CREATE VIEW v AS SELECT batch FROM fact")
        self.client.query("BEGIN")
        self.assertEqual(self.refused("LOCK v"), '42809 "v" is not a table')

    def test_deadlock(self):
        self.client.query("BEGIN")
        self.client.query("LOCK fact")
        self.other.query("BEGIN")
        self.other.query("LOCK mutex")
        waiting = Background(self.other, "LOCK fact")
        self.wait_until_blocked()
        try:
            self.client.query("LOCK mutex")
            mine = None
        except SqlError as error:
            mine = str(error)
            self.client.query("ROLLBACK")
        theirs = waiting.finish()
        self.assertEqual(sorted(filter(None, (mine, theirs))), ["40P01 deadlock detected"])


if __name__ == "__main__":
    unittest.main()
