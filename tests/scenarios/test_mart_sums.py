"""Sums and averages at the edge of what `validate` lets pass are exact to the last digit."""
import unittest
from decimal import ROUND_HALF_UP, Decimal, localcontext

import harness

#: Column, type, whether it is stored as double, measures that the type allows.
COLUMNS = [("flat", (28, 0), False, ["sum"]), ("whole", (23, 0), False, ["sum", "average"]),
           ("money", (25, 2), False, ["sum", "average"]), ("fine", (20, 7), False, ["sum", "average"]),
           ("finest", (13, 14 - 1), False, ["sum", "average"]), ("stored", (14, 13), True, ["sum", "average"]),
           ("deep", (15, 15), True, ["average"]), ("big", (0, 0), False, ["sum", "average"])]


class MartSums(harness.Case):
    def test_greatest_values(self):
        columns, measures = [], []
        for name, (digits, scale), double, kinds in COLUMNS:
            kind = f"'decimal({digits},{scale})'" if digits else "bigint"
            columns.append(f"      {name}: {{type: {kind}{', store_as: double' if double else ''}}}")
            measures += [f"      {kind}_{name}: {{type: {kind}, fact: fact_weight, column: {name}}}" for kind in kinds]
        self.spec = self.folder / "spec.yaml"
        self.spec.write_text("\n".join([
            "lyceum: 1", "pipeline: weights", "datasets:", "  weights:", "    files: ['weights_{batch_date}.csv']",
            "    columns:", "      weight_id: {type: integer}", "      weighed_on: {type: date}", *columns,
            "calendar: {table: dim_date, from: 2025-01-01, to: 2025-12-31}", "facts:",
            "  fact_weight: {dataset: weights, identity: [weight_id], event_key: weight_sk, date_column: weighed_on}",
            "marts:", "  daily:", "    group_by: [date_key]", "    measures:", *measures, ""]))
        rows, values = [], {name: [] for name, *_ in COLUMNS}
        for number in range(7):
            row = [str(number), "2025-06-01"]
            for name, (digits, scale), _, _ in COLUMNS:
                text = "9" * digits if digits else ("1" if number == 6 else str(2**63 // 7))
                if scale:
                    text = f"{text[:-scale] or '0'}.{text[-scale:]}"
                values[name].append(Decimal(text))
                row.append(text)
            rows.append(",".join(row))
        self.deliver("weights_20250601.csv", ",".join(["weight_id", "weighed_on", *values]) + "\n" + "\n".join(rows) + "\n")
        self.run_date()
        with localcontext() as context:
            context.prec = 80
            for name, _, _, kinds in COLUMNS:
                for kind in kinds:
                    [[found]] = self.query(f"SELECT {kind}_{name} FROM daily")
                    total = sum(values[name])
                    average = (total / 7).quantize(Decimal("0.0001"), ROUND_HALF_UP)
                    self.assertEqual(Decimal(found), total if kind == "sum" else average, f"{kind} of {name}")


if __name__ == "__main__":
    unittest.main()
