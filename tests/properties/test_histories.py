"""The warehouse equals the model after every run, whatever the order, repeats and crashes."""

from __future__ import annotations

import os
import random
import signal
import unittest
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from deliveries import History
from driver import Warehouse
from histories import make_history, one_file_changed
from model import Ambiguous, ModelWarehouse, Table, expected_tables
from specs import PIPELINES

CASES = int(os.environ.get("LYCEUM_PROPERTY_CASES", "8"))
ONE_SEED = os.environ.get("LYCEUM_PROPERTY_SEED")
CLUB = PIPELINES["club"]
KNOWN = {column for dataset in CLUB.datasets for column, _ in dataset.column_kinds}


def seeds(first: int) -> list[int]:
    return [int(ONE_SEED)] if ONE_SEED else [first + n for n in range(CASES)]


def expected_rows(table: Table) -> Counter[tuple[object, ...]]:
    if table.name != "quarantine":
        return table.rows
    # A conflict's reasons name the columns that differ; the model does not say which.
    at = table.columns.index("reasons"), table.columns.index("kind")
    return Counter({blank_conflicts(row, *at): count for row, count in table.rows.items()})


def blank_conflicts(row: tuple[object, ...], reasons: int, kind: int) -> tuple[object, ...]:
    return row[:reasons] + ("",) + row[reasons + 1:] if row[kind] == "conflict" else row


def compare(warehouse: Warehouse, model: ModelWarehouse, history: History, when: str) -> None:
    for table in expected_tables(model):
        if table.name == "unpublished":
            continue
        found = warehouse.table(table, KNOWN)
        if table.name == "quarantine":
            at = table.columns.index("reasons"), table.columns.index("kind")
            blanked: Counter[tuple[object, ...]] = Counter()
            for row, count in found.items():
                blanked[blank_conflicts(row, *at)] += count
            found = blanked
        wanted: Counter[tuple[object, ...]] = Counter()
        for row, count in expected_rows(table).items():
            wanted[row] += count
        if found != wanted:
            missing, extra = wanted - found, found - wanted
            raise AssertionError(f"{when}: table {table.name} {table.columns}\nmissing {list(missing)[:4]}\n"
                                 f"extra {list(extra)[:4]}\n{history.describe()}")


def play(history: History, check: bool = True,
         warehouse: Warehouse | None = None) -> tuple[Warehouse, ModelWarehouse]:
    """Runs a history and compares with the model after every step."""
    warehouse, model = warehouse or Warehouse(), ModelWarehouse(CLUB)
    for number, step in enumerate(history.steps, 1):
        wanted = model.apply(step)
        done = warehouse.run(step)
        if done.returncode != wanted:
            raise AssertionError(f"step {number}: exit {done.returncode}, expected {wanted}\n{done.stderr}\n"
                                 f"{history.describe()}")
        if check or number == len(history.steps):
            compare(warehouse, model, history, f"after step {number}")
    return warehouse, model


def clear(history: History) -> bool:
    """False if the specification leaves this history's outcome open."""
    model = ModelWarehouse(CLUB)
    try:
        for step in history.steps:
            model.apply(step)
            expected_tables(model)
    except Ambiguous:
        return False
    return True


class Histories(unittest.TestCase):
    def each(self, first: int, check) -> None:  # type: ignore[no-untyped-def]
        with ThreadPoolExecutor(2) as pool:
            for outcome in pool.map(check, [s for s in seeds(first) if clear(make_history(s))]):
                outcome

    def test_every_run_equals_the_model(self) -> None:
        def check(seed: int) -> None:
            warehouse, _ = play(make_history(seed))
            warehouse.digests()
            warehouse.close()

        self.each(1000, check)

    def test_repeats_and_withdrawn_corrections_leave_no_trace(self) -> None:
        def check(seed: int) -> None:
            history = one_file_changed(make_history(seed), seed)
            if not clear(history):
                return
            warehouse, _ = play(history, check=False)
            before = warehouse.digests()
            last = replace(history.steps[-1], force=True)
            warehouse.run(last)
            self.assertEqual(before, warehouse.digests(), f"forced rerun, seed {seed}\n{history.describe()}")
            warehouse.close()

        self.each(2000, check)

    def test_order_of_dates_is_no_matter(self) -> None:
        def check(seed: int) -> None:
            dice = random.Random(seed)
            history = make_history(seed)
            # One run per date over one inbox: every order must end alike.
            files = history.steps[-1].files
            dates = sorted({date for step in history.steps for date in step.dates})
            states = []
            for _ in range(2):
                dice.shuffle(dates)
                steps = tuple(replace(history.steps[-1], command="run", start=d, end=d, files=files, force=False)
                              for d in dates)
                warehouse, _ = play(replace(history, steps=steps), check=False)
                states.append(warehouse.digests())
                warehouse.close()
            self.assertEqual(states[0], states[1], f"seed {seed}\n{history.describe()}")

        self.each(3000, check)

    def test_crashes_are_as_if_they_had_not_been(self) -> None:
        def check(seed: int) -> None:
            dice = random.Random(seed)
            history = make_history(seed)
            warehouse, model = Warehouse(), ModelWarehouse(CLUB)
            for step in history.steps:
                for _ in range(2):
                    done = warehouse.run(step, {"LYCEUM_CRASH_AT": str(dice.randint(1, 120))})
                    self.assertIn(done.returncode, (0, 2, -signal.SIGKILL), done.stderr)
                wanted = model.apply(step)
                done = warehouse.run(replace(step, force=False))
                if not step.force:
                    self.assertIn(done.returncode, (0, wanted), done.stderr)
            compare(warehouse, model, history, f"after crashes, seed {seed}")
            warehouse.digests()
            warehouse.close()

        self.each(4000, check)


if __name__ == "__main__":
    unittest.main()
