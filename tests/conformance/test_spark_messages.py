"""What a run says where the cluster cannot do its part: what is wrong, where, and what to do next."""
import http.server
import json
import threading
import unittest

import spark_case

DATE = spark_case.DATE
SPEC = """lyceum: 1
pipeline: messages
{engines}datasets:
  places:
    files: [places.csv]
    columns:
      place_id: {{type: integer}}
dimensions:
  dim_place: {{dataset: places, key: [place_id], surrogate_key: place_sk}}
"""
LOG = "the server's log has the full message"
WRITE = ("the cluster's user must be able to write there, or name another folder with --run-dir or"
         " 'run_directory'")


def setUpModule():
    spark_case.start_server()


tearDownModule = spark_case.stop_server


class Messages(spark_case.Case):
    def setUp(self):
        super().setUp()
        self.url = spark_case.server().url
        self.deliver("places.csv", "place_id\n1\n2\n")

    def fails(self, inbox=None, engine=None, options="", runs=()):
        """The message of a run, which leaves no folder behind."""
        engines = f"engines:\n  cluster:\n    type: spark\n    url: {self.url}\n{options}" if options else ""
        spec = self.write_spec(SPEC.format(engines=engines))
        self.spark.engine = engine or ("cluster" if options else self.url)
        done = self.spark.run(spec, DATE, inbox or self.inbox)
        self.assertEqual(done.returncode, 1, done.stderr)
        left = sorted(path.name for path in self.spark.folder.glob("*.runs/*"))
        self.assertEqual(left, [json.loads(done.stdout)["run_id"]] if done.stdout else [])
        self.assertEqual((self.spark.folder / "warehouse.duckdb.runs").exists(), bool(left))
        return next(line for line in done.stderr.splitlines() if line.startswith("error: "))[len("error: "):]

    def test_files_that_the_cluster_does_not_see(self):
        folder = self.spark.folder / "inbox"
        folder.mkdir()
        (folder / "places.csv").write_text("place_id\n1\n")
        # Each process has another folder under this name.
        path = "/proc/self/cwd/inbox"
        self.assertEqual(self.fails(inbox=path), (
            f"loading 'places' on '{self.url}': [PATH_NOT_FOUND] Path does not exist: file:{path}/places.csv (SQLSTATE"
            " 42K03); this machine sees the file, but the cluster does not: its user must be able to read it under the"
            " same path"))

    def test_folders_that_the_cluster_cannot_list(self):
        for path, why in (
                ("s3a://bucket/inbox",
                 "[java.lang.RuntimeException] the cluster lacks hadoop-aws, which reads and writes s3a://"),
                ("dbfs:/inbox", "[org.apache.hadoop.fs.UnsupportedFileSystemException], values left out")):
            with self.subTest(path):
                scheme = path[:path.index(":") + 1]
                self.assertEqual(self.fails(inbox=path), (
                    f"cannot list '{path}' on '{self.url}': {why}; check that the cluster knows paths of '{scheme}';"
                    f" {LOG}"))
        self.assertEqual(self.fails(inbox="/no/such/inbox"), (
            f"cannot list '/no/such/inbox' on '{self.url}': [PATH_NOT_FOUND] Path does not exist:"
            " file:/no/such/inbox (SQLSTATE 42K03)"))

    def test_run_directories_that_the_cluster_cannot_write(self):
        self.assertRegex(self.fails(options="    cluster_run_directory: /proc/none\n"), (
            r"^'cluster' cannot write its results to '/proc/none/lyceum-spill-\w{6}': \[org.apache.spark.SparkException\],"
            rf" values left out; {WRITE}; {LOG}$"))
        self.assertRegex(self.fails(options="    cluster_run_directory: nofs://bucket/x\n"), (
            r"^'cluster' cannot write its results to 'nofs://bucket/x/lyceum-spill-\w{6}':"
            r" \[org.apache.hadoop.fs.UnsupportedFileSystemException\], values left out;"
            rf" {WRITE}; check that the cluster knows paths of 'nofs:'; {LOG}$"))

    def test_run_directories_that_are_two(self):
        seen, written = self.folder / "seen", self.folder / "written"
        self.assertRegex(self.fails(options=f"    run_directory: {seen}\n    cluster_run_directory: {written}\n"), (
            rf"^what 'cluster' writes to '{written}/lyceum-spill-(\w{{6}})' is not in '{seen}/lyceum-spill-\1'; both must"
            " be one folder: see 'run_directory' and 'cluster_run_directory' of engines in the spec$"))
        # What was tried is gone.
        self.assertFalse(seen.exists())
        self.assertEqual(list(written.iterdir()), [])

    def test_servers_of_another_kind(self):
        self.assertEqual(self.fails(engine=f"{self.url}/;token=Geheim-77"), (
            f"the Spark server at {self.url} does not answer: it speaks no TLS, which a token or use_ssl=true asks for;"
            " say use_ssl=false on a trusted network, or put a proxy with TLS before it"))
        web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
        self.addCleanup(web.server_close)
        self.addCleanup(web.shutdown)
        web.RequestHandlerClass.log_message = lambda *_: None
        threading.Thread(target=web.serve_forever, daemon=True).start()
        address = f"sc://127.0.0.1:{web.server_port}"
        self.assertEqual(self.fails(engine=address), (
            f"what answers at {address} is no Spark Connect server, or one older than 3.5; is the port right?"))


if __name__ == "__main__":
    unittest.main()
