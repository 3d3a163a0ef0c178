"""What a publish may touch, and when: nothing changes behind a closed gate, nothing of others is dropped."""
import json
import signal
import subprocess
import time
import unittest

import harness

HEAD = "place_id,taken_at,steps,value\n"
GOOD = HEAD + "1,2025-06-01 10:00:00,a,5\n"
BAD = HEAD + "x,y,z,w\n"


class Publishing(harness.Case):
    def setUp(self):
        super().setUp()
        self.text = harness.PIPELINE.read_text()
        self.spec = self.folder / "spec.yaml"
        self.spec.write_text(self.text)

    def change(self, *pairs):
        text = self.spec.read_text()
        for old, new in pairs:
            self.assertIn(old, text)
            text = text.replace(old, new)
        self.spec.write_text(text)

    def tables(self):
        return [row[0] for row in self.query("SELECT table_name FROM information_schema.tables WHERE table_schema = "
                                             "'main' ORDER BY table_name")]

    def test_closed_gate_changes_no_table(self):
        self.deliver("readings_20250601.csv", GOOD)
        self.run_date()
        tables, digests = self.tables(), self.digests()
        self.change(("      readings: {type: count, fact: fact_reading}\n", ""), ("to: 2050-12-31", "to: 2060-12-31"),
                    ("      value: {type", "      extra: {type: text, optional: true}\n      value: {type"))
        self.deliver("readings_20250601.csv", BAD)
        self.run_date(expect=2)
        self.assertEqual((self.tables(), self.digests()), (tables, digests))
        # The old spec still fits.
        self.spec.write_text(self.text)
        self.deliver("readings_20250601.csv", GOOD)
        self.run_date()
        self.assertEqual(self.digests(), digests)

    def test_staging_shows_what_the_last_batch_accepted(self):
        self.deliver("readings_20250601.csv", GOOD)
        self.run_date()
        # Day 2 delivers a row of day 1 again, so that it waits; staging shows it all the same.
        self.deliver("readings_20250602.csv", HEAD + "1,2025-06-01 10:00:00,late,7\n2,2025-06-02 10:00:00,b,6\n")
        self.run_date("2025-06-02")
        staged = "SELECT steps FROM staging_fact_reading ORDER BY steps"
        self.assertEqual(self.query(staged), [["b"], ["late"]])
        # A warehouse of an older version has a table of this name.
        self.sql("DROP VIEW staging_fact_reading", "CREATE TABLE staging_fact_reading AS SELECT 1 AS one")
        self.deliver("readings_20250602.csv", HEAD + "2,2025-06-02 10:00:00,c,6\n")
        self.run_date("2025-06-02")
        self.assertEqual(self.query(staged), [["c"]])

    def test_correction_touches_only_what_differs(self):
        rows = ["1,2025-06-01 10:00:00,a,5", "2,2025-06-01 10:00:00,,6", "3,2025-06-01 10:00:00,c,7",
                "4,2025-06-01 10:00:00,d,8"]
        self.deliver("readings_20250601.csv", HEAD + "\n".join(rows) + "\n")
        self.run_date()
        places = "SELECT place_id, rowid FROM fact_reading ORDER BY place_id"
        before = dict(self.query(places))
        # One row changes, one goes, one comes, one gets a value that was null, one stays.
        rows[0:3] = ["1,2025-06-01 10:00:00,a,5.5", "2,2025-06-01 10:00:00,b,6", "5,2025-06-01 10:00:00,e,9"]
        self.deliver("readings_20250601.csv", HEAD + "\n".join(rows) + "\n")
        self.run_date()
        after = dict(self.query(places))
        self.assertEqual(list(after), [1, 2, 4, 5])
        self.assertEqual([place for place in after if after[place] == before.get(place)], [4])
        digests = self.digests()
        self.database.unlink()
        self.run_date()
        self.assertEqual(self.digests(), digests)

    def test_members_of_any_number(self):
        """How keys are stored depends on how many members a dimension has."""
        for members in (3, 3000, 5000):
            with self.subTest(members):
                self.database.unlink(missing_ok=True)
                self.deliver("places.csv", "place_id,place_name\n" + "".join(f"{i},p{i}\n" for i in range(members)))
                self.deliver("readings_20250601.csv", HEAD + "".join(
                    f"{i},2025-06-01 10:00:00,a,5\n" for i in range(members)))
                self.run_date()
                self.assertEqual(self.query("SELECT count(*), count(DISTINCT place_sk) FROM fact_reading JOIN "
                                            "dim_place USING (place_id, place_sk)"), [[members] * 2])
                self.digests()

    def test_mart_that_left_the_spec_goes_with_the_next_publish(self):
        self.deliver("readings_20250601.csv", GOOD)
        self.run_date()
        self.spec.write_text(self.text[:self.text.index("marts:")])
        plan = self.lyceum("plan", self.spec, "--date", harness.DATE, "--input", self.inbox, "--target", self.target)
        self.assertIn("tables\n  drop 'daily_reading'\n", plan.stdout)
        self.assertIn("daily_reading", self.tables())
        self.run_date()
        self.assertNotIn("daily_reading", self.tables())

    def test_tables_named_like_temporary_ones(self):
        self.change(("fact_reading", "sale"), ("fact_log", "old_sale"))
        log = '{"place_id": 1, "seen_at": "2025-06-01T10:00:00", "note": "n"}'
        self.deliver("logs_20250601.json", log)
        self.run_date()
        self.deliver("logs_20250602.json", log.replace("06-01", "06-02"))
        self.deliver("readings_20250602.csv", GOOD)
        self.run_date("2025-06-02")
        self.assertEqual(self.query("SELECT (SELECT count(*) FROM old_sale), (SELECT count(*) FROM sale)"), [[2, 1]])

    def test_sum_that_does_not_fit_closes_the_gate(self):
        self.change(("'decimal(6,2)'", "bigint"), ("      - {type: range, column: value, min: 0, max: 1000}\n", ""),
                    ("{type: average", "{type: sum"))
        big = "9223372036854775807"
        self.deliver("readings_20250601.csv", HEAD + f"1,2025-06-01 10:00:00,a,{big}\n1,2025-06-01 11:00:00,a,{big}\n")
        record, stderr = self.run_date(expect=2)
        self.assertEqual(record["gate_reasons"], ["cannot aggregate 'daily_reading' anew: a number does not fit its type"])
        self.assertNotIn(big, json.dumps(record) + stderr)
        self.assertEqual(self.tables(), [])
        self.assertEqual(self.query("SELECT state, exit_code FROM lyceum.runs"), [["gate_closed", 2]])

    def test_file_with_the_name_of_a_vanished_one(self):
        self.change(("'dt={batch_date}/readings.csv'", "'*/readings_{batch_date}.csv'"))
        self.deliver("a/readings_20250601.csv", GOOD)
        second = self.deliver("b/readings_20250601.csv", HEAD + "2,2025-06-01 10:00:00,a,5\n")
        self.run_date()
        second.unlink()
        record, _ = self.run_date(expect=2)
        self.assertEqual(record["gate_reasons"], ["dataset 'readings': file 'readings_20250601.csv' was published for "
                                                  "2025-06-01 and is gone"])
        # Moved to another folder, it is all there again.
        self.deliver("c/readings_20250601.csv", HEAD + "2,2025-06-01 10:00:00,a,5\n")
        self.run_date()
        self.assertEqual(self.query("SELECT count(*) FROM fact_reading"), [[2]])

    def test_header_only_file_hides_no_vanished_one(self):
        first = self.deliver("readings_20250601_a.csv", GOOD)
        self.deliver("readings_20250601_b.csv", HEAD + "2,2025-06-01 10:00:00,a,5\n")
        self.run_date()
        self.deliver("readings_20250601_b.csv", HEAD)
        first.unlink()
        record, _ = self.run_date(expect=2)
        self.assertEqual(record["gate_reasons"], ["dataset 'readings': file 'readings_20250601_a.csv' was published for "
                                                  "2025-06-01 and is gone"])
        # Headers alone are an empty delivery: it warns, and the content stays.
        self.deliver("readings_20250601_a.csv", HEAD)
        self.run_date()
        self.assertEqual(self.query("SELECT count(*) FROM fact_reading"), [[2]])

    def test_mistyped_folder_is_not_made(self):
        self.database = self.folder / "nowhere" / "w.duckdb"
        _, stderr = self.run_date(expect=1)
        self.assertEqual(stderr, f"error: folder '{self.folder}/nowhere' of the warehouse does not exist\n")
        self.assertFalse((self.folder / "nowhere").exists())

    def test_tables_and_folders_of_others_stay(self):
        self.deliver("readings_20250601.csv", GOOD)
        self.run_date()
        self.sql("CREATE TABLE ld_students_2024 AS SELECT 42 AS a", "CREATE VIEW ld_12345678_v AS SELECT 1 AS a")
        theirs = self.folder / "runs" / "tmp-important" / "thesis.txt"
        theirs.parent.mkdir(parents=True)
        theirs.write_text("x")
        self.deliver("readings_20250601.csv", GOOD + "2,2025-06-01 10:00:00,a,5\n")
        self.run_date(harness.DATE, "--run-dir", self.folder / "runs")
        self.assertTrue(theirs.exists())
        self.assertIn("ld_students_2024", self.tables())
        self.assertEqual([p.name for p in (self.folder / "runs").glob("lyceum-spill-*")], [])

    def test_table_that_is_not_ours_is_not_filled(self):
        self.deliver("logs_20250601.json", '{"place_id": 1, "seen_at": "2025-06-01T10:00:00", "note": "n"}')
        self.sql("CREATE TABLE dim_place AS SELECT 1 AS place_id")
        _, stderr = self.run_date(expect=3)
        self.assertEqual(stderr, "error: the spec does not fit the tables in the warehouse:\n"
                                 "  'dim_place': stands in schema 'main' already and is not Lyceum's; rename it there or "
                                 "here\nrename them, or choose another schema or database\n")

    def test_another_schema_is_refused_and_found(self):
        self.text += f"targets:\n  t: {{type: duckdb, path: '{self.database}', schema: star}}\n"
        self.spec.write_text(self.text)
        self.deliver("readings_20250601.csv", GOOD)
        self.run_to("t", 0)
        # A path names no schema: that of the tables is taken.
        self.assertEqual(self.query("SELECT count(*) FROM fact_reading"), [[1]])
        self.change(("schema: star", "schema: other"))
        done = self.run_to("t", 3)
        self.assertEqual(done.stderr, "error: the tables of 't' stand in schema 'star', not in 'other'\n")

    def run_to(self, target, expect):
        done = self.lyceum("run", self.spec, "--date", harness.DATE, "--input", self.inbox, "--target", target)
        self.assertEqual(done.returncode, expect, done.stderr)
        return done

    def test_other_date_column_is_refused(self):
        self.change(("      steps: {type: text}", "      ended_at: {type: timestamp}\n      steps: {type: text}"),
                    ("[place_id, taken_at]", "[place_id, taken_at, ended_at]"))
        self.deliver("readings_20250601.csv",
                     "place_id,taken_at,ended_at,steps,value\n1,2025-06-01 10:00:00,2025-06-09 10:00:00,a,5\n")
        self.run_date()
        self.change(("date_column: taken_at", "date_column: ended_at"))
        _, stderr = self.run_date(expect=3)
        self.assertIn("'fact_reading': column 'date_key' came from 'taken_at', now from 'ended_at'\n", stderr)

    def test_files_that_get_a_batch_date_are_refused(self):
        self.deliver("places.csv", "place_id,place_name\n1,A\nx,bad\n")
        self.run_date()
        self.change(("[places.csv]", "['places_{batch_date}.csv']"))
        _, stderr = self.run_date(expect=3)
        self.assertIn("'dim_place': dataset 'places' had files without a batch date, now with\n", stderr)

    def test_older_snapshot_warns(self):
        self.deliver("places.csv", "place_id,place_name\n1,A\n")
        self.run_date("2025-06-02")
        self.deliver("places.csv", "place_id,place_name\n1,B\n")
        record, _ = self.run_date("2025-06-01")
        self.assertIn("dataset 'places': the snapshot of 2025-06-02 is newer and goes on deciding its members; run that "
                      "date too if the correction is for it", record["warnings"])
        self.assertEqual(self.query("SELECT place_name FROM dim_place"), [["A"]])

    def test_identical_file_is_named_with_its_twin(self):
        self.change(("'dt={batch_date}/readings.csv'", "'dt={batch_date}/*.csv'"))
        self.deliver("dt=20250601/a.csv", HEAD + "3,2025-06-01 10:00:00,a,5\n")
        for folder in ("dt=20250601", "dt=2025-06-01"):
            self.deliver(f"{folder}/readings.csv", GOOD)
        record, _ = self.run_date()
        self.assertIn("'dt=20250601/readings.csv' is not read: 'dt=2025-06-01/readings.csv' has the same name and bytes",
                      record["warnings"])

    def test_measure_named_like_a_count(self):
        self.change(("readings: {type: count, fact: fact_reading}",
                     "average_value_count: {type: count, fact: fact_reading, where: \"steps = 'a'\"}"))
        self.deliver("readings_20250601.csv", GOOD + "1,2025-06-01 11:00:00,b,6\n")
        self.run_date()
        self.assertEqual(self.query("SELECT CAST(average_value AS VARCHAR) FROM daily_reading"), [["5.5000"]])

    def test_signal_during_publish_says_the_truth(self):
        """Interrupted or not, what the exit code says is what the warehouse holds."""
        self.deliver("readings_20250601.csv", GOOD)
        self.run_date()
        value, codes = 5, set()
        for step in range(24):
            self.deliver("readings_20250601.csv", GOOD.replace(",a,5", f",a,{10 + step}"))
            process = subprocess.Popen(
                [harness.BINARY, "run", str(self.spec), "--date", harness.DATE, "--input", str(self.inbox), "--target",
                 self.target, "--run-dir", str(self.folder / "runs")], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                text=True, cwd=self.folder)
            time.sleep(0.03 + 0.006 * step)
            process.send_signal(signal.SIGINT)
            _, stderr = process.communicate(timeout=60)
            codes.add(130 if process.returncode == -signal.SIGINT else process.returncode)
            # Before the program watches for signals, the signal itself ends it.
            self.assertIn(process.returncode, (0, 130, -signal.SIGINT), stderr)
            if process.returncode == 0:
                value = 10 + step
            self.assertEqual(self.query("SELECT CAST(value AS INTEGER) FROM fact_reading"), [[value]], stderr)
        self.assertIn(130, codes)


if __name__ == "__main__":
    unittest.main()
