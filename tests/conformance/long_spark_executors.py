"""Executors that die at work: Spark does their work again and the answer stays the same, or it gives up and nothing is harmed."""
import contextlib
import os
import pathlib
import signal
import threading
import time
import unittest

import spark_case
from spark_fault_case import FaultCase


def setUpModule():
    os.environ.pop("LYCEUM_SPARK_URL", None)  # executors of a server of our own
    # Small pieces, so that each executor has several tasks of a step.
    spark_case.start_server(master="local-cluster[2,1,1024]", **spark_case.INTERPRETED, spark_sql_files_maxPartitionBytes="100k", spark_deploy_maxExecutorRetries="-1")


tearDownModule = spark_case.stop_server


class LostExecutors(FaultCase):
    rows = 12000

    def setUp(self):
        super().setUp()
        self.until(lambda: len(spark_case.server().executors()) == 2, "two executors")
        self.log_before = len(spark_case.server().said())

    def until(self, ready, what, seconds=60):
        deadline = time.monotonic() + seconds
        while not (found := ready()):
            self.assertLess(time.monotonic(), deadline, f"waited in vain for {what}")
            time.sleep(0.005)
        return found

    def writing(self, step):
        """The executors that have a file of this step open: a task of theirs writes it."""
        found = []
        for pid in spark_case.server().executors():
            for link in pathlib.Path(f"/proc/{pid}/fd").glob("*"):
                with contextlib.suppress(OSError):
                    opened = os.readlink(link)
                    if opened.startswith(str(self.spark.folder)) and f"/{step}/_temporary/" in opened:
                        found.append(pid)
                        break
        return found

    def begin(self):
        """A run whose output is read aside, so that it never waits for us."""
        process = self.start(spark_case.server().url)
        output = []
        reader = threading.Thread(target=lambda: output.extend(process.communicate()))
        reader.start()
        self.addCleanup(reader.join)
        self.addCleanup(process.kill)
        return process, output, reader

    def wait_for_writers(self, process, step):
        def found():
            self.assertIsNone(process.poll(), f"the run ended before '{step}' was written")
            return self.writing(step)

        return self.until(found, f"a task that writes '{step}'")

    def lost_tasks(self):
        """What the server says about tasks that went with their executor."""
        return [line for line in spark_case.server().said()[self.log_before:].splitlines()
                if "Lost task" in line and "ExecutorLostFailure" in line]

    def survives(self, step, kill):
        process, output, reader = self.begin()
        kill(self.wait_for_writers(process, step))
        reader.join(240)
        self.assertEqual(process.returncode, 0, output)
        self.assertGreater(len(self.lost_tasks()), 0, "no task was lost: the fault did not hit")
        self.check()  # digests, ledger, quarantine
        self.assertEqual(list(self.spark.folder.rglob("spark-*")), [])

    def test_one_executor(self):
        for step in ("parsed", "ranked", "staged"):
            with self.subTest(step):
                self.survives(step, lambda writers: os.kill(writers[0], signal.SIGKILL))
                self.deliver_day(f"after {step}")
                self.assertEqual(self.embedded.run(self.spec, spark_case.DATE, self.inbox).returncode, 0)
                self.until(lambda: len(spark_case.server().executors()) == 2, "two executors")
                self.log_before = len(spark_case.server().said())

    def test_all_executors(self):
        self.survives("parsed", lambda _: [os.kill(pid, signal.SIGKILL) for pid in spark_case.server().executors()])

    def test_executors_that_die_again_and_again(self):
        """Spark gives a task up after four tries."""
        process, output, reader = self.begin()
        while process.poll() is None:
            for pid in self.writing("parsed"):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.005)
        reader.join(60)
        self.assertGreaterEqual(len(self.lost_tasks()), 4)
        self.assertEqual(process.returncode, 1, output)
        self.assertRegex(output[1], "loading 'readings' on 'sc://[^']*': .*an executor was lost")
        self.assertNotIn("second 1", "".join(output))
        self.unharmed()
        self.succeeds()


if __name__ == "__main__":
    unittest.main()
