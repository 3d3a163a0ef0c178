"""Large nasty files against Python's csv and json modules: every value arrives as it was written."""
import csv
import gzip
import io
import json
import random
import unittest

import harness

PIECES = ["a", "ß", "☃", '"', '""', ",", "\n", "\r\n", "\r", "'", "\\", "x" * 50, "{", "]", ";", "\u2028"]


class Reading(harness.Case):
    def texts(self, dice, count):
        """Texts without outer blanks, which are trimmed, and never empty, which is null."""
        for _ in range(count):
            text = "".join(dice.choice(PIECES) for _ in range(dice.randrange(1, 12)))
            yield f"<{text}>"

    def rows(self, seed, count):
        dice = random.Random(seed)
        for number, text in enumerate(self.texts(dice, count)):
            time = f"2025-06-01 {number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}"
            yield [str(number), time, text, str(dice.randrange(1000))]

    def check(self, name, data, rows):
        self.deliver(name, data)
        record, _ = self.run_date()
        counts = [d for d in record["datasets"] if d["files"]][0]["files"][0]["rows"]
        self.assertEqual(counts, {"read": len(rows), "loaded": len(rows), "duplicates": 0, "quarantined": 0})
        found = self.query("SELECT place_id, steps FROM fact_reading ORDER BY 1")
        self.assertEqual(found, [[int(row[0]), row[2]] for row in rows])

    def write(self, rows, end, quoting):
        out = io.StringIO()
        writer = csv.writer(out, lineterminator=end, quoting=quoting)
        writer.writerow(["place_id", "taken_at", "steps", "value"])
        writer.writerows(rows)
        return out.getvalue().encode()

    def test_csv_equals_python(self):
        for seed, (end, quoting) in enumerate((("\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_MINIMAL),
                                               ("\r", csv.QUOTE_ALL))):
            with self.subTest(end=end):
                rows = list(self.rows(seed, 60000))
                data = self.write(rows, end, quoting)
                self.assertGreater(len(data), 3 << 20)  # several chunks
                self.check("readings_20250601.csv", data, rows)

    def test_compressed_members_in_a_row(self):
        rows = list(self.rows(9, 5000))
        data = self.write(rows, "\n", csv.QUOTE_ALL)
        cut = len(data) // 3
        self.check("readings_20250601.csv.gz", gzip.compress(data[:cut]) + gzip.compress(data[cut:]), rows)

    def test_positions_lead_back_to_the_bytes(self):
        """Rejected rows anywhere in a large file: line, offset and raw text are those of the file."""
        rows = list(self.rows(5, 30000))
        out, expected = io.BytesIO(), []
        out.write(b"place_id,taken_at,steps,value\n")
        line = 2
        for number, row in enumerate(rows):
            text = io.StringIO()
            bad = number % 7 == 0
            csv.writer(text, lineterminator="", quoting=csv.QUOTE_ALL).writerow(["x" + row[0] if bad else row[0], *row[1:]])
            raw = text.getvalue().encode()
            if bad:
                expected.append([line, out.tell(), len(raw), raw])
            out.write(raw + b"\n")
            line += 1 + raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n")
        self.deliver("readings_20250601.csv", out.getvalue())
        self.run_date()
        found = self.query("SELECT line, byte_offset, byte_length, raw_text FROM lyceum.quarantine ORDER BY byte_offset")
        self.assertEqual(len(found), len(expected))
        for (number, offset, length, text), wanted in zip(found, expected):
            self.assertEqual([number, offset, length], wanted[:3])
            self.assertEqual(text, escape(wanted[3]))

    def test_json_equals_python(self):
        dice = random.Random(3)
        logs = [{"place_id": n, "seen_at": "2025-06-01T10:00:00", "note": text, "extra": {"deep": [text, {}]}}
                for n, text in enumerate(self.texts(dice, 20000))]
        data = json.dumps(logs, indent=dice.choice([None, 2]), ensure_ascii=False)
        self.deliver("logs_20250601.json", data)
        record, _ = self.run_date()
        self.assertIn("dataset 'logs': column 'extra' is not in the spec (20,000 rows)", record["warnings"])
        found = self.query("SELECT place_id, note FROM fact_log ORDER BY 1")
        self.assertEqual(found, [[log["place_id"], log["note"]] for log in logs])


def escape(raw):
    """Quarantine's form of bytes, written anew from its description."""
    out = ""
    for char in raw.decode():
        if char == "\\":
            out += "\\\\"
        elif ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0:
            out += "".join(f"\\x{byte:02x}" for byte in char.encode())
        else:
            out += char
    return out


if __name__ == "__main__":
    unittest.main()
