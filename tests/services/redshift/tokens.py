"""Splits a statement into tokens by Redshift's rules, and spells tokens for PostgreSQL.

The rules are those of PostgreSQL 8.0: a backslash in a string is an escape, E'' and dollar quoting do
not exist. Redshift folds identifiers to lower case even when they are quoted. Literals are spelled
anew, so that both sides agree on their value.
"""
import re
from typing import NamedTuple

from .refusal import NotImitated, Refusal, syntax_error, unsound

# Redshift cuts longer names without a word; two of them may then be one.
MAX_NAME_BYTES = 127
# PostgreSQL cuts earlier, and would break what is right on Redshift.
MAX_IMITATED_NAME_BYTES = 63
MAX_STATEMENT_BYTES = 16 * 1024 * 1024

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|--[^\n]*)
  | (?P<comment>/\*)
  | (?P<string>')
  | (?P<quoted>")
  | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)
  | (?P<word>\#?[A-Za-z_\u0080-\U0010ffff][A-Za-z_0-9$\u0080-\U0010ffff]*)
  | (?P<parameter>\$\d+)
  | (?P<operator>::|<=|>=|<>|!=|\|\||<<|>>|!~|[-+*/%^<>=&|~@#!?:(),.;\[\]{}])
    """,
    re.VERBOSE,
)
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_STRING_PART = re.compile(r"[^'\\]+")
_OCTAL = re.compile(r"[0-7]{1,3}")


class Token(NamedTuple):
    """`kind` is word, quoted, string, number, parameter, operator or end.

    `value` is what it means: a word in lower case, the name or text between quotes. `source` is as
    written. `glued` says that no space stands before it.
    """

    kind: str
    value: str
    source: str
    glued: bool = False

    def spelled(self):
        """The token as PostgreSQL reads it."""
        if self.kind == "string":
            return "'" + self.value.replace("'", "''") + "'"
        if self.kind == "quoted" or (self.kind == "word" and self.value.startswith("#")):
            return '"' + self.value.replace('"', '""') + '"'
        return self.source


END = Token("end", "", "")


def tokenise(sql):
    """All tokens of a statement, without comments, space and one last semicolon.

    Raises Refusal for what Redshift cannot read, and for a second statement.
    """
    size = len(sql.encode(errors="surrogateescape"))
    if size > MAX_STATEMENT_BYTES:
        raise Refusal("54000", f"Statement is too large. Statement Size: {size} bytes. "
                               f"Maximum Allowed: {MAX_STATEMENT_BYTES} bytes")
    bad = re.search("[\udc80-\udcff]", sql)  # a byte that is no UTF-8
    if bad:
        raise Refusal("22021", f'invalid byte sequence for encoding "UNICODE": 0x{ord(bad.group()) - 0xDC00:02x}')
    if "\0" in sql:
        raise Refusal("42601", "double: a NUL byte ends the statement on Redshift")
    tokens, at, glued = [], 0, False
    while at < len(sql):
        found = _TOKEN.match(sql, at)
        if not found:
            raise syntax_error(Token("operator", sql[at], sql[at]))
        kind = found.lastgroup
        if kind in ("space", "comment"):
            at = found.end() if kind == "space" else _comment_end(sql, at)
            glued = False
            continue
        token, at = _token(kind, found, sql, at, glued)
        glued = True
        tokens.append(token)
    return _only_statement(tokens)


def _only_statement(tokens):
    for position, token in enumerate(tokens):
        if token.kind == "operator" and token.value == ";":
            if any(later.value != ";" or later.kind != "operator" for later in tokens[position:]):
                raise unsound("more than one statement in one query; send each alone")
            return tokens[:position]
    return tokens


def _token(kind, found, sql, at, glued):
    if kind == "string":
        return _string(sql, at, glued)
    if kind == "quoted":
        return _quoted(sql, at, glued)
    source = found.group()
    end = found.end()
    if kind == "word":
        if sql[end:end + 1] == "'" and source.lower() in ("e", "b", "x", "n"):
            raise Refusal("42704", f'type "{source.lower()}" does not exist')
        if sql[end:end + 2] == "&'":
            raise Refusal("42601", f'syntax error at or near "{source}"')
        _check_name(source.lower())
        return Token("word", source.lower(), source, glued), end
    if kind == "number" and re.match(r"[A-Za-z_]", sql[end:end + 1]):
        raise syntax_error(Token("word", "", re.match(r"\w+", sql[end:]).group()))
    return Token(kind, source, source, glued), end


def _comment_end(sql, at):
    """The place after a block comment, which may hold others."""
    depth = 0
    for mark in re.finditer(r"/\*|\*/", sql[at:]):
        depth += 1 if mark.group() == "/*" else -1
        if depth == 0:
            return at + mark.end()
    raise Refusal("42601", f'unterminated /* comment at or near "{sql[at:at + 20]}"')


def _quoted(sql, at, glued):
    name, here = "", at + 1
    while True:
        end = sql.find('"', here)
        if end < 0:
            raise Refusal("42601", f'unterminated quoted identifier at or near "{sql[at:at + 20]}"')
        name += sql[here:end]
        here = end + 1
        if sql[here:here + 1] != '"':
            break
        name += '"'
        here += 1
    if not name:
        raise Refusal("42601", 'zero-length delimited identifier at or near """"')
    _check_name(name)
    return Token("quoted", name.lower(), sql[at:here], glued), here


def _check_name(name):
    size = len(name.encode())
    if size > MAX_NAME_BYTES:
        raise unsound(f"a name of {size} bytes would be cut at {MAX_NAME_BYTES}: {name[:40]}...")
    if size > MAX_IMITATED_NAME_BYTES:
        raise NotImitated(f"a name of more than {MAX_IMITATED_NAME_BYTES} bytes")


def _string(sql, at, glued):
    value, here = bytearray(), at + 1
    while here < len(sql):
        part = _STRING_PART.match(sql, here)
        if part:
            value += part.group().encode()
            here = part.end()
        elif sql[here] == "'":
            if sql[here + 1:here + 2] != "'":
                return Token("string", _text(value), sql[at:here + 1], glued), here + 1
            value += b"'"
            here += 2
        else:
            escaped, here = _escape(sql, here + 1)
            value += escaped
    raise Refusal("42601", f'unterminated quoted string at or near "{sql[at:at + 20]}"')


def _escape(sql, here):
    """The bytes that a backslash and what follows it mean, and the place after them."""
    octal = _OCTAL.match(sql, here)
    if octal:
        return bytes([int(octal.group(), 8) & 0xFF]), octal.end()
    character = sql[here:here + 1]
    return _ESCAPES.get(character, character).encode(), here + 1


def _text(value):
    if 0 in value:
        raise Refusal("22021", 'invalid byte sequence for encoding "UNICODE": 0x00')
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        bad = f"0x{value[error.start]:02x}"
        raise Refusal("22021", f'invalid byte sequence for encoding "UNICODE": {bad}') from None
