"""ALTER TABLE and DROP."""
from . import definition
from .definition import _Layout
from .reader import Name, Reader
from .refusal import NotImitated, Refusal
from .statement import Statement
from .types import read_type

# Checks that the table is there and takes its lock, and changes nothing.
_NO_CHANGE = "ALTER TABLE {} RESET (fillfactor)"


def read_alter(reader: Reader):
    start = reader.at
    reader.expect("alter")
    if reader.sees_any("user", "group", "database", "schema", "default", "function", "procedure"):
        raise NotImitated(f"ALTER {reader.token.value.upper()}")
    reader.expect("table")
    target = reader.table_name()
    statement = Statement("alter table", target=target, effect="exclusive", tag="ALTER TABLE")
    if reader.accept("append"):
        return _append(reader, statement)
    if reader.accept("rename"):
        _rename(reader, statement)
    elif reader.accept("add"):
        _add(reader, statement)
    elif reader.accept("drop"):
        _drop_part(reader, statement)
    elif reader.accept("alter"):
        _alter_part(reader, statement)
    elif reader.accept("owner", "to"):
        reader.name()
    else:
        reader.fail()
    if reader.sees(","):
        reader.fail()  # one change in one statement
    reader.expect_end()
    statement.sql = statement.sql or reader.sql(start)
    return statement


def _append(reader, statement):
    reader.expect("from")
    reader.table_name()
    reader.accept_any("ignoreextra", "filltarget")
    reader.expect_end()
    statement.outside_block = "ALTER TABLE APPEND"
    statement.kind = "append"
    return statement


def _rename(reader, statement):
    if reader.accept("to"):
        new = reader.table_name()
        if new.schema:
            raise Refusal("42601", f'syntax error at or near "."')
        statement.renamed_to = Name(statement.target.schema, new.name)
        return
    reader.accept("column")
    reader.name()
    reader.expect("to")
    reader.name()


def _add(reader, statement):
    if reader.sees_any("constraint", "primary", "unique", "foreign", "check"):
        definition.read_foreign_constraint(reader)
        statement.sql = _NO_CHANGE.format(statement.target.quoted())
        return
    reader.accept("column")
    layout = _Layout()
    definition.read_column(reader, statement.target, layout, adding=True)
    if layout.distkeys or layout.sortkeys or layout.primary_keys or layout.used:
        raise Refusal("0A000", "ALTER TABLE ADD COLUMN cannot declare a key")


def _drop_part(reader, statement):
    if reader.accept("constraint"):
        reader.name()
        statement.sql = _NO_CHANGE.format(statement.target.quoted())
    else:
        reader.accept("column")
        reader.name()
    reader.accept_any("restrict", "cascade")


def _alter_part(reader, statement):
    """Everything after ALTER TABLE t ALTER."""
    statement.sql = _NO_CHANGE.format(statement.target.quoted())
    if reader.accept("diststyle"):
        style = reader.expect_any("auto", "even", "all", "key")
        if style == "key":
            reader.expect("distkey")
            reader.name()
    elif reader.accept("distkey"):
        reader.name()
    elif reader.accept("encode"):
        reader.expect("auto")
    elif reader.sees_any("sortkey", "compound"):
        reader.accept("compound")
        reader.expect("sortkey")
        if not reader.accept_any("auto", "none"):
            names = reader.names_in_parentheses()
            definition.check_layout([], [], names, False, statement.target)
    else:
        _alter_column(reader, statement)


def _alter_column(reader, statement):
    reader.accept("column")
    column = reader.name()
    if reader.accept("encode"):
        reader.advance()
        return
    reader.expect("type")
    kind = read_type(reader)
    if kind.name != "character varying":
        raise Refusal("0A000", f'cannot alter type of column "{column}": only the size of a VARCHAR column changes')
    statement.outside_block = "ALTER TABLE ALTER COLUMN"
    statement.sql = f'ALTER TABLE {statement.target.quoted()} ALTER COLUMN "{column}" TYPE {kind}'


def read_drop(reader: Reader):
    start = reader.at
    reader.expect("drop")
    what = reader.accept_any("table", "view", "schema")
    if not what:
        word = reader.token.value
        if word in ("materialized", "user", "group", "function", "procedure", "database", "library", "model"):
            raise NotImitated(f"DROP {word.upper()}")
        if word in ("index", "trigger", "sequence", "rule", "extension", "domain", "type", "aggregate"):
            raise Refusal("0A000", f"SQL command \"DROP {word.upper()}\" not supported on Redshift tables.")
        reader.fail()
    reader.accept("if", "exists")
    dropped = []
    while True:
        dropped.append(Name(None, reader.name()) if what == "schema" else reader.table_name())
        if not reader.accept(","):
            break
    reader.accept_any("cascade", "restrict")
    reader.expect_end()
    statement = Statement(f"drop {what}", reader.sql(start))
    if what == "table":
        statement.dropped = dropped
        statement.effect = "exclusive"
        statement.target = dropped[0] if len(dropped) == 1 else None
    return statement
