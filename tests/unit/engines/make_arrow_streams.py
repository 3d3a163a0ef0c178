"""Writes the Arrow streams that arrow_rows_test.cc reads. Run it with .cache/venv/bin/python if they change."""
import datetime
import decimal
import pathlib

import pyarrow as pa

HERE = pathlib.Path(__file__).parent


def write(name, schema, *batches):
    with pa.OSFile(str(HERE / f"{name}.arrows"), "wb") as file, pa.ipc.new_stream(file, schema) as stream:
        for columns in batches:
            stream.write_batch(pa.record_batch([pa.array(c, f.type) for c, f in zip(columns, schema)], schema=schema))


LARGEST, SMALLEST = decimal.Decimal("9" * 38), decimal.Decimal("-" + "9" * 38)
UTC = datetime.timezone.utc
COLUMNS = [
    ("flag", pa.bool_(), [True, None, False]),
    ("tiny", pa.int8(), [-128, None, 127]),
    ("small", pa.int16(), [-32768, None, 32767]),
    ("plain", pa.int32(), [-2147483648, None, 2147483647]),
    ("big", pa.int64(), [-9223372036854775808, None, 9223372036854775807]),
    ("single", pa.float32(), [0.1, None, -1.5]),
    ("double", pa.float64(), [0.1, None, 1e300]),
    ("price", pa.decimal128(10, 2), [decimal.Decimal("-0.05"), None, decimal.Decimal("12345678.90")]),
    ("most", pa.decimal128(38, 0), [LARGEST, None, SMALLEST]),
    ("name", pa.string(), ["", None, "Zoë \N{GRINNING FACE}"]),
    ("long_name", pa.large_string(), ["a", None, "b" * 40]),
    ("bytes", pa.binary(), [b"", None, b"\x00\xff"]),
    ("day", pa.date32(), [datetime.date(1, 1, 1), None, datetime.date(9999, 12, 31)]),
    ("moment", pa.timestamp("us", "Europe/Zurich"), [datetime.datetime(1969, 12, 31, 23, 59, 59, 999999, UTC), None,
                                                     datetime.datetime(2024, 2, 29, 12, 0, tzinfo=UTC)]),
    ("clock", pa.timestamp("us"), [datetime.datetime(2024, 2, 29, 1, 2, 3, 500000), None,
                                   datetime.datetime(1, 1, 1)]),
    ("nothing", pa.null(), [None, None, None]),
]

schema = pa.schema([(name, kind) for name, kind, _ in COLUMNS])
write("arrow_types", schema, [values[:2] for _, _, values in COLUMNS], [values[2:] for _, _, values in COLUMNS])
write("arrow_empty", pa.schema([("id", pa.int64())]))
write("arrow_nested", pa.schema([("id", pa.int64()), ("list", pa.list_(pa.int64()))]), [[1], [[2]]])
write("arrow_seconds", pa.schema([("at", pa.timestamp("s"))]), [[datetime.datetime(2024, 1, 1)]])
