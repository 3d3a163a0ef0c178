"""The script of `sql --engine spark`: spark-sql runs it, and every warehouse takes up what it wrote."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import conformance_case
import targets
from conformance_case import DATES, EDTECH, call, generated
from services import spark
from services.service import ServiceAbsent

_results = None


def setUpModule():
    """Runs the script of one dirty day; its start of a JVM and its run cost most of this test."""
    global _results
    try:
        home = spark._home()
    except ServiceAbsent as absent:
        print(f"NOT RUN: {absent}", file=sys.stderr)
        raise unittest.SkipTest(f"NOT RUN: {absent}") from None
    _results = pathlib.Path(tempfile.mkdtemp(prefix="lyceum-script-"))
    unittest.addModuleCleanup(shutil.rmtree, _results, True)
    done = call("sql", EDTECH, "--date", DATES[0], "--input", generated(), "--engine", "spark", "--target",
                "duckdb:new.duckdb", "--run-dir", _results / "runs", cwd=_results)
    assert done.returncode == 0, done.stderr
    (_results / "load.sql").write_text(done.stdout)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SPARK_")}
    ran = subprocess.run(
        [home / "bin" / "spark-sql", "--master", "local[2]", "--conf", "spark.ui.enabled=false",
         "--conf", "spark.sql.catalogImplementation=in-memory", "--conf", "spark.sql.shuffle.partitions=2",
         "-f", _results / "load.sql"],
        capture_output=True, text=True, timeout=600, cwd=_results, env={**kept, "SPARK_HOME": str(home)})
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-4000:]


def folder():
    return _results / "runs" / f"edtech-{DATES[0]}"


def without_offsets(records):
    return sorted(json.dumps({**json.loads(record), "byte_offset": None}, sort_keys=True) for record in records)


@conformance_case.on_every_warehouse(globals())
class Script(conformance_case.Case):
    def results(self):
        """Where the warehouse's program finds the results: Redshift reads them from S3 itself."""
        if self.kind is not targets.Redshift:
            return folder()
        s3 = self.target.warehouse.s3
        for path in folder().rglob("*.parquet"):
            s3.put("lake", f"runs/{path.relative_to(folder())}", path.read_bytes())
        return "s3://lake/runs"

    def test_gives_what_the_embedded_engine_gives(self):
        self.well(self.target.run(DATES[0], "--engine", f"results:{self.results()}", inbox=generated()))
        embedded = self.make(targets.DuckDb)
        self.well(embedded.run(DATES[0], inbox=generated()))
        self.assertEqual(self.target.digests(), embedded.digests())
        self.assertEqual(without_offsets(self.target.quarantine()), without_offsets(embedded.quarantine()))
        self.well(self.target.run(DATES[0], inbox=generated()))
        self.assertEqual(self.target.digests(), embedded.digests())
        if self.kind is targets.Redshift:
            copies = [sql for _, sql in self.target.warehouse.statements if sql.startswith("COPY")]
            self.assertTrue(any("fact_quiz" in sql for sql in copies), copies)

    def fails(self, results, date=DATES[0]):
        """The message of a run that takes up nothing."""
        done = self.well(self.target.run(date, "--engine", f"results:{results}", inbox=generated()), 1)
        return next(line for line in done.stderr.splitlines() if line.startswith("error: "))[len("error: "):]

    def damaged(self):
        """A copy of the results, to take something away from."""
        copy = self.target.folder / "damaged"
        shutil.copytree(folder(), copy)
        return copy

    def part_with_rows(self, results, what):
        import duckdb
        return next(path for path in sorted((results / "engagement" / what).glob("*.parquet"))
                    if duckdb.sql(f"SELECT count(*) FROM '{path}'").fetchone()[0] > 0)

    def test_results_that_lost_rows(self):
        """As if a file had not been copied. To run again would not help."""
        import duckdb
        for what in ("staged", "quarantined"):
            with self.subTest(what):
                results = self.damaged()
                part = self.part_with_rows(results, what)
                whole = duckdb.sql(f"SELECT count(*) FROM '{part.parent}/*.parquet'").fetchone()[0]
                duckdb.sql(f"COPY (SELECT * FROM '{part}' OFFSET 1) TO '{part}.less' (FORMAT parquet)")
                os.replace(f"{part}.less", part)
                self.assertEqual(self.fails(results), (
                    f"the results of 'engagement' in '{results}/engagement' are damaged or incomplete; run the script"
                    f" again ({whole - 1} of {whole} {what} rows are left)"))
                shutil.rmtree(results)

    def test_results_with_a_broken_file(self):
        for what in ("staged", "quarantined", "counts"):
            with self.subTest(what):
                results = self.damaged()
                part = self.part_with_rows(results, what)
                part.write_bytes(part.read_bytes()[:-20])
                said = self.fails(results)
                self.assertTrue(said.startswith(
                    f"the results of 'engagement' in '{results}/engagement' are damaged or incomplete; run the script"
                    " again ("), said)
                shutil.rmtree(results)
        results = self.damaged()
        shutil.rmtree(results / "engagement" / "staged")
        said = self.fails(results)
        self.assertTrue(said.startswith(
            f"the results of 'engagement' in '{results}/engagement' are damaged or incomplete; run the script again ("),
            said)

    def test_results_of_another_date(self):
        """Static datasets are the same on both days, so that only the date tells."""
        self.assertEqual(self.fails(folder(), DATES[1]), (
            f"the results of 'students' in '{folder()}/students' are those of {DATES[0]}, not of {DATES[1]}; a folder"
            f" holds the results of one date: name that of {DATES[1]}, or write its script and run it"))
        self.assertEqual(self.target.rows("SELECT count(*) FROM lyceum.files"), [["0"]])

    def test_a_folder_above_or_below(self):
        for wrong in (folder().parent, folder() / "students"):
            self.assertEqual(self.fails(wrong), (
                f"'{wrong}' is not the folder that a script wrote; did you mean 'results:{folder()}'?"))

    def test_results_of_other_files_are_refused(self):
        inbox = self.target.folder / "other"
        shutil.copytree(generated(), inbox)
        with open(inbox / "instructors.csv", "a", encoding="utf-8") as file:
            file.write("99,New,new@example.org,1\n")
        done = self.well(self.target.run(DATES[0], "--engine", f"results:{self.results()}", inbox=inbox), 1)
        self.assertIn("the results of 'instructors' in '", done.stderr)
        self.assertIn("are those of other files or of another spec; write the script again and run it", done.stderr)

    def test_missing_results_are_told(self):
        done = self.well(self.target.run(DATES[0], "--engine", f"results:{self.target.folder}", inbox=generated()), 1)
        self.assertIn(f"the results of 'students' are not in '{self.target.folder}/students'; run its script first",
                      done.stderr)


if __name__ == "__main__":
    unittest.main()
