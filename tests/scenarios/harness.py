"""Runs the real program on small inboxes and asks what came of it."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("LYCEUM_BINARY", str(ROOT / "build" / "lyceum"))
PIPELINE = pathlib.Path(__file__).resolve().parent / "pipeline.yaml"
DATE = "2025-06-01"


class Case(unittest.TestCase):
    """A test with an inbox, a warehouse and the program. Checks the ledger after every test."""

    maxDiff = None
    spec = PIPELINE

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lyceum-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.inbox = self.folder / "inbox"
        self.inbox.mkdir()
        self.database = self.folder / "warehouse.duckdb"

    def tearDown(self):
        if self.database.exists():
            verified = self.lyceum("verify", "--target", self.target, "--output", "json")
            self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)

    @property
    def target(self):
        return f"duckdb:{self.database}"

    def deliver(self, name, content):
        """Writes a file below the inbox; text is written as UTF-8."""
        path = self.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def lyceum(self, *arguments, env=None, timeout=120):
        return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=timeout,
                              errors="replace", env={**os.environ, "NO_COLOR": "1", **(env or {})}, cwd=self.folder)

    def run_date(self, date=DATE, *more, expect=0, env=None):
        """Runs one batch date; returns (run record or None, stderr)."""
        done = self.lyceum("run", self.spec, "--date", date, "--input", self.inbox, "--target", self.target,
                           "--output", "json", *more, env=env)
        self.assertEqual(done.returncode, expect, done.stderr + done.stdout)
        return (json.loads(done.stdout) if done.stdout.strip() else None), done.stderr

    def query(self, sql):
        """Rows as lists of text, through JSON so that null and empty text differ."""
        done = self.lyceum("query", "--target", self.target, sql, "--output", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return [list(row.values()) for row in json.loads(done.stdout)]

    def sql(self, *statements):
        """Changes the warehouse behind the program's back, as another tool would."""
        import duckdb
        with duckdb.connect(str(self.database)) as connection:
            for statement in statements:
                connection.execute(statement)

    def quarantine(self, dataset, state="open"):
        """(file, line, reasons, raw text) of the dataset's records, in order."""
        rows = self.query("SELECT file, line, reasons, raw_text FROM lyceum.quarantine"
                          f" WHERE dataset = '{dataset}' AND state = '{state}' ORDER BY file, byte_offset, reasons")
        return [(file, int(line), json.loads(reasons), raw) for file, line, reasons, raw in rows]

    def digests(self):
        done = self.lyceum("verify", "--target", self.target, "--output", "json")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return {table["table"]: (table["rows"], table["digest"]) for table in json.loads(done.stdout)["tables"]}
