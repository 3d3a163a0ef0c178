"""CREATE TABLE, CREATE TABLE AS, CREATE VIEW, CREATE SCHEMA.

What only Redshift knows (distribution, sort keys, encodings, backup) is checked and left out. PRIMARY
KEY, UNIQUE and REFERENCES are not enforced by Redshift, so PostgreSQL never hears of them.
"""
from dataclasses import dataclass, field

from . import expression, query
from .reader import Name, Reader, SYSTEM_COLUMNS, refuse_duplicate
from .refusal import NotImitated, Refusal
from .statement import Statement
from .types import Type, read_type

MAX_COMPOUND_SORT_COLUMNS = 400
MAX_INTERLEAVED_SORT_COLUMNS = 8
MAX_COLUMNS = 1600

_INTEGERS = ("smallint", "integer", "bigint")
_ANY_TYPE = None
# Encoding -> the types it takes.
_ENCODINGS = {
    "raw": _ANY_TYPE, "runlength": _ANY_TYPE, "zstd": _ANY_TYPE, "auto": _ANY_TYPE,
    "az64": (*_INTEGERS, "numeric", "date", "timestamp without time zone", "timestamp with time zone"),
    "bytedict": (*_INTEGERS, "numeric", "real", "double precision", "character", "character varying", "date",
                 "timestamp without time zone", "timestamp with time zone"),
    "delta": (*_INTEGERS, "date", "timestamp without time zone", "timestamp with time zone", "numeric"),
    "delta32k": ("integer", "bigint", "date", "timestamp without time zone", "timestamp with time zone", "numeric"),
    "lzo": (*_INTEGERS, "numeric", "character", "character varying", "date", "timestamp without time zone",
            "timestamp with time zone"),
    "mostly8": (*_INTEGERS, "numeric"), "mostly16": ("integer", "bigint", "numeric"), "mostly32": ("bigint", "numeric"),
    "text255": ("character varying",), "text32k": ("character varying",),
}


@dataclass
class _Layout:
    """What a definition says about distribution and order."""

    columns: list = field(default_factory=list)
    distkeys: list = field(default_factory=list)
    style: str | None = None
    sortkeys: list = field(default_factory=list)
    sorted_twice: bool = False
    interleaved: bool = False
    primary_keys: int = 0
    used: list = field(default_factory=list)  # columns that constraints name
    named: bool = True  # the columns are known
    ends: dict = field(default_factory=dict)  # column -> place after its definition, if it may be null
    keyed: list = field(default_factory=list)  # columns of PRIMARY KEY (...)


def read_create(reader: Reader):
    """Reads what follows CREATE."""
    start = reader.at
    reader.expect("create")
    replaces = reader.accept("or", "replace")
    if reader.accept("view"):
        return _view(reader, start)
    if reader.sees("materialized"):
        raise NotImitated("CREATE MATERIALIZED VIEW")
    if reader.sees_any("function", "procedure"):
        raise NotImitated(f"CREATE {reader.token.value.upper()}")
    if replaces:
        reader.fail()
    if reader.accept("schema"):
        return _schema(reader, start)
    local = reader.accept("local")
    temporary = reader.accept_any("temp", "temporary") is not None
    if local and not temporary:
        reader.fail()
    if reader.accept("table"):
        return _table(reader, start, temporary)
    return _refuse_object(reader)


def _refuse_object(reader):
    word = reader.token.value
    if word in ("user", "group", "database", "library", "external", "model", "datashare", "role"):
        raise NotImitated(f"CREATE {word.upper()}")
    if word in ("index", "trigger", "sequence", "rule", "extension", "domain", "type", "aggregate", "operator", "cast",
                "conversion", "tablespace", "collation"):
        raise Refusal("0A000", f"SQL command \"CREATE {word.upper()}\" not supported on Redshift tables.")
    if word == "unique" and reader.ahead(1).value == "index":
        raise Refusal("0A000", 'SQL command "CREATE INDEX" not supported on Redshift tables.')
    return reader.fail()


def _schema(reader, start):
    reader.accept("if", "not", "exists")
    reader.name()
    if reader.accept("authorization"):
        reader.name()
    if reader.sees("quota"):
        raise NotImitated("QUOTA")
    reader.expect_end()
    return Statement("create schema", reader.sql(start))


def _view(reader, start):
    reader.table_name()
    if reader.sees("("):
        reader.names_in_parentheses()
    reader.expect("as")
    query.read_query(reader)
    end = reader.at
    if reader.accept("with", "no", "schema", "binding"):
        reader.expect_end()
        # PostgreSQL would keep the tables below it from being dropped.
        raise NotImitated("a late-binding view")
    reader.expect_end()
    return Statement("create view", reader.sql(start, end))


def _table(reader, start, temporary):
    checked = reader.accept("if", "not", "exists")
    place = reader.token
    target = reader.table_name()
    if target.name.startswith("#"):
        temporary = True
        reader.replace(start, "CREATE TEMP")
    if temporary and target.schema:
        raise Refusal("0A000", "cannot create temporary relation in non-temporary schema")
    statement = Statement("create table", target=target, effect="created", temporary=temporary)
    layout = _Layout()
    if _is_column_list(reader):
        layout.columns = [(name, None) for name in reader.names_in_parentheses()]
        layout.named = True
        is_query = True
    elif reader.sees("("):
        _elements(reader, target, layout)
        is_query = False
    else:
        is_query = True
        layout.named = False
    _attributes(reader, layout)
    _check(layout, target)
    if reader.sees("as"):
        if not is_query:
            reader.fail()
        if checked:
            reader.fail()
        reader.expect("as")
        if not query.starts_query(reader):
            reader.fail()
        query.read_query(reader)
        statement.kind = "create table as"
    elif is_query:
        if layout.columns:
            raise Refusal("42601", f'syntax error at or near "{place.source}"')
        reader.fail()
    reader.expect_end()
    statement.sql = reader.sql(start)
    return statement


def _is_column_list(reader):
    """Whether `(a, b) AS` stands here rather than definitions: names have no type."""
    return (reader.sees("(") and reader.ahead(1).kind in ("word", "quoted") and reader.ahead(2).kind == "operator"
            and reader.ahead(2).value in (",", ")") and reader.ahead(1).value != "like")


def _elements(reader, target, layout):
    reader.expect("(")
    while True:
        if reader.sees_any("constraint", "primary", "unique", "foreign", "check", "exclude"):
            _table_constraint(reader, layout)
        elif reader.sees("like"):
            _like(reader, layout)
        else:
            read_column(reader, target, layout)
        if not reader.accept(","):
            break
    reader.expect(")")
    for name in layout.keyed:  # a primary key is not enforced, but its columns are not null
        if name in layout.ends:
            _append_not_null(reader, layout.ends.pop(name))


def _append_not_null(reader, end):
    """Dropped tokens leave a place for it after the column's last word."""
    reader.replace(end - 1, f"{reader.sql(end - 1, end)} NOT NULL".strip())


def _like(reader, layout):
    reader.expect("like")
    query.read_relation(reader)
    if reader.accept_any("including", "excluding"):
        reader.expect("defaults")
    layout.named = False


def read_column(reader, target, layout, adding=False):
    """Reads one column's definition. `adding`: in ALTER TABLE ADD COLUMN."""
    start = reader.at
    name = reader.name()
    if name in SYSTEM_COLUMNS:
        raise Refusal("42701", f'column name "{name}" conflicts with a system column name')
    kind = read_type(reader, f"{target.name}.{name}")
    layout.columns.append((name, kind))
    not_null = False
    while True:
        here = reader.at
        if reader.accept("not", "null"):
            not_null = True
        elif reader.accept("null"):
            pass
        elif reader.accept("default"):
            expression.read_expression(reader)
            continue  # stays in the statement
        elif reader.sees_any("identity", "generated"):
            _identity(reader, kind)
            continue
        elif not _layout_word(reader, layout, name, kind) and not _column_constraint(reader, layout, name):
            break
        else:
            not_null = not_null or reader.tokens[here].value == "primary"
        reader.drop(here)
    if adding and not_null and not any(token.value == "default" for token in reader.tokens[start:reader.at]):
        raise Refusal("0A000", "ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression")
    if not_null:
        _append_not_null(reader, reader.at)
    else:
        layout.ends[name] = reader.at


def _layout_word(reader, layout, name, kind):
    if reader.accept("encode"):
        _encoding(reader, name, kind)
    elif reader.accept("distkey"):
        layout.distkeys.append(name)
    elif reader.accept("sortkey"):
        layout.sortkeys.append(name)
    elif reader.sees("collate"):
        raise NotImitated("COLLATE")
    else:
        return False
    return True


def _encoding(reader, name, kind):
    encoding = reader.advance().value.lower()
    if encoding not in _ENCODINGS:
        raise Refusal("22023", f'invalid encoding type specified for column "{name}"')
    takes = _ENCODINGS[encoding]
    if takes is not None and kind.name not in takes:
        raise Refusal("0A000", f'encoding type "{encoding}" is not supported for column "{name}" of type {kind}')


def _identity(reader, kind: Type):
    start = reader.at
    always = True
    if reader.accept("generated"):
        reader.expect("by", "default", "as")
        always = False
    reader.expect("identity")
    reader.expect("(")
    numbers = []
    for following in (",", ")"):
        negative = reader.accept("-")
        numbers.append(-reader.integer() if negative else reader.integer())
        reader.expect(following)
    if kind.name not in ("integer", "bigint"):
        raise Refusal("42804", "identity column type must be INT or BIGINT")
    # Redshift refuses values for IDENTITY columns, as PostgreSQL does for GENERATED ALWAYS.
    mode = "ALWAYS" if always else "BY DEFAULT"
    reader.drop(start)
    reader.replace(start, f"GENERATED {mode} AS IDENTITY (START {numbers[0]} INCREMENT {numbers[1]} "
                          f"MINVALUE {min(numbers[0], 1)})")


def _column_constraint(reader, layout, name):
    if reader.accept("primary", "key"):
        layout.primary_keys += 1
    elif reader.accept("unique"):
        pass
    elif reader.accept("references"):
        reader.table_name()
        if reader.sees("("):
            reader.names_in_parentheses()
        if reader.sees_any("on", "deferrable", "match", "initially"):
            reader.fail()
    else:
        if reader.sees("check"):
            raise Refusal("0A000", "CHECK constraints are not supported")
        return False
    layout.used.append(name)
    return True


def _table_constraint(reader, layout):
    start = reader.at
    if reader.accept("constraint"):
        reader.name()
    if reader.accept("primary", "key"):
        layout.primary_keys += 1
        layout.keyed = reader.names_in_parentheses()
        layout.used += layout.keyed
    elif reader.accept("unique"):
        layout.used += reader.names_in_parentheses()
    elif reader.accept("foreign", "key"):
        layout.used += reader.names_in_parentheses()
        reader.expect("references")
        reader.table_name()
        if reader.sees("("):
            reader.names_in_parentheses()
    elif reader.sees("check"):
        raise Refusal("0A000", "CHECK constraints are not supported")
    elif reader.sees("exclude"):
        reader.fail()
    else:
        reader.fail()
    if start > 0 and reader.tokens[start - 1].value == ",":
        start -= 1
    elif reader.accept(","):
        pass  # the first element: its comma goes too
        reader.drop(start)
        reader.at -= 1
        return
    reader.drop(start)


def read_foreign_constraint(reader):
    """Reads a table constraint in ALTER TABLE ADD."""
    layout = _Layout()
    _table_constraint(reader, layout)


def _attributes(reader, layout):
    start = reader.at
    while True:
        if reader.accept("backup"):
            reader.expect_any("yes", "no")
        elif reader.accept("diststyle"):
            layout.style = reader.expect_any("auto", "even", "key", "all")
        elif reader.accept("distkey"):
            layout.distkeys += _one_name(reader)
        elif reader.sees("sortkey") or reader.sees_any("compound", "interleaved"):
            _sort_key(reader, layout)
        elif reader.accept("encode"):
            reader.expect("auto")
        elif reader.sees_any("inherits", "tablespace", "without", "with", "on", "partition", "using"):
            reader.fail()
        else:
            break
    reader.drop(start)


def _one_name(reader):
    names = reader.names_in_parentheses()
    if len(names) > 1:
        raise Refusal("42601", "only one column can be the distribution key")
    return names


def _sort_key(reader, layout):
    if layout.sortkeys:
        layout.sorted_twice = True
    layout.interleaved = reader.accept_any("compound", "interleaved") == "interleaved"
    reader.expect("sortkey")
    if reader.accept("auto"):
        return
    layout.sortkeys += reader.names_in_parentheses()


def _check(layout, target):
    names = [name for name, _ in layout.columns]
    refuse_duplicate(names, "column")
    if len(names) > MAX_COLUMNS:
        raise Refusal("54011", f"tables can have at most {MAX_COLUMNS} columns")
    if layout.named:
        for name in layout.distkeys + layout.sortkeys + layout.used:
            if name not in names:
                raise Refusal("42703", f'column "{name}" named in key does not exist')
    if len(layout.distkeys) > 1:
        raise Refusal("42P16", "multiple DISTKEY columns are not allowed")
    if layout.style == "key" and not layout.distkeys:
        raise Refusal("42P16", "DISTSTYLE KEY requires a DISTKEY column")
    if layout.style not in (None, "key") and layout.distkeys:
        raise Refusal("42P16", f"DISTSTYLE {layout.style.upper()} cannot be combined with DISTKEY")
    if layout.sorted_twice:
        raise Refusal("42P16", "multiple SORTKEY clauses are not allowed")
    refuse_duplicate(layout.sortkeys, "sort key column")
    most = MAX_INTERLEAVED_SORT_COLUMNS if layout.interleaved else MAX_COMPOUND_SORT_COLUMNS
    if len(layout.sortkeys) > most:
        raise Refusal("54011", f"a sort key can have at most {most} columns")
    if layout.primary_keys > 1:
        raise Refusal("42P16", f'multiple primary keys for table "{target.name}" are not allowed')


def check_layout(columns, distkeys, sortkeys, interleaved, target: Name):
    """The same checks for ALTER TABLE, which names columns of a table that stands elsewhere."""
    _check(_Layout([(name, None) for name in columns], distkeys, None, sortkeys, False, interleaved, named=False), target)
