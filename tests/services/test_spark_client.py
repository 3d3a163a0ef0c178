"""The client of Spark Connect against a real server, straight and through a proxy that cuts."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

from services import service
from services.service import ServiceAbsent
from services.spark import SparkServer
from services.spark_proxy import SparkProxy
from services.tls_front import TlsFront

_server = None


def setUpModule():
    global _server
    if "LYCEUM_SPARK_PROBE" not in os.environ:
        _not_run("this build has no Spark client")
    try:
        _server = SparkServer(spark_connect_progress_reportInterval="100ms",
                              spark_connect_execute_reattachable_senderMaxStreamSize="300k",
                              spark_connect_execute_reattachable_senderMaxStreamDuration="300ms")
        _server.start()
    except ServiceAbsent as absent:
        _not_run(absent)
    unittest.addModuleCleanup(_server.stop)


def _not_run(why):
    print(f"NOT RUN: {__name__}, {why}", file=sys.stderr)
    raise unittest.SkipTest(str(why))


class Probe:
    """A process that holds one client; every method returns its answer."""

    def __init__(self, url, **environment):
        self._process = subprocess.Popen([os.environ["LYCEUM_SPARK_PROBE"], url], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                         env={**os.environ, **environment})
        self.opened = json.loads(self._process.stdout.readline())

    def execute(self, sql):
        return self._ask(execute=sql)

    def query(self, sql):
        return self._ask(query=sql)

    def rows(self, sql):
        answer = self.query(sql)
        assert answer["code"] == "ok", answer
        return answer["rows"]

    def configure(self, **settings):
        return self._ask(configure={name.replace("_", "."): value for name, value in settings.items()})

    def view(self, **view):
        return self._ask(view={"format": "text", "options": {}, **view})

    def interrupt_after(self, seconds):
        self._send(interrupt_after_seconds=seconds)

    def close(self):
        """Ends the client and returns what it said on standard error."""
        _, said = self._process.communicate(timeout=60)
        return said

    def _send(self, **request):
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()

    def _ask(self, **request):
        self._send(**request)
        return json.loads(self._process.stdout.readline())


class SparkCase(unittest.TestCase):
    maxDiff = None

    def open(self, url=None):
        probe = Probe(url or _server.url)
        self.addCleanup(probe.close)
        self.assertEqual(probe.opened["code"], "ok", probe.opened)
        return probe

    def proxy(self):
        proxy = SparkProxy(_server.port)
        proxy.start()
        self.addCleanup(proxy.stop)
        return proxy


class Statements(SparkCase):
    def test_values_and_types(self):
        probe = self.open()
        self.assertRegex(probe.opened["version"], r"^4\.")
        self.assertEqual(probe.configure(spark_sql_session_timeZone="UTC"), {"code": "ok"})
        answer = probe.query(
            "SELECT 1 AS plain, CAST(-3 AS TINYINT) AS tiny, 1L AS big, CAST(0.1 AS FLOAT) AS single, 0.1D AS double, "
            "CAST(-1.5 AS DECIMAL(38, 10)) AS price, 'é''' AS name, true AS flag, DATE'2024-02-29' AS day, "
            "TIMESTAMP'2024-02-29 01:02:03.5+01:00' AS moment, TIMESTAMP_NTZ'0001-01-01 00:00:00' AS clock, "
            "X'00ff' AS bytes, NULL AS nothing, CAST(NULL AS STRING) AS none")
        self.assertEqual(answer, {"code": "ok", "columns": [
            "plain", "tiny", "big", "single", "double", "price", "name", "flag", "day", "moment", "clock", "bytes",
            "nothing", "none"], "rows": [[
                "1", "-3", "1", "0.1", "0.1", "-1.5000000000", "é'", "true", "2024-02-29",
                "2024-02-29T00:02:03.500000", "0001-01-01T00:00:00.000000", "00ff", None, None]]})
        self.assertEqual(probe.query("SELECT array(1) AS list")["message"],
                         "column 'list' has a type that cannot be read: list")
        self.assertEqual(probe.query("SELECT id FROM range(0)"), {"code": "ok", "columns": ["id"], "rows": []})

    def test_commands_and_queries(self):
        probe = self.open()
        for sql in ("CREATE TEMPORARY VIEW some AS SELECT id, id * 2 AS twice FROM range(3)",
                    "CREATE TABLE kept USING parquet AS SELECT * FROM some", "SET spark.sql.shuffle.partitions = 3",
                    "INSERT INTO kept VALUES (9, 18)", "SELECT * FROM some", "SHOW TABLES"):
            self.assertEqual(probe.execute(sql)["code"], "ok", sql)
        self.assertEqual(probe.rows("SELECT * FROM kept ORDER BY id"), [["0", "0"], ["1", "2"], ["2", "4"], ["9", "18"]])
        self.assertEqual(probe.rows("SET spark.sql.shuffle.partitions"), [["spark.sql.shuffle.partitions", "3"]])
        self.assertEqual(probe.execute("DROP TABLE kept")["code"], "ok")
        # A query runs as a whole even if nobody looks at its rows.
        self.assertEqual(probe.execute("SELECT 1 / (id - id) FROM range(3)")["class"], "DIVIDE_BY_ZERO")

    def test_many_rows(self):
        probe = self.open()
        probe.configure(spark_sql_execution_arrow_maxRecordsPerBatch="1000")
        rows = probe.rows("SELECT id, CAST(id AS STRING) || repeat('x', 20) FROM range(0, 50000, 1, 7)")
        self.assertEqual(rows, [[str(i), f"{i}{'x' * 20}"] for i in range(50000)])

    def test_a_view_over_files(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("a 1.txt", "b.txt"):
                pathlib.Path(folder, name).write_text(f"first of {name}\nsecond\n")
            pathlib.Path(folder, "c.log").write_text("not asked for\n")
            probe = self.open()
            answer = probe.view(name="lines", options={"pathGlobFilter": "*.txt", "lineSep": "\n"}, paths=[folder],
                                select=["value AS line", "_metadata.file_path AS path", "_metadata.file_size AS size"])
            self.assertEqual(answer, {"code": "ok"})
            self.assertEqual(probe.rows("SELECT line, path, size FROM lines ORDER BY path, line"), [
                ["first of a 1.txt", f"file:{folder}/a%201.txt", "24"], ["second", f"file:{folder}/a%201.txt", "24"],
                ["first of b.txt", f"file:{folder}/b.txt", "22"], ["second", f"file:{folder}/b.txt", "22"]])
            self.assertEqual(probe.view(name="lines", paths=[f"{folder}/b.txt"], select=["value"]), {"code": "ok"})
            self.assertEqual(probe.rows("SELECT * FROM lines"), [["first of b.txt"], ["second"]])
            answer = probe.view(name="gone", paths=[f"{folder}/gone"], select=["value"])
            self.assertEqual((answer["code"], answer["class"]), ("unavailable", "PATH_NOT_FOUND"))
            self.assertIn(f"{folder}/gone", answer["message"])

    def test_a_long_silence(self):
        # The server closes more streams than the client would try again.
        self.assertEqual(self.open().rows("SELECT java_method('java.lang.Thread', 'sleep', 5000L)"), [["null"]])

    def test_progress_rises(self):
        answer = self.open().execute("SELECT count(*) FROM (SELECT hash(id) h FROM range(0, 400000000, 1, 8)) WHERE h = 5")
        self.assertEqual(answer["code"], "ok")
        self.assertEqual(answer["progress"], sorted(answer["progress"]))
        self.assertEqual(answer["progress"][0], -1)
        self.assertGreater(answer["progress"][-1], 0)
        self.assertLessEqual(answer["progress"][-1], 1)


class Errors(SparkCase):
    def test_class_state_and_fragment(self):
        answer = self.open().query("SELECT 1 + nosuch FROM range(3)")
        self.assertEqual((answer["code"], answer["class"]), ("internal", "UNRESOLVED_COLUMN.WITH_SUGGESTION"))
        self.assertRegex(answer["message"], r"^\[UNRESOLVED_COLUMN.WITH_SUGGESTION\] A column, .* `nosuch` .*"
                                            r" \(SQLSTATE 42703\) at: nosuch$")
        answer = self.open().execute("SELEC 1")
        self.assertEqual(answer["class"], "PARSE_SYNTAX_ERROR")
        self.assertRegex(answer["message"], r"^\[PARSE_SYNTAX_ERROR\] Syntax error at or near 'SELEC'.*\(SQLSTATE 42601\)$")

    def test_no_value_in_a_message(self):
        probe = self.open()
        probe.execute("CREATE TEMPORARY VIEW people AS SELECT concat('Ann', 'Smith', id) AS name FROM range(3)")
        for sql, told in (
                ("CAST(name AS INT)", "[CAST_INVALID_INPUT] (SQLSTATE 22018), values left out at: CAST(name AS INT)"),
                ("to_date(name)", "[CAST_INVALID_INPUT] (SQLSTATE 22018), values left out at: to_date(name)"),
                ("raise_error(name)", "[USER_RAISED_EXCEPTION] (SQLSTATE P0001), values left out")):
            answer = probe.query(f"SELECT {sql} FROM people")
            self.assertEqual((answer["code"], answer["message"]), ("internal", told))
        for sql in ("parse_url(name, 'HOST')", "from_json(name, 'a INT', map('mode', 'FAILFAST'))", "map(name, 1, name, 2)",
                    "parse_json(name)", "assert_true(length(name) < 0, name)", "element_at(map('a', 1), name)",
                    "to_timestamp(name, 'yyyy-MM-dd')", "url_decode(concat('%', name))", "conv(name, 99, 10)",
                    "to_number(name, '999')", "unbase64(concat(name, '=x'))", "make_date(length(name), 99, 1)"):
            for shown in (probe.query(f"SELECT {sql} FROM people"), probe.execute(
                    f"CREATE OR REPLACE TABLE t USING parquet AS SELECT {sql} AS c FROM people")):
                self.assertNotIn("AnnSmith", shown.get("message", ""), sql)
        self.assertNotIn("AnnSmith", probe.close())

    def test_a_file_that_cannot_be_read(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "broken.parquet")
            path.write_bytes(b"PAR1 no parquet file PAR1")
            probe = self.open()
            probe.execute(f"CREATE TEMPORARY VIEW broken (a INT) USING parquet OPTIONS (path '{path}')")
            answer = probe.query("SELECT a FROM broken")
        self.assertEqual(answer["code"], "unavailable")
        self.assertRegex(answer["class"], r"^FAILED_READ_FILE\.")
        self.assertRegex(answer["message"], rf"^\[FAILED_READ_FILE\.\w+\] .*{path}.* \(SQLSTATE KD001\)$")

    def test_who_does_not_answer(self):
        started = time.monotonic()
        probe = Probe("sc://127.0.0.1:1/;token=SECRET;use_ssl=false")
        self.assertEqual(probe.opened["code"], "unavailable")
        self.assertRegex(probe.opened["message"], r"^the Spark server at sc://127\.0\.0\.1:1 does not answer: .*refused")
        self.assertNotIn("SECRET", probe.opened["message"] + probe.close())
        self.assertLess(time.monotonic() - started, 10)

    def test_what_is_no_spark(self):
        # TLS to a server that knows none.
        probe = Probe(_server.url + "/;use_ssl=true")
        self.assertEqual(probe.opened["code"], "unavailable")
        self.assertIn("does not answer", probe.opened["message"])
        self.assertEqual(probe.close(), "")

    def test_interrupt(self):
        probe = self.open()
        probe.interrupt_after(1)
        started = time.monotonic()
        answer = probe.execute("SELECT count(*) FROM range(0, 1000000000000, 1, 2) WHERE hash(id) = 5")
        self.assertEqual(answer["code"], "interrupted")
        self.assertEqual(answer["message"], "the statement on 'lake' was interrupted")
        self.assertEqual(probe.query("SELECT 1")["code"], "interrupted")
        self.assertEqual(probe.configure(spark_sql_ansi_enabled="true")["code"], "interrupted")
        probe.close()
        self.assertLess(time.monotonic() - started, 10)


class Cuts(SparkCase):
    ROWS = "SELECT id, repeat('x', 100) FROM range(0, 50000, 1, 7)"

    def check_rows(self, probe, marker):
        rows = probe.rows(f"{self.ROWS} /* {marker} */")
        self.assertEqual([row[0] for row in rows], [str(i) for i in range(50000)])

    def test_in_the_middle_of_the_answers(self):
        proxy = self.proxy()
        probe = self.open(proxy.url)
        for after_bytes in (1, 1000, 70000, 200000, 299000):
            cut = proxy.cut(f"cut{after_bytes}/", after_bytes=after_bytes)
            self.check_rows(probe, f"cut{after_bytes}/")
            self.assertEqual(cut.fired, 1)

    def test_before_the_first_answer(self):
        proxy = self.proxy()
        probe = self.open(proxy.url)
        probe.execute("CREATE TABLE cuts (n INT) USING parquet")
        cuts = [proxy.cut("VALUES (1)"),  # the statement never arrives
                proxy.cut("VALUES (2)", after_bytes=0),  # it just arrives
                proxy.cut("VALUES (3)", after_bytes=0, delay_seconds=2),  # it has run
                proxy.cut("VALUES (4)", times=4)]
        for n in (1, 2, 3, 4):
            self.assertEqual(probe.execute(f"INSERT INTO cuts VALUES ({n})")["code"], "ok")
        self.assertEqual([cut.fired for cut in cuts], [1, 1, 1, 4])
        self.assertEqual(probe.rows("SELECT n, count(*) FROM cuts GROUP BY n ORDER BY n"),
                         [[str(n), "1"] for n in (1, 2, 3, 4)])
        probe.execute("DROP TABLE cuts")

    def test_a_lost_view_of_files(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "a.txt").write_text("one\n")
            proxy = self.proxy()
            probe = self.open(proxy.url)
            cut = proxy.cut("striking", after_bytes=0, delay_seconds=1)
            self.assertEqual(probe.view(name="striking", paths=[folder], select=["value"]), {"code": "ok"})
            self.assertEqual(cut.fired, 1)
            self.assertEqual(probe.rows("SELECT * FROM striking"), [["one"]])

    def test_again_and_again(self):
        proxy = self.proxy()
        probe = self.open(proxy.url)
        cut = proxy.cut("always", times=1000)
        answer = probe.query("SELECT 'always'")
        self.assertEqual(answer["code"], "unavailable")
        self.assertRegex(answer["message"], r"^the Spark server at sc://127\.0\.0\.1:\d+ does not answer: ")
        self.assertGreater(cut.fired, 1)
        self.assertEqual(probe.rows("SELECT 1"), [["1"]])


class Sessions(SparkCase):
    def test_released_at_the_end(self):
        session = "01234567-89ab-4cde-8f01-23456789abcd"
        url = f"{_server.url}/;session_id={session};user_id=ann"
        probe, other = self.open(url), self.open(url)
        probe.execute("CREATE TEMPORARY VIEW shared AS SELECT 1 AS a")
        self.assertEqual(other.rows("SELECT * FROM shared"), [["1"]])
        self.assertEqual(probe.close(), "")
        answer = other.query("SELECT * FROM shared")
        self.assertEqual(answer["code"], "unavailable")
        self.assertEqual(answer["message"],
                         "the session on 'lake' has ended (the server was restarted or dropped it); run again")
        late = Probe(url)
        self.addCleanup(late.close)
        self.assertEqual(late.opened, {
            "code": "unavailable",
            "message": "'lake' does not take the session_id: that session has ended; name another one or none"})

    def test_tokens(self):
        with SparkServer(token="RIGHT+/=") as server:
            probe = self.open(server.url + "/;use_ssl=false;token=RIGHT%2B%2F%3D")
            self.assertEqual(probe.rows("SELECT 1"), [["1"]])
            for parameters, why in ((";use_ssl=false;token=WRONG", "the token is wrong or may not do this"),
                                    ("", "it asks for a token")):
                refused = Probe(f"{server.url}/{parameters}")
                self.assertEqual(refused.opened, {
                    "code": "unavailable",
                    "message": f"the Spark server at sc://127.0.0.1:{server.port} refuses us: {why}"})
                self.assertEqual(refused.close(), "")
            with TlsFront(server.port) as front:
                url = f"sc://127.0.0.1:{front.port}/;token=RIGHT%2B%2F%3D"
                secure = Probe(url, GRPC_DEFAULT_SSL_ROOTS_FILE_PATH=str(front.certificate))
                self.assertEqual(secure.rows("SELECT 1"), [["1"]])
                self.assertEqual(secure.close(), "")
                stranger = Probe(url)  # it trusts the system's authorities, of which the front's is none
                self.assertIn("does not answer", stranger.opened["message"])
                self.assertEqual(stranger.close(), "")
            header = self.open(f"{server.url}/;Authorization=Bearer%20RIGHT%2B%2F%3D")
            self.assertEqual(header.rows("SELECT 1"), [["1"]])
            process, folder = server.process, server.folder
        self.assertIsNotNone(process.poll())
        self.assertFalse(folder.exists())

    def test_a_server_that_dies(self):
        with SparkServer() as server:
            probe, second = self.open(server.url), self.open(server.url)
            server.kill()
            answer = probe.query("SELECT 1")
            self.assertEqual(answer["code"], "unavailable")
            self.assertRegex(answer["message"], rf"^the Spark server at sc://127\.0\.0\.1:{server.port} does not answer: ")
            server.start_again()
            answer = second.query("SELECT 1")
            self.assertEqual((answer["code"], answer["message"]), (
                "unavailable", "the session on 'lake' has ended (the server was restarted or dropped it); run again"))


class Servers(unittest.TestCase):
    def test_gone_with_the_test_program(self):
        program = ("import os, signal; from services.spark import SparkServer; server = SparkServer(); server.start();"
                   "print(server.port, server.folder, flush=True); os.kill(os.getpid(), signal.SIGKILL)")
        said = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=False).stdout
        port, folder = said.split()
        deadline = time.monotonic() + 20
        while (service.answers(int(port)) or os.path.exists(folder)) and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertFalse(service.answers(int(port)))
        self.assertFalse(os.path.exists(folder))


if __name__ == "__main__":
    unittest.main()
