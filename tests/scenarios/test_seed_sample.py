"""The sample data of the project that Lyceum grew out of: every number that it must give."""
import pathlib
import unittest

import harness

SAMPLE = harness.ROOT.parent / "shared" / "seed" / "sample_data"
SPEC = harness.ROOT / "pipelines" / "edtech.yaml"

TOP_SCORES = """SELECT student_name, AVG(quiz_score)
FROM fact_quiz
JOIN dim_student USING(student_id)
GROUP BY student_name;"""
LOGIN_TRENDS = """SELECT course_name, date_key, COUNT(*)
FROM fact_student_engagement
JOIN dim_course USING(course_id)
WHERE event_type = 'login'
GROUP BY course_name, date_key;"""


@unittest.skipUnless(SAMPLE.is_dir(), f"NOT RUN: no sample data at {SAMPLE}")
class SeedSample(harness.Case):
    spec = SPEC

    def setUp(self):
        super().setUp()
        self.inbox = SAMPLE

    def counts(self, record):
        return {dataset["dataset"]: tuple(sum(file["rows"][name] for file in dataset["files"])
                                          for name in ("read", "loaded", "duplicates", "quarantined"))
                for dataset in record["datasets"]}

    def test_numbers_and_queries(self):
        record, _ = self.run_date("20250601")
        self.assertEqual(self.counts(record), {
            "students": (1000, 119, 0, 881), "instructors": (8, 8, 0, 0), "courses": (8, 8, 0, 0),
            "engagement": (500, 500, 0, 0), "quiz_attempts": (300, 300, 0, 0),
            "video_watch_logs": (300, 300, 0, 0)})
        self.assertEqual(self.query(
            "SELECT count(*), count(enrollment_date), count(*) FILTER (WHERE is_inferred) FROM dim_student"),
            [[119, 119, 0]])
        self.assertEqual(self.query("SELECT count(mobile_number), min(mobile_number) FROM dim_instructor"),
                         [[8, "189-880-4881"]])
        self.assertEqual(self.query("SELECT count(*) FROM fact_student_engagement"
                                    " WHERE event_type = 'logout' AND event_score = 0"), [[137]])
        self.assertEqual(self.query("SELECT DISTINCT date_key FROM fact_student_engagement UNION"
                                    " SELECT DISTINCT date_key FROM fact_quiz ORDER BY 1"),
                         [["2025-06-08"], ["2025-06-09"]])
        self.assertEqual(self.query("SELECT DISTINCT batch_date FROM fact_quiz"), [["2025-06-01"]])
        self.check_queries()
        before = self.digests()
        self.run_date("20250601", "--force")
        self.assertEqual(self.digests(), before)
        record, _ = self.run_date("20250601")
        self.assertEqual(record["state"], "unchanged")

    def check_queries(self):
        """Both BI queries verbatim, against the sample files read by this test."""
        students, scores, logins, courses = {}, {}, {}, {}
        for line in (SAMPLE / "students.csv").read_text().splitlines()[1:]:
            number, name, _, _ = line.split(",")
            students[number] = name
        for line in (SAMPLE / "courses_large.csv").read_text().splitlines()[1:]:
            number, name, _ = line.split(",")
            courses[number] = name
        for line in (SAMPLE / "quiz_attempts_20250601_large.csv").read_text().splitlines()[1:]:
            student, _, score, _ = line.split(",")
            scores.setdefault(students[student], []).append(int(score))
        for line in (SAMPLE / "student_engagement_20250601_large.csv").read_text().splitlines()[1:]:
            _, course, time, kind = line.split(",")
            if kind == "login":
                key = (courses[course], time[:10])
                logins[key] = logins.get(key, 0) + 1
        averages = {name: average for name, average in self.query(TOP_SCORES)}
        self.assertEqual(averages.keys(), scores.keys())
        for name, values in scores.items():
            self.assertAlmostEqual(averages[name], sum(values) / len(values), delta=1e-9)
        self.assertEqual({(name, day): count for name, day, count in self.query(LOGIN_TRENDS)}, logins)


if __name__ == "__main__":
    unittest.main()
