"""Reads expressions by Redshift's grammar.

Only the shape is read, not precedence: tokens go on in the order in which they stand, and PostgreSQL
groups them by rules that are the same for all that is let through.
"""
from . import query
from .functions import DATE_PARTS, NEEDS_FRAME, find_date_part, find_function
from .reader import OWN_SCHEMA, RESERVED, Reader
from .refusal import NotImitated, Refusal, syntax_error, unsound
from .types import read_type

_BINARY = ("||", "+", "-", "*", "/", "%", "^", "&", "|", "#", "<<", ">>", "<=", ">=", "<>", "!=", "<", ">", "=", "~",
           "!~")
_COMPARISONS = ("=", "<>", "!=", "<", ">", "<=", ">=")
# Words that PostgreSQL writes as it is told; SYSDATE is Redshift's own.
_VALUE_WORDS = ("true", "false", "null", "current_date", "current_user", "session_user", "user", "default")
_TYPED_LITERALS = ("date", "timestamp", "timestamptz", "interval")


def read_expression(reader: Reader, in_select_list=False):
    """Reads one expression. `in_select_list`: what Redshift takes as a condition only is refused."""
    following = reader.ahead(1)
    if reader.token.kind in ("string", "number") and following.kind == "operator" and following.value in (",", ")"):
        reader.at += 1  # a row of VALUES has hundreds of these
        return
    while True:
        while reader.accept("not"):
            pass
        _operand(reader)
        _tests(reader, in_select_list)
        if reader.accept_any("and", "or"):
            continue
        return


def read_expressions(reader):
    read_expression(reader)
    while reader.accept(","):
        read_expression(reader)


def _tests(reader, in_select_list):
    """Reads comparisons and tests that follow an operand."""
    while not reader.sees("not", "null"):  # that belongs to a column's definition
        operator = reader.accept_any(*_BINARY)
        if operator:
            if operator in _COMPARISONS and reader.accept_any("any", "some", "all"):
                _subquery(reader)
            else:
                _operand(reader)
        elif reader.accept("is"):
            _is(reader, in_select_list)
        elif reader.accept_any("isnull", "notnull"):
            pass
        else:
            start = reader.at
            negated = reader.accept("not")
            if not _predicate(reader):
                if negated:
                    reader.at = start + 1
                    reader.fail()
                return


def _predicate(reader):
    if reader.accept("in"):
        _in_list(reader)
    elif reader.accept("between"):
        reader.accept("symmetric") and _refuse_last(reader)
        _operand_chain(reader)
        reader.expect("and")
        _operand_chain(reader)
    elif reader.accept_any("like", "ilike") or reader.accept("similar", "to"):
        if reader.sees_any("any", "all", "some"):
            reader.fail()
        _operand_chain(reader)
        if reader.accept("escape"):
            _operand(reader)
    else:
        return False
    return True


def _refuse_last(reader):
    reader.at -= 1
    reader.fail()


def _operand_chain(reader):
    """Operands joined by arithmetic: what may stand between BETWEEN and AND."""
    _operand(reader)
    while reader.accept_any("||", "+", "-", "*", "/", "%", "^", "&", "|", "#", "<<", ">>"):
        _operand(reader)


def _is(reader, in_select_list):
    reader.accept("not")
    if reader.accept("null"):
        return
    place = reader.token
    if reader.accept_any("true", "false", "unknown"):
        if in_select_list:
            raise unsound(f'IS {place.source.upper()} stands in a SELECT list; Redshift takes it in WHERE only')
        return
    reader.fail()  # IS DISTINCT FROM among others


def _in_list(reader):
    reader.expect("(")
    if query.starts_query(reader):
        query.read_query(reader)
    else:
        read_expressions(reader)
    reader.expect(")")


def _subquery(reader):
    reader.expect("(")
    if not query.starts_query(reader):
        reader.fail()
    query.read_query(reader)
    reader.expect(")")


def _operand(reader):
    while reader.accept_any("-", "+", "~", "@"):
        pass
    _primary(reader)
    while True:
        if reader.accept("::"):
            read_type(reader)
        elif reader.accept("at", "time", "zone"):
            _primary(reader)
        elif reader.sees("["):
            raise Refusal("0A000", "double: neither arrays nor SUPER are imitated")
        elif reader.sees("collate"):
            raise NotImitated("COLLATE")
        else:
            return


def _primary(reader):
    token = reader.token
    if token.kind in ("string", "number", "parameter"):
        reader.advance()
    elif token.kind == "operator":
        _parenthesis(reader)
    elif token.kind == "word":
        _word(reader, token.value)
    elif token.kind == "quoted":
        _column(reader)
    else:
        reader.fail()


def _parenthesis(reader):
    if not reader.accept("("):
        reader.fail()
    if query.starts_query(reader):
        query.read_query(reader)
    else:
        read_expressions(reader)
    reader.expect(")")
    if reader.sees("."):
        raise NotImitated("a field of a composite value or SUPER")


def _word(reader, word):
    if word == "case":
        _case(reader)
    elif word == "exists":
        reader.advance()
        _subquery(reader)
    elif word in ("cast", "try_cast") and reader.ahead(1).value == "(":
        _cast(reader, word)
    elif word in _SPECIAL and reader.ahead(1).value == "(":
        _SPECIAL[word](reader)
    elif word in ("array", "row") and reader.ahead(1).value in ("(", "["):
        raise Refusal("0A000", f"double: {word.upper()} is not imitated")
    elif reader.ahead(1).kind == "string" and word not in RESERVED - {"interval", "timestamp"}:
        _typed_literal(reader, word)
    elif word == "sysdate":
        reader.advance()
        reader.replace(reader.at - 1, f"{OWN_SCHEMA}.transaction_date()")
    elif word in ("current_timestamp", "current_time", "localtime", "localtimestamp"):
        find_function(word)
    elif word in _VALUE_WORDS:
        reader.advance()
    elif reader.ahead(1).value == "(" and reader.ahead(1).kind == "operator":
        _call(reader, word)
    else:
        _column(reader)


def _typed_literal(reader, word):
    if word not in _TYPED_LITERALS:
        raise Refusal("42704", f'type "{word}" does not exist')
    reader.advance()
    reader.advance()
    if word == "interval" and reader.token.kind == "word" and reader.token.value in DATE_PARTS:
        raise NotImitated("a unit after an interval's text; write it inside")


def _column(reader):
    names = [reader.name()]
    while reader.accept("."):
        names.append("*" if reader.accept("*") else reader.name())
    if reader.sees("("):
        raise unsound("a function called by a qualified name")
    if len(names) > 1 and reader.scope is not None:
        reader.scope.add_column(tuple(names[:-1]))


def _case(reader):
    reader.expect("case")
    if not reader.sees("when"):
        read_expression(reader)
    if not reader.sees("when"):
        reader.fail()
    while reader.accept("when"):
        read_expression(reader)
        reader.expect("then")
        read_expression(reader)
    if reader.accept("else"):
        read_expression(reader)
    reader.expect("end")


def _cast(reader, word):
    reader.advance()
    reader.expect("(")
    read_expression(reader)
    reader.expect("as")
    read_type(reader)
    reader.expect(")")
    if word == "try_cast":
        raise NotImitated("TRY_CAST")


def _extract(reader):
    start = reader.at
    reader.advance()
    reader.expect("(")
    part = reader.advance()
    if part.kind not in ("word", "string"):
        raise syntax_error(part)
    unit = find_date_part(part.value)
    reader.expect("from")
    read_expression(reader)
    reader.expect(")")
    # EXTRACT is an integer on Redshift and a decimal in PostgreSQL.
    reader.replace(start, f"{OWN_SCHEMA}.extract")
    reader.replace(start + 2, f"'{unit}'")
    reader.replace(start + 3, ",")


def _trim(reader):
    reader.advance()
    reader.expect("(")
    reader.accept_any("both", "leading", "trailing")
    if not reader.accept("from"):
        read_expression(reader)
        reader.accept("from")
    if not reader.sees(")"):
        read_expression(reader)
    reader.expect(")")


def _substring(reader):
    reader.advance()
    reader.expect("(")
    read_expression(reader)
    if reader.accept("from"):
        read_expression(reader)
        if reader.accept("for"):
            read_expression(reader)
    else:
        for _ in range(2):
            if reader.accept(","):
                read_expression(reader)
    reader.expect(")")


def _position(reader):
    reader.advance()
    reader.expect("(")
    _operand_chain(reader)
    reader.expect("in")
    read_expression(reader)
    reader.expect(")")


def _convert(reader):
    """CONVERT(type, value)."""
    start = reader.at
    reader.advance()
    reader.expect("(")
    read = read_type(reader)
    reader.expect(",")
    value = reader.at
    read_expression(reader)
    reader.expect(")")
    reader.drop(start, value)
    reader.replace(start, "CAST(")
    reader.replace(reader.at - 1, f"AS {read})")


_SPECIAL = {"extract": _extract, "trim": _trim, "substring": _substring, "position": _position, "convert": _convert}


def _call(reader, name):
    function = find_function(name)
    start = reader.at
    reader.advance()
    reader.replace(start, function.call)
    reader.expect("(")
    if function.aggregate and reader.accept_any("distinct", "all"):
        pass
    count = _arguments(reader, function, name)
    close = reader.at - 1
    if not function.least <= count <= function.most:
        raise Refusal("42883", f"function {name} with {count} arguments does not exist")
    if name in ("to_date", "to_timestamp") and count == 2:
        raise unsound(f"{name} without is_strict rolls dates over ('20010631' is 1 July); pass TRUE")
    if name == "listagg":
        _within_group(reader, close, count)
    elif reader.sees("within", "group"):
        raise NotImitated(f"{name} WITHIN GROUP")
    if reader.sees_any("ignore", "respect"):
        raise NotImitated("IGNORE NULLS and RESPECT NULLS")
    if reader.accept("over"):
        _window(reader, name)
    elif function.window:
        raise Refusal("42809", f"window function {name} requires an OVER clause")
    reader.functions.add(name)


def _arguments(reader, function, name):
    count = 0
    if reader.accept(")"):
        return count
    if name == "count" and reader.accept("*"):
        reader.expect(")")
        return 1
    while True:
        if function.part_first and count == 0:
            _part(reader)
        else:
            read_expression(reader)
        count += 1
        if reader.accept(","):
            continue
        if reader.sees("order", "by"):
            reader.fail()  # an aggregate's own ORDER BY came with PostgreSQL 9
        reader.expect(")")
        return count


def _part(reader):
    part = reader.advance()
    if part.kind not in ("word", "string"):
        raise syntax_error(part)
    reader.replace(reader.at - 1, f"'{find_date_part(part.value)}'")


def _within_group(reader, close, count):
    """LISTAGG(x, sep) WITHIN GROUP (ORDER BY y) is string_agg(x, sep ORDER BY y) in PostgreSQL."""
    separator = "" if count == 2 else ", ''"
    start = reader.at
    if not reader.accept("within", "group"):
        raise unsound("LISTAGG without WITHIN GROUP has no order")
    reader.expect("(")
    reader.drop(start)
    reader.replace(close, separator)
    query.read_order_by(reader, must=True)
    reader.expect(")")


def _window(reader, name):
    reader.expect("(")
    if reader.scope is not None:
        reader.scope.has_window = True
    if reader.sees_any("partition", "order") and reader.ahead(2).kind in ("string", "number"):
        raise unsound("a constant in the PARTITION BY or ORDER BY of a window")
    if reader.accept("partition", "by"):
        read_expressions(reader)
    if reader.sees("order") and reader.ahead(2).kind in ("string", "number"):
        raise unsound("a constant in the PARTITION BY or ORDER BY of a window")
    ordered = query.read_order_by(reader)
    if reader.accept("rows"):
        if reader.accept("between"):
            _frame_bound(reader)
            reader.expect("and")
        _frame_bound(reader)
    elif ordered and name in NEEDS_FRAME:
        raise Refusal("42601", "Aggregate window functions with an ORDER BY clause require a frame clause")
    reader.expect(")")


def _frame_bound(reader):
    if reader.accept("current", "row"):
        return
    if not reader.accept("unbounded"):
        reader.integer()
    reader.expect_any("preceding", "following")
