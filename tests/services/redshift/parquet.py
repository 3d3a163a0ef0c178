"""Judges Parquet files as COPY does, and turns their rows into CSV for PostgreSQL.

COPY matches columns by position and converts nothing: the type in the footer must be the one that
belongs to the column's type. No table of AWS lists the pairs; these are the ones known to work.
"""
import io
import re
from dataclasses import dataclass

from .parquet_footer import BadFooter, ParquetColumn, read_columns
from .refusal import Refusal


@dataclass
class TableColumn:
    """A column of the table that COPY loads: `kind` as PostgreSQL's format_type spells it."""

    name: str
    kind: str
    not_null: bool

    @property
    def base(self):
        return re.sub(r"\(.*", "", self.kind)

    @property
    def numbers(self):
        found = re.search(r"\(([\d,]+)\)", self.kind)
        return tuple(int(number) for number in found.group(1).split(",")) if found else ()


class LoadError(Refusal):
    """A file that COPY cannot load, with what the load-error views show of it."""

    def __init__(self, message, code, explained, file_name, column=None, line=0):
        super().__init__("XX000", message, framed(message, code, explained))
        self.code = code
        self.explained = explained
        self.file_name = file_name
        self.column = column
        self.line = line


def framed(message, code, explained):
    """The detail as Redshift frames it."""
    rule = "  -----------------------------------------------"
    return f"\n{rule}\n  error:  {message}\n  code:      {code}\n  context:   {explained}\n{rule}\n"


def _scan_error(code, explained, file_name, column=None):
    return LoadError("Spectrum Scan Error", code, explained, file_name, column)


def check_schema(content, columns, file_name):
    """Raises LoadError unless the footer fits the table's columns."""
    try:
        found = read_columns(content)
    except BadFooter as error:
        raise _scan_error(15001, f"File '{file_name}' is not a Parquet file: {error}", file_name) from None
    if len(found) != len(columns):
        raise LoadError("Spectrum Scan Error", 15005,
                        f"Unmatched number of columns between table and file. Table columns: {len(columns)}, "
                        f"Data columns: {len(found)}, File name: {file_name}", file_name)
    for column, parquet in zip(columns, found):
        if not _fits(column, parquet):
            raise _scan_error(
                15007, f"File '{file_name}' has an incompatible Parquet schema for column "
                       f"'{file_name}.{column.name}'. Column type: {column.kind.upper()}, Parquet schema: {parquet}",
                file_name, column)


def _fits(column: TableColumn, parquet: ParquetColumn):
    if parquet.nested or parquet.repetition == "repeated":
        return False
    pair = (parquet.physical, parquet.converted)
    base = column.base
    if base == "smallint":
        return pair == ("INT32", "INT_16")
    if base == "integer":
        return pair in (("INT32", None), ("INT32", "INT_32"))
    if base == "bigint":
        return pair in (("INT64", None), ("INT64", "INT_64")) and parquet.adjusted is None
    if base == "double precision":
        return pair == ("DOUBLE", None)
    if base == "real":
        return pair == ("FLOAT", None)
    if base == "boolean":
        return pair == ("BOOLEAN", None)
    if base == "date":
        return pair == ("INT32", "DATE")
    if base in ("character varying", "character"):
        return pair == ("BYTE_ARRAY", "UTF8")
    if base == "numeric":
        return _decimal_fits(column, parquet)
    if base == "timestamp without time zone":
        # An INT64 without ConvertedType is not read as a time.
        return pair in (("INT64", "TIMESTAMP_MICROS"), ("INT64", "TIMESTAMP_MILLIS"), ("INT96", None))
    if base == "timestamp with time zone":
        return pair in (("INT64", "TIMESTAMP_MICROS"), ("INT64", "TIMESTAMP_MILLIS")) and parquet.adjusted is not False
    return False


def _decimal_fits(column, parquet):
    """Only the same digits, in as few fixed bytes as hold them; integers are not known to work."""
    precision, scale = column.numbers
    return (parquet.physical == "FIXED_LEN_BYTE_ARRAY" and parquet.converted == "DECIMAL"
            and (parquet.precision, parquet.scale) == (precision, scale)
            and parquet.length == smallest_decimal_length(precision))


def smallest_decimal_length(precision):
    """The least number of bytes that holds every decimal of so many digits, with its sign."""
    length = 1
    while 2 ** (8 * length - 1) - 1 < 10 ** precision - 1:
        length += 1
    return length


def read_rows(content, columns, file_name):
    """The rows as (CSV bytes for COPY, their number). Raises LoadError for values that do not fit.

    REQUIRES: check_schema accepted the file.
    """
    import pyarrow
    import pyarrow.csv
    import pyarrow.parquet
    try:
        table = pyarrow.parquet.read_table(pyarrow.BufferReader(content), use_threads=False,
                                           coerce_int96_timestamp_unit="us")
        arrays = [_checked(table.column(at), column, file_name) for at, column in enumerate(columns)]
    except pyarrow.ArrowException as error:
        raise _scan_error(15001, f"File '{file_name}' cannot be read: {error}", file_name) from None
    out = io.BytesIO()
    named = pyarrow.table(arrays, names=[str(at) for at in range(len(arrays))])
    pyarrow.csv.write_csv(named, out, pyarrow.csv.WriteOptions(include_header=False, quoting_style="all_valid"))
    return out.getvalue(), table.num_rows


def _checked(array, column, file_name):
    """The column's values in a form that CSV takes."""
    import pyarrow
    import pyarrow.compute
    if column.not_null and array.null_count:
        line = pyarrow.compute.index(pyarrow.compute.is_null(array), True).as_py() + 1
        raise LoadError("Load failed: null in a column that is not null", 1213, "Missing data for not-null field",
                        file_name, column, line)
    if column.base in ("character varying", "character"):
        return _checked_text(array, column, file_name)
    if column.base == "numeric":
        return array.cast(pyarrow.string())
    if column.base.startswith("timestamp"):
        # Redshift holds what was written; a zone in the file says that it is UTC.
        return array.cast(pyarrow.timestamp("us")).cast(pyarrow.string())
    return array


def _checked_text(array, column, file_name):
    import pyarrow
    import pyarrow.compute
    array = array.cast(pyarrow.string())
    most = column.numbers[0] if column.numbers else 0
    longest = pyarrow.compute.max(pyarrow.compute.binary_length(array)).as_py() or 0
    if longest > most:
        raise _scan_error(
            15001, f"The length of the data column {column.name} is longer than the length defined in the table. "
                   f"Table: {most}, Data: {longest}, File name: {file_name}", file_name, column)
    if column.base == "character":
        wide = pyarrow.compute.not_equal(pyarrow.compute.binary_length(array), pyarrow.compute.utf8_length(array))
        if pyarrow.compute.any(wide).as_py():
            raise _scan_error(15001, f"The data column {column.name} of type CHAR holds a character of several bytes. "
                                     f"File name: {file_name}", file_name, column)
    return array
