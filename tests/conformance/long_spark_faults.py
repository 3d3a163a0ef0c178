"""The faults of test_spark_faults.py that take longest."""
import os
import signal
import unittest

import spark_case
import spark_fault_case


def setUpModule():
    spark_fault_case.start_server()


tearDownModule = spark_case.stop_server


class LongFaults(spark_fault_case.FaultCase):
    def test_connection_that_stays_cut(self):
        proxy = self.proxy()
        proxy.cut("INSERT OVERWRITE", times=10 ** 6)
        self.failed(self.start(proxy.url), r"does not answer|lost")
        self.succeeds()

    def test_server_started_anew_in_between(self):
        """All views are gone with the session; the run must not go on with half of them."""
        server = spark_case.server()
        process = self.start(server.url)
        self.when(process, "loading readings", lambda: (os.kill(process.pid, signal.SIGSTOP), server.kill(), server.start_again(), os.kill(process.pid, signal.SIGCONT)))
        self.failed(process, "session")
        self.succeeds()


if __name__ == "__main__":
    unittest.main()
