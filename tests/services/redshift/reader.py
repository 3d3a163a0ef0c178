"""Reads tokens one after the other and notes what PostgreSQL shall be sent in their place."""
from .refusal import Refusal, syntax_error, unsound
from .scope import Scope
from .tokens import END

# Words that no table, column or alias may be called without quotes (AWS: "Reserved words").
RESERVED = frozenset("""
aes128 aes256 all allowoverwrite analyse analyze and any array as asc authorization az64 backup between
binary blanksasnull both bytedict bzip2 case cast check collate column constraint create credentials cross
current_date current_time current_timestamp current_user current_user_id default deferrable deflate defrag
delta delta32k desc disable distinct do else emptyasnull enable encode encrypt encryption end except explicit
false for foreign freeze from full globaldict256 globaldict64k grant group gzip having identity ignore ilike
in initially inner intersect interval into is isnull join language leading left like limit localtime
localtimestamp lun luns lzo lzop minus mostly16 mostly32 mostly8 natural new not notnull null nulls off
offline offset oid old on only open or order outer overlaps parallel partition percent permissions pivot
placing primary raw readratio recover references respect rejectlog resort restore right select session_user
similar snapshot some sysdate system table tag tdes text255 text32k then timestamp to top trailing true
truncatecolumns union unique unnest unpivot user using verbose wallet when where with without qualify
""".split())

# Names that PostgreSQL 8.0 keeps for itself in every table.
SYSTEM_COLUMNS = frozenset("oid tableoid xmin xmax cmin cmax ctid deletexid insertxid".split())

# Where the double keeps its own functions and views.
OWN_SCHEMA = "redshift_double"


class Name(tuple):
    """A table's name as (schema or None, name)."""

    __slots__ = ()

    def __new__(cls, schema, name):
        return super().__new__(cls, (schema, name))

    schema = property(lambda self: self[0])
    name = property(lambda self: self[1])

    def __str__(self):
        return f"{self.schema}.{self.name}" if self.schema else self.name

    def quoted(self):
        return ".".join('"' + part.replace('"', '""') + '"' for part in self if part)


class Reader:
    """A place in a list of tokens.

    Everything read is sent on as it is, unless `replace` or `drop` say otherwise. `sql()` is the result.
    """

    def __init__(self, tokens):
        self.tokens = tokens
        self.at = 0
        self._spelled = [None] * len(tokens)
        self.parameters = 0
        self.functions = set()
        self.tables = []
        self.with_names = set()
        self.in_delete = False
        self.scope = None
        self.in_outer_join = False

    @property
    def token(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else END

    def ahead(self, distance):
        place = self.at + distance
        return self.tokens[place] if place < len(self.tokens) else END

    def fail(self):
        raise syntax_error(self.token)

    def advance(self):
        token = self.token
        if token.kind == "end":
            self.fail()
        if token.kind == "parameter":
            self.parameters = max(self.parameters, int(token.value[1:]))
        self.at += 1
        return token

    def sees(self, *values):
        """Whether the next tokens are these words or operators."""
        for distance, value in enumerate(values):
            token = self.ahead(distance)
            if token.kind not in ("word", "operator") or token.value != value:
                return False
        return True

    def sees_any(self, *values):
        return any(self.sees(value) for value in values)

    def accept(self, *values):
        if not self.sees(*values):
            return False
        self.at += len(values)
        return True

    def accept_any(self, *values):
        for value in values:
            if self.accept(value):
                return value
        return None

    def expect(self, *values):
        for value in values:
            if not self.accept(value):
                self.fail()

    def expect_any(self, *values):
        found = self.accept_any(*values)
        return found or self.fail()

    def expect_end(self):
        if self.token.kind != "end":
            self.fail()

    def name(self):
        """Reads one identifier."""
        token = self.token
        if token.kind == "quoted" or (token.kind == "word" and token.value not in RESERVED):
            self.at += 1
            if token.value == OWN_SCHEMA:
                raise unsound(f"{OWN_SCHEMA} is the double's own")
            if token.kind == "word" and not token.value.startswith("#"):
                # PostgreSQL reserves other words than Redshift does.
                self._spelled[self.at - 1] = f'"{token.value}"'
            return token.value
        return self.fail()

    def sees_name(self):
        return self.token.kind == "quoted" or (self.token.kind == "word" and self.token.value not in RESERVED)

    def table_name(self):
        """Reads [schema.]table."""
        first = self.name()
        if not self.accept("."):
            return Name(None, first)
        second = self.name()
        if self.sees("."):
            raise unsound("a table of another database")
        return Name(first, second)

    def names_in_parentheses(self):
        self.expect("(")
        names = [self.name()]
        while self.accept(","):
            names.append(self.name())
        self.expect(")")
        return names

    def open_scope(self):
        """Begins a SELECT or a statement that changes rows; its tables are added to `scope`."""
        self.scope = Scope(self.scope, self.in_outer_join)
        self.in_outer_join = False

    def close_scope(self):
        closed, self.scope = self.scope, self.scope.parent
        closed.close()

    def string(self):
        if self.token.kind != "string":
            self.fail()
        return self.advance().value

    def integer(self):
        if self.token.kind != "number" or not self.token.value.isdigit():
            self.fail()
        return int(self.advance().value)

    def replace(self, position, text):
        """Sends `text` in place of the token at `position`; '' drops it."""
        self._spelled[position] = text

    def drop(self, start, end=None):
        for position in range(start, self.at if end is None else end):
            self._spelled[position] = ""

    def sql(self, start=0, end=None):
        stop = self.at if end is None else end
        parts = (self._spelled[i] if self._spelled[i] is not None else self.tokens[i].spelled()
                 for i in range(start, stop))
        return " ".join(part for part in parts if part)


def refuse_duplicate(names, what):
    """Raises Refusal if a name stands twice."""
    seen = set()
    for name in names:
        if name in seen:
            raise Refusal("42701", f'{what} "{name}" specified more than once')
        seen.add(name)
