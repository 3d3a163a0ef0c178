"""`lyceum query`: values keep their types, and nothing but one query runs."""
import json
import unittest

import harness


class Query(harness.Case):
    def setUp(self):
        super().setUp()
        self.deliver("places.csv", "place_id,place_name\n1,Hall\n2,Yard\n")
        self.run_date()

    def ask(self, sql, *more, code=0):
        done = self.lyceum("query", "--target", self.target, sql, *more)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code == 0 else done.stderr

    def test_numbers_stay_numbers_beside_lists(self):
        text = self.ask("SELECT [1, 2] AS l, 1 AS n, 2.5::DOUBLE AS n, true AS b, 7::UINTEGER AS u, "
                        "18446744073709551615::UBIGINT AS w, 0.1::FLOAT AS f, NULL AS z -- and a remark",
                        "--output", "json")
        self.assertEqual(json.loads(text), [{"l": "[1, 2]", "n": 1, "n_2": 2.5, "b": True, "u": 7,
                                             "w": "18446744073709551615", "f": 0.1, "z": None}])

    def test_queries_of_all_kinds(self):
        for sql in ("SELECT 1", "  -- first\n/* then */ select 1;", "WITH a AS (SELECT 1) FROM a", "FROM dim_place",
                    "VALUES (1)", "TABLE dim_place", "SHOW TABLES", "DESCRIBE dim_place", "DESC dim_place",
                    "SUMMARIZE dim_place", "(SELECT 1)", "SELECT ';' || $$;$$ || \"place_name\" FROM dim_place ; -- end",
                    "PIVOT dim_place ON place_id IN (1, 2) USING count(*)", "EXPLAIN SELECT 1", "EXPLAIN (FORMAT json) SELECT 1",
                    "EXPLAIN ANALYZE FROM dim_place"):
            with self.subTest(sql):
                self.ask(sql, "--output", "csv")

    def test_only_queries(self):
        expected = ("error: expected a query, which begins with SELECT, WITH, FROM, VALUES, TABLE, SHOW, DESCRIBE, "
                    "SUMMARIZE, PIVOT, UNPIVOT or EXPLAIN; got '{}'\n")
        for sql, word in (("COPY dim_place TO 'x.csv'", "COPY"), ("attach 'x.duckdb' as x", "ATTACH"),
                          ("SET threads = 1", "SET"), ("/* SELECT */ CALL pragma_version()", "CALL"),
                          ("EXPLAIN ANALYZE COPY (SELECT 1) TO 'x.csv'", "COPY"), ("CREATE TABLE x (y INTEGER)", "CREATE"),
                          ("EXPLAIN (ANALYZE) COPY (SELECT 1) TO 'x.csv'", "COPY"), ("'SELECT'", "'")):
            with self.subTest(sql):
                self.assertEqual(self.ask(sql, code=3), expected.format(word))
        self.assertFalse((self.folder / "x.csv").exists())
        self.assertEqual(self.ask("  -- nothing", code=3),
                         "error: the query is empty; expected something like 'SELECT 1'\n")
        self.assertEqual(self.ask("SELECT 1; COPY dim_place TO 'x.csv'", code=3),
                         "error: expected one query; 'COPY' stands behind the first ';'\n")

    def test_unknown_table(self):
        self.assertEqual(self.ask("SELECT * FROM dim_plac", code=3),
                         "error: there is no table 'dim_plac'; did you mean 'dim_place'?\n")

    def test_explain_has_lines(self):
        lines = self.ask("EXPLAIN SELECT count(*) FROM dim_place").splitlines()
        self.assertGreater(len(lines), 4)
        self.assertNotIn("?", "".join(lines))


if __name__ == "__main__":
    unittest.main()
