"""Redshift's column types: how they are written, their limits, and what PostgreSQL is told."""
from dataclasses import dataclass

from .reader import RESERVED, Reader
from .refusal import NotImitated, Refusal

MAX_VARCHAR_BYTES = 65535
MAX_CHAR_BYTES = 4096
DEFAULT_VARCHAR_BYTES = 256  # also what TEXT means

_PLAIN = {
    "smallint": "smallint", "int2": "smallint", "integer": "integer", "int": "integer", "int4": "integer",
    "bigint": "bigint", "int8": "bigint", "real": "real", "float4": "real", "float8": "double precision",
    "boolean": "boolean", "bool": "boolean", "date": "date", "timestamptz": "timestamp with time zone",
}
_DECIMAL = ("decimal", "numeric", "dec")
_VARCHAR = ("varchar", "nvarchar", "text")
_CHAR = ("char", "character", "nchar", "bpchar")
# Good types that nothing here needs.
_NOT_IMITATED = ("super", "varbyte", "varbinary", "binary", "geometry", "geography", "hllsketch", "time", "timetz")
# PostgreSQL's types that Redshift knows and refuses in a table; the rest it does not know at all.
_UNSUPPORTED = ("bytea", "uuid", "json", "serial", "serial4", "serial8", "bigserial", "smallserial", "money", "bit",
                "varbit", "inet", "cidr", "macaddr", "point", "box", "path", "polygon", "circle", "lseg", "line", "xml",
                "name", "oid", "interval", "tsvector", "tsquery", "abstime", "reltime")


@dataclass(frozen=True)
class Type:
    """`name` is one of PostgreSQL's full names; `size` is bytes, or digits of a decimal."""

    name: str
    size: int = 0
    scale: int = 0

    def __str__(self):
        if self.name == "numeric":
            return f"numeric({self.size},{self.scale})"
        if self.name in ("character varying", "character"):
            return f"{self.name}({self.size})"
        return self.name


def read_type(reader: Reader, column=None):
    """Reads a type and replaces its tokens by PostgreSQL's spelling. `column` is named in errors."""
    start = reader.at
    read = _read(reader, column)
    if reader.sees("["):
        what = f'Column "{column}" has unsupported type "{read.name}[]".' if column else "ARRAY type is not supported"
        raise Refusal("0A000", what)
    reader.drop(start)
    reader.replace(start, str(read))
    return read


def _read(reader, column):
    token = reader.token
    word = token.value
    if token.kind != "word" or word in RESERVED and word not in ("timestamp", "interval", "binary"):
        reader.fail()
    reader.advance()
    if word in _PLAIN:
        return Type(_PLAIN[word])
    if word == "double":
        reader.expect("precision")
        return Type("double precision")
    if word == "float":
        return _float(reader)
    if word in _DECIMAL:
        return _decimal(reader)
    if word in _VARCHAR or (word in ("char", "character", "nchar") and reader.accept("varying")):
        return _varchar(reader, word)
    if word in _CHAR:
        return _char(reader, word)
    if word == "timestamp":
        return _timestamp(reader)
    if word in _NOT_IMITATED:
        raise NotImitated(f"type {word.upper()}")
    if word in _UNSUPPORTED:
        if column:
            raise Refusal("0A000", f'Column "{column}" has unsupported type "{word}".')
        raise Refusal("0A000", f'type "{word}" is not supported')
    raise Refusal("42704", f'type "{word}" does not exist')


def _float(reader):
    if not reader.accept("("):
        return Type("double precision")
    bits = reader.integer()
    reader.expect(")")
    if not 1 <= bits <= 53:
        raise Refusal("22023", "precision for type float must be between 1 and 53 bits")
    return Type("real" if bits <= 24 else "double precision")


def _decimal(reader):
    if not reader.accept("("):
        return Type("numeric", 18, 0)
    precision, scale = reader.integer(), 0
    if reader.accept(","):
        scale = reader.integer()
    reader.expect(")")
    if not 1 <= precision <= 38:
        raise Refusal("22023", f"DECIMAL precision {precision} must be between 1 and 38")
    if scale > min(precision, 37):
        raise Refusal("22023", f"DECIMAL scale {scale} must be between 0 and precision {precision}")
    return Type("numeric", precision, scale)


def _varchar(reader, word):
    size = DEFAULT_VARCHAR_BYTES
    if reader.accept("("):
        # Redshift takes TEXT(n) and ignores n; whoever writes it expects otherwise.
        if word == "text":
            raise NotImitated("a length after TEXT")
        size = MAX_VARCHAR_BYTES if reader.accept("max") else reader.integer()
        reader.expect(")")
    if size < 1:
        raise Refusal("22023", "length for type character varying must be at least 1")
    if size > MAX_VARCHAR_BYTES:
        raise Refusal("22023", f"length for type character varying cannot exceed {MAX_VARCHAR_BYTES}")
    return Type("character varying", size)


def _char(reader, word):
    size = DEFAULT_VARCHAR_BYTES if word == "bpchar" else 1
    if reader.accept("("):
        size = reader.integer()
        reader.expect(")")
    if size < 1:
        raise Refusal("22023", "length for type character must be at least 1")
    if size > MAX_CHAR_BYTES:
        raise Refusal("22023", f"length for type character cannot exceed {MAX_CHAR_BYTES}")
    return Type("character", size)


def _timestamp(reader):
    if reader.sees("("):
        raise Refusal("0A000", "double: Redshift's TIMESTAMP has no precision; it always holds microseconds")
    if reader.accept("with", "time", "zone"):
        return Type("timestamp with time zone")
    reader.accept("without", "time", "zone")
    return Type("timestamp without time zone")
