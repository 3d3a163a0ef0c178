"""Recognises a statement: what is not known to be Redshift's is refused."""
from . import administration, alteration, change, copy_command, definition, query, settings
from .functions import LEADER_FUNCTIONS, not_on_tables
from .reader import Reader
from .refusal import NotImitated, Refusal, syntax_error
from .statement import Statement
from .tokens import tokenise

_READERS = {
    "select": administration.read_select,
    "with": administration.read_select,
    "insert": change.read_insert,
    "update": change.read_update,
    "delete": change.read_delete,
    "merge": change.read_merge,
    "create": definition.read_create,
    "alter": alteration.read_alter,
    "drop": alteration.read_drop,
    "copy": copy_command.read_copy,
    "unload": copy_command.read_unload,
    "begin": administration.read_begin,
    "start": administration.read_begin,
    "commit": administration.read_commit,
    "end": administration.read_commit,
    "rollback": administration.read_rollback,
    "abort": administration.read_rollback,
    "savepoint": administration.read_savepoint,
    "release": administration.read_savepoint,
    "lock": administration.read_lock,
    "truncate": administration.read_truncate,
    "vacuum": administration.read_vacuum,
    "analyze": administration.read_analyze,
    "analyse": administration.read_analyze,
    "grant": administration.read_grant,
    "revoke": administration.read_grant,
    "comment": administration.read_comment,
    "explain": administration.read_explain,
    "declare": administration.read_cursor,
    "fetch": administration.read_cursor,
    "close": administration.read_cursor,
    "set": settings.read_set,
    "reset": settings.read_reset,
    "show": settings.read_show,
}
# Redshift has these; a loader has no use for them.
_NOT_IMITATED = ("call", "prepare", "execute", "deallocate", "cancel", "use")
# PostgreSQL has these and Redshift does not (AWS: "Unsupported PostgreSQL features").
_UNSUPPORTED = ("listen", "notify", "unlisten", "cluster", "reindex", "load", "discard", "do", "move", "checkpoint",
                "refresh", "security", "import", "reassign")


def recognise(sql):
    """The statement, or None if there is nothing but space and comments.

    Raises Refusal with Redshift's error, NotImitated for good SQL that the double cannot run.
    """
    tokens = tokenise(sql)
    if not tokens:
        return None
    reader = Reader(tokens)
    try:
        statement = _read(reader)
    except RecursionError:
        raise NotImitated("an expression of such a depth") from None
    _check_leader_node(reader, statement)
    statement.needs_query_id = "pg_last_query_id" in reader.functions
    if reader.parameters and statement.kind not in ("select", "insert", "update", "delete", "merge"):
        raise Refusal("42P02", "there is no parameter $1")
    return statement


def _check_leader_node(reader, statement):
    """The catalog lives on the leader node and tables on the others; no query reaches both."""
    read = [name for name in reader.tables if not (name.schema is None and name.name in reader.with_names)]
    catalog = [name for name in read if name.schema in ("pg_catalog", "information_schema") or name.name.startswith("pg_")]
    tables = [name for name in read if name not in catalog]
    writes = statement.kind in ("create table as", "insert", "update", "delete", "merge")
    for function in sorted(reader.functions & LEADER_FUNCTIONS):
        if tables or writes:
            raise not_on_tables(f'Function "{function}" not supported.')
    if catalog and (tables or writes) and statement.kind != "create table":
        raise not_on_tables(f'Table "{catalog[0]}" is on the leader node only.')


def _read(reader) -> Statement:
    token = reader.token
    if token.kind == "operator" and query.starts_query(reader):
        return administration.read_select(reader)
    if token.kind != "word":
        raise syntax_error(token)
    if token.value in _READERS:
        return _READERS[token.value](reader)
    if token.value == "deallocate" and reader.ahead(1).value == "all":
        raise syntax_error(reader.ahead(1))
    if token.value in _NOT_IMITATED:
        raise NotImitated(token.value.upper())
    if token.value in _UNSUPPORTED:
        raise Refusal("0A000", f"SQL command \"{token.value.upper()}\" not supported.")
    raise syntax_error(token)
