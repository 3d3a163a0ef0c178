"""Kills, cut connections, lost answers and second loaders: the warehouse ends as if nothing had happened."""
import itertools
import os
import signal
import subprocess
import unittest

import targets
from conformance_case import DATES, EDTECH, READINGS, Case, generated, on_every_warehouse

HEAD = "place_id,taken_at,steps,value\n"
# Moments at which a run is killed or cut; every statement has its turn over the strides' offsets.
STRIDE = int(os.environ.get("LYCEUM_FAULT_STRIDE", "5"))


def tearDownModule():
    targets.SERVERS.stop()


class Small(Case):
    """Two days of few rows: day 2 overlaps day 1, so a publish has all its parts."""

    def setUp(self):
        super().setUp()
        self.restore_day_1()
        self.deliver(self.target, 2, "1,2025-06-01 10:00:00,late,7\n", "3,2025-06-02 11:00:00,c,8\n")
        (self.target.inbox / "places.csv").write_text("place_id,place_name\n1,One\n2,Two\n")

    def deliver(self, target, day, *rows):
        (target.inbox / f"readings_2025060{day}.csv").write_text(HEAD + "".join(rows))

    def restore_day_1(self):
        self.correct_day_1("a")

    def correct_day_1(self, steps):
        self.deliver(self.target, 1, f"1,2025-06-01 10:00:00,{steps},5\n", "2,2025-06-01 11:00:00,b,6\n", "x,,,\n")

    def run_day(self, day, env=None):
        return self.target.run(f"2025-06-0{day}", spec=READINGS, env=env)

    def undisturbed(self):
        reference = self.make(targets.DuckDb)
        for day in (1, 2):
            self.well(reference.run(f"2025-06-0{day}", spec=READINGS, inbox=self.target.inbox))
        return reference.digests()


@on_every_warehouse(globals())
class Kills(Small):
    def test_kill_before_every_write(self):
        expected = self.undisturbed()
        self.well(self.run_day(2))
        kills = 0
        for at in itertools.count(1, min(STRIDE, 3)):
            # Each run has a new correction to publish, and what the killed one left to clear.
            self.correct_day_1(f"killed at {at}")
            done = self.run_day(1, env={"LYCEUM_CRASH_AT": str(at)})
            if done.returncode != -signal.SIGKILL:
                self.well(done)
                break
            kills += 1
        # DuckDB stages nothing, so a run has fewer writes there.
        self.assertGreaterEqual(kills, 12)
        self.restore_day_1()
        self.well(self.run_day(1))
        self.assertEqual(self.target.digests(), expected)


@on_every_warehouse(globals())
class Connections(Small):
    """Only servers have connections to cut."""

    def setUp(self):
        if not self.kind.has_connections:
            self.skipTest("a file has no connection")
        super().setUp()

    def test_cut_before_and_after_every_statement(self):
        expected = self.undisturbed()
        for day in (1, 2):
            self.well(self.run_day(day))
        for kind in ("drop_before", "drop_after"):
            cuts = 0
            for nth in itertools.count(1 + 2 * (kind == "drop_after"), STRIDE):
                self.correct_day_1(f"{kind} {nth}")
                fault = self.target.warehouse.inject(kind, nth=nth)
                done = self.run_day(1)
                self.target.warehouse.clear_faults()
                # A COPY that goes on behind a cut connection may find that the failed run took its table away.
                refusals = self.target.warehouse.refusals
                refusals[:] = [refused for refused in refusals
                               if kind != "drop_after" or not refused[1].startswith("COPY")]
                # The run mends a lost connection where that is safe; elsewhere it is exit 1.
                self.assertIn(done.returncode, (0, 1), done.stderr)
                if done.returncode == 1:
                    self.assertRegex(done.stderr, "the connection to '[^']*' was lost|cannot connect to '")
                    self.well(self.run_day(1))
                self.assertEqual(self.target.rows("SELECT COUNT(*) FROM fact_reading WHERE steps = "
                                                  f"'{kind} {nth}'"), [["1"]])
                self.target.digests()
                if fault.fired == 0:
                    break
                cuts += 1
            self.assertGreater(cuts, 10)
        self.restore_day_1()
        self.well(self.run_day(1))
        self.assertEqual(self.target.digests(), expected)

    def test_lost_commits(self):
        expected = self.undisturbed()
        for day in (1, 2):
            self.well(self.run_day(day))
        statements = self.target.warehouse.statements
        before = len(statements)
        self.correct_day_1("probe")
        self.well(self.run_day(1))
        # The COMMIT of the publish is the first after the run's own row says so.
        texts = [sql for _, sql in statements[before:]]
        published = next(i for i, sql in enumerate(texts) if "'published'" in sql and sql.startswith("INSERT"))
        nth = 1 + texts[:published].count("COMMIT")
        for kind, options in (("drop_before_commit", {}), ("drop_after_commit", {}), ("delay_commit", {"seconds": 1.0})):
            with self.subTest(kind):
                self.correct_day_1(kind)
                fault = self.target.warehouse.inject(kind, nth=nth, **options)
                before = len(statements)
                done = self.run_day(1)
                self.target.warehouse.clear_faults()
                self.well(done)
                self.assertEqual(fault.fired, 1)
                # What was committed is found, not done again.
                inserts = [sql for _, sql in statements[before:] if "'published'" in sql and sql.startswith("INSERT")]
                self.assertEqual(len(inserts), 2 if kind == "drop_before_commit" else 1)
                self.assertEqual(self.target.rows(f"SELECT COUNT(*) FROM fact_reading WHERE steps = '{kind}'"), [["1"]])
                self.target.digests()
        self.assertEqual(self.target.rows("SELECT COUNT(*) FROM lyceum.runs WHERE state = 'running'"), [["0"]])
        self.restore_day_1()
        self.well(self.run_day(1))
        self.assertEqual(self.target.digests(), expected)

    def test_conflicts_are_tried_again(self):
        if self.kind is not targets.Redshift:
            self.skipTest("PostgreSQL has no such conflict under the lock")
        expected = self.undisturbed()
        self.target.warehouse.inject("serialization_failure", matching="^MERGE", times=2)
        for day in (1, 2):
            self.well(self.run_day(day))
        self.assertEqual(self.target.digests(), expected)
        self.target.warehouse.refusals.clear()


@on_every_warehouse(globals())
class Loaders(Case):
    def start(self, command, *more, spec=EDTECH, inbox=None):
        return subprocess.Popen(self.target.arguments(command, spec, inbox or generated(), *more, "--threads", "1"),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.target.folder,
                                env={**os.environ, "NO_COLOR": "1", **self.target.warehouse.environment})

    def finish(self, *processes):
        ends = [process.communicate(timeout=120) for process in processes]
        for process, (_, stderr) in zip(processes, ends):
            if self.kind.waits_for_others:
                self.assertEqual(process.returncode, 0, stderr)
            else:
                self.assertIn(process.returncode, (0, 1), stderr)
        return ends

    def expected(self):
        reference = self.make(targets.DuckDb)
        for date in DATES:
            self.well(reference.run(date, inbox=generated()))
        return reference.digests()

    def test_two_backfills_of_the_same_days(self):
        arguments = ("--start-date", DATES[0], "--end-date", DATES[2])
        self.finish(self.start("backfill", *arguments), self.start("backfill", *arguments))
        self.assertEqual(self.target.digests(), self.expected())

    def test_three_loaders_of_different_days(self):
        self.finish(*[self.start("run", "--date", date) for date in DATES])
        if not self.kind.waits_for_others:
            for date in DATES:
                self.well(self.target.run(date, inbox=generated()))
        self.assertEqual(self.target.digests(), self.expected())

    def test_two_contents_of_one_day(self):
        """The one that publishes last is the current content; nothing of the other is left."""
        digests = []
        for letter in "ab":
            inbox = self.target.folder / letter
            inbox.mkdir()
            (inbox / "readings_20250601.csv").write_text(
                HEAD + "".join(f"{i},2025-06-01 10:00:00,{letter},{i}\n" for i in range(1, 200)))
            reference = self.make(targets.DuckDb)
            self.well(reference.run("2025-06-01", spec=READINGS, inbox=inbox))
            digests.append(reference.digests())
        for _ in range(3):
            self.finish(*[self.start("run", "--date", "2025-06-01", "--force", spec=READINGS,
                                     inbox=self.target.folder / letter) for letter in "ab"])
            self.assertIn(self.target.digests(), digests)


@on_every_warehouse(globals())
class Leftovers(Small):
    def test_only_dead_runs_are_cleared(self):
        self.well(self.run_day(1))
        done = self.run_day(2, env={"LYCEUM_CRASH_AT": "12"})
        self.assertEqual(done.returncode, -signal.SIGKILL)
        left = self.private_tables()
        # DuckDB's are views of the process that died.
        self.assertEqual(len(left) > 0, self.kind.has_connections)
        self.well(self.run_day(2))
        if self.kind.waits_for_others:
            # By the warehouse's clock the killed run may still be at work.
            self.assertEqual(self.private_tables(), left)
        else:
            self.assertEqual(self.private_tables(), [])

    def private_tables(self):
        rows = self.target.rows("SELECT table_name FROM information_schema.tables")
        return sorted(name for name, in rows if name.startswith("ld_"))


@on_every_warehouse(globals())
class Readers(Small):
    def test_verify_while_a_mart_changes(self):
        """A reader sees the old tables or the new ones, never a table that is half there."""
        if not self.kind.waits_for_others:
            self.skipTest("a file has no readers while it is written")
        specs = []
        for name in ("total_a", "total_b"):
            spec = self.target.folder / f"{name}.yaml"
            spec.write_text(READINGS.read_text().replace("readings: {type: count", f"{name}: {{type: count"))
            specs.append(spec)
        self.well(self.target.run("2025-06-01", spec=specs[0]))
        rows = self.target.digests()["daily_reading"][0]
        self.assertGreater(rows, 0)
        for turn in range(1, 5):
            process = subprocess.Popen(
                self.target.arguments("run", specs[turn % 2], self.target.inbox, "--date", "2025-06-01", "--force"),
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=self.target.folder,
                env={**os.environ, **self.target.warehouse.environment})
            while process.poll() is None:
                self.assertEqual(self.target.digests()["daily_reading"][0], rows)
            self.assertEqual(process.returncode, 0, process.stderr.read())
            process.stderr.close()


del Small, Kills, Connections, Loaders, Leftovers, Readers

if __name__ == "__main__":
    unittest.main()
