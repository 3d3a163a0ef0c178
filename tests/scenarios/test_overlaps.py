"""Scenarios of semantics.md that need several batches, told as files."""
import unittest

import harness

HEAD = "place_id,taken_at,steps,value\n"
KEY = "1,2025-06-01 10:00:00"


class Overlaps(harness.Case):
    def reading(self, date, *values):
        rows = "".join(f"{KEY},a,{value}\n" for value in values)
        self.deliver(f"readings_{date.replace('-', '')}.csv", HEAD + rows + f"9,{date} 11:00:00,b,1\n")
        self.run_date(date)

    def shown(self):
        return self.query("SELECT value FROM fact_reading WHERE place_id = 1")

    def test_days_3_1_2_share_a_key_and_a_correction_promotes_the_next(self):
        for date, value in (("2025-06-03", 3), ("2025-06-01", 1), ("2025-06-02", 2)):
            self.reading(date, value)
        self.assertEqual(self.shown(), [["1.00"]])
        self.assertEqual(self.query("SELECT value, reason FROM lyceum.waiting_fact_reading ORDER BY 1"),
                         [["2.00", "overlap"], ["3.00", "overlap"]])
        self.reading("2025-06-01")
        self.assertEqual(self.shown(), [["2.00"]])
        self.assertEqual(self.query("SELECT average_value FROM daily_reading WHERE place_id = 1"), [["2.0000"]])

    def test_content_a_b_a_loads_three_times(self):
        states = []
        for value in (1, 2, 1, 1):
            self.deliver("readings_20250601.csv", HEAD + f"{KEY},a,{value}\n")
            states.append(self.run_date()[0]["state"])
        self.assertEqual(states, ["published", "published", "published", "unchanged"])
        self.assertEqual(self.shown(), [["1.00"]])

    def test_a_duplicate_with_other_values_is_kept_as_conflict(self):
        self.deliver("readings_20250601.csv", HEAD + f"{KEY},a,1\n{KEY},a,1\n{KEY},a,2\n")
        record, _ = self.run_date()
        rows = [d for d in record["datasets"] if d["dataset"] == "readings"][0]["files"][0]["rows"]
        self.assertEqual(rows, {"read": 3, "loaded": 1, "duplicates": 2, "quarantined": 0})
        self.assertEqual(self.quarantine("readings"), [
            ("readings_20250601.csv", 4, ["value: differs from the kept row of the same identity"],
             f"{KEY},a,2")])

    def test_first_file_by_name_wins(self):
        self.deliver("readings_20250601_b.csv", HEAD + f"{KEY},b,2\n")
        self.deliver("readings_20250601_a.csv", HEAD + f"{KEY},a,1\n")
        self.run_date()
        self.assertEqual(self.shown(), [["1.00"]])

    def test_placeholder_comes_goes_and_is_replaced(self):
        self.reading("2025-06-01", 1)
        places = "SELECT place_id, place_name, is_inferred FROM dim_place ORDER BY 1"
        self.assertEqual(self.query(places), [[1, None, True], [9, None, True]])
        self.deliver("places.csv", "place_id,place_name\n1,Hall\n2,Yard\n")
        self.run_date("2025-06-01")
        self.assertEqual(self.query(places), [[1, "Hall", False], [2, "Yard", False], [9, None, True]])
        self.deliver("places.csv", "place_id,place_name\n2,Yard\n")
        self.run_date("2025-06-01")
        self.assertEqual(self.query(places), [[1, None, True], [2, "Yard", False], [9, None, True]])
        self.deliver("readings_20250601.csv", HEAD + "2,2025-06-01 10:00:00,a,1\n")
        self.run_date("2025-06-01")
        self.assertEqual(self.query(places), [[2, "Yard", False]])

    def test_late_snapshot_loses_to_a_newer_one_that_says_the_same(self):
        names = []
        for date, name in (("2025-06-01", "X"), ("2025-06-03", "X"), ("2025-06-02", "Y")):
            self.deliver("places.csv", f"place_id,place_name\n1,{name}\n")
            self.run_date(date)
            names += self.query("SELECT place_name FROM dim_place")
        self.assertEqual(names, [["X"], ["X"], ["X"]])

    def test_a_vanished_file_closes_the_gate_and_a_renamed_one_does_not(self):
        self.deliver("readings_20250601_a.csv", HEAD + f"{KEY},a,1\n")
        path = self.deliver("readings_20250601_b.csv", HEAD + "2,2025-06-01 10:00:00,a,1\n")
        self.run_date()
        path.rename(path.with_name("readings_20250601_c.csv"))
        self.run_date()
        path.with_name("readings_20250601_c.csv").unlink()
        record, stderr = self.run_date(expect=2)
        self.assertEqual(record["gate_reasons"], [
            "dataset 'readings': file 'readings_20250601_c.csv' was published for 2025-06-01 and is gone"])
        self.assertEqual(self.query("SELECT count(*) FROM fact_reading"), [[2]])

    def test_a_file_that_lost_its_rows_closes_the_gate(self):
        self.deliver("readings_20250601_a.csv", HEAD + f"{KEY},a,1\n")
        self.deliver("readings_20250601_b.csv", HEAD + "2,2025-06-01 10:00:00,a,1\n")
        self.run_date()
        self.deliver("readings_20250601_b.csv", HEAD)
        record, _ = self.run_date(expect=2)
        self.assertEqual(record["gate_reasons"], [
            "dataset 'readings': file 'readings_20250601_b.csv' had 1 row and is now only a header"])


if __name__ == "__main__":
    unittest.main()
