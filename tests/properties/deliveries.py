"""What arrives: source files, and histories of runs over them, as plain data.

A file is kept as rows of cell texts plus the form it is written in, so that the model need not parse
anything and a failing history can be shrunk row by row.
"""

from __future__ import annotations

import datetime
import gzip
import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from functools import cached_property

Cells = tuple[str, ...]

JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")


@dataclass(frozen=True)
class Record:
    """One record of a file: its cells, its text without the line end, the line where it starts."""

    cells: Cells
    raw: str
    line: int


@dataclass(frozen=True)
class SourceFile:
    """One file below the input folder.

    `form` is csv, crlf (a CSV with CRLF ends), array or lines (JSON). A row whose length differs from
    the header's is malformed: ragged in a CSV, an array element that is no object in JSON. An empty
    row is an empty line of a CSV and no record. `broken` ends the file in the middle of a record.
    """

    path: str
    form: str
    header: Cells
    rows: tuple[Cells, ...]
    broken: bool = False

    @property
    def base_name(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    @cached_property
    def written(self) -> tuple[str, tuple[Record, ...]]:
        if self.form in ("csv", "crlf"):
            return write_csv(self)
        return write_json(self)

    @property
    def records(self) -> tuple[Record, ...]:
        return self.written[1]

    @cached_property
    def content(self) -> bytes:
        data = self.written[0].encode()
        return gzip.compress(data, mtime=0) if self.path.endswith(".gz") else data

    @cached_property
    def content_id(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def identity(self) -> tuple[str, str]:
        """What says that two files are the same delivery."""
        return self.base_name, self.content_id


def quote_cell(cell: str) -> str:
    """Quotes what must be quoted, and some cells that need not be."""
    if any(character in cell for character in ',"\r\n') or len(cell) % 5 == 4:
        return '"' + cell.replace('"', '""') + '"'
    return cell


def write_csv(file: SourceFile) -> tuple[str, tuple[Record, ...]]:
    end = "\r\n" if file.form == "crlf" else "\n"
    text = ",".join(quote_cell(name) for name in file.header) + end
    records = []
    for cells in file.rows:
        raw = ",".join(quote_cell(cell) for cell in cells)
        if cells:
            records.append(Record(cells, raw, text.count("\n") + 1))
        text += raw + end
    if file.broken:
        text += '1,"never closed'
    return text, tuple(records)


def write_json(file: SourceFile) -> tuple[str, tuple[Record, ...]]:
    array = file.form == "array"
    text = "[\n" if array else ""
    records: list[Record] = []
    for cells in file.rows:
        if records:
            text += ",\n" if array else "\n"
        raw = json_record(file.header, cells, len(records))
        records.append(Record(cells, raw, text.count("\n") + 1))
        text += raw
    if array and not file.broken:
        text += "\n]"
    if file.broken:
        text += ',{"never' if array else '\n{"never'
    return text + "\n", tuple(records)


def json_record(header: Cells, cells: Cells, index: int) -> str:
    if len(cells) != len(header):
        return json.dumps(" ".join(cells), ensure_ascii=False)
    pairs = []
    for column, (name, cell) in enumerate(zip(header, cells)):
        if cell == "" and (index + column) % 3 == 0:
            continue  # an absent key is null
        pairs.append(json.dumps(name) + ": " + json_value(cell, (index + column) % 2 == 0))
    return "{" + ", ".join(pairs) + "}"


def json_value(cell: str, bare: bool) -> str:
    if cell == "" and bare:
        return "null"
    if bare and JSON_NUMBER.fullmatch(cell):
        return cell
    return json.dumps(cell, ensure_ascii=False)


@dataclass(frozen=True)
class Step:
    """One command: `run` of one date (start = end) or `backfill` of a range, over the files of a
    fresh input folder."""

    command: str
    start: datetime.date
    end: datetime.date
    files: tuple[SourceFile, ...]
    force: bool = False

    @property
    def dates(self) -> list[datetime.date]:
        days = (self.end - self.start).days + 1
        return [self.start + datetime.timedelta(days=n) for n in range(days)]

    def arguments(self) -> list[str]:
        if self.command == "run":
            dates = ["--date", self.start.isoformat()]
        else:
            dates = ["--start-date", self.start.isoformat(), "--end-date", self.end.isoformat()]
        return [*dates, *(["--force"] if self.force else [])]


@dataclass(frozen=True)
class History:
    """A pipeline's name (see specs.py) and the steps that are run on an empty warehouse."""

    pipeline: str
    steps: tuple[Step, ...]
    seed: int | None = None

    def describe(self) -> str:
        """Prints the history so that a person can replay it."""
        lines = [f"pipeline {self.pipeline}, seed {self.seed}"]
        for number, step in enumerate(self.steps, 1):
            lines.append(f"step {number}: {step.command} {' '.join(step.arguments())}")
            for file in step.files:
                lines.append(f"  file {file.path}")
                text = file.written[0]
                lines += ["    | " + line for line in text.split("\n")[:-1]]
        return "\n".join(lines)


def smaller(history: History) -> list[History]:
    """Lists histories that are one piece smaller, coarse pieces first."""
    steps = history.steps
    found = [steps[:i] + steps[i + 1 :] for i in range(len(steps))]
    for i, step in enumerate(steps):
        found += [steps[:i] + (s,) + steps[i + 1 :] for s in smaller_steps(step)]
    return [replace(history, steps=s) for s in found]


def smaller_steps(step: Step) -> list[Step]:
    files = step.files
    found = [files[:i] + files[i + 1 :] for i in range(len(files))]
    for i, file in enumerate(files):
        rows = [file.rows[:n] + file.rows[n + 1 :] for n in range(len(file.rows))]
        found += [files[:i] + (replace(file, rows=r),) + files[i + 1 :] for r in rows]
    simpler = [replace(step, force=False)] if step.force else []
    return simpler + [replace(step, files=f) for f in found]
