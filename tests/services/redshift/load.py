"""Runs COPY ... FORMAT PARQUET: finds the files, judges all of them, then loads them in one statement."""
import time
from dataclasses import dataclass

from . import manifest, parquet, wire
from .copy_command import CopyCommand
from .refusal import NotImitated, Refusal

_CHUNK_BYTES = 1 << 20


@dataclass
class Load:
    """A COPY that may begin: every file is read and fits."""

    table: str
    columns: list
    files: list  # (url, bytes of the file, CSV, rows)

    @property
    def rows(self):
        return sum(rows for *_, rows in self.files)


def table_columns(backend, command: CopyCommand):
    """The columns that the file's columns go to, in order, and the table's id."""
    quoted = command.table.quoted().replace("'", "''")
    rows = backend.ask(
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attrelid "
        f"FROM pg_attribute AS a WHERE a.attrelid = to_regclass('{quoted}') AND a.attnum > 0 AND NOT a.attisdropped "
        "ORDER BY a.attnum")
    if not rows:
        raise Refusal("42P01", f'relation "{command.table}" does not exist')
    columns = {row[0]: parquet.TableColumn(row[0], row[1], row[2] == "t") for row in rows}
    identities = {row[0] for row in rows if row[3]}
    if command.columns is None:
        if identities:
            raise NotImitated("COPY without a column list into a table with IDENTITY")
        return list(columns.values()), int(rows[0][4])
    for name in command.columns:
        if name not in columns:
            raise Refusal("42703", f'column "{name}" of relation "{command.table.name}" does not exist')
        if name in identities:
            raise Refusal("0A000", "cannot set an identity column to a value")
    for name, column in columns.items():
        if column.not_null and name not in command.columns and name not in identities:
            raise NotImitated("COPY that leaves out a column which is not null")
    return [columns[name] for name in command.columns], int(rows[0][4])


def prepare(s3, command: CopyCommand, columns, roles, user):
    """Reads and judges all files. Raises Refusal, or LoadError for what the load-error views show."""
    role = command.role if command.role is not None else roles[0]
    if role not in roles:
        raise Refusal("XX000", f"User {user} is not authorized to assume IAM Role {role}: it does not have permission",
                      parquet.framed("Not authorized to get credentials of role", 8001, f"IAM Role={role}"))
    if command.manifest:
        found = manifest.files_of_manifest(s3, command.source)
    else:
        found = manifest.files_of_prefix(s3, command.source)
    for file in found:
        parquet.check_schema(file.content, columns, file.url)
    files = [(file.url, len(file.content), *parquet.read_rows(file.content, columns, file.url)) for file in found]
    return Load(command.table.quoted(), columns, files)


def run(backend, load: Load):
    """Loads the rows on the session's own connection, so they belong to its transaction."""
    names = ", ".join('"{}"'.format(column.name.replace('"', '""')) for column in load.columns)
    backend.stream.send(wire.query(f"COPY {load.table} ({names}) FROM STDIN (FORMAT csv, NULL '')"))
    while True:
        kind, payload = backend.stream.read()
        if kind == b"G":
            break
        if kind == b"E":
            backend.stream.buffer = wire.message(kind, payload) + backend.stream.buffer
            backend.finish()
    for *_, csv, _ in load.files:
        for start in range(0, len(csv), _CHUNK_BYTES):
            backend.stream.send(wire.message(b"d", csv[start:start + _CHUNK_BYTES]))
    backend.stream.send(wire.message(b"c"))
    backend.finish()


def now():
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
