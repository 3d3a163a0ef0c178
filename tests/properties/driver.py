"""Runs histories on the real program and reads back everything that the model knows."""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
from collections import Counter
from decimal import Decimal

from deliveries import SourceFile, Step
from model import Table

HERE = pathlib.Path(__file__).resolve().parent
BINARY = os.environ.get("LYCEUM_BINARY", str(HERE.parent.parent / "build" / "lyceum"))
SPEC = HERE / "spec.yaml"

LEDGER_SQL = ("SELECT dataset, batch_date, base_name AS file, rows_read AS read, rows_loaded AS loaded,"
              " rows_duplicate AS duplicates, rows_quarantined AS quarantined FROM lyceum.files")
QUARANTINE_SQL = ("SELECT dataset, batch_date, regexp_replace(file, '.*/', '') AS file, line, raw_text AS raw,"
                  " kind, reasons FROM lyceum.quarantine WHERE state = 'open'")


class Warehouse:
    """One warehouse file and a fresh input folder per step."""

    def __init__(self) -> None:
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lyceum-property-"))
        self.database = self.folder / "w.duckdb"

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def target(self) -> str:
        return f"duckdb:{self.database}"

    def call(self, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=120,
                              env={**os.environ, "NO_COLOR": "1", **(env or {})})

    def deliver(self, files: tuple[SourceFile, ...]) -> str:
        inbox = self.folder / "inbox"
        shutil.rmtree(inbox, ignore_errors=True)
        inbox.mkdir()
        for file in files:
            path = inbox / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
        return str(inbox)

    def run(self, step: Step, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        inbox = self.deliver(step.files)
        command = [step.command, str(SPEC), "--input", inbox, "--target", self.target, "--threads", "1",
                   *step.arguments()]
        return self.call(*command, env=env)

    def rows(self, sql: str) -> list[dict[str, object]]:
        done = self.call("query", "--target", self.target, sql, "--output", "json")
        if done.returncode != 0:
            raise AssertionError(f"{sql}\n{done.stderr}")
        return json.loads(done.stdout)

    def digests(self) -> dict[str, tuple[int, str]]:
        done = self.call("verify", "--target", self.target, "--output", "json")
        if done.returncode != 0:
            raise AssertionError("verify failed\n" + done.stdout + done.stderr)
        return {t["table"]: (t["rows"], t["digest"]) for t in json.loads(done.stdout)["tables"]}

    def table(self, table: Table, known: set[str]) -> Counter[tuple[object, ...]]:
        """The rows that the warehouse holds for a table of the model, in the model's values."""
        if table.name == "ledger":
            sql = LEDGER_SQL
        elif table.name == "quarantine":
            sql = QUARANTINE_SQL
        else:
            schema = "lyceum" if table.name.startswith("waiting_") else "main"
            names = ", ".join(f'"{name}"' for name in table.columns)
            sql = f'SELECT {names} FROM {schema}.{table.name}'
            # Before the first publish there are no tables.
            if not self.rows("SELECT 1 AS found FROM lyceum.batches LIMIT 1"):
                return Counter()
        rows = self.rows(sql)
        return Counter(tuple(read(kind, row[name], known) for name, kind in zip(table.columns, table.kinds))
                       for row in rows)


def read(kind: str, value: object, known: set[str]) -> object:
    """Turns a JSON value into the model's."""
    if value is None:
        return None
    if kind == "date":
        return datetime.date.fromisoformat(str(value))
    if kind == "timestamp":
        return datetime.datetime.fromisoformat(str(value))
    if kind == "decimal":
        return Decimal(str(value))
    if kind == "double":
        return float(str(value))
    if kind == "raw":
        return unescape(str(value))
    if kind == "reasons":
        columns = [reason.split(":")[0].split(",")[0] for reason in json.loads(str(value))]
        return " ".join(sorted(c if c in known else "" for c in columns))
    return value


def unescape(text: str) -> str:
    out, i = bytearray(), 0
    data = text.encode()
    while i < len(data):
        if data[i:i + 2] == b"\\x":
            out.append(int(data[i + 2:i + 4], 16))
            i += 4
        elif data[i:i + 2] == b"\\\\":
            out += b"\\"
            i += 2
        else:
            out.append(data[i])
            i += 1
    return out.decode()
