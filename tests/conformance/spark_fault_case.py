"""What tests of faults share: a warehouse that holds a day, a second delivery whose run meets the fault, and what must hold after it."""
import os
import subprocess

import spark_case
from services.spark_proxy import SparkProxy

DATE = spark_case.DATE
SPEC = """lyceum: 1
pipeline: faults
{engines}datasets:
  readings:
    files: ['readings_{{batch_date}}.csv']
    columns:
      place_id: {{type: integer}}
      taken_at: {{type: timestamp}}
      steps: {{type: text}}
    thresholds: {{fail_above_percent: 95}}
calendar: {{table: dim_date, from: 2000-01-01, to: 2050-12-31}}
dimensions:
  dim_place: {{members_from: [fact_reading], key: [place_id], surrogate_key: place_sk}}
facts:
  fact_reading:
    dataset: readings
    identity: [place_id, taken_at]
    event_key: reading_id
    date_column: taken_at
    references:
      - {{dimension: dim_place, columns: [place_id], surrogate_key: place_sk}}
"""


def start_server():
    """A server that tests may kill, so that it is never somebody else's."""
    os.environ.pop("LYCEUM_SPARK_URL", None)
    # A session that nobody uses goes soon, so that a test need not wait for it; a living client keeps its own.
    spark_case.start_server(**spark_case.INTERPRETED, spark_connect_session_manager_defaultSessionTimeout="10s",
                            spark_connect_session_manager_maintenanceInterval="1s")


class FaultCase(spark_case.Case):
    rows = 300  # of a day

    def setUp(self):
        super().setUp()
        self.spec = self.write_spec(SPEC.format(engines=""))
        self.deliver_day("first")
        # What stands in the warehouse before the fault; the engines take turns here.
        for loader in (self.embedded, self.spark):
            engine, loader.engine = loader.engine, None
            self.assertEqual(loader.run(self.spec, DATE, self.inbox).returncode, 0)
            loader.engine = engine
        self.before = self.spark.verify()
        self.deliver_day("second")
        self.assertEqual(self.embedded.run(self.spec, DATE, self.inbox).returncode, 0)

    def deliver_day(self, steps):
        self.deliver("readings_20250601.csv", "place_id,taken_at,steps\n" + "".join(
            f"{number},2025-06-01 {number % 24:02}:00:00,{steps} {number}\n" for number in range(self.rows)) + "x,,\n")

    def start(self, engine, *more, spec=None, env=None):
        self.spark.engine = engine
        return subprocess.Popen([spark_case.BINARY, *self.spark.arguments(spec or self.spec, DATE, self.inbox, *more)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, cwd=self.spark.folder, env={**os.environ, "NO_COLOR": "1", **(env or {})})

    def failed(self, done, message, code=1):
        """A run that ended as it should, and left nothing."""
        stdout, stderr = done.communicate(timeout=120) if isinstance(done, subprocess.Popen) else (done.stdout, done.stderr)
        self.assertEqual(done.returncode, code, stderr)
        self.assertRegex(stderr, message)
        self.assertNotIn("second 1", stdout + stderr)  # no values
        self.unharmed()
        return stderr

    def unharmed(self):
        self.assertEqual(self.spark.verify(), self.before)
        left = [row["table_name"] for row in self.spark.query("SELECT table_name FROM information_schema.tables") if row["table_name"].startswith("ld_")]
        self.assertEqual(left, [])

    def succeeds(self, engine=None, leftovers=0):
        self.spark.engine = engine or spark_case.server().url
        done = self.spark.run(self.spec, DATE, self.inbox)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.spark.verify(), self.embedded.verify())
        # What the engine wrote for itself is gone.
        self.assertLessEqual(len(list(self.spark.folder.rglob("spark-*"))), leftovers)

    def proxy(self):
        proxy = SparkProxy(spark_case.server().port)
        proxy.start()
        self.addCleanup(proxy.stop)
        return proxy

    @staticmethod
    def when(process, text, do):
        """Calls `do` once the process says `text`; its words are read on, so that it never waits."""
        said = []
        for line in process.stderr:
            said.append(line)
            if text in line:
                break
        do()
        return said
