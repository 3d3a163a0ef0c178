"""Reading and judging one delivery of one dataset: types, rules, duplicates, `unique`, the ledger."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from deliveries import Record, SourceFile
from star import Column, Dataset, Fact, Pipeline, Row, Value

BLANKS = " \t"
INTEGER = re.compile(r"[+-]?[0-9]+")
DECIMAL = re.compile(r"[+-]?([0-9]+)(?:\.([0-9]+))?")
TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?"
)
DATE_FORMATS = {
    "yyyy-MM-dd": (re.compile(r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)")),
    "dd-MM-yyyy": (re.compile(r"(?P<d>\d\d)-(?P<m>\d\d)-(?P<y>\d{4})")),
}


class BadValue(Exception):
    """A value outside its type."""


def read_value(column: Column, cell: str, zone_minutes: int = 0) -> Value:
    """Types one cell; null for blanks. Raises BadValue."""
    text = cell.strip(BLANKS)
    if text == "":
        return None
    if column.kind == "text":
        return text
    if column.kind in ("integer", "bigint"):
        return read_integer(text, 31 if column.kind == "integer" else 63)
    if column.kind == "decimal":
        return read_decimal(text, column.precision, column.scale)
    if column.kind == "date":
        return read_date(text, column.formats)
    return read_timestamp(text, zone_minutes)


def read_integer(text: str, bits: int) -> int:
    if not INTEGER.fullmatch(text) or not -(2**bits) <= int(text) < 2**bits:
        raise BadValue
    return int(text)


def read_decimal(text: str, precision: int, scale: int) -> Decimal:
    match = DECIMAL.fullmatch(text)
    if not match:
        raise BadValue
    whole, fraction = match[1].lstrip("0"), match[2] or ""
    if len(fraction) > scale or len(whole) > precision - scale:
        raise BadValue
    return Decimal(text)


def read_date(text: str, formats: Iterable[str]) -> datetime.date:
    for name in formats:
        match = DATE_FORMATS[name].fullmatch(text)
        if match:
            try:
                return datetime.date(int(match["y"]), int(match["m"]), int(match["d"]))
            except ValueError:
                continue
    raise BadValue


def read_timestamp(text: str, zone_minutes: int) -> datetime.datetime:
    match = TIMESTAMP.fullmatch(text)
    if not match or (match[7] or "")[6:].strip("0"):
        raise BadValue
    micros = int((match[7] or "").ljust(6, "0")[:6])
    try:
        value = datetime.datetime(*(int(match[n]) for n in range(1, 7)), micros)  # type: ignore[arg-type]
        return value + zone_shift(match[8], zone_minutes)
    except (ValueError, OverflowError) as error:
        raise BadValue from error


def zone_shift(written: str | None, zone_minutes: int) -> datetime.timedelta:
    """What turns a written time into the pipeline's zone; nothing if no zone is written."""
    if written is None:
        return datetime.timedelta()
    minutes = 0
    if written != "Z":
        minutes = int(written[1:3]) * 60 + int(written[4:])
        minutes = -minutes if written[0] == "-" else minutes
    return datetime.timedelta(minutes=zone_minutes - minutes)


@dataclass(frozen=True)
class Quarantined:
    """A record that went to quarantine. `reasons` names, sorted, the column that each reason is
    about; "" where it is about the whole row or file."""

    file: str
    line: int
    raw: str
    kind: str
    reasons: tuple[str, ...]


@dataclass
class FileLedger:
    file: str
    read: int = 0
    loaded: int = 0
    duplicates: int = 0
    quarantined: int = 0


@dataclass
class Judged:
    """What one delivery of a dataset comes to."""

    accepted: list[Row] = field(default_factory=list)
    quarantine: list[Quarantined] = field(default_factory=list)
    ledger: list[FileLedger] = field(default_factory=list)
    unreadable: bool = False
    failed_rule: bool = False

    @property
    def read(self) -> int:
        return sum(line.read for line in self.ledger)

    @property
    def quarantined(self) -> int:
        return sum(line.quarantined for line in self.ledger)

    @property
    def loaded(self) -> int:
        return sum(line.loaded for line in self.ledger)


def judge(pipeline: Pipeline, dataset: Dataset, files: Iterable[SourceFile]) -> Judged:
    """Judges a delivery in the order of amendment 8."""
    judged = Judged()
    candidates: list[tuple[Row, Record, FileLedger]] = []
    for file in sorted(files, key=lambda f: (f.base_name.encode(), f.content_id)):
        ledger = FileLedger(file.base_name)
        judged.ledger.append(ledger)
        if file.broken:
            ledger.read = ledger.quarantined = 1
            judged.unreadable = True
            continue
        for record in file.records:
            ledger.read += 1
            row, reasons = judge_row(pipeline, dataset, file, record, judged)
            if reasons:
                reject(judged, ledger, record, reasons)
            else:
                candidates.append((row, record, ledger))
    winners = drop_duplicates(pipeline, dataset, candidates, judged)
    keep_unique(dataset, winners, judged)
    return judged


def reject(judged: Judged, ledger: FileLedger, record: Record, reasons: list[str]) -> None:
    ledger.quarantined += 1
    judged.quarantine.append(
        Quarantined(ledger.file, record.line, record.raw, "rejected", tuple(sorted(reasons)))
    )


def judge_row(
    pipeline: Pipeline, dataset: Dataset, file: SourceFile, record: Record, judged: Judged
) -> tuple[Row, list[str]]:
    """Returns the typed row, and the columns of all reasons against it."""
    if len(record.cells) != len(file.header):
        return {}, [""]
    row, bad = type_row(pipeline, dataset, file, record)
    reasons = list(bad)
    reasons += [c for c in required(pipeline, dataset) if row[c] is None and c not in bad]
    reasons += calendar_reasons(pipeline, dataset, row)
    for rule in dataset.rules:
        if any(column in bad for column in rule.columns) or rule.holds(row):
            continue
        if rule.severity == "fail":
            judged.failed_rule = True
        if rule.severity != "warn":
            reasons.append(rule.columns[0] if rule.columns else "")
    return row, reasons


def type_row(
    pipeline: Pipeline, dataset: Dataset, file: SourceFile, record: Record
) -> tuple[Row, list[str]]:
    cells = dict(zip((name.strip().lower() for name in file.header), record.cells))
    row: Row = {}
    bad = []
    for column in dataset.columns:
        names = [column.name, *column.aliases]
        cell = next((cells[name] for name in names if name in cells), "")
        try:
            row[column.name] = read_value(column, cell, pipeline.zone_minutes)
        except BadValue:
            row[column.name] = None
            bad.append(column.name)
    for derived in dataset.derived:
        row[derived.name] = derived.compute(row)
    return row, bad


def required(pipeline: Pipeline, dataset: Dataset) -> list[str]:
    """Identity, key and date columns are always not_null."""
    table = pipeline.feeds(dataset.name)
    columns = list(pipeline.identity(dataset.name))
    if isinstance(table, Fact) and table.date_column not in columns:
        columns.append(table.date_column)
    return columns


def calendar_reasons(pipeline: Pipeline, dataset: Dataset, row: Row) -> list[str]:
    table = pipeline.feeds(dataset.name)
    if not isinstance(table, Fact) or row[table.date_column] is None:
        return []
    inside = pipeline.first_day <= day_of(row[table.date_column]) <= pipeline.last_day
    return [] if inside else [table.date_column]


def day_of(value: Value) -> datetime.date:
    """The date of a date or timestamp."""
    assert isinstance(value, datetime.date)
    return value.date() if isinstance(value, datetime.datetime) else value


def drop_duplicates(
    pipeline: Pipeline,
    dataset: Dataset,
    candidates: list[tuple[Row, Record, FileLedger]],
    judged: Judged,
) -> list[tuple[Row, Record, FileLedger]]:
    """Keeps the first row of each identity; a loser that says something else becomes a conflict."""
    identity = pipeline.identity(dataset.name)
    winners: dict[tuple[Value, ...], tuple[Row, Record, FileLedger]] = {}
    for row, record, ledger in candidates:
        key = tuple(row[column] for column in identity)
        if key not in winners:
            winners[key] = (row, record, ledger)
            continue
        ledger.duplicates += 1
        if row != winners[key][0]:
            judged.quarantine.append(
                Quarantined(ledger.file, record.line, record.raw, "conflict", ())
            )
    return list(winners.values())


def keep_unique(
    dataset: Dataset, rows: list[tuple[Row, Record, FileLedger]], judged: Judged
) -> None:
    """Accepts the rows that pass `unique`: the first by rank of each value, and nulls."""
    seen: Counter[tuple[Value, ...]] = Counter()
    for row, record, ledger in rows:
        value = tuple(row[column] for column in dataset.unique)
        if value and None not in value:
            seen[value] += 1
            if seen[value] > 1:
                reject(judged, ledger, record, [dataset.unique[0]])
                continue
        ledger.loaded += 1
        judged.accepted.append(row)
