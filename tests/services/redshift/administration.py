"""Transactions, locks, upkeep and grants."""
from . import query
from .reader import Reader
from .refusal import NotImitated, Refusal
from .statement import Statement


def read_begin(reader: Reader):
    if reader.accept("start"):
        reader.expect("transaction")
    else:
        reader.expect("begin")
        reader.accept_any("work", "transaction")
    access = ""
    # Redshift takes the isolation level and ignores it.
    while reader.token.kind != "end":
        if reader.accept("isolation", "level"):
            if not (reader.accept("serializable") or reader.accept("read", "committed")
                    or reader.accept("read", "uncommitted") or reader.accept("repeatable", "read")
                    or reader.accept("snapshot")):
                reader.fail()
        elif reader.accept("read", "only"):
            access = " READ ONLY"
        else:
            reader.expect("read", "write")
        reader.accept(",")
    # The level that takes one snapshot, at the first statement after BEGIN and LOCK.
    return Statement("begin", "BEGIN ISOLATION LEVEL REPEATABLE READ" + access, tag="BEGIN")


def read_commit(reader: Reader):
    reader.expect_any("commit", "end")
    reader.accept_any("work", "transaction")
    reader.expect_end()
    return Statement("commit", "COMMIT")


def read_rollback(reader: Reader):
    reader.expect_any("rollback", "abort")
    reader.accept_any("work", "transaction")
    if reader.sees("to"):
        raise Refusal("0A000", "SQL command \"ROLLBACK TO SAVEPOINT\" not supported.")
    reader.expect_end()
    return Statement("rollback", "ROLLBACK")


def read_savepoint(reader: Reader):
    word = reader.token.value.upper()
    raise Refusal("0A000", f"SQL command \"{'RELEASE SAVEPOINT' if word == 'RELEASE' else word}\" not supported.")


def read_lock(reader: Reader):
    reader.expect("lock")
    reader.accept("table")
    names = [reader.table_name()]
    while reader.accept(","):
        names.append(reader.table_name())
    reader.expect_end()  # a mode, NOWAIT
    tables = ", ".join(name.quoted() for name in names)
    return Statement("lock", f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE", locked=names)


def read_truncate(reader: Reader):
    reader.expect("truncate")
    reader.accept("table")
    target = reader.table_name()
    reader.expect_end()  # a second table, CASCADE, RESTART IDENTITY
    return Statement("truncate", f"TRUNCATE TABLE {target.quoted()}", target=target, effect="exclusive",
                     tag="TRUNCATE TABLE")


def read_vacuum(reader: Reader):
    reader.expect("vacuum")
    if reader.accept_any("full", "reindex", "recluster"):
        pass
    elif reader.accept_any("sort", "delete"):
        reader.expect("only")
    table = ""
    if reader.sees_name() and not reader.sees("boost"):
        table = reader.table_name().quoted()
        if reader.accept("to"):
            reader.integer()
            reader.expect("percent")
    reader.accept("boost")
    reader.expect_end()
    return Statement("vacuum", f"VACUUM {table}".strip(), outside_block="VACUUM")


def read_analyze(reader: Reader):
    reader.expect_any("analyze", "analyse")
    if reader.accept("compression"):
        raise NotImitated("ANALYZE COMPRESSION")
    reader.accept("verbose")
    sql = "ANALYZE"
    if reader.sees_name() and not reader.sees_any("predicate"):
        sql += f" {reader.table_name().quoted()}"
        if reader.sees("("):
            names = reader.names_in_parentheses()
            sql += " ({})".format(", ".join(f'"{name}"' for name in names))
    if reader.accept_any("predicate", "all"):
        reader.expect("columns")
    reader.expect_end()
    return Statement("analyze", sql)


_PRIVILEGES = ("select", "insert", "update", "delete", "drop", "references", "usage", "create", "truncate", "alter",
               "temporary", "temp", "all")


def read_grant(reader: Reader):
    """GRANT and REVOKE on tables and schemas."""
    start = reader.at
    granting = reader.expect_any("grant", "revoke") == "grant"
    if not granting and reader.accept("grant", "option", "for"):
        pass
    while True:
        word = reader.expect_any(*_PRIVILEGES)
        if word in ("drop", "alter"):
            raise NotImitated(f"the privilege {word.upper()}")
        if word == "all":
            reader.accept("privileges")
        if not reader.accept(","):
            break
    reader.expect("on")
    if not reader.accept("all", "tables", "in", "schema"):
        reader.accept_any("table", "schema", "database")
    reader.table_name()
    while reader.accept(","):
        reader.table_name()
    reader.expect("to" if granting else "from")
    while True:
        if reader.sees("group"):
            raise NotImitated("groups of users")
        if reader.sees("role"):
            raise NotImitated("roles")
        if not reader.accept("public"):
            reader.name()
        if not reader.accept(","):
            break
    reader.accept("with", "grant", "option")
    reader.accept_any("restrict", "cascade")
    reader.expect_end()
    return Statement("grant" if granting else "revoke", reader.sql(start))


def read_comment(reader: Reader):
    start = reader.at
    reader.expect("comment", "on")
    if reader.accept_any("table", "view", "schema"):
        reader.table_name()
    else:
        reader.expect("column")
        reader.name()
        while reader.accept("."):
            reader.name()
    reader.expect("is")
    if not reader.accept("null"):
        reader.string()
    reader.expect_end()
    return Statement("comment", reader.sql(start))


def read_explain(reader: Reader):
    start = reader.at
    reader.expect("explain")
    reader.accept("verbose")
    if reader.sees("analyze") or reader.sees("("):
        reader.fail()
    if not query.starts_query(reader):
        raise NotImitated("EXPLAIN of what is no query")
    query.read_query(reader)
    reader.expect_end()
    return Statement("explain", reader.sql(start))


def read_cursor(reader: Reader):
    """DECLARE, FETCH and CLOSE. Redshift's cursors go forward only."""
    start = reader.at
    if reader.accept("declare"):
        reader.name()
        reader.expect("cursor", "for")
        query.read_query(reader)
    elif reader.accept("fetch"):
        if not reader.accept_any("next", "all"):
            reader.expect("forward")
            if reader.token.kind == "number":
                reader.integer()
            else:
                reader.accept("all")
        reader.expect("from")
        reader.name()
    else:
        reader.expect("close")
        reader.name()
    reader.expect_end()
    return Statement("cursor", reader.sql(start))


def read_select(reader: Reader):
    start = reader.at
    query.read_query(reader)
    reader.expect_end()
    return Statement("select", reader.sql(start), parameters=reader.parameters)

