"""Boolean columns read the words that the spec declares, and no others."""
import unittest

import harness

SPEC = """lyceum: 1
pipeline: payments
datasets:
  payments:
    files: ['payments_{batch_date}.csv']
    columns:
      payment_id: {type: integer}
      paid_on: {type: date}
      settled: {type: boolean, true_values: ['Y', '1'], false_values: ['N', '0']}
      checked: {type: boolean}
calendar: {table: dim_date, from: 2025-01-01, to: 2025-12-31}
facts:
  fact_payment: {dataset: payments, identity: [payment_id], event_key: payment_sk, date_column: paid_on}
"""


class Booleans(harness.Case):
    def test_declared_words(self):
        self.spec = self.folder / "spec.yaml"
        self.spec.write_text(SPEC)
        rows = ["1,2025-06-01,Y,true", "2,2025-06-01,n,FALSE", "3,2025-06-01,1,", "4,2025-06-01,0,true",
                "5,2025-06-01,true,true", "6,2025-06-01,Y,Y"]
        self.deliver("payments_20250601.csv", "payment_id,paid_on,settled,checked\n" + "\n".join(rows) + "\n")
        self.run_date()
        found = self.query("SELECT payment_id, settled, checked FROM fact_payment ORDER BY 1")
        self.assertEqual(found, [[1, True, True], [2, False, False], [3, True, None], [4, False, True]])
        self.assertEqual([(line, reasons) for _, line, reasons, _ in self.quarantine("payments")],
                         [(6, ["settled: not a boolean"]), (7, ["checked: not a boolean"])])

    def test_a_word_means_one_thing(self):
        self.spec = self.folder / "spec.yaml"
        self.spec.write_text(SPEC.replace("'N'", "'y'"))
        done = self.lyceum("validate", "spec.yaml")
        self.assertEqual(done.returncode, 3)
        self.assertEqual(done.stderr.splitlines()[0], "spec.yaml:9:72: error: 'y' means true already")


if __name__ == "__main__":
    unittest.main()
