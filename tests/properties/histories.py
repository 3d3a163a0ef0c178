"""Random histories over the pipeline of spec.yaml: a small universe of keys, so that overlaps,
duplicates, corrections and late snapshots abound."""

from __future__ import annotations

import datetime
import random
from dataclasses import replace

from deliveries import Cells, History, SourceFile, Step

FIRST = datetime.date(2025, 6, 1)
DAYS = 4

PEOPLE = ("person_id", "name", "joined_on", "email")
TEACHERS = ("teacher_code", "teacher_name", "phone")
COURSES = ("course_id", "course_name", "teacher_code", "capacity")
VISITS = ("person_id", "host_id", "course_id", "at", "kind", "minutes", "note", "fee", "building")
GRADES = ("person_id", "test_id", "mark", "taken_on", "remark")
BADGES = ("badge_id", "person_id", "building", "room", "test_id", "awarded_at", "value", "serial")


class Dice:
    """Makes the files of one history."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def pick(self, *values: str) -> str:
        return self.random.choice(values)

    def often(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def number(self, most: int, bad: int = 4) -> str:
        if self.often(bad):
            return self.pick("", "x", "1.0", " ", "99999999999999999999")
        return self.pick("", "", "", " ", "+", "0") + str(self.random.randint(1, most))

    def day(self) -> datetime.date:
        return FIRST + datetime.timedelta(days=self.random.randint(-1, DAYS))

    def moment(self) -> str:
        if self.often(4):
            return self.pick("", "2025-02-30 10:00:00", "2024-12-31 10:00:00", "soon")
        return f"{self.day()} {self.random.randint(8, 10):02}:00:00"

    def person(self) -> Cells:
        number = self.number(5)
        name = self.pick("Ann", "Bo", "Cy", "", "A name that is too long")
        joined = self.pick("2024-01-05", "05-01-2024", "", "2024-13-01")
        return (number, name, joined, self.pick("", "a@x", "b@x", "c@x", "d@x"))

    def teacher(self) -> Cells:
        return (self.pick("T1", "T2", "Té", "X1", ""), self.pick("Eve", "Flo"), self.pick("", "12"))

    def course(self) -> Cells:
        return (self.number(3), self.pick("Art", "Ökonomie", ""), self.pick("T1", "T2", "T3", ""),
                self.pick("1", "9", "0", ""))

    def visit(self) -> Cells:
        return (self.number(4), self.pick("", "1", "7"), self.number(4), self.moment(),
                self.pick("login", "talk", "rest", "login", "talk", "nap"),
                self.pick("5", "60", "60", "101", "-1", ""), self.pick("", "n", "a,b", 'say "hi"'),
                self.pick("1", "1.50", "60", "1.234", ""), self.pick("A", "B"))

    def grade(self) -> Cells:
        return (self.number(3), self.number(3), self.pick("1.5", "1.50", "-0.0005", "9", "11", "x"),
                self.pick(str(self.day()), self.day().strftime("%d-%m-%Y")), self.pick("", "ok"))

    def badge(self) -> Cells:
        return (self.pick("b1", "b2", "b3", "b4", "b5"), self.number(5), self.pick("A", "B", ""),
                self.number(2), self.number(3), self.moment(), self.pick("1", "2", ""),
                self.pick("", "", "", "s1", "s2", "s3"))

    def rows(self, make, header: Cells, most: int, clean: int = 3) -> tuple[Cells, ...]:  # type: ignore[no-untyped-def]
        rows = [make() for _ in range(self.random.randint(clean, most))]
        if rows and self.often(30):
            rows.append(rows[0])
        if self.often(15):
            rows.append(rows[0][:-1] if rows else header[:1])
        if self.often(5):
            rows = []
        return tuple(rows)

    def file(self, path: str, header: Cells, make, most: int) -> SourceFile:  # type: ignore[no-untyped-def]
        if path.endswith(".json"):
            form = self.pick("array", "lines")
        else:
            form = self.pick("csv", "csv", "crlf")
        rows = self.rows(make, header, most)
        if form == "lines":
            rows = tuple(row for row in rows if len(row) == len(header))
        suffix = ".gz" if self.often(10) else ""
        return SourceFile(path + suffix, form, header, rows, broken=self.often(2))

    def statics(self) -> list[SourceFile]:
        files = []
        if self.often(85):
            files.append(self.file("people.csv", PEOPLE, self.person, 6))
        if self.often(20):
            files.append(self.file("people_more.csv", PEOPLE, self.person, 3))
        if self.often(85):
            files.append(self.file("courses.csv", COURSES, self.course, 4))
        return files

    def dated(self, date: datetime.date) -> list[SourceFile]:
        compact = date.strftime("%Y%m%d")
        files = []
        if self.often(60):
            files.append(self.file(f"teachers_{date}.csv", TEACHERS, self.teacher, 4))
        if self.often(90):
            files.append(self.file(f"visits_{compact}_a.csv", VISITS, self.visit, 14))
        if self.often(25):
            files.append(self.file(f"north/visits_{compact}_b.csv", VISITS, self.visit, 8))
        if self.often(80):
            files.append(self.file(f"dt={date}/grades.csv", GRADES, self.grade, 10))
        if self.often(80):
            files.append(self.file(f"badges_{compact}.json", BADGES, self.badge, 10))
        return files


def make_history(seed: int) -> History:
    """Deliveries of several dates in any order, with corrections, repeats and late snapshots."""
    dice = Dice(seed)
    statics = dice.statics()
    held: dict[datetime.date, list[SourceFile]] = {}
    steps = []
    for _ in range(dice.random.randint(4, 9)):
        date = FIRST + datetime.timedelta(days=dice.random.randrange(DAYS))
        if date not in held or dice.often(50):
            held[date] = dice.dated(date)
        if dice.often(35):
            statics = dice.statics()
        files = tuple(statics + [file for files in held.values() for file in files])
        if dice.often(20):
            steps.append(Step("backfill", FIRST, FIRST + datetime.timedelta(days=DAYS - 1), files))
        else:
            steps.append(Step("run", date, date, files, force=dice.often(15)))
    return History("club", tuple(steps), seed)


def one_file_changed(history: History, seed: int) -> History:
    """The same deliveries with one more correction that is withdrawn again: A, B, A."""
    dice = Dice(seed)
    step = dice.random.choice(history.steps)
    changed = tuple(
        replace(file, rows=file.rows[1:]) if len(file.rows) > 2 else file for file in step.files)
    back = replace(step, force=False)
    return replace(history, steps=history.steps + (back, replace(step, files=changed), back))
