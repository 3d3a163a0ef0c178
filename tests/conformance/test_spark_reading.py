"""Nasty files, both engines: the same rows, the same records, the same faults."""
import gzip
import itertools
import json
import os
import random
import unittest

import pyarrow
import spark_case


def setUpModule():
    spark_case.start_server(**spark_case.INTERPRETED)


tearDownModule = spark_case.stop_server


def zstd(content):
    return pyarrow.Codec("zstd").compress(content).to_pybytes()


COLUMNS = """
    columns:
      id: {type: integer, aliases: [number, ' Nummer ']}
      name: {type: text, aliases: [Full Name]}
      amount: {type: 'decimal(6,2)', optional: true}
      ok: {type: boolean, optional: true, true_values: ['true', 'yes'], false_values: ['false', 'no']}
      day: {type: date, optional: true}
      note: {type: text, optional: true, aliases: ['größe', 'a"b']}
"""
SPEC = "lyceum: 1\npipeline: reading\ntimezone: Europe/Berlin\ndatasets:\n" + "".join(
    f"  {name}:\n    files: ['{name}/*']\n    format: {kind}\n{options}{COLUMNS}" for name, kind, options in (
        ("comma", "csv", "    null_tokens: ['', 'NULL', '-']\n"),
        ("semi", "csv", "    delimiter: ';'\n    quoted_newlines: false\n"),
        ("tab", "csv", "    delimiter: \"\\t\"\n    null_tokens: ['none']\n    unknown_columns: ignore\n"),
        ("pipe", "csv", "    delimiter: '|'\n    quoted_newlines: false\n    null_tokens: ['', '\\N']\n"),
        ("object", "json", "    null_tokens: ['', 'NULL']\n"))
) + "dimensions:\n" + "".join(f"  dim_{name}: {{dataset: {name}, key: [id], surrogate_key: {name}_sk}}\n"
                              for name in ("comma", "semi", "tab", "pipe", "object"))

# Every `#` becomes the next number, `,` of a CSV file the delimiter of its dataset.
HEAD = b"id,name,amount,ok,day,note\n"
LONG = b"x" * 70000
INVALID = (b"\xa3", b"\xc3", b"\xc3(", b"\xe2\x82", b"\xe2(\xa1", b"\xf0\x9f\x98", b"\xc0\x80", b"\xc1\xbf", b"\xe0\x80\xaf",
           b"\xed\xa0\x80", b"\xed\xb0\x80", b"\xed\xa0\xbd\xed\xb8\x80", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xf8\x88\x80\x80\x80",
           b"\xff", b"\xfe", b"\x80", b"\xbf", b"\xef\xbf\xbd\xff", b"\xe2\x82\xac\xe2\x82", b"\xf0\x80\x80\x80", b"\xee\x80",
           b"\xef\xbf\xbd\xef\xbf", b"\xc2")
VALID = ("\ufffd", "\ufffd\ufffd", "\x80", "\x85", "\x9f", "\u2028", "\u2029", "\ufeff", "\x01", "\x07", "\x0b", "\x0c", "\x1a", "\x1b",
         "\x1f", "\x7f", "\xa0", "😀", "\U0010ffff", "\uffff", "\ufffe", "e\u0301", "ﷺ", "\u200b", "\ue000", "\ud7ff")
QUOTES = (b'a"b', b'"a"b', b'"a" ', b' "a"', b'""a', b'a""', b'"a""b"', b'""""', b'"""a"""', b'""', b'"a","b', b'"a,b"', b"'a'", b"'a,b'",
          b'"a\\"b"', b'\\"a', b'"\\"', b'"a" "b"', b'"a"""', b' ""', b'"" ', b'"\t"', b'" a "', b'"NULL"', b'" - "', b'NULL', b'null')


def rows_of(values, form=b"#,%s\n"):
    return b"".join(form % value for value in values)


CSV = {
    "plain.csv": HEAD + b"#,a,1.5,yes,2025-06-01,n\n#,b,,,,\n",
    "bom.csv": b"\xef\xbb\xbf" + HEAD + b"#,a,1,no,2025-01-01,n\n",
    "bom quoted.csv": b'\xef\xbb\xbf"id",name\n#,a\n',
    "bom twice.csv": b"id,name\n\xef\xbb\xbf#,a\n#,\xef\xbb\xbfb\n",
    "crlf.csv": HEAD.replace(b"\n", b"\r\n") + b"#,a,1,,,\r\n\r\n#,b,,,,\r\n#,\r,,,\r\n",
    "cr.csv": b"id,name\r#,a\r#,b\r\r#,c",
    "cr at end.csv": b"id,name\n#,a\n#,b\r",
    "mixed.csv": b"id,name\r\n#,a\n#,b\r#,c\r\n\r#,d\n\r#,e\r\r\n#,f\n\n",
    "cr in header.csv": b"id,name\r#,a\n#,b\n",
    "lone cr.csv": b"id,name,note\n#,a\rb,c\n#,a,\r#,b,c\n#,x,y\n",
    "cr quoted.csv": b'id,name\n#,"a\rb"\n#,"\r"\n#,"a\r\nb\r"\r\n#,"c"\r#,d\n',
    "no end.csv": b"id,name\n#,a\n#,b",
    "blank lines.csv": b"\n\r\n\nid,name\n\n#,a\n\n\n#,b\n\n",
    "blanks.csv": b"id,name\n  \n#,a\n\t\n , \n,\n\xc2\xa0\n#,b\n",
    "head only.csv": HEAD,
    "head only 2.csv": b"id,name",
    "ragged.csv": HEAD + b"#\n#,a\n#,a,1,,,,\n#,a,,,,,,,,\n,,,,,\n,,,,\n#,\"a\nb\"\n,\n#,a,1,yes,2025-06-01,n,\n",
    "one column.csv": b"note,id,name\n\"\",,\n\n\"\"\nx,#,b\n",
    "orders.csv": b"name,note,id\na,n,#\n,,#\nb,,#\n",
    "orders2.csv": b" NOTE ,\"Full Name\",NUMBER\nn,a,#\n",
    "aliases.csv": "Größe,nummer,full name\nx,#,b\n".encode(),
    "aliases2.csv": "größe,Nummer,FULL NAME,\"a b\"\nx,#,b,c\n".encode(),
    "quoted head.csv": b'"id","na""me","name","a""b"\n#,x,b,c\n',
    "head newline.csv": b'id,"x\ny",name\n#,a,b\n#,"a\n",c\n',
    "unknown.csv": b"id,extra,name,,Extra 2,\x7f\n#,e,a,,2,1\n#,,b,,,\n",
    "unknown2.csv": "id,name,ünk,extra,a\\b,a\x80b\n#,e,,a,,2\n".encode(),
    "no optional.csv": b"name,id\na,#\nb,#\n",
    "quotes.csv": b"id,name\n" + rows_of(QUOTES) + b'#,"a\nb"\n#,"\n\n"\n#,"a\n,b"\n#,"x\n""\ny"\n#,"\n"x\n#,y\n',
    "quotes first.csv": b'name,id\n"a""b,\n,c",#\n"",#\n"""",#\n""a,#\n"x"y,#\n"x\n"y,#\n',
    "quote runs.csv": b"id,name\n" + b"".join(b'#,' + b'"' * n + b"\n" for n in (2, 4, 6, 8)) + b'#,"' + b'""' * 20000 + b'"\n',
    "quoted id.csv": b'id,name\n"#",a\n" # ",b\n"#"x,c\n',
    "utf8.csv": b"id,name\n" + rows_of(INVALID) + rows_of([value.encode() for value in VALID]),
    "utf8 quoted.csv": b"id,name,note\n" + rows_of(INVALID, b'#,"%s",a\n') + rows_of([value.encode() for value in VALID], b'#,"%s",a\n'),
    "utf8 mixed.csv": b"id,name,note\n#,\xef\xbf\xbd,\xff\n#,\xff,\xef\xbf\xbd\n\xff,#\n\xffx,a,b\n",
    "nul.csv": b"id,name\n#,a\0b\n#,\0\n\0#,a\n#,\"\0\"\n#,\xff\0\n#\0\n\0\n",
    "long.csv": b"id,name,note\n#," + LONG + b",\n#,a," + LONG[:65535] + b"\n#,a," + LONG[:65536] + b"\nx," + LONG + b",b\nx," + LONG
                + b",b\n#," + b"\xc3\xa4" * 32768 + b",\n#," + b"\xc3\xa4" * 32767 + b"x,\n",
    "long quoted.csv": b'id,name,note\nx,"' + b"a\n" * 20000 + b'",b\n#,"' + b"a\n" * 30000 + b'",b\n',
    "raw edges.csv": b"id,name\n" + b"".join(b"x," + b"a" * n + b"\n" for n in (32765, 32766, 32767)) + b"x," + b"a" * 32765 + b"\xc3\xa4\n"
                     + b"x," + b"a" * 32764 + b"\xff\n" + b"x," + b"\\" * 16384 + b"\n" + b"x," + b"\\" * 16383 + b"\n"
                     + b"x," + b"a" * 32762 + b"\xf0\x9f\x98\x80\n" + b"x," + b"a" * 32763 + b"\xf0\x9f\x98\x80\n",
    "equal raws.csv": b"id,name\nx,a\nx,a\r\nx,a\n#,b\nx,a",
    "escapes.csv": b"id,name\nx,\\\nx,\\x41\nx,\t\nx,\x7f\nx,\xc2\x85\nx,\xc2\xa0\nx,\xff\xfe\nx,\xef\xbf\xbd\nx,\xe2\x80\xa8\nx,\xf0\x9f\x98\x80\n",
    "sub.csv.gz": [b"id,name\n#,a\nx,\"a\n\"\n"],
    "lines.csv.gz": [b"id,name\n#,a\nx,b\n\n#,c"],
    "members.csv.gz": [b"id,name\n#,a\nx,", b"b\n#,c\n"],
    "empty member.csv.gz": [b"id,name\n#,a\n", b""],
}
QUOTED_NEWLINES = ("head newline.csv", "long quoted.csv")  # not without them

NAMES = ("space name", "per%20cent %", "ümläut ß 漢字", "e\u0301 decomposed", "a;b,c'd#e&f=g+h", "\"q\" $x ${y} `b`", "star * and ? !~^@", "[a]b", "{a,b}",
         "back\\slash", "(p) <b> |", "x", " leading", "trailing ", "%41", "%", "a\x01b", "😀", "\ufffd", "..a", "-a", "ab", "a*")

# Where a quote may hold no line end, every line is a record; a quote that is left open is one bad row.
LINES = {
    "open.csv": b'id,name\n#,"a\n#,b\n#,"c"\n#,"d',
    "open cr.csv": b'id,name\r\n#,"a\r\n#,b\r\n"\r\n#,"\r#,c\r\n#,"d""\r\n',
    "open head.csv": b'id,name,"x"\n#,b,c\n#,"b,c\n',
    "open many.csv": b'id,name\n"\n""\n"""\n""""\n#,"""\n#,""""\n,"\n#,"a",b\n#,"a,b\n#,a"\n#,"a"b"\n',
}

NUMBERS = ("1.10", "1e3", "1E3", "-0", "0", "1E400", "123456789012345678901234567890", "-1", "1.0", "12.50", "1e-3", "1.0e2", "-0.0",
           "-0.5e-1", "0.1e1", "9999.99", "10000", "1.100", "12345678901234567890.5")
WORDS = ("true", "false", "null", '""', '" "', '"NULL"', '"\\u004eULL"', '"true"', '"TRUE"', '"yes"', '"1"', '"7"', '" 7 "', '"\\t7"',
         '"\\u00a07"', '"2025-06-01"', '"1.10"', '"null"')
NESTED = ("[]", "{}", "[1]", '{"a":1}', '[[[[]]]]', '[1,{"a":[null,"x]}"]}]', '{"id":7}', '{"a":1,"a":2}', "[1,]", "[,]", "[1 2]", '{"a"}', '{"a":}',
          '{1:2}', '{"a":1,}', "[tru]", "[nul]", '["\\q"]', '["\\ud83d"]', '["\x01"]', "[01]", "[1.]", "[" * 20 + "]" * 20,
          "[" * 63 + "]" * 63, "[" * 64 + "]" * 64, "[" * 65 + "]" * 65, "[" * 300 + "]" * 300, '{"a":' * 30 + "1" + "}" * 30)
STRINGS = ('"\\u0000"', '"\\ud83d\\ude00"', '"\\uD83D\\uDE00"', '"\\ud83d"', '"\\ude00"', '"\\ud83dx"', '"\\ud83d\\u0041"', '"\\ude00\\ud83d"',
           '"a\\nb"', '"\\/"', '"\\""', '"\\\\"', '"\\\\\\""', '"\\b\\f\\r\\t"', '"\\u00e9"', '"\\u00E9"', '"\\x"', '"\\u12"', '"\\u12g4"', '"\\U0041"',
           '"\\ufffd"', '"\ufffd"', '"\\ufeff"', '"\\uffff"', '"\x7f"', '"\x80"', '"\x85"', '"\u2028"', '"\x01"', '"\t"', '"\x1f"', '"😀"',
           '"\\u0001"', '"\\u0002"', '"\\u001f"', '"{"', '"}"', '"["', '"]"', '","', '":"', '"\\"id\\":3"', '"a', 'a"', "'a'", '"a"b"', '"\\"',
           '"' + "x" * 65535 + '"', '"' + "x" * 65536 + '"', '"' + "\\u00e4" * 32768 + '"', '"' + "\\u00e4" * 32767 + '"', '"\\u0061\\u0020"')
BROKEN = ("tru", "True", "nul", "NULL", "NaN", "Infinity", "-Infinity", "01", "-01", "1.", ".5", "-", "+1", "1e", "1e+", "0x1", "--1", "1_0", "1 2",
          "", "undefined", "// c", "/* c */ 1", "1,", ",1", "truefalse", '"a" "b"', "[}", "{]", "1e5e5", "1.2.3", "-.5", "1 ", "\x0b1", "\u00a01")
# Whole objects, one record each; ` ` and line ends around them are blanks.
OBJECTS = (
    '{"id":#,"id":#}', '{"id":#,"ID":#}', '{"id":#,"number":#}', '{"name":1,"full name":2,"id":#}', '{"id":#,"x":1,"x":2}', '{"id":#,"x":1,"X":2}',
    '{"x":1,"id":#,"\\u0078":2}', '{"id":#,"x":1," x ":2}', '{" ID ":#,"name":"a"}', '{"\\u0069d":#,"name":"a"}', '{"i\\u0064":#,"id":#}', '{"":1,"id":#}',
    '{"":1,"":2,"id":#}', '{" ":1,"":2,"id":#}', '{"größe":1,"id":#}', '{"GRÖSSE":1,"id":#}', '{"GRÖßE":1,"id":#}', '{"a\\"b":"q","id":#}',
    '{"a\\"b":1,"note":2,"id":#}', '{"a\\"c":1,"a\\"c":2,"id":#}', '{"a\\\\c":1,"a\\\\c":2,"id":#}', '{"\\u0001":1,"\\u0001":2,"id":#}',
    '{"x\\u0000":1,"id":#}', '{"' + "k" * 61 + '":1,"id":#}', '{"' + "k" * 60 + '":1,"id":#}', '{"' + "ü" * 31 + '":1,"id":#}',
    '{"' + "\\\\" * 31 + '":1,"' + "\\\\" * 31 + '":1,"id":#}', '{"' + "k" * 70 + '":1,"' + "k" * 70 + '":2,"id":#}', '{"id":#,"X":1,"y":[2],"z":{"a":"b"},"\ufffd":1}',
    "{}", "{ }", '{"id":#}', '{"id":null}', '{ "id" : # , "name" : "a" }', '{"id":#,}', '{,"id":#}', '{"id":#,,"name":1}', '{"id" #}', '{"id"}', '{id:#}',
    "{'id':#}", '{"id":#} x', '{"id":#},', '{"id":#}}', '{"id":#}]', '{"id":#} {"id":#}', '{"id":#}{"id":#}', '{"id":#} // c', '{"id":#', '{"id":#,"name":"a', '{"id":#,"name":"a\\',
    '{"id":#\x0b}', '{"id":#\u00a0}', '{\x0c"id":#}', '{"id":#\x01}', '{"id":#\x02}', '{"id":#,\x01:1}', '{"id":\x02}', '\ufeff{"id":#}', '{"id":#}\ufeff',
    "[1]", "[]", "7", '"a"', "null", "true", "x", '{"id":"#"}', '{"id":#,"name":"a" "b"}', '{"id":#:1}', '{"id"::#}', '"id":#', "{", "}", '{"', '{"id', '[{"id":#}]',
    '{"id":#,"x":"}' + "x" * 10 + '{"}', '{"id":#,"x":"' + "y" * 40000 + '"}', '{"id":"x","x":"' + "y" * 40000 + '"}', '{"id":#,"name":1.10,"note":1E5,"amount":1.10}',
    '{"id":#,"ok":true,"amount":1}', '{"id":#,"day":20250601}', '{"note":"n"}', '{"name":"\\u0020a\\u0009"  ,"id":#}', '{"id":#,"NOTE":"a","Note":"b"}',
)
COLUMN_VALUES = [f'{{"id":#,"{column}":{value}}}' for column in ("name", "amount", "ok", "day", "x")
                 for value in NUMBERS + WORDS + (NESTED if column in ("x", "amount") else NESTED[:6]) + (STRINGS if column in ("name", "x") else ())
                 + (BROKEN if column in ("name", "x") else ())]
ID_VALUES = [f'{{"id":{value},"name":"v"}}' for value in NUMBERS + WORDS + NESTED[:6] + BROKEN + ("2147483647", "2147483648", "-2147483648")]
# What cannot stand inside an array without breaking it as a whole.
NO_ELEMENTS = ('{"id":#} x', '{"id":#},', '{"id":#}}', '{"id":#}]', '{"id":#} {"id":#}', '{"id":#}{"id":#}', '{"id":#} // c', "}", "{", '{"', '{"id', '"id":#',
               '{"id":#', '{"id":#,"name":"a', '{"id":#,"name":"a\\', '\ufeff{"id":#}', '{"id":#}\ufeff')


def sound(element):
    """Whether quotes and brackets are balanced, so that an array goes on behind it."""
    if element in NO_ELEMENTS or "[" * 64 in element:  # deeper than JSON may nest
        return False
    return not any(broken in element for broken in (':"a}', ':a"}', '"a"b"', '"\\"}', "[}", "{]"))


def array(elements, between=",\n", start="[", end="]"):
    return (start + between.join(elements) + end).encode()


JSON = {
    "objects.json": "\n".join(OBJECTS[5:] + OBJECTS[:5]).encode() + b"\n{\"id\":#}\n",
    "columns.json": "\n".join(COLUMN_VALUES).encode() + b"\n",
    "ids.json": "\n".join(ID_VALUES).encode(),
    "objects array.json": array([element for element in OBJECTS if sound(element)]),
    "columns array.json": array([element for element in COLUMN_VALUES if sound(element)], " , ", " \n[ ", " ]\n"),
    "ids array.json": array([element for element in ID_VALUES if sound(element)], ",\r\n", "[\r\n", "\r\n]\r\n"),
    "crlf.json": b'{"id":#}\r\n\r\n{"id":#,"name":"a"}\r\n \t\r\n{"id":#}x\r\n{"id":#}',
    "cr.json": b'{"id":#}\r{"id":#,"name":"a"}\r\r{"id":#\r}\r{"id":#}\n{"id":#}\r\n',
    "bom.json": b'\xef\xbb\xbf{"id":#}\n{"id":#}\n',
    "bom array.json": b'\xef\xbb\xbf[{"id":#},{"id":#}]',
    "bom blank.json": b'\xef\xbb\xbf\n\n {"id":#}\n{"id":#}\n',
    "blank before.json": b'\n \t\n  {"id":#}\n\n\n  {"id":#}  \n \n',
    "blank before array.json": b'\n \r\n\r \t[{"id":#}\n,\n\n{"id":#}\r\n,\r{"id":#},7]\n\n',
    "pretty.json": json.dumps([{"id": f"{n}00000", "name": "a\nb", "more": {"x": [1, {"y": None}]}, "amount": 1.5} for n in range(3)], indent=2).encode(),
    "pretty crlf.json": json.dumps([{"id": f"{n}00000", "name": None} for n in range(3, 6)], indent="\t").replace("\n", "\r\n").encode(),
    "elements.json": b'[1,"a",null,true,[],[{"id":#}],{"id":#},-1.5,"a,]b",tru,x, {"id":#} ,nul,1.,"\\q"]',
    "empty array.json": b"[]",
    "empty array 2.json": b" \n[ \n ]\n\n",
    "one.json": b'{"id":#}',
    "utf8.json": b"".join(b'{"id":#,"name":"%s"}\n' % value for value in INVALID) + b"".join(b'{"id":#,"x":"%s"}\n' % value for value in INVALID)
                 + b'{"id":#,"\xff":1}\n{"id":#}\xff\n\xff{"id":#}\n{"id":#}\xef\xbf\xbd\n',
    "utf8 array.json": b"[" + b",\n".join(b'{"id":#,"name":"%s"}' % value for value in INVALID) + b"\n]",
    "nul.json": b'{"id":#,"name":"\0"}\n{"id":#}\0\n{"id":#,"x":"\0"}\n{\0"id":#}\n{"id":#,"name":"\xff\0"}\n',
    "nul array.json": b'[{"id":#,"name":"\0"},{"id":#,"x":"\0"},{\0"id":#},{"id":#}]',
    "long.json": b'{"id":#,"name":"' + LONG + b'"}\n{"id":"x","name":"' + LONG + b'"}\n{"id":#,"x":"' + LONG + b'"}\n{"id":#,"name":"' + LONG[:65535] + b'"}\n',
    "long array.json": b'[{"id":"x","name":"' + LONG + b'"},{"id":#,"name":"' + LONG[:65535] + b'"}]',
    "deep.json": b"".join(b'{"id":#,"x":%s%s}\n' % (b"[" * n, b"]" * n) for n in (10, 62, 63, 64, 65, 66, 200)),
    "wide.json": b'{"id":#,"x":[' + b",".join(b"[1]" for _ in range(3000)) + b"]}\n" + b'{"id":#,"x":[' + b",".join(b'{"a":"b"}' for _ in range(3000)) + b"]}\n",
    "ümläut %41 x.json": b'{"id":#}\n7\n',
    "lines.json.gz": [b'{"id":#}\n7\n\n{"id":#}'],
    "array.json.gz": [b'[{"id":#},\n7,{"id":#}]', b"\n"],
    "broken in the middle.json": b'{"id":#}\n{"id":#\n{"id":#}\n',
    "broken first.json": b'{"id":\n{"id":#}\n',
    "broken first 2.json": b'{"id":#,"name":"a\n{"id":#}\n',
    "spread.json": b'{"id":#}\n{\n"id":#\n}\n{"id":#}\n',
    "cut end.json": b'{"id":#}\n{"id":#\n',
    "cut end blank.json": b'{"id":#}\n{"id":#\n\n  ',
}

# Files that cannot be read as records; each is one record, and closes the gate.
CSV_FAULTS = {
    "empty.csv": b"", "bom.csv": b"\xef\xbb\xbf", "blank.csv": b"\n\r\n\r", "blanks.csv": b" \n", "open.csv": b'id,name\n1,"a\n2,b\n',
    "open2.csv": b'id,name\n\n1,"a\nb"\r\n2,"', "open3.csv": b'id,name\n1,a\n2,"', "open4.csv": b'"id,name\n1,a\n', "open5.csv": b'id,name\n1,"""\n2,a\n',
    "open6.csv": b'id,name\r1,a\r\n2,b\r3,"x\r\r\n', "open after misplaced.csv": b'id,name\n1,a"b\n2,"a"b\n3,"c\n', "utf16.csv": b"\xff\xfei\0d\0",
    "utf16be.csv": b"\xfe\xff\0i\0d", "utf16nobom.csv": b"i\0d\0,\0n\0a\0m\0e\0\n\0", "binary.csv": b"\x7fELF\x02\x01\x01\0\0\n\x01\x02",
    "twice.csv": b"id,name, ID \n1,2,3\n", "alias.csv": b"id,name,Full Name\n1,2,3\n", "lacks.csv": b"idd,name\n1,2\n", "lacks2.csv": b"x,y\n1,2\n",
    "semicolon.csv": b"id;name\n1;2\n", "tab.csv": b"x\tName\n1\t2\n", "gzip.csv": gzip.compress(b"id,name\n1,a\n"), "zstd.csv": zstd(b"id,name\n1,a\n"),
    "bad head.csv": b"id,na\xff,name\n1,2\n", "bad head 2.csv": b"id,\xffname\n1,a\n", "nul head.csv": b"id,na\0me\n1,a\n", "quote head.csv": b'id,na"me\n1,a\n',
    "quote head 2.csv": b'"id"x,name\n1,a\n', "unknown twice.csv": b"id,name,x,X\n1,a,b,c\n", "cut.csv.gz": gzip.compress(b"id,name\n" + b"1,a\n" * 50)[:-3],
    "cut early.csv.gz": gzip.compress(b"id,name\n" + os.urandom(3000).hex().encode())[:40], "garbage.csv.gz": gzip.compress(b"id,name\n1,a\n") + b"\x01\x02garbage",
    "plain.csv.gz": b"id,name\n1,a\n", "nothing.csv.gz": b"", "empty in.csv.gz": gzip.compress(b""), "long head.csv": b"x" * 70000 + b",id\n1,2\n",
    "one field.csv": b"id\n1\n", "control head.csv": b"id,name,\x01\n1,a,b\n", "bad head 3.csv": b"id,name,\xff\n1,a,b\n", "data only.csv": b"1,a\n2,b\n", "cr open.csv": b'id,name\r1,"a\r2,b\r',
}
JSON_FAULTS = {
    "empty.json": b"", "blank.json": b"\n \n", "bom.json": b"\xef\xbb\xbf", "cut0.json": b"[", "cut1.json": b'[{"id":1},\n {"id":2', "cut2.json": b'[{"id":1}',
    "cut3.json": b'[{"id":1},', "cut4.json": b'[{"id":1}, ', "cut5.json": b'[{"id":1},{"name":"a', "comma.json": b'[{"id":1},]', "comma2.json": b'[,{"id":1}]',
    "comma3.json": b'[{"id":1},,{"id":2}]', "nocomma.json": b'[{"id":1} {"id":2}]', "nocomma2.json": b'[{"id":1}{"id":2}]', "behind.json": b'[{"id":1}]\nx',
    "behind2.json": b'[{"id":1}][{"id":2}]', "behind3.json": b'[{"id":1}]]', "behind4.json": b'[] x', "behind5.json": b'[{"id":1}],', "behind6.json": b'[{"id":1}]\0',
    "object.json": b'{\n "id": 1\n}\n', "object2.json": b'{"id": 1,\n"name":2}', "object3.json": b'{"data":[\n{"id":1},\n{"id":2}\n]}\n', "lines.json": b'{"id":1}\n{"id":2',
    "lines2.json": b'{"id":1}\n{"id":2,"name":"a', "lines3.json": b'{"id":1', "lines4.json": b'{"id":1}\n\n{"id":', "word.json": b"id,name\n1,a\n", "binary.json": b"\x01\x02\x03",
    "utf16.json": b"\xff\xfe[\0]\0", "string.json": b'"a"', "number.json": b"7\n", "null.json": b"null", "gzip.json": gzip.compress(b"[]"),
    "cut.json.gz": gzip.compress(b'[{"id":1}]' * 20)[:-2], "cut text.json.gz": gzip.compress(b'[{"id":1},{"id'), "cut line.json.gz": gzip.compress(b'{"id":1}\n{"id":2'),
    **{f"deep {depth}.json": b'[{"id":1},{"id":2,"x":' + b"[" * depth + b"]" * depth + b'},{"id":3}]' for depth in (62, 63, 64, 65, 66, 300)},
    "closed twice.json": b'[{"id":1}}]', "bad element.json": b'[{"id":1},}]', "only bracket.json": b"]", "colon.json": b'[{"id":1}:{"id":2}]', "cut string.json": b'["a',
    "cut word.json": b"[tru", "cut deep.json": b'[[[', "nbsp.json": b'[\xc2\xa0{"id":1}]', "control.json": b'[\x01{"id":1}]',
}
CSV["lines.csv.zst"] = [b"id,name\n#,a\nx,b\n"]
CSV["frames.csv.zst"] = [b"id,name\n#,a\nx,", b"b\n"]
JSON["lines.json.zst"] = [b'{"id":#}\n7\n']
CSV_FAULTS["cut.csv.zst"] = zstd(b"id,name\n" + b"1,a\n" * 50)[:-2]
CSV_FAULTS["garbage.csv.zst"] = zstd(b"id,name\n1,a\n") + b"\x01\x02garbage"
CSV_FAULTS["plain.csv.zst"] = b"id,name\n1,a\n"


class Reading(spark_case.Case):
    def setUp(self):
        super().setUp()
        self.numbers = itertools.count(1)

    def fill(self, content):
        """Puts numbers where `#` stands."""
        pieces = content.split(b"#")
        return pieces[0] + b"".join(b"%d" % next(self.numbers) + piece for piece in pieces[1:])

    def deliver_all(self, folder, files, delimiter=b","):
        """Files that are lists are compressed, each part by itself."""
        for name, content in files.items():
            compress = gzip.compress if name.endswith(".gz") else zstd
            parts = [self.fill(part.replace(b",", delimiter)) for part in ([content] if isinstance(content, bytes) else content)]
            if isinstance(content, list):
                parts = [compress(part) for part in parts]
            elif content[:1] in (b"\x1f", b"\x28"):
                parts = [content]
            self.deliver(f"{folder}/{name}", b"".join(parts))

    def both(self, expect=None):
        record = self.load(self.write_spec(SPEC), spark_case.DATE, expect=expect)
        self.check()
        return record

    def test_csv(self):
        self.deliver_all("comma", CSV)
        self.deliver_all("tab", CSV, b"\t")
        self.both(expect=0)

    def test_csv_lines(self):
        files = {name: content for name, content in {**CSV, **LINES}.items() if name not in QUOTED_NEWLINES}
        self.deliver_all("semi", files, b";")
        self.deliver_all("pipe", files, b"|")
        self.both(expect=0)

    def test_json(self):
        self.deliver_all("object", JSON)
        self.both(expect=0)

    def test_file_names(self):
        for folder, content in (("comma", b"id,name\n#,a\nx,a\n"), ("object", b'{"id":#}\n7\n')):
            self.deliver_all(folder, {f"{name}.{'csv' if folder == 'comma' else 'json'}": content for name in NAMES})
        self.both(expect=0)

    def test_faults(self):
        self.deliver_all("comma", CSV_FAULTS)
        self.deliver_all("semi", CSV_FAULTS, b";")
        self.deliver_all("object", JSON_FAULTS)
        self.both(expect=2)
        self.assertGreater(len(self.embedded.query("SELECT 1 FROM lyceum.quarantine WHERE state = 'not_published'")), 50)


CSV_PIECES = [b'"', b'""', b",", b"\n", b"\r\n", b"\r", b"a", b" ", b"\t", b"#", b"#,a\n", b"#,b\r", b'#,"c"\r\n', b'"\n', b',"', b'",', b"\xff", b"\0", b"\xc3\xa4",
              b"\xe2\x80\xa8", b"\\", b"-", b"'"]
JSON_PIECES = ['{"id":#}', '{"id":#,"name":"a"}', '"name"', '"x"', '"a"', "1", "1.5", "true", "null", "{", "}", "[", "]", ":", ",", '"', "\\", " ", "\t", "\n", "\r\n", "\r",
               "\\u0041", "\\n", '{"a":[1,{}]}', '"id"', "#", "\x01", "ä", "e5", "-", "0"]


class Random(Reading):
    """Files of random pieces. First all of them; what cannot be read closes the gate. Then the others alone."""

    CASES = int(os.environ.get("LYCEUM_PROPERTY_CASES", "1"))
    FILES = 30

    def csv_file(self, dice):
        body = b"".join(dice.choice(CSV_PIECES) for _ in range(dice.randrange(60)))
        if dice.random() < 0.7 and body.count(b'"') % 2:
            body += b'"'
        return dice.choice([b"id,name\n", b"name,id\r\n", b"id,name,note\r", b'\xef\xbb\xbf"id","name"\n', b"\n\nid,name\n"]) + body

    def json_file(self, dice):
        def element():
            if dice.random() < 0.5:
                return dice.choice(OBJECTS + ("#",))
            return "{" + "".join(dice.choice(JSON_PIECES) for _ in range(dice.randrange(12))) + "}"
        elements = [element() for _ in range(dice.randrange(12))]
        if dice.random() < 0.5:
            blanks = ["", " ", "\n", "\r\n", "\r", "\t\n "]
            return (dice.choice(blanks) + "[" + ",".join(dice.choice(blanks) + one + dice.choice(blanks) for one in elements) + "]"
                    + dice.choice(blanks)).encode()
        return dice.choice(["\n", "\r\n", "\r"]).join(elements).encode() + dice.choice([b"", b"\n"])

    def deliver_random(self, dice):
        for folder, delimiter in (("comma", b","), ("semi", b";"), ("object", b"")):
            make = self.csv_file if delimiter else self.json_file
            self.deliver_all(folder, {f"{i:02}.{'csv' if delimiter else 'json'}": make(dice) for i in range(self.FILES)}, delimiter or b",")

    def test_random_files(self):
        for seed in range(self.CASES):
            with self.subTest(seed=seed):
                self.setUp()
                self.deliver_random(random.Random(seed))
                record = self.both()
                for dataset in record["datasets"]:
                    for file in dataset["files"]:
                        if file["fault"]:
                            (self.inbox / file["file"]).unlink()
                record = self.both(expect=0)
                self.assertGreater(record["rows"]["read"], 50)


for name in [name for name in dir(Reading) if name.startswith("test_")]:
    setattr(Random, name, None)

if __name__ == "__main__":
    unittest.main()
