"""Nasty values, random expressions and random patterns, for both engines to agree on."""

NUMBERS = (
    "0", "1", "-1", "+5", "-0", "+0", "00012", "2147483647", "2147483648", "-2147483648", "-2147483649", "4294967295", "9223372036854775807",
    "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "1" * 40, "0" * 60 + "7", "12.0", "12.", "12.00", ".0", "12.5", "1e3", "1E+2",
    "1 2", " 7 ", "\t7\t", "\u00a07", "7\u00a0", "\u2003 7", "\u0663", "\uff17", "\u0b66", "--1", "+-1", "+", "-", ".", "0x10", "1_000", "1,000", "1L", "7\u200b",
    "7\x0b", "\x0c7", "null", "NULL", "nan", "NaN", "inf", "Infinity", "-Infinity", "1d", "1f", "1.5d", "123.45", "999.99", "1000", "1000.00", "-999.99",
    "0.001", "1.10", "1.100", "-.5", "5.", "000999.99", "+1.5", "9999999999999999999999999999.9999999999", "-9999999999999999999999999999.9999999999",
    "99999999999999999999999999999", "0.9999", "0.99999", "1.0000", "-0.0001", "00.5", "1e-400", "1e400", "4.9e-324", "2.4e-324", "2.5e-324",
    "2.4703282292062327e-324", "2.4703282292062328e-324", "1e-323", "5e-320", "2.2250738585072014e-308", "2.2250738585072011e-308",
    "1.7976931348623157e308", "1.7976931348623158e308", "1.7976931348623159e308", "18e307", "-1e400", "0e999", "0e-999", "0.0e400", "-0.0", "1e", "1e+",
    "1e+5", ".5", "+.5e1", "5.e1", "0.1", "0.3", "9007199254740993", "9007199254740992.5", "1" + "0" * 400, "0." + "0" * 400 + "1", "1e999999999999",
    "1e-999999999999", "0e99999999999999", "0." + "0" * 70 + "e-300", "0x1p3", "1e0", "00e0", "1e0000000000000001", "100", "50", "7", "3", "2", "10")
WORDS = ("true", "TRUE", "True", "false", "t", "f", "yes", "1", "0", "ja", "JA", "nein", " ja ", "Über", "über", "ÜBER", "\u00a0ja", "ja\u200b", "y", "İA", "")
TEXTS = (
    "a", "A", "ab", "abc", "ABC", "b", "Zz", "ß", "ẞ", "İ", "i", "ı", "ſ", "K", "é", "e\u0301", "E\u0301", "😀", "a😀b", "👨\u200d👩\u200d👧", "a b", "  a  ",
    "a\tb", "\t", "\ufffd", "a\ufffdb", "\x80", "\x85", "\x9f", "a\x85b", "a\u2028b", "\u2029", "\ufeff", "x\ufeff", "\x01", "\x1f", "\x7f", "\x0b", "\x0c", "a\nb", "a\r\nb",
    "a\rb", "\n", "a\n", "\\", "\\n", "a\\", "'", "it's", '"', '""', "$x ${y}", ";", "--", "/* */", "%", "%s", "_", "a_c", "a%c", "{", "}", "[a]", "\ud7ff\ue000",
    "\U0010ffff", "\ufffe", "\uffff", "\xa0", "\xa0x\xa0", "\u3000", "\u200b", "NULLx", "0", "10", "9", "-5", "1.5", "2025-06-01", "٣", "７", "Ω", "Å", "ﬁ", "ǆ", "x" * 100,
    "ä" * 40, "a" * 300, "a-b", "a.b", "foo_bar", "FOO", "word word", "^", "$", "|", "#", "&&", "~", "`", "@", "\u180e", "\u2000", "\u202f", "\u1680", "é\u0323", "한글", "漢字", "עברית",
    "ab" * 1000)
DATES = (
    "2025-06-01", "0001-01-01", "0000-01-01", "9999-12-31", "2024-02-29", "2023-02-29", "1900-02-28", "1900-02-29", "2000-02-29", "1582-10-04", "1582-10-05",
    "1582-10-10", "1582-10-15", "1500-02-29", "0004-02-29", "0100-02-29", "2025-6-1", "2025-06-31", "2025-00-10", "2025-13-01", "2025-06-00", " 2025-06-01 ", "+2025-06-01",
    "-2025-06-01", "12025-06-01", "2025-06-01x", "2025/06/01", "01.06.2025", "31.02.2025", "29.02.2024", "20250601", "00000101", "20251301", "Tag 01 of 06/2025",
    "tag 01 of 06/2025", "٢٠٢٥-06-01", "２０２５-06-01", "2025-06-01T00:00:00", "epoch", "now", "today", "infinity", "2025-06-01 10:00:00", "0001-01-01 00:00:00", "1969-12-31",
    "1970-01-01", "2025-12-31", "2026-01-01")
TIMES = (
    "2025-06-01 10:00:00", "2025-06-01T10:00:00", "2025-06-01t10:00:00", "2025-06-01 24:00:00", "2025-06-01 23:59:60", "2025-06-01 23:60:00", "2025-06-01 25:00:00",
    "2025-06-30T23:59:59.999999", "2025-06-01 10:00:00.1", "2025-06-01 10:00:00.12", "2025-06-01 10:00:00.123", "2025-06-01 10:00:00.1234", "2025-06-01 10:00:00.12345",
    "2025-06-01 10:00:00.123456", "2025-06-01 10:00:00.1234567", "2025-06-01 10:00:00.1234560", "2025-06-01 10:00:00.123456000", "2025-06-01 10:00:00.000000000",
    "2025-06-01 10:00:00.0000001", "2025-06-01 10:00:00.", "2025-06-01 10:00:00.1Z", "2025-06-01 10:00:00Z", "2025-06-01 10:00:00z", "2025-06-01 10:00:00 Z",
    "2025-06-01 10:00:00+02", "2025-06-01 10:00:00+0200", "2025-06-01 10:00:00+02:00", "2025-06-01 10:00:00-02:30", "2025-06-01 10:00:00+2:00", "2025-06-01 10:00:00+18:00",
    "2025-06-01 10:00:00+18:01", "2025-06-01 10:00:00-18:00", "2025-06-01 10:00:00-18:01", "2025-06-01 10:00:00+19", "2025-06-01 10:00:00+02:60",
    "2025-06-01 10:00:00+02:59", "2025-06-01 10:00:00+02:", "2025-06-01 10:00:00+020", "2025-06-01 10:00:00+00:00", "2025-06-01 10:00:00-00:00", "2025-06-01 10:00:00UTC",
    "2025-06-01 10:00:00 +02:00", "2025-06-01 10:00:00.5-03:30", "2025-06-01 10:00:00+٠٢", "9999-12-31 23:59:59.999999", "9999-12-31 23:59:59Z", "9999-12-31 22:59:59Z",
    "9999-12-31 23:00:00-02:00", "9999-12-31 23:59:59+14:00", "9999-12-31 18:14:59Z", "9999-12-31 18:15:00Z", "0001-01-01 00:00:00Z", "0001-01-01 01:00:00+02:00",
    "0001-01-01 00:00:00-02:00", "0001-01-01 04:00:00Z", "0001-01-01 05:00:00Z", "0000-12-31 23:00:00-02:00", "1582-10-10 10:00:00Z", "1582-10-10 10:00:00", "1890-03-31 23:59:59Z",
    "1893-03-31 23:06:31Z", "1893-03-31 23:06:32Z", "1893-04-01 00:00:00Z", "1883-11-18 16:59:59Z", "1883-11-18 17:00:00Z", "1883-11-18 18:00:00Z", "1850-06-01 12:00:00Z",
    "1700-01-01 00:00:00.123456Z", "2025-03-30 00:59:59Z", "2025-03-30 01:00:00Z", "2025-03-30 02:30:00", "2025-10-26 00:30:00Z", "2025-10-26 00:59:59.999999Z", "2025-10-26 01:00:00Z",
    "2025-10-26 01:30:00Z", "2025-10-26 02:30:00", "2025-03-09 06:59:59Z", "2025-03-09 07:00:00Z", "2025-11-02 05:30:00Z", "2025-11-02 06:30:00Z", "1985-12-31 18:29:59Z", "1985-12-31 18:30:00Z",
    "1986-01-01 00:00:00Z", "1920-01-01 00:00:00Z", "2037-12-31 00:00:00Z", "2038-01-19 03:14:08Z", "2038-07-01 00:00:00Z", "2100-07-01 00:00:00Z", "2500-07-01 00:00:00Z", "9999-07-01 00:00:00Z",
    "1916-06-01 00:00:00Z", "1945-05-24 01:00:00Z", "1945-06-01 00:00:00Z", "1947-06-01 00:00:00Z", "1942-06-01 00:00:00Z", "1980-04-06 01:00:00Z", "2007-03-20 00:00:00Z", "2025-06-01",
    "01/06/2025 10:00", "01/06/2025 10:00Z", "01/06/2025 24:00", "20250601100000", "20250601100000.5+02:00", "20250601100000Z", "0001-01-01 00:00:00", "0000-01-01 00:00:00",
    "10000-01-01 00:00:00", "1969-12-31 23:59:59.999999", "1969-12-31 23:59:59.9Z", "2025-12-31 23:59:59-01", "2024-02-29 23:30:00-01:00")

# Columns of the datasets under test: type as a spec says it, and what is put into them.
COLUMNS = {
    "i": ("integer", NUMBERS), "k": ("integer, allow_zero_fraction: true", NUMBERS), "j": ("bigint", NUMBERS), "m": ("'decimal(5,2)'", NUMBERS),
    "w": ("'decimal(38,10)'", NUMBERS), "n": ("'decimal(3,0)'", NUMBERS), "f": ("'decimal(4,4)'", NUMBERS), "e": ("'decimal(15,3)', store_as: double", NUMBERS),
    "d": ("double", NUMBERS), "y": ("boolean, true_values: ['ja', 'ÜBER', '1'], false_values: [nein, '0']", WORDS), "z": ("boolean", WORDS), "t": ("text", TEXTS), "u": ("text", TEXTS),
    "a": ("date", DATES), "b": ("date, formats: [dd.MM.yyyy, yyyyMMdd, \"'Tag 'dd' of 'MM/yyyy\", yyyy-MM-dd]", DATES), "s": ("timestamp", TIMES),
    "x": ("timestamp, formats: [\"dd/MM/yyyy HH:mm\", \"yyyyMMddHHmmss\", \"yyyy-MM-dd HH:mm:ss\"]", TIMES + DATES)}
NULL_TOKENS = "['', 'NULL', '-']"

BIGINT, INTEGER, TEXT, BOOLEAN, DATE, TIMESTAMP = "bigint", "integer", "text", "boolean", "date", "timestamp"
SCOPE = {"i": INTEGER, "k": INTEGER, "j": BIGINT, "m": (5, 2), "w": (38, 10), "n": (3, 0), "f": (4, 4), "e": (15, 3), "y": BOOLEAN, "z": BOOLEAN, "t": TEXT, "u": TEXT,
         "a": DATE, "b": DATE, "s": TIMESTAMP, "x": TIMESTAMP}


def csv_line(values):
    return ",".join('"' + value.replace('"', '""') + '"' for value in values) + "\n"


def columns_of_spec(indent="      "):
    return "".join(f"{indent}{name}: {{type: {kind}}}\n" for name, (kind, _) in COLUMNS.items())


def values_csv(nth_of_each=True):
    """Every value of every column, one per row; the others are null."""
    lines = [csv_line(["id", *COLUMNS])]
    for name, (_, values) in COLUMNS.items():
        for value in values:
            lines.append(csv_line([str(len(lines)), *(value if other == name else "" for other in COLUMNS)]))
    return "".join(lines)


def type_text(kind):
    return f"'decimal({kind[0]},{kind[1]})'" if isinstance(kind, tuple) else kind


class Expressions:
    """Random expressions of a wanted type. Some are refused by the spec's checks, which the caller asks."""

    def __init__(self, dice, scope=SCOPE):
        self.dice = dice
        self.scope = dict(scope)

    def any_kind(self):
        return self.dice.choice([BIGINT, BIGINT, "decimal", "decimal", TEXT, TEXT, BOOLEAN, BOOLEAN, DATE, TIMESTAMP, INTEGER])

    def make(self, kind, depth=3):
        """(text, type); `decimal` stands for any decimal."""
        return getattr(self, "_decimal" if kind == "decimal" or isinstance(kind, tuple) else "_" + kind)(depth)

    def text_of(self, kind, depth):
        return self.make(kind, depth)[0]

    def column(self, kind):
        fits = [name for name, has in self.scope.items() if has == kind or (kind == "decimal" and isinstance(has, tuple))]
        name = self.dice.choice(fits)
        return name, self.scope[name]

    def shared(self, kind, depth):
        """Forms that every type has."""
        form = self.dice.randrange(3)
        left, kind_of = self.make(kind, depth - 1)
        right = self.text_of(kind, depth - 1)
        if form == 0:
            return f"coalesce({left}, {right})", kind_of
        if form == 1:
            return f"nullif({left}, {right})", kind_of
        condition = self.text_of(BOOLEAN, depth - 1)
        return f"case when {condition} then {left} else {self.dice.choice([right, left, 'null'])} end", kind_of

    def _integer(self, depth):
        if depth <= 0 or self.dice.random() < 0.25:
            return (self.column(INTEGER) if self.dice.random() < 0.7 else
                    (self.dice.choice(["0", "1", "-1", "7", "100", "2147483647", "-2147483648"]), INTEGER))
        form = self.dice.randrange(6)
        if form == 0:
            return f"length({self.text_of(TEXT, depth - 1)})", INTEGER
        if form == 1:
            return f"{self.dice.choice(['year', 'month', 'day'])}({self.text_of(self.dice.choice([DATE, TIMESTAMP]), depth - 1)})", INTEGER
        if form == 2:
            return f"hour({self.text_of(TIMESTAMP, depth - 1)})", INTEGER
        if form == 3:
            return f"days_between({self.text_of(DATE, depth - 1)}, {self.text_of(DATE, depth - 1)})", INTEGER
        return self.shared(INTEGER, depth)

    def _bigint(self, depth):
        if depth <= 0 or self.dice.random() < 0.15:
            return (self.column(BIGINT) if self.dice.random() < 0.6 else
                    (self.dice.choice(["9223372036854775807", "-9223372036854775808", "4294967296", "3037000500"]), BIGINT))
        form = self.dice.randrange(6)
        if form < 3:
            left, right = (self.text_of(self.dice.choice([INTEGER, BIGINT]), depth - 1) for _ in range(2))
            return f"({left} {self.dice.choice('+-*')} {right})", BIGINT
        if form == 3:
            return f"abs({self.text_of(self.dice.choice([INTEGER, BIGINT]), depth - 1)})", BIGINT
        if form == 4:
            return f"(- ({self.text_of(self.dice.choice([INTEGER, BIGINT]), depth - 1)}))", BIGINT
        return self.shared(BIGINT, depth)

    def _decimal(self, depth):
        if depth <= 0 or self.dice.random() < 0.2:
            if self.dice.random() < 0.7:
                return self.column("decimal")
            text = self.dice.choice(["0.0", "1.5", "-0.01", "999.99", "0.000001", "12345678901234567890.5", "100.00"])
            whole, fraction = text.lstrip("-").split(".")
            return text, (len(whole.lstrip("0")) + len(fraction), len(fraction))
        form = self.dice.randrange(6)
        if form < 3:
            (left, a), (right, b) = self.make("decimal", depth - 1), self.make(self.dice.choice(["decimal", "decimal", INTEGER]), depth - 1)
            b = b if isinstance(b, tuple) else (10, 0)
            if self.dice.random() < 0.3:
                left, a, right, b = right, b, left, a
            op = self.dice.choice("+-*")
            if op == "*":
                kind = (a[0] + b[0], a[1] + b[1])
            else:
                scale = max(a[1], b[1])
                kind = (max(a[0] - a[1], b[0] - b[1]) + scale + 1, scale)
            return f"({left} {op} {right})", kind
        if form == 3:
            value, kind = self.make("decimal", depth - 1)
            return f"abs({value})", kind
        if form == 4:
            value, kind = self.make("decimal", depth - 1)
            return f"(- ({value}))", kind
        value, kind = self.make("decimal", depth - 1)
        return f"case when {self.text_of(BOOLEAN, depth - 1)} then {value} end", kind

    def _text(self, depth):
        if depth <= 0 or self.dice.random() < 0.2:
            if self.dice.random() < 0.7:
                return self.column(TEXT)
            value = self.dice.choice([text for text in TEXTS if len(text) < 20 and not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or c in "\ufeff\ufffe\uffff\u2028\u2029" for c in text)] + [" ", "", "a "])
            return "'" + value.replace("'", "''") + "'", TEXT
        form = self.dice.randrange(5)
        if form < 2:
            return f"{self.dice.choice(['lower_ascii', 'upper_ascii', 'trim'])}({self.text_of(TEXT, depth - 1)})", TEXT
        if form == 2:
            return f"concat({self.text_of(TEXT, depth - 1)}, {self.text_of(TEXT, depth - 1)})", TEXT
        return self.shared(TEXT, depth)

    def _date(self, depth):
        if depth <= 0 or self.dice.random() < 0.3:
            return self.column(DATE) if self.dice.random() < 0.7 else (f"date '{self.dice.choice(['2025-06-01', '0001-01-01', '9999-12-31', '2024-02-29', '1582-10-10'])}'", DATE)
        if self.dice.random() < 0.5:
            return f"date({self.text_of(TIMESTAMP, depth - 1)})", DATE
        return self.shared(DATE, depth)

    def _timestamp(self, depth):
        if depth <= 0 or self.dice.random() < 0.4:
            return (self.column(TIMESTAMP) if self.dice.random() < 0.7 else
                    (f"timestamp '{self.dice.choice(['2025-06-01 10:00:00', '0001-01-01 00:00:00', '9999-12-31 23:59:59', '1969-12-31 23:59:59'])}'", TIMESTAMP))
        return self.shared(TIMESTAMP, depth)

    def _boolean(self, depth):
        if depth <= 0:
            return self.column(BOOLEAN) if self.dice.random() < 0.8 else (self.dice.choice(["true", "false"]), BOOLEAN)
        form = self.dice.randrange(10)
        kind = self.dice.choice([INTEGER, BIGINT, "decimal", TEXT, TEXT, DATE, TIMESTAMP])
        if form < 3:
            op = self.dice.choice(["=", "<>", "<", "<=", ">", ">="])
            return f"({self.text_of(kind, depth - 1)} {op} {self.text_of(kind, depth - 1)})", BOOLEAN
        no = self.dice.choice(["", "not "])
        if form == 3:
            literals = [self.literal(kind) for _ in range(self.dice.randrange(1, 5))]
            return f"({self.text_of(kind, depth - 1)} {no}in ({', '.join(literals)}))", BOOLEAN
        if form == 4:
            return f"({self.text_of(kind, depth - 1)} {no}between {self.text_of(kind, depth - 1)} and {self.text_of(kind, depth - 1)})", BOOLEAN
        if form == 5:
            return f"({self.column(kind)[0]} is {no}null)", BOOLEAN
        if form == 6:
            return f"(not {self.text_of(BOOLEAN, depth - 1)})", BOOLEAN
        if form == 7:
            name = self.dice.choice(["starts_with", "ends_with", "contains"])
            return f"{name}({self.text_of(TEXT, depth - 1)}, {self.text_of(TEXT, depth - 1)})", BOOLEAN
        if form == 8:
            return self.shared(BOOLEAN, depth)
        return f"({self.text_of(BOOLEAN, depth - 1)} {self.dice.choice(['and', 'or'])} {self.text_of(BOOLEAN, depth - 1)})", BOOLEAN

    def literal(self, kind):
        """A value of the type that is no column and no call."""
        while True:
            text = self.text_of(kind, 0)
            if text not in self.scope:
                return text


PIECES = ("a", "b", "A", "1", "_", "-", " ", "ß", "😀", "é", "\u0301", "\xa0", ".", "\\.", "\\d", "\\D", "\\w", "\\W", "\\s", "\\S", "\\n", "\\t", "\\r", "\\\\", "\\^", "\\$", "\\-", "\\#", "#", "/", "'",
          "&", "~", "\\|", "\\{", "%", '"', "\\&", "@", "漢", "\\/", "\\'", "\\`", "`")
MEMBERS = ("a", "b", "z", "A", "0", "9", "_", "-", " ", "ß", "😀", "é", ".", "\\.", "\\d", "\\D", "\\w", "\\W", "\\s", "\\S", "\\n", "\\t", "\\-", "\\]", "\\[", "\\^", "\\\\", "a-c", "A-Z", "0-9", " -~", "À-ÿ", "!-/",
           "α-ω", "\U0001f600-\U0001f64f", "\\&", "~", "#", "|", "*", "+", "?", "(", ")", "$", "^", "a-", "\\t-\\r", "\\--/", "\\w-", "\\s-", "{", "}", "\x0b", "\x85", "\u2028")


def pattern(dice, depth=2):
    """A random pattern; some are refused by the spec's checks. Groups are repeated at most twice: Java's
    expressions recurse and backtrack, which is a test of its own."""
    parts = []
    for _ in range(dice.randrange(1, 4)):
        form = dice.random()
        if form < 0.45 or depth == 0:
            part = dice.choice(PIECES)
        elif form < 0.75:
            part = "[" + dice.choice(["", "^"]) + "".join(dice.choice(MEMBERS) for _ in range(dice.randrange(1, 4))) + "]"
        else:
            part = dice.choice(["(", "(?:"]) + "|".join(pattern(dice, depth - 1) for _ in range(dice.randrange(1, 3))) + ")"
        repeats = ("", "", "?", "{2}", "??") if part[0] == "(" else ("", "", "", "*", "+", "?", "{2}", "{1,3}", "{0,}", "*?", "+?", "??")
        parts.append(part + dice.choice(repeats))
    return "".join(parts)
