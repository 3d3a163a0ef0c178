"""What every kind of bad input gets: message, exit code, what loads, what is quarantined.

Each case delivers files next to one good file, runs, and compares everything. A row that must load is
`good`, so that a case also shows that bad neighbours do not hurt it.
"""
import gzip
import os
import unittest

import harness

HEAD = "place_id,taken_at,steps,value\n"
GOOD = "1,2025-06-01 10:00:00,1.10,5\n"
CSV = "readings_20250601.csv"
JSON = "logs_20250601.json"
LOG = '{"place_id": 1, "seen_at": "2025-06-01T10:00:00", "note": "ok"}'


class BadRows(harness.Case):
    """Rows go to quarantine; their neighbours load; exit 0."""

    def rows_case(self, content, expected, loaded, name=CSV, dataset="readings"):
        self.deliver(name, content)
        record, _ = self.run_date()
        self.assertEqual(self.quarantine(dataset), [(name, *row) for row in expected])
        total = [d for d in record["datasets"] if d["dataset"] == dataset][0]["files"][0]["rows"]
        self.assertEqual((total["loaded"], total["quarantined"]), (loaded, len(expected)))
        self.assertEqual(total["read"], total["loaded"] + total["duplicates"] + total["quarantined"])

    def test_values(self):
        bad = [
            ("x,2025-06-01 10:00:00,a,5", ["place_id: not an integer"]),
            ("1.0,2025-06-01 10:00:00,a,5", ["place_id: not an integer"]),
            ("99999999999,2025-06-01 10:00:00,a,5", ["place_id: outside the range of integer"]),
            ("1,2025-02-30 10:00:00,a,5", ["taken_at: not a timestamp"]),
            ("1,9999-06-01 10:00:00,a,5", ["taken_at: outside the calendar 2000-01-01 to 2050-12-31"]),
            ("1,2025-06-01 10:00:00.1234567,a,5", ["taken_at: not a timestamp"]),
            ("1,2025-06-01 10:00:00,a,1.234", ["value: not a decimal(6,2)"]),
            ("1,2025-06-01 10:00:00,a,1001", ["value: not in range 0 to 1000"]),
            (",2025-06-01 10:00:00,,-1",
             ["place_id: is null", "value: not in range 0 to 1000", "steps: is null"]),
            (",,,", ["place_id: is null", "taken_at: is null", "steps: is null"]),
            ("x,y,,-1", ["place_id: not an integer", "taken_at: not a timestamp",
                         "value: not in range 0 to 1000", "steps: is null"]),
        ]
        lines = "".join(line + "\n" for line, _ in bad)
        self.rows_case(HEAD + GOOD + lines, [(3 + i, reasons, line) for i, (line, reasons) in enumerate(bad)], 1)

    def test_structure(self):
        self.rows_case(
            (HEAD + GOOD + "1,2025-06-01 10:00:00,a\n" + "1,2025-06-01 10:00:00,a,5,6\n"
             + '1,2025-06-01 10:00:00,a"b,5\n').encode()
            + b"1,2025-06-01 10:00:00,\xa35,5\n" + b"1,2025-06-01 10:00:00,a\0b,5\n",
            [(3, ["has 3 fields, expected 4"], "1,2025-06-01 10:00:00,a"),
             (4, ["has 5 fields, expected 4"], "1,2025-06-01 10:00:00,a,5,6"),
             (5, ["has a misplaced quote"], '1,2025-06-01 10:00:00,a"b,5'),
             (6, ["is not valid UTF-8"], "1,2025-06-01 10:00:00,\\xa35,5"),
             (7, ["contains a NUL byte"], "1,2025-06-01 10:00:00,a\\x00b,5")], 1)

    def test_quoted_newline_counts_physical_lines(self):
        self.rows_case(HEAD + '1,2025-06-01 10:00:00,"a\nb",5\n' + "x,2025-06-01 10:00:00,a,5\n",
                       [(4, ["place_id: not an integer"], "x,2025-06-01 10:00:00,a,5")], 1)
        self.assertEqual(self.query("SELECT steps FROM fact_reading"), [["a\nb"]])

    def test_line_ends_and_bom(self):
        for name, text in (("cr", (HEAD + GOOD).replace("\n", "\r")), ("crlf", (HEAD + GOOD).replace("\n", "\r\n")),
                           ("bom", "\ufeff" + HEAD + GOOD), ("no newline at the end", HEAD + GOOD.strip())):
            with self.subTest(name):
                self.rows_case(text, [], 1)

    def test_text_keeps_its_form(self):
        self.rows_case(HEAD + "1,2025-06-01 10:00:00,1.1,5\n2,2025-06-01 10:00:00,1.10,5\n", [], 2)
        self.assertEqual(self.query("SELECT steps FROM fact_reading ORDER BY 1"), [["1.1"], ["1.10"]])

    def test_long_line_is_kept_whole(self):
        long_line = "1,2025-06-01 10:00:00," + "y" * (100 * 1024 * 1024) + ",5"
        self.deliver(CSV, HEAD + GOOD + long_line + "\n")
        self.run_date()
        rows = self.query("SELECT line, byte_length, length(raw_text), reasons, stored_as FROM lyceum.quarantine")
        self.assertEqual(len(rows), 1)
        line, length, kept, reasons, stored_as = rows[0]
        self.assertEqual((line, length, kept, reasons),
                         (3, len(long_line), 32768, '["steps: longer than 65535 bytes"]'))
        stored = list(self.folder.rglob(stored_as))
        self.assertEqual(len(stored), 1)
        self.assertEqual(stored[0].read_bytes(), long_line.encode())

    def test_json_rows(self):
        elements = [LOG, '{"place_id": "1", "seen_at": "2025-06-01T11:00:00", "note": 1.10}', "7",
                    '{"place_id": 1, "place_id": 2, "seen_at": "2025-06-01T10:00:00", "note": "x"}',
                    '{"place_id": 1, "seen_at": "2025-06-01T10:00:00", "note": {"a": 1}}',
                    '{"place_id": "one", "seen_at": "2025-06-01T10:00:00", "note": "x"}']
        self.rows_case("[\n" + ",\n".join(elements) + "\n]\n", [
            (4, ["array element is not an object"], "7"),
            (5, ["has key 'place_id' twice"], elements[3]),
            (6, ["note: nested value"], elements[4]),
            (7, ["place_id: not an integer"], elements[5])], 2, JSON, "logs")
        self.assertEqual(self.query("SELECT note FROM fact_log ORDER BY 1"), [["1.10"], ["ok"]])

    def test_json_lines(self):
        self.rows_case(LOG + "\n\n{\"place_id\": oops}\n", [(3, ["is not valid JSON"], '{"place_id": oops}')],
                       1, JSON, "logs")

    def test_json_lines_of_crlf_over_blocks(self):
        """Files are read in blocks of 1 MiB; a CR at the end of one and its LF are one line end."""
        for shift in (0, 1):
            with self.subTest(shift=shift):
                blanks = " " * shift + "\r\n" * 600_000
                self.deliver(JSON, f"[{blanks}{LOG},{blanks}oops{blanks},{LOG.replace('1', '2', 1)}]")
                self.run_date(harness.DATE, "--force")
                self.assertEqual([line for _, line, _, _ in self.quarantine("logs")], [1_200_001])

    def test_unknown_column_is_named_and_counted(self):
        self.deliver(CSV, "place_id,Taken_At , steps,value,colour\n1,2025-06-01 10:00:00,a,5,red\n")
        record, _ = self.run_date()
        self.assertEqual(record["warnings"][0:], [w for w in record["warnings"]])
        self.assertIn("dataset 'readings': column 'colour' is not in the spec (1 row)", record["warnings"])
        self.assertEqual(self.query("SELECT count(*) FROM fact_reading"), [[1]])

    def test_hidden_files_are_listed_and_ignored(self):
        self.deliver(CSV, HEAD + GOOD)
        self.deliver("._" + CSV, b"\0\5\x16\7")
        record, _ = self.run_date()
        self.assertEqual(record["ignored_files"], ["._" + CSV])


class BadFiles(harness.Case):
    """The whole file is one quarantine record and the gate is closed; exit 2."""

    def fault_case(self, content, reason, name=CSV, dataset="readings", line=1):
        self.deliver(name, content)
        self.deliver("places.csv", "place_id,place_name\n1,Hall\n")
        record, _ = self.run_date(expect=2)
        self.assertEqual(record["gate_reasons"], [f"dataset '{dataset}': file '{name}' {reason}"])
        self.assertEqual([(f, l, r) for f, l, r, _ in self.quarantine(dataset, "not_published")],
                         [(name, line, [f"file: {reason}"])])
        # Nothing was ever published, so there is not even an empty table.
        self.assertEqual(self.query("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'main'"),
                         [[0]])

    def test_empty_file(self):
        self.fault_case("", "is empty: no header")

    def test_wrong_header(self):
        self.fault_case("a,b\n1,2\n", "header has none of the columns 'place_id', 'taken_at', 'steps', 'value'; is it missing?")

    def test_half_a_header(self):
        self.fault_case("place_id,taken_at,steps,wert\n" + GOOD, "header lacks 'value'; it has 'wert'")

    def test_missing_header_shows_no_values(self):
        self.deliver(CSV, "7,2025-06-01 10:00:00,secret@example.org,5\n" * 3)
        record, stderr = self.run_date(expect=2)
        self.assertNotIn("secret", stderr + str(record))

    def test_missing_header_with_a_columns_name_shows_no_values(self):
        self.fault_case("7,steps,secret@example.org,5\n" * 3,
                        "header lacks 'place_id', 'taken_at', 'value'; of its 4 fields only 'steps' is known")
        self.assertNotIn("secret", self.lyceum("status", "--target", self.target).stdout)

    def test_duplicate_header(self):
        self.fault_case("place_id,taken_at,steps,value,STEPS\n" + GOOD, "header has 'steps' twice")

    def test_open_quote(self):
        self.fault_case(HEAD + GOOD + '1,2025-06-01 10:00:00,"a,5\n' + GOOD,
                        "quote is not closed: it opens on line 3", line=3)

    def test_utf16(self):
        self.fault_case((HEAD + GOOD).encode("utf-16"), "is UTF-16; save it as UTF-8")

    def test_binary(self):
        self.fault_case(b"\x7fELF\2\1\1\0" + bytes(range(256)) * 4, "is not text")

    def test_gzip_cut_off(self):
        whole = gzip.compress((HEAD + GOOD * 1000).encode(), mtime=0)
        self.fault_case(whole[: len(whole) // 2], "gzip data is cut off", name=CSV + ".gz")

    def test_json_cut_off(self):
        self.fault_case("[" + LOG + ",\n" + LOG[:20], "JSON is cut off or broken after element 0", name=JSON,
                        dataset="logs", line=2)

    def test_json_object(self):
        self.fault_case('{\n"logs": []\n}\n', "is one JSON object, expected an array or one object per line",
                        name=JSON, dataset="logs")

    def test_all_rows_rejected(self):
        self.deliver(CSV, HEAD + "x,y,z,w\n")
        record, _ = self.run_date(expect=2)
        self.assertEqual(record["gate_reasons"], ["dataset 'readings': every row was quarantined"])


class States(harness.Case):
    def test_missing_empty_and_header_only_are_three_states(self):
        self.deliver(CSV, HEAD + GOOD)
        self.run_date()
        before = self.digests()
        self.deliver(CSV, HEAD)
        record, _ = self.run_date()
        self.assertIn("dataset 'readings' has no record; its current content stays",
                      record["warnings"])
        self.assertEqual(self.digests(), before)
        self.deliver(CSV, "")
        self.run_date(expect=2)
        self.assertEqual(self.digests(), before)
        (self.inbox / CSV).unlink()
        record, _ = self.run_date()
        self.assertIn("no file of dataset 'readings' for 2025-06-01; expected 'readings_{batch_date}*.csv',"
                      " 'dt={batch_date}/readings.csv'", record["warnings"])
        self.assertEqual(self.digests(), before)

    def test_closed_gate_records_why_and_the_next_run_replaces_it(self):
        self.deliver(CSV, HEAD + "x,y,z,w\n" * 20)
        self.run_date(expect=2)
        self.assertEqual(len(self.quarantine("readings", "not_published")), 20)
        self.deliver(CSV, HEAD + GOOD + "x,y,z,w\n")
        self.run_date()
        self.assertEqual(len(self.quarantine("readings", "not_published")), 0)
        self.assertEqual(len(self.quarantine("readings")), 1)

    def test_directory_instead_of_a_file(self):
        (self.inbox / CSV).mkdir()
        _, stderr = self.run_date(expect=1)
        self.assertIn(f"'{CSV}' is a directory, expected a file of dataset 'readings'", stderr)

    @unittest.skipIf(os.geteuid() == 0, "NOT RUN: root may read everything")
    def test_no_read_permission(self):
        self.deliver(CSV, HEAD + GOOD).chmod(0)
        _, stderr = self.run_date(expect=1)
        self.assertIn("permission denied", stderr)

    def test_missing_input_folder(self):
        self.inbox.rmdir()
        _, stderr = self.run_date(expect=1)
        self.assertIn(f"input folder '{self.inbox}' does not exist", stderr)


if __name__ == "__main__":
    unittest.main()
