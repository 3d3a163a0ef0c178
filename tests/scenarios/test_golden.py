"""Golden files: what people see, word for word. LYCEUM_UPDATE_GOLDEN=1 rewrites them; read the diff."""
import os
import pathlib
import unittest

import harness

GOLDEN = harness.ROOT / "tests" / "golden"
UPDATE = os.environ.get("LYCEUM_UPDATE_GOLDEN") == "1"


class Golden(harness.Case):
    def same(self, path, text):
        if UPDATE:
            path.write_text(text)
        self.assertEqual(text, path.read_text(), f"{path.name} differs; see {path}")

    def test_errors(self):
        cases = sorted((GOLDEN / "errors").glob("*.yaml"))
        self.assertGreater(len(cases), 40)
        for case in cases:
            with self.subTest(case.stem):
                (self.folder / case.name).write_bytes(case.read_bytes())
                done = self.lyceum("validate", case.name)
                self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
                self.assertEqual(done.stdout, "")
                self.same(case.with_suffix(".txt"), done.stderr)

    def test_every_error_points(self):
        """Every golden error has a place, but for the empty file, which has none."""
        for case in sorted((GOLDEN / "errors").glob("*.txt")):
            lines = case.read_text().splitlines()
            self.assertRegex(lines[0], rf"^{case.stem}\.yaml(:\d+:\d+)?: (error|warning): ", case.name)

    def test_plan_and_sql(self):
        head = "place_id,taken_at,steps,value\n"
        self.deliver("places.csv", "place_id,place_name\n1,Hall\n")
        self.deliver("readings_20250601.csv", head + "1,2025-06-01 10:00:00,a,5\n")
        self.deliver("readings_20250601_b.csv", head + "2,2025-06-01 10:00:00,a,5\n")
        for command, name in (("plan", "first"), ("sql", "first")):
            done = self.lyceum(command, self.spec, "--date", "2025-06-01", "--input", self.inbox, "--target",
                               self.target)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.same(GOLDEN / "plans" / f"{name}.{command}", done.stdout)
        self.run_date("2025-06-01")
        self.deliver("readings_20250601.csv", head + "1,2025-06-01 10:00:00,a,6\n")
        self.deliver("readings_20250602.csv", head)
        for command, date, name in (("plan", "2025-06-01", "correction"), ("sql", "2025-06-01", "correction"),
                                    ("plan", "2025-06-02", "static_only")):
            done = self.lyceum(command, self.spec, "--date", date, "--input", self.inbox, "--target", self.target)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.same(GOLDEN / "plans" / f"{name}.{command}", done.stdout)

    def test_generated_documents_are_current(self):
        for arguments, path in ((("schema", "--reference"), harness.ROOT / "docs" / "spec-reference.md"),
                                (("schema",), harness.ROOT / "docs" / "lyceum.schema.json")):
            done = self.lyceum(*arguments)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.same(path, done.stdout)


if __name__ == "__main__":
    unittest.main()
