"""`lyceum doctor` on every warehouse, and s3:// as input and as run directory."""
import json
import os
import subprocess
import time
import unittest

import targets
from conformance_case import DATES, EDTECH, READINGS, Case, Target, call, generated, on_every_warehouse

HEAD = "place_id,taken_at,steps,value\n"


def tearDownModule():
    targets.SERVERS.stop()


@on_every_warehouse(globals())
class Doctor(Case):
    def check(self, code=0, env=None):
        done = self.target.call("doctor", "--output", "json", env=env)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        document = json.loads(done.stdout)
        self.assertEqual(document["healthy"], code == 0)
        return {check["what"]: (check["outcome"], check["detail"]) for check in document["checks"]}

    def test_healthy_target_and_no_trace(self):
        checks = self.check()
        self.assertEqual([what for what, (outcome, _) in checks.items() if outcome == "failed"], [])
        self.assertEqual(checks["every type comes back as it went"][0], "ok")
        self.assertEqual(checks["scratch schema dropped"][0], "ok")
        self.assertIn("none yet", checks["Lyceum's tables"][1])
        if self.kind is targets.DuckDb:
            self.assertFalse(self.target.warehouse.database.exists())
        if self.kind is targets.Redshift:
            answers = {what: detail for what, (outcome, detail) in checks.items() if outcome == "answer"}
            self.assertGreater(len(answers), 12)
            self.assertIn("serialization", answers["second of two transactions that delete the same row"])
            # The questions provoke refusals on purpose.
            self.target.warehouse.refusals.clear()

    def test_what_fails_is_named(self):
        if self.kind is targets.DuckDb:
            self.target.warehouse.database.write_text("no database")
            outcome, detail = self.check(1)["connection"]
            self.assertEqual((outcome, detail), ("failed", f"'{self.target.warehouse.database}' is not a DuckDB database"))
        elif self.kind is targets.Redshift:
            outcome, detail = self.check(1, env={"AWS_ACCESS_KEY_ID": ""})["S3: extension and credentials"]
            self.assertEqual((outcome, detail), ("failed", "s3:// needs credentials: environment variable "
                                                           "'AWS_ACCESS_KEY_ID' is not set"))
            wrong = self.target.warehouse.url.replace("role/lyceum-copy", "role/other")
            done = call("doctor", "--target", wrong, env=self.target.warehouse.environment)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stdout, "✗ staging of a row with every type: load staged rows: ")
            self.target.warehouse.refusals.clear()
        else:
            done = call("doctor", "--target", "postgresql://nobody:secret-word@127.0.0.1:1/x")
            self.assertEqual(done.returncode, 1)
            self.assertIn("✗ connection: cannot connect to 'postgresql://nobody@127.0.0.1:1/x'", done.stdout)
            self.assertNotIn("secret-word", done.stdout + done.stderr)
            for password in ("se%zzcret", "top/secret", "top@secret", "top#secret", "top?secret@x"):
                done = call("doctor", "--target", f"postgresql://nobody:{password}@127.0.0.1:1/x")
                self.assertEqual((done.returncode, done.stdout), (3, ""))
                self.assertEqual(done.stderr, "error: target 'postgresql://nobody@127.0.0.1:1/x': write special characters of "
                                              "user and password as in URLs, such as %40 for '@', %2F for '/', %25 for '%'\n")

    def test_limits_of_the_server_are_no_signals(self):
        if self.kind is not targets.Postgres:
            self.skipTest("a setting of PostgreSQL")
        self.well(self.target.run(DATES[0], inbox=generated()))
        self.target.warehouse.execute(f"ALTER DATABASE {self.target.warehouse.database} SET statement_timeout TO '1ms'")
        done = self.target.run(DATES[1], inbox=generated())
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("statement timeout", " ".join(done.stderr.split()))

    def test_next_command_holds_no_password(self):
        if self.kind is targets.DuckDb:
            self.skipTest("a file has no password")
        url = self.target.warehouse.url
        if self.kind is targets.Postgres:
            url = url.replace("postgres@", "postgres:Geheim-77@")
        done = call("run", EDTECH, "--date", DATES[0], "--input", generated(), "--target", url,
                    env=self.target.warehouse.environment, cwd=self.target.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("next: lyceum ", done.stderr)
        for secret in ("Geheim-77", "Secret-1"):
            self.assertNotIn(secret, done.stderr + done.stdout)


class ObjectStore(unittest.TestCase):
    """Input and run records in S3, on a DuckDB file."""

    def setUp(self):
        self.s3 = targets.SERVERS.get(targets.S3Server)
        self.client = self.s3.client()
        self.bucket = "bucket-" + targets.SERVERS.new_database()
        self.client.create_bucket(Bucket=self.bucket)
        self.target = Target(targets.DuckDb)
        self.addCleanup(self.target.close)
        self.target.warehouse.environment = {
            "AWS_ACCESS_KEY_ID": self.s3.access_key, "AWS_SECRET_ACCESS_KEY": self.s3.secret_key,
            "AWS_REGION": self.s3.region, "AWS_ENDPOINT_URL": self.s3.endpoint}

    def put(self, key, content):
        self.client.put_object(Bucket=self.bucket, Key=key, Body=content)

    def keys(self, prefix):
        listed = self.client.list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [entry["Key"] for entry in listed.get("Contents", [])]

    def test_input_equals_the_same_files_on_disk(self):
        for path in sorted(generated().rglob("*")):
            if path.is_file():
                self.put(f"in box/{path.relative_to(generated())}", path.read_bytes())
        self.put("in box/._hidden.csv", b"x")
        local = Target(targets.DuckDb)
        self.addCleanup(local.close)
        for date in DATES[:2]:
            done = self.target.run(date, inbox=f"s3://{self.bucket}/in box/")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(local.run(date, inbox=generated()).returncode, 0)
        self.assertEqual(self.target.digests(), local.digests())
        # The ledger names the same files, so the same folder on disk is unchanged content.
        again = self.target.run(DATES[0], "--output", "json", inbox=generated())
        self.assertEqual(json.loads(again.stdout)["state"], "unchanged")

    def test_wrong_prefix_and_bucket(self):
        done = self.target.run(DATES[0], inbox=f"s3://{self.bucket}/nothing")
        self.assertEqual((done.returncode, done.stderr), (1, f"error: nothing lies below 's3://{self.bucket}/nothing'\n"))
        done = self.target.run(DATES[0], inbox="s3://no-such-bucket/x")
        self.assertEqual(done.returncode, 1)
        self.assertIn("s3://no-such-bucket/x", done.stderr)
        self.assertNotIn(self.s3.secret_key, done.stderr)

    def test_run_records_and_long_records(self):
        long_row = "x" * 40000
        (self.target.inbox / "readings_20250601.csv").write_text(HEAD + f"1,2025-06-01 10:00:00,a,1\n{long_row}\n")
        done = self.target.run(DATES[0], "--run-dir", f"s3://{self.bucket}/runs", spec=READINGS)
        self.assertEqual(done.returncode, 0, done.stderr)
        keys = self.keys("runs/")
        record = [key for key in keys if key.endswith("/run.json")]
        self.assertEqual(len(record), 1)
        document = json.loads(self.client.get_object(Bucket=self.bucket, Key=record[0])["Body"].read())
        self.assertEqual(document["state"], "published")
        kept = [key for key in keys if key.startswith("runs/records/")]
        self.assertEqual(len(kept), 1)
        body = self.client.get_object(Bucket=self.bucket, Key=kept[0])["Body"].read()
        self.assertEqual(body.rstrip(b"\n"), long_row.encode())

    def test_run_directory_that_cannot_be_written(self):
        (self.target.inbox / "readings_20250601.csv").write_text(HEAD + "1,2025-06-01 10:00:00,a,1\n")
        done = self.target.run(DATES[0], "--run-dir", "s3://no-such-bucket/runs", "--output", "json", spec=READINGS)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("cannot write 's3://no-such-bucket/runs/", done.stderr)
        self.assertEqual(self.target.rows("SELECT count(*) FROM fact_reading"), [["1"]])

    def test_stage_that_cannot_be_written(self):
        redshift = targets.Redshift(self.target.folder)
        self.addCleanup(redshift.close)
        done = call("doctor", "--target", redshift.url.replace("s3://lake", "s3://no-such-bucket"), env=redshift.environment)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("✗ S3: write to the stage: cannot write 's3://no-such-bucket/stage/", done.stdout)

    def test_stage_of_redshift_has_exactly_the_types_that_copy_takes(self):
        """Footers of what a run stages; COPY reads by position and converts nothing."""
        from services.redshift.parquet_footer import read_columns
        warehouse = Target(targets.Redshift)
        self.addCleanup(warehouse.close)
        done = warehouse.run(DATES[0], inbox=generated())
        self.assertEqual(done.returncode, 0, done.stderr)
        client = warehouse.warehouse.s3.client()
        listed = client.list_objects_v2(Bucket=warehouse.warehouse.bucket)["Contents"]
        files = [entry["Key"] for entry in listed if "fact_quiz" in entry["Key"] and entry["Key"].endswith(".parquet")]
        body = client.get_object(Bucket=warehouse.warehouse.bucket, Key=files[-1])["Body"].read()
        self.assertEqual([str(column) for column in read_columns(body)], [
            "optional int32 student_id (INT_32)", "optional int32 quiz_id (INT_32)", "optional double quiz_score",
            "optional int64 attempt_time (TIMESTAMP_MICROS)", "optional int32 date_key (DATE)",
            "optional int32 batch_date (DATE)", "optional byte_array quiz_attempt_id (UTF8)",
            "optional byte_array student_sk (UTF8)", "optional byte_array quiz_sk (UTF8)"])

    def test_copy_that_fails_is_explained(self):
        """What COPY itself says is only where to look; the view of load errors says what and where."""
        warehouse = Target(targets.Redshift)
        self.addCleanup(warehouse.close)
        double = warehouse.warehouse
        fault = double.inject("slow_copy", matching="^copy .*fact_quiz", seconds=2)
        process = subprocess.Popen(
            warehouse.arguments("run", EDTECH, generated(), "--date", DATES[0]), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, cwd=warehouse.folder, env={**os.environ, **double.environment})
        while not fault.fired and process.poll() is None:
            time.sleep(0.02)
        # Meanwhile the table gets a type that the file's does not fit.
        table = next(sql.split()[1] for _, sql in double.statements if sql.startswith("COPY") and "fact_quiz" in sql)
        double.admin(f"ALTER TABLE {table} ALTER COLUMN student_id TYPE bigint")
        _, stderr = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 1, stderr)
        self.assertRegex(" ".join(stderr.split()), r"error: load staged rows: COPY failed at 's3://lake/stage/[^']*fact_quiz-\d+/data_0.parquet'")
        double.refusals.clear()
        again = warehouse.run(DATES[0], inbox=generated())
        self.assertEqual(again.returncode, 0, again.stderr)


del Doctor

if __name__ == "__main__":
    unittest.main()
