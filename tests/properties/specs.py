"""The pipelines of the property tests: twins of spec.yaml and of the shipped pipelines/edtech.yaml.

Nothing here is read from the YAML files; a twin that differs from its file fails the tests.
"""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal

from star import (
    Column,
    Dataset,
    Derived,
    Dimension,
    Fact,
    Mart,
    Measure,
    Pipeline,
    Reference,
    Row,
    Rule,
    accepted,
    in_range,
    matches,
    not_null,
    shorter,
)

DATE = r"(?P<date>\d{4}-\d{2}-\d{2}|\d{8})"
PACKED = r"(\.gz|\.zst)?"
DATES = ("yyyy-MM-dd", "dd-MM-yyyy")


def columns(**kinds: str) -> tuple[Column, ...]:
    return tuple(Column(name, kind) for name, kind in kinds.items())


def points(row: Row) -> int:
    return {"login": 1, "talk": 2}.get(str(row["kind"]), 0)


def short_or_talk(row: Row) -> bool:
    """`minutes <= 100 or kind = 'talk'`, where unknown passes."""
    minutes, kind = row["minutes"], row["kind"]
    return minutes is None or minutes <= 100 or kind is None or kind == "talk"  # type: ignore[operator]


PEOPLE = Dataset(
    "people",
    (rf"people[^/]*\.csv{PACKED}",),
    (
        Column("person_id", "integer"),
        Column("full_name", "text", aliases=("name",)),
        Column("joined_on", "date", formats=DATES),
        Column("email", "text"),
    ),
    (not_null("full_name"), shorter("full_name", 12)),
    unique=("email",),
)
TEACHERS = Dataset(
    "teachers",
    (rf"teachers_{DATE}[^/]*\.csv{PACKED}",),
    columns(teacher_code="text", teacher_name="text", phone="text"),
    (matches("teacher_code", "T[0-9é]"),),
)
COURSES = Dataset(
    "courses",
    (rf"courses[^/]*\.csv{PACKED}",),
    columns(course_id="bigint", course_name="text", teacher_code="text", capacity="integer"),
    (not_null("course_name"), in_range("capacity", 1)),
)
VISITS = Dataset(
    "visits",
    (rf"visits_{DATE}[^/]*\.csv{PACKED}", rf"[^/]*/visits_{DATE}[^/]*\.csv{PACKED}"),
    (
        *columns(person_id="integer", host_id="integer", course_id="bigint", at="timestamp"),
        *columns(kind="text", minutes="integer", note="text"),
        Column("fee", "decimal", 6, 2),
        Column("building", "text"),
    ),
    (
        accepted("kind", "login", "talk", "rest"),
        in_range("minutes", 0),
        in_range("minutes", high=1000, severity="fail"),
        in_range("fee", high=50, severity="warn"),
        Rule((), short_or_talk),
    ),
    derived=(Derived("points", "integer", points),),
    fail_above_percent=50,
)
GRADES = Dataset(
    "grades",
    (rf"dt={DATE}/grades[^/]*\.csv{PACKED}",),
    (
        *columns(person_id="integer", test_id="integer"),
        Column("score", "decimal", 7, 4, as_double=True, aliases=("mark",)),
        Column("taken_on", "date", formats=DATES),
        Column("remark", "text"),
    ),
    (in_range("score", -10, 10),),
    fail_above_percent=50,
)
BADGES = Dataset(
    "badges",
    (rf"badges_{DATE}[^/]*\.json{PACKED}",),
    (
        *columns(badge_id="text", person_id="integer", building="text", room="integer"),
        *columns(test_id="integer", awarded_at="timestamp", value="integer", serial="text"),
    ),
    unique=("serial",),
    fail_above_percent=34,
)

CLUB = Pipeline(
    name="club",
    path="tests/properties/spec.yaml",
    datasets=(PEOPLE, TEACHERS, COURSES, VISITS, GRADES, BADGES),
    dimensions=(
        Dimension("dim_person", ("person_id",), "person_sk", "people"),
        Dimension("dim_teacher", ("teacher_code",), "teacher_sk", "teachers"),
        Dimension(
            "dim_course",
            ("course_id",),
            "course_sk",
            "courses",
            references=(Reference("dim_teacher", ("teacher_code",), "teacher_sk"),),
        ),
        Dimension("dim_test", ("test_id",), "test_sk", members_from=("fact_grade", "fact_badge")),
        Dimension("dim_room", ("building", "room"), "room_sk", members_from=("fact_badge",)),
    ),
    facts=(
        Fact(
            "fact_visit",
            "visits",
            ("person_id", "course_id", "at", "kind"),
            "visit_id",
            "at",
            (
                Reference("dim_person", ("person_id",), "person_sk"),
                Reference("dim_person", ("host_id",), "host_sk"),
                Reference("dim_course", ("course_id",), "course_sk"),
            ),
        ),
        Fact(
            "fact_grade",
            "grades",
            ("person_id", "test_id"),
            "grade_id",
            "taken_on",
            (
                Reference("dim_person", ("person_id",), "person_sk"),
                Reference("dim_test", ("test_id",), "test_sk"),
            ),
        ),
        Fact(
            "fact_badge",
            "badges",
            ("badge_id",),
            "badge_sk",
            "awarded_at",
            (
                Reference("dim_person", ("person_id",), "person_sk"),
                Reference("dim_room", ("building", "room"), "room_sk"),
                Reference("dim_test", ("test_id",), "test_sk"),
            ),
        ),
    ),
    marts=(
        Mart(
            "person_daily",
            ("person_id", "person_sk", "date_key"),
            (
                Measure("visits", "count", "fact_visit"),
                Measure("talks", "count", "fact_visit", where=lambda row: row["kind"] == "talk"),
                Measure("points", "sum", "fact_visit", "points"),
                Measure("minutes", "sum", "fact_visit", "minutes"),
                Measure("average_minutes", "average", "fact_visit", "minutes"),
                Measure("grades", "count", "fact_grade"),
                Measure("average_score", "average", "fact_grade", "score"),
                Measure("badges", "count", "fact_badge"),
                Measure("badge_value", "sum", "fact_badge", "value"),
            ),
        ),
        Mart(
            "building_daily",
            ("building", "date_key"),
            (
                Measure("visits", "count", "fact_visit"),
                Measure("badges", "count", "fact_badge"),
                Measure("badge_value", "sum", "fact_badge", "value"),
            ),
        ),
        Mart(
            "daily",
            ("date_key",),
            (
                Measure("grades", "count", "fact_grade"),
                Measure(
                    "good_average",
                    "average",
                    "fact_grade",
                    "score",
                    where=lambda row: row["score"] is not None and row["score"] > Decimal(0),  # type: ignore[operator]
                ),
                Measure("badges", "count", "fact_badge"),
            ),
        ),
    ),
    first_day=datetime.date(2025, 1, 1),
    last_day=datetime.date(2025, 12, 31),
    calendar="dim_day",
    zone_minutes=330,
)


def holding(pipeline: Pipeline, *dimensions: str) -> Pipeline:
    """The same pipeline, where fact rows wait for real members of these dimensions."""

    def hold(reference: Reference) -> Reference:
        return replace(reference, unknown="hold") if reference.dimension in dimensions else reference

    def change(fact: Fact) -> Fact:
        return replace(fact, references=tuple(hold(r) for r in fact.references))

    edits = []
    for fact in pipeline.facts:
        for reference in fact.references:
            if reference.dimension in dimensions:
                written = f"dimension: {reference.dimension}, columns: [{', '.join(reference.columns)}]"
                written += f", surrogate_key: {reference.surrogate_key}, unknown: "
                edits.append((written + "infer", written + "hold"))
    facts = tuple(change(fact) for fact in pipeline.facts)
    return replace(pipeline, name=pipeline.name + "_hold", facts=facts, edits=tuple(edits))


EMAIL = r"[^@\s]+@[^@\s]+"


def event_score(row: Row) -> int:
    return {"login": 1, "discussion": 2, "assignment_submit": 3}.get(str(row["event_type"]), 0)


def is_event(kind: str):  # type: ignore[no-untyped-def]
    return lambda row: row["event_type"] == kind


EDTECH = Pipeline(
    name="edtech",
    path="pipelines/edtech.yaml",
    datasets=(
        Dataset(
            "students",
            (rf"students\.csv{PACKED}",),
            (
                Column("student_id", "integer"),
                Column("student_name", "text", aliases=("name",)),
                Column("email", "text"),
                Column("enrollment_date", "date", formats=DATES),
            ),
            (not_null("student_name"), shorter("student_name", 200), matches("email", EMAIL, "warn")),
        ),
        Dataset(
            "instructors",
            (rf"instructors\.csv{PACKED}",),
            (
                Column("instructor_id", "integer"),
                Column("instructor_name", "text", aliases=("name",)),
                Column("email", "text"),
                Column("mobile_number", "text", aliases=("mobile number",)),
            ),
            (not_null("instructor_name"), matches("email", EMAIL, "warn")),
        ),
        Dataset(
            "courses",
            (rf"courses[^/]*\.csv{PACKED}",),
            columns(course_id="integer", course_name="text", instructor_id="integer"),
            (not_null("course_name"),),
        ),
        Dataset(
            "engagement",
            (rf"student_engagement_{DATE}[^/]*\.csv{PACKED}",),
            columns(student_id="integer", course_id="integer", timestamp="timestamp", event_type="text"),
            (
                in_range("student_id", 1),
                accepted("event_type", "login", "logout", "discussion", "assignment_submit"),
            ),
            derived=(Derived("event_score", "integer", event_score),),
            fail_above_percent=50,
        ),
        Dataset(
            "quiz_attempts",
            (rf"quiz_attempts_{DATE}[^/]*\.csv{PACKED}",),
            (
                *columns(student_id="integer", quiz_id="integer"),
                Column("quiz_score", "decimal", 5, 2, as_double=True, aliases=("score",)),
                Column("attempt_time", "timestamp"),
            ),
            (in_range("student_id", 1), in_range("quiz_score", 0, 100)),
            fail_above_percent=50,
        ),
        Dataset(
            "video_watch_logs",
            (rf"video_watch_logs_{DATE}[^/]*\.json{PACKED}",),
            columns(
                student_id="integer",
                video_id="integer",
                watch_time_seconds="integer",
                watched_at="timestamp",
            ),
            (in_range("student_id", 1), in_range("watch_time_seconds", 0)),
            fail_above_percent=50,
        ),
    ),
    dimensions=(
        Dimension("dim_student", ("student_id",), "student_sk", "students"),
        Dimension("dim_instructor", ("instructor_id",), "instructor_sk", "instructors"),
        Dimension(
            "dim_course",
            ("course_id",),
            "course_sk",
            "courses",
            references=(Reference("dim_instructor", ("instructor_id",), "instructor_sk"),),
        ),
        Dimension("dim_quiz", ("quiz_id",), "quiz_sk", members_from=("fact_quiz",)),
        Dimension("dim_video", ("video_id",), "video_sk", members_from=("fact_video_interaction",)),
    ),
    facts=(
        Fact(
            "fact_student_engagement",
            "engagement",
            ("student_id", "course_id", "timestamp", "event_type"),
            "engagement_id",
            "timestamp",
            (
                Reference("dim_student", ("student_id",), "student_sk"),
                Reference("dim_course", ("course_id",), "course_sk"),
            ),
        ),
        Fact(
            "fact_quiz",
            "quiz_attempts",
            ("student_id", "quiz_id", "quiz_score", "attempt_time"),
            "quiz_attempt_id",
            "attempt_time",
            (
                Reference("dim_student", ("student_id",), "student_sk"),
                Reference("dim_quiz", ("quiz_id",), "quiz_sk"),
            ),
        ),
        Fact(
            "fact_video_interaction",
            "video_watch_logs",
            ("student_id", "video_id", "watch_time_seconds", "watched_at"),
            "video_watch_sk",
            "watched_at",
            (
                Reference("dim_student", ("student_id",), "student_sk"),
                Reference("dim_video", ("video_id",), "video_sk"),
            ),
        ),
    ),
    marts=(
        Mart(
            "fact_daily_summary",
            ("student_id", "student_sk", "date_key"),
            (
                Measure("logins", "count", "fact_student_engagement", where=is_event("login")),
                Measure("discussions", "count", "fact_student_engagement", where=is_event("discussion")),
                Measure(
                    "submissions", "count", "fact_student_engagement", where=is_event("assignment_submit")
                ),
                Measure("engagement_score", "sum", "fact_student_engagement", "event_score"),
                Measure("quiz_attempts", "count", "fact_quiz"),
                Measure("average_score", "average", "fact_quiz", "quiz_score"),
                Measure("watch_seconds", "sum", "fact_video_interaction", "watch_time_seconds"),
            ),
        ),
    ),
    first_day=datetime.date(2000, 1, 1),
    last_day=datetime.date(2050, 12, 31),
    calendar="dim_date",
)

CLUB_HOLD = holding(CLUB, "dim_person", "dim_course")

PIPELINES = {pipeline.name: pipeline for pipeline in (CLUB, CLUB_HOLD, EDTECH)}
