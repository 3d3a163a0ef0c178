"""Exact numbers: what fits its type loads, what does not is quarantined, and no sum is cut."""
import unittest

import harness

HEAD = "place_id,taken_at,steps,value\n"


class Numbers(harness.Case):
    def setUp(self):
        super().setUp()
        self.spec = self.folder / "spec.yaml"

    def load(self, column, rows, derived="", measures=("sum", "average"), expect=0):
        """Loads `rows` of (value) with a value column of that type; returns (record, rows of the mart)."""
        text = harness.PIPELINE.read_text().replace("'decimal(6,2)'", f"'{column}'")
        text = text.replace("      - {type: range, column: value, min: 0, max: 1000}\n", "")
        marts = "".join(f"      {kind}_value: {{type: {kind}, fact: fact_reading, column: value}}\n" for kind in measures)
        text = text.replace("      average_value: {type: average, fact: fact_reading, column: value}\n", marts)
        if derived:
            text = text.replace("    rules:\n      - {type: not_null, column: steps}",
                                f"    derived:\n      result: {derived}\n    rules:\n      - {{type: not_null, column: steps}}")
        self.spec.write_text(text)
        self.deliver("readings_20250601.csv", HEAD + "".join(
            f"1,2025-06-01 10:00:{i:02},a,{value}\n" for i, value in enumerate(rows)))
        return self.run_date(expect=expect)[0]

    def test_marts_add_wide_values(self):
        for column, value, total, average in (
                ("decimal(18,6)", "1000001.5", "2000003.000000", "1000001.5000"),
                ("decimal(18,9)", "10.5", "21.000000000", "10.5000"),
                ("decimal(18,2)", "9999999999999999.99", "19999999999999999.98", "9999999999999999.9900"),
                ("decimal(13,6)", "9999999.999999", "19999999.999998", "10000000.0000"),
                ("decimal(19,2)", "-99999999999999999.99", "-199999999999999999.98", "-99999999999999999.9900")):
            with self.subTest(column):
                self.database = self.folder / f"{column}.duckdb"
                self.load(column, [value, value])
                self.assertEqual(self.query("SELECT CAST(sum_value AS VARCHAR), CAST(average_value AS VARCHAR) FROM "
                                            "daily_reading"), [[total, average]])

    def test_derived_values_that_fit_load(self):
        for column, expression, result, value, expected in (
                ("decimal(12,4)", "value * value", "decimal(24,8)", "99999999.9999", "9999999999980000.00000001"),
                ("decimal(12,4)", "value * value * 2", "decimal(38,8)", "99999999.9999", "19999999999960000.00000002"),
                ("decimal(18,6)", "value + value", "decimal(19,6)", "999999999999.999999", "1999999999999.999998"),
                ("decimal(18,6)", "value - 1 - value", "decimal(38,6)", "999999999999.999999", "-1.000000"),
                ("decimal(18,6)", "value * 1000000", "decimal(38,6)", "999999999999.999999", "999999999999999999.000000"),
                ("bigint", "value * 2.5", "decimal(38,1)", "9223372036854775807", "23058430092136939517.5")):
            with self.subTest(expression):
                self.database = self.folder / f"{column} {expression}.duckdb".replace("*", "x")
                self.load(column, [value], f'{{type: "{result}", expression: "{expression}"}}', measures=())
                self.assertEqual(self.query("SELECT CAST(result AS VARCHAR) FROM fact_reading"), [[expected]])

    def test_absolute_value_of_the_least_bigint_is_quarantined(self):
        self.load("bigint", ["-9223372036854775808", "-5"], '{type: bigint, expression: "abs(value)"}', measures=())
        self.assertEqual(self.query("SELECT result FROM fact_reading"), [[5]])
        self.assertEqual([reasons for _, _, reasons, _ in self.quarantine("readings")],
                         [["result: cannot be computed, a number is too large"]])

    def test_derived_text_has_the_length_of_texts(self):
        text = harness.PIPELINE.read_text().replace(
            "    rules:\n      - {type: range",
            "    derived:\n      longer: {type: text, expression: \"concat(steps, 'xx')\"}\n    rules:\n      - {type: range")
        self.spec.write_text(text)
        self.deliver("readings_20250601.csv", HEAD + "1,2025-06-01 10:00:00," + "y" * 65533 + ",1\n2,2025-06-01 10:00:00,"
                     + "y" * 65534 + ",1\n")
        self.run_date()
        self.assertEqual(self.query("SELECT place_id, length(longer) FROM fact_reading"), [[1, 65535]])
        self.assertEqual([reasons for _, _, reasons, _ in self.quarantine("readings")],
                         [["longer: longer than 65535 bytes"]])


if __name__ == "__main__":
    unittest.main()
