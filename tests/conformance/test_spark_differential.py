"""Nasty values, random expressions, rules, patterns, duplicates: both engines say the same about every row."""
import json
import os
import random
import re
import unittest

import spark_case
from spark_values import (BOOLEAN, COLUMNS, NULL_TOKENS, SCOPE, TEXTS, Expressions, columns_of_spec, csv_line, pattern, type_text,
                          values_csv)

setUpModule, tearDownModule = spark_case.start_server, spark_case.stop_server

# The first seeds run always; more with LYCEUM_PROPERTY_CASES.
CASES = int(os.environ.get("LYCEUM_PROPERTY_CASES", "1"))
FIRST = int(os.environ.get("LYCEUM_PROPERTY_FIRST", "0"))
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "UTC", "Africa/Monrovia", "Pacific/Apia", "Australia/Lord_Howe", "America/St_Johns")


def quoted(text):
    """A scalar of YAML."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\x7f").replace("\x85", "\\x85").replace("\u2028", "\\u2028")


class Values(spark_case.Case):
    """Every nasty value in a column of every type that could hold it, in four time zones."""

    def test_every_value(self):
        for zone in ZONES[:4]:
            with self.subTest(zone=zone):
                self.setUp()
                self.deliver("values.csv", values_csv())
                self.load(self.write_spec(
                    f"lyceum: 1\npipeline: values\ntimezone: {zone}\ndatasets:\n  values:\n    files: [values.csv]\n    null_tokens: {NULL_TOKENS}\n"
                    f"    columns:\n      id: {{type: integer}}\n{columns_of_spec()}dimensions:\n"
                    "  dim_value: {dataset: values, key: [id], surrogate_key: value_sk}\n"), expect=0)
                self.check()


class Random(spark_case.Case):
    ROWS = 300

    def setUp(self):
        super().setUp()
        self.meaning = {}  # what a column or a rule computes

    def rows(self, dice, count):
        """Rows that mostly load: a value that fails its type takes its whole row out."""
        sound = {name: [value for value in values if self.fits(name, value)] for name, (_, values) in COLUMNS.items()}
        for number in range(count):
            yield [str(number), *("" if dice.random() < 0.15 else dice.choice(sound[name] if dice.random() < 0.995 else values)
                                  for name, (_, values) in COLUMNS.items())]

    @staticmethod
    def fits(name, value):
        """Roughly; what is wrong only takes rows out."""
        kind = COLUMNS[name][0]
        if kind.startswith(("integer", "bigint")):
            limit = 2 ** 31 if kind.startswith("integer") else 2 ** 63
            return bool(re.fullmatch(r"[+-]?[0-9]+", value)) and -limit <= int(value) < limit
        if kind.startswith("'decimal"):
            whole, scale = re.match(r"'decimal\((\d+),(\d+)\)'", kind).groups()
            return bool(re.fullmatch(rf"[+-]?(?=[0-9])0*[0-9]{{0,{int(whole) - int(scale)}}}" + (rf"(\.[0-9]{{1,{scale}}})?" if scale != "0" else ""), value))
        if kind == "double":
            return bool(re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?", value))
        if kind.startswith("boolean"):
            return value in (("ja", "JA", "nein", "Über", "ÜBER", "1", "0") if "ja" in kind else ("true", "TRUE", "false"))
        if kind == "text":
            return True
        return value[:4] not in ("0000", "2023") and bool(re.fullmatch(
            {"a": r"\d{4}-(0[1-9]|1[0-2])-([01]\d|2[0-8])", "b": r"[0-3]\d\.0[1-689]\.\d{4}|20250601|\d{4}-1[02]-[0-2]\d",
             "s": r"\d{4}-\d\d-\d\d[ T][01]\d:\d\d:[0-5]\d(\.\d{1,6})?(Z|[+-]0\d:?[0-5]\d)?", "x": r"01/06/2025 10:00|20250601100000.*|\d{4}-\d\d-\d\d [01]\d:\d\d:[0-5]\d"}[name], value))

    def accepted(self, make_spec, items):
        """The items that the spec's checks let through, and the spec with them."""
        while True:
            spec = self.write_spec(make_spec(items))
            done = self.embedded.call("validate", spec)
            if done.returncode == 0:
                return items, spec
            lines = {int(line) for line in re.findall(r"spec\.yaml:(\d+):\d+: error", done.stderr)}
            text = spec.read_text().splitlines()
            bad = {match.group(1) for line in lines for match in [re.search(r"(?:name: |^      )(\w+)\b", text[line - 1])] if match}
            kept = [item for item in items if item[0] not in bad]
            self.assertLess(len(kept), len(items), done.stderr)
            items = kept

    def key_of(self, _):
        return ["id"]

    def explain(self, _, column, row):
        text = self.meaning.get(column, "")
        used = {name: row[name] for name in row if re.search(rf"\b{name}\b", text) and name not in ("a", "null")}
        return f"\n    {column}: {text}\n    with {used}" if text else ""

    def test_derived_columns(self):
        for seed in range(FIRST, FIRST + CASES):
            with self.subTest(seed=seed):
                self.setUp()
                dice = random.Random(seed)
                items, make = [], Expressions(dice)
                for number in range(40):
                    text, kind = make.make(make.any_kind(), dice.choice([2, 3, 3, 4]))
                    if isinstance(kind, tuple) and (kind[0] > 38 or kind[0] == 0 or len(text) > 2000):
                        continue
                    items.append((f"r{number}", kind, text))
                zone = dice.choice(ZONES)

                def spec_of(items, zone=zone):
                    return (f"lyceum: 1\npipeline: derived\ntimezone: {zone}\ndatasets:\n  values:\n    files: [values.csv]\n"
                            f"    null_tokens: {NULL_TOKENS}\n    columns:\n      id: {{type: integer}}\n{columns_of_spec()}    derived:\n"
                            + "".join(f"      {name}: {{type: {type_text(kind)}, expression: {quoted(text)}}}\n" for name, kind, text in items)
                            + "dimensions:\n  dim_value: {dataset: values, key: [id], surrogate_key: value_sk}\n")

                items, spec = self.accepted(spec_of, items)
                self.assertGreater(len(items), 20)
                self.meaning = {name: text for name, _, text in items}
                self.deliver("values.csv", csv_line(["id", *COLUMNS]) + "".join(csv_line(row) for row in self.rows(dice, self.ROWS)))
                # What fails on most rows would keep them all out.
                tried = spark_case.Loader(self.folder / "tried").run(spec, spark_case.DATE, self.inbox).record
                reasons = tried["datasets"][0]["reasons"]
                items = [item for item in items if reasons.get(f"{item[0]}: cannot be computed, a number is too large", 0) < 20]
                record = self.load(self.write_spec(spec_of(items)), expect=0)
                self.check()
                self.assertGreater(record["rows"]["loaded"], 20)

    def test_rules(self):
        """Which rules a row breaks stands in its reasons."""
        for seed in range(FIRST, FIRST + CASES):
            with self.subTest(seed=seed):
                self.setUp()
                dice = random.Random(1000 + seed)
                make = Expressions(dice)
                items = []
                for number in range(55):
                    items.append((f"e{number}", f"type: expression, name: e{number}, expression: {quoted(make.make(BOOLEAN, 3)[0])}"))
                for number in range(40):
                    items.append((f"p{number}", f"name: p{number}, type: pattern, column: c{number}, pattern: {quoted(pattern(dice))}"))
                fixed = self.fixed_rules(dice)
                columns = "".join(f"      c{number}: {{type: text, optional: true}}\n" for number in range(40))

                def spec_of(items):
                    return (f"lyceum: 1\npipeline: rules\ntimezone: {ZONES[seed % len(ZONES)]}\ndatasets:\n  values:\n    files: [values.csv]\n    null_tokens: {NULL_TOKENS}\n"
                            f"    columns:\n      id: {{type: integer}}\n{columns_of_spec()}    rules:\n"
                            + "".join(f"      - {{{text}, severity: {dice_of(name)}}}\n" for name, text in items if name[0] != "p") + fixed
                            + "  texts:\n    files: [texts.csv]\n    columns:\n      id: {type: integer}\n" + columns + "    rules:\n"
                            + "".join(f"      - {{{text.split(', ', 1)[1]}, severity: {dice_of(name)}}} # name: {name}\n" for name, text in items if name[0] == "p")
                            + "dimensions:\n  dim_value: {dataset: values, key: [id], surrogate_key: value_sk}\n"
                              "  dim_text: {dataset: texts, key: [id], surrogate_key: text_sk}\n")

                def dice_of(name):
                    return "warn" if int(name[1:]) % 7 == 0 else "quarantine"

                items, spec = self.accepted_rules(spec_of, items)
                self.assertGreater(len(items), 40)
                self.deliver("values.csv", csv_line(["id", *COLUMNS]) + "".join(csv_line(row) for row in self.rows(dice, self.ROWS)))
                texts = [*TEXTS, *("".join(dice.choice(["a", "b", "1", " ", "\x0b", "\x85", "\n", "ß", "😀", ".", "-", "_", "\u2028", "\r", "é"]) for _ in range(dice.randrange(6)))
                                   for _ in range(200))]
                self.deliver("texts.csv", csv_line(["id", *(f"c{n}" for n in range(40))])
                             + "".join(csv_line([str(number), *[text] * 40]) for number, text in enumerate(texts)))
                self.load(spec)
                self.check()

    def accepted_rules(self, spec_of, items):
        while True:
            spec = self.write_spec(spec_of(items))
            done = self.embedded.call("validate", spec)
            if done.returncode == 0:
                return items, spec
            text = spec.read_text().split("\n")
            bad = {match for line in re.findall(r"spec\.yaml:(\d+):\d+: error", done.stderr) for match in re.findall(r"name: (\w+)", text[int(line) - 1])}
            self.assertTrue(bad, done.stderr)
            items = [item for item in items if item[0] not in bad]

    @staticmethod
    def fixed_rules(dice):
        pick = dice.choice
        return "".join(f"      - {{{rule}}}\n" for rule in (
            "type: range, column: i, min: -5, max: 2147483646", "type: range, column: j, max: 9223372036854775806", "type: range, column: m, min: -999.98",
            "type: range, column: w, max: 9999999999999999999999999999.9999999998", "type: range, column: a, min: 1582-10-06, max: 9999-12-30",
            "type: range, column: s, min: 1583-01-01, max: 2500-06-30", "type: range, column: d, min: -1, max: 1.5, severity: warn",
            "type: length, column: t, min: 1, max: 5, severity: warn", "type: length, column: u, max: 2, severity: warn",
            "type: accepted_values, column: t, values: ['a', 'A', 'ß', 'e\u0301', '😀', \"it's\", '\\'], severity: warn",
            "type: accepted_values, column: m, values: [1.5, 0, -1, 12.50], severity: warn", "type: accepted_values, column: a, values: [2025-06-01, 0001-01-01], severity: warn",
            f"type: unique, column: {pick('ijmwtusx')}", f"type: unique, columns: [{pick('ijm')}, {pick('tuab')}]", "type: unique, columns: [i, y], severity: warn",
            f"type: not_null, column: {pick('iyt')}, severity: warn"))


class Duplicates(spark_case.Case):
    """Few identities, many rows, several files and datasets: who is kept, who differs in what, what is unique."""

    SPEC = """lyceum: 1
pipeline: duplicates
timezone: Europe/Berlin
datasets:
  events:
    files: ['events_{batch_date}*', 'more/events*{batch_date}.csv']
    columns:
      who: {type: integer, allow_zero_fraction: true}
      at: {type: timestamp}
      what: {type: text}
      amount: {type: 'decimal(8,3)'}
      score: {type: double}
      flag: {type: boolean}
      day: {type: date}
    derived:
      label: {type: text, expression: "concat(what, '!')"}
      double_amount: {type: 'decimal(18,3)', expression: amount * 2}
    rules:
      - {type: unique, columns: [what, day]}
      - {type: unique, column: amount, severity: warn}
      - {type: unique, columns: [flag, day, amount]}
      - {type: expression, name: amount is odd, expression: 'amount <> 13'}
  keys:
    files: [keys*.json]
    format: json
    columns:
      text: {type: text}
      number: {type: bigint}
      day: {type: date}
      moment: {type: timestamp}
      amount: {type: 'decimal(20,5)', store_as: {STORE}}
      yes: {type: boolean}
      note: {type: text, optional: true}
calendar: {table: dim_date, from: 1900-01-01, to: 2050-12-31}
dimensions:
  dim_key: {dataset: keys, key: [text, number, day, moment, amount, yes], surrogate_key: key_sk}
  dim_who: {members_from: [fact_event], key: [who], surrogate_key: who_sk}
facts:
  fact_event:
    dataset: events
    identity: [who, at]
    event_key: event_id
    date_column: at
    references:
      - {dimension: dim_who, columns: [who], surrogate_key: who_sk}
marts:
  daily:
    group_by: [date_key]
    measures:
      rows: {type: count, fact: fact_event}
      amount: {type: sum, fact: fact_event, column: amount}
""".replace(", store_as: {STORE}", "")

    def test_duplicates_and_keys(self):
        for seed in range(FIRST, FIRST + CASES):
            with self.subTest(seed=seed):
                self.setUp()
                dice = random.Random(2000 + seed)
                for name in ("events_20250601.csv", "events_2025-06-01b.csv", "events_20250601a.csv.gz", "more/events_x20250601.csv"):
                    text = "who,at,what,amount,score,flag,day\n" + "".join(self.event(dice) for _ in range(120))
                    if name.endswith(".gz"):
                        import gzip
                        self.deliver(name, gzip.compress(text.encode()))
                    else:
                        self.deliver(name, text)
                self.deliver("keys.json", "\n".join(self.key(dice) for _ in range(200)))
                self.deliver("keys2.json", "[" + ",\n".join(self.key(dice) for _ in range(200)) + "]")
                self.load(self.write_spec(self.SPEC), expect=0)
                self.check()

    @staticmethod
    def event(dice):
        pick = dice.choice
        return csv_line([pick(["1", "+1", "01", "1.0", "2", "3", "-0", "0", "x", ""]),
                         pick(["2025-06-01 10:00:00", "2025-06-01T10:00:00.000", "2025-06-01 08:00:00Z", "2025-06-01 12:00:00+04:00", "2025-06-01 10:00:00.1", "1850-01-01 00:00:00", "", "y"]),
                         pick(["a", " a ", "b", "c", "a ", "ß", ""]), pick(["1", "1.0", "01.000", "-1", "2.5", "13", "", "12345.678"]), pick(["0", "-0", "0.1", "1e-1", ".1", "1e300", ""]),
                         pick(["true", "TRUE", "false", ""]), pick(["2025-06-01", "2025-06-02", "0001-01-01", "9999-12-31", ""])])

    @staticmethod
    def key(dice):
        pick = dice.choice
        return "{" + ",".join(f'"{name}":{value}' for name, value in (
            ("text", pick(['"a"', '"b;"', '" a "', '"ä"', '"😀"', '"\\u0061"', '"a\\nb"', '"it\'s"', '"n;"', "1", "null", '"x;t1:y"'])),
            ("number", pick(["0", "-0", '"+7"', "7", "-9223372036854775808", "9223372036854775807", "null"])), ("day", pick(['"2025-06-01"', '"0001-01-01"', '"9999-12-31"'])),
            ("moment", pick(['"2025-06-01 10:00:00"', '"2025-06-01T10:00:00.100000"', '"2025-06-01 10:00:00.000001"', '"0001-01-01 00:00:00"', '"9999-12-31 23:59:59.999999"'])),
            ("amount", pick(["1", "1.0", "1.10000", "-1.1", "0", "-0.0", "100", "0.00001", "999999999999999.99999", "10.5"])), ("yes", pick(["true", "false"])),
            ("note", pick(['"x"', '"y"', "null"])))) + "}"


if __name__ == "__main__":
    unittest.main()
