"""Files and results in S3, through Spark Connect: the same answers as on the embedded engine with local files, in every warehouse."""
import gzip
import io
import json
import os
import pathlib
import shutil
import sys
import tempfile
import unittest

import pyarrow.parquet

import conformance_case
import spark_case
import targets
from services import s3a
from services.s3 import S3Server
from services.service import ServiceAbsent

BUCKET = "lake"
DATE = spark_case.DATE
SPEC = """lyceum: 1
pipeline: from_s3
engines:
  cluster: {{type: spark, url: '{url}', run_directory: '{run_directory}'}}
datasets:
  readings:
    files: ['readings_{{batch_date}}*.csv', 'more/readings_{{batch_date}}*.csv.gz']
    columns:
      place_id: {{type: integer}}
      taken_at: {{type: timestamp}}
      amount: {{type: 'decimal(9,2)'}}
      steps: {{type: text}}
    rules:
      - {{type: range, column: amount, min: 0}}
    thresholds: {{fail_above_percent: 95}}
  places:
    files: ['places_{{batch_date}}.json']
    format: json
    columns:
      place_id: {{type: integer}}
      name: {{type: text}}
calendar: {{table: dim_date, from: 2000-01-01, to: 2050-12-31}}
dimensions:
  dim_place: {{dataset: places, key: [place_id], surrogate_key: place_sk}}
facts:
  fact_reading:
    dataset: readings
    identity: [place_id, taken_at]
    event_key: reading_id
    date_column: taken_at
    references:
      - {{dimension: dim_place, columns: [place_id], surrogate_key: place_sk}}
"""

_s3 = None
_inbox = None


def setUpModule():
    global _s3, _inbox
    os.environ.pop("LYCEUM_SPARK_URL", None)
    unittest.addModuleCleanup(targets.SERVERS.stop)
    try:
        jars = s3a.jars()
    except ServiceAbsent as absent:
        print(f"NOT RUN: {absent}", file=sys.stderr)
        raise unittest.SkipTest(f"NOT RUN: {absent}") from None
    _s3 = targets.SERVERS.get(S3Server)
    _s3.make_bucket(BUCKET)
    _inbox = pathlib.Path(tempfile.mkdtemp(prefix="lyceum-s3-inbox-"))
    unittest.addModuleCleanup(shutil.rmtree, _inbox, True)
    write_inbox()
    for path in _inbox.rglob("*"):
        if path.is_file():
            _s3.put(BUCKET, f"inbox/{path.relative_to(_inbox)}", path.read_bytes())
    spark_case.start_server(jars=jars, **spark_case.INTERPRETED, **s3a.settings(_s3))
    unittest.addModuleCleanup(spark_case.stop_server)


def write_inbox():
    """Lines, lines of a compressed file, records over several lines, an array; names that a URL must escape; dirt."""
    def readings(first, text, rows=200):
        return "place_id,taken_at,amount,steps\n" + "".join(
            f"{number % 7},2025-06-01 {number % 24:02}:{number // 24 % 60:02}:00,{number}.5,{text} {number}\n" for number in range(first, first + rows)) + "x,,-1,\n3,,,\n"

    (_inbox / "more").mkdir()
    (_inbox / "readings_20250601_lines.csv").write_text(readings(0, "plain"))
    (_inbox / "readings_20250601_a b+ü%20.csv").write_text(readings(100, "again"))
    (_inbox / "more" / "readings_20250601_packed.csv.gz").write_bytes(gzip.compress(readings(300, "packed").encode()))
    (_inbox / "readings_20250601_quoted.csv").write_text(
        "place_id,taken_at,amount,steps\n" + "".join(f'{number % 7},2025-06-01 20:{number:02}:00,1,"two\nlines, {number}"\n' for number in range(60)))
    (_inbox / "places_20250601.json").write_text(json.dumps([{"place_id": number, "name": f"Place {number}"} for number in range(7)] + [{"place_id": "none"}]))


def environment():
    """What Lyceum needs to read the results; the cluster has its own keys."""
    return {"AWS_ACCESS_KEY_ID": _s3.access_key, "AWS_SECRET_ACCESS_KEY": _s3.secret_key, "AWS_REGION": _s3.region, "AWS_ENDPOINT_URL": _s3.endpoint}


def without_place(records):
    """Quarantine records without what a listing or a cluster cannot tell alike: content ids, what follows from them, byte offsets."""
    return sorted(json.dumps({key: value for key, value in json.loads(record).items() if key not in ("byte_offset", "content_id", "record_id", "file", "stored_as")},
                             sort_keys=True) for record in records)


class S3Case(conformance_case.Case):
    def write_spec(self, run_directory=f"s3://{BUCKET}/runs"):
        spec = self.target.folder / "s3.yaml"
        spec.write_text(SPEC.format(url=spark_case.server().url, run_directory=run_directory))
        return spec

    def load(self, inbox=f"s3://{BUCKET}/inbox", *more, engine="cluster", spec=None, code=0):
        return self.well(self.target.call("run", spec or self.write_spec(), "--date", DATE, "--input", inbox, "--engine", engine, *more, env=environment()), code)

    def embedded(self):
        target = self.make(targets.DuckDb)
        self.well(target.call("run", self.write_spec(), "--date", DATE, "--input", _inbox, "--engine", "duckdb"))
        return target

    def same(self, embedded):
        wanted, found = embedded.digests(), self.target.digests()
        self.assertEqual(without_place(self.target.quarantine()), without_place(embedded.quarantine()))
        # Its digest holds the content ids, which are those of a listing here.
        for digests in (wanted, found):
            digests["quarantine"] = digests["quarantine"][0]
        self.assertEqual(found, wanted)
        self.assertGreater(found["fact_reading"][0], 400)
        self.assertGreater(found["quarantine"], 0)


@conformance_case.on_every_warehouse(globals())
class FromS3(S3Case):
    def test_files_and_results_in_s3(self):
        before = set(_s3.list(BUCKET, "runs/"))
        self.load()
        self.same(self.embedded())
        self.assertEqual(json.loads(self.load(f"s3://{BUCKET}/inbox", "--output", "json").stdout)["state"], "unchanged")
        if self.kind is targets.Redshift:
            # Spark's own files, without a detour.
            copies = [sql for _, sql in self.target.warehouse.statements if sql.startswith("COPY")]
            self.assertTrue(any("fact_reading" in sql for sql in copies), copies)
        left = set(_s3.list(BUCKET, "runs/")) - before
        self.assertTrue(any("/staged/" in key for key in left), left)
        # The large tables gave way to empty ones.
        for key in left:
            if key.endswith(".parquet") and ("/parsed/" in key or "/ranked/" in key):
                self.assertEqual(pyarrow.parquet.read_metadata(io.BytesIO(_s3.get(BUCKET, key))).num_rows, 0, key)


class AroundS3(S3Case):
    kind = targets.DuckDb

    def test_local_files_and_a_run_directory_in_s3(self):
        self.load(_inbox, "--run-dir", f"s3://{BUCKET}/own", engine=spark_case.server().url)
        embedded = self.embedded()
        self.assertEqual(self.target.digests(), embedded.digests())
        self.assertEqual(without_place(self.target.quarantine()), without_place(embedded.quarantine()))
        self.assertTrue(_s3.list(BUCKET, "own/"))

    def test_files_that_change(self):
        prefix, name = "changing", "readings_20250601.csv"
        _s3.put(BUCKET, f"{prefix}/places_20250601.json", "[]")
        for rows in (2, 3):
            _s3.put(BUCKET, f"{prefix}/{name}", "place_id,taken_at,amount,steps\n" + "".join(f"{row},2025-06-01 10:00:00,1,x\n" for row in range(rows)))
            self.load(f"s3a://{BUCKET}/{prefix}")
            self.assertEqual(self.target.rows("SELECT count(*) FROM fact_reading"), [[str(rows)]])

    def test_what_is_not_there(self):
        for options, message in (({"inbox": f"s3://{BUCKET}/nothing"}, "cannot list 's3a://lake/nothing'"),
                                 ({"inbox": "s3://no-such-bucket/inbox"}, "cannot list 's3a://no-such-bucket/inbox' on 'cluster'.*no such bucket"),
                                 ({"spec": "s3://no-such-bucket/runs"}, "cannot write its results to 's3a://no-such-bucket/runs'.*no such bucket")):
            with self.subTest(**options):
                if "spec" in options:
                    options["spec"] = self.write_spec(options["spec"])
                done = self.load(**options, code=1)
                self.assertRegex(done.stderr, message)


if __name__ == "__main__":
    unittest.main()
