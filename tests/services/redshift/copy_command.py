"""Reads COPY. Only FORMAT PARQUET can be run; its options are checked one by one."""
from dataclasses import dataclass, field

from .reader import Name, Reader
from .refusal import NotImitated, Refusal
from .statement import Statement

# AWS lists these as the only parameters of COPY from columnar formats (2026).
_COLUMNAR_OPTIONS = ("acceptinvchars", "fillrecord", "statupdate", "manifest", "explicit_ids",
                     "serializetojson")
_FORMATS = ("csv", "json", "avro", "parquet", "orc", "fixedwidth", "shapefile", "delimiter")
_SWITCHES = ("on", "off", "true", "false", "preset")
# Option -> what may follow it: nothing, a string, a number, a switch (a word that may be left out).
_OPTIONS = {
    "manifest": (), "gzip": (), "bzip2": (), "lzop": (), "zstd": (), "escape": (), "emptyasnull": (),
    "blanksasnull": (), "acceptanydate": (), "ignoreallerrors": (), "ignoreblanklines": (), "fillrecord": (),
    "explicit_ids": (), "removequotes": (), "truncatecolumns": (), "trimblanks": (), "noload": (), "roundec": (),
    "serializetojson": (), "encrypted": (),
    "acceptinvchars": ("as?", "string?"), "region": ("as?", "string"), "delimiter": ("as?", "string"),
    "quote": ("as?", "string"), "null": ("as?", "string"), "dateformat": ("as?", "string"),
    "timeformat": ("as?", "string"), "encoding": ("as?", "word"), "ignoreheader": ("as?", "number"),
    "maxerror": ("as?", "number"), "comprows": ("number",), "readratio": ("number",),
    "compupdate": ("switch?",), "statupdate": ("switch?",),
    "master_symmetric_key": ("as?", "string"),
}
# Keys in the statement would stand in every log; AWS's list of 2026 has none of them for Parquet.
_CREDENTIALS = ("credentials", "with", "access_key_id", "secret_access_key", "session_token")


@dataclass
class CopyCommand:
    """`role` is None for IAM_ROLE default; `columns` None for all."""

    table: Name
    columns: list | None
    source: str
    role: str | None
    options: dict = field(default_factory=dict)

    @property
    def manifest(self):
        return "manifest" in self.options


def read_copy(reader: Reader):
    reader.expect("copy")
    if reader.sees("("):
        reader.fail()  # COPY (query) TO
    table = reader.table_name()
    columns = reader.names_in_parentheses() if reader.sees("(") else None
    if reader.sees("to"):
        reader.fail()
    reader.expect("from")
    if reader.sees_any("stdin", "stdout", "program"):
        raise Refusal("0A000", f"COPY FROM {reader.token.value.upper()} is not supported")
    source = reader.string()
    if not source.startswith("s3://"):
        raise Refusal("22023", "double: COPY reads from 's3://' only")
    command = CopyCommand(table, columns, source, None)
    file_format = _read_options(reader, command)
    if reader.parameters:
        raise Refusal("0A000", "double: COPY takes no parameters")
    if file_format is None:
        raise NotImitated("COPY of text files")
    if file_format != "parquet":
        raise NotImitated(f"COPY FORMAT {file_format.upper()}")
    _check_columnar(command)
    return Statement("copy", target=table, effect="shared", copy=command, tag="COPY")


def _read_options(reader, command):
    file_format, role = None, False
    while reader.token.kind != "end":
        if reader.accept("iam_role"):
            role = True
            if not reader.accept("default"):
                command.role = reader.string()
        elif reader.sees("format") or reader.sees_any(*_FORMATS):
            if file_format:
                raise Refusal("42601", "conflicting or redundant options")
            file_format = _format(reader)
        else:
            _option(reader, command)
    if not role:
        raise Refusal("42601", "Must specify valid credentials: IAM_ROLE")
    return file_format


def _format(reader):
    if reader.accept("format"):
        reader.accept("as")
    found = reader.expect_any(*_FORMATS)
    if found in ("json", "avro", "fixedwidth", "delimiter", "shapefile"):
        reader.accept("as")
        if reader.token.kind == "string":
            reader.advance()
    return found


def _option(reader, command):
    word = reader.token.value
    if reader.token.kind != "word":
        reader.fail()
    if word in _CREDENTIALS:
        raise Refusal("0A000", "double: COPY takes its rights from IAM_ROLE only")
    if word not in _OPTIONS:
        reader.fail()
    reader.advance()
    if word in command.options:
        raise Refusal("42601", "conflicting or redundant options")
    command.options[word] = None
    for part in _OPTIONS[word]:
        _option_part(reader, command, word, part)


def _option_part(reader, command, word, part):
    if part == "as?":
        reader.accept("as")
    elif part == "switch?":
        command.options[word] = reader.accept_any(*_SWITCHES)
    elif part == "number":
        command.options[word] = reader.integer()
    elif part == "word":
        command.options[word] = reader.advance().value
    elif part == "string" or reader.token.kind == "string":
        command.options[word] = reader.string()


def _check_columnar(command):
    for word in command.options:
        if word not in _COLUMNAR_OPTIONS:
            raise Refusal("0A000", f"{word.upper()} argument is not supported for PARQUET based COPY")
    for word in ("serializetojson", "fillrecord", "explicit_ids"):
        if word in command.options:
            raise NotImitated(f"COPY ... {word.upper()}")


def read_unload(reader: Reader):
    reader.expect("unload")
    reader.expect("(")
    reader.string()
    reader.expect(")")
    reader.expect("to")
    reader.string()
    raise NotImitated("UNLOAD")
