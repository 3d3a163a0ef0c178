"""How long does the publish take, against the least that a warehouse can do with the same rows?

Loads a day of engagement into a fresh PostgreSQL (a private server with its usual safety on), and in
the same run lets psql \\copy the finished fact, as CSV, into an empty table of the same shape with the
same indexes. Alternates a few times and prints the medians. Needs `make setup-tests`.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from services.postgres import PostgresServer  # noqa: E402

LYCEUM = ROOT / "build" / "lyceum"
FACT = "fact_student_engagement"
# A server as people run it: every commit on disk, statistics kept, memory for a small machine.
SETTINGS = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "autovacuum": "on",
            "shared_buffers": "1GB", "max_wal_size": "8GB", "wal_level": "replica"}


def lyceum(*arguments):
    done = subprocess.run([str(LYCEUM), *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return done.stdout


def timed_copy(server, database, csv):
    """Seconds of \\copy into an empty table like the fact, indexes included."""
    server.execute(database, f"DROP TABLE IF EXISTS copied; CREATE TABLE copied (LIKE {FACT} INCLUDING ALL); CHECKPOINT;")
    start = time.monotonic()
    server.execute(database, f"\\copy copied FROM '{csv}' CSV")
    return time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="lyceum-bench-"))
    os.chmod(folder, 0o755)
    try:
        lyceum("generate", "--rows", options.rows, "--days", 1, "--seed", 1, "--dirty", 1, "--out", folder / "inbox",
               "--quiet")
        for path in (folder / "inbox").iterdir():
            if path.name.startswith(("quiz", "video")):
                path.unlink()
        figures = {"load": [], "stage": [], "publish": [], "copy": []}
        with PostgresServer(**SETTINGS) as server:
            for number in range(options.rounds):
                database = f"bench{number}"
                url = server.create_database(database)
                run = json.loads(lyceum("run", ROOT / "pipelines" / "edtech.yaml", "--date", "2025-06-01", "--input",
                                        folder / "inbox", "--target", url, "--run-dir", folder / "runs", "--quiet",
                                        "--output", "json"))
                for phase in ("load", "stage", "publish"):
                    figures[phase].append(run["phases"][phase])
                csv = folder / "fact.csv"
                server.execute(database, f"\\copy {FACT} TO '{csv}' CSV")
                figures["copy"].append(timed_copy(server, database, csv))
                server.execute("postgres", f"DROP DATABASE {database}")
        medians = {name: statistics.median(values) for name, values in figures.items()}
        print(f"{options.rows:,} engagement rows, median of {options.rounds}, seconds")
        print(f"  judge and key the rows (embedded engine)      {medians['load']:8.2f}")
        print(f"  stage them (COPY BINARY)                      {medians['stage']:8.2f}")
        print(f"  publish (one transaction)                     {medians['publish']:8.2f}")
        print(f"  psql \\copy of the finished CSV, same table     {medians['copy']:8.2f}")
        print(f"publish / copy          {medians['publish'] / medians['copy']:.2f}")
        print(f"(stage + publish) / copy {(medians['stage'] + medians['publish']) / medians['copy']:.2f}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
