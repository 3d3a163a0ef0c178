"""The same days give the same answers on the embedded engine and on Spark: sample, dirty days, every function."""
import shutil
import unittest

import spark_case

setUpModule, tearDownModule = spark_case.start_server, spark_case.stop_server

SAMPLE = spark_case.ROOT.parent / "shared" / "seed" / "sample_data"
DATES = ("2025-06-01", "2025-06-02")


class Sample(spark_case.Case):
    @unittest.skipUnless(SAMPLE.is_dir(), f"NOT RUN: no sample data at {SAMPLE}")
    def test_sample(self):
        record = self.load(spark_case.EDTECH, DATES[0], expect=0, inbox=SAMPLE)
        self.assertEqual(record["rows"]["read"], 2116)
        self.check()
        record = self.load(spark_case.EDTECH, DATES[0], expect=0, inbox=SAMPLE)
        self.assertEqual(record["state"], "unchanged")


class Generated(spark_case.Case):
    """Dirty days, with overlaps, corrections and late members, delivered out of order."""

    def setUp(self):
        super().setUp()
        for out, seed in (("inbox", 11), ("corrected", 12)):
            done = self.embedded.call("generate", "--rows", 300, "--days", 2, "--seed", seed, "--dirty", 12, "--out", self.folder / out)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_dirty_days(self):
        for date in (DATES[1], DATES[0]):
            record = self.load(spark_case.EDTECH, date, expect=0)
            self.assertGreater(record["rows"]["quarantined"], 0)
        self.check()
        self.load(spark_case.EDTECH, DATES[0], expect=0, inbox=self.folder / "corrected")
        self.check()

    def test_engines_take_turns(self):
        """What one engine published, the other finds unchanged and corrects."""
        self.load(spark_case.EDTECH, DATES[0], expect=0)
        self.embedded.engine, self.spark.engine = self.spark.engine, self.embedded.engine
        record = self.load(spark_case.EDTECH, DATES[0], expect=0)
        self.assertEqual(record["state"], "unchanged")
        self.load(spark_case.EDTECH, DATES[0], expect=0, inbox=self.folder / "corrected")
        self.check()

    def test_files_in_many_pieces(self):
        """Pieces of some kilobytes, so that several tasks read each file."""
        settings = "{spark.sql.files.maxPartitionBytes: '3000', spark.sql.files.openCostInBytes: '0'}"
        spec = self.write_spec(f"""{spark_case.EDTECH.read_text()}
engines:
  pieces: {{type: spark, url: 'sc://127.0.0.1:{spark_case.server().port}', settings: {settings}}}
""")
        done = self.embedded.call("generate", "--rows", 300, "--seed", 13, "--out", self.folder / "clean")
        self.assertEqual(done.returncode, 0, done.stderr)
        # Among dirty files some hold quoted line ends; clean ones are read line by line.
        for name in ("students.csv", "instructors.csv", "quiz_attempts_20250601.csv"):
            shutil.copy(self.folder / "clean" / name, self.folder / "inbox" / name)
        self.spark.engine = "pieces"
        self.load(spec, DATES[0], expect=0)
        self.check()


class Expressions(spark_case.Case):
    """Every function, operator and literal, as derived columns of every row below."""

    COLUMNS = {"i": "integer", "b": "bigint", "m": "'decimal(5,2)'", "w": "'decimal(38,10)'", "t": "text", "u": "text", "yes": "boolean", "day": "date", "n": "integer", "at": "timestamp",
               "d": "double"}
    ROWS = (
        ("7", "9223372036854775807", "-1.50", "0.0000000001", " Straße ", "e", "true", "2024-02-29", "", "2024-12-31 23:59:59.5", "1.5"),
        ("-2147483648", "-9223372036854775808", "999.99", "9999999999999999999999999999.9999999999", "abc", "bc", "false", "0001-01-01", "", "0001-01-01 00:00:00", "-0"),
        ("2147483647", "3037000500", "0", "-1", "ABC", "C", "", "9999-12-31", "7", "9999-12-31 23:59:59.999999", "1e300"),
        ("", "", "", "", "", "", "", "", "", "", ""), ("0", "0", "0.00", "0", "İ😀e\u0301", "😀", "true", "1970-01-01", "0", "1969-12-31 23:59:59.999999", "0.1"),
        ("1", "-1", "1.10", "1.5", "a%c_\\'", "%", "false", "1582-10-10", "1", "2025-06-01 10:00:00", "4.9e-324"), ("8", "1", "12.5", "2.5", "\tx\t", "x", "true", "2025-06-01", "8", "2025-06-01 00:00:00", ""),
        ("7", "7", "7", "7", "a", "a", "true", "2024-03-01", "7", "1900-02-28 12:30:45.000001", "7"))
    # Type of the result, and expressions that have it.
    TABLE = {
        "integer": ("i", "7", "-7", "length(t)", "length('e\u0301😀')", "length(' a ')", "year(day)", "month(at)", "day(day)", "hour(at)", "year(at)", "month(day)", "day(at)", "coalesce(n, i)", "nullif(i, 7)", "days_between(day, date '2024-03-01')",
                    "days_between(date(at), day)", "case when n = 1 then 1 when i = 7 then 2 else 3 end", "case when i = 8 then 1 end", "coalesce(nullif(i, n), 5)"),
        "bigint": ("i", "b", "4294967296", "1 + 2 * 3", "i - 10", "i * 2147483647", "i + 1", "- i", "- b", "abs(i)", "abs(b)", "abs(-7)", "b + i", "b - 1", "b + 1", "b * 2", "b * b", "i * i * i", "b * -1", "0 - b", "i - n", "coalesce(n, b)", "nullif(b, 7)",
                   "case when b > 0 then b - 1 else b + 1 end", "coalesce(b + 1, 5)", "case when yes then b * 2 end", "coalesce(n, b + 1)", "length(t) + i", "(b + 1) * 0", "9223372036854775807 + n", "case when b + 1 > 0 then 1 else 2 end"),
        "'decimal(5,2)'": ("m", "- m", "abs(m)", "nullif(m, 0.00)", "coalesce(m, 1.50)", "case when yes then m end", "coalesce(m, 2.5)"),
        "'decimal(10,4)'": ("m * m",), "'decimal(15,2)'": ("m * 2", "i * m", "m * n"), "'decimal(10,6)'": ("m * -1.5555",), "'decimal(7,3)'": ("m + 0.005", "m - 0.001"), "'decimal(13,2)'": ("m + i", "i - m"), "'decimal(38,10)'": ("w", "abs(w)", "- w", "nullif(w, 1.5)"),
        "'decimal(24,2)'": ("m * b",), "'decimal(11,1)'": ("case when yes then 1 else 2.5 end", "coalesce(i, 2.5)"),
        "text": ("t", "'it''s \\ \"x\" ; $y ${z}'", "trim(t)", "lower_ascii(t)", "upper_ascii(t)", "upper_ascii(trim(t))", "lower_ascii('ÄBCİ')", "concat(t, 'x')", "concat(t, null)", "concat(t, concat(' ', u))", "coalesce(t, u, 'none')", "nullif(t, 'abc')", "case when yes then t else u end",
                 "case when n = 1 then 'a' when i = 7 then 'b' else 'c' end", "trim('\t a \t')", "concat('', t)", "''", "nullif(u, '')"),
        "boolean": ("true", "false", "not yes", "yes", "i = 7", "i <> 7", "i != 7", "b > i", "b >= 7", "m < 0", "m <= 1.1", "m = 1.10", "n = 1", "n = 1 or yes", "n = 1 and yes", "n is null", "n is not null", "t is null", "not (n = 1)", "i in (1, 7)", "n in (1, 7)", "i not in (1, 7)", "n not in (1, 7)",
                    "m in (1.1, 12.50)", "t in ('a', 'abc', ' Straße ')", "t not in ('a')", "day in (date '2024-02-29')", "i between 7 and 8", "i not between 7 and 8", "n between 1 and b", "t between 'A' and 'b'", "t < 'a'", "t <= 'a'", "t > 'Z'", "t < u", "t = u", "t <> 'a'", "u = 'a '", "starts_with(t, ' S')", "starts_with(t, '')",
                    "starts_with(t, null)", "ends_with(t, u)", "ends_with(t, 'e ')", "ends_with(t, '')", "contains(t, 'aß')", "contains(t, '%')", "contains(t, u)", "contains(t, '')", "contains(t, '\\')", "at >= timestamp '2024-12-31 23:59:59'", "at < timestamp '1970-01-01 00:00:00'", "day = date '2024-02-29'", "day < date '1582-10-15'",
                    "date(at) = day", "case when yes then true end", "yes = true", "yes <> false", "nullif(yes, true)", "coalesce(yes, false)", "w > m", "w = i", "i = 7.0", "b + 1 > 0", "abs(b) > 0", "m * m > 1", "(n = 1 and false) or yes", "yes and null", "yes or null", "not (yes and null)", "i + n = 14", "d is null"),
        "date": ("day", "date(at)", "date '2025-06-01'", "date '0001-01-01'", "date '9999-12-31'", "coalesce(day, date(at))", "nullif(day, date '2024-02-29')", "case when yes then day else date(at) end"),
        "timestamp": ("at", "timestamp '2025-06-01 10:00:00'", "timestamp '0001-01-01 00:00:00'", "timestamp '1582-10-10 23:59:59'", "coalesce(at, timestamp '2025-06-01 10:00:00')", "nullif(at, timestamp '2025-06-01 10:00:00')",
                      "case when yes then at end")}

    def test_every_function(self):
        derived = [(f"r{number}", kind, text) for number, (kind, text) in enumerate((kind, text) for kind, texts in self.TABLE.items() for text in texts)]
        self.meaning = {name: text for name, _, text in derived}
        head = "lyceum: 1\npipeline: functions\ndatasets:\n"
        columns = "    columns:\n      id: {type: integer}\n" + "".join(f"      {name}: {{type: {kind}}}\n" for name, kind in self.COLUMNS.items())
        # Many columns make a plan that compiles slowly; several datasets share them.
        count = 4
        size = -(-len(derived) // count)
        parts = [derived[size * number:size * (number + 1)] for number in range(count)]
        spec = head
        for number, part in enumerate(parts):
            spec += f"  values{number}:\n    files: [values.csv.{number}]\n    format: csv\n{columns}    derived:\n" + "".join(
                f"      {name}: {{type: {kind}, expression: {self.quoted(text)}}}\n" for name, kind, text in part)
        spec += "dimensions:\n" + "".join(f"  dim_value{number}: {{dataset: values{number}, key: [id], surrogate_key: value_sk}}\n" for number in range(len(parts)))
        # A row in which an expression fails does not load, so every row comes in full and reduced to what cannot fail.
        lines = [",".join(["id", *self.COLUMNS])]
        names = list(self.COLUMNS)
        for row in self.ROWS:
            for dropped in ((), ("b",), ("b", "i"), ("b", "m", "w"), ("t", "u", "at", "day")):
                lines.append(",".join(['"' + value.replace('"', '""') + '"' for value in (str(len(lines)), *("" if name in dropped else value for name, value in zip(names, row)))]))
        for number in range(len(parts)):
            self.deliver(f"values.csv.{number}", "\n".join(lines) + "\n")
        record = self.load(self.write_spec(spec), expect=0)
        self.check()
        self.assertGreater(record["rows"]["loaded"], 90)
        self.assertGreater(record["rows"]["quarantined"], 3)

    def test_many_columns_and_chains(self):
        """Later columns use earlier ones, failed ones too."""
        derived = "".join(f"      r{number}: {{type: bigint, expression: {f'r{number - 1} * 2' if number else 'i'}}}\n" for number in range(40))
        derived += "".join(f"      s{number}: {{type: text, expression: \"concat(t, '{number}')\"}}\n" for number in range(110))
        rules = "".join(f"      - {{type: expression, name: not {number}, expression: 'i <> {number}'}}\n" for number in range(80))
        self.deliver("values.csv", "id,i,t\n" + "".join(f"{number},{i},{t}\n" for number, (i, t) in enumerate(
            (i, t) for i in (0, 1, -1, 70, 79, 80, 2 ** 31 - 1, "") for t in ("", "a", "ß"))))
        self.load(self.write_spec("lyceum: 1\npipeline: chains\ndatasets:\n  values:\n    files: [values.csv]\n    columns:\n      id: {type: integer}\n"
                                  f"      i: {{type: integer}}\n      t: {{type: text}}\n    derived:\n{derived}    rules:\n{rules}"
                                  "dimensions:\n  dim_value: {dataset: values, key: [id], surrogate_key: value_sk}\n"), expect=0)
        self.check()

    @staticmethod
    def quoted(text):
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t") + '"'

    def explain(self, _table, column, _row):
        return f"\n    {column}: {self.meaning[column]}" if column in self.meaning else ""


if __name__ == "__main__":
    unittest.main()
