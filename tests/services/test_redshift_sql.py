"""What statements mean on the double, where PostgreSQL alone would differ from Redshift."""
import socket
import struct
import subprocess
import shutil
import unittest

from services.client import SqlClient, SqlError
from services.double_case import DoubleCase
from services.redshift import wire


class Login(DoubleCase):
    def test_reports_as_redshift_does(self):
        self.assertEqual(self.client.reported["server_version"], "8.0.2")
        self.assertEqual(self.client.reported["client_encoding"], "UNICODE")
        self.assertNotIn("standard_conforming_strings", self.client.reported)
        self.assertEqual(
            self.client.value("SELECT version()"),
            "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), "
            "Redshift 1.0.77467")
        self.assertEqual(self.client.value("SHOW server_version"), "8.0.2")
        self.assertEqual(self.refused("SELECT current_setting('server_version')"),
                         '42501 must be superuser to examine "server_version"')

    def test_passwords(self):
        for authentication in ("md5", "password"):
            self.double.authentication = authentication
            self.assertEqual(self.connect().value("SELECT 1"), "1")
            with self.assertRaises(SqlError) as caught:
                SqlClient(self.double.url.replace("Secret-1", "secret-1"))
            self.assertEqual(str(caught.exception), '28000 password authentication failed for user "lyceum"')
        self.assertEqual(self.double.failed_logins, 2)

    def test_parameters(self):
        self.assertEqual(self.connect(client_encoding="UTF8", application_name="lyceum").value("SELECT 1"), "1")
        for parameters, message in (
                ({"IntervalStyle": "iso_8601"}, '42704 unrecognized configuration parameter "IntervalStyle"'),
                ({"standard_conforming_strings": "on"},
                 '42704 unrecognized configuration parameter "standard_conforming_strings"'),
                ({"extra_float_digits": "3"},
                 '22023 3 is outside the valid range for parameter "extra_float_digits" (-15 .. 2)'),
                ({"client_encoding": "LATIN1"}, "22023 conversion between LATIN1 and UNICODE is not supported"),
                ({"database": "other"}, '3D000 database "other" does not exist')):
            with self.subTest(parameters), self.assertRaises(SqlError) as caught:
                SqlClient(self.double.url, **parameters)
            self.assertEqual(str(caught.exception), message)

    def test_encryption_is_declined(self):
        with socket.create_connection((self.double.host, self.double.port)) as raw:
            raw.sendall(struct.pack("!II", 8, wire.SSL_REQUEST))
            self.assertEqual(raw.recv(1), b"N")

    @unittest.skipUnless(shutil.which("psql"), "psql is not installed")
    def test_libpq(self):
        """psql is libpq: what it makes of the double is what the program will see."""
        done = subprocess.run(["psql", "-X", "-A", "-t", self.double.url, "-c", "SELECT 'a\\\\b'"], capture_output=True,
                              text=True, check=False)
        self.assertEqual((done.stdout, done.stderr), ("a\\b\n", ""))


class Values(DoubleCase):
    def test_backslashes(self):
        self.assertEqual(self.client.query(r"SELECT 'it''s', 'it\'s', 'a\\b', '\101', '\n', '\q'"),
                         [["it's", "it's", "a\\b", "A", "\n", "q"]])
        self.client.query("CREATE TABLE t (a VARCHAR(100))")
        nasty = "\\'; DROP TABLE t; --"
        escaped = nasty.replace("\\", "\\\\").replace("'", "''")
        self.client.query(f"INSERT INTO t VALUES ('{escaped}')")
        self.assertEqual(self.client.value("SELECT a FROM t"), nasty)
        # Doubling alone lets the value end the string early: what follows would run as a statement.
        only_doubled = nasty.replace("'", "''")
        self.assertEqual(self.refused(f"INSERT INTO t VALUES ('{only_doubled}')"),
                         "0A000 double: more than one statement in one query; send each alone")

    def test_varchar_counts_bytes(self):
        self.client.query("CREATE TABLE t (a VARCHAR(4), b TEXT)")
        self.client.query("INSERT INTO t VALUES ('abcd', NULL), ('äö', 'x')")
        too_long = "22001 value too long for type character varying(4)"
        self.assertEqual(self.refused("INSERT INTO t (a) VALUES ('äöü')"), too_long)
        self.assertEqual(self.refused("INSERT INTO t (a) SELECT 'abcde'"), too_long)
        self.assertEqual(self.refused("UPDATE t SET a = a || 'x'"), too_long)
        self.assertEqual(self.refused(f"INSERT INTO t (b) VALUES ('{'x' * 257}')"),
                         "22001 value too long for type character varying(256)")
        self.assertEqual(self.client.value("SELECT CAST('äöü' AS VARCHAR(5))"), "äö")
        self.assertEqual(self.client.value(f"SELECT LEN('{'x' * 300}'::TEXT)"), "256")

    def test_trailing_blanks_do_not_count(self):
        self.client.query("CREATE TABLE t (a VARCHAR(10), b VARCHAR(20))")
        self.client.query("INSERT INTO t VALUES ('a', 'a  '), ('a ', 'a'), ('b', 'c')")
        for sql, expected in (("SELECT count(DISTINCT a) FROM t", "2"),
                              ("SELECT count(*) FROM t WHERE a = 'a   '", "2"),
                              ("SELECT count(*) FROM t WHERE a = b", "2"),
                              ("SELECT count(*) FROM t AS x JOIN t AS y ON x.a = y.b", "4"),
                              ("SELECT count(*) FROM t WHERE a IN ('a ', 'q')", "2"),
                              ("SELECT count(*) FROM t WHERE a <> 'a'", "1"),
                              ("SELECT sum(LEN(b)) FROM t", "5"),
                              ("SELECT count(*) FROM (SELECT a FROM t UNION SELECT b FROM t) AS u", "3"),
                              ("SELECT NVL(NULLIF('x ', 'x'), 'null')", "null")):
            with self.subTest(sql):
                self.assertEqual(self.client.value(sql), expected)

    def test_averages(self):
        self.client.query("CREATE TABLE t (i INTEGER, l BIGINT, s SMALLINT, d DECIMAL(8,2), f DOUBLE PRECISION)")
        self.client.query("INSERT INTO t VALUES (1, 1, 1, 1.00, 1), (2, 2, 2, 2.00, 2), (2, 2, 2, 2.00, 2), "
                          "(NULL, NULL, NULL, NULL, NULL)")
        self.assertEqual(self.client.query("SELECT AVG(i), AVG(l), AVG(s), AVG(d), AVG(f), SUM(l) FROM t"),
                         [["1", "1", "1", "1.66", "1.66666666666667", "5"]])
        self.client.query("DELETE FROM t")
        self.assertEqual(self.client.query("SELECT AVG(i), AVG(l), AVG(s), AVG(d), AVG(f) FROM t"), [[None] * 5])

    def test_functions(self):
        for sql, expected in (
                ("SHA2('Amazon Redshift', 256)", "15013dc10bc5b293f1f66ea28d818387f191cafeb26f89639fae0b4acf9c8772"),
                ("SHA2('a', 1)", ""),
                ("MD5('a')", "0cc175b9c0f1b6a831c399e269772661"),
                ("NVL(NULL, 'b', 'c')", "b"),
                ("LEN('äö')", "2"),
                ("OCTET_LENGTH('äö')", "4"),
                ("CONCAT('a', NULL)", None),
                ("EXTRACT(YEAR FROM DATE '2025-06-01')", "2025"),
                ("EXTRACT(dayofweek FROM DATE '2025-06-01')", "0"),
                ("DATE_TRUNC('month', DATE '2025-06-15')", "2025-06-01 00:00:00"),
                ("DATEADD(month, 1, DATE '2025-01-31')", "2025-02-28 00:00:00"),
                ("DATEADD('qtr', 1, DATE '2025-01-31')", "2025-04-30 00:00:00"),
                ("DATEDIFF(day, DATE '2025-01-31', DATE '2025-03-01')", "29"),
                ("DATEDIFF(year, DATE '2024-12-31', DATE '2025-01-01')", "1"),
                ("DATE '2025-06-01' + 1", "2025-06-02"),
                ("CONVERT_TIMEZONE('UTC', 'America/New_York', TIMESTAMP '2025-06-01 12:00:00')", "2025-06-01 08:00:00"),
                ("CONVERT_TIMEZONE('Asia/Tokyo', TIMESTAMP '2025-06-01 12:00:00')", "2025-06-01 21:00:00"),
                ("TO_DATE('01-06-2025', 'DD-MM-YYYY', TRUE)", "2025-06-01"),
                ("ROUND(CAST(2.345 AS DOUBLE PRECISION), 1)", "2.3"),
                ("1 / 2", "0"),
                ("CHARINDEX('b', 'abc')", "2"),
                ("TRANSLATE('aBc', 'ABC', 'abc')", "abc"),
                ("0.1::float8 + 0.2::float8", "0.3")):
            with self.subTest(sql):
                self.assertEqual(self.client.value(f"SELECT {sql}"), expected)
        self.assertRegex(self.client.value("SELECT GETDATE()"), r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")
        self.assertEqual(self.client.value("SELECT SYSDATE > GETDATE() - INTERVAL '1 minute'"), "t")
        self.assertEqual(self.refused("SELECT TO_DATE('20010631', 'YYYYMMDD', TRUE)"),
                         '22008 date/time field value out of range: "20010631"')


class Tables(DoubleCase):
    def test_keys_are_not_enforced(self):
        self.client.query("CREATE TABLE u (k INT PRIMARY KEY)")
        self.client.query("CREATE TABLE t (a INT, b INT UNIQUE REFERENCES u (k), PRIMARY KEY (a)) DISTKEY (a)")
        self.client.query("INSERT INTO t VALUES (1, 1), (1, 1)")
        self.assertEqual(self.refused("INSERT INTO t VALUES (NULL, 1)"), "23502 Cannot insert a NULL value into column a")

    def test_identity(self):
        self.client.query("CREATE TABLE t (id BIGINT IDENTITY(10,5), a INT)")
        self.client.query("INSERT INTO t (a) VALUES (1), (2)")
        self.assertEqual(self.client.query("SELECT id FROM t ORDER BY id"), [["10"], ["15"]])
        self.assertEqual(self.refused("INSERT INTO t (id, a) VALUES (1, 1)"),
                         '428C9 cannot insert a non-DEFAULT value into column "id"')

    def test_names_fold_even_when_quoted(self):
        self.client.query('CREATE TABLE "Mixed" ("Column" INT)')
        self.assertEqual(self.client.query("SELECT COLUMN_NAME FROM svv_columns WHERE table_name = 'mixed'"), [["column"]])
        self.client.query('SELECT "COLUMN" FROM MIXED')
        self.assertEqual(self.client.columns, ["column"])

    def test_temporary_table_by_its_name(self):
        self.client.query("CREATE TABLE #stg (a INT)")
        self.client.query("INSERT INTO #stg VALUES (1)")
        self.assertEqual(self.client.value("SELECT a FROM #stg"), "1")
        self.assertEqual(self.refused("SELECT a FROM #stg", self.connect()), '42P01 relation "#stg" does not exist')

    def test_alter(self):
        self.client.query("CREATE SCHEMA dw")
        self.client.query("CREATE TABLE dw.t (a VARCHAR(2))")
        for sql in ("ALTER TABLE dw.t ADD COLUMN b INT DEFAULT 5 NOT NULL", "ALTER TABLE dw.t ALTER COLUMN a TYPE VARCHAR(5)",
                    "ALTER TABLE dw.t ADD CONSTRAINT p PRIMARY KEY (a)", "ALTER TABLE dw.t ALTER DISTSTYLE ALL",
                    "ALTER TABLE dw.t RENAME TO u"):
            self.client.query(sql)
            self.assertEqual(self.client.tag, "ALTER TABLE")
        self.client.query("INSERT INTO dw.u (a) VALUES ('abcde')")
        self.assertEqual(self.client.query("SELECT a, b FROM dw.u"), [["abcde", "5"]])
        self.assertEqual(self.refused("ALTER TABLE dw.t ADD CONSTRAINT p PRIMARY KEY (a)"),
                         '42P01 relation "dw.t" does not exist')

    def test_system_views(self):
        self.client.query("CREATE SCHEMA dw")
        self.client.query("CREATE TABLE dw.t (a VARCHAR(2) NOT NULL)")
        self.client.query("SET search_path TO dw")
        self.assertEqual(self.client.query("SELECT tablename, \"column\", type, \"notnull\" FROM pg_table_def "
                                           "WHERE schemaname = 'dw'"), [["t", "a", "character varying(2)", "t"]])
        self.assertEqual(self.client.query("SELECT \"schema\", \"table\" FROM svv_table_info"), [["dw", "t"]])
        self.assertEqual(self.client.query("SELECT table_schema, table_name, table_type FROM svv_tables "
                                           "WHERE table_schema = 'dw'"), [["dw", "t", "BASE TABLE"]])
        self.assertEqual(self.client.value("SELECT has_schema_privilege('lyceum', 'dw', 'create')"), "t")

    def test_settings(self):
        self.assertEqual(self.client.value("SHOW query_group"), "default")
        self.client.query("SET query_group TO 'etl'")
        self.assertEqual(self.client.value("SELECT current_setting('query_group')"), "etl")
        self.client.query("RESET query_group")
        self.assertEqual(self.client.value("SHOW query_group"), "default")
        self.client.query("SET statement_timeout TO 100")
        self.assertEqual(self.client.value("SHOW statement_timeout"), "100ms")

    def test_merge(self):
        self.client.query("CREATE TABLE d (k INT, v VARCHAR(10))")
        self.client.query("CREATE TABLE s (k INT, v VARCHAR(10))")
        self.client.query("INSERT INTO d VALUES (1, 'old')")
        self.client.query("INSERT INTO s VALUES (1, 'new'), (2, 'x'), (2, 'x'), (NULL, 'y')")
        merge = ("MERGE INTO d USING s ON d.k = s.k WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT MATCHED THEN INSERT "
                 "(k, v) VALUES (s.k, s.v)")
        self.client.query(merge)
        self.assertEqual(self.client.query("SELECT k, v FROM d ORDER BY 1, 2"),
                         [["1", "new"], ["2", "x"], ["2", "x"], [None, "y"]])
        self.assertEqual(self.refused(merge), "XX000 Found multiple matches to update the same tuple.")

    def test_nondeterministic_update(self):
        self.client.query("CREATE TABLE d (k INT, v INT)")
        self.client.query("CREATE TABLE s (k INT, v INT)")
        self.client.query("INSERT INTO d VALUES (1, 0)")
        self.client.query("INSERT INTO s VALUES (1, 1), (1, 2)")
        update = "UPDATE d SET v = s.v FROM s WHERE d.k = s.k"
        self.client.query(update)
        self.assertEqual(self.client.tag, "UPDATE 1")
        self.client.query("SET error_on_nondeterministic_update TO true")
        self.assertEqual(self.refused(update), "XX000 Found multiple matches to update the same tuple.")


class Extended(DoubleCase):
    def test_parameters(self):
        self.client.query("CREATE TABLE t (a INT, b VARCHAR(10))")
        self.assertEqual(self.client.execute("INSERT INTO t VALUES ($1, $2), ($3, $4)", 1, "x", 2, None), [])
        self.assertEqual(self.client.tag, "INSERT 0 2")
        self.assertEqual(self.client.execute("SELECT a, b FROM t WHERE a >= $1 ORDER BY a", 1), [["1", "x"], ["2", None]])
        self.assertEqual(self.client.columns, ["a", "b"])
        self.client.execute("DELETE FROM t WHERE a = $1", 1)
        self.assertEqual(self.client.tag, "DELETE 1")

    def test_statements_are_judged(self):
        with self.assertRaises(SqlError) as caught:
            self.client.execute("SELECT a IS DISTINCT FROM $1 FROM t", 1)
        self.assertEqual(str(caught.exception), '42601 syntax error at or near "DISTINCT"')
        self.assertEqual(self.client.value("SELECT 1"), "1")
        self.client.execute("BEGIN")
        with self.assertRaises(SqlError):
            self.client.execute("SELECT now()")
        self.assertEqual(self.client.status, "E")
        self.client.execute("ROLLBACK")
        self.assertEqual(self.client.status, "I")

    def test_whole_transaction(self):
        self.client.query("CREATE TABLE t (a INT)")
        for sql in ("BEGIN", "LOCK t", "DELETE FROM t WHERE a = 1", "INSERT INTO t VALUES (1)", "COMMIT"):
            self.client.execute(sql)
        self.assertEqual(self.client.value("SELECT count(*) FROM t"), "1")
        self.client.execute("BEGIN")
        self.client.execute("TRUNCATE t")
        self.assertEqual((self.client.tag, self.client.status), ("TRUNCATE TABLE", "I"))


class Refusals(DoubleCase):
    def test_several_statements(self):
        self.assertEqual(self.refused("SELECT 1; SELECT 2"),
                         "0A000 double: more than one statement in one query; send each alone")

    def test_a_refusal_ends_the_transaction(self):
        self.client.query("CREATE TABLE t (a INT)")
        self.client.query("BEGIN")
        self.client.query("INSERT INTO t VALUES (1)")
        self.assertEqual(self.refused("SELECT now()"), "0A000 Specified types or functions (one per INFO message) not "
                                                       "supported on Redshift tables.")
        aborted = "25P02 current transaction is aborted, commands ignored until end of transaction block"
        self.assertEqual(self.refused("SELECT 1"), aborted)
        self.client.query("COMMIT")
        self.assertEqual(self.client.tag, "ROLLBACK")
        self.assertEqual(self.client.value("SELECT count(*) FROM t"), "0")

    def test_logs(self):
        self.client.query("SELECT 1")
        self.refused("SELECT now()")
        self.assertEqual(self.double.statements, [(1, "SELECT 1"), (1, "SELECT now()")])
        self.assertEqual([(number, sql) for number, sql, _ in self.double.refusals], [(1, "SELECT now()")])

    def test_deep_expressions(self):
        self.assertEqual(self.client.value("SELECT " + "(" * 500 + "1" + ")" * 500), "1")

    def test_bytes_that_are_no_text(self):
        self.client.stream.send(wire.message(b"Q", b"SELECT '\xe4'\0"))
        with self.assertRaises(SqlError) as caught:
            self.client._answer()
        self.assertEqual(str(caught.exception), '22021 invalid byte sequence for encoding "UNICODE": 0xe4')

    def test_query_ids(self):
        self.client.query("SELECT 1")
        first = int(self.client.value("SELECT pg_last_query_id()"))
        self.assertEqual(int(self.client.value("SELECT pg_last_query_id()")), first + 1)

    def test_empty_statement(self):
        self.assertEqual(self.client.query(" -- nothing\n"), [])

    def test_large_results(self):
        self.client.query("CREATE TABLE t (a BIGINT, b VARCHAR(50))")
        self.client.query("INSERT INTO t VALUES (1, 'some text of the row')")
        for _ in range(16):
            self.client.query("INSERT INTO t SELECT a, b FROM t")
        rows = self.client.query("SELECT a, b FROM t")
        self.assertEqual((len(rows), rows[-1]), (65536, ["1", "some text of the row"]))


if __name__ == "__main__":
    unittest.main()
