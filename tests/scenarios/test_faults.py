"""Crashes, signals, second writers and full disks: the next run ends as if nothing had happened."""
import os
import signal
import subprocess
import time
import unittest

import harness

SPEC = harness.ROOT / "pipelines" / "edtech.yaml"


class Faults(harness.Case):
    spec = SPEC

    def setUp(self):
        super().setUp()
        done = self.lyceum("generate", "--rows", 3000, "--days", 2, "--seed", 3, "--dirty", 10, "--out", self.inbox)
        self.assertEqual(done.returncode, 0, done.stderr)

    def undisturbed(self):
        """Digests of both days, loaded in peace into another file."""
        mine, self.database = self.database, self.folder / "peace.duckdb"
        for date in ("2025-06-01", "2025-06-02"):
            self.run_date(date)
        digests = self.digests()
        self.database = mine
        return digests

    def start(self, date, env=None):
        return subprocess.Popen(
            [harness.BINARY, "run", str(self.spec), "--date", date, "--input", str(self.inbox), "--target",
             self.target], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder,
            env={**os.environ, "NO_COLOR": "1", **(env or {})})

    def test_kill_before_every_write(self):
        expected = self.undisturbed()
        self.run_date("2025-06-01")
        saved = self.database.read_bytes()
        kills = 0
        # Every write of the second day, with a stride that still gives more than twenty moments.
        for at in range(1, 600, 7):
            self.database.write_bytes(saved)
            wal = self.database.with_suffix(".duckdb.wal")
            wal.unlink(missing_ok=True)
            process = self.start("2025-06-02", {"LYCEUM_CRASH_AT": str(at)})
            process.communicate(timeout=60)
            if process.returncode == 0:
                break
            self.assertEqual(process.returncode, -signal.SIGKILL)
            kills += 1
            self.run_date("2025-06-02")
            self.assertEqual(self.digests(), expected, f"killed before write {at}")
        else:
            self.fail("the run never ended")
        self.assertGreaterEqual(kills, 20)

    def test_kill_at_any_moment(self):
        expected = self.undisturbed()
        for step in range(8):
            process = self.start("2025-06-01")
            time.sleep(0.03 * step)
            process.kill()
            process.communicate(timeout=60)
        for date in ("2025-06-01", "2025-06-02"):
            self.run_date(date)
        self.assertEqual(self.digests(), expected)
        self.assertEqual(self.query("SELECT count(*) FROM lyceum.runs WHERE state = 'running'"), [[0]])

    def test_interrupt(self):
        done = self.lyceum("generate", "--rows", 600000, "--days", 1, "--seed", 3, "--dirty", 0, "--out", self.inbox)
        self.assertEqual(done.returncode, 0, done.stderr)
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            process = self.start("2025-06-01")
            # It says so when it works; before that a signal ends it without a word.
            self.assertIn("hashing files", process.stderr.readline())
            time.sleep(0.2)
            process.send_signal(number)
            _, stderr = process.communicate(timeout=60)
            self.assertEqual(process.returncode, code, stderr)
            self.assertIn("stopped by a signal; nothing of this run was published", stderr)
        self.run_date("2025-06-01")

    def test_second_writer_waits_its_turn(self):
        done = self.lyceum("generate", "--rows", 300000, "--days", 1, "--seed", 3, "--dirty", 0, "--out", self.inbox)
        self.assertEqual(done.returncode, 0, done.stderr)
        holder = self.start("2025-06-01")
        refused = None
        while holder.poll() is None and refused is None:
            done = self.lyceum("status", "--target", self.target)
            if "is in use by" in done.stderr:
                refused = done
        second = self.lyceum("run", self.spec, "--date", "2025-06-01", "--input", self.inbox, "--target", self.target)
        self.assertIsNone(holder.poll(), "the first run ended too early to be in the way")
        holder.communicate(timeout=120)
        self.assertEqual(holder.returncode, 0)
        self.assertEqual(refused.returncode, 1)
        self.assertEqual(second.returncode, 1)
        self.assertEqual(second.stderr, f"error: '{self.database}' is in use by process {holder.pid}; one writer at a"
                         " time: wait for it and run again\n")

    def test_full_disk(self):
        """A limit on file sizes makes writes fail as a full disk does."""
        self.run_date("2025-06-01")
        before = self.digests()
        limit = 100  # KiB
        done = subprocess.run(
            ["bash", "-c", f"ulimit -f {limit}; exec \"$@\"", "_", harness.BINARY, "run", str(self.spec),
             "--date", "2025-06-02", "--input", str(self.inbox), "--target", self.target],
            capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("File too large", done.stderr)
        self.assertEqual(self.digests(), before)
        expected = self.undisturbed()
        self.run_date("2025-06-02")
        self.assertEqual(self.digests(), expected)


if __name__ == "__main__":
    unittest.main()
