"""INSERT, UPDATE, DELETE and MERGE by Redshift's grammar."""
from . import expression, query
from .reader import Reader, refuse_duplicate
from .refusal import NotImitated, Refusal
from .statement import Statement


def read_insert(reader: Reader):
    start = reader.at
    reader.expect("insert", "into")
    target = reader.table_name()
    columns = None
    if reader.sees("(") and not query.starts_query(reader):
        columns = reader.names_in_parentheses()
        refuse_duplicate(columns, "column")
    if reader.accept("default", "values"):
        pass
    elif reader.accept("values"):
        _rows(reader, columns)
    elif query.starts_query(reader):
        query.read_query(reader)
    else:
        reader.fail()
    reader.expect_end()  # ON CONFLICT, RETURNING
    return Statement("insert", reader.sql(start), target=target, effect="shared", parameters=reader.parameters)


def _rows(reader, columns):
    width = None
    while True:
        reader.expect("(")
        count = 0
        while True:
            expression.read_expression(reader)
            count += 1
            if not reader.accept(","):
                break
        reader.expect(")")
        if columns is not None and count > len(columns):
            raise Refusal("42601", "INSERT has more expressions than target columns")
        if columns is not None and count < len(columns):
            raise Refusal("42601", "INSERT has more target columns than expressions")
        if width is not None and count != width:
            raise Refusal("42601", "VALUES lists must all be the same length")
        width = count
        if not reader.accept(","):
            return


def read_update(reader: Reader):
    start = reader.at
    reader.expect("update")
    name_at = reader.at
    reader.open_scope()
    target = reader.table_name()
    alias = None
    if reader.accept("as"):
        alias = reader.name()
    elif reader.sees_name() and not reader.sees("set"):
        alias = reader.name()
    reader.scope.add_table(target, alias)
    table = reader.sql(name_at)
    reader.expect("set")
    _assignments(reader)
    ambiguity = None
    source_at = reader.at
    if reader.accept("from"):
        query.read_tables(reader)
        ambiguity = (source_at + 1, reader.at)
    where_at = reader.at
    if reader.accept("where"):
        expression.read_expression(reader)
    reader.expect_end()
    reader.close_scope()
    statement = Statement("update", reader.sql(start), target=target, effect="exclusive", parameters=reader.parameters)
    if ambiguity:
        row = f'"{alias}"' if alias else target.quoted()
        statement.ambiguity_query = (f"SELECT 1 FROM {table}, {reader.sql(*ambiguity)} {reader.sql(where_at)} "
                                     f"GROUP BY {row}.ctid HAVING count(*) > 1 LIMIT 1")
    return statement


def _assignments(reader):
    columns = []
    while True:
        columns.append(reader.name())
        reader.expect("=")  # a qualified column fails at its point
        expression.read_expression(reader)
        if not reader.accept(","):
            break
    for column in columns:
        if columns.count(column) > 1:
            raise Refusal("42601", f'multiple assignments to same column "{column}"')


def read_delete(reader: Reader):
    start = reader.at
    reader.in_delete = True
    reader.expect("delete")
    if not reader.accept("from"):
        reader.replace(start, "DELETE FROM")
    reader.open_scope()
    target = reader.table_name()
    reader.scope.add_table(target)
    if reader.accept("using"):
        query.read_tables(reader)
    if reader.accept("where"):
        expression.read_expression(reader)
    reader.expect_end()  # an alias of the target, RETURNING
    reader.close_scope()
    return Statement("delete", reader.sql(start), target=target, effect="exclusive", parameters=reader.parameters)


def read_merge(reader: Reader):
    start = reader.at
    reader.expect("merge", "into")
    reader.open_scope()
    target = reader.table_name()
    reader.scope.add_table(target)
    reader.expect("using")
    _merge_source(reader, target)
    reader.expect("on")
    condition = reader.at
    expression.read_expression(reader)
    if not any(token.kind == "operator" and token.value == "=" for token in reader.tokens[condition:reader.at]):
        raise Refusal("0A000", "double: MERGE joins by equality only")
    if reader.accept("remove", "duplicates"):
        reader.expect_end()
        raise NotImitated("MERGE ... REMOVE DUPLICATES")
    _merge_actions(reader)
    reader.expect_end()
    reader.close_scope()
    return Statement("merge", reader.sql(start), target=target, effect="exclusive", parameters=reader.parameters)


def _merge_source(reader, target):
    before = len(reader.tables)
    if reader.accept("("):
        if not query.starts_query(reader):
            reader.fail()
        if reader.sees("with"):
            reader.fail()
        parameters = reader.parameters
        query.read_query(reader)
        if reader.parameters > parameters:
            raise Refusal("XX000", "double: a parameter inside MERGE's source fails on Redshift")
        reader.expect(")")
        reader.accept("as")
        reader.scope.add_table(None, reader.name())
    else:
        name = query.read_relation(reader)
        named = reader.accept("as") or reader.sees_name()
        reader.scope.add_table(name, reader.name() if named else None)
    if any(read == target or read.name == target.name and None in (read.schema, target.schema)
           for read in reader.tables[before:]):
        raise Refusal("0A000", "Source view/subquery in Merge statement cannot reference target table.")


def _merge_actions(reader):
    """Reads WHEN MATCHED and WHEN NOT MATCHED, once each and in this order."""
    reader.expect("when")
    if reader.sees("not"):
        raise Refusal("42601", f'syntax error at or near "{reader.token.source}"')
    reader.expect("matched", "then")
    if reader.accept("update"):
        reader.expect("set")
        _assignments(reader)
    else:
        reader.expect("delete")
    reader.expect("when", "not", "matched", "then", "insert")
    columns = None
    if reader.sees("("):
        columns = reader.names_in_parentheses()
        refuse_duplicate(columns, "column")
    reader.expect("values")
    reader.expect("(")
    first = reader.at
    expression.read_expressions(reader)
    reader.expect(")")
    if columns is not None and _width(reader.tokens[first:reader.at - 1]) != len(columns):
        raise Refusal("42601", "INSERT has a different number of expressions and target columns")


def _width(tokens):
    depth, commas = 0, 0
    for token in tokens:
        if token.kind == "operator":
            depth += (token.value == "(") - (token.value == ")")
            commas += token.value == "," and depth == 0
    return commas + 1
