"""What the double takes for Redshift's SQL and what it refuses, against two tables of cases. Needs no server."""
import json
import os
import pathlib
import sys
import unittest

from services.redshift import NotImitated, Refusal, recognise

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# Cases that sort by their names, from the collection of facts that the project shares.
SHARED = pathlib.Path(os.environ.get("LYCEUM_SHARED", ROOT.parent / "shared")) / "reference" / "redshift_sql_cases.json"


def verdict(sql):
    try:
        recognise(sql)
        return "accepted"
    except NotImitated as refusal:
        return "not imitated: " + refusal.message.removeprefix("double: ").removesuffix(" is not imitated")
    except Refusal as refusal:
        return refusal.message


def read_cases(path):
    """Yields (line number, statement, verdict)."""
    statement, start = [], None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("=> "):
            yield start, "\n".join(statement), line[3:]
            statement, start = [], None
        elif line and not (line.startswith("#") and not statement):
            statement.append(line)
            start = start or number
    assert not statement, f"{path}: the last case has no verdict"


class Cases(unittest.TestCase):
    maxDiff = None

    def test_own_cases(self):
        for path in sorted((HERE / "redshift" / "cases").glob("*.txt")):
            cases = list(read_cases(path))
            self.assertGreater(len(cases), 10, path)
            for line, sql, expected in cases:
                with self.subTest(f"{path.name}:{line}"):
                    self.assertEqual(verdict(sql), expected, sql)

    def test_shared_cases(self):
        if not SHARED.exists():
            print("NOT RUN: test_shared_cases, the shared cases are not here (set LYCEUM_SHARED)", file=sys.stderr)
            self.skipTest("the shared cases are not here")
        for name, sql in json.loads(SHARED.read_text()).items():
            with self.subTest(name):
                found = verdict(sql)
                good = found == "accepted" or found.startswith("not imitated: ")
                self.assertEqual(good, not (name.endswith("_bad") or name == "garbage"), f"{sql}: {found}")

    def test_statement_size(self):
        self.assertEqual(verdict("SELECT '" + "x" * (16 * 1024 * 1024) + "'"),
                         "Statement is too large. Statement Size: 16777225 bytes. Maximum Allowed: 16777216 bytes")

    def test_rewritten(self):
        """Whole statements as PostgreSQL gets them."""
        for sql, expected in (
                (r"SELECT 'it\'s', 'a\\b', '\t\101'", "SELECT 'it''s' , 'a\\b' , '\tA'"),
                ('SELECT "Name" FROM T', 'SELECT "name" FROM "t"'),
                ("CREATE TABLE t (id BIGINT IDENTITY(5,2), k VARCHAR ENCODE lzo, PRIMARY KEY (k)) DISTKEY(k)",
                 'CREATE TABLE "t" ( "id" bigint GENERATED ALWAYS AS IDENTITY (START 5 INCREMENT 2 MINVALUE 1) , '
                 '"k" character varying(256) NOT NULL )'),
                ("CREATE TABLE t (PRIMARY KEY (a), a INT, UNIQUE (a))", 'CREATE TABLE "t" ( "a" integer NOT NULL )'),
                ("CREATE TABLE t (a TEXT NOT NULL DEFAULT 'x' PRIMARY KEY)",
                 "CREATE TABLE \"t\" ( \"a\" character varying(256) DEFAULT 'x' NOT NULL )"),
                ("BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE", "BEGIN ISOLATION LEVEL REPEATABLE READ"),
                ("SELECT LISTAGG(DISTINCT a, '; ') WITHIN GROUP (ORDER BY a DESC) FROM t",
                 "SELECT string_agg ( DISTINCT \"a\" , '; ' ORDER BY \"a\" DESC ) FROM \"t\""),
                ("SELECT DATEADD(mon, 1, SYSDATE), NVL(a, 0), LEN(b), CONVERT(int, c)",
                 "SELECT redshift_double.dateadd ( 'month' , 1 , redshift_double.transaction_date() ) , "
                 'coalesce ( "a" , 0 ) , length ( "b" ) , CAST( "c" AS integer)'),
                ("SHOW query_group", "SELECT current_setting('redshift_double.query_group') AS \"query_group\""),
                ("SELECT * FROM svv_tables", "SELECT * FROM redshift_double.svv_tables")):
            with self.subTest(sql):
                self.assertEqual(recognise(sql).sql, expected)


if __name__ == "__main__":
    unittest.main()
