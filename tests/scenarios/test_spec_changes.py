"""A spec that changes between runs: what fits is taken over, what does not is refused with names."""
import unittest

import harness

HEAD = "place_id,taken_at,steps,value\n"
ROW = "1,2025-06-0{0} 10:00:00,a,5\n"


class SpecChanges(harness.Case):
    def setUp(self):
        super().setUp()
        self.text = harness.PIPELINE.read_text()
        self.spec = self.folder / "spec.yaml"
        self.spec.write_text(self.text)
        for day in (1, 2):
            self.deliver(f"readings_2025060{day}.csv", HEAD + ROW.format(day))
            self.run_date(f"2025-06-0{day}")
        self.before = self.digests()

    def change(self, *pairs):
        text = self.text
        for old, new in pairs:
            self.assertIn(old, text)
            text = text.replace(old, new)
        self.spec.write_text(text)

    def refused(self, *lines):
        _, stderr = self.run_date("2025-06-01", expect=3)
        self.assertEqual(stderr, "error: the spec no longer fits the tables in the warehouse:\n"
                         + "".join(f"  {line}\n" for line in lines)
                         + "load into a new target, or put the old definition back\n")
        self.assertEqual(self.digests(), self.before)

    def test_renamed_dataset(self):
        self.change(("  readings:\n    files", "  measured:\n    files"), ("dataset: readings", "dataset: measured"))
        self.refused("'fact_reading': was fed by dataset 'readings', now by 'measured'")

    def test_renamed_fact(self):
        self.change(("fact_reading", "fact_measure"))
        self.refused("'fact_measure': is new, but dataset 'readings' was published without it",
                     "'fact_reading': is gone from the spec")

    def test_changed_type_and_identity_order(self):
        self.change(("decimal(6,2)", "decimal(7,2)"))
        self.refused("'fact_reading': column 'value' changed from decimal(6,2) to decimal(7,2)")
        self.change(("identity: [place_id, taken_at]", "identity: [taken_at, place_id]"))
        self.refused("'fact_reading': column 'place_id' changed its place in the identity, column 'taken_at' changed"
                     " its place in the identity")

    def test_calendar_that_no_longer_holds_what_is_published(self):
        self.change(("from: 2000-01-01, to: 2050-12-31", "from: 2025-06-02, to: 2050-12-31"))
        self.refused("'dim_date': ends 2025-06-02 to 2050-12-31, but dates from 2025-06-01 to 2025-06-02 are"
                     " published")

    def test_wider_calendar_is_filled(self):
        self.change(("to: 2050-12-31", "to: 2060-12-31"))
        self.run_date("2025-06-01")
        self.assertEqual(self.query("SELECT max(date_key) FROM dim_date"), [["2060-12-31"]])

    def test_removed_mart_and_renamed_calendar_leave_nothing(self):
        self.change(("table: dim_date", "table: dim_day"), ("daily_reading", "per_day"))
        self.run_date("2025-06-01")
        self.assertEqual(self.query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'main'"
                                    " AND table_name IN ('dim_date', 'dim_day', 'daily_reading', 'per_day')"
                                    " ORDER BY 1"), [["dim_day"], ["per_day"]])

    def test_new_column_is_null_until_reloaded(self):
        self.change(("      value: {type: 'decimal(6,2)'}",
                     "      value: {type: 'decimal(6,2)'}\n      extra: {type: text, optional: true}"))
        self.deliver("readings_20250601.csv", "extra,place_id,taken_at,steps,value\nnew," + ROW.format(1))
        self.run_date("2025-06-01")
        self.assertEqual(self.query("SELECT date_key, extra FROM fact_reading ORDER BY 1"),
                         [["2025-06-01", "new"], ["2025-06-02", None]])


if __name__ == "__main__":
    unittest.main()
