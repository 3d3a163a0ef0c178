"""The same batches give the same digests, query results and quarantine on every warehouse."""
import math
import unittest

import targets
from conformance_case import BI_QUERIES, DATES, READINGS, Case, generated, on_every_warehouse

HEAD = "place_id,taken_at,steps,value\n"
_expected = {}


def tearDownModule():
    targets.SERVERS.stop()


def expected(case):
    """What DuckDB makes of the generated days, once."""
    if not _expected:
        reference = case.make(targets.DuckDb)
        for date in DATES:
            case.well(reference.run(date, inbox=generated()))
        _expected.update(digests=reference.digests(), quarantine=reference.quarantine(),
                         queries=[sorted(reference.rows(sql)) for sql in BI_QUERIES])
    return _expected


@on_every_warehouse(globals())
class Answers(Case):
    def load(self, dates=DATES):
        for date in dates:
            self.well(self.target.run(date, inbox=generated()))

    def test_same_digests_queries_and_quarantine(self):
        self.load()
        self.assertEqual(self.target.digests(), expected(self)["digests"])
        self.assertEqual(self.target.quarantine(), expected(self)["quarantine"])
        averages, logins = (sorted(self.target.rows(sql)) for sql in BI_QUERIES)
        wanted_averages, wanted_logins = expected(self)["queries"]
        self.assertEqual(logins, wanted_logins)
        self.assertEqual([name for name, _ in averages], [name for name, _ in wanted_averages])
        for (name, found), (_, wanted) in zip(averages, wanted_averages):
            self.assertTrue(math.isclose(float(found), float(wanted), rel_tol=0, abs_tol=1e-9), (name, found, wanted))

    def test_any_order_and_repeats(self):
        self.load((DATES[2], DATES[0], DATES[2], DATES[1], DATES[0]))
        self.assertEqual(self.target.digests(), expected(self)["digests"])

    def test_backfill_and_forced_rerun(self):
        self.well(self.target.call("backfill", *self.backfill_arguments()))
        self.well(self.target.call("backfill", *self.backfill_arguments(), "--force"))
        self.assertEqual(self.target.digests(), expected(self)["digests"])
        self.assertEqual(self.target.quarantine(), expected(self)["quarantine"])

    def backfill_arguments(self):
        from conformance_case import EDTECH
        return EDTECH, "--start-date", DATES[0], "--end-date", DATES[2], "--input", generated()

    def test_status_and_ledger(self):
        self.load(DATES[:1])
        status = self.well(self.target.call("status", "--output", "json"))
        self.assertIn('"2025-06-01"', status.stdout)
        unbalanced = self.target.rows("SELECT file FROM lyceum.files WHERE rows_read <> rows_loaded + rows_duplicate + "
                                      "rows_quarantined")
        self.assertEqual(unbalanced, [])
        self.assertEqual(self.target.rows("SELECT COUNT(*) FROM staging_fact_quiz"),
                         self.target.rows("SELECT SUM(rows_loaded) FROM lyceum.files WHERE dataset = 'quiz_attempts'"))


@on_every_warehouse(globals())
class Corrections(Case):
    """Days 3, 1, 2 share an event; the corrected day 1 drops it, and day 2's values appear."""

    def deliver(self, day, *rows):
        (self.target.inbox / f"readings_2025060{day}.csv").write_text(HEAD + "".join(rows))

    def run_day(self, day):
        return self.well(self.target.run(f"2025-06-0{day}", spec=READINGS))

    def test_promotion_and_withdrawn_correction(self):
        event = "1,2025-06-01 10:00:00,from {0},{0}\n"
        for day in (3, 1, 2):
            self.deliver(day, event.format(day), f"2,2025-06-0{day} 11:00:00,own,5\n")
            self.run_day(day)
        self.assertEqual(self.held(), [["from 1"]])
        before = self.target.digests()
        self.deliver(1, "2,2025-06-01 11:00:00,own,5\n")
        self.run_day(1)
        self.assertEqual(self.held(), [["from 2"]])
        self.deliver(1, event.format(1), "2,2025-06-01 11:00:00,own,5\n")
        self.run_day(1)
        self.assertEqual(self.target.digests(), before)

    def held(self):
        return self.target.rows("SELECT steps FROM fact_reading WHERE place_id = 1")

    def test_late_and_withdrawn_members(self):
        self.deliver(1, "7,2025-06-01 10:00:00,a,1\n")
        self.run_day(1)
        placeholder = self.target.digests()
        self.assertEqual(self.target.rows("SELECT place_id, place_name, is_inferred FROM dim_place")[0][:2], ["7", ""])
        places = self.target.inbox / "places.csv"
        places.write_text("place_id,place_name\n7,Seven\n8,Eight\n")
        self.run_day(2)
        self.assertEqual(self.target.rows("SELECT place_id, place_name FROM dim_place ORDER BY place_id"),
                         [["7", "Seven"], ["8", "Eight"]])
        places.write_text("place_id,place_name\n9,Nine\n")
        self.run_day(2)
        self.assertEqual(self.target.rows("SELECT place_id, place_name FROM dim_place ORDER BY place_id"),
                         [["7", ""], ["9", "Nine"]])
        self.assertEqual(self.target.digests()["fact_reading"], placeholder["fact_reading"])

    def test_closed_gate_publishes_nothing_but_says_why(self):
        self.deliver(1, "1,2025-06-01 10:00:00,a,1\n")
        self.run_day(1)
        before = self.target.digests()
        self.deliver(1, "x,y,z,w\n")
        done = self.target.run("2025-06-01", spec=READINGS)
        self.well(done, 2)
        self.assertEqual(self.target.digests(), before)
        self.assertEqual(self.target.rows("SELECT state, COUNT(*) FROM lyceum.quarantine GROUP BY state"),
                         [["not_published", "1"]])

    def test_spec_changes(self):
        spec = self.target.folder / "spec.yaml"
        text = READINGS.read_text()
        spec.write_text(text)
        self.deliver(1, "1,2025-06-01 10:00:00,a,1\n")
        self.well(self.target.run("2025-06-01", spec=spec))
        # A new column and a changed mart come with the next publish.
        spec.write_text(text.replace("      value: {type", "      extra: {type: text, optional: true}\n      value: {type")
                        .replace("readings: {type: count", "rows: {type: count"))
        self.well(self.target.run("2025-06-01", spec=spec))
        self.assertEqual(self.target.rows('SELECT steps, extra FROM fact_reading'), [["a", ""]])
        self.assertEqual(self.target.rows('SELECT "rows" FROM daily_reading'), [["1"]])
        spec.write_text(text.replace("decimal(6,2)", "decimal(7,2)"))
        self.well(self.target.run("2025-06-01", spec=spec), 3)


@on_every_warehouse(globals())
class Hostile(Case):
    """Values, file names and rule names that look like SQL arrive as they are."""

    NASTY = ["it''s", "a\\'; drop table fact_reading; --", "\\", "\\\\'", '"quoted"', "$$x$$", "%s {0} ?", "naïve Ünï 漢字 🎓",
             "E'\\x41'", "/* c */ -- d", "'); DELETE FROM dim_place; --", "a\tb", "trailing \\"]

    def test_values_and_file_names(self):
        spec = self.target.folder / "spec.yaml"
        spec.write_text(READINGS.read_text().replace(
            "      - {type: not_null, column: steps}",
            "      - {type: not_null, column: steps}\n"
            "      - {type: expression, name: is bad, expression: \"steps <> 'bad'' \\\\; --'\"}\n"
            "      - {type: accepted_values, column: place_id, values: [1, 2]}").replace(
            "      readings: {type: count, fact: fact_reading}",
            "      readings: {type: count, fact: fact_reading}\n"
            # The second of the values below, as a condition that the warehouse computes.
            "      nasty: {type: count, fact: fact_reading, where: \"steps = 'a\\\\''; drop table fact_reading; --'\"}\n"
            "      long: {type: count, fact: fact_reading, where: \"ends_with(steps, '\\\\') or contains(steps, 'ü')\"}"))
        rows = ['1,2025-06-01 10:00:{:02},"{}",5\n'.format(i, value.replace('"', '""'))
                for i, value in enumerate(self.NASTY)]
        rows += ["1,2025-06-01 11:00:00,bad' \\; --,5\n", "9,2025-06-01 12:00:00,\\'; drop table x; --,5\n"]
        name = "readings_20250601 it's \\'; drop table x; -- ü.csv"
        (self.target.inbox / name).write_text(HEAD + "".join(rows))
        self.well(self.target.run("2025-06-01", spec=spec))
        found = [row[0] for row in self.target.rows("SELECT steps FROM fact_reading ORDER BY taken_at")]
        self.assertEqual(found, self.NASTY)
        self.assertEqual(self.target.rows("SELECT file FROM lyceum.files"), [[name.replace("\\", "\\\\")]]
                         if self.escaped_names() else [[name]])
        rejected = self.target.rows("SELECT raw_text, reasons FROM lyceum.quarantine ORDER BY byte_offset")
        self.assertEqual([raw for raw, _ in rejected], ["1,2025-06-01 11:00:00,bad' \\\\; --,5",
                                                        "9,2025-06-01 12:00:00,\\\\'; drop table x; --,5"])
        self.assertEqual(rejected[0][1], '["is bad"]')
        wanted = sum(value.endswith("\\") or "ü" in value for value in self.NASTY)
        self.assertEqual(self.target.rows("SELECT nasty, long FROM daily_reading"), [["1", str(wanted)]])
        reference = self.make(targets.DuckDb)
        (reference.inbox / name).write_text(HEAD + "".join(rows))
        self.well(reference.run("2025-06-01", spec=spec))
        self.assertEqual(self.target.digests(), reference.digests())

    def escaped_names(self):
        """Whether the program shows backslashes of file names doubled."""
        return self.target.rows("SELECT file FROM lyceum.files")[0][0].count("\\\\") > 0


@on_every_warehouse(globals())
class Expressions(Case):
    """Every function and operator, as a condition that the warehouse computes."""

    TEXTS = ["a", "B", "abc", "ABC", "zß", "ß", "é", "_x", "a b", "Z", "~", "ab", "x'y", "İ", "10", "9"]
    CONDITIONS = [
        "lower_ascii(steps) = 'abc'", "upper_ascii(steps) = 'ABC'", "upper_ascii(steps) = 'ß'", "length(steps) > 2",
        "length(concat(steps, '  ')) = length(steps)", "trim(concat(' ', concat(steps, ' '))) = steps",
        "starts_with(steps, 'a')", "starts_with(steps, '')", "starts_with(concat(steps, ' '), 'a ')",
        "ends_with(steps, 'b')", "ends_with(steps, 'b ')", "ends_with(steps, '')", "contains(steps, ' ')",
        "contains(steps, '')", "contains(steps, 'ß')", "concat(steps, ' ') = steps", "concat(steps, ' ') in ('a ', 'B')",
        "steps in ('a ', 'B')", "steps < 'a'", "steps <= 'a'", "steps > 'Z'", "steps between 'A' and 'b'",
        "steps not between 'B' and 'a'", "concat(steps, ' ') > steps", "steps <> 'a '", "nullif(steps, 'a ') is null",
        "nullif(steps, 'a') is null", "coalesce(nullif(steps, 'a'), 'none') = 'none'", "not (steps = 'a' or steps = 'B')",
        "year(taken_at) = 2025 and month(taken_at) = 6 and day(taken_at) = 1 and hour(taken_at) = 10",
        "date(taken_at) = date '2025-06-01'", "taken_at < timestamp '2025-06-01 10:00:05'", "year(date(taken_at)) = 2025",
        "month(date(taken_at)) + day(date(taken_at)) = 7", "days_between(date(taken_at), date '2025-06-01') = 0",
        "days_between(date '2024-02-28', date(taken_at)) = 459", "abs(value) > 5", "abs(place_id) = place_id", "- place_id < -8",
        "place_id + 1 > 9", "place_id * place_id = 9", "value > 5", "value = 5.5", "value in (1.5, 2.50)", "value <> place_id",
        "case when place_id > 3 then steps else 'none' end = 'none'", "case when steps = 'a' then null else true end",
        "place_id in (1, 2, 3)", "place_id not in (1, 2, 3)", "steps is not null", "value between 2 and 5.5",
    ]

    def test_every_function_and_operator(self):
        spec = self.target.folder / "spec.yaml"
        measures = "".join(f'      m{i}: {{type: count, fact: fact_reading, where: "{condition}"}}\n'
                           for i, condition in enumerate(self.CONDITIONS))
        spec.write_text(READINGS.read_text().replace("      readings: {type: count, fact: fact_reading}\n", measures)
                        .replace("group_by: [place_id, place_sk, date_key]", "group_by: [date_key]"))
        rows = "".join(f'{i % 9 + 1},2025-06-01 10:00:{i:02},"{text}",{i - 3 + 5 * (i < 3)}.5\n'
                       for i, text in enumerate(self.TEXTS))
        reference = self.make(targets.DuckDb)
        found = []
        for target in (reference, self.target):
            (target.inbox / "readings_20250601.csv").write_text(HEAD + rows)
            self.well(target.run("2025-06-01", spec=spec))
            columns = ", ".join(f"m{i}" for i in range(len(self.CONDITIONS)))
            counts = target.rows(f"SELECT {columns} FROM daily_reading")
            self.assertEqual(len(counts), 1)
            found.append(dict(zip(self.CONDITIONS, counts[0])))
        self.assertEqual(found[1], found[0])
        self.assertEqual(self.target.digests(), reference.digests())
        self.assertEqual(found[0]["concat(steps, ' ') = steps"], "0")
        self.assertEqual(found[0]["starts_with(steps, '')"], str(len(self.TEXTS)))


@on_every_warehouse(globals())
class Marts(Case):
    """Sums, averages and groups where warehouses differ by themselves."""

    def test_wide_sums_and_groups_with_trailing_blanks(self):
        spec = self.target.folder / "spec.yaml"
        spec.write_text(READINGS.read_text().replace("'decimal(6,2)'", "'decimal(18,6)'")
                        .replace("      - {type: range, column: value, min: 0, max: 1000}\n", "")
                        .replace("    rules:\n      - {type: not_null, column: steps}",
                                 "    derived:\n      label: {type: text, expression: \"case when place_id > 4 then 'g ' when "
                                 "place_id > 2 then 'g' when place_id > 1 then '' end\"}\n    rules:\n"
                                 "      - {type: not_null, column: steps}")
                        .replace("group_by: [place_id, place_sk, date_key]", "group_by: [date_key, label]")
                        .replace("      readings: {type: count", "      total: {type: sum, fact: fact_reading, column: value}\n"
                                                                 "      readings: {type: count"))
        rows = "".join(f"{i},2025-06-01 10:00:00,s,{(-1) ** i * 999999999999.5 / i:.6f}\n" for i in range(1, 8))
        reference = self.make(targets.DuckDb)
        for target in (reference, self.target):
            (target.inbox / "readings_20250601.csv").write_text(HEAD + rows)
            self.well(target.run("2025-06-01", spec=spec))
        self.assertEqual(self.target.digests(), reference.digests())
        self.assertEqual(self.target.rows("SELECT COUNT(*), SUM(readings) FROM daily_reading"), [["4", "7"]])

    def test_tables_of_others_are_not_replaced(self):
        (self.target.inbox / "readings_20250601.csv").write_text(HEAD + "1,2025-06-01 10:00:00,s,1\n")
        self.target.create_table("staging_fact_reading")
        done = self.well(self.target.run("2025-06-01", spec=READINGS), 3)
        self.assertIn("'staging_fact_reading': stands in schema '", done.stderr)
        plan = self.target.call("plan", READINGS, "--date", "2025-06-01", "--input", self.target.inbox)
        self.assertEqual((plan.returncode, plan.stderr), (3, done.stderr))


del Answers, Corrections, Expressions, Hostile, Marts

if __name__ == "__main__":
    unittest.main()
