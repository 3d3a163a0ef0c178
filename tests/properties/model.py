"""An independent model of what Lyceum promises.

`ModelWarehouse` turns a history of runs into the current content of each (dataset, batch date) and
an exit code per run. `expected_tables` is a pure function from that content to every row that the
warehouse must hold. Neither knows how the program does it. Where the specification leaves an outcome
open, `Ambiguous` is raised, and histories that come there are not used.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from deliveries import SourceFile, Step
from judge import Judged, Quarantined, day_of, judge
from star import Dataset, Dimension, Fact, Mart, Measure, Pipeline, Reference, Row, Value

Content = frozenset[SourceFile]
Place = tuple[str, datetime.date]

EXIT_OK = 0
EXIT_GATE = 2


class Ambiguous(Exception):
    """The specification does not say what happens here."""


# ---- keys


def encode_value(value: Value) -> str:
    """Encodes one key column: type letter, byte length, canonical text."""
    if value is None:
        return "n;"
    if isinstance(value, datetime.datetime):
        letter, text = "s", value.strftime("%Y-%m-%dT%H:%M:%S.%f")
    elif isinstance(value, datetime.date):
        letter, text = "d", value.isoformat()
    elif isinstance(value, int):
        letter, text = "i", str(value)
    elif isinstance(value, Decimal):
        letter, text = "m", decimal_text(value)
    else:
        letter, text = "t", value
    return f"{letter}{len(text.encode())}:{text};"


def decimal_text(value: Decimal) -> str:
    """Writes a decimal without trailing zeros: 1.50 is 1.5, -0.0 is 0."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "+0") else text


def hash_key(values: Iterable[Value]) -> str:
    return hashlib.sha256("".join(encode_value(v) for v in values).encode()).hexdigest()


def reference_key(reference: Reference, row: Row) -> tuple[Value, ...] | None:
    """The member that a row names, or None if a column of the reference is null."""
    key = tuple(row[column] for column in reference.columns)
    return None if None in key else key


# ---- deliveries: what is published


def matching_date(dataset: Dataset, path: str) -> tuple[bool, datetime.date | None]:
    """Says whether a path belongs to a dataset, and the date in it."""
    for pattern in dataset.files:
        match = re.fullmatch(pattern, path)
        if match and not dataset.dated:
            return True, None
        if match:
            return True, datetime.datetime.strptime(match["date"].replace("-", ""), "%Y%m%d").date()
    return False, None


def delivered(dataset: Dataset, files: Iterable[SourceFile], date: datetime.date) -> Content:
    """The files of a dataset for one date; an identical second one of the same name counts once."""
    found: dict[tuple[str, str], SourceFile] = {}
    for file in sorted(files, key=lambda f: f.path):
        matches, in_name = matching_date(dataset, file.path)
        if matches and in_name in (None, date):
            found.setdefault(file.identity, file)
    return frozenset(found.values())


def identities(content: Content) -> frozenset[tuple[str, str]]:
    return frozenset(file.identity for file in content)


def has_rows(file: SourceFile) -> bool:
    return file.broken or bool(file.records)


def removal_closes_gate(old: Content, new: Content) -> bool:
    """Amendment 4: a file that had rows is gone without a rename, or holds only its header now."""
    old_names = [file.base_name for file in old]
    if len(set(old_names)) < len(old_names) and identities(new) != identities(old):
        raise Ambiguous("files of one base name: which of them is gone?")
    new_by_name = {file.base_name: file for file in new}
    new_ids = {file.content_id for file in new}
    closes = False
    for file in old:
        if not has_rows(file):
            continue
        successor = new_by_name.get(file.base_name)
        if successor is not None and has_rows(successor):
            continue
        if successor is not None and file.content_id in new_ids:
            raise Ambiguous("renamed, and a header-only file has the old name")
        if successor is not None or file.content_id not in new_ids:
            closes = True
    return closes


def content_gate(dataset: Dataset, judged: Judged) -> bool:
    """Says whether a judged delivery closes the gate of its date."""
    if judged.unreadable or judged.failed_rule:
        return True
    if judged.read > 0 and judged.loaded == 0:
        return True
    limit = dataset.fail_above_percent
    return limit is not None and judged.quarantined * 100 > limit * judged.read


@dataclass
class Delivery:
    """What a run found for one dataset."""

    dataset: Dataset
    content: Content
    judged: Judged
    closes: bool
    # An undated content that another date has already is not read again.
    known: bool


@dataclass
class ModelWarehouse:
    pipeline: Pipeline
    current: dict[Place, Content] = field(default_factory=dict)
    # Rejected rows of the last run of a date if its gate was closed; None: not known exactly.
    unpublished: dict[datetime.date, list[tuple[str, Quarantined]] | None] = field(
        default_factory=dict
    )

    def copy(self) -> ModelWarehouse:
        return ModelWarehouse(self.pipeline, dict(self.current), dict(self.unpublished))

    def apply(self, step: Step) -> int:
        """Runs a step and returns the exit code; a backfill exits with its worst."""
        return max(self.run(date, step.files, step.force) for date in step.dates)

    def run(self, date: datetime.date, files: Iterable[SourceFile], force: bool = False) -> int:
        """Publishes one date, or closes its gate and publishes nothing of it."""
        self.unpublished.pop(date, None)
        found = [d for d in (self.inspect(s, date, files, force) for s in self.pipeline.datasets) if d]
        if any(delivery.closes for delivery in found):
            self.unpublished[date] = unpublished_rows(found, force)
            return EXIT_GATE
        for delivery in found:
            self.current[delivery.dataset.name, date] = delivery.content
        return EXIT_OK

    def inspect(
        self, dataset: Dataset, date: datetime.date, files: Iterable[SourceFile], force: bool
    ) -> Delivery | None:
        """Judges what a run delivers for a dataset; None if it is missing, empty or skipped."""
        new = delivered(dataset, files, date)
        old = self.current.get((dataset.name, date), frozenset())
        if not new:
            return None
        if not any(has_rows(file) for file in new):
            gone = {f.base_name for f in old if has_rows(f)} - {f.base_name for f in new}
            if gone:
                raise Ambiguous("all files hold only a header, and another is gone")
            return None
        if identities(new) == identities(old) and not force:
            return None
        judged = judge(self.pipeline, dataset, new)
        closes = removal_closes_gate(old, new) or content_gate(dataset, judged)
        return Delivery(dataset, new, judged, closes, self.is_known(dataset, new))

    def is_known(self, dataset: Dataset, content: Content) -> bool:
        others = (c for (name, _), c in self.current.items() if name == dataset.name)
        return not dataset.dated and any(identities(c) == identities(content) for c in others)


def unpublished_rows(found: list[Delivery], force: bool) -> list[tuple[str, Quarantined]] | None:
    """The rejected rows of a run behind a closed gate, where they are clear."""
    if any(d.judged.unreadable or d.judged.failed_rule or (d.known and force) for d in found):
        return None
    return [
        (d.dataset.name, record)
        for d in found
        if not d.known
        for record in d.judged.quarantine
        if record.kind == "rejected"
    ]


# ---- tables: a function of the current content


@dataclass(frozen=True)
class Table:
    """Rows of one table as a multiset, with column names and kinds in the order of its rows."""

    name: str
    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    rows: Counter[tuple[Value | bool | float, ...]]


@dataclass(frozen=True)
class FactRow:
    values: Row
    batch_date: datetime.date


LEDGER_COLUMNS = ("dataset", "batch_date", "file", "read", "loaded", "duplicates", "quarantined")
QUARANTINE_COLUMNS = ("dataset", "batch_date", "file", "line", "raw", "kind", "reasons")


class ContentTables:
    """Computes all tables from the current content."""

    def __init__(self, pipeline: Pipeline, current: dict[Place, Content]) -> None:
        self.pipeline = pipeline
        self.current = current
        self._judged: dict[tuple[str, Content], Judged] = {}
        self.members = {d.name: self.delivered_members(d) for d in pipeline.dimensions}
        self.facts: dict[str, list[FactRow]] = {}
        self.waiting: dict[str, list[tuple[FactRow, str]]] = {}
        for fact in pipeline.facts:
            self.facts[fact.name], self.waiting[fact.name] = self.place_rows(fact)

    def judged(self, dataset: str, content: Content) -> Judged:
        key = (dataset, content)
        if key not in self._judged:
            self._judged[key] = judge(self.pipeline, self.pipeline.dataset(dataset), content)
        return self._judged[key]

    def contents(self, dataset: str) -> list[tuple[datetime.date, Content]]:
        """Dates and contents of a dataset, oldest first."""
        found = [(place[1], content) for place, content in self.current.items() if place[0] == dataset]
        return sorted(found, key=lambda item: item[0])

    def delivered_members(self, dimension: Dimension) -> dict[tuple[Value, ...], Row]:
        """Real members: attributes of the greatest date whose current content has the member."""
        members: dict[tuple[Value, ...], Row] = {}
        for _, content in self.contents(dimension.dataset) if dimension.dataset else []:
            for row in self.judged(dimension.dataset, content).accepted:
                members[tuple(row[column] for column in dimension.key)] = row
        return members

    def place_rows(self, fact: Fact) -> tuple[list[FactRow], list[tuple[FactRow, str]]]:
        """Splits a fact's accepted rows into those in the fact and those that wait, with reasons."""
        placed: list[FactRow] = []
        waiting: list[tuple[FactRow, str]] = []
        taken: set[tuple[Value, ...]] = set()
        for date, content in self.contents(fact.dataset):
            for values in self.judged(fact.dataset, content).accepted:
                row = FactRow(values, date)
                event = tuple(values[column] for column in fact.identity)
                if not self.references_known(fact, values):
                    waiting.append((row, "unknown_member"))
                elif event in taken:
                    waiting.append((row, "overlap"))
                else:
                    taken.add(event)
                    placed.append(row)
        return placed, waiting

    def references_known(self, fact: Fact, values: Row) -> bool:
        for reference in fact.references:
            key = reference_key(reference, values)
            if reference.unknown == "hold" and key and key not in self.members[reference.dimension]:
                return False
        return True

    def used_keys(self, dimension: Dimension) -> set[tuple[Value, ...]]:
        """The keys of a dimension that rows of facts and of real members use."""
        used = set()
        for fact in self.pipeline.facts:
            if dimension.members_from and fact.name not in dimension.members_from:
                continue
            for reference in fact.references:
                if reference.dimension == dimension.name:
                    used |= {reference_key(reference, row.values) for row in self.facts[fact.name]}
        for other in self.pipeline.dimensions:
            for reference in other.references:
                if reference.dimension == dimension.name:
                    used |= {reference_key(reference, row) for row in self.members[other.name].values()}
        return {key for key in used if key is not None}

    def tables(self) -> list[Table]:
        found = [self.dimension_table(d) for d in self.pipeline.dimensions]
        for fact in self.pipeline.facts:
            found += [self.fact_table(fact), self.waiting_table(fact)]
        found += [self.mart_table(mart) for mart in self.pipeline.marts]
        return [*found, self.ledger_table(), self.quarantine_table()]

    def dimension_table(self, dimension: Dimension) -> Table:
        columns = self.dimension_columns(dimension)
        real = self.members[dimension.name]
        rows = [member_row(columns, dimension, row, False, key) for key, row in real.items()]
        for key in self.used_keys(dimension) - set(real):
            row = dict.fromkeys((name for name, _ in columns), None) | dict(zip(dimension.key, key))
            rows.append(member_row(columns, dimension, row, True, key))
        return make_table(dimension.name, columns, rows)

    def dimension_columns(self, dimension: Dimension) -> list[tuple[str, str]]:
        if dimension.dataset:
            columns = list(self.pipeline.dataset(dimension.dataset).column_kinds)
            columns += [(r.surrogate_key, "text") for r in dimension.references]
            return [*columns, (dimension.surrogate_key, "text"), ("is_inferred", "boolean")]
        fact = next(f for f in self.pipeline.facts if f.name == dimension.members_from[0])
        source = next(r for r in fact.references if r.dimension == dimension.name)
        kinds = [self.pipeline.kind_of(fact, column) for column in source.columns]
        return [*zip(dimension.key, kinds), (dimension.surrogate_key, "text")]

    def fact_columns(self, fact: Fact) -> list[tuple[str, str]]:
        columns = list(self.pipeline.dataset(fact.dataset).column_kinds)
        columns += [("date_key", "date"), ("batch_date", "date"), (fact.event_key, "text")]
        return columns + [(r.surrogate_key, "text") for r in fact.references]

    def fact_table(self, fact: Fact) -> Table:
        columns = self.fact_columns(fact)
        rows = [pick(columns, fact_values(fact, row)) for row in self.facts[fact.name]]
        return make_table(fact.name, columns, rows)

    def waiting_table(self, fact: Fact) -> Table:
        columns = [*self.fact_columns(fact), ("reason", "text")]
        rows = [
            pick(columns, fact_values(fact, row) | {"reason": reason})
            for row, reason in self.waiting[fact.name]
        ]
        return make_table(f"waiting_{fact.name}", columns, rows)

    def mart_table(self, mart: Mart) -> Table:
        facts = {f.name: f for f in self.pipeline.facts}
        sources = {measure.fact: facts[measure.fact] for measure in mart.measures}
        groups: dict[tuple[Value, ...], dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
        for name, fact in sources.items():
            for row in self.facts[name]:
                values = fact_values(fact, row)
                groups[tuple(values[column] for column in mart.group_by)][name].append(values)
        kinds = [(c, self.pipeline.kind_of(next(iter(sources.values())), c)) for c in mart.group_by]
        kinds += [(m.name, "decimal" if m.kind == "average" else "bigint") for m in mart.measures]
        rows = [
            (*group, *(measured(measure, rows[measure.fact]) for measure in mart.measures))
            for group, rows in groups.items()
        ]
        return make_table(mart.name, kinds, rows)

    def records(self) -> list[tuple[str, datetime.date | None, Judged]]:
        """Judged deliveries: per date, but undated ones once per content, without a date."""
        found: list[tuple[str, datetime.date | None, Judged]] = []
        for dataset in self.pipeline.datasets:
            contents = self.contents(dataset.name)
            if dataset.dated:
                found += [(dataset.name, date, self.judged(dataset.name, c)) for date, c in contents]
            else:
                once = {identities(c): c for _, c in contents}
                found += [(dataset.name, None, self.judged(dataset.name, c)) for c in once.values()]
        return found

    def ledger_table(self) -> Table:
        kinds = ("text", "date", "text", "bigint", "bigint", "bigint", "bigint")
        rows = [
            (name, date, line.file, line.read, line.loaded, line.duplicates, line.quarantined)
            for name, date, judged in self.records()
            for line in judged.ledger
        ]
        return make_table("ledger", list(zip(LEDGER_COLUMNS, kinds)), rows)

    def quarantine_table(self) -> Table:
        kinds = ("text", "date", "text", "bigint", "raw", "text", "reasons")
        rows = [
            (name, date, *quarantine_row(record))
            for name, date, judged in self.records()
            for record in judged.quarantine
        ]
        return make_table("quarantine", list(zip(QUARANTINE_COLUMNS, kinds)), rows)


def quarantine_row(record: Quarantined) -> tuple[Value, ...]:
    return record.file, record.line, record.raw, record.kind, " ".join(record.reasons)


def make_table(name: str, columns: list[tuple[str, str]], rows: Iterable[tuple]) -> Table:  # type: ignore[type-arg]
    names, kinds = zip(*columns)
    return Table(name, names, kinds, Counter(rows))


def pick(columns: list[tuple[str, str]], values: Row) -> tuple[Value | float, ...]:
    """Takes the columns of a row in order; a decimal that is stored as double becomes one."""
    return tuple(stored(kind, values[name]) for name, kind in columns)


def stored(kind: str, value: Value) -> Value | float:
    return float(value) if kind == "double" and isinstance(value, Decimal) else value


def member_row(
    columns: list[tuple[str, str]],
    dimension: Dimension,
    row: Row,
    inferred: bool,
    key: tuple[Value, ...],
) -> tuple[Value | float, ...]:
    values: Row = dict(row)
    values[dimension.surrogate_key] = hash_key(key)
    values["is_inferred"] = inferred
    for reference in dimension.references:
        target = reference_key(reference, values)
        values[reference.surrogate_key] = hash_key(target) if target else None
    return pick(columns, values)


def fact_values(fact: Fact, row: FactRow) -> Row:
    """All columns of a fact row; decimals that are stored as double are still decimals."""
    values: Row = dict(row.values)
    values["date_key"] = day_of(values[fact.date_column])
    values["batch_date"] = row.batch_date
    values[fact.event_key] = hash_key(values[column] for column in fact.identity)
    for reference in fact.references:
        key = reference_key(reference, values)
        values[reference.surrogate_key] = hash_key(key) if key else None
    return values


def measured(measure: Measure, rows: list[Row]) -> Value:
    counted = [row for row in rows if measure.where(row)]
    if measure.kind == "count":
        return len(counted)
    numbers = [Fraction(row[measure.column]) for row in counted if row[measure.column] is not None]  # type: ignore[arg-type]
    if measure.kind == "sum":
        return int(sum(numbers))
    return round_half_away(sum(numbers, Fraction()) / len(numbers)) if numbers else None


def round_half_away(value: Fraction) -> Decimal:
    """Rounds to four places, halves away from zero."""
    units = int(abs(value) * 10_000 + Fraction(1, 2))
    return Decimal(-units if value < 0 else units).scaleb(-4)


def expected_tables(warehouse: ModelWarehouse) -> list[Table]:
    """Everything that the warehouse must hold, table by table."""
    found = ContentTables(warehouse.pipeline, warehouse.current).tables()
    return [*found, unpublished_table(warehouse)]


def unpublished_table(warehouse: ModelWarehouse) -> Table:
    """Rejected rows of closed gates. A row of `None` says that a date's rows are not known."""
    kinds = [("date", "date"), ("dataset", "text"), ("file", "text"), ("line", "bigint"), ("raw", "raw")]
    rows: list[tuple[Value, ...]] = []
    for date, records in warehouse.unpublished.items():
        if records is None:
            rows.append((date, None, None, None, None))
            continue
        rows += [(date, name, record.file, record.line, record.raw) for name, record in records]
    return make_table("unpublished", kinds, rows)
