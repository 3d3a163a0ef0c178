"""What people read: reports say what was published and what was not, and `status` hides no hole."""
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios
import time
import unittest

import harness

HEAD = "place_id,taken_at,steps,value\n"


class Reports(harness.Case):
    def setUp(self):
        super().setUp()
        self.deliver("places.csv", "place_id,place_name\n1,Hall\nx,Y\n")
        self.deliver("readings_20250601.csv", HEAD + "1,2025-06-01 10:00:00,a,5\n1,2025-06-01 11:00:00,a,5\n")
        self.deliver("readings_20250602.csv", HEAD + "1,2025-06-01 10:00:00,a,6\n1,2025-06-02 11:00:00,,5000\n")
        self.deliver("readings_20250603.csv", HEAD + "x,2025-06-01 10:00:00,a,6\n")
        self.deliver("readings_20250605.csv", HEAD + "1,2025-06-01 11:00:00,a,6\n")

    def arguments(self, command, *more):
        return [command, self.spec, "--input", "inbox", "--target", "duckdb:warehouse.duckdb", *more]

    def backfill(self, *more, code=2):
        done = self.lyceum(*self.arguments("backfill", "--start-date", "2025-06-01", "--end-date", "2025-06-06", *more))
        self.assertEqual(done.returncode, code, done.stderr)
        return re.sub(r"\d+\.\d\d( s)?\b", "T", done.stderr), done.stdout

    def on_terminal(self, columns, *arguments):
        """What stands on a terminal of so many columns at the end, without the progress line."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        process = subprocess.Popen([harness.BINARY, *map(str, arguments)], stdout=slave, stderr=slave, cwd=self.folder,
                                   env={**os.environ, "NO_COLOR": "1"})
        os.close(slave)
        output = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:  # the program has closed its end
                break
            if not piece:
                break
            output += piece
        process.wait()
        os.close(master)
        return re.sub(r"[^\n]*\r\x1b\[2?K", "", output.decode().replace("\r\n", "\n"))

    def test_backfill(self):
        text, _ = self.backfill()
        self.assertEqual(text[text.index("\ndate "):], """
date        state        read  loaded  duplicates  quarantined  warnings  seconds
2025-06-01  published       4       3           0            1         2     T
2025-06-02  published       2       1           0            1         2     T
2025-06-03  gate closed     1       -           0            1         1     T
            dataset 'readings': every row was quarantined
2025-06-04  static only     0       0           0            0         2     T
2025-06-05  published       1       1           0            0         1     T
2025-06-06  static only     0       0           0            0         2     T

only static files for 2025-06-04, 2025-06-06

warning  no file of dataset 'logs' for 2025-06-01 to 2025-06-02, 2025-06-04 to 2025-06-06; expected 'logs_{batch_date}.json'
warning  2025-06-01: dataset 'places': 1 of 2 rows quarantined (50.0%)
warning  2025-06-02: dataset 'readings': 1 of 2 rows quarantined (50.0%)
warning  no file of dataset 'readings' for 2025-06-04, 2025-06-06; expected 'readings_{batch_date}*.csv', 'dt={batch_date}/readings.csv'

✓ read 7 = loaded 5 + duplicates 0 + quarantined 2
✗ nothing published: read 1 = accepted 0 + duplicates 0 + quarantined 1
6 dates, 1 of them not published, T
next: lyceum quarantine list --target duckdb:warehouse.duckdb --date 2025-06-03 --state not_published
""")

    def test_backfill_that_ends_early(self):
        text, out = self.backfill("--fail-fast", "--output", "json")
        self.assertIn("\nnot attempted: 2025-06-04 to 2025-06-06\n", text)
        self.assertIn("\n3 dates, 1 of them not published, 3 not attempted, T\n", text)
        record = json.loads(out)
        self.assertEqual(record["days_not_attempted"], ["2025-06-04", "2025-06-05", "2025-06-06"])
        self.assertEqual(record["rows_published"], {"read": 6, "loaded": 4, "duplicates": 0, "quarantined": 2})
        self.assertEqual([run["published"] for run in record["runs"]], [True, True, False])

    def test_quiet(self):
        text, _ = self.backfill("--quiet")
        self.assertEqual(text, "error: 2025-06-03: dataset 'readings': every row was quarantined\n"
                               "read 7 = loaded 5 + duplicates 0 + quarantined 2; 6 dates, 1 of them not published, T\n")
        done = self.lyceum(*self.arguments("run", "--date", "2025-06-03", "--quiet"))
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"\Aerror: dataset 'readings': every row was quarantined\n"
                                      r"readings 2025-06-03 gate closed, nothing published: read 1 = accepted 0 \+ "
                                      r"duplicates 0 \+ quarantined 1, [0-9.]+ s\n\Z")

    def test_closed_gate(self):
        done = self.lyceum(*self.arguments("run", "--date", "2025-06-03"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("  read  accepted  duplicates  quarantined\n", done.stderr)
        self.assertIn("\n✗ nothing published: read 3 = accepted 1 + duplicates 0 + quarantined 2\n", done.stderr)
        self.assertNotIn("loaded", done.stderr)
        self.assertNotIn("✓", done.stderr)

    def test_rows_that_wait(self):
        record, text = self.run_date("2025-06-02")
        self.assertNotIn("wait", text)
        record, text = self.run_date("2025-06-01")
        self.assertIn("          1  row of a later date waits behind 2025-06-01 from now on\n", text)
        self.assertEqual(record["datasets"][1]["moves"], {"waiting": 0, "demoted": 1, "promoted": 0})
        record, text = self.run_date("2025-06-02", "--force")
        self.assertIn("          1  row of 2025-06-02 waits behind an earlier date\n", text)
        self.deliver("readings_20250601.csv", HEAD + "1,2025-06-01 11:00:00,a,5\n")
        record, text = self.run_date("2025-06-01")
        self.assertIn("          1  row of another date waits no longer\n", text)
        record, text = self.run_date("2025-06-03", expect=2)
        self.assertIsNone(record["datasets"][1]["moves"])

    def test_only_static_files(self):
        self.run_date("2025-06-01")
        _, text = self.run_date("2025-06-04")
        self.assertIn("\n✓ only static files came, all published before; they count for 2025-06-04 too\n", text)

    def test_status(self):
        self.backfill()
        done = self.lyceum("status", "--target", self.target)
        self.assertEqual(re.sub(r"  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n", "  TIME\n", done.stdout), """\
batch date  datasets  loaded  quarantined  static  last published (UTC)
2025-06-01         1       2            0       1  TIME
2025-06-02         1       1            1       1  TIME
2025-06-03: nothing published, the quality gate closed
2025-06-04: only static files
2025-06-05         1       1            0       1  TIME
2025-06-06: only static files

static files, newest content: places 1 loaded and 1 quarantined
3 dates published, 2 days without dated files between the first and the last
""")
        status = json.loads(self.lyceum("status", "--target", self.target, "--output", "json").stdout)
        self.assertEqual(status["holes"], ["2025-06-03", "2025-06-04"])
        self.assertEqual(status["unpublished"], [{"date": "2025-06-03", "last_run": "gate_closed"}])
        self.assertEqual([date["date"] for date in status["dates"]],
                         ["2025-06-01", "2025-06-02", "2025-06-04", "2025-06-05", "2025-06-06"])

    def test_status_after_failed_reload(self):
        self.run_date("2025-06-01")
        time.sleep(1.1)  # runs of one second have no order
        self.deliver("readings_20250601.csv", HEAD + "x,2025-06-01 10:00:00,a,5\n")
        self.run_date("2025-06-01", expect=2)
        self.assertRegex(self.lyceum("status", "--target", self.target).stdout,
                         r"\n2025-06-01 .*:\d\d +reload: gate closed\n")

    def test_quarantine_by_date(self):
        """Static records belong to each date of their content, and unpublished ones to their run's."""
        self.run_date("2025-06-01")
        self.run_date("2025-06-02")
        listed = self.lyceum("quarantine", "list", "--target", self.target, "--date", "2025-06-02", "--output", "json")
        self.assertEqual([(record["dataset"], record["batch_date"], record["shown_date"])
                          for record in json.loads(listed.stdout)["records"]],
                         [("readings", "2025-06-02", "2025-06-02"), ("places", None, "2025-06-02")])
        self.deliver("places.csv", "place_id,place_name\ny,Y\n")
        self.run_date("2025-06-03", expect=2)
        done = self.lyceum("quarantine", "list", "--target", self.target, "--date", "2025-06-03", "--state",
                           "not_published")
        self.assertEqual([line[14:] for line in done.stdout.splitlines()], [
            "dataset   date        file:line                state          reasons",
            "readings  2025-06-03  readings_20250603.csv:2  not_published  place_id: not an integer",
            "places    2025-06-03  places.csv:2             not_published  place_id: not an integer"])

    def test_quarantine_filters_that_nothing_has(self):
        self.run_date("2025-06-01")
        for more, message in ((("--state", "opn"), "--state 'opn' is no state; did you mean 'open'?"),
                              ((str(self.spec), "--dataset", "reading"),
                               "--dataset 'reading' is not in the spec; did you mean 'readings'?")):
            done = self.lyceum("quarantine", "list", "--target", self.target, *more)
            self.assertEqual((done.returncode, done.stderr), (3, f"error: {message}\n"))

    def test_all_reasons_where_no_terminal_is(self):
        self.deliver("readings_20250601.csv", HEAD + "x,never,a,many\n" + "1,2025-06-01 10:00:00,a,5\n")
        self.run_date("2025-06-01")
        done = self.lyceum("quarantine", "list", "--target", self.target, "--dataset", "readings")
        reasons = ["place_id: not an integer", "taken_at: not a timestamp", "value: not a decimal(6,2)"]
        self.assertTrue(done.stdout.splitlines()[1].endswith("; ".join(reasons)), done.stdout)
        shown = self.on_terminal(60, "quarantine", "list", "--target", self.target, "--dataset", "readings")
        self.assertIn(f"\n              {reasons[0]} +2 more\n", shown)

    def test_narrow_terminal(self):
        range_of_dates = ("--start-date", "2025-06-01", "--end-date", "2025-06-06")
        for arguments in (self.arguments("backfill", *range_of_dates), ["status", "--target", self.target],
                          ["quarantine", "list", "--target", self.target, "--state", "all"]):
            shown = self.on_terminal(60, *arguments)
            # Commands to copy stay whole, and so do ledger lines.
            wide = [line for line in shown.splitlines() if len(line) > 60 and not line.startswith(("next:", "✗", "✓"))]
            self.assertEqual(wide, [], shown)


if __name__ == "__main__":
    unittest.main()
