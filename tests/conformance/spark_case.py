"""Runs the same batch on the embedded engine and on a Spark server, and says in what the answers differ."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS))

from services.service import ServiceAbsent  # noqa: E402
from services.spark import SparkServer  # noqa: E402

ROOT = TESTS.parent
BINARY = os.environ.get("LYCEUM_BINARY", str(ROOT / "build" / "lyceum"))
EDTECH = ROOT / "pipelines" / "edtech.yaml"
DATE = "2025-06-01"
SHOWN = 12  # differences of one kind that a failure prints

# What may differ: who ran, when, where to, how long, and positions in bytes, which no cluster tells.
OWN = ("run_id", "lyceum_version", "target", "started_at", "seconds", "phases", "rows_per_second", "bytes_per_second",
       "directory", "engine", "byte_offset")
STATE_TABLES = {
    "files": "SELECT dataset, batch_date, file, base_name, content_id, bytes, rows_read, rows_loaded, rows_duplicate,"
             " rows_quarantined, empty_lines FROM lyceum.files",
    "quarantine": "SELECT record_id, dataset, batch_date, file, content_id, line, element, byte_length, raw_text,"
                  " stored_as, reasons, kind, state FROM lyceum.quarantine",
}

# Short statements cost less if Spark does not compile them. Users' clusters do, so that most tests do too.
INTERPRETED = {"spark_sql_codegen_wholeStage": "false", "spark_sql_codegen_factoryMode": "NO_CODEGEN"}

_server = None


def start_server(**settings):
    """The one server of a test program; without its software every test of it is NOT RUN."""
    global _server
    if url := os.environ.get("LYCEUM_SPARK_URL"):  # a server that runs already, to save its start
        _server = _Running(url)
        return
    server = SparkServer(**settings)
    try:
        server.start()
    except ServiceAbsent as absent:
        print(f"NOT RUN: {absent}", file=sys.stderr)
        raise unittest.SkipTest(f"NOT RUN: {absent}") from None
    _server = server


def stop_server():
    global _server
    if _server is not None:
        _server.stop()
        _server = None


def server():
    return _server


class _Running:
    def __init__(self, url):
        self.url = url
        self.port = int(re.search(r":(\d+)", url).group(1))

    def stop(self):
        pass


def without_own(value):
    """A run record without what every run has for itself."""
    if isinstance(value, dict):
        return {key: without_own(part) for key, part in value.items() if key not in OWN}
    return [without_own(part) for part in value] if isinstance(value, list) else value


def flat(value, path=""):
    """Every leaf of a JSON value under its path."""
    if isinstance(value, dict) and value:
        return {key: leaf for name, part in value.items() for key, leaf in flat(part, f"{path}.{name}").items()}
    if isinstance(value, list) and value:
        return {key: leaf for i, part in enumerate(value) for key, leaf in flat(part, f"{path}[{i}]").items()}
    return {path: value}


class Loader:
    """A warehouse of its own that one engine fills."""

    def __init__(self, folder, engine=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.engine = engine
        self.target = f"duckdb:{self.folder / 'warehouse.duckdb'}"

    def call(self, *arguments, env=None, timeout=600):
        return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=timeout,
                              errors="replace", cwd=self.folder, env={**os.environ, "NO_COLOR": "1", **(env or {})})

    def arguments(self, spec, date, inbox, *more):
        engine = ["--engine", self.engine] if self.engine else []
        return ["run", str(spec), "--date", date, "--input", str(inbox), "--target", self.target, "--output", "json",
                *engine, *more]

    def run(self, spec, date, inbox, *more, env=None):
        done = self.call(*self.arguments(spec, date, inbox, *more), env=env)
        done.record = None
        with contextlib.suppress(json.JSONDecodeError):
            done.record = json.loads(done.stdout)
        return done

    def query(self, sql):
        done = self.call("query", "--target", self.target, sql, "--output", "json")
        assert done.returncode == 0, f"{sql}: {done.stderr}"
        return json.loads(done.stdout)

    def has(self, table):
        return bool(self.query(f"SELECT 1 FROM information_schema.tables WHERE table_name = '{table}'"))

    def verify(self):
        done = self.call("verify", "--target", self.target, "--output", "json")
        assert done.returncode == 0, done.stdout + done.stderr
        return {table["table"]: (table["rows"], table["digest"]) for table in json.loads(done.stdout)["tables"]}

    def state(self):
        """Digests, ledger and quarantine; files of rejected records by their bytes."""
        state = {name: sorted(json.dumps(row, sort_keys=True) for row in self.query(sql))
                 for name, sql in STATE_TABLES.items()}
        state["digests"] = self.verify()
        state["long"] = sorted((path.name, path.read_bytes()) for path in self.folder.rglob("*.record"))
        return state


class Case(unittest.TestCase):
    """A test with an inbox and a loader for each engine."""

    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lyceum-spark-test-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.inbox = self.folder / "inbox"
        self.inbox.mkdir()
        self.embedded = Loader(self.folder / "embedded")
        self.spark = Loader(self.folder / "spark", server().url)

    def deliver(self, name, content):
        """Writes a file below the inbox; text is written as UTF-8."""
        path = self.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def write_spec(self, text):
        spec = self.folder / "spec.yaml"
        spec.write_text(text)
        return spec

    def load(self, spec, date=DATE, *more, expect=None, inbox=None):
        """Runs both engines; the run records must be equal. Returns the embedded engine's."""
        wanted = self.embedded.run(spec, date, inbox or self.inbox, *more)
        if expect is not None:
            self.assertEqual(wanted.returncode, expect, wanted.stderr)
        found = self.spark.run(spec, date, inbox or self.inbox, *more)
        if wanted.returncode != found.returncode or (wanted.record is None) != (found.record is None):
            left, right = (flat(without_own(done.record or {})) for done in (wanted, found))
            shared = [f"{path}: embedded {left[path]!r}, Spark {right[path]!r}" for path in left
                      if path in right and left[path] != right[path]]
            self.fail(f"embedded: exit {wanted.returncode}{self.end_of(wanted)}\nSpark: exit {found.returncode}"
                      f"{self.end_of(found)}\n{self.shown('run records', shared)}")
        if wanted.record is None:
            self.assertEqual(found.stderr, wanted.stderr)
            return None
        differences = [f"{path}: embedded {left!r}, Spark {right!r}" for path, left, right in
                       self.differing(flat(without_own(wanted.record)), flat(without_own(found.record)))]
        if differences:
            self.fail(self.shown("run records", differences) + "\n".join(self.state_differences()))
        return wanted.record

    @staticmethod
    def end_of(done):
        """What a run says at its end."""
        return "".join(f"\n  {line}" for line in done.stderr.splitlines()[-3:])

    @staticmethod
    def differing(wanted, found):
        return [(key, wanted.get(key, "-"), found.get(key, "-")) for key in sorted({*wanted, *found}, key=str)
                if wanted.get(key, "-") != found.get(key, "-")]

    @staticmethod
    def shown(what, lines):
        more = f"\n  and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
        return f"\n{what} differ:\n  " + "\n  ".join(lines[:SHOWN]) + more + "\n"

    def state_differences(self):
        """What differs between the warehouses, as text."""
        wanted, found = self.embedded.state(), self.spark.state()
        parts = []
        for name in STATE_TABLES:
            left, right = set(wanted[name]), set(found[name])
            lines = [f"embedded {row}" for row in sorted(left - right)]
            lines += [f"Spark    {row}" for row in sorted(right - left)]
            if lines:
                # Pairs stand together: records sort by file and line.
                lines.sort(key=lambda line: self.place_of(json.loads(line[9:])))
                parts.append(self.shown(name, [self.brief(line) for line in lines]))
            elif wanted[name] != found[name]:
                parts.append(f"\n{name}: the same rows in other numbers\n")
        if wanted["long"] != found["long"]:
            parts.append(f"\nlong records differ: {[name for name, _ in wanted['long']]}, "
                         f"{[name for name, _ in found['long']]}\n")
        tables = self.differing(wanted["digests"], found["digests"])
        for table, left, right in tables:
            if table not in STATE_TABLES:
                parts.append(f"\n{table}: embedded {left}, Spark {right}{self.row_differences(table)}")
            elif not parts:
                parts.append(f"\ndigest of {table}: embedded {left}, Spark {right}")
        return parts

    @staticmethod
    def brief(line):
        """A row without the hashes that follow from the rest."""
        row = {key: value for key, value in json.loads(line[9:]).items()
               if key not in ("record_id", "content_id", "batch_date", "stored_as", "base_name") and value is not None}
        return line[:9] + json.dumps({key: value[:200] if isinstance(value, str) else value for key, value in row.items()},
                                     ensure_ascii=False)

    @staticmethod
    def place_of(row):
        return str(row.get("file")), row.get("line") or 0, str(row.get("element")), str(row.get("kind"))

    def row_differences(self, table):
        """The values that differ, matched by the table's first columns."""
        if not (self.embedded.has(table) and self.spark.has(table)):
            return ""
        key = self.key_of(table)
        wanted, found = ({json.dumps([row[name] for name in key]): row for row in loader.query(f"SELECT * FROM {table}")}
                         for loader in (self.embedded, self.spark))
        lines = []
        for row in sorted({*wanted, *found}):
            if row not in wanted or row not in found:
                lines.append(f"{row}: only {'embedded' if row in wanted else 'Spark'}: {wanted.get(row) or found.get(row)}")
                continue
            lines += [f"{row} {column}: embedded {left!r}, Spark {right!r}{self.explain(table, column, wanted[row])}"
                      for column, left, right in self.differing(wanted[row], found[row])]
        return self.shown("rows", lines)

    def key_of(self, table):
        """Columns that tell the rows of a table apart, for messages only."""
        columns = self.embedded.query(f"SELECT * FROM {table} LIMIT 1")
        return list(columns[0])[:1] if columns else []

    def explain(self, _table, _column, _row):
        """More about a value that differs, by the tests that know it."""
        return ""

    def check(self, *_):
        """Both warehouses must be equal in all that may not differ."""
        differences = self.state_differences()
        if differences:
            self.fail("".join(differences))
