"""A pipeline as the model sees it: plain data, with rules and expressions as Python functions."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

Value = int | str | Decimal | datetime.date | datetime.datetime | None
Row = dict[str, Value]


@dataclass(frozen=True)
class Column:
    """A column of the files. `kind` is a type of the spec without its parameters."""

    name: str
    kind: str
    precision: int = 0
    scale: int = 0
    as_double: bool = False
    formats: tuple[str, ...] = ("yyyy-MM-dd",)
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Derived:
    name: str
    kind: str
    compute: Callable[[Row], Value]


@dataclass(frozen=True)
class Rule:
    """`holds` says whether a typed row passes; `columns` are those whose rule it is."""

    columns: tuple[str, ...]
    holds: Callable[[Row], bool]
    severity: str = "quarantine"


def not_null(column: str) -> Rule:
    return Rule((column,), lambda row: row[column] is not None)


def passes_null(column: str, test: Callable[..., bool], severity: str = "quarantine") -> Rule:
    """A rule of one column that null passes, as all rules but not_null do."""
    return Rule((column,), lambda row: row[column] is None or test(row[column]), severity)


def in_range(column: str, low: object = None, high: object = None, severity: str = "quarantine") -> Rule:
    def test(value: object) -> bool:
        return (low is None or value >= low) and (high is None or value <= high)  # type: ignore[operator]

    return passes_null(column, test, severity)


def accepted(column: str, *values: Value) -> Rule:
    return passes_null(column, lambda value: value in values)


def matches(column: str, pattern: str, severity: str = "quarantine") -> Rule:
    return passes_null(column, lambda value: re.fullmatch(pattern, value) is not None, severity)


def shorter(column: str, most: int) -> Rule:
    return passes_null(column, lambda value: len(value) <= most)


@dataclass(frozen=True)
class Dataset:
    """`files` are regular expressions of paths with the group `date` if the batch date stands there."""

    name: str
    files: tuple[str, ...]
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...] = ()
    unique: tuple[str, ...] = ()
    derived: tuple[Derived, ...] = ()
    fail_above_percent: int | None = None

    @property
    def dated(self) -> bool:
        return "?P<date>" in self.files[0]

    @property
    def column_kinds(self) -> list[tuple[str, str]]:
        """Names and kinds of what a judged row holds, as the warehouse stores it."""
        kinds = [(c.name, "double" if c.as_double else c.kind) for c in self.columns]
        return kinds + [(d.name, d.kind) for d in self.derived]


@dataclass(frozen=True)
class Reference:
    dimension: str
    columns: tuple[str, ...]
    surrogate_key: str
    unknown: str = "infer"


@dataclass(frozen=True)
class Dimension:
    """Fed by `dataset`, or made from the keys that the facts `members_from` use."""

    name: str
    key: tuple[str, ...]
    surrogate_key: str
    dataset: str = ""
    members_from: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True)
class Fact:
    name: str
    dataset: str
    identity: tuple[str, ...]
    event_key: str
    date_column: str
    references: tuple[Reference, ...]


@dataclass(frozen=True)
class Measure:
    name: str
    kind: str
    fact: str
    column: str = ""
    where: Callable[[Row], bool] = lambda row: True


@dataclass(frozen=True)
class Mart:
    name: str
    group_by: tuple[str, ...]
    measures: tuple[Measure, ...]


@dataclass(frozen=True)
class Pipeline:
    """`path` is the spec file; `replace` lists texts to replace in it (old, new)."""

    name: str
    path: str
    datasets: tuple[Dataset, ...]
    dimensions: tuple[Dimension, ...]
    facts: tuple[Fact, ...]
    marts: tuple[Mart, ...]
    first_day: datetime.date
    last_day: datetime.date
    calendar: str
    zone_minutes: int = 0
    edits: tuple[tuple[str, str], ...] = ()

    def dataset(self, name: str) -> Dataset:
        return next(d for d in self.datasets if d.name == name)

    def dimension(self, name: str) -> Dimension:
        return next(d for d in self.dimensions if d.name == name)

    def feeds(self, dataset: str) -> Fact | Dimension:
        """The one table that a dataset feeds."""
        tables: list[Fact | Dimension] = [*self.facts, *self.dimensions]
        return next(t for t in tables if t.dataset == dataset)

    def identity(self, dataset: str) -> tuple[str, ...]:
        table = self.feeds(dataset)
        return table.identity if isinstance(table, Fact) else table.key

    def kind_of(self, fact: Fact, column: str) -> str:
        """The warehouse's kind of a column of a fact."""
        kinds = dict(self.dataset(fact.dataset).column_kinds)
        kinds |= {"date_key": "date", "batch_date": "date"}
        return kinds.get(column, "text")
