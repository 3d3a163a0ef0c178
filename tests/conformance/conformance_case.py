"""A conformance test runs on every warehouse: one class per test group, one subclass per warehouse."""
import csv
import functools
import io
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import targets

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("LYCEUM_BINARY", str(ROOT / "build" / "lyceum"))
EDTECH = ROOT / "pipelines" / "edtech.yaml"
READINGS = ROOT / "tests" / "scenarios" / "pipeline.yaml"
DATES = ("2025-06-01", "2025-06-02", "2025-06-03")
BI_QUERIES = (
    "SELECT student_name, AVG(quiz_score) FROM fact_quiz JOIN dim_student USING(student_id) GROUP BY student_name",
    "SELECT course_name, date_key, COUNT(*) FROM fact_student_engagement JOIN dim_course USING(course_id) WHERE "
    "event_type = 'login' GROUP BY course_name, date_key",
)


def call(*arguments, env=None, cwd=None, timeout=180):
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=timeout, cwd=cwd,
                          errors="replace", env={**os.environ, "NO_COLOR": "1", **(env or {})})


@functools.lru_cache
def generated():
    """An inbox of three dirty days, made once."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="lyceum-conformance-"))
    done = call("generate", "--rows", 600, "--days", 3, "--seed", 11, "--dirty", 12, "--out", folder / "inbox")
    assert done.returncode == 0, done.stderr
    unittest.addModuleCleanup(shutil.rmtree, folder, True)
    return folder / "inbox"


class Target:
    """A fresh warehouse of one kind, and the program on it."""

    def __init__(self, kind):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lyceum-conformance-"))
        self.warehouse = kind(self.folder)
        self.inbox = self.folder / "inbox"
        self.inbox.mkdir()

    def close(self):
        self.warehouse.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, *arguments, env=None):
        return call(*arguments, "--target", self.warehouse.url, cwd=self.folder,
                    env={**self.warehouse.environment, **(env or {})})

    def arguments(self, command, spec, inbox, *more):
        """A command line for a process of its own."""
        return [BINARY, command, str(spec), "--input", str(inbox), "--target", self.warehouse.url, *more]

    def run(self, date, *more, spec=EDTECH, inbox=None, env=None):
        return self.call("run", spec, "--date", date, "--input", inbox or self.inbox, *more, env=env)

    def digests(self):
        done = self.call("verify", "--output", "json")
        assert done.returncode == 0, done.stdout + done.stderr
        return {table["table"]: (table["rows"], table["digest"]) for table in json.loads(done.stdout)["tables"]}

    def create_table(self, name):
        """A table of somebody else, in the schema of the star."""
        self.warehouse.create_table(name)

    def rows(self, sql):
        done = self.call("query", sql, "--output", "csv")
        assert done.returncode == 0, done.stderr
        return list(csv.reader(io.StringIO(done.stdout)))[1:]

    def quarantine(self):
        done = self.call("quarantine", "list", "--output", "json")
        assert done.returncode == 0, done.stderr
        records = json.loads(done.stdout)["records"]
        return sorted(json.dumps({key: value for key, value in record.items() if key != "run_id"}, sort_keys=True)
                      for record in records)


class Case(unittest.TestCase):
    """`kind` is set by the subclasses that `on_every_warehouse` makes."""

    maxDiff = None
    kind = None

    def setUp(self):
        self.target = self.make()

    def make(self, kind=None):
        target = Target(kind or self.kind)
        self.addCleanup(target.close)
        return target

    def tearDown(self):
        # Every statement of a test passed the double; what a test provokes, it takes out itself.
        refusals = getattr(self.target.warehouse, "refusals", [])
        if refusals:
            last = next(i for i, (_, sql) in enumerate(self.target.warehouse.statements) if sql == refusals[0][1])
            shown = self.target.warehouse.statements[max(0, last - 30):last + 1]
            self.fail(f"refused: {refusals}\nafter\n" + "\n".join(f"{n}: {sql[:200]}" for n, sql in shown))

    def well(self, done, code=0):
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done


def on_every_warehouse(module):
    """Class decorator: puts Test<Warehouse><Group> for each warehouse into the test's module."""
    def make(group):
        for kind in targets.ALL:
            name = f"Test{kind.__name__}{group.__name__}"
            module[name] = type(name, (group,), {"kind": kind, "__module__": group.__module__})
        return None
    return make
