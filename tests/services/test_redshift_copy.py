"""COPY ... FORMAT PARQUET on the double, with real Parquet files made by pyarrow."""
import datetime
import decimal
import io
import json
import unittest

from services.client import SqlError
from services.double_case import DoubleCase

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError:
    pa = pq = None

BUCKET = "lyceum-test"


class CopyCase(DoubleCase):
    def setUp(self):
        if pa is None:
            self.skipTest("pyarrow is not installed")
        super().setUp()
        self.s3.make_bucket(BUCKET)
        for key in self.s3.list(BUCKET):
            self.s3.delete(BUCKET, key)

    def put(self, key, table, **options):
        out = io.BytesIO()
        pq.write_table(table, out, **options)
        return self.s3.put(BUCKET, key, out.getvalue())

    def put_manifest(self, key, *entries):
        self.s3.put(BUCKET, key, json.dumps({"entries": list(entries)}))

    def entry(self, key, size, mandatory=True):
        return {"url": f"s3://{BUCKET}/{key}", "mandatory": mandatory, "meta": {"content_length": size}}

    def copy(self, table, key, more=""):
        self.client.query(f"COPY {table} FROM 's3://{BUCKET}/{key}' IAM_ROLE '{self.double.iam_role}' FORMAT AS PARQUET "
                          f"STATUPDATE OFF {more}")

    def copy_fails(self, table, key, more=""):
        with self.assertRaises(SqlError) as caught:
            self.copy(table, key, more)
        return caught.exception

    def load_error(self):
        return self.client.query("SELECT TRIM(column_name), error_code, error_message FROM sys_load_error_detail "
                                 "WHERE query_id = pg_last_copy_id()")


class Values(CopyCase):
    def test_every_type(self):
        self.client.query("CREATE TABLE t (a BIGINT, b INTEGER, c SMALLINT, d DOUBLE PRECISION, e REAL, f BOOLEAN, g DATE, "
                          "h TIMESTAMP, i DECIMAL(38,4), j VARCHAR(20), k CHAR(3), l DECIMAL(18,2))")
        day, time = datetime.date(2025, 6, 1), datetime.datetime(2025, 6, 1, 10, 11, 12, 123456)
        number = decimal.Decimal("-1234567890123456789012345678901234.5678")
        columns = [pa.array([-(2 ** 63), None], pa.int64()), pa.array([7, None], pa.int32()),
                   pa.array([8, None], pa.int16()), pa.array([0.1, None], pa.float64()),
                   pa.array([0.5, None], pa.float32()), pa.array([True, None], pa.bool_()),
                   pa.array([day, None], pa.date32()), pa.array([time, None], pa.timestamp("us", tz="UTC")),
                   pa.array([number, None], pa.decimal128(38, 4)), pa.array(['q"u,o\n\\te', None], pa.string()),
                   pa.array(["abc", None], pa.string()), pa.array([decimal.Decimal("1.50"), None], pa.decimal128(18, 2))]
        self.put("a.parquet", pa.table(columns, names=list("zyxwvutsrqpo")))
        self.copy("t", "a.parquet")
        self.assertEqual(self.client.tag, "COPY")
        self.assertEqual(self.client.notices, ["Load into table 't' completed, 2 record(s) loaded successfully."])
        self.assertEqual(self.client.query("SELECT * FROM t ORDER BY a NULLS LAST"), [
            [str(-(2 ** 63)), "7", "8", "0.1", "0.5", "t", "2025-06-01", "2025-06-01 10:11:12.123456", str(number),
             'q"u,o\n\\te', "abc", "1.50"], [None] * 12])

    def test_empty_text_is_not_null(self):
        self.client.query("CREATE TABLE t (a VARCHAR(20))")
        self.put("a.parquet", pa.table([pa.array(["", None, "\\N"])], names=["a"]))
        self.copy("t", "a.parquet")
        self.assertEqual(self.client.query("SELECT a FROM t WHERE a IS NOT NULL ORDER BY a"), [[""], ["\\N"]])
        self.assertEqual(self.client.value("SELECT count(*) FROM t"), "3")

    def test_columns_are_matched_by_position(self):
        self.client.query("CREATE TABLE t (a VARCHAR(20), b VARCHAR(20))")
        self.put("a.parquet", pa.table([pa.array(["1"]), pa.array(["2"])], names=["b", "a"]))
        self.copy("t", "a.parquet")
        self.copy("t (b, a)", "a.parquet")
        self.assertEqual(self.client.query("SELECT a, b FROM t ORDER BY a"), [["1", "2"], ["2", "1"]])

    def test_column_list_leaves_identity_out(self):
        self.client.query("CREATE TABLE t (id BIGINT IDENTITY(1,1), a BIGINT)")
        self.put("a.parquet", pa.table([pa.array([5])], names=["a"]))
        self.copy("t (a)", "a.parquet")
        self.assertEqual(self.client.query("SELECT id, a FROM t"), [["1", "5"]])
        self.assertEqual(str(self.copy_fails("t", "a.parquet")),
                         "0A000 double: COPY without a column list into a table with IDENTITY is not imitated")

    def test_counts_and_history(self):
        self.client.query("CREATE TABLE t (a BIGINT)")
        self.assertEqual(self.client.value("SELECT pg_last_copy_id()"), "-1")
        self.put("a.parquet", pa.table([pa.array([1, 2, 3])], names=["a"]))
        self.copy("t", "a.parquet")
        self.assertEqual(self.client.value("SELECT pg_last_copy_count()"), "3")
        self.assertEqual(self.client.query("SELECT TRIM(filename), lines_scanned FROM stl_load_commits "
                                           "WHERE query = pg_last_copy_id()"), [[f"s3://{BUCKET}/a.parquet", "3"]])

    def test_copy_belongs_to_the_transaction(self):
        self.client.query("CREATE TABLE t (a BIGINT)")
        self.put("a.parquet", pa.table([pa.array([1, 2, 3])], names=["a"]))
        self.client.query("BEGIN")
        self.copy("t", "a.parquet")
        self.assertEqual(self.client.value("SELECT count(*) FROM t"), "3")
        self.client.query("ROLLBACK")
        self.assertEqual(self.client.value("SELECT count(*) FROM t"), "0")

    def test_extended_protocol(self):
        self.client.query("CREATE TABLE t (a BIGINT)")
        self.put("a.parquet", pa.table([pa.array([1])], names=["a"]))
        copy = f"COPY t FROM 's3://{BUCKET}/a.parquet' IAM_ROLE default FORMAT PARQUET"
        self.client.execute(copy)
        self.assertEqual(self.client.tag, "COPY")
        self.s3.delete(BUCKET, "a.parquet")
        with self.assertRaises(SqlError) as caught:
            self.client.execute(copy)
        self.assertEqual(str(caught.exception), "XX000 The specified S3 prefix 'a.parquet' does not exist")
        self.assertEqual(self.client.value("SELECT count(*) FROM t"), "1")


class Schemas(CopyCase):
    """Types in the footer that COPY takes for a column, and those that it does not."""

    def judge(self, column_type, array, **options):
        self.client.query("DROP TABLE IF EXISTS t")
        self.client.query(f"CREATE TABLE t (a {column_type})")
        self.put("a.parquet", pa.table([array], names=["x"]), **options)
        try:
            self.copy("t", "a.parquet")
            return "loads"
        except SqlError as error:
            return error.detail.split("Column type: ")[1].split("\n")[0] if error.detail else error.message

    def test_pairs(self):
        time = [datetime.datetime(2025, 6, 1)]
        money = [decimal.Decimal("1.50")]
        us = pa.timestamp("us")
        for column_type, array, options, expected in (
                ("BIGINT", pa.array([1], pa.int64()), {}, "loads"),
                ("BIGINT", pa.array([1], pa.int32()), {}, "BIGINT, Parquet schema: optional int32 x"),
                ("BIGINT", pa.array([1], pa.uint64()), {}, "BIGINT, Parquet schema: optional int64 x (UINT_64)"),
                ("BIGINT", pa.array(money, pa.decimal128(18, 2)), {},
                 "BIGINT, Parquet schema: optional fixed_len_byte_array(8) x (DECIMAL(18,2))"),
                ("BIGINT", pa.array(time, us), {}, "BIGINT, Parquet schema: optional int64 x (TIMESTAMP_MICROS)"),
                ("INTEGER", pa.array([1], pa.int32()), {}, "loads"),
                ("INTEGER", pa.array([1], pa.int64()), {}, "INTEGER, Parquet schema: optional int64 x"),
                ("INTEGER", pa.array([1], pa.int16()), {}, "INTEGER, Parquet schema: optional int32 x (INT_16)"),
                ("SMALLINT", pa.array([1], pa.int16()), {}, "loads"),
                ("SMALLINT", pa.array([1], pa.int32()), {}, "SMALLINT, Parquet schema: optional int32 x"),
                ("DOUBLE PRECISION", pa.array([1.5], pa.float64()), {}, "loads"),
                ("DOUBLE PRECISION", pa.array([1.5], pa.float32()), {}, "DOUBLE PRECISION, Parquet schema: optional float x"),
                ("REAL", pa.array([1.5], pa.float64()), {}, "REAL, Parquet schema: optional double x"),
                ("BOOLEAN", pa.array([True]), {}, "loads"),
                ("BOOLEAN", pa.array([1], pa.int32()), {}, "BOOLEAN, Parquet schema: optional int32 x"),
                ("DATE", pa.array([datetime.date(2025, 6, 1)]), {}, "loads"),
                ("DATE", pa.array(["2025-06-01"]), {}, "DATE, Parquet schema: optional byte_array x (UTF8)"),
                ("DATE", pa.array(time, us), {}, "DATE, Parquet schema: optional int64 x (TIMESTAMP_MICROS)"),
                ("TIMESTAMP", pa.array(time, pa.timestamp("us", tz="UTC")), {}, "loads"),
                ("TIMESTAMP", pa.array(time, pa.timestamp("ms", tz="UTC")), {}, "loads"),
                ("TIMESTAMP", pa.array(time, us), {"use_deprecated_int96_timestamps": True}, "loads"),
                ("TIMESTAMP", pa.array(time, pa.timestamp("ns", tz="UTC")), {},
                 "TIMESTAMP WITHOUT TIME ZONE, Parquet schema: optional int64 x"),
                ("TIMESTAMP", pa.array([1], pa.int64()), {},
                 "TIMESTAMP WITHOUT TIME ZONE, Parquet schema: optional int64 x"),
                ("TIMESTAMPTZ", pa.array(time, pa.timestamp("us", tz="UTC")), {}, "loads"),
                ("DECIMAL(38,2)", pa.array(money, pa.decimal128(38, 2)), {}, "loads"),
                ("DECIMAL(18,2)", pa.array(money, pa.decimal128(18, 2)), {}, "loads"),
                ("DECIMAL(20,2)", pa.array(money, pa.decimal128(19, 2)), {},
                 "NUMERIC(20,2), Parquet schema: optional fixed_len_byte_array(9) x (DECIMAL(19,2))"),
                ("DECIMAL(18,3)", pa.array(money, pa.decimal128(18, 2)), {},
                 "NUMERIC(18,3), Parquet schema: optional fixed_len_byte_array(8) x (DECIMAL(18,2))"),
                ("DECIMAL(18,2)", pa.array(money, pa.decimal128(18, 2)), {"store_decimal_as_integer": True},
                 "NUMERIC(18,2), Parquet schema: optional int64 x (DECIMAL(18,2))"),
                ("DECIMAL(18,2)", pa.array([1.5], pa.float64()), {}, "NUMERIC(18,2), Parquet schema: optional double x"),
                ("VARCHAR(10)", pa.array(["x"]), {}, "loads"),
                ("VARCHAR(10)", pa.array([b"x"], pa.binary()), {},
                 "CHARACTER VARYING(10), Parquet schema: optional byte_array x"),
                ("VARCHAR(10)", pa.array([1]), {}, "CHARACTER VARYING(10), Parquet schema: optional int64 x"),
                ("VARCHAR(10)", pa.array([["x"]]), {}, "CHARACTER VARYING(10), Parquet schema: optional group x (LIST)")):
            with self.subTest(f"{column_type} from {array.type} {options}"):
                self.assertEqual(self.judge(column_type, array, **options), expected)

    def test_whole_error(self):
        self.client.query("CREATE TABLE t (a INTEGER)")
        self.put("a.parquet", pa.table([pa.array([1])], names=["x"]))
        error = self.copy_fails("t", "a.parquet")
        self.assertEqual((error.sqlstate, error.message), ("XX000", "Spectrum Scan Error"))
        file = f"s3://{BUCKET}/a.parquet"
        context = (f"File '{file}' has an incompatible Parquet schema for column '{file}.a'. Column type: INTEGER, "
                   "Parquet schema: optional int64 x")
        rule = "  -----------------------------------------------"
        self.assertEqual(error.detail, f"\n{rule}\n  error:  Spectrum Scan Error\n  code:      15007\n"
                                       f"  context:   {context}\n{rule}\n")
        self.assertEqual(self.load_error(), [["a", "15007", context]])

    def test_number_of_columns(self):
        self.client.query("CREATE TABLE t (a BIGINT, b BIGINT)")
        self.put("a.parquet", pa.table([pa.array([1])], names=["a"]))
        self.assertEqual(self.copy_fails("t", "a.parquet").message, "Spectrum Scan Error")
        self.assertEqual(self.load_error(), [["", "15005", "Unmatched number of columns between table and file. Table "
                                              f"columns: 2, Data columns: 1, File name: s3://{BUCKET}/a.parquet"]])

    def test_text_longer_than_its_column(self):
        self.client.query("CREATE TABLE t (a VARCHAR(4))")
        self.put("a.parquet", pa.table([pa.array(["abcd", "äöü"])], names=["a"]))
        self.assertEqual(self.copy_fails("t", "a.parquet").message, "Spectrum Scan Error")
        self.assertEqual(self.load_error(), [["a", "15001", "The length of the data column a is longer than the length "
                                              "defined in the table. Table: 4, Data: 6, File name: "
                                              f"s3://{BUCKET}/a.parquet"]])
        self.assertEqual(self.client.value("SELECT count(*) FROM t"), "0")

    def test_null_in_a_column_that_is_not_null(self):
        self.client.query("CREATE TABLE t (a BIGINT NOT NULL)")
        self.put("a.parquet", pa.table([pa.array([1, None])], names=["a"]))
        self.copy_fails("t", "a.parquet")
        self.assertEqual(self.load_error(), [["a", "1213", "Missing data for not-null field"]])

    def test_an_error_survives_the_rollback(self):
        self.client.query("CREATE TABLE t (a INTEGER)")
        self.put("a.parquet", pa.table([pa.array([1])], names=["x"]))
        self.client.query("BEGIN")
        self.copy_fails("t", "a.parquet")
        self.assertEqual(self.refused("SELECT 1"),
                         "25P02 current transaction is aborted, commands ignored until end of transaction block")
        self.client.query("ROLLBACK")
        self.assertEqual(self.client.value("SELECT pg_last_copy_id()"), "-1")
        self.assertEqual(self.client.value("SELECT count(*) FROM stl_load_errors WHERE session = pg_backend_pid()"), "1")

    def test_no_parquet(self):
        self.client.query("CREATE TABLE t (a INTEGER)")
        for content in ("a,b\n1,2\n", b"PAR1" + b"x" * 20 + b"\xff\x00\x00\x00PAR1", ""):
            self.s3.put(BUCKET, "a.parquet", content)
            self.assertEqual(self.copy_fails("t", "a.parquet").message, "Spectrum Scan Error")
        self.assertIn("is not a Parquet file", self.load_error()[0][2])


class Manifests(CopyCase):
    def setUp(self):
        super().setUp()
        self.client.query("CREATE TABLE t (a BIGINT)")
        self.sizes = [self.put(f"p{at}.parquet", pa.table([pa.array([at])], names=["a"])) for at in range(3)]

    def fails(self):
        error = self.copy_fails("t", "run.manifest", "MANIFEST")
        return f"{error.sqlstate} {error.message}"

    def rows(self):
        return [int(row[0]) for row in self.client.query("SELECT a FROM t ORDER BY a")]

    def test_files_of_a_manifest(self):
        self.put_manifest("run.manifest", *(self.entry(f"p{at}.parquet", self.sizes[at]) for at in (0, 2)))
        self.copy("t", "run.manifest", "MANIFEST")
        self.assertEqual(self.rows(), [0, 2])

    def test_a_file_listed_twice_loads_twice(self):
        self.put_manifest("run.manifest", *[self.entry("p1.parquet", self.sizes[1])] * 2)
        self.copy("t", "run.manifest", "MANIFEST")
        self.assertEqual(self.rows(), [1, 1])

    def test_missing_files(self):
        self.put_manifest("run.manifest", self.entry("p0.parquet", self.sizes[0]), self.entry("gone.parquet", 5))
        self.assertEqual(self.fails(), "XX000 Mandatory file in manifest is missing - S3ServiceException:The specified key "
                                       f"does not exist.,Status 404,Error NoSuchKey (s3://{BUCKET}/gone.parquet)")
        self.put_manifest("run.manifest", self.entry("p0.parquet", self.sizes[0]), self.entry("gone.parquet", 5, False))
        self.copy("t", "run.manifest", "MANIFEST")
        self.assertEqual(self.rows(), [0])
        self.put_manifest("run.manifest", self.entry("gone.parquet", 5, False))
        self.assertEqual(self.fails(), f"XX000 Manifest file s3://{BUCKET}/run.manifest names no file that exists")

    def test_content_length(self):
        url = f"s3://{BUCKET}/run.manifest"
        self.put_manifest("run.manifest", self.entry("p0.parquet", self.sizes[0] + 1))
        self.assertEqual(self.fails(), f"XX000 File size mismatch: s3://{BUCKET}/p0.parquet has {self.sizes[0]} bytes, "
                                       f"meta.content_length says {self.sizes[0] + 1}")
        self.put_manifest("run.manifest", {"url": f"s3://{BUCKET}/p0.parquet", "mandatory": True})
        self.assertEqual(self.fails(), f"XX000 Invalid manifest file {url}: entry 0 has no meta.content_length, which "
                                       "Parquet files need")

    def test_bad_manifests(self):
        url = f"s3://{BUCKET}/run.manifest"
        self.assertEqual(self.fails(), "XX000 Problem reading manifest file - S3ServiceException:The specified key does not "
                                       f"exist.,Status 404,Error NoSuchKey ({url})")
        for content, problem in (("{", "it is no JSON object with 'entries'"), ("[]", "it is no JSON object with 'entries'"),
                                 ('{"entries": []}', "'entries' is empty"),
                                 ('{"entries": [{"uri": "s3://a/b"}]}',
                                  "entry 0 must have 'url', and may have 'mandatory' and 'meta'")):
            self.s3.put(BUCKET, "run.manifest", content)
            self.assertIn(problem, self.fails())

    def test_a_prefix_loads_what_it_was_not_meant_for(self):
        self.s3.put(BUCKET, "p1.parquet_old", self.s3.get(BUCKET, "p2.parquet"))
        self.copy("t", "p1.parquet")
        self.assertEqual(self.rows(), [1, 2])

    def test_all_files_or_none(self):
        size = self.put("bad.parquet", pa.table([pa.array(["x"])], names=["a"]))
        self.put_manifest("run.manifest", self.entry("p0.parquet", self.sizes[0]), self.entry("bad.parquet", size))
        self.assertEqual(self.fails(), "XX000 Spectrum Scan Error")
        self.assertEqual(self.rows(), [])

    def test_roles(self):
        with self.assertRaises(SqlError) as caught:
            self.client.query(f"COPY t FROM 's3://{BUCKET}/p0.parquet' IAM_ROLE 'arn:aws:iam::1:role/other' FORMAT PARQUET")
        self.assertEqual(str(caught.exception),
                         "XX000 User arn:aws:redshift:us-east-1:123456789012:dbuser:double/lyceum is not authorized to "
                         "assume IAM Role arn:aws:iam::1:role/other: it does not have permission")
        self.client.query(f"COPY t FROM 's3://{BUCKET}/p0.parquet' IAM_ROLE default FORMAT PARQUET")
        self.assertEqual(self.rows(), [0])

    def test_no_table(self):
        self.assertEqual(str(self.copy_fails("dw.gone", "p0.parquet")), '42P01 relation "dw.gone" does not exist')


if __name__ == "__main__":
    unittest.main()
