"""Faults that the double injects: what the client sees, and what the database holds after."""
import pathlib
import threading
import time
import unittest

from services import service
from services.client import SqlError
from services.double_case import DoubleCase
from services.redshift import wire


class Faults(DoubleCase):
    def setUp(self):
        super().setUp()
        self.client.query("CREATE TABLE t (a INT)")

    def rows(self):
        return self.connect().value("SELECT count(*) FROM t")

    def lost(self, sql):
        """Runs a statement whose answer must never come."""
        with self.assertRaises(wire.Disconnected):
            self.client.query(sql)

    def begin(self):
        self.client.query("BEGIN")
        self.client.query("INSERT INTO t VALUES (1)")

    def test_serialization_failure(self):
        fault = self.double.inject("serialization_failure", matching=r"^insert into t", nth=2)
        self.begin()
        with self.assertRaises(SqlError) as caught:
            self.client.query("INSERT  INTO\n t VALUES (2)")
        self.assertEqual((caught.exception.sqlstate, caught.exception.message, caught.exception.detail),
                         ("XX000", "1023", "Serializable isolation violation on table - t, transactions forming the cycle "
                                           "are: 1001, 1002 (pid:1)"))
        self.assertEqual((fault.fired, self.client.status), (1, "E"))
        self.client.query("ROLLBACK")
        self.begin()
        self.client.query("COMMIT")
        self.assertEqual(self.rows(), "1")

    def test_error(self):
        self.double.inject("error", matching="select", sqlstate="57014", message="Query cancelled on user's request",
                           times=2)
        for _ in range(2):
            self.assertEqual(self.refused("SELECT 1"), "57014 Query cancelled on user's request")
        self.assertEqual(self.client.value("SELECT 1"), "1")

    def test_drop_before(self):
        self.double.inject("drop_before", matching="values .2")
        self.begin()
        self.lost("INSERT INTO t VALUES (2)")
        self.assertEqual(self.rows(), "0")

    def test_drop_after(self):
        fault = self.double.inject("drop_after", matching="values .2")
        self.lost("INSERT INTO t VALUES (2)")
        self.assertTrue(fault.done.wait(5))
        self.assertEqual(self.rows(), "1")

    def test_drop_before_commit(self):
        self.double.inject("drop_before_commit")
        self.begin()
        self.lost("COMMIT")
        self.assertEqual(self.rows(), "0")

    def test_drop_after_commit(self):
        fault = self.double.inject("drop_after_commit")
        self.begin()
        self.lost("COMMIT")
        self.assertTrue(fault.done.wait(5))
        self.assertEqual(self.rows(), "1")

    def test_delay_commit(self):
        fault = self.double.inject("delay_commit", seconds=1)
        self.begin()
        self.lost("COMMIT")
        self.assertFalse(fault.done.is_set())
        self.assertEqual(self.rows(), "0")
        self.assertTrue(fault.done.wait(5))
        self.assertEqual(self.rows(), "1")

    def test_nth_commit(self):
        fault = self.double.inject("drop_before_commit", nth=2)
        self.begin()
        self.client.query("COMMIT")
        self.begin()
        self.lost("COMMIT")
        self.assertEqual((self.rows(), fault.fired), ("1", 1))

    def test_faults_in_the_extended_protocol(self):
        fault = self.double.inject("drop_after_commit")
        self.client.execute("BEGIN")
        self.client.execute("INSERT INTO t VALUES ($1)", 1)
        with self.assertRaises(wire.Disconnected):
            self.client.execute("COMMIT")
        self.assertTrue(fault.done.wait(5))
        self.assertEqual(self.rows(), "1")

    def test_slow(self):
        self.double.inject("slow", matching="select", seconds=0.3)
        start = time.monotonic()
        self.client.query("SELECT 1")
        self.assertGreater(time.monotonic() - start, 0.3)

    def test_clear(self):
        self.double.inject("drop_before")
        self.double.clear_faults()
        self.assertEqual(self.client.value("SELECT 1"), "1")

    def test_drop_connect(self):
        fault = self.double.inject("drop_connect", times=2)
        for _ in range(2):
            with self.assertRaises(wire.Disconnected):
                self.connect()
        self.assertEqual((self.connect().value("SELECT 1"), fault.fired), ("1", 2))

    def test_cut_connections(self):
        self.begin()
        self.double.cut_connections()
        self.lost("COMMIT")
        self.assertEqual(self.rows(), "0")

    def test_a_stopped_double_answers_nobody(self):
        port = self.double.port
        self.double.stop()
        self.assertFalse(service.answers(port))

    def test_cancel(self):
        other = self.connect()
        self.begin()
        self.client.query("LOCK t")
        timer = threading.Timer(0.3, other.cancel)
        timer.start()
        with self.assertRaises(SqlError) as caught:
            other.query("SELECT count(*) FROM t")
        self.assertEqual(str(caught.exception), "57014 Query cancelled on user's request")
        timer.join()

    def test_slow_copy(self):
        fault = self.double.inject("slow_copy", seconds=0.3)
        start = time.monotonic()
        self.assertEqual(self.refused("COPY t FROM 's3://lyceum-gone/k' IAM_ROLE default FORMAT PARQUET"),
                         "XX000 The specified S3 prefix 'k' does not exist")
        self.assertGreater(time.monotonic() - start, 0.3)
        self.assertEqual(fault.fired, 1)

    def test_unknown_fault(self):
        with self.assertRaises(ValueError) as caught:
            self.double.inject("meteor")
        self.assertTrue(str(caught.exception).startswith("no fault is called 'meteor'; there are error, "))

    def test_a_client_that_leaves(self):
        """What a client left open is rolled back and lets go of its locks."""
        self.begin()
        self.client.stream.close()
        self.connect().query("DROP TABLE t")


class Sizes(unittest.TestCase):
    def test_modules_stay_readable(self):
        folder = pathlib.Path(__file__).resolve().parent
        large = [path.name for path in folder.rglob("*.py") if path.read_text().count("\n") > 420]
        self.assertEqual(large, [])


if __name__ == "__main__":
    unittest.main()
