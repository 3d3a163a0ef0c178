"""Servers that die, connections that break, sessions that go: a clear message, an unharmed warehouse, and the next run succeeds."""
import os
import signal
import subprocess
import threading
import time
import unittest

import spark_case
import spark_fault_case
from spark_fault_case import DATE, SPEC, FaultCase


def setUpModule():
    spark_fault_case.start_server()


tearDownModule = spark_case.stop_server


class Faults(FaultCase):
    def test_cut_connections(self):
        """The statement is attached again where it was cut, or sent again; it never runs twice."""
        for number, options in enumerate(({"marker": "INSERT OVERWRITE"}, {"marker": "INSERT OVERWRITE", "after_bytes": 0}, {"marker": "INSERT OVERWRITE", "after_bytes": 300, "times": 4},
                        {"marker": "_quarantined_", "after_bytes": 0, "delay_seconds": 1.0}, {"marker": "_lines_", "after_bytes": 0}, {"marker": "SELECT", "after_bytes": 20, "times": 5})):
            with self.subTest(**options):
                proxy = self.proxy()
                cut = proxy.cut(**options)
                self.spark.engine = proxy.url
                self.deliver_day(f"cut {number}")
                self.assertEqual(self.embedded.run(self.spec, DATE, self.inbox).returncode, 0)
                self.succeeds(proxy.url)
                self.assertGreaterEqual(cut.fired, 1)

    def test_no_server(self):
        self.failed(self.start("sc://127.0.0.1:1"), "the Spark server at sc://127.0.0.1:1 does not answer")
        self.failed(self.start("sc://no-such-host.invalid:15002"), "no-such-host.invalid")
        self.succeeds()

    def test_server_killed(self):
        server = spark_case.server()
        process = self.start(server.url)
        self.when(process, "loading readings", lambda: (time.sleep(0.7), server.kill()))
        try:
            self.failed(process, "does not answer|shutting down|lost")
        finally:
            server.start_again()
        self.succeeds()

    def test_session_dropped(self):
        """The client is silent for longer than the server keeps a session."""
        server = spark_case.server()
        process = self.start(server.url)

        def sleep():
            os.kill(process.pid, signal.SIGSTOP)
            time.sleep(14)
            os.kill(process.pid, signal.SIGCONT)

        self.when(process, "loading readings", sleep)
        self.failed(process, "session")
        self.succeeds()

    def test_interrupted(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            for text, wait in (("opening readings", 0.3), ("loading readings", 0.0), ("loading readings", 1.0)):
                with self.subTest(number=number, text=text, wait=wait):
                    process = self.start(spark_case.server().url)
                    self.when(process, text, lambda: (time.sleep(wait), process.send_signal(number)))
                    began = time.monotonic()
                    self.failed(process, "stopped by a signal; nothing of this run was published", code)
                    self.assertLess(time.monotonic() - began, 10)
        self.succeeds()

    def test_interrupted_while_the_server_is_silent(self):
        proxy = self.proxy()
        proxy.cut("INSERT OVERWRITE", after_bytes=0, times=10 ** 6)
        process = self.start(proxy.url)
        self.when(process, "loading readings", lambda: (time.sleep(2), process.send_signal(signal.SIGINT)))
        self.failed(process, "stopped by a signal", 130)
        # The server never heard of it, and goes on writing.
        self.succeeds(leftovers=1)

    def test_killed_client(self):
        process = self.start(spark_case.server().url)
        self.when(process, "loading readings", process.kill)
        process.communicate()
        self.assertEqual(self.spark.verify(), self.before)
        self.spark.engine = spark_case.server().url
        done = self.spark.run(self.spec, DATE, self.inbox)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.spark.verify(), self.embedded.verify())

    def test_file_changes_while_it_is_read(self):
        process = self.start(spark_case.server().url)
        content = (self.inbox / "readings_20250601.csv").read_bytes()
        self.when(process, "loading readings", lambda: self.deliver("readings_20250601.csv", content + b"7,2025-06-01 09:00:00,more\n"))
        self.failed(process, "changed while it was read")
        self.deliver("readings_20250601.csv", content)
        self.succeeds()

    def test_file_goes_while_it_is_read(self):
        process = self.start(spark_case.server().url)
        path = self.inbox / "readings_20250601.csv"
        content = path.read_bytes()
        self.when(process, "loading readings", path.unlink)
        self.failed(process, "readings_20250601.csv")
        path.write_bytes(content)
        self.succeeds()

    def test_files_that_only_the_cluster_sees(self):
        self.inbox.rename(self.folder / "seen")
        done = self.spark.run(self.spec, DATE, f"file:{self.folder}/seen")
        self.assertEqual(done.returncode, 0, done.stderr)
        wanted, found = self.embedded.verify(), self.spark.verify()
        for digests in (wanted, found):
            digests["quarantine"] = digests["quarantine"][0]  # its digest holds the content ids
        self.assertEqual(found, wanted)
        # PostgreSQL and Redshift have room for no more.
        lengths = self.spark.query("SELECT DISTINCT length(content_id) AS length FROM lyceum.files WHERE content_id LIKE 'listing:%'")
        self.assertEqual(lengths, [{"length": 64}])

    def test_settings_and_paths(self):
        url = spark_case.server().url
        blocker = self.folder / "file"
        blocker.write_text("")
        for options, message, codes in (
                ({"settings": "{spark.sql.shuffle.partitions: none}"}, r"spark\.sql\.shuffle\.partitions", (1, 3)),
                ({"settings": "{spark.sql.shuffle.partitions: -1}"}, r"spark\.sql\.shuffle\.partitions", (1, 3)),
                ({"settings": "{spark.driver.memory: 1g}"}, r"spark\.driver\.memory", (1, 3)),
                ({"settings": "{spark.sql.ansi.enabled: false}"}, r"spark\.sql\.ansi\.enabled", (3,)),
                ({"cluster_run_directory": "/proc/none"}, "/proc/none|[Mm]kdirs|writ", (1,)),
                ({"cluster_run_directory": f"{blocker}/x"}, "file/x|[Mm]kdirs|writ", (1,)),
                ({"cluster_run_directory": "nofs://bucket/x"}, "nofs", (1, 3)),
                ({"cluster_run_directory": "s3a://bucket/x"}, "the cluster lacks hadoop-aws", (1,)),
                # Both exist, but they are not the same folder.
                ({"run_directory": f"{self.folder}/seen", "cluster_run_directory": f"{self.folder}/written"}, "seen", (1, 3)),
                ({"run_directory": f"{blocker}/y"}, "file/y|file", (1, 3))):
            with self.subTest(**options):
                lines = "".join(f"    {name}: {value}\n" for name, value in options.items())
                spec = self.folder / "engine.yaml"
                spec.write_text(SPEC.format(engines=f"engines:\n  cluster:\n    type: spark\n    url: {url}\n{lines}"))
                process = self.start("cluster", spec=spec)
                _, stderr = process.communicate(timeout=120)
                self.assertIn(process.returncode, codes, stderr)
                self.assertRegex(stderr, message)
                self.unharmed()
        self.succeeds()

    def test_long_texts_and_patterns_with_repeated_groups(self):
        """Java's expressions recurse and backtrack where the embedded engine's do not; no server may die or hang of it."""
        for pattern in ("(a|b)*", "(?:ab|a)*b?", "(?:a|ab?)*?c", "(a+)+b"):
            with self.subTest(pattern):
                spec = self.folder / "pattern.yaml"
                spec.write_text(SPEC.format(engines="").replace("    thresholds", f"    rules:\n      - {{type: pattern, column: steps, pattern: '{pattern}'}}\n    thresholds"))
                self.deliver("readings_20250601.csv", "place_id,taken_at,steps\n" + "".join(
                    f"{number},2025-06-01 10:00:00,{text}\n" for number, text in enumerate(("a", "ab", "a" * 300, "ab" * 200, "a" * 60000, "ab" * 30000, "b"))))
                process = self.start(spark_case.server().url, spec=spec)
                timer = threading.Timer(60, process.kill)
                timer.start()
                _, stderr = process.communicate()
                timer.cancel()
                server = spark_case.server()
                if server.process.poll() is not None or process.returncode < 0:
                    server.kill()
                    server.start_again()
                    self.fail(f"exit {process.returncode}: {stderr}")
                self.assertIn(process.returncode, (0, 1, 2, 3), stderr)
                if process.returncode in (1, 3):
                    self.assertIn("pattern", stderr)


if __name__ == "__main__":
    unittest.main()
