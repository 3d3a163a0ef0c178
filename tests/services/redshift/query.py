"""Reads SELECT by Redshift's grammar."""
from . import expression
from .functions import not_on_tables
from .reader import OWN_SCHEMA, Reader
from .refusal import NotImitated, Refusal, unsound

# System views that the double has; they stand in every schema's sight.
SYSTEM_VIEWS = frozenset("""
svv_tables svv_columns svv_table_info svv_transactions svv_all_tables svv_all_columns svv_redshift_tables
svv_redshift_columns pg_table_def stl_load_errors stl_loaderror_detail sys_load_error_detail sys_load_history
stl_load_commits stv_db_isolation_level
""".split())


def starts_query(reader: Reader):
    """Whether a query stands here, perhaps behind parentheses."""
    distance = 0
    while reader.ahead(distance).kind == "operator" and reader.ahead(distance).value == "(":
        distance += 1
    token = reader.ahead(distance)
    return token.kind == "word" and token.value in ("select", "with")


def read_query(reader: Reader, with_allowed=True):
    """Reads [WITH ...] SELECT ... with set operations, ORDER BY and LIMIT."""
    if reader.sees("with"):
        if not with_allowed:
            reader.fail()
        _with(reader)
    _query_term(reader)
    while True:
        operator = reader.accept_any("union", "intersect", "except", "minus")
        if not operator:
            break
        if operator == "minus":
            reader.replace(reader.at - 1, "EXCEPT")
        if reader.sees("all") and operator != "union":
            raise Refusal("0A000", f"{operator.upper()} ALL is not supported")
        reader.accept_any("all", "distinct")
        _query_term(reader)
    # These columns belong to the SELECTs just closed, not to the query around.
    around, reader.scope = reader.scope, None
    read_order_by(reader)
    reader.scope = around
    _limit(reader)
    if reader.sees("for"):
        raise Refusal("0A000", "SELECT FOR UPDATE/SHARE is not supported")


def _with(reader):
    reader.expect("with")
    reader.accept("recursive")
    while True:
        reader.with_names.add(reader.name())
        if reader.sees("("):
            reader.names_in_parentheses()
        reader.expect("as")
        reader.expect("(")
        if not starts_query(reader):
            reader.fail()  # MATERIALIZED, or a statement that changes rows
        read_query(reader)
        reader.expect(")")
        if not reader.accept(","):
            return


def _query_term(reader):
    if reader.accept("("):
        read_query(reader)
        reader.expect(")")
    else:
        _select(reader)


def _select(reader):
    reader.expect("select")
    reader.open_scope()
    if reader.sees("top"):
        raise NotImitated("TOP")
    if reader.accept("distinct"):
        if reader.sees("on"):
            reader.fail()
    else:
        reader.accept("all")
    _select_list(reader)
    if reader.sees("into"):
        raise unsound("SELECT INTO makes a table; use CREATE TABLE AS")
    if reader.accept("from"):
        _from_list(reader)
    if reader.accept("where"):
        expression.read_expression(reader)
    if reader.accept("group", "by"):
        _group_by(reader)
    if reader.accept("having"):
        expression.read_expression(reader)
    if reader.accept("qualify"):
        expression.read_expression(reader)
        raise NotImitated("QUALIFY")
    if reader.sees("window") and reader.ahead(2).value == "as":
        reader.fail()
    reader.close_scope()


def _select_list(reader):
    while True:
        if not reader.accept("*"):
            expression.read_expression(reader, in_select_list=True)
            _column_alias(reader)
        if not reader.accept(","):
            return


def _column_alias(reader):
    if reader.accept("as"):
        # After AS Redshift takes most words; reserved ones are refused to be sure.
        reader.name()
    elif reader.sees_name() and not reader.sees_any("union", "minus", "window"):
        reader.name()


def _group_by(reader):
    if reader.sees("all"):
        raise NotImitated("GROUP BY ALL")
    while True:
        if reader.accept("grouping", "sets") or reader.accept_any("rollup", "cube"):
            _grouping(reader)
        else:
            expression.read_expression(reader)
        if not reader.accept(","):
            return


def _grouping(reader):
    reader.expect("(")
    while True:
        if reader.accept("("):
            if not reader.sees(")"):
                expression.read_expressions(reader)
            reader.expect(")")
        else:
            expression.read_expression(reader)
        if not reader.accept(","):
            break
    reader.expect(")")


def read_order_by(reader, must=False):
    """Reads ORDER BY if it stands here (it has to if `must`); says whether it did."""
    if not reader.accept("order", "by"):
        if must:
            reader.fail()
        return False
    while True:
        expression.read_expression(reader)
        reader.accept_any("asc", "desc")
        if reader.accept("nulls"):
            reader.expect_any("first", "last")
        if not reader.accept(","):
            return True


def _limit(reader):
    seen = set()
    while True:
        word = reader.accept_any("limit", "offset")
        if not word:
            break
        if word in seen:
            reader.at -= 1
            reader.fail()
        seen.add(word)
        if reader.token.kind == "parameter":
            raise Refusal("0A000", f"Parameters in {word.upper()} are not implemented")
        if not (word == "limit" and reader.accept("all")):
            reader.integer()
    if reader.sees("fetch"):
        reader.fail()


def _from_list(reader):
    while True:
        _joined(reader)
        if not reader.accept(","):
            return


def _joined(reader):
    _table(reader)
    while True:
        if reader.accept("cross", "join"):
            _table(reader)
        elif reader.accept("natural"):
            _join_kind(reader)
            reader.expect("join")
            _table(reader)
        elif reader.sees_any("join", "inner", "left", "right", "full"):
            outer = _join_kind(reader)
            reader.expect("join")
            _table(reader)
            if reader.accept("on"):
                reader.in_outer_join = outer
                expression.read_expression(reader)
                reader.in_outer_join = False
            elif reader.accept("using"):
                reader.names_in_parentheses()
            else:
                reader.fail()
        else:
            return


def _join_kind(reader):
    """Reads what stands before JOIN and says whether it is an outer join."""
    if reader.accept_any("left", "right", "full"):
        reader.accept("outer")
        return True
    reader.accept("inner")
    return False


def _table(reader):
    if reader.sees("lateral") and reader.ahead(1).value == "(":
        reader.at += 1
        reader.fail()
    if reader.accept("("):
        if starts_query(reader):
            read_query(reader)
            reader.expect(")")
            _table_alias(reader, must=True)
        else:
            if reader.sees_any("values", "insert", "update", "delete"):
                reader.fail()
            _joined(reader)
            reader.expect(")")
        return
    read_relation(reader)
    if reader.sees("("):
        raise not_on_tables(f'Function "{reader.tables[-1]}" not supported.')
    if reader.sees_any("tablesample", "pivot", "unpivot"):
        raise NotImitated(reader.token.value.upper())
    name = reader.tables[-1]
    _table_alias(reader, name=name)


def read_relation(reader):
    """Reads the name of a table or view that is read from, and notes it."""
    start = reader.at
    name = reader.table_name()
    if name.name in SYSTEM_VIEWS and name.schema in (None, "pg_catalog"):
        reader.drop(start)
        reader.replace(start, f"{OWN_SCHEMA}.{name.name}")
    reader.tables.append(name)
    return name


def _table_alias(reader, must=False, name=None):
    named = reader.accept("as")
    if not named and not (reader.sees_name() and not reader.sees_any("union", "set", "values")):
        if must:
            raise Refusal("42601", "subquery in FROM must have an alias")
        reader.scope.add_table(name)
        return
    if reader.in_delete:
        raise unsound("an alias inside DELETE; Redshift takes none for the target and none is proven elsewhere")
    reader.scope.add_table(name, reader.name())
    if reader.sees("("):
        reader.names_in_parentheses()


def read_tables(reader):
    """Reads what may follow FROM in UPDATE or USING in DELETE."""
    _from_list(reader)


