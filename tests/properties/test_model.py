"""Tests of the model itself, on examples that are worked by hand from the specification."""

from __future__ import annotations

import datetime
import hashlib
import unittest
from collections import Counter
from decimal import Decimal
from fractions import Fraction

import model
import specs
from deliveries import SourceFile, Step
from judge import BadValue, judge, read_date, read_decimal, read_integer, read_timestamp
from model import EXIT_GATE, EXIT_OK, ContentTables, ModelWarehouse, encode_value
from star import Pipeline


def day(number: int) -> datetime.date:
    return datetime.date(2025, 6, number)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def grades(number: int, *rows: tuple[str, ...], name: str = "grades.csv") -> SourceFile:
    header = ("person_id", "test_id", "score", "taken_on", "remark")
    return SourceFile(f"dt={day(number)}/{name}", "csv", header, rows)


def people(*rows: tuple[str, ...], name: str = "people.csv") -> SourceFile:
    return SourceFile(name, "csv", ("person_id", "name", "joined_on", "email"), rows)


def courses(*rows: tuple[str, ...]) -> SourceFile:
    return SourceFile("courses.csv", "csv", ("course_id", "course_name", "teacher_code"), rows)


def teachers(number: int, *rows: tuple[str, ...]) -> SourceFile:
    return SourceFile(f"teachers_{day(number)}.csv", "csv", ("teacher_code", "teacher_name"), rows)


def visits(number: int, *rows: tuple[str, ...]) -> SourceFile:
    header = ("person_id", "course_id", "at", "kind", "minutes")
    return SourceFile(f"visits_{day(number):%Y%m%d}.csv", "csv", header, rows)


def grade(person: int, remark: str, taken_on: str = "2025-06-01") -> tuple[str, ...]:
    return str(person), "1", "2", taken_on, remark


class ModelCase(unittest.TestCase):
    def warehouse(self, pipeline: Pipeline = specs.CLUB) -> ModelWarehouse:
        return ModelWarehouse(pipeline)

    def deliver(self, warehouse: ModelWarehouse, number: int, *files: SourceFile) -> None:
        self.assertEqual(warehouse.run(day(number), files), EXIT_OK)

    def remarks(self, warehouse: ModelWarehouse) -> list[tuple[int, str]]:
        """Batch day and remark of the rows in fact_grade."""
        rows = ContentTables(warehouse.pipeline, warehouse.current).facts["fact_grade"]
        return sorted((row.batch_date.day, str(row.values["remark"])) for row in rows)

    def waiting(self, warehouse: ModelWarehouse) -> list[tuple[int, str, str]]:
        rows = ContentTables(warehouse.pipeline, warehouse.current).waiting["fact_grade"]
        return sorted((r.batch_date.day, str(r.values["remark"]), reason) for r, reason in rows)

    def table(self, warehouse: ModelWarehouse, name: str) -> Counter[tuple[object, ...]]:
        tables = {table.name: table for table in model.expected_tables(warehouse)}
        return Counter(tables[name].rows)


class Keys(unittest.TestCase):
    def test_encoding(self) -> None:
        cases = {
            42: "i2:42;",
            "login": "t5:login;",
            "Té": "t3:Té;",
            None: "n;",
            Decimal("1.50"): "m3:1.5;",
            Decimal("100"): "m3:100;",
            Decimal("-0.00"): "m1:0;",
            datetime.date(2025, 6, 1): "d10:2025-06-01;",
            datetime.datetime(2025, 6, 1, 7, 8, 9, 50): "s26:2025-06-01T07:08:09.000050;",
        }
        for value, text in cases.items():
            self.assertEqual(encode_value(value), text)

    def test_key_is_the_hash_over_all_columns(self) -> None:
        self.assertEqual(model.hash_key([42, "login"]), sha("i2:42;t5:login;"))


class Types(unittest.TestCase):
    def test_integers(self) -> None:
        self.assertEqual(read_integer("+007", 31), 7)
        self.assertEqual(read_integer("-2147483648", 31), -(2**31))
        for text in ("2147483648", "1.0", "", "1e3", "x", "- 1"):
            self.assertRaises(BadValue, read_integer, text, 31)

    def test_decimals(self) -> None:
        self.assertEqual(read_decimal("-1.25", 6, 2), Decimal("-1.25"))
        for text in ("1.255", "10000", "1,5", "1e1"):
            self.assertRaises(BadValue, read_decimal, text, 6, 2)

    def test_dates(self) -> None:
        for text in ("2025-06-01", "01-06-2025"):
            self.assertEqual(read_date(text, specs.DATES), day(1))
        for text in ("2025-02-30", "2025-6-1", "01.06.2025"):
            self.assertRaises(BadValue, read_date, text, specs.DATES)

    def test_timestamps_with_an_offset_move_to_the_zone(self) -> None:
        local = datetime.datetime(2025, 6, 2, 4, 30)
        for text in ("2025-06-02 04:30:00", "2025-06-01T23:00:00Z", "2025-06-02T01:00:00+02:00"):
            self.assertEqual(read_timestamp(text, 330), local)

    def test_timestamps_keep_six_places(self) -> None:
        self.assertEqual(read_timestamp("2025-06-01 00:00:00.1234560", 0).microsecond, 123456)
        for text in ("2025-06-01 00:00:00.1234567", "2025-06-01", "2025-06-01 24:00:00"):
            self.assertRaises(BadValue, read_timestamp, text, 0)


class Judgement(ModelCase):
    def test_all_reasons_of_types_and_rules(self) -> None:
        file = visits(1, ("x", "", "2025-06-01 10:00:00", "dance", "-1"))
        judged = judge(specs.CLUB, specs.VISITS, [file])
        self.assertEqual(
            [record.reasons for record in judged.quarantine],
            [("course_id", "kind", "minutes", "person_id")],
        )

    def test_ragged_row_and_blank_row_and_empty_line(self) -> None:
        file = people(("1", "Ann"), ("", "", "", ""), (), ("2", "Bo", "", ""))
        judged = judge(specs.CLUB, specs.PEOPLE, [file])
        reasons = [(record.line, record.raw, record.reasons) for record in judged.quarantine]
        self.assertEqual(reasons, [(2, "1,Ann", ("",)), (3, ",,,", ("full_name", "person_id"))])
        self.assertEqual((judged.read, judged.loaded), (3, 1))

    def test_first_file_by_name_wins_and_differing_losers_are_conflicts(self) -> None:
        late = grades(1, grade(1, "late"), name="grades_b.csv")
        early = grades(1, grade(1, "early"), grade(1, "early"), name="grades_a.csv")
        judged = judge(specs.CLUB, specs.GRADES, [late, early])
        self.assertEqual([row["remark"] for row in judged.accepted], ["early"])
        self.assertEqual([(q.file, q.kind) for q in judged.quarantine], [("grades_b.csv", "conflict")])
        ledger = [(x.file, x.read, x.loaded, x.duplicates, x.quarantined) for x in judged.ledger]
        self.assertEqual(ledger, [("grades_a.csv", 2, 1, 1, 0), ("grades_b.csv", 1, 0, 1, 0)])

    def test_values_that_differ_only_in_writing_are_no_conflict(self) -> None:
        file = grades(1, ("1", "1", "2.5", "2025-06-01", "x"), ("1", "1", "+2.50", "01-06-2025", " x "))
        judged = judge(specs.CLUB, specs.GRADES, [file])
        self.assertEqual((judged.quarantine, judged.ledger[0].duplicates), ([], 1))

    def test_unique_takes_the_first_and_ignores_nulls(self) -> None:
        file = people(("1", "A", "", "m"), ("2", "B", "", "m"), ("3", "C", "", ""), ("4", "D", "", ""))
        judged = judge(specs.CLUB, specs.PEOPLE, [file])
        self.assertEqual([row["person_id"] for row in judged.accepted], [1, 3, 4])
        self.assertEqual([q.reasons for q in judged.quarantine], [("email",)])

    def test_a_duplicate_does_not_compete_for_unique(self) -> None:
        file = people(("1", "A", "", "m"), ("1", "A", "", "n"), ("2", "B", "", "n"))
        judged = judge(specs.CLUB, specs.PEOPLE, [file])
        self.assertEqual([row["person_id"] for row in judged.accepted], [1, 2])

    def test_events_outside_the_calendar(self) -> None:
        judged = judge(specs.CLUB, specs.GRADES, [grades(1, grade(1, "x", "2024-12-31"))])
        self.assertEqual([q.reasons for q in judged.quarantine], [("taken_on",)])


class Overlaps(ModelCase):
    def test_smallest_batch_date_is_in_the_fact_in_any_order(self) -> None:
        warehouse = self.warehouse()
        for number, remark in ((3, "three"), (1, "one"), (2, "two")):
            self.deliver(warehouse, number, grades(number, grade(7, remark)))
        self.assertEqual(self.remarks(warehouse), [(1, "one")])
        waiting = [(2, "two", "overlap"), (3, "three", "overlap")]
        self.assertEqual(self.waiting(warehouse), waiting)

    def test_correction_that_drops_the_key_promotes_the_next_date(self) -> None:
        warehouse = self.warehouse()
        for number, remark in ((3, "three"), (1, "one"), (2, "two")):
            self.deliver(warehouse, number, grades(number, grade(7, remark)))
        self.deliver(warehouse, 1, grades(1, grade(8, "other")))
        self.assertEqual(self.remarks(warehouse), [(1, "other"), (2, "two")])
        self.assertEqual(self.waiting(warehouse), [(3, "three", "overlap")])

    def test_a_row_moves_dates_in_the_marts(self) -> None:
        warehouse = self.warehouse()
        self.deliver(warehouse, 2, grades(2, grade(7, "two", "2025-06-05")))
        self.deliver(warehouse, 1, grades(1, grade(7, "one", "2025-06-06")))
        dates = [row[0] for row in self.table(warehouse, "daily")]
        self.assertEqual(dates, [day(6)])


class Publication(ModelCase):
    def test_a_then_b_then_a(self) -> None:
        warehouse = self.warehouse()
        for remark in ("a", "b", "a"):
            self.deliver(warehouse, 1, grades(1, grade(1, remark)))
            self.assertEqual(self.remarks(warehouse), [(1, remark)])

    def test_closed_gate_publishes_nothing_of_its_date(self) -> None:
        warehouse = self.warehouse()
        bad = [("x", "1", "2", "2025-06-01", "")] * 2
        files = [people(("1", "Ann", "", "")), grades(1, grade(1, "good"), *bad)]
        self.assertEqual(warehouse.run(day(1), files), EXIT_GATE)
        self.assertEqual(warehouse.current, {})
        self.assertEqual(self.table(warehouse, "unpublished").total(), 2)
        self.deliver(warehouse, 1, people(("1", "Ann", "", "")))
        self.assertEqual(self.table(warehouse, "unpublished").total(), 0)

    def test_half_rejected_is_not_above_fifty_percent(self) -> None:
        warehouse = self.warehouse()
        self.deliver(warehouse, 1, grades(1, grade(1, "good"), ("x", "1", "2", "2025-06-01", "")))

    def test_all_rejected_closes_the_gate_without_a_threshold(self) -> None:
        warehouse = self.warehouse()
        self.assertEqual(warehouse.run(day(1), [people(("", "", "", ""))]), EXIT_GATE)

    def test_fail_severity_closes_the_gate(self) -> None:
        warehouse = self.warehouse()
        rows = [(str(n), "1", "2025-06-01 10:00:00", "talk", "5") for n in range(9)]
        long = ("1", "2", "2025-06-01 10:00:00", "talk", "1001")
        self.assertEqual(warehouse.run(day(1), [visits(1, *rows, long)]), EXIT_GATE)

    def test_header_only_delivery_keeps_the_current_content(self) -> None:
        warehouse = self.warehouse()
        self.deliver(warehouse, 1, grades(1, grade(1, "one")))
        self.deliver(warehouse, 1, grades(1))
        self.assertEqual(self.remarks(warehouse), [(1, "one")])

    def test_a_file_that_is_gone_closes_the_gate_unless_renamed(self) -> None:
        warehouse = self.warehouse()
        one, two = grades(1, grade(1, "one")), grades(1, grade(2, "two"), name="grades_2.csv")
        self.deliver(warehouse, 1, one, two)
        self.assertEqual(warehouse.run(day(1), [one]), EXIT_GATE)
        self.assertEqual(warehouse.run(day(1), [one, grades(1, name="grades_2.csv")]), EXIT_GATE)
        renamed = grades(1, grade(2, "two"), name="grades_3.csv")
        self.deliver(warehouse, 1, one, renamed)

    def test_backfill_goes_on_after_a_closed_gate(self) -> None:
        warehouse = self.warehouse()
        files = (grades(1, ("x", "", "", "", "")), grades(2, grade(1, "two")))
        self.assertEqual(warehouse.apply(Step("backfill", day(1), day(2), files)), EXIT_GATE)
        self.assertEqual(self.remarks(warehouse), [(2, "two")])


class Dimensions(ModelCase):
    def names(self, warehouse: ModelWarehouse) -> dict[int, str]:
        members = ContentTables(warehouse.pipeline, warehouse.current).members["dim_person"]
        return {int(str(key[0])): str(row["full_name"]) for key, row in members.items()}

    def test_late_older_snapshot_changes_nothing(self) -> None:
        warehouse = self.warehouse()
        for number, name in ((1, "X"), (3, "X"), (2, "Y")):
            self.deliver(warehouse, number, people(("1", name, "", "")))
        self.assertEqual(self.names(warehouse), {1: "X"})

    def test_member_missing_from_a_newer_snapshot_stays(self) -> None:
        warehouse = self.warehouse()
        self.deliver(warehouse, 1, people(("1", "A", "", ""), ("2", "B", "", "")))
        self.deliver(warehouse, 2, people(("1", "A2", "", "")))
        self.assertEqual(self.names(warehouse), {1: "A2", 2: "B"})

    def test_correction_falls_back_to_the_older_snapshot(self) -> None:
        warehouse = self.warehouse()
        self.deliver(warehouse, 1, people(("1", "old", "", "")))
        self.deliver(warehouse, 2, people(("1", "new", "", ""), ("2", "B", "", "")))
        self.deliver(warehouse, 2, people(("3", "C", "", "")))
        self.assertEqual(self.names(warehouse), {1: "old", 3: "C"})

    def test_nulls_come_from_the_newest_snapshot_too(self) -> None:
        warehouse = self.warehouse()
        self.deliver(warehouse, 1, people(("1", "A", "2025-01-01", "")))
        self.deliver(warehouse, 2, people(("1", "A", "", "")))
        rows = list(self.table(warehouse, "dim_person"))
        self.assertEqual(rows, [(1, "A", None, None, sha("i1:1;"), False)])

    def test_records_of_an_undated_content_exist_once(self) -> None:
        warehouse = self.warehouse()
        file = people(("1", "A", "", ""), ("x", "B", "", ""))
        self.deliver(warehouse, 1, file)
        self.deliver(warehouse, 2, file)
        self.assertEqual(
            self.table(warehouse, "quarantine"),
            Counter([("people", None, "people.csv", 3, "x,B,,", "rejected", "person_id")]),
        )
        self.assertEqual(
            self.table(warehouse, "ledger"), Counter([("people", None, "people.csv", 2, 1, 0, 1)])
        )


class Placeholders(ModelCase):
    def test_come_and_go_with_the_facts_that_use_them(self) -> None:
        warehouse = self.warehouse()
        self.deliver(warehouse, 1, grades(1, grade(7, "x")))
        placeholder = (7, None, None, None, sha("i1:7;"), True)
        self.assertEqual(self.table(warehouse, "dim_person"), Counter([placeholder]))
        self.deliver(warehouse, 1, grades(1, grade(8, "x")))
        self.assertEqual([row[0] for row in self.table(warehouse, "dim_person")], [8])

    def test_waiting_rows_do_not_use_members(self) -> None:
        warehouse = self.warehouse()
        row = ("1", "5", "2025-06-01 10:00:00", "talk", "1")
        header = ("person_id", "course_id", "at", "kind", "minutes", "host_id")
        late = SourceFile("visits_20250602.csv", "csv", header, ((*row, "9"),))
        self.deliver(warehouse, 1, visits(1, row))
        self.deliver(warehouse, 2, late)
        self.assertEqual([r[0] for r in self.table(warehouse, "dim_person")], [1])

    def test_members_of_dimensions_use_members(self) -> None:
        warehouse = self.warehouse()
        self.deliver(warehouse, 1, courses(("1", "Math", "T1")))
        self.assertEqual([r[0] for r in self.table(warehouse, "dim_teacher")], ["T1"])
        self.deliver(warehouse, 1, teachers(1, ("T1", "Eve")))
        rows = list(self.table(warehouse, "dim_teacher"))
        self.assertEqual(rows, [("T1", "Eve", None, sha("t2:T1;"), False)])

    def test_members_from_facts(self) -> None:
        warehouse = self.warehouse()
        self.deliver(warehouse, 1, grades(1, grade(7, "x")))
        self.assertEqual(list(self.table(warehouse, "dim_test")), [(1, sha("i1:1;"))])


class Holding(ModelCase):
    def test_row_waits_for_the_member_and_then_competes(self) -> None:
        warehouse = self.warehouse(specs.CLUB_HOLD)
        self.deliver(warehouse, 1, grades(1, grade(7, "one")))
        self.deliver(warehouse, 2, grades(2, grade(7, "two")))
        self.assertEqual(self.remarks(warehouse), [])
        self.deliver(warehouse, 3, people(("7", "Ann", "", "")))
        self.assertEqual(self.remarks(warehouse), [(1, "one")])
        self.assertEqual(self.waiting(warehouse), [(2, "two", "overlap")])
        self.deliver(warehouse, 3, people(("8", "Bo", "", "")))
        self.assertEqual([reason for *_, reason in self.waiting(warehouse)], ["unknown_member"] * 2)


class Marts(ModelCase):
    def test_averages_round_halves_away_from_zero(self) -> None:
        for value, text in ((Fraction(1, 20000), "0.0001"), (Fraction(-1, 20000), "-0.0001")):
            self.assertEqual(model.round_half_away(value), Decimal(text))
        self.assertEqual(model.round_half_away(Fraction(2, 3)), Decimal("0.6667"))

    def test_counts_are_zero_and_averages_null_where_nothing_is(self) -> None:
        warehouse = self.warehouse()
        self.deliver(warehouse, 1, visits(1, ("1", "1", "2025-06-01 10:00:00", "talk", "")))
        row = (1, sha("i1:1;"), day(1), 1, 1, 2, 0, None, 0, None, 0, 0)
        self.assertEqual(list(self.table(warehouse, "person_daily")), [row])


if __name__ == "__main__":
    unittest.main()
