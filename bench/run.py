"""The benchmark: Lyceum against what people would write by hand, and against itself in harder cases.

Every contender loads the same files in the same run, one after the other, several times. What counts are the
ratios; seconds depend on the machine. Writes docs/benchmarks/results.md. Needs `make bench`, which makes the
environment in .cache/bench. See bench/contenders for the scripts.
"""
import argparse
import datetime
import importlib.metadata
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

from measure import Run, settle

ROOT = pathlib.Path(__file__).resolve().parent.parent
LYCEUM = ROOT / "build" / "lyceum"
SPEC = ROOT / "pipelines" / "edtech.yaml"
DAY = "2025-06-01"
CONTENDERS = {"DuckDB SQL": "duckdb_sql.py", "Polars": "polars_script.py", "dlt": "dlt_script.py",
              "PySpark": "pyspark_script.py"}
GOALS = {"DuckDB SQL": 0.6, "Polars": 0.35, "PySpark": 0.12, "dlt": 0.8}


class Bench:
    def __init__(self, options):
        self.options = options
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lyceum-bench-", dir=options.folder))
        self.lines = []
        self.made = 0

    # ---- pieces

    def say(self, line=""):
        print(line, flush=True)
        self.lines.append(line)

    def files(self, rows, days=1, dirty=0, start=DAY, only=None):
        """A folder of generated files, made once."""
        rows = max(1000, int(rows * self.options.scale))
        name = f"{rows}x{days}-{dirty}-{start}-{only or 'all'}"
        inbox = self.folder / name
        if not inbox.exists():
            Run([LYCEUM, "generate", "--rows", rows, "--days", days, "--seed", 7, "--dirty", dirty, "--start-date",
                 start, "--out", inbox, "--quiet"])
            for path in inbox.iterdir():
                if only and path.name.startswith(("quiz", "video")) and not path.name.startswith(only):
                    path.unlink()
        return inbox

    def warehouse(self):
        self.made += 1
        return f"duckdb:{self.folder}/{self.made}.duckdb"

    def load(self, inbox, target, day=DAY, spec=SPEC):
        return Run([LYCEUM, "run", spec, "--date", day, "--input", inbox, "--target", target, "--quiet"])

    def forget(self, target):
        path = pathlib.Path(target.split(":", 1)[1])
        path.unlink(missing_ok=True)
        shutil.rmtree(f"{path}.runs", ignore_errors=True)

    def first_load(self, inbox, rounds=None, spec=SPEC):
        runs = []
        for _ in range(rounds or self.options.rounds):
            target = self.warehouse()
            settle()
            runs.append(self.load(inbox, target, spec=spec))
            self.forget(target)
        return runs

    # ---- cases

    def contenders(self, rows, rounds, names):
        inbox = self.files(rows)
        runs = {name: [] for name in ["Lyceum", *names]}
        for _ in range(rounds):
            for name in runs:
                settle()
                if name == "Lyceum":
                    runs[name] += self.first_load(inbox, 1)
                    continue
                self.made += 1
                output = self.folder / f"{self.made}.out"
                runs[name].append(Run([sys.executable, ROOT / "bench" / "contenders" / CONTENDERS[name], inbox, DAY,
                                       output], env={**os.environ, "RUNTIME__DLTHUB_TELEMETRY": "false",
                                                     "POLARS_MAX_THREADS": "2"}))
                shutil.rmtree(output, ignore_errors=True)
                output.unlink(missing_ok=True)
        ours = median(runs["Lyceum"])
        self.say(f"## {rows:,} engagement rows, {rows // 2:,} quiz attempts, {rows // 4:,} video logs")
        self.say()
        self.say("| contender | least s | median s | peak MiB | Lyceum's time / its time | goal |")
        self.say("| --- | ---: | ---: | ---: | ---: | ---: |")
        for name, done in runs.items():
            ratio, goal = "", ""
            if name != "Lyceum":
                ratio, goal = f"{ours / median(done):.2f}", f"{GOALS[name]}"
            self.say(f"| {name} | {min(run.seconds for run in done):.2f} | {median(done):.2f} | "
                     f"{max(run.mebibytes for run in done):.0f} | {ratio} | {goal} |")
        self.say()

    def harder(self):
        self.say("## Harder cases")
        self.say()
        self.say("| case | s | against | s | ratio | goal |")
        self.say("| --- | ---: | --- | ---: | ---: | ---: |")
        inbox = self.files(2_000_000)
        target = self.warehouse()
        settle()
        first = self.load(inbox, target)
        again = [self.load(inbox, target) for _ in range(3)]
        self.case("unchanged rerun", median(again), "first load", first.seconds, "0.05, under 0.3 s")
        corrections = []
        for number in range(3):
            settle()
            corrections.append(self.load(self.corrected(inbox, number), target))
        self.case("correction of one row of 2 million", median(corrections), "first load", first.seconds, 0.5)
        self.forget(target)
        clean, dirty = self.first_load(inbox), self.first_load(self.files(2_000_000, dirty=30))
        self.case("30% dirty rows", median(dirty), "clean", median(clean), 1.3)
        plain, wide = self.wide(inbox)
        self.case("a text column of 64 characters more", median(wide), "without it", median(plain), "")
        self.backfill()
        self.say()

    def histories(self):
        self.say("## A day on a history")
        self.say()
        self.say("| case | s | against | s | ratio | goal |")
        self.say("| --- | ---: | --- | ---: | ---: | ---: |")
        self.history_duckdb()
        if not self.options.no_postgres:
            self.history_postgres()
        self.say()

    def case(self, name, seconds, against, other, goal):
        self.say(f"| {name} | {seconds:.2f} | {against} | {other:.2f} | {seconds / other:.2f} | {goal} |")

    def corrected(self, inbox, number):
        """The same files, hard linked, with one engagement row of another event type."""
        changed = self.folder / f"corrected-{number}"
        changed.mkdir()
        for path in inbox.iterdir():
            if not path.name.startswith("student_engagement"):
                os.link(path, changed / path.name)
                continue
            with path.open() as lines, (changed / path.name).open("w") as out:
                for index, line in enumerate(lines):
                    if index == 1000 + number:
                        start, event = line.rstrip("\n").rsplit(",", 1)
                        line = f"{start},{'logout' if event != 'logout' else 'login'}\n"
                    out.write(line)
        return changed

    def wide(self, inbox):
        """Only engagement, with and without a text column of 64 different hex digits per row."""
        plain, wide = self.folder / "plain", self.folder / "wide"
        spec = self.folder / "wide.yaml"
        for folder in (plain, wide):
            folder.mkdir()
            for path in inbox.iterdir():
                if path.name.startswith(("students", "courses", "instructors")):
                    os.link(path, folder / path.name)
        source = next(inbox.glob("student_engagement*"))
        os.link(source, plain / source.name)
        with source.open() as lines, (wide / source.name).open("w") as out:
            out.write(next(lines).rstrip("\n") + ",session\n")
            for index, line in enumerate(lines):
                word = f"{(index * 0x9E3779B97F4A7C15) % (1 << 64):016x}"
                out.write(f"{line.rstrip()},{word * 4}\n")
        text = SPEC.read_text()
        column = "      event_type:"
        assert column in text
        spec.write_text(text.replace(column, "      session: {type: text}\n" + column, 1))
        return self.first_load(plain), self.first_load(wide, spec=spec)

    def backfill(self):
        days = self.options.days
        many = self.files(20_000, days=days)
        one = self.files(20_000 * days)
        target = self.warehouse()
        settle()
        last = (datetime.date.fromisoformat(DAY) + datetime.timedelta(days - 1)).isoformat()
        done = Run([LYCEUM, "backfill", SPEC, "--start-date", DAY, "--end-date", last, "--input", many, "--target",
                    target, "--quiet"])
        self.forget(target)
        settle()
        target = self.warehouse()
        whole = self.load(one, target)
        self.forget(target)
        self.case(f"backfill of {days} days of 20,000 rows", done.seconds, "the same rows as one day", whole.seconds,
                  1.5)
        shutil.rmtree(many)

    def history(self, make, forget, where, only=None):
        small = self.files(20_000, start="2025-06-03", only=only)
        # Weeks before: neighbours of a small day are small days, whose marts are quickly made anew.
        big = self.files(10_000_000, days=2, start="2025-05-01", only=only)
        empty = []
        for _ in range(3):
            target = make()
            settle()
            empty.append(self.load(small, target, day="2025-06-03"))
            forget(target)
        target = make()
        for number, day in enumerate(("2025-05-01", "2025-05-02"), 1):
            settle()
            self.load(big, target, day=day)
            settle()
            new_day = f"2025-06-0{number + 3}"
            run = self.load(self.files(20_000, start=new_day, only=only), target, day=new_day)
            self.case(f"a day of 20,000 rows on {number}0 million, {where}", run.seconds, "on nothing", median(empty),
                      1.5 if number == 2 else "")
        forget(target)

    def history_duckdb(self):
        self.history(self.warehouse, self.forget, "DuckDB")

    def history_postgres(self):
        sys.path.insert(0, str(ROOT / "tests"))
        from services.postgres import PostgresServer  # pylint: disable=import-outside-toplevel
        settings = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "autovacuum": "on",
                    "shared_buffers": "1GB", "max_wal_size": "8GB"}
        with PostgresServer(**settings) as server:
            def make():
                self.made += 1
                server.create_database(f"bench{self.made}")
                return server.url_of(f"bench{self.made}")
            self.history(make, lambda target: None, "PostgreSQL", only="student")

    def growth(self):
        self.say("## Growth")
        self.say()
        self.say("| engagement rows | rows in all | s | microseconds per row | peak MiB |")
        self.say("| ---: | ---: | ---: | ---: | ---: |")
        for rows in (1_000_000, 2_000_000, 10_000_000, 20_000_000):
            inbox = self.files(rows)
            run = self.first_load(inbox, 1)[0]
            total = rows * 7 // 4
            self.say(f"| {rows:,} | {total:,} | {run.seconds:.2f} | {run.seconds / total * 1e6:.2f} | "
                     f"{run.mebibytes:.0f} |")
            if rows != 2_000_000:
                shutil.rmtree(inbox)
        self.say()

    def head(self):
        cpu = next(line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                   if line.startswith("model name"))
        versions = ", ".join(f"{name} {importlib.metadata.version(name)}"
                             for name in ("duckdb", "polars", "polars-hash", "dlt", "pyspark"))
        revision = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True,
                                  check=False).stdout.strip()
        self.say("# Results of `make bench`")
        self.say()
        self.say(f"{datetime.date.today()}, revision {revision}, {os.cpu_count()} cores, {cpu}. {versions}.")
        self.say("Every contender loads the same files in the same run, in turn. Ratios count; seconds depend on the "
                 "machine.")
        self.say()

    def all(self):
        self.head()
        wanted = self.options.cases.split(",")
        if "contenders" in wanted:
            self.contenders(2_000_000, self.options.rounds, list(CONTENDERS))
        if "large" in wanted:
            self.contenders(10_000_000, 1, ["DuckDB SQL", "Polars", "dlt", "PySpark"])
        if "harder" in wanted:
            self.harder()
        if "history" in wanted:
            self.histories()
        if "growth" in wanted:
            self.growth()
        pathlib.Path(self.options.out).write_text("\n".join(self.lines))


def median(runs):
    return statistics.median(run.seconds for run in runs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1, help="of all row numbers, to try the benchmark itself")
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--cases", default="contenders,large,harder,history,growth")
    parser.add_argument("--folder", default=None, help="where files and databases are made; about 20 GB")
    parser.add_argument("--no-postgres", action="store_true")
    parser.add_argument("--out", default=ROOT / "docs" / "benchmarks" / "results.md")
    bench = Bench(parser.parse_args())
    try:
        bench.all()
    finally:
        shutil.rmtree(bench.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
